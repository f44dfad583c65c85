"""Means and peaks over windows of hours, as the density page reads them."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from cellcount import store
from cellcount.bench.report import Entry, Line, NotMeasured
from cellcount.ui import reading, window_reading
from cellcount.ui.view import Area
from cellcount.ui.windows import Statistic, Window

GOAL_MS = 300.0
STATISTICS: tuple[Statistic, ...] = ("mean", "peak")
PARTS = (frozenset(range(7, 10)), frozenset(range(10, 16)), frozenset({22, 23, 0, 1}), frozenset(range(24)))
"""Morning, working day, night, and all of it."""


def measure_windows(folder: Path) -> list[Line]:
    """Measure windows over all dates of a release, for the whole and for the areas directly below it.

    Parameters
    ----------
    folder : Path
        Of the release.

    Returns
    -------
    list of Line
        The first window of each area, whose figures have to be read, and those after it.
    """
    first_look, later = "First window of hours of an area, all dates", "Another window of the same area"
    # Streamlit says of every cache that no page is being served.
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    release = reading.Release(store.open_release(folder, cache=store.AnswerCache(0)))
    dates = release.days.dates
    if not window_reading.serves_windows(release):
        return [NotMeasured(what, "The release has no histories of cells.") for what in (first_look, later)]
    whole = release.areas[release.default_area]
    types = frozenset(release.days.day_types) or frozenset({"weekday"})
    areas = [whole, *(area for area in release.areas.values() if area.parent == whole.code)]
    took_first, took_later, cells = [], [], []
    for area in areas:
        for place, hours in enumerate(PARTS):
            for statistic in STATISTICS:
                window = Window(hours, types, dates[0], dates[-1], statistic)
                spent, count = _window(release, area, window)
                if place == 0 and statistic == "mean":
                    took_first.append(spent)
                    cells.append(count)
                else:
                    took_later.append(spent)
    note = f"{len(dates)} dates; {min(cells):,} to {max(cells):,} cells."
    return [
        Entry(first_look, "ms", tuple(took_first), GOAL_MS, note),
        Entry(later, "ms", tuple(took_later), GOAL_MS, "means and peaks of four parts of the day."),
    ]


def _window(release: reading.Release, area: Area, window: Window) -> tuple[float, int]:
    """Milliseconds of a window whose cells are known already, as they are once a map of the area has been seen."""
    resolution, _ = reading.resolution_for(release, area, window_reading.resolutions(release))
    reading.facts_of(release, area, resolution)
    started = time.perf_counter()
    found, _, _ = window_reading.cell_window(release, area, window)
    return (time.perf_counter() - started) * 1000, len(found.h3)
