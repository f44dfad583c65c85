"""Trips between areas: the methods by hand, on the census, and by what must always hold; and what the page works out.

The hand-made country has three authorities 10 km apart on a meridian: Alder and Birch in the region Wood, Cedar in the
region Hill. Half of all people are observed, and no doubt is about that, unless a test says otherwise.
"""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cellcount.methods import flows
from cellcount.methods.agreement import distance_km
from cellcount.methods.flows import Estimate, WithheldFigure
from cellcount.methods.precision import Placement, Precision, standard_error
from cellcount.ui import flow_figures
from cellcount.ui.flow_figures import Chosen, FlowsShown, Pairs, Places, Visitors, zones_of
from cellcount.ui.view import Area

CERTAIN = 0.0


def exactly(value: float) -> Estimate:
    return Estimate(value, CERTAIN)


class TestSelfContainment:
    def test_supply_is_of_those_who_live_there_and_demand_of_those_who_work_there(self):
        """Of 100 who live in Alder 80 work there; of 120 who work there 80 live there."""
        found = flows.containment(exactly(80), exactly(20), exactly(40))
        assert found.supply == exactly(0.8)
        assert found.demand.value == pytest.approx(2 / 3)

    def test_where_nobody_moves_there_is_no_share(self):
        found = flows.containment(exactly(0), exactly(0), exactly(0))
        assert math.isnan(found.supply.value)
        assert math.isnan(found.demand.value)

    @pytest.mark.parametrize(
        ("supply", "demand", "workers", "passes"),
        [
            (0.75, 0.75, 3_500, True),
            (0.75, 0.75, 3_499, False),
            (0.749, 0.90, 25_000, False),
            (0.667, 0.667, 25_001, True),
            (0.666, 0.90, 500_000, False),
            (0.90, 0.666, 500_000, False),
            (math.nan, 0.90, 500_000, None),
        ],
    )
    def test_the_rule_of_travel_to_work_areas_is_the_published_one(self, supply, demand, workers, passes):
        """ONS 2015: generally 75 % both ways and 3,500 workers; as low as 66.7 % in excess of 25,000."""
        assert flows.is_travel_to_work_area(supply, demand, workers) is passes

    @given(*[st.builds(Estimate, st.floats(0, 1e9), st.floats(0, 1e6)) for _ in range(3)])
    def test_a_share_is_between_0_and_1_and_its_error_no_more_than_the_errors_allow(self, within, out, into):
        found = flows.containment(within, out, into)
        for share, other in ((found.supply, out), (found.demand, into)):
            whole = within.value + other.value
            if whole > 1e-3:
                assert 0 <= share.value <= 1
                assert share.error <= math.hypot(within.error, other.error) / whole * (1 + 1e-9)

    @pytest.mark.real_data
    def test_the_census_finds_an_island_that_works_at_home_and_a_city_that_nobody_lives_in(self, real_data):
        """The Isle of Wight is a travel-to-work area of its own (ONS 2015). In the City of London hardly any of those
        who work there live there."""
        table = pd.read_parquet(real_data / "uk-census2021-od" / "odwp01ew_ltla_flows.parquet")
        codes = sorted({*table["origin_code"], *table["dest_code"]})
        ends = [table[end].map({code: at for at, code in enumerate(codes)}) for end in ("origin_code", "dest_code")]
        matrix = flows.matrix(*ends, table["count"], len(codes))
        assert matrix.sum() == table["count"].sum() == 27_141_142, "as its source says"

        def passes(code: str) -> tuple[flows.Containment, bool | None]:
            at = codes.index(code)
            stays = matrix[at, at]
            found = flows.containment(
                exactly(stays), exactly(matrix[at].sum() - stays), exactly(matrix[:, at].sum() - stays)
            )
            return found, flows.is_travel_to_work_area(found.supply.value, found.demand.value, matrix[at].sum())

        island, is_one = passes("E06000046")
        assert is_one is True
        assert island.supply.value > 0.9
        city, is_none = passes("E09000001")
        assert is_none is False
        assert city.demand.value < 0.1


