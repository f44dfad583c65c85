"""What operators counted by area and by home over the whole period, held together: little enough to hold at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cellcount.build.align import devices
from cellcount.build.combine import NOT_COVERED, WITHHELD, Devices, withheld_mean
from cellcount.build.shares import Operator, less_the_lost
from cellcount.build.zones import numbered
from cellcount.standard import DAY_PARTS, HOUR_COLUMNS, HOURS_OF_DAY

ALL, AT_HOME, INBOUND = "all", "at_home", "inbound"


@dataclass(frozen=True)
class AreaCounts:
    """One operator's `area_day` of the whole period.

    Attributes
    ----------
    segments : dict of str to array of uint32, dates x hours x areas
        By segment; `NOT_COVERED` where there is no row.
    lost : array of float, dates x hours x areas
        Share of its devices lost in outages.
    """

    segments: dict[str, Devices]
    lost: NDArray[np.float64]

    def seen(self, segment: str, share: NDArray[np.float64]) -> tuple[Devices, NDArray[np.float64]]:
        """Counts of a segment and the operator's share, less what was lost in outages (dates x hours x areas)."""
        return less_the_lost(self.segments[segment], np.broadcast_to(share, self.lost.shape), self.lost)


@dataclass(frozen=True)
class HomeCounts:
    """One operator's `home_presence`, a mean over dates.

    Attributes
    ----------
    present : array of float, day parts x areas x home areas
        Devices.
    anywhere : array of float, day parts x home areas
        Devices anywhere: as counted for the whole country, else in all authorities.
    """

    present: NDArray[np.float32]
    anywhere: NDArray[np.float64]


def read_area_counts(operators: Sequence[Operator], dates: Sequence[dt.date]) -> list[AreaCounts]:
    """Read `area_day` of all operators.

    Parameters
    ----------
    operators : sequence of Operator
        Operators.
    dates : sequence of date
        All UTC days.

    Returns
    -------
    list of AreaCounts
    """
    return [_area_counts(operator, dates) for operator in operators]


def _area_counts(operator: Operator, dates: Sequence[dt.date]) -> AreaCounts:
    shape = (len(dates), HOURS_OF_DAY, len(operator.zones.codes))
    segments: dict[str, Devices] = {ALL: np.full(shape, NOT_COVERED, dtype=np.uint32)}
    lost = np.empty(shape)
    for day, date in enumerate(dates):
        lost[day] = operator.lost_in_areas(date)
        table = operator.delivery.read("area_day", date=date)
        names = table.column("segment").cast(pa.string())
        for segment in pc.unique(names).to_pylist():
            rows = table.filter(pc.equal(names, segment))
            what = f"{operator.delivery.folder}, area_day of {date}"
            areas = numbered(rows.column("area_code"), operator.zones.code_list, what)
            counts = segments.setdefault(segment, np.full(shape, NOT_COVERED, dtype=np.uint32))
            for hour, name in enumerate(HOUR_COLUMNS):
                counts[day, hour, areas] = devices(rows.column(name))
    return AreaCounts(segments, lost)


def read_home_counts(operator: Operator, dates: Sequence[dt.date]) -> HomeCounts | None:
    """Read an operator's `home_presence`: the mean over the dates that have it.

    Withheld counts are taken at their mean where nothing of their scale is known (`withheld_mean`).

    Parameters
    ----------
    operator : Operator
        The operator.
    dates : sequence of date
        UTC days.

    Returns
    -------
    HomeCounts or None
        None where the operator does not deliver the table.
    """
    there = [date for date in dates if operator.delivery.has("home_presence", date=date)]
    if not there:
        return None
    zones = operator.zones
    size = len(zones.codes)
    parts = pa.array(list(DAY_PARTS), pa.string())
    guess = np.float32(withheld_mean(operator.delivery.threshold))

    def of(date: dt.date) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        rows = operator.delivery.read("home_presence", date=date)
        what = f"{operator.delivery.folder}, home_presence of {date}"
        part = numbered(rows.column("day_part"), parts, what) if rows.num_rows else np.empty(0, np.int64)
        area, home = (numbered(rows.column(name), zones.code_list, what) for name in ("area_code", "home_area_code"))
        counts = devices(rows.column("devices"))
        return (part * size + area) * size + home, np.where(counts == WITHHELD, guess, counts).astype(np.float32)

    total = np.zeros(len(DAY_PARTS) * size * size, dtype=np.float32)
    with ThreadPoolExecutor(2) as pool:
        for place, counts in pool.map(of, there):
            total[place] += counts
    present = total.reshape(len(DAY_PARTS), size, size) / np.float32(len(there))
    authority = zones.authorities
    whole = np.array([kind == "country" for kind in zones.types])
    anywhere = present[:, authority].sum(axis=1, dtype=np.float64)
    # Counted natively for the whole country, nobody is missing who is one of few from there.
    natively = present[:, whole].sum(axis=1, dtype=np.float64)
    return HomeCounts(present, np.where(natively > 0, natively, anywhere))


def mean_known(values: NDArray[np.float64], axis: int | tuple[int, ...] = 0) -> NDArray[np.float64]:
    """Mean of what is known along an axis; NaN where nothing is.

    Parameters
    ----------
    values : array of float
        NaN where not known.
    axis : int or tuple of int
        Along which.

    Returns
    -------
    array of float

    Examples
    --------
    >>> mean_known(np.array([[1.0, np.nan], [3.0, np.nan]]))
    array([ 2., nan])
    """
    number = (~np.isnan(values)).sum(axis=axis)
    return np.divide(np.nansum(values, axis=axis), number, out=np.full(number.shape, np.nan), where=number > 0)
