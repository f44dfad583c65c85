"""What is known of the networks themselves: `precision` and `coverage`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from cellcount.build.figures import observed
from cellcount.build.release import ReleaseWriter
from cellcount.build.shares import Operator
from cellcount.build.zones import children_range, parent, resolution_of

BINOMIAL = 1.0
"""Over-dispersion of a count that varies as a binomial one: nothing else is known at this point."""


def write_precision(writer: ReleaseWriter, operators: Sequence[Operator]) -> None:
    """Write `precision`: for each area the share of people observed and how uncertain that share is.

    The calibration factor is NULL, which says that nothing was calibrated.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    operators : sequence of Operator
        Operators.
    """
    zones = operators[0].zones
    everywhere = np.arange(len(zones.codes))
    seen = observed(operators, everywhere)
    there = ~np.isnan(seen.share)
    table = pa.table(
        {
            "area_code": zones.code_list.filter(pa.array(there)),
            "coverage_p": np.round(seen.share[there], 6),
            "over_dispersion": np.full(there.sum(), BINOMIAL),
            "share_cv": pa.array(np.round(seen.cv[there], 6), from_pandas=True),
        }
    )
    writer.write("precision", table)


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
