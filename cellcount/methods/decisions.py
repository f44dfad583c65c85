"""Which options go forward: swing weights, values, and how far the order depends on whose judgement is taken.

It is the linear additive model of multi-criteria analysis. Options are scored on criteria, 0 to 100; a criterion's
weight is what a swing from 0 to 100 on it is worth beside the same swing on the others; an option's value is the
weighted mean of its scores. Ethics is a gate and not a criterion: an option that does not pass is shown and not ranked,
however high its value, for no score elsewhere makes up for it.

The model holds where criteria are independent in preference: what a score on one is worth must not depend on the score
on another. A pair of criteria that measure the same thing counts it twice.

Tables of scores are (options, criteria); several people's are (scorers, options, criteria). NaN is a score that was not
given. It is never taken for 0: an option that lacks one on a criterion that counts has no value. Sentences of errors
count options, criteria and scorers from 1.

References
----------
Department for Communities and Local Government (2009). Multi-criteria analysis: a manual, chapters 5
and 6. ISBN 978-1-4098-1023-0.

HM Treasury (May 2024). Green Book supplementary guidance: multi-criteria decision analysis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TOP_SCORE = 100.0
"""Best end of every scale, of scores and of swing points; the other is 0."""
CONCENTRATION = 50.0
"""How closely drawn weights keep to the given ones: 50 lets a weight of 20 % range from 10 to 32 %, 19 times in 20."""
DRAWS = 10_000
SEED = 2009
DECIMALS = 9
"""Values that agree to so many decimals are a tie: they differ by the rounding of the computer alone."""
AXES = ("scorer", "option", "criterion")
"""What the axes of tables of scores count, in the sentences of errors."""


class DecisionError(ValueError):
    """Weights or scores that cannot be used; its message says which, and what to do."""


def swing_weights(points: ArrayLike) -> Floats:
    """Weights from swing points: each scorer's points, divided by their sum.

    Parameters
    ----------
    points : array of float, shape (criteria,) or (scorers, criteria)
        What the swing from the worst to the best end of a criterion is worth: 100 for the swing that matters most, 0
        for one that does not matter.

    Returns
    -------
    array of float
        Weights of the same shape, 0 to 1; a scorer's add up to 1.

    Raises
    ------
    DecisionError
        Where points are missing, below 0 or above 100, or a scorer's are all 0.

    References
    ----------
    Department for Communities and Local Government (2009), chapter 6. The example is that of Goodwin, P., Wright,
    G. (2004). Decision Analysis for Management Judgment, 3rd edition, chapter 3: published rounded, as 32, 26, 23, 10,
    6 and 3.

    Examples
    --------
    >>> (100 * swing_weights([100, 80, 70, 30, 20, 10])).round(1)
    array([32.3, 25.8, 22.6,  9.7,  6.5,  3.2])
    """
    given = np.asarray(points, dtype=np.float64)
    if given.ndim not in (1, 2) or not given.size:
        raise DecisionError("Give swing points as one row of criteria, or one such row a scorer.")
    axes = AXES[-1:] if given.ndim == 1 else (AXES[0], AXES[-1])
    _refuse(np.isnan(given), given, axes, "has no swing points. Give points from 0 to 100")
    _refuse((given < 0) | (given > TOP_SCORE), given, axes, "has {} swing points. Give points from 0 to 100")
    sums = given.sum(axis=-1, keepdims=True)
    if not np.all(sums > 0):
        who = "" if given.ndim == 1 else f" of scorer {int(np.argmin(sums)) + 1}"
        raise DecisionError(f"The swing points{who} are all 0. Give at least one criterion points above 0.")
    return given / sums


def panel_weights(points: ArrayLike) -> Floats:
    """Weights of a panel: the mean of its scorers' weights, so that each of them counts the same.

    Parameters
    ----------
    points : array of float, shape (scorers, criteria)
        Swing points of each scorer, 0 to 100.

    Returns
    -------
    array of float, shape (criteria,)
        Weights that add up to 1.

    Raises
    ------
    DecisionError
        As `swing_weights`.

    Examples
    --------
    The first gives 2/3 and 1/3, the second, who is sparing with points, 1/4 and 3/4.

    >>> panel_weights([[100, 50], [10, 30]]).round(4)
    array([0.4583, 0.5417])
    """
    return np.atleast_2d(swing_weights(points)).mean(axis=0)


def panel_scores(scores: ArrayLike) -> Floats:
    """Scores of a panel: the mean of those who gave one.

    Parameters
    ----------
    scores : array of float, shape (scorers, options, criteria)
        0 to 100; NaN where not scored.

    Returns
    -------
    array of float, shape (options, criteria)
        NaN where nobody scored.

    Raises
    ------
    DecisionError
        Where a score is outside the scale, or the shape is another.

    Examples
    --------
    >>> panel_scores([[[20.0, np.nan]], [[40.0, np.nan]]])
    array([[30., nan]])
    """
    given = _checked_scores(scores, 3)
    scorers = (~np.isnan(given)).sum(axis=0)
    return np.divide(np.nansum(given, axis=0), scorers, out=np.full(scorers.shape, np.nan), where=scorers > 0)


@dataclass(frozen=True, slots=True)
class Assessment:
    """Options, their values and their order.

    Attributes
    ----------
    values : array of float, shape (options, criteria)
        Scores, 0 to 100; NaN where not scored.
    weights : array of float, shape (criteria,)
        0 to 1, adding up to 1.
    passes : array of bool, shape (options,)
        Whether each passes the ethics gate.
    contributions : array of float, shape (options, criteria)
        What each criterion adds to the value; 0 where its weight is 0, NaN where a score is missing that counts.
    totals : array of float, shape (options,)
        Value, 0 to 100: the sum of the contributions; NaN where one is missing.
    places : array of int64, shape (options,)
        1 for the highest value among the ranked; equal values share the better place; 0 where not ranked.
    """

    values: Floats
    weights: Floats
    passes: Flags
    contributions: Floats
    totals: Floats
    places: NDArray[np.int64]

    @property
    def missing(self) -> Flags:
        """Scores that an option needs to have a value, shape (options, criteria)."""
        return np.isnan(self.contributions)

    @property
    def ranked(self) -> Flags:
        """Options that pass and have a value, shape (options,)."""
        return self.places > 0


def assess(values: ArrayLike, weights: ArrayLike, passes: ArrayLike | None = None) -> Assessment:
    """Value every option, V_i = sum of w_k v_ik, and rank those that pass.

    Parameters
    ----------
    values : array of float, shape (options, criteria)
        Scores, 0 to 100; NaN where not scored.
    weights : array of float, shape (criteria,)
        0 or more; only their proportions matter.
    passes : array of bool, shape (options,), optional
        Whether each passes the ethics gate; all do where it is not given.

    Returns
    -------
    Assessment
        An option with a missing score on a criterion of positive weight has no value and no place.

    Raises
    ------
    DecisionError
        Where a score is outside the scale, a weight is negative or not given, all are 0, or shapes do not agree.

    Examples
    --------
    Addison Square of the office location problem (Goodwin and Wright 2004, table 3.2, see `swing_weights`): 80.8.

    >>> found = assess([[100, 60, 100, 75, 0, 90]], [32, 26, 23, 10, 6, 3])
    >>> found.contributions.round(1), found.totals.round(1)
    (array([[32. , 15.6, 23. ,  7.5,  0. ,  2.7]]), array([80.8]))
    """
    scores = _checked_scores(values, 2)
    shares = _checked_weights(weights, scores.shape[1])
    gate = _checked_passes(passes, scores.shape[0])
    contributions = np.where(shares > 0, scores * shares, 0.0)
    totals = contributions.sum(axis=1)
    ranked = gate & ~np.isnan(totals)
    places = np.zeros(totals.size, dtype=np.int64)
    places[ranked] = 1 + _standing(totals[ranked])[0]
    return Assessment(scores, shares, gate, contributions, totals, places)


@dataclass(frozen=True, slots=True)
class RankFrequencies:
    """How often an option takes each rank when weights are drawn around the given ones.

    Attributes
    ----------
    shares : array of float, shape (options, ranks)
        Share of the draws, 0 to 1, with one rank an option that is ranked. A ranked option's add up to 1, and so do a
        rank's; NaN for options that are not ranked. Options that tie share the ranks that they hold together.
    """

    shares: Floats

    def top(self, places: int) -> Floats:
        """Share of the draws in which an option is among the first two, three or so many, shape (options,)."""
        return self.shares[:, :places].sum(axis=1)


def rank_frequencies(
    assessment: Assessment, *, concentration: float = CONCENTRATION, draws: int = DRAWS, seed: int = SEED
) -> RankFrequencies:
    """How firm the order is if weights are known only roughly.

    Weights are drawn from the Dirichlet distribution whose mean is the given weights w and whose parameters are c w: a
    weight then has the standard deviation sqrt(w (1 - w) / (c + 1)). A weight of zero stays zero.

    Parameters
    ----------
    assessment : Assessment
        Options and weights.
    concentration : float
        c, above 0: the larger, the closer the draws. As many as there are criteria, with equal weights, draws from all
        weights alike.
    draws : int
        How many, at least 1; with 10,000 a share is right to within 1 point.
    seed : int
        The same seed gives the same shares.

    Returns
    -------
    RankFrequencies
        Shares of the draws.

    Raises
    ------
    DecisionError
        Where the concentration or the number of draws is not above 0.

    Notes
    -----
    It is the doubt about weights alone. Scores are taken as they are; for those see `disagreement`.

    References
    ----------
    Lahdelma, R., Salminen, P. (2001). SMAA-2: stochastic multicriteria acceptability analysis for group decision
    making. Operations Research 49(3), 444-454: its rank acceptability index.

    Examples
    --------
    Of two options, each best on one of two criteria, the first wins where the first weight is drawn above 1/2. With
    weights 3/4 and 1/4 and a concentration of 4 that weight is Beta(3, 1), above 1/2 with the chance 1 - 1/8.

    >>> found = rank_frequencies(assess([[100, 0], [0, 100]], [3, 1]), concentration=4)
    >>> bool(abs(found.shares[0, 0] - 7 / 8) < 0.01)
    True
    """
    if not (np.isfinite(concentration) and concentration > 0 and draws >= 1):
        raise DecisionError("Weights cannot be drawn so. Give a concentration above 0 and at least one draw.")
    ranked = assessment.ranked
    scores, counts = assessment.values[ranked], assessment.weights > 0
    drawn = np.random.default_rng(seed).dirichlet(concentration * assessment.weights[counts], size=draws)
    # Sums along the last axis are taken alike for every option, so that equal rows of scores give equal totals.
    totals = (drawn[:, np.newaxis, :] * scores[np.newaxis][:, :, counts]).sum(axis=-1)
    above, level = _standing(totals)
    shares = np.full((ranked.size, max(scores.shape[0], 1)), np.nan)
    for rank in range(scores.shape[0]):
        shares[ranked, rank] = np.where((above <= rank) & (rank < above + level), 1 / level, 0.0).mean(axis=0)
    return RankFrequencies(shares)


@dataclass(frozen=True, slots=True)
class Change:
    """A weight at which the options in front become others.

    Attributes
    ----------
    weight : float
        Of the criterion, above 0 and below 1; the lines of two options cross there.
    under : tuple of int
        Options in front where the weight is a little less, ascending.
    over : tuple of int
        The same where it is a little more.
    """

    weight: float
    under: tuple[int, ...]
    over: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Crossovers:
    """At which weights of one criterion the options in front change, the others kept in proportion.

    Attributes
    ----------
    weight : float
        Its weight as given, 0 to 1.
    changes : tuple of Change
        Ascending by weight; empty where no weight changes anything.
    left_out : tuple of int
        Ranked options that were not scored on the criterion, which has no weight as yet: with one they would have no
        value, and they are not followed.
    """

    weight: float
    changes: tuple[Change, ...]
    left_out: tuple[int, ...]

    @property
    def below(self) -> Change | None:
        """The nearest change on the way down from the weight as given; at that weight itself where there is a tie."""
        found = [change for change in self.changes if change.weight <= self.weight + 10**-DECIMALS]
        return found[-1] if found else None

    @property
    def above(self) -> Change | None:
        """The nearest change on the way up from the weight as given; at that weight itself where there is a tie."""
        found = [change for change in self.changes if change.weight >= self.weight - 10**-DECIMALS]
        return found[0] if found else None


def crossovers(assessment: Assessment, top: int = 1) -> tuple[Crossovers, ...]:
    """How far each weight can move before the options in front become others.

    While the weight t of criterion k moves from 0 to 1 and the others keep their proportions, an option's value is a
    straight line, t v_ik + (1 - t) R_i, where R_i is its value on the other criteria. The order changes only where
    lines meet, so the answer is exact.

    Parameters
    ----------
    assessment : Assessment
        Options and weights.
    top : int
        How many options are in front: 1 for the first place, 2 or 3 for a shortlist. Options that tie for the last
        place of it are all in front.

    Returns
    -------
    tuple of Crossovers
        One a criterion. Where a criterion holds all of the weight the others have no proportions to keep, and no
        changes are given.

    Raises
    ------
    DecisionError
        Where `top` is less than 1.

    References
    ----------
    Department for Communities and Local Government (2009), chapter 6. The example is that of Goodwin and Wright
    (2004), figure 3.7: Elton Street gives the highest value as long as the weight of turnover is less than 52.1 %, and
    Addison Square above.

    Examples
    --------
    Values on turnover and on working conditions: Addison Square 87.2 and 52.5, Elton Street 60.4 and 81.667.

    >>> turnover, conditions = crossovers(assess([[87.2, 52.5], [60.4, 81.667]], [250, 60]))
    >>> round(turnover.below.weight, 3), turnover.below.under, turnover.below.over, turnover.above
    (0.521, (1,), (0,), None)
    """
    if top < 1:
        raise DecisionError(
            "At least one option has to be in front. Give 1 for the first place, 2 or 3 for a shortlist."
        )
    return tuple(_crossovers_of(assessment, criterion, top) for criterion in range(assessment.weights.size))


@dataclass(frozen=True, slots=True)
class Dominance:
    """Which options are dominated, and by whom, among those that are ranked.

    Attributes
    ----------
    weakly : array of bool, shape (options, options)
        [i, j]: i is no better than j on any criterion of positive weight, and worse on at least one.
    strictly : array of bool, shape (options, options)
        [i, j]: i is worse than j on every criterion of positive weight.
    """

    weakly: Flags
    strictly: Flags

    def dominators(self, option: int) -> tuple[int, ...]:
        """Options that dominate one, at least weakly, ascending."""
        return tuple(int(other) for other in np.flatnonzero(self.weakly[option]))


def dominance(assessment: Assessment) -> Dominance:
    """Which options no weights could put above another.

    Parameters
    ----------
    assessment : Assessment
        Options and weights; options that are not ranked neither dominate nor are dominated.

    Returns
    -------
    Dominance
        By pairs of options.

    References
    ----------
    Department for Communities and Local Government (2009), chapter 5.

    Examples
    --------
    The second is as good as the first on one criterion and worse on the other.

    >>> dominance(assess([[80, 60], [80, 50], [90, 0]], [1, 1])).dominators(1)
    (0,)
    """
    ranked = np.flatnonzero(assessment.ranked)
    scores = assessment.values[ranked][:, assessment.weights > 0]
    one, other = scores[:, np.newaxis, :], scores[np.newaxis, :, :]
    weakly = np.zeros((assessment.totals.size,) * 2, dtype=np.bool_)
    strictly = weakly.copy()
    weakly[np.ix_(ranked, ranked)] = (one <= other).all(axis=-1) & (one < other).any(axis=-1)
    strictly[np.ix_(ranked, ranked)] = (one < other).all(axis=-1)
    return Dominance(weakly, strictly)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How far scorers differ, in their scores and in the order that follows from them.

    Attributes
    ----------
    ranges : array of float, shape (options, criteria)
        Highest score less lowest; NaN where fewer than two scored.
    deviations : array of float, shape (options, criteria)
        Standard deviation of the scores, of a sample (n - 1); NaN where fewer than two scored.
    ranks : array of float, shape (scorers, options)
        Each scorer's own order, 1 the best, ties at the mean of their ranks; NaN for options that do not pass or nobody
        has scored in full, and for scorers who lack a value for any other option.
    concordance : float or None
        Kendall's W over those ranks: 1 where all scorers give the same order, on average 1 / scorers where their orders
        are unrelated, 0 where the ranks of every option add up alike, as those of two opposite orders do; None with
        fewer than two scorers or options to compare, or where every scorer ties everything.
    rank_ranges : array of float, shape (options,)
        Worst rank of each option less its best; NaN where fewer than two scorers are compared.
    most_disputed : tuple of int
        Options whose ranks differ most, ascending; empty where none differ.
    """

    ranges: Floats
    deviations: Floats
    ranks: Floats
    concordance: float | None
    rank_ranges: Floats
    most_disputed: tuple[int, ...]


