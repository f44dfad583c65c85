"""An incident's answer in words and tables: what is told beside the map, in its caption, and in the list of zones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from cellcount.methods import incident, recovery
from cellcount.methods.cautions import COVERAGE, NETWORK_DIP
from cellcount.methods.incident import t_quantile
from cellcount.methods.recovery import Exposure
from cellcount.ui.incident_answer import Answer, Zone
from cellcount.ui.incident_known import hour_told, is_compared, usual_hours
from cellcount.ui.words import as_written, count, day, listed, number, percent, step_of

CLASSES = ("Fewer than usual", "Not distinguishable from usual", "More than usual")
"""Of cells on the map, false discoveries controlled."""
UNITS = "people"
MOST_NAMED = 3
"""Zones that the headline names at most."""
MUCH_PUT_IN = 0.2
"""From this share of the people on that are put in for withheld cells, near their usual level, a departure could hide
behind them."""
NETWORK = "A network effect is possible: fewer people here are no evidence that people left."
"""Said in the headline where coverage was lost and fewer are seen, for that is what it would be taken for."""
ROUNDED = "rounded one by one"
"""Said where people less usual is not the difference, as it is written."""


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
        until = f"{end:%H:%M}" if end.date() == start.date() else "24:00"
        return f"{day(start.date())}, {start:%H:%M} to {until}"
    return f"{day(start.date())}, {start:%H:%M}, to {day(end.date())}, {end:%H:%M}"


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
        now = people(x, doubt)
        return Told(now, "not known", "not known", "not known", _people_between(x, doubt), "not known")
    return Told(
        people=people(x, error),
        usual=people(m, error),
        excess=signed(e, error),
        change=per_cent(float(found.percent[hour]), float(found.percent_low[hour]), float(found.percent_high[hour])),
        between=(
            f"{_people_between(x, doubt)} Of the difference "
            f"{limits(float(found.low[hour]), float(found.high[hour]), error)}."
            f"{f' Figures are {ROUNDED}.' if _apart(x, m, e, error) else ''}"
            if np.isfinite(error)
            else ""
        ),
        unusual=unusual(zone, hour),
    )


def _apart(people: float, usual: float, excess: float, error: float) -> bool:
    """Whether the figures, as they are written, do not make the difference.

    Examples
    --------
    >>> _apart(228_400.0, 184_800.0, 43_600.0, 1_200.0), _apart(228_000.0, 184_000.0, 44_000.0, 1_200.0)
    (True, False)
    >>> _apart(8_427_000.0, 8_402_000.0, 25_000.0, 1_200.0)
    True
    """
    if not np.isfinite(error):
        return False
    left = as_written(people, error) - as_written(usual, error) - as_written(excess, error)
    return abs(left) > step_of(error) / 2


def unusual(zone: Zone, hour: int) -> str:
    """How unusual an hour of a zone is, in words; what withheld cells may hide is not called usual."""
    hidden = not zone.departs[hour] and _put_in(zone)[hour] >= MUCH_PUT_IN
    return "cannot be told: cells withheld" if hidden else zone.unusual(hour)


def people(value: float, error: float | None = None) -> str:
    """People with the digits that the error supports, and never nobody where there is somebody.

    Examples
    --------
    >>> people(12345.0, 210.0), people(49.0, 260.0), people(0.0, 260.0)
    ('12,300', '50', '0')
    """
    text = number(value, error)
    return number(value, value) if text == "0" and value > 0 else text


def _people_between(value: float, error: float) -> str:
    if not (np.isfinite(value) and np.isfinite(error)):
        return ""
    reach = t_quantile() * error
    return f"95 % interval of the people {number(max(value - reach, 0.0), error)} to {number(value + reach, error)}."


def headline(answer: Answer) -> tuple[str, ...]:
    """What happened, in a few sentences: on the page and on the sheet.

    Of all zones together, and without a name in it. Where these were as usual and a zone was not, that is named: far
    more people in a small zone are lost in a large one around it.

    Parameters
    ----------
    answer : Answer
        The answer.
    """
    zone, hour = answer.zones[0], hour_told(answer)
    found = told(zone, hour)
    at = hour_words(answer.moments[hour])
    if not np.isfinite(zone.difference.people[hour]):
        return ("The hours of the incident are withheld or not covered here.",)
    if not is_compared(answer):
        return (
            f"About {found.people} people were here at the fullest hour of the incident, {at}.",
            "There are too few comparable days to tell what is usual here: only how many people there were is told.",
        )
    said = _against_usual(answer)
    return (*said, NETWORK) if any(_fewer_in_outage(answer, each) for each in answer.zones) else said


def _fewer_in_outage(answer: Answer, zone: Zone) -> bool:
    """Whether a network was down during the incident where a zone has fewer people than usual."""
    down = {each.code for each in zone.cautions} & {COVERAGE, NETWORK_DIP}
    return bool(down) and not zone.difference.excess[_hour_of(answer, zone)] >= 0


def _against_usual(answer: Answer) -> tuple[str, ...]:
    together = answer.zones[0]
    if departs(together):
        return (f"Furthest from usual was {_furthest(answer, together)}", recovered(answer, together))
    apart = sorted((zone for zone in answer.zones[1:] if departs(zone)), key=lambda zone: -_most(answer, zone))
    why = untold(answer, together)
    if apart:
        names = [zone.name for zone in apart[:MOST_NAMED]]
        more = [count(len(apart) - MOST_NAMED, "more zone")] if len(apart) > MOST_NAMED else []
        all_of_them = (
            "Whether all zones together differed from usual cannot be told"
            if why
            else "All zones together did not differ from usual by more than their usual variation"
        )
        return (
            f"{all_of_them}, but {listed([*names, *more])} did.",
            f"Furthest from usual in {names[0]} was {_furthest(answer, apart[0])}",
            recovered(answer, apart[0]),
        )
    if why:
        return (f"Whether the number of people here differed from usual cannot be told: {why}.",)
    hour = hour_told(answer)
    found, at = told(together, hour), hour_words(answer.moments[hour])
    return (
        "In no hour of the incident did the number of people here differ from usual by more than its usual variation. "
        f"Furthest from it was {at}: {found.people} people where {found.usual} are usual, a difference of "
        f"{found.excess} ({_between(together, hour)}).",
    )


def departs(zone: Zone) -> bool:
    """Whether a zone was beyond usual variation in an hour of the incident."""
    return zone.recovery.ending != recovery.NO_DEPARTURE


def untold(answer: Answer, zone: Zone) -> str:
    """Why it cannot be told whether a zone departed from usual; empty where it can.

    Many people are put in for withheld cells in an outage: devices are too few to be counted, and the usual level
    stands in their place.

    Parameters
    ----------
    answer : Answer
        The answer.
    zone : Zone
        One of its zones.
    """
    if departs(zone):
        return ""
    put_in = float(_put_in(zone)[answer.during].max())
    if put_in >= MUCH_PUT_IN:
        return (
            f"up to {100 * put_in:.0f} % of the people in an hour of the incident are put in for cells that are "
            "withheld, at their usual level or near it"
        )
    if zone.found.at_edge[answer.during].any():
        return (
            "what differs lies in cells that the edge of the place cuts, or beside it, and may be on either side; a "
            "larger place tells it"
        )
    return ""


def _put_in(zone: Zone) -> np.ndarray:
    """Share of the people that are put in for withheld cells, by hour."""
    there = zone.difference.people
    return np.divide(zone.found.withheld_people, there, out=np.zeros(len(there)), where=there > 0)


def _hour_of(answer: Answer, zone: Zone) -> int:
    """The hour of the incident in which a zone is furthest from usual."""
    hours = np.flatnonzero(answer.during)
    return recovery.peak_of_departure(zone.difference.z, int(hours[0]), int(hours[-1]))


def _most(answer: Answer, zone: Zone) -> float:
    return abs(float(zone.difference.z[_hour_of(answer, zone)]))


def _furthest(answer: Answer, zone: Zone) -> str:
    """The hour in which a zone is furthest from usual, and how far."""
    hour = _hour_of(answer, zone)
    found = told(zone, hour)
    error, excess = float(zone.difference.error[hour]), float(zone.difference.excess[hour])
    return (
        f"{hour_words(answer.moments[hour])}: about {found.people} people were here where {found.usual} are usual, "
        f"{number(abs(excess), error)} {'more' if excess > 0 else 'fewer'} ({_between(zone, hour)}), or "
        f"{found.change.split(' (')[0]}: {found.unusual}."
    )


def _between(zone: Zone, hour: int) -> str:
    found = zone.difference
    x, m, e, error = (float(each[hour]) for each in (found.people, found.usual, found.excess, found.error))
    note = f"{ROUNDED}; " if _apart(x, m, e, error) else ""
    return f"{note}95 % interval {limits(float(found.low[hour]), float(found.high[hour]), error)}"


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
    '12,300 (11,900 to 12,800), fullest hour about 15,000'
    """
    if not found.hours:
        return "not known"
    if not np.isfinite(found.error):
        return f"{number(found.mean)}, fullest hour about {number(found.peak)}"
    reach = t_quantile() * found.error
    low, high = number(max(found.mean - reach, 0.0), found.error), number(found.mean + reach, found.error)
    fullest = number(found.peak, found.peak_error)
    return f"{number(found.mean, found.error)} ({low} to {high}), fullest hour about {fullest}"


