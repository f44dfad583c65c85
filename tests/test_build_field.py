"""Totals of cells tell nothing of the cells that are withheld."""

import h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellcount.build.field import Level, class_of, protect_levels, protect_segments
from cellcount.build.protect import NONE, SEGMENT, SMALL, TOTAL

THRESHOLD = 10
GRANDPARENT = "861941807ffffff"
"""A cell of resolution 6 in England."""


def inside(resolution):
    return np.sort(np.array([int(cell, 16) for cell in h3.cell_to_children(GRANDPARENT, resolution)], dtype=np.int64))


FINE, MIDDLE, COARSE = inside(8), inside(7), inside(6)


def level(cells, people):
    """Cells of which each person is a device, where nobody lives."""
    people = np.atleast_2d(np.array(people, dtype=np.float32))
    small = ((people > 0) & (people < THRESHOLD)).astype(np.uint8) * np.uint8(SMALL)
    nought = np.zeros(len(cells), dtype=np.int64)
    return Level(cells, people, small, np.ones(len(cells)), nought, nought, 1)


def protected(fine, middle=None, coarse=None):
    """Three levels, totals being what their parts add up to if not given."""
    fine = np.array(fine, dtype=np.float32).ravel()
    middle = fine.reshape(7, 7).sum(axis=1) if middle is None else middle
    coarse = [np.sum(middle)] if coarse is None else coarse
    levels = {8: level(FINE, fine), 7: level(MIDDLE, middle), 6: level(COARSE, coarse)}
    protect_levels(levels, THRESHOLD)
    return levels


def shown(each):
    return [None if why else float(value) for why, value in zip(each.reasons[0], each.value[0], strict=True)]


def test_a_total_counts_what_stands_for_a_withheld_part_and_not_the_part():
    people = [[40, 30, 20, 20, 20, 20, part] for part in (2, 9, 3, 4, 5, 6, 7)]

    levels = protected(people)

    assert shown(levels[8])[:7] == [40, 30, 20, 20, 20, 20, None]
    assert shown(levels[7]) == [155.0] * 7  # 150 and 5, whichever the seventh is; fewer than 100 cells have no mean
    assert shown(levels[6]) == [7 * 155.0]


def test_where_nothing_inside_is_released_a_total_is_its_own_estimate():
    levels = protected([6] * 49)

    assert shown(levels[8]) == [None] * 49
    assert shown(levels[7]) == [42.0] * 7


@pytest.mark.parametrize(
    ("parts", "released"),
    [
        ([9, 9, 9, 0, 0, 0, 0], True),  # 27 leave each of three 1 to 9, with some to spare
        ([4, 6, 0, 0, 0, 0, 0], False),  # of 10 one may be 9 if the other is 1: more is asked for than barely that
        ([4, 4, 2, 0, 0, 0, 0], False),  # of 10 none can be 9, with 1 for each of the others
        ([12.5, 0, 0, 0, 0, 0, 0], True),  # nobody is withheld
    ],
)
def test_a_total_of_withheld_parts_leaves_each_what_the_rule_leaves_it(parts, released):
    others = [[0] * 7] * 6

    why = protected([parts, *others])[7].reasons[0, 0]

    assert why == (0 if released else TOTAL)


def test_the_only_withheld_part_of_a_total_that_disagrees_with_it_is_not_told_by_it():
    fine = np.zeros(49)
    fine[0] = 6  # counted apart, the cell that contains it has 14

    assert protected(fine, middle=[14, 0, 0, 0, 0, 0, 0])[7].reasons[0, 0] == TOTAL


def test_zeros_are_withheld_in_a_small_total():
    levels = protected([[3, 0, 0, 0, 0, 0, 0], *[[20] * 7] * 6])

    assert levels[8].reasons[0, :7].tolist() == [SMALL, *[NONE] * 6]


@settings(max_examples=100)
@given(st.data())
def test_no_released_figure_changes_with_the_withheld_ones(data):
    few = st.sampled_from([0, 0, 12, 40, 300, 5])
    people = np.array(data.draw(st.lists(few, min_size=49, max_size=49)))
    others = np.array(data.draw(st.lists(st.integers(1, 9), min_size=49, max_size=49)))
    middle = people.reshape(7, 7).sum(axis=1)
    before = protected(people, middle)
    after = protected(np.where(people == 5, others, people), middle)

    assert [shown(before[resolution]) for resolution in before] == [shown(after[resolution]) for resolution in after]


