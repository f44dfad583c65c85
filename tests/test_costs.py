"""Present values, switching values and the tornado, against published and hand-computed numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cellcount.methods import costs
from cellcount.methods.costs import CostsError, Line, appraise

# HM Treasury (2022), The Green Book, annex A6: discount factors by year, as published to four places.
PUBLISHED_FACTORS = {
    0: 1.0000, 1: 0.9662, 2: 0.9335, 3: 0.9019, 4: 0.8714, 5: 0.8420, 6: 0.8135, 7: 0.7860, 8: 0.7594, 9: 0.7337,
    10: 0.7089, 20: 0.5026, 30: 0.3563, 31: 0.3459, 40: 0.2651, 50: 0.1973, 75: 0.0942, 125: 0.0274,
}  # fmt: skip

YEARS = 4
AMOUNTS = st.lists(st.integers(0, 10_000).map(float), min_size=YEARS, max_size=YEARS)
LINES = st.builds(
    Line,
    name=st.sampled_from(["Access", "Staff", "Survey"]),
    side=st.sampled_from(["cost", "benefit", "avoided", "lost"]),
    amounts=AMOUNTS,
    category=st.sampled_from(["people", "systems", ""]),
    low=st.integers(-100, 0).map(float),
    high=st.integers(0, 200).map(float),
)
APPRAISED = st.builds(
    lambda lines, rate, people: appraise(lines, YEARS, rate=rate, optimism={"people": people}),
    lines=st.lists(LINES, min_size=1, max_size=5),
    rate=st.one_of(st.none(), st.floats(-0.2, 0.5)),
    people=st.floats(0, 100),
)


def again(appraisal, index, percent):
    """Net present value with one line's present values changed by so many per cent."""
    return appraisal.by_line.sum() + appraisal.by_line[index] * percent / 100


class TestDiscountFactors:
    def test_they_are_the_published_ones(self):
        found = costs.discount_factors(126)
        assert {year: round(float(found[year]), 4) for year in PUBLISHED_FACTORS} == PUBLISHED_FACTORS

    @pytest.mark.parametrize(("year", "rate"), [(30, 0.035), (31, 0.03), (75, 0.03), (76, 0.025), (300, 0.025)])
    def test_the_rate_falls_after_30_and_after_75_years(self, year, rate):
        found = costs.discount_factors(301)
        assert found[year - 1] / found[year] == pytest.approx(1 + rate)

    def test_a_rate_of_ones_own_holds_for_all_years(self):
        assert costs.discount_factors(101, 0.015)[100] == pytest.approx(1.015**-100)

    def test_a_negative_rate_makes_later_amounts_worth_more(self):
        assert costs.discount_factors(3, -0.5).tolist() == [1, 2, 4]

    @pytest.mark.parametrize("rate", [-1, -1.5, 3.5, math.nan, math.inf])
    def test_a_rate_that_is_no_share_is_refused(self, rate):
        with pytest.raises(CostsError, match=r"Give a share above -1 and up to 1: 0\.035 for 3\.5 %"):
            costs.discount_factors(5, rate)

    def test_no_year_is_refused(self):
        with pytest.raises(CostsError, match="Give at least one; the first is year 0"):
            costs.discount_factors(0)


