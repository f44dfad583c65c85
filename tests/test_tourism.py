"""Visits, nights, average stay, location quotient and country mix, against numbers worked out by hand."""

from __future__ import annotations

import io
import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from build_world import ALDER, BIRCH, COUNTRY, NATION, REGION
from hypothesis import given
from hypothesis import strategies as st
from release_world import A1, A2, B1, write_release

from cellcount.methods import tourism
from cellcount.methods.tourism import STAYS, Counts, Doubt
from cellcount.standard import release_tables
from cellcount.store import AnswerCache, open_release
from cellcount.ui import exports
from cellcount.ui import tourism_charts as charts
from cellcount.ui import tourism_figures as figures
from cellcount.ui.look import PALETTES

LIGHT = PALETTES["light"]
SURE = Doubt(np.zeros(2), np.zeros(2), np.ones(2))
"""Everybody is observed."""


def exact(*values: float) -> Counts:
    """Counts without any doubt."""
    array = np.array(values, dtype=np.float64)
    return Counts(array, np.zeros_like(array), np.zeros_like(array))


class TestSums:
    def test_independent_variances_add_up_and_errors_of_expectations_do_too(self):
        counts = Counts(np.array([60.0, 40.0]), np.array([9.0, 16.0]), np.array([3.0, 4.0]))
        whole = counts.sum(0)
        assert (whole.value, whole.chance, whole.extra) == (100.0, 25.0, 7.0)
        # 25 of chance, (0.1 x 100)^2 of the shared doubt, 7^2 of what is withheld.
        assert whole.error(0.1) == pytest.approx(math.sqrt(25 + 100 + 49))

    def test_what_is_left_of_a_sum_has_the_rest_of_its_doubt(self):
        counts = Counts(np.array([60.0, 40.0]), np.array([9.0, 16.0]), np.array([3.0, 4.0]))
        rest = counts.sum(0).minus(counts[0])
        assert (rest.value, rest.chance, rest.extra) == (40.0, 16.0, 4.0)


class TestTheDoubtOfAnArea:
    def test_it_is_read_off_the_standard_errors(self):
        # A quarter is observed, chance adds 3 a visit, and the share is known to 5 %: 3 (N + 4) + (0.05 N)^2 + 4.
        visits = np.array([[[20.0, 100.0, 1000.0, 5000.0]]])
        variances = 3 * (visits + 4) + (0.05 * visits) ** 2 + 4
        found = tourism.doubt_of(visits, np.sqrt(variances))
        assert found.chance == pytest.approx([3.0])
        assert found.common == pytest.approx([0.05])
        assert found.per_device == pytest.approx([4.0])

    def test_rounding_of_errors_to_a_hundredth_does_no_harm(self):
        visits = np.array([[20.0, 45.0, 100.0, 325.0, 1000.0, 5000.0]])
        errors = np.round(np.sqrt(0.12 * (visits + 1.12) + (0.024 * visits) ** 2 + 4), 2)
        found = tourism.doubt_of(visits, errors)
        assert found.chance == pytest.approx([0.12], rel=0.03)
        assert found.common == pytest.approx([0.024], rel=0.01)

    def test_too_few_figures_or_another_formula_leave_it_unknown(self):
        few = tourism.doubt_of(np.array([[100.0, 400.0, np.nan]]), np.array([[10.0, 20.0, np.nan]]))
        other = tourism.doubt_of(np.array([[100.0, 400.0, 900.0, 20.0]]), np.array([[30.0, 3.0, 300.0, 3.0]]))
        assert np.isnan([few.chance, few.common, other.chance, other.common]).all()


