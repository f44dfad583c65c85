"""Jobs done by this process and by one that helps: in order, whole, and with nothing left running."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from cellcount.errors import CellCountError
from cellcount.side_by_side import Workers
from cellcount.standard import ROOT

PROCESSES = pytest.mark.parametrize("processes", [False, True], ids=["thread", "process"])


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    monkeypatch.setattr("cellcount.side_by_side.os.cpu_count", lambda: 2)


def times(state: int, item: int) -> int:
    time.sleep(0.002 * (item % 3))
    return state * item


def who(_: None, __: int) -> tuple[int, int]:
    time.sleep(0.05)
    return os.getpid(), threading.get_ident()


def refuse_seven(_: None, item: int) -> int:
    if item == 7:
        raise CellCountError("Seven is refused.")
    return item


def end(_: None, item: int) -> int:
    if item == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.2)
    return item


@PROCESSES
def test_results_come_in_the_order_of_the_items(processes):
    with Workers(10, processes=processes) as work:
        assert list(work.each(times, range(40))) == [10 * item for item in range(40)]
        assert list(work.each(times, [])) == []


@PROCESSES
def test_two_work_and_this_process_is_one_of_them(processes):
    with Workers(None, processes=processes) as work:
        list(work.each(who, range(4)))  # a process that helps takes a while to start
        found = set(work.each(who, range(12)))
    assert len(found) == 2
    assert (os.getpid(), threading.get_ident()) in found
    assert (len({process for process, _ in found}) == 2) is processes


def test_one_processor_does_all_itself(monkeypatch):
    monkeypatch.setattr("cellcount.side_by_side.os.cpu_count", lambda: 1)
    with Workers(None, processes=True) as work:
        assert {process for process, _ in work.each(who, range(3))} == {os.getpid()}


@PROCESSES
def test_what_a_job_refuses_is_told_and_no_result_after_it(processes):
    done = []
    with Workers(None, processes=processes) as work, pytest.raises(CellCountError, match="Seven is refused"):
        done.extend(work.each(refuse_seven, range(1000)))
    assert done == list(range(len(done)))
    assert len(done) <= 7


def helped_by_one_that_dies() -> None:
    with Workers(None, processes=True) as work:
        # The first item is taken by the helper: this process begins to work when a result is asked for.
        results = work.each(end, range(6))
        time.sleep(4)
        list(results)


def helped_by_one_that_is_killed_between_two_jobs() -> None:
    with Workers(None, processes=True) as work:
        list(work.each(who, range(4)))
        (helper,) = [each for each in psutil.Process().children() if "spawn_main" in " ".join(each.cmdline())]
        helper.kill()
        time.sleep(1)
        list(work.each(who, range(4)))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("work", [helped_by_one_that_dies, helped_by_one_that_is_killed_between_two_jobs])
def test_a_helper_that_dies_is_told_in_words(work):
    with pytest.raises(CellCountError, match="memory runs out"):
        work()


# What stands in a script is not run a second time by the process that helps, and needs no guard against it.
HELPED = """
import os, signal, sys, time
from cellcount.side_by_side import Workers
# Who runs the tests in the background has the shell ignore it, and so would all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
os.cpu_count = lambda: 2
with Workers(None, processes=True) as work:
    work._helper.submit(time.sleep, 60)
    print("begun", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_helper_ends_with_the_process_that_it_helps(tmp_path):
    script = tmp_path / "helped.py"
    script.write_text(HELPED)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout.readline() == "begun\n"
        helpers = _helpers_of(killed.pid)
        killed.kill()
    gone, left = psutil.wait_procs(helpers, timeout=30)
    assert gone
    assert not left


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a process")
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_both_at_once_however_often(tmp_path, times):
    script = tmp_path / "helped.py"
    script.write_text(HELPED)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as interrupted:
        assert interrupted.stdout.readline() == "begun\n"
        helpers = _helpers_of(interrupted.pid)
        for _ in range(times):
            interrupted.send_signal(signal.SIGINT)
            time.sleep(0.4)
        assert interrupted.wait(timeout=20) != 0
    gone, left = psutil.wait_procs(helpers, timeout=20)
    assert gone
    assert not left


def _helpers_of(pid: int) -> list[psutil.Process]:
    """Processes that were started, once they have imported what they need."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        helpers = psutil.Process(pid).children(recursive=True)
        if any("spawn_main" in " ".join(each.cmdline()) for each in helpers):
            time.sleep(3)
            return helpers
        time.sleep(0.1)
    raise AssertionError("No process was started to help")
