"""Two times of one area: the same cells and steps, one scale, differences with their errors."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellcount.ui.compare import Compared, compared
from cellcount.ui.hour import DensityDay
from cellcount.ui.presence import AreaDay, CellDay, CellFacts
from cellcount.ui.times import Slot
from cellcount.ui.view import Area, Day, Days, View

MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)
DAYS = Days(
    "Europe/London",
    frozenset([MONDAY, TUESDAY]),
    {"2026-11": "November 2026"},
    {"weekday": "Weekday"},
    tuple(Slot(f"{hour:02d}:00", f"{hour:02d}:00 to {hour + 1:02d}:00", (hour,), hour) for hour in range(24)),
)
ALDER = Area("E07000001", "Alder", "authority", "Alder (local authority)", "UK", 2000.0, 20.0)
CELLS = np.array([608_000, 608_001, 608_002], dtype=np.int64)
NIGHT, MORNING = 4, 8


def density(people, day: Day, cells=CELLS, measure="people", error=3.0) -> DensityDay:
    """Cells of 5 km² with as many people in every hour of a day."""
    figures = np.tile(np.reshape(np.array(people, dtype=float), (-1, 1)), (1, len(day.slots)))
    return DensityDay(
        view=View(ALDER, day, measure),
        resolution=7,
        facts=CellFacts(CELLS, np.full(3, 5.0), np.full(3, 100.0), ("north", "east", "south"), (ALDER.code,) * 3),
        cells=CellDay(cells, figures, np.ones(figures.shape, dtype=bool), np.ones(len(cells))),
        errors=np.where(np.isnan(figures), np.nan, error),
        areas=AreaDay((ALDER.code,), np.tile(450.0, (1, len(day.slots))), np.full((1, len(day.slots)), 10.0)),
        within=(),
        zone="Europe/London",
    )


def both(first=(100.0, 300.0, np.nan), second=(90.0, 200.0, 50.0), **more) -> Compared:
    return compared(
        density(first, DAYS.dated(MONDAY), **more),
        density(second, DAYS.dated(TUESDAY), error=4.0, measure=more.get("measure", "people")),
    )


def test_a_difference_is_the_first_less_the_second_and_withheld_where_either_is():
    assert both().differences[:, MORNING].tolist() == pytest.approx([10, 100, np.nan], nan_ok=True)


def test_its_variance_is_the_sum_of_both():
    """Errors of 3 and 4: 5. So 10 is beyond 1.96 x 5 = 9.8, and 9 is not."""
    assert both().errors[:, MORNING].tolist() == pytest.approx([5, 5, np.nan], nan_ok=True)
    assert both().clear[:, MORNING].tolist() == [True, True, False]
    assert both(first=(99.0, 300.0, 0.0)).clear[:, MORNING].tolist() == [False, True, True]


def test_a_difference_per_area_has_its_error_per_area():
    found = both(measure="per_km2")
    assert found.differences[0, MORNING] == 2.0
    assert found.errors[0, MORNING] == 1.0


def test_cells_that_only_one_has_are_not_covered_by_the_other():
    found = compared(
        density([100.0, 300.0], DAYS.dated(MONDAY), cells=CELLS[:2]),
        density([200.0, 50.0], DAYS.dated(TUESDAY), cells=CELLS[1:]),
    )
    assert found.day.cells.h3.tolist() == CELLS.tolist() == found.other.cells.h3.tolist()
    assert found.covered[:, MORNING].tolist() == [False, True, False]
    assert found.differences[:, MORNING].tolist() == pytest.approx([np.nan, 100, np.nan], nan_ok=True)


def test_a_date_is_compared_with_the_same_hour_of_a_usual_day():
    usual = DAYS.typical("2026-11", "weekday")
    found = compared(density([1.0] * 3, DAYS.dated(MONDAY)), density([1.0] * 3, usual))
    assert found.words_of(MORNING) == (
        "Monday 2 November 2026, 08:00 to 09:00",
        "a usual weekday, November 2026, 08:00 to 09:00",
    )


def test_every_hour_can_be_compared_with_a_fixed_one():
    day = density([100.0] * 3, DAYS.dated(MONDAY))
    day.cells.people[:, NIGHT] = 40.0
    found = compared(day, day, fixed=NIGHT)
    assert found.differences[0, MORNING] == 60.0
    assert found.words_of(MORNING)[1].endswith("04:00 to 05:00")
    assert found.differences[0, NIGHT] == 0.0


def test_a_day_of_25_hours_has_both_its_ones_compared_with_one():
    autumn = Days("Europe/London", frozenset([date(2026, 10, 24), date(2026, 10, 25)]), {}, {}, ())
    long = autumn.dated(date(2026, 10, 25))
    found = compared(density([100.0] * 3, long), density([90.0] * 3, DAYS.dated(MONDAY)))
    assert found.differences.shape == (3, 25)
    assert (found.differences[0] == 10.0).all()


def test_an_hour_that_the_other_lacks_is_not_covered():
    some = replace(DAYS.typical("2026-11", "weekday"), slots=DAYS.slots[7:10])
    found = compared(density([100.0] * 3, DAYS.dated(MONDAY)), density([90.0] * 3, some))
    assert found.covered[0].nonzero()[0].tolist() == [7, 8, 9]


def test_the_caption_says_what_is_compared_and_what_is_more_than_chance():
    said = both().caption(MORNING)
    assert "Compared: Monday 2 November 2026, 08:00 to 09:00, less Tuesday 3 November 2026, 08:00 to 09:00." in said
    assert "1 of 3 cells has no difference: withheld or not covered at one of the times." in said
    assert "2 of 2 cells differ by more than the 95 % interval of the difference" in said
    without = both(error=np.nan).caption(MORNING)
    assert "The release gives no interval for a cell" in without


def test_the_text_alternative_says_where_the_change_is():
    said = both(first=(80.0, 300.0, np.nan)).alternative(MORNING)
    assert "More in 50.0 % of 2 cells. The largest gain is 100, east. The largest loss is 10, north." in said
    assert "No cell has both figures." in both(first=(np.nan,) * 3).alternative(MORNING)


def test_the_table_has_the_largest_difference_first_and_what_is_taken_away_is_described():
    found = both()
    table = found.table(MORNING)
    assert table["Place"].tolist() == ["east", "north", "south"]
    assert table["Beyond its interval"].tolist() == ["yes", "yes", ""]
    assert table.loc[0, ["Lower", "Upper"]].tolist() == pytest.approx([90.2, 109.8], abs=0.01)
    assert set(found.cell_columns()) == set(found.cell_table().columns)


def test_other_cells_are_not_compared():
    day = density([1.0] * 3, DAYS.dated(MONDAY))
    with pytest.raises(ValueError, match="the same cells"):
        compared(day, replace(day, resolution=8))


@given(st.lists(st.floats(0, 1e6), min_size=3, max_size=3), st.lists(st.floats(0, 1e6), min_size=3, max_size=3))
def test_the_other_way_round_has_the_other_sign(one, other):
    there, back = both(one, other), both(other, one)
    assert np.array_equal(there.differences, -back.differences)
    assert np.array_equal(there.clear, back.clear)
