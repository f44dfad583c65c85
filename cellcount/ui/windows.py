"""Windows of hours over dates: what is asked, in words, and the mean or the peak of cells and areas in them.

A window is a set of local hours on the days of chosen types between two dates. No Streamlit and no SQL here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.methods.day_types import DAY_TYPES, NATIONS, day_type, nation_of
from cellcount.standard import HOURS_OF_DAY
from cellcount.ui.certainty import PART_OF_HOUR, Parameters, errors_of_cells
from cellcount.ui.presence import Floats, hour_block
from cellcount.ui.times import Slot, hours_of
from cellcount.ui.words import count, listed
from cellcount.ui.words import day as written_day

Statistic = Literal["hour", "mean", "peak"]
STATISTICS: dict[Statistic, str] = {"hour": "Hour by hour", "mean": "Mean", "peak": "Peak"}
LEAST_RELEASED = 0.9
"""A mean is given where this share of its hours is released: what is left out then makes it too high by a tenth at
most, for a withheld figure is not below zero."""
RULE: dict[Statistic, str] = {
    "hour": "",
    "mean": f"A mean is withheld where more than {100 * (1 - LEAST_RELEASED):.0f} % of its hours are; where fewer are, "
    "they are left out, and the interval is wider for it.",
    "peak": "The peak is the largest released figure of any one hour; it is withheld where every hour is. A largest of "
    "unsure figures is rather too high.",
}
"""What withheld hours do, said in the caption."""
THREADS = 2
"""Put down the hours of a history: NumPy and Arrow let go of the interpreter meanwhile."""
BRITISH = "Europe/London"
"""The time zone of releases of whose areas the bank holidays are known."""
_KIND_WORDS = {
    "weekday": "weekdays",
    "saturday": "Saturdays",
    "sunday": "Sundays",
    "bank_holiday": "bank holidays",
}
ALL_HOURS = frozenset(range(HOURS_OF_DAY))
ALL_TYPES = frozenset(DAY_TYPES)


@dataclass(frozen=True, slots=True)
class Window:
    """Local hours on the days of chosen types between two dates, and what is wanted of them.

    Attributes
    ----------
    hours : frozenset of int
        Local hours, 0 to 23. Where they run over midnight, such as 20 to 02, the hours after midnight are those of the
        date that follows: an evening ends when it ends.
    day_types : frozenset of str
        Of `DAY_TYPES`, by the calendar of the nation that a cell lies in.
    first, last : date
        First and last local date, both included.
    statistic : {'hour', 'mean', 'peak'}
        The figures hour by hour, their mean over all hours of the window, or the largest of any one of them.
    """

    hours: frozenset[int]
    day_types: frozenset[str]
    first: date
    last: date
    statistic: Statistic = "mean"

    @property
    def after_midnight(self) -> frozenset[int]:
        """Its hours that belong to the evening before: the run from midnight, where there is one up to midnight.

        Examples
        --------
        >>> day = date(2026, 10, 5)
        >>> made = [Window(frozenset(each), ALL_TYPES, day, day) for each in ([0, 1, 2], [20, 21, 22, 23, 0, 1])]
        >>> [sorted(each.after_midnight) for each in made]
        [[], [0, 1]]
        """
        if self.hours == ALL_HOURS or not {0, HOURS_OF_DAY - 1} <= self.hours:
            return frozenset()
        return frozenset(range(next(hour for hour in range(HOURS_OF_DAY) if hour not in self.hours)))

    @property
    def ordered(self) -> tuple[int, ...]:
        """Its hours in the order of time."""
        return (*sorted(self.hours - self.after_midnight), *sorted(self.after_midnight))

    @property
    def times(self) -> str:
        """Its hours in words.

        Examples
        --------
        >>> day = date(2026, 10, 5)
        >>> hours = [22, 23, 0, 1], [7, 8, 17], range(24)
        >>> [Window(frozenset(each), ALL_TYPES, day, day).times for each in hours]
        ['22:00 to 02:00', '07:00 to 09:00 and 17:00 to 18:00', 'the whole day']
        """
        if self.hours == ALL_HOURS:
            return "the whole day"
        runs: list[list[int]] = []
        for hour in self.ordered:
            if runs and hour == (runs[-1][1]) % HOURS_OF_DAY:
                runs[-1][1] = hour + 1
            else:
                runs.append([hour, hour + 1])
        return listed([f"{first:02d}:00 to {end % HOURS_OF_DAY:02d}:00" for first, end in runs])

    @property
    def days(self) -> str:
        """Its days in words.

        Examples
        --------
        >>> Window(ALL_HOURS, frozenset(["weekday"]), date(2026, 10, 5), date(2026, 11, 8)).days
        'weekdays, 5 October to 8 November 2026'
        """
        kinds = (
            "all days"
            if self.day_types >= ALL_TYPES
            else listed([_KIND_WORDS[each] for each in DAY_TYPES if each in self.day_types])
        )
        if self.first == self.last:
            return f"{kinds}, {written_day(self.first)}"
        same_year = self.first.year == self.last.year
        first = f"{self.first.day} {self.first:%B}" if same_year else written_day(self.first)
        return f"{kinds}, {first} to {written_day(self.last)}"

    @property
    def words(self) -> str:
        """What is wanted, in words.

        Examples
        --------
        >>> window = Window(frozenset([7, 8, 9]), frozenset(["weekday"]), date(2026, 10, 5), date(2026, 11, 8))
        >>> window.words
        'mean of weekdays 07:00 to 10:00, 5 October to 8 November 2026'
        """
        kinds, _, dates = self.days.partition(", ")
        of = {"hour": "", "mean": "mean of ", "peak": "peak of "}[self.statistic]
        return f"{of}{kinds} {self.times}, {dates}"

    def dates(self, nation: str) -> tuple[date, ...]:
        """Its local dates in a nation, in order.

        Parameters
        ----------
        nation : str
            A key of `cellcount.methods.day_types.CALENDARS`; empty where no calendar of bank holidays is known.
        """
        every = (self.first + timedelta(number) for number in range((self.last - self.first).days + 1))
        return tuple(each for each in every if day_type(each, nation) in self.day_types)


def _hours(first: int, end: int) -> frozenset[int]:
    return frozenset(hour % HOURS_OF_DAY for hour in range(first, end if end > first else end + HOURS_OF_DAY))


PRESETS: dict[str, tuple[str, frozenset[int]]] = {
    "morning": ("Morning, 07:00 to 10:00", _hours(7, 10)),
    "working_day": ("Working day, 10:00 to 16:00", _hours(10, 16)),
    "evening": ("Evening, 16:00 to 20:00", _hours(16, 20)),
    "night_time_economy": ("Night-time economy, 20:00 to 02:00", _hours(20, 2)),
    "night": ("Night, 00:00 to 05:00", _hours(0, 5)),
    "whole_day": ("Whole day", ALL_HOURS),
}
"""Windows that are offered by name: label and local hours."""


def hours_between(first: int, end: int) -> frozenset[int]:
    """Hours from one to another, over midnight where the second is not later; the whole day where they are the same.

    Examples
    --------
    >>> sorted(hours_between(22, 2)), len(hours_between(0, 0))
    ([0, 1, 22, 23], 24)
    """
    return _hours(first, end)


@dataclass(frozen=True, slots=True)
class Moments:
    """The UTC hours that a window consists of, of those that a release covers.

    Attributes
    ----------
    on : tuple of date
        UTC day of each, in the order of time.
    column : array of int64
        UTC hour of each.
    hour : array of int64
        Local hour of each.
    dates : int
        Local dates on which the window begins and of which any hour is covered.
    """

    on: tuple[date, ...]
    column: NDArray[np.int64]
    hour: NDArray[np.int64]
    dates: int

    def __len__(self) -> int:
        return len(self.on)


def moments(window: Window, zone: str, covered: Collection[date], nation: str) -> Moments:
    """The UTC hours of a window.

    Parameters
    ----------
    window : Window
        The window.
    zone : str
        Time zone of the release: where clocks change, an hour that the clock shows twice is there twice.
    covered : collection of date
        UTC days of which the release has figures.
    nation : str
        Whose bank holidays are meant: see `Window.dates`.

    Examples
    --------
    Until 25 October 2026 eight in the morning in London is 07:00 UTC.

    >>> days = [date(2026, 10, day) for day in (23, 24, 26)]
    >>> window = Window(frozenset([8]), frozenset(["weekday"]), days[0], days[-1])
    >>> found = moments(window, "Europe/London", days, "E")
    >>> [each.day for each in found.on], found.column.tolist(), found.dates
    ([23, 26], [7, 8], 2)
    """
    after = window.after_midnight
    same = window.hours - after
    known = frozenset(covered)
    found: list[tuple[date, int, int]] = []
    dates = 0
    for each in window.dates(nation):
        slots = [slot for slot in _slots(each, zone, known) if slot.hours[0] in same]
        if after:
            slots += [slot for slot in _slots(each + timedelta(1), zone, known) if slot.hours[0] in after]
        dates += bool(slots)
        found += [(slot.on, slot.column, slot.hours[0]) for slot in slots if slot.on is not None]
    return Moments(
        tuple(on for on, _, _ in found),
        np.array([column for _, column, _ in found], dtype=np.int64),
        np.array([hour for _, _, hour in found], dtype=np.int64),
        dates,
    )


def utc_hours(window: Window, zone: str, covered: Collection[date]) -> frozenset[int]:
    """The hours of the UTC day that a window has on any of its days, whatever their type.

    Examples
    --------
    The clocks in London go back on 25 October 2026.

    >>> days = [date(2026, 10, day) for day in (24, 25, 26)]
    >>> sorted(utc_hours(Window(frozenset([8]), ALL_TYPES, days[0], days[-1]), "Europe/London", days))
    [7, 8]
    """
    every = moments(replace(window, day_types=ALL_TYPES), zone, covered, "")
    return frozenset(every.column.tolist())


@lru_cache(maxsize=4096)
def _slots(day: date, zone: str, covered: frozenset[date]) -> tuple[Slot, ...]:
    """The hours of a day, which take a millisecond to work out."""
    return hours_of(day, zone, covered)


@dataclass(frozen=True, slots=True)
class CellHistory:
    """Cells over a run of UTC days.

    Attributes
    ----------
    h3 : array of int64, shape (cells,)
        Cells that the release covers on any of the days, ascending.
    first : date
        First UTC day; the others follow without a gap.
    people : array of float32, shape (days * 24, cells)
        People present by UTC hour; 0 where not released, and in hours that were not asked for.
    released : array of bool, shape (days * 24, cells)
        Whether there is a figure, in the hours that were asked for.
    covered : array of bool, shape (days, cells)
        Whether the release has a row: a figure that is not there is withheld.
    """

    h3: NDArray[np.int64]
    first: date
    people: NDArray[np.float32]
    released: NDArray[np.bool_]
    covered: NDArray[np.bool_]

    @classmethod
    def of(cls, table: pa.Table, first: date, last: date, hours: Collection[int] = ALL_HOURS) -> CellHistory:
        """From the answer of the query `history_of_area`, whatever the order of its rows.

        Parameters
        ----------
        table : pyarrow.Table
            `h3`, `date`, `h00` to `h23`.
        first, last : date
            UTC days that were asked for.
        hours : collection of int
            UTC hours that are wanted: of the others nothing is put down, and no memory is touched.

        Examples
        --------
        >>> row = {f"h{hour:02d}": [hour, None] for hour in range(24)}
        >>> day = date(2026, 10, 5)
        >>> found = CellHistory.of(pa.table({"h3": [9, 5], "date": [day, day], **row}), day, day)
        >>> found.h3.tolist(), found.people[7].tolist(), found.released[7].tolist(), found.covered.tolist()
        ([5, 9], [0.0, 7.0], [False, True], [[True, True]])
        """
        days = (last - first).days + 1
        cells = table.column("h3").to_numpy()
        # Rows of a cell come together, in runs: only the first of each run is looked at.
        begins = np.flatnonzero(np.diff(cells, prepend=-1))
        h3, of_run = np.unique(cells[begins], return_inverse=True)
        row = np.repeat(of_run.reshape(-1), np.diff(begins, append=len(cells)))
        day = table.column("date").cast(pa.date32()).cast(pa.int32()).to_numpy() - _number(first)
        # Rows come by cell, so they are put down by cell, which is ten times as fast as day by day, and then turned.
        place = row * days + day.astype(np.int64)
        steps = days * HOURS_OF_DAY, len(h3)
        people, released = np.zeros(steps, dtype=np.float32), np.zeros(steps, dtype=bool)

        def spread(some: Iterable[int]) -> None:
            figures, known = (np.zeros(len(h3) * days, dtype=each.dtype) for each in (people, released))
            for hour in some:
                column = table.column(f"h{hour:02d}").combine_chunks()
                figures[place] = column.fill_null(0).to_numpy(zero_copy_only=False)
                known[place] = column.is_valid().to_numpy(zero_copy_only=False)
                people[hour::HOURS_OF_DAY] = figures.reshape(-1, days).T
                released[hour::HOURS_OF_DAY] = known.reshape(-1, days).T

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(spread, [sorted(hours)[number::THREADS] for number in range(THREADS)]))
        covered = np.zeros(len(h3) * days, dtype=bool)
        covered[place] = True
        return cls(h3.astype(np.int64), first, people, released, np.ascontiguousarray(covered.reshape(-1, days).T))

    def at(self, found: Moments) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Day and step of each moment in the arrays."""
        days = np.array([(each - self.first).days for each in found.on], dtype=np.int64)
        return days, days * HOURS_OF_DAY + found.column

    def of_cell(self, cell: int) -> CellHistory:
        """One of its cells alone."""
        row = int(np.searchsorted(self.h3, cell))
        one = slice(row, row + 1)
        return CellHistory(self.h3[one], self.first, self.people[:, one], self.released[:, one], self.covered[:, one])


