"""Trips between areas: the tables `flows_day` and `flows_month`.

A day's trips are a total over its hours and a part of the month's. So each day is estimated and protected beside its
hours, then all days of a month beside the month's total, and each beside its hours once more before it is written. All
days are held in memory until then, their hours packed: most of those of a hundred thousand pairs are 0.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.align import Keys
from cellcount.build.combine import WITHHELD, Devices, Observed, Share, known
from cellcount.build.doubt import Dispersion
from cellcount.build.figures import Figure, add_disagreement, errors, figure, observed, people_per_device
from cellcount.build.hidden_hours import Inflation, day_totals, inflation_of
from cellcount.build.keyed import SideBySide, decoded, side_by_side, words
from cellcount.build.protect import Disclosure, Reasons
from cellcount.build.release import ReleaseWriter
from cellcount.build.secondary import Withheld, withhold_in_rows
from cellcount.build.shares import LEFT_OUT_FROM, Operator, less_the_lost
from cellcount.standard import HOUR_COLUMNS, HOURS_OF_DAY


@dataclass(frozen=True)
class Packed:
    """An array, compressed in memory.

    Attributes
    ----------
    content : bytes
        Its values, compressed.
    dtype : dtype
        Their type.
    shape : tuple of int
        Of the array.

    Examples
    --------
    >>> found = Packed.of(np.array([[0.0, 1.5], [0.0, np.nan]], dtype=np.float32))
    >>> found.array().tolist(), found.array().dtype
    ([[0.0, 1.5], [0.0, nan]], dtype('float32'))
    """

    content: bytes
    dtype: np.dtype
    shape: tuple[int, ...]

    @classmethod
    def of(cls, array: NDArray[np.generic]) -> Self:
        """Pack an array; columns lie together, for they are alike."""
        content = pa.compress(array.tobytes(order="F"), codec="zstd", asbytes=True)
        return cls(content, array.dtype, array.shape)

    def array(self) -> NDArray:
        """The array, to be changed at will."""
        size = int(np.prod(self.shape)) * self.dtype.itemsize
        content = pa.decompress(self.content, decompressed_size=size, codec="zstd", asbytes=True)
        return np.frombuffer(content, dtype=self.dtype).reshape(self.shape, order="F").copy(order="C")


@dataclass(frozen=True)
class DayFlows:
    """Trips of one day before they are protected; never released as they are.

    Attributes
    ----------
    date : date
        UTC day.
    keys : array of int64
        Numbers of origin, destination and purpose, ascending.
    codes, lists : dict
        What the numbers stand for: see `keyed`; codes are in as few bytes as they need.
    hours : Packed array of float32, pairs x hours
        Trips by hour of departure.
    hours_reasons : Packed array of uint8, pairs x hours
        Why each is withheld, for what is known of the day alone.
    trips : array of float
        Trips of the day.
    trips_reasons : array of uint8
        Why each is withheld; changed in place.
    devices : array of uint32, operators x pairs
        Trips that each operator has delivered, a withheld hour taken for one.
    km : array of float
        Mean length of a trip, km; NaN where not known.
    minutes : Packed array of float
        Mean duration of a trip, minutes; NaN where not known.
    by_area : Observed
        What all operators together observe of each area.
    variance_over_mean : float
        Of an operator's count of an hour, given all operators' total.
    inflation : tuple of Inflation
        How many times as large the variance of a day's trips is for what operators withhold, by the number of the
        purpose.
    """

    date: dt.date
    keys: Keys
    codes: dict[str, NDArray[np.int64]]
    lists: dict[str, pa.Array]
    hours: Packed
    hours_reasons: Packed
    trips: NDArray[np.float64]
    trips_reasons: Reasons
    devices: Devices
    km: NDArray[np.float64]
    minutes: Packed
    by_area: Observed
    variance_over_mean: float
    inflation: tuple[Inflation, ...]

    @property
    def observed(self) -> Observed:
        """What all operators together observe of the origin of each pair."""
        return self.by_area.at(self.codes["origin_code"])

    def variance_at(
        self, trips: NDArray[np.float64], purposes: NDArray[np.integer], days: int = 1
    ) -> NDArray[np.float64]:
        """Variance over mean of released trips, with what operators withhold in it.

        Parameters
        ----------
        trips : array of float
            Trips of a day.
        purposes : array of int
            Number of the purpose of each.
        days : int
            Days that are added up: what is taken for withheld hours is wrong in the same way on all of them.
        """
        factor = np.ones(len(trips))
        for number, each in enumerate(self.inflation):
            own = purposes == number
            factor[own] = each.at(trips[own])
        return self.variance_over_mean * (1 + days * (factor - 1))


def _withhold_hours(
    hours: NDArray[np.float32],
    hours_reasons: Reasons,
    trips: NDArray[np.float64],
    trips_reasons: Reasons,
    *,
    seen: Observed,
    threshold: int,
) -> None:
    """Withhold, in place, what days' totals and their hours give away of each other."""
    device = people_per_device(seen)
    withhold_in_rows(
        Withheld(np.nan_to_num(hours.astype(np.float64)), hours_reasons, np.broadcast_to(device[:, None], hours.shape)),
        Withheld(np.nan_to_num(trips), trips_reasons, device),
        threshold,
    )