class TestNetPresentValue:
    # The examples of the function NPV in the help of Microsoft Excel.
    SPENT = Line("Investment", "cost", [40_000, 0, 0, 0, 0, 0, 0])
    EARNED = Line("Return", "benefit", [0, 8_000, 9_200, 10_000, 12_000, 14_500, 0])
    LOST = Line("Loss", "cost", [0, 0, 0, 0, 0, 0, 9_000])

    def test_an_investment_that_pays(self):
        assert appraise([self.SPENT, self.EARNED], 7, rate=0.08).net_present_value == pytest.approx(1_922.06, abs=0.005)

    def test_the_same_with_a_loss_in_the_sixth_year(self):
        found = appraise([self.SPENT, self.EARNED, self.LOST], 7, rate=0.08)
        assert found.net_present_value == pytest.approx(-3_749.47, abs=0.005)
        assert found.break_even_year is None

    def test_an_investment_a_year_from_now(self):
        lines = [
            Line("Investment", "cost", [0, 10_000, 0, 0, 0]),
            Line("Return", "benefit", [0, 0, 3_000, 4_200, 6_800]),
        ]
        assert appraise(lines, 5, rate=0.1).net_present_value == pytest.approx(1_188.44, abs=0.005)

    def test_what_the_present_source_no_longer_costs_is_a_benefit(self):
        found = appraise([Line("Access", "cost", [70]), Line("Survey", "avoided", [100])], 1)
        assert (found.costs, found.benefits, found.net_present_value) == (70, 100, 30)
        assert found.benefit_cost_ratio == pytest.approx(10 / 7)

    def test_where_nothing_is_spent_there_is_no_ratio(self):
        found = appraise([Line("Survey", "avoided", [100]), Line("Access", "cost", [0])], 1)
        assert (found.costs, found.net_present_value, found.benefit_cost_ratio) == (0, 100, None)

    @given(st.lists(LINES, min_size=1, max_size=5))
    def test_at_no_discount_it_is_the_plain_sum(self, lines):
        plain = sum(sum(line.amounts) * (-1 if line.side in ("cost", "lost") else 1) for line in lines)
        assert appraise(lines, YEARS, rate=0).net_present_value == pytest.approx(plain)

    @given(APPRAISED)
    def test_lines_years_and_sides_add_up_to_it(self, found):
        net, near = found.net_present_value, {"rel": 1e-9, "abs": 1e-6}
        assert found.by_line.sum() == pytest.approx(net, **near)
        assert found.by_year.sum() == pytest.approx(net, **near)
        assert found.cumulative[-1] == pytest.approx(net, **near)
        assert found.benefits - found.costs == pytest.approx(net, **near)

    @given(APPRAISED)
    def test_from_the_break_even_year_on_the_cumulative_value_is_not_negative_and_before_it_is(self, found):
        year = found.break_even_year
        if year is None:
            assert found.cumulative[-1] < 0
        else:
            assert (found.cumulative[year:] > -1e-4).all()
            assert year == 0 or found.cumulative[year - 1] < 0

    def test_a_value_that_dips_again_breaks_even_after_the_dip(self):
        lines = [Line("Access", "cost", [5, 0, 20, 0]), Line("Survey", "avoided", [0, 10, 0, 20])]
        found = appraise(lines, 4, rate=0)
        assert found.cumulative.tolist() == [-5, 5, -15, 5]
        assert found.break_even_year == 3

    def test_breaking_even_to_the_penny_counts_in_spite_of_binary_fractions(self):
        lines = [Line("Access", "cost", [0.4, 0, 0, 0]), Line("Survey", "avoided", [0, 0.1, 0.1, 0.2])]
        found = appraise(lines, 4, rate=0)
        assert found.cumulative[-1] < 0
        assert found.break_even_year == 3


class TestWhatChanges:
    """Costs and benefits are what changes against carrying on as now, in each category and year."""

    # The survey costs 100 a year; 100 of it is kept in year 0, 60 after. The saving is 40 a year from year 1.
    SURVEY = Line("Survey", "avoided", [100, 100, 100], "survey")
    SMALLER = Line("Smaller survey", "cost", [100, 60, 60], "survey")
    SAVED = Line("Saved by a smaller survey", "benefit", [0, 40, 40], "survey cost avoided")
    ACCESS = Line("Access", "cost", [20, 10, 10], "access service")
    REUSE = Line("Re-use", "benefit", [0, 5, 5], "re-use")

    def test_what_is_kept_of_the_present_source_is_neither_a_cost_nor_a_saving(self):
        found = appraise([self.SURVEY, self.SMALLER, self.ACCESS, self.REUSE], 3, rate=0)
        # 40 + 40 saved and 5 + 5 earned, for 20 + 10 + 10; all flows would be 310 over 260.
        assert (found.costs, found.benefits, found.net_present_value) == (40, 90, 50)
        assert found.benefit_cost_ratio == 2.25
        assert (found.costs_by_year.tolist(), found.benefits_by_year.tolist()) == ([20, 10, 10], [0, 45, 45])

    def test_a_saving_is_the_same_however_it_is_typed(self):
        halves = [
            Line("Interviews", "avoided", [70, 70, 70], "survey"),
            Line("Office", "avoided", [30, 30, 30], "survey"),
            Line("Fewer interviews", "cost", [70, 30, 30], "survey"),
            Line("The same office", "cost", [30, 30, 30], "survey"),
        ]
        for typed in ([self.SURVEY, self.SMALLER], [self.SAVED], halves):
            found = appraise([*typed, self.ACCESS, self.REUSE], 3, rate=0)
            assert (found.costs, found.benefits, found.benefit_cost_ratio) == (40, 90, 2.25)
            *_, all_costs, all_benefits = costs.switching_values(found)
            # Costs of 40 may rise by 50, and benefits of 90 fall by it.
            assert (all_costs.percent, all_benefits.percent) == (pytest.approx(125), pytest.approx(-500 / 9))

    def test_a_year_in_which_more_is_spent_than_now_is_a_cost_and_one_with_less_a_saving(self):
        moved = Line("Survey, moved", "cost", [130, 60, 60], "survey")
        found = appraise([self.SURVEY, moved], 3, rate=0)
        assert (found.costs, found.benefits, found.net_present_value) == (30, 80, 50)

    def test_worth_is_held_against_worth_and_never_against_spending(self):
        lines = [
            Line("Now in a year", "lost", [30], "timeliness"),
            Line("In a month", "benefit", [50], "timeliness"),
            Line("Made faster", "cost", [10], "timeliness"),
        ]
        found = appraise(lines, 1)
        assert (found.costs, found.benefits, found.benefit_cost_ratio) == (10, 20, 2)

    def test_where_all_is_kept_there_is_no_cost_and_no_ratio_in_spite_of_binary_fractions(self):
        lines = [
            Line("Survey", "avoided", [0.3], "survey"),
            Line("One half", "cost", [0.1], "survey"),
            Line("The other", "cost", [0.2], "survey"),
            Line("Re-use", "benefit", [5], "re-use"),
        ]
        found = appraise(lines, 1)
        assert (found.costs, found.benefits, found.benefit_cost_ratio) == (0, 5, None)

    @given(st.lists(LINES, min_size=1, max_size=5), st.integers(1, 9).map(lambda tenths: tenths / 10))
    def test_a_line_that_is_split_in_two_changes_nothing(self, lines, share):
        lines = [replace(line, category=line.category or "other") for line in lines]
        first = lines[0]
        parts = [replace(first, amounts=[amount * part for amount in first.amounts]) for part in (share, 1 - share)]
        whole, split = (appraise(each, YEARS, optimism={"people": 20}) for each in (lines, [*parts, *lines[1:]]))
        assert split.costs == pytest.approx(whole.costs, abs=1e-6)
        assert split.benefits == pytest.approx(whole.benefits, abs=1e-6)

    @given(st.lists(LINES, min_size=1, max_size=5), AMOUNTS)
    def test_spending_that_goes_on_as_now_changes_nothing(self, lines, kept):
        more = [Line("Now", "avoided", kept, "systems"), Line("As now", "cost", kept, "systems")]
        without, with_it = (appraise(each, YEARS) for each in (lines, [*lines, *more]))
        assert with_it.costs == pytest.approx(without.costs, abs=1e-6)
        assert with_it.benefits == pytest.approx(without.benefits, abs=1e-6)


