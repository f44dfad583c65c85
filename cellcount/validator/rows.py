"""What is wrong with a row by itself: missing values, codes, counts, cells, areas, kilometres, outages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import h3.api.basic_int as h3
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.standard import HOUR_COLUMNS, Column, Table, limits
from cellcount.validator.columns import FEW_CODES, MOST_CODES, CodeList, Numbers, numbers
from cellcount.validator.findings import Findings, shown, shown_count
from cellcount.validator.indexes import FINEST_RESOLUTION, Cells, Mask, resolutions, valid
from cellcount.validator.known import Known
from cellcount.validator.manifest import COARSEST, Manifest

MINUS_ONE_UNSIGNED = np.iinfo(np.uint32).max
"""What -1 becomes where it is written as an unsigned number of 32 bits."""
ALL = "all"
COARSE_SEGMENTS = ("at_home", "at_work", "visiting")
FINEST_OF_COARSE_SEGMENTS = 7
_LEAST_OF_MEAN = 0.5
"""The smallest cell of a resolution is a little over half of the mean one (https://h3geo.org/docs/core-library/restable)."""


Kinds = tuple[Cells, NDArray[np.int64], NDArray[np.int64]]
"""Cells of rows, the resolutions that the rows say, and the numbers of their segments."""


class CleanCells:
    """Cells that had no fault: the next day's are mostly the same, and need not be looked at again."""

    _MOST = 16

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], Kinds] = {}

    def has(self, rows: Kinds) -> bool:
        """Whether these rows were found to be without fault, and were noted, before."""
        before = self._known.get(self._key(rows))
        return before is not None and all(np.array_equal(*both) for both in zip(rows, before, strict=True))

    def add(self, rows: Kinds) -> None:
        """Remember rows whose cells are without fault."""
        if len(self._known) < self._MOST:
            self._known[self._key(rows)] = rows

    @staticmethod
    def _key(rows: Kinds) -> tuple[int, int]:
        cells = rows[0]
        return len(cells), int(cells[0]) if len(cells) else 0


@dataclass(frozen=True)
class Context:
    """What rows of a delivery are compared with.

    Parameters
    ----------
    manifest : Manifest
        The manifest.
    known : Known or None
        Reference geography, where there is one.
    clean_cells : CleanCells
        Shared by all of a delivery's days.
    """

    manifest: Manifest
    known: Known | None
    clean_cells: CleanCells = field(default_factory=CleanCells)

    @property
    def threshold(self) -> int:
        """Devices: smaller counts are withheld. 1, which withholds nothing, where the manifest does not say."""
        threshold = self.manifest.threshold or 1
        return min(threshold, int(MINUS_ONE_UNSIGNED) - 1)

    def code_list(self, column: Column) -> CodeList | None:
        """The codes that a column may hold; None where it holds no codes."""
        if column.enum:
            return CodeList(column.enum, FEW_CODES)
        if column.code_list == "areas":
            return CodeList(self.known.zones.codes if self.known else (), MOST_CODES)
        if column.code_list == "countries":
            return CodeList(self.known.countries if self.known else (), MOST_CODES)
        # The start of an outage is part of its key.
        return CodeList((), MOST_CODES) if column.physical_type == "TIMESTAMP" else None


def is_count(column: Column) -> bool:
    """Whether a column holds counts, which can be withheld."""
    return column.physical_type == "UINTEGER"


def is_cell(column: Column) -> bool:
    """Whether a column holds cells."""
    return column.physical_type == "BIGINT"


