"""People present by cell and hour, from the counts of a day: estimates, before anything is protected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellcount.build.align import Keys, Places, union
from cellcount.build.calibrate import Calibration
from cellcount.build.combine import NOT_COVERED, Devices, estimate, expected_counts
from cellcount.build.counts import AT_HOME, INBOUND, AreaCounts
from cellcount.build.gathered import Gathered
from cellcount.build.nights import Homes
from cellcount.build.shares import Operator, less_the_lost
from cellcount.build.zones import parents
from cellcount.standard import DAY_PARTS, HOURS_OF_DAY

MIDDLE_HOURS = frozenset(hours[len(hours) // 2] for hours in DAY_PARTS.values())
"""An hour of each part of the day, in which operators are compared."""
PART_OF_HOUR = np.array([number for number, hours in enumerate(DAY_PARTS.values()) for _ in hours])
"""For each UTC hour, the number of its part of the day."""


@dataclass(frozen=True)
class Block:
    """One operator's rows of a day for one resolution and segment: cells, ascending, and 24 columns of counts."""

    h3: Keys
    hours: tuple[Devices, ...]


@dataclass(frozen=True)
class Model:
    """What estimates of cells are made with, besides the day's counts.

    Attributes
    ----------
    operators : tuple of Operator
        Operators.
    calibration : Calibration
        Their shares.
    homes : tuple of Homes or None
        Where each sees residents who are at home.
    at_home : array of float32, dates x hours x areas, or None
        Share of each area's residents who are at home; None where deliveries do not tell.
    dates : tuple of date
        UTC days.
    gathered : Gathered
        What the days' estimates tell of their own errors.
    """

    operators: tuple[Operator, ...]
    calibration: Calibration
    homes: tuple[Homes | None, ...]
    at_home: NDArray[np.float32] | None
    dates: tuple[dt.date, ...]
    gathered: Gathered


@dataclass(frozen=True)
class Estimated:
    """A day's estimates for one resolution and segment.

    Attributes
    ----------
    h3 : array of int64
        Cells, ascending.
    area : array of int64
        Number of each cell's area.
    people : array of float32, hours x cells
        Estimates; NaN where no operator covers the cell.
    counts : tuple of tuples of arrays of uint32
        For each operator, by hour, its counts as delivered: what decides whether a figure may be released.
    """

    h3: Keys
    area: NDArray[np.int64]
    people: NDArray[np.float32]
    counts: tuple[tuple[Devices, ...], ...]


def share_at_home(
    operators: Sequence[Operator], calibration: Calibration, areas: Sequence[AreaCounts]
) -> NDArray[np.float32] | None:
    """Share of each area's residents who are at home: devices at home over the share observed, over residents.

    Parameters
    ----------
    operators : sequence of Operator
        Operators.
    calibration : Calibration
        Their shares.
    areas : sequence of AreaCounts
        Their counts by area.

    Returns
    -------
    array of float32, dates x hours x areas
        0 to 1; 0 where it is not known; None where nobody delivers the segment.
    """
    there = [number for number, counts in enumerate(areas) if AT_HOME in counts.segments]
    if not there:
        return None
    seen = [areas[number].seen(AT_HOME, calibration.home[number]) for number in there]
    people = estimate(
        [counts for counts, _ in seen],
        [np.nan_to_num(share) for _, share in seen],
        [operators[number].delivery.threshold for number in there],
    )
    residents = operators[0].zones.residents
    share = np.divide(people, residents, out=np.zeros(people.shape), where=residents > 0)
    return np.clip(np.nan_to_num(share), 0.0, 1.0).astype(np.float32)


def estimate_day(
    model: Model, blocks: Sequence[dict[tuple[int, str], Block]], date: dt.date, keys: Iterable[tuple[int, str]]
) -> Iterator[tuple[tuple[int, str], Estimated]]:
    """Estimate one UTC day, one resolution and segment after the other.

    Parameters
    ----------
    model : Model
        Shares and homes.
    blocks : sequence of dict
        Each operator's rows, by resolution and segment.
    date : date
        UTC day.
    keys : iterable of (int, str)
        Resolutions and segments wanted.

    Yields
    ------
    tuple of (int, str) and Estimated
        Those of which there are counts.
    """
    for key in keys:
        theirs = {number: each[key] for number, each in enumerate(blocks) if key in each}
        if theirs:
            yield key, _estimated(model, theirs, date, *key)


