"""Sums among figures, and what they confine a withheld figure to.

Everything that an attacker does with sums and differences is done here, on arrays of figures: a figure is a number in a
release, or a withheld one; a relation says that one figure is the sum of some others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Amounts = NDArray[np.float64]


@dataclass(frozen=True)
class Relations:
    """Relations total = sum of parts, each a number of a figure.

    Parameters
    ----------
    total : array of int64
        For each relation, the figure that is the total.
    part : array of int64
        Figures that are parts, of all relations one after the other.
    of : array of int64
        For each part, the number of its relation.
    slack : array of float, optional
        For each relation, how far it may fail beyond the figures' own rounding, people; 0 if not given.
    shift : array of float, optional
        For each relation, how far the total is known to lie above the sum of its parts, people; 0 if not given.
    """

    total: Numbers
    part: Numbers
    of: Numbers
    slack: Amounts = field(default_factory=lambda: np.zeros(0))
    shift: Amounts = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        for name in ("slack", "shift"):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.zeros(len(self.total)))

    @property
    def size(self) -> Amounts:
        """Number of figures in each relation, the total among them."""
        return self.summed(np.ones(self.part.max(initial=-1) + 1)) + 1

    def summed(self, values: NDArray) -> Amounts:
        """Sum of the parts of each relation."""
        return np.bincount(self.of, values[self.part], minlength=len(self.total)).astype(np.float64)

    def members(self, size: int) -> NDArray[np.bool_]:
        """Which of `size` figures are in some relation."""
        found = np.zeros(size, dtype=np.bool_)
        found[self.total] = found[self.part] = True
        return found

    def touched(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which relations have some of the chosen figures, as total or part."""
        return chosen[self.total] | (self.summed(chosen) > 0)

    def only(self, kept: NDArray[np.bool_]) -> Relations:
        """Some of the relations."""
        number = np.cumsum(kept) - 1
        inside = kept[self.of]
        slack, shift = self.slack[kept], self.shift[kept]
        return Relations(self.total[kept], self.part[inside], number[self.of[inside]], slack, shift)


def joined(several: Sequence[Relations]) -> Relations:
    """Several sets of relations among the same figures as one.

    Parameters
    ----------
    several : sequence of Relations
        At least one.

    Returns
    -------
    Relations
    """
    before = np.cumsum([0, *(len(each.total) for each in several)])
    return Relations(
        np.concatenate([each.total for each in several]),
        np.concatenate([each.part for each in several]),
        np.concatenate([each.of + start for each, start in zip(several, before, strict=False)]),
        np.concatenate([each.slack for each in several]),
        np.concatenate([each.shift for each in several]),
    )


@dataclass(frozen=True)
class Bounds:
    """An interval for each figure: `low` is finite, `high` may be infinite. People, or devices."""

    low: Amounts
    high: Amounts


def confine(relations: Relations, known: Bounds) -> Bounds:
    """What each figure is confined to by the relations and the other figures' intervals, its own left aside.

    Of total = a + b + c, a is at least the total's least less the most that b and c can be, and so on.

    Parameters
    ----------
    relations : Relations
        Sums among the figures.
    known : Bounds
        An interval for each figure.

    Returns
    -------
    Bounds
        -inf and inf where nothing follows.

    Examples
    --------
    A parent of 100 people, published to the unit, has six published children that add up to 88. The seventh is 12, to
    within the rounding of seven figures:

    >>> parent, published, withheld = 100.0, [20, 20, 20, 10, 10, 8], (1.0, 9.0)
    >>> low = np.array([parent - 0.5, *(n - 0.5 for n in published), withheld[0]])
    >>> high = np.array([parent + 0.5, *(n + 0.5 for n in published), withheld[1]])
    >>> family = Relations(np.array([0]), np.arange(1, 8), np.zeros(7, dtype=np.int64))
    >>> found = confine(family, Bounds(low, high))
    >>> found.low[7], found.high[7]
    (np.float64(8.5), np.float64(15.5))
    """
    totals, parts = confine_totals(relations, known), confine_parts(relations, known)
    return Bounds(np.maximum(totals.low, parts.low), np.minimum(totals.high, parts.high))


