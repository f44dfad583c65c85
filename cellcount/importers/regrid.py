"""From a source's zones to H3 cells, by area of overlap or by residents, without losing anybody.

A zone's people are shared out among the cells that it overlaps. The shares of a zone add to 1, so the total of every
hour is that of the source. Coarser cells get their shares from the same zones through the H3 hierarchy, never from
finer cells of which some may be withheld.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import geopandas as gpd
import h3.api.numpy_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from scipy import sparse

from cellcount.importers.errors import ImportRefusedError

COARSEST, FINEST_BY_DEFAULT, FINEST = 5, 8, 9
"""H3 resolutions of a release."""
NOISE = 1e-9
"""Share of a zone below which an overlap is the arithmetic's and not the map's."""
SLIVER = 0.01
"""Share of a cell's covered part: withheld zones that cover less of it do not withhold it."""
KM_PER_DEGREE = 111.2
"""Of latitude; a degree of longitude is shorter."""
LONGEST_EDGE = 5_000.0
"""Metres: longer edges are divided before they are projected, for a straight line on one map is bent on another."""

Matrix: TypeAlias = sparse.csr_array
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Regridding:
    """How zones are shared out among the cells of one resolution.

    Attributes
    ----------
    h3 : array of int64
        Cells, ascending.
    shares : sparse matrix, cells x zones
        Share of the zone's people that goes to the cell; each column adds to 1.
    areas : sparse matrix, cells x zones
        Area of overlap, square metres.
    """

    h3: NDArray[np.int64]
    shares: Matrix
    areas: Matrix


@dataclass(frozen=True)
class Figures:
    """People by place (zones, cells or areas) and slot of the day.

    Attributes
    ----------
    people : array of float, places x slots
        NaN where there is no figure.
    withheld : array of bool, places x slots
        Where there is none because it is withheld. Neither a figure nor withheld: not covered.
    """

    people: Floats
    withheld: Flags

    @property
    def known(self) -> Flags:
        """Where there is a figure."""
        return np.asarray(~np.isnan(self.people))

    @property
    def covered(self) -> Flags:
        """Places that have a figure, or a withheld one, in some slot."""
        return np.asarray((self.known | self.withheld).any(axis=1))

    @property
    def measured(self) -> Flags:
        """Slots in which some place has a figure, or a withheld one."""
        return np.asarray((self.known | self.withheld).any(axis=0))


def resolution_for(zone_areas_km2: Floats) -> int:
    """The finest resolution, 8 at most, whose cells are not much smaller than the zones.

    Cells are at least half of the median zone's area: finer ones would show detail that the source does not have.

    Parameters
    ----------
    zone_areas_km2 : array of float
        Areas of the zones.

    Returns
    -------
    int
        5 to 8.

    Examples
    --------
    >>> [resolution_for(np.array([area])) for area in (0.0625, 1.0, 9.0, 60.0, 400.0, 5000.0)]
    [8, 8, 7, 6, 5, 5]
    """
    median = float(np.median(zone_areas_km2))
    for resolution in range(FINEST_BY_DEFAULT, COARSEST, -1):
        if h3.average_hexagon_area(resolution, unit="km^2") >= median / 2:
            return resolution
    return COARSEST


def equal_area_crs(zones: gpd.GeoSeries) -> CRS:
    """A projection that keeps areas, centred on the zones (Lambert azimuthal equal-area).

    Parameters
    ----------
    zones : GeoSeries
        In WGS 84.
    """
    west, south, east, north = zones.total_bounds
    return CRS.from_proj4(
        f"+proj=laea +lat_0={(south + north) / 2:.4f} +lon_0={(west + east) / 2:.4f} +datum=WGS84 +units=m"
    )


