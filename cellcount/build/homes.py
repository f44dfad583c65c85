"""People by their usual home: `home_presence`, `home_relocation` and `usual_environment`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from cellcount.build.combine import known
from cellcount.build.figures import errors, figure, observed
from cellcount.build.keyed import side_by_side
from cellcount.build.release import ReleaseWriter
from cellcount.build.shares import Operator

ENVIRONMENT_RESOLUTION = 7


def write_home_presence(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, date: dt.date, threshold: int
) -> None:
    """Estimate, protect and write one UTC day of `home_presence`.

    People are customers where they live: the share is that of the home, wherever they are.

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
        Devices below which a figure is withheld.
    """
    side = side_by_side(operators, operators[0].zones, countries, "home_presence", date=date)
    if side is None:
        return
    home = side.codes["home_area_code"]
    people = figure(side.counts("devices"), side.shares(home), threshold).released()
    error = errors(people, observed(side.operators, home))
    writer.write("home_presence", pa.table({**side.key_columns(), "people": people, "se": error}), date=date)


def write_home_relocation(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, period: str, threshold: int
) -> None:
    """Estimate, protect and write one period of `home_relocation`, by the share of the new home.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    operators : sequence of Operator
        Operators.
    countries : pyarrow.Array
        Codes of countries.
    period : str
        The period's folder name.
    threshold : int
        Devices below which a figure is withheld.
    """
    side = side_by_side(operators, operators[0].zones, countries, "home_relocation", period=period)
    if side is None:
        return
    home = side.codes["new_area_code"]
    people = figure(side.counts("devices"), side.shares(home), threshold).released()
    error = errors(people, observed(side.operators, home))
    writer.write("home_relocation", pa.table({**side.key_columns(), "people": people, "se": error}), period=period)


def write_usual_environment(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, threshold: int
) -> None:
    """Estimate, protect and write `usual_environment`.

    Days a week are the mean of the operators', weighted by their devices, to a tenth of a day.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    operators : sequence of Operator
        Operators.
    countries : pyarrow.Array
        Codes of countries.
    threshold : int
        Devices below which a figure is withheld.
    """
    zones = operators[0].zones
    side = side_by_side(operators, zones, countries, "usual_environment")
    if side is None:
        return
    area = zones.cell_areas(side.codes["h3"], ENVIRONMENT_RESOLUTION)
    counts = side.counts("devices")
    people = figure(counts, side.shares(area), threshold).released()
    days, weight = np.zeros(len(area)), np.zeros(len(area))
    for theirs, devices in zip(side.amounts("days_per_week_mean", absent=np.nan), counts, strict=True):
        there = known(devices) & ~np.isnan(theirs)
        days += np.where(there, theirs * devices, 0.0)
        weight += np.where(there, devices, 0)
    mean = np.divide(days, weight, out=np.full(len(area), np.nan), where=weight > 0)
    hidden = people.is_null().to_numpy(zero_copy_only=False) | np.isnan(mean)
    table = pa.table(
        {
            **side.key_columns(),
            "people": people,
            "days_per_week_mean": pa.array(np.round(mean, 1), mask=hidden),
            "se": errors(people, observed(side.operators, area)),
        }
    )
    writer.write("usual_environment", table)