class TestOptimismBias:
    def test_it_raises_costs_and_lowers_benefits_of_its_category(self):
        lines = [
            Line("Service", "cost", [100, 100], "systems"),
            Line("Analysts", "cost", [50, 50], "people"),
            Line("Survey", "avoided", [200, 200], "survey"),
        ]
        found = appraise(lines, 2, rate=0, optimism={"systems": 24, "survey": 10, "buildings": 5})
        assert found.by_line == pytest.approx([-248, -100, 360])

    @pytest.mark.parametrize(("side", "bias"), [("cost", -1), ("benefit", 101), ("avoided", 101), ("cost", math.nan)])
    def test_a_bias_that_cannot_be_is_refused(self, side, bias):
        with pytest.raises(CostsError, match="Give 0 % or more, and at most 100 % for a benefit"):
            appraise([Line("Service", side, [1], "systems")], 1, optimism={"systems": bias})


class TestWhatIsNotKnown:
    KNOWN = Line("Survey", "avoided", [10, 10])

    @pytest.mark.parametrize("amounts", [[], [math.nan, 5], [5, None]])
    def test_a_line_without_a_figure_is_asked_for_and_no_total_is_given(self, amounts):
        found = appraise([self.KNOWN, Line("Access", "cost", amounts)], 2, rate=0)
        assert found.unknown == ("Access",)
        assert not found.complete
        totals = (found.costs, found.benefits, found.net_present_value, found.benefit_cost_ratio, found.break_even_year)
        assert totals == (None,) * 5
        assert costs.switching_values(found) == ()
        assert costs.tornado(found) == ()

    def test_what_is_known_is_kept(self):
        found = appraise([self.KNOWN, Line("Access", "cost", [4, None])], 2, rate=0)
        np.testing.assert_array_equal(found.by_line, [20, math.nan])
        np.testing.assert_array_equal(found.by_year, [6, math.nan])
        np.testing.assert_array_equal(found.cumulative, [6, math.nan])

    def test_no_lines_are_not_a_value_of_zero(self):
        found = appraise([], 3)
        assert (found.net_present_value, found.costs, found.unknown) == (None, None, ())
        assert costs.switching_values(found) == costs.tornado(found) == ()

    def test_zeros_are_a_figure(self):
        assert appraise([Line("Access", "cost", [0, 0])], 2).net_present_value == 0