def _number(on: date) -> int:
    return (on - date(1970, 1, 1)).days


@dataclass(frozen=True, slots=True)
class CellWindow:
    """The mean or the peak of cells in a window.

    Attributes
    ----------
    window : Window
        What was wanted.
    h3 : array of int64, shape (cells,)
        Cells, ascending.
    people : array of float, shape (cells,)
        NaN where withheld, by `RULE`, and where not covered.
    covered : array of bool, shape (cells,)
        Whether the release has any hour of the window.
    errors : array of float, shape (cells,)
        Standard errors; NaN where withheld or not known.
    released, hours : array of int64, shape (cells,)
        Hours with a figure, and hours that the release covers.
    dates : array of int64, shape (cells,)
        Local dates of the window, by the calendar of the cell's nation.
    peak_hour : array of int64, shape (cells,)
        UTC hour of the peak, the first of several that are as large; -1 where there is none, and of a mean.
    """

    window: Window
    h3: NDArray[np.int64]
    people: Floats
    covered: NDArray[np.bool_]
    errors: Floats
    released: NDArray[np.int64]
    hours: NDArray[np.int64]
    dates: NDArray[np.int64]
    peak_hour: NDArray[np.int64]

    @property
    def left_out(self) -> Floats:
        """Share of the hours behind each figure that is withheld; 0 where none is covered."""
        return _left_out(self.released, self.hours)

    def behind(self) -> str:
        """How many dates and hours stand behind a figure, in words.

        Examples
        --------
        >>> hours = np.array([75, 72])
        >>> window = Window(frozenset([7, 8, 9]), ALL_TYPES, date(2026, 10, 5), date(2026, 11, 8))
        >>> none = np.full(2, np.nan)
        >>> made = CellWindow(window, np.array([1, 2]), none, hours > 0, none, hours, hours, np.array([25, 24]), -hours)
        >>> made.behind()
        '24 to 25 dates, up to 75 hours'
        """
        if not self.covered.any():
            return "no dates"
        dates = self.dates[self.covered]
        said = count(int(dates.max()), "date")
        if dates.min() < dates.max():
            said = f"{dates.min():,} to {said}"
        return f"{said}, up to {count(int(self.hours.max()), 'hour')}"


