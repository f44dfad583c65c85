"""Rounding that is right on average, and the same whenever the same figure is rounded."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellcount.build.combine import WITHHELD
from cellcount.build.protect import Disclosure, Protection
from cellcount.build.rounding import Key, chances, key_of, siphash, to_base, words_of

SECRET = hashlib.sha256(b"a secret for tests").digest()
ZONES = np.arange(200_000, dtype=np.uint64) * np.uint64(977) + np.uint64(0x08819_5DA4_0000_000)
RULE = Disclosure(10, SECRET, 3)
FIGURES = st.floats(0, 1e7, allow_nan=False)


def rounded(figures, zones=ZONES, *, disclosure=RULE, measure="present all", when="2026-11-02 08"):
    figures = np.asarray(figures, dtype=np.float64)
    return disclosure.rounded(figures, measure, when, [zones[: len(figures)]])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # SipHash-2-4 of the bytes 00, 01, ... under the key 00 ... 0f: 8 and 16 of them, in vectors.h of the authors'
        # reference implementation.
        ([0x0706050403020100], 0x93F5F5799A932462),
        ([0x0706050403020100, 0x0F0E0D0C0B0A0908], 0x3F2ACC7F57C29BDB),
    ],
    ids=["one word", "two words"],
)
def test_siphash_gives_the_published_vectors(words, expected):
    key = Key(0x0706050403020100, 0x0F0E0D0C0B0A0908)
    message = [np.array([word], dtype=np.uint64) for word in words]

    assert siphash(key, message, rounds=2, final_rounds=4).tolist() == [expected]


def test_totals_stay_right_to_within_a_thousandth():
    people = np.random.default_rng(1).gamma(0.5, 60, len(ZONES))

    found = rounded(people)

    assert found.sum() == pytest.approx(people.sum(), rel=1e-3)
    # For each remainder over a multiple of 5: variance r (5 - r), none where there is none.
    for remainder, variance in enumerate([0, 4, 6, 6, 4]):
        same = rounded(np.full(len(ZONES), 100.0 + remainder))
        assert same.mean() == pytest.approx(100 + remainder, abs=0.03)
        assert same.var() == pytest.approx(variance, abs=0.05)


@given(st.lists(FIGURES, min_size=1, max_size=20))
def test_a_figure_becomes_the_multiple_of_5_below_it_or_above_it(figures):
    found = rounded(figures)

    assert (found % 5 == 0).all()
    assert (np.abs(found - figures) < 5).all()
    assert (found[np.array(figures) == 0] == 0).all()


@given(FIGURES, FIGURES)
def test_of_two_figures_of_one_zone_the_larger_is_never_rounded_below_the_smaller(one, other):
    low, high = sorted([one, other])

    assert rounded([low])[0] <= rounded([high])[0]


@given(st.lists(FIGURES, min_size=2, max_size=20), st.randoms())
def test_the_order_and_the_company_of_figures_do_not_matter(figures, random):
    order = random.sample(range(len(figures)), len(figures))
    people, zones = np.array(figures), ZONES[: len(figures)]

    np.testing.assert_array_equal(rounded(people[order], zones[order]), rounded(people, zones)[order])


def test_the_chance_depends_on_secret_measure_hour_and_zone_and_on_nothing_else():
    people = np.full(1000, 12.0)
    first = rounded(people)

    np.testing.assert_array_equal(rounded(people), first)
    others = [
        rounded(people, disclosure=Disclosure(10, bytes(32), 3)),
        rounded(people, measure="present inbound"),
        rounded(people, when="2026-11-02 09"),
        rounded(people, ZONES[1000:2000]),
    ]
    for other in others:
        # Two roundings that do not know of each other agree with a chance of 0.4^2 + 0.6^2 = 0.52.
        assert (other == first).mean() == pytest.approx(0.52, abs=0.06)


def test_chances_are_even_and_follow_neither_zone_nor_hour():
    hours = [chances(key_of(SECRET, "present all", f"2026-11-02 {hour:02d}"), [ZONES]) for hour in range(3)]

    counts, _ = np.histogram(hours[0], bins=100, range=(0, 1))
    expected = len(ZONES) / 100
    assert np.square(counts - expected).sum() / expected < 160  # chi-squared, 99 degrees of freedom: once in 10,000
    for one, other in ((hours[0], hours[1]), (hours[0], hours[2]), (hours[0][1:], hours[0][:-1])):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.01


def test_a_code_is_the_same_word_in_any_list():
    assert words_of(["E07000001", "UK"])[1] == words_of(["UK"])[0]
    assert len(set(words_of(["E07000001", "E07000002", "UK"]).tolist())) == 3


def test_without_rounding_figures_are_whole_and_what_is_unknown_stays_so():
    off = Disclosure(10, SECRET, 3, Protection(rounding=False))

    assert rounded([12.4, 0.0], disclosure=off).tolist() == [12, 0]
    assert np.isnan(rounded([np.nan])).all()
    assert to_base(np.array([float(WITHHELD)]), np.array([0.5])) % 5 == 0
