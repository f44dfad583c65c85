"""What the density page adds to its map: windows, comparison, search, and a cell's curve.

The release is that of `release_world`: at 08:00 on Monday 2 November 2026 Alder's cells have 110, 220, a withheld
figure and 440 people, Birch's 55, 65 and 0; on Tuesday one cell of each is covered, with 111 and 56. A usual weekday
has 110.5 and 55.5 there.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pyarrow as pa
import pytest
import release_world
from app_pages import drawn, figures, metrics, sent, texts, withheld
from build_world import ALDER, BIRCH, reference
from release_world import A1, A2, A3, A4, B1, B2, B3, FIGURES, area_hour, present, write_release
from streamlit.testing.v1 import AppTest

from cellcount.ui import controls

DENSITY = "pages/density.py"


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("releases")
    write_release(folder, "wood")
    return folder


def values(app: AppTest, prefix: str = "s") -> dict[int, float]:
    return {cell: value for cell, (value, _) in drawn(app, prefix).items()}


MORNING = {"day": "window", "window": "own", "hours_from": "8", "hours_to": "9"}


class TestWindows:
    def test_the_mean_of_a_window_is_on_the_map_and_told(self, releases, open_app):
        app = open_app(releases, DENSITY, **MORNING)
        assert values(app) == pytest.approx({A1: 110.5, A2: 220, A4: 440, B1: 55.5, B2: 65, B3: 0}, rel=1e-3)
        assert withheld(app) == {A3}
        said = texts(app)
        assert "all days, 2 November to 3 November 2026, mean of 08:00 to 09:00, local time (Europe/London)" in said
        assert "A mean is withheld where more than 10 % of its hours are" in said
        assert "Behind each figure: 2 dates, up to 2 hours." in said
        assert sent(app)[0]["steps"]["labels"] == ["mean of 08:00 to 09:00"], "nothing plays"
        assert metrics(app)["Mean people present"] == "1,190", "the country's own total, of Monday"

    def test_the_peak_is_the_largest_hour(self, releases, open_app):
        app = open_app(releases, DENSITY, **MORNING, statistic="peak", area="Alder")
        assert values(app) == pytest.approx({A1: 111, A2: 220, A4: 440}, rel=1e-3)
        assert metrics(app)["Most people present"] == "1,070"
        assert "Most people at once in the window: 3 Nov, 08:00." in texts(app)
        assert "A largest of unsure figures is rather too high." in texts(app)

    def test_the_hours_of_a_window_have_the_area_s_curve(self, releases, open_app):
        app = open_app(releases, DENSITY, day="window", window="morning", area="Alder")
        assert "Mean of its dates by hour, with 95 % interval, rather too wide" in texts(app)
        (chart,) = app.get("plotly_chart")
        bars = json.loads(chart.proto.spec)["data"][0]
        assert bars["type"] == "bar", "three hours are no curve"

    def test_a_release_without_errors_promises_no_interval_of_them(self, tmp_path, open_app):
        rows = [{**row, **dict.fromkeys(f"se_h{hour:02d}" for hour in range(24))} for row in FIGURES["area_hour"]]
        write_release(tmp_path, "wood", figures={"area_hour": rows})
        said = texts(open_app(tmp_path, DENSITY, day="window", window="morning", area="Alder"))
        assert "###### Mean of its dates by hour\n" in said
        assert "95 % interval, rather too wide" not in said

    def test_dates_and_day_types_narrow_it(self, releases, open_app):
        app = open_app(releases, DENSITY, **MORNING, first="2026-11-03")
        assert values(app) == {A1: 111, B1: 56}
        assert "all days, 3 November 2026" in texts(app)

    def test_dates_the_wrong_way_round_are_exchanged_and_it_is_said(self, releases, open_app):
        app = open_app(releases, DENSITY, **MORNING, first="2026-11-03", last="2026-11-02")
        assert "The last date lies before the first: they were exchanged." in texts(app)
        assert "2 November to 3 November 2026" in texts(app)

    @pytest.mark.parametrize(
        ("key", "asked", "said"),
        [
            ("window", "brunch", "There is no window of hours “brunch” here."),
            ("first", "2031-01-01", "This release has no 1 January 2031. The nearest date is Tuesday 3 November 2026."),
            ("statistic", "median", "There is no statistic “median” here."),
            ("day_types", "Mondays", "There is no kind of day “Mondays” in this release."),
        ],
    )
    def test_a_bad_value_in_the_address_gets_a_sentence(self, releases, open_app, key, asked, said):
        assert said in texts(open_app(releases, DENSITY, day="window", **{key: asked}))

    def test_a_release_without_histories_offers_no_windows(self, tmp_path, open_app):
        write_release(tmp_path, "wood", only=["present", "area_hour", "typical_day"])
        app = open_app(tmp_path, DENSITY, day="window")
        offered = [option.content for each in app.get("button_group") for option in each.proto.options]
        assert "Window" not in offered
        assert not app.exception

    def test_the_link_opens_the_same_window(self, releases, open_app):
        app = open_app(releases, DENSITY, **MORNING, statistic="peak", area="Alder", day_types="weekday")
        app.session_state["link"] = True
        app.run()
        (address,) = [each.value for each in app.code if "release=" in each.value]
        query = {key: found[0] for key, found in parse_qs(urlsplit(address).query).items()}
        assert query["day"] == "window"
        again = open_app(releases, DENSITY, **query)
        assert values(again) == values(app)
        assert texts(again).count("weekdays, 2 November to 3 November 2026, peak of 08:00 to 09:00") == texts(
            app
        ).count("weekdays, 2 November to 3 November 2026, peak of 08:00 to 09:00")


class TestComparison:
    def test_two_days_stand_side_by_side_on_one_scale(self, releases, open_app):
        app = open_app(releases, DENSITY, compare="side", compare_day="date", compare_date="2026-11-03")
        spec, tables = sent(app)
        assert spec["compare"] == "side"
        assert spec["panes"] == ["Monday 2 November 2026", "Tuesday 3 November 2026"]
        assert values(app)[A1] == 110
        assert values(app, "o") == {A1: 111, B1: 56}
        assert figures(spec, tables, "cells", "o").shape == (7, 24)

    def test_a_difference_is_the_first_less_the_second_with_its_interval(self, releases, open_app):
        """Against the usual weekday, 110.5 and 55.5: the map draws the others less the values."""
        app = open_app(releases, DENSITY, compare="difference")
        spec, tables = sent(app)
        assert spec["compare"] == "difference"
        assert spec["scale"]["signed"] is True
        usual, monday = (figures(spec, tables, "cells", prefix)[:, 8] for prefix in ("s", "o"))
        known = (usual >= 0) & (monday >= 0)
        assert sorted(np.round(monday - usual, 1)[known].tolist()) == [-0.5, -0.5]
        said = texts(app)
        assert (
            "Compared: Monday 2 November 2026, 08:00 to 09:00, less a usual weekday, November 2026, 08:00 to 09:00."
            in said
        )
        assert "5 of 7 cells have no difference" in said
        assert "0 of 2 cells differ by more than the 95 % interval" in said

    def test_the_area_s_totals_are_compared_too(self, releases, open_app):
        """Alder: 1,070 and 1,000.5 with errors of 20 and 5, so 69.5 and 1.96 x 20.6 = 40.4 on either side."""
        app = open_app(releases, DENSITY, compare="difference", area="Alder")
        shown = metrics(app)
        assert (shown["People, first"], shown["Difference"], shown["In per cent"]) == ("1,070", "+70", "+7 %")
        assert "95 % intervals, rather too wide: +30 to +110; in per cent +3 % to +11 %." in texts(app)

    def test_every_hour_can_be_compared_with_one(self, releases, open_app):
        app = open_app(
            releases, DENSITY, compare="side", compare_day="date", compare_date="2026-11-02", compare_hour="04:00"
        )
        spec, tables = sent(app)
        seconds = figures(spec, tables, "cells", "o")
        assert (seconds == seconds[:, :1]).all(where=~np.isnan(seconds))
        assert spec["panes"][1] == "Monday 2 November 2026, 04:00"

    def test_windows_are_compared_on_days_of_another_type(self, releases, open_app):
        app = open_app(releases, DENSITY, day="window", compare="difference", area="Alder")
        assert sent(app)[0]["compare"] == "difference"
        assert not app.exception

    def test_the_table_and_the_download_have_both_figures_and_the_difference(self, releases, open_app):
        app = open_app(releases, DENSITY, compare="difference", area="Alder")
        app.session_state["table"] = True
        app.session_state["download"] = True
        app.run()
        table = app.dataframe[0].value
        assert {"First", "Second", "Difference", "Beyond its interval"} <= set(table.columns)
        assert table["Difference"].dropna().tolist() == [-0.5]
        assert "both figures and the first less the second" in texts(app)

    def test_precision_is_not_compared(self, releases, open_app):
        app = open_app(releases, DENSITY, measure="precision", compare="difference")
        assert sent(app)[0]["compare"] == "none"


class TestSearch:
    def test_the_map_moves_to_a_place_and_its_area_is_offered(self, releases, open_app):
        whole = sent(open_app(releases, DENSITY))[0]["view"]
        app = open_app(releases, DENSITY, place="Alder", which="1")
        view = sent(app)[0]["view"]
        assert view != whole
        assert view["north"] - view["south"] < 0.2
        app.button(key="to-area").click().run()
        assert app.selectbox(key="area").value == "Alder (local authority)"

    def test_a_name_of_several_gives_a_choice(self, releases, open_app):
        app = open_app(releases, DENSITY, place="alder")
        assert app.selectbox(key="which").options == ["Alder, local authority", "Alder, town"]

    def test_an_answer_to_another_search_is_left_in_silence(self, tmp_path, open_app):
        """Two places are called Birch, and two Alder: after the town of Alder the first Birch is meant, and not the one
        whose identifier is more like the town's."""
        known = reference()
        rows = [
            {"place_id": f"town-100{number}", "place_name": name, "kind": "town", "lon": 0.1, "lat": 52.2}
            for number, name in enumerate(["Alder", "Birch"], start=1)
        ]
        named = replace(known, places=pa.Table.from_pylist(rows, schema=known.places.schema))
        with mock.patch.object(release_world, "reference", return_value=named):
            write_release(tmp_path, "wood")
        app = open_app(tmp_path, DENSITY, place="alder")
        app.selectbox(key="which").set_value("town-1001").run()
        assert app.selectbox(key="which").value == "town-1001"
        app.text_input(key="place").set_value("birch").run()
        assert app.selectbox(key="which").options == ["Birch, local authority", "Birch, town"]
        assert app.selectbox(key="which").value == BIRCH
        assert "There is no answer" not in texts(app)

    def test_an_answer_that_a_link_names_and_that_is_not_there_gets_a_sentence(self, releases, open_app):
        assert "There is no answer “x” here." in texts(open_app(releases, DENSITY, place="alder", which="x"))

    def test_a_search_moves_the_map_from_a_cell_that_was_picked(self, releases, open_app):
        app = open_app(releases, DENSITY, area="Alder", place="birch")
        place = sent(app)[0]["view"]
        app.button(key="ranked-1").click().run()
        assert sent(app)[0]["view"] != place, "the cell"
        app.text_input(key="place").set_value("alder").run()
        there = sent(app)[0]["view"]
        assert there == sent(open_app(releases, DENSITY, area="Alder", place="alder"))[0]["view"]
        app.button(key="ranked-2").click().run()
        app.selectbox(key="which").set_value("1").run()
        assert (
            sent(app)[0]["view"] == sent(open_app(releases, DENSITY, area="Alder", place="alder", which="1"))[0]["view"]
        )

    def test_a_place_outside_the_area_is_said(self, releases, open_app):
        said = "Outside Alder, whose cells alone are drawn: Birch, local authority."
        assert said in texts(open_app(releases, DENSITY, area="Alder", place="birch"))
        assert "Outside" not in texts(open_app(releases, DENSITY, area="North Wood", place="birch"))

    def test_coordinates_are_put_into_their_area(self, releases, open_app):
        app = open_app(releases, DENSITY, place="52.2, 0.1")
        view = sent(app)[0]["view"]
        assert view["south"] < 52.2 < view["north"]
        assert view["west"] < 0.1 < view["east"]

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ("Xyzzyx", "There is no place “Xyzzyx” in this release."),
            ("48.8, 2.3", "48.800° N 2.300° E lies outside the areas of this release."),
            ("95, 0", "Coordinates are latitude, up to 90 degrees"),
        ],
    )
    def test_bad_input_gets_a_sentence_and_the_map_stays(self, releases, open_app, asked, said):
        app = open_app(releases, DENSITY, place=asked)
        assert said in texts(app)
        assert values(app)

    def test_what_is_typed_is_shown_as_text(self, releases, open_app):
        app = open_app(releases, DENSITY, place="<img src=x>")
        assert r"\<img src=x\>" in app.info[0].value


