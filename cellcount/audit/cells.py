"""Attacks on people by cell and hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.audit.opening import Factors, Release
from cellcount.audit.programming import exact_ranges, small_targets, tree
from cellcount.audit.relations import Amounts, Bounds, Numbers, Relations, confine_parts, families, joined
from cellcount.audit.rule import Rule
from cellcount.audit.scoring import (
    Attack,
    Figures,
    Truth,
    blended,
    flat_guess,
    from_neighbours,
    guesses_with_sums,
)
from cellcount.audit.stand_in import GROUP_BITS, Means, Said, stand_ins
from cellcount.audit.truth import ABSENT, counted, truth_of
from cellcount.build.deliveries import Delivery
from cellcount.build.field import LEAST_CELLS
from cellcount.build.zones import parent
from cellcount.standard import DAY_PARTS, HOUR_COLUMNS

ALL, INBOUND = "all", "inbound"
COARSEST = 5
"""Resolution whose cells are taken to be independent of each other, and whose insides are small cases."""
NEAR_HOURS = 2
"""Hours before and after from which a guess is taken."""
TREES_AT_ONCE = 4
"""Cells of resolution 5 whose linear programs are solved for each sampled date and hour."""
TARGETS_OF_A_TREE = 25
CONFIDENCE = 3.29
"""Standard errors on either side that hold the truth in 99.9 % of cases."""

HALF_A_TENTH = 0.05

PARENTS = "parents and children"
SEGMENTS = "segments against all"
TOGETHER = "all sums of an hour together"
HOURS = "neighbouring hours"
DATES = "averaging over dates"
PROGRAMS = "linear programming on small cases"
TOTALS = "withheld totals from their parts"
MEANS = "means of withheld cells"
AREAS = "overlapping areas: region, nation, UK"
AREAS_AND_CELLS = "overlapping areas: areas against their cells"

ASSUMES = {
    PARENTS: "A cell is the sum of the released cells inside it, in every segment, each figure within its rounding.",
    SEGMENTS: "Everybody is the sum of visitors from abroad and residents at home, at work and visiting.",
    TOGETHER: "Both of these at once, figures confined in turn until nothing more follows.",
    HOURS: "How far a cell's parts miss its total is as in those hours of the day of which all is released.",
    DATES: "The mean of a figure over dates is in the mean of the sums; their rounding cancels (99.9 % intervals).",
    PROGRAMS: "All sums inside a cell of resolution 5, solved exactly; what contradicts is given the least room.",
    TOTALS: "A withheld total is its released parts and at least a device for each withheld one: none is not withheld.",
    MEANS: "What stands for withheld cells of a class, region and hour is their mean, given to a tenth of a person.",
    AREAS: "An area is the sum of the areas that have it as their parent.",
    AREAS_AND_CELLS: "An authority is the sum of the cells that are said to lie in it.",
}


def hour_part(hour: int) -> str:
    """Part of the UTC day that an hour is in."""
    return next(part for part, hours in DAY_PARTS.items() if hour in hours)


@dataclass(frozen=True)
class Day:
    """All cells of one UTC day, every segment and resolution, one figure after the other.

    Parameters
    ----------
    date : date
        UTC day.
    blocks : dict of (str, int) to slice
        By segment and resolution, where their figures are.
    h3 : array of int64
        Cell of each figure, ascending in each block.
    hours : array of float32, hours x figures
        People, NaN where withheld.
    area : array of str
        Area of each figure's cell.
    residents : array of float
        Usual residents of each figure's cell.
    """

    date: dt.date
    blocks: dict[tuple[str, int], slice]
    h3: Numbers
    hours: NDArray[np.float32]
    area: NDArray[np.object_]
    residents: Amounts

    @property
    def visitors(self) -> NDArray[np.bool_]:
        """Which figures are of visitors from abroad."""
        found = np.zeros(len(self.h3), dtype=np.bool_)
        for (segment, _), block in self.blocks.items():
            found[block] = segment == INBOUND
        return found

    @cached_property
    def around(self) -> Amounts:
        """Usual residents of the coarsest cell around each figure's cell."""
        coarsest = min((resolution for segment, resolution in self.blocks if segment == ALL), default=COARSEST)
        place = self.at(ALL, coarsest, parent(self.h3, coarsest))  # type: ignore[arg-type]
        return np.where(place >= 0, self.residents[place], self.residents)

    def at(self, segment: str, resolution: int, h3: Numbers) -> Numbers:
        """Figures of some cells; -1 where there is none."""
        block = self.blocks[segment, resolution]
        there = self.h3[block]
        place = np.minimum(np.searchsorted(there, h3), len(there) - 1)
        return np.where(there[place] == h3, place + block.start, -1).astype(np.int64)

    def of_parents(self) -> Relations:
        """Every cell as the sum of those inside it, segment by segment."""
        found = []
        for (segment, resolution), block in self.blocks.items():
            if (segment, resolution + 1) in self.blocks:
                inside = self.blocks[segment, resolution + 1]
                above = self.at(segment, resolution, parent(self.h3[inside], resolution))  # type: ignore[arg-type]
                found.append(families(above, _numbers(block), _numbers(inside)))
        return joined(found) if found else NOTHING

    def of_segments(self) -> Relations:
        """Everybody in a cell as the sum of the segments, where all four are there."""
        segments = sorted({segment for segment, _ in self.blocks} - {ALL})
        found = []
        for resolution in {resolution for segment, resolution in self.blocks if segment != ALL}:
            if not all((segment, resolution) in self.blocks for segment in (ALL, *segments)):
                continue
            block = self.blocks[ALL, resolution]
            parts = np.array([self.at(segment, resolution, self.h3[block]) for segment in segments])
            whole = (parts >= 0).all(axis=0)
            total = _numbers(block)[whole]
            found.append(families(np.tile(total, len(segments)), total, parts[:, whole].ravel()))
        return joined(found) if found else NOTHING


