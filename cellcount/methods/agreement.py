"""How estimates agree with official figures of the same thing: pairs of numbers in, a few figures and a verdict out.

In every function `measured` are estimates and `official` the figures beside them, one for one, not negative; a pair of
which either is NaN (withheld, not published) is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]

LEAST_PAIRS = 3
"""Of fewer pairs no correlation is worked out."""
LEAST_FOR_VERDICT = 10
"""Of fewer pairs nothing is said."""
EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""
DISTANCE_BANDS = (10.0, 25.0, 50.0, 100.0)
"""Kilometres: limits of the bands in which commuting is compared."""
CLOSE = (0.90, 0.95)
WITH_CARE = (0.70, 0.80)
"""Least share in common, and least correlation, for each word of a verdict."""


def ratio(measured: ArrayLike, official: ArrayLike) -> float:
    """Sum of the estimates over the sum of the official figures; NaN where the second is 0.

    Examples
    --------
    >>> ratio([110, 90, np.nan], [100, 100, 50])
    1.0
    """
    found, known = _pairs(measured, official)
    return float(found.sum() / known.sum()) if known.sum() > 0 else math.nan


def correlation(measured: ArrayLike, official: ArrayLike) -> float:
    """Pearson's r; NaN of fewer than 3 pairs or where one side does not vary.

    Examples
    --------
    Deviations -1, 0, 1 and -4/3, -1/3, 5/3: r = 3 / sqrt(2 x 42/9) = 0.982.

    >>> round(correlation([1, 2, 3], [1, 2, 4]), 3)
    0.982
    """
    return _pearson(*_pairs(measured, official))


def log_correlation(measured: ArrayLike, official: ArrayLike) -> float:
    """Pearson's r of the logarithms, of pairs that are both above 0: large and small places weigh the same.

    Examples
    --------
    >>> round(log_correlation([10, 100, 1000, 0], [2, 20, 200, 7]), 6)
    1.0
    """
    return _pearson(*_logs(measured, official))


def rank_correlation(measured: ArrayLike, official: ArrayLike) -> float:
    """Spearman's rank correlation: whether both put places in the same order. Ties have their mean rank.

    Parameters
    ----------
    measured, official : array
        Pairs.

    Returns
    -------
    float
        -1 to 1; NaN of fewer than 3 pairs or where one side does not vary.

    References
    ----------
    Spearman, C. (1904). The proof and measurement of association between two things. American Journal of Psychology 15.

    Examples
    --------
    Ranks 1 2 3 4 5 and 2 1 3 5 4: 1 - 6 x (1 + 1 + 0 + 1 + 1) / (5 x 24) = 0.8.

    >>> round(rank_correlation([10, 20, 30, 40, 50], [7, 3, 9, 80, 70]), 6)
    0.8
    """
    found, known = _pairs(measured, official)
    return _pearson(stats.rankdata(found), stats.rankdata(known))


def common_part(measured: ArrayLike, official: ArrayLike, *, same_total: bool = False) -> float:
    """Common part of commuters, CPC = 2 sum min(T, C) / (sum T + sum C): the share that both tables have in common.

    Parameters
    ----------
    measured, official : array
        T and C, pair by pair.
    same_total : bool
        Scale the estimates to the official total first, so that only how they are spread is compared.

    Returns
    -------
    float
        0 (nothing in common) to 1 (the same); NaN where there is nothing.

    References
    ----------
    Gargiulo, F., Lenormand, M., Huet, S., Baqueiro Espinosa, O. (2012). Commuting network models: getting the
    essentials. Journal of Artificial Societies and Social Simulation 15 (2), 6. Lenormand, M., Huet, S., Gargiulo, F.,
    Deffuant, G. (2012). A universal model of commuting networks. PLoS ONE 7 (10), e45985.

    Examples
    --------
    2 x (10 + 20 + 0) / (40 + 60) = 0.6.

    >>> common_part([10, 30, 0], [20, 20, 20])
    0.6
    >>> common_part([1, 2, 3], [2, 4, 6]), common_part([1, 2, 3], [2, 4, 6], same_total=True)
    (0.6666666666666666, 1.0)
    """
    found, known = _pairs(measured, official)
    if same_total and found.sum() > 0:
        found = found * (known.sum() / found.sum())
    both = found.sum() + known.sum()
    return float(2 * np.minimum(found, known).sum() / both) if both > 0 else math.nan


@dataclass(frozen=True, slots=True)
class Band:
    """Agreement of the pairs within a band of distances.

    Attributes
    ----------
    low, high : float
        Kilometres; the pairs are at least `low` apart and less than `high`.
    pairs : int
        Pairs of which both figures are above 0.
    slope : float
        Of log10 estimate on log10 official figure, by least squares: 1 where the estimates grow as the official ones.
    r : float
        Pearson's r of the logarithms.
    ratio : float
        Sum over sum.
    """

    low: float
    high: float
    pairs: int
    slope: float
    r: float
    ratio: float


def by_distance(
    measured: ArrayLike, official: ArrayLike, km: ArrayLike, limits: Sequence[float] = DISTANCE_BANDS
) -> list[Band]:
    """Slope, r and ratio in each band of distances.

    Parameters
    ----------
    measured, official : array
        Pairs.
    km : array
        Distance of each pair, kilometres.
    limits : sequence of float
        Limits between the bands, ascending.

    Returns
    -------
    list of Band

    Examples
    --------
    >>> near, far = by_distance([10, 100, 1000, 5, 50, 500], [1, 10, 100, 1, 100, 10000], [1, 2, 3, 20, 30, 40], [10])
    >>> near.slope, near.ratio, round(far.slope, 6)
    (1.0, 10.0, 0.5)
    """
    found, known, apart = (np.asarray(each, dtype=np.float64) for each in (measured, official, km))
    edges = [0.0, *limits, math.inf]
    bands = []
    for low, high in pairwise(edges):
        inside = (apart >= low) & (apart < high)
        logs, known_logs = _logs(found[inside], known[inside])
        r = _pearson(logs, known_logs)
        slope = r * float(np.std(logs) / np.std(known_logs)) if math.isfinite(r) else math.nan
        bands.append(Band(low, high, len(logs), round(slope, 9), r, ratio(found[inside], known[inside])))
    return bands


@dataclass(frozen=True)
class LeaveOneOut:
    """How well each area's official figure is told by its estimate and the factor of all other areas.

    Attributes
    ----------
    predicted : array of float
        Estimate times the factor of the others; NaN where either figure of the area is.
    errors : array of float
        predicted / official - 1.
    r_squared : float
        1 - sum (official - predicted)^2 / sum (official - mean)^2.
    """

    predicted: Floats
    errors: Floats
    r_squared: float

    @property
    def median_error(self) -> float:
        """Median of the errors without their sign."""
        return self.quantile(0.5)

    def quantile(self, share: float) -> float:
        """The error without its sign that this share of the areas does not exceed."""
        known = np.abs(self.errors[np.isfinite(self.errors)])
        return float(np.quantile(known, share)) if known.size else math.nan


def leave_one_out(measured: ArrayLike, official: ArrayLike) -> LeaveOneOut:
    """Predict each area from its own estimate and the factor that all other areas imply.

    factor of area a = sum of official figures of the others / sum of estimates of the others. An area cannot help
    to predict itself, so the error is what an area without an official figure would have.

    Parameters
    ----------
    measured, official : array
        One pair an area.

    Returns
    -------
    LeaveOneOut

    Examples
    --------
    Two areas of three have a factor of 2, the third one of 4: predicted 10 x (40 + 40) / (20 + 10) = 26.7, then
    20 x 60 / 20 = 60, then 10 x 60 / 30 = 20.

    >>> found = leave_one_out([10, 20, 10], [20, 40, 40])
    >>> found.predicted.round(1).tolist(), found.errors.round(3).tolist()
    ([26.7, 60.0, 20.0], [0.333, 0.5, -0.5])
    """
    found, known = (np.asarray(each, dtype=np.float64) for each in (measured, official))
    there = np.isfinite(found) & np.isfinite(known)
    some, same = np.where(there, found, 0.0), np.where(there, known, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        predicted = np.where(there, found * (same.sum() - same) / (some.sum() - some), np.nan)
        errors = np.where(there & (known > 0), predicted / known - 1, np.nan)
    told = np.isfinite(predicted)
    spread = float(np.square(known[told] - known[told].mean()).sum()) if told.any() else 0.0
    left = float(np.square(known[told] - predicted[told]).sum())
    return LeaveOneOut(predicted, errors, 1 - left / spread if spread > 0 else math.nan)


def share_of_year(days: Mapping[int, int], visits: Mapping[int, float] | None = None) -> float:
    """Share of a year's visits that is to be expected on some of its days.

    Parameters
    ----------
    days : mapping of int to int
        Days covered by month, 1 to 12.
    visits : mapping of int to float, optional
        Visits by month of a whole year, all twelve; without it every day of the year counts the same.

    Returns
    -------
    float
        0 or more; 1 is a whole year.

    Notes
    -----
    Assumes that within a month every day has the same number of visits, and that a year's course over the months is
    that of the year whose visits are given. A month has as many days as in a year that is no leap year.

    Examples
    --------
    >>> round(share_of_year({1: 31, 2: 28}), 4)
    0.1616
    >>> busy = {month: 2.0 if month == 7 else 1.0 for month in range(1, 13)}
    >>> round(share_of_year({7: 31}, busy), 4)
    0.1538
    """
    if visits is None:
        return sum(days.values()) / sum(_DAYS_OF_MONTHS)
    whole = sum(visits[month] for month in range(1, 13))
    covered = sum(visits[month] * many / _DAYS_OF_MONTHS[month - 1] for month, many in days.items())
    return covered / whole if whole > 0 else math.nan


_DAYS_OF_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def distance_km(longitude: ArrayLike, latitude: ArrayLike, to_longitude: ArrayLike, to_latitude: ArrayLike) -> Floats:
    """Great-circle distance in kilometres of places given in degrees, by the haversine formula on a sphere.

    Examples
    --------
    A degree of latitude is 2 pi R / 360.

    >>> distance_km(0.0, 51.0, 0.0, 52.0).round(1)
    np.float64(111.2)
    """
    east, north, to_east, to_north = (np.radians(each) for each in (longitude, latitude, to_longitude, to_latitude))
    half = np.square(np.sin((to_north - north) / 2))
    half = half + np.cos(north) * np.cos(to_north) * np.square(np.sin((to_east - east) / 2))
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0))), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to trust, in a word and a sentence."""

    word: str
    sentence: str


