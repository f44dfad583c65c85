"""“Add to evidence”: a view with its headline, figure, picture, data, queries and method is kept for a theme."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cellcount import themes
from cellcount.errors import CellCountError
from cellcount.record import ConflictError, Pin, Query, Record
from cellcount.record.items import Item, Order
from cellcount.record.limits import MOST_DATA_BYTES, MOST_LINE, MOST_TEXT
from cellcount.ui import controls, evidence, exports, frame, keeping
from cellcount.ui.evidence import Method, Taken
from cellcount.ui.map_pictures import Pictured
from cellcount.ui.pinned import Stated
from cellcount.ui.reading import Release, Run
from cellcount.ui.sources import line
from cellcount.ui.words import plain

KEY = "add-to-evidence"
AGAIN = "again"
"""In the URL: the id of the pin that is to be taken again."""
_DONE, _LAST, _OPEN = "pinned", "theme-of-page", "pin-open"
FIRST_THEMES: Mapping[str, str] = {
    "density": "urban-planning",
    "hotspots": "urban-planning",
    "tourism": "tourism",
    "flows": "mobility",
    "incident": "emergency",
    "quality": "population",
}
"""The theme that a page's views are likely to speak for."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A view as it stands, to be pinned.

    Attributes
    ----------
    page : str
        Slug of the page.
    address : mapping
        What the URL of the view says, by key: as `controls.copy_address` takes it.
    stated : callable
        Gives what the view states.
    caption : str
        What is said below the map.
    tables : sequence of Taken
        The page's main table first; where it is too large to be kept, the first of the others that is not.
    runs : sequence of Run
        The queries as they were run.
    methods : sequence of Method
        How the figures were made.
    pictured : callable or None
        Gives the map as a picture; None where there is no map.
    """

    page: str
    address: Mapping[str, str | Sequence[str] | None]
    stated: Callable[[], Stated]
    caption: str
    tables: Sequence[Taken]
    runs: Sequence[Run]
    methods: Sequence[Method]
    pictured: Callable[[], Pictured] | None


def draw(row: DeltaGenerator, release: Release, page: str, offer: Callable[[], Offer]) -> None:
    """Draw the button that keeps the view as evidence, and below its row what is kept, once somebody presses it.

    It is no popover: one that tells the server when it closes would do so while the visitor goes to another page, and
    that page would stay blank.

    Parameters
    ----------
    row : DeltaGenerator
        The row of buttons below the map.
    release : Release
        The release that is served.
    page : str
        Slug of the page.
    offer : callable
        Gives the view as it stands: worked out when it is wanted.
    """
    asked = controls.kept_aside(f"{_OPEN}-{page}")
    opened = controls.in_address(AGAIN) is not None if asked is None else bool(asked)
    with row:
        words, icon = ("Close evidence", "close") if opened else ("Add to evidence", "keep")
        st.button(
            words,
            key=f"{KEY}-{'close' if opened else 'open'}",
            icon=f":material/{icon}:",
            on_click=controls.keep_aside,
            args=(f"{_OPEN}-{page}", not opened),
        )
    if opened:
        with st.container(border=True, key="evidence-form"):
            _form(release, offer())


def _form(release: Release, offer: Offer) -> None:
    try:
        record = keeping.record()
        again = _again(record, offer.page)
        with st.spinner("The headline is made …"):
            said = offer.stated()
    except CellCountError as error:
        st.error(plain(error), icon=":material/error:")
        return
    if again is not None:
        st.info(plain(f"Takes the place of “{again.headline}”, pinned by {again.author}."), icon=":material/refresh:")
    choices = {each.id: each.title for each in themes.register().themes}
    link = controls.query_of(release.manifest.release_id, offer.address)
    with st.form(KEY, border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            theme = st.selectbox(
                "Theme",
                list(choices),
                index=_first(offer.page, again, list(choices)),
                format_func=lambda each: choices[each],
                key="pin-theme",
                width=320,
            )
            by = controls.your_name()
        # Another view has another headline; what was typed stays for as long as the view does.
        headline = st.text_area(
            "Headline", said.headline, max_chars=MOST_LINE, height=100, key=f"headline-{_digest(link, said.headline)}"
        )
        words = "Add" if again is None else "Pin it again"
        if st.form_submit_button(words, type="primary", icon=":material/keep:"):
            pin = _pin_of(release, offer, said, theme or next(iter(choices)), by)
            _keep(release, offer, replace(pin, headline=headline or "", link=link), again)
    keeping.show_trouble(KEY, release.manifest.time_zone, told)
    _done(link)
    st.caption(plain(f"Kept with it: {said.precision} {offer.caption}"))


def _digest(*words: str) -> str:
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]


def _again(record: Record, page: str) -> Pin | None:
    """The pin that the URL asks to take again, if it is of this page."""
    asked = controls.in_address(AGAIN)
    found = record.get(Pin, asked) if asked else None
    return found if found is not None and found.page == page else None


def _first(page: str, again: Pin | None, ids: list[str]) -> int:
    last = controls.kept_aside(f"{_LAST}-{page}")
    theme = again.theme_id if again is not None else last or FIRST_THEMES.get(page)
    return ids.index(theme) if theme in ids else 0


def _pin_of(release: Release, offer: Offer, said: Stated, theme: str, by: str) -> Pin:
    manifest = release.manifest
    warned = (" ".join(frame.STEWARD),) if manifest.steward_only else ()
    return Pin(
        theme_id=theme,
        page=offer.page,
        link="",
        headline="",
        caption=offer.caption[:MOST_TEXT],
        precision=said.precision,
        release_id=manifest.release_id,
        release_title=manifest.title,
        synthetic=manifest.synthetic,
        author=by,
        made_at=datetime.now(UTC),
        source=line(release)[:MOST_TEXT],
        caveats=(*warned, *manifest.caveats),
        methods=tuple(f"{each.words} {each.source}" for each in offer.methods),
        queries=tuple(Query(run.name, run.sql, _as_json(run.parameters)) for run in offer.runs),
        figure=said.figure,
    )


def _as_json(parameters: Mapping[str, object]) -> dict[str, object]:
    """Parameters as plain values: dates as text."""
    found: dict[str, object] = json.loads(json.dumps(parameters, default=str))
    return found


def _keep(release: Release, offer: Offer, pin: Pin, again: Pin | None) -> None:
    if not pin.headline.strip():
        st.warning("A pin needs a headline: say in a sentence what the view shows.", icon=":material/edit:")
        return

    def work(record: Record) -> Pin:
        same = None if again is not None else _same(record, pin)
        return same or _taken(record, release, offer, _in_place_of(pin, again))

    def insist(record: Record, conflict: ConflictError) -> object:
        there = record.restore(Pin, again.id, pin.author) if again is not None and conflict.removed else conflict.theirs
        return _taken(record, release, offer, _in_place_of(pin, there if isinstance(there, Pin) else None))

    kept = keeping.attempt(KEY, pin.author, work, insist)
    if kept is not None:
        controls.keep_aside(_DONE, (pin.link, kept.theme_id, release.manifest.synthetic))
        controls.keep_aside(f"{_LAST}-{pin.page}", kept.theme_id)
        controls.leave(AGAIN)
        st.toast("Added to the evidence.", icon=":material/keep:")


def _in_place_of(pin: Pin, there: Pin | None) -> Pin:
    """A pin that takes the place of another, or a new one."""
    return pin if there is None else replace(pin, id=there.id, version=there.version, position=there.position)


def _taken(record: Record, release: Release, offer: Offer, pin: Pin) -> Pin:
    """A pin with the picture and the data of the view, as it is kept."""
    with st.spinner("The picture is made, and the evidence kept …", show_time=True):
        name, data = _data(release, offer.tables)
        picture = None if offer.pictured is None else evidence.picture(release, offer.pictured())
        return record.pin(replace(pin, data_name=name), pin.author, picture, data)


def _same(record: Record, pin: Pin) -> Pin | None:
    """The pin of that view that is there already with the same words: somebody pressed twice."""
    there = record.listed(Pin, theme_id=pin.theme_id, link=pin.link, author=pin.author)
    return next((each for each in there if each.headline == pin.headline.strip()), None)


def _data(release: Release, tables: Sequence[Taken]) -> tuple[str, bytes | None]:
    """The first table that can be kept, as it is exported, with the name of its file."""
    for taken in tables:
        content = exports.to_csv(evidence.exported(release, taken))
        if len(content) <= MOST_DATA_BYTES:
            return f"{'synthetic-' if release.manifest.synthetic else ''}{taken.name}.csv"[:200], content
    return "", None


def _done(link: str) -> None:
    """What was kept of this view, with the way to the board."""
    kept = controls.kept_aside(_DONE)
    if kept is None or kept[0] != link:
        return
    _, theme, synthetic = kept
    title = themes.register().theme(theme).title
    of = ", as synthetic demonstration data" if synthetic else ""
    st.success(plain(f"It is in the evidence for {title}{of}."), icon=":material/check:")
    st.page_link(
        frame.PAGES["evidence"].file,
        label="See the evidence",
        icon=":material/arrow_forward:",
        query_params={**controls.kept(), "theme": title},
    )


def told(item: Item | Order) -> dict[str, str]:
    """What people can change of a pin, by the name of the field.

    Parameters
    ----------
    item : Item or Order
        A pin, or the order of the pins of a theme.
    """
    if isinstance(item, Pin):
        titles = {each.id: each.title for each in themes.register().themes}
        return {
            "Theme": titles.get(item.theme_id, item.theme_id),
            "Headline": item.headline,
            "Caption": item.caption,
            "Release": item.release_id,
        }
    return {"Order": ", ".join(item.ids)} if isinstance(item, Order) else {}
