"""The demonstration: what it writes, seen from outside."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import h3.api.basic_int as h3
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import cellcount.demo
from cellcount import geography
from cellcount.demo import DemonstrationError, make_demonstration
from cellcount.demo.parameters import ScenarioError
from cellcount.standard import HOUR_COLUMNS, delivery_tables

OPERATORS = ("operator-a", "operator-b", "operator-c")
TUESDAY, WEDNESDAY, BONFIRE, FRIDAY, MATCH = "2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06", "2026-11-07"
WEEK_BEFORE = {WEDNESDAY: "2026-10-28", BONFIRE: "2026-10-29", FRIDAY: "2026-10-30", MATCH: "2026-10-31"}
NEWCASTLE, NORTH_EAST = "E08000021", "E12000001"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two weeks of the North East: the week of the events and the one before."""
    return make_demonstration(tmp_path_factory.mktemp("demo") / "two-weeks", weeks=2, detail="small")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days by another seed, in which the first operator withholds counts under 40."""
    folder = tmp_path_factory.mktemp("other")
    scenario = folder / "scenario.toml"
    scenario.write_text("[operators.operator-a]\nthreshold = 40\n")
    with pytest.MonkeyPatch.context() as patch:
        return two_days(patch, folder / "two-days", seed=2, scenario=scenario)


def two_days(patch: pytest.MonkeyPatch, out: Path, **options: Any) -> Path:
    """A demonstration of the two days before the events, to save time."""
    patch.setattr(cellcount.demo, "period", lambda *_: [dt.date(2026, 11, 2), dt.date(2026, 11, 3)])
    return make_demonstration(out, weeks=1, detail="small", **options)


def read(file: Path) -> pa.Table:
    return pq.read_table(file, partitioning=None)


def delivered(made: Path, operator: str, partition: str) -> pa.Table:
    return read(made / "deliveries" / operator / partition / "part-0.parquet")


def hours(table: pa.Table) -> np.ndarray:
    """Rows x hours, NaN where withheld."""
    return np.stack([table[name].to_numpy().astype(float) for name in HOUR_COLUMNS], axis=1)


def area(made: Path, operator: str, date: str, code: str, segment: str = "all") -> np.ndarray:
    table = delivered(made, operator, f"area_day/date={date}")
    return hours(table.filter((pc.field("area_code") == code) & (pc.field("segment") == segment)))[0]


def on_table(table: pa.Table, sql: str) -> list[tuple]:
    with duckdb.connect() as connection:
        connection.register("counts", table)
        return connection.sql(sql).fetchall()


def true_area(made: Path, date: str, code: str) -> np.ndarray:
    table = read(made / "truth" / "area_people.parquet")
    return hours(table.filter((pc.field("area_code") == code) & (pc.field("date") == pc.scalar(date).cast("date32"))))[
        0
    ]


def true_around(made: Path, date: str, event: str) -> np.ndarray:
    """True people by hour in the cells of resolution 8 within the radius of an event (km), and half a cell."""
    row = read(made / "truth" / "events.parquet").filter(pc.match_substring(pc.field("name"), event)).to_pylist()[0]
    table = read(made / "truth" / "people" / f"date={date}" / "part-0.parquet")
    return hours(table.filter(np.isin(table["h3"].to_numpy(), around(row)))).sum(axis=0)


def around(row: dict) -> list[int]:
    centre = h3.latlng_to_cell(row["lat"], row["lon"], 8)
    near = h3.grid_disk(centre, 2)
    reach = row["radius_km"] + 0.3
    return [
        cell
        for cell in near
        if h3.great_circle_distance((row["lat"], row["lon"]), h3.cell_to_latlng(cell), unit="km") <= reach
    ]


def checksums(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*.parquet"))
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_a_validator_accepts_the_deliveries_with_nothing_to_say(made: Path) -> None:
    validator = pytest.importorskip("cellcount.validator")
    report = validator.validate_deliveries([made / "deliveries" / name for name in OPERATORS])
    assert report.status == 0, validator.render(report)
    assert json.loads(report.to_json())
    assert "WARNING" not in validator.render(report)


def test_every_table_of_the_standard_is_delivered_with_its_declared_columns(made: Path) -> None:
    for operator in OPERATORS:
        folder = made / "deliveries" / operator
        assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == sorted(delivery_tables())
        for name, table in delivery_tables().items():
            file = next((folder / name).rglob("*.parquet"))
            assert [(field.name, field.type) for field in read(file).schema] == [
                (field.name, field.type) for field in table.file_schema
            ], name


def test_the_manifest_says_that_the_data_are_made_up_and_lists_every_file(made: Path) -> None:
    folder = made / "deliveries" / "operator-a"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["synthetic"] is True
    assert (manifest["period_start"], manifest["period_end"]) == ("2026-10-26", "2026-11-08")
    assert manifest["resolutions"] == [5, 6, 7, 8]
    assert {entry["path"]: entry["sha256"] for entry in manifest["files"]} == checksums(folder)


def test_the_same_seed_gives_the_same_bytes_whoever_does_the_work(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cellcount.demo, "PROCESSES_FROM", 0)
    days = two_days(monkeypatch, tmp_path / "days")
    ours, both = checksums(days / "deliveries"), checksums(made / "deliveries")
    assert len(ours) > 3 * 2 * 4
    assert ours == {path: both[path] for path in ours}


def test_another_seed_gives_other_counts(made: Path, other: Path) -> None:
    same, different = checksums(made / "deliveries"), checksums(other / "deliveries")
    counts = [path for path in different if "cell_day" in path or "od_day" in path]
    assert counts
    assert not [path for path in counts if same[path] == different[path]]


def test_small_counts_are_withheld_and_no_others(made: Path, other: Path) -> None:
    for folder, threshold in ((made, 10), (other, 40)):
        for partition in (f"cell_day/date={TUESDAY}", f"area_day/date={TUESDAY}", f"od_day/date={TUESDAY}"):
            counts = hours(delivered(folder, "operator-a", partition))
            known = counts[~np.isnan(counts)]
            assert not ((known > 0) & (known < threshold)).any()
            assert np.isnan(counts).any() or "area" in partition


def test_what_the_stated_threshold_withholds_is_below_it(made: Path, other: Path) -> None:
    """Cells of resolution 8 that are withheld, all children known but one: the parent's count says what it was."""
    table = delivered(made, "operator-a", f"cell_day/date={TUESDAY}")
    rows = on_table(
        table,
        "with cells as (select resolution, h3, h12 from counts where segment = 'all'), "
        "eights as (select *, ((h3 & 9155818042444218367) | (7::bigint << 52)) | ((1::bigint << 24) - 1) as parent "
        "  from cells where resolution = 8) "
        "select sevens.h12 - sum(eights.h12) as hidden from eights join cells sevens on sevens.h3 = eights.parent "
        "where sevens.resolution = 7 and sevens.h12 is not null "
        "group by sevens.h3, sevens.h12 having count(*) - count(eights.h12) = 1",
    )
    hidden = [row[0] for row in rows]
    assert len(hidden) > 20
    assert min(hidden) >= 1
    assert max(hidden) <= 9


