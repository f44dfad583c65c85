"""How themes stand: scores of people and of the release, weights, the ethics gate, and the order that follows.

Scores and weights are the means of those who gave any, so that each person counts the same. A theme is ranked where
it passes the ethics gate and no score is missing on a criterion that has a weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cellcount import themes
from cellcount.criteria import Computed, Criterion, computed, criteria
from cellcount.methods.decisions import (
    DRAWS,
    TOP_SCORE,
    Assessment,
    Disagreement,
    assess,
    disagreement,
    panel_scores,
    panel_weights,
    rank_frequencies,
)
from cellcount.record import Gate, Overrule, Record, Score, Weight
from cellcount.record.items import GateState
from cellcount.themes import Theme
from cellcount.ui.reading import Release
from cellcount.ui.release_facts import facts_of
from cellcount.ui.words import listed, lowered

Floats = NDArray[np.float64]
Origin = Literal["computed", "overruled", "people"]

NOT_RANKED = "Not ranked: "
IN_FRONT = 3
"""Themes that a shortlist has at most."""
GATE: dict[GateState, str] = {
    "yes": "Yes",
    "conditions": "With conditions",
    "undecided": "Undecided",
    "no": "No",
}
"""Whether a theme may go forward, in words."""
PASSING: tuple[GateState, ...] = ("yes", "conditions")


@dataclass(frozen=True, slots=True)
class CriterionScore:
    """What a theme scores on a criterion, and where that is from.

    Attributes
    ----------
    value : float or None
        0 to 100: computed from the release, what overrules it, or the mean of those who scored; None where not scored.
    origin : str
        Which of these.
    why : str
        Reasons, or what is missing.
    computed : Computed
        What the release tells.
    overrule : Overrule or None
        What stands in its place.
    given : tuple of Score
        By person.
    """

    value: float | None
    origin: Origin
    why: str
    computed: Computed
    overrule: Overrule | None = None
    given: tuple[Score, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything that people and the release say of the themes, before it is added up.

    Attributes
    ----------
    themes : tuple of Theme
        In the order of the register.
    criteria : tuple of Criterion
        In the order in which they are asked.
    scores : mapping of (str, str) to CriterionScore
        By ids of theme and criterion.
    swings : mapping of str to tuple of float or None
        Swing points by person, one a criterion; None where that person gave none.
    gates : mapping of str to Gate
        By theme; those that nobody has decided have the version 0.
    """

    themes: tuple[Theme, ...]
    criteria: tuple[Criterion, ...]
    scores: Mapping[tuple[str, str], CriterionScore]
    swings: Mapping[str, tuple[float | None, ...]]
    gates: Mapping[str, Gate]

    @property
    def judged(self) -> tuple[str, ...]:
        """Who has scored anything, by name."""
        return tuple(sorted({each.scorer for cell in self.scores.values() for each in cell.given}))

    @property
    def weighing(self) -> tuple[str, ...]:
        """Whose weights count, by name: those with points for every criterion, and not all of them 0."""
        return tuple(name for name, points in self.swings.items() if None not in points and any(points))

    @property
    def scorers(self) -> tuple[str, ...]:
        """Who has scored or weighed, by name."""
        return tuple(sorted({*self.judged, *self.swings}))

    @property
    def values(self) -> Floats:
        """Scores as a table, shape (themes, criteria); NaN where not scored."""
        return np.array([[_or_nan(self.scores[t.id, c.id].value) for c in self.criteria] for t in self.themes])

    @property
    def passes(self) -> NDArray[np.bool_]:
        """Whether each theme passes the ethics gate, shape (themes,)."""
        return np.array([self.gates[each.id].passed in PASSING for each in self.themes])

    @property
    def weights(self) -> Floats | None:
        """The mean of people's weights, shape (criteria,), adding up to 1; None where nobody's count."""
        points = [self.swings[name] for name in self.weighing]
        return panel_weights(np.array(points, dtype=np.float64)) if points else None

    def own_values(self, scorer: str) -> Floats:
        """Scores as one person has them, shape (themes, criteria): what the release tells is everybody's."""

        def of(cell: CriterionScore) -> float | None:
            if cell.origin != "people":
                return cell.value
            return next((each.value for each in cell.given if each.scorer == scorer), None)

        return np.array([[_or_nan(of(self.scores[t.id, c.id])) for c in self.criteria] for t in self.themes])

    def disagreement(self) -> Disagreement | None:
        """How far those who scored differ; None with fewer than two, or without weights.

        Whoever gave no weights that count is taken to have those of the panel.
        """
        weights = self.weights
        if weights is None or len(self.judged) < 2:
            return None
        own = [
            np.array(self.swings[name], dtype=np.float64) if name in self.weighing else TOP_SCORE * weights
            for name in self.judged
        ]
        return disagreement(np.stack([self.own_values(name) for name in self.judged]), np.stack(own), self.passes)