class Piece:
    """Some rows of a file.

    Parameters
    ----------
    table : Table
        Declaration.
    value : str or None
        Value of the partition column.
    path : str
        File.
    data : pyarrow.Table
        Rows, each column in one chunk.
    code_lists : dict of str to CodeList
        Codes by column, shared by all pieces of a partition.
    """

    def __init__(
        self, table: Table, value: str | None, path: str, data: pa.Table, code_lists: dict[str, CodeList]
    ) -> None:
        self.table = table
        self.path = path
        self.rows = data.num_rows
        self.code_lists = code_lists
        self.cells_are_clean = False
        self._value = value
        self._arrays = {
            name: column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
            for name, column in zip(data.column_names, data.columns, strict=True)
        }
        self._numbers: dict[str, Numbers | None] = {}
        self._codes: dict[str, NDArray[np.int64] | None] = {}

    def array(self, name: str) -> pa.Array | None:
        """A column as it was read; None where it is not there."""
        return self._arrays.get(name)

    def numbers(self, name: str) -> Numbers | None:
        """A column's numbers; None where it is not there or holds none."""
        if name not in self._numbers:
            array = self.array(name)
            self._numbers[name] = None if array is None else numbers(array)
        return self._numbers[name]

    def codes(self, name: str) -> NDArray[np.int64] | None:
        """Numbers of a column's codes in its list, -1 for NULL; None where it is not there or holds no text."""
        if name not in self._codes:
            array = self.array(name)
            if array is not None and pa.types.is_timestamp(array.type):
                array = array.cast(pa.string())
            self._codes[name] = None if array is None else self.code_lists[name].numbered(array)
        return self._codes[name]

    def where(self, row: int) -> str:
        """A row, by its key."""
        told = []
        for column in self.table.columns:
            if column.name not in self.table.key:
                continue
            if column.name in self.table.partitions:
                told.append(f"{column.name} {self._value}")
                continue
            array = self.array(column.name)
            if array is not None:
                told.append(f"{column.name} {_shown_key(column, array[row])}")
        return ", ".join(told)


def _shown_key(column: Column, scalar: pa.Scalar) -> str:
    if not scalar.is_valid:
        return "NULL"
    try:
        value = scalar.as_py()
    except (ValueError, OverflowError):  # text that is not UTF-8, a time that Python cannot tell
        return "?"
    return shown(f"{value:x}" if is_cell(column) and type(value) is int and value >= 0 else value)


class RowFaults:
    """Faults of a piece's rows: a row that has one in several hours is one row."""

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._masks: dict[tuple[str, str], Mask] = {}
        self._columns: dict[tuple[str, str], list[str]] = {}
        self._examples: dict[tuple[str, str], str] = {}

    def add(self, rule: str, column: str, rows: Mask, said: Callable[[int], str]) -> None:
        """Add the rows that break a rule in a column; `said` tells of the first what is wrong."""
        if not rows.any():
            return
        key = (rule, "hours" if column in HOUR_COLUMNS else column)
        if key in self._masks:
            self._masks[key] |= rows
        else:
            first = int(np.argmax(rows))
            self._masks[key] = rows.copy()
            where = self._piece.where(first)
            self._examples[key] = f"{where}: {said(first)}" if where else said(first)
        self._columns.setdefault(key, []).append(column)

    def tell(self, findings: Findings) -> None:
        """Tell what was found."""
        for key, rows in self._masks.items():
            findings.add(
                key[0],
                self._examples[key],
                count=int(np.count_nonzero(rows)),
                table=self._piece.table.name,
                columns=self._columns[key],
                file=self._piece.path,
            )


def check_piece(piece: Piece, context: Context, findings: Findings) -> None:
    """Check every row by itself.

    Parameters
    ----------
    piece : Piece
        Rows.
    context : Context
        What they are compared with.
    findings : Findings
        Told what is wrong.
    """
    faults = RowFaults(piece)
    crowd = _Crowd(piece)
    for column in piece.table.file_columns:
        array = piece.array(column.name)
        if array is None:
            continue
        if column.required and array.null_count:
            faults.add("value-missing", column.name, _nulls(array), _is_null(column.name))
        if is_count(column):
            _check_count(piece, column, crowd, context.threshold, faults)
        elif is_cell(column):
            _check_cells(piece, column, context, faults)
        elif column.enum or column.code_list:
            _check_codes(piece, column, context, faults)
        elif column.minimum is not None or column.maximum is not None:
            _check_range(piece, column, faults)
    own = _OWN_CHECKS.get(piece.table.name)
    if own is not None:
        own(piece, context, faults)
    faults.tell(findings)


