"""Which of many figures of a day differ from usual, and what days differ by anyway."""

from __future__ import annotations

import numpy as np
import pytest

from cellcount.methods.changes import against_usual
from cellcount.methods.incident import DEFICIT, EXCESS, ORDINARY, UNKNOWN
from cellcount.methods.variation import LEAST_VARIATION, NOTHING_KNOWN, shared_variation

LEVELS = np.repeat([60.0, 200.0, 1000.0, 5000.0, 40000.0], 20)
"""Usual figures of a hundred destinations."""
ERRORS = np.sqrt(4 * LEVELS)
SHARED = 0.05
"""Standard deviation from day to day, of the usual figure."""


def days(seed: int, count: int = 5, shared: float = SHARED) -> np.ndarray:
    """Figures of days on which nothing happened."""
    source = np.random.default_rng(seed)
    spread = np.sqrt(np.square(ERRORS) + np.square(shared * LEVELS))
    return LEVELS[:, None] + spread[:, None] * source.standard_normal((len(LEVELS), count))


def verdicts_of(figures: np.ndarray, rate: float = 0.05) -> np.ndarray:
    variance = np.square(ERRORS)
    return against_usual(
        figures[:, 0], figures[:, 1:], variance, np.repeat(variance[:, None], figures.shape[1] - 1, axis=1), rate
    ).verdict


class TestSharedVariation:
    @pytest.mark.parametrize("shared", [0.03, 0.1])
    def test_it_is_found_from_four_days_of_a_hundred_figures(self, shared):
        found = [
            shared_variation(days(seed, 4, shared), np.repeat(np.square(ERRORS)[:, None], 4, axis=1))
            for seed in range(40)
        ]
        assert np.median(found) == pytest.approx(shared, rel=0.15)

    def test_chance_alone_is_no_variation(self):
        found = shared_variation(days(1, 4, 0.0), np.repeat(np.square(ERRORS)[:, None], 4, axis=1))
        assert found == pytest.approx(LEAST_VARIATION, abs=0.005)

    @pytest.mark.parametrize("shape", [(100, 2), (6, 3)])
    def test_of_too_few_figures_or_days_much_is_taken(self, shape):
        assert shared_variation(np.full(shape, 100.0), np.full(shape, 9.0)) == NOTHING_KNOWN

    def test_figures_of_hardly_anybody_tell_nothing(self):
        assert shared_variation(np.full((100, 4), 2.0), np.full((100, 4), 1.0)) == NOTHING_KNOWN


class TestAgainstUsual:
    def test_on_quiet_days_any_is_called_on_at_most_the_stated_share_of_days(self):
        """With 400 days of 100 figures, 5 % are 20; three standard errors of that are 13."""
        wrong = sum(bool((verdicts_of(days(seed)) != ORDINARY).any()) for seed in range(400))
        assert wrong <= 33

    def test_without_the_variation_from_day_to_day_most_quiet_days_would_have_some(self):
        """What the test above would miss if the figures were tame: 5 % of 40,000 are five times their error."""
        found = days(1)
        z = (found[:, 0] - np.median(found[:, 1:], axis=1)) / (ERRORS * np.sqrt(1 + np.pi / 8))
        assert (np.abs(z) > 4).sum() > 5

    def test_what_did_change_is_called_and_on_which_side(self):
        figures = days(3)
        figures[45, 0] = 2000.0
        figures[70, 0] = 2500.0
        verdict = verdicts_of(figures)
        assert verdict[45] == EXCESS
        assert verdict[70] == DEFICIT
        assert (verdict != ORDINARY).sum() == 2

    def test_a_difference_that_would_stand_alone_does_not_among_many(self):
        """Three errors by themselves are beyond t's 2.3; of a hundred it takes 5.3."""
        usual, errors = np.full((100, 4), 1000.0), np.full((100, 4), 900.0)
        now = np.full(100, 1000.0)
        now[7] += 3.0 * np.sqrt((900 + 10**2) * (1 + np.pi / 8))
        assert (against_usual(now, usual, errors[:, 0], errors).verdict == ORDINARY).all()
        alone = against_usual(now[7:8], usual[7:8], np.array([900.0]), errors[7:8])
        # By itself the variation is taken to be 10 % and not 1 %.
        assert alone.error == pytest.approx(np.sqrt((900 + 100**2) * (1 + np.pi / 8)))

    def test_without_errors_nothing_is_called(self):
        found = against_usual(np.array([500.0]), np.full((1, 4), 100.0), np.array([np.nan]), np.full((1, 4), 9.0))
        assert found.verdict.tolist() == [UNKNOWN]
        assert found.usual.tolist() == [100.0]

    def test_of_nothing_at_all_nothing_is_called(self):
        empty = np.empty((0, 4))
        assert not len(against_usual(empty[:, 0], empty, empty[:, 0], empty).verdict)
