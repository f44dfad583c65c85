"""The files of a delivery: which the manifest lists, where they lie, and which days and months they cover."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from cellcount.build.check import IGNORED_FILES, leaves_folder
from cellcount.standard import MANIFEST_NAME, Table, delivery_tables
from cellcount.validator.findings import MOST_SAID, Findings, shown
from cellcount.validator.manifest import Manifest

_SAFE_NAME = re.compile(r"[A-Za-z0-9_=\-][A-Za-z0-9._=\-]{0,199}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for itself."""
_LONGEST_PATH = 240
_SHA256 = re.compile("[0-9a-fA-F]{64}")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class ListedFile:
    """A file that the manifest lists, in its place and safe to open.

    Parameters
    ----------
    path : str
        Path below the delivery's folder.
    rows : int
        Rows, as the manifest says.
    sha256 : str
        Checksum, as the manifest says, in lower case.
    """

    path: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Partition:
    """One folder of a table: what must have each key once, and what is compared within itself.

    Parameters
    ----------
    table : Table
        Declaration.
    value : str or None
        Value of the partition column, such as a date; None for a table without.
    files : tuple of ListedFile
        Files, by path.
    """

    table: Table
    value: str | None
    files: tuple[ListedFile, ...]

    @property
    def rows(self) -> int:
        """Rows, as the manifest says."""
        return sum(file.rows for file in self.files)


def find_partitions(folder: Path, manifest: Manifest, findings: Findings) -> list[Partition]:
    """Which files can be opened, by partition.

    Parameters
    ----------
    folder : Path
        Folder of the delivery.
    manifest : Manifest
        Its manifest.
    findings : Findings
        Told what is wrong with the list, and with where files lie.

    Returns
    -------
    list of Partition
        By table, as declared, and value.
    """
    listed = list(_listed(manifest.files, findings))
    found: dict[tuple[str, str | None], list[ListedFile]] = {}
    for file in listed:
        place = _place(folder, file.path, findings)
        if place is not None:
            found.setdefault(place, []).append(file)
    tables = delivery_tables()
    claimed = {file.path.split("/")[0] for file in listed}
    for name, table in tables.items():
        if not table.optional and name not in claimed:
            findings.add("table-missing", name, table=name)
    _tell_unlisted(folder, {file.path for file in listed}, findings)
    return [
        Partition(tables[name], value, tuple(sorted(found[name, value], key=lambda file: file.path)))
        for name, value in sorted(found, key=lambda place: (list(tables).index(place[0]), place[1] or ""))
    ]


def _listed(entries: Sequence[Any], findings: Findings) -> Iterator[ListedFile]:
    """The entries that are whole, each path once."""
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        if not _is_entry(entry):
            _tell(findings, "file-entry-malformed", f"entry {number + 1} of files")
        elif entry["path"].casefold() in seen:
            _tell(findings, "file-entry-repeated", shown(entry["path"], MOST_SAID))
        else:
            seen.add(entry["path"].casefold())
            yield ListedFile(entry["path"], entry["rows"], entry["sha256"].lower())


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    path, rows, checksum = (entry.get(name) for name in ("path", "rows", "sha256"))
    return (
        isinstance(path, str)
        and path != ""
        and type(rows) is int
        and rows >= 0
        and isinstance(checksum, str)
        and _SHA256.fullmatch(checksum) is not None
    )


def _tell(findings: Findings, rule: str, example: str) -> None:
    findings.add(rule, example, columns=["files"], file=MANIFEST_NAME)


def _place(folder: Path, path: str, findings: Findings) -> tuple[str, str | None] | None:
    """Table and value of the partition in which a file lies; None where it must not be opened or is not there."""
    table = delivery_tables().get(path.partition("/")[0])
    rule = _unsafe(folder, path)
    if rule is None and table is None:
        rule = "table-unknown"
    name = None if table is None else table.name
    if rule is not None:
        findings.add(rule, shown(path, MOST_SAID), table=name, file=shown(path, MOST_SAID))
        return None
    assert table is not None
    value = _partition_value(table, path)
    if value is None:
        where = table.folder(**dict.fromkeys(table.partitions, "..."))
        findings.add("partition-malformed", f"{path}: it must lie in {where}/", table=name, file=path)
        return None
    if not (folder / path).is_file():
        findings.add("file-missing", path, table=name, file=path)
        return None
    return table.name, value or None


