"""The estimate of people from several operators' devices: the plain ratio.

This is the one place that knows how devices become people. Counts come as arrays of `uint32`, one for each operator and
aligned to the same zones, in which two values are not counts: `WITHHELD` and `NOT_COVERED`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Devices = NDArray[np.uint32]
Share = NDArray[np.float64]

WITHHELD = 2**32 - 1
"""Stands for a count that the operator withheld: 1 to its threshold less 1."""
NOT_COVERED = 2**32 - 2
"""Stands for no count at all: not covered, or left out because the network was down."""


def known(devices: Devices) -> NDArray[np.bool_]:
    """Where an operator's count is known.

    Parameters
    ----------
    devices : array of uint32
        One operator's counts.

    Returns
    -------
    array of bool

    Examples
    --------
    >>> known(np.array([0, 12, WITHHELD, NOT_COVERED], dtype=np.uint32))
    array([ True,  True, False, False])
    """
    return devices < NOT_COVERED


def known_total(devices: Sequence[Devices]) -> NDArray[np.int64]:
    """Devices of all operators whose count is known.

    Parameters
    ----------
    devices : sequence of arrays of uint32, each of the same shape
        Each operator's counts.

    Returns
    -------
    array of int64
        Devices; 0 where no operator's count is known.

    Examples
    --------
    >>> known_total([np.array([30, WITHHELD], dtype=np.uint32), np.array([12, NOT_COVERED], dtype=np.uint32)])
    array([42,  0])
    """
    total = np.zeros(devices[0].shape, dtype=np.int64)
    for counts in devices:
        total += counts * known(counts)
    return total


def estimate(devices: Sequence[Devices], shares: Sequence[Share]) -> NDArray[np.float64]:
    """People, by the plain ratio: devices seen over the share of people who were seen.

    N = sum n_k / sum p_k over the operators whose count is known. Assumes that operators' customers are disjoint and
    that each share is right. A count that an operator withheld is left out together with its share, which is biased
    upwards where counts are small: a figure to be improved on, not yet a calibrated one.

    Parameters
    ----------
    devices : sequence of arrays of uint32, each of the same shape
        Each operator's counts of devices (or trips, visits, nights).
    shares : sequence of arrays of float, each of that shape
        Each operator's p: devices that it counts for each person present, 0 to 1.

    Returns
    -------
    array of float
        People, not rounded; NaN where no operator's count is known.

    References
    ----------
    Salgado, D., Sanguiao, L., Oancea, B., Barragan, S., Necula, M. (2021). An end-to-end statistical process with
    mobile network data for official statistics. EPJ Data Science 10, 20.

    Examples
    --------
    Two operators see 40 % and 20 % of people. In the first cell they count 80 and 40 devices: 120 / 0.6 = 200 people.
    In the second the smaller one withholds its count: 80 / 0.4 = 200.

    >>> counts = [np.array([80, 80], dtype=np.uint32), np.array([40, WITHHELD], dtype=np.uint32)]
    >>> estimate(counts, [np.array([0.4, 0.4]), np.array([0.2, 0.2])]).round(6)
    array([200., 200.])
    """
    seen = np.zeros(devices[0].shape, dtype=np.float64)
    for counts, share in zip(devices, shares, strict=True):
        seen += np.where(known(counts), share, 0.0)
    total = known_total(devices)
    return np.divide(total, seen, out=np.full(seen.shape, np.nan), where=seen > 0)


@dataclass(frozen=True)
class Observed:
    """What all operators together observe, zone by zone, whichever of them counted.

    Attributes
    ----------
    share : array of float
        P, the share of people whom they observe, at most 1; NaN where no operator's share is known.
    cv : array of float
        Coefficient of variation of P: its standard error relative to it.
    """

    share: NDArray[np.float64]
    cv: NDArray[np.float64]

    def at(self, places: NDArray[np.int64]) -> Observed:
        """The same at some of the zones."""
        return Observed(self.share[places], self.cv[places])


def standard_error(people: NDArray[np.floating], observed: Observed, days: int = 1) -> NDArray[np.float64]:
    """Standard error of an estimate, from the released figure alone.

    sqrt(N (1 - P) / P / d + (N CV)^2): the chance of who is seen, less in a mean of d days, and the uncertainty of P,
    which is the same on all of them. P is that of all operators together whichever of them counted here: a standard
    error that depended on who did would tell who withheld. Over-dispersion is not in it, and counts of different days
    are taken to be independent.

    Parameters
    ----------
    people : array of float
        Released figures; NaN where suppressed.
    observed : Observed
        P and its coefficient of variation, of the same shape.
    days : int
        Number of days whose mean the figure is.

    Returns
    -------
    array of float
        Standard error, in the unit of `people`; NaN where the figure is.

    References
    ----------
    Variance of n / P for n ~ Binomial(N, P): see Salgado et al. (2021), as in `estimate`; and of a ratio whose divisor
    is uncertain, to first order: Cochran, W. G. (1977), Sampling Techniques, 3rd edition, chapter 6.

    Examples
    --------
    900 people of whom 90 % are seen: sqrt(900 x 0.1 / 0.9) = 10 if P is known, and with P known to 2 %, which is 18
    people: sqrt(10^2 + 18^2) = 20.6.

    >>> known = Observed(np.array([0.9, 0.9]), np.array([0.0, 0.02]))
    >>> standard_error(np.array([900.0, 900.0]), known).round(1)
    array([10. , 20.6])
    """
    share = np.minimum(observed.share, 1.0)
    return np.sqrt(people * (1.0 - share) / share / days + np.square(people * observed.cv))


def withheld_mean(threshold: int) -> float:
    """What a withheld count is taken for where hours must be added up: its mean if nothing of its scale is known.

    On 1 ... t-1 with chances in proportion to 1/n (a prior that knows no scale), the mean is (t-1) / H(t-1), H being
    the harmonic number.

    Parameters
    ----------
    threshold : int
        The operator's threshold t, in devices: counts of 1 to t-1 are withheld.

    Returns
    -------
    float
        Devices.

    References
    ----------
    Jeffreys, H. (1961). Theory of Probability, 3rd edition, section 3.1: the prior for an unknown scale.

    Examples
    --------
    For a threshold of 10: 9 / (1 + 1/2 + ... + 1/9) = 9 / 2.829 = 3.18.

    >>> round(withheld_mean(10), 2)
    3.18
    """
    largest = threshold - 1
    return largest / sum(1 / n for n in range(1, largest + 1)) if largest > 0 else 0.0
