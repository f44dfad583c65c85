"""Themes are marked “keep” while browsing, and the kept ones stand side by side before anything is weighed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from app_pages import texts
from record_world import a_pin
from release_world import write_release
from streamlit.testing.v1 import AppTest

from cellcount.record import KeptTheme, Record, open_record


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("releases")
    write_release(folder, "wood")
    return folder


@pytest.fixture
def record(decisions) -> Record:
    return open_record(decisions)


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def name(app: AppTest, words: str) -> AppTest:
    app.text_input(key="your-name").input(words).run()
    assert not app.exception
    return app


def test_nobody_is_asked_for_a_name_before_they_keep_something(open_app, releases, record):
    app = open_app(releases)
    assert not app.text_input
    assert "None is kept yet" in texts(app)
    press(app, "keep-tourism")
    assert record.listed(KeptTheme) == ()
    assert "“Tourism” is kept as soon as you have typed your name." in texts(app)
    name(app, "Ann <b>")
    (kept,) = record.listed(KeptTheme)
    assert (kept.theme_id, kept.kept, kept.edited_by) == ("tourism", True, "Ann <b>")
    assert app.button(key="keep-tourism").label == "**Kept**"
    assert "by Ann <b>" in app.button(key="keep-tourism").help.replace("\\", "")


def test_all_that_was_marked_before_a_name_is_kept_once_there_is_one(open_app, releases, record):
    app = open_app(releases)
    for theme in ("tourism", "ethnicity", "mobility", "ethnicity"):
        press(app, f"keep-{theme}")
    assert record.listed(KeptTheme) == ()
    shown = texts(app)
    assert "are kept as soon as you have typed your name." in shown
    assert shown.count("Type your name at the top of the page: then it is kept.") == 3
    name(app, "Ann")
    kept = record.listed(KeptTheme)
    assert {each.theme_id for each in kept if each.kept} == {"tourism", "ethnicity", "mobility"}
    assert {each.edited_by for each in kept} == {"Ann"}
    # Nothing waits any more: what is let go stays so.
    press(app, "keep-ethnicity")
    assert not record.listed(KeptTheme, theme_id="ethnicity")[0].kept


def test_a_kept_theme_is_let_go_by_the_same_button(open_app, releases, record):
    record.save(KeptTheme("tourism"), "Ann")
    app = open_app(releases)
    press(app, "keep-tourism")
    name(app, "Bob")
    # Whoever presses without a name keeps: a mark of somebody else is never lost to a misunderstanding.
    assert record.listed(KeptTheme)[0].kept
    press(app, "keep-tourism")
    assert not record.listed(KeptTheme)[0].kept
    press(app, "keep-tourism")
    assert record.listed(KeptTheme)[0].kept


def test_kept_themes_stand_side_by_side_with_what_is_known_of_them(open_app, releases, record):
    for theme in ("tourism", "ethnicity"):
        record.save(KeptTheme(theme), "Ann")
    record.pin(replace(a_pin("Many <b>visit</b>"), release_id="wood"), "Ann", None, b"a\n1\n")
    app = open_app(releases)
    shown = texts(app)
    assert shown.count("**Evidence pinned**") == 2
    assert "applications are served by this release" in shown
    assert "Approval by the National Statistician" in shown
    assert "Nothing is pinned yet" in shown
    links = [each.proto.label.replace("\\", "") for each in app.get("page_link")]
    assert "Many <b>visit</b>" in links
    assert "Score them, and fix a shortlist" in links


def test_a_pin_whose_link_sets_what_streamlit_keeps_for_itself_is_named_all_the_same(open_app, releases, record):
    record.save(KeptTheme("tourism"), "Ann")
    pin = a_pin("Many visit")
    record.pin(replace(pin, release_id="wood", link=f"{pin.link}&embed=true"), "Ann", None, b"a\n1\n")
    app = open_app(releases)
    assert not app.exception
    (link,) = [each.proto for each in app.get("page_link") if each.proto.label == "Many visit"]
    assert "embed" not in link.query_string


def test_the_themes_page_stands_without_a_record(open_app, releases, monkeypatch, tmp_path):
    broken = tmp_path / "decisions.db"
    broken.write_text("This is no database, and it is long enough to be read as one that is broken." * 20)
    monkeypatch.setenv("CELLCOUNT_DECISIONS", f"sqlite:///{broken}")
    app = open_app(releases)
    assert "Themes cannot be marked now." in texts(app)
    assert "Tourism" in texts(app)
    assert not [each for each in app.button if str(each.key).startswith("keep-")]


def test_two_sessions_that_mark_the_same_theme_are_shown_both_versions(open_app, releases, record):
    record.save(KeptTheme("tourism"), "Cat")
    mine, theirs = name_first(open_app(releases), "Ann"), name_first(open_app(releases), "Bob")
    press(theirs, "keep-tourism")
    record.save(replace(record.listed(KeptTheme, theme_id="tourism")[0], kept=True), "Bob")
    press(mine, "keep-tourism")
    assert "Mine, not saved" in texts(mine)
    assert "by Bob" in texts(mine)
    assert record.listed(KeptTheme, theme_id="tourism")[0].kept


def name_first(app: AppTest, words: str) -> AppTest:
    """A session whose visitor has typed a name: they have kept something else."""
    return name(press(app, f"keep-{'mobility' if words == 'Ann' else 'emergency'}"), words)
