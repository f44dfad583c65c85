"""The base map: our own land and outlines, cut to the view and made light."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

TILE = 512
"""Side of the world at zoom 0, in pixels."""
WIDTH, HEIGHT = 640, 420
"""Size of the smallest map that a view must fit, in pixels."""
LEGEND = 138
"""Width that the legend takes at the left of it, in pixels: a view fits beside it."""
MOST_ZOOM = 13.0
Floats = NDArray[np.float64]
ASPECT = 1.2
"""Width over height of the land that is kept around a view, beyond its margin."""
MARGIN = 1.0
"""How much land is kept around the view, as a share of its width and height on each side."""


@dataclass(frozen=True, slots=True)
class Outlines:
    """What the base map is made of, whole and fine: polygons in WGS 84.

    Attributes
    ----------
    land : GeoSeries
        Land.
    areas : GeoSeries
        The smallest areas of the release, by code.
    chosen : GeoSeries
        The chosen area by its code; empty where that is the whole.
    """

    land: gpd.GeoSeries
    areas: gpd.GeoSeries
    chosen: gpd.GeoSeries


@dataclass(frozen=True, slots=True)
class Bounds:
    """West, south, east and north, in degrees."""

    west: float
    south: float
    east: float
    north: float

    @property
    def zoom(self) -> float:
        """The zoom at which the smallest map shows all of it, with a little room."""
        width = max(self.east - self.west, 1e-6) / 360
        height = max(_mercator(self.north) - _mercator(self.south), 1e-9)
        return min(
            math.log2((WIDTH - LEGEND) * 0.96 / TILE / width), math.log2(HEIGHT * 0.96 / TILE / height), MOST_ZOOM
        )

    @property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of the middle of the map, which lies left of the middle of the view."""
        middle = (_mercator(self.north) + _mercator(self.south)) / 2
        latitude = math.degrees(2 * math.atan(math.exp(2 * math.pi * middle)) - math.pi / 2)
        return (self.west + self.east) / 2 - LEGEND / 2 * self.pixel, latitude

    def wider(self) -> Bounds:
        """The same with a margin of land around it, wide enough for a map twice as wide as high."""
        up = (self.north - self.south) * (1 + 2 * MARGIN)
        across = max((self.east - self.west) * (1 + 2 * MARGIN), ASPECT * up / self.squeezed)
        middle, height = (self.west + self.east) / 2, (self.south + self.north) / 2
        return Bounds(
            max(middle - across / 2, -180),
            max(height - up / 2, -85),
            min(middle + across / 2, 180),
            min(height + up / 2, 85),
        )

    @property
    def squeezed(self) -> float:
        """Length of a degree of longitude over one of latitude, in the middle."""
        return math.cos(math.radians((self.south + self.north) / 2))

    @property
    def pixel(self) -> float:
        """Degrees of longitude in a pixel: what is finer cannot be seen."""
        return 360 / TILE / 2**self.zoom


@dataclass(frozen=True, slots=True)
class Level:
    """How detailed what was sent is, so that the browser knows when the visitor's view asks for other cells.

    Attributes
    ----------
    loaded : Bounds
        Where the cells that were sent lie.
    whole : bool
        Whether they are all that the area has.
    finer : bool
        Whether there is a finer resolution.
    zoom : float or None
        The zoom that they were chosen for; None for that of the view at first.
    """

    loaded: Bounds
    whole: bool
    finer: bool
    zoom: float | None = None


def level_of_ground(view: Bounds, zoom: float | None = None) -> Level:
    """The level of detail of a map whose figures do not change with the view, but whose outlines do.

    Parameters
    ----------
    view : Bounds
        What the outlines were cut to.
    zoom : float, optional
        The zoom that they were cut for; that of the view at first if not given.
    """
    return Level(loaded=view.wider(), whole=False, finer=True, zoom=zoom)


SEEN_WIDTH, SEEN_HEIGHT = 900, 650
"""Size of the map that a release's manifest has in mind, in pixels."""


def seen_at(longitude: float, latitude: float, zoom: float) -> Bounds:
    """What such a map shows, from its centre and zoom.

    Examples
    --------
    >>> seen = seen_at(24.94, 60.17, 10.0)
    >>> round(seen.east - seen.west, 3), round(seen.north - seen.south, 3)
    (0.618, 0.222)
    """
    pixel = 360 / TILE / 2**zoom
    up = pixel * math.cos(math.radians(latitude))
    across, along = SEEN_WIDTH / 2 * pixel, SEEN_HEIGHT / 2 * up
    return Bounds(longitude - across, latitude - along, longitude + across, latitude + along)


def common(first: Bounds, second: Bounds) -> Bounds:
    """What two views have in common; the first where that is nothing.

    Examples
    --------
    >>> common(Bounds(0, 0, 4, 4), Bounds(1, -1, 6, 2)), common(Bounds(0, 0, 1, 1), Bounds(5, 5, 6, 6)).east
    (Bounds(west=1, south=0, east=4, north=2), 1)
    """
    west, south = max(first.west, second.west), max(first.south, second.south)
    east, north = min(first.east, second.east), min(first.north, second.north)
    return Bounds(west, south, east, north) if west < east and south < north else first


def _mercator(latitude: float) -> float:
    """Height on a Mercator world of height 1, from the equator."""
    clipped = math.radians(min(max(latitude, -85.0), 85.0))
    return math.log(math.tan(math.pi / 4 + clipped / 2)) / (2 * math.pi)


