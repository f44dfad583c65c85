"""From what was found in a file to zones in WGS 84, with a note on everything that was mended.

May take long where somebody means it to: runs in the child process, see `cellcount.zones.child`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from cellcount.zones.found import WGS84, Found
from cellcount.zones.geojson import crs_code
from cellcount.zones.limits import MOST_VERTICES, AreaRefusedError
from cellcount.zones.naming import listed, zone_names
from cellcount.zones.shapes import Shape, Zones

Extent = tuple[float, float, float, float]
"""West, south, east and north, degrees."""

BRITISH_GRID_METRES = (0.0, 0.0, 700_000.0, 1_300_000.0)
"""Where eastings and northings of the British National Grid lie (Ordnance Survey)."""
MOST_DEGREES = 90.0
"""A zone reaches over less than this of longitude, and of latitude: what is larger is no area of an incident, and its
edges, straight on a map, run far from the shortest way, by which areas are measured."""
POLE = 89.999
"""A zone from this latitude on reaches the pole, as well as a file can say."""
LEAST_OVERLAP = 0.001
"""Share of the smaller of two zones from which on they are said to overlap: less is an outline drawn twice."""
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)

Shapes = NDArray[np.object_]


def mended(shown: str, found: Found, crs: str | None, within: Extent | None) -> Zones:
    """Zones from what was found in a file.

    Parameters
    ----------
    shown : str
        The file's name in sentences.
    found : Found
        What was found.
    crs : str or None
        Code of the coordinate reference system where the file states none.
    within : tuple of float or None
        West, south, east and north of what the zones have to touch, degrees.

    Returns
    -------
    Zones

    Raises
    ------
    AreaRefusedError
        If nothing is left, or the coordinates cannot be right.
    """
    notes = list(found.notes)
    shapes, kept = _polygons(shown, found, notes)
    vertices = int(shapely.get_num_coordinates(shapes).sum())
    if vertices > MOST_VERTICES:
        raise AreaRefusedError(
            f"{shown} has {vertices:,} vertices; at most {MOST_VERTICES:,} are read. Simplify the outlines: cells are "
            "hundreds of metres across."
        )
    shapes = in_degrees(shown, shapes, found.crs, crs, notes)
    names = np.array(
        zone_names({key: [values[place] for place in kept] for key, values in found.columns.items()}, len(kept)),
        dtype=object,
    )
    _check_globe(shown, shapes, names)
    crossed = ~shapely.is_valid(shapes)
    if crossed.any():
        crossed = _drop_holes_outside(shapes, names, crossed, notes)
    if crossed.any():
        shapes[crossed] = shapely.make_valid(shapes[crossed], method="structure", keep_collapsed=False)
        notes.append(f"{_the(names[crossed].tolist())} crossed itself and was mended: look at it on the map.")
    left = (shapely.area(shapes) > 0) & np.isin(shapely.get_type_id(shapes), _POLYGONS)
    if not left.all():
        notes.append(f"{_the(names[~left].tolist())} has no area and was left out.")
        shapes, names = shapes[left], names[left]
    if not len(shapes):
        raise AreaRefusedError(f"{shown} holds no polygon with an area. Draw polygons around the area.")
    if within is not None:
        _check_extent(shown, shapes, names, within, notes)
    notes += _overlaps(shapes, names)
    whole: list[Shape] = shapes.tolist()
    return Zones(tuple(names.tolist()), tuple(whole), tuple(notes))


def _drop_holes_outside(
    shapes: Shapes, names: Shapes, crossed: NDArray[np.bool_], notes: list[str]
) -> NDArray[np.bool_]:
    """Take away, in place, holes that lie outside their outlines; which zones are still to be mended.

    Mending the outline would make areas of them.
    """
    dropped = np.zeros(len(shapes), dtype=bool)
    for place in np.flatnonzero(crossed).tolist():
        bare = [_without_holes_outside(part) for part in shapely.get_parts(shapes[place]).tolist()]
        if any(fewer for _, fewer in bare):
            parts = [part for part, _ in bare]
            shapes[place] = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
            dropped[place] = True
    if dropped.any():
        had = f"{_the(names[dropped].tolist())} had a hole outside its outline"
        notes.append(f"{had}, which was left out: look at it on the map.")
    return crossed & ~shapely.is_valid(shapes)


def _without_holes_outside(part: shapely.Polygon) -> tuple[shapely.Polygon, bool]:
    """A polygon without holes that have nothing in common with what is inside its outline, and whether it had any."""
    if not part.interiors:
        return part, False
    outline = shapely.make_valid(shapely.Polygon(part.exterior), method="structure", keep_collapsed=False)
    shapely.prepare(outline)
    bare = np.array([shapely.Polygon(hole) for hole in part.interiors], dtype=object)
    holes = shapely.make_valid(bare, method="structure", keep_collapsed=False)
    outside = shapely.disjoint(outline, holes) & ~shapely.is_empty(holes)
    kept = [hole for hole, away in zip(part.interiors, outside.tolist(), strict=True) if not away]
    return shapely.Polygon(part.exterior, kept), len(kept) < len(holes)


def _the(names: Sequence[str]) -> str:
    """The subject of a note on zones, which goes on in the singular."""
    return f"The zone {listed(names)}" if len(names) == 1 else f"Each of the zones {listed(names)}"


def _polygons(shown: str, found: Found, notes: list[str]) -> tuple[Shapes, list[int]]:
    """The polygons, and which of the features they are; collections are taken apart."""
    shapes = np.array([_polygonal(each) for each in found.shapes], dtype=object)
    empty = np.array([each is None or each.is_empty for each in found.shapes], dtype=bool)
    other = shapely.is_missing(shapes) & ~empty
    kept = np.flatnonzero(~shapely.is_missing(shapes)).tolist()
    if not kept:
        if other.any():
            raise AreaRefusedError(
                f"{shown} holds points or lines and no polygon. Draw polygons around the area, or give a point and use "
                "rings around it."
            )
        raise AreaRefusedError(f"{shown} holds no polygon. Draw polygons around the area. {' '.join(notes)}".strip())
    if other.any():
        notes.append(_left_out(int(other.sum()), "a point or line"))
    if empty.any():
        notes.append(_left_out(int(empty.sum()), "empty or damaged"))
    return shapes[kept], kept


def _left_out(count: int, what: str) -> str:
    return (
        f"One feature is {what} and was left out."
        if count == 1
        else (f"Each of {count:,} features is {what} and was left out.")
    )


def _polygonal(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    """A geometry's polygons; None where it has none."""
    if shape is None or shape.is_empty:
        return None
    if shapely.get_type_id(shape) in _POLYGONS:
        return shape
    parts = [
        polygon
        for part in shapely.get_parts(shape)
        if shapely.get_type_id(part) in _POLYGONS
        for polygon in shapely.get_parts(part)
        if not polygon.is_empty
    ]
    return shapely.MultiPolygon(parts) if parts else None


