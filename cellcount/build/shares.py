"""Share of people that an operator sees: by area and segment, less where its network was down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cellcount.build.combine import NOT_COVERED, Devices, Share
from cellcount.build.deliveries import Delivery, DeliveryRefusedError
from cellcount.build.zones import Zones, children_range, numbered, parent, resolution_of
from cellcount.standard import HOURS_OF_DAY

Customers = Literal["resident", "inbound"]

LEFT_OUT_FROM = 0.05
"""Share of its devices that an operator must have lost in a zone and hour to be left out there."""


@dataclass(frozen=True)
class Outage:
    """Part of a network that was down for a while."""

    h3: int
    from_utc: dt.datetime
    to_utc: dt.datetime
    share_active: float

    def lost_by_hour(self, date: dt.date) -> dict[int, float]:
        """Share of capacity lost in each hour of a UTC day that it touches.

        Examples
        --------
        Down from 09:30 to 11:00: half of the hour from 09:00, and all of the next.

        >>> outage = Outage(0, dt.datetime(2026, 11, 4, 9, 30), dt.datetime(2026, 11, 4, 11), 0.0)
        >>> outage.lost_by_hour(dt.date(2026, 11, 4))
        {9: 0.5, 10: 1.0}
        """
        midnight = dt.datetime.combine(date, dt.time())
        lost = {}
        for hour in range(HOURS_OF_DAY):
            start = midnight + dt.timedelta(hours=hour)
            seconds = (min(self.to_utc, start + dt.timedelta(hours=1)) - max(self.from_utc, start)).total_seconds()
            if seconds > 0 and self.share_active < 1:
                lost[hour] = (1.0 - self.share_active) * seconds / 3600
        return lost


@dataclass(frozen=True)
class Operator:
    """What is known of an operator besides its counts.

    Parameters
    ----------
    delivery : Delivery
        Its delivery.
    shares : dict
        By kind of customer, p for each area: devices counted for each person present; NaN where not known.
    relative_errors : dict
        By kind of customer, standard error of p relative to it, for each area.
    outages : tuple of Outage
        Its outages.
    zones : Zones
        Reference geography.
    """

    delivery: Delivery
    shares: dict[Customers, Share]
    relative_errors: dict[Customers, Share]
    outages: tuple[Outage, ...]
    zones: Zones

    def share_of(
        self,
        areas: NDArray[np.int64],
        customers: Customers = "resident",
        *,
        counted: NDArray[np.bool_] | None = None,
    ) -> Share:
        """The share p in each of some areas.

        Parameters
        ----------
        areas : array of int64
            Numbers of areas.
        customers : {"resident", "inbound"}
            Whose.
        counted : array of bool, optional
            Where the operator has counts, and must therefore have a share; everywhere if not given.

        Returns
        -------
        array of float
            NaN where the operator has given no factor and has no counts.

        Raises
        ------
        DeliveryRefusedError
            If the operator has given no factor for one of the areas with counts, nor for its region.
        """
        share = self.shares[customers][areas]
        missing = np.isnan(share) if counted is None else ~(share > 0) & counted
        if missing.any():
            unknown = np.unique(areas[missing])
            raise DeliveryRefusedError(
                f"{self.delivery.folder}: operator_factor has no share above 0 ({customers}) for {len(unknown)} areas "
                f"with counts, nor for their regions, for example {self.zones.codes[unknown[0]]}. Ask operator "
                f"{self.delivery.operator_id} for it."
            )
        return share

    def lost_in_cells(self, date: dt.date, resolution: int, h3: NDArray[np.int64]) -> dict[int, Share]:
        """Share of the operator's devices lost in each cell, for the hours of a day in which any were.

        A cell inside an outage loses what the outage takes; a larger one, the share of its residents who live there.

        Parameters
        ----------
        date : date
            UTC day.
        resolution : int
            H3 resolution.
        h3 : array of int64
            Cells, ascending.

        Returns
        -------
        dict of int to array of float
            By hour.
        """
        lost: dict[int, Share] = {}
        for outage in self.outages:
            for hour, share in outage.lost_by_hour(date).items():
                first, last, part = self._touched(outage, resolution)
                here = slice(np.searchsorted(h3, first), np.searchsorted(h3, last, side="right"))
                kept = 1.0 - lost.setdefault(hour, np.zeros(len(h3)))[here]
                lost[hour][here] = 1.0 - kept * (1.0 - share * part)
        return lost

    def lost_in_areas(self, date: dt.date) -> NDArray[np.float64]:
        """Share of the operator's devices lost in each area and hour: by the residents who live in the outage.

        Parameters
        ----------
        date : date
            UTC day.

        Returns
        -------
        array of float, hours x areas
        """
        lost = np.zeros((HOURS_OF_DAY, len(self.zones.codes)))
        for outage in self.outages:
            hours = outage.lost_by_hour(date)
            if hours:
                part = self._residents_touched(outage)
                for hour, share in hours.items():
                    lost[hour] = 1.0 - (1.0 - lost[hour]) * (1.0 - share * part)
        return lost

    def _touched(self, outage: Outage, resolution: int) -> tuple[int, int, float]:
        """First and last cell that an outage touches at a resolution, and the part of them that it covers."""
        own = resolution_of(outage.h3)
        if own <= resolution:
            return (*children_range(outage.h3, resolution), 1.0)
        above = parent(outage.h3, resolution)
        residents = self._residents_in(above)
        part = self._residents_in(outage.h3) / residents if residents else 7.0 ** (resolution - own)
        return above, above, part

    def _residents_in(self, h3: int) -> float:
        finest = self.zones.cells[max(self.zones.cells)]
        return float(finest.residents[self._inside(h3)].sum())

    def _residents_touched(self, outage: Outage) -> NDArray[np.float64]:
        finest = self.zones.cells[max(self.zones.cells)]
        here = self._inside(outage.h3)
        count = len(self.zones.codes)

        def by_area(cells: slice) -> NDArray[np.float64]:
            known = finest.area[cells] >= 0
            residents = np.zeros(count)
            np.add.at(residents, finest.area[cells][known], finest.residents[cells][known])
            return self.zones.summed_up(residents)

        everywhere = by_area(slice(None))
        return np.divide(by_area(here), everywhere, out=np.zeros(count), where=everywhere > 0)

    def _inside(self, h3: int) -> slice:
        resolution = max(self.zones.cells)
        cells = self.zones.cells[resolution].h3
        above = h3 if resolution_of(h3) <= resolution else parent(h3, resolution)
        first, last = children_range(above, resolution)
        return slice(int(np.searchsorted(cells, first)), int(np.searchsorted(cells, last, side="right")))


def less_the_lost(devices: Devices, share: Share, lost: Share) -> tuple[Devices, Share]:
    """Counts and shares where part of a network was down.

    Where the operator lost 5 % of its devices or more, its count is left out; below that, its share is reduced.

    Parameters
    ----------
    devices : array of uint32
        Its counts.
    share : array of float
        Its shares p.
    lost : array of float
        Share of its devices lost, 0 to 1.

    Returns
    -------
    tuple of arrays
        Counts and shares: changed copies, or as they came where nothing is lost.

    Examples
    --------
    >>> counts, share = less_the_lost(
    ...     np.array([98, 40], dtype=np.uint32), np.array([0.5, 0.5]), np.array([0.02, 0.6])
    ... )
    >>> counts.tolist() == [98, NOT_COVERED], share[0]
    (True, np.float64(0.49))
    """
    if not lost.any():
        return devices, share
    left_out = lost >= LEFT_OUT_FROM
    return np.where(left_out, np.uint32(NOT_COVERED), devices), share * (1.0 - lost)


def open_operator(delivery: Delivery, zones: Zones) -> Operator:
    """Read an operator's factors and outages.

    Parameters
    ----------
    delivery : Delivery
        Its delivery.
    zones : Zones
        Reference geography.

    Returns
    -------
    Operator
    """
    outages = tuple(Outage(**row) for row in _outage_rows(delivery))
    kinds: tuple[Customers, ...] = ("resident", "inbound")
    factors = {kind: _factors(delivery, zones, kind) for kind in kinds}
    return Operator(
        delivery,
        shares={kind: share for kind, (share, _) in factors.items()},
        relative_errors={kind: error for kind, (_, error) in factors.items()},
        outages=outages,
        zones=zones,
    )


def _outage_rows(delivery: Delivery) -> list[dict]:
    rows = delivery.read("coverage").drop_columns(["reason"])
    return rows.rename_columns({"h3_parent": "h3"}).to_pylist()


def _factors(delivery: Delivery, zones: Zones, customers: Customers) -> tuple[Share, Share]:
    """P and its relative standard error by area: given, else from above, else the mean of the areas inside it.

    An authority without a row has its region's. A region, a nation or the country without one has the mean of its
    authorities, weighted by residents.
    """
    table = delivery.read("operator_factor")
    table = table.filter(pc.equal(table.column("segment").cast(pa.string()), customers))
    areas = numbered(table.column("area_code"), zones.code_list, f"{delivery.folder / 'operator_factor'}, area_code")
    columns = ("market_share", "devices_per_person", "switched_on_rate", "share_se")
    market, per_person, switched_on, error = (table.column(name).to_numpy() for name in columns)
    _refuse_impossible(delivery, table, market=market, others=(per_person, switched_on, error))
    given = np.full((2, len(zones.codes)), np.nan)
    given[0, areas] = np.minimum(market * per_person * switched_on, 1.0)
    given[1, areas] = error

    authority = np.array([kind == "authority" for kind in zones.types])
    above = np.where(zones.parents >= 0, given[:, zones.parents], np.nan)
    inherited = np.where(np.isnan(given) & authority, above, given)
    known = authority & ~np.isnan(inherited[0])
    weight = np.where(known, np.maximum(zones.residents, 1.0), 0.0)
    residents = zones.summed_up(weight)
    for row in inherited:
        within = zones.summed_up(weight * np.where(known, row, 0.0))
        mean = np.divide(within, residents, out=np.full(len(row), np.nan), where=residents > 0)
        row[:] = np.where(np.isnan(row), mean, row)
    return inherited[0], inherited[1]


def _refuse_impossible(
    delivery: Delivery, table: pa.Table, *, market: NDArray[np.float64], others: Sequence[NDArray[np.float64]]
) -> None:
    """Refuse factors that cannot be: every figure is divided by them, and a wrong one makes a wrong map."""
    codes = table.column("area_code").to_pylist()
    wrong = ~((market >= 0) & (market <= 1))
    for amounts in others:
        wrong |= ~(np.isfinite(amounts) & (amounts >= 0))
    twice = {code for code in codes if codes.count(code) > 1}
    if not wrong.any() and not twice:
        return
    code = codes[int(np.argmax(wrong))] if wrong.any() else min(twice)
    why = "a share, rate or standard error that cannot be" if wrong.any() else "more than one row"
    raise DeliveryRefusedError(
        f"{delivery.folder}: operator_factor has {why} for {code}. Ask operator {delivery.operator_id} to mend it; "
        f"`python -m cellcount validate {delivery.folder}` names every such row."
    )
