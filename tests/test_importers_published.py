"""The published data of Helsinki and Tokyo become releases: in small literal copies, and from the publishers' files."""

import gzip
import json
import shutil
import zipfile
from pathlib import Path

import duckdb
import geopandas as gpd
import h3.api.numpy_int as h3
import numpy as np
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from cellcount.__main__ import app
from cellcount.build.release import check_release
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.helsinki import import_helsinki
from cellcount.importers.tokyo import MUNICIPALITIES, import_tokyo, mesh_outline

HOURS = [f"H{hour}" for hour in range(24)]
CENTRE_OF_HELSINKI = (60.1699, 24.9384)
"""The railway station: offices and shops."""
CHIYODA, EDOGAWA = "13101", "13123"
"""Offices around the imperial palace; homes at the eastern edge."""


def facts(release: Path, sql: str) -> list[tuple]:
    """Rows of a query on a release, of which `typical_day` and so on are the tables."""
    with duckdb.connect() as connection:
        for folder in release.iterdir():
            if folder.is_dir():
                files = f"{folder.as_posix()}/**/*.parquet"
                connection.read_parquet(files, hive_partitioning=True).create_view(folder.name)
        return connection.execute(sql).fetchall()


def manifest_of(release: Path) -> dict:
    return json.loads((release / "manifest.json").read_text(encoding="utf-8"))


# --- Helsinki, in small ---------------------------------------------------------------------------------------------


def helsinki_like(folder: Path, *, grid: str = "corners", share: float = 25.0) -> Path:
    """Two squares, the first with 25 % by night and 75 % by day, in the publishers' form."""
    folder.mkdir()
    by_day = [share if hour < 8 else 75.0 for hour in range(24)]
    table = pd.DataFrame([[5785640, *by_day], [5785641, *(100 - np.array(by_day))]], columns=["YKR_ID", *HOURS])
    for name in ("workdays", "sat", "sun"):
        table.to_csv(folder / f"HMA_Dynamic_population_24H_{name}.csv", index=False)
    if grid == "corners":
        rows = "YKR_ID,xmin_3067,ymin_3067,derived\n5785640,385000.0,6672000.0,0\n5785641,389000.0,6672000.0,1\n"
        (folder / "grid250m_xy_epsg3067.csv").write_text(rows)
        return folder
    squares = [shapely.box(x, 6_672_000, x + 250, 6_672_250) for x in (385_000, 389_000)]
    frame = gpd.GeoDataFrame({"YKR_ID": [5785640.0, 5785641.0]}, geometry=squares, crs="EPSG:3067")
    if grid == "gpkg":
        frame.to_file(folder / "grid.gpkg")
    else:  # as published: metres of EPSG:3067 in a GeoJSON, which a reader takes for degrees
        text = json.loads(frame.to_json(to_wgs84=False))
        text.pop("crs", None)
        (folder / "target_zones_grid250m_EPSG3067.geojson").write_text(json.dumps(text))
    return folder


@pytest.mark.parametrize("grid", ["corners", "geojson", "gpkg"])
def test_shares_of_helsinki_become_people(tmp_path, grid):
    source = helsinki_like(tmp_path / "source", grid=grid)

    release = import_helsinki(source, tmp_path / "releases", total_population=1000).release

    assert check_release(release) == []
    totals = facts(release, "SELECT day_type, sum(l03), sum(l12) FROM typical_day WHERE resolution = 7 GROUP BY 1")
    assert {day_type for day_type, _, _ in totals} == {"workday", "saturday", "sunday"}
    assert [night for _, night, _ in totals] == pytest.approx([1000] * 3, rel=1e-6)
    cell = h3.latlng_to_cell(*CENTRE_OF_HELSINKI, 5)
    assert facts(release, f"SELECT count(*) FROM cells WHERE h3 = {cell}") == [(1,)]
    caveats = " ".join(manifest_of(release)["caveats"])
    assert "100 % is taken as 1,000 people" in caveats
    assert ("The corners of 1 squares" in caveats) == (grid == "corners")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda folder: (folder / "HMA_Dynamic_population_24H_sat.csv").unlink(), "has no table HMA_Dynamic_popul"),
        (lambda folder: (folder / "grid250m_xy_epsg3067.csv").unlink(), "has no grid"),
        (shutil.rmtree, "has no table"),
        (
            lambda folder: (folder / "HMA_Dynamic_population_24H_sun.csv").write_text("YKR_ID,H0\n1,2\n"),
            "has no column H1",
        ),
        (
            lambda folder: (folder / "HMA_Dynamic_population_24H_sun.csv").write_text(
                f"YKR_ID,{','.join(HOURS)}\n5785640,{','.join(['90'] * 24)}\n"
            ),
            "add to 90 % and not to 100 %",
        ),
    ],
)
def test_what_is_not_helsinki_is_refused(tmp_path, harm, told):
    source = helsinki_like(tmp_path / "source")
    harm(source)

    with pytest.raises(ImportRefusedError, match=told):
        import_helsinki(source, tmp_path / "releases", total_population=1000)

    assert not (tmp_path / "releases").exists()


