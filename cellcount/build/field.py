"""Totals of cells that tell nothing of the cells that are withheld.

Whoever takes released parts off a released total learns what the withheld parts have together. Withholding more parts
widens what is left of each, and yet the remainder stays a better guess of them than anything else in the release. So
the total is made otherwise: it is what its released parts add up to, and for each withheld part what withheld cells
with as many residents, in as lonely a place, have on average in that hour in the same region (of too few cells: in the
country, or the day).
That average is released too (table `withheld_mean`). What is left when the parts are taken off is then known
beforehand, and no sum or difference of cells, of one hour or many, can tell more of a withheld cell than its class.

Where all parts of a total are withheld there is nothing to take off, and the total is the estimate made from its own
counts: it must leave each part the whole range that the rule for a single figure leaves it, or it is withheld as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cellcount.build.align import Keys
from cellcount.build.protect import LEAST_REST, NONE, SEGMENT, SMALL, TOTAL, Reasons
from cellcount.build.rounding import BASE
from cellcount.build.zones import parents

CLASS_EDGES = (0.0, 0.5, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0, 10.0, 20.0, 50.0)
"""Devices that the residents of a cell have at home, above which the next class of withheld cells begins."""
CLASSES = len(CLASS_EDGES) + 1
AROUND_EDGES = (20.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0)
"""Devices that the residents of the coarsest cell around have at home, above which the place is less lonely."""
AROUND = len(AROUND_EDGES) + 1
TOTAL_EDGES = (10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1_280.0, 2_560.0, 5_120.0, 10_240.0)
"""Devices in a cell's total, above which the next class of withheld segments begins."""
LEAST_CELLS = 100
"""Withheld cells whose mean may stand for each: of fewer it would tell of them. Of a day, as many in each hour."""
MOST_OF_ONE = 100.0
"""Devices that any cell may count for in a mean."""
MOST_OF_ALL = 0.05
"""Share of the whole that a single larger one counts for at most: it must not be read from a mean."""
SEGMENTS_OF_ALL = 4
"""Segments that everybody is made of."""
MARGIN = 1.1
"""By how much more a total must leave than the rule: those who read it take P to be as it is by part of the day."""
MOST_SCALED = 1.25
"""Segments of a cell are scaled to what its total leaves for them by no more than this; else none is released."""

Amounts = NDArray[np.float32]
Flags = NDArray[np.bool_]


def class_of(devices: NDArray[np.floating], around: NDArray[np.floating]) -> NDArray[np.int64]:
    """Class of a cell by the devices that its residents have, and those of the coarsest cell that it lies in.

    Parameters
    ----------
    devices : array of float
        Residents times the share of people observed.
    around : array of float
        The same of all residents of the coarsest cell, times that share.

    Returns
    -------
    array of int64
        0 where nobody lives for miles; the class by its own residents, 0 to `CLASSES` - 1, and `CLASSES` times that by
        those around, 0 to `AROUND` - 1.

    Examples
    --------
    >>> class_of(np.array([0.0, 0.5, 3.0, 400.0]), np.array([0.0, 20.0, 50.0, 20_000.0]))
    array([ 0,  1, 16, 83])
    """
    own = np.searchsorted(CLASS_EDGES, devices, side="left")
    return (np.searchsorted(AROUND_EDGES, around, side="left") * CLASSES + own).astype(np.int64)


