"""People present by area and hour, and what the areas' counts say of the networks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.cells import PART_OF_HOUR, Model
from cellcount.build.combine import NOT_COVERED, WITHHELD, Devices, estimate, known, known_total
from cellcount.build.counts import ALL, AT_HOME, INBOUND, AreaCounts, mean_known
from cellcount.build.history import calendars, nations_of, period_id
from cellcount.build.protect import Disclosure, whole
from cellcount.build.release import ReleaseWriter
from cellcount.build.rounding import words_of
from cellcount.build.secondary import Tree, Withheld, withhold_in_tree
from cellcount.build.zones import Zones
from cellcount.methods.precision import standard_error
from cellcount.standard import DAY_PARTS, HOUR_COLUMNS, HOURS_OF_DAY

if TYPE_CHECKING:
    from cellcount.build.network import Doubts

Floats = NDArray[np.float64]

DEVICES_ROUNDED_TO = 1_000
COUNTRY = "UK"
NIGHT_HOUR = 3
AWAY = ("at_work", "visiting")


@dataclass(frozen=True)
class AreaEstimates:
    """Estimates of areas, before anything is withheld.

    Attributes
    ----------
    people : array of float, dates x hours x areas
        People present; NaN where nobody covers the area.
    counts : tuple of arrays of uint32, dates x hours x areas
        Each operator's counts of everybody as delivered.
    calibration_factor : array of float, day parts x areas
        Mean of the estimates over that of the plain ratio with the shares that operators state.
    inbound_part : float
        Visitors from abroad, as a share of those present.
    alone : array of float, operators x day parts x areas
        What each operator alone leads to, a mean over dates; NaN where it has no count.
    chance : array of float, operators x day parts x areas
        Variance of that which chance alone would give it.
    """

    people: Floats
    counts: tuple[Devices, ...]
    calibration_factor: Floats
    inbound_part: float
    alone: Floats
    chance: Floats


def estimate_areas(model: Model, areas: Sequence[AreaCounts], stood_in: Floats) -> AreaEstimates:
    """Estimate people by area and hour.

    Those at home, those away from home and those from abroad are estimated apart, each with the share that operators
    have of them, and added. An area that contains others is what they add up to, where all of them are delivered.

    Parameters
    ----------
    model : Model
        Operators and their shares.
    areas : sequence of AreaCounts
        Each operator's counts.
    stood_in : array of float, dates x hours x areas
        How much more people stand for withheld cells than these are estimated to have: see `field`.

    Returns
    -------
    AreaEstimates
    """
    zones = model.operators[0].zones
    people = _added_up(zones, _own(model, areas))
    people = np.maximum(people + _in_all(zones, stood_in), 0.0)
    plain = _estimated(model, areas, ALL, [operator.shares["resident"] for operator in model.operators])
    mean, mean_plain = _by_part(people), _by_part(plain)
    inbound = _estimated(model, areas, INBOUND, list(model.calibration.inbound))
    part = np.nansum(mean_known(inbound[:, :, zones.authorities], axis=(0, 1)))
    everybody = np.nansum(mean_known(people[:, :, zones.authorities], axis=(0, 1)))
    alone, chance = _alone(model, areas)
    return AreaEstimates(
        people=people,
        counts=tuple(counts.segments[ALL] for counts in areas),
        calibration_factor=np.divide(mean, mean_plain, out=np.full(mean.shape, np.nan), where=mean_plain > 0),
        inbound_part=float(part / everybody) if everybody > 0 else 0.0,
        alone=alone,
        chance=chance,
    )


def _in_all(zones: Zones, values: Floats) -> Floats:
    """Values of areas' own cells as those of all areas that contain them."""
    inside = np.array([zones.summed_up(row) for row in np.eye(len(zones.codes))])
    return (values.reshape(-1, len(zones.codes)) @ inside).reshape(values.shape)


def _own(model: Model, areas: Sequence[AreaCounts]) -> Floats:
    """Every area from its own counts."""
    calibration = model.calibration
    everybody = _estimated(model, areas, ALL, list(calibration.home))
    if not all({AT_HOME, *AWAY} <= counts.segments.keys() for counts in areas):
        return everybody
    parts = [_estimated(model, areas, AT_HOME, list(calibration.home))]
    away = [share[PART_OF_HOUR] for share in calibration.away_residents]
    parts += [_estimated(model, areas, segment, away) for segment in AWAY]
    parts.append(_estimated(model, areas, INBOUND, list(calibration.inbound)))
    return np.where(np.isnan(everybody), np.nan, np.nansum(parts, axis=0))


