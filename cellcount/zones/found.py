"""What was found in a file, whatever its kind, before anything is mended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import shapely

WGS84 = "OGC:CRS84"
"""Longitude and latitude on WGS 84, in this order."""


@dataclass(slots=True)
class Found:
    """What was found in a file.

    Attributes
    ----------
    shapes : list of shapely geometry or None
        A geometry a feature, of any type, coordinates as in the file; None where it is empty.
    columns : dict of str to list
        Attributes, a list as long as `shapes` each.
    crs : str or None
        The coordinate reference system as the file states it: a code or WKT. None where it states none.
    notes : list of str
        A sentence for each thing that was mended or left out.
    """

    shapes: list[shapely.Geometry | None]
    columns: dict[str, list[Any]]
    crs: str | None
    notes: list[str] = field(default_factory=list)
