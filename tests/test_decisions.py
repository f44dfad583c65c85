"""Swing weights, values, ranks, crossovers, dominance and disagreement, against published and hand-computed numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from cellcount.methods import decisions
from cellcount.methods.decisions import DecisionError, assess

NOT_SCORED = math.nan

# The office location problem of Goodwin, P., Wright, G. (2004), Decision Analysis for Management Judgment, 3rd edition,
# chapter 3: swing points of section "Determining the weights", values, rounded weights and aggregate benefits of table
# 3.2. Criteria: closeness to customers, visibility, image; size, comfort, car parking.
OFFICES = ("Addison", "Bilton", "Carlisle", "Denver", "Elton", "Filton", "Gorton")
ADDISON, ELTON = 0, 4
POINTS = [100, 80, 70, 30, 20, 10]
PUBLISHED_WEIGHTS = [32, 26, 23, 10, 6, 3]
VALUES = np.array(
    [
        [100, 60, 100, 75, 0, 90],
        [20, 80, 10, 30, 100, 30],
        [80, 70, 0, 0, 10, 100],
        [70, 50, 30, 55, 30, 90],
        [40, 60, 90, 100, 60, 70],
        [0, 0, 70, 0, 80, 0],
        [60, 100, 20, 50, 50, 80],
    ],
    dtype=np.float64,
)
PUBLISHED_BENEFITS = [80.8, 39.4, 47.4, 52.3, 64.8, 20.9, 60.2]


@st.composite
def tables(draw):
    """Scores in whole points, and swing points of which at least one is above 0."""
    shape = draw(st.integers(2, 5)), draw(st.integers(1, 4))
    scores = draw(arrays.arrays(np.float64, shape, elements=st.integers(0, 100)))
    points = draw(arrays.arrays(np.float64, shape[1], elements=st.integers(0, 100)).filter(np.any))
    return scores, points


def in_front(scores, weights, top):
    """Options of which fewer than `top` are better, by valuing them at these very weights."""
    places = assess(scores, weights).places
    return tuple(int(option) for option in np.flatnonzero(places <= top))


def moved(weights, criterion, weight):
    """The weights with one of them set, the others in proportion."""
    rest = np.array(weights, dtype=np.float64)
    rest[criterion] = 0
    rest *= (1 - weight) / rest.sum()
    rest[criterion] = weight
    return rest


class TestSwingWeights:
    def test_published_points_give_the_published_weights(self):
        found = 100 * decisions.swing_weights(POINTS)
        # The book rounds to whole per cents; 9.7 became 10 and 6.5 became 6 so that they add up to 100.
        assert found == pytest.approx(PUBLISHED_WEIGHTS, abs=0.7)
        assert found.sum() == pytest.approx(100)

    def test_each_scorer_counts_the_same_however_generous_with_points(self):
        assert decisions.panel_weights([[100, 100], [1, 3]]) == pytest.approx([3 / 8, 5 / 8])

    def test_one_scorer_is_a_panel_too(self):
        assert decisions.panel_weights([30, 10]) == pytest.approx([0.75, 0.25])

    @pytest.mark.parametrize(
        ("points", "words"),
        [
            ([0, 0], "The swing points are all 0. Give at least one criterion points above 0."),
            ([[5, 1], [0, 0]], "The swing points of scorer 2 are all 0."),
            ([10, -1], "Criterion 2 has -1 swing points. Give points from 0 to 100."),
            ([[10, 5], [101, 5]], "Scorer 2, criterion 1 has 101 swing points."),
            ([10, math.inf], "Criterion 2 has inf swing points."),
            ([math.nan, 3], "Criterion 1 has no swing points. Give points from 0 to 100."),
            ([], "Give swing points as one row of criteria"),
            (3, "Give swing points as one row of criteria"),
        ],
    )
    def test_points_that_are_none_are_refused_in_a_sentence(self, points, words):
        with pytest.raises(DecisionError) as refused:
            decisions.panel_weights(points)
        assert str(refused.value).startswith(words)


class TestScoresOfAPanel:
    def test_they_are_the_mean_of_those_who_scored(self):
        scores = [[[10, NOT_SCORED], [0, NOT_SCORED]], [[30, 80], [100, NOT_SCORED]]]
        np.testing.assert_array_equal(decisions.panel_scores(scores), [[20, 80], [50, NOT_SCORED]])

    def test_a_score_outside_the_scale_is_named_by_scorer_option_and_criterion(self):
        with pytest.raises(DecisionError, match=r"^Scorer 2, option 1, criterion 1 has a score of 120\. Give a score"):
            decisions.panel_scores([[[10.0]], [[120.0]]])


class TestValues:
    def test_the_published_weights_give_the_published_values_and_order(self):
        found = assess(VALUES, PUBLISHED_WEIGHTS)
        assert found.totals == pytest.approx(PUBLISHED_BENEFITS)
        assert [OFFICES[option] for option in np.argsort(found.places)] == [
            "Addison", "Elton", "Gorton", "Denver", "Carlisle", "Bilton", "Filton",
        ]  # fmt: skip

    @given(tables())
    def test_contributions_add_up_to_the_values(self, table):
        found = assess(*table)
        assert found.contributions.sum(axis=1) == pytest.approx(found.totals)
        assert ((found.totals >= 0) & (found.totals <= 100 + 1e-9)).all()

    @given(tables(), st.floats(1e-3, 1e3))
    def test_weights_on_another_scale_change_nothing(self, table, factor):
        scores, points = table
        one, other = assess(scores, points), assess(scores, points * factor)
        assert other.weights == pytest.approx(one.weights)
        assert other.totals == pytest.approx(one.totals)
        np.testing.assert_array_equal(other.places, one.places)

    def test_equal_values_share_the_better_place(self):
        assert assess([[50], [70], [70], [10]], [1]).places.tolist() == [3, 1, 1, 4]

    def test_values_that_differ_by_rounding_alone_are_a_tie(self):
        # Both are 20; a third of 10 and of 50, added in binary, is a little less.
        found = assess([[0, 10, 50], [0, 30, 30]], [1, 1, 1])
        assert found.totals[0] != found.totals[1]
        assert found.places.tolist() == [1, 1]

    def test_a_missing_score_that_counts_leaves_no_value_and_no_place(self):
        found = assess([[100, NOT_SCORED], [10, 10]], [1, 1])
        assert math.isnan(found.totals[0])
        assert found.places.tolist() == [0, 1]
        assert found.missing.tolist() == [[False, True], [False, False]]

    def test_a_missing_score_on_a_criterion_without_weight_does_no_harm(self):
        found = assess([[100, NOT_SCORED], [10, 10]], [1, 0])
        assert found.totals.tolist() == [100, 10]
        assert not found.missing.any()

    def test_an_option_that_does_not_pass_is_valued_and_not_ranked(self):
        found = assess([[100], [40], [60]], [1], [False, True, True])
        assert found.totals.tolist() == [100, 40, 60]
        assert found.places.tolist() == [0, 2, 1]
        assert found.ranked.tolist() == [False, True, True]

    def test_very_large_weights_do_not_overflow(self):
        assert assess([[100, 0]], [1e308, 1e308]).totals == pytest.approx([50])

    @pytest.mark.parametrize(
        ("scores", "weights", "passes", "words"),
        [
            ([[101]], [1], None, "Option 1, criterion 1 has a score of 101. Give a score from 0 to 100."),
            ([[1, 2], [3, -4]], [1, 1], None, "Option 2, criterion 2 has a score of -4."),
            ([1, 2], [1, 1], None, "Give scores as a table with a row an option and a column a criterion."),
            ([[]], [], None, "Give scores as a table"),
            ([[1, 2]], [1], None, "There are 2 criteria and 1 weights. Give one weight a criterion."),
            ([[1, 2]], [0, 0], None, "All weights are 0. Give at least one criterion a weight above 0."),
            ([[1, 2]], [2, -1], None, "Criterion 2 has a weight of -1. Give a weight of 0 or more."),
            ([[1, 2]], [math.nan, 1], None, "Criterion 1 has no weight."),
            ([[1, 2]], [1, 1], [True, True], "There are 1 options and 2 answers on ethics."),
        ],
    )
    def test_what_cannot_be_valued_is_refused_in_a_sentence(self, scores, weights, passes, words):
        with pytest.raises(DecisionError) as refused:
            assess(scores, weights, passes)
        assert str(refused.value).startswith(words)


class TestRankFrequencies:
    @settings(max_examples=30)
    @given(tables(), st.floats(1, 100))
    def test_every_ranked_option_and_every_rank_adds_up_to_one(self, table, concentration):
        found = decisions.rank_frequencies(assess(*table), concentration=concentration, draws=200)
        assert found.shares.sum(axis=0) == pytest.approx(1)
        assert found.shares.sum(axis=1) == pytest.approx(1)
        assert (found.shares >= 0).all()

    def test_a_share_is_the_chance_that_the_beta_distribution_gives(self):
        # The first option wins where its weight is above 0.4; with 2 and 2 that weight is Beta(2, 2), which is below
        # 0.4 with the chance 3 x 0.4^2 - 2 x 0.4^3 = 0.352.
        found = decisions.rank_frequencies(assess([[100, 0], [40, 40]], [1, 1]), concentration=4)
        assert found.shares[0, 0] == pytest.approx(0.648, abs=0.015)

    def test_the_closer_the_weights_keep_the_more_often_the_order_holds(self):
        table = assess(VALUES, [10, 10, 10, 30, 20, 10])
        shares = [decisions.rank_frequencies(table, concentration=c).top(1)[ELTON] for c in (6, 50, 5000)]
        assert shares == sorted(shares)
        assert shares[0] < 0.9 < shares[-1]

    def test_a_weight_of_zero_stays_zero(self):
        found = decisions.rank_frequencies(assess([[50, 100], [51, 0]], [1, 0]), concentration=0.5)
        assert found.top(1).tolist() == [0, 1]

    def test_options_that_tie_share_their_ranks(self):
        found = decisions.rank_frequencies(assess([[70, 30], [70, 30], [0, 0]], [3, 2]), draws=100)
        assert found.shares == pytest.approx(np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]))

    def test_the_top_two_are_the_first_two_ranks(self):
        found = decisions.rank_frequencies(assess(VALUES, POINTS))
        assert found.top(2) == pytest.approx(found.shares[:, 0] + found.shares[:, 1])
        assert found.top(2).sum() == pytest.approx(2)

    def test_options_that_are_not_ranked_have_no_shares_and_take_none(self):
        table = assess([[90, 90], [NOT_SCORED, 50], [20, 70]], [1, 1], [False, True, True])
        found = decisions.rank_frequencies(table, draws=10)
        np.testing.assert_array_equal(found.shares, [[math.nan], [math.nan], [1]])
        np.testing.assert_array_equal(found.top(2), [math.nan, math.nan, 1])

    def test_nothing_ranked_gives_no_shares(self):
        found = decisions.rank_frequencies(assess([[90], [80]], [1], [False, False]), draws=10)
        assert np.isnan(found.top(3)).all()

    def test_the_same_seed_gives_the_same_shares_and_another_gives_others(self):
        table = assess(VALUES, [10, 10, 10, 30, 20, 10])
        one, same, other = (decisions.rank_frequencies(table, seed=seed, draws=500).shares for seed in (1, 1, 2))
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, other)

    @pytest.mark.parametrize(("concentration", "draws"), [(0, 10), (math.inf, 10), (math.nan, 10), (5, 0)])
    def test_what_cannot_be_drawn_is_refused(self, concentration, draws):
        with pytest.raises(DecisionError, match="Give a concentration above 0 and at least one draw"):
            decisions.rank_frequencies(assess([[1]], [1]), concentration=concentration, draws=draws)


class TestCrossovers:
    def test_turnover_crosses_where_the_book_says_and_no_other_office_ever_comes_first(self):
        # "Elton Street gives the highest value of benefits as long as the weight placed on turnover is less than 52.1";
        # at weights of 0 and 100 its values are 81.7 and 60.4; "no change in the weight attached to turnover will make
        # the other offices achieve the highest value": Goodwin and Wright (2004), figure 3.7.
        turnover, conditions = assess(VALUES[:, :3], POINTS[:3]).totals, assess(VALUES[:, 3:], POINTS[3:]).totals
        assert (conditions[ELTON], turnover[ELTON]) == pytest.approx((81.7, 60.4), abs=0.05)
        of_turnover, of_conditions = decisions.crossovers(assess(np.stack([turnover, conditions], axis=1), [250, 60]))
        assert [(change.under, change.over) for change in of_turnover.changes] == [((ELTON,), (ADDISON,))]
        assert of_turnover.changes[0].weight == pytest.approx(0.521, abs=0.0005)
        assert of_turnover.weight == pytest.approx(0.81, abs=0.005)
        assert (of_turnover.below, of_turnover.above) == (of_turnover.changes[0], None)
        assert of_conditions.above is not None
        assert of_conditions.above.weight == pytest.approx(1 - of_turnover.changes[0].weight)

    def test_a_crossing_by_hand(self):
        # 60 t + 30 (1 - t) against 20 t + 50 (1 - t): 30 + 30 t = 50 - 30 t at t = 1/3.
        first, _ = decisions.crossovers(assess([[60, 30], [20, 50]], [1, 1]))
        assert first.changes == (decisions.Change(pytest.approx(1 / 3), (1,), (0,)),)

    @settings(max_examples=150)
    @given(tables(), st.integers(1, 3), st.floats(0.001, 0.999))
    def test_the_front_at_any_weight_is_the_one_that_the_changes_tell(self, table, top, weight):
        scores, points = table
        for criterion, found in enumerate(decisions.crossovers(assess(scores, points), top)):
            if np.delete(points, criterion).sum() == 0:
                assert found.changes == ()
                continue
            assume(all(abs(change.weight - weight) > 1e-3 for change in found.changes))
            told = [change.under for change in found.changes[:1]]
            told += [change.over for change in found.changes if change.weight < weight]
            told = told or [in_front(scores, moved(points, criterion, 0.4321), top)]
            assert in_front(scores, moved(points, criterion, weight), top) == told[-1]

    @settings(max_examples=100)
    @given(tables(), st.integers(1, 3))
    def test_either_side_of_every_change_the_front_is_as_told_and_not_the_same(self, table, top):
        scores, points = table
        for criterion, found in enumerate(decisions.crossovers(assess(scores, points), top)):
            edges = [0.0, *(change.weight for change in found.changes), 1.0]
            for change, before, after in zip(found.changes, edges, edges[2:], strict=False):
                near = min(change.weight - before, after - change.weight, 0.002) / 2
                assume(near > 1e-5)
                sides = [moved(points, criterion, change.weight + step) for step in (-near, near)]
                assert [in_front(scores, side, top) for side in sides] == [change.under, change.over]
                assert change.under != change.over

    def test_three_lines_through_one_point_change_once(self):
        first, _ = decisions.crossovers(assess([[100, 0], [50, 50], [0, 100]], [1, 3]))
        assert [(change.weight, change.under, change.over) for change in first.changes] == [(0.5, (2,), (0,))]
        assert first.above == first.changes[0]
        # Values on the other two are 100/3, 200/3 and 40, none of which meet to the last digit; all are 50 at 1/4.
        first, *_ = decisions.crossovers(assess([[100, 100, 0], [0, 0, 100], [80, 40, 40]], [1, 1, 2]))
        assert [(change.weight, change.under, change.over) for change in first.changes] == [
            (pytest.approx(0.25), (1,), (0,))
        ]

    @pytest.mark.parametrize(("weight", "below", "above"), [(0.1, None, 0.4), (0.5, 0.4, 0.6), (0.9, 0.6, None)])
    def test_the_nearest_change_on_either_side_is_told(self, weight, below, above):
        # 100 t, 60, and 100 (1 - t).
        first, _ = decisions.crossovers(assess([[100, 0], [60, 60], [0, 100]], [weight, 1 - weight]))
        near = [change and change.weight for change in (first.below, first.above)]
        assert near == [below and pytest.approx(below), above and pytest.approx(above)]

    def test_a_tie_at_the_present_weight_is_the_nearest_change_both_ways(self):
        first, _ = decisions.crossovers(assess([[100, 0], [0, 100]], [1, 1]))
        assert first.below == first.above == first.changes[0]

    def test_options_with_the_same_scores_are_in_front_together(self):
        first, _ = decisions.crossovers(assess([[70, 10], [70, 10], [10, 70]], [1, 1]))
        assert [(change.under, change.over) for change in first.changes] == [((2,), (0, 1))]

    def test_options_that_do_not_pass_are_not_followed(self):
        first, _ = decisions.crossovers(assess([[60, 30], [20, 50], [100, 100]], [1, 1], [True, True, False]))
        assert [(change.under, change.over) for change in first.changes] == [((1,), (0,))]

    def test_an_option_that_was_not_scored_on_a_criterion_without_weight_is_named(self):
        first, second, third = decisions.crossovers(assess([[60, 30, 1], [20, 50, NOT_SCORED]], [1, 1, 0]))
        assert (first.left_out, second.left_out, third.left_out) == ((), (), (1,))
        assert len(first.changes) == 1
        assert third.changes == ()

    def test_no_option_in_front_is_refused(self):
        with pytest.raises(DecisionError, match="Give 1 for the first place, 2 or 3 for a shortlist"):
            decisions.crossovers(assess([[1]], [1]), top=0)


class TestDominance:
    def test_filton_is_dominated_by_nobody_until_its_comfort_counts_for_nothing(self):
        # Filton Village is second only to Bilton on comfort, and Bilton is behind it on image.
        everything = decisions.dominance(assess(VALUES, POINTS))
        assert not everything.weakly.any()
        without = decisions.dominance(assess(VALUES, [100, 80, 70, 30, 0, 10]))
        assert without.dominators(5) == (ADDISON, ELTON)
        assert without.strictly[5].nonzero()[0].tolist() == [ADDISON, ELTON]

    def test_no_better_and_worse_once_is_weakly_worse_everywhere_is_strictly(self):
        found = decisions.dominance(assess([[50, 50], [50, 40], [40, 40]], [1, 1]))
        assert found.weakly.tolist() == [[False, False, False], [True, False, False], [True, True, False]]
        assert found.strictly.tolist() == [[False, False, False], [False, False, False], [True, False, False]]

    def test_equal_options_do_not_dominate_each_other(self):
        assert not decisions.dominance(assess([[50, 50], [50, 50]], [1, 1])).weakly.any()

    def test_an_option_that_does_not_pass_or_lacks_a_score_takes_no_part(self):
        table = assess([[90, 90], [10, 10], [5, NOT_SCORED]], [1, 1], [False, True, True])
        assert not decisions.dominance(table).weakly.any()

    @settings(max_examples=60)
    @given(tables(), st.data())
    def test_a_dominated_option_never_ranks_above_its_dominator_under_any_weights(self, table, data):
        scores, points = table
        losses = data.draw(arrays.arrays(np.float64, scores.shape[1], elements=st.integers(0, 30)))
        worse = np.maximum(scores[0] - losses, 0)
        assume((worse < scores[0]).any())
        scores = np.vstack([scores, worse])
        found = decisions.dominance(assess(scores, np.ones(scores.shape[1])))
        assert found.weakly[-1, 0]
        table = assess(scores, points)
        firm = decisions.rank_frequencies(table, concentration=3, draws=50).shares.cumsum(axis=1)
        for option, dominator in np.argwhere(found.weakly):
            assert table.totals[option] <= table.totals[dominator]
            assert table.places[option] >= table.places[dominator]
            assert (firm[option] <= firm[dominator] + 1e-9).all()


class TestDisagreement:
    def test_concordance_of_ten_projects_by_four_judges(self):
        # "The Kendall's coefficient of concordance W", example 1: the ranking of 10 projects by 4 judges (public
        # document 659863121 on Scribd), sums of ranks 10, 8, 12, 16, 21, 22, 25, 31, 37, 38, squares 1048.
        ranks = np.array(
            [
                [1, 3, 4, 5, 2, 8, 6, 7, 10, 9],
                [2, 1, 4, 5, 6, 3, 8, 7, 10, 9],
                [3, 2, 1, 5, 7, 4, 6, 8, 9, 10],
                [4, 2, 3, 1, 6, 7, 5, 9, 8, 10],
            ]
        )
        found = decisions.disagreement(100.0 - ranks[:, :, np.newaxis], [1.0])
        np.testing.assert_array_equal(found.ranks, ranks)
        assert found.concordance == pytest.approx(12 * 1048 / (16 * (1000 - 10)))
        # Project 6 is 3rd to one and 8th to another; so is project 5, 2nd and 7th.
        assert found.rank_ranges.tolist() == [3, 2, 3, 4, 5, 5, 3, 2, 2, 1]
        assert found.most_disputed == (4, 5)

    @given(arrays.arrays(np.float64, st.tuples(st.integers(3, 5), st.integers(3, 6)), elements=st.integers(0, 4)))
    def test_concordance_with_ties_is_that_of_friedmans_test(self, scores):
        found = decisions.disagreement(scores[:, :, np.newaxis], [1.0])
        scorers, options = scores.shape
        if (scores == scores[:, :1]).all():
            assert found.concordance is None
        else:
            # Friedman's chi-square is scorers (options - 1) W.
            statistic = stats.friedmanchisquare(*scores.T).statistic
            assert found.concordance == pytest.approx(statistic / (scorers * (options - 1)))

    def test_the_spread_of_scores_is_that_of_those_who_gave_one(self):
        scores = [[[20, 5], [50, 7]], [[40, NOT_SCORED], [50, 7]], [[60, NOT_SCORED], [50, 7]]]
        found = decisions.disagreement(scores, [1, 0])
        np.testing.assert_array_equal(found.ranges, [[40, NOT_SCORED], [0, 0]])
        np.testing.assert_array_equal(found.deviations, [[20, NOT_SCORED], [0, 0]])

    def test_each_scorer_ranks_by_own_weights_where_they_are_given(self):
        scores = [[[100, 0], [0, 100]]] * 2
        found = decisions.disagreement(scores, [[90, 10], [20, 80]])
        assert found.ranks.tolist() == [[1, 2], [2, 1]]
        assert (found.concordance, found.most_disputed) == (0, (0, 1))

    def test_scorers_with_gaps_are_left_out_of_the_order(self):
        scores = [[[90], [10]], [[80], [20]], [[70], [NOT_SCORED]]]
        found = decisions.disagreement(scores, [1])
        np.testing.assert_array_equal(found.ranks, [[1, 2], [1, 2], [math.nan, math.nan]])
        assert (found.concordance, found.most_disputed) == (1, ())

    def test_options_that_nobody_scored_or_that_do_not_pass_are_left_out_of_the_order(self):
        scores = [[[90], [NOT_SCORED], [10], [99]], [[10], [NOT_SCORED], [60], [99]]]
        found = decisions.disagreement(scores, [1], [True, True, True, False])
        np.testing.assert_array_equal(found.ranks, [[1, math.nan, 2, math.nan], [2, math.nan, 1, math.nan]])
        np.testing.assert_array_equal(found.rank_ranges, [1, math.nan, 1, math.nan])
        assert found.most_disputed == (0, 2)

    @pytest.mark.parametrize("scores", [[[[90], [10]]], [[[90]], [[10]]], [[[NOT_SCORED]], [[NOT_SCORED]]]])
    def test_one_scorer_or_one_option_or_no_score_gives_no_concordance(self, scores):
        found = decisions.disagreement(scores, [1])
        assert found.concordance is None
        assert found.most_disputed == ()

    def test_weights_of_another_panel_are_refused(self):
        with pytest.raises(DecisionError, match=r"scores of 1 scorers and weights of 2\. Give as many of both"):
            decisions.disagreement([[[90], [10]]], [[1], [1]])
