"""What is known of the networks themselves: `precision` and `coverage`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.areas import AreaEstimates
from cellcount.build.calibrate import Calibration
from cellcount.build.cells import PART_OF_HOUR, Model
from cellcount.build.doubt import LEAST_PLACEMENT, Layer, placement_error
from cellcount.build.release import ReleaseWriter
from cellcount.build.shares import Operator
from cellcount.build.zones import Zones, children_range, parent, parents, resolution_of
from cellcount.methods.precision import Placement, Precision
from cellcount.standard import DAY_PARTS

Floats = NDArray[np.float64]

MOST_COVERAGE = 0.99
"""P is taken to be no more: a count of everybody would have no error of chance at all."""
PRIOR_AREAS = 3.0
"""An area's own departure counts as one, those of all areas of its kind as this many."""
COMING_AND_GOING = 0.005
"""Share of people by which as many may not come into a part of the country as leave it: a judgement, not measured."""
UNKNOWN_ABROAD = 0.03
"""Share of residents who may be abroad, where it is not delivered: a judgement, of the order of a year's mean."""
LEAST_OF_A_KIND = 5
"""So many areas must be there for their departures to tell of each other's."""
TO_DEVIATION = 1.4826
"""Of a normal distribution: standard deviation over median absolute deviation."""


@dataclass(frozen=True)
class Doubts:
    """The table `precision`: arrays of day parts x areas.

    Attributes
    ----------
    coverage_p, over_dispersion, share_cv, calibration_factor : array of float
        As the columns of that name.
    placement : tuple of Placement
        For each part of the day.
    left_out : array of float, areas
        Relative error with which all other areas of the same region lead to expect an area's devices at night.
    """

    coverage_p: Floats
    over_dispersion: Floats
    share_cv: Floats
    calibration_factor: Floats
    placement: tuple[Placement, ...]
    left_out: Floats

    def at(self, part: int, areas: NDArray[np.int64]) -> Precision:
        """The precision of some areas in a part of the day."""
        return Precision(
            self.coverage_p[part, areas],
            self.over_dispersion[part, areas],
            self.share_cv[part, areas],
            self.placement[part],
        )


def measure_doubts(model: Model, estimates: AreaEstimates) -> Doubts:
    """Work out how sure figures are, from what the estimates have told.

    Parameters
    ----------
    model : Model
        Shares and homes, and what was gathered while cells were estimated.
    estimates : AreaEstimates
        Estimates of areas.

    Returns
    -------
    Doubts
    """
    zones = model.operators[0].zones
    shape = (len(DAY_PARTS), len(zones.codes))
    known = ~np.isnan(model.calibration.home).all(axis=0)
    share = np.where(known, np.minimum(np.nansum(model.calibration.home, axis=0), MOST_COVERAGE), np.nan)
    variance = model.gathered.dispersion()
    left_out = leave_one_out(model, zones)
    common = _common(model, estimates)
    return Doubts(
        coverage_p=np.broadcast_to(share, shape),
        over_dispersion=variance[:, None] / (1.0 - share),
        share_cv=np.broadcast_to(np.sqrt(np.square(_share_cv(zones, left_out, model)) + common**2), shape),
        calibration_factor=estimates.calibration_factor,
        placement=_placement(model, variance),
        left_out=left_out,
    )


def leave_one_out(model: Model, zones: Zones) -> Floats:
    """How wrong an area's devices at home at night would be foretold by the other areas of its region.

    Its customers are known from their homes, and the share of them at home at night is taken from the others: what is
    left is the error of its share, of people placed across its border, and how differently its people live.

    Parameters
    ----------
    model : Model
        Shares and homes.
    zones : Zones
        Reference geography.

    Returns
    -------
    array of float
        Relative to the devices foretold; NaN where nothing can be told.
    """
    homes = [each for each in model.homes if each is not None]
    if not homes:
        return np.full(len(zones.codes), np.nan)
    counted = zones.summed_up(np.sum([each.counted for each in homes], axis=0))
    customers = zones.summed_up(np.sum([each.customers for each in homes], axis=0))
    above = np.where(zones.parents >= 0, zones.parents, 0)
    rest_counted, rest_customers = counted[above] - counted, customers[above] - customers
    usable = (zones.parents >= 0) & (customers > 0) & (rest_customers > 0.01 * customers)
    expected = np.divide(rest_counted, rest_customers, out=np.full(len(counted), np.nan), where=usable) * customers
    return np.divide(counted, expected, out=np.full(len(counted), np.nan), where=usable & (expected > 0)) - 1.0


