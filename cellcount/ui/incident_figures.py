"""An incident's answer in words and tables: what is told beside the map, in its caption, and in the list of zones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from cellcount.methods import incident, recovery
from cellcount.methods.incident import t_quantile
from cellcount.methods.recovery import Exposure
from cellcount.ui.incident_answer import Answer, Zone
from cellcount.ui.words import count, day, listed, number, percent

CLASSES = ("Fewer than usual", "Not distinguishable from usual", "More than usual")
"""Of cells on the map, false discoveries controlled."""
UNITS = "people"


def signed(value: float, error: float) -> str:
    """A difference with its sign, rounded to the first digit of its standard error.

    Examples
    --------
    >>> signed(-12345.0, 210.0), signed(12.0, 30.0)
    ('−12,300', '+10')
    """
    if not np.isfinite(value):
        return "not known"
    text = number(abs(value), error if error > 0 else None)
    return text if text == "0" else f"{'+' if value > 0 else '−'}{text}"


def limits(low: float, high: float, error: float) -> str:
    """Both limits of a difference.

    Examples
    --------
    >>> limits(-1234.0, 210.0, 300.0)
    '−1,200 to +200'
    """
    return f"{signed(low, error)} to {signed(high, error)}"


def per_cent(value: float, low: float, high: float) -> str:
    """A percentage with its limits; whole numbers.

    Examples
    --------
    >>> per_cent(-72.4, -74.1, -70.2)
    '−72 % (−74 to −70)'
    """
    if not np.isfinite(value):
        return "not known"
    # Where no error is known there are no limits.
    known = [each for each in (value, low, high) if np.isfinite(each)]
    one, *limits_of = (f"{'−' if round(each) < 0 else '+'}{abs(round(each)):,}" for each in known)
    said = f"{one} % ({limits_of[0]} to {limits_of[1]})" if len(limits_of) == 2 else f"{one} %"
    return said.replace("+0", "0")


def hour_words(at: datetime) -> str:
    """An hour, in words.

    Examples
    --------
    >>> hour_words(datetime(2026, 11, 4, 13))
    'Wed 4 Nov, 13:00 to 14:00'
    """
    return f"{at:%a} {at.day} {at:%b}, {at:%H}:00 to {(at + timedelta(hours=1)):%H}:00"


def when(answer: Answer) -> str:
    """The incident's time, in words."""
    start, end = answer.asked.start, answer.asked.end
    if (end - timedelta(hours=1)).date() == start.date():
        return f"{day(start.date())}, {start:%H:%M} to {end:%H:%M}"
    return f"{day(start.date())}, {start:%H:%M}, to {day(end.date())}, {end:%H:%M}"


def furthest(answer: Answer, zone: Zone) -> int:
    """The hour of the incident that is furthest from usual, by its place among the hours shown."""
    hours = np.flatnonzero(answer.during)
    return recovery.peak_of_departure(zone.difference.z, int(hours[0]), int(hours[-1]))


@dataclass(frozen=True, slots=True)
class Told:
    """One zone in one hour, in words.

    Attributes
    ----------
    people, usual, excess, change : str
        The figure; the usual level; the difference; in per cent.
    between : str
        Intervals, in a sentence.
    unusual : str
        How unusual it is.
    """

    people: str
    usual: str
    excess: str
    change: str
    between: str
    unusual: str


def told(zone: Zone, hour: int) -> Told:
    """One zone in one hour, in words."""
    found = zone.difference
    x, m, e, error = (float(each[hour]) for each in (found.people, found.usual, found.excess, found.error))
    doubt = float(zone.people_error[hour])
    if not np.isfinite(e):
        now = number(x, doubt) if np.isfinite(x) else "not known"
        return Told(now, "not known", "not known", "not known", _people_between(x, doubt), "not known")
    return Told(
        people=number(x, error),
        usual=number(m, error),
        excess=signed(e, error),
        change=per_cent(float(found.percent[hour]), float(found.percent_low[hour]), float(found.percent_high[hour])),
        between=(
            f"{_people_between(x, doubt)} Of the difference "
            f"{limits(float(found.low[hour]), float(found.high[hour]), error)}."
            if np.isfinite(error)
            else ""
        ),
        unusual=incident.words_for(float(found.z[hour])),
    )


def _people_between(people: float, error: float) -> str:
    if not (np.isfinite(people) and np.isfinite(error)):
        return ""
    reach = t_quantile() * error
    return f"95 % interval of the people {number(max(people - reach, 0.0), error)} to {number(people + reach, error)}."


