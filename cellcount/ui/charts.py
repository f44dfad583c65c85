"""The curve of a day, with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from cellcount.methods.precision import interval
from cellcount.ui.look import Palette
from cellcount.ui.words import percent

HEIGHT = 215
LOW = 150
BAR, FOOT = 34, 36
"""Pixels: height of a bar that lies, and of what stands below the bars."""
MOST_BARS = 6
"""So many parts of a day are bars; more are a line."""
MOST_OF_DAY = 25
"""Hours of the longest day; more are those of a week, whose days are written and not their hours."""
_HOVER = "%{customdata}: %{y:,.0f}<extra></extra>"
_QUIET = {"displayModeBar": False, "scrollZoom": False, "displaylogo": False}


def day_curve(
    labels: Sequence[str],
    people: NDArray[np.float64],
    errors: NDArray[np.float64],
    chosen: int | None,
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
    chosen : int or None
        Place of the step that the map shows; None where it shows none of them.
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
    chosen: int | None,
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


Curve = tuple[NDArray[np.float64], NDArray[np.float64]]
"""A figure over the steps of a day, NaN where it is withheld, and its standard error, NaN where it is not known."""


def two_curves(
    labels: Sequence[str],
    first: Curve,
    second: Curve,
    chosen: int | None,
    palette: Palette,
    *,
    names: tuple[str, str],
    unit: str,
    alt: str,
) -> None:
    """Draw a figure over the steps of a day with its 95 % band, and dashed what it is measured against with its own.

    Parameters
    ----------
    labels : sequence of str
        One a step, in the order of time.
    first, second : Curve
        The figure, and what it is measured against.
    chosen : int or None
        Place of the step that the map shows; None where it shows none of them.
    palette : Palette
        Colours of the ground.
    names : tuple of str
        What the two are called.
    unit : str
        What both count.
    alt : str
        What the chart shows, in a sentence.
    """
    figure = go.Figure(layout=_layout(labels, palette, unit))
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    steps = list(range(len(labels)))
    styles = ((palette.mark, "dash"), (palette.line, "solid"))
    for (people, errors), name, (colour, dash) in zip((second, first), names[::-1], styles, strict=True):
        if np.isfinite(errors).any():
            low, high = interval(people, errors)
            quiet = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
            figure.add_scatter(x=steps, y=high, **quiet)
            figure.add_scatter(x=steps, y=low, fill="tonexty", fillcolor=palette.band, **quiet)
        figure.add_scatter(
            x=steps,
            y=people,
            mode="lines+markers",
            marker={"size": 3, "color": colour},
            line={"color": colour, "width": 2.5, "dash": dash},
            name=name,
            customdata=[f"{name}, {label}" for label in labels],
            hovertemplate=_HOVER,
        )
    if chosen is not None:
        figure.add_vline(x=chosen, line={"color": palette.text, "width": 1.2, "dash": "dot"})
    st.plotly_chart(figure, height=HEIGHT + 30, config=_QUIET, key="curve", alt=alt)


def _draw_bars(
    figure: go.Figure,
    labels: Sequence[str],
    people: NDArray[np.float64],
    errors: NDArray[np.float64],
    *,
    chosen: int | None,
    palette: Palette,
) -> None:
    low, high = interval(people, errors)
    figure.add_bar(
        x=list(range(len(labels))),
        y=people,
        width=0.5,
        marker={"color": [palette.mark if step == chosen else palette.line for step in range(len(labels))]},
        error_y={"array": high - people, "arrayminus": people - low, "symmetric": False, "color": palette.text}
        if np.isfinite(errors).any()
        else None,
        customdata=list(labels),
        hovertemplate=_HOVER,
    )


def _draw_line(
    figure: go.Figure,
    labels: Sequence[str],
    people: NDArray[np.float64],
    errors: NDArray[np.float64],
    *,
    chosen: int | None,
    palette: Palette,
) -> None:
    steps = list(range(len(labels)))
    if np.isfinite(errors).any():
        low, high = interval(people, errors)
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
    if chosen is None:
        return
    figure.add_vline(x=chosen, line={"color": palette.mark, "width": 1.5, "dash": "dot"})
    marker = {"color": palette.mark, "size": 9}
    figure.add_scatter(x=[chosen], y=[people[chosen]], mode="markers", marker=marker, hoverinfo="skip")


def bars(names: Sequence[str], shares: NDArray[np.float64], palette: Palette, *, alt: str, key: str) -> None:
    """Draw shares as bars, the first at the top.

    Parameters
    ----------
    names : sequence of str
        One a bar.
    shares : array of float
        0 to 1.
    palette : Palette
        Colours of the ground.
    alt, key : str
        What the chart shows, in a sentence; and its key on the page.
    """
    figure = go.Figure(layout=_lying(palette))
    figure.add_bar(
        x=shares,
        y=list(names),
        orientation="h",
        marker={"color": palette.line},
        text=[percent(share) for share in shares.tolist()],
        hoverinfo="skip",
    )
    _draw_lying(figure, len(names), alt=alt, key=key)


def ranges(names: Sequence[str], shares: NDArray[np.float64], palette: Palette, *, alt: str, key: str) -> None:
    """Draw middle, least and most of shares as a point on a line, the first at the top.

    Parameters
    ----------
    names : sequence of str
        One a line.
    shares : array of float, shape (names, 3)
        Middle, least and most, 0 to 1.
    palette : Palette
        Colours of the ground.
    alt, key : str
        What the chart shows, in a sentence; and its key on the page.
    """
    middle, least, most = shares.T
    figure = go.Figure(layout=_lying(palette))
    figure.add_scatter(
        x=middle,
        y=list(names),
        mode="markers+text",
        marker={"color": palette.line, "size": 11},
        error_x={"array": most - middle, "arrayminus": middle - least, "symmetric": False, "color": palette.line},
        text=[percent(share) for share in middle.tolist()],
        textposition="top center",
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure.update_yaxes(autorange=False, range=[len(names) - 0.5, -0.8])
    _draw_lying(figure, len(names), alt=alt, key=key)


def stacked(
    names: Sequence[str],
    counts: Mapping[str, Sequence[int]],
    colours: Sequence[str],
    palette: Palette,
    *,
    alt: str,
    key: str,
) -> None:
    """Draw how wholes are made up, each as one bar, the first at the top.

    Parameters
    ----------
    names : sequence of str
        One a bar.
    counts : mapping of str to sequence of int
        By kind, how many each bar has of it; the last kind is hatched, for it is withheld.
    colours : sequence of str
        One a kind.
    palette : Palette
        Colours of the ground.
    alt, key : str
        What the chart shows, in a sentence; and its key on the page.
    """
    layout = _lying(palette)
    layout.update(barmode="stack", legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"})
    figure = go.Figure(layout=layout)
    table = np.array(list(counts.values()), dtype=np.float64)
    shares = table / np.maximum(table.sum(axis=0), 1.0)
    for place, (kind, colour) in enumerate(zip(counts, colours, strict=True)):
        hatched = place == len(counts) - 1
        figure.add_bar(
            x=shares[place],
            y=list(names),
            orientation="h",
            name=kind,
            marker={
                "color": colour,
                "line": {"color": palette.withheld, "width": 0.6},
                "pattern": {"shape": "/" if hatched else "", "fgcolor": palette.withheld, "size": 6},
            },
            customdata=[
                f"{kind}: {percent(share)}, {number_of:,.0f} cells"
                for share, number_of in zip(shares[place].tolist(), table[place].tolist(), strict=True)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    _draw_lying(figure, len(names) + 1, alt=alt, key=key, legend=True)


def by_date(dates: Sequence[str], shares: NDArray[np.float64], palette: Palette, *, alt: str, key: str) -> None:
    """Draw shares over dates.

    Parameters
    ----------
    dates : sequence of str
        ISO dates, in order.
    shares : array of float
        0 to 1.
    palette : Palette
        Colours of the ground.
    alt, key : str
        What the chart shows, in a sentence; and its key on the page.
    """
    figure = go.Figure(
        layout=go.Layout(
            margin={"l": 0, "r": 4, "t": 8, "b": 0},
            xaxis={"type": "date", "tickformat": "%-d %b", "showgrid": False, "fixedrange": True, "nticks": 6},
            yaxis={"rangemode": "tozero", "tickformat": ".0%", "nticks": 4, "fixedrange": True, "automargin": True},
            font={"color": palette.text},
            showlegend=False,
        )
    )
    figure.add_scatter(
        x=list(dates),
        y=shares,
        mode="lines+markers",
        line={"color": palette.line, "width": 2},
        marker={"size": 5},
        hovertemplate="%{x|%A %-d %B %Y}: %{y:.1%}<extra></extra>",
    )
    st.plotly_chart(figure, height=LOW, config=_QUIET, key=key, alt=alt)


def _lying(palette: Palette) -> go.Layout:
    """Of bars that lie: shares to the right, names at the left, the first on top."""
    return go.Layout(
        margin={"l": 0, "r": 4, "t": 8, "b": 0},
        xaxis={"rangemode": "tozero", "tickformat": ".0%", "nticks": 6, "fixedrange": True},
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True, "type": "category"},
        font={"color": palette.text},
        bargap=0.35,
    )


def _draw_lying(figure: go.Figure, bars_high: int, *, alt: str, key: str, legend: bool = False) -> None:
    figure.update_layout(showlegend=legend)
    height = FOOT + BAR * bars_high + (FOOT if legend else 0)
    st.plotly_chart(figure, height=height, config=_QUIET, key=key, alt=alt)


def _layout(labels: Sequence[str], palette: Palette, unit: str) -> go.Layout:
    if len(labels) > MOST_OF_DAY:
        ticks = [step for step, label in enumerate(labels) if label.endswith(" 00:00")]
        written = [labels[step].split(" ")[0] for step in ticks]
    else:
        every = 6 if len(labels) > MOST_BARS else 1
        ticks = [step for step, label in enumerate(labels) if every == 1 or _whole(label, every)]
        written = [labels[step] for step in ticks]
    return go.Layout(
        margin={"l": 0, "r": 4, "t": 8, "b": 0},
        xaxis={
            "tickmode": "array",
            "tickvals": ticks,
            "ticktext": written,
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