def _estimated(model: Model, blocks: dict[int, Block], date: dt.date, resolution: int, segment: str) -> Estimated:
    there, theirs = list(blocks), list(blocks.values())
    operators = [model.operators[number] for number in there]
    zones = operators[0].zones
    h3 = union([block.h3 for block in theirs])
    area = zones.cell_areas(h3, resolution)
    places = [Places(block.h3, h3) for block in theirs]
    lost = [operator.lost_in_cells(date, resolution, h3) for operator in operators]
    for operator, place, block in zip(operators, places, theirs, strict=True):
        _refuse_unknown_share(operator, area, place, block, segment)
    place_of = np.searchsorted(zones.cells[resolution].h3, h3)
    residents = zones.cells[resolution].residents[place_of]
    anchors = _anchors(model, there, resolution, segment, place_of)
    residents, anchors = _told(residents, anchors, places, theirs)
    thresholds = [operator.delivery.threshold for operator in operators]
    day = model.dates.index(date)

    mixture = zones.mixture(resolution)[place_of]
    shares_of = [
        [mixture @ np.nan_to_num(_share(model.calibration, number, segment, part)) for number in there]
        for part in range(len(DAY_PARTS))
    ]

    watched = segment == "all"
    people = np.empty((HOURS_OF_DAY, len(h3)), dtype=np.float32)
    counts: list[list[Devices]] = [[] for _ in there]
    for hour in range(HOURS_OF_DAY):
        delivered = [place.spread(block.hours[hour], NOT_COVERED) for place, block in zip(places, theirs, strict=True)]
        for kept, here in zip(counts, delivered, strict=True):
            kept.append(here)
        part = int(PART_OF_HOUR[hour])
        shares = list(shares_of[part])
        rate = None if model.at_home is None else mixture @ model.at_home[day, hour]
        official, usual = _officially(residents, anchors, rate)
        for number, losses in enumerate(lost):
            if hour in losses:
                delivered[number], shares[number] = less_the_lost(delivered[number], shares[number], losses[hour])
                if usual is not None:
                    usual[number] = usual[number] * (1.0 - losses[hour])
        people[hour] = estimate(delivered, shares, thresholds, official=official, expected=usual)
        if watched and hour in MIDDLE_HOURS and resolution == max(zones.cells):
            model.gathered.disagreement(part, delivered, expected_counts(people[hour], shares, official, usual))
    if watched:
        model.gathered.people(resolution, place_of, people)
    if watched and resolution - 1 in zones.cells:
        people = within_families(people, parents(h3, resolution - 1))
    return Estimated(h3, area, people, tuple(tuple(hours) for hours in counts))


def within_families(people: NDArray[np.float32], families: Keys) -> NDArray[np.float32]:
    """Estimates that cannot be below nought and add up to what they add up to without that.

    Where people are few, an estimate may come out below nought. Taking nought for it would make the whole too large by
    what it is below, so that its siblings give it up, in proportion to their own.

    Parameters
    ----------
    people : array of float32, hours x cells
        Estimates; NaN where not covered. Changed in place.
    families : array of int64
        Parent of each cell, ascending.

    Returns
    -------
    array of float32, hours x cells
        Not below 0.

    Examples
    --------
    >>> within_families(np.array([[-10.0, 30.0, 80.0, 7.0]], dtype=np.float32), np.array([1, 1, 1, 2]))
    array([[ 0.      , 27.272728, 72.72727 ,  7.      ]], dtype=float32)
    """
    starts = np.flatnonzero(np.diff(families, prepend=families[:1] - 1))
    members = np.diff(starts, append=len(families))
    for hour in people:  # one at a time: all at once, a nation's would take four times the room
        known = np.nan_to_num(hour)
        wanted = np.maximum(np.add.reduceat(known, starts), 0.0)
        np.maximum(hour, 0.0, out=hour)
        found = np.add.reduceat(np.maximum(known, 0.0), starts)
        factor = np.divide(wanted, found, out=np.ones_like(wanted), where=found > 0)
        np.multiply(hour, np.repeat(factor, members), out=hour)
    return people


def _share(calibration: Calibration, operator: int, segment: str, part: int) -> NDArray[np.float64]:
    """The share of the people in a segment, by area: in `all`, that of those who are not known officially."""
    if segment == INBOUND:
        return calibration.inbound[operator]
    if segment == AT_HOME:
        return calibration.home[operator]
    return (calibration.away if segment == "all" else calibration.away_residents)[operator, part]


def _anchors(
    model: Model, there: Sequence[int], resolution: int, segment: str, places: NDArray[np.int64]
) -> list[NDArray[np.float32]] | None:
    """Each operator's devices of residents, if all were at home; NaN where it is not known, None where nowhere."""
    if segment not in {"all", AT_HOME}:
        return None
    homes = [model.homes[number] for number in there]
    known = [each for each in homes if each is not None and resolution in each.devices]
    if len(known) < len(homes):
        return None
    return [each.devices[resolution][places] for each in known]


def _told(
    residents: NDArray[np.float64],
    anchors: list[NDArray[np.float32]] | None,
    places: Sequence[Places],
    blocks: Sequence[Block],
) -> tuple[NDArray[np.float64], list[NDArray[np.float32]] | None]:
    """Residents and devices of them where every operator that counts tells who is at home; none of them elsewhere."""
    if anchors is None:
        return residents, None
    untold = np.zeros(len(residents), dtype=np.bool_)
    for anchor, place, block in zip(anchors, places, blocks, strict=True):
        untold |= place.spread(np.ones(len(block.h3), dtype=np.bool_), False) & np.isnan(anchor)
    return np.where(untold, 0.0, residents), [np.where(untold, 0.0, np.nan_to_num(anchor)) for anchor in anchors]


def _officially(
    residents: NDArray[np.float64], anchors: list[NDArray[np.float32]] | None, rate: NDArray[np.floating] | None
) -> tuple[NDArray[np.float64] | None, list[NDArray[np.floating]] | None]:
    """Residents who are at home in an hour, and the devices that each operator has of them; None where not known."""
    if anchors is None or rate is None:
        return None, None
    return residents * rate, [anchor * rate for anchor in anchors]


def _refuse_unknown_share(
    operator: Operator, area: NDArray[np.int64], place: Places, block: Block, segment: str
) -> None:
    counted = place.spread(np.ones(len(block.h3), dtype=np.bool_), False)
    operator.share_of(area, "inbound" if segment == INBOUND else "resident", counted=counted)
