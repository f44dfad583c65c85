"""What a release says: figures of cells and areas, and their standard errors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cellcount.evaluate.truth import EvaluationError, read
from cellcount.methods.precision import Precision, standard_error
from cellcount.standard import DAY_PARTS, HOUR_COLUMNS, MANIFEST_NAME, release_tables

PART_OF_HOUR = {hour: name for name, hours in DAY_PARTS.items() for hour in hours}
_PARAMETERS = tuple(column.name for column in release_tables()["precision"].columns if column.physical_type == "DOUBLE")


@dataclass(frozen=True)
class Released:
    """A folder of a release."""

    folder: Path

    def __post_init__(self) -> None:
        if not (self.folder / MANIFEST_NAME).is_file():
            raise EvaluationError(
                f"{self.folder} is not a release: it has no {MANIFEST_NAME}. Name the folder that `python -m cellcount "
                "build` has written."
            )

    @cached_property
    def resolutions(self) -> list[int]:
        """H3 resolutions with hourly figures, finest first."""
        found = (self.folder / "present").glob("resolution=*")
        return sorted((int(each.name.removeprefix("resolution=")) for each in found), reverse=True)

    @cached_property
    def dates(self) -> list[dt.date]:
        """UTC days that the finest cells have figures of, ascending."""
        if not self.resolutions:
            raise EvaluationError(f"{self.folder} has no hourly figures of cells (table present): nothing to compare.")
        found = (self.folder / "present" / f"resolution={self.resolutions[0]}").glob("date=*")
        return sorted(dt.date.fromisoformat(each.name.removeprefix("date=")) for each in found)

    @cached_property
    def areas(self) -> pa.Table:
        """The table `areas`, without outlines."""
        return self.table("areas").select(["area_code", "area_type", "parent_code", "residents"])

    @cached_property
    def precision(self) -> Mapping[str, pa.Table]:
        """The table `precision` by part of the day."""
        table = self.table("precision")
        if "day_part" not in table.column_names:
            raise EvaluationError(
                f"The table precision of {self.folder} is of an older format, without parts of the day. Build the "
                "release again."
            )
        return {name: table.filter(pc.equal(table.column("day_part"), name)) for name in DAY_PARTS}

    def table(self, name: str) -> pa.Table:
        """A table that is not partitioned."""
        files = sorted((self.folder / name).glob("*.parquet"))
        if not files:
            raise EvaluationError(
                f"{self.folder} has no table {name}. Copy the release again whole, or build it again."
            )
        return pa.concat_tables(read(file) for file in files)

    def cells(self, resolution: int) -> CellFacts:
        """What is known of the cells of a resolution."""
        table = self.table("cells")
        table = table.filter(pc.equal(table.column("resolution"), resolution)).sort_by("h3")
        kinds = table.column("place_type").combine_chunks().dictionary_encode()
        known = [*kinds.dictionary.to_pylist(), "not known"]
        kind = kinds.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)
        area = table.column("area_code").combine_chunks()
        number = pc.index_in(area, self.areas.column("area_code").combine_chunks())
        parameters = {}
        for name, rows in self.precision.items():
            place = pc.index_in(area, rows.column("area_code").combine_chunks())
            found = [pc.take(rows.column(column), place).to_numpy() for column in _PARAMETERS]
            parameters[name] = {
                column: values.astype(np.float64) for column, values in zip(_PARAMETERS, found, strict=True)
            }
        return CellFacts(
            h3=table.column("h3").to_numpy(),
            area=number.fill_null(-1).to_numpy().astype(np.int64),
            kinds=tuple(known),
            kind=kind.astype(np.int64),
            area_km2=table.column("area_km2").to_numpy().astype(np.float64),
            parameters=parameters,
        )

    def present(self, resolution: int, date: dt.date) -> tuple[NDArray[np.int64], pa.Table]:
        """Cells that have a row, ascending, and the table of their 24 columns."""
        folder = self.folder / "present" / f"resolution={resolution}" / f"date={date}"
        table = pa.concat_tables(read(file) for file in sorted(folder.glob("*.parquet")))
        h3 = table.column("h3").to_numpy()
        if (np.diff(h3) <= 0).any():
            table = table.sort_by("h3")
            h3 = table.column("h3").to_numpy()
        return h3, table

    def area_hours(self, date: dt.date, codes: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """People and standard errors of areas: hours x areas, NaN where withheld or not there."""
        day = self._area_hour.filter(pc.equal(self._area_hour.column("date"), pa.scalar(date, pa.date32())))
        place = pc.index_in(pa.array(codes, pa.string()), day.column("area_code").combine_chunks())
        return tuple(  # type: ignore[return-value]
            np.array([numbers(pc.take(day.column(f"{kind}_{hour}"), place)) for hour in HOUR_COLUMNS])
            for kind in ("people", "se")
        )

    def area_rows(self, date: dt.date) -> list[str]:
        """Areas that have a row on a day."""
        day = self._area_hour.filter(pc.equal(self._area_hour.column("date"), pa.scalar(date, pa.date32())))
        return day.column("area_code").to_pylist()

    @cached_property
    def _area_hour(self) -> pa.Table:
        return self.table("area_hour")


@dataclass(frozen=True)
class CellFacts:
    """Cells of a resolution, `h3` ascending: number of the area (-1: none), kind, km2 and parameters of precision."""

    h3: NDArray[np.int64]
    area: NDArray[np.int64]
    kinds: tuple[str, ...]
    kind: NDArray[np.int64]
    area_km2: NDArray[np.float64]
    parameters: Mapping[str, Mapping[str, NDArray[np.float64]]]

    def standard_error(self, people: NDArray[np.float64], hour: int, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Standard errors of the figures of an hour in some of the cells, by the one formula that there is."""
        columns = self.parameters[PART_OF_HOUR[hour]]
        precision = Precision.of({name: values[places] for name, values in columns.items()})
        return standard_error(people, precision, area_km2=self.area_km2[places])


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column as numbers, NaN for NULL.

    Examples
    --------
    >>> numbers(pa.chunked_array([pa.array([5, None], pa.uint32())])).tolist()
    [5.0, nan]
    """
    return pc.cast(column, pa.float64()).combine_chunks().fill_null(float("nan")).to_numpy(zero_copy_only=False)
