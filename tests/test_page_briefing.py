"""The briefing page: slides are chosen and put in order, shown with live maps, and taken away."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pptx
import pytest
from app_pages import sent, texts
from release_world import write_release
from streamlit.testing.v1 import AppTest

from cellcount.briefing.deck import PinSlide, ThemeSlide, WordsSlide
from cellcount.briefing.powerpoint import powerpoint
from cellcount.briefing.web import web_page
from cellcount.record import Briefing, Chosen, Pin, Record, Shortlist, Slide
from cellcount.store import open_release
from cellcount.ui import briefing_deck, keeping, presenting
from cellcount.ui.reading import Release

Open = Callable[..., AppTest]
FILE = "pages/briefing.py"
WOOD = "wood"
# The smallest picture there is: one grey pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63c80000006a006939464a8a"
    "0000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("releases")
    write_release(folder, WOOD)
    return folder


@pytest.fixture(scope="module")
def wood(releases: Path) -> Release:
    return Release(open_release(releases / WOOD))


@pytest.fixture
def page(releases: Path, open_app: Open) -> Callable[..., AppTest]:
    def opened(file: str = FILE, **asked: str) -> AppTest:
        return open_app(releases, file, **asked)

    return opened


def pin_of(release: Release, record: Record, theme: str = "tourism", **changed: object) -> Pin:
    manifest = release.manifest
    said = {
        "theme_id": theme,
        "page": "density",
        "link": f"release={manifest.release_id}&area=Alder",
        "headline": "Alder is busy",
        "caption": "People present, Alder.",
        "precision": "95 % interval 1,030 to 1,110.",
        "release_id": manifest.release_id,
        "release_title": manifest.title,
        "synthetic": manifest.synthetic,
        "author": "Ann",
        "made_at": datetime(2026, 11, 30, 9, tzinfo=UTC),
        **changed,
    }
    return record.pin(Pin(**said), "Ann", PIXEL, None)


def button(app: AppTest, label: str):
    (found,) = [each for each in app.button if each.label == label]
    return found


def kept() -> Briefing:
    (found,) = keeping.record().listed(Briefing)
    return found


def named(app: AppTest) -> AppTest:
    app.text_input(key="your-name").set_value("Ann").run()
    return app


def test_a_first_visitor_is_told_what_a_briefing_is_and_where_evidence_comes_from(page):
    app = page()
    assert "A briefing is an ordered set of slides" in texts(app)
    assert "Nothing is pinned yet" in texts(app)


def test_a_briefing_begins_with_all_evidence(page, wood):
    pin = pin_of(wood, keeping.record())
    app = named(page())
    app.text_input(key="new-title").set_value("Committee")
    app.radio(key="new-start").set_value("evidence")
    button(app, "Make it").click().run()
    assert kept().title == "Committee"
    assert kept().slides == (Slide("pin", ref=pin.id),)
    assert kept().edited_by == "Ann"


def test_a_briefing_begins_with_the_themes_of_the_shortlist_each_with_its_evidence(page, wood):
    record = keeping.record()
    pin = pin_of(wood, record, "mobility")
    pin_of(wood, record, "population", headline="Not on the list")
    record.save(
        Shortlist(
            decided_at=datetime(2026, 11, 30, tzinfo=UTC),
            names=("Ann",),
            themes=(Chosen("mobility", "Ready"), Chosen("tourism", "Asked for")),
            snapshot={},
            release_id=WOOD,
        ),
        "Ann",
    )
    app = named(page())
    app.text_input(key="new-title").set_value("Committee")
    button(app, "Make it").click().run()
    assert kept().slides == (Slide("theme", ref="mobility"), Slide("pin", ref=pin.id), Slide("theme", ref="tourism"))


def test_nothing_is_saved_without_a_name(page):
    app = page()
    app.text_input(key="new-title").set_value("Committee")
    button(app, "Make it").click().run()
    assert keeping.record().listed(Briefing) == ()
    assert "type your name first" in texts(app)


def test_slides_are_put_in_order_edited_and_taken_out(page):
    record = keeping.record()
    three = tuple(Slide("words", title=each) for each in ("One", "Two", "Three"))
    record.save(Briefing(title="Committee", slides=three), "Ann")
    app = named(page())
    app.button(key="down-0").click().run()
    assert [each.title for each in kept().slides] == ["Two", "One", "Three"]
    app.button(key="up-2").click().run()
    assert [each.title for each in kept().slides] == ["Two", "Three", "One"]
    app.button(key="out-0").click().run()
    assert [each.title for each in kept().slides] == ["Three", "One"]


def test_what_two_people_change_at_once_is_shown_with_both_versions(page):
    record = keeping.record()
    record.save(Briefing(title="Committee", slides=(Slide("words", title="One"), Slide("words", title="Two"))), "Ann")
    mine = named(page())
    theirs = kept()
    record.save(Briefing(title="Board", slides=theirs.slides, id=theirs.id, version=theirs.version), "Bob")
    mine.button(key="down-0").click().run()
    assert kept().title == "Board", "nothing was lost"
    assert "Mine, not saved" in texts(mine)
    assert "saved by Bob" in texts(mine)
    mine.button(key="mine-briefing").click().run()
    assert [each.title for each in kept().slides] == ["Two", "One"]


def test_words_that_look_like_markup_stay_words(page):
    record = keeping.record()
    nasty = "<script>alert(1)</script> **bold** [x](javascript:alert(1))"
    record.save(Briefing(title=nasty, slides=(Slide("words", title=nasty, words=nasty),)), "Ann")
    app = page()
    assert nasty in texts(app)
    assert not [each for each in app.markdown if each.allow_html]


def test_a_deck_has_the_themes_the_evidence_and_what_goes_with_them(wood):
    record = keeping.record()
    pin = pin_of(wood, record)
    slides = (Slide("theme", ref="tourism"), Slide("pin", ref=pin.id, words="Look"), Slide("words", "", "Ask", "- One"))
    briefing = record.save(Briefing(title="Committee", slides=slides), "Ann")
    deck = briefing_deck.deck(wood, record, briefing, made=date(2026, 11, 30), base="http://here")
    theme, view, words = deck.slides
    assert isinstance(theme, ThemeSlide)
    assert (theme.title, theme.score) == ("Tourism", None), "nobody has scored anything"
    assert isinstance(view, PinSlide)
    assert (view.headline, view.picture, view.words) == ("Alder is busy", PIXEL, "Look")
    assert view.link == f"http://here/density?release={wood.manifest.release_id}&area=Alder"
    assert view.release_id == wood.manifest.release_id
    assert words == WordsSlide("Ask", "- One")
    assert deck.synthetic == wood.manifest.synthetic
    again = pptx.Presentation(io.BytesIO(powerpoint(deck)))
    titles = [slide.shapes.title.text_frame.text for slide in again.slides if slide.shapes.title is not None]
    assert titles[0] == "Committee"
    assert "Alder is busy" in titles
    assert b"Alder is busy" in web_page(deck)


def test_a_removed_view_leaves_a_slide_that_says_so(wood):
    record = keeping.record()
    pin = pin_of(wood, record)
    briefing = record.save(Briefing(title="Committee", slides=(Slide("pin", ref=pin.id),)), "Ann")
    record.remove(pin, "Ann")
    deck = briefing_deck.deck(wood, record, briefing, made=date(2026, 11, 30), base="")
    assert deck.slides == (WordsSlide(briefing_deck.GONE, ""),)


def test_a_live_view_is_its_page_with_nothing_but_the_map(page, wood):
    record = keeping.record()
    pin = pin_of(wood, record)
    briefing = record.save(Briefing(title="Committee", slides=(Slide("pin", ref=pin.id),)), "Ann")
    shown = presenting.OnShow(briefing, 0, {pin.id: pin})
    slug, said = presenting.address(shown, 0, [wood.manifest.release_id], wood.manifest.release_id)
    assert slug == "density"
    app = page("pages/density.py", **{key: values[0] for key, values in said.items()})
    assert [each.value for each in app.title] == ["Alder is busy"]
    assert "1 of 1" in texts(app)
    spec, _ = sent(app)
    assert "Alder" in spec["alt"]
    assert not app.sidebar.children


def test_a_link_that_sets_what_streamlit_keeps_for_itself_is_presented_without_that(page, wood):
    record = keeping.record()
    pin = pin_of(wood, record)
    pin = record.save(replace(pin, link=f"{pin.link}&embed=true&Embed_options=dark_theme"), "Ann")
    briefing = record.save(Briefing(title="Committee", slides=(Slide("pin", ref=pin.id), Slide("words"))), "Ann")
    _, said = presenting.address(presenting.OnShow(briefing, 1, {pin.id: pin}), 0, [WOOD], WOOD)
    assert "slide" in said
    assert not {key for key in said if key.lower().startswith("embed")}
    assert "2 of 2" in texts(page(present=briefing.id, slide="2")), "with a way back to the view"


def test_a_view_whose_release_is_gone_is_shown_as_the_picture_that_was_kept(page, wood):
    record = keeping.record()
    pin = pin_of(wood, record, release_id="gone", link="release=gone")
    briefing = record.save(Briefing(title="Committee", slides=(Slide("pin", ref=pin.id),)), "Ann")
    shown = presenting.OnShow(briefing, 0, {pin.id: pin})
    assert presenting.address(shown, 0, [WOOD], WOOD)[0] == "briefing"
    app = page(present=briefing.id, slide="1")
    assert "Release gone is no longer here" in texts(app)


@pytest.mark.parametrize("number", ["0", "-3", "99", "x", "²", ""])
def test_a_slide_that_is_not_there_opens_one_that_is(page, number):
    briefing = keeping.record().save(Briefing(title="Committee", slides=(Slide("words", title="Only"),)), "Ann")
    app = page(present=briefing.id, slide=number)
    assert [each.value for each in app.title] == ["Only"]


def test_a_briefing_that_is_not_here_is_told_and_the_page_itself_is_shown(page):
    app = page(present="nothing")
    assert "The briefing of this link is not here" in texts(app)
    assert [each.value for each in app.title] == ["What do we show the committee?"]
