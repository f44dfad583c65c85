"""Every page, light and dark, as it opens and with all that can be unfolded: nothing keeps anybody out.

Checked by axe-core against WCAG 2.2 A and AA and its authors' good practice. `npm ci` in `tests/accessibility` fetches
it once; the tests themselves ask nobody but the app.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from browser import ROOT, Visit, browser_or_skip, running_app, visiting
from incident_world import LINK, write_incident
from playwright.sync_api import Page
from release_world import write_release
from test_board import pinned

from cellcount.record import open_record
from cellcount.ui.frame import PAGES

pytestmark = pytest.mark.browser
SERVED = "wood"
"""The release that is served where a page is asked for no other."""
ASKED = {"incident": {"release": "weeks", **LINK}}
"""What a page must be asked for to have anything to be looked at."""
AXE = ROOT / "tests" / "accessibility" / "node_modules" / "axe-core" / "axe.min.js"
FAILING = ("serious", "critical")


@dataclass(frozen=True)
class Allowed:
    """A finding in what Streamlit draws, which a page cannot change.

    Attributes
    ----------
    rule : str
        Of axe-core.
    selector : str
        The element, or one around it.
    reason : str
        Why it keeps nobody out.
    """

    rule: str
    selector: str
    reason: str


ALLOWED: tuple[Allowed, ...] = (
    Allowed(
        "scrollable-region-focusable",
        "[data-testid='stPopoverBody']",
        "Streamlit's popover scrolls where its words are longer than the window, and a page cannot make it focusable.",
    ),
    Allowed(
        "color-contrast",
        "[data-testid='stPopover'] button",
        "Streamlit darkens the letters of a button while it is pressed; at rest they are the text's own colour.",
    ),
)

SETTLED = """
() => [...document.querySelectorAll("[data-testid='stPopoverBody']")].some((body) => {
  let opacity = 1
  for (let at = body; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity)
  return opacity === 1 && body.getBoundingClientRect().top > 0 && body.getAnimations({ subtree: true }).length === 0
})
"""
FIND = """
async ([exceptions, failing]) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] })
  const excepted = (rule, target) => exceptions.some(
    (each) => each.rule === rule && document.querySelector(target)?.closest(each.selector))
  return violations.filter(({ impact }) => failing.includes(impact)).flatMap(({ id, help, nodes }) => nodes
    .filter(({ target }) => !excepted(id, [target.at(-1)].flat().at(-1)))
    .map(({ html, any, all, none }) => [`${id}: ${help}`, html.slice(0, 200), [...any, ...all, ...none][0]?.message]))
}
"""


@pytest.fixture(scope="module")
def axe() -> str:
    if AXE.exists():
        return AXE.read_text(encoding="utf-8")
    reason = "axe-core is not installed; run `npm ci` in tests/accessibility to check the pages with it."
    if os.environ.get("CELLCOUNT_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, axe: str) -> Iterator[str]:
    browser_or_skip()
    folder = tmp_path_factory.mktemp("releases")
    write_release(folder, "wood")
    write_incident(folder, "weeks")
    decisions = f"sqlite:///{tmp_path_factory.mktemp('record') / 'decisions.db'}"
    record = open_record(decisions)
    # A card of the release that is served, and one of a release that is gone.
    pinned(record)
    pinned(record, id=f"{1:032x}", release_id="lost")
    with running_app(folder, SERVED, decisions=decisions) as opened:
        yield opened


@pytest.fixture(scope="module", params=["light", "dark"])
def visit(request: pytest.FixtureRequest, address: str) -> Iterator[Visit]:
    with visiting(browser_or_skip(), scheme=request.param) as opened:
        yield opened


def findings(page: Page, axe: str) -> list[str]:
    """What axe-core finds on the page as it stands, without the exceptions."""
    page.evaluate(axe)
    exceptions = [{"rule": each.rule, "selector": each.selector} for each in ALLOWED]
    return [" | ".join(filter(None, parts)) for parts in page.evaluate(FIND, [exceptions, FAILING])]


def unfold(visit: Visit) -> None:
    """Open everything that is folded on the page."""
    for place in range(visit.page.locator("[data-testid='stMain'] details").count()):
        folded = visit.page.locator("[data-testid='stMain'] details").nth(place)
        if folded.get_attribute("open") is None:
            folded.locator("summary").click()
            # The page begins to run a moment later, and colours its code a moment after it has run.
            visit.page.wait_for_timeout(700)
            visit.settle()
    visit.page.wait_for_timeout(1500)


def popovers(visit: Visit) -> Iterator[None]:
    """Open what pops up on the page, one after the other; gives the turn to the caller at each."""
    shown = visit.page.locator("[data-testid='stMain'] [data-testid='stPopover']").locator("visible=true")
    for place in range(shown.count()):
        # Streamlit keeps a second, unseen button beside each, to measure it.
        button = shown.nth(place).locator("button").locator("visible=true").first
        button.click()
        # Under the pointer its tooltip would fade in.
        visit.page.mouse.move(1, 1)
        body = visit.page.locator("[data-testid='stPopoverBody']").locator("visible=true").first
        body.wait_for()
        # It fades in and moves into its place: pale letters on the way are no finding.
        visit.page.wait_for_function(SETTLED)
        visit.settle()
        yield
        visit.page.keyboard.press("Escape")
        body.wait_for(state="hidden")


@pytest.mark.parametrize("slug", PAGES)
def test_nothing_on_a_page_keeps_anybody_out(slug, visit, address, axe):
    """As it opens, with all that can be unfolded, and in everything that pops up."""
    visit.open(f"{address}/{'' if slug == 'themes' else slug}?{urlencode(ASKED.get(slug, {}))}")
    visit.settle_all()
    assert findings(visit.page, axe) == []
    for _ in popovers(visit):
        assert findings(visit.page, axe) == []
    for name in ("Add to evidence", "Edit"):
        forms = visit.page.get_by_role("button", name=name, exact=True)
        if forms.count():
            forms.first.click()
            visit.page.get_by_role("textbox", name="Headline").wait_for()
    unfold(visit)
    visit.settle_all()
    assert findings(visit.page, axe) == []


def test_the_check_finds_what_is_wrong(visit, axe):
    """A picture without words, a button without a name and pale letters are found: the check is awake."""
    visit.page.set_content(
        "<html lang='en'><title>Bad</title><main><h1>Bad</h1><img src='data:,'><button></button>"
        "<p style='color:#bbb;background:#fff'>Pale</p></main></html>"
    )
    found = {each.split(":")[0] for each in findings(visit.page, axe)}
    assert {"image-alt", "button-name", "color-contrast"} <= found


def test_axe_is_the_version_that_is_locked(axe):
    locked = json.loads((ROOT / "tests" / "accessibility" / "package-lock.json").read_text(encoding="utf-8"))
    version = locked["packages"]["node_modules/axe-core"]["version"]
    assert axe.startswith(f"/*! axe v{version}")
    assert "resolved" not in json.dumps(locked), "the lock names no registry"
