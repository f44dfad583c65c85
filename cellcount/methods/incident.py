"""How far the people in a place are from what is usual there at the hour, and how sure that is.

A zone is a weighted sum of cells, and everything about it is worked out from theirs, so that zones add. Arrays are
(cells, hours), hours being those of one local window; the comparable days have an axis between them. NaN is a figure
that is withheld or not covered.

Three questions, three errors. *Is it unusual?* is asked under the supposition that nothing happened: z has the error
that a difference would then have. *How many more or fewer?* has the error of the difference as it is, with what the
people who came or went add to it. *How many were there?* is the figure itself and its error in `precision`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.stats import t as student

from cellcount.methods.baseline import LEAST_FOR_ANY
from cellcount.methods.hotspots import COLD, HOT, ORDINARY, UNKNOWN, disks, q_values, verdicts
from cellcount.methods.precision import ROUNDING_VARIANCE, Precision
from cellcount.methods.variation import chance_variance, median_of_known

Floats = NDArray[np.float64]

EXCESS, DEFICIT = HOT, COLD
"""Verdicts on a cell in an hour, beside `ORDINARY`, not to be told from usual variation, and `UNKNOWN`, withheld."""
VERDICT_WORDS = {
    EXCESS: "more people than usual",
    ORDINARY: "not distinguishable from a usual day",
    DEFICIT: "fewer people than usual",
    UNKNOWN: "withheld or not covered",
}
USUAL_WORDS = "no more than usual variation"
EDGE_WORDS = "cannot be told: it may lie beside the zone"
"""Of a zone whose excess is in cells that its edge cuts, or beside a crowd outside."""
DEGREES_OF_FREEDOM = 8.0
"""Of Student's t, which z is held against. Measured on quiet days of the demonstration in London, the North East,
Yorkshire and the Highlands: the kurtosis of z is 3.2 to 4.1, which t has at 4 + 6 / (kurtosis - 3) = 34 to 9.5.
Fewer are taken, for a false alarm costs more here than a missed cell: with 12, 12 % of the cells called around the
demonstration's fire depart by less than four standard errors, with 8 it is 7 %."""
CONFIDENCE = 0.95
"""Of all intervals."""
Z_USUAL, Z_FAR = 2.0, 4.0
"""Up to the first |z| is within usual variation; from the second on it is far outside. With 8 degrees of freedom an
ordinary hour is beyond them in 8 % and 0.4 % of cases, as a rule in fewer."""
LEAST_OF_A_PERCENTAGE = 1.0
"""Of a usual level of fewer people than this no percentage is given."""
LEAST_LOST = 0.01
"""Share of the people observed that must be lost for coverage to be called lost: less moves no figure by its error."""
RATE = 0.05
"""Share of the cells called in an hour that may be so by chance alone."""


