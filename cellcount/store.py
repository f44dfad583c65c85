"""Open a release, run the app's queries on it, and say in a sentence why a release cannot be opened.

A release is a folder of Parquet files with a manifest. Opening one reads the manifest, compares the size of every file
with it, and makes a DuckDB in memory with one view a table over exactly the files that the manifest lists; a table that
the release lacks is an empty one, so that every query is valid. Names of areas and facts of cells, which nearly every
query asks for, are held in memory. Nothing is ever written, nothing outside the folder can be read, no extension is
loaded, and nothing that anybody types is run as SQL.
"""

from __future__ import annotations

import glob
import hashlib
import json
import math
import operator
import os
import re
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import pyarrow as pa

from cellcount.errors import CellCountError
from cellcount.queries import Condition, Query, load
from cellcount.standard import MANIFEST_NAME, ROOT, Table, release_format, release_tables, version_numbers

FIRST_PROTECTED = "0.2"
"""Format of the first releases whose figures are calibrated and protected together: older ones are not shown."""
RELEASE_VARIABLE = "CELLCOUNT_RELEASE"
RELEASES_VARIABLE = "CELLCOUNT_RELEASES"

THREADS = 2
MOST_CELLS_LOOKED_UP = 30_000
"""Of an area: up to so many, files are read only where one of them lies."""
MEMORY_LIMIT = "2GB"
CACHE_BYTES = 256 * 1024 * 1024
"""How much memory all kept answers together may take."""

IN_MEMORY = {"areas": "area_code", "cells": "resolution, area_code, h3"}
"""Tables that are read once, when the release is opened, and the order of their rows.

An hour of one authority takes 9 ms instead of 24; and 6 where the cells of an area lie together, for then most of them
are passed over unread.
"""

# DuckDB says that `sql()` would spare this a copy. It would plan every statement twice: 4 ms against less than 1.
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result", category=UserWarning)

_BUILD_AGAIN = "Copy the release again whole, or build it again."


class UnreadableReleaseError(CellCountError):
    """A folder is not a release, or not a whole one, or one of a newer format."""


class ReleaseMissingError(CellCountError):
    """There is no release to serve, or none of the name that was asked for."""


class TableMissingError(CellCountError):
    """The release lacks a table that a query reads."""


class ParameterError(CellCountError):
    """A query was given other parameters than it declares."""


class QueryFailedError(CellCountError):
    """A query was begun and could not be finished."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A measured step of a typical day: an hour, or a part of the day that covers several local hours."""

    id: str
    label: str
    hours: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MapView:
    """Where a map of the whole release looks: degrees, and zoom of the Web Mercator projection."""

    longitude: float
    latitude: float
    zoom: float


