"""Withholding what would give a withheld figure away: totals and their parts, looked at together.

This is done to areas, trips, visits and homes. Cells, of which most totals have some that are withheld, go another way:
see `field`.

Whoever knows that parts add up to a total works out what is left of it when the released parts are taken off: the
remainder R, which the withheld parts share. The rule for a single figure leaves each of them a range [L, U]: of 1 to
t - 1 devices, in people. The release must not leave it less, so that for each part j

    R >= U_j + the L of all other withheld parts    and    R <= L_j + the U of all other withheld parts.

Nobody can tell a part that is small from one that is withheld because an operator outweighs the others, or for
another's sake. In others' eyes a withheld part has therefore no upper limit but what other sums set it (a segment is
no more than everybody in the cell), and where there is none the second condition says that no part may be the only one.
Where a condition fails the next smallest part is withheld too, and if all parts together do not suffice, so is the
total. R is taken as it stands, without the 5 people by which rounding blurs each figure: whoever averages hours or
dates averages that blur away.

Where a total is small, its parts of zero are withheld with it: if only those were withheld that are not zero, the total
would be known to be as many devices at least. A part may then be none, and a total a single device. What is withheld
for this alone counts as released above, for whoever sees inside it may know it for zero.

A figure that is withheld to protect another must not be worked out either, neither from its own parts nor from another
total that it is a part of: it must be able to move, up and down, by as much as what it protects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellcount.build.protect import DOMINATED, LEAST_REST, NONE, PART, SEGMENT, SMALL, TOTAL, WIDE, Reasons

_ANY = 1e9
"""People: stands for no upper limit; more than any country has, and little enough for sums to stay exact to 1e-6."""
Amounts = NDArray[np.float64]


@dataclass(frozen=True)
class Withheld:
    """Zones of one kind, any number of them, in one hour.

    Attributes
    ----------
    people : array of float
        Estimates; 0 where there is none.
    reasons : array of uint8
        Why each is withheld; changed in place.
    device : array of float
        People for whom one device stands: 1 / P.
    upper : array of float, optional
        People whom a zone cannot exceed if it is withheld, for what anybody knows from other sums.
    """

    people: Amounts
    reasons: Reasons
    device: Amounts
    upper: Amounts | None = None


@dataclass(frozen=True)
class _Step:
    """Totals of one height, and the places of their parts.

    Attributes
    ----------
    totals : array of int64
        Places of the totals.
    parts : array of int64, most parts x totals
        Places of their parts; the number of zones, one past the last place, stands for no part.
    row_of : array of int64
        For each zone and for no part, the column of its total; -1 where it is a part of none of these.
    """

    totals: NDArray[np.int64]
    parts: NDArray[np.int64]
    row_of: NDArray[np.int64]

    def touched(self, changed: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Totals, by their column, that have changed or of which a part has: only these can have come undone."""
        rows = changed[self.totals]
        of_parts = self.row_of[np.flatnonzero(changed)]
        rows[of_parts[of_parts >= 0]] = True
        return np.flatnonzero(rows)


@dataclass(frozen=True)
class Tree:
    """Zones that contain each other: steps from the lowest totals to the highest.

    Attributes
    ----------
    size : int
        Number of zones.
    steps : tuple
        Totals and parts, by height.
    """

    size: int
    steps: tuple[_Step, ...]

    @classmethod
    def of_parents(cls, parents: NDArray[np.int64]) -> Tree:
        """The tree that says for each zone which zone contains it.

        Parameters
        ----------
        parents : array of int64
            Place of the zone that contains it; -1 where none does.

        Returns
        -------
        Tree

        Examples
        --------
        Two authorities in a country:

        >>> tree = Tree.of_parents(np.array([2, 2, -1]))
        >>> tree.steps[0].totals, tree.steps[0].parts
        (array([2]), array([[0],
               [1]]))
        """
        size = len(parents)
        inside = np.flatnonzero(parents >= 0)
        above = parents[inside]
        height = np.zeros(size, dtype=np.int64)
        while True:
            higher = height.copy()
            np.maximum.at(higher, above, height[inside] + 1)
            if np.array_equal(higher, height):
                break
            height = higher
        order = np.argsort(above, kind="stable")
        parts, above = inside[order], above[order]
        totals, first, number = np.unique(above, return_index=True, return_counts=True)
        steps = []
        for level in np.unique(height[totals]):
            here = np.flatnonzero(height[totals] == level)
            each = np.arange(number[here].max(initial=0))[:, None]
            there = each < number[here]
            places = np.where(there, parts[np.where(there, first[here] + each, 0)], size)
            row_of = np.full(size + 1, -1)
            row_of[places] = np.arange(len(here))
            row_of[size] = -1
            steps.append(_Step(totals[here], places, row_of))
        return cls(size, tuple(steps))


