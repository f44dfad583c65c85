"""What the estimates of all days tell of their own errors, gathered day by day and added up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellcount.build.combine import Devices
from cellcount.build.doubt import Dispersion
from cellcount.build.zones import Zones
from cellcount.standard import DAY_PARTS


class Gathered:
    """Sums over days. None of it is released but as parameters that hold for thousands of cells.

    Parameters
    ----------
    zones : Zones
        Reference geography.
    """

    def __init__(self, zones: Zones) -> None:
        self._cells = {resolution: len(cells.h3) for resolution, cells in zones.cells.items()}
        self._sums: dict[int, NDArray[np.float32]] = {}
        self._days: dict[int, NDArray[np.float32]] = {}
        self._squares: dict[int, NDArray[np.float32]] = {}
        self._shown: dict[int, NDArray[np.float32]] = {}
        self._dispersion = [Dispersion() for _ in DAY_PARTS]

    def people(self, resolution: int, places: NDArray[np.int64], people: NDArray[np.float32]) -> None:
        """Add a day's estimates (hours x cells) of cells at some places of the reference geography."""
        by_part = np.array([people[list(hours)].mean(axis=0) for hours in DAY_PARTS.values()])
        there = ~np.isnan(by_part)
        for kept, added in ((self._sums, np.where(there, by_part, 0.0)), (self._days, there)):
            self._of(kept, resolution)[:, places] += added

    def stood_in(
        self, resolution: int, places: NDArray[np.int64], squares: NDArray[np.float32], shown: NDArray[np.bool_]
    ) -> None:
        """Add the squares of what standing in for withheld cells changed a day's released figures by."""
        for kept, added in ((self._squares, squares), (self._shown, shown)):
            for part, hours in enumerate(DAY_PARTS.values()):
                self._of(kept, resolution)[part, places] += added[list(hours)].sum(axis=0)

    def disagreement(self, part: int, counts: Sequence[Devices], expected: Sequence[NDArray[np.floating]]) -> None:
        """Add an hour's counts, and what the estimate leads to expect of them."""
        self._dispersion[part].add(counts, expected)

    def add(self, other: Gathered) -> None:
        """Add what was gathered elsewhere, of other days."""
        for kept, added in (
            (self._sums, other._sums),
            (self._days, other._days),
            (self._squares, other._squares),
            (self._shown, other._shown),
        ):
            for resolution, amounts in added.items():
                self._of(kept, resolution)[:] += amounts
        for mine, theirs in zip(self._dispersion, other._dispersion, strict=True):
            mine.squares += theirs.squares
            mine.freedom += theirs.freedom

    def _of(self, kept: dict[int, NDArray[np.float32]], resolution: int) -> NDArray[np.float32]:
        """Sums of a resolution: zero where nothing was added yet."""
        if resolution not in kept:
            kept[resolution] = np.zeros((len(DAY_PARTS), self._cells[resolution]), dtype=np.float32)
        return kept[resolution]

    def mean_people(self, resolution: int) -> NDArray[np.float64]:
        """Mean people in each cell, day parts x cells; NaN where not covered."""
        sums, days = self._sums[resolution], self._days[resolution]
        return np.divide(sums, days, out=np.full(sums.shape, np.nan), where=days > 0).astype(np.float64)

    def mean_square_stood_in(self, resolution: int) -> NDArray[np.float64]:
        """Mean square of what standing in changed figures by, day parts x cells; NaN where none is released."""
        if resolution not in self._squares:
            return np.zeros((len(DAY_PARTS), self._cells[resolution]))
        squares, shown = self._squares[resolution], self._shown[resolution]
        return np.divide(squares, shown, out=np.full(squares.shape, np.nan), where=shown > 0).astype(np.float64)

    @property
    def resolutions(self) -> list[int]:
        """Resolutions of which there are estimates, ascending."""
        return sorted(self._sums)

    def dispersion(self) -> NDArray[np.float64]:
        """Variance of a count over its mean, in each part of the day."""
        return np.array([each.ratio() for each in self._dispersion])
