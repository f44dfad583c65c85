"""What day it is, hour by hour and nation by nation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from cellcount.demo.parameters import Parameters
from cellcount.standard import HOURS_OF_DAY

TIME_ZONE = ZoneInfo("Europe/London")
WEEKS_WITH_EVENTS = 5
"""The fewest weeks that hold the events and four weeks before them."""

NATIONS = ("England", "Wales", "Scotland", "Northern Ireland")
_SUBDIVISIONS = {"England": "ENG", "Wales": "WLS", "Scotland": "SCT", "Northern Ireland": "NIR"}
NATION_OF_CODE = {"E": "England", "W": "Wales", "S": "Scotland", "N": "Northern Ireland"}
"""The nation of an area, by the first letter of its GSS code."""


@dataclass(frozen=True)
class Hour:
    """An hour of a UTC day as people live it."""

    utc: int
    local_date: dt.date
    local_hour: int


def period(parameters: Parameters, weeks: int) -> list[dt.date]:
    """The UTC days of a demonstration.

    Up to five weeks end with the week of the events; more begin with the first Monday.

    Parameters
    ----------
    parameters : Parameters
        Parameters.
    weeks : int
        1 or more.

    Returns
    -------
    list of date

    Examples
    --------
    >>> from cellcount.demo.parameters import load_parameters
    >>> for weeks in (1, 5, 52):
    ...     days = period(load_parameters(), weeks)
    ...     print(days[0], days[-1])
    2026-11-02 2026-11-08
    2026-10-05 2026-11-08
    2026-10-05 2027-10-03
    """
    first: dt.date = parameters["calendar"]["first_monday"]
    start = first + dt.timedelta(weeks=max(WEEKS_WITH_EVENTS - weeks, 0))
    return [start + dt.timedelta(days=number) for number in range(7 * weeks)]


def hours_of(date: dt.date) -> list[Hour]:
    """The 24 hours of a UTC day in local time.

    Parameters
    ----------
    date : date
        UTC day.

    Returns
    -------
    list of Hour

    Examples
    --------
    The clocks go back at 01:00 UTC on 25 October 2026: the local hour from 01:00 comes twice.

    >>> [hour.local_hour for hour in hours_of(dt.date(2026, 10, 25))][:3]
    [1, 1, 2]
    """
    midnight = dt.datetime.combine(date, dt.time(), dt.UTC)
    local = [(midnight + dt.timedelta(hours=hour)).astimezone(TIME_ZONE) for hour in range(HOURS_OF_DAY)]
    return [Hour(number, each.date(), each.hour) for number, each in enumerate(local)]


def utc(local: dt.datetime) -> dt.datetime:
    """A local time as naive UTC."""
    return local.replace(tzinfo=TIME_ZONE).astimezone(dt.UTC).replace(tzinfo=None)


@cache
def _bank_holidays(nation: str, year: int) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays("GB", subdiv=_SUBDIVISIONS[nation], years=year))


def is_bank_holiday(date: dt.date, nation: str) -> bool:
    """Whether a local day is a bank holiday of a nation.

    Examples
    --------
    >>> is_bank_holiday(dt.date(2026, 11, 30), "Scotland"), is_bank_holiday(dt.date(2026, 11, 30), "England")
    (True, False)
    """
    return date in _bank_holidays(nation, date.year)


def kind_of_day(date: dt.date, nation: str) -> str:
    """`weekday`, `saturday` or `sunday`: how people live the day. A bank holiday is lived as a Sunday."""
    if date.weekday() == 6 or is_bank_holiday(date, nation):
        return "sunday"
    return "saturday" if date.weekday() == 5 else "weekday"


def is_school_holiday(date: dt.date, nation: str, parameters: Parameters) -> bool:
    """Whether a local day lies in a school holiday of a nation, as the parameters have them."""
    text = date.isoformat()
    return any(first <= text <= last for first, last in parameters["calendar"]["school_holidays"][nation])


def months_up_to(last: dt.date, number: int = 12) -> list[str]:
    """The last whole months that end by a date, oldest first.

    Examples
    --------
    >>> months_up_to(dt.date(2026, 11, 8))[::11]
    ['2025-11', '2026-10']
    """
    after = last + dt.timedelta(days=1)
    year_month = after.year * 12 + after.month - 1
    return [f"{each // 12}-{each % 12 + 1:02d}" for each in range(year_month - number, year_month)]


def days_in(month: str) -> int:
    """Days of a month `YYYY-MM`."""
    year, number = map(int, month.split("-"))
    following = dt.date(year + number // 12, number % 12 + 1, 1)
    return (following - dt.date(year, number, 1)).days
