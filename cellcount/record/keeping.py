"""The record: what people keep, read and written one item at a time, with who changed what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, func, select, update

from cellcount.record.checks import check_data, check_picture, checked, name_of_person
from cellcount.record.errors import ConflictError, RefusedError
from cellcount.record.items import AnyItem, Change, CostLine, Item, Order, Pin, Shortlist, new_id
from cellcount.record.opening import make_engine, reading, upgrade, writing
from cellcount.record.rows import (
    Stored,
    change_of,
    content_of,
    item_of,
    last_change,
    listing,
    order_of,
    positioned,
    stored,
    write,
    write_change,
    write_file,
    write_line,
)
from cellcount.record.schema import CHANGES, FILES, NAMES, TABLES
from cellcount.record.transfer import Imported, Mode, export_json, import_json


class Record:
    """What people keep, in a database that `upgrade` has made ready. Threads and programs may share it.

    Every change is one transaction with its line in the audit trail. Names are as typed: the record does not know who
    somebody is.

    Parameters
    ----------
    engine : Engine
        Of SQLAlchemy. Nothing is opened before something is read or written.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def close(self) -> None:
        """Let go of connections that nobody uses. The record opens them again when it needs them."""
        self._engine.dispose()

    # Reading.

    def get(self, kind: type[AnyItem], item_id: str) -> AnyItem | None:
        """The item of an id; None where there is none, or it was removed.

        Raises
        ------
        RecordUnavailableError
            As every method here, where the database does not answer.
        """
        with reading(self._engine) as connection:
            found = stored(connection, kind, item_id)
        return None if found is None or found.removed else found.item

    def listed(self, kind: type[AnyItem], **where: str | bool) -> tuple[AnyItem, ...]:
        """All items of a kind, or those with some values. Pictures and data of pins are not read.

        Parameters
        ----------
        kind : type
            Of the items.
        **where : str or bool
            Fields and their values, such as `theme_id="tourism"`.

        Returns
        -------
        tuple of Item
            Pins and cost lines by theme and place, shortlists with the newest first, all others by id.
        """
        return self._listed(kind, False, where)

    def removed(self, kind: type[AnyItem], **where: str | bool) -> tuple[AnyItem, ...]:
        """Those that were removed, as they were last, in the order of `listed`."""
        return self._listed(kind, True, where)

    def _listed(self, kind: type[AnyItem], removed: bool, where: dict[str, str | bool]) -> tuple[AnyItem, ...]:
        with reading(self._engine) as connection:
            return tuple(item_of(kind, row) for row in connection.execute(listing(kind, removed, where)))

    def picture_of(self, pin_id: str) -> bytes | None:
        """The picture of a pin, PNG, also of a removed one; None where it has none."""
        return self._file(pin_id, "picture_sha256")

    def data_of(self, pin_id: str) -> bytes | None:
        """The data of a pin, as they were exported; None where it has none."""
        return self._file(pin_id, "data_sha256")

    def _file(self, pin_id: str, column: str) -> bytes | None:
        pins = TABLES[Pin]
        with reading(self._engine) as connection:
            content = connection.execute(
                select(FILES.c.content).join(pins, pins.c[column] == FILES.c.sha256).where(pins.c.id == pin_id)
            ).scalar()
        return None if content is None else bytes(content)

    def changes(self, what: str | None = None, item_id: str | None = None, limit: int = 200) -> tuple[Change, ...]:
        """The audit trail, newest first.

        Parameters
        ----------
        what : str or None
            A name of `KINDS`; None for all.
        item_id : str or None
            The item; None for all.
        limit : int
            The most lines.
        """
        chosen = select(CHANGES).order_by(CHANGES.c.changed_at.desc(), CHANGES.c.number.desc()).limit(limit)
        if what is not None:
            chosen = chosen.where(CHANGES.c.what == what)
        if item_id is not None:
            chosen = chosen.where(CHANGES.c.item_id == item_id)
        with reading(self._engine) as connection:
            return tuple(change_of(row) for row in connection.execute(chosen))

    def revision(self) -> int:
        """A number that grows with every change that anybody makes: what was read at the same one is still true."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.max(CHANGES.c.number))).scalar() or 0

    # Writing.

    def save(self, item: AnyItem, by: str) -> AnyItem:
        """Keep an item: a new one, or a change of the one that was read.

        Parameters
        ----------
        item : Item
            With the version that was read; 0 for a new one. A pin keeps its picture and data; see `pin`.
        by : str
            The name of who does it, as typed: 1 to 200 characters.

        Returns
        -------
        Item
            As kept. Where it is new, or read as it is kept, and nothing differs, nothing is written.

        Raises
        ------
        ConflictError
            Where somebody else changed or removed it since, or made it first and to something else.
        RefusedError
            Where a value is not accepted, or a shortlist that was kept would change.
        """
        name, tidy = name_of_person(by), checked(item)
        with writing(self._engine) as connection:
            was = stored(connection, type(tidy), tidy.id)
            return _kept(connection, _with_files_of(tidy, was), was, name)

    def pin(self, pin: Pin, by: str, picture: bytes | None, data: bytes | None) -> Pin:
        """Keep a new pin with its picture and data, or take one that was read again with others.

        Parameters
        ----------
        pin : Pin
            With a `data_name` where it has data.
        by : str
            The name of who does it.
        picture : bytes or None
            PNG, up to 10 MB.
        data : bytes or None
            CSV as it was exported, up to 25 MB.

        Raises
        ------
        ConflictError, RefusedError
            As `save`.
        """
        name = name_of_person(by)
        files = [None if picture is None else check_picture(picture), None if data is None else check_data(data)]
        if data == b"":
            raise RefusedError("The data of the pin are empty. Nothing was written. Pin it without data.")
        bare = checked(replace(pin, picture_sha256=None, picture_length=0, data_sha256=None, data_length=0))
        with writing(self._engine) as connection:
            was = stored(connection, Pin, bare.id)
            digests = [None if file is None else write_file(connection, file) for file in files]
            whole = replace(
                bare,
                picture_sha256=digests[0],
                picture_length=len(picture or b""),
                data_sha256=digests[1],
                data_length=len(data or b""),
            )
            return _kept(connection, checked(whole), was, name)

    def remove(self, item: Item, by: str) -> None:
        """Take an item away. The audit trail keeps it, and `restore` brings it back.

        Raises
        ------
        ConflictError
            Where somebody changed it since it was read. One that is removed already stays so.
        RefusedError
            For a shortlist, which stays as it was decided.
        """
        name = name_of_person(by)
        if isinstance(item, Shortlist):
            raise RefusedError("A shortlist stays as it was decided. Nothing was removed. Decide anew to replace it.")
        with writing(self._engine) as connection:
            was = stored(connection, type(item), item.id)
            if was is None:
                raise ConflictError(item, None)
            if was.removed:
                return
            if was.item.version != item.version:
                raise ConflictError(item, was.item)
            gone = _next(was.item, was, name)
            write(connection, gone, was, removed=True)
            write_change(connection, gone, "removed", was.item, None)

    def restore(self, kind: type[AnyItem], item_id: str, by: str) -> AnyItem:
        """Bring back an item that was removed, at the end of its theme where it has a place.

        Raises
        ------
        RefusedError
            Where there never was one.
        """
        name = name_of_person(by)
        with writing(self._engine) as connection:
            was = stored(connection, kind, item_id)
            if was is None:
                raise RefusedError("There is nothing of this id to bring back. Look at the audit trail for its id.")
            if not was.removed:
                return was.item
            back = _next(positioned(connection, was.item, was), was, name)
            write(connection, back, was)
            write_change(connection, back, "restored", None, back)
            return back

    def reorder(
        self, kind: type[Pin] | type[CostLine], theme_id: str, was: Sequence[str], now: Sequence[str], by: str
    ) -> None:
        """Put the pins or the cost lines of a theme into another order.

        It is not a change of the pins themselves: whoever edits one meanwhile can save it.

        Parameters
        ----------
        kind : type
            Pin or CostLine.
        theme_id : str
            The theme.
        was : sequence of str
            The ids in the order that was on screen, all of them.
        now : sequence of str
            The same ids in the order that they shall have.
        by : str
            The name of who does it.

        Raises
        ------
        ConflictError
            Where the order that is kept is not the one that was on screen. Its sides are `Order`.
        RefusedError
            Where the two do not have the same ids.
        """
        name = name_of_person(by)
        if sorted(was) != sorted(now) or len(set(now)) < len(now):
            raise RefusedError("The new order must have the same entries as the old one, each once. Nothing was moved.")
        with writing(self._engine) as connection:
            present = order_of(connection, kind, theme_id)
            if present == tuple(now):
                return
            if present != tuple(was):
                who, when = last_change(connection, kind, (*present, *was, theme_id))
                raise ConflictError(Order(theme_id, tuple(now)), Order(theme_id, present, who, when))
            table = TABLES[kind]
            for position, item_id in enumerate(now):
                connection.execute(update(table).where(table.c.id == item_id).values(position=position))
            write_line(
                connection,
                Change(
                    id=new_id(),
                    at=datetime.now(UTC),
                    by=name,
                    action="reordered",
                    what=NAMES[kind],
                    item_id=theme_id,
                    before={"order": list(present)},
                    after={"order": list(now)},
                ),
            )

    # Everything.

    def export_json(self) -> bytes:
        """Everything that is kept, pictures, data and the audit trail included, as JSON with a checksum.

        Raises
        ------
        RefusedError
            Where it would be larger than an import takes.
        """
        return export_json(self._engine)

    def import_json(self, content: bytes, by: str, mode: Mode = "check") -> Imported:
        """Take in what another record exported, or an earlier export of this one.

        Parameters
        ----------
        content : bytes
            Of an export, up to 200 MB.
        by : str
            The name of who does it.
        mode : str
            "check" says what would happen; "merge" does it. Of an item that both have, the later version is kept where
            it came from the earlier one; where both were changed apart, the one that is here stays, and both are
            reported.

        Raises
        ------
        RefusedError
            Where the file is not an export, was changed since, or holds a value that is not accepted. Nothing of it is
            written.
        """
        return import_json(self._engine, content, name_of_person(by), mode)


def open_record(url: str) -> Record:
    """Open the record of a database URL, made or brought up to date where that is needed.

    Raises
    ------
    RecordUnavailableError
        Where it cannot be.
    """
    engine = make_engine(url)
    upgrade(engine)
    return Record(engine)


def _kept(connection: Connection, item: AnyItem, was: Stored[AnyItem] | None, by: str) -> AnyItem:
    """Write an item over what was there, or say why not."""
    placed = positioned(connection, item, was)
    if was is not None and not was.removed:
        # Not for an old version: that somebody else came to the same value does not say that both agree on it.
        if item.version in (0, was.item.version) and content_of(was.item) == content_of(placed):
            return was.item
        if isinstance(item, Shortlist):
            raise RefusedError("A shortlist stays as it was decided. Nothing was written. Keep this one as a new one.")
        if was.item.version != item.version:
            raise ConflictError(item, was.item)
    elif item.version:
        raise ConflictError(item, was.item if was else None, removed=was is not None)
    new = _next(placed, was, by)
    write(connection, new, was)
    live = was is not None and not was.removed
    write_change(connection, new, "changed" if live else "made", was.item if was and live else None, new)
    return new


def _next(item: AnyItem, was: Stored[AnyItem] | None, by: str) -> AnyItem:
    """The item as the version after the one that is kept, edited now."""
    return replace(item, version=was.item.version + 1 if was else 1, edited_by=by, edited_at=datetime.now(UTC))


def _with_files_of(item: AnyItem, was: Stored[AnyItem] | None) -> AnyItem:
    """A pin's picture and data stay those that it was pinned with, whatever the pin that comes says of them."""
    if not isinstance(item, Pin):
        return item
    kept = was.item if was and isinstance(was.item, Pin) else None
    return replace(
        item,
        picture_sha256=kept.picture_sha256 if kept else None,
        picture_length=kept.picture_length if kept else 0,
        data_sha256=kept.data_sha256 if kept else None,
        data_length=kept.data_length if kept else 0,
        data_name=kept.data_name if kept else item.data_name,
    )