def _estimated(model: Model, areas: Sequence[AreaCounts], segment: str, shares: Sequence[Floats]) -> Floats:
    there = [number for number, counts in enumerate(areas) if segment in counts.segments]
    if not there:
        return np.zeros(areas[0].lost.shape)
    seen = [areas[number].seen(segment, np.nan_to_num(shares[number])) for number in there]
    thresholds = [model.operators[number].delivery.threshold for number in there]
    return np.maximum(estimate([counts for counts, _ in seen], [share for _, share in seen], thresholds), 0.0)


def _added_up(zones: Zones, people: Floats) -> Floats:
    """Areas that contain others as what these add up to, where every inhabited authority in them is estimated."""
    authority = zones.authorities
    there = ~np.isnan(people).any(axis=(0, 1)) & authority
    lacking = zones.summed_up((authority & ~there & (zones.residents > 0)).astype(np.float64))
    members = zones.summed_up(there.astype(np.float64))
    result = people.copy()
    flat = np.where(there, people, 0.0).reshape(-1, len(zones.codes))
    above = np.flatnonzero(~authority & (lacking == 0) & (members > 0))
    inside = np.zeros((len(zones.codes), len(above)))
    for number in range(len(zones.codes)):
        up = number
        while there[number] and up >= 0:
            inside[number] += above == up
            up = int(zones.parents[up])
    result[:, :, above] = (flat @ inside).reshape(*people.shape[:2], -1)
    return result


def _alone(model: Model, areas: Sequence[AreaCounts]) -> tuple[Floats, Floats]:
    """What each operator alone leads to, and the variance that chance gives it: day parts x areas."""
    found, chance = [], []
    dispersion = model.gathered.dispersion()[:, None]
    for number, counts in enumerate(areas):
        devices = np.where(known(counts.segments[ALL]), counts.segments[ALL], np.nan)
        mean = _by_part(devices)
        share = model.calibration.home[number]
        if {AT_HOME, *AWAY} <= counts.segments.keys():
            at_home = _by_part(np.where(known(counts.segments[AT_HOME]), counts.segments[AT_HOME], np.nan))
            share = np.divide(
                mean,
                at_home / model.calibration.home[number] + (mean - at_home) / model.calibration.away[number],
                out=np.full(mean.shape, np.nan),
                where=mean > 0,
            )
        hours = np.array([len(hours) for hours in DAY_PARTS.values()])[:, None] * len(devices)
        people = np.divide(mean, share, out=np.full(mean.shape, np.nan), where=np.nan_to_num(share) > 0)
        found.append(people)
        chance.append(np.divide(dispersion * people, share * hours, out=np.full(mean.shape, np.nan), where=people > 0))
    return np.array(found), np.array(chance)


def _by_part(values: Floats) -> Floats:
    """Mean over dates and the hours of each part of the day; NaN where nothing is known."""
    return np.array([mean_known(values[:, list(hours)], axis=(0, 1)) for hours in DAY_PARTS.values()])


@dataclass(frozen=True)
class AreasWritten:
    """What the areas' figures say about the release.

    Parameters
    ----------
    covered : array of bool
        For each area, whether there are figures for it.
    night_people : array of float
        For each area, mean of the released people from 03:00 to 04:00 UTC; NaN where one is withheld.
    """

    covered: NDArray[np.bool_]
    night_people: NDArray[np.float64]


def write_areas(
    writer: ReleaseWriter, model: Model, estimates: AreaEstimates, doubts: Doubts, disclosure: Disclosure
) -> AreasWritten:
    """Protect and write `area_hour`, `typical_area` and `devices_day`.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    model : Model
        Operators and dates.
    estimates : AreaEstimates
        What is to be written.
    doubts : Doubts
        How sure it is.
    disclosure : Disclosure
        How it is protected.

    Returns
    -------
    AreasWritten
    """
    zones, dates = model.operators[0].zones, model.dates
    run = _protected(zones, dates, estimates, doubts, disclosure)
    writer.write("area_hour", _area_hour(zones, dates, run, doubts))
    for kind, table in _typical_areas(zones, run, dates, doubts).items():
        writer.write("typical_area", table, period=period_id(dates), day_type=kind)
    present = (run != NOT_COVERED).any(axis=0)
    country = zones.codes.index(COUNTRY)
    if present[country]:
        active = known_total([counts[:, :, country].ravel() for counts in estimates.counts])
        writer.write("devices_day", _devices_day(dates, active))
    night = run[NIGHT_HOUR::HOURS_OF_DAY]
    at_night = np.where((night < NOT_COVERED).all(axis=0), night.mean(axis=0), np.nan)
    return AreasWritten(present, at_night)


