"""Incidents against the truth: scores by hand, what events really did, and a small world in which they are found."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cellcount.__main__ import app
from cellcount.build import build_release
from cellcount.demo import MARKER, make_demonstration
from cellcount.demo.country import on_sphere, open_country
from cellcount.demo.events import effects
from cellcount.demo.parameters import load_parameters
from cellcount.demo.people import day_shares, people_present, settle
from cellcount.evaluate import incidents
from cellcount.evaluate.incident_report import goals, reached, render, to_dict
from cellcount.evaluate.incident_truth import Event, Happened, parents
from cellcount.evaluate.incidents import (
    NOT_NEEDED,
    Cells,
    EventScore,
    Incidents,
    QuietScore,
    ZoneScore,
    evaluate_incidents,
    hours_until_over,
    whole_hours,
)
from cellcount.evaluate.truth import EvaluationError
from cellcount.evaluate.worlds import leave_out
from cellcount.standard import HOUR_COLUMNS
from cellcount.zones import rings

utc = dt.datetime.fromisoformat
"""Naive, as the truth has it; also of local times."""
FIRE_DAY = dt.date(2026, 11, 4)
WORKS = 54.8995, -1.5330
ZONE = ZoneScore(
    name="0 to 2 km",
    whole=True,
    excess=(-90.0, -110.0),
    low=(-120.0, -130.0),
    high=(-60.0, -105.0),
    effect=(-100.0, -100.0),
    outlined=(-130.0, -125.0),
    against_usual=(-70.0, -108.0),
    person_hours=-200.0,
    person_hours_low=-240.0,
    person_hours_high=-160.0,
    ending="recovered",
    hours=3,
    true_hours=2,
)
FIRE = EventScore("one", "evacuation", "Fire", 8, Cells(10, 9, 10, 20, 10), (ZONE,), 9, ())
OUTAGE = replace(FIRE, kind="outage", name="Outage", cells=Cells(), deficits=0)


def test_a_cell_called_to_the_wrong_side_is_no_find():
    scored = Cells.of(np.array([[-1]], dtype=np.int8), np.array([[80.0]]), np.array([[10.0]]))
    assert (scored.affected, scored.found, scored.called) == (1, 0, 1)
    assert scored.precision == 0.0


def test_a_withheld_cell_counts_neither_way():
    scored = Cells.of(np.array([[-2]], dtype=np.int8), np.array([[-80.0]]), np.array([[np.nan]]))
    assert scored == Cells()
    assert scored.recall is None
    assert scored.precision is None


def test_an_interval_holds_by_hour_and_in_the_sum_of_hours():
    # -120 to -60 holds -100; -130 to -105 does not, but holds -108. -240 to -160 holds -200.
    assert (ZONE.held, ZONE.held_usual, ZONE.total_held) == (1, 2, True)
    # -120 to -60 does not hold -130; -130 to -105 holds -125.
    assert ZONE.held_outlined == 1
    assert ZONE.hours_off == 1
    assert replace(ZONE, ending="no departure", hours=None).hours_off is None


def test_an_event_is_over_when_a_twentieth_of_it_is_left():
    effect = np.array([0.0, -100.0, -100.0, -60.0, -20.0, -5.0, 0.0, -90.0])
    # What another event does later is not this one's.
    assert hours_until_over(effect, 1, 3) == 2
    assert hours_until_over(effect[:5], 1, 3) == 2
    assert hours_until_over(np.zeros(6), 1, 3) == 0


def test_an_event_of_half_hours_is_asked_for_in_whole_local_ones():
    # British Summer Time is an hour ahead of UTC; 17:00 is an end by itself.
    asked = whole_hours(utc("2026-07-01 12:30"), utc("2026-07-01 16:00"), "Europe/London")
    assert asked == (utc("2026-07-01 13:00"), utc("2026-07-01 17:00"))


def test_an_outage_is_called_an_evacuation_if_a_deficit_is_said_and_not_that_coverage_was_lost():
    assert not OUTAGE.called_an_evacuation
    assert replace(OUTAGE, deficits=1).called_an_evacuation
    assert not replace(OUTAGE, deficits=1, said=("coverage",)).called_an_evacuation
    assert not replace(FIRE, deficits=1).called_an_evacuation


def quiet(**counts: int) -> QuietScore:
    return QuietScore("Moor", "weeks before", **{"days": 1, "hours": 24, "figures": 240, **counts})


def verdicts(found: Incidents) -> dict[str, bool | None]:
    return {goal.what: goal.reached for goal in goals(found)}


def test_every_goal_stands_beside_its_figure():
    found = Incidents(["one"], [FIRE], {("Moor", "weeks before"): quiet(hours_called=2, called=12, days_told=1)})
    assert verdicts(found) == {
        "Fire: hours whose interval of the excess holds the truth": False,  # 1 of 2
        "Fire: hours of every zone whose interval holds the truth by the event's own outline": False,  # 1 of 2
        "Fire: intervals of the person-hours that hold the truth": True,  # 1 of 1
        "Fire: recall of cells affected by 4 standard errors": True,  # 9 of 10
        "Fire: precision of cells called": True,  # 9 of 10
        "Fire: recovery said within 2 hours of the truth": True,  # an hour late
        "Moor, quiet days, weeks before: cells called": True,  # 12 of 240
        "Moor, quiet days, weeks before: hours with any cell called": True,  # 2 of 24
        "Moor, quiet days, weeks before: days on which it is said to depart from usual": False,  # the one day
    }
    assert not reached(found)
    told = render(found)
    assert "NOT REACHED  Fire: hours whose interval of the excess holds the truth: 50.0%" in told
    assert to_dict(found)["goals"][0]["verdict"] == "NOT REACHED"


def test_quiet_hours_are_a_goal_of_each_place_and_school_holidays_are_told_without_one():
    found = Incidents(
        ["one"],
        [],
        {
            ("Moor", "weeks before"): quiet(hours_called=3),
            ("Moor", "either side"): replace(quiet(days=10, hours=240), compared="either side"),
            ("Moor", "school holiday"): replace(quiet(hours_called=24), compared="school holiday"),
        },
    )
    assert verdicts(found)["Moor, quiet days, weeks before: hours with any cell called"] is False  # 3 of 24
    assert verdicts(found)["Moor, quiet days, either side: hours with any cell called"] is True  # and not 3 of 264
    assert "school holiday" in render(found)


def test_worlds_add_up():
    total = Incidents([])
    for name in ("one", "two"):
        total += Incidents([name], [replace(FIRE, release=name)], {("Moor", "weeks before"): quiet(called=3)})
    assert total.quiet["Moor", "weeks before"].called == 6
    assert "precision of 20 called 90.0%" in render(total)
    assert not reached(Incidents([]))


@pytest.fixture(scope="module")
def around():
    """Everybody within a cell of resolution 5 of the works, seed 1."""
    everybody = settle(open_country(), load_parameters(), 1)
    land = everybody.land
    near = np.linalg.norm(land.points - on_sphere(*map(np.array, WORKS)), axis=1) < 20
    coarse = parents(land.h3, 5)
    return everybody.within(np.isin(coarse, coarse[near]))


@pytest.fixture
def truth(around, tmp_path: Path) -> Path:
    """The truth of the day of the fire, as the demonstration writes it."""
    people = people_present(around, day_shares(around, FIRE_DAY))
    for effect in effects(around, FIRE_DAY):
        people[:, effect.cells] += effect.people
    hours = dict(zip(HOUR_COLUMNS, np.rint(people).astype(np.uint32), strict=True))
    table = pa.table({"h3": around.land.h3, "resolution": np.full(len(around.land.h3), 8, np.uint8), **hours})
    folder = tmp_path / "truth"
    day = folder / "people" / f"date={FIRE_DAY}"
    day.mkdir(parents=True)
    pq.write_table(table, day / "part-0.parquet")
    fire = {"kind": "evacuation", "name": "Fire", "lat": WORKS[0], "lon": WORKS[1], "radius_km": 1.4, "people": 0.9}
    at = {"from_utc": utc("2026-11-04 13:00"), "to_utc": utc("2026-11-04 20:00"), "operator_id": None}
    later = {"from_utc": utc("2026-12-31 20:00"), "to_utc": utc("2027-01-01 02:00")}
    pq.write_table(pa.Table.from_pylist([{**fire, **at}, {**fire, **at, **later}]), folder / "events.parquet")
    (tmp_path / MARKER).write_text(json.dumps({"seed": 1}))
    return folder


def test_of_whom_an_evacuation_sends_away_nine_in_ten_are_missing_and_nobody_is_lost(around, truth):
    happened = Happened(truth)
    assert [event.name for event in happened.events] == ["Fire"]  # the other is not in the days of the truth
    cells, at = np.sort(around.land.h3), np.array([*range(20_761 * 24 + 10, 20_761 * 24 + 24), -1])
    assert dt.date(1970, 1, 1) + dt.timedelta(days=20_761) == FIRE_DAY
    effect = happened.effect(cells, 8, at)
    people = happened.people(cells, 8, at)
    points = around.land.points[np.argsort(around.land.h3)]
    km = np.linalg.norm(points - on_sphere(*map(np.array, WORKS)), axis=1)
    middle, at_three = km < 0.9, 5
    # The scenario: 90 % of those within 1.4 km leave; half a cell further in, all of a cell is within.
    assert effect[middle, at_three] / (people - effect)[middle, at_three] == pytest.approx(-0.9, abs=0.01)
    assert not effect[:, 0].any()  # three hours before, nobody has left
    assert effect.sum(axis=0) == pytest.approx(0, abs=1e-6)
    assert np.isnan(people[:, -1]).all()
    # What is coarser adds up.
    above = np.unique(parents(cells, 6))
    assert happened.effect(above, 6, at).sum() == pytest.approx(effect.sum(), abs=1e-6)


def test_a_truth_of_another_scenario_is_refused(truth, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("[behaviour]\ntrips_per_person = 1.5\n")
    with pytest.raises(EvaluationError, match="of another scenario than the one named"):
        Happened(truth, other)


def test_a_truth_without_its_seed_is_refused(truth):
    (truth.parent / MARKER).unlink()
    with pytest.raises(EvaluationError, match="does not say with which seed"):
        Happened(truth)


def test_in_a_small_world_of_three_weeks_the_events_are_found(tmp_path):
    """Two comparable days make a usual level: enough to find 50,000 people, and those who left."""
    world = make_demonstration(tmp_path / "world", weeks=3, detail="small")
    deliveries = sorted((world / "deliveries").iterdir())
    for delivery in deliveries:
        leave_out(delivery, NOT_NEEDED)
    release = build_release(deliveries, tmp_path / "releases")
    found = evaluate_incidents(release, world / "truth")
    by_kind = {event.kind: event for event in found.events}
    assert len(found.events) == 4  # London's is not in this world
    assert by_kind["evacuation"].cells.recall > 0.5
    assert by_kind["evacuation"].zones[0].total_held
    assert by_kind["outage"].said[0] == "coverage"
    assert {place for place, _ in found.quiet} == {"Tyne and Wear", "Northumberland, rural"}


def test_the_command_is_refused_with_neither_or_both_of_what_it_can_be_asked():
    assert CliRunner().invoke(app, ["evaluate-incidents"]).exit_code == 2
    both = ["evaluate-incidents", "release", "--truth", "truth", "--worlds", "2"]
    assert CliRunner().invoke(app, both).exit_code == 2


WIDER = replace(ZONE, low=(-130.0, -130.0), high=(-60.0, -95.0))
"""An interval that holds the effect, by the cells and by the event's own outline."""


