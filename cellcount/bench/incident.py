"""From an area that was drawn to the answer of the incident page, and the exposure of a list of sites."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from cellcount import store
from cellcount.bench.report import Entry, Line, NotMeasured
from cellcount.errors import CellCountError
from cellcount.exposure import exposure
from cellcount.methods.baseline import LEAST_DAYS
from cellcount.ui import reading, window_reading
from cellcount.ui.incident_answer import Asked, answer
from cellcount.ui.incident_place import read_figures, read_place
from cellcount.zones import Site, rings

LONDON = -0.12, 51.51
"""Longitude and latitude of the middle of the circles."""
GOALS_MS = {5.0: 1000.0, 20.0: 2000.0}
"""On screen, by radius in km: see `cellcount.bench.incident_page`."""
GOAL_OF_WORK_MS = 100.0
"""Query and statistics of the smallest circle, without what draws them."""
FROM, HOURS = 13, 7
"""First local hour of the incident, and how many it has."""
SITES, SITE_KM, GOAL_OF_SITES = 1000, (1.0, 3.0, 5.0), 60.0
LEAST_SETTLEMENTS = 100
"""Of a release with fewer a thousand sites would be the same few, over and over."""
ASTRAY = 0.02
"""Degrees by which a made-up site may lie beside its settlement."""
SEED = 1


def measure_incident(folder: Path, runs: int = 20) -> list[Line]:
    """Measure answers on circles in London, and exposures of made-up sites at settlements of the release.

    Parameters
    ----------
    folder : Path
        Of the release.
    runs : int
        How often each circle is asked about: each time a little beside the last, so that nothing of it is at hand.

    Returns
    -------
    list of Line
        Without what draws the page: that takes a browser, see `cellcount.bench.incident_page`.
    """
    # Streamlit says of every cache that no page is being served.
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    release = reading.Release(store.open_release(folder, cache=store.AnswerCache(0)))
    try:
        return [*(_circle(release, km, runs) for km in GOALS_MS), _sites(release)]
    finally:
        release.opened.close()


def _circle(release: reading.Release, km: float, runs: int) -> Line:
    what = f"Circle of {km:g} km in London, drawn to answered"
    start = first_hour(release.days.dates)
    if start is None or not window_reading.serves_windows(release):
        return NotMeasured(what, f"The release has no date with {LEAST_DAYS} comparable ones before it.")
    asked = Asked(start, start + timedelta(hours=HOURS))
    took, parts, cells = [], [], 0
    try:
        for run in range(runs + 1):
            begun = time.perf_counter()
            place, _ = read_place(release, rings(LONDON[0] + run / 10_000, LONDON[1], [km]))
            placed = time.perf_counter()
            figures, _ = read_figures(release, place)
            read = time.perf_counter()
            answer(release, place, figures, asked)
            done = time.perf_counter()
            cells = len(place.cells)
            if run:  # the first warms the files
                took.append(1000 * (done - begun))
                parts.append([1000 * each for each in (placed - begun, read - placed, done - read)])
    except CellCountError as error:
        return NotMeasured(what, str(error))
    weights, query, statistics = np.median(parts, axis=0)
    note = (
        f"{cells:,} cells of resolution {place.resolution}; their weights {weights:.0f} ms, figures {query:.0f} ms, "
        f"statistics {statistics:.0f} ms; the page has {GOALS_MS[km] / 1000:g} s, and draws in what is left."
    )
    goal = GOAL_OF_WORK_MS if km == min(GOALS_MS) else GOALS_MS[km]
    return Entry(what, "ms", tuple(took), goal, note)


def first_hour(dates: Sequence[date]) -> datetime | None:
    """The first hour of an incident on the latest date that has comparable dates enough before it; None without one."""
    known = set(dates)
    for day in sorted(dates, reverse=True):
        weeks = [day - timedelta(weeks=each) for each in range(1, LEAST_DAYS + 1)]
        if day.weekday() < 5 and known.issuperset(weeks):
            return datetime(day.year, day.month, day.day, FROM)  # noqa: DTZ001 - local time of the release
    return None


def _sites(release: reading.Release) -> Line:
    what = f"Exposure of {SITES:,} sites"
    found = release.run("places", kinds=list(reading.SETTLEMENTS)).table if release.has("places") else None
    if found is None or found.num_rows < LEAST_SETTLEMENTS:
        return NotMeasured(what, f"The release names fewer than {LEAST_SETTLEMENTS} settlements.")
    draw = np.random.default_rng(SEED)
    at = draw.integers(found.num_rows, size=SITES)
    where = np.column_stack([found.column(each).to_numpy()[at] for each in ("lon", "lat")])
    where += draw.uniform(-ASTRAY, ASTRAY, where.shape)
    sites = [Site(f"Site {row}", lon, lat, SITE_KM) for row, (lon, lat) in enumerate(where.tolist(), start=1)]
    begun = time.perf_counter()
    try:
        told = exposure(release, sites)
    except CellCountError as error:
        return NotMeasured(what, str(error))
    note = f"three rings each, to {max(SITE_KM):g} km; {told.said()}"
    return Entry(what, "s", (time.perf_counter() - begun,), GOAL_OF_SITES, note)