class TestCell:
    def test_a_selected_cell_has_its_curve_against_its_usual_day(self, releases, open_app):
        app = open_app(releases, DENSITY, cell=f"{A1:x}")
        assert sent(app)[0]["marked"] == [f"{A1:x}"]
        assert "The cell near Alder" in texts(app)
        assert "Dashed: a usual weekday, November 2026." in texts(app)
        (chart,) = app.get("plotly_chart")
        curves = {each["name"]: each["y"] for each in json.loads(chart.proto.spec)["data"] if each.get("name")}
        assert len(curves) == 2

    def test_of_a_cell_whose_usual_day_is_withheld_that_is_said(self, releases, open_app):
        app = open_app(releases, DENSITY, cell=f"{A2:x}")
        assert "What is usual there (a usual weekday, November 2026) is withheld." in texts(app)

    def test_withheld_hours_of_a_cell_are_counted(self, releases, open_app):
        app = open_app(releases, DENSITY, cell=f"{A3:x}")
        assert "1 of 24 hours are withheld or not covered." in texts(app)

    def test_in_a_window_a_cell_has_its_mean_by_hour(self, releases, open_app):
        app = open_app(releases, DENSITY, day="window", window="morning", cell=f"{A1:x}")
        assert "Mean by hour, all days, 2 November to 3 November 2026." in texts(app)
        (chart,) = app.get("plotly_chart")
        assert json.loads(chart.proto.spec)["data"][0]["type"] == "bar"

    def test_one_click_lets_a_cell_go_that_the_address_marked(self, monkeypatch):
        """What the map tells is a click on the cell; the address has it, and the session nothing yet."""
        monkeypatch.setattr(controls.st, "session_state", {})
        monkeypatch.setattr(controls.st, "query_params", {"cell": f"{A1:X}"})
        controls.click_cell(f"{A1:x}")
        assert (controls.st.session_state, controls.st.query_params) == ({}, {})
        controls.click_cell(f"{A1:x}")
        assert controls.st.query_params == {"cell": f"{A1:x}"}

    @pytest.mark.parametrize("asked", ["zz", f"{B1:x}"])
    def test_a_cell_that_the_area_does_not_have_is_not_marked(self, releases, open_app, asked):
        assert sent(open_app(releases, DENSITY, area=ALDER, cell=asked))[0]["marked"] == []


