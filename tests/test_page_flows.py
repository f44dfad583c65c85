"""The flows page as a visitor meets it.

The release is that of `release_world`, with trips of its own: Alder and Birch in the region North Wood, half of all
people observed and 2 % (Alder) or 10 % (Birch) of doubt about that. On Monday 2 November 2026, UTC and local time being
the same, 500 trips stay in Alder, 300 go to Birch, of which 200 at 08:00, and 100 come back; those within Birch are
withheld. Of commuting trips 400 stay in Alder and 80 go to Birch.
"""

from __future__ import annotations

import io
import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from app_pages import figures, metrics, sent, texts
from build_world import ALDER, BIRCH, MONDAY, hours
from release_world import write_release
from streamlit.testing.v1 import AppTest

from cellcount.ui import controls, exports, flows, maps
from cellcount.ui.ground import Bounds

FLOWS = "pages/flows.py"


def flow(origin: str, destination: str, trips: int | None, by_hour: tuple[int | None, int | None], **more: Any) -> dict:
    """A flow with its trips at 08:00 and at 17:00, of 5 km each; none in other hours."""
    return {
        "origin_code": origin,
        "destination_code": destination,
        "purpose": "all",
        **hours(0, h08=by_hour[0], h17=by_hour[1]),
        "trips": trips,
        "km_total": None if trips is None else 5.0 * trips,
        "se": None,
        **more,
    }


FIGURES = {
    f"flows_day/date={MONDAY}": [
        flow(ALDER, ALDER, 500, (300, 200)),
        flow(ALDER, BIRCH, 300, (200, 100)),
        flow(BIRCH, ALDER, 100, (None, None)),
        flow(BIRCH, BIRCH, None, (None, 0)),
        flow(ALDER, ALDER, 400, (400, 0), purpose="home_work"),
        flow(ALDER, BIRCH, 80, (80, 0), purpose="home_work"),
    ],
    f"home_presence/date={MONDAY}": [
        {"area_code": ALDER, "home_area_code": ALDER, "day_part": "midday", "people": 800, "se": 30.0},
        {"area_code": ALDER, "home_area_code": BIRCH, "day_part": "midday", "people": 200, "se": 20.0},
        {"area_code": BIRCH, "home_area_code": ALDER, "day_part": "midday", "people": None, "se": None},
    ],
}


@pytest.fixture(scope="module")
def wood(tmp_path_factory: pytest.TempPathFactory) -> Path:
    releases = tmp_path_factory.mktemp("flows")
    write_release(releases, "flows-wood", figures=FIGURES)
    return releases


