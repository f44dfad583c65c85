"""The curve of a day, with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from cellcount.ui.look import Palette
from cellcount.ui.words import Z_95

HEIGHT = 215
MOST_BARS = 6
"""So many parts of a day are bars; more are a line."""
_HOVER = "%{customdata}: %{y:,.0f}<extra></extra>"
_QUIET = {"displayModeBar": False, "scrollZoom": False, "displaylogo": False}


def day_curve(
    labels: Sequence[str],
    people: NDArray[np.float64],
    errors: NDArray[np.float64],
    chosen: int,
    palette: Palette,
    *,
    unit: str,
    alt: str,
) -> None:
    """Draw a figure over the steps of a day, the chosen step marked.

    Parameters
    ----------
    labels : sequence of str
        One a step, in the order of time.
    people : array of float, shape (steps,)
        The figure; NaN where it is withheld.
    errors : array of float, shape (steps,)
        Its standard error; NaN where it is not known. A band of 95 % is drawn where it is.
    chosen : int
        Place of the step that the map shows.
    palette : Palette
        Colours of the ground.
    unit : str
        What the figure counts.
    alt : str
        What the chart shows, in a sentence.
    """
    figure = curve(labels, people, errors, chosen, palette, unit=unit)
    st.plotly_chart(figure, height=HEIGHT, config=_QUIET, key="curve", alt=alt)


def curve(
    labels: Sequence[str],
    people: NDArray[np.float64],
    errors: NDArray[np.float64],
    chosen: int,
    palette: Palette,
    *,
    unit: str,
) -> go.Figure:
    """The figure that `day_curve` draws."""
    figure = go.Figure(layout=_layout(labels, palette, unit))
    # Few and long parts of a day are not points of a curve: what lies between them was not measured.
    if len(labels) <= MOST_BARS:
        _draw_bars(figure, labels, people, errors, chosen=chosen, palette=palette)
    else:
        _draw_line(figure, labels, people, errors, chosen=chosen, palette=palette)
    return figure


def _draw_bars(
    figure: go.Figure,
    labels: Sequence[str],
    people: NDArray[np.float64],
    errors: NDArray[np.float64],
    *,
    chosen: int,
    palette: Palette,
) -> None:
    figure.add_bar(
        x=list(range(len(labels))),
        y=people,
        width=0.5,
        marker={"color": [palette.mark if step == chosen else palette.line for step in range(len(labels))]},
        error_y={"array": Z_95 * errors, "color": palette.text} if np.isfinite(errors).any() else None,
        customdata=list(labels),
        hovertemplate=_HOVER,
    )


def _draw_line(
    figure: go.Figure,
    labels: Sequence[str],
    people: NDArray[np.float64],
    errors: NDArray[np.float64],
    *,
    chosen: int,
    palette: Palette,
) -> None:
    steps = list(range(len(labels)))
    if np.isfinite(errors).any():
        low, high = np.maximum(people - Z_95 * errors, 0), people + Z_95 * errors
        quiet = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_scatter(x=steps, y=high, **quiet)
        figure.add_scatter(x=steps, y=low, fill="tonexty", fillcolor=palette.band, name="95 % interval", **quiet)
    figure.add_scatter(
        x=steps,
        y=people,
        mode="lines",
        line={"color": palette.line, "width": 2.5},
        name="people",
        customdata=list(labels),
        hovertemplate=_HOVER,
    )
    figure.add_vline(x=chosen, line={"color": palette.mark, "width": 1.5, "dash": "dot"})
    marker = {"color": palette.mark, "size": 9}
    figure.add_scatter(x=[chosen], y=[people[chosen]], mode="markers", marker=marker, hoverinfo="skip")


def _layout(labels: Sequence[str], palette: Palette, unit: str) -> go.Layout:
    every = 6 if len(labels) > MOST_BARS else 1
    ticks = [step for step, label in enumerate(labels) if every == 1 or _whole(label, every)]
    return go.Layout(
        margin={"l": 0, "r": 4, "t": 8, "b": 0},
        xaxis={
            "tickmode": "array",
            "tickvals": ticks,
            "ticktext": [labels[step] for step in ticks],
            "range": [-0.3, len(labels) - 0.7],
            "showgrid": False,
            "fixedrange": True,
        },
        yaxis={"rangemode": "tozero", "tickformat": "~s", "nticks": 5, "fixedrange": True, "automargin": True},
        font={"color": palette.text},
        hovermode="x",
        showlegend=False,
        meta={"unit": unit},
    )


def _whole(label: str, every: int) -> bool:
    """Whether an hour's label is a multiple of so many hours."""
    return label[:2].isdigit() and int(label[:2]) % every == 0 and " " not in label