_NONE = np.zeros(0, dtype=np.int64)
NOTHING = Relations(_NONE, _NONE, _NONE)


def _numbers(block: slice) -> Numbers:
    return np.arange(block.start, block.stop, dtype=np.int64)


def open_day(release: Release, date: dt.date) -> Day:
    """Read all cells of a UTC day.

    Parameters
    ----------
    release : Release
        The release.
    date : date
        UTC day.

    Returns
    -------
    Day
    """
    blocks: dict[tuple[str, int], slice] = {}
    h3, hours = [], []
    start = 0
    for table_name in ("present", "present_segment"):
        for partition in release.partitions(table_name):
            if partition["date"] != str(date):
                continue
            table = release.read(table_name, ["h3", *HOUR_COLUMNS], **partition)
            if not table.num_rows:
                continue
            blocks[partition.get("segment", ALL), int(partition["resolution"])] = slice(start, start + table.num_rows)
            start += table.num_rows
            h3.append(table.column("h3").to_numpy())
            hours.append(np.array([_floats(table.column(name)) for name in HOUR_COLUMNS]))
    cells = release.cells
    every = np.concatenate(h3) if h3 else np.zeros(0, dtype=np.int64)
    place = np.minimum(np.searchsorted(cells["h3"].to_numpy(), every), max(len(cells) - 1, 0))
    return Day(
        date,
        blocks,
        every,
        np.concatenate(hours, axis=1) if hours else np.zeros((len(HOUR_COLUMNS), 0), dtype=np.float32),
        cells["area"].to_numpy(dtype=object)[place],
        cells["residents"].to_numpy(dtype=np.float64)[place],
    )


def _floats(column: pa.ChunkedArray) -> NDArray[np.float32]:
    return column.cast(pa.float32(), safe=False).to_numpy()  # a country's figures are exact to some people


def shares_of(day: Day, release: Release, factors: Factors, hour: int) -> tuple[Amounts, Amounts]:
    """P of each figure as an attacker has it, and as the deliveries have it.

    `precision` is about residents; of visitors the attacker knows nothing better. What he claims of them is scored by
    the operators' own shares of visitors.
    """
    public = release.shares(day.area, hour_part(hour))
    actual = public.copy()
    visitors = day.visitors
    if visitors.any():
        actual[visitors] = factors.inbound(day.area[visitors])
    return public, actual


