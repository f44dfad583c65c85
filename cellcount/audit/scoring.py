"""What an attack claims, and whether the truth bears it out.

A figure is under attack if it is withheld because fewer devices than the threshold are known behind it, as delivered.
The rule leaves it the interval from 1 to threshold - 1 devices. An attack claims an interval; where that does not hold
all of what the rule leaves, it is narrower. If the truth may lie inside the claim, the figure is disclosed; if the
deliveries show that it does not, the claim was wrong and discloses nothing. A figure that is withheld for the sake of
others could have been published, and is not itself under attack. Nor does luck disclose: see `Attack.lucky`.

An attack by guess is compared with others, and must beat each: the same guess without sums, and another without them;
one from the rule alone, the same number of devices for every figure, the number that errs least, for what is no better
discloses nothing, however bad the others are; one that uses the sums of a place beside it, so that what sums tell of
the level of withheld figures in a whole region is not taken for knowledge of one of them; and one that takes for the
total what released parts and what stands for the others make without it, so that what parts tell of each other is not
taken for what their total tells. The truth is known to within an interval; an error is the distance to it, so that
what the deliveries do not say favours no guess.
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
        A guess of each withheld figure that uses no difference of released figures.
    cluster : array of int64
        Place that each belongs to: figures of one place are not independent.
    rule : Rule
        The withholding rule.
    may_be_none : array of bool, optional
        Which withheld figures may be zero: those withheld with the total that they are part of, where that is the rule.
    neighbours : array of float, optional
        Another guess without any sum, if `smooth` is not made from neighbours and hours.
    alike : array of int64, optional
        A number that withheld figures share of which the release says the same outright; 0 where it says nothing.
    stand_in : array of float, optional
        What the release counts for each withheld figure in totals, people; NaN where it does not say.
    """

    value: Amounts
    share: Amounts
    truth: Truth
    smooth: Amounts
    cluster: Numbers
    rule: Rule
    may_be_none: NDArray[np.bool_] | None = None
    neighbours: Amounts | None = None
    alike: Numbers | None = None
    stand_in: Amounts | None = None

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

    by_devices: dict[int, list[NDArray[np.float32]]] = field(default_factory=dict)
    neighbours: list[Amounts] = field(default_factory=list)
    smooth: list[Amounts] = field(default_factory=list)
    sums: list[Amounts] = field(default_factory=list)
    shuffled: list[Amounts] = field(default_factory=list)
    without_total: list[Amounts] = field(default_factory=list)
    cluster: list[Numbers] = field(default_factory=list)

    def joined(self) -> dict[str, NDArray]:
        """All errors of each guess; `flat` is of the number of devices that, guessed of every figure, errs least."""
        errors = {
            name: np.concatenate(kept) if kept else np.zeros(0)
            for name, kept in vars(self).items()
            if name != "by_devices"
        }
        best = min(
            self.by_devices.values(), key=lambda kept: sum(float(each.sum()) for each in kept), default=[np.zeros(0)]
        )
        return {**errors, "flat": np.concatenate(best).astype(np.float64)}


