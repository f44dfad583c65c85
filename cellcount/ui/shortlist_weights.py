"""Weights: what the swing of each criterion from its worst to its best is worth, by person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from cellcount.criteria import Criterion
from cellcount.methods.decisions import swing_weights
from cellcount.record import Weight, key
from cellcount.ui import drafts, evidence, exports
from cellcount.ui.shortlist_desk import WHERE, Desk
from cellcount.ui.words import as_label, listed, plain

FORM = f"{WHERE}weights"
MOST = 100
ALL_NOTHING = (
    "All of them are 0, and nothing could be told apart. Give the swing that matters most to you 100, and the others "
    "what they are worth beside it. Nothing was saved."
)


def show(desk: Desk) -> None:
    """Draw the part.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    """
    st.markdown(
        "Think of a theme that is at the worst end of every scale, and ask which one step from worst to best you would "
        "take first: give that swing 100 points. Give every other swing the points that it is worth beside it, 0 where "
        "it does not matter; ethics as a gate is decided apart, and no weight makes up for it."
    )
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        _weigh(desk)
    with right:
        _panel(desk)


def _weigh(desk: Desk) -> None:
    st.markdown(f"##### What each swing is worth to {plain(desk.by) if desk.by else 'you'}")
    if not desk.by:
        st.info("Type your name at the top, and weigh: weights are somebody's.", icon=":material/person:")
        for each in desk.criteria:
            st.markdown(f"**{plain(each.title)}**  \n{_swing(each)}")
        return
    where = f"{FORM}-{desk.by}"
    drafts.show_saved(where)
    held = [desk.record.get(Weight, key(desk.by, each.id)) for each in desk.criteria]
    stored = [each for each in held if each is not None]
    # A first visit begins with all alike; a criterion that came later begins with nothing.
    first = 0.0 if stored else float(MOST)
    mine = [each or Weight(desk.by, criterion.id, first) for each, criterion in zip(held, desk.criteria, strict=True)]
    shown = drafts.opened(where, mine, desk.zone)
    of = drafts.mark(shown)
    with st.form(f"weights-{of}"):
        given = [_field(criterion, weight, of) for criterion, weight in zip(desk.criteria, shown, strict=True)]
        saved = st.form_submit_button("Save these weights", type="primary")
    if saved:
        if not any(each.swing for each in given):
            st.error(ALL_NOTHING, icon=":material/error:")
            return
        # What nobody has saved yet is saved as it stands, though nobody moved it.
        drafts.save(where, given, desk.by, whole=not stored)
        st.rerun()
    if stored:
        st.button(
            "Withdraw my weights",
            key="withdraw-weights",
            icon=":material/delete:",
            on_click=drafts.withdraw,
            args=(where, stored),
        )


def _field(criterion: Criterion, weight: Weight, of: str) -> Weight:
    points = st.slider(
        as_label(criterion.title),
        0,
        MOST,
        round(weight.swing),
        key=f"swing-{criterion.id}-{of}",
    )
    st.caption(_swing(criterion))
    # A slider holds whole points: what was typed finer elsewhere stays unless it is moved.
    return weight if points == round(weight.swing) else replace(weight, swing=float(points))


def _swing(criterion: Criterion) -> str:
    return plain(f"From “{criterion.scale[0]}” to “{criterion.scale[MOST]}”")


def _panel(desk: Desk) -> None:
    panel = desk.standing.panel
    st.markdown("##### What they come to")
    if not panel.swings:
        st.caption("Nobody has saved weights yet. As soon as one person has, themes have values.")
        return
    for name in panel.swings:
        if name not in panel.weighing:
            st.warning(plain(_left_out(name, panel.swings[name], desk.criteria)), icon=":material/warning:")
    if panel.weights is None:
        return
    columns = {name: np.array(panel.swings[name], dtype=np.float64) for name in panel.weighing}
    shares = {"All, the mean": panel.weights, **{name: swing_weights(points) for name, points in columns.items()}}
    rows = [
        {"Criterion": plain(each.title), **{plain(name): f"{100 * of[at]:.0f} %" for name, of in shares.items()}}
        for at, each in enumerate(desk.criteria)
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
    st.caption("Points of each person are divided by their sum, and each person counts the same.")
    name = desk.file_name("weights", "csv")
    evidence.download("Weights (CSV)", name, "text/csv", lambda: exports.to_csv(table_of(desk)), of="weights")


def table_of(desk: Desk) -> pd.DataFrame:
    """Points and weights of every person whose weights count, and the weights of all.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    """
    panel, rows = desk.standing.panel, []
    for name in panel.weighing:
        points = np.array(panel.swings[name], dtype=np.float64)
        for each, given, share in zip(desk.criteria, points.tolist(), swing_weights(points).tolist(), strict=True):
            rows.append({"scorer": name, "criterion": each.title, "swing_points": given, "weight": share})
    if panel.weights is not None:
        rows += [
            {"scorer": "all", "criterion": each.title, "swing_points": None, "weight": share}
            for each, share in zip(desk.criteria, panel.weights.tolist(), strict=True)
        ]
    return desk.marked(pd.DataFrame(rows))


def _left_out(name: str, points: Sequence[float | None], criteria: Sequence[Criterion]) -> str:
    """Why somebody's weights do not count.

    Examples
    --------
    >>> _left_out("Ann", (0.0, 0.0), ())
    'The weights of Ann are all 0 and do not count.'
    """
    if None not in points:
        return f"The weights of {name} are all 0 and do not count."
    missing = [each.title for each, given in zip(criteria, points, strict=True) if given is None]
    return f"The weights of {name} do not count as long as there is none for {listed(missing)}."
