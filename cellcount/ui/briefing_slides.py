"""Slides without a live map, as they fill the window: a theme, words, or a pinned view of which the picture is left."""

from __future__ import annotations

import streamlit as st

from cellcount.briefing.deck import ThemeSlide
from cellcount.record import Record
from cellcount.ui import briefing_deck, look, presenting, scoring, scoring_charts
from cellcount.ui.reading import Release, releases_here
from cellcount.ui.words import plain


def draw(release: Release, record: Record, on_show: presenting.OnShow) -> None:
    """Draw a slide.

    Parameters
    ----------
    release : Release
        The release that is served.
    record : Record
        Where the evidence, the scores and the costs are.
    on_show : OnShow
        The slide.
    """
    slide = on_show.slide
    with st.container(key="slide"):
        if slide.kind == "theme":
            _theme(release, record, on_show)
        elif on_show.pin is not None:
            _picture(release, record, on_show)
        else:
            missing = briefing_deck.GONE if slide.kind == "pin" else "Words"
            st.title(plain(slide.title or missing), anchor=False)
            with st.container(key="slide-words"):
                _words(slide.words)


def _theme(release: Release, record: Record, on_show: presenting.OnShow) -> None:
    standing = next(
        (each for each in scoring.standing(release, record).themes if each.theme_id == on_show.slide.ref), None
    )
    theme = briefing_deck.theme_slide(record, on_show.slide, standing)
    st.title(plain(theme.title), anchor=False)
    if not isinstance(theme, ThemeSlide):
        _words(theme.words)
        return
    st.markdown(f"### {plain(theme.question)}")
    left, right = st.columns([1.15, 1], gap="large")
    with left:
        _sentences("What these data can say", theme.can)
        _sentences("What they cannot", theme.cannot)
        _sentences("Why it goes forward", theme.reasons)
        _words(theme.words)
    with right:
        _score(theme)
        for each in (theme.gate, theme.ethics):
            if each:
                st.caption(plain(each))


def _score(theme: ThemeSlide) -> None:
    with st.container(horizontal=True, key="slide-figures"):
        if theme.score is not None:
            st.metric("Score of 100", f"{theme.score:.0f}")
        if theme.npv:
            st.metric("Net present value", theme.npv)
        if theme.bcr:
            st.metric("Benefit-cost ratio", theme.bcr)
    for each in (theme.rank, theme.value_words):
        if each:
            st.caption(plain(each))
    if theme.contributions:
        scoring_charts.contributions(theme.title, theme.contributions, look.palette(), key="slide-contributions")


def _sentences(heading: str, sentences: tuple[str, ...]) -> None:
    if sentences:
        st.markdown(f"###### {heading}")
        for each in sentences:
            st.markdown(plain(each))


def _words(words: str) -> None:
    """What an author typed: a paragraph a line, and a point where a line begins as one."""
    for each in words.splitlines():
        text = each.strip()
        point = text[:1] in ("-", "*", "•")
        if text:
            st.markdown(f"- {plain(text[1:].strip())}" if point else plain(text))


def _picture(release: Release, record: Record, on_show: presenting.OnShow) -> None:
    pin = on_show.pin
    if pin is None:
        return
    shown = briefing_deck.pin_slide(release, record, on_show.slide, pin, "")
    st.title(plain(shown.headline), anchor=False)
    left, right = st.columns([2.2, 1], gap="medium")
    with left, st.container(key="slide-picture"):
        if shown.picture is not None:
            st.image(shown.picture)
    with right:
        if shown.figure:
            st.markdown(f"**{plain(shown.figure)}**")
        _words(shown.words)
        for each in (shown.precision, shown.caption, shown.changed):
            if each:
                st.caption(plain(each))
        if pin.synthetic and not release.manifest.synthetic:
            st.caption("Synthetic demonstration data.")
        if pin.release_id not in releases_here():
            st.caption(plain(f"Release {pin.release_id} is no longer here: this is the picture that was kept."))