MOST_HIDDEN = 70.0
"""People that a cell that is withheld on usual days may hold: in the demonstration 95 of 100 withheld cells have fewer
than 66 in the country, where most of them are."""
SPILL = 0.06
"""Share of the excess of the cells around it that may be counted in a cell by misplacement. In the demonstration 2 to
4.5 % are; where networks place devices worse (twice as far), up to 8 %."""


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual level of cells in each hour.

    Attributes
    ----------
    people : array of float, shape (cells, hours)
        Median of the comparable days; NaN where fewer than `LEAST_FOR_ANY` are known.
    days : array of int, shape (cells, hours)
        Days known.
    """

    people: Floats
    days: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Difference:
    """People in an hour against their usual level, of cells (cells, hours) or of a zone (hours,).

    Attributes
    ----------
    people, usual, excess : array of float
        People; the usual level; the first less the second.
    percent : array of float
        Excess, % of the usual level; NaN where that is below `LEAST_OF_A_PERCENTAGE`.
    z : array of float
        Excess over the error that it would have if nothing had happened; of a zone see `zone_difference`.
    error : array of float
        Standard error of the excess as it is; of a zone half of its interval over `t_quantile`.
    low, high : array of float
        Limits of the interval of the excess.
    percent_low, percent_high : array of float
        Those of the percentage, not below -100.
    """

    people: Floats
    usual: Floats
    excess: Floats
    percent: Floats
    z: Floats
    error: Floats
    low: Floats
    high: Floats
    percent_low: Floats
    percent_high: Floats


@dataclass(frozen=True, slots=True)
class Withheld:
    """What is expected of withheld figures of cells.

    Attributes
    ----------
    mean : array of float, shape (cells, hours), or what fits it
        People, as the table `withheld_mean` gives them for the class of the cell.
    variance : array of float, shape (cells, hours), or what fits it
        Of a single cell around that mean.
    """

    mean: ArrayLike
    variance: ArrayLike


@dataclass(frozen=True, slots=True)
class Leeway:
    """How much of the excess of zones may lie on the other side of their edges: `leeway`.

    Attributes
    ----------
    fewer, more : array of float, or what fits it
        People that the excess of a zone may be less and more than the shares of its cells say, 0 or more.
    """

    fewer: ArrayLike = 0.0
    more: ArrayLike = 0.0


@dataclass(frozen=True, slots=True)
class ZoneDifference:
    """A zone against its usual level.

    Attributes
    ----------
    difference : Difference
        Of the zone, shape (hours,).
    withheld : array of int, shape (hours,)
        Withheld cells inside.
    withheld_people : array of float, shape (hours,)
        What they are taken to hold together, in the people of the zone.
    withheld_most : array of float, shape (hours,)
        What they could hold: each its usual level, or its expectation where that is more.
    cut_share : array of float, shape (hours,)
        Part of the squared error of the excess that comes of where people are in cells that are cut, and beside a crowd
        outside, 0 to 1.
    at_edge : array of bool, shape (hours,)
        Whether it would be beyond usual variation if it were known on which side of the zone's edge people are.
    """

    difference: Difference
    withheld: NDArray[np.int64]
    withheld_people: Floats
    withheld_most: Floats
    cut_share: Floats
    at_edge: NDArray[np.bool_]


def usual_level(days: Floats) -> Usual:
    """The median of the comparable days.

    Parameters
    ----------
    days : array of float, shape (cells, days, hours)
        People in the same hour of the comparable days; NaN where withheld, not covered or left out.

    Returns
    -------
    Usual

    Examples
    --------
    >>> found = usual_level(np.array([[[10.0, 5.0], [14.0, np.nan], [40.0, np.nan], [12.0, np.nan]]]))
    >>> found.people.tolist(), found.days.tolist()
    ([[13.0, nan]], [[4, 1]])
    """
    median, known = median_of_known(days)
    return Usual(np.where(known >= LEAST_FOR_ANY, median, np.nan), known)


def median_doubt(days: ArrayLike) -> Floats:
    """Variance of the median of so many days over that of a day: pi / (2 k).

    That is the limit for many days. Of two to eight normal values the median varies 9 to 36 % less: the interval is
    rather too wide where days are few.

    Examples
    --------
    >>> median_doubt([2, 4]).round(4).tolist()
    [0.7854, 0.3927]
    """
    return np.pi / (2 * np.maximum(np.asarray(days, dtype=np.float64), 1.0))


def difference(
    people: Floats,
    usual: Usual,
    precision: Precision,
    variation: Floats,
    *,
    share_lost: ArrayLike = 0.0,
    common_cv: ArrayLike = 0.0,
) -> Difference:
    """Cells against their usual level, each by itself.

    With x people, m usual and k days: z = (x - m) / s, s^2 = (c(n) + tau^2 m^2 + 4) (1 + pi / (2 k)), c being the
    variance by chance (`chance_variance`) of n = (x + k m) / (k + 1). The excess itself has the variance
    c(x) + tau^2 m^2 + 4 + (c(m) + tau^2 m^2 + 4) pi / (2 k) + (CV (x - m))^2.

    Parameters
    ----------
    people : array of float, shape (cells, hours)
        x; NaN where withheld.
    usual : Usual
        Of the same cells and hours.
    precision : Precision
        Arrays that fit (cells, hours).
    variation : array of float, shape (cells, hours)
        tau, day-to-day variation relative to the usual level: `Variation.of`.
    share_lost : array of float, (cells, hours) or what fits it
        Part of the share of people observed that was lost to an outage in the hour.
    common_cv : array of float, (cells, hours) or what fits it
        Relative error that all figures of the cell share, of the share observed and of placement.

    Returns
    -------
    Difference

    Notes
    -----
    *Why n.* If nothing happened, all k + 1 days have one level, and this is what they say of it. With m alone the
    error of a small figure that happens to have a low m is too small, and chance is called excess: in the demonstration
    two in five of all |z| > 4 among cells of 20 to 100 people went with it.

    *Why a common error cancels in z and not in the excess.* It multiplies x and m alike: of a difference of nothing it
    leaves nothing, of 1,000 people too many it leaves 1,000 times its share.

    The reference is Student's t with `DEGREES_OF_FREEDOM`. tau comes of many cells and days, and little of these k, so
    that k does not lower them.

    Assumes that what comes on top of a usual day varies as it does by chance, and not by the day.

    References
    ----------
    Kenney, J. F., Keeping, E. S. (1962). Mathematics of Statistics, part 1: variance of a median, pi sigma^2 / (2 k).

    Examples
    --------
    Half of 100 people seen, over-dispersion 1: v = 0.5, c(N) = N + 2. Four days, tau 10 %. With 100 usual and 150 now
    n = 110: s^2 = (112 + 100 + 4) x 1.3927 = 300.8 and z = 50 / 17.34 = 2.88. The error of the excess is the root of
    152 + 100 + 4 + (102 + 100 + 4) x 0.3927 = 336.9.

    >>> from cellcount.methods.precision import Placement
    >>> known = Precision(0.5, 1.0, 0.0, Placement(0.0, 1.0, 1.0, 0.0, 0.5))
    >>> found = difference(np.array([[150.0]]), Usual(np.array([[100.0]]), np.array([[4]])), known, np.array([[0.1]]))
    >>> found.z.round(2).item(), found.error.round(2).item(), found.percent.item()
    (2.88, 18.35, 50.0)
    """
    known = np.isfinite(people) & np.isfinite(usual.people)
    x, m = np.where(known, people, np.nan), np.where(known, usual.people, np.nan)
    doubt, day = median_doubt(usual.days), np.square(variation * m)
    chance = _chance(x, m, usual.days, precision, share_lost)
    variance = _Variance(chance.null + day * (1 + doubt), chance.now + day, chance.then + day * doubt)
    return _difference(x, m, variance, np.asarray(common_cv))


@dataclass(frozen=True, slots=True)
class _Variance:
    """Of a difference if nothing happened; and, as it is, of the hour itself and of the usual level."""

    null: Floats
    now: Floats
    then: Floats


def _chance(x: Floats, m: Floats, days: NDArray[np.int64], precision: Precision, share_lost: ArrayLike) -> _Variance:
    """What chance and rounding have in it, of cells."""
    doubt = median_doubt(days)
    level = (x + days * m) / (days + 1)
    return _Variance(
        null=(chance_variance(level, precision, share_lost) + ROUNDING_VARIANCE) * (1 + doubt),
        now=chance_variance(x, precision, share_lost) + ROUNDING_VARIANCE,
        then=(chance_variance(m, precision) + ROUNDING_VARIANCE) * doubt,
    )


def _difference(x: Floats, m: Floats, variance: _Variance, common_cv: Floats) -> Difference:
    now, then = variance.now, variance.then
    excess = x - m
    common = np.square(common_cv * excess)
    error = np.sqrt(now + then + common)
    times = t_quantile()
    some = np.where(m >= LEAST_OF_A_PERCENTAGE, m, np.nan)
    percent = 100 * excess / some
    # x / m, x and m having errors of their own: what is unsure of m counts x / m times.
    reach = 100 * times * np.sqrt(now + np.square(np.maximum(x / some, 0.0)) * then + common) / some
    return Difference(
        people=x,
        usual=m,
        excess=excess,
        percent=percent,
        z=np.divide(excess, np.sqrt(variance.null), out=np.full(excess.shape, np.nan), where=variance.null > 0),
        error=error,
        low=excess - times * error,
        high=excess + times * error,
        percent_low=np.maximum(percent - reach, -100.0),
        percent_high=percent + reach,
    )


def zone_difference(
    people: Floats,
    usual: Usual,
    precision: Precision,
    variation: Floats,
    weights: Floats,
    *,
    withheld: Withheld,
    common_cv: ArrayLike,
    weight_variance: ArrayLike = 0.0,
    share_lost: ArrayLike = 0.0,
    leeway: Leeway = Leeway(),
) -> ZoneDifference:
    """A zone, a weighted sum of cells, against its usual level.

    The usual level is the weighted sum of the cells' own, so that rings add up to the circle around them. Chance and
    rounding of cells are independent: their variances add with the square of the weight. Day-to-day variation is taken
    to move all cells together: its standard deviations add.

    Parameters
    ----------
    people : array of float, shape (cells, hours)
        People in the cells that the zone touches; NaN where withheld.
    usual : Usual
        Of the same cells and hours.
    precision, variation, share_lost
        As in `difference`.
    weights : array of float, shape (cells,)
        Share of each cell's people inside the zone, 0 to 1.
    withheld : Withheld
        What is expected of withheld figures.
    common_cv : array of float, shape (hours,), or a number
        Relative error that all figures of the zone share: the root of `share_cv` squared plus `placement_cv` squared.
        A crowd is counted in part in the cells around it, and without this the interval of its size is far too narrow.
    weight_variance : array of float, shape (cells,), or 0
        Variance of each share, of cells that are cut; 0 of whole cells.
    leeway : Leeway
        Of the zone, shape (hours,): how much of the excess may be on the other side of its edge.

    Returns
    -------
    ZoneDifference

    Notes
    -----
    *Withheld now, known on usual days.* A figure is withheld because few devices are left, as in an evacuation, or
    because one operator counted too much of it: it may be anything between the expectation of withheld cells, a, and
    the usual level, b. It is taken to be as likely anywhere between: (a + b) / 2 people with a standard deviation of
    |b - a| / sqrt(12). Where coverage was lost the reason is known, and it is not the people: b people, with the root
    of the mean squared distance of anything between a and b from there, |b - a| / sqrt(3). Cells of a zone are withheld
    for one reason, and these deviations add: withheld cells by themselves never bring |z| to 2.

    *Withheld on usual days.* The usual level is the expectation a, with its variance. Withheld now as well: the same
    number on both sides, and both variances count. Known now: a cell that is just large enough to be told on some days
    is not small on the others, and its usual level may be anything from a to its people b now, or to `MOST_HIDDEN` if
    they are more: |b - a| / sqrt(3), and these deviations add.

    *Cut cells.* The share inside is wrong in the same way on all days and weighs on the cell's excess alone: by its
    variance on what is within usual variation, for those are residents as on other days. Of what is beyond, all or
    nothing may be inside (`leeway`).

    *z and the interval.* The interval reaches from the lower limit of the least that the excess can be to the upper one
    of the most. z is that of the end nearer to 0, and 0 where that end is on the other side. Where the interval holds 0
    it stays below `Z_USUAL`, in proportion: a zone is called unusual only where its interval leaves 0. Hence z is at
    most that of a whole cell, and rings have no more of it than the circle around them.

    Cells should be of the finest resolution that there is. A coarser cell, a part of which is withheld for an hour,
    counts that part at the mean of withheld cells (table `withheld_mean`): it falls, and nobody has left.

    Examples
    --------
    Two cells as in `difference`, 100 people usual each; 150 are in the first now, of the second half is inside and 80
    are there. Excess 50 - 10 = 40. By chance and rounding 156 + 86 / 4 + (106 + 106 / 4) x 0.3927 = 229.53; together
    by the day (10 + 5)^2 x 1.3927 = 313.35: the error is the root of 542.9.

    >>> from cellcount.methods.precision import Placement
    >>> known = Precision(0.5, 1.0, 0.0, Placement(0.0, 1.0, 1.0, 0.0, 0.5))
    >>> usual = Usual(np.array([[100.0], [100.0]]), np.array([[4], [4]]))
    >>> of = np.array([[150.0], [80.0]]), usual, known, np.array([[0.1], [0.1]]), np.array([1.0, 0.5])
    >>> found = zone_difference(*of, withheld=Withheld(10.0, 25.0), common_cv=0.0).difference
    >>> found.excess.item(), found.error.round(2).item()
    (40.0, 23.3)
    """
    mean, doubt_of_mean, lost = (
        np.broadcast_to(np.asarray(each, dtype=np.float64), people.shape)
        for each in (withheld.mean, withheld.variance, share_lost)
    )
    hidden, never = ~np.isfinite(people), ~np.isfinite(usual.people)
    m = np.where(never, mean, usual.people)
    most = np.maximum(m, mean)
    dark = hidden & (lost >= LEAST_LOST)
    x = np.where(dark, m, np.where(hidden, (mean + m) / 2, people))
    guess = np.where(hidden, np.abs(m - mean) / np.sqrt(np.where(dark, 3.0, 12.0)), 0.0)
    shown = np.where(never & ~hidden, np.abs(np.minimum(x, MOST_HIDDEN) - mean) / np.sqrt(3.0), 0.0)
    chance = _chance(x, m, usual.days, precision, lost)
    now = np.where(hidden, doubt_of_mean, chance.now)
    then = np.where(never, doubt_of_mean, chance.then)
    null = np.where(hidden | never, now + then, chance.null)

    w = weights[:, None]
    guessed, told = _together(w * guess), _together(w * shown)
    moved, doubt = w * variation * m, median_doubt(usual.days)
    own = null + np.square(variation * m) * (1 + doubt)
    ordinary = np.minimum(np.abs(x - m), np.where(hidden | never, np.inf, Z_USUAL * np.sqrt(own)))
    cut = (np.broadcast_to(weight_variance, weights.shape)[:, None] * np.square(ordinary)).sum(axis=0)
    variance = _Variance(
        null=_added(w, null) + _together(moved * np.sqrt(1 + doubt)) + guessed + told + cut,
        now=_added(w, now) + _together(moved) + guessed + cut,
        then=_added(w, then) + _together(moved * np.sqrt(doubt)) + told,
    )
    common = np.asarray(common_cv)
    whole = _difference((w * x).sum(axis=0), (w * m).sum(axis=0), variance, common)
    found = _wherever(whole, variance, common, leeway)
    sure, whole_error = np.square(whole.error) - cut, np.square(found.error)
    inside = hidden & (w > 0)
    return ZoneDifference(
        difference=found,
        withheld=inside.sum(axis=0),
        withheld_people=(w * np.where(inside, x, 0.0)).sum(axis=0),
        withheld_most=(w * np.where(inside, most, 0.0)).sum(axis=0),
        cut_share=1 - np.divide(sure, whole_error, out=np.ones(len(cut)), where=whole_error > 0),
        at_edge=(np.abs(whole.z) >= Z_USUAL) & (whole.low * whole.high > 0) & (np.abs(found.z) < Z_USUAL),
    )


def _wherever(found: Difference, variance: _Variance, common_cv: Floats, leeway: Leeway) -> Difference:
    """A zone's difference with an interval that holds wherever in the cells at its edge people are."""
    times = t_quantile()
    some = np.where(found.usual >= LEAST_OF_A_PERCENTAGE, found.usual, np.nan)
    ends = []
    for side, moved in ((-1.0, leeway.fewer), (1.0, leeway.more)):
        excess = found.excess + side * np.asarray(moved)
        common = np.square(common_cv * excess)
        reach = times * np.sqrt(variance.now + variance.then + common)
        ratio = np.maximum((found.usual + excess) / some, 0.0)
        of_percent = 100 * times * np.sqrt(variance.now + np.square(ratio) * variance.then + common) / some
        ends.append((excess, reach, 100 * excess / some + side * of_percent))
    (least, below, percent_low), (most, above, percent_high) = ends
    low, high = least - below, most + above
    # The end nearer to 0, as far as it is on the same side of it as the excess.
    nearer = np.where(found.excess > 0, np.maximum(least, 0.0), np.minimum(most, 0.0))
    reach = np.where(found.excess > 0, below, above)
    z = np.divide(nearer, np.sqrt(variance.null), out=np.full(nearer.shape, np.nan), where=variance.null > 0)
    held = np.divide(np.abs(nearer), reach, out=np.zeros(nearer.shape), where=reach > 0)
    within = np.copysign(np.minimum(np.abs(z), np.nextafter(Z_USUAL, 0.0) * held), nearer)
    return replace(
        found,
        z=np.where((low <= 0) & (high >= 0) & np.isfinite(z), within, z),
        error=(high - low) / (2 * times),
        low=low,
        high=high,
        percent_low=np.maximum(percent_low, -100.0),
        percent_high=percent_high,
    )