class TestNet:
    def test_of_two_ways_the_difference_is_left(self):
        assert flows.net([[5.0, 30.0], [10.0, 7.0]]).tolist() == [[0.0, 20.0], [-20.0, 0.0]]

    @given(arrays(np.float64, (4, 4), elements=st.floats(0, 1e12)))
    def test_it_is_antisymmetric_and_comes_to_nothing_over_all_areas(self, matrix):
        net = flows.net(matrix)
        assert (net == -net.T).all()
        assert abs(net.sum()) <= 1e-6 * max(matrix.sum(), 1.0)

    def test_a_withheld_flow_leaves_both_ways_unknown(self):
        net = flows.net([[5.0, np.nan], [10.0, 7.0]])
        assert np.isnan(net[0, 1])
        assert np.isnan(net[1, 0])


class TestMatrix:
    @given(
        st.lists(
            st.tuples(st.integers(-1, 3), st.integers(-1, 3), st.floats(0, 1e9)),
            max_size=40,
        )
    )
    def test_all_that_leaves_arrives(self, pairs):
        origin, destination, trips = (np.array([pair[at] for pair in pairs]) for at in range(3))
        matrix = flows.matrix(origin, destination, trips, 4)
        inside = sum(pair[2] for pair in pairs if pair[0] >= 0 and pair[1] >= 0)
        assert matrix.sum(axis=1).sum() == pytest.approx(matrix.sum(axis=0).sum())
        assert matrix.sum() == pytest.approx(inside)


class TestDistance:
    def test_within_a_disc_it_is_deltheils(self):
        """128 R / (45 pi) for two random points of a disc: 0.9054 of the radius."""
        assert flows.within_km(np.pi * 4.0) == pytest.approx(2 * 0.905415, abs=1e-5)

    def test_random_points_of_a_disc_are_as_far_apart_as_that(self):
        generator = np.random.default_rng(7)
        radius, angle = np.sqrt(generator.random((2, 400_000))), 2 * np.pi * generator.random((2, 400_000))
        east, north = radius * np.cos(angle), radius * np.sin(angle)
        apart = np.hypot(east[0] - east[1], north[0] - north[1]).mean()
        assert float(flows.within_km(np.pi)) == pytest.approx(apart, rel=0.005)

    def test_the_mean_weighs_pairs_by_their_trips(self):
        assert flows.mean_distance([90.0, 10.0], [3.0, 33.0]) == 6.0
        assert math.isnan(flows.mean_distance([0.0], [3.0]))

    def test_trips_are_counted_in_the_band_of_their_length(self):
        assert flows.by_distance([1.0, 2.0, 4.0, np.nan], [0.5, 2.0, 250.0, 3.0]).tolist() == [1, 2, 0, 0, 0, 0, 0, 4]

    @given(
        arrays(np.float64, 20, elements=st.floats(0, 1e9, allow_subnormal=False)),
        arrays(np.float64, 20, elements=st.floats(0, 1e3)),
    )
    def test_no_trip_is_lost_among_the_bands_and_the_mean_is_one_of_the_lengths(self, trips, km):
        assert flows.by_distance(trips, km).sum() == pytest.approx(trips.sum())
        if trips.sum() > 0:
            assert km.min() * (1 - 1e-9) - 1e-9 <= flows.mean_distance(trips, km) <= km.max() * (1 + 1e-9) + 1e-9


