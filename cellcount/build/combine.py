"""The estimate of people from several operators' devices: every count in it, also those that an operator withheld.

Counts come as arrays of `uint32`, one for each operator and aligned to the same zones, in which two values are not
counts: `WITHHELD` and `NOT_COVERED`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Devices = NDArray[np.uint32]
Share = NDArray[np.float64]

WITHHELD = 2**32 - 1
"""Stands for a count that the operator withheld: 1 to its threshold less 1."""
NOT_COVERED = 2**32 - 2
"""Stands for no count at all: not covered, or left out because the network was down."""

_ROUNDS = 3
_MOST_MEAN = 400.0
_LEVELS = 16_384
_PER_ROOT = (_LEVELS - 1) / _MOST_MEAN**0.5


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


def expected_withheld(mean: NDArray[np.floating], threshold: int) -> NDArray[np.float64]:
    """What a withheld count is expected to be, where its mean is known.

    The count is taken to be a Poisson one of which only 1 ... t-1 are withheld: E[n | 1 <= n <= t-1] is
    mean x P(n <= t-2) / P(1 <= n <= t-1).

    Parameters
    ----------
    mean : array of float
        Expected devices before anything is withheld, 0 or more.
    threshold : int
        The operator's threshold t, in devices, 2 or more.

    Returns
    -------
    array of float
        Devices, 1 to t-1. Read off a table: right to within 0.01.

    References
    ----------
    Dempster, A. P., Laird, N. M., Rubin, D. B. (1977). Maximum likelihood from incomplete data via the EM algorithm.
    Journal of the Royal Statistical Society B 39, 1-38: the step E of a truncated count.

    Examples
    --------
    With a mean of 2 and a threshold of 3, counts of 1 and 2 are withheld. They are equally likely: 2 e^-2 and
    (2^2 / 2) e^-2.

    >>> expected_withheld(np.array([2.0]), 3).round(3)
    array([1.5])

    A mean far above the threshold says that the count was just below it; a mean near nought, that it was 1.

    >>> expected_withheld(np.array([300.0, 0.0]), 10).round(2)
    array([8.97, 1.  ])
    """
    root = np.sqrt(np.clip(mean, 0.0, _MOST_MEAN))
    return _withheld_table(threshold).take((root * _PER_ROOT + 0.5).astype(np.int32))


@cache
def _withheld_table(threshold: int) -> NDArray[np.float64]:
    """The expectation at equal steps of the mean's square root."""
    root = np.arange(_LEVELS) / _PER_ROOT
    counts = np.arange(1, max(threshold, 2))
    # In logarithms, for the chances of small counts vanish where the mean is large.
    weight = counts * np.log(np.square(np.maximum(root, 1e-6)))[:, None] - np.cumsum(np.log(counts))
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    return (weight * counts).sum(axis=1) / weight.sum(axis=1)


