"""The pages as a visitor meets them: what they show, what they say of what is missing, and of what is not there.

The release is that of `release_world`, a country of seven cells of 5 km². At 08:00 on Monday 2 November 2026 Alder's
have 110, 220, a withheld figure and 440 people, Birch's 55, 65 and 0; Alder 1,070 in all, Birch's total is withheld,
the country 1,190 with a standard error of 21.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import h3.api.basic_int as h3
import numpy as np
import pytest
from app_pages import ROOT, cells_sent, declared, drawn, figures, metrics, sent, texts, withheld
from build_world import ALDER, BIRCH, COUNTRY, MONDAY, REGION, hours, write_delivery
from release_world import A1, A2, A3, A4, B1, B2, B3, area_hour, write_release
from streamlit.testing.v1 import AppTest

from cellcount.importers.helsinki import import_helsinki
from cellcount.store import MANIFEST_NAME
from cellcount.ui.look import PALETTES

DENSITY, QUALITY, ABOUT = "pages/density.py", "pages/quality.py", "pages/about.py"
LIGHT = PALETTES["light"]


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    releases = tmp_path_factory.mktemp("demonstration")
    midday = {"people_h13": 1600, "se_h13": 30.0}
    areas = [
        {**area_hour(ALDER, MONDAY, 1000, 20.0, 1070), **midday},
        area_hour(BIRCH, MONDAY, 110, 6.0, None),
        area_hour(REGION, MONDAY, 1110, 21.0, 1190),
        area_hour(COUNTRY, MONDAY, 1110, 21.0, 1190),
    ]
    write_release(releases, "demonstration-wood", figures={"area_hour": areas})
    return releases


@pytest.fixture(scope="module")
def typical(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As from a published source: typical days and no dates, an own time zone, no standard errors."""
    releases = tmp_path_factory.mktemp("typical")
    time = {
        "time_zone": "Europe/Helsinki",
        "period_start": None,
        "period_end": None,
        "day_types": [{"id": "weekday", "label": "Workday"}, {"id": "saturday", "label": "Saturday"}],
        "periods": [{"id": "2026-11", "label": "As published"}],
        "slots": [
            {"id": f"h{hour:02d}", "label": f"{hour:02d}:00 to {hour + 1:02d}:00", "hours": [hour]}
            for hour in range(24)
        ],
    }
    write_release(
        releases,
        "lake",
        only=["typical_day", "typical_area"],
        title="Lake region",
        kind="imported",
        synthetic=False,
        deliveries=[],
        time=time,
    )
    return releases


def applications(app: AppTest) -> dict[str, dict[str, str]]:
    """The rows of the tables of applications, by the application, without the marks of Markdown."""
    rows = [row for table in app.table for row in table.value.to_dict("records")]
    plain = [{name: re.sub(r":material/\w+: |[\\*]", "", text) for name, text in row.items()} for row in rows]
    return {row["Application"].split("  \n")[0]: row for row in plain}


