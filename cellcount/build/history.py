"""Long histories of cells and their typical days, from the figures already released.

Both tables are read off `present` as it was written, a range of cells at a time, so that memory holds a few thousand
cells over the whole period and never the country.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cellcount.build.align import Keys, Places, devices, union
from cellcount.build.combine import NOT_COVERED, WITHHELD, Devices
from cellcount.build.local_time import local_days
from cellcount.build.release import ReleaseWriter
from cellcount.build.zones import Zones
from cellcount.methods.day_types import CALENDARS, WHOLE, day_type, nation_of
from cellcount.standard import HOUR_COLUMNS, HOURS_OF_DAY, LOCAL_HOUR_COLUMNS

FIGURES_AT_ONCE = 24_000_000
"""Figures (cells x hours) that one chunk may hold: about 100 MB."""


def ranges(h3: Keys, dates: int) -> list[tuple[int, int]]:
    """First and last cell of ranges that are small enough to hold for all dates at once.

    Parameters
    ----------
    h3 : array of int64
        Cells, ascending.
    dates : int
        Number of dates.

    Returns
    -------
    list of tuple of int

    Examples
    --------
    >>> ranges(np.array([10, 11, 12]), dates=35)
    [(10, 12)]
    """
    size = max(FIGURES_AT_ONCE // (dates * HOURS_OF_DAY), 1)
    return [(int(h3[start]), int(h3[min(start + size, len(h3)) - 1])) for start in range(0, len(h3), size)]


def write_range(
    writer: ReleaseWriter,
    zones: Zones,
    resolution: int,
    dates: Sequence[dt.date],
    within: tuple[int, int],
    *,
    part: int,
) -> None:
    """Write `present_history` and `typical_day` for a range of cells.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written, with `present` complete.
    zones : Zones
        In which nation a cell lies, whose bank holidays it has.
    resolution : int
        H3 resolution.
    dates : sequence of date
        All UTC days, in order and without a gap.
    within : tuple of int
        First and last cell.
    part : int
        Number of the file.
    """
    read = [_read(writer.folder("present", resolution=resolution, date=date), within) for date in dates]
    h3 = union([cells for cells, _ in read])
    figures = np.empty((len(dates), HOURS_OF_DAY, len(h3)), dtype=np.uint32)
    for number, (cells, hours) in enumerate(read):
        places = Places(cells, h3)
        for hour, column in enumerate(hours):
            figures[number, hour] = places.spread(column, NOT_COVERED)
    del read
    writer.write("present_history", _history(h3, dates, figures), resolution=resolution, part=part)
    run = figures.reshape(len(dates) * HOURS_OF_DAY, len(h3))
    period = period_id(dates)
    nations = nations_of(zones)[zones.cell_areas(h3, resolution)]
    for kind, typical in typical_days(h3, run, dates, nations).items():
        writer.write("typical_day", typical, resolution=resolution, period=period, day_type=kind, part=part)


def nations_of(zones: Zones) -> NDArray[np.str_]:
    """Nation of every area, as `cellcount.methods.day_types.nation_of` has it."""
    return np.array([nation_of(code) for code in zones.codes])


def calendars(dates: Sequence[dt.date]) -> list[tuple[tuple[str, ...], Mapping[str, list[int]]]]:
    """Nations that have the same days of each type in a run of dates, with these days.

    Parameters
    ----------
    dates : sequence of date
        All UTC days, in order and without a gap.

    Examples
    --------
    Saint Andrew's Day, 30 November 2026, is a bank holiday in Scotland and Monday elsewhere.

    >>> days = [dt.date(2026, 11, 30), dt.date(2026, 12, 1)]
    >>> [(nations, dict(kinds)) for nations, kinds in calendars(days)]
    [(('E', 'W', 'N'), {'weekday': [0, 24]}), (('S',), {'bank_holiday': [0], 'weekday': [24]})]
    """
    groups: list[tuple[tuple[str, ...], Mapping[str, list[int]]]] = []
    for nation in CALENDARS:
        found = days_by_type(dates, nation)
        for place, (nations, kinds) in enumerate(groups):
            if kinds == found:
                groups[place] = (*nations, nation), kinds
                break
        else:
            groups.append(((nation,), found))
    return groups


def typical_days(h3: Keys, run: Devices, dates: Sequence[dt.date], nations: NDArray[np.str_]) -> dict[str, pa.Table]:
    """Typical days of cells by day type, each by the calendar of the nation that it lies in.

    Parameters
    ----------
    h3 : array of int64
        Cells.
    run : array of uint32, UTC hours x cells
        Released people, `WITHHELD` or `NOT_COVERED`.
    dates : sequence of date
        UTC days of the run.
    nations : array of str
        Nation of each cell.

    Returns
    -------
    dict of str to pyarrow.Table
        Rows of `typical_day`, in the order of the cells; a cell whose nation has no such day has no row.
    """
    parts: dict[str, list[tuple[NDArray[np.int64], pa.Table]]] = {}
    for names, kinds in calendars(dates):
        cells = np.flatnonzero(np.isin(nations, names))
        if not len(cells):
            continue
        whole = len(cells) == len(h3)
        own, figures = (h3, run) if whole else (h3[cells], run[:, cells])
        for kind, starts in kinds.items():
            parts.setdefault(kind, []).append((cells, typical_day(own, figures, starts)))
    found = {}
    for kind, tables in parts.items():
        order = np.argsort(np.concatenate([cells for cells, _ in tables]), kind="stable")
        joined = pa.concat_tables([table for _, table in tables])
        found[kind] = tables[0][1] if len(tables) == 1 else joined.take(pa.array(order))
    return found


def period_id(dates: Sequence[dt.date]) -> str:
    """Id of the period that a run of dates is.

    Examples
    --------
    >>> period_id([dt.date(2026, 10, 5), dt.date(2026, 10, 6)])
    '2026-10-05_2026-10-06'
    """
    return f"{dates[0]}_{dates[-1]}"


def days_by_type(dates: Sequence[dt.date], nation: str = WHOLE) -> Mapping[str, list[int]]:
    """The local days of each day type that occurs, each as the hours from the run's start to its midnight.

    Parameters
    ----------
    dates : sequence of date
        All UTC days, in order and without a gap.
    nation : str
        Whose bank holidays are meant.

    Returns
    -------
    dict of str to list of int
    """
    kinds: dict[str, list[int]] = {}
    for day, start in local_days(dates[0], dates[-1]).items():
        kinds.setdefault(day_type(day, nation), []).append(start)
    return kinds


def typical_day(h3: Keys, run: Devices, starts: Sequence[int]) -> pa.Table:
    """Mean and standard deviation over days, by local hour, from released figures only.

    An hour is NULL unless its figure is released on every one of the days: a mean of what is left would be too high.

    Parameters
    ----------
    h3 : array of int64
        Cells.
    run : array of uint32, UTC hours x cells
        Released people, `WITHHELD` or `NOT_COVERED`.
    starts : sequence of int
        Where each day begins in the run.

    Returns
    -------
    pyarrow.Table
        Rows of `typical_day`, rounded to a tenth of a person. With one day there is no standard deviation.
    """
    means, deviations = {}, {}
    for hour, name in enumerate(LOCAL_HOUR_COLUMNS):
        figures = run[[start + hour for start in starts]]
        hidden = np.any(figures >= NOT_COVERED, axis=0)
        people = np.where(hidden, 0, figures).astype(np.float32)
        mean = people.mean(axis=0)
        means[name] = _tenths(mean, hidden)
        no_deviation = hidden if len(starts) > 1 else np.ones_like(hidden)
        squares = np.square(people - mean).sum(axis=0) / max(len(starts) - 1, 1)
        deviations[f"{name}_sd"] = _tenths(np.sqrt(squares), no_deviation)
    used = pa.array(np.full(len(h3), len(starts), dtype=np.uint32))
    return pa.table({"h3": h3, **means, **deviations, "dates_used": used})


def _tenths(figure: NDArray[np.float32], hidden: NDArray[np.bool_]) -> pa.Array:
    return pa.array(np.round(figure, 1), mask=hidden)


def _history(h3: Keys, dates: Sequence[dt.date], figures: Devices) -> pa.Table:
    """Rows sorted by cell, then date, of the figures that are there."""
    by_cell = np.ascontiguousarray(figures.transpose(1, 2, 0)).reshape(HOURS_OF_DAY, -1)
    covered = by_cell[0] != NOT_COVERED
    days = np.array(dates, dtype="datetime64[D]")
    columns: dict[str, NDArray | pa.Array] = {
        "h3": np.repeat(h3, len(dates))[covered],
        "date": np.tile(days, len(h3))[covered],
    }
    for name, column in zip(HOUR_COLUMNS, by_cell, strict=True):
        there = column[covered]
        columns[name] = pa.array(there, mask=there == WITHHELD)
    return pa.table(columns)


def _read(folder: Path, within: tuple[int, int]) -> tuple[Keys, list[Devices]]:
    """Cells of a range and their figures on one date: only the row groups that hold some of them are read."""
    first, last = within
    cells: list[Keys] = []
    hours: list[list[Devices]] = []
    for file in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(file) as parquet:
            groups = [
                group
                for group in range(parquet.metadata.num_row_groups)
                for bounds in [parquet.metadata.row_group(group).column(0).statistics]
                if bounds.max >= first and bounds.min <= last
            ]
            table = parquet.read_row_groups(groups, use_threads=False)
        h3 = table.column("h3").to_numpy()
        here = slice(*np.searchsorted(h3, [first, last + 1]))
        cells.append(h3[here])
        hours.append([devices(table.column(name))[here] for name in HOUR_COLUMNS])
    if not cells:
        return np.empty(0, dtype=np.int64), [np.empty(0, dtype=np.uint32) for _ in HOUR_COLUMNS]
    return np.concatenate(cells), [np.concatenate(column) for column in zip(*hours, strict=True)]
