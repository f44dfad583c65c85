"""The first start: one process under a lock, noticed when it dies, started once more, then explained."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cellcount.errors import CellCountError
from cellcount.first_start import FirstStart, Status


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FirstStart]:
    monkeypatch.delenv("CELLCOUNT_RELEASE", raising=False)
    monkeypatch.delenv("CELLCOUNT_RELEASES", raising=False)
    yield FirstStart(tmp_path / "data")
    for process in builders(tmp_path):
        process.kill()
        process.wait(10)


def builders(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "first-start" in line and any(str(folder) in word for word in line):
            found.append(process)
    return found


def make_one_file(demonstration: Path, releases: Path, progress) -> None:
    progress(0.5, "Halfway")
    (releases / "demo").mkdir(parents=True)
    (releases / "demo" / "manifest.json").write_text("{}")


def test_it_is_needed_only_where_nothing_is_there_and_nothing_is_configured(installation, monkeypatch):
    assert installation.needed()
    monkeypatch.setenv("CELLCOUNT_RELEASE", "national")
    assert not installation.needed()
    monkeypatch.delenv("CELLCOUNT_RELEASE")
    installation.releases.mkdir(parents=True)
    assert not installation.needed(), "a folder without releases is somebody's, and never turns synthetic by itself"


def test_releases_appear_whole_and_only_when_done(installation):
    seen_while_working = []

    def make(demonstration: Path, releases: Path, progress) -> None:
        make_one_file(demonstration, releases, progress)
        seen_while_working.append((installation.releases.exists(), installation.alive(), installation.status()))

    installation.run(make)
    ((appeared, alive, status),) = seen_while_working
    assert (appeared, alive) == (False, True)
    assert (status.state, status.share, status.doing) == ("running", 0.5, "Halfway")
    assert (installation.releases / "demo" / "manifest.json").exists()
    assert installation.status().state == "done"
    assert not installation.alive()


def test_a_second_process_does_nothing_while_the_first_is_at_work(installation):
    made = []

    def make(demonstration: Path, releases: Path, progress) -> None:
        made.append("first")
        FirstStart(installation.data).run(lambda *_: made.append("second"))
        make_one_file(demonstration, releases, progress)

    installation.run(make)
    assert made == ["first"]


def test_an_error_with_a_remedy_is_shown_at_once_and_nothing_appears(installation):
    def make(demonstration: Path, releases: Path, progress) -> None:
        progress(0.2, "Making Monday 5 October")
        raise CellCountError("The disk is full. Free 2 GB.")

    installation.run(make)
    status = installation.status()
    assert (status.state, status.doing) == ("failed", "The disk is full. Free 2 GB.")
    assert not installation.releases.exists()
    assert installation.ensure_running().state == "failed", "it is not tried again by itself"
    installation.retry()
    assert installation.status() is None


def test_progress_never_goes_back(installation):
    shares = []

    def make(demonstration: Path, releases: Path, progress) -> None:
        for share in (0.1, 0.4, 0.3):
            progress(share, "Making")
            shares.append(installation.status().share)
        make_one_file(demonstration, releases, progress)

    installation.run(make)
    assert shares == [0.1, 0.4, 0.4]


@pytest.mark.parametrize(
    ("status", "left"),
    [
        (Status("running", 0.25, "", 1, started_at=100.0, updated_at=130.0), 90.0),
        (Status("running", 0.01, "", 1, started_at=100.0, updated_at=130.0), None),
        (Status("starting", 0.0, "", 1, started_at=100.0, updated_at=100.0), None),
    ],
)
def test_time_left_follows_from_the_share_done(status, left):
    assert status.seconds_left == left


def test_two_browsers_start_one_process_and_a_dead_one_is_started_once_more(installation):
    first = installation.ensure_running()
    assert FirstStart(installation.data).ensure_running().started_at == first.started_at
    for attempt in (1, 2):
        wait_until(installation.alive)
        (process,) = builders(installation.data)
        stop(process)
        wait_until(lambda: not installation.alive())
        status = installation.ensure_running()
        assert status.attempt == 2
        assert status.state == ("starting" if attempt == 1 else "failed")
    assert "ended twice" in status.doing
    assert not installation.releases.exists()


def stop(process: psutil.Process) -> None:
    family = [process, *process.children(recursive=True)]
    process.kill()
    psutil.wait_procs(family, timeout=20)


def wait_until(true, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_a_folder_that_cannot_be_written_is_said(installation):
    installation.data.parent.joinpath("data").write_text("a file where a folder should be")
    with pytest.raises(CellCountError, match="cannot be written"):
        installation.ensure_running()


def test_releases_deleted_after_it_was_done_are_made_again(installation, monkeypatch):
    installation.run(make_one_file)
    assert installation.status().state == "done"
    (installation.releases / "demo" / "manifest.json").unlink()
    (installation.releases / "demo").rmdir()
    installation.releases.rmdir()
    started = []

    def start(command, **_):
        started.append(command)
        return Ended()

    monkeypatch.setattr("cellcount.first_start.subprocess.Popen", start)
    assert installation.ensure_running().state == "starting"
    assert len(started) == 1


class Ended:
    """A process that has ended."""

    def wait(self) -> int:
        return 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"state": "running"}', "null"])
def test_a_status_that_cannot_be_read_is_none(installation, content):
    installation.work.mkdir(parents=True)
    (installation.work / "status.json").write_text(content)
    assert installation.status() is None


def test_a_status_whose_numbers_are_words_is_none(installation):
    installation.run(make_one_file)
    file = installation.work / "status.json"
    file.write_text(file.read_text().replace('"attempt": 1', '"attempt": "first"'))
    assert installation.status() is None