@dataclass
class Tally:
    """Narrow claims: how many may be right, are wrong, and would be right of others drawn at random."""

    right: int = 0
    wrong: int = 0
    by_chance: int = 0

    @property
    def as_by_chance(self) -> bool:
        """Whether no more may be right than would be by chance, but for what chance itself leaves open."""
        return self.right <= self.by_chance + ONE_PER_CENT * np.sqrt(self.by_chance)


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
    outright: int = 0
    claims: Tally = field(default_factory=Tally)
    of_stand_ins: Tally = field(default_factory=Tally)
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
        alike = np.zeros(len(tried), dtype=np.int64) if figures.alike is None else figures.alike
        for tally, chosen in (
            (self.claims, under_attack & (alike == 0)),
            (self.of_stand_ins, under_attack & (alike > 0)),
        ):
            tally.wrong += int((chosen & wrong).sum())
            tally.right += int((chosen & disclosed).sum())
            places = np.flatnonzero(chosen)
            tally.by_chance += _right_by_chance(figures, claims, places, _drawn_among(alike[places]))

    @property
    def disclosed(self) -> int:
        """Claims that may be right, and what was found outright."""
        return self.outright + self.claims.right + self.of_stand_ins.right

    @property
    def lucky(self) -> bool:
        """Whether all claims that may be right are luck."""
        return self.disclosed > 0 and self._beyond_luck == 0

    @property
    def _beyond_luck(self) -> int:
        """Claims that may be right and are not luck.

        Luck are claims of which most narrow ones are wrong, which says that what the attacker takes for granted does
        not hold, and of which those that may be right are no more than the same claims would be of other withheld
        figures drawn at random. Where the release says the same of many withheld figures, a claim that fits others of
        them, drawn at random, as often discloses nothing beyond that.
        """
        mostly_wrong = self.claims.wrong > self.claims.right and self.claims.as_by_chance
        return (
            self.outright
            + (0 if mostly_wrong else self.claims.right)
            + (0 if self.of_stand_ins.as_by_chance else self.of_stand_ins.right)
        )

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
            self.guess(figures, chosen, guesses_with_sums(relations, figures))

    def by_claims(self, figures: Figures, relations: Relations) -> None:
        """Claim what relations confine their parts to; their totals are taken as they are, for they are not rounded."""
        inside, exact = (np.zeros(len(figures.value), dtype=np.bool_) for _ in range(2))
        inside[relations.part] = exact[relations.total] = True
        for bold in (False, True) if figures.rule.open_ended else (False,):
            known = figures.known(bold=bold)
            known = Bounds(*(np.where(exact, figures.value, bound) for bound in (known.low, known.high)))
            (self.claim_boldly if bold else self.claim)(figures, confine_parts(relations, known), inside)

    def by_several_sums(self, figures: Figures, relations: Relations) -> None:
        """Claim what relations confine withheld figures to in several steps."""
        tried = relations.members(len(figures.value))
        self.claim(figures, propagate(relations, figures.known()), tried)

    def found(self, tried: int, disclosed: int, examples: Iterable[str] = ()) -> None:
        """Count what was looked for and found outright."""
        self.tried += tried
        self.outright += disclosed
        self.examples += [each for each in examples if len(self.examples) < 3]

    def guess(self, figures: Figures, chosen: NDArray[np.bool_], with_sums: GuessesWithSums) -> None:
        """Keep the errors of four guesses of the same figures.

        They are: from the rule alone, without sums, with sums, and with the sums of other relations.

        Parameters
        ----------
        figures : Figures
            The figures.
        chosen : array of bool
            Which of them.
        with_sums : GuessesWithSums
            Guesses with sums, and what they are compared with.
        """
        low, high = figures.truth.people.low[chosen], figures.truth.people.high[chosen]
        guesses = {
            "neighbours": figures.smooth if figures.neighbours is None else figures.neighbours,
            "smooth": figures.smooth,
            "sums": with_sums.sums,
            "shuffled": with_sums.shuffled,
            "without_total": with_sums.without_total,
        }
        for name, amount in guesses.items():
            error = np.maximum(np.maximum(low - amount[chosen], amount[chosen] - high), 0.0)
            getattr(self.guesses, name).append(error)
        share = figures.share[chosen]
        for devices in range(1, figures.rule.threshold):
            error = np.maximum(np.maximum(low - devices / share, devices / share - high), 0.0)
            self.guesses.by_devices.setdefault(devices, []).append(error.astype(np.float32))
        self.guesses.cluster.append(figures.cluster[chosen])

    def to_dict(self, tests: int) -> dict[str, Any]:
        """The result as it is written; `tests` is the number of kinds that were tested by guesses."""
        errors = self.guesses.joined()
        guessed: dict[str, Any] | None = None
        disclosed = self._beyond_luck
        if len(errors["flat"]):
            places = errors["cluster"].astype(np.int64)
            chances = {
                name: better_by_chance(errors[name], errors["sums"], places)
                for name in ("smooth", "neighbours", "flat", "shuffled", "without_total")
            }
            chance = None if None in chances.values() else max(each for each in chances.values() if each is not None)
            beats = chance is not None and chance < SIGNIFICANCE / max(tests, 1)
            nearer = int((errors["sums"] < errors["smooth"] - TOLERANCE).sum())
            guessed = {
                "figures": len(errors["flat"]),
                "error_of_rule_alone": round(float(errors["flat"].mean()), 4),
                "error_of_neighbours_alone": round(float(errors["neighbours"].mean()), 4),
                "error_of_smoothness_alone": round(float(errors["smooth"].mean()), 4),
                "error_with_shuffled_sums": round(float(errors["shuffled"].mean()), 4),
                "error_with_what_stands_for_totals": round(float(errors["without_total"].mean()), 4),
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
            "claims_right_by_chance": self.claims.by_chance + self.of_stand_ins.by_chance,
            "claims_that_were_wrong": self.claims.wrong + self.of_stand_ins.wrong,
            "bold_claims_that_may_be_right": self.bold,
            "bold_claims_that_were_wrong": self.bold_wrong,
            "guesses": guessed,
            "examples": self.examples[:3],
        }

    @property
    def tested(self) -> bool:
        """Whether guesses were compared."""
        return bool(self.guesses.smooth)


