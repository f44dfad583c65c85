"""Find what somebody types: a place, an area, a postcode district, coordinates, a grid reference. No Streamlit here."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import pyarrow as pa
import pyproj
from numpy.typing import NDArray

from cellcount.ui.ground import Bounds
from cellcount.ui.view import Area
from cellcount.ui.words import position
from cellcount.zones.sites import MINUSES

Kind = Literal["area", "place", "postcode district", "point"]

MOST_CHOICES = 12
"""So many answers are offered where a name is not of one place alone."""
MOST_LETTERS = 80
"""Nobody types a longer name; what is longer is cut before it is looked for."""
TIMES_MORE = 10.0
"""Where so many times more people live in a place whose name goes on after what was typed, that is what is meant:
Newcastle upon Tyne by Newcastle, and not the town of Down; but Bath by Bath, and not its authority."""
LEAST_PEOPLE = 1_000.0
"""So many live, for that, in a smaller place, in a station, and in a place of which it is not known."""
CLOSE = 0.72
"""How like a name what was typed must be to be offered in its place, 0 to 1."""
KINDS = {
    "city": "city",
    "town": "town",
    "village": "village",
    "airport": "airport",
    "station": "railway station",
    "postcode_district": "postcode district",
}
"""Kinds of places of a release, in words, those that a bare name means first."""
REACH_KM = {"city": 12.0, "town": 6.0, "village": 4.0, "airport": 5.0, "station": 3.0, "postcode_district": 5.0}
"""How far the map reaches around the centre of a place."""
POINT_KM = 2.0
"""How far it reaches around a point."""
KM_OF_DEGREE = 111.2
METRES_OF_SQUARE = 100_000
BRITISH_GRID, IRISH_GRID = "EPSG:27700", "EPSG:29903"
HELP = (
    "Type the name of a place or area, a postcode district such as LS1, coordinates such as 51.5, -0.12 or a grid "
    "reference such as SP 0570 0905."
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where the map is to move.

    Attributes
    ----------
    id : str
        What tells it from other answers to the same words, for the URL.
    words : str
        What it is, for whoever chooses among several.
    kind : {'area', 'place', 'postcode district', 'point'}
        What was found.
    longitude, latitude : float
        Its centre, degrees.
    bounds : Bounds
        What the map shows.
    area : str or None
        Code of the area that it is, or lies in; None where it lies in none.
    """

    id: str
    words: str
    kind: Kind
    longitude: float
    latitude: float
    bounds: Bounds
    area: str | None


