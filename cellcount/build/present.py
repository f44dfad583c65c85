"""People present by cell and hour: the tables `present` and `present_segment`, a day at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.align import Keys, Places, devices, union
from cellcount.build.combine import NOT_COVERED, Devices, estimate
from cellcount.build.deliveries import Delivery, DeliveryRefusedError
from cellcount.build.protect import released, too_small
from cellcount.build.release import ReleaseWriter
from cellcount.build.shares import Customers, Operator, less_the_lost
from cellcount.standard import HOUR_COLUMNS, delivery_tables

ALL = "all"
SEGMENTS = next(column.enum for column in delivery_tables()["cell_day"].columns if column.name == "segment")
SEGMENT_RESOLUTIONS = (5, 6, 7)
"""Resolutions at which segments are released: finer ones are nearly all withheld and would cost half as much again."""


@dataclass(frozen=True)
class Block:
    """One operator's rows of a day for one resolution and segment: cells, ascending, and 24 columns of counts."""

    h3: Keys
    hours: tuple[Devices, ...]


@dataclass(frozen=True)
class DayWritten:
    """What a day's figures say about the release.

    Parameters
    ----------
    date : date
        UTC day.
    cells : dict of int to array of int64
        By resolution, the cells with a row.
    rows, withheld : dict of int to array of int64
        By resolution and for each area: cells with a row, and cell-hours withheld.
    """

    date: dt.date
    cells: dict[int, Keys]
    rows: dict[int, NDArray[np.int64]]
    withheld: dict[int, NDArray[np.int64]]


def write_day(
    writer: ReleaseWriter,
    operators: Sequence[Operator],
    resolutions: Iterable[int],
    date: dt.date,
    threshold: int,
) -> DayWritten:
    """Estimate, protect and write one UTC day of `present` and `present_segment`.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    operators : sequence of Operator
        Operators.
    resolutions : iterable of int
        H3 resolutions.
    date : date
        UTC day.
    threshold : int
        Devices below which a figure is withheld.

    Returns
    -------
    DayWritten
    """
    blocks = [_blocks(operator.delivery, date) for operator in operators]
    zones = operators[0].zones
    cells, rows, withheld = {}, {}, {}
    areas = len(zones.codes)
    for resolution in resolutions:
        for segment in SEGMENTS:
            if segment != ALL and resolution not in SEGMENT_RESOLUTIONS:
                continue
            theirs = [
                (operator, found[resolution, segment])
                for operator, found in zip(operators, blocks, strict=True)
                if (resolution, segment) in found
            ]
            if not theirs:
                continue
            h3 = union([block.h3 for _, block in theirs])
            area = zones.cell_areas(h3, resolution)
            columns, nulls = _people(
                theirs, h3, area, resolution=resolution, segment=segment, date=date, threshold=threshold
            )
            table = pa.table({"h3": h3, **dict(zip(HOUR_COLUMNS, columns, strict=True))})
            if segment == ALL:
                writer.write("present", table, resolution=resolution, date=date)
                cells[resolution] = h3
                rows[resolution] = np.bincount(area, minlength=areas)
                withheld[resolution] = np.bincount(area, nulls, minlength=areas).astype(np.int64)
            else:
                writer.write("present_segment", table, segment=segment, resolution=resolution, date=date)
    return DayWritten(date, cells, rows, withheld)


def _people(
    theirs: Sequence[tuple[Operator, Block]],
    h3: Keys,
    area: NDArray[np.int64],
    *,
    resolution: int,
    segment: str,
    date: dt.date,
    threshold: int,
) -> tuple[list[pa.Array], NDArray[np.int64]]:
    """The 24 columns of people, and the number of withheld hours of each cell."""
    customers: Customers = "inbound" if segment == "inbound" else "resident"
    lost = [operator.lost_in_cells(date, resolution, h3) for operator, _ in theirs]
    places = [Places(block.h3, h3) for _, block in theirs]
    shares = [
        operator.share_of(area, customers, counted=place.spread(np.ones(len(block.h3), dtype=np.bool_), False))
        for (operator, block), place in zip(theirs, places, strict=True)
    ]
    columns = []
    withheld_hours = np.zeros(len(h3), dtype=np.int64)
    for hour in range(len(HOUR_COLUMNS)):
        seen = [
            less_the_lost(counts, share, losses[hour]) if hour in losses else (counts, share)
            for (_, block), place, share, losses in zip(theirs, places, shares, lost, strict=True)
            for counts in [place.spread(block.hours[hour], NOT_COVERED)]
        ]
        counts_here, shares_here = [counts for counts, _ in seen], [share for _, share in seen]
        withheld = too_small(counts_here, threshold)
        withheld_hours += withheld
        columns.append(released(estimate(counts_here, shares_here), withheld))
    return columns, withheld_hours


def _blocks(delivery: Delivery, date: dt.date) -> dict[tuple[int, str], Block]:
    """A day's rows of `cell_day`, taken apart by resolution and segment."""
    table = delivery.read("cell_day", date=date)
    blocks = _taken_apart(table)
    if blocks is None:
        blocks = _taken_apart(table.take(_in_order(table)))
    if blocks is None:
        raise DeliveryRefusedError(
            f"{delivery.folder}, cell_day of {date}: some rows are there twice. Ask operator {delivery.operator_id} to "
            "deliver them again; `python -m cellcount validate` names them."
        )
    return blocks


def _in_order(table: pa.Table) -> NDArray[np.int64]:
    segment = table.column("segment").combine_chunks().dictionary_encode()
    return np.lexsort(
        (table.column("h3").to_numpy(), segment.indices.to_numpy(), table.column("resolution").to_numpy())
    )


def _taken_apart(table: pa.Table) -> dict[tuple[int, str], Block] | None:
    """Blocks of rows that lie together, as slices that copy nothing; None if rows are in another order or twice."""
    segment = table.column("segment").combine_chunks().dictionary_encode()
    names = segment.dictionary.to_pylist()
    number = table.column("resolution").to_numpy().astype(np.int64) * len(names) + segment.indices.to_numpy()
    h3 = table.column("h3").to_numpy()
    ends = np.flatnonzero(np.diff(number)) + 1
    blocks = [slice(start, end) for start, end in pairwise([0, *ends, len(number)]) if end > start]
    if len({number[block.start] for block in blocks}) < len(blocks):
        return None
    if any((np.diff(h3[block]) <= 0).any() for block in blocks):
        return None
    hours = [devices(table.column(name)) for name in HOUR_COLUMNS]
    return {
        (int(number[block.start]) // len(names), names[number[block.start] % len(names)]): Block(
            h3[block], tuple(column[block] for column in hours)
        )
        for block in blocks
    }
