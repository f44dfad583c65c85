"""From little deliveries, written out by hand, to the figures that a release must hold."""

import datetime as dt
import json
from pathlib import Path

import pytest
from build_world import (
    ALDER,
    ALDER_CELLS,
    BIRCH,
    BIRCH_CELLS,
    CHILDREN,
    COUNTRY,
    MONDAY,
    PARENT,
    PLAIN,
    REGION,
    area_row,
    cell_row,
    factor,
    hours,
    reference,
    rows_of,
    write_delivery,
)

from cellcount.build import build_release
from cellcount.build.deliveries import DeliveryRefusedError
from cellcount.build.protect import Protection
from cellcount.build.release import ReleaseExistsError, check_release
from cellcount.errors import CellCountError

REFERENCE = reference()
LARGE = [factor(ALDER, 0.4), factor(REGION, 0.5)]
SMALL = [factor(ALDER, 0.2), factor(REGION, 0.25)]


def built(tmp_path: Path, *deliveries: Path, protection: Protection = PLAIN, **options) -> Path:
    return build_release(list(deliveries), tmp_path / "releases", reference=REFERENCE, protection=protection, **options)


def by_cell(release: Path, column: str, table: str = "present") -> dict[int, int | None]:
    return {row["h3"]: row[column] for row in rows_of(release, table) if row["resolution"] == "7"}


def test_people_are_devices_over_shares_and_a_withheld_count_is_taken_at_its_expectation(tmp_path):
    both, one_withheld, withheld, nobody, elsewhere = *ALDER_CELLS, BIRCH_CELLS[0]
    large = write_delivery(
        tmp_path / "large",
        "large",
        factors=LARGE,
        cell_day=[
            cell_row(both, hours(80)),
            cell_row(one_withheld, hours(80)),
            cell_row(withheld, hours(None)),
            cell_row(nobody, hours(0, h08=None)),
            cell_row(elsewhere, hours(60)),
        ],
    )
    small = write_delivery(
        tmp_path / "small",
        "small",
        factors=SMALL,
        cell_day=[
            cell_row(both, hours(40)),
            cell_row(one_withheld, hours(None)),
            cell_row(withheld, hours(None)),
            cell_row(nobody, hours(0)),
        ],
        threshold=3,
    )

    release = built(tmp_path, large, small)

    people = by_cell(release, "h12")
    assert people[both] == 200  # (80 + 40) / (0.4 + 0.2)
    # The small operator withholds 1 or 2. With N people its mean m is 0.2 N, and of 1 (weight m) and 2 (weight m^2 / 2)
    # (1 + m) / (1 + m / 2) is expected: N = 136.55 gives m = 27.3 and 1.93, and (80 + 1.93) / 0.6 = 136.55.
    assert people[one_withheld] == 137
    assert people[withheld] is None
    assert people[nobody] == 0
    assert by_cell(release, "h08")[nobody] is None  # one of them saw somebody, and does not say how many
    assert people[elsewhere] == 120  # 60 / 0.5: Birch has its region's factor, and the small operator does not cover it
    assert set(people) == {both, one_withheld, withheld, nobody, elsewhere}  # what nobody covers has no row
    assert check_release(release) == []


def test_no_figure_has_fewer_devices_behind_it_than_the_threshold(tmp_path):
    cell = ALDER_CELLS[0]
    large = write_delivery(tmp_path / "large", "large", factors=LARGE, cell_day=[cell_row(cell, hours(12, h08=18))])
    small = write_delivery(tmp_path / "small", "small", factors=SMALL, cell_day=[cell_row(cell, hours(None, h08=12))])

    raised = built(tmp_path, large, small, threshold=30)

    assert by_cell(raised, "h12")[cell] is None  # 12 devices are known
    assert by_cell(raised, "h08")[cell] == 50  # 30 devices / 0.6
    with pytest.raises(CellCountError, match="not lowered below 10"):
        built(tmp_path, large, small, threshold=9)


