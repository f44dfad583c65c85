"""The incident page as a visitor meets it, on the very small country of `incident_world`.

On Wednesday 4 November 2026 from 13:00 to 18:00 300 of 400 people leave the first cell and 200 of 400 the second, and
the third has 800 where 600 are usual; nothing else happens.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import shapely
from app_pages import cells_sent, figures, metrics, sent, texts
from incident_world import FIRE, LINK, WEDNESDAY, at, outline, stay, write_incident
from release_world import A1, A2, A3, A4, B1, B2, B3, FIGURES, write_release
from streamlit.testing.v1 import AppTest

from cellcount.ui import controls, incident

PAGE = "pages/incident.py"
TIME = {key: value for key, value in LINK.items() if key not in ("place", "rings")}
AT_13 = 24 + 13
"""The step of 13:00 on the Wednesday: the day before is shown too."""
WHOLE = "12"
"""Kilometres within which all cells lie whole: nearer rings cut those that people leave."""
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def wood(tmp_path_factory: pytest.TempPathFactory) -> Path:
    releases = tmp_path_factory.mktemp("incident")
    write_incident(releases)
    return releases


def geojson(**shapes: shapely.Geometry) -> bytes:
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": json.loads(shapely.to_geojson(shape))}
        for name, shape in shapes.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


TWO_ZONES = geojson(**{"Works": outline(A1, A2), SCRIPT: outline(A3)})


def upload(app: AppTest, content: bytes, name: str = "zones.geojson") -> AppTest:
    app.file_uploader(key="zones-file").set_value((name, content, "application/geo+json")).run()
    assert not app.exception
    return app


@pytest.fixture
def two_zones(wood: Path, open_app) -> AppTest:
    return upload(open_app(wood, PAGE, where="A file of zones", **TIME), TWO_ZONES)


def errors(app: AppTest) -> list[str]:
    return [each.value.replace("\\", "") for each in app.error]


def by_cell(app: AppTest, prefix: str = "s") -> dict[int, float]:
    """Figures that the map is sent of 13:00, by cell."""
    spec, tables = sent(app, incident.MAP)
    column = figures(spec, tables, "cells", prefix)[:, AT_13]
    return dict(zip(cells_sent(spec, tables), column.tolist(), strict=True))


def frames(app: AppTest) -> list[list[dict]]:
    return [each.value.to_dict("records") for each in app.dataframe]


class TestFirstLook:
    def test_it_opens_empty_and_says_what_to_do(self, wood, open_app):
        app = open_app(wood, PAGE)
        said = texts(app)
        assert "Name a place, give coordinates or a grid reference, or upload zones; then say when." in said
        assert "Covered: 5 October 2026, 01:00, to 8 November 2026" in said, "the first hour in Greenwich is the second"
        assert not app.error
        assert not app.metric

    def test_what_was_made_up_is_offered_where_the_people_are_made_up(self, wood, open_app, tmp_path):
        offered = [each.label for each in open_app(wood, PAGE).button if (each.key or "").startswith("example-")]
        assert offered == list(incident.EXAMPLES)
        write_incident(tmp_path, "real", synthetic=False)
        real = open_app(tmp_path, PAGE)
        assert not [each for each in real.button if (each.key or "").startswith("example-")]
        assert "made up for the demonstration" not in texts(real)

    def test_only_examples_of_dates_that_are_covered_are_offered(self, tmp_path, open_app):
        write_incident(tmp_path, "short", days=31)
        app = open_app(tmp_path, PAGE)
        offered = [each.label for each in app.button if (each.key or "").startswith("example-")]
        assert len(offered) == 1, "the release ends on 4 November"
        assert "Marlbeck Works (fictional)" in offered[0]

    def test_an_example_fills_the_controls(self, wood, open_app):
        app = open_app(wood, PAGE)
        name = "Fire at Marlbeck Works (fictional), Washington"
        app.button(key=f"example-{name}").click().run()
        assert not app.exception
        assert app.text_input(key="place").value == "54.8995, -1.5330"
        assert app.text_input(key="rings").value == "2, 4"
        assert app.date_input(key="from_date").value == app.date_input(key="to_date").value == WEDNESDAY
        assert (app.selectbox(key="from_hour").value, app.selectbox(key="to_hour").value) == ("13", "20")
        assert "lies outside the areas of this release" in texts(app), "the tiny country has no Washington"

    def test_a_release_of_typical_days_says_that_it_can_give_no_baseline(self, tmp_path, open_app):
        typical = [name.split("/")[0] for name in FIGURES if name.startswith("typical")]
        write_release(tmp_path, "typical", only=[*typical, "precision"])
        app = open_app(tmp_path, PAGE, **LINK)
        assert "This release has typical days and no dates: nothing can be called an incident in it" in texts(app)
        assert {row["Zone"] for rows in frames(app) for row in rows} == {"0 to 1 km", "1 to 3 km"}
        assert not app.error
        assert not app.metric

    def test_a_release_that_tells_no_hours_of_cells_says_so(self, tmp_path, open_app):
        write_release(tmp_path, "presence", only=["present", "area_hour", "precision"])
        app = open_app(tmp_path, PAGE, **LINK)
        assert "neither an incident nor what is usual can be told" in texts(app)
        assert not app.error

    def test_a_release_that_does_not_tell_how_sure_it_is_says_so(self, tmp_path, open_app):
        write_incident(tmp_path, "unsure", without_tables=("coverage", "precision"))
        app = open_app(tmp_path, PAGE, **LINK)
        assert "(precision), which is needed here. Choose another release." in errors(app)[0]


class TestLink:
    def test_a_link_opens_the_view(self, wood, open_app):
        app = open_app(wood, PAGE, **{**LINK, "rings": WHOLE})
        said = texts(app)
        assert "in Alder, 4 November 2026, 13:00 to 17:00." in said
        assert "Furthest from usual was Wed 4 Nov, 13:00 to 14:00" in said
        assert "It was as usual again 1 hour after the end, from Wed 4 Nov, 18:00 to 19:00." in said
        assert "Compared with Wed 7 Oct, Wed 14 Oct, Wed 21 Oct and Wed 28 Oct." in said
        assert not app.error

    def test_the_link_to_copy_opens_the_same_view(self, wood, open_app):
        app = open_app(wood, PAGE, **LINK, fdr="10 %", weeks="3 weeks", other_incidents="14 October 2026")
        app.session_state["link"] = True
        app.run()
        (address,) = [each.value for each in app.code if "release=" in each.value]
        query = {key: found[0] for key, found in parse_qs(urlsplit(address).query).items()}
        assert {key: query[key] for key in TIME} == TIME
        assert (query["rings"], query["fdr"], query["weeks"]) == ("1, 3", "10 %", "3 weeks")
        again = open_app(wood, PAGE, **{key: value for key, value in query.items() if key != "release"})
        assert metrics(again) == metrics(app)
        assert "Compared with Wed 7 Oct, Wed 21 Oct and Wed 28 Oct." in texts(again)
        assert "Left out: Wed 14 Oct (another incident)." in texts(again)

    def test_an_area_is_named_by_its_label(self, wood, open_app):
        app = open_app(wood, PAGE, where="A whole area", area="Alder (local authority)", **TIME)
        assert "In Alder, 4 November 2026, 13:00 to 17:00." in texts(app)
        assert metrics(app)["Change"].startswith("−"), "its outline is that of the whole tiny country"

    @pytest.mark.parametrize(
        ("key", "asked", "said"),
        [
            ("from_date", "2031-01-01", "This release has no 1 January 2031."),
            ("from_hour", "25:00", "There is no hour “25:00” here."),
            ("where", "nowhere", "There is no kind of place “nowhere” here."),
            ("fdr", "50 %", "There is no rate “50 %” here. Shown instead: 5 %."),
            ("fdr", "0", "There is no rate “0” here. Shown instead: 5 %."),
            ("fdr", "20 %", "There is no rate “20 %” here. Shown instead: 5 %."),
            ("shown_hour", "2026-11-09 15:00", "There is no hour “2026-11-09 15:00” here. Shown instead: Wed 4 Nov"),
            ("shown_hour", "noon", "There is no hour “noon” here. Shown instead: Wed 4 Nov, 13:00 to 14:00."),
            ("weeks", "99", "There is no number of weeks “99” here. Shown instead: 4 weeks."),
            ("other_incidents", "1 May 1997", "There is no date “1 May 1997” in this release."),
        ],
    )
    def test_a_bad_value_in_the_address_gets_a_sentence(self, wood, open_app, key, asked, said):
        app = open_app(wood, PAGE, **{**LINK, key: asked})
        (told,) = [each for each in app.info if said in each.value.replace("\\", "")]
        assert "popover" not in above(told), "which is closed"

    @pytest.mark.parametrize("asked", ["0", "100 %"])
    def test_a_rate_that_there_is_not_becomes_the_first_and_not_the_laxest(self, wood, open_app, asked):
        app = open_app(wood, PAGE, **LINK, fdr=asked)
        assert app.segmented_control(key="fdr").value == "5"
        app.segmented_control(key="fdr").set_value("1").run()
        assert "There is no rate" not in texts(app)

    @pytest.mark.parametrize(("asked", "chosen"), [("1", "1"), ("1%", "1"), ("1 %", "1"), ("10", "10"), ("10%", "10")])
    def test_a_rate_may_be_typed_in_more_ways_than_one(self, wood, open_app, asked, chosen):
        assert open_app(wood, PAGE, **LINK, fdr=asked).segmented_control(key="fdr").value == chosen

    def test_the_link_to_copy_has_the_zone_and_the_hour(self, wood, open_app):
        """At 16:00 the two rings are told of, and at 13:00 first: all zones together are equally far from usual."""
        app = open_app(wood, PAGE, **LINK, zone="0 to 1 km", shown_hour="2026-11-04 16:00")
        assert "**0 to 1 km, Wed 4 Nov, 16:00 to 17:00**" in texts(app)
        query = link_to_copy(app)
        assert (query["zone"], query["shown_hour"]) == ("0 to 1 km", "2026-11-04 16:00")
        again = open_app(wood, PAGE, **query)
        assert "**0 to 1 km, Wed 4 Nov, 16:00 to 17:00**" in texts(again)
        assert sent(again, incident.MAP)[0]["steps"]["start"] == AT_13 + 3

    def test_a_link_without_an_hour_opens_at_the_hour_that_is_told_of(self, wood, open_app):
        app = open_app(wood, PAGE, **LINK)
        assert "**All zones together, Wed 4 Nov, 13:00 to 14:00**" in texts(app)
        assert "shown_hour" not in app.query_params, "what is shown first is left out, as of every control"
        assert "There is no hour" not in texts(app)

    def test_the_hour_at_which_the_map_stands_is_in_the_address_the_pin_and_the_sheet(
        self, wood, open_app, monkeypatch
    ):
        links, offers, taken = [], [], []
        monkeypatch.setattr(incident.incident_handover, "handover_html", lambda *_, link, **__: links.append(link))
        monkeypatch.setattr(incident.evidence, "download", lambda *what, **_: taken.append(what))
        monkeypatch.setattr(incident.pinning, "draw", lambda *what: offers.append(what[-1]()))
        app = open_app(wood, PAGE, **LINK, zone="0 to 1 km")
        stands_at(monkeypatch, AT_13 + 2)
        app.session_state["hand-over"] = True
        app.run()
        assert not app.exception
        assert app.query_params["shown_hour"] == "2026-11-04 15:00"
        next(make for _, name, _, make in reversed(taken) if name.endswith(".html"))()
        assert "zone=0+to+1+km&shown_hour=2026-11-04+15%3A00" in links[-1]
        offer = offers[-1]
        assert (offer.address["zone"], offer.address["shown_hour"]) == ("0 to 1 km", "2026-11-04 15:00")
        assert "Wed 4 Nov, 15:00 to 16:00" in offer.caption
        assert offer.pictured().step == AT_13 + 2

    def test_what_is_said_of_an_hour_that_there_is_not_goes_once_the_map_is_moved(self, wood, open_app, monkeypatch):
        app = open_app(wood, PAGE, **LINK, shown_hour="2026-11-09 15:00")
        app.run()
        assert "There is no hour “2026-11-09 15:00” here." in texts(app), "for as long as the other is shown"
        stands_at(monkeypatch, AT_13 + 2)
        app.run()
        assert "There is no hour" not in texts(app)

    def test_the_visitor_s_own_hour_is_over_without_a_word_once_another_date_is_chosen(self, wood, open_app):
        app = open_app(wood, PAGE, **LINK, shown_hour="2026-11-04 16:00")
        app.date_input(key="from_date").set_value(date(2026, 10, 28))
        app.date_input(key="to_date").set_value(date(2026, 10, 28)).run()
        assert not app.exception
        assert "Wed 28 Oct" in texts(app)
        assert "There is no hour" not in texts(app)
        assert "shown_hour" not in app.query_params

    def test_a_place_that_was_found_by_its_name_keeps_it_in_the_link(self, wood, open_app):
        app = open_app(wood, PAGE, **{**LINK, "place": "Alder"})
        query = link_to_copy(app)
        assert query["place"] == "Alder, local authority"
        again = open_app(wood, PAGE, **query)
        assert "Around Alder, local authority, 4 November 2026" in texts(app)
        assert "Around Alder, local authority, 4 November 2026" in texts(again)
        assert metrics(again) == metrics(app)

    def test_a_place_that_its_name_does_not_find_alone_is_a_position_in_the_link(self, wood, open_app, monkeypatch):
        fresh = incident.search_reading.look_for

        def twice(release, asked):
            found = fresh(release, asked)
            return replace(found, targets=found.targets * 2) if asked == "Alder, local authority" else found

        monkeypatch.setattr(incident.search_reading, "look_for", twice)
        place = link_to_copy(open_app(wood, PAGE, **{**LINK, "place": "Alder"}))["place"]
        assert re.fullmatch(r"52\.\d{5}, 0\.\d{5}", place)


def link_to_copy(app: AppTest) -> dict[str, str]:
    """What the link to copy says, by key."""
    app.session_state["link"] = True
    app.run()
    assert not app.exception
    (address,) = [each.value for each in app.code if "release=" in each.value]
    return {key: found[0] for key, found in parse_qs(urlsplit(address).query).items()}


def stands_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """From now on the visitor's map stands at that step."""
    seen = incident.maps.Seen(step, None, None, drawable=True)
    monkeypatch.setattr(incident.maps, "draw", lambda *_, **__: seen)


