"""One to five rings around a point, with distances that somebody types."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import shapely

from cellcount.zones.limits import MOST_KM, MOST_RINGS, AreaRefusedError
from cellcount.zones.shapes import ELLIPSOID, Shape, Zones

VERTICES = 180
"""Vertices of a circle: a polygon of n has sin(2 pi / n) / (2 pi / n) of the area of the circle, 0.02 % too little."""
METRE = 0.001
"""Distances are told apart by the metre, in km."""
_BETWEEN = re.compile(r"[\s,;|/]+")
COMMA_INSIDE = re.compile(r"\d,\d")
"""What may be a decimal comma, or stand between two numbers."""
_BETWEEN_OTHERS = re.compile(r"[;|/]|\d\s+\d")
"""What stands between distances where a comma in one of them may be its decimal comma."""
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)")
# Not m: on British roads it is a mile, elsewhere a metre.
_UNIT = re.compile(r"(?<=[\d.])\s*(?:kms?|kilomet(?:re|er)s?)(?![^\W\d])")


def typed_distances(text: str) -> tuple[float, ...]:
    """Distances in km as somebody types them, ascending.

    Parameters
    ----------
    text : str
        Numbers with a decimal point, each with or without its unit, kilometres, and commas, semicolons, bars, slashes
        or spaces between them. A comma right between two digits beside another of these may be a decimal comma, and is
        refused.

    Raises
    ------
    AreaRefusedError
        If they are not numbers, or `ring_distances` refuses them.

    Examples
    --------
    >>> typed_distances("3; 1;0.5 km"), typed_distances("1,5"), typed_distances("1 km, 3 km")
    ((0.5, 1.0, 3.0), (1.0, 5.0), (1.0, 3.0))
    """
    bare = _UNIT.sub(" ", text[:200].lower())
    words = [word for word in _BETWEEN.split(bare) if word]
    if not all(_NUMBER.fullmatch(word) for word in words):
        raise AreaRefusedError(
            f"“{text[:40].strip()}” are not distances: type kilometres with a decimal point, such as 1; 3; 5."
        )
    if COMMA_INSIDE.search(bare) and _BETWEEN_OTHERS.search(bare):
        raise AreaRefusedError(
            f"“{text[:40].strip()}” may have decimal commas, or commas between distances: type kilometres with a "
            "decimal point, and semicolons between them, such as 1.5; 3."
        )
    return ring_distances(float(word) for word in words)


def ring_distances(kilometres: Iterable[float]) -> tuple[float, ...]:
    """Distances of rings, checked and in ascending order.

    Parameters
    ----------
    kilometres : iterable of float
        Outer radii of the rings, km: one to `MOST_RINGS`, each above 0 and at most `MOST_KM`, no two the same.

    Returns
    -------
    tuple of float
        Ascending, to the metre.

    Raises
    ------
    AreaRefusedError
        If they are none of that.

    Examples
    --------
    >>> ring_distances([3, 1])
    (1.0, 3.0)
    """
    known = sorted(float(each) for each in kilometres)
    if not known:
        raise AreaRefusedError("Type at least one distance in kilometres, such as 1; 3; 5.")
    if len(known) > MOST_RINGS:
        raise AreaRefusedError(f"There are {len(known)} distances; at most {MOST_RINGS} rings can be drawn.")
    for each in known:
        if not (METRE <= each <= MOST_KM and math.isfinite(each)):
            raise AreaRefusedError(
                f"A distance of {each:g} km cannot be used: rings reach from a metre to {MOST_KM:g} km."
            )
    rounded = [round(each, 3) for each in known]
    for one, other in pairwise(rounded):
        if one == other:
            raise AreaRefusedError(f"The distance {one:g} km is there twice: type each once.")
    return tuple(rounded)


def rings(longitude: float, latitude: float, kilometres: Iterable[float]) -> Zones:
    """Rings around a point: the first is a circle, each of the others a circle less the one before it.

    Parameters
    ----------
    longitude, latitude : float
        The point, degrees, WGS 84.
    kilometres : iterable of float
        See `ring_distances`.

    Returns
    -------
    Zones
        From the inside out. They share their borders and add up to the outer circle.

    Raises
    ------
    AreaRefusedError
        If the point or the distances cannot be used.

    Examples
    --------
    >>> three = rings(-0.1, 51.5, [1, 3, 5])
    >>> three.names
    ('0 to 1 km', '1 to 3 km', '3 to 5 km')
    >>> (three.areas_km2 / np.pi).round(1)
    array([ 1.,  8., 16.])
    """
    distances = ring_distances(kilometres)
    if not (abs(longitude) <= 180 and abs(latitude) <= 90):
        raise AreaRefusedError("The centre of the rings needs a longitude up to 180 and a latitude up to 90 degrees.")
    circles = [_circle(longitude, latitude, each) for each in distances]
    shapes: list[Shape] = [circles[0]]
    shapes += [shapely.Polygon(outer.exterior, [inner.exterior]) for inner, outer in pairwise(circles)]
    names = [f"{inner:g} to {outer:g} km" for inner, outer in pairwise((0.0, *distances))]
    return Zones(tuple(names), tuple(shapes))


def _circle(longitude: float, latitude: float, kilometres: float) -> shapely.Polygon:
    bearings = np.linspace(360.0, 0.0, VERTICES, endpoint=False)
    across, up, _ = ELLIPSOID.fwd(
        np.full(VERTICES, longitude), np.full(VERTICES, latitude), bearings, np.full(VERTICES, 1000.0 * kilometres)
    )
    if np.ptp(across) > 180:
        raise AreaRefusedError("The rings reach over a pole or the 180th meridian, which cannot be drawn. Move them.")
    return shapely.Polygon(np.column_stack([across, up]))
