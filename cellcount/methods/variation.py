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
PRIOR_DAYS = 28.0
"""A cell with so many days counts half by itself and half as its kind."""
NEARBY = 2
"""Hours on either side that tell of a cell's own variation as well as the hour itself."""
QUARTER = 6
"""Hours of the parts of the day, in each of which the furthest date of a cell is left out."""
FURTHEST = 6.0
"""Without the furthest of n days the variance of the others is (n - 6) / n of that of all, of normal values on three to
five weeks, by simulation: 0.72, 0.78 and 0.83."""
LEFT_OUT = -1
"""Kind of a day that is no ordinary one."""
LEAST_OF_A_WEEKDAY = 3
"""Days of the same weekday from which on each can be held against the median of the others."""
LEAST_SHARED = 20
"""Figures of single days, all together, from which on a variation that they share is worked out from them."""


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


def day_to_day_variation(
    people: Floats, weekdays: NDArray[np.int64], groups: NDArray[np.int64], precision: Precision
) -> Floats:
    """Day-to-day variation of cells in each hour: that of their kind, or their own where it is more.

    Parameters
    ----------
    people : array of float, shape (cells, days, hours)
        Figures in local hours of whole days; NaN where withheld or not covered.
    weekdays : array of int, shape (days,)
        Kind of each day, such as its weekday, 0 and up: days are only held against others of the same kind. `LEFT_OUT`
        where the day is not to count.
    groups : array of int, shape (cells,)
        Group of each cell, 0 and up, such as its kind of place.
    precision : Precision
        Arrays of shape (cells, hours), or what fits it.

    Returns
    -------
    array of float, shape (cells, hours)
        Standard deviation from day to day relative to the usual level, `LEAST_VARIATION` or more; `NOTHING_KNOWN` where
        no cell of the size tells it.

    Notes
    -----
    *Of a cell.* Of k days of a weekday with the mean m and the sum S of squared deviations from it, S - (k - 1) (chance
    + 4) has the mean (k - 1) tau^2 m^2 whatever chance is. Over all weekdays these add up, relative to m^2, and make
    tau^2. The date that is furthest from the median of its weekday is left out, in each quarter of the day: one match
    or holiday that nobody named does not make a place unsteady. What that takes from all other places is put back
    (`FURTHEST`).

    *Of a kind.* The median over the cells of a group of one size, below `SMALL` people or not, each weighted by
    (k - 1) m^2 / (chance + 4), for figures that are mostly chance tell little. A small group leans on all cells of the
    hour: tau^2 = (n tau_g^2 + 200 tau_all^2) / (n + 200), n counting k - 1.

    *Own.* Cells of a kind vary unequally: where hotels stand, nights follow the season, and no other cell of the centre
    does. A few weeks tell that of each cell roughly: hours near each other are put together (`NEARBY`), and
    (n tau_cell^2 + 28 tau^2) / (n + 28) is taken where it is more than that of its kind. Less is not believed.

    What moves all cells of a region on the same day is in it, and is not taken off: an incident may be as wide as the
    region. Five weeks hold five times four such days at most; hence `LEAST_VARIATION`. A week of school holidays, or a
    fall from one month to the next, is among the days and counts as variation: an incident must stand out from that.
    """
    if not people.size:
        return np.full((people.shape[0], people.shape[2]), NOTHING_KNOWN)
    told = _told(_without_furthest(people, weekdays), weekdays, precision)
    kind = _of_kinds(told, groups)
    own = (_nearby(told.square) + PRIOR_DAYS * kind) / (_nearby(told.free) + PRIOR_DAYS)
    return np.sqrt(np.maximum(kind, own))


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


