"""The store opens whole releases only, answers from many threads alike, and says in a sentence what is wrong."""

import datetime as dt
import json
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from build_world import ALDER, BIRCH, COUNTRY, MONDAY, REGION, hours
from hypothesis import given, settings
from hypothesis import strategies as st
from release_world import A1, MANIFEST, PERIOD, SQUARE, TUESDAY, write_release

from cellcount import store
from cellcount.errors import CellCountError
from cellcount.store import (
    AnswerCache,
    ParameterError,
    QueryFailedError,
    ReleaseMissingError,
    TableMissingError,
    UnreadableReleaseError,
    default_release,
    list_releases,
    open_release,
)

HOUR = {"resolution": 7, "date": MONDAY, "hour": 8}


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """A release that no test changes."""
    return write_release(tmp_path_factory.mktemp("store"))


@pytest.fixture
def release(written):
    return open_release(written, cache=AnswerCache())


@pytest.fixture
def copy(written, tmp_path) -> Path:
    """A copy of the release, to be damaged."""
    return shutil.copytree(written, tmp_path / "releases" / "wood")


def change_manifest(folder: Path, **changes) -> None:
    file = folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def test_the_manifest_is_read_whole(release):
    manifest = release.manifest
    assert (manifest.release_id, manifest.title, manifest.kind, manifest.synthetic) == (
        "wood",
        "North Wood",
        "built",
        True,
    )
    assert (manifest.disclosure_rule, manifest.threshold) == ("Fewer than 10 devices are withheld.", 10)
    assert (manifest.period_start, manifest.period_end) == (MONDAY, TUESDAY)
    assert manifest.day_types == {"weekday": "Weekday", "saturday": "Saturday"}
    assert manifest.periods == {PERIOD: "November 2026"}
    assert [(slot.id, slot.label, slot.hours) for slot in manifest.slots] == [("h08", "08:00 to 09:00", (8,))]
    assert manifest.resolutions == (6, 7)
    assert manifest.area_types == {"authority": "Local authority", "country": "Country"}
    assert manifest.map_view == store.MapView(0.1, 52.0, 9.5)
    assert manifest.source.licence == "for tests"
    assert manifest.tables["present"] == 10
    assert manifest.deliveries[0].operator_id == "red"
    assert len(manifest.files) == 29


def test_a_release_knows_its_tables_and_their_partitions(release):
    assert release.has("present")
    assert not release.has("home_relocation")
    assert not release.has("no such table")
    assert release.partitions("present") == [
        {"resolution": 6, "date": MONDAY},
        {"resolution": 7, "date": MONDAY},
        {"resolution": 7, "date": TUESDAY},
    ]
    assert release.partitions("cells") == [{}]
    assert release.partitions("home_relocation") == []


def test_an_outline_is_well_known_binary_though_the_file_is_geoparquet(release):
    with pq.ParquetFile(release.folder / "areas/part-0.parquet") as file:
        assert b"geo" in file.schema_arrow.metadata
    outlines = release.run("area_outlines", area_type="nation").table
    assert outlines.schema.field("geometry").type == pa.binary()
    assert outlines.column("geometry").to_pylist() == [SQUARE]


def test_answers_have_the_declared_types(release):
    table = release.run("present_of_cells", cells=[A1], resolution=7, first=MONDAY, last=TUESDAY).table
    assert table.schema.types[:3] == [pa.int64(), pa.date32(), pa.uint32()]


def test_a_table_that_is_absent_is_named_in_words(tmp_path):
    release = open_release(write_release(tmp_path, only=["present"], title="Shire"), cache=AnswerCache())
    assert release.run("present_hour", **HOUR).table.num_rows == 7
    with pytest.raises(
        TableMissingError, match=r"Shire has no table “Usual home and usual work” \(usual_environment\).*another"
    ):
        release.run("busiest_workplace")