class TestRushHour:
    def test_the_peak_is_the_busiest_hour_and_the_morning_is_06_to_10(self):
        by_hour = np.full(24, 1.0)
        by_hour[8], by_hour[17] = 20.0, 18.0
        found = flows.rush_hour(by_hour, range(24))
        assert found is not None
        assert found.peak == 8
        assert found.peak_share == pytest.approx(20 / 60)
        assert found.morning_share == pytest.approx(23 / 60)

    def test_in_summer_the_local_hour_counts(self):
        """At 06:00 UTC it is 07:00: the UTC hours 05 to 08 are the morning."""
        by_hour = np.zeros(24)
        by_hour[[4, 5, 8, 9]] = 1.0
        found = flows.rush_hour(by_hour, [(hour + 1) % 24 for hour in range(24)])
        assert found is not None
        assert found.morning_share == 0.5

    def test_an_unknown_hour_leaves_no_peak(self):
        assert flows.rush_hour([1.0, np.nan], [0, 1]) is None
        assert flows.rush_hour([0.0, 0.0], [0, 1]) is None


class TestWithheld:
    def test_errors_of_the_release_are_worked_out_again(self):
        """The same formula as the column `se` was made by: cellcount.methods.precision, without placement.

        An over-dispersion of 1 is a variance over the mean of 1 - P.
        """
        none = Placement(cv=0.0, density=1.0, power=1.0, floor=0.0, decay=0.5)
        trips = np.array([5.0, 400.0, 1e6])
        expected = standard_error(trips, Precision(0.86, 1.0, 0.005, none), area_km2=1.0)
        assert flows.spread(trips, 0.86, 0.005, 0.14).error == pytest.approx(expected)

    def test_a_sum_adds_chance_as_variances_and_doubt_about_the_share_as_errors(self):
        """Half seen, chance 0.5 (N + 2) / 0.5: variances of 100 + 2 + 4 each.

        Of each, 1 is wrong in the same way in both: 212 + 2^2.
        """
        found = flows.spread([100.0, 100.0], 0.5, 0.01, 0.5)
        total, withheld = flows.with_withheld([100.0, 100.0], found, None)
        assert (total.value, withheld) == (200.0, 0)
        assert total.error == pytest.approx(math.sqrt(216))

    def test_without_a_rule_a_sum_is_the_least_that_it_can_be(self):
        total, withheld = flows.with_withheld([100.0, np.nan], flows.spread([100.0, np.nan], 0.5, 0.0, 0.5), None)
        assert (total.value, withheld) == (100.0, 1)
        unknown, withheld = flows.with_withheld([np.nan], flows.spread([np.nan], 0.5, 0.0, 0.5), None)
        assert math.isnan(unknown.value)
        assert withheld == 1

    def test_one_to_nine_are_as_likely_as_one_over_n(self):
        found = flows.withheld_figure(10, 0.5)
        draws = np.random.default_rng(3).choice(np.arange(1, 10), 200_000, p=(1 / np.arange(1, 10)) / (7129 / 2520))
        assert found.mean == pytest.approx(draws.mean() / 0.5, rel=0.01)
        assert found.deviation == pytest.approx(draws.std() / 0.5, rel=0.01)

    def test_what_a_day_leaves_is_shared_by_its_withheld_hours(self):
        rest = flows.rest_of_day([[30.0, np.nan, np.nan, np.nan]], [60.0])
        assert rest.each.tolist() == [10.0]
        draws = np.random.default_rng(5).dirichlet(np.ones(3), 200_000)[:, :2].sum(axis=1) * 30
        assert rest.variance([2])[0] == pytest.approx(draws.var(), rel=0.02)
        assert rest.variance([3]).tolist() == [0.0], "together they are known"

    @given(
        arrays(np.float64, (3, 5), elements=st.one_of(st.just(np.nan), st.floats(0, 1e6))),
        arrays(np.float64, 3, elements=st.floats(0, 1e7)),
    )
    def test_hours_with_their_expectations_add_up_to_the_day(self, hours, whole):
        rest = flows.rest_of_day(hours, whole)
        known = np.nansum(hours, axis=1)
        filled = known + np.isnan(hours).sum(axis=1) * rest.each
        could = np.isnan(hours).any(axis=1) & (known <= whole)
        assert filled[could] == pytest.approx(whole[could])
        assert (rest.each >= 0).all()