def test_segments_add_to_all_where_none_is_withheld(made: Path) -> None:
    table = delivered(made, "operator-b", f"cell_day/date={TUESDAY}")
    off = on_table(
        table,
        "select max(abs(everyone - parts)) from (select h3, max(h12) filter (segment = 'all') everyone, "
        "sum(h12) filter (segment <> 'all') parts, count(h12) known from counts where resolution = 7 group by h3) "
        "where known = 5",
    )
    assert off == [(0,)]


def test_people_are_where_they_live_at_night(made: Path) -> None:
    areas = geography.areas()
    residents = areas.filter(pc.field("area_code") == NORTH_EAST)["residents"][0].as_py()
    assert true_area(made, TUESDAY, NORTH_EAST)[3] == pytest.approx(residents, rel=0.05)


def test_work_fills_the_city_by_day_and_a_saturday_is_not_a_tuesday(made: Path) -> None:
    tuesday, saturday = true_area(made, TUESDAY, NEWCASTLE), true_area(made, "2026-10-31", NEWCASTLE)
    assert tuesday[11] > 1.08 * tuesday[3]
    seen = area(made, "operator-a", TUESDAY, NEWCASTLE, "at_work")
    assert seen[11] > 10 * seen[3]
    at_work = area(made, "operator-a", "2026-10-31", NEWCASTLE, "at_work")
    assert at_work[11] < 0.6 * seen[11]
    assert saturday[22] > tuesday[22]


