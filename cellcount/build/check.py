"""Check a release: every fault in words, in one run."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
import pyarrow.parquet as pq

from cellcount.errors import CellCountError
from cellcount.standard import MANIFEST_NAME, Table, release_format, release_tables, version_numbers

IGNORED_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""What file browsers leave behind: no fault of the release."""


class UnreadableReleaseError(CellCountError):
    """The folder is not a release, or its manifest cannot be read."""


_TEXT, _WHOLE, _NUMBER, _OBJECT, _LIST = (str,), (int,), (int, float), (dict,), (list,)
_NOTHING = type(None)

_MANIFEST_FIELDS: dict[str, tuple[type, ...]] = {
    "release_format": _TEXT,
    "release_id": _TEXT,
    "title": _TEXT,
    "kind": _TEXT,
    "synthetic": (bool,),
    "created_at": _TEXT,
    "software_version": _TEXT,
    "deliveries": _LIST,
    "parameters": _OBJECT,
    "disclosure": _OBJECT,
    "disclosure.rule": _TEXT,
    "disclosure.threshold": (*_WHOLE, _NOTHING),
    "time": _OBJECT,
    "time.time_zone": _TEXT,
    "time.period_start": (*_TEXT, _NOTHING),
    "time.period_end": (*_TEXT, _NOTHING),
    "time.day_types": _LIST,
    "time.periods": _LIST,
    "time.slots": _LIST,
    "measure_note": _TEXT,
    "resolutions": _LIST,
    "resolution_note": (*_TEXT, _NOTHING),
    "area_types": _LIST,
    "default_area": _TEXT,
    "map_view": _OBJECT,
    "map_view.longitude": _NUMBER,
    "map_view.latitude": _NUMBER,
    "map_view.zoom": _NUMBER,
    "source": _OBJECT,
    "source.name": _TEXT,
    "source.publisher": (*_TEXT, _NOTHING),
    "source.licence": (*_TEXT, _NOTHING),
    "source.attribution": (*_TEXT, _NOTHING),
    "source.citation": (*_TEXT, _NOTHING),
    "source.url": (*_TEXT, _NOTHING),
    "caveats": _LIST,
    "quality": _OBJECT,
    "tables": _OBJECT,
    "files": _LIST,
}
"""Fields of a release's manifest and what each may be."""

_LISTED_FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "deliveries": {"delivery_id": _TEXT, "operator_id": _TEXT, "manifest_sha256": _TEXT},
    "time.day_types": {"id": _TEXT, "label": _TEXT},
    "time.periods": {"id": _TEXT, "label": _TEXT},
    "time.slots": {"id": _TEXT, "label": _TEXT, "hours": _LIST},
    "area_types": {"id": _TEXT, "label": _TEXT},
    "files": {"path": _TEXT, "rows": _WHOLE, "bytes": _WHOLE, "sha256": _TEXT},
}
"""Fields of the objects in the manifest's lists."""

_TYPE_WORDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    _NOTHING: "null",
}

_PARQUET_TYPES: dict[str, tuple[str, re.Pattern[str]]] = {
    "BIGINT": ("INT64", re.compile(r"None|Int\(bitWidth=64, isSigned=true\)")),
    "UTINYINT": ("INT32", re.compile(r"Int\(bitWidth=8, isSigned=false\)")),
    "UINTEGER": ("INT32", re.compile(r"Int\(bitWidth=32, isSigned=false\)")),
    "FLOAT": ("FLOAT", re.compile("None")),
    "DOUBLE": ("DOUBLE", re.compile("None")),
    "VARCHAR": ("BYTE_ARRAY", re.compile("String")),
    "DATE": ("INT32", re.compile("Date")),
    "TIMESTAMP": ("INT64", re.compile(r"Timestamp\(.*timeUnit=microseconds.*\)")),
    "GEOMETRY": ("BYTE_ARRAY", re.compile(r"None|Geometry.*")),
}
"""What each declared type is in a Parquet file, physically and logically: what any reader will see."""


