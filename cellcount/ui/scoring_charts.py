"""Charts of scores: what each criterion adds, and how often a theme takes each place."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from cellcount.briefing.deck import Contribution
from cellcount.ui import legends, look
from cellcount.ui.look import Palette, Scheme
from cellcount.ui.tourism_charts import CATEGORIES
from cellcount.ui.words import listed

SEVENTH: dict[Scheme, str] = {"light": "#6BACE6", "dark": "#F2CE8E"}
"""One colour more than groups elsewhere need: there are seven criteria."""
LARGE, USUAL = 17, 14
"""Pixels: letters for a projector, and on a page."""
BAR, HIGH_BAR, FOOT = 44, 84, 56
"""Pixels: height of a bar with its gap, of one on a slide, and of the axis below."""
LEAST_WRITTEN = 4.0
"""Points from which on a part of a bar has room for its figure."""
_QUIET = {"displayModeBar": False, "scrollZoom": False, "displaylogo": False}


def contributions(title: str, contributions: Sequence[Contribution], palette: Palette, *, key: str) -> None:
    """Draw the score of one theme as one bar: what each criterion adds to it.

    Parameters
    ----------
    title : str
        Of the theme.
    contributions : sequence of Contribution
        One a criterion, in their order.
    palette : Palette
        Colours of the ground.
    key : str
        Of the chart on the page.
    """
    figure = _bars([title], [contributions], palette, letters=LARGE)
    figure.update_yaxes(visible=False)
    figure.update_xaxes(title=None)
    # Room for the nought below the bar's beginning.
    figure.update_layout(margin={"l": 12})
    _legend(contributions)
    st.plotly_chart(figure, height=HIGH_BAR + FOOT // 2, config=_QUIET, key=key, alt=_told(title, contributions))


def ranked(
    titles: Sequence[str], contributions: Sequence[Sequence[Contribution]], palette: Palette, *, key: str
) -> None:
    """Draw the scores of themes as bars, the first at the top: what each criterion adds.

    Parameters
    ----------
    titles : sequence of str
        Of the themes.
    contributions : sequence of sequence of Contribution
        Of each, one a criterion.
    palette : Palette
        Colours of the ground.
    key : str
        Of the chart on the page.
    """
    figure = _bars(titles, contributions, palette, letters=USUAL)
    _legend(contributions[0])
    height = FOOT + BAR * len(titles)
    alt = " ".join(_told(title, parts) for title, parts in zip(titles, contributions, strict=True))
    st.plotly_chart(figure, height=height, config=_QUIET, key=key, alt=alt)


def frequencies(titles: Sequence[str], shares: Sequence[Sequence[float]], palette: Palette, *, key: str) -> None:
    """Draw how often each theme takes each place as a table of shades with the shares written in it.

    Parameters
    ----------
    titles : sequence of str
        Of the themes that are ranked, the first at the top.
    shares : sequence of sequence of float
        Of the draws, 0 to 1: one a place.
    palette : Palette
        Colours of the ground.
    key : str
        Of the chart on the page.
    """
    places = [_ordinal(place) for place in range(1, len(titles) + 1)]
    # From the ground to a middle shade, so that the figures are read on all of them.
    steps = [palette.land, *palette.amounts[:3]]
    font = {"color": palette.text, "size": USUAL}
    figure = go.Figure(
        layout=go.Layout(
            margin={"l": 0, "r": 4, "t": 26, "b": 0},
            xaxis={"side": "top", "fixedrange": True, "type": "category", "showgrid": False, "tickfont": font},
            yaxis={
                "autorange": "reversed",
                "automargin": True,
                "fixedrange": True,
                "type": "category",
                "showgrid": False,
                "tickfont": font,
            },
            font=font,
        )
    )
    figure.add_heatmap(
        x=places,
        y=list(titles),
        z=[[100 * share for share in row] for row in shares],
        zmin=0,
        zmax=100,
        colorscale=[[at / (len(steps) - 1), colour] for at, colour in enumerate(steps)],
        text=[[_per_cent(share) for share in row] for row in shares],
        texttemplate="%{text}",
        textfont={"color": palette.text, "size": USUAL - 1},
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
    )
    alt = " ".join(
        f"{title}: {listed([f'{place} {_per_cent(share)}' for place, share in zip(places, row, strict=True)])}."
        for title, row in zip(titles, shares, strict=True)
    )
    st.plotly_chart(figure, height=FOOT + 38 * len(titles), config=_QUIET, key=key, alt=alt)


def _bars(
    titles: Sequence[str], contributions: Sequence[Sequence[Contribution]], palette: Palette, *, letters: int
) -> go.Figure:
    font = {"color": palette.text, "size": letters}
    figure = go.Figure(
        layout=go.Layout(
            barmode="stack",
            bargap=0.3,
            margin={"l": 0, "r": 20, "t": 8, "b": 0},
            xaxis={
                "range": [0, 100],
                "tickvals": [0, 20, 40, 60, 80, 100],
                "tickfont": font,
                "fixedrange": True,
                "title": {"text": "Score of 100", "font": font},
            },
            yaxis={
                "autorange": "reversed",
                "automargin": True,
                "fixedrange": True,
                "type": "category",
                "tickfont": font,
            },
            font=font,
            showlegend=False,
        )
    )
    colours = _colours()
    for at, criterion in enumerate(contributions[0]):
        parts = [row[at] for row in contributions]
        figure.add_bar(
            x=[part.points for part in parts],
            y=list(titles),
            orientation="h",
            name=criterion.criterion,
            marker={"color": colours[at % len(colours)], "line": {"color": palette.land, "width": 1.5}},
            text=[f"{part.points:.0f}" if part.points >= LEAST_WRITTEN else "" for part in parts],
            textposition="inside",
            insidetextanchor="middle",
            insidetextfont={"color": _on(colours[at % len(colours)])},
            textangle=0,
            customdata=[f"{_part(part)}, with a weight of {100 * part.weight:.0f} %" for part in parts],
            hovertemplate="%{y}<br>%{customdata}<extra></extra>",
        )
    return figure


def _colours() -> tuple[str, ...]:
    """Colours of the criteria, in their order, on the ground that the visitor sees."""
    scheme = look.scheme()
    return (*CATEGORIES[scheme], SEVENTH[scheme])


def _legend(parts: Sequence[Contribution]) -> None:
    names = [part.criterion for part in parts]
    legends.draw(dict(zip(names, _colours(), strict=False)))


def _on(colour: str) -> str:
    """White or black, whichever is told better from a colour (WCAG 2.2, relative luminance).

    Examples
    --------
    >>> _on("#12436D"), _on("#F46A25")
    ('#FFFFFF', '#111111')
    """
    linear = [
        (part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4) for part in look.rgb(colour)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#FFFFFF" if luminance < 0.18 else "#111111"


def _told(title: str, parts: Sequence[Contribution]) -> str:
    """A bar in a sentence, for who cannot see it.

    Examples
    --------
    >>> _told("Tourism", [Contribution("Timeliness", 30.0, 0.4), Contribution("Cost", 12.25, 0.6)])
    'Tourism scores 42.2 of 100: Timeliness adds 30.0 and Cost adds 12.2.'
    """
    total = sum(part.points for part in parts)
    return f"{title} scores {total:.1f} of 100: {listed([_part(part) for part in parts])}."


def _part(part: Contribution) -> str:
    return f"{part.criterion} adds {part.points:.1f}"


def _per_cent(share: float) -> str:
    """A share of the draws; nothing is called 0 % that happens.

    Examples
    --------
    >>> _per_cent(0.834), _per_cent(0.002), _per_cent(0.0)
    ('83 %', '< 1 %', '0 %')
    """
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _ordinal(place: int) -> str:
    """A place in words.

    Examples
    --------
    >>> [_ordinal(place) for place in (1, 2, 3, 4)]
    ['1st', '2nd', '3rd', '4th']
    """
    return f"{place}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(place, 'th') }"
