"""What the deliveries say of a figure: the devices of all operators, withheld counts at their bounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cellcount.audit.relations import Amounts, Bounds, Relations, propagate
from cellcount.audit.scoring import Truth
from cellcount.build.deliveries import Delivery
from cellcount.standard import limits

ABSENT = -1
"""Stands for a count that is not there; a withheld one is NaN."""


def counted(
    delivery: Delivery, table_name: str, keys: pd.DataFrame, columns: Sequence[str], **partitions: object
) -> Amounts:
    """An operator's counts at the keys of a release.

    Parameters
    ----------
    delivery : Delivery
        Its delivery.
    table_name : str
        A table of the standard.
    keys : pandas.DataFrame
        Key columns, a row a figure.
    columns : sequence of str
        Columns of counts.
    **partitions
        A value for each partition column of the table.

    Returns
    -------
    array of float, keys x columns
        Devices; NaN where withheld, `ABSENT` where there is no row.
    """
    table = delivery.read(table_name, columns=[*keys.columns, *columns], **partitions).to_pandas()
    if table.empty:
        return np.full((len(keys), len(columns)), float(ABSENT))
    for name in keys.columns:
        if isinstance(table[name].dtype, pd.CategoricalDtype):
            table[name] = table[name].astype(str)
    rows = pd.MultiIndex.from_frame(table[list(keys.columns)])
    at = rows.get_indexer(pd.MultiIndex.from_frame(keys))
    counts = table[list(columns)].to_numpy(dtype=np.float64)[at]
    counts[at < 0] = ABSENT
    return counts


def bounds_of(counts: Amounts, threshold: int) -> Bounds:
    """Bounds of an operator's counts: a withheld one is 1 to its threshold - 1.

    Examples
    --------
    >>> found = bounds_of(np.array([12.0, np.nan, 0.0, ABSENT]), threshold=10)
    >>> found.low.tolist(), found.high.tolist()
    ([12.0, 1.0, 0.0, 0.0], [12.0, 9.0, 0.0, 0.0])
    """
    there = np.where(counts == ABSENT, 0.0, counts)
    hidden = np.isnan(there)
    return Bounds(np.where(hidden, 1.0, there), np.where(hidden, float(threshold - 1), there))


def sharpened(bounds: Bounds, relations: Relations) -> Bounds:
    """An operator's bounds, narrowed by sums among its own counts, to know the truth better.

    Counts that are whole numbers of devices add up exactly; rounded means do not. Which it is, its own counts tell:
    where any that are all known fail to add up, every sum is given the room that rounding may take.

    Parameters
    ----------
    bounds : Bounds
        Devices.
    relations : Relations
        Sums among the counts.

    Returns
    -------
    Bounds
    """
    if not len(relations.total):
        return bounds
    unsure = bounds.high > bounds.low
    all_known = ~relations.touched(unsure)
    rest = bounds.low[relations.total] - relations.summed(bounds.low)
    exact = bool(np.all(rest[all_known] == 0))
    room = np.zeros(len(rest)) if exact else relations.size * limits()["rounding"].value
    return propagate(Relations(relations.total, relations.part, relations.of, room), bounds)


def truth_of(
    counts: Sequence[Amounts],
    thresholds: Sequence[int],
    share: Amounts,
    rule_threshold: int,
    relations: Relations | None = None,
) -> Truth:
    """The truth of figures from all operators' counts.

    Parameters
    ----------
    counts : sequence of arrays of float
        Each operator's counts: NaN where withheld, `ABSENT` where not there.
    thresholds : sequence of int
        Each operator's threshold, devices.
    share : array of float
        P of each figure, to tell it in people; NaN where not known.
    rule_threshold : int
        Devices: the release withholds fewer.
    relations : Relations, optional
        Sums among the counts.

    Returns
    -------
    Truth

    Examples
    --------
    One operator withholds, the other has none: 1 to 9 devices, at P = 0.5 2 to 18 people.

    >>> found = truth_of([np.array([np.nan]), np.array([0.0])], [10, 10], np.array([0.5]), 10)
    >>> found.people.low.tolist(), found.people.high.tolist(), found.small.tolist()
    ([2.0], [18.0], [True])
    """
    low, high, worst = (np.zeros(len(share)) for _ in range(3))
    for theirs, threshold in zip(counts, thresholds, strict=True):
        delivered = bounds_of(theirs, threshold)
        known = sharpened(delivered, relations) if relations is not None else delivered
        low += known.low
        high += known.high
        worst += delivered.low
    small = (worst > 0) & (worst < rule_threshold)
    unknown = np.isnan(share)
    people = np.where(unknown, 1.0, share)
    return Truth(Bounds(np.where(unknown, 0.0, low / people), np.where(unknown, np.inf, high / people)), small)


def day_total(hours: Amounts, threshold: int) -> tuple[Amounts, Amounts]:
    """Bounds of a sum over hours, the last axis, of one operator's counts."""
    bounds = bounds_of(hours, threshold)
    return bounds.low.sum(axis=-1), bounds.high.sum(axis=-1)


def truth_of_sums(bounds: Sequence[tuple[Amounts, Amounts]], share: Amounts, rule_threshold: int) -> Truth:
    """The truth of figures that add up operators' counts over hours or days.

    Parameters
    ----------
    bounds : sequence of pairs of arrays of float
        Each operator's least and most.
    share : array of float
        P of each figure.
    rule_threshold : int
        Devices.

    Returns
    -------
    Truth
    """
    low: NDArray[np.float64] = np.sum([least for least, _ in bounds], axis=0)
    high: NDArray[np.float64] = np.sum([most for _, most in bounds], axis=0)
    return Truth(Bounds(low / share, high / share), (low > 0) & (low < rule_threshold))
