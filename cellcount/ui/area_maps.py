"""Maps of whole areas: our own outlines in the colours of a scale, as a chart without WebGL that fetches nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import plotly.graph_objects as go
import shapely
import streamlit as st
from numpy.typing import NDArray

from cellcount.ui.look import Palette
from cellcount.ui.scales import Scale

HEIGHT = 460
PIXELS = 460.0
"""Height of the drawing: outlines are simplified to what such a map can show."""
_QUIET = {"displayModeBar": False, "scrollZoom": False, "displaylogo": False}
_CLEAR = "rgba(0,0,0,0)"


def draw(
    outlines: gpd.GeoSeries,
    values: NDArray[np.float64],
    told: Sequence[str],
    scale: Scale,
    palette: Palette,
    *,
    alt: str,
    key: str,
) -> None:
    """Draw areas in the colours of their classes; those of unknown value in outline only.

    Parameters
    ----------
    outlines : GeoSeries
        Outlines of the areas, WGS 84.
    values : array of float
        One an area; NaN where it is not known.
    told : sequence of str
        What the tooltip says of each area.
    scale : Scale
        Classes, colours and words.
    palette : Palette
        Colours of the ground.
    alt : str
        What the map shows, in a sentence.
    key : str
        Of the chart on the page.
    """
    st.plotly_chart(figure(outlines, values, told, scale, palette), height=HEIGHT, config=_QUIET, key=key, alt=alt)


def figure(
    outlines: gpd.GeoSeries, values: NDArray[np.float64], told: Sequence[str], scale: Scale, palette: Palette
) -> go.Figure:
    """The figure that `draw` draws."""
    west, south, east, north = outlines.total_bounds if len(outlines) else (0.0, 0.0, 1.0, 1.0)
    pixel = max(north - south, (east - west) / 2) / PIXELS
    shapes = shapely.simplify(outlines.to_numpy(), pixel)
    wide = max(math.cos(math.radians((south + north) / 2)), 0.01)
    drawn = go.Figure(
        layout=go.Layout(
            margin={"l": 0, "r": 0, "t": 0, "b": 0},
            xaxis={"visible": False, "fixedrange": True},
            yaxis={"visible": False, "fixedrange": True, "scaleanchor": "x", "scaleratio": 1 / wide},
            plot_bgcolor=_CLEAR,
            font={"color": palette.text},
            legend={"title": {"text": scale.title}, "x": 1, "xanchor": "right", "y": 1, "bgcolor": _CLEAR},
            hovermode="closest",
        )
    )
    classes = scale.classes(values)
    kinds = [*reversed(list(enumerate(zip(scale.named, scale.colours, strict=True)))), (-1, ("0", scale.zero))]
    for kind, (words, colour) in kinds:
        _fill(drawn, _rings(shapes[classes == kind], pixel), words, colour, palette)
    _fill(drawn, _rings(shapes[classes == -2], pixel), "not known", _CLEAR, palette)
    # Points carry the words: a filled line only tells of its corners.
    centres = shapely.get_coordinates(shapely.point_on_surface(shapes)) if len(shapes) else np.empty((0, 2))
    drawn.add_scatter(
        x=centres[:, 0],
        y=centres[:, 1],
        mode="markers",
        marker={"size": 12, "opacity": 0},
        customdata=list(told),
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )
    return drawn


Line = tuple[list[float | None], list[float | None]]


def _rings(shapes: NDArray[np.object_], pixel: float) -> Line:
    """Polygons as one line with gaps; islands smaller than a pixel are left out."""
    x: list[float | None] = []
    y: list[float | None] = []
    decimals = max(1, math.ceil(-math.log10(pixel)))
    for shape in shapes:
        parts = shapely.get_parts(shape)
        largest = shapely.area(parts).max(initial=0.0)
        for part in parts:
            if part.area == largest or part.area > pixel * pixel:
                corners = shapely.get_coordinates(part.exterior).round(decimals)
                x += [*corners[:, 0].tolist(), None]
                y += [*corners[:, 1].tolist(), None]
    return x, y


def _fill(drawn: go.Figure, line: Line, words: str, colour: str, palette: Palette) -> None:
    x, y = line
    if x:
        drawn.add_scatter(
            x=x,
            y=y,
            mode="lines",
            fill="toself",
            fillcolor=colour,
            line={"color": palette.border, "width": 0.5},
            name=words,
            hoverinfo="skip",
        )
