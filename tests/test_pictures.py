"""Pictures of maps: the colours of the map on screen where they belong, and the words that belong to them."""

from __future__ import annotations

import io
import re
import sys
import time
from dataclasses import replace
from subprocess import run
from xml.etree import ElementTree

import geopandas as gpd
import h3
import numpy as np
import pytest
import shapely
from browser import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from release_world import write_release

from cellcount import store
from cellcount.ui import evidence, map_pictures, maps, pictures, reading, scales
from cellcount.ui.ground import Bounds, Name, Outlines
from cellcount.ui.look import PALETTES, rgb
from cellcount.ui.pictures import FlowLayer, HexagonLayer, Panel, Projection, Sheet, draw

LIGHT = PALETTES["light"]
NONE = gpd.GeoSeries([], crs="EPSG:4326")
VIEW = Bounds(0.0, 52.0, 0.2, 52.1)
WEST, MIDDLE, EAST = (int(h3.latlng_to_cell(52.05, longitude, 7), 16) for longitude in (0.02, 0.1, 0.18))
PEOPLE = scales.Scale("People present", (5.0, 20.0), ("#111188", "#118811", "#881111"), "#EEEE00", "#6B7178")
LAND = Outlines(gpd.GeoSeries([shapely.box(-1, 51, 1, 53)], crs="EPSG:4326"), NONE, NONE)
SHEET = Sheet(
    title="How many people are where?",
    subtitle="Alder, Monday 2 November 2026, 08:00 to 09:00, local time (Europe/London)",
    notes=("People present in the cell.", "A figure with fewer than 10 devices behind it is withheld."),
    source="Source: nobody. Licence: CC0 1.0.",
    release_id="wood-2026-11",
    warnings=("Synthetic demonstration data.",),
    palette=LIGHT,
    ground=LAND,
)


def cells(*values: float) -> HexagonLayer:
    """Cells from west to east with their values."""
    return HexagonLayer(np.array([WEST, MIDDLE, EAST][: len(values)], dtype=np.int64), np.array(values), PEOPLE)


def pixels(*layers: pictures.Layer, sheet: Sheet = SHEET, bounds: Bounds = VIEW) -> np.ndarray:
    """Red, green and blue of every pixel of the map, (rows, columns, 3): without the column of the legend."""
    picture = Image.open(io.BytesIO(draw(sheet, [Panel(bounds, layers)]))).convert("RGB")
    return np.asarray(picture)[:, : int(picture.width * 0.73)]


def where(picture: np.ndarray, colour: str, *, near: int = 0) -> np.ndarray:
    """Rows and columns of the pixels of a colour, or near it, (n, 2)."""
    return np.argwhere((np.abs(picture.astype(int) - rgb(colour)) <= near).all(axis=2))


def words(sheet: Sheet, *panels: Panel) -> list[str]:
    """Every text of the picture as SVG."""
    root = ElementTree.fromstring(draw(sheet, panels, "svg"))
    return ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]


