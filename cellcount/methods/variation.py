"""How much ordinary days differ from one another beyond chance: day-to-day variation, of cells and of their kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from cellcount.methods.precision import ROUNDING_VARIANCE, Precision

Floats = NDArray[np.float64]

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
MOST_OF_A_GROUP = 50
"""Cells of a group beyond which some are taken, evenly spread: with their weekdays they are 350 values in each hour,
and more would only take longer."""
PRIOR_DAYS = 28.0
"""A cell with so many days beyond one of each weekday counts half by itself and half as its kind."""
NEARBY = 2
"""Hours on either side that tell of a cell's own variation as well as the hour itself."""
LEFT_OUT = -1
"""Kind of a day that is no ordinary one."""
LEAST_SHARED = 20
"""Figures of single days, all together, from which on a variation that they share is worked out from them."""
LEAST_DAYS_SHARED = 3
"""Days of a figure from which on it counts."""


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


@dataclass(frozen=True, slots=True)
class Variation:
    """Day-to-day variation of cells, squared and relative to the usual level.

    Attributes
    ----------
    kind : array of float, shape (cells, 2, hours)
        Of the kind of each cell; second axis: of usual levels below `SMALL`, of others.
    own : array of float, shape (cells, hours)
        Of the cell itself; 0 where nothing tells it.
    days : array of float, shape (cells, hours)
        Days beyond one of each weekday that tell of it.
    """

    kind: Floats
    own: Floats
    days: Floats

    def of(self, usual: Floats) -> Floats:
        """Standard deviation from day to day of cells with a usual level, relative to it.

        Parameters
        ----------
        usual : array of float, shape (cells, hours)
            Usual level of whole days, one or several, people; NaN counts as small.

        Returns
        -------
        array of float, shape (cells, hours)
            That of the kind, or of the cell itself where that is more: `LEAST_VARIATION` or more.
        """
        cells, hours = np.arange(len(usual))[:, None], np.arange(usual.shape[1]) % self.kind.shape[2]
        kind = self.kind[cells, (usual >= SMALL).astype(np.int64), hours[None, :]]
        days, own = self.days[:, hours], self.own[:, hours]
        return np.sqrt(np.maximum(kind, (days * own + PRIOR_DAYS * kind) / (days + PRIOR_DAYS)))


