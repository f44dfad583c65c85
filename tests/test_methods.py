"""The methods, against invariants and figures worked out by hand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cellcount.methods.departures import LEAST_WEEKS, furthest_above

WEEKS = LEAST_WEEKS + 1
DAYS = 7 * WEEKS


@settings(max_examples=25)
@given(st.integers(0, 2), st.integers(0, DAYS - 1), st.integers(0, 23), st.integers(2_000, 100_000))
def test_wherever_the_one_crowd_is_it_is_found(where, on, hour, crowd):
    people = np.full((3, DAYS, 24), 1_000.0)
    people[where, on, hour] += crowd
    assert furthest_above(people) == (where, on, hour, float(crowd), 1_000.0)


def test_withheld_weeks_are_no_usual_level():
    people = np.full((1, DAYS, 24), 1_000.0)
    people[0, :7, 19] = np.nan
    people[0, 23, 19] = 9_000.0
    found = furthest_above(people)
    assert found is not None
    assert found[2] != 19, "three other weeks do not make a usual level"


def test_too_few_weeks_have_no_usual_level():
    assert furthest_above(np.full((1, DAYS - 7, 24), 1_000.0)) is None
