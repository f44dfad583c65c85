"""From the store to hotspots: an area's hours or window, its verdicts, and what their precision is worked out from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import h3
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cellcount.standard import DAY_PARTS
from cellcount.ui import hotspot_figures, reading, window_reading, windows
from cellcount.ui.hotspot_figures import Certainty, Course, Hotspots, Picture, Setting, Turns
from cellcount.ui.hour import DensityDay
from cellcount.ui.presence import AreaDay, CellDay, Floats
from cellcount.ui.reading import Release, Run
from cellcount.ui.times import Slot
from cellcount.ui.view import Day, View

PARTS = tuple(DAY_PARTS)
KEPT = 6
"""Areas and days whose hotspots are held: some 20 MB each of 12,000 cells."""


@dataclass(frozen=True)
class Found:
    """Everything of an area and a day, or a window, that the page shows.

    Attributes
    ----------
    shown : Hotspots
        What the map shows: verdicts on the hours of a day or on the mean of a window, or how lasting hotspots are.
    hourly : Hotspots
        Verdicts on every hour.
    sure, sure_hourly : Certainty or None
        What the precision of both is worked out from; None where the release does not tell it.
    course : Course
        How the hotspots move over the hours.
    turns : Turns
        Which places are hot when.
    runs : tuple of Run
        The queries that were run for it.
    """

    shown: Hotspots
    hourly: Hotspots
    sure: Certainty | None
    sure_hourly: Certainty | None
    course: Course
    turns: Turns
    runs: tuple[Run, ...]

    @property
    def plays(self) -> bool:
        """Whether the map has hours to play."""
        return self.shown.setting.method != "persistence" and len(self.shown.day.slots) > 1

    def picture(self, place: int) -> Picture:
        """What the map shows at a step."""
        return Picture(self.shown, self.hourly, place, self.sure)


def hotspots(release: Release, view: View, setting: Setting) -> Found:
    """Look for hotspots in an area and a day, or a window.

    Parameters
    ----------
    release : Release
        The release.
    view : View
        Area and day.
    setting : Setting
        How they are looked for.

    Returns
    -------
    Found
    """
    return _hotspots(release.manifest.sha256, view, setting, _release=release)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _hotspots(made: str, view: View, setting: Setting, *, _release: Release) -> Found:  # noqa: ARG001 - of that release
    day, runs = reading.density_day(_release, view) if view.day.window is None else _mean(_release, view)
    by_hour, more = (day, []) if view.day.window is None else _hours(_release, view, day.resolution)
    # What lasts is what Gi* calls hot hour after hour.
    verdict = replace(setting, method="gi") if setting.method == "persistence" else setting
    hourly = hotspot_figures.find(by_hour, verdict)
    if setting.method == "persistence":
        shown = replace(hourly, setting=setting)
    else:
        shown = hourly if day is by_hour else hotspot_figures.find(day, setting)
    sure_hourly = _certainty(_release, by_hour)
    sure = sure_hourly if shown.day is by_hour else _certainty(_release, shown.day)
    latitude, longitude = _middles(by_hour.cells.h3)
    course = hotspot_figures.course(hourly, sure_hourly, latitude, longitude)
    turns = hotspot_figures.turns(hourly)
    return Found(shown, hourly, sure, sure_hourly, course, turns, (*runs, *more))


def _mean(release: Release, view: View) -> tuple[DensityDay, list[Run]]:
    """The mean of a window; people of different hours do not add up to a hotspot, so there is no peak."""
    window = view.day.window
    assert window is not None
    mean = replace(view, day=release.days.over(replace(window, statistic="mean")))
    return window_reading.window_day(release, mean)


def _hours(release: Release, view: View, resolution: int) -> tuple[DensityDay, list[Run]]:
    """The hours of a window, each the mean over its dates, as a day of as many steps."""
    window = view.day.window
    assert window is not None
    zone, covered = release.manifest.time_zone, release.days.covered
    facts, asked = reading.facts_of(release, view.area, resolution)
    history, read = window_reading.history_of(release, view.area, resolution, window, facts)
    rows = facts.rows_of(history.h3)
    british = zone == window_reading.BRITISH
    nations = [windows.nation_of_area(facts.areas[row], british) for row in rows.tolist()]
    found = windows.cell_hours(history, window, zone, covered, nations)
    hours = window.ordered
    areas, totals = window_reading.area_window(release, window)
    nothing = np.empty((0, len(hours)))
    slots = tuple(Slot(f"{hour:02d}:00", f"{hour:02d}:00 to {(hour + 1) % 24:02d}:00", (hour,), hour) for hour in hours)
    day = DensityDay(
        view=replace(view, day=Day(window.days, slots, window=window)),
        resolution=resolution,
        facts=facts,
        cells=CellDay(history.h3, found.people, found.dates > 0, np.maximum(found.begun, 1).astype(np.float64)),
        errors=np.full(found.people.shape, np.nan),
        areas=AreaDay((), nothing, nothing)
        if areas is None
        else AreaDay(areas.codes, areas.by_hour, areas.errors_by_hour),
        within=release.within(view.area.code),
        zone=zone,
        left_out=found.left_out,
    )
    return day, [read, asked, *totals]


def _certainty(release: Release, day: DensityDay) -> Certainty | None:
    """What the precision of unions of cells is worked out from; None where the release does not tell it."""
    if not release.has("precision"):
        return None
    known, _ = reading.precision_of(release, day.view.area.code)
    weights = np.zeros((len(day.slots), len(PARTS)))
    for step, slot in enumerate(day.slots):
        # A step of a date is an hour of UTC; others are local hours, of which each counts the same.
        hours = [slot] if slot.on is not None else [replace(slot, hours=(hour,), column=hour) for hour in slot.hours]
        for each in hours:
            weights[step, PARTS.index(reading.part_of(release, each))] += 1 / len(hours)
    return Certainty(known, PARTS, weights)


def _middles(cells: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Latitude and longitude of the middle of cells, degrees."""
    middles = np.array([h3.cell_to_latlng(f"{cell:x}") for cell in cells.tolist()], dtype=np.float64).reshape(-1, 2)
    return middles[:, 0], middles[:, 1]
