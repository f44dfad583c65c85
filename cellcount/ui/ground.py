"""The base map: our own land and outlines, cut to the view and made light."""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import orjson
import shapely

TILE = 512
"""Side of the world at zoom 0, in pixels."""
WIDTH, HEIGHT = 640, 420
"""Size of the smallest map that a view must fit, in pixels."""
LEGEND = 138
"""Width that the legend takes at the left of it, in pixels: a view fits beside it."""
MOST_ZOOM = 13.0
MARGIN = 1.0
"""How much land is kept around the view, as a share of its width and height on each side."""


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
        """The same with a margin of land around it."""
        across, up = (self.east - self.west) * MARGIN, (self.north - self.south) * MARGIN
        return Bounds(
            max(self.west - across, -180), max(self.south - up, -85), min(self.east + across, 180), self.north + up
        )

    @property
    def pixel(self) -> float:
        """Degrees of longitude in a pixel: what is finer cannot be seen."""
        return 360 / TILE / 2**self.zoom


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


def fragment(shapes: gpd.GeoSeries, bounds: Bounds) -> orjson.Fragment:
    """Outlines as compact GeoJSON: cut to the view, simplified to what can be seen, few decimals.

    Parameters
    ----------
    shapes : GeoSeries
        Polygons in WGS 84.
    bounds : Bounds
        The view.

    Returns
    -------
    orjson.Fragment
        A FeatureCollection, to be put into a spec as it is.
    """
    around = bounds.wider()
    near = shapes.cx[around.west : around.east, around.south : around.north]
    cut = near.clip_by_rect(around.west, around.south, around.east, around.north)
    light = cut.simplify(bounds.pixel * 0.7, preserve_topology=True)
    decimals = max(2, math.ceil(-math.log10(bounds.pixel)) + 1)
    rounded = shapely.transform(light.to_numpy(), lambda at: np.round(at, decimals))
    features = [
        f'{{"type":"Feature","properties":{{}},"geometry":{text}}}'
        for text, empty in zip(shapely.to_geojson(rounded), shapely.is_empty(rounded), strict=True)
        if text and not empty
    ]
    return orjson.Fragment(f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}')