def disagreement(scores: ArrayLike, weights: ArrayLike, passes: ArrayLike | None = None) -> Disagreement:
    """How far scorers differ, and over which option most.

    Parameters
    ----------
    scores : array of float, shape (scorers, options, criteria)
        0 to 100; NaN where not scored.
    weights : array of float, shape (criteria,) or (scorers, criteria)
        The panel's weights, or each scorer's own weights or swing points.
    passes : array of bool, shape (options,), optional
        Whether each passes the ethics gate; all do where it is not given.

    Returns
    -------
    Disagreement
        Spread of scores, and of ranks.

    Raises
    ------
    DecisionError
        As `assess`.

    References
    ----------
    Kendall, M. G., Babington Smith, B. (1939). The problem of m rankings. Annals of Mathematical Statistics 10(3),
    275-287; with the correction for ties of Kendall, M. G. (1948), Rank Correlation Methods, chapter 6.

    Examples
    --------
    Two of three agree. Sums of ranks are 5, 6 and 7: W = 12 (1 + 0 + 1) / (9 (27 - 3)) = 1/9.

    >>> scores = [[[90.0], [50.0], [10.0]], [[80.0], [60.0], [40.0]], [[10.0], [50.0], [90.0]]]
    >>> found = disagreement(scores, [1.0])
    >>> round(found.concordance, 4), found.most_disputed, found.ranges[:, 0]
    (0.1111, (0, 2), array([80., 10., 80.]))
    """
    given = _checked_scores(scores, 3)
    scorers, options = given.shape[:2]
    own = np.asarray(weights, dtype=np.float64)
    if own.ndim == 2 and own.shape[0] != scorers:
        raise DecisionError(
            f"There are scores of {scorers} scorers and weights of {own.shape[0]}. Give as many of both."
        )
    each = swing_weights(own) if own.ndim == 2 else [own] * scorers
    totals = np.array([assess(table, row, passes).totals for table, row in zip(given, each, strict=True)])
    followed = _checked_passes(passes, options) & ~np.isnan(totals).all(axis=0)
    complete = ~np.isnan(totals[:, followed]).any(axis=1)
    ranks = np.full((scorers, options), np.nan)
    rank_ranges = np.full(options, np.nan)
    concordance: float | None = None
    disputed: tuple[int, ...] = ()
    if followed.any():
        above, level = _standing(totals[np.ix_(complete, followed)])
        ranks[np.ix_(complete, followed)] = above + (level + 1) / 2
        if complete.sum() > 1:
            compared = ranks[complete]
            rank_ranges = compared.max(axis=0) - compared.min(axis=0)
            concordance = _concordance(compared[:, followed], level)
            disputed = _largest(rank_ranges)
    ranges, deviations = _spread(given)
    return Disagreement(ranges, deviations, ranks, concordance, rank_ranges, disputed)