@dataclass(frozen=True, slots=True)
class Source:
    """Where the figures come from; what the source does not say is None."""

    name: str
    publisher: str | None
    licence: str | None
    attribution: str | None
    citation: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class DeliveryMade:
    """A delivery that a release was made from."""

    delivery_id: str
    operator_id: str
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file that the manifest lists: its path below the release, its rows and its bytes."""

    path: str
    rows: int
    bytes: int

    @property
    def table(self) -> str:
        """The table that it belongs to."""
        return self.path.split("/", 1)[0]

    @property
    def partition(self) -> dict[str, str]:
        """The folders that it lies in, as partition columns with their values as written."""
        return dict(part.split("=", 1) for part in self.path.split("/")[1:-1])


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release says of itself.

    Attributes
    ----------
    release_id, title : str
        Its identifier, and its name on screen.
    kind : {'built', 'imported'}
        Whether it was made from deliveries or from published figures.
    synthetic : bool
        Whether the people are made up.
    created_at, software_version : str
        When it was made (ISO 8601), and by which version.
    disclosure_rule : str
        What is withheld, a sentence.
    threshold : int or None
        Devices below which a figure is withheld; None where the rule is the publisher's own.
    disclosure : dict
        All that the release says of its protection, that rule among it.
    steward_only : bool
        Whether nobody but the steward of the deliveries may read it.
    time_zone : str
        IANA time zone of what is shown on screen.
    period_start, period_end : date or None
        First and last UTC day; None where there are no dates.
    day_types, periods : dict of str to str
        Label by identifier, of the typical days.
    slots : tuple of Slot
        Hours or parts of the day that a typical day has.
    measure_note : str
        What `people` means here.
    resolutions : tuple of int
        H3 resolutions, ascending.
    resolution_note : str or None
        Where finer ones are given.
    area_types : dict of str to str
        Label by identifier, the smallest areas first.
    default_area : str
        Code of the area that is shown first.
    map_view : MapView
    source : Source
    caveats : tuple of str
        What whoever uses the figures must know.
    quality : dict
        Quality figures of the whole.
    parameters : dict
        Of the build or the import.
    tables : dict of str to int
        Rows by table.
    deliveries : tuple of DeliveryMade
    files : tuple of ListedFile
    sha256 : str
        Checksum of the manifest, which holds those of all files: the same figures have the same one.
    """

    release_id: str
    title: str
    kind: str
    synthetic: bool
    created_at: str
    software_version: str
    disclosure_rule: str
    threshold: int | None
    disclosure: dict[str, Any]
    steward_only: bool
    time_zone: str
    period_start: date | None
    period_end: date | None
    day_types: dict[str, str]
    periods: dict[str, str]
    slots: tuple[Slot, ...]
    measure_note: str
    resolutions: tuple[int, ...]
    resolution_note: str | None
    area_types: dict[str, str]
    default_area: str
    map_view: MapView
    source: Source
    caveats: tuple[str, ...]
    quality: dict[str, Any]
    parameters: dict[str, Any]
    tables: dict[str, int]
    deliveries: tuple[DeliveryMade, ...]
    files: tuple[ListedFile, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a query.

    Attributes
    ----------
    table : pyarrow.Table
        Its rows; never to be changed, for others may hold the same one.
    query : Query
        What was asked.
    parameters : dict
        The values that were bound.
    seconds : float
        How long the statement took, when it was run.
    cached : bool
        Whether the answer was at hand already.
    """

    table: pa.Table
    query: Query
    parameters: dict[str, Any]
    seconds: float
    cached: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A folder that is a release, or that should be one.

    Attributes
    ----------
    id, title : str
        Of the release; the folder's name where they cannot be read.
    folder : Path
    created_at : str
        When it was made; empty where that cannot be read.
    fault : str
        Why it cannot be opened; empty where it can.
    """

    id: str
    title: str
    folder: Path
    created_at: str
    fault: str


@dataclass(frozen=True, slots=True)
class Default:
    """The release that is served when nobody asks for another.

    Attributes
    ----------
    found : Found
        The release.
    said : str
        A sentence where it is not the one that was to be served; else empty.
    """

    found: Found
    said: str


class AnswerCache:
    """Answers that were given, the least recently used leaving first when there is no room for all.

    An answer is found again by the text of the statement, the release's identifier and checksum, and the parameters.
    Arrow tables cannot be changed, so threads may share one.

    Parameters
    ----------
    most_bytes : int
        How much memory the answers may take together; 0 keeps none.
    """

    def __init__(self, most_bytes: int = CACHE_BYTES) -> None:
        self.most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], tuple[pa.Table, float]] = OrderedDict()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """Memory that the kept answers take."""
        return self._bytes

    def get(self, key: tuple[Any, ...]) -> tuple[pa.Table, float] | None:
        """The answer of that key and the seconds that it took, if it is kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[Any, ...], table: pa.Table, seconds: float) -> None:
        """Keep an answer, if it is not by itself too large."""
        if table.nbytes > self.most_bytes:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = table, seconds
            self._bytes += table.nbytes
            while self._bytes > self.most_bytes:
                _, (left, _) = self._kept.popitem(last=False)
                self._bytes -= left.nbytes


_ANSWERS = AnswerCache()
"""Shared by all releases that one server has open, so that the limit is one limit."""


class Release:
    """An open release. Safe to use from many threads at once.

    Every thread has a connection of its own to one database in memory: a connection that threads share gives wrong
    columns without an error.

    Attributes
    ----------
    folder : Path
    manifest : Manifest
    """

    def __init__(self, folder: Path, manifest: Manifest, cache: AnswerCache) -> None:
        self.folder = folder
        self.manifest = manifest
        self._inside = folder.resolve()
        self._cache = cache
        self._files: dict[str, list[ListedFile]] = {name: [] for name in release_tables()}
        self._partition_of: dict[str, dict[str, Any]] = {}
        for file in manifest.files:
            self._files[file.table].append(file)
            self._partition_of[file.path] = {name: _typed(name, text) for name, text in file.partition.items()}
        self._opening = threading.Lock()
        self._of_thread = threading.local()
        self._database = self._connect()

    def has(self, table: str) -> bool:
        """Whether the release has rows of a table."""
        return self.manifest.tables.get(table, 0) > 0

    def partitions(self, table: str) -> list[dict[str, Any]]:
        """The partitions of a table that the release has, in order: for example its dates by resolution.

        Parameters
        ----------
        table : str
            A table of `release.json`.

        Returns
        -------
        list of dict
            The partition columns of each, `resolution` as int and `date` as date; empty where the table is absent.
        """
        return list(self._partitions.get(table, []))

    @cached_property
    def _partitions(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
        for file in self.manifest.files:
            partition = self._partition_of[file.path]
            found.setdefault(file.table, {})[tuple(partition.values())] = partition
        return {table: [held[key] for key in sorted(held)] for table, held in found.items()}

    def run(self, name: str, **parameters: Any) -> Answer:
        """Run a query of `queries/`.

        Parameters
        ----------
        name : str
            Name of the query.
        **parameters
            Exactly the parameters that it declares. A list may be any sequence or array.

        Returns
        -------
        Answer

        Raises
        ------
        QueryMissingError
            If there is no such query.
        ParameterError
            If a parameter is missing, unknown, or of another type than declared.
        TableMissingError
            If the release lacks a table that the query reads; the sentence names it in words.
        QueryFailedError
            If a file is no longer as it was when the release was opened, or memory does not suffice.
        """
        query = load(name)
        bound = _bound(query, parameters)
        for needed in query.tables:
            if not self.has(needed):
                raise TableMissingError(
                    f"{self.manifest.title} has no table “{release_tables()[needed].title}” ({needed}), "
                    "which is needed here. Choose another release."
                )
        key = self._key(query, bound)
        kept = self._cache.get(key)
        if kept is not None:
            return Answer(kept[0], query, bound, kept[1], cached=True)
        started = time.perf_counter()
        table = self._ask(query, bound)
        seconds = time.perf_counter() - started
        self._cache.put(key, table, seconds)
        return Answer(table, query, bound, seconds, cached=False)

    def close(self) -> None:
        """Let the memory go. Threads that still ask get an error."""
        self._database.close()

    def _key(self, query: Query, bound: Mapping[str, Any]) -> tuple[Any, ...]:
        values = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in bound.items())
        return query.sql, self.manifest.release_id, self.manifest.sha256, values

    def _ask(self, query: Query, bound: Mapping[str, Any]) -> pa.Table:
        sql, files = self._narrowed(query, bound)
        try:
            table: pa.Table = self._connection().execute(sql, {**bound, **files}).to_arrow_table()
        except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as error:
            raise QueryFailedError(
                f"Files of the release {self.manifest.release_id} are no longer as they were when it was opened "
                f"({_first_line(error)}). {_BUILD_AGAIN}"
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise QueryFailedError(
                f"This answer needs more memory than the {MEMORY_LIMIT} that it may take. Choose a smaller area or "
                "fewer dates."
            ) from error
        return table

    def _narrowed(self, query: Query, bound: Mapping[str, Any]) -> tuple[str, dict[str, list[str]]]:
        """The statement, with the tables of which it names the files put before it, and these files as parameters.

        The view of a table of 140 files costs 5 ms to plan and misleads the planner about its size: with the one file
        of the day, a national hour takes 5 ms instead of 10, and an authority 12 ms instead of 40.
        """
        tables, files = [], {}
        for narrowed in query.files:
            chosen = [
                self._path(file)
                for file in self._files[narrowed.table]
                if all(_within(condition, self._partition_of[file.path], bound) for condition in narrowed.conditions)
            ]
            if chosen:
                parameter = f"{narrowed.table}_files"
                files[parameter] = chosen
                selected = _select(release_tables()[narrowed.table], f"${parameter}", mentioned=query.sql)
                tables.append(f"{narrowed.table} AS NOT MATERIALIZED ({selected})")
        if not tables:
            return query.sql, files
        rest = re.sub(r"^WITH(\s+RECURSIVE)?\s", ", ", query.sql, flags=re.IGNORECASE)
        return f"WITH RECURSIVE {', '.join(tables)} {rest}", files

    def _connection(self) -> duckdb.DuckDBPyConnection:
        held: duckdb.DuckDBPyConnection | None = getattr(self._of_thread, "connection", None)
        if held is None:
            with self._opening:
                held = self._database.cursor()
            self._of_thread.connection = held
        return held

    def _connect(self) -> duckdb.DuckDBPyConnection:
        database = duckdb.connect(
            ":memory:",
            config={
                "threads": THREADS,
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": "",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        try:
            database.execute("SET GLOBAL parquet_metadata_cache = true")
            database.execute("SET GLOBAL enable_geoparquet_conversion = false")  # outlines stay well-known binary
            # It pays in sorts of millions of rows, and costs 4 ms in planning 24 columns of a few hundred.
            database.execute("SET GLOBAL disabled_optimizers = 'compressed_materialization'")
            # Row groups that hold none of an area's cells are not read: these lie in several runs of indexes.
            database.execute(f"SET GLOBAL dynamic_or_filter_threshold = {MOST_CELLS_LOOKED_UP}")
            # Nothing but the release can be read from here on.
            inside = self._inside.as_posix()
            database.execute("SET allowed_directories = $folders", {"folders": [inside, glob.escape(inside)]})
            database.execute("SET enable_external_access = false")
            for name, table in release_tables().items():
                database.execute(self._definition(name, table))
            database.execute("SET lock_configuration = true")
        except duckdb.Error as error:
            database.close()
            raise UnreadableReleaseError(
                f"{self.folder} cannot be opened: a file of it cannot be read ({_first_line(error)}). {_BUILD_AGAIN}"
            ) from error
        return database

    def _definition(self, name: str, table: Table) -> str:
        """Makes the view of a table, or the table in memory. A view takes no parameters: paths are quoted."""
        files = self._files[name]
        if not files:
            columns = ", ".join(f"CAST(NULL AS {_type(each.physical_type)}) AS {each.name}" for each in table.columns)
            return f"CREATE VIEW {name} AS SELECT {columns} WHERE false"
        quoted = ", ".join("'" + self._path(file).replace("'", "''") + "'" for file in files)
        selected = _select(table, f"[{quoted}]")
        if name in IN_MEMORY:
            return f"CREATE TABLE {name} AS {selected} ORDER BY {IN_MEMORY[name]}"
        return f"CREATE VIEW {name} AS {selected}"

    def _path(self, file: ListedFile) -> str:
        """Where a file is, for DuckDB, which takes `*`, `?` and `[` for patterns unless they are escaped."""
        return glob.escape((self._inside / file.path).as_posix())


def open_release(folder: Path, *, cache: AnswerCache | None = None) -> Release:
    """Open a release.

    What is looked at takes milliseconds: the manifest, its format, and the size of every file. `python -m cellcount
    check` compares checksums too.

    Parameters
    ----------
    folder : Path
        Folder of the release.
    cache : AnswerCache, optional
        Where answers are kept; if not given, together with those of all open releases.

    Returns
    -------
    Release

    Raises
    ------
    UnreadableReleaseError
        If it is not a whole release; the sentence names the file and the remedy.

    Examples
    --------
    >>> open_release(Path("no-such-release"))
    Traceback (most recent call last):
    ...
    cellcount.store.UnreadableReleaseError: There is no folder no-such-release. Give the folder of a release...
    """
    return Release(folder, read_manifest(folder), _ANSWERS if cache is None else cache)


def read_manifest(folder: Path) -> Manifest:
    """Read a release's manifest and compare the files with it, by size.

    Parameters
    ----------
    folder : Path
        Folder of the release.

    Returns
    -------
    Manifest

    Raises
    ------
    UnreadableReleaseError
        If it is not a whole release.
    """
    if not folder.is_dir():
        raise UnreadableReleaseError(f"There is no folder {folder}. Give the folder of a release or build one.")
    file = folder / MANIFEST_NAME
    try:
        raw = file.read_bytes()
        content = json.loads(raw)
    except FileNotFoundError:
        raise UnreadableReleaseError(
            f"{folder} is not a release, or only half of one: it has no {MANIFEST_NAME}. {_BUILD_AGAIN}"
        ) from None
    except (OSError, ValueError) as error:
        raise UnreadableReleaseError(f"{file} cannot be read ({error}). {_BUILD_AGAIN}") from error
    _refuse_other_formats(file, content)
    try:
        manifest = _manifest(content, hashlib.sha256(raw).hexdigest())
    except KeyError as error:
        raise UnreadableReleaseError(f"{file} is not a release's manifest: it lacks {error}. {_BUILD_AGAIN}") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise UnreadableReleaseError(f"{file} is not a release's manifest ({error}). {_BUILD_AGAIN}") from error
    _refuse_damaged(folder, manifest)
    return manifest


def list_releases(folder: Path) -> list[Found]:
    """Every release of a folder, the newest first, and after them what should be one and cannot be opened.

    Parameters
    ----------
    folder : Path
        Folder of releases. One that does not exist has none. Hidden folders, such as releases that are being written,
        are left out.

    Returns
    -------
    list of Found
    """
    if not folder.is_dir():
        return []
    found = [look_at(each) for each in sorted(folder.iterdir()) if each.is_dir() and not each.name.startswith(".")]
    seen: set[str] = set()
    for place, each in enumerate(found):
        if not each.fault and each.id in seen:
            twice = f"{each.folder} holds the release {each.id}, and so does another folder. Remove one of them."
            found[place] = Found(each.id, each.title, each.folder, each.created_at, twice)
        seen.add(each.id)
    found.sort(key=lambda each: each.created_at, reverse=True)
    return sorted(found, key=lambda each: bool(each.fault))


def look_at(folder: Path) -> Found:
    """What a folder holds: a release, or why it is none."""
    try:
        manifest = read_manifest(folder)
    except CellCountError as error:
        return Found(folder.name, folder.name, folder, "", str(error))
    return Found(manifest.release_id, manifest.title, folder, manifest.created_at, "")


def default_folder() -> Path:
    """The folder of releases: what `CELLCOUNT_RELEASES` names, else `data/releases`."""
    named = os.environ.get(RELEASES_VARIABLE)
    return Path(named) if named else ROOT / "data" / "releases"


def default_release() -> Default:
    """The release to serve when nobody asks for another.

    `CELLCOUNT_RELEASE` names it: a release of the folder of releases, or the path of one. Where it is not set, the
    newest that is whole is served. What cannot be served is never a reason to serve nothing: the newest whole
    one stands in, with a sentence that says so.

    Returns
    -------
    Default

    Raises
    ------
    ReleaseMissingError
        If there is no release that can be opened; the sentence says why, and how to make one.
    """
    folder = default_folder()
    listed = list_releases(folder)
    whole = [each for each in listed if not each.fault]
    named = os.environ.get(RELEASE_VARIABLE)
    fault = ""
    if named:
        asked = _named(named, folder, listed)
        if not asked.fault:
            return Default(asked, "")
        fault = f"{asked.fault} ({RELEASE_VARIABLE} names it.)"
    else:
        fault = next((each.fault for each in listed if each.fault), "")
    if whole:
        return Default(whole[0], f"{fault} Served instead: {whole[0].title}." if fault else "")
    if fault:
        raise ReleaseMissingError(fault)
    raise ReleaseMissingError(
        f"There is no release in {folder}. Build or import one (python -m cellcount --help says how), or set "
        f"{RELEASES_VARIABLE} to the folder that holds your releases."
    )


def _named(named: str, folder: Path, listed: Sequence[Found]) -> Found:
    """The release that a name or a path means."""
    for each in listed:
        if named in (each.id, each.folder.name):
            return each
    if Path(named).is_dir():
        return look_at(Path(named))
    others = ", ".join(each.id for each in listed if not each.fault) or "none that can be opened"
    missing = f"There is no release {named}: neither in {folder}, which has {others}, nor as a folder."
    return Found(named, named, Path(named), "", missing)


def _refuse_other_formats(file: Path, content: object) -> None:
    version = content.get("release_format") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(version, str) or not re.fullmatch(r"\d+(\.\d+)*", version):
        raise UnreadableReleaseError(
            f"{file} is not a release's manifest: it does not say its release_format. Give the folder of a release."
        )
    if version_numbers(version) > version_numbers(release_format()):
        raise UnreadableReleaseError(
            f"{file}: the release is of format {version} and this software reads formats up to {release_format()}. "
            "Update the software, or build the release with this version."
        )
    if content.get("kind") == "built" and version_numbers(version) < version_numbers(FIRST_PROTECTED):
        raise UnreadableReleaseError(
            f"{file}: the release is of format {version}, whose figures are not calibrated, nor protected together. "
            "Build it again from its deliveries."
        )


def _refuse_damaged(folder: Path, manifest: Manifest) -> None:
    """Refuse a release of which a file is missing, lies elsewhere than it should, or is not as long as written."""
    inside, looked_at = folder.resolve(), {folder}
    partitions = {name for table in release_tables().values() for name in table.partitions}
    for part in inside.parts:
        if part.split("=")[0] in partitions and "=" in part:
            raise UnreadableReleaseError(
                f"{folder} lies in a folder called {part}, whose name would be taken for a part of the figures. "
                "Move the release elsewhere, or rename that folder."
            )
    for file in manifest.files:
        path = folder / file.path
        if not _belongs(file) or _leads_out(path, inside, looked_at):
            raise UnreadableReleaseError(
                f"{folder / MANIFEST_NAME} lists {file.path!r}, which is no file of a release. {_BUILD_AGAIN}"
            )
        try:
            size = path.stat().st_size
        except OSError:
            raise UnreadableReleaseError(f"{path} is missing: the release is not whole. {_BUILD_AGAIN}") from None
        if size != file.bytes:
            raise UnreadableReleaseError(
                f"{path} has {size:,} bytes where the manifest says {file.bytes:,}: it was cut off or changed. "
                f"{_BUILD_AGAIN}"
            )
    lacking = [name for name, table in release_tables().items() if not table.optional and name not in manifest.tables]
    if lacking:
        raise UnreadableReleaseError(f"{folder} lacks the table {lacking[0]}. {_BUILD_AGAIN}")


def _leads_out(path: Path, inside: Path, looked_at: set[Path]) -> bool:
    """Whether a file lies elsewhere through a link; folders that were looked at are not looked at again."""
    if path in looked_at:
        return False
    looked_at.add(path)
    if path.is_symlink() and not path.resolve().is_relative_to(inside):
        return True
    return _leads_out(path.parent, inside, looked_at)


def _belongs(file: ListedFile) -> bool:
    """Whether a path is that of a file in the folder of a declared table's partition."""
    table = release_tables().get(file.table)
    parts = file.path.split("/")
    if table is None or "\\" in file.path or {"", ".", ".."} & set(parts) or not file.path.endswith(".parquet"):
        return False
    if tuple(part.split("=", 1)[0] for part in parts[1:-1]) != table.partitions:
        return False
    try:
        return all(_typed(name, text) != "" for name, text in file.partition.items())
    except (IndexError, ValueError):
        return False


