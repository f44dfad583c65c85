"""Who was there and where people went, by hand, on the very small country of `incident_world`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import h3.api.numpy_int as h3
import numpy as np
import pytest
import shapely
from build_world import ALDER, BIRCH, hours
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
from release_world import A1, A2, A3, B1

from cellcount.ui import incident_movement as movement
from cellcount.ui.incident_answer import Answer, Asked, answer
from cellcount.ui.incident_movement import Change, Home
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
    def test_shares_are_of_the_cells_that_are_told_of_on_all_days(self, wood):
        """On usual days 100, 500 and 200 in the second cell; on the day 80, 40 and 80. In the first those at home are
        withheld, and its 100 people of 300 are not told of: of the others 80 are at home, where 0 would be wrong."""
        found, coarse, runs = movement.who(wood, tell(wood))
        assert [each.name for each in found] == ["At home", "At work", "Visiting", "From abroad"]
        assert [each.share for each in found[:3]] == pytest.approx([0.4, 0.2, 0.4])
        assert [each.least for each in found[:3]] == pytest.approx([0.125, 0.625, 0.25])
        assert [each.most for each in found[:3]] == pytest.approx([0.125, 0.625, 0.25])
        assert [each.told for each in found] == pytest.approx([2 / 3, 2 / 3, 2 / 3, 0])
        assert [each.people for each in found[:3]] == pytest.approx([80, 40, 80])
        assert np.isnan([found[3].share, found[3].people]).all(), "nobody is known from abroad"
        assert coarse.startswith("Told of cells of about 5.2 km²"), "the mean of all cells of resolution 7"
        assert {each.name for each in runs} == {"segments_of_cells", "present_of_cells"}

    def test_a_cell_that_is_cut_counts_in_part(self, wood):
        """400 and half of 400 people on 28 October, of whom an eighth are at home."""
        latitude, longitude = h3.cell_to_latlng(A2)
        north = shapely.box(longitude - 1, latitude, longitude + 1, latitude + 1)
        half = shapely.union_all([outline(A1), outline(A2).buffer(-1e-6).intersection(north)])
        quiet = tell(wood, Zones(("Half",), (half,)), Asked(at(BEFORE[3], 13), at(BEFORE[3], 14)))
        found, _, _ = movement.who(wood, quiet)
        assert found[0].share == pytest.approx(0.125)
        assert found[0].people == pytest.approx(600 / 8, rel=0.01)

    def test_nobody_is_counted_twice_where_zones_overlap(self, wood):
        twice = Zones(("One", "Other"), (outline(A1, A2), outline(A1, A2)))
        assert movement.who(wood, tell(wood, twice))[0][1].people == pytest.approx(40)

    def test_what_is_withheld_for_most_has_no_figure_and_never_0(self, folder):
        """At 13:00 the second cell's people at work are withheld as well: of none of the people is it told."""
        hidden = {
            f"present_segment/segment=at_work/resolution=7/date={WEDNESDAY}": [
                {"h3": A1, **hours(20)},
                {"h3": A2, **hours(40, h13=None)},
            ]
        }
        world = opened(write_incident(folder, "dark", figures=hidden))
        found, _, _ = movement.who(world, tell(world))
        assert np.isnan([each.share for each in found]).all()
        table = movement.segment_table(found)
        assert table["Share"].tolist() == ["withheld"] * 4
        assert table["People"].tolist() == ["not known"] * 4
        assert table["On usual days"].tolist() == ["not known"] * 4
        assert table["Withheld"].tolist() == ["for 100.0 % of the people"] * 4

    def test_what_is_withheld_on_a_usual_day_makes_no_change(self, folder):
        """On one usual day half of the second cell's people are at home and the first is withheld: nothing is made of
        the first cell's, on any of the days."""
        hidden = {
            f"present_segment/segment=at_home/resolution=7/date={BEFORE[1]}": [
                {"h3": A1, **hours(50, h13=None)},
                {"h3": A2, **hours(700)},
            ]
        }
        world = opened(write_incident(folder, "dark-before", figures=hidden))
        found, _, _ = movement.who(world, tell(world))
        assert (found[0].least, found[0].most) == pytest.approx((0.125, 0.5))

    def test_the_table_says_what_is_told_of_in_part(self, wood):
        table = movement.segment_table(movement.who(wood, tell(wood))[0])
        assert table.to_dict("records")[0] == {
            "There": "At home",
            "Share": "40.0 %",
            "On usual days": "12.5 % to 12.5 %",
            "People": "at least 80",
            "Withheld": "for 33.3 % of the people",
        }

    def test_without_comparable_days_only_those_who_were_there_are_told(self, wood):
        """On 7 October 390 are in either cell, of whom 50 of 400 are at home: 97.5 of 780."""
        early = tell(wood, WORKS, Asked(at(BEFORE[0], 13), at(BEFORE[0], 14)))
        found, _, _ = movement.who(wood, early)
        assert [each.share for each in found[:3]] == pytest.approx([0.125, 0.625, 0.25])
        assert [each.people for each in found[:3]] == pytest.approx([97.5, 487.5, 195])
        assert np.isnan([each.most for each in found]).all()

    def test_of_a_small_part_of_the_people_of_its_cells_nothing_is_told(self, folder):
        """100 and 200 people of 4,000 in the cells."""
        many = {f"present/resolution=7/date={WEDNESDAY}": [{"h3": each, **hours(2000)} for each in (A1, A2)]}
        world = opened(write_incident(folder, "crowd", figures=many))
        found, said, _ = movement.who(world, tell(world))
        assert found == []
        assert said.endswith("of whose people the place has 7.5 %: too few to tell of it.")

    def test_what_is_counted_in_no_segment_is_not_told_of(self, folder):
        """Both cells have 800 people, of whom 400 are in a segment in the first: of half of its people it is told."""
        more = {f"present/resolution=7/date={BEFORE[3]}": [{"h3": each, **hours(800)} for each in (A1, A2)]}
        world = opened(write_incident(folder, "uncounted", figures=more))
        found, said, _ = movement.who(world, tell(world, WORKS, Asked(at(BEFORE[3], 13), at(BEFORE[3], 14))))
        assert [each.told for each in found[:3]] == pytest.approx([0.75] * 3)
        assert found[0].people == pytest.approx(800 * 0.75 / 8)
        assert "of whose people the place has 50.0 %" in said

    def test_where_fine_cells_are_not_told_of_coarser_ones_are(self, folder):
        """The cells of resolution 6 around both, in which a quarter, a quarter and a half are there for something."""
        coarse = sorted({h3.cell_to_parent(each, 6) for each in (A1, A2)})
        days = (*BEFORE, WEDNESDAY)
        figures = {
            f"present_segment/segment={segment}/resolution={resolution}/date={day}": (
                [{"h3": each, **hours(people)} for each in coarse] if resolution == 6 else [{"h3": B1, **hours(7)}]
            )
            for segment, people in (("at_home", 500), ("at_work", 500), ("visiting", 1000))
            for resolution in (6, 7)
            for day in days
        }
        world = opened(write_incident(folder, "coarse", figures=figures))
        found, said, _ = movement.who(world, tell(world))
        assert [each.share for each in found[:3]] == pytest.approx([0.25, 0.25, 0.5])
        assert [each.people for each in found[:3]] == pytest.approx([75, 75, 150])
        assert said.startswith("Told of cells of about 36 km²")

    def test_where_the_release_does_not_tell_nothing_is_told(self, folder, wood):
        quiet = tell(wood, WORKS, Asked(at(dt.date(2026, 11, 3), 13), at(dt.date(2026, 11, 3), 14)))
        assert movement.who(wood, quiet)[0] == []
        bare = opened(write_incident(folder, "bare", without_tables=("coverage", "present_segment")))
        assert movement.who(bare, tell(bare)) == ([], "", [])