class TestThemes:
    def test_the_eight_themes_have_live_figures(self, demonstration, open_app):
        app = open_app(demonstration)
        assert [each.value for each in app.subheader][:8] == [
            "Urban planning and land use",
            "Mobility",
            "Tourism",
            "Ethnicity",
            "Socio\\-economic status and economic levels",
            "Population and migration",
            "Industrial strategy",
            "Emergency services and incident response",
        ]
        # 400 people in 5 km²; 900 trips in 20 days, se 9; 30 + 10 visits, se 3 and 4; at midday 1,600 of 4,000
        # residents and 110 of 3,000, so 0.0367 and 0.4; 1,600 less 1,000.
        assert metrics(app) == {
            "People per km² in the densest cell": "80",
            "Commuting trips a day on the largest flow": "45",
            "Most visits from one country: France": "40",
            "People present per resident in the middle half of areas": "0.13 to 0.31",
            "More people in Alder by day than by night": "+600",
            "People whose usual work is in the busiest cell": "300",
        }
        said = texts(app)
        assert "95 % interval 44.1 to 45.9" in said, "of the commuting trips: 45 and 1.96 times 0.45 on either side"
        assert "95 % interval 280 to 320" not in said
        assert "282 to 318" in said, "of the workers: 300 and 1.96 times 9"
        assert "the two hours share the uncertainty of the operators" in said, "of the gain by day"
        assert "No figure, on purpose" in said, "of ethnicity"
        assert "This release has 2 dates" in said, "an unusual hour needs other weeks"

    def test_what_a_release_lacks_is_named(self, typical, open_app):
        said = texts(open_app(typical))
        for missing in ("flows_month", "inbound_month", "usual_environment", "typical days and no dates"):
            assert missing in said

    def test_every_application_has_its_verdict_checked_against_the_release(self, typical, open_app):
        app = open_app(typical)
        rows = applications(app)
        assert len(rows) == 29
        by_time = rows["Populations by time of day"]
        assert by_time["Verdict"] == "Served now: Population density"
        assert "typical days by cell (its precision is not told)" in by_time["With this release"]
        assert by_time["Ethics"].startswith("Standard safeguards.")
        lacking = rows["Tourist destinations"]
        assert lacking["Verdict"] == "Not with this release"
        assert lacking["With this release"].startswith("This release has no visits by country of residence.")
        assert rows["Seasonal population"]["With this release"] == (
            "Needs twelve months; this release has typical days and no dates."
        )
        # People by time of day, hotspots twice, and the study of what is lacking.
        assert "4 of 29 applications are served by this release" in texts(app)

    def test_a_release_of_two_days_is_too_short_for_seasons_and_for_usual_days(self, demonstration, open_app):
        rows = applications(open_app(demonstration))
        assert rows["Tourist destinations"]["Verdict"] == "Served now: Tourism origins"
        assert rows["Seasonal population"]["With this release"] == "Needs twelve months; this release has one date."
        assert (
            "Needs 29 dates; this release has two dates."
            in (rows["Targeting humanitarian relief"]["With this release"])
        )

    def test_a_card_has_a_mark_for_each_application_and_says_what_ethics_needs_first(self, demonstration, open_app):
        said = texts(open_app(demonstration))
        assert said.count('class="cc-pips"') == 8
        assert "0 of 2 applications served" in said, "of ethnicity"
        assert "What would be needed first." in said
        assert "Approval by the National Statistician's Data Ethics Advisory Committee" in said
        assert "Health and Safety Executive (named in the brief)" in said
        assert "Department for Transport (suggested)" in said

    def test_links_lead_into_the_map_with_measure_and_hour(self, demonstration, open_app):
        links = [each.proto for each in open_app(demonstration).get("page_link")]
        (rush,) = [each for each in links if "The morning rush" in each.label]
        assert parse_qs(rush.query_string) == {
            "measure": ["Per resident"],
            "hour": ["08:00"],
        }


