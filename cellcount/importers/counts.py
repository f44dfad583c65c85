"""The people of a source, by zone, day and slot: checked, and laid out for regridding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.regrid import Figures
from cellcount.standard import HOURS_OF_DAY

PERCENT_TOLERANCE = 0.1
"""Percentage points by which the zones of an hour may add to more or less than 100: five decimals, many zones."""

MOST_PEOPLE = 2**32 - 1
"""The largest figure that a release's column of people can hold; a larger one would come round as a small one."""


class TypicalDay(NamedTuple):
    """A kind of day in a period, as a source without dates has it."""

    period: str
    day_type: str


Day = TypicalDay | dt.date
"""What a column of hours belongs to: a kind of day (local hours) or a date (UTC hours)."""


@dataclass(frozen=True)
class Slot:
    """A part of the day for which a source gives one figure: an hour, or several.

    Attributes
    ----------
    id, label : str
        What it is called in files and on screen.
    hours : tuple of int
        The hours that it covers, 0 to 23: local ones of typical days, UTC ones of dates.
    """

    id: str
    label: str
    hours: tuple[int, ...]


HOURS = tuple(
    Slot(f"h{hour:02d}", f"{hour:02d}:00 to {(hour + 1) % HOURS_OF_DAY:02d}:00", (hour,))
    for hour in range(HOURS_OF_DAY)
)
"""A day of 24 hours."""


@dataclass(frozen=True)
class Counts:
    """People by zone, day and slot.

    Attributes
    ----------
    zones : list of str
        Identifiers of all zones, ascending.
    slots : tuple of Slot
        Parts of the day.
    days : mapping of Day to Figures
        People of each zone in each slot.
    """

    zones: list[str]
    slots: tuple[Slot, ...]
    days: Mapping[Day, Figures]

    @property
    def dated(self) -> bool:
        """Whether the days are dates."""
        return isinstance(next(iter(self.days)), dt.date)


LONG = pa.schema(
    [
        ("zone", pa.string()),
        ("day", pa.int32()),
        ("slot", pa.int32()),
        ("people", pa.float64()),
    ]
)
"""One row for each figure: `day` and `slot` are places in lists of their own, `people` is NULL where withheld."""


