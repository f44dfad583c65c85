"""How fast the parts are on this machine, beside the goals: `python -m cellcount bench`.

Nothing here is a test: a slow machine is not a fault of the software. What cannot be measured is reported with the
reason.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from cellcount.bench.app import measure_app
from cellcount.bench.incident import measure_incident
from cellcount.bench.jobs import find_deliveries, measure_demonstration, measure_validator
from cellcount.bench.map import measure_message
from cellcount.bench.reading import measure_queries
from cellcount.bench.report import Line, NotMeasured, Report, machine, yardstick
from cellcount.bench.windows import measure_windows
from cellcount.errors import CellCountError
from cellcount.progress import Progress, silent
from cellcount.store import AnswerCache, default_release, open_release

__all__ = ["run_benchmark"]


def run_benchmark(
    release: Path | None = None,
    deliveries: Path | None = None,
    *,
    demo: str | None = None,
    runs: int = 60,
    browser: bool = True,
    progress: Progress = silent,
) -> Report:
    """Measure what there is to measure.

    Parameters
    ----------
    release : Path, optional
        Folder of a release; if not given, that of the demonstration made here, else the one that the app would serve.
    deliveries : Path, optional
        Folder with a folder a delivery, for the validator; if not given, those of the demonstration made here.
    demo : {'national', 'first_start', 'small'}, optional
        Make the demonstration of this detail and build its release in a scratch folder, and measure that too. It takes
        minutes.
    runs : int
        How often each query is run.
    browser : bool
        Whether to start the app and open it in a browser.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Report
    """
    here, yardstick_ms = machine(), yardstick()  # before this makes the machine busy
    with tempfile.TemporaryDirectory(prefix="cellcount-bench-") as scratch:
        entries: list[Line] = []
        if demo is not None:
            progress(0.0, "Making the demonstration and building its release")
            made = measure_demonstration(Path(scratch), demo)
            entries += made.entries
            release, deliveries = release or made.release, deliveries or made.deliveries
        progress(0.5, "Running queries")
        served, measured = _queries(release, runs)
        entries += measured
        progress(0.7, "Validating deliveries")
        entries += _validator(deliveries)
        progress(0.9, "Starting the app")
        entries += measure_message(runs)
        entries += measure_windows(served) if served else []
        entries += _app(served, browser)
        entries += measure_incident(served) if served else []
        progress(1.0, "Done")
        return Report(
            release=served.name if served else None,
            entries=tuple(entries),
            machine=here,
            yardstick_ms=yardstick_ms,
        )


def _queries(folder: Path | None, runs: int) -> tuple[Path | None, list[Line]]:
    """The release that was measured, if any, and the measurements."""
    try:
        folder = folder or default_release().found.folder
        release = open_release(folder, cache=AnswerCache(0))
    except CellCountError as error:
        return None, [NotMeasured("Queries", str(error))]
    try:
        return folder, measure_queries(release, runs)
    finally:
        release.close()


def _validator(folder: Path | None) -> list[Line]:
    what = "Validating deliveries"
    if folder is None:
        return [NotMeasured(what, "No deliveries were named: give --deliveries with the folder that holds them.")]
    found = find_deliveries(folder)
    if not found:
        return [NotMeasured(what, f"There is no delivery in {folder}.")]
    return measure_validator(found)


def _app(release: Path | None, browser: bool) -> list[Line]:
    what = "App start to first map"
    if release is None:
        return [NotMeasured(what, "There is no release to show.")]
    if not browser:
        return [NotMeasured(what, "It was not asked for.")]
    return measure_app(release, what)