def _share_cv(zones: Zones, left_out: Floats, model: Model) -> Floats:
    """For each area, from its own departure and those of the areas of its kind."""
    result = _stated(model.operators)
    for kind in set(zones.types):
        own = np.array([each == kind for each in zones.types])
        found = own & ~np.isnan(left_out)
        if found.sum() >= LEAST_OF_A_KIND:
            pooled = TO_DEVIATION * float(np.median(np.abs(left_out[found])))
            here = np.where(np.isnan(left_out), 0.0, left_out)
            weight = np.where(np.isnan(left_out), 0.0, 1.0)
            squares = (PRIOR_AREAS * pooled**2 + weight * np.square(here)) / (PRIOR_AREAS + weight)
            result = np.where(own, np.sqrt(squares), result)
    below = [kind for kind in ("region", "authority") if kind in zones.types]
    for kind in ("country", "nation", "region"):
        own = np.array([each == kind for each in zones.types])
        if own.any() and (own & ~np.isnan(left_out)).sum() < LEAST_OF_A_KIND:
            source = next((each for each in below if each != kind), kind)
            parts = np.array([each == source for each in zones.types]) & ~np.isnan(left_out)
            if parts.sum() >= LEAST_OF_A_KIND:
                pooled = TO_DEVIATION * float(np.median(np.abs(left_out[parts])))
                result = np.where(own, pooled / np.sqrt(parts.sum()), result)
    return result


def _stated(operators: Sequence[Operator]) -> Floats:
    """Coefficient of variation of P as operators state it: all that there is where nothing was calibrated."""
    share = np.array([operator.shares["resident"] for operator in operators])
    error = np.array([operator.relative_errors["resident"] for operator in operators])
    total = np.nansum(share, axis=0)
    deviation = np.sqrt(np.nansum(np.square(share * error), axis=0))
    return np.divide(deviation, total, out=np.full(total.shape, np.nan), where=total > 0)


def _common(model: Model, estimates: AreaEstimates) -> float:
    """Error of all areas alike: of how many are abroad and how many have come, which rest on stated shares."""
    stated = float(np.nanmedian(_stated(model.operators)))
    known = ~np.isnan(model.calibration.abroad)
    abroad = float(model.calibration.abroad[known].mean()) * stated if known.any() else UNKNOWN_ABROAD
    doubt = np.hypot(abroad, estimates.inbound_part * stated)
    return float(np.hypot(doubt, 0.0 if model.calibration.whole_country else COMING_AND_GOING))


def _placement(model: Model, variance: Floats) -> tuple[Placement, ...]:
    zones, gathered = model.operators[0].zones, model.gathered
    homes = [each for each in model.homes if each is not None]
    if not homes or model.at_home is None:
        return (LEAST_PLACEMENT,) * len(DAY_PARTS)
    share = np.nan_to_num(model.calibration.home)
    total = float(np.nansum(share, axis=0)[share.sum(axis=0) > 0].mean())
    layers: dict[int, Layer] = {}
    for resolution in gathered.resolutions:
        if not all(resolution in each.devices for each in homes):
            continue
        cells, mixture = zones.cells[resolution], zones.mixture(resolution)
        seen, devices = np.zeros(len(cells.h3)), np.zeros(len(cells.h3))
        for number, each in enumerate(homes):
            there = ~np.isnan(each.devices[resolution])
            seen += np.where(there, mixture @ share[number], 0.0)
            devices += np.where(there, each.devices[resolution], 0.0)
        implied = np.divide(devices, seen, out=np.full(len(seen), np.nan), where=seen > 0)
        above = parents(cells.h3, resolution - 1) if resolution - 1 in zones.cells else cells.h3
        families = np.unique(above, return_inverse=True)[1]
        layers[resolution] = Layer(
            float(cells.km2.mean()), cells.residents, implied, families, np.empty(0), np.empty(0)
        )
    found = []
    for part in range(len(DAY_PARTS)):
        by_area = model.at_home[:, np.equal(PART_OF_HOUR, part)].mean(axis=(0, 1))
        people, away, here = {}, {}, {}
        for resolution, layer in layers.items():
            at_home = zones.mixture(resolution) @ by_area
            people[resolution] = gathered.mean_people(resolution)[part]
            away[resolution] = people[resolution] - layer.residents * at_home
            here[resolution] = replace(layer, at_home=at_home, stood_in=gathered.mean_square_stood_in(resolution)[part])
        found.append(placement_error(here, people, away, float(variance[part]) / total))
    return tuple(found)


