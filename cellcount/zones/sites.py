"""A list of sites, each with a place and radii, for the exposure of many areas at once: CSV or GeoPackage.

Columns, in any order and any case of letters: `name`; a place as `latitude` and `longitude` in degrees (or `lat` and
`lon`), as `easting` and `northing` on the British National Grid, in metres, or as text in `place`; and radii in km as
`radii`, such as "1;3;5", or in columns whose names begin with `radius`, such as `radius_km` or `radius_1_km`. In a
GeoPackage the points are the places.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import pyproj

from cellcount.zones.limits import FILE_BYTES, MOST_SITES, AreaRefusedError, SitesRefusedError
from cellcount.zones.mending import BRITISH_GRID_METRES, Extent
from cellcount.zones.naming import plain_name
from cellcount.zones.reading import opened
from cellcount.zones.rings import COMMA_INSIDE, ring_distances, typed_distances
from cellcount.zones.screening import screened

MOST_SAID = 20
"""Faulty rows that are explained in one message; the others are named by their numbers."""
MOST_COLUMNS = 200
_LATITUDE, _LONGITUDE = ("latitude", "lat"), ("longitude", "lon", "long", "lng")
_EASTING, _NORTHING = ("easting", "eastings"), ("northing", "northings")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)")
_RADIUS = re.compile(r"radius(_?\d+)?(_?km)?")
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?\s*', re.IGNORECASE)
"""A first line that tells spreadsheets what is between columns, and that they do not show."""
MINUSES = "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
"""What people and devices write for the hyphen and the minus."""
_MINUS = str.maketrans(dict.fromkeys(MINUSES, "-"))
_TO_DEGREES = pyproj.Transformer.from_crs("EPSG:27700", "OGC:CRS84", always_xy=True)


class Located(Protocol):
    """A point that was read from text, in degrees."""

    @property
    def longitude(self) -> float:
        """Degrees east."""

    @property
    def latitude(self) -> float:
        """Degrees north."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site and the rings around it.

    Attributes
    ----------
    name : str
        Its name: plain text that somebody else wrote, to be escaped where shown.
    longitude, latitude : float
        Where it is, degrees, WGS 84.
    radii : tuple of float
        Outer radii of its rings, km, ascending: see `cellcount.zones.rings.ring_distances`.
    """

    name: str
    longitude: float
    latitude: float
    radii: tuple[float, ...]


def read_sites(
    name: str, content: bytes, *, locate: Callable[[str], Located | None] | None = None, within: Extent | None = None
) -> tuple[Site, ...]:
    r"""Sites from a CSV file or a GeoPackage, told by its content.

    Parameters
    ----------
    name : str
        The file's name, for sentences only.
    content : bytes
        What is in it. CSV in UTF-8 or Windows-1252, with commas or semicolons between columns.
    locate : callable, optional
        Reads the text of a column `place`: gives a point, or None where the text is no place, or raises ValueError with
        a sentence. Without it such a column is refused.
    within : tuple of float, optional
        West, south, east and north, degrees: where every site has to lie.

    Returns
    -------
    tuple of Site
        In the order of the file.

    Raises
    ------
    SitesRefusedError
        If the file cannot be read, or any of its rows is faulty: all faulty rows are named, by the numbers that they
        have in a spreadsheet, where the header is row 1.

    Examples
    --------
    >>> read_sites("sites.csv", b"name,lat,lon,radii\nWorks,51.5,-0.1,1;3\n")
    (Site(name='Works', longitude=-0.1, latitude=51.5, radii=(1.0, 3.0)),)
    """
    shown = f"“{plain_name(name) or 'The list'}”"
    if len(content) > FILE_BYTES:
        # Whoever reads a file may have read no more of it than that: its size is not known.
        raise SitesRefusedError(f"{shown} has more than {FILE_BYTES / 1e6:.0f} MB, the most that is read. Split it.")
    if content.startswith(b"SQLite format 3\x00"):
        rows = _rows_of_geopackage(name, content)
    else:
        rows = _rows_of_csv(shown, content)
    sites, faults = [], {}
    for number, row, fault in rows:
        if fault:
            faults[number] = fault
            continue
        try:
            sites.append(_site(row, locate, within))
        except (ValueError, AreaRefusedError) as error:
            faults[number] = str(error)
    if faults:
        raise SitesRefusedError(_said(shown, faults), tuple(f"Row {row}: {why}" for row, why in faults.items()))
    if not sites:
        raise SitesRefusedError(f"{shown} holds no sites. Give each a row with name, latitude, longitude and radii.")
    return tuple(sites)


def _said(shown: str, faults: Mapping[int, str]) -> str:
    numbers = list(faults)
    first = " ".join(f"Row {row}: {faults[row]}" for row in numbers[:MOST_SAID])
    more = f" Also faulty: rows {_runs(numbers[MOST_SAID:])}." if len(numbers) > MOST_SAID else ""
    count = f"{len(numbers):,} rows" if len(numbers) > 1 else "one row"
    them = "them" if len(numbers) > 1 else "it"
    return f"{shown} has {count} that cannot be read; mend {them} and load the list again. {first}{more}"


def _runs(numbers: list[int]) -> str:
    """Numbers, ascending, those in a row as a range.

    Examples
    --------
    >>> _runs([2, 3, 4, 7])
    '2 to 4, 7'
    """
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after != before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after != before + 1), numbers[-1]]
    return ", ".join(str(one) if one == other else f"{one} to {other}" for one, other in zip(starts, ends, strict=True))


# ------------------------------------------------------------------------------------------------ tables

Row = Mapping[str, str]
Numbered = tuple[int, Row, str]
"""The number of a row, its cells by their columns, and what is wrong with how it is written; empty if nothing is."""


def _rows_of_csv(shown: str, content: bytes) -> Iterator[Numbered]:
    if b"\x00" in content:
        raise SitesRefusedError(f"{shown} is neither CSV nor a GeoPackage. Save the list as CSV in UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("windows-1252", errors="replace")
    written = io.StringIO(text, newline="")
    stated = _SEPARATOR.fullmatch(written.readline())
    begin = written.tell() if stated else 0
    written.seek(begin)
    between = stated[1] if stated else _between_columns(written)
    written.seek(begin)
    lines = csv.reader(written, delimiter=between)
    try:
        yield from _rows(shown, lines, between)
    except csv.Error as error:
        raise SitesRefusedError(f"{shown} cannot be read as CSV at line {lines.line_num}: save it again.") from error


def _between_columns(lines: Iterable[str]) -> str:
    """What stands between columns, by the first line that says anything."""
    header = next((line for line in lines if line.strip(" ,;\t\r\n")), "")
    return ";" if header.count(";") > header.count(",") else ","


def _rows(shown: str, lines: Iterator[list[str]], between: str) -> Iterator[Numbered]:
    numbered = ((number, [each.strip() for each in cells]) for number, cells in enumerate(lines, start=1))
    said = ((number, cells) for number, cells in numbered if any(cells))
    _, columns = next(said, (1, []))
    columns = [each.casefold() for each in columns]
    # A column without a name at the end is none: what is below it came from a cell that fell apart.
    while columns and not columns[-1]:
        columns.pop()
    _check_columns(shown, columns)
    for found, (number, cells) in enumerate(said, start=1):
        if found > MOST_SITES:
            raise SitesRefusedError(f"{shown} holds more than {MOST_SITES:,} sites. Split the list.")
        row = dict(zip(columns, cells, strict=False))
        yield number, row, _torn(row, any(cells[len(columns) :]), between)


def _torn(row: Row, more: bool, between: str) -> str:
    """Why the cells of a row may not be what was meant; empty if they are."""
    if more and between == ",":
        return (
            "it has more cells than the header: write radii as 1;3;5, or in quotation marks, and so whatever else has "
            "a comma in it."
        )
    if more:
        return (
            "it has more cells than the header: write radii as 1 3 5, or in quotation marks, and so whatever else has "
            f"{'a semicolon' if between == ';' else 'a sign between columns'} in it."
        )
    radii = row.get("radii", "")
    if between != "," and COMMA_INSIDE.search(radii):
        return (
            f"its radii “{plain_name(radii)}” may have decimal commas, or commas between them: write decimals with a "
            "point, and spaces between radii, such as 1.5 3."
        )
    return ""


def _check_columns(shown: str, columns: list[str]) -> None:
    named = set(columns)
    twice = sorted({each for each in named if each and columns.count(each) > 1}) if len(columns) <= MOST_COLUMNS else []
    if len(columns) > MOST_COLUMNS or twice:
        what = f"the column “{plain_name(twice[0])}” twice" if twice else f"{len(columns):,} columns"
        raise SitesRefusedError(f"{shown} has {what}. Keep name, latitude, longitude and radii.")
    missing = []
    if "name" not in named:
        missing.append("name")
    if not any(named & set(each) for each in (_LATITUDE, _EASTING, ("place",))):
        missing.append("latitude and longitude (or easting and northing, or place)")
    if "radii" not in named and not any(_RADIUS.fullmatch(each) for each in named):
        missing.append("radii, in km")
    if missing:
        raise SitesRefusedError(f"{shown} has no column {', and none of '.join(missing)}. Name them in its first row.")


def _rows_of_geopackage(name: str, content: bytes) -> Iterator[Numbered]:
    try:
        found = opened(screened(name, content), "sites")
    except AreaRefusedError as error:
        raise SitesRefusedError(str(error)) from error
    columns: dict[str, list[Any]] = {key.strip().casefold(): values for key, values in found["columns"].items()}
    points = found["points"]
    if any(point is not None for point in points):
        columns["longitude"] = [None if point is None else repr(point[0]) for point in points]
        columns["latitude"] = [None if point is None else repr(point[1]) for point in points]
    _check_columns(f"“{plain_name(name)}”", list(columns))
    for place in range(len(points)):
        yield place + 1, {key: (values[place] or "").strip() for key, values in columns.items()}, ""


# ------------------------------------------------------------------------------------------------ rows


def _site(row: Row, locate: Callable[[str], Located | None] | None, within: Extent | None) -> Site:
    name = plain_name(row.get("name"))
    if not name:
        raise ValueError("it has no name.")
    longitude, latitude = _place(row, locate)
    if within is not None:
        west, south, east, north = within

        def covered(across: float, up: float) -> bool:
            return west <= across <= east and south <= up <= north

        if not covered(longitude, latitude):
            hint = misplaced(longitude, latitude, covered)
            said = f"{latitude:.3f}, {longitude:.3f} lies outside what this release covers."
            raise ValueError(f"{said} {hint}".strip())
    return Site(name, longitude, latitude, _radii(row))


def misplaced(longitude: float, latitude: float, covered: Callable[[float, float], bool]) -> str:
    """What may be wrong with a position where a release covers nothing.

    Parameters
    ----------
    longitude, latitude : float
        The position, degrees.
    covered : callable
        Whether the release covers a longitude and latitude.

    Returns
    -------
    str
        A sentence; empty where turning the position about brings it nowhere that is covered.

    Examples
    --------
    >>> misplaced(51.5, -0.1, lambda longitude, latitude: 50 < latitude < 61)
    'Latitude and longitude look swapped.'
    """
    tried = {
        "Latitude and longitude look swapped.": (latitude, longitude),
        "The sign of its longitude may be wrong: west is negative.": (-longitude, latitude),
        "The sign of its latitude may be wrong: north is positive.": (longitude, -latitude),
    }
    return next((said for said, (across, up) in tried.items() if abs(up) <= 90 and covered(across, up)), "")


def _radii(row: Row) -> tuple[float, ...]:
    if row.get("radii"):
        return typed_distances(row["radii"])
    known = [_number(row, (column,), column) for column in row if _RADIUS.fullmatch(column) and row[column]]
    if not known:
        raise ValueError("it has no radius.")
    return ring_distances(known)


def _place(row: Row, locate: Callable[[str], Located | None] | None) -> tuple[float, float]:
    if _said_in(row, _LATITUDE) or _said_in(row, _LONGITUDE):
        latitude, longitude = _number(row, _LATITUDE, "latitude"), _number(row, _LONGITUDE, "longitude")
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise ValueError("latitude is up to 90 and longitude up to 180 degrees.")
        return longitude, latitude
    if _said_in(row, _EASTING) or _said_in(row, _NORTHING):
        easting, northing = _number(row, _EASTING, "easting"), _number(row, _NORTHING, "northing")
        west, south, east, north = BRITISH_GRID_METRES
        if not (west <= easting <= east and south <= northing <= north):
            raise ValueError("easting and northing are metres on the British National Grid.")
        longitude, latitude = _TO_DEGREES.transform(easting, northing)
        return float(longitude), float(latitude)
    text = row.get("place", "")
    if not text:
        raise ValueError("it has no place.")
    found = locate(text) if locate is not None else None
    if found is None:
        raise ValueError(f"the place “{plain_name(text)}” cannot be read: give latitude and longitude.")
    return found.longitude, found.latitude


def _said_in(row: Row, columns: tuple[str, ...]) -> bool:
    return any(row.get(column) for column in columns)


def _number(row: Row, columns: tuple[str, ...], name: str) -> float:
    text = next((row[column] for column in columns if row.get(column)), "")
    signed = text.translate(_MINUS)
    value = float(signed) if _NUMBER.fullmatch(signed) else math.nan
    if not math.isfinite(value):
        hint = ": write decimals with a point" if "," in text else ""
        raise ValueError(f"{name} is “{plain_name(text)}”, and not a number{hint}." if text else f"it has no {name}.")
    return value