def truth_of_day(
    day: Day, deliveries: Sequence[Delivery], hours: Sequence[int]
) -> tuple[dict[int, list[Amounts]], list[int]]:
    """What operators counted at the figures of a day: for each hour, a column for each operator; their thresholds."""
    keys = _keys(day)
    columns = [HOUR_COLUMNS[hour] for hour in hours]
    found: dict[int, list[Amounts]] = {hour: [] for hour in hours}
    for delivery in deliveries:
        table = delivery.read("cell_day", columns=["resolution", "h3", "segment", *columns], date=day.date)
        counts = _at_keys(table, day, keys, columns)
        for number, hour in enumerate(hours):
            found[hour].append(counts[number])
    return found, [delivery.threshold for delivery in deliveries]


def _keys(day: Day) -> list[tuple[str, int, slice]]:
    return [(segment, resolution, block) for (segment, resolution), block in day.blocks.items()]


def _at_keys(
    table: pa.Table, day: Day, keys: Sequence[tuple[str, int, slice]], columns: Sequence[str]
) -> NDArray[np.float64]:
    segment = table.column("segment").combine_chunks().dictionary_encode()
    names = segment.dictionary.to_pylist()
    resolution = table.column("resolution").to_numpy().astype(np.int64)
    h3, code = table.column("h3").to_numpy(), segment.indices.to_numpy()
    counts = [_floats(table.column(name)) for name in columns]
    found = np.full((len(columns), len(day.h3)), float(ABSENT))
    for name, level, block in keys:
        rows = np.flatnonzero((resolution == level) & (code == (names.index(name) if name in names else -1)))
        if not len(rows):
            continue
        rows = rows[np.argsort(h3[rows], kind="stable")]
        place = np.minimum(np.searchsorted(h3[rows], day.h3[block]), len(rows) - 1)
        there = h3[rows][place] == day.h3[block]
        for number, column in enumerate(counts):
            found[number, block] = np.where(there, column[rows[place]], ABSENT)
    return found


def smooth_guess(day: Day, relations: Relations, hour: int, share: Amounts, rule: Rule) -> Amounts:
    """A guess of each withheld figure from published neighbours, hours and residents.

    Neighbours: people for each resident in the published cells beside it (with the same parent), and in that parent,
    times its own residents. Hours: the mean of what is published of the cell within two hours. Of these, each brought
    inside what the rule leaves, the geometric mean; from the rule alone where there is none.

    No sum or difference is taken.

    Parameters
    ----------
    day : Day
        The day.
    relations : Relations
        Parents and children, to tell which cells are beside each other.
    hour : int
        UTC hour.
    share : array of float
        P.
    rule : Rule
        The withholding rule.

    Returns
    -------
    array of float
        People.
    """
    value = day.hours[hour].astype(np.float64)
    around = day.hours[max(hour - NEAR_HOURS, 0) : hour + NEAR_HOURS + 1].astype(np.float64)
    number = np.sum(~np.isnan(around), axis=0)
    before_and_after = np.where(number > 0, np.nansum(around, axis=0) / np.maximum(number, 1), np.nan)
    return blended([*from_neighbours(relations, value, day.residents), before_and_after], share, rule)


class Averages:
    """Figures of one hour added up over dates.

    Parameters
    ----------
    h3 : array of int64
        Cells of the figures.
    relations : Relations
        Sums among them.
    """

    def __init__(self, h3: Numbers, relations: Relations) -> None:
        self.h3, self.relations = h3, relations
        self.value, self.smooth, self.neighbours, self.stand_in, self.share = (np.zeros(len(h3)) for _ in range(5))
        self.low, self.high, self.hidden = (np.zeros(len(h3)) for _ in range(3))
        self.alike: Numbers | None = None
        self.small, self.may_be_none = np.ones(len(h3), dtype=np.bool_), np.zeros(len(h3), dtype=np.bool_)
        self.dates = 0