def write_precision(writer: ReleaseWriter, zones: Zones, doubts: Doubts) -> None:
    """Write `precision`.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    zones : Zones
        Reference geography.
    doubts : Doubts
        What it says.
    """
    there = np.flatnonzero(~np.isnan(doubts.coverage_p[0]))
    tables = []
    for number, part in enumerate(DAY_PARTS):
        columns = {
            name: pa.array(np.round(getattr(doubts, name)[number, there], 6), from_pandas=True)
            for name in ("coverage_p", "over_dispersion", "share_cv", "calibration_factor")
        }
        placed = doubts.placement[number]
        placement = {
            f"placement_{each.name}": np.full(len(there), round(float(getattr(placed, each.name)), 6))
            for each in fields(Placement)
        }
        codes = zones.code_list.take(pa.array(there))
        tables.append(pa.table({"area_code": codes, "day_part": pa.array([part] * len(there)), **columns, **placement}))
    writer.write("precision", pa.concat_tables(tables))


def calibrated(operators: Sequence[Operator], calibration: Calibration, share_cv: Floats) -> list[Operator]:
    """The operators with their calibrated shares of residents, for all that is counted by home.

    Parameters
    ----------
    operators : sequence of Operator
        Operators.
    calibration : Calibration
        Shares.
    share_cv : array of float, areas
        Coefficient of variation of all operators' share together, which each is given its part of.

    Returns
    -------
    list of Operator
    """
    home = calibration.home
    together = np.nansum(home, axis=0) / np.sqrt(np.nansum(np.square(home), axis=0))
    return [
        replace(
            operator,
            shares={**operator.shares, "resident": home[number]},
            relative_errors={**operator.relative_errors, "resident": share_cv * together},
        )
        for number, operator in enumerate(operators)
    ]


def write_coverage(writer: ReleaseWriter, operators: Sequence[Operator], dates: Sequence[dt.date]) -> None:
    """Write `coverage`: the share of P lost in each hour of each outage, all operators together.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    operators : sequence of Operator
        Operators.
    dates : sequence of date
        All UTC days.
    """
    rows: dict[tuple[int, dt.datetime], float] = {}
    for operator in operators:
        for outage in operator.outages:
            part = _part_of_all(operator, operators, outage.h3)
            for date in dates:
                for hour, lost in outage.lost_by_hour(date).items():
                    key = (outage.h3, dt.datetime.combine(date, dt.time(hour)))
                    rows[key] = min(rows.get(key, 0.0) + part * lost, 1.0)
    if not rows:
        return
    table = pa.table(
        {
            "h3_parent": pa.array([h3 for h3, _ in rows], pa.int64()),
            "hour_utc": pa.array([hour for _, hour in rows], pa.timestamp("us")),
            "share_lost": pa.array([round(lost, 4) for lost in rows.values()], pa.float64()),
        }
    )
    writer.write("coverage", table)


def _part_of_all(operator: Operator, operators: Sequence[Operator], h3: int) -> float:
    """One operator's part of P inside a cell: of the area in which most of the cell's finest cells lie."""
    zones = operator.zones
    finest = max(zones.cells)
    first, last = children_range(h3 if resolution_of(h3) <= finest else parent(h3, finest), finest)
    inside = slice(*np.searchsorted(zones.cells[finest].h3, [first, last + 1]))
    areas = zones.cells[finest].area[inside]
    areas = areas[areas >= 0]
    if not len(areas):
        return 0.0
    area = np.array([np.bincount(areas).argmax()])
    shares = np.nan_to_num([each.shares["resident"][area][0] for each in operators])
    own = np.nan_to_num(operator.shares["resident"][area][0])
    return float(own / shares.sum()) if shares.sum() > 0 else 0.0