class TestLargest:
    @given(arrays(np.float64, 30, elements=st.one_of(st.just(np.nan), st.integers(0, 9))), st.integers(1, 40))
    def test_nothing_that_is_left_out_is_larger(self, figures, most):
        chosen = flows.largest(figures, most)
        picked = figures[chosen]
        assert len(chosen) == min(most, int((figures > 0).sum()))
        assert (np.diff(picked) <= 0).all()
        left = np.delete(figures, chosen)
        if len(chosen) and len(left):
            assert not (left > picked.min()).any() or np.isnan(left).all()


ALDER, BIRCH, CEDAR = "E1", "E2", "E3"
WOOD, HILL, LAND = "R1", "R2", "UK"
PLACES = Places(
    smallest=(ALDER, BIRCH, CEDAR),
    names={ALDER: "Alder", BIRCH: "Birch", CEDAR: "Cedar", WOOD: "Wood", HILL: "Hill", LAND: "Land"},
    parents={ALDER: WOOD, BIRCH: WOOD, CEDAR: HILL, WOOD: LAND, HILL: LAND, LAND: None},
    lon=dict.fromkeys((ALDER, BIRCH, CEDAR, WOOD, HILL, LAND), 0.0),
    lat={ALDER: 52.0, BIRCH: 52.09, CEDAR: 52.18, WOOD: 52.045, HILL: 52.18, LAND: 52.1},
    km2=np.array([100.0, 100.0, 100.0]),
)
AREAS = {
    ALDER: Area(ALDER, "Alder", "authority", "Alder (local authority)", WOOD, 1000.0, 100.0),
    WOOD: Area(WOOD, "Wood", "region", "Wood (region)", LAND, 2000.0, 200.0),
    LAND: Area(LAND, "Land", "country", "Land", None, 3000.0, 300.0),
}
DAY = date(2026, 11, 2)
THREE = WithheldFigure(3.0, 2.0)


def pairs(rows, *, days: int = 1, each: WithheldFigure | None = THREE) -> Pairs:
    """Rows of origin, destination, trips of the day, and by hour: those at 08:00 and at 17:00, the others 0."""
    codes = list(PLACES.smallest)
    origin, destination = (np.array([codes.index(row[at]) for row in rows]) for at in (0, 1))
    hours = np.zeros((len(rows), 24))
    for at, row in enumerate(rows):
        hours[at, 8], hours[at, 17] = row[3:]
    return Pairs(
        origin,
        destination,
        hours if days == 1 else None,
        np.array([row[2] for row in rows], dtype=np.float64),
        PLACES.km[origin, destination],
        np.full(len(rows), 0.5),
        np.zeros(len(rows)),
        np.full(len(rows), 0.5),
        flow_figures.utc_day(DAY, "Europe/London") if days == 1 else (),
        days,
        each,
    )


ALL = pairs(
    [
        (ALDER, ALDER, 1000, 600, 400),
        (ALDER, BIRCH, 300, 200, 100),
        (ALDER, CEDAR, 40, 30, np.nan),
        (BIRCH, ALDER, 100, 60, 40),
        (BIRCH, BIRCH, 500, 300, 200),
        (CEDAR, ALDER, np.nan, np.nan, 0),
        (CEDAR, CEDAR, 700, 400, 300),
    ]
)


def shown(mode: str, code: str, found: Pairs = ALL, **changes) -> FlowsShown:
    asked = {"places": (), "purpose": "all", "time": "day", "kind": "total", "regions": False, "most": 50}
    chosen = Chosen(mode=mode, area=AREAS[code], words="Monday 2 November 2026", **{**asked, **changes})
    return FlowsShown(chosen, PLACES, found, zones_of(chosen, PLACES))


RUSH = pairs(
    [
        (ALDER, BIRCH, 300, 200, 100),
        (BIRCH, ALDER, 290, 40, 250),
        (ALDER, CEDAR, 50, 50, 0),
    ]
)
"""At 08:00 160 more go from Alder to Birch than back, at 17:00 150 more go back: over the day it is only 10."""


