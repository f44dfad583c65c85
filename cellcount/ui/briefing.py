"""The briefing page: slides are chosen and put in order, shown to a room, and taken away."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Literal

import streamlit as st

from cellcount import themes
from cellcount.briefing.deck import Deck
from cellcount.briefing.powerpoint import powerpoint
from cellcount.briefing.template import given
from cellcount.briefing.web import web_page
from cellcount.errors import CellCountError
from cellcount.record import Briefing, Pin, Record, Shortlist, Slide
from cellcount.record.items import Item, Order
from cellcount.record.limits import MOST_ENTRIES, MOST_LINE, MOST_TEXT
from cellcount.ui import briefing_deck, briefing_slides, controls, drafts, evidence, frame, keeping, presenting, reading
from cellcount.ui.reading import Release
from cellcount.ui.words import count, plain

WHERE = "briefing"
"""What `keeping` calls this part of the app."""
KINDS = {"theme": ":material/dashboard:", "pin": ":material/keep:", "words": ":material/notes:"}
"""Symbol of each kind of slide."""
STARTS = {
    "shortlist": "The themes of the latest shortlist, each with its evidence",
    "evidence": "All evidence, theme by theme",
    "empty": "No slides",
}
"""What a new briefing may begin with."""
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
MOST_TEMPLATE_MB = 20


@dataclass(frozen=True, slots=True)
class _Desk:
    """A briefing that is worked on: by whom, and with what."""

    release: Release
    record: Record
    briefing: Briefing
    pins: Mapping[str, Pin]
    by: str


def show(release: Release) -> None:
    """Draw the page, or the slide that it is asked to present.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    record = keeping.record()
    on_show = presenting.asked()
    if on_show is not None:
        briefing_slides.draw(release, record, on_show)
        return
    briefings = {each.id: each for each in record.listed(Briefing)}
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        if briefings:
            titles = _titles(briefings)
            chosen = briefings[
                controls.choose_one(presenting.CHOSEN, "Briefing", titles, next(iter(titles)), widget="list", width=420)
            ]
        beside = st.container(width="content")
        by = controls.your_name()
    with beside:
        _new(record, by, len(briefings))
    keeping.show_trouble(WHERE, release.manifest.time_zone, told)
    if not briefings:
        _nothing_yet(record)
        return
    (shown,) = drafts.opened(_form(chosen), [chosen], release.manifest.time_zone)
    desk = _Desk(release, record, shown, {pin.id: pin for pin in record.listed(Pin)}, by)
    left, right = st.columns([2.1, 1], gap="large")
    with left:
        _slides(desk)
    with right, st.container(key="figures"):
        _take_away(desk)
        _add(desk)
        _named(shown, by)


def told(item: Item | Order) -> dict[str, str]:
    """What people can change of a briefing, by the name of the field.

    Parameters
    ----------
    item : Item or Order
        A briefing.
    """
    if not isinstance(item, Briefing):
        return {}
    named = {each.id: each.title for each in themes.register().themes}
    slides = [each.title or named.get(each.ref, each.kind) for each in item.slides]
    words = [each.words for each in item.slides if each.words]
    return {
        "Title": item.title,
        "Subtitle": item.subtitle,
        "Slides": "; ".join(f"{place}. {each}" for place, each in enumerate(slides, start=1)),
        "Words": " / ".join(words),
    }


def _titles(briefings: Mapping[str, Briefing]) -> dict[str, str]:
    """A label for each, the one that was edited last first; two of one title are told apart by a number."""
    newest = sorted(briefings.values(), key=lambda each: str(each.edited_at), reverse=True)
    found: dict[str, str] = {}
    for each in newest:
        label, place = each.title, 2
        while label in found.values():
            label, place = f"{each.title} ({place})", place + 1
        found[each.id] = label
    return found


