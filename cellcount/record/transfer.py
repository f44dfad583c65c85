"""Everything that is kept as one JSON file, and such a file taken in again: all of it, or nothing."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Engine, select

from cellcount.record.checks import check_data, check_picture, checked, checked_change
from cellcount.record.errors import RefusedError
from cellcount.record.items import KINDS, Change, Item, Pin, new_id
from cellcount.record.limits import MOST_IMPORT_BYTES, MOST_IMPORTED
from cellcount.record.opening import reading, writing
from cellcount.record.plain import as_plain, canonical, from_plain
from cellcount.record.rows import (
    Stored,
    change_of,
    content_of,
    item_of,
    positioned,
    stored,
    write,
    write_file,
    write_line,
)
from cellcount.record.schema import CHANGES, FILES, NAMES, TABLES

FORMAT = "cell-count-explorer-record"
FORMAT_VERSION = 1
EVERYTHING = "everything"
"""What the audit trail says that an import is of."""

Mode = Literal["check", "merge"]
State = tuple[str, str, int, datetime | None, str]
"""Kind, id, version, when and by whom: one state that an item was in."""
Fate = Literal["added", "updated", "same", "older", "conflict"]


@dataclass(frozen=True, slots=True)
class Differing:
    """An item that was changed here and there, apart from each other: `mine` is here and stays, `theirs` is there."""

    mine: Item
    theirs: Item
    mine_removed: bool = False
    theirs_removed: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do.

    Attributes
    ----------
    added, updated : int
        Items that were not here, and items of which the file has a later version.
    same, older : int
        Items that are here as they are in the file, and items of which the file has an earlier version.
    conflicts : tuple of Differing
        Items that stay as they are here, though the file has something else.
    """

    added: int
    updated: int
    same: int
    older: int
    conflicts: tuple[Differing, ...]


@dataclass(frozen=True, slots=True)
class _Content:
    """What a file of an export holds, read and checked."""

    digest: str
    items: tuple[Stored[Item], ...]
    files: Mapping[str, bytes]
    changes: tuple[Change, ...]


@dataclass(slots=True)
class _Sorted:
    """The items of a file by what becomes of them."""

    fates: dict[Fate, list[tuple[Stored[Item], Stored[Item] | None]]] = field(default_factory=dict)

    def of(self, fate: Fate) -> list[tuple[Stored[Item], Stored[Item] | None]]:
        return self.fates.get(fate, [])


def export_json(engine: Engine) -> bytes:
    """Everything that is kept, as of one moment.

    Returns
    -------
    bytes
        JSON: the format and its version, the SHA-256 of the content, and the content: items by kind, files in base 64
        by their SHA-256, and the audit trail from its beginning.

    Raises
    ------
    RefusedError
        Where it is larger than an import takes.
    """
    with reading(engine) as connection:
        content = {
            "items": {name: list(_plain_items(connection, kind)) for name, kind in KINDS.items()},
            "files": {
                row.sha256: base64.b64encode(bytes(row.content)).decode("ascii")
                for row in connection.execute(select(FILES))
            },
            "changes": [
                as_plain(change_of(row)) for row in connection.execute(select(CHANGES).order_by(CHANGES.c.number))
            ],
        }
    said = canonical(content)
    head = {"format": FORMAT, "version": FORMAT_VERSION, "sha256": hashlib.sha256(said).hexdigest()}
    whole = orjson.dumps(head)[:-1] + b',"content":' + said + b"}\n"
    if len(whole) > MOST_IMPORT_BYTES:
        raise RefusedError(
            f"The record has grown to {len(whole):,} bytes, more than an import takes ({MOST_IMPORT_BYTES:,}). Copy "
            "the database itself: the file of SQLite with the app stopped, or pg_dump for PostgreSQL."
        )
    return whole


def _plain_items(connection: Connection, kind: type[Item]) -> Iterator[dict[str, Any]]:
    table = TABLES[kind]
    for row in connection.execute(select(table).order_by(table.c.id)):
        yield {**as_plain(item_of(kind, row)), "removed": row.removed}


def import_json(engine: Engine, content: bytes, by: str, mode: Mode) -> Imported:
    """Take in an export: see `Record.import_json`."""
    read = _read(content)
    if mode == "check":
        with reading(engine) as connection:
            return _report(_sort(connection, read))
    with writing(engine) as connection:
        found = _sort(connection, read)
        _merge(connection, read, found, by)
    return _report(found)