def above(element) -> list[str]:
    """Kinds of the blocks that an element stands in."""
    found = []
    while getattr(element, "parent", None) is not None:
        element = element.parent
        found.append(element.type)
    return found


class TestFigures:
    def test_the_page_and_the_sheet_have_one_headline(self, wood, open_app, monkeypatch):
        taken = []
        monkeypatch.setattr(incident.evidence, "download", lambda *what, **_: taken.append(what))
        app = open_app(wood, PAGE, **{**LINK, "rings": WHOLE})
        app.session_state["hand-over"] = True
        app.run()
        assert not app.exception
        sheet = next(make for _, name, _, make in taken if name.endswith(".html"))
        lead = re.search(r'<p class="lead">(.*?)</p>', sheet().decode())
        assert lead
        assert lead[1].startswith("Furthest from usual was ")
        assert lead[1] in texts(app)

    def test_no_two_controls_have_the_same_label(self, wood, open_app):
        app = open_app(wood, PAGE, **LINK)
        labels = [each.label.strip() for kind in (app.text_input, app.date_input, app.selectbox) for each in kind]
        assert {"Start date", "Start hour", "End date", "End hour"} <= set(labels)
        assert len(labels) == len(set(labels))

    def test_the_figures_are_of_the_hour_furthest_from_usual(self, two_zones):
        """In the three cells 400, 400 and 600 are usual, and 100, 200 and 800 are there: 300 fewer."""
        shown = metrics(two_zones)
        assert (shown["People present"], shown["Usual"]) == ("1,100", "1,400")
        assert shown["Difference"] == "−300"
        assert shown["Change"] == "−21 %"

    def test_another_zone_is_chosen_from_the_list_by_its_name(self, two_zones):
        chosen = two_zones.selectbox(key="zone")
        assert chosen.options == ["All zones together", "Works", SCRIPT]
        chosen.select("Works").run()
        assert not two_zones.exception
        shown = metrics(two_zones)
        assert (shown["People present"], shown["Usual"], shown["Difference"]) == ("300", "800", "−500")
        assert shown["Change"] == "−62 %"
        assert "**Works, Wed 4 Nov, 13:00 to 14:00**" in texts(two_zones)
        assert "Over the incident −2,000 people-hours" in texts(two_zones)

    def test_the_table_has_a_row_for_each_zone(self, two_zones):
        two_zones.session_state["table"] = True
        two_zones.run()
        rows = next(rows for rows in frames(two_zones) if "Zone" in rows[0])
        assert [row["Zone"] for row in rows] == ["All zones together", "Works", SCRIPT]
        assert [row["Usual"] for row in rows] == ["1,400", "800", "600"]
        assert [row["Difference"] for row in rows] == ["−300", "−500", "+200"]
        assert [row["How unusual"].split()[1] for row in rows] == ["fewer", "fewer", "more"]

    def test_a_caution_stands_beside_the_figures(self, tmp_path, open_app):
        write_incident(tmp_path, "hidden", changes={**FIRE, **stay(A1, None, at(WEDNESDAY, 15), 1)})
        app = upload(open_app(tmp_path, PAGE, where="A file of zones", **TIME), geojson(Works=outline(A1, A2)))
        assert any("One cell inside is withheld in an hour of the incident" in each.value for each in app.warning)

    def test_cautions_of_a_zone_stand_in_one_box_and_dates_that_the_incident_does_not_touch_have_none(
        self, tmp_path, open_app
    ):
        """Of 22 October two comparable days are covered, of the 21st, which the incident touches, three."""
        changes = {**FIRE, **stay(A1, None, at(date(2026, 10, 22), 13), 1)}
        write_incident(tmp_path, "early", changes=changes)
        on = {"from_date": "2026-10-22", "to_date": "2026-10-22"}
        app = upload(open_app(tmp_path, PAGE, where="A file of zones", **{**TIME, **on}), geojson(Works=outline(A1)))
        (box,) = app.warning
        assert "22 October 2026 is compared with 2 days" in box.value
        assert "One cell inside is withheld in an hour of the incident" in box.value
        for other in (21, 23, 24):
            assert f"{other} October 2026 is compared" not in texts(app)

    def test_without_comparable_days_only_people_are_told(self, wood, open_app):
        early = {"from_date": "2026-10-06", "to_date": "2026-10-06"}
        app = open_app(wood, PAGE, **{**LINK, **early})
        shown = metrics(app)
        assert shown["Usual"] == shown["Difference"] == shown["Change"] == "not known"
        assert shown["People present"] == "2,500"
        assert "There are too few comparable days to tell what is usual here" in texts(app)
        assert "No cell is held against a usual level, and all are hatched" in texts(app)
        assert "More people than usual in" not in texts(app)

    def test_who_was_there_and_where_they_went_are_read_when_they_are_opened(self, two_zones):
        assert not any("At work" in str(rows) for rows in frames(two_zones))
        two_zones.session_state["who"] = True
        two_zones.session_state["went"] = True
        two_zones.run()
        assert not two_zones.exception
        rows = [row for rows in frames(two_zones) for row in rows]
        work = next(row for row in rows if row.get("There") == "At work")
        # Of 1,100 people the 200 in the second cell are told of: in the first one withholds, the third has no figures.
        assert (work["Share"], work["Withheld"]) == ("withheld", "for 81.8 % of the people")
        assert next(row for row in rows if row.get("Home") == "Alder")["People"] == "500"
        assert "1 day keeps the clock time of 4 November 2026, and 2 are needed" in texts(two_zones)
        assert next(row for row in rows if row.get("To") == "Birch")["Trips"] == "300"
        assert "1 of 1 destination differs from usual, at a false-discovery rate of 5.0 %." in texts(two_zones)
        assert "None of the cells around had more people than usual" in texts(two_zones), "the third is in a zone"
        assert "Of the whole of Alder, and not of the zone alone." in texts(two_zones)

    def test_the_queries_are_shown(self, two_zones):
        two_zones.session_state["evidence"] = True
        two_zones.run()
        assert not two_zones.exception
        assert any("FROM present_history" in each.value for each in two_zones.code)


