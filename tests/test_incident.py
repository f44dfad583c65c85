"""The incident: comparable days, usual level and difference, day-to-day variation, false discoveries, recovery."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cellcount.methods.baseline import ENOUGH, FEW, NONE, NoTimeError, comparable_days, dates_of
from cellcount.methods.cautions import (
    AROUND,
    BASELINE,
    CLOCK,
    COVERAGE,
    CUT_CELLS,
    ENDS_EARLY,
    NETWORK_BESIDE,
    NETWORK_DIP,
    NO_CELLS,
    WITHHELD,
    Circumstances,
    cautions,
    device_change,
)
from cellcount.methods.incident import (
    DEFICIT,
    EXCESS,
    ORDINARY,
    SPILL,
    UNKNOWN,
    Difference,
    Leeway,
    Usual,
    Withheld,
    ZoneDifference,
    difference,
    discoveries,
    leeway,
    p_two_sided,
    t_quantile,
    usual_level,
    words_for,
    zone_difference,
)
from cellcount.methods.precision import Placement, Precision
from cellcount.methods.recovery import (
    DAY_HOURS,
    NIGHT_HOURS,
    NO_DEPARTURE,
    NOT_RECOVERED,
    RECOVERED,
    Recovery,
    departures,
    exposure,
    largest,
    peak_of_departure,
    person_hours,
    recovery,
)
from cellcount.methods.variation import (
    LEAST_VARIATION,
    LEFT_OUT,
    NOTHING_KNOWN,
    chance_variance,
    day_to_day_variation,
    median_of_known,
)

NOWHERE = Placement(0.0, 1.0, 1.0, 0.0, 0.5)
HALF = Precision(0.5, 1.0, 0.0, NOWHERE)
"""Half of all people are seen, each by a coin of its own: chance has a variance of N + 2."""
OCTOBER = [dt.date(2026, 10, 5) + dt.timedelta(days=each) for each in range(35)]


def local(written: str) -> dt.datetime:
    """A local time, as the page reads it."""
    return dt.datetime.fromisoformat(written)


FIRE = local("2026-11-04 13:00"), local("2026-11-04 20:00")


def row(*values: float) -> np.ndarray:
    return np.array([values], dtype=np.float64)


FIRST_CELL = h3.latlng_to_cell(51.5, -0.1, 8)
THIRD_CELL = int(h3.grid_ring(FIRST_CELL, 2)[0])


def of_days(days: int, shape: tuple[int, ...] = (1, 1)) -> np.ndarray:
    return np.full(shape, days)


def as_counted(people: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """People as a release has them: each seen with probability a half, doubled, rounded to 5 without bias."""
    seen = draw.binomial(np.round(people).astype(np.int64), 0.5) / 0.5
    low = np.floor(seen / 5) * 5
    return low + 5 * (draw.random(people.shape) < (seen - low) / 5)


def weeks_of(level: np.ndarray, days: int, draw: np.random.Generator, *, tau: float = 0.03) -> np.ndarray:
    """Counted days of cells (cells,): all move together by half of the variance, each by itself by the other half."""
    together = draw.standard_normal((1, days, 24))
    alone = draw.standard_normal((len(level), days, 24))
    return as_counted(level[:, None, None] * np.exp(tau * (together + alone) / np.sqrt(2)), draw)


SEVEN = np.arange(28) % 7
"""Weekdays of four weeks."""


def varies(people: np.ndarray, weekdays: np.ndarray, groups: np.ndarray, precision: Precision) -> np.ndarray:
    """Day-to-day variation at the median of all days."""
    return day_to_day_variation(people, weekdays, groups, precision).of(median_of_known(people)[0])


def variation_of(people: np.ndarray, groups: np.ndarray | None = None, *, of: np.ndarray | None = None) -> list[float]:
    """Day-to-day variation, the mean over the hours and cells of each group, or of each part of them."""
    groups = np.zeros(len(people), dtype=np.int64) if groups is None else groups
    found = varies(people, np.arange(people.shape[1]) % 7, groups, HALF).mean(axis=1)
    parts = groups if of is None else of
    return [float(found[parts == each].mean()) for each in np.unique(parts)]


class TestComparableDays:
    def test_a_wednesday_is_compared_with_the_four_wednesdays_before_it(self):
        (found,) = comparable_days([FIRE[0].date()], *FIRE, OCTOBER, "E")
        assert found.days == tuple(dt.date(2026, 10, day) for day in (7, 14, 21, 28))
        assert (found.standing, found.sentence, found.left_out) == (ENOUGH, "", ())

    def test_in_retrospect_the_nearest_on_either_side_are_taken(self):
        at = local("2026-10-20 08:00"), local("2026-10-20 09:00")
        (found,) = comparable_days([at[0].date()], *at, OCTOBER, "E", side="either")
        assert [each.day for each in found.days] == [6, 13, 27, 3]

    def test_a_holiday_is_left_out_in_its_own_nation_only_and_the_next_week_comes_in(self):
        """31 August 2026 is a bank holiday in England, and an ordinary Monday in Scotland."""
        covered = [dt.date(2026, 8, 1) + dt.timedelta(days=each) for each in range(61)]
        at = local("2026-09-14 09:00"), local("2026-09-14 12:00")
        england, scotland = (comparable_days([at[0].date()], *at, covered, of, weeks=3)[0] for of in "ES")
        assert [each.isoformat() for each in england.days] == ["2026-08-17", "2026-08-24", "2026-09-07"]
        assert [(each.day.day, each.reason) for each in england.left_out] == [(31, "bank holiday in England")]
        assert [each.isoformat() for each in scotland.days] == ["2026-08-24", "2026-08-31", "2026-09-07"]

    def test_outages_other_incidents_and_days_without_data_are_left_out_with_the_reason(self):
        covered = [day for day in OCTOBER if day != dt.date(2026, 10, 7)]
        out = {"outages": {dt.date(2026, 10, 28)}, "incidents": {dt.date(2026, 10, 21): "Carnival"}}
        (found,) = comparable_days([FIRE[0].date()], *FIRE, covered, "E", **out)
        assert [each.day for each in found.days] == [14]
        assert {each.day.day: each.reason for each in found.left_out} == {
            28: "a part of a network was down here",
            21: "another incident: Carnival",
            7: "not covered by the release",
        }
        assert found.standing == NONE
        assert found.sentence.startswith("There is one comparable day for 4 November 2026")

    def test_the_incidents_own_dates_are_no_baseline_of_the_days_around_it(self):
        at = local("2026-10-13 12:00"), local("2026-10-21 00:00")
        shown = [dt.date(2026, 10, 26), dt.date(2026, 10, 27), dt.date(2026, 10, 28)]
        found = comparable_days(shown, *at, OCTOBER, "E")
        assert [[each.day for each in of.days] for of in found] == [[5, 12], [6], [7, 21]]

    def test_a_bank_holiday_is_compared_with_bank_holidays_and_that_is_said(self):
        """25 December 2026 is a Friday, the 26th a Saturday, and the 28th stands for it."""
        covered = [dt.date(2026, 12, 1) + dt.timedelta(days=each) for each in range(31)]
        at = local("2026-12-28 09:00"), local("2026-12-28 12:00")
        (found,) = comparable_days([at[0].date()], *at, covered, "E")
        assert [each.day for each in found.days] == [25, 26]
        assert found.standing == FEW
        assert "is a bank holiday and is compared with other bank holidays" in found.sentence
        assert "2 days, fewer than 4: its interval is wider" in found.sentence

    def test_without_a_calendar_no_day_is_a_holiday(self):
        covered = [dt.date(2026, 12, 1) + dt.timedelta(days=each) for each in range(31)]
        at = local("2026-12-25 09:00"), local("2026-12-25 12:00")
        (found,) = comparable_days([at[0].date()], *at, covered, "")
        assert [each.day for each in found.days] == [4, 11, 18]

    def test_a_release_of_no_dates_gives_no_baseline(self):
        (found,) = comparable_days([FIRE[0].date()], *FIRE, (), "E")
        assert (found.days, found.standing) == ((), NONE)

    def test_an_incident_that_ends_before_it_starts_is_refused(self):
        with pytest.raises(NoTimeError, match="not after its start"):
            dates_of(FIRE[1], FIRE[0])

    @given(
        day=st.dates(dt.date(2026, 10, 5), dt.date(2026, 11, 8)),
        weeks=st.integers(1, 6),
        outages=st.sets(st.sampled_from(OCTOBER), max_size=12),
        side=st.sampled_from(["before", "either"]),
    )
    def test_no_day_is_both_taken_and_left_out_and_all_are_of_the_same_weekday(self, day, weeks, outages, side):
        at = dt.datetime.combine(day, dt.time(10)), dt.datetime.combine(day, dt.time(12))
        (found,) = comparable_days([day], *at, OCTOBER, "E", weeks=weeks, side=side, outages=outages)
        left_out = {each.day for each in found.left_out}
        assert not left_out & set(found.days)
        assert not outages & set(found.days)
        assert len(found.days) <= weeks
        assert day not in found.days
        assert all(each.weekday() == day.weekday() for each in (*found.days, *left_out))


class TestUsualLevel:
    def test_it_is_the_median_of_the_days_that_are_known(self):
        days = np.array([[[1.0, 5.0, np.nan], [9.0, np.nan, np.nan], [3.0, 7.0, 4.0]]])
        found = usual_level(days)
        assert found.people.tolist()[0][:2] == [3.0, 6.0]
        assert np.isnan(found.people[0, 2]), "one day is no usual level"
        assert found.days.tolist() == [[3, 2, 1]]

    def test_without_days_there_is_none(self):
        found = usual_level(np.zeros((2, 0, 3)))
        assert np.isnan(found.people).all()
        assert found.days.tolist() == [[0, 0, 0], [0, 0, 0]]

    @given(arrays.arrays(np.float64, (3, 5, 2), elements=st.floats(0, 1e6)))
    def test_it_is_numpys_median_where_all_days_are_known(self, days):
        assert np.allclose(usual_level(days).people, np.median(days, axis=1))


class TestDifference:
    def test_the_numbers_of_the_formula(self):
        """100 usual of 4 days, 150 now, tau 10 %: n = 110, s^2 = (112 + 100 + 4) x (1 + pi / 8) = 300.82."""
        found = difference(row(150), Usual(row(100), of_days(4)), HALF, row(0.1))
        assert found.z.item() == pytest.approx(50 / np.sqrt(216 * (1 + np.pi / 8)))
        variance = 152 + 100 + 4 + (102 + 100 + 4) * np.pi / 8
        assert found.error.item() == pytest.approx(np.sqrt(variance))
        assert found.low.item() == pytest.approx(50 - 2.306004 * np.sqrt(variance), abs=1e-4)
        assert found.percent.item() == 50.0
        relative = np.sqrt(256 + 1.5**2 * 206 * np.pi / 8)
        assert found.percent_high.item() == pytest.approx(50 + 2.306004 * relative, abs=1e-4)

    def test_two_days_make_it_wider_than_four(self):
        two, four = (difference(row(150), Usual(row(100), of_days(each)), HALF, row(0.1)) for each in (2, 4))
        assert two.error > four.error
        assert abs(two.z) < abs(four.z)

    def test_an_error_that_all_days_share_weighs_on_the_excess_and_not_on_z(self):
        plain, shared = (
            difference(row(1_100), Usual(row(100), of_days(4)), HALF, row(0.1), common_cv=each) for each in (0.0, 0.05)
        )
        assert plain.z == shared.z
        assert shared.error.item() ** 2 - plain.error.item() ** 2 == pytest.approx(50.0**2)

    def test_lost_coverage_widens_the_hour_itself(self):
        plain, lost = (
            difference(row(100), Usual(row(100), of_days(4)), HALF, row(0.0), share_lost=each) for each in (0.0, 0.5)
        )
        # 0.5 x (100 + 4) / 0.25 = 208 in place of 102.
        assert lost.error.item() ** 2 - plain.error.item() ** 2 == pytest.approx(208 - 102)

    def test_a_percentage_is_not_below_minus_100_nor_of_nothing(self):
        found = difference(row(0, 5), Usual(row(20, 0.5), of_days(4, (1, 2))), HALF, row(0.1, 0.1))
        assert found.percent_low[0, 0] == -100.0
        assert np.isnan(found.percent[0, 1])
        assert found.excess.tolist() == [[-20.0, 4.5]]

    def test_what_is_withheld_or_has_no_usual_level_is_not_known(self):
        found = difference(row(np.nan, 5), Usual(row(20, np.nan), of_days(4, (1, 2))), HALF, row(0.1, 0.1))
        for each in (found.excess, found.z, found.error, found.low, found.percent):
            assert np.isnan(each).all()

    def test_of_four_days_a_deviation_of_their_own_calls_many_ordinary_hours_and_this_one_few(self):
        """A median absolute deviation of four days is unsure itself: the reason for pooling (methods, section 6)."""
        draw = np.random.default_rng(5)
        days, now = 1_000 + 40 * draw.standard_normal((40_000, 4, 1)), 1_000 + 40 * draw.standard_normal((40_000, 1))
        usual = usual_level(days)
        plain = 1.4826 * np.median(np.abs(days - usual.people[:, None, :]), axis=1)
        assert (np.abs(now - usual.people) > 2 * plain).mean() > 0.19
        # 1,002 by chance and 4 by rounding, and the rest of 1,600 by the day.
        tau = np.full(now.shape, np.sqrt(1_600 - 1_006) / 1_000)
        assert (np.abs(difference(now, usual, HALF, tau).z) > 2).mean() < 0.05

    @given(
        people=st.floats(0, 1e5),
        usual=st.floats(1, 1e5),
        days=st.integers(2, 12),
        tau=st.floats(0, 0.5),
        more=st.floats(0.1, 0.5),
    )
    def test_more_variation_never_makes_a_difference_clearer(self, people, usual, days, tau, more):
        one, other = (
            difference(row(people), Usual(row(usual), of_days(days)), HALF, row(each)) for each in (tau, tau + more)
        )
        assert abs(other.z.item()) <= abs(one.z.item())
        assert other.error.item() >= one.error.item()
        assert one.low.item() <= one.excess.item() <= one.high.item()
        assert one.percent_low.item() >= -100.0


class TestZone:
    NONE_WITHHELD = Withheld(10.0, 25.0)

    def of(self, people: np.ndarray, usual: np.ndarray, weights: list[float], **more) -> ZoneDifference:
        level = Usual(usual, of_days(4, usual.shape))
        given_ = {"withheld": self.NONE_WITHHELD, "common_cv": 0.0, **more}
        return zone_difference(people, level, HALF, np.full(people.shape, 0.1), np.array(weights), **given_)

    def test_one_whole_cell_is_the_cell(self):
        zone = self.of(row(150), row(100), [1.0]).difference
        cell = difference(row(150), Usual(row(100), of_days(4)), HALF, row(0.1))
        for name in ("excess", "z", "error", "low", "high", "percent", "percent_high"):
            assert getattr(zone, name).item() == pytest.approx(getattr(cell, name).item())

    def test_chance_adds_as_variance_and_days_as_deviation(self):
        """Two equal cells: chance 2 x (102 + 4), days (10 + 10)^2, both x (1 + pi / 8) where x = m."""
        found = self.of(np.full((2, 1), 100.0), np.full((2, 1), 100.0), [1.0, 1.0]).difference
        assert found.error.item() ** 2 == pytest.approx((212 + 400) * (1 + np.pi / 8))

    def test_a_share_that_is_unsure_weighs_on_what_is_within_usual_variation(self):
        """A share of 0.5 +- 0.1: 0.01 x 20^2 = 4 more of variance where the cell has 20 too many, none where 0. Of 400
        too many, n being 180, what is within two errors of (182 + 4 + 100) x 1.3927 = 398.3 counts: 0.01 x 4 x 398.3.
        """
        sure, unsure = (
            self.of(row(120, 100, 500), row(100, 100, 100), [0.5], weight_variance=np.array([each]))
            for each in (0.0, 0.01)
        )
        more = np.square(unsure.difference.error) - np.square(sure.difference.error)
        assert more == pytest.approx([4.0, 0.0, 0.04 * 286 * (1 + np.pi / 8)])
        assert unsure.cut_share[0] == pytest.approx(4 / unsure.difference.error[0] ** 2)
        null = np.square([each.difference.excess[2] / each.difference.z[2] for each in (sure, unsure)])
        assert null[1] - null[0] == pytest.approx(more[2]), "it is in z as well"

    def test_the_interval_reaches_to_the_least_and_the_most_that_may_be_inside(self):
        """Of 1,000 too many 900 may be outside and 200 more inside; each end has its own share of the common error."""
        known = self.of(row(1100), row(100), [1.0], common_cv=0.1).difference
        found = self.of(row(1100), row(100), [1.0], common_cv=0.1, leeway=Leeway(900.0, 200.0))
        own = known.error.item() ** 2 - 100.0**2
        low, high = 100 - 2.306 * np.sqrt(own + 10.0**2), 1200 + 2.306 * np.sqrt(own + 120.0**2)
        assert found.difference.excess.item() == 1000
        assert (found.difference.low.item(), found.difference.high.item()) == pytest.approx((low, high), abs=0.01)
        assert found.difference.error.item() == pytest.approx((high - low) / (2 * 2.306), abs=0.01)
        # Of 1,300 over 100: 1102 + 4 + 100 now, 13^2 (102 + 4 + 100) pi / 8 then, 120^2 in common.
        reach = 2.306 * np.sqrt(1206 + 169 * 206 * np.pi / 8 + 120**2)
        assert found.difference.percent_high.item() == pytest.approx(1200 + reach, abs=0.1)
        assert found.difference.z.item() == pytest.approx(known.z.item() / 10), "z is of the 100 that are sure"
        assert not found.at_edge[0]

    def test_what_may_be_all_beside_the_zone_cannot_be_told(self):
        found = self.of(row(1100, 100), row(100, 100), [1.0], leeway=Leeway(np.array([1000.0, 0.0]), 0.0))
        assert found.difference.z.tolist() == [0.0, 0.0]
        assert found.difference.low[0] < 0 < found.difference.high[0]
        assert found.at_edge.tolist() == [True, False]

    @settings(max_examples=200)
    @given(
        people=arrays.arrays(np.float64, (3, 4), elements=st.floats(0, 1e5) | st.just(np.nan)),
        usual=arrays.arrays(np.float64, (3, 4), elements=st.floats(0, 1e5) | st.just(np.nan)),
        weights=arrays.arrays(np.float64, 3, elements=st.floats(0, 1)),
        room=arrays.arrays(np.float64, (2, 4), elements=st.just(0.0) | st.floats(0, 1e5)),
        unsure=st.tuples(st.floats(0, 0.8), st.floats(0, 0.25)),
    )
    def test_a_zone_is_called_only_where_its_interval_leaves_0(self, people, usual, weights, room, unsure):
        more = {"common_cv": unsure[0], "weight_variance": unsure[1] * weights * (1 - weights), "leeway": Leeway(*room)}
        found = self.of(people, usual, weights.tolist(), **more).difference
        called = np.abs(found.z) >= 2
        assert (found.low[called] * found.high[called] > 0).all()
        assert (np.sign(found.z[called]) == np.sign(found.excess[called])).all()
        held = (found.low <= 0) & (found.high >= 0)
        assert not called[held].any()
        assert (found.low <= found.excess).all()
        assert (found.excess <= found.high).all()

    @given(
        people=arrays.arrays(np.float64, (3, 2), elements=st.floats(0, 1e4)),
        usual=arrays.arrays(np.float64, (3, 2), elements=st.floats(1, 1e4)),
        room=st.floats(0, 1e3),
    )
    def test_more_doubt_about_where_people_are_never_makes_a_zone_more_unusual(self, people, usual, room):
        known, unsure = (self.of(people, usual, [1.0] * 3, leeway=Leeway(each, each)) for each in (0.0, room))
        assert (np.abs(unsure.difference.z) <= np.abs(known.difference.z) + 1e-9).all()
        assert (unsure.difference.low <= known.difference.low + 1e-9).all()
        assert (unsure.difference.high >= known.difference.high - 1e-9).all()

    def test_a_cell_withheld_now_holds_something_between_little_and_its_usual_level(self):
        found = self.of(row(np.nan), row(110), [1.0])
        assert found.withheld.tolist() == [1]
        assert (found.withheld_people.item(), found.withheld_most.item()) == (60.0, 110.0)
        assert found.difference.excess.item() == -50.0
        # Variance: 25 of the expectation, 100^2 / 12 of what is not known, 11^2 of the day, and the usual level's.
        expected = 25 + 100**2 / 12 + 121 + (112 + 4 + 121) * np.pi / 8
        assert found.difference.error.item() ** 2 == pytest.approx(expected)

    def test_a_cell_that_is_withheld_on_usual_days_and_told_now_may_hold_as_many_then(self):
        """Chance and rounding 62 + 4, the expectation's 25, the day 1 x (1 + pi / 8), and (60 - 10)² / 3 of what is not
        known; of a crowd of 5,000 no more than (70 - 10)² / 3."""
        found, crowd = (self.of(row(each), row(np.nan), [1.0]).difference for each in (60.0, 5000.0))
        assert found.excess.item() == 50.0
        assert found.error.item() ** 2 == pytest.approx(62 + 4 + 25 + 1 + np.pi / 8 + 2500 / 3)
        assert crowd.error.item() ** 2 == pytest.approx(5002 + 4 + 25 + 1 + np.pi / 8 + 3600 / 3)
        assert crowd.z.item() > 4

    @given(
        people=arrays.arrays(np.float64, (6, 1), elements=st.integers(0, 70).map(float)),
        weights=arrays.arrays(np.float64, 6, elements=st.floats(0, 1)),
    )
    def test_small_cells_that_are_told_now_and_not_on_usual_days_are_never_a_departure(self, people, weights):
        found = self.of(people, np.full((6, 1), np.nan), weights.tolist()).difference
        assert not (np.abs(found.z) >= 2).any()

    def test_where_coverage_was_lost_a_withheld_cell_is_no_departure(self):
        found = self.of(row(np.nan), row(110), [1.0], share_lost=0.3)
        assert found.difference.excess.item() == 0.0
        expected = 25 + 100**2 / 3 + 121 + (112 + 4 + 121) * np.pi / 8
        assert found.difference.error.item() ** 2 == pytest.approx(expected)

    @given(
        usual=arrays.arrays(np.float64, (6, 1), elements=st.integers(0, 100_000).map(float)),
        weights=arrays.arrays(np.float64, 6, elements=st.floats(0, 1)),
    )
    def test_withheld_cells_alone_are_never_a_departure(self, usual, weights):
        found = self.of(np.full((6, 1), np.nan), usual, weights.tolist()).difference
        assert not (np.abs(found.z) >= 2).any()

    def test_a_cell_withheld_on_all_days_holds_the_same_on_both_sides(self):
        found = self.of(row(np.nan), row(np.nan), [1.0])
        assert (found.difference.people.item(), found.difference.usual.item()) == (10.0, 10.0)
        assert found.difference.z.item() == 0.0
        assert found.difference.error.item() > np.sqrt(50)

    @settings(max_examples=60)
    @given(
        people=arrays.arrays(np.float64, (4, 3), elements=st.floats(0, 1e4) | st.just(np.nan)),
        usual=arrays.arrays(np.float64, (4, 3), elements=st.floats(1, 1e4)),
        inner=arrays.arrays(np.float64, 4, elements=st.floats(0, 1)),
        outer=arrays.arrays(np.float64, 4, elements=st.floats(0, 1)),
    )
    def test_rings_add_up_to_the_circle_around_them(self, people, usual, inner, outer):
        whole = np.maximum(inner, outer)
        inside, ring, circle = (self.of(people, usual, each.tolist()) for each in (inner, whole - inner, whole))
        for name in ("people", "usual", "excess"):
            parts = getattr(inside.difference, name) + getattr(ring.difference, name)
            assert np.allclose(parts, getattr(circle.difference, name), atol=1e-6)
        assert np.allclose(inside.withheld_people + ring.withheld_people, circle.withheld_people, atol=1e-6)
        # The doubt of the whole is not more than that of the parts together.
        assert (circle.difference.error <= inside.difference.error + ring.difference.error + 1e-6).all()

    @given(
        people=arrays.arrays(np.float64, (3, 2), elements=st.floats(0, 1e4)),
        usual=arrays.arrays(np.float64, (3, 2), elements=st.floats(200, 1e4)),
        share=st.floats(0.01, 1),
    )
    def test_the_same_share_of_every_cell_scales_the_excess_and_leaves_z(self, people, usual, share):
        whole, part = (self.of(people, usual, [each] * 3).difference for each in (1.0, share))
        assert np.allclose(part.excess, share * whole.excess, atol=1e-6)
        assert np.allclose(part.error, share * whole.error)
        assert np.allclose(part.z, whole.z)
        assert np.allclose(part.percent, whole.percent)


class TestLeeway:
    """Three cells in a row, of which the first touches the second alone."""

    CELLS = np.array(h3.grid_path_cells(FIRST_CELL, THIRD_CELL), dtype=np.int64)

    def of(self, excess: list[float], weights: list[float], cut: list[bool]) -> Leeway:
        order = np.argsort(self.CELLS)
        column = np.array(excess)[order][:, None]
        found = Difference(*(column,) * 4, np.sign(column) * 1e9, *(column,) * 5)
        (only,) = leeway(self.CELLS[order], found, np.array(weights)[order][:, None], np.array(cut)[order][:, None])
        return only

    def test_of_a_whole_cell_nothing_is_elsewhere(self):
        found = self.of([500, 0, 0], [1, 1, 0], [False, False, False])
        assert (found.fewer.item(), found.more.item()) == (0, 0)

    def test_of_a_cell_that_is_cut_all_or_nothing_is_inside(self):
        """1,000 too many, 30 % inside; and as many too few."""
        more = self.of([0, 1000, 0], [1, 0.3, 0], [False, True, False])
        fewer = self.of([0, -1000, 0], [1, 0.3, 0], [False, True, False])
        into, out = SPILL * 0.7 * 1000, SPILL * 0.3 * 1000
        assert (more.fewer.item(), more.more.item()) == pytest.approx((300 + into, 700 + out))
        assert (fewer.fewer.item(), fewer.more.item()) == pytest.approx((700 + out, 300 + into))

    def test_a_cell_whose_residents_are_all_outside_may_have_its_crowd_inside(self):
        found = self.of([0, 1000, 0], [1, 0, 0], [False, True, False])
        assert found.more.item() == pytest.approx(1000)

    def test_a_crowd_beside_is_counted_inside_in_part_and_one_further_away_is_not(self):
        assert self.of([0, 1000, 0], [1, 0, 0], [False] * 3).fewer.item() == pytest.approx(SPILL * 1000)
        assert self.of([0, 0, 1000], [1, 0, 0], [False] * 3).fewer.item() == 0
        assert self.of([0, 500, 500], [1, 0, 1], [False] * 3).fewer.item() == pytest.approx(2 * SPILL * 500)

    def test_of_a_crowd_inside_a_part_may_be_counted_in_each_cell_beside_it(self):
        """Two neighbours of the second cell, of which the people may have come to it; the first has one."""
        assert self.of([0, 1000, 0], [0, 1, 0], [False] * 3).more.item() == pytest.approx(2 * SPILL * 1000)
        assert self.of([0, -1000, 0], [0, 1, 0], [False] * 3).fewer.item() == pytest.approx(2 * SPILL * 1000)
        assert self.of([1000, 0, 0], [1, 0, 0], [False] * 3).more.item() == pytest.approx(SPILL * 1000)
        assert self.of([1000, 0, 0], [1, 1, 0], [False] * 3).more.item() == 0

    def test_usual_variation_is_where_people_are_on_other_days(self):
        """z 2 is within it; of 100 people at z 4 the half is beyond."""
        cells = np.array([FIRST_CELL], dtype=np.int64)
        excess, z = row(100, 100, np.nan), row(2, 4, np.nan)
        found = Difference(*(excess,) * 4, z, *(excess,) * 5)
        (only,) = leeway(cells, found, np.array([[0.5]]), np.array([[True]]))
        assert only.fewer.tolist() == pytest.approx([0, 25, 0])


class TestReference:
    def test_it_is_students_t_of_eight_degrees(self):
        """The table of t: 2.306 leaves 5 % outside, 3.355 1 %, 5.041 0.1 %."""
        assert t_quantile() == pytest.approx(2.306, abs=5e-4)
        assert p_two_sided([2.306, -3.355, 5.041]) == pytest.approx([0.05, 0.01, 0.001], rel=2e-3)

    def test_words_change_at_two_and_at_four(self):
        assert words_for(-1.99) == "no more than usual variation"
        assert (words_for(2.0), words_for(-2.0)) == ("more than usual", "fewer than usual")
        assert (words_for(4.0), words_for(-4.0)) == ("far more than usual", "far fewer than usual")


class TestVariation:
    NO_CHANCE = Precision(1.0, 1.0, 0.0, NOWHERE)
    """All are seen: what is left is rounding, 4."""

    def test_chance_is_that_of_the_released_precision(self):
        """v (N + 1/P) / P with v = 12 x 0.14: 1.68 x (1,000 + 1 / 0.86) / 0.86 = 1,955.76."""
        assert chance_variance(1_000.0, Precision(0.86, 12.0, 0.01, NOWHERE)).item() == pytest.approx(1955.76, abs=0.01)

    def test_two_days_make_a_variance_and_what_is_beyond_rounding_is_of_the_day(self):
        """980 and 1,020: S = 800, the median of chi-squared of 1 degree is 0.4549: 800 / 0.4549 - 4 = 1,754.5; tau is
        the root over 1,000, 4.19 %. The cell is a kind of its own."""
        people = np.array([980.0, 1020.0])[None, :, None] * np.ones((1, 2, 24))
        found = varies(people, np.zeros(2, dtype=np.int64), np.zeros(1, dtype=np.int64), self.NO_CHANCE)
        assert found == pytest.approx(np.full((1, 24), 0.0419), abs=1e-4)

    def test_days_are_held_against_others_of_their_weekday_only(self):
        """On Sundays there is a tenth of the people: no variation at all, but for the least."""
        week = np.array([1.0, 1, 1, 1, 1, 0.5, 0.1])
        people = np.full((30, 28, 24), 8_000.0) * np.tile(week, 4)[None, :, None]
        found = varies(people, SEVEN, np.zeros(30, dtype=np.int64), self.NO_CHANCE)
        assert (found == LEAST_VARIATION).all()

    def test_it_is_found_from_three_to_five_weeks_whatever_chance_is(self):
        draw = np.random.default_rng(11)
        level = np.concatenate([np.full(80, 2_000.0), np.full(80, 20_000.0)])
        for tau, days in itertools.product((0.03, 0.08), (21, 28, 35)):
            of_days = np.exp(tau * draw.standard_normal((160, days, 1)))
            people = as_counted(level[:, None, None] * of_days * np.ones(24), draw)
            kind = np.median(varies(people, np.arange(days) % 7, np.zeros(160, dtype=np.int64), HALF))
            assert kind == pytest.approx(tau, rel=0.15)

    def test_groups_of_their_own_keep_theirs_and_a_small_one_leans_on_all(self):
        draw = np.random.default_rng(12)
        calm, wild = (weeks_of(np.full(90, 5_000.0), 28, draw, tau=tau) for tau in (0.02, 0.1))
        groups = np.repeat([0, 1], 90)
        found = variation_of(np.concatenate([calm, wild]), groups)
        assert found[0] < 0.03
        assert found[1] > 0.08
        few = variation_of(np.concatenate([calm, wild[:2]]), groups[:92])
        assert few[0] < few[1] < 0.9 * found[1], "two cells lean on the ninety, and in part on themselves"

    @pytest.mark.parametrize("days", [(10,), (10, 24), (12, 13), (10, 17), (3, 12, 23)])
    def test_matches_that_nobody_named_do_not_make_a_cell_unsteady(self, days):
        """Of three to four days of a weekday each; of one of the seven, or of three."""
        draw = np.random.default_rng(13)
        people = weeks_of(np.full(100, 5_000.0), 28, draw, tau=0.03)
        groups = np.repeat([0, 1], [20, 80])
        calm = variation_of(people, groups)
        for day in days:
            people[:10, day, 14:20] *= 5
        assert variation_of(people, groups, of=np.repeat([0, 1, 2], [10, 10, 80]))[0] == pytest.approx(
            calm[0], rel=0.35
        )
        assert variation_of(people, groups)[1] == pytest.approx(calm[1], rel=0.1)

    def test_a_festival_in_half_of_the_cells_on_two_days_does_not_make_the_others_unsteady(self):
        draw = np.random.default_rng(19)
        people = weeks_of(np.full(100, 5_000.0), 28, draw, tau=0.03)
        people[:55, 9, 12:21] *= 4
        people[:55, 24, 12:21] *= 4
        assert variation_of(people, of=np.repeat([0, 1], [55, 45]))[1] == pytest.approx(0.03, abs=0.012)

    def test_a_cell_that_falls_for_good_is_less_steady_than_its_kind(self):
        """The last 10 of 28 days have a quarter less, as where hotels empty: 12 % from day to day, by half its own."""
        draw = np.random.default_rng(18)
        people = weeks_of(np.full(100, 5_000.0), 28, draw, tau=0.02)
        people[0, 18:] *= 0.75
        found = varies(people, SEVEN, np.zeros(100, dtype=np.int64), HALF).mean(axis=1)
        assert found[0] > 0.06
        assert found[1:].mean() < 0.03

    def test_its_own_counts_by_its_days_and_only_upwards(self):
        """21 days beyond one of each weekday, and 28 of its kind: the squares are shared 21 to 28."""
        draw = np.random.default_rng(20)
        level = np.full(240, 50_000.0)
        of_cells = np.repeat([0.05, 0.2, 0.0], [200, 20, 20])[:, None, None]
        people = level[:, None, None] * np.exp(of_cells * draw.standard_normal((240, 28, 1))) * np.ones(24)
        groups = np.zeros(240, dtype=np.int64)
        kind, wild, still = variation_of(people, groups, of=np.repeat([0, 1, 2], [200, 20, 20]))
        assert kind == pytest.approx(0.05, rel=0.15)
        assert wild == pytest.approx(np.sqrt((21 * 0.2**2 + 28 * 0.05**2) / 49), rel=0.15)
        assert still > 0.04, "none is taken to be steadier than its kind"

    def test_a_cell_that_is_small_on_sundays_varies_then_as_small_ones_do(self):
        draw = np.random.default_rng(22)
        sunday, level = np.arange(28) % 7 == 6, np.full((60, 28, 1), 5_000.0)
        level[:, sunday] = 60.0
        tau = np.where(sunday, 0.4, 0.02)[None, :, None]
        people = as_counted(level * np.exp(tau * draw.standard_normal((60, 28, 1))) * np.ones(24), draw)
        found = day_to_day_variation(people, SEVEN, np.zeros(60, dtype=np.int64), HALF)
        assert found.of(np.full((60, 24), 5_000.0)).mean() < 0.04
        assert found.of(np.full((60, 48), 60.0)).mean() == pytest.approx(0.4, rel=0.25)

    def test_what_is_unknown_of_a_cell_and_how_groups_are_numbered_changes_nothing(self):
        draw = np.random.default_rng(21)
        people = weeks_of(np.full(60, 5_000.0), 28, draw, tau=0.03)
        seen = Precision(np.where(np.arange(60) == 7, np.nan, 0.5)[:, None], 1.0, 0.0, NOWHERE)
        groups = np.repeat([0, 1], 30)
        found, far = (varies(people, SEVEN, of, seen) for of in (groups, groups * 70 + 3))
        assert np.isfinite(found).all()
        assert found.tolist() == far.tolist()

    def test_a_day_that_is_left_out_counts_as_little_as_one_that_is_not_there(self):
        draw = np.random.default_rng(17)
        people = weeks_of(np.full(40, 5_000.0), 28, draw, tau=0.03)
        kinds, groups = np.arange(28) % 7, np.repeat([0, 1], 20)
        without = varies(people[:, :21], kinds[:21], groups, HALF)
        people[:, 21:] *= draw.uniform(0.2, 5, (40, 7, 24))
        left_out = varies(people, np.where(np.arange(28) < 21, kinds, LEFT_OUT), groups, HALF)
        assert left_out.tolist() == without.tolist()
        nothing = varies(people, np.full(28, LEFT_OUT), groups, HALF)
        assert (nothing == NOTHING_KNOWN).all()

    def test_it_is_never_less_than_one_per_cent_and_large_where_nothing_tells_it(self):
        draw = np.random.default_rng(14)
        still = as_counted(np.full((50, 28, 24), 400.0), draw)
        groups = np.zeros(50, dtype=np.int64)
        found = varies(still, SEVEN, groups, HALF)
        assert found.min() >= LEAST_VARIATION
        assert found.mean() < 0.03
        one_each = varies(np.full((50, 7, 24), 400.0), np.arange(7), groups, HALF)
        assert (one_each == NOTHING_KNOWN).all(), "a day of each weekday tells nothing"
        withheld = np.concatenate([still, np.full((1, 28, 24), np.nan)])
        found = varies(withheld, SEVEN, np.zeros(51, dtype=np.int64), HALF)
        assert (found[50] == NOTHING_KNOWN).all(), "no other figure is as small"
        assert np.isfinite(found).all()

    def test_a_cell_is_of_its_kind_by_the_size_of_its_figures(self):
        draw = np.random.default_rng(15)
        large, small = (
            weeks_of(np.full(60, level), 28, draw, tau=tau) for level, tau in ((5_000.0, 0.02), (60.0, 0.5))
        )
        found = variation_of(np.concatenate([large, small]), np.zeros(120, dtype=np.int64), of=np.repeat([0, 1], 60))
        assert found[0] < 0.03
        assert found[1] > 0.3

    @given(
        arrays.arrays(np.float64, (3, 14, 6), elements=st.integers(0, 500).map(lambda n: 5.0 * n) | st.just(np.nan)),
        st.permutations(range(14)),
    )
    def test_it_is_known_everywhere_and_asks_only_for_weekdays_not_for_dates(self, people, order):
        kinds, groups = np.arange(14) % 7, np.array([0, 0, 1])
        found = varies(people, kinds, groups, HALF)
        assert np.isfinite(found).all()
        assert found.min() >= LEAST_VARIATION
        assert varies(people[:, order], kinds[order], groups, HALF) == pytest.approx(found, rel=1e-6)


class TestDiscoveries:
    LEVEL = np.concatenate([np.full(150, 300.0), np.full(150, 3_000.0)])
    GROUPS = np.zeros(300, dtype=np.int64)

    def judged(self, seed: int, *, left: np.ndarray) -> tuple[np.ndarray, Difference]:
        """A day after four weeks, on which so many of the people in each cell have left."""
        draw = np.random.default_rng(seed)
        people = weeks_of(self.LEVEL, 28, draw)
        together, alone = draw.standard_normal((1, 24)), draw.standard_normal((300, 24))
        level = self.LEVEL[:, None] * np.exp(0.03 * (together + alone) / np.sqrt(2))
        now = as_counted(level * (1 - left[:, None]), draw)
        variation = varies(people, SEVEN, self.GROUPS, HALF)
        usual = usual_level(people[:, ::7])
        found = difference(now, usual, HALF, variation)
        return discoveries(found.z, found.excess, np.zeros(found.z.shape)), found

    def test_on_ordinary_days_hardly_any_cell_is_called(self):
        calls = np.concatenate([self.judged(seed, left=np.zeros(300))[0] for seed in range(20)], axis=1)
        assert (calls != ORDINARY).mean() <= 0.05
        assert (calls != ORDINARY).any(axis=0).mean() <= 0.10

    def test_cells_that_most_have_left_are_found_and_hardly_another(self):
        left = np.zeros(300)
        left[10:30], left[200:220] = 0.6, 0.6
        gone = found = called = true = 0
        for seed in range(10):
            calls, of = self.judged(100 + seed, left=left)
            excess = -left[:, None] * self.LEVEL[:, None]
            clear = np.abs(excess) >= 4 * of.error
            gone += clear.sum()
            found += (clear & (calls == DEFICIT)).sum()
            called += (np.abs(calls) == 1).sum()
            true += ((calls == DEFICIT) & (left[:, None] > 0)).sum()
        assert gone > 0
        assert found >= 0.8 * gone
        assert true >= 0.9 * called

    def test_the_interval_of_the_excess_holds(self):
        left = np.zeros(300)
        left[:40] = 0.6
        _, of = self.judged(7, left=left)
        inside = (of.low <= -left[:, None] * self.LEVEL[:, None]) & (of.high >= -left[:, None] * self.LEVEL[:, None])
        assert inside.mean() >= 0.95

    def test_verdicts_have_a_side_and_what_is_withheld_has_none(self):
        z = np.array([[9.0], [-9.0], [0.3], [np.nan]])
        calls = discoveries(z, 100 * z, np.zeros(z.shape))
        assert calls.ravel().tolist() == [EXCESS, DEFICIT, ORDINARY, UNKNOWN]

    def test_what_a_crowd_leaves_in_the_cells_beside_it_is_not_called(self):
        """6 % of a crowd of 10,000 are 600: no more is called beside it, more is, and so is a deficit."""
        z, excess = np.full((4, 1), 9.0), np.array([[10_000.0], [600.0], [601.0], [-300.0]])
        calls = discoveries(z * np.sign(excess), excess, np.array([[900.0], [1e4], [1e4], [1e4]]))
        assert calls.ravel().tolist() == [EXCESS, ORDINARY, EXCESS, DEFICIT]


def incident_of(hours: int, first: int, after: int) -> np.ndarray:
    return (np.arange(hours) >= first) & (np.arange(hours) < after)


class TestDepartures:
    def test_one_hour_alone_needs_the_rate_itself_and_one_of_many_more(self):
        """z 2.2 is 5.9 % of t and 2.4 4.3 %; of ten hours the furthest needs 0.5 %, a z of 3.83."""
        assert not departures(row(2.2), np.array([True])).any()
        assert departures(row(-2.4), np.array([True])).all()
        quiet = [0.0] * 9
        assert not departures(row(3.8, *quiet), np.ones(10, dtype=bool)).any()
        assert departures(row(3.9, *quiet), np.ones(10, dtype=bool)).tolist() == [[True] + [False] * 9]

    def test_zones_are_looked_at_together(self):
        one, other = [3.9] + [0.0] * 9, [0.0] * 10
        assert not departures(row(one, other)[0], np.ones(10, dtype=bool)).any()

    def test_hours_that_are_not_known_or_not_of_the_incident_are_no_family(self):
        z = row(2.4, np.nan, np.nan, 9.0, 2.0)
        assert departures(z, incident_of(5, 0, 3)).tolist() == [[True, False, False, True, True]]

    def test_of_ordinary_days_at_most_one_in_twenty_is_called(self):
        """A thousand days of 24 hours that go together by half, as t has them: 5 % and what luck allows (3 errors)."""
        draw = np.random.default_rng(4)
        days = draw.standard_normal((1000, 1)) * np.sqrt(0.5) + draw.standard_normal((1000, 24)) * np.sqrt(0.5)
        z = days / np.sqrt(draw.chisquare(8, (1000, 1)) / 8)
        called = sum(bool(departures(each[None], np.ones(24, dtype=bool)).any()) for each in z)
        beyond = int((np.abs(z) >= 2).any(axis=1).sum())
        assert called <= 50 + 3 * np.sqrt(1000 * 0.05 * 0.95)
        assert beyond > 250, "without it a quarter of the days and more would be called"

    @given(z=arrays.arrays(np.float64, (3, 8), elements=st.floats(-12, 12) | st.just(np.nan)), first=st.integers(0, 7))
    def test_nothing_within_usual_variation_is_called_and_what_is_further_out_is_called_first(self, z, first):
        during = incident_of(8, first, 8)
        found = departures(z, during)
        assert not found[~(np.abs(z) >= 2)].any()
        inside = np.abs(z[:, during])
        called, rest = inside[found[:, during]], inside[~found[:, during]]
        if len(called) and np.isfinite(rest).any():
            assert called.min() >= np.nanmax(rest)


class TestRecovery:
    def of(self, z: list[float], first: int, after: int) -> Recovery:
        """As of a single zone."""
        values, during = np.array(z), incident_of(len(z), first, after)
        return recovery(values, departures(values[None], during)[0], during)

    def test_one_ordinary_hour_is_no_recovery_three_are(self):
        assert self.of([0.0, -8.0, -8.0, -1.0, -3.0, -1.9, 1.9, 0.0, 5.0], 1, 3) == Recovery(RECOVERED, 5, 2)

    def test_data_that_end_first_or_have_a_gap_leave_it_open(self):
        assert self.of([0.0, -8.0, -8.0, 0.0, 0.0], 1, 3).ending == NOT_RECOVERED
        gap = self.of([0.0, -8.0, 0.0, np.nan, 0.0, 0.0], 1, 2)
        assert (gap.ending, gap.hour, gap.hours) == (NOT_RECOVERED, None, 4)

    def test_a_place_that_never_departed_does_not_recover(self):
        assert self.of([3.0, 0.5, -1.0, 0.2, 0.0], 1, 2).ending == NO_DEPARTURE

    def test_an_hour_out_of_usual_variation_after_the_incident_is_no_departure_of_it(self):
        assert self.of([0.0, 0.5, -1.0, 0.2, 7.0, 0.0, 0.0, 0.0], 1, 3).ending == NO_DEPARTURE

    def test_an_hour_that_may_be_chance_among_those_looked_at_is_no_departure(self):
        assert self.of([0.0, 3.0, *[0.0] * 9], 0, 6).ending == NO_DEPARTURE
        assert self.of([0.0, 3.0, *[0.0] * 9], 1, 2).ending == RECOVERED

    def test_the_peak_of_the_departure_is_the_hour_furthest_from_usual(self):
        assert peak_of_departure(np.array([0.0, -3.0, -9.0, -4.0, 0.0, 0.0, 0.0]), 1, 3) == 2
        assert peak_of_departure(np.array([np.nan, np.nan]), 0, 1) == 0

    @given(
        z=arrays.arrays(np.float64, 20, elements=st.floats(-6, 6) | st.just(np.nan)),
        after=st.integers(1, 19),
        more=st.floats(1, 3),
    )
    def test_a_larger_departure_never_recovers_earlier(self, z, after, more):
        smaller, larger = (self.of(each.tolist(), 0, after) for each in (z, more * z))
        if smaller.ending == NOT_RECOVERED:
            assert larger.ending == NOT_RECOVERED
        if smaller.ending == RECOVERED == larger.ending:
            assert larger.hour >= smaller.hour

    def test_the_true_peak_is_between_the_best_lower_and_the_best_upper_limit(self):
        found = largest(np.array([100.0, 110.0, np.nan]), np.array([10.0, 20.0, np.nan]))
        assert found is not None
        assert (found.hour, found.people) == (1, 110.0)
        assert (found.low, found.high) == (pytest.approx(76.94, abs=0.01), pytest.approx(156.12, abs=0.01))
        assert largest(np.array([np.nan]), np.array([np.nan])) is None

    def test_person_hours_have_the_limits_of_their_hours_added_up(self):
        excess = np.array([100.0, 200.0])
        lopsided = Difference(*(excess,) * 5, np.array([50.0, 60.0]), excess - 150, excess + 40, *(excess,) * 2)
        total = person_hours(lopsided, 0, 1)
        assert (total.person_hours, total.error, total.low, total.high) == (300, 110, 0, 380)

    def test_person_hours_add_and_so_do_their_errors(self):
        people, usual = row(50, 40, 100), row(100, 100, 100)
        of = zone_difference(
            people,
            Usual(usual, of_days(4, (1, 3))),
            HALF,
            np.full((1, 3), 0.1),
            np.ones(1),
            withheld=Withheld(0.0, 0.0),
            common_cv=0.0,
        ).difference
        total = person_hours(of, 0, 1)
        assert (total.person_hours, total.hours) == (-110.0, 2)
        assert total.error == pytest.approx(of.error[0] + of.error[1])
        assert total.low == pytest.approx(-110 - 2.306004 * total.error, abs=1e-3)

    def test_exposure_by_day_is_10_to_16_and_by_night_0_to_5(self):
        hours = np.tile(np.arange(24.0), (3, 1))
        days = np.array([True, True, False])
        by_day, by_night = (exposure(hours, hours / 10, days, each) for each in (DAY_HOURS, NIGHT_HOURS))
        assert (by_day.mean, by_day.peak, by_day.peak_error, by_day.hours) == (12.5, 15.0, 1.5, 12)
        assert by_day.error == pytest.approx(1.25)
        assert (by_night.mean, by_night.peak, by_night.hours) == (2.0, 4.0, 10)

    def test_exposure_leaves_out_what_is_not_known_and_may_be_unknown_itself(self):
        hours = np.full((1, 24), np.nan)
        assert exposure(hours, hours, np.array([True]), DAY_HOURS).hours == 0
        hours[0, 11] = 7.0
        assert exposure(hours, hours, np.array([True]), DAY_HOURS).mean == 7.0


class TestCautions:
    HOURS = 4

    def zone(self, z: float = 0.0, percent: float = 0.0) -> Difference:
        nothing = np.zeros(self.HOURS)
        return Difference(*(nothing,) * 3, nothing + percent, nothing + z, *(nothing,) * 5)

    def found(self, **changed) -> list[str]:
        return [each.code for each in cautions(self.circumstances(**changed))]

    def circumstances(self, *, withheld=0, cut=0.0, lost=0.0, beside=0.0, dip=0.0, **changed) -> Circumstances:
        full = np.full(self.HOURS, 1.0)
        hidden = (withheld * full).astype(int), 60 * full, 1_110 * full
        zone = ZoneDifference(self.zone(), *hidden, cut * full, full == 0)
        incident = np.array([False, True, True, False])
        devices = 57e6 * (1 - dip * incident)
        share_lost = lost * incident + beside * ~incident
        return Circumstances(zone, incident, share_lost, devices, 57e6 * full, changed.pop("baseline", ()), **changed)

    def test_an_ordinary_incident_has_none(self):
        assert self.found(around=self.zone(z=1.0)) == []

    def test_each_rule_finds_its_own(self):
        (few,) = comparable_days([FIRE[0].date()], *FIRE, OCTOBER[14:], "E")
        z = np.array([0.0, -9.0, -9.0, -9.0])
        late = recovery(z, np.abs(z) > 2, incident_of(4, 1, 3))
        assert self.found(lost=0.3) == [COVERAGE]
        assert self.found(beside=0.3) == [NETWORK_BESIDE], "before or after it, and not of the incident"
        assert self.found(dip=0.02) == [NETWORK_DIP]
        assert self.found(dip=0.009) == []
        assert self.found(baseline=(few,)) == [BASELINE]
        assert self.found(withheld=3) == [WITHHELD]
        assert self.found(cut=0.3) == [CUT_CELLS]
        assert self.found(without_cells=0.05) == [NO_CELLS]
        assert self.found(without_cells=0.04) == []
        assert self.found(around=self.zone(z=-3.0, percent=-8.0)) == [AROUND]
        assert self.found(around=self.zone(z=-2.2, percent=-8.0)) == [], "which two hours looked at have by chance"
        assert self.found(twice=True) == [CLOCK]
        assert self.found(recovery=late) == [ENDS_EARLY]

    def test_what_could_undo_the_figures_comes_first(self):
        assert self.found(withheld=1, lost=0.2, dip=0.05) == [COVERAGE, NETWORK_DIP, WITHHELD]

    def test_the_sentences_carry_the_numbers(self):
        said = {each.code: each.sentence for each in cautions(self.circumstances(withheld=3, lost=0.335, dip=0.02))}
        assert "up to 34 %" in said[COVERAGE]
        assert "A network effect is possible" in said[COVERAGE]
        assert "in 2 hours" in said[COVERAGE]
        assert "up to 2.0 % fewer devices" in said[NETWORK_DIP]
        assert "3 cells inside are withheld" in said[WITHHELD]
        assert "They are taken to hold about 60 people, where up to about 1,100 people would be usual" in said[WITHHELD]

    def test_nobody_where_nobody_is_usual_is_said_once(self):
        one = self.circumstances(withheld=1)
        (said,) = cautions(
            replace(one, zone=replace(one.zone, withheld_people=np.full(4, 0.2), withheld_most=np.full(4, 0.4)))
        )
        assert "It is taken to hold fewer than 1 person. The interval" in said.sentence

    def test_cells_that_an_outage_withholds_are_not_blamed_on_the_few_people_there(self):
        for lost, why in ((0.3, "while a part of a network was down"), (0.0, "to protect the few people there")):
            (said,) = (each for each in cautions(self.circumstances(withheld=3, lost=lost)) if each.code == WITHHELD)
            assert f"3 cells inside are withheld in an hour of the incident, {why}" in said.sentence

    def test_devices_that_are_not_known_are_no_dip(self):
        assert np.isnan(device_change(np.array([np.nan, 5.0]), np.array([5.0, 0.0]))).all()
