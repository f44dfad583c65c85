"""One hour of an area: its figures, the words around them, and what is taken away."""

from __future__ import annotations

import io
import json
from datetime import date

import geopandas as gpd
import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellcount.ui import exports, scales
from cellcount.ui.hour import DensityDay, Hour
from cellcount.ui.look import PALETTES
from cellcount.ui.presence import AreaDay, CellDay, CellFacts
from cellcount.ui.times import hours_of
from cellcount.ui.view import Area, Days, View, nearest_choice, nearest_date
from cellcount.ui.words import exactly, interval, number, plain, rounded

MONDAY = date(2026, 11, 2)
CELLS = np.array(sorted(h3.cell_to_children(h3.latlng_to_cell(52.2, 0.12, 6), 7))[:4], dtype=np.int64)
ALDER = Area("E07000001", "Alder", "authority", "Alder (local authority)", "UK", 2000.0, 20.0)
RULE = "Fewer than 10 devices are withheld."
NIGHT, MORNING = 4, 8


def density(
    measure="people", people=None, residents=(500.0, 1500.0, 0.0, 0.0), errors=10.0, cell_errors=np.nan
) -> DensityDay:
    """Three of four cells have rows: 100 and 300 people at 04:00, twice as many at 08:00; the third is withheld."""
    figures = np.tile([[100.0], [300.0], [np.nan]], (1, 24)) if people is None else people
    figures[:2, MORNING] *= 2
    each = np.broadcast_to(np.reshape(cell_errors, (-1, 1)), figures.shape)
    return DensityDay(
        view=View(ALDER, Days("Europe/London", frozenset([MONDAY]), {}, {}, ()).dated(MONDAY), measure),
        resolution=7,
        facts=CellFacts(
            CELLS, np.full(4, 5.0), np.array(residents), ("north", "east", "south", "west"), (ALDER.code,) * 4
        ),
        cells=CellDay(CELLS[:3], figures, np.ones((3, 24), dtype=bool), np.ones(3)),
        errors=np.where(np.isnan(figures), np.nan, each),
        areas=AreaDay((ALDER.code,), np.tile(450.0, (1, 24)), np.full((1, 24), errors)),
        within=(),
        zone="Europe/London",
    )


def at(day: DensityDay, hour: int = MORNING) -> Hour:
    return Hour(day, day.values, hour)


def test_figures_of_the_area_are_its_own_count_and_never_the_sum_of_its_cells():
    figures = at(density()).figures()
    assert (figures.people, figures.error) == (450.0, 10.0), "and not 200 + 600"
    assert (figures.per_km2, figures.per_resident) == (450 / 20, 450 / 2000)


def test_a_figure_per_area_or_resident_has_the_error_of_its_total():
    figures = at(density(errors=40.0)).figures()
    assert (figures.per_km2_error, figures.per_resident_error) == (40 / 20, 40 / 2000)


@pytest.mark.parametrize(
    ("at_night", "steady"),
    [
        pytest.param(450.0, True, id="constant"),
        pytest.param(449.0, True, id="2 in 1,000 less"),
        pytest.param(440.0, False, id="2 in 100 less"),
        pytest.param(np.nan, True, id="one hour withheld"),
    ],
)
def test_a_total_that_hardly_varies_has_no_hour_that_stands_out(at_night, steady):
    """A source that shares out a fixed total gives the same total every hour: its largest hour is rounding."""
    day = density()
    day.areas.people[0, NIGHT] = at_night
    assert at(day).figures().steady is steady


def test_one_known_hour_is_no_sign_that_nothing_varies():
    day = density()
    day.areas.people[0, :MORNING] = day.areas.people[0, MORNING + 1 :] = np.nan
    assert not at(day).figures().steady


def test_the_caption_counts_what_is_not_shown():
    said = at(density()).caption(RULE)
    assert "1 of 4 cells is withheld and hatched: fewer than 10 devices are withheld." in said
    assert "1 of 4 cells is not covered by the release and not drawn." in said
    assert "Monday 2 November 2026, 08:00 to 09:00, local time (Europe/London)" in said


def test_a_cell_without_residents_has_no_figure_per_resident_and_is_counted():
    day = density("per_resident", people=np.tile([[100.0], [300.0], [40.0]], (1, 24)))
    hour = at(day)
    assert hour.values[:, MORNING].tolist()[:2] == [200 / 500, 600 / 1500]
    assert hour.shown.tolist() == [True, True, False]
    assert "1 of 4 cells is without residents, so without this measure, and not drawn." in hour.caption(RULE)


def test_the_list_has_the_most_first_and_leaves_out_what_is_withheld():
    ranked = at(density()).ranked()
    assert ranked["name"].tolist() == ["east", "north"]
    assert ranked["value"].tolist() == [600.0, 200.0]
    assert ranked["target"].tolist() == [f"{CELLS[1]:x}", f"{CELLS[0]:x}"]


