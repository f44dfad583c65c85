"""People present by area and hour, and what the areas' counts say of the networks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cellcount.build.align import devices
from cellcount.build.combine import NOT_COVERED, WITHHELD, Devices, Observed, known, known_total, standard_error
from cellcount.build.figures import figure, observed
from cellcount.build.history import days_by_type, period_id
from cellcount.build.protect import whole
from cellcount.build.release import ReleaseWriter
from cellcount.build.shares import Operator, less_the_lost
from cellcount.build.zones import numbered
from cellcount.standard import HOUR_COLUMNS, HOURS_OF_DAY

DEVICES_ROUNDED_TO = 1_000
COUNTRY = "UK"


@dataclass(frozen=True)
class AreasWritten:
    """What the areas' figures say about the release.

    Parameters
    ----------
    covered : array of bool
        For each area, whether there are figures for it.
    disagreement : array of float
        For each area, how far operators' own estimates lie apart: see `disagreement`; NaN where not known.
    night_people : array of float
        For each area, mean of the released people from 03:00 to 04:00 UTC; NaN where one is withheld.
    """

    covered: NDArray[np.bool_]
    disagreement: NDArray[np.float64]
    night_people: NDArray[np.float64]


NIGHT_HOUR = 3


def write_areas(
    writer: ReleaseWriter, operators: Sequence[Operator], dates: Sequence[dt.date], threshold: int
) -> AreasWritten:
    """Estimate, protect and write `area_hour`, `typical_area` and `devices_day`.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    operators : sequence of Operator
        Operators.
    dates : sequence of date
        All UTC days, in order.
    threshold : int
        Devices below which a figure is withheld.

    Returns
    -------
    AreasWritten
    """
    zones = operators[0].zones
    everywhere = np.arange(len(zones.codes))
    seen_by_all = observed(operators, everywhere)
    run = np.full((len(dates) * HOURS_OF_DAY, len(zones.codes)), NOT_COVERED, dtype=np.uint32)
    active = np.zeros(len(run), dtype=np.int64)
    spread = []
    country = zones.codes.index(COUNTRY)
    for number, date in enumerate(dates):
        counts = [_counts(operator, date) for operator in operators]
        counted = [np.any(hours != NOT_COVERED, axis=0) for hours in counts]
        there = np.logical_or.reduce(counted)
        seen = [
            less_the_lost(
                hours[:, there],
                operator.share_of(everywhere[there], counted=here[there]),
                operator.lost_in_areas(date)[:, there],
            )
            for operator, hours, here in zip(operators, counts, counted, strict=True)
        ]
        people = figure([hours for hours, _ in seen], [share for _, share in seen], threshold)
        hours_here = slice(number * HOURS_OF_DAY, (number + 1) * HOURS_OF_DAY)
        shown = np.where(people.withheld, 0, people.estimate)
        run[hours_here, there] = np.where(people.withheld, WITHHELD, whole(shown))
        day = np.full(len(zones.codes), np.nan)
        day[there] = disagreement([hours for hours, _ in seen], [share for _, share in seen])
        spread.append(day)
        active[hours_here] = known_total([hours[:, country] for hours in counts])
    writer.write("area_hour", _area_hour(zones.code_list, dates, run, seen_by_all))
    for kind, starts in days_by_type(dates).items():
        table = _typical_area(zones.code_list, run, starts, seen_by_all)
        writer.write("typical_area", table, period=period_id(dates), day_type=kind)
    present = (run != NOT_COVERED).any(axis=0)
    if present[country]:
        writer.write("devices_day", _devices_day(dates, active))
    night = run[NIGHT_HOUR::HOURS_OF_DAY]
    at_night = np.where((night < NOT_COVERED).all(axis=0), night.mean(axis=0), np.nan)
    return AreasWritten(present, _mean_over_days(spread), at_night)


def disagreement(counts: Sequence[Devices], shares: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """How far operators' own estimates of the same people lie apart.

    Each operator alone says N_k = n_k / p_k. The coefficient of variation of these, over the operators, is averaged
    over the hours in which at least two are known. Part of it is chance: about sqrt((1 - p) / n) for each operator.

    Parameters
    ----------
    counts : sequence of arrays of uint32, hours x areas
        Each operator's counts.
    shares : sequence of arrays of float, hours x areas
        Each operator's p.

    Returns
    -------
    array of float
        For each area, a share of its people; NaN where fewer than two operators are known in every hour.

    Examples
    --------
    One operator says 90 / 0.3 = 300 people, the other 50 / 0.2 = 250. Mean 275, standard deviation 35.4: 12.9 %.

    >>> counts = [np.array([[90]], dtype=np.uint32), np.array([[50]], dtype=np.uint32)]
    >>> disagreement(counts, [np.array([[0.3]]), np.array([[0.2]])]).round(3)
    array([0.129])
    """
    alone = np.array([np.where(known(n), n / p, np.nan) for n, p in zip(counts, shares, strict=True)])
    number = np.sum(~np.isnan(alone), axis=0)
    total = np.nansum(alone, axis=0)
    enough = (number >= 2) & (total > 0)
    mean = np.divide(total, number, out=np.full(total.shape, np.nan), where=enough)
    squares = np.nansum(np.square(alone - mean), axis=0)
    deviation = np.sqrt(np.divide(squares, number - 1, out=np.full(total.shape, np.nan), where=enough))
    return _mean_over_days(deviation / mean)


def _mean_over_days(values: Sequence[NDArray[np.float64]] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the first axis of what is known; NaN where nothing is."""
    stacked = np.array(values)
    number = np.sum(~np.isnan(stacked), axis=0)
    return np.divide(np.nansum(stacked, axis=0), number, out=np.full(number.shape, np.nan), where=number > 0)


