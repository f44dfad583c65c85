"""How much of each cell of a release is in each zone, and how sure that is where a zone's edge cuts a cell.

A cell that lies wholly in a zone counts wholly. Of one that is cut, it is not known who of the people in it are on
which side: they are shared out by where residents are known to live inside the cell, or else by area, and the doubt
about the share goes into the interval.

Overlap is worked out in an equal-area projection (EPSG:6933). It is the same for every zone, so that zones that share a
border share it exactly, and disjoint zones that cover a cell have weights that add to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyproj
import shapely
from h3.api import numpy_int as h3
from numpy.typing import NDArray

from cellcount.zones.naming import listed
from cellcount.zones.shapes import Zones

Floats = NDArray[np.float64]
Cells = NDArray[np.int64]
Shapes = NDArray[np.object_]

CONCENTRATION = 3.0
"""nu, how closely the people of a cell follow its area. Measured by `measured_concentration` on the residents of the
reference geography, cells of resolution 7 and their children: 4.7 over all; by kind of place 15 urban, 14 city centre,
11 campus, 6.1 suburban, 3.0 town, 2.8 rural, 1.9 village and 1.8 town centre. The value is that of towns and country:
by day people gather more than residents do, and an interval in a city is rather too wide for it."""
LEAST_WEIGHT = 0.2
"""A zone needs a cell of which it has this share. The standard deviation of a share w is w itself where w is
1 / (2 + nu): below it, the doubt is larger than the figure."""

_EQUAL_AREA = pyproj.Transformer.from_crs("OGC:CRS84", "EPSG:6933", always_xy=True)
_STANDARD_LATITUDE = 30.0
"""Where EPSG:6933 is true to scale. Elsewhere it is stretched along the parallels and squeezed across them."""
_LONGEST_EDGE = 0.05
"""Edges are straight in degrees; cut into pieces of this many, they are also where they should be when projected."""
_HAIR = 1e-9
"""Shares closer to 0 or 1 than this are 0 or 1: what is left of rounding."""
_SPREAD = 1.6
"""Edges of a cell are at most so many times as long as the average of its resolution (h3geo.org, cell statistics)."""
_POLYGON = 0.999
"""A circle is drawn as a polygon, which has at least this much of its area: see `cellcount.zones.rings.VERTICES`."""
_MOST_PARENTS = 64
_SIMPLE = 2_000
"""A shape with more vertices is cut to the neighbourhood before it is laid over each of its cells."""
_TOGETHER = 8
_AROUND = (1, 3, 2, 6, 4, 5)
"""Last digits of the children around the middle one (0), each beside the next (h3geo.org, indexing)."""


@dataclass(frozen=True, slots=True)
class CellTable:
    """The cells of a release at a resolution, and who lives where inside them.

    Attributes
    ----------
    cells : array of int64, shape (cells,)
        H3 cells, ascending.
    children : array of int64, shape (children,), or None
        Cells of the next finer resolution, ascending. None where the release has none.
    residents : array of float, shape (children,), or None
        Who lives in each child, people, 0 or more; NaN where not known.
    """

    cells: Cells
    children: Cells | None = None
    residents: Floats | None = None


@dataclass(frozen=True, slots=True)
class CellWeights:
    """How much of each cell is in each zone.

    Attributes
    ----------
    cells : array of int64, shape (cells,)
        Cells that any zone touches, ascending.
    weights : array of float, shape (cells, zones)
        Share of the people of the cell who are counted in the zone, 0 to 1.
    by_area : array of float, shape (cells, zones)
        Share of the area of the cell that is in the zone, 0 to 1.
    cut : array of bool, shape (cells, zones)
        Whether the zone has a part of the cell, and not all of it.
    error : array of float, shape (cells, zones)
        Standard deviation of the weight; 0 where the cell is not cut.
    """

    cells: Cells
    weights: Floats
    by_area: Floats
    cut: NDArray[np.bool_]
    error: Floats


def cell_weights(zones: Zones, table: CellTable, *, concentration: float = CONCENTRATION) -> CellWeights:
    """Which cells the zones touch, and by how much.

    Parameters
    ----------
    zones : Zones
        The zones; they may overlap.
    table : CellTable
        The cells of the release.
    concentration : float
        nu of the beta distribution of a share w: Var = w (1 - w) / (1 + nu).

    Returns
    -------
    CellWeights

    Notes
    -----
    Of a cut cell in which children with residents r_c are known, the weight is sum r_c s_c / sum r_c, s_c being the
    share of the child's area, as far as it lies in the cell, that is in the zone. Assumes that people are where the
    residents are, and spread evenly within a child. By day they may not be; the standard deviation covers that in part,
    but not where all residents are on one side: there it is 0.

    Examples
    --------
    The north half of a cell, cut through its middle:

    >>> cell = h3.latlng_to_cell(51.5, -0.1, 8)
    >>> latitude, longitude = h3.cell_to_latlng(cell)
    >>> north = Zones(("North",), (shapely.box(longitude - 1, latitude, longitude + 1, latitude + 1),))
    >>> half = cell_weights(north, CellTable(np.array([cell], dtype=np.int64)))
    >>> half.weights.round(2).tolist(), half.error.round(2).tolist(), half.cut.tolist()
    ([[0.5]], [[0.25]], [[True]])
    """
    shapes = _projected(np.array(zones.shapes, dtype=object))
    near = _near(np.array(zones.shapes, dtype=object), table.cells)
    rows, columns, shares = _overlaps(shapes, near)
    cells, place = np.unique(near[rows], return_inverse=True)
    by_area = np.zeros((len(cells), len(shapes)))
    by_area[place, columns] = shares
    cut = (by_area > 0) & (by_area < 1)
    weights = by_area.copy()
    if table.children is not None and table.residents is not None and cut.any():
        lived_in = _lived_in(cells[cut.any(axis=1)], table.children, table.residents)
        _share_by_residents(weights, cut, shapes, lived_in)
    error = np.where(cut, np.sqrt(weights * (1 - weights) / (1 + concentration)), 0.0)
    return CellWeights(cells, weights, by_area, cut, error)


def share_with_cells(zones: Zones, weights: CellWeights, km2: Floats) -> Floats:
    """Share of the area of each zone that lies in cells; what is left is the sea, or is not covered.

    Parameters
    ----------
    zones : Zones
        The zones.
    weights : CellWeights
        Their cells.
    km2 : array of float, shape (cells,)
        Area of each of these; 0 of one that is not to count.

    Returns
    -------
    array of float, shape (zones,)
        0 to 1. Areas of cells are those of the sphere, and up to 0.7 % off.

    Examples
    --------
    A cell, and as much beside it of which there are no cells:

    >>> cell = h3.latlng_to_cell(51.5, -0.1, 8)
    >>> corners = [(longitude, latitude) for latitude, longitude in h3.cell_to_boundary(cell)]
    >>> twice = shapely.affinity.scale(shapely.Polygon(corners), 2, 1)
    >>> zone = Zones(("Works",), (twice,))
    >>> weights = cell_weights(zone, CellTable(np.array([cell], dtype=np.int64)))
    >>> share_with_cells(zone, weights, np.array([h3.cell_area(cell, "km^2")])).round(2).tolist()
    [0.5]
    """
    return np.minimum(weights.by_area.T @ km2 / zones.areas_km2, 1.0)


def measured_concentration(children: Cells, residents: Floats) -> float:
    """Concentration nu of the beta distribution of the share of a cell's people on one side of a line.

    Each cell is cut into halves of three and four of its seven children, in all twelve ways of which the three lie side
    by side on its border, or are what is left of it. The share s of residents in a half has the mean a, the half's
    share of the area, and the variance a (1 - a) / (1 + nu): by the method of moments, 1 + nu is the sum of a (1 - a)
    over that of (s - a)^2, each cell counting by its residents.

    Parameters
    ----------
    children : array of int64, shape (children,)
        H3 cells of one resolution, each once. Those whose six siblings are not all there are left out.
    residents : array of float, shape (children,)
        Who lives in each, people, 0 or more; cells with a child of whom it is not known (NaN) are left out.

    Returns
    -------
    float
        0 or more: 0 where everybody lives on one side; infinite where everybody is spread evenly; NaN where nobody
        lives.

    Notes
    -----
    Halves that lie together, and not any three children, are what a zone's edge cuts off: neighbours are alike, and any
    three of seven would give 6.8 where these give 4.7. Assumes that a cell is to its children as half a cell is to
    what lives in it.

    Examples
    --------
    Everybody in the middle child: the three on the border have nobody, (0 - 3/7)^2 = 9/49, and the four with the middle
    everybody, (1 - 4/7)^2 = 9/49, where a (1 - a) is 12/49. 1 + nu = 12/9.

    >>> cells = np.array(h3.cell_to_children(h3.latlng_to_cell(51.5, -0.1, 7), 8), dtype=np.int64)
    >>> round(measured_concentration(cells, np.where(cells == cells[0], 700.0, 0.0)), 3)
    0.333
    """
    order = np.argsort(children)
    children, residents = np.asarray(children)[order], np.asarray(residents, dtype=np.float64)[order]
    last_digit = _digit_place(children)
    starts = np.flatnonzero((children >> last_digit) & 7 == 0)
    starts = starts[starts + 6 < len(children)]
    # Siblings differ in the last digit alone: seven in a row are all of them.
    starts = starts[children[starts + 6] - children[starts] == np.int64(6) << last_digit[starts]]
    people = residents[starts[:, None] + np.arange(7)]
    total = people.sum(axis=1)
    people, total = people[total > 0], total[total > 0]
    if not len(total):
        return float("nan")
    moments = expected = 0.0
    for first in range(6):
        border = [_AROUND[(first + step) % 6] for step in range(3)]
        for half in (border, [0, *border]):
            area = len(half) / 7
            share = people[:, half].sum(axis=1) / total
            moments += float((total * np.square(share - area)).sum())
            expected += float(total.sum() * area * (1 - area))
    return max(expected / moments - 1, 0.0) if moments > _HAIR * expected else float("inf")


# ------------------------------------------------------------------------------------------------ overlap


def _projected(shapes: Shapes) -> Shapes:
    cut = shapely.segmentize(shapes, _LONGEST_EDGE)
    corners = shapely.get_coordinates(cut)
    return shapely.set_coordinates(cut, np.column_stack(_EQUAL_AREA.transform(corners[:, 0], corners[:, 1])))


def _outlines(cells: Cells) -> Shapes:
    """Polygons of H3 cells, projected."""
    corners = [h3.cell_to_boundary(cell) for cell in cells.tolist()]
    lengths = [len(each) for each in corners]
    flat = np.array([corner for each in corners for corner in each], dtype=np.float64).reshape(-1, 2)
    plane = np.column_stack(_EQUAL_AREA.transform(flat[:, 1], flat[:, 0]))
    return shapely.polygons(shapely.linearrings(plane, indices=np.repeat(np.arange(len(cells)), lengths)))


def _overlaps(shapes: Shapes, cells: Cells) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Rows of cells, columns of zones and shares of area, of the pairs that overlap."""
    if not len(cells):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    degrees = np.array([h3.cell_to_latlng(cell) for cell in cells.tolist()])
    middles = np.column_stack(_EQUAL_AREA.transform(degrees[:, 1], degrees[:, 0]))
    reach = _reach(cells, degrees[:, 0])
    found: list[tuple[NDArray[np.int64], int]] = []
    edges: list[tuple[NDArray[np.int64], int]] = []
    for column, shape in enumerate(shapes):
        west, south, east, north = shape.bounds
        about = np.flatnonzero(
            (middles[:, 0] >= west - reach)
            & (middles[:, 0] <= east + reach)
            & (middles[:, 1] >= south - reach)
            & (middles[:, 1] <= north + reach)
        )
        border = shape.boundary
        shapely.prepare([shape, border])
        points = shapely.points(middles[about])
        at_edge = shapely.dwithin(border, points, reach)
        found.append((about[~at_edge & shapely.contains(shape, points)], column))
        edges.append((about[at_edge], column))
    needed, where = np.unique(np.concatenate([rows for rows, _ in edges]), return_inverse=True)
    outlines = _outlines(cells[needed])
    parts = [(rows, np.full(len(rows), column), np.ones(len(rows))) for rows, column in found]
    begin = 0
    for rows, column in edges:
        cut = outlines[where[begin : begin + len(rows)]]
        begin += len(rows)
        shares = _tidy(shapely.area(_laid_over(shapes[column], cut)) / shapely.area(cut))
        parts.append((rows[shares > 0], np.full(np.count_nonzero(shares), column), shares[shares > 0]))
    rows, columns, shares = (np.concatenate(each) for each in zip(*parts, strict=True))
    return rows, columns, shares


