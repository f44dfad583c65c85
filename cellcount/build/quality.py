"""Measured quality: how much is withheld, how far operators lie apart, how nights compare with residents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from cellcount.build.areas import COUNTRY, NIGHT_HOUR, AreaEstimates, AreasWritten
from cellcount.build.cells import Model
from cellcount.build.counts import mean_known
from cellcount.build.disagreement import heterogeneity
from cellcount.build.network import Doubts
from cellcount.build.present import DayWritten
from cellcount.build.release import ReleaseWriter
from cellcount.build.zones import Zones
from cellcount.standard import DAY_PARTS

MIDDAY = list(DAY_PARTS).index("midday")


@dataclass(frozen=True)
class Metric:
    """A row of `quality`."""

    metric: str
    value: float
    note: str
    area_code: str | None = None
    date: dt.date | None = None


def write_quality(
    writer: ReleaseWriter,
    model: Model,
    days: Sequence[DayWritten],
    areas: AreasWritten,
    *,
    estimates: AreaEstimates,
    doubts: Doubts,
) -> dict[str, Any]:
    """Write `quality`.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    model : Model
        Operators and their shares.
    days : sequence of DayWritten
        What writing the cells has told.
    areas : AreasWritten
        What writing the areas has told.
    estimates : AreaEstimates
        Estimates of areas.
    doubts : Doubts
        How sure they are.

    Returns
    -------
    dict
        The country's figures, for the manifest.
    """
    zones, calibration = model.operators[0].zones, model.calibration
    per_resident = np.divide(
        areas.night_people, zones.residents, out=np.full(len(zones.codes), np.nan), where=zones.residents > 0
    )
    heterogeneous = heterogeneity(estimates.alone[:, MIDDAY], estimates.chance[:, MIDDAY])
    metrics = [
        Metric("operators_combined", len(model.operators), "Operators whose deliveries are combined."),
        *_suppression(zones, days),
        *_by_area(
            zones,
            "operator_disagreement",
            heterogeneous.cv,
            "Coefficient of variation between what operators "
            "alone lead to, once calibrated, mean of 10:00 to 16:00 UTC over dates.",
        ),
        *_by_area(
            zones,
            "heterogeneity_i2",
            heterogeneous.i_squared,
            "Share of the operators' disagreement that is more than chance (I2).",
        ),
        *_by_area(
            zones,
            "heterogeneity_tau",
            heterogeneous.tau,
            "What is more than chance, as a share of people (tau of DerSimonian and Laird).",
        ),
        *_by_area(
            zones,
            "night_people_per_resident",
            per_resident,
            f"People present from {NIGHT_HOUR:02d}:00 UTC, mean "
            "over dates, over usual residents: a little under 1 if right, for some are abroad.",
        ),
        *_by_area(
            zones,
            "leave_one_out_error",
            doubts.left_out,
            "Devices at home at night over what the other areas of the region lead to expect, less 1.",
        ),
        *_by_area(
            zones,
            "calibration_factor",
            mean_known(doubts.calibration_factor),
            "Calibrated people over those of the plain ratio with the shares that operators state, mean over the day.",
        ),
        *_by_area(zones, "share_abroad", calibration.abroad, "Share of residents who are abroad."),
    ]
    for number, operator in enumerate(model.operators):
        name = operator.delivery.operator_id
        metrics += _by_area(
            zones, f"operator_share:{name}", calibration.home[number], f"Devices of operator {name} for each resident."
        )
        metrics.append(
            Metric(
                f"mobility:{name}",
                round(float(calibration.mobility[number]), 4),
                f"By how much operator {name}'s share is larger among people away from home.",
            )
        )
        if not np.isnan(calibration.r_squared[number]):
            metrics.append(
                Metric(
                    f"r_squared:{name}",
                    round(float(calibration.r_squared[number]), 4),
                    f"R2 of the logarithms of operator {name}'s night counts and of official residents, over areas.",
                )
            )
    for part, ratio in zip(DAY_PARTS, model.gathered.dispersion(), strict=True):
        metrics.append(
            Metric(
                f"variance_over_mean:{part}",
                round(float(ratio), 3),
                "Of an operator's count of a cell, given the others': 1 if by chance alone.",
            )
        )
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
