"""Which days an incident is compared with: the same weekday, near it, and nothing else known against them.

Dates are local. A date of the window that is shown has its own comparable days: an evening that runs over midnight is
compared with evenings that do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cellcount.methods.day_types import BANK_HOLIDAY, NATIONS, day_type

LEAST_DAYS = 4
"""Comparable days from which on a usual level is called well founded (methods, section 6)."""
LEAST_FOR_ANY = 2
"""Comparable days without which there is no usual level at all: one day cannot be told from its own chance."""

Side = Literal["before", "either"]
SIDES: dict[Side, str] = {"before": "Weeks before", "either": "Weeks on either side, in retrospect"}
"""Where comparable days are taken from, and the label of each choice."""

ENOUGH, FEW, NONE = "enough", "few", "none"
"""How a date stands: with at least `LEAST_DAYS` days, with fewer, with fewer than `LEAST_FOR_ANY`."""


class NoTimeError(ValueError):
    """An incident that ends before it starts."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A day that would have been comparable, and why it is not taken.

    Attributes
    ----------
    day : date
        The day.
    reason : str
        Why, in words that follow the date.
    """

    day: dt.date
    reason: str


@dataclass(frozen=True, slots=True)
class Comparable:
    """What one date of the window is compared with.

    Attributes
    ----------
    day : date
        The date.
    days : tuple of date
        Comparable days, ascending.
    left_out : tuple of LeftOut
        Days of the same kind that are not taken, ascending.
    standing : str
        `ENOUGH`, `FEW` or `NONE`.
    sentence : str
        What must be said of it; empty where nothing must.
    """

    day: dt.date
    days: tuple[dt.date, ...]
    left_out: tuple[LeftOut, ...]
    standing: str
    sentence: str


def dates_of(start: dt.datetime, end: dt.datetime) -> tuple[dt.date, ...]:
    """The local dates that an incident touches; an end at midnight does not touch the day that begins.

    Parameters
    ----------
    start, end : datetime
        Local times.

    Returns
    -------
    tuple of date
        Ascending.

    Raises
    ------
    NoTimeError
        If the end is not after the start.

    Examples
    --------
    >>> [day.day for day in dates_of(dt.datetime(2026, 11, 4, 22), dt.datetime(2026, 11, 6, 0))]
    [4, 5]
    """
    if end <= start:
        raise NoTimeError(f"The incident ends at {end}, not after its start, {start}. Give a later end.")
    last = (end - dt.timedelta(microseconds=1)).date()
    return tuple(start.date() + dt.timedelta(days=each) for each in range((last - start.date()).days + 1))


def comparable_days(
    shown: Sequence[dt.date],
    start: dt.datetime,
    end: dt.datetime,
    covered: Collection[dt.date],
    nation: str,
    *,
    weeks: int = LEAST_DAYS,
    side: Side = "before",
    outages: Collection[dt.date] = (),
    incidents: Mapping[dt.date, str] | None = None,
) -> tuple[Comparable, ...]:
    """The days with which each date of a window is compared, and those left out with the reason.

    Of the covered days of the same weekday the nearest are taken, so many as are wanted; where one is left out, the
    next one further away comes in. A date that is a bank holiday itself is compared with other bank holidays.

    Parameters
    ----------
    shown : sequence of date
        Local dates of the window that is shown.
    start, end : datetime
        Local start and end of the incident.
    covered : collection of date
        Local dates that the release covers whole.
    nation : str
        Whose bank holidays count: a key of `day_types.CALENDARS`; empty where no calendar is known.
    weeks : int
        Comparable days wanted, 1 or more.
    side : {'before', 'either'}
        Only days before the date, as on the day itself; or on either side of it, in retrospect.
    outages : collection of date
        Dates on which a part of a network was down in the place.
    incidents : mapping of date to str, optional
        Dates of other incidents that the user names, and the name of each.

    Returns
    -------
    tuple of Comparable
        For each date shown.

    Raises
    ------
    NoTimeError
        If the end is not after the start.

    Notes
    -----
    Assumes that nothing else sets the days apart. School holidays and the time of year do, and no calendar of them is
    known here: the total of the country or area around shows them (see `cautions`).

    Examples
    --------
    A Wednesday in November; the second Wednesday before it had an outage.

    >>> covered = [dt.date(2026, 10, 5) + dt.timedelta(days=each) for each in range(35)]
    >>> at = dt.datetime(2026, 11, 4, 13), dt.datetime(2026, 11, 4, 20)
    >>> found, = comparable_days([at[0].date()], *at, covered, "E", outages={dt.date(2026, 10, 21)})
    >>> [day.day for day in found.days], [(out.day.day, out.reason) for out in found.left_out]
    ([7, 14, 28], [(21, 'a part of a network was down here')])
    >>> found.sentence
    '4 November 2026 is compared with 3 days, fewer than 4: its interval is wider.'
    """
    rules = _Rules(
        own=frozenset(dates_of(start, end)),
        covered=frozenset(covered),
        nation=nation,
        outages=frozenset(outages),
        incidents=dict(incidents or {}),
    )
    return tuple(_compared(day, rules, weeks, side) for day in shown)


@dataclass(frozen=True, slots=True)
class _Rules:
    own: frozenset[dt.date]
    covered: frozenset[dt.date]
    nation: str
    outages: frozenset[dt.date]
    incidents: Mapping[dt.date, str]

    def candidates(self, day: dt.date, side: Side) -> list[dt.date]:
        """Days of the same kind between the first and the last covered one, the nearest first, of two the earlier."""
        if not self.covered:
            return []
        first, last = min(self.covered), max(self.covered)
        every = [first + dt.timedelta(days=each) for each in range((last - first).days + 1)]
        if day_type(day, self.nation) == BANK_HOLIDAY:
            alike = [each for each in every if day_type(each, self.nation) == BANK_HOLIDAY]
        else:
            alike = [each for each in every if each.weekday() == day.weekday()]
        return sorted(
            (each for each in alike if each < day or (side == "either" and each != day)),
            key=lambda each: (abs(each - day), each),
        )

    def against(self, candidate: dt.date, day: dt.date) -> str:
        """Why a day is not comparable with another; empty where it is."""
        if candidate in self.own:
            return "a date of the incident itself"
        if self.is_holiday(candidate) and not self.is_holiday(day):
            return f"bank holiday in {NATIONS[self.nation]}"
        if candidate in self.outages:
            return "a part of a network was down here"
        if candidate in self.incidents:
            name = self.incidents[candidate]
            return f"another incident: {name}" if name else "another incident"
        return "" if candidate in self.covered else "not covered by the release"

    def is_holiday(self, day: dt.date) -> bool:
        return day_type(day, self.nation) == BANK_HOLIDAY


def _compared(day: dt.date, rules: _Rules, weeks: int, side: Side) -> Comparable:
    kept: list[dt.date] = []
    left_out: list[LeftOut] = []
    for candidate in rules.candidates(day, side):
        if len(kept) == weeks:
            break
        reason = rules.against(candidate, day)
        if reason:
            left_out.append(LeftOut(candidate, reason))
        else:
            kept.append(candidate)
    standing = ENOUGH if len(kept) >= LEAST_DAYS else FEW if len(kept) >= LEAST_FOR_ANY else NONE
    return Comparable(
        day=day,
        days=tuple(sorted(kept)),
        left_out=tuple(sorted(left_out, key=lambda each: each.day)),
        standing=standing,
        sentence=" ".join(_said(day, len(kept), standing, holiday=rules.is_holiday(day))),
    )


def _said(day: dt.date, days: int, standing: str, *, holiday: bool) -> Iterator[str]:
    on = f"{day.day} {day:%B %Y}"
    if holiday:
        yield f"{on} is a bank holiday and is compared with other bank holidays, whatever the weekday."
    if standing == FEW:
        yield f"{on} is compared with {days} days, fewer than {LEAST_DAYS}: its interval is wider."
    if standing == NONE:
        found = "one comparable day" if days else "no comparable day"
        yield f"There is {found} for {on}: a usual level cannot be given, only who was there."