class TestCells:
    def test_each_cell_has_the_colour_of_its_class_where_it_lies(self):
        picture = pixels(cells(4.0, 5.0, 120.0))
        centres = [where(picture, colour).mean(axis=0) for colour in PEOPLE.colours]
        rows, columns = np.array(centres).T
        assert columns[0] < columns[1] < columns[2], "west is left"
        # 0.02, 0.1 and 0.18 degrees: the middle one lies half-way, to the size of a cell (1.4 km, or 0.02 degrees).
        assert columns[1] == pytest.approx((columns[0] + columns[2]) / 2, rel=0.15)
        assert np.ptp(rows) < 0.3 * np.ptp(columns)

    def test_a_cell_is_as_large_as_it_is(self):
        """Pixels of the colour, times the area of a pixel on a Mercator map at 52 degrees north: 5.2 km2 on average."""
        picture = pixels(cells(4.0, 5.0, 120.0))
        columns = [where(picture, colour)[:, 1].mean() for colour in (PEOPLE.colours[0], PEOPLE.colours[2])]
        centres = [h3.cell_to_latlng(f"{cell:x}")[1] for cell in (WEST, EAST)]
        degrees = (centres[1] - centres[0]) / (columns[1] - columns[0])
        km = degrees * 111.32 * np.cos(np.radians(52.05))
        drawn = len(where(picture, PEOPLE.colours[1])) * km**2
        assert drawn == pytest.approx(h3.cell_area(f"{MIDDLE:x}", unit="km^2"), rel=0.03)

    def test_withheld_is_hatched_zero_has_its_colour_and_missing_is_not_there(self):
        hatched, zero, missing = (pixels(*each) for each in ([cells(np.nan)], [cells(0.0)], [cells()]))
        filled = where(zero, PEOPLE.zero)
        inside = hatched[filled[:, 0], filled[:, 1]][None]
        strokes = len(where(inside, LIGHT.withheld, near=70)) / len(filled)
        between = len(where(inside, LIGHT.land)) / len(filled)
        assert strokes > 0.05
        assert 0.4 < between < 0.95, "land shows between the strokes"
        assert len(filled) > 1000
        assert (missing[filled[:, 0], filled[:, 1]] == rgb(LIGHT.land)).all()
        assert not len(where(hatched, PEOPLE.zero))

    def test_a_difference_of_zero_is_one_of_the_differences(self):
        scale = replace(PEOPLE, breaks=(-5.0, 5.0), signed=True)
        picture = pixels(HexagonLayer(np.array([WEST], dtype=np.int64), np.array([0.0]), scale))
        assert len(where(picture, scale.colours[1])) > 1000
        assert not len(where(picture, scale.zero))

    def test_cells_out_of_the_view_are_not_drawn(self):
        assert not len(where(pixels(cells(4.0), bounds=Bounds(5, 52, 5.2, 52.1)), PEOPLE.colours[0]))

    def test_a_pentagon_is_drawn_and_a_cell_across_the_180th_meridian_stays_small(self):
        corners = pictures.corners_of(
            np.array([int(h3.latlng_to_cell(0.0, 180.0, 3), 16), int(h3.get_pentagons(3)[0], 16)])
        )
        assert (np.ptp(corners[..., 0], axis=1) < 5).all()

    @given(st.floats(-179, 170), st.floats(-80, 75), st.floats(0.01, 9), st.floats(0.01, 5))
    def test_all_of_the_bounds_is_on_the_map(self, west, south, across, up):
        bounds = Bounds(west, south, west + across, south + up)
        at = Projection.fitting(bounds, 800, 500).at(np.array([[west, south], [west + across, south + up]]))
        assert (at >= 0).all()
        assert (at <= [800, 500]).all()
        seen = Projection.fitting(bounds, 800, 500).seen(800, 500)
        assert seen.west <= west
        assert seen.north >= bounds.north


