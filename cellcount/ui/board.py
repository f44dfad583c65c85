"""The evidence page: the pins of each theme, in their order, and what became of their figures since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from cellcount import themes
from cellcount.errors import CellCountError
from cellcount.record import Pin, Record
from cellcount.themes import Theme
from cellcount.ui import board_card, board_keeping, controls, frame, keeping, pinned_figures, pinning, reading
from cellcount.ui.board_card import Card
from cellcount.ui.pinned import changed
from cellcount.ui.reading import Release
from cellcount.ui.words import count, listed, plain

EVERY = "all"
MAPS = ("density", "hotspots", "tourism", "flows", "incident", "quality")
"""Pages from which a view can be pinned."""


def show(release: Release) -> None:
    """Draw the board of a theme, or of all, and what keeps it.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    record = keeping.record()
    known = themes.register().themes
    pins = _pins(record)
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        choices = {EVERY: "All themes", **{each.id: each.title for each in known}}
        chosen = controls.choose_one("theme", "Theme", choices, EVERY, widget="list", width=330)
        controls.your_name()
    keeping.show_troubles(board_card.TROUBLE, release.manifest.time_zone, pinning.told)
    board_card.show_undo()
    st.caption(plain(_tally(pins, known)))
    shown = [each for each in pins if chosen in (EVERY, each.theme_id)]
    if not shown:
        _nothing_yet(next((each for each in known if each.id == chosen), None))
    else:
        _boards(record, release, shown, known)
    _removed(record, chosen)
    board_keeping.show(record, release)


def _pins(record: Record) -> tuple[Pin, ...]:
    """The pins; also one that somebody else removed while its words are being edited here, so that none are lost."""
    there = record.listed(Pin)
    ids = {each.id for each in there}
    edited = [controls.kept_aside(key) for key in controls.keys_aside(board_card.EDITING)]
    return (*there, *(each for each in edited if isinstance(each, Pin) and each.id not in ids))


def _tally(pins: Sequence[Pin], known: Sequence[Theme]) -> str:
    """How many pins each theme has, in a sentence or two."""
    tally = Counter(each.theme_id for each in pins)
    some = [f"{each.title} {tally[each.id]}" for each in known if tally[each.id]]
    none = [each.title for each in known if not tally[each.id]]
    if not some:
        return "Nothing is pinned yet for any theme."
    said = f"{count(len(pins), 'view is', 'views are')} pinned: {listed(some)}."
    return f"{said} None yet for {listed(none)}." if none else said


def _nothing_yet(theme: Theme | None) -> None:
    of = f" for {theme.title}" if theme else ""
    with st.container(border=True, key="nothing-yet"):
        st.markdown(f"**There is no evidence{plain(of)} yet.**")
        st.markdown(
            "Evidence is a view that somebody kept: the map as it stood, the finding in a sentence, how precise it is, "
            "the figures, the queries and the release behind it, and a link that opens it again. To add one, open a "
            "page, look for what matters, and press *Add to evidence* below the map."
        )
        with st.container(horizontal=True):
            for slug in MAPS:
                page = frame.PAGES[slug]
                st.page_link(page.file, label=page.title, icon=page.icon, query_params=controls.kept() or None)


def _boards(record: Record, release: Release, pins: Sequence[Pin], known: Sequence[Theme]) -> None:
    here = reading.releases_here()
    since = _since(release, pins)
    titles = {each.id: each.title for each in known}
    # A theme that the register no longer has keeps its pins.
    order = [*titles, *(each.theme_id for each in pins if each.theme_id not in titles)]
    for theme in dict.fromkeys(order):
        of_theme = [each for each in pins if each.theme_id == theme]
        if not of_theme:
            continue
        st.subheader(plain(titles.get(theme, theme)), anchor=False)
        ids = tuple(each.id for each in of_theme)
        for pin in of_theme:
            board_card.draw(record, release, Card(pin, ids, titles, since.get(pin.id, ""), pin.release_id in here))


def _since(release: Release, pins: Sequence[Pin]) -> Mapping[str, str]:
    """What became of the figures of pins of another release, a sentence each."""
    old = [each for each in pins if each.release_id != release.manifest.release_id]
    found: dict[str, str] = {}
    if not old:
        return found
    bar = st.progress(0.0, "What has changed since is worked out …")
    for place, pin in enumerate(old):
        bar.progress(place / len(old), f"What has changed since is worked out: {place + 1} of {len(old)} …")
        found[pin.id] = _change(release, pin)
    bar.empty()
    return found


def _change(release: Release, pin: Pin) -> str:
    if pin.figure is None:
        return "It states no figure that could be compared."
    try:
        now = pinned_figures.stated(release, pin.figure.kind, pin.figure.inputs).figure
    except CellCountError as error:
        return f"What has become of its figure cannot be told. {error}"
    return "It states no figure now." if now is None else changed(pin.figure, now)


def _removed(record: Record, chosen: str) -> None:
    gone = [each for each in record.removed(Pin) if chosen in (EVERY, each.theme_id)]
    if not gone:
        return
    with st.expander(f"Removed ({len(gone)})", icon=":material/delete:", key="removed", on_change="rerun") as opened:
        if opened.open:
            for pin in gone:
                board_card.draw_removed(pin)