@pytest.fixture(scope="module")
def presence_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a published source: nobody's trips, nobody's home."""
    releases = tmp_path_factory.mktemp("presence")
    write_release(releases, "presence-wood", only=["present", "area_hour", "precision"])
    return releases


def message(app: AppTest) -> dict[str, Any]:
    """The declaration of the map, as the browser is sent it."""
    return sent(app, flows.MAP)[0]


def address(app: AppTest) -> dict[str, list[str]]:
    """What the link to copy says."""
    app.session_state["link"] = True
    app.run()
    assert not app.exception
    (link,) = [each.value for each in app.get("code") if "release=" in each.value]
    return parse_qs(urlsplit(link).query)


def bounds_of(spec: dict[str, Any]) -> Bounds:
    """What the map looks at."""
    return Bounds(*(spec["view"][side] for side in ("west", "south", "east", "north")))


def in_fragment() -> bool:
    """Whether whoever asks runs in a fragment of the page."""
    return any(frame.f_globals["__name__"] == "streamlit.runtime.fragment" for frame, _ in traceback.walk_stack(None))


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, dict[str, Any]], None]:
    """Has the map tell something, as the browser does."""

    def told(name: str, value: dict[str, Any]) -> None:
        monkeypatch.setattr(controls, "told", lambda _key, asked: value if asked == name else None)

    return told


def ranked(app: AppTest) -> list[str]:
    return [each.label.replace("\\", "") for each in app.button if each.key and each.key.startswith("ranked-")]


class TestTrips:
    def test_a_first_look_tells_all_trips_and_the_largest_flows(self, wood, open_app):
        """900 are known, and of the withheld flow 3.18 / 0.5 = 6.4 are expected. Chance and rounding are 900 + 3 x 6.
        Wrong in the same way: 2 % of 500 and of 300, 10 % of 100, and the 4.8 that the expectation may be off: 30.8.
        So the error is sqrt(918 + 30.8²) = 43.2, and 1.96 of these on either side of 906 is 822 to 991."""
        app = open_app(wood, FLOWS)
        found = metrics(app)
        assert found["Trips"] == "910"
        assert "95 % intervals: trips 820 to 990." in texts(app)
        assert ranked(app)[0].startswith("1. Alder to Birch · **300**")
        assert ranked(app)[1].startswith("2. Birch to Alder · **100**")

    def test_the_caption_says_unit_place_time_and_what_is_not_shown(self, wood, open_app):
        said = texts(open_app(wood, FLOWS, direction_of_flow="All", area="Birch"))
        assert (
            "Trips within, into and out of Birch, Monday 2 November 2026, the whole day, local time (Europe/London). "
            "All 2 flows between single areas are drawn" in said
        )
        assert "Sums hold an expectation for withheld figures" in said

    def test_into_and_out_of_an_area_are_asked_for_in_the_address(self, wood, open_app):
        into = open_app(wood, FLOWS, direction_of_flow="Into", area="Alder")
        assert metrics(into)["Trips into the area"] == "100"
        assert ranked(into) == ["1. Birch to Alder · **100** :small[(70 to 130, acceptable)]"]
        out = open_app(wood, FLOWS, direction_of_flow="Out of", area="Alder")
        assert metrics(out)["Trips out of the area"] == "300"
        # 500 of 800 stay in Alder, and 500 of the 600 that end there begin there.
        assert metrics(out)["Of those from here, stay"] == "62.5 %"
        assert metrics(out)["Of those to here, from here"] == "83.3 %"

    def test_commuting_is_apart_and_judged_by_the_rule_of_travel_to_work_areas(self, wood, open_app):
        app = open_app(wood, FLOWS, direction_of_flow="Out of", area="Alder", purpose="Home to work")
        assert metrics(app)["Commuting trips out of the area"] == "80"
        assert "By the rule of 2015 it would not pass for a travel-to-work area" in texts(app)

    def test_the_rush_hour_is_told(self, wood, open_app):
        """Of Alder's 300 trips to Birch 200 begin at 08:00."""
        said = texts(open_app(wood, FLOWS, direction_of_flow="Out of", area="Alder"))
        assert "Most set out from 08:00 to 09:00: 66.7 % of the day. From 06:00 to 10:00: 66.7 %." in said

    def test_a_band_of_the_day(self, wood, open_app):
        app = open_app(wood, FLOWS, direction_of_flow="Out of", area="Alder", time="Evening, 16 to 20")
        assert metrics(app)["Trips out of the area"] == "100"
        assert "Monday 2 November 2026, 16:00 to 20:00" in texts(app)

    def test_hour_by_hour_the_list_is_of_the_hour_in_the_address(self, wood, open_app):
        app = open_app(wood, FLOWS, direction_of_flow="Out of", area="Alder", time="Hour by hour", hour="17:00")
        assert "Monday 2 November 2026, 17:00 to 18:00" in texts(app)
        assert ranked(app)[0].startswith("1. Alder to Birch · **100**")
        withheld = open_app(wood, FLOWS, direction_of_flow="Into", area="Alder", time="Hour by hour", hour="08:00")
        assert ranked(withheld) == [], "both hours of the flow from Birch are withheld"

    def test_net_flows_go_the_way_of_the_more(self, wood, open_app):
        app = open_app(wood, FLOWS, way="Net")
        assert ranked(app)[0].startswith("1. Alder to Birch · **200**")
        assert len(ranked(app)) == 1

    def test_a_month_is_a_mean_day_without_hours(self, wood, open_app):
        """40 trips of two days, and commuting of October: 900 of 20 days."""
        app = open_app(wood, FLOWS, flow_period="2026-11")
        assert ranked(app)[0].startswith("1. Alder to Birch · **20**")
        assert "A month has no hours in the release." in texts(app)
        assert "a mean day of November 2026, 2 days covered" in texts(app)

    def test_places_are_chosen_and_shown_as_a_matrix(self, wood, open_app):
        app = open_app(wood, FLOWS, direction_of_flow="Between places", area="North Wood", drawn_as="Matrix")
        heats = [
            trace
            for chart in app.get("plotly_chart")
            for trace in json.loads(chart.proto.spec)["data"]
            if trace["type"] == "heatmap"
        ]
        assert [heat["y"] for heat in heats] == [["Alder", "Birch"]] * 2
        assert [heat["text"] for heat in heats] == [
            [["500", "300"], ["100", ""]],
            [["", ""], ["", "withheld"]],
        ], "amounts and withheld figures each look different"

    def test_too_few_places_are_said(self, wood, open_app):
        app = open_app(wood, FLOWS, direction_of_flow="Between places", area="Alder")
        assert "Choose two places or more" in texts(app)

    def test_a_flow_that_is_picked_is_told_by_hour_and_left_again(self, wood, open_app):
        app = open_app(wood, FLOWS, direction_of_flow="All", area="North Wood")
        app.button(key="ranked-1").click().run()
        assert "By hour of departure: Alder to Birch" in texts(app)
        (back,) = [each for each in app.button if each.label == "Show all flows"]
        back.click().run()
        assert "By hour of departure: all trips above" in texts(app)

    def test_an_unknown_choice_gets_a_sentence(self, wood, open_app):
        app = open_app(wood, FLOWS, direction_of_flow="Sideways", area="Alder")
        assert "There is no trips “Sideways”" in texts(app) or "“Sideways”" in texts(app)
        assert not app.error