def test_people_of_helsinki_must_be_some(tmp_path):
    with pytest.raises(ImportRefusedError, match="total population cannot be -5"):
        import_helsinki(helsinki_like(tmp_path / "source"), tmp_path / "releases", total_population=-5)


# --- Tokyo, in small ------------------------------------------------------------------------------------------------

HEADER = "mesh1kmid,prefcode,citycode,year,month,dayflag,timezone,population"
OCTOBER = f"""{HEADER}
53394611,13,13101,2019,10,1,0,5000
53394611,13,13101,2019,10,1,1,700
53394611,13,13101,2019,10,1,2,2500
53394611,13,13101,2019,10,0,0,1100
53394611,13,13101,2019,10,0,1,650
53394611,13,13101,2019,10,2,0,4000
53394612,13,13102,2019,10,1,0,40
36533738,13,13421,2019,10,1,1,20
"""
NOVEMBER = f"{HEADER}\n53394611,13,13101,2019,11,1,0,4800\n53394611,13,13101,2019,11,1,1,690\n"


def tokyo_like(folder: Path, *, form: str = "csv") -> Path:
    """Two months of three meshes in the ministry's form: two in the city, one on an island 1,800 km away."""
    for month, content in (("10", OCTOBER), ("11", NOVEMBER)):
        here = folder / "2019" / month
        here.mkdir(parents=True)
        if form == "zip":
            with zipfile.ZipFile(here / "monthly_mdp_mesh1km.csv.zip", "w") as packed:
                packed.writestr("monthly_mdp_mesh1km.csv", content)
        elif form == "gz":
            (here / "monthly_mdp_mesh1km.csv.gz").write_bytes(gzip.compress(content.encode()))
        else:
            (here / "monthly_mdp_mesh1km.csv").write_text(content)
    return folder


@pytest.mark.parametrize("form", ["csv", "zip", "gz"])
def test_months_of_tokyo_become_typical_days_of_two_day_parts(tmp_path, form):
    release = import_tokyo(tokyo_like(tmp_path / "source", form=form), tmp_path / "releases").release

    assert check_release(release) == []
    time = manifest_of(release)["time"]
    assert [slot["hours"] for slot in time["slots"]] == [[1, 2, 3, 4], [11, 12, 13, 14]]
    assert time["periods"] == [
        {"id": "2019-10", "label": "October 2019"},
        {"id": "2019-11", "label": "November 2019"},
    ]
    assert [day["id"] for day in time["day_types"]] == ["weekday", "holiday"]
    people = facts(
        release,
        "SELECT period, day_type, sum(l01), sum(l04), sum(l11), sum(l14), sum(l00), sum(l12_sd) FROM typical_day "
        "WHERE resolution = 8 GROUP BY ALL ORDER BY ALL",
    )
    assert [row[:2] for row in people] == [("2019-10", "holiday"), ("2019-10", "weekday"), ("2019-11", "weekday")]
    assert [row[2:6] for row in people] == [
        pytest.approx((650, 650, 1100, 1100)),
        pytest.approx((720, 720, 5040, 5040)),
        pytest.approx((690, 690, 4800, 4800)),
    ]
    assert all(row[6:] == (None, None) for row in people)


def test_a_mesh_that_is_not_given_in_some_month_is_withheld_there(tmp_path):
    release = import_tokyo(tokyo_like(tmp_path / "source"), tmp_path / "releases").release

    on_island = (
        "SELECT period, count(*), count(l01), count(l12) FROM typical_day JOIN cells USING (h3) "
        "WHERE cells.resolution = 8 AND area_code = '13421' AND day_type = 'weekday' GROUP BY 1 ORDER BY 1"
    )
    (october, cells, night, day), (november, same, later, _) = facts(release, on_island)
    assert (october, november) == ("2019-10", "2019-11")
    assert cells == same == night > 0
    assert day == later == 0


