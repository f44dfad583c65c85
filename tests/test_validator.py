"""One delivery for each rule of the standard, which breaks that rule and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h3.api.basic_int as h3
import pyarrow as pa
import pytest
from build_world import ALDER, BIRCH, CHILDREN, PARENT, REGION, area_row, cell_row, factor, hours
from typer.testing import CliRunner
from validator_world import (
    ABROAD,
    DAYS,
    EIGHTS,
    MONDAY_AREAS,
    MONDAY_CELLS,
    MONDAY_TRIPS,
    MOVES,
    TOP,
    VISITORS,
    VISITS,
    World,
    country,
    edit_manifest,
    only,
    reseal,
    rules_of,
    validated,
    visit,
    world,
)

from cellcount import validator
from cellcount.__main__ import app
from cellcount.errors import CellCountError
from cellcount.standard import HOUR_COLUMNS, delivery_tables, limits, rules
from cellcount.validator import render, validate_deliveries

SEINE = h3.latlng_to_cell(48.85, 2.35, 7)
BESIDE = next(cell for cell in sorted(h3.grid_disk(CHILDREN[0], 2)) if cell not in CHILDREN)
"""A cell of resolution 7 in Paris, and one beside the country."""


@dataclass(frozen=True)
class Case:
    """What breaks a rule, and what must then be found."""

    edit: Callable[[World], None]
    table: str | None
    columns: tuple[str, ...]
    count: int = 1
    also: frozenset[str] = frozenset()
    example: str = ""


def manifest_case(example: str, column: str, also: tuple[str, ...] = (), **fields: object) -> Case:
    return Case(lambda made: made.manifest.update(fields), None, (column,), also=frozenset(also), example=example)


def set_value(partition: str, row: int, **values: object) -> Callable[[World], None]:
    return lambda made: made.rows[partition][row].update(values)


def add_row(partition: str, *rows: dict) -> Callable[[World], None]:
    return lambda made: made.rows[partition].extend(rows)


def after(edit: Callable[[Path], None]) -> Callable[[World], None]:
    return lambda made: made.after.append(edit)


def both(*edits: Callable[[World], None]) -> Callable[[World], None]:
    def edit(made: World) -> None:
        for each in edits:
            each(made)

    return edit


def retyped(partition: str, column: str, kind: pa.DataType) -> Callable[[World], None]:
    return lambda made: made.retype(partition, column, kind)


def without_column(partition: str, column: str) -> Callable[[World], None]:
    def edit(made: World) -> None:
        schema = made.schema(partition)
        made.schemas[partition] = schema.remove(schema.get_field_index(column))
        for row in made.rows[partition]:
            del row[column]

    return edit


def with_column(partition: str, column: str) -> Callable[[World], None]:
    def edit(made: World) -> None:
        made.schemas[partition] = made.schema(partition).append(pa.field(column, pa.string()))

    return edit


def write_in(path: str, content: bytes) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)

    return edit


def cut_short(folder: Path) -> None:
    file = folder / MONDAY_AREAS / "part-0.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    reseal(folder)


def append_byte(folder: Path) -> None:
    # Bytes between the counts and the footer: the file can still be read, and is not the one that was listed.
    file = folder / "operator_factor" / "part-0.parquet"
    content = file.read_bytes()
    file.write_bytes(content.replace(b"parquet-cpp-arrow", b"parquet-cpp-Arrow"))
    assert file.read_bytes() != content


def repeat_field(folder: Path) -> None:
    file = folder / "manifest.json"
    file.write_text('{"operator_id": "green", ' + file.read_text(encoding="utf-8")[1:], encoding="utf-8")


def list_path(path: str) -> Callable[[Path], None]:
    """List one more file."""
    return edit_manifest(lambda content: content["files"].append({"path": path, "rows": 1, "sha256": "0" * 64}))


def claim(folder: Path) -> None:
    """A footer that claims a thousand million rows, as Parquet writes numbers: seven bits to a byte."""
    file = folder / "usual_environment" / "part-0.parquet"
    _claim_rows(file, 1_000_000_000)
    reseal(folder)
    edit_manifest(lambda content: _entry(content, "usual_environment").update(rows=1_000_000_000))(folder)


def _entry(content: dict, name: str) -> dict:
    (found,) = [each for each in content["files"] if each["path"].startswith(name)]
    return found


def _claim_rows(file: Path, rows: int) -> None:
    content = file.read_bytes()
    length = int.from_bytes(content[-8:-4], "little")
    footer = content[-8 - length : -8]
    # The footer begins: version, schema (a list), then 0x16 and the number of rows, here the one row of the file.
    place = footer.index(b"\x16\x02\x19")
    footer = footer[: place + 1] + _varint(2 * rows) + footer[place + 2 :]
    file.write_bytes(content[: -8 - length] + footer + len(footer).to_bytes(4, "little") + b"PAR1")


def _varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


def no_row_of(resolution: int, *partitions: str) -> Callable[[World], None]:
    def edit(made: World) -> None:
        for partition in partitions:
            made.rows[partition] = [row for row in made.rows[partition] if row["resolution"] != resolution]

    return edit


def drop_partition(partition: str) -> Callable[[World], None]:
    return lambda made: made.rows.pop(partition) and None


def drop_rows(partition: str, **values: object) -> Callable[[World], None]:
    def edit(made: World) -> None:
        kept = [row for row in made.rows[partition] if any(row[name] != value for name, value in values.items())]
        assert len(kept) < len(made.rows[partition])
        made.rows[partition] = kept

    return edit


COARSE_ROWS = (0, 1)
"""In the rows of cells: the cell at the top and the one under it; then seven children, then seven of resolution 8."""
FIRST_CHILD = 2

CASES: dict[str, Case] = {
    "standard-newer": manifest_case("version 9.1", "standard_version", standard_version="9.1"),
    "manifest-field-missing": Case(lambda made: made.left_out.add("licence"), None, ("licence",), example="licence"),
    "manifest-field-repeated": Case(after(repeat_field), None, ("operator_id",)),
    "manifest-field-type": manifest_case("true or false", "threshold", threshold=True),
    "manifest-field-value": manifest_case("'guess'", "geolocation", geolocation="guess"),
    "period-inverted": Case(
        lambda made: made.manifest.update(period_start=DAYS[1], period_end=DAYS[0]),
        None,
        ("period_start", "period_end"),
        example="2026-11-03 to 2026-11-02",
    ),
    "resolutions-incomplete": manifest_case(
        "[5, 7, 8]", "resolutions", ("resolution-not-declared",), resolutions=[5, 7, 8]
    ),
    "count-basis-unique": manifest_case("unique", "count_basis", count_basis="unique"),
    "produced-too-early": manifest_case("2026-11-03T23:59:59Z", "produced_at", produced_at="2026-11-03T23:59:59Z"),
    "manifest-field-unknown": manifest_case("colour", "colour", colour="blue"),
    "file-entry-malformed": Case(
        after(edit_manifest(lambda content: content["files"].append({"path": "a.parquet", "rows": 1.5}))),
        None,
        ("files",),
        example="entry 16 of files",
    ),
    "file-entry-repeated": Case(
        after(edit_manifest(lambda content: content["files"].append(content["files"][0]))), None, ("files",)
    ),
    "path-leaves-folder": Case(
        after(list_path("cell_day/../../secret.parquet")), "cell_day", (), example="cell_day/../../secret.parquet"
    ),
    "file-name-unsafe": Case(after(list_path("cell_day/date=2026-11-02/part 0?.parquet")), "cell_day", ()),
    "partition-malformed": Case(after(list_path("cell_day/date=2026-11-31/part-0.parquet")), "cell_day", ()),
    "table-missing": Case(
        both(*(drop_partition(f"area_day/date={day}") for day in DAYS)), "area_day", (), example="area_day"
    ),
    "file-missing": Case(after(list_path(f"{MONDAY_CELLS}/part-1.parquet")), "cell_day", ()),
    "file-unlisted": Case(after(write_in(f"{MONDAY_CELLS}/part-1.parquet", b"")), "cell_day", ()),
    "checksum-differs": Case(after(append_byte), "operator_factor", ()),
    "file-corrupt": Case(after(cut_short), "area_day", ()),
    "file-too-large": Case(after(claim), "usual_environment", (), example="1,000,000,000 rows"),
    "could-not-check": Case(
        both(set_value("coverage", 0, share_active="0.4"), retyped("coverage", "share_active", pa.string())),
        "coverage",
        ("share_active",),
        also=frozenset({"column-type"}),
        example="share_active cannot be understood",
    ),
    "rows-differ": Case(
        after(edit_manifest(lambda content: _entry(content, "coverage").update(rows=2))),
        "coverage",
        (),
        example="1 rows, and the manifest says 2",
    ),
    "column-missing": Case(without_column(MONDAY_AREAS, "h07"), "area_day", ("h07",)),
    "column-type": Case(retyped(MONDAY_AREAS, "h07", pa.int64()), "area_day", ("h07",), example="must be UINTEGER"),
    "column-unknown": Case(with_column(MONDAY_AREAS, "subscriber"), "area_day", ("subscriber",)),
    "date-outside-period": Case(
        lambda made: made.rows.update({"od_day/date=2026-11-04": []}), "od_day", ("date",), example="2026-11-04"
    ),
    "date-missing": Case(drop_partition(MONDAY_AREAS), "area_day", ("date",), example="2026-11-02"),
    "value-missing": Case(
        both(
            set_value(MONDAY_TRIPS, 0, purpose=None),
            lambda made: made.schemas.update({MONDAY_TRIPS: pa.schema(made.schema(MONDAY_TRIPS).remove_metadata())}),
            lambda made: made.schemas.update(
                {MONDAY_TRIPS: pa.schema([each.with_nullable(True) for each in made.schema(MONDAY_TRIPS)])}
            ),
        ),
        "od_day",
        ("purpose",),
        example=f"date 2026-11-02, origin_code {ALDER}, destination_code {ALDER}, purpose NULL",
    ),
    "code-unknown": Case(
        set_value(VISITORS, 0, day_part="Night"), "inbound_cell_month", ("day_part",), example="'Night'"
    ),
    "key-repeated": Case(
        add_row(MONDAY_CELLS, cell_row(CHILDREN[0], hours(100))),
        "cell_day",
        ("resolution", "segment", "h3"),
        example=f"date 2026-11-02, resolution 7, segment all, h3 {CHILDREN[0]:x}",
    ),
    "hidden-as-minus-one": Case(
        both(set_value(MONDAY_AREAS, 0, h03=-1), retyped(MONDAY_AREAS, "h03", pa.int32())),
        "area_day",
        ("h03",),
        also=frozenset({"column-type"}),
        example="h03 is -1",
    ),
    "count-negative": Case(
        both(set_value(MONDAY_AREAS, 0, h03=-12), retyped(MONDAY_AREAS, "h03", pa.int32())),
        "area_day",
        ("h03",),
        also=frozenset({"column-type"}),
        example="h03 is -12",
    ),
    "not-a-number": Case(set_value(MONDAY_TRIPS, 1, minutes_mean=float("nan")), "od_day", ("minutes_mean",)),
    # Three devices for each of seventy million residents.
    "count-absurd": Case(set_value(ABROAD, 0, trips=210_000_001), "outbound_month", ("trips",), example="210,000,001"),
    "count-below-threshold": Case(
        both(set_value(MONDAY_CELLS, 9, h00=9, h05=9), set_value(MONDAY_CELLS, 10, h05=1)),
        "cell_day",
        ("h00", "h05"),
        count=2,
        also=frozenset({"children-do-not-add"}),
        example="h00 is between 1 and 9",
    ),
    "value-out-of-range": Case(set_value(MONDAY_TRIPS, 0, minutes_mean=1441.0), "od_day", ("minutes_mean",)),
    "share-outside-0-1": Case(
        set_value("coverage", 0, share_active=40.0), "coverage", ("share_active",), example="share_active is 40.0"
    ),
    "h3-invalid": Case(set_value(VISITORS, 0, h3=CHILDREN[0] + 1), "inbound_cell_month", ("h3",)),
    "h3-resolution": Case(set_value("usual_environment", 0, h3=EIGHTS[0]), "usual_environment", ("h3",)),
    "h3-outside-country": Case(
        set_value(VISITORS, 0, h3=SEINE), "inbound_cell_month", ("h3",), example="latitude 48.8"
    ),
    "cell-not-in-reference": Case(set_value(VISITORS, 0, h3=BESIDE), "inbound_cell_month", ("h3",)),
    "resolution-not-declared": Case(
        lambda made: made.manifest.update(resolutions=[5, 6, 7]), "cell_day", ("resolution",), count=14
    ),
    "resolution-without-rows": Case(no_row_of(8, MONDAY_CELLS), "cell_day", ("resolution",), example="resolution 8"),
    "segment-too-fine": Case(
        add_row(MONDAY_CELLS, cell_row(EIGHTS[0], hours(10), "at_home")), "cell_day", ("segment",)
    ),
    "area-unknown": Case(
        set_value(MOVES, 0, new_area_code="E07999999"), "home_relocation", ("new_area_code",), example="'E07999999'"
    ),
    "area-wrong-type": Case(
        set_value(MOVES, 0, new_area_code=REGION), "home_relocation", ("new_area_code",), example="of type region"
    ),
    "country-unknown": Case(set_value(ABROAD, 0, country="QQ"), "outbound_month", ("country",), example="'QQ'"),
    "parent-missing": Case(
        drop_rows(MONDAY_CELLS, resolution=6, segment="at_home"), "cell_day", ("h3",), example=f"{PARENT:x} has no row"
    ),
    "child-larger": Case(
        set_value(MONDAY_AREAS, 3, h08=705),  # the region: its two authorities have 700, its nation has 700
        "area_day",
        ("h08",),
        count=1,
        also=frozenset({"children-do-not-add"}),
        example="h08 is 700, and its parts add to 705",
    ),
    "children-do-not-add": Case(
        set_value(MONDAY_CELLS, FIRST_CHILD, h08=95),
        "cell_day",
        ("h08",),
        also=frozenset({"child-larger"}),
        example="h08 is 700, and its parts add to 695",
    ),
    "km-without-trips": Case(set_value(MONDAY_TRIPS, 0, **hours(0), km_total=5.0), "od_day", ("km_total",)),
    # 24 hours of 20 trips of 2,000 km are 960,000 km.
    "km-absurd": Case(set_value(MONDAY_TRIPS, 1, km_total=960_001.0), "od_day", ("km_total",), example="480 trips"),
    "factor-missing": Case(
        drop_rows("operator_factor", area_code=REGION, segment="resident"),
        "operator_factor",
        ("area_code",),
        example=f"{BIRCH}, resident",
    ),
    "factor-zero": Case(
        set_value("operator_factor", 2, switched_on_rate=0.0), "operator_factor", ("market_share",), example=ALDER
    ),
    "outage-inverted": Case(
        lambda made: made.rows["coverage"][0].update(to_utc=made.rows["coverage"][0]["from_utc"]),
        "coverage",
        ("to_utc",),
    ),
    "segment-larger": Case(
        both(
            *(set_value(MONDAY_AREAS, row, h08=702) for row in (7, 8, 9)),
            set_value(MONDAY_AREAS, 5, h08=402),
            set_value(MONDAY_AREAS, 6, h08=300),
        ),
        "area_day",
        ("h08",),
        count=4,
        example="h08 is 402, and that of all is 400",
    ),
    "trips-without-km": Case(set_value(MONDAY_TRIPS, 1, km_total=0.0), "od_day", ("km_total",)),
    "month-after-period": Case(
        lambda made: made.rows.update({"outbound_month/month=2026-11": [], "outbound_month/month=2026-12": []}),
        "outbound_month",
        ("month",),
        example="2026-12",
    ),
    "month-missing": Case(
        lambda made: made.rows.update({"inbound_month/month=2026-06": []}),
        "inbound_month",
        ("month",),
        count=3,
        example="2026-07",
    ),
    "outage-outside-period": Case(
        lambda made: made.rows["coverage"].append({**made.rows["coverage"][0], "from_utc": 0, "to_utc": 3_600_000_000}),
        "coverage",
        ("from_utc",),
    ),
    "table-unknown": Case(after(list_path("antennas/part-0.parquet")), None, ()),
    "file-unknown": Case(after(write_in("notes.txt", b"hello")), None, (), example="notes.txt"),
}
ELSEWHERE = {
    "folder-missing",
    "manifest-missing",
    "manifest-unreadable",
    "reference-missing",
    "operator-repeated",
    "shares-over-one",
}
"""Rules that are not broken by one delivery that can be read, in a country that is known: tests of their own."""


def test_no_rule_lacks_a_case():
    assert set(CASES) | ELSEWHERE == set(rules())


def test_a_delivery_without_a_fault_has_no_finding(tmp_path):
    report = validated(world().write(tmp_path / "blue"))
    assert report.findings == ()
    assert report.status == 0
    # Two days of 34 cells, 10 areas, 6 homes and 2 trips, and 10 rows of the other tables.
    assert report.deliveries[0].rows == 2 * (34 + 10 + 6 + 2) + 10
    assert "blue: accepted (operator blue; 2026-11-02 to 2026-11-03; 114 rows in 15 files read)" in render(report)


@pytest.mark.parametrize("rule", CASES)
def test_a_broken_rule_is_found_where_it_is_broken(rule, tmp_path):
    case = CASES[rule]
    made = world()
    case.edit(made)
    report = validated(made.write(tmp_path / "blue"))
    assert rules_of(report) == {rule, *case.also}, render(report)
    (found,) = [each for each in report.findings if each.rule == rule and each.table == case.table]
    assert found.columns == case.columns
    assert found.count == case.count
    assert case.example in found.example
    severities = {rules()[each].severity for each in rules_of(report)}
    assert report.status == (1 if "error" in severities else 0)


def test_a_folder_that_is_not_there(tmp_path):
    report = validated(tmp_path / "blue")
    assert (rules_of(report), report.status) == ({"folder-missing"}, 2)


def test_a_folder_that_is_not_a_delivery(tmp_path):
    report = validated(tmp_path)
    assert (rules_of(report), report.status) == ({"manifest-missing"}, 2)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1, 2]", b'"text"', b"\xff\xfe{}", b"[" * 100_000, b'{"rows": ' + b"9" * 5000 + b"}", b"\0"],
    ids=["empty", "cut short", "a list", "text", "not UTF-8", "deep", "an endless number", "zero"],
)
def test_a_manifest_that_cannot_be_read(content, tmp_path):
    (tmp_path / "manifest.json").write_bytes(content)
    report = validated(tmp_path)
    assert (rules_of(report), report.status) == ({"manifest-unreadable"}, 2)
    assert render(report)


def test_a_manifest_of_a_gigabyte_is_not_read(tmp_path):
    with (tmp_path / "manifest.json").open("wb") as file:
        file.truncate(1 << 30)  # a hole in the file system: takes no space
    report = validated(tmp_path)
    assert "1,073,741,824 bytes" in only(report, "manifest-unreadable").example
    assert report.status == 2


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 10**400, None, "ten", [10], {"a": 1}, True])
def test_a_field_that_is_no_number_is_told(value, tmp_path):
    report = validated(world(stay_minutes=value).write(tmp_path / "blue"))
    if value == 10**400:
        assert report.status == 0  # a long stay, not a fault of the file
    else:
        assert rules_of(report) <= {"manifest-field-type", "manifest-field-value"}
        assert report.findings[0].columns == ("stay_minutes",)
        assert report.status == 1


def test_without_a_reference_it_goes_on_and_says_so(tmp_path, monkeypatch):
    def missing(resolutions):
        raise CellCountError("The reference geography is not there.")

    monkeypatch.setattr("cellcount.validator.known.open_reference", missing)
    made = world()
    made.rows[MOVES][0]["new_area_code"] = "E07999999"
    made.rows[MONDAY_CELLS][9]["h00"] = 5
    report = validate_deliveries([made.write(tmp_path / "blue")])
    assert only(report, "reference-missing").example == "The reference geography is not there."
    assert rules_of(report) == {"reference-missing", "count-below-threshold", "children-do-not-add"}


def test_shares_of_all_operators_over_one(tmp_path):
    deliveries = []
    for operator, shares in {"blue": (0.35, 0.3), "green": (0.35, 0.3), "red": (0.31, 0.3)}.items():
        made = world(operator_id=operator)
        made.rows["operator_factor"] = [
            factor(ALDER, shares[0]),
            factor(REGION, shares[1]),
            factor(REGION, 0.25, "inbound"),
        ]
        deliveries.append(made.write(tmp_path / operator))
    report = validated(*deliveries)
    assert [delivery.status for delivery in report.deliveries] == [0, 0, 0]
    assert report.status == 1
    assert report.rows == 3 * 114
    assert rules_of(report) == {"shares-over-one"}
    # 0.35 + 0.35 + 0.31: in Alder alone. Birch has its region's, 0.9.
    assert only(report, "shares-over-one").example == f"area_code {ALDER}, segment resident: the shares add to 1.01"
    assert validated(*deliveries[:2]).status == 0


def test_one_operator_twice(tmp_path):
    one, other = world().write(tmp_path / "one"), world().write(tmp_path / "other")
    report = validated(one, other)
    assert rules_of(report) == {"operator-repeated"}
    assert report.between[0].count == 1
    assert report.status == 1
    assert "Between the deliveries" in render(report)


def test_every_fault_in_one_run_worst_first(tmp_path):
    made = world(colour="blue", threshold=True)
    for case in ("code-unknown", "area-unknown", "outage-inverted", "month-missing", "file-unknown"):
        CASES[case].edit(made)
    report = validated(made.write(tmp_path / "blue"))
    assert [finding.rule for finding in report.findings] == [
        "manifest-field-type",
        "code-unknown",
        "area-unknown",
        "outage-inverted",
        "month-missing",
        "file-unknown",
        "manifest-field-unknown",
    ]


def test_a_withheld_count_is_never_shown(tmp_path):
    made = world()
    made.rows[MONDAY_AREAS][0].update(h05=7)
    made.rows[MONDAY_CELLS][FIRST_CHILD].update(h05=7)
    made.rows[MONDAY_CELLS][COARSE_ROWS[0]].update(h06=7)
    made.rows[MONDAY_TRIPS][0].update(**{**hours(0), "h05": 7}, km_total=99_000.0)
    report = validated(made.write(tmp_path / "blue"))
    assert {"count-below-threshold", "child-larger", "children-do-not-add", "km-absurd"} <= rules_of(report)
    for finding in report.findings:
        told = finding.example.split(": ", 1)[1]
        assert not re.search(r"\b7\b", told), finding.example


def test_the_machine_readable_report(tmp_path):
    made = world()
    made.rows[MONDAY_CELLS][9].update(h00=9)
    made.rows[MONDAY_CELLS][9].update(h05=9)
    report = json.loads(validated(made.write(tmp_path / "blue")).to_json())
    assert list(report) == ["standard_version", "software_version", "status", "verdict", "deliveries", "between"]
    assert (report["standard_version"], report["status"], report["verdict"]) == ("0.1", 1, "refused")
    (delivery,) = report["deliveries"]
    findings = delivery.pop("findings")
    assert delivery == {
        "folder": str(tmp_path / "blue"),
        "delivery_id": "november",
        "operator_id": "blue",
        "period_start": "2026-11-02",
        "period_end": "2026-11-03",
        "status": 1,
        "verdict": "refused",
        "files": 15,
        "rows": 114,
    }
    (small,) = [each for each in findings if each["rule"] == "count-below-threshold"]
    rule = rules()["count-below-threshold"]
    assert small == {
        "rule": "count-below-threshold",
        "severity": "error",
        "table": "cell_day",
        "columns": ["h00", "h05"],
        "count": 1,
        "counts": "rows",
        "files": 1,
        "file": f"{MONDAY_CELLS}/part-0.parquet",
        "example": f"date 2026-11-02, resolution 8, h3 {EIGHTS[0]:x}, segment all: h00 is between 1 and 9",
        "message": rule.message,
        "remedy": rule.remedy,
    }


@pytest.mark.parametrize(("case", "status"), [(None, 0), ("month-missing", 0), ("code-unknown", 1), ("manifest", 2)])
def test_the_command_says_it_with_its_exit_status(case, status, tmp_path, monkeypatch):
    monkeypatch.setattr("cellcount.validator.known.open_reference", lambda _: country())
    made = world()
    if case in CASES:
        CASES[case].edit(made)
    folder = made.write(tmp_path / "blue")
    if case == "manifest":
        (folder / "manifest.json").write_text("{", encoding="utf-8")
    plain = CliRunner().invoke(app, ["validate", str(folder)])
    assert plain.exit_code == status, plain.output
    words = {0: "accepted", 1: "refused", 2: "could not be read"}[status]
    assert words in plain.output
    as_json = CliRunner().invoke(app, ["validate", "--json", str(folder)])
    assert as_json.exit_code == status
    report = json.loads(as_json.stdout)
    assert report["status"] == status
    if case in rules():
        assert rules()[case].remedy in plain.output
    if case == "month-missing":
        assert report["verdict"] == "accepted with warnings"


def test_progress_never_falls_and_ends_at_one(tmp_path):
    told = []
    validator.validate_deliveries(
        [world().write(tmp_path / "blue")], reference=country(), progress=lambda share, _: told.append(share)
    )
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_rounding_alone_is_no_contradiction(tmp_path):
    """Seven cells and their whole are eight rounded counts: four devices either way are no fault, a fifth is."""
    for difference, expected in ((-4, set()), (4, set()), (-5, {"child-larger"}), (5, {"children-do-not-add"})):
        made = world()
        made.rows[MONDAY_CELLS] = [row for row in made.rows[MONDAY_CELLS] if row["resolution"] != 5]
        made.manifest["resolutions"] = [6, 7, 8]
        made.rows[f"cell_day/date={DAYS[1]}"] = made.rows[MONDAY_CELLS]
        made.rows[MONDAY_CELLS][0].update(h08=700 + difference)
        report = validated(made.write(tmp_path / str(difference)))
        assert rules_of(report) - {"resolutions-incomplete"} == expected


def test_a_withheld_part_counts_at_least_one_and_hides_what_it_might_be(tmp_path):
    """One child withheld: with 600 in the other six, the whole may be from 601 to 609, and of more nobody can say."""
    for whole, expected in ((595, {"child-larger"}), (601, set()), (700, set())):
        made = world()
        for row in (*COARSE_ROWS, FIRST_CHILD):
            made.rows[MONDAY_CELLS][row].update(h08=whole if row in COARSE_ROWS else None)
        for row in range(9, 16):
            made.rows[MONDAY_CELLS][row].update(h08=0)
        report = validated(made.write(tmp_path / str(whole)))
        assert rules_of(report) - {"segment-larger"} == expected, whole  # 100 of a segment, where all are withheld


def test_a_cell_that_is_divided_in_part_only_is_not_added_up(tmp_path):
    """Six of seven children have rows: an absent row is not covered, so nothing is said of the sum."""
    made = world()
    for partition in (MONDAY_CELLS, f"cell_day/date={DAYS[1]}"):
        made.rows[partition] = [row for row in made.rows[partition] if row["h3"] != EIGHTS[6]]
    assert validated(made.write(tmp_path / "blue")).findings == ()


def test_a_crowd_that_its_cell_cannot_hold(tmp_path):
    """Two on every square metre: a cell of resolution 8 of 0.6 to 0.9 km2 holds 1.2 to 1.8 million."""
    area = h3.cell_area(EIGHTS[0], unit="km^2")
    most = int(area * limits()["devices_per_km2"].value)
    for count, expected in ((most, False), (most + 1, True)):
        made = world()
        for row in (*COARSE_ROWS, FIRST_CHILD, 9):
            made.rows[MONDAY_CELLS][row].update(h08=count)
        report = validated(made.write(tmp_path / str(count)))
        assert ("count-absurd" in rules_of(report)) == expected


def test_visits_need_the_factor_of_visitors_and_own_trips_that_of_residents(tmp_path):
    made = world()
    made.rows[VISITS] = [visit(BIRCH, "GB", "1", 30, 30)]
    made.rows["operator_factor"] = [factor(REGION, 0.3)]
    for day in DAYS:
        for name in ("cell_day", "area_day"):
            rows = made.rows[f"{name}/date={day}"]
            made.rows[f"{name}/date={day}"] = [row for row in rows if row["segment"] != "inbound"]
    assert validated(made.write(tmp_path / "residents")).findings == ()
    made.rows[VISITS].append(visit(BIRCH, "FR", "1", 30, 30))
    assert only(validated(made.write(tmp_path / "both")), "factor-missing").example == f"{BIRCH}, inbound"


def test_every_area_of_a_segment_is_told_by_the_hour_as_one_row(tmp_path):
    made = world()
    made.rows[MONDAY_AREAS].append(area_row("E07999999", hours(5)))
    found = only(validated(made.write(tmp_path / "blue")), "count-below-threshold")
    assert (found.count, found.columns, found.column) == (1, HOUR_COLUMNS, "h00 ... h23")


def test_the_top_is_in_the_country():
    assert h3.cell_to_parent(CHILDREN[0], 5) == TOP
    assert set(delivery_tables()) == {partition.split("/")[0] for partition in world().rows}
