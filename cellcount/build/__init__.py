"""From operators' deliveries to a release: combine, withhold what is small, roll up, lay out.

`build_release` tells the story; each job that it names is a module beside it.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import reduce
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa

from cellcount.build.align import Keys, union
from cellcount.build.areas import estimate_areas, write_areas
from cellcount.build.calibrate import calibrate
from cellcount.build.cells import Model, share_at_home
from cellcount.build.counts import read_area_counts, read_home_counts
from cellcount.build.deliveries import DeliveryRefusedError, common_resolutions, open_deliveries
from cellcount.build.flows import estimate_flows_day, write_flows
from cellcount.build.gathered import Gathered
from cellcount.build.history import ranges, write_range
from cellcount.build.homes import write_home_presence, write_home_relocation, write_usual_environment
from cellcount.build.lookups import Reference, open_reference, resolution_note, write_lookups
from cellcount.build.manifest import default_area, release_id, release_manifest
from cellcount.build.network import calibrated, measure_doubts, write_coverage, write_precision
from cellcount.build.nights import read_homes
from cellcount.build.present import DayWritten, write_day
from cellcount.build.protect import LEAST_THRESHOLD, Disclosure, Protection, disclosure_statement, for_steward_only
from cellcount.build.quality import write_quality
from cellcount.build.release import ReleaseExistsError, ReleaseWriter, check_release
from cellcount.build.secret import check_value, open_secret, secret_file
from cellcount.build.shares import Operator, open_operator
from cellcount.build.visitors import write_inbound_cell_month, write_inbound_month, write_outbound_month
from cellcount.errors import CellCountError
from cellcount.progress import Progress, part, silent

__all__ = ["build_release"]

MOST_THREADS = 2
"""Days made side by side: each takes about 600 MB."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def build_release(
    deliveries: Sequence[Path],
    releases: Path,
    *,
    threshold: int = LEAST_THRESHOLD,
    title: str | None = None,
    validate: bool = False,
    secret: Path | None = None,
    steward: bool = False,
    protection: Protection | None = None,
    reference: Reference | None = None,
    progress: Progress = silent,
) -> Path:
    """Make a release from operators' deliveries: written aside, checked, and renamed into place whole.

    Deliveries are always checked for what is cheap to check: manifests, checksums, rows, columns and types, and whether
    they belong together. The validator, which also asks whether the counts make sense, reads every value once more and
    is for when a delivery arrives; `validate=True` runs it here too.

    Parameters
    ----------
    deliveries : sequence of Path
        Folders of deliveries, one for each operator, of the same period, in any order.
    releases : Path
        Folder of all releases.
    threshold : int
        Devices, 10 or more: figures with fewer behind them are withheld.
    title : str, optional
        Name of the release on screen.
    validate : bool
        Whether to run the whole validator first.
    secret : Path, optional
        File of the secret that drives rounding; beside the folder of releases, and made, if not given.
    steward : bool
        Whether to make a release of one or two operators for the steward of the data alone.
    protection : Protection, optional
        Which steps of disclosure control are done: all, but in tests of attacks on them.
    reference : Reference, optional
        Reference geography, if not the one in `data/reference`.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Path
        Folder of the release. The same deliveries and parameters make the same name; where there is such a release
        already, and it is whole, nothing is done.

    Raises
    ------
    CellCountError
        Where a delivery is refused, a release of the same name is damaged, or the disk is full.
    """
    if threshold < LEAST_THRESHOLD:
        raise CellCountError(f"The threshold cannot be {threshold}: it may be raised, not lowered below 10 devices.")
    progress(0.0, "Checking the deliveries")
    if validate:
        _validate(deliveries, part(progress, 0.0, 0.05))
    opened = open_deliveries(deliveries)
    steward_only = for_steward_only(opened, steward=steward)
    resolutions = common_resolutions(opened)
    reference = reference or open_reference(resolutions)
    zones = reference.zones()
    disclosure = Disclosure(
        threshold=threshold,
        secret=open_secret(secret or secret_file(releases), releases, opened),
        operators=len(opened),
        protection=protection or Protection(),
    )
    statement = disclosure_statement(disclosure, check_value=check_value(disclosure.secret))
    parameters = {"estimate": ESTIMATE, "threshold": threshold, "title": title}
    name = release_id(opened, {**parameters, "disclosure": statement}, zones.checksum())
    final = releases / name
    if final.exists():
        return _already_built(final, progress)

    operators = [open_operator(delivery, zones) for delivery in opened]
    dates = opened[0].dates
    with ReleaseWriter(releases, name) as writer:
        progress(0.04, "Calibrating to official residents")
        areas = read_area_counts(operators, dates)
        calibration = calibrate(operators, dates, areas, [read_home_counts(operator, dates) for operator in operators])
        progress(0.07, "Finding where residents are at night")
        model = Model(
            operators=tuple(operators),
            calibration=calibration,
            homes=tuple(
                read_homes(operator, dates, resolutions, calibration.home[number])
                for number, operator in enumerate(operators)
            ),
            at_home=share_at_home(operators, calibration, areas),
            dates=tuple(dates),
            gathered=Gathered(zones),
        )
        days = _write_cells(writer, model, resolutions, disclosure, part(progress, 0.12, 0.85))
        progress(0.85, "Estimating people by area and hour")
        estimates = estimate_areas(model, areas, np.array([day.stood_in for day in days]))
        doubts = measure_doubts(model, estimates)
        written = write_areas(writer, model, estimates, doubts, disclosure)
        customers = calibrated(operators, calibration, doubts.share_cv[0])
        _write_movements(writer, customers, reference.country_codes(), disclosure, part(progress, 0.88, 0.96))
        write_precision(writer, zones, doubts)
        write_coverage(writer, operators, dates)
        cells = cells_of(days)
        write_lookups(writer, reference, cells)
        quality = write_quality(writer, model, days, written, estimates=estimates, doubts=doubts)
        progress(0.97, "Checking the release")
        manifest = release_manifest(
            opened,
            reference.areas,
            title=title,
            disclosure=statement,
            steward_only=steward_only,
            parameters=parameters,
            area=default_area(zones, written),
            cells=cells,
            note=resolution_note(zones, cells),
            quality=quality,
            calibration=calibration,
        )
        writer.publish(manifest)
    progress(1.0, f"Released {name}")
    return final


