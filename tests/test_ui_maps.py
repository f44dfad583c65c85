"""The map: a scale that stays, colours in order, our own ground, nothing fetched."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cellcount.ui import area_maps, charts, scales
from cellcount.ui.ground import HEIGHT, LEGEND, TILE, WIDTH, Bounds, geojson
from cellcount.ui.look import PALETTES, rgb

LIGHT = PALETTES["light"]


def lightness(colour: str) -> float:
    """L of OKLab (Ottosson 2020), 0 to 1."""
    channels = np.array(rgb(colour)) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(
        np.array(
            [
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ]
        )
        @ linear
    )
    return float(np.array([0.2104542553, 0.7936177850, -0.0040720468]) @ cones)


def contrast(first: str, second: str) -> float:
    """Contrast ratio of WCAG 2."""

    def luminance(colour: str) -> float:
        channels = np.array(rgb(colour)) / 255
        linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(np.array([0.2126, 0.7152, 0.0722]) @ linear)

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


class TestColours:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_amounts_are_ordered_by_lightness_away_from_the_ground(self, scheme):
        palette = PALETTES[scheme]
        steps = np.diff([lightness(colour) for colour in (palette.land, palette.zero, *palette.amounts)])
        assert (steps < 0).all() if scheme == "light" else (steps[2:] > 0).all()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_a_ratio_is_read_from_lightness_and_hue_and_its_middle_stands_out(self, scheme):
        amounts = [lightness(colour) for colour in PALETTES[scheme].ratios]
        sides = np.diff(amounts[:4]), np.diff(amounts[3:])
        assert all((side > 0).all() for side in (sides[0], -sides[1])) or all(
            (side < 0).all() for side in (sides[0], -sides[1])
        )

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_labels_of_precision_are_ordered_by_lightness_and_caution_is_nearest_to_the_ground(self, scheme):
        palette = PALETTES[scheme]
        steps = np.diff([lightness(colour) for colour in (*palette.labels, palette.land)])
        assert (steps > 0.05).all() if scheme == "light" else (steps < -0.05).all(), "told apart in grey"
        assert contrast(palette.labels[3], palette.land) > 1.3

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_text_on_the_map_can_be_read(self, scheme):
        palette = PALETTES[scheme]
        assert contrast(palette.text, palette.land) >= 7
        assert contrast(palette.edge, palette.land) >= 4.5, "tooltips: land on edge"


class TestScale:
    def test_zero_and_withheld_have_classes_of_their_own(self):
        scale = scales.amounts("People", np.array([[0.0, 4.0, 9.0, np.nan, 120.0]]), LIGHT)
        assert scale.classes(np.array([0.0, np.nan, 4.0, 120.0])).tolist() == [-1, -2, 0, len(scale.breaks)]

    @given(arrays(np.float64, st.integers(1, 60), elements=st.just(0.0) | st.floats(1e-3, 1e7)))
    def test_breaks_ascend_and_every_value_has_a_colour(self, values):
        scale = scales.amounts("People", values, LIGHT)
        assert list(scale.breaks) == sorted(set(scale.breaks))
        assert len(scale.colours) == len(scale.breaks) + 1
        classes = scale.classes(values)
        assert classes.max(initial=-1) < len(scale.colours)
        order = np.argsort(values)
        assert (np.diff(classes[order]) >= 0).all(), "more people are never in a lower class"

    def test_a_day_of_withheld_figures_has_one_class_and_a_legend(self):
        scale = scales.amounts("People", np.full((3, 24), np.nan), LIGHT)
        assert scale.breaks == ()
        assert [each["words"] for each in scale.legend(zero=False, withheld=True)["rows"]] == ["more than 0"]

    def test_the_legend_names_every_class_from_the_highest_and_what_is_no_amount(self):
        scale = scales.Scale("People", (5.0, 20.0), ("#000000", "#111111", "#222222"), "#FFFFFF", "#777777")
        legend = scale.legend(zero=True, withheld=True)
        assert [each["words"] for each in legend["rows"]] == ["from 20", "from 5", "under 5"]
        assert [each["words"] for each in legend["keys"]] == ["0, observed", "withheld"]

    def test_ratios_have_the_same_classes_everywhere(self):
        assert scales.ratios("Per resident", LIGHT).breaks == (0.25, 0.5, 0.8, 1.25, 2.0, 4.0)

    def test_precision_has_its_four_labels_in_words(self):
        scale = scales.labels("Precision", LIGHT)
        assert scale.classes(np.array([0.049, 0.05, 0.10, 0.20, np.inf, np.nan])).tolist() == [0, 1, 2, 3, 3, -2]
        legend = [each["words"] for each in scale.legend(zero=False, withheld=True)["rows"]]
        assert legend == ["use with caution", "acceptable", "reasonably precise", "precise"]

    @given(arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 1) | st.just(np.nan)))
    def test_shares_have_ascending_breaks_and_a_word_for_every_class(self, values):
        scale = scales.percentages("Observed", values, LIGHT)
        assert list(scale.breaks) == sorted(set(scale.breaks))
        assert len(scale.named) == len(scale.colours) == len(scale.breaks) + 1
        assert len(set(scale.named)) == len(scale.named)


class TestAreaMap:
    SQUARES = gpd.GeoSeries([shapely.box(0, 50, 1, 51), shapely.box(1, 50, 2, 51)], crs="EPSG:4326")

    def test_areas_have_the_colour_of_their_class_and_words_for_the_pointer(self):
        scale = scales.labels("Precision", LIGHT)
        drawn = area_maps.figure(
            self.SQUARES, np.array([0.03, np.nan]), ["Alder: 3 %", "Birch: not known"], scale, LIGHT
        )
        filled = {trace.name: trace for trace in drawn.data if trace.fill}
        assert filled["precise"].fillcolor == LIGHT.labels[0]
        assert set(filled) == {"precise", "not known"}
        assert {x for x in filled["not known"].x if x is not None} == {1.0, 2.0}
        (points,) = [trace for trace in drawn.data if trace.customdata is not None]
        assert list(points.customdata) == ["Alder: 3 %", "Birch: not known"]

    def test_no_outline_at_all_is_an_empty_map(self):
        none = gpd.GeoSeries([], crs="EPSG:4326")
        assert not [
            trace
            for trace in area_maps.figure(none, np.array([]), [], scales.labels("", LIGHT), LIGHT).data
            if trace.fill
        ]


class TestGround:
    def test_an_area_fits_beside_the_legend(self):
        bounds = Bounds(-0.51, 51.28, 0.33, 51.69)
        pixels = (bounds.east - bounds.west) / 360 * TILE * 2**bounds.zoom
        assert pixels <= WIDTH - LEGEND
        longitude, latitude = bounds.centre
        left = (bounds.west - longitude) / 360 * TILE * 2**bounds.zoom + WIDTH / 2
        assert left >= LEGEND - 1, "the legend hides nothing of it"
        assert 51.28 < latitude < 51.69

    @given(st.floats(-170, 160), st.floats(-75, 70), st.floats(0.01, 10), st.floats(0.01, 10))
    def test_every_area_fits_the_height(self, west, south, across, up):
        bounds = Bounds(west, south, west + across, south + up)
        down, top = (np.log(np.tan(np.pi / 4 + np.radians(at) / 2)) / (2 * np.pi) for at in (south, south + up))
        assert (top - down) * TILE * 2**bounds.zoom <= HEIGHT * 1.001

    def test_outlines_are_cut_to_the_view_and_light(self):
        coast = shapely.Point(0, 51).buffer(10, quad_segs=5000)
        island = shapely.box(90, 10, 91, 11)
        view = Bounds(0.0, 51.0, 1.0, 52.0)
        shapes = gpd.GeoSeries([coast, island], crs="EPSG:4326")
        text = json.loads(geojson(shapes, view))
        assert len(text["features"]) == 1
        west, south, east, north = shapely.from_geojson(json.dumps(text["features"][0]["geometry"])).bounds
        assert (south, north) == (50.0, 53.0), "three times as high as the view"
        assert (west, east) == pytest.approx((0.5 - 1.8 / 0.6225, 0.5 + 1.8 / 0.6225), abs=0.001), "1.2 times as wide"


class TestCurve:
    PEOPLE = np.array([100.0] * 24)

    def test_the_band_is_drawn_where_the_error_is_known(self):
        labels = [f"{hour:02d}:00" for hour in range(24)]
        figure = charts.curve(labels, self.PEOPLE, np.full(24, 10.0), 8, LIGHT, unit="people")
        upper, lower = figure.data[0].y, figure.data[1].y
        assert upper[0] == pytest.approx(119.6, abs=0.01)
        assert lower[0] == pytest.approx(80.4, abs=0.01)
        without = charts.curve(labels, self.PEOPLE, np.full(24, np.nan), 8, LIGHT, unit="people")
        assert len(figure.data) - len(without.data) == 2

    def test_the_axis_begins_at_zero_and_hours_are_named_every_six(self):
        labels = [f"{hour:02d}:00" for hour in range(24)]
        figure = charts.curve(labels, self.PEOPLE, np.full(24, np.nan), 8, LIGHT, unit="people")
        assert figure.layout.yaxis.rangemode == "tozero"
        assert list(figure.layout.xaxis.ticktext) == ["00:00", "06:00", "12:00", "18:00"]
