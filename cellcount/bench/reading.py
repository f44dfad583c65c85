"""Queries on an open release, warm and one at a time, as one user would run them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import cycle, islice
from typing import Any

import psutil

from cellcount.bench.report import Entry, Line, NotMeasured
from cellcount.standard import HOURS_OF_DAY
from cellcount.store import Release

COARSE, FINE = 7, 8
CELLS = 500
WEEK = 7

Parameters = dict[str, Any]


def measure_queries(release: Release, runs: int) -> list[Line]:
    """Measure the queries that have a goal.

    Every run asks something else: another hour, another day, another authority, another 500 neighbouring cells. All are
    asked once before, so that files are warm and plans are not; answers must not be kept.

    Parameters
    ----------
    release : Release
        A release that was opened with a cache that keeps nothing.
    runs : int
        How often each query is run.

    Returns
    -------
    list of Line
    """
    national = f"National hour at resolution {COARSE}"
    authority = f"A local authority at resolution {FINE}, one hour"
    day, week = f"{CELLS} cells × 24 hours", f"{CELLS} cells × 168 hours"
    coarse, fine = _dates(release, COARSE), _dates(release, FINE)
    measured: list[Line] = []
    if coarse:
        asked = [
            {"resolution": COARSE, "date": date, "hour": hour}
            for hour, date in zip(range(HOURS_OF_DAY), cycle(coarse), strict=False)
        ]
        measured.append(_timed(release, national, "present_hour", asked, runs=runs, goal=10))
    else:
        measured.append(NotMeasured(national, f"The release has no dates at resolution {COARSE}."))
    if fine:
        measured.append(
            _timed(release, authority, "present_hour_of_area", _authorities(release, fine), runs=runs, goal=15)
        )
        measured.append(_cells(release, day, fine, days=1, runs=runs, goal=20))
        measured.append(_cells(release, week, fine, days=WEEK, runs=runs, goal=60))
    else:
        reason = f"The release has no dates at resolution {FINE}."
        measured += [NotMeasured(what, reason) for what in (authority, day, week)]
    memory = psutil.Process().memory_info().rss / 2**20
    return [*measured, Entry("Memory of this process after the queries", "MB", (memory,))]


def _dates(release: Release, resolution: int) -> list[dt.date]:
    return [each["date"] for each in release.partitions("present") if each["resolution"] == resolution]


def _authorities(release: Release, dates: Sequence[dt.date]) -> list[Parameters]:
    """One hour of every smallest area that has cells, the days and hours changing from one to the next."""
    cells = release.run("cells_of_area", area=release.manifest.default_area, resolution=FINE).table
    codes = sorted(cells.column("area_code").unique().to_pylist()) or [release.manifest.default_area]
    return [
        {"area": code, "resolution": FINE, "date": date, "hour": number % HOURS_OF_DAY}
        for number, (code, date) in enumerate(zip(codes, cycle(dates), strict=False))
    ]


def _cells(release: Release, what: str, dates: Sequence[dt.date], *, days: int, runs: int, goal: float) -> Line:
    """Neighbouring cells of one place after another, over a number of days."""
    first = next((date for date in dates if _run_of_days(date, days) <= set(dates)), None)
    if first is None:
        return NotMeasured(what, f"The release has no {days} days one after another at resolution {FINE}.")
    hour = release.run("present_hour", resolution=FINE, date=first, hour=0)
    cells = sorted(hour.table.column("h3").to_pylist())
    if len(cells) < CELLS:
        return NotMeasured(what, f"The release has only {len(cells):,} cells at resolution {FINE}.")
    places = min(runs, 20)
    starts = [(len(cells) - CELLS) * place // max(places - 1, 1) for place in range(places)]
    asked = [
        {
            "cells": cells[start : start + CELLS],
            "resolution": FINE,
            "first": first,
            "last": first + dt.timedelta(days - 1),
        }
        for start in starts
    ]
    return _timed(release, what, "present_of_cells", asked, runs=runs, goal=goal)


def _run_of_days(first: dt.date, days: int) -> set[dt.date]:
    return {first + dt.timedelta(number) for number in range(days)}


def _timed(release: Release, what: str, query: str, asked: Sequence[Parameters], *, runs: int, goal: float) -> Line:
    chosen = list(islice(cycle(asked), runs))
    for parameters in chosen[: len(asked)]:
        release.run(query, **parameters)
    answers = [release.run(query, **parameters) for parameters in chosen]
    rows = sum(answer.table.num_rows for answer in answers) / len(answers)
    return Entry(
        what, "ms", tuple(answer.seconds * 1000 for answer in answers), goal, f"{rows:,.0f} rows on average ({query})."
    )