def zone_table(answer: Answer, hour: int) -> pd.DataFrame:
    """The zones at an hour, a row each."""
    rows = []
    for zone in answer.zones:
        found = told(zone, hour)
        rows.append(
            {
                "Zone": zone.name,
                "km²": number(zone.km2),
                "Hour": hour_words(answer.moments[hour]),
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


def compared_with(answer: Answer, hour: int) -> str:
    """The days that an hour's date is compared with, and those left out with the reason."""
    on = answer.moments[hour].date()
    own = next(each for each in answer.baseline if each.day == on)
    dates = listed([_short(each) for each in own.days]) or "no days"
    left = [f"{_short(each.day)} ({each.reason})" for each in own.left_out]
    out = f" Left out: {listed(left)}." if left else ""
    return f"Compared with {dates}.{out}"


def _short(on: date) -> str:
    return f"{on:%a} {on.day} {on:%b}"


def caption(answer: Answer, hour: int, zone: str, rule: str) -> str:
    """What the map shows at an hour, and what it does not."""
    column = answer.classes[:, hour]
    fewer, more = int((column == incident.DEFICIT).sum()), int((column == incident.EXCESS).sum())
    hidden, compared = int((column == incident.UNKNOWN).sum()), bool(usual_hours(answer)[hour])
    said = [
        f"People against usual, {hour_words(answer.moments[hour])}, local time ({zone}), H3 cells of resolution "
        f"{answer.place.resolution}.",
        f"More people than usual in {count(more, 'cell')} and fewer in {fewer:,}, at a false-discovery rate of "
        f"{percent(answer.rate)}."
        if compared
        else "No cell is held against a usual level, and all are hatched: there are too few comparable days.",
        compared_with(answer, hour),
        answer.place.said(),
    ]
    if hidden and compared:
        said.append(f"{count(hidden, 'cell')} hatched: withheld now or on usual days. {rule}")
    return " ".join(said)


def alternative(answer: Answer) -> str:
    """What the map is, for those who do not see it."""
    zones = listed([zone.name for zone in answer.zones[:6]])
    return f"Map of cells with more or fewer people than usual in and around {zones}, {when(answer)}."
