"""How sure a figure is: one formula for the standard error of any union of cells and hours.

Everything is worked out from the figure as released and from the release's table `precision`, so that whoever has the
release can check it, and nobody learns from a standard error what the figure does not tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z_95 = 1.959964
"""Standard errors on either side of a figure that make a 95 % interval, where errors are near normal."""
ROUNDING_VARIANCE = 4.0
"""People squared, of unbiased rounding to a multiple of 5: r (5 - r) for a remainder r, on average 4 over 0 ... 4."""
LABELS = ((0.05, "precise"), (0.10, "reasonably precise"), (0.20, "acceptable"))
"""Upper limits of the coefficient of variation, and the word below each."""
LABEL_WORDS = (*(word for _, word in LABELS), "use with caution")
"""All labels, the best first."""
MEASURED_KM2 = 252.9
"""Mean area of a cell of resolution 5, the largest in which errors of placement are measured (h3geo.org, table of cell
statistics). What is put into wrong cells in one does not depend on another: from there on errors add up as such."""


@dataclass(frozen=True)
class Placement:
    """How far people are put into a wrong cell: numbers, or arrays of one shape. See `placement_cv`.

    Attributes
    ----------
    cv : float or array
        Relative error of a square kilometre with few people.
    density : float or array
        People per km2 at which it has fallen to half.
    power : float or array
        How fast it falls with density.
    floor : float or array
        What is left of it where people are many.
    decay : float or array
        Power of the area with which it falls.
    """

    cv: ArrayLike
    density: ArrayLike
    power: ArrayLike
    floor: ArrayLike
    decay: ArrayLike


def placement_cv(people: ArrayLike, area_km2: ArrayLike, placement: Placement) -> NDArray[np.float64]:
    """Standard error that comes of putting people into wrong cells, relative to the people there.

    (c / (1 + (x / x0)^g) + f) A^-d, x being people per km2 and A km2: relative errors are large where few people live
    beside many and small in towns, where antennas stand close, and they fall as more cells are taken together, for
    people are lost and gained only across the border. Beyond `MEASURED_KM2` they fall at least with the square root.

    Parameters
    ----------
    people : array
        People, 0 or more.
    area_km2 : array
        Area of the union of cells, km2, above 0.
    placement : Placement
        Parameters.

    Returns
    -------
    array of float
        Relative to the people.

    Examples
    --------
    >>> known = Placement(cv=1.2, density=300.0, power=1.5, floor=0.08, decay=0.5)
    >>> placement_cv([300.0, 4_800.0], [1.0, 16.0], known).round(3)
    array([0.68, 0.17])

    With a decay of 0.4, four times the largest cell has half its error:

    >>> slow = Placement(cv=1.2, density=300.0, power=1.5, floor=0.08, decay=0.4)
    >>> one, four = placement_cv([300 * 252.9, 1_200 * 252.9], [252.9, 1_011.6], slow)
    >>> round(four / one, 6)
    np.float64(0.5)
    """
    area = np.asarray(area_km2, dtype=np.float64)
    density = np.maximum(np.asarray(people, dtype=np.float64), 0.0) / area
    fallen = 1.0 + (density / np.asarray(placement.density)) ** np.asarray(placement.power)
    decay = np.asarray(placement.decay, dtype=np.float64)
    beyond = np.maximum(area / MEASURED_KM2, 1.0) ** -np.maximum(0.5 - decay, 0.0)
    return (np.asarray(placement.cv) / fallen + np.asarray(placement.floor)) * area**-decay * beyond


@dataclass(frozen=True)
class Precision:
    """What the table `precision` says of an area in a part of the day: numbers, or arrays of one shape.

    Attributes
    ----------
    coverage_p : float or array
        P, the share of people whom all operators together observe, 0 to 1.
    over_dispersion : float or array
        phi, variance of a count relative to the binomial one, 0 or more.
    share_cv : float or array
        Coefficient of variation of P after calibration: an error that the area's figures share.
    placement : Placement
        How far people are put into wrong cells.
    """

    coverage_p: ArrayLike
    over_dispersion: ArrayLike
    share_cv: ArrayLike
    placement: Placement

    @classmethod
    def of(cls, columns: Mapping[str, ArrayLike]) -> Precision:
        """From the columns of the table `precision`, as numbers or as arrays."""
        placement = {field.name: columns[f"placement_{field.name}"] for field in fields(Placement)}
        return cls(columns["coverage_p"], columns["over_dispersion"], columns["share_cv"], Placement(**placement))


def standard_error(
    people: ArrayLike, precision: Precision, *, area_km2: ArrayLike, days: ArrayLike = 1, figures: ArrayLike = 1
) -> NDArray[np.float64]:
    """Standard error of people in any union of cells, over any hours of an area and part of the day.

    The variance is the sum of four: of chance, phi (N + 1/P) (1 - P) / P / d, a mean of d days having less of it; of
    the share observed, (N CV)^2; of placement, (N `placement_cv`)^2; and of rounding, 4 for each figure added up.

    Parameters
    ----------
    people : array
        Released figures N, people; NaN where withheld.
    precision : Precision
        Parameters of the area and part of the day.
    area_km2 : array
        Area of the union of cells in km2, above 0.
    days : array
        Days over which the figure is a mean.
    figures : array
        Released figures that were added up to it.

    Returns
    -------
    array of float
        People; NaN where the figure or a parameter is.

    Notes
    -----
    Assumes that counts of different days are independent, that shares and placement are wrong in the same way on all of
    them, and that the cells lie together: a union of scattered cells has more border, and a larger error, than this.

    References
    ----------
    Salgado, D., Sanguiao, L., Oancea, B., Barragan, S., Necula, M. (2021). An end-to-end statistical process with
    mobile network data for official statistics. EPJ Data Science 10, 20: N given n with a flat prior is n plus a
    negative binomial number of n + 1 successes, whose variance is (n + 1) (1 - P) / P^2.

    Examples
    --------
    A figure of 900 people of whom 90 % are seen, nothing else being unsure: (900 + 1.11) x 0.1 / 0.9 + 4 = 104.1.

    >>> none = Placement(cv=0.0, density=1.0, power=1.0, floor=0.0, decay=0.5)
    >>> standard_error(900.0, Precision(0.9, 1.0, 0.0, none), area_km2=5.0).round(2)
    np.float64(10.2)

    The same with 2 % of doubt about the share: 104.1 + 18 x 18.

    >>> standard_error(900.0, Precision(0.9, 1.0, 0.02, none), area_km2=5.0).round(2)
    np.float64(20.69)
    """
    people = np.asarray(people, dtype=np.float64)
    share = np.clip(np.asarray(precision.coverage_p, dtype=np.float64), 1e-6, 1.0)
    chance = np.asarray(precision.over_dispersion) * (people + 1 / share) * (1 - share) / share / np.asarray(days)
    common = np.square(people * np.asarray(precision.share_cv))
    placement = np.square(people * placement_cv(people, area_km2, precision.placement))
    rounding = ROUNDING_VARIANCE * np.asarray(figures) / np.asarray(days)
    return np.sqrt(chance + common + placement + rounding)


def interval(people: ArrayLike, error: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 95 % interval of figures, not below zero.

    Parameters
    ----------
    people : array
        Figures.
    error : array
        Their standard errors, in the same unit.

    Returns
    -------
    tuple of arrays
        Lower and upper limits.

    Examples
    --------
    >>> low, high = interval(1000.0, 50.0)
    >>> round(float(low)), round(float(high))
    (902, 1098)
    """
    people, reach = np.asarray(people, dtype=np.float64), Z_95 * np.asarray(error, dtype=np.float64)
    return np.maximum(people - reach, 0.0), people + reach