def test_the_text_alternative_says_where_the_most_is():
    assert at(density()).alternative().endswith("in 3 cells. The most is 600 people, east.")


def test_the_day_on_which_clocks_go_back_has_25_hours():
    autumn = date(2026, 10, 25)
    slots = hours_of(autumn, "Europe/London", {date(2026, 10, 24), autumn})
    assert [slot.label for slot in slots][:4] == ["00:00", "01:00 BST", "01:00 GMT", "02:00"]
    assert len(slots) == 25


def test_what_is_taken_away_leaves_withheld_figures_empty_and_totals_with_their_limits():
    day = density()
    cells = exports.to_csv(day.cell_table()).decode("utf-8-sig").splitlines()
    assert cells[0].startswith("h3,place,area_km2,residents,people 00:00,people 01:00")
    assert cells[1].split(",")[4 + MORNING] == "200.0"
    assert cells[3].split(",")[4 + MORNING] == ""
    totals = day.total_table()
    assert totals.loc[MORNING, ["people", "se"]].tolist() == [450.0, 10.0]
    assert totals.loc[MORNING, ["lower", "upper"]].tolist() == [430.4, 469.6], "1.96 times 10, to a tenth of a person"
    assert set(day.cell_columns()) == set(day.cell_table().columns)
    assert set(day.total_columns()) == set(totals.columns)
    assert totals.loc[MORNING, "label"] == "precise", "10 is 2 % of 450"


def test_a_total_without_standard_error_has_no_limits():
    totals = density(errors=np.nan).total_table()
    assert totals["people"].notna().all()
    assert totals["lower"].isna().all()
    assert set(totals["label"]) == {""}


class TestTheIntervalOfACell:
    """At 08:00 the cells have 200 and 600 people with standard errors of 30 and 24: 15 % and 4 %."""

    ERRORS = (30.0, 24.0, 1.0)

    def test_the_ranked_list_has_errors_in_the_measure(self):
        ranked = at(density("per_km2", cell_errors=self.ERRORS)).ranked()
        assert ranked["error"].tolist() == [24 / 5, 30 / 5]

    def test_precision_is_a_measure_of_its_own_in_the_four_classes(self):
        hour = at(density("precision", cell_errors=self.ERRORS))
        assert hour.values[:, MORNING].tolist()[:2] == [0.15, 0.04]
        scale = scales.labels("Precision", PALETTES["light"])
        assert scale.classes(hour.values[:, MORNING]).tolist() == [2, 0, -2], "acceptable, precise, withheld"
        assert hour.by_label() == {"precise": 1, "reasonably precise": 0, "acceptable": 1, "use with caution": 0}
        assert hour.alternative().endswith("Figures by cell, by their 95 % interval: 1 precise and 1 acceptable.")

    def test_an_observed_zero_is_to_be_used_with_caution_and_not_a_gap(self):
        hour = at(
            density("precision", people=np.tile([[100.0], [0.0], [40.0]], (1, 24)), cell_errors=(5.0, 2.5, np.nan))
        )
        assert scales.labels("", PALETTES["light"]).classes(hour.values[:, MORNING]).tolist()[:2] == [0, 3]
        assert hour.shown.tolist() == [True, True, False], "the third has a figure and no known precision"
        assert "1 of 4 cells is of unknown precision and not drawn." in hour.caption(RULE)

    def test_the_caption_says_how_precise_the_cells_are(self):
        assert "by their 95 % interval: 1 precise and 1 acceptable." in at(density(cell_errors=self.ERRORS)).caption(
            RULE
        )
        assert "The release gives no interval for a cell." in at(density()).caption(RULE)

    def test_what_is_taken_away_has_error_limits_and_label_of_every_hour(self):
        day = density(cell_errors=self.ERRORS)
        row = day.cell_table().loc[0, [f"{name} 08:00" for name in ("people", "se", "lower", "upper", "label")]]
        assert row.tolist() == [200.0, 30.0, 141.2, 258.8, "acceptable"]
        assert set(day.cell_columns()) == set(day.cell_table().columns)

    def test_the_table_below_the_map_has_limits_and_labels_and_the_most_precise_first(self):
        table = at(density("precision", cell_errors=self.ERRORS)).table()
        assert table["Place"].tolist() == ["east", "north", "south"]
        assert table["Precision"].tolist() == ["precise", "acceptable", ""]
        assert table["Lower"].tolist()[:2] == pytest.approx([553.0, 141.2], abs=0.1)


FACTS = {"dc:title": "Cells", "release_id": "wood", "synthetic": True, "caveats": ["Made up."]}