def regrid(
    zones: gpd.GeoSeries, resolution: int, weights: gpd.GeoSeries | None = None, values: Floats | None = None
) -> dict[int, Regridding]:
    """Share zones out among H3 cells, at a resolution and at every coarser one down to 5.

    Parameters
    ----------
    zones : GeoSeries
        Outlines of the zones, polygons in any coordinate system that they name.
    resolution : int
        Finest H3 resolution, 5 to 9.
    weights : GeoSeries, optional
        Points or polygons of which the residents are known: people are shared out as these are, within each zone, and
        by area in zones that have none.
    values : array of float, optional
        Residents of each of them.

    Returns
    -------
    dict of int to Regridding
        By resolution, coarsest first.
    """
    crs = equal_area_crs(zones.to_crs("EPSG:4326"))
    flat = shapely.segmentize(
        zones.to_numpy(), LONGEST_EDGE if zones.crs.is_projected else LONGEST_EDGE / 1000 / KM_PER_DEGREE
    )
    flat = gpd.GeoSeries(flat, crs=zones.crs)
    cells = _cells_over(flat.to_crs("EPSG:4326"), resolution)
    zone_shapes, cell_shapes = flat.to_crs(crs).to_numpy(), _outlines(cells, crs)
    in_cell, in_zone = shapely.STRtree(zone_shapes).query(cell_shapes, predicate="intersects")
    pieces = shapely.intersection(zone_shapes[in_zone], cell_shapes[in_cell])
    overlap = shapely.area(pieces)
    total = np.bincount(in_zone, overlap, minlength=len(zones))
    if (total <= 0).any():
        raise ImportRefusedError(
            f"{(total <= 0).sum():,} zones overlap no H3 cell, for example {zones.index[np.argmin(total)]}: their "
            "outlines are smaller than can be computed with. Leave them out."
        )
    kept = overlap > NOISE * total[in_zone]
    in_cell, in_zone, overlap, pieces = in_cell[kept], in_zone[kept], overlap[kept], pieces[kept]
    share = overlap / np.bincount(in_zone, overlap, minlength=len(zones))[in_zone]
    if weights is not None and values is not None:
        share = _by_residents(share, in_zone, _residents_of(pieces, weights.to_crs(crs), values))
    used, row = np.unique(in_cell, return_inverse=True)
    shape = (len(used), len(zones))
    finest = Regridding(
        cells[used],
        sparse.csr_array((share, (row, in_zone)), shape=shape),
        sparse.csr_array((overlap, (row, in_zone)), shape=shape),
    )
    found = {resolution: finest}
    for coarser in range(resolution - 1, COARSEST - 1, -1):
        found[coarser] = _parents(finest, coarser)
    return dict(sorted(found.items()))


def spread(figures: Figures, shares: Matrix, areas: Matrix, withheld_below: float | None) -> Figures:
    """Figures of cells (or areas) from the figures of zones.

    Where no zone of a cell is withheld, its figure is the people of its shares of the zones. Where some are:

    - If the source says that it withholds figures below a number, the cell gives the people known, unless the withheld
      zones might hold more than those: then it is withheld. What is missing is less than that number for each zone.
    - If the source does not say, nothing is known of what is missing, and the cell is withheld, unless the withheld
      zones cover less than 1 % of its covered part.

    A cell whose zones are all withheld is withheld. A cell without zones is not covered.

    Parameters
    ----------
    figures : Figures
        Zones x slots.
    shares, areas : sparse matrix, cells x zones
        Share of each zone's people in the cell, and a measure of the zone's part in it.
    withheld_below : float or None
        Every withheld figure of the source is below this, people.

    Returns
    -------
    Figures
        Cells x slots.

    Examples
    --------
    Two zones, of which the cell has all and half; the second is withheld in the second hour.

    >>> shares = sparse.csr_array([[1.0, 0.5]])
    >>> zones = Figures(np.array([[8.0, 8.0], [20.0, np.nan]]), np.array([[False, False], [False, True]]))
    >>> spread(zones, shares, shares, withheld_below=10).people.tolist()
    [[18.0, 8.0]]
    >>> spread(zones, shares, shares, withheld_below=None).people.tolist()
    [[18.0, nan]]
    """
    known, withheld = figures.known, figures.withheld
    people = shares @ np.where(known, figures.people, 0.0)
    known_part = areas @ known.astype(np.float64)
    hidden_part = areas @ withheld.astype(np.float64)
    if withheld_below is None:
        hidden = hidden_part > SLIVER * (known_part + hidden_part)
    else:
        hidden = (hidden_part > 0) & (withheld_below * (shares @ withheld.astype(np.float64)) > people)
    hidden |= (hidden_part > 0) & (known_part == 0)
    return Figures(np.where(hidden | (known_part == 0), np.nan, people), hidden)


