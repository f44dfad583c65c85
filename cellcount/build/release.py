"""Write a release whole or not at all, and check one.

A release is a folder of Parquet files with a manifest of their checksums, declared in `data/standard/release.json`.
It is written aside (`releases/.writing-...`), checked, and renamed into place, so that a reader sees the old release
or the new one and never half of either.
"""

from __future__ import annotations

import datetime as dt
import errno
import glob
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cellcount import __version__
from cellcount.build.check import UnreadableReleaseError, check_release, sha256
from cellcount.errors import CellCountError
from cellcount.standard import MANIFEST_NAME, Table, release_format, release_tables

__all__ = [
    "DiskFullError",
    "ReleaseExistsError",
    "ReleaseFaultyError",
    "ReleaseWriter",
    "UndeclaredDataError",
    "UnreadableReleaseError",
    "check_release",
    "sweep",
    "write_parquet",
]

ROW_GROUP_ROWS = 16_384
COMPRESSION_LEVEL = 1
_ASIDE_PREFIX = ".writing-"


class ReleaseExistsError(CellCountError):
    """There is a release of this name already; releases are never changed in place."""


class ReleaseFaultyError(CellCountError):
    """What was written does not pass its own check, and was not published."""


class UndeclaredDataError(CellCountError):
    """A table offered to the writer is not as declared in data/standard/release.json."""


class DiskFullError(CellCountError):
    """There is no room left for the release."""


