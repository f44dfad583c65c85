"""What is sent to the map: figures as 16-bit codes in Arrow, a column a step. No Streamlit here.

A code is two bytes where a figure would be eight: 20,000 cells over a day are 1.1 MB. Whole figures keep every digit;
others are kept to one part in several thousand, which is more than any of them is sure of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import h3
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.ui.presence import Floats

WITHHELD = 65_535
ABSENT = 65_534
LAST = 65_533
"""The last code that is a figure."""
COMPACT = 8
"""Up to this resolution what differs among cells fits 32 bits: base cell and three bits a digit."""
WHOLE_STEPS = (5.0, 1.0)
"""Of released figures, which are rounded to multiples of 5, and of published ones, which are whole."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Figures as codes, and what a code means.

    Attributes
    ----------
    codes : array of uint16, shape (rows, steps)
        `WITHHELD` where a figure is withheld, `ABSENT` where there is none.
    kind : {'linear', 'log'}
        Whether a figure is `offset + unit * code`, or 0 for code 0 and `least * ratio ** (code - 1)` for others.
    offset, unit, least, ratio : float
        The parameters; 0 where the kind has none.
    """

    codes: NDArray[np.uint16]
    kind: Literal["linear", "log"]
    offset: float = 0.0
    unit: float = 0.0
    least: float = 0.0
    ratio: float = 0.0

    @property
    def meaning(self) -> dict[str, object]:
        """What a code means, for the browser."""
        return {
            "kind": self.kind,
            "offset": self.offset,
            "unit": self.unit,
            "least": self.least,
            "ratio": self.ratio,
        }

    def figures(self) -> Floats:
        """The figures that the codes stand for, as the browser reads them; NaN where withheld or absent."""
        codes = self.codes.astype(np.float64)
        if self.kind == "linear":
            found = self.offset + self.unit * codes
        else:
            found = np.where(codes == 0, 0.0, self.least * self.ratio ** np.maximum(codes - 1, 0))
        return np.where(self.codes >= ABSENT, np.nan, found)


def encode(values: Floats, covered: NDArray[np.bool_] | None = None) -> Codes:
    """Figures as codes.

    Parameters
    ----------
    values : array of float, shape (rows, steps)
        Figures; NaN where withheld. Infinite ones are kept as the largest code.
    covered : array of bool, shape (rows, steps), optional
        Whether there is a figure, or one that is withheld; all if not given.

    Returns
    -------
    Codes
        Whole figures of up to 65,533 times their common step of 1 or 5 are exact. Others that are not negative are
        within one part in 2,000 over nine powers of ten; negative ones within half of a 65,533rd of their range.

    Examples
    --------
    >>> whole = encode(np.array([[0.0, 15.0, np.nan]]))
    >>> whole.codes.tolist(), whole.unit
    ([[0, 3, 65535]], 5.0)
    >>> encode(np.array([[0.0, 0.25, 80.0]])).figures().round(3).tolist()
    [[0.0, 0.25, 80.0]]
    """
    # A step at a time stays in the processor's cache: a few milliseconds for 20,000 cells over a day, not fifty.
    for unit in WHOLE_STEPS:
        found = _multiples(values, unit)
        if found is not None:
            break
    else:
        found = _amounts(values) if np.fmin.reduce(values, axis=None) >= 0 else _signed(values)
    if covered is not None:
        for step in range(values.shape[1]):
            found.codes[~covered[:, step], step] = ABSENT
    return found


def _multiples(values: Floats, unit: float) -> Codes | None:
    """Figures as multiples of a step; None where one is not, is negative, or is beyond the last code."""
    codes = np.empty(values.shape, dtype=np.uint16, order="F")
    for step in range(values.shape[1]):
        parts = values[:, step] / unit
        whole = np.rint(parts)
        unknown = np.isnan(parts)
        whole[unknown] = WITHHELD
        parts[unknown] = WITHHELD
        if (parts != whole).any() or whole.min(initial=0) < 0 or whole.max(where=~unknown, initial=0) > LAST:
            return None
        codes[:, step] = whole
    return Codes(codes, "linear", unit=unit)


def _amounts(values: Floats) -> Codes:
    """Figures that are not negative, as steps of their logarithm."""
    known = np.isfinite(values)
    most = float(np.max(values, where=known, initial=0.0))
    least = float(np.min(values, where=known & (values > 0), initial=np.inf))
    least = max(least, most * 1e-9) if most > 0 else 1.0
    step = max(math.log(max(most / least, 1.0)) / (LAST - 1), 1e-9)
    logs = np.log(np.maximum(values, least, where=known, out=np.full_like(values, least)) / least)
    codes = np.where(known & (values > 0), np.rint(logs / step) + 1, 0)
    codes[np.isnan(values)] = WITHHELD
    codes[np.isposinf(values)] = LAST
    return Codes(np.asfortranarray(codes.astype(np.uint16)), "log", least=least, ratio=math.exp(step))


def _signed(values: Floats) -> Codes:
    known = np.isfinite(values)
    least = float(np.min(values, where=known, initial=np.inf))
    unit = max((float(np.max(values, where=known, initial=-np.inf)) - least) / LAST, 1e-12)
    codes = np.where(known, np.rint((np.where(known, values, least) - least) / unit), WITHHELD)
    return Codes(np.asfortranarray(codes.astype(np.uint16)), "linear", offset=least, unit=unit)


def cell_columns(cells: NDArray[np.int64], resolution: int) -> dict[str, NDArray[np.uint32]]:
    """Indexes of cells of one resolution in as few bytes as they need.

    Examples
    --------
    >>> london = np.array([int(h3.latlng_to_cell(51.5, -0.1, 8), 16)])
    >>> {name: column.tolist() for name, column in cell_columns(london, 8).items()}
    {'low': [212167070]}
    """
    if resolution <= COMPACT:
        digits = np.int64((1 << (7 + 3 * resolution)) - 1)
        return {"low": ((cells >> np.int64(3 * (15 - resolution))) & digits).astype(np.uint32)}
    low = (cells & np.int64(0xFFFFFFFF)).astype(np.uint32)
    return {"low": low, "high": (cells >> np.int64(32)).astype(np.uint32)}


def resolution_of(cells: NDArray[np.int64]) -> int:
    """Resolution of cells that all have the same one; 0 where there are none."""
    return h3.get_resolution(f"{cells[0]:x}") if len(cells) else 0


def columns(prefix: str, codes: NDArray[np.uint16]) -> dict[str, pa.Array]:
    """A column a step."""
    return {f"{prefix}{step}": pa.array(codes[:, step]) for step in range(codes.shape[1])}