class TestPlayed:
    def test_net_flows_by_hour_have_no_circles_of_places(self, wood, open_app):
        each_way = message(open_app(wood, FLOWS, time="Hour by hour"))
        assert [layer["id"] for layer in each_way["layers"]] == ["totals", "flows"]
        net = message(open_app(wood, FLOWS, time="Hour by hour", way="Net"))
        assert [layer["id"] for layer in net["layers"]] == ["flows"]
        whole_day = message(open_app(wood, FLOWS, way="Net"))
        assert [layer["id"] for layer in whole_day["layers"]] == ["totals", "flows"]

    def test_circles_hold_what_is_withheld_as_an_expectation(self, tmp_path, open_app):
        """300 go from Alder to Birch; those who come back are withheld: 3.18 devices over half of all people."""
        rows = [flow(ALDER, BIRCH, 300, (200, 100)), flow(BIRCH, ALDER, None, (None, None))]
        write_release(tmp_path, "half-wood", figures={f"flows_day/date={MONDAY}": rows})
        spec, tables = sent(open_app(tmp_path, FLOWS, direction_of_flow="All", area="North Wood"), flows.MAP)
        assert tables["totals"].column("id").to_pylist() == [ALDER, BIRCH]
        assert figures(spec, tables, "totals")[:, 0] == pytest.approx([306.36, 306.36], rel=1e-3)
        net, tables = sent(open_app(tmp_path, FLOWS, direction_of_flow="All", area="North Wood", way="Net"), flows.MAP)
        assert np.isnan(figures(net, tables, "totals")).all(), "nothing is known of the net flow"
        assert tables["totals"].column("told").to_pylist()[0].startswith("Alder: withheld out, withheld in")

    def test_the_map_is_drawn_apart_from_the_rest_of_the_page(self, wood, open_app, monkeypatch):
        """So that a settled step or another view runs it alone."""
        parts: dict[str, list[bool]] = {"map": [], "controls": []}
        draw, choose_one = maps.draw, controls.choose_one

        def drawn(*arguments, **more):
            parts["map"].append(in_fragment())
            return draw(*arguments, **more)

        def chosen(*arguments, **more):
            parts["controls"].append(in_fragment())
            return choose_one(*arguments, **more)

        monkeypatch.setattr(maps, "draw", drawn)
        monkeypatch.setattr(controls, "choose_one", chosen)
        for mode in ("All", "Origin of visitors"):
            open_app(wood, FLOWS, direction_of_flow=mode, area="Alder")
        assert parts["map"] == [True, True]
        assert set(parts["controls"]) == {False}


