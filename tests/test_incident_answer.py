"""What happened in a place, against usual days: by hand, on the very small country of `incident_world`.

Half of all people are seen, and chance has a variance of N + 2; days differ by the least that is taken, 1 %; rounding
has 4. With x people now, m usual and k = 4 days, n = (x + 4 m) / 5, the variance of a difference of nothing is
(n + 2 + 4 + (m / 100)²) (1 + pi / 8).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from build_world import ALDER, COUNTRY, PARENT, hours
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from incident_world import (
    BEFORE,
    DAYS,
    FIRE,
    FIRST,
    LEVEL,
    WEDNESDAY,
    at,
    devices,
    opened,
    outline,
    stay,
    write_incident,
    zones,
)
from release_world import A1, A2, A3, A4, B1, B2, B3

from cellcount.methods import baseline, cautions, incident, recovery
from cellcount.ui import incident_figures, incident_place
from cellcount.ui.incident_answer import ALL, Answer, Asked, NothingThereError, Zone, answer
from cellcount.ui.incident_known import is_compared
from cellcount.ui.incident_place import read_figures, read_place
from cellcount.ui.reading import Release
from cellcount.zones import Zones, rings

ASKED = Asked(at(WEDNESDAY, 13), at(WEDNESDAY, 17))
SPREAD = 1 + np.pi / 8
"""Of four days: what the doubt about their median adds."""
T = 2.306
"""Student's t of 8 degrees of freedom, 0.975, by the table."""


def spilled(two: float = 362, three: float = 642) -> float:
    """People by whom the deficit of the first cell may be less, for so many may be missing in its neighbours instead.

    At the fire the second has 200 of 400 and the third 800 where 600 are usual: n is 360 and 640, and chance n + 2.
    Beyond two errors 6 % of what both have together, fewer than usual, may be counted in the first.
    """
    fewer, more = (200 - 2 * np.sqrt((each + 4 + day) * SPREAD) for each, day in ((two, 16), (three, 36)))
    return 0.06 * (fewer - more)


def spilled_out(missing: float, variance: float, neighbours: int = 6) -> float:
    """People by whom the deficit of a cell may be more, for 6 % of it may be counted in each of its neighbours."""
    return 0.06 * neighbours * (missing - 2 * np.sqrt(variance * SPREAD))


WITHHELD_PEOPLE = 9 / 2.828968 / 0.5
"""Of fewer than 10 devices, half of all people being seen: 3.18 / 0.5."""


def tell(release: Release, where: Zones, asked: Asked = ASKED, rate: float = 0.05) -> Answer:
    place, _ = read_place(release, where)
    figures, _ = read_figures(release, place)
    return answer(release, place, figures, asked, rate)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("answers")


@pytest.fixture(scope="module")
def wood(folder: Path) -> Release:
    return opened(write_incident(folder))


def step(found: Answer, moment: dt.datetime) -> int:
    return found.moments.index(moment)


def codes(zone: Zone) -> list[str]:
    return [each.code for each in zone.cautions]


def said(zone: Zone, code: str) -> str:
    (sentence,) = {each.sentence for each in zone.cautions if each.code == code}
    return sentence


@pytest.fixture(scope="module")
def found(wood: Release) -> Answer:
    """The fire, told of the first cell alone."""
    return tell(wood, zones(Works=[A1]))


