"""What kind of day a date is, by the calendar of each nation of the United Kingdom."""

from __future__ import annotations

import datetime as dt
from functools import cache

import holidays

WEEKDAY, SATURDAY, SUNDAY, BANK_HOLIDAY = "weekday", "saturday", "sunday", "bank_holiday"
DAY_TYPES = {WEEKDAY: "Weekday", SATURDAY: "Saturday", SUNDAY: "Sunday", BANK_HOLIDAY: "Bank holiday"}
"""Day types and their labels."""
CALENDARS = {"E": "ENG", "W": "WLS", "S": "SCT", "N": "NIR"}
"""Calendar of a nation, as the package `holidays` names it, by the first letter of the codes of its areas."""
NATIONS = {"E": "England", "W": "Wales", "S": "Scotland", "N": "Northern Ireland"}
WHOLE = "E"
"""Whose calendar stands for the country as a whole: one figure needs one, and most people live by this one."""
_SATURDAY = 5


def nation_of(area_code: str | None) -> str:
    """The nation of an area, by its code.

    Parameters
    ----------
    area_code : str or None
        A GSS code, such as `S12000036`. That of the whole country, and any other, count as `WHOLE`.

    Returns
    -------
    str
        First letter of the nation's codes: a key of `CALENDARS`.

    Examples
    --------
    >>> [nation_of(code) for code in ("E08000035", "S12000036", "N92000002", "K02000001", None)]
    ['E', 'S', 'N', 'E', 'E']
    """
    first = (area_code or "")[:1]
    return first if first in CALENDARS else WHOLE


@cache
def _bank_holidays(nation: str, year: int) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays("GB", subdiv=CALENDARS[nation], years=year))


def day_type(day: dt.date, nation: str = WHOLE) -> str:
    """Type of a local day in a nation.

    Parameters
    ----------
    day : date
        Local day.
    nation : str
        A key of `CALENDARS`; empty where no calendar is known, and no day is a bank holiday.

    Returns
    -------
    str
        One of `DAY_TYPES`. A bank holiday is one even where it falls on a Saturday or a Sunday.

    References
    ----------
    https://www.gov.uk/bank-holidays, by way of the package `holidays`.

    Examples
    --------
    Christmas Day is a bank holiday everywhere, and Saint Andrew's Day, 30 November, in Scotland alone.

    >>> [day_type(dt.date(2026, 12, day)) for day in (23, 25, 26, 27)]
    ['weekday', 'bank_holiday', 'bank_holiday', 'sunday']
    >>> [day_type(dt.date(2026, 11, 30), nation) for nation in "EWSN"]
    ['weekday', 'weekday', 'bank_holiday', 'weekday']
    """
    if nation and day in _bank_holidays(nation, day.year):
        return BANK_HOLIDAY
    weekday = day.weekday()
    return WEEKDAY if weekday < _SATURDAY else SATURDAY if weekday == _SATURDAY else SUNDAY