class TestDensity:
    def test_amounts_zero_and_withheld_are_drawn_apart(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY)
        shown = drawn(app)
        assert {cell: figure for cell, (figure, _) in shown.items()} == {
            A1: 110,
            A2: 220,
            A4: 440,
            B1: 55,
            B2: 65,
            B3: 0,
        }
        assert shown[B3][1] == LIGHT.zero
        assert [colour for _, colour in shown.values()].count(LIGHT.zero) == 1
        assert withheld(app) == {A3}
        # The darker, the more: the ramp runs from its first colour to its last.
        ramp = list(LIGHT.amounts)
        assert ramp.index(shown[B1][1]) < ramp.index(shown[A1][1]) < ramp.index(shown[A4][1])
        keys = [each["words"] for each in sent(app)[0]["legend"]["keys"]]
        assert keys == ["0, observed", "withheld"]

    def test_the_hour_changes_the_figures_and_not_the_scale(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY)
        later = open_app(demonstration, DENSITY, hour="13:00")
        assert (drawn(later)[A1][0], drawn(later)[A3][0]) == (100, 300)
        assert not withheld(later)
        assert sent(app)[0]["legend"] == sent(later)[0]["legend"]
        assert metrics(later)["People present"] == "1,110"

    def test_a_day_is_sent_once_and_every_hour_has_its_headline(self, demonstration, open_app):
        spec, tables = sent(open_app(demonstration, DENSITY))
        assert len(spec["steps"]["labels"]) == 24
        assert spec["steps"]["words"][8] == "1,190 people"
        assert figures(spec, tables, "cells").shape == (7, 24)

    def test_figures_have_their_interval(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY)
        # 1,190 and 1.96 times 21 on either side, to tens as the error's first digit says; over 20 km², so to ones;
        # 7 % more than at 04:00.
        assert metrics(app) == {
            "People present": "1,190",
            "Per km²": "60",
            "Against 04:00": "+7 %",
            "Most, at 08:00": "1,190",
        }
        # 21 over 20 km² is 1.05, so 59.5 less and plus 2.06; the ratio 1,190 / 1,110 has an error of
        # 1.072 x hypot(21 / 1,190, 21 / 1,110) = 0.028.
        assert "People: 95 % interval 1,150 to 1,230, precise; per km² 57 to 62." in texts(app)
        assert "95 % intervals: difference +2 % to +13 %, rather too wide; most 1,150 to 1,230." in texts(app)

    def test_a_cell_has_its_interval_and_label_beside_its_figure(self, demonstration, open_app):
        """At 08:00 the variance of Alder's 440 is 442 + 4 + 8.8² = 523: an error of 22.9, or 5.2 %."""
        app = open_app(demonstration, DENSITY, area="Alder")
        spec, tables = sent(app)
        curves, places = tables["cells_curves"], tables["cells_places"]
        told = declared(spec, "cells")["curves"]
        row = places.column("area").to_pylist()[
            tables["cells"].column("place").to_pylist()[cells_sent(spec, tables).index(A4)]
        ]
        logs = [each[row * told["parts"] + told["partOfStep"][8]].as_py() for each in curves.columns]
        assert np.exp(np.interp(np.log(440), np.log(told["sizes"]), logs)) == pytest.approx(22.9, rel=0.01)
        lines = [each.label.replace("\\", "") for each in app.button if each.key and each.key.startswith("ranked")]
        assert lines[0] == "1. near Alder · **440** :small[(400 to 480, reasonably precise)]"
        assert "Figures by cell, by their 95 % interval: 3 reasonably precise." in texts(app)

    def test_a_measure_shows_where_the_figures_may_be_used(self, demonstration, typical, open_app):
        app = open_app(demonstration, DENSITY, measure="Precision")
        colours = {cell: colour for cell, (_, colour) in drawn(app).items()}
        assert {cell: LIGHT.labels.index(colour) for cell, colour in colours.items()} == {
            A1: 1,
            A2: 1,
            A4: 1,
            B1: 2,
            B2: 2,
            B3: 3,
        }, "reasonably precise in Alder, acceptable in Birch, and a zero to be used with caution"
        assert withheld(app) == {A3}
        legend = sent(app)[0]["legend"]
        assert legend["rows"][0]["words"] == "use with caution"
        assert [each["words"] for each in legend["keys"]] == ["withheld"]
        (tally,) = app.table
        assert tally.value["Cells"].tolist() == ["0", "3", "2", "1", "1", "0"]
        assert metrics(app)["Standard error"] == "1.8 %", "21 over 1,190"
        without = open_app(typical, DENSITY, measure="Precision")
        assert "There is no measure “Precision” here." in texts(without)

    def test_the_caption_says_unit_place_time_and_what_is_not_shown(self, demonstration, open_app):
        said = texts(open_app(demonstration, DENSITY))
        assert (
            "People present in the cell, United Kingdom, Monday 2 November 2026, 08:00 to 09:00, local time "
            "(Europe/London). H3 cells of resolution 7, about 5.2 km² each. 1 of 7 cells is withheld and hatched: "
            "fewer than 10 devices are withheld." in said
        )

    def test_cells_that_are_not_covered_are_absent_and_counted(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY, date="2026-11-03")
        assert set(drawn(app)) == {A1, B1}
        assert "5 of 7 cells are not covered by the release and not drawn." in texts(app)

    def test_the_map_has_our_own_ground_and_asks_nobody(self, demonstration, open_app):
        spec, tables = sent(open_app(demonstration, DENSITY))
        assert spec["tiles"] is None
        assert "http" not in json.dumps(spec).replace("http://www.w3.org", "")
        assert {"land", "areas", "chosen"} <= set(tables["ground"].column_names)
        _, of_alder = sent(open_app(demonstration, DENSITY, area="Alder"))
        assert json.loads(of_alder["ground"].column("chosen")[0].as_py())["features"]

    @pytest.mark.parametrize(
        ("measure", "figure", "second"),
        [("per_km2", 88.0, "Per km²"), ("per_resident", 0.44, "Per resident")],
    )
    def test_measures(self, demonstration, open_app, measure, figure, second):
        app = open_app(demonstration, DENSITY, measure=measure)
        assert drawn(app)[A4][0] == pytest.approx(figure)
        assert second in metrics(app)

    def test_whoever_selects_an_area_in_the_list_moves_there(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY)
        lines = [each.label.replace("\\", "") for each in app.button if each.key and each.key.startswith("ranked")]
        assert lines == ["1. Alder · **1,070** :small[(1,030 to 1,110, precise)]"], "Birch's total is withheld at 08:00"
        app.button(key="ranked-1").click().run()
        assert app.selectbox(key="area").value == "Alder (local authority)"
        assert set(drawn(app)) | withheld(app) == {A1, A2, A3, A4}
        assert metrics(app)["People present"] == "1,070"

    def test_whoever_selects_a_cell_sees_it_marked_and_can_go_back(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY, area="Alder")
        whole = sent(app)[0]["view"]
        app.button(key="ranked-1").click().run()
        spec, _ = sent(app)
        assert spec["marked"] == [f"{A4:x}"]
        latitude, longitude = h3.cell_to_latlng(A4)
        view = spec["view"]
        assert view["west"] < longitude < view["east"]
        assert view["south"] < latitude < view["north"]
        assert view["north"] - view["south"] < whole["north"] - whole["south"] or view != whole
        next(each for each in app.button if each.label.startswith("Show all")).click().run()
        assert sent(app)[0]["marked"] == []
        assert sent(app)[0]["view"] == whole

    def test_the_evidence_has_the_queries_as_they_were_run(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY, area="Alder")
        queries = [each for each in app.code if each.language == "sql"]
        assert not queries, "the map does not wait for what nobody opened"
        app.session_state["evidence"] = True
        app.run()
        statements = [each.value for each in app.code]
        assert any("FROM present\nWHERE" in each for each in statements)
        said = texts(app)
        assert '{"area": "E07000001", "resolution": 7, "date": "2026-11-02"} · 4 rows' in said
        assert "demonstration-wood, made from red-2026-11-02" in said
        assert "The data are made up." in said

    def test_the_link_writes_every_value_and_opens_the_same_view(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY, area="Alder", measure="per_km2", hour="13:00")
        app.session_state["link"] = True
        app.run()
        (address,) = [each.value for each in app.code if "release=" in each.value]
        query = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        assert query == {
            "release": "demonstration-wood",
            "area": ALDER,
            "date": "2026-11-02",
            "measure": "per_km2",
            "hour": "13:00",
        }
        again = open_app(demonstration, DENSITY, **query)
        assert again.selectbox(key="release").value == "demonstration-wood"
        assert drawn(again) == drawn(app)
        assert metrics(again) == metrics(app)
        assert not again.info

    def test_the_table_has_what_the_map_has_and_the_downloads_are_offered(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY, area="Alder")
        app.session_state["table"] = True
        app.session_state["download"] = True
        app.run()
        table = app.dataframe[0].value
        assert table["People"].tolist()[:3] == [440, 220, 110]
        assert table["People"].isna().sum() == 1, "what is withheld is empty"
        assert "The most is 440 people" in texts(app)
        kinds = {"CSV", "Description of the CSV (CSVW)", "GeoParquet"}
        offered = [each.proto.label for each in app.get("download_button") if each.proto.label in kinds]
        assert offered == ["CSV", "Description of the CSV (CSVW)", "GeoParquet", "CSV", "Description of the CSV (CSVW)"]

    def test_a_typical_day_of_a_release_with_dates(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY, day="usual")
        assert not app.date_input
        assert app.selectbox(key="day_type").value == "weekday"
        assert {cell: figure for cell, (figure, _) in drawn(app).items()} == pytest.approx(
            {A1: 110.5, B1: 55.5}, rel=1e-3
        )


