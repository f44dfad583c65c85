"""The demonstration, made on the first start of the app by a process of its own.

Many browsers may open a fresh installation at once, and any of them may be closed while the demonstration is being
made. So the work is done by a separate process, which holds an operating-system lock for as long as it lives and
writes how far it is into one small file. Whoever looks reads that file, and tells from the lock whether the process
still lives. A process that died is started once more; if that dies too, the reason is shown.

The releases folder appears only when the release in it is complete. A server that has a releases folder, or that
names a release or a folder by an environment variable, never makes a demonstration by itself.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from cellcount.atomic import write_json
from cellcount.errors import CellCountError
from cellcount.progress import Progress
from cellcount.standard import ROOT

MOST_ATTEMPTS = 2
SECONDS_TO_APPEAR = 30.0
"""How long a new process may take before it holds the lock: imports on a slow disk."""

Make = Callable[[Path, Path, Progress], None]
State = Literal["starting", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Status:
    """How far the demonstration is.

    Attributes
    ----------
    state : {'starting', 'running', 'done', 'failed'}
        What the process last said, or what was found when it was gone.
    share : float
        Share done, 0 to 1.
    doing : str
        What is being done now, or why it failed.
    attempt : int
        1 for the first process, 2 for the one that was started after a death.
    started_at, updated_at : float
        Seconds since the epoch: when this attempt began, and when it last said something.
    """

    state: State
    share: float
    doing: str
    attempt: int
    started_at: float
    updated_at: float

    @property
    def seconds_left(self) -> float | None:
        """Estimate of what is left, from what the share done so far took; None until enough is done to tell."""
        elapsed = self.updated_at - self.started_at
        if self.state != "running" or self.share < 0.03 or elapsed < 2:
            return None
        return elapsed * (1 - self.share) / self.share


@dataclass(frozen=True, slots=True)
class FirstStart:
    """The first start of one installation: its folders, its lock and its status file.

    Attributes
    ----------
    data : Path
        The installation's data folder: `data/` of the checkout.
    """

    data: Path

    @property
    def releases(self) -> Path:
        """Where the app looks for releases when nothing else is configured."""
        return self.data / "releases"

    @property
    def work(self) -> Path:
        """Where everything is made before it is whole."""
        return self.data / "build" / "first-start"

    @property
    def log(self) -> Path:
        """What the process printed."""
        return self.work / "log.txt"

    @property
    def _status_file(self) -> Path:
        return self.work / "status.json"

    @property
    def _builder_lock(self) -> FileLock:
        return FileLock(self.work / "builder.lock")

    @property
    def _starter_lock(self) -> FileLock:
        return FileLock(self.work / "starter.lock")

    def needed(self) -> bool:
        """Whether this installation has never had a release and has not been told where to find one."""
        configured = os.environ.get("CELLCOUNT_RELEASE") or os.environ.get("CELLCOUNT_RELEASES")
        return not configured and not self.releases.exists()

    def status(self) -> Status | None:
        """What was last written of the progress; None before the first attempt or when the file cannot be read."""
        try:
            read = Status(**json.loads(self._status_file.read_text(encoding="utf-8")))
            return replace(
                read,
                share=float(read.share),
                attempt=int(read.attempt),
                started_at=float(read.started_at),
                updated_at=float(read.updated_at),
            )
        except (OSError, ValueError, TypeError):
            return None

    def alive(self) -> bool:
        """Whether a process is at work now: whether somebody holds the lock."""
        lock = self._builder_lock
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    def ensure_running(self) -> Status:
        """Start the process if none is at work, notice one that died, and say how far it is.

        Returns
        -------
        Status
            The state after whatever was done here.

        Raises
        ------
        CellCountError
            Where the data folder cannot be written.
        """
        try:
            self.work.mkdir(parents=True, exist_ok=True)
            with self._starter_lock.acquire(timeout=10):
                return self._start_or_report()
        except OSError as error:
            raise CellCountError(
                f"The demonstration cannot be made: {self.work} cannot be written ({error.strerror or error}). "
                "Give the app a folder that it may write, or set CELLCOUNT_RELEASE to a release that exists."
            ) from error

    def _start_or_report(self) -> Status:
        status = self.status()
        if status is None or (status.state == "done" and self.needed()):
            # Nothing was begun, or somebody has deleted the releases since, to have them made again.
            return self._spawn(attempt=1)
        if status.state in ("done", "failed") or self.alive():
            return status
        if status.state == "starting" and time.time() - status.updated_at < SECONDS_TO_APPEAR:
            return status
        if status.attempt < MOST_ATTEMPTS:
            return self._spawn(attempt=status.attempt + 1)
        failed = Status(
            "failed",
            status.share,
            f"The process that made the demonstration ended twice without a word; it was last “{status.doing}”. "
            "That is what happens when memory or disk runs out, or when somebody stops it.",
            status.attempt,
            status.started_at,
            time.time(),
        )
        self._write(failed)
        return failed

    def retry(self) -> None:
        """Forget a failure, so that the next look starts afresh."""
        with self._starter_lock.acquire(timeout=10):
            status = self.status()
            if status is not None and status.state == "failed":
                self._status_file.unlink(missing_ok=True)

    def _write(self, status: Status) -> None:
        write_json(self._status_file, asdict(status))

    def _spawn(self, attempt: int) -> Status:
        now = time.time()
        status = Status("starting", 0.0, "Starting", attempt, now, now)
        self._write(status)
        detached: dict[str, object] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}  # type: ignore[attr-defined,unused-ignore]
            if sys.platform == "win32"
            else {"start_new_session": True}
        )
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, nothing typed by anybody
                [sys.executable, "-m", "cellcount", "first-start", "--data", str(self.data)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **detached,  # type: ignore[call-overload]
            )
        # Somebody has to take the dead process off the system's table; it must not be the browser's thread.
        threading.Thread(target=process.wait, daemon=True).start()
        return status

    def run(self, make: Make) -> None:
        """Do the work: what the separate process runs.

        Parameters
        ----------
        make : callable
            Makes the demonstration in its first argument, a folder, and the release in its second, and tells its
            third how far it is. It is handed in because the app, which imports this module, never imports the build.
        """
        self.work.mkdir(parents=True, exist_ok=True)
        try:
            # A browser that looks whether we live holds the lock for an instant, hence the patience.
            with self._builder_lock.acquire(timeout=5):
                if self.needed():
                    self._run_alone(make)
        except Timeout:
            return

    def _run_alone(self, make: Make) -> None:
        before = self.status()
        attempt = before.attempt if before else 1
        started = time.time()
        furthest = 0.0

        def report(share: float, doing: str) -> None:
            nonlocal furthest
            furthest = max(furthest, share)
            self._write(Status("running", furthest, doing, attempt, started, time.time()))

        try:
            report(0.0, "Looking at the reference geography")
            releases = self.work / "releases"
            shutil.rmtree(releases, ignore_errors=True)
            make(self.data / "demonstration", releases, report)
            releases.replace(self.releases)
        except CellCountError as error:
            self._write(Status("failed", furthest, str(error), attempt, started, time.time()))
        except OSError as error:
            said = f"{error.strerror or error}: {error.filename or self.work}"
            self._write(Status("failed", furthest, f"{said}. Make room or give access.", attempt, started, time.time()))
        else:
            self._write(Status("done", 1.0, "Ready", attempt, started, time.time()))
