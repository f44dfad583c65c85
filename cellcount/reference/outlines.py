"""Outlines of authorities: where the nearest postcode changes hands, smoothed once for both neighbours, cut to land.

Postcodes are joined into triangles (Delaunay). A triangle whose corners belong to two authorities is crossed by their
border, from the middle of one mixed side to the middle of the other; one with three authorities holds a meeting point.
These pieces form arcs, each shared by the two areas beside it. Arcs are smoothed and land is cut along them, so that
neighbours share their border point by point, without gaps and overlaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from cellcount.reference.postcodes import BRITISH_GRID

SPACING_M = 30.0
"""Postcodes nearer together than this are one point, of the authority of most."""
STRAY_POINTS = 12
STRAY_GAP_M = 1_500.0
"""A group of fewer points than `STRAY_POINTS`, with no other point of its authority beside it and others within
`STRAY_GAP_M` all round, is a slip of the directory, and goes to the authority round it. A remote island is not one."""
FRAME_POINTS = 72
SMOOTHED = 4
"""Passes over an arc; each moves a point to a quarter, a half and a quarter of itself and the points beside it."""
LEAST_FACE_M2 = 40_000.0
"""A piece of land cut off smaller than this, with neighbours, joins the one that it has most border with."""
TOLERANCE_M = 40.0
"""Corners that stand out less than a triangle of this side squared are left out."""


@dataclass(frozen=True)
class Points:
    """Labelled points in the plane.

    Parameters
    ----------
    xy : array of float, n x 2
        Metres.
    label : array of int64
        Number of the authority of each.
    """

    xy: NDArray[np.float64]
    label: NDArray[np.int64]


def authority_outlines(
    east: NDArray[np.float64], north: NDArray[np.float64], authority: NDArray[np.object_], land: shapely.Geometry
) -> gpd.GeoSeries:
    """Outlines of all authorities.

    Parameters
    ----------
    east, north : array of float
        Postcodes on the British National Grid, metres.
    authority : array of str
        GSS code of each.
    land : shapely.Geometry
        Land, in the same plane.

    Returns
    -------
    geopandas.GeoSeries
        By GSS code, ascending, in the same plane; neighbours share their borders point by point.
    """
    codes, label = np.unique(authority.astype(str), return_inverse=True)
    points = framed(thinned(east, north, label, SPACING_M))
    mesh = Delaunay(points.xy)
    points = without_strays(points, mesh)
    arcs = [smoothed(arc, SMOOTHED) for arc in border_arcs(points, mesh)]
    faces = cut(land, arcs)
    shapes = joined(faces, label_of_faces(faces, points), len(codes))
    shapes = shapely.coverage_simplify(shapes, TOLERANCE_M)
    return gpd.GeoSeries(shapes, index=pd.Index(codes, dtype=object), crs=BRITISH_GRID)


def thinned(east: NDArray[np.float64], north: NDArray[np.float64], label: NDArray[np.int64], spacing: float) -> Points:
    """One point for each square of a grid, with the label of most points in it.

    Parameters
    ----------
    east, north : array of float
        Points.
    label : array of int64
        Label of each.
    spacing : float
        Side of a square.

    Returns
    -------
    Points
        Means of the winning points of each square.

    Examples
    --------
    >>> both = thinned(np.array([1.0, 3.0, 90.0]), np.array([1.0, 1.0, 90.0]), np.array([0, 0, 1]), 20)
    >>> both.xy.tolist(), both.label.tolist()
    ([[2.0, 1.0], [90.0, 90.0]], [0, 1])
    """
    table = pd.DataFrame(
        {"i": np.floor(east / spacing), "j": np.floor(north / spacing), "label": label, "x": east, "y": north}
    )
    groups = table.groupby(["i", "j", "label"], as_index=False).agg(x=("x", "mean"), y=("y", "mean"), n=("x", "size"))
    groups = groups.sort_values(["i", "j", "n", "label"], ascending=[True, True, False, True])
    groups = groups.drop_duplicates(["i", "j"])
    return Points(groups[["x", "y"]].to_numpy(), groups["label"].to_numpy(np.int64))


def framed(points: Points) -> Points:
    """Points with some far outside, each of the label of the nearest one: borders then run on out to sea.

    Parameters
    ----------
    points : Points
        Points.

    Returns
    -------
    Points
        The same, and a circle of `FRAME_POINTS` points round them at twice their reach.
    """
    middle = (points.xy.min(axis=0) + points.xy.max(axis=0)) / 2
    reach = np.hypot(*(points.xy - middle).T).max()
    angle = np.arange(FRAME_POINTS) * 2 * np.pi / FRAME_POINTS
    ring = middle + 2 * reach * np.column_stack([np.cos(angle), np.sin(angle)])
    _, nearest = cKDTree(points.xy).query(ring)
    return Points(np.concatenate([points.xy, ring]), np.concatenate([points.label, points.label[nearest]]))


def without_strays(points: Points, mesh: Delaunay) -> Points:
    """Points with small groups that lie inside another authority given to it.

    Parameters
    ----------
    points : Points
        Points.
    mesh : scipy.spatial.Delaunay
        Triangles over them.

    Returns
    -------
    Points
    """
    number = len(points.label)
    sides = np.sort(mesh.simplices[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2).astype(np.int64), axis=1)
    start, end = np.divmod(np.unique(sides[:, 0] * number + sides[:, 1]), number)
    same = points.label[start] == points.label[end]
    links = coo_matrix((np.ones(same.sum()), (start[same], end[same])), shape=(number, number))
    _, group = connected_components(links, directed=False)
    size = np.bincount(group)
    largest = np.zeros(points.label.max() + 1, dtype=np.int64)
    np.maximum.at(largest, points.label, size[group])
    length = np.hypot(*(points.xy[start] - points.xy[end]).T)
    mixed = ~same
    reach = np.zeros(len(size))
    for one in (start, end):
        np.maximum.at(reach, group[one[mixed]], length[mixed])
    stray = (size[group] < STRAY_POINTS) & (size[group] < largest[points.label]) & (reach[group] < STRAY_GAP_M)
    beside = pd.DataFrame(
        {
            "group": np.concatenate([group[start[mixed]], group[end[mixed]]]),
            "other": np.concatenate([points.label[end[mixed]], points.label[start[mixed]]]),
        }
    )
    votes = beside.groupby(["group", "other"]).size().rename("size").reset_index()
    votes = votes.sort_values(["group", "size", "other"], ascending=[True, False, True]).drop_duplicates("group")
    other = votes.set_index("group")["other"].reindex(group[stray]).to_numpy(np.int64)
    label = points.label.copy()
    label[stray] = other
    return Points(points.xy, label)


def border_arcs(points: Points, mesh: Delaunay) -> list[NDArray[np.float64]]:
    """Borders between labels, as arcs from meeting point to meeting point.

    Parameters
    ----------
    points : Points
        Labelled points.
    mesh : scipy.spatial.Delaunay
        Triangles over them.

    Returns
    -------
    list of array of float, n x 2
        A closed arc starts and ends at one point.

    Examples
    --------
    Two points of one label, two of another: the border runs between them.

    >>> points = Points(np.array([[0.0, 0.0], [0.0, 2.0], [2.0, 0.1], [2.0, 2.1]]), np.array([0, 0, 1, 1]))
    >>> [arc] = border_arcs(points, Delaunay(points.xy))
    >>> arc[:, 0].tolist()
    [1.0, 1.0, 1.0]
    """
    corner = points.label[mesh.simplices]
    xy = points.xy[mesh.simplices]
    # The middle of a side must be the same number seen from both of its triangles: a + b is, in either order.
    middle = (xy + np.roll(xy, -1, axis=1)) / 2
    mixed = corner != np.roll(corner, -1, axis=1)
    two = mixed.sum(axis=1) == 2
    ends = middle[two][mixed[two]].reshape(-1, 2, 2)
    three = mixed.all(axis=1)
    hub = np.repeat(xy[three].mean(axis=1)[:, None, :], 3, axis=1)
    spokes = np.stack([middle[three], hub], axis=2).reshape(-1, 2, 2)
    pieces = shapely.linestrings(np.concatenate([ends, spokes]))
    merged = shapely.line_merge(shapely.multilinestrings(pieces))
    return [shapely.get_coordinates(arc) for arc in shapely.get_parts(merged)]


def smoothed(arc: NDArray[np.float64], passes: int) -> NDArray[np.float64]:
    """An arc with its zigzag taken out, then its corners cut; its ends stay where they are.

    Points lie as far apart as the postcodes beside them, so that the same few passes straighten streets in a town
    and miles on a moor.

    Parameters
    ----------
    arc : array of float, n x 2
        Points; a closed arc starts and ends at one point, and is smoothed there too.
    passes : int
        How often each point moves half way to the middle of its neighbours.

    Returns
    -------
    array of float

    Examples
    --------
    One pass takes the tip from 1 down to 0.5, and the cut takes a quarter of that off.

    >>> smoothed(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]]), 1).tolist()
    [[0.0, 0.0], [0.75, 0.375], [1.25, 0.375], [2.0, 0.0]]
    """
    closed = len(arc) > 3 and np.array_equal(arc[0], arc[-1])
    points = arc[:-1] if closed else arc
    for _ in range(passes):
        before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
        moved = before / 4 + points / 2 + after / 4
        if not closed:
            moved[[0, -1]] = points[[0, -1]]
        points = moved
    if closed:
        points = np.concatenate([points, points[:1]])
    return corners_cut(points, closed=closed)


def corners_cut(points: NDArray[np.float64], *, closed: bool) -> NDArray[np.float64]:
    """Chaikin's cut: each corner gives way to two points, a quarter and three quarters along its sides.

    Examples
    --------
    >>> corners_cut(np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0]]), closed=False).tolist()
    [[0.0, 0.0], [3.0, 0.0], [4.0, 1.0], [4.0, 4.0]]
    """
    start, end = points[:-1], points[1:]
    cut_points = np.stack([0.75 * start + 0.25 * end, 0.25 * start + 0.75 * end], axis=1).reshape(-1, 2)
    if closed:
        return np.concatenate([cut_points, cut_points[:1]])
    return np.concatenate([points[:1], cut_points[1:-1], points[-1:]])


def cut(land: shapely.Geometry, arcs: Sequence[NDArray[np.float64]]) -> NDArray[np.object_]:
    """Land cut along arcs.

    Parameters
    ----------
    land : shapely.Geometry
        Polygons.
    arcs : sequence of array of float, n x 2
        Lines; what is at sea has no effect.

    Returns
    -------
    array of shapely.Polygon

    Examples
    --------
    >>> faces = cut(shapely.box(0, 0, 2, 1), [np.array([[1.0, -1.0], [1.0, 2.0]])])
    >>> sorted(shapely.area(faces).tolist())
    [1.0, 1.0]
    """
    lines = shapely.union_all([*(shapely.linestrings(arc) for arc in arcs), shapely.boundary(land)])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    shapely.prepare(land)
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    return faces[shapely.contains_xy(land, inner[:, 0], inner[:, 1])]


def label_of_faces(faces: NDArray[np.object_], points: Points) -> NDArray[np.int64]:
    """Label of each piece of land: of most points in it, else of the nearest point; slivers join a neighbour.

    Parameters
    ----------
    faces : array of shapely.Polygon
        Pieces that do not overlap.
    points : Points
        Labelled points.

    Returns
    -------
    array of int64
    """
    face, point = shapely.STRtree(shapely.points(points.xy)).query(faces, predicate="contains")
    inside = pd.DataFrame({"face": face, "label": points.label[point]})
    votes = inside.groupby(["face", "label"]).size().rename("size").reset_index()
    votes = votes.sort_values(["face", "size", "label"], ascending=[True, False, True]).drop_duplicates("face")
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    _, nearest = cKDTree(points.xy).query(inner)
    label = points.label[nearest]
    label[votes["face"].to_numpy()] = votes["label"].to_numpy()
    small = np.flatnonzero(shapely.area(faces) < LEAST_FACE_M2)
    one, other = shapely.STRtree(faces).query(faces[small], predicate="touches")
    shared = shapely.length(shapely.intersection(faces[small[one]], faces[other]))
    borders = pd.DataFrame({"face": small[one], "label": label[other], "border": shared})
    borders = borders[borders["border"] > 0].groupby(["face", "label"], as_index=False)[["border"]].sum()
    borders = borders.sort_values(["face", "border", "label"], ascending=[True, False, True]).drop_duplicates("face")
    label[borders["face"].to_numpy()] = borders["label"].to_numpy()
    return label


def joined(faces: NDArray[np.object_], label: NDArray[np.int64], number: int) -> NDArray[np.object_]:
    """Pieces of the same label joined.

    Parameters
    ----------
    faces : array of shapely.Polygon
        Pieces that do not overlap and share their borders.
    label : array of int64
        0 to `number` - 1.
    number : int
        Number of labels.

    Returns
    -------
    array of shapely.Geometry
        One a label; empty where it has no piece.
    """
    return np.array([shapely.coverage_union_all(faces[label == each]) for each in range(number)], dtype=object)