def listed(found: FlowsShown) -> dict[str, float]:
    ranked = found.ranked
    ends = zip(ranked.start.tolist(), ranked.end.tolist(), strict=True)
    return {found.name(*each): value for each, value in zip(ends, ranked.value.tolist(), strict=True)}


class TestWhatIsDrawn:
    def test_all_flows_between_different_areas_the_largest_first(self):
        found = shown("all", LAND)
        assert list(listed(found).items()) == [("Alder to Birch", 300), ("Birch to Alder", 100), ("Alder to Cedar", 40)]
        assert found.withheld == 1, "from Cedar to Alder"

    def test_a_withheld_flow_is_not_drawn_and_is_in_the_sum_as_an_expectation(self):
        """2,640 are known and 3 expected. Half are seen: the variance of N is N + 2 + 4, and the 3 are 2 wrong."""
        total = shown("all", LAND).total
        assert (total.trips.value, total.guess, total.withheld) == (2643, 3, 1)
        assert total.trips.error == pytest.approx(math.sqrt(2640 + 6 * 6 + 2**2))

    def test_where_the_rule_is_not_known_sums_leave_withheld_flows_out(self):
        found = shown("all", LAND, pairs([(ALDER, BIRCH, 40, 40, 0), (BIRCH, ALDER, np.nan, 0, 0)], each=None))
        assert found.total.trips.value == 40
        assert "the least that they can be" in found.caption("Small ones are withheld.", "Europe/London")

    def test_into_out_of_and_within_an_area_are_told_apart(self):
        assert listed(shown("out", ALDER)) == {"Alder to Birch": 300, "Alder to Cedar": 40}
        assert listed(shown("in", ALDER)) == {"Birch to Alder": 100}
        assert listed(shown("within", WOOD)) == {"Alder to Birch": 300, "Birch to Alder": 100}
        assert listed(shown("out", WOOD)) == {"Alder to Cedar": 40}
        assert shown("within", ALDER).total.trips.value == 1000

    def test_net_is_drawn_in_the_direction_of_the_more(self):
        found = shown("all", LAND, kind="net")
        assert listed(found) == {"Alder to Birch": 200}, "the flow from Cedar is withheld, so nothing is known of it"
        assert listed(shown("in", ALDER, kind="net")) == {}, "more go than come"

    def test_by_regions_areas_are_put_together_and_what_is_withheld_among_them_is_expected(self):
        found = shown("all", LAND, regions=True)
        assert listed(found) == {"Wood to Hill": 40}
        hill, wood = found.zones.names.index("Hill"), found.zones.names.index("Wood")
        assert found.matrix.value[wood, wood] == 1900
        assert np.isnan(found.matrix.value[hill, wood]), "the only pair from Hill to Wood is withheld"
        with_birch = pairs([(CEDAR, ALDER, np.nan, 0, 0), (CEDAR, BIRCH, 50, 50, 0)])
        assert listed(shown("all", LAND, with_birch, regions=True)) == {"Hill to Wood": 53}

    def test_areas_around_the_chosen_one_stay_single_where_far_ones_are_put_together(self):
        assert zones_of(shown("out", ALDER, regions=True).chosen, PLACES).names == ("Alder", "Birch", "Hill")
        assert zones_of(shown("out", WOOD, regions=True).chosen, PLACES).names == ("Alder", "Birch", "Hill")
        assert zones_of(shown("all", LAND, regions=True).chosen, PLACES).names == ("Hill", "Wood")

    def test_between_places_of_any_size(self):
        found = shown("between", LAND, places=(WOOD, CEDAR))
        assert listed(found) == {"Wood to Cedar": 40}
        assert found.total.trips.value == 43
        inner = shown("between", LAND, places=(WOOD, ALDER, HILL))
        assert inner.zones.names == ("Wood", "Hill"), "Alder lies in Wood"
        assert flow_figures.places_beneath(PLACES, LAND) == (HILL, WOOD)
        assert flow_figures.places_beneath(PLACES, WOOD) == (ALDER, BIRCH)

    def test_a_flow_is_found_by_its_name_where_the_choice_is_about_it(self):
        found = shown("out", ALDER)
        assert found.ends_of("E1-E2") == (0, 1)
        assert found.ends_of("E2-E1") is None, "it goes into Alder"
        assert found.ends_of("E2-E3") is None, "it does not touch Alder"
        assert found.ends_of("E1-E1") is None
        assert found.ends_of("E1-R2") is None, "not drawn by region"
        assert found.ends_of("nothing") is None
        assert found.ends_of(None) is None

    def test_no_more_are_drawn_than_asked_for(self):
        assert list(listed(shown("all", LAND, most=1))) == ["Alder to Birch"]
        assert shown("all", LAND, most=1).possible == 3