class TestOneCell:
    def test_people_against_the_median_of_four_wednesdays(self, found):
        difference = found.zones[0].difference
        hours = [step(found, at(WEDNESDAY, hour)) for hour in (12, 13, 17, 18)]
        assert difference.people[hours].tolist() == [400, 100, 100, 400]
        assert difference.usual[hours].tolist() == [400] * 4
        assert difference.excess[hours].tolist() == [0, -300, -300, 0]
        assert difference.percent[hours].tolist() == [0, -75, -75, 0]
        assert found.baseline[found.dates.index(WEDNESDAY)].days == BEFORE

    def test_z_is_the_difference_over_what_it_varies_by_if_nothing_happened(self, found):
        """n = (100 + 4 x 400) / 5 = 340: s² = (342 + 4 + 16) x 1.3927 = 504.2. One person may be the neighbours'."""
        z = found.zones[0].difference.z[step(found, at(WEDNESDAY, 14))]
        assert z == pytest.approx((-300 + spilled()) / np.sqrt(362 * SPREAD))
        assert z == pytest.approx(-13.32, abs=0.01)

    def test_an_incident_that_goes_on_after_its_end_does_not_hide_itself(self, folder):
        """Days after it are no days of usual variation where only weeks before are compared."""
        days = [at(WEDNESDAY + dt.timedelta(each), 13) for each in (1, 2, 3, 4)]
        after = {place: people for day in days for place, people in stay(A1, 100, day, 4).items()}
        on = opened(write_incident(folder, "on", changes={**FIRE, **after}))
        found = tell(on, zones(Works=[A1]))
        assert found.zones[0].difference.z[step(found, at(WEDNESDAY, 14))] == pytest.approx(-13.32, abs=0.01)

    def test_the_interval_is_of_the_difference_as_it_is(self, found):
        """Now 102 + 4 + 16; then (402 + 4 + 16) x pi / 8; and 2 % of the 300, which the share observed may be off. All
        six neighbours may count people who are missing here.
        """
        hour = step(found, at(WEDNESDAY, 14))
        difference = found.zones[0].difference
        error = np.sqrt(122 + 422 * np.pi / 8 + 6**2)
        assert error == pytest.approx(17.99, abs=0.01)
        most = 300 + spilled_out(300, 362)
        far = np.sqrt(122 + 422 * np.pi / 8 + (0.02 * most) ** 2)
        assert difference.low[hour] == pytest.approx(-most - T * far, abs=0.01)
        # The neighbours' one person moves the upper limit alone.
        assert difference.high[hour] == pytest.approx(-300 + spilled() + T * error, abs=0.1)
        assert difference.error[hour] == pytest.approx(
            (difference.high[hour] - difference.low[hour]) / (2 * T), rel=1e-4
        )

    def test_by_night_the_share_of_people_observed_is_known_to_30_per_cent(self, folder):
        night = opened(write_incident(folder, "night", changes=stay(A1, 0, at(WEDNESDAY, 3), 1)))
        found = tell(night, zones(Works=[A1]), Asked(at(WEDNESDAY, 3), at(WEDNESDAY, 4)))
        error = found.zones[0].difference.error[step(found, at(WEDNESDAY, 3))]
        most = 100 + spilled_out(100, 80 + 2 + 4 + 1)
        near, far = (np.sqrt(7 + 107 * np.pi / 8 + (0.3 * missing) ** 2) for missing in (100, most))
        assert error == pytest.approx((most - 100 + T * (near + far)) / (2 * T), rel=1e-4)

    def test_days_before_and_after_are_shown_and_the_hours_of_the_incident_are_marked(self, found):
        assert found.dates == tuple(WEDNESDAY + dt.timedelta(each) for each in (-1, 0, 1, 2))
        assert len(found.moments) == len(found.at) == len(found.during) == 96
        assert [found.moments[place].hour for place in np.flatnonzero(found.during)] == [13, 14, 15, 16]

    def test_it_was_as_usual_again_an_hour_after_the_end(self, found):
        zone = found.zones[0]
        assert zone.recovery == recovery.Recovery(recovery.RECOVERED, step(found, at(WEDNESDAY, 18)), 1)
        assert incident_figures.headline(found) == (
            "Furthest from usual was Wed 4 Nov, 13:00 to 14:00: about 100 people were here where 400 are usual, "
            "300 fewer (95 % interval −430 to −260), or −75 %: far fewer than usual.",
            "It was as usual again 1 hour after the end, from Wed 4 Nov, 18:00 to 19:00.",
        )

    def test_people_hours_add_up_the_hours_of_the_incident_and_their_errors(self, found):
        zone, hour = found.zones[0], step(found, at(WEDNESDAY, 14))
        total, difference = zone.total, zone.difference
        assert (total.person_hours, total.hours) == (-1200, 4)
        assert total.error == pytest.approx(4 * difference.error[hour])
        assert (total.low, total.high) == pytest.approx((4 * difference.low[hour], 4 * difference.high[hour]))

    def test_the_peak_is_of_the_hours_of_the_incident(self, found):
        peak = found.zones[0].peak
        assert peak is not None
        assert (peak.hour, peak.people) == (step(found, at(WEDNESDAY, 13)), 100)

    def test_usual_by_day_and_by_night_leave_out_the_dates_that_are_shown(self, found):
        """Weekdays of weeks of -10, 0, +10, 0 and Monday 2 November: 400. Nights of 31 dates, of which 00:00 on the
        first, 10 below the level, is not covered: 34 hours of -10 and 35 of +10 in 154."""
        zone = found.zones[0]
        assert (zone.day.mean, zone.day.hours) == (400, 21 * 6)
        assert zone.day.peak == 410
        assert zone.night.mean == pytest.approx(100 + 10 / 154)
        assert zone.night.hours == 154

    def test_the_error_of_usual_by_day_is_that_of_an_hour(self, found):
        """Of N people: N + 2 by chance, (2 % of N)² of the share, 4 of rounding; the mean over weeks."""
        of = {people: np.sqrt(people + 2 + (0.02 * people) ** 2 + 4) for people in (390, 400, 410)}
        assert found.zones[0].day.error == pytest.approx((5 * of[390] + 11 * of[400] + 5 * of[410]) / 21)
        assert found.zones[0].day.peak_error == pytest.approx(of[410])

    def test_nothing_has_to_be_said_of_an_incident_of_which_all_is_known(self, wood, found):
        everywhere = tell(wood, zones(Wood=sorted(LEVEL)))
        assert codes(everywhere.zones[0]) == []
        assert codes(found.zones[0]) == [cautions.CUT_CELLS], "what is missing may be counted beside a zone so small"
        assert is_compared(found)

    def test_the_days_it_is_compared_with_are_listed(self, found):
        assert incident_figures.compared_with(found, step(found, at(WEDNESDAY, 13))) == (
            "Compared with Wed 7 Oct, Wed 14 Oct, Wed 21 Oct and Wed 28 Oct."
        )

    def test_an_hour_of_another_date_is_compared_with_days_of_its_own_weekday(self, found):
        assert incident_figures.compared_with(found, step(found, at(WEDNESDAY + dt.timedelta(1), 13))) == (
            "Compared with Thu 8 Oct, Thu 15 Oct, Thu 22 Oct and Thu 29 Oct."
        )