class TestWithheldFigures:
    visits = np.array(
        [
            [[100.0, 200.0, 400.0, 200.0, 100.0], [50.0, 100.0, 200.0, 100.0, 50.0]],
            [[10.0, 20.0, 40.0, np.nan, np.nan], [np.nan] * 5],
        ]
    )
    """The whole with two countries; an area with some of the first country's stays, and none of the second's."""

    def test_a_length_of_stay_is_expected_from_the_others(self):
        done = tourism.completed(self.visits, 0 * self.visits, SURE, whole=0)
        # 70 of the seven tenths that are published: 100 in all, 20 of four to seven nights.
        assert done.visits.value[1, 0] == pytest.approx([10, 20, 40, 20, 10])
        assert done.published[1, 0].tolist() == [10, 20, 40, 0, 0]
        assert done.withheld[1].sum() == 7

    def test_a_country_of_which_nothing_is_published_has_the_ratio_of_the_others(self):
        done = tourism.completed(self.visits, 0 * self.visits, SURE, whole=0)
        # The first country sends a tenth of its visits to the area, so the second is expected to send a tenth.
        assert done.visits.value[1, 1] == pytest.approx([5, 10, 20, 10, 5])
        assert done.visits.extra[1, 1] == pytest.approx([2.5, 5, 10, 5, 2.5])

    def test_and_no_more_than_can_be_withheld(self):
        half = Doubt(np.ones(2), np.zeros(2), np.full(2, 2.0))
        done = tourism.completed(self.visits, 0 * self.visits, half, whole=0, most_devices=9)
        # A device stands for two visits where half are observed.
        assert done.visits.value[1, 1] == pytest.approx([5, 10, 18, 10, 5])

    def test_nothing_changes_where_nothing_is_withheld(self):
        whole = np.nan_to_num(self.visits, nan=7.0)
        done = tourism.completed(whole, 0 * whole, SURE, whole=0)
        assert (done.visits.value == whole).all()
        assert not done.withheld.any()
        assert (done.visits.extra == 0).all()

    def test_errors_add_up_where_the_doubt_of_an_area_is_not_known(self):
        unknown = Doubt(*np.full((3, 2), np.nan))
        visits = np.nan_to_num(self.visits, nan=7.0)
        done = tourism.completed(visits, np.full(visits.shape, 3.0), unknown, whole=0)
        assert done.visits[1].sum((0, 1)).error(0.0) == pytest.approx(30.0)

    def test_a_sum_of_which_most_was_withheld_is_withheld(self):
        done = tourism.completed(self.visits, 0 * self.visits, SURE, whole=0)
        shown = tourism.mostly_published(done.published[1].sum(1), done.visits.value[1].sum(1), done.withheld[1].sum(1))
        assert shown.tolist() == [True, False]

    @given(scale=st.floats(0.5, 1000))
    def test_expectations_scale_with_what_is_published(self, scale):
        once = tourism.completed(self.visits, 0 * self.visits, SURE, whole=0).visits.value
        scaled = tourism.completed(scale * self.visits, 0 * self.visits, SURE, whole=0).visits.value
        assert scaled == pytest.approx(scale * once)


class TestNights:
    def test_withheld_nights_are_those_of_as_long_a_stay(self):
        visits = np.array([[[0.0, 100.0, 200.0, 0.0, 0.0]], [[0.0, 10.0, 40.0, 0.0, 0.0]]])
        nights = np.array([[[0.0, 100.0, 480.0, 0.0, 0.0]], [[0.0, 10.0, np.nan, 0.0, 0.0]]])
        found = tourism.completed_nights(nights, tourism.completed(visits, 0 * visits, SURE, whole=0))
        # 480 nights of 200 visits are 2.4 each: 96 of 40.
        assert found.value[1, 0] == pytest.approx([0, 10, 96, 0, 0])

    def test_average_stay_counts_overnight_visits_only(self):
        stay, _ = tourism.average_stay(exact(0, 10, 50, 0, 0), exact(500, 10, 20, 0, 0), 0.0)
        assert stay == pytest.approx(2.0)

    def test_its_error_is_that_of_the_residuals(self):
        # 60 visits of one night and 40 of three, of which a quarter is observed (b = 3): A is 1.8, the residuals
        # squared are 60 x 0.64 + 40 x 1.44 = 96, so that the variance is 3 x 96 / 100^2.
        stay, error = tourism.average_stay(exact(0, 60, 120, 0, 0), exact(25, 60, 40, 0, 0), 3.0)
        assert stay == pytest.approx(1.8)
        assert error == pytest.approx(math.sqrt(3 * 96) / 100)

    def test_it_has_none_without_overnight_visits(self):
        stay, error = tourism.average_stay(exact(0, 0, 0, 0, 0), exact(9, 0, 0, 0, 0), 1.0)
        assert np.isnan(stay)
        assert np.isnan(error)

    @given(st.lists(st.floats(1, 1e5), min_size=4, max_size=4), st.floats(0.1, 100))
    def test_it_does_not_depend_on_how_many_visit(self, visits, scale):
        nights = np.array([0.0, 1.0, 2.4, 5.0, 12.0])
        stayed = np.array([3.0, *visits])
        once, _ = tourism.average_stay(exact(*(nights * stayed)), exact(*stayed), 0.2)
        more, _ = tourism.average_stay(exact(*(scale * nights * stayed)), exact(*(scale * stayed)), 0.2)
        assert more == pytest.approx(once)
        assert 1 <= once <= 12

    def test_the_spread_of_nights_is_the_largest_that_a_mean_leaves(self):
        # Of 2 or 3 nights with the mean 2.5 half are either: 0.25. Of 4 to 7 with the mean 4 all are 4: none.
        assert tourism.spread_within([0.0, 1.0, 2.5, 4.0, 8.0]).tolist() == [0.0, 0.0, 0.25, 0.0, 0.0]


