"""Colours and the few style rules that Streamlit's own theme cannot express.

The theme itself (fonts, sizes, light and dark) is in `.streamlit/config.toml`. Here is what maps and charts need:
palettes that are ordered by lightness, so that they can be read in grey and by people who cannot tell red from
green, for a light and for a dark ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of maps and charts on one ground.

    Attributes
    ----------
    amounts : tuple of str
        Seven colours for amounts, the least first: even steps of lightness in OKLab, away from the ground.
    ratios : tuple of str
        Seven colours around a middle, the lowest first.
    labels : tuple of str
        Four colours for how precise a figure is, the best first: from blue to sand, and ever nearer to the ground.
    zero : str
        Of an observed zero: next to the ground, and beyond the least amount.
    withheld : str
        Of the hatching and outline of a figure that is withheld.
    land, sea, border, edge : str
        Base map: land, water, outlines of areas, outline of the chosen area.
    line, band, mark : str
        Charts: the curve, its interval, the chosen hour.
    text : str
        Text on the ground.
    """

    amounts: tuple[str, ...]
    ratios: tuple[str, ...]
    labels: tuple[str, ...]
    zero: str
    withheld: str
    land: str
    sea: str
    border: str
    edge: str
    line: str
    band: str
    mark: str
    text: str


PALETTES: dict[Scheme, Palette] = {
    "light": Palette(
        amounts=("#E2EEC3", "#9AD0B6", "#57ABB7", "#3182AB", "#255A8B", "#19385F", "#0E1935"),
        ratios=("#133F68", "#4576A0", "#8DB0CC", "#E6E6E3", "#DCA885", "#BE6938", "#952C00"),
        labels=("#0B3A60", "#3B7FAE", "#8FC3B8", "#F2CE8E"),
        zero="#FAF8EC",
        withheld="#6B7178",
        land="#FFFFFF",
        sea="#E6ECF0",
        border="#A9B2BA",
        edge="#003C57",
        line="#206095",
        band="rgba(32, 96, 149, 0.18)",
        mark="#B3400A",
        text="#222222",
    ),
    "dark": Palette(
        amounts=("#1A445E", "#235F8F", "#2682A5", "#43A7A3", "#84C790", "#D0DE82", "#FFF6BB"),
        ratios=("#A5D4F9", "#659DC9", "#3D6788", "#39434B", "#8F593C", "#D68654", "#FFC79A"),
        labels=("#D9EEFF", "#7FBCE8", "#4E8079", "#7D5424"),
        zero="#172E3C",
        withheld="#98A4AE",
        land="#22303A",
        sea="#0B1319",
        border="#566673",
        edge="#E9EEF2",
        line="#7FC1EC",
        band="rgba(127, 193, 236, 0.22)",
        mark="#FFB27A",
        text="#E9EEF2",
    ),
}