def _is_null(name: str) -> Callable[[int], str]:
    return lambda _: f"{name} is NULL"


def _nulls(array: pa.Array) -> Mask:
    found: Mask = array.is_null().to_numpy(zero_copy_only=False)
    return found


class _Crowd:
    """Counts that are more than can stand in their cell."""

    def __init__(self, piece: Piece) -> None:
        self._cells = next((piece.numbers(each.name) for each in piece.table.file_columns if is_cell(each)), None)
        self._most_per_km2 = limits()["devices_per_km2"].value
        self._surely_room = np.inf
        if self._cells is not None and self._cells.values.dtype == np.int64 and len(self._cells.values):
            finest = min(int(resolutions(self._cells.values).max()), FINEST_RESOLUTION)
            self._surely_room = self._most_per_km2 * _LEAST_OF_MEAN * h3.average_hexagon_area(finest, unit="km^2")

    def too_many(self, values: NDArray[Any]) -> Mask | None:
        """Rows with more devices than there is room for; None where there are none."""
        if not values.max(initial=0) > self._surely_room:
            return None
        assert self._cells is not None
        suspect = np.flatnonzero(values > self._surely_room)
        cells, place = np.unique(self._cells.values[suspect], return_inverse=True)
        sound = valid(cells)
        room = np.full(len(cells), np.inf)
        room[sound] = [h3.cell_area(int(cell), unit="km^2") * self._most_per_km2 for cell in cells[sound]]
        rows = np.zeros(len(values), np.bool_)
        rows[suspect] = values[suspect] > room[place]
        return rows


def _check_count(piece: Piece, column: Column, crowd: _Crowd, threshold: int, faults: RowFaults) -> None:
    found = piece.numbers(column.name)
    if found is None or not len(found.values):
        return
    values, name = found.values, column.name

    def told(row: int) -> str:
        return f"{name} is {shown_count(values[row].item(), threshold)}"

    if values.dtype == np.uint32:
        # Of unsigned numbers, 0 less 1 is the largest there is: one comparison finds 1 ... threshold-1.
        small = (values - np.uint32(1)) < np.uint32(threshold - 1)
        hidden = values == MINUS_ONE_UNSIGNED if values.max() == MINUS_ONE_UNSIGNED else None
    else:
        small = (values > 0) & (values < threshold)
        hidden = values == -1
        faults.add("not-a-number", name, np.isnan(values), lambda _: f"{name} is NaN")
        faults.add("count-negative", name, (values < 0) & ~hidden, told)
    faults.add("count-below-threshold", name, small, lambda _: f"{name} is between 1 and {threshold - 1}")
    if hidden is not None:
        faults.add("hidden-as-minus-one", name, hidden, lambda _: f"{name} is -1")
    crowded = crowd.too_many(values)
    if crowded is not None or values.max() > column.maximum:
        absurd = values > column.maximum
        if crowded is not None:
            absurd |= crowded
        if hidden is not None:
            absurd &= ~hidden
        faults.add("count-absurd", name, absurd, told)


def _check_range(piece: Piece, column: Column, faults: RowFaults) -> None:
    found = piece.numbers(column.name)
    if found is None:
        return
    values, name = found.values, column.name
    outside = np.isinf(values) if values.dtype == np.float64 else np.zeros(len(values), np.bool_)
    if column.minimum is not None:
        outside |= values < column.minimum
    if column.maximum is not None:
        outside |= values > column.maximum
    if found.missing is not None:
        outside &= ~found.missing
    rule = "share-outside-0-1" if column.unit == "share" else "value-out-of-range"
    faults.add("not-a-number", name, np.isnan(values), lambda _: f"{name} is NaN")
    faults.add(rule, name, outside, lambda row: f"{name} is {values[row].item():,}")


