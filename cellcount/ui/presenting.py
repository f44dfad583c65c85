"""Showing a briefing to a room: a slide fills the window, large, and the keys of a clicker turn the slides.

A slide of a pinned view is the page itself with its live map, opened by the pin's own link and laid out so that the
map has the window; themes and words are drawn by the briefing page. The address says which slide, so each is a link.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import streamlit as st

from cellcount.errors import CellCountError
from cellcount.record import Briefing, Pin, Slide
from cellcount.ui import controls, keeping, look
from cellcount.ui.pinned import query_of
from cellcount.ui.reading import Release
from cellcount.ui.words import plain

SLIDE = "slide"
"""Key of the URL with the number of the slide, from 1."""
CHOSEN = "briefing"
"""Key of the URL with the briefing that is looked at on its page."""
HOME = "briefing"
"""The page that slides without a live map are shown on, and that presenting goes back to."""
LIVE = ("density", "hotspots", "tourism", "flows", "incident")
"""Pages whose views are shown as live maps."""
FROM_FILE = "file"
"""Among the inputs of a figure, the file that its zones came from: a link does not hold that."""
AS_PINNED = "As it was pinned; the map below is live, and says its own hour."
KEYS = "Page Down: next · Page Up: back · arrow keys: hours · F: whole screen · Esc: leave"

# Streamlit sizes everything by the letters of the page; a map takes what the window has left.
_RULES = """
<style>
html { font-size: clamp(16px, 0.75vw + 1.25vh, 48px) !important; }
[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"], [data-testid="stHeader"],
[data-testid="stElementToolbar"] { display: none !important; }
[data-testid="stMainBlockContainer"] { padding: 0.8rem 1.8rem 2.6rem !important; max-width: none; }
.st-key-slide h1 { font-size: 1.5rem; line-height: 1.2; padding: 0 0 0.35rem; overflow-wrap: anywhere; }
.st-key-slide h3 { font-size: 1.25rem; padding: 0; }
.st-key-slide [data-testid="stMarkdownContainer"] p, .st-key-slide li { font-size: 1.1rem; line-height: 1.4; }
.st-key-slide-words :is(p, li) { font-size: 1.5rem !important; }
.st-key-slide [data-testid="stCaptionContainer"] p { font-size: 0.8rem; }
.st-key-slide-picture img { max-height: 62vh; object-fit: contain; }
.st-key-foot { position: fixed; left: 1.8rem; right: 1.8rem; bottom: 0; padding-bottom: 0.5rem; width: auto; margin: 0;
  background: GROUND; }
.st-key-foot :is(.cc-slide, a p) { font-size: 0.65rem; opacity: 0.85; }
.st-key-foot a { padding: 0 0.3rem; min-height: 0; }
</style>
"""
# Of a page with a map, only the map and its caption are left: what is chosen is in the address and stays as it is.
_ONLY_THE_MAP = """
<style>
[data-testid="stMain"] [data-testid="stElementContainer"]:not(
  [class*="-map"], :has(.cc-synthetic, .cc-steward, [data-testid="stCaptionContainer"],
  [data-testid="stAlert"], [data-testid="stSpinner"]), .st-key-slide *, .st-key-foot *, .st-key-clicker) {
  display: none; }
[data-testid="stMain"] [data-testid="stColumn"]:not(:has([class*="-map"])),
[data-testid="stMain"] :is([data-testid="stPopover"], [data-testid="stExpander"], [role="tablist"]),
:is(.st-key-controls, .st-key-window-controls, .st-key-more-controls, .st-key-parts, .st-key-figures,
  .st-key-key-figures) { display: none !important; }
[data-testid="stMain"] [data-testid="stColumn"]:has([class*="-map"]) { flex: 1 1 100% !important; width: 100%;
  min-width: 100%; }
[data-testid="stMain"] [data-testid="stCaptionContainer"] p { font-size: 0.75rem; line-height: 1.35; }
</style>
"""
_CLICKER = """
const TURNS = { PageDown: "next", PageUp: "back", Escape: "leave" };
const map = () => Object.values(window.cellcountMaps ?? {})[0];
const typing = (event) => event.composedPath().some((each) => "selectionStart" in each);
const onMap = (event) => event.composedPath().some((each) => each.classList?.contains("map"));
export default function () {
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (key === "Escape" && document.fullscreenElement) return;
    if (key in TURNS) document.querySelector(`.st-key-turn-${TURNS[key]} a`)?.click();
    else if (typing(event)) return;
    else if (key === "f" || key === "F") {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen?.();
    } else if ((key === "ArrowRight" || key === "ArrowLeft") && map() && !onMap(event)) {
      map().time.stepBy(key === "ArrowRight" ? 1 : -1);
    } else if (key === " " && map() && !onMap(event)) map().time.toggle();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  window.addEventListener("keydown", press, true);
  return () => window.removeEventListener("keydown", press, true);
}
"""
# A link of the page turns the slide, for it changes page and address in one go; the keys press the same links.


class NoSuchBriefingError(CellCountError):
    """A link names a briefing that is not here, or that has no slides."""


@dataclass(frozen=True, slots=True)
class OnShow:
    """The slide that is shown.

    Attributes
    ----------
    briefing : Briefing
        What it is of.
    place : int
        Its place among the slides, from 0.
    pins : mapping of str to Pin
        The pinned views of the briefing that are still here, by id.
    """

    briefing: Briefing
    place: int
    pins: Mapping[str, Pin]

    @property
    def slide(self) -> Slide:
        """The slide."""
        return self.briefing.slides[self.place]

    @property
    def pin(self) -> Pin | None:
        """The view that it shows; None where it shows none, or one that was removed."""
        return self.pins.get(self.slide.ref) if self.slide.kind == "pin" else None

    def live_on(self, slug: str, releases: Collection[str]) -> bool:
        """Whether the page draws the slide's live map."""
        return self.pin is not None and self.pin.page == slug and is_live(self.pin, releases)


def is_live(pin: Pin, releases: Collection[str]) -> bool:
    """Whether a pinned view can be opened again with its map.

    Parameters
    ----------
    pin : Pin
        The view.
    releases : collection of str
        Ids of the releases that can be opened.
    """
    from_file = pin.figure is not None and FROM_FILE in pin.figure.inputs
    return pin.page in LIVE and pin.release_id in releases and not from_file


def asked() -> OnShow | None:
    """The slide that the address asks for; None where nothing is presented.

    Raises
    ------
    NoSuchBriefingError
        Where there is no such briefing, or it has no slides.
    RecordUnavailableError
        Where the record cannot be read.
    """
    name = controls.in_address(controls.PRESENT)
    if name is None:
        return None
    record = keeping.record()
    briefing = record.get(Briefing, name)
    if briefing is None:
        raise NoSuchBriefingError(
            "The briefing of this link is not here: it was removed, or is kept in another database. Choose one on the "
            "page Briefing."
        )
    if not briefing.slides:
        raise NoSuchBriefingError("The briefing of this link has no slides yet. Add some on the page Briefing.")
    number = controls.in_address(SLIDE) or "1"
    wanted = int(number) - 1 if number.isdecimal() and len(number) <= 4 else 0
    place = min(max(wanted, 0), len(briefing.slides) - 1)
    return OnShow(briefing, place, {pin.id: pin for pin in record.listed(Pin)})


def address(on_show: OnShow, place: int, releases: Collection[str], release: str) -> tuple[str, dict[str, list[str]]]:
    """The page that shows a slide, and what its address says.

    Parameters
    ----------
    on_show : OnShow
        The briefing.
    place : int
        Place of the slide, from 0.
    releases : collection of str
        Ids of the releases that can be opened.
    release : str
        Id of the release that slides without a map are shown with.

    Returns
    -------
    tuple of str and dict
        Slug of the page, and values by key.
    """
    there = OnShow(on_show.briefing, place, on_show.pins)
    said = {controls.PRESENT: [on_show.briefing.id], SLIDE: [str(place + 1)]}
    if there.pin is not None and is_live(there.pin, releases):
        return there.pin.page, {**query_of(there.pin.link), **said}
    return HOME, {"release": [release], **said}


def open_slide(on_show: OnShow, *, live: bool) -> None:
    """Lay the page out as a slide, with its headline where a live map follows.

    Parameters
    ----------
    on_show : OnShow
        The slide.
    live : bool
        Whether a live map follows; else the page draws the whole slide itself.
    """
    ground = str(st.get_option(f"theme.{look.scheme()}.backgroundColor"))
    st.html(_RULES.replace("GROUND", ground) + (_ONLY_THE_MAP if live else ""))
    if live and on_show.pin is not None:
        with st.container(key="slide"):
            st.title(plain(on_show.slide.title or on_show.pin.headline), anchor=False)
            st.caption(AS_PINNED)


def close_slide(on_show: OnShow, files: Mapping[str, str], releases: Collection[str], release: Release) -> None:
    """Draw the foot of a slide, and turn to another one where a key was pressed.

    Parameters
    ----------
    on_show : OnShow
        The slide.
    files : mapping of str to str
        Script of each page, by slug.
    releases : collection of str
        Ids of the releases that can be opened.
    release : Release
        The one that is served.
    """
    manifest = release.manifest
    number, slides = on_show.place + 1, len(on_show.briefing.slides)
    kind = "Synthetic demonstration data · " if manifest.synthetic else ""
    with st.container(horizontal=True, vertical_alignment="center", key="turns"):
        st.html(f'<div class="cc-slide">{kind}Release {html.escape(manifest.release_id)} · {KEYS}</div>')
        for turn, label, place in (("back", "Back", on_show.place - 1), ("next", "Next", on_show.place + 1)):
            if 0 <= place < slides:
                slug, said = address(on_show, place, releases, manifest.release_id)
                _turn(turn, label, files[slug], said)
        leave = {"release": [manifest.release_id], CHOSEN: [on_show.briefing.id]}
        _turn("leave", "Leave", files[HOME], leave)
        st.html(f'<div class="cc-slide">{number} of {slides}</div>')
    st.components.v2.component("clicker", js=_CLICKER)(key="clicker")


def _turn(turn: str, label: str, file: str, said: Mapping[str, list[str]]) -> None:
    with st.container(width="content", key=f"turn-{turn}"):
        st.page_link(file, label=label, query_params=said)
