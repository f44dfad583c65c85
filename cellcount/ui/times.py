"""Local time on screen: the hours of a day, or the parts of a day, that a release can show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MORNING = 8
"""The hour that is shown first."""
MIDDAY = 13
"""The hour that stands for the day, when most people are where they spend it."""
NIGHT = 4
"""The hour that stands for the night, when nearly everybody is at home."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One step of a day: an hour, or a longer part of the day where the source has no hours.

    Attributes
    ----------
    label : str
        What the control says, and the URL: `08:00`, or `01:00 BST` where the clock shows 01:00 twice.
    words : str
        The time from and to, for captions.
    hours : tuple of int
        Local hours that the slot covers.
    column : int
        Hour column of the table that holds it: the UTC hour of a dated day, the local hour of a typical one.
    on : date or None
        The UTC day that holds it; None on a typical day.
    """

    label: str
    words: str
    hours: tuple[int, ...]
    column: int
    on: date | None = None


def hours_of(day: date, zone: str, covered: Collection[date]) -> tuple[Slot, ...]:
    """The hours of a local day that a release covers: 24, or 23 or 25 when clocks change.

    Parameters
    ----------
    day : date
        Local date.
    zone : str
        IANA time zone.
    covered : collection of date
        UTC days that the release has.

    Returns
    -------
    tuple of Slot
        In the order of time. Hours that lie in a UTC day that is not covered are left out.

    Examples
    --------
    >>> autumn = date(2026, 10, 25)
    >>> slots = hours_of(autumn, "Europe/London", {date(2026, 10, 24), autumn})
    >>> len(slots), [slot.label for slot in slots[:4]]
    (25, ['00:00', '01:00 BST', '01:00 GMT', '02:00'])
    >>> slots[0].on, slots[0].column
    (datetime.date(2026, 10, 24), 23)
    """
    here = ZoneInfo(zone)
    start = datetime(day.year, day.month, day.day, tzinfo=here).astimezone(UTC)
    # A bucket begins on the UTC hour: where the zone is off by half an hour, the local day begins inside one.
    start -= timedelta(minutes=start.minute)
    moments = [start + timedelta(hours=step) for step in range(26)]
    local = [moment.astimezone(here) for moment in moments]
    kept = [(utc, at) for utc, at in zip(moments, local, strict=True) if at.date() == day and utc.date() in covered]
    clock = [f"{at:%H:%M}" for _, at in kept]
    return tuple(
        Slot(
            label=f"{shown} {at:%Z}" if clock.count(shown) > 1 else shown,
            words=f"{shown} to {(utc + timedelta(hours=1)).astimezone(here):%H:%M}"
            + (f" ({at:%Z})" if clock.count(shown) > 1 else ""),
            hours=(at.hour,),
            column=utc.hour,
            on=utc.date(),
        )
        for (utc, at), shown in zip(kept, clock, strict=True)
    )


@lru_cache(maxsize=16)
def local_days(covered: frozenset[date], zone: str) -> tuple[date, ...]:
    """The local days of which a release covers at least half the hours, in order.

    Examples
    --------
    >>> local_days(frozenset([date(2026, 10, 5), date(2026, 10, 6)]), "Europe/London")
    (datetime.date(2026, 10, 5), datetime.date(2026, 10, 6))
    """
    days = {each + timedelta(days=step) for each in covered for step in (-1, 0, 1)}
    return tuple(sorted(each for each in days if len(hours_of(each, zone, covered)) >= 12))


def nearest(hours: tuple[Slot, ...], hour: int) -> Slot | None:
    """The slot that covers a local hour, or the nearest; None where there is none.

    Examples
    --------
    >>> day = (Slot("Day", "11:00 to 15:00", (11, 12, 13, 14), 11), Slot("Night", "01:00 to 05:00", (1, 2, 3, 4), 1))
    >>> nearest(day, 8).label, nearest(day, 4).label, nearest((), 8) is None
    ('Day', 'Night', True)
    """
    return min(hours, key=lambda slot: min(abs(each - hour) for each in slot.hours), default=None)