quotient_table = st.lists(st.lists(st.floats(1, 1e4), min_size=3, max_size=3), min_size=2, max_size=5)


class TestLocationQuotient:
    def test_a_country_three_times_as_common_as_everywhere(self):
        quotient, error = tourism.location_quotient(exact(30), exact(70), exact(100), exact(900))
        assert quotient == pytest.approx([3.0])
        assert error == pytest.approx([0.0])

    def test_its_relative_error_is_that_of_both_shares(self):
        # 0.3 with (1 - 0.3) x sqrt(0.01 + 0.02) of relative error; the whole is sure.
        here = Counts(np.array([30.0]), np.array([9.0]), np.array([0.0]))
        rest = Counts(np.array([70.0]), np.array([98.0]), np.array([0.0]))
        quotient, error = tourism.location_quotient(here, rest, exact(100), exact(900))
        assert error == pytest.approx(quotient * 0.7 * math.sqrt(0.01 + 0.02))

    @given(quotient_table)
    def test_its_mean_is_1_weighted_with_areas_or_with_countries(self, rows):
        visits = np.array(rows)
        every = visits.sum(0)
        quotient, _ = tourism.location_quotient(
            exact(*visits.T.ravel()),
            exact(*(visits.sum(1) - visits.T).ravel()),
            exact(*np.repeat(every, len(visits))),
            exact(*np.repeat(every.sum() - every, len(visits))),
        )
        by_country = quotient.reshape(3, -1)
        assert (by_country * visits.sum(1) / visits.sum()).sum(axis=1) == pytest.approx([1, 1, 1])
        assert (by_country * (every / every.sum())[:, None]).sum(axis=0) == pytest.approx([1.0] * len(visits))

    @given(quotient_table, st.floats(0.01, 100))
    def test_scaling_all_visits_leaves_it(self, rows, scale):
        first, rest = rows[0][0], sum(rows[0][1:])
        once, _ = tourism.location_quotient(exact(first), exact(rest), exact(500), exact(700))
        more, _ = tourism.location_quotient(
            exact(scale * first), exact(scale * rest), exact(scale * 500), exact(scale * 700)
        )
        assert more == pytest.approx(once)


class TestSeasonAndMix:
    def test_a_month_over_the_mean_month(self):
        # A year of 1,200 visits of which August has 200.
        year = [1000 / 11] * 7 + [200] + [1000 / 11] * 4
        assert tourism.season(year)[7] == pytest.approx(2.0)
        assert tourism.season(year).mean() == pytest.approx(1.0)

    def test_eleven_months_are_no_year(self):
        assert np.isnan(tourism.season([1.0] * 11)).all()
        assert np.isnan(tourism.season([1.0] * 11 + [np.nan])).all()

    def test_a_half_and_two_quarters_are_as_mixed_as_2_83_countries(self):
        # Entropy: 0.5 ln 2 + 0.5 ln 4 = 1.5 ln 2, so 2 to the power 1.5.
        assert tourism.effective_countries([50, 25, 25]) == pytest.approx(2**1.5)

    @given(st.lists(st.floats(0.1, 1e4), min_size=2, max_size=6))
    def test_no_mix_is_more_mixed_than_an_even_one(self, visits):
        assert 1 <= tourism.effective_countries(visits) <= len(visits) * (1 + 1e-9)
        assert 0 <= tourism.dissimilarity(visits, np.ones(len(visits))) < 1

    def test_a_share_said_of_visits(self):
        share, _ = tourism.said_share([40.0, 0.0], [100.0, 0.0], [1, 0], [0.1, 0.1])
        assert share[0] == pytest.approx(0.4)
        assert np.isnan(share[1])

    def test_areas_with_alike_mixes_are_put_together(self):
        found = tourism.mix_groups([[90, 10], [85, 15], [10, 90], [88, 12], [15, 85]])
        assert found.of.tolist() == [0, 0, 1, 0, 1]
        assert found.silhouette > 0.7
        assert found.centres[0] == pytest.approx([(0.9 + 0.85 + 0.88) / 3, (0.1 + 0.15 + 0.12) / 3])

    def test_two_areas_are_no_grouping(self):
        found = tourism.mix_groups([[9, 1], [1, 9], [np.nan, np.nan]])
        assert found.of.tolist() == [-1, -1, -1]
        assert np.isnan(found.silhouette)