def _drawn_among(alike: Numbers) -> Numbers:
    """For each figure another, drawn at random among those alike."""
    generator = np.random.default_rng(len(alike))
    order = np.argsort(alike, kind="stable")
    drawn = np.lexsort((generator.random(len(alike)), alike))
    found = np.empty(len(alike), dtype=np.int64)
    found[order] = drawn
    return found


def _right_by_chance(figures: Figures, claims: Bounds, places: Numbers, drawn: Numbers) -> int:
    """How many claims would be right of other figures."""
    others = places[drawn]
    low, high = (bound[places] * (figures.share[places] / figures.share[others]) for bound in (claims.low, claims.high))
    elsewhere = Truth(
        Bounds(figures.truth.people.low[others], figures.truth.people.high[others]), figures.truth.small[others]
    )
    right, _ = verdicts(figures.share[others], Bounds(low, high), elsewhere, figures.rule)
    return int(right.sum())


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


@dataclass(frozen=True)
class GuessesWithSums:
    """Guesses of withheld figures by sums, people.

    Parameters
    ----------
    sums : array of float
        With the relations' own totals.
    shuffled : array of float
        With those of other relations.
    without_total : array of float
        With totals that are what their released parts and what stands for the withheld ones make. Where no part is
        released, what stands for the parts is the total, shared out: guesses cannot differ there, and claims alone tell
        whether such a total gives its parts away.
    """

    sums: Amounts
    shuffled: Amounts
    without_total: Amounts


def guesses_with_sums(relations: Relations, figures: Figures, dates: int = 1) -> GuessesWithSums:
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
    GuessesWithSums
        Inside what the rule leaves; where figures are in no relation, `smooth`.

    Examples
    --------
    A parent of 100 with a child of 95 and a withheld one, guessed at 3: the rest is 5. Rounded to the unit, the rest is
    nearly all that counts; rounded to base 5, the guess moves by two fifths of the way.

    >>> family = Relations(np.array([0]), np.array([1, 2]), np.array([0, 0]))
    >>> def guessed(base):
    ...     value, guess = np.array([100.0, 95.0, np.nan]), np.array([0.0, 0.0, 3.0])
    ...     nothing = Truth(Bounds(np.zeros(3), np.zeros(3)), np.zeros(3, dtype=bool))
    ...     figures = Figures(value, np.ones(3), nothing, guess, np.zeros(3), Rule(10, base, open_ended=False))
    ...     return guesses_with_sums(family, figures).sums[2].round(1)
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

    known = rest[other]
    if figures.stand_in is not None:
        beyond = np.where(hidden & ~np.isnan(figures.stand_in), figures.stand_in - figures.smooth, 0.0)
        known = np.where(hidden[relations.total], rest, relations.summed(beyond))
    return GuessesWithSums(moved(rest), moved(rest[other]), moved(known))


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
