"""Charts of costs and benefits: the value as years go by, and which lines move it most."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from cellcount.methods.costs import Bar
from cellcount.ui import legends
from cellcount.ui.look import Palette
from cellcount.ui.valuing import pounds
from cellcount.ui.words import listed

HEIGHT = 260
BAR, FOOT = 34, 70
MOST_BARS = 12
"""Lines in the tornado; those that move the value least are in the table alone."""
LETTERS = 13
MOST_LETTERS = 34
"""Of the name of a line beside its bar."""
_QUIET = {"displayModeBar": False, "scrollZoom": False, "displaylogo": False}


def cumulative(years: Sequence[str], values: Sequence[float], palette: Palette, *, key: str) -> None:
    """Draw the net present value of the years up to each.

    Parameters
    ----------
    years : sequence of str
        In order.
    values : sequence of float
        Pounds, discounted.
    palette : Palette
        Colours of the ground.
    key : str
        Of the chart on the page.
    """
    font = {"color": palette.text, "size": LETTERS}
    figure = go.Figure(
        layout=go.Layout(
            margin={"l": 0, "r": 8, "t": 8, "b": 0},
            xaxis={
                "type": "category",
                "fixedrange": True,
                "showgrid": False,
                "nticks": 6,
                "tickangle": 0,
                "tickfont": font,
            },
            yaxis={
                "title": {"text": "Pounds", "font": font},
                "tickformat": "~s",
                "tickfont": font,
                "fixedrange": True,
                "automargin": True,
                "zeroline": True,
                "zerolinewidth": 1.5,
                "zerolinecolor": palette.text,
            },
            font=font,
            showlegend=False,
        )
    )
    figure.add_scatter(
        x=list(years),
        y=list(values),
        mode="lines+markers",
        line={"color": palette.line, "width": 2.5},
        marker={"size": 6},
        customdata=[pounds(each) for each in values],
        hovertemplate="%{x}: %{customdata}<extra></extra>",
    )
    alt = (
        f"Net present value of the years up to each: {pounds(values[0])} in {years[0]}, {pounds(values[-1])} in "
        f"{years[-1]}."
    )
    st.plotly_chart(figure, height=HEIGHT, config=_QUIET, key=key, alt=alt)


def tornado(bars: Sequence[Bar], middle: float, palette: Palette, *, key: str) -> None:
    """Draw the net present value at both ends of each line's range, the widest at the top.

    Parameters
    ----------
    bars : sequence of Bar
        The widest first.
    middle : float
        Net present value with all lines as given.
    palette : Palette
        Colours of the ground.
    key : str
        Of the chart on the page.
    """
    shown = list(bars[:MOST_BARS])
    # By place, for two lines may have one name.
    at = list(range(len(shown)))
    font = {"color": palette.text, "size": LETTERS}
    figure = go.Figure(
        layout=go.Layout(
            barmode="overlay",
            bargap=0.35,
            margin={"l": 0, "r": 8, "t": 8, "b": 0},
            xaxis={
                "title": {"text": "Pounds", "font": font},
                "tickformat": "~s",
                "tickfont": font,
                "fixedrange": True,
                "nticks": 6,
            },
            yaxis={
                "autorange": "reversed",
                "automargin": True,
                "fixedrange": True,
                "tickmode": "array",
                "tickvals": at,
                "ticktext": [_short(each.name) for each in shown],
                "tickfont": font,
            },
            font=font,
            showlegend=False,
        )
    )
    ends = (("Amounts lowest", "at_low", palette.mark), ("Amounts highest", "at_high", palette.line))
    legends.draw({name: colour for name, _, colour in ends})
    for name, end, colour in ends:
        values = [float(getattr(each, end)) for each in shown]
        figure.add_bar(
            x=[value - middle for value in values],
            base=middle,
            y=at,
            orientation="h",
            name=name,
            marker={"color": colour},
            customdata=[
                f"{each.name}, {name.lower()}: {pounds(value)}" for each, value in zip(shown, values, strict=True)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.add_vline(x=0, line={"color": palette.text, "width": 1.5})
    alt = f"Net present value at both ends of each line's range: {listed([_told(each) for each in shown])}."
    st.plotly_chart(figure, height=FOOT + BAR * len(shown), config=_QUIET, key=key, alt=alt)


def _told(bar: Bar) -> str:
    low, high = sorted((bar.at_low, bar.at_high))
    return f"{bar.name} {pounds(low)} to {pounds(high)}"


def _short(name: str) -> str:
    """A name that stands beside its bar, without what a chart would take for markup."""
    words = name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 2]} …"
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