def _nothing_yet(record: Record) -> None:
    pins = len(record.listed(Pin))
    st.markdown(
        "A briefing is an ordered set of slides: themes with their scores and value, views that were pinned as "
        "evidence, and words. It is shown from here with live maps, or taken away as PowerPoint or as one file of HTML."
    )
    if pins:
        st.markdown(f"There is evidence to show: {count(pins, 'pinned view')}. Make a new briefing to begin.")
        return
    st.markdown("Nothing is pinned yet: open a map and choose **Add to evidence**, or begin with themes and words.")
    with st.container(horizontal=True):
        for slug in ("density", "flows", "shortlist"):
            page = frame.PAGES[slug]
            st.page_link(page.file, label=page.title, icon=page.icon, query_params=controls.kept() or None)


def _new(record: Record, by: str, there: int) -> None:
    # Another one once it has done its work, or it would stay open.
    kind: Literal["primary", "secondary"] = "secondary" if there else "primary"
    with (
        st.popover("New briefing", icon=":material/add:", type=kind, key=f"new-{there}"),
        st.form("new-briefing", border=False, width=420),
    ):
        title = st.text_input("Title", key="new-title", max_chars=MOST_LINE)
        subtitle = st.text_input("Subtitle", key="new-subtitle", max_chars=MOST_LINE, placeholder="For whom")
        start = st.radio("Begin with", list(STARTS), format_func=lambda each: STARTS[each], key="new-start")
        made = st.form_submit_button("Make it", type="primary")
    if made:
        _make(Briefing(title=title or "", subtitle=subtitle or "", slides=_start(record, start)), by)


def _make(briefing: Briefing, by: str) -> None:
    kept = keeping.save(WHERE, briefing, by)
    if kept is not None:
        controls.pick(presenting.CHOSEN, kept.id)
    st.rerun()


def _start(record: Record, start: str | None) -> tuple[Slide, ...]:
    """The slides that a new briefing begins with."""
    if start == "empty":
        return ()
    latest = next(iter(record.listed(Shortlist)), None)
    every = tuple(each.id for each in themes.register().themes)
    chosen = tuple(each.theme_id for each in latest.themes) if latest is not None and start == "shortlist" else every
    slides: list[Slide] = []
    for theme in chosen:
        pins = [Slide("pin", ref=pin.id) for pin in record.listed(Pin, theme_id=theme)]
        if start == "shortlist" and latest is not None:
            slides.append(Slide("theme", ref=theme))
        slides.extend(pins)
    return tuple(slides[:MOST_ENTRIES])


def _slides(desk: _Desk) -> None:
    briefing = desk.briefing
    st.markdown(f"##### {count(len(briefing.slides), 'slide')}")
    if briefing.edited_at is not None:
        st.caption(
            plain(f"Saved {keeping.by_whom(briefing.edited_by, briefing.edited_at, desk.release.manifest.time_zone)}.")
        )
    if not briefing.slides:
        st.markdown("No slides yet: add a theme, a pinned view or words, at the right.")
    for place in range(len(briefing.slides)):
        with st.container(border=True, key=f"slide-{place}"):
            _row(desk, place)


def _row(desk: _Desk, place: int) -> None:
    briefing, slide = desk.briefing, desk.briefing.slides[place]
    pin = desk.pins.get(slide.ref)
    picture, words, buttons = st.columns([1, 2.6, 1.6], vertical_alignment="center")
    with picture:
        image = desk.record.picture_of(pin.id) if pin is not None else None
        if image is not None:
            st.image(image)
        else:
            st.markdown(f"## {KINDS[slide.kind]}")
    title, said = _row_words(slide, pin)
    with words:
        st.markdown(f"**{place + 1}. {plain(title)}**")
        if said:
            st.caption(plain(said))
        if pin is not None and pin.release_id != desk.release.manifest.release_id:
            st.caption(plain(f"Of release {pin.release_id}, which is not the one in use."))
    with buttons, st.container(horizontal=True, horizontal_alignment="right", gap="xsmall", key=f"buttons-{place}"):
        _moves(briefing, place, title, desk.by)
        _edit(briefing, place, desk.by)