class TestZones:
    def test_chance_adds_as_variances_and_days_as_standard_deviations(self, wood):
        """Two cells: n = 340 and (200 + 1600) / 5 = 360. Together they move by 4 + 4 = 8 people. Of the 200 too many in
        the third cell, beyond two of its errors, 6 % may be counted here: the deficit may be so much larger."""
        found = tell(wood, zones(Works=[A1, A2]))
        difference, hour = found.zones[0].difference, step(found, at(WEDNESDAY, 14))
        assert (difference.people[hour], difference.excess[hour]) == (300, -500)
        assert difference.z[hour] == pytest.approx(-500 / np.sqrt((346 + 366 + 8**2) * SPREAD))
        now, then = 102 + 4 + 202 + 4 + 8**2, (402 + 4 + 402 + 4 + 8**2) * np.pi / 8
        # Five cells outside touch the first, two with figures the second.
        out = spilled_out(300, 362, 5) + spilled_out(200, 382, 2)
        most = 500 + 0.06 * (200 - 2 * np.sqrt((642 + 4 + 36) * SPREAD)) + out
        assert difference.high[hour] == pytest.approx(-500 + T * np.sqrt(now + then + (0.02 * 500) ** 2), abs=0.01)
        assert difference.low[hour] == pytest.approx(-most - T * np.sqrt(now + then + (0.02 * most) ** 2), abs=0.01)

    def test_zones_add_up_to_all_of_them_together(self, wood):
        found = tell(wood, zones(One=[A1], Two=[A2, A3]))
        together, one, two = found.zones
        assert (together.name, one.name, two.name) == (ALL, "One", "Two")
        assert together.km2 == pytest.approx(one.km2 + two.km2)
        for name in ("people", "usual", "excess"):
            parts = getattr(one.difference, name) + getattr(two.difference, name)
            assert getattr(together.difference, name) == pytest.approx(parts)
        assert together.day.mean == pytest.approx(one.day.mean + two.day.mean)
        assert together.total.person_hours == pytest.approx(-1200 - 800 + 800)

    def test_rings_add_up_to_the_circle(self, wood):
        (latitude, longitude) = 52.2067, 0.1608
        three, one = (tell(wood, rings(longitude, latitude, each)) for each in ([1.0, 2.0, 3.0], [3.0]))
        (circle,) = one.zones
        assert len(three.zones) == 4
        for name in ("people", "usual", "excess"):
            whole = getattr(circle.difference, name)
            assert getattr(three.zones[0].difference, name) == pytest.approx(whole)
            assert sum(getattr(each.difference, name) for each in three.zones[1:]) == pytest.approx(whole)
        assert three.zones[0].km2 == pytest.approx(circle.km2, rel=1e-6)
        hour = step(three, at(WEDNESDAY, 14))
        assert three.zones[0].difference.z[hour] == pytest.approx(circle.difference.z[hour])
        assert three.zones[0].difference.error[hour] == pytest.approx(circle.difference.error[hour], rel=0.02)

    def test_of_zones_that_are_the_same_nobody_is_counted_twice(self, wood):
        (latitude, longitude) = 52.2067, 0.1608
        circle = rings(longitude, latitude, [2.0]).shapes[0]
        together, one, other = tell(wood, Zones(("One", "Other"), (circle, circle))).zones
        assert together.km2 == pytest.approx(one.km2)
        for name in ("people", "usual", "z", "error"):
            assert getattr(one.difference, name) == pytest.approx(getattr(other.difference, name), nan_ok=True)
            assert getattr(together.difference, name) == pytest.approx(getattr(one.difference, name), nan_ok=True)
        assert together.day.mean == pytest.approx(one.day.mean)

    def test_a_zone_in_another_has_nobody_who_is_not_in_that(self, wood):
        (latitude, longitude) = 52.2067, 0.1608
        large, small = (rings(longitude, latitude, [each]).shapes[0] for each in (3.0, 1.5))
        found = tell(wood, Zones(("Large", "Small"), (large, small)))
        together, outer, _ = found.zones
        assert together.difference.people == pytest.approx(outer.difference.people)
        assert together.km2 == pytest.approx(outer.km2, rel=1e-6)

    def test_what_is_known_of_the_precision_elsewhere_is_no_part_of_a_zone(self, wood):
        """Birch's share is known to 10 %, Alder's to 2 %: beside a zone in Birch one in Alder is as sure as alone."""
        alone = tell(wood, zones(Works=[A1])).zones[0]
        beside = tell(wood, zones(Works=[A1], Other=[B1])).zones[1]
        assert beside.difference.error == pytest.approx(alone.difference.error)
        assert beside.people_error == pytest.approx(alone.people_error)
        assert beside.day == alone.day

    def test_a_zone_of_which_nothing_can_be_told_has_no_figures_and_is_in_no_sum(self, wood):
        """One in the sea, and one smaller than the cells can show."""
        (latitude, longitude) = 52.2067, 0.1608
        sea, speck = shapely.box(3.0, 55.0, 3.1, 55.1), rings(longitude, latitude, [0.2]).shapes[0]
        found = tell(wood, Zones(("Works", "Sea", "Speck", "Beyond"), (outline(A1), sea, speck, outline(B1))))
        hour = step(found, at(WEDNESDAY, 13))
        assert [zone.name for zone in found.zones] == [ALL, "Works", "Beyond"]
        together, works, beyond = (zone.difference.people[hour] for zone in found.zones)
        assert works == 100
        assert together == works + beyond
        assert found.zones[0].km2 == pytest.approx(found.zones[1].km2 + found.zones[2].km2)
        assert "no cells in “Sea”" in found.place.unsupported
        assert "“Speck” is smaller or narrower" in found.place.unsupported
        assert found.place.unsupported in found.place.zones.notes

    @given(cells=st.lists(st.sampled_from([A1, A2, A3, A4, B1, B2, B3]), min_size=2, unique=True), data=st.data())
    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_the_parts_their_sum_is_the_whole(self, wood, cells, data):
        cut = data.draw(st.integers(1, len(cells) - 1))
        parts = tell(wood, zones(One=cells[:cut], Other=cells[cut:])).zones
        (whole,) = tell(wood, zones(Whole=cells)).zones
        assert parts[0].difference.people == pytest.approx(whole.difference.people)
        assert parts[0].difference.error == pytest.approx(whole.difference.error)
        assert parts[0].difference.z == pytest.approx(whole.difference.z)
        assert parts[1].difference.excess + parts[2].difference.excess == pytest.approx(whole.difference.excess)


