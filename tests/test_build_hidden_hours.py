"""Totals of days of which hours are withheld: near the truth, as sure as they say, within what can be hidden."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cellcount.build.combine import WITHHELD
from cellcount.build.hidden_hours import MOST_INFLATION, Inflation, day_totals, inflation_of

PROFILE = np.array([1, 1, 1, 1, 1, 2, 4, 8, 9, 6, 5, 5, 6, 5, 5, 6, 8, 9, 7, 5, 4, 3, 2, 1], dtype=float)
PROFILE /= PROFILE.sum()


def withheld(counts):
    return np.where((counts > 0) & (counts < 10), WITHHELD, counts).astype(np.uint32)


@pytest.mark.parametrize("trips", [20, 60, 150, 400, 1500])
def test_totals_are_near_the_truth_and_as_sure_as_they_say(trips):
    """Two thousand pairs with as many trips on average: Poisson counts along the profile, fewer than ten withheld."""
    counts = np.random.default_rng(trips).poisson(trips * PROFILE, (2000, 24))
    totals, factors = day_totals(withheld(counts), 10)
    # Of a day that is all but empty the most likely total is rather too large.
    assert totals.mean() == pytest.approx(trips, rel=0.1 if trips < 50 else 0.03)
    z = (totals - trips) / np.sqrt(totals * factors)
    # The curve of information is rough where hours lie at the threshold.
    assert np.mean(np.abs(z) < 1.96) > 0.88
    assert z.std() < 1.2


def test_one_guess_for_every_hour_would_be_wrong():
    """At 3.18 a withheld hour, 150 trips a day would be counted as a sixth less, and 20 as twice as many."""
    for trips, least, most in ((150, 0.80, 0.88), (20, 1.7, 2.3)):
        counts = np.random.default_rng(1).poisson(trips * PROFILE, (2000, 24))
        shown = withheld(counts)
        guessed = np.where(shown == WITHHELD, 9 / (7129 / 2520), counts).sum(axis=1)
        assert least < guessed.mean() / trips < most


def test_of_a_day_that_is_withheld_whole_little_is_known():
    totals, factors = day_totals(np.full((1, 24), WITHHELD, dtype=np.uint32), 10)
    assert 24 < totals[0] < 24 * 9
    assert factors[0] > 2


@given(arrays(np.uint32, (5, 24), elements=st.one_of(st.just(0), st.just(WITHHELD), st.integers(10, 5000))))
def test_a_withheld_hour_holds_one_to_nine(hours):
    totals, factors = day_totals(hours, 10)
    hidden = (hours == WITHHELD).sum(axis=1)
    counted = np.where(hours == WITHHELD, 0, hours).sum(axis=1)
    assert (totals >= counted + hidden - 1e-6).all()
    assert (totals <= counted + 9 * hidden + 1e-6).all()
    assert ((factors >= 1) & (factors <= MOST_INFLATION)).all()
    assert (factors[hidden == 0] == 1).all()


def test_many_totals_have_the_factor_of_their_size_and_few_tell_nothing():
    few = inflation_of(np.full(29, 90.0), np.full(29, 3.0))
    assert few.at(np.array([90.0])).tolist() == [1.0], "of a few the factor would tell what is withheld of each"
    many = inflation_of(np.repeat([20.0, 2000.0], 50), np.repeat([3.0, 1.0], 50))
    found = many.at(np.array([1.0, 20.0, 200.0, 2000.0, 1e7]))
    assert found[0] == 3.0
    assert found[-1] == 1.0
    assert (np.diff(found) <= 0).all()
    assert np.isnan(many.at(np.array([np.nan]))).all()
    assert inflation_of(np.full(50, 90.0), np.full(50, 1.23456)).at(np.array([90.0])).tolist() == [1.2]


def test_without_totals_nothing_is_inflated():
    assert inflation_of(np.zeros(3), np.ones(3)).at(np.array([100.0])).tolist() == [1.0]
    assert Inflation(np.empty(0), np.empty(0)).at(np.array([1.0])).tolist() == [1.0]