@pytest.mark.parametrize(
    "name", ["it's a folder", "a [b] c", "star*", "ask?", "env=production", "{a,b}", "naïve £"], ids=ascii
)
def test_a_release_opens_wherever_its_folder_is(tmp_path, name):
    try:
        (tmp_path / name).mkdir()
    except OSError:
        pytest.skip("This file system does not allow such a name.")
    release = open_release(write_release(tmp_path / name), cache=AnswerCache())
    assert release.run("present_hour", **HOUR).table.num_rows == 7
    assert release.run("present_hour", **{**HOUR, "date": TUESDAY}).table.num_rows == 2
    assert release.run("cells_of_area", area=COUNTRY, resolution=7).table.num_rows == 7


def test_a_star_in_the_name_of_a_folder_is_a_star(tmp_path):
    """Files of a folder that the name would match as a pattern are not read."""
    write_release(tmp_path / "star-other")
    try:
        (tmp_path / "star*").mkdir()
    except OSError:
        pytest.skip("This file system does not allow such a name.")
    release = open_release(write_release(tmp_path / "star*", only=["present"]), cache=AnswerCache())
    assert release.run("present_hour", **HOUR).table.num_rows == 7
    assert release.run("cells_of_area", area=COUNTRY, resolution=7).table.num_rows == 7


def test_a_folder_whose_name_would_be_taken_for_a_partition_is_refused(tmp_path):
    with pytest.raises(UnreadableReleaseError, match=r"folder called date=2026-01-01.*Move the release elsewhere"):
        open_release(write_release(tmp_path / "date=2026-01-01"))


class TestAnswersThatAreKept:
    def test_the_same_question_gets_the_same_object(self, release):
        first = release.run("present_hour", **HOUR)
        again = release.run("present_hour", **HOUR)
        assert not first.cached
        assert again.cached
        assert again.table is first.table
        assert (again.parameters, again.seconds) == (first.parameters, first.seconds)

    def test_other_parameters_another_query_or_another_release_do_not(self, written, tmp_path):
        cache = AnswerCache()
        release = open_release(written, cache=cache)
        at_eight = release.run("present_hour", **HOUR)
        assert not release.run("present_hour", **{**HOUR, "hour": 9}).cached
        assert not release.run("present_hour_of_area", **HOUR, area=ALDER).cached
        # The same name and other figures, as after a rebuild.
        partition = f"present/resolution=7/date={MONDAY}"
        rebuilt = write_release(tmp_path, figures={partition: [{"h3": A1, **hours(7)}]})
        other = open_release(rebuilt, cache=cache)
        assert other.manifest.release_id == release.manifest.release_id
        answer = other.run("present_hour", **HOUR)
        assert not answer.cached
        assert answer.table.column("people").to_pylist() == [7]
        assert at_eight.table.num_rows == 7

    def test_a_copy_of_the_release_shares_them(self, written, copy):
        cache = AnswerCache()
        open_release(written, cache=cache).run("present_hour", **HOUR)
        assert open_release(copy, cache=cache).run("present_hour", **HOUR).cached

    def test_the_least_recently_used_leaves_when_there_is_no_room(self):
        table = pa.table({"people": np.arange(100)})
        cache = AnswerCache(2 * table.nbytes)
        for key in "ab":
            cache.put((key,), table, 0.1)
        cache.get(("a",))
        cache.put(("c",), table, 0.1)
        assert [cache.get((key,)) is not None for key in "abc"] == [True, False, True]
        assert cache.bytes == 2 * table.nbytes

    def test_an_answer_larger_than_all_the_room_is_not_kept(self):
        table = pa.table({"people": np.arange(100)})
        cache = AnswerCache(table.nbytes - 1)
        cache.put(("a",), table, 0.1)
        assert cache.get(("a",)) is None
        assert cache.bytes == 0

    @settings(max_examples=50)
    @given(
        st.lists(st.tuples(st.integers(0, 9), st.integers(1, 200), st.booleans()), max_size=40), st.integers(0, 2000)
    )
    def test_what_is_kept_never_takes_more_than_its_room(self, steps, most):
        cache = AnswerCache(most)
        for key, rows, put in steps:
            if put:
                cache.put((key,), pa.table({"people": np.zeros(rows)}), 0.1)
            else:
                cache.get((key,))
            kept = [found[0] for each in range(10) if (found := cache.get((each,))) is not None]
            assert cache.bytes == sum(table.nbytes for table in kept) <= most

    def test_no_room_keeps_nothing(self, written):
        release = open_release(written, cache=AnswerCache(0))
        release.run("present_hour", **HOUR)
        assert not release.run("present_hour", **HOUR).cached

    def test_they_cannot_be_changed(self, release):
        people = release.run("present_hour", **HOUR).table.column("h3").to_numpy()
        with pytest.raises(ValueError, match="read-only"):
            people[0] = 1


