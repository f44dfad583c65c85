"""Where the record of decisions is, and what is shown where two people save at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from app_pages import texts
from streamlit.testing.v1 import AppTest

from cellcount.record import KeptTheme, RecordUnavailableError, open_record
from cellcount.ui import keeping


class TestAddress:
    def test_a_database_is_made_where_nobody_names_one(self, tmp_path, monkeypatch):
        monkeypatch.delenv(keeping.SETTING)
        monkeypatch.setattr(keeping, "FOLDER", tmp_path / "record")
        keeping.record().save(KeptTheme("tourism"), "Ann")
        (made,) = (tmp_path / "record").glob("*.sqlite")
        assert open_record(f"sqlite:///{made}").listed(KeptTheme)[0].theme_id == "tourism"

    def test_the_environment_names_one(self, decisions):
        keeping.record().save(KeptTheme("tourism"), "Ann")
        assert open_record(decisions).listed(KeptTheme)[0].edited_by == "Ann"
        assert Path(decisions.removeprefix("sqlite:///")).exists()

    def test_the_secrets_come_first(self, tmp_path, decisions, monkeypatch):
        named = f"sqlite:///{tmp_path / 'named.db'}"
        monkeypatch.setattr(keeping.st, "secrets", {"connections": {"decisions": {"url": named}}})
        keeping.record().save(KeptTheme("tourism"), "Ann")
        assert open_record(named).listed(KeptTheme)
        assert not open_record(decisions).listed(KeptTheme)

    def test_secrets_without_an_address_say_what_is_missing(self, monkeypatch):
        monkeypatch.setattr(keeping.st, "secrets", {"connections": {"decisions": {"host": "db.example"}}})
        with pytest.raises(RecordUnavailableError, match="write a line url under"):
            keeping.record()

    def test_another_database_is_refused(self, monkeypatch):
        monkeypatch.setenv(keeping.SETTING, "mysql://ann:secret@db.example/record")
        with pytest.raises(RecordUnavailableError) as refused:
            keeping.record()
        assert "secret" not in str(refused.value)


def mark() -> None:
    """A page that says which themes are kept, and keeps one more at the click of a button."""
    import streamlit as st  # noqa: PLC0415 - the page is a script of its own

    from cellcount.record import KeptTheme as Kept  # noqa: PLC0415
    from cellcount.ui import controls as shared  # noqa: PLC0415
    from cellcount.ui import keeping as kept  # noqa: PLC0415

    by = shared.your_name()
    if st.button("Keep") and kept.save("mark", Kept("mobility"), by):
        st.write("1 change saved.")
    kept.show_trouble("mark", "Europe/London", lambda item: {"Theme": item.theme_id})


class TestFile:
    def test_nothing_is_said_to_be_saved_where_the_file_was_deleted_meanwhile(self, decisions):
        file = Path(decisions.removeprefix("sqlite:///"))
        app = AppTest.from_function(mark, default_timeout=60)
        app.session_state["name-typed"] = "Ann"
        keeping.record().save(KeptTheme("tourism"), "Ann")
        app.run()
        file.unlink()
        app.button[0].click().run()
        assert not app.exception
        said = texts(app)
        assert "1 change saved." not in said
        assert f"The record is no longer in the file {file}, and nothing was written." in said
        assert not file.exists()


class TestName:
    @pytest.mark.parametrize("name", ["Ann\u202egro.live", "Ann\x07"])
    def test_a_name_that_cannot_be_kept_is_refused_where_it_is_typed(self, decisions, name):
        app = AppTest.from_function(mark, default_timeout=60).run()
        app.text_input(key="your-name").input(name).run()
        assert "The name has control characters. Nothing was written. Type it again." in texts(app)
        app.button[0].click().run()
        assert not app.exception
        assert "type your name first" in texts(app)
        app.text_input(key="your-name").input(" Ann  B ").run()
        assert "control characters" not in texts(app)
        app.button[0].click().run()
        assert [each.edited_by for each in open_record(decisions).listed(KeptTheme)] == ["Ann B"]


def page() -> None:
    """A page that marks a theme as it was read at first."""
    from cellcount.record import KeptTheme as Kept  # noqa: PLC0415 - the page is a script of its own
    from cellcount.ui import controls as shared  # noqa: PLC0415
    from cellcount.ui import keeping as kept  # noqa: PLC0415

    first = shared.kept_aside("first") or kept.record().get(Kept, "tourism")
    shared.keep_aside("first", first)
    kept.save("mark", Kept("tourism", kept=False, version=first.version), "Bob")
    kept.show_trouble("mark", "Europe/London", lambda item: {"Theme": item.theme_id, "Kept": str(item.kept)})


class TestConflict:
    def test_both_versions_are_shown_and_nothing_is_written(self, decisions):
        record = open_record(decisions)
        mine = record.save(KeptTheme("tourism"), "Ann")
        app = AppTest.from_function(page, default_timeout=60)
        app.session_state["kept-aside"] = {"first": mine}
        record.save(replace(mine, kept=False), "Cy")
        cy = record.save(replace(record.get(KeptTheme, "tourism"), kept=True), "Cy")
        app.run()
        assert not app.exception
        said = texts(app)
        assert "Mine, not saved" in said
        assert "Theirs: saved by Cy on" in said
        assert "Kept: False" in said
        assert "Kept: True" in said
        assert "Theme:" not in said, "what both have alike is left out"
        assert record.get(KeptTheme, "tourism") == cy