@pytest.mark.parametrize(
    ("event", "date", "hour", "least"),
    [("Town Moor", BONFIRE, 19, 25_000), ("Football match", MATCH, 15, 40_000)],
)
def test_a_crowd_comes_once(made: Path, event: str, date: str, hour: int, least: float) -> None:
    there = true_around(made, date, event) - true_around(made, WEEK_BEFORE[date], event)
    assert there[hour] > least
    assert abs(there[3]) < 0.1 * least


def test_an_evacuation_empties_the_place_and_people_come_back(made: Path) -> None:
    day, before = true_around(made, WEDNESDAY, "Marlbeck"), true_around(made, WEEK_BEFORE[WEDNESDAY], "Marlbeck")
    assert day[15] < 0.45 * before[15]
    assert day[23] == pytest.approx(before[23], rel=0.1)


def test_a_crowd_is_seen_by_every_operator(made: Path) -> None:
    for operator, share in zip(OPERATORS, (0.36, 0.28, 0.21), strict=True):
        rise = area(made, operator, BONFIRE, NEWCASTLE)[19] - area(made, operator, WEEK_BEFORE[BONFIRE], NEWCASTLE)[19]
        assert 0.3 * share * 32_000 < rise < 2.0 * share * 32_000


def test_an_outage_is_one_operators_and_is_told(made: Path) -> None:
    outages = delivered(made, "operator-b", "coverage").to_pylist()
    assert len(outages) == 1
    assert delivered(made, "operator-a", "coverage").num_rows == 0
    cell = outages[0]["h3_parent"]

    def within(operator: str, date: str) -> np.ndarray:
        table = delivered(made, operator, f"cell_day/date={date}")
        return hours(table.filter((pc.field("h3") == cell) & (pc.field("segment") == "all")))[0]

    ratio = {name: within(name, FRIDAY) / within(name, WEEK_BEFORE[FRIDAY]) for name in OPERATORS}
    assert (ratio["operator-b"][10:14] < 0.2).all()
    assert ratio["operator-b"][9] == pytest.approx(0.55, abs=0.15), "half an hour of it"
    assert (np.abs(ratio["operator-b"][[3, 6, 16, 20]] - 1) < 0.2).all()
    for name in ("operator-a", "operator-c"):
        assert (np.abs(ratio[name][8:16] - 1) < 0.25).all()


def test_counts_over_the_observed_share_are_the_truth(made: Path) -> None:
    """No bias: over the hours of a day, each operator's devices over the share that it sees are the people there."""
    observed = read(made / "truth" / "observed.parquet")
    truth = true_area(made, TUESDAY, NEWCASTLE)
    for operator in OPERATORS:
        own = (pc.field("operator_id") == operator) & (pc.field("area_code") == NEWCASTLE)
        share = hours(observed.filter(own & (pc.field("date") == dt.date.fromisoformat(TUESDAY))))[0]
        assert area(made, operator, TUESDAY, NEWCASTLE).sum() == pytest.approx((truth * share).sum(), rel=0.02)


def test_by_night_an_operator_sees_the_share_of_those_who_live_there_and_by_day_of_those_who_come(made: Path) -> None:
    """Newcastle: by night nearly all live there; by day many come from authorities with other shares."""
    observed = read(made / "truth" / "observed.parquet").filter(pc.field("area_code") == NEWCASTLE)
    true = read(made / "truth" / "shares.parquet").filter(pc.field("area_code") == NEWCASTLE).to_pylist()
    moved = []
    for row in true:
        own = (pc.field("operator_id") == row["operator_id"]) & (pc.field("date") == dt.date.fromisoformat(TUESDAY))
        share = hours(observed.filter(own))[0] / (row["market_share"] * row["devices_per_customer"])
        assert share[3] == pytest.approx(1, abs=0.02)
        moved.append(abs(share[12] - 1) - abs(share[3] - 1))
    assert max(moved) > 0.001


