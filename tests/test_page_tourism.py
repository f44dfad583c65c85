"""The tourism page as a visitor meets it: where visitors come from, where they go, how areas differ.

Half of the visitors are observed, and nothing else is in doubt: a released figure N has the variance N + 2 + 4. In
November the country has 700 visits from France (100 for the day, 200 of one night, 400 of two or three with 1,000
nights) and 300 of one night from Germany; Alder half of the French ones, Germany's are withheld there; Birch none from
France that are shown, and 150 from Germany. October has half of everything.
"""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from app_pages import declared, figures, metrics, sent, texts
from build_world import ALDER, BIRCH, COUNTRY, REGION
from release_world import A1, A2, B1, write_release
from streamlit.testing.v1 import AppTest

from cellcount.store import open_release
from cellcount.ui import tourism
from cellcount.ui import tourism_reading as visits
from cellcount.ui.maps import Clicked
from cellcount.ui.reading import Release
from cellcount.ui.tourism import NOT_COMMUNITIES
from cellcount.ui.view import Area

TOURISM = "pages/tourism.py"
MAP = "tourism-map"


def row(area: str, country: str, stay: str, visits: int | None, nights: int | None, **more: int | None) -> dict:
    return {
        "area_code": area,
        "country_of_residence": country,
        "stay": stay,
        "visits": visits,
        "nights": nights,
        "se": None if visits is None else math.sqrt(visits + 6),
        **more,
    }


NOVEMBER = [
    row(COUNTRY, "FR", "same_day", 100, 0, repeat_visits=40),
    row(COUNTRY, "FR", "1", 200, 200, repeat_visits=100),
    row(COUNTRY, "FR", "2-3", 400, 1000, repeat_visits=210),
    row(COUNTRY, "DE", "1", 300, 300),
    row(COUNTRY, "GB", "1", 5000, 5000),
    row(ALDER, "FR", "same_day", 50, 0),
    row(ALDER, "FR", "1", 100, 100),
    row(ALDER, "FR", "2-3", 200, 480),
    row(ALDER, "DE", "1", None, None),
    row(ALDER, "GB", "1", 3000, 3000),
    row(BIRCH, "FR", "1", None, None),
    row(BIRCH, "DE", "1", 150, 150),
    row(BIRCH, "GB", "1", 1000, 1000),
]