@dataclass
class CellAttacks:
    """Attacks on cells, an hour at a time.

    Parameters
    ----------
    release : Release
        The release.
    factors : Factors
        Operators' shares, for scoring.
    deliveries : sequence of Delivery
        Deliveries, for scoring.
    generator : numpy.random.Generator
        Draws the small cases.
    """

    release: Release
    factors: Factors
    deliveries: Sequence[Delivery]
    generator: np.random.Generator
    book: dict[str, Attack] = field(default_factory=lambda: {kind: Attack(kind, ASSUMES[kind]) for kind in ASSUMES})
    averages: dict[int, Averages] = field(default_factory=dict)

    def attack_day(self, date: dt.date, hours: Sequence[int]) -> None:
        """Try everything on some hours of a day.

        Parameters
        ----------
        date : date
            UTC day.
        hours : sequence of int
            UTC hours.
        """
        day = open_day(self.release, date)
        parents, segments = day.of_parents(), day.of_segments()
        counts, thresholds = truth_of_day(day, self.deliveries, hours)
        both = joined([parents, segments])
        cluster = self._clusters(day)
        means = self._means(date)
        region = self._regions(day)
        rule = self.release.rule
        for hour in hours:
            share, actual = shares_of(day, self.release, self.factors, hour)
            truth = truth_of(counts[hour], thresholds, actual, rule.threshold, both)
            neighbours = smooth_guess(day, parents, hour, share, rule)
            said = stand_ins(day, means, region, hour, rule.withheld(share))
            smooth = np.where(np.isnan(said.guess), neighbours, blended([said.guess], share, rule))
            here = Figures(
                day.hours[hour].astype(np.float64),
                share,
                truth,
                smooth,
                cluster,
                rule,
                neighbours=neighbours,
                alike=said.alike if means else None,
                stand_in=said.guess if means else None,
            ).below(both)
            of_parents = replace(here, alike=None if here.alike is None else np.where(said.shared, 0, here.alike))
            self.book[PARENTS].by_sums(of_parents, parents, self.book[TOTALS])
            self.book[SEGMENTS].by_sums(here, segments, self.book[TOTALS])
            self.book[HOURS].by_sums(here, self._corrected(day, both, hour), self.book[TOTALS])
            self.book[TOGETHER].by_several_sums(here, both)
            self._programs(here, both)
            self._average(day, hour, of_parents, parents)
            for figures, sums in sums_of_means(here, said):
                self.book[MEANS].by_claims(figures, sums)
            self._areas_and_cells(day, hour, here)
        self._areas(date, hours)

    def finish(self) -> None:
        """Attack the means over all dates that were read."""
        for average in self.averages.values():
            if average.dates > 1:
                self._attack_average(average)

    def _means(self, date: dt.date) -> dict[tuple[str, int], Means]:
        """What stands for withheld cells on a date."""
        if not self.release.has("withheld_mean", date=date):
            return {}
        read = self.release.read("withheld_mean", date=date).to_pandas()
        found = {}
        for (segment, resolution), rows in read.groupby(["segment", "resolution"]):
            wide = rows.pivot_table(index=["region_code", "hour"], columns="class", values="mean").sort_index()
            regions = pd.Index(wide.index.get_level_values("region_code").unique())
            found[str(segment), int(resolution)] = Means(
                regions, wide.to_numpy().reshape(len(regions), len(HOUR_COLUMNS), -1)
            )
        return found

    def _regions(self, day: Day) -> NDArray[np.object_]:
        """Region of each figure's cell: what its authority lies in."""
        areas = self.release.areas.set_index("area_code")
        above = areas["parent_code"].where(areas["area_type"] == "authority")
        return above.fillna(pd.Series(areas.index, areas.index)).reindex(day.area).to_numpy(dtype=object)

    @staticmethod
    def _clusters(day: Day) -> Numbers:
        return np.array(parent(day.h3, COARSEST), dtype=np.int64)  # type: ignore[arg-type]

    def _corrected(self, day: Day, relations: Relations, hour: int) -> Relations:
        """Relations that some other hour of the day shows whole, with how far they miss in those."""
        missed, times = np.zeros(len(relations.total)), np.zeros(len(relations.total))
        for other in range(len(HOUR_COLUMNS)):
            if other == hour:
                continue
            value = day.hours[other].astype(np.float64)
            whole = ~relations.touched(np.isnan(value))
            known = np.nan_to_num(value)
            missed += np.where(whole, known[relations.total] - relations.summed(known), 0.0)
            times += whole
        shown = times > 0
        shift = np.divide(missed, times, out=np.zeros(len(times)), where=shown)
        slack = relations.size * self.release.rule.width
        return Relations(relations.total, relations.part, relations.of, slack, shift).only(shown)

    def _programs(self, here: Figures, relations: Relations) -> None:
        cluster = here.cluster
        hidden = here.under_attack
        number = np.bincount(np.unique(cluster, return_inverse=True)[1], hidden)
        trees = np.unique(cluster)[number > 0]
        for chosen in self.generator.permutation(trees)[:TREES_AT_ONCE]:
            inside = np.flatnonzero(cluster == chosen)
            sums, _ = tree(relations, inside)
            known = here.known()
            known = Bounds(known.low[inside], known.high[inside])
            targets = small_targets(here.smooth[inside], np.flatnonzero(hidden[inside]), TARGETS_OF_A_TREE)
            found = exact_ranges(sums, known, targets)
            claims = Bounds(np.full(len(here.value), -np.inf), np.full(len(here.value), np.inf))
            claims.low[inside[targets]], claims.high[inside[targets]] = found.low, found.high
            tried = np.zeros(len(here.value), dtype=np.bool_)
            tried[inside[targets]] = True
            self.book[PROGRAMS].claim(here, claims, tried)

    def _average(self, day: Day, hour: int, here: Figures, parents: Relations) -> None:
        if hour not in self.averages:
            self.averages[hour] = Averages(day.h3, parents)
        kept = self.averages[hour]
        if not np.array_equal(kept.h3, day.h3):
            return
        hidden = np.isnan(here.value)
        kept.value += np.where(hidden, 0.0, here.value)
        kept.hidden += hidden
        kept.smooth += here.smooth
        kept.neighbours += here.smooth if here.neighbours is None else here.neighbours
        if here.alike is not None and here.stand_in is not None:
            kept.stand_in += here.stand_in
            kept.alike = here.alike if kept.alike is None else np.where(here.alike > 0, kept.alike, 0)
        kept.share += here.share
        kept.low += here.truth.people.low
        kept.high += here.truth.people.high
        kept.small &= here.truth.small | ~hidden
        if here.may_be_none is not None:
            kept.may_be_none |= here.may_be_none
        kept.dates += 1

    def _attack_average(self, kept: Averages) -> None:
        """Relations whose withheld figures are the same on all dates, as relations of means."""
        rule, dates = self.release.rule, kept.dates
        always, sometimes = kept.hidden == dates, (kept.hidden > 0) & (kept.hidden < dates)
        relations = kept.relations.only(~kept.relations.touched(sometimes))
        value = np.where(kept.hidden > 0, np.nan, kept.value / dates)
        share = kept.share / dates
        smooth, stand_in = kept.smooth / dates, None if kept.alike is None else kept.stand_in / dates
        if stand_in is not None:
            # What is shared out of a total over dates is what its mean leaves, however its parts were limited in each.
            smooth = np.where(np.isnan(stand_in), smooth, blended([stand_in], share, rule))
        slack = CONFIDENCE * np.sqrt(relations.size * rule.rounding_variance / dates)
        relations = Relations(relations.total, relations.part, relations.of, slack, relations.shift)
        truth = Truth(Bounds(kept.low / dates, kept.high / dates), kept.small & always)
        cluster = np.array(parent(kept.h3, COARSEST), dtype=np.int64)  # type: ignore[arg-type]
        means = Figures(
            value,
            share,
            truth,
            smooth,
            cluster,
            rule,
            kept.may_be_none,
            kept.neighbours / dates,
            kept.alike,
            stand_in,
        )
        known = means.known()
        exact = Bounds(np.where(always, known.low, value), np.where(always, known.high, value))
        exact = Bounds(np.where(sometimes, 0.0, exact.low), np.where(sometimes, np.inf, exact.high))
        tried = np.zeros(len(value), dtype=np.bool_)
        tried[relations.part] = True
        self.book[DATES].claim(means, confine_parts(relations, exact), tried)
        chosen = tried & means.under_attack
        if chosen.any():
            self.book[DATES].guess(means, chosen, guesses_with_sums(relations, means, dates))

    def _areas_and_cells(self, day: Day, hour: int, here: Figures) -> None:
        """Each authority as the sum of its cells, at each resolution."""
        read = self.release.read("area_hour", ["area_code", "date", f"people_h{hour:02d}"]).to_pandas()
        read = read[read["date"] == day.date]
        authorities = set(self.release.areas["area_code"][self.release.areas["area_type"] == "authority"])
        read = read[read["area_code"].isin(authorities)].reset_index(drop=True)
        totals = read[f"people_h{hour:02d}"].to_numpy(dtype=np.float64)
        if not len(totals):
            return
        codes = pd.Index(read["area_code"])
        size = len(day.h3)
        found = []
        for (segment, _), block in day.blocks.items():
            if segment == ALL:
                at = codes.get_indexer(pd.Index(day.area[block]))
                found.append(families(np.where(at >= 0, at + size, -1), size + np.arange(len(codes)), _numbers(block)))
        extended = _with_totals(here, totals, self.release.shares(read["area_code"], hour_part(hour)))
        self.book[AREAS_AND_CELLS].by_sums(extended, joined(found), self.book[TOTALS])

    def _areas(self, date: dt.date, hours: Sequence[int]) -> None:
        """Each area as the sum of the areas of which it is the parent."""
        read = self.release.read("area_hour").to_pandas()
        read = read[read["date"] == date].sort_values("area_code", ignore_index=True)
        if read.empty:
            return
        codes = pd.Index(read["area_code"])
        parents = self.release.areas.set_index("area_code")["parent_code"].reindex(codes)
        at = codes.get_indexer(pd.Index(parents))
        relations = families(at, np.arange(len(codes)), np.arange(len(codes)))
        keys = pd.DataFrame({"area_code": read["area_code"], "segment": ALL})
        columns = [HOUR_COLUMNS[hour] for hour in hours]
        counts = [counted(delivery, "area_day", keys, columns, date=date) for delivery in self.deliveries]
        thresholds = [delivery.threshold for delivery in self.deliveries]
        rule = self.release.rule
        for number, hour in enumerate(hours):
            share = self.release.shares(read["area_code"], hour_part(hour))
            truth = truth_of([theirs[:, number] for theirs in counts], thresholds, share, rule.threshold, relations)
            value = read[f"people_h{hour:02d}"].to_numpy(dtype=np.float64)
            here = Figures(value, share, truth, flat_guess(share, rule), np.arange(len(codes)), rule).below(relations)
            self.book[AREAS].by_sums(here, relations, self.book[TOTALS])


