"""Nothing released has 1 to 9 devices behind it, or lets an operator work out another's, whatever is delivered."""

import json
from pathlib import Path

import numpy as np
import pytest
from build_world import (
    ALDER_CELLS,
    CHILDREN,
    MONDAY,
    PARENT,
    REGION,
    cell_row,
    factor,
    hours,
    reference,
    rows_of,
    write_delivery,
)
from hypothesis import given
from hypothesis import strategies as st

from cellcount.build import build_release
from cellcount.build.combine import NOT_COVERED, WITHHELD
from cellcount.build.deliveries import Delivery, DeliveryRefusedError
from cellcount.build.protect import (
    DOMINATED,
    SMALL,
    Disclosure,
    Protection,
    disclosure_statement,
    dominated,
    for_steward_only,
    released,
    too_small,
)
from cellcount.errors import CellCountError

COUNTS = st.one_of(st.integers(0, 40), st.integers(0, 10**6), st.sampled_from([0, WITHHELD, NOT_COVERED]))
SECRET = bytes(32)


@st.composite
def operators(draw, fewest=1):
    number = draw(st.integers(fewest, 4))
    zones = draw(st.integers(1, 6))
    counts = [draw(st.lists(COUNTS, min_size=zones, max_size=zones)) for _ in range(number)]
    return [np.array(row, dtype=np.uint32) for row in counts]


def least(counts):
    """Devices that are there for certain, operator by operator."""
    return [1 if n == WITHHELD else 0 if n == NOT_COVERED else n for n in counts]


@given(operators(), st.integers(10, 50))
def test_a_released_figure_has_the_threshold_of_devices_for_certain_or_none_at_all(counts, threshold):
    reasons = Disclosure(threshold, SECRET, len(counts)).reasons(counts)

    for zone, reason in enumerate(reasons):
        theirs = [int(row[zone]) for row in counts]
        if reason == 0:
            nobody = all(n in (0, NOT_COVERED) for n in theirs) and 0 in theirs
            assert sum(least(theirs)) >= threshold or nobody


@given(operators(fewest=3))
def test_no_operator_can_work_out_another_to_within_a_tenth(counts):
    reasons = Disclosure(10, SECRET, len(counts)).reasons(counts)

    for zone in np.flatnonzero(reasons == 0):
        theirs = sorted(least([int(row[zone]) for row in counts]), reverse=True)
        if theirs[0]:
            # The second knows the total and its own count: what is left is the first's, and the rest's.
            assert sum(theirs[2:]) >= 0.1 * theirs[0]
            assert sum(n > 0 for n in theirs) >= 3


@given(operators(), st.randoms())
def test_the_order_of_the_operators_does_not_matter(counts, random):
    shuffled = random.sample(counts, len(counts))

    np.testing.assert_array_equal(too_small(shuffled, 10), too_small(counts, 10))
    np.testing.assert_array_equal(dominated(shuffled), dominated(counts))


@given(operators(), st.integers(10, 50), st.integers(0, 20))
def test_a_higher_threshold_withholds_no_less(counts, threshold, more):
    assert not (too_small(counts, threshold) & ~too_small(counts, threshold + more)).any()


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ((50, 40, 30), 0),
        ((50, 40, 5), 0),
        ((50, 40, 4), DOMINATED),
        ((50, 40, WITHHELD), DOMINATED),
        ((50, 40, 0), DOMINATED),
        ((50, 40, NOT_COVERED), DOMINATED),
        ((5, 2, 2), SMALL),
        ((4, 3, 3), 0),
        ((8, WITHHELD, WITHHELD), 0),
        ((7, WITHHELD, WITHHELD), SMALL),
        ((WITHHELD, WITHHELD, WITHHELD), SMALL),
        ((0, 0, WITHHELD), SMALL),
        ((0, 0, NOT_COVERED), 0),
        ((0, 0, 0), 0),
    ],
)
def test_the_rule_for_a_single_figure(counts, reason):
    found = Disclosure(10, SECRET, 3).reasons([np.array([n], dtype=np.uint32) for n in counts])

    assert found.tolist() == [reason]


def test_of_two_operators_that_have_agreed_only_the_threshold_is_asked():
    counts = [np.array([40, 4], dtype=np.uint32), np.array([WITHHELD, 5], dtype=np.uint32)]

    assert Disclosure(10, SECRET, 2).reasons(counts).tolist() == [0, SMALL]


def test_a_figure_that_would_come_round_as_another_is_refused():
    with pytest.raises(CellCountError, match="would be -2"):
        released(np.array([-2.0]), np.array([False]))
    with pytest.raises(CellCountError, match="cannot be: counts are absurd"):
        released(np.array([5e9]), np.array([False]))


def deliveries(*consents):
    return [Delivery(Path(f"d{number}"), {"consent": consent}, "") for number, consent in enumerate(consents)]


def test_fewer_than_three_operators_must_have_agreed_unless_the_steward_alone_reads_it():
    assert not for_steward_only(deliveries(None, None, None), steward=False)
    assert not for_steward_only(deliveries("letter of 3 May", "letter of 4 May"), steward=False)
    assert for_steward_only(deliveries("letter of 3 May", None), steward=True)
    assert not for_steward_only(deliveries("letter of 3 May"), steward=True)
    with pytest.raises(DeliveryRefusedError, match=r"two operators.*d1 records none.*--steward"):
        for_steward_only(deliveries("letter of 3 May", " "), steward=False)
    with pytest.raises(DeliveryRefusedError, match="one operator"):
        for_steward_only(deliveries(None), steward=False)


