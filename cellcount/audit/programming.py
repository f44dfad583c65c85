"""The exact range of a withheld figure, all relations taken together, by linear programming."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack

from cellcount.audit.relations import TOLERANCE, Amounts, Bounds, Numbers, Relations
from cellcount.errors import CellCountError


def exact_ranges(relations: Relations, known: Bounds, targets: Numbers) -> Bounds:
    """Least and most that each of some figures can be, given all sums and all intervals at once.

    Where the relations contradict each other (figures of different areas do not add up exactly), each is given the
    least room that makes them agree, the total of it being as small as can be: the attacker's best reading.

    Parameters
    ----------
    relations : Relations
        Sums among the figures.
    known : Bounds
        An interval for each figure.
    targets : array of int64
        Figures whose range is asked for.

    Returns
    -------
    Bounds
        Of the targets, in their order.

    Examples
    --------
    Two ways of parting 20 people, each with one figure published: a + b = 20 = c + d, b = 15 and c + a = 9.

    >>> sums = Relations(np.array([0, 0, 1]), np.array([2, 3, 4, 5, 4, 2]), np.array([0, 0, 1, 1, 2, 2]))
    >>> low, high = np.array([20.0, 9, 1, 15, 1, 1]), np.array([20.0, 9, 19, 15, 19, 19])
    >>> found = exact_ranges(sums.only(np.array([True, False, True])), Bounds(low, high), np.array([4]))
    >>> found.low.round(6).tolist(), found.high.round(6).tolist()
    ([4.0], [4.0])
    """
    figures, number = len(known.low), len(relations.total)
    rows = np.concatenate([np.arange(number), relations.of])
    columns = np.concatenate([relations.total, relations.part])
    signs = np.concatenate([np.ones(number), -np.ones(len(relations.part))])
    sums = csr_array((signs, (rows, columns)), shape=(number, figures))
    room = eye_array(number, format="csr")
    own = np.column_stack([known.low, known.high])

    # total - parts + more - less = shift, with more and less as small as the relations allow
    least = linprog(
        np.concatenate([np.zeros(figures), np.ones(2 * number)]),
        A_eq=hstack([sums, room, -room], format="csr"),
        b_eq=relations.shift,
        bounds=np.vstack([own, np.tile([0.0, np.inf], (2 * number, 1))]),
        method="highs",
    )
    if least.status != 0:
        raise CellCountError(f"The linear program of {figures:,} figures could not be solved: {least.message}")
    needed = np.abs(least.x[figures : figures + number] - least.x[figures + number :])
    allowed = np.where(needed > TOLERANCE, np.maximum(needed, relations.slack) + TOLERANCE, relations.slack)
    constraints = hstack([sums, room], format="csr")
    within = np.vstack([own, np.column_stack([-allowed, allowed])])
    low, high = np.zeros(len(targets)), np.full(len(targets), np.inf)
    for place, target in enumerate(targets):
        wanted = np.zeros(figures + number)
        wanted[target] = 1.0
        for sign, kept in ((1.0, low), (-1.0, high)):
            solved = linprog(sign * wanted, A_eq=constraints, b_eq=relations.shift, bounds=within, method="highs")
            if solved.status == 0:
                kept[place] = sign * solved.fun
            else:  # unbounded, or too ill-conditioned to say: the attacker learns nothing
                kept[place] = known.low[target] if sign > 0 else known.high[target]
    return Bounds(low, high)


def tree(relations: Relations, inside: Numbers) -> tuple[Relations, Numbers]:
    """The relations that lie wholly among some figures, renumbered from 0.

    Parameters
    ----------
    relations : Relations
        Sums among all figures.
    inside : array of int64
        Some of the figures, ascending.

    Returns
    -------
    tuple of Relations and array of int64
        The relations, and `inside`: the figure that each new number stands for.
    """
    there = np.isin(relations.total, inside)
    whole = there & (np.bincount(relations.of, ~np.isin(relations.part, inside), minlength=len(there)) == 0)
    kept = relations.only(whole)
    total, part = (np.searchsorted(inside, figures).astype(np.int64) for figures in (kept.total, kept.part))
    return Relations(total, part, kept.of, kept.slack, kept.shift), inside


def small_targets(amount: Amounts, chosen: Numbers, most: int) -> Numbers:
    """The first few of some figures, smallest guesses first: those that an attacker would ask about."""
    return chosen[np.argsort(amount[chosen], kind="stable")[:most]]