def test_eight_threads_get_what_one_gets(written):
    questions = [
        *(("present_hour", {**HOUR, "hour": hour}) for hour in range(24)),
        *(("present_day_of_area", {"area": area, "resolution": 7, "date": MONDAY}) for area in (ALDER, BIRCH, REGION)),
        *(
            ("present_of_cells", {"cells": [A1], "resolution": 7, "first": day, "last": day})
            for day in (MONDAY, TUESDAY)
        ),
        ("typical_day_of_area", {"area": COUNTRY, "resolution": 7, "period": PERIOD, "day_type": "weekday"}),
        ("area_hours", {"area": COUNTRY, "first": MONDAY, "last": TUESDAY}),
        ("areas", {}),
        ("busiest_workplace", {}),
        ("largest_commuting_flow", {}),
    ]
    alone = open_release(written, cache=AnswerCache(0))
    expected = [alone.run(name, **parameters).table for name, parameters in questions]
    together = open_release(written, cache=AnswerCache(0))

    def ask_all(seed: int) -> list[int]:
        order = random.Random(seed).sample(range(len(questions)), len(questions))
        return [
            number
            for number in order
            if not together.run(questions[number][0], **questions[number][1]).table.equals(expected[number])
        ]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask_all, range(8))) == [[]] * 8


class TestParametersThatAreNotAsDeclared:
    @pytest.mark.parametrize(
        "given",
        [
            {"hour": "8"},
            {"hour": 8.5},
            {"hour": -1},
            {"hour": 256},
            {"hour": True},
            {"hour": None},
            {"date": "2026-11-02"},
            {"date": dt.datetime(2026, 11, 2)},  # noqa: DTZ001 - what must be refused
        ],
        ids=str,
    )
    def test_are_refused_with_their_name(self, release, given):
        (name,) = given
        with pytest.raises(ParameterError, match=f"present_hour takes [A-Z]+ for {name}; it was given"):
            release.run("present_hour", **{**HOUR, **given})

    def test_missing_and_unknown_ones_are_named(self, release):
        with pytest.raises(ParameterError, match="takes date, hour, resolution; it was given area"):
            release.run("present_hour", area=ALDER)
        with pytest.raises(ParameterError, match="areas takes no parameters; it was given hour"):
            release.run("areas", hour=8)

    def test_numbers_and_arrays_of_numpy_are_as_good(self, release):
        asked = {"first": MONDAY, "last": MONDAY, "resolution": np.uint8(7)}
        answer = release.run("present_of_cells", cells=np.array([A1], dtype=np.int64), **asked)
        assert answer.table.column("h3").to_pylist() == [A1]
        assert answer.parameters["cells"] == [A1]

    def test_what_is_typed_is_never_run(self, release):
        typed = "'; DROP VIEW present; --"
        assert release.run("present_hour_of_area", **HOUR, area=typed).table.num_rows == 0
        assert release.run("present_hour", **HOUR).table.num_rows == 7


