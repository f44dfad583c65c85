"""Where a figure departs most from its usual level, the median of the same weekday and hour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_WEEKS = 4
"""So many other weeks must be there for a usual level."""


def furthest_above(people: NDArray[np.float64]) -> tuple[int, int, int, float, float] | None:
    """Where a figure is furthest above the median of the same weekday and hour, in units of its usual variation.

    Parameters
    ----------
    people : array of float, shape (areas, dates, 24)
        Figures of dates that follow one another without a gap; NaN where withheld or not covered.

    Returns
    -------
    tuple or None
        Area, date and hour by number, the excess, and the usual level. None where no weekday comes
        `LEAST_WEEKS` + 1 times.

    Notes
    -----
    The unit is the median absolute deviation over the other weeks times 1.4826 (which makes it a standard deviation
    where deviations are normal; Rousseeuw and Croux 1993), and at least the square root of the usual level, so that
    a place that hardly ever varies does not win by chance.

    Examples
    --------
    >>> weeks = np.full((1, 35, 24), 100.0)
    >>> weeks[0, 29, 18] = 400.0
    >>> furthest_above(weeks)
    (0, 29, 18, 300.0, 100.0)
    """
    score = np.full(people.shape, -np.inf)
    usual = np.full(people.shape, np.nan)
    for start in range(7):
        same = people[:, start::7, :]
        if same.shape[1] <= LEAST_WEEKS:
            continue
        for week in range(same.shape[1]):
            others = np.delete(same, week, axis=1)
            complete = np.isfinite(others).sum(axis=1) >= LEAST_WEEKS
            median = np.median(others, axis=1)
            spread = np.maximum(1.4826 * np.median(np.abs(others - median[:, None, :]), axis=1), np.sqrt(median))
            with np.errstate(divide="ignore", invalid="ignore"):
                found = (same[:, week, :] - median) / spread
            on = start + 7 * week
            usual[:, on, :] = median
            score[:, on, :] = np.where(complete & np.isfinite(found), found, -np.inf)
    if not np.isfinite(score).any():
        return None
    at, on, hour = (int(each) for each in np.unravel_index(int(np.argmax(score)), score.shape))
    return at, on, hour, float(people[at, on, hour] - usual[at, on, hour]), float(usual[at, on, hour])