def in_degrees(shown: str, shapes: Shapes, stated: str | None, crs: str | None, notes: list[str]) -> Shapes:
    """Geometries in WGS 84, longitude first.

    Parameters
    ----------
    shown : str
        The file's name in sentences.
    shapes : array of shapely geometry
        As in the file.
    stated, crs : str or None
        The reference system that the file states, and the one to take where it states none.
    notes : list of str
        Gets a sentence where coordinates were converted.

    Raises
    ------
    AreaRefusedError
        If there is no reference system, or the coordinates do not fit it.
    """
    corners = shapely.get_coordinates(shapes)
    if not np.isfinite(corners).all():
        raise AreaRefusedError(f"{shown} has coordinates that are not numbers (NaN or infinite). Export it again.")
    if stated is None and crs is None:
        raise AreaRefusedError(
            f"{shown} does not say in which coordinate reference system it is. Choose it, such as EPSG:27700 for the "
            f"British National Grid or EPSG:4326 for degrees.{_looks_like(corners)}"
        )
    system = _system(shown, stated, crs)
    beyond = (np.abs(corners) > (180.0, 90.0)).any(axis=1)
    if system.is_geographic and beyond.any():
        across, up = corners[beyond][0]
        hint = " Export it in WGS 84, longitude first."
        if (np.abs(corners) <= (360.0, 90.0)).all():
            hint = " Longitudes go up to 180 and then on from -180; an area across that meridian cannot be used."
        raise AreaRefusedError(
            f"{shown} has coordinates that cannot be degrees, from -180 to 180 and from -90 to 90, such as "
            f"{across:,.6g}, {up:,.6g}.{_looks_like(corners) or hint}"
        )
    if system.equals(pyproj.CRS(WGS84), ignore_axis_order=True):
        return shapes
    try:
        transformer = pyproj.Transformer.from_crs(system, WGS84, always_xy=True)
        longitude, latitude = transformer.transform(corners[:, 0], corners[:, 1])
    except pyproj.exceptions.ProjError as error:
        raise AreaRefusedError(
            f"{shown} cannot be converted from {_title(system)} to WGS 84. Export it in WGS 84."
        ) from error
    converted = np.column_stack([longitude, latitude])
    if not np.isfinite(converted).all() or (np.abs(converted) > (180.0, 90.0)).any():
        raise AreaRefusedError(
            f"{shown} has coordinates that do not fit {_title(system)}, the coordinate reference system that "
            f"{'it states' if stated else 'was chosen'}. Export it in WGS 84."
        )
    notes.append(f"Coordinates were converted from {_title(system)} to WGS 84.")
    return shapely.set_coordinates(shapes.copy(), converted)


def _system(shown: str, stated: str | None, crs: str | None) -> pyproj.CRS:
    text = stated
    if text is None:
        text = crs_code(crs or "")
        if text is None:
            raise AreaRefusedError(f"“{(crs or '')[:40]}” is no code of a coordinate reference system: EPSG:27700 is.")
    try:
        system = pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError as error:
        known = f" {text}" if crs_code(text) else ""
        raise AreaRefusedError(
            f"{shown}: the coordinate reference system{known} is not known. Export it in WGS 84."
        ) from error
    if (system.is_vertical or system.is_geocentric) and not (system.is_geographic or system.is_projected):
        raise AreaRefusedError(
            f"{shown}: the coordinate reference system {_title(system)} has neither longitude and latitude nor "
            f"eastings and northings. {'Export it in WGS 84' if stated else 'Choose one that has'}."
        )
    return system


