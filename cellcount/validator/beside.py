"""What is wrong with the rows of one day beside each other: parts that are more than their whole, or do not add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cellcount.validator.files import Partition
from cellcount.validator.findings import Findings, shown_count
from cellcount.validator.indexes import NUMBER_BITS, Cells, among, from_numbers, parents
from cellcount.validator.keys import NO_KEY, KeyPart, Keys, unpack
from cellcount.validator.manifest import COARSEST
from cellcount.validator.parts import WITHHELD, Contradictions, Counts, Parts, compare, find_parts
from cellcount.validator.rows import ALL, Context

_ALL_CHILDREN = 7
NOT_COVERED = "not covered"
"""What an absent row means in the tables where it does not mean that there was nothing."""


@dataclass
class Kept:
    """Keys and counts of the rows of a partition."""

    _keys: list[Keys] = field(default_factory=list)
    _counts: list[dict[str, Counts]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows kept."""
        return sum(len(keys) for keys in self._keys)

    def add(self, keys: Keys, counts: Sequence[tuple[str, Counts]]) -> None:
        """Keep some rows."""
        self._keys.append(keys)
        self._counts.append(dict(counts))

    def sorted(self) -> Ordered:
        """All rows with a whole key, by key, each key once; columns that every file has."""
        keys = np.concatenate(self._keys)
        names = [name for name in self._counts[0] if all(name in counts for counts in self._counts)]
        ascending = bool((keys[1:] > keys[:-1]).all()) and (not len(keys) or keys[0] != NO_KEY)
        order = None
        if not ascending:
            order = np.argsort(keys, kind="stable")
            in_order = keys[order]
            first = np.append(True, in_order[1:] != in_order[:-1]) & (in_order != NO_KEY)
            order = order[first]
            keys = keys[order]
        columns = []
        for name in names:
            pieces = [counts.pop(name) for counts in self._counts]
            column = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
            columns.append((name, column if order is None else column[order]))
        return Ordered(keys, columns)


@dataclass(frozen=True)
class Ordered:
    """Rows by key, each key once."""

    keys: Keys
    columns: list[tuple[str, Counts]]


@dataclass(frozen=True)
class _Block:
    """The rows of one resolution and segment: they follow each other, by cell."""

    cells: Cells
    first: int

    @property
    def rows(self) -> slice:
        return slice(self.first, self.first + len(self.cells))


@dataclass(frozen=True)
class Day:
    """The rows of a partition beside each other, and where to tell what is wrong with them.

    Parameters
    ----------
    ordered : Ordered
        Rows.
    parts : sequence of KeyPart
        What their keys are made of.
    partition : Partition
        The partition.
    context : Context
        What rows are compared with.
    findings : Findings
        Told what is wrong.
    """

    ordered: Ordered
    parts: Sequence[KeyPart]
    partition: Partition
    context: Context
    findings: Findings

    @property
    def threshold(self) -> int:
        """Devices: smaller counts are withheld."""
        return self.context.threshold

    def where(self, row: int) -> str:
        """A row, by its key."""
        partition = self.partition
        return f"{partition.table.partitions[0]} {partition.value}, {unpack(self.parts, int(self.ordered.keys[row]))}"

    def add(self, rule: str, example: str, count: int, columns: Sequence[str]) -> None:
        """Tell a fault."""
        table, file = self.partition.table.name, self.partition.files[0].path
        self.findings.add(rule, example, count=count, table=table, columns=columns, file=file)

    def compare(self, parts: Parts) -> None:
        """Compare wholes with their parts, and tell what does not agree."""
        absent_is_none = self.partition.table.absent_row != NOT_COVERED
        found = compare(self.ordered.columns, parts, self.threshold, absent_is_none=absent_is_none)
        if found is None:
            return
        for rule, kind, wrong, columns in (
            ("child-larger", "larger", found.larger, found.larger_in),
            ("children-do-not-add", "short", found.short, found.short_in),
        ):
            if columns:
                self.add(rule, self._example(found, kind, parts), int(np.count_nonzero(wrong)), columns)

    def _example(self, found: Contradictions, kind: str, parts: Parts) -> str:
        column, place, total, whole = found.examples[kind]
        where = self.where(int(parts.whole[place]))
        if total is None:
            return f"{where}: {column}, where a part is under the threshold"
        is_whole = "withheld" if whole is None else shown_count(whole, self.threshold)
        return f"{where}: {column} is {is_whole}, and its parts add to {shown_count(total, self.threshold)}"


