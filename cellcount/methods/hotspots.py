"""Where a quantity is concentrated beyond chance, where it passes a threshold of its own, and for how long.

Two methods that answer two questions. **Gi*** asks of every cell whether it and the cells around it have more, or less,
than could come about had the same figures been dealt out over the area at random: hot, cold, or not to be told from
chance. The **Lorenz threshold** tests nothing: it cuts off the top of the ranked cells where the Lorenz curve is
steepest, and finds something even in pure noise.

Arrays are (cells, steps): all hours of a day are worked out at once. NaN is a figure that is withheld or not covered.
It is unknown, not zero: such a cell has no verdict and is left out of the neighbourhoods of others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from h3.api.numpy_int import grid_disk
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.special import gammaln
from scipy.stats import norm

Floats = NDArray[np.float64]

HOT, ORDINARY, COLD, UNKNOWN = 1, 0, -1, -2
"""Verdicts on a cell: unusually high, not to be told from chance, unusually low, and withheld or not covered."""

NEVER, OCCASIONAL, INTERMITTENT, PERMANENT = 0, 1, 2, 3
"""How lasting a hotspot is."""
LEAST_INTERMITTENT = 1 / 3
"""From this share of the known steps on a hotspot is intermittent, below it occasional; in all of them permanent."""
LEAST_KNOWN = 0.5
"""A cell that is known in a smaller share of the steps than this is not classed."""

EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""
_TILTS = np.geomspace(1e-2, 1e5, 64)
"""Nodes of the saddlepoint, in standard deviations to the minus one: from next to the mean to the largest values."""
_SINGLY = 128
"""So many of the least and of the largest figures go into the saddlepoint one by one."""
_STEADY = 1e-9
"""Figures whose standard deviation is less than this share of their mean are taken as all the same."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Which cells are around each cell, itself among them, as a compressed sparse matrix of ones.

    Attributes
    ----------
    starts : array of int64, shape (cells + 1,)
        Where the neighbours of each cell begin in `rows`.
    rows : array of int64
        Rows of the neighbours.
    """

    starts: NDArray[np.int64]
    rows: NDArray[np.int64]

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.starts) - 1

    def matrix(self) -> sparse.csr_array:
        """Ones where the column's cell is around the row's."""
        ones = np.ones(len(self.rows))
        return sparse.csr_array((ones, self.rows, self.starts), shape=(self.cells, self.cells))


@dataclass(frozen=True, slots=True)
class GiStar:
    """Gi* of every cell and step, and what chance has to do with it.

    Attributes
    ----------
    score : array of float, shape (cells, steps)
        Gi*, in standard deviations from what is expected by chance; NaN where unknown.
    p : array of float, shape (cells, steps)
        Two-sided: how often chance alone would give a score at least as far out.
    around : array of float, shape (cells, steps)
        Known cells in the neighbourhood, the cell itself among them.
    """

    score: Floats
    p: Floats
    around: Floats


@dataclass(frozen=True, slots=True)
class Lorenz:
    """What the Lorenz threshold makes of every step.

    Attributes
    ----------
    share : array of float, shape (steps,)
        F* = 1 - mean / max: this share of the ranked cells is no hotspot. NaN where nothing is known or all is 0.
    threshold : array of float, shape (steps,)
        The least value of a hotspot.
    hot : array of bool, shape (cells, steps)
        Which cells are.
    """

    share: Floats
    threshold: Floats
    hot: NDArray[np.bool_]


def disks(cells: NDArray[np.int64], rings: int) -> Neighbours:
    """For every H3 cell the given cells that are at most so many steps away on the grid, itself among them.

    Parameters
    ----------
    cells : array of int64, shape (cells,)
        H3 cells of one resolution, ascending.
    rings : int
        0 for the cell alone; 1 for it and the six around it; 2 for 19, 3 for 37. Cells at the border of the given ones
        have fewer.

    Returns
    -------
    Neighbours

    Raises
    ------
    ValueError
        If the cells are not ascending.

    Examples
    --------
    A flower of seven cells: the one in the middle has all seven around it, each petal four.

    >>> from h3.api.numpy_int import latlng_to_cell
    >>> flower = np.sort(grid_disk(latlng_to_cell(51.5, -0.1, 8), 1)).astype(np.int64)
    >>> np.diff(disks(flower, 1).starts).tolist().count(4), np.diff(disks(flower, 2).starts).tolist()
    (6, [7, 7, 7, 7, 7, 7, 7])
    """
    if (np.diff(cells) <= 0).any():
        raise ValueError("The cells must be ascending, each of them once.")
    if not len(cells):
        return Neighbours(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64))
    found = [grid_disk(cell, rings) for cell in cells.tolist()]
    around = np.concatenate(found).astype(np.int64)
    owners = np.repeat(np.arange(len(cells)), [len(each) for each in found])
    rows = np.minimum(np.searchsorted(cells, around), len(cells) - 1)
    there = cells[rows] == around
    counts = np.bincount(owners[there], minlength=len(cells))
    return Neighbours(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), rows[there].astype(np.int64))


def gi_star(values: Floats, neighbours: Neighbours) -> GiStar:
    """Gi* of every cell in every step, with its two-sided probability under chance.

    With w cells in the neighbourhood of a cell, itself among them, out of n, mean m and standard deviation s over all n
    (s² = sum x² / n - m²): Gi* = (sum of x over the neighbourhood - w m) / (s sqrt(w (n - w) / (n - 1))).

    Parameters
    ----------
    values : array of float, shape (cells, steps)
        A density, such as people per square kilometre; NaN where withheld or not covered.
    neighbours : Neighbours
        Of the same cells.

    Returns
    -------
    GiStar

    Notes
    -----
    *Chance* is randomisation: the figures of the step stay what they are, and every way to deal them out over the cells
    is equally likely. Densities are skewed, and the sum of seven skewed figures is not normal: the normal curve, which
    is commonly used, would call far too many places hot in a map that was shuffled, and hardly any cold. So the
    probability is worked out from the figures themselves, by a saddlepoint of the distribution of the mean of w of
    them (Lugannani and Rice 1980 in the form of Barndorff-Nielsen 1986), at the point that has the same score; where
    the figures are normal both are the same. It is never less than chance can be: one of all choices of w out of n.
    Beyond the point up to which the saddlepoint is reliable, the probability there is taken, which is rather too large.

    Scores do not change when all figures are multiplied by a number, so that an error that all of them share, as in the
    share of people observed, does not touch the verdicts.

    References
    ----------
    Getis, A., Ord, J. K. (1992). The analysis of spatial association by use of distance statistics. Geographical
    Analysis 24, 189-206. Ord, J. K., Getis, A. (1995). Local spatial autocorrelation statistics: distributional issues
    and an application. Geographical Analysis 27, 286-306. Lugannani, R., Rice, S. (1980). Saddle point approximation
    for the distribution of the sum of independent random variables. Advances in Applied Probability 12, 475-490.

    Examples
    --------
    Four cells in a row with 1, 1, 4 and 6: mean 3, s² = 54 / 4 - 9 = 4.5. The last has 4 + 6 = 10 around it where 6 are
    expected: 4 / sqrt(4.5 x 2 x 2 / 3) = 1.633. The third has 11 where 9 are: 2 / sqrt(4.5 x 3 x 1 / 3) = 0.943.

    >>> row = Neighbours(np.array([0, 2, 5, 8, 10]), np.array([0, 1, 0, 1, 2, 1, 2, 3, 2, 3]))
    >>> gi_star(np.array([[1.0], [1.0], [4.0], [6.0]]), row).score.round(3).ravel().tolist()
    [-1.633, -1.414, 0.943, 1.633]
    """
    known = np.isfinite(values)
    number_of = known.sum(axis=0)
    mean = _over(np.where(known, values, 0.0).sum(axis=0), number_of)
    apart = np.where(known, values - mean, 0.0)
    spread = np.sqrt(_over(np.square(apart).sum(axis=0), number_of))
    spread = np.where(spread > _STEADY * np.abs(mean), spread, 0.0)
    matrix = neighbours.matrix()
    around = matrix @ known.astype(np.float64)
    varies = np.maximum(around * (number_of - around) / np.maximum(number_of - 1, 1), 0.0)
    score = _over(matrix @ apart, spread * np.sqrt(varies))
    p = np.ones(values.shape)
    for step in np.flatnonzero(spread > 0):
        of = known[:, step]
        p[of, step] = _by_chance(score[of, step], around[of, step], apart[of, step] / spread[step])
    return GiStar(np.where(known, score, np.nan), np.where(known, p, np.nan), np.where(known, around, np.nan))


def _by_chance(score: Floats, around: Floats, figures: Floats) -> Floats:
    """How often the sum of so many of the figures, which have mean 0 and variance 1, is as far out as a score."""
    n = len(figures)
    # What is outside the neighbourhood is short of what is inside: of the two the smaller is looked at.
    outside = around > n / 2
    score, drawn = np.where(outside, -score, score), np.where(outside, n - around, around)
    side = np.where(score < 0, -1.0, 1.0)
    # Draws without putting back are less skewed than as many with; they are taken as so many with the same skewness.
    left = 1 - 2 * drawn / n
    alike = np.minimum(drawn * (1 - drawn / n) / np.maximum(left, 1e-4) ** 2, 1e6)
    width = np.sqrt(np.maximum(alike, 1.0))
    at, root, correction = _saddlepoint(figures)
    mean = np.clip(score / width, at[0], at[-1])
    normal = width * np.interp(mean, at, root) + np.interp(mean, at, correction) / width
    ways = gammaln(n + 1) - gammaln(around + 1) - gammaln(n - around + 1)
    return np.minimum(np.maximum(2 * norm.sf(side * normal), 2 * np.exp(-ways)), 1.0)


def _saddlepoint(figures: Floats) -> tuple[Floats, Floats, Floats]:
    """Signed root and its correction as functions of a mean, at nodes: what they are made of does not depend on w.

    With K the logarithm of the mean of exp(t x), t solving K'(t) = mean: the signed root is sqrt(2 (t mean - K)), the
    correction log(t sqrt(K'') / root) / root. For w figures, sqrt(w) root + correction / sqrt(w) is standard normal.
    """
    alike, times = _grouped(figures)
    tilts = np.concatenate([-_TILTS[::-1], _TILTS])
    exponent = np.outer(tilts, alike)
    shift = exponent.max(axis=1)
    weight = np.exp(exponent - shift[:, None]) * times
    total = weight.sum(axis=1)
    first = weight @ alike / total
    second = np.maximum(weight @ np.square(alike) / total - np.square(first), 0.0)
    cumulant = np.log(total / len(figures)) + shift
    root = np.sign(tilts) * np.sqrt(2 * np.maximum(tilts * first - cumulant, 0.0))
    reach = tilts * np.sqrt(second)
    # Reliable as long as the reach grows: where it falls again there is only a single figure, or its like, left.
    kept = slice(int(np.argmin(reach)), int(np.argmax(reach)) + 1)
    at, root, reach = first[kept], root[kept], reach[kept]
    inside = root * reach > 0
    return at[inside], root[inside], np.log(reach[inside] / root[inside]) / root[inside]


def _grouped(figures: Floats) -> tuple[Floats, Floats]:
    """Figures and how often each stands: the least and largest singly, those between by the mean of their like."""
    if len(figures) <= _SINGLY * 8:
        return figures, np.ones(len(figures))
    ordered = np.sort(figures)
    ends = np.arange(_SINGLY)
    between = np.linspace(_SINGLY, len(figures) - _SINGLY, 6 * _SINGLY, endpoint=False).astype(np.int64)
    starts = np.concatenate([ends, between, len(figures) - _SINGLY + ends])
    times = np.diff(starts, append=len(figures)).astype(np.float64)
    return np.add.reduceat(ordered, starts) / times, times


def q_values(p: Floats) -> Floats:
    """The least false-discovery rate at which each test of a step would be called significant.

    Parameters
    ----------
    p : array of float, shape (tests, steps)
        Probabilities; NaN where there is no test. Each step is a family of its own: a map of an hour is read by itself.

    Returns
    -------
    array of float, shape (tests, steps)

    Notes
    -----
    Benjamini and Hochberg's step-up rule. It holds for independent tests and for those that depend on one another
    positively (Benjamini and Yekutieli 2001), as overlapping neighbourhoods do. Their own stricter rule, for any
    dependence, divides the rate by 10 for 12,000 cells; maps of noise with the same overlaps, in the tests, show that
    it is not needed.

    References
    ----------
    Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate: a practical and powerful approach to
    multiple testing. Journal of the Royal Statistical Society B 57, 289-300. Caldas de Castro, M., Singer, B. H.
    (2006). Controlling the false discovery rate: a new application to account for multiple and dependent tests in local
    statistics of spatial association. Geographical Analysis 38, 180-208.

    Examples
    --------
    >>> q_values(np.array([[0.01], [0.04], [0.03], [np.nan]])).round(3).ravel().tolist()
    [0.03, 0.04, 0.04, nan]
    """
    number_of = np.isfinite(p).sum(axis=0)
    order = np.argsort(p, axis=0, kind="stable")
    ranks = np.arange(1, len(p) + 1)[:, None]
    raised = np.take_along_axis(p, order, axis=0) * number_of / ranks
    raised = np.where(np.isnan(raised), np.inf, raised)
    least = np.minimum(np.minimum.accumulate(raised[::-1], axis=0)[::-1], 1.0)
    found = np.empty_like(p)
    np.put_along_axis(found, order, least, axis=0)
    return np.where(np.isnan(p), np.nan, found)


def verdicts(score: Floats, q: Floats, rate: float) -> NDArray[np.int8]:
    """Hot, cold, or not to be told from chance, at a false-discovery rate.

    Parameters
    ----------
    score, q : array of float, shape (cells, steps)
        Gi* and its q-value; NaN where unknown.
    rate : float
        At most this share of the cells that are called hot or cold is expected to be so by chance alone.

    Returns
    -------
    array of int8
        `HOT`, `ORDINARY`, `COLD` or `UNKNOWN`.

    Examples
    --------
    >>> verdicts(np.array([3.2, -3.0, 1.0, np.nan]), np.array([0.01, 0.02, 0.4, np.nan]), 0.05).tolist()
    [1, -1, 0, -2]
    """
    found = np.where(q <= rate, np.sign(np.nan_to_num(score)), ORDINARY)
    return np.where(np.isnan(q), UNKNOWN, found).astype(np.int8)


def lorenz(values: Floats) -> Lorenz:
    """The hotspots of each step by the Lorenz curve: the cells ranked above F* = 1 - mean / max.

    Parameters
    ----------
    values : array of float, shape (cells, steps)
        A density, not negative; NaN where withheld or not covered, which are not ranked.

    Returns
    -------
    Lorenz
        Cells of the same value are all hotspots or none: of a tie across F*, none.

    Notes
    -----
    The tangent of the Lorenz curve at its end, where it is steepest, meets the axis at F*. There is no parameter to
    choose and no test: about n x mean / max cells are hotspots, whether they lie together or are scattered by chance.
    Louail et al. hold the cells above the mean for the weakest sensible definition, and this for the strictest.

    References
    ----------
    Louail, T., Lenormand, M., Cantu Ros, O. G., Picornell, M., Herranz, R., Frias-Martinez, E., Ramasco, J. J.,
    Barthelemy, M. (2014). From mobile phone data to the spatial structure of cities. Scientific Reports 4, 5276.

    Examples
    --------
    Mean 4, largest 12: F* = 2/3. Of five cells, those ranked fourth (4/5) and fifth are above it.

    >>> found = lorenz(np.array([[1.0], [12.0], [2.0], [4.0], [1.0], [np.nan]]))
    >>> found.share.round(3).tolist(), found.threshold.tolist(), found.hot.ravel().tolist()
    ([0.667], [4.0], [False, True, False, True, False, False])
    """
    known = np.isfinite(values)
    number_of = known.sum(axis=0)
    most = np.where(known, values, 0.0).max(axis=0, initial=0.0)
    mean = _over(np.where(known, values, 0.0).sum(axis=0), number_of)
    some = most > 0
    share = np.where(some, 1 - _over(mean, most), np.nan)
    ordered = np.sort(np.where(known, values, np.inf), axis=0)
    # The last rank that is not above F*; the small number keeps a rank that is just F*.
    last = np.floor(np.nan_to_num(share) * number_of + 1e-9).astype(np.int64)
    below = np.take_along_axis(ordered, np.maximum(last - 1, 0)[None, :], axis=0)[0] if len(values) else most
    hot = known & some & (np.where(known, values, -np.inf) > np.where(last > 0, below, -1.0))
    threshold = np.where(hot, values, np.inf).min(axis=0, initial=np.inf)
    return Lorenz(share, np.where(some, threshold, np.nan), hot)


Persistence = tuple[Floats, NDArray[np.int8]]


def persistence(hot: NDArray[np.bool_], known: NDArray[np.bool_]) -> Persistence:
    """In which share of the steps each cell is a hotspot, and how lasting that is.

    Parameters
    ----------
    hot, known : array of bool, shape (cells, steps)
        Whether each cell is a hotspot in each step, and whether it has a figure there.

    Returns
    -------
    tuple of arrays, shape (cells,)
        Share of the known steps, NaN where fewer than half are known; and the class: `PERMANENT` in all of them,
        `INTERMITTENT` in a third or more, `OCCASIONAL` in fewer, `NEVER` in none, `UNKNOWN`.

    Notes
    -----
    After Louail et al. (2014), who tell hotspots of the whole day from those of some hours of it. Among many steps,
    each tested by itself, some hot one may come by chance: what is occasional is to be read with care.

    Examples
    --------
    >>> hot = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]], dtype=bool)
    >>> known = np.array([[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [1, 0, 0, 0]], dtype=bool)
    >>> share, kind = persistence(hot, known)
    >>> share.tolist(), kind.tolist()
    ([1.0, 0.5, 0.25, 0.0, nan], [3, 2, 1, 0, -2])
    """
    steps = known.sum(axis=1)
    enough = (steps > 0) & (steps >= LEAST_KNOWN * known.shape[1])
    share = np.where(enough, _over((hot & known).sum(axis=1), steps), np.nan)
    kind = np.select(
        [np.isnan(share), share >= 1.0, share >= LEAST_INTERMITTENT, share > 0.0],
        [UNKNOWN, PERMANENT, INTERMITTENT, OCCASIONAL],
        NEVER,
    )
    return share, kind.astype(np.int8)


def contiguous(chosen: NDArray[np.bool_], touching: Neighbours) -> NDArray[np.int64]:
    """Cells that lie together, put into groups.

    Parameters
    ----------
    chosen : array of bool, shape (cells,)
        Which cells.
    touching : Neighbours
        The cells that touch each cell: `disks` with one ring.

    Returns
    -------
    array of int64, shape (cells,)
        Number of the group of each cell, from 0, and -1 of cells that were not chosen.

    Examples
    --------
    >>> row = Neighbours(np.array([0, 2, 5, 8, 10]), np.array([0, 1, 0, 1, 2, 1, 2, 3, 2, 3]))
    >>> contiguous(np.array([True, True, False, True]), row).tolist()
    [0, 0, -1, 1]
    """
    rows = np.flatnonzero(chosen)
    groups = np.full(len(chosen), -1, dtype=np.int64)
    if len(rows):
        _, groups[rows] = connected_components(touching.matrix()[rows][:, rows], directed=False)
    return groups


def centre_of_mass(latitude: Floats, longitude: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Where the middle of weights on the sphere lies, in each step.

    Parameters
    ----------
    latitude, longitude : array of float, shape (cells,)
        Degrees.
    weights : array of float, shape (cells, steps)
        Not negative; NaN counts as 0.

    Returns
    -------
    tuple of arrays, shape (steps,)
        Latitude and longitude in degrees; NaN where all weights are 0.

    Examples
    --------
    >>> latitude, longitude = centre_of_mass(np.array([0.0, 0.0]), np.array([10.0, 20.0]), np.array([[1.0], [1.0]]))
    >>> round(float(longitude[0]), 6)
    15.0
    """
    up, along = np.radians(latitude), np.radians(longitude)
    points = np.array([np.cos(up) * np.cos(along), np.cos(up) * np.sin(along), np.sin(up)])
    x, y, z = points @ np.nan_to_num(weights)
    nothing = ~(np.nan_to_num(weights).sum(axis=0) > 0)
    lat, lon = np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))
    return np.where(nothing, np.nan, lat), np.where(nothing, np.nan, lon)


def kilometres(latitude: Floats, longitude: Floats) -> Floats:
    """How far each point of a path is from the one before it, along the sphere.

    Parameters
    ----------
    latitude, longitude : array of float, shape (steps,)
        Degrees.

    Returns
    -------
    array of float, shape (steps - 1,)
        Kilometres; NaN where either point is not known.

    Examples
    --------
    A degree of latitude is 6371.0088 pi / 180 km.

    >>> kilometres(np.array([51.0, 52.0]), np.array([0.0, 0.0])).round(2).tolist()
    [111.2]
    """
    up, along = np.radians(latitude), np.radians(longitude)
    half = np.square(np.sin(np.diff(up) / 2))
    half = half + np.cos(up[:-1]) * np.cos(up[1:]) * np.square(np.sin(np.diff(along) / 2))
    return 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))


def _over(part: Floats | NDArray[np.int64], whole: Floats | NDArray[np.int64]) -> Floats:
    """A quotient, 0 where there is nothing to divide by."""
    shape = np.broadcast(part, whole).shape
    return np.divide(part, whole, out=np.zeros(shape), where=np.broadcast_to(whole > 0, shape))