@dataclass(frozen=True, slots=True)
class ThemeStanding:
    """How a theme stands.

    Attributes
    ----------
    theme_id, title : str
        Which.
    gate : str
        State of the ethics gate.
    gate_words : str
        The same in a sentence, with its reason.
    value : float or None
        0 to 100; None where there are no weights, or a score is missing.
    place : int or None
        1 for the highest value; None where it is not ranked.
    rank_words : str
        How firm its place is, or why it has none.
    contributions : tuple of (str, float, float)
        Title of each criterion, the points that it adds, its share of the weights; empty without a value.
    missing : tuple of str
        Titles of criteria that want a score.
    """

    theme_id: str
    title: str
    gate: GateState
    gate_words: str
    value: float | None
    place: int | None
    rank_words: str
    contributions: tuple[tuple[str, float, float], ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How all themes stand.

    Attributes
    ----------
    themes : tuple of ThemeStanding
        In order of place, then those that are not ranked, by value.
    panel : Panel
        What it follows from.
    assessment : Assessment or None
        Values and places, in the order of the register; None as long as there are no weights.
    shares : array of float, shape (themes, ranks)
        Share of the draws of weights in which each theme takes each rank, in the order of the register; NaN for those
        that are not ranked.
    """

    themes: tuple[ThemeStanding, ...]
    panel: Panel
    assessment: Assessment | None
    shares: Floats

    @property
    def scorers(self) -> tuple[str, ...]:
        """Who has scored or weighed, by name."""
        return self.panel.scorers

    @property
    def weights(self) -> tuple[tuple[str, float], ...]:
        """Title of each criterion and its share of the weights; empty as long as nobody has weighed."""
        if self.assessment is None:
            return ()
        shares = self.assessment.weights.tolist()
        return tuple((each.title, share) for each, share in zip(self.panel.criteria, shares, strict=True))

    @property
    def scored(self) -> bool:
        """Whether anybody has scored anything."""
        return bool(self.panel.judged)

    def of(self, theme_id: str) -> ThemeStanding:
        """How one theme stands."""
        return next(each for each in self.themes if each.theme_id == theme_id)


def standing(release: Release, record: Record) -> Standing:
    """How all themes stand, by what is kept now and what the release tells.

    Parameters
    ----------
    release : Release
        The release that is served.
    record : Record
        Scores, weights and decisions of people.

    Returns
    -------
    Standing

    Raises
    ------
    RecordUnavailableError
        Where the record cannot be read.
    """
    return standing_of(panel_of(release, record))


def panel_of(release: Release, record: Record) -> Panel:
    """Read what people and the release say.

    Parameters
    ----------
    release : Release
        The release that is served.
    record : Record
        Scores, weights and decisions of people.
    """
    facts, asked, known = facts_of(release), criteria(), themes.register().themes
    given: dict[tuple[str, str], list[Score]] = {}
    for score in record.listed(Score):
        if score.value is not None:
            given.setdefault((score.theme_id, score.criterion_id), []).append(score)
    overruled = {(each.theme_id, each.criterion_id): each for each in record.listed(Overrule)}
    scores: dict[tuple[str, str], CriterionScore] = {}
    for theme in known:
        told = computed(theme, facts)
        for criterion in asked:
            key = (theme.id, criterion.id)
            scores[key] = score_of(criterion, told[criterion.id], overruled.get(key), given.get(key, ()))
    decided = {each.theme_id: each for each in record.listed(Gate)}
    return Panel(
        themes=known,
        criteria=asked,
        scores=scores,
        swings=_swings(record.listed(Weight), asked),
        gates={each.id: decided.get(each.id) or _undecided(each) for each in known},
    )


def score_of(criterion: Criterion, told: Computed, overrule: Overrule | None, given: Sequence[Score]) -> CriterionScore:
    """What a theme scores on a criterion.

    Parameters
    ----------
    criterion : Criterion
        Which.
    told : Computed
        What the release tells of it.
    overrule : Overrule or None
        What stands in its place.
    given : sequence of Score
        Of people, each with a value; they count only where the release does not tell it.
    """
    if criterion.rule is None:
        if not given:
            return CriterionScore(None, "people", "Nobody has scored it yet.", told)
        value = float(panel_scores(np.array([[[each.value]] for each in given], dtype=np.float64))[0, 0])
        why = " ".join(f"{each.scorer}: {each.value:g}{f', {each.reason}' if each.reason else ''}." for each in given)
        return CriterionScore(value, "people", why, told, given=tuple(given))
    if overrule is not None:
        return CriterionScore(overrule.value, "overruled", overrule.reason, told, overrule)
    return CriterionScore(told.value, "computed", told.why, told)


def standing_of(panel: Panel) -> Standing:
    """Add up what is said.

    Parameters
    ----------
    panel : Panel
        What people and the release say.
    """
    weights, values, passes = panel.weights, panel.values, panel.passes
    if weights is None:
        unranked = np.full((len(panel.themes), 1), np.nan)
        rows = tuple(_without_weights(panel, theme, row) for theme, row in zip(panel.themes, values, strict=True))
        return Standing(rows, panel, None, unranked)
    found = assess(values, weights, passes)
    shares = _shares(values, weights, passes)
    rows = tuple(_row(panel, found, shares, at) for at in range(len(panel.themes)))
    last = len(rows) + 1
    ordered = sorted(rows, key=lambda each: (each.place or last, -(each.value or 0.0)))
    return Standing(tuple(ordered), panel, found, shares)


@st.cache_data(max_entries=32, show_spinner=False)
def _shares(values: Floats, weights: Floats, passes: NDArray[np.bool_]) -> Floats:
    """Rank frequencies; the same scores and weights are drawn once."""
    return rank_frequencies(assess(values, weights, passes)).shares


def _row(panel: Panel, found: Assessment, shares: Floats, at: int) -> ThemeStanding:
    theme, gate = panel.themes[at], panel.gates[panel.themes[at].id]
    missing = tuple(each.title for each, lacks in zip(panel.criteria, found.missing[at], strict=True) if lacks)
    value = None if missing else float(found.totals[at])
    place = int(found.places[at]) or None
    points = zip(panel.criteria, found.contributions[at].tolist(), found.weights.tolist(), strict=True)
    return ThemeStanding(
        theme_id=theme.id,
        title=theme.title,
        gate=gate.passed,
        gate_words=gate_words(gate, theme),
        value=value,
        place=place,
        rank_words=_rank_words(shares[at]) if place else _why_unranked(gate, missing),
        contributions=() if missing else tuple((each.title, added, share) for each, added, share in points),
        missing=missing,
    )


def _without_weights(panel: Panel, theme: Theme, values: Floats) -> ThemeStanding:
    gate = panel.gates[theme.id]
    missing = tuple(each.title for each, value in zip(panel.criteria, values, strict=True) if np.isnan(value))
    words = f"{NOT_RANKED}nobody has set weights yet."
    return ThemeStanding(theme.id, theme.title, gate.passed, gate_words(gate, theme), None, None, words, (), missing)


def _rank_words(shares: Floats) -> str:
    """How firm a place is, in a sentence.

    Examples
    --------
    >>> _rank_words(np.array([0.83, 0.1, 0.06, 0.01]))
    'First in 83 % of 10,000 draws of the weights; in the first three in 99 %.'
    >>> _rank_words(np.array([1.0]))
    'The only theme that is ranked.'
    """
    if shares.size == 1:
        return "The only theme that is ranked."
    first = f"First in {100 * shares[0]:.0f} % of {DRAWS:,} draws of the weights"
    if shares.size <= IN_FRONT:
        return f"{first}."
    return f"{first}; in the first three in {100 * shares[:IN_FRONT].sum():.0f} %."


def _why_unranked(gate: Gate, missing: Sequence[str]) -> str:
    why = [f"no score yet on {listed(list(missing))}"] if missing else []
    if gate.passed not in PASSING:
        why.insert(0, "ethics is undecided" if gate.passed == "undecided" else "it does not pass the ethics gate")
    return f"{NOT_RANKED}{listed(why)}."


def gate_words(gate: Gate, theme: Theme) -> str:
    """How a theme stands at the ethics gate, in a sentence or two.

    Parameters
    ----------
    gate : Gate
        As decided, or as it starts.
    theme : Theme
        Of the register.

    Examples
    --------
    >>> tourism = themes.register().theme("tourism")
    >>> gate_words(Gate("tourism", "conditions", "Say proxy."), tourism)
    'Ethics gate: with conditions. Say proxy.'
    """
    reason = gate.reason or (theme.needed or "" if theme.gated and gate.passed == "no" else "")
    return f"Ethics gate: {lowered(GATE[gate.passed])}.{f' {reason}' if reason else ''}"


def _undecided(theme: Theme) -> Gate:
    """The gate as it starts: closed where the register says that the ethical risk is high."""
    return Gate(theme.id, "no" if theme.gated else "undecided")


def _swings(weights: Sequence[Weight], asked: Sequence[Criterion]) -> dict[str, tuple[float | None, ...]]:
    by = {(each.scorer, each.criterion_id): each.swing for each in weights}
    return {name: tuple(by.get((name, each.id)) for each in asked) for name in sorted({name for name, _ in by})}


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
