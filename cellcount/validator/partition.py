"""Check one folder of a table: each row by itself, then the rows beside each other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cellcount.standard import HOUR_COLUMNS, Column, Table
from cellcount.validator.beside import Day, Kept, compare_areas, compare_cells
from cellcount.validator.columns import CodeList
from cellcount.validator.files import ListedFile, Partition
from cellcount.validator.findings import MOST_SAID, Findings, shown
from cellcount.validator.indexes import FINEST_RESOLUTION, numbers, parents, resolutions, valid
from cellcount.validator.keys import NO_KEY, KeyPart, Keys, pack, repeated, unpack
from cellcount.validator.manifest import COARSEST
from cellcount.validator.parts import Counts, as_counts
from cellcount.validator.reading import SwellingFileError, check_file, read_pieces
from cellcount.validator.rows import ALL, Context, Piece, check_piece, is_cell

ROWS_TOGETHER = 4_000_000
"""Rows whose counts are held to be compared: 400 MB. A larger partition is read again for each part of the country."""
MANY_ROWS = 1_500_000
"""Partitions with more rows are checked one after the other, not side by side."""
_ONE_AT_A_TIME = threading.Lock()

COMPARED = {"cell_day": HOUR_COLUMNS, "area_day": HOUR_COLUMNS, "home_presence": ("devices",)}
"""Tables whose rows are parts of each other, and the columns that add up."""


@dataclass(frozen=True)
class Factor:
    """A row of `operator_factor` that can be understood."""

    area_code: str
    segment: str
    market_share: float
    product: float


@dataclass
class PartitionChecked:
    """What came of checking a partition.

    Parameters
    ----------
    partition : Partition
        The partition.
    findings : Findings
        What is wrong.
    rows : int
        Rows read.
    counted : set of tuples
        Codes of areas with counts, and whether of `resident` or `inbound` customers.
    resolutions : set of int
        H3 resolutions with rows of segment all.
    factors : list of Factor
        Rows of `operator_factor`.
    """

    partition: Partition
    findings: Findings
    rows: int = 0
    counted: set[tuple[str, str]] = field(default_factory=set)
    resolutions: set[int] = field(default_factory=set)
    factors: list[Factor] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether all rows were read; else what seems to be missing may be in what was not."""
        return not any(rule in self.findings for rule in ("file-corrupt", "file-too-large", "could-not-check"))


def check_partition(folder: Path, partition: Partition, context: Context) -> PartitionChecked:
    """Check one folder of a table.

    Parameters
    ----------
    folder : Path
        Folder of the delivery.
    partition : Partition
        Files of the folder.
    context : Context
        What rows are compared with.

    Returns
    -------
    PartitionChecked
        With a finding that says so where it could not be checked.
    """
    checked = PartitionChecked(partition, Findings())
    try:
        _check(folder, checked, context)
    # Whatever a hostile file makes of the reader, the other files are still checked and a report is still given.
    except Exception as error:
        said = (str(error).splitlines() or [""])[0]
        reason = said if isinstance(error, SwellingFileError) else f"{type(error).__name__}: {said}"
        first = partition.files[0].path
        checked.findings.add(
            "could-not-check", shown(f"{first}: {reason}", MOST_SAID), table=partition.table.name, file=first
        )
    return checked


def _check(folder: Path, checked: PartitionChecked, context: Context) -> None:
    partition, findings = checked.partition, checked.findings
    sound: list[tuple[ListedFile, int]] = []
    for file in partition.files:
        rows = check_file(folder, file, partition.table, sum(before for _, before in sound), findings)
        if rows is not None:
            sound.append((file, rows))
    total = sum(rows for _, rows in sound)
    if total > MANY_ROWS:
        with _ONE_AT_A_TIME:
            _check_rows(folder, checked, context, [file for file, _ in sound], total)
    elif sound:
        _check_rows(folder, checked, context, [file for file, _ in sound], total)


def _check_rows(folder: Path, checked: PartitionChecked, context: Context, files: list[ListedFile], total: int) -> None:
    table, findings = checked.partition.table, checked.findings
    code_lists = {
        column.name: codes for column in table.file_columns if (codes := context.code_list(column)) is not None
    }
    parts = _key_parts(table, code_lists)
    together = total <= ROWS_TOGETHER
    all_keys: list[Keys] = []
    kept = Kept()
    for piece in _pieces(folder, checked, files, code_lists):
        checked.rows += piece.rows
        check_piece(piece, context, findings)
        _tell_unreadable(piece, findings)
        _note(piece, context, checked)
        keys = _keys(piece, parts)
        if keys is None:
            continue
        all_keys.append(keys)
        if together and table.name in COMPARED:
            kept.add(keys, _counts(piece))
    if not all_keys:
        return
    first = files[0].path
    if together and table.name in COMPARED:
        _compare(kept, parts, checked, context)
    _tell_repeated(np.concatenate(all_keys), parts, checked, first)
    all_keys.clear()
    if not together and table.name in COMPARED:
        _compare_in_turn(folder, checked, context, files, total)