def estimate_flows_day(
    operators: Sequence[Operator], countries: pa.Array, date: dt.date, disclosure: Disclosure
) -> DayFlows | None:
    """Estimate one UTC day of trips, and withhold what its hours and total tell of each other.

    Hours are estimated as any count. The day's total adds up each operator's hours before they are estimated, a
    withheld one being taken for what the others lead to expect (`day_totals`), for leaving it out would bias the total
    low and the delivery has no total of its own.

    Parameters
    ----------
    operators : sequence of Operator
        Operators.
    countries : pyarrow.Array
        Codes of countries.
    date : date
        UTC day.
    disclosure : Disclosure
        How the release is protected.

    Returns
    -------
    DayFlows or None
        None where nobody delivers trips of the day.
    """
    zones = operators[0].zones
    side = side_by_side(operators, zones, countries, "od_day", date=date)
    if side is None:
        return None
    origin = side.codes["origin_code"]
    shares = side.shares(origin)
    lost = [operator.lost_in_areas(date) for operator in side.operators]
    # Most pairs have no trips in most hours: where every operator that covers the origin saw none, 0 is the figure.
    hours = np.zeros((len(side.keys), HOURS_OF_DAY), dtype=np.float32)
    reasons = np.zeros(hours.shape, dtype=np.uint8)
    uncovered = np.sum([np.nan_to_num(share) for share in shares], axis=0) <= 0
    seen = [np.zeros(hours.shape, dtype=np.uint32) for _ in side.operators]
    dispersion = Dispersion()
    for hour, name in enumerate(HOUR_COLUMNS):
        counts = side.counts(name)
        for number, theirs in enumerate(counts):
            seen[number][:, hour] = np.where(known(theirs) | (theirs == WITHHELD), theirs, 0)
        some = uncovered.copy()
        for theirs, loss in zip(counts, lost, strict=True):
            some |= theirs != 0
            if loss[hour].any():
                some |= (loss[hour] > 0)[origin]
        here = np.flatnonzero(some)
        counts = [theirs[here] for theirs in counts]
        less = [
            less_the_lost(n, p[here], loss[hour][origin[here]]) for n, p, loss in zip(counts, shares, lost, strict=True)
        ]
        left, of = [n for n, _ in less], [p for _, p in less]
        found = figure(left, of, side.thresholds, disclosure, delivered=counts)
        add_disagreement(dispersion, left, of)
        hours[here, hour], reasons[here, hour] = found.estimate, found.reasons

    out = [
        np.asarray((loss >= LEFT_OUT_FROM).any(axis=0))[origin] | np.isnan(share)
        for loss, share in zip(lost, shares, strict=True)
    ]
    purposes = side.codes["purpose"]
    found_totals = [
        _totals_by_purpose(theirs, purposes, operator.delivery.threshold)
        for theirs, operator in zip(seen, side.operators, strict=True)
    ]
    trips_seen = [totals for totals, _ in found_totals]
    kept = [
        np.where(left_out, 0.0, share * (1.0 - loss.mean(axis=0)[origin]))
        for left_out, share, loss in zip(out, shares, lost, strict=True)
    ]
    # A withheld hour counts as one device.
    delivered = np.array([np.where(theirs == WITHHELD, 1, theirs).sum(axis=1) for theirs in seen], dtype=np.uint32)
    trips = _ratio(trips_seen, kept)
    km = _ratio(side.amounts("km_total", absent=0.0), kept)
    trips_reasons = disclosure.reasons(list(delivered))
    by_area = observed(side.operators, np.arange(len(zones.codes)))
    if disclosure.protection.secondary:
        seen_there = by_area.at(origin)
        _withhold_hours(hours, reasons, trips, trips_reasons, seen=seen_there, threshold=disclosure.threshold)
    return DayFlows(
        date=date,
        keys=side.keys,
        codes={name: places.astype(np.min_scalar_type(len(side.lists[name]))) for name, places in side.codes.items()},
        lists=side.lists,
        hours=Packed.of(hours),
        hours_reasons=Packed.of(reasons),
        trips=trips,
        trips_reasons=trips_reasons,
        devices=delivered,
        km=_mean(km, trips),
        minutes=Packed.of(_minutes(side, trips_seen)),
        by_area=by_area,
        variance_over_mean=dispersion.ratio(),
        inflation=_inflation_by_purpose(trips, found_totals, purposes, len(side.lists["purpose"])),
    )