class TestMap:
    def test_classes_are_sent_for_each_cell(self, two_zones):
        assert by_cell(two_zones) == {A1: 1, A2: 1, A3: 3, A4: 2, B1: 2, B2: 2, B3: 2}
        spec, _ = sent(two_zones, incident.MAP)
        assert [row["words"] for row in spec["legend"]["rows"]] == [
            "More than usual",
            "Not distinguishable from usual",
            "Fewer than usual",
        ]

    def test_it_starts_at_the_hour_furthest_from_usual(self, two_zones):
        spec, _ = sent(two_zones, incident.MAP)
        assert spec["steps"]["start"] == AT_13
        assert spec["steps"]["labels"][AT_13] == "Wed 4, 13:00"
        assert len(spec["steps"]["labels"]) == 96
        assert spec["steps"]["words"][AT_13] == "All zones together: 1,100 people, −300"

    def test_it_starts_there_too_where_it_last_told_of_other_hours(self, wood, open_app, monkeypatch):
        told = {"of": "another day's", "step": 3}
        monkeypatch.setattr(controls, "told", lambda _, name: told if name == "at" else None)
        app = open_app(wood, PAGE, **LINK)
        assert sent(app, incident.MAP)[0]["steps"]["start"] == AT_13

    def test_the_time_bar_tells_of_the_zone_that_is_chosen(self, two_zones):
        two_zones.selectbox(key="zone").select("Works").run()
        spec, _ = sent(two_zones, incident.MAP)
        assert spec["steps"]["words"][AT_13] == "Works: 300 people, −500"
        assert spec["steps"]["curve"][AT_13] == pytest.approx(300)

    def test_of_a_single_zone_the_time_bar_names_none(self, wood, open_app):
        app = upload(open_app(wood, PAGE, where="A file of zones", **TIME), geojson(Works=outline(A1, A2)))
        assert sent(app, incident.MAP)[0]["steps"]["words"][AT_13] == "300 people, −500"

    def test_differences_in_people_are_sent_as_the_day_and_what_is_usual(self, wood, open_app):
        app = upload(open_app(wood, PAGE, where="A file of zones", shown="Difference in people", **TIME), TWO_ZONES)
        spec, _ = sent(app, incident.MAP)
        assert spec["compare"] == "difference"
        assert spec["scale"]["signed"] is True
        usual, now = by_cell(app), by_cell(app, "o")
        assert {cell: round(now[cell] - usual[cell]) for cell in usual} == {
            A1: -300,
            A2: -200,
            A3: 200,
            A4: 0,
            B1: 0,
            B2: 0,
            B3: 0,
        }

    def test_withheld_cells_are_hatched(self, tmp_path, open_app):
        write_incident(tmp_path, "hidden", changes={**FIRE, **stay(A2, None, at(WEDNESDAY, 13), 1)})
        app = upload(open_app(tmp_path, PAGE, where="A file of zones", **TIME), geojson(Works=outline(A1)))
        assert np.isnan(by_cell(app)[A2])
        assert by_cell(app)[A1] == 1
        assert "1 cell hatched: withheld now or on usual days." in texts(app)

    def test_a_click_offers_to_move_the_rings(self, wood, open_app, monkeypatch):
        app = open_app(wood, PAGE, **LINK)
        view = sent(app, incident.MAP)[0]["view"]["id"]
        told = {"of": view, "layer": "", "id": "", "longitude": 0.14, "latitude": 52.2, "step": AT_13}
        fresh = controls.told

        def clicked(key, name):
            return told if name == "clicked" else fresh(key, name)

        monkeypatch.setattr(controls, "told", clicked)
        monkeypatch.setattr(
            incident.maps, "draw", lambda *_, **__: incident.maps.Seen(AT_13, _clicked(told), None, True)
        )
        app.run()
        assert not app.exception
        monkeypatch.setattr(
            incident.maps, "draw", lambda *_, **__: incident.maps.Seen(AT_13, None, None, drawable=True)
        )
        app.button(key="move-rings").click().run()
        assert not app.exception
        assert app.text_input(key="place").value.startswith("52.2")