@dataclass
class Level:
    """Cells of one resolution and segment, all hours of a day; arrays are hours x cells unless said otherwise.

    Parameters
    ----------
    h3 : array of int64, cells
        Cells, ascending.
    people : array of float32
        Estimates from the cells' own counts; none NaN.
    reasons : array of uint8
        Why each is withheld by the rule for a single figure; added to in place.
    device : array of float, cells
        People for whom one device stands.
    kind : array of int64, cells
        Class: see `class_of`.
    region : array of int64, cells
        Number of the part of the country that each is in: cells of one part stand for each other.
    regions : int
        Number of parts.
    """

    h3: Keys
    people: Amounts
    reasons: Reasons
    device: NDArray[np.floating]
    kind: NDArray[np.int64]
    region: NDArray[np.int64]
    regions: int
    told: Flags = field(init=False)
    """Where some cell inside, or the cell itself, is released and not empty: the value is made of what is released."""
    own: Flags = field(init=False)
    """Where the value is the cell's own estimate, and not the sum of its parts."""
    value: Amounts = field(init=False)
    """What is released of the cell, or would be: a function of released figures and classes alone."""
    least: Amounts = field(init=False)
    most: Amounts = field(init=False)
    """What a withheld cell has at least and at most, people, for all that may be known of it."""
    mean: Amounts = field(init=False)
    """Hours x regions x classes: what stands for a withheld cell, people; of a segment its share of the total."""
    shares: Amounts = field(init=False)
    """Of a segment: what stands for each cell if it is withheld, as a share of the total."""
    stood_in: Flags = field(init=False)
    """Where a withheld cell is counted in its total as what stands for it."""

    def __post_init__(self) -> None:
        self.told = np.zeros(self.people.shape, dtype=np.bool_)
        self.own = np.zeros(self.people.shape, dtype=np.bool_)
        self.value = np.zeros(self.people.shape, dtype=np.float32)

    def by_itself(self, here: Flags | bool, threshold: int) -> None:
        """Take the cells' own estimates, and what the rule leaves those that are withheld."""
        self.own = here & (self.reasons == 0) & (self.people > 0)
        self.told |= self.own
        np.copyto(self.value, self.people, where=self.own)
        self.leave(threshold)

    def leave(self, threshold: int) -> None:
        """Find what is left of withheld cells: from one device to what the rule leaves them."""
        hidden = self.reasons != 0
        device = self.device.astype(np.float32)
        self.least = np.where(hidden, device, np.float32(0.0))
        small = (threshold - 1) * device
        wide = self.people + np.maximum(small, np.float32(LEAST_REST) * self.people)
        self.most = np.where(hidden, np.where(self.reasons & SMALL, small, wide), 0.0).astype(np.float32)

    @property
    def unknown(self) -> Flags:
        """Where the cell is withheld and nothing of what is inside it is released."""
        return (self.reasons != 0) & ~self.told

    def stand_in_shares(self, total: Level, place: NDArray[np.int64]) -> None:
        """Give withheld segments their usual share of a total so large, and keep these shares.

        Parameters
        ----------
        total : Level
            The cells that they are segments of.
        place : array of int64
            For each, its place among them; -1 where it is not there.
        """
        value = np.where(place >= 0, total.value[:, place], np.float32(0.0))
        devices = np.where(place >= 0, value / total.device[place].astype(np.float32), np.float32(0.0))
        kind = np.searchsorted(TOTAL_EDGES, devices.ravel(), side="left").reshape(devices.shape)
        hour, cell = np.nonzero(self.unknown)
        where = hour * CLASSES + kind[hour, cell]
        number, people, totals = (
            np.bincount(where, weight, minlength=len(value) * CLASSES).reshape(-1, CLASSES)
            for weight in (None, self.people[hour, cell], value[hour, cell])
        )
        enough = (number >= LEAST_CELLS) & (totals > 0)
        left = [np.where(enough, 0, each).sum(axis=0) for each in (number, people, totals)]
        of_day = np.divide(left[1], left[2], out=np.zeros(CLASSES), where=left[2] > 0)
        of_day = np.where(left[0] >= LEAST_CELLS * len(value), of_day, 0.0)
        ratio = np.where(enough, np.divide(people, totals, out=np.zeros(people.shape), where=totals > 0), of_day)
        self.mean = np.round(np.clip(ratio, 0.0, 1.0), 4).astype(np.float32)[:, None]
        self.shares = self.mean[np.arange(len(value))[:, None], 0, kind]
        np.copyto(self.value, self.shares * value, where=self.unknown)

    def stand_in(self, here: Flags, threshold: int) -> None:
        """Give withheld cells the mean of their class, and keep the means."""
        hour, cell = np.nonzero(here)
        kind = self.kind[cell]
        self.stood_in = here
        where = (hour * self.regions + self.region[cell]) * AROUND * CLASSES + kind
        shape = (len(here), self.regions, AROUND, CLASSES)
        device = float(np.median(self.device)) if len(self.device) else 1.0
        own = self.people[hour, cell].astype(np.float64)
        most = MOST_OF_ONE * device
        whole = np.bincount(where, np.minimum(own, most), np.prod(shape))
        capped = np.minimum(own, np.maximum(MOST_OF_ALL * whole, most)[where])
        cells = np.bincount(where, minlength=np.prod(shape)).reshape(shape)
        people = np.bincount(where, capped, np.prod(shape)).reshape(shape)
        # Of a class in a region and hour; where these are too few, of what is left in all regions, however lonely, in
        # the day, and of all classes. Each is of cells without another mean: means do not tell of each other.
        mean: NDArray[np.float64] = np.full(shape, np.nan)
        for axes in ((), (1,), (1, 2), (0, 1, 2), (0, 1, 2, 3)):
            number, total = (each.sum(axis=axes, keepdims=True) for each in (cells, people))
            enough = number >= LEAST_CELLS * (len(here) if 0 in axes else 1)
            # Were nearly all of them a single device, or as many as can be, their mean would say so of each.
            room = MARGIN * (threshold - 2) * device
            enough &= (total - number * device >= room) & (np.abs(number * (threshold - 1) * device - total) >= room)
            found = np.where(enough, np.divide(total, number, out=np.zeros(total.shape), where=number > 0), np.nan)
            mean = np.where(np.isnan(mean), found, mean)
            cells, people = (np.where(np.isnan(mean), each, 0) for each in (cells, people))
        mean = np.where(np.isnan(mean), threshold / 2 * device, mean).round(1)
        self.mean = np.broadcast_to(mean, shape).reshape(len(here), self.regions, -1).astype(np.float32)
        self.value[hour, cell] = self.mean[hour, self.region[cell], kind]