def verdict(in_common: float, r: float, pairs: int) -> Verdict:
    """Whether estimates can be trusted for what the official figures say, in words.

    Parameters
    ----------
    in_common : float
        Share that both have in common when scaled to the same total (`common_part`), 0 to 1.
    r : float
        Correlation, of the kind that fits: of levels, logarithms or ranks.
    pairs : int
        How many were compared.

    Returns
    -------
    Verdict
        Close: 0.90 or more in common and r at least 0.95. Usable with care: 0.70 and 0.80. Otherwise: do not use for
        levels. Of fewer than 10 pairs: cannot be told.

    Notes
    -----
    The limits are ours. A common part of 0.70 is what the better models of commuting reach against censuses
    (Lenormand et al. 2012); 0.90 means that no more than a tenth of the people are in another place.

    Examples
    --------
    >>> verdict(0.95, 0.99, 300).word, verdict(0.95, 0.85, 300).word, verdict(0.5, 0.99, 300).word
    ('close', 'usable with care', 'do not use for levels')
    >>> verdict(0.95, 0.99, 4).word
    'cannot be told'
    """
    if pairs < LEAST_FOR_VERDICT or not (math.isfinite(in_common) and math.isfinite(r)):
        return Verdict("cannot be told", f"Only {pairs} pairs have both figures, too few to judge by.")
    if in_common >= CLOSE[0] and r >= CLOSE[1]:
        return Verdict("close", "Both tell the same: where people are and how they compare can be trusted.")
    if in_common >= WITH_CARE[0] and r >= WITH_CARE[1]:
        return Verdict("usable with care", "The pattern agrees; single figures can be well off.")
    return Verdict("do not use for levels", "The two differ too much: use it for change over time at most.")


def _pairs(measured: ArrayLike, official: ArrayLike) -> tuple[Floats, Floats]:
    found, known = (np.asarray(each, dtype=np.float64) for each in (measured, official))
    there = np.isfinite(found) & np.isfinite(known)
    return found[there], known[there]


def _logs(measured: ArrayLike, official: ArrayLike) -> tuple[Floats, Floats]:
    found, known = _pairs(measured, official)
    positive = (found > 0) & (known > 0)
    return np.log10(found[positive]), np.log10(known[positive])


def _pearson(found: Floats, known: Floats) -> float:
    if len(found) < LEAST_PAIRS or np.ptp(found) == 0 or np.ptp(known) == 0:
        return math.nan
    # Deviations of figures near the largest float would overflow when they are squared.
    first, second = ((each - each.mean()) / np.ptp(each) for each in (found, known))
    return float(np.clip((first * second).sum() / math.sqrt((first**2).sum() * (second**2).sum()), -1.0, 1.0))