def test_an_outage_changes_what_an_operator_counts_and_not_the_people(tmp_path):
    outage = {
        "h3_parent": ALDER_CELLS[0],
        "from_utc": dt.datetime.fromisoformat("2026-11-02T09:00"),
        "to_utc": dt.datetime.fromisoformat("2026-11-02T10:45"),
        "share_active": 0.2,
        "reason": "fibre cut",
    }
    # 200 people in the cell and 80 of them seen; from 09:00 a fifth of those, from 10:00 two fifths, for a quarter of
    # the hour is whole. In the cell beside it the network works.
    # The coarse cell has 1,400 people: of (4 x 0.4 + 3 x 0.5) / 7 = 0.4429 of them, 620, a seventh of 80 % is lost.
    broken, whole, coarse = hours(80, h09=16, h10=32), hours(80), hours(620, h09=549)
    large = write_delivery(
        tmp_path / "large",
        "large",
        factors=LARGE,
        cell_day=[cell_row(PARENT, coarse), cell_row(ALDER_CELLS[0], broken), cell_row(ALDER_CELLS[1], whole)],
        area_day=[area_row(COUNTRY, hours(8000))],
        tables={"coverage": [outage]},
    )
    small = write_delivery(
        tmp_path / "small",
        "small",
        factors=SMALL,
        cell_day=[
            cell_row(PARENT, hours(310)),
            cell_row(ALDER_CELLS[0], hours(40)),
            cell_row(ALDER_CELLS[1], hours(40)),
        ],
        area_day=[area_row(COUNTRY, hours(7000))],
    )

    release = built(tmp_path, large, small)

    for hour in ("h08", "h09", "h10", "h11"):
        assert by_cell(release, hour) == dict.fromkeys(ALDER_CELLS[:2], 200)  # 120 / 0.6, and 40 / 0.2 of the small one
        parent = next(row for row in rows_of(release, "present") if row["resolution"] == "6")
        assert parent[hour] == 1400  # (620 + 310) / 0.6643, (549 + 310) / 0.6137, or 310 / 0.2214
    lost = {(row["h3_parent"], row["hour_utc"].hour): row["share_lost"] for row in rows_of(release, "coverage")}
    # 0.4 of 0.6 of all is the large operator's, and 80 % of that is lost, then three quarters of 80 %.
    assert lost == {(ALDER_CELLS[0], 9): pytest.approx(0.5333), (ALDER_CELLS[0], 10): pytest.approx(0.4)}


def test_an_operator_whose_network_was_down_is_left_out(tmp_path):
    outage = {
        "h3_parent": ALDER_CELLS[0],
        "from_utc": dt.datetime.fromisoformat("2026-11-02T09:00"),
        "to_utc": dt.datetime.fromisoformat("2026-11-02T10:00"),
        "share_active": 0.2,
        "reason": "fibre cut",
    }
    cells = [cell_row(index, hours(80)) for index in ALDER_CELLS[:2]]
    large = write_delivery(tmp_path / "large", "large", factors=LARGE, cell_day=cells, tables={"coverage": [outage]})
    cells = [cell_row(index, hours(70)) for index in ALDER_CELLS[:2]]
    small = write_delivery(tmp_path / "small", "small", factors=SMALL, cell_day=cells)

    release = built(tmp_path, large, small)

    assert by_cell(release, "h08") == dict.fromkeys(ALDER_CELLS[:2], 250)  # 150 / 0.6
    # 70 / 0.2: what the large operator counted where 80 % of its network was gone says nothing, whatever it is
    assert by_cell(release, "h09") == {ALDER_CELLS[0]: 350, ALDER_CELLS[1]: 250}