def test_nights_abroad_are_those_of_the_residents_who_are_abroad(made: Path) -> None:
    """Nights of October over its 31 days, over the share that is seen, are the residents abroad on each of its days."""
    balance = read(made / "truth" / "balance.parquet").to_pylist()
    share = next(row["abroad"] / row["residents"] for row in balance if str(row["date"]) == "2026-10-28")
    residents = dict(
        zip(*(geography.areas().column(name).to_pylist() for name in ("area_code", "residents")), strict=True)
    )
    for operator in OPERATORS:
        true = read(made / "truth" / "shares.parquet").filter(pc.field("operator_id") == operator).to_pylist()
        p = {row["area_code"]: row["market_share"] * row["devices_per_customer"] for row in true}
        table = delivered(made, operator, "outbound_month/month=2026-10")
        nights = on_table(table, "select home_area_code, sum(nights) from counts group by all")
        abroad = sum(float(number) / p[code] for code, number in nights) / 31
        assert abroad / sum(residents[code] for code, _ in nights) == pytest.approx(share, rel=0.02)


def test_stated_shares_err_as_they_say(made: Path) -> None:
    """Over 361 authorities the relative error of the stated share has the stated standard error."""
    for operator in OPERATORS:
        stated = delivered(made, operator, "operator_factor").filter(pc.field("segment") == "resident")
        known = dict(zip(stated["area_code"].to_pylist(), stated["market_share"].to_pylist(), strict=True))
        true = read(made / "truth" / "shares.parquet").filter(pc.field("operator_id") == operator)
        error = np.array([known[row["area_code"]] / row["market_share"] - 1 for row in true.to_pylist()])
        se = stated["share_se"][0].as_py()
        assert 0.6 * se < np.sqrt(np.mean(error**2)) < 1.5 * se
        spread = np.ptp(true["market_share"].to_numpy())
        assert 0.06 < spread < 0.16


def test_a_year_of_months_is_delivered(made: Path) -> None:
    for table in ("inbound_month", "inbound_cell_month", "outbound_month"):
        months = sorted(path.name for path in (made / "deliveries" / "operator-c" / table).iterdir())
        assert (len(months), months[0], months[-1]) == (12, "month=2025-11", "month=2026-10")


def test_visits_have_as_many_nights_as_their_stay_allows(made: Path) -> None:
    table = delivered(made, "operator-a", "inbound_month/month=2026-08").drop_null()
    for stay, (least, most) in {"same_day": (0, 0), "1": (1, 1), "2-3": (2, 3), "4-7": (4, 7)}.items():
        rows = table.filter(pc.field("stay") == stay)
        per_visit = rows["nights"].to_numpy() / np.maximum(rows["visits"].to_numpy(), 1)
        assert rows.num_rows
        assert per_visit.min() >= least
        assert per_visit.max() <= most


def test_what_is_not_a_demonstration_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DemonstrationError, match="not a demonstration"):
        make_demonstration(tmp_path, weeks=1, detail="small")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_failure_leaves_the_earlier_demonstration(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "demo"
    out.mkdir()
    (out / "demonstration.json").write_text("{}")

    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(cellcount.demo, "count_day", full)
    with pytest.raises(DemonstrationError, match="No space"):
        make_demonstration(out, weeks=1, detail="small")
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    assert (out / "demonstration.json").read_text() == "{}"


def test_unknown_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DemonstrationError, match="national, first_start or small"):
        make_demonstration(tmp_path / "demo", detail="tiny")
    with pytest.raises(DemonstrationError, match="1 to 52"):
        make_demonstration(tmp_path / "demo", weeks=0)
    with pytest.raises(ScenarioError, match="cannot be read"):
        make_demonstration(tmp_path / "demo", scenario=tmp_path / "none.toml")


def test_what_a_killed_demonstration_left_is_swept_and_a_refused_one_says_so(tmp_path, monkeypatch):
    left = tmp_path / ".making-again-999999999-0a1b2c3d"
    (left / "deliveries").mkdir(parents=True)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cellcount.demo, "_make", full)
    with pytest.raises(DemonstrationError, match="No space left on device"):
        make_demonstration(tmp_path / "again", detail="small")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_below_a_file_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("somebody's")
    with pytest.raises(DemonstrationError, match="cannot be written"):
        make_demonstration(tmp_path / "file" / "demo", detail="small")
    assert (tmp_path / "file").read_text() == "somebody's"