class Family:
    """Which cells of a finer level lie in which of a coarser one."""

    def __init__(self, coarse: Keys, fine: Keys, resolution: int) -> None:
        wanted = parents(fine, resolution) if len(fine) else fine
        self.starts = np.flatnonzero(np.diff(wanted, prepend=wanted[:1] - 1))
        place = np.minimum(np.searchsorted(coarse, wanted), max(len(coarse) - 1, 0))
        self.orphan = coarse[place] != wanted if len(coarse) else np.ones(len(fine), dtype=np.bool_)
        self.place = np.where(self.orphan, 0, place)
        self.there = ~self.orphan[self.starts]
        self.above = self.place[self.starts[self.there]]
        self.size = len(coarse)

    def up(self, how: np.ufunc, values: NDArray) -> NDArray:
        """Values of the finer cells put together in the coarser; 0 or False where there are none inside."""
        found = np.zeros((len(values), self.size), dtype=values.dtype)
        if len(self.starts):
            found[:, self.above] = how.reduceat(values, self.starts, axis=1)[:, self.there]
        return found

    def down(self, values: NDArray) -> NDArray:
        """For each finer cell the value of the coarser; 0 or False where it is in none."""
        if not self.size:
            return np.zeros((len(values), len(self.place)), dtype=values.dtype)
        return np.where(self.orphan, np.zeros(1, dtype=values.dtype), values[:, self.place])


