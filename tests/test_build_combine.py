"""How devices become people: plain ratios, withheld counts at their expectation, and what is officially known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellcount.build.combine import (
    NOT_COVERED,
    WITHHELD,
    estimate,
    expected_counts,
    expected_withheld,
    known,
    known_total,
    withheld_mean,
)
from cellcount.build.shares import LEFT_OUT_FROM, less_the_lost

THRESHOLD = 10


def counts(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint32)


def poisson_expectation(mean: float, threshold: int) -> float:
    """E[n | 1 <= n <= t-1] of a Poisson count, added up term by term."""
    weights = [math.exp(n * math.log(mean) - math.lgamma(n + 1)) for n in range(1, threshold)]
    return sum(n * weight for n, weight in enumerate(weights, start=1)) / sum(weights)


@given(st.floats(0.001, 400.0), st.integers(2, 30))
def test_a_withheld_count_is_expected_where_poisson_sums_say(mean, threshold):
    found = expected_withheld(np.array([mean]), threshold)[0]

    assert found == pytest.approx(poisson_expectation(mean, threshold), abs=0.01)
    assert 1.0 <= found <= threshold - 1


@given(st.lists(st.floats(0.0, 1e6), min_size=2, max_size=20), st.integers(2, 30))
def test_the_more_are_expected_the_larger_is_a_withheld_count(means, threshold):
    found = expected_withheld(np.sort(np.array(means)), threshold)

    assert (np.diff(found) >= 0).all()


def test_with_a_threshold_of_two_a_withheld_count_is_one():
    assert expected_withheld(np.array([0.0, 1.0, 1000.0]), 2).tolist() == [1.0, 1.0, 1.0]
    assert withheld_mean(2) == 1.0
    assert withheld_mean(1) == 0.0  # nothing is withheld


COUNTS = st.one_of(st.integers(0, 400), st.integers(0, 10**6), st.sampled_from([0, WITHHELD, NOT_COVERED]))


@st.composite
def operators(draw, values=COUNTS):
    """Counts and shares of one to five operators in one to six zones."""
    number, zones = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    theirs = [draw(st.lists(values, min_size=zones, max_size=zones)) for _ in range(number)]
    shares = [draw(st.lists(st.floats(0.01, 0.2), min_size=zones, max_size=zones)) for _ in range(number)]
    return [counts(*row) for row in theirs], [np.array(row) for row in shares]


def estimated(devices, shares, **known_officially):
    return estimate(devices, shares, [THRESHOLD] * len(devices), **known_officially)


@given(operators(st.one_of(st.integers(0, 10**6), st.just(NOT_COVERED))))
def test_people_are_all_devices_over_all_shares_of_the_operators_that_cover_the_place(given_counts):
    devices, shares = given_counts

    found = estimated(devices, shares)

    for zone, people in enumerate(found):
        there = [(int(n[zone]), p[zone]) for n, p in zip(devices, shares, strict=True) if n[zone] != NOT_COVERED]
        if there:
            assert people == pytest.approx(sum(n for n, _ in there) / sum(p for _, p in there))
        else:
            assert np.isnan(people)


@given(operators(st.integers(0, 10**6)), st.integers(2, 9))
def test_people_scale_with_the_counts_and_against_the_shares(given_counts, times):
    devices, shares = given_counts
    people = estimated(devices, shares)

    np.testing.assert_allclose(estimated([n * np.uint32(times) for n in devices], shares), people * times)
    np.testing.assert_allclose(estimated(devices, [p / times for p in shares]), people * times)


@given(operators())
def test_the_order_of_the_operators_does_not_matter(given_counts):
    devices, shares = given_counts

    np.testing.assert_allclose(estimated(devices[::-1], shares[::-1]), estimated(devices, shares))


@given(operators(), st.floats(0.01, 0.2))
def test_an_operator_that_does_not_cover_a_place_is_as_if_it_were_not_there(given_counts, share):
    devices, shares = given_counts
    absent = np.full_like(devices[0], NOT_COVERED)

    people = estimated([*devices, absent], [*shares, np.full_like(shares[0], share)])

    np.testing.assert_allclose(people, estimated(devices, shares))


@given(operators())
def test_an_operator_without_a_share_tells_nothing(given_counts):
    devices, shares = given_counts

    people = estimated([*devices, np.full_like(devices[0], 77)], [*shares, np.zeros_like(shares[0])])

    np.testing.assert_allclose(people, estimated(devices, shares))


@given(operators(st.sampled_from([WITHHELD, NOT_COVERED])))
def test_of_withheld_counts_alone_the_estimate_is_one_that_they_could_make(given_counts):
    devices, shares = given_counts

    found = estimated(devices, shares)

    for zone, people in enumerate(found):
        seen = sum(p[zone] for n, p in zip(devices, shares, strict=True) if n[zone] == WITHHELD)
        number = sum(int(n[zone] == WITHHELD) for n in devices)
        if number:
            assert number / seen * (1 - 1e-9) <= people <= (THRESHOLD - 1) * number / seen * (1 + 1e-9)
        else:
            assert np.isnan(people)


def test_one_operator_alone_and_the_large_numbers_of_a_country():
    # 0.4 x 67,600,000 = 27,040,000 devices
    assert estimated([counts(27_040_000)], [np.array([0.4])]) == pytest.approx([67_600_000])
    assert known_total([counts(2_000_000_000)] * 3).tolist() == [6_000_000_000]
    assert known(counts(4_000_000_000)).all()


def withheld(theirs: np.ndarray) -> np.ndarray:
    return np.where((theirs > 0) & (theirs < THRESHOLD), WITHHELD, theirs).astype(np.uint32)


def test_leaving_a_withheld_count_out_biases_and_its_expectation_does_not():
    """Below 100 people, leaving withheld counts out makes 8 % too many over the share that is left."""
    random = np.random.default_rng(20261102)
    people = random.integers(20, 100, 40_000)
    shares = [np.full(len(people), p) for p in (0.25, 0.20, 0.15)]
    devices = [withheld(random.binomial(people, share)) for share in shares]
    there = [known(n) for n in devices]
    seen = np.sum([np.where(told, n, 0) for told, n in zip(there, devices, strict=True)], axis=0)
    left = np.sum([np.where(told, p, 0.0) for told, p in zip(there, shares, strict=True)], axis=0)
    some = left > 0  # somebody tells

    dropped = (seen[some] / left[some]).sum() / people[some].sum() - 1
    taken_for_nought = (seen[some] / 0.60).sum() / people[some].sum() - 1
    expected = estimated(devices, shares)[some].sum() / people[some].sum() - 1

    assert dropped == pytest.approx(0.08, abs=0.03)
    assert taken_for_nought < -0.10
    assert abs(expected) < 0.015


@given(
    st.lists(st.tuples(st.integers(10, 200), st.floats(0.05, 0.3)), min_size=1, max_size=3),
    st.floats(0.01, 0.05),
    st.integers(3, 20),
)
def test_people_and_withheld_counts_agree_with_each_other(telling, share, threshold):
    """N = (sum n_k + E[withheld | p N]) / P, where those who tell see more people than the one who withholds."""
    devices = [counts(n) for n, _ in telling] + [counts(WITHHELD)]
    shares = [np.array([p]) for _, p in telling] + [np.array([share])]

    people = estimate(devices, shares, [threshold] * len(devices))[0]

    hidden = poisson_expectation(share * people, threshold)
    assert people * sum(float(p[0]) for p in shares) == pytest.approx(sum(n for n, _ in telling) + hidden, abs=0.1)


def test_what_is_officially_known_is_taken_and_the_counts_beyond_it_expanded():
    """100 residents are at home, of whom the operators see 30 and 10 here; they count 50 and 16, which is 26 more."""
    official, expected = np.array([100.0]), [np.array([30.0]), np.array([10.0])]

    people = estimated(
        [counts(50), counts(16)], [np.array([0.4]), np.array([0.2])], official=official, expected=expected
    )

    assert people == pytest.approx([100 + 26 / 0.6])


def test_where_counts_are_as_expected_people_are_as_officially_known():
    official, expected = np.array([87.0, 0.0]), [np.array([12.0, 41.0])]

    assert estimated([counts(12, 41)], [np.array([0.3, 0.3])], official=official, expected=expected).tolist() == [87, 0]
    # Chance may take the others below nought: only who adds cells up may cut that off.
    fewer = estimated([counts(0, 20)], [np.array([0.3, 0.3])], official=official, expected=expected)
    assert fewer == pytest.approx([87 - 12 / 0.3, -21 / 0.3])


def test_a_withheld_count_beside_what_is_officially_known():
    """The large operator counts 40 as expected. The small one expects 2 and withholds 1 or 2 of them.

    N is near 100: with a mean of about 2, counts of 1 and 2 are equally likely, and 1.5 is expected. So N = 100 - d,
    where the means fall by 0.1 d: 0.5 d = 2 - (1 + m) / (1 + m / 2) with m = 2 - 0.1 d, for which d = 1.0 makes
    2 - 2.9 / 1.95 = 0.513 and d = 1.026 the same on both sides.
    """
    people = estimate(
        [counts(40), counts(WITHHELD)],
        [np.array([0.4]), np.array([0.1])],
        [3, 3],
        official=np.array([100.0]),
        expected=[np.array([40.0]), np.array([2.0])],
    )

    assert people == pytest.approx([98.97], abs=0.02)


@given(operators(st.integers(0, 10**4)), st.floats(0, 500), st.floats(0, 1))
def test_counts_expected_of_all_operators_together_are_those_that_were_counted(given_counts, residents, placed):
    devices, shares = given_counts
    official = np.full(devices[0].shape, residents)
    expected = [share * official * placed for share in shares]

    people = estimated(devices, shares, official=official, expected=expected)
    back = expected_counts(people, shares, official, expected)

    np.testing.assert_allclose(np.sum(back, axis=0), np.sum(devices, axis=0), atol=1e-6)
    if len(devices) == 1:
        np.testing.assert_allclose(back[0], devices[0], atol=1e-6)


def test_counts_missing_withheld_and_struck_by_an_outage_in_one_row():
    """Two operators of 40 and 20 %, an operator's threshold of 3: E[1 or 2 | m] is (1 + m) / (1 + m / 2)."""
    large, large_share = less_the_lost(
        counts(80, 80, NOT_COVERED, NOT_COVERED, 10, 40),
        np.full(6, 0.4),
        np.array([0.0, 0.0, 0.0, 0.0, 0.9, LEFT_OUT_FROM]),
    )
    small = counts(40, WITHHELD, 40, NOT_COVERED, 40, 40)

    people = estimate([large, small], [large_share, np.full(6, 0.2)], [3, 3])

    assert people[0] == pytest.approx(200)  # 120 / 0.6
    assert people[1] == pytest.approx(136.55, abs=0.02)  # (80 + 1.93) / 0.6, for 0.2 N = 27.3 leads to expect 1.93
    assert people[2] == pytest.approx(200)  # 40 / 0.2
    assert np.isnan(people[3])
    assert people[4:].tolist() == pytest.approx([200, 200])  # the large operator is left out


def test_an_operator_that_lost_a_little_keeps_that_much_less_of_its_share():
    devices, share = less_the_lost(counts(96), np.array([0.5]), np.array([LEFT_OUT_FROM / 2]))

    assert devices.tolist() == [96]
    assert share == pytest.approx([0.5 * (1 - LEFT_OUT_FROM / 2)])
