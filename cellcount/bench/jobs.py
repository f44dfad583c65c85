"""Long jobs of the command line, each in a process of its own: how long, how much memory, how much disk."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from cellcount.bench.report import Entry, Line, NotMeasured
from cellcount.standard import ROOT

SECONDS_BETWEEN_LOOKS = 0.05
ACCEPTED_OR_REFUSED = (0, 1)
GIGABYTE = 1024**3
GOALS = {"national": (180.0, 3.0, 3.0), "first_start": (120.0, 3.0, 3.0)}
"""For each detail of the demonstration: seconds, GB of memory and GB of disk for its deliveries and its release."""
VALIDATOR_GB = 2.0


@dataclass(frozen=True, slots=True)
class Job:
    """A command that ran to its end.

    Attributes
    ----------
    status : int
        Its exit status.
    seconds : float
        How long it ran.
    peak_bytes : int
        Most memory that it and its children held at once, looked at twenty times a second.
    told : str
        The end of what it printed.
    """

    status: int
    seconds: float
    peak_bytes: int
    told: str


@dataclass(frozen=True, slots=True)
class Made:
    """A demonstration that was made: what was measured, and where it is, if it is."""

    entries: list[Line]
    release: Path | None = None
    deliveries: Path | None = None


def run_job(arguments: Sequence[str]) -> Job:
    """Run a command of `python -m cellcount` and watch its memory.

    Parameters
    ----------
    arguments : sequence of str
        The command and its options.

    Returns
    -------
    Job
    """
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "cellcount", *arguments], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
        peak = 0
        while process.poll() is None:
            peak = max(peak, _memory(process.pid))
            time.sleep(SECONDS_BETWEEN_LOOKS)
        seconds = time.perf_counter() - started
        output.seek(0)
        told = output.read().decode("utf-8", errors="replace")
    return Job(process.returncode, seconds, peak, told[-2000:].strip())


def _memory(pid: int) -> int:
    """Bytes that a process and its children hold now; 0 where it has just ended."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    total = 0
    for each in family:
        try:
            total += each.memory_info().rss
        except psutil.Error:
            continue
    return total


def find_deliveries(folder: Path) -> list[Path]:
    """The deliveries of a folder: those that it holds, or it itself."""
    if (folder / "manifest.json").is_file():
        return [folder]
    return sorted(manifest.parent for manifest in folder.glob("*/manifest.json"))


def measure_validator(deliveries: Sequence[Path]) -> list[Line]:
    """Validate deliveries together, and tell rows per second and memory.

    Parameters
    ----------
    deliveries : sequence of Path
        Folders of deliveries.

    Returns
    -------
    list of Line
    """
    what = f"Validating {len(deliveries)} {'delivery' if len(deliveries) == 1 else 'deliveries'}"
    job = run_job(["validate", *map(str, deliveries)])
    if job.status not in ACCEPTED_OR_REFUSED:
        return [NotMeasured(what, f"The validator could not read them: {_last_line(job.told)}")]
    rows = sum(_rows(delivery) for delivery in deliveries)
    verdict = "Accepted" if job.status == 0 else "Refused"
    return [
        Entry(what, "rows/s", (rows / job.seconds,), note=f"{rows:,} rows in {job.seconds:.0f} seconds. {verdict}."),
        Entry(f"{what}, memory", "GB", (job.peak_bytes / GIGABYTE,), VALIDATOR_GB),
    ]


def measure_demonstration(scratch: Path, detail: str) -> Made:
    """Make the demonstration and build its release.

    Parameters
    ----------
    scratch : Path
        An empty folder.
    detail : str
        As `python -m cellcount demo --detail`.

    Returns
    -------
    Made
    """
    what = f"Demonstration, {detail.replace('_', ' ')}"
    made, releases = scratch / "demonstration", scratch / "releases"
    demo = run_job(["demo", "--out", str(made), "--detail", detail])
    if demo.status != 0:
        return Made([NotMeasured(what, f"It could not be made: {_last_line(demo.told)}")])
    deliveries = find_deliveries(made / "deliveries")
    build = run_job(["build", *map(str, deliveries), "--out", str(releases)])
    if build.status != 0:
        return Made([NotMeasured(what, f"Its release could not be built: {_last_line(build.told)}")])
    seconds, memory, disk = GOALS.get(detail, (None, None, None))
    taken = sum(file.stat().st_size for file in scratch.rglob("*") if file.is_file())
    apart = f"deliveries {demo.seconds:.0f} s, release {build.seconds:.0f} s."
    entries: list[Line] = [
        Entry(what, "s", (demo.seconds + build.seconds,), seconds, apart),
        Entry(f"{what}, memory", "GB", (max(demo.peak_bytes, build.peak_bytes) / GIGABYTE,), memory),
        Entry(f"{what}, disk", "GB", (taken / GIGABYTE,), disk),
    ]
    release = next(folder for folder in releases.iterdir() if (folder / "manifest.json").is_file())
    return Made(entries, release, made / "deliveries")


def _rows(delivery: Path) -> int:
    listed = json.loads((delivery / "manifest.json").read_text(encoding="utf-8"))["files"]
    return sum(file["rows"] for file in listed)


def _last_line(told: str) -> str:
    return told.splitlines()[-1] if told else "it said nothing."
