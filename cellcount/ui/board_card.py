"""A card of the board: what was pinned, what became of it, and what can be done with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from cellcount.record import ConflictError, Pin, Record
from cellcount.record.limits import MOST_LINE, MOST_TEXT
from cellcount.ui import controls, evidence, frame, keeping, pinned, pinning
from cellcount.ui.reading import Release
from cellcount.ui.words import plain

TROUBLE = "board-"
"""What the names of the parts of the board begin with, where something could not be saved."""
EDITING = "editing-"
"""What the names begin with under which pins are held as they were when their editing began."""
_REMOVED = "just-removed"


@dataclass(frozen=True, slots=True)
class Card:
    """A pin as it stands on the board.

    Attributes
    ----------
    pin : Pin
        The pin.
    order : tuple of str
        Ids of the pins of its theme, as they stand.
    titles : mapping of str to str
        Titles of the themes by id.
    since : str
        What became of its figure in the release that is served; empty where the pin is of that.
    here : bool
        Whether its own release can be opened here.
    """

    pin: Pin
    order: tuple[str, ...]
    titles: Mapping[str, str]
    since: str
    here: bool


def draw(record: Record, release: Release, card: Card) -> None:
    """Draw a card.

    Parameters
    ----------
    record : Record
        Where its picture and data are.
    release : Release
        The release that is served.
    card : Card
        The card.
    """
    pin = card.pin
    with st.container(border=True, key=f"pin-{pin.id}"):
        left, right = st.columns([1, 1.1], gap="medium")
        with left:
            if pin.picture_sha256 is None:
                st.caption(":material/hide_image: This view has no map.")
            else:
                st.image(_picture(pin.picture_sha256, pin.id, _record=record), width="stretch", alt=pin.headline)
        with right:
            _words(release, card)
            _actions(record, release, card)
        _behind(pin)


def _words(release: Release, card: Card) -> None:
    pin, zone = card.pin, release.manifest.time_zone
    if pin.synthetic:
        st.badge("Synthetic demonstration data", icon=":material/science:", color="orange")
    st.markdown(f"##### {plain(pin.headline)}")
    st.markdown(plain(pin.precision))
    st.caption(plain(pin.caption))
    said = f"{frame.PAGES[pin.page].title if pin.page in frame.PAGES else pin.page}. "
    said += f"Pinned {keeping.by_whom(pin.author, pin.made_at, zone)}"
    if pin.version > 1:
        said += f"; changed {keeping.by_whom(pin.edited_by, pin.edited_at, zone)}"
    st.caption(plain(f"{said}. Release {pin.release_id}: {pin.release_title}."))
    if pin.release_id == release.manifest.release_id:
        return
    if card.here:
        was = "It was pinned on another release than the one that is served now."
    else:
        was = "The release that it was pinned on is no longer here; its picture, figure and data are kept."
    st.info(plain(f"{was} {card.since}"), icon=":material/history:")


def _actions(record: Record, release: Release, card: Card) -> None:
    pin = card.pin
    with st.container(horizontal=True, vertical_alignment="center"):
        _links(release, card)
    with st.container(horizontal=True, vertical_alignment="center"):
        at = card.order.index(pin.id)
        for word, icon, other in (("Up", "arrow_upward", at - 1), ("Down", "arrow_downward", at + 1)):
            st.button(
                word,
                key=f"{word}-{pin.id}",
                icon=f":material/{icon}:",
                disabled=not 0 <= other < len(card.order),
                on_click=_move,
                args=(pin.theme_id, card.order, at, other),
            )
        editing = controls.kept_aside(f"{EDITING}{pin.id}") is not None
        st.button(
            "Leave as it is" if editing else "Edit",
            key=f"edit-{pin.id}",
            icon=f":material/{'close' if editing else 'edit'}:",
            on_click=controls.keep_aside,
            args=(f"{EDITING}{pin.id}", None if editing else pin),
        )
        st.button("Remove", key=f"remove-{pin.id}", icon=":material/delete:", on_click=_remove, args=(pin,))
        with st.popover("Download", icon=":material/download:", key=f"files-{pin.id}"):
            _files(record, pin)
    _edit(card)


def _links(release: Release, card: Card) -> None:
    pin = card.pin
    if pin.page not in frame.PAGES:
        return
    file = frame.PAGES[pin.page].file
    query = pinned.query_of(pin.link)
    if card.here:
        st.page_link(file, label="Open the view", icon=":material/open_in_full:", query_params=query)
    if pin.release_id != release.manifest.release_id:
        again = {**query, "release": [release.manifest.release_id], pinning.AGAIN: [pin.id]}
        st.page_link(file, label="Pin it again on the current release", icon=":material/refresh:", query_params=again)


def _files(record: Record, pin: Pin) -> None:
    stem = f"{'synthetic-' if pin.synthetic else ''}{pin.page}-{pin.id[:8]}"
    if pin.picture_sha256 is not None:
        made = partial(_picture, pin.picture_sha256, pin.id, _record=record)
        evidence.download("Picture (PNG)", f"{stem}.png", "image/png", made, of=pin.id)
    if pin.data_sha256 is not None:
        name = pin.data_name or f"{stem}.csv"
        evidence.download("Data (CSV)", name, "text/csv", lambda: record.data_of(pin.id) or b"", of=pin.id)
    if pin.picture_sha256 is None and pin.data_sha256 is None:
        st.caption("Neither a picture nor data were kept.")


@st.fragment
def _behind(pin: Pin) -> None:
    label = "Queries, method and release"
    with st.expander(label, icon=":material/fact_check:", key=f"behind-{pin.id}", on_change="rerun") as opened:
        if not opened.open:
            return
        if pin.methods:
            st.markdown("###### Method\n" + "\n".join(f"- {plain(each)}" for each in pin.methods))
        st.markdown(f"###### Release\n{plain(f'{pin.release_title}. Release {pin.release_id}.')} {plain(pin.source)}")
        st.markdown("\n".join(f"- {plain(each)}" for each in pin.caveats))
        st.markdown("###### Queries, as they were run")
        for query in pin.queries:
            st.markdown(f"**{plain(query.name)}**")
            st.code(query.sql, language="sql", wrap_lines=True)
            st.caption(plain(f"Parameters {json.dumps(dict(query.parameters), ensure_ascii=False)}"))


def _edit(card: Card) -> None:
    """The words and the theme, to be changed; what is saved is held against what was there when it was opened."""
    pin, key = card.pin, f"{EDITING}{card.pin.id}"
    base = controls.kept_aside(key)
    if not isinstance(base, Pin):
        return
    if base.version != pin.version:
        st.info(
            plain(f"{pin.edited_by} has changed it meanwhile. If you save, you see both versions first."),
            icon=":material/merge:",
        )
    changed = _fields(card, base)
    if changed is None:
        return
    kept = keeping.save(f"{TROUBLE}{pin.id}", changed, controls.typed_name())
    if kept is not None or keeping.conflicts(f"{TROUBLE}{pin.id}"):
        # What was typed is kept by the conflict.
        controls.keep_aside(key, None)
    st.rerun()


def _fields(card: Card, base: Pin) -> Pin | None:
    """The pin with what was typed, once somebody saves it."""
    of = f"{base.id}-{base.version}"
    with st.form(f"form-{of}"):
        headline = st.text_area("Headline", base.headline, max_chars=MOST_LINE, height=100, key=f"edit-headline-{of}")
        caption = st.text_area("Caption", base.caption, max_chars=MOST_TEXT, height=150, key=f"edit-caption-{of}")
        ids = list(card.titles) if base.theme_id in card.titles else [base.theme_id, *card.titles]
        theme = st.selectbox(
            "Theme",
            ids,
            index=ids.index(base.theme_id),
            format_func=lambda each: card.titles.get(each, each),
            key=f"edit-theme-{of}",
        )
        saved = st.form_submit_button("Save", type="primary")
    return replace(base, headline=headline or "", caption=caption or "", theme_id=theme) if saved else None


def _move(theme_id: str, order: Sequence[str], at: int, to: int) -> None:
    now = list(order)
    now[at], now[to] = now[to], now[at]
    keeping.reorder(f"{TROUBLE}{theme_id}", Pin, theme_id, was=order, now=now, by=controls.typed_name())


def _remove(pin: Pin) -> None:
    if keeping.remove(f"{TROUBLE}{pin.id}", pin, controls.typed_name()):
        controls.keep_aside(_REMOVED, pin)
        controls.keep_aside(f"{EDITING}{pin.id}", None)


def _restore(pin_id: str) -> None:
    by = controls.typed_name()

    def again(record: Record, conflict: ConflictError) -> object:
        del conflict
        return record.restore(Pin, pin_id, by)

    keeping.attempt(f"{TROUBLE}{pin_id}", by, lambda record: record.restore(Pin, pin_id, by), again)
    controls.keep_aside(_REMOVED, None)


def show_undo() -> None:
    """Say what was just removed, with the way back."""
    pin = controls.kept_aside(_REMOVED)
    if not isinstance(pin, Pin):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="undo"):
        st.markdown(plain(f"Removed: “{pin.headline}”"))
        st.button("Undo", key="undo-remove", icon=":material/undo:", on_click=_restore, args=(pin.id,))


def draw_removed(pin: Pin) -> None:
    """Draw a pin that was removed, with the way back.

    Parameters
    ----------
    pin : Pin
        As it was last.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(plain(pin.headline))
        st.button("Restore", key=f"restore-{pin.id}", icon=":material/undo:", on_click=_restore, args=(pin.id,))


@st.cache_resource(max_entries=60, show_spinner=False)
def _picture(sha256: str, pin_id: str, *, _record: Record) -> bytes:  # noqa: ARG001 - another picture, another checksum
    return _record.picture_of(pin_id) or b""
