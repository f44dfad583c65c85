"""The cells of the United Kingdom: H3 at resolution 8, and their parents at 7, 6 and 5."""

from __future__ import annotations

from dataclasses import dataclass

import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from cellcount.reference.coast import land_shares, tiles
from cellcount.reference.postcodes import BRITISH_GRID, WGS84, Postcodes

FINEST = 8
COARSEST = 5
COAST_STEP_M = 150.0
"""The coast is followed in steps of this length to find the cells that it crosses (their edge is about 530 m)."""
TILE_DEGREES = 0.25
LEAST_LAND = 0.005
"""A cell with less land than this, and no postcode, is left out."""


@dataclass(frozen=True)
class CellGrid:
    """The cells of the finest resolution, ascending.

    Parameters
    ----------
    h3 : array of int64
        Indexes.
    east, north : array of float
        Centres on the British National Grid, metres.
    area_km2 : array of float
        Area on the sphere.
    land_share : array of float
        0 to 1.
    """

    h3: NDArray[np.int64]
    east: NDArray[np.float64]
    north: NDArray[np.float64]
    area_km2: NDArray[np.float64]
    land_share: NDArray[np.float64]


def cells_at(lat: NDArray[np.float64], lon: NDArray[np.float64], resolution: int = FINEST) -> NDArray[np.int64]:
    """The cell that each point lies in.

    Examples
    --------
    >>> cells_at(np.array([51.5]), np.array([-0.1]), 5).tolist() == [h3.latlng_to_cell(51.5, -0.1, 5)]
    True
    """
    found = (h3.latlng_to_cell(y, x, resolution) for y, x in zip(lat.tolist(), lon.tolist(), strict=True))
    return np.fromiter(found, dtype=np.int64, count=len(lat))


def cell_grid(land: shapely.Geometry, postcode_cells: NDArray[np.int64]) -> CellGrid:
    """Every cell with land or a postcode.

    Parameters
    ----------
    land : shapely.Geometry
        Land on the British National Grid, metres.
    postcode_cells : array of int64
        Cells that hold a postcode.

    Returns
    -------
    CellGrid
    """
    to_wgs84 = pyproj.Transformer.from_crs(BRITISH_GRID, WGS84, always_xy=True)
    to_grid = pyproj.Transformer.from_crs(WGS84, BRITISH_GRID, always_xy=True)
    coast = shapely.get_coordinates(shapely.segmentize(land, COAST_STEP_M))
    lon, lat = to_wgs84.transform(coast[:, 0], coast[:, 1])
    on_coast = np.unique(cells_at(lat, lon))
    degrees = shapely.transform(land, lambda xy: np.column_stack(to_wgs84.transform(xy[:, 0], xy[:, 1])))
    in_tiles = [h3.geo_to_cells(piece, FINEST) for piece in tiles(degrees, TILE_DEGREES) if shapely.area(piece) > 0]
    inside = np.array(sorted({cell for cells in in_tiles for cell in cells}), dtype=np.int64)
    found = np.unique(np.concatenate([on_coast, inside, postcode_cells]))

    shapes, area = _shapes(found, to_grid)
    share = np.ones(len(found))
    partial = np.isin(found, on_coast) | ~np.isin(found, inside)
    share[partial] = land_shares(shapes[partial], tiles(land))
    kept = (share >= LEAST_LAND) | np.isin(found, postcode_cells)
    centres = shapely.get_coordinates(shapely.centroid(shapes[kept]))
    return CellGrid(found[kept], centres[:, 0], centres[:, 1], area[kept], share[kept])


def _shapes(cells: NDArray[np.int64], to_grid: pyproj.Transformer) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    rings = [h3.cell_to_boundary(cell) for cell in cells.tolist()]
    corners = np.array([point for ring in rings for point in ring])
    x, y = to_grid.transform(corners[:, 1], corners[:, 0])
    of_ring = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    shapes = shapely.polygons(shapely.linearrings(x, y, indices=of_ring))
    return shapes, np.array([h3.cell_area(cell) for cell in cells.tolist()])


def authority_of_cells(grid: CellGrid, postcodes: Postcodes, postcode_cells: NDArray[np.int64]) -> NDArray[np.object_]:
    """Authority of each cell: that of most of its live postcodes, else of all of them, else of the nearest one.

    Parameters
    ----------
    grid : CellGrid
        Cells.
    postcodes : Postcodes
        Postcodes, live and ended.
    postcode_cells : array of int64
        Cell of each postcode.

    Returns
    -------
    array of str
        GSS codes.
    """
    table = pd.DataFrame({"h3": postcode_cells, "authority": postcodes.authority, "live": postcodes.live})
    votes = table.groupby(["h3", "authority"], as_index=False).agg(live=("live", "sum"), every=("live", "size"))
    votes = votes.sort_values(["h3", "live", "every", "authority"], ascending=[True, False, False, True])
    most = votes.drop_duplicates("h3").set_index("h3")["authority"].reindex(grid.h3).to_numpy(object).copy()
    without = pd.isna(most)
    tree = cKDTree(np.column_stack([postcodes.east, postcodes.north]))
    _, nearest = tree.query(np.column_stack([grid.east[without], grid.north[without]]))
    most[without] = postcodes.authority[nearest]
    return most


def parents_of(cells: pd.DataFrame, resolution: int) -> pd.DataFrame:
    """The parents of cells in the H3 hierarchy, with what adds up added up and the rest by majority.

    Parameters
    ----------
    cells : pandas.DataFrame
        `h3`, `area_code`, `place_type`, `residents`, `land_share`, `area_km2`, of one resolution.
    resolution : int
        Resolution of the parents, the next coarser one.

    Returns
    -------
    pandas.DataFrame
        The same columns. Residents and land are sums over the children; authority and kind of place are those of
        most residents, and where there are none, of most land.
    """
    parent = np.fromiter(
        (h3.cell_to_parent(cell, resolution) for cell in cells["h3"].tolist()), dtype=np.int64, count=len(cells)
    )
    land = (cells["land_share"] * cells["area_km2"]).to_numpy()
    table = cells.assign(parent=parent, land=land)
    sums = table.groupby("parent")[["residents", "land"]].sum()
    area = np.array([h3.cell_area(cell) for cell in sums.index.tolist()])
    result = pd.DataFrame(
        {
            "h3": sums.index.to_numpy(),
            "residents": sums["residents"].to_numpy(),
            "land_share": np.minimum(sums["land"].to_numpy() / area, 1.0),
            "area_km2": area,
        }
    )
    for column in ("area_code", "place_type"):
        votes = table.groupby(["parent", column], as_index=False)[["residents", "land"]].sum()
        votes = votes.sort_values(["parent", "residents", "land", column], ascending=[True, False, False, True])
        result[column] = votes.drop_duplicates("parent")[column].to_numpy()
    return result
