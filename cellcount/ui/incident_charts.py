"""The timeline of an incident: people hour by hour, the usual level, and the band that usual hours keep to."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cellcount.methods.incident import t_quantile
from cellcount.ui.incident_answer import Answer, Zone
from cellcount.ui.incident_figures import hour_words
from cellcount.ui.look import Palette
from cellcount.ui.words import number

HEIGHT = 270
_QUIET = {"displayModeBar": False}


def timeline(answer: Answer, zone: Zone, hour: int, palette: Palette, *, alt: str) -> None:
    """Draw people of a zone over the hours shown, beside what is usual.

    Parameters
    ----------
    answer : Answer
        The answer.
    zone : Zone
        One of its zones.
    hour : int
        The hour that the map shows, by its place.
    palette : Palette
        Colours of the ground.
    alt : str
        What the chart shows, in a sentence.
    """
    st.plotly_chart(figure(answer, zone, hour, palette), height=HEIGHT, config=_QUIET, key="timeline", alt=alt)


def figure(answer: Answer, zone: Zone, hour: int, palette: Palette) -> go.Figure:
    """The figure that `timeline` draws."""
    found = zone.difference
    steps = list(range(len(found.people)))
    midnights = [step for step, moment in enumerate(answer.moments) if moment.hour == 0]
    drawn = go.Figure(
        layout=go.Layout(
            margin={"l": 0, "r": 4, "t": 8, "b": 0},
            xaxis={
                "tickmode": "array",
                "tickvals": midnights,
                "ticktext": [f"{answer.moments[step]:%a} {answer.moments[step].day}" for step in midnights],
                "range": [-0.3, len(steps) - 0.7],
                "showgrid": False,
                "fixedrange": True,
            },
            yaxis={"rangemode": "tozero", "tickformat": "~s", "nticks": 5, "fixedrange": True, "automargin": True},
            font={"color": palette.text},
            hovermode="x",
            legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            meta={"unit": "people"},
        )
    )
    during = np.flatnonzero(answer.during)
    if len(during):
        drawn.add_vrect(
            x0=int(during[0]) - 0.5, x1=int(during[-1]) + 0.5, fillcolor=palette.mark, opacity=0.12, line_width=0
        )
    reach = t_quantile() * usual_error(zone)
    quiet = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    drawn.add_scatter(x=steps, y=found.usual + reach, showlegend=False, **quiet)
    drawn.add_scatter(
        x=steps,
        y=np.maximum(found.usual - reach, 0),
        fill="tonexty",
        fillcolor=palette.band,
        name="95 % of usual hours",
        **quiet,
    )
    drawn.add_scatter(
        x=steps,
        y=found.usual,
        mode="lines",
        line={"color": palette.line, "width": 1.6, "dash": "dash"},
        name="Usual",
        customdata=[[number(each) if np.isfinite(each) else "not known"] for each in found.usual.tolist()],
        hovertemplate="usual %{customdata[0]}<extra></extra>",
    )
    drawn.add_scatter(
        x=steps,
        y=found.people,
        mode="lines",
        line={"color": palette.mark, "width": 2.5},
        name="People",
        customdata=[
            [hour_words(moment), number(each, error) if np.isfinite(each) else "not known"]
            for moment, each, error in zip(answer.moments, found.people.tolist(), found.error.tolist(), strict=True)
        ],
        hovertemplate="%{customdata[0]}: %{customdata[1]} people<extra></extra>",
    )
    drawn.add_vline(x=hour, line={"color": palette.text, "width": 1.2, "dash": "dot"})
    return drawn


def usual_error(zone: Zone) -> np.ndarray:
    """Standard deviation of an ordinary hour around the usual level: what z is measured in."""
    found = zone.difference
    with np.errstate(divide="ignore", invalid="ignore"):
        told = np.abs(found.excess / found.z)
    return np.where(np.isfinite(told), told, found.error)
