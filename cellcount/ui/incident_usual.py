"""People usually in zones, of a release that has typical days and no dates: who would be there, not who was."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cellcount.methods import cautions
from cellcount.methods.recovery import DAY_HOURS, NIGHT_HOURS
from cellcount.ui import reading
from cellcount.ui.incident_place import Place, read_place
from cellcount.ui.presence import Floats, hour_block
from cellcount.ui.reading import Release, Run
from cellcount.ui.times import Slot
from cellcount.ui.view import Day
from cellcount.ui.words import number
from cellcount.zones import Zones

NO_BASELINE = (
    "This release has typical days and no dates: nothing can be called an incident in it, and there is no day to hold "
    "against a usual one. How many people are usually in the zones is told, by day and by night."
)
UNIT = 5.0
"""People to which figures without an interval are rounded."""


PARENTS = 2
"""So many resolutions coarser are the cells by which those that are read are named."""


@dataclass(frozen=True, slots=True)
class TypicalCells:
    """Cells over a typical day.

    Attributes
    ----------
    label : str
        The day type.
    slots : tuple of Slot
        Its hours, or parts of the day, as far as they were measured.
    people : array of float, shape (cells, slots)
        People present; NaN where withheld, and where the release has no row.
    there : array of bool, shape (cells,)
        Of which cells it has a row.
    """

    label: str
    slots: tuple[Slot, ...]
    people: Floats
    there: NDArray[np.bool_]

    def only(self, rows: NDArray[np.int64]) -> TypicalCells:
        """The same of some of the cells."""
        return replace(self, people=self.people[rows], there=self.there[rows])


@dataclass(frozen=True, slots=True)
class UsualDay:
    """People in the zones over a typical day.

    Attributes
    ----------
    label : str
        The day type.
    slots : tuple of Slot
        Its hours, or parts of the day, as far as they were measured.
    people : array of float, shape (zones, slots)
        Sums of the cells' figures, those withheld left out; NaN where every cell is.
    withheld : array of int, shape (zones, slots)
        Cells inside that are withheld.
    """

    label: str
    slots: tuple[Slot, ...]
    people: Floats
    withheld: Floats

    def within(self, hours: Collection[int]) -> list[int]:
        """The slots that lie in some hours of the day, by their places."""
        return [place for place, slot in enumerate(self.slots) if set(slot.hours) <= set(hours)]


def typical_days(release: Release) -> list[Day]:
    """The typical days of the first period of a release, by day type; none where it has none."""
    days = release.days
    return [days.typical(period, kind) for period in list(days.periods)[:1] for kind in days.day_types]


def read_typical(release: Release, cells: NDArray[np.int64], resolution: int) -> tuple[list[TypicalCells], list[Run]]:
    """Cells over each typical day of a release.

    Parameters
    ----------
    release : Release
        A release with typical days.
    cells : array of int64, shape (cells,)
        Cells of the resolution, ascending.
    resolution : int
        Their H3 resolution.
    """
    coarser = max(resolution - PARENTS, 0)
    # A parent has the digits of its child down to its own resolution, and ones after it (h3geo.org, indexing).
    parents = np.unique(
        (cells & ~np.int64(15 << 52)) | np.int64(coarser << 52) | np.int64((1 << 3 * (15 - coarser)) - 1)
    )
    found, runs = [], []
    for day in typical_days(release):
        answer = release.run(
            "typical_day_in_view",
            area=release.areas[release.default_area].code,
            resolution=resolution,
            parents=parents.tolist(),
            parent_resolution=coarser,
            period=day.period,
            day_type=day.day_type,
        )
        runs.append(reading.ran(answer))
        read = answer.table.column("h3").to_numpy()
        known = np.isin(read, cells)
        rows = np.searchsorted(cells, read[known])
        people, there = np.full((len(cells), len(day.slots)), np.nan), np.zeros(len(cells), dtype=bool)
        people[rows] = hour_block(answer.table, "l")[known][:, [slot.column for slot in day.slots]]
        there[rows] = True
        found.append(TypicalCells(release.days.day_types[str(day.day_type)], day.slots, people, there))
    return found, runs


def usual_of(place: Place, typical: Sequence[TypicalCells]) -> list[UsualDay]:
    """People in the zones of a place over each typical day of its cells.

    Parameters
    ----------
    place : Place
        The place.
    typical : sequence of TypicalCells
        Of its cells.
    """
    weights = place.weights.weights
    found = []
    for day in typical:
        figures, there = day.people[place.rows], day.there[place.rows]
        hidden = np.isnan(figures) & there[:, None]
        inside = (weights > 0) & there[:, None]
        people = weights.T @ np.nan_to_num(figures)
        withheld = inside.T.astype(np.float64) @ hidden
        nothing = withheld >= inside.sum(axis=0)[:, None]
        found.append(UsualDay(day.label, day.slots, np.where(nothing, np.nan, people), withheld))
    return found


def read_usual(release: Release, zones: Zones) -> tuple[Place, list[TypicalCells], list[Run]]:
    """The place of zones, and its cells over each typical day of a release.

    Parameters
    ----------
    release : Release
        A release with typical days.
    zones : Zones
        The zones.

    Raises
    ------
    PlaceError
        If the release has no cells there, or the zones are too small for it.
    """
    place, runs = read_place(release, zones, release.resolutions(typical_days(release)[0]))
    typical, more = read_typical(release, place.cells, place.resolution)
    return place, typical, [*runs, *more]


def without_figures(place: Place, typical: Sequence[TypicalCells]) -> list[str]:
    """What must be said of zones that cannot be told, and of those of which a part has no cells, each with its name."""
    there = np.any([day.there for day in typical], axis=0)
    names = place.zones.names
    said = [cautions.without_cells(1.0 - share) for share in place.share_told(there)[-len(names) :]]
    of_each = [f"{name}: {sentence}" for name, sentence in zip(names, said, strict=True) if sentence]
    return [place.unsupported, *of_each] if place.unsupported else of_each


def usual_table(zones: Zones, days: Sequence[UsualDay]) -> pd.DataFrame:
    """A row for each zone and day type: people by day, by night, and when there are most."""
    rows = []
    for at, name in enumerate(zones.names):
        for day in days:
            people = day.people[at]
            most = int(np.nanargmax(people)) if np.isfinite(people).any() else None
            rows.append(
                {
                    "Zone": name,
                    "Day": day.label,
                    "By day": _mean(day, people, DAY_HOURS),
                    "By night": _mean(day, people, NIGHT_HOURS),
                    "Most": "withheld" if most is None else f"{number(people[most], UNIT)} ({day.slots[most].label})",
                    "Withheld cells": f"{int(day.withheld[at].max(initial=0)):,}",
                }
            )
    return pd.DataFrame(rows)


def _mean(day: UsualDay, people: Floats, hours: frozenset[int]) -> str:
    """The mean over the slots that lie in some hours."""
    inside = day.within(hours)
    if not inside:
        return "not measured"
    known = people[inside]
    return number(float(known.mean()), UNIT) if np.isfinite(known).all() else "withheld"
