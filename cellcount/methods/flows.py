"""Who moves from where to where: how self-contained an area is, how far its people go, and when.

A flow is T_ij, the trips from i to j; within an area it is T_ii. Matrices are (origins, destinations) over the same
areas in the same order. NaN is a flow that is withheld: it is unknown, not zero, and no function here takes it for zero
unasked. What is withheld of a sum is put in by `with_withheld` and stays inside the sum's error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellcount.methods.precision import ROUNDING_VARIANCE

Floats = NDArray[np.float64]

SELF_CONTAINED = 0.75
"""Of a travel-to-work area: share of the workers who live there that work there, and of those who work there that live
there (ONS 2015)."""
SELF_CONTAINED_LARGE = 2 / 3
"""The same where there are more workers than `LARGE_WORKERS`: published as 66.7 %."""
LARGE_WORKERS = 25_000
LEAST_WORKERS = 3_500
"""Working population that a travel-to-work area has at least (ONS 2015)."""
WITHIN = 128 / (45 * math.pi)
"""Mean distance between two random points of a disc, over its radius."""
MORNING = (6, 7, 8, 9)
"""Hours of the morning rush, local time: 06:00 to 10:00."""
DISTANCE_LIMITS = (2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 200.0)
"""Kilometres: limits of the bands by which trips are counted."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its standard error, NaN where not known."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Spread:
    """What may be wrong with figures, in two parts that add up differently.

    Attributes
    ----------
    variance : array of float
        Of what is independent from figure to figure: chance and rounding. Variances add.
    common : array of float
        Standard error of what all figures share: the operators' share of people. Errors add.
    """

    variance: Floats
    common: Floats

    @property
    def error(self) -> Floats:
        """Standard error of each figure."""
        return np.sqrt(self.variance + np.square(self.common))