def cell_window(
    history: CellHistory, window: Window, zone: str, covered: Collection[date], nations: Sequence[str]
) -> CellWindow:
    """The mean or the peak of cells in a window, without standard errors: see `with_errors`.

    The mean is that of the released hours of all dates together. It is withheld where less than `LEAST_RELEASED` of the
    hours that the release covers is released: a mean of what is left would be too high. The peak is the largest
    released figure of any one hour.

    Parameters
    ----------
    history : CellHistory
        Cells over UTC days that hold the window.
    window : Window
        What is wanted; its statistic is a mean or a peak.
    zone : str
        Time zone of the release.
    covered : collection of date
        UTC days of which the release has figures.
    nations : sequence of str
        Nation of each cell, for its bank holidays.

    Returns
    -------
    CellWindow

    Raises
    ------
    ValueError
        If the window's figures are wanted hour by hour.
    """
    if window.statistic == "hour":
        raise ValueError("A window whose figures are wanted hour by hour has no one figure a cell.")
    cells = len(history.h3)
    figures = np.full(cells, np.nan)
    peak_hour = np.full(cells, -1, dtype=np.int64)
    released, hours, dates = (np.zeros(cells, dtype=np.int64) for _ in range(3))
    held = {each for each in covered if 0 <= (each - history.first).days < len(history.covered)}
    for nation, columns in _by_calendar(window, nations):
        found = moments(window, zone, held, nation)
        # All of them is a view, and a few are copied a step at a time: never the whole history.
        chosen = slice(None) if len(columns) == cells else columns
        days, steps = history.at(found)
        times = np.bincount(days, minlength=len(history.covered))
        hours[columns] = sum(
            (number * history.covered[day, chosen] for day, number in enumerate(times.tolist()) if number),
            start=np.zeros(len(columns), dtype=np.int64),
        )
        known, amount = np.zeros(len(columns), dtype=np.int32), np.zeros(len(columns))
        of_hour = np.full(len(columns), -1, dtype=np.int64)
        for step in steps.tolist():
            there, people = history.released[step, chosen], history.people[step, chosen]
            known += there
            if window.statistic == "mean":
                # An hour without a figure is 0 in the history, which adds nothing.
                amount += people
            else:
                more = there & ((people > amount) | (of_hour < 0))
                np.copyto(amount, people, where=more)
                of_hour[more] = step % HOURS_OF_DAY
        if window.statistic == "mean":
            enough = (known > 0) & (known >= LEAST_RELEASED * hours[columns])
            figures[columns] = np.divide(amount, known, out=np.full(len(columns), np.nan), where=enough)
        else:
            figures[columns] = np.where(known > 0, amount, np.nan)
        released[columns], dates[columns], peak_hour[columns] = known, found.dates, of_hour
    there = hours > 0
    nothing = np.full(cells, np.nan)
    dates = np.where(there, dates, 0)
    return CellWindow(window, history.h3, figures, there, nothing, released, hours, dates, peak_hour)


