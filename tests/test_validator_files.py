"""Files as they come: damaged, foreign, hostile, in many pieces, in any order. Always a report, never a traceback."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import h3.api.basic_int as h3
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from build_world import ALDER, CHILDREN, cell_row, hours
from hypothesis import given
from hypothesis import strategies as st
from validator_world import (
    MONDAY_AREAS,
    MONDAY_CELLS,
    MONDAY_TRIPS,
    Row,
    World,
    country,
    edit_manifest,
    entry,
    only,
    reseal,
    rules_of,
    validated,
    world,
)

from cellcount.standard import ROOT, delivery_tables
from cellcount.validator import partition, reading, render
from cellcount.validator.files import check_times
from cellcount.validator.findings import Findings
from cellcount.validator.indexes import from_numbers, numbers, parents, resolutions, valid
from cellcount.validator.keys import NO_KEY, repeated
from cellcount.validator.manifest import Manifest

AREAS_FILE = f"{MONDAY_AREAS}/part-0.parquet"


def written(tmp_path: Path) -> Path:
    return world().write(tmp_path / "blue")


def listed(path: str) -> Row:
    return {"path": path, "rows": 1, "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/etc/passwd", "path-leaves-folder"),
        ("../other/part-0.parquet", "path-leaves-folder"),
        ("cell_day\\..\\..\\secret", "path-leaves-folder"),
        ("C:/secret.parquet", "path-leaves-folder"),
        ("cell_day//part-0.parquet", "path-leaves-folder"),
        ("cell_day/date=2026-11-02/con.parquet", "file-name-unsafe"),
        ("cell_day/date=2026-11-02/a\0b.parquet", "file-name-unsafe"),
        ("cell_day/date=2026-11-02/a\x1b[2J.parquet", "file-name-unsafe"),
        ("cell_day/date=2026-11-02/\ud800.parquet", "file-name-unsafe"),
        ("cell_day/" + 300 * "a" + ".parquet", "file-name-unsafe"),
        ("cell_day/part-0.parquet", "partition-malformed"),
        ("cell_day/day=2026-11-02/part-0.parquet", "partition-malformed"),
        ("cell_day/date=2026-11-02/deeper/part-0.parquet", "partition-malformed"),
        ("cell_day/date=2026-11-02/part-0.csv", "partition-malformed"),
        ("inbound_month/month=2026-13/part-0.parquet", "partition-malformed"),
        ("home_relocation/period=2026-10_2025-10/part-0.parquet", "partition-malformed"),
        ("", "file-entry-malformed"),
        ("CELL_DAY/date=2026-11-02/part-0.parquet", "file-entry-repeated"),
    ],
)
def test_a_path_that_no_file_may_have(path, rule, tmp_path):
    folder = written(tmp_path)
    edit_manifest(lambda content: content["files"].append(listed(path)))(folder)
    report = validated(folder)
    assert rules_of(report) == {rule}
    assert render(report).isprintable() or "\x1b" not in render(report)
    json.loads(report.to_json())


def test_links_that_leave_the_folder_are_not_followed(tmp_path):
    folder = written(tmp_path)
    secret = tmp_path / "secret.parquet"
    (folder / AREAS_FILE).rename(secret)
    (folder / AREAS_FILE).symlink_to(secret)
    (folder / "elsewhere").symlink_to(tmp_path)
    (folder / "usual_environment" / "part-0.parquet").unlink()
    (folder / "usual_environment" / "part-0.parquet").symlink_to("part-0.parquet")  # to itself
    report = validated(folder)
    assert rules_of(report) == {"path-leaves-folder", "date-missing", "file-unknown"}
    assert {finding.file for finding in report.findings if finding.rule == "path-leaves-folder"} == {
        AREAS_FILE,
        "usual_environment/part-0.parquet",
    }
    assert only(report, "file-unknown").example == "elsewhere"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path):
    folder = written(tmp_path)
    (folder / AREAS_FILE).unlink()
    os.mkfifo(folder / AREAS_FILE)
    assert "file-missing" in rules_of(validated(folder))


@pytest.mark.parametrize(
    "content",
    [b"", b"PAR1", b"PAR1PAR1", b"area_code,segment\nE07000001,all\n", b"PAR1" + b"\xff" * 64 + b"\x40\0\0\0PAR1"],
    ids=["empty", "a magic number", "two magic numbers", "CSV", "a footer of nothing"],
)
def test_a_file_that_is_not_parquet(content, tmp_path):
    folder = written(tmp_path)
    (folder / AREAS_FILE).write_bytes(content)
    reseal(folder)
    assert rules_of(validated(folder)) == {"file-corrupt"}


def test_a_damaged_page_is_found_though_the_footer_is_whole(tmp_path):
    folder = written(tmp_path)
    file = folder / AREAS_FILE
    table = pq.read_table(file)
    pq.write_table(table, file, compression="zstd", use_dictionary=False)
    content = bytearray(file.read_bytes())
    start = pq.read_metadata(file).row_group(0).column(4).data_page_offset
    content[start + 10 : start + 60] = bytes(50)
    file.write_bytes(content)
    reseal(folder)
    assert "file-corrupt" in rules_of(validated(folder))


def test_bytes_changed_anywhere_end_in_a_report(tmp_path):
    """In a process of its own: a damaged footer can make the reader end the whole process."""
    folders = []
    for seed in range(1020, 1032):
        chance = random.Random(seed)
        folder = world().write(tmp_path / str(seed))
        for file in chance.sample(sorted(folder.rglob("*.parquet")), 6):
            content = bytearray(file.read_bytes())
            for _ in range(chance.choice([1, 2, 8])):
                content[-1 - chance.randrange(min(len(content), 1500))] = chance.randrange(256)
            file.write_bytes(content)
        reseal(folder)
        folders.append(str(folder))
    command = [sys.executable, "-m", "cellcount", "validate", "--json", *folders]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(json.loads(ended.stdout)["deliveries"]) == 12


def test_a_file_that_swells_is_not_read(tmp_path):
    folder = written(tmp_path)
    file = folder / AREAS_FILE
    table = pq.read_table(file)
    swollen = table.set_column(0, "area_code", pa.array([ALDER + "x" * 70_000_000] + [ALDER] * (len(table) - 1)))
    pq.write_table(swollen, file, compression="zstd", use_dictionary=False)
    assert file.stat().st_size < 1_000_000
    reseal(folder)
    report = validated(folder)
    assert "10 rows take 70," in only(report, "could-not-check").example
    assert rules_of(report) == {"could-not-check"}


def test_the_same_column_twice(tmp_path):
    folder = written(tmp_path)
    file = folder / AREAS_FILE
    table = pq.read_table(file)
    pq.write_table(table.append_column("h05", table.column("h06")), file)
    reseal(folder)
    report = validated(folder)
    assert rules_of(report) == {"column-unknown"}
    assert "more than once" in only(report, "column-unknown").example


KINDS = [
    pa.int8(),
    pa.int64(),
    pa.uint64(),
    pa.float32(),
    pa.float64(),
    pa.decimal128(30, 2),
    pa.string(),
    pa.large_string(),
    pa.binary(),
    pa.bool_(),
    pa.date32(),
    pa.timestamp("ns"),
    pa.timestamp("us", "Europe/London"),
    pa.time64("us"),
    pa.list_(pa.int64()),
    pa.struct([("a", pa.int64())]),
    pa.dictionary(pa.int32(), pa.string()),
    pa.null(),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_column_of_another_type(kind, tmp_path):
    """All columns of all tables at once: whatever they hold is told, by file and column, and nothing breaks."""
    made = world()
    folder = made.write(tmp_path / "blue")
    for file in sorted(folder.rglob("*.parquet")):
        table = pq.read_table(file, partitioning=None)
        made_of = [_as(column, kind) for column in table.columns]
        pq.write_table(pa.table(dict(zip(table.column_names, made_of, strict=True))), file, coerce_timestamps=None)
    reseal(folder)
    report = validated(folder)
    assert report.status == 1
    told = {(finding.table, column) for finding in report.findings for column in finding.columns}
    for name, table in delivery_tables().items():
        for column in table.file_columns:
            same = column.arrow_type == kind or {column.arrow_type, kind} <= {pa.string(), pa.large_string()}
            text = column.arrow_type == pa.string() and pa.types.is_dictionary(kind)
            if not same and not text and kind != pa.timestamp("us", "Europe/London"):
                assert (name, column.name) in told, f"nothing is said of {name}.{column.name}"


def _as(column: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    """A column in another type: its values where they can be had, else ones, so that nothing is merely missing."""
    try:
        return column.combine_chunks().cast(kind, safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([_one_of(kind)] * len(column), kind)


def _one_of(kind: pa.DataType) -> object:
    if pa.types.is_list(kind):
        return [1]
    if pa.types.is_struct(kind):
        return {"a": 1}
    if pa.types.is_null(kind):
        return None
    value = pa.scalar(1)
    for through in (kind, pa.int32(), pa.string()):
        try:
            return value.cast(through).cast(kind).as_py()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    return "1"


def test_minus_one_through_an_unsigned_column(tmp_path):
    made = world()
    made.rows[MONDAY_AREAS][0].update(h05=4_294_967_295)
    report = validated(made.write(tmp_path / "blue"))
    assert rules_of(report) == {"hidden-as-minus-one"}


@pytest.mark.parametrize("kind", [pa.float64(), pa.int64(), pa.decimal128(12, 1)], ids=str)
def test_counts_in_another_type_are_checked_as_well(kind, tmp_path):
    made = world()
    made.rows[MONDAY_AREAS][0].update(h05=-1, h06=-3, h07=5, h08=300_000_000)
    for name in ("h05", "h06", "h07", "h08"):
        made.retype(MONDAY_AREAS, name, kind)
    if kind == pa.float64():
        made.rows[MONDAY_AREAS][1].update(h05=float("nan"), h06=0.25)
    report = validated(made.write(tmp_path / "blue"))
    assert only(report, "hidden-as-minus-one").columns == ("h05",)
    assert only(report, "count-negative").columns == ("h06",)
    assert only(report, "count-absurd").columns == ("h08",)
    small = only(report, "count-below-threshold")
    assert ("h07" in small.columns, small.count) == (True, 2 if kind == pa.float64() else 1)
    assert ("not-a-number" in rules_of(report)) == (kind == pa.float64())


def in_pieces(made: World, folder: Path, chance: random.Random) -> Path:
    """The same delivery with rows in any order, over several files and many row groups."""
    files = []
    for place, rows in made.rows.items():
        shuffled = chance.sample(rows, len(rows))
        cut = chance.randrange(len(rows) + 1)
        for number, part in enumerate((shuffled[:cut], shuffled[cut:])):
            file = folder / place / f"part-{number}.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.Table.from_pylist(part, schema=made.schema(place)), file, row_group_size=3)
            files.append(entry(folder, file, len(part)))
    made.write(folder / "aside")
    content = json.loads((folder / "aside" / "manifest.json").read_text(encoding="utf-8"))
    for file in sorted((folder / "aside").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    (folder / "aside").rmdir()
    (folder / "manifest.json").write_text(json.dumps({**content, "files": files}), encoding="utf-8")
    return folder


@pytest.mark.parametrize("together", [1 << 20, 20], ids=["at once", "in turns"])
def test_faults_are_the_same_in_any_order_and_in_any_number_of_pieces(together, tmp_path, monkeypatch):
    made = world()
    rows = made.rows[MONDAY_CELLS]
    rows[2].update(h08=500)
    rows[9].update(h00=9)
    rows += [cell_row(CHILDREN[3], hours(100)), cell_row(CHILDREN[3], hours(100)), cell_row(CHILDREN[4], hours(100))]
    made.rows[MONDAY_AREAS][3].update(h08=650)
    made.rows[MONDAY_TRIPS].append({**made.rows[MONDAY_TRIPS][0], "purpose": "home_work", "km_total": -1.0})
    whole = validated(made.write(tmp_path / "whole"))
    expected = {(each.rule, each.table, each.columns, each.count) for each in whole.findings}
    assert ("key-repeated", "cell_day", ("resolution", "segment", "h3"), 3) in expected
    assert {"child-larger", "children-do-not-add", "count-below-threshold", "value-out-of-range"} <= rules_of(whole)
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 5)
    monkeypatch.setattr(partition, "ROWS_TOGETHER", together)
    monkeypatch.setattr(partition, "MANY_ROWS", together // 2)
    for seed in range(3):
        pieces = validated(in_pieces(made, tmp_path / f"pieces{seed}", random.Random(seed)))
        found = {(each.rule, each.table, each.columns, each.count) for each in pieces.findings}
        if together == 20:  # tables without cells are not compared in turns, and it is said that they were not
            found = {each for each in found if each[0] != "could-not-check"}
            assert found <= expected
            assert {each for each in expected if each[1] == "cell_day"} <= found
        else:
            assert found == expected


def test_a_partition_with_more_rows_than_a_table_can_have(tmp_path, monkeypatch):
    """The limit is on the partition: many files, each under it, do not get round it."""
    made = world()
    folder = in_pieces(made, tmp_path / "blue", random.Random(1))
    limit = reading.limits()["rows_per_file"]
    monkeypatch.setattr(reading, "limits", lambda: {"rows_per_file": type(limit)("rows_per_file", 33, "rows", "")})
    found = only(validated(folder), "file-too-large")
    assert (found.table, found.count, found.files) == ("cell_day", 2, 2)


def test_a_period_of_ten_thousand_years_is_counted_not_listed():
    findings = Findings()
    manifest = Manifest(None, None, _day("0001-01-01"), _day("9999-12-31"), (), 10, "mean", ())
    check_times(manifest, {("area_day", "0001-01-01"): True}, findings)
    (found,) = findings.sorted()
    assert (found.rule, found.count, found.example) == ("date-missing", 3_652_058, "0001-01-02")


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@given(
    st.integers(0, 9).flatmap(
        lambda resolution: st.tuples(st.just(resolution), st.floats(-90, 90), st.floats(-180, 180))
    ),
    st.integers(0, 63),
)
def test_validity_is_that_of_h3_itself(place, bit):
    resolution, latitude, longitude = place
    cell = h3.latlng_to_cell(latitude, longitude, resolution)
    spoiled = np.uint64(cell) ^ np.uint64(1 << bit)
    both = np.array([cell, int(spoiled)], np.uint64).view(np.int64)
    expected = [True, h3.is_valid_cell(int(spoiled))]
    assert valid(both).tolist() == expected
    assert resolutions(both)[0] == resolution
    assert from_numbers(numbers(both[:1]))[0] == cell
    assert parents(both[:1], resolution // 2)[0] == h3.cell_to_parent(cell, resolution // 2)


def test_pentagons_and_their_children_are_valid_and_their_missing_ones_are_not():
    children = [child for cell in h3.get_pentagons(4) for child in h3.cell_to_children(cell, 6)]
    assert valid(np.array(children)).all()
    # The child in direction 1 of a pentagon does not exist.
    missing = np.array(h3.get_pentagons(4)) & ~np.int64(7 << 30) | np.int64(1 << 30) | np.int64(0)
    missing = missing & ~np.int64(0xF << 52) | np.int64(5 << 52)
    assert not valid(missing).any()
    assert not any(h3.is_valid_cell(int(cell)) for cell in missing)


@given(st.lists(st.integers(0, 8)))
def test_repeated_keys_are_counted_beyond_the_first(keys):
    rows, example = repeated(np.array([*keys, NO_KEY, NO_KEY], np.int64))
    assert rows == len(keys) - len(set(keys))
    assert keys.count(example) > 1 if rows else example == NO_KEY


def test_the_known_country_is_the_one_that_is_tested():
    assert sorted(country().cells) == [5, 6, 7, 8]