T = TypeVar("T")


def _as(kind: type[T], value: object, what: str) -> T:
    """The value, if it is of that kind."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{what} is {value!r:.80}")
    return value


def _text(holder: Mapping[str, Any], field: str) -> str:
    return _as(str, holder[field], field)


def _optional_text(holder: Mapping[str, Any], field: str) -> str | None:
    return None if holder[field] is None else _text(holder, field)


def _labels(items: list[Any]) -> dict[str, str]:
    return {_text(item, "id"): _text(item, "label") for item in items}


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError(f"there is no time zone {name!r}") from None


def _degrees(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"map_view has {number}")
    return number


def _manifest(content: dict[str, Any], sha256: str) -> Manifest:
    times, view = content["time"], content["map_view"]
    return Manifest(
        release_id=_text(content, "release_id"),
        title=_text(content, "title"),
        kind=_text(content, "kind"),
        synthetic=_as(bool, content["synthetic"], "synthetic"),
        created_at=_text(content, "created_at"),
        software_version=_text(content, "software_version"),
        disclosure_rule=_text(content["disclosure"], "rule"),
        threshold=content["disclosure"]["threshold"],
        disclosure=_as(dict, content["disclosure"], "disclosure"),
        steward_only=_as(bool, content.get("steward_only", False), "steward_only"),
        time_zone=_time_zone(_text(times, "time_zone")),
        period_start=_date(times["period_start"]),
        period_end=_date(times["period_end"]),
        day_types=_labels(times["day_types"]),
        periods=_labels(times["periods"]),
        slots=tuple(Slot(_text(slot, "id"), _text(slot, "label"), tuple(slot["hours"])) for slot in times["slots"]),
        measure_note=_text(content, "measure_note"),
        resolutions=tuple(sorted(_as(int, each, "resolutions") for each in content["resolutions"])),
        resolution_note=_optional_text(content, "resolution_note"),
        area_types=_labels(content["area_types"]),
        default_area=_text(content, "default_area"),
        map_view=MapView(*(_degrees(view[field]) for field in ("longitude", "latitude", "zoom"))),
        source=Source(
            _text(content["source"], "name"),
            *(
                _optional_text(content["source"], field)
                for field in ("publisher", "licence", "attribution", "citation", "url")
            ),
        ),
        caveats=tuple(_as(str, each, "caveats") for each in content["caveats"]),
        quality=_as(dict, content["quality"], "quality"),
        parameters=_as(dict, content["parameters"], "parameters"),
        tables={name: _as(int, table["rows"], f"rows of {name}") for name, table in content["tables"].items()},
        deliveries=tuple(
            DeliveryMade(*(_text(each, field) for field in ("delivery_id", "operator_id", "manifest_sha256")))
            for each in content["deliveries"]
        ),
        files=tuple(
            ListedFile(_text(file, "path"), _as(int, file["rows"], "rows"), _as(int, file["bytes"], "bytes"))
            for file in content["files"]
        ),
        sha256=sha256,
    )


def _type(declared: str) -> str:
    """DuckDB's type of a declared column: outlines stay bytes, as the file has them."""
    return "BLOB" if declared == "GEOMETRY" else declared