SUMMER = dt.date(2026, 10, 21)
SUMMERS = tuple(dt.date(2026, 9, day) for day in (23, 30)) + tuple(dt.date(2026, 10, day) for day in (7, 14))
"""A Wednesday before clocks go back, and the four before it."""


def summer(folder: Path, name: str, people: dict[dt.date, dict[str, int | None]]) -> Release:
    """A release from Monday 7 September, with people at midday by day and home, each with an error of 10."""
    of = {"area_code": ALDER, "day_part": "midday"}
    figures = {
        f"home_presence/date={day}": [
            {**of, "home_area_code": home, "people": many, "se": None if many is None else 10.0}
            for home, many in there.items()
        ]
        for day, there in people.items()
    }
    changes = stay(A1, 100, at(SUMMER, 13), 4)
    return opened(write_incident(folder, name, changes=changes, figures=figures, first=dt.date(2026, 9, 7), days=49))


AFTERNOON = Asked(at(SUMMER, 13), at(SUMMER, 17))


class TestHomes:
    def test_where_people_live_is_held_against_the_median_of_usual_days(self, folder):
        """Of Alder 500, who were 900; of Birch 105, who were 80, 100, 120 and 140. Of so few figures the variation is
        not known, and is taken to be 10 %: 90 and 11 beside errors of 10."""
        birch = dict(zip(SUMMERS, (80, 100, 120, 140), strict=True))
        usual = {day: {ALDER: 900, BIRCH: many} for day, many in birch.items()}
        world = summer(folder, "summer", {**usual, SUMMER: {ALDER: 500, BIRCH: 105}})
        people, found, _ = movement.homes(world, tell(world, WORKS, AFTERNOON))
        assert [(each.name, each.people, each.error) for each in people] == [("Alder", 500, 10), ("Birch", 105, 10)]
        (alder,) = found.differing
        assert (alder.name, alder.now, alder.usual, alder.excess) == ("Alder", 500, 900, -400)
        assert alder.error == pytest.approx(np.sqrt((10**2 + 90**2) * SPREAD))
        assert found.verdict == "1 of 2 home authorities differs from usual, at a false-discovery rate of 5.0 %."
        assert found.said == (
            "Of the whole of Alder, and not of the zone alone. A mean over the midday of the UTC day. Usual is the "
            "median of 4 days."
        )

    def test_days_before_clocks_changed_are_no_usual_days(self, wood):
        """Midday of UTC is 11:00 to 17:00 on 7, 14 and 21 October and 10:00 to 16:00 on 28 October and 4 November."""
        people, found, runs = movement.homes(wood, tell(wood))
        assert [(each.name, each.people) for each in people] == [("Alder", 500), ("Birch", 105)]
        assert found.differing == ()
        assert found.verdict.startswith(
            "What is usual is not given: of the days compared with, 1 day keeps the clock time of 4 November 2026, and "
            "2 are needed."
        )
        assert {str(each.parameters["date"]) for each in runs} == {"2026-10-28", "2026-11-04"}

    def test_shortly_after_midnight_in_summer_it_is_still_the_evening_before_in_utc(self, folder):
        """00:00 on Wednesday 21 October is 23:00 UTC on the 20th: usual are the evenings of the 6th and the 13th."""
        late = {"area_code": ALDER, "day_part": "late", "home_area_code": ALDER, "se": 10.0}
        people = {6: 800, 7: 1, 13: 820, 14: 1, 20: 300, 21: 1}
        figures = {
            f"home_presence/date={dt.date(2026, 10, day)}": [{**late, "people": many}] for day, many in people.items()
        }
        day = dt.date(2026, 10, 21)
        world = opened(write_incident(folder, "late", changes=stay(A1, 0, at(day, 0), 1), figures=figures))
        _, found, _ = movement.homes(world, tell(world, WORKS, Asked(at(day, 0), at(day, 1))))
        assert [(each.now, each.usual) for each in found.differing] == [(300, 810)]

    def test_a_home_that_is_withheld_on_any_of_the_days_is_compared_with_nothing(self, folder):
        """Birch's 400 stand where 100 were usual on three days."""
        usual = {day: {ALDER: 900, BIRCH: 100} for day in SUMMERS}
        usual[SUMMERS[2]][BIRCH] = None
        world = summer(folder, "home", {**usual, SUMMER: {ALDER: 900, BIRCH: 400}})
        people, found, _ = movement.homes(world, tell(world, WORKS, AFTERNOON))
        assert [each.name for each in people] == ["Alder", "Birch"]
        assert found.verdict == "None of 1 home authority differs from usual, at a false-discovery rate of 5.0 %."

    def test_people_are_told_with_their_interval(self):
        """1.96 errors of 30 on either side of 500; of the second no error is known."""
        table = movement.home_table([Home("Alder", 500.0, 30.0), Home("Birch", 105.0, np.nan)])
        assert table["People"].tolist() == ["500", "105"]
        assert table["95 % interval"].tolist() == ["440 to 560", "not known"]

    def test_without_comparable_days_only_those_who_were_there_are_told(self, wood):
        early = tell(wood, WORKS, Asked(at(BEFORE[0], 13), at(BEFORE[0], 14)))
        people, found, _ = movement.homes(wood, early)
        assert [each.people for each in people] == [900, 80]
        assert "no days keep the clock time of 7 October 2026" in found.verdict

    def test_without_the_table_nothing_is_told(self, folder):
        bare = opened(write_incident(folder, "homeless", without_tables=("coverage", "home_presence")))
        assert movement.homes(bare, tell(bare)) == ([], None, [])


