"""The themes page: a card for each challenge theme, and the verdict on every application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pandas as pd
import streamlit as st

from cellcount import themes
from cellcount.themes import Theme
from cellcount.ui import controls, frame
from cellcount.ui.headlines import NotInReleaseError, headline
from cellcount.ui.reading import Release
from cellcount.ui.view import nearest_slot
from cellcount.ui.words import listed, plain

COLUMNS = 4
STANDS_IN = {"present": "typical_day", "area_hour": "typical_area"}
"""What a source that has typical days and no dates has in the place of a table."""
_FLAGS: dict[themes.Ethics, tuple[Literal["gray", "orange", "red"], str]] = {
    "standard": ("gray", ":material/shield:"),
    "care": ("orange", ":material/shield_question:"),
    "high": ("red", ":material/gpp_maybe:"),
}


def show_cards(release: Release) -> None:
    """Draw the eight themes, each with its live figure.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    found = themes.register().themes
    with st.container(key="themes"):
        for start in range(0, len(found), COLUMNS):
            for column, theme in zip(st.columns(COLUMNS), found[start : start + COLUMNS], strict=False):
                with column.container(border=True, height="stretch"):
                    _card(release, theme)


def show_applications(release: Release) -> None:
    """Draw the verdict on every application of Appendix 3.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    applications = themes.register().applications
    st.subheader("Every application of Appendix 3, and the verdict on it", anchor=False)
    tally = [
        f"{words}: {sum(each.verdict == verdict for each in applications)}."
        for verdict, words in themes.VERDICTS.items()
    ]
    st.caption(plain(f"{len(applications)} applications. {' '.join(tally)}"))
    rows = [
        {
            "Topic": " / ".join(part for part in (each.topic, each.sub_topic) if part),
            "Application": each.application.rstrip(","),
            "Verdict": themes.VERDICTS[each.verdict] + (f": {frame.PAGES[each.page].title}" if each.page else ""),
            "Why": each.why,
            "In this release": _lacking(release, each.tables),
        }
        for each in applications
    ]
    st.table(pd.DataFrame(rows).map(plain), border="horizontal", hide_index=True)


def _card(release: Release, theme: Theme) -> None:
    colour, icon = _FLAGS[theme.ethics]
    st.badge(themes.ETHICS[theme.ethics], icon=icon, color=colour, help=plain(theme.ethics_words))
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
        with st.popover("What the data can answer", type="tertiary"):
            _details(theme)


def _towards(release: Release, link: themes.Link) -> dict[str, str | list[str]]:
    """The parameters of a link into a map: nothing that this release does not have, which would only be refused."""
    days = release.days
    hour = link.hour
    if hour and not days.dates:
        hour = nearest_slot(hour, days.slots, hour).value if days.slots else None
    return controls.towards(link.measure if link.measure in release.measures else None, hour)


def _details(theme: Theme) -> None:
    st.markdown(f"**They can answer.** {plain(theme.can)}")
    st.markdown(f"**They cannot.** {plain(theme.cannot)}")
    st.markdown(f"**Ethics: {plain(themes.ETHICS[theme.ethics].lower())}.** {plain(theme.ethics_words)}")
    st.markdown("**Policy questions**\n" + "\n".join(f"- {plain(question)}" for question in theme.questions))
    st.markdown("**Applications of Appendix 3**\n" + "\n".join(_verdicts(theme)))


def _figure(release: Release, theme: Theme) -> None:
    if theme.headline is None:
        st.caption(f":material/block: {plain(theme.no_headline)}")
        return
    try:
        found = headline(release, theme.headline)
    except NotInReleaseError as missing:
        st.caption(f":material/data_alert: {plain(missing)}")
        return
    with st.container(gap=None):
        st.metric(plain(found.label), found.value)
        st.caption(plain(found.note))


def _verdicts(theme: Theme) -> Iterator[str]:
    for each in themes.register().applications:
        if each.theme == theme.id:
            yield f"- {plain(each.application.rstrip(','))}: *{plain(themes.VERDICTS[each.verdict].lower())}*"


def _lacking(release: Release, tables: tuple[str, ...]) -> str:
    """Whether the release holds the tables that an application needs."""
    if not tables:
        return "–"
    missing = [table for table in tables if not release.has(table)]
    without = [table for table in missing if not release.has(STANDS_IN.get(table, table))]
    if without:
        return f"lacks {listed(without)}"
    return "typical days only" if missing else "yes"
