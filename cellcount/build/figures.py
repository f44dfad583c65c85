"""Estimates of a keyed table's counts, ready to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.combine import NOT_COVERED, Devices, Observed, Share, estimate
from cellcount.build.doubt import Dispersion
from cellcount.build.protect import Disclosure, Reasons, released
from cellcount.build.rounding import Words
from cellcount.build.shares import Customers, Operator
from cellcount.methods.precision import Placement, Precision, standard_error

NOT_PLACED = Placement(cv=0.0, density=1.0, power=1.0, floor=0.0, decay=0.5)
"""Counts of whole areas: nobody is put into a wrong cell."""
LEAST_COUNT = 20.0
"""Devices that an operator must be expected to have where disagreement is measured: twice the usual threshold, for what
is withheld below it cuts the lower tail of counts near it, and makes operators look more alike than they are."""
MOST_SEEN = 0.999
"""Share of people observed from which on chance is not less: with everybody seen there would be none."""


@dataclass(frozen=True)
class Figure:
    """A column of figures: estimates, and why some must be withheld."""

    estimate: NDArray[np.float64]
    reasons: Reasons

    def released(self, disclosure: Disclosure, measure: str, when: str, words: Sequence[Words]) -> pa.Array:
        """The figures as released: rounded, NULL where withheld.

        Parameters
        ----------
        disclosure : Disclosure
            How the release is protected.
        measure : str
            Table and column.
        when : str
            Date, month or period.
        words : sequence of arrays of uint64
            What each figure's zone is.

        Returns
        -------
        pyarrow.Array
            UINTEGER.
        """
        hidden = self.reasons > 0
        shown = disclosure.rounded(np.where(hidden, 0.0, self.estimate), measure, when, words)
        return released(shown, hidden)

    def hidden_where(self, also: Reasons) -> Figure:
        """The same figures, withheld where others are too."""
        return Figure(self.estimate, self.reasons | also)


def figure(
    counts: Sequence[Devices],
    shares: Sequence[Share],
    thresholds: Sequence[int],
    disclosure: Disclosure,
    delivered: Sequence[Devices] | None = None,
) -> Figure:
    """Estimate a column of counts, and say which may be released.

    Parameters
    ----------
    counts : sequence of arrays of uint32
        Each operator's counts, without those that its network's outages make useless.
    shares : sequence of arrays of float
        Each operator's p.
    thresholds : sequence of int
        Each operator's threshold, devices.
    disclosure : Disclosure
        How the release is protected.
    delivered : sequence of arrays of uint32, optional
        Counts as delivered, where they are not `counts`: these decide whether a figure may be released.

    Returns
    -------
    Figure
    """
    # An operator that has not said its share of an area, and saw nobody there, does not cover it.
    covering = [np.where(np.isnan(share), np.uint32(NOT_COVERED), n) for n, share in zip(counts, shares, strict=True)]
    people = estimate(covering, [np.nan_to_num(share) for share in shares], thresholds)
    return Figure(np.maximum(people, 0.0), disclosure.reasons(covering if delivered is None else delivered))


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


def people_per_device(seen: Observed) -> NDArray[np.float64]:
    """People for whom one device of all operators together stands; 1 where their share is not known.

    Examples
    --------
    >>> people_per_device(Observed(np.array([0.5, np.nan]), np.array([0.0, np.nan])))
    array([2., 1.])
    """
    return np.divide(1.0, seen.share, out=np.ones(len(seen.share)), where=seen.share > 0)


def add_disagreement(found: Dispersion, counts: Sequence[Devices], shares: Sequence[Share]) -> None:
    """Add, in place, how operators disagree about the same trips, visits or people, given their total.

    Parameters
    ----------
    found : Dispersion
        Sums from which the variance of a count over its mean is worked out.
    counts : sequence of arrays of uint32
        Each operator's counts.
    shares : sequence of arrays of float
        Each operator's p; NaN where not known.
    """
    if len(counts) < 2:
        return
    total = np.sum([np.where(n < NOT_COVERED, n, 0) for n in counts], axis=0)
    each = np.array(shares)
    everybody = each.sum(axis=0)
    part = np.divide(each, everybody, out=np.zeros(each.shape), where=everybody > 0)
    found.add(counts, list(total * part), LEAST_COUNT)


def disagreement(counts: Sequence[Devices], shares: Sequence[Share]) -> float:
    """Variance of an operator's count over its mean, given all operators' total.

    Parameters
    ----------
    counts, shares
        As `add_disagreement` has them.

    Returns
    -------
    float
        1, as of a Poisson count, where there is too little to tell.
    """
    found = Dispersion()
    add_disagreement(found, counts, shares)
    return found.ratio()


def errors(figures: pa.Array, seen: Observed, variance_over_mean: float | NDArray[np.float64]) -> pa.Array:
    """Standard errors of released figures, to a hundredth; NULL where the figure is.

    Parameters
    ----------
    figures : pyarrow.Array
        Released figures.
    seen : Observed
        What all operators together observe, figure by figure.
    variance_over_mean : float or array of float
        Of an operator's count: see `disagreement`.

    Returns
    -------
    pyarrow.Array
        DOUBLE.
    """
    people = figures.to_numpy(zero_copy_only=False).astype(np.float64)
    share = np.minimum(seen.share, MOST_SEEN)
    precision = Precision(share, variance_over_mean / (1.0 - share), seen.cv, NOT_PLACED)
    return pa.array(np.round(standard_error(people, precision, area_km2=1.0), 2), from_pandas=True)
