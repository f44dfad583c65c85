"""Read the outlines of a source's zones: polygons in any format and coordinate system, or squares by their corners."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from cellcount.importers.counts import examples
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.regrid import sphere_km
from cellcount.importers.tables import FOUND_OUT, TextForm, columns_of, nearest, numbers, read_table, texts

FAR_KM = 4_500.0
"""A country's zones lie nearer to the place that its time zone is named after; China is the widest of one zone."""
SPHERE = "EPSG:4326"
_TABLES = (".csv", ".csv.gz", ".txt", ".tsv")


@dataclass(frozen=True)
class Outlines:
    """Zones as they were read.

    Attributes
    ----------
    zones : GeoDataFrame
        Indexed by zone, with `geometry` and the columns asked for.
    notes : tuple of str
        What was mended, in sentences.
    """

    zones: gpd.GeoDataFrame
    notes: tuple[str, ...] = ()


def read_outlines(
    file: Path,
    zone: str | Sequence[str],
    *,
    crs: str | None = None,
    square: float | None = None,
    corners: tuple[str, str] = ("x", "y"),
    keep: Sequence[str] = (),
    form: TextForm = FOUND_OUT,
) -> Outlines:
    """Read the outlines of zones.

    Parameters
    ----------
    file : Path
        GeoJSON, GeoPackage, shapefile or what else GDAL reads, plain or in gzip; GeoParquet; or, with `square`, a
        table of corners.
    zone : str or sequence of str
        Column of the zones' identifiers; of several names, the first that is there, in any case of letters.
    crs : str, optional
        Coordinate system, for example EPSG:3067, where the file does not say.
    square : float, optional
        Side of squares, in units of the coordinate system: the file is a table of their lower left corners.
    corners : tuple of str
        Columns of the corners' coordinates, east and north.
    keep : sequence of str
        Other columns to keep.
    form : TextForm
        How a text table is written.

    Returns
    -------
    Outlines

    Raises
    ------
    ImportRefusedError
        Where the file cannot be read, lacks a column or its coordinate system, or an outline is no area.
    """
    if square is not None:
        table = read_table(file, form)
        zone = _present(zone, table.column_names, file)
        return checked(_squares(table, file, zone, square, corners=corners, crs=crs, keep=keep), zone, file)
    read = read_shapes(file)
    there = [str(each) for each in read.columns if each != read.geometry.name]
    zone = _present(zone, there, file)
    for name in keep:
        _present(name, there, file)
    read = read.rename_geometry("geometry") if read.geometry.name != "geometry" else read
    if crs is not None:
        read = read.set_crs(_crs(crs), allow_override=True)
    if read.crs is None:
        raise ImportRefusedError(
            f"{file} does not say its coordinate system. Name it with --crs, for example EPSG:3067."
        )
    return checked(read[list(dict.fromkeys([zone, *keep, "geometry"]))], zone, file)


def read_shapes(file: Path) -> gpd.GeoDataFrame:
    """Shapes and their columns as a file has them, unchecked.

    Parameters
    ----------
    file : Path
        GeoParquet, or what GDAL reads, plain or in gzip.

    Returns
    -------
    GeoDataFrame

    Raises
    ------
    ImportRefusedError
        Where it cannot be read, or has no shapes.
    """
    return _read_parquet(file) if file.suffix == ".parquet" else _read_by_gdal(file)


