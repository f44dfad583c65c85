"""What a pinned view states: its headline, its figure, and how precise that is. No Streamlit here.

A figure is worked out from inputs that are plain JSON, so that another release can be asked the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qs

from cellcount.errors import CellCountError
from cellcount.methods import precision
from cellcount.record.items import Figure
from cellcount.ui.reading import Release
from cellcount.ui.times import Slot
from cellcount.ui.view import Area, Day
from cellcount.ui.windows import Window
from cellcount.ui.words import day as written_day
from cellcount.ui.words import interval, lowered, number, percent, signed, sure

Inputs = Mapping[str, Any]
NO_INTERVAL = "No interval: the release gives none for this figure."
WIDE = "rather too wide"
RESERVED = frozenset({"embed", "embed_options"})
"""Keys of an address that Streamlit keeps for itself, in any letters: a link that sets one is refused."""
SHARE = "%"
"""Unit of a share, 0 to 100."""
_WITH_ARTICLE = frozenset(
    {
        "United Kingdom",
        "East Midlands",
        "East of England",
        "North East",
        "North West",
        "South East",
        "South West",
        "West Midlands",
    }
)


class NotTheSameError(CellCountError):
    """A release cannot be asked what another one was; the message says why."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a view states.

    Attributes
    ----------
    headline : str
        The finding, in a sentence of plain English.
    figure : Figure or None
        The figure in it; None where the view is about no single one.
    precision : str
        How precise that is, in a sentence.
    """

    headline: str
    figure: Figure | None
    precision: str


def query_of(link: str) -> dict[str, list[str]]:
    """What the link of a pin asks a page for, values by key, without the keys that a link of the app cannot set.

    Parameters
    ----------
    link : str
        The query of an address. It may have been read from a file that somebody else made.

    Examples
    --------
    >>> query_of("release=wood&hour=08%3A00&Embed=true&embed_options=dark_theme")
    {'release': ['wood'], 'hour': ['08:00']}
    """
    return {key: values for key, values in parse_qs(link).items() if key.lower() not in RESERVED}


def area_of(release: Release, inputs: Inputs) -> Area:
    """The area of some inputs.

    Raises
    ------
    NotTheSameError
        Where the release has no such area.
    """
    code = inputs["area"]
    found = next((area for area in release.areas.values() if area.code == code), None)
    if found is None:
        raise NotTheSameError(f"This release has no area {code}.")
    return found


def place(name: str) -> str:
    """The name of an area as it stands in a sentence.

    Examples
    --------
    >>> place("United Kingdom"), place("Leeds")
    ('the United Kingdom', 'Leeds')
    """
    return f"the {name}" if name in _WITH_ARTICLE else name


def inputs_of_day(day: Day) -> dict[str, Any]:
    """A day as plain values.

    Examples
    --------
    >>> inputs_of_day(Day("a usual weekday, 2026", (), period="2026", day_type="weekday"))
    {'period': '2026', 'day_type': 'weekday'}
    >>> inputs_of_day(Day("the week from Monday 5 October 2026", (), on=date(2026, 10, 5), week=True))
    {'week': '2026-10-05'}
    """
    if day.window is not None:
        window = day.window
        return {
            "window": {
                "hours": sorted(window.hours),
                "day_types": sorted(window.day_types),
                "first": window.first.isoformat(),
                "last": window.last.isoformat(),
                "statistic": window.statistic,
            }
        }
    if day.on is not None:
        return {"week" if day.week else "date": day.on.isoformat()}
    return {"period": day.period, "day_type": day.day_type}


def day_of(release: Release, inputs: Inputs) -> Day:
    """The day of some inputs, as `inputs_of_day` wrote it.

    Raises
    ------
    NotTheSameError
        Where the release has no such day.
    """
    days = release.days
    if "window" in inputs:
        asked = inputs["window"]
        window = Window(
            frozenset(asked["hours"]),
            frozenset(asked["day_types"]),
            date.fromisoformat(asked["first"]),
            date.fromisoformat(asked["last"]),
            asked["statistic"],
        )
        missing = [each for each in (window.first, window.last) if each not in days.dates]
        if missing:
            raise NotTheSameError(f"This release has no {written_day(missing[0])}, where the window of hours lies.")
        return days.over(window)
    if "week" in inputs or "date" in inputs:
        on = date.fromisoformat(inputs.get("week") or inputs["date"])
        if on not in days.dates:
            raise NotTheSameError(f"This release has no {written_day(on)}.")
        return days.week(on) if "week" in inputs else days.dated(on)
    if inputs["period"] not in days.periods or inputs["day_type"] not in days.day_types:
        raise NotTheSameError("This release has no typical days of that kind and period.")
    return days.typical(inputs["period"], inputs["day_type"])


def place_of_slot(day: Day, label: str | None) -> int:
    """Where a step stands among those of a day; the only one, of a window.

    Raises
    ------
    NotTheSameError
        Where the day has no such step.
    """
    if day.window is not None:
        return 0
    labels = [slot.label for slot in day.slots]
    if label not in labels:
        raise NotTheSameError(f"This release has no hour {label} of {day.words}.")
    return labels.index(label)


def opening(day: Day, slot: Slot) -> str:
    """When it was, as a sentence begins.

    Examples
    --------
    >>> hour = Slot("13:00", "13:00 to 14:00", (13,), 12)
    >>> opening(Day("Wednesday 7 October 2026", (hour,), on=date(2026, 10, 7)), hour)
    'At 13:00 on Wednesday 7 October 2026'
    >>> opening(Day("a usual weekday, 2021", ()), Slot("Late night", "Late night, 01:00 to 05:00", (1, 2, 3, 4), 1))
    'On a usual weekday, 2021, late night, 01:00 to 05:00'
    >>> late = Slot("Wed 13:00", "Wednesday 13:00 to 14:00", (13,), 12)
    >>> opening(Day("the week from Monday 5 October 2026", (late,), on=date(2026, 10, 5), week=True), late)
    'At 13:00 on Wednesday, in the week from Monday 5 October 2026'
    >>> window = Window(frozenset([7, 8]), frozenset(["weekday"]), date(2026, 10, 5), date(2026, 10, 9), "mean")
    >>> opening(Day(window.days, (), window=window), hour)
    'On average over 07:00 to 09:00 on weekdays, 5 October to 9 October 2026'
    """
    if day.window is not None:
        statistic = "On average over" if day.window.statistic == "mean" else "In the fullest hour of"
        return f"{statistic} {day.window.times} on {day.window.days}"
    if day.week:
        return f"At {slot.label.partition(' ')[2]} on {slot.words.partition(' ')[0]}, in {day.words}"
    if len(slot.hours) > 1:
        return f"On {day.words}, {lowered(slot.words)}"
    return f"At {slot.label} on {day.words}"


def bracket(value: float | None, error: float | None) -> str:
    """The interval of a figure in brackets, with a space before them; nothing where it is not known.

    Examples
    --------
    >>> bracket(12_345, 230), bracket(12_345, None)
    (' (95 % interval 11,900 to 12,800)', '')
    """
    between = interval(value, error)
    return f" (95 % interval {between})" if between else ""


def certain(value: float | None, error: float | None, *, wide: bool = False) -> str:
    """How precise an amount is, in a sentence.

    Examples
    --------
    >>> certain(12_345, 230), certain(12_345, 230, wide=True)
    ('95 % interval 11,900 to 12,800, precise.', '95 % interval 11,900 to 12,800, precise; rather too wide.')
    >>> certain(12_345, None)
    'No interval: the release gives none for this figure.'
    """
    between = sure(value, error)
    return f"95 % interval {between}{f'; {WIDE}' if wide else ''}." if between else NO_INTERVAL


def known(value: float | None) -> float | None:
    """A figure, None where it is not known.

    Examples
    --------
    >>> known(2), known(float("nan")), known(None)
    (2.0, None, None)
    """
    return None if value is None or not math.isfinite(value) else float(value)


def amount(
    kind: str, inputs: Inputs, value: float | None, error: float | None, *, unit: str, label: str, by: float = 1.0
) -> Figure:
    """A figure that is not negative, with its 95 % interval.

    Parameters
    ----------
    kind, inputs : str and mapping
        What it is, and from what it is worked out.
    value, error : float or None
        The figure and its standard error; None or NaN where not known.
    unit, label : str
        Of the figure, and what it is in words.
    by : float
        What all are multiplied by: 100 turns a share into per cent.

    Examples
    --------
    >>> found = amount("density", {}, 1000.0, 50.0, unit="people", label="People present")
    >>> found.value, round(found.low), round(found.high)
    (1000.0, 902, 1098)
    """
    figure, doubt, low, high = known(value), known(error), None, None
    if figure is not None and doubt is not None:
        low, high = (by * float(limit) for limit in precision.interval(figure, doubt))
    return Figure(kind, inputs, None if figure is None else by * figure, low, high, unit, label)


def difference(kind: str, inputs: Inputs, value: float | None, error: float | None, *, unit: str, label: str) -> Figure:
    """A figure that may be negative, with its 95 % interval: see `amount`."""
    low = high = None
    if value is not None and error is not None and math.isfinite(value) and math.isfinite(error):
        low, high = value - precision.Z_95 * error, value + precision.Z_95 * error
    return Figure(kind, inputs, known(value), low, high, unit, label)


def error_of(figure: Figure) -> float | None:
    """The standard error behind a figure's interval; None where it has none.

    Examples
    --------
    >>> error_of(amount("density", {}, 1000.0, 50.0, unit="people", label="People present"))
    50.0
    """
    if figure.value is None or figure.high is None:
        return None
    return round((figure.high - figure.value) / precision.Z_95, 9)


def written(figure: Figure) -> str:
    """A figure with its unit, rounded to what its precision supports.

    Examples
    --------
    >>> written(Figure("coverage", {}, 41.234, None, None, "%", "People observed"))
    '41.2 %'
    >>> written(difference("density", {}, -1234.0, 70.0, unit="people", label="Difference"))
    '−1,230 people'
    """
    if figure.value is None:
        return "withheld or not known"
    if figure.unit == SHARE:
        return percent(figure.value / 100)
    size = number(abs(figure.value), error_of(figure))
    return f"{'−' if figure.value < 0 and size != '0' else ''}{size} {figure.unit}".rstrip()


def changed(then: Figure, now: Figure) -> str:
    """What has become of a figure, in a sentence.

    Parameters
    ----------
    then, now : Figure
        As it was pinned, and as another release has it.

    Examples
    --------
    >>> then = amount("density", {}, 9_000_000.0, 50_000.0, unit="people", label="People present")
    >>> changed(then, amount("density", {}, 9_200_000.0, 50_000.0, unit="people", label="People present"))
    'Now 9.20 million people, +200,000 (+2.2 %): beyond the interval of the pinned figure.'
    >>> changed(then, amount("density", {}, 9_020_000.0, 50_000.0, unit="people", label="People present"))
    'Now 9.02 million people, +20,000 (+0.2 %): within the interval of the pinned figure.'
    >>> changed(then, then)
    'Unchanged: 9.00 million people.'
    >>> changed(then, amount("density", {}, None, None, unit="people", label="People present"))
    'It was 9.00 million people, and is withheld or not known now.'
    """
    if (then.unit, then.label) != (now.unit, now.label):
        return f"It is told as another figure now: {lowered(now.label)}, {written(now)}; then {written(then)}."
    if then.value is None and now.value is None:
        return "It was withheld or not known then, and is now."
    if now.value is None:
        return f"It was {written(then)}, and is withheld or not known now."
    if then.value is None:
        return f"It was withheld or not known then; now {written(now)}."
    if then.value == now.value:
        return f"Unchanged: {written(now)}."
    return f"Now {written(now)}, {_by_how_much(then, now)}: {_beyond(then, now)}."


def _by_how_much(then: Figure, now: Figure) -> str:
    assert then.value is not None
    assert now.value is not None
    gap = now.value - then.value
    if now.unit == SHARE:
        size = f"{abs(gap):.1f}"
        if size == "0.0":
            return "no different to one decimal"
        return f"{'+' if gap > 0 else '−'}{size} percentage points"
    said = signed(gap, error_of(now) or error_of(then))
    if said == "0":
        return "no different to the digits that its precision supports"
    if then.value <= 0:
        return said
    share = f"{100 * gap / then.value:+.1f}".replace("-", "−")
    return f"{said} (less than 0.1 %)" if share in ("+0.0", "−0.0") else f"{said} ({share} %)"


def _beyond(then: Figure, now: Figure) -> str:
    assert now.value is not None
    if then.low is None or then.high is None:
        return "it was pinned without an interval, so whether that is more than chance is not known"
    inside = then.low <= now.value <= then.high
    return f"{'within' if inside else 'beyond'} the interval of the pinned figure"