def leeway(cells: NDArray[np.int64], found: Difference, weights: Floats, cut: NDArray[np.bool_]) -> tuple[Leeway, ...]:
    """How much of the excess of zones may lie on the other side of their edges.

    Parameters
    ----------
    cells : array of int64, shape (cells,)
        H3 cells of one resolution, ascending: those of the zones and around.
    found : Difference
        Of `difference`, of the cells, shape (cells, hours).
    weights : array of float, shape (cells, zones)
        Share of each cell's people inside each zone, 0 to 1.
    cut : array of bool, shape (cells, zones)
        Whether the zone has a part of the cell, and not all of it.

    Returns
    -------
    tuple of Leeway, length zones
        Arrays of shape (hours,).

    Notes
    -----
    A cell's share inside is that of its residents, or of its area. People who came, or who left, need not be spread
    so: a stadium, or a works that was evacuated, is on one side of the line. Of a cell that is cut all of its excess
    may be inside or outside, and all such cells may be wrong to the same side: a crowd is in one place.

    Of a crowd outside `SPILL` may be counted in each cell beside it, and would be in the zone; cells outside with more
    and with fewer people than usual make up for one another. Of a crowd inside as much may be counted in each cell
    outside that touches it, whatever that shows: those who live there may have come to the crowd.

    Both hold of what a cell has beyond `Z_USUAL` of its own errors. What is less is usual variation, and is where
    people are on other days.

    Assumes that a cell of which the release has no figure holds no crowd, and that nobody is counted there.

    Examples
    --------
    A zone with all of one cell and 30 % of the next one, which has 1,000 people too many, at a z of 200: of 990 of them
    297 may be outside and 693 more inside; 6 % of the 693 that are taken to be outside may be counted in the first.

    >>> import h3.api.basic_int as h3
    >>> first = h3.latlng_to_cell(51.5, -0.1, 8)
    >>> cells = np.sort([first, h3.grid_ring(first, 1)[0]])
    >>> own = cells == first
    >>> excess, z = np.where(own, 0.0, 1_000.0)[:, None], np.where(own, 0.0, 200.0)[:, None]
    >>> of_cells = Difference(*(excess,) * 4, z, *(excess,) * 5)
    >>> (found,) = leeway(cells, of_cells, np.where(own, 1.0, 0.3)[:, None], ~own[:, None])
    >>> found.fewer.round(2).tolist(), found.more.round(2).tolist()
    ([338.58], [693.0])

    Of a zone that is the second cell alone 6 % of the 990 may be counted in the first.

    >>> (found,) = leeway(cells, of_cells, np.where(own, 0.0, 1.0)[:, None], np.zeros((2, 1), dtype=bool))
    >>> found.fewer.round(2).tolist(), found.more.round(2).tolist()
    ([0.0], [59.4])
    """
    beyond = np.where(
        np.abs(found.z) > Z_USUAL, found.excess * (1 - Z_USUAL / np.maximum(np.abs(found.z), Z_USUAL)), 0.0
    )
    more, fewer = np.maximum(beyond, 0.0), np.maximum(-beyond, 0.0)
    beside = _beside(cells)
    out, into = (weights * cut).T, ((1 - weights) * cut).T
    came = (SPILL * (1 - weights) * (beside @ weights)).T @ beyond
    there = np.isfinite(found.z).any(axis=1, keepdims=True)
    went = (SPILL * weights * (beside @ ((1 - weights) * there))).T @ beyond
    less = out @ more + into @ fewer + np.maximum(came, 0.0) + np.maximum(-went, 0.0)
    much = into @ more + out @ fewer + np.maximum(-came, 0.0) + np.maximum(went, 0.0)
    return tuple(Leeway(*each) for each in zip(less, much, strict=True))