def checked(read: gpd.GeoDataFrame, zone: str, file: Path) -> Outlines:
    """Zones by identifier, each one valid area at a place on the Earth.

    Parameters
    ----------
    read : GeoDataFrame
        With a coordinate system.
    zone : str
        Column of identifiers.
    file : Path
        Where it was read from.

    Returns
    -------
    Outlines
    """
    if not len(read):
        raise ImportRefusedError(f"{file} has no zones. Get it again.")
    notes = []
    identifiers = texts(pa.chunked_array([pa.array(read[zone], from_pandas=True)])).to_pylist()
    shapes = read.geometry.to_numpy()
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    nameless = np.array([each is None for each in identifiers])
    if (empty | nameless).any():
        some = [str(identifiers[place]) for place in np.flatnonzero(empty | nameless)]
        raise ImportRefusedError(
            f"{file}: {len(some):,} zones have no outline or no {zone}, for example {some[0]}. Leave them out, or "
            "mend the file."
        )
    if (shapely.get_dimensions(shapes) < 2).any():
        raise ImportRefusedError(
            f"{file} holds points or lines, and zones must be areas. For squares given by a corner, use a table of "
            "corners with --square."
        )
    _refuse_misplaced(read.geometry, file)
    invalid = ~shapely.is_valid(shapes)
    if invalid.any():
        shapes = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
        flat = np.array([str(identifiers[place]) for place in np.flatnonzero(shapely.area(shapes) == 0)])
        if len(flat):
            raise ImportRefusedError(
                f"{file}: {len(flat):,} zones have no area, for example {flat[0]}: nobody can be placed in them. Leave "
                "them out, or mend them."
            )
        some = [str(identifiers[place]) for place in np.flatnonzero(invalid)]
        notes.append(
            f"The outlines of {len(some):,} zones were not valid (crossing themselves, for example) and were mended: "
            f"{examples(some)}."
        )
    zones = gpd.GeoDataFrame(read.drop(columns=[zone, "geometry"]), geometry=shapes, crs=read.crs)
    zones.index = pd.Index(identifiers, name="zone", dtype=object)
    if zones.index.has_duplicates:
        parts = int(zones.index.duplicated().sum())
        notes.append(f"{parts:,} zones have their outline in several rows, which were put together.")
        zones = zones.dissolve(level=0, sort=False)
    return Outlines(zones, tuple(notes))


def refuse_far_from(zones: gpd.GeoDataFrame, time_zone: str) -> None:
    """Refuse zones that lie thousands of kilometres from where the clock shows their time.

    Parameters
    ----------
    zones : GeoDataFrame
        Zones.
    time_zone : str
        IANA name. Names of no place, such as UTC, are not compared.
    """
    place = _places_of_time_zones().get(time_zone)
    if place is None:
        return
    west, south, east, north = zones.to_crs(SPHERE).total_bounds
    longitude, latitude = (west + east) / 2, (south + north) / 2
    distance = sphere_km(longitude, latitude, *place)
    if distance > FAR_KM:
        raise ImportRefusedError(
            f"The zones lie around longitude {longitude:.1f}, latitude {latitude:.1f}: {distance:,.0f} km from the "
            f"place that the time zone {time_zone} is named after. Name the zones' coordinate system with --crs, put "
            "east before north, or name their time zone with --time-zone."
        )


def _present(names: str | Sequence[str], there: Sequence[str], file: Path) -> str:
    """The first of some names that is among the columns of a file."""
    wanted = [names] if isinstance(names, str) else list(names)
    lower = {name.lower(): name for name in reversed(there)}
    for name in wanted:
        if name in there:
            return name
        if len(wanted) > 1 and name.lower() in lower:
            return lower[name.lower()]
    raise ImportRefusedError(
        f"{file} has no column {' or '.join(wanted[:4])}. {nearest(wanted[0], there)}Its columns are "
        f"{examples(there, 30)}. The zones' identifier is named with --geometry-zone."
    )


def _squares(
    table: pa.Table,
    file: Path,
    zone: str,
    side: float,
    *,
    corners: tuple[str, str],
    crs: str | None,
    keep: Sequence[str],
) -> gpd.GeoDataFrame:
    """Squares from a table of their lower left corners."""
    if crs is None:
        raise ImportRefusedError(
            f"{file} does not say its coordinate system. Name it with --crs, for example EPSG:3067."
        )
    if not side > 0:
        raise ImportRefusedError(f"The side of squares cannot be {side:g}: give it in units of the coordinate system.")
    columns_of(table, [*corners, *keep], file)
    x, y = (numbers(table.column(name), file, name).to_numpy() for name in corners)
    if np.isnan(x).any() or np.isnan(y).any():
        raise ImportRefusedError(f"{file}: {int((np.isnan(x) | np.isnan(y)).sum()):,} squares have no corner.")
    columns = {name: texts(table.column(name)).to_pylist() for name in (zone, *keep)}
    return gpd.GeoDataFrame(columns, geometry=shapely.box(x, y, x + side, y + side), crs=_crs(crs))


