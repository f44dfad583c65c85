"""Attacks by figures that a release gives more than once: histories, typical days, rebuilt releases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cellcount.audit.cells import Day, open_day
from cellcount.audit.opening import AuditRefusedError, Release
from cellcount.audit.relations import TOLERANCE, Amounts
from cellcount.audit.scoring import Attack
from cellcount.build.history import calendars
from cellcount.methods.day_types import nation_of
from cellcount.standard import HOUR_COLUMNS, HOURS_OF_DAY, release_tables

HISTORY = "present_history against present"
TYPICAL = "typical days against the days"
REBUILT = "averaging over rebuilt releases"

ASSUMES = {
    HISTORY: "The history of a cell repeats what its days say; where one of them says more, that is the figure.",
    TYPICAL: "A typical day is the mean of the released days: what it says beyond them is the withheld one's.",
    REBUILT: "Releases of the same deliveries estimate the same: where they differ, it is chance, and averages out.",
}
TYPICAL_ROUNDING = 0.05
"""People: typical days are rounded to a tenth."""
FIGURES_COMPARED = (
    "area_hour",
    "flows_day",
    "flows_month",
    "inbound_month",
    "outbound_month",
    "inbound_cell_month",
    "home_presence",
    "home_relocation",
    "usual_environment",
)


@dataclass
class RepeatedAttacks:
    """Attacks by what is given more than once.

    Parameters
    ----------
    release : Release
        The release.
    book : dict of str to Attack
        By kind.
    """

    release: Release
    book: dict[str, Attack] = field(default_factory=lambda: {kind: Attack(kind, ASSUMES[kind]) for kind in ASSUMES})

    def attack_history(self, date: dt.date) -> None:
        """Compare `present_history` of a date with `present`.

        Parameters
        ----------
        date : date
            UTC day.
        """
        day = open_day(self.release, date)
        for (segment, resolution), block in day.blocks.items():
            if segment != "all" or not self.release.has("present_history", resolution=resolution):
                continue
            h3, hours = self._history(resolution, date)
            found = _compared((day.h3[block], day.hours[:, block]), (h3, hours), f"resolution {resolution}, {date}")
            self.book[HISTORY].found(*found)

    def _history(self, resolution: int, date: dt.date) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        kept = []
        folder = self.release.folder / release_tables()["present_history"].folder(resolution=resolution)
        for file in sorted(folder.glob("*.parquet")):
            with pq.ParquetFile(file) as parquet:
                for batch in parquet.iter_batches(columns=["h3", "date", *HOUR_COLUMNS], use_threads=False):
                    kept.append(batch.filter(pc.equal(batch.column("date"), pa.scalar(date))))  # noqa: PERF401
        table = pa.Table.from_batches(kept)
        hours = np.array([table.column(name).cast(pa.float32(), safe=False).to_numpy() for name in HOUR_COLUMNS])
        return table.column("h3").to_numpy(), hours

    def attack_typical_days(self, local_hours: Sequence[int]) -> None:
        """Compare typical days with the days that they are the mean of.

        A mean of d released figures gives a withheld one away to within its own rounding, d x 0.05. Where the mean is
        withheld too, nothing follows, unless its standard deviation is given. What the release says of its own figures
        needs no truth to be scored.

        Parameters
        ----------
        local_hours : sequence of int
            Local hours.
        """
        for nations, starts in calendars(self.release.dates):
            self._typical_days(local_hours, nations, starts)

    def _typical_days(
        self, local_hours: Sequence[int], nations: Sequence[str], starts: Mapping[str, Sequence[int]]
    ) -> None:
        """The same for the cells and areas of nations that have one calendar."""
        for partition in self.release.partitions("typical_day"):
            resolution, kind = int(partition["resolution"]), partition["day_type"]
            if kind not in starts:
                continue
            names = [f"l{hour:02d}{end}" for hour in local_hours for end in ("", "_sd")]
            typical = self.release.read("typical_day", ["h3", *names], **partition).to_pandas()
            typical = typical[
                [
                    nation_of(code if isinstance(code, str) else None) in nations
                    for code in typical["h3"].map(self._area_of_cell)
                ]
            ]
            if typical.empty:
                continue
            for hour in local_hours:
                when = [divmod(start + hour, HOURS_OF_DAY) for start in starts[kind]]
                days = self._columns("present", "h3", typical["h3"], when, resolution=resolution)
                where = f"resolution {resolution}, {kind}, {hour:02d}:00"
                self._mean(where, typical[f"l{hour:02d}"], typical[f"l{hour:02d}_sd"], days)
        for partition in self.release.partitions("typical_area"):
            kind = partition["day_type"]
            if kind not in starts:
                continue
            typical = self.release.read("typical_area", **partition).to_pandas()
            typical = typical[[nation_of(code) in nations for code in typical["area_code"]]]
            if typical.empty:
                continue
            for hour in local_hours:
                when = [divmod(start + hour, HOURS_OF_DAY) for start in starts[kind]]
                days = self._area_columns(typical["area_code"], when)
                figure, error = typical[f"people_l{hour:02d}"], typical[f"se_l{hour:02d}"]
                self._mean(f"areas, {kind}, {hour:02d}:00", figure, error, days)

    @cached_property
    def _area_of_cell(self) -> pd.Series:
        """Code of the area that each cell lies in."""
        cells = self.release.read("cells", ["h3", "area_code"]).to_pandas()
        return cells.set_index("h3")["area_code"]

    def _mean(self, where: str, mean: pd.Series, spread: pd.Series, days: Amounts) -> None:
        hidden = np.isnan(days)
        given = mean.notna().to_numpy()
        shown_spread = (spread.notna() & mean.isna()).to_numpy()
        missing = hidden.sum(axis=0)
        found = given & (missing > 0)
        rest = len(days) * mean.to_numpy(dtype=np.float64) - np.nansum(days, axis=0)
        room = len(days) * TYPICAL_ROUNDING + self.release.rule.width + TOLERANCE
        # A mean made natively, and protected in its own right, need not fit what is released: then nothing follows.
        fits = rest >= -room
        told = (found & fits) | (shown_spread & (missing > 0))
        example = (f"{where}: mean or spread given, a day withheld" for _ in range(bool(told.any())))
        self.book[TYPICAL].found(int(hidden.sum()), int(hidden[:, told].sum()), example)

    def _columns(
        self, table_name: str, key: str, wanted: pd.Series, when: Sequence[tuple[int, int]], **partition: object
    ) -> Amounts:
        """Figures of one table at some dates and hours, dates x keys; 0 where a day has no row."""
        found = np.zeros((len(when), len(wanted)))
        keys = wanted.to_numpy()
        for number, (day, hour) in enumerate(when):
            date = self.release.dates[day]
            table = self.release.read(table_name, [key, HOUR_COLUMNS[hour]], date=date, **partition)
            there = table.column(key).to_numpy()
            if not len(there):
                continue
            value = table.column(HOUR_COLUMNS[hour]).cast(pa.float64()).to_numpy()
            place = np.minimum(np.searchsorted(there, keys), len(there) - 1)
            found[number] = np.where(there[place] == keys, value[place], 0.0)
        return found

    def _area_columns(self, wanted: pd.Series, when: Sequence[tuple[int, int]]) -> Amounts:
        read = self.release.read("area_hour").to_pandas().set_index(["date", "area_code"]).sort_index()
        found = np.zeros((len(when), len(wanted)))
        for number, (day, hour) in enumerate(when):
            rows = read.loc[self.release.dates[day]].reindex(wanted)
            found[number] = rows[f"people_h{hour:02d}"].to_numpy(dtype=np.float64)
        return found

    def attack_rebuilt(self, other: Release, dates: Sequence[dt.date]) -> None:
        """Compare with another release of the same deliveries.

        A figure that is withheld in one and given in the other, or given differently, is disclosed: the mean of several
        roundings tends to what was rounded.

        Parameters
        ----------
        other : Release
            The other release.
        dates : sequence of date
            UTC days whose cells are compared.

        Raises
        ------
        AuditRefusedError
            If it is not made from the same deliveries.
        """
        made_from = [
            sorted(each["manifest_sha256"] for each in release.manifest["deliveries"])
            for release in (self.release, other)
        ]
        if made_from[0] != made_from[1]:
            raise AuditRefusedError(
                f"{other.folder.name} is made from other deliveries than {self.release.folder.name}: figures that "
                "estimate different things say nothing of each other. Name a release of the same deliveries."
            )
        for date in dates:
            one, two = open_day(self.release, date), open_day(other, date)
            for name, block, same in _same_blocks(one, two):
                figures = ((one.h3[block], one.hours[:, block]), (two.h3[same], two.hours[:, same]))
                self.book[REBUILT].found(*_compared(*figures, f"{name}, {date}"))
        for table_name in FIGURES_COMPARED:
            for partition in self.release.partitions(table_name):
                if partition.get("date", str(dates[0])) in {str(date) for date in dates}:
                    self._compare_tables(other, table_name, partition)

    def _compare_tables(self, other: Release, table_name: str, partition: dict[str, str]) -> None:
        declared = release_tables()[table_name]
        key = [name for name in declared.key if name not in declared.partitions]
        figures = [column.name for column in declared.file_columns if column.physical_type == "UINTEGER"]
        one, two = (release.read(table_name, **partition).to_pandas() for release in (self.release, other))
        if two.empty:
            return
        merged = one[[*key, *figures]].merge(two[[*key, *figures]], on=key, suffixes=("", "_other"))
        ours = merged[figures].to_numpy(dtype=np.float64)
        theirs = merged[[f"{name}_other" for name in figures]].to_numpy(dtype=np.float64)
        self.book[REBUILT].found(*_differences(ours, theirs, f"{table_name} {' '.join(partition.values())}".strip()))


Cells = tuple[NDArray[np.int64], NDArray[np.floating]]


def _compared(one: Cells, two: Cells, where: str) -> tuple[int, int, list[str]]:
    """Compare the figures of the cells that both have: hours x cells each."""
    _, here, there = np.intersect1d(one[0], two[0], assume_unique=True, return_indices=True)
    return _differences(one[1][:, here], two[1][:, there], where)


def _differences(one: NDArray[np.floating], two: NDArray[np.floating], where: str) -> tuple[int, int, list[str]]:
    """How many figures are withheld in either or differ, how many say more together than each, and an example."""
    hidden, other_hidden = np.isnan(one), np.isnan(two)
    differ = ~hidden & ~other_hidden & (one != two)
    found = int(((hidden != other_hidden) | differ).sum())
    tried = int((hidden | other_hidden | differ).sum())
    return tried, found, [f"{where}: {found:,} figures differ"] if found else []


def _same_blocks(one: Day, two: Day) -> Iterator[tuple[str, slice, slice]]:
    for (segment, resolution), block in one.blocks.items():
        if (segment, resolution) in two.blocks:
            yield f"{segment}, resolution {resolution}", block, two.blocks[segment, resolution]