class TestCells:
    def test_cells_are_called_more_or_fewer_with_false_discoveries_controlled(self, wood):
        found = tell(wood, zones(Works=[A1]))
        hour = step(found, at(WEDNESDAY, 14))
        classes = dict(zip(found.place.cells.tolist(), found.classes[:, hour].tolist(), strict=True))
        fewer, more, usual = incident.DEFICIT, incident.EXCESS, incident.ORDINARY
        assert classes == {A1: fewer, A2: fewer, A3: more, A4: usual, B1: usual, B2: usual, B3: usual}
        assert (found.classes[:, step(found, at(WEDNESDAY, 12))] == usual).all()
        assert found.cells.excess[:, hour].sum() == -300 - 200 + 200

    def test_a_cell_by_itself_is_as_a_zone_of_it_where_nothing_happens_beside_it(self, wood):
        found = tell(wood, zones(Works=[A1]))
        row, before = found.place.cells.tolist().index(A1), slice(step(found, at(WEDNESDAY, 13)))
        for name in ("people", "usual", "z", "error", "low", "high"):
            of_zone = getattr(found.zones[0].difference, name)[before]
            assert getattr(found.cells, name)[row, before] == pytest.approx(of_zone)

    def test_a_withheld_cell_is_neither(self, folder):
        world = opened(write_incident(folder, "hidden", changes={**FIRE, **stay(A1, None, at(WEDNESDAY, 15), 1)}))
        found = tell(world, zones(Works=[A1]))
        row = found.place.cells.tolist().index(A1)
        hour = step(found, at(WEDNESDAY, 15))
        assert found.classes[row, hour] == incident.UNKNOWN
        assert found.covered[row].all()
        # The zone is this cell alone: what is expected of it is no figure of the zone's.
        difference = found.zones[0].difference
        for name in incident.Difference.__slots__:
            assert np.isnan(getattr(difference, name)[hour])
            assert np.isfinite(getattr(difference, name)[hour - 1])


