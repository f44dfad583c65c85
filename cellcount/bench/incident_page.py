"""From a place that somebody asks for on the incident page to its answer there, in a browser."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cellcount import store
from cellcount.bench.browser import DRAWN, RESTS
from cellcount.bench.incident import GOALS_MS, HOURS, LONDON, first_hour
from cellcount.bench.report import Entry, Line, NotMeasured
from cellcount.ui import reading, window_reading

PAGE = "incident"
PLACES = 8
STEP = 0.001
"""Degrees by which each place lies east of the last: of none is the answer known."""
MOST_MS = 60_000
_ANSWERED = """
() => {
  const map = Object.values(window.cellcountMaps)[0];
  const figures = [...document.querySelectorAll(".st-key-metrics [data-stale]")];
  const there = figures.length > 0 && figures.every((each) => each.dataset.stale === "false");
  return there && map?.times.appliedAt > window.asked ? performance.now() - window.asked : false;
}
"""
"""Milliseconds since `window.asked`, once the deck has been given the new map and the figures are of this run."""


def measure_answers(page: Any, address: str, folder: Path) -> list[Line]:
    """Ask for the people around one place after another, in rings of several sizes.

    Parameters
    ----------
    page : playwright Page
        A page of a browser.
    address : str
        Of the app, which serves the release.
    folder : Path
        Of the release.

    Returns
    -------
    list of Line
        One a size of the ring: from the key that ends the typing to figures and map, but for the map's drawing.
    """
    release = reading.Release(store.open_release(folder, cache=store.AnswerCache(0)))
    try:
        start = first_hour(release.days.dates) if window_reading.serves_windows(release) else None
    finally:
        release.opened.close()
    return [_answers(page, address, km, start) for km in GOALS_MS]


def _answers(page: Any, address: str, km: float, start: datetime | None) -> Line:
    from playwright.sync_api import Error  # noqa: PLC0415 - needed for testing only

    what = f"Circle of {km:g} km in London, asked to answered on the page"
    if start is None:
        return NotMeasured(what, "The release has no date with enough comparable ones before it.")
    took = []
    try:
        page.goto(f"{address}/{PAGE}?{urlencode(_view(km, start))}")
        page.wait_for_function(DRAWN, timeout=MOST_MS)
        box = page.locator(".st-key-place input")
        for place in range(1, PLACES + 1):
            page.evaluate(RESTS)
            box.fill(_position(place))
            page.evaluate("window.asked = performance.now()")
            box.press("Enter")
            took.append(page.wait_for_function(_ANSWERED, timeout=MOST_MS).json_value())
    except Error as error:
        return NotMeasured(what, str(error).splitlines()[0])
    return Entry(
        what, "ms", tuple(took), GOALS_MS[km], "figures and map, without rasterising; each for the first time."
    )


def _position(place: int) -> str:
    longitude, latitude = LONDON
    return f"{latitude:.4f}, {longitude + place * STEP:.4f}"


def _view(km: float, start: datetime) -> dict[str, str]:
    end = start + timedelta(hours=HOURS)
    return {
        "place": _position(0),
        "rings": f"{km:g}",
        "from_date": f"{start:%Y-%m-%d}",
        "from_hour": f"{start:%H:%M}",
        "to_date": f"{end:%Y-%m-%d}",
        "to_hour": f"{end:%H:%M}",
    }
