"""Columns of a file as arrays, of whatever type they were written in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cellcount.validator.indexes import Mask

MOST_CODES = 1 << 17
"""Codes of one column of which each gets a number of its own: all areas and countries, and room for mistakes."""
FEW_CODES = 1 << 6
"""The same for a column with a short list of codes."""


@dataclass(frozen=True)
class Numbers:
    """Numbers of a column: uint32 where declared so, else int64 or float64; 0 where missing."""

    values: NDArray[Any]
    missing: Mask | None


def numbers(array: pa.Array) -> Numbers | None:
    """Numbers of an Arrow array; None where it holds none.

    Examples
    --------
    >>> found = numbers(pa.array([12, None], pa.uint32()))
    >>> found.values.tolist(), found.missing.tolist()
    ([12, 0], [False, True])
    >>> numbers(pa.array(["12"])) is None
    True
    """
    try:
        array = _plain(array)
    except pa.ArrowException:
        return None
    if array is None:
        return None
    if not array.null_count:
        return Numbers(array.to_numpy(), None)
    missing = array.is_null().to_numpy(zero_copy_only=False)
    # The same buffer without its NULLs, where there may be anything: eight times as fast as filling them in Arrow.
    bare = pa.Array.from_buffers(array.type, len(array), [None, array.buffers()[1]], offset=array.offset)
    values = bare.to_numpy()
    return Numbers(np.where(missing, values.dtype.type(0), values), missing)


_AS_THEY_ARE = (pa.uint32(), pa.int64(), pa.float64())


def _plain(array: pa.Array) -> pa.Array | None:
    """The same numbers as uint32, int64 or float64."""
    kind = array.type
    if kind in _AS_THEY_ARE:
        return array
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
        kind = array.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        naive = array.cast(pa.timestamp("us", kind.tz if pa.types.is_timestamp(kind) else None), safe=False)
        return naive.cast(pa.int64())
    if pa.types.is_uint64(kind):
        # What does not fit is absurd in any case.
        return pc.min_element_wise(array, pa.scalar(np.iinfo(np.int64).max, pa.uint64())).cast(pa.int64())
    wider = (
        (pa.types.is_unsigned_integer, pa.uint32()),
        (pa.types.is_integer, pa.int64()),
        (pa.types.is_floating, pa.float64()),
        (pa.types.is_decimal, pa.float64()),
    )
    to = next((each for is_kind, each in wider if is_kind(kind)), None)
    return None if to is None else array.cast(to)


class CodeList:
    """The codes of a column, by number: those that are known first, then others as they come.

    Parameters
    ----------
    known : iterable of str
        Known codes, in the order of their numbers.
    most : int
        Codes that get a number.

    Examples
    --------
    >>> codes = CodeList(["all", "inbound"], most=FEW_CODES)
    >>> codes.numbered(pa.array(["inbound", None, "ALL"])).tolist()
    [1, -1, 2]
    >>> codes.known, codes[2]
    (2, 'ALL')
    """

    def __init__(self, known: Iterable[str], most: int) -> None:
        self._number = {code: number for number, code in enumerate(known)}
        self.known = len(self._number)
        self._most = most
        self.bits = most.bit_length() - 1
        self._codes = list(self._number)

    def __getitem__(self, number: int) -> str:
        return self._codes[number]

    def number_of(self, code: str) -> int:
        """Number of a known code; one that no row has where it is not known."""
        return self._number.get(code, self._most)

    def numbered(self, array: pa.Array) -> NDArray[np.int64] | None:
        """Number of each code: -1 for NULL, and for others once there are too many; None where it holds no text."""
        try:
            kind = array.type
            held = kind.value_type if pa.types.is_dictionary(kind) else kind
            if not (_is_text(held) or pa.types.is_null(held)):
                return None
            coded = array if pa.types.is_dictionary(kind) else array.dictionary_encode()
            codes = coded.dictionary.cast(pa.large_binary()).to_pylist()
        except pa.ArrowException:
            return None
        place = np.array([*(self._add(code) for code in codes), -1], np.int64)
        indices = coded.indices.cast(pa.int64()).fill_null(len(codes)).to_numpy(zero_copy_only=False)
        return place[indices]

    def _add(self, code: bytes | None) -> int:
        if code is None:
            return -1
        text = code.decode("utf-8", errors="backslashreplace")
        number = self._number.get(text)
        if number is None:
            if len(self._codes) >= self._most:
                return -1
            number = self._number[text] = len(self._codes)
            self._codes.append(text)
        return number


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )
