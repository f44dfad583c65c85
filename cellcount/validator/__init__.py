"""Check deliveries against the national cell count standard: every fault in one run, worst first.

`validate_deliveries` tells the story; each job that it names is a module beside it. Files are read a piece at a time,
two at once, so that a national month needs little memory.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from cellcount.build.lookups import Reference
from cellcount.progress import Progress, part, silent
from cellcount.validator.factors import check_factors, check_shares
from cellcount.validator.files import Partition, check_times, find_partitions
from cellcount.validator.findings import MOST_SAID, Finding, Findings, shown
from cellcount.validator.known import Known, open_known
from cellcount.validator.manifest import Manifest, read_manifest
from cellcount.validator.partition import Factor, PartitionChecked, check_partition
from cellcount.validator.report import DeliveryReport, Report, render
from cellcount.validator.rows import Context

__all__ = ["DeliveryReport", "Finding", "Report", "render", "validate_deliveries"]

MOST_THREADS = 4
"""Partitions checked side by side: a national day takes about 250 MB."""


@dataclass(frozen=True)
class _Checked:
    report: DeliveryReport
    manifest: Manifest | None
    factors: tuple[Factor, ...]


def validate_deliveries(
    folders: Sequence[Path], *, reference: Reference | None = None, progress: Progress = silent
) -> Report:
    """Check deliveries, each by itself and all beside each other.

    Parameters
    ----------
    folders : sequence of Path
        Folders of deliveries.
    reference : Reference, optional
        Reference geography, if not the one in `data/reference`. Where there is none, what needs it is not checked, and
        the report says so.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Report
        A damaged or hostile delivery is a finding, never an error.

    Examples
    --------
    >>> report = validate_deliveries([Path("no-such-delivery")])
    >>> report.status, report.deliveries[0].findings[0].rule
    (2, 'folder-missing')
    """
    progress(0.0, "Reading the reference geography")
    known, why_not = open_known(reference)
    checked = [
        _check_delivery(
            Path(folder), known, why_not, part(progress, number / len(folders), (number + 1) / len(folders))
        )
        for number, folder in enumerate(folders)
    ]
    between = Findings()
    _check_operators(checked, between)
    _check_all_shares(checked, known, between)
    progress(1.0, "Checked")
    return Report(tuple(each.report for each in checked), between.sorted())


def _check_delivery(folder: Path, known: Known | None, why_not: str, progress: Progress) -> _Checked:
    findings = Findings()
    manifest = read_manifest(folder, findings)
    results: list[PartitionChecked] = []
    if manifest is not None:
        if known is None:
            findings.add("reference-missing", shown(why_not, MOST_SAID))
        partitions = find_partitions(folder, manifest, findings)
        results = _check_partitions(folder, partitions, Context(manifest, known), progress)
        findings.extend(result.findings for result in results)
        # Of a day that could not be read it is not known that there is nothing.
        has_rows = {
            (result.partition.table.name, result.partition.value): result.rows > 0 or not result.is_whole
            for result in results
        }
        check_times(manifest, has_rows, findings)
        _check_resolutions(results, manifest, findings)
        counted = {each for result in results for each in result.counted}
        factors = [factor for result in results for factor in result.factors]
        if any(result.partition.table.name == "operator_factor" and result.is_whole for result in results):
            check_factors(factors, counted, known, findings)
    report = DeliveryReport(
        folder=str(folder),
        delivery_id=manifest.delivery_id if manifest else None,
        operator_id=manifest.operator_id if manifest else None,
        period_start=str(manifest.period_start) if manifest and manifest.period_start else None,
        period_end=str(manifest.period_end) if manifest and manifest.period_end else None,
        files=sum(len(result.partition.files) for result in results),
        rows=sum(result.rows for result in results),
        findings=findings.sorted(),
    )
    return _Checked(report, manifest, tuple(factor for result in results for factor in result.factors))


def _check_partitions(
    folder: Path, partitions: Sequence[Partition], context: Context, progress: Progress
) -> list[PartitionChecked]:
    """Check partitions side by side; what they give is in their own order, however fast each was."""
    total = sum(partition.rows for partition in partitions) + len(partitions)
    done = 0
    with ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_THREADS)) as pool:
        waiting = {
            pool.submit(check_partition, folder, partition, context): number
            for number, partition in enumerate(partitions)
        }
        for future in as_completed(waiting):
            partition = partitions[waiting[future]]
            done += partition.rows + 1
            progress(min(done / total, 1.0), f"Checked {partition.table.folder(**_named(partition))}")
        return [future.result() for future in waiting]


def _named(partition: Partition) -> dict[str, str | None]:
    return dict.fromkeys(partition.table.partitions, partition.value)


def _check_resolutions(results: Sequence[PartitionChecked], manifest: Manifest, findings: Findings) -> None:
    """Whether every resolution that the manifest lists is there on every day."""
    days = [
        (result.partition.value, missing)
        for result in results
        if result.partition.table.name == "cell_day" and result.rows and result.is_whole
        for missing in [[each for each in manifest.resolutions if each not in result.resolutions]]
        if missing
    ]
    if days:
        day, missing = days[0]
        said = f"date {day}: resolution {', '.join(map(str, missing))}"
        findings.add("resolution-without-rows", said, count=len(days), table="cell_day", columns=["resolution"])


def _check_operators(checked: Sequence[_Checked], findings: Findings) -> None:
    """Whether two deliveries of the same time are from one operator."""
    seen: list[_Checked] = []
    repeated: list[str] = []
    for each in checked:
        other = next((before for before in seen if _same_customers(before, each)), None)
        if other is not None:
            operator = shown(each.report.operator_id)
            repeated.append(f"operator {operator}: {shown(other.report.folder)} and {shown(each.report.folder)}")
        seen.append(each)
    if repeated:
        findings.add("operator-repeated", repeated[0], count=len(repeated), columns=["operator_id"])


def _same_customers(one: _Checked, other: _Checked) -> bool:
    if one.manifest is None or other.manifest is None or one.manifest.operator_id is None:
        return False
    if one.manifest.operator_id != other.manifest.operator_id:
        return False
    if one.manifest.period is None or other.manifest.period is None:
        return True
    (first, last), (start, end) = one.manifest.period, other.manifest.period
    return first <= end and start <= last


def _check_all_shares(checked: Sequence[_Checked], known: Known | None, findings: Findings) -> None:
    """Compare the shares of all operators; of one that is there more than once, the first delivery's."""
    by_operator: dict[str, tuple[Factor, ...]] = {}
    for number, each in enumerate(checked):
        by_operator.setdefault(each.report.operator_id or f"delivery {number}", each.factors)
    if len(by_operator) > 1:
        check_shares(list(by_operator.values()), known, findings)
