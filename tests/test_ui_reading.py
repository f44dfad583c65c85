"""From the store's answers to what pages show: the resolution, the areas inside, the hours, the live figures."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from build_world import ALDER, BIRCH, COUNTRY, MONDAY, PARENT, REGION
from release_world import A1, A3, B1, TUESDAY, area_hour, write_release

from cellcount import store
from cellcount.themes import register
from cellcount.ui import evidence, headlines, reading
from cellcount.ui.density import tables
from cellcount.ui.reading import Release
from cellcount.ui.view import Day, View

MORNING = 8


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return Release(store.open_release(write_release(tmp_path_factory.mktemp("releases"), "wood")))


def area(release: Release, code: str):
    return next(each for each in release.areas.values() if each.code == code)


def view(release: Release, code: str = COUNTRY, on: dt.date = MONDAY) -> View:
    return View(area(release, code), release.days.dated(on), "people")


def test_areas_stand_in_the_order_of_the_list_the_whole_first(release):
    assert list(release.areas) == [
        "United Kingdom",
        "Alder (local authority)",
        "Birch (local authority)",
        "England (nation)",
        "North Wood (region)",
    ]
    assert [each.code for each in release.smallest] == [ALDER, BIRCH]
    assert [each.code for each in release.within(REGION)] == [ALDER, BIRCH]
    assert release.within(ALDER) == ()


def test_a_day_has_the_cells_and_the_totals_of_its_area(release):
    day, runs = reading.density_day(release, view(release, ALDER))
    assert (day.resolution, day.facts.h3.tolist()) == (7, sorted(day.cells.h3.tolist()))
    people = dict(zip(day.cells.h3.tolist(), day.cells.people[:, MORNING].tolist(), strict=True))
    assert people[A1] == 110
    assert np.isnan(people[A3])
    assert day.areas.of(ALDER)[0][MORNING] == 1070
    assert {run.name for run in runs} == {
        "present_day_of_area",
        "area_hours",
        "cells_by_resolution",
        "cells_of_area",
        "precision_of_areas",
    }
    assert all(run.sql and run.about.endswith(".") for run in runs)


def errors(release: Release, code: str, day: Day, hour: int) -> dict[int, float]:
    """Standard errors by cell at a local hour."""
    found, _ = reading.density_day(release, View(area(release, code), day, "people"))
    place = next(place for place, slot in enumerate(found.slots) if slot.hours == (hour,))
    return dict(zip(found.cells.h3.tolist(), found.errors[:, place].tolist(), strict=True))


def test_a_cell_has_the_error_of_its_area_and_part_of_the_day(release):
    """Of N people: N + 2 by chance, half of them being seen, 4 by rounding, and (N CV)² by the area's share."""
    monday = release.days.dated(MONDAY)
    at_eight, at_night = (errors(release, COUNTRY, monday, hour) for hour in (8, 4))
    assert at_eight[A1] == pytest.approx((112 + 4 + 2.2**2) ** 0.5), "Alder: 2 % of 110"
    assert at_night[A1] == pytest.approx((102 + 4 + 30**2) ** 0.5), "Alder by night: 30 % of 100"
    assert at_eight[B1] == pytest.approx((57 + 4 + 5.5**2) ** 0.5), "Birch: 10 % of 55"
    assert np.isnan(at_eight[A3]), "withheld"


def test_a_typical_day_is_a_mean_over_dates_in_local_hours(release):
    """Two dates halve chance and rounding; the error of the share is the same on both."""
    weekday = release.days.typical(next(iter(release.days.periods)), "weekday")
    assert errors(release, ALDER, weekday, 8)[A1] == pytest.approx((112.5 / 2 + 4 / 2 + 2.21**2) ** 0.5)


def test_without_the_table_precision_nothing_has_an_error_and_there_is_no_such_measure(tmp_path, release):
    bare = Release(store.open_release(write_release(tmp_path, "bare", only=["present"])))
    day, _ = reading.density_day(bare, view(bare))
    assert np.isnan(day.errors).all()
    assert "precision" in release.measures
    assert "precision" not in bare.measures


def test_midday_is_read_for_every_cell_of_every_resolution(release):
    words, cells = reading.midday_cells(release)
    assert words == "Monday 2 November 2026, 13:00 to 14:00"
    assert sorted(cells) == [6, 7]
    people, its_errors, codes = cells[7]
    assert dict(zip(people.tolist(), codes.tolist(), strict=True))[100.0] == ALDER
    assert (np.isnan(people) == np.isnan(its_errors)).all()


def test_cells_are_named_by_the_nearest_settlement(release):
    day, _ = reading.density_day(release, view(release))
    assert day.facts.places[day.facts.h3.tolist().index(A1)] == "near Alder"
    assert day.facts.places[day.facts.h3.tolist().index(B1)] == "near Alder, Birch"


def test_the_finest_resolution_is_drawn_that_is_not_too_many_cells(release, monkeypatch):
    monkeypatch.setattr(reading, "MOST_CELLS", 6)
    reading._density_day.clear()
    day, _ = reading.density_day(release, view(release))
    assert (day.resolution, day.cells.h3.tolist()) == (6, [PARENT]), "seven cells are too many for six"


