"""People present by cell and hour: the tables `present` and `present_segment`, a day at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.align import Keys, devices
from cellcount.build.cells import Block, Estimated, Model, estimate_day
from cellcount.build.counts import ALL, INBOUND
from cellcount.build.deliveries import Delivery, DeliveryRefusedError
from cellcount.build.protect import Disclosure, Reasons, nobody, released
from cellcount.build.release import ReleaseWriter
from cellcount.build.secondary import Groups, Tree, Withheld, withhold_in_cells
from cellcount.standard import HOUR_COLUMNS, HOURS_OF_DAY, delivery_tables

SEGMENTS = next(column.enum for column in delivery_tables()["cell_day"].columns if column.name == "segment")
SEGMENT_RESOLUTIONS = (5, 6, 7)
"""Resolutions at which segments are released: finer ones are nearly all withheld and would cost half as much again."""

SCARCELY_ANY = np.float32(1e-3)
"""People: an estimate of none where somebody was seen. It is as good as none, and none only where nobody was seen."""


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


@dataclass(frozen=True)
class _Cells:
    """One segment's cells of all resolutions, coarsest first.

    Attributes
    ----------
    at : dict of int to slice
        By resolution, where its cells are.
    h3 : array of int64
        Cells.
    people : array of float32, hours x cells
        Estimates, before anything is withheld.
    reasons : array of uint8, hours x cells
        Why each is withheld; changed in place.
    area : array of int64
        Number of each cell's area.
    device : array of float
        People for whom one device stands.
    """

    at: Mapping[int, slice]
    h3: Keys
    people: NDArray[np.float32]
    reasons: Reasons
    area: NDArray[np.int64]
    device: NDArray[np.float64]


def write_day(
    writer: ReleaseWriter, model: Model, resolutions: Iterable[int], date: dt.date, disclosure: Disclosure
) -> DayWritten:
    """Estimate, protect and write one UTC day of `present` and `present_segment`.

    Resolutions and segments are withheld together, for what one leaves out another may give away.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    model : Model
        What estimates are made with.
    resolutions : iterable of int
        H3 resolutions.
    date : date
        UTC day.
    disclosure : Disclosure
        How the release is protected.

    Returns
    -------
    DayWritten
    """
    wanted = [
        (resolution, segment)
        for resolution in sorted(resolutions)
        for segment in SEGMENTS
        if segment == ALL or resolution in SEGMENT_RESOLUTIONS
    ]
    blocks = [_blocks(operator.delivery, date) for operator in model.operators]
    estimated = estimate_day(model, blocks, date, wanted)
    segments = {segment: _cells(model, estimated, segment, disclosure) for _, segment in estimated}
    del blocks, estimated
    if disclosure.protection.secondary:
        _withhold(segments, disclosure.threshold)

    numbers = len(model.operators[0].zones.codes)
    cells, rows, withheld = {}, {}, {}
    for segment, theirs in segments.items():
        for resolution, here in theirs.at.items():
            table = pa.table({"h3": theirs.h3[here], **_columns(theirs, here, segment, date, disclosure)})
            if segment != ALL:
                writer.write("present_segment", table, segment=segment, resolution=resolution, date=date)
                continue
            writer.write("present", table, resolution=resolution, date=date)
            area, nulls = theirs.area[here], (theirs.reasons[:, here] != 0).sum(axis=0)
            cells[resolution] = theirs.h3[here]
            rows[resolution] = np.bincount(area, minlength=numbers)
            withheld[resolution] = np.bincount(area, nulls, minlength=numbers).astype(np.int64)
    return DayWritten(date, cells, rows, withheld)


def _cells(
    model: Model, estimated: Mapping[tuple[int, str], Estimated], segment: str, disclosure: Disclosure
) -> _Cells:
    """The cells of a segment, one resolution after the other, with what the rule for a single figure says of them."""
    theirs = {resolution: each for (resolution, name), each in sorted(estimated.items()) if name == segment}
    ends = np.cumsum([0, *(len(each.h3) for each in theirs.values())])
    shares = np.nansum(model.calibration.inbound if segment == INBOUND else model.calibration.home, axis=0)
    area = np.concatenate([each.area for each in theirs.values()])
    reasons = np.empty((HOURS_OF_DAY, ends[-1]), dtype=np.uint8)
    # Where people are few and most are known officially, an estimate of the others may fall below none.
    people = np.maximum(np.concatenate([each.people for each in theirs.values()], axis=1), SCARCELY_ANY)
    for each, (first, last) in zip(theirs.values(), pairwise(ends), strict=True):
        for hour in range(HOURS_OF_DAY):
            counts = [hours[hour] for hours in each.counts]
            reasons[hour, first:last] = disclosure.reasons(counts)
            people[hour, first:last][nobody(counts)] = 0.0
    return _Cells(
        at={resolution: slice(*place) for resolution, place in zip(theirs, pairwise(ends.tolist()), strict=True)},
        h3=np.concatenate([each.h3 for each in theirs.values()]),
        people=people,
        reasons=reasons,
        area=area,
        device=1.0 / np.clip(shares, 1e-3, 1.0)[area],
    )


def _withhold(segments: Mapping[str, _Cells], threshold: int) -> None:
    """Withhold, in place, what cells of several resolutions and segments give away together."""
    trees = {
        segment: Tree.of_cells({resolution: cells.h3[here] for resolution, here in cells.at.items()})
        for segment, cells in segments.items()
    }
    everybody = segments.get(ALL)
    parts = (
        {segment: _places(everybody, cells) for segment, cells in segments.items() if segment != ALL}
        if everybody is not None
        else {}
    )
    # An area is the sum of its cells of each resolution, where its border is theirs, as an island's is. Of the finest
    # cells every area has a great many, of which several are withheld if one is.
    together = None if everybody is None else Groups(_areas_of(everybody))
    for hour in range(HOURS_OF_DAY):
        zones = {
            segment: Withheld(np.nan_to_num(cells.people[hour].astype(np.float64)), cells.reasons[hour], cells.device)
            for segment, cells in segments.items()
        }
        withhold_in_cells(trees, zones, parts, ALL, threshold, areas=together)


def _areas_of(everybody: _Cells) -> NDArray[np.int64]:
    """For each of everybody's cells that may have segments, a number for its area and resolution."""
    areas = everybody.area.max(initial=0) + 1
    numbers = [
        everybody.area[here] + resolution * areas
        for resolution, here in everybody.at.items()
        if resolution in SEGMENT_RESOLUTIONS
    ]
    return np.concatenate(numbers) if numbers else np.empty(0, dtype=np.int64)


