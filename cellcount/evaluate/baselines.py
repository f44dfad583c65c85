"""What others would make of the same deliveries: two naive estimates, and an oracle that knows the true shares.

- `one factor`: all devices of all operators, withheld counts taken as none, x one national factor: residents over mean
  devices of the nights (00 to 06 UTC). Residents are the official ones of the delivered authorities: who is abroad, and
  who is here from abroad, a naive pipeline does not know.
- `dropping`: the plain ratio, devices over the shares that the operators state of the area. An operator whose count is
  withheld is left out together with its share.
- `oracle`: the same with the share of those present whom each operator really sees there at that hour. It is as good as
  a ratio of the delivered counts can be when nothing need be estimated but people.

None of the first two knows of outages; the oracle leaves out who was down.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cellcount.build.deliveries import Delivery
from cellcount.build.shares import Outage
from cellcount.build.zones import resolution_of
from cellcount.evaluate.released import CellFacts, Released, numbers
from cellcount.evaluate.truth import TrueCells, Truth, parents
from cellcount.standard import DAY_PARTS, HOUR_COLUMNS, HOURS_OF_DAY

ONE_FACTOR, DROPPING, ORACLE = "one factor", "dropping", "oracle"
BASELINES = (ONE_FACTOR, DROPPING)
ALL = "all"

Floats = NDArray[np.float64]


def plain_ratio(devices: Sequence[Floats], shares: Sequence[Floats]) -> Floats:
    """Devices over the share of people who are seen, an operator without a count being left out with its share.

    Parameters
    ----------
    devices : sequence of array
        Each operator's counts, NaN where withheld or not covered.
    shares : sequence of array
        Each operator's share of people.

    Returns
    -------
    array
        People; NaN where no operator has a count.

    Examples
    --------
    The second operator has withheld its count in the second place.

    >>> plain_ratio([np.array([80.0, 80.0]), np.array([40.0, np.nan])], [np.array([0.4, 0.4]), np.array([0.2, 0.2])])
    array([200., 200.])
    """
    seen, total = np.zeros(devices[0].shape), np.zeros(devices[0].shape)
    for counts, share in zip(devices, shares, strict=True):
        known = ~np.isnan(counts) & (share > 0)
        seen += np.where(known, share, 0.0)
        total += np.where(known, counts, 0.0)
    return np.divide(total, seen, out=np.full(seen.shape, np.nan), where=seen > 0)


@dataclass(frozen=True)
class Baselines:
    """The other estimates from some deliveries.

    Parameters
    ----------
    deliveries : sequence of Delivery
        One an operator.
    released : Released
        The release that is compared: its areas, and which cell is in which.
    truth : Truth
        The true shares.
    """

    deliveries: Sequence[Delivery]
    released: Released
    truth: Truth

    @cached_property
    def factor(self) -> float:
        """People for each device: official residents over the mean devices of all nights, withheld ones as none."""
        counts = [
            {date: _of_all(delivery.read("area_day", date=date)) for date in delivery.dates}
            for delivery in self.deliveries
        ]
        rows = [set(table.column("area_code").to_pylist()) for days in counts for table in days.values()]
        codes = set(self._authorities).intersection(*rows)
        wanted = pa.array(sorted(codes), pa.string())
        nights = len(counts[0]) * len(DAY_PARTS["night"])
        devices = sum(
            float(
                np.nansum(numbers(table.filter(pc.is_in(table.column("area_code"), wanted)).column(HOUR_COLUMNS[hour])))
            )
            for days in counts
            for table in days.values()
            for hour in DAY_PARTS["night"]
        )
        return sum(self._authorities[code] for code in codes) / (devices / nights)

    @cached_property
    def codes(self) -> list[str]:
        """Codes of all areas of the release: an area's number is its place here."""
        return self.released.areas.column("area_code").to_pylist()

    @cached_property
    def _authorities(self) -> Mapping[str, float]:
        """Residents of each authority."""
        areas = self.released.areas
        own = areas.filter(pc.equal(areas.column("area_type"), "authority"))
        return dict(zip(*(own.column(name).to_pylist() for name in ("area_code", "residents")), strict=True))

    @cached_property
    def _above(self) -> Mapping[str, str | None]:
        return dict(zip(self.codes, self.released.areas.column("parent_code").to_pylist(), strict=True))

    @cached_property
    def _members(self) -> NDArray[np.bool_]:
        """Which authorities are in each area: areas x authorities."""
        members = np.zeros((len(self.codes), len(self._authorities)), dtype=np.bool_)
        for number, code in enumerate(self._authorities):
            area: str | None = code
            while area is not None:
                members[self.codes.index(area), number] = True
                area = self._above.get(area)
        return members

    @cached_property
    def stated(self) -> list[Floats]:
        """Each operator's stated share of residents, by hour and area.

        An authority's is its own row, else its region's; a larger area has the mean of its authorities, weighted by
        residents. The last column, NaN, is for what is in no area.
        """
        shares = []
        for delivery in self.deliveries:
            table = delivery.read("operator_factor")
            table = table.filter(pc.equal(table.column("segment").cast(pa.string()), "resident"))
            names = ("market_share", "devices_per_person", "switched_on_rate")
            product = np.prod([table.column(name).to_numpy() for name in names], axis=0)
            codes: list[str | None] = table.column("area_code").to_pylist()
            given: dict[str | None, float] = dict(zip(codes, product.tolist(), strict=True))
            own = [given.get(code, given.get(self._above[code], np.nan)) for code in self._authorities]
            shares.append(self._by_area(np.tile(own, (HOURS_OF_DAY, 1)), np.array(list(self._authorities.values()))))
        return shares

    def observed(self, date: dt.date) -> list[Floats]:
        """Each operator's true share of those present, by hour and area, with a last column of NaN.

        Of a larger area it is the mean of its authorities, weighted by those who are there.
        """
        codes = list(self._authorities)
        people = np.nan_to_num(self.truth.areas(date, codes))
        return [
            self._by_area(self.truth.share(delivery.operator_id, date, codes), people) for delivery in self.deliveries
        ]

    def _by_area(self, share: Floats, weight: Floats) -> Floats:
        """Shares of authorities (hours x authorities) as means of all areas, and a column of NaN."""
        members = self._members.astype(np.float64)
        weight = np.broadcast_to(np.maximum(weight, 1e-9), share.shape)
        known = ~np.isnan(share)
        seen = (np.nan_to_num(share) * weight) @ members.T
        people = (known * weight) @ members.T
        mean = np.divide(seen, people, out=np.full(seen.shape, np.nan), where=people > 0)
        return np.concatenate([mean, np.full((len(mean), 1), np.nan)], axis=1)

    def area_estimates(self, date: dt.date, codes: Sequence[str]) -> dict[str, Floats]:
        """People in areas by each estimator: hours x areas."""
        number = [self.codes.index(code) for code in codes]
        counts = []
        for delivery in self.deliveries:
            table = _of_all(delivery.read("area_day", date=date))
            place = pc.index_in(pa.array(codes, pa.string()), table.column("area_code").combine_chunks())
            counts.append(np.array([numbers(pc.take(table.column(hour), place)) for hour in HOUR_COLUMNS]))
        return {
            ONE_FACTOR: np.nansum(counts, axis=0) * self.factor,
            DROPPING: plain_ratio(counts, [share[:, number] for share in self.stated]),
            ORACLE: plain_ratio(counts, [share[:, number] for share in self.observed(date)]),
        }

    def cell_estimates(self, date: dt.date, everybody: TrueCells, facts: Mapping[int, CellFacts]) -> CellEstimates:
        """What the estimators make of a day's counts in cells.

        Parameters
        ----------
        date : date
            UTC day.
        everybody : TrueCells
            The true people of the day.
        facts : mapping of int to CellFacts
            The cells by resolution.
        """
        tables = [_of_all(delivery.read("cell_day", date=date)) for delivery in self.deliveries]
        area = np.full(len(everybody.h3), -1)
        for resolution, known in facts.items():
            own = np.flatnonzero(everybody.resolution == resolution)
            place = np.minimum(np.searchsorted(known.h3, everybody.h3[own]), len(known.h3) - 1)
            area[own] = np.where(known.h3[place] == everybody.h3[own], known.area[place], -1)
        return CellEstimates(self, date, tables, everybody, area, self.observed(date))

    @cached_property
    def outages(self) -> list[list[Outage]]:
        """Each operator's outages."""
        return [
            [Outage(row["h3_parent"], row["from_utc"], row["to_utc"], row["share_active"]) for row in rows]
            for rows in (delivery.read("coverage").to_pylist() for delivery in self.deliveries)
        ]