def test_areas_are_calibrated_to_residents_at_night_and_add_up(tmp_path):
    def night_and_day(night: int, day: int, **others: int) -> dict[str, int | None]:
        return {**hours(day), **{f"h{hour:02d}": night for hour in range(6)}, **others}

    delivery = write_delivery(
        tmp_path / "large",
        "large",
        factors=LARGE,  # 0.4 in Alder and 0.5 in Birch: what the operator believes
        area_day=[
            area_row(ALDER, night_and_day(1200, 1800)),
            area_row(BIRCH, night_and_day(900, 600, h12=5)),
            area_row(COUNTRY, hours(2600)),
        ],
        cell_day=[cell_row(cell, hours(400)) for cell in CHILDREN],
    )

    release = built(tmp_path, delivery)

    areas = {row["area_code"]: row for row in rows_of(release, "area_hour")}
    assert [areas[code]["people_h02"] for code in (ALDER, BIRCH, COUNTRY)] == [4000, 3000, 7000]  # official residents
    # 1,200 of 4,000 and 900 of 3,000: the operator sees 30 % in either.
    assert [areas[code]["people_h14"] for code in (ALDER, BIRCH)] == [6000, 2000]
    assert areas[COUNTRY]["people_h14"] == 8000  # what they add up to, not 2,600 over something
    assert areas[BIRCH]["people_h12"] is None  # 5 devices
    assert areas[BIRCH]["se_h12"] is None
    # Chance (6,000 + 1 / 0.3) / 0.3 = 20,011, share (6,000 x 5.831 %)^2 = 122,400, rounding 4: together 377.4 squared.
    assert areas[ALDER]["se_h14"] == pytest.approx(377.4, abs=0.1)
    precision = {(row["area_code"], row["day_part"]): row for row in rows_of(release, "precision")}
    assert precision[BIRCH, "night"]["coverage_p"] == pytest.approx(0.3)
    # 5 % as stated, and the 3 % who may be abroad, which nobody has delivered.
    assert precision[BIRCH, "night"]["share_cv"] == pytest.approx((0.05**2 + 0.03**2) ** 0.5, abs=1e-6)
    assert precision[ALDER, "night"]["calibration_factor"] == pytest.approx(0.4 / 0.3, abs=1e-5)
    active = rows_of(release, "devices_day")
    assert [(row["area_code"], row["h12"]) for row in active] == [(COUNTRY, 3000)]  # to the nearest 1,000
    quality = {(row["metric"], row["area_code"]): row["value"] for row in rows_of(release, "quality")}
    assert quality["operator_share:large", ALDER] == 0.3
    assert quality["night_people_per_resident", BIRCH] == 1.0
    assert quality["calibration_factor", ALDER] == pytest.approx(1.3333)
    assert ("operator_disagreement", ALDER) not in quality  # one operator disagrees with nobody
    assert ("r_squared:large", None) not in quality  # two areas are too few to tell


def test_residents_are_put_where_they_live_and_what_is_counted_beyond_them_is_people_too(tmp_path):
    """The operator sees 40 % of people, and places 100 of a cell's 400 devices in the cell beside it."""
    seen = dict.fromkeys(CHILDREN, 400) | {ALDER_CELLS[0]: 300, ALDER_CELLS[1]: 500}
    crowd = {ALDER_CELLS[0]: 40}
    at_home = [cell_row(cell, hours(count), "at_home") for cell, count in seen.items()]
    everybody = [cell_row(cell, hours(count, h12=count + crowd.get(cell, 0))) for cell, count in seen.items()]
    areas = {ALDER: 1600, BIRCH: 1200}
    delivery = write_delivery(
        tmp_path / "large",
        "large",
        factors=[factor(REGION, 0.4)],
        cell_day=[*everybody, *at_home],
        area_day=[
            *(area_row(code, hours(count, h12=count + 40 * (code == ALDER))) for code, count in areas.items()),
            *(area_row(code, hours(count), "at_home") for code, count in areas.items()),
        ],
    )

    release = built(tmp_path, delivery)

    assert by_cell(release, "h03") == dict.fromkeys(CHILDREN, 1000)  # as the census says; 300 / 0.4 would be 750
    assert by_cell(release, "h12") == dict.fromkeys(CHILDREN, 1000) | {ALDER_CELLS[0]: 1100}  # 1,000 + 40 / 0.4