def median_of_known(values: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The median of those that are known along the second axis, and how many these are.

    Parameters
    ----------
    values : array of float, shape (cells, days, hours)
        NaN where not known.

    Returns
    -------
    tuple of arrays, shape (cells, hours)
        NaN where none is known; and a count.

    Examples
    --------
    >>> median, known = median_of_known(np.array([[[10.0, np.nan], [14.0, np.nan], [40.0, np.nan]]]))
    >>> median.tolist(), known.tolist()
    ([[14.0, nan]], [[3, 0]])
    """
    known = np.isfinite(values).sum(axis=1)
    if not values.shape[1]:
        return np.full(known.shape, np.nan), known
    ordered = np.sort(values, axis=1)
    middle = [np.maximum(each, 0)[:, None] for each in ((known - 1) // 2, known // 2)]
    low, high = (np.take_along_axis(ordered, each, axis=1)[:, 0] for each in middle)
    return (low + high) / 2, known


@dataclass(frozen=True, slots=True)
class _Told:
    """What the days of each cell tell of an hour, arrays of shape (cells, hours).

    Attributes
    ----------
    square : array of float
        Squared deviations of days beyond chance, relative to the level, added up.
    free : array of float
        Days less one for each weekday: over this `square` is tau^2.
    weight : array of float
        How much it tells, beside chance.
    level : array of float
        People on an ordinary day.
    """

    square: Floats
    free: Floats
    weight: Floats
    level: Floats


def _without_furthest(people: Floats, weekdays: NDArray[np.int64]) -> Floats:
    """Figures without the date that is furthest from the median of its weekday, in each quarter of the day."""
    quarter = np.arange(people.shape[2]) // QUARTER
    within = (quarter[:, None] == np.unique(quarter)).astype(np.float64)
    known = np.isfinite(people)
    hours = known.astype(np.float64) @ within
    mean = np.divide(np.where(known, people, 0.0) @ within, hours, out=np.full(hours.shape, np.nan), where=hours > 0)
    away = np.full(mean.shape, -1.0)
    for kind in np.unique(weekdays[weekdays != LEFT_OUT]):
        of = mean[:, weekdays == kind]
        median = median_of_known(of)[0][:, None]
        far = np.abs(of - median) / np.maximum(median, LEAST_PEOPLE)
        away[:, weekdays == kind] = np.where(np.isfinite(far), far, -1.0)
    furthest = np.repeat(away.argmax(axis=1), QUARTER, axis=1)[:, None, : people.shape[2]]
    left = people.copy()
    np.put_along_axis(left, furthest, np.nan, axis=1)
    return left


def _told(people: Floats, weekdays: NDArray[np.int64], precision: Precision) -> _Told:
    square, free, weight, level = (np.zeros((people.shape[0], people.shape[2])) for _ in range(4))
    many = int((weekdays != LEFT_OUT).sum())
    put_back = many / (many - min(FURTHEST, many / 2)) if many else 1.0
    for kind in np.unique(weekdays[weekdays != LEFT_OUT]):
        of = people[:, weekdays == kind]
        known = np.isfinite(of)
        days = known.sum(axis=1)
        mean = np.where(known, of, 0.0).sum(axis=1) / np.maximum(days, 1)
        off = np.square(np.where(known, of - mean[:, None], 0.0)).sum(axis=1)
        noise = chance_variance(np.maximum(mean, LEAST_PEOPLE), precision) + ROUNDING_VARIANCE
        more = np.where((days > 0) & (mean >= LEAST_PEOPLE) & np.isfinite(noise), days - 1.0, 0.0)
        some = np.square(np.maximum(mean, LEAST_PEOPLE))
        square += np.where(more > 0, put_back * (off - more * noise) / some, 0.0)
        weight += np.where(more > 0, more * some / noise, 0.0)
        free += more
        level += more * mean
    return _Told(square, free, weight, level / np.maximum(free, 1.0))


def _nearby(values: Floats) -> Floats:
    """The mean over hours near each, round the clock."""
    return np.mean([np.roll(values, by, axis=1) for by in range(-NEARBY, NEARBY + 1)], axis=0)


def _of_kinds(told: _Told, groups: NDArray[np.int64]) -> Floats:
    """Squared variation of the kind and size of each cell in each hour."""
    own = told.square / np.maximum(told.free, 1.0)
    found = np.full(own.shape, NOTHING_KNOWN**2)
    small = told.level < SMALL
    for here in (small, ~small):
        weight, free = np.where(here, told.weight, 0.0), np.where(here, told.free, 0.0)
        everywhere = _weighted_medians(own, weight)
        for group in np.unique(groups):
            rows = groups == group
            many = free[rows].sum(axis=0)
            of_group = (many * _weighted_medians(own[rows], weight[rows]) + PRIOR_FIGURES * everywhere) / (
                many + PRIOR_FIGURES
            )
            told_any = np.where(weight.any(axis=0), np.maximum(of_group, LEAST_VARIATION**2), NOTHING_KNOWN**2)
            found[rows] = np.where(here[rows], told_any, found[rows])
    return found


def _weighted_medians(values: Floats, weights: Floats) -> Floats:
    """In each column the least value at or below which half of the weight lies; 0 of a column without any weight."""
    order = np.argsort(values, axis=0)
    reached = np.cumsum(np.take_along_axis(weights, order, axis=0), axis=0)
    at = (reached >= reached[-1] / 2).argmax(axis=0)
    found = np.take_along_axis(values, np.take_along_axis(order, at[None], axis=0), axis=0)[0]
    return np.where(reached[-1] > 0, found, 0.0)


def _weighted_median(values: Floats, weights: Floats) -> float:
    """The least of ascending values at or below which half of the weight lies."""
    reached = np.cumsum(weights)
    return float(values[np.searchsorted(reached, reached[-1] / 2)])
