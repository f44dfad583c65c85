"""From a map as the browser plays it to a picture of one of its steps: the same layers, scale and view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely

from cellcount.ui import pictures
from cellcount.ui.ground import Bounds, Name, Outlines
from cellcount.ui.look import Palette
from cellcount.ui.maps import Compare, Drawn, FlowLines, PlaceTotals, PlayedCells, ShadedAreas
from cellcount.ui.pictures import Floats, Layer, Panel
from cellcount.ui.scales import Scale


@dataclass(frozen=True, slots=True)
class Pictured:
    """A map of a page at one of its steps, with what is said of it.

    Attributes
    ----------
    name : str
        Name of the file, without its ending.
    title, subtitle : str
        What it shows; place and local time.
    notes : tuple of str
        The caption: unit, precision, what is withheld and why; sentences.
    layers : mapping of str to layer
        As `maps.draw` takes them.
    scale : Scale
        Classes, colours and words; where a difference is shown, of differences.
    step : int
        The step that is shown.
    bounds : Bounds
        What is looked at.
    outlines : callable
        Gives the base map, when a picture is asked for.
    palette : Palette
        Colours of the ground.
    names : tuple of Name
        Places that are named.
    compare : {'none', 'side', 'difference'}
        As `maps.draw` takes it.
    panes : tuple of str
        Names of the two maps that stand side by side.
    marked : tuple of int
        Cells to be outlined.
    nothing : str
        What is said where there is nothing to show.
    """

    name: str
    title: str
    subtitle: str
    notes: tuple[str, ...]
    layers: Mapping[str, Drawn]
    scale: Scale
    step: int
    bounds: Bounds
    outlines: Callable[[], Outlines]
    palette: Palette
    names: tuple[Name, ...] = ()
    compare: Compare = "none"
    panes: tuple[str, str] = ("", "")
    marked: tuple[int, ...] = ()
    nothing: str = pictures.NOTHING


def panels(pictured: Pictured, chosen: gpd.GeoSeries) -> tuple[Panel, ...]:
    """The maps of a picture: two where figures stand side by side, else one.

    Parameters
    ----------
    pictured : Pictured
        The map.
    chosen : GeoSeries
        Outline of the chosen area; empty where that is the whole.
    """
    around: tuple[Layer, ...] = (pictures.OutlineLayer(chosen), *_marked(pictured.marked))
    if pictured.compare == "side":
        return tuple(
            Panel(pictured.bounds, (*_layers(pictured, others=others), *around), words)
            for others, words in zip((False, True), pictured.panes, strict=True)
        )
    return (Panel(pictured.bounds, (*_layers(pictured), *around)),)


def _layers(pictured: Pictured, *, others: bool = False) -> tuple[Layer, ...]:
    return tuple(
        _of_step(_compared(each, pictured.compare, others=others), pictured.scale, pictured.step)
        for each in pictured.layers.values()
    )


def _compared(layer: Drawn, compare: Compare, *, others: bool) -> Drawn:
    """Cells with the figures that one of the maps shows: the values, the others, or others - values."""
    if not isinstance(layer, PlayedCells) or layer.others is None or (compare == "side" and not others):
        return layer
    there = layer.covered if layer.others_covered is None else layer.others_covered
    if compare == "side":
        return replace(layer, values=layer.others, covered=there)
    if compare == "difference":
        return replace(layer, values=layer.others - layer.values, covered=layer.covered & there)
    return layer


def _of_step(layer: Drawn, scale: Scale, step: int) -> Layer:
    if isinstance(layer, PlayedCells):
        return _cells(layer, scale, step)
    if isinstance(layer, ShadedAreas):
        return _areas(layer, scale, step)
    most = float(np.nanmax(layer.values, initial=0.0))
    if isinstance(layer, FlowLines):
        return pictures.FlowLayer(
            layer.origins, layer.destinations, layer.values[:, step], scale, arcs=layer.arcs, most=most
        )
    assert isinstance(layer, PlaceTotals)
    return pictures.TotalLayer(layer.centres, layer.values[:, step], layer.unit, most=most)


def _cells(layer: PlayedCells, scale: Scale, step: int) -> pictures.HexagonLayer:
    shown = layer.covered[:, step]
    values: Floats = layer.values[:, step]
    if layer.by is not None:
        known = layer.by > 0
        values = values / np.where(known, layer.by, 1.0)
        shown = shown & known
    return pictures.HexagonLayer(layer.h3[shown], values[shown], scale)


def _areas(layer: ShadedAreas, scale: Scale, step: int) -> pictures.AreaLayer:
    codes = np.array(layer.codes, dtype=object)
    shown = np.isin(codes, layer.outlines.index.to_numpy())
    if layer.covered is not None:
        shown &= layer.covered[:, step]
    return pictures.AreaLayer(layer.outlines.loc[list(codes[shown])], layer.values[shown, step], scale)


def _marked(cells: tuple[int, ...]) -> tuple[pictures.OutlineLayer, ...]:
    if not cells:
        return ()
    shapes = shapely.polygons(pictures.corners_of(np.array(cells, dtype=np.int64)))
    return (pictures.OutlineLayer(gpd.GeoSeries(shapes, crs="EPSG:4326"), marked=True),)
