"""Nothing that is released has 1 to 9 devices behind it, whatever the operators deliver."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellcount.build.combine import NOT_COVERED, WITHHELD, estimate, known_total
from cellcount.build.figures import figure
from cellcount.build.protect import too_small
from cellcount.build.shares import less_the_lost

COUNTS = st.one_of(st.integers(0, 40), st.integers(0, 10**6), st.sampled_from([0, WITHHELD, NOT_COVERED]))
SHARES = st.floats(0.01, 0.5)


@st.composite
def operators(draw):
    number = draw(st.integers(1, 4))
    zones = draw(st.integers(1, 6))
    counts = [draw(st.lists(COUNTS, min_size=zones, max_size=zones)) for _ in range(number)]
    shares = [draw(st.lists(SHARES, min_size=zones, max_size=zones)) for _ in range(number)]
    return [np.array(row, dtype=np.uint32) for row in counts], [np.array(row) for row in shares]


@given(operators(), st.integers(10, 50))
def test_a_released_figure_has_the_threshold_of_known_devices_or_none_at_all(given_counts, threshold):
    counts, shares = given_counts

    released = figure(counts, shares, threshold).released().to_pylist()

    for zone, people in enumerate(released):
        theirs = [int(row[zone]) for row in counts]
        known = [n for n in theirs if n < NOT_COVERED]
        if people is None:
            assert not known or 0 < sum(known) < threshold or (sum(known) == 0 and WITHHELD in theirs)
        else:
            assert sum(known) >= threshold or (known and sum(known) == 0 and WITHHELD not in theirs)


@given(operators())
def test_what_is_withheld_does_not_move_the_estimate(given_counts):
    counts, shares = given_counts
    more = [*counts, np.full_like(counts[0], WITHHELD), np.full_like(counts[0], NOT_COVERED)]

    with_them = estimate(more, [*shares, shares[0], shares[0]])

    np.testing.assert_array_equal(with_them, estimate(counts, shares))


@given(operators(), st.integers(2, 9))
def test_the_estimate_scales_with_the_counts(given_counts, times):
    counts, shares = given_counts
    scaled = [np.where(row < NOT_COVERED, row * np.uint32(times), row) for row in counts]

    np.testing.assert_allclose(estimate(scaled, shares), estimate(counts, shares) * times)


@given(operators())
def test_the_order_of_the_operators_does_not_matter(given_counts):
    counts, shares = given_counts

    np.testing.assert_allclose(estimate(counts[::-1], shares[::-1]), estimate(counts, shares))
    np.testing.assert_array_equal(too_small(counts[::-1], 10), too_small(counts, 10))


def test_one_operator_alone_and_the_large_numbers_of_a_country():
    # 0.4 x 67,600,000 = 27,040,000 devices
    assert estimate([np.array([27_040_000], dtype=np.uint32)], [np.array([0.4])]) == pytest.approx([67_600_000])
    several = [np.array([2_000_000_000], dtype=np.uint32)] * 3
    assert known_total(several).tolist() == [6_000_000_000]


def test_an_outage_takes_the_operator_out_or_a_little_off_its_share():
    counts, share = less_the_lost(
        np.array([100, 96, 40], dtype=np.uint32), np.full(3, 0.5), np.array([0.0, 0.04, 0.05])
    )

    assert counts.tolist() == [100, 96, NOT_COVERED]
    assert share[:2].tolist() == [0.5, 0.48]


def test_an_operator_without_a_share_that_saw_nobody_does_not_cover_the_place():
    counts = [np.array([90], dtype=np.uint32), np.array([0], dtype=np.uint32)]

    only_one = figure(counts, [np.array([0.3]), np.array([np.nan])], threshold=10)

    assert only_one.released().to_pylist() == [300]