def test_a_release_of_three_operators_hides_what_one_could_work_out_and_rounds_to_fives(tmp_path):
    balanced, dominated, rare = ALDER_CELLS[:3]
    counts = {"1": (41, 100, 4), "2": (40, 41, 3), "3": (42, 3, 2)}
    deliveries = [
        write_delivery(
            tmp_path / name,
            name,
            factors=[factor(REGION, 0.25)],
            cell_day=[cell_row(cell, hours(n)) for cell, n in zip((balanced, dominated, rare), theirs, strict=True)],
            consent=None,
        )
        for name, theirs in counts.items()
    ]

    release = built(tmp_path, *deliveries, protection=Protection(secondary=False))

    rows = {row["h3"]: row for row in rows_of(release, "present") if row["resolution"] == "7"}
    figures = [rows[balanced][name] for name in hours(0)]
    assert set(figures) <= {160, 165}  # 123 / 0.75 = 164: up by a chance of 4/5, hour by hour
    assert {rows[dominated][name] for name in hours(0)} == {None}  # 3 is less than 10 % of 100
    assert {rows[rare][name] for name in hours(0)} == {None}  # 9 devices
    with pytest.raises(DeliveryRefusedError, match="consent of each"):
        built(tmp_path, *deliveries[:2])


def test_the_share_cv_of_two_operators_is_that_of_their_sum(tmp_path):
    cells = [cell_row(cell, hours(400)) for cell in CHILDREN]
    one = write_delivery(tmp_path / "1", "1", factors=[factor(REGION, 0.3, se=0.10)], cell_day=cells)
    two = write_delivery(tmp_path / "2", "2", factors=[factor(REGION, 0.2, se=0.20)], cell_day=cells)

    precision = {row["area_code"]: row for row in rows_of(built(tmp_path, one, two), "precision")}

    assert precision[ALDER]["coverage_p"] == pytest.approx(0.5)
    # sqrt((0.3 x 0.1)^2 + (0.2 x 0.2)^2) / 0.5 = 0.05 / 0.5; besides, the 3 % who may be abroad, and 0.5 % who
    # come and go, for no area was delivered.
    assert precision[ALDER]["share_cv"] == pytest.approx((0.1**2 + 0.03**2 + 0.005**2) ** 0.5, abs=1e-6)


def test_segments_are_released_at_resolutions_5_to_7_and_visitors_have_their_own_share(tmp_path):
    cell = ALDER_CELLS[0]
    delivery = write_delivery(
        tmp_path / "large",
        "large",
        factors=[*LARGE, factor(REGION, 0.25, segment="inbound")],
        cell_day=[
            cell_row(cell, hours(80)),
            cell_row(cell, hours(40), "at_home"),
            cell_row(cell, hours(20), "inbound"),
        ],
    )

    release = built(tmp_path, delivery)

    people = {row["segment"]: row["h12"] for row in rows_of(release, "present_segment")}
    assert people == {"at_home": 100, "inbound": 80}  # 40 / 0.4, 20 / 0.25