def _check_codes(piece: Piece, column: Column, context: Context, faults: RowFaults) -> None:
    codes = piece.codes(column.name)
    if codes is None:
        return
    known, code_list = context.known, piece.code_lists[column.name]

    def told(row: int) -> str:
        return f"{column.name} is {shown(code_list[codes[row]])!r}"

    if column.enum:
        faults.add("code-unknown", column.name, codes >= code_list.known, told)
    elif known is not None and column.code_list == "countries":
        faults.add("country-unknown", column.name, codes >= code_list.known, told)
    elif known is not None:
        strange = codes >= code_list.known
        faults.add("area-unknown", column.name, strange, told)
        fitting = np.append(known.of_types(column.area_types), True)
        kinds = known.zones.types
        faults.add(
            "area-wrong-type",
            column.name,
            ~fitting[np.where(strange | (codes < 0), len(kinds), codes)],
            lambda row: f"{told(row)}, of type {kinds[codes[row]]}",
        )


def _check_cells(piece: Piece, column: Column, context: Context, faults: RowFaults) -> None:
    found = piece.numbers(column.name)
    if found is None:
        return
    cells = _whole(found)
    row_resolution = piece.numbers("resolution")
    own = resolutions(cells)
    wanted = own if row_resolution is None else _whole(row_resolution)
    segment = piece.codes("segment") if row_resolution is not None else None
    rows = None if segment is None else (cells, wanted, segment)
    if found.missing is None and rows is not None and context.clean_cells.has(rows):
        piece.cells_are_clean = True
        return
    missing = np.zeros(len(cells), np.bool_) if found.missing is None else found.missing
    invalid = ~valid(cells) & ~missing
    sound = ~invalid & ~missing
    another = sound & ((own != wanted) | ~np.isin(own, column.resolutions))
    outside, strange = _not_in_country(cells, own, sound, context.known, listed=column.code_list == "cells")
    name = column.name

    def told(row: int) -> str:
        return f"{name} is {int(cells[row]):x}" if cells[row] >= 0 else f"{name} is {cells[row]}"

    faults.add("h3-invalid", name, invalid, told)
    faults.add("h3-resolution", name, another, lambda row: f"{told(row)}, of resolution {own[row]}")
    faults.add("h3-outside-country", name, outside, lambda row: f"{told(row)}, at {_place(int(cells[row]))}")
    faults.add("cell-not-in-reference", name, strange, lambda row: f"{told(row)}, at {_place(int(cells[row]))}")
    if rows is not None and not (invalid | another | outside | strange | missing).any():
        context.clean_cells.add(rows)


def _whole(found: Numbers) -> NDArray[np.int64]:
    if found.values.dtype == np.float64:
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(found.values, posinf=0, neginf=0).astype(np.int64)
    return found.values.astype(np.int64, copy=False)


def _place(cell: int) -> str:
    latitude, longitude = h3.cell_to_latlng(cell)
    return f"latitude {latitude:.2f}, longitude {longitude:.2f}"


def _not_in_country(
    cells: Cells, own: NDArray[np.int64], sound: Mask, known: Known | None, *, listed: bool
) -> tuple[Mask, Mask]:
    """Rows with cells outside the country, and with others that the reference does not have."""
    outside, strange = np.zeros(len(cells), np.bool_), np.zeros(len(cells), np.bool_)
    if known is None:
        return outside, strange
    unknown = sound.copy()
    if listed:
        for resolution in np.unique(own[sound]):
            there = np.flatnonzero(sound & (own == resolution))
            unknown[there] = ~known.has_cells(cells[there], int(resolution))
    rows = np.flatnonzero(unknown)
    near = known.near_country(cells[rows])
    outside[rows[~near]] = True
    if listed:
        strange[rows[near]] = True
    return outside, strange


