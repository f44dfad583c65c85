"""From starting the app to its first map in a browser, and what is asked of it there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from cellcount.bench.browser import DRAWN, FLAGS, RESTS, find_browser
from cellcount.bench.incident_page import measure_answers
from cellcount.bench.report import Entry, Line, NotMeasured
from cellcount.standard import ROOT
from cellcount.store import RELEASE_VARIABLE, RELEASES_VARIABLE

PAGE = "density"
GOAL_SECONDS = 6.0
GOAL_STEP, GOAL_CHANGE = 8.0, 600.0
"""Milliseconds: of the page's main thread for a step, and from another area to its map, but for the drawing itself."""
STEPS = 48
AREAS = 6
_PLAY = """
async (steps) => {
  const map = Object.values(window.cellcountMaps)[0];
  map.times.steps = [];
  for (let at = 0; at < steps; at += 1) {
    map.time.step = (map.time.step + 1) % map.spec.steps.labels.length;
    map.time.move(map.time.step, false);
    await new Promise((done) => setTimeout(done, 120));
  }
  return map.times.steps;
}
"""
MOST_SECONDS = 120


def measure_app(release: Path, what: str) -> list[Line]:
    """Start the app on a free port with a release, open its map in a browser, play it, change areas, ask for incidents.

    Parameters
    ----------
    release : Path
        Folder of the release.
    what : str
        What the measurement is called.

    Returns
    -------
    list of Line
    """
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - needed for testing only
    except ImportError:
        return [NotMeasured(what, "Playwright is not installed; it comes with requirements-dev.txt.")]
    browser_path = find_browser()
    if browser_path is None:
        return [NotMeasured(what, "There is no Chromium, Chrome or Edge on this machine.")]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=list(FLAGS))
            try:
                page = browser.new_page(viewport={"width": 1280, "height": 720})
                return _timed(release, what, page)
            finally:
                browser.close()
    except (Error, TimeoutError) as error:
        return [NotMeasured(what, f"The browser saw no map: {str(error).splitlines()[0]}")]


def _timed(release: Path, what: str, page: Any) -> list[Line]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    address = f"http://localhost:{port}"
    environment = {
        **os.environ,
        RELEASES_VARIABLE: str(release.resolve().parent),
        RELEASE_VARIABLE: str(release.resolve()),
    }
    started = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own interpreter and app
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            _wait_for_server(server, f"{address}/_stcore/health")
            serving = time.perf_counter() - started
            page.goto(f"{address}/{PAGE}")
            page.wait_for_function(DRAWN, timeout=MOST_SECONDS * 1000)
            seconds = time.perf_counter() - started
            first = Entry(what, "s", (seconds,), GOAL_SECONDS, f"the server answered after {serving:.1f} s.")
            return [first, _steps(page), _changes(page), *measure_answers(page, address, release)]
        finally:
            server.terminate()


def _steps(page: Any) -> Line:
    cells = page.evaluate("Object.values(window.cellcountMaps)[0].layers[0].count")
    took = page.evaluate(_PLAY, STEPS)
    note = f"{cells:,} cells; what the page's own thread does, without rasterising."
    return Entry("A step of the map", "ms", tuple(took), GOAL_STEP, note)


def _changes(page: Any) -> Line:
    """Choose one area after another, and wait until the browser has given the deck what to draw."""
    from playwright.sync_api import Error  # noqa: PLC0415 - needed for testing only

    what = "Another area, to its map"
    box = page.locator(".st-key-area input").first
    took = []
    for place in range(1, AREAS + 1):
        box.click()
        option = page.get_by_role("option").nth(place)
        option.wait_for()
        page.evaluate("window.changed = performance.now()")
        option.click()
        try:
            page.wait_for_function(
                "Object.values(window.cellcountMaps)[0]?.times.appliedAt > window.changed", timeout=20_000
            )
        except Error as error:
            return NotMeasured(what, str(error).splitlines()[0])
        took.append(page.evaluate("Object.values(window.cellcountMaps)[0].times.appliedAt - window.changed"))
        page.evaluate(RESTS)
    return Entry(what, "ms", tuple(took), GOAL_CHANGE, "regions and nations, each for the first time.")


def _wait_for_server(server: subprocess.Popen[bytes], address: str) -> None:
    end = time.monotonic() + MOST_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - our own server
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the app does not start; run it by hand to see why.")
