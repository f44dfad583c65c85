"""Local days in UTC hours."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from cellcount.standard import HOURS_OF_DAY

TIME_ZONE = "Europe/London"


def local_days(first: dt.date, last: dt.date, time_zone: str = TIME_ZONE) -> dict[dt.date, int]:
    """Where each local day begins in a run of UTC hours.

    Only days of 24 hours that lie wholly inside the run are given. The two days a year on which clocks change have
    23 or 25 hours and no place in a typical day; the first or last day may lie partly outside.

    Parameters
    ----------
    first, last : date
        First and last UTC day of the run.
    time_zone : str
        A time zone whose offset from UTC is whole hours.

    Returns
    -------
    dict of date to int
        By local day, hours from 00:00 UTC of the first day to the day's local midnight.

    Examples
    --------
    The clocks go back in Britain on Sunday 25 October 2026. Until then a local day begins at 23:00 UTC of the day
    before, so the first one, the 23rd, is not whole:

    >>> days = local_days(dt.date(2026, 10, 23), dt.date(2026, 10, 26))
    >>> {str(day): start for day, start in days.items()}
    {'2026-10-24': 23, '2026-10-26': 72}
    """
    zone = ZoneInfo(time_zone)
    run_start = dt.datetime.combine(first, dt.time(), dt.UTC)
    run_hours = ((last - first).days + 1) * HOURS_OF_DAY

    def start_of(day: dt.date) -> int:
        midnight = dt.datetime.combine(day, dt.time(), zone)
        return int((midnight - run_start).total_seconds() // 3600)

    days = {}
    for number in range(-1, (last - first).days + 2):
        day = first + dt.timedelta(number)
        start, end = start_of(day), start_of(day + dt.timedelta(1))
        if start >= 0 and end <= run_hours and end - start == HOURS_OF_DAY:
            days[day] = start
    return days
