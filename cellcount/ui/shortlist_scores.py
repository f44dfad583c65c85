"""Scores: what the release tells of each theme, and what people judge, on scales in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from cellcount.criteria import Criterion
from cellcount.record import Overrule, Pin, Score, key
from cellcount.record.limits import MOST_TEXT
from cellcount.themes import Theme
from cellcount.ui import controls, drafts, evidence, exports, frame, keeping
from cellcount.ui.release_facts import facts_of
from cellcount.ui.scoring import CriterionScore
from cellcount.ui.shortlist_desk import WHERE, Desk, choose_theme
from cellcount.ui.words import as_label, count, plain
from cellcount.verdicts import tally, verdicts_of

FORM = f"{WHERE}scores"
NOT_SCORED = "Not scored"
_ORIGINS = {"computed": "from the release", "overruled": "overruled", "people": "mean of"}


def show(desk: Desk) -> None:
    """Draw the part.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    """
    st.markdown(
        "Every theme is scored on seven criteria, from 0 to 100, and 100 is best. Three scores are worked out from the "
        "release, and can be overruled with a reason; four are for people to judge, each under their own name."
    )
    _overview(desk)
    theme = choose_theme(desk.themes)
    _known(desk, theme)
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        _judge(desk, theme)
    with right:
        st.markdown("##### What the release tells")
        for criterion in desk.criteria:
            if criterion.rule is not None:
                _computed(desk, theme, criterion)


def _overview(desk: Desk) -> None:
    panel = desk.standing.panel
    rows = [
        {
            "Theme": f"**{plain(theme.title)}**",
            **{plain(each.title): _cell(panel.scores[theme.id, each.id]) for each in desk.criteria},
        }
        for theme in desk.themes
    ]
    with st.container(key="scores"):
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
    st.caption(
        ":material/database: from the release. :material/edit: overruled, with a reason. :material/group: mean of "
        "people's scores, and of how many. A dash is a score that is still missing."
    )
    name = desk.file_name("scores", "csv")
    evidence.download("All scores (CSV)", name, "text/csv", lambda: exports.to_csv(table_of(desk)), of="scores")


def _cell(score: CriterionScore) -> str:
    if score.value is None:
        return "–"
    marks = {"computed": "database", "overruled": "edit", "people": "group"}
    people = f"\u00a0{len(score.given)}" if score.origin == "people" else ""
    # Nothing is broken over two lines where the table is narrow.
    return f"**{score.value:.0f}**\u00a0:small[:material/{marks[score.origin]}:{people}]"


def table_of(desk: Desk) -> pd.DataFrame:
    """Every score with where it is from: one row of each person's, and one of what counts.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    """
    rows = []
    for theme in desk.themes:
        for criterion in desk.criteria:
            found = desk.standing.panel.scores[theme.id, criterion.id]
            about = {"theme": theme.title, "criterion": criterion.title}
            people = f" {count(len(found.given), 'person', 'people')}" if found.origin == "people" else ""
            rows += [
                {**about, "scorer": each.scorer, "score": each.value, "from": "a person", "why": each.reason}
                for each in found.given
            ]
            rows.append(
                {
                    **about,
                    "scorer": "all",
                    "score": found.value,
                    "from": f"{_ORIGINS[found.origin]}{people}",
                    "why": found.why,
                }
            )
    return desk.marked(pd.DataFrame(rows))


def _known(desk: Desk, theme: Theme) -> None:
    """What is known of a theme before anybody scores it."""
    pins = len(desk.record.listed(Pin, theme_id=theme.id))
    verdicts = tally(verdicts_of(theme.id, facts_of(desk.release)))
    st.markdown(f"**{plain(theme.question)}** {plain(verdicts)}")
    with st.container(horizontal=True):
        page = frame.PAGES["evidence"]
        words = f"Evidence: {count(pins, 'pinned view')}" if pins else "Evidence: nothing is pinned for it yet"
        st.page_link(page.file, label=words, icon=page.icon, query_params={**controls.kept(), "theme": theme.title})


def _judge(desk: Desk, theme: Theme) -> None:
    st.markdown(f"##### What {plain(desk.by) if desk.by else 'you'} would give {plain(theme.title)}")
    asked = [each for each in desk.criteria if each.rule is None]
    if not desk.by:
        st.info("Type your name at the top, and score: every score is somebody's.", icon=":material/person:")
        for each in asked:
            st.markdown(f"**{plain(each.title)}.** {plain(each.question)}\n{_scale(each)}")
        _others(desk, theme, asked)
        return
    where = f"{FORM}-{theme.id}-{desk.by}"
    drafts.show_saved(where)
    mine = [
        desk.record.get(Score, key(theme.id, each.id, desk.by)) or Score(theme.id, each.id, desk.by, None)
        for each in asked
    ]
    shown = drafts.opened(where, mine, desk.zone)
    of = f"{theme.id}-{drafts.mark(shown)}"
    with st.form(f"scores-{of}"):
        given = [_field(criterion, score, of) for criterion, score in zip(asked, shown, strict=True)]
        saved = st.form_submit_button("Save these scores", type="primary")
    if saved:
        drafts.save(where, given, desk.by)
        st.rerun()
    _others(desk, theme, asked)