def _clicked(told: dict) -> incident.maps.Clicked:
    return incident.maps.Clicked(told["layer"], told["id"], told["longitude"], told["latitude"], told["step"])


class TestBadInput:
    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("abc", "“abc” are not distances: type kilometres with a decimal point"),
            ("0", "A distance of 0 km cannot be used"),
            ("-1", "A distance of -1 km cannot be used"),
            ("nan", "“nan” are not distances"),
            ("1e9", "“1e9” are not distances"),
            ("101 km", "A distance of 101 km cannot be used: rings reach from a metre to 100 km"),
            ("1, 2, 3, 4, 5, 6", "There are 6 distances; at most 5 rings can be drawn."),
            ("1, 1", "The distance 1 km is there twice"),
            (" ", "Type at least one distance in kilometres"),
            (SCRIPT, "are not distances"),
            ("0.01", "smaller or narrower than the data can show"),
        ],
    )
    def test_distances_that_are_none_get_a_sentence(self, wood, open_app, typed, said):
        app = open_app(wood, PAGE, **{**LINK, "rings": typed})
        assert said in errors(app)[0]
        assert not app.metric

    def test_an_end_before_the_start_gets_a_sentence(self, wood, open_app):
        for change, said in (
            ({"to_date": "2026-11-03"}, "ends before it starts"),
            ({"to_hour": "10:00"}, "ends before it starts"),
            ({"to_hour": "13:00"}, "starts and ends at the same hour"),
        ):
            app = open_app(wood, PAGE, **{**LINK, **change})
            assert f"The incident {said}. Choose a later end." in texts(app), change
            assert not app.metric
            assert not app.error

    def test_the_last_hour_of_the_last_date_can_be_asked_for(self, wood, open_app):
        last = {"from_date": "2026-11-08", "from_hour": "23:00", "to_date": "2026-11-08", "to_hour": "24:00"}
        app = open_app(wood, PAGE, **{**LINK, **last})
        assert "8 November 2026, 23:00 to 24:00." in texts(app)
        assert "Sun 8 Nov, 23:00 to 00:00" in texts(app)
        assert metrics(app)["People present"] != "not known"

    def test_a_long_incident_gets_a_sentence(self, wood, open_app):
        app = open_app(wood, PAGE, **{**LINK, "from_date": "2026-10-10"})
        assert "The incident touches 26 dates, and 10 can be looked at." in errors(app)[0]

    def test_an_hour_that_is_not_covered_gets_a_sentence(self, wood, open_app):
        first = {"from_date": "2026-10-05", "from_hour": "00:00", "to_date": "2026-10-05", "to_hour": "01:00"}
        assert "The release has nothing of the hours from 00:00" in errors(open_app(wood, PAGE, **{**LINK, **first}))[0]

    @pytest.mark.parametrize("place", ["Atlantis", SCRIPT, "' OR 1=1 --", "ZZ99", "91, 200"])
    def test_a_place_that_is_not_there_gets_a_sentence(self, wood, open_app, place):
        app = open_app(wood, PAGE, **{**LINK, "place": place})
        assert app.info
        assert not app.metric
        assert not app.error
        assert not unescaped(app)

    def test_a_place_outside_the_country_gets_a_sentence(self, wood, open_app):
        app = open_app(wood, PAGE, **{**LINK, "place": "48.8566, 2.3522"})
        assert "lies outside the areas of this release" in texts(app)
        assert not app.metric

    def test_a_place_at_the_edge_says_what_lies_outside(self, wood, open_app):
        app = open_app(wood, PAGE, **{**LINK, "rings": "1, 5, 90"})
        assert any("This release has no cells in “5 to 90 km”" in each.value for each in app.warning)
        assert app.selectbox(key="zone").options == ["All zones together", "0 to 1 km", "1 to 5 km"]

    def test_a_ring_that_lies_partly_in_the_sea_says_how_much_of_it_and_does_not_warn(self, wood, open_app):
        app = open_app(wood, PAGE, **{**LINK, "rings": "1, 12"})
        said = next(each.value for each in app.info if "has no cells" in each.value)
        share = re.match(
            r"About (\d+) % of this area lies where the release has no cells \(sea, or not", said.replace("\\", "")
        )
        assert share
        # Seven cells of 5 km² in a circle of 12 km.
        assert int(share[1]) == round(100 * (1 - 35 / (np.pi * 12**2)))
        assert not [each for each in app.warning if "has no cells" in each.value]
        app.selectbox(key="zone").select("0 to 1 km").run()
        assert not [each for each in app.info if "has no cells" in each.value], "the inner ring lies in cells"

    def test_the_whole_country_is_no_place_of_an_incident(self, wood, open_app):
        app = open_app(wood, PAGE, where="A whole area", **TIME)
        assert "Choose an authority or a region: the whole is no place of an incident." in texts(app)
        assert not app.metric