@settings(max_examples=50)
@given(st.lists(st.integers(2, 8), min_size=343, max_size=343))
def test_what_stands_for_withheld_cells_adds_up_to_them(people):
    hour = np.array(people, dtype=np.float32)
    hour[::7] = 50.0  # in each total one cell is released, and 294 in all are not
    finest = inside(9)
    levels = {9: level(finest, hour), 8: level(FINE, hour.reshape(49, 7).sum(axis=1))}

    protect_levels(levels, THRESHOLD)

    assert levels[8].value.sum() == pytest.approx(hour.sum(), abs=294 * 0.05 + 0.1)  # means are rounded to 0.1


def segments_of(home, work, abroad, total):
    cells = MIDDLE[:1]
    everybody = {7: level(cells, [total])}
    protect_levels(everybody, THRESHOLD)
    parts = [{7: (level(cells, [people]), np.array([0]))} for people in (home, work, abroad, 0)]
    protect_segments(everybody, parts, THRESHOLD)
    return [shown(levels[7][0])[0] for levels in parts[:3]]


def test_released_segments_leave_of_their_total_what_stands_for_the_withheld_one():
    # A single cell has no mean share, so that nothing stands for the visitors from abroad: 100 is what is left.
    for abroad in (3, 8):
        home, work, from_abroad = segments_of(60, 40 - abroad, abroad, 100)
        assert from_abroad is None
        assert home + work == pytest.approx(100)


def test_segments_that_would_have_to_be_changed_too_much_are_not_released():
    assert segments_of(40, 5, 5, 100) == [None, None, None]


def test_segments_of_a_withheld_cell_are_withheld():
    cells = MIDDLE[:1]
    everybody, home = {7: level(cells, [30])}, level(cells, [30])
    everybody[7].reasons[:] = TOTAL
    protect_levels(everybody, THRESHOLD)

    protect_segments(everybody, [{7: (home, np.array([0]))}], THRESHOLD)

    assert home.reasons.tolist() == [[SEGMENT]]


def test_classes_go_by_the_devices_of_residents_and_of_those_around():
    lonely = np.zeros(6)
    assert class_of(np.array([0, 0.2, 1.0, 1.1, 50, 51]), lonely).tolist() == [0, 1, 2, 3, 10, 11]
    around = np.array([20, 20.1, 100, 301, 10_000, 10_001])
    assert (class_of(np.zeros(6), around) // 12).tolist() == [0, 1, 1, 3, 5, 6]


def means_of(people):
    """Means that stand for cells, hours x cells, that are all withheld and in one region and class."""
    people = np.array(people, dtype=np.float32)
    cells = np.arange(people.shape[1])
    withheld = level(cells, people)
    withheld.reasons[people > 0] = SMALL
    withheld.stand_in(withheld.reasons != 0, THRESHOLD)
    return withheld.mean[:, 0, 0]


def test_a_mean_of_a_day_holds_no_hour_that_has_its_own():
    hours = np.tile([2.0, 3.0, 4.0, 8.0], (24, 30))
    for secret in (2.0, 8.0):
        hours[5] = 0.0
        hours[5, 0] = secret
        assert means_of(hours)[[4, 5]] == pytest.approx([4.2, 5.0], abs=0.06)  # 4.25, and half the threshold


def test_a_mean_of_cells_that_are_nearly_all_one_device_is_not_told():
    assert means_of(np.ones((1, 200)))[0] == 5.0


def test_a_large_cell_is_not_read_from_a_mean():
    people = np.full((1, 200), 3.0)
    people[0, 0] = 5000.0
    assert means_of(people)[0] == pytest.approx((199 * 3 + 100) / 200, abs=0.06)


def test_where_all_withheld_are_known_to_be_small_a_total_may_not_be_all_that_they_can_be():
    def reason(open_ended):
        fine = np.array([9, 9, 9] + [0] * 46, dtype=np.float32)
        levels = {8: level(FINE, fine), 7: level(MIDDLE, fine.reshape(7, 7).sum(axis=1))}
        protect_levels(levels, THRESHOLD, open_ended=open_ended)
        return levels[7].reasons[0, 0]

    assert (reason(open_ended=True), reason(open_ended=False)) == (0, TOTAL)
