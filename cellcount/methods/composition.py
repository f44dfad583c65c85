"""What the people of a place are there for, from cells that are coarser than the place and withheld in part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_TOLD = 0.5
"""A share is given where it is told of at least so much of the people: of fewer it would be a figure of others."""


@dataclass(frozen=True, slots=True)
class Composition:
    """Shares of the people of a place, arrays of shape (segments,), 0 to 1.

    Attributes
    ----------
    share : array of float
        At the time; NaN where withheld for more than 1 - `LEAST_TOLD` of the people.
    least, most : array of float
        On usual days, of the same cells; NaN where there are none, and where `share` is.
    told : array of float
        Part of the people of the place of which it is told.
    """

    share: Floats
    least: Floats
    most: Floats
    told: Floats


def composition(segments: Floats, abroad: Floats, held: Floats, usually: Floats, counted: Floats) -> Composition:
    """Shares of residents by what they are there for, and of everybody from abroad, in a place.

    Parameters
    ----------
    segments : array of float, shape (cells, segments, moments)
        Residents of each segment, which together are all of them, in the cells at the time and at that of each usual
        day; NaN where withheld.
    abroad : array of float, shape (cells, moments)
        People from abroad.
    held, usually : array of float, shape (cells,)
        People of the place in each cell, at the time and usually.
    counted : array of float, shape (cells,)
        People in the whole cell at the time; NaN where not known.

    Returns
    -------
    Composition
        With those from abroad last.

    Notes
    -----
    The people of the place in a cell are taken to be there for what all people in the cell are there for. That is wrong
    where the place is another part of town than the rest of its cells, and nothing in the figures tells by how much.

    A withheld figure is never 0: a cell in which a segment is withheld, at the time or on any of the usual days, is
    left out on all of them, so that no difference between them is made of what is withheld. The same is true of those
    from abroad by themselves, who are few and mostly withheld.

    Examples
    --------
    Two cells with 300 and 100 people of the place. In the first half are at home, as usual; of the second it is
    withheld now, and so three quarters are told of.

    >>> segments = np.array([[[50.0, 50.0], [50.0, 50.0]], [[np.nan, 90.0], [10.0, 10.0]]])
    >>> abroad, held, whole = np.full((2, 2), np.nan), np.array([300.0, 100.0]), np.array([100.0, 100.0])
    >>> found = composition(segments, abroad, held, held, whole)
    >>> found.share.tolist(), found.least.tolist(), found.most.tolist(), found.told.tolist()
    ([0.5, 0.5, nan], [0.5, 0.5, nan], [0.5, 0.5, nan], [0.75, 0.75, 0.0])
    """
    residents = segments.sum(axis=1)
    everybody = residents + abroad
    # Of what a cell holds a part may be counted in no segment.
    part = _over((residents + np.nan_to_num(abroad))[:, 0], counted)
    weights = held, usually, held * np.minimum(np.nan_to_num(part, nan=1.0), 1.0)
    here = np.isfinite(residents).all(axis=1)
    shares = [_over(segments[:, each], residents) for each in range(segments.shape[1])]
    found = [_shares(each, here, weights) for each in shares]
    found.append(_shares(_over(abroad, everybody), here & np.isfinite(abroad).all(axis=1), weights))
    return Composition(*np.array(found).T)


def _shares(
    share: Floats, told: NDArray[np.bool_], weights: tuple[Floats, Floats, Floats]
) -> tuple[float, float, float, float]:
    """Share now, the least and the most on usual days, and the part of the people of which it is told."""
    held, usually, counted = weights
    known = float(np.nan_to_num(_over(counted[told].sum(), held.sum())))
    if known < LEAST_TOLD:
        return float("nan"), float("nan"), float("nan"), known
    # Of nobody every share is 0, and counts nothing.
    now, then = np.nan_to_num(share[told, 0]), np.nan_to_num(share[told, 1:])
    days = _over((usually[told, None] * then).sum(axis=0), usually[told].sum())
    least, most = (float(each) for each in (days.min(), days.max())) if days.size else (float("nan"), float("nan"))
    return float(_over((held[told] * now).sum(), held[told].sum())), least, most, known


def _over(part: Floats | float, whole: Floats | float) -> Floats:
    part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)
