"""The shortlist page: from scores and weights, through the ethics gate, to a decision that is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from cellcount.ui import (
    controls,
    drafts,
    keeping,
    scoring,
    shortlist_costs,
    shortlist_fixed,
    shortlist_gate,
    shortlist_result,
    shortlist_scores,
    shortlist_weights,
)
from cellcount.ui.reading import Release
from cellcount.ui.shortlist_desk import WHERE, Desk, told
from cellcount.ui.words import count, listed, plain

PARTS: Mapping[str, tuple[str, Callable[[Desk], None]]] = {
    "Scores": ("scores", shortlist_scores.show),
    "Weights": ("weights", shortlist_weights.show),
    "Ethics gate": ("gate", shortlist_gate.show),
    "Result": ("result", shortlist_result.show),
    "Costs and benefits": ("costs", shortlist_costs.show),
    "Shortlist": ("fixed", shortlist_fixed.show),
}
"""The parts of the page, in the order of the tabs: what each calls its forms, and what draws it."""


def show(release: Release) -> None:
    """Draw the page.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    record = keeping.record()
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        by = controls.your_name()
    desk = Desk(release, record, scoring.standing(release, record), by)
    st.caption(plain(_progress(desk)))
    keeping.show_troubles(WHERE, desk.zone, told)
    with st.container(key="parts"):
        for tab, (name, draw) in zip(controls.choose_part(list(PARTS), "Scores"), PARTS.values(), strict=True):
            if tab.open:
                drafts.close_others(f"{WHERE}{name}")
                with tab:
                    draw(desk)


def _progress(desk: Desk) -> str:
    """How far the panel is, in a sentence or two."""
    panel = desk.standing.panel
    if not panel.scorers:
        return (
            "Nobody has scored anything yet. Score the themes, say what each criterion is worth, decide on ethics, "
            "look at the result and at costs and benefits; then fix two or three themes, with reasons."
        )
    scored = f"scores by {listed(list(panel.judged))}" if panel.judged else "no scores yet"
    weighed = f"weights by {listed(list(panel.weighing))}" if panel.weighing else "no weights yet"
    decided = sum(each.version > 0 and each.passed != "undecided" for each in panel.gates.values())
    ranked = sum(each.place is not None for each in desk.standing.themes)
    said = f"{scored}; {weighed}; ethics decided for {decided} of {len(panel.themes)} themes; "
    return f"So far: {said}{count(ranked, 'theme is', 'themes are')} ranked."
