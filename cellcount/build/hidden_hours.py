"""A day's total where some of its hours are withheld: the most likely one, and how much surer it would be without.

An operator delivers trips by hour, and withholds an hour of fewer than its threshold. Between most places that is
most hours, so that a total of what is left would be far too low, and one that takes a withheld hour for the same
figure everywhere too high between places with few trips and too low between those with some.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cellcount.build.combine import WITHHELD, Devices, expected_withheld, known, withheld_mean

Floats = NDArray[np.float64]

ROUNDS = 6
"""Of two steps and a leap each: further ones change one total in a thousand by more than a hundredth."""
MOST_INFLATION = 25.0
"""Of the variance of a total of which next to nothing is known."""
LEAST_TOTALS = 30
"""So many totals must be of like size for their own inflation."""
SIZES = np.geomspace(5.0, 1e6, 25)
"""Trips: totals between two of these are of like size."""
_STEP = 0.2


@dataclass(frozen=True)
class Inflation:
    """How many times as large the variance of a total is for hours being withheld, by its size.

    Standard errors are made of released figures alone, so it is the mean of all totals of like size, and not a total's
    own.

    Attributes
    ----------
    sizes : array of float
        Trips, ascending.
    factors : array of float
        1 or more; between sizes on a straight line over their logarithms.
    """

    sizes: Floats
    factors: Floats

    def at(self, trips: NDArray[np.floating]) -> Floats:
        """Factors for totals; NaN for NaN.

        Examples
        --------
        >>> Inflation(np.array([10.0, 1000.0]), np.array([3.0, 1.0])).at(np.array([1.0, 100.0, 1e6])).round(6).tolist()
        [3.0, 2.0, 1.0]
        """
        if not len(self.sizes):
            return np.ones(len(trips))
        return np.interp(np.log(np.maximum(trips, 1.0)), np.log(self.sizes), self.factors)


def day_totals(hours: Devices, threshold: int) -> tuple[Floats, Floats]:
    """The most likely total of each row, and how many times its variance is larger for what is withheld.

    Counts of an hour are taken to be Poisson ones whose means follow one profile over the day, that of all rows
    together; withheld hours have what is then expected of them (`expected_withheld`), and the total follows by the EM
    algorithm. The information that withheld hours lack is that of their variance given that they are withheld (Louis):
    with m the expected total and u the sum of the withheld hours' variances, the total's variance is m / (1 - u / m).

    Parameters
    ----------
    hours : array of uint32, rows x 24
        Counts of devices; `WITHHELD` where withheld, 0 or not covered where there is none.
    threshold : int
        The operator's threshold, devices.

    Returns
    -------
    tuple of array of float, shape (rows,)
        Totals in devices, and factors from 1 to `MOST_INFLATION`.

    Notes
    -----
    Wrong where a row's hours depart from the profile of all: commuters' trips home are in the evening.

    References
    ----------
    Dempster, A. P., Laird, N. M., Rubin, D. B. (1977). Journal of the Royal Statistical Society B 39, 1-38.
    Louis, T. A. (1982). Finding the observed information matrix when using the EM algorithm. Journal of the Royal
    Statistical Society B 44, 226-233.

    Examples
    --------
    Nothing is withheld from the first row; from the second one hour of 24, whose others have 20 each. It has up to 9,
    and as it is usually as large as the others, nearly that.

    >>> day = np.full((2, 24), 20, dtype=np.uint32)
    >>> day[1, 5] = WITHHELD
    >>> totals, factors = day_totals(day, 10)
    >>> totals.round().tolist(), bool(factors[0] == 1.0 < factors[1] < 1.01)
    ([480.0, 468.0], True)
    """
    hidden = hours == WITHHELD
    counted = np.where(known(hours), hours, 0).astype(np.float64)
    rows, hour = np.nonzero(hidden)
    seen = counted.sum(axis=1)
    if not len(rows):
        return seen, np.ones(len(seen))
    of_hour = counted.sum(axis=0)
    expected = np.full(len(rows), withheld_mean(threshold))
    totals = seen + np.bincount(rows, expected, minlength=len(seen))
    part = np.zeros(len(rows))

    def step(totals: Floats) -> Floats:
        expected = expected_withheld(totals[rows] * part, threshold)
        return seen + np.bincount(rows, expected, minlength=len(seen))

    for _ in range(ROUNDS):
        profile = of_hour + np.bincount(hour, expected, minlength=len(of_hour))
        part = (profile / profile.sum())[hour]
        once = step(totals)
        twice = step(once)
        first, second = once - totals, twice - once
        slowing = first - second
        # Aitken's leap to where the steps lead, where they shrink evenly.
        leap = np.divide(np.square(first), slowing, out=np.zeros(len(seen)), where=np.abs(slowing) > 1e-9)
        leapt = totals + leap
        sound = np.isfinite(leapt) & (leapt > 0) & (np.sign(leap) == np.sign(first)) & (np.abs(leap) < 20 * twice)
        totals = np.where(sound, leapt, twice)
        expected = expected_withheld(totals[rows] * part, threshold)
    totals = step(totals)
    mean = totals[rows] * part
    above, below = (expected_withheld(mean * factor, threshold) for factor in (1 + _STEP, 1 - _STEP))
    unknown = np.bincount(rows, (above - below) / (2 * _STEP), minlength=len(seen))
    lacking = np.divide(unknown, totals, out=np.zeros(len(seen)), where=totals > 0)
    return totals, 1.0 / np.maximum(1.0 - lacking, 1.0 / MOST_INFLATION)


def inflation_of(trips: Floats, factors: Floats) -> Inflation:
    """The mean factor of totals of like size, to two digits; 1 where fewer than `LEAST_TOTALS` are.

    Of a few totals the factor would tell how many hours of each are withheld, and of one its unrounded size.

    Parameters
    ----------
    trips : array of float
        Totals.
    factors : array of float
        Of each.

    Examples
    --------
    >>> inflation_of(np.full(40, 100.0), np.full(40, 2.0)).at(np.array([7.0]))
    array([2.])
    """
    place = np.searchsorted(SIZES, trips)
    sizes, means = [], []
    for number, (low, high) in enumerate(pairwise(SIZES), start=1):
        own = factors[place == number]
        if len(own) >= LEAST_TOTALS:
            sizes.append(np.sqrt(low * high))
            means.append(float(f"{own.mean():.2g}"))
    return Inflation(np.array(sizes), np.array(means))