def compare_cells(day: Day) -> None:
    """Compare each cell with its children, and each segment with all devices.

    Parameters
    ----------
    day : Day
        Rows of `cell_day`.
    """
    ordered, parts, context = day.ordered, day.parts, day.context
    codes = next(part.codes for part in parts if part.codes is not None)
    all_devices = codes.number_of(ALL)
    blocks = _blocks(ordered.keys, codes.bits)
    listed = set(context.manifest.resolutions) | {resolution for resolution, _ in blocks}
    for (resolution, segment), block in blocks.items():
        if resolution > COARSEST and resolution - 1 in listed:
            _compare_children(day, block, blocks.get((resolution - 1, segment)), resolution, context)
        everyone = blocks.get((resolution, all_devices))
        if segment != all_devices and everyone is not None:
            here, place = among(block.cells, everyone.cells)
            _compare_pairs(day, block.first + np.flatnonzero(here), everyone.first + place[here])


def _blocks(keys: Keys, segment_bits: int) -> dict[tuple[int, int], _Block]:
    """Rows by resolution and number of segment."""
    kind = keys >> NUMBER_BITS
    ends = (np.flatnonzero(kind[1:] != kind[:-1]) + 1).tolist()
    blocks = {}
    for start, end in pairwise([0, *ends, len(keys)]):
        if end > start:
            number = int(kind[start])
            blocks[number >> segment_bits, number & (1 << segment_bits) - 1] = _Block(
                from_numbers(keys[start:end]), start
            )
    return blocks


def _compare_children(day: Day, block: _Block, above: _Block | None, resolution: int, context: Context) -> None:
    wholes = above or _Block(np.empty(0, np.int64), 0)
    by_parent = context.known.children_by_parent(resolution) if context.known else None

    def there_are(keys: Cells) -> NDArray[np.int64]:
        if by_parent is None:
            return np.full(len(keys), _ALL_CHILDREN)
        here, place = among(keys, by_parent[0])
        return np.where(here, by_parent[1][place], 0)

    above_each = parents(block.cells, resolution - 1)
    parts = find_parts(above_each, block.rows, wholes.cells, wholes.first, there_are)
    lost = parts.starts[parts.whole < 0]
    if len(lost):
        said = f"{day.where(block.first + int(lost[0]))}: its parent {int(above_each[lost[0]]):x} has no row"
        day.add("parent-missing", said, len(lost), ["h3"])
    day.compare(parts)


def _compare_pairs(day: Day, rows: NDArray[np.int64], whole: NDArray[np.int64]) -> None:
    """Compare each segment's row with that of all devices in the same place: two counts, so a device of rounding."""
    wrong = np.zeros(len(rows), np.bool_)
    columns, example = [], ""
    for name, counts in day.ordered.columns:
        seen, total = counts[rows], counts[whole]
        most = np.where(total == WITHHELD, day.threshold - 1, total)
        more = (seen != WITHHELD) & (seen > most.astype(np.int64) + 1)
        if more.any():
            first = int(np.argmax(more))
            is_whole = "withheld" if total[first] == WITHHELD else shown_count(int(total[first]), day.threshold)
            said = shown_count(int(seen[first]), day.threshold)
            example = example or f"{day.where(int(rows[first]))}: {name} is {said}, and that of all is {is_whole}"
            columns.append(name)
            wrong |= more
    if columns:
        day.add("segment-larger", example, int(np.count_nonzero(wrong)), columns)


def compare_areas(day: Day) -> None:
    """Compare each area with those in it, and each segment with all devices.

    Parameters
    ----------
    day : Day
        Rows of `area_day` or `home_presence`.
    """
    ordered, parts, context = day.ordered, day.parts, day.context
    codes = parts[0].codes
    assert codes is not None
    rest = sum(part.bits for part in parts[1:])
    area, others = ordered.keys >> rest, ordered.keys & (1 << rest) - 1
    if context.known is not None:
        zones = context.known.zones
        above = np.append(zones.parents, -1)[np.minimum(area, len(zones.codes))]
        rows = np.flatnonzero(above >= 0)
        whole_keys = above[rows] << rest | others[rows]
        order = np.argsort(whole_keys, kind="stable")
        inside = np.bincount(zones.parents[zones.parents >= 0], minlength=len(zones.codes))
        if len(rows):
            # A table need not have areas of every type: only wholes that are there are compared.
            day.compare(find_parts(whole_keys[order], rows[order], ordered.keys, 0, lambda keys: inside[keys >> rest]))
    if parts[-1].column == "segment":
        segments = parts[-1].codes
        assert segments is not None
        number, all_devices = ordered.keys & (1 << segments.bits) - 1, segments.number_of(ALL)
        here, place = among(ordered.keys - number + all_devices, ordered.keys)
        rows = np.flatnonzero(here & (number != all_devices))
        _compare_pairs(day, rows, place[rows])