def label_class(people: ArrayLike, error: ArrayLike) -> NDArray[np.int64]:
    """The quality of figures as a place in `LABEL_WORDS`, by their coefficient of variation.

    Parameters
    ----------
    people : array
        Figures.
    error : array
        Their standard errors, in the same unit.

    Returns
    -------
    array of int
        0 under 5 %, 1 from 5 to 10, 2 from 10 to 20, 3 from 20 % and for a figure of 0; -1 where either is NaN.

    Examples
    --------
    >>> label_class([1000, 1000, 0, np.nan], [20, 100, 3, 5]).tolist()
    [0, 2, 3, -1]
    """
    people, error = np.asarray(people, dtype=np.float64), np.asarray(error, dtype=np.float64)
    variation = np.divide(error, people, out=np.full(np.broadcast(people, error).shape, np.inf), where=people > 0)
    found = np.searchsorted([limit for limit, _ in LABELS], variation, side="right")
    return np.where(np.isnan(people) | np.isnan(error), -1, found).astype(np.int64)


def label(people: float, error: float) -> str:
    """The quality of a figure in words, by its coefficient of variation.

    Parameters
    ----------
    people : float
        The figure.
    error : float
        Its standard error.

    Returns
    -------
    str
        precise (under 5 %), reasonably precise (5 to 10), acceptable (10 to 20), use with caution (20 and over).

    Examples
    --------
    >>> [label(1000, error) for error in (20, 80, 150, 400)]
    ['precise', 'reasonably precise', 'acceptable', 'use with caution']
    """
    return LABEL_WORDS[int(label_class(people, error))]


def variance_over_mean(
    people: ArrayLike, errors: ArrayLike, coverage_p: ArrayLike, share_cv: ArrayLike
) -> NDArray[np.float64]:
    """Variance of a count over its mean that stands behind standard errors, found back from them.

    It is `over_dispersion` times (1 - P): chance is v (N + 1/P) / P. Of trips it holds what operators withhold of a
    day, which makes it larger for small figures.

    Parameters
    ----------
    people, errors : array of float, shape (figures,)
        Released figures of areas and their standard errors; NaN where withheld or not known.
    coverage_p, share_cv : array of float
        Of each: see `Precision`.

    Returns
    -------
    array of float, shape (figures,)
        Where a figure does not tell, and of zeros, the middle one of those that do; 1 - P, as of a binomial count, if
        none does.

    Examples
    --------
    Half are seen, 1 % of doubt about the share; v is 1.5. Of 98 trips that is 1.5 x 100 / 0.5 + 0.98 squared + 4.

    >>> error = (300 + 0.98**2 + 4) ** 0.5
    >>> variance_over_mean([98.0, np.nan], [error, np.nan], 0.5, 0.01).round(9)
    array([1.5, 1.5])
    """
    n, s = np.asarray(people, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    share = np.asarray(coverage_p, dtype=np.float64)
    chance = np.square(s) - ROUNDING_VARIANCE - np.square(n * np.asarray(share_cv))
    found = np.where(n > 0, np.maximum(chance * share / (n + 1 / share), 0.0), np.nan)
    known = np.isfinite(found)
    return np.where(known, found, np.median(found[known]) if known.any() else 1 - share)