def test_wards_of_tokyo_have_names_and_their_own_totals(tmp_path):
    release = import_tokyo(tokyo_like(tmp_path / "source"), tmp_path / "releases").release

    people = facts(
        release,
        "SELECT area_name, area_type, people_l12 FROM typical_area JOIN areas USING (area_code) "
        "WHERE period = '2019-10' AND day_type = 'weekday' ORDER BY area_code",
    )
    assert people == [
        ("Tokyo", "prefecture", 5040),
        ("Chiyoda", "municipality", 5000),
        ("Chuo", "municipality", 40),
        ("Ogasawara", "municipality", None),
    ]
    assert len(MUNICIPALITIES) == 62  # 23 wards, 26 cities, 5 towns and 8 villages


def test_the_first_map_leaves_far_islands_out(tmp_path):
    release = import_tokyo(tokyo_like(tmp_path / "source"), tmp_path / "releases").release

    view = manifest_of(release)["map_view"]
    assert view["longitude"] == pytest.approx(139.77, abs=0.2)
    assert view["latitude"] == pytest.approx(35.68, abs=0.2)


@pytest.mark.parametrize(
    ("code", "bounds"),
    [
        # As published in the prefecture's mesh outlines.
        ("53394509", (139.7375, 35.6666666666667, 139.75, 35.675)),
        ("53391535", (139.6875, 35.4416666666667, 139.7, 35.45)),
    ],
)
def test_outlines_of_meshes_are_computed_from_their_codes(code, bounds):
    assert mesh_outline(code).bounds == pytest.approx(bounds, abs=1e-9)


@pytest.mark.parametrize("code", ["5339450", "53398509", "533945090", "mesh"])
def test_codes_of_no_mesh_are_refused(code):
    with pytest.raises(ImportRefusedError, match="is no code of a 1 km mesh"):
        mesh_outline(code)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (OCTOBER.replace(",13,13", ",14,14"), "prefcode is 14"),
        (OCTOBER.replace("2019,10,0,0", "2019,10,7,0"), "dayflag is 7"),
        (OCTOBER.replace("2019,10,", "2019,13,"), "2019-13 is no month"),
        (OCTOBER.replace("53394612", "99"), "'99' is no code of a 1 km mesh"),
        (OCTOBER.replace("population", "people"), "has no column population"),
        (OCTOBER + OCTOBER.splitlines()[1] + "\n", "given more than once"),
    ],
)
def test_what_is_not_tokyo_is_refused(tmp_path, content, told):
    source = tokyo_like(tmp_path / "source")
    (source / "2019" / "10" / "monthly_mdp_mesh1km.csv").write_text(content)

    with pytest.raises(ImportRefusedError, match=told):
        import_tokyo(source, tmp_path / "releases")

    assert not (tmp_path / "releases").exists()


def test_a_folder_without_tables_of_tokyo_is_said(tmp_path):
    with pytest.raises(ImportRefusedError, match=r"has no tables monthly_mdp_mesh1km\.csv"):
        import_tokyo(tmp_path, tmp_path / "releases")
    with pytest.raises(ImportRefusedError, match="There is no folder"):
        import_tokyo(tmp_path / "nowhere", tmp_path / "releases")


# --- The publishers' own files --------------------------------------------------------------------------------------

PEOPLE = 1_200_000


@pytest.fixture(scope="module")
def helsinki(real_data, tmp_path_factory) -> Path:
    releases = tmp_path_factory.mktemp("helsinki")
    command = ["import", "helsinki", str(real_data / "helsinki-24h-population"), "--out", str(releases)]
    result = CliRunner().invoke(app, [*command, "--total-population", str(PEOPLE)])
    assert result.exit_code == 0, result.output
    (release,) = releases.iterdir()
    return release


