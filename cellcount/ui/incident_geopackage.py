"""An incident as a GeoPackage: zones and cells with their figures, and a table that says what they are."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from cellcount.ui.incident_answer import Answer
from cellcount.ui.incident_known import hour_told
from cellcount.ui.incident_tables import CELL_COLUMNS, SUMMARY_COLUMNS, cells_by_hour, zones_at_hour
from cellcount.ui.pictures import corners_of

WGS84 = "EPSG:4326"
MEDIA_TYPE = "application/geopackage+sqlite3"


def geopackage(answer: Answer, facts: Mapping[str, object], *, link: str, method: Sequence[str]) -> bytes:
    """Zones and cells at the hour that is told of, in WGS 84, with what must be known of them.

    Parameters
    ----------
    answer : Answer
        The answer.
    facts : mapping
        Of the release: `evidence.facts`.
    link : str
        Reopens the view.
    method : sequence of str
        How the figures were made, in sentences.

    Returns
    -------
    bytes
        A GeoPackage with the layers `zones` (polygons; each zone, without the sum of all) and `cells` (hexagons), and
        the table `about` (`name`, `value`), in which lists and descriptions of columns have a row each.

    Notes
    -----
    Names are what somebody wrote, as text. A GIS shows them as they are.
    """
    stamp = {"release_id": str(facts["release_id"]), "synthetic": bool(facts["synthetic"])}
    with tempfile.TemporaryDirectory(prefix="cellcount-incident-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "incident.gpkg"
        zones, cells = _zones(answer).assign(**stamp), _cells(answer).assign(**stamp)
        pyogrio.write_dataframe(zones, path, layer="zones", driver="GPKG", promote_to_multi=True)
        pyogrio.write_dataframe(cells, path, layer="cells", driver="GPKG", append=True)
        pyogrio.write_dataframe(about(facts, link, method), path, layer="about", driver="GPKG", append=True)
        return path.read_bytes()


def about(facts: Mapping[str, object], link: str, method: Sequence[str]) -> pd.DataFrame:
    """What the figures are, as names and values.

    Parameters
    ----------
    facts : mapping
        Of the release: `evidence.facts`.
    link : str
        Reopens the view.
    method : sequence of str
        How the figures were made, in sentences.

    Examples
    --------
    >>> about({"release_id": "wood", "caveats": ["One.", "Two."]}, "", ["Medians."])["name"].tolist()[:5]
    ['release_id', 'caveats', 'caveats', 'link', 'method']
    """
    rows: list[tuple[str, str]] = []
    for name, value in facts.items():
        rows += [(name, _text(each)) for each in (value if isinstance(value, list | tuple) else [value])]
    rows += [("link", link), *(("method", each) for each in method)]
    rows += [(f"zones.{name}", words) for name, words in SUMMARY_COLUMNS.items()]
    rows += [(f"cells.{name}", words) for name, words in CELL_COLUMNS.items()]
    return pd.DataFrame(rows, columns=["name", "value"])


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _zones(answer: Answer) -> gpd.GeoDataFrame:
    zones = answer.place.zones
    # The sum of all stands first where there are several; over its parts it would be counted twice.
    table = zones_at_hour(answer).iloc[len(answer.zones) - len(zones.names) :].reset_index(drop=True)
    return gpd.GeoDataFrame(table, geometry=list(zones.shapes), crs=WGS84)


def _cells(answer: Answer) -> gpd.GeoDataFrame:
    table = cells_by_hour(answer, [hour_told(answer)])
    share = np.zeros(len(table))
    share[answer.place.rows] = np.minimum(answer.place.weights.weights.sum(axis=1), 1.0)
    shapes = shapely.polygons(corners_of(answer.place.cells))
    return gpd.GeoDataFrame(table.assign(share_inside=share.round(4)), geometry=shapes, crs=WGS84)
