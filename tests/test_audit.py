"""An attacker on paper: small releases written out by hand, and what he finds in them."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

import pytest
from audit_world import P, deliver, family, present, write_release
from build_world import (
    ALDER,
    BIRCH,
    CHILDREN,
    COUNTRY,
    MONDAY,
    NATION,
    PARENT,
    REGION,
    cell_row,
    factor,
    hours,
    write_delivery,
)

from cellcount.__main__ import main
from cellcount.audit import audit_release
from cellcount.audit.again import HISTORY, REBUILT, TYPICAL
from cellcount.audit.cells import AREAS, AREAS_AND_CELLS, DATES, HOURS, PARENTS, PROGRAMS, SEGMENTS, TOGETHER, TOTALS
from cellcount.audit.movements import (
    BESIDE,
    ERRORS,
    FLOWS_OF_DAY,
    FLOWS_OF_MONTH,
    HOMES,
    HOMES_BY_AREA,
    PURPOSES,
    STAYS,
    VISITED_AREAS,
    VISITS,
)
from cellcount.audit.opening import AuditRefusedError
from cellcount.standard import HOUR_COLUMNS

HOURS_TRIED = 3
"""Of each date, one hour of night, day and evening."""
DEVICES = family(100, 20, 20, 20, 13, 11, 10, None)
"""What is left for the last child: 6 devices, 12 people."""
ENOUGH = family(100, 20, 20, 20, 10, 10, 10, 10)
EVERYBODY = family(200, 40, 40, 40, 20, 20, 20, 20)


def audited(release: Path, *deliveries: Path, **more):
    return {kind["kind"]: kind for kind in audit_release(release, deliveries, **more).to_dict()["kinds"]}


def counts(kind: dict) -> tuple[int, int, int]:
    return kind["tried"], kind["disclosed"], kind["claims_that_were_wrong"]


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return deliver(tmp_path / "one", DEVICES)


def test_what_is_left_of_a_parent_is_the_child_that_is_withheld(tmp_path, one):
    # 200 people less 40 + 40 + 40 + 26 + 22 + 20 = 188 leave 12, to within 8 roundings of half a person: 8 to 16,
    # where the rule leaves 2 to 18. The operator's own counts leave 6 devices: 12 people.
    release = write_release(tmp_path / "r", [one], present(family(200, 40, 40, 40, 26, 22, 20, None)))

    kinds = audited(release, one)

    for kind in (PARENTS, TOGETHER, PROGRAMS):
        assert counts(kinds[kind]) == (HOURS_TRIED, HOURS_TRIED, 0), kind
    assert counts(kinds[TOTALS]) == (0, 0, 0)
    assert counts(kinds[HOURS]) == (0, 0, 0)  # no hour shows them all


def test_rounding_to_base_5_leaves_a_single_child_in_doubt(tmp_path, one):
    # 200 - 190 = 10, to within 7 x 5 + 5 = 40: all of 2 to 18.
    release = write_release(tmp_path / "r", [one], present(family(200, 40, 40, 40, 25, 25, 20, None)), base=5)

    assert counts(audited(release, one)[PARENTS]) == (HOURS_TRIED, 0, 0)


def test_two_withheld_children_that_may_both_be_any_size_confine_each_other_only_from_above(tmp_path):
    devices = family(100, 20, 20, 20, 13, 15, None, None)  # 12 devices together
    one = deliver(tmp_path / "one", devices)
    # 200 - 176 = 24 people, to within 3: the one has at most 27 less the other's 2, which says nothing.
    figures = present(family(200, 40, 40, 40, 26, 30, None, None))
    protected = write_release(tmp_path / "p", [one], figures, open_ended=True)
    # Where every withheld figure is a small one, each has at least 24 - 3 - 18 = 3 people, and the rule leaves 2.
    without = write_release(tmp_path / "w", [one], figures)

    assert counts(audited(protected, one)[PARENTS]) == (2 * HOURS_TRIED, 0, 0)
    assert audited(protected, one)[PARENTS]["bold_claims_that_may_be_right"] == 2 * HOURS_TRIED
    assert counts(audited(without, one)[PARENTS]) == (2 * HOURS_TRIED, 2 * HOURS_TRIED, 0)


def test_a_claim_that_the_deliveries_contradict_discloses_nothing(tmp_path, one):
    # The parent was estimated otherwise: 250 people would leave 62 for the child, who is 12.
    release = write_release(tmp_path / "r", [one], present(family(250, 40, 40, 40, 26, 22, 20, None)))

    assert counts(audited(release, one)[PARENTS]) == (HOURS_TRIED, 0, HOURS_TRIED)


def test_a_figure_withheld_for_another_is_not_itself_under_attack(tmp_path):
    one = deliver(tmp_path / "one", ENOUGH)
    release = write_release(tmp_path / "r", [one], present(family(200, 40, 40, 40, 20, 20, 20, None)))

    assert counts(audited(release, one)[PARENTS]) == (0, 0, 0)


def test_a_withheld_total_has_a_device_for_each_withheld_part(tmp_path):
    one = deliver(tmp_path / "one", family(None, None, None, None, 0, 0, 0, 0))
    # Three children of at least 2 people each: 6 or more, where the rule leaves 2 to 18.
    release = write_release(tmp_path / "r", [one], present(family(None, None, None, None, 0, 0, 0, 0)))

    assert counts(audited(release, one)[TOTALS]) == (HOURS_TRIED, HOURS_TRIED, 0)

    # Where zeros below it are withheld as well, a withheld part may be none.
    one = deliver(tmp_path / "two", family(None, None, None, None, 0, 0, 0, 0))
    release = write_release(tmp_path / "z", [one], present(family(*[None] * 8)), withholds_zeros_below=True)

    assert counts(audited(release, one)[TOTALS]) == (HOURS_TRIED, 0, 0)


def test_segments_tell_what_one_of_them_is(tmp_path):
    cell = CHILDREN[0]
    devices = {"all": 70, "inbound": None, "at_home": 30, "at_work": 20, "visiting": 14}
    people = {"all": 140, "inbound": None, "at_home": 60, "at_work": 40, "visiting": 28}
    one = write_delivery(
        tmp_path / "one",
        "one",
        factors=[factor(REGION, P), factor(REGION, P, segment="inbound")],
        cell_day=[cell_row(cell, hours(count), segment) for segment, count in devices.items()],
    )
    tables = {
        "present" if segment == "all" else f"present_segment/segment={segment}": [
            {"h3": cell, **dict.fromkeys(HOUR_COLUMNS, figure)}
        ]
        for segment, figure in people.items()
    }
    tables = {f"{name}/resolution=7/date={MONDAY}": rows for name, rows in tables.items()}
    release = write_release(tmp_path / "r", [one], tables)

    # 140 - 60 - 40 - 28 = 12 people, to within two: 6 devices.
    assert counts(audited(release, one)[SEGMENTS]) == (HOURS_TRIED, HOURS_TRIED, 0)


def test_areas_of_which_one_is_withheld(tmp_path):
    areas = {ALDER: None, BIRCH: 400, REGION: 406, NATION: 406, COUNTRY: 406}
    one = deliver(tmp_path / "one", ENOUGH, areas=areas)
    # 812 - 800 = 12 people in Alder, to within one; the region is all of the nation, which is all of the country.
    people = {ALDER: None, BIRCH: 800, REGION: 812, NATION: 812, COUNTRY: 812}
    rows = [
        {"area_code": code, "date": MONDAY, **{f"people_{name}": figure for name in HOUR_COLUMNS}}
        for code, figure in people.items()
    ]
    figures = present(family(200, 40, 40, 40, 20, 20, 20, 20))
    release = write_release(tmp_path / "r", [one], {**figures, "area_hour": rows})

    assert counts(audited(release, one)[AREAS]) == (HOURS_TRIED, HOURS_TRIED, 0)


def test_an_authority_tells_what_its_one_withheld_cell_is(tmp_path):
    one = deliver(tmp_path / "one", family(100, None, 20, 20, 20, 13, 11, 10), areas={ALDER: 66})
    # Alder's four cells: 132 - 3 x 40 = 12 people.
    rows = [{"area_code": ALDER, "date": MONDAY, **{f"people_{name}": 132 for name in HOUR_COLUMNS}}]
    figures = {PARENT: None, **dict(zip(CHILDREN, [None, 40, 40, 40, 26, 22, 20], strict=True))}
    release = write_release(tmp_path / "r", [one], {**present(figures), "area_hour": rows})

    assert counts(audited(release, one)[AREAS_AND_CELLS]) == (HOURS_TRIED, HOURS_TRIED, 0)


def test_hours_of_which_all_is_released_tell_how_far_sums_miss_in_the_others(tmp_path):
    # The parent is always estimated 50 too high, which the attacker learns from every hour but those of the night.
    whole, night = family(250, 40, 40, 40, 26, 22, 20, 12), {f"h{hour:02d}" for hour in range(6)}
    tables = present(whole)
    last = f"present/resolution=7/date={MONDAY}"
    tables[last] = [
        {name: None if name in night and row["h3"] == CHILDREN[-1] else value for name, value in row.items()}
        for row in tables[last]
    ]
    one = deliver(tmp_path / "one", DEVICES)
    kinds = audited(write_release(tmp_path / "r", [one], tables), one)

    assert counts(kinds[PARENTS]) == (1, 0, 1)  # 62 people, it seems
    assert counts(kinds[HOURS]) == (1, 1, 0)  # 62 - 50, to within 8 roundings twice: 4 to 20


def test_rounding_cancels_in_a_mean_over_dates(tmp_path):
    # On a single day rounding leaves the child in doubt; in the mean of 35 days it does not.
    days = 35
    one = deliver(tmp_path / "one", DEVICES, days=days)
    tables = {}
    for number in range(days):
        # 200, and 188 in six children: each child is rounded up or down so that it is right on the mean.
        up = [5 if number % 5 < fifths else 0 for fifths in (1, 2, 0)]
        day = MONDAY + dt.timedelta(number)
        tables.update(present(family(200, 40, 40, 40, 25 + up[0], 20 + up[1], 20 + up[2], None), day))
    release = write_release(tmp_path / "r", [one], tables, base=5, days=days)

    kinds = audited(release, one, days=days)

    assert counts(kinds[PARENTS]) == (HOURS_TRIED * days, 0, 0)
    # 12 to within 3.29 x sqrt(8 x 25 / 6 / 35) = 3.2: 8.8 to 15.2
    assert counts(kinds[DATES]) == (HOURS_TRIED, HOURS_TRIED, 0)


FLOW = {"origin_code": ALDER, "destination_code": BIRCH}


def test_trips_of_an_hour_are_what_the_day_leaves(tmp_path):
    seen = {
        f"od_day/date={MONDAY}": [
            trips("all", hours(0, h04=None, h08=50, h09=40)),
            trips("home_work", hours(0, h04=None)),
        ]
    }
    one = deliver(tmp_path / "one", ENOUGH, tables=seen)
    flows = [
        {**FLOW, "purpose": "all", **hours(0, h04=None, h08=100, h09=80), "trips": 192},
        {**FLOW, "purpose": "home_work", **hours(0, h04=None), "trips": None},
    ]
    release = write_release(tmp_path / "r", [one], {**present(EVERYBODY), f"flows_day/date={MONDAY}": flows})

    kinds = audited(release, one)

    # At 04:00 at most 192.5 - 99.5 - 79.5 = 13.5, where the rule leaves 18. Of trips to work nothing follows: the day's
    # are withheld too. Both hours and the day's trips to work are compared with those of the other purpose.
    assert counts(kinds[FLOWS_OF_DAY]) == (2, 1, 0)
    assert counts(kinds[PURPOSES]) == (3, 0, 0)


def test_trips_of_a_day_are_what_the_month_leaves(tmp_path):
    days = [MONDAY, MONDAY + dt.timedelta(1)]
    by_day = [hours(0, h08=50), hours(0, h08=None)]
    one = deliver(
        tmp_path / "one",
        ENOUGH,
        days=2,
        tables={f"od_day/date={day}": [trips("all", each)] for day, each in zip(days, by_day, strict=True)},
    )
    tables = {**present(EVERYBODY), **present(EVERYBODY, days[1])}
    for day, people in zip(days, (100, None), strict=True):
        tables[f"flows_day/date={day}"] = [{**FLOW, "purpose": "all", **hours(None), "trips": people}]
    tables["flows_month/month=2026-11"] = [{**FLOW, "purpose": "all", "trips": 110, "days": 2}]
    release = write_release(tmp_path / "r", [one], tables, days=2)

    assert counts(audited(release, one)[FLOWS_OF_MONTH]) == (1, 1, 0)  # 9 to 11 people on the second day


def test_visits_in_transit_are_what_the_other_destinations_leave(tmp_path):
    keys = {"area_code": ALDER, "country_of_residence": "FR", "stay": "1"}
    counted = {"visits": 50, "main_destination_visits": 30, "secondary_destination_visits": 14}
    seen = [{**keys, **counted, "transit_visits": None, "nights": 50, "departures": 50}]
    hidden = {**keys, "stay": "same_day"}
    none = dict.fromkeys(("secondary_destination_visits", "transit_visits", "nights"), 0)
    seen.append({**hidden, "visits": None, "main_destination_visits": None, **none})
    one = deliver(tmp_path / "one", ENOUGH, tables={"inbound_month/month=2026-11": seen})
    given = [{**keys, **{name: 2 * count for name, count in counted.items()}, "transit_visits": None, "nights": 100}]
    given.append({**hidden, "visits": None})
    tables = {**present(EVERYBODY), "inbound_month/month=2026-11": given}
    release = write_release(tmp_path / "r", [one], tables)

    kinds = audited(release, one)

    # 100 - 60 - 28 = 12. What is said of withheld visits is withheld with them, and may be none.
    assert counts(kinds[VISITS]) == (2, 1, 0)
    assert counts(kinds[STAYS]) == (1, 0, 0)  # stays of no night have none, however many they are


def test_nights_tell_how_many_stayed_for_one(tmp_path):
    keys = {"area_code": ALDER, "country_of_residence": "GB", "stay": "1"}
    one = deliver(
        tmp_path / "one",
        ENOUGH,
        tables={"inbound_month/month=2026-11": [{**keys, "visits": None, "nights": None, "departures": None}]},
    )
    given = [{**keys, "visits": None, "nights": 12}]
    release = write_release(tmp_path / "r", [one], {**present(EVERYBODY), "inbound_month/month=2026-11": given})

    kinds = audited(release, one)

    assert counts(kinds[STAYS]) == (1, 1, 0)  # 12 nights are 12 visits
    assert counts(kinds[BESIDE]) == (1, 1, 0)


def test_a_region_tells_what_its_authorities_are(tmp_path):
    homes = [{"home_area_code": BIRCH, "day_part": "night", "area_code": code} for code in (ALDER, BIRCH, REGION)]
    counted = [None, 94, 100]
    one = deliver(
        tmp_path / "one",
        ENOUGH,
        tables={f"home_presence/date={MONDAY}": [{**row, "devices": n} for row, n in zip(homes, counted, strict=True)]},
    )
    rows = [{**row, "people": people} for row, people in zip(homes, (None, 188, 200), strict=True)]
    areas = [{"area_code": ALDER, "date": MONDAY, **{f"people_{name}": 15 for name in HOUR_COLUMNS}}]
    release = write_release(
        tmp_path / "r", [one], {**present(EVERYBODY), f"home_presence/date={MONDAY}": rows, "area_hour": areas}
    )

    kinds = audited(release, one)

    assert counts(kinds[HOMES_BY_AREA]) == (1, 1, 0)  # 12 people
    assert counts(kinds[HOMES]) == (1, 1, 0)  # at most 15.5, for there are no more in Alder at night
    assert counts(kinds[VISITED_AREAS]) == (0, 0, 0)


def test_a_standard_error_must_not_say_more_than_its_figure(tmp_path, one):
    def row(code: str, day: dt.date, people: int | None, se: float | None) -> dict:
        return {
            "area_code": code,
            "date": day,
            **{f"people_{name}": people for name in HOUR_COLUMNS},
            **{f"se_{name}": se for name in HOUR_COLUMNS},
        }

    next_day = MONDAY + dt.timedelta(1)
    longer = deliver(tmp_path / "longer", DEVICES, days=2)
    figures = {**present(EVERYBODY), **present(EVERYBODY, next_day)}
    of_figures = [row(ALDER, MONDAY, 200, 14.0), row(ALDER, next_day, 200, 14.0), row(BIRCH, MONDAY, None, None)]
    of_estimates = [row(ALDER, MONDAY, 200, 14.0), row(ALDER, next_day, 200, 14.1), row(BIRCH, MONDAY, None, 3.5)]
    good = write_release(tmp_path / "good", [longer], {**figures, "area_hour": of_figures}, days=2)
    bad = write_release(tmp_path / "bad", [longer], {**figures, "area_hour": of_estimates}, days=2)

    assert audited(good, longer)[ERRORS]["disclosed"] == 0
    # 24 hours of two days differ from each other, and 24 stand beside a withheld figure.
    assert audited(bad, longer)[ERRORS]["disclosed"] == 48 + 24


def test_what_is_given_twice_is_given_alike(tmp_path, one):
    figures = present(family(200, 40, 40, 40, 26, 22, 20, None))
    history = [{"h3": CHILDREN[-1], "date": MONDAY, **hours(None, h05=12)}]
    release = write_release(tmp_path / "r", [one], {**figures, "present_history/resolution=7": history})

    # 24 hours are withheld in one of them, and one is given in the other.
    assert counts(audited(release, one)[HISTORY]) == (24, 1, 0)


def test_a_typical_day_must_not_be_given_where_a_day_is_withheld(tmp_path):
    days = [MONDAY + dt.timedelta(number) for number in range(3)]
    one = deliver(tmp_path / "one", DEVICES, days=3)
    tables = {}
    for number, day in enumerate(days):
        tables.update(present({CHILDREN[0]: 40, CHILDREN[-1]: None if number == 1 else 20}, day))
    folder = "typical_day/resolution=7/period=2026-11-02_2026-11-04/day_type=weekday"

    def typical(last: float | None) -> list[dict]:
        return [
            {"h3": cell, **{f"l{hour:02d}": mean for hour in range(24)}, "dates_used": 3}
            for cell, mean in ((CHILDREN[0], 40.0), (CHILDREN[-1], last))
        ]

    good = write_release(tmp_path / "good", [one], {**tables, folder: typical(None)}, days=3)
    bad = write_release(tmp_path / "bad", [one], {**tables, folder: typical(17.3)}, days=3)

    # Two local hours are looked at, on three days: the second is withheld in both, and 3 x 17.3 - 40 = 11.9.
    assert counts(audited(good, one)[TYPICAL]) == (2, 0, 0)
    assert counts(audited(bad, one)[TYPICAL]) == (2, 2, 0)


def test_rebuilt_releases_must_round_alike(tmp_path, one):
    figures = present(family(200, 40, 40, 40, 25, 20, 20, None))
    others = present(family(200, 40, 40, 40, 25, 25, 20, None))
    release, same, other = (
        write_release(tmp_path / name, [one], each, base=5)
        for name, each in (("first", figures), ("second", figures), ("third", others))
    )

    assert counts(audited(release, one, also=[same])[REBUILT]) == (24, 0, 0)  # the withheld child, 24 hours
    assert counts(audited(release, one, also=[other])[REBUILT]) == (48, 24, 0)


def test_what_cannot_be_audited_is_refused_with_a_sentence(tmp_path, one):
    release = write_release(tmp_path / "r", [one], present(EVERYBODY))
    stranger = deliver(tmp_path / "stranger", ENOUGH, operator="another")
    imported = write_release(tmp_path / "imported", [one], present(EVERYBODY), kind="imported")
    of_both = write_release(tmp_path / "both", [one, stranger], present(EVERYBODY))

    with pytest.raises(AuditRefusedError, match="was not made from the delivery another-2026-11-02"):
        audit_release(release, [stranger])
    with pytest.raises(AuditRefusedError, match="was also made from another-2026-11-02"):
        audit_release(of_both, [one])
    with pytest.raises(AuditRefusedError, match="was imported from published data"):
        audit_release(imported, [one])
    with pytest.raises(AuditRefusedError, match=r"manifest\.json is missing"):
        audit_release(tmp_path, [one])
    with pytest.raises(AuditRefusedError, match="made from other deliveries"):
        audit_release(release, [one], also=[of_both])


def test_the_command_line_says_what_was_found_and_writes_it(tmp_path, one, monkeypatch, capsys):
    disclosing = write_release(tmp_path / "r", [one], present(family(200, 40, 40, 40, 26, 22, 20, None)))
    silent = write_release(tmp_path / "s", [one], present(EVERYBODY))
    file = tmp_path / "report.json"

    def run(release: Path) -> int:
        arguments = ["audit", str(release), "--deliveries", str(one), "--json", str(file)]
        monkeypatch.setattr(sys, "argv", ["cellcount", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    assert run(silent) == 0
    assert "Nothing that the release withholds was disclosed." in capsys.readouterr().out
    assert run(disclosing) == 1
    told = capsys.readouterr().out
    assert "DISCLOSED: 9 of" in told  # three kinds of attack, three hours
    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["disclosed"] == 9
    assert report["sampled"]["dates"] == [str(MONDAY)]


def trips(purpose: str, by_hour: dict) -> dict:
    return {**FLOW, "purpose": purpose, **by_hour, "km_total": 100.0, "minutes_mean": 20.0}
