"""People usually in zones, of a release that has typical days and no dates: who would be there, not who was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cellcount.methods.recovery import DAY_HOURS, NIGHT_HOURS
from cellcount.ui import reading
from cellcount.ui.incident_place import Place, read_place
from cellcount.ui.presence import Floats, hour_block
from cellcount.ui.reading import Release, Run
from cellcount.ui.times import Slot
from cellcount.ui.words import number
from cellcount.zones import Zones

NO_BASELINE = (
    "This release has typical days and no dates: nothing can be called an incident in it, and there is no day to hold "
    "against a usual one. How many people are usually in the zones is told, by day and by night."
)
UNIT = 5.0
"""People to which figures without an interval are rounded."""


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


def read_usual(release: Release, zones: Zones) -> tuple[Place, list[UsualDay], list[Run]]:
    """People in zones over each typical day of a release.

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
    days = release.days
    period = next(iter(days.periods))
    every = [days.typical(period, kind) for kind in days.day_types]
    place, runs = read_place(release, zones, release.resolutions(every[0]))
    around = reading.covering(place.seen, place.resolution)
    found = []
    for day in every:
        answer = release.run(
            "typical_day_in_view",
            area=release.areas[release.default_area].code,
            resolution=place.resolution,
            parents=list(around.cells),
            parent_resolution=around.resolution,
            period=day.period,
            day_type=day.day_type,
        )
        runs.append(reading.ran(answer))
        block = np.full((len(place.cells), 24), np.nan)
        cells = answer.table.column("h3").to_numpy()
        known = np.isin(cells, place.cells)
        block[np.searchsorted(place.cells, cells[known])] = hour_block(answer.table, "l")[known]
        figures = block[place.rows][:, [slot.column for slot in day.slots]]
        inside = place.weights.weights > 0
        hidden = np.isnan(figures)
        people = place.weights.weights.T @ np.where(hidden, 0.0, figures)
        withheld = inside.T.astype(np.float64) @ hidden
        nothing = withheld >= inside.sum(axis=0)[:, None]
        label = days.day_types[str(day.day_type)]
        found.append(UsualDay(label, day.slots, np.where(nothing, np.nan, people), withheld))
    return place, found, runs


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
    inside = [place for place, slot in enumerate(day.slots) if set(slot.hours) <= hours]
    if not inside:
        return "not measured"
    known = people[inside]
    return number(float(known.mean()), UNIT) if np.isfinite(known).all() else "withheld"
