"""Local days, and the histories and typical days that come from released figures."""

import datetime as dt
from itertools import pairwise

import numpy as np
import pytest
from build_world import (
    ALDER,
    ALDER_CELLS,
    PLAIN,
    REGION,
    area_row,
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
from cellcount.build.history import ranges, typical_day, typical_days
from cellcount.build.local_time import local_days
from cellcount.methods.day_types import day_type
from cellcount.standard import HOURS_OF_DAY

FRIDAY = dt.date(2026, 10, 23)
SATURDAY, SUNDAY, MONDAY, TUESDAY = (FRIDAY + dt.timedelta(days) for days in range(1, 5))
ONE, OTHER, LATE, *_ = ALDER_CELLS


def test_local_days_across_the_end_of_summer_time():
    days = local_days(FRIDAY, TUESDAY)

    # Friday's first local hour is 23:00 UTC of Thursday, which is not there; Sunday has 25 hours.
    assert list(days) == [SATURDAY, MONDAY, TUESDAY]
    assert days[SATURDAY] == 23  # 23:00 UTC of Friday
    assert days[MONDAY] == 72  # midnight UTC: summer time is over


def test_local_days_across_its_beginning():
    days = local_days(dt.date(2027, 3, 27), dt.date(2027, 3, 30))

    # Sunday 28 March has 23 hours; Tuesday begins at 23:00 UTC of Monday and ends at 23:00 UTC.
    assert {day.day: start for day, start in days.items()} == {27: 0, 29: 47, 30: 71}


def test_a_zone_without_summer_time():
    days = local_days(dt.date(2026, 10, 24), dt.date(2026, 10, 26), "Asia/Tokyo")

    assert {day.day: start for day, start in days.items()} == {25: 15, 26: 39}


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-10-05", "weekday"),
        ("2026-10-10", "saturday"),
        ("2026-10-11", "sunday"),
        ("2026-12-28", "bank_holiday"),  # Boxing Day is a Saturday: the Monday stands in for it
        ("2026-11-30", "weekday"),  # St Andrew's Day is a bank holiday in Scotland only
        ("2027-01-01", "bank_holiday"),
    ],
)
def test_day_types(day, kind):
    assert day_type(dt.date.fromisoformat(day)) == kind


def history_release(tmp_path):
    """Five days over the end of summer time; one cell has figures on all of them, another is withheld on Tuesday."""
    days = {}
    for number, day in enumerate((FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY)):
        rows = [
            cell_row(ONE, hours(100 + 10 * number, h00=40 + number)),
            cell_row(OTHER, hours(None if day == TUESDAY else 100)),
        ]
        days[day] = rows + ([cell_row(LATE, hours(50))] if day == TUESDAY else [])
    delivery = write_delivery(
        tmp_path / "only",
        "only",
        first=FRIDAY,
        last=TUESDAY,
        cell_day=days,
        factors=[factor(REGION, 0.5)],
        area_day=[area_row(ALDER, hours(2000, h08=1000))],
    )
    return build_release([delivery], tmp_path / "releases", reference=reference(), protection=PLAIN)


def test_a_typical_day_is_in_local_hours_and_made_of_released_figures_only(tmp_path):
    release = history_release(tmp_path)

    typical = {(row["day_type"], row["h3"]): row for row in rows_of(release, "typical_day")}
    weekday, saturday = typical["weekday", ONE], typical["saturday", ONE]
    # Monday and Tuesday: 130 and 140 devices, 260 and 280 people; standard deviation sqrt(2 x 10^2 / 1) = 14.1.
    assert weekday["dates_used"] == 2
    assert (weekday["l12"], weekday["l12_sd"]) == (270, pytest.approx(14.1, abs=0.05))
    # From 00:00 to 01:00 UTC there were 43 and 44 devices: the same hour by local time, now that summer time is over.
    assert weekday["l00"] == 87
    # On Saturday, local midnight is 23:00 UTC of Friday (100 devices), and 01:00 is 00:00 UTC (41 devices).
    assert (saturday["l00"], saturday["l01"], saturday["l02"]) == (200, 82, 220)
    assert saturday["dates_used"] == 1
    assert saturday["l12_sd"] is None
    # Tuesday is withheld, so there is no weekday; what Saturday says stands.
    assert typical["weekday", OTHER]["l12"] is None
    assert typical["saturday", OTHER]["l12"] == 200
    # A cell that is covered on Tuesday only has no typical weekday either.
    assert typical["weekday", LATE]["l12"] is None
    # Sunday has 25 hours and no type of its own.
    assert {day_type for day_type, _ in typical} == {"weekday", "saturday"}
    assert {row["period"] for row in typical.values()} == {"2026-10-23_2026-10-27"}