def _read_by_gdal(file: Path) -> gpd.GeoDataFrame:
    if not file.exists():
        raise ImportRefusedError(
            f"{file} cannot be read (there is no such file). Name the file of the zones' outlines."
        )
    if file.name.endswith(_TABLES):
        raise ImportRefusedError(
            f"{file} is a table without outlines. If its zones are squares given by their lower left corner, say their "
            "side with --square."
        )
    try:
        source = io.BytesIO(gzip.decompress(file.read_bytes())) if file.suffix == ".gz" else file
        read = gpd.read_file(source)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, EOFError, ValueError) as error:
        raise ImportRefusedError(
            f"{file} cannot be read as outlines ({str(error).splitlines()[0].rstrip('.')}): it is damaged, or of a "
            "format that is not known. Give GeoJSON, GeoPackage, a shapefile or GeoParquet."
        ) from error
    if not isinstance(read, gpd.GeoDataFrame) or read.empty:
        raise ImportRefusedError(f"{file} has no outlines. Give GeoJSON, GeoPackage, a shapefile or GeoParquet.")
    return read


def _read_parquet(file: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(file)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ImportRefusedError(
            f"{file} cannot be read as GeoParquet ({str(error).splitlines()[0].rstrip('.')}). Get it again; or, if its "
            "zones are squares given by their lower left corner, say their side with --square."
        ) from error


def _crs(name: str) -> CRS:
    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        raise ImportRefusedError(
            f"{name!r} is no coordinate system that is known. Give its EPSG code, for example --crs EPSG:3067."
        ) from error


def _refuse_misplaced(shapes: gpd.GeoSeries, file: Path) -> None:
    """Refuse coordinates that cannot be of the coordinate system that the file claims."""
    crs = shapes.crs
    west, south, east, north = shapes.total_bounds
    largest_x, largest_y = max(abs(west), abs(east)), max(abs(south), abs(north))
    if crs.is_geographic and (largest_x > 360 or largest_y > 90):
        raise ImportRefusedError(
            f"{file} says that its coordinates are degrees ({crs.name}), but they go up to {largest_x:,.0f} and "
            f"{largest_y:,.0f}. Name the coordinate system that they are of with --crs, for example EPSG:3067."
        )
    if crs.is_projected and largest_x <= 180 and largest_y <= 90:
        raise ImportRefusedError(
            f"{file} is said to be in {crs.name}, but its coordinates look like degrees (up to {largest_x:.1f} and "
            f"{largest_y:.1f}). Say --crs EPSG:4326 if they are longitude and latitude."
        )
    at = shapes.to_crs(SPHERE).total_bounds
    if not np.isfinite(at).all():
        raise ImportRefusedError(
            f"{file}: some coordinates are nowhere on the Earth in {crs.name}. Name the right coordinate system with "
            "--crs."
        )
    use = crs.area_of_use
    longitude, latitude = (at[0] + at[2]) / 2, (at[1] + at[3]) / 2
    if use is not None and use.west < use.east:
        inside = use.west - 1 <= longitude <= use.east + 1 and use.south - 1 <= latitude <= use.north + 1
        if not inside:
            raise ImportRefusedError(
                f"{file}: in {crs.name} the zones lie around longitude {longitude:.1f}, latitude {latitude:.1f}, where "
                f"that coordinate system is not used ({use.name}). Name the right one with --crs."
            )


@cache
def _places_of_time_zones() -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the place that each time zone is named after, as the tz database lists them."""
    text = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    places = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            _, at, name = line.split("\t")[:3]
            cut = max(at.rfind("+"), at.rfind("-"))
            places[name] = (_degrees(at[cut:]), _degrees(at[:cut]))
    return places


def _degrees(text: str) -> float:
    """Degrees from ISO 6709 text.

    Examples
    --------
    >>> _degrees("+6010"), _degrees("-0000730")
    (60.166666666666664, -0.125)
    """
    sign, digits = (-1 if text[0] == "-" else 1), text[1:]
    whole = len(digits) - (4 if len(digits) > 5 else 2)
    minutes, seconds = digits[whole : whole + 2], digits[whole + 2 :]
    return sign * (int(digits[:whole]) + int(minutes) / 60 + int(seconds or 0) / 3600)