def _counts(operator: Operator, date: dt.date) -> Devices:
    """An operator's counts of everybody, hours x areas."""
    delivery = operator.delivery
    table = delivery.read("area_day", date=date)
    table = table.filter(pc.equal(table.column("segment"), "all"))
    areas = numbered(table.column("area_code"), operator.zones.code_list, f"{delivery.folder}, area_day of {date}")
    counts = np.full((HOURS_OF_DAY, len(operator.zones.codes)), NOT_COVERED, dtype=np.uint32)
    for hour, name in enumerate(HOUR_COLUMNS):
        counts[hour, areas] = devices(table.column(name))
    return counts


def _area_hour(codes: pa.Array, dates: Sequence[dt.date], run: Devices, seen: Observed) -> pa.Table:
    by_area = run.reshape(len(dates), HOURS_OF_DAY, len(codes)).transpose(1, 2, 0)
    there = (by_area != NOT_COVERED).any(axis=0)
    area, day = np.nonzero(there)
    columns = {"area_code": codes.take(pa.array(area)), "date": np.array(dates, dtype="datetime64[D]")[day]}
    for hour, figures in enumerate(by_area):
        figure_here = figures[there]
        hidden = figure_here >= NOT_COVERED
        error = standard_error(np.where(hidden, np.nan, figure_here), seen.at(area))
        columns[f"people_h{hour:02d}"] = pa.array(figure_here, mask=hidden)
        columns[f"se_h{hour:02d}"] = pa.array(np.round(error, 1).astype(np.float32), mask=hidden)
    return pa.table(columns)


def _typical_area(codes: pa.Array, run: Devices, starts: Sequence[int], seen: Observed) -> pa.Table:
    """Mean over days, by local hour; NULL unless every day is released."""
    there = np.flatnonzero((run != NOT_COVERED).any(axis=0))
    columns = {"area_code": codes.take(pa.array(there))}
    for hour in range(HOURS_OF_DAY):
        figures = run[[start + hour for start in starts]][:, there]
        hidden = np.any(figures >= NOT_COVERED, axis=0)
        mean = np.where(hidden, np.nan, figures.mean(axis=0))
        error = standard_error(mean, seen.at(there), days=len(starts))
        columns[f"people_l{hour:02d}"] = pa.array(np.round(mean, 1).astype(np.float32), mask=hidden)
        columns[f"se_l{hour:02d}"] = pa.array(np.round(error, 1).astype(np.float32), mask=hidden)
    columns["dates_used"] = pa.array(np.full(len(there), len(starts), dtype=np.uint32))
    return pa.table(columns)


def _devices_day(dates: Sequence[dt.date], active: NDArray[np.int64]) -> pa.Table:
    rounded = np.rint(active / DEVICES_ROUNDED_TO) * DEVICES_ROUNDED_TO
    by_hour = rounded.astype(np.uint32).reshape(len(dates), HOURS_OF_DAY).T
    columns = {"area_code": pa.array([COUNTRY] * len(dates)), "date": np.array(dates, dtype="datetime64[D]")}
    return pa.table({**columns, **dict(zip(HOUR_COLUMNS, by_hour, strict=True))})
