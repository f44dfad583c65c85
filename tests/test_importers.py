"""Anybody's table of zone x time x people becomes a release: nobody lost, nothing invented, nothing half done."""

import gzip
import json
from datetime import date
from pathlib import Path

import geopandas as gpd
import h3.api.numpy_int as h3
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyproj import Geod
from scipy import sparse
from typer.testing import CliRunner

from cellcount.__main__ import app
from cellcount.build.release import check_release
from cellcount.errors import CellCountError
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.regrid import Figures, equal_area_crs, regrid, rounded, spread
from cellcount.importers.zones import Description, Table, describe, import_zones

EAST, NORTH = 385_000, 6_672_000
"""A corner in the centre of Helsinki, EPSG:3067."""
SQUARES = f"zone,x,y\na,{EAST},{NORTH}\nb,{EAST + 250},{NORTH}\nfar,{EAST + 20_000},{NORTH}\n"
LONG = "zone,hour,people\na,8,100\na,9,50\nb,8,30\nb,9,20\nfar,8,7\nfar,9,0\n"
HELSINKI = Description(title="Shire", time_zone="Europe/Helsinki", square=250, crs="EPSG:3067")


def write(folder: Path, name: str, content: str, encoding: str = "utf-8") -> Path:
    file = folder / name
    file.write_bytes(content.encode(encoding))
    return file


