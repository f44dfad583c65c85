"""The themes page: a card for each challenge theme, and the checked verdict on every application of Appendix 3."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal

import pandas as pd
import streamlit as st

from cellcount import themes
from cellcount.themes import Partner, Theme
from cellcount.ui import controls, frame, kept, look
from cellcount.ui.headlines import NotInReleaseError, headline
from cellcount.ui.reading import Release
from cellcount.ui.release_facts import facts_of
from cellcount.ui.view import nearest_slot
from cellcount.ui.words import plain
from cellcount.verdicts import CHECKED, Checked, Facts, Verdict, tally, verdict_of, verdicts_of

COLUMNS = 4
_FLAGS: dict[themes.Ethics, tuple[Literal["gray", "orange", "red"], str]] = {
    "standard": ("gray", ":material/shield:"),
    "care": ("orange", ":material/shield_question:"),
    "high": ("red", ":material/gpp_maybe:"),
}
_MARKS: dict[Checked, str] = {
    "served": ":material/check_circle:",
    "ready": ":material/radio_button_checked:",
    "operator": ":material/lock:",
    "covariate": ":material/join_inner:",
    "lacking": ":material/pending:",
    "out": ":material/block:",
}


def show_cards(release: Release) -> None:
    """Draw the eight themes, each with its live figure and how much of it this release serves; then those kept.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    facts = facts_of(release)
    found = themes.register().themes
    marks = kept.read(release)
    with st.container(key="themes"):
        for start in range(0, len(found), COLUMNS):
            for column, theme in zip(st.columns(COLUMNS), found[start : start + COLUMNS], strict=False):
                with column.container(border=True, height="stretch"):
                    _card(release, theme, facts, marks)
    st.caption(f"**Partners in every theme.** {' '.join(_partner(each) for each in themes.register().partners)}")
    kept.show_compared(release, marks, facts)


def show_applications(release: Release) -> None:
    """Draw the verdict on every application of Appendix 3, by topic.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    facts = facts_of(release)
    verdicts = [verdict_of(each, facts) for each in themes.register().applications]
    st.subheader("Every application of Appendix 3, and the verdict on it", anchor=False)
    st.caption(plain(tally(verdicts)))
    with st.container(key="applications"):
        for topic, rows in groupby(verdicts, key=_topic):
            st.markdown(f"##### {plain(topic)}")
            st.table(pd.DataFrame([_row(each) for each in rows]), border="horizontal", hide_index=True)


def _card(release: Release, theme: Theme, facts: Facts, marks: kept.Marks) -> None:
    verdicts = verdicts_of(theme.id, facts)
    with st.container(horizontal=True, vertical_alignment="center", key=f"head-of-{theme.id}"):
        colour, icon = _FLAGS[theme.ethics]
        st.badge(themes.ETHICS[theme.ethics], icon=icon, color=colour, help=plain(theme.ethics_words))
        kept.button(marks, theme)
    st.subheader(plain(theme.title), anchor=False)
    st.markdown(plain(theme.question))
    _figure(release, theme)
    with st.container(height="stretch", vertical_alignment="bottom", gap=None):
        for link in theme.links:
            st.page_link(
                frame.PAGES[link.page].file,
                label=plain(link.words),
                icon=":material/arrow_forward:",
                query_params=_towards(release, link),
            )
        _pips(verdicts)
        with st.popover("What would be needed" if theme.gated else "What the data can answer", type="tertiary"):
            _details(theme, verdicts)


def _pips(verdicts: Sequence[Verdict]) -> None:
    """A mark for each application, the best verdicts first, and how many are served."""
    order = list(CHECKED)
    kinds = sorted((each.verdict for each in verdicts), key=order.index)
    marks = "".join(f'<i class="cc-{kind}"></i>' for kind in kinds)
    st.html(
        f'<div class="cc-pips"><span role="img" aria-label="{html.escape(tally(verdicts))}" '
        f'style="color: {look.palette().line}">{marks}</span>'
        f"{kinds.count('served')} of {len(kinds)} applications served</div>"
    )


def _towards(release: Release, link: themes.Link) -> dict[str, str | list[str]]:
    """The parameters of a link into a map: nothing that this release does not have, which would only be refused."""
    days = release.days
    hour = link.hour
    if hour and not days.dates:
        hour = nearest_slot(hour, days.slots, hour).value if days.slots else None
    return controls.towards(link.measure if link.measure in release.measures else None, hour)


def _details(theme: Theme, verdicts: Sequence[Verdict]) -> None:
    st.markdown(f"**They can answer.** {plain(theme.can)}")
    st.markdown(f"**They cannot.** {plain(theme.cannot)}")
    st.markdown(f"**Ethics: {plain(themes.ETHICS[theme.ethics].lower())}.** {plain(theme.ethics_words)}")
    if theme.needed:
        st.markdown(f"**What would be needed first.** {plain(theme.needed)}")
    st.markdown("**Policy questions**\n" + "\n".join(f"- {plain(question)}" for question in theme.questions))
    st.markdown("**Partners**\n" + "\n".join(f"- {_partner(each)}" for each in theme.partners))
    st.markdown("**Applications of Appendix 3, with this release**\n" + "\n".join(_verdicts(verdicts)))


def _partner(partner: Partner) -> str:
    return f"{plain(partner.name)} ({themes.BASES[partner.basis]}): {plain(partner.words)}"


def _figure(release: Release, theme: Theme) -> None:
    if theme.headline is None:
        st.caption(f":material/block: {plain(theme.no_headline)}")
        if theme.gated:
            st.caption(f":material/gavel: {plain(theme.ethics_words)}")
        return
    try:
        found = headline(release, theme.headline)
    except NotInReleaseError as missing:
        st.caption(f":material/data_alert: {plain(missing)}")
        return
    with st.container(gap=None):
        st.metric(plain(found.label), found.value)
        st.caption(plain(found.note))


def _verdicts(verdicts: Sequence[Verdict]) -> Iterator[str]:
    for each in verdicts:
        yield f"- {plain(_name(each))}: *{plain(CHECKED[each.verdict].lower())}.* {plain(each.reason)}"


def _row(verdict: Verdict) -> dict[str, str]:
    """A row of the table of applications, in Markdown."""
    application = verdict.application
    served = f": {frame.PAGES[verdict.page].title}" if verdict.page else ""
    return {
        "Application": f"**{plain(_name(verdict))}**  \n{plain(application.indicator)}",
        "Verdict": f"{_MARKS[verdict.verdict]} {plain(CHECKED[verdict.verdict] + served)}",
        "Why": plain(application.why),
        "With this release": plain(verdict.reason),
        "Ethics": f"**{plain(themes.ETHICS[application.ethics])}.** {plain(application.ethics_words)}",
    }


def _name(verdict: Verdict) -> str:
    """An application as the appendix has it, without the comma that a list leaves."""
    return verdict.application.application.rstrip(",")


def _topic(verdict: Verdict) -> str:
    application = verdict.application
    return " / ".join(part for part in (application.topic, application.sub_topic) if part)