def protect_levels(levels: Mapping[int, Level], threshold: int, *, open_ended: bool = True) -> None:
    """Give every cell of one segment the value that may be released, and withhold, in place, what would tell too much.

    Parameters
    ----------
    levels : mapping of int to Level
        By resolution.
    threshold : int
        Devices.
    open_ended : bool
        Whether larger figures are withheld too, so that nobody can tell that a withheld one is small.

    Notes
    -----
    The assumption that would make it wrong: that the mean of a class tells nothing of one cell. It is a mean of
    `LEAST_CELLS` or more.

    Examples
    --------
    A cell of resolution 5 holds one of resolution 6 with 40 people and one with 4, each person a device. The total is
    not 44 but 40 and what stands for a small cell: 5, for one cell has no mean.

    >>> from cellcount.build.zones import parents
    >>> fine = np.sort(np.array([0x861940007FFFFFF, 0x86194000FFFFFFF]))
    >>> def level(h3, people):
    ...     people = np.array([people], dtype=np.float32)
    ...     small = ((people < 10) * SMALL).astype(np.uint8)
    ...     nought = np.zeros(len(h3), dtype=int)
    ...     return Level(h3, people, small, np.ones(len(h3)), nought, nought, 1)
    >>> both = {5: level(np.unique(parents(fine, 5)), [44.0]), 6: level(fine, [40.0, 4.0])}
    >>> protect_levels(both, threshold=10)
    >>> both[5].value
    array([[45.]], dtype=float32)
    """
    order = sorted(levels, reverse=True)
    levels[order[0]].by_itself(True, threshold)
    families: list[tuple[Level, Level, Family]] = []
    for fine, coarse in pairwise(order):
        part, whole = levels[fine], levels[coarse]
        family = Family(whole.h3, part.h3, coarse)
        told = family.up(np.logical_or, part.told)
        stands_in = part.unknown & (family.down(told) | family.orphan)
        part.stand_in(stands_in, threshold)
        np.copyto(whole.value, family.up(np.add, part.value), where=told)
        whole.told = told
        _withhold_wholes(whole, part, family, threshold, open_ended=open_ended)
        del part.least, part.most  # of a nation's finest cells they take much room
        families.append((whole, part, family))
    top = levels[order[-1]]
    top.stand_in(top.unknown, threshold)
    for whole, part, family in reversed(families):
        _share_out(whole, part, family, part.unknown & ~part.stood_in)
        _hide_none(whole, part, family)


def _withhold_wholes(whole: Level, part: Level, family: Family, threshold: int, *, open_ended: bool) -> None:
    """Take totals' own estimates where nothing inside is released, unless one tells more of a part than the rule does.

    Each withheld part must be able to be as large as the rule leaves it, the others having a device each. Nobody can
    tell a part that is small from one that is withheld because an operator outweighs the others, so that none has an
    upper limit in others' eyes and a second withheld part is enough for it to be as small as the rule leaves it.
    """
    # Where operators' counts contradict each other: what holds a released cell is not small.
    whole.reasons[whole.told] &= np.uint8(0xFF ^ SMALL)
    zero = np.float32(0.0)
    inside = part.unknown
    widest = family.up(np.maximum, np.where(inside, part.most - part.least, zero))
    least = family.up(np.add, np.where(inside, part.least, zero))
    number = family.up(np.add, inside.astype(np.int32))
    tells = ~whole.told & (number > 0) & (whole.reasons == 0) & (whole.people > 0)
    too_near = (whole.people - least < MARGIN * widest) | (number < 2)
    if not open_ended:
        most = family.up(np.add, np.where(inside, part.most, zero))
        too_near |= most - whole.people < MARGIN * widest
    tells &= too_near
    whole.reasons[tells] |= TOTAL
    whole.by_itself(~whole.told, threshold)


def _share_out(whole: Level, part: Level, family: Family, here: Flags) -> None:
    """Share what stands for a total among its withheld parts, as their classes have people on average."""
    weight = np.where(here, part.mean[:, part.region, part.kind], np.float32(0.0))
    together = family.up(np.add, weight)
    each = np.divide(whole.value, together, out=np.zeros_like(together), where=together > 0)
    np.copyto(part.value, family.down(each) * weight, where=here)


def _hide_none(whole: Level, part: Level, family: Family) -> None:
    """Withhold zeros in totals that are withheld: else the others would each be known to be one device at least."""
    small = family.down((whole.reasons & (SMALL | NONE | TOTAL)) != 0)
    part.reasons[small & (part.reasons == 0) & (part.people == 0)] = NONE