def row(area: str, country: str, stay: str, visits: int | None, nights: int | None, **more: int | None) -> dict:
    """Half of the visitors are observed, and nothing else is in doubt: the variance is N + 2 + 4."""
    return {
        "area_code": area,
        "country_of_residence": country,
        "stay": stay,
        "visits": visits,
        "nights": nights,
        "se": None if visits is None else math.sqrt(visits + 6),
        **more,
    }


OCTOBER = [
    row(COUNTRY, "FR", "same_day", 100, 0, repeat_visits=40, main_destination_visits=60),
    row(COUNTRY, "FR", "1", 200, 200, repeat_visits=100, main_destination_visits=120),
    row(COUNTRY, "FR", "2-3", 400, 1000),
    row(COUNTRY, "DE", "1", 300, 300),
    row(COUNTRY, "GB", "1", 5000, 5000),
    row(ALDER, "FR", "same_day", 50, 0),
    row(ALDER, "FR", "1", 100, 100),
    row(ALDER, "FR", "2-3", 200, 480),
    row(ALDER, "DE", "1", None, None),
    row(BIRCH, "FR", "1", None, None),
    row(BIRCH, "DE", "1", 150, 150),
    row(BIRCH, "GB", "1", 1000, 1000),
]
AREAS = (ALDER, BIRCH, REGION, NATION, COUNTRY)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("area_code", "country_of_residence", "stay")),
        *(
            (name, pa.uint32())
            for name in (
                "visits",
                "nights",
                "repeat_visits",
                "main_destination_visits",
                "secondary_destination_visits",
                "transit_visits",
            )
        ),
        ("se", pa.float64()),
    ]
)


@pytest.fixture(scope="module")
def october() -> figures.Month:
    table = pa.Table.from_pylist(OCTOBER, schema=SCHEMA)
    return figures.month_of(table, "2026-10", AREAS, ["FR", "DE"], COUNTRY, most_devices=9)