def _by_calendar(window: Window, nations: Sequence[str]) -> list[tuple[str, NDArray[np.int64]]]:
    """Cells by the dates that the window has for them: nations whose calendars agree go together."""
    of_cell = np.array(list(nations), dtype=object)
    groups: dict[tuple[date, ...], list[str]] = {}
    for nation in dict.fromkeys(nations):
        groups.setdefault(window.dates(nation), []).append(nation)
    if len(groups) == 1:
        (together,) = groups.values()
        return [(together[0], np.arange(len(of_cell)))]
    return [(names[0], np.flatnonzero(np.isin(of_cell, names))) for names in groups.values()]


def with_errors(
    found: CellWindow,
    known: Parameters,
    areas: Sequence[str | None],
    *,
    km2: Floats,
    zone: str,
    covered: Collection[date],
) -> CellWindow:
    """The same with standard errors.

    Of a mean, chance averages out over the dates and not over the hours of a date, for these count much the same
    people; shares and placement are wrong in the same way on all of them. Where hours are left out because they are
    withheld, the error is `widened`. Of a peak, the error is that of the one figure, in the part of the day that it is
    of; that a largest of many is rather too high is not in it.

    Parameters
    ----------
    found : CellWindow
        The figures.
    known : Parameters
        Of the areas that the cells lie in.
    areas : sequence of str or None
        Area of each cell.
    km2 : array of float
        Area of each cell in square kilometres.
    zone : str
        Time zone of the release.
    covered : collection of date
        UTC days of which the release has figures.
    """
    steps = moments(replace(found.window, day_types=ALL_TYPES), zone, covered, "")
    parts, counts = np.unique([PART_OF_HOUR[hour] for hour in steps.column.tolist()], return_counts=True)
    if not len(parts):
        return found
    of_window = len(found.window.hours)
    dates = np.maximum(found.released / of_window, 1.0) if found.window.statistic == "mean" else None
    over = np.tile(found.people.reshape(-1, 1), (1, len(parts)))
    by_part = errors_of_cells(known, areas, parts.tolist(), over, km2=km2, days=dates)
    if found.window.statistic == "peak":
        column = np.searchsorted(parts, [PART_OF_HOUR[hour] for hour in range(HOURS_OF_DAY)])
        # Of hours that are none of the window there is no part, and no peak.
        own = np.minimum(column[found.peak_hour], len(parts) - 1)
        return replace(found, errors=by_part[np.arange(len(own)), own])
    # Parts of the day share their doubts: their errors are averaged, and not their variances.
    errors = by_part @ (counts / counts.sum())
    return replace(found, errors=widened(errors, found.left_out, found.people))


