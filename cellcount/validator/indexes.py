"""H3 indexes by the array: validity, resolution and parents from the bits, and a shorter number for each cell.

The layout of an index is H3's own (https://h3geo.org/docs/core-library/h3Indexing): one bit 0, four of mode, three
reserved, four of resolution, seven of base cell, and fifteen digits of three bits, 7 where there is none.
"""

from __future__ import annotations

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.int64]
Mask = NDArray[np.bool_]

FINEST_RESOLUTION = 9
"""Finest resolution of the standard: below it an index has only digits that say nothing."""
NUMBER_BITS = 38
"""Bits of a cell's shorter number: resolution, base cell and nine digits."""

_DIGITS = 15
_RESOLUTION_SHIFT = 52
_BASE_CELL_SHIFT = 45
_BASE_CELLS = 122
_ALL_DIGITS = (1 << 3 * _DIGITS) - 1
_LOWEST_BITS = sum(1 << 3 * digit for digit in range(_DIGITS))
_CELL_MODE = 1 << 59
_WITHOUT_RESOLUTION = ~(0xF << _RESOLUTION_SHIFT)
_UNUSED_SHIFT = 3 * (_DIGITS - FINEST_RESOLUTION)
_UNUSED = (1 << _UNUSED_SHIFT) - 1
_NUMBER_MASK = (1 << NUMBER_BITS) - 1

_PENTAGON_BASES = np.isin(np.arange(_BASE_CELLS), [h3.get_base_cell_number(cell) for cell in h3.get_pentagons(0)])


def resolutions(cells: Cells) -> NDArray[np.int64]:
    """H3 resolution of each index, valid or not.

    Examples
    --------
    >>> resolutions(np.array([0x87195DA49FFFFFF])).tolist()
    [7]
    """
    return cells >> _RESOLUTION_SHIFT & 0xF


def valid(cells: Cells) -> Mask:
    """Whether each index is an H3 cell.

    Examples
    --------
    >>> valid(np.array([0x87195DA49FFFFFF, 0x87195DA49FFFFFE, 12, -1])).tolist()
    [True, False, False, False]
    """
    unused = 3 * (_DIGITS - resolutions(cells))
    base = cells >> _BASE_CELL_SHIFT & 0x7F
    # A digit is 7 where all its three bits are set: there must be none in use, and no other out of use.
    sevens = cells & cells >> 1 & cells >> 2 & _LOWEST_BITS
    ones = (np.int64(1) << unused) - 1
    sound = (cells >> 56 == _CELL_MODE >> 56) & (base < _BASE_CELLS) & (sevens >> unused == 0) & (cells & ones == ones)
    pentagon = np.flatnonzero(sound & _PENTAGON_BASES[np.minimum(base, _BASE_CELLS - 1)])
    if len(pentagon):
        sound[pentagon] = [h3.is_valid_cell(int(cell)) for cell in cells[pentagon]]
    return sound


def parents(cells: Cells, resolution: int) -> Cells:
    """The ancestor of each cell at a resolution that is not finer than its own.

    Examples
    --------
    >>> hex(parents(np.array([0x87195DA49FFFFFF]), 6)[0])
    '0x86195da4fffffff'
    """
    ones = (1 << 3 * (_DIGITS - resolution)) - 1
    return cells & _WITHOUT_RESOLUTION | resolution << _RESOLUTION_SHIFT | ones


def numbers(cells: Cells) -> Cells:
    """A number of `NUMBER_BITS` bits for each cell of resolution 9 or coarser, in the same order as the indexes.

    Examples
    --------
    >>> cells = np.array([0x87195DA49FFFFFF])
    >>> from_numbers(numbers(cells)) == cells
    array([ True])
    """
    return cells >> _UNUSED_SHIFT & _NUMBER_MASK


def from_numbers(short: Cells) -> Cells:
    """The cells of some numbers."""
    return (short & _NUMBER_MASK) << _UNUSED_SHIFT | _UNUSED | _CELL_MODE


def among(values: Cells, ascending: Cells) -> tuple[Mask, NDArray[np.int64]]:
    """Whether each value is in an ascending array, and its place there.

    Examples
    --------
    >>> here, place = among(np.array([3, 4]), np.array([1, 3]))
    >>> here.tolist(), int(place[0])
    ([True, False], 1)
    """
    if not len(ascending):
        return np.zeros(len(values), np.bool_), np.zeros(len(values), np.int64)
    place = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return ascending[place] == values, place