def _beside(cells: NDArray[np.int64]) -> csr_array:
    """Which cells touch which, as a matrix of 0 and 1."""
    return _touching(np.ascontiguousarray(cells, dtype=np.int64).tobytes())


@lru_cache(maxsize=8)
def _touching(cells: bytes) -> csr_array:
    found = disks(np.frombuffer(cells, dtype=np.int64), 1).matrix()
    found.setdiag(0.0)
    found.eliminate_zeros()
    return found


def _added(weights: Floats, variances: Floats) -> Floats:
    """Variance of a weighted sum of what is independent."""
    return (np.square(weights) * variances).sum(axis=0)


def _together(deviations: Floats) -> Floats:
    """Variance of a sum of what moves together."""
    return np.square(deviations.sum(axis=0))


@cache
def t_quantile(confidence: float = CONFIDENCE) -> float:
    """Standard errors on either side of a difference that make its interval.

    Examples
    --------
    The table of t, 8 degrees of freedom, 0.975: 2.306.

    >>> round(t_quantile(), 3)
    2.306
    """
    return float(student.ppf((1 + confidence) / 2, DEGREES_OF_FREEDOM))


def p_two_sided(z: ArrayLike) -> Floats:
    """How often an ordinary hour is at least as far from its usual level.

    For an even number of degrees of freedom n the tail of t is a sum of n / 2 terms, which takes a fortieth of the time
    of the general one.

    References
    ----------
    Abramowitz, M., Stegun, I. A. (1964). Handbook of Mathematical Functions, 26.7.4.

    Examples
    --------
    >>> p_two_sided([2.306, -3.355]).round(3).tolist()
    [0.05, 0.01]
    """
    n = int(DEGREES_OF_FREEDOM)
    assert n == DEGREES_OF_FREEDOM
    assert n % 2 == 0
    square = np.square(np.asarray(z, dtype=np.float64))
    cosine = n / (n + square)
    total, term = np.ones_like(cosine), np.ones_like(cosine)
    for k in range(2, n, 2):
        term = term * cosine * ((k - 1) / k)
        total = total + term
    return np.maximum(1.0 - np.sqrt(square / (n + square)) * total, 0.0)


