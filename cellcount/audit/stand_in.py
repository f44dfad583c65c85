"""What a release says itself of withheld cells: what stands for them in totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cellcount.audit.relations import Amounts, Bounds, Numbers
from cellcount.build.field import TOTAL_EDGES, Family, class_of

if TYPE_CHECKING:
    from cellcount.audit.cells import Day

ALL = "all"
GROUP_BITS = 20
"""Of the two numbers below 1,024, class and region, that follow the resolution in a group's number: see `_numbered`."""
PASSES = 4
"""How often what is left of a total is shared out among those that may have more."""
STEP_OF_TOTALS = 0.1
"""Totals whose logarithms differ by less are alike in size."""


@dataclass(frozen=True)
class Means:
    """What stands for the withheld cells of a segment and resolution on a day.

    Parameters
    ----------
    regions : pandas.Index
        Codes.
    mean : array of float, regions x hours x classes
        People; of a segment a share of the total.
    """

    regions: pd.Index
    mean: NDArray[np.float64]


@dataclass(frozen=True)
class Said:
    """What the release says of withheld figures.

    Parameters
    ----------
    guess : array of float
        People, NaN where it says nothing.
    alike : array of int64
        A number that figures share of which it says the same, 0 for others: those of one class in one resolution with
        as many withheld and released cells beside them; those of one segment in totals of one size with as many
        withheld beside them.
    shared : array of bool
        Which are shared out of a released total.
    group : array of int64
        A number that cells share for which one mean stands: those of one resolution, region and class that are counted
        in a total beside released ones; 0 for others. Its lowest `GROUP_BITS` bits are not of the resolution.
    mean : array of float
        That mean, people.
    """

    guess: Amounts
    alike: Numbers
    shared: NDArray[np.bool_]
    group: Numbers
    mean: Amounts


def stand_ins(
    day: Day, means: Mapping[tuple[str, int], Means], region: NDArray[np.object_], hour: int, left: Bounds
) -> Said:
    """A guess of each withheld figure from the table `withheld_mean`, or from the released cell that contains it.

    No difference is taken: where nothing inside a released cell is released, its people are shared out as the classes
    of the cells inside have people on average.

    Parameters
    ----------
    day : Day
        The day.
    means : mapping of (str, int) to Means
        What stands for withheld cells, by segment and resolution.
    region : array of str
        Region of each figure's cell.
    hour : int
        UTC hour.
    left : Bounds
        What the rule leaves each figure that is withheld for being small: from one device, people.

    Returns
    -------
    Said
    """
    value = day.hours[hour].astype(np.float64)
    found = Found(value)
    share = 1.0 / left.low
    for segment in sorted({segment for segment, _ in day.blocks}, key=lambda name: name != ALL):
        order = sorted((resolution for name, resolution in day.blocks if name == segment), reverse=True)
        families = []
        for fine, coarse in pairwise(order):
            part, whole = day.blocks[segment, fine], day.blocks[segment, coarse]
            family = Family(day.h3[whole], day.h3[part], coarse)
            found.told[whole] |= family.up(np.logical_or, found.told[None, part])[0]
            families.append((part, whole, family))
        for resolution in order:
            block = day.blocks[segment, resolution]
            mean = means.get((segment, resolution))
            if mean is None:
                continue
            if segment == ALL:
                kind = class_of(day.residents[block] * share[block], day.around[block] * share[block])
                at = mean.regions.get_indexer(pd.Index(region[block]))
                of_class = np.where(at >= 0, mean.mean[at, hour, kind], np.nan)
                found.guess[block] = found.mean[block] = np.where(found.unknown(block), of_class, np.nan)
                number = np.where(np.isnan(found.guess[block]), 0, _numbered(resolution, kind, at + 1))
                found.alike[block] = found.group[block] = number
            elif (ALL, resolution) in day.blocks:
                _of_totals(day, found, (segment, resolution), mean.mean[0, hour], share)
        for part, whole, family in reversed(families):
            _beside(found, part, family)
            of_parts = Bounds(left.low[part], left.high[part])
            _shared_out(found, (part, whole), family, of_parts, always=segment == ALL)
        for part, whole, family in families:
            _added_up(found, part, whole, family)
    return Said(found.guess, found.alike, found.shared, found.group, found.mean)