@dataclass(frozen=True, slots=True)
class CellHours:
    """Cells over the hours of a window, each over all its dates.

    Attributes
    ----------
    people : array of float, shape (cells, hours of the window)
        Mean, in the order of the window's hours; NaN where withheld, by `RULE`.
    released, dates : array of int64, shape (cells, hours of the window)
        Dates with a figure, and dates that the release covers.
    begun : array of int64, shape (cells,)
        Local dates of the window, by the calendar of the cell's nation.
    parts : tuple of str
        Part of the UTC day that each hour lies in most often.
    """

    people: Floats
    released: NDArray[np.int64]
    dates: NDArray[np.int64]
    begun: NDArray[np.int64]
    parts: tuple[str, ...]

    @property
    def left_out(self) -> Floats:
        """Share of the dates behind each mean that is withheld; 0 where none is covered."""
        return _left_out(self.released, self.dates)


def cell_hours(
    history: CellHistory, window: Window, zone: str, covered: Collection[date], nations: Sequence[str]
) -> CellHours:
    """The mean of cells by hour of a window, over its dates: each hour by the rule of means.

    Parameters
    ----------
    history, window, zone, covered, nations
        As `cell_window` has them, but for the statistic, which is not asked.
    """
    hours = window.ordered
    shape = len(history.h3), len(hours)
    people = np.full(shape, np.nan)
    released, dates = (np.zeros(shape, dtype=np.int64) for _ in range(2))
    begun = np.zeros(len(history.h3), dtype=np.int64)
    held = {each for each in covered if 0 <= (each - history.first).days < len(history.covered)}
    for nation, columns in _by_calendar(window, nations):
        found = moments(window, zone, held, nation)
        days, steps = history.at(found)
        begun[columns] = found.dates
        for place, hour in enumerate(hours):
            at = found.hour == hour
            known = history.released[np.ix_(steps[at], columns)].sum(axis=0)
            there = history.covered[np.ix_(days[at], columns)].sum(axis=0)
            sums = history.people[np.ix_(steps[at], columns)].sum(axis=0, dtype=np.float64)
            enough = (known > 0) & (known >= LEAST_RELEASED * there)
            people[columns, place] = np.divide(sums, known, out=np.full(len(columns), np.nan), where=enough)
            released[columns, place], dates[columns, place] = known, there
    every = moments(replace(window, day_types=ALL_TYPES), zone, held, "")
    parts = []
    for hour in hours:
        names, counts = np.unique(
            [PART_OF_HOUR[each] for each in every.column[every.hour == hour].tolist()], return_counts=True
        )
        parts.append(str(names[counts.argmax()]) if len(names) else PART_OF_HOUR[0])
    return CellHours(people, released, dates, begun, tuple(parts))


