"""The validator beside another one that reads the same declaration, and random deliveries, good and spoiled."""

from __future__ import annotations

import copy
import hashlib
import json
import tempfile
from pathlib import Path

import h3.api.basic_int as h3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from build_world import ALDER, BIRCH, CHILDREN, COUNTRY, NATION, PARENT, REGION, area_row, cell_row
from frictionless import Resource, Schema
from hypothesis import given, settings
from hypothesis import strategies as st
from validator_world import (
    DAYS,
    EIGHTS,
    MONDAY_AREAS,
    MONDAY_CELLS,
    TOP,
    World,
    country,
    edit_manifest,
    manifest,
    reseal,
    validated,
    world,
)

from cellcount.standard import HOUR_COLUMNS, STANDARD_FOLDER, delivery_tables
from cellcount.validator.files import ListedFile, Partition
from cellcount.validator.known import Known
from cellcount.validator.manifest import Manifest
from cellcount.validator.partition import check_partition
from cellcount.validator.rows import Context

KNOWN = Known(country())
PARTITIONS = {
    "home_presence": "2026-11-02",
    "od_day": "2026-11-02",
    "inbound_month": "2026-10",
    "inbound_cell_month": "2026-10",
    "home_relocation": "2025-10_2026-10",
}
NOT_OF_A_SCHEMA = {"km-without-trips", "km-absurd", "trips-without-km", "child-larger", "children-do-not-add"}
"""Faults that no schema can declare."""

counts = st.sampled_from([None, 0, 10, 210_000_000, 210_000_001, 3_000_000_000])
areas = st.sampled_from([ALDER, BIRCH])
visits = dict.fromkeys(("departures", "repeat_visits", "main_destination_visits"), counts)
shares = st.sampled_from([0.3, 1.0, 0.0, -0.1, 1.1, None])

ROWS = {
    "home_presence": {
        "area_code": areas,
        "home_area_code": areas,
        "day_part": st.sampled_from(["night", "late", "Night", None]),
        "devices": counts,
    },
    "od_day": {
        "origin_code": areas,
        "destination_code": areas,
        "purpose": st.sampled_from(["all", "home_work", "work", None]),
        **dict.fromkeys(HOUR_COLUMNS, st.just(20)),
        "h05": counts,
        "km_total": st.sampled_from([None, 0.0, 9.5, -0.5]),
        "minutes_mean": st.sampled_from([None, 0.0, 1440.0, 1440.5, -1.0]),
    },
    "inbound_month": {
        "area_code": areas,
        "country_of_residence": st.sampled_from(["FR", "GB", None]),
        "stay": st.sampled_from(["same_day", "2-3", "2 to 3"]),
        "visits": counts,
        "nights": st.sampled_from([None, 0, 2_170_000_000, 2_170_000_001]),
        **visits,
        "secondary_destination_visits": st.none(),
        "transit_visits": st.none(),
    },
    "usual_environment": {
        "h3": st.sampled_from([CHILDREN[0], CHILDREN[1], None]),
        "label": st.sampled_from(["home", "work", "Home"]),
        "devices": st.sampled_from([None, 0, 10, 500_000]),
        "days_per_week_mean": st.sampled_from([None, 0.0, 7.0, 7.1]),
    },
    "operator_factor": {
        "area_code": areas,
        "segment": st.sampled_from(["resident", "inbound", "all"]),
        "market_share": shares,
        "share_se": shares,
        "devices_per_person": st.sampled_from([0.0, 3.0, 3.1, None]),
        "switched_on_rate": shares,
    },
}


def ours(name: str, table: pa.Table) -> set[str]:
    """Rules that a file of a table breaks."""
    with tempfile.TemporaryDirectory() as folder:
        declared = delivery_tables()[name]
        value = PARTITIONS.get(name)
        file = Path(folder) / declared.folder(**dict.fromkeys(declared.partitions, value)) / "part-0.parquet"
        file.parent.mkdir(parents=True)
        pq.write_table(table, file)
        checksum = hashlib.sha256(file.read_bytes()).hexdigest()
        listed = ListedFile(file.relative_to(folder).as_posix(), table.num_rows, checksum)
        said = Manifest("a", "blue", None, None, (5, 6, 7, 8), 10, "mean", ())
        checked = check_partition(Path(folder), Partition(declared, value, (listed,)), Context(said, KNOWN))
    return {finding.rule for finding in checked.findings.sorted()}