def _spread(given: Floats) -> tuple[Floats, Floats]:
    """Range and standard deviation of scores over scorers, NaN where fewer than two scored."""
    counts = (~np.isnan(given)).sum(axis=0)
    several = counts > 1
    # With the fills, an empty slice has a range of -inf, which is blanked with the rest.
    highest, lowest = (np.where(np.isnan(given), fill, given) for fill in (-np.inf, np.inf))
    ranges = np.where(several, highest.max(axis=0) - lowest.min(axis=0), np.nan)
    means = np.nansum(given, axis=0) / np.maximum(counts, 1)
    squares = np.nansum(np.square(given - means), axis=0)
    deviations = np.where(several, np.sqrt(squares / np.maximum(counts - 1, 1)), np.nan)
    return ranges, deviations


def _concordance(ranks: Floats, level: NDArray[np.int64]) -> float | None:
    """Kendall's W of ranks (scorers, options), `level` being how many options share each."""
    scorers, options = ranks.shape
    sums = ranks.sum(axis=0)
    # A group of t ties adds t^3 - t, which is t^2 - 1 for each of its t members.
    ties = float((np.square(level) - 1).sum())
    most = scorers**2 * (options**3 - options) - scorers * ties
    return float(12 * np.square(sums - sums.mean()).sum() / most) if most > 0 else None