def _pieces(
    folder: Path, checked: PartitionChecked, files: list[ListedFile], code_lists: dict[str, CodeList]
) -> Iterator[Piece]:
    partition = checked.partition
    columns = [column for column in partition.table.file_columns if _is_checked(column)]
    for file in files:
        for data in read_pieces(folder, file, columns, checked.findings, partition.table):
            yield Piece(partition.table, partition.value, file.path, data, code_lists)


def _is_checked(column: Column) -> bool:
    """Whether anything is asked of a column's values: free text may hold anything."""
    return column.required or column.physical_type != "VARCHAR" or bool(column.enum or column.code_list)


def _tell_unreadable(piece: Piece, findings: Findings) -> None:
    """Columns whose values cannot be checked; that they are of another type is said once, by the file."""
    for column in piece.table.file_columns:
        if piece.array(column.name) is None:
            continue
        text = column.enum or column.code_list in ("areas", "countries")
        if (piece.codes(column.name) if text else piece.numbers(column.name)) is None:
            findings.add(
                "could-not-check",
                f"{piece.path}: the values of {column.name} cannot be understood",
                table=piece.table.name,
                columns=[column.name],
                file=piece.path,
            )


def _key_parts(table: Table, code_lists: dict[str, CodeList]) -> list[KeyPart]:
    """Columns of a key, cells last: the rows of a resolution and segment then follow each other."""
    columns = [column for column in table.file_columns if column.name in table.key]
    columns.sort(key=is_cell)
    return [KeyPart(column.name, code_lists.get(column.name), is_cell(column)) for column in columns]


def _keys(piece: Piece, parts: list[KeyPart]) -> Keys | None:
    values: list[NDArray[np.int64]] = []
    usable = np.ones(piece.rows, np.bool_)
    for part in parts:
        if part.codes is not None:
            codes = piece.codes(part.column)
            if codes is None:
                return None
            values.append(codes)
            continue
        found = piece.numbers(part.column)
        if found is None or found.values.dtype == np.float64:
            return None
        whole = found.values.astype(np.int64)
        if found.missing is not None:
            usable &= ~found.missing
        if part.is_cell and not piece.cells_are_clean:
            usable &= valid(whole) & (resolutions(whole) <= FINEST_RESOLUTION)
        values.append(whole)
    return pack(parts, values, usable)


def _tell_repeated(keys: Keys, parts: list[KeyPart], checked: PartitionChecked, first: str) -> None:
    rows, example = repeated(keys)
    if rows:
        partition = checked.partition
        said = unpack(parts, example)
        if partition.value is not None:
            said = f"{partition.table.partitions[0]} {partition.value}, {said}"
        columns = [part.column for part in parts]
        checked.findings.add("key-repeated", said, count=rows, table=partition.table.name, columns=columns, file=first)


def _counts(piece: Piece) -> list[tuple[str, Counts]]:
    found = []
    for column in piece.table.file_columns:
        if column.name in COMPARED[piece.table.name]:
            each = piece.numbers(column.name)
            assert column.maximum is not None
            counts = None if each is None else as_counts(each, column.maximum)
            if counts is not None:
                found.append((column.name, counts))
    return found


def _compare(kept: Kept, parts: list[KeyPart], checked: PartitionChecked, context: Context) -> None:
    # Unique devices do not add up, and it is said of the manifest that they are not what is needed.
    if context.manifest.count_basis == "unique":
        return
    day = Day(kept.sorted(), parts, checked.partition, context, checked.findings)
    if checked.partition.table.name == "cell_day":
        compare_cells(day)
    else:
        compare_areas(day)