class TestWeek:
    """Nine days from Sunday 1 November 2026: the week of Monday 2 November is whole."""

    @pytest.fixture
    def nine_days(self, tmp_path: Path) -> Path:
        days = [dt.date(2026, 11, 1) + dt.timedelta(step) for step in range(9)]
        rows = present({A1: (110, 100), B1: (55, 50)})
        by_partition = {f"present/resolution=7/date={day}": rows for day in days}
        by_partition["area_hour"] = [area_hour(ALDER, day, 1000, 20.0, 1070) for day in days]
        write_release(tmp_path, "week", figures=by_partition)
        return tmp_path

    def test_a_week_is_offered_and_sends_all_its_hours(self, nine_days, open_app):
        week = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        app = open_app(nine_days, DENSITY, day="week", area="Alder")
        spec, tables = sent(app)
        assert len(spec["steps"]["labels"]) == 168
        assert spec["steps"]["labels"][::24] == [f"{day} 00:00" for day in week]
        assert figures(spec, tables, "cells", "s").shape[1] == 168
        said = texts(app)
        assert "People present over the week, with 95 % interval" in said
        assert "over the day" not in said
        (chart,) = app.get("plotly_chart")
        axis = json.loads(chart.proto.spec)["layout"]["xaxis"]
        assert axis["ticktext"] == week

    def test_two_dates_are_no_week(self, releases, open_app):
        app = open_app(releases, DENSITY)
        offered = [option.content for each in app.get("button_group") for option in each.proto.options]
        assert "Week" not in offered
