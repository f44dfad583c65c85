"""The reference geography, from packages to files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from cellcount.atomic import write_json
from cellcount.progress import Progress, silent
from cellcount.reference import coast, lookups, outlines, packages, place_types, sources
from cellcount.reference.authorities import COUNTRY, COUNTRY_NAME, NATIONS, REGIONS, nation_of, region_of
from cellcount.reference.cells import (
    COARSEST,
    FINEST,
    CellGrid,
    authority_of_cells,
    cell_grid,
    cells_at,
    parents_of,
)
from cellcount.reference.postcodes import BRITISH_GRID, WGS84, Postcodes, load_postcodes
from cellcount.reference.residents import postcode_weights, residents_by_authority, spread
from cellcount.standard import release_tables

EQUAL_AREA = "EPSG:3035"
"""Where areas are measured."""
DECIMALS = 5
"""Coordinates have so many decimals, about a metre: smaller files, and the same on every machine."""
WORLD_TOLERANCE, WORLD_DECIMALS = 0.002, 3
"""Of the land of the world: degrees, about 200 m: the coast of a city abroad still looks like one."""
STATIONS_FILE = Path(f"{packages.STATIONS}-{packages.STATIONS_VERSION}.tgz")


def build_reference(out: Path, *, stations: Path = STATIONS_FILE, progress: Progress = silent) -> Path:
    """Build the reference geography: `data/reference`.

    Parameters
    ----------
    out : Path
        Folder to write. Files are written aside and take the place of the old ones, each whole.
    stations : Path
        Package with the railway stations; looked for in the current folder if not given.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    SourceMissingError
        If one of the packages of requirements-reference.txt is not installed, or the stations' is not there.
    """
    progress(0.0, "Reading the postcodes")
    declared = sources.sources()
    stops = lookups.stations(stations)
    postcodes = load_postcodes()
    authorities = residents_by_authority()
    progress(0.2, "Drawing the coast")
    natural_earth = coast.natural_earth()
    land = coast.land_of_kingdom(natural_earth, postcodes)
    progress(0.25, "Laying out the cells")
    of_postcode = cells_at(postcodes.lat, postcodes.lon)
    grid = cell_grid(land, np.unique(of_postcode))
    authority = authority_of_cells(grid, postcodes, of_postcode)
    progress(0.4, "Spreading residents over the cells")
    populated = lookups.populated_places()
    levels = {
        FINEST: _finest(
            grid,
            authority=authority,
            postcodes=postcodes,
            of_postcode=of_postcode,
            authorities=authorities,
            places=populated,
        )
    }
    for resolution in range(FINEST - 1, COARSEST - 1, -1):
        levels[resolution] = parents_of(levels[resolution + 1], resolution)
    progress(0.5, "Drawing the areas")
    shapes = _rounded(outlines.authority_outlines(postcodes.east, postcodes.north, postcodes.authority, land))
    areas = _areas(shapes, authorities, levels[FINEST])
    progress(0.85, "Finding the places")
    places = _places([populated, lookups.airports()], postcodes, of_postcode, levels[FINEST])
    tables = {
        **{f"cells_{resolution}": ("cells", _cells(table, resolution)) for resolution, table in levels.items()},
        "places": ("places", places),
        "stations": ("places", _with_authority(stops, postcodes)),
        "countries": ("countries", lookups.countries(natural_earth)),
    }
    progress(0.95, "Writing")
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    try:
        for file, (name, frame) in tables.items():
            _write(aside / f"{file}.parquet", name, frame)
        _write_shapes(aside / "areas.parquet", areas[release_tables()["areas"].file_schema.names])
        _write_shapes(aside / "land.parquet", _land(shapes))
        _write_shapes(aside / "world_land.parquet", _world_land(natural_earth))
        write_json(aside / "sources.json", declared)
        _replace(out, aside)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    progress(1.0, "Done")
    return out


def _replace(out: Path, aside: Path) -> None:
    """Put the new files in place one by one, each whole, and take away those that are no longer made."""
    out.mkdir(exist_ok=True)
    new = {path.name for path in aside.iterdir()}
    for name in sorted(new):
        (aside / name).replace(out / name)
    for old in out.iterdir():
        if old.name not in new:
            old.unlink()


def _finest(
    grid: CellGrid,
    *,
    authority: NDArray[np.object_],
    postcodes: Postcodes,
    of_postcode: NDArray[np.int64],
    authorities: pd.DataFrame,
    places: pd.DataFrame,
) -> pd.DataFrame:
    live = postcodes.live
    cell = np.searchsorted(grid.h3, of_postcode[live])
    number = len(grid.h3)
    classes = postcodes.output_class[live]
    in_cell = np.bincount(cell, minlength=number)
    weights = postcode_weights(postcodes.east[live], postcodes.north[live], classes)
    homes = np.bincount(cell, weights, number).astype(np.float64)
    residents = spread(dict(zip(authorities.index, authorities["residents"], strict=True)), authority, homes)
    inner = np.isin([each[:1] for each in classes], list(place_types.INNER_CLASSES))
    campus = classes == place_types.CAMPUS_CLASS
    place = gpd.GeoSeries(gpd.points_from_xy(places["lon"], places["lat"]), crs=WGS84).to_crs(BRITISH_GRID)
    kinds = place_types.place_types(
        neighbours=place_types.neighbours_of(grid.h3),
        residents=residents,
        land_km2=grid.land_share * grid.area_km2,
        cell_km2=grid.area_km2,
        inner=2 * np.bincount(cell, inner, number) > in_cell,
        campus=2 * np.bincount(cell, campus, number) > in_cell,
        centre_people=place_types.centres(
            np.column_stack([grid.east, grid.north]),
            np.column_stack([place.x, place.y]),
            places["population"].to_numpy(),
        ),
    )
    return pd.DataFrame(
        {
            "h3": grid.h3,
            "area_code": authority,
            "place_type": kinds,
            "residents": residents,
            "land_share": grid.land_share,
            "area_km2": grid.area_km2,
        }
    )


def _cells(table: pd.DataFrame, resolution: int) -> pd.DataFrame:
    return table.assign(
        resolution=resolution,
        region_code=table["area_code"].map(region_of),
        country_code=table["area_code"].map(nation_of),
        land_share=table["land_share"].round(3),
        area_km2=table["area_km2"].round(4),
    )


def _areas(shapes: gpd.GeoSeries, authorities: pd.DataFrame, finest: pd.DataFrame) -> gpd.GeoDataFrame:
    codes = shapes.index
    frames = [
        pd.DataFrame(
            {
                "area_code": codes,
                "area_name": authorities["name"].reindex(codes).to_numpy(),
                "area_type": "authority",
                "parent_code": [region_of(code) for code in codes],
                "residents": authorities["residents"].reindex(codes).to_numpy(),
                "geometry": shapes.to_numpy(),
            }
        )
    ]
    parents = [
        ("region", REGIONS, "E92000001", [region_of(code) for code in codes]),
        ("nation", NATIONS, COUNTRY, [nation_of(code) for code in codes]),
        ("country", {COUNTRY: COUNTRY_NAME}, None, [COUNTRY] * len(codes)),
    ]
    for kind, names, above, members in parents:
        joined = shapes.groupby(np.array(members)).agg(lambda each: shapely.coverage_union_all(each.to_numpy()))
        people = frames[0].groupby(np.array(members))["residents"].sum()
        present = [code for code in names if code in joined.index]
        frames.append(
            pd.DataFrame(
                {
                    "area_code": present,
                    "area_name": [names[code] for code in present],
                    "area_type": kind,
                    "parent_code": above,
                    "residents": people.reindex(present).to_numpy(),
                    "geometry": joined.reindex(present).to_numpy(),
                }
            )
        )
    table = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=WGS84)
    table["area_km2"] = (table.to_crs(EQUAL_AREA).area / 1e6).round(3)
    centre = _centres(table, finest)
    return table.assign(centre_lon=centre[:, 0].round(5), centre_lat=centre[:, 1].round(5))


def _centres(table: gpd.GeoDataFrame, finest: pd.DataFrame) -> NDArray[np.float64]:
    """Where most residents are near, if that is in the area, else a point well inside."""
    lat, lon = np.array([h3.cell_to_latlng(cell) for cell in finest["h3"].tolist()]).T
    people = finest["residents"].to_numpy()
    codes = finest["area_code"]
    centre = np.zeros((len(table), 2))
    for level in (codes, codes.map(region_of), codes.map(nation_of), pd.Series(COUNTRY, index=codes.index)):
        sums = (
            pd.DataFrame({"people": people, "lon": lon * people, "lat": lat * people}).groupby(level.to_numpy()).sum()
        )
        for code, row in sums.iterrows():
            at = np.flatnonzero(table["area_code"] == code)[0]
            centre[at] = row["lon"] / row["people"], row["lat"] / row["people"]
    shape = table.geometry.to_numpy()
    outside = ~shapely.contains_xy(shape, centre[:, 0], centre[:, 1])
    centre[outside] = shapely.get_coordinates(shapely.point_on_surface(shape[outside]))
    return centre


def _places(
    others: Sequence[pd.DataFrame], postcodes: Postcodes, of_postcode: NDArray[np.int64], finest: pd.DataFrame
) -> pd.DataFrame:
    live = postcodes.live
    cell = np.searchsorted(finest["h3"].to_numpy(), of_postcode[live])
    in_cell = np.bincount(cell, minlength=len(finest))
    each = (finest["residents"].to_numpy() / np.maximum(in_cell, 1))[cell]
    districts = lookups.postcode_districts(postcodes.code[live], postcodes.lon[live], postcodes.lat[live], each)
    return _with_authority(pd.concat([*others, districts], ignore_index=True), postcodes)


def _with_authority(places: pd.DataFrame, postcodes: Postcodes) -> pd.DataFrame:
    """Places in the order of their identifiers, each with the authority of the nearest postcode."""
    places = places.reindex(columns=release_tables()["places"].file_schema.names).sort_values("place_id")
    point = gpd.GeoSeries(gpd.points_from_xy(places["lon"], places["lat"]), crs=WGS84).to_crs(BRITISH_GRID)
    _, nearest = cKDTree(np.column_stack([postcodes.east, postcodes.north])).query(np.column_stack([point.x, point.y]))
    return places.assign(area_code=postcodes.authority[nearest])


def _rounded(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Shapes in degrees, every coordinate rounded: neighbours' common points stay common."""
    degrees = shapes.to_crs(WGS84)
    rounded = shapely.transform(degrees.to_numpy(), lambda xy: xy.round(DECIMALS))
    assert shapely.is_valid(rounded).all(), "an outline crosses itself"
    assert shapely.coverage_is_valid(rounded), "outlines of authorities overlap or leave gaps"
    return gpd.GeoSeries(rounded, index=shapes.index, crs=WGS84)