def _row_words(slide: Slide, pin: Pin | None) -> tuple[str, str]:
    """What a slide is called in the list, and what is said below."""
    if slide.kind == "theme":
        named = {each.id: each for each in themes.register().themes}
        theme = named.get(slide.ref)
        return slide.title or (theme.title if theme else "A theme that is not in the register"), slide.words
    if slide.kind == "pin" and pin is None:
        return slide.title or briefing_deck.GONE, "Put it back on the page Evidence, or take this slide out."
    if pin is not None:
        return slide.title or pin.headline, slide.words or pin.precision
    return slide.title or "Words", slide.words


def _moves(briefing: Briefing, place: int, title: str, by: str) -> None:
    slides = briefing.slides
    if st.button(
        "", icon=":material/arrow_upward:", key=f"up-{place}", type="tertiary", disabled=place == 0, help=f"Up: {title}"
    ):
        _save(replace(briefing, slides=_swapped(slides, place - 1)), by)
    last = place == len(slides) - 1
    if st.button(
        "", icon=":material/arrow_downward:", key=f"down-{place}", type="tertiary", disabled=last, help=f"Down: {title}"
    ):
        _save(replace(briefing, slides=_swapped(slides, place)), by)
    if st.button("", icon=":material/delete:", key=f"out-{place}", type="tertiary", help=f"Take out: {title}"):
        _save(replace(briefing, slides=(*slides[:place], *slides[place + 1 :])), by)


def _swapped(slides: Sequence[Slide], place: int) -> tuple[Slide, ...]:
    """The slides with one and the next in the other order.

    Examples
    --------
    >>> [each.title for each in _swapped([Slide("words", title=one) for one in "abc"], 1)]
    ['a', 'c', 'b']
    """
    return (*slides[:place], slides[place + 1], slides[place], *slides[place + 2 :])


def _edit(briefing: Briefing, place: int, by: str) -> None:
    slide = briefing.slides[place]
    # What was typed belongs to the slide as it was read.
    of = f"{briefing.id}-{briefing.version}-{place}"
    with (
        st.popover(
            "", icon=":material/edit:", key=f"edit-{place}", type="tertiary", help="Title and words of this slide"
        ),
        st.form(f"form-{of}", border=False, width=420),
    ):
        own = slide.kind == "words"
        title = st.text_input(
            "Title", slide.title, key=f"title-{of}", max_chars=MOST_LINE, placeholder="" if own else "As it is"
        )
        words = st.text_area(
            "Words",
            slide.words,
            key=f"words-{of}",
            max_chars=MOST_TEXT,
            help="A line that begins with - is a point",
        )
        kept = st.form_submit_button("Save", type="primary")
    if kept:
        changed = replace(slide, title=title or "", words=words or "")
        _save(replace(briefing, slides=(*briefing.slides[:place], changed, *briefing.slides[place + 1 :])), by)


def _form(briefing: Briefing) -> str:
    """What `drafts` calls the slides of a briefing as they are on screen."""
    return f"{WHERE}-{briefing.id}"


def _save(briefing: Briefing, by: str) -> None:
    keeping.save(WHERE, briefing, by)
    drafts.close(_form(briefing))
    st.rerun()


def _add(desk: _Desk) -> None:
    briefing, by = desk.briefing, desk.by
    st.markdown("##### Add a slide")
    there = {each.ref for each in briefing.slides if each.ref}
    named = {each.id: each.title for each in themes.register().themes}
    with st.form("add-theme", clear_on_submit=True):
        free = {key: title for key, title in named.items() if key not in there}
        theme = st.selectbox(
            "Theme",
            list(free),
            format_func=lambda each: free[each],
            index=None,
            key="theme-added",
            placeholder="Choose",
        )
        added = st.form_submit_button("Add the theme", icon=KINDS["theme"])
    if added and theme:
        _save(replace(briefing, slides=(*briefing.slides, Slide("theme", ref=theme))), by)
    pins = {pin.id: f"{named.get(pin.theme_id, pin.theme_id)}: {pin.headline}" for pin in desk.pins.values()}
    with st.form("add-pins", clear_on_submit=True):
        open_pins = {key: title for key, title in pins.items() if key not in there}
        chosen = st.multiselect(
            "Evidence",
            list(open_pins),
            format_func=lambda each: open_pins[each],
            key="pins-added",
            placeholder="Choose pinned views" if open_pins else "Nothing that is not here already",
            disabled=not open_pins,
        )
        added = st.form_submit_button("Add the evidence", icon=KINDS["pin"], disabled=not open_pins)
    if added and chosen:
        _save(replace(briefing, slides=(*briefing.slides, *(Slide("pin", ref=each) for each in chosen))), by)
    with st.form("add-words", clear_on_submit=True):
        title = st.text_input("Title of a slide of words", key="words-title", max_chars=MOST_LINE)
        words = st.text_area("Words", key="words-added", max_chars=MOST_TEXT, height=110)
        added = st.form_submit_button("Add the words", icon=KINDS["words"])
    if added and (title or words):
        _save(replace(briefing, slides=(*briefing.slides, Slide("words", title=title or "", words=words or ""))), by)


