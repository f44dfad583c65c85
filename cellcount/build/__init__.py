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

import pyarrow as pa

from cellcount.build.align import Keys, union
from cellcount.build.areas import write_areas
from cellcount.build.deliveries import DeliveryRefusedError, common_resolutions, open_deliveries
from cellcount.build.flows import write_flows_day, write_flows_month
from cellcount.build.history import ranges, write_range
from cellcount.build.homes import write_home_presence, write_home_relocation, write_usual_environment
from cellcount.build.lookups import Reference, open_reference, resolution_note, write_lookups
from cellcount.build.manifest import default_area, release_id, release_manifest
from cellcount.build.network import write_coverage, write_precision
from cellcount.build.present import DayWritten, write_day
from cellcount.build.protect import LEAST_THRESHOLD
from cellcount.build.quality import write_quality
from cellcount.build.release import ReleaseExistsError, ReleaseWriter, check_release
from cellcount.build.shares import Operator, open_operator
from cellcount.build.visitors import write_inbound_cell_month, write_inbound_month, write_outbound_month
from cellcount.errors import CellCountError
from cellcount.progress import Progress, part, silent

__all__ = ["build_release"]

MOST_THREADS = 4
"""Days made side by side: each takes about 300 MB."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def build_release(
    deliveries: Sequence[Path],
    releases: Path,
    *,
    threshold: int = LEAST_THRESHOLD,
    title: str | None = None,
    validate: bool = False,
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
    resolutions = common_resolutions(opened)
    reference = reference or open_reference(resolutions)
    zones = reference.zones()
    parameters = {"estimate": "plain ratio", "threshold": threshold, "title": title}
    name = release_id(opened, parameters, zones.checksum())
    final = releases / name
    if final.exists():
        return _already_built(final, progress)

    operators = [open_operator(delivery, zones) for delivery in opened]
    with ReleaseWriter(releases, name) as writer:
        days = _write_cells(writer, operators, resolutions, threshold, part(progress, 0.05, 0.85))
        progress(0.85, "Estimating people by area and hour")
        areas = write_areas(writer, operators, opened[0].dates, threshold)
        _write_movements(writer, operators, reference.country_codes(), threshold, part(progress, 0.87, 0.96))
        write_precision(writer, operators)
        write_coverage(writer, operators, opened[0].dates)
        cells = cells_of(days)
        write_lookups(writer, reference, cells)
        quality = write_quality(writer, zones, len(operators), days, areas)
        progress(0.97, "Checking the release")
        manifest = release_manifest(
            opened,
            reference.areas,
            title=title,
            threshold=threshold,
            parameters=parameters,
            area=default_area(zones, areas),
            cells=cells,
            note=resolution_note(zones, cells),
            quality=quality,
        )
        writer.publish(manifest)
    progress(1.0, f"Released {name}")
    return final


def _write_cells(
    writer: ReleaseWriter,
    operators: Sequence[Operator],
    resolutions: Sequence[int],
    threshold: int,
    progress: Progress,
) -> list[DayWritten]:
    dates = operators[0].delivery.dates
    days = _in_threads(
        lambda date: write_day(writer, operators, resolutions, date, threshold),
        dates,
        part(progress, 0.0, 0.7),
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
        part(progress, 0.7, 1.0),
        "Laying out histories and typical days",
    )
    return days


def _write_movements(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, threshold: int, progress: Progress
) -> None:
    """Trips, visits and homes: what is counted by pairs of places."""
    flows = _in_threads(
        lambda date: write_flows_day(writer, operators, countries, date, threshold),
        operators[0].delivery.dates,
        part(progress, 0.0, 0.5),
        "Estimating trips",
    )
    write_flows_month(writer, [day for day in flows if day is not None], threshold)
    jobs: dict[str, Callable[[str], None]] = {
        "home_presence": lambda date: write_home_presence(
            writer, operators, countries, dt.date.fromisoformat(date), threshold
        ),
        "home_relocation": lambda period: write_home_relocation(writer, operators, countries, period, threshold),
        "inbound_month": lambda month: write_inbound_month(writer, operators, countries, month, threshold),
        "inbound_cell_month": lambda month: write_inbound_cell_month(writer, operators, countries, month, threshold),
        "outbound_month": lambda month: write_outbound_month(writer, operators, countries, month, threshold),
    }
    work = [
        (job, value)
        for name, job in jobs.items()
        for value in sorted(set().union(*(operator.delivery.partition_values(name) for operator in operators)))
    ]
    _in_threads(
        lambda item: item[0](item[1]), work, part(progress, 0.5, 1.0), "Estimating visits and people by their homes"
    )
    write_usual_environment(writer, operators, countries, threshold)


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