class TestCautions:
    def test_withheld_inside_is_put_between_and_said(self, folder):
        """3.18 / 0.5 = 6.4 people are expected of a withheld cell, and 400 are usual: 203 are put in their place."""
        world = opened(write_incident(folder, "withheld", changes={**FIRE, **stay(A1, None, at(WEDNESDAY, 15), 1)}))
        found = tell(world, zones(Works=[A1, A2]))
        zone, hour = found.zones[0], step(found, at(WEDNESDAY, 15))
        assert zone.found.withheld[hour] == 1
        assert zone.difference.people[hour] == pytest.approx((WITHHELD_PEOPLE + 400) / 2 + 200)
        assert zone.difference.error[hour] > 1.5 * zone.difference.error[hour - 1]
        # In the third cell, beyond, are more than usual.
        assert codes(zone) == [cautions.WITHHELD, cautions.CUT_CELLS, cautions.AROUND]
        assert said(zone, cautions.WITHHELD).startswith("One cell inside is withheld in an hour of the incident")
        assert "It is taken to hold about 200 people, where up to about 400 people would be usual" in (
            said(zone, cautions.WITHHELD)
        )

    def test_coverage_lost_during_the_incident_is_said_and_the_outage_is_no_baseline_of_others(self, folder):
        hours = [dt.datetime(2026, 11, 4, 13), dt.datetime(2026, 10, 28, 9)]  # noqa: DTZ001 - UTC
        lost = [
            {"h3_parent": PARENT, "hour_utc": hour, "share_lost": share}
            for hour, share in zip(hours, (0.4, 0.2), strict=True)
        ]
        world = opened(write_incident(folder, "outage", without_tables=(), figures={"coverage": lost}))
        found = tell(world, zones(Works=[A1, A2]))
        zone = found.zones[0]
        assert codes(zone)[0] == cautions.COVERAGE
        assert said(zone, cautions.COVERAGE).startswith(
            "A part of a network was down here during the incident: up to 40 % of the people usually observed were "
            "not, in 1 hour."
        )
        of_wednesday = found.baseline[found.dates.index(WEDNESDAY)]
        assert of_wednesday.days == BEFORE[:3]
        assert [(each.day, each.reason) for each in of_wednesday.left_out] == [
            (BEFORE[3], "a part of a network was down here")
        ]
        assert "is compared with 3 days, fewer than 4" in " ".join(each.sentence for each in zone.cautions)

    def test_what_was_lost_makes_the_hour_less_sure(self, folder):
        """Half of what was seen is lost: a quarter is left, and chance has 2 (N + 4) instead of N + 2."""
        hour = dt.datetime(2026, 11, 4, 14)  # noqa: DTZ001 - UTC
        lost = [{"h3_parent": PARENT, "hour_utc": hour, "share_lost": 0.5}]
        world = opened(write_incident(folder, "half", without_tables=(), figures={"coverage": lost}))
        found = tell(world, zones(Works=[A1]))
        z = found.zones[0].difference.z[step(found, at(WEDNESDAY, 14))]
        beside = spilled(2 * (360 + 4), 2 * (640 + 4))
        assert z == pytest.approx((-300 + beside) / np.sqrt((2 * (340 + 4) + 4 + 16) * SPREAD))

    def test_of_coarser_cells_hours_of_an_outage_are_not_known_and_not_called_withheld(self, folder, monkeypatch):
        """A coarse figure holds a mean for the parts that an outage withholds, and would seem emptied."""
        monkeypatch.setattr(incident_place, "MOST_CELLS", 3)
        days = [FIRST + dt.timedelta(each) for each in range(DAYS)]
        coarse = [{"h3": PARENT, "date": day, **hours(3_000, h13=1_500 if day == WEDNESDAY else 3_000)} for day in days]
        lost = [{"h3_parent": PARENT, "hour_utc": dt.datetime(2026, 11, 4, 13), "share_lost": 0.4}]  # noqa: DTZ001 - UTC
        figures = {"coverage": lost, "present_history/resolution=6": coarse}
        world = opened(write_incident(folder, "coarse", without_tables=(), figures=figures))
        found = tell(world, zones(Works=[A1, A2, A3, A4, B1, B2, B3]))
        zone, hour = found.zones[0], step(found, at(WEDNESDAY, 13))
        assert found.place.resolution == 6
        assert np.isnan(zone.difference.people[hour])
        assert np.isfinite(zone.difference.people[hour + 1])
        assert codes(zone)[0] == cautions.COVERAGE
        assert cautions.WITHHELD not in codes(zone)

    def test_an_outage_elsewhere_says_nothing(self, folder):
        elsewhere = int("86194ad1fffffff", 16)
        hour = dt.datetime(2026, 11, 4, 13)  # noqa: DTZ001 - UTC
        lost = [{"h3_parent": elsewhere, "hour_utc": hour, "share_lost": 0.5}]
        world = opened(write_incident(folder, "elsewhere", without_tables=(), figures={"coverage": lost}))
        assert codes(tell(world, zones(Wood=sorted(LEVEL))).zones[0]) == []

    def test_a_network_wide_dip_is_no_evacuation(self, folder):
        """10,000 of 40,000 devices are gone in the hour from 14:00, UTC and local time being the same in November."""
        world = opened(write_incident(folder, "dip", figures={"devices_day": devices(h14=30_000)}))
        zone = tell(world, zones(Works=[A1])).zones[0]
        assert codes(zone) == [cautions.NETWORK_DIP, cautions.CUT_CELLS]
        assert said(zone, cautions.NETWORK_DIP).startswith(
            "In 1 hour up to 25.0 % fewer devices than usual were active"
        )

    def test_a_cell_of_which_there_are_never_figures_is_as_one_that_is_not_there(self, folder):
        """Cells of 5 km²."""
        never = [(A2, FIRST + dt.timedelta(each)) for each in range(DAYS)]
        hole, where = opened(write_incident(folder, "hole", without=never)), zones(Works=[A1, A2], Beside=[A3])
        found = tell(hole, where)
        together, works, beside = found.zones
        share = 100 * (1 - 5 / where.areas_km2[0])
        assert codes(works) == codes(together) == [cautions.NO_CELLS, cautions.CUT_CELLS]
        assert works.cautions[0].sentence.startswith(f"About {share:.0f} % of this area lies where")
        assert codes(beside) == [cautions.CUT_CELLS]
        assert works.difference.people[step(found, at(WEDNESDAY, 14))] == 100

    def test_two_comparable_days_are_few_and_that_is_said(self, wood):
        asked = Asked(at(dt.date(2026, 10, 20), 10), at(dt.date(2026, 10, 20), 12))
        found = tell(wood, zones(Works=[A1]), asked)
        assert {each.standing for each in found.baseline} == {baseline.FEW}
        assert set(codes(found.zones[0])) == {cautions.BASELINE}
        assert "20 October 2026 is compared with 2 days" in " ".join(each.sentence for each in found.zones[0].cautions)
        assert found.zones[0].difference.usual[step(found, at(asked.start.date(), 10))] == (390 + 400) / 2

    def test_without_comparable_days_only_who_was_there_is_told(self, wood):
        asked = Asked(at(dt.date(2026, 10, 7), 10), at(dt.date(2026, 10, 7), 12))
        found = tell(wood, zones(Works=[A1, A2]), asked)
        zone, hour = found.zones[0], step(found, asked.start)
        assert not is_compared(found)
        assert zone.difference.people[hour] == 780
        for name in ("usual", "excess", "percent", "z", "error", "low", "high"):
            assert np.isnan(getattr(zone.difference, name)).all(), name
        told = incident_figures.told(zone, hour)
        assert (told.people, told.usual, told.excess, told.change) == ("780", "not known", "not known", "not known")
        assert incident_figures.headline(found) == (
            "About 780 people were here at the fullest hour of the incident, Wed 7 Oct, 10:00 to 11:00.",
            "There are too few comparable days to tell what is usual here: only how many people there were is told.",
        )
        assert zone.total.hours == 0
        assert (found.classes == incident.UNKNOWN).all()

    def test_dates_with_and_without_comparable_days_are_told_apart(self, wood):
        """Sunday 18 October has one Sunday before it, Monday the 19th two Mondays."""
        asked = Asked(at(dt.date(2026, 10, 19), 10), at(dt.date(2026, 10, 19), 12))
        found = tell(wood, zones(Works=[A1]), asked)
        difference = found.zones[0].difference
        known = np.isfinite(difference.usual).reshape(-1, 24)
        assert known[found.dates.index(dt.date(2026, 10, 18))].sum() == 0
        assert known[found.dates.index(dt.date(2026, 10, 19)), 1:].all()

    def test_data_that_end_before_recovery_say_so(self, folder):
        last = dt.date(2026, 11, 8)
        world = opened(write_incident(folder, "end", changes=stay(A1, 10, at(last, 20), 4)))
        found = tell(world, zones(Works=[A1]), Asked(at(last, 20), at(last, 22)))
        zone = found.zones[0]
        assert found.dates == (last - dt.timedelta(1), last)
        assert zone.recovery == recovery.Recovery(recovery.NOT_RECOVERED, None, 2)
        assert cautions.ENDS_EARLY in codes(zone)
        assert (
            "not as usual again by the last hour looked at, 2 hours after the end"
            in incident_figures.headline(found)[1]
        )

    def test_other_incidents_that_are_named_are_left_out(self, wood):
        found = tell(wood, zones(Works=[A1]), replace(ASKED, others=(BEFORE[1],)))
        assert "Left out: Wed 14 Oct (another incident)." in (
            incident_figures.compared_with(found, step(found, at(WEDNESDAY, 13)))
        )

    def test_a_bank_holiday_is_no_baseline(self, folder):
        """31 August 2026 is a bank holiday in England: Monday 7 September has three Mondays in August, and the one
        before."""
        first, day = dt.date(2026, 8, 3), dt.date(2026, 9, 7)
        world = opened(write_incident(folder, "summer", first=first, days=38, changes=stay(A1, 100, at(day, 10), 2)))
        found = tell(world, zones(Works=[A1]), Asked(at(day, 10), at(day, 12)))
        of_day = found.baseline[found.dates.index(day)]
        assert [each.day for each in of_day.days] == [3, 10, 17, 24]
        assert [(each.day.day, each.reason) for each in of_day.left_out] == [(31, "bank holiday in England")]
        assert found.zones[0].difference.people[step(found, at(day, 10))] == 100, "10:00 by the clock, 09:00 UTC"
        assert found.zones[0].difference.usual[step(found, at(day, 10))] == 400

    def test_the_whole_area_around_is_looked_at_without_the_zones(self, folder):
        """Of four cells around, of 400 or 600 people each, all have a fifth fewer on Wednesday."""
        quarter = {}
        for cell, people in ((A4, 320), (B1, 320), (B2, 320), (B3, 320)):
            quarter |= stay(cell, people, at(WEDNESDAY, 13), 4)
        world = opened(write_incident(folder, "weather", changes=quarter))
        inside, beyond = tell(world, zones(Works=[A1, A2, A3])), tell(world, zones(Works=[A4, B1, B2, B3]))
        assert cautions.AROUND in codes(inside.zones[0])
        assert "fewer people than usual in an hour of the incident" in said(inside.zones[0], cautions.AROUND)
        assert cautions.AROUND not in codes(beyond.zones[0]), "the others are as usual"

    def test_an_hour_that_the_clock_shows_twice_is_said(self, wood):
        """01:00 to 02:00 on 25 October 2026."""
        sunday = dt.date(2026, 10, 25)
        over, after = (Asked(at(sunday, hour), at(sunday, 6)) for hour in (0, 2))
        assert cautions.CLOCK in codes(tell(wood, zones(Works=[A1]), over).zones[0])
        assert cautions.CLOCK not in codes(tell(wood, zones(Works=[A1]), after).zones[0])


