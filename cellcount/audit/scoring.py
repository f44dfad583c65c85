"""What an attack claims, and whether the truth bears it out.

A figure is under attack if it is withheld because fewer devices than the threshold are known behind it, as delivered.
The rule leaves it the interval from 1 to threshold - 1 devices. An attack claims an interval; where that does not hold
all of what the rule leaves, it is narrower. If the truth may lie inside the claim, the figure is disclosed; if the
deliveries show that it does not, the claim was wrong and discloses nothing. A figure that is withheld for the sake of
others could have been published, and is not itself under attack. Nor does luck disclose: see `Attack.lucky`.

An attack by guess is compared with three others, and must beat each: the same guess without sums; one from the rule
alone, for what is no better discloses nothing, however bad the others are; and one that uses the sums of a place
beside it, so that what sums tell of the level of withheld figures in a whole region is not taken for knowledge of one
of them. The truth is known to within an interval; an error is the distance to it, so that what the deliveries do not
say favours no guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from cellcount.audit.relations import (
    TOLERANCE,
    Amounts,
    Bounds,
    Numbers,
    Relations,
    confine_parts,
    confine_totals,
    propagate,
)
from cellcount.audit.rule import Rule

SIGNIFICANCE = 0.01
ONE_PER_CENT = 2.33
"""Standard deviations that a normal variable exceeds in one case of a hundred."""
LEAST_CLUSTERS = 8
"""Below this many places that do not depend on each other, no test is made."""


@dataclass(frozen=True)
class Truth:
    """What the deliveries say of each figure.

    Parameters
    ----------
    people : Bounds
        Devices of all operators over the share of people whom they see, withheld counts at their bounds; 0 to infinity
        where nothing is known.
    small : array of bool
        Whether fewer devices than the threshold are known, but some: what the rule withholds.
    """

    people: Bounds
    small: NDArray[np.bool_]


@dataclass(frozen=True)
class Figures:
    """Figures under attack together, and what is needed to attack them and to score it.

    Parameters
    ----------
    value : array of float
        Released figures, NaN where withheld.
    share : array of float
        P of each as the attacker has it, devices for each person.
    truth : Truth
        What the deliveries say, for scoring alone.
    smooth : array of float
        A guess of each withheld figure that uses no sum.
    cluster : array of int64
        Place that each belongs to: figures of one place are not independent.
    rule : Rule
        The withholding rule.
    may_be_none : array of bool, optional
        Which withheld figures may be zero: those withheld with the total that they are part of, where that is the rule.
    """

    value: Amounts
    share: Amounts
    truth: Truth
    smooth: Amounts
    cluster: Numbers
    rule: Rule
    may_be_none: NDArray[np.bool_] | None = None

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """Which figures are withheld."""
        return np.isnan(self.value)

    @property
    def under_attack(self) -> NDArray[np.bool_]:
        """Which figures are withheld for being small."""
        return self.hidden & self.truth.small

    def below(self, relations: Relations) -> Figures:
        """The same figures; where zeros are withheld below withheld totals, those that may be zero for that are told.

        Parameters
        ----------
        relations : Relations
            Every sum among the figures.

        Returns
        -------
        Figures
        """
        if not self.rule.zeros_below:
            return self
        may_be_none = np.zeros(len(self.value), dtype=np.bool_)
        may_be_none[relations.part[self.hidden[relations.total][relations.of]]] = True
        return replace(self, may_be_none=may_be_none)

    def known(self, *, bold: bool = False) -> Bounds:
        """What an attacker knows of each before any sum: see `Rule.known`."""
        known = self.rule.known(self.value, self.share, bold=bold)
        if self.may_be_none is None:
            return known
        return Bounds(np.where(self.may_be_none & self.hidden, 0.0, known.low), known.high)


@dataclass
class Guesses:
    """Errors of guesses, people, one a figure."""

    flat: list[Amounts] = field(default_factory=list)
    smooth: list[Amounts] = field(default_factory=list)
    sums: list[Amounts] = field(default_factory=list)
    shuffled: list[Amounts] = field(default_factory=list)
    cluster: list[Numbers] = field(default_factory=list)


@dataclass
class Attack:
    """One kind of attack, and what came of it.

    Parameters
    ----------
    kind : str
        Its name.
    assumes : str
        What the attacker takes for granted, in a sentence.
    """

    kind: str
    assumes: str
    tried: int = 0
    disclosed: int = 0
    wrong: int = 0
    by_chance: int = 0
    bold: int = 0
    bold_wrong: int = 0
    guesses: Guesses = field(default_factory=Guesses)
    examples: list[str] = field(default_factory=list)

    def claim(self, figures: Figures, claims: Bounds, tried: NDArray[np.bool_]) -> None:
        """Score claims, one a figure.

        Parameters
        ----------
        figures : Figures
            The figures.
        claims : Bounds
            What the attack confines each to; -inf and inf where it says nothing.
        tried : array of bool
            Which figures the attack is about.
        """
        under_attack = tried & figures.under_attack
        disclosed, wrong = verdicts(figures.share, claims, figures.truth, figures.rule)
        self.tried += int(under_attack.sum())
        self.wrong += int((under_attack & wrong).sum())
        self.disclosed += int((under_attack & disclosed).sum())
        places = np.flatnonzero(under_attack)
        others = np.random.default_rng(len(places)).permutation(places)
        low, high = (
            bound[places] * (figures.share[places] / figures.share[others]) for bound in (claims.low, claims.high)
        )
        elsewhere = Truth(
            Bounds(figures.truth.people.low[others], figures.truth.people.high[others]), figures.truth.small[others]
        )
        right, _ = verdicts(figures.share[others], Bounds(low, high), elsewhere, figures.rule)
        self.by_chance += int(right.sum())

    @property
    def lucky(self) -> bool:
        """Whether the claims that may be right are luck.

        Most narrow claims are then wrong, which says that what the attacker takes for granted does not hold, and those
        that may be right are no more than the same claims would be of other withheld figures drawn at random.
        """
        chance = self.by_chance + ONE_PER_CENT * np.sqrt(self.by_chance)
        return self.wrong > self.disclosed > 0 and self.disclosed <= chance

    def claim_boldly(self, figures: Figures, claims: Bounds, tried: NDArray[np.bool_]) -> None:
        """Score claims that suppose every withheld figure to be a small one: reported, not counted."""
        under_attack = tried & figures.under_attack
        disclosed, wrong = verdicts(figures.share, claims, figures.truth, figures.rule)
        self.bold += int((under_attack & disclosed).sum())
        self.bold_wrong += int((under_attack & wrong).sum())

    def by_sums(self, figures: Figures, relations: Relations, totals: Attack) -> None:
        """Claim what relations confine withheld figures to, and guess by them.

        Parameters
        ----------
        figures : Figures
            The figures.
        relations : Relations
            Sums among them.
        totals : Attack
            Where claims about totals from their own parts are scored; those about parts are scored here.
        """
        size = len(figures.value)
        above, inside = (np.zeros(size, dtype=np.bool_) for _ in range(2))
        above[relations.total] = inside[relations.part] = True
        for bold in (False, True) if figures.rule.open_ended else (False,):
            known = figures.known(bold=bold)
            for attack, claims, tried in (
                (self, confine_parts(relations, known), inside),
                (totals, confine_totals(relations, known), above),
            ):
                (attack.claim_boldly if bold else attack.claim)(figures, claims, tried)
        chosen = inside & figures.under_attack
        if chosen.any():
            self.guess(figures, chosen, *guesses_with_sums(relations, figures))

    def by_several_sums(self, figures: Figures, relations: Relations) -> None:
        """Claim what relations confine withheld figures to in several steps."""
        tried = relations.members(len(figures.value))
        self.claim(figures, propagate(relations, figures.known()), tried)

    def found(self, tried: int, disclosed: int, examples: Iterable[str] = ()) -> None:
        """Count what was looked for and found outright."""
        self.tried += tried
        self.disclosed += disclosed
        self.examples += [each for each in examples if len(self.examples) < 3]

    def guess(self, figures: Figures, chosen: NDArray[np.bool_], sums: Amounts, shuffled: Amounts) -> None:
        """Keep the errors of four guesses of the same figures.

        They are: from the rule alone, without sums, with sums, and with the sums of other relations.

        Parameters
        ----------
        figures : Figures
            The figures.
        chosen : array of bool
            Which of them.
        sums, shuffled : array of float
            Guesses with sums, and with those of other relations.
        """
        low, high = figures.truth.people.low[chosen], figures.truth.people.high[chosen]
        flat = flat_guess(figures.share, figures.rule)
        for name, amount in (("flat", flat), ("smooth", figures.smooth), ("sums", sums), ("shuffled", shuffled)):
            error = np.maximum(np.maximum(low - amount[chosen], amount[chosen] - high), 0.0)
            getattr(self.guesses, name).append(error)
        self.guesses.cluster.append(figures.cluster[chosen])

    def to_dict(self, tests: int) -> dict[str, Any]:
        """The result as it is written; `tests` is the number of kinds that were tested by guesses."""
        errors = {name: np.concatenate(kept) if kept else np.zeros(0) for name, kept in vars(self.guesses).items()}
        guessed: dict[str, Any] | None = None
        disclosed = 0 if self.lucky else self.disclosed
        if len(errors["flat"]):
            places = errors["cluster"].astype(np.int64)
            chances = {
                name: better_by_chance(errors[name], errors["sums"], places) for name in ("smooth", "flat", "shuffled")
            }
            chance = None if None in chances.values() else max(each for each in chances.values() if each is not None)
            beats = chance is not None and chance < SIGNIFICANCE / max(tests, 1)
            nearer = int((errors["sums"] < errors["smooth"] - TOLERANCE).sum())
            guessed = {
                "figures": len(errors["flat"]),
                "error_of_rule_alone": round(float(errors["flat"].mean()), 4),
                "error_of_smoothness_alone": round(float(errors["smooth"].mean()), 4),
                "error_with_shuffled_sums": round(float(errors["shuffled"].mean()), 4),
                "error_with_sums": round(float(errors["sums"].mean()), 4),
                "chance": chance,
                "chance_against_each": chances,
                "sums_beat_smoothness": beats,
                "nearer_with_sums": nearer,
            }
            disclosed = max(disclosed, nearer) if beats else disclosed
        return {
            "kind": self.kind,
            "assumes": self.assumes,
            "tried": self.tried,
            "disclosed": disclosed,
            "claims_that_may_be_right": self.disclosed,
            "claims_right_by_chance": self.by_chance,
            "claims_that_were_wrong": self.wrong,
            "bold_claims_that_may_be_right": self.bold,
            "bold_claims_that_were_wrong": self.bold_wrong,
            "guesses": guessed,
            "examples": self.examples[:3],
        }

    @property
    def tested(self) -> bool:
        """Whether guesses were compared."""
        return bool(self.guesses.flat)


def verdicts(share: Amounts, claims: Bounds, truth: Truth, rule: Rule) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which claims disclose, and which were narrow and wrong.

    Parameters
    ----------
    share : array of float
        P of each figure.
    claims : Bounds
        What is claimed of each.
    truth : Truth
        What the deliveries say.
    rule : Rule
        The withholding rule.

    Returns
    -------
    tuple of arrays of bool

    Examples
    --------
    At P = 1 the rule leaves 1 to 9. A claim of 3 to 20 is narrower, and the truth, 4, lies in it; one of 6 to 20 is
    wrong; one of 0 to 20 says nothing.

    >>> four = Truth(Bounds(np.full(3, 4.0), np.full(3, 4.0)), np.ones(3, dtype=bool))
    >>> claims = Bounds(np.array([3.0, 6.0, 0.0]), np.full(3, 20.0))
    >>> verdicts(np.ones(3), claims, four, Rule(10, 1, open_ended=False))
    (array([ True, False, False]), array([False,  True, False]))
    """
    left = rule.withheld(share)
    narrower = (claims.low > left.low + TOLERANCE) | (claims.high < left.high - TOLERANCE)
    possible = (claims.low <= truth.people.high + TOLERANCE) & (claims.high >= truth.people.low - TOLERANCE)
    possible &= claims.low <= claims.high + TOLERANCE
    return narrower & possible, narrower & ~possible