def confine_totals(relations: Relations, known: Bounds) -> Bounds:
    """What each figure is confined to by its own parts: their least and their most, added up."""
    least, most, open_ended = _added(relations, known)
    found = _nothing(known)
    np.maximum.at(found.low, relations.total, least + relations.shift - relations.slack)
    top = np.where(open_ended > 0, np.inf, most) + relations.shift + relations.slack
    np.minimum.at(found.high, relations.total, top)
    return found


def confine_parts(relations: Relations, known: Bounds) -> Bounds:
    """What each figure is confined to by the totals that it is part of, and the other parts."""
    least, most, open_ended = _added(relations, known)
    low, high = known.low, known.high
    part, of = relations.part, relations.of
    endless = np.isinf(high)
    others_open = open_ended[of] - endless[part] > 0
    others_most = np.where(others_open, np.inf, most[of] - np.where(endless, 0.0, high)[part])
    others_least = least[of] - low[part]
    total_low = low[relations.total] - relations.shift - relations.slack
    total_high = high[relations.total] - relations.shift + relations.slack
    found = _nothing(known)
    np.maximum.at(found.low, part, total_low[of] - others_most)
    np.minimum.at(found.high, part, total_high[of] - others_least)
    return found


def _added(relations: Relations, known: Bounds) -> tuple[Amounts, Amounts, Amounts]:
    """Of the parts of each relation: the least, the most of those that have one, and how many have none."""
    endless = np.isinf(known.high)
    limited = np.where(endless, 0.0, known.high)
    return relations.summed(known.low), relations.summed(limited), relations.summed(endless)


def _nothing(known: Bounds) -> Bounds:
    return Bounds(np.full(len(known.low), -np.inf), np.full(len(known.low), np.inf))


TOLERANCE = 1e-6
"""People: differences below this are those of arithmetic."""
PASSES = 6


def propagate(relations: Relations, known: Bounds, passes: int = PASSES) -> Bounds:
    """Confine figures again and again, each time with what was found before: all relations together.

    Where what is found contradicts what was known (figures do not add up exactly), nothing is taken from it.

    Parameters
    ----------
    relations : Relations
        Sums among the figures.
    known : Bounds
        An interval for each figure.
    passes : int
        How often; information travels one relation further in each.

    Returns
    -------
    Bounds
        Inside `known`.

    Examples
    --------
    A grandparent of 30 has a published child of 20 and a withheld one, which has two withheld children: that they add
    up to 10 takes two steps.

    >>> two = Relations(np.array([0, 2]), np.array([1, 2, 3, 4]), np.array([0, 0, 1, 1]))
    >>> found = propagate(two, Bounds(np.array([30.0, 20, 1, 1, 1]), np.array([30.0, 20, 9e9, 9e9, 9e9])))
    >>> found.high.tolist()
    [30.0, 20.0, 10.0, 9.0, 9.0]
    """
    now = known
    for _ in range(passes):
        found = confine(relations, now)
        low, high = np.maximum(now.low, found.low), np.minimum(now.high, found.high)
        contradicts = low > high + TOLERANCE
        narrower = Bounds(np.where(contradicts, now.low, low), np.where(contradicts, now.high, high))
        gained = (narrower.low > now.low + TOLERANCE) | (narrower.high < now.high - TOLERANCE)
        now = narrower
        if not gained.any():
            break
    return now


def families(above: Numbers, totals: Numbers, parts: Numbers) -> Relations:
    """Relations from the key of the total that each part belongs to.

    Parameters
    ----------
    above : array of int64
        For each part, the figure that is its total; -1 where there is none.
    totals : array of int64
        Figures that may be totals; only those with parts are kept.
    parts : array of int64
        Figures that are parts, in the order of `above`.

    Returns
    -------
    Relations

    Examples
    --------
    >>> families(np.array([7, 7, -1, 8]), np.array([7, 8, 9]), np.array([0, 1, 2, 3])).total.tolist()
    [7, 8]
    """
    there = np.isin(above, totals)
    used, of = np.unique(above[there], return_inverse=True)
    return Relations(used, parts[there], of.astype(np.int64))
