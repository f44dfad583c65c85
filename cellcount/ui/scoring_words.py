"""What follows from scores and weights, in sentences: crossovers, dominated themes, disagreement. No Streamlit here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cellcount.methods.decisions import DECIMALS, Assessment, Change, crossovers, dominance
from cellcount.ui.scoring import NOT_RANKED, Panel, Standing
from cellcount.ui.words import listed

NUMBERS = {2: "two", 3: "three"}
NO_CROSSOVER = {
    1: "No change of a single weight, the others in proportion, puts another theme first.",
    3: "No change of a single weight, the others in proportion, changes the first three.",
}


def crossover_sentences(found: Assessment, titles: Sequence[str], criteria: Sequence[str], top: int = 1) -> list[str]:
    """At which weight of one criterion another theme would be in front, the nearest first.

    Parameters
    ----------
    found : Assessment
        Values and weights.
    titles, criteria : sequence of str
        Of themes and criteria, in the order of the assessment.
    top : int
        How many are in front.

    Examples
    --------
    Values are 60 t + 20 (1 - t) and 30 t + 50 (1 - t): level at t = 1/2.

    >>> from cellcount.methods.decisions import assess
    >>> crossover_sentences(assess([[60, 20], [30, 50]], [3, 7]), ["A", "B"], ["Cost", "Time"])
    ['A would be first if Cost weighed more than 50 % (now 30 %).', 'A would be first if Time weighed less than 50 % (now 70 %).']
    """  # noqa: E501 - what it prints
    near: list[tuple[float, str]] = []
    for name, criterion in zip(criteria, crossovers(found, top), strict=True):
        now = f"(now {_per_cent(criterion.weight)})"
        for change, word, goes in ((criterion.below, "less", _down), (criterion.above, "more", _up)):
            if change is None:
                continue
            who, instead = goes(change)
            said = _in_front([titles[each] for each in who], [titles[each] for each in instead], top)
            sentence = f"{said} if {name} weighed {word} than {_per_cent(change.weight)} {now}."
            near.append((round(abs(change.weight - criterion.weight), DECIMALS), sentence))
    return [sentence for _, sentence in sorted(near, key=lambda each: each[0])]


def _down(change: Change) -> tuple[list[int], list[int]]:
    """Who comes to the front, and who leaves it, as a weight falls below a crossover."""
    return _between(change.over, change.under)


def _up(change: Change) -> tuple[list[int], list[int]]:
    return _between(change.under, change.over)


def _between(before: Sequence[int], after: Sequence[int]) -> tuple[list[int], list[int]]:
    return [each for each in after if each not in before], [each for each in before if each not in after]


def _in_front(who: list[str], instead: list[str], top: int) -> str:
    if not who:
        # Where themes were level before, one of them falls back.
        place = "first" if top == 1 else f"among the first {NUMBERS[top]}"
        return f"{listed(instead)} would no longer be {place}"
    if top == 1:
        return f"{listed(who)} would be first"
    rest = f" in the place of {listed(instead)}" if instead else ""
    return f"{listed(who)} would be among the first {NUMBERS[top]}{rest}"


def dominance_sentences(found: Assessment, titles: Sequence[str]) -> list[str]:
    """Themes that no weights could put above another.

    Parameters
    ----------
    found : Assessment
        Values and weights.
    titles : sequence of str
        Of themes, in the order of the assessment.

    Examples
    --------
    >>> from cellcount.methods.decisions import assess
    >>> dominance_sentences(assess([[80, 60], [80, 50], [90, 0]], [1, 1]), ["A", "B", "C"])
    ['B is better than A on no criterion that counts, and worse on at least one: no weights could put it above.']
    """
    pairs = dominance(found)
    return [
        f"{titles[at]} is better than {listed([titles[each] for each in over])} on no criterion that counts, and worse "
        "on at least one: no weights could put it above."
        for at in range(len(titles))
        if (over := pairs.dominators(at))
    ]


def disagreement_sentences(panel: Panel) -> list[str]:
    """How far those who scored differ, and over what most.

    Parameters
    ----------
    panel : Panel
        Scores and weights of people.
    """
    if len(panel.judged) < 2:
        return ["Only one person has scored: there is nothing to compare."] if panel.judged else []
    found = panel.disagreement()
    if found is None:
        return ["People are compared once somebody has set weights."]
    said = []
    if found.concordance is None:
        said.append(
            "The orders of the themes cannot be compared yet: fewer than two people have scored all that counts."
        )
    else:
        people = int(np.isfinite(found.ranks).any(axis=1).sum())
        # The mean of W over orders at random, with ties or without: Kendall (1948), chapter 6.
        said.append(
            f"Kendall's W, the concordance of their orders, is {found.concordance:.2f}: 1 is the same order, and "
            f"{1 / people:.2f} what {people} people whose orders have nothing to do with each other come to on average."
        )
    if found.most_disputed:
        names = listed([panel.themes[each].title for each in found.most_disputed])
        apart = int(found.rank_ranges[found.most_disputed[0]])
        said.append(f"The place of {names} differs most: by {apart} from one person to another.")
    if np.nanmax(np.nan_to_num(found.ranges)) > 0:
        theme, criterion = np.unravel_index(int(np.nanargmax(np.nan_to_num(found.ranges))), found.ranges.shape)
        cell = panel.scores[panel.themes[theme].id, panel.criteria[criterion].id]
        given = [each.value for each in cell.given if each.value is not None]
        said.append(
            f"Scores lie furthest apart on {panel.criteria[criterion].title} of {panel.themes[theme].title}: "
            f"{min(given):g} to {max(given):g}."
        )
    return said


def missing_sentences(standing: Standing) -> list[str]:
    """Themes that are not ranked, and why.

    Parameters
    ----------
    standing : Standing
        How all themes stand.
    """
    return [
        f"{each.title}: {each.rank_words.removeprefix(NOT_RANKED)}" for each in standing.themes if each.place is None
    ]


def crossovers_of(standing: Standing, top: int) -> list[str]:
    """At which weights the first theme, or the first few, would be others, the nearest first.

    Parameters
    ----------
    standing : Standing
        How all themes stand.
    top : int
        How many are in front; nothing is said where no more are ranked.
    """
    if standing.assessment is None or int(standing.assessment.ranked.sum()) <= top:
        return []
    titles = [each.title for each in standing.panel.themes]
    criteria = [each.title for each in standing.panel.criteria]
    return crossover_sentences(standing.assessment, titles, criteria, top) or [NO_CROSSOVER[top]]


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %"