@dataclass(frozen=True, slots=True)
class Searched:
    """What was found.

    Attributes
    ----------
    targets : tuple of Target
        The best first; empty where nothing was found.
    said : str
        A sentence where what was found is not what was typed, or where nothing was; else empty.
    """

    targets: tuple[Target, ...]
    said: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A point that was typed: degrees, how it was read, and how far it may be from what was meant, in kilometres."""

    longitude: float
    latitude: float
    words: str
    km: float = POINT_KM


class UnreadableError(ValueError):
    """What was typed looks like coordinates and is none; the message says why."""


# ------------------------------------------------------------------------------------------------ points

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_DECIMAL = re.compile(rf"({_NUMBER})\s*°?\s*([NSEW]?)\s*[,;\s]\s*({_NUMBER})\s*°?\s*([NSEW]?)")
_PART = r"(\d+(?:\.\d+)?)"
_ANGLE = rf"([+-]?){_PART}(?:(?:\s*[°:]\s*|\s+){_PART}(?:(?:\s*[':]\s*|\s+){_PART}\s*\"?|\s*'?)|\s*°?)"
"""An angle of degrees, of degrees and minutes, or of degrees, minutes and seconds: sign, and up to three numbers."""
_SIDES_BEFORE = re.compile(rf"([NSEW])\s*{_ANGLE}[\s,;]*([NSEW])\s*{_ANGLE}")
_SIDES_AFTER = re.compile(rf"{_ANGLE}\s*([NSEW])[\s,;]*{_ANGLE}\s*([NSEW])")
# Without letters a space alone does not tell where the first angle ends.
_WITHOUT_SIDES = re.compile(rf"{_ANGLE}(?:\s*[,;]\s*|\s+(?=[+-]|\d+\s*°)){_ANGLE}")
_SIGNS = {
    "-": MINUSES,
    "'": "\u2032\u2018\u2019\u201b\u02b9\u02bc\u02bb\u02c8\u00b4`\uff07",
    '"': "\u2033\u201c\u201d\u201f\u02ba\u02dd\uff02",
    "°": "\u00ba\u02da",
}
"""What people and devices write for the hyphen, the signs of minutes and seconds, and that of degrees."""
_ONE_SIGN = str.maketrans({each: sign for sign, several in _SIGNS.items() for each in several})
_GRID = re.compile(r"([A-HJ-Z]{1,2})\s*(\d[\d\s]*)")
_DISTRICT = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(?:\s*\d[A-Z]{0,2})?")
_UNIT = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)\s*(\d[A-Z]{2})")


def point_of(asked: str) -> Point | None:
    r"""The point that coordinates or a grid reference mean.

    Parameters
    ----------
    asked : str
        Latitude and longitude in degrees, in degrees and minutes, or in degrees, minutes and seconds, of which the last
        may have decimals, with letters of the hemisphere before or after them, or signs; a reference on the British or
        the Irish grid; or eastings and northings in metres on the British one.

    Returns
    -------
    Point or None
        None where it does not look like any of them.

    Raises
    ------
    UnreadableError
        If it does, and cannot be right.

    Examples
    --------
    >>> point_of("51.5, -0.12")
    Point(longitude=-0.12, latitude=51.5, words='51.500° N 0.120° W', km=2.0)
    >>> found = point_of("51°30'26\"N 0°7'39\"W")
    >>> round(found.latitude, 4), round(found.longitude, 4)
    (51.5072, -0.1275)
    >>> found = point_of("N54 53.97 W1 31.98")
    >>> round(found.latitude, 4), round(found.longitude, 4)
    (54.8995, -1.533)
    >>> point_of("Leeds") is None
    True

    The worked example of the Ordnance Survey's guide to coordinate systems, in WGS 84 as movable-type.co.uk has it:

    >>> caister = point_of("TG 51409 13177")
    >>> round(caister.latitude, 3), round(caister.longitude, 3)
    (52.658, 1.716)
    """
    text = " ".join(asked.strip().translate(_ONE_SIGN).replace("''", '"').upper().split())
    found = _DECIMAL.fullmatch(text)
    if found:
        return _of_decimal(*found.groups())
    if _DISTRICT.fullmatch(text):
        return None
    halves = _angles(text)
    if halves is not None:
        return _of_degrees(*halves)
    found = _GRID.fullmatch(text)
    return _of_grid(found[1], re.sub(r"\s", "", found[2]), text) if found else None


def _of_decimal(first: str, first_side: str, second: str, second_side: str) -> Point:
    one, other = float(first), float(second)
    if not first_side and not second_side and min(abs(one), abs(other)) > 180:
        return _of_metres(one, other)
    return _of_degrees((one, first_side), (other, second_side))


def _angles(text: str) -> tuple[tuple[float, str], tuple[float, str]] | None:
    """Two angles in degrees, each with its letter or without; None where the text is not of that kind."""
    found = _SIDES_BEFORE.fullmatch(text)
    if found:
        first, second = found.groups()[:5], found.groups()[5:]
        return _in_degrees(first[1:], first[0]), _in_degrees(second[1:], second[0])
    found = _SIDES_AFTER.fullmatch(text)
    if found:
        first, second = found.groups()[:5], found.groups()[5:]
        return _in_degrees(first[:4], first[4]), _in_degrees(second[:4], second[4])
    found = _WITHOUT_SIDES.fullmatch(text)
    if found:
        return _in_degrees(found.groups()[:4], ""), _in_degrees(found.groups()[4:], "")
    return None


def _in_degrees(parts: Sequence[str | None], side: str) -> tuple[float, str]:
    sign, *written = (part or "" for part in parts)
    numbers = [number for number in written if number]
    if any("." in number for number in numbers[:-1]):
        raise UnreadableError(
            "Of degrees, minutes and seconds only the last can have decimals, such as 54° 53.97' N, 1° 31.98' W."
        )
    degrees, minutes, seconds = [*(float(number) for number in numbers), 0.0, 0.0][:3]
    if minutes >= 60 or seconds >= 60:
        raise UnreadableError("Minutes and seconds of coordinates are less than 60.")
    return math.copysign(degrees + minutes / 60 + seconds / 3600, -1.0 if sign == "-" else 1.0), side


def _of_degrees(one: tuple[float, str], other: tuple[float, str]) -> Point:
    """Two numbers of degrees with the side of the world that each is on; latitude comes first where none is given."""
    if one[1] in ("E", "W") or other[1] in ("N", "S"):
        one, other = other, one
    if one[1] in ("E", "W") or other[1] in ("N", "S"):
        raise UnreadableError("Coordinates need one latitude, north or south, and one longitude, east or west.")
    if any(side and degrees < 0 for degrees, side in (one, other)):
        raise UnreadableError("A coordinate has a minus or a letter, and not both: 1.5 W is the same as -1.5.")
    latitude = -one[0] if one[1] == "S" else one[0]
    longitude = -other[0] if other[1] == "W" else other[0]
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise UnreadableError(
            "Coordinates are latitude, up to 90 degrees, and then longitude, up to 180 degrees, such as 51.5, -0.12."
        )
    return Point(longitude, latitude, position(latitude, longitude))


def _of_metres(east: float, north: float) -> Point:
    if not (0 <= east < 700_000 and 0 <= north < 1_300_000):
        raise UnreadableError(
            "Eastings and northings on the British grid are between 0 and 700,000 and between 0 and 1,300,000 metres."
        )
    longitude, latitude = _degrees(BRITISH_GRID, east, north)
    return Point(longitude, latitude, f"{east:,.0f} m east, {north:,.0f} m north")


def _of_grid(letters: str, digits: str, text: str) -> Point | None:
    half = len(digits) // 2
    irish = len(letters) == 1
    if irish and half < 2:
        return None
    if len(digits) % 2 or half > 5:
        raise UnreadableError(
            f"A grid reference has two letters and an even number of digits, up to ten; “{text}” has {len(digits)}."
        )
    size = METRES_OF_SQUARE / 10**half
    east0, north0 = _irish_square(letters) if irish else _british_square(letters)
    # What is meant is somewhere in the square: its middle.
    east = east0 + (float(digits[:half]) + 0.5) * size
    north = north0 + (float(digits[half:]) + 0.5) * size
    longitude, latitude = _degrees(IRISH_GRID if irish else BRITISH_GRID, east, north)
    reference = f"{letters} {digits[:half]} {digits[half:]}"
    return Point(longitude, latitude, f"grid reference {reference}", max(POINT_KM, size / 1000))


def _place_of(letter: str) -> tuple[int, int]:
    """Column from the west and row from the north of a letter in a square of five by five; there is no I."""
    number = "ABCDEFGHJKLMNOPQRSTUVWXYZ".index(letter)
    return number % 5, number // 5


def _british_square(letters: str) -> tuple[float, float]:
    """South-west corner of a square of 100 km on the British grid, in metres.

    The first letter is of a square of 500 km, of which S begins at the origin.
    """
    (column, row), (inner_column, inner_row) = _place_of(letters[0]), _place_of(letters[1])
    east, north = (column - 2) * 5 + inner_column, (3 - row) * 5 + 4 - inner_row
    if not (0 <= east < 7 and 0 <= north < 13):
        raise UnreadableError(f"There is no square {letters} on the British grid.")
    return float(east * METRES_OF_SQUARE), float(north * METRES_OF_SQUARE)


def _irish_square(letter: str) -> tuple[float, float]:
    column, row = _place_of(letter)
    return float(column * METRES_OF_SQUARE), float((4 - row) * METRES_OF_SQUARE)


@cache
def _transformer(grid: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(grid, "EPSG:4326", always_xy=True)


def _degrees(grid: str, east: float, north: float) -> tuple[float, float]:
    longitude, latitude = _transformer(grid).transform(east, north)
    return float(longitude), float(latitude)


# ------------------------------------------------------------------------------------------------ names


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """What can be found by name.

    Attributes
    ----------
    keys : tuple of str
        Names as they are compared: see `key_of`.
    targets : tuple of Target
        One a name.
    weights : array of float
        Which comes first among names that are as good: areas, then kinds in the order of `KINDS`, by population.
    people : array of float
        Who lives in each; 0 where that is not known.
    by_district : dict of str to int
        Where the postcode districts are.
    by_label : dict of str to list of int
        Which are called so in a list, of answers or of areas: see `key_of`.
    """

    keys: tuple[str, ...]
    targets: tuple[Target, ...]
    weights: NDArray[np.float64]
    people: NDArray[np.float64]
    by_district: dict[str, int]
    by_label: dict[str, list[int]]


def key_of(name: str) -> str:
    """A name as names are compared: small letters without accents, signs, `saint` for `st`.

    Examples
    --------
    >>> key_of("St. Alban's"), key_of("Llanfair-yng-Nghornwy"), key_of("Ynys Môn")
    ('saint albans', 'llanfair yng nghornwy', 'ynys mon')
    """
    plain = unicodedata.normalize("NFKD", name[:MOST_LETTERS].casefold())
    letters = "".join(each for each in plain if not unicodedata.combining(each)).replace("'", "").replace("’", "")
    words = re.sub(r"[^\w]+", " ", letters).split()
    return " ".join({"st": "saint", "&": "and"}.get(each, each) for each in words)


def around(longitude: float, latitude: float, km: float) -> Bounds:
    """What lies so far around a point.

    Examples
    --------
    >>> near = around(0.0, 60.0, 111.2)
    >>> near.south, near.north, round(near.west, 3), round(near.east, 3)
    (59.0, 61.0, -2.0, 2.0)
    """
    up = km / KM_OF_DEGREE
    along = up / max(math.cos(math.radians(latitude)), 0.01)
    return Bounds(longitude - along, latitude - up, longitude + along, latitude + up)


def gazetteer(areas: Iterable[tuple[Area, Bounds | None]], kinds: dict[str, str], places: pa.Table | None) -> Gazetteer:
    """What can be found by name in a release.

    Parameters
    ----------
    areas : iterable of Area and Bounds
        Its areas, with what their outlines span; those without an outline cannot be found.
    kinds : dict of str to str
        Label of each type of area.
    places : pyarrow.Table or None
        The answer of the query `places`; None where the release has none.
    """
    keys: list[str] = []
    targets: list[Target] = []
    weights: list[float] = []
    people: list[float] = []
    by_label: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    for area, bounds in areas:
        names[area.code] = area.name
        if bounds is not None:
            longitude, latitude = (bounds.west + bounds.east) / 2, (bounds.south + bounds.north) / 2
            words = f"{area.name}, {kinds.get(area.kind, area.kind).lower()}"
            for label in {key_of(area.label), key_of(words)}:
                by_label.setdefault(label, []).append(len(targets))
            keys.append(key_of(area.name))
            targets.append(Target(area.code, words, "area", longitude, latitude, bounds, area.code))
            people.append(area.residents or 0.0)
            weights.append(1e12 + people[-1])
    by_district = {}
    order = {kind: len(KINDS) - place for place, kind in enumerate(KINDS)}
    for row in places.to_pylist() if places is not None else ():
        kind, name = row["kind"], row["place_name"]
        if kind == "postcode_district":
            by_district[name.replace(" ", "").upper()] = len(targets)
        within = names.get(row["area_code"] or "", "")
        where = f" in {within}" if within and within != name else ""
        words = f"{name}, {KINDS.get(kind, kind)}{where}"
        by_label.setdefault(key_of(words), []).append(len(targets))
        keys.append(key_of(name))
        bounds = around(row["lon"], row["lat"], REACH_KM.get(kind, POINT_KM))
        what: Kind = "postcode district" if kind == "postcode_district" else "place"
        targets.append(Target(row["place_id"], words, what, row["lon"], row["lat"], bounds, row["area_code"]))
        people.append(row["population"] or 0.0)
        weights.append(1e9 * order.get(kind, 0) + people[-1])
    return Gazetteer(tuple(keys), tuple(targets), np.array(weights), np.array(people), by_district, by_label)


def find(asked: str, known: Gazetteer) -> Searched | Point:
    """What was meant by what somebody typed.

    Parameters
    ----------
    asked : str
        Anything.
    known : Gazetteer
        What can be found by name.

    Returns
    -------
    Searched or Point
        A point still has to be put into an area: see `at_point`.
    """
    text = asked.strip()[:MOST_LETTERS]
    if not text:
        return Searched(())
    try:
        point = point_of(text)
    except UnreadableError as error:
        return Searched((), str(error))
    if point is not None:
        return point
    return _district(text, known) or _named(text, known)


def at_point(point: Point, area: tuple[str, str] | None, *, outlined: bool = True) -> Searched:
    """A point that was typed, in the area that it lies in.

    Parameters
    ----------
    point : Point
        The point.
    area : tuple of str or None
        Code and name of the area; None where it lies in none of the release.
    outlined : bool
        Whether the release has outlines of its smallest areas; without them no point can be put into one.
    """
    if area is None and not outlined:
        said = "cannot be placed, for this release has no outlines of its areas. Search for a name instead."
        return Searched((), f"{_first_large(point.words)} {said}")
    if area is None:
        return Searched((), f"{_first_large(point.words)} lies outside the areas of this release.")
    code, name = area
    bounds = around(point.longitude, point.latitude, point.km)
    words = f"{_first_large(point.words)}, in {name}"
    identifier = f"{point.latitude:.5f},{point.longitude:.5f}"
    return Searched((Target(identifier, words, "point", point.longitude, point.latitude, bounds, code),))


def _district(text: str, known: Gazetteer) -> Searched | None:
    """The postcode district that was typed, or whose postcode was; None where it does not look like one."""
    upper = " ".join(text.upper().split())
    found = _UNIT.fullmatch(upper) or _DISTRICT.fullmatch(upper)
    if found is None or not known.by_district:
        return None
    district = found[1]
    if district in known.by_district:
        target = known.targets[known.by_district[district]]
        said = "" if upper.replace(" ", "") == district else f"Shown for “{text}” is its postcode district, {district}."
        return Searched((target,), said)
    if any(key == key_of(text) for key in known.keys):
        return None
    return Searched((), f"There is no postcode district {district} in this release.")


def _named(text: str, known: Gazetteer) -> Searched:
    wanted = key_of(text)
    if not wanted:
        return Searched((), f"There is no place “{text}”. {HELP}")
    ranks = {
        place: 0 if key == wanted else 1 if key.startswith(f"{wanted} ") else 2 if key.startswith(wanted) else 3
        for place, key in enumerate(known.keys)
        if key.startswith(wanted) or f" {wanted}" in key
    }
    if ranks:
        best = _meant(ranks, known)
        return Searched(tuple(known.targets[place] for place in best[:MOST_CHOICES]))
    if wanted in known.by_label:
        best = sorted(known.by_label[wanted], key=lambda place: -known.weights[place])
        return Searched(tuple(known.targets[place] for place in best[:MOST_CHOICES]))
    close = difflib.get_close_matches(wanted, set(known.keys), n=6, cutoff=CLOSE)
    if not close:
        return Searched((), f"There is no place “{text}” in this release. {HELP}")
    # All of these are as good: the one that most people live in is what is meant most often.
    places = sorted(
        (place for place, key in enumerate(known.keys) if key in close), key=lambda place: -known.weights[place]
    )
    targets = tuple(known.targets[place] for place in places[:MOST_CHOICES])
    return Searched(targets, f"There is no place “{text}” in this release. The nearest name is {targets[0].words}.")


def _meant(ranks: dict[int, int], known: Gazetteer) -> list[int]:
    """Places of names by what is meant most likely: whole names first, unless far more people live elsewhere."""
    whole = [place for place, rank in ranks.items() if rank == 0]
    many = TIMES_MORE * max([LEAST_PEOPLE, *(known.people[place] for place in whole)])
    larger = {place for place, rank in ranks.items() if whole and rank == 1 and known.people[place] >= many}
    # Where a name is meant whole, longer ones that begin with it are not offered.
    offered = [place for place, rank in ranks.items() if rank == 0 or (rank == 1 and larger)] if whole else list(ranks)
    return sorted(offered, key=lambda place: (place not in larger, ranks[place], -known.weights[place]))


def _first_large(words: str) -> str:
    return words[:1].upper() + words[1:]