def _largest(differences: Floats) -> tuple[int, ...]:
    """Where the largest difference is, if there is any."""
    most = np.nanmax(differences)
    return tuple(int(option) for option in np.flatnonzero(differences == most)) if most > 0 else ()


def _crossovers_of(assessment: Assessment, criterion: int, top: int) -> Crossovers:
    weight, values = float(assessment.weights[criterion]), assessment.values
    options = np.flatnonzero(assessment.ranked)
    unscored = np.isnan(values[options, criterion])
    left_out, options = options[unscored], options[~unscored]
    others = np.delete(assessment.contributions[options], criterion, axis=1)
    rest = np.delete(assessment.weights, criterion).sum()
    changes: tuple[Change, ...] = ()
    if rest > 0:
        # Rounded, so that options with the same scores have the same line to the last bit and tie all along it.
        ends = np.round(np.stack([others.sum(axis=1) / rest, values[options, criterion]]), DECIMALS)
        changes = _changes(ends[0], ends[1], options, top)
    return Crossovers(weight, changes, tuple(int(option) for option in left_out))


def _changes(at_nothing: Floats, at_all: Floats, options: NDArray[np.int64], top: int) -> tuple[Change, ...]:
    """Where the first `top` of straight lines, given by their heights at 0 and at 1, become others."""
    first, second = np.triu_indices(options.size, 1)
    gap, gap_at_all = at_nothing[first] - at_nothing[second], at_all[first] - at_all[second]
    # Lines meet inside where one is ahead at 0 and the other at 1.
    meet = gap * gap_at_all < 0
    weights = np.unique(gap[meet] / (gap[meet] - gap_at_all[meet]))
    # Several lines through one point meet there once.
    weights = weights[np.diff(weights, prepend=-1.0) > 10**-DECIMALS]
    edges = np.concatenate([[0.0], weights, [1.0]])
    middles = (edges[:-1] + edges[1:]) / 2
    heights = middles[:, np.newaxis] * at_all + (1 - middles[:, np.newaxis]) * at_nothing
    ahead = (heights[:, np.newaxis, :] > heights[:, :, np.newaxis]).sum(axis=-1)
    in_front = [tuple(int(option) for option in options[row < top]) for row in ahead]
    steps = zip(weights, in_front[:-1], in_front[1:], strict=True)
    return tuple(Change(float(weight), under, over) for weight, under, over in steps if under != over)


