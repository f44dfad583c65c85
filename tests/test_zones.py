"""Rings around a point, and how much of each cell is in a zone."""

from __future__ import annotations

from itertools import pairwise

import h3
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from cellcount.zones import (
    AreaRefusedError,
    CellTable,
    Zones,
    cell_weights,
    measured_concentration,
    ring_distances,
    rings,
    smallest_supported,
    typed_distances,
)
from cellcount.zones.weights import CONCENTRATION, LEAST_WEIGHT

MIDDLE = h3.str_to_int(h3.latlng_to_cell(51.5, -0.1, 8))


def around(longitude: float, latitude: float, resolution: int, steps: int) -> np.ndarray:
    middle = h3.latlng_to_cell(latitude, longitude, resolution)
    return np.array(sorted(h3.str_to_int(each) for each in h3.grid_disk(middle, steps)), dtype=np.int64)


def outline(cell: int) -> shapely.Polygon:
    return shapely.Polygon([(longitude, latitude) for latitude, longitude in h3.cell_to_boundary(h3.int_to_str(cell))])


def zones_of(*shapes: shapely.Polygon) -> Zones:
    return Zones(tuple(f"Zone {place}" for place, _ in enumerate(shapes, start=1)), tuple(shapes))


class TestRings:
    @pytest.mark.parametrize("latitude", [0.0, 51.5, 60.8])
    @pytest.mark.parametrize("kilometres", [0.1, 1.0, 20.0, 100.0])
    def test_a_ring_has_the_area_of_a_circle(self, latitude, kilometres):
        """On the ellipsoid, at 100 km, the curvature of the Earth takes away no more than 1 in 48,000."""
        area = rings(-0.1, latitude, [kilometres]).areas_km2[0]
        assert area == pytest.approx(np.pi * kilometres**2, rel=1e-3)

    def test_every_corner_is_as_far_from_the_middle_as_was_typed(self):
        corners = shapely.get_coordinates(rings(-0.1, 51.5, [3]).shapes[0])
        count = len(corners)
        _, _, metres = pyproj.Geod(ellps="WGS84").inv(
            np.full(count, -0.1), np.full(count, 51.5), corners[:, 0], corners[:, 1]
        )
        assert metres == pytest.approx(3000.0, abs=1e-3)

    @settings(max_examples=30)
    @given(st.lists(st.floats(0.05, 100), min_size=1, max_size=5, unique_by=lambda each: round(each, 2)))
    def test_rings_add_up_to_the_outer_circle_and_do_not_overlap(self, kilometres):
        several, outer = rings(-1.9, 52.5, kilometres), rings(-1.9, 52.5, [max(kilometres)])
        assert several.areas_km2.sum() == pytest.approx(outer.areas_km2[0], rel=1e-9)
        assert all(shapely.is_valid(each) for each in several.shapes)
        for one, other in pairwise(several.shapes):
            assert shapely.area(shapely.intersection(one, other)) == pytest.approx(0.0, abs=1e-12)

    def test_rings_are_named_by_their_distances_in_order(self):
        assert rings(0, 51, [3, 0.5, 1]).names == ("0 to 0.5 km", "0.5 to 1 km", "1 to 3 km")

    @pytest.mark.parametrize(
        "typed", [[], [0], [-1], [100.5], [1, 1], [1, 1.0004], [1, 2, 3, 4, 5, 6], [float("nan")], [float("inf")]]
    )
    def test_distances_that_cannot_be_drawn_are_refused(self, typed):
        with pytest.raises(AreaRefusedError):
            ring_distances(typed)

    @pytest.mark.parametrize(
        ("text", "read"),
        [
            ("1 km, 3 km", (1.0, 3.0)),
            ("1km 3 KM", (1.0, 3.0)),
            ("0.5 km; 1 kilometre, 3 kilometers", (0.5, 1.0, 3.0)),
            ("1.5", (1.5,)),
            (".5 | 1.", (0.5, 1.0)),
            ("١ ٣", (1.0, 3.0)),
        ],
    )
    def test_distances_are_read_with_their_units_and_without(self, text, read):
        assert typed_distances(text) == read

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "far",
            "1; two",
            "500 m",
            "1e",
            "--1",
            "1e2",
            "1_0",
            "nan",
            "inf",
            "km",
            "1 km km",
            "1 mile",
            "1 kmh",
            "²",
        ],
    )
    def test_words_that_are_no_distances_are_refused(self, text):
        with pytest.raises(AreaRefusedError):
            typed_distances(text)

    @pytest.mark.parametrize(
        ("text", "read"),
        [
            ("2, 4", (2.0, 4.0)),
            ("1,3,5", (1.0, 3.0, 5.0)),
            ("1,3, 5", (1.0, 3.0, 5.0)),
            ("1.5; 3", (1.5, 3.0)),
            ("1, 3; 5", (1.0, 3.0, 5.0)),
        ],
    )
    def test_commas_between_distances_are_no_decimal_commas(self, text, read):
        assert typed_distances(text) == read

    @pytest.mark.parametrize("text", ["1,5; 3", "1,5;3,5", "1; 2,5 km", "1,5 | 3", "1,5 km 3 km"])
    def test_commas_that_may_be_decimal_commas_are_asked_about(self, text):
        with pytest.raises(AreaRefusedError, match="may have decimal commas"):
            typed_distances(text)

    @pytest.mark.parametrize("point", [(-0.1, 90.0), (179.9, 51.0), (-200.0, 51.0), (0.0, float("nan"))])
    def test_a_point_around_which_nothing_can_be_drawn_is_refused(self, point):
        with pytest.raises(AreaRefusedError):
            rings(*point, [50])


