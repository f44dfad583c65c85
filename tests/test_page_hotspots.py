"""The hotspots page as a visitor meets it, and the figures behind it.

A made-up city: 127 cells of 5 km² around one point, 100 people each, more or less. One flower of seven cells has twenty
times as many all day; another, in Birch, from 20:00 local time on; one cell far out is withheld at 08:00.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import h3.api.basic_int as h3
import numpy as np
import pyarrow as pa
import pytest
import release_world
from app_pages import metrics, texts
from build_world import ALDER, BIRCH, COUNTRY, NATION, REGION, hours, reference
from release_world import area_hour, write_release
from streamlit.testing.v1 import AppTest

from cellcount import store
from cellcount.methods.hotspots import COLD, HOT, INTERMITTENT, NEVER, OCCASIONAL, ORDINARY, PERMANENT, UNKNOWN
from cellcount.standard import HOURS_OF_DAY, release_tables
from cellcount.ui import evidence, hotspot_figures, hotspot_reading, hotspots
from cellcount.ui.controls import KINDS_OF_DAY
from cellcount.ui.hotspot_figures import CHOICES, CLASS_WORDS, Setting
from cellcount.ui.look import PALETTES
from cellcount.ui.reading import Release
from cellcount.ui.view import View
from cellcount.ui.windows import ALL_TYPES, PRESETS, Window

PAGE = "pages/hotspots.py"
WEDNESDAY = dt.date(2026, 11, 4)
CENTRE = h3.latlng_to_cell(52.2, 0.12, 7)
CITY = sorted(h3.grid_disk(CENTRE, 6))
ALWAYS = set(h3.grid_disk(CENTRE, 1))
EVENING = set(h3.grid_disk(h3.grid_ring(CENTRE, 4)[0], 1))
FAR = next(cell for cell in h3.grid_ring(CENTRE, 6) if not set(h3.grid_disk(cell, 2)) & (ALWAYS | EVENING))
"""Withheld at 08:00."""
LATE = range(20, 24)
"""Hours, UTC and local in November, in which the second flower is crowded."""
ONE_RING = Setting("gi", 0.05, rings=1)


def write_city(releases: Path, *, precision: bool = True, totals: bool = True) -> Path:
    """The release of the city: Birch has the evening's flower and the cells that touch it."""
    birch = {cell for cell in CITY if h3.grid_distance(cell, h3.grid_ring(CENTRE, 4)[0]) <= 2}
    cells = [
        {
            "h3": cell,
            "resolution": 7,
            "area_code": BIRCH if cell in birch else ALDER,
            "region_code": REGION,
            "country_code": NATION,
            "residents": 100.0,
            "place_type": "town",
            "land_share": 1.0,
            "area_km2": 5.0,
        }
        for cell in CITY
    ]
    known = reference()
    table = pa.Table.from_pylist(cells, schema=release_tables()["cells"].file_schema)
    city = replace(known, cells={6: known.cells[6], 7: table})
    draw = np.random.default_rng(4)
    rows = []
    for cell in CITY:
        people = int(5 * draw.integers(15, 26))
        always = 2000 if cell in ALWAYS else people
        late = {f"h{hour:02d}": 2000 for hour in LATE} if cell in EVENING else {}
        rows.append({"h3": cell, **hours(always, **late, **({"h08": None} if cell == FAR else {}))})
    figures = {
        **{partition: [] for partition in release_world.FIGURES if partition.startswith("present/")},
        f"present/resolution=7/date={WEDNESDAY}": rows,
        "present_history/resolution=7": [{**row, "date": WEDNESDAY} for row in rows],
        "area_hour": [area_hour(code, WEDNESDAY, 28_000, 100.0, 28_000) for code in (ALDER, BIRCH, REGION, COUNTRY)],
    }
    tables = ["present", "present_history"]
    tables += [name for name, there in (("precision", precision), ("area_hour", totals)) if there]
    with mock.patch.object(release_world, "reference", return_value=city):
        return write_release(releases, "city", only=tables, figures=figures)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    releases = tmp_path_factory.mktemp("city")
    write_city(releases)
    return releases


@pytest.fixture(scope="module")
def release(city: Path) -> Release:
    return Release(store.open_release(city / "city"))


def view_of(release: Release, code: str = COUNTRY) -> View:
    area = next(each for each in release.areas.values() if each.code == code)
    return View(area, release.days.dated(WEDNESDAY), "per_km2")