def _check_cell_day(piece: Piece, context: Context, faults: RowFaults) -> None:
    found, segment = piece.numbers("resolution"), piece.codes("segment")
    if found is None:
        return
    resolution = _whole(found)
    declared = context.manifest.resolutions
    if declared:
        listed = np.ones(FINEST_RESOLUTION + 2, np.bool_)  # what is out of range is told as that
        listed[COARSEST : FINEST_RESOLUTION + 1] = np.isin(np.arange(COARSEST, FINEST_RESOLUTION + 1), declared)
        strange = ~listed[np.clip(resolution, 0, FINEST_RESOLUTION + 1)]
        if found.missing is not None:
            strange &= ~found.missing
        faults.add("resolution-not-declared", "resolution", strange, lambda row: f"resolution is {resolution[row]}")
    if segment is not None:
        fine = np.flatnonzero(resolution > FINEST_OF_COARSE_SEGMENTS)
        too_fine = np.zeros(piece.rows, np.bool_)
        too_fine[fine] = np.isin(
            segment[fine], [piece.code_lists["segment"].number_of(each) for each in COARSE_SEGMENTS]
        )
        faults.add("segment-too-fine", "segment", too_fine, lambda row: f"resolution is {resolution[row]}")


def _check_trips(piece: Piece, context: Context, faults: RowFaults) -> None:
    """Kilometres beside the trips of the same row."""
    kilometres = piece.numbers("km_total")
    hours = [piece.numbers(name) for name in HOUR_COLUMNS]
    if kilometres is None or any(each is None for each in hours):
        return
    least, most = _trips(piece.rows, [each for each in hours if each is not None], context.threshold)
    km = kilometres.values.astype(np.float64)
    told = np.isfinite(km) if kilometres.missing is None else np.isfinite(km) & ~kilometres.missing
    limit = limits()["km_per_trip"].value

    def trips(row: int) -> str:
        count = shown_count(float(most[row]), context.threshold)
        return f"km_total is {km[row]:,} for {count} trips" + ("" if least[row] == most[row] else " at most")

    faults.add("km-without-trips", "km_total", told & (km > 0) & (most == 0), trips)
    faults.add("km-absurd", "km_total", told & (most > 0) & (km > limit * most), trips)
    origin, destination = piece.codes("origin_code"), piece.codes("destination_code")
    if origin is not None and destination is not None:
        # Each column numbers the codes that it meets itself: only those of the reference are the same in both.
        apart = _texts(piece, "origin_code", origin) != _texts(piece, "destination_code", destination)
        faults.add("trips-without-km", "km_total", told & (km == 0) & (least > 0) & apart, lambda _: "km_total is 0")


def _trips(rows: int, hours: Sequence[Numbers], threshold: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least and most trips of a day: a withheld hour has at least 1, at most the threshold less 1."""
    told, withheld = np.zeros(rows), np.zeros(rows)
    for hour in hours:
        told += np.where(hour.values >= 0, hour.values, 0)
        if hour.missing is not None:
            withheld += hour.missing
    return told + withheld, told + withheld * (threshold - 1)


def _texts(piece: Piece, name: str, codes: NDArray[np.int64]) -> NDArray[np.str_]:
    used, place = np.unique(codes, return_inverse=True)
    return np.array(["" if each < 0 else piece.code_lists[name][each] for each in used.tolist()] or [""])[place]


def _check_outages(piece: Piece, context: Context, faults: RowFaults) -> None:
    start, end = piece.numbers("from_utc"), piece.numbers("to_utc")
    if start is None or end is None:
        return
    there = np.ones(piece.rows, np.bool_)
    for each in (start, end):
        if each.missing is not None:
            there &= ~each.missing
    faults.add(
        "outage-inverted", "to_utc", there & (end.values <= start.values), lambda _: "to_utc is not after from_utc"
    )
    if context.manifest.period is None:
        return
    first, last = context.manifest.period
    before = end.values <= _microseconds(first)
    after = start.values >= _microseconds(last) + _DAY
    faults.add(
        "outage-outside-period", "from_utc", there & (before | after), lambda _: f"the period is {first} to {last}"
    )


_DAY = 86_400_000_000


def _microseconds(day: dt.date) -> int:
    return (day - dt.date(1970, 1, 1)).days * _DAY


_OWN_CHECKS: dict[str, Callable[[Piece, Context, RowFaults], None]] = {
    "cell_day": _check_cell_day,
    "od_day": _check_trips,
    "coverage": _check_outages,
}
"""Checks of one table's rows."""