def errors_of_hours(found: CellHours, known: Parameters, areas: Sequence[str | None], km2: Floats) -> Floats:
    """Standard errors of the means of cells by hour, as `with_errors` makes them.

    Parameters
    ----------
    found : CellHours
        The means.
    known : Parameters
        Of the areas that the cells lie in.
    areas : sequence of str or None
        Area of each cell.
    km2 : array of float
        Area of each cell in square kilometres.

    Returns
    -------
    array of float, shape (cells, hours of the window)
    """
    errors = np.column_stack(
        [
            errors_of_cells(known, areas, [part], people.reshape(-1, 1), km2=km2, days=released)[:, 0]
            for people, released, part in zip(found.people.T, found.released.T, found.parts, strict=True)
        ]
    )
    return widened(errors, found.left_out, found.people)


def widened(errors: Floats, left_out: Floats, means: Floats) -> Floats:
    """Standard errors of means of which some hours are left out because they are withheld.

    A withheld figure is not below zero, so a mean N of the rest is too high by something between nothing and the share
    w that is left out: (w N)² / 3 is added to the variance, the mean square of an error that may be anything in
    between.

    Parameters
    ----------
    errors, left_out, means : array of float
        Standard errors without it, shares that are left out, 0 to 1, and means; of one shape.

    Examples
    --------
    A twelfth of 60 is left out: 5² / 3 = 8.33, with 4² = 16 of the rest.

    >>> float(widened(np.array(4.0), np.array(1 / 12), np.array(60.0)).round(4)) == round((16 + 25 / 3) ** 0.5, 4)
    True
    """
    return np.hypot(errors, left_out * means / np.sqrt(3.0))