def _totals_by_purpose(
    hours: Devices, purposes: NDArray[np.integer], threshold: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Totals of an operator's rows and their factors: each purpose has a profile of the day of its own."""
    totals, factors = np.zeros(len(hours)), np.ones(len(hours))
    for number in np.unique(purposes).tolist():
        own = purposes == number
        totals[own], factors[own] = day_totals(hours[own], threshold)
    return totals, factors


def _inflation_by_purpose(
    trips: NDArray[np.float64],
    totals: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
    purposes: NDArray[np.integer],
    count: int,
) -> tuple[Inflation, ...]:
    """The factors of all operators together, each counting as its devices, by size of the total and purpose."""
    devices = np.sum([each for each, _ in totals], axis=0)
    factors = _mean(np.sum([each * factor for each, factor in totals], axis=0), devices)
    there = (trips > 0) & np.isfinite(factors)
    return tuple(
        inflation_of(trips[own], factors[own]) for own in (there & (purposes == each) for each in range(count))
    )


def write_flows_months(writer: ReleaseWriter, days: Sequence[DayFlows], disclosure: Disclosure) -> None:
    """Write `flows_month`, and withhold, in place, days that a month's total would tell of.

    Kilometres are the mean length of a trip, to a tenth of one, times the released trips: the sum as counted would tell
    the trips before they were rounded, for pairs of areas keep their distance from day to day.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    days : sequence of DayFlows
        All days with trips.
    disclosure : Disclosure
        How the release is protected.
    """
    for month in sorted({f"{day.date:%Y-%m}" for day in days}):
        within = [day for day in days if f"{day.date:%Y-%m}" == month]
        _write_month(writer, month, within, disclosure)


def write_flows_day(writer: ReleaseWriter, day: DayFlows, disclosure: Disclosure) -> None:
    """Write a day of `flows_day`, once its month is written.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    day : DayFlows
        The day.
    disclosure : Disclosure
        How the release is protected.
    """
    trips_by_hour, reasons = day.hours.array(), day.hours_reasons.array()
    if disclosure.protection.secondary:  # a day withheld for the month's sake must not add up from its hours
        rows = np.flatnonzero(day.trips_reasons)
        of_hours, of_day = reasons[rows], day.trips_reasons[rows]
        seen = day.observed.at(rows)
        _withhold_hours(
            trips_by_hour[rows], of_hours, day.trips[rows], of_day, seen=seen, threshold=disclosure.threshold
        )
        reasons[rows], day.trips_reasons[rows] = of_hours, of_day
    zone = words(day.codes, day.lists)
    hours = {
        name: Figure(trips_by_hour[:, hour].astype(np.float64), reasons[:, hour]).released(
            disclosure, "flows_day trips by hour", f"{day.date} {hour:02d}", zone
        )
        for hour, name in enumerate(HOUR_COLUMNS)
    }
    trips = Figure(day.trips, day.trips_reasons).released(disclosure, "flows_day trips", str(day.date), zone)
    writer.write(
        "flows_day",
        pa.table(
            {
                **decoded(day.codes, day.lists),
                **hours,
                "trips": trips,
                "km_total": _kilometres(day.km, trips),
                "minutes_mean": _shown(np.round(day.minutes.array(), 1), trips),
                "se": errors(trips, day.observed, day.variance_at(_amounts(trips), day.codes["purpose"])),
            }
        ),
        date=day.date,
    )


def _write_month(writer: ReleaseWriter, month: str, days: Sequence[DayFlows], disclosure: Disclosure) -> None:
    everywhere, first, place = np.unique(
        np.concatenate([day.keys for day in days]), return_index=True, return_inverse=True
    )
    at = np.split(place, np.cumsum([len(day.keys) for day in days])[:-1])
    shape = (len(everywhere), len(days))
    trips, reasons = np.zeros(shape), np.zeros(shape, dtype=np.uint8)
    operators = max(len(day.devices) for day in days)
    delivered = np.zeros((operators, len(everywhere)), dtype=np.uint32)
    km, weight = np.zeros(len(everywhere)), np.zeros(len(everywhere))
    for number, (day, rows) in enumerate(zip(days, at, strict=True)):
        trips[rows, number], reasons[rows, number] = np.nan_to_num(day.trips), day.trips_reasons
        delivered[: len(day.devices), rows] += day.devices
        known_length = ~np.isnan(day.km)
        km[rows] += np.where(known_length, day.km * day.trips, 0.0)
        weight[rows] += np.where(known_length, day.trips, 0.0)
    seen = Observed(
        np.concatenate([day.observed.share for day in days])[first],
        np.concatenate([day.observed.cv for day in days])[first],
    )
    total = Figure(trips.sum(axis=1), disclosure.reasons(list(delivered)))
    if disclosure.protection.secondary:
        device = people_per_device(seen)
        withhold_in_rows(
            Withheld(trips, reasons, np.broadcast_to(device[:, None], shape)),
            Withheld(total.estimate, total.reasons, device),
            disclosure.threshold,
        )
        for number, (day, rows) in enumerate(zip(days, at, strict=True)):
            day.trips_reasons[:] = reasons[rows, number]
    codes = {name: np.concatenate([day.codes[name] for day in days])[first] for name in days[0].codes}
    released = total.released(disclosure, "flows_month trips", month, words(codes, days[0].lists))
    of_day = _amounts(released) / len(days)
    writer.write(
        "flows_month",
        pa.table(
            {
                **decoded(codes, days[0].lists),
                "trips": released,
                "days": pa.array(np.full(len(everywhere), len(days), dtype=np.uint32)),
                "km_total": _kilometres(_mean(km, weight), released),
                "se": errors(
                    released,
                    seen,
                    np.mean([day.variance_at(of_day, codes["purpose"], len(days)) for day in days], axis=0),
                ),
            }
        ),
        month=month,
    )


def _mean(amount: NDArray[np.float64], number: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(amount, number, out=np.full(amount.shape, np.nan), where=number > 0)


def _ratio(amounts: Sequence[NDArray[np.float64]], shares: Sequence[Share]) -> NDArray[np.float64]:
    """Sum of amounts over sum of shares, over the operators whose amount is known."""
    top, bottom = (np.zeros(amounts[0].shape) for _ in range(2))
    for amount, share in zip(amounts, shares, strict=True):
        there = ~np.isnan(amount) & (share > 0)
        top += np.where(there, amount, 0.0)
        bottom += np.where(there, share, 0.0)
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)


def _minutes(side: SideBySide, trips: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Mean minutes of a trip, each operator's weighted by the trips it saw."""
    total = np.zeros(len(side.keys))
    weight = np.zeros(len(side.keys))
    for minutes, seen in zip(side.amounts("minutes_mean", absent=np.nan), trips, strict=True):
        there = ~np.isnan(minutes)
        total += np.where(there, minutes * seen, 0.0)
        weight += np.where(there, seen, 0.0)
    return _mean(total, weight)


def _amounts(trips: pa.Array) -> NDArray[np.float64]:
    """Released trips, NaN where withheld."""
    return trips.to_numpy(zero_copy_only=False).astype(np.float64)


def _kilometres(mean: NDArray[np.float64], trips: pa.Array) -> pa.Array:
    """Kilometres of released trips; none of none."""
    number = trips.fill_null(0).to_numpy(zero_copy_only=False).astype(np.float64)
    return _shown(np.where(number > 0, np.rint(np.round(mean, 1) * number), 0.0), trips)


def _shown(amount: NDArray[np.float64], figures: pa.Array) -> pa.Array:
    """Amounts, NULL where the figure beside them is, or where they are not known."""
    hidden = figures.is_null().to_numpy(zero_copy_only=False) | np.isnan(amount)
    return pa.array(amount, mask=hidden)