class _Hour:
    """Zones of one hour with one place more, for parts that are not there: nobody, released.

    Parameters
    ----------
    tree : Tree
        Which zone contains which.
    zones : Withheld
        The zones.
    """

    def __init__(self, tree: Tree, zones: Withheld) -> None:
        self.tree = tree
        self.people, self.reasons, self.device = (
            np.append(each, np.zeros(1, each.dtype)) for each in (zones.people, zones.reasons, zones.device)
        )
        self.upper: Amounts | None = None
        self._settled: Reasons | None = None

    def withhold(self, threshold: int) -> None:
        """Withhold what totals give away, up the tree and down again: see `withhold_in_tree`."""
        before = self._settled
        hidden_before = []
        for step in self.tree.steps:
            hidden = _hidden(self.reasons[step.totals])
            hidden_before.append(hidden)
            rows = np.arange(len(step.totals)) if before is None else step.touched(self.reasons != before)
            sensitive = _sensitive(self.reasons[step.parts[:, rows]], PART).any(axis=0)
            here = hidden[rows] | (sensitive & (self.reasons[step.totals[rows]] & SMALL == 0))
            self._settle(step, rows[here], threshold)
        for step, hidden in zip(reversed(self.tree.steps), reversed(hidden_before), strict=True):
            newly = _hidden(self.reasons[step.totals]) & ~hidden
            self._settle(step, np.flatnonzero(newly), threshold)
        self._settled = self.reasons.copy()

    def most_by_totals(self, places: NDArray[np.int64]) -> Amounts:
        """People whom withheld zones at some places cannot exceed: what a released total leaves for each.

        Nothing is said of zones that are released: before they are withheld, more will be withheld with them.
        """
        most = np.full(len(places), _ANY)
        shown = (self.reasons & np.uint8(0xFF ^ NONE)) == 0
        for step in self.tree.steps:
            row = step.row_of[places]
            here = np.flatnonzero((row >= 0) & ~shown[places])
            here = here[shown[step.totals[row[here]]]]
            parts = step.parts[:, row[here]]
            off = np.where(shown[parts], self.people[parts], self.device[parts]).sum(axis=0)
            most[here] = self.people[step.totals[row[here]]] - off + self.device[places[here]]
        return most

    def hide_none(self) -> None:
        """Withhold zeros in totals that are small."""
        for step in self.tree.steps:
            parts = step.parts[:, self.reasons[step.totals] & SMALL != 0]
            self.reasons[parts[(self.reasons[parts] == 0) & (self.people[parts] == 0)]] = NONE
        self.reasons[-1] = 0  # the place of parts that are not there

    def _settle(self, step: _Step, here: NDArray[np.int64], threshold: int) -> None:
        if not len(here):
            return
        totals, parts = step.totals[here], step.parts[:, here]
        total = Withheld(self.people[totals], self.reasons[totals], self.device[totals])
        found = Withheld(
            self.people[parts],
            self.reasons[parts],
            self.device[parts],
            None if self.upper is None else self.upper[parts],
        )
        settle(total, found, own=PART, threshold=threshold)
        self.reasons[parts] = found.reasons
        self.reasons[totals] = total.reasons


