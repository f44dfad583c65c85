"""Estimates of a keyed table's counts, ready to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.combine import NOT_COVERED, Devices, Observed, Share, estimate, standard_error
from cellcount.build.protect import released, too_small
from cellcount.build.shares import Customers, Operator


@dataclass(frozen=True)
class Figure:
    """A column of figures: estimates, and where they must be withheld."""

    estimate: NDArray[np.float64]
    withheld: NDArray[np.bool_]

    def released(self) -> pa.Array:
        """The figures as released: whole numbers, NULL where withheld."""
        return released(self.estimate, self.withheld)

    def hidden_where(self, also: NDArray[np.bool_]) -> Figure:
        """The same figures, withheld in more places."""
        return Figure(self.estimate, self.withheld | also)


def figure(counts: Sequence[Devices], shares: Sequence[Share], threshold: int) -> Figure:
    """Estimate and protect a column of counts.

    Parameters
    ----------
    counts : sequence of arrays of uint32
        Each operator's counts.
    shares : sequence of arrays of float
        Each operator's p.
    threshold : int
        Devices.

    Returns
    -------
    Figure
    """
    # An operator that has not said its share of an area, and saw nobody there, does not cover it.
    covering = [np.where(np.isnan(share), np.uint32(NOT_COVERED), n) for n, share in zip(counts, shares, strict=True)]
    return Figure(estimate(covering, shares), too_small(covering, threshold))


def observed(operators: Sequence[Operator], areas: NDArray[np.int64], customers: Customers = "resident") -> Observed:
    """What all operators together observe of the people in each of some areas.

    Operators' errors are taken to be independent of each other. What an operator says of an authority's share may be
    wrong in the same way elsewhere: in an area of several authorities nothing is taken off for errors that cancel.

    Parameters
    ----------
    operators : sequence of Operator
        Operators.
    areas : array of int64
        Numbers of areas.
    customers : {"resident", "inbound"}
        Whose.

    Returns
    -------
    Observed
    """
    shares = np.array([operator.shares[customers][areas] for operator in operators])
    relative = np.array([operator.relative_errors[customers][areas] for operator in operators])
    total = np.where(np.isnan(shares).all(axis=0), np.nan, np.minimum(np.nansum(shares, axis=0), 1.0))
    deviation = np.sqrt(np.nansum(np.square(shares * relative), axis=0))
    return Observed(total, np.divide(deviation, total, out=np.full(total.shape, np.nan), where=total > 0))


def errors(figures: pa.Array, seen: Observed) -> pa.Array:
    """Standard errors of released figures, to a hundredth; NULL where the figure is.

    Parameters
    ----------
    figures : pyarrow.Array
        Released figures.
    seen : Observed
        What all operators together observe, figure by figure.

    Returns
    -------
    pyarrow.Array
        DOUBLE.
    """
    error = standard_error(figures.to_numpy(zero_copy_only=False).astype(np.float64), seen)
    return pa.array(np.round(error, 2), from_pandas=True)