class TestWeights:
    def test_a_cell_wholly_inside_counts_wholly_and_one_outside_is_not_there(self):
        cells = around(-0.1, 51.5, 8, 3)
        found = cell_weights(zones_of(outline(MIDDLE).buffer(1e-6)), CellTable(cells))
        row = int(np.searchsorted(found.cells, MIDDLE))
        assert found.weights[row, 0] == 1.0
        assert not found.cut[row, 0]
        assert found.error[row, 0] == 0.0
        assert set(found.cells.tolist()) == {h3.str_to_int(each) for each in h3.grid_disk(h3.int_to_str(MIDDLE), 1)}

    def test_a_cell_cut_by_a_line_through_its_middle_is_halved(self):
        """A hexagon is the same on both sides; half of one has the deviation sqrt(0.25 / (1 + nu))."""
        latitude, longitude = h3.cell_to_latlng(h3.int_to_str(MIDDLE))
        for box in (
            shapely.box(longitude, latitude - 1, longitude + 1, latitude + 1),
            shapely.box(longitude - 1, latitude - 1, longitude + 1, latitude),
        ):
            found = cell_weights(zones_of(box), CellTable(np.array([MIDDLE], dtype=np.int64)))
            assert found.weights[0, 0] == pytest.approx(0.5, abs=0.005)
            assert found.error[0, 0] == pytest.approx(0.5 / np.sqrt(1 + CONCENTRATION), abs=1e-3)

    def test_where_residents_are_known_they_are_what_is_shared_out(self):
        """A zone of one child of seven: of 100 residents 90 live in it, so that its share is 0.9 and not a seventh."""
        parent = around(-0.1, 51.5, 7, 0)
        children = np.array(sorted(map(h3.str_to_int, h3.cell_to_children(h3.int_to_str(parent[0])))), dtype=np.int64)
        residents = np.array([90.0, 10, 0, 0, 0, 0, 0])
        zone = zones_of(outline(int(children[0])))
        found = cell_weights(zone, CellTable(parent, children, residents))
        assert found.by_area[0, 0] == pytest.approx(1 / 7, abs=0.01)
        assert found.weights[0, 0] == pytest.approx(0.9, abs=1e-6)
        for unknown in (np.zeros(7), np.full(7, np.nan), np.array([90.0, 10, 0, 0, 0, 0, np.nan])):
            found = cell_weights(zone, CellTable(parent, children, unknown))
            assert found.weights == pytest.approx(found.by_area)

    @settings(max_examples=20)
    @given(
        st.floats(-0.3, 0.1),
        st.floats(51.4, 51.6),
        st.lists(st.floats(0.2, 8), min_size=1, max_size=4, unique=True),
        st.integers(0, 99),
    )
    def test_rings_add_up_to_the_outer_circle_in_every_cell(self, longitude, latitude, kilometres, seed):
        kilometres = sorted({round(each, 2) for each in kilometres})
        cells, children = around(-0.1, 51.5, 7, 8), around(-0.1, 51.5, 8, 30)
        residents = np.random.default_rng(seed).poisson(2.0, len(children)) * 100.0
        table = CellTable(cells, children, residents)
        several = cell_weights(rings(longitude, latitude, kilometres), table)
        outer = cell_weights(rings(longitude, latitude, kilometres[-1:]), table)
        assert several.cells.tolist() == outer.cells.tolist()
        assert several.by_area.sum(axis=1) == pytest.approx(outer.by_area[:, 0], abs=1e-8)
        assert several.weights.sum(axis=1) == pytest.approx(outer.weights[:, 0], abs=1e-8)
        assert ((several.weights >= 0) & (several.weights <= 1)).all()
        assert (several.error[~several.cut] == 0).all()

    @settings(max_examples=20)
    @given(st.floats(-0.01, 0.01), st.floats(-0.005, 0.005), st.floats(0, np.pi))
    def test_two_sides_of_a_line_share_out_all_of_every_cell(self, across, up, angle):
        latitude, longitude = h3.cell_to_latlng(h3.int_to_str(MIDDLE))
        box = shapely.box(longitude - 1, latitude - 1, longitude + 1, latitude + 1)
        middle, along = np.array([longitude + across, latitude + up]), 3 * np.array([np.cos(angle), np.sin(angle)])
        sides = shapely.get_parts(shapely.ops.split(box, shapely.LineString([middle - along, middle + along])))
        found = cell_weights(zones_of(*sides), CellTable(around(-0.1, 51.5, 8, 2)))
        assert found.weights.sum(axis=1) == pytest.approx(1.0, abs=1e-8)
        assert len(found.cells) == 19

    def test_it_is_the_overlap_in_an_equal_area_projection_of_our_own(self):
        """Worked out cell by cell, in the Lambert azimuthal projection around the point."""
        cells, zone = around(-3.0, 57.0, 8, 12), rings(-3.0, 57.0, [4])
        plane = pyproj.Transformer.from_crs("OGC:CRS84", "+proj=laea +lat_0=57 +lon_0=-3 +ellps=WGS84", always_xy=True)
        circle = shapely.transform(zone.shapes[0], plane.transform, interleaved=False)
        true = {}
        for cell in cells.tolist():
            shape = shapely.transform(outline(cell), plane.transform, interleaved=False)
            share = shape.intersection(circle).area / shape.area
            if share > 1e-9:
                true[cell] = share
        found = cell_weights(zone, CellTable(cells))
        assert found.cells.tolist() == list(true)
        assert found.by_area[:, 0] == pytest.approx(list(true.values()), abs=1e-4)

    def test_a_zone_of_very_many_corners_is_the_same_as_a_plain_one(self):
        plain = rings(-0.1, 51.5, [3])
        fine = Zones(plain.names, (shapely.segmentize(plain.shapes[0], 0.00001),))
        table = CellTable(around(-0.1, 51.5, 8, 10))
        assert cell_weights(fine, table).weights == pytest.approx(cell_weights(plain, table).weights, abs=1e-6)

    def test_zones_far_apart_each_have_their_cells(self):
        cells = np.union1d(around(-0.1, 51.5, 8, 4), around(-3.2, 55.9, 8, 4))
        both = zones_of(rings(-0.1, 51.5, [1]).shapes[0], rings(-3.2, 55.9, [1]).shapes[0])
        found = cell_weights(both, CellTable(cells))
        assert (found.weights > 0).any(axis=0).all()
        assert not (found.weights > 0).all(axis=1).any()

    def test_where_there_are_no_cells_there_are_no_weights(self):
        for cells in (np.zeros(0, dtype=np.int64), around(-3.2, 55.9, 8, 2)):
            found = cell_weights(rings(-0.1, 51.5, [1, 2]), CellTable(cells))
            assert found.weights.shape == found.cut.shape == (0, 2)