def withhold_in_tree(tree: Tree, zones: Withheld, threshold: int) -> None:
    """Withhold, in place, what a tree of totals would give away.

    Parameters
    ----------
    tree : Tree
        Which zone contains which.
    zones : Withheld
        People and reasons of its zones in one hour.
    threshold : int
        Devices.

    Notes
    -----
    From the lowest totals up, parts are withheld and, where they do not suffice, totals. A total so withheld is a part
    further up. Then from the highest down: a zone that was withheld to protect its neighbours must not add up from its
    own parts, so that some of these are withheld too. Nothing done on the way down undoes what was done before, since
    one more part without an upper limit only widens what a total leaves.

    Examples
    --------
    Three parts of 4, 30 and 80 people, whose total is released; every person has a device. The 4 would be worked out:
    the 30 goes too.

    >>> zones = Withheld(np.array([4.0, 30, 80, 114]), np.array([SMALL, 0, 0, 0], dtype=np.uint8), np.ones(4))
    >>> withhold_in_tree(Tree.of_parents(np.array([3, 3, 3, -1])), zones, threshold=10)
    >>> zones.reasons
    array([1, 8, 0, 0], dtype=uint8)
    """
    if not zones.reasons.any():
        return
    hour = _Hour(tree, zones)
    hour.withhold(threshold)
    hour.hide_none()
    zones.reasons[:] = hour.reasons[:-1]


def withhold_in_segments(
    trees: Mapping[str, Tree],
    zones: Mapping[str, Withheld],
    segments: Mapping[str, NDArray[np.int64]],
    everybody: str,
    threshold: int,
) -> None:
    """Withhold, in place, what zones that contain each other and their segments give away together.

    Parameters
    ----------
    trees : mapping of str to Tree
        By segment, which cell contains which.
    zones : mapping of str to Withheld
        By segment, people and reasons of its cells.
    segments : mapping of str to array of int64
        For each segment that is a part of everybody, and for each of the first cells of everybody's tree, the place of
        the cell in the segment's tree: its size where it is not there. The cells beyond have no segments.
    everybody : str
        The segment that is the total of the others.
    threshold : int
        Devices.
    """
    hours = {segment: _Hour(trees[segment], each) for segment, each in zones.items()}
    changed = set(hours)
    settled: Reasons | None = None
    while changed:
        for segment in sorted(changed, key=lambda name: name != everybody):
            if segment in segments:
                hours[segment].upper = _most_by_everybody(hours, segments, everybody, segment)
            hours[segment].withhold(threshold)
        changed = set()
        if segments:
            changed, settled = _settle_segments(hours, segments, everybody, threshold, settled)
    small = hours[everybody].reasons & SMALL != 0 if everybody in hours else np.zeros(0, dtype=np.bool_)
    for segment, hour in hours.items():
        hour.hide_none()
        if segment in segments:
            places = segments[segment][small[: len(segments[segment])]]
            hour.reasons[places[(hour.reasons[places] == 0) & (hour.people[places] == 0)]] = NONE
        zones[segment].reasons[:] = hour.reasons[:-1]


def _most_by_everybody(
    hours: Mapping[str, _Hour], segments: Mapping[str, NDArray[np.int64]], everybody: str, segment: str
) -> Amounts:
    """People whom a withheld segment cannot exceed: everybody in the cell less its other segments.

    Nothing is said of segments that are released: before they are withheld, more will be withheld with them.
    """
    places = segments[segment]
    most = np.full(len(hours[segment].people), _ANY)
    here = np.flatnonzero((hours[segment].reasons[places] & np.uint8(0xFF ^ NONE)) != 0)
    left = np.where(hours[everybody].reasons[here] == 0, hours[everybody].people[here], _ANY)
    for other, theirs in segments.items():
        if other != segment:
            hour, at = hours[other], theirs[here]
            shown = (hour.reasons[at] & np.uint8(0xFF ^ NONE)) == 0
            left -= np.where(shown, hour.people[at], hour.device[at])
    most[places[here]] = left
    most[-1] = _ANY  # the place of parts that are not there
    return most


