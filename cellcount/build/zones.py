"""The zones that figures are about: cells and areas, by their number in the reference geography."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from cellcount.build.deliveries import DeliveryRefusedError

_RESOLUTION_SHIFT = 52
_DIGIT_BITS = 3
_FINEST = 15
_WITHOUT_RESOLUTION = ~(0xF << _RESOLUTION_SHIFT)


@dataclass(frozen=True)
class Cells:
    """The cells of one resolution: `h3` ascending, and for each the number of its area, its residents and its km2."""

    h3: NDArray[np.int64]
    area: NDArray[np.int64]
    residents: NDArray[np.float64]
    km2: NDArray[np.float64]


@dataclass(frozen=True)
class Zones:
    """Areas, numbered in the order of their codes, and cells by resolution.

    Parameters
    ----------
    codes : tuple of str
        Area codes, ascending: an area's number is its place here.
    types : tuple of str
        `authority`, `region`, `nation` or `country`.
    parents : array of int64
        Number of the area that contains it; -1 for the whole.
    residents : array of float
        Usual residents, people.
    km2 : array of float
        Area of each, km2.
    cells : mapping of int to Cells
        By H3 resolution. A cell's area is its authority, else its region, else its nation.
    """

    codes: tuple[str, ...]
    types: tuple[str, ...]
    parents: NDArray[np.int64]
    residents: NDArray[np.float64]
    km2: NDArray[np.float64]
    cells: Mapping[int, Cells]

    @cached_property
    def authorities(self) -> NDArray[np.bool_]:
        """Which areas are local authorities."""
        return np.array([kind == "authority" for kind in self.types])

    @cached_property
    def code_list(self) -> pa.Array:
        """Area codes as an Arrow array."""
        return pa.array(self.codes, pa.string())

    def cell_areas(self, h3: NDArray[np.int64], resolution: int) -> NDArray[np.int64]:
        """Number of the area of each cell.

        Parameters
        ----------
        h3 : array of int64
            Cells.
        resolution : int
            Their resolution.

        Returns
        -------
        array of int64

        Raises
        ------
        DeliveryRefusedError
            If a cell is not in the reference geography.
        """
        cells = self.cells.get(resolution)
        if cells is None:
            raise DeliveryRefusedError(
                f"The reference geography has no cells of resolution {resolution}. Run `python -m cellcount reference`."
            )
        place = np.minimum(np.searchsorted(cells.h3, h3), len(cells.h3) - 1)
        strangers = h3[(cells.h3[place] != h3) | (cells.area[place] < 0)]
        if len(strangers):
            raise DeliveryRefusedError(
                f"{len(strangers):,} cells of resolution {resolution} are not in the reference geography, for example "
                f"{strangers[0]} ({strangers[0]:x}). `python -m cellcount validate` names the deliveries they are in."
            )
        return cells.area[place]

    def summed_up(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of areas with those of all areas inside them added.

        Parameters
        ----------
        values : array of float
            A value for each area, of what is in none of its parts.

        Returns
        -------
        array of float

        Examples
        --------
        >>> zones = Zones(("A1", "A2", "UK"), ("authority", "authority", "country"), np.array([2, 2, -1]),
        ...               np.array([1.0, 2.0, 3.0]), np.ones(3), {})
        >>> zones.summed_up(np.array([5.0, 7.0, 0.0]))
        array([ 5.,  7., 12.])
        """
        total = values.astype(np.float64)
        above = self.parents
        while np.any(above >= 0):
            inside = above >= 0
            np.add.at(total, above[inside], values[inside])
            above = np.where(inside, self.parents[above], -1)
        return total

    def mixture(self, resolution: int) -> csr_array:
        """Which part of each cell's residents lives in which area.

        A coarse cell lies in several authorities, and what is known of authorities holds for their mixture in it. The
        finest cells, each in the authority of most of its residents, tell how it is made up.

        Parameters
        ----------
        resolution : int
            Of the cells.

        Returns
        -------
        csr_array, cells x areas
            Rows add to 1; a cell of no area has an empty row.
        """
        if resolution not in self._mixtures:
            finest = max(self.cells)
            below, cells = self.cells[finest], self.cells[resolution]
            if resolution == finest:
                own = np.arange(len(cells.h3))
            else:
                own = np.minimum(np.searchsorted(cells.h3, parents(below.h3, resolution)), len(cells.h3) - 1)
            # Where nobody lives, every cell counts a little.
            weight = np.where(below.area >= 0, below.residents + 1e-6, 0.0)
            total = np.bincount(own, weight, minlength=len(cells.h3))
            there = weight > 0
            parts = (weight[there] / total[own[there]], (own[there], below.area[there]))
            self._mixtures[resolution] = csr_array(coo_array(parts, shape=(len(cells.h3), len(self.codes))))
        return self._mixtures[resolution]

    @cached_property
    def _mixtures(self) -> dict[int, csr_array]:
        return {}

    def checksum(self) -> str:
        """Checksum of all that figures depend on: with other zones, the same deliveries make another release."""
        digest = hashlib.sha256("\n".join(self.codes).encode())
        for values in (self.parents, self.residents):
            digest.update(values.tobytes())
        for cells in self.cells.values():
            for column in (cells.h3, cells.area, cells.residents):
                digest.update(column.tobytes())
        return digest.hexdigest()


