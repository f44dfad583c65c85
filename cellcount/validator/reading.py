"""Open a listed file, compare it with its entry and its declaration, and read it a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cellcount.build.check import column_faults, sha256
from cellcount.standard import Column, Table, limits
from cellcount.validator.files import ListedFile
from cellcount.validator.findings import MOST_SAID, Findings, shown

ROWS_AT_ONCE = 1 << 19
"""Rows that are read together: 24 hours of them are 50 MB."""
MOST_BYTES_PER_ROW = 1024
"""Bytes that a row may hold: 24 hours and a few codes are a fifth of it. More is a file that swells when read."""
_SOME_BYTES = 1 << 26

UNREADABLE = (OSError, ValueError, pa.ArrowException)
"""What the Parquet reader raises for a file that is not whole."""


class SwellingFileError(Exception):
    """A file that would take more memory than its rows can need."""


def check_file(folder: Path, listed: ListedFile, table: Table, rows_before: int, findings: Findings) -> int | None:
    """Check a file from the outside: checksum, footer, rows and columns.

    Parameters
    ----------
    folder : Path
        Folder of the delivery.
    listed : ListedFile
        The file.
    table : Table
        Declaration of its table.
    rows_before : int
        Rows of the same partition in other files.
    findings : Findings
        Told what is wrong.

    Returns
    -------
    int or None
        Its rows; None where they cannot be read.
    """
    file, path = folder / listed.path, listed.path
    try:
        if sha256(file) != listed.sha256:
            findings.add("checksum-differs", path, table=table.name, file=path)
        metadata = pq.read_metadata(file)
        rows = metadata.num_rows
        faults = column_faults(table, metadata.schema)
        names = [metadata.schema.column(number).path for number in range(len(metadata.schema))]
    except UNREADABLE as error:
        findings.add("file-corrupt", _reason(path, error), table=table.name, file=path)
        return None
    if rows != listed.rows:
        said = f"{path}: {rows:,} rows, and the manifest says {listed.rows:,}"
        findings.add("rows-differ", said, table=table.name, file=path)
    for fault in faults:
        example = shown(f"{path}: {fault.sentence}", MOST_SAID)
        findings.add(f"column-{fault.kind}", example, table=table.name, columns=[shown(fault.column)], file=path)
    for name in sorted({name for name in names if names.count(name) > 1}):
        said = shown(f"{path}: the column {name} is there more than once.", MOST_SAID)
        findings.add("column-unknown", said, table=table.name, columns=[shown(name)], file=path)
    most = int(limits()["rows_per_file"].value)
    if rows_before + rows > most:
        said = f"{path}: {rows:,} rows; a partition has at most {most:,}"
        findings.add("file-too-large", said, table=table.name, file=path)
        return None
    return rows


def _reason(path: str, error: BaseException) -> str:
    said = str(error).splitlines()
    return shown(f"{path}: {said[0] if said else type(error).__name__}", MOST_SAID)


def read_pieces(
    folder: Path, listed: ListedFile, columns: list[Column], findings: Findings, table: Table
) -> Iterator[pa.Table]:
    """Read the rows of a file, some hundred thousand at a time.

    Parameters
    ----------
    folder : Path
        Folder of the delivery.
    listed : ListedFile
        The file.
    columns : list of Column
        Columns to read, those of them that it has.
    findings : Findings
        Told if the file turns out to be damaged.
    table : Table
        Declaration of its table.

    Yields
    ------
    pyarrow.Table
        Each column in one chunk.

    Raises
    ------
    SwellingFileError
        If it is far larger than its rows can need.
    """
    file = folder / listed.path
    try:
        metadata = pq.read_metadata(file)
        readable = _readable(metadata.schema, columns)
        names = [column.name for column in readable]
        text = [column.name for column in readable if column.physical_type == "VARCHAR"]
        with pq.ParquetFile(file, metadata=metadata, read_dictionary=text) as parquet:
            _refuse_swelling(metadata)
            read = 0
            for piece in _pieces(parquet, names):
                read += piece.num_rows
                piece.validate(full=True)  # that codes are in their dictionary, and text is text
                yield piece.unify_dictionaries().combine_chunks()
            if read != metadata.num_rows:
                raise ValueError(f"{read:,} rows, where the file's own end says {metadata.num_rows:,}")
    except UNREADABLE as error:
        findings.add("file-corrupt", _reason(listed.path, error), table=table.name, file=listed.path)


def _readable(schema: pq.ParquetSchema, columns: list[Column]) -> list[Column]:
    """Columns that are there once, and are not nested."""
    leaves = [schema.column(number) for number in range(len(schema))]
    flat = [leaf.path for leaf in leaves if leaf.max_repetition_level == 0]
    return [column for column in columns if flat.count(column.name) == 1]


def _refuse_swelling(metadata: pq.FileMetaData) -> None:
    # Only sizes of whole row groups: of a damaged footer, pyarrow's metadata of a column end the process.
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        if group.total_byte_size > max(_SOME_BYTES, MOST_BYTES_PER_ROW * group.num_rows):
            raise SwellingFileError(f"{group.num_rows:,} rows take {group.total_byte_size:,} bytes")


def _pieces(parquet: pq.ParquetFile, names: list[str]) -> Iterator[pa.Table]:
    """Row groups together as far as they are small, and a large one in parts."""
    waiting: list[int] = []
    rows = 0
    for group in range(parquet.metadata.num_row_groups):
        size = parquet.metadata.row_group(group).num_rows
        if waiting and rows + size > ROWS_AT_ONCE:
            yield parquet.read_row_groups(waiting, names, use_threads=False)
            waiting, rows = [], 0
        if size > 2 * ROWS_AT_ONCE:
            for batch in parquet.iter_batches(ROWS_AT_ONCE, [group], names, use_threads=False):
                yield pa.Table.from_batches([batch])
        else:
            waiting.append(group)
            rows += size
    if waiting:
        yield parquet.read_row_groups(waiting, names, use_threads=False)
