"""Wholes and their parts: a cell and its children, an area and the areas in it, all devices and a segment of them.

A count is rounded, so it is within half a device of the mean that was counted; a withheld one is between 1 and the
threshold less 1. A whole and its parts contradict each other where no means within these bounds could add up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellcount.standard import limits
from cellcount.validator.columns import Numbers
from cellcount.validator.indexes import Mask, among

Counts = NDArray[np.uint32]
Places = NDArray[np.int64]

WITHHELD = int(np.iinfo(np.uint32).max)
"""Stands for NULL in an array of counts."""
_FEW_PARTS = 16
"""So many counts of the most that a column may hold (210 million) are less than `WITHHELD`."""


def as_counts(numbers: Numbers, most: float) -> Counts | None:
    """Counts as they are compared.

    Parameters
    ----------
    numbers : Numbers
        A column.
    most : float
        More than this is no count.

    Returns
    -------
    array of uint32, or None
        `WITHHELD` for NULL. None where any is no count at all: it is told by itself, and what it should be compared
        with cannot be known.

    Examples
    --------
    >>> as_counts(Numbers(np.array([12.0, 0.0]), np.array([False, True])), most=1e6).tolist() == [12, WITHHELD]
    True
    >>> as_counts(Numbers(np.array([12.0, -1.0]), None), most=1e6) is None
    True
    """
    values = numbers.values
    if values.dtype != np.uint32:
        if not ((values >= 0) & (values <= most)).all():
            return None
        values = values.astype(np.uint32)
    elif values.max(initial=0) > most:
        return None
    return values if numbers.missing is None else np.where(numbers.missing, np.uint32(WITHHELD), values)


@dataclass(frozen=True)
class Parts:
    """Which rows are the parts of which row.

    Parameters
    ----------
    rows : slice or array of int64
        Rows of parts; those of one whole lie together.
    starts : array of int64
        Place in `rows` of the first part of each whole.
    sizes : array of int64
        Number of parts of each whole that have rows.
    whole : array of int64
        Row of each whole; -1 where there is none.
    there_are : array of int64
        Number of parts that each whole has, with rows or without; 0 where it is not known.
    """

    rows: slice | Places
    starts: Places
    sizes: Places
    whole: Places
    there_are: Places


def find_parts(
    part_keys: Places,
    rows: slice | Places,
    whole_keys: Places,
    first_whole: int,
    there_are: Callable[[Places], Places],
) -> Parts:
    """Match parts with their wholes by key.

    Parameters
    ----------
    part_keys : array of int64
        For each part, the key of its whole; ascending.
    rows : slice or array of int64
        Rows of the parts.
    whole_keys : array of int64
        Keys of wholes; ascending.
    first_whole : int
        Row of the first whole; the others follow it.
    there_are : callable
        How many parts each of some wholes has, by key; 0 where it is not known.

    Returns
    -------
    Parts
    """
    starts = np.concatenate([[0], np.flatnonzero(part_keys[1:] != part_keys[:-1]) + 1])
    keys = part_keys[starts]
    here, place = among(keys, whole_keys)
    sizes = np.diff(starts, append=len(part_keys))
    return Parts(rows, starts, sizes, np.where(here, place + first_whole, -1), there_are(keys))


@dataclass
class Contradictions:
    """What a comparison found, over all columns.

    Parameters
    ----------
    larger, short : array of bool
        By whole: whether its parts are more than it in some column; whether they are all there and less.
    larger_in, short_in : list of str
        Columns in which any are.
    examples : dict of str to tuple
        By `larger` and `short`: column, place of a whole, sum of its parts, and the whole (None where withheld, or
        where a part of the sum should have been).
    """

    larger: Mask
    short: Mask
    larger_in: list[str]
    short_in: list[str]
    examples: dict[str, tuple[str, int, float | None, float | None]]


def compare(
    columns: Sequence[tuple[str, Counts]], parts: Parts, threshold: int, *, absent_is_none: bool = False
) -> Contradictions | None:
    """Compare wholes with their parts in every column.

    Parameters
    ----------
    columns : sequence of tuples
        Names and counts, of all rows.
    parts : Parts
        Which rows are parts of which.
    threshold : int
        Devices: smaller counts are withheld.
    absent_is_none : bool
        Whether a part without a row has no devices; else it is not covered, and its whole may have any.

    Returns
    -------
    Contradictions or None
        None where everything agrees: the common case.
    """
    has_whole = parts.whole >= 0
    if not has_whole.any():
        return None
    half = limits()["rounding"].value
    found: Contradictions | None = None
    known_parts = parts.there_are > 0 if absent_is_none else parts.there_are == parts.sizes
    all_there = known_parts & has_whole
    slack = half * (parts.sizes + 1)
    slack_of_all = half * (np.maximum(parts.sizes, parts.there_are) + 1)
    for name, counts in columns:
        seen = counts[parts.rows]
        total = counts[parts.whole]
        sums, withheld = _sums(seen, parts)
        known = total != WITHHELD
        most = np.where(known, total, threshold - 1)
        larger = (sums + withheld > most + slack) & has_whole
        short = (sums < most - slack_of_all) & known & all_there & (withheld == 0)
        if not (larger.any() or short.any()):
            continue
        if found is None:
            nothing = np.zeros(len(parts.whole), np.bool_)
            found = Contradictions(nothing, nothing.copy(), [], [], {})
        for kind, wrong in (("larger", larger), ("short", short)):
            if wrong.any():
                _note(found, kind, name, wrong)
                if kind not in found.examples:
                    place = int(np.argmax(wrong))
                    start = int(parts.starts[place])
                    its_parts = seen[start : start + int(parts.sizes[place])]
                    told = not ((its_parts > 0) & (its_parts < threshold)).any()
                    whole = int(total[place])
                    found.examples[kind] = (
                        name,
                        place,
                        int(sums[place]) if told else None,
                        None if whole == WITHHELD else whole,
                    )
    return found


def _note(found: Contradictions, kind: str, name: str, wrong: Mask) -> None:
    mask, names = (found.larger, found.larger_in) if kind == "larger" else (found.short, found.short_in)
    mask |= wrong
    names.append(name)


def _sums(seen: Counts, parts: Parts) -> tuple[Places, Places]:
    """For each whole, the sum of its parts that are seen, and the number of those withheld."""
    sums = np.add.reduceat(seen, parts.starts, dtype=np.int64)
    if int(parts.sizes.max()) <= _FEW_PARTS:
        # One that is withheld adds more than all the others together can: both can be told from one sum.
        withheld, sums = np.divmod(sums, WITHHELD)
        return sums, withheld
    withheld = np.add.reduceat(seen == WITHHELD, parts.starts, dtype=np.int64)
    return sums - withheld * WITHHELD, withheld
