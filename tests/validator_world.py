"""A delivery without a fault, every table in it, written out by hand: for the tests of the validator to break.

The country is that of `build_world`, with one cell above and seven cells below: Alder and Birch, 400 and 300 devices.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3
import pyarrow as pa
import pyarrow.parquet as pq
from build_world import (
    ALDER,
    ALDER_CELLS,
    BIRCH,
    CHILDREN,
    COUNTRY,
    NATION,
    PARENT,
    REGION,
    area_row,
    cell_row,
    factor,
    hours,
    reference,
)

from cellcount.build.lookups import Reference
from cellcount.standard import delivery_tables
from cellcount.validator import Finding, Report, validate_deliveries

DAYS = ("2026-11-02", "2026-11-03")
TOP = h3.cell_to_parent(PARENT, 5)
EIGHTS = sorted(h3.cell_to_children(ALDER_CELLS[0], 8))
MONDAY_CELLS, MONDAY_AREAS = "cell_day/date=2026-11-02", "area_day/date=2026-11-02"
MONDAY_TRIPS, MONDAY_HOMES = "od_day/date=2026-11-02", "home_presence/date=2026-11-02"
VISITS, VISITORS, ABROAD = (
    "inbound_month/month=2026-10",
    "inbound_cell_month/month=2026-10",
    "outbound_month/month=2026-10",
)
MOVES = "home_relocation/period=2025-10_2026-10"

Row = dict[str, Any]
Edit = Callable[[Path], None]


def country() -> Reference:
    """The reference geography, with cells of the resolutions 5 to 8."""
    known = reference()

    def like(cell: int, resolution: int) -> pa.Table:
        row = known.cells[6].to_pylist()[0]
        return pa.Table.from_pylist([{**row, "h3": cell, "resolution": resolution}], schema=known.cells[6].schema)

    eights = pa.concat_tables([like(cell, 8) for cell in EIGHTS])
    return Reference({5: like(TOP, 5), **known.cells, 8: eights}, known.areas, known.places, known.countries)


def cells() -> list[Row]:
    """700 devices in seven cells of 100; of them 140 from abroad and 350 at home. One cell is divided further."""
    rows = [cell_row(TOP, hours(700)), cell_row(PARENT, hours(700))]
    rows += [cell_row(cell, hours(100)) for cell in CHILDREN]
    rows += [cell_row(cell, hours(count)) for cell, count in zip(EIGHTS, (14, 14, 14, 14, 14, 15, 15), strict=True)]
    for segment, count in (("inbound", 20), ("at_home", 50)):
        rows += [cell_row(TOP, hours(7 * count), segment), cell_row(PARENT, hours(7 * count), segment)]
        rows += [cell_row(cell, hours(count), segment) for cell in CHILDREN]
    return rows


def areas() -> list[Row]:
    rows = []
    for segment, alder, birch in (("all", 400, 300), ("inbound", 80, 60)):
        rows += [area_row(ALDER, hours(alder), segment), area_row(BIRCH, hours(birch), segment)]
        rows += [area_row(code, hours(alder + birch), segment) for code in (REGION, NATION, COUNTRY)]
    return rows


def homes() -> list[Row]:
    counts = {(ALDER, ALDER): 380, (ALDER, BIRCH): 20, (BIRCH, ALDER): 20, (BIRCH, BIRCH): 280}
    counts |= {(REGION, ALDER): 400, (REGION, BIRCH): 300}
    return [
        {"area_code": area, "home_area_code": home, "day_part": "night", "devices": devices}
        for (area, home), devices in counts.items()
    ]


def trips() -> list[Row]:
    return [
        {
            "origin_code": ALDER,
            "destination_code": to,
            "purpose": "all",
            **hours(20),
            "km_total": km,
            "minutes_mean": 25.0,
        }
        for to, km in ((ALDER, 0.0), (BIRCH, 2400.0))
    ]


def visit(area: str, country: str, stay: str, visits: int | None, nights: int | None) -> Row:
    others = dict.fromkeys(
        ("repeat_visits", "main_destination_visits", "secondary_destination_visits", "transit_visits")
    )
    row = {"area_code": area, "country_of_residence": country, "stay": stay, "visits": visits, "nights": nights}
    return {**row, "departures": visits, **others}


def outage(cell: int, start: str, end: str, share: float = 0.4) -> Row:
    times = {"from_utc": _time(start), "to_utc": _time(end)}
    return {"h3_parent": cell, **times, "share_active": share, "reason": "a mast"}


def _time(text: str) -> int:
    return pa.scalar(text).cast(pa.timestamp("us")).value


@dataclass
class World:
    """A delivery to be written: rows by partition, schemas that differ, fields of the manifest that differ."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    schemas: dict[str, pa.Schema] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    after: list[Edit] = field(default_factory=list)
    row_group_size: int = 1 << 20

    def schema(self, partition: str) -> pa.Schema:
        return self.schemas.get(partition) or delivery_tables()[partition.partition("/")[0]].file_schema

    def retype(self, partition: str, column: str, kind: pa.DataType) -> None:
        """Write a column in another type."""
        schema = self.schema(partition)
        self.schemas[partition] = schema.set(schema.get_field_index(column), pa.field(column, kind))

    def write(self, folder: Path) -> Path:
        """Write the delivery, list every file with its checksum, and then do what comes after."""
        files = []
        for partition, rows in self.rows.items():
            file = folder / partition / "part-0.parquet"
            file.parent.mkdir(parents=True)
            schema = self.schema(partition)
            pq.write_table(pa.Table.from_pylist(rows, schema=schema), file, row_group_size=self.row_group_size)
            files.append(entry(folder, file, len(rows)))
        content = {**manifest(), "files": files, **self.manifest}
        content = {name: value for name, value in content.items() if name not in self.left_out}
        (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
        for edit in self.after:
            edit(folder)
        return folder


def entry(folder: Path, file: Path, rows: int) -> Row:
    """What a manifest says of a file."""
    checksum = hashlib.sha256(file.read_bytes()).hexdigest()
    return {"path": file.relative_to(folder).as_posix(), "rows": rows, "sha256": checksum}


def manifest() -> dict[str, Any]:
    return {
        "standard_version": "0.1",
        "delivery_id": "november",
        "operator_id": "blue",
        "period_start": DAYS[0],
        "period_end": DAYS[-1],
        "resolutions": [5, 6, 7, 8],
        "threshold": 10,
        "geolocation": "bayes",
        "count_basis": "mean",
        "stay_minutes": 30,
        "night_window": [22, 6],
        "home_window": [20, 8],
        "functional_midnight": 4,
        "trip_gap_hours": 1,
        "produced_at": "2026-12-01T00:00:00Z",
        "licence": "for tests",
        "contact": "nobody",
        "ethics_reference": "none",
        "synthetic": True,
    }


def world(**manifest_fields: Any) -> World:
    """The delivery without a fault."""
    rows: dict[str, list[Row]] = {}
    for day in DAYS:
        rows[f"cell_day/date={day}"] = cells()
        rows[f"area_day/date={day}"] = areas()
        rows[f"home_presence/date={day}"] = homes()
        rows[f"od_day/date={day}"] = trips()
    rows[VISITS] = [visit(ALDER, "FR", "same_day", 50, 0), visit(ALDER, "GB", "1", 30, 30)]
    rows[ABROAD] = [{"home_area_code": ALDER, "country": "FR", "trips": 40, "nights": 200}]
    rows[MOVES] = [{"previous_area_code": ALDER, "new_area_code": BIRCH, "devices": 30}]
    rows[VISITORS] = [{"h3": CHILDREN[0], "country_of_residence": "FR", "day_part": "night", "devices": 25}]
    rows["usual_environment"] = [{"h3": CHILDREN[0], "label": "home", "devices": 90, "days_per_week_mean": 5.5}]
    rows["operator_factor"] = [factor(REGION, 0.3), factor(REGION, 0.25, "inbound"), factor(ALDER, 0.35)]
    rows["coverage"] = [outage(CHILDREN[0], "2026-11-02T09:30:00", "2026-11-02T11:00:00")]
    return World(rows, manifest=manifest_fields)


def edit_manifest(change: Callable[[dict[str, Any]], None]) -> Edit:
    """Change the manifest of a delivery that is written."""

    def edit(folder: Path) -> None:
        file = folder / "manifest.json"
        content = json.loads(file.read_text(encoding="utf-8"))
        change(content)
        file.write_text(json.dumps(content), encoding="utf-8")

    return edit


def reseal(folder: Path) -> None:
    """Make the manifest's checksums those of the files."""

    def change(content: dict[str, Any]) -> None:
        for each in content["files"]:
            each["sha256"] = entry(folder, folder / each["path"], 0)["sha256"]

    edit_manifest(change)(folder)


def validated(*folders: Path) -> Report:
    """The report of deliveries in this country."""
    return validate_deliveries(folders, reference=country())


def only(report: Report, rule: str) -> Finding:
    """The one finding of a rule."""
    (found,) = [finding for finding in report.findings if finding.rule == rule]
    return found


def rules_of(report: Report) -> set[str]:
    return {finding.rule for finding in report.findings}