def _select(table: Table, files: str, mentioned: str = "") -> str:
    """SELECT of a table's declared columns from its files, partitions as columns of their declared types.

    Names and types are those of our own declaration; the files are a parameter, or a list of quoted paths. Where a
    statement is given, only the columns that it mentions are selected: each costs time in planning.
    """
    words = set(re.findall(r"\w+", mentioned))
    columns = ", ".join(column.name for column in table.columns if not mentioned or column.name in words)
    if not table.partitions:
        return f"SELECT {columns} FROM read_parquet({files}, hive_partitioning = false)"  # noqa: S608 - see above
    types = ", ".join(
        f"'{column.name}': '{column.physical_type}'" for column in table.columns if column.name in table.partitions
    )
    options = f"hive_partitioning = true, hive_types = {{{types}}}"
    return f"SELECT {columns} FROM read_parquet({files}, {options})"  # noqa: S608 - see above


def _typed(partition: str, text: str) -> Any:
    """The value of a partition column, from the name of its folder."""
    if partition == "date":
        return date.fromisoformat(text)
    return int(text) if partition == "resolution" else text


def _within(condition: Condition, partition: Mapping[str, Any], bound: Mapping[str, Any]) -> bool:
    return bool(bound[condition.first] <= partition[condition.column] <= bound[condition.last])