def unescaped(app: AppTest) -> list[str]:
    """What of the page would run as HTML: Markdown with a tag that is not escaped, or HTML with a script in it."""
    kinds = ("markdown", "caption", "info", "warning", "error", "title", "subheader")
    told = [str(getattr(each, "value", "") or each.proto.body) for kind in kinds for each in app.get(kind)]
    html = [each.proto.body for each in app.get("html")]
    return [each for each in (*told, *html) if "<script" in each.replace("\\<", "")]


class TestUpload:
    def test_names_are_shown_as_they_are_and_never_run(self, two_zones):
        two_zones.selectbox(key="zone").select(SCRIPT).run()
        assert not two_zones.exception
        assert f"**{SCRIPT}, Wed 4 Nov, 13:00 to 14:00**" in texts(two_zones)
        assert unescaped(two_zones) == []
        assert metrics(two_zones)["Difference"] == "+200"

    def test_so_is_the_name_of_the_file(self, wood, open_app):
        app = upload(open_app(wood, PAGE, where="A file of zones", **TIME), TWO_ZONES, "<b>zones<b>.geojson")
        assert "In the zones of <b>zones<b>.geojson" in texts(app)
        assert unescaped(app) == []

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "is empty"),
            (b"{", "not valid JSON"),
            (b"PK\x03\x04 and no more", "zones.geojson"),
            (b"{" * 100_000, "zones.geojson"),
            (geojson(Sea=shapely.box(3.0, 55.0, 3.1, 55.1)), "zones.geojson"),
            (geojson(Line=shapely.LineString([(0, 52), (1, 52)])), "zones.geojson"),
        ],
        ids=["empty", "cut short", "no zip", "deep", "elsewhere", "a line"],
    )
    def test_a_file_that_cannot_be_used_gets_a_sentence(self, wood, open_app, content, said):
        app = upload(open_app(wood, PAGE, where="A file of zones", **TIME), content)
        assert said in errors(app)[0]
        assert not app.metric

    def test_a_zone_that_is_the_whole_country_has_everybody(self, wood, open_app):
        """3,000 are usual in the seven cells, and 300 left."""
        everything = geojson(Whole=outline(A1, A2, A3, A4, B1, B2, B3))
        app = upload(open_app(wood, PAGE, where="A file of zones", **TIME), everything)
        shown = metrics(app)
        assert (shown["People present"], shown["Usual"], shown["Difference"]) == ("2,700", "3,000", "−300")

    def test_what_was_mended_is_said(self, wood, open_app):
        crossing = shapely.Polygon([(0.10, 52.17), (0.22, 52.23), (0.22, 52.17), (0.10, 52.23)])
        app = upload(open_app(wood, PAGE, where="A file of zones", **TIME), geojson(Crossing=crossing))
        assert any("Crossing" in each.value for each in app.info)
        assert app.metric
