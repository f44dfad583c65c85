"""What people keep is kept: on SQLite and on PostgreSQL, by many at once, through kills, exports and bad input."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time
import zlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_world import (
    DATA,
    MADE,
    a_pin,
    a_shortlist,
    add,
    empty_url,
    engine,
    environment,
    fill,
    items,
    new_url,
    other,
    png,
    postgresql,
    program,
    ready_postgresql,
    ready_sqlite,
    record,
    url,
)
from sqlalchemy import create_engine, create_mock_engine, exc, func, select, text

from cellcount.errors import CellCountError
from cellcount.record import (
    KINDS,
    Appraisal,
    Briefing,
    Chosen,
    ConflictError,
    CostLine,
    Figure,
    Gate,
    Item,
    KeptTheme,
    Order,
    Overrule,
    Pin,
    Query,
    Record,
    RecordUnavailableError,
    RefusedError,
    Score,
    Shortlist,
    Slide,
    Weight,
    checked,
    database_url,
    default_url,
    key,
    open_record,
    transfer,
    upgrade,
)
from cellcount.record.plain import as_plain, canonical, from_plain
from cellcount.record.schema import CHANGES, RECORD, TABLES, VERSION_TABLE

__all__ = [
    "empty_url",
    "engine",
    "new_url",
    "other",
    "postgresql",
    "ready_postgresql",
    "ready_sqlite",
    "record",
    "url",
]


def bare(item):
    """What somebody typed, without who and when."""
    return replace(item, version=0, edited_by="", edited_at=None)


# Items.


def test_every_kind_comes_back_as_it_was_saved(record):
    for item in items():
        kept = record.save(item, " Ann ")
        assert bare(kept) == item
        assert (kept.version, kept.edited_by) == (1, "Ann")
        assert kept.edited_at.tzinfo == UTC
        assert abs(kept.edited_at - datetime.now(UTC)) < timedelta(minutes=1)
        assert record.get(type(item), item.id) == kept
        assert kept in record.listed(type(item))
    assert {type(item) for item in items()} | {Pin} == set(KINDS.values())


def test_a_second_save_is_a_second_version_and_the_trail_has_both(record):
    first = record.save(Score("tourism", "timeliness", "Ann", 80.0, "Monthly"), "Ann")
    second = record.save(replace(first, value=60.0), "Bob")
    assert (second.version, second.edited_by, second.value) == (2, "Bob", 60.0)
    changed, made = record.changes("score", first.id)
    assert (made.action, made.by, made.before) == ("made", "Ann", None)
    assert made.after["value"] == 80.0
    assert (changed.action, changed.by) == ("changed", "Bob")
    assert (changed.before["value"], changed.after["value"]) == (80.0, 60.0)
    assert changed.at == second.edited_at


def test_saving_what_is_kept_writes_nothing(record):
    first = record.save(KeptTheme("tourism"), "Ann")
    before = record.revision()
    assert record.save(KeptTheme("tourism"), "Bob") == first
    assert record.revision() == before


def test_the_revision_grows_with_every_change(record):
    assert record.revision() == 0
    seen = [record.revision() for item in items() if record.save(item, "Ann")]
    assert seen == sorted(set(seen))


def test_what_is_listed_is_chosen_and_in_order(record):
    for scorer in ("Cat", "Ann", "Bob"):
        for theme in ("tourism", "mobility"):
            record.save(Score(theme, "timeliness", scorer, 50.0), scorer)
    assert [each.scorer for each in record.listed(Score, theme_id="tourism")] == ["Ann", "Bob", "Cat"]
    assert [each.theme_id for each in record.listed(Score, scorer="Bob")] == ["mobility", "tourism"]
    assert record.listed(Score, scorer="Dan") == ()


def test_shortlists_are_listed_with_the_newest_first(record):
    for days in (2, 9, 5):
        record.save(replace(a_shortlist(), id=f"{days:032x}", decided_at=MADE + timedelta(days=days)), "Ann")
    assert [(each.decided_at - MADE).days for each in record.listed(Shortlist)] == [9, 5, 2]


def test_a_shortlist_stays_as_it_was_decided(record, engine):
    kept = record.save(a_shortlist(), "Ann")
    assert record.save(kept, "Bob") == kept
    with pytest.raises(RefusedError, match="stays as it was decided"):
        record.save(replace(kept, names=("Nobody",)), "Bob")
    with pytest.raises(RefusedError, match="stays as it was decided"):
        record.remove(kept, "Bob")
    assert record.listed(Shortlist) == (kept,)
    assert len(record.changes()) == 1


@pytest.mark.parametrize("table", ["change", "shortlist"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET id = 'x'", "DELETE FROM {}"])
def test_the_database_itself_keeps_the_trail_and_the_shortlists(record, engine, table, deed):
    record.save(a_shortlist(), "Ann")
    with pytest.raises(exc.DBAPIError, match="stay as they are"), engine.begin() as connection:
        connection.execute(text(deed.format(table)))


@pytest.mark.parametrize("value", [-1, 101])
def test_the_database_itself_keeps_scores_within_the_scale(record, engine, value):
    record.save(Score("tourism", "timeliness", "Ann", 1.0), "Ann")
    with pytest.raises(exc.IntegrityError), engine.begin() as connection:
        connection.execute(text(f"UPDATE score SET value = {value}"))


def test_names_that_hold_slashes_do_not_share_an_id():
    assert key("a/b", "c") != key("a", "b/c")
    assert key("a%2Fb") != key("a/b")


def test_a_removed_item_is_gone_and_comes_back(record):
    line = record.save(CostLine("tourism", "Cell counts", "cost", "staff", "One"), "Ann")
    record.remove(line, "Bob")
    assert record.get(CostLine, line.id) is None
    assert record.listed(CostLine) == ()
    (gone,) = record.removed(CostLine, theme_id="tourism")
    assert (gone.version, gone.edited_by) == (2, "Bob")
    back = record.restore(CostLine, line.id, "Cat")
    assert bare(back) == bare(line)
    assert back.version == 3
    assert record.restore(CostLine, line.id, "Cat") == back
    assert [each.action for each in record.changes("cost_line")] == ["restored", "removed", "made"]
    assert record.changes("cost_line")[1].before == as_plain(line)


def test_a_theme_that_was_removed_can_be_kept_anew_and_an_old_reader_is_told(record):
    first = record.save(KeptTheme("tourism"), "Ann")
    record.remove(first, "Bob")
    with pytest.raises(ConflictError) as told:
        record.save(replace(first, kept=False), "Ann")
    assert told.value.removed
    assert "Bob removed this" in str(told.value)
    anew = record.save(KeptTheme("tourism", False), "Cat")
    assert anew.version == 3
    with pytest.raises(ConflictError):
        record.remove(first, "Ann")
    assert record.get(KeptTheme, "tourism") == anew


def test_what_never_was_is_not_changed_removed_or_brought_back(record):
    stray = replace(KeptTheme("tourism"), version=3)
    with pytest.raises(ConflictError, match="never kept") as told:
        record.save(stray, "Ann")
    assert told.value.theirs is None
    with pytest.raises(ConflictError, match="never kept"):
        record.remove(stray, "Ann")
    with pytest.raises(RefusedError, match="nothing of this id"):
        record.restore(KeptTheme, "tourism", "Ann")
    assert record.changes() == ()


# Pins.


def test_a_pin_comes_back_with_its_picture_and_data(record):
    kept = record.pin(a_pin(), "Ann", png(), DATA)
    (read,) = record.listed(Pin, theme_id="tourism")
    assert read == kept
    files = ("picture_sha256", "picture_length", "data_sha256", "data_length")
    assert replace(bare(read), **{each.name: each.default for each in fields(Pin) if each.name in files}) == replace(
        a_pin(), id=kept.id
    )
    assert record.picture_of(kept.id) == png()
    assert record.data_of(kept.id) == DATA
    assert read.picture_sha256 == hashlib.sha256(png()).hexdigest()
    assert (read.picture_length, read.data_length) == (len(png()), len(DATA))
    assert record.picture_of("0" * 32) is None


def test_listing_pins_reads_neither_pictures_nor_data(record, engine):
    record.pin(a_pin(), "Ann", png(), DATA)
    asked = []

    def hear(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    from sqlalchemy import event  # noqa: PLC0415 - only here is the database listened to

    event.listen(engine, "before_cursor_execute", hear)
    assert len(record.listed(Pin)) == 1
    assert any("pin" in each for each in asked)
    assert not any("kept_file" in each for each in asked)


def test_the_trail_has_checksums_and_lengths_of_files_and_not_the_files(record):
    picture = png(7, 500, 500)
    record.pin(a_pin(), "Ann", picture, DATA)
    (change,) = record.changes("pin")
    assert change.after["picture_sha256"] == hashlib.sha256(picture).hexdigest()
    assert change.after["picture_length"] == len(picture)
    assert base64.b64encode(picture)[:40] not in canonical(as_plain(change))


def test_editing_a_pin_keeps_its_files_and_taking_it_again_replaces_them(record):
    pin = record.pin(a_pin(), "Ann", png(1), DATA)
    edited = record.save(
        replace(pin, headline="Other", picture_sha256=None, picture_length=0, data_name="x.csv"), "Bob"
    )
    assert (edited.picture_sha256, edited.data_name) == (pin.picture_sha256, "present.csv")
    again = record.pin(replace(edited, release_id="demo-2"), "Cat", png(2), None)
    assert (again.version, again.release_id) == (3, "demo-2")
    assert record.picture_of(pin.id) == png(2)
    assert record.data_of(pin.id) is None
    with pytest.raises(ConflictError):
        record.pin(edited, "Bob", png(3), None)
    assert record.picture_of(pin.id) == png(2)


def test_pins_are_in_the_order_in_which_they_came_until_they_are_moved(record):
    a, b, c = (record.pin(a_pin(each), "Ann", png(), None) for each in "abc")
    record.pin(a_pin("elsewhere", "mobility"), "Ann", png(), None)
    assert [each.headline for each in record.listed(Pin, theme_id="tourism")] == ["a", "b", "c"]
    record.reorder(Pin, "tourism", [a.id, b.id, c.id], [c.id, a.id, b.id], "Bob")
    assert [each.headline for each in record.listed(Pin, theme_id="tourism")] == ["c", "a", "b"]
    assert record.save(replace(a, headline="a2"), "Ann").position == 1
    moved = record.save(replace(c, theme_id="mobility"), "Ann")
    assert moved.position == 1
    assert [each.headline for each in record.listed(Pin, theme_id="mobility")] == ["elsewhere", "c"]
    record.remove(b, "Ann")
    record.pin(a_pin("d"), "Ann", png(), None)
    record.restore(Pin, b.id, "Ann")
    assert [each.headline for each in record.listed(Pin, theme_id="tourism")] == ["a2", "d", "b"]


def test_an_order_that_is_not_the_one_on_screen_is_a_conflict(record):
    a, b = (record.pin(a_pin(each), "Ann", png(), None) for each in "ab")
    record.reorder(Pin, "tourism", [a.id, b.id], [b.id, a.id], "Bob")
    c = record.pin(a_pin("c"), "Cat", png(), None)
    with pytest.raises(ConflictError, match="Cat changed this") as told:
        record.reorder(Pin, "tourism", [a.id, b.id], [a.id, b.id], "Ann")
    assert isinstance(told.value.mine, Order)
    assert told.value.theirs.ids == (b.id, a.id, c.id)
    for now in ([a.id, a.id, b.id], [a.id, b.id], [a.id, b.id, "x"]):
        with pytest.raises(RefusedError, match="same entries"):
            record.reorder(Pin, "tourism", [b.id, a.id, c.id], now, "Ann")
    with pytest.raises(ConflictError, match="not what you saw"):
        record.reorder(Pin, "nothing", ["x"], ["x"], "Ann")
    assert [each.headline for each in record.listed(Pin)] == ["b", "a", "c"]


def with_rows(content: bytes, width: int = 3, height: int = 2) -> bytes:
    """A PNG whose checksums are right and whose rows are anything."""
    kinds = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", content), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(said)) + kind + said + struct.pack(">I", zlib.crc32(kind + said)) for kind, said in kinds
    )


@pytest.mark.parametrize(
    ("files", "name", "words"),
    [
        ((b"GIF89a" + b"\0" * 40, None), "", "not a PNG"),
        ((png()[:20], None), "", "not a PNG"),
        ((png()[:33] + b"garbage", None), "", "cannot be read"),
        ((png().replace(b"IDAT", b"IDAX"), None), "", "cannot be read"),
        ((with_rows(b""), None), "", "cannot be read"),
        ((with_rows(b"not deflated"), None), "", "cannot be read"),
        ((png(0, 10_001, 1), None), "", "pixels"),
        ((with_rows(b"", 10_000, 5_001), None), "", "all of it 50,000,000"),
        ((png()[:33] + b"\0" * 10_000_000, None), "", "larger than 10,000,000 bytes"),
        ((None, b"a,b\n\xff"), "x.csv", "UTF-8"),
        ((None, b"a\0b"), "x.csv", "not text"),
        ((None, b""), "x.csv", "empty"),
        ((None, DATA), "", "no name"),
        ((None, DATA), "../x.csv", "without a folder"),
        ((None, b"x" * 25_000_001), "x.csv", "larger than 25,000,000 bytes"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(record, engine, files, name, words):
    with pytest.raises(RefusedError, match=words):
        record.pin(replace(a_pin(), data_name=name), "Ann", *files)
    assert record.listed(Pin) == ()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM kept_file")).scalar() == 0


# Bad input.

SCORE = Score("tourism", "timeliness", "Ann", 50.0)
LINE = CostLine("tourism", "Cell counts", "cost", "staff", "One")
APPRAISAL = Appraisal("tourism", 10, 2027)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (replace(SCORE, value=100.5), "0 to 100, and is 100.5"),
        (replace(SCORE, value=-0.1), "0 to 100"),
        (replace(SCORE, value=float("nan")), "finite"),
        (replace(SCORE, value=float("inf")), "finite"),
        (replace(SCORE, value="80"), "must be a number"),
        (replace(SCORE, value=True), "must be a number"),
        (replace(SCORE, theme_id=""), "theme id is empty"),
        (replace(SCORE, criterion_id="  "), "criterion id is empty"),
        (replace(SCORE, scorer=""), "scorer is empty"),
        (replace(SCORE, scorer="x" * 201), "201 characters, and 200"),
        (replace(SCORE, scorer="Ann\nBob"), "one line"),
        (replace(SCORE, scorer="Ann\x00"), "control characters"),
        (replace(SCORE, scorer="Ann\u202e"), "control characters"),
        (replace(SCORE, scorer="\ud800"), "control characters"),
        (replace(SCORE, reason="x" * 4_001), "4,001 characters"),
        (replace(SCORE, reason="a\x1bb"), "control characters"),
        (replace(SCORE, version=-1), "version"),
        (Weight("Ann", "timeliness", 101.0), "0 to 100"),
        (Weight("Ann", "timeliness", None), "must be a number"),
        (Overrule("tourism", "readiness", 40.0, " "), "reason is empty"),
        (Gate("tourism", "perhaps"), "one of yes, no, conditions, undecided"),
        (KeptTheme("tourism", "yes"), "true or false"),
        (replace(LINE, kind="gift"), "one of cost, benefit"),
        (replace(LINE, category="data"), "one of access service"),
        (replace(LINE, amounts=(1.0, float("nan"))), "finite"),
        (replace(LINE, amounts=(1e300,)), "amounts must be"),
        (replace(LINE, amounts=(1.0, -1.0)), "amounts must be 0 to"),
        (replace(LINE, amounts=(1.0,) * 101), "0 to 100, and are 101"),
        (replace(LINE, low_percent=101.0), "0 to 100"),
        (replace(LINE, id="x"), "32 hexadecimal"),
        (replace(APPRAISAL, constant_rate=-1.0), "above -1 and up to 1, and is -1"),
        (replace(APPRAISAL, years=0), "1 to 100"),
        (replace(APPRAISAL, years=10.5), "whole number"),
        (replace(APPRAISAL, optimism_bias={"luck": 1.0}), "no category “luck”"),
        (replace(APPRAISAL, optimism_bias={"staff": -0.5}), "0 to 100, and is -0.5"),
        (replace(APPRAISAL, optimism_bias={"re-use": 100.5}), "0 to 100, and is 100.5"),
        (replace(a_shortlist(), themes=(Chosen("tourism", "Why"),)), "2 to 3, and are 1"),
        (replace(a_shortlist(), themes=(Chosen("tourism", "Why"),) * 2), "twice"),
        (replace(a_shortlist(), themes=(Chosen("tourism", "Why"), Chosen("mobility", ""))), "reason is empty"),
        (replace(a_shortlist(), names=()), "1 to 200"),
        (replace(a_shortlist(), snapshot={"a": float("inf")}), "finite"),
        (replace(a_shortlist(), snapshot={"a": {1, 2}}), "made of text"),
        (replace(a_shortlist(), snapshot={"a": "\0"}), "no text may have"),
        (replace(a_shortlist(), snapshot={"a": "x" * 2_000_001}), "larger than 2,000,000"),
        (replace(a_shortlist(), snapshot={"a": 2**63}), "whole number"),
        (replace(a_shortlist(), decided_at=datetime(2026, 1, 1)), "with its zone"),  # noqa: DTZ001 - it lacks one
        (Briefing(""), "title is empty"),
        (Briefing("x", slides=(Slide("theme"),)), "names a theme"),
        (Briefing("x", slides=(Slide("words", "tourism"),)), "names a theme"),
        (Briefing("x", slides=(Slide("words"),) * 201), "0 to 200"),
        (replace(a_pin(), figure=Figure("a", {}, 1.0, 3.0, 2.0, "people", "b")), "ends before it begins"),
        (replace(a_pin(), queries=(Query("", "SELECT 1", {}),)), "name is empty"),
        (replace(a_pin(), link="a=1\nb=2"), "one line"),
        (replace(a_pin(), made_at=datetime(1, 1, 1, tzinfo=UTC)), "made at must be in the years 1990 to 2200"),
        (replace(a_shortlist(), decided_at=datetime(9999, 12, 31, tzinfo=UTC)), "decided at must be in the years"),
    ],
)
def test_a_value_that_is_not_accepted_is_named_and_nothing_is_written(record, item, words):
    with pytest.raises(RefusedError, match=words) as told:
        record.save(item, "Ann")
    assert "Nothing was written." in str(told.value)
    assert record.changes() == ()


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "Ann\nBob", "\x07", None])
def test_every_deed_asks_for_the_name_of_who_does_it(record, name):
    kept = record.save(KeptTheme("tourism"), "Ann")
    for deed in (
        lambda: record.save(KeptTheme("mobility"), name),
        lambda: record.pin(a_pin(), name, None, None),
        lambda: record.remove(kept, name),
        lambda: record.restore(KeptTheme, "tourism", name),
        lambda: record.reorder(Pin, "tourism", [], [], name),
        lambda: record.import_json(record.export_json(), name, "merge"),
    ):
        with pytest.raises(RefusedError, match="name"):
            deed()
    assert len(record.changes()) == 1


def test_names_with_markup_or_sql_are_words(record):
    for name in ("<script>alert(1)</script>", "'; DROP TABLE score; --", "=1+1", "名前 🙂", "%s %(x)s :x"):
        kept = record.save(Score("tourism", "timeliness", name, 1.0, name), name)
        assert record.get(Score, kept.id) == kept
        assert (kept.scorer, kept.edited_by, kept.reason) == (name, name, name)


def test_names_are_one_name_however_they_were_typed(record):
    first = record.save(Score("tourism", "timeliness", "Zoë  Ann", 1.0), "Ann")
    assert record.save(Score("tourism", "timeliness", " Zoe\u0308 Ann ", 1.0), "Ann") == first


# Many at once.


def test_two_people_at_one_item_both_see_both_versions(record):
    read = record.save(Score("tourism", "timeliness", "All", 50.0), "Ann")
    theirs = record.save(replace(read, value=60.0), "Bob")
    mine = replace(read, value=70.0)
    with pytest.raises(ConflictError, match="Bob changed this") as told:
        record.save(mine, "Ann")
    assert (told.value.mine, told.value.theirs, told.value.removed) == (mine, theirs, False)
    assert record.get(Score, read.id) == theirs
    assert record.save(replace(told.value.mine, version=told.value.theirs.version), "Ann").value == 70.0


def test_two_people_who_make_the_same_item_do_not_overwrite_each_other(record):
    first = record.save(Gate("tourism", "yes"), "Ann")
    with pytest.raises(ConflictError) as told:
        record.save(Gate("tourism", "no"), "Bob")
    assert told.value.theirs == first


def test_threads_that_write_at_once_lose_no_update(record):
    record.save(Score("tourism", "timeliness", "All", 0.0), "Ann")
    start, conflicts = threading.Barrier(4), []

    def work():
        start.wait()
        conflicts.append(add(record, 15))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(conflicts) == 4
    kept = record.get(Score, key("tourism", "timeliness", "All"))
    assert (kept.value, kept.version) == (60.0, 61)
    assert len(record.changes("score")) == 61


def test_programs_that_write_at_once_lose_no_update(record, url):
    record.save(Score("tourism", "timeliness", "All", 0.0), "Ann")
    others = [subprocess.Popen(program("add", url, "15"), env=environment()) for _ in range(3)]
    add(record, 15)
    assert [each.wait(timeout=120) for each in others] == [0, 0, 0]
    kept = record.get(Score, key("tourism", "timeliness", "All"))
    assert (kept.value, kept.version) == (60.0, 61)
    assert [each.after["value"] for each in record.changes("score")] == [float(60 - each) for each in range(61)]


def test_programs_that_start_at_once_make_one_record(empty_url):
    others = [subprocess.Popen(program("upgrade", empty_url, "0"), env=environment()) for _ in range(4)]
    assert [each.wait(timeout=120) for each in others] == [0, 0, 0, 0]
    record = open_record(empty_url)
    record.save(KeptTheme("tourism"), "Ann")
    record.close()


def test_a_reader_does_not_wait_for_a_writer(record, engine):
    from cellcount.record.opening import writing  # noqa: PLC0415 - only here is a transaction held open

    kept = record.save(KeptTheme("tourism"), "Ann")
    with writing(engine) as connection:
        connection.execute(text("UPDATE kept_theme SET kept = NOT kept"))
        assert record.get(KeptTheme, "tourism") == kept


def test_a_writer_that_does_not_end_is_a_sentence(record, engine, url, monkeypatch):
    from cellcount.record import opening  # noqa: PLC0415 - only here is a transaction held open

    monkeypatch.setattr(opening, "WAIT_SECONDS", 1)
    with opening.writing(engine), pytest.raises(RecordUnavailableError, match="busy with another writer"):
        record.save(KeptTheme("tourism"), "Ann")
    assert record.save(KeptTheme("tourism"), "Ann").version == 1


def test_a_kill_in_the_middle_of_writing_loses_nothing_that_was_acknowledged(url, record, engine):
    acknowledged: list[str] = []
    for after in (3, 10, 20):
        writer = subprocess.Popen(program("stream", url, "10000"), env=environment(), stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        said = [writer.stdout.readline().strip() for _ in range(after)]
        # Not just after an acknowledgement, so that the kill comes in the middle of something.
        time.sleep(0.003 * after)
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.read().split("\n")[:-1]
        writer.stdout.close()
        assert writer.wait(timeout=60) == -signal.SIGKILL
        acknowledged += said
        opened = open_record(url)
        pins = {each.id: each for each in opened.listed(Pin)}
        assert set(acknowledged) <= set(pins)
        # What is there is there whole: its files and its line in the trail.
        assert {each.item_id for each in opened.changes("pin", limit=100_000)} == set(pins)
        for each in list(pins.values())[-3:]:
            assert hashlib.sha256(opened.picture_of(each.id)).hexdigest() == each.picture_sha256
            assert opened.data_of(each.id) == DATA * 2_000
        opened.save(KeptTheme(f"theme-{after}"), "Ann")
        opened.close()
    if url.startswith("sqlite"):
        with engine.connect() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_connections_that_the_database_ended_are_opened_again(url):
    if not url.startswith("postgresql"):
        pytest.skip("A file ends no connections.")
    record = open_record(url)
    record.save(KeptTheme("tourism"), "Ann")
    server = create_engine(url)
    with server.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    server.dispose()
    assert record.save(KeptTheme("mobility"), "Ann").version == 1
    record.close()


# The schema.


def test_the_migrations_make_the_tables_that_the_code_declares(empty_url):
    open_record(empty_url).close()
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True, "target_metadata": RECORD}
        )
        assert compare_metadata(context, RECORD) == []
    engine.dispose()


def test_every_field_of_an_item_has_its_column_and_no_column_is_without_a_field():
    for kind, table in TABLES.items():
        assert {each.name for each in fields(kind)} | {"id", "removed"} == set(table.c.keys()), kind


def test_opening_twice_changes_nothing(record, engine):
    record.save(KeptTheme("tourism"), "Ann")
    before = record.export_json()
    for _ in range(2):
        upgrade(engine)
    assert record.export_json() == before


def test_a_record_of_newer_software_is_refused_kindly(empty_url):
    record = open_record(empty_url)
    record.save(KeptTheme("tourism"), "Ann")
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(RecordUnavailableError, match=r"newer version of this software \(it is at 9999\)"):
        upgrade(engine)
    engine.dispose()
    assert record.get(KeptTheme, "tourism") is not None
    record.close()


def test_a_database_without_the_tables_is_a_sentence(empty_url, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "record.sqlite").touch()
    record = Record(create_engine(empty_url))
    with pytest.raises(RecordUnavailableError, match="not of this version"):
        record.listed(Pin)
    record.close()


def test_a_file_that_is_deleted_while_it_is_used_is_a_sentence_and_not_made_again(tmp_path):
    record = open_record(default_url(tmp_path))
    record.save(KeptTheme("tourism"), "Ann")
    for each in tmp_path.glob("record.sqlite*"):
        each.unlink()
    with pytest.raises(
        RecordUnavailableError, match=r"no longer in the file .*record\.sqlite, and nothing was written"
    ):
        record.save(KeptTheme("mobility"), "Ann")
    with pytest.raises(RecordUnavailableError, match="no longer in the file"):
        record.listed(KeptTheme)
    assert not (tmp_path / "record.sqlite").exists()
    again = open_record(default_url(tmp_path))
    assert again.listed(KeptTheme) == ()
    again.close()
    record.close()


def test_a_copy_that_is_put_in_the_place_of_the_file_is_what_is_read_and_written(tmp_path):
    record = open_record(default_url(tmp_path / "used"))
    tourism = record.save(KeptTheme("tourism"), "Ann")
    file = tmp_path / "used" / "record.sqlite"
    shutil.copy(file, tmp_path / "copy")
    record.save(KeptTheme("mobility"), "Ann")
    (tmp_path / "copy").replace(file)
    assert record.listed(KeptTheme) == (tourism,)
    housing = record.save(KeptTheme("housing"), "Bob")
    another = open_record(default_url(tmp_path / "used"))
    assert another.listed(KeptTheme) == (housing, tourism)
    another.close()
    record.close()


def test_writing_ahead_and_full_syncing_are_on(tmp_path):
    from cellcount.record.opening import writing  # noqa: PLC0415 - only here is a transaction looked into

    record = open_record(default_url(tmp_path / "with space %20 and 名"))
    # As another program makes its engine: with nothing set.
    plain = create_engine(default_url(tmp_path / "with space %20 and 名"))
    with writing(plain) as connection:
        said = {each: connection.exec_driver_sql(f"PRAGMA {each}").scalar() for each in PRAGMAS}
    assert said == PRAGMAS
    plain.dispose()
    record.close()


PRAGMAS = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 10_000}
"""Of SQLite: 2 is FULL."""


# Databases that cannot be used.


def test_a_server_that_is_down_is_a_sentence_without_the_password():
    url = "postgresql://ann:s3cret%20word@127.0.0.1:1/kept"
    with pytest.raises(RecordUnavailableError, match="does not answer") as told:
        open_record(url)
    assert "the PostgreSQL database “kept” at 127.0.0.1:1" in str(told.value)
    cause: BaseException | None = told.value
    while cause is not None:
        assert "s3cret" not in str(cause) + repr(cause)
        cause = cause.__cause__ or cause.__context__


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://ann:s3cret@host/kept", "names mysql"),
        ("ann:s3cret@host", "cannot be read"),
        ("postgresql://ann:s3cret@host:port/kept", "cannot be read"),
        ("", "cannot be read"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///file::memory:?uri=true", "in memory"),
        ("sqlite:///file:kept?mode=memory&uri=true", "in memory"),
    ],
)
def test_a_url_that_cannot_serve_is_a_sentence_without_the_password(url, words):
    with pytest.raises(RecordUnavailableError, match=words) as told:
        open_record(url)
    assert "s3cret" not in str(told.value)
    assert told.value.__cause__ is None


def test_an_engine_that_cannot_serve_is_a_sentence():
    memory = create_engine("sqlite://")
    with pytest.raises(RecordUnavailableError, match="in memory"):
        upgrade(memory)
    another = create_mock_engine("mysql://", lambda *_: None)
    with pytest.raises(RecordUnavailableError, match="was given mysql"):
        upgrade(another)


def test_the_driver_that_is_installed_is_the_one_that_is_used():
    assert database_url(" postgresql://ann:a%40b@host/x ") == "postgresql+psycopg://ann:a%40b@host/x"
    assert database_url("postgresql+psycopg://ann@host/x") == "postgresql+psycopg://ann@host/x"
    assert database_url("sqlite:////srv/record.sqlite") == "sqlite:////srv/record.sqlite"


def test_a_file_that_is_no_database_is_a_sentence_and_stays(tmp_path):
    file = tmp_path / "record.sqlite"
    file.write_bytes(b"not a database at all " * 100)
    with pytest.raises(RecordUnavailableError, match="Move it away"):
        open_record(default_url(tmp_path))
    assert file.read_bytes() == b"not a database at all " * 100


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecordUnavailableError, match="cannot be made"):
        open_record(default_url(tmp_path / "file" / "below"))


@pytest.fixture
def somebody_without_rights():
    """A folder that belongs to somebody whom permissions bind, and be that one: they do not bind root."""
    folder = Path(tempfile.mkdtemp(prefix="record-"))
    was = os.geteuid()
    if was == 0:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    yield folder
    os.seteuid(was)
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("folder_too", [False, True])
def test_a_file_that_may_only_be_read_is_a_sentence_and_nothing_is_lost(somebody_without_rights, folder_too):
    folder = somebody_without_rights
    record = open_record(default_url(folder))
    kept = record.save(KeptTheme("tourism"), "Ann")
    record.close()
    (folder / "record.sqlite").chmod(0o444)
    if folder_too:
        folder.chmod(0o555)
    with pytest.raises(RecordUnavailableError, match=r"may only be read|cannot be opened"):
        record.save(KeptTheme("mobility"), "Ann")
    record.close()
    folder.chmod(0o755)
    (folder / "record.sqlite").chmod(0o644)
    assert record.listed(KeptTheme) == (kept,)
    record.close()


def test_a_record_that_may_only_be_read_is_read(record, engine, url):
    kept = record.save(KeptTheme("tourism"), "Ann")
    if url.startswith("sqlite"):
        only = create_engine(f"sqlite:///file:{engine.url.database}?mode=ro&uri=true")
    else:
        only = create_engine(url, connect_args={"options": "-c default_transaction_read_only=on"})
    upgrade(only)
    reader = Record(only)
    assert reader.listed(KeptTheme) == (kept,)
    assert reader.export_json() == record.export_json()
    with pytest.raises(RecordUnavailableError, match="may only be read"):
        reader.save(KeptTheme("mobility"), "Ann")
    assert record.listed(KeptTheme) == (kept,)
    reader.close()


# Export and import.


def everything(record):
    """All that an export holds, as JSON."""
    return json.loads(record.export_json())["content"]


def test_an_export_comes_into_an_empty_record_as_it_was(record, other):
    pin = fill(record)
    content = record.export_json()
    checked_only = other.import_json(content, "Zoë")
    assert (checked_only.added, checked_only.conflicts) == (13, ())
    assert other.revision() == 0
    assert other.import_json(content, "Zoë", "merge") == checked_only
    mine, theirs = everything(record), everything(other)
    assert theirs["items"] == mine["items"]
    assert theirs["files"] == mine["files"]
    assert theirs["changes"][:-1] == mine["changes"]
    last = theirs["changes"][-1]
    assert (last["action"], last["what"], last["by"]) == ("imported", "everything", "Zoë")
    assert last["item_id"] == json.loads(content)["sha256"]
    assert other.listed(Pin) == record.listed(Pin)
    assert other.removed(Pin) == record.removed(Pin)
    assert other.picture_of(pin.id) == png(10)
    assert other.data_of(pin.id) == DATA
    again = other.import_json(content, "Zoë", "merge")
    assert (again.added, again.updated, again.same, again.conflicts) == (0, 0, 13, ())
    assert everything(other) == theirs


def test_an_export_of_one_database_comes_into_the_other(tmp_path, request):
    server = request.getfixturevalue("postgresql")
    from record_world import new_database  # noqa: PLC0415 - only here are both used at once

    one, two, three = (
        open_record(each) for each in (default_url(tmp_path), new_database(server), default_url(tmp_path / "b"))
    )
    fill(one)
    two.import_json(one.export_json(), "Ann", "merge")
    three.import_json(two.export_json(), "Ann", "merge")
    assert everything(three)["items"] == everything(one)["items"]
    assert everything(three)["files"] == everything(one)["files"]
    for each in (one, two, three):
        each.close()


def test_a_later_version_is_taken_and_an_earlier_one_is_not(record, other):
    score = record.save(Score("tourism", "timeliness", "Ann", 50.0), "Ann")
    gate = record.save(Gate("tourism", "yes"), "Ann")
    early = record.export_json()
    other.import_json(early, "Bob", "merge")
    score = other.save(replace(score, value=60.0), "Bob")
    other.remove(gate, "Bob")
    back = record.import_json(other.export_json(), "Ann", "merge")
    assert (back.added, back.updated, back.conflicts) == (0, 2, ())
    assert record.get(Score, score.id) == score
    assert record.get(Gate, gate.id) is None
    stale = record.import_json(early, "Ann", "merge")
    assert (stale.updated, stale.older) == (0, 2)
    assert record.get(Score, score.id) == score
    assert [each.by for each in record.changes("score")] == ["Bob", "Ann"]


def test_what_was_changed_here_and_there_stays_and_is_reported_with_both(record, other):
    score = record.save(Score("tourism", "timeliness", "Ann", 50.0), "Ann")
    other.import_json(record.export_json(), "Bob", "merge")
    mine = record.save(replace(score, value=60.0), "Ann")
    theirs = other.save(replace(other.save(replace(score, value=70.0), "Bob"), value=75.0), "Bob")
    other.save(KeptTheme("mobility"), "Bob")
    for _ in range(2):
        result = record.import_json(other.export_json(), "Ann", "merge")
        (conflict,) = result.conflicts
        assert (conflict.mine, conflict.theirs) == (mine, theirs)
        assert record.get(Score, score.id) == mine
    assert record.get(KeptTheme, "mobility") is not None
    assert [each.after["value"] for each in record.changes("score")] == [60.0, 50.0]


def test_who_comes_to_the_same_value_from_an_old_version_is_told(record):
    read = record.save(Score("tourism", "timeliness", "All", 50.0), "Ann")
    record.save(replace(read, value=51.0), "Bob")
    with pytest.raises(ConflictError, match="Bob changed this"):
        record.save(replace(read, value=51.0), "Ann")


def test_the_same_thing_made_here_and_there_is_the_same(record, other):
    record.save(KeptTheme("tourism"), "Ann")
    other.save(KeptTheme("tourism"), "Bob")
    result = record.import_json(other.export_json(), "Ann", "merge")
    assert (result.same, result.conflicts) == (1, ())
    assert record.get(KeptTheme, "tourism").edited_by == "Ann"


def signed(content) -> bytes:
    """A file whose checksum is right, whoever wrote its content."""
    said = canonical(content)
    return (
        b'{"format":"cell-count-explorer-record","version":1,"sha256":"'
        + hashlib.sha256(said).hexdigest().encode()
        + b'","content":'
        + said
        + b"}"
    )


def set_in(*path):
    """Set a value deep in the content: the last of the path at the place that the others say."""

    def tamper(content):
        *way, last, value = path
        for step in way:
            content = content[step]
        content[last] = value

    return tamper


def shorten_a_picture(content):
    """Say of a picture that it is one byte shorter than it is."""
    pin = next(each for each in content["items"]["pin"] if each["picture_sha256"])
    pin["picture_length"] -= 1


def test_a_file_whose_content_was_changed_is_refused(record, other):
    fill(record)
    content = record.export_json()
    assert b'"value":80.5' in content
    before = other.export_json()
    for tampered in (
        content.replace(b'"value":80.5', b'"value":81.5'),
        content.replace(b'"edited_by":"Ann"', b'"edited_by":"Bob"', 1),
        content.replace(b'"sha256":"', b'"sha256":"0', 1),
    ):
        with pytest.raises(RefusedError, match="changed after it was exported"):
            other.import_json(tampered, "Ann", "merge")
    assert other.export_json() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"PK\x03\x04", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1, 2]", "not an export"),
        (b'{"format": "another"}', "not an export"),
        (b'{"format": "cell-count-explorer-record", "version": 2}', "format version 2"),
        (b'{"format": "cell-count-explorer-record", "version": 1}', "lacks “content”"),
        (b'{"format":"cell-count-explorer-record","version":1,"sha256":"","content":{},"more":1}', "“more”"),
        (b'{"format":"cell-count-explorer-record","version":1,"sha256":"","content":[]}', "no object"),
        (b'{"format":"cell-count-explorer-record","version":1,"sha256":"","content":{"a":NaN}}', "not JSON"),
        (signed({}), "lacks “changes”"),
        (signed({"items": {}, "files": {}, "changes": []}), "lacks “appraisal”"),
        (signed({"items": [], "files": {}, "changes": []}), "no object"),
    ],
)
def test_a_file_that_is_no_export_is_refused(record, content, words):
    with pytest.raises(RefusedError, match=words):
        record.import_json(content, "Ann", "merge")
    assert record.revision() == 0


def test_an_item_of_the_highest_version_that_is_taken_in_can_be_changed(record, other):
    record.save(Gate("tourism", "yes"), "Ann")
    content = everything(record)
    set_in("items", "gate", 0, "version", 1_000_000_000)(content)
    other.import_json(signed(content), "Ann", "merge")
    (gate,) = other.listed(Gate)
    assert other.save(replace(gate, reason="Asked"), "Bob").version == 1_000_000_001


def test_a_file_that_was_cut_short_is_refused(record, other):
    fill(record)
    with pytest.raises(RefusedError, match="not JSON"):
        other.import_json(record.export_json()[:-100], "Ann", "merge")
    assert other.revision() == 0


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (set_in("items", "score", 0, "value", 101), "0 to 100"),
        (set_in("items", "score", 0, "value", "80"), "must be a number"),
        (set_in("items", "score", 0, "colour", "red"), "fields that this version does not know: “colour”"),
        (set_in("items", "score", 0, "version", 0), "does not say its version"),
        (set_in("items", "score", 0, "removed", "no"), "whether it was removed"),
        (set_in("items", "score", 0, "edited_at", "2026-11-04T10:00:00"), "with its zone"),
        (set_in("items", "score", 0, "edited_at", "yesterday"), "with its zone"),
        (set_in("items", "score", 0, "edited_at", "0001-01-01T00:00:00+00:00"), "edited at must be in the years 1990"),
        (set_in("items", "score", 0, "version", 1_000_000_001), "the version 1,000,000,001, and up to 1,000,000,000"),
        (set_in("items", "cost_line", 0, "position", 500_001), "the position 500,001, and up to 500,000"),
        (set_in("changes", 0, "at", "2201-01-01T00:00:00+00:00"), "at must be in the years 1990 to 2200"),
        (set_in("items", "score", 0, ["not", "an", "object"]), "no object"),
        (set_in("items", "cost_line", 0, "amounts", [1e308 * 10 / 10, "x"]), "must be"),
        (set_in("items", "vote", []), "“vote”"),
        (shorten_a_picture, "not whole"),
        (set_in("files", {}), "not in the file"),
        (set_in("files", "0" * 64, "AAAA"), "checksum"),
        (set_in("files", "0" * 64, "?"), "base 64"),
        (set_in("changes", 0, "action", "forged"), "one of made"),
        (set_in("changes", 0, "what", "vote"), "no kind of item “vote”"),
        (set_in("changes", 0, "more", 1), "“more”"),
        (lambda content: content["items"]["score"].append(content["items"]["score"][0]), "twice"),
        (lambda content: content["changes"].append(content["changes"][0]), "twice"),
        (lambda content: content["items"]["score"][0].pop("scorer"), "lacks “scorer”"),
        (lambda content: content["items"].pop("score"), "lacks “score”"),
    ],
)
def test_a_file_with_a_right_checksum_and_wrong_content_is_refused_whole(record, other, tamper, words):
    fill(record)
    content = everything(record)
    assert other.import_json(signed(content), "Ann").added == 13
    tamper(content)
    with pytest.raises(RefusedError, match=words):
        other.import_json(signed(content), "Ann", "merge")
    assert other.revision() == 0
    assert all(not other.listed(kind) for kind in KINDS.values())


def test_a_file_that_is_too_large_is_refused_unread(record, other, monkeypatch):
    fill(record)
    content = record.export_json()
    monkeypatch.setattr(transfer, "MOST_IMPORT_BYTES", len(content) - 1)
    with pytest.raises(RefusedError, match="larger than"):
        other.import_json(content, "Ann", "merge")
    with pytest.raises(RefusedError, match="Copy the database itself"):
        record.export_json()


def test_an_import_that_fails_half_way_leaves_nothing(record, other, monkeypatch):
    fill(record)
    content = record.export_json()

    def fails(*_arguments):
        raise CellCountError("half way")

    monkeypatch.setattr(transfer, "_add_changes", fails)
    with pytest.raises(CellCountError, match="half way"):
        other.import_json(content, "Ann", "merge")
    assert other.revision() == 0
    assert all(not other.listed(kind) for kind in KINDS.values())


# Any item.

WORDS = st.text(max_size=30)
NAMES = st.text(min_size=1, max_size=30)
PERCENT = st.floats(0, 100)
FREE = st.dictionaries(
    WORDS,
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | WORDS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds have none
ANY_ITEM = st.one_of(
    st.builds(Score, NAMES, NAMES, NAMES, st.none() | PERCENT, WORDS),
    st.builds(Weight, NAMES, NAMES, PERCENT),
    st.builds(
        CostLine,
        NAMES,
        NAMES,
        st.sampled_from(["cost", "benefit"]),
        st.just("other"),
        WORDS,
        st.lists(st.none() | st.floats(0, 1e13), max_size=5).map(tuple),
        PERCENT,
        PERCENT,
        WORDS,
        st.booleans(),
    ),
    st.builds(
        Shortlist,
        MOMENTS,
        st.lists(NAMES, min_size=1, max_size=3).map(tuple),
        st.lists(st.builds(Chosen, NAMES, NAMES), min_size=2, max_size=3).map(tuple),
        FREE,
        NAMES,
    ),
    st.builds(
        Briefing, NAMES, WORDS, st.lists(st.builds(Slide, st.just("words"), st.just(""), WORDS, WORDS)).map(tuple)
    ),
    st.builds(
        lambda pin, figure, query, when: replace(pin, figure=figure, queries=(query,), made_at=when),
        st.builds(a_pin, NAMES, NAMES),
        st.builds(Figure, NAMES, FREE, st.none() | PERCENT, st.none(), st.none() | PERCENT, WORDS, WORDS),
        st.builds(Query, NAMES, NAMES, FREE),
        MOMENTS,
    ),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_ITEM)
def test_any_item_is_either_refused_or_comes_back_as_it_is(record, item: Item):
    try:
        tidy = checked(item)
    except RefusedError:
        return
    assert checked(tidy) == tidy
    assert from_plain(type(tidy), json.loads(canonical(as_plain(tidy)))) == tidy
    before = record.get(type(tidy), tidy.id)
    kept = record.save(replace(item, version=before.version if before else 0), "Ann")
    expected = replace(bare(tidy), position=kept.position) if isinstance(kept, Pin | CostLine) else bare(tidy)
    assert bare(kept) == expected
    assert record.get(type(tidy), tidy.id) == kept


def test_the_trail_of_a_busy_record_is_whole(record, engine):
    fill(record)
    with engine.connect() as connection:
        numbers = connection.execute(select(CHANGES.c.number).order_by(CHANGES.c.number)).scalars().all()
        assert numbers == list(range(1, len(numbers) + 1))
        for kind, table in TABLES.items():
            for item_id, version in connection.execute(select(table.c.id, table.c.version)):
                lines = select(func.count()).where(
                    CHANGES.c.item_id == item_id,
                    CHANGES.c.what == table.name,
                    CHANGES.c.action != "reordered",
                )
                assert connection.execute(lines).scalar() == version, kind