def rounded(people: Floats) -> Floats:
    """Whole people with the same totals, by the largest remainder, in each column.

    Parameters
    ----------
    people : array of float, places x slots
        NaN where there is no figure.

    Returns
    -------
    array of float, of the same shape
        Whole numbers, each less than 1 away; every column adds to its rounded total. NaN stays.

    Examples
    --------
    >>> rounded(np.array([[0.4, 1.0], [0.4, np.nan], [0.4, 2.0]])).tolist()
    [[1.0, 1.0], [0.0, nan], [0.0, 2.0]]
    """
    whole = np.floor(people)
    for slot in range(people.shape[1]):
        rest = np.where(np.isnan(people[:, slot]), -1.0, people[:, slot] - whole[:, slot])
        lacking = round(float(rest[rest > 0].sum()))
        up = np.argsort(-rest, kind="stable")[:lacking]
        whole[up, slot] += 1
    return whole


def _cells_over(zones: gpd.GeoSeries, resolution: int) -> NDArray[np.int64]:
    """Every cell that may overlap a zone: those along its edge, their neighbours, and those inside it.

    Points along the edge are closer together than half a cell's edge, so a cell that an edge only cuts the corner off
    is next to one that holds a point.
    """
    step = h3.average_hexagon_edge_length(resolution, unit="km") / 2 / KM_PER_DEGREE
    points = np.unique(shapely.get_coordinates(shapely.segmentize(zones.to_numpy(), step)).round(7), axis=0)
    on_edge = {h3.latlng_to_cell(latitude, longitude, resolution) for longitude, latitude in points.tolist()}
    found = {int(near) for cell in on_edge for near in h3.grid_disk(cell, 1)}
    parts = shapely.get_parts(zones.to_numpy())
    width, height = np.ptp(shapely.bounds(parts).reshape(-1, 2, 2), axis=1).T
    for shape in parts[np.maximum(width, height) > 2 * step]:
        found.update(h3.h3shape_to_cells(h3.geo_to_h3shape(shape), resolution).tolist())
    return np.array(sorted(found), dtype=np.int64)


def _outlines(cells: NDArray[np.int64], crs: CRS) -> NDArray[np.object_]:
    """Hexagons of cells, in a projection."""
    rings = [h3.cell_to_boundary(int(cell)) for cell in cells]
    corner = np.concatenate([np.asarray(ring) for ring in rings])
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(corner[:, 1], corner[:, 0])
    of_cell = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    return shapely.polygons(shapely.linearrings(x, y, indices=of_cell))


def _parents(finest: Regridding, resolution: int) -> Regridding:
    parent = np.array([h3.cell_to_parent(int(cell), resolution) for cell in finest.h3], dtype=np.int64)
    cells, row = np.unique(parent, return_inverse=True)
    gather = sparse.csr_array((np.ones(len(row)), (row, np.arange(len(row)))), shape=(len(cells), len(row)))
    return Regridding(cells, gather @ finest.shares, gather @ finest.areas)


def _residents_of(pieces: NDArray[np.object_], weights: gpd.GeoSeries, values: Floats) -> Floats:
    """Residents of each piece (the overlap of a zone with a cell)."""
    shapes = weights.to_numpy()
    of_weight, of_piece = shapely.STRtree(pieces).query(shapes, predicate="intersects")
    area = shapely.area(shapes)
    points = area[of_weight] == 0
    part = np.zeros(len(of_weight))
    part[~points] = (
        shapely.area(shapely.intersection(shapes[of_weight[~points]], pieces[of_piece[~points]]))
        / area[of_weight[~points]]
    )
    # A point on a line between pieces is in several of them: each gets its part.
    part[points] = 1 / np.bincount(of_weight, minlength=len(shapes))[of_weight[points]]
    return np.asarray(np.bincount(of_piece, part * values[of_weight], minlength=len(pieces)), dtype=np.float64)


def _by_residents(share: Floats, in_zone: NDArray[np.intp], residents: Floats) -> Floats:
    """Shares by residents, but by area in zones where no resident is known."""
    of_zone = np.bincount(in_zone, residents)[in_zone]
    return np.where(of_zone > 0, residents / np.where(of_zone > 0, of_zone, 1), share)


def sphere_km(longitude: float, latitude: float, other_longitude: float, other_latitude: float) -> float:
    """Distance on the sphere, km.

    Examples
    --------
    >>> round(sphere_km(0, 0, 0, 90))
    10008
    """
    return float(h3.great_circle_distance((latitude, longitude), (other_latitude, other_longitude), unit="km"))
