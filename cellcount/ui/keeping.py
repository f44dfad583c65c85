"""The record of decisions as pages use it: opened once, and nothing lost where it cannot be written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from cellcount.errors import CellCountError
from cellcount.record import (
    ConflictError,
    CostLine,
    Pin,
    Record,
    RecordUnavailableError,
    database_url,
    default_url,
    upgrade,
)
from cellcount.record.items import AnyItem, Item, Order
from cellcount.standard import ROOT
from cellcount.ui import controls
from cellcount.ui.words import day, plain

CONNECTION = "decisions"
"""Name of the connection in `.streamlit/secrets.toml`, under `[connections.decisions]`."""
SETTING = "CELLCOUNT_DECISIONS"
"""The setting with the address of the database, where the secrets have none."""
FOLDER = ROOT / "data" / "record"
"""Where the database is made where nobody names another."""

Done = TypeVar("Done")
Told = Mapping[str, str]
"""What an item says, in words, by the name of the field."""
Insist = Callable[[Record, ConflictError], object]
"""Does what was asked although somebody else has saved meanwhile."""


class NamelessError(CellCountError):
    """Something was to be saved by nobody."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What could not be saved, by whom, and how to save it all the same."""

    error: CellCountError
    by: str
    insist: Insist


def record() -> Record:
    """The record of decisions, through Streamlit's connection of that name; made and migrated once a server.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnavailableError
        Where the database is down, is none, or is newer than this code.
    """
    return _opened(_address())


@st.cache_resource(show_spinner=False)
def _opened(address: str) -> Record:
    engine = st.connection(CONNECTION, type="sql", url=address, pool_pre_ping=True).engine
    upgrade(engine)
    return Record(engine)


def _address() -> str:
    try:
        section = st.secrets.get("connections", {}).get(CONNECTION)
    except StreamlitSecretNotFoundError:
        section = None
    if section is None:
        return database_url(os.environ.get(SETTING) or default_url(FOLDER))
    if not section.get("url"):
        raise RecordUnavailableError(
            f"The secrets name the connection {CONNECTION} and not its address: write a line url under "
            f"[connections.{CONNECTION}] in .streamlit/secrets.toml, and load this page again."
        )
    return database_url(str(section["url"]))


def attempt(where: str, by: str, work: Callable[[Record], Done], insist: Insist) -> Done | None:
    """Write to the record; what cannot be written is kept, and `show_trouble` shows it in the next run.

    Parameters
    ----------
    where : str
        Which part of the page writes.
    by : str
        Who: `controls.your_name`; without a name nothing is written.
    work : callable
        Does it.
    insist : callable
        Does it although somebody else saved meanwhile.

    Returns
    -------
    object
        What `work` gave; None where it could not.
    """
    controls.keep_aside(where, None)
    try:
        if not by:
            raise NamelessError("Nothing was saved yet: type your name first, and then do it again.")
        return work(record())
    except CellCountError as error:
        controls.keep_aside(where, _Trouble(error, by, insist))
        return None


def save(where: str, item: AnyItem, by: str) -> AnyItem | None:
    """Save an item; see `attempt`.

    Parameters
    ----------
    where : str
        Which part of the page saves.
    item : Item
        With the version that was read, so that nobody's change is lost.
    by : str
        Who saves.
    """
    return attempt(where, by, lambda record: record.save(item, by), partial(_save_over, by))


def remove(where: str, item: Item, by: str) -> bool:
    """Remove an item; see `attempt`. Gives whether it is removed."""

    def work(record: Record) -> bool:
        record.remove(item, by)
        return True

    def insist(record: Record, conflict: ConflictError) -> None:
        if isinstance(conflict.theirs, Item) and not conflict.removed:
            record.remove(conflict.theirs, by)

    return bool(attempt(where, by, work, insist))


def reorder(
    where: str, kind: type[Pin] | type[CostLine], theme_id: str, *, was: Sequence[str], now: Sequence[str], by: str
) -> bool:
    """Put the pins or cost lines of a theme in another order; see `attempt`. Gives whether they are."""

    def work(record: Record) -> bool:
        record.reorder(kind, theme_id, was, now, by)
        return True

    def insist(record: Record, conflict: ConflictError) -> None:
        there = conflict.theirs.ids if isinstance(conflict.theirs, Order) else ()
        record.reorder(kind, theme_id, there, merged(now, there), by)

    return bool(attempt(where, by, work, insist))