class Found:
    """What is found of each figure.

    Parameters
    ----------
    value : array of float
        Released figures, NaN where withheld.
    """

    def __init__(self, value: Amounts) -> None:
        self.value = value
        self.told = value > 0
        """Whether it is released and not empty, or something inside it is."""
        self.guess = np.full(len(value), np.nan)
        self.alike: Numbers = np.zeros(len(value), dtype=np.int64)
        self.shared = np.zeros(len(value), dtype=np.bool_)
        self.group: Numbers = np.zeros(len(value), dtype=np.int64)
        self.mean = np.full(len(value), np.nan)

    def unknown(self, block: slice) -> NDArray[np.bool_]:
        """Withheld figures inside which nothing is released."""
        return np.isnan(self.value[block]) & ~self.told[block]


def _of_totals(day: Day, found: Found, key: tuple[str, int], mean: NDArray[np.float64], share: Amounts) -> None:
    """Withheld segments as shares of their cells' totals."""
    segment, resolution = key
    block = day.blocks[key]
    place = day.at(ALL, resolution, day.h3[block])
    total = np.where(np.isnan(found.value[place]), found.guess[place], found.value[place])
    total = np.where(place >= 0, total, np.nan)
    kind = np.searchsorted(TOTAL_EDGES, np.nan_to_num(total) * share[block], side="left")
    found.guess[block] = np.where(found.unknown(block), mean[kind] * total, np.nan)
    others = np.zeros(len(place), dtype=np.int64)
    for other, level in day.blocks:
        if level == resolution and other != ALL:
            at = day.at(other, level, day.h3[block])
            others += (at >= 0) & np.isnan(found.value[at])
    size = np.rint(np.log(np.maximum(np.nan_to_num(total), 1.0)) / STEP_OF_TOTALS).astype(np.int64)
    code = sum(map(ord, segment)) * 10 + resolution
    found.alike[block] = np.where(np.isnan(found.guess[block]), 0, _numbered(code, size, others))


def _beside(found: Found, part: slice, family: Family) -> None:
    """Figures are alike only with as many withheld and released ones beside them."""
    unknown = found.unknown(part)
    withheld, shown = (
        family.down(family.up(np.add, each[None].astype(np.int64)))[0] for each in (unknown, found.told[part])
    )
    alike = found.alike[part]
    found.alike[part] = np.where(alike > 0, (alike * 1024 + withheld) * 1024 + shown, 0)


def _shared_out(found: Found, blocks: tuple[slice, slice], family: Family, left: Bounds, *, always: bool) -> None:
    """Where nothing in a total is released, its people shared out: a device for each, and the rest by their classes.

    None has more than the rule leaves it, unless the total is more than all may have: what is shared out always adds up
    to the total, so that the mean over dates does so too.
    """
    part, whole = blocks
    unknown = found.unknown(part)
    beside = family.down(family.up(np.logical_or, found.told[None, part]))[0] | family.orphan
    total = found.value[whole]
    if always:
        total = np.where(np.isnan(total), found.guess[whole], total)
    above = np.where(family.orphan, np.nan, total[family.place])
    here = unknown & ~beside & ~np.isnan(above) & ~np.isnan(found.guess[part])
    each = np.where(here, left.low, 0.0)
    for _ in range(PASSES):
        room = np.where(here & (each < left.high), found.guess[part], 0.0)
        together, given = (family.down(family.up(np.add, amount[None]))[0] for amount in (room, each))
        more = np.divide(above - given, together, out=np.zeros(len(each)), where=(together > 0) & here)
        each = np.clip(each + more * room, 0.0, left.high)
    given = family.down(family.up(np.add, each[None]))[0]
    each *= np.divide(above, given, out=np.ones(len(each)), where=(given > 0) & here)
    found.guess[part] = np.where(here, each, found.guess[part])
    found.group[part] = np.where(beside, found.group[part], 0)
    hidden = np.isnan(found.value[whole])[family.place]
    of_class = found.alike[whole][family.place]
    if always:
        alike = np.where(hidden & (of_class > 0), of_class * 31 + found.alike[part], 0)
        found.alike[part] = np.where(here, np.abs(alike), found.alike[part])
    found.shared[part] |= here & ~hidden


def _added_up(found: Found, part: slice, whole: slice, family: Family) -> None:
    """Where a total is withheld and something in it is released: what is inside it."""
    amount = np.where(np.isnan(found.value[part]), np.nan_to_num(found.guess[part]), found.value[part])
    here = np.isnan(found.value[whole]) & found.told[whole]
    found.guess[whole] = np.where(here, family.up(np.add, amount[None])[0], found.guess[whole])


def _numbered(kind: int, *more: Numbers) -> Numbers:
    number = np.full(len(more[0]), kind, dtype=np.int64)
    for each in more:
        number = number * 1024 + each
    return number
