"""Charts and scales of the tourism page."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from cellcount.methods.precision import interval
from cellcount.ui import scales
from cellcount.ui import tourism_figures as figures
from cellcount.ui.look import Palette, Scheme
from cellcount.ui.scales import Scale
from cellcount.ui.tourism_figures import TITLES, Measure, Ranked
from cellcount.ui.words import listed

Floats = NDArray[np.float64]

SERIES_HEIGHT = 175
BAR, FOOT = 24, 40
"""Pixels: height of a ranked bar, and of the axis below."""
CATEGORIES: dict[Scheme, tuple[str, ...]] = {
    "light": ("#12436D", "#28A197", "#801650", "#F46A25", "#A285D1", "#3D3D3D"),
    "dark": ("#6FA8DC", "#28A197", "#D37BA8", "#F46A25", "#A285D1", "#D0D0D0"),
}
"""Colours of groups: those of the Government Analysis Function, on a dark ground lighter ones of the same hues."""
_QUIET = {"displayModeBar": False, "scrollZoom": False, "displaylogo": False}


def draw_series(
    months: Sequence[str],
    values: Floats,
    errors: Floats,
    measure: Measure,
    palette: Palette,
    *,
    shown: Sequence[str],
    alt: str,
) -> None:
    """Draw what `series` makes.

    Parameters
    ----------
    months, values, errors, measure, palette, shown
        As `series` has them.
    alt : str
        What the chart shows, in a sentence.
    """
    figure = series(months, values, errors, measure, palette, shown=shown)
    st.plotly_chart(figure, height=SERIES_HEIGHT, config=_QUIET, key="tourism-months", alt=alt)


def series(
    months: Sequence[str], values: Floats, errors: Floats, measure: Measure, palette: Palette, *, shown: Sequence[str]
) -> go.Figure:
    """A measure month by month with 95 % intervals, the one that the map shows marked.

    Parameters
    ----------
    months : sequence of str
        `YYYY-MM`.
    values, errors : array of float
        The measure and its standard error; NaN where withheld.
    measure : Measure
        Which.
    palette : Palette
        Colours of the ground.
    shown : sequence of str
        Months that the map shows.
    """
    low, high = interval(values, errors)
    by = figures.per_cent(measure)
    one = len(shown) == 1
    # The year stands under the first month and under each January.
    words = [figures.month_words(month) for month in months]
    ticks = [
        f"{name[:3]}<br>{name[-4:]}" if at == 0 or name.startswith("January") else name[:3]
        for at, name in enumerate(words)
    ]
    drawn = go.Figure(
        layout=go.Layout(
            margin={"l": 0, "r": 4, "t": 8, "b": 0},
            xaxis={
                "type": "category",
                "fixedrange": True,
                "showgrid": False,
                "tickmode": "array",
                "tickvals": list(months),
                "ticktext": ticks,
                "tickangle": 0,
            },
            yaxis={
                "rangemode": "tozero",
                "nticks": 5,
                "fixedrange": True,
                "automargin": True,
                "ticksuffix": " %" if by > 1 else "",
            },
            font={"color": palette.text},
            showlegend=False,
        )
    )
    drawn.add_bar(
        x=list(months),
        y=by * values,
        marker={"color": [palette.mark if one and month in shown else palette.line for month in months]},
        error_y=_bars(by * values, by * low, by * high, palette),
        customdata=[
            f"{name}: {figures.told(value, error, measure)}"
            for name, value, error in zip(words, values.tolist(), errors.tolist(), strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    return drawn


def draw_ranked(first: Ranked, measure: Measure, palette: Palette, *, marked: set[str], what: str) -> None:
    """Draw what `ranked_bars` makes; a sentence where there is nothing to rank.

    Parameters
    ----------
    first, measure, palette, marked
        As `ranked_bars` has them.
    what : str
        What is ranked, for the text alternative.
    """
    if not first.codes:
        st.caption("Nothing can be ranked: every figure is withheld.")
        return
    st.plotly_chart(
        ranked_bars(first, measure, palette, marked=marked),
        height=FOOT + BAR * len(first.codes),
        config=_QUIET,
        key="tourism-ranked",
        alt=alternative(measure, first.names, first.values, what),
    )


def ranked_bars(first: Ranked, measure: Measure, palette: Palette, *, marked: set[str]) -> go.Figure:
    """Bars that lie, the largest on top, with 95 % intervals.

    Parameters
    ----------
    first : Ranked
        What is ranked.
    measure : Measure
        Which measure.
    palette : Palette
        Colours of the ground.
    marked : set of str
        Codes that stand out, for they were chosen.
    """
    by = figures.per_cent(measure)
    low, high = interval(first.values, first.errors)
    drawn = go.Figure(
        layout=go.Layout(
            margin={"l": 0, "r": 8, "t": 4, "b": 0},
            xaxis={"rangemode": "tozero", "fixedrange": True, "nticks": 8, "ticksuffix": " %" if by > 1 else ""},
            yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True, "type": "category"},
            font={"color": palette.text},
            bargap=0.3,
            showlegend=False,
        )
    )
    drawn.add_bar(
        x=by * first.values,
        y=list(first.names),
        orientation="h",
        marker={"color": [palette.mark if code in marked else palette.line for code in first.codes]},
        error_x=_bars(by * first.values, by * low, by * high, palette),
        customdata=[
            f"{name}: {figures.told(value, error, measure)}"
            for name, value, error in zip(first.names, first.values.tolist(), first.errors.tolist(), strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    if measure == "quotient":
        drawn.add_vline(x=1, line={"color": palette.text, "width": 1, "dash": "dot"})
    return drawn


def categories(wanted: int, scheme: Scheme) -> tuple[str, ...]:
    """So many colours that are told apart without red and green.

    Examples
    --------
    >>> categories(2, "light")
    ('#12436D', '#28A197')
    """
    return CATEGORIES[scheme][:wanted]


def alternative(measure: Measure, names: Sequence[str], values: Floats, what: str) -> str:
    """What a map or chart shows, in a sentence, with the first three.

    Examples
    --------
    >>> alternative("visits", ["France", "Spain"], np.array([np.nan, 1200.0]), "Visits")
    'Visits; the largest: Spain 1,200.'
    """
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return f"{what}: every figure is withheld."
    first = known[np.argsort(-values[known], kind="stable")[:3]].tolist()
    said = [f"{names[at]} {figures.figure(float(values[at]), math.nan, measure)}" for at in first]
    return f"{what}; the largest: {listed(said)}."


def scale_of(measure: Measure, values: Floats, palette: Palette) -> Scale:
    """Classes of a measure: round ones of amounts, around 1 of quotients, equally filled ones of what varies little.

    Parameters
    ----------
    measure : Measure
        Which.
    values : array of float
        All that will be shown; shares from 0 to 1.
    palette : Palette
        Colours of the ground.
    """
    if measure in ("visits", "nights", "intensity"):
        return scales.amounts(TITLES[measure], values, palette)
    if measure == "quotient":
        return scales.ratios(TITLES[measure], palette)
    by = figures.per_cent(measure)
    return equal_classes(TITLES[measure] + (", %" if by > 1 else ""), by * values, palette)


def equal_classes(title: str, values: Floats, palette: Palette) -> Scale:
    """A scale for what varies little: six classes with as many values in each, to so many digits that they differ.

    Parameters
    ----------
    title : str
        The measure with its unit.
    values : array of float
        All that will be shown; NaN is withheld.
    palette : Palette
        Colours of the ground.

    Examples
    --------
    >>> from cellcount.ui.look import PALETTES
    >>> equal_classes("Nights per visit", np.linspace(2.0, 5.0, 13), PALETTES["light"]).breaks
    (2.5, 3.0, 3.5, 4.0, 4.5)
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return scales.amounts(title, values, palette)
    spread = max(float(np.ptp(known)) / 6, 1e-6)
    decimals = min(max(math.ceil(-math.log10(spread)), 0), 3)
    quantiles = np.quantile(known, np.arange(1, 6) / 6).round(decimals).tolist()
    breaks = tuple(sorted({each for each in quantiles if each > known.min()}))
    places = np.linspace(0, len(palette.amounts) - 1, len(breaks) + 1).round().astype(int)
    colours = tuple(palette.amounts[place] for place in places)
    lows = [f"{each:.{decimals}f}" for each in breaks]
    words = (f"under {lows[0]}", *(f"from {low}" for low in lows)) if lows else ("all",)
    return Scale(title, breaks, colours, palette.zero, palette.withheld, words)


def _bars(values: Floats, low: Floats, high: Floats, palette: Palette) -> dict[str, object]:
    """Error bars from lower to upper limits; none where they are not known."""
    return {
        "array": np.nan_to_num(high - values),
        "arrayminus": np.nan_to_num(values - low),
        "symmetric": False,
        "color": palette.text,
        "thickness": 1.3,
    }
