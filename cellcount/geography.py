"""The reference geography: cells, areas, places, countries, land, and where they are from.

Read from `data/reference`, which `python -m cellcount reference` makes from public packages. It is derived from
postcodes and a small-scale coast: not official boundaries. Each table is read once and kept; take care not to change
what is returned.

`place_type` says what kind of place a cell is, one of `city_centre`, `town_centre`, `campus`, `urban`, `suburban`,
`town`, `village`, `rural` and `empty`; the rule is in `cellcount/reference/place_types.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq

from cellcount.errors import CellCountError
from cellcount.standard import ROOT, release_tables

FOLDER = ROOT / "data" / "reference"
RESOLUTIONS = (5, 6, 7, 8)
"""The H3 resolutions that have cells."""


class GeographyMissingError(CellCountError):
    """A file of the reference geography is not there, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Source:
    """Data that the reference geography is made from.

    Parameters
    ----------
    name : str
        Package that it was taken from, or the title of the publication.
    version : str
        Version of the package, or date of the publication.
    publisher : str
        Who first published the data.
    licence, licence_url : str
        Terms of use.
    attribution : str
        What has to be said where the data are shown.
    used_for : str
        What it went into.
    """

    name: str
    version: str
    publisher: str
    licence: str
    licence_url: str
    attribution: str
    used_for: str


def cells(resolution: int) -> pa.Table:
    """Every cell of the United Kingdom with land or a postcode, ascending by `h3`.

    Parameters
    ----------
    resolution : int
        H3 resolution, 5 to 8.

    Returns
    -------
    pyarrow.Table
        The columns of the release table `cells`.

    Raises
    ------
    GeographyMissingError
        If there are no cells of the resolution, or the file is missing or damaged.

    Examples
    --------
    >>> cells(8).num_rows > cells(7).num_rows
    True
    """
    if resolution not in RESOLUTIONS:
        raise GeographyMissingError(
            f"The reference geography has no cells of resolution {resolution}, only of {RESOLUTIONS[0]} to "
            f"{RESOLUTIONS[-1]}. Ask for one of these."
        )
    return _table(FOLDER, "cells", f"cells_{resolution}.parquet")


def areas() -> pa.Table:
    """Authorities, regions, nations and the United Kingdom, with outlines as WKB and GeoParquet metadata.

    Returns
    -------
    pyarrow.Table
        The columns of the release table `areas`.

    Raises
    ------
    GeographyMissingError
        If the file is missing or damaged.

    Examples
    --------
    >>> dict(zip(*[each.to_pylist() for each in areas().select(["area_code", "area_name"])]))["E09000001"]
    'City of London'
    """
    return _table(FOLDER, "areas", "areas.parquet")


def places() -> pa.Table:
    """Cities, towns, villages, postcode districts, airports and stations.

    Returns
    -------
    pyarrow.Table
        The columns of the release table `places`.

    Raises
    ------
    GeographyMissingError
        If the file is missing or damaged.
    """
    return _places(FOLDER)


def countries() -> pa.Table:
    """Countries and territories of the world, with `XX` for unknown and `ZZ` for several.

    Returns
    -------
    pyarrow.Table
        The columns of the release table `countries`.

    Raises
    ------
    GeographyMissingError
        If the file is missing or damaged.

    Examples
    --------
    >>> table = countries()
    >>> dict(zip(*[each.to_pylist() for each in table.select(["country_code", "alpha3"])]))["FR"]
    'FRA'
    """
    return _table(FOLDER, "countries", "countries.parquet")


def land() -> gpd.GeoDataFrame:
    """Land of the United Kingdom, simplified to about 100 m, a polygon a row, WGS 84.

    Raises
    ------
    GeographyMissingError
        If the file is missing or damaged.
    """
    return _shapes(FOLDER, "land.parquet")


def world_land() -> gpd.GeoDataFrame:
    """Land of the world, simplified to about 200 m, a country a row (`country_code`, `-99` for none), WGS 84.

    Raises
    ------
    GeographyMissingError
        If the file is missing or damaged.
    """
    return _shapes(FOLDER, "world_land.parquet")


@cache
def sources() -> tuple[Source, ...]:
    """What the reference geography is made from, under which licences.

    Raises
    ------
    GeographyMissingError
        If the file is missing or damaged.
    """
    return tuple(Source(**each) for each in _declared(FOLDER)["sources"])


@cache
def statement() -> str:
    """What has to be said of the outlines and residents: that they are derived, and not official.

    Raises
    ------
    GeographyMissingError
        If the file is missing or damaged.
    """
    return str(_declared(FOLDER)["statement"])


@cache
def _places(folder: Path) -> pa.Table:
    # Stations have a licence of their own, so they have a file of their own.
    return pa.concat_tables([_table(folder, "places", f"{file}.parquet") for file in ("places", "stations")])


@cache
def _table(folder: Path, name: str, file: str) -> pa.Table:
    path = folder / file
    wanted = release_tables()[name].file_schema
    try:
        table = pq.read_table(path)
        geo = {key: value for key, value in (table.schema.metadata or {}).items() if key == b"geo"}
        return table.select(wanted.names).cast(wanted).replace_schema_metadata(geo or None)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise _missing(path) from error


@cache
def _shapes(folder: Path, file: str) -> gpd.GeoDataFrame:
    path = folder / file
    try:
        return gpd.read_parquet(path)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise _missing(path) from error


def _declared(folder: Path) -> dict[str, Any]:
    path = folder / "sources.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise _missing(path) from error


def _missing(path: Path) -> GeographyMissingError:
    found = "cannot be read" if path.exists() else "is missing"
    return GeographyMissingError(
        f"The reference geography's file {path} {found}. It is part of this project's repository: fetch it again "
        "from there, or run `pip install -r requirements-reference.txt`, then `python -m cellcount reference`."
    )
