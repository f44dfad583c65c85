"""Where an incident is: which cells, how much of each, and their figures by local date and hour."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import h3.api.numpy_int as h3
import numpy as np
import pytest
import shapely
from build_world import ALDER, BIRCH, CHILDREN
from hypothesis import given, settings
from hypothesis import strategies as st
from incident_world import BEFORE, FIRST, at, opened, outline, stay, write_incident, zones
from release_world import A1, A2, A3, A4, B1, B2

from cellcount.ui import incident_place, reading
from cellcount.ui.incident_place import CellsSeen, Place, PlaceError, figures_of, hours_at, place_of, precision_at
from cellcount.ui.reading import Covering, Release
from cellcount.zones import Zones, rings

SUNDAY = dt.date(2026, 10, 25)
"""The clocks go back from 02:00 to 01:00."""
CHANGES = stay(A2, None, at(dt.date(2026, 11, 3), 9), 2)
WITHOUT = [(A4, dt.date(2026, 11, 3))]


@pytest.fixture(scope="module")
def wood(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return opened(write_incident(tmp_path_factory.mktemp("place"), changes=CHANGES, without=WITHOUT))


def since_1970(day: dt.date, hour: int) -> int:
    return (day - dt.date(1970, 1, 1)).days * 24 + hour


class TestCells:
    def test_whole_cells_count_wholly_and_all_around_are_looked_at(self, wood):
        place, runs = incident_place.read_place(wood, zones(Works=[A1, A2], Beyond=[B1]))
        assert place.cells.tolist() == CHILDREN
        assert place.resolution == 7
        assert place.weights.cells.tolist() == sorted([A1, A2, B1])
        by_cell = dict(zip(place.weights.cells.tolist(), place.weights.weights.tolist(), strict=True))
        assert by_cell == {A1: [1.0, 0.0], A2: [1.0, 0.0], B1: [0.0, 1.0]}
        assert not place.weights.cut.any()
        assert [place.cells[row] for row in place.rows.tolist()] == place.weights.cells.tolist()
        assert {each.name for each in runs} == {"cells_in_view"}
        assert place.unsupported == ""

    def test_what_is_known_of_the_cells_comes_with_them(self, wood):
        place, _ = incident_place.read_place(wood, zones(Works=[A1]))
        assert dict(zip(place.cells.tolist(), place.areas, strict=True)) == {
            cell: ALDER if cell in (A1, A2, A3, A4) else BIRCH for cell in CHILDREN
        }
        assert place.km2.tolist() == [5.0] * 7
        assert place.residents.tolist() == [1000.0] * 7
        assert set(place.kinds) == {"town"}
        assert place.groups.tolist() == [0] * 7

    def test_the_areas_that_are_touched_come_by_how_much_of_them_is(self, wood):
        assert incident_place.read_place(wood, zones(One=[A1], Other=[B1]))[0].touched == (ALDER, BIRCH)
        assert incident_place.read_place(wood, zones(All=[B1, A1, B2]))[0].touched == (BIRCH, ALDER)
        assert incident_place.read_place(wood, zones(One=[B1]))[0].touched == (BIRCH,)

    def test_half_a_cell_counts_half_and_the_sentence_says_that_it_is_cut(self, wood):
        latitude, longitude = h3.cell_to_latlng(A1)
        half = outline(A1).buffer(-1e-4).intersection(shapely.box(longitude - 1, latitude, longitude + 1, latitude + 1))
        place, _ = incident_place.read_place(wood, Zones(("Half more",), (half.union(outline(A2)),)))
        assert place.weights.cells.tolist() == sorted((A1, A2))
        share = dict(zip(place.weights.cells.tolist(), place.weights.weights[:, 0].tolist(), strict=True))
        assert (share[A1], share[A2]) == (pytest.approx(0.5, abs=0.02), 1.0)
        assert place.said().startswith("2 cells of about 5 km² are touched, of which 1 is cut: what is cut counts by")

    def test_where_no_cell_is_cut_nothing_is_said_of_shares(self, wood):
        place, _ = incident_place.read_place(wood, zones(Works=[A1, A2]))
        assert place.said() == "2 cells of about 5 km² are touched, and none is cut."

    def test_a_circle_inside_a_cell_has_that_cell_alone(self, wood):
        """A hexagon of 4.55 km², on a sphere, reaches 1.14 km everywhere; the circle has 3.14 of them."""
        latitude, longitude = h3.cell_to_latlng(A1)
        place, _ = incident_place.read_place(wood, rings(longitude, latitude, [1.0]))
        assert place.weights.cells.tolist() == [A1]
        assert place.weights.weights[0, 0] == pytest.approx(np.pi / 4.554, rel=0.005)

    def test_rings_add_up_to_the_circle(self, wood):
        latitude, longitude = h3.cell_to_latlng(A1)
        three, one = (
            incident_place.read_place(wood, rings(longitude, latitude, distances))[0]
            for distances in ([1.0, 2.0, 3.0], [3.0])
        )
        assert three.weights.cells.tolist() == one.weights.cells.tolist()
        assert three.weights.weights.sum(axis=1) == pytest.approx(one.weights.weights[:, 0], abs=1e-9)

    def test_of_zones_that_overlap_the_share_that_is_told_counts_nothing_twice(self, wood):
        """Cells of 5 km² by the release; the fourth has no figures."""
        where = Zones(("One", "Other"), (outline(A1, A2), outline(A2, A4).union(shapely.box(3.0, 55.0, 3.1, 55.1))))
        place, _ = incident_place.read_place(wood, where)
        told = place.cells != A4
        together, one, other = place.share_told(told)
        assert one == 1
        assert other == pytest.approx(5 / where.areas_km2[1], rel=1e-6)
        assert together == pytest.approx(10 / place.whole.areas_km2[0], rel=1e-6)

    def test_a_place_outside_is_refused_with_the_name_of_the_whole(self, wood):
        with pytest.raises(PlaceError, match=r"Sea: the release has no cells there\. Choose a place inside United"):
            incident_place.read_place(wood, Zones(("Sea",), (shapely.box(3.0, 55.0, 3.1, 55.1),)))

    def test_an_area_too_small_for_the_cells_is_refused_with_the_smallest_that_is_not(self, wood):
        """Cells of 4.55 km²: the root of 0.6 x 4.55 / pi is 0.932 km, and the next 10 m are 0.94."""
        latitude, longitude = h3.cell_to_latlng(A1)
        with pytest.raises(PlaceError, match=r"smaller or narrower than the data.*has a radius of 0\.94 km"):
            incident_place.read_place(wood, rings(longitude, latitude, [0.2]))

    def test_of_several_zones_one_too_small_is_said(self, wood):
        latitude, longitude = h3.cell_to_latlng(A1)
        place, _ = incident_place.read_place(wood, rings(longitude, latitude, [0.2, 2.0]))
        assert place.unsupported.startswith("“0 to 0.2 km” is smaller or narrower")
        assert place.unsupported.endswith("No figures are given of what cannot be told, and no sum holds it.")
        assert place.zones.names == ("0.2 to 2 km",)
        assert place.weights.weights.shape == (len(place.weights.cells), 1)
        assert place.weights.by_area.any(axis=1).all()
        assert place.zones.notes[-1] == place.unsupported

    def test_the_view_holds_the_zones_and_lies_in_what_is_seen(self, wood):
        place, _ = incident_place.read_place(wood, zones(Works=[A1, A2]))
        west, south, east, north = shapely.total_bounds(np.array(place.zones.shapes))
        assert place.seen.west < place.view.west < west < east < place.view.east < place.seen.east
        assert place.seen.south < place.view.south < south < north < place.view.north < place.seen.north
        assert (south - place.seen.south) * 111.2 == pytest.approx(3.0, abs=0.01), "3 km at least are looked at"


def of_cells(cells: np.ndarray) -> CellsSeen:
    many = len(cells)
    km2 = np.array([h3.cell_area(cell, "km^2") for cell in cells.tolist()])
    return CellsSeen(
        cells,
        km2,
        km2,
        np.full(many, np.nan),
        np.full(many, "E07000001", dtype=object),
        np.full(many, None, dtype=object),
    )


class Country:
    """Cells of resolutions 5 to 7 around a point; of the finest only those within some rings."""

    def __init__(self, *, finest_rings: int = 40) -> None:
        middle = h3.latlng_to_cell(52.2, 0.12, 5)
        self.cells = {
            5: h3.grid_disk(middle, 2),
            6: h3.grid_disk(h3.cell_to_center_child(middle, 6), 12),
            7: h3.grid_disk(h3.cell_to_center_child(middle, 7), finest_rings),
        }
        self.centre = h3.cell_to_latlng(h3.cell_to_center_child(middle, 7))
        self.looks: list[int] = []

    def look(self, around: Covering, resolution: int) -> CellsSeen | None:
        self.looks.append(resolution)
        parents = set(around.cells)
        found = [
            cell
            for cell in np.sort(self.cells.get(resolution, np.zeros(0, np.int64))).tolist()
            if around.resolution <= resolution and int(h3.cell_to_parent(cell, around.resolution)) in parents
        ]
        return of_cells(np.array(found, dtype=np.int64)) if found else None

    def place(self, *distances: float) -> Place | None:
        latitude, longitude = self.centre
        return place_of(rings(float(longitude), float(latitude), distances), [5, 6, 7], self.look)


class TestResolution:
    def test_the_finest_cells_are_taken_and_coarser_ones_not_looked_at(self):
        country = Country()
        place = country.place(2.0)
        assert place is not None
        assert place.resolution == 7
        assert set(country.looks) <= {7, 8}

    def test_a_place_with_too_many_of_them_is_told_in_coarser_ones(self, monkeypatch):
        monkeypatch.setattr(incident_place, "MOST_CELLS", 60)
        place = Country().place(5.0)
        assert place is not None
        assert place.resolution == 6
        assert len(place.cells) <= 60

    def test_fine_cells_that_hold_less_than_nine_tenths_are_not_taken(self):
        """Where small cells are not given, as in the country, a larger place is told in large ones."""
        place = Country(finest_rings=2).place(8.0)
        assert place is not None
        assert place.resolution == 6
        near = Country(finest_rings=2).place(1.5)
        assert near is not None
        assert near.resolution == 7, "where they are, they are"

    def test_zones_that_lie_apart_are_as_fine_as_each_alone(self, monkeypatch):
        """Two of 2 km, 60 km apart: cells of resolution 7 around both are few, and those between are not counted."""
        monkeypatch.setattr(incident_place, "MOST_CELLS", 100)
        country = Country(finest_rings=40)
        latitude, longitude = map(float, country.centre)
        one, other = (rings(longitude + each, latitude, [2.0]).shapes[0] for each in (-0.45, 0.45))
        apart = place_of(Zones(("One", "Other"), (one, other)), [5, 6, 7], country.look)
        alone = place_of(Zones(("One",), (one,)), [5, 6, 7], country.look)
        assert apart is not None
        assert alone is not None
        assert apart.resolution == alone.resolution == 7
        assert set(alone.cells.tolist()) <= set(apart.cells.tolist())
        assert (np.diff(apart.cells) > 0).all()
        mine = apart.weights.weights[:, 0] > 0
        assert apart.weights.cells[mine].tolist() == alone.weights.cells.tolist()
        assert apart.weights.weights[mine, 0] == pytest.approx(alone.weights.weights[:, 0])
        assert apart.residents.shape == apart.cells.shape

    def test_views_are_few_and_hold_every_zone_with_what_is_around(self):
        """200 specks over England: so many views would be as many queries."""
        draw = np.random.default_rng(1)
        corners = zip(draw.uniform(-3, 1, 200), draw.uniform(51, 54, 200), strict=True)
        boxes = tuple(shapely.box(west, south, west + 0.01, south + 0.01) for west, south in corners)
        views = incident_place._views(Zones(tuple(str(each) for each in range(200)), boxes))
        assert len(views) <= incident_place.MOST_VIEWS
        for box in boxes:
            west, south, east, north = box.bounds
            assert any(v.west < west and v.south < south and v.east > east and v.north > north for v in views)

    def test_off_a_coast_cells_nearby_that_are_in_no_zone_are_no_place(self):
        """At each resolution a cell lies in the view, 5 km from the circle."""

        def look(around: Covering, resolution: int) -> CellsSeen:
            return of_cells(np.array([h3.latlng_to_cell(52.2, 0.12, resolution)], dtype=np.int64))

        assert place_of(rings(0.24, 52.2, [2.0]), [6, 7], look) is None

    def test_where_no_cells_are_there_is_no_place(self):
        assert place_of(rings(3.0, 55.0, [2.0]), [5, 6, 7], Country().look) is None

    @given(radius=st.floats(1.2, 9.0), more=st.floats(0.3, 5.0))
    @settings(max_examples=15)
    def test_residents_and_areas_of_rings_add_up_at_any_resolution(self, radius, more):
        both, whole = Country().place(radius, radius + more), Country().place(radius + more)
        assert both is not None
        assert whole is not None
        assert both.resolution == whole.resolution
        assert np.allclose(both.weights.by_area.sum(axis=1), whole.weights.by_area[:, 0], atol=1e-8)


class TestLocalHours:
    def test_the_same_local_hour_is_another_utc_hour_after_the_clocks_have_changed(self, wood):
        found, _ = figures_of(wood, np.array([A1]), 7)
        row = {day: place for place, day in enumerate(found.dates)}
        for day, hour, people in ((dt.date(2026, 10, 24), 7, [110, 410]), (dt.date(2026, 10, 26), 8, [100, 400])):
            assert found.at[row[day], 8] == since_1970(day, hour)
            assert found.people[0, row[day], 7:9].tolist() == people, "people come at 08:00 by the clock"

    def test_an_hour_that_the_clock_shows_twice_is_the_first(self, wood):
        found, _ = figures_of(wood, np.array([A1]), 7)
        of_sunday = found.at[found.dates.index(SUNDAY)]
        assert of_sunday[:4].tolist() == [
            since_1970(dt.date(2026, 10, 24), 23),
            since_1970(SUNDAY, 0),
            since_1970(SUNDAY, 2),
            since_1970(SUNDAY, 3),
        ]

    def test_an_hour_that_the_clock_skips_is_none(self):
        """On 29 March 2026 London's clocks go from 01:00 to 02:00."""
        day = dt.date(2026, 3, 29)
        moments, steps = hours_at((day,), "Europe/London", frozenset([day]), day)
        assert moments[0, :3].tolist() == [since_1970(day, 0), -1, since_1970(day, 1)]
        assert steps[0, :3].tolist() == [0, -1, 1]
        assert (moments[0] >= 0).sum() == 23

    def test_the_first_hour_of_summer_time_lies_in_a_day_that_is_not_covered(self, wood):
        found, _ = figures_of(wood, np.array([A1]), 7)
        assert found.dates[0] == FIRST
        assert found.at[0, 0] == -1
        assert np.isnan(found.people[0, 0, 0])
        assert not found.covered[0, 0, 0]
        assert found.people[0, 0, 1] == 90

    def test_abroad_hours_are_those_of_the_place(self):
        """Helsinki is two hours ahead in winter: its midnight is 22:00 UTC of the day before."""
        days = [dt.date(2026, 11, 3), dt.date(2026, 11, 4)]
        moments, _ = hours_at((days[1],), "Europe/Helsinki", frozenset(days), days[0])
        assert moments[0, 0] == since_1970(days[0], 22)
        assert all(one + 1 == other for one, other in pairwise(moments[0].tolist()))