class TestWhen:
    def test_a_band_adds_the_hours_in_it(self):
        assert listed(shown("all", LAND, time="morning")) == {
            "Alder to Birch": 200,
            "Birch to Alder": 60,
            "Alder to Cedar": 30,
        }

    def test_a_withheld_hour_is_what_the_day_leaves_of_it(self):
        """Of the 40 to Cedar 30 are at 08:00, and the other 10 must be at 17:00, the only hour that is withheld."""
        found = shown("out", ALDER, time="evening")
        assert found.total.trips.value == 100 + 10
        assert "Alder to Cedar" not in listed(found), "of the hour alone nothing may be shown"
        assert found.withheld == 1

    def test_the_curve_adds_up_to_the_day(self):
        found = shown("all", LAND)
        by_hour, errors = found.curve
        assert by_hour.sum() == pytest.approx(found.total.trips.value)
        assert by_hour[8] == 600 + 200 + 30 + 60 + 300 + 400 + 3
        assert np.isfinite(errors).all()

    @pytest.mark.parametrize("mode", ["all", "in", "out", "within"])
    def test_the_curve_is_what_each_hour_by_itself_comes_to(self, mode):
        found = shown(mode, WOOD)
        one_by_one = [ALL.at((step,)).total(found.of_pairs).trips for step in range(24)]
        assert found.curve[0] == pytest.approx([each.value for each in one_by_one])
        assert found.curve[1] == pytest.approx([each.error for each in one_by_one])

    def test_hours_that_are_played_are_those_of_the_largest_flows_of_the_day(self):
        values, errors = shown("all", LAND, time="hours").played
        assert values.shape == errors.shape == (3, 24)
        assert values[:, 8].tolist() == [200, 60, 30]
        assert np.isnan(values[2, 17]), "withheld"
        net, _ = shown("all", LAND, time="hours", kind="net").played
        assert net[0, [8, 17]].tolist() == [140, 60]

    def test_net_flows_that_are_played_go_each_hour_the_way_of_the_more(self):
        found = shown("all", LAND, RUSH, time="hours", kind="net")
        ends = zip(found.ranked.start.tolist(), found.ranked.end.tolist(), strict=True)
        values, errors = found.played
        by_name = {found.name(*each): row for each, row in zip(ends, values[:, [8, 17]].round(9).tolist(), strict=True)}
        assert by_name == {"Alder to Birch": [160, 0], "Birch to Alder": [0, 150], "Alder to Cedar": [50, 0]}
        assert (values.sum(), values.shape) == (360, (3, 24)), "in no other hour is there a net flow"
        # Half are seen: N + 2 + 4 of the 200 and of the 40.
        assert errors[0, 8] == pytest.approx(math.sqrt(206 + 46))

    def test_they_are_ranked_by_their_largest_hour_for_a_rush_there_and_back_is_nothing_over_the_day(self):
        found = shown("all", LAND, RUSH, time="hours", kind="net", most=1)
        assert listed(found) == {"Alder to Birch": 10, "Birch to Alder": 0}, "both ways of one pair"
        assert found.possible == 2
        assert list(listed(shown("all", LAND, RUSH, kind="net", most=1))) == ["Alder to Cedar"], "over the day"
        said = found.caption("Small ones are withheld.", "Europe/London")
        assert "The largest 1 of 2 pairs with a net flow between single areas is drawn" in said
        assert "each hour the arrow goes the way of the more" in said
        assert found.alternative().endswith("The largest is Alder to Birch at 08:00, 160.")

    def test_net_into_an_area_has_the_hours_in_which_more_come(self):
        found = shown("in", ALDER, RUSH, time="hours", kind="net")
        assert list(listed(found)) == ["Birch to Alder"], "the day's net goes the other way"
        assert found.played[0][0, [8, 17]].tolist() == [0, 150]
        assert "none where either way is withheld or more leave than come" in found.caption("", "Europe/London")

    def test_an_hour_of_which_one_way_is_withheld_has_no_net_flow(self):
        one_way = pairs([(ALDER, BIRCH, 300, 200, 100), (BIRCH, ALDER, 60, np.nan, 40)])
        found = shown("all", LAND, one_way, time="hours", kind="net")
        assert list(listed(found)) == ["Alder to Birch"]
        values = found.played[0][0]
        assert np.isnan(values[8])
        assert values[17] == 60
        hidden = pairs([(ALDER, BIRCH, 9, np.nan, 0), (BIRCH, ALDER, 8, np.nan, 0)])
        assert listed(shown("all", LAND, hidden, time="hours", kind="net")) == {}

    def test_in_summer_a_utc_day_runs_from_01_to_01(self):
        found = shown("all", LAND)
        assert "Monday 2 November 2026, the whole day" in found.caption("", "Europe/London")
        steps = flow_figures.utc_day(date(2026, 7, 1), "Europe/London")
        assert [step.column for step in steps if step.hours[0] in flows.MORNING] == [5, 6, 7, 8]

    def test_a_clock_that_shows_an_hour_twice_says_which(self):
        labels = [step.label for step in flow_figures.utc_day(date(2026, 10, 25), "Europe/London")]
        assert labels[:3] == ["01:00 BST", "01:00 GMT", "02:00"]

    def test_a_month_is_a_mean_day(self):
        """300 trips of 3 days are 100 a day; the variance of the 300 is 300 + 2 + 4, over 9."""
        found = shown("all", LAND, pairs([(ALDER, BIRCH, 300, 0, 0)], days=3))
        assert found.total.trips.value == 100
        assert found.total.trips.error == pytest.approx(math.sqrt(306) / 3)
        assert found.curve[0].size == 0
        assert found.rush is None
        assert "3 days covered" in found.caption("", "Europe/London")


