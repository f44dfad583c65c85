"""How far estimates may be wrong, measured on the deliveries themselves: chance and placement.

Nothing here knows the truth. Chance is measured by how operators disagree about the same cells, placement by how far
the nights' counts of residents, cell by cell, are from where residents are known to live. What is left of the errors
of shares is measured in `network`, by leaving areas out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from cellcount.build.combine import Devices, known
from cellcount.methods.precision import Z_95, Placement, placement_cv

Floats = NDArray[np.float64]

BINS = np.array([4.0, 8, 15, 30, 60, 120, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, np.inf])
"""People: cells of like size are looked at together."""
LEAST_CELLS = 30
"""So many cells must be in a bin."""
LEAST_COUNT, MOST_COUNT = 10.0, 150.0
"""Devices of an operator for which chance is larger than all else."""
LEAST_PLACEMENT = Placement(cv=0.0, density=100.0, power=1.5, floor=0.0, decay=0.5)
"""Where nothing can be measured: no residents are known by cell, or no cell lies in a parent with others."""


@dataclass
class Dispersion:
    """Sums from which over-dispersion is worked out: add to it day by day."""

    squares: float = 0.0
    freedom: float = 0.0

    def add(
        self, counts: Sequence[Devices], expected: Sequence[NDArray[np.floating]], least: float = LEAST_COUNT
    ) -> None:
        """Add cells of an hour: each operator's counts, and what all operators together lead to expect of it.

        Each adds sum (n_k - m_k)^2 / m_k, of which K - 1 are free, for their total is given.
        """
        usable = np.logical_and.reduce([known(n) for n in counts])
        for mean in expected:
            usable = usable & (mean > least) & (mean < MOST_COUNT)
        if not usable.any() or len(counts) < 2:
            return
        for n, mean in zip(counts, expected, strict=True):
            m = mean[usable].astype(np.float64)
            self.squares += float((np.square(n[usable] - m) / m).sum())
        self.freedom += float(usable.sum()) * (len(counts) - 1)

    def ratio(self) -> float:
        """Variance of a count over its mean; 1, as of a Poisson count, where there is too little to tell."""
        return max(self.squares / self.freedom, 0.05) if self.freedom >= LEAST_CELLS else 1.0


@dataclass(frozen=True)
class Layer:
    """Cells of one resolution, as placement looks at them.

    Attributes
    ----------
    km2 : float
        Mean area of a cell.
    residents : array of float
        Official residents, H.
    implied : array of float
        Residents that the nights' counts imply, K H: NaN where no operator covers the cell.
    families : array of int64
        Number of each cell's parent, ascending.
    at_home : array of float
        Share of the residents who are at home in the part of the day.
    stood_in : array of float
        Mean square of what standing in for withheld cells changes each cell's figure by; NaN where none is released.
    """

    km2: float
    residents: Floats
    implied: Floats
    families: NDArray[np.int64]
    at_home: Floats
    stood_in: Floats


def placement_error(
    layers: Mapping[int, Layer], people: Mapping[int, Floats], away: Mapping[int, Floats], chance: float
) -> Placement:
    """How far people are put into wrong cells, in a part of the day.

    Residents are put right by official figures; those away from home are not. Their error is that of residents in cells
    of as many people, less or more as they lie more or less evenly: misplacement blurs, and does the more harm the
    rougher the ground is. Roughness is the spread of cells around the mean of their parent. Besides, residents of other
    cells who are counted in a cell bring their chance with them, though they are taken away again. And where
    something stands in for withheld cells, figures are off by what it differs from them, which the build alone knows.

    Parameters
    ----------
    layers : mapping of int to Layer
        By resolution.
    people : mapping of int to array of float
        Mean people in each cell.
    away : mapping of int to array of float
        Mean people who are not officially known to be there.
    chance : float
        Variance that chance gives the estimate, for each person counted: over-dispersion over P.

    Returns
    -------
    Placement
    """
    sizes, areas, errors, weights = [], [], [], []
    coarser: Floats = np.ones(len(BINS) - 1)
    for resolution, layer in sorted(layers.items(), reverse=True):
        known_cells = ~np.isnan(layer.implied) & ~np.isnan(people[resolution])
        wrong = _relative(layer.implied, np.square(layer.implied - layer.residents), known_cells)
        rough_homes = _relative(layer.implied, _around_parent(layer.implied, layer.families), known_cells)
        elsewhere = np.maximum(np.nan_to_num(away[resolution]), 0.0)
        rough_away = _relative(elsewhere, _around_parent(elsewhere, layer.families), known_cells)
        ratio = np.sqrt(np.divide(rough_away, rough_homes, out=np.full(len(wrong), np.nan), where=rough_homes > 0))
        # Cells without siblings, of the coarsest resolution, are taken to be as rough as those below them.
        ratio = coarser = _filled(ratio) if (~np.isnan(ratio)).any() else coarser
        relative = _filled(np.sqrt(wrong)) * ratio
        bin_of = np.clip(np.searchsorted(BINS, elsewhere, side="right") - 1, 0, len(BINS) - 2)
        squared = np.square(elsewhere * relative[bin_of])
        total = np.nan_to_num(people[resolution])
        squared += chance * (np.nan_to_num(layer.implied) - layer.residents) * layer.at_home
        for number, (low, high) in enumerate(pairwise(BINS)):
            here = known_cells & (total >= low) & (total < high)
            if number and here.sum() >= LEAST_CELLS:
                mean = total[here].mean()
                sizes.append(mean)
                areas.append(layer.km2)
                square = max(squared[here].mean(), 0.0) + _usual_square(layer.stood_in[here])
                errors.append(np.sqrt(square) / mean + 1e-4)
                weights.append(np.sqrt(here.sum()))
    if len(errors) < 6:
        return LEAST_PLACEMENT
    return _fitted(np.array(sizes), np.array(areas), np.array(errors), np.array(weights))


def _usual_square(squares: Floats) -> float:
    """The square of which a normal error would have so many beyond 95 %: a few cells in a thousand are far off."""
    there = squares[~np.isnan(squares)]
    return float(np.quantile(there, 0.95)) / Z_95**2 if len(there) else 0.0


def _around_parent(values: Floats, families: NDArray[np.int64]) -> Floats:
    """Squared deviation of each cell from its parent's mean, per free cell; NaN where it has no sibling."""
    values = np.nan_to_num(values)
    number = np.bincount(families)
    mean = np.bincount(families, values) / np.maximum(number, 1)
    siblings = number[families]
    deviation = np.square(values - mean[families])
    return np.where(siblings > 1, deviation * siblings / np.maximum(siblings - 1, 1), np.nan)