def test_geoparquet_has_the_hexagons_and_says_what_it_is():
    table = density().cell_table().assign(synthetic=True)
    written = exports.to_geoparquet(table, FACTS)
    frame = gpd.read_parquet(io.BytesIO(written))
    assert frame.crs.to_epsg() == 4326
    for cell, outline in zip(frame["h3"], frame.geometry, strict=True):
        assert h3.latlng_to_cell(outline.centroid.y, outline.centroid.x, 7) == int(cell, 16)
    assert json.loads(pq.read_schema(io.BytesIO(written)).metadata[b"cellcount"]) == FACTS


def test_csvw_describes_every_column_and_says_what_it_is():
    day = density()
    described = json.loads(exports.to_csvw(day.cell_table(), "cells.csv", FACTS, day.cell_columns()))
    assert described["url"] == "cells.csv"
    assert described["synthetic"] is True
    columns = described["tableSchema"]["columns"]
    assert [each["name"] for each in columns] == list(day.cell_table().columns)
    assert all(each["dc:description"] for each in columns)
    assert {each["datatype"] for each in columns} == {"string", "number"}


@given(st.text())
def test_no_spreadsheet_runs_what_a_place_is_called(name):
    table = pd.DataFrame({"place": [name]})
    assert exports.safe_text(name)[:1] not in tuple("=+-@\t\r")
    assert exports.to_csv(table).startswith(b"\xef\xbb\xbfplace\n")


@given(st.floats(0, 1e9), st.floats(0.01, 1e6))
def test_a_figure_is_rounded_to_the_first_digit_of_its_error_and_no_further(value, error):
    assert abs(rounded(value, error) - value) <= error / 2 * 1.0001 + 1e-9 * value
    assert "nan" not in number(value, error)


@given(st.one_of(st.none(), st.just(float("nan")), st.just(float("inf"))))
def test_what_is_not_known_is_said_in_words(value):
    assert number(value) == exactly(value) == "not known"
    assert interval(value, 1.0) is None


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [(65_188_700, 3_100, "65.19 million"), (1_200_000, None, "1.20 million"), (999_600, 1_000, "1.00 million")],
)
def test_millions_have_at_most_two_decimals(value, error, words):
    assert number(value, error) == words


@pytest.mark.parametrize(
    "name",
    [
        *(" =1", "\u00a0=1", "\n=1", "\u200b=1", "\ufeff=1", "\x00=1", " \t+1"),
        *("\uff1d1", "\uff0b1", "\uff0d1", "\uff201", " \uff1d1"),
    ],
)
def test_neither_what_cannot_be_seen_nor_wide_signs_hide_a_formula(name):
    assert exports.safe_text(name) == f"'{name}"


@pytest.mark.parametrize("name", ["Stoke-on-Trent", " Leeds", "−1,230", "a=1", "", "   "])
def test_words_that_no_spreadsheet_runs_stay_as_they_are(name):
    assert exports.safe_text(name) == name


def test_no_spreadsheet_runs_what_a_column_is_called():
    table = pd.DataFrame({"=a": [1], " @b": ["c"]})
    assert exports.to_csv(table).decode("utf-8-sig") == "'=a,' @b\n1,c\n"
    columns = json.loads(exports.to_csvw(table, "a.csv", {}, {}))["tableSchema"]["columns"]
    assert [each["titles"] for each in columns] == ["'=a", "' @b"], "the description has the headings of the file"


def test_what_is_not_of_a_release_is_not_said_to_be_missing_from_one():
    said = nearest_choice("x", {"tourism": "Tourism"}, "tourism", "theme").said
    assert said == "There is no theme “x” here. Shown instead: Tourism."


@given(st.text())
def test_text_of_strangers_is_never_markdown(text):
    for mark in ("`", "*", "[", "<", "$", "#"):
        assert plain(text).count(mark) == plain(text).count(f"\\{mark}")


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)))
def test_the_nearest_date_is_one_that_there_is(asked):
    days = [date(2026, 10, 5), date(2026, 10, 9)]
    answer = nearest_date(asked.isoformat(), days, days[0])
    assert date.fromisoformat(answer.value) in days
    assert bool(answer.said) == (asked not in days)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        pytest.param("Saturday", "a usual Saturday, 5 October 2026 to 8 November 2026", id="5 October is a Monday"),
        pytest.param("Weekday", "a usual weekday, 5 October 2026 to 8 November 2026", id="no proper name"),
    ],
)
def test_a_typical_day_does_not_read_as_a_date(kind, words):
    days = Days("Europe/London", frozenset(), {"autumn": "5 October 2026 to 8 November 2026"}, {"kind": kind}, ())
    assert days.typical("autumn", "kind").words == words
