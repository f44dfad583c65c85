"""Items and changes as rows of the tables, inside a transaction that somebody else began."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Generic

from sqlalchemy import JSON, Connection, Row, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from cellcount.record.items import Action, AnyItem, Change, CostLine, Item, Pin, new_id
from cellcount.record.plain import as_plain, from_plain
from cellcount.record.schema import CHANGES, FILES, NAMES, TABLES

ORDERED: tuple[type[Item], ...] = (Pin, CostLine)
"""The kinds that have a place among their theme's."""


@dataclass(frozen=True, slots=True)
class Stored(Generic[AnyItem]):
    """An item as it is in its table, and whether it was removed."""

    item: AnyItem
    removed: bool


def content_of(item: AnyItem) -> AnyItem:
    """The item as if it were new: what somebody typed, without who and when."""
    return replace(item, version=0, edited_by="", edited_at=None)


def item_of(kind: type[AnyItem], row: Row[Any]) -> AnyItem:
    """The item that a row is."""
    values = row._mapping
    return from_plain(kind, {each.name: values[each.name] for each in fields(kind)})


def stored(connection: Connection, kind: type[AnyItem], item_id: str) -> Stored[AnyItem] | None:
    """The item of an id, removed or not; None where there never was one."""
    table = TABLES[kind]
    row = connection.execute(select(table).where(table.c.id == item_id)).one_or_none()
    return None if row is None else Stored(item_of(kind, row), row.removed)


def write(connection: Connection, item: Item, was: Stored[Any] | None, removed: bool = False) -> None:
    """Put an item into its table, in the place of what `was` there."""
    table = TABLES[type(item)]
    values = {
        each.name: as_plain(getattr(item, each.name))
        if isinstance(table.c[each.name].type, JSON)
        else getattr(item, each.name)
        for each in fields(item)
    } | {"id": item.id, "removed": removed}
    if was is None:
        connection.execute(insert(table).values(values))
        return
    done = connection.execute(
        update(table).where(table.c.id == item.id, table.c.version == was.item.version).values(values)
    )
    assert done.rowcount == 1, "a writer of the record runs alone"


def write_change(
    connection: Connection,
    item: Item,
    action: Action,
    before: Item | None,
    after: Item | None,
) -> None:
    """Add the line of the audit trail that says what became of an item: by whom and when as `item` has it."""
    assert item.edited_at is not None
    write_line(
        connection,
        Change(
            id=new_id(),
            at=item.edited_at,
            by=item.edited_by,
            action=action,
            what=NAMES[type(item)],
            item_id=item.id,
            before=None if before is None else as_plain(before),
            after=None if after is None else as_plain(after),
        ),
    )


def write_line(connection: Connection, change: Change) -> None:
    """Add a line to the audit trail."""
    connection.execute(
        insert(CHANGES).values(
            id=change.id,
            changed_at=change.at,
            changed_by=change.by,
            action=change.action,
            what=change.what,
            item_id=change.item_id,
            before=change.before,
            after=change.after,
        )
    )


def change_of(row: Row[Any]) -> Change:
    """The line of the audit trail that a row is."""
    return Change(row.id, row.changed_at, row.changed_by, row.action, row.what, row.item_id, row.before, row.after)


def write_file(connection: Connection, content: bytes) -> str:
    """Keep the bytes of a picture or of data, once, and give back their checksum."""
    digest = hashlib.sha256(content).hexdigest()
    made = sqlite.insert(FILES) if connection.dialect.name == "sqlite" else postgresql.insert(FILES)
    connection.execute(made.values(sha256=digest, content=content).on_conflict_do_nothing())
    return digest


def end_of(connection: Connection, kind: type[Item], theme_id: str) -> int:
    """The place after the last of a theme."""
    table = TABLES[kind]
    last = connection.execute(
        select(func.max(table.c.position)).where(table.c.theme_id == theme_id, table.c.removed.is_(False))
    ).scalar()
    return 0 if last is None else last + 1


def order_of(connection: Connection, kind: type[Item], theme_id: str) -> tuple[str, ...]:
    """Ids of a theme's pins or lines, first to last."""
    table = TABLES[kind]
    rows = connection.execute(
        select(table.c.id)
        .where(table.c.theme_id == theme_id, table.c.removed.is_(False))
        .order_by(table.c.position, table.c.id)
    )
    return tuple(rows.scalars())


def last_change(connection: Connection, kind: type[Item], ids: tuple[str, ...]) -> tuple[str, datetime | None]:
    """Who changed any of some items last, and when."""
    row = connection.execute(
        select(CHANGES.c.changed_by, CHANGES.c.changed_at)
        .where(CHANGES.c.what == NAMES[kind], CHANGES.c.item_id.in_(ids))
        .order_by(CHANGES.c.number.desc())
        .limit(1)
    ).one_or_none()
    return ("", None) if row is None else (row.changed_by, row.changed_at)


def positioned(connection: Connection, item: AnyItem, was: Stored[AnyItem] | None) -> AnyItem:
    """The item in the place that it keeps, or at the end of a theme that it comes to."""
    if not isinstance(item, Pin | CostLine):
        return item
    there = None if was is None or was.removed else was.item
    if isinstance(there, Pin | CostLine) and there.theme_id == item.theme_id:
        return replace(item, position=there.position)
    return replace(item, position=end_of(connection, type(item), item.theme_id))


def listing(kind: type[Item], removed: bool, where: Mapping[str, str | bool]) -> Any:
    """The query for the items of a kind in their order."""
    table = TABLES[kind]
    chosen = select(table).where(table.c.removed.is_(removed))
    for name, value in where.items():
        chosen = chosen.where(table.c[name] == value)
    if kind in ORDERED:
        return chosen.order_by(table.c.theme_id, table.c.position, table.c.id)
    if "decided_at" in table.c:
        return chosen.order_by(table.c.decided_at.desc(), table.c.id)
    return chosen.order_by(table.c.id)