def look_for(release: Release, setting: Setting, code: str = COUNTRY) -> hotspot_reading.Found:
    return hotspot_reading.hotspots(release, view_of(release, code), setting)


def hot_cells(found: hotspot_reading.Found, hour: int) -> set[int]:
    return set(found.shown.day.cells.h3[found.shown.hot[:, hour]].tolist())


class TestFigures:
    def test_what_is_planted_is_hot_when_it_is_there(self, release):
        found = look_for(release, ONE_RING)
        assert CENTRE in hot_cells(found, 8)
        assert hot_cells(found, 8) <= set(h3.grid_disk(CENTRE, 2)), "and at most the cells beside it"
        assert found.picture(8).figures.spots == 1
        assert found.picture(21).figures.spots == 2
        assert len(hot_cells(found, 21) & EVENING) >= 5

    def test_a_withheld_cell_has_no_verdict_and_is_hatched(self, release):
        found = look_for(release, ONE_RING)
        row = found.shown.day.cells.h3.tolist().index(FAR)
        assert found.shown.verdicts[row, 8] == UNKNOWN
        assert found.shown.verdicts[row, 9] != UNKNOWN
        drawn = hotspots.layer_of(found)
        assert np.isnan(drawn.values[row, 8])
        assert drawn.covered[row, 8], "withheld, so hatched and not absent"

    def test_the_map_s_values_are_the_places_of_their_words(self, release):
        for setting, kinds, words in (
            (ONE_RING, (COLD, ORDINARY, HOT), "gi"),
            (Setting("lorenz"), (ORDINARY, HOT), "lorenz"),
            (Setting("persistence", rings=1), (NEVER, OCCASIONAL, INTERMITTENT, PERMANENT), "persistence"),
        ):
            found = look_for(release, setting)
            drawn = hotspots.layer_of(found)
            scale = hotspots.scale_of(words, PALETTES["light"])
            known = np.unique(drawn.values[np.isfinite(drawn.values)]).astype(int)
            assert set(known) <= {place + 1 for place in range(len(kinds))}
            assert drawn.kinds == CLASS_WORDS[words] == scale.words
            assert len(scale.colours) == len(kinds)
        centre = found.shown.day.cells.h3.tolist().index(CENTRE)
        assert drawn.kinds[int(drawn.values[centre, 0]) - 1] == "Permanent: every hour"

    def test_persistence_tells_the_day_from_the_evening(self, release):
        found = look_for(release, Setting("persistence", rings=1))
        share, kind = found.shown.lasting
        cells = found.shown.day.cells.h3.tolist()
        middle_of_evening = cells.index(h3.grid_ring(CENTRE, 4)[0])
        assert kind[cells.index(CENTRE)] == PERMANENT
        assert kind[middle_of_evening] == OCCASIONAL
        assert share[middle_of_evening] == pytest.approx(4 / 24)
        assert not found.plays
        assert found.picture(0).chosen.sum() < 20, "what is occasional is in no hotspot of the whole day"

    def test_the_lorenz_threshold_takes_the_crowded_cells_and_no_other(self, release):
        """At 21:00, 39,000 people over 2,000 are 19 ranks: the fourteen, and some of many with 125, so none of them."""
        found = look_for(release, Setting("lorenz"))
        assert hot_cells(found, 21) == ALWAYS | EVENING
        assert found.shown.share[8] == pytest.approx(1 - np.nanmean(found.shown.people[:, 8]) / 2000)
        assert np.isnan(found.shown.q).all()

    def test_persistence_means_the_hours_known_in_the_figure_and_in_its_error(self, release):
        """The middle of the flower is withheld from 06:00 to 12:00, in 6 of 24 hours: its mean is that of the others.

        Its figure may be too high by anything up to 500 people, and six hours of the day are night, when the share is
        known to 30 % and not to 2 %.
        """
        found = look_for(release, Setting("lorenz"), ALDER)
        day = found.shown.day
        people = day.cells.people.copy()
        people[day.cells.h3 == CENTRE, 6:12] = np.nan
        withheld = replace(day, cells=replace(day.cells, people=people))
        hourly = hotspot_figures.find(withheld, Setting("lorenz"))
        shown = replace(hourly, setting=Setting("persistence"))
        (spot,) = hotspot_figures.Picture(shown, hourly, 0, found.sure_hourly).spots
        assert (spot.people, spot.cells) == (14_000, 7), "a seventh of it is not 12,000 in six hours"
        by_day, at_night = ((14_002 + 28 + (cv * 14_000) ** 2) ** 0.5 for cv in (0.02, 0.3))
        assert spot.error == pytest.approx(np.hypot((18 * by_day + 6 * at_night) / 24, 500 / 3**0.5))

    def test_a_cell_known_in_less_than_half_of_the_hours_has_no_figure_over_them(self, release):
        found = look_for(release, Setting("lorenz"), ALDER)
        day = found.shown.day
        people = day.cells.people.copy()
        people[day.cells.h3 == CENTRE, :13] = np.nan
        hourly = hotspot_figures.find(replace(day, cells=replace(day.cells, people=people)), Setting("lorenz"))
        picture = hotspot_figures.Picture(replace(hourly, setting=Setting("persistence")), hourly, 0)
        assert np.isnan(picture.people[day.cells.h3 == CENTRE]).all()
        assert picture.figures.people.people == 12_000

    def test_people_in_a_hotspot_are_the_sum_of_its_cells_with_the_error_of_their_union(self, release):
        """Half of all seen: the variance of N people in m figures is N + 2 + 4 m + (N CV)², CV 2 % in Alder by day."""
        (spot,) = look_for(release, Setting("lorenz"), ALDER).picture(8).spots
        assert (spot.people, spot.cells, spot.km2) == (7 * 2000, 7, 35)
        assert spot.error == pytest.approx((14_002 + 4 * 7 + (0.02 * 14_000) ** 2) ** 0.5)
        assert spot.place == "near Alder"

    def test_over_two_areas_errors_are_added_as_if_they_went_together(self, release):
        picture = look_for(release, Setting("lorenz")).picture(21)
        each = [spot.error for spot in picture.spots]
        assert picture.figures.people.people == sum(spot.people for spot in picture.spots) == 14 * 2000
        assert picture.figures.people.error <= sum(each)
        assert picture.figures.people.error >= max(each)

    def test_shares_are_of_the_area_s_own_count_and_of_cells_with_a_figure(self, release):
        figures = look_for(release, Setting("lorenz")).picture(8).figures
        assert figures.share == 14_000 / 28_000
        assert figures.share_error == pytest.approx(0.5 * np.hypot(figures.people.error / 14_000, 100 / 28_000))
        assert figures.area_share == pytest.approx(7 / 126), "of 127 cells one is withheld"

    def test_the_course_of_the_day(self, release):
        found = look_for(release, Setting("lorenz"))
        course = found.course
        assert course.people[[8, 21]].tolist() == [14_000, 28_000]
        latitude, longitude = h3.cell_to_latlng(CENTRE)
        assert (course.latitude[8], course.longitude[8]) == pytest.approx((latitude, longitude), abs=0.01)
        half = np.array(h3.cell_to_latlng(h3.grid_ring(CENTRE, 4)[0])) / 2 + np.array([latitude, longitude]) / 2
        assert (course.latitude[21], course.longitude[21]) == pytest.approx(tuple(half), abs=0.01)
        assert np.nanargmax(course.moved) == 20, "it moves when the evening begins"
        assert "at 20:00 (100.0 % in 14 cells) and least at 00:00 (50.0 % in 7 cells)" in course.told()
        assert course.words()[8] == "7 hot cells, 50.0 % of people"
        assert set(course.columns("UTC")) == set(course.table().columns)

    def test_the_curve_is_of_shares_up_to_1(self, release):
        """At 21:00 28,000 people of 28,000 are in hotspots, with an error: no share is over 1."""
        course = look_for(release, Setting("lorenz")).course
        high, _, line = hotspots.shares(course, None, PALETTES["light"]).data
        assert (line.y[8], line.y[21], max(high.y)) == (0.5, 1.0, 1.0)
        assert line.customdata[8].startswith("08:00: 50.0 % in 7 hot cells, middle near Alder")

    def test_where_no_share_is_known_the_curve_is_of_people(self, release):
        course = look_for(release, Setting("lorenz")).course
        without = replace(course, figures=tuple(replace(each, area=None) for each in course.figures))
        figure = hotspots.shares(without, None, PALETTES["light"])
        high, _, line = figure.data
        assert (line.y[8], line.y[21]) == (14_000, 28_000)
        assert high.y[8] > 14_000
        assert line.customdata[8].startswith("08:00: 14,000 people in 7 hot cells")
        assert figure.layout.yaxis.tickformat == "~s"

    def test_places_are_hot_in_their_hours(self, release):
        turns = look_for(release, Setting("lorenz")).turns
        assert turns.names == ("Alder", "Birch")
        assert np.isfinite(turns.people[0]).all()
        assert np.flatnonzero(np.isfinite(turns.people[1])).tolist() == list(LATE)
        assert turns.people[1, 20] == 14_000

    def test_what_is_taken_away_has_its_columns_explained_and_cells_as_text(self, release):
        for setting in (ONE_RING, Setting("lorenz"), Setting("persistence", rings=1)):
            for taken in hotspots.tables(look_for(release, setting)):
                exported = evidence.exported(release, taken)
                assert set(exported.columns) == {*taken.columns, *evidence.RELEASE_COLUMNS}
                assert taken.of_cells == ("h3" in exported)
        cells = hotspots.tables(look_for(release, ONE_RING))[1].table().set_index("h3")
        assert cells.loc[f"{FAR:x}", "verdict 08:00"] == "withheld or not covered"
        assert cells.loc[f"{CENTRE:x}", "verdict 08:00"] == "hot"
        assert cells["people 08:00"].isna().sum() == 1, "empty, and not 0"
        assert (cells["q 08:00"].dropna() >= cells["p 08:00"].dropna()).all()

    def test_a_cell_that_is_selected_is_told_in_words(self, release):
        picture = look_for(release, ONE_RING).picture(8)
        said = picture.told_of(CENTRE)
        assert said.startswith("The cell near Alder: unusually concentrated, 400 people per km², Gi* ")
        assert said.endswith("q under 0.001. Hot in 24 of 24 hours known.")
        assert picture.told_of(FAR).startswith("The cell near Alder: withheld.")

    def test_a_place_that_is_hot_for_an_hour_says_so_under_the_pointer(self, release):
        found = look_for(release, Setting("lorenz"))
        cells = found.shown.day.cells.h3.tolist()
        more = found.picture(0).more()
        assert more[cells.index(CENTRE)] == "Hot in 24 of 24 hours known"
        assert more[cells.index(FAR)] == "Hot in 0 of 23 hours known"

    def test_planted_hotspots_are_steady_and_figures_without_error_are_entirely(self, release):
        picture = look_for(release, Setting("lorenz")).picture(21)
        found = hotspot_figures.steadiness(picture)
        assert (found.hot, found.kept) == (14, 14), "an error of 2 to 10 % does not make 2,000 people 100"
        assert found.spots[0] >= 2
        day = picture.found.day
        exact = replace(picture, found=replace(picture.found, day=replace(day, errors=np.zeros(day.errors.shape))))
        assert hotspot_figures.steadiness(exact).cells == (14, 14)
        assert hotspot_figures.steadiness(picture) == found, "the same draws every time"
        assert hotspot_figures.steadiness(look_for(release, Setting("persistence", rings=1)).picture(0)) is None

    def test_without_the_table_precision_nothing_has_an_interval(self, tmp_path):
        bare = Release(store.open_release(write_city(tmp_path, precision=False)))
        picture = look_for(bare, Setting("lorenz")).picture(8)
        assert picture.figures.people.error is None
        assert np.isnan(picture.ranked()["error"]).all()