def estimate(
    devices: Sequence[Devices],
    shares: Sequence[Share],
    thresholds: Sequence[int],
    *,
    official: NDArray[np.floating] | None = None,
    expected: Sequence[NDArray[np.floating]] | None = None,
) -> NDArray[np.float64]:
    """People: what is officially known of them, and devices beyond what that leads to expect over the share observed.

    N = H + sum (n_k - h_k) / sum p_k over the operators that cover the zone, where H are people known to be there from
    official figures and h_k the devices of operator k that they have where it places them. With nothing known
    officially both are 0 and N is the plain ratio sum n_k / sum p_k. What is known takes away the error of placement of
    those people, for H is where they are and h_k is where the operator sees them; everything else that was counted, a
    crowd or a flight, changes N as it changes the counts.

    A withheld count is taken at its expectation given the other operators: with mean h_k + p_k (N - H), found together
    with N in a few rounds. Leaving it out would bias N low if its share stayed and high if its share went too.

    Assumes that operators' customers are disjoint, that each share is right, and that a withheld count is Poisson.

    Parameters
    ----------
    devices : sequence of arrays of uint32, each of the same shape
        Each operator's counts of devices (or trips, visits, nights).
    shares : sequence of arrays of float, each of that shape
        Each operator's p: devices that it counts for each person present, 0 to 1.
    thresholds : sequence of int
        Each operator's threshold, devices: counts of 1 to t-1 are withheld.
    official : array of float, optional
        H, people.
    expected : sequence of arrays of float, optional
        h_k, devices of each operator.

    Returns
    -------
    array of float
        People, not rounded; NaN where no operator covers the zone. Where people are known officially chance may take
        it below 0, and whoever adds up must do so before it is cut off there.

    References
    ----------
    Salgado, D., Sanguiao, L., Oancea, B., Barragan, S., Necula, M. (2021). An end-to-end statistical process with
    mobile network data for official statistics. EPJ Data Science 10, 20. Sarndal, C.-E., Swensson, B., Wretman, J.
    (1992). Model Assisted Survey Sampling, section 6.3: the difference estimator.

    Examples
    --------
    Two operators see 40 % and 20 % of people. In the first cell they count 80 and 40 devices: 120 / 0.6 = 200 people.
    In the second the smaller one withholds its count, one of 1 ... 4. With N = 21.5 its mean is 4.3, and of 1 ... 4
    with that mean 2.91 is expected: (10 + 2.91) / 0.6 = 21.5.

    >>> counts = [np.array([80, 10], dtype=np.uint32), np.array([40, WITHHELD], dtype=np.uint32)]
    >>> estimate(counts, [np.array([0.4, 0.4]), np.array([0.2, 0.2])], [5, 5]).round(1)
    array([200. ,  21.5])

    100 people are known to live here, of whom the operator would see 30 (the others of its 40 are placed next door).
    It counts 50: 100 + (50 - 30) / 0.4 = 150, where the plain ratio says 125.

    >>> estimate([np.array([50], dtype=np.uint32)], [np.array([0.4])], [5],
    ...          official=np.array([100.0]), expected=[np.array([30.0])])
    array([150.])
    """
    shape = devices[0].shape
    seen, beyond = np.zeros(shape), np.zeros(shape)
    hidden = np.zeros(shape, dtype=np.bool_)
    for number, (counts, share) in enumerate(zip(devices, shares, strict=True)):
        there = known(counts) & (share > 0)
        withheld = (counts == WITHHELD) & (share > 0)
        hidden |= withheld
        usual = 0.0 if expected is None else expected[number]
        seen += np.where(there | withheld, share, 0.0)
        beyond += np.where(there, counts - usual, 0.0)
    base = np.zeros(shape) if official is None else np.asarray(official, dtype=np.float64)
    people = np.divide(beyond, seen, out=np.full(shape, np.nan), where=seen > 0) + base
    if hidden.any():
        where = np.nonzero(hidden)
        people[where] = _with_withheld(
            [counts[where] for counts in devices],
            [np.broadcast_to(share, shape)[where] for share in shares],
            thresholds,
            beyond=beyond[where],
            seen=seen[where],
            base=base[where],
            expected=[
                np.zeros(len(where[0])) if expected is None else np.broadcast_to(each, shape)[where]
                for each in (expected or devices)
            ],
        )
    return people


def expected_counts(
    people: NDArray[np.floating],
    shares: Sequence[Share],
    official: NDArray[np.floating] | None,
    expected: Sequence[NDArray[np.floating]] | None,
) -> list[NDArray[np.floating]]:
    """Counts that an estimate leads to expect of each operator: h_k + p_k (N - H), the inverse of `estimate`.

    Examples
    --------
    >>> expected_counts(np.array([150.0]), [np.array([0.4])], np.array([100.0]), [np.array([30.0])])
    [array([50.])]
    """
    beyond = people if official is None else people - official
    return [share * beyond + (0.0 if expected is None else expected[number]) for number, share in enumerate(shares)]


def _with_withheld(
    devices: Sequence[Devices],
    shares: Sequence[Share],
    thresholds: Sequence[int],
    *,
    beyond: NDArray[np.float64],
    seen: NDArray[np.float64],
    base: NDArray[np.float64],
    expected: Sequence[NDArray[np.floating]],
) -> NDArray[np.float64]:
    """The estimate where some count is withheld, found in rounds of expectation and ratio."""
    withheld = [
        np.flatnonzero((counts == WITHHELD) & (share > 0)) for counts, share in zip(devices, shares, strict=True)
    ]
    shares_known, middle = seen.copy(), np.zeros(seen.shape)
    for here, share, threshold in zip(withheld, shares, thresholds, strict=True):
        shares_known[here] -= share[here]
        middle[here] += threshold / 2
    # Where nobody's count is known, begin in the middle of what may be withheld.
    start = middle / seen - base
    over = np.divide(beyond, shares_known, out=start, where=shares_known > 1e-9)
    for _ in range(_ROUNDS):
        total = beyond.copy()
        for here, share, threshold, usual in zip(withheld, shares, thresholds, expected, strict=True):
            total[here] += expected_withheld(usual[here] + share[here] * over[here], threshold) - usual[here]
        over = total / seen
    return base + over


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
