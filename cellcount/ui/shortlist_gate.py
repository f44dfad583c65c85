"""The ethics gate: whether a theme may go forward at all, whatever its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cellcount import themes
from cellcount.record import Gate
from cellcount.record.limits import MOST_TEXT
from cellcount.themes import Theme
from cellcount.ui import drafts, keeping
from cellcount.ui.scoring import GATE
from cellcount.ui.shortlist_desk import WHERE, Desk
from cellcount.ui.words import as_label, listed, plain

FORM = f"{WHERE}gate"


def show(desk: Desk) -> None:
    """Draw the part.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    """
    st.markdown(
        "Ethics is a gate and not a weight: a theme that does not pass is not ranked and cannot be on the shortlist, "
        "however high it scores elsewhere. A theme passes with *Yes* or *With conditions*; where the register says "
        "that the ethical risk is high, it starts as *No* and says what would have to be decided first."
    )
    drafts.show_saved(FORM)
    gates = desk.standing.panel.gates
    shown = drafts.opened(FORM, [gates[each.id] for each in desk.themes], desk.zone)
    of = drafts.mark(shown)
    with st.form(f"gates-{of}"):
        given = [_field(desk, theme, gate, of) for theme, gate in zip(desk.themes, shown, strict=True)]
        saved = st.form_submit_button("Save these decisions", type="primary")
    if saved:
        wanting = without_reason(given, shown)
        if wanting:
            words = plain(f"Say why for {listed(wanting)}: a decision on ethics has its reason. Nothing was saved yet.")
            st.error(words, icon=":material/error:")
            return
        drafts.save(FORM, given, desk.by)
        st.rerun()


def without_reason(given: Sequence[Gate], shown: Sequence[Gate]) -> list[str]:
    """Titles of themes whose decision was changed and has no reason.

    Parameters
    ----------
    given : sequence of Gate
        As they are to be saved.
    shown : sequence of Gate
        As they were on screen.
    """
    titles = {each.id: each.title for each in themes.register().themes}
    return [
        titles[each.theme_id]
        for each, was in zip(given, shown, strict=True)
        if each != was and each.passed != "undecided" and not each.reason
    ]


def ethics_words(theme: Theme) -> str:
    """The ethics position of a theme: its flag, and why.

    Examples
    --------
    >>> ethics_words(themes.register().theme("mobility")).split(". ")[0]
    'Take care'
    """
    flag = f"{themes.ETHICS[theme.ethics]}."
    return f"{flag} {theme.ethics_words.removeprefix(flag).strip()}"


def _field(desk: Desk, theme: Theme, gate: Gate, of: str) -> Gate:
    left, middle, right = st.columns([1.3, 1.75, 1.35], gap="medium", vertical_alignment="top")
    with left:
        st.markdown(f"**{plain(theme.title)}**  \n{plain(ethics_words(theme))}")
        if theme.needed:
            st.caption(f"**What must be decided first.** {plain(theme.needed)}")
    with middle:
        states = list(GATE)
        passed = st.radio(
            f"May {as_label(theme.title)} go forward?",
            states,
            index=states.index(gate.passed),
            format_func=lambda each: GATE[each],
            key=f"gate-{theme.id}-{of}",
            horizontal=True,
        )
        if gate.version:
            st.caption(plain(f"Decided {keeping.by_whom(gate.edited_by, gate.edited_at, desk.zone)}."))
        elif theme.gated:
            st.caption("By the register: nobody has decided otherwise.")
    with right:
        reason = st.text_area(
            f"Reason, and conditions: {as_label(theme.title)}",
            gate.reason,
            key=f"gate-reason-{theme.id}-{of}",
            max_chars=MOST_TEXT,
            height=80,
        )
    return replace(gate, passed=passed, reason=(reason or "").strip())
