"""A release written out by hand, so that what an attacker finds in it can be worked out on paper.

Devices are counted by one operator that sees half of all people (P = 0.5), so that the rule leaves a withheld figure 2
to 18 people. Everything is the same in every hour unless said otherwise.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from build_world import (
    ALDER,
    BIRCH,
    CHILDREN,
    COUNTRY,
    MONDAY,
    PARENT,
    REGION,
    area_row,
    cell_row,
    factor,
    hours,
    reference,
    write_delivery,
)

from cellcount.build.check import sha256
from cellcount.standard import DAY_PARTS, HOUR_COLUMNS, release_tables

P = 0.5
Rows = Sequence[Mapping[str, Any]]


def write_release(
    folder: Path,
    deliveries: Sequence[Path],
    tables: Mapping[str, Rows],
    *,
    base: int = 1,
    open_ended: bool = False,
    withholds_zeros_below: bool = False,
    days: int = 1,
    **manifest: Any,
) -> Path:
    """Write a release; `tables` gives rows by the partition they lie in: `present/resolution=7/date=2026-11-02`."""
    known = reference()
    cells = pa.concat_tables(known.cells.values())
    precision = [
        {
            **dict.fromkeys(release_tables()["precision"].file_schema.names, 0.0),
            "area_code": code,
            "day_part": part,
            "coverage_p": P,
        }
        for code in (ALDER, BIRCH, REGION, COUNTRY)
        for part in DAY_PARTS
    ]
    for name, table in (("cells", cells), ("areas", known.areas)):
        write(folder / name, table)
    for partition, rows in {"precision": precision, **tables}.items():
        schema = release_tables()[partition.split("/")[0]].file_schema
        write(folder / partition, pa.Table.from_pylist([dict(row) for row in rows], schema=schema))
    content = {
        "kind": "built",
        "deliveries": [
            {
                "delivery_id": json.loads((each / "manifest.json").read_text(encoding="utf-8"))["delivery_id"],
                "manifest_sha256": sha256(each / "manifest.json"),
            }
            for each in deliveries
        ],
        "disclosure": {
            "threshold": 10,
            "rounding_base": base,
            "withholds_for_others": open_ended,
            "withholds_zeros_below": withholds_zeros_below,
        },
        "time": {"period_start": str(MONDAY), "period_end": str(MONDAY + dt.timedelta(days - 1))},
        **manifest,
    }
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def write(folder: Path, table: pa.Table) -> None:
    folder.mkdir(parents=True)
    pq.write_table(table, folder / "part-0.parquet")


def present(figures: Mapping[int, int | None], day: dt.date = MONDAY) -> dict[str, Rows]:
    """`present` of some cells, the same in every hour."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for cell, people in sorted(figures.items()):
        resolution = 6 if cell == PARENT else 7
        partition = f"present/resolution={resolution}/date={day}"
        rows.setdefault(partition, []).append({"h3": cell, **dict.fromkeys(HOUR_COLUMNS, people)})
    return {partition: list(found) for partition, found in rows.items()}


def deliver(
    folder: Path,
    devices: Mapping[int, int | None],
    *,
    areas: Mapping[str, int | None] | None = None,
    tables: Mapping[str, Rows] | None = None,
    days: int = 1,
    operator: str = "one",
) -> Path:
    """One operator's delivery of some cells' and areas' devices, the same in every hour of every day."""
    by_size = sorted(devices, key=lambda cell: (cell != PARENT, cell))
    return write_delivery(
        folder,
        operator,
        factors=[factor(REGION, P), factor(REGION, P, segment="inbound")],
        cell_day=[cell_row(cell, hours(devices[cell])) for cell in by_size],
        area_day=[area_row(code, hours(count)) for code, count in sorted((areas or {}).items())],
        last=MONDAY + dt.timedelta(days - 1),
        tables=tables,
    )


def family(parent: int | None, *children: int | None) -> dict[int, int | None]:
    """Figures of the parent and its seven children."""
    return {PARENT: parent, **dict(zip(CHILDREN, children, strict=True))}
