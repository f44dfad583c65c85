"""Zones: the named parts of an area, as polygons in WGS 84."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

Shape: TypeAlias = shapely.Polygon | shapely.MultiPolygon

ELLIPSOID = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True)
class Zones:
    """The named parts of an area.

    Attributes
    ----------
    names : tuple of str
        A name each, no two the same: plain text that somebody else may have written, to be escaped where shown.
    shapes : tuple of shapely.Polygon or shapely.MultiPolygon
        Valid polygons in WGS 84, longitude first, degrees. They may overlap.
    notes : tuple of str
        A sentence for each thing that was mended or left out in reading them.

    Examples
    --------
    One degree of longitude by one of latitude at the equator, 12,309 km2 on the ellipsoid (Karney 2013: a degree of the
    equator is 111.3195 km, the first of the meridian 110.5744 km):

    >>> one = Zones(("Box",), (shapely.box(0, 0, 1, 1),))
    >>> one.areas_km2.round(-1)
    array([12310.])
    """

    names: tuple[str, ...]
    shapes: tuple[Shape, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def areas_km2(self) -> NDArray[np.float64]:
        """Areas of the zones on the WGS 84 ellipsoid, km2, edges being geodesics (Karney 2013, J. Geodesy 87)."""
        turned = shapely.orient_polygons(np.array(self.shapes, dtype=object))
        return np.array([ELLIPSOID.geometry_area_perimeter(each)[0] / 1e6 for each in turned], dtype=np.float64)