class TestView:
    def test_the_zoom_that_was_told_is_sent_back_so_that_the_map_knows_it_was_heard(self, wood, open_app, tell):
        app = open_app(wood, FLOWS, area="North Wood")
        before = message(app)
        assert before["level"] == {"loaded": [-180.0, -85.0, 180.0, 85.0], "whole": True, "finer": True, "zoom": None}
        near = bounds_of(before).zoom + flows.CLOSER - 0.25
        tell("view", {"of": before["view"]["id"], "west": 0.0, "south": 52.0, "east": 0.1, "north": 52.1, "zoom": near})
        after = message(app.run())
        assert after["level"] == {**before["level"], "zoom": near}, "no closer flows, but another message"
        assert after["digest"] != before["digest"]

    def test_from_a_closer_look_on_flows_of_the_view_are_drawn(self, wood, open_app, tell):
        app = open_app(wood, FLOWS, area="North Wood")
        before = message(app)
        view = {"of": before["view"]["id"], "zoom": bounds_of(before).zoom + flows.CLOSER, "west": 0.0, "east": 0.2}
        tell("view", {**view, "south": 52.0, "north": 52.3})
        after = message(app.run())
        level = {"loaded": [0.0, 52.0, 0.2, 52.3], "whole": False, "finer": False, "zoom": view["zoom"]}
        assert after["level"] == level
        assert "All 2 flows between single areas that begin or end in view are drawn" in texts(app)
        tell("view", {**view, "south": 52.0, "north": 52.1})
        assert "No flow that may be shown begins or ends in view." in texts(app.run()), "both centres lie at 52.2"
        assert not app.exception


class TestPicked:
    def test_the_link_keeps_the_hour_and_the_flow_that_was_picked(self, wood, open_app):
        app = open_app(wood, FLOWS, direction_of_flow="All", area="North Wood", time="Hour by hour", hour="17:00")
        app.button(key="ranked-1").click().run()
        link = address(app)
        assert (link["hour"], link["flow"]) == (["17:00"], [f"{ALDER}-{BIRCH}"])
        again = open_app(wood, FLOWS, **{key: value[0] for key, value in link.items() if key != "release"})
        assert "By hour of departure: Alder to Birch" in texts(again)
        assert "17:00 to 18:00" in texts(again)
        assert {key: value for key, value in address(again).items() if key != "release"} == {
            key: value for key, value in link.items() if key != "release"
        }

    def test_the_link_of_a_whole_day_has_no_hour_and_no_flow(self, wood, open_app):
        link = address(open_app(wood, FLOWS, area="North Wood"))
        assert not {"hour", "flow"} & set(link)

    def test_a_flow_is_let_go_in_another_area(self, wood, open_app):
        app = open_app(wood, FLOWS, direction_of_flow="Out of", area="Alder", flow=f"{ALDER}-{BIRCH}")
        assert "By hour of departure: Alder to Birch" in texts(app)
        app.selectbox(key="area").select(next(each for each in app.selectbox(key="area").options if "Birch" in each))
        app.run()
        assert "By hour of departure: all trips above" in texts(app)
        assert "The flow that was picked is none of those chosen here" in texts(app)
        assert "flow" not in app.query_params
        assert "none of those chosen here" not in texts(app.run())

    def test_a_flow_that_does_not_exist_gets_a_sentence(self, wood, open_app):
        assert "The flow that was picked is none" in texts(open_app(wood, FLOWS, area="North Wood", flow="A-B"))

    def test_a_click_on_a_flow_picks_it_and_one_on_a_place_chooses_it(self, wood, open_app, tell):
        app = open_app(wood, FLOWS, direction_of_flow="All", area="North Wood")
        tell("clicked", {"layer": "flows", "id": f"{BIRCH}-{ALDER}"})
        assert "By hour of departure: Birch to Alder" in texts(app.run())
        assert app.query_params["flow"] == f"{BIRCH}-{ALDER}"
        tell("clicked", {"layer": "totals", "id": BIRCH})
        app.run()
        assert not app.exception
        assert "Birch" in app.selectbox(key="area").value

    def test_a_click_on_a_home_picks_no_flow_of_trips(self, wood, open_app, tell):
        app = open_app(wood, FLOWS, direction_of_flow="Origin of visitors", area="Alder")
        tell("clicked", {"layer": "flows", "id": f"{BIRCH}-{ALDER}"})
        app.run()
        assert not app.exception
        assert "flow" not in app.query_params