def _relative(size: Floats, squares: Floats, where: NDArray[np.bool_]) -> Floats:
    """Mean square relative to the mean's square, bin by bin; NaN where a bin holds too few."""
    result = np.full(len(BINS) - 1, np.nan)
    usable = where & ~np.isnan(squares) & (np.nan_to_num(size) >= BINS[0])
    bin_of = np.searchsorted(BINS, np.nan_to_num(size), side="right") - 1
    for number in range(len(result)):
        here = usable & (bin_of == number)
        if here.sum() >= LEAST_CELLS:
            result[number] = squares[here].mean() / size[here].mean() ** 2
    return result


def _filled(values: Floats) -> Floats:
    """Bins without a value have that of the nearest with one."""
    there = np.flatnonzero(~np.isnan(values))
    if not len(there):
        return np.zeros_like(values)
    nearest = np.abs(np.arange(len(values))[:, None] - there).argmin(axis=1)
    return values[there[nearest]]


def _fitted(sizes: Floats, areas: Floats, errors: Floats, weights: Floats) -> Placement:
    """The curve of `placement_cv` through binned errors, by least squares of logarithms.

    Resolutions count alike: the finest has a few hundred cells for each of the coarsest, which are looked at as much.
    """
    weights = weights / np.array([np.sqrt(np.square(weights[areas == area]).sum()) for area in areas])

    def curve(parameters: Floats) -> Placement:
        return Placement(*np.exp(parameters))

    def misfit(parameters: Floats) -> Floats:
        return (np.log(placement_cv(sizes, areas, curve(parameters))) - np.log(errors)) * weights

    start = np.log([max(errors.max(), 0.05), 200.0, 1.5, max(errors.min(), 1e-3), 0.6])
    least, most = np.log([1e-3, 0.1, 0.3, 1e-4, 0.25]), np.log([50.0, 1e5, 4.0, 0.5, 1.0])
    fit = least_squares(misfit, np.clip(start, least, most), bounds=(least, most), loss="soft_l1")
    return curve(fit.x)
