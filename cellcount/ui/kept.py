"""Themes that somebody marked “keep” while browsing, and those that are kept side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from cellcount import themes
from cellcount.errors import CellCountError
from cellcount.record import KeptTheme, Pin, Record
from cellcount.record.items import Item, Order
from cellcount.themes import Theme
from cellcount.ui import controls, frame, keeping
from cellcount.ui.headlines import NotInReleaseError, headline
from cellcount.ui.pinned import query_of
from cellcount.ui.reading import Release
from cellcount.ui.words import count, listed, plain
from cellcount.verdicts import Facts, tally, verdicts_of

WHERE = "kept-"
"""What the names of the parts of the page begin with, where a mark could not be saved."""
_WAITING = "themes-to-keep"
"""The themes that are kept as soon as there is a name to keep them under."""
MOST_COLUMNS = 4
"""Themes side by side; more go on below."""
MOST_PINS = 3
"""Pins of a theme that are named; there is a way to the others."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Which themes are kept.

    Attributes
    ----------
    record : Record or None
        Where it is kept; None where it cannot be read.
    by_theme : mapping of str to KeptTheme
        What is kept of each theme, marked or let go.
    zone : str
        IANA time zone that times are told in.
    """

    record: Record | None
    by_theme: Mapping[str, KeptTheme]
    zone: str

    def kept(self, theme_id: str) -> bool:
        """Whether a theme is marked."""
        return theme_id in self.by_theme and self.by_theme[theme_id].kept


def read(release: Release) -> Marks:
    """Read the marks, and draw above the cards what must be said of them: a page of themes never fails for them.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    zone = release.manifest.time_zone
    try:
        record = keeping.record()
        _keep_what_waits()
        marks = Marks(record, {each.theme_id: each for each in record.listed(KeptTheme)}, zone)
    except CellCountError as error:
        st.caption(f":material/warning: Themes cannot be marked now. {plain(error)}")
        return Marks(None, {}, zone)
    if controls.typed_name() or _waiting():
        with st.container(horizontal=True, vertical_alignment="bottom", key="who-keeps"):
            controls.your_name()
            _say_kept(marks)
    keeping.show_troubles(WHERE, zone, told)
    return marks


def told(item: Item | Order) -> dict[str, str]:
    """What a mark says, by the name of the field.

    Parameters
    ----------
    item : Item or Order
        A mark.
    """
    if not isinstance(item, KeptTheme):
        return {}
    return {"Theme": _title(item.theme_id), "Kept": "yes" if item.kept else "no"}


def button(marks: Marks, theme: Theme) -> None:
    """Draw the mark of a theme, to be set and let go.

    Parameters
    ----------
    marks : Marks
        What is marked.
    theme : Theme
        Whose card it is.
    """
    if marks.record is None:
        return
    kept = marks.kept(theme.id)
    mark = marks.by_theme.get(theme.id)
    said = "Keep this theme, to see the kept ones side by side below"
    if kept and mark is not None:
        said = f"Kept {keeping.by_whom(mark.edited_by, mark.edited_at, marks.zone)}. Press again to let it go"
    st.button(
        "**Kept**" if kept else "Keep",
        key=f"keep-{theme.id}",
        icon=":material/bookmark_added:" if kept else ":material/bookmark_add:",
        type="tertiary",
        help=plain(f"{said}: {theme.title}"),
        on_click=_switch,
        args=(mark or KeptTheme(theme.id, kept=False),),
    )
    if theme.id in _waiting():
        st.caption("Type your name at the top of the page: then it is kept.")


def show_compared(release: Release, marks: Marks, facts: Facts) -> None:
    """Draw the kept themes side by side: what is asked, what is held, how sure it is, and what is pinned.

    Parameters
    ----------
    release : Release
        The release that is served.
    marks : Marks
        What is marked.
    facts : Facts
        What the release holds.
    """
    if marks.record is None:
        return
    st.subheader("Compare kept themes", anchor=False)
    chosen = [each for each in themes.register().themes if marks.kept(each.id)]
    if not chosen:
        st.caption(
            "None is kept yet. Press :material/bookmark_add: Keep on the cards of the themes that you would take "
            "forward: they stand here side by side, before anything is scored or weighed."
        )
        return
    pins: dict[str, list[Pin]] = {}
    for pin in marks.record.listed(Pin):
        pins.setdefault(pin.theme_id, []).append(pin)
    with st.container(key="kept"):
        for start in range(0, len(chosen), MOST_COLUMNS):
            _side_by_side(release, facts, chosen[start : start + MOST_COLUMNS], pins)
    page = frame.PAGES["shortlist"]
    st.page_link(page.file, label="Score them, and fix a shortlist", icon=page.icon, query_params=controls.kept())