def _settle_segments(
    hours: Mapping[str, _Hour],
    segments: Mapping[str, NDArray[np.int64]],
    everybody: str,
    threshold: int,
    before: Reasons | None,
) -> tuple[set[str], Reasons]:
    """Withhold segments of cells whose total is everybody; which segments changed, and reasons as they are now.

    Cells whose reasons are as they were `before`, when this was last done, are left alone.
    """
    whole = hours[everybody]
    first = slice(min(len(places) for places in segments.values()))
    reasons = np.array([whole.reasons[first], *(hours[name].reasons[places] for name, places in segments.items())])
    sensitive = _sensitive(reasons[1:], SEGMENT).any(axis=0)
    looked_at = _hidden(reasons[0]) | (sensitive & ((reasons[0] & SMALL) == 0))
    if before is not None:
        looked_at &= (reasons != before).any(axis=0)
    here = np.flatnonzero(looked_at)
    at = {segment: places[here] for segment, places in segments.items()}
    total = Withheld(whole.people[here], reasons[0, here], whole.device[here])
    parts = Withheld(
        np.array([hours[segment].people[places] for segment, places in at.items()]),
        reasons[1:, here],
        np.array([hours[segment].device[places] for segment, places in at.items()]),
        np.array([hours[segment].most_by_totals(places) for segment, places in at.items()]),
    )
    settle(total, parts, own=SEGMENT, threshold=threshold)
    changed = set()
    for found, (segment, places) in zip(parts.reasons, at.items(), strict=True):
        if (found != hours[segment].reasons[places]).any():
            hours[segment].reasons[places] = found
            changed.add(segment)
    if (total.reasons != whole.reasons[here]).any():
        whole.reasons[here] = total.reasons
        changed.add(everybody)
    reasons[0, here], reasons[1:, here] = total.reasons, parts.reasons
    return changed, reasons


def withhold_in_groups(parts: Withheld, groups: NDArray[np.int64], totals: Withheld, threshold: int) -> None:
    """Withhold, in place, what totals of groups give away.

    Parameters
    ----------
    parts : Withheld
        Parts.
    groups : array of int64
        The place of each part's total.
    totals : Withheld
        Totals.
    threshold : int
        Devices.
    """
    number = len(parts.people)
    joined = Withheld(
        np.concatenate([parts.people, totals.people]),
        np.concatenate([parts.reasons, totals.reasons]),
        np.concatenate([parts.device, totals.device]),
    )
    parents = np.concatenate([groups + number, np.full(len(totals.people), -1)])
    withhold_in_tree(Tree.of_parents(parents), joined, threshold)
    parts.reasons[:] = joined.reasons[:number]
    totals.reasons[:] = joined.reasons[number:]


def withhold_in_rows(parts: Withheld, totals: Withheld, threshold: int) -> None:
    """Withhold, in place, what totals of rows give away.

    Parameters
    ----------
    parts : Withheld
        Parts: arrays of rows x parts.
    totals : Withheld
        The total of each row.
    threshold : int
        Devices.

    Examples
    --------
    A day's trips by hour: 4, 30 and none, and 34 in all. The 30 are withheld with the 4.

    >>> hours = Withheld(np.array([[4.0, 30, 0]]), np.array([[SMALL, 0, 0]], dtype=np.uint8), np.ones((1, 3)))
    >>> day = Withheld(np.array([34.0]), np.zeros(1, dtype=np.uint8), np.ones(1))
    >>> withhold_in_rows(hours, day, threshold=10)
    >>> hours.reasons, day.reasons
    (array([[1, 8, 0]], dtype=uint8), array([0], dtype=uint8))
    """
    sensitive = _sensitive(parts.reasons, PART).any(axis=1) & ((totals.reasons & SMALL) == 0)
    here = np.flatnonzero(_hidden(totals.reasons) | sensitive)
    total = Withheld(totals.people[here], totals.reasons[here], totals.device[here])
    found = Withheld(
        np.ascontiguousarray(parts.people[here].T),
        np.ascontiguousarray(parts.reasons[here].T),
        np.ascontiguousarray(parts.device[here].T),
    )
    settle(total, found, own=PART, threshold=threshold)
    parts.reasons[here] = found.reasons.T
    totals.reasons[here] = total.reasons
    none = (parts.reasons == 0) & (parts.people == 0) & (totals.reasons & SMALL != 0)[:, None]
    parts.reasons[none] = NONE