def _places(everybody: _Cells, cells: _Cells) -> NDArray[np.int64]:
    """For each of everybody's cells that may have segments, its place in one: past the last where it is not there."""
    places = [
        _place(cells, resolution, everybody.h3[there])
        for resolution, there in everybody.at.items()
        if resolution in SEGMENT_RESOLUTIONS
    ]
    return np.concatenate(places) if places else np.empty(0, dtype=np.int64)


def _place(cells: _Cells, resolution: int, wanted: Keys) -> NDArray[np.int64]:
    none = len(cells.h3)
    if resolution not in cells.at:
        return np.full(len(wanted), none)
    here = cells.at[resolution]
    own = cells.h3[here]
    place = np.minimum(np.searchsorted(own, wanted), len(own) - 1)
    return np.where(own[place] == wanted, place + here.start, none)


def _columns(cells: _Cells, here: slice, segment: str, date: dt.date, disclosure: Disclosure) -> dict[str, pa.Array]:
    """The 24 columns of a resolution as they are released."""
    zone = [cells.h3[here].view(np.uint64)]
    columns = {}
    for hour, name in enumerate(HOUR_COLUMNS):
        withheld = cells.reasons[hour, here] != 0
        people = np.where(withheld, np.nan, cells.people[hour, here])
        rounded = disclosure.rounded(people, f"present {segment}", f"{date} {hour:02d}", zone)
        columns[name] = released(rounded, withheld)
    return columns


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