_LIMITS = {
    "UTINYINT": (0, 2**8 - 1),
    "UINTEGER": (0, 2**32 - 1),
    "BIGINT": (-(2**63), 2**63 - 1),
}


def _bound(query: Query, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, each of its declared type, in the order of the header."""
    declared = {parameter.name for parameter in query.parameters}
    if set(given) != declared:
        wanted = ", ".join(sorted(declared)) or "no parameters"
        raise ParameterError(
            f"The query {query.name} takes {wanted}; it was given {', '.join(sorted(given)) or 'none'}."
        )
    bound = {}
    for parameter in query.parameters:
        value = given[parameter.name]
        try:
            if parameter.type.endswith("[]"):
                bound[parameter.name] = [_value(parameter.type[:-2], each) for each in value]
            else:
                bound[parameter.name] = _value(parameter.type, value)
        except TypeError:
            raise ParameterError(
                f"The query {query.name} takes {parameter.type} for {parameter.name}; it was given {value!r:.80}."
            ) from None
    return bound


def _value(kind: str, value: Any) -> Any:
    """A value as DuckDB is to get it; a TypeError where it is of another kind."""
    if kind in _LIMITS and not isinstance(value, bool):
        number = operator.index(value)
        least, most = _LIMITS[kind]
        if least <= number <= most:
            return number
    elif kind == "VARCHAR" and isinstance(value, str):
        return str(value)
    elif kind == "DATE" and isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise TypeError(kind)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
