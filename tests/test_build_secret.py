"""The release secret: made once, kept to its owner, and missed when it is lost."""

import json
import re
import stat
import threading
from pathlib import Path

import pytest
from build_world import ALDER, CHILDREN, REGION, area_row, cell_row, factor, hours, reference, write_delivery

from cellcount.build import build_release
from cellcount.build.deliveries import Delivery
from cellcount.build.secret import BYTES, SecretError, check_value, open_secret, secret_file

REFERENCE = reference()
DELIVERIES = [
    Delivery(
        Path("a"), {"operator_id": "a", "period_start": "2026-11-02", "period_end": "2026-11-08"}, manifest_sha256=""
    )
]


def three(tmp_path, *names, **manifest):
    return [
        write_delivery(
            tmp_path / name,
            name,
            factors=[factor(REGION, 0.3)],
            cell_day=[cell_row(cell, hours(100)) for cell in CHILDREN],
            area_day=[area_row(ALDER, hours(400))],
            **manifest,
        )
        for name in names or ("a", "b", "c")
    ]


def built(folders, releases, **options):
    return build_release(folders, releases, reference=REFERENCE, **options)


def manifest_of(release):
    return json.loads((release / "manifest.json").read_text(encoding="utf-8"))


def test_a_secret_is_made_beside_the_releases_for_its_owner_only(tmp_path):
    releases = tmp_path / "data" / "releases"

    release = built(three(tmp_path), releases)

    file = tmp_path / "data" / "release-secret"
    assert file == secret_file(releases)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert re.fullmatch(r"[0-9a-f]{64}\n", file.read_text(encoding="ascii"))
    assert sorted(each.name for each in file.parent.iterdir()) == ["release-secret", "releases"]
    secret = bytes.fromhex(file.read_text(encoding="ascii"))
    assert manifest_of(release)["disclosure"]["check_value"] == check_value(secret)
    for written in release.rglob("*"):
        if written.is_file():
            content = written.read_bytes()
            assert secret not in content
            assert secret.hex().encode() not in content


def test_a_named_file_is_used_and_made_with_its_folder(tmp_path):
    named = tmp_path / "vault" / "key"

    release = built(three(tmp_path), tmp_path / "releases", secret=named)

    assert manifest_of(release)["disclosure"]["check_value"] == check_value(bytes.fromhex(named.read_text().strip()))
    assert not (tmp_path / "release-secret").exists()


def test_a_lost_secret_stops_the_next_build_of_the_same_days_and_says_what_to_do(tmp_path):
    folders, releases = three(tmp_path), tmp_path / "releases"
    first = built(folders, releases)
    secret = secret_file(releases)
    kept = secret.read_text(encoding="ascii")
    secret.unlink()

    with pytest.raises(SecretError, match=r"has gone.*average the rounding away.*Put the old file back.*withdraw"):
        built(folders, releases, title="again")
    assert not secret.exists()  # a new one would make the next attempt go through

    secret.write_text("0" * 2 * BYTES, encoding="ascii")
    with pytest.raises(SecretError, match="is another one"):
        built(folders, releases, title="again")

    secret.write_text(kept, encoding="ascii")
    assert built(folders, releases, title="again") != first


def test_once_the_older_release_is_withdrawn_a_new_secret_may_be_made(tmp_path):
    folders, releases = three(tmp_path), tmp_path / "releases"
    release = built(folders, releases)
    secret_file(releases).unlink()
    for file in sorted(release.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    release.rmdir()

    assert manifest_of(built(folders, releases))["disclosure"]["check_value"]


def test_releases_of_other_operators_or_days_and_imported_ones_do_not_matter(tmp_path):
    releases = tmp_path / "releases"
    built(three(tmp_path / "one"), releases)
    secret_file(releases).unlink()
    (releases / "imported").mkdir()
    (releases / "imported" / "manifest.json").write_text('{"deliveries": [], "disclosure": {"rule": "none"}}')
    (releases / "damaged").mkdir()
    (releases / "damaged" / "manifest.json").write_text("{")

    built(three(tmp_path / "two", "d", "e", "f"), releases)


def test_overlapping_days_of_one_operator_in_common_are_enough_to_be_missed(tmp_path):
    releases = tmp_path / "releases"
    built(three(tmp_path / "one"), releases)
    secret_file(releases).unlink()

    with pytest.raises(SecretError, match="has gone"):
        built(three(tmp_path / "two", "c", "d", "e"), releases)


@pytest.mark.parametrize(
    "content", ["", "secret", "0" * 63, "g" * 64], ids=["empty", "word", "short", "not hexadecimal"]
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path, content):
    file = tmp_path / "release-secret"
    file.write_text(content, encoding="ascii")

    with pytest.raises(SecretError, match="does not hold a release secret"):
        open_secret(file, tmp_path / "releases", DELIVERIES)


def test_a_folder_in_its_place_is_a_sentence(tmp_path):
    with pytest.raises(SecretError, match="cannot be read"):
        open_secret(tmp_path, tmp_path / "releases", DELIVERIES)


def test_two_builds_that_make_it_at_once_get_the_same(tmp_path):
    file, found = tmp_path / "new" / "release-secret", []
    start = threading.Barrier(8)

    def make():
        start.wait()
        found.append(open_secret(file, tmp_path / "releases", DELIVERIES))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1
    assert [each.name for each in file.parent.iterdir()] == ["release-secret"]