class TestWindows:
    """Hours of a window, of which a mean is taken; here of one date, 4 November 2026."""

    def window(self, *hours_of: int) -> Window:
        return Window(frozenset(hours_of), ALL_TYPES, WEDNESDAY, WEDNESDAY)

    def found(self, release: Release, setting: Setting, *hours_of: int) -> hotspot_reading.Found:
        area = view_of(release).area
        return hotspot_reading.hotspots(
            release, View(area, release.days.over(self.window(*hours_of)), "per_km2"), setting
        )

    def test_the_mean_of_an_evening_has_what_is_crowded_for_most_of_it(self, release):
        """The second flower has 2,000 people a cell in four of the five hours."""
        found = self.found(release, Setting("lorenz"), 19, 20, 21, 22, 23)
        assert not found.plays
        assert hot_cells(found, 0) == ALWAYS | EVENING
        first, second = found.picture(0).spots
        assert first.people == 14_000
        assert 7 * (4 * 2000 + 75) / 5 <= second.people <= 7 * (4 * 2000 + 125) / 5
        assert found.picture(0).when() == "all days, 4 November 2026, mean of 19:00 to 00:00"

    def test_its_hours_are_looked_at_one_by_one_too(self, release):
        found = self.found(release, Setting("lorenz"), 19, 20, 21)
        assert [slot.label for slot in found.course.slots] == ["19:00", "20:00", "21:00"]
        assert found.course.people.tolist() == [14_000, 28_000, 28_000]
        assert found.course.shares.tolist() == [0.5, 1.0, 1.0]
        assert found.picture(0).more()[found.shown.day.cells.h3.tolist().index(CENTRE)] == "Hot in 3 of 3 hours known"

    def test_persistence_is_over_the_hours_of_the_window(self, release):
        found = self.found(release, Setting("persistence", rings=1), 18, 19, 20, 21)
        share, kind = found.shown.lasting
        evening = found.shown.day.cells.h3.tolist().index(h3.grid_ring(CENTRE, 4)[0])
        assert (share[evening], kind[evening]) == (0.5, INTERMITTENT)
        assert found.picture(0).when() == "all days, 4 November 2026, 18:00 to 22:00, hour by hour"

    def test_what_is_withheld_in_the_only_hour_is_unknown_in_the_window(self, release):
        found = self.found(release, Setting("lorenz"), 8)
        row = found.shown.day.cells.h3.tolist().index(FAR)
        assert found.shown.verdicts[row, 0] == found.hourly.verdicts[row, 0] == UNKNOWN

    def test_what_a_window_leaves_out_widens_its_hotspots(self, release):
        """A twelfth of the middle's hours is withheld: 2,000 / 12 people, which go with the rest as a square."""
        picture = self.found(release, Setting("lorenz"), 13).picture(0)
        day = picture.found.day
        left_out = np.where(day.cells.h3 == CENTRE, 1 / 12, 0.0)[:, None]
        less = replace(picture, found=replace(picture.found, day=replace(day, left_out=left_out)))
        widened = np.hypot(picture.figures.people.error, 2_000 / 12 / 3**0.5)
        assert less.figures.people.error == pytest.approx(widened)

    def test_an_hour_s_mean_over_one_date_has_the_error_of_the_hour(self, release):
        of_hour = look_for(release, Setting("lorenz")).picture(13).figures.people
        of_window = self.found(release, Setting("lorenz"), 13).picture(0).figures.people
        assert (of_window.people, of_window.error) == (of_hour.people, pytest.approx(of_hour.error))