def test_the_statement_says_what_is_done_and_not_the_secret():
    secret = bytes(range(32))
    said = disclosure_statement(Disclosure(15, secret, 3), check_value="c0ffee")

    assert said["threshold"] == 15
    assert "fewer than 15 devices" in said["rule"]
    assert "at least 3 operators" in said["dominance"]
    assert "next smallest part" in said["secondary"]
    assert "multiple of 5" in said["rounding"]
    assert (said["check_value"], said["rounding_base"]) == ("c0ffee", 5)
    assert secret.hex() not in json.dumps(said)
    assert secret.hex() not in repr(Disclosure(15, secret, 3))
    assert "fewer than three operators" in disclosure_statement(Disclosure(10, secret, 2), check_value="")["dominance"]
    off = disclosure_statement(Disclosure(10, secret, 3, Protection(False, False)), check_value="")
    assert "for tests" in off["secondary"]
    assert (off["rounding_base"], off["withholds_for_others"]) == (1, False)


REFERENCE = reference()
SHARES = {"a": 0.4, "b": 0.3, "c": 0.2}


def three(tmp_path, cells, shares=SHARES, **manifest):
    """Deliveries of operators that see the same people, each its share; `cells` gives the people of each cell."""
    folders = []
    for name, share in shares.items():
        rows = []
        for cell, people in sorted(cells.items(), key=lambda item: (item[0] != PARENT, item[0])):
            devices = round(people * share)
            rows.append(cell_row(cell, hours(devices if devices == 0 or devices >= 10 else None)))
        folders.append(
            write_delivery(tmp_path / name, name, factors=[factor(REGION, share)], cell_day=rows, **manifest)
        )
    return folders


def built(tmp_path, folders, **options):
    return build_release(folders, tmp_path / "releases", reference=REFERENCE, **options)


def people_at(release, hour="h12"):
    return {(int(row["resolution"]), row["h3"]): row[hour] for row in rows_of(release, "present")}


def test_a_child_of_few_is_not_the_parent_less_its_siblings(tmp_path):
    small, *others = CHILDREN
    cells = {small: 8, **{cell: 100 + 10 * number for number, cell in enumerate(others)}}
    cells[PARENT] = sum(cells.values())

    people = people_at(built(tmp_path, three(tmp_path, cells)))
    unprotected = people_at(
        built(tmp_path, three(tmp_path / "again", cells), protection=Protection(secondary=False, rounding=False))
    )

    assert people[7, small] is None
    assert [people[7, cell] is None for cell in others] == [False] * 6
    # 750 in the others, and what stands for one that is withheld: half the threshold, in people at P = 1.
    assert abs(people[6, PARENT] - (750 + 5)) <= 5
    assert all(value % 5 == 0 for value in people.values() if value is not None)
    assert [cell for (_, cell), value in unprotected.items() if value is None] == [small]


def test_the_same_figure_is_rounded_in_the_same_way_in_every_release_of_a_secret(tmp_path):
    cells = {cell: 100 + 3 * number for number, cell in enumerate(CHILDREN)}
    folders = three(tmp_path, cells)

    first = built(tmp_path, folders)
    again = built(tmp_path, folders, title="The same under another name")
    other = build_release(folders, tmp_path / "elsewhere" / "releases", reference=REFERENCE)

    every = [row for release in (first, again, other) for row in rows_of(release, "present")]
    figures = [
        tuple(row[f"h{hour:02d}"] for hour in range(24) for row in rows_of(each, "present"))
        for each in (first, again, other)
    ]
    assert first != again
    assert len(every) == 3 * len(CHILDREN)
    assert figures[0] == figures[1]
    assert figures[0] != figures[2]  # another secret: 168 figures would agree by chance once in a great many


def test_a_release_of_two_operators_needs_consent_or_is_for_the_steward_alone(tmp_path):
    cells = dict.fromkeys(CHILDREN, 200)
    folders = three(tmp_path, cells, {"a": 0.4, "b": 0.3}, consent=None)

    with pytest.raises(DeliveryRefusedError, match="--steward"):
        built(tmp_path, folders)
    for_steward = json.loads((built(tmp_path, folders, steward=True) / "manifest.json").read_text(encoding="utf-8"))
    agreed = three(tmp_path / "agreed", cells, {"c": 0.4, "d": 0.3}, consent="letter of 3 May")
    released_to_all = json.loads((built(tmp_path, agreed) / "manifest.json").read_text(encoding="utf-8"))

    assert for_steward["steward_only"] is True
    assert any("steward of the data only" in caveat for caveat in for_steward["caveats"])
    assert not released_to_all.get("steward_only", False)
    assert not any("steward of the data only" in caveat for caveat in released_to_all["caveats"])


def test_an_outage_does_not_change_what_is_withheld(tmp_path):
    outage = {
        "h3_parent": ALDER_CELLS[0],
        "from_utc": np.datetime64(f"{MONDAY}T09:00").item(),
        "to_utc": np.datetime64(f"{MONDAY}T10:00").item(),
        "share_active": 0.0,
        "reason": "fibre cut",
    }
    folders = three(tmp_path, dict.fromkeys(CHILDREN, 200), tables={"coverage": [outage]})

    people = people_at(built(tmp_path, folders), "h09")
    before = people_at(built(tmp_path, folders), "h08")

    assert {cell for cell, value in before.items() if value is None} == set()
    # All three say that they were down here: nobody is left to estimate from. The cells beside it are as before.
    assert {cell for (_, cell), value in people.items() if value is None} == {ALDER_CELLS[0]}
