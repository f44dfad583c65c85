"""The frame of every page: menu, question, release, demonstration banner, sources; and the one handler of errors."""

from __future__ import annotations

import html
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from cellcount.errors import CellCountError
from cellcount.ui import controls, first_start, look, presenting, sources
from cellcount.ui.reading import Choice, Release, choose_release
from cellcount.ui.words import count, day, listed, plain

_LOG = logging.getLogger(__name__)

NAME = "Cell Count Explorer"
SYNTHETIC = (
    "Synthetic demonstration data.",
    "Made-up people on real geography, to show what the app does. No figure here describes anybody or anywhere.",
)
STEWARD = (
    "For the data steward only: not for release.",
    "The figures come from fewer than three operators, and not all of them have agreed: a single operator's counts can "
    "be worked out from them. Do not pass on figures, pictures or files of this release.",
)
ICON = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>"
    "<path fill='#206095' d='M16 1l13 7.5v15L16 31 3 23.5v-15z'/>"
    "<path fill='#9AD0B6' d='M16 9l6 3.5v7L16 23l-6-3.5v-7z'/></svg>"
)
"""The tab's picture, carried in the page: nothing is fetched."""
MENU_WIDTH = 232
"""Pixels: the longest name of a page on one line."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the app.

    Attributes
    ----------
    file : str
        Its script, from the top of the checkout.
    title : str
        Its name in the menu.
    question : str
        What it answers.
    icon : str
        Material symbol in the menu.
    group : str
        Heading of the menu that it stands under.
    """

    file: str
    title: str
    question: str
    icon: str
    group: str


PAGES: dict[str, Page] = {
    "themes": Page("app.py", "Themes", "Which challenge themes could these data serve?", ":material/dashboard:", ""),
    "density": Page(
        "pages/density.py",
        "Population density",
        "How many people are where, hour by hour?",
        ":material/hexagon:",
        "Explore",
    ),
    "hotspots": Page(
        "pages/hotspots.py",
        "Hotspots",
        "Where is activity unusually concentrated, and when?",
        ":material/local_fire_department:",
        "Explore",
    ),
    "tourism": Page(
        "pages/tourism.py",
        "Tourism origins",
        "Who visits, from where, and where do they go?",
        ":material/luggage:",
        "Explore",
    ),
    "flows": Page(
        "pages/flows.py",
        "Flows",
        "Who moves from where to where, and when?",
        ":material/conversion_path:",
        "Explore",
    ),
    "incident": Page(
        "pages/incident.py",
        "Incident",
        "Who was there before, during and after?",
        ":material/crisis_alert:",
        "Explore",
    ),
    "evidence": Page(
        "pages/evidence.py", "Evidence", "What have we found for each theme?", ":material/keep:", "Decide"
    ),
    "shortlist": Page(
        "pages/shortlist.py", "Shortlist", "Which two or three themes go forward?", ":material/balance:", "Decide"
    ),
    "briefing": Page(
        "pages/briefing.py", "Briefing", "What do we show the committee?", ":material/slideshow:", "Decide"
    ),
    "quality": Page(
        "pages/quality.py", "Data quality", "Data quality: may we trust these figures?", ":material/verified:", "Data"
    ),
    "about": Page(
        "pages/about.py", "About these data", "What are these data, and whose are they?", ":material/info:", "Data"
    ),
}
"""Every page, in the order of the menu."""


@contextmanager
def open_page(slug: str) -> Iterator[Release]:
    """Open a page: draw its frame around what the page draws, and explain what goes wrong.

    Parameters
    ----------
    slug : str
        Which page of `PAGES`.

    Yields
    ------
    Release
        The release that is served.
    """
    page = PAGES[slug]
    st.set_page_config(f"{page.title} · {NAME}", page_icon=ICON, layout="wide", initial_sidebar_state=MENU_WIDTH)
    look.apply()
    choice = _opened(page)
    release = choice.release
    on_show = _on_show()
    if on_show is None:
        _menu()
        _head(page, choice)
    else:
        _marks(choice)
        presenting.open_slide(on_show, live=on_show.live_on(slug, choice.titles))
    try:
        yield release
    except CellCountError as error:
        _LOG.warning("%s: %s", page.title, error)
        st.error(plain(error), icon=":material/error:")
    with st.container(key="foot"):
        if on_show is None:
            # As HTML, for Markdown would make links of the addresses in attributions, and half of them wrongly.
            st.html(f'<div class="cc-foot">{html.escape(sources.line(release))}</div>')
        else:
            files = {name: each.file for name, each in PAGES.items()}
            presenting.close_slide(on_show, files, choice.titles, release)


def _on_show() -> presenting.OnShow | None:
    """The slide that is presented. Where there is none of what the address names, the page itself and a sentence."""
    try:
        return presenting.asked()
    except CellCountError as error:
        _LOG.warning("A briefing cannot be presented: %s", error)
        st.warning(plain(error), icon=":material/warning:")
        controls.leave(controls.PRESENT)
        return None


def _opened(page: Page) -> Choice:
    """The release to serve. Where there is none the page ends here, with the reason and what to do."""
    first_start.ensure_release()
    try:
        return choose_release(controls.settle_release)
    except CellCountError as error:
        _LOG.error("No release is served: %s", error)
        _menu()
        st.title(page.question, anchor=False)
        st.error(plain(error), icon=":material/error:")
        with st.container(key="foot"):
            st.markdown(
                "The app reads *releases*: folders of protected figures. To make one, build it from deliveries "
                "(`python -m cellcount build`) or import published data (`python -m cellcount import`); then load this "
                "page again."
            )
        st.stop()


def _menu() -> None:
    kept = controls.kept()
    with st.sidebar:
        st.markdown(f"**{NAME}**")
        group = ""
        for page in PAGES.values():
            if page.group != group:
                group = page.group
                st.caption(group)
            st.page_link(page.file, label=page.title, icon=page.icon, query_params=kept or None)


def _head(page: Page, choice: Choice) -> None:
    release = choice.release
    manifest = release.manifest
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, key="question"):
        st.title(page.question, anchor=False, width="stretch")
        with st.popover(plain(release.short_title), icon=":material/inventory_2:", help="The release that is served"):
            controls.choose_release(choice.titles, choice.default)
            st.markdown(plain(_what(release)))
            st.caption(plain(f"Release {manifest.release_id}"))
    _marks(choice)


def _marks(choice: Choice) -> None:
    """What must be said of the release before anything of it is shown."""
    manifest = choice.release.manifest
    if manifest.steward_only:
        st.html(f'<div class="cc-steward" role="note"><b>{STEWARD[0]}</b> {STEWARD[1]}</div>')
    if manifest.synthetic:
        st.html(f'<div class="cc-synthetic" role="note"><b>{SYNTHETIC[0]}</b> {SYNTHETIC[1]}</div>')
    if choice.notice:
        st.warning(plain(choice.notice), icon=":material/warning:")
    controls.show_said("release")


def _what(release: Release) -> str:
    """What the release holds, in a sentence or two."""
    manifest = release.manifest
    days = release.days
    held = []
    if days.dates:
        first, last = days.dates[0], days.dates[-1]
        held.append(f"{count(len(days.dates), 'date')}, {day(first)} to {day(last)}")
    if days.periods and days.day_types:
        held.append(f"typical days: {listed(list(days.day_types.values()))}")
    resolutions = listed([str(each) for each in manifest.resolutions])
    sentences = [f"{manifest.title}: {'; '.join(held) or 'no hours'}. H3 resolutions {resolutions}."]
    if manifest.resolution_note:
        sentences.append(manifest.resolution_note)
    return " ".join(sentences)
