"""The truth behind a demonstration, as it was written beside the deliveries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cellcount.errors import CellCountError
from cellcount.standard import HOUR_COLUMNS

_RESOLUTION_SHIFT = 52
_FINEST_DIGIT = 15


class EvaluationError(CellCountError):
    """A release cannot be compared with a truth."""


@dataclass(frozen=True)
class Truth:
    """A folder of truth: see its README.md."""

    folder: Path

    @cached_property
    def dates(self) -> list[dt.date]:
        """UTC days, ascending."""
        found = sorted((self.folder / "people").glob("date=*"))
        if not found:
            raise EvaluationError(
                f"{self.folder} holds no truth: there is no people/date=... in it. Name the folder `truth` of a "
                "demonstration, as `python -m cellcount demo` writes it."
            )
        return [dt.date.fromisoformat(each.name.removeprefix("date=")) for each in found]

    def cells(self, date: dt.date) -> TrueCells:
        """People of a day in the cells of the finest resolution of their places."""
        table = read(self.folder / "people" / f"date={date}" / "part-0.parquet")
        h3 = table.column("h3").to_numpy()
        people = np.array([table.column(hour).to_numpy() for hour in HOUR_COLUMNS])
        return TrueCells(h3, table.column("resolution").to_numpy(), people)

    def areas(self, date: dt.date, codes: Sequence[str]) -> NDArray[np.float64]:
        """People of a day in areas: hours x areas, NaN where the truth has no such area."""
        day = self._area_people.filter(pc.equal(self._area_people.column("date"), pa.scalar(date, pa.date32())))
        place = pc.index_in(pa.array(codes, pa.string()), day.column("area_code").combine_chunks())
        return np.array([pc.take(day.column(hour), place).to_numpy() for hour in HOUR_COLUMNS], dtype=np.float64)

    def present(self, date: dt.date) -> NDArray[np.float64]:
        """People present in the whole country in each hour of a day: residents - abroad + inbound."""
        day = self._balance.filter(pc.equal(self._balance.column("date"), pa.scalar(date, pa.date32())))
        return day.sort_by("hour").column("present").to_numpy()

    def share(self, operator_id: str, date: dt.date, codes: Sequence[str]) -> NDArray[np.float64]:
        """Devices that an operator sees for each person present: hours x authorities, NaN where not known."""
        rows = self._observed.filter(
            pc.and_(
                pc.equal(self._observed.column("date"), pa.scalar(date, pa.date32())),
                pc.equal(self._observed.column("operator_id"), operator_id),
            )
        )
        place = pc.index_in(pa.array(codes, pa.string()), rows.column("area_code").combine_chunks())
        return np.array([pc.take(rows.column(hour), place).to_numpy() for hour in HOUR_COLUMNS], dtype=np.float64)

    @cached_property
    def _area_people(self) -> pa.Table:
        return read(self.folder / "area_people.parquet")

    @cached_property
    def _balance(self) -> pa.Table:
        return read(self.folder / "balance.parquet")

    @cached_property
    def _observed(self) -> pa.Table:
        return read(self.folder / "observed.parquet")


@dataclass(frozen=True)
class TrueCells:
    """People in cells: `h3`, the `resolution` of each, and `people`, hours x cells."""

    h3: NDArray[np.int64]
    resolution: NDArray[np.uint8]
    people: NDArray[np.uint32]

    def at(self, cells: NDArray[np.int64], resolution: int) -> tuple[NDArray[np.float32], float]:
        """People in some cells, each with all that is in it, and people who are in no such cell.

        Parameters
        ----------
        cells : array of int64
            H3 cells of one resolution, ascending.
        resolution : int
            Theirs.

        Returns
        -------
        tuple
            Hours x cells (none where the truth has nobody), and people x hours outside all of them, of those who are
            counted at this resolution or finer.
        """
        fine, place = self.within(cells, resolution)
        found = np.zeros((len(self.people), len(cells)), dtype=np.float32)
        for hour, people in enumerate(self.people):
            found[hour] = np.bincount(place, people[fine], minlength=len(cells))
        everybody = float(self.people[:, self.resolution >= resolution].sum(dtype=np.float64))
        return found, everybody - float(found.sum(dtype=np.float64))

    def within(self, cells: NDArray[np.int64], resolution: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which of these cells are in some cells of a resolution, and the place of the one that each is in.

        Parameters
        ----------
        cells : array of int64
            H3 cells of one resolution, ascending.
        resolution : int
            Theirs.
        """
        fine = np.flatnonzero(self.resolution >= resolution)
        if not len(cells):
            return fine[:0], fine[:0]
        above = parents(self.h3[fine], resolution)
        place = np.minimum(np.searchsorted(cells, above), len(cells) - 1)
        inside = cells[place] == above
        return fine[inside], place[inside]


def parents(cells: NDArray[np.int64], resolution: int) -> NDArray[np.int64]:
    """The ancestor of each H3 cell at its own or a coarser resolution.

    Examples
    --------
    >>> import h3.api.basic_int as h3
    >>> cell = h3.latlng_to_cell(54.97, -1.61, 8)
    >>> int(parents(np.array([cell]), 6)[0]) == h3.cell_to_parent(cell, 6)
    True
    """
    moved = cells & ~(0xF << _RESOLUTION_SHIFT) | resolution << _RESOLUTION_SHIFT
    return moved | (1 << 3 * (_FINEST_DIGIT - resolution)) - 1


def read(path: Path) -> pa.Table:
    """A Parquet file, whole; a sentence where it cannot be read."""
    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            return file.read(use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise EvaluationError(
            f"{path} cannot be read: {str(error).splitlines()[0]}. Name a whole release and the whole truth behind it."
        ) from error