class TestFigures:
    def test_visits_from_all_countries_by_area(self, october):
        values, errors = figures.measured(figures.by_area(october, []), "visits")
        assert values[AREAS.index(COUNTRY)] == 1000
        # Four figures: 1,000 visits and 2 each of chance, 4 each of rounding.
        assert errors[AREAS.index(COUNTRY)] == pytest.approx(math.sqrt(1000 + 4 * 2 + 4 * 4))
        assert values[AREAS.index(REGION)] == 0, "nothing was observed"

    def test_residents_own_trips_are_kept_apart(self, october):
        values, _ = figures.measured(figures.by_area(october, ["GB"]), "visits")
        assert values[AREAS.index(COUNTRY)] == 0

    def test_a_withheld_figure_is_expected_and_not_left_out(self, october):
        group = figures.by_area(october, [])
        alder = AREAS.index(ALDER)
        values, errors = figures.measured(group, "visits")
        # Of France Alder has half of all visits, so of Germany's 300 it would have 150; no more than 9 devices of two
        # visits each can be withheld.
        assert values[alder] == pytest.approx(350 + 18)
        assert group.withheld[alder] == 1
        assert errors[alder] > math.sqrt(350 + 6 + 12)

    def test_of_a_withheld_country_nothing_is_shown(self, october):
        values, errors = figures.measured(figures.by_country(october, BIRCH), "visits")
        assert np.isnan(values[0])
        assert np.isnan(errors[0])
        assert values[1] == 150

    def test_every_measure_of_the_whole(self, october):
        group = figures.by_country(october, COUNTRY)
        found = {measure: figures.measured(group, measure)[0][0] for measure in figures.MEASURES}
        assert found["visits"] == 700
        assert found["nights"] == 1200
        assert found["stay"] == pytest.approx(1200 / 600)
        assert found["same_day"] == pytest.approx(1 / 7)
        assert found["quotient"] == pytest.approx(1.0)
        assert found["repeat"] == pytest.approx(140 / 300), "where it is published"
        assert found["main"] == pytest.approx(180 / 300)
        assert np.isnan(found["intensity"]), "countries have no residents here"

    def test_nights_per_100_residents(self, october):
        residents = np.array([1000.0, np.nan, np.nan, np.nan, 0.0])
        values, _ = figures.measured(figures.by_area(october, ["FR"]), "intensity", residents)
        assert values[0] == pytest.approx(58.0)
        assert np.isnan(values[1:]).all()

    def test_the_location_quotient_of_a_country_in_an_area(self, october):
        values, _ = figures.measured(figures.by_area(october, ["FR"]), "quotient")
        assert values[0] == pytest.approx((350 / 368) / 0.7)

    def test_months_add_up(self, october):
        twice = figures.together([figures.by_area(october, ["FR"])] * 2)
        assert figures.measured(twice, "visits")[0][0] == 700
        assert figures.measured(twice, "stay")[0][0] == pytest.approx(580 / 300)

    def test_measures_that_were_not_supplied_are_left_out(self, october):
        alder = figures.by_country(october, ALDER)
        assert figures.measures_of(alder, quotient=True, residents=False) == [
            "visits",
            "nights",
            "stay",
            "same_day",
            "quotient",
        ]

    def test_ranked_and_the_table_agree(self, october):
        group = figures.by_country(october, BIRCH)
        values, errors = figures.measured(group, "visits")
        first = figures.ranked(october.countries, ["France", "Germany"], values, errors)
        assert (first.codes, first.hidden) == (("DE",), 1)
        table = figures.table_of(group, {"country": ["France", "Germany"]}, ["visits", "stay"])
        assert table["country"].tolist() == ["Germany", "France"]
        assert table["visits"].tolist()[0] == 150
        assert table["visits"].isna().tolist() == [False, True]
        assert set(figures.columns_of({"country": "Country"}, ["visits", "stay"])) == set(table.columns)

    def test_over_months(self, october):
        values, _ = figures.over_months([october, october], BIRCH, ["DE"], "visits")
        assert values.tolist() == [150, 150]

    def test_what_is_withheld_is_said(self, october):
        said = figures.withheld_words(figures.by_area(october, []), "Fewer than 10 devices are withheld.")
        assert said.startswith("2 of 10 figures by country and length of stay are withheld: fewer than 10 devices")

    def test_trips_abroad_add_up_over_homes(self):
        rows = [
            {"home_area_code": ALDER, "country": "FR", "trips": 100, "nights": 500, "se": math.sqrt(106)},
            {"home_area_code": ALDER, "country": "ES", "trips": 200, "nights": 1800, "se": math.sqrt(206)},
            {"home_area_code": ALDER, "country": "IT", "trips": 400, "nights": 2000, "se": math.sqrt(406)},
            {"home_area_code": ALDER, "country": "PT", "trips": 800, "nights": 4000, "se": math.sqrt(806)},
            {"home_area_code": BIRCH, "country": "FR", "trips": 50, "nights": 250, "se": math.sqrt(56)},
            {"home_area_code": BIRCH, "country": "PT", "trips": 400, "nights": 2000, "se": math.sqrt(406)},
            {"home_area_code": BIRCH, "country": "ES", "trips": None, "nights": None, "se": None},
        ]
        whole = pa.Table.from_pylist(rows)
        found = figures.abroad_of(whole, whole, most_devices=9)
        assert found.countries == ("ES", "FR", "IT", "PT")
        # Birch's homes go to France and Portugal half as often as Alder's, so to Spain 100 times; but nine devices of
        # two people each are the most that can be withheld.
        assert found.trips.tolist() == pytest.approx([218, 150, 400, 1200])
        # Half are observed: 150 + 2 x 2 of chance and 2 x 4 of rounding; of Birch's figures no doubt is worked out.
        assert found.trips_error[2] == pytest.approx(math.sqrt(406), rel=1e-3)
        assert found.nights[1] == 750
        assert (found.withheld, found.figures) == (1, 7)
        # To all countries 218 + 150 + 400 + 1,200. Chance: 106 + 206 + 406 + 806 of Alder, 2 x 18 of what is expected;
        # errors that add up: those of Birch's published figures and of half of what is expected.
        assert found.total == pytest.approx(1968)
        added = math.sqrt(56) + math.sqrt(406) + 9
        assert found.total_error == pytest.approx(math.sqrt(1524 + 36 + added**2), rel=1e-3)
        assert found.left_out == ()

    abroad = pa.schema(
        [
            ("home_area_code", pa.string()),
            ("country", pa.string()),
            ("trips", pa.uint32()),
            ("nights", pa.uint32()),
            ("se", pa.float64()),
        ]
    )

    def homes(self, *rows: tuple[str, str, int | None]) -> pa.Table:
        """Trips by home area and country, each of four nights, with a standard error of 10."""
        return pa.Table.from_pylist(
            [
                {
                    "home_area_code": home,
                    "country": country,
                    "trips": trips,
                    "nights": None if trips is None else 4 * trips,
                    "se": None if trips is None else 10.0,
                }
                for home, country, trips in rows
            ],
            schema=self.abroad,
        )

    def test_a_country_that_all_homes_of_an_area_withhold_is_in_the_total(self):
        birch = [(BIRCH, "FR", 50), (BIRCH, "IT", None)]
        everywhere = self.homes((ALDER, "FR", 100), (ALDER, "IT", 60), *birch)
        found = figures.abroad_of(self.homes(*birch), everywhere, most_devices=30)
        # A third of France's 150 is Birch's, and so should be of Italy's 60.
        assert found.trips[0] == 50
        assert np.isnan(found.trips[1]), "of the country itself nothing is shown"
        assert found.total == pytest.approx(70)
        # 20 of chance; 10 of France's figure and half of the 20.
        assert found.total_error == pytest.approx(math.sqrt(20 + 20**2))
        assert found.left_out == ()

    def test_a_country_that_is_withheld_everywhere_is_left_out_and_the_total_has_no_interval(self):
        rows = self.homes((ALDER, "FR", 100), (ALDER, "IT", None), (BIRCH, "FR", 50), (BIRCH, "IT", None))
        found = figures.abroad_of(rows, rows, most_devices=30)
        assert found.left_out == ("IT",)
        assert found.total == 150
        assert np.isnan(found.total_error)

    def test_a_home_of_which_nothing_is_published_has_half_of_what_can_be_withheld(self):
        rows = self.homes((ALDER, "FR", 100), (ALDER, "IT", 60), (BIRCH, "FR", None), (BIRCH, "IT", None))
        found = figures.abroad_of(rows, rows, most_devices=8)
        assert found.trips.tolist() == [104, 64]
        assert (found.total, found.left_out) == (168, ())
        # Two figures of Alder with 10 each, and 4 give or take 4 for two of Birch.
        assert found.total_error == pytest.approx(28)
        assert figures.abroad_of(rows, rows, most_devices=math.inf).left_out == ("FR", "IT"), "nothing bounds it"

    def test_trips_of_which_most_is_withheld_have_no_total(self):
        birch = [(BIRCH, "FR", 50), (BIRCH, "IT", None)]
        everywhere = self.homes((ALDER, "FR", 100), (ALDER, "IT", 600), *birch)
        found = figures.abroad_of(self.homes(*birch), everywhere, most_devices=300)
        assert np.isnan(found.total), "200 to Italy are expected, 50 to France published"

    def test_countries_are_named_and_unknown_ones_say_so(self):
        known = pa.Table.from_pylist(
            [{"country_code": "FR", "country_name": "France", "world_region": "Western Europe", "centre_lon": 2.0,
              "centre_lat": 46.0}]
        )  # fmt: skip
        found = figures.countries_of(["FR", "XX", "QQ"], known)
        assert [(each.name, each.region, each.centre) for each in found.values()] == [
            ("France", "Western Europe", (2.0, 46.0)),
            ("Unknown country", "Not stated", None),
            ("QQ", "Not stated", None),
        ]

    def test_a_mix_leaves_out_unknown_countries_and_areas_that_are_mostly_withheld(self, october):
        countries = figures.countries_of(["FR", "DE"], None)
        mix = figures.mix_of([october], countries, [ALDER, BIRCH])
        assert mix.effective[0] < 1.3, "nearly all from France"
        # Alder's shares are 350 / 368 and 18 / 368, of the whole 0.7 and 0.3.
        assert mix.apart[0] == pytest.approx(350 / 368 - 0.7)
        assert mix.groups.of.tolist() == [-1, -1], "two areas are no grouping"


