"""The attack finds what there is to find where the build does not protect, and nothing where it does."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from build_world import (
    ALDER,
    ALDER_CELLS,
    BIRCH,
    CHILDREN,
    COUNTRY,
    MONDAY,
    NATION,
    PARENT,
    REGION,
    area_row,
    cell_row,
    factor,
    reference,
    write_delivery,
)

from cellcount.audit import audit_release
from cellcount.audit.cells import HOURS, PROGRAMS, TOGETHER, TOTALS
from cellcount.audit.cells import SEGMENTS as SEGMENTS_AGAINST_ALL
from cellcount.build import build_release
from cellcount.build.lookups import Reference
from cellcount.build.protect import Protection
from cellcount.standard import HOUR_COLUMNS

DAYS = 7
SHARES = {"one": 0.35, "two": 0.30, "three": 0.25}
"""P is 0.9."""
SEGMENTS = {"inbound": 0.05, "at_home": 0.6, "at_work": 0.005, "visiting": 0.345}
"""Share of devices in each; of 900 people four or five are at work."""
QUIET = CHILDREN[-1]
PEOPLE = {cell: 4 if cell == QUIET else 900 for cell in CHILDREN}
"""Residents of each cell, who are there all day; in the quiet one hardly ever ten devices are counted."""


def country() -> Reference:
    """The small country with these residents."""
    known = reference()
    of_zone = {
        **PEOPLE,
        ALDER: sum(PEOPLE[cell] for cell in ALDER_CELLS),
        BIRCH: sum(PEOPLE[cell] for cell in CHILDREN if cell not in ALDER_CELLS),
        **dict.fromkeys((PARENT, REGION, NATION, COUNTRY), sum(PEOPLE.values())),
    }

    def settled(table: pa.Table, key: str) -> pa.Table:
        residents = pa.array([float(of_zone[zone]) for zone in table.column(key).to_pylist()])
        return table.set_column(table.column_names.index("residents"), table.schema.field("residents"), residents)

    cells = {resolution: settled(table, "h3") for resolution, table in known.cells.items()}
    return replace(known, cells=cells, areas=settled(known.areas, "area_code"))


def delivered(folder: Path, operator: str, seed: int) -> Path:
    """An operator's delivery of random counts that add up: all of them known to it, and none withheld by it."""
    generator = np.random.default_rng(seed)
    share = SHARES[operator]
    cell_day, area_day = {}, {}
    for number in range(DAYS):
        devices = {cell: generator.poisson(share * PEOPLE[cell], 24) for cell in CHILDREN}
        totals = {
            ALDER: sum(devices[cell] for cell in ALDER_CELLS),
            BIRCH: sum(devices[cell] for cell in CHILDREN if cell not in ALDER_CELLS),
        }
        everybody = totals[ALDER] + totals[BIRCH]
        # An authority is not a union of cells: a tenth of the last cell counted to Alder lies in Birch.
        across = generator.binomial(devices[ALDER_CELLS[-1]], 0.1)
        totals = {ALDER: totals[ALDER] - across, BIRCH: totals[BIRCH] + across}
        totals |= dict.fromkeys((REGION, NATION, COUNTRY), everybody)
        day = MONDAY + dt.timedelta(number)
        rows = [cell_row(cell, by_hour(counts)) for cell, counts in ((PARENT, everybody), *devices.items())]
        parts = {cell: generator.multinomial(counts, list(SEGMENTS.values())).T for cell, counts in devices.items()}
        parts[PARENT] = sum(parts[cell] for cell in CHILDREN)
        rows += [
            cell_row(cell, by_hour(counts), segment)
            for cell, theirs in parts.items()
            for segment, counts in zip(SEGMENTS, theirs, strict=True)
        ]
        cell_day[day] = sorted(rows, key=lambda row: (row["resolution"], row["segment"], row["h3"]))
        area_day[day] = [area_row(code, by_hour(totals[code])) for code in sorted(totals)]
    return write_delivery(
        folder / operator,
        operator,
        factors=[factor(REGION, share, segment=segment) for segment in ("inbound", "resident")],
        cell_day=cell_day,
        area_day=area_day,
        last=MONDAY + dt.timedelta(DAYS - 1),
        threshold=1,
    )


def by_hour(counts: np.ndarray) -> dict[str, int]:
    return {name: int(count) for name, count in zip(HOUR_COLUMNS, counts, strict=True)}


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("deliveries")
    return [delivered(folder, operator, seed) for seed, operator in enumerate(SHARES)]


def test_what_protection_is_for(deliveries, tmp_path):
    without = Protection(secondary=False, rounding=False)
    unprotected = build_release(deliveries, tmp_path / "without", protection=without, reference=country())
    protected = build_release(deliveries, tmp_path / "with", reference=country())

    found, nothing = (audit_release(release, deliveries, days=4) for release in (unprotected, protected))

    disclosed = {kind["kind"] for kind in found.kinds if kind["disclosed"]}
    assert {SEGMENTS_AGAINST_ALL, TOGETHER, HOURS, PROGRAMS, TOTALS} <= disclosed
    assert found.status == 1
    assert nothing.tried > 0
    assert [kind for kind in nothing.kinds if kind["disclosed"]] == []
    assert nothing.status == 0