def _with_totals(here: Figures, totals: Amounts, share: Amounts) -> Figures:
    """Figures, and after them totals that are known and not under attack."""
    number = len(totals)
    none = np.zeros(number)
    return Figures(
        np.concatenate([here.value, totals]),
        np.concatenate([here.share, share]),
        Truth(
            Bounds(
                np.concatenate([here.truth.people.low, none]),
                np.concatenate([here.truth.people.high, np.full(number, np.inf)]),
            ),
            np.concatenate([here.truth.small, np.zeros(number, dtype=np.bool_)]),
        ),
        np.concatenate([here.smooth, np.nan_to_num(totals)]),
        np.concatenate([here.cluster, np.zeros(number, dtype=np.int64)]),
        here.rule,
        *(
            None if each is None else np.concatenate([each, np.zeros(number, each.dtype)])
            for each in (here.may_be_none, here.neighbours, here.alike, here.stand_in)
        ),
    )


def sums_of_means(here: Figures, said: Said) -> list[tuple[Figures, Relations]]:
    """Means that stand for withheld cells, times their number, as sums of these.

    Parameters
    ----------
    here : Figures
        Figures.
    said : Said
        What the release says of those that are withheld.

    Returns
    -------
    list of tuples of Figures and Relations
        The figures and the sums, and how they go together: means of as many cells as a mean must be of; and means of
        fewer, where no other group of the resolution has the same, so that it cannot be one for all that are too few.
        Of these it is a guess that the mean is theirs, and is scored beside what chance would get right.
    """
    there = np.flatnonzero(said.group)
    groups, of, number = np.unique(said.group[there], return_inverse=True, return_counts=True)
    mean, share = np.zeros(len(groups)), np.ones(len(groups))
    mean[of], share[of] = said.mean[there], here.share[there]
    slack = number.astype(np.float64) * HALF_A_TENTH
    relations = Relations(len(here.value) + np.arange(len(groups)), there, of.astype(np.int64), slack)
    resolution = groups >> GROUP_BITS
    _, same, times = np.unique(np.stack([resolution, mean]), axis=1, return_inverse=True, return_counts=True)
    large = number >= LEAST_CELLS
    alone = ~large & (times[same.ravel()] == 1)
    alike = np.where(said.group > 0, said.group >> GROUP_BITS, 0)
    return [
        (_with_totals(replace(here, alike=None), mean * number, share), relations.only(large)),
        (_with_totals(replace(here, alike=alike), mean * number, share), relations.only(alone)),
    ]