@dataclass(frozen=True)
class CellEstimates:
    """The operators' rows of `cell_day` of a day, and what is made of them.

    Parameters
    ----------
    baselines : Baselines
        The estimators.
    date : date
        UTC day.
    tables : sequence of pyarrow.Table
        Each operator's rows.
    everybody : TrueCells
        The true people.
    area : array of int64
        Number of the area of each of these cells; -1 for none.
    observed : list of array
        Each operator's true share, hours x areas.
    """

    baselines: Baselines
    date: dt.date
    tables: Sequence[pa.Table]
    everybody: TrueCells
    area: NDArray[np.int64]
    observed: Sequence[Floats]

    def by_hour(self, h3: NDArray[np.int64], resolution: int, area: NDArray[np.int64]) -> Iterator[dict[str, Floats]]:
        """People in cells of a resolution by each estimator, an hour after the other.

        Parameters
        ----------
        h3 : array of int64
            Cells, ascending.
        resolution : int
            Theirs.
        area : array of int64
            Number of the area of each; -1 for none.
        """
        rows = [self._rows(table, h3, resolution) for table in self.tables]
        down = [self._down(outages, h3, resolution) for outages in self.baselines.outages]
        fine, inside = self.everybody.within(h3, resolution)
        for hour, column in enumerate(HOUR_COLUMNS):
            counts = [np.append(numbers(table.column(column)), np.nan)[place] for table, place in rows]
            up = [
                np.where(lost[hour], np.nan, own) if hour in lost else own
                for own, lost in zip(counts, down, strict=True)
            ]
            people = self.everybody.people[hour][fine]
            present = np.bincount(inside, people, minlength=len(h3))
            true = []
            for share in self.observed:
                # A cell that holds parts of several authorities has the mean of those who are there.
                seen = np.bincount(inside, people * share[hour][self.area[fine]], minlength=len(h3))
                true.append(np.divide(seen, present, out=share[hour][area], where=present > 0))
            yield {
                ONE_FACTOR: np.nansum(counts, axis=0) * self.baselines.factor,
                DROPPING: plain_ratio(counts, [share[hour][area] for share in self.baselines.stated]),
                ORACLE: plain_ratio(up, true),
            }

    def _rows(self, table: pa.Table, h3: NDArray[np.int64], resolution: int) -> tuple[pa.Table, NDArray[np.int64]]:
        """The rows of a resolution, and the place of each cell among them; one past the end where it has none."""
        own = table.filter(pc.equal(table.column("resolution"), resolution))
        there = own.column("h3").to_numpy()
        if not len(there):
            return own, np.zeros(len(h3), dtype=np.int64)
        order = np.argsort(there, kind="stable")
        near = np.minimum(np.searchsorted(there, h3, sorter=order), len(there) - 1)
        return own, np.where(there[order[near]] == h3, order[near], len(there))

    def _down(self, outages: Sequence[Outage], h3: NDArray[np.int64], resolution: int) -> dict[int, NDArray[np.bool_]]:
        """Cells that an outage touches, for the hours in which there is one."""
        down: dict[int, NDArray[np.bool_]] = {}
        for outage in outages:
            common = min(resolution_of(outage.h3), resolution)
            touched = parents(h3, common) == parents(np.array([outage.h3]), common)[0]
            for hour in outage.lost_by_hour(self.date):
                down[hour] = down.get(hour, np.zeros(len(h3), dtype=np.bool_)) | touched
        return down


def _of_all(table: pa.Table) -> pa.Table:
    """The rows that count everybody, whatever their segment; codes of areas as text."""
    own = table.filter(pc.equal(table.column("segment").cast(pa.string()), ALL))
    if "area_code" not in own.column_names:
        return own
    place = own.column_names.index("area_code")
    return own.set_column(place, "area_code", own.column("area_code").cast(pa.string()))