def _report(found: _Sorted) -> Imported:
    return Imported(
        added=len(found.of("added")),
        updated=len(found.of("updated")),
        same=len(found.of("same")),
        older=len(found.of("older")),
        conflicts=tuple(
            Differing(here.item, there.item, here.removed, there.removed)
            for there, here in found.of("conflict")
            if here is not None
        ),
    )


# What becomes of each item.


def _sort(connection: Connection, read: _Content) -> _Sorted:
    ours = {state for row in connection.execute(select(CHANGES)) for state in _states(change_of(row))}
    theirs = {state for change in read.changes for state in _states(change)}
    found = _Sorted()
    for there in read.items:
        here = stored(connection, type(there.item), there.item.id)
        found.fates.setdefault(_fate(there, here, ours, theirs), []).append((there, here))
    return found


def _fate(there: Stored[Item], here: Stored[Item] | None, ours: set[State], theirs: set[State]) -> Fate:
    """A version is later where the other is in its past; two of which neither is in the other's past are a conflict."""
    if here is None:
        return "added"
    if here.removed == there.removed and _same(here.item, there.item):
        return "same"
    if _state(here.item) == _state(there.item):
        return "conflict"
    if _state(here.item) in theirs and here.item.version < there.item.version:
        return "updated"
    return "older" if _state(there.item) in ours and there.item.version < here.item.version else "conflict"


def _same(one: Item, other: Item) -> bool:
    """Whether the content is one. The place among others is not the content of an item: `reorder` is nobody's edit."""

    def alike(item: Item) -> Item:
        bare = content_of(item)
        return replace(bare, position=0) if hasattr(bare, "position") else bare  # type: ignore[call-arg]

    return alike(one) == alike(other)


def _state(item: Item) -> State:
    return (NAMES[type(item)], item.id, item.version, item.edited_at, item.edited_by)


def _states(change: Change) -> Iterator[State]:
    """The state that a change left an item in."""
    if change.action in ("made", "changed", "restored") and change.after is not None:
        version = change.after.get("version")
    elif change.action == "removed" and change.before is not None:
        version = change.before.get("version")
        version = version + 1 if isinstance(version, int) else None
    else:
        return
    if isinstance(version, int):
        yield (change.what, change.item_id, version, change.at, change.by)


def _merge(connection: Connection, read: _Content, found: _Sorted, by: str) -> None:
    taken = found.of("added") + found.of("updated")
    if not taken:
        return
    for there, _ in taken:
        if isinstance(there.item, Pin):
            for digest in (there.item.picture_sha256, there.item.data_sha256):
                if digest is not None:
                    write_file(connection, read.files[digest])
    for there, here in taken:
        write(connection, positioned(connection, there.item, here) if here else there.item, here, there.removed)
    _add_changes(connection, read, {(NAMES[type(there.item)], there.item.id) for there, _ in taken})
    write_line(
        connection,
        Change(
            id=new_id(),
            at=datetime.now(UTC),
            by=by,
            action="imported",
            what=EVERYTHING,
            item_id=read.digest,
            before=None,
            after={
                "added": len(found.of("added")),
                "updated": len(found.of("updated")),
                "conflicts": [[NAMES[type(there.item)], there.item.id] for there, _ in found.of("conflict")],
            },
        ),
    )


def _add_changes(connection: Connection, read: _Content, taken: set[tuple[str, str]]) -> None:
    """The past of the items that were taken, and what is nobody's past: orders and earlier imports."""
    known = set(connection.execute(select(CHANGES.c.id)).scalars())
    for change in read.changes:
        of_no_item = change.action in ("reordered", "imported")
        if change.id not in known and (of_no_item or (change.what, change.item_id) in taken):
            write_line(connection, change)


# Reading a file.


