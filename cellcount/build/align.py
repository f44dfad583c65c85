"""Bring several operators' rows side by side: the same zone in the same place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.combine import WITHHELD, Devices

Keys = NDArray[np.int64]


def union(keys: Sequence[Keys]) -> Keys:
    """All keys of all operators, each once, in order.

    Parameters
    ----------
    keys : sequence of arrays of int64
        Each operator's keys, strictly ascending.

    Returns
    -------
    array of int64
        The first operator's own array where all have the same: the common case, and nothing to compute.

    Examples
    --------
    >>> union([np.array([1, 3]), np.array([2, 3])])
    array([1, 2, 3])
    """
    first = keys[0]
    if all(len(other) == len(first) and np.array_equal(other, first) for other in keys[1:]):
        return first
    # A stable sort merges runs that are in order already: several times faster than np.unique, which hashes.
    every = np.sort(np.concatenate(keys), kind="stable")
    return every[np.diff(every, prepend=every[:1] - 1) != 0]


@dataclass(frozen=True)
class Places:
    """Where one operator's rows go among the rows of all.

    Parameters
    ----------
    own, everywhere : arrays of int64
        The operator's keys, and all keys, both ascending.

    Examples
    --------
    >>> places = Places(np.array([1, 3]), np.array([1, 2, 3]))
    >>> places.spread(np.array([10, 30]), missing=0)
    array([10,  0, 30])
    """

    own: Keys
    everywhere: Keys

    @cached_property
    def _at(self) -> NDArray[np.int64] | None:
        same = self.own is self.everywhere or np.array_equal(self.own, self.everywhere)
        return None if same else np.searchsorted(self.everywhere, self.own)

    def spread(self, values: NDArray, missing: float) -> NDArray:
        """Values at all keys, `missing` where the operator has no row; `values` itself where it has them all."""
        if self._at is None:
            return values
        result = np.full(len(self.everywhere), missing, dtype=values.dtype)
        result[self._at] = values
        return result


def devices(column: pa.ChunkedArray) -> Devices:
    """A column of counts as numbers, with `WITHHELD` for NULL.

    Examples
    --------
    >>> devices(pa.chunked_array([pa.array([12, None], pa.uint32())])).tolist() == [12, WITHHELD]
    True
    """
    filled = column.combine_chunks().fill_null(pa.scalar(WITHHELD, pa.uint32()))
    return filled.to_numpy(zero_copy_only=False)