@pytest.mark.parametrize(("zone", "status"), [(ZONE, 1), (replace(WIDER, low=ZONE.low), 1), (WIDER, 0)])
def test_the_command_ends_with_0_only_if_every_goal_is_reached(tmp_path, monkeypatch, zone, status):
    seeds = []

    def made(folder, chosen, *, scenario, progress):
        seeds.extend(chosen)
        return Incidents(["one"], [replace(FIRE, zones=(zone,))])

    monkeypatch.setattr(incidents, "incidents_in_worlds", made)
    file = tmp_path / "found.json"
    command = ["evaluate-incidents", "--worlds", "3", "--first-seed", "7", "--json", str(file)]
    assert CliRunner().invoke(app, command).exit_code == status
    assert seeds == [7, 8, 9]
    assert json.loads(file.read_text())["reached"] is (status == 0)


def test_an_event_lies_in_a_zone_by_the_part_of_its_own_circle_that_does():
    event = Event("crowd", "Crowd", 51.5, -0.1, 1.0, utc("2026-11-05 18:00"), utc("2026-11-05 20:00"))
    inner, ring = rings(-0.1, 51.5, [0.5, 2.0]).shapes
    assert incidents._share_of_outline(event, inner) == pytest.approx(0.25, rel=1e-3)
    assert incidents._share_of_outline(event, ring) == pytest.approx(0.75, rel=1e-3)
    assert incidents._share_of_outline(replace(event, radius_km=None), inner) == 0.0
