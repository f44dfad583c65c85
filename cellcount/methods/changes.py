"""Which of many figures of a day differ from usual: people in an area by their home, trips by where they go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellcount.methods.hotspots import q_values, verdicts
from cellcount.methods.incident import RATE, median_doubt, p_two_sided
from cellcount.methods.variation import shared_variation

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Changes:
    """Figures of a day against those of comparable days, arrays of shape (figures,).

    Attributes
    ----------
    usual : array of float
        Median of the comparable days.
    error : array of float
        Standard error of the difference; NaN where one of the errors is not known.
    verdict : array of int8
        `incident.EXCESS`, `DEFICIT`, `ORDINARY`, or `UNKNOWN` where the error is not known.
    """

    usual: Floats
    error: Floats
    verdict: NDArray[np.int8]


def against_usual(now: Floats, days: Floats, variance: Floats, variance_days: Floats, rate: float = RATE) -> Changes:
    """Figures of a day against the median of comparable days, false discoveries over all of them being controlled.

    Parameters
    ----------
    now : array of float, shape (figures,)
        Figures of the day; none of them withheld.
    days : array of float, shape (figures, days)
        Those of the comparable days; none of them withheld.
    variance : array of float, shape (figures,)
        Square of the standard error of each figure; NaN where not known.
    variance_days : array of float, shape (figures, days)
        The same of the comparable days.
    rate : float
        At most this share of the figures called different is expected to be so by chance alone.

    Returns
    -------
    Changes

    Notes
    -----
    With m the median of k days, v the variance of a figure and tau the variation from day to day that all of them share
    (`shared_variation`), the difference has the variance v + tau^2 m^2 + (v_days + tau^2 m^2) pi / (2 k). Its ratio to
    the root of that is held against Student's t of `incident`, and Benjamini and Hochberg's rule says which differ.

    Assumes that the days are alike but for chance and tau. A whole family that moves together, such as all trips on a
    day of snow, is called as a whole. On quiet days of the demonstration 0 of 714 families of destinations have any.

    Examples
    --------
    Usually 100, errors of 6, on two days: tau is not known, and 10 % is taken. 36 + 100 + 136 x 0.7854 = 242.8.

    >>> found = against_usual(np.array([300.0]), np.array([[90.0, 110.0]]), np.array([36.0]), np.array([[36.0, 36.0]]))
    >>> found.usual.item(), found.error.round(2).item(), found.verdict.item()
    (100.0, 15.58, 1)
    """
    usual = np.median(days, axis=1)
    between = np.square(shared_variation(days, variance_days) * usual)
    doubt = median_doubt(days.shape[1])
    error = np.sqrt(variance + between + (variance_days.mean(axis=1) + between) * doubt)
    # An error of nothing would make a difference of nothing infinite.
    z = (now - usual) / np.where(error > 0, error, np.nan)
    q = q_values(p_two_sided(z)[:, None])[:, 0]
    return Changes(usual, error, verdicts(z, q, rate))