class TestEdges:
    def test_a_crowd_in_a_cell_that_is_cut_may_be_on_either_side(self, folder):
        """5,000 come to the middle cell, of which a circle of 1 km has 69 % by area; the ring around it the rest."""
        world = opened(write_incident(folder, "crowd", changes=stay(A1, 5_400, at(WEDNESDAY, 13), 4)))
        latitude, longitude = 52.2067, 0.1608
        found = tell(world, rings(longitude, latitude, [1.0, 3.0]))
        together, inner, ring = found.zones
        hour = step(found, at(WEDNESDAY, 14))
        for zone in (inner, ring):
            assert zone.difference.low[hour] < 0 < zone.difference.high[hour]
            assert zone.difference.high[hour] > 5_000
            assert zone.found.at_edge[hour]
            assert zone.unusual(hour) == incident.EDGE_WORDS
            assert cautions.CUT_CELLS in codes(zone)
            assert zone.recovery.ending == recovery.NO_DEPARTURE
            reach = T * zone.people_error[hour]
            assert zone.difference.people[hour] - reach < 400
        assert together.unusual(hour) == "far more than usual"
        assert together.difference.low[hour] > 4_000
        alone = tell(world, rings(longitude, latitude, [1.0]))
        assert incident_figures.headline(alone)[0].startswith("Whether the number of people here differed from usual")


