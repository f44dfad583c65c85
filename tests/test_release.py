"""A release is written whole or not at all, and its check finds whatever has happened to it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import h3.api.basic_int as h3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cellcount.build import release as release_module
from cellcount.build.release import (
    DiskFullError,
    ReleaseExistsError,
    ReleaseFaultyError,
    ReleaseWriter,
    UndeclaredDataError,
    UnreadableReleaseError,
    check_release,
    sweep,
)
from cellcount.errors import CellCountError
from cellcount.standard import ROOT

CELL = h3.latlng_to_cell(51.5, -0.1, 5)
CELLS = pa.table({"h3": [CELL], "resolution": [5], "area_km2": [250.0]})
AREAS = pa.table(
    {
        "area_code": ["UK"],
        "area_name": ["United Kingdom"],
        "area_type": ["country"],
        "centre_lon": [-3.0],
        "centre_lat": [54.0],
    }
)
PRESENT = pa.table({"h3": [CELL], "h08": [120], "h09": pa.array([None], pa.uint32())})
MANIFEST = {
    "title": "Shire",
    "kind": "imported",
    "synthetic": False,
    "deliveries": [],
    "parameters": {},
    "disclosure": {"rule": "The publisher's own.", "threshold": None},
    "time": {
        "time_zone": "Europe/London",
        "period_start": "2026-10-05",
        "period_end": "2026-10-05",
        "day_types": [{"id": "weekday", "label": "Weekday"}],
        "periods": [{"id": "2026", "label": "2026"}],
        "slots": [{"id": "h08", "label": "08:00 to 09:00", "hours": [8]}],
    },
    "measure_note": "People present.",
    "resolutions": [5],
    "resolution_note": None,
    "area_types": [{"id": "country", "label": "Country"}],
    "default_area": "UK",
    "map_view": {"longitude": -3.0, "latitude": 54, "zoom": 5},
    "source": {
        "name": "Shire",
        "publisher": None,
        "licence": None,
        "attribution": None,
        "citation": None,
        "url": None,
    },
    "caveats": [],
    "quality": {},
}


def write_all(writer: ReleaseWriter, *, figures: bool = True) -> None:
    writer.write("cells", CELLS)
    writer.write("areas", AREAS)
    if figures:
        writer.write("present", PRESENT, resolution=5, date="2026-10-05")


def published(releases: Path, manifest: dict, *, figures: bool = True) -> Path:
    with ReleaseWriter(releases, "shire") as writer:
        write_all(writer, figures=figures)
        return writer.publish(manifest)


@pytest.fixture
def release(tmp_path) -> Path:
    return published(tmp_path / "releases", MANIFEST)


def test_a_published_release_is_whole_and_nothing_is_left_aside(release):
    assert [folder.name for folder in release.parent.iterdir()] == ["shire"]
    assert check_release(release) == []
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["release_format"] == "0.2"
    assert manifest["release_id"] == "shire"
    assert manifest["tables"] == {"present": {"rows": 1}, "cells": {"rows": 1}, "areas": {"rows": 1}}
    assert [file["path"] for file in manifest["files"]] == [
        "areas/part-0.parquet",
        "cells/part-0.parquet",
        "present/resolution=5/date=2026-10-05/part-0.parquet",
    ]


def test_files_hold_the_declared_columns_and_types_in_v1_pages(release):
    with pq.ParquetFile(release / "present/resolution=5/date=2026-10-05/part-0.parquet") as file:
        assert file.schema_arrow.names[:2] == ["h3", "h00"]
        assert str(file.schema.column(1).logical_type) == "Int(bitWidth=32, isSigned=false)"
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"
        assert file.read().to_pylist()[0]["h08"] == 120


def test_rows_are_put_in_the_order_of_the_key(tmp_path):
    with ReleaseWriter(tmp_path, "shire") as writer:
        file = writer.write("present", pa.table({"h3": [3, 1, 2]}), resolution=5, date="2026-10-05")
        assert pq.read_table(file).column("h3").to_pylist() == [1, 2, 3]


def test_an_exception_leaves_nothing_and_the_earlier_release_as_it_was(release):
    before = (release / "manifest.json").read_bytes()

    with pytest.raises(UndeclaredDataError), ReleaseWriter(release.parent, "other") as writer:
        writer.write("cells", AREAS)

    assert [folder.name for folder in release.parent.iterdir()] == ["shire"]
    assert (release / "manifest.json").read_bytes() == before


def test_a_release_is_never_replaced(release):
    with pytest.raises(ReleaseExistsError, match="never changed"), ReleaseWriter(release.parent, "shire"):
        pass
    assert check_release(release) == []


def test_two_writers_of_one_release_do_not_get_in_each_others_way(tmp_path):
    with ReleaseWriter(tmp_path, "shire") as slow:
        with ReleaseWriter(tmp_path, "shire") as fast:
            for writer in (slow, fast):
                write_all(writer)
            fast.publish(MANIFEST)
        with pytest.raises(ReleaseExistsError):
            slow.publish(MANIFEST)

    assert check_release(tmp_path / "shire") == []


@pytest.mark.parametrize("name", ["", ".hidden", "../outside", "a/b", "a b"])
def test_names_that_could_leave_the_folder_are_refused(tmp_path, name):
    with pytest.raises(CellCountError, match="cannot be called"):
        ReleaseWriter(tmp_path, name)


def test_what_dead_builds_left_is_swept_and_what_living_ones_write_is_not(tmp_path):
    dead = tmp_path / ".writing-shire-of-hobbits-999999999-0a1b2c3d"
    living = tmp_path / f".writing-shire-{os.getpid()}-0a1b2c3d"
    for folder in (dead, living):
        folder.mkdir()
        (folder / "half").write_text("half")

    sweep(tmp_path)

    assert [folder.name for folder in tmp_path.iterdir()] == [living.name]


def test_a_killed_build_leaves_the_old_release_and_the_next_one_clears_up(release):
    killed = """