NONE_OF_THEM = "None of 1 destination differs from usual, at a false-discovery rate of 5.0 %."


class TestTrips:
    def test_trips_out_of_the_authority_are_held_against_usual_days(self, wood):
        """300 from Alder to Birch, where 100, 110, 90 and 100 are usual, each with an error of 6; 10 % of 100 is what
        days are taken to vary by."""
        found, runs = movement.went(wood, tell(wood))
        (trips,) = found.differing
        assert (trips.name, trips.now, trips.usual) == ("Birch", 300, 100)
        assert trips.error == pytest.approx(np.sqrt((6**2 + 10**2) * SPREAD))
        assert found.verdict == "1 of 1 destination differs from usual, at a false-discovery rate of 5.0 %."
        assert found.said.startswith("Of the whole of Alder, and not of the zone alone. Trips of the whole UTC day.")
        assert {each.name for each in runs} == {"trips_out_of"}

    def test_where_trips_are_as_usual_that_is_said(self, folder):
        """125 are 2.1 errors of 11.7 from 100."""
        ordinary = {f"flows_day/date={WEDNESDAY}": [trip(ALDER, BIRCH, 125), trip(ALDER, ALDER, 900)]}
        world = opened(write_incident(folder, "ordinary", figures=ordinary))
        found, _ = movement.went(world, tell(world))
        assert (found.differing, found.verdict) == ((), NONE_OF_THEM)

    def test_withheld_trips_are_no_trips_that_did_not_happen(self, folder):
        hidden = {f"flows_day/date={WEDNESDAY}": [trip(ALDER, BIRCH, None), trip(ALDER, ALDER, 900)]}
        world = opened(write_incident(folder, "hidden", figures=hidden))
        found, _ = movement.went(world, tell(world))
        assert found.differing == ()
        assert found.verdict.startswith("Whether any of the destinations differs from usual cannot be told")

    @pytest.mark.parametrize("on_that_day", [trip(ALDER, BIRCH, None), trip(ALDER, "E07000003", 50)])
    def test_trips_withheld_or_not_there_on_a_usual_day_leave_the_destination_out(self, folder, on_that_day):
        """Where no trip was observed, how sure that is is not told: nothing is made of it."""
        name = "hidden-before" if on_that_day["trips"] is None else "absent"
        hidden = {f"flows_day/date={BEFORE[1]}": [on_that_day, trip(ALDER, ALDER, 900)]}
        world = opened(write_incident(folder, name, figures=hidden))
        found, _ = movement.went(world, tell(world))
        assert found.differing == ()
        assert "cannot be told" in found.verdict

    def test_a_day_without_any_trip_is_not_covered_and_left_out(self, folder):
        """Of 100, 90 and 100 the median is 100."""
        gap = {f"flows_day/date={BEFORE[1]}": [trip(ALDER, ALDER, 900)]}
        world = opened(write_incident(folder, "gap", figures=gap))
        found, _ = movement.went(world, tell(world))
        (trips,) = found.differing
        assert trips.usual == 100
        assert trips.error == pytest.approx(np.sqrt((6**2 + 10**2) * (1 + np.pi / 6)))
        assert found.said.endswith("Usual is the median of 3 days.")

    def test_where_errors_are_not_told_nothing_is_called_different(self, folder):
        plain = {name: [{**row, "se": None} for row in rows] for name, rows in flows().items()}
        world = opened(write_incident(folder, "plain", figures=plain))
        found, _ = movement.went(world, tell(world))
        assert found.differing == ()
        assert "cannot be told" in found.verdict

    def test_without_usual_days_nothing_is_compared(self, wood):
        early = tell(wood, WORKS, Asked(at(BEFORE[0], 13), at(BEFORE[0], 14)))
        found, _ = movement.went(wood, early)
        assert (found.differing, found.verdict) == (
            (),
            "What is usual is not given: it takes 2 comparable days with trips.",
        )

    def test_without_trips_or_the_table_nothing_is_told(self, folder):
        none = {f"flows_day/date={WEDNESDAY}": [trip(BIRCH, ALDER, 5)]}
        only = opened(write_incident(folder, "only", figures=none))
        assert movement.went(only, tell(only))[0] is None
        bare = opened(write_incident(folder, "tripless", without_tables=("coverage", "flows_day")))
        assert movement.went(bare, tell(bare)) == (None, [])

    def test_over_midnight_they_are_those_of_the_first_date_against_the_same_weekday(self, folder):
        """More people leave after midnight than before it; trips are those of Wednesday, and of Wednesdays."""
        thursday = WEDNESDAY + dt.timedelta(1)
        changes = {**stay(A1, 60, at(WEDNESDAY, 22), 2), **stay(A1, 0, at(thursday, 0), 4)}
        world = opened(write_incident(folder, "midnight", changes=changes))
        found = tell(world, WORKS, Asked(at(WEDNESDAY, 22), at(thursday, 4)))
        assert movement.baseline_days(found, thursday)[0].weekday() == thursday.weekday()
        (trips,) = movement.went(world, found)[0].differing
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
                "95 % interval": "+140 to +280",
            }
        ]


def test_the_fire_moves_nobody_out_of_the_country():
    """What leaves the works and what comes to the third cell, by hand: 500 and 200."""
    moved = {cell: people for (cell, moment), people in FIRE.items() if moment == at(WEDNESDAY, 13)}
    assert moved == {A1: 100, A2: 200, A3: 800}
