"""Who was there and where people went, by hand, on the very small country of `incident_world`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import h3.api.numpy_int as h3
import numpy as np
import pytest
import shapely
from build_world import ALDER, BIRCH
from incident_world import (
    BEFORE,
    FIRE,
    WEDNESDAY,
    at,
    flows,
    opened,
    outline,
    stay,
    trip,
    write_incident,
    zones,
)
from release_world import A1, A2, A3

from cellcount.ui import incident_movement as movement
from cellcount.ui.incident_answer import Answer, Asked, answer
from cellcount.ui.incident_movement import Change
from cellcount.ui.incident_place import read_figures, read_place
from cellcount.ui.reading import Release
from cellcount.zones import Zones

WORKS = zones(Works=[A1, A2])
ASKED = Asked(at(WEDNESDAY, 13), at(WEDNESDAY, 17))
SPREAD = 1 + np.pi / 8
"""What the doubt about the median of four days adds to the variance."""


def tell(release: Release, where: Zones = WORKS, asked: Asked = ASKED) -> Answer:
    place, _ = read_place(release, where)
    return answer(release, place, read_figures(release, place)[0], asked)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("movement")


@pytest.fixture(scope="module")
def wood(folder: Path) -> Release:
    return opened(write_incident(folder))


class TestSegments:
    def test_people_are_told_by_what_they_are_there_for_beside_usual_days(self, wood):
        """On usual days 50 at home, 250 at work and 100 visiting in the first cell, and twice as many in the second;
        on the day 40, 20 and 40, and those at home are withheld in the first cell. Nobody is known from abroad."""
        found, coarse, runs = movement.who(wood, tell(wood))
        told = {each.name: (each.people, each.usual, each.withheld) for each in found}
        assert told["At home"] == (80, 150, 1)
        assert told["At work"] == (60, 750, 0)
        assert told["Visiting, residents"] == (120, 300, 0)
        assert np.isnan(told["From abroad"][:2]).all()
        assert coarse.startswith("Counted in cells of about 5.2 km²"), "the mean of all cells of resolution 7"
        assert {each.name for each in runs} == {"segments_of_cells"}

    def test_a_cell_that_is_cut_counts_in_part(self, wood):
        latitude, longitude = h3.cell_to_latlng(A2)
        north = shapely.box(longitude - 1, latitude, longitude + 1, latitude + 1)
        half = tell(wood, Zones(("Half",), (outline(A2).buffer(-1e-6).intersection(north),)))
        found, _, _ = movement.who(wood, half)
        assert found[1].people == pytest.approx(20, rel=0.01)
        assert found[1].usual == pytest.approx(250, rel=0.01)

    def test_nobody_is_counted_twice_where_zones_overlap(self, wood):
        twice = Zones(("One", "Other"), (outline(A1, A2), outline(A1, A2)))
        assert movement.who(wood, tell(wood, twice))[0][1].people == 60

    def test_the_table_has_a_row_each_and_says_what_is_withheld(self, wood):
        table = movement.segment_table(movement.who(wood, tell(wood))[0])
        assert table["There"].tolist() == ["At home", "At work", "Visiting, residents", "From abroad"]
        assert table["People"].tolist() == ["80", "60", "120", "not known"]
        assert table["Withheld"].tolist() == ["1 cell", "", "", ""]

    def test_without_comparable_days_only_those_who_were_there_are_told(self, wood):
        early = tell(wood, WORKS, Asked(at(BEFORE[0], 13), at(BEFORE[0], 14)))
        found, _, _ = movement.who(wood, early)
        assert [each.people for each in found[:3]] == [150, 750, 300]
        assert all(np.isnan(each.usual) for each in found)

    def test_where_the_release_does_not_tell_nothing_is_told(self, folder, wood):
        assert (
            movement.who(wood, tell(wood, WORKS, Asked(at(dt.date(2026, 11, 3), 13), at(dt.date(2026, 11, 3), 14))))[0]
            == []
        )
        bare = opened(write_incident(folder, "bare", without_tables=("coverage", "present_segment")))
        assert movement.who(bare, tell(bare)) == ([], "", [])


class TestHomes:
    def test_where_people_live_is_held_against_the_median_of_usual_days(self, wood):
        """Of Alder 500, who were 900; of Birch 105, who were 80, 100, 120 and 140. Errors of 30 and 10 on each day."""
        found, said, _ = movement.homes(wood, tell(wood))
        assert [(each.name, each.now, each.usual) for each in found] == [("Alder", 500, 900), ("Birch", 105, 110)]
        assert [each.error for each in found] == pytest.approx([30 * np.sqrt(SPREAD), 10 * np.sqrt(SPREAD)])
        assert [each.excess for each in found] == [-400, -5]
        assert said == ("Of the whole of Alder, and not of the zone alone. A mean over the midday of the UTC day.")

    def test_shortly_after_midnight_in_summer_it_is_still_the_evening_before_in_utc(self, folder):
        """00:00 on Wednesday 21 October is 23:00 UTC on the 20th: usual are the evenings of the 6th and the 13th."""
        late = {"area_code": ALDER, "day_part": "late", "home_area_code": ALDER, "se": 10.0}
        people = {6: 800, 7: 1, 13: 820, 14: 1, 20: 300, 21: 1}
        figures = {
            f"home_presence/date={dt.date(2026, 10, day)}": [{**late, "people": many}] for day, many in people.items()
        }
        day = dt.date(2026, 10, 21)
        world = opened(write_incident(folder, "late", changes=stay(A1, 0, at(day, 0), 1), figures=figures))
        found, _, _ = movement.homes(world, tell(world, WORKS, Asked(at(day, 0), at(day, 1))))
        assert [(each.now, each.usual) for each in found] == [(300, 810)]

    def test_a_home_that_is_withheld_on_any_of_the_days_is_left_out(self, folder):
        of = {"area_code": ALDER, "day_part": "midday"}
        rows = [
            {**of, "home_area_code": ALDER, "people": 880, "se": 30.0},
            {**of, "home_area_code": BIRCH, "people": None, "se": None},
        ]
        world = opened(write_incident(folder, "home", figures={f"home_presence/date={BEFORE[2]}": rows}))
        found, _, _ = movement.homes(world, tell(world))
        assert [each.name for each in found] == ["Alder"]

    def test_without_comparable_days_or_the_table_nothing_is_told(self, folder, wood):
        early = tell(wood, WORKS, Asked(at(BEFORE[0], 13), at(BEFORE[0], 14)))
        assert movement.homes(wood, early)[0] == []
        bare = opened(write_incident(folder, "homeless", without_tables=("coverage", "home_presence")))
        assert movement.homes(bare, tell(bare)) == ([], "", [])


class TestTrips:
    def test_trips_out_of_the_authority_are_held_against_usual_days(self, wood):
        """300 from Alder to Birch, where 100, 110, 90 and 100 are usual, each with an error of 6."""
        (found,), said, runs = movement.went(wood, tell(wood))
        assert (found.name, found.now, found.usual) == ("Birch", 300, 100)
        assert found.error == pytest.approx(6 * np.sqrt(SPREAD))
        assert said.startswith("Of the whole of Alder, and not of the zone alone. Trips of the whole UTC day")
        assert {each.name for each in runs} == {"trips_out_of"}

    def test_withheld_trips_are_no_trips_that_did_not_happen(self, folder):
        hidden = {f"flows_day/date={WEDNESDAY}": [trip(ALDER, BIRCH, None), trip(ALDER, ALDER, 900)]}
        world = opened(write_incident(folder, "hidden", figures=hidden))
        assert movement.went(world, tell(world))[0] == []

    def test_trips_withheld_on_a_usual_day_leave_the_destination_out(self, folder):
        hidden = {f"flows_day/date={BEFORE[1]}": [trip(ALDER, BIRCH, None), trip(ALDER, ALDER, 900)]}
        world = opened(write_incident(folder, "hidden-before", figures=hidden))
        assert movement.went(world, tell(world))[0] == []

    def test_a_destination_that_is_not_there_on_a_day_is_left_out(self, folder):
        """No trip was observed, and how sure that is is not told: nothing is made of it."""
        absent = {f"flows_day/date={BEFORE[1]}": [trip(ALDER, "E07000003", 50)]}
        world = opened(write_incident(folder, "absent", figures=absent))
        assert movement.went(world, tell(world))[0] == []

    def test_a_day_without_any_trip_is_not_covered_and_left_out(self, folder):
        """Of 100, 90 and 100 the median is 100."""
        gap = {f"flows_day/date={BEFORE[1]}": [trip(ALDER, ALDER, 900)]}
        world = opened(write_incident(folder, "gap", figures=gap))
        (found,), _, _ = movement.went(world, tell(world))
        assert found.usual == 100
        assert found.error == pytest.approx(6 * np.sqrt(1 + np.pi / 6))

    def test_where_errors_are_not_told_no_interval_is(self, folder):
        plain = {name: [{**row, "se": None} for row in rows] for name, rows in flows().items()}
        world = opened(write_incident(folder, "plain", figures=plain))
        (found,), _, _ = movement.went(world, tell(world))
        assert (found.now, found.usual) == (300, 100)
        assert np.isnan(found.error)
        table = movement.change_table([found], "To", "Trips")
        assert table["95 % interval"].tolist() == ["not known"]

    def test_without_usual_days_nothing_is_told(self, folder, wood):
        early = tell(wood, WORKS, Asked(at(BEFORE[0], 13), at(BEFORE[0], 14)))
        assert movement.went(wood, early)[0] == []
        only = opened(
            write_incident(folder, "only", figures={f"flows_day/date={day}": [trip(BIRCH, ALDER, 5)] for day in BEFORE})
        )
        assert movement.went(only, tell(only))[0] == []
        bare = opened(write_incident(folder, "tripless", without_tables=("coverage", "flows_day")))
        assert movement.went(bare, tell(bare)) == ([], "", [])

    def test_over_midnight_they_are_those_of_the_first_date_against_the_same_weekday(self, folder):
        """More people leave after midnight than before it; trips are those of Wednesday, and of Wednesdays."""
        thursday = WEDNESDAY + dt.timedelta(1)
        changes = {**stay(A1, 60, at(WEDNESDAY, 22), 2), **stay(A1, 0, at(thursday, 0), 4)}
        world = opened(write_incident(folder, "midnight", changes=changes))
        found = tell(world, WORKS, Asked(at(WEDNESDAY, 22), at(thursday, 4)))
        assert movement.baseline_days(found, thursday)[0].weekday() == thursday.weekday()
        (trips,), _, _ = movement.went(world, found)
        assert (trips.now, trips.usual) == (300, 100)


class TestNearby:
    def test_cells_around_with_more_people_are_listed_and_those_inside_are_not(self, wood):
        """Of 600 in the third cell there are 800; c(800) + 4 + 36 + (c(600) + 4 + 36) pi / 8 + (2 % of 200)²."""
        (found,) = movement.nearby(wood, tell(wood))
        assert (found.now, found.usual, found.excess) == (800, 600, 200)
        assert found.name == "near Alder"
        assert found.error == pytest.approx(np.sqrt(802 + 40 + (602 + 40) * np.pi / 8 + 4**2))
        assert movement.nearby(wood, tell(wood, zones(Works=[A1, A3]))) == []

    def test_where_nothing_happened_there_are_none(self, wood):
        quiet = tell(wood, WORKS, Asked(at(dt.date(2026, 11, 3), 13), at(dt.date(2026, 11, 3), 17)))
        assert movement.nearby(wood, quiet) == []

    def test_the_table_is_rounded_to_what_the_errors_bear(self):
        table = movement.change_table([Change("near Alder", 812.0, 604.0, 31.0)], "Where", "People")
        assert table.to_dict("records") == [
            {
                "Where": "near Alder",
                "People": "810",
                "Usual": "600",
                "Difference": "+210",
                "95 % interval": "+150 to +270",
            }
        ]


def test_the_fire_moves_nobody_out_of_the_country():
    """What leaves the works and what comes to the third cell, by hand: 500 and 200."""
    moved = {cell: people for (cell, moment), people in FIRE.items() if moment == at(WEDNESDAY, 13)}
    assert moved == {A1: 100, A2: 200, A3: 800}
