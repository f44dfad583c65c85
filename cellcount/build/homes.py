"""People by their usual home: `home_presence`, `home_relocation` and `usual_environment`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.combine import known
from cellcount.build.figures import disagreement, errors, figure, observed, people_per_device
from cellcount.build.keyed import SideBySide, side_by_side
from cellcount.build.protect import Disclosure
from cellcount.build.release import ReleaseWriter
from cellcount.build.secondary import Tree, Withheld, withhold_in_tree
from cellcount.build.shares import Operator
from cellcount.build.zones import Zones

ENVIRONMENT_RESOLUTION = 7


def write_home_presence(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, date: dt.date, disclosure: Disclosure
) -> None:
    """Estimate, protect and write one UTC day of `home_presence`.

    People are customers where they live: the share is that of the home, wherever they are. Those of one home add up
    over areas to the areas that contain these.

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
    disclosure : Disclosure
        How the release is protected.
    """
    side = side_by_side(operators, operators[0].zones, countries, "home_presence", date=date)
    if side is None:
        return
    home = side.codes["home_area_code"]
    seen = observed(side.operators, home)
    counts, shares = side.counts("devices"), side.shares(home)
    found = figure(counts, shares, side.thresholds, disclosure)
    if disclosure.protection.secondary:
        tree = Tree.of_parents(rows_above(side, operators[0].zones))
        zones = Withheld(np.nan_to_num(found.estimate), found.reasons, people_per_device(seen))
        withhold_in_tree(tree, zones, disclosure.threshold)
    people = found.released(disclosure, "home_presence people", str(date), side.words())
    error = errors(people, seen, disagreement(counts, shares))
    writer.write("home_presence", pa.table({**side.key_columns(), "people": people, "se": error}), date=date)


def write_home_relocation(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, period: str, disclosure: Disclosure
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
    disclosure : Disclosure
        How the release is protected.
    """
    side = side_by_side(operators, operators[0].zones, countries, "home_relocation", period=period)
    if side is None:
        return
    home = side.codes["new_area_code"]
    counts, shares = side.counts("devices"), side.shares(home)
    found = figure(counts, shares, side.thresholds, disclosure)
    people = found.released(disclosure, "home_relocation people", period, side.words())
    error = errors(people, observed(side.operators, home), disagreement(counts, shares))
    writer.write("home_relocation", pa.table({**side.key_columns(), "people": people, "se": error}), period=period)


def write_usual_environment(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, disclosure: Disclosure
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
    disclosure : Disclosure
        How the release is protected.
    """
    zones = operators[0].zones
    side = side_by_side(operators, zones, countries, "usual_environment")
    if side is None:
        return
    area = zones.cell_areas(side.codes["h3"], ENVIRONMENT_RESOLUTION)
    counts, shares = side.counts("devices"), side.shares(area)
    people = figure(counts, shares, side.thresholds, disclosure).released(
        disclosure, "usual_environment people", "", side.words()
    )
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
            "se": errors(people, observed(side.operators, area), disagreement(counts, shares)),
        }
    )
    writer.write("usual_environment", table)


def rows_above(side: SideBySide, zones: Zones) -> NDArray[np.int64]:
    """For each row of a table of areas, the row that says the same of the smallest area above that has one.

    Parameters
    ----------
    side : SideBySide
        Rows of the table, of which `area_code` is a key column.
    zones : Zones
        Reference geography.

    Returns
    -------
    array of int64
        Place of that row; -1 where there is none.
    """
    others = [codes for name, codes in side.codes.items() if name != "area_code"]
    key = np.zeros(len(side.keys), dtype=np.int64)
    for codes in others:
        key = key * (codes.max(initial=0) + 1) + codes
    key *= len(zones.codes)
    own = key + side.codes["area_code"]
    order = np.argsort(own)
    result = np.full(len(own), -1, dtype=np.int64)
    area = zones.parents[side.codes["area_code"]]
    while (looking := (result < 0) & (area >= 0)).any():
        wanted = key[looking] + area[looking]
        place = order[np.minimum(np.searchsorted(own, wanted, sorter=order), len(own) - 1)]
        result[looking] = np.where(own[place] == wanted, place, -1)
        area = np.where(area >= 0, zones.parents[area], -1)
    return result
