"""From the store to windows of hours: the history of cells, and their mean or peak in a window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import streamlit as st

from cellcount.errors import CellCountError
from cellcount.ui import reading, windows
from cellcount.ui.ground import Level
from cellcount.ui.hour import DensityDay
from cellcount.ui.maps import Looked
from cellcount.ui.presence import AreaDay, CellDay, CellFacts, Floats
from cellcount.ui.reading import Covering, Release, Run
from cellcount.ui.view import Area, View
from cellcount.ui.windows import BRITISH, AreaWindow, CellHistory, CellWindow, Window

MOST_FIGURES = 24_000_000
"""Cells x hours that one history has at most: 20,000 cells over seven weeks, 120 MB, and 100 MB as they were read."""
KEPT = 2
"""Areas whose figures are held, so that one window after the other takes no reading."""


class TooMuchHistoryError(CellCountError):
    """A window has more cells and hours than can be held."""


def serves_windows(release: Release) -> bool:
    """Whether a release has what windows of hours are read from: figures by date, sorted by cell."""
    return release.has("present_history") and bool(release.days.dates)


def resolutions(release: Release) -> list[int]:
    """Resolutions of which the release has histories, coarsest first."""
    return sorted({int(each["resolution"]) for each in release.opened.partitions("present_history")})


def cell_window(
    release: Release, area: Area, window: Window, resolution: int | None = None, around: Covering | None = None
) -> tuple[CellWindow, CellFacts, list[Run]]:
    """The mean or the peak of every cell of an area in a window, with standard errors where the release tells.

    Once the history of the area is held, another window of it takes tens of milliseconds.

    Parameters
    ----------
    release : Release
        A release with histories: see `serves_windows`.
    area : Area
        The area.
    window : Window
        The window; its statistic is a mean or a peak.
    resolution : int, optional
        H3 resolution of the cells; the finest that can be drawn if not given.
    around : Covering, optional
        What of the area is read; all if not given.

    Returns
    -------
    CellWindow
    CellFacts
        What is known of every cell of the area, of those without figures too.
    list of Run
        The queries that were run for it.

    Raises
    ------
    TableMissingError
        If the release has no histories.
    TooMuchHistoryError
        If the window is over too many dates for the area.
    """
    runs = []
    if resolution is None:
        resolution, counts = reading.resolution_for(release, area, resolutions(release))
        runs.append(counts)
    facts, asked = reading.facts_of(release, area, resolution, around)
    history, read = history_of(release, area, resolution, window, facts, around=around)
    zone, covered = release.manifest.time_zone, release.days.covered
    rows = facts.rows_of(history.h3)
    areas = [facts.areas[row] for row in rows.tolist()]
    nations = [windows.nation_of_area(code, zone == BRITISH) for code in areas]
    found = windows.cell_window(history, window, zone, covered, nations)
    runs = [read, *runs, asked]
    if release.has("precision"):
        known, run = reading.precision_of(release, area.code)
        found = windows.with_errors(found, known, areas, km2=facts.km2[rows], zone=zone, covered=covered)
        runs.append(run)
    return found, facts, runs


def history_of(
    release: Release,
    area: Area,
    resolution: int,
    window: Window,
    facts: CellFacts,
    *,
    around: Covering | None = None,
) -> tuple[CellHistory, Run]:
    """The cells of an area over the dates of a release, or where these are too many, over those of a window.

    Parameters
    ----------
    release : Release
        A release with histories.
    area : Area
        The area.
    resolution : int
        H3 resolution of the cells.
    window : Window
        What must be in it.
    facts : CellFacts
        Of the cells.
    around : Covering, optional
        What of the area is read; all if not given.
    """
    first, last = min(release.days.covered), max(release.days.covered)
    most = MOST_FIGURES // (24 * max(len(facts.h3), 1))
    if (last - first).days + 1 > most:
        # A local day begins and ends in the UTC days beside it.
        first, last = max(first, window.first - timedelta(1)), min(last, window.last + timedelta(2))
    if (last - first).days + 1 > most:
        raise TooMuchHistoryError(
            f"{area.name} has {len(facts.h3):,} cells, and a window of it can be over {most - 3:,} dates at most. "
            "Choose fewer dates or a smaller area."
        )
    hours = windows.utc_hours(window, release.manifest.time_zone, release.days.covered)
    asked = _Asked(release.manifest.sha256, area.code, resolution, first, last, around)
    return _history(asked, tuple(sorted(hours)), _release=release)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is read of a release: the cells of an area, or those of a view, over a run of UTC days."""

    made: str
    code: str
    resolution: int
    first: date
    last: date
    around: Covering | None


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _history(read: _Asked, hours: tuple[int, ...], *, _release: Release) -> tuple[CellHistory, Run]:
    table, run = _figures(read, _release=_release)
    return CellHistory.of(table, read.first, read.last, hours), run


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _figures(read: _Asked, *, _release: Release) -> tuple[pa.Table, Run]:
    around = read.around
    asked: dict[str, object] = {"area": read.code, "resolution": read.resolution}
    asked |= {"first": read.first, "last": read.last}
    if around is not None:
        asked |= {"parents": list(around.cells), "parent_resolution": around.resolution}
    answer = _release.run("history_of_area" if around is None else "history_in_view", **asked)
    return answer.table, reading.ran(answer)