def theirs(name: str, rows: list[dict]) -> list[str]:
    """What Frictionless finds in the same rows by the same declaration."""
    package = json.loads((STANDARD_FOLDER / "datapackage.json").read_text(encoding="utf-8"))
    (resource,) = [each for each in package["resources"] if each["name"] == name]
    names = [field["name"] for field in resource["schema"]["fields"]]
    value = PARTITIONS.get(name)
    whole = [{**dict.fromkeys(resource["partitions"], value), **row} for row in rows]
    data = [names, *([row[each] for each in names] for row in whole)]
    report = Resource(data=data, schema=Schema.from_descriptor(resource["schema"])).validate()
    return [error.type for task in report.tasks for error in task.errors]


@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=12)
@given(data=st.data())
def test_what_frictionless_refuses_is_refused_and_nothing_else(name, data):
    rows = data.draw(st.lists(st.fixed_dictionaries(ROWS[name]), min_size=1, max_size=4))
    schema = pa.schema([field.with_nullable(True) for field in delivery_tables()[name].file_schema])
    found = ours(name, pa.Table.from_pylist(rows, schema=schema)) - NOT_OF_A_SCHEMA
    errors = theirs(name, rows)
    assert bool(found) == bool(errors), (found, errors)
    assert ("key-repeated" in found) <= ("primary-key" in errors)
    assert ("value-missing" in found) == any(row[column.name] is None for row in rows for column in required(name))


def required(name: str):
    return [column for column in delivery_tables()[name].file_columns if column.required]


@pytest.mark.parametrize(
    ("name", "column"),
    [(name, column.name) for name in ROWS for column in delivery_tables()[name].file_columns][::3],
)
def test_a_column_of_another_type_is_refused_by_both(name, column):
    row = GOOD[name]
    declared = delivery_tables()[name].file_schema
    assert ours(name, pa.Table.from_pylist([row], schema=declared)) <= NOT_OF_A_SCHEMA
    assert theirs(name, [row]) == []
    wrong: object = "many" if declared.field(column).type != pa.string() else 12
    place = declared.get_field_index(column)
    schema = declared.set(place, pa.field(column, pa.string() if wrong == "many" else pa.int64()))
    assert "column-type" in ours(name, pa.Table.from_pylist([{**row, column: wrong}], schema=schema))
    assert "type-error" in theirs(name, [{**row, column: wrong}])


GOOD = {
    "home_presence": {"area_code": ALDER, "home_area_code": BIRCH, "day_part": "night", "devices": 10},
    "od_day": {
        **{"origin_code": ALDER, "destination_code": BIRCH, "purpose": "all", "km_total": 9.5, "minutes_mean": 30.0},
        **dict.fromkeys(HOUR_COLUMNS, 20),
    },
    "inbound_month": {
        **{"area_code": ALDER, "country_of_residence": "FR", "stay": "2-3", "visits": 10, "nights": 25},
        **{"departures": 10, "repeat_visits": None, "main_destination_visits": 10},
        **{"secondary_destination_visits": 0, "transit_visits": 0},
    },
    "usual_environment": {"h3": CHILDREN[0], "label": "home", "devices": 10, "days_per_week_mean": 5.5},
    "operator_factor": {
        **{"area_code": ALDER, "segment": "resident", "market_share": 0.3, "share_se": 0.05},
        **{"devices_per_person": 1.1, "switched_on_rate": 0.9},
    },
}
"""A row of each table, as it should be."""


@st.composite
def deliveries(draw: st.DrawFn) -> World:
    """A delivery of a random country: devices placed in the smallest cells, and every coarser count made from them."""
    made = world(threshold=10)
    for day in DAYS:
        leaves = {cell: draw(st.integers(0, 60)) for cell in [*EIGHTS, *CHILDREN[1:]]}
        abroad = {cell: draw(st.integers(0, count)) for cell, count in leaves.items()}
        made.rows[f"cell_day/date={day}"] = [
            row for segment, counted in (("all", leaves), ("inbound", abroad)) for row in _counted(counted, segment)
        ]
        alder, birch = draw(st.integers(0, 900)), draw(st.integers(0, 900))
        made.rows[f"area_day/date={day}"] = [
            area_row(code, _withheld(count)) for code, count in ((ALDER, alder), (BIRCH, birch))
        ] + [area_row(code, _withheld(alder + birch)) for code in (REGION, NATION, COUNTRY)]
    return made