def cell(at: int, country: str, part: str, people: int | None) -> dict:
    return {
        "h3": at,
        "country_of_residence": country,
        "day_part": part,
        "people": people,
        "se": None if people is None else 3.0,
    }


CELLS = [
    cell(A1, "FR", "night", 100),
    cell(A1, "FR", "midday", 60),
    cell(A1, "DE", "night", 40),
    cell(A2, "FR", "night", None),
    cell(A2, "DE", "midday", 20),
    cell(B1, "FR", "midday", 30),
]


class TestCells:
    table = pa.Table.from_pylist(
        CELLS,
        schema=pa.schema(
            [
                ("h3", pa.int64()),
                ("country_of_residence", pa.string()),
                ("day_part", pa.string()),
                ("people", pa.uint32()),
                ("se", pa.float64()),
            ]
        ),
    )
    night, midday = figures.PARTS.index("night"), figures.PARTS.index("midday")

    def test_one_country_is_as_published(self):
        found = figures.cells_of(self.table, ["FR", "DE"], ["FR"], np.array([300.0, 60.0]), 9)
        assert found.h3.tolist() == sorted([A1, A2, B1])
        at = found.h3.tolist().index
        assert found.people[at(A1), self.night] == 100
        assert found.errors[at(A1), self.night] == 3.0
        assert np.isnan(found.people[at(A2), self.night])
        assert found.covered[at(A2), self.night]
        assert not found.covered[at(A2), self.midday], "there is no row for France there"

    def test_several_countries_add_up(self):
        found = figures.cells_of(self.table, ["FR", "DE"], [], np.array([300.0, 60.0]), 9)
        at = found.h3.tolist().index
        assert found.people[at(A1), self.night] == 140
        assert found.errors[at(A1), self.night] == 6.0, "errors of figures add up: an upper limit"
        assert np.isnan(found.people[at(A2), self.night]), "nothing of it was published"

    hidden = pa.Table.from_pylist([cell(A1, "FR", "night", 100), cell(A1, "DE", "night", None)], schema=table.schema)

    def test_a_country_that_all_cells_withhold_is_expected_by_its_days_in_the_area(self):
        found = figures.cells_of(self.hidden, ["FR", "DE"], [], np.array([300.0, 60.0]), 30)
        # A fifth of France's days are Germany's: 20 people beside 100, give or take a half, and 3 of France's figure.
        assert found.people[0, self.night] == pytest.approx(120)
        assert found.errors[0, self.night] == pytest.approx(math.sqrt(20 + 13**2))
        assert found.left_out == ()

    def test_a_country_of_which_nothing_can_be_expected_is_left_out_and_the_cell_has_no_error(self):
        found = figures.cells_of(self.hidden, ["FR", "DE"], [], np.array([300.0, 0.0]), 30)
        assert found.people[0, self.night] == 100
        assert np.isnan(found.errors[0, self.night])
        assert found.left_out == ("DE",)

    def test_days_are_nights_and_one_more_of_every_visit(self):
        table = pa.Table.from_pylist(
            [row(ALDER, "FR", "same_day", 50, 0), row(ALDER, "FR", "2-3", 40, 100), row(ALDER, "DE", "1", 20, 20)],
            schema=SCHEMA,
        )
        month = figures.month_of(table, "2026-10", [ALDER], ["FR", "DE"], ALDER)
        assert figures.days_of(month, ALDER).tolist() == [190, 40]


