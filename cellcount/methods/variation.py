"""How much ordinary days differ from one another beyond chance: day-to-day variation, pooled over many cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellcount.methods.precision import ROUNDING_VARIANCE, Precision

Floats = NDArray[np.float64]

MEDIAN_VARIANCE = (1.0, 0.5, 0.4487, 0.2982, 0.2868, 0.2147, 0.2104, 0.1682, 0.1661, 0.1383)
"""Variance of the median of 1, 2, ... 10 independent standard normal values, by numerical integration; those of odd
numbers are in the tables of order statistics (Sarhan and Greenberg 1962). From there on pi / (2 n) is near enough."""
CHI_MEDIAN = 0.454936
"""Median of a chi-squared variable of one degree of freedom: of the square of a standard normal one."""
SMALL = 100.0
"""People below whom a figure is of another kind: operators' own counts are withheld in part and stand as an
expectation, which varies more than chance. In the demonstration cells of fewer than 100 people vary by 5 to 30 % from
day to day, those of the same kind of place with more people by 0 to 2 %."""
LEAST_PEOPLE = 5.0
"""A usual level of fewer people than this tells nothing of how much days differ: one step of rounding is all of it."""
LEAST_VARIATION = 0.01
"""Days are taken to differ by 1 % at least. What moves a whole region on a day, such as weather, is seen on a few
weeks' days only; less than this would rest on the luck of those."""
NOTHING_KNOWN = 0.1
"""Day-to-day variation where no history tells it: large on purpose, so that little is called unusual."""
PRIOR_FIGURES = 200.0
"""A group with so many figures counts half by itself and half as all groups together."""
MOST_OF_A_GROUP = 100
"""Cells of a group beyond which some are taken, evenly spread: on four weeks they have 2,800 figures in each hour, and
more would only take longer."""
LEFT_OUT = -1
"""Kind of a day that is no ordinary one."""
LEAST_OF_A_WEEKDAY = 3
"""Days of the same weekday from which on each can be held against the median of the others."""
LEAST_SHARED = 20
"""Figures of single days, all together, from which on a variation that they share is worked out from them."""


@dataclass(frozen=True, slots=True)
class Variation:
    """Day-to-day variation by group of cells, size of the figure, and hour.

    Attributes
    ----------
    share : array of float, shape (groups, 2, hours)
        Standard deviation from day to day relative to the usual level; second axis: usual levels below `SMALL`, others.
    figures : array of int, shape (groups, 2, hours)
        Figures from which it was worked out.
    """

    share: Floats
    figures: NDArray[np.int64]

    def of(self, groups: NDArray[np.int64], usual: Floats) -> Floats:
        """The variation of cells with a usual level.

        Parameters
        ----------
        groups : array of int, shape (cells,)
            Group of each cell, such as its kind of place.
        usual : array of float, shape (cells, hours)
            Usual level, people; NaN counts as small.

        Returns
        -------
        array of float, shape (cells, hours)
        """
        hours = np.arange(usual.shape[1])
        return self.share[groups[:, None], (usual >= SMALL).astype(np.int64), hours[None, :]]


def chance_variance(people: ArrayLike, precision: Precision, share_lost: ArrayLike = 0.0) -> Floats:
    """What chance alone adds to a figure that is counted once: v (N + 1/P) / P, v being over-dispersion x (1 - P).

    Parameters
    ----------
    people : array of float
        People N, 0 or more; NaN where not known.
    precision : Precision
        Of the cells and the part of the day; arrays that fit the figures.
    share_lost : array of float
        Part of P that was lost to an outage, 0 to 1, as the table `coverage` gives it.

    Returns
    -------
    array of float
        People squared.

    Notes
    -----
    This is the only part of a figure's standard error that differs from day to day. The share of people observed and
    the placement of people are wrong in the same way in the same cell at the same hour on all days: customers, masts
    and the factor of calibration are the same. They multiply the day's figure and its usual level alike, and a
    difference of nothing stays a difference of nothing. That would be wrong where a network is rebuilt, or where the
    crowd is of other customers than usual: see `common_cv` of `difference` for what is left in the excess itself.

    Assumes that chance on different days is independent, although many of the people are the same.

    Examples
    --------
    900 people, 90 % seen, over-dispersion 1: v = 0.1, and 0.1 x 901.11 / 0.9 = 100.12. With half of P lost the share
    seen is 0.45: 0.1 x 902.22 / 0.45 = 200.49.

    >>> from cellcount.methods.precision import Placement
    >>> known = Precision(0.9, 1.0, 0.0, Placement(0.0, 1.0, 1.0, 0.0, 0.5))
    >>> chance_variance(900.0, known).round(2), chance_variance(900.0, known, 0.5).round(2)
    (np.float64(100.12), np.float64(200.49))
    """
    share = np.clip(np.asarray(precision.coverage_p, dtype=np.float64), 1e-6, 1.0)
    spread = np.asarray(precision.over_dispersion, dtype=np.float64) * (1 - share)
    left = np.clip(share * (1 - np.asarray(share_lost, dtype=np.float64)), 1e-6, 1.0)
    return spread * (np.maximum(np.asarray(people, dtype=np.float64), 0.0) + 1 / left) / left