def _unsafe(folder: Path, path: str) -> str | None:
    """The rule that a path breaks by itself."""
    parts = path.split("/")
    if "\\" in path or ":" in path or {"", ".", ".."} & set(parts):
        return "path-leaves-folder"
    if len(path) > _LONGEST_PATH or not all(
        _SAFE_NAME.fullmatch(part) and not part.endswith(".") and not _RESERVED.fullmatch(part) for part in parts
    ):
        return "file-name-unsafe"
    try:
        return "path-leaves-folder" if leaves_folder(folder, path) else None
    except (OSError, RuntimeError):  # links that go round in a circle
        return "path-leaves-folder"


def _partition_value(table: Table, path: str) -> str | None:
    """The value in a path, empty for a table that has no partitions; None where the path is not of the table."""
    folders, name = path.split("/")[1:-1], path.rpartition("/")[2]
    if not name.endswith(".parquet") or len(folders) != len(table.partitions):
        return None
    if not folders:
        return ""
    column, _, value = folders[0].partition("=")
    return value if column == table.partitions[0] and _VALUES[column](value) else None


def _is_date(value: str) -> bool:
    try:
        return dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_month(value: str) -> bool:
    return _MONTH.fullmatch(value) is not None and value >= "0001"


def _is_period(value: str) -> bool:
    first, _, last = value.partition("_")
    return _is_month(first) and _is_month(last) and first <= last


_VALUES = {"date": _is_date, "month": _is_month, "period": _is_period}
"""By partition column: whether a folder's name holds a value of it."""


def _tell_unlisted(folder: Path, listed: set[str], findings: Findings) -> None:
    for holder, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(holder) / name).is_symlink()]  # not followed, so told
        for name in sorted(names + links):
            path = (Path(holder) / name).relative_to(folder).as_posix()
            if path in listed or path == MANIFEST_NAME or name in IGNORED_FILES:
                continue
            table = path.split("/")[0]
            if table in delivery_tables() and name.endswith(".parquet"):
                findings.add("file-unlisted", shown(path, MOST_SAID), table=table, file=shown(path, MOST_SAID))
            else:
                findings.add("file-unknown", shown(path, MOST_SAID), file=shown(path, MOST_SAID))


def check_times(manifest: Manifest, has_rows: Mapping[tuple[str, str | None], bool], findings: Findings) -> None:
    """Compare the days and months of every table with the period.

    Parameters
    ----------
    manifest : Manifest
        The manifest.
    has_rows : mapping
        By table and value of the partition, of partitions that are there: whether they hold any row.
    findings : Findings
        Told what is outside or missing.
    """
    for name, table in delivery_tables().items():
        values = {value: rows for (of, value), rows in has_rows.items() if of == name and value is not None}
        if not values:
            continue
        if table.partitions == ("date",):
            # A day without rows holds nothing of a table that must be there; of another it may be that none was seen.
            here = [dt.date.fromisoformat(value) for value, rows in values.items() if rows or table.optional]
            _check_days(
                name, sorted(dt.date.fromisoformat(value) for value in values), sorted(here), manifest, findings
            )
        else:
            _check_months(name, sorted({value.rpartition("_")[2] for value in values}), manifest, findings)
            if table.partitions == ("month",):
                _check_gaps(name, sorted(values), findings)


def _check_days(
    table: str, days: list[dt.date], with_rows: list[dt.date], manifest: Manifest, findings: Findings
) -> None:
    if manifest.period is None:
        return
    first, last = manifest.period
    outside = [day for day in days if not first <= day <= last]
    if outside:
        findings.add("date-outside-period", str(outside[0]), count=len(outside), table=table, columns=["date"])
    inside = {day for day in with_rows if first <= day <= last}
    missing = (last - first).days + 1 - len(inside)
    if missing:
        example = next(day for number in range(len(inside) + 1) if (day := first + dt.timedelta(number)) not in inside)
        findings.add("date-missing", str(example), count=missing, table=table, columns=["date"])


def _check_months(table: str, months: list[str], manifest: Manifest, findings: Findings) -> None:
    column = delivery_tables()[table].partitions
    after = [month for month in months if manifest.period_end is not None and f"{month}-01" > str(manifest.period_end)]
    if after:
        findings.add("month-after-period", after[0], count=len(after), table=table, columns=column)


def _check_gaps(table: str, months: list[str], findings: Findings) -> None:
    numbers = [int(month[:4]) * 12 + int(month[5:]) - 1 for month in months]
    missing = [(before + 1, after - before - 1) for before, after in pairwise(numbers) if after > before + 1]
    if missing:
        first = missing[0][0]
        example = f"{first // 12:04d}-{first % 12 + 1:02d}"
        findings.add("month-missing", example, count=sum(count for _, count in missing), table=table, columns=["month"])