def _compare_in_turn(
    folder: Path, checked: PartitionChecked, context: Context, files: list[ListedFile], total: int
) -> None:
    """Compare cells in as many turns as memory needs: no cell of one part of the country is part of one in another."""
    table = checked.partition.table
    if table.name != "cell_day":
        raise SwellingFileError(f"{total:,} rows are more than can be compared with each other")
    turns = -(-total // ROWS_TOGETHER)
    quiet = PartitionChecked(checked.partition, Findings())
    for turn in range(turns):
        code_lists = {
            column.name: codes for column in table.file_columns if (codes := context.code_list(column)) is not None
        }
        parts = _key_parts(table, code_lists)
        kept = Kept()
        for piece in _pieces(folder, quiet, files, code_lists):
            keys, found = _keys(piece, parts), piece.numbers("h3")
            if keys is None or found is None:
                continue
            above = numbers(parents(found.values.astype(np.int64), COARSEST))
            rows = np.flatnonzero((keys != NO_KEY) & (above % turns == turn))
            kept.add(keys[rows], [(name, counts[rows]) for name, counts in _counts(piece)])
            if kept.rows > 2 * ROWS_TOGETHER:
                raise SwellingFileError("more rows in one part of the country than it has cells")
        _compare(kept, parts, checked, context)


def _note(piece: Piece, context: Context, checked: PartitionChecked) -> None:
    """Note what is asked of the delivery as a whole: where it counts, at which resolutions, and its factors."""
    name = piece.table.name
    if name == "operator_factor":
        checked.factors += _factors(piece)
        return
    if name == "cell_day":
        _note_cells(piece, context, checked)
    elif name == "area_day":
        segment = piece.codes("segment")
        if segment is not None:
            _note_areas(piece, "area_code", segment == piece.code_lists["segment"].number_of("inbound"), checked)
    elif name in _CUSTOMERS_OF:
        column = _CUSTOMERS_OF[name]
        _note_areas(piece, column, np.zeros(piece.rows, np.bool_), checked)
    elif name == "inbound_month":
        countries = piece.codes("country_of_residence")
        if countries is not None:
            residents = countries == piece.code_lists["country_of_residence"].number_of("GB")
            _note_areas(piece, "area_code", ~residents, checked)


_CUSTOMERS_OF = {
    "home_presence": "home_area_code",
    "od_day": "origin_code",
    "outbound_month": "home_area_code",
    "home_relocation": "previous_area_code",
}
"""Tables of residents, and the column of the area whose factor expands their counts."""


def _note_areas(piece: Piece, column: str, inbound: NDArray[np.bool_], checked: PartitionChecked) -> None:
    codes = piece.codes(column)
    if codes is None:
        return
    for customers, rows in (("inbound", inbound), ("resident", ~inbound)):
        for number in np.unique(codes[rows & (codes >= 0)]).tolist():
            checked.counted.add((piece.code_lists[column][number], customers))


def _note_cells(piece: Piece, context: Context, checked: PartitionChecked) -> None:
    found, segment = piece.numbers("resolution"), piece.codes("segment")
    if found is None or segment is None:
        return
    segments = piece.code_lists["segment"]
    own = np.clip(found.values, 0, FINEST_RESOLUTION + 1).astype(np.int64)
    checked.resolutions |= set(np.flatnonzero(np.bincount(own[segment == segments.number_of(ALL)])).tolist())
    known, cells = context.known, piece.numbers("h3")
    if piece.cells_are_clean or known is None or cells is None or cells.values.dtype == np.float64:
        return
    inbound = segment == segments.number_of("inbound")
    for resolution in range(COARSEST, FINEST_RESOLUTION + 1):
        there = own == resolution
        for customers, rows in (("inbound", there & inbound), ("resident", there & ~inbound)):
            areas = known.areas_of(cells.values[rows].astype(np.int64), resolution)
            used = np.flatnonzero(np.bincount(areas[areas >= 0]))
            checked.counted |= {(known.zones.codes[area], customers) for area in used.tolist()}


def _factors(piece: Piece) -> list[Factor]:
    names = ("market_share", "devices_per_person", "switched_on_rate")
    area, segment = piece.codes("area_code"), piece.codes("segment")
    columns = [piece.numbers(name) for name in names]
    if area is None or segment is None:
        return []
    found = [each for each in columns if each is not None]
    if len(found) < len(names):
        return []
    usable = (area >= 0) & (segment >= 0) & (segment < piece.code_lists["segment"].known)
    for each in found:
        usable &= np.isfinite(each.values)
        if each.missing is not None:
            usable &= ~each.missing
    share = found[0].values.astype(np.float64)
    product = share * found[1].values * found[2].values
    return [
        Factor(
            piece.code_lists["area_code"][area[row]],
            piece.code_lists["segment"][segment[row]],
            float(share[row]),
            float(product[row]),
        )
        for row in np.flatnonzero(usable).tolist()
    ]
