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
from cellcount.build.areas import COUNTRY
from cellcount.build.cells import Block, Estimated, Model, estimate_day
from cellcount.build.counts import ALL, INBOUND
from cellcount.build.deliveries import Delivery, DeliveryRefusedError
from cellcount.build.field import Level, class_of, protect_levels, protect_segments
from cellcount.build.protect import LEAST_OPERATORS, SMALL, Disclosure, nobody, released
from cellcount.build.release import ReleaseWriter
from cellcount.build.rounding import BASE
from cellcount.build.zones import Zones, parents
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
    stood_in : array of float, hours x areas
        How much more people stand for withheld cells than these are estimated to have, each cell in its own area: what
        an area must be changed by, so that it tells nothing of them either.
    """

    date: dt.date
    cells: dict[int, Keys]
    rows: dict[int, NDArray[np.int64]]
    withheld: dict[int, NDArray[np.int64]]
    stood_in: NDArray[np.float64]


def write_day(
    writer: ReleaseWriter, model: Model, resolutions: Iterable[int], date: dt.date, disclosure: Disclosure
) -> DayWritten:
    """Estimate, protect and write one UTC day of `present`, `present_segment` and `withheld_mean`.

    Resolutions and segments are protected together, for what one leaves out another may give away.

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
    # The finest first: it takes the most memory, and the least is held beside it then.
    wanted = [
        (resolution, segment)
        for resolution in sorted(resolutions, reverse=True)
        for segment in SEGMENTS
        if segment == ALL or resolution in SEGMENT_RESOLUTIONS
    ]
    blocks = [_blocks(operator.delivery, date) for operator in model.operators]
    zones = model.operators[0].zones
    levels = {
        key: _level(model, *key, estimated, disclosure) for key, estimated in estimate_day(model, blocks, date, wanted)
    }
    del blocks
    pa.default_memory_pool().release_unused()
    areas = {
        resolution: zones.cell_areas(level.h3, resolution)
        for (resolution, segment), level in levels.items()
        if segment == ALL
    }
    # A segment is protected beside everybody in its cell, and cannot be where that is not delivered.
    levels = {key: level for key, level in levels.items() if key[0] in areas}
    numbers = len(zones.codes)
    stood_in = np.zeros((HOURS_OF_DAY, numbers))
    if disclosure.protection.secondary:
        _protect(levels, disclosure.threshold, open_ended=disclosure.operators >= LEAST_OPERATORS)
        _write_means(writer, zones, levels, date)
        _gather(model, levels)
        stood_in = _stood_in(levels, areas, numbers)

    cells, rows, withheld = {}, {}, {}
    for (resolution, segment), level in levels.items():
        table = pa.table({"h3": level.h3, **_columns(level, segment, date, disclosure)})
        if segment != ALL:
            writer.write("present_segment", table, segment=segment, resolution=resolution, date=date)
            continue
        writer.write("present", table, resolution=resolution, date=date)
        cells[resolution] = level.h3
        rows[resolution] = np.bincount(areas[resolution], minlength=numbers)
        nulls = (level.reasons != 0).sum(axis=0)
        withheld[resolution] = np.bincount(areas[resolution], nulls, minlength=numbers).astype(np.int64)
    return DayWritten(date, cells, rows, withheld, stood_in)


def _level(model: Model, resolution: int, segment: str, estimated: Estimated, disclosure: Disclosure) -> Level:
    """The cells of a segment and resolution, with what the rule for a single figure says of them."""
    zones = model.operators[0].zones
    shares = np.nansum(model.calibration.inbound if segment == INBOUND else model.calibration.home, axis=0)
    share = np.clip(shares, 1e-3, 1.0)[estimated.area]
    reasons = np.empty(estimated.people.shape, dtype=np.uint8)
    # Where people are few and most are known officially, an estimate of the others may fall below none.
    people = np.nan_to_num(estimated.people, copy=False)
    np.maximum(people, SCARCELY_ANY, out=people)
    for hour in range(HOURS_OF_DAY):
        counts = [hours[hour] for hours in estimated.counts]
        reasons[hour] = disclosure.reasons(counts)
        people[hour][nobody(counts)] = 0.0
    # Fewer than would be rounded to none at times, where somebody was counted: none is for where nobody was.
    reasons[(people > 0) & (people < BASE)] |= np.uint8(SMALL)
    known = zones.cells[resolution]
    residents = known.residents[np.searchsorted(known.h3, estimated.h3)]
    codes, region = regions_of(zones)
    return Level(
        estimated.h3,
        people,
        reasons,
        1.0 / share,
        class_of(residents * share, _around(zones, estimated.h3) * share),
        region[estimated.area] if segment == ALL else np.zeros(len(residents), dtype=np.int64),
        len(codes) if segment == ALL else 1,
    )