def test_trips_of_an_hour_a_day_and_a_month(tmp_path):
    tuesday = MONDAY + dt.timedelta(1)
    trip = {"origin_code": ALDER, "destination_code": BIRCH, "purpose": "all"}
    large = write_delivery(
        tmp_path / "large",
        "large",
        factors=LARGE,
        last=tuesday,
        cell_day=[cell_row(cell, hours(400)) for cell in CHILDREN],
        tables={
            f"od_day/date={MONDAY}": [
                {**trip, **hours(0, h08=40, h09=None), "km_total": 420.0, "minutes_mean": 30.0},
                {**trip, "purpose": "home_work", **hours(0, h08=None), "km_total": None, "minutes_mean": None},
            ],
            f"od_day/date={tuesday}": [{**trip, **hours(0, h08=20), "km_total": 200.0, "minutes_mean": 30.0}],
        },
    )
    small = write_delivery(
        tmp_path / "small",
        "small",
        factors=SMALL,
        last=tuesday,
        cell_day=[cell_row(cell, hours(400)) for cell in CHILDREN],
        tables={
            f"od_day/date={MONDAY}": [{**trip, **hours(0, h08=20), "km_total": 180.0, "minutes_mean": 45.0}],
            f"od_day/date={tuesday}": [],
        },
    )

    release = built(tmp_path, large, small)

    flows = {(row["date"], row["purpose"]): row for row in rows_of(release, "flows_day")}
    monday = flows[str(MONDAY), "all"]
    assert monday["h08"] == 100  # 60 / 0.6
    assert monday["h09"] is None  # the large operator withholds, the small one saw no trip
    assert monday["h10"] == 0
    # The large operator's withheld hour holds one to nine trips, so there are 61 to 69 over 0.6.
    trips = monday["trips"]
    assert 61 / 0.6 < trips < 69 / 0.6
    # (420 + 180) / 0.6 km over the trips, to a tenth of one, for a total must not tell what trips do not.
    assert monday["km_total"] in {round(round(1000 / each, 1) * trips) for each in (trips - 0.5, trips, trips + 0.5)}
    assert 34.5 < monday["minutes_mean"] < 34.9  # from (41 x 30 + 20 x 45) / 61 to (49 x 30 + 20 x 45) / 69
    # Shares of 0.4 and 0.2 with 5 % error each: sqrt(0.02^2 + 0.01^2) = 0.02236 of 0.6, a CV of 3.727 %; with the
    # 3 % who may be abroad and the 0.5 % who come and go, 4.810 %. Rounding adds 4. Too few hours were counted by both
    # to tell how counts scatter: as Poisson ones, whose variance is their mean; and too few pairs to say more.
    assert monday["se"] == pytest.approx(((trips + 1 / 0.6) / 0.6 + (trips * 0.0481) ** 2 + 4) ** 0.5, abs=0.01)
    assert flows[str(tuesday), "all"]["trips"] == 33  # no row of the small operator: it saw no trip; 20 / 0.6
    hidden = flows[str(MONDAY), "home_work"]
    assert [hidden[name] for name in ("h08", "trips", "km_total", "minutes_mean", "se")] == [None] * 5
    month = {row["purpose"]: row for row in rows_of(release, "flows_month")}
    assert month["all"]["month"] == "2026-11"
    assert month["all"]["trips"] in (trips + 33, trips + 34)  # 20 / 0.6 = 33.3 more: added up before rounding
    assert month["all"]["days"] == 2
    assert month["home_work"]["trips"] is None