class ReleaseWriter:
    """A release being written: use as a context manager.

    Everything is written to a folder aside, which disappears if the block ends in an exception. `publish` checks it
    and renames it into place.

    Parameters
    ----------
    releases : Path
        Folder of all releases; made if it does not exist.
    release_id : str
        Name of the new release: letters, digits, `.`, `_` and `-`.

    Raises
    ------
    ReleaseExistsError
        If there is a release of that name.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     try:
    ...         with ReleaseWriter(Path(folder), "shire-2026") as writer:
    ...             _ = writer.write("countries", pa.table({"country_code": ["FR"], "country_name": ["France"]}))
    ...             raise KeyboardInterrupt
    ...     except KeyboardInterrupt:
    ...         list(Path(folder).iterdir())
    []
    """

    def __init__(self, releases: Path, release_id: str) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", release_id):
            raise CellCountError(
                f"A release cannot be called {release_id!r}: use letters, digits, full stops, underscores and hyphens, "
                "and begin with a letter or a digit."
            )
        self.releases = releases
        self.release_id = release_id
        self.path = releases / f"{_ASIDE_PREFIX}{release_id}-{os.getpid()}-{secrets.token_hex(4)}"
        """The folder aside."""

    def __enter__(self) -> Self:
        try:
            self.releases.mkdir(parents=True, exist_ok=True)
            sweep(self.releases)
            self._refuse_to_replace()
            self.path.mkdir()
        except OSError as error:
            raise CellCountError(
                f"Nothing can be written to {self.releases} ({error.strerror}). Name another folder, or have its "
                "permissions changed."
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if error is not None and _is_disk_full(error):
            raise DiskFullError(
                f"There is no room left on the disk that holds {self.releases}. Nothing half-written was kept and "
                "earlier releases are as they were. Make room, or name another folder, and start again."
            ) from error

    def folder(self, table_name: str, **partitions: object) -> Path:
        """Folder of one partition of a table, made ready for those who write Parquet themselves.

        Such files must be zstd with V1 pages, have the declared columns and types, and be sorted by the table's key.

        Parameters
        ----------
        table_name : str
            A table of `release.json`.
        **partitions
            A value for each of its partition columns.

        Returns
        -------
        Path
            The folder, inside the folder aside.
        """
        folder = self.path / _declared(table_name).folder(**partitions)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def write(self, table_name: str, table: pa.Table, *, part: int | None = None, **partitions: object) -> Path:
        """Write one file of a table.

        Columns are put in the declared order and type; declared columns that may be NULL and are not given are NULL.
        Rows are put in the order of the table's key.

        Parameters
        ----------
        table_name : str
            A table of `release.json`.
        table : pyarrow.Table
            Rows, without the partition columns.
        part : int, optional
            Number of the file, where a partition has several.
        **partitions
            A value for each of the table's partition columns.

        Returns
        -------
        Path
            The file.
        """
        file = self.folder(table_name, **partitions) / (
            "part-0.parquet" if part is None else f"part-{part:03d}.parquet"
        )
        declared = _declared(table_name)
        write_parquet(file, _in_key_order(declared, _as_declared(declared, table)))
        return file

    def publish(self, manifest: dict[str, Any]) -> Path:
        """Complete the manifest, check everything, and rename the release into place.

        Parameters
        ----------
        manifest : dict
            The manifest's fields but for `release_format`, `release_id`, `created_at`, `software_version`, `tables`
            and `files`, which are added here.

        Returns
        -------
        Path
            Folder of the published release.

        Raises
        ------
        ReleaseFaultyError
            If the check finds a fault; nothing is published.
        ReleaseExistsError
            If somebody else published a release of this name meanwhile.
        """
        files = _listed(self.path)
        rows: dict[str, int] = {}
        for file in files:
            table_name = file["path"].split("/")[0]
            rows[table_name] = rows.get(table_name, 0) + file["rows"]
        complete = {
            "release_format": release_format(),
            "release_id": self.release_id,
            **manifest,
            "created_at": manifest.get("created_at", dt.datetime.now(dt.UTC).isoformat(timespec="seconds")),
            "software_version": __version__,
            "tables": {name: {"rows": rows[name]} for name in release_tables() if name in rows},
            "files": files,
        }
        text = json.dumps(complete, ensure_ascii=False, indent=1, allow_nan=False)
        (self.path / MANIFEST_NAME).write_text(text, encoding="utf-8")
        # The checksums were taken a moment ago from the same bytes: taking them twice would prove nothing.
        faults = check_release(self.path, checksums=False)
        if faults:
            told = "\n".join(f"- {fault}" for fault in faults[:20])
            raise ReleaseFaultyError(
                f"Release {self.release_id} was not published, for it does not pass its own check:\n{told}\n"
                "This is a fault of the software that made it: please report it with this message."
            )
        final = self.releases / self.release_id
        try:
            self.path.rename(final)
        except OSError:
            self._refuse_to_replace()
            raise
        return final

    def _refuse_to_replace(self) -> None:
        final = self.releases / self.release_id
        if final.exists():
            raise ReleaseExistsError(
                f"There is a release {self.release_id} in {self.releases} already. Releases are never changed: "
                "delete that folder first if it is to be made again."
            )


def write_parquet(file: Path, table: pa.Table) -> None:
    """Write a Parquet file in the one way in which releases are written.

    zstd, V1 pages, row groups of 16,384 rows: the layout that DuckDB answered from fastest. Format version 2.6 is
    only about types: version 1.0 would turn UINTEGER into BIGINT.

    Parameters
    ----------
    file : Path
        Where to; the folder exists.
    table : pyarrow.Table
        Rows, sorted.
    """
    pq.write_table(
        table,
        file,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        row_group_size=ROW_GROUP_ROWS,
        # Codes repeat and counts do not: plain counts are smaller after zstd, and faster both ways.
        use_dictionary=[field.name for field in table.schema if pa.types.is_string(field.type)],
    )


def sweep(releases: Path, prefix: str = _ASIDE_PREFIX) -> None:
    """Remove what processes that died have left beside what they were making.

    Parameters
    ----------
    releases : Path
        Folder of all releases. Folders aside of processes that still live are left alone.
    prefix : str
        How the names of folders aside begin; the number of their process and a random word end them.
    """
    for folder in releases.glob(f"{glob.escape(prefix)}*"):
        pid = folder.name.rsplit("-", 2)[1]
        if folder.is_dir() and pid.isdecimal() and not _still_written(folder, int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _still_written(folder: Path, pid: int) -> bool:
    """Whether the process that made the folder lives: a younger one has only inherited its number."""
    try:
        return psutil.Process(pid).create_time() <= folder.stat().st_mtime + 1
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False
    except psutil.AccessDenied:
        return True


def _is_disk_full(error: BaseException) -> bool:
    return getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT} or "No space left on device" in str(error)


def _declared(table_name: str) -> Table:
    try:
        return release_tables()[table_name]
    except KeyError:
        raise UndeclaredDataError(
            f"A release has no table {table_name}. Its tables are {', '.join(release_tables())}."
        ) from None


def _as_declared(declared: Table, table: pa.Table) -> pa.Table:
    """The table with the declared columns, in their order and of their types."""
    names = [column.name for column in declared.file_columns]
    unknown = [name for name in table.column_names if name not in names]
    if unknown:
        raise UndeclaredDataError(f"Table {declared.name} has no column {', '.join(unknown)} in release.json.")
    columns = []
    for column in declared.file_columns:
        if column.name not in table.column_names:
            if column.required:
                raise UndeclaredDataError(f"Table {declared.name} lacks its column {column.name}.")
            columns.append(pa.nulls(table.num_rows, column.arrow_type))
            continue
        values = table.column(column.name)
        if isinstance(values.type, pa.BaseExtensionType):  # an outline, as GeoPandas hands it over
            values = pa.chunked_array([chunk.storage for chunk in values.chunks], values.type.storage_type)
        if column.required and values.null_count:
            raise UndeclaredDataError(f"Column {column.name} of table {declared.name} must not be NULL.")
        try:
            columns.append(values.cast(column.arrow_type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise UndeclaredDataError(
                f"Column {column.name} of table {declared.name} is {values.type} and cannot be kept as "
                f"{column.physical_type}: {error}"
            ) from error
    schema = pa.schema(
        [pa.field(column.name, column.arrow_type, nullable=not column.required) for column in declared.file_columns],
        metadata=table.schema.metadata,  # GeoParquet says here what is an outline
    )
    return pa.Table.from_arrays(columns, schema=schema)


def _in_key_order(declared: Table, table: pa.Table) -> pa.Table:
    key = [name for name in declared.key if name in table.column_names]
    if table.num_rows < 2:
        return table
    if len(key) > 1 or not pc.all(_following(table, key[0], pc.less_equal)).as_py():
        table = table.sort_by([(name, "ascending") for name in key])
    twice = reduce(pc.and_kleene, (_following(table, name, pc.equal) for name in key))
    if pc.any(twice).as_py():
        first = table.select(key).slice(pc.index(twice, True).as_py(), 1).to_pylist()[0]
        raise UndeclaredDataError(
            f"Table {declared.name} has two rows for {', '.join(f'{name} {value}' for name, value in first.items())}."
        )
    return table


def _following(table: pa.Table, name: str, compare: Callable[[pa.Array, pa.Array], pa.Array]) -> pa.Array:
    """Each value of a column compared with the one after it."""
    values = table.column(name).combine_chunks()
    return compare(values[:-1], values[1:])


def _listed(folder: Path) -> list[dict[str, Any]]:
    """Every Parquet file below a folder, with rows, bytes and checksum."""

    def entry(file: Path) -> dict[str, Any]:
        return {
            "path": file.relative_to(folder).as_posix(),
            "rows": pq.read_metadata(file).num_rows,
            "bytes": file.stat().st_size,
            "sha256": sha256(file),
        }

    with ThreadPoolExecutor() as pool:
        return list(pool.map(entry, sorted(folder.rglob("*.parquet"))))