class TestTimes:
    def test_an_incident_outside_the_dates_is_refused_with_what_is_covered(self, wood):
        with pytest.raises(NothingThereError, match="it covers 05 October 2026 to 08 November 2026"):
            tell(wood, zones(Works=[A1]), Asked(at(dt.date(2027, 1, 1), 10), at(dt.date(2027, 1, 1), 12)))

    def test_a_long_one_is_refused(self, wood):
        with pytest.raises(NothingThereError, match="touches 12 dates, and 10 can be looked at"):
            tell(wood, zones(Works=[A1]), Asked(at(dt.date(2026, 10, 20), 10), at(dt.date(2026, 10, 31), 12)))

    def test_one_that_starts_before_the_release_is_told_from_where_that_begins(self, wood):
        asked = Asked(at(FIRST - dt.timedelta(1), 20), at(FIRST, 3))
        found = tell(wood, zones(Works=[A1]), asked)
        assert [found.moments[place].hour for place in np.flatnonzero(found.during)] == [1, 2]
        assert "Compared with no days" in incident_figures.compared_with(found, step(found, at(FIRST, 1)))

    def test_one_in_an_hour_that_is_not_covered_is_refused(self, wood):
        """00:00 on the first date, in summer time, is 23:00 UTC of the day before."""
        with pytest.raises(NothingThereError, match="nothing of the hours"):
            tell(wood, zones(Works=[A1]), Asked(at(FIRST, 0), at(FIRST, 1)))

    def test_a_day_that_is_not_covered_in_a_cell_leaves_the_zone_without_a_figure(self, folder):
        world = opened(write_incident(folder, "gap", without=[(A1, dt.date(2026, 11, 5))]))
        found = tell(world, zones(Works=[A1, A2], Other=[A3]))
        _, works, other = found.zones
        day = slice(48, 72)
        assert found.dates[2] == dt.date(2026, 11, 5)
        assert np.isnan(works.difference.people[day]).all()
        assert (works.found.withheld[day] == 0).all()
        assert np.isfinite(other.difference.people[day]).all()
        assert not found.covered[found.place.cells.tolist().index(A1), day].any()

    def test_a_cell_that_is_never_covered_is_left_out_of_the_zone(self, folder):
        """As one of the sea, of which no release has a row."""
        every = [FIRST + dt.timedelta(each) for each in range(DAYS)]
        world = opened(write_incident(folder, "never", without=[(B1, day) for day in every]))
        with_it, without = (tell(world, zones(Works=each)).zones[0] for each in ([A1, B1], [A1]))
        assert with_it.difference.people == pytest.approx(without.difference.people)
        assert with_it.difference.z == pytest.approx(without.difference.z)
        assert (with_it.found.withheld == 0).all()
        assert with_it.day.mean == without.day.mean == 400

    def test_over_midnight_each_date_has_its_own_baseline(self, folder):
        thursday = WEDNESDAY + dt.timedelta(1)
        world = opened(write_incident(folder, "midnight", changes=stay(A1, 0, at(WEDNESDAY, 22), 6)))
        found = tell(world, zones(Works=[A1]), Asked(at(WEDNESDAY, 22), at(thursday, 4)))
        zone = found.zones[0]
        assert zone.total.person_hours == -600
        assert [each.day for each in found.baseline] == list(found.dates)
        assert {each.weekday() for each in found.baseline[2].days} == {3}
        assert zone.recovery.hours == 0
        assert incident_figures.when(found) == "4 November 2026, 22:00, to 5 November 2026, 04:00"

    def test_when_clocks_go_back_the_hour_is_compared_with_the_same_hour_of_the_clock(self, folder):
        """Sunday 25 October is in winter time at 08:00, and the two Sundays before it in summer time."""
        sunday = dt.date(2026, 10, 25)
        world = opened(write_incident(folder, "clocks", changes=stay(A1, 0, at(sunday, 8), 2)))
        found = tell(world, zones(Works=[A1]), Asked(at(sunday, 8), at(sunday, 10)))
        difference = found.zones[0].difference
        assert difference.usual[step(found, at(sunday, 7))] == 95, "at 07:00 it is night, of 90 and 100"
        assert difference.people[step(found, at(sunday, 8))] == 0
        assert difference.usual[step(found, at(sunday, 8))] == 395, "of 390 and 400"


