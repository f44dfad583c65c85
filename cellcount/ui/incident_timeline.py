"""The timeline of an incident as a drawing for a sheet of paper: SVG, made of figures and fixed words alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cellcount.methods.incident import t_quantile
from cellcount.ui.incident_answer import HOURS, Answer, Zone
from cellcount.ui.incident_charts import usual_error
from cellcount.ui.incident_figures import hour_words, when
from cellcount.ui.look import Palette
from cellcount.ui.words import count, exactly

WIDTH, HEIGHT = 430, 168
"""Units of the drawing; on the sheet one is near a quarter of a millimetre."""
RIGHT, TOP, FOOT = 6, 24, 20
"""Room to the right, for the key and for the days."""
DIGIT, BESIDE = 5.8, 6
"""Width of a digit of the numbers at the left, and the space beside them."""
LETTERS = 10
MOST_LINES = 5
"""Lines across at most, beside that of nobody."""
BAND_OPACITY = 0.18
"""Of the band of usual hours, as in the charts on screen."""
SHADE_OPACITY = 0.1
"""Of the incident's hours."""

Floats = NDArray[np.float64]


def timeline(answer: Answer, zone: Zone, palette: Palette) -> str:
    """People of a zone by hour, the usual level, the band that usual hours keep to, and the hours of the incident.

    Hours that are not known are gaps.

    Parameters
    ----------
    answer : Answer
        The answer.
    zone : Zone
        One of its zones.
    palette : Palette
        Colours of the paper.

    Returns
    -------
    str
        An `svg` element with a title and a description, for people who do not see it.
    """
    found = zone.difference
    reach = t_quantile() * usual_error(zone)
    low, high = np.maximum(found.usual - reach, 0.0), found.usual + reach
    scale = _Scale.of(len(found.people), np.concatenate([found.people, found.usual, high]))
    drawn = [
        *_shade(answer, scale, palette),
        *_grid(answer, scale, palette),
        *(
            f'<polygon points="{scale.points([*hours, *reversed(hours)], [*high[hours], *low[hours][::-1]])}" '
            f'fill="{palette.line}" fill-opacity="{BAND_OPACITY}"/>'
            for hours in runs(np.isfinite(low))
        ),
        *_line(scale, found.usual, f'stroke="{palette.line}" stroke-width="1.4" stroke-dasharray="4 2.5"'),
        *_line(scale, found.people, f'stroke="{palette.mark}" stroke-width="2"'),
        *_key(scale, palette, gaps=bool(np.isnan(found.people).any()), usual=bool(np.isfinite(found.usual).any())),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-labelledby="timeline-title timeline-words" font-size="{LETTERS}" fill="{palette.text}">'
        f'<title id="timeline-title">People by hour, and the usual level</title>'
        f'<desc id="timeline-words">{described(answer, zone)}</desc>{"".join(drawn)}</svg>'
    )


def described(answer: Answer, zone: Zone) -> str:
    """What the timeline shows, in a sentence or two."""
    found = zone.difference
    first, last = answer.moments[0], answer.moments[-1]
    said = [f"From {hour_words(first)} to {hour_words(last)}. The incident: {when(answer)}."]
    if np.isfinite(found.people).any():
        least, most = int(np.nanargmin(found.people)), int(np.nanargmax(found.people))
        said.append(
            f"Fewest {exactly(round(found.people[least]))} people, {hour_words(answer.moments[least])}; most "
            f"{exactly(round(found.people[most]))}, {hour_words(answer.moments[most])}."
        )
    if np.isnan(found.people).any():
        said.append(f"{count(int(np.isnan(found.people).sum()), 'hour')} withheld or not covered.")
    return " ".join(said)