# What the three queries of the page give of a release of a few rows.
IN_RELEASE = {
    "inbound_month/month=2026-11": [
        row(COUNTRY, "FR", "1", 100, 100, repeat_visits=40),
        row(COUNTRY, "GB", "1", 900, 900),
        row(ALDER, "FR", "1", None, None),
    ],
    "inbound_month/month=2026-10": [row(COUNTRY, "DE", "1", 200, 200)],
    "inbound_cell_month/month=2026-11": [cell(A1, "FR", "night", 50), cell(B1, "FR", "night", None)],
    "inbound_cell_month/month=2026-10": [cell(A1, "FR", "night", 70)],
    "outbound_month/month=2026-11": [
        {"home_area_code": ALDER, "country": "FR", "trips": 30, "nights": 90, "se": 3.0},
        {"home_area_code": BIRCH, "country": "FR", "trips": None, "nights": None, "se": None},
    ],
}


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return open_release(write_release(tmp_path_factory.mktemp("tourism"), figures=IN_RELEASE), cache=AnswerCache(0))


class TestQueries:
    def test_visits_in_a_month(self, release):
        rows = release.run("visits_in_month", month="2026-11").table.to_pylist()
        assert [(each["area_code"], each["country_of_residence"], each["visits"]) for each in rows] == [
            (ALDER, "FR", None),
            (COUNTRY, "FR", 100),
            (COUNTRY, "GB", 900),
        ]
        assert rows[1]["repeat_visits"] == 40
        assert release.run("visits_in_month", month="2020-01").table.num_rows == 0

    def test_countries_the_most_frequent_first(self, release):
        rows = release.run("countries_of_visits", area=COUNTRY).table.to_pylist()
        assert [(each["country_of_residence"], each["visits"]) for each in rows] == [
            ("GB", 900),
            ("DE", 200),
            ("FR", 100),
        ]

    def test_visitors_by_cell_of_an_area_and_all_inside_it(self, release):
        def asked(area: str) -> list:
            answer = release.run("visitors_by_cell", area=area, month="2026-11")
            return [(each["h3"], each["day_part"], each["people"]) for each in answer.table.to_pylist()]

        assert asked(REGION) == [(A1, "night", 50), (B1, "night", None)]
        assert asked(BIRCH) == [(B1, "night", None)]

    def test_trips_abroad_of_an_areas_residents(self, release):
        rows = release.run("trips_abroad", area=REGION, month="2026-11").table.to_pylist()
        assert [(each["home_area_code"], each["country"], each["trips"]) for each in rows] == [
            (ALDER, "FR", 30),
            (BIRCH, "FR", None),
        ]


