"""“Add to evidence”: what a view states, and what of it is kept.

The releases are those of `release_world` and `incident_world`, whose figures are written out by hand.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pandas as pd
import pytest
from app_pages import sent, texts
from build_world import ALDER, BIRCH, COUNTRY
from incident_world import LINK, write_incident
from release_world import A1, FIGURES, MANIFEST, MONDAY, area_hour, write_release
from streamlit.testing.v1 import AppTest

from cellcount.record import Figure, Pin, Record
from cellcount.store import open_release
from cellcount.ui import keeping, pinned_figures, pinning
from cellcount.ui.pinned import NotTheSameError, amount, changed
from cellcount.ui.reading import Release

PAGES = {slug: f"pages/{slug}.py" for slug in pinning.FIRST_THEMES}
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("releases")
    write_release(folder, "wood")
    write_incident(folder, "weeks")
    return folder


@pytest.fixture(scope="module")
def wood(releases: Path) -> Release:
    return Release(open_release(releases / "wood"))


def opened(app: AppTest) -> AppTest:
    """The page with “Add to evidence” open."""
    app.button(key=f"{pinning.KEY}-open").click()
    return app.run()


def headline(app: AppTest) -> str:
    (area,) = app.text_area
    return str(area.value)


def add(app: AppTest, by: str = "Ann", words: str = "Add") -> AppTest:
    app.text_input(key="your-name").set_value(by)
    (button,) = [each for each in app.button if each.label == words]
    button.click()
    app.run()
    assert not app.exception
    return app


def pins() -> tuple[Pin, ...]:
    return keeping.record().listed(Pin)


def query_of(pin: Pin) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(pin.link).items()}


# Totals are 1,190 people with an error of 21 in the country and 1,070 with 20 in Alder, 20 km² large; 1.96 errors are
# 41.2 and 39.2. The country has 7,000 residents. A usual weekday has 1,000.5 people with an error of 5 in Alder.
DENSITY = [
    ({}, "about 1,190 people were present in the United Kingdom (95 % interval 1,150 to 1,230)."),
    (
        {"area": "Alder", "measure": "Per km²"},
        "about 54 people per km² were present in Alder (95 % interval 52 to 55).",
    ),
    ({"measure": "Per resident"}, "about 0.17 people per resident were present in the United Kingdom (95 % interval"),
    (
        {"area": "Alder", "measure": "Precision"},
        "the number of people present in Alder has a standard error of 1.9 %.",
    ),
    (
        {"area": "Alder", "compare": "difference"},
        "about 70 more people were present in Alder than at 08:00 on a usual weekday, November 2026, +7 % (95 % "
        "interval +30 to +110).",
    ),
    ({"cell": f"{A1:x}"}, "about 110 people were present in the cell of 5.2 km² near Alder (95 % interval"),
    ({"area": "Birch"}, "the number of people in Birch is withheld or not covered by the release."),
]


class TestHeadlines:
    @pytest.mark.parametrize(("query", "said"), DENSITY)
    def test_of_density_name_the_hour_the_place_and_the_interval(self, releases, open_app, query, said):
        found = headline(opened(open_app(releases, PAGES["density"], "wood", **query)))
        assert found.startswith(f"At 08:00 on Monday 2 November 2026, {said}")

    def test_of_a_usual_day_and_of_a_window_say_so(self, releases, open_app):
        usual = opened(open_app(releases, PAGES["density"], "wood", day="usual", area="Alder"))
        assert headline(usual) == (
            "At 08:00 on a usual weekday, November 2026, about 1,000 people were present in Alder (95 % interval 991 "
            "to 1,010)."
        )
        window = {"day": "window", "window": "own", "hours_from": "8", "hours_to": "9"}
        mean = opened(open_app(releases, PAGES["density"], "wood", **window))
        assert headline(mean).startswith(
            "On average over 08:00 to 09:00 on all days, 2 November to 3 November 2026, about 1,190 people"
        )

    def test_of_hotspots_tell_people_and_their_share(self, releases, open_app):
        """By the Lorenz curve the three densest cells of six: 110 + 220 + 440 people of 1,190."""
        app = opened(open_app(releases, PAGES["hotspots"], "wood", method="Busiest cells (Lorenz)"))
        assert headline(app).startswith(
            "At 08:00 on Monday 2 November 2026, 1 hotspot in the United Kingdom holds about 770 people (95 % interval"
        )
        assert headline(app).endswith(", 64.7 % of all present, on 50.0 % of the area that has figures.")

    def test_of_hotspots_that_are_none_say_that(self, releases, open_app):
        found = headline(opened(open_app(releases, PAGES["hotspots"], "wood")))
        assert found == "Nothing in United Kingdom is unusually concentrated, Monday 2 November 2026, 08:00 to 09:00."

    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ({}, "In November 2026, visitors from abroad made about 90 visits to the United Kingdom (95 % interval"),
            ({"visit_measure": "Nights"}, "visitors from abroad spent about 130 nights in the United Kingdom"),
            ({"country": "FR"}, "visitors from France made about 40 visits to the United Kingdom (95 % interval"),
            ({"month": "2026-10"}, "In October 2026, visitors from abroad made about 100 visits"),
            ({"direction": "Where do residents go?"}, "residents of the United Kingdom made about 40 trips abroad"),
            ({"direction": "How do areas differ?"}, "as varied as 1.99 countries in equal parts."),
        ],
    )
    def test_of_tourism_tell_who_and_how_many(self, releases, open_app, query, said):
        """France has 30 and 10 visits, Germany 50, with 10 and 120 nights: shares of 4/9 and 5/9 are worth 1.99."""
        assert said in headline(opened(open_app(releases, PAGES["tourism"], "wood", **query)))

    def test_of_tourism_name_the_country_with_most(self, releases, open_app):
        assert headline(opened(open_app(releases, PAGES["tourism"], "wood"))).endswith("; the most from DE, 50.")

    def test_of_one_flow_are_of_that_flow(self, releases, open_app):
        """40 trips with an error of 5, so 9.8 on either side."""
        query = {"direction_of_flow": "Out of", "area": "Alder", "flow": f"{ALDER}-{BIRCH}"}
        found = headline(opened(open_app(releases, PAGES["flows"], "wood", **query)))
        assert found.endswith("about 40 trips were made from Alder to Birch (95 % interval 30 to 50).")

    def test_of_a_month_say_that_it_is_a_mean_day(self, releases, open_app):
        """Of two days 40 trips from Alder to Birch, of which 20 a day."""
        found = headline(opened(open_app(releases, PAGES["flows"], "wood", flow_period="2026-11")))
        assert found.startswith("On a mean day of November 2026, 2 days covered, about 20 trips were made")

    def test_of_homes_say_who_lives_elsewhere(self, releases, open_app):
        query = {"direction_of_flow": "visitors", "area": "North Wood"}
        assert "who were in North Wood live elsewhere" in headline(
            opened(open_app(releases, PAGES["flows"], "wood", **query))
        )

    def test_of_an_incident_tell_the_hour_furthest_from_usual(self, releases, open_app):
        """300 leave one cell and 200 another, and 200 of them are in a third: 300 fewer in all."""
        query = {"where": "A whole area", "area": "Alder", **{key: LINK[key] for key in LINK if "_" in key}}
        found = headline(opened(open_app(releases, PAGES["incident"], "weeks", **query)))
        assert found.startswith("In Alder, 4 November 2026, 13:00 to 17:00. Furthest from usual was Wed 4 Nov, 13:00")
        assert "300 fewer (95 % interval −" in found

    def test_of_a_release_without_dates_tell_who_is_usually_there(self, tmp_path, open_app):
        at_ten = {"slots": [{"id": "h10", "label": "10:00 to 11:00", "hours": [10]}]}
        write_release(tmp_path, "typical", only=["typical_day", "typical_area"], time={**MANIFEST["time"], **at_ten})
        app = opened(open_app(tmp_path, PAGES["incident"], "typical", where="A whole area", area="Alder"))
        shown = app.dataframe[0].value.iloc[0]
        assert (shown["Zone"], shown["Day"]) == ("Alder", "Weekday")
        assert headline(app) == (
            f"In Alder, on a usual weekday, about {shown['By day']} people are present by day (10:00 to 16:00)."
        )
        add(app)
        (pin,) = pins()
        assert pin.figure is not None
        again = pinned_figures.stated(Release(open_release(tmp_path / "typical")), "usual", pin.figure.inputs)
        assert again.figure == pin.figure

    @pytest.mark.parametrize(
        ("part", "said"),
        [
            ("Coverage", "All operators together observe 50.0 % of the people in the United Kingdom."),
            (
                "Withheld",
                "0.8 % of the hours of cells of 5.2 km² have no figure: from 0.0 % in Birch to 1.0 % in Alder.",
            ),
            (
                "Operators",
                "differs by 6.5 % in the median area: from 4.0 % in Alder to 9.0 % in Birch.",
            ),
            ("Outages", "1 outage is recorded for this release."),
            ("Agreement", "in Birch."),
            ("Protection", "How people are protected: fewer than 10 devices are withheld."),
            ("Release", "Release wood was made from 1 delivery: North Wood."),
        ],
    )
    def test_of_quality_are_of_the_open_part(self, releases, open_app, part, said):
        assert said in headline(opened(open_app(releases, PAGES["quality"], "wood", part=part)))


class TestWhatIsKept:
    def test_the_view_with_all_that_stands_behind_it(self, releases, open_app):
        app = add(opened(open_app(releases, PAGES["density"], "wood", area="Alder", hour="13:00")))
        assert "It is in the evidence for Urban planning and land use, as synthetic demonstration data." in [
            each.value.replace("\\", "") for each in app.success
        ]
        (pin,) = pins()
        assert query_of(pin) == {
            "release": "wood",
            "area": ALDER,
            "date": "2026-11-02",
            "measure": "people",
            "hour": "13:00",
        }
        assert pin.headline == (
            "At 13:00 on Monday 2 November 2026, about 1,000 people were present in Alder (95 % interval 960 to 1,040)."
        )
        assert pin.precision == "95 % interval 960 to 1,040, precise."
        assert pin.caption.startswith(
            "People present in the cell, Alder (local authority), Monday 2 November 2026, 13:00"
        )
        assert (pin.author, pin.theme_id, pin.page) == ("Ann", "urban-planning", "density")
        assert (pin.release_id, pin.release_title, pin.synthetic) == ("wood", "North Wood", True)
        assert pin.caveats == ("The data are made up.",)
        assert pin.source.startswith("Source: Nobody.")
        assert any("Totals of areas are counts of their own." in each for each in pin.methods)
        assert pin.figure is not None
        assert (pin.figure.value, pin.figure.unit) == (1000.0, "people")
        assert pin.figure.low == pytest.approx(1000 - 1.959964 * 20)

    def test_the_picture_the_data_and_the_queries(self, releases, open_app):
        add(opened(open_app(releases, PAGES["density"], "wood", area="Alder")))
        (pin,) = pins()
        picture = keeping.record().picture_of(pin.id)
        assert picture is not None
        assert picture.startswith(b"\x89PNG")
        data = keeping.record().data_of(pin.id)
        assert data is not None
        table = pd.read_csv(io.BytesIO(data))
        assert pin.data_name == f"synthetic-cells-{ALDER}-2026-11-02-0800.csv"
        assert table["People"].dropna().tolist() == [440, 220, 110], "a fourth cell is withheld"
        assert set(table["release_id"]) == {"wood"}
        assert table["synthetic"].all()
        (cells,) = [each for each in pin.queries if each.name == "present_day_of_area"]
        assert cells.parameters == {"area": ALDER, "resolution": 7, "date": "2026-11-02"}
        assert "$area" in cells.sql

    def test_inputs_are_json_and_lead_to_the_same_figure_again(self, releases, open_app, wood):
        for page, query in (
            ("density", {"area": "Alder", "compare": "difference"}),
            ("tourism", {"country": "FR"}),
            ("flows", {"direction_of_flow": "Out of", "area": "Alder"}),
        ):
            add(opened(open_app(releases, PAGES[page], "wood", **query)))
        assert len(pins()) == 3
        for pin in pins():
            assert pin.figure is not None
            inputs = json.loads(json.dumps(dict(pin.figure.inputs)))
            again = pinned_figures.stated(wood, pin.figure.kind, inputs).figure
            assert again is not None
            assert (again.value, again.low, again.high) == (pin.figure.value, pin.figure.low, pin.figure.high)

    @pytest.mark.parametrize(
        ("page", "release", "query"),
        [
            ("density", "wood", {"area": "Alder", "hour": "13:00", "measure": "Per km²"}),
            ("density", "wood", {"cell": f"{A1:x}"}),
            ("hotspots", "wood", {"method": "Busiest cells (Lorenz)", "hour": "09:00"}),
            ("tourism", "wood", {"direction": "Where do they go?", "country": "FR", "visit_measure": "Nights"}),
            ("flows", "wood", {"direction_of_flow": "Out of", "area": "Alder", "flow": f"{ALDER}-{BIRCH}"}),
            ("incident", "weeks", LINK),
            ("quality", "wood", {"part": "Operators"}),
        ],
    )
    def test_the_link_opens_a_view_that_states_the_same(self, releases, open_app, page, release, query):
        add(opened(open_app(releases, PAGES[page], release, **query)))
        (pin,) = pins()
        again = opened(open_app(releases, PAGES[page], **query_of(pin)))
        assert headline(again) == pin.headline

    def test_the_headline_and_the_theme_as_they_are_typed(self, releases, open_app):
        app = opened(open_app(releases, PAGES["density"], "wood"))
        app.text_area[0].set_value("  More people <b>than</b> expected  ")
        app.selectbox(key="pin-theme").set_value("emergency")
        add(app, by=" Ann  O'Neill ")
        (pin,) = pins()
        assert (pin.headline, pin.theme_id) == ("More people <b>than</b> expected", "emergency")
        assert pin.author == "Ann O'Neill"

    def test_a_part_without_a_map_is_kept_without_a_picture(self, releases, open_app):
        add(opened(open_app(releases, PAGES["quality"], "wood", part="Protection")))
        (pin,) = pins()
        assert pin.picture_sha256 is None
        assert pin.figure is None

    def test_a_steward_s_release_says_that_it_is_not_for_release(self, tmp_path, open_app):
        write_release(tmp_path, "inner", steward_only=True)
        add(opened(open_app(tmp_path, PAGES["density"], "inner")))
        (pin,) = pins()
        assert pin.caveats[0].startswith("For the data steward only: not for release.")

    def test_the_theme_is_the_one_that_was_used_last_on_the_page(self, releases, open_app):
        app = opened(open_app(releases, PAGES["density"], "wood"))
        app.selectbox(key="pin-theme").set_value("mobility")
        add(app)
        app.button(key=f"{pinning.KEY}-close").click()
        app.run()
        assert opened(app).selectbox(key="pin-theme").value == "mobility"


class TestWhatIsNot:
    def test_nothing_is_kept_without_a_name_and_it_is_said(self, releases, open_app):
        app = opened(open_app(releases, PAGES["density"], "wood"))
        assert "Type your name before you save anything" in texts(app)
        add(app, by="  ")
        assert "Nothing was saved yet: type your name first, and then do it again." in texts(app)
        assert pins() == ()

    def test_nothing_is_kept_without_a_headline_and_it_is_said(self, releases, open_app):
        app = opened(open_app(releases, PAGES["density"], "wood"))
        app.text_area[0].set_value("   ")
        add(app)
        assert "A pin needs a headline" in texts(app)
        assert pins() == ()

    def test_who_presses_twice_has_one_pin(self, releases, open_app):
        app = opened(open_app(releases, PAGES["density"], "wood"))
        add(add(app))
        assert len(pins()) == 1

    def test_a_record_that_is_down_is_said_in_the_popover_and_the_map_works(self, releases, open_app, monkeypatch):
        monkeypatch.setenv(keeping.SETTING, "postgresql://nobody:secret@127.0.0.1:1/none")
        app = opened(open_app(releases, PAGES["density"], "wood"))
        assert len(app.error) == 1
        assert "secret" not in texts(app)
        assert sent(app)[0]["steps"]["labels"][8] == "08:00"

    def test_a_record_that_goes_down_meanwhile_loses_nothing_that_was_typed(self, releases, open_app, monkeypatch):
        app = opened(open_app(releases, PAGES["density"], "wood"))
        app.text_area[0].set_value("Typed with care")

        def down(*_: object) -> None:
            raise keeping.RecordUnavailableError("The database does not answer. Try again.")

        with monkeypatch.context() as patched:
            patched.setattr(Record, "pin", down)
            add(app)
        assert "The database does not answer. Try again." in texts(app)
        assert headline(app) == "Typed with care"
        add(app)
        assert pins()[0].headline == "Typed with care"


class TestAgain:
    def test_a_pin_is_taken_again_in_its_place(self, releases, open_app):
        add(opened(open_app(releases, PAGES["density"], "wood", area="Alder")))
        (pin,) = pins()
        query = {**query_of(pin), "hour": "13:00", pinning.AGAIN: pin.id}
        app = open_app(releases, PAGES["density"], **query)
        assert f"Takes the place of “{pin.headline}”, pinned by Ann." in texts(app)
        add(app, by="Bob", words="Pin it again")
        (again,) = pins()
        assert (again.id, again.version, again.author) == (pin.id, 2, "Bob")
        assert again.headline.startswith("At 13:00")
        assert pinning.AGAIN not in app.query_params

    def test_somebody_else_s_change_meanwhile_is_shown_beside_it(self, releases, open_app):
        add(opened(open_app(releases, PAGES["density"], "wood", area="Alder")))
        (pin,) = pins()
        app = open_app(releases, PAGES["density"], **query_of(pin), **{pinning.AGAIN: pin.id})
        pinned = Record.pin

        def raced(record: Record, mine: Pin, *rest: Any) -> Pin:
            if keeping.record().get(Pin, pin.id) == pin:
                record.save(replace(pin, headline="Cy's"), "Cy")
            return pinned(record, mine, *rest)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Record, "pin", raced)
            add(app, by="Bob", words="Pin it again")
        said = texts(app)
        assert "Mine, not saved" in said
        assert "Headline: Cy's" in said
        app.button(key=f"mine-{pinning.KEY}").click()
        app.run()
        assert pins()[0].edited_by == "Bob"
        assert pins()[0].headline == pin.headline


class TestAnotherRelease:
    def test_has_its_own_figure(self, wood, tmp_path):
        rows = [row for row in FIGURES["area_hour"] if (row["area_code"], row["date"]) != (ALDER, MONDAY)]
        write_release(tmp_path, "later", figures={"area_hour": [*rows, area_hour(ALDER, MONDAY, 1100, 20.0, 1200)]})
        later = Release(open_release(tmp_path / "later"))
        inputs = {"area": ALDER, "date": "2026-11-02", "hour": "08:00", "measure": "people"}
        found = [pinned_figures.stated(each, "density", inputs).figure for each in (wood, later)]
        assert [each.value for each in found if each] == [1070.0, 1200.0]

    @pytest.mark.parametrize(
        ("then", "now", "said"),
        [
            (41.24, 41.21, "Now 41.2 %, no different to one decimal:"),
            (41.21, 41.24, "Now 41.2 %, no different to one decimal:"),
            (41.2, 41.1, "Now 41.1 %, −0.1 percentage points:"),
            (41.2, 43.2, "Now 43.2 %, +2.0 percentage points:"),
        ],
    )
    def test_a_share_is_never_different_by_nothing(self, then, now, said):
        one, other = (Figure("coverage", {}, each, None, None, "%", "People observed") for each in (then, now))
        assert changed(one, other).startswith(said)

    @pytest.mark.parametrize(
        ("now", "said"),
        [(9_003_000.0, "+3,000 (less than 0.1 %)"), (8_997_000.0, "−3,000 (less than 0.1 %)")],
    )
    def test_an_amount_is_never_different_by_no_per_cent(self, now, said):
        one, other = (
            amount("density", {}, each, 500.0, unit="people", label="People present") for each in (9_000_000.0, now)
        )
        assert said in changed(one, other)

    @pytest.mark.parametrize(
        ("kind", "inputs", "said"),
        [
            (
                "density",
                {"area": ALDER, "date": "2031-01-01", "hour": "08:00", "measure": "people"},
                "This release has no 1 January 2031.",
            ),
            (
                "density",
                {"area": "X", "date": "2026-11-02", "hour": "08:00", "measure": "people"},
                "This release has no area X.",
            ),
            (
                "density",
                {"area": ALDER, "date": "2026-11-02", "hour": "08:30", "measure": "people"},
                "This release has no hour 08:30 of Monday 2 November 2026.",
            ),
            (
                "tourism",
                {"direction": "from", "area": COUNTRY, "months": ["2025-01"], "measure": "visits", "countries": []},
                "This release has no visits of January 2025.",
            ),
            (
                "homes",
                {"area": COUNTRY, "date": "2031-01-01", "part": "midday", "most": 50},
                "does not say where people",
            ),
            ("incident", {"file": "zones.kml"}, "Its zones came from the file zones.kml, which is not kept"),
            ("density", {"area": ALDER}, "What this figure is worked out from is not as it must be."),
            ("density", {"area": ALDER, "date": "soon", "hour": "08:00"}, "is not as it must be."),
            ("rainfall", {}, "This version cannot work out figures of that kind."),
        ],
    )
    def test_that_cannot_be_asked_says_why(self, wood, kind, inputs, said):
        with pytest.raises(NotTheSameError, match=said.replace(".", r"\.")):
            pinned_figures.stated(wood, kind, inputs)
