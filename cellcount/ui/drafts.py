"""What a form was opened with, so that nobody's typing is lost when somebody else saves meanwhile.

A form shows items as they were read when it was first drawn, and goes on showing them until it is saved or let go:
what is saved then carries the versions that were on screen, and a change by somebody else comes up as a conflict.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

from cellcount.record import Record
from cellcount.record.checks import checked
from cellcount.record.items import Item
from cellcount.ui import controls, keeping
from cellcount.ui.words import count, plain

_DRAFT = "draft-"

AnyItem = TypeVar("AnyItem", bound=Item)


def opened(where: str, current: Sequence[AnyItem], zone: str) -> tuple[AnyItem, ...]:
    """The items as the form shows them; a sentence where they have changed since, with the way to the present ones.

    Parameters
    ----------
    where : str
        Which form.
    current : sequence of Item
        As they are kept now.
    zone : str
        IANA time zone that times are told in.
    """
    held: tuple[AnyItem, ...] | None = controls.kept_aside(_DRAFT + where)
    shown = tuple(current) if held is None else held
    controls.keep_aside(_DRAFT + where, shown)
    if mark(shown) != mark(current):
        newest = max((each for each in current if each.edited_at), key=lambda each: str(each.edited_at), default=None)
        who = keeping.by_whom(newest.edited_by, newest.edited_at, zone) if newest else "by somebody else"
        with st.container(horizontal=True, vertical_alignment="center", key=f"changed-{where}"):
            st.info(plain(f"It was changed meanwhile {who}. If you save, you see both versions."))
            st.button("Show it as it is now", key=f"fresh-{where}", on_click=close, args=(where,))
    return shown


def close(where: str) -> None:
    """Let a form go: it is drawn anew from what is kept."""
    controls.keep_aside(_DRAFT + where, None)


def close_others(start: str) -> None:
    """Let go of every form that is not on the page: those whose names do not begin so."""
    for key in controls.keys_aside(_DRAFT):
        if not key.startswith(_DRAFT + start):
            controls.keep_aside(key, None)


def mark(items: Sequence[Item]) -> str:
    """A mark of items and their versions, for the keys of the widgets that show them."""
    return f"{zlib.crc32(repr([(each.id, each.version) for each in items]).encode()):08x}"


def save(where: str, items: Sequence[Item], by: str, *, gone: Sequence[Item] = (), whole: bool = False) -> bool:
    """Save what a form holds, one item at a time, and let the form go.

    Parameters
    ----------
    where : str
        Which form; what could not be saved is found by names that begin with it and a dash.
    items : sequence of Item
        To be saved, with the versions that were on screen.
    by : str
        Who saves. Without a name nothing is saved, and the form stays as it is typed.
    gone : sequence of Item
        To be removed.
    whole : bool
        Whether also that is saved which nobody changed in the form, for it was not kept before.

    Returns
    -------
    bool
        Whether everything was saved.
    """
    held = controls.kept_aside(_DRAFT + where) or ()
    changed = [each for each in items if whole or each not in held]

    def check(_: Record) -> bool:
        for each in changed:
            checked(each)
        return True

    # What is refused is refused before anything is saved: the form stays as it is typed, with one sentence.
    if not keeping.attempt(where, by, check, lambda _, __: None):
        return False
    done = 0
    for each, removed in [*((each, False) for each in changed), *((each, True) for each in gone)]:
        name = f"{where}-{each.id}"
        kept = keeping.remove(name, each, by) if removed else keeping.save(name, each, by) is not None
        done += kept
        if not kept and not keeping.conflicts(name):
            return False
    close(where)
    controls.keep_aside(_said(where), f"{count(done, 'change')} saved.".capitalize())
    return done == len(changed) + len(gone)


def withdraw(where: str, gone: Sequence[Item]) -> None:
    """Remove what a form has kept, as a button does before the page runs again.

    Parameters
    ----------
    where : str
        Which form.
    gone : sequence of Item
        To be removed, as they were read.
    """
    save(where, (), controls.typed_name(), gone=gone)


def show_saved(where: str) -> None:
    """Say once what was saved."""
    said = controls.kept_aside(_said(where))
    if said:
        controls.keep_aside(_said(where), None)
        st.success(plain(said), icon=":material/check:")


def _said(where: str) -> str:
    return f"saved-{where}"