def median_variance(days: NDArray[np.int64]) -> Floats:
    """Variance of the median of so many normal values, relative to that of one.

    Examples
    --------
    >>> median_variance(np.array([1, 3, 4, 20])).round(4).tolist()
    [1.0, 0.4487, 0.2982, 0.0785]
    """
    table = np.array(MEDIAN_VARIANCE)
    days = np.maximum(days, 1)
    return np.where(days <= len(table), table[np.minimum(days, len(table)) - 1], np.pi / (2 * days))


def against_the_others(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Each day held against the median of the other days.

    Parameters
    ----------
    values : array of float, shape (cells, days, hours)
        Figures of days of one kind; NaN where not known.

    Returns
    -------
    tuple of arrays, shape (cells, days, hours)
        Deviation of each day from the median of the others; that median; and the variance of the deviation relative to
        that of a day, 1 plus `median_variance`. Days are in ascending order of their figures, not of their dates. NaN
        where fewer than `LEAST_OF_A_WEEKDAY` days are known.

    Examples
    --------
    Of 10, 12 and 20 the first is held against 16, the second against 15, the third against 11.

    >>> deviation, median, factor = against_the_others(np.array([[[12.0], [10.0], [20.0]]]))
    >>> deviation.ravel().tolist(), median.ravel().tolist(), factor.ravel().tolist()
    ([-6.0, -3.0, 9.0], [16.0, 15.0, 11.0], [1.5, 1.5, 1.5])
    """
    ordered = np.sort(values, axis=1)
    known = np.isfinite(ordered)
    days = known.sum(axis=1, keepdims=True)
    rank = np.arange(values.shape[1])[None, :, None]
    last = values.shape[1] - 1

    def of_the_others(place: NDArray[np.int64]) -> Floats:
        there, after = (np.take_along_axis(ordered, np.minimum(each, last), axis=1) for each in (place, place + 1))
        return np.where(rank <= place, after, there)

    # Of the others, without the day itself, the median lies between these two places.
    low, high = np.maximum((days - 2) // 2, 0), np.maximum((days - 1) // 2, 0)
    median = (of_the_others(low) + of_the_others(high)) / 2
    enough = known & (days >= LEAST_OF_A_WEEKDAY)
    median = np.where(enough, median, np.nan)
    factor = np.where(enough, 1 + median_variance(days - 1), np.nan)
    return ordered - median, median, factor


def pooled_variation(
    people: Floats, weekdays: NDArray[np.int64], groups: NDArray[np.int64], precision: Precision
) -> Variation:
    """Day-to-day variation from the histories of many cells, pooled by group, size of the figure, and hour.

    Parameters
    ----------
    people : array of float, shape (cells, days, hours)
        Figures in local hours; NaN where withheld or not covered.
    weekdays : array of int, shape (days,)
        Kind of each day, such as its weekday, 0 and up: days are only held against others of the same kind. `LEFT_OUT`
        where the day is not to count.
    groups : array of int, shape (cells,)
        Group of each cell, 0 and up, such as its kind of place.
    precision : Precision
        Arrays of shape (cells, hours), or what fits it.

    Returns
    -------
    Variation

    Notes
    -----
    Each day d is held against the median m of the other days of its weekday. Of (d - m)^2 / (0.4549 f) - chance - 4,
    f = 1 + the variance of a median, the median over days is tau^2 m^2 whatever chance is. So tau^2 is the weighted
    median of that over m^2, over the cells of a group; weights are m^2 / (chance + 4), for figures that are mostly
    chance tell little. A median of squares is not moved by a few wild days, such as a match or a holiday that nobody
    named: what is left of their tail is left to the reference distribution. A small group leans on all others of the
    hour: tau^2 = (n tau_g^2 + 200 tau_all^2) / (n + 200).

    What moves all cells of a region on the same day is in tau, and is not taken off: an incident may be as wide as the
    region. Five weeks hold five times four such days at most; hence `LEAST_VARIATION`.
    """
    count, hours = int(groups.max(initial=-1)) + 1, people.shape[2]
    share = np.full((count, 2, hours), NOTHING_KNOWN)
    figures = np.zeros((count, 2, hours), dtype=np.int64)
    if not people.size or (weekdays == LEFT_OUT).all():
        return Variation(share, figures)
    rows = _spread(groups, count)
    ratio, weight, large = _squares(people[rows], weekdays, _of_cells(precision, rows, people.shape))
    # Hour by hour they lie together: each is gone through by itself.
    ratio, weight = (np.moveaxis(each, 2, 0).reshape(hours, -1) for each in (ratio, weight))
    large = np.moveaxis(large, 2, 0).reshape(hours, -1)
    # Integers of 16 bits are sorted by radix, in half the time.
    group = np.repeat(groups[rows].astype(np.int16), ratio.shape[1] // len(rows))
    for hour, size in np.ndindex(hours, 2):
        told = np.flatnonzero((weight[hour] > 0) & (large[hour] == size))
        if not len(told):
            continue
        told = told[np.argsort(ratio[hour][told])]
        r, w, of = ratio[hour][told], weight[hour][told], group[told]
        everywhere = _weighted_median(r, w)
        # Group by group, and in each of them in order.
        order = np.argsort(of, kind="stable")
        r, w, n = r[order], w[order], np.bincount(of, minlength=count)
        own = [slice(end - many, end) for end, many in zip(np.cumsum(n).tolist(), n.tolist(), strict=True)]
        found = [_weighted_median(r[each], w[each]) if each.stop > each.start else 0.0 for each in own]
        square = (n * np.array(found) + PRIOR_FIGURES * everywhere) / (n + PRIOR_FIGURES)
        share[:, size, hour] = np.sqrt(np.maximum(square, LEAST_VARIATION**2))
        figures[:, size, hour] = n
    return Variation(share, figures)


def shared_variation(days: Floats, variance: Floats) -> float:
    """Day-to-day variation that figures of one kind share, from a few days of each: of trips out of an area, say.

    Parameters
    ----------
    days : array of float, shape (figures, days)
        Figures of comparable days; NaN where not known.
    variance : array of float, shape (figures, days)
        Square of the standard error of each; NaN where not known.

    Returns
    -------
    float
        Standard deviation from day to day relative to the usual level: `NOTHING_KNOWN` of fewer than
        `LEAST_OF_A_WEEKDAY` days or `LEAST_SHARED` figures, and at least `LEAST_VARIATION`.

    Notes
    -----
    The estimate of `pooled_variation`, the variance of each figure standing for its chance. Standard errors hold what
    is wrong in the same way on all days as well: it comes out rather too small, and with the errors added it is not.

    Assumes that all the figures vary alike for their size. What moves all of them on one day of four, such as weather,
    is hardly in it.

    Examples
    --------
    Three days of eight figures, 100 on two of them and 90 or 110 on the other; without an error half of all deviations
    from the median of the others are 5 and more.

    >>> known = np.array([[100.0, 100.0, 110.0], [100.0, 100.0, 90.0]] * 4)
    >>> round(shared_variation(known, np.zeros(known.shape)), 2), shared_variation(known, np.full(known.shape, 64.0))
    (0.06, 0.01)
    """
    if days.shape[1] < LEAST_OF_A_WEEKDAY or days.size < LEAST_SHARED:
        return NOTHING_KNOWN
    deviation, median, factor = (each[:, :, 0] for each in against_the_others(days[:, :, None]))
    noise = np.maximum(variance.mean(axis=1, keepdims=True), ROUNDING_VARIANCE)
    square = np.square(np.maximum(median, LEAST_PEOPLE))
    ratio = (np.square(deviation) / (CHI_MEDIAN * factor) - noise) / square
    told = np.isfinite(ratio) & (median >= LEAST_PEOPLE)
    if told.sum() < LEAST_SHARED:
        return NOTHING_KNOWN
    order = np.argsort(ratio[told])
    found = _weighted_median(ratio[told][order], (square / noise)[told][order])
    return float(np.sqrt(max(found, LEAST_VARIATION**2)))


def _spread(groups: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Rows of at most `MOST_OF_A_GROUP` cells of each group, evenly spread."""
    chosen = []
    for each in range(count):
        rows = np.flatnonzero(groups == each)
        taken = np.linspace(0, len(rows) - 1, min(len(rows), MOST_OF_A_GROUP)).astype(np.int64)
        chosen.append(rows[taken])
    return np.concatenate(chosen)


def _of_cells(precision: Precision, rows: NDArray[np.int64], shape: tuple[int, ...]) -> Precision:
    """Coverage and over-dispersion of some cells, with an axis for the days between cells and hours."""
    share, spread = (
        np.broadcast_to(np.asarray(each, dtype=np.float64), (shape[0], shape[2]))[rows][:, None, :]
        for each in (precision.coverage_p, precision.over_dispersion)
    )
    return Precision(share, spread, precision.share_cv, precision.placement)


def _squares(
    people: Floats, weekdays: NDArray[np.int64], precision: Precision
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Of each day and hour: what has the median tau^2, its weight, and whether the usual level is not `SMALL`."""
    ratios, weights, large = [], [], []
    for kind in np.unique(weekdays[weekdays != LEFT_OUT]):
        deviation, median, factor = against_the_others(people[:, weekdays == kind, :])
        told = median >= LEAST_PEOPLE
        level = np.where(told, median, LEAST_PEOPLE)
        noise = chance_variance(level, precision) + ROUNDING_VARIANCE
        square = np.square(level)
        ratio = (np.square(deviation) / (CHI_MEDIAN * factor) - noise) / square
        told &= np.isfinite(ratio)
        ratios.append(ratio)
        weights.append(np.where(told, square / noise, 0.0))
        large.append(level >= SMALL)
    return np.concatenate(ratios, axis=1), np.concatenate(weights, axis=1), np.concatenate(large, axis=1)


def _weighted_median(values: Floats, weights: Floats) -> float:
    """The least of ascending values at or below which half of the weight lies."""
    reached = np.cumsum(weights)
    return float(values[np.searchsorted(reached, reached[-1] / 2)])
