"""The one declaration of the standard: every table of it, and what follows from it."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pyarrow as pa
import pytest
from frictionless import Package

from cellcount.standard import (
    HOUR_COLUMNS,
    STANDARD_FOLDER,
    delivery_tables,
    document,
    limits,
    manifest_fields,
    release_tables,
    rules,
    standard_version,
)

HOURS = " ".join(f"h{hour:02d}" for hour in range(24))
COLUMNS = {
    "cell_day": f"date resolution h3 segment {HOURS}",
    "area_day": f"date area_code segment {HOURS}",
    "home_presence": "date area_code home_area_code day_part devices",
    "od_day": f"date origin_code destination_code purpose {HOURS} km_total minutes_mean",
    "inbound_month": (
        "month area_code country_of_residence stay visits nights departures repeat_visits main_destination_visits "
        "secondary_destination_visits transit_visits"
    ),
    "outbound_month": "month home_area_code country trips nights",
    "home_relocation": "period previous_area_code new_area_code devices",
    "inbound_cell_month": "month h3 country_of_residence day_part devices",
    "usual_environment": "h3 label devices days_per_week_mean",
    "operator_factor": "area_code segment market_share share_se devices_per_person switched_on_rate",
    "coverage": "h3_parent from_utc to_utc share_active reason",
}
"""The tables of a delivery as the standard was agreed with the operators, written out once more."""

KEYS = {
    "cell_day": "date resolution h3 segment",
    "area_day": "date area_code segment",
    "home_presence": "date area_code home_area_code day_part",
    "od_day": "date origin_code destination_code purpose",
    "inbound_month": "month area_code country_of_residence stay",
    "outbound_month": "month home_area_code country",
    "home_relocation": "period previous_area_code new_area_code",
    "inbound_cell_month": "month h3 country_of_residence day_part",
    "usual_environment": "h3 label",
    "operator_factor": "area_code segment",
    "coverage": "h3_parent from_utc",
}
CODES = {
    ("cell_day", "segment"): "all inbound at_home at_work visiting",
    ("area_day", "segment"): "all inbound at_home at_work visiting",
    ("home_presence", "day_part"): "night morning midday evening late",
    ("od_day", "purpose"): "all home_work",
    ("inbound_month", "stay"): "same_day 1 2-3 4-7 8+",
    ("inbound_cell_month", "day_part"): "night morning midday evening late",
    ("usual_environment", "label"): "home work",
    ("operator_factor", "segment"): "resident inbound",
}
FOLDERS = {
    "cell_day": "date=2026-10-05",
    "area_day": "date=2026-10-05",
    "home_presence": "date=2026-10-05",
    "od_day": "date=2026-10-05",
    "inbound_month": "month=2026-10",
    "outbound_month": "month=2026-10",
    "inbound_cell_month": "month=2026-10",
    "home_relocation": "period=2025-10_2026-10",
}
ALL_TABLES = [*delivery_tables().values(), *release_tables().values()]


def test_the_tables_are_those_of_the_standard():
    assert standard_version() == "0.1"
    assert list(delivery_tables()) == list(COLUMNS)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_is_declared_as_agreed(name):
    table = delivery_tables()[name]
    assert {column.name for column in table.columns} == set(COLUMNS[name].split())
    assert table.key == tuple(KEYS[name].split())
    assert {(name, column.name): " ".join(column.enum) for column in table.columns if column.enum} == {
        key: codes for key, codes in CODES.items() if key[0] == name
    }
    if name in FOLDERS:
        column, _, value = FOLDERS[name].partition("=")
        assert table.folder(**{column: value}) == f"{name}/{FOLDERS[name]}"
        assert column not in table.file_schema.names
    else:
        assert table.folder() == name


def test_types_are_those_of_every_reader():
    cells = delivery_tables()["cell_day"].file_schema
    assert cells.field("h3").type == pa.int64()  # BIGINT: an unsigned one is a decimal elsewhere
    assert cells.field("resolution").type == pa.uint8()
    assert {cells.field(hour).type for hour in HOUR_COLUMNS} == {pa.uint32()}
    assert all(cells.field(hour).nullable for hour in HOUR_COLUMNS)
    assert not cells.field("h3").nullable
    trips = delivery_tables()["od_day"].file_schema
    assert {trips.field(name).type for name in ("km_total", "minutes_mean")} == {pa.float64()}
    assert delivery_tables()["coverage"].file_schema.field("from_utc").type == pa.timestamp("us")


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_every_declaration_is_whole(table):
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)
    assert set(table.partitions) <= set(table.key)
    if table.name in delivery_tables():  # a quality figure of a release may be of no area or of no date
        assert all(column.required for column in table.columns if column.name in table.key)
    for column in table.columns:
        assert column.description.endswith("."), column.name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name)
        assert column.minimum is None or column.maximum is None or column.minimum < column.maximum
    assert all((table.title, table.description, table.grain, table.absent_row, table.null_meaning))


@pytest.mark.parametrize("file_name", ["datapackage.json", "release.json"])
def test_the_declaration_is_a_frictionless_data_package(file_name):
    package = Package.from_descriptor(json.loads((STANDARD_FOLDER / file_name).read_text(encoding="utf-8")))
    assert package.resource_names == [
        table.name for table in (delivery_tables() if file_name == "datapackage.json" else release_tables()).values()
    ]
    for resource in package.resources:
        assert resource.schema.primary_key
        assert resource.schema.field_names


def test_the_manifest_has_the_fields_that_were_agreed():
    agreed = (
        *("standard_version", "delivery_id", "operator_id", "period_start", "period_end", "resolutions", "threshold"),
        *("geolocation", "count_basis", "stay_minutes", "night_window", "home_window", "functional_midnight"),
        *("trip_gap_hours", "produced_at", "licence", "contact", "ethics_reference", "files"),
    )
    assert tuple(field.name for field in manifest_fields() if field.required) == agreed
    codes = {field.name: field.enum for field in manifest_fields() if field.enum}
    assert codes == {
        "geolocation": ("voronoi", "best_server", "bayes"),
        "count_basis": ("mean", "snapshot", "unique"),
    }


def test_limits_and_rules_can_be_told():
    assert limits()["km_per_trip"].value == 2_000
    assert limits()["rounding"].value == 0.5
    for limit in limits().values():
        assert limit.description.endswith(".")
    severities = [rule.severity for rule in rules().values()]
    assert set(severities) == {"unreadable", "error", "warning"}
    assert severities == sorted(severities, key=("unreadable", "error", "warning").index), "worst first"
    for rule in rules().values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id)
        assert rule.message.endswith(".")
        assert rule.remedy[-1] in ".?"


def test_the_page_names_everything_that_is_declared():
    page = document()
    lines = page.splitlines()
    assert lines[0] == "# The national cell count standard, version 0.1"
    for table in ALL_TABLES:
        assert any(line.startswith(f"### {table.name}: {table.title}") for line in lines)
    for name in (*(field.name for field in manifest_fields()), *limits(), *rules()):
        assert any(line.startswith(f"| {name} |") for line in lines), name
    for code in ("at_work", "home_work", "2-3", "best_server"):
        assert code in page
    # The 24 hours are one line of a table, not 24.
    hours = "| h00 ... h23 | UINTEGER | devices |  | Mean devices present in each hour, UTC. At most 210,000,000. |"
    assert lines.count(hours) == 2
    assert not any(line.startswith("| h07 |") for line in lines)


def test_the_page_is_a_table_wherever_it_says_so():
    lines = document().splitlines()
    for before, line in pairwise(lines):
        if before.startswith("|") and line.startswith("|"):
            columns = len(re.findall(r"(?<!\\)\|", before))
            assert len(re.findall(r"(?<!\\)\|", line)) == columns, line


def test_a_partition_must_be_named_whole():
    with pytest.raises(ValueError, match="partitioned by"):
        delivery_tables()["cell_day"].folder(month="2026-10")