def day_to_day_variation(
    people: Floats, weekdays: NDArray[np.int64], groups: NDArray[np.int64], precision: Precision
) -> Variation:
    """Day-to-day variation of cells in each hour: of their kind, and their own.

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
    Variation
        Of a kind the square of `LEAST_VARIATION` or more, and of `NOTHING_KNOWN` where no cell of the size tells it.

    Notes
    -----
    *Of a cell on one weekday.* Of k = v + 1 days with the mean m and the sum S of squared deviations from it, S is
    (chance + 4 + tau^2 m^2) times a chi-squared variable of v degrees of freedom. With c the median of that over v,
    (S / (v c) - chance - 4) / m^2 has the median tau^2. A median is not moved by a few wild days, such as a match or a
    holiday that nobody named.

    *Of a kind.* The median over the weekdays and cells of a group of one size, below `SMALL` people on that weekday or
    not, each weighted by v m^2 / (chance + 4), for figures that are mostly chance tell little. A small group leans on
    all cells of the size in the hour: tau^2 = (n tau_g^2 + 200 tau_all^2) / (n + 200), n counting v.

    *Own.* Cells of a kind vary unequally: where hotels stand, nights follow the season, and no other cell of the centre
    does. Of a cell it is the median over the weekdays, hours near each other put together (`NEARBY`): three of the
    seven may each have had a match. A few weeks tell it roughly: (n tau_cell^2 + 28 tau^2) / (n + 28) is taken where it
    is more than that of its kind. Less is not believed.

    What moves all cells of a region on the same day is in it, and is not taken off: an incident may be as wide as the
    region. Five weeks hold five such days of each weekday at most; hence `LEAST_VARIATION`. A week of school holidays
    is among the days and counts as variation: an incident must stand out from that.

    Assumes that the days are ordinary ones: give none on which what is asked about may have gone on.

    References
    ----------
    S over the variance of a normal variable is chi-squared (Cochran 1934, Proceedings of the Cambridge Philosophical
    Society 30).
    """
    kinds = np.unique(weekdays[weekdays != LEFT_OUT])
    if not people.size or not len(kinds):
        cells, hours = people.shape[0], people.shape[2]
        nothing = np.zeros((cells, hours))
        return Variation(np.full((cells, 2, hours), NOTHING_KNOWN**2), nothing, nothing)
    told = _Told.of([people[:, weekdays == kind] for kind in kinds], precision)
    free = _nearby(told.free)
    own = np.divide(_nearby(told.free * told.square), free, out=np.full(free.shape, np.nan), where=free > 0)
    return Variation(_of_kinds(told, groups), np.nan_to_num(median_of_known(own)[0]), free.sum(axis=1))


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
        `LEAST_DAYS_SHARED` days or `LEAST_SHARED` figures, and at least `LEAST_VARIATION`.

    Notes
    -----
    The estimate of `day_to_day_variation` for a kind, the variance of each figure standing for its chance. Standard
    errors hold what is wrong in the same way on all days as well: it comes out rather too small, and with the errors
    added it is not.

    Assumes that all the figures vary alike for their size. What moves all of them on one day of four, such as weather,
    is hardly in it.

    Examples
    --------
    Three days of eight figures, 100 on two of them and 110 or 90 on the other: S is 66.7, over 2 ln 2 that is 48.1, and
    less 4 of rounding 6.6 people squared: 6.4 % of 103, or 6.9 % of 97. An error of 8 hides it.

    >>> known = np.array([[100.0, 100.0, 110.0], [100.0, 100.0, 90.0]] * 4)
    >>> round(shared_variation(known, np.zeros(known.shape)), 3), shared_variation(known, np.full(known.shape, 64.0))
    (0.064, 0.01)
    """
    if not days.size:
        return NOTHING_KNOWN
    mean, off, free = _of_days(days[:, :, None])
    known = np.where(np.isfinite(days), variance, 0.0).sum(axis=1, keepdims=True) / np.maximum(free + 1, 1.0)
    square, weight = _beyond_chance(mean, off, free, np.maximum(known, ROUNDING_VARIANCE))
    weight = np.where(free + 1 >= LEAST_DAYS_SHARED, weight, 0.0)
    if (free + 1)[weight > 0].sum() < LEAST_SHARED:
        return NOTHING_KNOWN
    order = np.argsort(square, axis=0)
    found = _weighted_median(*(np.take_along_axis(each, order, axis=0) for each in (square, weight))).item()
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
    """What the days of each weekday tell of each cell in an hour.

    Attributes
    ----------
    square : array of float, shape (cells, weekdays, hours)
        What has the median tau^2; 0 where nothing tells it.
    free : array of float, shape (cells, weekdays, hours)
        Days less one; 0 where nothing tells it.
    weight : array of float, shape (cells, weekdays, hours)
        How much it tells, beside chance.
    small : array of bool, shape (cells, weekdays, hours)
        Whether there are fewer than `SMALL` people.
    """

    square: Floats
    free: Floats
    weight: Floats
    small: NDArray[np.bool_]

    @classmethod
    def of(cls, weekdays: Sequence[Floats], precision: Precision) -> _Told:
        """From the figures of each weekday, of the shape (cells, days, hours)."""
        square, free, weight, small = [], [], [], []
        for people in weekdays:
            mean, off, more = _of_days(people)
            noise = chance_variance(np.maximum(mean, LEAST_PEOPLE), precision) + ROUNDING_VARIANCE
            told, heavy = _beyond_chance(mean, off, more, noise)
            square.append(told)
            free.append(np.where(heavy > 0, more, 0.0))
            weight.append(heavy)
            small.append(mean < SMALL)
        return cls(
            square=np.stack(square, axis=1),
            free=np.stack(free, axis=1),
            weight=np.stack(weight, axis=1),
            small=np.stack(small, axis=1),
        )


def _of_days(people: Floats) -> tuple[Floats, Floats, Floats]:
    """The mean over the known days, the sum of squared deviations from it, and the days less one, (cells, hours)."""
    known = np.isfinite(people)
    days = known.sum(axis=1)
    mean = np.where(known, people, 0.0).sum(axis=1) / np.maximum(days, 1)
    off = np.square(np.where(known, people - mean[:, None], 0.0)).sum(axis=1)
    return mean, off, np.maximum(days - 1.0, 0.0)


def _beyond_chance(mean: Floats, off: Floats, free: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """What has the median tau^2, and its weight; 0 both where nothing tells it."""
    told = (free > 0) & (mean >= LEAST_PEOPLE) & np.isfinite(noise)
    some, days = np.square(np.maximum(mean, LEAST_PEOPLE)), np.maximum(free, 1.0)
    square = (off / (days * _median_share(days)) - noise) / some
    return np.where(told, square, 0.0), np.where(told, free * some / noise, 0.0)


def _median_share(free: Floats) -> Floats:
    """The median of a chi-squared variable over its degrees of freedom."""
    return _shares_up_to(int(free.max(initial=1.0)))[free.astype(np.int64)]


@lru_cache(maxsize=64)
def _shares_up_to(most: int) -> Floats:
    degrees = np.arange(1, most + 1)
    return np.concatenate([[np.nan], chi2.median(degrees) / degrees])


def _nearby(values: Floats) -> Floats:
    """The mean over hours near each, round the clock."""
    hours = np.eye(values.shape[-1])
    near = np.mean([np.roll(hours, by, axis=0) for by in range(-NEARBY, NEARBY + 1)], axis=0)
    return np.asarray(values @ near, dtype=np.float64)


def _of_kinds(told: _Told, groups: NDArray[np.int64]) -> Floats:
    """Squared variation of the kind of each cell, by size and hour, shape (cells, 2, hours)."""
    numbers, group_of = np.unique(groups, return_inverse=True)
    rows = [_spread(np.flatnonzero(group_of == each)) for each in range(len(numbers))]
    parts = [_Sorted.of(told, of_group) for of_group in rows]
    whole = _Sorted.of(told, np.concatenate(rows))
    found = np.empty((len(numbers), 2, told.small.shape[2]))
    for size, small in enumerate((True, False)):
        everywhere, _ = whole.median(small=small)
        for number, part in enumerate(parts):
            own, n = part.median(small=small)
            pooled = (n * np.nan_to_num(own) + PRIOR_FIGURES * everywhere) / (n + PRIOR_FIGURES)
            kind = np.maximum(pooled, LEAST_VARIATION**2)
            found[number, size] = np.where(np.isnan(everywhere), NOTHING_KNOWN**2, kind)
    return found[group_of]


def _spread(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most `MOST_OF_A_GROUP` of them, evenly spread."""
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_OF_A_GROUP)).astype(np.int64)]


