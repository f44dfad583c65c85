"""What a map is made of: its base map, what it plays, and its layers. No Streamlit here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from cellcount.ui.ground import Name

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies under the figures.

    Attributes
    ----------
    land, areas, chosen : str
        Land, outlines of the smallest areas, outline of the chosen area; as GeoJSON.
    names : tuple of Name
        Places that are named on the map.
    """

    land: str
    areas: str
    chosen: str
    names: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Steps:
    """What a map plays: its steps, and what is said at each.

    Attributes
    ----------
    labels : tuple of str
        One a step, in the order of time: `08:00`.
    start : int
        The step that is shown first.
    words : tuple of str
        What is said beside the time bar at each step: the headline figure; may be empty.
    curve, errors : array of float, shape (steps,), optional
        The area's own figure, drawn behind the slider, and its standard error; NaN where not known.
    """

    labels: tuple[str, ...]
    start: int = 0
    words: tuple[str, ...] = ()
    curve: Floats | None = None
    errors: Floats | None = None


@dataclass(frozen=True, slots=True)
class Curves:
    """Standard errors of cells by area, part of the day and size of the figure.

    The browser reads the error of a figure off these, on a straight line between logarithms: one to each of 20,000
    cells and 24 hours would be more than the figures themselves.

    Attributes
    ----------
    sizes : array of float, shape (sizes,)
        Figures, ascending, the first 1.
    logs : array of float, shape (areas, parts, sizes)
        Natural logarithms of their standard errors; NaN where not known.
    part_of_step : tuple of int
        Part of each step.
    """

    sizes: Floats
    logs: Floats
    part_of_step: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlayedCells:
    """Hexagons whose figures play.

    Attributes
    ----------
    h3 : array of int64, shape (cells,)
        Cells of one resolution.
    values : array of float, shape (cells, steps)
        Figures; NaN where withheld.
    covered : array of bool, shape (cells, steps)
        Whether there is a figure at all; what is not covered is not drawn.
    places : tuple of str, length cells
        Where each cell is, in words.
    unit : str
        What a figure counts, for the tooltip: `people per km²`.
    by : array of float, shape (cells,), optional
        What the figures are divided by for the measure that is shown: km2 or residents. NaN: the cell has no measure
        and is not drawn.
    errors : array of float, shape (cells, steps), optional
        Standard errors of `values`; NaN where not known.
    areas : tuple of int, length cells, optional
        Row of `curves` for each cell, where errors are told by curves.
    curves : Curves, optional
        Instead of `errors`, for many cells.
    others : array of float, shape (cells, steps), optional
        Figures to compare with, NaN where withheld; with `others_covered`.
    others_covered : array of bool, shape (cells, steps), optional
    other_errors : array of float, shape (cells, steps), optional
        Standard errors of `others`, where `errors` are given.
    kinds : tuple of str
        What the values are called where they are kinds and not amounts: 1 is the first of these, 2 the second.
    more : tuple of str
        A further line of the tooltip a cell, where `kinds` are given.
    """

    h3: NDArray[np.int64]
    values: Floats
    covered: NDArray[np.bool_]
    places: tuple[str, ...]
    unit: str
    by: Floats | None = None
    errors: Floats | None = None
    areas: tuple[int, ...] = ()
    curves: Curves | None = None
    others: Floats | None = None
    others_covered: NDArray[np.bool_] | None = None
    other_errors: Floats | None = None
    kinds: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShadedAreas:
    """Areas in the colours of the scale.

    Attributes
    ----------
    codes, names : tuple of str, length areas
        The code is what a click gives back.
    values : array of float, shape (areas, steps)
        Figures; NaN where withheld.
    outlines : GeoSeries
        Outlines by code, WGS 84; an area without one is not drawn.
    unit : str
        What a figure counts, for the tooltip.
    errors : array of float, shape (areas, steps), optional
        Standard errors; NaN where not known.
    covered : array of bool, shape (areas, steps), optional
        Whether there is a figure at all; all if not given.
    kinds : tuple of str
        What the values are called where they are kinds and not amounts: 1 is the first of these, 2 the second.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    values: Floats
    outlines: gpd.GeoSeries
    unit: str
    errors: Floats | None = None
    covered: NDArray[np.bool_] | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowLines:
    """Flows as arrows whose width is the square root of the figure over the largest; or as arcs over the globe.

    Attributes
    ----------
    ids, names : tuple of str, length flows
        What a click gives back; and what the tooltip says of each: `Leeds to Bradford`.
    origins, destinations : array of float, shape (flows, 2)
        Longitude and latitude.
    values : array of float, shape (flows, steps)
        Figures, not negative; NaN where withheld: not drawn.
    unit : str
        What a figure counts.
    errors : array of float, shape (flows, steps), optional
        Standard errors; NaN where not known.
    arcs : bool
        Whether they are great circles without a head, for a map of the world.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    origins: Floats
    destinations: Floats
    values: Floats
    unit: str
    errors: Floats | None = None
    arcs: bool = False


@dataclass(frozen=True, slots=True)
class PlaceTotals:
    """Circles whose area is a figure of a place: what leaves it, arrives at it or stays in it.

    Attributes
    ----------
    ids, names : tuple of str, length places
        What a click gives back, and the place's name.
    centres : array of float, shape (places, 2)
        Longitude and latitude.
    values : array of float, shape (places, steps)
        Figures, not negative; NaN where withheld.
    unit : str
        What a figure counts.
    told : tuple of str
        What the tooltip says instead of the name, where it says more.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    centres: Floats
    values: Floats
    unit: str
    told: tuple[str, ...] = ()


Drawn = PlayedCells | ShadedAreas | FlowLines | PlaceTotals
Compare = Literal["none", "side", "difference"]