def better_by_chance(before: Amounts, after: Amounts, cluster: Numbers) -> float | None:
    """Chance of so large a gain if there were none: a paired, one-sided t test of errors, by place.

    Gains are added up in each place first, for figures of one place share their errors.

    Parameters
    ----------
    before, after : array of float
        Errors of two guesses of the same figures.
    cluster : array of int64
        Their places.

    Returns
    -------
    float or None
        None where there are too few places to tell.

    Examples
    --------
    >>> places = np.arange(10)
    >>> better_by_chance(np.full(10, 3.0), np.full(10, 3.0), places)
    1.0
    >>> better_by_chance(3.0 + places / 10, np.ones(10), places) < 0.001
    True
    """
    _, place = np.unique(cluster, return_inverse=True)
    gains = np.bincount(place, before - after)
    if len(gains) < LEAST_CLUSTERS:
        return None
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    if error <= TOLERANCE:
        return 0.0 if gains.mean() > TOLERANCE else 1.0
    return float(student.sf(gains.mean() / error, len(gains) - 1))


ENOUGH = 30
"""Relations from which an attacker learns how far sums usually miss."""
MEDIAN_OF_SQUARES = 0.4549
"""Median of the square of a standard normal variable."""


def guesses_with_sums(relations: Relations, figures: Figures, dates: int = 1) -> tuple[Amounts, Amounts]:
    """Improve guesses by what the sums leave: the best linear estimate.

    What a relation's total leaves after its parts, withheld ones at their guess, is shared among the withheld in
    proportion to how unsure each is, and shrunk by how much of it is rounding and other noise. How far sums usually
    miss is learnt from the release itself, by number of withheld figures in a relation; it is never taken to be less
    than chance and rounding make it.

    Parameters
    ----------
    relations : Relations
        Sums among the figures.
    figures : Figures
        The figures, with guesses that use no sum.
    dates : int
        Number of dates whose mean each figure is: their rounding is independent.

    Returns
    -------
    array of float
        Guesses of the withheld figures, inside what the rule leaves; where they are in no relation, `smooth`.

    Examples
    --------
    A parent of 100 with a child of 95 and a withheld one, guessed at 3: the rest is 5. Rounded to the unit, the rest is
    nearly all that counts; rounded to base 5, the guess moves by two fifths of the way.

    >>> family = Relations(np.array([0]), np.array([1, 2]), np.array([0, 0]))
    >>> def guessed(base):
    ...     value, guess = np.array([100.0, 95.0, np.nan]), np.array([0.0, 0.0, 3.0])
    ...     nothing = Truth(Bounds(np.zeros(3), np.zeros(3)), np.zeros(3, dtype=bool))
    ...     figures = Figures(value, np.ones(3), nothing, guess, np.zeros(3), Rule(10, base, open_ended=False))
    ...     return guesses_with_sums(family, figures)[0][2].round(1)
    >>> guessed(base=1), guessed(base=5)
    (np.float64(4.9), np.float64(3.8))
    """
    value, hidden, rule = figures.value, figures.hidden, figures.rule
    amount = np.where(hidden, figures.smooth, value)
    left = rule.withheld(figures.share)
    doubt = np.where(hidden, np.square(left.high - left.low) / 12, rule.rounding_variance / dates)
    rest = amount[relations.total] - relations.summed(amount) - relations.shift
    variance = doubt[relations.total] + relations.summed(doubt)
    number = (hidden[relations.total] + relations.summed(hidden)).astype(np.int64)
    usual = np.square(rest)
    for many in np.unique(number[number > 0]):
        these = number == many
        if these.sum() >= ENOUGH:
            missed = min(np.median(usual[these]) / MEDIAN_OF_SQUARES, usual[these].mean())
            variance[these] = np.maximum(variance[these], missed)
    other = _others(relations, number)

    def moved(rest: Amounts) -> Amounts:
        moves, times = np.zeros(len(value)), np.zeros(len(value))
        np.add.at(moves, relations.total, -rest / variance * doubt[relations.total])
        np.add.at(times, relations.total, 1)
        np.add.at(moves, relations.part, (rest / variance)[relations.of] * doubt[relations.part])
        np.add.at(times, relations.part, 1)
        return np.clip(figures.smooth + moves / np.maximum(times, 1), left.low, left.high)

    return moved(rest), moved(rest[other])


