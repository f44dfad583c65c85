"""A very small country, written out by hand, for the tests of the build.

Two authorities share a region. Alder has operators' factors of its own; Birch has its region's.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3
import pyarrow as pa
import pyarrow.parquet as pq

from cellcount.build.lookups import Reference
from cellcount.build.protect import Protection
from cellcount.standard import HOUR_COLUMNS, delivery_tables, release_tables

ALDER, BIRCH, REGION, NATION, COUNTRY = "E07000001", "E07000002", "E12000001", "E92000001", "UK"

PARENT = h3.latlng_to_cell(52.2, 0.12, 6)
CHILDREN = sorted(h3.cell_to_children(PARENT, 7))
ALDER_CELLS, BIRCH_CELLS = CHILDREN[:4], CHILDREN[4:]
"""Seven cells of resolution 7: four in Alder, three in Birch; 1,000 residents each."""

MONDAY = dt.date(2026, 11, 2)

PLAIN = Protection(secondary=False, rounding=False)
"""For tests whose point is a literal figure: whole numbers, and none withheld for the sake of another."""


def reference() -> Reference:
    def cell(index: int, resolution: int, area: str, residents: float) -> dict[str, Any]:
        return {
            "h3": index,
            "resolution": resolution,
            "area_code": area,
            "region_code": REGION,
            "country_code": NATION,
            "residents": residents,
            "place_type": "town",
            "land_share": 1.0,
            "area_km2": 5.0,
        }

    def area(code: str, name: str, kind: str, parent: str | None, residents: float) -> dict[str, Any]:
        return {
            "area_code": code,
            "area_name": name,
            "area_type": kind,
            "parent_code": parent,
            "residents": residents,
            "centre_lon": 0.1,
            "centre_lat": 52.2,
            "area_km2": 20.0,
        }

    sevens = [cell(index, 7, ALDER if index in ALDER_CELLS else BIRCH, 1000.0) for index in CHILDREN]
    areas = [
        area(ALDER, "Alder", "authority", REGION, 4000.0),
        area(BIRCH, "Birch", "authority", REGION, 3000.0),
        area(REGION, "North Wood", "region", NATION, 7000.0),
        area(NATION, "England", "nation", COUNTRY, 7000.0),
        area(COUNTRY, "United Kingdom", "country", None, 7000.0),
    ]
    places = [{"place_id": "1", "place_name": "Alder", "kind": "town", "lon": 0.1, "lat": 52.2, "area_code": ALDER}]
    countries = [
        {"country_code": "FR", "country_name": "France", "centre_lon": 2.5, "centre_lat": 46.5},
        {"country_code": "GB", "country_name": "Britain"},
    ]

    def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
        return pa.Table.from_pylist(rows, schema=release_tables()[name].file_schema)

    return Reference(
        cells={7: table("cells", sevens), 6: table("cells", [cell(PARENT, 6, ALDER, 7000.0)])},
        areas=table("areas", areas),
        places=table("places", places),
        countries=table("countries", countries),
    )


def hours(every: int | None, **others: int | None) -> dict[str, int | None]:
    """The same count in every hour, but for those named: `hours(50, h08=None)`."""
    return {**dict.fromkeys(HOUR_COLUMNS, every), **others}


def cell_row(index: int, counts: Mapping[str, int | None], segment: str = "all") -> dict[str, Any]:
    return {"resolution": h3.get_resolution(index), "h3": index, "segment": segment, **counts}


def area_row(code: str, counts: Mapping[str, int | None], segment: str = "all") -> dict[str, Any]:
    return {"area_code": code, "segment": segment, **counts}


def factor(code: str, share: float, segment: str = "resident", se: float = 0.05) -> dict[str, Any]:
    return {
        "area_code": code,
        "segment": segment,
        "market_share": share,
        "share_se": se,
        "devices_per_person": 1.0,
        "switched_on_rate": 1.0,
    }


Rows = Sequence[Mapping[str, Any]]


def write_delivery(
    folder: Path,
    operator: str,
    *,
    cell_day: Mapping[dt.date, Rows] | Rows,
    factors: Rows,
    area_day: Mapping[dt.date, Rows] | Rows = (),
    first: dt.date = MONDAY,
    last: dt.date = MONDAY,
    tables: Mapping[str, Rows] | None = None,
    **manifest: Any,
) -> Path:
    """Write one operator's delivery; rows of `cell_day` and `area_day` are the same on every day unless by date.

    It records the operator's consent to a release of fewer than three operators, unless `consent=None`.

    `tables` gives rows of other tables by the partition they lie in, for example `od_day/date=2026-11-02`.
    """
    days = [first + dt.timedelta(number) for number in range((last - first).days + 1)]
    partitions: dict[str, Rows] = {"operator_factor": factors, **(tables or {})}
    for day in days:
        partitions[f"cell_day/date={day}"] = cell_day[day] if isinstance(cell_day, Mapping) else cell_day
        partitions[f"area_day/date={day}"] = area_day[day] if isinstance(area_day, Mapping) else area_day
    files = []
    for partition, rows in partitions.items():
        file = folder / partition / "part-0.parquet"
        file.parent.mkdir(parents=True)
        schema = delivery_tables()[partition.split("/")[0]].file_schema
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), file)
        checksum = hashlib.sha256(file.read_bytes()).hexdigest()
        files.append({"path": f"{partition}/part-0.parquet", "rows": len(rows), "sha256": checksum})
    content = {
        "standard_version": "0.1",
        "delivery_id": f"{operator}-{first}",
        "operator_id": operator,
        "period_start": str(first),
        "period_end": str(last),
        "resolutions": [6, 7],
        "threshold": 10,
        "geolocation": "bayes",
        "count_basis": "mean",
        "stay_minutes": 30,
        "night_window": [0, 6],
        "home_window": [20, 8],
        "functional_midnight": 4,
        "trip_gap_hours": 1,
        "produced_at": "2026-12-01T00:00:00Z",
        "licence": "for tests",
        "contact": "nobody",
        "ethics_reference": "none",
        "synthetic": True,
        "consent": "given, for tests",
        "files": files,
        **manifest,
    }
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def rows_of(release: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table of a release, with its partition columns."""
    found = []
    for file in sorted((release / table).rglob("*.parquet")):
        partition = dict(part.split("=") for part in file.relative_to(release / table).parent.parts)
        with pq.ParquetFile(file) as parquet:
            found += [{**partition, **row} for row in parquet.read().to_pylist()]
    return found