ESTIMATE = "difference from official residents, shares calibrated by home"
"""How devices become people: what a release of another version says otherwise was made otherwise."""


def _write_cells(
    writer: ReleaseWriter,
    model: Model,
    resolutions: Sequence[int],
    disclosure: Disclosure,
    progress: Progress,
) -> list[DayWritten]:
    dates = model.dates
    days = _in_threads(
        lambda date: write_day(writer, model, resolutions, date, disclosure),
        dates,
        part(progress, 0.0, 0.85),
        "Estimating people by cell and hour",
    )
    if not any(day.cells for day in days):
        raise DeliveryRefusedError(
            "The deliveries have no cell of segment `all` at a resolution common to them: there is nothing to release. "
            "`python -m cellcount validate` names what is missing."
        )
    jobs = [
        (resolution, within, number)
        for resolution, h3 in sorted(cells_of(days).items(), reverse=True)
        for number, within in enumerate(ranges(h3, len(dates)))
    ]
    _in_threads(
        lambda job: write_range(writer, job[0], dates, job[1], job[2]),
        jobs,
        part(progress, 0.85, 1.0),
        "Laying out histories and typical days",
    )
    return days


def _write_movements(
    writer: ReleaseWriter,
    operators: Sequence[Operator],
    countries: pa.Array,
    disclosure: Disclosure,
    progress: Progress,
) -> None:
    """Trips, visits and homes: what is counted by pairs of places."""
    flows = _in_threads(
        lambda date: estimate_flows_day(operators, countries, date, disclosure),
        operators[0].delivery.dates,
        part(progress, 0.0, 0.5),
        "Estimating trips",
    )
    write_flows(writer, [day for day in flows if day is not None], disclosure)
    jobs: dict[str, Callable[[str], None]] = {
        "home_presence": lambda date: write_home_presence(
            writer, operators, countries, dt.date.fromisoformat(date), disclosure
        ),
        "home_relocation": lambda period: write_home_relocation(writer, operators, countries, period, disclosure),
        "inbound_month": lambda month: write_inbound_month(writer, operators, countries, month, disclosure),
        "inbound_cell_month": lambda month: write_inbound_cell_month(writer, operators, countries, month, disclosure),
        "outbound_month": lambda month: write_outbound_month(writer, operators, countries, month, disclosure),
    }
    work = [
        (job, value)
        for name, job in jobs.items()
        for value in sorted(set().union(*(operator.delivery.partition_values(name) for operator in operators)))
    ]
    _in_threads(
        lambda item: item[0](item[1]), work, part(progress, 0.5, 1.0), "Estimating visits and people by their homes"
    )
    write_usual_environment(writer, operators, countries, disclosure)


def cells_of(days: Sequence[DayWritten]) -> dict[int, Keys]:
    """By resolution, the cells that have figures on some day."""
    resolutions = sorted({resolution for day in days for resolution in day.cells})
    return {
        resolution: reduce(
            lambda some, more: union([some, more]), [day.cells[resolution] for day in days if resolution in day.cells]
        )
        for resolution in resolutions
    }


def _in_threads(
    function: Callable[[_Item], _Result], items: Sequence[_Item], progress: Progress, doing: str
) -> list[_Result]:
    """Results in the order of the items. Threads suffice: Arrow and NumPy let go of the interpreter's lock."""
    with ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_THREADS)) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                progress(done / len(futures), f"{doing}: {done} of {len(futures)}")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        return [future.result() for future in futures]


def _already_built(release: Path, progress: Progress) -> Path:
    faults = check_release(release)
    if faults:
        raise ReleaseExistsError(
            f"{release} was made from the same deliveries and is damaged: {faults[0]} Delete that folder and build "
            "again."
        )
    progress(1.0, f"Already built: {release.name}")
    return release


def _validate(deliveries: Sequence[Path], progress: Progress) -> None:
    from cellcount.validator import validate_deliveries  # noqa: PLC0415 - only where it is asked for

    if validate_deliveries(list(deliveries), progress=progress).status:
        named = " ".join(map(str, deliveries))
        raise DeliveryRefusedError(
            f"The deliveries do not follow the standard. `python -m cellcount validate {named}` names every fault."
        )