def test_stays_are_those_of_the_standard():
    column = next(each for each in release_tables()["inbound_month"].columns if each.name == "stay")
    assert set(STAYS) == set(column.enum)


FACTS = {"dc:title": "Visits"}


class TestWhatIsTakenAway:
    def test_areas_have_their_outlines(self):
        outlines = gpd.GeoSeries(
            [shapely.box(0, 51, 1, 52), shapely.box(1, 51, 2, 52)], index=["E1", "E2"], crs="EPSG:4326"
        )
        table = pd.DataFrame({"area_code": ["E2", "E9"], "visits": [5, 7]})
        written = gpd.read_parquet(io.BytesIO(exports.to_geoparquet(table, FACTS, outlines)))
        assert written.geometry.iloc[0].equals(shapely.box(1, 51, 2, 52))
        assert written.geometry.iloc[1] is None, "an area without an outline"

    def test_lines_go_from_countries_that_have_a_place(self):
        ends = {"destination_lon": [-1.0, -1.0], "destination_lat": [52.0, 52.0]}
        table = pd.DataFrame({"country": ["FR", "XX"], "origin_lon": [2.5, None], "origin_lat": [46.5, None], **ends})
        written = gpd.read_parquet(io.BytesIO(exports.to_geoparquet(table, FACTS)))
        assert written.geometry.iloc[0].coords[0] == (2.5, 46.5)
        assert written.geometry.iloc[1] is None


class TestCharts:
    def test_bars_have_the_interval_of_each_figure(self):
        first = figures.Ranked(("FR", "DE"), ("France", "Germany"), np.array([100.0, 10.0]), np.array([10.0, 8.0]), 0)
        (bars,) = charts.ranked_bars(first, "visits", LIGHT, marked={"DE"}).data
        assert list(bars.error_x.array) == pytest.approx([19.59964, 15.679712])
        assert list(bars.error_x.arrayminus) == pytest.approx([19.59964, 10.0]), "not below zero"
        assert list(bars.marker.color) == [LIGHT.line, LIGHT.mark]

    def test_shares_are_drawn_in_per_cent_and_the_month_of_the_map_stands_out(self):
        months = ("2025-12", "2026-01")
        figure = charts.series(
            months, np.array([0.1, np.nan]), np.array([0.01, np.nan]), "same_day", LIGHT, shown=("2025-12",)
        )
        (bars,) = figure.data
        assert bars.y[0] == pytest.approx(10.0)
        assert list(bars.marker.color) == [LIGHT.mark, LIGHT.line]
        assert bars.customdata[1] == "January 2026: withheld"
        assert list(figure.layout.xaxis.ticktext) == ["Dec<br>2025", "Jan<br>2026"]

    def test_what_varies_little_has_classes_that_differ(self):
        scale = charts.scale_of("stay", np.linspace(3.80, 3.92, 25), LIGHT)
        assert scale.breaks == (3.82, 3.84, 3.86, 3.88, 3.9)
        assert scale.named[0] == "under 3.82"
        assert charts.scale_of("stay", np.array([np.nan]), LIGHT).breaks == ()
