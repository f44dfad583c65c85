"""From starting the app to its first map in a browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from cellcount.bench.browser import FLAGS, find_browser
from cellcount.bench.report import Entry, Line, NotMeasured
from cellcount.standard import ROOT
from cellcount.store import RELEASE_VARIABLE, RELEASES_VARIABLE

PAGE = "density"
FIRST_MAP = "[data-testid='stDeckGlJsonChart'] canvas"
GOAL_SECONDS = 6.0
MOST_SECONDS = 120


def measure_app(release: Path, what: str) -> Line:
    """Start the app on a free port with a release, and open its map in a browser that runs already.

    Parameters
    ----------
    release : Path
        Folder of the release.
    what : str
        What the measurement is called.

    Returns
    -------
    Line
    """
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - needed for testing only
    except ImportError:
        return NotMeasured(what, "Playwright is not installed; it comes with requirements-dev.txt.")
    browser_path = find_browser()
    if browser_path is None:
        return NotMeasured(what, "There is no Chromium, Chrome or Edge on this machine.")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=list(FLAGS))
            try:
                page = browser.new_page(viewport={"width": 1280, "height": 720})
                return _timed(release, what, page)
            finally:
                browser.close()
    except (Error, TimeoutError) as error:
        return NotMeasured(what, f"The browser saw no map: {str(error).splitlines()[0]}")


def _timed(release: Path, what: str, page: object) -> Entry:
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
            page.goto(f"{address}/{PAGE}")  # type: ignore[attr-defined]
            page.wait_for_selector(FIRST_MAP, timeout=MOST_SECONDS * 1000)  # type: ignore[attr-defined]
            seconds = time.perf_counter() - started
        finally:
            server.terminate()
    return Entry(what, "s", (seconds,), GOAL_SECONDS, f"the server answered after {serving:.1f} s.")


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