def merged(wanted: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    """The order that was wanted of what is there now: what came meanwhile goes to the end, what went is left out.

    Examples
    --------
    >>> merged(["c", "a", "b"], ["a", "b", "c", "new"]), merged(["c", "a"], ["a"])
    (('c', 'a', 'b', 'new'), ('a',))
    """
    return (*(each for each in wanted if each in there), *(each for each in there if each not in wanted))


def _save_over(by: str, record: Record, conflict: ConflictError) -> None:
    mine, theirs = conflict.mine, conflict.theirs
    if not isinstance(mine, Item):
        return
    if conflict.removed and isinstance(mine, Pin):
        theirs = record.restore(Pin, mine.id, by)
    elif conflict.removed:
        theirs = None
    record.save(replace(mine, version=theirs.version if isinstance(theirs, Item) else 0), by)


def show_trouble(where: str, zone: str, told: Callable[[Item | Order], Told]) -> None:
    """Show what could not be saved: a sentence, or both versions side by side with the choice between them.

    Parameters
    ----------
    where : str
        Which part of the page saved, as `attempt` was told it.
    zone : str
        IANA time zone that the time of saving is told in.
    told : callable
        What a version says, by the name of the field; fields that both have alike are left out.
    """
    trouble = controls.kept_aside(where)
    if not isinstance(trouble, _Trouble):
        return
    error = trouble.error
    if not isinstance(error, ConflictError):
        st.error(plain(error), icon=":material/error:")
        return
    with st.container(border=True, key=f"conflict-{where}"):
        st.warning(plain(error), icon=":material/merge:")
        _both(error, zone, told)
        with st.container(horizontal=True):
            if st.button("Keep theirs", key=f"theirs-{where}"):
                controls.keep_aside(where, None)
                st.rerun()
            if st.button("Save mine over it", key=f"mine-{where}", type="primary"):
                attempt(where, trouble.by, partial(_insisted, trouble), trouble.insist)
                st.rerun()


def show_troubles(start: str, zone: str, told: Callable[[Item | Order], Told]) -> None:
    """Show everything that could not be saved by the parts of a page whose names begin so: see `show_trouble`."""
    for where in controls.keys_aside(start):
        show_trouble(where, zone, told)


def conflicts(where: str) -> bool:
    """Whether a part of the page waits for a choice between two versions."""
    trouble = controls.kept_aside(where)
    return isinstance(trouble, _Trouble) and isinstance(trouble.error, ConflictError)


def _insisted(trouble: _Trouble, record: Record) -> None:
    if isinstance(trouble.error, ConflictError):
        trouble.insist(record, trouble.error)


def _both(error: ConflictError, zone: str, told: Callable[[Item | Order], Told]) -> None:
    mine = told(error.mine)
    theirs = {} if error.theirs is None or error.removed else told(error.theirs)
    differing = [name for name in mine if mine[name] != theirs.get(name)]
    sides = st.columns(2)
    with sides[0]:
        st.markdown("**Mine, not saved**")
        _fields(mine, differing)
    with sides[1]:
        st.markdown(f"**Theirs: {plain(_whose(error, zone))}**")
        _fields(theirs, [name for name in differing if name in theirs])


def _whose(error: ConflictError, zone: str) -> str:
    if error.theirs is None:
        return "nothing is stored"
    done = "removed" if error.removed else "saved"
    return f"{done} {by_whom(error.theirs.edited_by, error.theirs.edited_at, zone)}"


def _fields(words: Told, names: Sequence[str]) -> None:
    for name in names:
        st.markdown(f"{plain(name)}: {plain(words[name]) or '*empty*'}")


def by_whom(name: str, at: datetime | None, zone: str) -> str:
    """Who did something, and when, in local time.

    Parameters
    ----------
    name : str
        As typed.
    at : datetime or None
        In UTC.
    zone : str
        IANA time zone.

    Examples
    --------
    >>> from datetime import UTC
    >>> by_whom("Ann", datetime(2026, 7, 5, 13, 4, tzinfo=UTC), "Europe/London")
    'by Ann on 5 July 2026 at 14:04'
    """
    parts = [f"by {name}"] if name else []
    if at is not None:
        local = at.astimezone(ZoneInfo(zone))
        parts.append(f"on {day(local.date())} at {local:%H:%M}")
    return " ".join(parts)