class TestTypicalDays:
    def test_days_hours_and_time_zone_are_the_release_s_own(self, typical, open_app):
        app = open_app(typical, DENSITY)
        assert not app.date_input
        assert drawn(app)[A1][0] == pytest.approx(110.5, rel=1e-3)
        assert "a usual workday, As published, 08:00 to 09:00, local time (Europe/Helsinki)" in texts(app)
        app.selectbox(key="day_type").select("saturday").run()
        assert {cell: figure for cell, (figure, _) in drawn(app).items()} == {A1: 90}
        assert "This release has no totals for this area" in texts(app), "its totals are of workdays alone"

    def test_parts_of_a_day_are_steps_and_bars(self, tmp_path, open_app):
        parts = [
            {"id": "night", "label": "Late night, 01:00 to 05:00", "hours": [1, 2, 3, 4]},
            {"id": "day", "label": "Day, 11:00 to 15:00", "hours": [11, 12, 13, 14]},
        ]
        time = {
            "time_zone": "Asia/Tokyo",
            "period_start": None,
            "period_end": None,
            "day_types": [{"id": "weekday", "label": "Weekday"}],
            "periods": [{"id": "2026-11", "label": "November 2026"}],
            "slots": parts,
        }
        write_release(tmp_path, "bay", only=["typical_day", "typical_area"], time=time, synthetic=False)
        app = open_app(tmp_path, DENSITY, area="Alder")
        assert sent(app)[0]["steps"]["labels"] == ["Late night", "Day"]
        (chart,) = app.get("plotly_chart")
        traces = json.loads(chart.proto.spec)["data"]
        assert [trace["type"] for trace in traces] == ["bar"], "what lies between two parts was not measured"
        assert "November 2026, Day, 11:00 to 15:00, local time (Asia/Tokyo)" in texts(app)
        links = [parse_qs(each.proto.query_string) for each in open_app(tmp_path).get("page_link")]
        assert {hour for link in links for hour in link.get("hour", [])} == {"Day"}, "08:00 and 20:00 are not there"


