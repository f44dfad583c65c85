"""People present over the steps of a day, by cell and by area, as arrays. No Streamlit and no SQL here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.standard import HOURS_OF_DAY
from cellcount.ui.times import Slot
from cellcount.ui.view import Measure

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CellDay:
    """The cells of an area over a day.

    Attributes
    ----------
    h3 : array of int64, shape (cells,)
        Cells that the release covers in any of the slots, ascending.
    people : array of float, shape (cells, slots)
        People present; NaN where withheld, and where not covered.
    covered : array of bool, shape (cells, slots)
        Whether the release has a row.
    days : array of float, shape (cells,)
        Dates over which the figures are a mean: 1 of a date, more of a typical day.
    """

    h3: NDArray[np.int64]
    people: Floats
    covered: NDArray[np.bool_]
    days: Floats


@dataclass(frozen=True, slots=True)
class CellFacts:
    """What is known of every cell of an area, whatever the day.

    Attributes
    ----------
    h3 : array of int64, shape (cells,)
        Cells, ascending.
    km2, residents : array of float, shape (cells,)
        Area of the whole cell in square kilometres, and usual residents; NaN where not known.
    places : tuple of str
        Where each cell is, in words.
    areas : tuple of str or None
        Code of the smallest area that each lies in; None where not known.
    """

    h3: NDArray[np.int64]
    km2: Floats
    residents: Floats
    places: tuple[str, ...]
    areas: tuple[str | None, ...]

    def rows_of(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row of each cell, all of which are there."""
        return np.searchsorted(self.h3, cells)


@dataclass(frozen=True, slots=True)
class AreaDay:
    """Areas over a day.

    Attributes
    ----------
    codes : tuple of str
        Areas.
    people : array of float, shape (areas, slots)
        People present; NaN where withheld or not covered.
    errors : array of float, shape (areas, slots)
        Their standard errors; NaN where the release does not tell.
    """

    codes: tuple[str, ...]
    people: Floats
    errors: Floats

    def of(self, code: str) -> tuple[Floats, Floats]:
        """People and standard errors of one area over the slots; all NaN where it is not there."""
        if code not in self.codes:
            nothing = np.full(self.people.shape[1], np.nan)
            return nothing, nothing
        place = self.codes.index(code)
        return self.people[place], self.errors[place]


def hour_block(table: pa.Table, prefix: str) -> Floats:
    """The 24 hour columns of a table as an array, NULL as NaN.

    Parameters
    ----------
    table : pyarrow.Table
        With columns `prefix` + `00` to `prefix` + `23`.
    prefix : str
        Such as `h` or `people_l`.

    Returns
    -------
    array of float, shape (rows, 24)
    """
    block = np.full((table.num_rows, HOURS_OF_DAY), np.nan)
    for hour in range(HOURS_OF_DAY):
        column = table.column(f"{prefix}{hour:02d}").cast(pa.float64())
        block[:, hour] = column.to_numpy()
    return block


def cells_over(slots: Sequence[Slot], tables: Mapping[date | None, pa.Table], prefix: str) -> CellDay:
    """Put the slots of a day together from the tables that hold them.

    Parameters
    ----------
    slots : sequence of Slot
        Steps of the day.
    tables : mapping
        By UTC day (None for a typical day): `h3`, 24 hour columns, and `dates_used` of a typical day.
    prefix : str
        Of the hour columns.

    Returns
    -------
    CellDay

    Examples
    --------
    >>> hours = {f"h{hour:02d}": [hour, None] for hour in range(24)}
    >>> day = date(2026, 10, 5)
    >>> found = cells_over([Slot("08:00", "", (8,), 7, day)], {day: pa.table({"h3": [5, 9], **hours})}, "h")
    >>> found.h3.tolist(), found.people.tolist(), found.covered.tolist()
    ([5, 9], [[7.0], [nan]], [[True], [True]])
    """
    held = {on: table.column("h3").to_numpy() for on, table in tables.items()}
    h3 = np.unique(np.concatenate([*held.values(), np.array([], dtype=np.int64)])).astype(np.int64)
    people = np.full((len(h3), len(slots)), np.nan)
    covered = np.zeros((len(h3), len(slots)), dtype=bool)
    days = np.ones(len(h3))
    for on, table in tables.items():
        if "dates_used" in table.column_names:
            days[np.searchsorted(h3, held[on])] = table.column("dates_used").cast(pa.float64()).to_numpy()
    blocks = {on: hour_block(table, prefix) for on, table in tables.items()}
    for place, slot in enumerate(slots):
        if slot.on in held:
            rows = np.searchsorted(h3, held[slot.on])
            people[rows, place] = blocks[slot.on][:, slot.column]
            covered[rows, place] = True
    return CellDay(h3, people, covered, days)


def areas_over(slots: Sequence[Slot], tables: Mapping[date | None, pa.Table], suffix: str) -> AreaDay:
    """The same for areas, whose tables have `area_code`, `people_` and `se_` columns."""
    codes = tuple(sorted({str(code) for table in tables.values() for code in table.column("area_code").to_pylist()}))
    people = np.full((len(codes), len(slots)), np.nan)
    errors = np.full((len(codes), len(slots)), np.nan)
    for on, table in tables.items():
        rows = np.searchsorted(codes, [str(code) for code in table.column("area_code").to_pylist()])
        blocks = hour_block(table, f"people_{suffix}"), hour_block(table, f"se_{suffix}")
        for place, slot in enumerate(slots):
            if slot.on == on:
                people[rows, place], errors[rows, place] = blocks[0][:, slot.column], blocks[1][:, slot.column]
    return AreaDay(codes, people, errors)


def measured(measure: Measure, people: Floats, km2: Floats, residents: Floats) -> Floats:
    """People, or their standard errors, as an amount or a ratio.

    Parameters
    ----------
    measure : {'people', 'per_km2', 'per_resident'}
        What is wanted; of the measure of precision, the people whose precision it is.
    people : array of float, shape (rows,) or (rows, slots)
        People present, or their standard errors.
    km2, residents : array of float, shape (rows,)
        Area in square kilometres, and usual residents. Where nobody lives the ratio is not defined: NaN.

    Examples
    --------
    >>> people, km2, residents = np.array([[10.0, 30.0]]), np.array([5.0]), np.array([20.0])
    >>> measured("per_km2", people, km2, residents).tolist()
    [[2.0, 6.0]]
    >>> measured("per_resident", people, km2, residents).tolist()
    [[0.5, 1.5]]
    """
    if measure in ("people", "precision"):
        return people
    by = km2 if measure == "per_km2" else residents
    divisor = np.where(by > 0, by, np.nan).reshape(-1, *([1] * (people.ndim - 1)))
    return people / divisor