def _tidy(shares: Floats) -> Floats:
    return np.where(shares < _HAIR, 0.0, np.where(shares > 1 - _HAIR, 1.0, shares))


def _reach(cells: Cells, latitudes: Floats) -> float:
    """No corner of a cell is farther from its middle than this, in metres of the projection."""
    squeeze = np.cos(np.radians(_STANDARD_LATITUDE)) / max(np.cos(np.radians(np.abs(latitudes).max())), 0.01)
    edge = 1000 * h3.average_hexagon_edge_length(h3.get_resolution(int(cells[0])), "km")
    return float(_SPREAD * edge * max(squeeze, 1 / squeeze))


def _laid_over(shape: shapely.Geometry, cells: Shapes) -> Shapes:
    """The parts of cells that are in a shape."""
    if shapely.get_num_coordinates(shape) <= _SIMPLE:
        return shapely.intersection(shape, cells)
    parts = []
    for begin in range(0, len(cells), _TOGETHER):
        some = cells[begin : begin + _TOGETHER]
        parts.append(shapely.intersection(shapely.intersection(shape, shapely.box(*shapely.total_bounds(some))), some))
    return np.concatenate(parts) if parts else np.zeros(0, dtype=object)


# ------------------------------------------------------------------------------------------------ cells


def _digit_place(cells: Cells) -> NDArray[np.int64]:
    """Bit at which the last digit of a cell begins (h3geo.org, indexing: resolution in bits 52 to 55, digits below)."""
    return 3 * (15 - ((cells >> 52) & 15))