class TestWhatIsTold:
    def test_self_containment_is_of_the_area_as_one(self):
        """1,900 trips stay in Wood, 40 leave, and one withheld flow comes."""
        found = shown("all", WOOD).shares
        assert (found.within.trips.value, found.out.trips.value, found.into.trips.value) == (1900, 40, 3)
        assert found.containment.supply.value == 1900 / 1940

    def test_the_mean_distance_is_over_the_trips_of_the_choice(self):
        apart = float(distance_km(0.0, 52.0, 0.0, 52.09))
        far = float(distance_km(0.0, 52.0, 0.0, 52.18))
        assert shown("out", ALDER).mean_km == pytest.approx((300 * apart + 40 * far) / 340)

    def test_the_totals_of_a_place_are_those_of_its_flows(self):
        """What goes from Cedar to Alder is withheld: 3 are expected, as in every sum."""
        found = shown("all", LAND).of_zones
        assert found.out.tolist() == [340, 100, 3]
        assert found.into.tolist() == [103, 300, 40]
        assert found.within.tolist() == [1000, 500, 700]
        assert found.out.sum() == found.into.sum() == shown("all", LAND).total.trips.value - 2200
        assert shown("all", LAND).told_zones()[0] == "Alder: 340 out, 103 in, 1,000 within"

    def test_a_place_with_a_withheld_net_flow_has_no_net_total(self):
        """Of Alder and Cedar one way is withheld, so the total of neither is known; 200 more go to Birch than back."""
        found = shown("all", LAND, kind="net")
        assert np.isnan(found.of_zones.out).tolist() == [True, False, True]
        assert (found.of_zones.out[1], np.isnan(found.of_zones.into).tolist()) == (0, [True, False, True])
        assert found.of_zones.into[1] == 200
        assert found.told_zones()[0] == "Alder: withheld out, withheld in, 1,000 within"
        known = shown("all", LAND, RUSH, kind="net").of_zones
        assert (known.out.tolist(), known.into.tolist()) == ([60, 0, 0], [0, 10, 50])

    def test_the_table_has_every_flow_withheld_ones_last_and_empty(self):
        table = shown("all", LAND).table()
        assert table["origin_code"].tolist() == [ALDER, BIRCH, ALDER, CEDAR]
        assert table["trips"].tolist()[:3] == [300, 100, 40]
        last = table.iloc[-1]
        assert last[["trips", "se", "lower", "upper", "expected_part"]].isna().all()
        assert last["withheld_pairs"] == 1
        assert set(table.columns) == set(shown("all", LAND).columns())

    def test_the_caption_says_unit_place_time_and_what_is_not_shown(self):
        said = shown("out", ALDER, purpose="home_work", time="morning").caption(
            "Small ones are withheld.", "Europe/London"
        )
        assert said.startswith(
            "Trips from home to work out of Alder, Monday 2 November 2026, 06:00 to 10:00, local time (Europe/London)."
        )
        assert "All 2 flows between single areas are drawn" in said
        nothing = shown("within", ALDER)
        assert "Trips inside a single area have no ends to draw" in nothing.caption(
            "Small ones are withheld.", "Europe/London"
        )


