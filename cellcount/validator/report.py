"""What a validator has found, for a person and for a machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cellcount import __version__
from cellcount.standard import standard_version
from cellcount.validator.findings import MOST_SAID, Finding, shown

ACCEPTED, REFUSED, UNREADABLE = 0, 1, 2
"""Exit status."""

_VERDICTS = {ACCEPTED: "accepted", REFUSED: "refused", UNREADABLE: "could not be read"}


@dataclass(frozen=True)
class DeliveryReport:
    """What was found in one delivery.

    Parameters
    ----------
    folder : str
        Its folder, as it was named.
    delivery_id, operator_id, period_start, period_end : str or None
        As its manifest says; None where it does not.
    files, rows : int
        Files and rows that were read.
    findings : tuple of Finding
        Worst first.
    """

    folder: str
    delivery_id: str | None
    operator_id: str | None
    period_start: str | None
    period_end: str | None
    files: int
    rows: int
    findings: tuple[Finding, ...]

    @property
    def status(self) -> int:
        """0 accepted, 1 refused, 2 could not be read."""
        return _status(self.findings)

    @property
    def verdict(self) -> str:
        """The status in words."""
        return _verdict(self.status, self.findings)

    def as_json(self) -> dict[str, Any]:
        """The delivery as in the machine-readable report."""
        return {
            "folder": self.folder,
            "delivery_id": self.delivery_id,
            "operator_id": self.operator_id,
            "period_start": self.period_start,
            "period_end": self.period_end,
            "status": self.status,
            "verdict": self.verdict,
            "files": self.files,
            "rows": self.rows,
            "findings": [finding.as_json() for finding in self.findings],
        }


@dataclass(frozen=True)
class Report:
    """What was found in some deliveries, and between them.

    Parameters
    ----------
    deliveries : tuple of DeliveryReport
        In the order in which they were named.
    between : tuple of Finding
        What is wrong with them together, worst first.
    """

    deliveries: tuple[DeliveryReport, ...]
    between: tuple[Finding, ...] = ()

    @property
    def status(self) -> int:
        """The worst of the deliveries and of them together: 0 accepted, 1 refused, 2 could not be read."""
        return max([_status(self.between), *(delivery.status for delivery in self.deliveries)])

    @property
    def rows(self) -> int:
        """Rows that were read, of all deliveries."""
        return sum(delivery.rows for delivery in self.deliveries)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, of each delivery and between them."""
        return tuple(finding for delivery in self.deliveries for finding in delivery.findings) + self.between

    def to_json(self) -> str:
        """The machine-readable report.

        Returns
        -------
        str
            One JSON object. Keys that are there today stay and keep their meaning:

            - `standard_version`, `software_version`: by which the deliveries were judged;
            - `status`: 0, 1 or 2, as the exit status; `verdict`: `accepted`, `accepted with warnings`, `refused` or
              `could not be read`;
            - `deliveries`: for each, `folder`, `delivery_id`, `operator_id`, `period_start`, `period_end` (null where
              not known), `status`, `verdict`, `files` and `rows` that were read, and `findings`, worst first;
            - `between`: findings between deliveries.

            A finding has `rule`, `severity` (`unreadable`, `error` or `warning`), `table` (or null), `columns` (or
            fields of the manifest; may be empty), `count` and what it `counts`, `files` (how many) and `file` (the
            first, or null), `example`, `message`, `remedy`.
        """
        content = {
            "standard_version": standard_version(),
            "software_version": __version__,
            "status": self.status,
            "verdict": _verdict(self.status, self.findings),
            "deliveries": [delivery.as_json() for delivery in self.deliveries],
            "between": [finding.as_json() for finding in self.between],
        }
        return json.dumps(content, indent=1, ensure_ascii=True)


def _status(findings: Iterable[Finding]) -> int:
    severities = {finding.declared.severity for finding in findings}
    return UNREADABLE if "unreadable" in severities else REFUSED if "error" in severities else ACCEPTED


def _verdict(status: int, findings: Sequence[Finding]) -> str:
    return _VERDICTS[status] + (" with warnings" if status == ACCEPTED and findings else "")


def render(report: Report) -> str:
    """The report for a person: every delivery with its faults, worst first.

    Parameters
    ----------
    report : Report
        What was found.

    Returns
    -------
    str
        Lines of plain text.
    """
    lines: list[str] = []
    for delivery in report.deliveries:
        lines += [*_of_delivery(delivery), ""]
    if report.between:
        lines += ["Between the deliveries", *_of_findings(report.between), ""]
    if len(report.deliveries) > 1:
        lines += [f"Together: {_verdict(report.status, report.findings)}."]
    return "\n".join(lines).rstrip()


def _of_delivery(delivery: DeliveryReport) -> Iterator[str]:
    of = [
        f"operator {shown(delivery.operator_id)}" if delivery.operator_id else "",
        f"{delivery.period_start} to {delivery.period_end}" if delivery.period_start and delivery.period_end else "",
        f"{delivery.rows:,} rows in {delivery.files:,} files read" if delivery.files else "",
    ]
    told = "; ".join(each for each in of if each)
    yield f"{shown(delivery.folder, MOST_SAID)}: {delivery.verdict}" + (f" ({told})" if told else "")
    yield from _of_findings(delivery.findings)


def _of_findings(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        rule = finding.declared
        where = ", ".join(each for each in (finding.table or "", finding.column) if each)
        counted = rule.counts if finding.count != 1 else _one(rule.counts)
        in_files = f" in {finding.files:,} files, the first" if finding.files > 1 else ""
        file = f"{in_files} {finding.file}" if finding.file else ""
        yield f"  {rule.severity.upper()} {finding.rule}" + (f" ({where})" if where else "")
        yield f"    {rule.message}"
        yield f"    {finding.count:,} {counted}{',' if file and not in_files else ''}{file}. Example: {finding.example}"
        yield f"    Remedy: {rule.remedy}"


def _one(counts: str) -> str:
    """One of what a rule counts."""
    return {"entries": "entry", "deliveries": "delivery"}.get(counts, counts.removesuffix("s"))
