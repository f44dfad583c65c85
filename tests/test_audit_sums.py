"""What sums confine figures to, against every way of filling them in."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellcount.audit.cells import sums_of_means
from cellcount.audit.movements import telling_errors
from cellcount.audit.programming import exact_ranges
from cellcount.audit.relations import Bounds, Relations, confine, joined, propagate
from cellcount.audit.rule import Rule, rule_of
from cellcount.audit.scoring import Attack, Figures, Truth, better_by_chance, guesses_with_sums, verdicts
from cellcount.audit.stand_in import Said
from cellcount.audit.truth import ABSENT, bounds_of, sharpened, truth_of

MOST = 4
ROWS, COLUMNS = 2, 3
CELLS = ROWS * COLUMNS


def table_sums() -> Relations:
    """A table of 2 x 3 figures (0 to 5), its rows' totals (6, 7), its columns' (8 to 10) and the total of rows (11)."""
    rows = [(6 + row, [row * COLUMNS + column for column in range(COLUMNS)]) for row in range(ROWS)]
    columns = [(8 + column, [row * COLUMNS + column for row in range(ROWS)]) for column in range(COLUMNS)]
    return joined([relation(total, parts) for total, parts in [*rows, *columns, (11, [6, 7])]])


def relation(total: int, parts: list[int]) -> Relations:
    return Relations(np.array([total]), np.array(parts), np.zeros(len(parts), dtype=np.int64))


def filled_in(cells: tuple[int, ...]) -> np.ndarray:
    table = np.array(cells).reshape(ROWS, COLUMNS)
    return np.array([*cells, *table.sum(axis=1), *table.sum(axis=0), table.sum()], dtype=np.float64)


EVERY_TABLE = np.array([filled_in(cells) for cells in product(range(MOST + 1), repeat=CELLS)])
"""All 15,625 tables of figures of 0 to 4."""


def known_of(truth: np.ndarray, shown: list[bool], rounding: int) -> Bounds:
    """Released figures to within their rounding; of withheld ones, only that they are in the table or a sum of it."""
    most = EVERY_TABLE.max(axis=0)
    published = np.array(shown)
    low = np.where(published, np.maximum(truth - rounding, 0), 0.0)
    return Bounds(low, np.where(published, np.minimum(truth + rounding, most), most))


tables = st.tuples(*[st.integers(0, MOST)] * CELLS)
which = st.lists(st.booleans(), min_size=12, max_size=12)


@settings(max_examples=25)
@given(tables, which, st.integers(0, 1))
def test_linear_programming_finds_what_trying_every_table_finds(cells, shown, rounding):
    # Rows and columns of whole numbers: the extremes of such a table are whole numbers too.
    truth = filled_in(cells)
    known = known_of(truth, shown, rounding)
    every = EVERY_TABLE
    possible = every[((every >= known.low) & (every <= known.high)).all(axis=1)]

    found = exact_ranges(table_sums(), known, np.arange(12))

    np.testing.assert_allclose(found.low, possible.min(axis=0), atol=1e-5)
    np.testing.assert_allclose(found.high, possible.max(axis=0), atol=1e-5)


@settings(max_examples=100)
@given(tables, which, st.integers(0, 1))
def test_what_sums_confine_holds_the_truth_and_several_steps_more_than_one(cells, shown, rounding):
    truth = filled_in(cells)
    known = known_of(truth, shown, rounding)

    once, often = confine(table_sums(), known), propagate(table_sums(), known, passes=30)

    for found in (once, often):
        assert (found.low <= truth + 1e-9).all()
        assert (found.high >= truth - 1e-9).all()
    assert (often.low >= np.maximum(once.low, known.low) - 1e-9).all()
    assert (often.high <= np.minimum(once.high, known.high) + 1e-9).all()


def test_sums_that_contradict_each_other_are_given_the_least_room():
    # 10 = a + b and 12 = a + b + c, with b = 4, c = 4: the second fails by 2 at the least, whatever a is; a is 6.
    sums = joined([relation(0, [2, 3]), relation(1, [2, 3, 4])])
    low, high = np.array([10.0, 12, 0, 4, 4]), np.array([10.0, 12, 100, 4, 4])

    found = exact_ranges(sums, Bounds(low, high), np.array([2]))

    # Room of 2 in one of them, or shared: a is 4 to 6.
    assert found.low[0] == pytest.approx(4, abs=0.001) or found.low[0] == pytest.approx(6, abs=0.001)
    assert found.high[0] <= 6.001


def test_a_withheld_part_without_a_limit_leaves_the_others_without_a_least():
    family = relation(0, [1, 2, 3])
    known = Bounds(np.array([100.0, 60, 1, 1]), np.array([100.0, 60, 9, np.inf]))

    found = confine(family, known)

    assert found.low.tolist() == [62, -np.inf, -np.inf, 31]
    assert found.high.tolist() == [np.inf, 98, 39, 39]


def test_how_far_a_total_lies_above_its_parts_is_taken_off():
    family = Relations(np.array([0]), np.array([1, 2]), np.array([0, 0]), slack=np.array([1.0]), shift=np.array([20.0]))
    known = Bounds(np.array([100.0, 70, 0]), np.array([100.0, 70, np.inf]))

    found = confine(family, known)

    assert (found.low[2], found.high[2]) == (9, 11)


def test_what_a_manifest_says_of_the_rule():
    stated = {"threshold": 12, "rounding_base": 5, "withholds_dominated": True, "withholds_for_others": False}

    assert rule_of({"disclosure": stated}) == Rule(threshold=12, base=5, open_ended=True)
    assert rule_of({"disclosure": {"threshold": 10}}) == Rule(threshold=10, base=1, open_ended=False)
    left = Rule(threshold=12, base=5, open_ended=True).known(np.array([np.nan, 20.0, 0.0]), np.full(3, 0.5))
    assert left.low.tolist() == [2, 15, 0]
    assert left.high.tolist() == [np.inf, 25, 5]


def test_an_operators_own_sums_sharpen_the_truth_if_its_counts_add_up():
    # 98 = 60 + 30 + ?, of which the operator says that it is 1 to 9: it is 8.
    family = relation(0, [1, 2, 3])
    exact = bounds_of(np.array([98.0, 60, 30, np.nan]), threshold=10)
    assert sharpened(exact, family).low.tolist() == [98, 60, 30, 8]
    assert sharpened(exact, family).high.tolist() == [98, 60, 30, 8]

    # Where another family shows that counts were rounded, a sum of four may be off by two.
    both = joined([family, relation(4, [5, 6])])
    rounded = bounds_of(np.array([98.0, 60, 30, np.nan, 31, 10, 20]), threshold=10)
    assert (sharpened(rounded, both).low[3], sharpened(rounded, both).high[3]) == (6, 9)


def test_the_truth_of_several_operators():
    counts = [np.array([np.nan, 12, 0, ABSENT]), np.array([np.nan, np.nan, 0, 5.0])]

    found = truth_of(counts, [10, 5], np.full(4, 0.5), 10)

    assert found.small.tolist() == [True, False, False, True]
    assert found.people.low.tolist() == [4, 26, 0, 10]
    assert found.people.high.tolist() == [(9 + 4) * 2, (12 + 4) * 2, 0, 10]


@given(st.integers(1, 9), st.integers(1, 20), st.integers(1, 40))
def test_a_claim_discloses_only_if_it_is_narrower_than_the_rule_and_may_be_right(truth, low, wide):
    people = Truth(Bounds(np.array([float(truth)]), np.array([float(truth)])), np.array([True]))
    claims = Bounds(np.array([float(low)]), np.array([float(low + wide)]))

    disclosed, wrong = verdicts(np.ones(1), claims, people, Rule(10, 5, open_ended=True))

    narrower = low > 1 or low + wide < 9
    assert disclosed[0] == (narrower and low <= truth <= low + wide)
    assert wrong[0] == (narrower and not low <= truth <= low + wide)


def test_guesses_that_are_no_better_are_told_from_those_that_are():
    generator = np.random.default_rng(7)
    cluster = np.repeat(np.arange(50), 20)
    drawn = generator.gamma(2.0, 1.0, (200, 1000))
    before = drawn[0]
    chances = [better_by_chance(before, generator.gamma(2.0, 1.0, 1000), cluster) for before in drawn]

    # Of a test at 5 %, about 5 % of 200 come out by chance alone: 10, with a standard deviation of 3.
    assert 1 <= sum(chance < 0.05 for chance in chances) <= 20
    assert better_by_chance(before, before * 0.9, cluster) < 1e-6
    assert better_by_chance(before[:100], before[:100] * 0.9, cluster[:100]) is None  # five places are too few


def test_sums_improve_guesses_where_little_is_rounded_and_hardly_where_much_is():
    generator = np.random.default_rng(3)
    number = 400
    truth = generator.integers(1, 10, number).astype(float)
    others = generator.integers(20, 60, (number, 6)).astype(float)
    start = np.arange(number) * 8
    part = (start[:, None] + np.arange(1, 8)).ravel()
    sums = Relations(start, part, np.repeat(np.arange(number), 7))

    def errors(base: int, guess: float) -> list[float]:
        def rounded(amount: np.ndarray) -> np.ndarray:
            below = np.floor(amount / base) * base
            return below + base * (generator.random(amount.shape) < (amount - below) / base)

        figures = np.column_stack([rounded(others.sum(axis=1) + truth), rounded(others), np.full(number, np.nan)])
        nothing = Truth(Bounds(np.zeros(0), np.zeros(0)), np.zeros(0, dtype=bool))
        smooth, rule = np.full(number * 8, guess), Rule(10, base, open_ended=False)
        known = Figures(figures.ravel(), np.ones(number * 8), nothing, smooth, np.zeros(0), rule)
        both = guesses_with_sums(sums, known)
        guessed = [each.reshape(number, 8)[:, 7] for each in (both.sums, both.shuffled)]
        return [float(np.abs(each - truth).mean()) for each in guessed]

    # The mean distance of 1 ... 9 from 5 is 20/9 = 2.2, and their variance 60/9 = 6.7: so far the sums miss, as the
    # attacker sees. He takes 8 x 8 / 12 = 5.3 of it for his doubt, and moves by 5.3 / 6.7 = 0.8 of what is left:
    # a fifth of 2.2 remains. Rounding seven figures to base 5 adds up to 7 x 25 / 6 = 29 to the variance; he moves by
    # 5.3 / (6.7 + 29) = 0.15, and no more than that is gained.
    mine, of_others = errors(1, 5.0)
    assert mine == pytest.approx(0.2 * 20 / 9, abs=0.1)
    assert of_others > 20 / 9
    assert 0.85 * 20 / 9 - 0.1 < errors(5, 5.0)[0] < 20 / 9
    # Guesses that are too low everywhere are mended by other places' sums as well, but not as far.
    mine, of_others = errors(1, 2.0)
    assert mine < of_others < np.abs(2 - truth).mean()


def test_claims_that_are_mostly_wrong_and_no_more_right_than_by_chance_are_luck():
    generator = np.random.default_rng(5)
    number = 3000
    truth = generator.integers(1, 10, number).astype(float)
    people = Truth(Bounds(truth, truth), np.ones(number, dtype=bool))
    figures = Figures(
        np.full(number, np.nan), np.ones(number), people, truth, np.zeros(number), Rule(10, 1, open_ended=True)
    )
    everything = np.ones(number, dtype=bool)
    somewhere = generator.integers(1, 9, number).astype(float)

    guessing, knowing, mixed = (Attack("some kind", "something") for _ in range(3))
    guessing.claim(figures, Bounds(somewhere, somewhere + 1), everything)
    knowing.claim(figures, Bounds(truth - 0.5, truth + 0.5), everything)
    part = np.where(np.arange(number) % 3 == 0, truth, somewhere)
    mixed.claim(figures, Bounds(part, part + 1), everything)

    # A claim of two numbers out of nine is right in 2/9 of cases.
    assert guessing.disclosed == pytest.approx(number * 2 / 9, rel=0.1)
    assert (guessing.lucky, guessing.to_dict(0)["disclosed"]) == (True, 0)
    assert (knowing.lucky, knowing.to_dict(0)["disclosed"]) == (False, number)
    assert (mixed.lucky, mixed.to_dict(0)["disclosed"]) == (False, mixed.disclosed)  # a third are known


def test_equal_figures_of_different_places_may_have_different_errors():
    table = pd.DataFrame({"area": ["A", "B"], "figure": [50.0, 50.0], "se": [7.1, 7.3]})

    assert telling_errors(table) == (0, "")


def attacked_by_means(mean, group, truth, *, open_ended):
    """What counts as disclosed of cells of which the release says these means, and which really have so many people."""
    size = len(group)
    nothing, alike = np.full(size, np.nan), np.array(group)
    said = Said(nothing, alike, np.zeros(size, dtype=bool), alike, np.array(mean, dtype=float))
    known = Truth(Bounds(np.array(truth, dtype=float), np.array(truth, dtype=float)), np.ones(size, dtype=bool))
    rule = Rule(10, 5, open_ended=open_ended)
    figures = Figures(nothing, np.ones(size), known, np.ones(size), np.zeros(size), rule, alike=alike)
    attack = Attack("means", "")
    for extended, sums in sums_of_means(figures, said):
        attack.by_claims(extended, sums)
    return attack.to_dict(1)["disclosed"]


SIX = 6 << 20
"""Groups of resolution 6 are numbered from here."""


@pytest.mark.parametrize(("mean", "told"), [(9.0, 100), (1.0, 100), (5.0, 0)])
def test_a_mean_of_cells_that_are_all_as_large_or_as_small_as_can_be_tells_of_each(mean, told):
    world = [mean] * 100, [SIX + 1] * 100, [mean] * 100
    assert attacked_by_means(*world, open_ended=False) == told
    # Where larger figures are withheld too, only the upper limit that a small mean sets is left.
    assert attacked_by_means(*world, open_ended=True) == (told if mean == 1 else 0)


def test_a_mean_of_too_few_cells_is_found_if_it_is_theirs_more_often_than_by_chance():
    truth = [1, 2, 3, 4, 5, 6, 7, 8, 9] * 3
    own = [SIX + number for number in range(len(truth))]
    # Means that several groups share may be those of all that are too few: they are not tried.
    assert attacked_by_means(truth, own, truth, open_ended=False) == 0
    apart = [value + number / 100 for number, value in enumerate(truth)]
    assert attacked_by_means(apart, own, apart, open_ended=False) == len(truth)


def test_a_mean_of_too_few_cells_that_is_not_theirs_is_right_by_chance_at_most():
    truth = np.arange(1, 10, 0.25)
    own = [SIX + number for number in range(len(truth))]
    assert attacked_by_means(np.roll(truth, 7), own, truth, open_ended=False) == 0