def test_a_typical_day_has_the_bank_holidays_of_the_nation_that_a_cell_lies_in():
    """Monday 30 November 2026 is Saint Andrew's Day, a bank holiday in Scotland alone; Tuesday is one nowhere."""
    dates = [dt.date(2026, 11, 30), dt.date(2026, 12, 1)]
    run = np.repeat(np.array([[100, 100], [200, 200]], dtype=np.uint32), HOURS_OF_DAY, axis=0)

    found = typical_days(np.array([1, 2]), run, dates, np.array(["S", "E"]))

    rows = {(kind, row["h3"]): (row["l12"], row["dates_used"]) for kind in found for row in found[kind].to_pylist()}
    assert rows == {("weekday", 1): (200, 1), ("weekday", 2): (150, 2), ("bank_holiday", 1): (100, 1)}
    assert found["weekday"].column("h3").to_pylist() == [1, 2], "in the order of the cells"


def test_a_typical_day_of_an_area(tmp_path):
    areas = {row["day_type"]: row for row in rows_of(history_release(tmp_path), "typical_area")}

    assert areas["weekday"]["people_l08"] == 2000
    assert areas["weekday"]["people_l12"] == 4000
    # Half of the residents are seen. Chance and rounding are less in the mean of two days, the uncertainty of the share
    # is not: 5 % as stated, the 3 % who may be abroad, and 0.5 %, for only one authority is delivered.
    variance = (4000 + 1 / 0.5) / 0.5 / 2 + 4 / 2 + 4000**2 * (0.05**2 + 0.03**2 + 0.005**2)
    assert areas["weekday"]["se_l12"] == pytest.approx(variance**0.5, abs=0.1)
    assert areas["saturday"]["people_l08"] == 4000  # 07:00 UTC
    assert areas["saturday"]["people_l09"] == 2000


def test_a_history_has_the_figures_of_the_days_by_cell_then_date(tmp_path):
    release = history_release(tmp_path)

    history = rows_of(release, "present_history")
    daily = {(row["h3"], row["date"]): row for row in rows_of(release, "present")}

    assert [(row["h3"], row["date"]) for row in history] == sorted((row["h3"], row["date"]) for row in history)
    assert len(history) == len(daily) == 11
    for row in history:
        expected = daily[row["h3"], str(row["date"])]
        assert {name: row[name] for name in hours(0)} == {name: expected[name] for name in hours(0)}


def test_ranges_are_whole_and_without_overlap():
    cells = np.arange(100_000, dtype=np.int64) * 3

    cut = ranges(cells, dates=364)

    assert len(cut) > 1
    assert cut[0][0] == 0
    assert cut[-1][1] == cells[-1]
    assert all(before[1] + 3 == after[0] for before, after in pairwise(cut))


@given(
    st.lists(
        st.lists(st.sampled_from([0, 10, 250, 70_000, WITHHELD, NOT_COVERED]), min_size=2, max_size=2),
        min_size=48,
        max_size=48,
    )
)
def test_a_typical_hour_is_null_exactly_where_one_of_its_figures_is(run):
    figures = np.array(run, dtype=np.uint32)

    typical = typical_day(np.array([1, 2]), figures, starts=[0, 24]).to_pylist()

    for cell in range(2):
        for hour in range(24):
            used = [figures[hour, cell], figures[24 + hour, cell]]
            mean, deviation = typical[cell][f"l{hour:02d}"], typical[cell][f"l{hour:02d}_sd"]
            if max(used) >= NOT_COVERED:
                assert mean is None
                assert deviation is None
            else:
                assert mean == pytest.approx(np.mean([int(n) for n in used]), rel=1e-5)
                assert deviation == pytest.approx(np.std([int(n) for n in used], ddof=1), rel=1e-5, abs=0.1)
