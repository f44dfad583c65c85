"""Trips between areas: the tables `flows_day` and `flows_month`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.align import Keys
from cellcount.build.combine import WITHHELD, Observed, Share, known, withheld_mean
from cellcount.build.figures import Figure, errors, figure, observed
from cellcount.build.keyed import SideBySide, decoded, side_by_side
from cellcount.build.release import ReleaseWriter
from cellcount.build.shares import LEFT_OUT_FROM, Operator, less_the_lost
from cellcount.standard import HOUR_COLUMNS


@dataclass(frozen=True)
class DayTotals:
    """Trips of one day before anything is withheld, to be added up over the month; never released as they are."""

    date: dt.date
    keys: Keys
    codes: dict[str, NDArray[np.int64]]
    lists: dict[str, pa.Array]
    devices: NDArray[np.int64]
    trips: NDArray[np.float64]
    km: NDArray[np.float64]
    observed: Observed


def write_flows_day(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, date: dt.date, threshold: int
) -> DayTotals | None:
    """Estimate, protect and write one UTC day of `flows_day`.

    Hours are estimated as any count. The day's total adds up the operator's hours before they are estimated, a withheld
    one being taken for its mean under a prior without scale (`withheld_mean`), for leaving it out would bias the total
    low and the delivery has no total of its own.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    operators : sequence of Operator
        Operators.
    countries : pyarrow.Array
        Codes of countries.
    date : date
        UTC day.
    threshold : int
        Devices (here: trips seen) below which a figure is withheld.

    Returns
    -------
    DayTotals or None
        For `write_flows_month`; None where nobody delivers trips of the day.
    """
    zones = operators[0].zones
    side = side_by_side(operators, zones, countries, "od_day", date=date)
    if side is None:
        return None
    origin = side.codes["origin_code"]
    shares = side.shares(origin)
    lost = [operator.lost_in_areas(date)[:, origin] for operator in side.operators]
    hours: dict[str, pa.Array] = {}
    seen = [np.zeros(len(side.keys), dtype=np.int64) for _ in side.operators]
    hidden = [np.zeros(len(side.keys), dtype=np.int64) for _ in side.operators]
    for hour, name in enumerate(HOUR_COLUMNS):
        counts = side.counts(name)
        for number, theirs in enumerate(counts):
            seen[number] += np.where(known(theirs), theirs, 0)
            hidden[number] += theirs == WITHHELD
        less = [less_the_lost(n, p, loss[hour]) for n, p, loss in zip(counts, shares, lost, strict=True)]
        hours[name] = figure([n for n, _ in less], [p for _, p in less], threshold).released()

    out = [(loss >= LEFT_OUT_FROM).any(axis=0) | np.isnan(share) for loss, share in zip(lost, shares, strict=True)]
    trips_seen = [
        n + withheld_mean(operator.delivery.threshold) * w
        for n, w, operator in zip(seen, hidden, side.operators, strict=True)
    ]
    kept = [
        np.where(left_out, 0.0, share * (1.0 - loss.mean(axis=0)))
        for left_out, share, loss in zip(out, shares, lost, strict=True)
    ]
    devices = np.sum([np.where(left_out, 0, n) for left_out, n in zip(out, seen, strict=True)], axis=0)
    trips = _ratio(trips_seen, kept)
    total = Figure(trips, (devices < threshold) & (trips > 0))
    km = _ratio(side.amounts("km_total", absent=0.0), kept)
    figures = total.released()
    seen_by_all = observed(side.operators, origin)
    writer.write(
        "flows_day",
        pa.table(
            {
                **side.key_columns(),
                **hours,
                "trips": figures,
                "km_total": _whole(km, figures),
                "minutes_mean": _minutes(side, trips_seen, figures),
                "se": errors(figures, seen_by_all),
            }
        ),
        date=date,
    )
    return DayTotals(date, side.keys, side.codes, side.lists, devices, trips, km, seen_by_all)


def write_flows_month(writer: ReleaseWriter, days: Sequence[DayTotals], threshold: int) -> None:
    """Add days up to `flows_month`, from the totals before suppression, and protect the sum in its own right.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    days : sequence of DayTotals
        All days with trips.
    threshold : int
        Trips seen below which a figure is withheld.
    """
    for month in sorted({f"{day.date:%Y-%m}" for day in days}):
        within = [day for day in days if f"{day.date:%Y-%m}" == month]
        keys = np.concatenate([day.keys for day in within])
        everywhere, first, place = np.unique(keys, return_index=True, return_inverse=True)

        def added(values: Sequence[NDArray], place: NDArray = place, count: int = len(everywhere)) -> NDArray:
            return np.bincount(place, np.nan_to_num(np.concatenate(values)), minlength=count)

        devices, trips = added([day.devices for day in within]), added([day.trips for day in within])
        total = Figure(trips, (devices < threshold) & (trips > 0))
        figures = total.released()
        codes = {name: np.concatenate([day.codes[name] for day in within])[first] for name in within[0].codes}
        seen = Observed(
            np.concatenate([day.observed.share for day in within])[first],
            np.concatenate([day.observed.cv for day in within])[first],
        )
        writer.write(
            "flows_month",
            pa.table(
                {
                    **decoded(codes, within[0].lists),
                    "trips": figures,
                    "days": pa.array(np.full(len(everywhere), len(within), dtype=np.uint32)),
                    "km_total": _whole(added([day.km for day in within]), figures),
                    "se": errors(figures, seen),
                }
            ),
            month=month,
        )


def _ratio(amounts: Sequence[NDArray[np.float64]], shares: Sequence[Share]) -> NDArray[np.float64]:
    """Sum of amounts over sum of shares, over the operators whose amount is known."""
    top, bottom = (np.zeros(amounts[0].shape) for _ in range(2))
    for amount, share in zip(amounts, shares, strict=True):
        there = ~np.isnan(amount) & (share > 0)
        top += np.where(there, amount, 0.0)
        bottom += np.where(there, share, 0.0)
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)


def _minutes(side: SideBySide, trips: Sequence[NDArray[np.float64]], figures: pa.Array) -> pa.Array:
    """Mean minutes of a trip, each operator's weighted by the trips it saw."""
    total = np.zeros(len(side.keys))
    weight = np.zeros(len(side.keys))
    for minutes, seen in zip(side.amounts("minutes_mean", absent=np.nan), trips, strict=True):
        there = ~np.isnan(minutes)
        total += np.where(there, minutes * seen, 0.0)
        weight += np.where(there, seen, 0.0)
    mean = np.divide(total, weight, out=np.full(total.shape, np.nan), where=weight > 0)
    return _shown(np.round(mean, 1), figures)


def _whole(amount: NDArray[np.float64], figures: pa.Array) -> pa.Array:
    return _shown(np.rint(amount), figures)


def _shown(amount: NDArray[np.float64], figures: pa.Array) -> pa.Array:
    """Amounts, NULL where the figure beside them is, or where they are not known."""
    hidden = figures.is_null().to_numpy(zero_copy_only=False) | np.isnan(amount)
    return pa.array(amount, mask=hidden)