def _counted(leaves: dict[int, int], segment: str) -> list[dict]:
    every: dict[int, int] = dict(leaves)
    for cell, count in leaves.items():
        for resolution in range(5, h3.get_resolution(cell)):
            above = h3.cell_to_parent(cell, resolution)
            every[above] = every.get(above, 0) + count
    return [cell_row(cell, _withheld(count), segment) for cell, count in every.items()]


def _withheld(count: int) -> dict[str, int | None]:
    return dict.fromkeys(HOUR_COLUMNS, None if 0 < count < 10 else count)


def _an_hour(draw: st.DrawFn, made: World, value: object) -> None:
    partition = draw(st.sampled_from([MONDAY_CELLS, MONDAY_AREAS]))
    row = draw(st.integers(0, len(made.rows[partition]) - 1))
    made.rows[partition][row] = {**made.rows[partition][row], draw(st.sampled_from(HOUR_COLUMNS)): value}


def _spoil_count(draw: st.DrawFn, made: World) -> None:
    _an_hour(draw, made, draw(st.integers(1, 9)))


def _spoil_absurd(draw: st.DrawFn, made: World) -> None:
    _an_hour(draw, made, draw(st.integers(210_000_001, 2**32 - 1)))


def _spoil_twice(draw: st.DrawFn, made: World) -> None:
    partition = draw(st.sampled_from(sorted(each for each, rows in made.rows.items() if rows)))
    made.rows[partition].append(copy.deepcopy(draw(st.sampled_from(made.rows[partition]))))


def _spoil_parent(draw: st.DrawFn, made: World) -> None:
    kept = [row for row in made.rows[MONDAY_CELLS] if row["h3"] not in (PARENT,)]
    made.rows[MONDAY_CELLS] = kept


def _spoil_whole(draw: st.DrawFn, made: World) -> None:
    total = made.rows[MONDAY_CELLS]
    place = next(number for number, row in enumerate(total) if row["h3"] == TOP and row["segment"] == "all")
    total[place] = {**total[place], "h12": 1_000}  # the thirteen leaves have 780 at the most


def _spoil_bytes(draw: st.DrawFn, made: World) -> None:
    partition = draw(st.sampled_from(sorted(made.rows)))
    where = draw(st.floats(0, 1, exclude_max=True))

    def edit(folder: Path) -> None:
        file = folder / partition / "part-0.parquet"
        content = bytearray(file.read_bytes())
        content[int(where * len(content))] ^= 0xFF
        file.write_bytes(content)

    made.after.append(edit)


def _spoil_rows(draw: st.DrawFn, made: World) -> None:
    number = draw(st.integers(0, len(made.rows) - 1))
    made.after.append(edit_manifest(lambda content: content["files"][number].update(rows=10**6)))


def _spoil_field(draw: st.DrawFn, made: World) -> None:
    made.left_out.add(draw(st.sampled_from([name for name in manifest() if name != "synthetic"])))


SPOILED = [
    _spoil_count,
    _spoil_absurd,
    _spoil_twice,
    _spoil_parent,
    _spoil_whole,
    _spoil_bytes,
    _spoil_rows,
    _spoil_field,
]


@settings(max_examples=5)
@given(made=deliveries())
def test_a_random_delivery_that_is_right_is_accepted(made):
    with tempfile.TemporaryDirectory() as folder:
        report = validated(made.write(Path(folder) / "blue"))
    assert report.findings == ()


@settings(max_examples=20)
@given(data=st.data(), made=deliveries(), spoil=st.sampled_from(SPOILED))
def test_one_random_fault_is_refused(data, made, spoil):
    spoil(data.draw, made)
    with tempfile.TemporaryDirectory() as folder:
        report = validated(made.write(Path(folder) / "blue"))
    assert report.status == 1


def test_a_file_changed_with_its_checksum_is_still_checked(tmp_path):
    made = world()
    folder = made.write(tmp_path / "blue")
    file = folder / MONDAY_AREAS / "part-0.parquet"
    table = pq.read_table(file)
    pq.write_table(table.slice(0, 4), file)
    reseal(folder)
    assert {finding.rule for finding in validated(folder).findings} >= {"rows-differ"}
