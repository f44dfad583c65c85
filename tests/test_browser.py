"""A real browser: every page opens cold from a link, draws, plays, answers, keeps its view, and asks only the app."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from browser import FAULTS, ROOT, Visit, browser_or_skip, running_app, visiting, wait_for
from incident_world import LINK, write_incident
from release_world import write_release

from cellcount.first_start import Status
from cellcount.ui.frame import PAGES
from cellcount.ui.hotspot_figures import CLASS_WORDS
from cellcount.ui.incident_figures import CLASSES

pytestmark = pytest.mark.browser
SERVED = "wood"
"""The release that is served where a link names none."""
COMMITTED_DATA = ("data/standard", "data/themes", "data/reference", "data/scenarios")
OURS = {"localhost", "127.0.0.1", ""}


@pytest.fixture(scope="module")
def browser() -> str:
    return browser_or_skip()


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("releases")
    write_release(folder, "wood")
    write_incident(folder, "weeks")
    return folder


@contextmanager
def quiet_visit(browser: str, **window: Any) -> Iterator[Visit]:
    """A visit at the end of which nothing has been asked elsewhere and the console has no error."""
    with visiting(browser, **window) as opened:
        yield opened
        assert opened.hosts <= OURS, "no request leaves the machine"
        assert opened.complaints == [], "the console has no error"


@pytest.fixture
def visit(browser: str) -> Iterator[Visit]:
    with quiet_visit(browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(releases: Path, browser: str) -> Iterator[str]:
    with running_app(releases, SERVED) as served:
        yield served


SIZES = {"laptop": (1280, 720), "projector": (1920, 1080)}
if os.environ.get("CELLCOUNT_REQUIRE_BROWSER") != "1":
    # Both take minutes: who only wants to know whether the pages work is told by one.
    del SIZES["projector"]
ASKED = {"incident": {"release": "weeks", **LINK}}
"""What a page must be asked for to draw anything."""
KINDS = {word for words in (*CLASS_WORDS.values(), CLASSES) for word in words} | {"withheld"}
"""What the tooltip of a map of hotspots, or of an incident, may begin with."""
LINKS = {"density": {"area": "Alder (local authority)", "hour": "13:00"}, **ASKED}
"""What a link asks for, where a page has more to it than its name."""
OTHER_CHOICE = "[data-testid='stBaseButton-segmented_control']:enabled, [role='tab'][aria-selected='false']"


def path_of(slug: str) -> str:
    return "" if slug == "themes" else slug


class TestEveryPage:
    """What is true of every page of the menu, on a laptop and on a projector."""

    @pytest.mark.parametrize("slug", PAGES)
    def test_it_opens_cold_from_a_link(self, slug, browser, releases):
        """The first visit to a fresh server is a link to a page, not to the start."""
        with running_app(releases, SERVED) as fresh, quiet_visit(browser) as visit:
            visit.open(f"{fresh}/{path_of(slug)}?{urlencode(LINKS.get(slug, {}))}")
            visit.settle_all()
            assert visit.page.get_by_role("heading", level=1).inner_text() == PAGES[slug].question
            assert visit.page.locator(FAULTS).count() == 0
            assert visit.page.url.split("?")[0] == f"{fresh}/{path_of(slug)}"

    @pytest.mark.parametrize("slug", PAGES)
    @pytest.mark.parametrize("size", SIZES)
    def test_it_draws_plays_keeps_its_view_and_answers(self, slug, size, browser, address):
        width, height = SIZES[size]
        with quiet_visit(browser, width=width, height=height) as visit:
            visit.open(f"{address}/{path_of(slug)}?{urlencode(ASKED.get(slug, {}))}")
            visit.settle_all()
            draws(visit, slug)
            if visit.maps.count():
                answers_a_click(visit)
                keeps_its_view(visit)
            answers_a_changed_control(visit)
            assert visit.page.locator(FAULTS).count() == 0


def draws(visit: Visit, slug: str) -> None:
    assert visit.page.get_by_role("heading", level=1).inner_text() == PAGES[slug].question
    assert visit.page.locator(FAULTS).count() == 0
    over = visit.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert over <= 0, "nothing runs out of the window"


def keeps_its_view(visit: Visit) -> None:
    """Where the visitor looks stays as it is while the map plays and steps."""
    # So near there may be no cell to be seen, so the map is not waited for by its colours.
    visit.page.get_by_role("button", name="Zoom in").first.click()
    visit.page.wait_for_timeout(600)
    visit.settle()
    before = visit.bounds
    if visit.plays:
        start = visit.step
        visit.page.get_by_role("button", name="Play", exact=True).first.click()
        wait_for(lambda: visit.step != start, 30, "the map does not play")
        visit.page.get_by_role("button", name="Pause", exact=True).first.click()
        stands = visit.step
        visit.page.get_by_role("button", name="One step on").first.click()
        assert visit.step != stands
        visit.page.wait_for_timeout(600)
        visit.settle()
    assert visit.bounds == pytest.approx(before, abs=1e-6)


def answers_a_click(visit: Visit) -> None:
    """A click on something says more of it, in the address or on the page."""
    before = visit.told
    if visit.click_on_map():
        wait_for(lambda: visit.told != before, 60, "a click on the map has no answer")
        visit.settle_all()
        assert visit.page.locator(FAULTS).count() == 0


def answers_a_changed_control(visit: Visit) -> None:
    """Another choice of the first that has one changes what the page shows."""
    choices = visit.page.locator("[data-testid='stMain']").locator(OTHER_CHOICE).locator("visible=true")
    if choices.count():
        before = visit.told
        choices.first.click()
        wait_for(lambda: visit.told != before, 30, "a changed control has no answer")
        visit.settle_all()


def caption(visit: Visit) -> str:
    return visit.page.get_by_text("H3 cells of resolution 7").first.inner_text()


def test_the_hour_moves_the_map_and_what_is_said_of_it(address, visit):
    visit.open(f"{address}/density?area=Alder&hour=13:00")
    visit.settle_map()
    assert "Alder (local authority), Monday 2 November 2026, 13:00 to 14:00" in caption(visit)
    assert visit.step == 13
    for _ in range(5):
        visit.page.get_by_role("button", name="One step back").click()
    visit.page.get_by_text("08:00 to 09:00, local time").first.wait_for(timeout=30_000)
    assert "1 of 4 cells is withheld and hatched" in caption(visit)


@pytest.mark.parametrize("slug", ["hotspots", "incident"])
def test_the_tooltip_of_a_map_of_kinds_says_the_kind(address, visit, slug):
    visit.open(f"{address}/{slug}?{urlencode(LINKS.get(slug, {}))}")
    visit.settle_map()
    kind, *_ = visit.hover_on_map()
    assert kind in KINDS


def test_a_map_is_played_by_keyboard(address, visit):
    visit.open(f"{address}/density?hour=13:00")
    visit.settle_map()
    visit.maps.first.locator(".drawing").focus()
    visit.page.keyboard.press("ArrowRight")
    assert visit.step == 14
    visit.page.keyboard.press("Home")
    assert visit.step == 0
    zoom = visit.bounds["zoom"]
    visit.page.keyboard.press("+")
    assert visit.bounds["zoom"] == pytest.approx(zoom + 1)
    visit.page.keyboard.press(" ")
    wait_for(lambda: visit.step != 0, 30, "the space bar plays")


def test_the_picture_of_a_map_can_be_taken(address, visit, tmp_path):
    visit.open(f"{address}/density?hour=13:00")
    visit.settle_map()
    visit.page.get_by_role("button", name="Picture").click()
    with visit.page.expect_download(timeout=60_000) as taken:
        visit.page.get_by_role("button", name="PNG").click()
    assert taken.value.suggested_filename.startswith("synthetic-density-")
    taken.value.save_as(tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_a_browser_without_webgl_is_shown_a_picture(address, visit):
    visit.page.add_init_script(
        "const asked = HTMLCanvasElement.prototype.getContext; HTMLCanvasElement.prototype.getContext = "
        "function (kind, ...more) { return kind.startsWith('webgl') ? null : asked.call(this, kind, ...more) }"
    )
    visit.open(f"{address}/density?hour=13:00")
    visit.page.get_by_text("This browser cannot draw the map").first.wait_for(timeout=60_000)
    picture = visit.page.locator("[data-testid='stImage'] img").first
    picture.wait_for(timeout=60_000)
    wait_for(lambda: picture.evaluate("image => image.naturalWidth") > 400, 30, "the picture does not come")


def test_a_visitor_walks_from_a_theme_to_the_map_by_keyboard(browser, releases, visit):
    with running_app(releases, SERVED) as address:
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
    with running_app(releases, SERVED) as address:
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
    with running_app(releases, SERVED) as address:
        visit.open(f"{address}/density")
        visit.settle_map()
        canvas = visit.maps.first.bounding_box()
        slider = visit.page.get_by_role("slider", name="Time").bounding_box()
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
