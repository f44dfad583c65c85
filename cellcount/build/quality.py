"""Measured quality: how much is withheld, how far operators lie apart, how nights compare with residents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from cellcount.build.areas import COUNTRY, NIGHT_HOUR, AreasWritten
from cellcount.build.present import DayWritten
from cellcount.build.release import ReleaseWriter
from cellcount.build.zones import Zones


@dataclass(frozen=True)
class Metric:
    """A row of `quality`."""

    metric: str
    value: float
    note: str
    area_code: str | None = None
    date: dt.date | None = None


def write_quality(
    writer: ReleaseWriter, zones: Zones, operators: int, days: Sequence[DayWritten], areas: AreasWritten
) -> dict[str, Any]:
    """Write `quality`.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    zones : Zones
        Reference geography.
    operators : int
        Number of operators combined.
    days : sequence of DayWritten
        What writing the cells has told.
    areas : AreasWritten
        What writing the areas has told.

    Returns
    -------
    dict
        The country's figures, for the manifest.
    """
    metrics = [
        Metric("operators_combined", operators, "Operators whose deliveries are combined."),
        *_suppression(zones, days),
        *_by_area(
            zones,
            "operator_disagreement",
            areas.disagreement,
            "Coefficient of variation between operators' own estimates, mean over hours; part of it is chance.",
        ),
        *_by_area(
            zones,
            "night_people_per_resident",
            np.divide(
                areas.night_people,
                zones.residents,
                out=np.full(len(zones.codes), np.nan),
                where=zones.residents > 0,
            ),
            f"People present from {NIGHT_HOUR:02d}:00 UTC, mean over dates, over usual residents: about 1 if right.",
        ),
    ]
    columns = {name: [asdict(metric)[name] for metric in metrics] for name in asdict(metrics[0])}
    table = pa.table(
        {
            "metric": columns["metric"],
            "area_code": pa.array(columns["area_code"], pa.string()),
            "date": pa.array(columns["date"], pa.date32()),
            "value": pa.array(columns["value"], pa.float64()),
            "note": columns["note"],
        }
    )
    writer.write("quality", table)
    return {
        metric.metric: metric.value for metric in metrics if metric.date is None and metric.area_code in {None, COUNTRY}
    }


def _suppression(zones: Zones, days: Sequence[DayWritten]) -> Iterator[Metric]:
    note = "Share of the hours of covered cells that are withheld."
    for resolution in sorted({resolution for day in days for resolution in day.rows}):
        metric = f"suppressed_share_resolution_{resolution}"
        there = [day for day in days if resolution in day.rows]
        hours = 24 * np.sum([day.rows[resolution] for day in there], axis=0)
        withheld = np.sum([day.withheld[resolution] for day in there], axis=0)
        yield Metric(metric, _share(withheld.sum(), hours.sum()), note)
        for day in there:
            hours_of_day = 24 * day.rows[resolution].sum()
            yield Metric(metric, _share(day.withheld[resolution].sum(), hours_of_day), note, date=day.date)
        for area in np.flatnonzero(hours):
            yield Metric(metric, _share(withheld[area], hours[area]), note, area_code=zones.codes[area])


def _share(part: float, whole: float) -> float:
    return round(float(part / whole), 6) if whole else 0.0


def _by_area(zones: Zones, metric: str, values: np.ndarray, note: str) -> Iterator[Metric]:
    for area in np.flatnonzero(~np.isnan(values)):
        yield Metric(metric, round(float(values[area]), 4), note, area_code=zones.codes[area])