def _others(relations: Relations, number: Numbers) -> Numbers:
    """For each relation the one before or after it that has as many withheld figures.

    Totals lie in the order of their codes: those beside each other in it are mostly neighbours on the ground.
    """
    order = np.lexsort((relations.total, number))
    other = np.empty(len(order), dtype=np.int64)
    even = len(order) // 2 * 2
    other[order[0:even:2]], other[order[1:even:2]] = order[1:even:2], order[0:even:2]
    if even < len(order):
        other[order[-1]] = order[max(even - 1, 0)]
    return other


def flat_guess(share: Amounts, rule: Rule) -> Amounts:
    """A guess from the rule alone: the mean of 1 to threshold - 1 if nothing of the scale is known, people.

    Chances in proportion to 1/n give (t - 1) / H(t - 1): 3.2 devices at a threshold of 10.
    """
    counts = np.arange(1, rule.threshold)
    return float(len(counts) / (1 / counts).sum()) / share


def from_neighbours(relations: Relations, value: Amounts, weight: Amounts) -> tuple[Amounts, Amounts]:
    """Two guesses of each part, neither of which takes a sum or a difference.

    Figures for each unit of weight (a resident) in the released parts beside it, and in the total of which it is a
    part, times its own weight.

    Parameters
    ----------
    relations : Relations
        Which figures are parts of which total.
    value : array of float
        Released figures, NaN where withheld.
    weight : array of float
        Weight of each figure.

    Returns
    -------
    tuple of arrays of float
        NaN where nothing is released beside it, or above it.

    Examples
    --------
    A total of 100 over parts of 10, 20 and 10 residents, of which the first has 30 and the second 60:

    >>> family = Relations(np.array([0]), np.array([1, 2, 3]), np.zeros(3, dtype=int))
    >>> found = from_neighbours(family, np.array([100.0, 30, 60, np.nan]), np.array([0.0, 10, 20, 10]))
    >>> [float(guess[3]) for guess in found]
    [30.0, 25.0]
    """
    shown = ~np.isnan(value)
    people, weight_shown = (relations.summed(np.where(shown, each, 0.0)) for each in (value, weight))
    beside, above = (np.full(len(value), np.nan) for _ in range(2))
    beside[relations.part] = _ratio(people, weight_shown)[relations.of] * weight[relations.part]
    in_total = _ratio(value[relations.total], relations.summed(weight))
    above[relations.part] = in_total[relations.of] * weight[relations.part]
    return beside, above


def _ratio(top: Amounts, bottom: Amounts) -> Amounts:
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


def blended(guesses: Sequence[Amounts], share: Amounts, rule: Rule) -> Amounts:
    """The geometric mean of guesses, each first brought inside what the rule leaves; from the rule alone without any.

    Parameters
    ----------
    guesses : sequence of arrays of float
        NaN where there is none.
    share : array of float
        P of each figure.
    rule : Rule
        The withholding rule.

    Returns
    -------
    array of float
        People.
    """
    left = rule.withheld(share)
    logs = [np.log(np.clip(guess, left.low, left.high)) for guess in guesses]
    known = np.sum([~np.isnan(each) for each in logs], axis=0)
    total = np.nansum(logs, axis=0)
    return np.where(known > 0, np.exp(total / np.maximum(known, 1)), flat_guess(share, rule))