def _left_out(released: NDArray[np.int64], covered: NDArray[np.int64]) -> Floats:
    return 1.0 - np.divide(released, covered, out=np.ones(released.shape), where=covered > 0)


@dataclass(frozen=True, slots=True)
class AreaWindow:
    """Areas in a window.

    Attributes
    ----------
    codes : tuple of str
        Areas, ascending.
    people, errors : array of float, shape (areas,)
        The mean or the peak of each, and its standard error; NaN where withheld, not covered or not known.
    by_hour, errors_by_hour : array of float, shape (areas, hours of the window)
        Mean over the dates, in the order of the window's hours, and its standard error.
    peaks : tuple of str
        When each area's peak was, in words; empty where there is none.
    """

    codes: tuple[str, ...]
    people: Floats
    errors: Floats
    by_hour: Floats
    errors_by_hour: Floats
    peaks: tuple[str, ...]


def area_window(table: pa.Table, window: Window, zone: str, covered: Collection[date], calendar: bool) -> AreaWindow:
    """The mean or the peak of areas in a window, from their own totals.

    A mean of errors is taken as its error, as if the errors of all hours were one: rather too wide. As of cells, a mean
    needs `LEAST_RELEASED` of its hours, and where fewer are left out its error is `widened`.

    Parameters
    ----------
    table : pyarrow.Table
        The answer of the query `area_hours`.
    window : Window
        What is wanted.
    zone : str
        Time zone of the release.
    covered : collection of date
        UTC days of which the release has figures.
    calendar : bool
        Whether the areas have the bank holidays of their nation.
    """
    areas = table.column("area_code").to_pylist()
    codes = tuple(sorted(set(areas)))
    days = table.column("date").to_pylist()
    number = {on: place for place, on in enumerate(sorted(set(days)))}
    blocks = np.full((2, len(codes), len(number), HOURS_OF_DAY), np.nan)
    rows, at = np.searchsorted(codes, areas), np.array([number[on] for on in days], dtype=np.int64)
    for block, prefix in zip(blocks, ("people_h", "se_h"), strict=True):
        block[rows, at] = hour_block(table, prefix)
    there = np.zeros((len(codes), len(number)), dtype=bool)
    there[rows, at] = True
    hours = window.ordered
    people, errors = (np.full(len(codes), np.nan) for _ in range(2))
    by_hour, errors_by_hour = (np.full((len(codes), len(hours)), np.nan) for _ in range(2))
    peaks = [""] * len(codes)
    nations = [nation_of_area(code, calendar) for code in codes]
    for nation, group in _by_calendar(window, nations):
        found = moments(window, zone, covered, nation)
        kept = [place for place, on in enumerate(found.on) if on in number]
        if not kept or not len(group):
            continue
        steps = np.array([number[found.on[place]] for place in kept]), found.column[kept]
        figures, doubts = (block[group][:, steps[0], steps[1]] for block in blocks)
        covers = there[group][:, steps[0]]
        people[group], errors[group], which = _of_steps(window.statistic, figures, doubts, covers)
        for place, hour in enumerate(hours):
            of_hour = found.hour[kept] == hour
            if of_hour.any():
                by_hour[group, place], errors_by_hour[group, place], _ = _of_steps(
                    "mean", figures[:, of_hour], doubts[:, of_hour], covers[:, of_hour]
                )
        for row, step in zip(group.tolist(), which.tolist(), strict=True):
            if np.isfinite(people[row]):
                peaks[row] = _when(found.on[kept[step]], int(found.column[kept[step]]), zone)
    return AreaWindow(codes, people, errors, by_hour, errors_by_hour, tuple(peaks))