def check_release(folder: Path, *, checksums: bool = True) -> list[str]:
    """Find every fault of a release.

    Its manifest's fields, the format's version, missing and unlisted files, paths that leave the folder, sizes, rows,
    checksums, and the columns and types of every file against the declaration.

    Parameters
    ----------
    folder : Path
        Folder of the release.
    checksums : bool
        Whether to read every byte and compare checksums.

    Returns
    -------
    list of str
        A sentence for each fault; empty where there is none.

    Raises
    ------
    UnreadableReleaseError
        If there is no such folder, or no manifest in it that can be read.

    Examples
    --------
    >>> check_release(Path("no-such-release"))
    Traceback (most recent call last):
    ...
    cellcount.build.check.UnreadableReleaseError: There is no folder no-such-release. Give the folder of a release...
    """
    manifest = _read_manifest(folder)
    newer = _newer_format(manifest)
    if newer:
        return [newer]
    faults = _manifest_faults(manifest)
    listed = [file for file in _as_list(manifest.get("files")) if not _item_faults("files", file)]
    sound = []
    for file in listed:
        fault = _path_fault(folder, file["path"])
        if fault:
            faults.append(fault)
        else:
            sound.append(file)
    faults += _unlisted_files(folder, {file["path"] for file in listed})
    with ThreadPoolExecutor() as pool:
        for found in pool.map(lambda file: _file_faults(folder, file, checksums=checksums), sound):
            faults += found
    return faults + _table_faults(manifest, sound)


def _read_manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise UnreadableReleaseError(
            f"There is no folder {folder}. Give the folder of a release, for example data/releases/NAME."
        )
    file = folder / MANIFEST_NAME
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UnreadableReleaseError(
            f"{folder} is not a release: it has no {MANIFEST_NAME}. If it was copied, copy it again whole."
        ) from None
    except (OSError, ValueError) as error:
        raise UnreadableReleaseError(
            f"{file} cannot be read ({error}). Copy the release again whole, or build it again."
        ) from error
    if not isinstance(manifest, dict):
        raise UnreadableReleaseError(f"{file} is not a release's manifest: it is not a JSON object.")
    return manifest


def _newer_format(manifest: dict[str, Any]) -> str | None:
    version = str(manifest.get("release_format", ""))
    if re.fullmatch(r"\d+(\.\d+)*", version) and version_numbers(version) > version_numbers(release_format()):
        return (
            f"{MANIFEST_NAME}: the release is of format {version} and this software reads formats up to "
            f"{release_format()}. Update the software, or build the release with this version."
        )
    return None


def _manifest_faults(manifest: dict[str, Any]) -> list[str]:
    faults = _field_faults(manifest, _MANIFEST_FIELDS, MANIFEST_NAME)
    for field in _LISTED_FIELDS:
        for item in _as_list(_value(manifest, field)):
            faults += _item_faults(field, item)
    if faults:
        return faults
    if manifest["kind"] not in {"built", "imported"}:
        faults.append(f"{MANIFEST_NAME}: kind is {manifest['kind']!r} and must be built or imported.")
    if not _whole_numbers(manifest["resolutions"], 0, 15):
        faults.append(f"{MANIFEST_NAME}: resolutions must be a list of H3 resolutions, for example [5, 6, 7, 8].")
    return faults + _time_faults(manifest["time"])