def words_for(z: float) -> str:
    """How unusual a difference is, in words.

    Examples
    --------
    >>> [words_for(z) for z in (1.0, 2.5, -9.0, float("nan"))]
    ['no more than usual variation', 'more than usual', 'far fewer than usual', 'not known']
    """
    if np.isnan(z):
        return "not known"
    if abs(z) < Z_USUAL:
        return USUAL_WORDS
    side = "more" if z > 0 else "fewer"
    return f"far {side} than usual" if abs(z) >= Z_FAR else f"{side} than usual"


def excess_around(cells: NDArray[np.int64], excess: Floats) -> Floats:
    """The excess of the cells that touch each cell, added up.

    Parameters
    ----------
    cells : array of int64, shape (cells,)
        H3 cells of one resolution, ascending.
    excess : array of float, shape (cells, hours)
        Of `difference`; NaN counts as none.

    Returns
    -------
    array of float, shape (cells, hours)

    Examples
    --------
    A cell with 700 people too many beside one that is as usual, and one far away.

    >>> import h3
    >>> first = h3.latlng_to_cell(51.5, -0.1, 8)
    >>> beside, away = sorted(set(h3.grid_ring(first, 1)))[0], h3.latlng_to_cell(55.0, -1.6, 8)
    >>> cells = np.array([int(each, 16) for each in (first, beside, away)])
    >>> order = np.argsort(cells)
    >>> around = excess_around(cells[order], np.array([[700.0], [0.0], [0.0]])[order])
    >>> around[np.argsort(order)].ravel().tolist()
    [0.0, 700.0, 0.0]
    """
    return np.asarray(_beside(cells) @ np.nan_to_num(excess), dtype=np.float64)