def _land(shapes: gpd.GeoSeries) -> gpd.GeoDataFrame:
    parts = shapely.get_parts(shapely.coverage_union_all(shapes.to_numpy()))
    return gpd.GeoDataFrame({"geometry": parts}, crs=WGS84)


def _world_land(natural_earth: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = shapely.simplify(natural_earth.geometry.to_numpy(), WORLD_TOLERANCE)
    shapes = shapely.set_precision(shapes, 10.0**-WORLD_DECIMALS)
    world = gpd.GeoDataFrame({"country_code": natural_earth["ISO_A2_EH"].to_numpy(), "geometry": shapes}, crs=WGS84)
    return world[~world.geometry.is_empty].sort_values("country_code", kind="stable", ignore_index=True)


def _table(name: str, frame: pd.DataFrame) -> pa.Table:
    schema = release_tables()[name].file_schema
    return pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False).replace_schema_metadata(None)


def _write(path: Path, name: str, frame: pd.DataFrame) -> None:
    pq.write_table(_table(name, frame), path, compression="zstd", compression_level=19, version="1.0")


def _write_shapes(path: Path, table: gpd.GeoDataFrame) -> None:
    table.to_parquet(path, index=False, compression="zstd", geometry_encoding="WKB", schema_version="1.0.0")