def runs(there: NDArray[np.bool_]) -> list[list[int]]:
    """Stretches of hours that are there, each as its hours.

    Examples
    --------
    >>> runs(np.array([True, True, False, True]))
    [[0, 1], [3]]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
    return [list(range(start, end)) for start, end in edges.reshape(-1, 2).tolist()]


def round_step(most: float, lines: int = MOST_LINES) -> float:
    """The step between lines across: 1, 2 or 5 and zeros, so that there are at most so many.

    Examples
    --------
    >>> round_step(55_000), round_step(900), round_step(0)
    (20000.0, 200.0, 1.0)
    """
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most / lines))
    return next(each * power for each in (1, 2, 5, 10) if most / (each * power) <= lines)


class _Scale:
    """From hours and people to units of the drawing."""

    def __init__(self, hours: int, most: float) -> None:
        self.hours, self.most = hours, most
        self.left = round(DIGIT * len(exactly(most // 1)) + BESIDE, 1)

    @classmethod
    def of(cls, hours: int, figures: Floats) -> _Scale:
        largest = float(np.nanmax(figures)) if np.isfinite(figures).any() else 1.0
        return cls(hours, max(largest, 1.0) * 1.04)

    def across(self, hour: float) -> float:
        return round(self.left + (hour + 0.5) / self.hours * (WIDTH - self.left - RIGHT), 1)

    def down(self, people: float) -> float:
        return round(HEIGHT - FOOT - people / self.most * (HEIGHT - FOOT - TOP), 1)

    def points(self, hours: Sequence[float], people: Sequence[float]) -> str:
        return " ".join(f"{self.across(h)},{self.down(p)}" for h, p in zip(hours, people, strict=True))


def _shade(answer: Answer, scale: _Scale, palette: Palette) -> list[str]:
    return [
        f'<rect x="{scale.across(hours[0] - 0.5)}" y="{TOP}" '
        f'width="{round(scale.across(hours[-1] + 0.5) - scale.across(hours[0] - 0.5), 1)}" '
        f'height="{HEIGHT - TOP - FOOT}" fill="{palette.mark}" fill-opacity="{SHADE_OPACITY}"/>'
        for hours in runs(answer.during)
    ]


def _grid(answer: Answer, scale: _Scale, palette: Palette) -> list[str]:
    step = round_step(scale.most)
    drawn = []
    for each in range(int(scale.most // step) + 1):
        y = scale.down(each * step)
        drawn.append(
            f'<path d="M{scale.left} {y}H{WIDTH - RIGHT}" stroke="{palette.border}" '
            f'stroke-width="{1 if each == 0 else 0.5}"/>'
            f'<text x="{scale.left - BESIDE + 1}" y="{y + 3.5}" text-anchor="end">{exactly(each * step)}</text>'
        )
    days = [hour for hour, moment in enumerate(answer.moments) if moment.hour == 0]
    # Many days leave no room for the words of each.
    every = math.ceil(len(days) / 7)
    foot = HEIGHT - FOOT
    for place, (hour, following) in enumerate(pairwise([*days, days[-1] + HOURS])):
        left = scale.across(hour - 0.5)
        drawn.append(f'<path d="M{left} {TOP}V{foot + 4}" stroke="{palette.border}" stroke-width="0.5"/>')
        if place % every == 0:
            moment = answer.moments[hour]
            drawn.append(
                f'<text x="{scale.across((hour + following - 1) / 2)}" y="{foot + 14}" text-anchor="middle">'
                f"{moment:%a} {moment.day} {moment:%b}</text>"
            )
    return drawn


def _line(scale: _Scale, people: Floats, stroke: str) -> list[str]:
    drawn = []
    for hours in runs(np.isfinite(people)):
        # A single hour between gaps would be a line without length.
        ends: Sequence[float] = [hours[0] - 0.3, hours[0] + 0.3] if len(hours) == 1 else hours
        level = [people[hours[0]]] * 2 if len(hours) == 1 else people[hours].tolist()
        drawn.append(f'<polyline points="{scale.points(ends, level)}" fill="none" {stroke} stroke-linejoin="round"/>')
    return drawn


def _key(scale: _Scale, palette: Palette, *, gaps: bool, usual: bool) -> list[str]:
    """What is what, above the drawing."""
    line = '<path d="M{x} 9h16" stroke="{colour}" stroke-width="{width}"{dash}/>'
    box = '<rect x="{x}" y="4" width="16" height="10" fill="{colour}" fill-opacity="{opacity}"/>'
    more = [
        (line, {"colour": palette.line, "width": 1.4, "dash": ' stroke-dasharray="4 2.5"'}, "Usual", 34),
        (box, {"colour": palette.line, "opacity": BAND_OPACITY}, "95 % of usual hours", 100),
    ]
    kinds = [(line, {"colour": palette.mark, "width": 2, "dash": ""}, "People", 38), *(more if usual else [])]
    kinds.append((box, {"colour": palette.mark, "opacity": SHADE_OPACITY}, "Incident", 44))
    at, drawn = scale.left, []
    for sign, of, words, wide in kinds:
        drawn.append(f'{sign.format(x=at, **of)}<text x="{at + 20}" y="12.5">{words}</text>')
        at += 20 + wide + 10
    if gaps:
        drawn.append(f'<text x="{at}" y="12.5">Gap: not known</text>')
    return drawn