def discoveries(z: Floats, excess: Floats, around: Floats, rate: float = RATE) -> NDArray[np.int8]:
    """Which cells have more or fewer people than usual, false discoveries being controlled in each hour.

    Parameters
    ----------
    z, excess : array of float, shape (cells, hours)
        Of `difference`; NaN where not known.
    around : array of float, shape (cells, hours)
        Of `excess_around`.
    rate : float
        At most this share of the cells called in an hour is expected to be so by chance alone.

    Returns
    -------
    array of int8, shape (cells, hours)
        `EXCESS`, `ORDINARY`, `DEFICIT` or `UNKNOWN`.

    Notes
    -----
    Benjamini and Hochberg's rule (`q_values`), each hour a family of its own. Cells of one day move together, with the
    weather say, and their tests depend on one another positively: the rate holds (Benjamini and Yekutieli 2001), but
    false calls come in clusters, in few hours many. The more cells are looked at, the further out each must be: give
    the cells of the zone and around it, not of the country.

    A crowd is counted in part in the cells beside it, for devices are put into wrong cells. A cell whose excess is of
    the same side as that of its neighbours and at most `SPILL` of it is not called: whether anybody is there more than
    usual cannot be told from the crowd beside it.

    Neighbouring hours of a cell are not put together. A cell called in one hour only, between hours that are ordinary,
    deserves less trust than one called in three; a total that withholds a part for an hour looks like that.

    Examples
    --------
    The second of the first four cells lies beside a crowd of 20,000, of whom 600 are counted in it.

    >>> z, excess = np.array([[80.0], [9.0], [-7.0], [np.nan]]), np.array([[2e4], [600.0], [-300.0], [np.nan]])
    >>> discoveries(z, excess, np.array([[600.0], [2e4], [0.0], [0.0]])).ravel().tolist()
    [1, 0, -1, -2]
    """
    found = verdicts(z, q_values(p_two_sided(z)), rate)
    spilled = (np.sign(excess) == np.sign(around)) & (np.abs(excess) <= SPILL * np.abs(around))
    return np.where(spilled & (found != UNKNOWN), ORDINARY, found).astype(np.int8)