def _of_steps(
    statistic: Statistic, figures: Floats, doubts: Floats, covers: NDArray[np.bool_]
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Mean or peak over steps with its error, and the step of the largest; NaN by the rule of `RULE`."""
    known = np.isfinite(figures)
    released = known.sum(axis=1)
    which = np.where(known, figures, -np.inf).argmax(axis=1)
    if statistic == "peak":
        rows = np.arange(len(figures))
        return figures[rows, which], doubts[rows, which], which
    covered = covers.sum(axis=1)
    shown = (released > 0) & (released >= LEAST_RELEASED * covered)
    over = np.maximum(released, 1)
    means = np.where(shown, np.where(known, figures, 0.0).sum(axis=1) / over, np.nan)
    errors = np.where(shown, np.where(known, doubts, 0.0).sum(axis=1) / over, np.nan)
    return means, widened(errors, _left_out(released, covered), means), which


@lru_cache(maxsize=2048)
def _when(on: date, column: int, zone: str) -> str:
    for local in (on, on + timedelta(1), on - timedelta(1)):
        for slot in hours_of(local, zone, {on}):
            if slot.on == on and slot.column == column:
                return f"{local.day} {local:%b}, {slot.label}"
    return ""


def nation_of_area(code: str | None, calendar: bool) -> str:
    """The nation whose bank holidays an area has; empty where the release is not of the United Kingdom."""
    return nation_of(code) if calendar else ""


def calendars_said(window: Window, nations: Collection[str]) -> str:
    """A sentence where nations differ in the dates that a window has; else empty.

    Examples
    --------
    Saint Andrew's Day is a bank holiday in Scotland.

    >>> window = Window(ALL_HOURS, frozenset(["weekday"]), date(2026, 11, 30), date(2026, 12, 4))
    >>> calendars_said(window, {"E", "S"})
    'Bank holidays are those of each nation: England has 5 dates and Scotland 4.'
    >>> calendars_said(window, {"E", "W"})
    ''
    """
    known = [nation for nation in NATIONS if nation in nations]
    dates = {nation: window.dates(nation) for nation in known}
    if len(set(dates.values())) < 2:
        return ""
    first, *others = known
    parts = [f"{NATIONS[first]} has {count(len(dates[first]), 'date')}"]
    parts += [f"{NATIONS[nation]} {len(dates[nation])}" for nation in others]
    return f"Bank holidays are those of each nation: {listed(parts)}."