def protect_segments(
    everybody: Mapping[int, Level],
    segments: Sequence[Mapping[int, tuple[Level, NDArray[np.int64]]]],
    threshold: int,
    *,
    open_ended: bool = True,
) -> None:
    """Give segments of cells the values that may be released beside their total, in place.

    What stands for a withheld segment is a share of its cell's total: the mean share that it has where it is withheld
    in totals as large. Released segments of a cell are scaled to what that leaves of the total, so that the difference
    tells nothing. Where the cell is withheld, so are its segments.

    Parameters
    ----------
    everybody : mapping of int to Level
        The totals by resolution, protected already.
    segments : sequence of mappings of int to (Level, array of int64)
        For each segment, by resolution: its cells, and for each its place among everybody's; -1 where it is not there.
    threshold : int
        Devices.
    open_ended : bool
        Whether larger figures are withheld too, so that nobody can tell that a withheld one is small.
    """
    before: dict[int, Level] = {}
    finest = {number: max(levels, default=0) for number, levels in enumerate(segments)}
    for resolution in sorted({resolution for levels in segments for resolution in levels}, reverse=True):
        total = everybody[resolution]
        here = {number: levels[resolution] for number, levels in enumerate(segments) if resolution in levels}
        for number, (level, place) in here.items():
            hidden = (total.reasons[:, place] & np.uint8(0xFF ^ NONE) != 0) | (place < 0)
            level.reasons[hidden & (level.reasons == 0) & (level.people > 0)] |= np.uint8(SEGMENT)
            if number in before:
                part = before[number]
                family = Family(level.h3, part.h3, resolution)
                level.told = family.up(np.logical_or, part.told)
                np.copyto(level.value, family.up(np.add, part.value), where=level.told)
                _withhold_wholes(level, part, family, threshold, open_ended=open_ended)
            else:
                level.by_itself(True, threshold)
            level.stand_in_shares(total, place)
            before[number] = level
        lowest = all(finest[number] == resolution for number in here)
        if len(here) == SEGMENTS_OF_ALL:
            _scale(total, list(here.values()), lowest=lowest)
            for level, _ in here.values():
                level.leave(threshold)
    for levels in segments:
        order = sorted(levels)
        for coarse, fine in pairwise(order):
            whole, part = levels[coarse][0], levels[fine][0]
            _hide_none(whole, part, Family(whole.h3, part.h3, coarse))
        for resolution, (level, place) in levels.items():
            small = (everybody[resolution].reasons[:, place] & (SMALL | NONE | TOTAL) != 0) & (place >= 0)
            level.reasons[small & (level.reasons == 0) & (level.people == 0)] = NONE


def _scale(total: Level, segments: Sequence[tuple[Level, NDArray[np.int64]]], *, lowest: bool) -> None:
    """Scale segments' own estimates to what the total leaves for them; withhold those changed too much."""
    share, own = np.ones(total.people.shape), np.zeros(total.people.shape)
    for level, place in segments:
        there = place >= 0
        at = place[there]
        share[:, at] -= np.where(level.unknown, level.shares, 0.0)[:, there]
        own[:, at] += np.where(level.own, level.people, 0.0)[:, there]
    scaled = own > 0 if lowest else (own > 0) & total.own
    factor = np.divide(total.value * share, own, out=np.ones_like(own), where=scaled)
    too_much = scaled & ((factor > MOST_SCALED) | (factor < 1 / MOST_SCALED))
    # Nor may one come so low that it is rounded to none at times.
    for level, place in segments:
        low = level.own & (place >= 0) & (level.people * factor[:, place] < BASE)
        hour, cell = np.nonzero(low & scaled[:, place])
        too_much[hour, place[cell]] = True
    for level, place in segments:
        mine = level.own & scaled[:, place] & (place >= 0)
        level.value[mine] = (level.people * factor[:, place])[mine]
        refused = mine & too_much[:, place]
        level.reasons[refused] |= np.uint8(SEGMENT)
        level.own[refused] = level.told[refused] = False
        stand_in = level.shares * np.where(place >= 0, total.value[:, place], 0.0)
        np.copyto(level.value, stand_in.astype(np.float32), where=refused)
