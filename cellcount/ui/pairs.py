"""Charts of estimates beside official figures: pairs on logarithms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from cellcount.ui.look import Palette

HEIGHT = 360
MOST_POINTS = 8_000
"""So many pairs are drawn, the largest of them; more are a blot, and slow."""
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
