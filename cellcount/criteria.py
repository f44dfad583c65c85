"""The criteria by which themes are scored, and what a release tells of them: `data/themes/criteria.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any, Literal, get_args

import numpy as np

from cellcount import themes
from cellcount.errors import CellCountError
from cellcount.standard import ROOT
from cellcount.themes import Theme
from cellcount.verdicts import Checked, Facts, TableFacts, key_of, named, tally, verdicts_of

CRITERIA = ROOT / "data" / "themes" / "criteria.toml"

Rule = Literal["readiness", "precision", "publishability"]
Points = tuple[tuple[float, float], ...]

STEPS = (0, 25, 50, 75, 100)
"""Scores that a scale has words for."""
NOT_HELD = "This release holds none of the tables that its applications need."
NOTHING_MADE = "None of its applications can be made from counts: there is nothing to score."


class CriteriaError(CellCountError):
    """The file of criteria is missing, or is not as it must be."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion of scoring.

    Attributes
    ----------
    id, title : str
        Its identifier and its name.
    question : str
        What it asks of a theme.
    scale : dict of int to str
        What 0, 25, 50, 75 and 100 are, in words; 100 is best.
    told : str
        How the data tell it, or why people must judge: a sentence.
    rule : str or None
        By which rule it is worked out from a release; None where people score it.
    """

    id: str
    title: str
    question: str
    scale: Mapping[int, str]
    told: str
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """How figures become scores.

    Attributes
    ----------
    readiness : dict of str to float
        Score of an application by its checked verdict.
    precision : tuple of (float, float)
        Per cent of standard error over figure, ascending, and the score there, falling.
    withheld : tuple of (float, float)
        Per cent of figures that are withheld, ascending, and the score there, falling.
    observed : tuple of (float, float)
        Per cent of people who are observed, ascending, and the score there, rising.
    """

    readiness: Mapping[Checked, float]
    precision: Points
    withheld: Points
    observed: Points


@dataclass(frozen=True, slots=True)
class Computed:
    """What a release tells of a criterion for a theme.

    Attributes
    ----------
    value : float or None
        From 0 to 100, a whole number; None where it cannot be worked out.
    why : str
        The figures behind it, or why there is none: a sentence or two.
    """

    value: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Scoring:
    """All criteria, in the order in which they are asked, and the rules."""

    criteria: tuple[Criterion, ...]
    rules: Rules


@cache
def scoring(file: Path = CRITERIA) -> Scoring:
    """Read the criteria and the rules.

    Raises
    ------
    CriteriaError
        Where the file is missing or something in it is not as declared here.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        found = Scoring(
            tuple(_criterion(entry) for entry in content["criterion"]),
            Rules(
                readiness=dict(content["rules"]["readiness"]),
                **{name: _points(content["rules"][name]) for name in ("precision", "withheld", "observed")},
            ),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise CriteriaError(
            f"The criteria cannot be read: {file} ({error}). Take the file again from the release of the software, or "
            "mend what the message names."
        ) from error
    _check(found, file)
    return found


def criteria() -> tuple[Criterion, ...]:
    """The criteria, in the order in which they are asked.

    Examples
    --------
    >>> [each.id for each in criteria() if each.rule]
    ['readiness', 'sample', 'publishability']
    """
    return scoring().criteria


def computed(theme: Theme, facts: Facts) -> dict[str, Computed]:
    """What a release tells of every criterion for a theme.

    Parameters
    ----------
    theme : Theme
        Of the register.
    facts : Facts
        Of the release.

    Returns
    -------
    dict of str to Computed
        By id of the criterion, in the order of `criteria`; those that people judge are there without a value.

    Notes
    -----
    Rules are monotone: a verdict that is better, an error that is smaller, less withheld, or more people observed never
    gives a lower score, all else being equal. A table that the release gains counts from then on, and may lower the
    mean over tables.

    Examples
    --------
    >>> tourism = themes.register().theme("tourism")
    >>> computed(tourism, Facts({}))["sample"].why
    'This release holds none of the tables that its applications need.'
    """
    return {each.id: _RULES[each.rule](theme, facts) if each.rule else Computed(None, each.told) for each in criteria()}


def _readiness(theme: Theme, facts: Facts) -> Computed:
    verdicts = verdicts_of(theme.id, facts)
    if all(each.verdict == "out" for each in verdicts):
        return Computed(None, NOTHING_MADE)
    marks = scoring().rules.readiness
    given = [0.0 if each.verdict == "operator" and not each.held else marks[each.verdict] for each in verdicts]
    return Computed(float(round(fmean(given))), tally(verdicts))


def _precision(theme: Theme, facts: Facts) -> Computed:
    held = _held(theme, facts)
    if not isinstance(held, dict):
        return held
    errors = {name: 100 * each.error for name, each in held.items() if each.error is not None}
    if not errors:
        return Computed(None, "This release does not tell how precise these figures are.")
    value = fmean(_at(scoring().rules.precision, error) for error in errors.values())
    return Computed(float(round(value)), f"Median standard error: {_told(errors, 1)}.")


def _publishability(theme: Theme, facts: Facts) -> Computed:
    held = _held(theme, facts)
    if not isinstance(held, dict):
        return held
    rules = scoring().rules
    withheld = {name: 100 * each.withheld for name, each in held.items() if each.withheld is not None}
    values, said = [], []
    if withheld:
        values.append(fmean(_at(rules.withheld, share) for share in withheld.values()))
        said.append(f"Withheld: {_told(withheld, 0)}.")
    if facts.coverage is not None:
        values.append(_at(rules.observed, 100 * facts.coverage))
        said.append(f"Operators together observe {100 * facts.coverage:.0f} % of people.")
    if not values:
        return Computed(None, "This release tells neither what is withheld of these figures nor how many are observed.")
    return Computed(float(round(min(values))), " ".join(said))


_RULES: Mapping[Rule, Callable[[Theme, Facts], Computed]] = {
    "readiness": _readiness,
    "precision": _precision,
    "publishability": _publishability,
}


def _held(theme: Theme, facts: Facts) -> dict[str, TableFacts] | Computed:
    """Facts of the tables that a theme's applications need, by name in words; the reason where there are none."""
    needs = [need for each in themes.register().of(theme.id) for need in each.needs]
    if not needs:
        return Computed(None, NOTHING_MADE)
    held = {}
    for need in needs:
        found = facts.of(need)
        if found is not None:
            instead = need.instead if key_of(need.table, need.part) not in facts.tables else None
            held[named(instead) if instead else named(need.table, need.part)] = found
    return held or Computed(None, NOT_HELD)


def _at(points: Points, figure: float) -> float:
    """The score of a figure, on straight lines between the points of a rule."""
    where, scores = zip(*points, strict=True)
    return float(np.interp(figure, where, scores))


def _told(figures: Mapping[str, float], decimals: int) -> str:
    return "; ".join(f"{name} {figure:.{decimals}f} %" for name, figure in figures.items())


def _criterion(entry: Mapping[str, Any]) -> Criterion:
    return Criterion(**{**entry, "scale": {int(step): words for step, words in entry["scale"].items()}})


def _points(pairs: Sequence[Sequence[float]]) -> Points:
    return tuple((float(where), float(score)) for where, score in pairs)


def _check(found: Scoring, file: Path) -> None:
    faults = []
    for each in found.criteria:
        if tuple(each.scale) != STEPS:
            faults.append(f"{each.id}: the scale has words for 0, 25, 50, 75 and 100, in this order")
        if each.rule is not None and each.rule not in get_args(Rule):
            faults.append(f"{each.id}: no rule “{each.rule}”")
    rules = found.rules
    if set(rules.readiness) != set(get_args(Checked)):
        faults.append("readiness: a score for every verdict, and for no other word")
    for name, points, rises in (
        ("precision", rules.precision, False),
        ("withheld", rules.withheld, False),
        ("observed", rules.observed, True),
    ):
        ordered = all(before[0] < after[0] and (before[1] < after[1]) == rises for before, after in pairwise(points))
        if not ordered or not all(0 <= score <= 100 for _, score in points):
            faults.append(
                f"{name}: figures ascend, and scores between 0 and 100 {'rise' if rises else 'fall'} with them"
            )
    if faults:
        raise CriteriaError(f"The criteria need mending, {file}: {'; '.join(faults)}.")