@pytest.fixture(scope="module")
def helsinki(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    releases = tmp_path_factory.mktemp("helsinki")
    import_helsinki(real_data / "helsinki-24h-population", releases, total_population=1_200_000)
    return releases


@pytest.mark.real_data
class TestHelsinki:
    """The published data of Bergroth et al. 2022, as the importer makes a release of them."""

    CENTRAL_STATION = (60.1719, 24.9414)

    def test_at_midday_most_people_are_in_the_city_centre(self, helsinki, open_app):
        app = open_app(helsinki, DENSITY, hour="13:00")
        people = {cell: figure for cell, (figure, _) in drawn(app).items()}
        assert sum(people.values()) == pytest.approx(1_200_000, rel=0.001), "every hour adds to 100 %"
        densest = max(people, key=people.__getitem__)
        assert h3.great_circle_distance(h3.cell_to_latlng(densest), self.CENTRAL_STATION) < 2, "kilometres"
        assert "a usual workday (Monday to Thursday)" in texts(app)
        assert "local time (Europe/Helsinki)" in texts(app)
        assert "The source gives no interval for this figure." in texts(app)
        assert list(metrics(app)) == ["People present", "Per km²"], "the publisher fixes the total: no hour stands out"
        assert "The total varies by less than 0.5 % over the day, so no hour stands out." in texts(app)

    def test_themes_serve_what_the_source_has_and_name_the_rest(self, helsinki, open_app):
        app = open_app(helsinki)
        assert list(metrics(app)) == ["People per km² in the densest cell"]
        links = [parse_qs(each.proto.query_string) for each in app.get("page_link")]
        assert not any(link.get("measure") == ["Per resident"] for link in links), "the source has no residents"
        assert "typical days and no dates" in texts(app)
        assert "Contains data of Bergroth et al. 2022" in texts(app), "the licence asks for it"


class TestWhatIsNotThere:
    @pytest.mark.parametrize(
        "case",
        [
            ("area", "Aldr", "There is no area “Aldr” in this release. The nearest name is Alder", "Alder"),
            (
                "area",
                "Xyzzy",
                "There is no area “Xyzzy” in this release. Shown instead: United Kingdom.",
                "United Kingdom",
            ),
            ("hour", "27:00", "There is no hour “27:00” on this day. The nearest is 23:00.", "23:00 to 00:00"),
            ("hour", "²", "There is no hour “²” on this day. Shown instead: 08:00.", "08:00 to 09:00"),
            ("hour", "noon", "There is no hour “noon” on this day. Shown instead: 08:00.", "08:00 to 09:00"),
            ("measure", "per_mile", "There is no measure “per_mile” here. Shown instead: Per", "per km²"),
        ],
    )
    def test_a_bad_value_in_the_address_gets_a_sentence_and_the_nearest(self, demonstration, open_app, case):
        key, asked, said, shown = case
        app = open_app(demonstration, DENSITY, **{key: asked})
        assert said in texts(app)
        caption = next(each for each in texts(app).splitlines() if each.startswith("People present"))
        assert shown in caption
        assert drawn(app)

    def test_a_bad_date_gets_a_sentence_and_the_nearest(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY, date="2031-01-01")
        assert "This release has no 1 January 2031. The nearest date is Tuesday 3 November 2026." in texts(app)
        assert str(app.date_input(key="date").value) == "2026-11-03"

    def test_what_the_address_says_is_shown_as_text(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY, area="[x](http://evil.example) <img src=x>")
        (info,) = app.info
        assert r"\[x\]\(http\://evil.example\) \<img src=x\>" in info.value


class TestNothingUnprotected:
    def test_a_delivery_and_files_that_no_manifest_lists_are_never_shown(self, tmp_path, open_app):
        """Somebody put a delivery beside the releases, and a part of it among the files of a release."""
        folder = write_release(tmp_path, "wood")
        counts = [{"resolution": 7, "h3": A3, "segment": "all", **hours(3)}]
        delivery = write_delivery(tmp_path / "red", "red", cell_day=counts, factors=[])
        beside = folder / "present" / "resolution=7" / f"date={MONDAY}" / "part-9.parquet"
        shutil.copy(next((delivery / "cell_day").rglob("*.parquet")), beside)
        app = open_app(tmp_path, DENSITY)
        assert app.selectbox(key="release").options == ["wood"]
        assert withheld(app) == {A3}
        assert "is not a release's manifest" in texts(open_app(tmp_path, DENSITY, release="red"))

    @pytest.mark.parametrize("page", [None, DENSITY, QUALITY, ABOUT])
    def test_a_release_for_the_steward_alone_says_so_on_every_page(self, tmp_path, open_app, page):
        write_release(tmp_path, "wood", steward_only=True)
        assert "For the data steward only: not for release." in texts(open_app(tmp_path, page))


def outdated(folder: Path) -> None:
    """A release as it was built before."""
    manifest = folder / MANIFEST_NAME
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "release_format": "0.1"}))