@pytest.fixture(scope="module")
def tokyo(real_data, tmp_path_factory) -> Path:
    releases = tmp_path_factory.mktemp("tokyo")
    command = ["import", "tokyo", str(real_data / "tokyo-mlit-mesh1km"), "--out", str(releases)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    (release,) = releases.iterdir()
    return release


@pytest.mark.real_data
def test_helsinki_passes_the_check(helsinki):
    assert check_release(helsinki) == []


@pytest.mark.real_data
def test_every_hour_of_helsinki_adds_to_all_people(helsinki):
    sums = ", ".join(f"sum(l{hour:02d})" for hour in range(24))
    rows = facts(helsinki, f"SELECT {sums} FROM typical_day GROUP BY resolution, day_type")

    assert len(rows) == 4 * 3
    assert np.array(rows) == pytest.approx(PEOPLE, rel=1e-3)
    areas = facts(helsinki, "SELECT people_l00, people_l12 FROM typical_area")
    assert np.array(areas) == pytest.approx(PEOPLE, rel=1e-3)


@pytest.mark.real_data
def test_the_centre_of_helsinki_is_busier_by_day_than_by_night_on_workdays(helsinki):
    cell = h3.latlng_to_cell(*CENTRE_OF_HELSINKI, 8)
    by_type = {
        day_type: (night, day)
        for day_type, night, day in facts(helsinki, f"SELECT day_type, l03, l12 FROM typical_day WHERE h3 = {cell}")
    }

    night, day = by_type["workday"]
    assert day > 2 * night
    assert day / night > by_type["sunday"][1] / by_type["sunday"][0]


@pytest.mark.real_data
def test_cells_of_helsinki_lie_in_its_outline(helsinki):
    areas = gpd.read_parquet(helsinki / "areas" / "part-0.parquet")
    assert areas.geometry.is_valid.all()
    assert areas["area_km2"][0] == pytest.approx(13_231 * 0.25**2, rel=0.002)
    assert areas.geometry[0].contains(shapely.Point(CENTRE_OF_HELSINKI[::-1]))
    cells = [cell for (cell,) in facts(helsinki, "SELECT h3 FROM cells WHERE resolution = 8")]
    outside = areas.geometry[0].buffer(0.02)
    assert all(outside.contains(shapely.Point(*h3.cell_to_latlng(cell)[::-1])) for cell in cells)


@pytest.mark.real_data
def test_tokyo_passes_the_check(tokyo):
    assert check_release(tokyo) == []
    manifest = manifest_of(tokyo)
    assert len(manifest["time"]["periods"]) == 36
    assert manifest["time"]["time_zone"] == "Asia/Tokyo"


@pytest.mark.real_data
def test_totals_of_tokyo_are_those_of_the_source(tokyo, real_data):
    """Cells lose those few people who share a cell with more withheld ones; areas lose nobody."""
    file = (real_data / "tokyo-mlit-mesh1km" / "tokyo_mesh1km_2019_2021.parquet").as_posix()
    source = duckdb.sql(
        "SELECT printf('%d-%02d', year, month) AS period, if(dayflag = 1, 'weekday', 'holiday') AS day_type, "
        "sum(population) FILTER (timezone = 1), sum(population) FILTER (timezone = 0) "
        f"FROM '{file}' WHERE dayflag < 2 GROUP BY ALL ORDER BY ALL"
    ).fetchall()

    areas = facts(
        tokyo,
        "SELECT period, day_type, people_l01, people_l14 FROM typical_area WHERE area_code = '13' ORDER BY ALL",
    )
    assert areas == [pytest.approx(row) for row in source]
    for resolution in (5, 6, 7, 8):
        cells = facts(
            tokyo,
            f"SELECT period, day_type, sum(l01), sum(l14) FROM typical_day WHERE resolution = {resolution} "
            "GROUP BY ALL ORDER BY ALL",
        )
        assert np.array([row[2:] for row in cells]) == pytest.approx(np.array([row[2:] for row in source]), rel=1e-3)


@pytest.mark.real_data
def test_offices_of_tokyo_fill_by_day_and_homes_by_night(tokyo):
    people = {
        code: (night, day)
        for code, night, day in facts(
            tokyo,
            "SELECT area_code, people_l02, people_l12 FROM typical_area WHERE period = '2019-10' AND "
            f"day_type = 'weekday' AND area_code IN ('{CHIYODA}', '{EDOGAWA}')",
        )
    }
    assert people[CHIYODA][1] > 4 * people[CHIYODA][0]
    assert people[EDOGAWA][1] < people[EDOGAWA][0]


@pytest.mark.real_data
def test_published_outlines_of_meshes_are_the_computed_ones(real_data):
    for name in ("13tokyo1km", "14kanagawa1km"):
        file = real_data / "tokyo-mlit-mesh1km" / f"{name}.geojson.gz"
        for feature in json.loads(gzip.decompress(file.read_bytes()))["features"]:
            published = shapely.geometry.shape(feature["geometry"]).bounds
            assert mesh_outline(feature["properties"]["code"]).bounds == pytest.approx(published, abs=1e-9)
