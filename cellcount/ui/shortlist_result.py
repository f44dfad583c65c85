"""The result: themes in order with what each criterion adds, and how firm that order is."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from cellcount.briefing.deck import Contribution
from cellcount.methods.decisions import CONCENTRATION, DRAWS
from cellcount.ui import evidence, look, scoring_charts, scoring_words
from cellcount.ui.evidence import Taken
from cellcount.ui.scoring import IN_FRONT, Standing, ThemeStanding
from cellcount.ui.shortlist_desk import Desk, point_to
from cellcount.ui.shortlist_snapshot import snapshot_of
from cellcount.ui.words import count, plain

MOST_SAID = 4
"""Sentences that stand under a heading at once."""
METHOD = (
    "A theme's value is the sum of its scores times the weights, which add up to 1. Sources: Department for "
    "Communities and Local Government (2009), Multi-criteria analysis: a manual; HM Treasury (2024), Green Book "
    "supplementary guidance: multi-criteria decision analysis."
)
COLUMNS = {
    "place": "1 for the highest value; empty where the theme is not ranked",
    "theme": "Challenge theme of the brief",
    "value": "0 to 100; empty where a score or all weights are missing",
    "ethics_gate": "Whether it may go forward",
}


def show(desk: Desk) -> None:
    """Draw the part.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    """
    standing = desk.standing
    if standing.assessment is None:
        point_to("Weights", "There is no result yet: nobody has set weights. One person's are enough to begin with.")
        _unranked(standing)
        return
    ranked = [each for each in standing.themes if each.place is not None]
    if not ranked:
        st.info("No theme is ranked yet. What each of them waits for:", icon=":material/pending:")
        _unranked(standing)
        return
    _bars(ranked)
    evidence.table(
        desk.release, Taken("result", "Values, and what each criterion adds", lambda: table_of(desk), COLUMNS)
    )
    _unranked(standing)
    _firmness(desk, ranked)
    left, right = st.columns(2, gap="large")
    with left:
        _sentences("What would put another theme first", scoring_words.crossovers_of(standing, 1))
        titles = [each.title for each in desk.themes]
        dominated = scoring_words.dominance_sentences(standing.assessment, titles)
        _sentences("Dominated themes", dominated or ["None: each theme is better at something beside every other."])
    with right:
        _sentences("What would change the first three", scoring_words.crossovers_of(standing, IN_FRONT))
    _sentences("How far people differ", scoring_words.disagreement_sentences(standing.panel))
    _people(desk)
    st.caption(plain(METHOD))
    name = desk.file_name("shortlist-result", "json")
    evidence.download("Result (JSON)", name, "application/json", lambda: _json(desk), of="result")


def _bars(ranked: Sequence[ThemeStanding]) -> None:
    titles = [f"{each.place}. {each.title}" for each in ranked]
    parts = [[Contribution(*part) for part in each.contributions] for each in ranked]
    st.markdown("##### What each criterion adds")
    scoring_charts.ranked(titles, parts, look.palette(), key="ranked")
    first, second = ranked[0], ranked[1] if len(ranked) > 1 else None
    said = f"{first.title} has the highest value, {first.value:.0f} of 100."
    if second is not None and first.value is not None and second.value is not None:
        gap = first.value - second.value
        said += (
            f" {second.title} comes next, {count(round(gap), 'point')} below."
            if round(gap)
            else f" {second.title} is level."
        )
    st.caption(plain(said))


def _unranked(standing: Standing) -> None:
    said = scoring_words.missing_sentences(standing)
    if said:
        with st.container(border=True, gap="small", key="unranked"):
            st.markdown(f"**Not ranked**\n{_points(said)}")


def _firmness(desk: Desk, ranked: Sequence[ThemeStanding]) -> None:
    st.markdown("##### How firm the places are")
    order = [desk.standing.panel.themes.index(_theme(desk, each)) for each in ranked]
    shares = desk.standing.shares[order][:, : len(ranked)].tolist()
    titles = [each.title for each in ranked]
    scoring_charts.frequencies(titles, shares, look.palette(), key="frequencies")
    st.caption(
        f"Share of {DRAWS:,} draws of the weights in which a theme takes a place. Weights are drawn around those that "
        f"people gave (Dirichlet, concentration {CONCENTRATION:g}): a weight of 20 % ranges from 10 to 32 %, 19 times "
        "in 20. It is the doubt about weights alone: scores are taken as they are."
    )


def _theme(desk: Desk, standing: ThemeStanding) -> object:
    return next(each for each in desk.themes if each.id == standing.theme_id)


def _sentences(heading: str, said: Sequence[str]) -> None:
    if not said:
        return
    st.markdown(f"##### {heading}")
    st.markdown(_points(said[:MOST_SAID]))
    if said[MOST_SAID:]:
        with st.expander(f"{len(said) - MOST_SAID} more, further away", key=f"more-{heading}"):
            st.markdown(_points(said[MOST_SAID:]))


def _points(said: Sequence[str]) -> str:
    """Sentences as points; a figure and its per cent sign stay on one line."""
    return "\n".join(f"- {plain(each)}" for each in said).replace(" %", "\u00a0%")


def _people(desk: Desk) -> None:
    """The place of each theme by each person's own scores and weights."""
    panel = desk.standing.panel
    found = panel.disagreement()
    if found is None or found.concordance is None:
        return
    rows = [
        {
            "Theme": plain(theme.title),
            **{plain(name): _place(found.ranks[who, at]) for who, name in enumerate(panel.judged)},
        }
        for at, theme in enumerate(panel.themes)
        if found.ranks[:, at].size and not pd.isna(found.ranks[:, at]).all()
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
    st.caption("By each person's own scores and weights; the panel's weights where they gave none. Ties share a place.")


def _place(rank: float) -> str:
    return "–" if pd.isna(rank) else f"{rank:g}"


def table_of(desk: Desk) -> pd.DataFrame:
    """Themes in order, with their value and what each criterion adds.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    """
    rows = [
        {
            "place": each.place,
            "theme": each.title,
            "value": None if each.value is None else round(each.value, 1),
            "ethics_gate": each.gate,
            **{title: round(points, 1) for title, points, _ in each.contributions},
            "said": each.rank_words,
        }
        for each in desk.standing.themes
    ]
    titles = [each.title for each in desk.criteria]
    columns = ["place", "theme", "value", "ethics_gate", *titles, "said"]
    return pd.DataFrame(rows).reindex(columns=columns).astype({"place": "Int64"})


def _json(desk: Desk) -> bytes:
    return json.dumps(snapshot_of(desk), ensure_ascii=False, indent=1).encode()