def geojson(shapes: gpd.GeoSeries, bounds: Bounds) -> str:
    """Outlines as compact GeoJSON: cut to the view, simplified to what can be seen, few decimals.

    Parameters
    ----------
    shapes : GeoSeries
        Polygons in WGS 84.
    bounds : Bounds
        The view.

    Returns
    -------
    str
        A FeatureCollection.
    """
    light = in_view(shapes, bounds.wider(), bounds.pixel)
    decimals = max(2, math.ceil(-math.log10(bounds.pixel)) + 1)
    rounded = shapely.transform(light, lambda at: np.round(at, decimals))
    features = [
        f'{{"type":"Feature","properties":{{}},"geometry":{text}}}'
        for text, empty in zip(shapely.to_geojson(rounded), shapely.is_empty(rounded), strict=True)
        if text and not empty
    ]
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'


def numbered(shapes: gpd.GeoSeries, rows: Mapping[str, int]) -> str:
    """Outlines of areas as GeoJSON, each with the row of its figures.

    Parameters
    ----------
    shapes : GeoSeries
        Polygons in WGS 84, by code.
    rows : mapping of str to int
        Row by code; other areas are left out.

    Returns
    -------
    str
        A FeatureCollection, simplified to what a map of all of them can show.
    """
    kept = shapes[[code in rows for code in shapes.index]]
    if not len(kept):
        return '{"type":"FeatureCollection","features":[]}'
    view = Bounds(*kept.total_bounds)
    light = kept.simplify(view.pixel / 4, preserve_topology=False)
    decimals = max(2, math.ceil(-math.log10(view.pixel)) + 2)
    rounded = shapely.transform(light.to_numpy(), lambda at: np.round(at, decimals))
    features = [
        f'{{"type":"Feature","properties":{{"row":{rows[code]}}},"geometry":{text}}}'
        for code, text in zip(kept.index, shapely.to_geojson(rounded), strict=True)
    ]
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'


@dataclass(frozen=True, slots=True)
class Name:
    """A place that is named on the map: where, and how large its letters are, in pixels."""

    name: str
    longitude: float
    latitude: float
    size: float


MOST_NAMES = 28
NAME_SPACE = (7.2, 24.0)
"""Pixels that a name keeps free: a letter's width, of the letters of both, and the height of a line."""
NAME_GAP = 14.0
"""Pixels between two names that stand side by side."""
LETTERS = ((500_000, 14.0), (100_000, 12.5), (0, 11.5))
"""Height of a name's letters by population."""


def named(
    names: Sequence[str], longitudes: Floats, latitudes: Floats, populations: Floats, view: Bounds
) -> tuple[Name, ...]:
    """The places to name on a map: the largest first, each as far from the others as its name needs.

    Parameters
    ----------
    names : sequence of str
        Places.
    longitudes, latitudes, populations : array of float
        Where they are, in degrees, and how many live there; NaN counts as nobody.
    view : Bounds
        What the map shows.

    Examples
    --------
    >>> found = named(["Leeds", "Bradford", "London"], np.array([-1.55, -1.75, -0.1]), np.array([53.8, 53.79, 51.5]),
    ...     np.array([530e3, 360e3, 9e6]), Bounds(-8.0, 50.0, 2.0, 60.0))
    >>> [each.name for each in found]
    ['London', 'Leeds']
    """
    inside = (
        (longitudes >= view.west) & (longitudes <= view.east) & (latitudes >= view.south) & (latitudes <= view.north)
    )
    order = np.flatnonzero(inside)
    order = order[np.argsort(-np.nan_to_num(populations[order]), kind="stable")]
    letters = np.array([len(name) for name in names])
    high = NAME_SPACE[1] * view.pixel * view.squeezed
    kept: list[int] = []
    for at in order.tolist():
        if len(kept) == MOST_NAMES:
            break
        if all(
            abs(latitudes[at] - latitudes[other]) > high
            or abs(longitudes[at] - longitudes[other])
            > (NAME_SPACE[0] * (letters[at] + letters[other]) / 2 + NAME_GAP) * view.pixel
            for other in kept
        ):
            kept.append(at)
    return tuple(
        Name(
            names[at],
            float(longitudes[at]),
            float(latitudes[at]),
            next(size for least, size in LETTERS if np.nan_to_num(populations[at]) >= least),
        )
        for at in kept
    )


def in_view(shapes: gpd.GeoSeries, view: Bounds, pixel: float, *, keep: bool = False) -> NDArray[np.object_]:
    """What lies in a view, cut to it and simplified to what can be seen.

    Parameters
    ----------
    shapes : GeoSeries
        Polygons in WGS 84.
    view : Bounds
        What is kept.
    pixel : float
        Degrees of longitude in a pixel.
    keep : bool
        Whether what is smaller than can be seen stays, as it was: areas that have figures must not vanish.

    Returns
    -------
    array of shapely geometries
        Some may be empty: islands and areas that are smaller than can be seen, unless they are kept.
    """
    near = shapes.cx[view.west : view.east, view.south : view.north]
    cut = near.clip_by_rect(view.west, view.south, view.east, view.north)
    # A tenth of the time of what preserves topology. What is smaller than can be seen is gone.
    light = cut.simplify(pixel * 0.7, preserve_topology=False).to_numpy()
    return np.where(shapely.is_empty(light), cut.to_numpy(), light) if keep else light