def test_a_resolution_that_covers_a_part_of_the_area_only_is_not_drawn(tmp_path):
    """As in a demonstration that has its finest cells in one city only: Tuesday has no resolution 6."""
    release = Release(store.open_release(write_release(tmp_path, "wood")))
    assert release.resolutions(release.days.dated(TUESDAY)) == [7]
    day, _ = reading.density_day(release, view(release, on=TUESDAY))
    assert (day.resolution, day.cells.h3.tolist()) == (7, sorted([A1, B1]))


def test_the_whole_is_seen_as_the_manifest_says_and_an_area_by_its_outline(release):
    """All outlines are the square from 52.0 to 52.4 north; the manifest looks at 52 north, zoom 9.5."""
    assert reading.bounds(release, area(release, ALDER)).north == 52.4
    whole = reading.bounds(release, area(release, COUNTRY))
    assert (whole.west, whole.south, whole.east) == (0.0, 52.0, 0.2)
    assert 52.1 < whole.north < 52.3, "what lies far off stays out"


def test_what_is_taken_away_says_its_release_and_that_it_is_made_up(release):
    day, _ = reading.density_day(release, view(release, ALDER))
    for taken in tables(day):
        exported = evidence.exported(release, taken)
        assert set(exported["release_id"]) == {"wood"}
        assert set(exported["synthetic"]) == {True}
        assert set(exported.columns) == {*taken.columns, *evidence.RELEASE_COLUMNS}
    facts = evidence.facts(release, "Cells")
    assert (facts["release_id"], facts["synthetic"]) == ("wood", True)
    assert facts["caveats"] == ["The data are made up."]
    assert facts["disclosure_rule"] == "Fewer than 10 devices are withheld."


class TestHeadlines:
    def test_every_headline_of_the_register_exists(self):
        assert {theme.headline for theme in register().themes if theme.headline} == set(headlines.HEADLINES)

    def test_a_figure_names_its_place_time_and_interval(self, release):
        found = headlines.headline(release, "largest_flow")
        # 900 trips with se 9 over 20 days.
        assert found.value == "45"
        assert found.note == "Alder to Birch, mean of 20 days of October 2026. 95 % interval 44.1 to 45.9, precise."

    def test_errors_that_two_figures_share_are_not_taken_as_independent(self, release):
        # 1.96 times 3 + 4 on either side of 30 + 10 visits; as if independent it would be 30 to 50.
        assert "95 % interval 26 to 54, acceptable." in headlines.headline(release, "most_visits").note

    def test_a_country_with_a_withheld_length_of_stay_is_not_the_most(self, release):
        found = headlines.headline(release, "most_visits")
        assert found.value == "40", "Germany's are 50, and those of a stay that is withheld"
        assert found.label == "Most visits from one country: France"

    def test_what_is_missing_is_named(self, release, tmp_path):
        with pytest.raises(headlines.NotInReleaseError, match="5 weeks of dates"):
            headlines.headline(release, "largest_departure")
        bare = Release(store.open_release(write_release(tmp_path, "bare", only=["present"])))
        for name, missing in (
            ("largest_flow", "flows_month"),
            ("most_visits", "inbound_month"),
            ("most_at_work", "usual_environment"),
            ("largest_gain", "figures by area"),
            ("spread_of_presence", "figures by area"),
        ):
            with pytest.raises(headlines.NotInReleaseError, match=missing):
                headlines.headline(bare, name)
        assert headlines.headline(bare, "densest_cell").value == "80"

    def test_an_unusual_hour_is_found_against_other_weeks(self, tmp_path):
        """Five weeks of 1,000 people in Alder, and 4,000 of them at 19:00 on the last Wednesday."""
        first = MONDAY - dt.timedelta(28)
        rows = []
        for number in range(35):
            on = first + dt.timedelta(number)
            crowd = {"people_h19": 4000, "se_h19": 90.0} if number == 30 else {}
            rows += [{**area_hour(ALDER, on, 1000, 20.0, 1000), **crowd}, area_hour(BIRCH, on, 500, 9.0, 500)]
        days = {f"present/resolution=7/date={first + dt.timedelta(number)}": [] for number in range(35)}
        folder = write_release(tmp_path, "weeks", only=["present", "area_hour"], figures={"area_hour": rows, **days})
        found = headlines.headline(Release(store.open_release(folder)), "largest_departure")
        assert (found.label, found.value) == ("People above the usual level in Alder", "+3,000")
        assert found.note.startswith("4,000 against a usual 1,000, Wednesday 4 November 2026, 19:00.")


@pytest.mark.parametrize("folder", ["no-such-folder", "."])
def test_a_folder_without_releases_is_an_error_with_a_remedy(tmp_path: Path, monkeypatch, folder):
    monkeypatch.setenv("CELLCOUNT_RELEASES", str(tmp_path / folder))
    monkeypatch.delenv("CELLCOUNT_RELEASE", raising=False)
    with pytest.raises(store.ReleaseMissingError, match="Build or import one"):
        reading.choose_release(lambda _titles, default, _faults: default)