class TestConcentration:
    def sevens(self, *people: float) -> tuple[np.ndarray, np.ndarray]:
        children = h3.cell_to_children(h3.latlng_to_cell(51.5, -0.1, 7), 8)
        return np.array(sorted(map(h3.str_to_int, children)), dtype=np.int64), np.array(people)

    def test_one_child_on_the_border_with_everybody_leaves_everything_open(self):
        """It is in half of the halves: the mean of (s - a)^2 is 12.5 / 49, above the 12 / 49 of a (1 - a)."""
        assert measured_concentration(*self.sevens(0, 500, 0, 0, 0, 0, 0)) == 0.0

    def test_two_children_opposite_each_other(self):
        """Digits 1 and 6 lie across. Every three on the border hold one of them: s = 1/2; (1/2 - 3/7)^2 = 1/196.

        So do the four with the middle; 1 + nu = (12 / 49) / (1 / 196) = 48.
        """
        assert measured_concentration(*self.sevens(0, 50, 0, 0, 0, 0, 50)) == pytest.approx(47.0)

    def test_people_spread_evenly_leave_nothing_open(self):
        assert measured_concentration(*self.sevens(*[10.0] * 7)) == np.inf

    def test_nobody_tells_nothing_and_incomplete_cells_are_left_out(self):
        assert np.isnan(measured_concentration(*self.sevens(*[0.0] * 7)))
        children, residents = self.sevens(1, 2, 3, 4, 5, 6, 7)
        assert np.isnan(measured_concentration(children[1:], residents[1:]))
        assert np.isnan(measured_concentration(children, np.array([1, 2, 3, 4, 5, 6, np.nan])))

    def test_cells_count_by_their_residents(self):
        """One cell as in the example of two opposite, and one with nearly nobody in it: as if it were not there."""
        one, people = self.sevens(0, 5e9, 0, 0, 0, 0, 5e9)
        other = np.array(
            sorted(map(h3.str_to_int, h3.cell_to_children(h3.latlng_to_cell(53, -1, 7), 8))), dtype=np.int64
        )
        together = measured_concentration(np.concatenate([other, one]), np.concatenate([[1e-3] + [0.0] * 6, people]))
        assert together == pytest.approx(47.0)