def cell_hours(
    release: Release, area: Area, window: Window, cell: int, seen: Looked | None = None
) -> tuple[Floats, Floats]:
    """The mean of one cell over the dates of a window, hour by hour.

    Parameters
    ----------
    release : Release
        A release with histories.
    area : Area
        The area that was chosen, whose history is held.
    window : Window
        The window; its hours are taken one by one.
    cell : int
        The cell, one of the area's that have figures.
    seen : Looked, optional
        Where the visitor looks, as for `window_day`.

    Returns
    -------
    tuple of array of float, shape (hours of the window,)
        People and standard errors, in the order of the window's hours; NaN where withheld or not known.
    """
    resolution, around, _ = _detail(release, area, seen)
    facts, _ = reading.facts_of(release, area, resolution, around)
    history, _ = history_of(release, area, resolution, window, facts, around=around)
    zone, covered = release.manifest.time_zone, release.days.covered
    row = facts.rows_of(np.array([cell], dtype=np.int64))
    code = facts.areas[int(row[0])]
    nation = windows.nation_of_area(code, zone == BRITISH)
    found = windows.cell_hours(history.of_cell(cell), window, zone, covered, [nation])
    people = found.people[0]
    if not release.has("precision"):
        return people, np.full(len(people), np.nan)
    known, _ = reading.precision_of(release, area.code)
    return people, windows.errors_of_hours(found, known, [code], facts.km2[row])[0]


def area_window(release: Release, window: Window) -> tuple[AreaWindow | None, list[Run]]:
    """The mean or the peak of every area in a window, from the areas' own totals; None where there are none."""
    if not release.has("area_hour"):
        return None, []
    root = release.areas[release.default_area].code
    covered = release.days.covered
    answer = release.run(
        "area_hours",
        area=root,
        first=max(min(covered), window.first - timedelta(1)),
        last=min(max(covered), window.last + timedelta(2)),
    )
    zone = release.manifest.time_zone
    return windows.area_window(answer.table, window, zone, covered, zone == BRITISH), [reading.ran(answer)]


def window_day(release: Release, view: View, seen: Looked | None = None) -> tuple[DensityDay, list[Run]]:
    """An area in a window as a day of one step, which the density page draws as it draws an hour.

    Parameters
    ----------
    release : Release
        A release with histories.
    view : View
        What was chosen; its day has a window.
    seen : Looked, optional
        Where the visitor looks, if that is not the area as a whole: cells are as fine as the view can hold.

    Returns
    -------
    DensityDay
    list of Run
        The queries that were run for it.
    """
    if view.day.window is None:
        raise ValueError("A day of hours has no window.")
    return _window_day(release.manifest.sha256, view, seen, _release=release)


def _detail(release: Release, area: Area, seen: Looked | None) -> tuple[int, Covering | None, Run]:
    """Resolution of the cells of an area that are shown, and what of it is read; None for all of it."""
    there = resolutions(release)
    chosen, counts = reading.resolution_for(release, area, there)
    if seen is None or chosen >= max(there, default=chosen):
        return chosen, None, counts
    around = reading.covering(reading.grown(seen.bounds), chosen)
    return reading.resolution_in_view(release, area, there, around, chosen), around, counts


@st.cache_resource(max_entries=6, show_spinner=False)
def _window_day(
    made: str,  # noqa: ARG001 - of the same release
    view: View,
    seen: Looked | None,
    *,
    _release: Release,
) -> tuple[DensityDay, list[Run]]:
    release, window = _release, view.day.window
    assert window is not None
    resolution, around, counts = _detail(release, view.area, seen)
    cells, facts, runs = cell_window(release, view.area, window, resolution, around)
    areas, totals = area_window(release, window)
    shape = (-1, 1)
    nothing = AreaDay((), np.empty((0, 1)), np.empty((0, 1)))
    day = DensityDay(
        view=view,
        resolution=resolution,
        facts=facts,
        cells=CellDay(
            cells.h3, cells.people.reshape(shape), cells.covered.reshape(shape), cells.dates.astype(np.float64)
        ),
        errors=cells.errors.reshape(shape),
        areas=nothing
        if areas is None
        else AreaDay(areas.codes, areas.people.reshape(shape), areas.errors.reshape(shape)),
        within=release.within(view.area.code),
        zone=release.manifest.time_zone,
        level=Level(
            loaded=around.bounds if around else reading.bounds(release, view.area),
            whole=around is None,
            finer=resolution < max(resolutions(release)),
            zoom=seen.zoom if seen and around else None,
        ),
        left_out=cells.left_out.reshape(shape) if window.statistic == "mean" else None,
        cell_window=cells,
        area_window=areas,
    )
    return day, [*runs, *totals, counts]
