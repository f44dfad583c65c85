"""A real browser: a cold deep link draws the map, the hour moves it, and nothing asks anybody but the app itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
from browser import ROOT, Visit, browser_or_skip, running_app, visiting
from release_world import write_release

from cellcount.first_start import Status

pytestmark = pytest.mark.browser
COMMITTED_DATA = ("data/standard", "data/themes", "data/reference", "data/scenarios")
OURS = {"localhost", "127.0.0.1", ""}


@pytest.fixture(scope="module")
def browser() -> str:
    return browser_or_skip()


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("releases")
    write_release(folder, "wood")
    return folder


@pytest.fixture
def visit(browser: str) -> Iterator[Visit]:
    with visiting(browser) as opened:
        yield opened
        assert opened.hosts <= OURS, "no request leaves the machine"
        assert opened.complaints == [], "the console has no error"


def caption(visit: Visit) -> str:
    return visit.page.get_by_text("H3 cells of resolution 7").first.inner_text()


def test_a_cold_deep_link_draws_the_map_and_the_hour_moves_it(browser, releases, visit):
    """The first visit to a fresh server is a link to a page, not to the start."""
    with running_app(releases) as address:
        visit.open(f"{address}/density?area=Alder&hour=13:00")
        visit.settle_map()
        assert visit.page.get_by_role("heading", level=1).inner_text() == "How many people are where, hour by hour?"
        assert "Alder (local authority), Monday 2 November 2026, 13:00 to 14:00" in caption(visit)
        before = visit.map_colours()
        assert before > 4
        slider = visit.page.get_by_role("slider", name="Hour, local time")
        slider.focus()
        for _ in range(5):
            slider.press("ArrowLeft")
        visit.page.get_by_text("08:00 to 09:00, local time").first.wait_for(timeout=30_000)
        assert "1 of 4 cells is withheld and hatched" in caption(visit)
        assert visit.page.url.split("?")[0] == f"{address}/density"


def test_a_visitor_walks_from_a_theme_to_the_map_by_keyboard(browser, releases, visit):
    with running_app(releases) as address:
        visit.open(address)
        link = visit.page.get_by_role("link", name="Density, hour by hour")
        link.wait_for()
        reached = False
        for _ in range(40):
            visit.page.keyboard.press("Tab")
            reached = link.evaluate("link => link === document.activeElement")
            if reached:
                break
        assert reached, "the link is reached with the tabulator"
        visit.page.keyboard.press("Enter")
        visit.page.get_by_text("People present per km² of the cell, United Kingdom").first.wait_for(timeout=60_000)
        visit.settle()
        visit.settle_map()
        assert "measure=Per" in visit.page.url
        visit.page.get_by_role("link", name="About these data").click()
        visit.page.get_by_role("heading", name="What are these data, and whose are they?").wait_for(timeout=30_000)
        visit.page.get_by_role("link", name="Population density").click()
        visit.page.get_by_text("People present per km² of the cell, United Kingdom").first.wait_for(timeout=60_000)


def test_the_data_quality_page_draws_in_both_themes_and_is_walked_by_keyboard(browser, releases):
    with running_app(releases) as address:
        for scheme in ("light", "dark"):
            with visiting(browser, scheme=scheme) as visit:
                visit.open(f"{address}/quality")
                visit.settle_charts()
                assert (
                    "Data quality: may we trust these figures?"
                    in visit.page.get_by_role("heading", level=1).inner_text()
                )
                first = visit.page.get_by_role("tab", name="Coverage")
                first.focus()
                visit.page.keyboard.press("ArrowRight")
                visit.page.keyboard.press("Enter")
                visit.page.get_by_text("Share of cell-hours withheld, by size of cell").wait_for(timeout=30_000)
                visit.settle()
                visit.settle_charts()
                assert "part=Withheld" in visit.page.url
                overlap = visit.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
                assert not overlap, "nothing runs out of the window"
                assert visit.complaints == []
                assert visit.hosts <= OURS


def test_the_first_screen_of_a_laptop_has_the_map_the_hour_and_the_figures(browser, releases, visit):
    with running_app(releases) as address:
        visit.open(f"{address}/density")
        visit.settle_map()
        canvas = visit.page.locator("[data-testid='stDeckGlJsonChart'] canvas").first.bounding_box()
        slider = visit.page.get_by_role("slider", name="Hour, local time").bounding_box()
        figure = visit.page.get_by_text("People present", exact=True).first.bounding_box()
        assert canvas
        assert slider
        assert figure
        assert slider["y"] + slider["height"] <= 720
        assert figure["y"] + figure["height"] <= 720
        assert canvas["width"] * canvas["height"] > 0.25 * 1280 * 720, "the map is the largest thing"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh clone: what is committed, and nothing that was made."""
    shutil.copy(ROOT / "app.py", tmp_path)
    for part in ("cellcount", "pages", "queries", "static", ".streamlit", *COMMITTED_DATA):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@contextmanager
def builder_at_work(checkout: Path, doing: str, share: float) -> Iterator[None]:
    """A process that holds the builder's lock, and has said how far it is."""
    work = checkout / "data" / "build" / "first-start"
    work.mkdir(parents=True)
    now = time.time()
    status = Status("running", share, doing, 1, started_at=now - 100 * share, updated_at=now)
    (work / "status.json").write_text(json.dumps(asdict(status)))
    hold = (
        "import sys; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire(); "
        "print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(work / "builder.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        try:
            yield
        finally:
            holder.kill()


def test_the_first_start_shows_its_progress_and_then_the_themes(checkout, visit):
    with builder_at_work(checkout, "Making Monday 5 October", 0.4), running_app(None, root=checkout) as address:
        visit.page.goto(f"{address}/density")
        visit.page.get_by_role("heading", name="Making the demonstration").wait_for(timeout=60_000)
        visit.page.get_by_text("Making Monday 5 October · 40% · about 60 seconds left").wait_for(timeout=60_000)
        made = write_release(checkout / "data" / "build" / "made", "wood")
        made.parent.rename(checkout / "data" / "releases")
        visit.page.get_by_role("heading", name="How many people are where, hour by hour?").wait_for(timeout=60_000)
        visit.settle()
        visit.settle_map()
