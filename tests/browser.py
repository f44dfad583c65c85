"""A real browser against the running app: how the tests and the visual record start both."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Locator, Page, sync_playwright

from cellcount.bench.browser import FLAGS, find_browser

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_START = 60
SECONDS_TO_DRAW = 60
MAP = ".map > .canvas"
CHART = "[data-testid='stPlotlyChart']"
DRAWN_CHART = ".plot-container :is(.trace, .hm)"
"""Lines, bars and points; and the pictures that heat maps are."""
FAULTS = "[data-testid='stException'], [data-testid='stAlertContentError']"
FEW_COLOURS = 4
"""Land, water and outlines: a map that shows no more than these shows no cells."""


FIRST_MAP = "Object.values(window.cellcountMaps)[0]"
SOMETHING_ON_MAP = f"""() => {{
  const {{ deck, canvas }} = {FIRST_MAP}
  const [wide, high] = [canvas.clientWidth, canvas.clientHeight]
  const places = []
  for (let x = 170; x < wide - 60; x += 24) for (let y = 12; y < high - 12; y += 24) places.push([x, y])
  const far = ([x, y]) => Math.hypot(x - wide / 2, y - high / 2)
  return places.sort((one, other) => far(one) - far(other)).find(([x, y]) =>
    /^(first|all):/.test(deck.pickObject({{ x, y, radius: 1 }})?.layer?.id ?? "")) ?? null
}}"""
"""Finds a thing that can be clicked, away from the legend at the left and the tools at the right."""


def browser_or_skip() -> str:
    """Path of the browser; without one the test is skipped, or fails where a browser is required."""
    path = find_browser()
    if path:
        return path
    reason = "There is no Chromium, Chrome or Edge on this machine; install one to run the browser tests."
    if os.environ.get("CELLCOUNT_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_app(
    releases: Path | None, release: str | None = None, root: Path = ROOT, decisions: str | None = None
) -> Iterator[str]:
    """The app of a checkout on a free port, serving a folder of releases or its own; gives its address.

    It keeps decisions in the database of that address, or in one of its own that goes when it stops.
    """
    address = f"http://localhost:{free_port()}"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CELLCOUNT_")}
    if releases:
        environment["CELLCOUNT_RELEASES"] = str(releases)
    if release:
        environment["CELLCOUNT_RELEASE"] = release
    options = ["--server.headless", "true", "--server.port", str(urlsplit(address).port)]
    with (
        tempfile.TemporaryDirectory(prefix="decisions-") as folder,
        subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *options],
            cwd=root,
            env={**environment, "CELLCOUNT_DECISIONS": decisions or f"sqlite:///{folder}/decisions.db"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as server,
    ):
        try:
            wait_for(lambda: _answers(f"{address}/_stcore/health"), SECONDS_TO_START, "the app does not answer")
            yield address
        finally:
            server.terminate()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_for(true, seconds: float, otherwise: str) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, otherwise
        time.sleep(0.1)


@dataclass
class Visit:
    """A page in the browser, with the hosts that it asked and what it complained of."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        """Open an address and wait until the script has run."""
        self.page.goto(address)
        self.settle()

    def settle(self) -> None:
        """Wait until the script of the page has run to its end and its map, if any, is drawn."""
        self.page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']", timeout=60_000)
        self.page.wait_for_selector(".st-key-foot", timeout=SECONDS_TO_DRAW * 1000)
        if self.maps.count():
            self.maps.first.locator("canvas").first.wait_for(timeout=SECONDS_TO_DRAW * 1000)

    def settle_all(self) -> None:
        """Wait until the page has run, and its maps and charts that are to be seen, if any, are drawn."""
        self.settle()
        if self.maps.count():
            self.settle_map()
        if self.page.locator(CHART).locator("visible=true").count():
            self.settle_charts()

    @property
    def maps(self) -> Locator:
        """The maps of the page, from above to below."""
        return self.page.locator(MAP)

    def settle_charts(self) -> None:
        """Wait until every chart of the page that is to be seen is drawn."""
        charts = self.page.locator(CHART).locator("visible=true")
        charts.first.wait_for(timeout=SECONDS_TO_DRAW * 1000)
        drawn = self.page.locator(f"{CHART} {DRAWN_CHART}")
        drawn.first.wait_for(state="attached", timeout=SECONDS_TO_DRAW * 1000)
        wait_for(lambda: charts.count() <= self._drawn_charts(), SECONDS_TO_DRAW, "a chart stays blank")

    def _drawn_charts(self) -> int:
        return self.page.locator(f"{CHART}:has({DRAWN_CHART})").count()

    def settle_map(self) -> None:
        """Wait until the page's map is there and shows more than its ground."""
        self.maps.first.wait_for(timeout=SECONDS_TO_DRAW * 1000)
        wait_for(lambda: self.map_colours() > FEW_COLOURS, SECONDS_TO_DRAW, "the map stays blank")

    @property
    def plays(self) -> bool:
        """Whether the first map has steps to play."""
        return self.page.get_by_role("button", name="Play", exact=True).locator("visible=true").count() > 0

    @property
    def step(self) -> int:
        """The step that the first map stands at."""
        return int(self.page.evaluate(f"{FIRST_MAP}.step"))

    @property
    def bounds(self) -> dict[str, float]:
        """What the first map shows: west, south, east, north and zoom."""
        found: dict[str, float] = self.page.evaluate(f"{FIRST_MAP}.bounds()")
        return found

    def click_on_map(self) -> bool:
        """Click what lies nearest to the middle of the first map; gives whether there was anything."""
        place = self.page.evaluate(SOMETHING_ON_MAP)
        if place is None:
            return False
        self.maps.first.click(position={"x": place[0], "y": place[1]})
        return True

    def hover_on_map(self) -> list[str]:
        """Point at what lies nearest to the middle of the first map; gives the lines of its tooltip."""
        place = self.page.evaluate(SOMETHING_ON_MAP)
        assert place is not None, "nothing on the map can be pointed at"
        self.maps.first.hover(position={"x": place[0], "y": place[1]})
        tip = self.maps.first.locator(".tip")
        wait_for(tip.is_visible, SECONDS_TO_DRAW, "no tooltip comes")
        return tip.inner_text().splitlines()

    @property
    def told(self) -> tuple[str, str]:
        """Address and words of the page: what is the same after a click has had no answer."""
        return self.page.url, self.page.locator("[data-testid='stMain']").inner_text()

    def map_colours(self) -> int:
        """How many colours the map shows, where no legend and no tool lies: 1 for a blank canvas."""
        from io import BytesIO  # noqa: PLC0415 - Pillow comes with Streamlit; only this needs it

        from PIL import Image  # noqa: PLC0415

        picture = Image.open(BytesIO(self.maps.first.screenshot()))
        wide, high = picture.size
        middle = picture.crop((wide // 4, 0, wide * 9 // 10, high))
        colours = middle.convert("RGB").resize((160, 120), Image.Resampling.NEAREST).getcolors(160 * 120)
        return len(colours or [])


@contextmanager
def visiting(path: str, *, width: int = 1280, height: int = 720, scheme: str = "light") -> Iterator[Visit]:
    """A new browser with one page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        page = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            locale="en-GB",
            timezone_id="Europe/London",
        )
        visit = Visit(page)
        page.on("request", lambda request: visit.hosts.add(urlsplit(request.url).hostname or ""))
        page.on("websocket", lambda socket: visit.hosts.add(urlsplit(socket.url).hostname or ""))
        page.on("console", lambda message: _keep_complaint(visit, message))
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        try:
            yield visit
        finally:
            browser.close()


def _keep_complaint(visit: Visit, message: ConsoleMessage) -> None:
    # On a deep link Streamlit first looks for its server below the page's path, is told 404, and looks at the top.
    looks_for_its_server = "/_stcore/" in message.location.get("url", "")
    if message.type == "error" and not looks_for_its_server:
        visit.complaints.append(message.text)
