"""The exposure of a list of sites: by day, by night and at most, as the incident page has it, and in one file."""

from __future__ import annotations

import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from build_world import ALDER_CELLS, BIRCH_CELLS, MONDAY, PARENT
from h3.api import basic_int as h3
from release_world import MANIFEST, ON_TUESDAY, TUESDAY, present, write_release

import cellcount.exposure as batch
from cellcount import store
from cellcount.__main__ import REFUSED, UNREADABLE, main
from cellcount.bench import incident as bench
from cellcount.bench.report import Entry, NotMeasured
from cellcount.exposure import COLUMNS, ExposureRefusedError, exposure, write_exposure
from cellcount.methods.incident import t_quantile
from cellcount.ui import incident_place, reading
from cellcount.ui.incident_answer import exposures
from cellcount.ui.incident_place import read_figures, read_place
from cellcount.ui.incident_usual import read_usual, usual_of
from cellcount.zones import Site, SitesRefusedError, rings

A1, A2, A3, A4 = ALDER_CELLS
B1, B2, B3 = BIRCH_CELLS
LATITUDE, LONGITUDE = h3.cell_to_latlng(h3.cell_to_center_child(PARENT, 7))
ALL_CELLS = Site("Works", LONGITUDE, LATITUDE, (6.0,))
"""All seven cells lie wholly within 6 km."""
TWO_RINGS = Site("Depot", LONGITUDE, LATITUDE, (2.0, 3.0))
TINY = Site("Hut", LONGITUDE, LATITUDE, (0.2,))
ABROAD = Site("Paris", 2.35, 48.85, (1.0, 3.0))