def zones_from(areas: pa.Table, cells: Mapping[int, pa.Table]) -> Zones:
    """Number areas and cells.

    Parameters
    ----------
    areas : pyarrow.Table
        `area_code`, `area_type`, `parent_code`, `residents`, `area_km2`.
    cells : mapping of int to pyarrow.Table
        By resolution: `h3`, `area_code`, `region_code`, `country_code`, `residents`, `area_km2`.

    Returns
    -------
    Zones
    """
    areas = areas.select(["area_code", "area_type", "parent_code", "residents", "area_km2"]).sort_by("area_code")
    codes = areas.column("area_code").combine_chunks()

    def number(column: pa.ChunkedArray) -> NDArray[np.int64]:
        return pc.fill_null(pc.index_in(column, value_set=codes), -1).to_numpy().astype(np.int64)

    def cells_of(table: pa.Table) -> Cells:
        table = table.sort_by("h3")
        area = number(pc.coalesce(table.column("area_code"), table.column("region_code"), table.column("country_code")))
        residents = pc.fill_null(table.column("residents"), 0).to_numpy()
        km2 = pc.fill_null(table.column("area_km2"), 1.0).to_numpy()
        return Cells(table.column("h3").to_numpy(), area, residents.astype(np.float64), km2.astype(np.float64))

    return Zones(
        codes=tuple(codes.to_pylist()),
        types=tuple(areas.column("area_type").to_pylist()),
        parents=number(areas.column("parent_code")),
        residents=pc.fill_null(areas.column("residents"), 0).to_numpy().astype(np.float64),
        km2=np.maximum(pc.fill_null(areas.column("area_km2"), 1.0).to_numpy().astype(np.float64), 0.01),
        cells={resolution: cells_of(table) for resolution, table in cells.items()},
    )


def resolution_of(h3: int) -> int:
    """H3 resolution of a cell.

    Examples
    --------
    >>> resolution_of(0x87195DA49FFFFFF)
    7
    """
    return h3 >> _RESOLUTION_SHIFT & 0xF


def children_range(h3: int, resolution: int) -> tuple[int, int]:
    """First and last index that descendants of a cell can have: they lie together, for digits come before.

    Parameters
    ----------
    h3 : int
        A cell.
    resolution : int
        Resolution of the descendants, not coarser than the cell's.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> import h3.api.basic_int as h3
    >>> children = h3.cell_to_children(0x85195DA7FFFFFFF, 7)
    >>> children_range(0x85195DA7FFFFFFF, 7) == (min(children), max(children))
    True
    """
    first = last = h3 & _WITHOUT_RESOLUTION | resolution << _RESOLUTION_SHIFT
    for digit in range(resolution_of(h3) + 1, resolution + 1):
        shift = _DIGIT_BITS * (_FINEST - digit)
        first &= ~(7 << shift)
        last = last & ~(7 << shift) | 6 << shift
    return first, last


def parent(h3: int, resolution: int) -> int:
    """The ancestor of a cell at a coarser resolution.

    Examples
    --------
    >>> import h3.api.basic_int as h3
    >>> parent(0x87195DA49FFFFFF, 5) == h3.cell_to_parent(0x87195DA49FFFFFF, 5)
    True
    """
    moved = h3 & _WITHOUT_RESOLUTION | resolution << _RESOLUTION_SHIFT
    return moved | (1 << _DIGIT_BITS * (_FINEST - resolution)) - 1


def parents(h3: NDArray[np.int64], resolution: int) -> NDArray[np.int64]:
    """The ancestors of many cells at a coarser resolution.

    Examples
    --------
    >>> parents(np.array([0x87195DA49FFFFFF]), 5).tolist() == [parent(0x87195DA49FFFFFF, 5)]
    True
    """
    moved = h3 & _WITHOUT_RESOLUTION | resolution << _RESOLUTION_SHIFT
    return moved | (1 << _DIGIT_BITS * (_FINEST - resolution)) - 1


def numbered(column: pa.ChunkedArray, codes: Sequence[str] | pa.Array, what: str) -> NDArray[np.int64]:
    """Number of each code in an ascending list of codes.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Codes.
    codes : sequence of str
        The list.
    what : str
        What the codes are of and where they were found, for the message.

    Returns
    -------
    array of int64

    Raises
    ------
    DeliveryRefusedError
        If a code is not in the list.
    """
    known = codes if isinstance(codes, pa.Array) else pa.array(codes, pa.string())
    repeated = column.combine_chunks().dictionary_encode()
    number = pc.index_in(repeated.dictionary, value_set=known).take(repeated.indices)
    if number.null_count:
        strange = pc.unique(repeated.filter(pc.is_null(number))).to_pylist()
        raise DeliveryRefusedError(
            f"{what}: {', '.join(map(repr, strange[:5]))} not in the list of codes. "
            "`python -m cellcount validate` names every such row."
        )
    return number.to_numpy(zero_copy_only=False).astype(np.int64)