class TestTheDatabase:
    """What somebody could do who found a way to run SQL of their own."""

    def test_reads_nothing_outside_the_release(self, release, tmp_path):
        secret = tmp_path / "secret.csv"
        secret.write_text("a\n1\n")
        for path in (secret, release.folder / ".." / "secret.csv", release.folder.parent / "*"):
            with pytest.raises(duckdb.Error, match=r"(?i)permission|disabled"):
                release._connection().execute("SELECT * FROM read_csv($path)", {"path": str(path)})

    def test_writes_nothing_outside_the_release(self, release, tmp_path):
        with pytest.raises(duckdb.Error, match=r"(?i)permission|disabled"):
            release._connection().execute(f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'")

    def test_cannot_be_unlocked(self, release):
        with pytest.raises(duckdb.Error, match=r"(?i)locked|disabled"):
            release._connection().execute("SET enable_external_access = true")

    def test_loads_no_extension(self, release):
        with pytest.raises(duckdb.Error):
            release._connection().execute("INSTALL httpfs")


def damage(folder: Path, path: str) -> None:
    file = folder / path
    file.write_bytes(file.read_bytes()[:-100])


DAY = f"present/resolution=7/date={MONDAY}/part-0.parquet"


class TestAReleaseThatIsNotWhole:
    def test_missing(self, tmp_path):
        with pytest.raises(UnreadableReleaseError, match=r"There is no folder .*nowhere\. Give the folder"):
            open_release(tmp_path / "nowhere")

    def test_a_foreign_folder(self, tmp_path):
        (tmp_path / "photograph.jpg").write_bytes(b"1")
        with pytest.raises(UnreadableReleaseError, match=r"is not a release, or only half of one.*Copy the release"):
            open_release(tmp_path)

    @pytest.mark.parametrize(
        "content", [b'{"release_format": "0.', b"\xff\xfe\x00", b""], ids=["cut off", "bytes", "empty"]
    )
    def test_a_manifest_that_is_not_json(self, copy, content):
        (copy / "manifest.json").write_bytes(content)
        with pytest.raises(UnreadableReleaseError, match=r"manifest\.json cannot be read .*Copy the release again"):
            open_release(copy)

    @pytest.mark.parametrize("content", ["[]", "{}", '{"name": "somebody else\'s"}', '{"release_format": 1}'])
    def test_a_manifest_of_something_else(self, copy, content):
        (copy / "manifest.json").write_text(content)
        with pytest.raises(UnreadableReleaseError, match=r"manifest\.json is not a release's manifest"):
            open_release(copy)

    @pytest.mark.parametrize("field", sorted(MANIFEST))
    def test_a_manifest_without_a_field(self, copy, field):
        file = copy / "manifest.json"
        content = json.loads(file.read_text(encoding="utf-8"))
        del content[field]
        file.write_text(json.dumps(content), encoding="utf-8")
        with pytest.raises(UnreadableReleaseError, match=rf"manifest\.json is not .* lacks '{field}'"):
            open_release(copy)

    @pytest.mark.parametrize(
        "changes",
        [
            {"title": 7},
            {"synthetic": "yes"},
            {"resolutions": ["7"]},
            {"time": []},
            {"map_view": {"longitude": "east", "latitude": 1, "zoom": 1}},
            {"map_view": {"longitude": float("nan"), "latitude": 1, "zoom": 1}},
            {"files": [{"path": DAY, "rows": "7", "bytes": 1}]},
            {"time": {**MANIFEST["time"], "period_start": "soon"}},
            {"time": {**MANIFEST["time"], "time_zone": "Middle/Earth"}},
        ],
        ids=str,
    )
    def test_a_manifest_with_a_field_of_another_kind(self, copy, changes):
        change_manifest(copy, **changes)
        with pytest.raises(UnreadableReleaseError, match=r"manifest\.json is not a release's manifest \("):
            open_release(copy)

    def test_a_newer_format(self, copy):
        change_manifest(copy, release_format="0.10")
        with pytest.raises(UnreadableReleaseError, match=r"is of format 0\.10 and .* up to 0\.2\. Update the software"):
            open_release(copy)

    def test_a_built_release_of_before_calibration(self, copy):
        change_manifest(copy, release_format="0.1", kind="built")
        with pytest.raises(UnreadableReleaseError, match=r"is of format 0\.1, .* not calibrated.* Build it again"):
            open_release(copy)

    def test_a_truncated_file(self, copy):
        damage(copy, DAY)
        with pytest.raises(UnreadableReleaseError, match=rf"{DAY} has .* bytes where the manifest says .*cut off"):
            open_release(copy)

    def test_a_file_that_is_gone(self, copy):
        (copy / DAY).unlink()
        with pytest.raises(UnreadableReleaseError, match=rf"{DAY} is missing: the release is not whole"):
            open_release(copy)

    def test_a_file_of_the_right_length_that_is_no_parquet(self, copy):
        file = copy / "areas/part-0.parquet"
        file.write_bytes(b"x" * file.stat().st_size)
        with pytest.raises(UnreadableReleaseError, match=r"a file of it cannot be read .*areas/part-0\.parquet"):
            open_release(copy)

    @pytest.mark.parametrize(
        "path",
        [
            "../secret.parquet",
            "present/../../secret.parquet",
            "/etc/secret.parquet",
            "present/part-0.parquet",
            "present/resolution=7/date=soon/part-0.parquet",
            "present/resolution=7/part-0.parquet",
            "people/part-0.parquet",
            "cells\\part-0.parquet",
            "areas/part-0.csv",
            "areas",
        ],
    )
    def test_a_path_that_is_no_place_for_a_file(self, copy, path):
        files = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))["files"]
        change_manifest(copy, files=[*files, {"path": path, "rows": 1, "bytes": 1, "sha256": ""}])
        with pytest.raises(UnreadableReleaseError, match="which is no file of a release"):
            open_release(copy)

    def test_a_link_that_leads_out(self, copy, tmp_path):
        shutil.move(copy / DAY, tmp_path / "elsewhere.parquet")
        try:
            (copy / DAY).symlink_to(tmp_path / "elsewhere.parquet")
        except OSError:
            pytest.skip("Links cannot be made here.")
        with pytest.raises(UnreadableReleaseError, match="which is no file of a release"):
            open_release(copy)

    def test_a_table_that_must_be_there(self, copy):
        manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
        tables = {name: rows for name, rows in manifest["tables"].items() if name != "cells"}
        files = [file for file in manifest["files"] if not file["path"].startswith("cells/")]
        change_manifest(copy, tables=tables, files=files)
        with pytest.raises(UnreadableReleaseError, match="lacks the table cells"):
            open_release(copy)