def _ranges(parents: Cells, resolution: int) -> tuple[Cells, Cells]:
    """First and last index that a descendant of each parent can have: descendants are a range of numbers."""
    last = (parents & ~np.int64(15 << 52)) | np.int64(resolution << 52)
    steps = resolution - ((parents >> 52) & 15)
    digits = ((np.int64(1) << (3 * steps)) - 1) << (3 * (15 - resolution))
    return last & ~digits, last


def _in_ranges(sorted_cells: Cells, first: Cells, last: Cells) -> NDArray[np.int64]:
    """Rows of ascending cells that lie in any of the ranges, which do not overlap, range by range."""
    begin, end = np.searchsorted(sorted_cells, first), np.searchsorted(sorted_cells, last, side="right")
    lengths = end - begin
    return np.repeat(begin - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(lengths.sum())


def _near(shapes: Shapes, cells: Cells) -> Cells:
    """Cells of the table around any of the zones: few too many, and none too few, without a look at all of them."""
    if not len(cells):
        return cells
    resolution = h3.get_resolution(int(cells[0]))
    parents: dict[int, set[int]] = {}
    for west, south, east, north in shapely.bounds(shapes).tolist():
        if east - west > 90 or max(abs(south), abs(north)) > 85:
            return cells
        found = _parents(west, south, east, north, resolution)
        parents.setdefault(found[0], set()).update(found[1])
    rows = [
        _in_ranges(cells, *_ranges(np.array(sorted(each), dtype=np.int64), resolution)) for each in parents.values()
    ]
    return cells[np.unique(np.concatenate(rows))]


def _parents(west: float, south: float, east: float, north: float, resolution: int) -> tuple[int, set[int]]:
    """Coarser cells, not many, whose descendants hold every cell that touches a box."""
    narrow = 111.2 * np.cos(np.radians(max(abs(south), abs(north))))
    for coarse in range(max(resolution - 1, 0), -1, -1):
        edge = h3.average_hexagon_edge_length(coarse, "km")
        up, along = 2 * edge / 111.2, 2 * edge / narrow
        area = (east - west + 2 * along) * narrow * (north - south + 2 * up) * 111.2
        if coarse == 0 or area / h3.average_hexagon_area(coarse, "km^2") <= _MOST_PARENTS:
            break
    corners = [
        (south - up, west - along),
        (south - up, east + along),
        (north + up, east + along),
        (north + up, west - along),
    ]
    return coarse, set(h3.polygon_to_cells(h3.LatLngPoly(corners), coarse).tolist())


# ------------------------------------------------------------------------------------------------ residents


@dataclass(frozen=True, slots=True)
class _LivedIn:
    """The parts of cut cells in which somebody lives: which cell (a place among the cut ones), shape and people."""

    owner: NDArray[np.int64]
    parts: Shapes
    people: Floats
    total: Floats


def _lived_in(parents: Cells, children: Cells, residents: Floats) -> _LivedIn:
    """Children in which somebody lives, of the cells of which it is known of every child."""
    first, last = _ranges(parents, h3.get_resolution(int(parents[0])) + 1)
    counts = np.searchsorted(children, last, side="right") - np.searchsorted(children, first)
    inside = _in_ranges(children, first, last)
    owner = np.repeat(np.arange(len(parents)), counts)
    people = residents[inside]
    # Not known of one child, the sum is NaN, and not above 0.
    total = np.bincount(owner, weights=people, minlength=len(parents)).astype(np.float64)
    use = (total[owner] > 0) & (people > 0)
    inside, owner, people = inside[use], owner[use], people[use]
    # Children jut out of their parent, and others into it: only what lies in both can be cut off.
    parts = shapely.intersection(_outlines(children[inside]), _outlines(parents)[owner])
    return _LivedIn(owner, parts, people, total)


def _share_by_residents(weights: Floats, cut: NDArray[np.bool_], shapes: Shapes, lived_in: _LivedIn) -> None:
    """Put shares of residents in the place of shares of area, in the cut cells where it is known who lives where."""
    rows = np.flatnonzero(cut.any(axis=1))
    areas = shapely.area(lived_in.parts)
    for column, shape in enumerate(shapes):
        pick = np.flatnonzero(cut[rows[lived_in.owner], column])
        owner = lived_in.owner[pick]
        inside = _tidy(shapely.area(_laid_over(shape, lived_in.parts[pick])) / areas[pick])
        known = np.unique(owner)
        lived = np.bincount(owner, weights=lived_in.people[pick] * inside, minlength=len(rows))
        weights[rows[known], column] = np.clip(lived[known] / lived_in.total[known], 0.0, 1.0)


# ------------------------------------------------------------------------------------------------ support


@dataclass(frozen=True, slots=True)
class Support:
    """Whether cells are small enough for the zones.

    Attributes
    ----------
    supported : array of bool, shape (zones,)
        Whether the data can tell anything about the zone.
    radius_km : float
        The smallest circle that they can, wherever its middle lies, to the next 10 m; NaN where no zone has cells.
    said : str
        A sentence or two where a zone is not supported; else empty. It quotes names: escape it where it is shown.
    """

    supported: NDArray[np.bool_]
    radius_km: float
    said: str


def smallest_supported(zones: Zones, weights: CellWeights) -> Support:
    """Which zones are large enough for the cells, and how large a circle has to be.

    A circle is worst off around the corner of three cells, each of which has a third of it: for `LEAST_WEIGHT` of one
    of them it needs 3 x `LEAST_WEIGHT` of the area A of a cell, a radius of sqrt(0.6 A / pi), rounded up to 10 m. A
    zone is large enough, if it has the area of that circle, wherever it lies, and `LEAST_WEIGHT` of any cell, which one
    that is narrow may not have.

    Parameters
    ----------
    zones : Zones
        The zones.
    weights : CellWeights
        Their cells.

    Returns
    -------
    Support

    Examples
    --------
    Cells of resolution 8 have about 0.66 km2 in London: sqrt(0.6 x 0.66 / pi) = 0.355.

    >>> from cellcount.zones.rings import rings
    >>> table = CellTable(np.sort(h3.grid_disk(h3.latlng_to_cell(51.5, -0.1, 8), 6)).astype(np.int64))
    >>> two = rings(-0.1, 51.5, [0.1, 2])
    >>> found = smallest_supported(two, cell_weights(two, table))
    >>> found.supported.tolist(), found.radius_km
    ([False, True], 0.36)
    """
    touched = weights.by_area > 0
    there = np.asarray(touched.any(axis=0), dtype=np.bool_)
    if not there.any():
        said = "The area lies where this release has no cells. Move it, or use another release."
        return Support(there, float("nan"), said)
    cell_km2 = np.array(
        [
            h3.cell_area(int(weights.cells[np.argmax(touched[:, column])]), "km^2") if there[column] else np.inf
            for column in range(len(there))
        ]
    )
    largest = weights.by_area.max(axis=0, initial=0.0)
    needed = np.sqrt(3 * LEAST_WEIGHT * cell_km2[there].max() / np.pi)
    radius = float(np.ceil(100 * needed) / 100)
    # What is refused is what the sentence says: a circle below its radius, even where it fills most of one cell.
    enough = zones.areas_km2 >= _POLYGON * np.pi * np.square(radius)
    supported = np.asarray(there & (largest >= LEAST_WEIGHT) & enough, dtype=np.bool_)
    sentences = []
    names = np.array(zones.names, dtype=object)
    if (~there).any():
        sentences.append(f"This release has no cells in {listed(names[~there].tolist())}.")
    small = there & ~supported
    if small.any():
        sentences.append(
            f"{listed(names[small].tolist())} {'is' if small.sum() == 1 else 'are'} smaller or narrower than the data "
            f"can show, for people are counted in cells of {cell_km2[there].max():.2g} km². The smallest circle that "
            f"they can show has a radius of {radius:g} km: make the area larger, or the ring wider."
        )
    return Support(supported, radius, " ".join(sentences))