class TestVisitors:
    FOUND = Visitors(
        AREAS[WOOD],
        PLACES,
        (ALDER, CEDAR, BIRCH),
        np.array([900.0, 90.0, np.nan]),
        np.array([30.0, 10.0, np.nan]),
        np.full(3, 0.5),
        np.zeros(3),
        np.full(3, 0.5),
        THREE,
        "Monday 2 November 2026, 10 to 16",
        50,
    )

    def test_those_who_live_in_the_area_are_no_visitors(self):
        assert self.FOUND.from_here.tolist() == [True, False, True]
        people, withheld = self.FOUND.from_elsewhere
        assert (people.value, withheld) == (90, 0)
        assert people.error == pytest.approx(math.sqrt(90 + 2 + 4))
        assert [self.FOUND.homes[at] for at in self.FOUND.ranked.tolist()] == [CEDAR]

    def test_a_withheld_home_is_expected_in_the_sum(self):
        everybody, withheld = self.FOUND.everybody
        assert (everybody.value, withheld) == (993, 1)
        assert self.FOUND.share_from_elsewhere.value == pytest.approx(90 / 993)
        assert "1 home area is withheld and not drawn" in self.FOUND.caption("Small ones are withheld.")

    def test_they_are_taken_away_with_where_they_live(self):
        table = self.FOUND.table()
        assert table["home_name"].tolist() == ["Alder", "Cedar", "Birch"]
        assert table["people"].isna().tolist() == [False, False, True]
        assert set(table.columns) == set(self.FOUND.columns())


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.one_of(st.just(np.nan), st.floats(0, 1e6))),
        unique_by=lambda row: row[:2],
        min_size=1,
    )
)
def test_into_out_of_and_within_are_all_there_is(rows):
    found = pairs([(PLACES.smallest[a], PLACES.smallest[b], trips, 0, 0) for a, b, trips in rows])
    each = [shown(mode, WOOD, found).total.trips.value for mode in ("in", "out", "within")]
    assert sum(each) == pytest.approx(shown("all", WOOD, found).total.trips.value)
    totals = shown("all", LAND, found).of_zones
    assert totals.out.sum() == pytest.approx(totals.into.sum())
    share = shown("all", WOOD, found).shares.containment
    assert all(math.isnan(each.value) or 0 <= each.value <= 1 for each in (share.supply, share.demand))