def test_visits_homes_and_moves(tmp_path):
    visit = {"area_code": ALDER, "country_of_residence": "FR", "stay": "2-3"}
    tables = {
        "inbound_month/month=2026-11": [
            {**visit, "visits": 50, "nights": 120, "departures": None, "repeat_visits": 10},
            {**visit, "country_of_residence": "GB", "visits": 80, "nights": 200, "departures": 80},
            {**visit, "country_of_residence": "ZZ", "visits": None, "nights": 12, "departures": 12},
        ],
        "outbound_month/month=2026-11": [{"home_area_code": ALDER, "country": "FR", "trips": 40, "nights": 160}],
        "inbound_cell_month/month=2026-11": [
            {"h3": CHILDREN[0], "country_of_residence": "FR", "day_part": "night", "devices": 25},
            {"h3": CHILDREN[0], "country_of_residence": "FR", "day_part": "late", "devices": None},
        ],
        f"home_presence/date={MONDAY}": [
            {"area_code": BIRCH, "home_area_code": ALDER, "day_part": "midday", "devices": 40}
        ],
        "home_relocation/period=2025-11_2026-11": [
            {"previous_area_code": ALDER, "new_area_code": BIRCH, "devices": 15}
        ],
        "usual_environment": [
            {"h3": CHILDREN[0], "label": "home", "devices": 400, "days_per_week_mean": 6.0},
            {"h3": CHILDREN[0], "label": "work", "devices": None, "days_per_week_mean": None},
        ],
    }
    delivery = write_delivery(
        tmp_path / "large",
        "large",
        factors=[*LARGE, factor(ALDER, 0.25, segment="inbound")],
        cell_day=[cell_row(cell, hours(400)) for cell in CHILDREN],
        tables=tables,
    )

    release = built(tmp_path, delivery)

    visits = {row["country_of_residence"]: row for row in rows_of(release, "inbound_month")}
    assert (visits["FR"]["visits"], visits["FR"]["nights"]) == (200, 480)  # over 0.25, the share of visitors
    assert visits["FR"]["departures"] is None
    # With one operator nothing tells how counts scatter: as Poisson ones, whose variance is their mean.
    # sqrt((200 + 1 / 0.25) / 0.25 + (200 x 5 %)^2 + 4) = sqrt(816 + 100 + 4)
    assert visits["FR"]["se"] == pytest.approx(920**0.5, abs=0.01)
    assert visits["GB"]["visits"] == 200  # 80 / 0.4, the share of residents
    assert [visits["ZZ"][name] for name in ("visits", "nights", "departures", "se")] == [None] * 4
    assert [(row["trips"], row["nights"]) for row in rows_of(release, "outbound_month")] == [(100, 400)]
    cells = {row["day_part"]: row["people"] for row in rows_of(release, "inbound_cell_month")}
    assert cells == {"late": None, "night": 100}
    assert [row["people"] for row in rows_of(release, "home_presence")] == [100]  # Alder's people, at Alder's 0.4
    assert [row["people"] for row in rows_of(release, "home_relocation")] == [30]  # Birch is their home now: 0.5
    homes = {row["label"]: (row["people"], row["days_per_week_mean"]) for row in rows_of(release, "usual_environment")}
    assert homes == {"home": (1000, 6.0), "work": (None, None)}


def test_the_manifest_says_what_the_release_is(tmp_path):
    cells = [cell_row(cell, hours(400)) for cell in CHILDREN]
    delivery = write_delivery(
        tmp_path / "large", "large", factors=LARGE, cell_day=cells, area_day=[area_row(COUNTRY, hours(2800))]
    )

    release = built(tmp_path, delivery)

    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["title"] == "Demonstration, United Kingdom"
    assert manifest["synthetic"] is True
    assert manifest["release_id"] == release.name
    assert release.name.startswith("demonstration-2026-11-02-2026-11-02-")
    assert manifest["resolutions"] == [7]
    assert manifest["default_area"] == COUNTRY
    assert manifest["disclosure"]["threshold"] == 10
    assert [slot["hours"] for slot in manifest["time"]["slots"]] == [[hour] for hour in range(24)]
    assert [kind["id"] for kind in manifest["time"]["day_types"]] == ["weekday"]
    assert manifest["time"]["periods"][0]["label"] == "2 November 2026"
    assert any("synthetic" in caveat for caveat in manifest["caveats"])
    assert manifest["quality"]["suppressed_share_resolution_7"] == 0.0
    assert 50 < manifest["map_view"]["latitude"] < 54


