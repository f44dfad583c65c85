"""A real browser: the incident page from a click on its map to the rings there, and its question on a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from browser import FIRST_MAP, Visit, browser_or_skip, running_app, visiting, wait_for
from incident_world import LINK, write_incident
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
SECONDS = 120
"""To wait for a state, on a slow machine that draws in software."""
CORNER = f"""() => {{
  const {{ canvas, deck }} = {FIRST_MAP}
  const [x, y] = [Math.round(canvas.clientWidth * 0.6), Math.round(canvas.clientHeight * 0.7)]
  const [longitude, latitude] = deck.getViewports()[0].unproject([x, y])
  return {{ x, y, longitude, latitude }}
}}"""
"""A place on the map away from its legend and tools, in pixels and in degrees."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    browser_or_skip()
    folder = tmp_path_factory.mktemp("releases")
    write_incident(folder, "weeks")
    with running_app(folder, "weeks") as opened:
        yield opened


@pytest.fixture
def visit() -> Iterator[Visit]:
    with visiting(browser_or_skip(), height=1000) as opened:
        opened.page.set_default_timeout(SECONDS * 1000)
        yield opened
        assert opened.complaints == [], "the console has no error"


def asked_place(visit: Visit) -> str:
    """The place that the address asks for."""
    return parse_qs(urlsplit(visit.page.url).query).get("place", [""])[0]


def test_a_click_on_the_map_moves_the_rings_and_the_controls_and_the_address_follow(address, visit):
    page = visit.page
    visit.open(f"{address}/incident?{urlencode(LINK)}")
    visit.settle_map()
    place = page.get_by_role("textbox", name="Find a place")
    expect(place).to_have_value(LINK["place"], timeout=SECONDS * 1000)
    before = ""
    # Twice, for a place that was picked once is held by the session and by the address.
    for _ in range(2):
        there = page.evaluate(CORNER)
        visit.maps.first.click(position={"x": there["x"], "y": there["y"]})
        move = page.get_by_role("button", name="Move the rings to")
        move.wait_for()
        position = move.inner_text().split("Move the rings to ")[1]
        latitude, longitude = (float(each) for each in position.split(", "))
        assert latitude == pytest.approx(there["latitude"], abs=1e-3)
        assert longitude == pytest.approx(there["longitude"], abs=1e-3)
        assert position != before
        move.click()
        expect(place).to_have_value(position, timeout=SECONDS * 1000)
        wait_for(lambda wanted=position: asked_place(visit) == wanted, SECONDS, "the address does not follow")
        rounded = f"Around {latitude:.3f}° N {abs(longitude):.3f}° {'E' if longitude > 0 else 'W'}"
        page.get_by_text(rounded).first.wait_for()
        visit.settle_all()
        expect(move).to_have_count(0, timeout=SECONDS * 1000)
        before = position
    page.reload()
    visit.settle()
    expect(place).to_have_value(before, timeout=SECONDS * 1000)


def test_the_rings_that_were_moved_stay_where_another_control_is_changed(address, visit):
    page = visit.page
    visit.open(f"{address}/incident?{urlencode(LINK)}")
    visit.settle_map()
    there = page.evaluate(CORNER)
    visit.maps.first.click(position={"x": there["x"], "y": there["y"]})
    page.get_by_role("button", name="Move the rings to").click()
    place = page.get_by_role("textbox", name="Find a place")
    expect(place).not_to_have_value(LINK["place"], timeout=SECONDS * 1000)
    moved = place.input_value()
    distances = page.get_by_role("textbox", name="Distances, km")
    distances.fill("2")
    distances.press("Enter")
    page.get_by_text("0 to 2 km").first.wait_for()
    visit.settle()
    assert place.input_value() == asked_place(visit) == moved


def shown(visit: Visit) -> tuple[str, str]:
    """What the time bar says: hour and figure."""
    hour, figure = visit.page.evaluate(f"[{FIRST_MAP}.time.now.textContent, {FIRST_MAP}.time.said.textContent]")
    return hour, figure


def choose(visit: Visit, label: str, option: str) -> None:
    """Choose from a list that opens."""
    field = visit.page.get_by_role("combobox", name=label)
    field.click()
    field.fill(option)
    field.press("Enter")


@contextmanager
def somebody_else(visit: Visit) -> Iterator[Page]:
    """A page of a visitor who has been nowhere yet."""
    browser = visit.page.context.browser
    assert browser
    context = browser.new_context(locale="en-GB", timezone_id="Europe/London")
    context.set_default_timeout(SECONDS * 1000)
    yield context.new_page()
    context.close()


def test_the_hour_and_the_zone_are_in_the_address_and_in_the_link_to_copy(address, visit):
    page = visit.page
    visit.open(f"{address}/incident?{urlencode(LINK)}")
    visit.settle_map()
    assert shown(visit)[0] == "Wed 4, 13:00"
    bounds = visit.bounds
    choose(visit, "Zone", "0 to 1 km")
    page.get_by_text("0 to 1 km, Wed 4 Nov, 13:00 to 14:00").wait_for()
    for _ in range(2):
        page.get_by_role("button", name="One step on").click()
    page.get_by_text("0 to 1 km, Wed 4 Nov, 15:00 to 16:00").wait_for()
    visit.settle_all()
    hour, figure = shown(visit)
    assert hour == "Wed 4, 15:00"
    assert figure.startswith("0 to 1 km: ")
    assert visit.bounds == bounds, "the map stays where it is"
    page.get_by_role("button", name="Copy link").click()
    link = page.get_by_test_id("stCode").first.inner_text()
    bar = parse_qs(urlsplit(page.url).query)
    assert (bar["zone"], bar["shown_hour"]) == (["0 to 1 km"], ["2026-11-04 15:00"])
    with somebody_else(visit) as other:
        other.goto(link)
        other.get_by_text("0 to 1 km, Wed 4 Nov, 15:00 to 16:00").wait_for()
        other.get_by_text(figure, exact=True).wait_for()


def test_the_time_bar_stands_at_the_hour_whose_figures_are_shown(address, visit):
    """Of the incident from 13:00 its first hour is told of; where it begins at 15:00 instead, that one is."""
    page = visit.page
    visit.open(f"{address}/incident?{urlencode(LINK)}")
    visit.settle_map()
    choose(visit, "Start hour", "15:00")
    page.get_by_text("All zones together, Wed 4 Nov, 15:00 to 16:00").wait_for()
    wait_for(lambda: shown(visit)[0] == "Wed 4, 15:00", SECONDS, "the time bar stays behind")
    visit.settle_all()
    page.get_by_role("button", name="One step on").click()
    page.get_by_text("All zones together, Wed 4 Nov, 16:00 to 17:00").wait_for()
    choose(visit, "Start hour", "14:00")
    page.get_by_text("4 November 2026, 14:00 to").first.wait_for()
    visit.settle_all()
    assert shown(visit)[0] == "Wed 4, 16:00", "it stays where the visitor put it"
    page.get_by_text("All zones together, Wed 4 Nov, 16:00 to 17:00").wait_for()


def test_on_a_telephone_no_word_of_the_question_is_broken(address):
    with visiting(browser_or_skip(), width=375, height=800) as visit:
        visit.open(f"{address}/incident?{urlencode(LINK)}")
        title = visit.page.get_by_role("heading", level=1)
        box = title.bounding_box()
        assert box
        assert box["width"] > 300, "it has the width of the window"
        assert box["height"] < 80, "and two lines"
        assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
