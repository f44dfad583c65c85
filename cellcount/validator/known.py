"""The reference geography as a validator asks it: whether a cell, area or country is one that there is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from cellcount.build.lookups import Reference, open_reference
from cellcount.build.zones import Zones
from cellcount.errors import CellCountError
from cellcount.validator.indexes import Cells, Mask, among, parents, resolutions

REFERENCE_RESOLUTIONS = (5, 6, 7, 8)
"""Resolutions of the reference's cells. One of resolution 9 is known by its parent."""


@dataclass(frozen=True)
class Known:
    """Areas, cells and countries that there are.

    Parameters
    ----------
    reference : Reference
        Reference geography.
    """

    reference: Reference

    @cached_property
    def zones(self) -> Zones:
        """Areas and cells by number."""
        return self.reference.zones()

    @cached_property
    def countries(self) -> tuple[str, ...]:
        """Codes of countries."""
        return tuple(self.reference.country_codes().to_pylist())

    @cached_property
    def is_authority(self) -> Mask:
        """By number of area: whether it is an authority."""
        return np.array([kind == "authority" for kind in self.zones.types], np.bool_)

    @cached_property
    def number_of_area(self) -> dict[str, int]:
        """Numbers of areas by code."""
        return {code: number for number, code in enumerate(self.zones.codes)}

    def parent_of(self, area: str) -> str | None:
        """Code of the area that contains an area; None where there is none."""
        number = self.number_of_area.get(area)
        above = -1 if number is None else int(self.zones.parents[number])
        return None if above < 0 else self.zones.codes[above]

    def of_types(self, types: tuple[str, ...]) -> Mask:
        """By number of area: whether it is of one of the types."""
        return np.array([kind in types for kind in self.zones.types], np.bool_)

    def cells(self, resolution: int) -> Cells | None:
        """Cells of a resolution, ascending; None where the reference has none of it."""
        found = self.zones.cells.get(resolution)
        return None if found is None else found.h3

    def has_cells(self, cells: Cells, resolution: int) -> Mask:
        """Whether valid cells, all of one resolution, are in the reference: themselves, or the finest above them."""
        own = max((each for each in self.zones.cells if each <= resolution), default=None)
        if own is None:
            return np.ones(len(cells), np.bool_)
        return among(parents(cells, own), self.zones.cells[own].h3)[0]

    def areas_of(self, cells: Cells, resolution: int) -> NDArray[np.int64]:
        """Numbers of the areas that cells of the reference are in; -1 for others."""
        own = max((each for each in self.zones.cells if each <= resolution), default=None)
        if own is None:
            return np.full(len(cells), -1)
        here, place = among(parents(cells, own), self.zones.cells[own].h3)
        return np.where(here, self.zones.cells[own].area[place], -1)

    def near_country(self, cells: Cells) -> Mask:
        """Whether valid cells of any resolution lie in the country or beside it: no further than a coarsest cell."""
        coarsest = min(self.zones.cells)
        near = np.zeros(len(cells), np.bool_)
        own = resolutions(cells)
        for resolution in np.unique(own):
            there = own == resolution
            if resolution >= coarsest:
                near[there] = among(parents(cells[there], coarsest), self._near)[0]
            else:
                near[there] = np.isin(cells[there], parents(self._near, int(resolution)))
        return near

    def children_by_parent(self, resolution: int) -> tuple[Cells, NDArray[np.int64]] | None:
        """Parents of the reference's cells of a resolution, ascending, and the number of cells in each."""
        return self._children.get(resolution)

    @cached_property
    def _children(self) -> dict[int, tuple[Cells, NDArray[np.int64]]]:
        return {
            resolution: np.unique(parents(cells.h3, resolution - 1), return_counts=True)
            for resolution, cells in self.zones.cells.items()
        }

    @cached_property
    def _near(self) -> Cells:
        """The coarsest cells of the reference and those beside them, ascending."""
        coarsest = self.zones.cells[min(self.zones.cells)].h3
        return np.unique(np.array([near for cell in coarsest.tolist() for near in h3.grid_disk(cell, 1)], np.int64))

    def prepare(self) -> None:
        """Compute what threads would otherwise compute side by side."""
        for each in (self.zones, self.countries, self.is_authority, self.number_of_area, self._children, self._near):
            assert each is not None


def open_known(reference: Reference | None) -> tuple[Known | None, str]:
    """The reference geography, if there is one, else why not.

    Parameters
    ----------
    reference : Reference, optional
        If not the one in `data/reference`.

    Returns
    -------
    tuple of Known or None, and str
    """
    try:
        known = Known(reference or open_reference(REFERENCE_RESOLUTIONS))
        if not known.zones.cells:
            return None, "The reference has no cells."
        known.prepare()
    except CellCountError as error:
        return None, str(error)
    return known, ""