@dataclass(frozen=True, slots=True)
class _Sorted:
    """What the weekdays tell of some cells, in the order of `square`: arrays of shape (cells x weekdays, hours)."""

    square: Floats
    free: Floats
    weight: Floats
    small: NDArray[np.bool_]

    @classmethod
    def of(cls, told: _Told, rows: NDArray[np.int64]) -> _Sorted:
        hours = told.square.shape[2]
        square, free, weight = (each[rows].reshape(-1, hours) for each in (told.square, told.free, told.weight))
        small = told.small[rows].reshape(-1, hours)
        order = np.argsort(square, axis=0)
        square, free, weight = (np.take_along_axis(each, order, axis=0) for each in (square, free, weight))
        return cls(square, free, weight, np.take_along_axis(small, order, axis=0))

    def median(self, *, small: bool) -> tuple[Floats, Floats]:
        """The weighted median of the cells of a size, NaN of none, and the days that it rests on, by hour."""
        weight, days = (np.where(self.small == small, each, 0.0) for each in (self.weight, self.free))
        return _weighted_median(self.square, weight), days.sum(axis=0)


def _weighted_median(values: Floats, weights: Floats) -> Floats:
    """In each column of ascending values the least at or below which half of the weight lies; NaN without any."""
    reached = np.cumsum(weights, axis=0)
    at = (reached >= reached[-1] / 2).argmax(axis=0)
    return np.where(reached[-1] > 0, np.take_along_axis(values, at[None], axis=0)[0], np.nan)