def _around(zones: Zones, h3: Keys) -> NDArray[np.float64]:
    """Residents of the coarsest cell around each cell."""
    coarsest = min(zones.cells)
    known = zones.cells[coarsest]
    place = np.searchsorted(known.h3, parents(h3, coarsest))
    return known.residents[np.minimum(place, len(known.h3) - 1)]


def regions_of(zones: Zones) -> tuple[list[str], NDArray[np.int64]]:
    """Codes of the regions in which withheld cells stand for each other, and the number of each area's among them.

    A region is what an authority lies in; areas above authorities are their own.
    """
    above = np.where(zones.authorities & (zones.parents >= 0), zones.parents, np.arange(len(zones.codes)))
    there, number = np.unique(above, return_inverse=True)
    return [zones.codes[place] for place in there], number


def _protect(levels: Mapping[tuple[int, str], Level], threshold: int, *, open_ended: bool) -> None:
    everybody = {resolution: level for (resolution, segment), level in levels.items() if segment == ALL}
    if everybody:
        protect_levels(everybody, threshold, open_ended=open_ended)
    segments: dict[str, dict[int, tuple[Level, NDArray[np.int64]]]] = {}
    for (resolution, segment), level in levels.items():
        if segment != ALL:
            segments.setdefault(segment, {})[resolution] = level, place_in(everybody[resolution].h3, level.h3)
    if segments:
        protect_segments(everybody, list(segments.values()), threshold, open_ended=open_ended)


def place_in(cells: Keys, wanted: Keys) -> NDArray[np.int64]:
    """For each wanted cell its place among others, ascending; -1 where it is not there."""
    if not len(cells):
        return np.full(len(wanted), -1)
    place = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
    return np.where(cells[place] == wanted, place, -1)


def _stood_in(
    levels: Mapping[tuple[int, str], Level], areas: Mapping[int, NDArray[np.int64]], numbers: int
) -> NDArray[np.float64]:
    """By hour and area, how much more stands for withheld cells than their own estimates are."""
    more = np.zeros((HOURS_OF_DAY, numbers))
    for resolution, area in areas.items():
        level = levels[resolution, ALL]
        for hour in range(HOURS_OF_DAY):
            here = np.flatnonzero(level.stood_in[hour])
            difference = level.value[hour, here].astype(np.float64) - level.people[hour, here]
            more[hour] += np.bincount(area[here], difference, minlength=numbers)
    return more


def _gather(model: Model, levels: Mapping[tuple[int, str], Level]) -> None:
    """Keep how far released totals are from their own estimates: an error that is known before anything is released."""
    zones = model.operators[0].zones
    for (resolution, segment), level in levels.items():
        if segment == ALL:
            shown = (level.reasons == 0) & level.told
            off = np.where(shown, np.square(level.value - level.people), np.float32(0.0))
            model.gathered.stood_in(resolution, np.searchsorted(zones.cells[resolution].h3, level.h3), off, shown)


def _write_means(writer: ReleaseWriter, zones: Zones, levels: Mapping[tuple[int, str], Level], date: dt.date) -> None:
    """What stands for withheld cells: the table `withheld_mean`."""
    codes, _ = regions_of(zones)
    tables = []
    for (resolution, segment), level in levels.items():
        hour, region, kind = (each.ravel() for each in np.indices(level.mean.shape))
        names = pa.array(codes if segment == ALL else [COUNTRY])
        tables.append(
            pa.table(
                {
                    "segment": pa.array([segment] * len(hour)),
                    "resolution": np.full(len(hour), resolution, dtype=np.uint8),
                    "region_code": names.take(pa.array(region)),
                    "class": kind.astype(np.uint8),
                    "hour": hour.astype(np.uint8),
                    "mean": level.mean.ravel(),
                }
            )
        )
    if tables:
        writer.write("withheld_mean", pa.concat_tables(tables), date=date)


def _columns(level: Level, segment: str, date: dt.date, disclosure: Disclosure) -> dict[str, pa.Array]:
    """The 24 columns of a resolution as they are released."""
    zone = [level.h3.view(np.uint64)]
    figures = level.value if disclosure.protection.secondary else level.people
    columns = {}
    for hour, name in enumerate(HOUR_COLUMNS):
        withheld = level.reasons[hour] != 0
        people = np.where(withheld, np.nan, figures[hour])
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