class TestReleases:
    def test_a_release_without_devices_outages_or_others_is_told_all_the_same(self, folder):
        tables = ("coverage", "devices_day", "flows_day", "home_presence", "present_segment")
        world = opened(write_incident(folder, "bare", without_tables=tables))
        found = tell(world, zones(Works=[A1]))
        assert found.zones[0].difference.people[step(found, at(WEDNESDAY, 13))] == 100
        assert codes(found.zones[0]) == [cautions.CUT_CELLS]

    def test_the_queries_that_were_run_are_given(self, wood):
        place, _ = read_place(wood, zones(Works=[A1]))
        figures, read = read_figures(wood, place)
        _, runs = answer(wood, place, figures, ASKED)
        assert [each.name for each in read] == ["history_of_cells"]
        assert {"precision_of_areas", "active_devices"} <= {each.name for each in runs}

    def test_what_is_the_same_for_every_incident_is_read_once_and_given_with_each(self, folder, monkeypatch):
        world = opened(write_incident(folder, "twice", changes=stay(A1, 7, at(WEDNESDAY, 13), 1)))
        place, _ = read_place(world, zones(Works=[A1]))
        figures, _ = read_figures(world, place)
        asked, run = [], world.opened.run
        monkeypatch.setattr(world.opened, "run", lambda name, **values: (asked.append(name), run(name, **values))[1])
        runs = [answer(world, place, figures, ASKED)[1] for _ in range(2)]
        assert asked.count("precision_of_areas") == 1
        assert asked.count("active_devices") == 1
        assert runs[0] == runs[1]

    def test_an_area_whose_precision_is_not_told_has_no_interval(self, folder):
        from release_world import precision  # noqa: PLC0415

        world = opened(write_incident(folder, "untold", figures={"precision": precision(COUNTRY, 0.01, 0.01)}))
        found = tell(world, zones(Works=[A1]))
        zone, hour = found.zones[0], step(found, at(WEDNESDAY, 13))
        assert np.isnan(zone.difference.z).all()
        told = incident_figures.told(zone, hour)
        assert (told.people, told.excess, told.between, told.unusual) == ("100", "−300", "", "not known")
        assert incident_figures.exposed(zone.day) == "400, fullest hour about 410"
        assert zone.peak is None
        assert ALDER in found.place.areas