class Import:
    """Imports of small tables into one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.releases = folder / "releases"
        self.corners = write(folder, "squares.csv", SQUARES)

    def table(self, content: str, name: str = "counts.csv", encoding: str = "utf-8") -> Path:
        return write(self.folder, name, content, encoding)

    def __call__(self, *tables: Path | Table, geometry: Path | None = None, description=HELSINKI, **options):
        named = [table if isinstance(table, Table) else Table(table) for table in tables]
        return import_zones(named, geometry or self.corners, self.releases, description, **options)

    def release(self, *tables, **options) -> Path:
        return self(*tables, **options).release


@pytest.fixture
def imports(tmp_path) -> Import:
    return Import(tmp_path)


def said(**values) -> Description:
    return describe(
        None, {"title": "Shire", "time_zone": "Europe/Helsinki", "square": 250.0, "crs": "EPSG:3067", **values}
    )


def rows_of(release: Path, table: str, **partitions) -> pd.DataFrame:
    folder = release.joinpath(table, *(f"{name}={value}" for name, value in partitions.items()))
    return pd.concat([pq.ParquetFile(file).read().to_pandas() for file in sorted(folder.rglob("*.parquet"))])


def typical(release: Path, resolution: int = 8, day_type: str = "all-days") -> pd.DataFrame:
    return rows_of(release, "typical_day", resolution=resolution, period="whole-period", day_type=day_type).set_index(
        "h3"
    )


def present(release: Path, day: str, resolution: int = 8) -> pd.DataFrame:
    return rows_of(release, "present", resolution=resolution, date=day).set_index("h3")


def manifest_of(release: Path) -> dict:
    return json.loads((release / "manifest.json").read_text(encoding="utf-8"))


def cell_at(east: float, north: float, resolution: int = 8) -> int:
    point = gpd.GeoSeries([shapely.Point(east, north)], crs="EPSG:3067").to_crs("EPSG:4326")[0]
    return h3.latlng_to_cell(point.y, point.x, resolution)


def outline(cell: int) -> shapely.Polygon:
    return shapely.Polygon([(x, y) for y, x in h3.cell_to_boundary(cell)])


# --- Regridding -----------------------------------------------------------------------------------------------------


def zones_of(*shapes: shapely.Polygon, crs: str = "EPSG:4326") -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), index=[f"z{number}" for number in range(len(shapes))], crs=crs)


def test_a_zone_that_is_two_cells_is_shared_as_their_areas():
    left = h3.latlng_to_cell(60.17, 24.94, 8)
    right = int(h3.grid_ring(left, 1)[0])
    both = shapely.union_all([outline(left), outline(right)], grid_size=1e-9)

    grid = regrid(zones_of(both, outline(left)), 8)[8]

    shares = dict(zip(grid.h3.tolist(), grid.shares.toarray().tolist(), strict=True))
    of_left = h3.cell_area(left) / (h3.cell_area(left) + h3.cell_area(right))
    assert shares[left] == pytest.approx([of_left, 1], abs=1e-4)
    assert shares[right] == pytest.approx([1 - of_left, 0], abs=1e-4)


def test_shares_are_those_of_points_spread_over_the_square():
    """As an independent measure: 10,000 points in a square of 2 km, each in the cell that H3 finds for it."""
    square = shapely.box(EAST, NORTH, EAST + 2000, NORTH + 2000)
    grid = regrid(zones_of(square, crs="EPSG:3067"), 8)[8]

    at = np.arange(100) * 20 + 10
    x, y = np.meshgrid(EAST + at, NORTH + at)
    points = gpd.GeoSeries(gpd.points_from_xy(x.ravel(), y.ravel()), crs="EPSG:3067").to_crs("EPSG:4326")
    cells = [h3.latlng_to_cell(lat, lng, 8) for lat, lng in zip(points.y, points.x, strict=True)]
    counted = {int(cell): count / 10_000 for cell, count in zip(*np.unique(cells, return_counts=True), strict=True)}
    shared = dict(zip(grid.h3.tolist(), grid.shares.toarray()[:, 0].tolist(), strict=True))

    assert {cell for cell, share in shared.items() if share > 0.002} <= set(counted)
    assert [shared[cell] for cell in counted] == pytest.approx(list(counted.values()), abs=0.003)


squares = st.lists(
    st.tuples(st.floats(-40_000, 40_000), st.floats(-40_000, 40_000), st.floats(50, 5_000), st.floats(0, 1e6)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=20)
@given(squares, st.sampled_from([6, 7, 8]))
def test_totals_are_kept_at_every_resolution(drawn, finest):
    shapes = [shapely.box(EAST + x, NORTH + y, EAST + x + side, NORTH + y + side) for x, y, side, _ in drawn]
    people = np.array([[each[3]] for each in drawn])
    figures = Figures(people, np.zeros(people.shape, dtype=bool))

    grids = regrid(zones_of(*shapes, crs="EPSG:3067"), finest)

    assert list(grids) == list(range(5, finest + 1))
    for grid in grids.values():
        of_cells = spread(figures, grid.shares, grid.areas, None)
        assert not of_cells.withheld.any()
        assert np.nansum(of_cells.people) == pytest.approx(people.sum(), rel=1e-9)
        assert np.nansum(rounded(of_cells.people)) == pytest.approx(people.sum(), abs=0.5 + 1e-6)


@given(arrays(float, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=st.floats(0, 1e5) | st.just(np.nan)))
def test_rounding_keeps_totals_and_moves_no_figure_by_one(people):
    whole = rounded(people)

    assert (np.isnan(whole) == np.isnan(people)).all()
    known = ~np.isnan(people)
    assert (whole[known] == np.floor(whole[known])).all()
    assert (np.abs(whole - people)[known] < 1 + 1e-9).all()
    assert np.abs(np.nansum(whole, axis=0) - np.nansum(people, axis=0)).max() <= 0.5 + 1e-6


def test_parents_hold_what_their_children_hold():
    grids = regrid(zones_of(shapely.box(EAST, NORTH, EAST + 5000, NORTH + 5000), crs="EPSG:3067"), 8)

    children = dict(zip(grids[8].h3.tolist(), grids[8].shares.toarray()[:, 0].tolist(), strict=True))
    for parent, share in zip(grids[7].h3.tolist(), grids[7].shares.toarray()[:, 0].tolist(), strict=True):
        of_children = sum(each for cell, each in children.items() if h3.cell_to_parent(cell, 7) == parent)
        assert share == pytest.approx(of_children)


def test_people_go_where_residents_are_known_and_by_area_where_none_are():
    here = h3.latlng_to_cell(60.17, 24.94, 8)
    there = int(h3.grid_ring(here, 1)[0])
    both = shapely.union_all([outline(here), outline(there)], grid_size=1e-9)
    lonely = shapely.box(25.5, 60.3, 25.53, 60.31)
    homes = gpd.GeoSeries(
        [shapely.Point(*h3.cell_to_latlng(here)[::-1]), outline(there).buffer(-1e-4)], crs="EPSG:4326"
    )

    by_homes = regrid(zones_of(both, lonely), 8, homes, np.array([30.0, 10.0]))[8]
    by_area = regrid(zones_of(both, lonely), 8)[8]

    shares = dict(zip(by_homes.h3.tolist(), by_homes.shares.toarray().tolist(), strict=True))
    assert shares[here][0] == pytest.approx(0.75)
    assert shares[there][0] == pytest.approx(0.25)
    assert by_homes.shares.toarray()[:, 1] == pytest.approx(by_area.shares.toarray()[:, 1])


@pytest.mark.parametrize(
    ("known", "below", "told"),
    [
        ([100.0, np.nan], None, np.nan),  # nothing is known of the withheld one: neither is the sum
        ([100.0, np.nan], 10.0, 100.0),  # at most 10 of 110 are missing
        ([9.0, np.nan], 10.0, np.nan),  # more might be missing than is known
        ([np.nan, np.nan], 10.0, np.nan),
        ([100.0, 5.0], None, 105.0),
    ],
)
def test_withheld_zones_in_a_cell(known, below, told):
    people = np.array([[value] for value in known])
    shares = sparse.csr_array(np.array([[1.0, 1.0]]))

    of_cell = spread(Figures(people, np.isnan(people)), shares, shares, below)

    assert of_cell.people[0, 0] == pytest.approx(told, nan_ok=True)
    assert of_cell.withheld[0, 0] == np.isnan(told)


def test_a_sliver_of_a_withheld_zone_withholds_no_cell():
    people = np.array([[100.0], [np.nan]])
    areas = sparse.csr_array(np.array([[1.0, 0.005]]))

    assert spread(Figures(people, np.isnan(people)), areas, areas, None).people[0, 0] == 100


# --- Typical days ---------------------------------------------------------------------------------------------------


def test_a_long_table_becomes_a_whole_release(imports):
    imported = imports(imports.table(LONG))

    assert imported.new
    assert check_release(imported.release) == []
    assert not (imported.release / "present").exists()
    for resolution in (5, 6, 7, 8):
        people = typical(imported.release, resolution)
        assert people["l08"].sum() == pytest.approx(137)
        assert people["l09"].sum() == pytest.approx(70)
        assert people["l10"].isna().all()
    assert typical(imported.release).loc[cell_at(EAST + 20_100, NORTH + 100), "l08"] <= 7


def test_the_manifest_tells_what_was_measured_and_nothing_more(imports):
    manifest = manifest_of(imports.release(imports.table(LONG)))

    assert manifest["kind"] == "imported"
    assert manifest["synthetic"] is False
    assert manifest["deliveries"] == []
    assert [slot["hours"] for slot in manifest["time"]["slots"]] == [[8], [9]]
    assert manifest["time"]["period_start"] is None
    assert manifest["time"]["time_zone"] == "Europe/Helsinki"
    assert manifest["resolutions"] == [5, 6, 7, 8]
    assert manifest["parameters"]["resolution"] == 8
    assert manifest["disclosure"]["threshold"] is None


def test_cells_and_areas_describe_themselves(imports):
    release = imports.release(imports.table(LONG))

    cells = rows_of(release, "cells").set_index("h3")
    assert set(typical(release).index) == set(cells[cells.resolution == 8].index)
    assert cells["area_code"].eq("whole").all()
    cell = cell_at(EAST + 100, NORTH + 100)
    assert cells.loc[cell, "area_km2"] == pytest.approx(h3.cell_area(cell, unit="km^2"), rel=1e-6)
    areas = gpd.read_parquet(release / "areas" / "part-0.parquet")
    assert areas["area_name"].tolist() == ["Shire"]
    assert areas["area_km2"][0] == pytest.approx(3 * 0.25**2, rel=0.002)
    assert areas.geometry[0].is_valid


WIDE = "zone;H8;H9\na;100;50\nb;30;20\nfar;7;0\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (WIDE, "utf-8"),
        (WIDE, "utf-16"),
        (WIDE.replace(";", "\t"), "utf-8-sig"),
        (WIDE.replace("H", "h0"), "ascii"),
        (WIDE.replace("H8", "08:00").replace("H9", "09:00"), "ascii"),
        (WIDE.replace("50", "50,0").replace("zone", "Zone "), "ascii"),
        (WIDE.replace("\n", "\r\n"), "ascii"),
        (LONG.replace("people", "väkiluku,people").replace(",8,", ",8,ä,").replace(",9,", ",9,ö,"), "cp1252"),
        (LONG.replace("people", "人口,people").replace(",8,", ",8,昼,").replace(",9,", ",9,夜,"), "cp932"),
        (LONG.replace(",8,", ",08:00,").replace(",9,", ",09:00,").replace(",", "|"), "ascii"),
    ],
)
def test_the_form_of_a_table_makes_no_difference(imports, content, encoding):
    expected = typical(imports.release(imports.table(LONG)))

    found = typical(imports.release(imports.table(content, "other.csv", encoding)))

    pd.testing.assert_frame_equal(found, expected)


def test_gzip_and_parquet_are_read_too(imports):
    expected = typical(imports.release(imports.table(LONG)))
    packed = imports.folder / "packed.csv.gz"
    packed.write_bytes(gzip.compress(LONG.encode()))
    columns = imports.folder / "columns.parquet"
    hours = pa.array([8, 9] * 3)
    people = pa.array([100.0, 50, 30, 20, 7, 0])
    pq.write_table(pa.table({"zone": ["a", "a", "b", "b", "far", "far"], "hour": hours, "people": people}), columns)

    for file in (packed, columns):
        pd.testing.assert_frame_equal(typical(imports.release(file)), expected)


@pytest.mark.parametrize(("decimal", "people"), [(",", 1234.5), (".", 1.2345)])
def test_thousands_and_decimals_as_they_are_said(imports, decimal, people):
    written = {",": "1.234,5", ".": "1.2345"}[decimal]
    file = imports.table(f"zone;hour;people\na;8;{written}\n")

    release = imports.release(file, description=said(decimal=decimal))

    assert typical(release)["l08"].sum() == pytest.approx(people)


def test_several_tables_of_a_day_type_each(imports):
    workday = Table(imports.table(LONG), "Workday")
    weekend = Table(imports.table(LONG.replace("100", "10"), "weekend.csv"), "Weekend")

    release = imports.release(workday, weekend)

    assert manifest_of(release)["time"]["day_types"] == [
        {"id": "workday", "label": "Workday"},
        {"id": "weekend", "label": "Weekend"},
    ]
    assert typical(release, day_type="workday")["l08"].sum() == pytest.approx(137)
    assert typical(release, day_type="weekend")["l08"].sum() == pytest.approx(47)


def test_day_types_and_periods_from_columns(imports):
    file = imports.table("zone,hour,people,kind,season\na,8,4,Work,Winter\na,8,2,Free,Winter\na,8,3,Work,Summer\n")

    release = imports.release(file, description=said(day_type="kind", period="season"))

    folder = {"resolution": 8, "period": "summer", "day_type": "work"}
    assert rows_of(release, "typical_day", **folder)["l08"].sum() == pytest.approx(3)
    assert [each["label"] for each in manifest_of(release)["time"]["periods"]] == ["Winter", "Summer"]


def test_a_mapping_file_says_what_options_say_and_options_go_before_it(tmp_path):
    toml = write(tmp_path, "map.toml", 'title = "Shire"\ntime_zone = "UTC"\nzone = "LSOA"\nsquare = 250\n')
    as_json = write(tmp_path, "map.json", '{"title": "Shire", "time_zone": "UTC", "zone": "LSOA", "square": 250}')

    assert describe(toml, {"people": "n"}) == describe(as_json, {"people": "n", "zone": None})
    assert describe(toml, {"zone": "MSOA"}).zone == "MSOA"


def test_percentages_become_people(imports):
    file = imports.table("zone,H8,H9\na,60,50\nb,30,49.98\nfar,10.01,0.01\n")

    people = typical(imports.release(file, description=said(percent_of=2000.0)))

    assert people["l08"].sum() == pytest.approx(2000, rel=1e-3)
    assert typical(imports.release(file), 5)["l09"].sum() == pytest.approx(99.99)


def test_withheld_absent_and_zero_are_three_things(imports):
    far_cell = cell_at(EAST + 20_125, NORTH + 125)
    withheld = imports.table("zone,hour,people\na,8,100\nb,8,30\nfar,8,*\n", "withheld.csv")
    absent = imports.table("zone,hour,people\na,8,100\nb,8,30\n", "absent.csv")
    zero = imports.table("zone,hour,people\na,8,100\nb,8,30\nfar,8,0\n", "zero.csv")

    assert np.isnan(typical(imports.release(withheld)).loc[far_cell, "l08"])
    assert far_cell not in typical(imports.release(absent)).index
    assert typical(imports.release(zero)).loc[far_cell, "l08"] == 0
    assert typical(imports.release(withheld))["l08"].sum() == pytest.approx(130)
    assert np.isnan(rows_of(imports.release(withheld), "typical_area")["people_l08"].item())


def test_a_zone_without_a_row_is_withheld_where_the_source_means_that(imports):
    far_cell = cell_at(EAST + 20_125, NORTH + 125)
    days = "zone,hour,people,day_type\na,8,100,Work\nfar,8,12,Work\na,8,90,Free\n"
    description = said(absent_is_withheld=True, withheld_below=10.0)

    release = imports.release(imports.table(days), description=description)

    assert typical(release, day_type="work").loc[far_cell, "l08"] <= 12
    assert np.isnan(typical(release, day_type="free").loc[far_cell, "l08"])
    assert any("below 10 people" in caveat for caveat in manifest_of(release)["caveats"])
    area = rows_of(release, "typical_area", period="whole-period", day_type="free")
    assert area["people_l08"].item() == 90


def test_a_mark_of_withheld_figures_can_be_named(imports):
    file = imports.table(LONG.replace("far,8,7", "far,8,-1").replace("far,9,0", "far,9,<5"))

    people = typical(imports.release(file, description=said(withheld=("-1", "<5"))))

    assert people["l08"].sum() == pytest.approx(130)


def test_areas_come_from_the_zones_themselves(imports):
    outlines = gpd.GeoDataFrame(
        {
            "zone": ["a", "b", "far"],
            "lau": ["091", "091", "638"],
            "n": ["Helsinki", "Helsinki", "Porvoo"],
            "homes": [10, 20, 5],
        },
        geometry=shapely.box(
            [EAST, EAST + 250, EAST + 20_000], NORTH, [EAST + 250, EAST + 500, EAST + 20_250], NORTH + 250
        ),
        crs="EPSG:3067",
    )
    file = imports.folder / "outlines.gpkg"
    outlines.to_file(file)
    description = describe(
        None,
        {
            "title": "Shire",
            "time_zone": "Europe/Helsinki",
            "area": "lau",
            "area_name": "n",
            "area_kind": "Municipality",
            "residents": "homes",
        },
    )

    release = imports.release(imports.table(LONG), geometry=file, description=description)

    areas = rows_of(release, "areas").set_index("area_code")
    assert areas["area_name"].to_dict() == {"whole": "Shire", "091": "Helsinki", "638": "Porvoo"}
    assert areas["parent_code"].fillna("-").to_dict() == {"whole": "-", "091": "whole", "638": "whole"}
    assert areas["residents"].to_dict() == {"whole": 35, "091": 30, "638": 5}
    people = rows_of(release, "typical_area").set_index("area_code")
    assert people["people_l08"].to_dict() == {"whole": 137, "091": 130, "638": 7}
    cells = rows_of(release, "cells").set_index("h3")
    assert cells.loc[cell_at(EAST + 100, NORTH + 100), "area_code"] == "091"
    assert cells.loc[cell_at(EAST + 20_125, NORTH + 125), "area_code"] == "638"
    assert cells[cells.resolution == 8]["residents"].sum() == pytest.approx(35)
    assert [kind["label"] for kind in manifest_of(release)["area_types"]] == ["Municipality", "Whole area"]


@pytest.mark.parametrize("form", ["geojson", "geojson.gz", "gpkg", "shp", "parquet"])
def test_outlines_of_any_form_and_system_give_the_same_people(imports, form):
    expected = typical(imports.release(imports.table(LONG)))
    east = np.array([EAST, EAST + 250, EAST + 20_000])
    outlines = gpd.GeoDataFrame(
        {"zone": ["a", "b", "far"]}, geometry=shapely.box(east, NORTH, east + 250, NORTH + 250), crs="EPSG:3067"
    ).to_crs("EPSG:4326" if "geojson" in form else "EPSG:3067")
    file = imports.folder / f"outlines.{form.removesuffix('.gz')}"
    outlines.to_parquet(file) if form == "parquet" else outlines.to_file(file)
    if form.endswith(".gz"):
        packed = imports.folder / "outlines.geojson.gz"
        packed.write_bytes(gzip.compress(file.read_bytes()))
        file = packed

    found = typical(
        imports.release(
            imports.table(LONG), geometry=file, description=describe(None, {"title": "Shire", "time_zone": "UTC"})
        )
    )

    pd.testing.assert_frame_equal(found, expected, rtol=1e-3, atol=1e-3)


def test_an_outline_that_crosses_itself_is_mended_and_told(imports):
    bow = shapely.Polygon([(0, 0), (250, 250), (250, 0), (0, 250)])
    bow = shapely.affinity.translate(bow, EAST, NORTH)
    file = imports.folder / "bow.gpkg"
    gpd.GeoDataFrame({"zone": ["a"]}, geometry=[bow], crs="EPSG:3067").to_file(file)

    imported = imports(
        imports.table("zone,hour,people\na,8,100\n"),
        geometry=file,
        description=describe(None, {"title": "Shire", "time_zone": "Europe/Helsinki"}),
    )

    assert "outlines of 1 zones were not valid" in imported.notes[0]
    assert typical(imported.release)["l08"].sum() == pytest.approx(100)
    assert imported.notes[0] in manifest_of(imported.release)["caveats"]


def test_counts_without_outline_are_left_out_only_if_asked_and_told(imports):
    file = imports.table(LONG + "lost,8,13\n")

    imported = imports(file, ignore_unknown=True)

    assert "1 of 4 zones have counts and no outline (lost)" in imported.notes[0]
    assert "5.9% of all people" in imported.notes[0]  # 13 of 220
    assert typical(imported.release)["l08"].sum() == pytest.approx(137)


def test_residents_of_cells_as_weights(imports):
    """A square of 2 km over several cells, of which only one has residents."""
    home = cell_at(EAST + 1000, NORTH + 1000)
    weights = imports.table(f"h3,homes\n{h3.int_to_str(home)},12\n", "weights.csv")
    file = imports.table("zone,hour,people\na,8,100\n")

    plain = typical(imports.release(file, description=said(square=2000.0), resolution=8))
    by_homes = typical(
        imports.release(file, description=said(square=2000.0, weights_column="homes"), weights=weights, resolution=8)
    )

    assert plain["l08"].max() < 30
    assert by_homes["l08"][by_homes["l08"] > 0].to_dict() == pytest.approx({home: 100})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("h3,residents\nffff,1\n", "'ffff' is not an H3 cell"),
        ("h3,people\n88111a6003fffff,1\n", "has no column residents"),
        ("h3,residents\n88111a6003fffff,-1\n", "cannot be negative"),
    ],
)
def test_weights_that_are_wrong_are_said(imports, content, told):
    with pytest.raises(ImportRefusedError, match=told):
        imports(imports.table(LONG), weights=imports.table(content, "weights.csv"))


@pytest.mark.parametrize("form", ["gpkg", "parquet"])
def test_residents_of_points_as_weights(imports, form):
    home = cell_at(EAST + 1000, NORTH + 1000)
    point = gpd.GeoSeries([shapely.Point(*h3.cell_to_latlng(home)[::-1])], crs="EPSG:4326").to_crs("EPSG:3067")
    homes = gpd.GeoDataFrame({"homes": [12]}, geometry=point)
    weights = imports.folder / f"homes.{form}"
    homes.to_file(weights) if form == "gpkg" else homes.to_parquet(weights)
    file, square = imports.table("zone,hour,people\na,8,100\n"), {"square": 2000.0}

    people = typical(
        imports.release(file, description=said(weights_column="homes", **square), weights=weights, resolution=8)
    )

    assert people["l08"][people["l08"] > 0].to_dict() == pytest.approx({home: 100})
    with pytest.raises(ImportRefusedError, match="has no column residents"):
        imports(file, weights=weights)


def test_a_zone_in_several_rows_is_put_together(imports):
    shapes = [shapely.box(EAST + east, NORTH, EAST + east + 250, NORTH + 250) for east in (0, 20_000)]
    file = imports.folder / "parts.gpkg"
    gpd.GeoDataFrame({"zone": ["a", "a"]}, geometry=shapes, crs="EPSG:3067").to_file(file)

    imported = imports(
        imports.table("zone,hour,people\na,8,100\n"),
        geometry=file,
        description=describe(None, {"title": "Shire", "time_zone": "UTC"}),
    )

    assert "1 zones have their outline in several rows" in imported.notes[0]
    far = typical(imported.release, 5).loc[cell_at(EAST + 20_125, NORTH + 125, 5), "l08"]
    assert far == pytest.approx(50, rel=1e-3)


@pytest.mark.parametrize(("people", "total"), [("*", None), ("0", 0)])
def test_nobody_at_all_is_a_release_too(imports, people, total):
    release = imports.release(imports.table(f"zone,hour,people\na,8,{people}\nb,8,{people}\n"))

    assert check_release(release) == []
    assert set(typical(release)["l08"].dropna()) == ({total} if total is not None else set())
    assert len(typical(release)) > 0


def test_the_identifier_of_outlines_is_found_or_named(imports):
    corners = imports.table(SQUARES.replace("zone", "Cell_ID"), "corners.csv")
    other = imports.table(SQUARES.replace("zone", "ykr"), "other.csv")
    expected = typical(imports.release(imports.table(LONG)))

    pd.testing.assert_frame_equal(typical(imports.release(imports.table(LONG), geometry=corners)), expected)
    named = imports.release(imports.table(LONG), geometry=other, description=said(geometry_zone="ykr"))
    pd.testing.assert_frame_equal(typical(named), expected)
    with pytest.raises(ImportRefusedError, match="named with --geometry-zone"):
        imports(imports.table(LONG), geometry=other)


# --- Dates ----------------------------------------------------------------------------------------------------------


def hours_from(start: str, count: int, zone: str = "Europe/Helsinki", *, offset: bool = False) -> str:
    """A long table of zone `a` with 1, 2, 3 ... people in each hour from a moment of UTC, at local times."""
    moments = pd.date_range(start, periods=count, freq="h", tz="UTC").tz_convert(zone)
    style = "%Y-%m-%dT%H:%M%z" if offset else "%Y-%m-%d %H:%M"
    return "zone,time,people\n" + "".join(f"a,{at.strftime(style)},{n + 1}\n" for n, at in enumerate(moments))


@pytest.mark.parametrize("offset", [False, True])
@pytest.mark.parametrize("start", ["2026-10-23 21:00", "2026-03-27 22:00"])
def test_days_on_which_clocks_change_keep_every_hour(imports, start, offset):
    """72 hours of UTC around a change of clocks in Helsinki: 03:00 comes twice in October and not at all in March."""
    release = imports.release(imports.table(hours_from(start, 72, offset=offset)))

    assert check_release(release) == []
    assert not (release / "typical_day").exists()
    first = pd.Timestamp(start).normalize()
    expected = dict(zip(pd.date_range(start, periods=72, freq="h"), range(1, 73), strict=True))
    for day in pd.date_range(first + pd.Timedelta(days=1), periods=2):
        people = present(release, str(day.date()))
        assert [people[f"h{hour:02d}"].sum() for hour in range(24)] == [
            expected[day + pd.Timedelta(hours=hour)] for hour in range(24)
        ]


def test_dates_are_kept_by_utc_day_in_every_table(imports):
    release = imports.release(imports.table(hours_from("2026-06-01 00:00", 48)))

    manifest = manifest_of(release)
    assert (manifest["time"]["period_start"], manifest["time"]["period_end"]) == ("2026-06-01", "2026-06-02")
    assert manifest["time"]["day_types"] == []
    areas = rows_of(release, "area_hour").set_index("date")
    assert areas.loc[date(2026, 6, 2), "people_h00"] == 25
    history = rows_of(release, "present_history", resolution=8)
    assert history.sort_values(["h3", "date"]).equals(history)
    both = pd.concat([present(release, "2026-06-01"), present(release, "2026-06-02")])
    assert history["h07"].sum() == both["h07"].sum() == 8 + 32


def test_the_short_ends_of_local_days_are_left_out_and_told(imports):
    """Two local days of Helsinki in winter are 22:00 to 22:00 UTC: two hours of the first UTC day."""
    imported = imports(imports.table(hours_from("2026-01-11 22:00", 48)))

    assert sorted(folder.name for folder in (imported.release / "present" / "resolution=8").iterdir()) == [
        "date=2026-01-12",
        "date=2026-01-13",
    ]
    assert "2 hours of 2026-01-11 (UTC) are left out" in imported.notes[0]
    assert "2 of 2026-01-13" in imported.notes[1]
    assert present(imported.release, "2026-01-13")["h22"].isna().all()


def test_an_hour_that_the_clock_shows_twice_and_the_table_once_is_left_out(imports):
    table = hours_from("2026-10-24 21:00", 27).splitlines()
    once = [line for number, line in enumerate(table) if number != 5]  # one of the two rows of 03:00

    imported = imports(imports.table("\n".join(once)))

    assert "2026-10-25 03:00 twice" in imported.notes[0]
    people = present(imported.release, "2026-10-25")
    assert people["h00"].isna().all()
    assert people["h01"].isna().all()
    assert people["h02"].sum() == 6


def test_date_and_hour_in_two_columns_or_hours_as_columns(imports):
    long = "zone,date,hour,people\n" + "".join(f"a,2026-06-01,{hour},{hour}\n" for hour in range(24))
    columns = ",".join(f"H{hour}" for hour in range(24))
    wide = f"zone,date,{columns}\na,1.6.2026,{','.join(map(str, range(24)))}\n"
    utc = said(time_zone="UTC")

    one = present(imports.release(imports.table(long), description=utc), "2026-06-01")
    other = present(
        imports.release(imports.table(wide, "wide.csv"), description=said(time_zone="UTC", time_format="%d.%m.%Y")),
        "2026-06-01",
    )

    assert one["h23"].sum() == 23
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("zone", [None, "Europe/Helsinki", "America/New_York"])
def test_moments_of_parquet_are_taken_at_their_time_zone(imports, zone):
    moments = pd.date_range("2026-06-01", periods=24, freq="h", tz="UTC")
    moments = moments.tz_localize(None) if zone is None else moments.tz_convert(zone)
    file = imports.folder / "moments.parquet"
    pd.DataFrame({"zone": "a", "time": moments, "people": range(24)}).to_parquet(file)

    people = present(imports.release(file, description=said(time_zone="UTC")), "2026-06-01")

    assert [people[f"h{hour:02d}"].sum() for hour in range(24)] == list(range(24))


def test_one_table_a_week(imports):
    weeks = [imports.table(hours_from(start, 168, "UTC"), f"{start}.csv") for start in ("2026-06-01", "2026-06-08")]

    release = imports.release(*weeks, description=said(time_zone="UTC"))

    assert len(list((release / "present" / "resolution=8").iterdir())) == 14


# --- The same again, and what is refused ----------------------------------------------------------------------------


def test_the_same_files_and_parameters_make_one_release(imports):
    file = imports.table(LONG)
    first = imports(file)
    again = imports(file)
    moved = imports(imports.table(LONG, "elsewhere.csv"))
    other = imports(file, resolution=7)

    assert (again.release, again.new) == (first.release, False)
    assert moved.release == first.release
    assert other.release != first.release
    assert max(manifest_of(other.release)["resolutions"]) == 7


def test_day_types_that_change_places_make_another_release(imports):
    one, two = imports.table(LONG, "one.csv"), imports.table(LONG.replace("100", "10"), "two.csv")

    straight = imports.release(Table(one, "Work"), Table(two, "Free"))
    crossed = imports.release(Table(two, "Work"), Table(one, "Free"))

    assert straight != crossed


def test_a_damaged_release_of_the_same_name_is_said(imports):
    file = imports.table(LONG)
    release = imports.release(file)
    (release / "cells" / "part-0.parquet").unlink()

    with pytest.raises(CellCountError, match="is damaged"):
        imports(file)


def test_zero_as_an_option_is_zero_and_not_an_option_left_out():
    described = describe(None, {"title": "Shire", "time_zone": "Europe/London", "percent_of": 0.0})

    assert described.percent_of == 0.0


DATED = "zone,time,people\n"
BAD_TABLES = [
    ("", {}, "is empty"),
    ("zone,hour,people\n", {}, "has no rows"),
    ("zone,hour,persons_present\na,8,1\n", {}, "which column is the people"),
    (LONG, {"people": "peopel"}, "has no column peopel. Is people meant?"),
    (LONG, {"hours": "H{hour}"}, "has no column such as H{hour}"),
    ("zone,people\na,1\n", {}, "no column says the hour"),
    (LONG.replace("a,8,100", "a,8,-4"), {}, "1 figures are negative, for example -4 for zone a"),
    (LONG.replace("a,8,100", "a,8,nan"), {}, "not a finite number"),
    (LONG.replace("a,8,100", "a,8,5e9"), {}, "over 4,294,967,295, for example 5e+09 for zone a"),
    (LONG, {"separator": "||"}, "give one character with --separator"),
    (LONG, {"percent_of": float("inf")}, "cannot be inf"),
    (LONG.replace("a,8,100", "a,8,many"), {}, "1 values are not numbers: many"),
    (LONG.replace("a,8,100", "a,24,100"), {}, "'24' is not an hour. Count them from 0"),
    (LONG + "a,8,100\n", {}, "given more than once, for example for zone a"),
    (LONG + "nowhere,8,1\n", {}, "1 of 4 zones have counts and no outline (nowhere)"),
    (LONG + ",8,1\n", {}, "name no zone"),
    (LONG + "b,8\n", {}, "cannot be read as a table of 3 columns"),
    (LONG, {"encoding": "utf-32"}, "is not text in utf-32"),
    (LONG, {"time_zone": "Middle/Earth"}, "not the name of a time zone"),
    (LONG, {"time_zone": "America/New_York"}, "km from the place that the time zone America/New_York is named after"),
    (LONG, {"percent_of": 100.0}, "add to 137 % and not to 100 %"),
    (LONG, {"percent_of": 0.0}, "cannot be 0"),
    (LONG, {"crs": "EPSG:27700"}, "where that coordinate system is not used"),
    (LONG, {"crs": "EPSG:4326"}, "says that its coordinates are degrees"),
    (LONG, {"crs": "Mercator, more or less"}, "is no coordinate system"),
    (LONG, {"crs": None}, "does not say its coordinate system"),
    (LONG, {"square": -5.0}, "side of squares cannot be -5"),
    (LONG, {"square": None}, "is a table without outlines"),
    (LONG, {"decimal": ";"}, "decimal mark cannot be"),
    ("zone;hour;people\na;8;1,234\n", {}, "whether 1,234 has a decimal comma cannot be told"),
    ("zone,zone,hour,people\na,a,8,1\n", {}, "two columns of the name zone"),
    (DATED + "a,yesterday,1\n", {}, "'yesterday' is no time"),
    (DATED + "a,2026-06-01 08:30,1\n", {}, "no full hour of UTC"),
    (DATED + "a,2026-03-29 03:00,1\n", {}, "skipped when its clocks went forward"),
    ("zone,H8,8\na,1,2\n", {}, "are of the same hour"),
    ("zone,H8,H25\na,1,2\n", {}, "column H25 is no hour"),
]


@pytest.mark.parametrize(("content", "values", "told"), BAD_TABLES)
def test_bad_input_is_a_sentence_and_nothing_is_written(imports, content, values, told):
    given = {"title": "Shire", "time_zone": "Europe/Helsinki", "square": 250.0, "crs": "EPSG:3067", **values}

    with pytest.raises(ImportRefusedError) as refused:
        imports(imports.table(content), description=Description(**given))

    assert told in str(refused.value)
    assert not imports.releases.exists() or list(imports.releases.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (gzip.compress(LONG.encode() * 99)[:-30], "is damaged or half-written"),
        (b"PAR1 and not much more", "is a Parquet file that cannot be read"),
        (b"PK\x03\x04 and not much more", "cannot be unpacked"),
        (b"zone,hour,people\n\x00\x01\x02,8,1\n", "holds bytes that text does not"),
    ],
    # What gzip makes has the time in it.
    ids=["gzip", "parquet", "zip", "text"],
)
def test_damaged_tables_are_said(imports, content, told):
    file = imports.folder / "damaged"
    file.write_bytes(content)

    with pytest.raises(ImportRefusedError, match=told):
        imports(file)


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        (shapely.Point(25, 60), "points or lines"),
        (shapely.Polygon(), "have no outline"),
        (shapely.box(25, 60, 25, 60.1), "have no area"),
        (shapely.box(-100, 40, -99.9, 40.1), "km from the place"),
    ],
)
def test_outlines_that_are_no_areas_are_refused(imports, shape, told):
    file = imports.folder / "bad.parquet"
    gpd.GeoDataFrame({"zone": ["a"]}, geometry=[shape], crs="EPSG:4326").to_parquet(file)

    with pytest.raises(ImportRefusedError, match=told):
        imports(
            imports.table("zone,hour,people\na,8,1\n"),
            geometry=file,
            description=describe(None, {"title": "Shire", "time_zone": "Europe/Helsinki"}),
        )


def test_outlines_that_cannot_be_read_are_said(imports):
    description = describe(None, {"title": "Shire", "time_zone": "UTC"})
    for name in ("missing.gpkg", "broken.geojson", "broken.parquet"):
        file = imports.folder / name
        if "broken" in name:
            file.write_text('{"type": "FeatureColl')
        with pytest.raises(ImportRefusedError, match="cannot be read"):
            imports(imports.table(LONG), geometry=file, description=description)


def test_degrees_that_are_said_to_be_metres_are_refused(imports):
    file = imports.folder / "degrees.geojson"
    gpd.GeoDataFrame({"zone": ["a"]}, geometry=[shapely.box(25, 60, 25.1, 60.1)], crs="EPSG:4326").to_file(file)

    with pytest.raises(ImportRefusedError, match="look like degrees"):
        imports(
            imports.table(LONG),
            geometry=file,
            description=describe(None, {"title": "Shire", "time_zone": "UTC", "crs": "EPSG:3067"}),
        )


def test_tables_with_and_without_dates_do_not_mix(imports):
    with pytest.raises(ImportRefusedError, match="import them as two releases"):
        imports(imports.table(LONG), imports.table(hours_from("2026-06-01", 24), "dated.csv"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('titel = "Shire"', "nothing is called titel. Is title meant?"),
        ("title = 5", "must be a text"),
        ('square = "big"', "must be a number"),
        ('withheld = "x"', "must be a list of texts"),
        ("title = ", "cannot be read as TOML"),
        ('title = "Shire"', "Nothing says the time zone"),
    ],
)
def test_a_mapping_file_that_is_wrong_is_said(tmp_path, text, told):
    with pytest.raises(ImportRefusedError) as refused:
        describe(write(tmp_path, "map.toml", text), {})
    assert told in str(refused.value)


@pytest.mark.parametrize("latitude", [0, 60.17, -75])
def test_the_projection_keeps_areas_on_the_ellipsoid(latitude):
    shape = gpd.GeoSeries([outline(h3.latlng_to_cell(latitude, 24.94, 6))], crs="EPSG:4326")

    measured, _ = Geod(ellps="WGS84").geometry_area_perimeter(shape[0])
    assert shape.to_crs(equal_area_crs(shape)).area[0] == pytest.approx(abs(measured), rel=1e-6)


# --- The command line -----------------------------------------------------------------------------------------------


def test_the_command_imports_once(imports):
    weekday, saturday = imports.table(LONG), imports.table(LONG.replace("100", "9"), "sat.csv")
    command = [
        "import", "zones", f"Weekday={weekday}", f"Saturday={saturday}", "--geometry", str(imports.corners),
        "--square", "250", "--crs", "EPSG:3067", "--title", "Shire", "--time-zone", "Europe/Helsinki",
        "--withheld", "-1", "--out", str(imports.releases),
    ]  # fmt: skip

    first, again = CliRunner().invoke(app, command), CliRunner().invoke(app, command)

    assert first.exit_code == again.exit_code == 0, first.output
    assert "\nImported: " in f"\n{first.stdout}"
    assert again.stdout.startswith("Already imported: ")
    (release,) = imports.releases.iterdir()
    assert release.name in first.stdout
    assert typical(release, day_type="saturday")["l08"].sum() == pytest.approx(46)
