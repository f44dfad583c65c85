"""Play an attacker who has a release and nothing else, and see what he can undo of its protection.

The attacker knows the rule that the manifest states, the residents, and every released figure; he takes figures to add
up where they count the same people. The deliveries score him: see `scoring` for what counts. Each kind of attack says
what it takes for granted, in the report as well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from cellcount.audit.again import RepeatedAttacks
from cellcount.audit.cells import TOTALS, CellAttacks
from cellcount.audit.movements import FIGURES_BESIDE, MovementAttacks
from cellcount.audit.opening import Release, open_factors, open_release, open_sources
from cellcount.audit.report import AuditReport, report_of
from cellcount.progress import Progress, silent

__all__ = ["AuditReport", "audit_release"]

HOURS_OF_SAMPLE = (range(6), range(6, 16), range(16, 24))
"""UTC hours of which one each is drawn: night, day, evening."""
MOST_MONTHS = 2
"""Months of visits attacked."""
DAYS_COMPARED = 2
"""Dates whose histories and rebuilt releases are compared whole."""


def audit_release(
    release: Path,
    deliveries: Sequence[Path],
    *,
    days: int = 5,
    seed: int = 1,
    also: Sequence[Path] = (),
    progress: Progress = silent,
) -> AuditReport:
    """Attack a release, and score the attacks by its deliveries.

    Parameters
    ----------
    release : Path
        Folder of a release that was built from deliveries.
    deliveries : sequence of Path
        Folders of all its deliveries.
    days : int
        Dates drawn; of each, one hour of night, day and evening, with all their cells.
    seed : int
        The same seed draws the same dates, hours and small cases.
    also : sequence of Path
        Other releases of the same deliveries.
    progress : Progress
        Told how far it is.

    Returns
    -------
    AuditReport

    Raises
    ------
    CellCountError
        If the release was imported, is not made from these deliveries, or something cannot be read.
    """
    progress(0.0, "Opening the release and checking its deliveries")
    opened = open_release(release)
    others = [open_release(folder) for folder in also]
    sources = open_sources(opened, deliveries)
    factors = open_factors(opened, sources)
    generator = np.random.default_rng(seed)
    dates = sorted(generator.permutation(np.array(opened.dates, dtype=object))[:days])
    hours = [int(generator.choice(list(each))) for each in HOURS_OF_SAMPLE]

    cells = CellAttacks(opened, factors, sources, generator)
    movements = MovementAttacks(opened, factors, sources, cells.book[TOTALS])
    repeated = RepeatedAttacks(opened)
    compared = dates[:DAYS_COMPARED]
    months = _months(opened, generator)
    work: list[tuple[str, Callable[[], object]]] = []
    for date in dates:
        work += [
            (f"Cells of {date}", _on_date(cells.attack_day, date, hours)),
            (f"Trips of {date}", _on_date(movements.attack_flows, date)),
            (f"Homes on {date}", _on_date(movements.attack_homes, date)),
        ]
    work.append(("Means over dates", cells.finish))
    work += [(f"Visits of {month}", _in_month(movements.attack_visits, month)) for month in months]
    flows = [partition["month"] for partition in opened.partitions("flows_month")]
    short = min(flows, key=lambda month: (_days_of(opened, month), month), default=None)
    if short is not None:
        work.append((f"Trips of {short}", _in_month(movements.attack_flows_of_month, short)))
    work.append(("Standard errors", lambda: _look_beside(movements, opened, dates)))
    work += [(f"Histories of {date}", _on_date(repeated.attack_history, date)) for date in compared]
    work.append(("Typical days", lambda: repeated.attack_typical_days(hours[1:])))
    work += [(f"{other.folder.name}", _on_release(repeated, other, compared)) for other in others]
    for number, (doing, attack) in enumerate(work):
        progress(number / len(work), f"Attacking: {doing}")
        attack()
    progress(1.0, "Attacked")
    sampled = {
        "dates": [str(date) for date in dates],
        "UTC hours": hours,
        "months of visits": months,
        "month of trips": short or "none",
        "seed": seed,
        "cells of a sampled hour": "all",
        "other releases": [other.folder.name for other in others] or "none",
    }
    attacks = [*cells.book.values(), *movements.book.values(), *repeated.book.values()]
    return report_of(opened.folder.name, asdict(opened.rule), sampled, attacks)


def _look_beside(movements: MovementAttacks, release: Release, dates: Sequence[dt.date]) -> None:
    drawn = {str(date) for date in dates}
    for table_name in FIGURES_BESIDE:
        read = [
            movements.look_beside(table_name, **partition)
            for partition in release.partitions(table_name)
            if partition.get("date", min(drawn)) in drawn
        ]
        told = [each for each in read if not each.empty]
        if told:
            movements.compare_errors(table_name, pd.concat(told))
    movements.attack_area_errors(dates)


def _months(release: Release, generator: np.random.Generator) -> list[str]:
    months = [partition["month"] for partition in release.partitions("inbound_month")]
    return sorted(map(str, generator.permutation(np.array(months, dtype=object))[:MOST_MONTHS]))


def _days_of(release: Release, month: str) -> int:
    return sum(f"{date:%Y-%m}" == month for date in release.dates)


def _on_date(attack: Callable[..., object], date: dt.date, *more: object) -> Callable[[], object]:
    return lambda: attack(date, *more)


def _in_month(attack: Callable[[str], object], month: str) -> Callable[[], object]:
    return lambda: attack(month)


def _on_release(repeated: RepeatedAttacks, other: Release, dates: Sequence[dt.date]) -> Callable[[], object]:
    return lambda: repeated.attack_rebuilt(other, dates)