class TestSupport:
    TABLE = CellTable(around(-0.1, 51.5, 8, 8))

    def support(self, zones: Zones):
        return smallest_supported(zones, cell_weights(zones, self.TABLE))

    def test_a_circle_around_a_corner_needs_three_fifths_of_a_cell(self):
        """The worst place: each of three cells has a third, and one has to have 0.2. Told are the next 10 m."""
        latitude, longitude = h3.cell_to_boundary(h3.int_to_str(MIDDLE))[0]
        cell_km2 = h3.cell_area(h3.int_to_str(MIDDLE), "km^2")
        needed = np.sqrt(3 * LEAST_WEIGHT * cell_km2 / np.pi)
        told = self.support(rings(longitude, latitude, [2])).radius_km
        assert needed <= told < needed + 0.01
        for radius, enough in ((0.97 * needed, False), (told, True)):
            circle = rings(longitude, latitude, [radius])
            assert bool(cell_weights(circle, self.TABLE).by_area.max() >= LEAST_WEIGHT) is enough
            assert bool(self.support(circle).supported[0]) is enough

    @pytest.mark.parametrize("where", ["corner", "middle"])
    def test_below_the_circle_that_is_said_every_one_is_refused_wherever_it_lies(self, where):
        """A circle of 0.3 km in the middle of a cell fills 43 % of it, and is refused as it is at a corner."""
        cell = h3.int_to_str(MIDDLE)
        latitude, longitude = h3.cell_to_latlng(cell) if where == "middle" else h3.cell_to_boundary(cell)[0]
        for radius, enough in ((0.1, False), (0.3, False), (0.35, False), (0.36, True), (0.5, True)):
            found = self.support(rings(longitude, latitude, [radius]))
            assert found.supported.tolist() == [enough], radius
            assert ("The smallest circle that they can show has a radius of 0.36 km" in found.said) is not enough

    def test_a_ring_with_less_area_than_that_circle_is_refused(self):
        """From 0.4 to 0.5 km it has 0.28 km2, from 0.4 to 0.6 km 0.63; the circle of 0.36 km has 0.41."""
        assert self.support(rings(-0.1, 51.5, [0.4, 0.5])).supported.tolist() == [True, False]
        assert self.support(rings(-0.1, 51.5, [0.4, 0.6])).supported.tolist() == [True, True]

    @settings(max_examples=30)
    @given(st.floats(-0.12, -0.08), st.floats(51.49, 51.51))
    def test_the_smallest_radius_is_enough_everywhere(self, longitude, latitude):
        radius = self.support(rings(longitude, latitude, [2])).radius_km
        assert self.support(rings(longitude, latitude, [radius])).supported.all()

    def test_what_is_too_small_is_told_with_what_is_enough(self):
        found = self.support(rings(-0.1, 51.5, [0.1, 2]))
        assert found.supported.tolist() == [False, True]
        assert "“0 to 0.1 km” is smaller" in found.said
        assert "a radius of 0.36 km" in found.said

    def test_a_ring_too_narrow_is_too_small_though_its_area_is_not(self):
        found = self.support(rings(-0.1, 51.5, [2, 2.05]))
        assert found.supported.tolist() == [True, False]

    def test_an_area_without_cells_is_told(self):
        found = self.support(rings(-3.0, 57.0, [2]))
        assert not found.supported.any()
        assert "no cells" in found.said

    def test_nothing_is_said_where_nothing_is_wrong(self):
        assert self.support(rings(-0.1, 51.5, [1, 3])).said == ""