def _named(briefing: Briefing, by: str) -> None:
    with st.expander("Title, and remove", icon=":material/edit:", key="named"):
        of = f"{briefing.id}-{briefing.version}"
        with st.form(f"named-{of}", border=False):
            title = st.text_input("Title", briefing.title, key=f"name-{of}", max_chars=MOST_LINE)
            subtitle = st.text_input("Subtitle", briefing.subtitle, key=f"under-{of}", max_chars=MOST_LINE)
            kept = st.form_submit_button("Save")
        if kept:
            _save(replace(briefing, title=title or "", subtitle=subtitle or ""), by)
        if st.button("Remove this briefing", icon=":material/delete:", key="remove-briefing"):
            keeping.remove(WHERE, briefing, by)
            drafts.close(_form(briefing))
            st.rerun()


def _take_away(desk: _Desk) -> None:
    release, briefing = desk.release, desk.briefing
    st.markdown("##### Show it")
    if not briefing.slides:
        st.caption("A briefing can be shown and taken away once it has a slide.")
        return
    on_show = presenting.OnShow(briefing, 0, desk.pins)
    slug, said = presenting.address(on_show, 0, reading.releases_here(), release.manifest.release_id)
    with st.container(key="present"):
        file = frame.PAGES[slug].file
        st.page_link(file, label="Present", icon=":material/slideshow:", query_params=said, width="stretch")
    st.caption(f"{presenting.KEYS}.")
    controls.copy_address(release.manifest.release_id, {presenting.CHOSEN: briefing.id})
    template = _template()
    stem = f"{'synthetic-' if release.manifest.synthetic else ''}briefing-{_slug(briefing.title)}"
    made = partial(_deck, desk)
    with st.container(horizontal=True):
        evidence.download("PowerPoint", f"{stem}.pptx", PPTX, lambda: powerpoint(made(), template), of="pptx")
        evidence.download("HTML", f"{stem}.html", "text/html", lambda: web_page(made()), of="html")


def _template() -> bytes | None:
    with st.popover("Template", icon=":material/palette:", key="template"):
        uploaded = st.file_uploader(
            "Your own PowerPoint template", type=["pptx", "potx"], key="template-file", max_upload_size=MOST_TEMPLATE_MB
        )
        st.caption("Its master and layouts take the place of ours in the download. It is not kept.")
        if uploaded is None:
            return None
        content = uploaded.getvalue()
        try:
            given(content)
        except CellCountError as error:
            st.error(plain(error), icon=":material/error:")
            return None
    return content


def _deck(desk: _Desk) -> Deck:
    base = (st.context.url or "").split("?")[0].rstrip("/").removesuffix(f"/{presenting.HOME}")
    return briefing_deck.deck(desk.release, desk.record, desk.briefing, made=date.today(), base=base)  # noqa: DTZ011 - the local date


def _slug(title: str) -> str:
    """A title as part of a file's name.

    Examples
    --------
    >>> _slug("Steering committee: <May> 2026"), _slug("…")
    ('steering-committee-may-2026', 'untitled')
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower())[:60].strip("-") or "untitled"