class TestBadInput:
    @pytest.mark.parametrize(
        ("line", "words"),
        [
            (Line("Staff", "cost", [1, 2, 3]), "The line 'Staff' has 3 amounts for 2 years. Give one a year"),
            (Line("Staff", "cost", [1, -2]), "The line 'Staff' has an amount that is negative"),
            (Line("Staff", "benefit", [1, math.inf]), "The line 'Staff' has an amount that is negative or without end"),
            (Line("Staff", "cost", [1, 2], low=5), "The range of the line 'Staff' is 5 % to 0 %. Give a low end"),
            (Line("Staff", "cost", [1, 2], low=-101), "The range of the line 'Staff' is -101 % to 0 %."),
            (Line("Staff", "cost", [1, 2], high=-1), "The range of the line 'Staff' is 0 % to -1 %."),
            (Line("Staff", "cost", [1, 2], high=math.nan), "The range of the line 'Staff' is 0 % to nan %."),
        ],
    )
    def test_a_line_that_cannot_be_is_refused_in_a_sentence(self, line, words):
        with pytest.raises(CostsError) as refused:
            appraise([line], 2)
        assert str(refused.value).startswith(words)


class TestSwitchingValues:
    @given(APPRAISED)
    def test_the_change_makes_the_value_zero_and_where_there_is_none_no_change_can(self, found):
        scale = max(found.costs, found.benefits, 1)
        *lines, all_costs, all_benefits = costs.switching_values(found)
        assert (all_costs.name, all_benefits.name) == (costs.ALL_COSTS, costs.ALL_BENEFITS)
        for index, switching in enumerate(lines):
            if switching.percent is None:
                # With the line at nothing, the value has the sign that it has with the line: it does not cross zero.
                without, net = again(found, index, -100), found.net_present_value
                # The more of it, the further from zero.
                assert found.by_line[index] == 0 or (without * net > 0 and abs(without) < abs(net))
            else:
                assert switching.percent >= -100
                left = again(found, index, switching.percent)
                assert left == pytest.approx(0, abs=1e-6 * max(scale, abs(found.net_present_value)))

    @given(APPRAISED)
    def test_all_costs_may_change_until_they_are_the_benefits(self, found):
        assume(found.costs > 0)
        *_, all_costs, all_benefits = costs.switching_values(found)
        assert found.costs * (1 + all_costs.percent / 100) == pytest.approx(found.benefits, abs=1e-6)
        if found.benefits > 0:
            assert found.benefits * (1 + all_benefits.percent / 100) == pytest.approx(found.costs, abs=1e-6)

    def test_the_changed_amounts_appraised_anew_give_zero(self):
        lines = [
            Line("Access", "cost", [100, 60, 60], "systems"),
            Line("Staff", "cost", [20, 20, 20]),
            Line("Survey", "avoided", [0, 170, 190], "survey"),
        ]
        optimism = {"systems": 40.0, "survey": 5.0}
        for index, switching in enumerate(costs.switching_values(appraise(lines, 3, optimism=optimism))[:3]):
            assert switching.percent is not None
            factor = 1 + switching.percent / 100
            changed = list(lines)
            changed[index] = replace(lines[index], amounts=[amount * factor for amount in lines[index].amounts])
            assert appraise(changed, 3, optimism=optimism).net_present_value == pytest.approx(0, abs=1e-9)

    def test_a_line_too_small_to_matter_has_none(self):
        found = appraise(
            [Line("Access", "cost", [100]), Line("Staff", "cost", [10]), Line("Re-use", "benefit", [30])], 1
        )
        assert [switching.percent for switching in costs.switching_values(found)] == [
            pytest.approx(-80), None, pytest.approx(800 / 3), pytest.approx(-800 / 11), pytest.approx(800 / 3),
        ]  # fmt: skip


class TestTornado:
    @given(APPRAISED)
    def test_the_widest_bar_is_first_and_every_bar_holds_the_value(self, found):
        bars = costs.tornado(found)
        widths = [bar.width for bar in bars]
        assert widths == sorted(widths, reverse=True)
        for bar in bars:
            least, most = sorted((bar.at_low, bar.at_high))
            assert least - 1e-6 <= found.net_present_value <= most + 1e-6

    def test_a_bar_is_the_appraisal_with_the_amounts_of_its_ends(self):
        access = Line("Access", "cost", [100, 60], "systems", low=-25, high=50)
        survey = Line("Survey", "avoided", [0, 300], low=-10, high=0)
        optimism = {"systems": 40.0}

        def net(share_of_access, share_of_survey):
            moved = [
                replace(access, amounts=[100 * share_of_access, 60 * share_of_access]),
                replace(survey, amounts=[0, 300 * share_of_survey]),
            ]
            return pytest.approx(appraise(moved, 2, optimism=optimism).net_present_value)

        first, second = costs.tornado(appraise([survey, access], 2, optimism=optimism))
        assert (first.name, first.at_low, first.at_high) == ("Access", net(0.75, 1), net(1.5, 1))
        assert (second.name, second.at_low, second.at_high) == ("Survey", net(1, 0.9), net(1, 1))
