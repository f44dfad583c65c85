"""The board of evidence: what its cards say, what can be done with them, and that nobody's change is lost."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from app_pages import sent, texts
from build_world import ALDER
from PIL import Image
from release_world import FIGURES, MONDAY, area_hour, write_release
from streamlit.testing.v1 import AppTest

from cellcount.record import Figure, Pin, Query, Record, open_record
from cellcount.ui import keeping, pinning

EVIDENCE = "pages/evidence.py"
INPUTS = {"area": ALDER, "date": "2026-11-02", "hour": "08:00", "measure": "people"}
FIGURE = Figure("density", INPUTS, 1070.0, 1030.8, 1109.2, "people", "People present")
PIN = Pin(
    theme_id="tourism",
    page="density",
    link="release=wood&area=E07000001&hour=08%3A00",
    headline="About 1,070 people were in Alder",
    caption="People present in the cell, Alder.",
    precision="95 % interval 1,030 to 1,110, precise.",
    release_id="wood",
    release_title="North Wood",
    synthetic=True,
    author="Ann",
    made_at=dt.datetime(2026, 11, 9, 13, 4, tzinfo=dt.UTC),
    source="Source: Nobody.",
    caveats=("The data are made up.",),
    methods=("Totals are counts of their own.",),
    queries=(Query("area_hour", "SELECT $area", {"area": ALDER}),),
    figure=FIGURE,
    data_name="synthetic-cells.csv",
)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("releases")
    write_release(folder, "wood")
    rows = [row for row in FIGURES["area_hour"] if (row["area_code"], row["date"]) != (ALDER, MONDAY)]
    write_release(folder, "later", figures={"area_hour": [*rows, area_hour(ALDER, MONDAY, 1100, 20.0, 1200)]})
    return folder


@pytest.fixture
def record(decisions: str) -> Record:
    return open_record(decisions)


@pytest.fixture
def open_board(releases, open_app):
    def opened(release: str = "wood", **query: str) -> AppTest:
        app = open_app(releases, EVIDENCE, release, **query)
        app.text_input(key="your-name").set_value("Bob").run()
        return app

    return opened


def png() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (4, 3), "white").save(content, "PNG")
    return content.getvalue()


def pinned(record: Record, **changes: object) -> Pin:
    return record.pin(replace(PIN, **changes), "Ann", png(), b"place,people\nAlder,1070\n")


def three(record: Record) -> tuple[Pin, ...]:
    return tuple(pinned(record, id=f"{at:032x}", headline=f"Finding {at}") for at in (1, 2, 3))


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click()
    app.run()
    assert not app.exception
    return app


def edit(app: AppTest, pin: Pin) -> AppTest:
    return press(app, f"edit-{pin.id}")


def type_and_save(app: AppTest, pin: Pin, headline: str) -> AppTest:
    app.text_area(key=f"edit-headline-{pin.id}-{pin.version}").set_value(headline)
    (save,) = [each for each in app.button if each.label == "Save"]
    save.click()
    app.run()
    assert not app.exception
    return app


def headlines(record: Record, theme: str = "tourism") -> list[str]:
    return [each.headline for each in record.listed(Pin, theme_id=theme)]


class TestEmpty:
    def test_it_says_what_evidence_is_and_leads_to_the_maps(self, open_board):
        app = open_board()
        said = texts(app)
        assert "There is no evidence yet." in said
        assert "press *Add to evidence* below the map" in said
        links = [each.proto.label for each in app.get("page_link")]
        assert links.count("Population density") == 2, "in the menu, and below the words"
        assert "Nothing is pinned yet for any theme." in said

    def test_of_one_theme_it_names_the_theme(self, open_board, record):
        three(record)
        assert "There is no evidence for Mobility yet." in texts(open_board(theme="Mobility"))


class TestCards:
    def test_a_card_tells_everything_that_was_kept(self, open_board, record):
        pin = pinned(record)
        app = open_board()
        said = texts(app)
        for words in (
            "About 1,070 people were in Alder",
            "95 % interval 1,030 to 1,110, precise.",
            "People present in the cell, Alder.",
            "Population density. Pinned by Ann on 9 November 2026 at 13:04. Release wood: North Wood.",
            "1 view is pinned: Tourism 1.",
            "Synthetic demonstration data",
        ):
            assert words in said
        assert app.get("image")[0].proto.imgs[0].alt == pin.headline
        app.session_state[f"behind-{pin.id}"] = True
        app.run()
        said = texts(app)
        assert "Totals are counts of their own." in said
        assert "The data are made up." in said
        assert f'Parameters {{"area": "{ALDER}"}}' in said
        assert "SELECT $area" in [each.value for each in app.code]

    def test_its_link_opens_the_view(self, open_board, record):
        pinned(record)
        (link,) = [each.proto for each in open_board().get("page_link") if each.proto.label == "Open the view"]
        assert parse_qs(link.query_string) == {"release": ["wood"], "area": ["E07000001"], "hour": ["08:00"]}
        assert link.page == "density"

    def test_its_link_opens_the_view_without_what_streamlit_keeps_for_itself(self, open_board, record):
        pinned(record, link=f"{PIN.link}&embed=true&EMBED_options=dark_theme")
        (link,) = [each.proto for each in open_board().get("page_link") if each.proto.label == "Open the view"]
        assert parse_qs(link.query_string) == {"release": ["wood"], "area": ["E07000001"], "hour": ["08:00"]}

    def test_its_files_say_that_they_are_synthetic(self, open_board, record):
        pin = pinned(record)
        names = [each.proto.id for each in open_board().get("download_button")]
        assert any(f"take-{pin.id}-synthetic-density-{pin.id[:8]}.png" in each for each in names)
        assert any(f"take-{pin.id}-synthetic-cells.csv" in each for each in names)

    def test_words_with_markup_are_shown_as_text(self, open_board, record):
        pinned(record, headline="<b>Bold</b> [link](http://x) **x**", author="<i>Ann</i>", caption="# Not a heading")
        app = open_board()
        (shown,) = [each.value for each in app.markdown if "Bold" in each.value]
        assert shown == r"##### \<b\>Bold\</b\> \[link\]\(http\://x\) \*\*x\*\*"
        assert r"\# Not a heading" in [each.value for each in app.caption]
        assert any(r"Pinned by \<i\>Ann\</i\> on" in each.value for each in app.caption)

    def test_one_theme_or_all(self, open_board, record):
        three(record)
        pinned(record, id=f"{9:032x}", theme_id="mobility", headline="Elsewhere")
        every, one = texts(open_board()), texts(open_board(theme="Tourism"))
        assert "4 views are pinned: Mobility 1 and Tourism 3." in every
        assert "Elsewhere" in every
        assert "Elsewhere" not in one
        assert "Finding 2" in one

    def test_a_theme_that_the_register_lost_keeps_its_pins(self, open_board, record):
        pinned(record, theme_id="weather")
        assert "About 1,070 people were in Alder" in texts(open_board())

    def test_a_record_that_is_down_is_a_sentence(self, releases, open_app, monkeypatch):
        monkeypatch.setenv(keeping.SETTING, "postgresql://nobody:secret@127.0.0.1:1/none")
        app = open_app(releases, EVIDENCE, "wood")
        assert len(app.error) == 1
        assert "secret" not in texts(app)


class TestOrder:
    def test_up_and_down(self, open_board, record):
        one, two, _ = three(record)
        app = press(open_board(), f"Down-{one.id}")
        assert headlines(record) == ["Finding 2", "Finding 1", "Finding 3"]
        press(app, f"Up-{one.id}")
        assert headlines(record) == ["Finding 1", "Finding 2", "Finding 3"]
        assert app.button(key=f"Up-{one.id}").disabled
        assert not app.button(key=f"Up-{two.id}").disabled

    def test_an_order_that_somebody_changed_meanwhile_is_not_overwritten(self, open_board, record):
        one, two, three_ = three(record)
        app = open_board()
        ids = [one.id, two.id, three_.id]
        record.reorder(Pin, "tourism", ids, [three_.id, one.id, two.id], "Cy")
        press(app, f"Down-{one.id}")
        assert headlines(record) == ["Finding 3", "Finding 1", "Finding 2"], "theirs stands"
        assert "Mine, not saved" in texts(app)
        press(app, "mine-board-tourism")
        assert headlines(record) == ["Finding 2", "Finding 1", "Finding 3"]

    def test_without_a_name_nothing_moves_and_it_is_said(self, releases, open_app, record):
        one, *_ = three(record)
        app = press(open_app(releases, EVIDENCE, "wood"), f"Down-{one.id}")
        assert headlines(record) == ["Finding 1", "Finding 2", "Finding 3"]
        assert "Nothing was saved yet: type your name first, and then do it again." in texts(app)


class TestEdit:
    def test_words_and_theme(self, open_board, record):
        pin = pinned(record)
        app = edit(open_board(), pin)
        app.text_area(key=f"edit-caption-{pin.id}-1").set_value("Better words.")
        app.selectbox(key=f"edit-theme-{pin.id}-1").set_value("mobility")
        type_and_save(app, pin, "A better headline")
        (kept,) = record.listed(Pin)
        assert (kept.headline, kept.caption, kept.theme_id) == ("A better headline", "Better words.", "mobility")
        assert (kept.author, kept.edited_by) == ("Ann", "Bob")
        assert "changed by Bob on" in texts(app)

    def test_two_who_edit_the_same_pin_see_both_versions(self, open_board, record):
        pin = pinned(record)
        app = edit(open_board(), pin)
        record.save(replace(pin, headline="What Cy wrote"), "Cy")
        type_and_save(app, pin, "What Bob wrote")
        assert headlines(record) == ["What Cy wrote"], "theirs stands"
        said = texts(app)
        assert "Mine, not saved" in said
        assert "Theirs: saved by Cy on" in said
        assert "Headline: What Bob wrote" in said
        assert "Headline: What Cy wrote" in said
        press(app, f"mine-board-{pin.id}")
        assert headlines(record) == ["What Bob wrote"]
        assert "Mine, not saved" not in texts(app)

    def test_theirs_can_be_kept(self, open_board, record):
        pin = pinned(record)
        app = edit(open_board(), pin)
        record.save(replace(pin, headline="What Cy wrote"), "Cy")
        type_and_save(app, pin, "What Bob wrote")
        press(app, f"theirs-board-{pin.id}")
        assert headlines(record) == ["What Cy wrote"]
        assert "Mine, not saved" not in texts(app)

    def test_a_change_of_others_while_typing_is_told_and_not_lost(self, open_board, record):
        pin = pinned(record)
        app = edit(open_board(), pin)
        record.save(replace(pin, headline="What Cy wrote"), "Cy")
        app.run()
        assert "Cy has changed it meanwhile. If you save, you see both versions first." in texts(app)
        type_and_save(app, pin, "What Bob wrote")
        assert headlines(record) == ["What Cy wrote"]

    def test_a_pin_that_somebody_removed_meanwhile_can_be_saved_all_the_same(self, open_board, record):
        pin = pinned(record)
        app = edit(open_board(), pin)
        record.remove(pin, "Cy")
        type_and_save(app, pin, "What Bob wrote")
        assert headlines(record) == []
        said = texts(app)
        assert "Theirs: removed by Cy on" in said
        assert "Headline: What Bob wrote" in said
        press(app, f"mine-board-{pin.id}")
        assert headlines(record) == ["What Bob wrote"]

    def test_an_empty_headline_is_refused_and_what_was_typed_stays(self, open_board, record):
        pin = pinned(record)
        app = edit(open_board(), pin)
        app.text_area(key=f"edit-caption-{pin.id}-1").set_value("Typed with care")
        type_and_save(app, pin, "  ")
        assert len(app.error) == 1
        assert app.text_area(key=f"edit-caption-{pin.id}-1").value == "Typed with care"
        assert record.listed(Pin)[0].caption == PIN.caption


class TestRemove:
    def test_removed_and_undone(self, open_board, record):
        one, *_ = three(record)
        app = press(open_board(), f"remove-{one.id}")
        assert headlines(record) == ["Finding 2", "Finding 3"]
        assert "Removed: “Finding 1”" in texts(app)
        press(app, "undo-remove")
        assert sorted(headlines(record)) == ["Finding 1", "Finding 2", "Finding 3"]
        assert "Removed: “Finding 1”" not in texts(app)

    def test_what_was_removed_long_ago_can_be_restored(self, open_board, record):
        one, *_ = three(record)
        record.remove(one, "Cy")
        app = open_board()
        app.session_state["removed"] = True
        app.run()
        press(app, f"restore-{one.id}")
        assert "Finding 1" in headlines(record)

    def test_a_pin_that_somebody_changed_meanwhile_is_not_removed_in_silence(self, open_board, record):
        one, *_ = three(record)
        app = open_board()
        record.save(replace(one, headline="What Cy wrote"), "Cy")
        press(app, f"remove-{one.id}")
        assert "What Cy wrote" in headlines(record)
        assert "Headline: What Cy wrote" in texts(app)
        press(app, f"mine-board-{one.id}")
        assert "What Cy wrote" not in headlines(record)


class TestSince:
    def test_a_pin_of_another_release_says_what_changed_in_its_figure(self, open_board, record):
        """1,200 people with an error of 20 where 1,070 were, between 1,030.8 and 1,109.2: 130 more, 12.1 %."""
        pinned(record)
        app = open_board("later")
        said = texts(app)
        assert "It was pinned on another release than the one that is served now." in said
        assert "Now 1,200 people, +130 (+12.1 %): beyond the interval of the pinned figure." in said
        links = {each.proto.label: parse_qs(each.proto.query_string) for each in app.get("page_link")}
        assert links["Open the view"]["release"] == ["wood"]
        again = links["Pin it again on the current release"]
        assert (again["release"], again[pinning.AGAIN]) == (["later"], [PIN.id])

    def test_of_the_same_release_nothing_is_said(self, open_board, record):
        pinned(record)
        assert "another release" not in texts(open_board())

    def test_a_release_that_is_gone_leaves_picture_and_figure(self, open_board, record):
        pinned(record, release_id="lost", link="release=lost&area=E07000001")
        app = open_board()
        said = texts(app)
        assert "The release that it was pinned on is no longer here; its picture, figure and data are kept." in said
        assert "Unchanged: 1,070 people." in said
        labels = [each.proto.label for each in app.get("page_link")]
        assert "Open the view" not in labels
        assert "Pin it again on the current release" in labels
        assert app.get("image")

    def test_a_figure_that_cannot_be_asked_of_the_release_says_why(self, open_board, record):
        inputs = {**INPUTS, "date": "2031-01-01"}
        pinned(record, release_id="lost", figure=replace(FIGURE, inputs=inputs))
        assert "What has become of its figure cannot be told. This release has no 1 January 2031." in texts(
            open_board()
        )

    def test_a_pin_without_a_figure_says_so(self, open_board, record):
        pinned(record, release_id="lost", figure=None)
        assert "It states no figure that could be compared." in texts(open_board())

    def test_the_way_again_leads_to_the_page_on_the_current_release(self, open_board, open_app, releases, record):
        pinned(record)
        (link,) = [each.proto for each in open_board("later").get("page_link") if "again" in each.proto.label]
        query = {key: values[0] for key, values in parse_qs(link.query_string).items()}
        app = open_app(releases, "pages/density.py", **query)
        assert "Takes the place of “About 1,070 people were in Alder”, pinned by Ann." in texts(app)
        assert app.text_area[0].value.startswith("At 08:00 on Monday 2 November 2026, about 1,200 people")
        assert sent(app)


class TestKeeping:
    def test_everything_is_exported_and_taken_in_again(self, open_board, record, tmp_path):
        three(record)
        content = record.export_json()
        other = open_record(f"sqlite:///{tmp_path / 'other.db'}")
        assert other.import_json(content, "Cy", "merge").added == 3
        changed = replace(other.listed(Pin)[0], headline="Changed there")
        other.save(changed, "Cy")
        app = open_board()
        app.session_state["keeping"] = True
        app.run()
        (uploader,) = app.file_uploader
        uploader.set_value(("decisions.json", other.export_json(), "application/json"))
        app.run()
        assert "New here: 0. Later than here: 1. The same: 2." in texts(app)
        assert "Changed there" not in headlines(record), "a check writes nothing"
        press(app, "merge")
        assert "Changed there" in headlines(record)
        assert "The file was taken in. New here: 0. Later than here: 1." in [
            each.value.replace("\\", "")[:55] for each in app.success
        ]

    def test_a_file_that_was_tampered_with_is_refused_in_a_sentence(self, open_board, record):
        three(record)
        content = json.loads(record.export_json())
        app = open_board()
        app.session_state["keeping"] = True
        app.run()
        (uploader,) = app.file_uploader
        tampered = json.dumps(content).replace("Finding 1", "Finding 9").encode()
        uploader.set_value(("decisions.json", tampered, "application/json"))
        app.run()
        assert not app.exception
        uploader = app.file_uploader[0]
        uploader.set_value(("decisions.json", b"not json at all", "application/json"))
        app.run()
        assert len(app.error) == 1
        assert len(headlines(record)) == 3

    def test_who_changed_what_is_a_table(self, open_board, record):
        one, *_ = three(record)
        record.save(replace(one, headline="=1+1"), "Cy")
        app = open_board()
        app.session_state["keeping"] = True
        app.run()
        table = app.dataframe[0].value
        assert table["Who"].tolist() == ["Cy", "Ann", "Ann", "Ann"]
        assert table["Done"].tolist() == ["changed", "made", "made", "made"]
        assert table["Which"].tolist()[0] == "=1+1"
        assert set(table["What"]) == {"Evidence"}