class TestVisitors:
    def test_where_those_present_live(self, wood, open_app):
        app = open_app(wood, FLOWS, direction_of_flow="Origin of visitors", area="Alder")
        found = metrics(app)
        assert found["Residents of the country present"] == "1,000"
        assert found["Live elsewhere"] == "20.0 %"
        assert "Residents of the country present in Alder (local authority) by their usual home" in texts(app)
        bars = [
            trace
            for chart in app.get("plotly_chart")
            for trace in json.loads(chart.proto.spec)["data"]
            if trace["type"] == "bar"
        ]
        assert [bar["y"] for bar in bars] == [["Birch"]]

    def test_where_nothing_may_be_shown_nothing_is_ranked(self, wood, open_app):
        said = texts(open_app(wood, FLOWS, direction_of_flow="Origin of visitors", area="Birch"))
        assert "1 home area is withheld and not drawn" in said
        assert "Nothing can be ranked" in said

    def test_a_day_part_without_figures_is_said(self, wood, open_app):
        said = texts(
            open_app(wood, FLOWS, direction_of_flow="Origin of visitors", area="Alder", part_of_day="Night, 00 to 06")
        )
        assert "does not say where the people in Alder" in said


class TestWhatIsMissing:
    def test_a_release_without_trips_says_which_tables_it_lacks(self, presence_only, open_app):
        said = texts(open_app(presence_only, FLOWS))
        assert "it lacks the tables flows_day, flows_month and home_presence" in said

    def test_only_what_there_is_can_be_chosen(self, tmp_path, open_app):
        write_release(tmp_path, "homes-wood", only=["present", "home_presence", "precision"], figures=FIGURES)
        app = open_app(tmp_path, FLOWS, area="Alder")
        assert metrics(app)["Live elsewhere"] == "20.0 %"


class TestTakenAway:
    def test_flows_are_lines_in_geoparquet_and_withheld_ones_are_empty(self):
        table = pd.DataFrame(
            {
                "origin_code": [ALDER, BIRCH],
                "trips": pd.array([300.0, None], dtype="Float64"),
                "origin_lon": [0.1, 0.3],
                "origin_lat": [52.2, 52.4],
                "destination_lon": [0.3, 0.1],
                "destination_lat": [52.4, 52.2],
            }
        )
        read = gpd.read_parquet(io.BytesIO(exports.to_geoparquet(table, {"release_id": "wood"})))
        assert read.geometry.geom_type.tolist() == ["LineString", "LineString"]
        assert np.allclose(read.geometry.iloc[0].coords, [(0.1, 52.2), (0.3, 52.4)])
        assert read["trips"].isna().tolist() == [False, True]
        assert read.crs == "EPSG:4326"

    def test_the_evidence_shows_the_query_and_offers_the_lines(self, wood, open_app):
        app = open_app(wood, FLOWS, area="Alder")
        for each in ("evidence", "download"):
            app.session_state[each] = True
        app.run()
        assert not app.exception
        assert any("FROM flows_day" in each.value for each in app.get("code"))
        labels = [each.proto.label for each in app.get("download_button")]
        assert "GeoParquet" in labels