def spread(
    trips: ArrayLike,
    coverage: ArrayLike,
    share_cv: ArrayLike,
    variance_over_mean: ArrayLike,
    figures: ArrayLike = 1,
) -> Spread:
    """What may be wrong with released trips, by the release's own formula.

    Of N trips, chance is v (N + 1/P) / P and rounding 4, but for a 0, which is not rounded; the share of people
    observed is wrong by N CV.

    Parameters
    ----------
    trips : array of float
        Released figures; NaN where withheld.
    coverage : array of float
        P, share of the people at the origin whom all operators observe, 0 to 1.
    share_cv : array of float
        CV, its coefficient of variation.
    variance_over_mean : array of float
        v, of an operator's count: see `cellcount.methods.precision.variance_over_mean`.
    figures : array of int
        Released figures, hours for example, that were added up to each.

    Returns
    -------
    Spread
        NaN where a figure or a parameter is.

    Notes
    -----
    It is `cellcount.methods.precision.standard_error` without placement, for a trip between two areas is not put into a
    wrong cell: what the column `se` of the release's trips was made by.

    References
    ----------
    Salgado, D., Sanguiao, L., Oancea, B., Barragan, S., Necula, M. (2021). An end-to-end statistical process with
    mobile network data for official statistics. EPJ Data Science 10, 20.

    Examples
    --------
    Half are seen, and counts vary as much as by chance alone: 2 (N + 2), and 4. Of 46 trips that is 100; 1 % of doubt
    about the share adds 0.46 squared.

    >>> found = spread([46.0], 0.5, 0.01, 1.0)
    >>> found.variance, found.common, found.error.round(3)
    (array([100.]), array([0.46]), array([10.011]))
    """
    known, share = np.asarray(trips, dtype=np.float64), np.asarray(coverage, dtype=np.float64)
    added = np.asarray(figures, dtype=np.float64)
    chance = np.asarray(variance_over_mean) * (known + added / share) / share
    rounding = np.where(known > 0, ROUNDING_VARIANCE * added, 0.0)
    return Spread(chance + rounding, known * np.asarray(share_cv, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class WithheldFigure:
    """What a figure is expected to be that is known only to be withheld: mean and standard deviation."""

    mean: float
    deviation: float


def withheld_figure(threshold: int, coverage: float) -> WithheldFigure:
    """What a withheld figure is expected to be if nothing but the threshold is known of it.

    On 1 ... t-1 devices with chances in proportion to 1/n, a prior that knows no scale, the mean is (t-1) / H and the
    mean square t (t-1) / 2 H, H being the harmonic number of t-1; people are devices over the share observed.

    Parameters
    ----------
    threshold : int
        Devices t; fewer are withheld.
    coverage : float
        Share of people observed, above 0 to 1.

    Returns
    -------
    WithheldFigure
        Trips, or people.

    Notes
    -----
    Figures that are withheld for another reason, to protect others or because one operator outweighs the rest, can be
    larger: the expectation is rather too small where these are many.

    References
    ----------
    Jeffreys, H. (1961). Theory of Probability, 3rd edition, section 3.1.

    Examples
    --------
    A threshold of 10: H = 2.829, so a mean of 9 / 2.829 = 3.18 and a mean square of 45 / 2.829 = 15.91.

    >>> found = withheld_figure(10, 1.0)
    >>> round(found.mean, 2), round(found.deviation ** 2 + found.mean ** 2, 2)
    (3.18, 15.91)
    """
    most = threshold - 1
    if most < 1:
        return WithheldFigure(0.0, 0.0)
    harmonic = sum(1 / n for n in range(1, most + 1))
    mean, square = most / harmonic, threshold * most / 2 / harmonic
    return WithheldFigure(mean / coverage, math.sqrt(max(square - mean**2, 0.0)) / coverage)


def with_withheld(figures: ArrayLike, found: Spread, each: WithheldFigure | None) -> tuple[Estimate, int]:
    """The sum of figures, with an expectation for those that are withheld.

    Parameters
    ----------
    figures : array of float
        Figures; NaN where withheld.
    found : Spread
        What may be wrong with them.
    each : WithheldFigure or None
        What a withheld one is expected to be; None leaves them out, so that the sum is the least that it can be.

    Returns
    -------
    Estimate
        Sum and standard error; NaN where nothing is known, or for the error where one of a known figure is not.
    int
        How many are withheld.

    Notes
    -----
    Errors of the share are taken to be all wrong in the same way, and so are those of the expectation: the interval is
    rather too wide.

    Examples
    --------
    Two known figures with a variance of 8 and a shared error of 1 each, and one withheld that is 3 give or take 2:
    8 + 8 + (1 + 1 + 2)^2 = 32.

    >>> flat = Spread(np.array([8.0, 8.0, np.nan]), np.array([1.0, 1.0, np.nan]))
    >>> total, withheld = with_withheld([100.0, 50.0, np.nan], flat, WithheldFigure(3.0, 2.0))
    >>> total.value, round(total.error ** 2, 6), withheld
    (153.0, 32.0, 1)
    """
    known = np.asarray(figures, dtype=np.float64)
    hidden = np.isnan(known)
    withheld = int(hidden.sum())
    if withheld == known.size and each is None:
        return Estimate(math.nan if withheld else 0.0, math.nan), withheld
    more = WithheldFigure(0.0, 0.0) if each is None else each
    variance, common = found.variance[~hidden].sum(), found.common[~hidden].sum() + withheld * more.deviation
    value = float(known[~hidden].sum()) + withheld * more.mean
    return Estimate(value, float(np.sqrt(variance + common**2))), withheld


@dataclass(frozen=True, slots=True)
class Rest:
    """What the withheld hours of pairs are expected to be.

    Attributes
    ----------
    left : array of float, shape (pairs,)
        What the day's total leaves when the known hours are taken off, 0 or more.
    withheld : array of int64, shape (pairs,)
        Over how many hours that is shared.
    """

    left: Floats
    withheld: NDArray[np.int64]

    @property
    def each(self) -> Floats:
        """Mean of one withheld hour: an even share; 0 where none is withheld."""
        return np.divide(self.left, self.withheld, out=np.zeros(self.left.shape), where=self.withheld > 0)

    def variance(self, some: ArrayLike) -> Floats:
        """Variance of the sum of some of a pair's withheld hours: nothing if all are taken, for their sum is known."""
        taken, every = np.asarray(some, dtype=np.float64), self.withheld.astype(np.float64)
        share = np.divide(taken * (every - taken), every**2 * (every + 1), out=np.zeros(every.shape), where=every > 0)
        return np.square(self.left) * share


def rest_of_day(hours: ArrayLike, whole: ArrayLike) -> Rest:
    """What the total of the day leaves for the hours that are withheld, each way of sharing it being as likely.

    Shares of w hours that are equally likely (a flat Dirichlet distribution) have the mean 1 / w, and k of them
    together the variance k (w - k) / (w^2 (w + 1)).

    Parameters
    ----------
    hours : array of float, shape (pairs, hours)
        Released figures; NaN where withheld.
    whole : array of float, shape (pairs,)
        Totals of the day.

    Returns
    -------
    Rest
        Rounding can make the hours more than their total: then nothing is left.

    References
    ----------
    Kotz, S., Balakrishnan, N., Johnson, N. L. (2000). Continuous Multivariate Distributions, volume 1, chapter 49.

    Examples
    --------
    10 and 20 of 40 are known, and two hours are not: 5 for each, with a variance of 100 x 1 x 1 / (4 x 3).

    >>> found = rest_of_day([[10.0, np.nan, np.nan, 20.0], [5.0, 0.0, 0.0, 0.0]], [40.0, 5.0])
    >>> found.each.tolist(), found.variance([1, 0]).round(3).tolist(), found.variance([2, 0]).tolist()
    ([5.0, 0.0], [8.333, 0.0], [0.0, 0.0])
    """
    known = np.asarray(hours, dtype=np.float64)
    hidden = np.isnan(known)
    left = np.asarray(whole, dtype=np.float64) - np.sum(known, axis=1, where=~hidden)
    return Rest(np.maximum(left, 0.0), hidden.sum(axis=1).astype(np.int64))


def matrix(origin: ArrayLike, destination: ArrayLike, figures: ArrayLike, size: int) -> Floats:
    """Flows between groups of areas, from those between areas.

    Parameters
    ----------
    origin, destination : array of int, shape (pairs,)
        Group of each end, 0 to size - 1; pairs with an end of -1 are left out.
    figures : array of float, shape (pairs,)
        What is added up; NaN makes the sum NaN.
    size : int
        Number of groups.

    Returns
    -------
    array of float, shape (size, size)
        Sums; 0 where there is no pair.

    Examples
    --------
    >>> matrix([0, 0, 1, -1], [1, 1, 0, 0], [3.0, 4.0, 5.0, 9.0], 2)
    array([[0., 7.],
           [5., 0.]])
    """
    start, end = np.asarray(origin, dtype=np.int64), np.asarray(destination, dtype=np.int64)
    inside = (start >= 0) & (end >= 0)
    weights = np.asarray(figures, dtype=np.float64)[inside]
    counted = np.bincount(start[inside] * size + end[inside], weights, minlength=size * size)
    return counted.astype(np.float64).reshape(size, size)


def net(flows: ArrayLike) -> Floats:
    """Net flow T_ij - T_ji: what is left when trips both ways are set off.

    Parameters
    ----------
    flows : array of float, shape (areas, areas)
        T.

    Returns
    -------
    array of float, shape (areas, areas)
        Antisymmetric; NaN where either way is.

    Examples
    --------
    >>> net([[50.0, 30.0], [10.0, 70.0]])
    array([[  0.,  20.],
           [-20.,   0.]])
    """
    there = np.asarray(flows, dtype=np.float64)
    return there - there.T


@dataclass(frozen=True, slots=True)
class Containment:
    """How self-contained an area is.

    Attributes
    ----------
    supply : Estimate
        Share of the trips from the area that stay in it: of commuters, of those who live there.
    demand : Estimate
        Share of the trips to the area that come from it: of commuters, of those who work there.
    """

    supply: Estimate
    demand: Estimate


def containment(within: Estimate, out: Estimate, into: Estimate) -> Containment:
    """Self-containment from trips within an area, from it to others, and from others to it.

    supply = T_ii / sum_j T_ij, demand = T_ii / sum_i T_ij.

    Parameters
    ----------
    within, out, into : Estimate
        Trips; `out` and `into` without those within.

    Returns
    -------
    Containment
        Shares 0 to 1; NaN where there are no trips, or none is known.

    Notes
    -----
    Errors are the first terms of a series around the shares, with trips within and without taken as independent. They
    share the operators' uncertainty, which leaves a share as it is: the error is rather too large.

    References
    ----------
    Goodman, J. F. B. (1970). The definition and analysis of local labour markets: some empirical problems. British
    Journal of Industrial Relations 8, 179-196.

    Examples
    --------
    80 of 100 who live there work there, and 80 of 160 who work there live there.

    >>> found = containment(Estimate(80.0, 0.0), Estimate(20.0, 0.0), Estimate(80.0, 0.0))
    >>> found.supply.value, found.demand.value
    (0.8, 0.5)
    """
    return Containment(share_of(within, out), share_of(within, into))


def share_of(part: Estimate, rest: Estimate) -> Estimate:
    """A part of a whole w = p + r as a share of it: p / w, its error sqrt((r / w s_p)^2 + (p / w s_r)^2) / w.

    Examples
    --------
    >>> share_of(Estimate(75.0, 0.0), Estimate(25.0, 4.0))
    Estimate(value=0.75, error=0.03)
    """
    whole = part.value + rest.value
    if not whole > 0:
        return Estimate(math.nan, math.nan)
    share = part.value / whole
    return Estimate(share, math.hypot(rest.value / whole * part.error, share * rest.error) / whole)


def is_travel_to_work_area(supply: float, demand: float, workers: float) -> bool | None:
    """Whether an area would pass for a travel-to-work area by itself.

    Parameters
    ----------
    supply, demand : float
        Self-containment of commuting, 0 to 1.
    workers : float
        Working population that lives in the area.

    Returns
    -------
    bool or None
        Both shares at least 75 %, or 66.7 % where more than 25,000 workers live there, and at least 3,500 of them. None
        where a figure is not known.

    Notes
    -----
    Between the two sizes the published rule falls gradually; here it is a step, as it is usually told. Areas that pass
    are self-contained labour markets, and not therefore the official ones, which are made of smaller areas.

    References
    ----------
    Office for National Statistics (2015). Commuting to work, changes to travel to work areas: 2001 to 2011. Coombes, M.
    and Office for National Statistics (2015). Travel to Work Areas. CURDS, Newcastle University, RR2015/05.

    Examples
    --------
    >>> is_travel_to_work_area(0.75, 0.80, 3_500), is_travel_to_work_area(0.75, 0.80, 3_499)
    (True, False)
    >>> is_travel_to_work_area(0.70, 0.667, 25_001), is_travel_to_work_area(0.70, 0.667, 25_000)
    (True, False)
    """
    if not all(math.isfinite(each) for each in (supply, demand, workers)):
        return None
    least = SELF_CONTAINED_LARGE if workers > LARGE_WORKERS else SELF_CONTAINED
    return bool(min(supply, demand) >= least and workers >= LEAST_WORKERS)


def within_km(area_km2: ArrayLike) -> Floats:
    """Mean distance of trips within an area, were its ends two random points of a disc of that size.

    128 / (45 pi) x sqrt(A / pi): 0.905 times the radius.

    Parameters
    ----------
    area_km2 : array of float
        A, square kilometres.

    Returns
    -------
    array of float
        Kilometres.

    References
    ----------
    Deltheil, R. (1926). Probabilites geometriques. Gauthier-Villars, Paris: disk line picking.

    Examples
    --------
    A disc with a radius of 10 km has 314.16 km2.

    >>> within_km(100 * np.pi).round(3)
    np.float64(9.054)
    """
    return WITHIN * np.sqrt(np.asarray(area_km2, dtype=np.float64) / np.pi)


def mean_distance(trips: ArrayLike, km: ArrayLike) -> float:
    """Mean length of a trip, sum T d / sum T, over the pairs of which both are known.

    Parameters
    ----------
    trips, km : array of float, shape (pairs,)
        Trips, and the mean length of one, kilometres; NaN where not known.

    Returns
    -------
    float
        Kilometres; NaN where there are no trips.

    Examples
    --------
    >>> mean_distance([30.0, 10.0, np.nan], [2.0, 10.0, 500.0])
    4.0
    """
    number, length = np.asarray(trips, dtype=np.float64), np.asarray(km, dtype=np.float64)
    known = np.isfinite(number) & np.isfinite(length)
    whole = float(number[known].sum())
    return float((number[known] * length[known]).sum() / whole) if whole > 0 else math.nan


def by_distance(trips: ArrayLike, km: ArrayLike, limits: Sequence[float] = DISTANCE_LIMITS) -> Floats:
    """Trips by how long they are.

    Parameters
    ----------
    trips, km : array of float, shape (pairs,)
        Trips, and the mean length of one, kilometres; pairs of which either is not known are left out.
    limits : sequence of float
        Limits between the bands, ascending. A length equal to a limit lies in the band above it.

    Returns
    -------
    array of float, shape (len(limits) + 1,)
        Trips.

    Notes
    -----
    All trips of a pair are put where their mean length lies: within a large area many are shorter, and some longer.

    Examples
    --------
    >>> by_distance([5.0, 10.0, 20.0], [1.0, 2.0, 80.0], (2.0, 50.0))
    array([ 5., 10., 20.])
    """
    number, length = np.asarray(trips, dtype=np.float64), np.asarray(km, dtype=np.float64)
    known = np.isfinite(number) & np.isfinite(length)
    band = np.searchsorted(np.asarray(limits), length[known], side="right")
    return np.bincount(band, number[known], minlength=len(limits) + 1).astype(np.float64)


@dataclass(frozen=True, slots=True)
class RushHour:
    """When most people set out.

    Attributes
    ----------
    peak : int
        Place of the hour with most trips.
    peak_share : float
        Its share of the day's trips, 0 to 1.
    morning_share : float
        Share of the day's trips that begin from 06:00 to 10:00.
    """

    peak: int
    peak_share: float
    morning_share: float


def rush_hour(trips: ArrayLike, local_hours: ArrayLike) -> RushHour | None:
    """The hour with most trips, and how much of the day the morning rush is.

    Parameters
    ----------
    trips : array of float, shape (hours,)
        Trips by hour of departure; NaN where not known.
    local_hours : array of int, shape (hours,)
        Local hour of each, 0 to 23.

    Returns
    -------
    RushHour or None
        None where an hour is not known or nobody moves. Of two hours alike the first is the peak.

    Examples
    --------
    >>> rush_hour([10.0, 40.0, 30.0, 20.0], [5, 8, 9, 17])
    RushHour(peak=1, peak_share=0.4, morning_share=0.7)
    """
    number = np.asarray(trips, dtype=np.float64)
    if not number.size or not np.isfinite(number).all() or not number.sum() > 0:
        return None
    whole, peak = float(number.sum()), int(number.argmax())
    morning = float(number[np.isin(np.asarray(local_hours), MORNING)].sum())
    return RushHour(peak, float(number[peak]) / whole, morning / whole)


def largest(figures: ArrayLike, most: int) -> NDArray[np.int64]:
    """Places of the largest figures above 0, the largest first; of those alike the first comes first.

    Parameters
    ----------
    figures : array of float
        Figures; NaN is left out.
    most : int
        So many at most.

    Returns
    -------
    array of int64

    Examples
    --------
    >>> largest([3.0, np.nan, 7.0, 0.0, 7.0], 2)
    array([2, 4])
    """
    number = np.nan_to_num(np.asarray(figures, dtype=np.float64), nan=-np.inf)
    there = np.flatnonzero(number > 0)
    if len(there) > most:
        least = np.partition(number[there], -most)[-most]
        there = there[number[there] >= least]
    return there[np.argsort(-number[there], kind="stable")][:most]