import os, sys
from pathlib import Path
from cellcount.build.release import ReleaseWriter
with ReleaseWriter(Path(sys.argv[1]), "other") as writer:
    writer.folder("present", resolution=5, date="2026-10-05").joinpath("part-0.parquet").write_bytes(b"half")
    os._exit(9)
"""
    releases = release.parent
    subprocess.run([sys.executable, "-c", killed, str(releases)], check=False, cwd=ROOT)
    assert len(list(releases.iterdir())) == 2
    assert check_release(release) == []

    with ReleaseWriter(releases, "other") as writer:
        write_all(writer)
        writer.publish(MANIFEST)

    assert sorted(folder.name for folder in releases.iterdir()) == ["other", "shire"]


def test_a_number_that_another_process_has_inherited_is_no_sign_of_life(tmp_path):
    old = tmp_path / f".writing-shire-{os.getpid()}-0a1b2c3d"
    old.mkdir()
    os.utime(old, (0, 0))  # long before this process began

    sweep(tmp_path)

    assert not old.exists()


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(CellCountError, match="Nothing can be written"), ReleaseWriter(tmp_path / "file", "shire"):
        pass


def test_a_full_disk_is_said_in_a_sentence(tmp_path, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(release_module, "write_parquet", full)
    with pytest.raises(DiskFullError, match="Make room"), ReleaseWriter(tmp_path, "shire") as writer:
        write_all(writer)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "rows", "told"),
    [
        ("presence", {"h3": [1]}, "no table presence"),
        ("cells", {"h3": [1], "resolution": [5], "area_km2": [1.0], "colour": ["red"]}, "no column colour"),
        ("cells", {"h3": [1], "resolution": [5]}, "lacks its column area_km2"),
        ("cells", {"h3": [1], "resolution": [None], "area_km2": [1.0]}, "must not be NULL"),
        ("cells", {"h3": [1], "resolution": ["five"], "area_km2": [1.0]}, "cannot be kept as UTINYINT"),
        ("cells", {"h3": [1], "resolution": [-1], "area_km2": [1.0]}, "cannot be kept as UTINYINT"),
        ("cells", {"h3": [7, 7], "resolution": [5, 5], "area_km2": [1.0, 1.0]}, "two rows for h3 7"),
    ],
)
def test_undeclared_data_is_not_written(tmp_path, table, rows, told):
    with ReleaseWriter(tmp_path, "shire") as writer, pytest.raises(UndeclaredDataError, match=told):
        writer.write(table, pa.table(rows))


def test_a_release_with_a_fault_is_not_published(tmp_path):
    untitled = {name: value for name, value in MANIFEST.items() if name != "title"}

    with pytest.raises(ReleaseFaultyError, match="the field title is missing"):
        published(tmp_path, untitled)

    assert list(tmp_path.iterdir()) == []


def test_a_release_without_figures_is_not_published(tmp_path):
    with pytest.raises(ReleaseFaultyError, match="present or typical_day"):
        published(tmp_path, MANIFEST, figures=False)


# --- What the check finds -----------------------------------------------------------------------------------------


def change_manifest(release: Path, **changes: object) -> None:
    file = release / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**manifest, **changes}), encoding="utf-8")


def flip_a_byte(release: Path) -> None:
    file = release / "cells" / "part-0.parquet"
    content = bytearray(file.read_bytes())
    content[40] ^= 1
    file.write_bytes(content)


def cut_short(release: Path) -> None:
    file = release / "cells" / "part-0.parquet"
    file.write_bytes(file.read_bytes()[:-10])


def remove_a_file(release: Path) -> None:
    (release / "cells" / "part-0.parquet").unlink()


def add_a_file(release: Path) -> None:
    (release / "present" / "notes.txt").write_text("hidden")


def rewrite(release: Path, table: pa.Table, rows: int = 1) -> None:
    """Another table in place of the cells, with the manifest to match but for what is to be found."""
    file = release / "cells" / "part-0.parquet"
    pq.write_table(table, file)
    entry = {
        "path": "cells/part-0.parquet",
        "rows": rows,
        "bytes": file.stat().st_size,
        "sha256": release_module.sha256(file),
    }
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    others = [listed for listed in manifest["files"] if listed["path"] != entry["path"]]
    change_manifest(release, files=[*others, entry])


def list_outside(release: Path) -> None:
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    outside = {"path": "cells/../../../secret.parquet", "rows": 1, "bytes": 1, "sha256": ""}
    change_manifest(release, files=[*manifest["files"], outside])


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (flip_a_byte, "cells/part-0.parquet: the checksum differs"),
        (cut_short, "where the manifest says"),
        (remove_a_file, "cells/part-0.parquet: the file is missing"),
        (add_a_file, "present/notes.txt: this file is not in the manifest"),
        (list_outside, "the path leaves the release's folder"),
        (lambda release: change_manifest(release, release_format="0.3"), "of format 0.3 and this software reads"),
        (lambda release: change_manifest(release, title=None), "title must be text"),
        (lambda release: change_manifest(release, synthetic=0), "synthetic must be true or false"),
        (lambda release: change_manifest(release, kind="found"), "must be built or imported"),
        (lambda release: change_manifest(release, resolutions=["5"]), "must be a list of H3 resolutions"),
        (lambda release: change_manifest(release, tables={}), "where the manifest's tables say None"),
        (
            lambda release: change_manifest(release, time={**MANIFEST["time"], "time_zone": "Middle/Earth"}),
            "not a time zone's name",
        ),
        (
            lambda release: change_manifest(release, time={**MANIFEST["time"], "period_start": "5 October"}),
            "period_start is '5 October'",
        ),
    ],
)
def test_the_check_finds(release, harm, told):
    harm(release)

    assert any(told in fault for fault in check_release(release))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda cells: cells.append_column("colour", pa.array(["red"])), "the column colour is not declared"),
        (lambda cells: cells.drop_columns(["residents"]), "the column residents is missing"),
        (
            lambda cells: cells.set_column(0, "h3", cells.column("h3").cast(pa.uint64())),
            "h3 must be BIGINT and is Int(bitWidth=64, isSigned=false)",
        ),
        (
            lambda cells: cells.set_column(1, "resolution", pa.array([None], pa.uint8())),
            "the column resolution must not be NULL",
        ),
        (lambda cells: pa.concat_tables([cells, cells]), "2 rows, where the manifest says 1"),
    ],
)
def test_the_check_finds_in_a_table(release, change, told):
    cells = pq.read_table(release / "cells" / "part-0.parquet")
    plain = cells.cast(pa.schema([field.with_nullable(True) for field in cells.schema]))

    rewrite(release, change(plain))

    assert any(told in fault for fault in check_release(release))


def test_a_link_out_of_the_folder_is_found(release, tmp_path):
    secret = tmp_path / "secret.parquet"
    file = release / "cells" / "part-0.parquet"
    file.replace(secret)
    try:
        file.symlink_to(secret)
    except OSError:
        pytest.skip("this system does not allow links")

    assert any("leaves the release's folder" in fault for fault in check_release(release))


def test_what_is_no_release_cannot_be_checked(tmp_path):
    with pytest.raises(UnreadableReleaseError, match="There is no folder"):
        check_release(tmp_path / "nowhere")
    with pytest.raises(UnreadableReleaseError, match=r"has no manifest\.json"):
        check_release(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(UnreadableReleaseError, match="cannot be read"):
        check_release(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(UnreadableReleaseError, match="not a JSON object"):
        check_release(tmp_path)


def test_what_file_browsers_leave_behind_is_no_fault(release):
    (release / ".DS_Store").write_bytes(b"")

    assert check_release(release) == []
