"""What totals and their parts leave of a withheld figure, worked out exactly by linear programming on small cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from cellcount.build.protect import DOMINATED, NONE, PART, SEGMENT, SMALL, TOTAL, WIDE
from cellcount.build.rounding import BASE, to_base
from cellcount.build.secondary import (
    Tree,
    Withheld,
    withhold_in_groups,
    withhold_in_rows,
    withhold_in_segments,
    withhold_in_tree,
)

THRESHOLD = 10
LARGEST = THRESHOLD - 1


def zones(people, dominated=()):
    """Zones in which every person has a device: those of 1 to 9 are withheld, and those that are said to be."""
    people = np.array(people, dtype=np.float64)
    reasons = np.where((people > 0) & (people < THRESHOLD), SMALL, 0).astype(np.uint8)
    reasons[list(dominated)] |= DOMINATED
    return Withheld(people, reasons, np.ones(len(people)))


def family(*parts, dominated=()):
    """Parts, and their total after them."""
    return zones([*parts, sum(parts)], dominated)


def withheld(found):
    return [int(reason) & ~WIDE for reason in found.reasons]


def alone(found):
    withhold_in_tree(
        Tree.of_parents(np.array([len(found.people) - 1] * (len(found.people) - 1) + [-1])), found, THRESHOLD
    )
    return withheld(found)


def test_the_only_withheld_part_takes_the_next_smallest_with_it():
    assert alone(family(4, 30, 80)) == [SMALL, PART, 0, 0]


def test_two_parts_that_may_be_anything_from_1_to_9_need_no_third():
    # They share 12: for all that anybody knows, 1 and 11, which would be withheld too, or 9 and 3.
    assert alone(family(5, 7, 80)) == [SMALL, SMALL, 0, 0]


def test_two_parts_that_share_too_little_to_be_9_need_a_third():
    assert alone(family(2, 3, 40, 80)) == [SMALL, SMALL, PART, 0, 0]


def test_where_all_parts_do_not_suffice_the_total_is_withheld():
    # 11 shared by five parts: none could be 9 if the four others are 1 at least.
    assert alone(family(3, 2, 2, 2, 2)) == [SMALL] * 5 + [TOTAL]


def test_nobody_is_not_withheld_for_the_sake_of_others_and_hides_nothing():
    assert alone(family(4, 0, 0, 50)) == [SMALL, 0, 0, PART, 0]


def test_in_a_small_total_zeros_are_withheld_so_that_the_others_are_not_known_to_be_one_at_least():
    assert alone(family(4, 2, 0)) == [SMALL, SMALL, NONE, SMALL]


def test_a_dominated_part_must_not_be_worked_out_either():
    assert alone(family(60, 70, 90, dominated=[0])) == [DOMINATED, PART, 0, 0]


def test_a_large_dominated_part_must_be_left_a_tenth_of_itself_in_doubt():
    # The 40 leaves less than a tenth of 1,000 in doubt: the 70 must go as well.
    assert alone(family(1000, 40, 70, 500, dominated=[0])) == [DOMINATED, PART, PART, 0, 0]


def test_nothing_is_withheld_where_nothing_was():
    assert alone(family(10, 20, 30)) == [0, 0, 0, 0]


def test_a_total_withheld_for_its_neighbour_does_not_add_up_from_its_own_parts():
    # Two districts in a county: the first has 6 people, and the second must be withheld for it. If the second's three
    # wards were all released, their sum would give it away, and the first with it.
    wards_of_first, wards_of_second = [6], [20, 30, 40]
    found = zones([*wards_of_first, *wards_of_second, 6, 90, 96])
    tree = Tree.of_parents(np.array([4, 5, 5, 5, 6, 6, -1]))

    withhold_in_tree(tree, found, THRESHOLD)

    assert withheld(found) == [SMALL, PART, 0, 0, SMALL, PART, 0]


def test_a_segment_is_not_worked_out_from_everybody_and_the_other_segments():
    everybody, inbound, home, work = zones([100]), zones([5]), zones([70]), zones([25])
    single = Tree.of_parents(np.array([-1]))
    segments = {"inbound": inbound, "home": home, "work": work}

    withhold_in_segments(
        dict.fromkeys(["all", *segments], single),
        {"all": everybody, **segments},
        dict.fromkeys(segments, np.array([0])),
        "all",
        THRESHOLD,
    )

    assert [withheld(each) for each in (everybody, inbound, home, work)] == [[0], [SMALL], [0], [SEGMENT]]


def test_a_segment_withheld_for_another_is_not_worked_out_from_the_cell_above():
    # Two cells in a parent. In the first, work is withheld to hide 5 visitors. The parent's work less that of the
    # second cell would give it back, so that the second cell's is withheld too, and another segment with it.
    people = {"all": [100, 200, 300], "inbound": [5, 50, 55], "home": [70, 90, 160], "work": [25, 60, 85]}
    tree = Tree.of_parents(np.array([2, 2, -1]))
    found = {segment: zones(each) for segment, each in people.items()}

    withhold_in_segments(
        dict.fromkeys(found, tree),
        found,
        {segment: np.arange(3) for segment in found if segment != "all"},
        "all",
        THRESHOLD,
    )

    assert withheld(found["inbound"])[:2] == [SMALL, PART]
    assert withheld(found["work"])[:2] == [SEGMENT, SEGMENT]
    assert withheld(found["all"]) == [0, 0, 0]


def test_a_segment_that_is_nearly_everybody_hides_little():
    # At night almost everybody is at home. In the first cell 97 are, withheld to hide 3 visitors; the neighbour's 195
    # is withheld with it, but cannot exceed 200 in others' eyes, and would leave the 97 no more than 5 people of doubt.
    people = {"all": [100, 200, 400, 700], "inbound": [3, 5, 10, 18], "home": [97, 195, 390, 682]}
    tree = Tree.of_parents(np.array([3, 3, 3, -1]))
    found = {segment: zones(each) for segment, each in people.items()}
    places = {segment: np.arange(4) for segment in ("inbound", "home")}

    withhold_in_segments(dict.fromkeys(found, tree), found, places, "all", THRESHOLD)

    assert withheld(found["home"]) != [SEGMENT, SEGMENT, 0, 0]
    hidden = {segment: each.reasons != 0 for segment, each in found.items()}
    at_least = 682 - (400 if hidden["home"][2] else 390) - 200
    assert hidden["home"][3] or 100 - at_least >= LARGEST + 1  # what is left for visitors in the first cell


def test_rows_and_groups_are_the_same_as_a_tree_of_one_total():
    parts, total = np.array([4.0, 30, 80]), np.array([114.0])
    small = np.array([SMALL, 0, 0], dtype=np.uint8)
    row = Withheld(parts[None].copy(), small[None].copy(), np.ones((1, 3)))
    group = Withheld(parts.copy(), small.copy(), np.ones(3))
    for_row, for_group = (Withheld(total, np.zeros(1, dtype=np.uint8), np.ones(1)) for _ in range(2))

    withhold_in_rows(row, for_row, THRESHOLD)
    withhold_in_groups(group, np.zeros(3, dtype=np.int64), for_group, THRESHOLD)

    assert row.reasons.tolist() == [group.reasons.tolist()] == [[SMALL, PART, 0]]


@pytest.mark.parametrize("device", [1.0, 2.5])
def test_the_range_that_the_rule_leaves_is_in_people(device):
    # Two parts of 5 and 7 devices: 12 devices are enough for 9 and 1, whatever number of people a device stands for.
    parts = np.array([5.0, 7, 80]) * device
    found = Withheld(np.append(parts, parts.sum()), np.array([SMALL, SMALL, 0, 0], dtype=np.uint8), np.full(4, device))

    withhold_in_tree(Tree.of_parents(np.array([3, 3, 3, -1])), found, THRESHOLD)

    assert withheld(found) == [SMALL, SMALL, 0, 0]


COUNTS = st.one_of(st.integers(0, 12), st.integers(0, 60))


@st.composite
def trees(draw, most_inside=4):
    """A country of one to three regions of one to four areas; some zones are dominated."""
    regions = draw(st.lists(st.lists(COUNTS, min_size=1, max_size=most_inside), min_size=1, max_size=3))
    leaves = [count for region in regions for count in region]
    people = [*leaves, *(sum(region) for region in regions), sum(leaves)]
    parents = [len(leaves) + number for number, region in enumerate(regions) for _ in region]
    parents += [len(people) - 1] * len(regions) + [-1]
    found = zones(people)
    may_be = [number for number, count in enumerate(people) if count >= THRESHOLD]
    for number in draw(st.lists(st.sampled_from(may_be), max_size=2)) if may_be else []:
        found.reasons[number] |= DOMINATED
    return np.array(parents), found


def exact_range(wanted, sums, people, away, blur=0.0):
    """Least and most that anybody can work out for a figure: all sums hold, released figures are within `blur`.

    `away` says for each figure whether it is withheld, and whether it may then be none.
    """
    hidden, may_be_none = away
    rows = np.zeros((len(sums), len(people)))
    for row, (total, parts) in zip(rows, sums, strict=True):
        row[total] = -1.0
        row[parts] = 1.0
    bounds = [
        ((0.0 if none else 1.0), None) if withheld_here else (max(count - blur, 0.0), count + blur)
        for count, withheld_here, none in zip(people, hidden, may_be_none, strict=True)
    ]
    aim = np.zeros(len(people))
    aim[wanted] = 1.0
    ends = []
    for sign in (1, -1):
        solved = linprog(sign * aim, A_eq=rows, b_eq=np.zeros(len(sums)), bounds=bounds)
        ends.append(np.inf if solved.status == 3 else solved.x[wanted])
    return ends


def sums_of(parents):
    return [(total, np.flatnonzero(parents == total)) for total in np.unique(parents[parents >= 0])]


def left_by(parents, found):
    """For each small figure, the range that the release leaves it."""
    hidden = found.reasons != 0
    above = np.where(parents >= 0, parents, len(parents))
    may_be_none = np.append(hidden, False)[above]
    small = np.flatnonzero(found.reasons & SMALL)
    return {each: exact_range(each, sums_of(parents), found.people, (hidden, may_be_none)) for each in small.tolist()}


@settings(max_examples=60)
@given(trees())
def test_every_small_figure_keeps_the_range_that_the_rule_leaves_it(given_tree):
    parents, found = given_tree

    withhold_in_tree(Tree.of_parents(parents), found, THRESHOLD)

    for zone, (least, most) in left_by(parents, found).items():
        assert least <= 1 + 1e-6, zone
        assert most >= LARGEST - 1e-6, zone


@settings(max_examples=60)
@given(trees())
def test_doing_it_twice_changes_nothing(given_tree):
    parents, found = given_tree
    tree = Tree.of_parents(parents)
    withhold_in_tree(tree, found, THRESHOLD)
    once = found.reasons.copy()

    withhold_in_tree(tree, found, THRESHOLD)

    np.testing.assert_array_equal(found.reasons, once)


@settings(max_examples=60)
@given(trees())
def test_nothing_that_the_rule_withholds_is_given_back_and_zeros_are_withheld_in_small_totals_only(given_tree):
    parents, found = given_tree
    before = found.reasons.copy()

    withhold_in_tree(Tree.of_parents(parents), found, THRESHOLD)

    assert not (before & ~found.reasons).any()
    none = np.flatnonzero((found.people == 0) & (found.reasons != 0))
    assert all(found.reasons[parents[zone]] & SMALL for zone in none)


@st.composite
def cells_with_segments(draw):
    """A parent with one to three cells, each with three segments."""
    cells = draw(st.integers(1, 3))
    leaves = np.array(draw(st.lists(st.lists(COUNTS, min_size=3, max_size=3), min_size=cells, max_size=cells)))
    parents = np.array([cells] * cells + [-1])
    segments = {f"s{number}": zones([*column, column.sum()]) for number, column in enumerate(leaves.T)}
    return parents, {"all": zones([*leaves.sum(axis=1), leaves.sum()]), **segments}


@settings(max_examples=60)
@given(cells_with_segments())
def test_segments_and_cells_together_leave_every_small_figure_its_range(given_cells):
    """Sums that cross each other are exact to within rounding: each alone leaves enough without it, as tested above."""
    parents, found = given_cells
    tree, size = Tree.of_parents(parents), len(parents)

    withhold_in_segments(
        dict.fromkeys(found, tree),
        found,
        {segment: np.arange(size) for segment in found if segment != "all"},
        "all",
        THRESHOLD,
    )

    # One figure after another: everybody's cells, then each segment's.
    people = np.concatenate([each.people for each in found.values()])
    reasons = np.concatenate([each.reasons for each in found.values()])
    sums = [(total + block * size, parts + block * size) for block in range(4) for total, parts in sums_of(parents)]
    sums += [(cell, cell + size * np.arange(1, 4)) for cell in range(size)]
    hidden, may_be_none = reasons != 0, np.zeros(len(reasons), dtype=bool)
    for total, parts in sums:
        may_be_none[parts] |= hidden[total]
    released = to_base(people, np.random.default_rng(int(people.sum())).random(len(people)))
    for figure in np.flatnonzero(reasons & SMALL).tolist():
        least, most = exact_range(figure, sums, released, (hidden, may_be_none), blur=BASE)
        assert least <= 1 + 1e-6, figure
        assert most >= LARGEST - 1e-6, figure