def _standing(totals: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many options are above each, and how many are level with it, itself among them; on the last axis."""
    rounded = np.round(totals, DECIMALS)
    one, other = rounded[..., :, np.newaxis], rounded[..., np.newaxis, :]
    return (other > one).sum(axis=-1), (other == one).sum(axis=-1)


def _checked_scores(scores: ArrayLike, dimensions: int) -> Floats:
    given = np.asarray(scores, dtype=np.float64)
    if given.ndim != dimensions or not given.size:
        table = "a row an option and a column a criterion"
        raise DecisionError(f"Give scores as a table with {table}{', one table a scorer' if dimensions == 3 else ''}.")
    outside = (given < 0) | (given > TOP_SCORE)
    _refuse(outside, given, AXES[-dimensions:], "has a score of {}. Give a score from 0 to 100")
    return given


def _checked_weights(weights: ArrayLike, criteria: int) -> Floats:
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (criteria,):
        raise DecisionError(f"There are {criteria} criteria and {given.size} weights. Give one weight a criterion.")
    _refuse(~np.isfinite(given), given, AXES[-1:], "has no weight. Give a weight of 0 or more")
    _refuse(given < 0, given, AXES[-1:], "has a weight of {}. Give a weight of 0 or more")
    most = given.max()
    if most == 0:
        raise DecisionError("All weights are 0. Give at least one criterion a weight above 0.")
    # Divided by the largest first: sums of very large weights would overflow.
    return (given / most) / (given / most).sum()


def _checked_passes(passes: ArrayLike | None, options: int) -> Flags:
    given = np.ones(options, dtype=np.bool_) if passes is None else np.asarray(passes, dtype=np.bool_)
    if given.shape != (options,):
        raise DecisionError(
            f"There are {options} options and {given.size} answers on ethics. Give one answer an option."
        )
    return given


def _refuse(wrong: Flags, given: Floats, axes: tuple[str, ...], words: str) -> None:
    """Name the first wrong place of a table by what its axes count."""
    if wrong.any():
        place = tuple(int(index) for index in np.argwhere(wrong)[0])
        where = ", ".join(f"{axis} {index + 1}" for axis, index in zip(axes, place, strict=True))
        raise DecisionError(f"{where.capitalize()} {words.format(f'{given[place]:g}')}.")