def test_a_file_that_is_damaged_while_it_is_served_gets_a_sentence_and_the_others_still_answer(copy):
    release = open_release(copy, cache=AnswerCache())
    kept = release.run("present_hour", **HOUR)
    damage(copy, DAY)
    with pytest.raises(QueryFailedError, match=r"wood are no longer as they were when it was opened.*Copy the release"):
        release.run("present_hour", **{**HOUR, "hour": 9})
    assert release.run("present_hour", **HOUR).table is kept.table
    assert release.run("present_hour", **{**HOUR, "date": TUESDAY}).table.num_rows == 2


class TestTheFolderOfReleases:
    @pytest.fixture
    def folder(self, tmp_path, written, monkeypatch) -> Path:
        """A folder with an older and a newer release."""
        folder = tmp_path / "releases"
        shutil.copytree(written, folder / "older")
        shutil.copytree(written, folder / "newer")
        change_manifest(folder / "older", release_id="older", title="Older", created_at="2026-11-10T00:00:00+00:00")
        change_manifest(folder / "newer", release_id="newer", title="Newer", created_at="2026-11-20T00:00:00+00:00")
        monkeypatch.setenv("CELLCOUNT_RELEASES", str(folder))
        monkeypatch.delenv("CELLCOUNT_RELEASE", raising=False)
        return folder

    def test_is_listed_newest_first_without_what_is_being_written(self, folder):
        (folder / ".writing-newest-1-abc").mkdir()
        (folder / "read me.txt").write_text("")
        listed = list_releases(folder)
        assert [(each.id, each.title, each.fault) for each in listed] == [
            ("newer", "Newer", ""),
            ("older", "Older", ""),
        ]
        assert [each.folder for each in listed] == [folder / "newer", folder / "older"]

    def test_that_does_not_exist_has_none(self, tmp_path):
        assert list_releases(tmp_path / "nowhere") == []

    def test_tells_of_two_folders_with_the_same_release(self, folder):
        shutil.copytree(folder / "newer", folder / "newer-copy")
        listed = list_releases(folder)
        assert [each.id for each in listed] == ["newer", "older", "newer"]
        assert "so does another folder" in listed[2].fault

    def test_serves_the_newest(self, folder):
        default = default_release()
        assert (default.found.folder, default.said) == (folder / "newer", "")

    def test_serves_the_one_that_is_named(self, folder, monkeypatch):
        monkeypatch.setenv("CELLCOUNT_RELEASE", "older")
        assert default_release().found.folder == folder / "older"

    def test_serves_a_path_that_is_named(self, written, monkeypatch):
        monkeypatch.setenv("CELLCOUNT_RELEASE", str(written))
        default = default_release()
        assert (default.found.id, default.found.folder, default.said) == ("wood", written, "")

    def test_still_serves_the_previous_release_when_the_new_one_is_damaged(self, folder):
        damage(folder / "newer", DAY)
        default = default_release()
        assert default.found.id == "older"
        assert "newer" in default.said
        assert "cut off or changed" in default.said
        assert default.said.endswith("Served instead: Older.")
        listed = list_releases(folder)
        assert [(each.id, bool(each.fault)) for each in listed] == [("older", False), ("newer", True)]

    def test_still_serves_a_release_when_the_named_one_is_damaged_or_missing(self, folder, monkeypatch):
        monkeypatch.setenv("CELLCOUNT_RELEASE", "newer")
        damage(folder / "newer", DAY)
        default = default_release()
        assert default.found.id == "older"
        assert "(CELLCOUNT_RELEASE names it.) Served instead: Older." in default.said
        monkeypatch.setenv("CELLCOUNT_RELEASE", "newest")
        default = default_release()
        assert default.found.id == "older"
        assert "There is no release newest" in default.said

    def test_with_only_damaged_releases_says_what_is_wrong(self, folder):
        shutil.rmtree(folder / "older")
        (folder / "newer" / "manifest.json").unlink()
        with pytest.raises(ReleaseMissingError, match="newer is not a release, or only half of one"):
            default_release()

    def test_that_is_empty_says_how_to_make_one(self, tmp_path, monkeypatch):
        monkeypatch.setenv("CELLCOUNT_RELEASES", str(tmp_path))
        monkeypatch.delenv("CELLCOUNT_RELEASE", raising=False)
        with pytest.raises(
            ReleaseMissingError, match=r"There is no release in .*python -m cellcount --help.*CELLCOUNT_RELEASES"
        ):
            default_release()

    def test_is_that_of_the_checkout_when_nothing_is_said(self, monkeypatch):
        monkeypatch.delenv("CELLCOUNT_RELEASES", raising=False)
        assert store.default_folder().parts[-2:] == ("data", "releases")


def test_every_error_is_one_that_a_person_can_read():
    for error in (UnreadableReleaseError, ReleaseMissingError, TableMissingError, ParameterError, QueryFailedError):
        assert issubclass(error, CellCountError)