def _field(criterion: Criterion, score: Score, of: str) -> Score:
    """A criterion with its scale in words, and the score as it was chosen."""
    steps = sorted({*criterion.scale, *([] if score.value is None else [score.value])})
    options: list[float | None] = [None, *steps]
    value = st.radio(
        as_label(f"{criterion.title}. {criterion.question}"),
        options,
        index=options.index(score.value),
        format_func=lambda each: _option(criterion, each),
        key=f"score-{criterion.id}-{of}",
    )
    reason = st.text_input(
        f"Reason: {as_label(criterion.title).lower()}",
        score.reason,
        key=f"reason-{criterion.id}-{of}",
        max_chars=MOST_TEXT,
        placeholder="Why this score",
        label_visibility="collapsed",
    )
    return replace(score, value=value, reason=(reason or "").strip())


def _scale(criterion: Criterion) -> str:
    """What the steps of a scale are, as points."""
    return "\n".join(f"- **{step}**: {plain(words)}" for step, words in criterion.scale.items())


def _option(criterion: Criterion, value: float | None) -> str:
    if value is None:
        return NOT_SCORED
    words = criterion.scale.get(int(value)) if value == int(value) else None
    return f"{value:g}: {plain(words)}" if words else f"{value:g}"


def _others(desk: Desk, theme: Theme, asked: Sequence[Criterion]) -> None:
    """What others have given, folded away: whoever sees it first is led by it."""
    panel = desk.standing.panel
    given = [
        (criterion, each)
        for criterion in asked
        for each in panel.scores[theme.id, criterion.id].given
        if each.scorer != desk.by
    ]
    if not given:
        return
    with st.expander(f"What others have given ({len(given)})", icon=":material/group:", key=f"others-{theme.id}"):
        rows = [
            {
                "Criterion": criterion.title,
                "Scorer": each.scorer,
                "Score": f"{each.value:g}",
                "Reason": each.reason,
                "When": keeping.by_whom("", each.edited_at, desk.zone),
            }
            for criterion, each in given
        ]
        st.table(pd.DataFrame(rows).map(plain), border="horizontal", hide_index=True)


def _computed(desk: Desk, theme: Theme, criterion: Criterion) -> None:
    score = desk.standing.panel.scores[theme.id, criterion.id]
    told = score.computed
    with st.container(border=True, gap="small", key=f"computed-{criterion.id}"):
        value = "not known" if score.value is None else f"{score.value:.0f}"
        st.markdown(f"**{plain(criterion.title)}: {value}.** {plain(criterion.question)}")
        st.caption(plain(f"{told.why} {criterion.told}"))
        if score.overrule is not None:
            was = "nothing" if told.value is None else f"{told.value:.0f}"
            who = keeping.by_whom(score.overrule.edited_by, score.overrule.edited_at, desk.zone)
            st.markdown(plain(f"Overruled {who}, in the place of {was}: {score.overrule.reason}"))
        _overrule(desk, theme, criterion, score)


def _overrule(desk: Desk, theme: Theme, criterion: Criterion, score: CriterionScore) -> None:
    where = f"{FORM}-overrule-{theme.id}-{criterion.id}"
    drafts.show_saved(where)
    stored = score.overrule or Overrule(theme.id, criterion.id, score.computed.value or 0.0, "")
    label = "Change it" if score.overrule else "Overrule"
    with st.popover(label, icon=":material/edit:", type="tertiary", key=f"overrule-{criterion.id}"):
        st.markdown(_scale(criterion))
        (base,) = drafts.opened(where, [stored], desk.zone)
        of = f"{theme.id}-{criterion.id}-{drafts.mark([base])}"
        with st.form(f"overrule-form-{of}", border=False, width=420):
            value = st.number_input("Score in its place, 0 to 100", 0.0, 100.0, base.value, 5.0, "%g", key=f"in-{of}")
            reason = st.text_area("Reason", base.reason, key=f"because-{of}", max_chars=MOST_TEXT, height=90)
            saved = st.form_submit_button("Overrule", type="primary")
        if saved:
            drafts.save(where, [replace(base, value=float(value), reason=(reason or "").strip())], desk.by)
            st.rerun()
        if score.overrule is not None:
            st.button(
                "Take what the release tells",
                key=f"withdraw-{of}",
                icon=":material/undo:",
                on_click=drafts.withdraw,
                args=(where, [score.overrule]),
            )