def test_the_same_deliveries_make_the_same_release_once(tmp_path):
    cells = [cell_row(cell, hours(400)) for cell in CHILDREN]
    delivery = write_delivery(tmp_path / "large", "large", factors=LARGE, cell_day=cells)
    told = []

    first = built(tmp_path, delivery, protection=Protection())
    made_at = (first / "manifest.json").stat().st_mtime_ns
    second = built(
        tmp_path, delivery, protection=Protection(), progress=lambda share, doing: told.append((share, doing))
    )

    assert second == first
    assert (second / "manifest.json").stat().st_mtime_ns == made_at
    assert told[-1] == (1.0, f"Already built: {first.name}")
    assert built(tmp_path, delivery, protection=Protection(), threshold=20) != first
    assert built(tmp_path, delivery) != first  # less protected

    (first / "cells" / "part-0.parquet").unlink()
    with pytest.raises(ReleaseExistsError, match="damaged"):
        built(tmp_path, delivery, protection=Protection())


def test_a_process_that_helps_changes_no_byte(tmp_path, monkeypatch):
    rows = [cell_row(cell, hours(40 + number)) for number, cell in enumerate([*ALDER_CELLS, *BIRCH_CELLS])]
    pair = {"origin_code": ALDER, "destination_code": BIRCH, "mode": "all", "purpose": "all"}
    trips = {**pair, **hours(30), "km_total": 7200.0, "minutes_mean": 20.0}
    tables = {f"od_day/date={MONDAY + dt.timedelta(days=day)}": [trips] for day in range(3)}
    deliveries = [
        write_delivery(
            tmp_path / name, name, factors=LARGE, cell_day=rows, last=MONDAY + dt.timedelta(days=2), tables=tables
        )
        for name in ("large", "small")
    ]
    monkeypatch.setattr("cellcount.side_by_side.os.cpu_count", lambda: 2)
    made = []
    for name, rows_from in (("threads", 10**9), ("processes", 0)):
        monkeypatch.setattr("cellcount.build.PROCESSES_FROM", rows_from)
        secret = tmp_path / "secret"
        release = build_release(deliveries, tmp_path / name, reference=REFERENCE, secret=secret)
        manifest = json.loads((release / "manifest.json").read_text())
        made.append({file["path"]: file["sha256"] for file in manifest["files"]})
    assert len(made[0]) > 10
    assert made[0] == made[1]


def test_progress_never_falls_and_ends_at_one(tmp_path):
    cells = [cell_row(cell, hours(400)) for cell in CHILDREN]
    delivery = write_delivery(tmp_path / "large", "large", factors=LARGE, cell_day=cells)
    told = []

    built(tmp_path, delivery, progress=lambda share, _doing: told.append(share))

    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"operator_id": "large"}, "both from operator large"),
        ({"period_end": "2026-11-03"}, "same days"),
        ({"standard_version": "9.0"}, "update the software"),
        ({"synthetic": False}, "is synthetic and"),
        ({"count_basis": "unique"}, "mean is needed"),
        ({"resolutions": [9]}, "no H3 resolution in common"),
        ({"threshold": None}, "threshold must be"),
        ({"period_start": "Monday"}, "must be dates"),
        ({"files": [{"path": "../secret.parquet", "rows": 1, "sha256": ""}]}, "leaves the delivery"),
        ({"files": [{"path": "cell_day/date=2026-11-02/part-0.parquet"}]}, "path, rows and sha256"),
        ({"files": []}, "nothing for this day"),
    ],
)
def test_deliveries_that_do_not_go_together_are_refused(tmp_path, changed, told):
    cells = [cell_row(cell, hours(400)) for cell in CHILDREN]
    large = write_delivery(tmp_path / "large", "large", factors=LARGE, cell_day=cells)
    small = write_delivery(tmp_path / "small", "small", factors=SMALL, cell_day=cells, **changed)

    with pytest.raises(DeliveryRefusedError, match=told):
        built(tmp_path, large, small)

    assert not (tmp_path / "releases").exists()