CROWDED = present(
    {A1: (110, 100), A2: (220, 200), A3: (None, 300), A4: (440, 400), B1: (55, 50), B2: (65, 60), B3: (0, 0)}
)
CROWDED[0]["h13"] = 500
"""On Monday 1,110 people in every hour but 08:00, where one cell is withheld, and 13:00, when 400 more are there."""
FIGURES = {
    "present_history/resolution=7": [
        *({**row, "date": MONDAY} for row in CROWDED),
        *({**row, "date": TUESDAY} for row in ON_TUESDAY),
    ]
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_release(tmp_path_factory.mktemp("exposure"), figures=FIGURES)


@pytest.fixture(scope="module")
def release(folder):
    return reading.Release(store.open_release(folder, cache=store.AnswerCache(0)))


def of_typical_days(folder, slots):
    """A release of two typical days, that have these hours or parts, and no dates."""
    made = write_release(folder, only=["typical_day"], time={**MANIFEST["time"], "slots": slots})
    return reading.Release(store.open_release(made, cache=store.AnswerCache(0)))


@pytest.fixture(scope="module")
def typical(tmp_path_factory):
    slots = [{"id": f"h{hour:02d}", "label": f"{hour:02d}:00", "hours": [hour]} for hour in range(24)]
    return of_typical_days(tmp_path_factory.mktemp("typical"), slots)


@pytest.fixture
def run(monkeypatch, folder, tmp_path):
    """Runs the command on the text of a list; gives its exit status."""

    def ran(text, out="out.csv", name="sites.csv"):
        listed = tmp_path / name
        listed.write_text(text, encoding="utf-8")
        arguments = ["exposure", str(listed), "--release", str(folder), "--out", str(tmp_path / out)]
        monkeypatch.setattr(sys, "argv", ["cellcount", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0

    return ran


def row_of(release, site, ring=0):
    return exposure(release, [site]).table.iloc[ring]


class TestFigures:
    """Half of the people are seen: with N people, chance has a variance of N + 2, and seven figures 28 of rounding.

    Of the share observed 4 cells have an error of 2 % by day and 30 % by night, and 3 have 10 %: of a mean of these the
    zone has 38 / 7 = 5.43 % and 150 / 7 = 21.43 %.
    """

    DAY, DAY_CROWDED = ((n + 2 + (n * 0.38 / 7) ** 2 + 28) ** 0.5 for n in (1110, 1510))
    NIGHT = (1112 + (1110 * 1.5 / 7) ** 2 + 28) ** 0.5

    def test_by_day_is_the_mean_of_the_hours_from_ten_to_four_on_weekdays(self, release):
        """Five hours with 1,110 people and one with 1,510; the error is the mean of theirs; t of 8 degrees is 2.306."""
        row = row_of(release, ALL_CELLS)
        error = (5 * self.DAY + self.DAY_CROWDED) / 6
        assert row.day_people == pytest.approx(7060 / 6, abs=0.06)
        assert (row.day_low, row.day_high) == pytest.approx(
            (7060 / 6 - 2.306 * error, 7060 / 6 + 2.306 * error), abs=0.1
        )
        assert (row.day_hours, row.day_precision) == (6, "reasonably precise")

    def test_by_night_is_the_mean_of_midnight_to_five(self, release):
        row = row_of(release, ALL_CELLS)
        assert row.night_people == 1110
        assert (row.night_low, row.night_high) == pytest.approx(
            (1110 - 2.306 * self.NIGHT, 1110 + 2.306 * self.NIGHT), abs=0.1
        )
        assert (row.night_hours, row.night_precision) == (5, "use with caution")

    def test_the_peak_is_the_fullest_hour_with_limits_of_the_true_largest(self, release):
        row = row_of(release, ALL_CELLS)
        assert (row.peak_people, row.peak_hour, row.peak_precision) == (1510, "2026-11-02 13:00", "reasonably precise")
        # The upper limit at night, 1,110 and more than twice 240, is lower.
        reach = 2.306 * self.DAY_CROWDED
        assert (row.peak_low, row.peak_high) == pytest.approx((1510 - reach, 1510 + reach), abs=0.1)

    def test_people_per_km2_are_those_of_what_is_covered(self, release):
        """Seven cells of 5 km2; a circle of 6 km has 36 pi, and a polygon of 180 corners 0.02 % less."""
        row = row_of(release, ALL_CELLS)
        assert (row.covered_km2, row.residents, row.night_per_km2) == (35.0, 7000.0, round(1110 / 35, 2))
        assert row.km2 == pytest.approx(36 * np.pi, rel=5e-4)

    def test_cells_are_counted_and_what_is_left_out_is_said(self, release):
        """One of 7 x 24 figures on Monday and 2 x 24 on Tuesday is withheld; on Tuesday five cells have no figures."""
        row = row_of(release, ALL_CELLS)
        assert (row.cells, row.cells_cut, row.cells_withheld, row.resolution) == (7, 0, 1, 7)
        assert row.withheld_percent == round(100 / 216, 2)
        assert row.note == (
            "24 of 48 hours are not covered and left out. About 69 % of this area lies where the release has no cells "
            "(sea, or not covered): nobody is counted there."
        )
        assert (row.release_id, row.synthetic) == (release.manifest.release_id, True)

    def test_rings_add_up_to_the_circle_around_them(self, release):
        inner, outer = (row_of(release, TWO_RINGS, ring) for ring in (0, 1))
        circle = row_of(release, Site("Depot", LONGITUDE, LATITUDE, (3.0,)))
        assert (inner.ring, outer.ring) == ("0 to 2 km", "2 to 3 km")
        assert inner.cells_cut > 0
        assert inner.night_people + outer.night_people == pytest.approx(circle.night_people, abs=0.2)

    def test_they_are_those_that_the_incident_page_works_out_for_the_same_rings(self, release):
        place, _ = read_place(release, rings(LONGITUDE, LATITUDE, TWO_RINGS.radii))
        figures, _ = read_figures(release, place)
        known, _ = reading.precision_of(release, release.areas[release.default_area].code)
        for ring in (0, 1):
            column = place.weights.weights[:, ring], place.weights.error[:, ring]
            page, row = exposures(place, figures, column, known, release), row_of(release, TWO_RINGS, ring)
            for name, each in (("day", page.day), ("night", page.night)):
                reach = t_quantile() * each.error
                shown = each.mean, max(each.mean - reach, 0), each.mean + reach
                assert shown == pytest.approx([row[f"{name}_{part}"] for part in ("people", "low", "high")], abs=0.051)
                assert row[f"{name}_hours"] == each.hours

    def test_they_do_not_depend_on_which_sites_are_read_together(self, release, monkeypatch):
        sites = [ALL_CELLS, ABROAD, TWO_RINGS, TINY, TWO_RINGS]
        together = exposure(release, sites).table
        monkeypatch.setattr(batch, "CELLS_TOGETHER", 1)
        pd.testing.assert_frame_equal(exposure(release, sites).table, together)
        assert together["site"].tolist() == ["Works", "Paris", "Paris", "Depot", "Depot", "Hut", "Depot", "Depot"]


class TestWhatCannotBeTold:
    def test_a_site_elsewhere_has_rows_that_say_so(self, release):
        found = exposure(release, [ABROAD, ALL_CELLS])
        assert found.table["note"].tolist()[:2] == ["The release has no cells here."] * 2
        assert found.table.loc[:1, "day_people"].isna().all()
        assert (found.sites, found.untold) == (2, 1)
        assert found.said().startswith("3 rings of 2 sites. 1 of the sites could not be told")

    def test_one_site_alone_is_told_of_in_the_singular(self, release):
        said = exposure(release, [Site("Paris", 2.35, 48.85, (1.0,))]).said()
        assert said == "1 ring of 1 site. It could not be told, or not every ring: see the column “note”."

    @pytest.mark.parametrize(
        ("longitude", "latitude", "hint"),
        [
            (LATITUDE, LONGITUDE, "Latitude and longitude look swapped."),
            (-LONGITUDE, LATITUDE, "The sign of its longitude may be wrong: west is negative."),
            (LONGITUDE, -LATITUDE, "The sign of its latitude may be wrong: north is positive."),
        ],
    )
    def test_a_position_turned_about_is_told_as_one(self, release, longitude, latitude, hint):
        row = row_of(release, Site("Works", longitude, latitude, (1.0,)))
        assert row.note == f"The release has no cells here. {hint}"

    def test_sites_of_one_name_are_told_apart_by_a_note(self, release):
        other = Site("Works", LONGITUDE + 0.01, LATITUDE, (6.0,))
        notes = exposure(release, [ALL_CELLS, TWO_RINGS, other]).table.note
        said = "Another site of the list has the same name: tell them apart by latitude and longitude."
        assert [note.endswith(said) for note in notes] == [True, False, False, True]

    def test_a_ring_that_is_too_small_has_no_figures_but_the_smallest_radius(self, release):
        """A cell of resolution 7 has about 5 km2 there: the root of 0.6 x 5 / pi is 1.0 km, to the next tenth."""
        row = row_of(release, TINY)
        smallest = np.ceil(100 * np.sqrt(0.6 * h3.cell_area(h3.latlng_to_cell(LATITUDE, LONGITUDE, 7)) / np.pi)) / 100
        assert row.note.endswith(f"the smallest circle that they can show here has a radius of {smallest:g} km.")
        assert np.isnan(row.day_people)

    def test_rings_over_a_pole_are_a_row_and_not_a_traceback(self, release):
        found = exposure(release, [Site("Pole", 0.0, 89.9, (50.0,))])
        assert "over a pole" in found.table.note[0]
        assert found.shapes == (None,)

    def test_a_release_without_dates_and_typical_days_is_refused(self, tmp_path):
        bare = write_release(tmp_path, only=["present", "area_hour", "precision"])
        with pytest.raises(ExposureRefusedError, match="neither figures of cells by date"):
            exposure(reading.Release(store.open_release(bare, cache=store.AnswerCache(0))), [ALL_CELLS])


class TestTypicalDays:
    """On weekdays 100.5 people in A1, 110.5 at 08:00, half as many in B1; A2 is withheld. On Saturdays A1 has 90."""

    def test_day_and_night_are_of_the_first_day_type_and_the_peak_of_any(self, typical):
        row = row_of(typical, ALL_CELLS)
        assert row.basis == "typical days"
        assert (row.day_people, row.day_hours) == (151.0, 6)
        assert (row.night_people, row.night_hours) == (151.0, 5)
        assert (row.peak_people, row.peak_hour) == (166.0, "Weekday, 08:00")
        assert row.day_per_km2 == round(151 / 15, 2), "three of seven cells of 5 km² have figures"

    def test_no_interval_is_made_up(self, typical):
        row = row_of(typical, ALL_CELLS)
        assert row[[f"{what}_{limit}" for what in ("day", "night", "peak") for limit in ("low", "high")]].isna().all()
        assert (row.day_precision, row.night_precision, row.peak_precision) == ("", "", "")

    def test_the_note_says_what_they_are_of_and_what_they_leave_out(self, typical):
        row = row_of(typical, ALL_CELLS)
        assert row.note == (
            "Of typical days (November 2026), by day and by night of “Weekday”. No interval is known. "
            "1 cell withheld in any hour left out. About 87 % of this area lies where the release has no cells (sea, "
            "or not covered): nobody is counted there."
        )
        assert (row.cells, row.cells_withheld, row.covered_km2) == (7, 1, 15.0)
        # Of three cells on weekdays and one on Saturdays, one is withheld in all hours.
        assert row.withheld_percent == 25.0

    def test_they_are_those_of_the_incident_page(self, typical):
        place, days, _ = read_usual(typical, rings(LONGITUDE, LATITUDE, TWO_RINGS.radii))
        weekday = usual_of(place, days)[0]
        for ring in (0, 1):
            row = row_of(typical, TWO_RINGS, ring)
            assert row.night_people == pytest.approx(weekday.people[ring, :5].mean(), abs=0.051)
            assert row.peak_people == pytest.approx(weekday.people[ring].max(), abs=0.051)

    def test_what_was_not_measured_or_is_wholly_withheld_is_empty(self, tmp_path):
        """Of one part of the day, from eight to ten, nothing is known by day or by night."""
        morning = of_typical_days(tmp_path, [{"id": "h08", "label": "Morning", "hours": [8, 9]}])
        row = row_of(morning, ALL_CELLS)
        assert (row.peak_people, row.peak_hour) == (166.0, "Weekday, Morning")
        assert np.isnan(row.day_people)
        assert np.isnan(row.night_people)
        assert (row.day_hours, row.night_hours) == (0, 0)
        latitude, longitude = h3.cell_to_latlng(A2)
        hidden = exposure(morning, [Site("Hidden", longitude, latitude, (1.0,))])
        assert hidden.untold == 1
        assert np.isnan(hidden.table.peak_people[0])

    def test_the_batch_does_not_depend_on_which_sites_are_read_together(self, typical, monkeypatch):
        sites = [ALL_CELLS, ABROAD, TWO_RINGS, TINY, TWO_RINGS]
        together = exposure(typical, sites).table
        monkeypatch.setattr(batch, "CELLS_TOGETHER", 1)
        pd.testing.assert_frame_equal(exposure(typical, sites).table, together)

    def test_the_file_has_the_same_columns_whatever_the_figures_are_of(self, typical, tmp_path):
        (tmp_path / "sites.csv").write_text(TestCommand.GOOD)
        write_exposure(tmp_path / "sites.csv", typical.opened.folder, tmp_path / "out.csv")
        table = pd.read_csv(tmp_path / "out.csv")
        assert table.columns.tolist() == list(COLUMNS)
        assert table.basis.tolist() == ["typical days"]


class TestCommand:
    GOOD = f"name,latitude,longitude,radii\nWorks,{LATITUDE},{LONGITUDE},6\n"

    def test_a_list_that_is_told_wholly_ends_with_0_and_one_that_is_not_with_1(self, run, tmp_path, capsys):
        assert run(self.GOOD) == 0
        assert "1 ring of 1 site." in capsys.readouterr().out
        table = pd.read_csv(tmp_path / "out.csv")
        assert table.columns.tolist() == list(COLUMNS)
        assert table.night_people.tolist() == [1110.0]
        assert run(self.GOOD + "Paris,48.85,2.35,1\n") == REFUSED

    def test_all_faulty_rows_are_named_at_once_and_nothing_is_written(self, run, tmp_path, capsys):
        text = "name,latitude,longitude,radii\nA,95,0,1\nB,52,0,1\n,52,0,1\nC,52,0,-3\n"
        assert run(text) == UNREADABLE
        said = capsys.readouterr().err
        assert all(f"Row {row}:" in said for row in (2, 4, 5))
        assert "Row 3:" not in said
        assert [each.name for each in tmp_path.iterdir()] == ["sites.csv"]

    def test_the_list_itself_is_never_written_over(self, run, tmp_path, capsys):
        assert run(self.GOOD, "sites.csv") == UNREADABLE
        assert "sites.csv is the list of sites itself" in capsys.readouterr().err
        assert (tmp_path / "sites.csv").read_text() == self.GOOD
        (tmp_path / "same.csv").symlink_to(tmp_path / "sites.csv")
        assert run(self.GOOD, "same.csv") == UNREADABLE
        assert (tmp_path / "sites.csv").read_text() == self.GOOD

    @pytest.mark.parametrize(("text", "out"), [("\x00\x01", "out.csv"), ("", "out.csv"), (GOOD, "out.xlsx")])
    def test_what_cannot_be_read_or_written_ends_with_2(self, run, text, out):
        assert run(text, out) == UNREADABLE

    @pytest.mark.parametrize("out", ["out.csv", "out.gpkg"])
    def test_a_file_that_cannot_be_written_is_told_before_the_work(self, run, tmp_path, monkeypatch, capsys, out):
        (tmp_path / "file").write_text("no folder")
        monkeypatch.setattr(batch, "exposure", lambda *_, **__: pytest.fail("It was worked out for nothing."))
        assert run(self.GOOD, f"file/{out}") == UNREADABLE
        said = capsys.readouterr().err
        assert said.startswith(f"{tmp_path / 'file' / out} cannot be written: ")
        assert said.endswith("Make room or give access, or name another file, and start again.\n")

    @pytest.mark.parametrize("out", ["made", "made.csv", "made.gpkg"])
    def test_a_folder_is_no_file_to_write(self, run, tmp_path, monkeypatch, capsys, out):
        (tmp_path / out).mkdir()
        monkeypatch.setattr(batch, "exposure", lambda *_, **__: pytest.fail("It was worked out for nothing."))
        assert run(self.GOOD, out) == UNREADABLE
        assert capsys.readouterr().err.startswith(f"{tmp_path / out} is a folder. Name a file in it, such as")

    @pytest.mark.parametrize("error", [pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError])
    def test_what_stops_a_geopackage_is_a_sentence_about_it(self, run, tmp_path, monkeypatch, capsys, error):
        def stopped(_, aside, **__):
            aside.write_text("half")
            raise error(f"sqlite3_open({aside}) failed")

        monkeypatch.setattr(batch.pyogrio, "write_dataframe", stopped)
        assert run(self.GOOD, "out.gpkg") == UNREADABLE
        assert f"{tmp_path / 'out.gpkg'} cannot be written. Make room" in capsys.readouterr().err
        assert [each.name for each in tmp_path.iterdir()] == ["sites.csv"]

    @pytest.mark.parametrize("out", ["out.csv", "out.gpkg"])
    def test_what_stops_the_writing_is_told_of_the_file_that_was_named(self, run, tmp_path, monkeypatch, capsys, out):
        def full(aside, _):
            raise OSError(28, "No space left on device", str(aside))

        monkeypatch.setattr(batch.Path, "replace", full)
        assert run(self.GOOD, out) == UNREADABLE
        assert f"{tmp_path / out} cannot be written: No space left on device. Make room" in capsys.readouterr().err

    def test_looking_whether_it_can_be_written_leaves_nothing_behind(self, run, tmp_path):
        assert run("name\n", "new/folder/out.csv") == UNREADABLE
        assert [each.name for each in tmp_path.iterdir()] == ["sites.csv"]
        assert run(self.GOOD, "new/folder/out.csv") == 0
        assert [each.name for each in (tmp_path / "new" / "folder").iterdir()] == ["out.csv"]

    @pytest.mark.parametrize(
        ("name", "said"), [("none.csv", "There is no list {}."), (".", "The list {} cannot be read: Is a directory.")]
    )
    def test_a_list_that_is_not_there_is_said_not_to_be(self, folder, tmp_path, name, said):
        with pytest.raises(SitesRefusedError) as refused:
            write_exposure(tmp_path / name, folder, tmp_path / "out.csv")
        assert str(refused.value).startswith(said.format(tmp_path / name))

    def test_radii_that_fell_apart_are_a_faulty_row_and_not_one_ring(self, run, capsys):
        assert run(self.GOOD.replace(",6\n", ",1,3,5\n")) == UNREADABLE
        assert "Row 2: it has more cells than the header: write radii as 1;3;5" in capsys.readouterr().err

    def test_a_place_may_be_coordinates_in_words_or_a_grid_reference(self, run, tmp_path):
        run('name,place,radii\nOne,"52.2, 0.12",6\nTwo,"52°12\'0""N 0°7\'12""E",6\nThree,TL 4500 5830,6\n')
        table = pd.read_csv(tmp_path / "out.csv")
        assert table.latitude.round(2).tolist() == [52.2, 52.2, 52.2]
        assert table.longitude.round(2).tolist() == [0.12, 0.12, 0.12]

    def test_a_name_is_not_run_as_a_formula(self, run, tmp_path):
        run(self.GOOD.replace("Works", '"=HYPERLINK(""http://example.org"")"'))
        assert pd.read_csv(tmp_path / "out.csv").site.tolist() == ['\'=HYPERLINK("http://example.org")']

    def test_a_geopackage_has_the_rings_and_says_what_its_columns_are(self, run, tmp_path):
        assert run(self.GOOD, "out.gpkg") == 0
        found = gpd.read_file(tmp_path / "out.gpkg", layer="rings")
        assert found.crs.to_epsg() == 4326
        assert found.to_crs(27700).area.sum() / 1e6 == pytest.approx(36 * np.pi, rel=2e-3)
        assert found.drop(columns="geometry").columns.tolist() == list(COLUMNS)
        assert gpd.read_file(tmp_path / "out.gpkg", layer="columns").name.tolist() == list(COLUMNS)

    @pytest.mark.parametrize("out", ["out.csv", "out.gpkg"])
    def test_a_file_is_replaced_whole_or_not_at_all(self, run, tmp_path, monkeypatch, out):
        (tmp_path / out).write_text("the old one")

        def full(*_, **__):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(batch.Path, "replace", full)
        assert run(self.GOOD, out) == UNREADABLE
        assert (tmp_path / out).read_text() == "the old one"
        assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["sites.csv", out])

    def test_a_list_of_100_mb_is_refused_without_reading_it_all(self, folder, tmp_path):
        with (tmp_path / "big.csv").open("wb") as file:
            file.truncate(100_000_000)
        with pytest.raises(SitesRefusedError, match=r"“big\.csv” has more than 20 MB, the most that is read"):
            write_exposure(tmp_path / "big.csv", folder, tmp_path / "out.csv")

    def test_progress_runs_to_its_end_and_never_falls(self, release):
        told = []
        exposure(release, [ALL_CELLS, ABROAD, TINY], progress=lambda share, _: told.append(share))
        assert told == sorted(told)
        assert (told[0], told[-1]) == (0.0, 1.0)

    def test_the_command_line_starts_without_the_app(self):
        code = "import sys, cellcount.__main__; sys.exit('streamlit' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestReading:
    def test_cells_that_are_held_are_those_that_the_query_gives(self, release):
        held = batch._Held.of(release)
        around = reading.covering(incident_place.Bounds(0.1, 52.19, 0.14, 52.21), 7)
        asked = {"parents": list(around.cells), "parent_resolution": around.resolution, "resolution": 7}
        table = release.run("cells_in_view", area=release.areas[release.default_area].code, **asked).table
        assert 0 < table.num_rows < 7
        assert held.look(around, 7).cells.tolist() == table.column("h3").to_pylist()
        assert held.look(around, 9) is None

    def test_no_site_asks_a_query_of_its_own(self, release, monkeypatch):
        asked = []
        run = store.Release.run
        monkeypatch.setattr(store.Release, "run", lambda self, name, **_: asked.append(name) or run(self, name, **_))
        exposure(release, [TWO_RINGS] * 20)
        assert asked.count("history_of_cells") == 1
        assert len(asked) < 8

    def test_where_the_finest_cells_are_enough_the_coarser_ones_change_nothing(self, tmp_path, monkeypatch):
        coarse = {"present_history/resolution=6": [{**present({PARENT: (1180, 1110)})[0], "date": MONDAY}]}
        opened = store.open_release(write_release(tmp_path, figures=coarse), cache=store.AnswerCache(0))
        release, zones = reading.Release(opened), rings(LONGITUDE, LATITUDE, [1.0])
        quick, few = read_place(release, zones)
        monkeypatch.setattr(incident_place, "MOST_HELD", np.inf)
        slow, many = read_place(release, zones)
        assert (
            (quick.resolution, quick.cells.tolist())
            == (slow.resolution, slow.cells.tolist())
            == (7, sorted([*ALDER_CELLS, *BIRCH_CELLS]))
        )
        assert len(few) < len(many)


class TestBenchmark:
    def test_what_a_release_cannot_serve_is_told_with_the_reason(self, folder):
        found = bench.measure_incident(folder, runs=1)
        assert [type(each) for each in found] == [NotMeasured] * 3
        assert found[0].reason == "The release has no date with 4 comparable ones before it."

    def test_sites_are_made_up_at_settlements(self, folder, monkeypatch):
        monkeypatch.setattr(bench, "LEAST_SETTLEMENTS", 1)
        monkeypatch.setattr(bench, "SITES", 2)
        found = bench.measure_incident(folder, runs=1)[-1]
        assert isinstance(found, Entry)
        assert (found.what, found.goal, len(found.values)) == ("Exposure of 2 sites", 60.0, 1)
        assert "6 rings of 2 sites" in found.note