def halved(each: dict) -> dict:
    """As many visits by half."""
    if each["visits"] is None:
        return each
    half = {name: each[name] // 2 for name in ("visits", "nights")}
    return {
        **{key: value for key, value in each.items() if key != "repeat_visits"},
        **half,
        "se": math.sqrt(half["visits"] + 6),
    }


def cell(at: int, country: str, part: str, people: int | None) -> dict:
    se = None if people is None else 3.0
    return {"h3": at, "country_of_residence": country, "day_part": part, "people": people, "se": se}


FIGURES = {
    "inbound_month/month=2026-11": NOVEMBER,
    "inbound_month/month=2026-10": [halved(each) for each in NOVEMBER],
    "inbound_cell_month/month=2026-11": [
        cell(A1, "FR", "night", 100),
        cell(A1, "FR", "midday", 60),
        cell(A2, "FR", "midday", None),
        cell(B1, "DE", "midday", 30),
    ],
    "outbound_month/month=2026-11": [
        {"home_area_code": ALDER, "country": "FR", "trips": 100, "nights": 500, "se": math.sqrt(106)},
        {"home_area_code": BIRCH, "country": "FR", "trips": 50, "nights": 250, "se": math.sqrt(56)},
    ],
    "official_visits": [],
}


@pytest.fixture(scope="module")
def wood(tmp_path_factory: pytest.TempPathFactory) -> Path:
    releases = tmp_path_factory.mktemp("tourism")
    write_release(releases, "tourism-wood", figures=FIGURES, quality={"operators_combined": 1})
    return releases


@pytest.fixture(scope="module")
def presence_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a published source of presence: no visits."""
    releases = tmp_path_factory.mktemp("presence")
    write_release(releases, "presence-wood", only=["present", "area_hour", "precision"])
    return releases


def abroad(home: str, country: str, trips: int | None) -> dict:
    """Trips of five nights each."""
    nights, se = (None, None) if trips is None else (5 * trips, math.sqrt(trips + 6))
    return {"home_area_code": home, "country": country, "trips": trips, "nights": nights, "se": se}


def clicked(app: AppTest, layer: str, on: str) -> AppTest:
    """The page as it runs again after something on its map was clicked."""
    app.session_state[tourism.CLICKED] = {"layer": layer, "id": on}
    return app.run()


def ranked(app: AppTest) -> list[str]:
    return [each.label.replace("\\", "") for each in app.button if each.key and each.key.startswith("ranked-")]


class TestWhereTheyComeFrom:
    def test_a_first_look_tells_visits_nights_and_stays_of_the_latest_month(self, wood, open_app):
        """1,000 visits: 4 figures, so 1,000 + 4 x 2 of chance and 4 x 4 of rounding, 32; 1,500 nights over 900."""
        app = open_app(wood, TOURISM)
        found = metrics(app)
        assert found["Visits"] == "1,000"
        assert found["Nights"] == "1,500"
        assert found["Average stay"] == "1.67"
        assert found["Same-day share"] == "10.0 %"
        # Of France's 700; Germany's are not said.
        assert found["Repeat visits"] == "50.0 %"
        assert "95 % intervals: visits 940 to 1,060, precise" in texts(app)
        assert "United Kingdom, November 2026" in texts(app)

    def test_residents_own_trips_are_no_visits_from_abroad(self, wood, open_app):
        app = open_app(wood, TOURISM)
        assert metrics(app)["Visits"] == "1,000", "5,000 are residents' own"
        assert "Britain" not in str(app.multiselect(key="country").options)

    def test_lines_go_from_countries_to_the_area(self, wood, open_app):
        spec, tables = sent(open_app(wood, TOURISM, area="Alder"), MAP)
        assert declared(spec, "arcs")["@@type"] == "ArcLayer"
        assert tables["arcs"].column("name").to_pylist() == ["France to Alder"]
        assert figures(spec, tables, "arcs")[0, 0] == pytest.approx(350, rel=1e-3)

    def test_what_is_no_amount_is_told_by_the_countries_themselves(self, wood, open_app):
        spec, tables = sent(open_app(wood, TOURISM, visit_measure="Average stay"), MAP)
        assert declared(spec, "countries")["@@type"] == "AreaLayer"
        names = tables["countries"].column("name").to_pylist()
        found = figures(spec, tables, "countries")[:, 0]
        assert found[names.index("France")] == pytest.approx(2.0, rel=1e-3)

    def test_a_country_is_chosen_in_the_address(self, wood, open_app):
        app = open_app(wood, TOURISM, country="FR")
        assert metrics(app)["Visits"] == "700"
        assert "Location quotient" not in metrics(app), "of the whole it is 1 by its making"
        assert "Visitors from France" in texts(app)
        # 350 of 368 visits are from France, of the whole 700 of 1,000.
        assert metrics(open_app(wood, TOURISM, country="FR", area="Alder"))["Location quotient"] == "1.36"

    def test_a_country_that_does_not_visit_gets_a_sentence(self, wood, open_app):
        assert "There is no country of residence “Atlantis” in this release." in texts(
            open_app(wood, TOURISM, country="Atlantis")
        )

    def test_a_click_on_a_line_chooses_its_country(self, wood, open_app):
        app = clicked(open_app(wood, TOURISM), "arcs", "FR")
        assert app.multiselect(key="country").value == ["FR"]
        assert metrics(app)["Visits"] == "700"

    def test_the_caption_says_what_a_country_is_and_what_is_withheld(self, wood, open_app):
        said = texts(open_app(wood, TOURISM, area="Birch"))
        assert "a proxy for the country of residence. It is not nationality, and it says nothing of ethnicity." in said
        assert "1 of 2 figures by country and length of stay are withheld: fewer than 10 devices are withheld." in said

    def test_a_month_in_the_address_and_all_of_them(self, wood, open_app):
        october = open_app(wood, TOURISM, month="2026-10")
        assert metrics(october)["Visits"] == "500"
        both = open_app(wood, TOURISM, month="all")
        assert metrics(both)["Visits"] == "1,500"
        spec, _ = sent(both, MAP)
        assert spec["steps"]["labels"] == ["October 2026", "November 2026"]
        assert "figures and lists are of all months together" in texts(both)

    def test_no_season_without_twelve_months(self, wood, open_app):
        assert "it needs twelve months, and the release has 2" in texts(open_app(wood, TOURISM))

    def test_without_the_survey_it_says_how_to_add_it(self, wood, open_app):
        assert "python -m cellcount import overseas-visits" in texts(open_app(wood, TOURISM))

    def test_the_survey_stands_beside_where_it_is_imported(self, tmp_path, open_app):
        survey = [
            {"period": "2022", "area_code": COUNTRY, "country_of_residence": code, "visits": visits}
            for code, visits in (("FR", 9000.0), ("DE", 3000.0))
        ]
        write_release(tmp_path, "with-survey", figures={**FIGURES, "official_visits": survey})
        app = open_app(tmp_path, TOURISM)
        app.session_state["survey"] = True
        app.run()
        assert "Beside the official survey" in "".join(each.label for each in app.expander)


class TestTheMapAlone:
    @pytest.mark.parametrize(
        ("direction", "layer", "chooses"),
        [
            ("from", "arcs", True),
            ("from", "countries", True),
            ("to", "areas", True),
            ("to", "cells", False),
            ("mix", "areas", True),
            ("abroad", "arcs", False),
        ],
    )
    def test_a_click_chooses_what_the_controls_above_it_have(self, direction, layer, chooses):
        area = Area(COUNTRY, "United Kingdom", "country", "United Kingdom", None, None, None)
        view = visits.View(direction, area, ("2026-11",), "visits", (), domestic=False, cells=layer == "cells")
        assert tourism._chooses(view, Clicked(layer, "FR", 0.0, 52.0, 0)) is chooses
        assert not tourism._chooses(view, Clicked("", "", 0.0, 52.0, 0)), "the bare ground"

    @pytest.mark.parametrize(
        "asked",
        [
            {},
            {"direction": "to"},
            {"direction": "to", "detail": "cells"},
            {"direction": "mix"},
            {"direction": "abroad"},
        ],
        ids=["from", "to", "cells", "mix", "abroad"],
    )
    def test_what_the_visitor_does_with_it_runs_no_more_than_it(self, wood, open_app, asked):
        app = open_app(wood, TOURISM, **asked)
        told = app.session_state._state._state._new_widget_state.widget_metadata
        own = [each.fragment_id for key, each in told.items() if key.endswith(f"-{MAP}")]
        assert own
        assert None not in own


class TestWhereTheyGo:
    def test_areas_are_shaded_by_visits_and_ranked(self, wood, open_app):
        app = open_app(wood, TOURISM, direction="to")
        spec, tables = sent(app, MAP)
        names = tables["areas"].column("name").to_pylist()
        found = figures(spec, tables, "areas")[:, 0]
        # Germany's withheld visits to Alder are expected: no more than 9 devices of two visits each.
        assert found[names.index("Alder")] == pytest.approx(368, rel=1e-3)
        assert found[names.index("Birch")] == pytest.approx(168, rel=1e-3)
        assert ranked(app)[0].startswith("1. Alder · **370**")

    def test_one_country_and_its_location_quotient(self, wood, open_app):
        app = open_app(wood, TOURISM, direction="to", country="DE", visit_measure="quotient")
        # Of Birch's 168 visits 150 are from Germany, of the country's 1,000 300.
        assert ranked(app) == [f"1. Birch · **{150 / 168 / 0.3:.2f}** :small[({limits(app)})]"]
        spec, tables = sent(app, MAP)
        names = tables["areas"].column("name").to_pylist()
        assert np.isnan(figures(spec, tables, "areas")[names.index("Alder"), 0]), "withheld"

    def test_residents_own_trips(self, wood, open_app):
        app = open_app(wood, TOURISM, direction="to", detail="domestic")
        assert metrics(app)["Visits"] == "5,000"
        assert ranked(app)[0].startswith("1. Alder · **3,000**")

    def test_a_click_on_an_area_goes_there(self, wood, open_app):
        app = clicked(open_app(wood, TOURISM, direction="to"), "areas", BIRCH)
        assert app.selectbox(key="area").value == "Birch (local authority)"

    def test_cells_play_the_parts_of_the_day(self, wood, open_app):
        app = open_app(wood, TOURISM, direction="to", detail="cells")
        spec, tables = sent(app, MAP)
        assert [label.split(",")[0] for label in spec["steps"]["labels"]] == [
            "Night",
            "Morning",
            "Midday",
            "Evening",
            "Late",
        ]
        assert spec["steps"]["start"] == 2
        found = figures(spec, tables, "cells")
        assert sorted(found[found > 0].round().tolist()) == [30, 60, 100]
        assert np.isnan(found).sum() == 1
        assert "1 of 4 figures are withheld and hatched" in texts(app)

    def test_no_cells_of_a_country_is_a_sentence(self, wood, open_app):
        app = open_app(wood, TOURISM, direction="to", detail="cells", area="Alder", country="DE")
        assert "No visitors from DE were observed by cell in Alder" in texts(app)


class TestHowAreasDiffer:
    def test_it_says_first_how_it_must_not_be_read(self, wood, open_app):
        app = open_app(wood, TOURISM, direction="mix")
        assert app.warning[0].value == NOT_COMMUNITIES
        assert "whatever their nationality, language or ethnicity" in texts(app)

    def test_the_mix_of_the_whole(self, wood, open_app):
        """Shares of 0.7 and 0.3: exp(-0.7 ln 0.7 - 0.3 ln 0.3) = 1.84."""
        app = open_app(wood, TOURISM, direction="mix")
        assert metrics(app)["Effective number of countries"] == "1.84"
        assert "Too few areas can be compared to put them together." in texts(app)

    def test_an_area_against_the_whole(self, wood, open_app):
        """Germany has 150 of Birch's 168 visits, and 0.3 of the country's: 0.593 would have to be others."""
        app = open_app(wood, TOURISM, direction="mix", area="Birch")
        assert metrics(app)["Differs from the whole by"] == "59.3 %"
        assert "2.98 times" in texts(app)


class TestWhereResidentsGo:
    def test_trips_abroad_of_a_region_are_those_of_its_authorities(self, wood, open_app):
        app = open_app(wood, TOURISM, direction="abroad", area=REGION)
        assert metrics(app) == {"Trips abroad": "150", "Nights per trip": "5.0"}
        _, tables = sent(app, MAP)
        assert tables["arcs"].column("name").to_pylist() == ["North Wood to France"]

    def test_what_has_no_line_is_said_with_its_trips(self, tmp_path, open_app):
        rows = [*FIGURES["outbound_month/month=2026-11"], abroad(ALDER, "ZZ", 80)]
        write_release(tmp_path, "grouped", figures={**FIGURES, "outbound_month/month=2026-11": rows})
        app = open_app(tmp_path, TOURISM, direction="abroad", area=REGION)
        assert "Without a line, for they have no place: Several small countries, grouped (80)." in texts(app)

    def test_trips_are_told_month_by_month(self, tmp_path, open_app):
        october = [abroad(ALDER, "FR", 40), abroad(BIRCH, "FR", 20)]
        write_release(tmp_path, "months", figures={**FIGURES, "outbound_month/month=2026-10": october})
        app = open_app(tmp_path, TOURISM, direction="abroad", area=REGION)
        assert "Trips abroad, month by month, with 95 % intervals" in texts(app)
        bars = json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]
        assert np.frombuffer(base64.b64decode(bars["y"]["bdata"])).tolist() == [60, 150]

    def test_a_click_on_a_line_chooses_nothing(self, wood, open_app):
        app = open_app(wood, TOURISM, direction="abroad", area=REGION)
        view = sent(app, MAP)[0]["view"]["id"]
        app.session_state[MAP] = {"clicked": {"of": view, "layer": "arcs", "id": "FR", "step": 0}}
        app.run()
        assert metrics(app)["Trips abroad"] == "150"
        assert app.session_state[tourism.CLICKED] is None
        assert "country" not in app.session_state, "a country would be the filter of another question"

    def test_a_country_that_one_area_withholds_is_in_its_total(self, tmp_path, open_app):
        """Birch has a third of the trips to France, so a third of Alder's 24 to Italy is expected: 8."""
        rows = [*FIGURES["outbound_month/month=2026-11"], abroad(ALDER, "IT", 24), abroad(BIRCH, "IT", None)]
        write_release(tmp_path, "italy", figures={**FIGURES, "outbound_month/month=2026-11": rows})
        app = open_app(tmp_path, TOURISM, direction="abroad", area="Birch")
        assert metrics(app) == {"Trips abroad": "60", "Nights per trip": "5.0"}, "58, as its interval allows to say it"
        assert "Not ranked, for it is withheld: 1 country." in texts(app)

    def test_a_country_that_is_withheld_everywhere_is_said_to_be_left_out(self, tmp_path, open_app):
        rows = [*FIGURES["outbound_month/month=2026-11"], abroad(ALDER, "DE", None), abroad(BIRCH, "DE", None)]
        write_release(tmp_path, "hidden", figures={**FIGURES, "outbound_month/month=2026-11": rows})
        app = open_app(tmp_path, TOURISM, direction="abroad", area=REGION)
        assert metrics(app) == {"Trips abroad, at least": "150", "Nights per trip": "5.0"}
        assert "1 country left out" in texts(app)
        assert "The sum is the least that it can be: no interval is given." in texts(app)
        assert "95 % interval of trips" not in texts(app)

    def test_an_area_whose_centre_is_not_known_has_that_of_its_outline(self, tmp_path, monkeypatch):
        write_release(tmp_path, "no-centre", figures=FIGURES)
        release = Release(open_release(tmp_path / "no-centre"))
        area = next(each for each in release.areas.values() if each.code == ALDER)
        assert len(release.outlines), "they are read before the centres are gone"
        table = release.run("areas").table.to_pylist()
        nowhere = [{**each, "centre_lon": None, "centre_lat": None} for each in table]
        monkeypatch.setattr(type(release), "run", lambda *_, **__: SimpleNamespace(table=pa.Table.from_pylist(nowhere)))
        # Its outline is from 0.0 to 0.2 E and 52.0 to 52.4 N.
        assert visits.centre_of(release, area) == pytest.approx((0.1, 52.2))

    def test_a_month_without_any_gets_a_sentence(self, wood, open_app):
        app = open_app(wood, TOURISM, direction="abroad", area="England", month="2026-10")
        assert "There is no month “2026-10” here." in texts(app)


class TestWhatIsMissing:
    def test_a_release_without_visits_says_so(self, presence_only, open_app):
        app = open_app(presence_only, TOURISM)
        assert "This release has no visits: it lacks the table inbound_month." in texts(app)
        assert not app.metric

    def test_bad_values_in_the_address_get_a_sentence(self, wood, open_app):
        app = open_app(wood, TOURISM, direction="Where do they hide?", month="2030-01", area="Atlantis")
        said = texts(app)
        assert "There is no question “Where do they hide?” here." in said
        assert "Where do they come from?." not in said
        app = open_app(wood, TOURISM, direction="to", detail="Atlantis")
        assert "There is no detail “Atlantis” here." in texts(app)
        assert "There is no month “2030-01” here." in said
        assert "There is no area “Atlantis” in this release." in said

    def test_evidence_has_the_queries_and_the_methods(self, wood, open_app):
        app = open_app(wood, TOURISM)
        app.session_state["evidence"] = True
        app.run()
        said = texts(app)
        assert "visits_in_month" in said
        assert "International Recommendations for Tourism Statistics 2008" in said


def limits(app: AppTest) -> str:
    """The interval in the first line of the ranked list."""
    return ranked(app)[0].split(":small[(")[1].removesuffix(")]")