def settle(totals: Withheld, parts: Withheld, *, own: int, threshold: int) -> None:
    """Withhold, in place, parts of totals until no part is told more of than the rule for a single figure tells.

    Parameters
    ----------
    totals : Withheld
        The totals. One that is itself withheld must be able to move, as a part that protects others must; one that
        all its parts together do not protect is withheld.
    parts : Withheld
        Arrays of parts x totals; people 0 where there is no part, or nobody.
    own : int
        The reason that is given to parts withheld here; a part withheld for this alone needs no protection here.
    threshold : int
        Devices.

    Examples
    --------
    Small parts of 5 and 7 devices leave R = 12. Each may have 1 to 11 for all that anybody knows, and 12 is at least
    9 + 1. Those of 4 and 5 leave 9, so that none can have 9 if the other has 1: the part of 40 must be withheld too.

    >>> parts = Withheld(np.array([[5.0, 4], [7, 5], [40, 40]]), np.array([[1, 1], [1, 1], [0, 0]], dtype=np.uint8),
    ...                  np.ones((3, 2)))
    >>> totals = Withheld(parts.people.sum(axis=0), np.zeros(2, dtype=np.uint8), np.ones(2))
    >>> settle(totals, parts, own=PART, threshold=10)
    >>> parts.reasons
    array([[1, 1],
           [1, 1],
           [0, 8]], dtype=uint8)
    """
    if not parts.people.size:
        return
    people, reasons, device = parts.people, parts.reasons, parts.device
    # Without other sums nothing has an upper limit: two withheld parts are then enough, and 1 stands for each.
    upper = np.ones_like(people) if parts.upper is None else np.maximum(parts.upper, people)
    away = _hidden(totals.reasons)
    sensitive = _sensitive(reasons, own)
    dominated = (np.where(sensitive, reasons, 0) & np.uint8(DOMINATED | WIDE)).any(axis=0)
    added = np.where(dominated, own | WIDE, own).astype(np.uint8)

    # By how much R must exceed the least of all withheld parts, and the most of them exceed R.
    room = np.where(away, _reach(totals.people, totals.reasons, totals.device, threshold), -np.inf)
    reach = _reach(people, reasons, device, threshold)
    most = _most(people, reasons, device, reach, threshold)
    above = np.maximum(room, np.where(sensitive, most - device, -np.inf).max(axis=0))
    shown = (reasons & np.uint8(0xFF ^ NONE)) == 0
    left = totals.people - np.where(shown, people, 0.0).sum(axis=0)
    least, largest = np.where(shown, 0.0, device).sum(axis=0), np.where(shown, 0.0, upper).sum(axis=0)
    if parts.upper is None:
        below = np.where(sensitive.any(axis=0), 2.0, np.where(away, 1.0, 0.0))
        against = np.zeros(len(left))
    else:
        fewest = np.where(reasons & SMALL, device, np.maximum(people - reach, device))
        below = np.maximum(room, np.where(sensitive, upper - fewest, -np.inf).max(axis=0))
        against = left

    candidates = np.where(shown & (people > 0), people, np.inf)
    columns = np.arange(people.shape[1])
    while True:
        short = left[columns] - least[columns] < above[columns]
        short |= largest[columns] - against[columns] < below[columns]
        columns = columns[short]
        if not len(columns):
            return
        next_part = candidates[:, columns].argmin(axis=0)
        found = np.isfinite(candidates[next_part, columns])
        stuck = columns[~found]
        stuck = stuck[~away[stuck]]
        totals.reasons[stuck] |= np.uint8(TOTAL) | (added[stuck] & np.uint8(WIDE))
        columns, next_part = columns[found], next_part[found]
        reasons[next_part, columns] |= added[columns]
        left[columns] += people[next_part, columns]
        least[columns] += device[next_part, columns]
        largest[columns] += upper[next_part, columns]
        candidates[next_part, columns] = np.inf


def _sensitive(reasons: Reasons, own: int) -> NDArray[np.bool_]:
    """Which parts need protection in a sum that gives `own` as its reason."""
    return (reasons & np.uint8(0xFF ^ NONE ^ WIDE ^ own)) != 0


def _hidden(why: Reasons) -> NDArray[np.bool_]:
    """Totals withheld for another reason than that they are small: nothing of theirs may add up."""
    return ((why & np.uint8(0xFF ^ NONE)) != 0) & ((why & SMALL) == 0)


def _reach(people: Amounts, reasons: Reasons, device: Amounts, threshold: int) -> Amounts:
    """How far a figure that protects others must be able to move, people."""
    reach = (threshold - 1) * device
    wide = np.nonzero(reasons & np.uint8(DOMINATED | WIDE))
    reach[wide] = np.maximum(reach[wide], LEAST_REST * people[wide])
    return reach


def _most(people: Amounts, reasons: Reasons, device: Amounts, reach: Amounts, threshold: int) -> Amounts:
    """How large withheld parts must be able to be: as the rule says of small ones, and others by their reach more."""
    return np.where(reasons & SMALL, (threshold - 1) * device, people + reach)
