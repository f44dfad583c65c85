"""Keys of rows as one number each, and which of them are there more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellcount.validator.columns import CodeList
from cellcount.validator.indexes import NUMBER_BITS, Mask, from_numbers, numbers

Keys = NDArray[np.int64]
NO_KEY = -1
"""The key of a row of which a part is missing or wrong."""
SMALL_BITS = 4
"""Bits of an H3 resolution."""


@dataclass(frozen=True)
class KeyPart:
    """One column of a key and the bits that it takes. `codes` is None for a cell or a small number."""

    column: str
    codes: CodeList | None
    is_cell: bool

    @property
    def bits(self) -> int:
        """How many bits it takes."""
        if self.codes is not None:
            return self.codes.bits
        return NUMBER_BITS if self.is_cell else SMALL_BITS

    def value(self, number: int) -> str:
        """The value of a part of a key, as it is shown."""
        if self.codes is not None:
            return self.codes[number]
        return f"{int(from_numbers(np.array([number]))[0]):x}" if self.is_cell else str(number)


def pack(parts: Sequence[KeyPart], values: Sequence[NDArray[np.int64]], usable: Mask) -> Keys:
    """One number for each row, which sorts as the parts in their order.

    Parameters
    ----------
    parts : sequence of KeyPart
        Columns of the key.
    values : sequence of arrays of int64
        For each column, numbers of codes, small numbers, or cells.
    usable : array of bool
        Rows whose key is whole.

    Returns
    -------
    array of int64
        `NO_KEY` where it is not.
    """
    assert sum(part.bits for part in parts) < 64
    packed = np.zeros(len(usable), np.int64)
    whole = usable.copy()
    for part, of_rows in zip(parts, values, strict=True):
        number = numbers(of_rows) if part.is_cell else of_rows
        whole &= number >= 0
        if part.codes is None and not part.is_cell:
            whole &= number < 1 << SMALL_BITS
        packed = packed << part.bits | number
    packed[~whole] = NO_KEY
    return packed


def unpack(parts: Sequence[KeyPart], key: int) -> str:
    """The columns of a key in words."""
    told = []
    for part in reversed(parts):
        told.append(f"{part.column} {part.value(key & (1 << part.bits) - 1)}")
        key >>= part.bits
    return ", ".join(reversed(told))


def repeated(keys: Keys) -> tuple[int, int]:
    """How many rows repeat an earlier row's key, and one such key.

    Parameters
    ----------
    keys : array of int64
        Keys, in any order; sorted in place where they are not.

    Returns
    -------
    tuple of int
        Rows, and the key (`NO_KEY` where there is none).

    Examples
    --------
    >>> repeated(np.array([5, 3, 5, NO_KEY, NO_KEY]))
    (1, 5)
    """
    if not (keys[1:] > keys[:-1]).all():
        keys.sort()
    again = np.flatnonzero((keys[1:] == keys[:-1]) & (keys[1:] != NO_KEY))
    return (len(again), int(keys[again[0]])) if len(again) else (0, NO_KEY)