def _time_faults(time: dict[str, Any]) -> list[str]:
    faults = []
    try:
        ZoneInfo(time["time_zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.append(
            f"{MANIFEST_NAME}: time.time_zone is {time['time_zone']!r}, which is not a time zone's name; "
            "for example Europe/London."
        )
    faults += [
        f"{MANIFEST_NAME}: time.{field} is {time[field]!r} and must be a date, for example 2026-10-05."
        for field in ("period_start", "period_end")
        if time[field] is not None and not _is_date(time[field])
    ]
    faults += [
        f"{MANIFEST_NAME}: slot {slot['id']} must have hours from 0 to 23."
        for slot in time["slots"]
        if not _whole_numbers(slot["hours"], 0, 23)
    ]
    return faults


def _whole_numbers(values: list[object], least: int, most: int) -> bool:
    return bool(values) and all(type(value) is int and least <= value <= most for value in values)


def _field_faults(holder: dict[str, Any], fields: dict[str, tuple[type, ...]], where: str) -> list[str]:
    faults = []
    for field, types in fields.items():
        value = _value(holder, field)
        wanted = " or ".join(_TYPE_WORDS[kind] for kind in types)
        if value is _ABSENT:
            if "." not in field or isinstance(_value(holder, field.rsplit(".", 1)[0]), dict):
                faults.append(f"{where}: the field {field} is missing; it must be {wanted}.")
        elif not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            faults.append(f"{where}: {field} must be {wanted}.")
    return faults


def _item_faults(field: str, item: object) -> list[str]:
    where = f"{MANIFEST_NAME}, {field}"
    if not isinstance(item, dict):
        return [f"{where}: every item must be an object."]
    return _field_faults(item, _LISTED_FIELDS[field], where)


_ABSENT = object()


def _value(holder: dict[str, Any], field: str) -> Any:
    value: Any = holder
    for name in field.split("."):
        if not isinstance(value, dict) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_date(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _path_fault(folder: Path, path: str) -> str | None:
    """What is wrong with where a listed file lies: it must be in the folder of a declared table's partition."""
    if leaves_folder(folder, path):
        return f"{path}: the path leaves the release's folder. The release was tampered with: get it again."
    parts = path.split("/")
    table = release_tables().get(parts[0])
    if table is None:
        return f"{path}: there is no table {parts[0]} in a release."
    named = [part.partition("=") for part in parts[1:-1]]
    if tuple(name for name, _, _ in named) != table.partitions:
        expected = table.folder(**dict.fromkeys(table.partitions, "..."))
        return f"{path}: files of {table.name} must lie in {expected}/."
    for name, _, value in named:
        wrong = (name == "date" and not _is_date(value)) or (name == "resolution" and not value.isdecimal())
        if wrong or not value:
            return f"{path}: {value!r} is no {name}."
    return None


def leaves_folder(folder: Path, path: str) -> bool:
    """Whether a path that a manifest names may lead out of its folder: by itself or through a link."""
    odd = "\\" in path or ":" in path or PurePosixPath(path).is_absolute() or {"", ".", ".."} & set(path.split("/"))
    return bool(odd) or not (folder / path).resolve().is_relative_to(folder.resolve())


def _unlisted_files(folder: Path, listed: set[str]) -> list[str]:
    found = {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and file.name not in IGNORED_FILES
    }
    return [
        f"{path}: this file is not in the manifest. Remove it: only what is listed was checked for disclosure."
        for path in sorted(found - listed - {MANIFEST_NAME})
    ]


def _file_faults(folder: Path, listed: dict[str, Any], *, checksums: bool) -> list[str]:
    path = listed["path"]
    file = folder / path
    again = "Copy the release again, or build it again."
    if not file.is_file():
        return [f"{path}: the file is missing. {again}"]
    # What is inside a changed file is not looked at: a damaged footer can end the process that reads it.
    size = file.stat().st_size
    if size != listed["bytes"]:
        return [f"{path}: {size:,} bytes, where the manifest says {listed['bytes']:,}. {again}"]
    if checksums and sha256(file) != listed["sha256"]:
        return [f"{path}: the checksum differs from the manifest's: the file has changed. {again}"]
    faults = []
    try:
        with pq.ParquetFile(file) as parquet:
            metadata = parquet.metadata
            if metadata.num_rows != listed["rows"]:
                faults.append(
                    f"{path}: {metadata.num_rows:,} rows, where the manifest says {listed['rows']:,}. {again}"
                )
            faults += [f"{path}: {fault}" for fault in schema_faults(release_tables()[path.split("/")[0]], metadata)]
    except (OSError, pa.ArrowException) as error:
        faults.append(f"{path}: not a Parquet file that can be read ({str(error).splitlines()[0]}). {again}")
    return faults


@dataclass(frozen=True, slots=True)
class ColumnFault:
    """How one column of a file differs from its declaration: missing, unknown, or of another type."""

    kind: Literal["missing", "unknown", "type"]
    column: str
    sentence: str


def schema_faults(table: Table, metadata: pq.FileMetaData) -> list[str]:
    """How the columns of a file differ from the declared ones, and which hold NULL and must not, in words.

    Parameters
    ----------
    table : Table
        Declaration.
    metadata : pyarrow.parquet.FileMetaData
        The file's own.

    Returns
    -------
    list of str
        A sentence for each difference.
    """
    schema = metadata.schema
    found = {schema.column(i).path: i for i in range(len(schema))}
    nulls = [
        f"the column {column.name} must not be NULL and is in places."
        for column in table.file_columns
        if column.required and column.name in found and _null_count(metadata, found[column.name])
    ]
    return [fault.sentence for fault in column_faults(table, schema)] + nulls


def column_faults(table: Table, schema: pq.ParquetSchema) -> list[ColumnFault]:
    """How the columns of a file differ from the declared ones, physically: as any reader will see them.

    Parameters
    ----------
    table : Table
        Declaration.
    schema : pyarrow.parquet.ParquetSchema
        The file's own.

    Returns
    -------
    list of ColumnFault
    """
    found = {schema.column(i).path: i for i in range(len(schema))}
    declared = {column.name: column for column in table.file_columns}
    faults = [ColumnFault("missing", name, f"the column {name} is missing.") for name in declared if name not in found]
    faults += [
        ColumnFault("unknown", name, f"the column {name} is not declared for {table.name}.")
        for name in found
        if name not in declared
    ]
    for name, column in declared.items():
        if name not in found:
            continue
        physical, logical = _PARQUET_TYPES[column.physical_type]
        leaf = schema.column(found[name])
        if leaf.physical_type != physical or not logical.fullmatch(str(leaf.logical_type)):
            is_now = leaf.physical_type if str(leaf.logical_type) == "None" else leaf.logical_type
            said = f"the column {name} must be {column.physical_type} and is {is_now}."
            faults.append(ColumnFault("type", name, said))
    return faults


def _null_count(metadata: pq.FileMetaData, column: int) -> int:
    """NULLs in a column, as far as the file's own statistics tell."""
    count = 0
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(column).statistics
        count += (statistics.null_count or 0) if statistics is not None else 0
    return count


def _table_faults(manifest: dict[str, Any], files: list[dict[str, Any]]) -> list[str]:
    """Whether the tables that there must be are there, with the rows that the manifest says."""
    rows: dict[str, int] = {}
    for file in files:
        name = file["path"].split("/")[0]
        rows[name] = rows.get(name, 0) + file["rows"]
    faults = [
        f"{name}: a release must have this table and there is none."
        for name, table in release_tables().items()
        if not table.optional and name not in rows
    ]
    if not {"present", "typical_day"} & set(rows):
        faults.append("A release must have a table present or typical_day and there is neither.")
    tables = manifest.get("tables")
    said = {
        name: entry.get("rows") if isinstance(entry, dict) else None
        for name, entry in (tables.items() if isinstance(tables, dict) else ())
    }
    faults += [
        f"{name}: {rows.get(name, 0):,} rows in its files, where the manifest's tables say {said.get(name)}."
        for name in sorted(set(said) | set(rows))
        if said.get(name) != rows.get(name)
    ]
    return faults


def sha256(file: Path) -> str:
    """Checksum of a file.

    Parameters
    ----------
    file : Path
        File.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