class TestFigures:
    def test_withheld_is_not_the_same_as_not_covered(self, wood):
        found, _ = figures_of(wood, np.array(sorted([A1, A2, A4])), 7)
        row = found.dates.index(dt.date(2026, 11, 3))
        of = {cell: place for place, cell in enumerate(sorted([A1, A2, A4]))}
        withheld = found.people[of[A2], row, 8:12], found.covered[of[A2], row, 8:12]
        assert np.isnan(withheld[0]).tolist() == [False, True, True, False]
        assert withheld[1].all()
        assert np.isnan(found.people[of[A4], row]).all()
        assert not found.covered[of[A4], row].any()
        assert (found.people[of[A1], row, 8:12] == 400).all()

    def test_a_cell_of_which_nothing_is_known_has_a_row_of_nothing(self, wood):
        other = int(h3.grid_ring(A1, 4)[0])
        found, _ = figures_of(wood, np.array(sorted([A1, other])), 7)
        row = sorted([A1, other]).index(other)
        assert np.isnan(found.people[row]).all()
        assert not found.covered[row].any()
        assert found.people[1 - row, 5, 12] == 390

    def test_precision_is_that_of_the_part_of_the_utc_day(self, wood):
        """Alder's share is known to 30 % at night and to 2 % else; Birch's to 10 %."""
        place, _ = incident_place.read_place(wood, zones(Works=[A1], Other=[B1]))
        known, _ = reading.precision_of(wood, "UK")
        found = precision_at(known, place, np.array([since_1970(BEFORE[0], 3), since_1970(BEFORE[0], 12)]))
        rows = [place.cells.tolist().index(cell) for cell in (A1, B1)]
        assert np.asarray(found.share_cv)[rows].tolist() == [[0.3, 0.02], [0.1, 0.1]]
        assert np.asarray(found.coverage_p).shape == (7, 2)