def _read(content: bytes) -> _Content:
    if len(content) > MOST_IMPORT_BYTES:
        raise RefusedError(f"The file is larger than {MOST_IMPORT_BYTES:,} bytes. Nothing was written.")
    try:
        whole = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise RefusedError(f"The file is not JSON ({error}). Nothing was written. Export it again.") from error
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise RefusedError("The file is not an export of a record. Nothing was written. Choose another file.")
    if whole.get("version") != FORMAT_VERSION:
        raise RefusedError(
            f"The file is of format version {str(whole.get('version'))[:20]}, and this software reads "
            f"{FORMAT_VERSION}. Nothing was written. Import it with the version of the software that made it."
        )
    _only(whole, {"format", "version", "sha256", "content"}, "the file")
    inside = _object(whole["content"], "content")
    digest = hashlib.sha256(canonical(inside)).hexdigest()
    if digest != whole["sha256"]:
        raise RefusedError(
            "The file was changed after it was exported: its content does not have the checksum that it states. "
            "Nothing was written. Export it again."
        )
    _only(inside, {"items", "files", "changes"}, "the content of the file")
    files = {name: _file(name, said) for name, said in _object(inside["files"], "files").items()}
    items = tuple(_items(_object(inside["items"], "items")))
    _check_files(items, files)
    return _Content(digest, items, files, _changes(inside["changes"]))


def _only(content: Mapping[str, Any], names: set[str], where: str) -> None:
    odd = sorted(set(content) ^ names)
    if odd:
        wrong = "lacks" if odd[0] in names else "has a field that this version does not know:"
        raise RefusedError(f"The file cannot be taken in: {where} {wrong} “{odd[0][:80]}”. Nothing was written.")


def _object(content: Any, where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise RefusedError(f"The file cannot be taken in: “{where}” is no object. Nothing was written.")
    return content


def _list(content: Any, where: str) -> list[Any]:
    if not isinstance(content, list):
        raise RefusedError(f"The file cannot be taken in: “{where}” is no list. Nothing was written.")
    return content


def _file(name: str, said: Any) -> bytes:
    try:
        content = base64.b64decode(said, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise RefusedError(f"The file {name[:64]} of the export is not base 64. Nothing was written.") from error
    if hashlib.sha256(content).hexdigest() != name:
        raise RefusedError(f"The file {name[:64]} of the export does not have its checksum. Nothing was written.")
    return content


def _items(content: dict[str, Any]) -> Iterator[Stored[Item]]:
    _only(content, set(KINDS), "the list of items")
    for name, kind in KINDS.items():
        seen: set[str] = set()
        for each in _list(content[name], name):
            values = dict(_object(each, name))
            removed = values.pop("removed", None)
            item = checked(from_plain(kind, values, name.replace("_", " ")))
            if not isinstance(removed, bool) or item.version < 1 or not item.edited_by or item.edited_at is None:
                raise RefusedError(
                    f"A {name.replace('_', ' ')} of the file does not say its version, who edited it, when, or whether "
                    "it was removed. Nothing was written."
                )
            _check_room(item, name.replace("_", " "))
            if item.id in seen:
                raise RefusedError(f"A {name.replace('_', ' ')} is in the file twice. Nothing was written.")
            seen.add(item.id)
            yield Stored(item, removed)


def _check_room(item: Item, what: str) -> None:
    for each, most in MOST_IMPORTED.items():
        value = getattr(item, each, 0)
        if value > most:
            raise RefusedError(
                f"A {what} of the file has the {each} {value:,}, and up to {most:,} is taken in. Nothing was written."
            )


def _check_files(items: tuple[Stored[Item], ...], files: Mapping[str, bytes]) -> None:
    for each in items:
        if isinstance(each.item, Pin):
            _check_file(each.item.picture_sha256, each.item.picture_length, files, check_picture)
            _check_file(each.item.data_sha256, each.item.data_length, files, check_data)


def _check_file(digest: str | None, length: int, files: Mapping[str, bytes], check: Any) -> None:
    if digest is None:
        return
    if digest not in files or len(files[digest]) != length:
        raise RefusedError("A picture or the data of a pin are not in the file, or not whole. Nothing was written.")
    check(files[digest])


def _changes(content: Any) -> tuple[Change, ...]:
    read = tuple(checked_change(from_plain(Change, each, "change")) for each in _list(content, "changes"))
    if len({change.id for change in read}) < len(read):
        raise RefusedError("A line of the audit trail is in the file twice. Nothing was written.")
    odd = [change.what for change in read if change.what not in {*KINDS, EVERYTHING}]
    if odd:
        raise RefusedError(f"The audit trail of the file names no kind of item “{odd[0]}”. Nothing was written.")
    return read