class TestOtherLayers:
    def test_areas_have_the_colour_of_their_class_with_their_holes(self):
        ring = shapely.box(0.0, 52.0, 0.1, 52.1) - shapely.box(0.03, 52.03, 0.07, 52.07)
        outlines = gpd.GeoSeries([ring, shapely.box(0.1, 52.0, 0.2, 52.1)], crs="EPSG:4326")
        picture = pixels(pictures.AreaLayer(outlines, np.array([4.0, np.nan]), PEOPLE))
        filled, hatched = where(picture, PEOPLE.colours[0]), where(picture, PEOPLE.withheld, near=40)
        assert filled[:, 1].mean() < hatched[:, 1].mean()
        middle = filled.mean(axis=0).round().astype(int)
        assert picture[tuple(middle)].tolist() == rgb(LIGHT.land), "the hole is land"

    def test_an_arrow_is_wider_where_it_arrives_and_the_two_directions_lie_side_by_side(self):
        there = FlowLayer(np.array([[0.02, 52.05]]), np.array([[0.18, 52.05]]), np.array([4.0]), PEOPLE)
        back = FlowLayer(there.destinations, there.origins, np.array([6.0]), PEOPLE)
        picture = pixels(there, back)
        eastwards, westwards = where(picture, PEOPLE.colours[0]), where(picture, PEOPLE.colours[1])
        for arrow, head in ((eastwards, "right"), (westwards, "left")):
            columns = arrow[:, 1]
            thirds = [((columns - columns.min()) / np.ptp(columns) // (1 / 3) == third).sum() for third in (0, 2)]
            assert (thirds[1] > thirds[0]) == (head == "right")
        assert eastwards[:, 0].mean() > westwards[:, 0].mean(), "to the right of its way: eastwards is south"

    def test_at_most_5000_flows_are_drawn_the_largest_and_it_is_said(self):
        random = np.random.default_rng(3)
        ends = random.uniform([0.0, 52.0], [0.2, 52.1], (2, 6000, 2))
        flows = FlowLayer(ends[0], ends[1], np.append(np.arange(1.0, 6000.0), np.nan), PEOPLE)
        assert len(pictures._drawn_flows(flows)[1]) == 5999
        said = " ".join(words(SHEET, Panel(VIEW, (flows,))))
        assert "1 flow withheld and not drawn. Of the flows, the 5,000 largest are drawn." in said

    def test_a_flow_within_a_place_has_no_arrow(self):
        place = np.array([[0.1, 52.05]])
        assert not len(where(pixels(FlowLayer(place, place, np.array([4.0]), PEOPLE)), PEOPLE.colours[0]))

    def test_a_great_circle_from_london_to_tokyo_goes_by_siberia(self):
        """Its northernmost point lies at about 70 degrees."""
        way = pictures.great_circles(np.array([[[-0.13, 51.5], [139.7, 35.7]]]))[0]
        assert way[0].tolist() == pytest.approx([-0.13, 51.5])
        assert way[-1].tolist() == pytest.approx([139.7, 35.7])
        assert 69 < way[:, 1].max() < 72

    def test_circles_outlines_and_names_are_drawn(self):
        outline = pictures.OutlineLayer(
            gpd.GeoSeries([shapely.box(0.02, 52.02, 0.1, 52.08)], crs="EPSG:4326"), marked=True
        )
        totals = pictures.TotalLayer(np.array([[0.15, 52.05]]), np.array([7.0]), "leave")
        ranks = pictures.NameLayer(np.array([[0.06, 52.05]]), ("1",))
        picture = pixels(outline, totals, ranks)
        assert len(where(picture, LIGHT.mark)) > 300
        assert len(where(picture, LIGHT.edge)) > 50
        told = words(replace(SHEET, names=(Name("Alder", 0.1, 52.05, 14.0),)), Panel(VIEW, (outline, totals, ranks)))
        assert "1" in told
        assert "leave" in told


class TestWords:
    def test_everything_that_must_be_said_stands_on_the_picture_as_text(self):
        told = " ".join(words(SHEET, Panel(VIEW, (cells(0.0, np.nan, 120.0),))))
        for said in (
            "How many people are where?",
            "08:00 to 09:00, local time (Europe/London)",
            "Synthetic demonstration data.",
            "People present",
            "under 5",
            "from 20",
            "0, observed",
            "withheld",
            "fewer than 10 devices",
            "Licence: CC0 1.0.",
            "Release wood-2026-11.",
            "km",
        ):
            assert said in told

    def test_the_legend_has_no_key_that_is_not_needed(self):
        told = words(SHEET, Panel(VIEW, (cells(4.0),)))
        assert "0, observed" not in told
        assert "withheld" not in told

    @pytest.mark.parametrize(
        "title", ["<script>alert(1)</script> & 'co'", "$x^2$ costs $5", r"\frac{1}{2}", "a_b %d {x}"]
    )
    def test_words_stand_as_they_are_whatever_they_hold(self, title):
        named = replace(SHEET, title=title, names=(Name(title, 0.1, 52.05, 12.0),))
        assert title in words(named, Panel(VIEW, (cells(4.0),), words=title))
        assert draw(named, [Panel(VIEW, (cells(4.0),))]).startswith(b"\x89PNG")

    def test_letters_with_marks_and_of_other_scripts_are_drawn(self):
        """Warnings are errors: a letter that no font has would be one."""
        draw(replace(SHEET, title="Ynys Môn, Ŵyr ≥ 5 → Łódź"), [Panel(VIEW, (cells(4.0),))])

    def test_nothing_to_show_is_a_picture_with_a_sentence(self):
        empty = replace(SHEET, nothing="This release has no figures for Alder.")
        told = words(empty, Panel(VIEW, (cells(),)))
        assert "This release has no figures for Alder." in told
        assert "There is nothing to show here." in words(SHEET, Panel(VIEW, ()))
        assert draw(replace(SHEET, title="", subtitle="", notes=(), source="", warnings=()), []).startswith(b"\x89PNG")

    def test_long_notes_go_below_the_map_and_nothing_runs_out_of_the_sheet(self):
        long = replace(SHEET, notes=("One sentence more of many that are long. " * 60,))
        picture = np.asarray(Image.open(io.BytesIO(draw(long, [Panel(VIEW, (cells(4.0),))]))).convert("RGB"))
        for edge in (picture[:10], picture[-10:], picture[:, :10], picture[:, -10:]):
            assert (edge == rgb(LIGHT.land)).all()

    def test_the_file_says_what_it_is(self):
        information = Image.open(io.BytesIO(draw(SHEET, [Panel(VIEW, (cells(4.0),))]))).info
        assert information["Title"] == SHEET.title
        assert information["Source"] == SHEET.source
        for said in ("Synthetic demonstration data.", "local time", "Release wood-2026-11."):
            assert said in information["Description"]


class TestFile:
    @pytest.mark.parametrize("form", ["png", "svg", "pdf"])
    def test_the_same_map_is_the_same_file(self, form):
        panel = Panel(VIEW, (cells(4.0, np.nan, 0.0),))
        first, second = (draw(SHEET, [panel], form) for _ in range(2))
        assert first == second

    def test_it_is_as_large_as_it_is_asked_for_in_both_palettes(self):
        panel = Panel(VIEW, (cells(4.0),))
        assert Image.open(io.BytesIO(draw(SHEET, [panel]))).size == (1600, 1000)
        dark = replace(SHEET, palette=PALETTES["dark"], width=800, height=600)
        picture = Image.open(io.BytesIO(draw(dark, [panel]))).convert("RGB")
        assert picture.size == (800, 600)
        assert list(picture.getpixel((2, 2))) == rgb(PALETTES["dark"].land)

    def test_two_maps_side_by_side_share_one_legend(self):
        told = words(SHEET, Panel(VIEW, (cells(4.0),), "08:00"), Panel(VIEW, (cells(120.0),), "18:00"))
        assert told.count("under 5") == 1
        assert {"08:00", "18:00"} <= set(told)

    def test_nothing_is_loaded_before_a_picture_is_asked_for(self):
        code = "import sys, cellcount.ui.evidence; assert 'matplotlib' not in sys.modules"
        run([sys.executable, "-c", code], check=True, cwd=ROOT)

    def test_20000_cells_take_a_moment(self):
        """Time of the processor, in which other work does not count. 1.5 s are meant; a slow machine is let off."""
        centre = h3.latlng_to_cell(52.5, -1.5, 7)
        many = np.array([int(each, 16) for each in h3.grid_disk(centre, 81)], dtype=np.int64)
        values = np.random.default_rng(1).gamma(0.5, 200.0, len(many))
        values[::17] = np.nan
        layer = HexagonLayer(many, values, scales.amounts("People", values, LIGHT))
        panel = Panel(Bounds(-5.0, 50.5, 2.0, 54.5), (layer,))
        draw(SHEET, [panel])
        start = time.process_time()
        draw(SHEET, [panel])
        assert time.process_time() - start < 4.5


class TestStep:
    """A step of the map that the browser plays."""

    PLAYED = maps.PlayedCells(
        h3=np.array([WEST, MIDDLE, EAST], dtype=np.int64),
        values=np.array([[4.0, 40.0], [np.nan, 10.0], [7.0, 7.0]]),
        covered=np.array([[True, True], [True, True], [False, True]]),
        places=("a", "b", "c"),
        unit="people",
        others=np.array([[6.0, 0.0], [9.0, 9.0], [7.0, np.nan]]),
    )

    def pictured(self, **more) -> map_pictures.Pictured:
        return map_pictures.Pictured(
            "cells", "Title", "Alder", (), {"cells": self.PLAYED}, PEOPLE, 0, VIEW, lambda: LAND, LIGHT, **more
        )

    def test_what_is_not_covered_is_left_out_and_what_is_withheld_stays(self):
        (panel,) = map_pictures.panels(self.pictured(), NONE)
        layer = panel.layers[0]
        assert layer.h3.tolist() == [WEST, MIDDLE]
        np.testing.assert_equal(layer.values, [4.0, np.nan])

    def test_a_measure_is_divided_and_a_cell_without_it_left_out(self):
        by = replace(self.PLAYED, by=np.array([2.0, np.nan, 1.0]))
        (panel,) = map_pictures.panels(replace(self.pictured(), layers={"cells": by}, step=1), NONE)
        assert panel.layers[0].values.tolist() == [20.0, 7.0]

    def test_two_times_stand_side_by_side_or_are_subtracted(self):
        first, second = map_pictures.panels(self.pictured(compare="side", panes=("Monday", "Sunday")), NONE)
        assert (first.words, second.words) == ("Monday", "Sunday")
        assert first.layers[0].values[0] == 4.0
        assert second.layers[0].values.tolist() == [6.0, 9.0]
        (panel,) = map_pictures.panels(self.pictured(compare="difference"), NONE)
        np.testing.assert_equal(panel.layers[0].values, [2.0, np.nan])

    def test_areas_without_an_outline_are_left_out_and_flows_keep_their_widths_over_the_steps(self):
        outlines = gpd.GeoSeries([shapely.box(0, 52, 0.1, 52.1)], index=["E1"], crs="EPSG:4326")
        areas = maps.ShadedAreas(("E1", "E2"), ("Alder", "Birch"), np.array([[4.0], [5.0]]), outlines, "people")
        ends = np.array([[0.02, 52.05]]), np.array([[0.18, 52.05]])
        flows = maps.FlowLines(("a",), ("A to B",), *ends, np.array([[4.0, 400.0]]), "trips")
        (panel,) = map_pictures.panels(replace(self.pictured(), layers={"areas": areas, "flows": flows}), NONE)
        shaded, drawn = panel.layers[:2]
        assert shaded.values.tolist() == [4.0]
        assert drawn.values.tolist() == [4.0]
        assert drawn.most == 400.0
        assert draw(SHEET, [panel]).startswith(b"\x89PNG")

    @settings(max_examples=5)
    @given(st.lists(st.floats(0, 1e6) | st.just(np.nan), min_size=3, max_size=3))
    def test_any_figures_make_a_picture(self, values):
        assert draw(replace(SHEET, width=320, height=200), [Panel(VIEW, (cells(*values),))]).startswith(b"\x89PNG")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> reading.Release:
    return reading.Release(store.open_release(write_release(tmp_path_factory.mktemp("releases"), "wood")))


class TestOfARelease:
    """The picture that every page offers."""

    def pictured(self, release: reading.Release) -> map_pictures.Pictured:
        area = release.areas[release.default_area]
        return map_pictures.Pictured(
            "cells",
            "People present",
            "United Kingdom, 08:00 to 09:00, local time",
            ("People present in the cell.",),
            {"cells": TestStep.PLAYED},
            PEOPLE,
            0,
            VIEW,
            lambda: reading.outlines_under(release, area),
            LIGHT,
        )

    def test_it_says_the_release_its_source_its_caveats_and_that_people_are_made_up(self, release):
        root = ElementTree.fromstring(evidence.picture(release, self.pictured(release), "svg"))
        told = " ".join("".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text"))
        manifest = release.manifest
        assert f"Release {manifest.release_id}." in told
        assert manifest.source.name in told
        assert all(caveat in told for caveat in manifest.caveats)
        assert ("Synthetic demonstration data." in told) == manifest.synthetic

    def test_the_button_offers_each_form_and_makes_none_before_it_is_asked_for(self, release, monkeypatch):
        offered = {}
        monkeypatch.setattr(
            evidence.st,
            "download_button",
            lambda label, made, name, kind, **_: offered.update({name: (label, made, kind)}),
        )
        monkeypatch.setattr(
            evidence.pictures, "draw", lambda sheet, _panels, form: f"{form} of {sheet.release_id}".encode()
        )
        evidence.picture_button(release, self.pictured(release))
        stem = "synthetic-cells" if release.manifest.synthetic else "cells"
        assert {name: kind for name, (_, _, kind) in offered.items()} == {
            f"{stem}.png": "image/png",
            f"{stem}.svg": "image/svg+xml",
            f"{stem}.pdf": "application/pdf",
        }
        assert offered[f"{stem}.pdf"][1]() == f"pdf of {release.manifest.release_id}".encode()


def test_the_letters_are_those_of_the_screen():
    """The files of the two weights have the family and the weight that the app serves to browsers."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - of the tests, only this reads fonts

    for file, weight in zip(pictures.FONTS, (400, 600), strict=True):
        font = TTFont(ROOT / file)
        assert re.match("Open Sans", font["name"].getDebugName(1))
        assert font["OS/2"].usWeightClass == weight
        assert {0x0175, 0x2212, 0xB2} <= set(font.getBestCmap()), "Welsh letters, minus, square"