def headline(answer: Answer, zone: Zone) -> str:
    """What happened in a zone, in a sentence or two, without a name in it."""
    if not answer.has_baseline:
        return "There are too few comparable days to tell what is usual here: only how many people there were is told."
    hour = furthest(answer, zone)
    found = told(zone, hour)
    if found.unusual == "not known":
        return "The hours of the incident are withheld or not covered here."
    if found.unusual.startswith("no more"):
        return (
            f"At no hour of {when(answer)} did the number of people differ from usual by more than its usual variation."
        )
    at = hour_words(answer.moments[hour])
    sentence = (
        f"Furthest from usual at {at}: {found.people} people where {found.usual} are usual, {found.excess} or "
        f"{found.change.split(' (')[0]}, {found.unusual}."
    )
    return f"{sentence} {recovered(answer, zone)}"


def recovered(answer: Answer, zone: Zone) -> str:
    """When a zone was as usual again, in a sentence."""
    found = zone.recovery
    if found.ending == recovery.NO_DEPARTURE:
        return "It was within usual variation throughout."
    if found.hour is None:
        return f"It was not as usual again by the last hour looked at, {count(found.hours or 0, 'hour')} after the end."
    if not found.hours:
        return "It was as usual again as soon as the incident had ended."
    at = hour_words(answer.moments[found.hour])
    return f"It was as usual again {count(found.hours, 'hour')} after the end, from {at}."


def exposed(found: Exposure) -> str:
    """People by day or by night, with the interval of the mean.

    Examples
    --------
    >>> exposed(Exposure(mean=12340.0, error=200.0, peak=15000.0, peak_error=300.0, hours=90))
    '12,300 (11,900 to 12,800), at most 15,000'
    """
    if not found.hours:
        return "not known"
    if not np.isfinite(found.error):
        return f"{number(found.mean)}, at most {number(found.peak)}"
    reach = t_quantile() * found.error
    low, high = number(max(found.mean - reach, 0.0), found.error), number(found.mean + reach, found.error)
    return f"{number(found.mean, found.error)} ({low} to {high}), at most {number(found.peak, found.peak_error)}"


def zone_table(answer: Answer, hour: int | None = None) -> pd.DataFrame:
    """The zones: a row each, at an hour, or at the hour of each that is furthest from usual."""
    rows = []
    for zone in answer.zones:
        at = furthest(answer, zone) if hour is None else hour
        found = told(zone, at)
        rows.append(
            {
                "Zone": zone.name,
                "km²": number(zone.km2),
                "Hour": hour_words(answer.moments[at]),
                "People": found.people,
                "Usual": found.usual,
                "Difference": found.excess,
                "Change (95 %)": found.change,
                "How unusual": found.unusual,
                "People-hours too many": signed(zone.total.person_hours, zone.total.error),
                "Usual by day": exposed(zone.day),
                "Usual by night": exposed(zone.night),
            }
        )
    return pd.DataFrame(rows)


def compared_with(answer: Answer) -> str:
    """The days that the incident's first date is compared with, and those left out with the reason."""
    # An incident may have begun before the first date of the release.
    first = next(each for each in answer.baseline if each.day >= answer.asked.start.date())
    dates = listed([_short(each) for each in first.days]) or "no days"
    left = [f"{_short(each.day)} ({each.reason})" for each in first.left_out]
    out = f" Left out: {listed(left)}." if left else ""
    return f"Compared with {dates}.{out}"


def _short(on: date) -> str:
    return f"{on:%a} {on.day} {on:%b}"


def caption(answer: Answer, hour: int, zone: str, rule: str) -> str:
    """What the map shows at an hour, and what it does not."""
    column = answer.classes[:, hour]
    fewer, more = int((column == incident.DEFICIT).sum()), int((column == incident.EXCESS).sum())
    hidden = int((column == incident.UNKNOWN).sum())
    said = [
        f"People against usual, {hour_words(answer.moments[hour])}, local time ({zone}), H3 cells of resolution "
        f"{answer.place.resolution}.",
        f"More people than usual in {count(more, 'cell')} and fewer in {fewer:,}, at a false-discovery rate of "
        f"{percent(answer.rate)}.",
        compared_with(answer),
        answer.place.said(),
    ]
    if hidden:
        said.append(f"{count(hidden, 'cell')} hatched: withheld now or on usual days. {rule}")
    return " ".join(said)


def alternative(answer: Answer) -> str:
    """What the map is, for those who do not see it."""
    zones = listed([zone.name for zone in answer.zones[:6]])
    return f"Map of cells with more or fewer people than usual in and around {zones}, {when(answer)}."