def _protected(
    zones: Zones, dates: Sequence[dt.date], estimates: AreaEstimates, doubts: Doubts, disclosure: Disclosure
) -> Devices:
    """Released people, hours of the run x areas, with `WITHHELD` and `NOT_COVERED`."""
    words = words_of(zones.codes)
    there = ~np.isnan(estimates.people)
    ever = np.flatnonzero(there.any(axis=(0, 1)))
    place = np.full(len(zones.codes), -1)
    place[ever] = np.arange(len(ever))
    above = zones.parents[ever]
    tree = Tree.of_parents(np.where(above >= 0, place[above], -1))
    device = 1.0 / np.nan_to_num(doubts.coverage_p[0, ever], nan=1.0)
    run = np.full((len(dates) * HOURS_OF_DAY, len(zones.codes)), NOT_COVERED, dtype=np.uint32)
    for day, date in enumerate(dates):
        reasons = disclosure.reasons([counts[day][:, ever] for counts in estimates.counts])
        for hour in range(HOURS_OF_DAY):
            people = np.nan_to_num(estimates.people[day, hour, ever])
            why = np.where(there[day, hour, ever], reasons[hour], 0).astype(np.uint8)
            if disclosure.protection.secondary:
                withhold_in_tree(tree, Withheld(people, why, device), disclosure.threshold)
            shown = disclosure.rounded(people, "area_hour people", f"{date} {hour:02d}", [words[ever]])
            figures = np.where(why > 0, np.uint32(WITHHELD), whole(np.where(why > 0, 0.0, shown)))
            run[day * HOURS_OF_DAY + hour, ever] = np.where(there[day, hour, ever], figures, np.uint32(NOT_COVERED))
    return run


def _area_hour(zones: Zones, dates: Sequence[dt.date], run: Devices, doubts: Doubts) -> pa.Table:
    by_area = run.reshape(len(dates), HOURS_OF_DAY, len(zones.codes)).transpose(1, 2, 0)
    there = (by_area != NOT_COVERED).any(axis=0)
    area, day = np.nonzero(there)
    columns = {"area_code": zones.code_list.take(pa.array(area)), "date": np.array(dates, dtype="datetime64[D]")[day]}
    for hour, figures in enumerate(by_area):
        figure_here = figures[there]
        hidden = figure_here >= NOT_COVERED
        people = np.where(hidden, np.nan, figure_here)
        error = standard_error(people, doubts.at(int(PART_OF_HOUR[hour]), area), area_km2=zones.km2[area])
        columns[f"people_h{hour:02d}"] = pa.array(figure_here, mask=hidden)
        columns[f"se_h{hour:02d}"] = pa.array(np.round(error, 1).astype(np.float32), mask=hidden)
    return pa.table(columns)


def _typical_areas(zones: Zones, run: Devices, dates: Sequence[dt.date], doubts: Doubts) -> dict[str, pa.Table]:
    """Typical days of areas by day type, each by the calendar of its nation; the whole country's is England's."""
    there, nations = (run != NOT_COVERED).any(axis=0), nations_of(zones)
    parts: dict[str, list[pa.Table]] = {}
    for names, kinds in calendars(dates):
        areas = np.flatnonzero(there & np.isin(nations, names))
        for kind, starts in kinds.items() if len(areas) else ():
            parts.setdefault(kind, []).append(_typical_area(zones, run, starts, doubts, areas))
    return {kind: pa.concat_tables(tables).sort_by("area_code") for kind, tables in parts.items()}


def _typical_area(
    zones: Zones, run: Devices, starts: Sequence[int], doubts: Doubts, there: NDArray[np.int64]
) -> pa.Table:
    """Mean over days, by local hour, of some areas; NULL unless every day is released."""
    columns = {"area_code": zones.code_list.take(pa.array(there))}
    for hour in range(HOURS_OF_DAY):
        figures = run[[start + hour for start in starts]][:, there]
        hidden = np.any(figures >= NOT_COVERED, axis=0)
        mean = np.where(hidden, np.nan, figures.mean(axis=0))
        part = int(PART_OF_HOUR[(starts[0] + hour) % HOURS_OF_DAY])
        error = standard_error(mean, doubts.at(part, there), area_km2=zones.km2[there], days=len(starts))
        columns[f"people_l{hour:02d}"] = pa.array(np.round(mean, 1).astype(np.float32), mask=hidden)
        columns[f"se_l{hour:02d}"] = pa.array(np.round(error, 1).astype(np.float32), mask=hidden)
    columns["dates_used"] = pa.array(np.full(len(there), len(starts), dtype=np.uint32))
    return pa.table(columns)


def _devices_day(dates: Sequence[dt.date], active: NDArray[np.int64]) -> pa.Table:
    rounded = np.rint(active / DEVICES_ROUNDED_TO) * DEVICES_ROUNDED_TO
    by_hour = rounded.astype(np.uint32).reshape(len(dates), HOURS_OF_DAY).T
    columns = {"area_code": pa.array([COUNTRY] * len(dates)), "date": np.array(dates, dtype="datetime64[D]")}
    return pa.table({**columns, **dict(zip(HOUR_COLUMNS, by_hour, strict=True))})
