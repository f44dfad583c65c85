"""What is too small to publish is withheld here, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.combine import WITHHELD, Devices, known, known_total
from cellcount.errors import CellCountError

LEAST_THRESHOLD = 10
"""Devices. The threshold of a release may be raised, not lowered."""


def too_small(devices: Sequence[Devices], threshold: int) -> NDArray[np.bool_]:
    """Where a figure must be withheld.

    The devices of all operators together, as delivered and before any expansion, decide. A figure is published if at
    least `threshold` devices are known to be behind it, or if every operator that covers the zone reports zero.

    Parameters
    ----------
    devices : sequence of arrays of uint32, each of the same shape
        Each operator's counts.
    threshold : int
        Devices.

    Returns
    -------
    array of bool
        True where the figure must be NULL.

    Examples
    --------
    >>> one = np.array([30, 0, 0, WITHHELD, 5], dtype=np.uint32)
    >>> other = np.array([WITHHELD, 0, WITHHELD, WITHHELD, 4], dtype=np.uint32)
    >>> too_small([one, other], threshold=10)
    array([False, False,  True,  True,  True])
    """
    some_known = np.zeros(devices[0].shape, dtype=np.bool_)
    some_withheld = np.zeros(devices[0].shape, dtype=np.bool_)
    for counts in devices:
        some_known |= known(counts)
        some_withheld |= counts == WITHHELD
    total = known_total(devices)
    observed_zero = some_known & ~some_withheld & (total == 0)
    return (total < threshold) & ~observed_zero


def released(figure: NDArray[np.floating], withheld: NDArray[np.bool_]) -> pa.Array:
    """Figures as they are released: rounded to whole numbers, NULL where withheld or unknown.

    Parameters
    ----------
    figure : array of float
        Estimates.
    withheld : array of bool
        Where the figure is not published.

    Returns
    -------
    pyarrow.Array
        UINTEGER.

    Raises
    ------
    CellCountError
        If a figure is too large for it, and would come round as a small one.

    Examples
    --------
    >>> released(np.array([199.7, np.nan]), np.array([False, True])).to_pylist()
    [200, None]
    """
    unknown = withheld | np.isnan(figure)
    return pa.array(whole(np.where(unknown, 0, figure)), mask=unknown)


def whole(figure: NDArray[np.floating]) -> NDArray[np.uint32]:
    """Figures rounded to whole numbers, none of which has come round as a small one.

    Parameters
    ----------
    figure : array of float
        Estimates, none unknown.

    Returns
    -------
    array of uint32

    Raises
    ------
    CellCountError
        If a figure is larger than a release can hold.
    """
    rounded = np.rint(figure)
    if rounded.max(initial=0.0) > np.iinfo(np.uint32).max:
        raise CellCountError(
            f"A figure would be {rounded.max():,.0f}, which cannot be: counts are absurd, or a share in "
            "operator_factor is far too small. `python -m cellcount validate DELIVERY...` names it."
        )
    return rounded.astype(np.uint32)
