"""Charts of estimates beside official figures: pairs on logarithms, and a map of where they differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import plotly.graph_objects as go
import shapely
import streamlit as st
from numpy.typing import NDArray

from cellcount.ui.look import Palette

HEIGHT = 360
MAP_HEIGHT = 560
MOST_POINTS = 8_000
"""So many pairs are drawn, the largest of them; more are a blot, and slow."""
BREAKS = (0.80, 0.90, 0.97, 1.03, 1.10, 1.25)
"""Of what is expected over what is official: near 1 in the middle."""
SIMPLER = 0.008
"""Degrees by which outlines are simplified: a pixel or so of a map of the whole country."""
_QUIET = {"displayModeBar": False, "scrollZoom": False, "displaylogo": False}

Floats = NDArray[np.float64]


def scatter(
    measured: Floats,
    official: Floats,
    names: Sequence[str],
    palette: Palette,
    *,
    axes: tuple[str, str],
    alt: str,
    key: str,
) -> None:
    """Draw pairs on logarithms with the line on which both are the same.

    Parameters
    ----------
    measured, official : array of float
        Pairs; those of which either is not above 0 have no place on logarithms and are left out.
    names : sequence of str
        Of each pair, for the tooltip.
    palette : Palette
        Colours of the ground.
    axes : tuple of str
        What the official figure and the estimate are, with their units.
    alt : str
        What the chart shows, in a sentence.
    key : str
        Of the chart on the page.
    """
    figure = pairs_figure(measured, official, names, palette, axes=axes)
    st.plotly_chart(figure, height=HEIGHT, config=_QUIET, key=key, alt=alt)


def pairs_figure(
    measured: Floats, official: Floats, names: Sequence[str], palette: Palette, *, axes: tuple[str, str]
) -> go.Figure:
    """The figure that `scatter` draws."""
    there = np.flatnonzero((measured > 0) & (official > 0))
    there = there[np.argsort(official[there])[::-1][:MOST_POINTS]]
    x, y = official[there], measured[there]
    figure = go.Figure(
        layout=go.Layout(
            margin={"l": 0, "r": 4, "t": 8, "b": 0},
            xaxis={"type": "log", "title": axes[0], "tickformat": "~s", "dtick": 1, "fixedrange": True},
            yaxis={"type": "log", "title": axes[1], "tickformat": "~s", "dtick": 1, "fixedrange": True},
            font={"color": palette.text},
            showlegend=False,
        )
    )
    if len(there):
        ends = [float(min(x.min(), y.min())), float(max(x.max(), y.max()))]
        line = {"color": palette.mark, "width": 1.5, "dash": "dot"}
        figure.add_scatter(x=ends, y=ends, mode="lines", line=line, hoverinfo="skip")
        figure.add_scattergl(
            x=x,
            y=y,
            mode="markers",
            marker={"color": palette.line, "size": 5, "opacity": 0.5},
            customdata=[names[at] for at in there.tolist()],
            hovertemplate="%{customdata}<br>%{x:,.0f} official, %{y:,.0f} estimated<extra></extra>",
        )
    return figure


def area_map(
    outlines: gpd.GeoSeries, values: Floats, names: Sequence[str], palette: Palette, *, alt: str, key: str
) -> None:
    """Draw areas in the colour of their ratio, those without one in outline only.

    Parameters
    ----------
    outlines : GeoSeries
        Outlines of the areas, WGS 84.
    values : array of float
        Expected over official, one an area; NaN where it is not known.
    names : sequence of str
        Of each area, for the tooltip.
    palette : Palette
        Colours of the ground.
    alt : str
        What the map shows, in a sentence.
    key : str
        Of the chart on the page.
    """
    figure = area_figure(outlines, values, names, palette)
    st.plotly_chart(figure, height=MAP_HEIGHT, config=_QUIET, key=key, alt=alt)


def area_figure(outlines: gpd.GeoSeries, values: Floats, names: Sequence[str], palette: Palette) -> go.Figure:
    """The figure that `area_map` draws: polygons of our own, so that nothing is fetched from anywhere."""
    shapes = shapely.simplify(outlines.to_numpy(), SIMPLER)
    middle = math.radians(float(np.mean(outlines.total_bounds[[1, 3]]))) if len(outlines) else 0.0
    figure = go.Figure(
        layout=go.Layout(
            margin={"l": 0, "r": 0, "t": 0, "b": 0},
            xaxis={"visible": False, "fixedrange": True},
            yaxis={
                "visible": False,
                "fixedrange": True,
                "scaleanchor": "x",
                "scaleratio": 1 / max(math.cos(middle), 0.01),
            },
            plot_bgcolor="rgba(0,0,0,0)",
            font={"color": palette.text},
            legend={"title": {"text": "Expected over official"}, "x": 0, "y": 1},
            hovermode="closest",
        )
    )
    classes = np.where(np.isnan(values), -1, np.searchsorted(BREAKS, values, side="right"))
    for kind, (words, colour) in enumerate(zip(_words(), palette.ratios, strict=True)):
        _filled(figure, shapes[classes == kind], words, colour, palette)
    _filled(figure, shapes[classes == -1], "not known", "rgba(0,0,0,0)", palette)
    # Points carry the words: a filled line only tells of its corners.
    centres = shapely.get_coordinates(shapely.point_on_surface(outlines.to_numpy()))
    told = ["not known" if np.isnan(value) else f"{value:.2f}" for value in values]
    figure.add_scatter(
        x=centres[:, 0],
        y=centres[:, 1],
        mode="markers",
        marker={"size": 12, "opacity": 0},
        customdata=[f"{name}: {value}" for name, value in zip(names, told, strict=True)],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )
    return figure


def _words() -> list[str]:
    """What the classes are called, the lowest first."""
    between = [f"{low:.2f} to {high:.2f}" for low, high in pairwise(BREAKS)]
    return [f"under {BREAKS[0]:.2f}", *between, f"{BREAKS[-1]:.2f} and over"]


def _filled(figure: go.Figure, shapes: NDArray[np.object_], words: str, colour: str, palette: Palette) -> None:
    """Polygons of one colour as one line with gaps."""
    x: list[float | None] = []
    y: list[float | None] = []
    for part in shapely.get_parts(shapes):
        corners = shapely.get_coordinates(part.exterior)
        x += [*corners[:, 0].round(3).tolist(), None]
        y += [*corners[:, 1].round(3).tolist(), None]
    if x:
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            fill="toself",
            fillcolor=colour,
            line={"color": palette.border, "width": 0.5},
            name=words,
            hoverinfo="skip",
        )
