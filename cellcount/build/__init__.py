"""From operators' deliveries to a release: combine, withhold what is small, roll up, lay out.

`build_release` tells the story; each job that it names is a module beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.align import Keys, union
from cellcount.build.areas import estimate_areas, write_areas
from cellcount.build.calibrate import calibrate
from cellcount.build.cells import Model, share_at_home
from cellcount.build.counts import read_area_counts, read_home_counts
from cellcount.build.deliveries import Delivery, DeliveryRefusedError, common_resolutions, open_deliveries
from cellcount.build.flows import write_flows_months
from cellcount.build.gathered import Gathered
from cellcount.build.history import ranges
from cellcount.build.homes import write_usual_environment
from cellcount.build.jobs import (
    BY_HOME,
    Making,
    day_of_cells,
    day_of_trips,
    partition_by_home,
    range_of_cells,
    trips_written,
)
from cellcount.build.lookups import Reference, open_reference, resolution_note, write_lookups
from cellcount.build.manifest import default_area, release_id, release_manifest
from cellcount.build.network import measure_doubts, write_coverage, write_precision
from cellcount.build.nights import read_homes
from cellcount.build.present import DayWritten
from cellcount.build.protect import LEAST_THRESHOLD, Disclosure, Protection, disclosure_statement, for_steward_only
from cellcount.build.quality import write_quality
from cellcount.build.release import ReleaseExistsError, ReleaseWriter, check_release
from cellcount.build.secret import check_value, open_secret, secret_file
from cellcount.build.shares import open_operator
from cellcount.errors import CellCountError
from cellcount.progress import Progress, part, silent
from cellcount.side_by_side import Workers

__all__ = ["build_release"]

PROCESSES_FROM = 5_000_000
"""Rows of cells from which a process of its own, which takes two seconds to start, is worth it."""

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
        # What reading all nights took, Arrow keeps for later; days need the room.
        pa.default_memory_pool().release_unused()
        making = Making(writer, model, tuple(resolutions), reference.country_codes(), disclosure)
        with Workers(making, processes=_rows(opened) >= PROCESSES_FROM) as work:
            days = _write_cells(work, model, part(progress, 0.12, 0.85))
            progress(0.85, "Estimating people by area and hour")
            estimates = estimate_areas(model, areas, np.array([day.stood_in for day in days]))
            doubts = measure_doubts(model, estimates)
            written = write_areas(writer, model, estimates, doubts, disclosure)
            _write_movements(work, making, doubts.share_cv[0], part(progress, 0.88, 0.96))
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


def _rows(opened: Sequence[Delivery]) -> int:
    """Rows of cells that are delivered."""
    files = [entry for delivery in opened for entry in delivery.manifest["files"]]
    return sum(int(entry["rows"]) for entry in files if str(entry["path"]).startswith("cell_day/"))


def _write_cells(work: Workers[Making], model: Model, progress: Progress) -> list[DayWritten]:
    dates = model.dates
    days = []
    told = _telling(part(progress, 0.0, 0.85), "Estimating people by cell and hour", len(dates))
    for day, gathered in told(work.each(day_of_cells, dates)):
        model.gathered.add(gathered)
        days.append(day)
    if not any(day.cells for day in days):
        raise DeliveryRefusedError(
            "The deliveries have no cell of segment `all` at a resolution common to them: there is nothing to release. "
            "`python -m cellcount validate` names what is missing."
        )
    items = [
        (resolution, within, number)
        for resolution, h3 in sorted(cells_of(days).items(), reverse=True)
        for number, within in enumerate(ranges(h3, len(dates)))
    ]
    told = _telling(part(progress, 0.85, 1.0), "Laying out histories and typical days", len(items))
    _done(told(work.each(range_of_cells, items)))
    return days


def _write_movements(work: Workers[Making], making: Making, share_cv: NDArray[np.float64], progress: Progress) -> None:
    """Trips, visits and homes: what is counted by pairs of places."""
    operators, dates = making.customers(share_cv), making.model.dates
    told = _telling(part(progress, 0.0, 0.4), "Estimating trips", len(dates))
    days = [day for day in told(work.each(day_of_trips, [(date, share_cv) for date in dates])) if day is not None]
    delivered = [operator.delivery for operator in operators]
    items = [
        (table, value, share_cv)
        for table in BY_HOME
        for value in sorted(set().union(*(each.partition_values(table) for each in delivered)))
    ]
    # Begun before the months of trips are written, which takes a while and cannot be shared.
    by_home = work.each(partition_by_home, items)
    write_flows_months(making.writer, days, making.disclosure)
    told = _telling(part(progress, 0.4, 0.9), "Estimating visits and people by their homes", len(items))
    _done(told(by_home))
    told = _telling(part(progress, 0.9, 1.0), "Writing trips", len(days))
    _done(told(work.each(trips_written, days)))
    write_usual_environment(making.writer, operators, making.countries, making.disclosure)


def cells_of(days: Sequence[DayWritten]) -> dict[int, Keys]:
    """By resolution, the cells that have figures on some day."""
    resolutions = sorted({resolution for day in days for resolution in day.cells})
    return {
        resolution: reduce(
            lambda some, more: union([some, more]), [day.cells[resolution] for day in days if resolution in day.cells]
        )
        for resolution in resolutions
    }


def _telling(progress: Progress, doing: str, number: int) -> Callable[[Iterator[_Result]], Iterator[_Result]]:
    """What passes results on and tells how many there are."""

    def told(results: Iterator[_Result]) -> Iterator[_Result]:
        for done, result in enumerate(results, start=1):
            progress(done / number, f"{doing}: {done} of {number}")
            yield result

    return told


def _done(results: Iterator[object]) -> None:
    """Wait until all are there."""
    deque(results, maxlen=0)


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