def counts_from(
    rows: pa.Table, days: Sequence[Day], slots: Sequence[Slot], *, absent_is_withheld: bool = False
) -> Counts:
    """Lay figures out by day, after checking that each is given once and can be a number of people.

    A zone that has some slots of a day and lacks others is taken as withheld in those: a release has no other way to
    say that the zone was covered and the hour is not known. A slot that no zone has on a day was not measured.

    Parameters
    ----------
    rows : pyarrow.Table
        Of the schema `LONG`.
    days : sequence of Day
        What the numbers in `day` mean; those without a row are left out.
    slots : sequence of Slot
        What the numbers in `slot` mean.
    absent_is_withheld : bool
        Whether a zone that the source has somewhere is withheld wherever else it has no row; otherwise it is not
        covered on days on which it has no row at all.

    Returns
    -------
    Counts

    Raises
    ------
    ImportRefusedError
        Where there is no row, a figure is given twice, or one is negative, infinite, not a number or beyond all people.

    Examples
    --------
    >>> rows = pa.table({"zone": ["a", "b"], "day": [0, 0], "slot": [0, 0], "people": [5.0, None]}, schema=LONG)
    >>> day = TypicalDay("2026", "weekday")
    >>> counts_from(rows, [day], HOURS[:1]).days[day].withheld.tolist()
    [[False], [True]]
    """
    if rows.num_rows == 0:
        raise ImportRefusedError("The tables have no rows: there is nothing to import.")
    _refuse_what_is_no_count(rows, days, slots)
    coded = rows.column("zone").combine_chunks().dictionary_encode()
    names = np.array(coded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(names)
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    zone = place[coded.indices.to_numpy()]
    day, slot = rows.column("day").to_numpy(), rows.column("slot").to_numpy()
    people = pc.fill_null(rows.column("people"), np.nan).to_numpy()
    _refuse_twice(names[order], (zone * len(days) + day) * len(slots) + slot, days, slots)
    laid: dict[Day, Figures] = {}
    by_day = np.argsort(day, kind="stable")
    bounds = np.searchsorted(day[by_day], np.arange(len(days) + 1))
    for number, key in enumerate(days):
        here = by_day[bounds[number] : bounds[number + 1]]
        if not len(here):
            continue
        given = np.zeros((len(names), len(slots)), dtype=bool)
        figures = np.full((len(names), len(slots)), np.nan)
        given[zone[here], slot[here]] = True
        figures[zone[here], slot[here]] = people[here]
        covered = given.any(axis=1, keepdims=True) | absent_is_withheld
        laid[key] = Figures(figures, np.isnan(figures) & covered & given.any(axis=0, keepdims=True))
    return Counts(names[order].tolist(), tuple(slots), laid)


def percent_to_people(counts: Counts, total: float) -> Counts:
    """People from percentages of a total.

    Parameters
    ----------
    counts : Counts
        Percent: the zones of each slot add to 100.
    total : float
        People that are 100 percent.

    Returns
    -------
    Counts

    Raises
    ------
    ImportRefusedError
        If a slot does not add to 100 within 0.1, or to at most 100 where zones are withheld.
    """
    if not 0 < total <= MOST_PEOPLE:
        raise ImportRefusedError(f"The total population cannot be {total:g}: give the number of people that is 100 %.")
    for day, figures in counts.days.items():
        sums = np.nansum(figures.people, axis=0)
        short_is_fine = figures.withheld.any(axis=0)
        short = ~short_is_fine & (sums < 100 - PERCENT_TOLERANCE)
        wrong = figures.measured & (short | (sums > 100 + PERCENT_TOLERANCE))
        if wrong.any():
            slot = int(np.argmax(wrong))
            raise ImportRefusedError(
                f"The zones add to {sums[slot]:.4g} % and not to 100 % {name_of(day)}, {counts.slots[slot].label} "
                f"({wrong.sum()} such slots there): rows are missing, or the figures are not percentages of the total. "
                "Get the file again, or import the figures as people."
            )
    scaled = {day: Figures(figures.people * (total / 100), figures.withheld) for day, figures in counts.days.items()}
    return Counts(counts.zones, counts.slots, scaled)


def only_zones(counts: Counts, zones: Sequence[str]) -> Counts:
    """The counts of some zones, in their order; zones without counts are not covered."""
    place = {zone: number for number, zone in enumerate(counts.zones)}
    kept = np.array([place[zone] for zone in zones], dtype=np.int64)
    days = {day: Figures(figures.people[kept], figures.withheld[kept]) for day, figures in counts.days.items()}
    return Counts(list(zones), counts.slots, days)


def name_of(day: Day) -> str:
    """A day in words, to go into a sentence."""
    if isinstance(day, TypicalDay):
        return f"on the day type {day.day_type} of {day.period}"
    return f"on {day} UTC"


def examples(values: Sequence[object], most: int = 3) -> str:
    """The first few values, for a sentence.

    Examples
    --------
    >>> examples(["a", "b", "c", "d", "e"])
    'a, b, c ...'
    """
    return ", ".join(str(value) for value in values[:most]) + (" ..." if len(values) > most else "")


def _refuse_what_is_no_count(rows: pa.Table, days: Sequence[Day], slots: Sequence[Slot]) -> None:
    people = rows.column("people")
    for wrong, told, remedy in (
        (pc.less(people, 0), "negative", "If a negative number marks withheld figures, name it with --withheld."),
        (pc.invert(pc.is_finite(people)), "not a finite number", "Leave a figure empty where it is withheld."),
        (
            pc.greater(people, MOST_PEOPLE),
            f"over {MOST_PEOPLE:,}",
            "No release holds more: see what it counts.",
        ),
    ):
        count = pc.sum(pc.fill_null(wrong, False)).as_py()
        if count:
            first = rows.filter(wrong).slice(0, 1).to_pylist()[0]
            raise ImportRefusedError(
                f"{count:,} figures are {told}, for example {first['people']:g} for zone {first['zone']} "
                f"{name_of(days[first['day']])}, {slots[first['slot']].label}. {remedy}"
            )


def _refuse_twice(
    names: NDArray[np.object_], key: NDArray[np.int64], days: Sequence[Day], slots: Sequence[Slot]
) -> None:
    """Refuse figures of the same zone, day and slot; `key` counts them, the slot fastest."""
    ordered = np.sort(key)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if len(twice):
        first = int(twice[0])
        raise ImportRefusedError(
            f"{len(twice):,} figures are given more than once, for example for zone "
            f"{names[first // (len(slots) * len(days))]} {name_of(days[first // len(slots) % len(days)])}, "
            f"{slots[first % len(slots)].label}. If the rows differ by another column, such as the kind of people, "
            "keep one of its values; if tables overlap, give each once."
        )