def _side_by_side(release: Release, facts: Facts, chosen: Sequence[Theme], pins: Mapping[str, Sequence[Pin]]) -> None:
    rows: Mapping[str, Callable[[Theme], None]] = {
        "Question": lambda theme: _write(plain(theme.question)),
        "What is served": lambda theme: _write(plain(tally(verdicts_of(theme.id, facts)))),
        "Live figure, and how sure it is": partial(_figure, release),
        "Ethics": _ethics,
        "Partners": lambda theme: _write(plain("; ".join(each.name for each in theme.partners))),
        "Evidence pinned": lambda theme: _pins(pins.get(theme.id, ())),
    }
    with st.container(border=True, gap="small"):
        for column, theme in zip(st.columns(len(chosen)), chosen, strict=True):
            with column:
                st.markdown(f"##### {plain(theme.title)}")
        for name, draw in rows.items():
            for column, theme in zip(st.columns(len(chosen)), chosen, strict=True):
                with column, st.container(gap=None):
                    st.caption(f"**{name}**")
                    draw(theme)


def _write(words: str) -> None:
    st.markdown(words)


def _figure(release: Release, theme: Theme) -> None:
    if theme.headline is None:
        st.caption(plain(theme.no_headline))
        return
    try:
        found = headline(release, theme.headline)
    except NotInReleaseError as missing:
        st.caption(plain(missing))
        return
    st.metric(plain(found.label), found.value)
    st.caption(plain(found.note))


def _ethics(theme: Theme) -> None:
    flag = f"{themes.ETHICS[theme.ethics]}."
    st.markdown(f"**{plain(flag)}** {plain(theme.ethics_words.removeprefix(flag).strip())}")
    if theme.needed:
        st.caption(plain(theme.needed))


def _pins(pins: Sequence[Pin]) -> None:
    if not pins:
        st.caption("Nothing is pinned yet: open a map, and press Add to evidence.")
        return
    for pin in pins[:MOST_PINS]:
        if pin.page in frame.PAGES:
            file, query = frame.PAGES[pin.page].file, query_of(pin.link)
            st.page_link(file, label=plain(pin.headline), icon=":material/keep:", query_params=query)
        else:
            st.markdown(f"- {plain(pin.headline)}")
    left = len(pins) - MOST_PINS
    board = frame.PAGES["evidence"]
    words = f"All of it, {count(left, 'more view')}" if left > 0 else "On the board"
    st.page_link(
        board.file,
        label=words,
        icon=":material/arrow_forward:",
        query_params={**controls.kept(), "theme": _title(pins[0].theme_id)},
    )


def _switch(mark: KeptTheme) -> None:
    """Mark a theme, or let it go; without a name it waits for one, with those that wait already."""
    by = controls.typed_name()
    if not by:
        controls.keep_aside(_WAITING, tuple(dict.fromkeys((*_waiting(), mark.theme_id))))
        return
    keeping.save(f"{WHERE}{mark.theme_id}", replace(mark, kept=not mark.kept), by)


def _waiting() -> tuple[str, ...]:
    held: tuple[str, ...] | None = controls.kept_aside(_WAITING)
    return held or ()


def _keep_what_waits() -> None:
    by = controls.typed_name()
    if not by:
        return
    waits = _waiting()
    controls.keep_aside(_WAITING, None)
    for theme_id in waits:
        stored = keeping.record().get(KeptTheme, theme_id) or KeptTheme(theme_id)
        keeping.save(f"{WHERE}{theme_id}", replace(stored, kept=True), by)


def _say_kept(marks: Marks) -> None:
    kept = [theme.title for theme in themes.register().themes if marks.kept(theme.id)]
    waits = [f"“{_title(each)}”" for each in _waiting()]
    if waits:
        verb = "is" if len(waits) == 1 else "are"
        st.caption(plain(f"{listed(waits)} {verb} kept as soon as you have typed your name."))
    elif kept:
        st.caption(plain(f"Kept: {', '.join(kept)}. They stand side by side below the cards."))


def _title(theme_id: str) -> str:
    """What a theme is called; its id where the register no longer has it."""
    return next((each.title for each in themes.register().themes if each.id == theme_id), theme_id)