class TestPage:
    def test_a_first_visit_shows_the_morning_s_hotspots(self, city, open_app):
        app = open_app(city, PAGE, neighbourhood="1 ring")
        assert metrics(app)["Hotspots"] == "1"
        said = texts(app)
        assert "People per km² against chance, United Kingdom, Wednesday 4 November 2026, 08:00 to 09:00" in said
        assert "Chance is the same figures dealt out over the cells at random" in said
        assert "1 of 127 cells is withheld and hatched: unknown, not empty" in said
        assert "95 % intervals: people" in said
        assert "How the hotspots move over the day" in said

    def test_controls_are_in_the_url_and_a_bad_value_gets_a_sentence(self, city, open_app):
        app = open_app(city, PAGE, fdr="7 %", method="Busiest cells (Lorenz)")
        assert metrics(app)["Hotspots"] == "1"
        again = open_app(city, PAGE, fdr="7 %")
        assert "There is no false-discovery rate “7 %”" in texts(again)

    def test_whoever_selects_a_row_moves_the_map(self, city, open_app: Callable[..., AppTest]):
        app = open_app(city, PAGE, method="Busiest cells (Lorenz)", hour="21:00")
        lines = [each.label.replace("\\", "") for each in app.button if each.key and each.key.startswith("ranked")]
        assert lines[0].startswith("1. near Alder")
        app.button(key="ranked-1").click().run()
        assert not app.exception
        assert any(each.label.startswith("Show all of") for each in app.button)

    def test_the_link_writes_every_value_and_opens_the_same_view(self, city, open_app):
        app = open_app(city, PAGE, hour="21:00", fdr="1 %", neighbourhood="1 ring", density="Square root")
        app.session_state["link"] = True
        app.run()
        (address,) = [each.value for each in app.code if "release=" in each.value]
        query = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        assert query == {
            "release": "city",
            "area": COUNTRY,
            "date": "2026-11-04",
            "hour": "21:00",
            "method": "Beyond chance (Gi*)",
            "fdr": "1 %",
            "neighbourhood": "1 ring",
            "density": "Square root",
        }
        again = open_app(city, PAGE, **query)
        assert metrics(again) == metrics(app)
        assert not again.info

    def test_without_totals_the_page_draws_people_and_says_so(self, tmp_path, open_app):
        write_city(tmp_path, totals=False)
        app = open_app(tmp_path, PAGE, method="Busiest cells (Lorenz)", hour="21:00")
        assert metrics(app)["Share of all people"] == "not known"
        assert "###### People in hotspots, with 95 % interval" in texts(app)
        assert "Share of people in hotspots" not in texts(app)

    def test_no_share_is_over_all_people(self, city, open_app):
        said = texts(open_app(city, PAGE, method="Busiest cells (Lorenz)", hour="21:00"))
        assert said.split("share ")[1].split(".")[1].endswith("to 100"), said

    @pytest.mark.parametrize(
        ("key", "said"),
        [
            ("method", "There is no method “x” here."),
            ("neighbourhood", "There is no neighbourhood “x” here."),
            ("density", "There is no density “x” here."),
        ],
    )
    def test_what_is_not_there_is_called_by_its_name(self, city, open_app, key, said):
        assert said in texts(open_app(city, PAGE, **{key: "x"}))

    def test_a_window_of_hours_is_one_picture_and_its_link_opens_it_again(self, city, open_app):
        asked = {
            "day": KINDS_OF_DAY["window"],
            "window": PRESETS["night_time_economy"][0],
            "method": "Busiest cells (Lorenz)",
        }
        app = open_app(city, PAGE, **asked)
        assert metrics(app)["Hotspots"] == "2"
        assert "mean of 20:00 to 02:00" in texts(app)
        app.session_state["link"] = True
        app.run()
        (address,) = [each.value for each in app.code if "release=" in each.value]
        query = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        assert metrics(open_app(city, PAGE, **query)) == metrics(app)
        assert "the peaks of cells are of different hours" not in texts(app)
        assert "the peaks of cells are of different hours" in texts(open_app(city, PAGE, **asked, statistic="Peak"))

    def test_table_evidence_and_downloads(self, city, open_app):
        app = open_app(city, PAGE, method="Busiest cells (Lorenz)", hour="21:00")
        for key in ("table", "evidence", "download", "steadiness"):
            app.session_state[key] = True
        app.run()
        assert "Of 14 hot cells, 14 stayed hot in at least 95 % of the draws." in texts(app)
        table = app.dataframe[0].value
        assert table["People"].tolist() == [14_000, 14_000]
        assert "Louail et al. 2014" in texts(app)
        assert any("FROM present" in each.value for each in app.code)
        offered = [each.proto.label for each in app.get("download_button")]
        assert offered.count("GeoParquet") == 1
        assert offered.count("CSV") == 3

    def test_a_small_area_says_that_nothing_can_be_told(self, tmp_path, open_app):
        write_release(tmp_path, "wood")
        app = open_app(tmp_path, PAGE)
        assert "United Kingdom has 7 cells with figures. Among so few" in texts(app)
        assert metrics(app)["Hotspots"] == "0"
        assert "Nothing in United Kingdom is unusually concentrated" in texts(app)

    @pytest.mark.parametrize("method", ["gi", "lorenz", "persistence"])
    def test_parts_of_a_usual_day_without_precision_are_served(self, tmp_path, open_app, method):
        """As of Tokyo: two parts of a day, no dates, no errors."""
        parts = [
            {"id": "night", "label": "Late night, 01:00 to 05:00", "hours": [1, 2, 3, 4]},
            {"id": "day", "label": "Day, 11:00 to 15:00", "hours": [11, 12, 13, 14]},
        ]
        time = {**release_world.MANIFEST["time"], "period_start": None, "period_end": None, "slots": parts}
        write_release(tmp_path, "bay", only=["typical_day", "typical_area"], time=time, deliveries=[], kind="imported")
        app = open_app(tmp_path, PAGE, method=CHOICES[method], neighbourhood="1 ring")
        said = texts(app)
        assert "a usual weekday, November 2026" in said
        if method == "persistence":
            assert "all 2 parts of the day" in said
        if method == "lorenz":
            assert "The release gives no interval for these figures." in said


def test_the_hours_of_a_day_are_looked_at_each_by_itself(release):
    found = look_for(release, ONE_RING)
    assert found.shown.verdicts.shape == (127, HOURS_OF_DAY)
    day = found.shown.day
    alone = replace(
        day,
        view=replace(day.view, day=replace(day.view.day, slots=day.slots[8:9])),
        cells=replace(day.cells, people=day.cells.people[:, 8:9], covered=day.cells.covered[:, 8:9]),
    )
    assert (hotspot_figures.find(alone, ONE_RING).verdicts[:, 0] == found.shown.verdicts[:, 8]).all()