def _title(system: pyproj.CRS) -> str:
    return listed([system.name[:60]])


def _looks_like(corners: NDArray[np.float64]) -> str:
    west, south, east, north = BRITISH_GRID_METRES
    across, up = corners[:, 0], corners[:, 1]
    # No land of the grid lies as near to its origin as degrees go, counted all round.
    if ((across >= max(west, 360)) & (across <= east) & (up >= max(south, 360)) & (up <= north)).all():
        return " They look like metres on the British National Grid, EPSG:27700: export it in WGS 84, or state that."
    return ""


def _check_globe(shown: str, shapes: Shapes, names: Shapes) -> None:
    """Refuse zones that a map of longitude and latitude does not show as they are, and whose area would be wrong."""
    for name, shape, bounds in zip(names.tolist(), shapes.tolist(), shapely.bounds(shapes).tolist(), strict=True):
        why = _not_flat(shape, *bounds)
        if why:
            raise AreaRefusedError(f"{shown} cannot be used: the zone {listed([name])} {why}")


def _not_flat(shape: Shape, west: float, south: float, east: float, north: float) -> str:
    """Why a zone with these bounds is none, in the words that follow its name; empty if nothing is wrong."""
    parts = shapely.get_parts(shape).tolist()
    steps = [np.diff(shapely.get_coordinates(part.exterior)[:, 0]) for part in parts]
    # An outline around a pole turns once around the Earth, each of its edges being the shorter way.
    turns = [abs(float((each - 360 * np.round(each / 360)).sum())) > 180 for each in steps]
    jumps = [bool(((np.abs(each) > 180) & (np.abs(each) < 360)).any()) for each in steps]
    if north - south >= MOST_DEGREES:
        return (
            f"reaches over {north - south:.0f} degrees of latitude, which is no area of an incident. Draw it smaller."
        )
    if any(turns) or max(north, -south) >= POLE:
        return "reaches a pole, where longitudes meet, and its size cannot be told. Draw it away from the pole."
    if any(jumps) or (west <= -180 and east >= 180 and all(np.ptp(part.bounds[::2]) < MOST_DEGREES for part in parts)):
        return (
            "crosses the 180th meridian, where longitudes begin again, or reaches around the world the other way. "
            "Neither can be used: draw it on one side."
        )
    if east - west >= MOST_DEGREES:
        return f"reaches over {east - west:.0f} degrees of longitude, which is no area of an incident. Draw it smaller."
    return ""


def _check_extent(shown: str, shapes: Shapes, names: Shapes, within: Extent, notes: list[str]) -> None:
    bounds = shapely.bounds(shapes)
    outside = ~_meet(bounds, within)
    if outside.all():
        raise AreaRefusedError(
            f"{shown} lies around {where(*shapely.total_bounds(shapes))}, outside what this release covers."
            f"{_hint(bounds, within)}"
        )
    if outside.any():
        notes.append(f"{_the(names[outside].tolist())} lies outside what this release covers.")


def _meet(bounds: NDArray[np.float64], within: Extent) -> NDArray[np.bool_]:
    west, south, east, north = within
    return (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)


def _hint(bounds: NDArray[np.float64], within: Extent) -> str:
    west, south, east, north = bounds.T
    tried = {
        " Latitude and longitude look swapped: export it with longitude first.": (south, west, north, east),
        " The sign of its longitudes looks lost: west is negative.": (-east, south, -west, north),
        " The sign of its latitudes looks wrong: north is positive.": (west, -north, east, -south),
    }
    for hint, turned in tried.items():
        if _meet(np.column_stack(turned), within).any():
            return hint
    return " Choose another file, or another release."


def where(west: float, south: float, east: float, north: float) -> str:
    """The middle of an extent, in words.

    Examples
    --------
    >>> where(-0.2, -51.6, 0.0, -51.4)
    '51.5° S 0.1° W'
    """
    longitude, latitude = (west + east) / 2, (south + north) / 2
    return f"{abs(latitude):.1f}° {'S' if latitude < 0 else 'N'} {abs(longitude):.1f}° {'W' if longitude < 0 else 'E'}"


def _overlaps(shapes: Shapes, names: Shapes) -> list[str]:
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    areas = shapely.area(shapes)
    pairs = np.flatnonzero(shared > LEAST_OVERLAP * np.minimum(areas[one], areas[other]))
    if not len(pairs):
        return []
    first = listed([names[one[pairs[0]]], names[other[pairs[0]]]])
    others = len(pairs) - 1
    more = f", and so {'does one more pair' if others == 1 else f'do {others:,} more pairs'}" if others else ""
    return [f"The zones {first} overlap{more}: people in both are counted in each, so zones do not add up."]