_RULES = """
<style>
h1 { letter-spacing: -0.01em; }
/* Streamlit's own captions and the colours of its code have too little contrast for everybody (WCAG 2.2, 1.4.3). */
body [data-testid="stCaptionContainer"] { color: inherit; opacity: 0.82; }
.stCode .token { color: inherit !important; }
.stCode .token.keyword { font-weight: 600; }
[data-testid="stMainBlockContainer"] { padding-left: 2rem; padding-right: 2rem; }
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] { gap: 0.55rem; }
[data-testid="stSidebarHeader"] { height: 2.5rem; margin-bottom: 0; }
[data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] { gap: 0.5rem; }
.st-key-question h1 { padding: 0; }
.st-key-themes h3 { padding: 0; }
.cc-synthetic { border-left: 4px solid #F46A25; padding: 0.15rem 0.6rem; font-size: 0.85rem; }
.cc-steward { border: 2px solid #B3400A; border-left-width: 8px; padding: 0.3rem 0.6rem; }
/* A chart is as high as its place: while it takes its size, a bar to scroll with would come and go. */
[data-testid="stElementContainer"]:has([data-testid="stPlotlyChart"]) { overflow: hidden; }
/* The grid's own download would not say the release, nor that people are made up: the page's own downloads do. */
[data-testid="stElementToolbarButton"]:has([aria-label="Download as CSV"]) { display: none; }
/* As high as the boxes beside them, so that the labels of a row stand on one line. */
:is(.st-key-controls, .st-key-window-controls, .st-key-more-controls) [data-testid="stButtonGroup"] button {
  min-height: 2.5rem; }
/* The name of an area has the room that the row leaves. */
.st-key-controls .st-key-area { flex: 1 1 270px !important; max-width: 26rem; }
.st-key-controls .st-key-area > * { width: 100% !important; }
.st-key-controls .st-key-country { flex: 1 1 10rem !important; }
/* On a telephone the question and the release have a line each, or the one would break inside its words. */
@media (max-width: 640px) {
  .st-key-question { flex-wrap: wrap !important; }
  .st-key-question > :has(h1) { flex: 1 1 100% !important; } }
/* As high before the map's program has come as after, but where a picture stands in for it (`maps.ABOVE`). */
.st-key-incident-map { min-height: clamp(21rem, calc(100vh - 17.3rem), 64rem); }
:has([data-testid="stImage"]) > .st-key-incident-map { min-height: 0; }
/* Side by side on a narrow window, the map would cut the area off and the figures their own digits. */
@media (max-width: 1100px) {
  [data-testid="stMainBlockContainer"] { padding-left: 1rem; padding-right: 1rem; }
  .st-key-map-and-figures > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  .st-key-map-and-figures > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] > * {
    flex: 1 1 100%; min-width: 100%; }
  .st-key-parts [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  .st-key-parts [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] { flex: 1 1 100%; min-width: 100%; }
  .st-key-key-figures [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  .st-key-key-figures [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] { flex: 1 1 40%; min-width: 40%; }
  .st-key-themes [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  .st-key-themes [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] { flex: 1 1 40%; min-width: 40%; } }
.st-key-figures [data-testid="stMetricLabel"] * { white-space: normal; overflow: visible; }
.st-key-figures [data-testid="stMetricValue"] { line-height: 1.2; }
.st-key-figures { gap: 0.6rem; }
/* As high before its figure has come as after. */
.st-key-figures [data-testid="stColumn"] { min-height: 3.3rem; }
.st-key-figures h5, .st-key-figures h6 { padding: 0; }
.st-key-figures [data-testid="stMarkdownContainer"] { margin-bottom: 0; }
.st-key-key-figures [data-testid="stVerticalBlock"] { gap: 0.1rem; }
.st-key-key-figures [data-testid="stMetricValue"] { line-height: 1.2; }
.st-key-key-figures [data-testid="stMetricLabel"] * { white-space: normal; overflow: visible; }
.st-key-key-figures [data-testid="stCaptionContainer"] { margin-bottom: 0; }
.st-key-parts h6 { padding: 0; }
.st-key-themes [data-testid="stVerticalBlock"] { gap: 0.45rem; }
.st-key-themes [data-testid="stMarkdownContainer"], .st-key-themes [data-testid="stCaptionContainer"],
.st-key-themes p { margin-bottom: 0; }
.st-key-themes [data-testid="stMetricValue"] { line-height: 1.2; }
.st-key-themes [data-testid="stMetricLabel"] * { white-space: normal; overflow: visible; }
.st-key-themes [data-testid="stPageLink"] p { white-space: normal; }
/* The mark of ethics and “Keep” share a line of every card. */
.st-key-themes [class*="st-key-head-of-"] { gap: 0.15rem; flex-wrap: nowrap; justify-content: space-between; }
.st-key-themes [class*="st-key-head-of-"] p { font-size: 0.8rem; white-space: nowrap; }
/* A mark for each application of a theme: filled where it is served, a ring where it is held, and fainter below. */
.cc-pips { font-size: 0.8rem; padding: 0.4rem 0 0.1rem; }
.cc-pips span { display: flex; flex-wrap: wrap; gap: 3px; padding-bottom: 0.15rem; }
.cc-pips i { width: 0.6rem; height: 0.6rem; border-radius: 50%; border: 1.5px solid currentColor; }
.cc-pips .cc-served { background: currentColor; }
.cc-pips :is(.cc-operator, .cc-covariate) { color: #8A9299; background: currentColor; }
.cc-pips :is(.cc-lacking, .cc-out) { color: #8A9299; }
.cc-pips .cc-out { border-style: dotted; }
/* The tables of all topics have the same columns. */
.st-key-applications table { table-layout: fixed; font-size: 0.87rem; }
.st-key-applications td { vertical-align: top; }
.st-key-applications h5 { padding: 0.6rem 0 0; }
.st-key-applications th:nth-child(1) { width: 22%; }
.st-key-applications th:nth-child(2) { width: 13%; }
.st-key-applications th:nth-child(3) { width: 23%; }
.st-key-applications th:nth-child(4) { width: 23%; }
.st-key-ranked button { padding: 0.05rem 0; min-height: 0; text-align: left; }
.st-key-present a { background: #206095; justify-content: center; padding: 0.45rem; }
.st-key-present a:is(:hover, :focus-visible) { background: #003C57; }
.st-key-present a * { color: #FFFFFF !important; font-weight: 600; }
.cc-foot { font-size: 0.75rem; opacity: 0.75; border-top: 1px solid rgba(128, 128, 128, 0.4); padding-top: 0.5rem; }
.st-key-foot { margin-top: 1.5rem; }
</style>
"""
_ON_DARK = """
<style>
/* The accent is light on a dark ground, and white letters on it could not be read. */
:is([data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primaryFormSubmit"]):not(:disabled) {
  color: #0B1319; }
</style>
"""


def scheme() -> Scheme:
    """Whether the visitor's browser shows the light or the dark theme."""
    return "dark" if st.context.theme.type == "dark" else "light"


def palette() -> Palette:
    """The palette of the theme that the visitor sees."""
    return PALETTES[scheme()]


def apply() -> None:
    """Put the few rules on the page."""
    st.html(_RULES if scheme() == "light" else _RULES + _ON_DARK)


def rgb(colour: str) -> list[int]:
    """A colour as red, green and blue.

    Examples
    --------
    >>> rgb("#206095")
    [32, 96, 149]
    """
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