class TestReleases:
    @pytest.mark.parametrize("page", [None, DENSITY, QUALITY, ABOUT])
    def test_the_banner_stands_on_every_page_of_made_up_people_and_on_no_other(
        self, demonstration, typical, open_app, page
    ):
        assert "Synthetic demonstration data." in texts(open_app(demonstration, page))
        assert "Synthetic demonstration data." not in texts(open_app(typical, page))
        assert "Source: Nobody." in texts(open_app(demonstration, page)), "the foot"
        assert "For the data steward only" not in texts(open_app(demonstration, page))

    @pytest.mark.parametrize("page", [None, DENSITY, QUALITY, ABOUT])
    def test_no_release_is_a_sentence_with_the_folder_and_the_remedy(self, tmp_path, open_app, page):
        app = open_app(tmp_path, page)
        (error,) = app.error
        assert f"There is no release in {tmp_path}" in error.value.replace("\\", "")
        assert "python -m cellcount build" in texts(app)
        assert not app.metric

    def test_a_configured_release_that_is_missing_is_said_and_another_one_served(self, demonstration, open_app):
        app = open_app(demonstration, DENSITY, release="national")
        (warning,) = app.warning
        assert "There is no release national" in warning.value.replace("\\", "")
        assert "North Wood" in warning.value
        assert drawn(app)

    @pytest.mark.parametrize(
        ("harm", "said"),
        [
            (lambda folder: (folder / MANIFEST_NAME).write_text('{"name": "a parcel"}'), "not a release's manifest"),
            (lambda folder: (folder / MANIFEST_NAME).write_text('{"release_format": "9.0"}'), "format 9.0"),
            (outdated, "is of format 0.1, whose figures are not calibrated"),
            (lambda folder: (folder / MANIFEST_NAME).unlink(), "it has no manifest.json"),
            (
                lambda folder: (folder / "areas/part-0.parquet").write_bytes(b"PAR1"),
                "has 4 bytes where the manifest says",
            ),
            (lambda folder: shutil.rmtree(folder / "cells"), "is missing: the release is not whole"),
        ],
        ids=["foreign", "newer", "outdated", "half", "truncated", "incomplete"],
    )
    def test_a_damaged_release_is_explained_and_the_good_one_served(self, tmp_path, open_app, harm, said):
        harm(write_release(tmp_path / "alone", "wood"))
        (error,) = open_app(tmp_path / "alone", DENSITY).error
        assert said in error.value.replace("\\", "")
        harm(write_release(tmp_path / "two", "wood"))
        write_release(tmp_path / "two", "lake", title="Lake region")
        app = open_app(tmp_path / "two", DENSITY, release="wood")
        (warning,) = app.warning
        assert said in warning.value.replace("\\", "")
        assert "Lake region" in warning.value
        assert drawn(app)

    def test_a_link_to_a_damaged_release_tells_the_fault_once(self, tmp_path, monkeypatch):
        write_release(tmp_path, "lake", title="Lake region")
        (write_release(tmp_path, "wood") / "areas/part-0.parquet").write_bytes(b"PAR1")
        monkeypatch.setenv("CELLCOUNT_RELEASES", str(tmp_path))
        monkeypatch.setenv("CELLCOUNT_RELEASE", "wood")
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        app.query_params["release"] = "wood"
        app.run()
        assert texts(app).count("has 4 bytes where the manifest says") == 1
        assert "Release wood cannot be opened. Shown instead: Lake region." in texts(app)

    @pytest.mark.parametrize("page", ["app.py", DENSITY, QUALITY, ABOUT])
    def test_a_release_in_the_address_that_is_not_here(self, demonstration, monkeypatch, page):
        monkeypatch.setenv("CELLCOUNT_RELEASES", str(demonstration))
        monkeypatch.delenv("CELLCOUNT_RELEASE", raising=False)
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        app.switch_page(page)
        app.query_params["release"] = "gone"
        app.run()
        assert texts(app).count("There is no release “gone” here. Shown instead: North Wood.") == 1

    def test_another_release_is_chosen_and_stays_on_the_next_page(self, tmp_path, open_app):
        write_release(tmp_path, "wood", created_at="2026-11-20T00:00:00+00:00")
        lake = {"figures": {f"present/resolution=7/date={MONDAY}": [{"h3": B1, **hours(70)}]}, "title": "Lake region"}
        write_release(tmp_path, "lake", created_at="2026-11-10T00:00:00+00:00", **lake)
        app = open_app(tmp_path)
        assert app.selectbox(key="release").options == ["wood", "lake"], "the newest first"
        app.selectbox(key="release").select("lake").run()
        assert metrics(app)["People per km² in the densest cell"] == "14"
        app.switch_page(DENSITY).run()
        assert {cell: figure for cell, (figure, _) in drawn(app).items()} == {B1: 70}

    def test_a_release_without_figures_by_hour_says_so(self, tmp_path, open_app):
        write_release(tmp_path, "roads", only=["flows_month", "typical_area", "present"], figures={"area_hour": []})
        shutil.rmtree(tmp_path / "roads" / "present")
        manifest = json.loads((tmp_path / "roads" / MANIFEST_NAME).read_text())
        manifest["files"] = [each for each in manifest["files"] if not each["path"].startswith("present/")]
        del manifest["tables"]["present"]
        (tmp_path / "roads" / MANIFEST_NAME).write_text(json.dumps(manifest))
        (error,) = open_app(tmp_path, DENSITY).error
        assert "neither dates nor typical days" in error.value

    def test_a_figure_that_vanishes_while_it_is_served_is_a_sentence(self, tmp_path, open_app):
        folder = write_release(tmp_path, "wood")
        app = open_app(tmp_path)
        shutil.rmtree(folder / "present")
        app.switch_page(DENSITY).run()
        (error,) = app.error
        assert "no longer as they were when it was opened" in error.value
        assert not app.exception


class TestAbout:
    def test_it_says_whose_the_data_are_and_leads_to_how_people_are_protected(self, demonstration, open_app):
        app = open_app(demonstration, ABOUT)
        said = texts(app)
        assert "People estimated present." in said
        links = {each.proto.label: parse_qs(each.proto.query_string) for each in app.get("page_link")}
        assert links["How people are protected"] == {"part": ["Protection"]}
        sources = next(each.value for each in app.table if "Licence" in each.value.columns)
        assert sources.loc["Open Sans", "Licence"] == "SIL Open Font License 1.1"
        assert len(sources) > 3, "the geography has sources of its own"

    def test_it_names_what_the_release_lacks(self, typical, open_app):
        app = open_app(typical, ABOUT)
        tables = next(each.value for each in app.table if "In this release" in each.value.columns)
        assert tables.loc["Trips by authority pair and month", "In this release"] == "not there"
        assert tables.loc["A typical day by cell", "In this release"] == "4 rows"