def test_a_damaged_file_is_named(tmp_path):
    cells = [cell_row(cell, hours(400)) for cell in CHILDREN]
    delivery = write_delivery(tmp_path / "large", "large", factors=LARGE, cell_day=cells)
    file = delivery / "cell_day" / f"date={MONDAY}" / "part-0.parquet"
    file.write_bytes(file.read_bytes()[:-20])

    with pytest.raises(DeliveryRefusedError, match=r"cell_day/date=2026-11-02/part-0.parquet: the checksum differs"):
        built(tmp_path, delivery)

    with pytest.raises(DeliveryRefusedError, match=r"no manifest.json"):
        built(tmp_path, tmp_path / "nowhere")

    with pytest.raises(DeliveryRefusedError, match="at least one delivery"):
        built(tmp_path)


@pytest.mark.parametrize(
    ("cells", "factors", "told"),
    [
        ([cell_row(0x871F1D4ABFFFFFF, hours(400))], LARGE, "not in the reference geography"),
        (
            [cell_row(BIRCH_CELLS[0], hours(400))],
            [factor(ALDER, 0.4)],
            "no share above 0 .resident. for 1 areas .* E07000002",
        ),
        ([cell_row(ALDER_CELLS[0], hours(400))] * 2, LARGE, "twice"),
        ([cell_row(ALDER_CELLS[0], hours(400))], [factor("E99999999", 0.4)], "'E99999999' not in the list"),
        ([], LARGE, "no cell"),
    ],
)
def test_counts_that_cannot_be_used_are_refused_and_nothing_is_left_behind(tmp_path, cells, factors, told):
    delivery = write_delivery(tmp_path / "large", "large", factors=factors, cell_day=cells)

    with pytest.raises(DeliveryRefusedError, match=told):
        built(tmp_path, delivery)

    releases = tmp_path / "releases"
    assert not releases.exists() or list(releases.iterdir()) == []


def test_rows_in_another_order_are_put_in_order(tmp_path):
    delivery = write_delivery(
        tmp_path / "large",
        "large",
        factors=LARGE,
        cell_day=[cell_row(cell, hours(40 + number)) for number, cell in enumerate(ALDER_CELLS)][::-1],
    )

    people = by_cell(built(tmp_path, delivery), "h12")

    assert list(people.items()) == list(zip(ALDER_CELLS, [100, 102, 105, 108], strict=True))  # 41 / 0.4 = 102.5


@pytest.mark.parametrize(
    ("factors", "told"),
    [
        ([factor(ALDER, 0.0), factor(REGION, 0.25)], "no share above 0"),
        ([factor(ALDER, -0.5), factor(REGION, 0.25)], "that cannot be for E07000001"),
        ([factor(ALDER, 1.5), factor(REGION, 0.25)], "that cannot be for E07000001"),
        ([factor(ALDER, float("nan")), factor(REGION, 0.25)], "that cannot be for E07000001"),
        ([factor(ALDER, 0.5, se=-1.0), factor(REGION, 0.25)], "that cannot be for E07000001"),
        ([factor(ALDER, 0.5), factor(ALDER, 0.25), factor(REGION, 0.25)], "more than one row for E07000001"),
        ([], "no share above 0"),
        ([factor(ALDER, 1e-12), factor(REGION, 0.25)], "A figure would be"),
    ],
    ids=["zero", "negative", "over one", "not a number", "negative error", "twice", "none", "absurdly small"],
)
def test_factors_that_would_make_a_wrong_map_are_refused(tmp_path, factors, told):
    rows = [cell_row(index, hours(50)) for index in CHILDREN]
    delivery = write_delivery(tmp_path / "a", "a", cell_day=rows, factors=factors)
    with pytest.raises(CellCountError, match=told):
        build_release([delivery], tmp_path / "releases", reference=reference())
    assert not (tmp_path / "releases").exists() or not list((tmp_path / "releases").iterdir())


def test_a_file_in_place_of_a_delivery_is_called_a_file(tmp_path):
    file = tmp_path / "delivery.zip"
    file.write_bytes(b"PK")
    with pytest.raises(CellCountError, match="is a file"):
        build_release([file], tmp_path / "releases", reference=reference())
