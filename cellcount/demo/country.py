"""The country on which the made-up people live: real cells, areas and places, and what draws people to each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property

import h3.api.basic_int as h3
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from cellcount import geography
from cellcount.demo.days import NATION_OF_CODE, NATIONS
from cellcount.demo.parameters import Parameters
from cellcount.demo.seeds import random

EARTH_KM = 6371.0
FINEST = 8
COUNTRY = "UK"
LONGEST_INSIDE_KM = 6.0
"""Mean length of a trip inside an authority, at the most."""

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

_RESOLUTION_SHIFT = 52


def parents_of(cells: Numbers, resolution: int) -> Numbers:
    """The ancestor of each cell at a coarser resolution.

    Examples
    --------
    >>> cell = h3.latlng_to_cell(54.97, -1.61, 8)
    >>> int(parents_of(np.array([cell]), 6)[0]) == h3.cell_to_parent(cell, 6)
    True
    """
    moved = cells & ~(0xF << _RESOLUTION_SHIFT) | resolution << _RESOLUTION_SHIFT
    return moved | (1 << 3 * (15 - resolution)) - 1


def first_children(cells: Numbers, resolution: int) -> Numbers:
    """The first descendant that each cell (all of one resolution) can have at a finer resolution.

    Examples
    --------
    >>> cell = h3.latlng_to_cell(54.97, -1.61, 7)
    >>> int(first_children(np.array([cell]), 8)[0]) == min(h3.cell_to_children(cell, 8))
    True
    """
    own = int(cells[0] >> _RESOLUTION_SHIFT & 0xF) if len(cells) else resolution
    digits = sum(7 << 3 * (15 - digit) for digit in range(own + 1, resolution + 1))
    return cells & ~(0xF << _RESOLUTION_SHIFT) & ~digits | resolution << _RESOLUTION_SHIFT


def on_sphere(lat: Floats, lon: Floats) -> Floats:
    """Places as points on a sphere of the Earth's size, in km: near ones are as far apart as on the ground."""
    lat, lon = np.radians(lat), np.radians(lon)
    return EARTH_KM * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


@dataclass(frozen=True)
class Areas:
    """Authorities and what contains them.

    Parameters
    ----------
    codes : tuple of str
        Authorities, ascending.
    region : array of int
        For each authority the number of its region (outside England, its nation).
    regions : tuple of str
        Codes of regions.
    nations : tuple of str
        The name of each region's nation.
    nation_codes : dict of str to str
        GSS code by name of nation.
    residents : array of float
        People, by authority.
    km : array of float
        Between the centres of authorities; on the diagonal the mean length of a trip inside.
    """

    codes: tuple[str, ...]
    region: Numbers
    regions: tuple[str, ...]
    nations: tuple[str, ...]
    nation_codes: Mapping[str, str]
    residents: Floats
    km: Floats

    def above(self) -> tuple[tuple[str, ...], NDArray[np.bool_]]:
        """Codes of the English regions, the nations and the whole, and which authorities each contains."""
        codes, members = [], []
        region_nation = np.array([self.nations[number] for number in self.region])
        for number, code in enumerate(self.regions):
            if code not in self.nation_codes.values():
                codes.append(code)
                members.append(self.region == number)
        for nation, code in self.nation_codes.items():
            codes.append(code)
            members.append(region_nation == nation)
        return (*codes, COUNTRY), np.array([*members, np.ones(len(self.codes), dtype=np.bool_)])


@dataclass(frozen=True)
class Land:
    """The cells of resolution 8 in an order of their own: by region, then by index.

    Parameters
    ----------
    h3 : array of int64
        Cells.
    authority, region : array of int64
        Number of each cell's authority and region.
    residents : array of float
        People.
    km2, land_km2 : array of float
        Area of the cell, and of the land in it.
    points : array of float, n x 3
        Centres, km, as `on_sphere`.
    """

    h3: Numbers
    authority: Numbers
    region: Numbers
    residents: Floats
    km2: Floats
    land_km2: Floats
    points: Floats

    @cached_property
    def tree(self) -> cKDTree:
        """An index of the centres, by distance in km."""
        return cKDTree(self.points)

    def some(self, cells: NDArray[np.bool_]) -> Land:
        """Some of the cells, in the same order."""
        return Land(*(getattr(self, field.name)[cells] for field in fields(self)))


@dataclass(frozen=True)
class Country:
    """Areas, cells and the places that people go to."""

    areas: Areas
    land: Land
    places: pa.Table
    country_codes: tuple[str, ...]


@cache
def open_country() -> Country:
    """Read the reference geography, once.

    Returns
    -------
    Country
    """
    areas = _areas(geography.areas())
    land = _land(geography.cells(FINEST), areas)
    codes = tuple(sorted(geography.countries().column("country_code").to_pylist()))
    return Country(areas, land, geography.places(), codes)


def _areas(table: pa.Table) -> Areas:
    table = table.select(
        ["area_code", "area_type", "parent_code", "residents", "centre_lon", "centre_lat", "area_km2"]
    ).sort_by("area_code")
    own = table.filter(pc.equal(table["area_type"], "authority"))
    above = own["parent_code"].to_pylist()
    regions = tuple(sorted(set(above)))
    points = on_sphere(own["centre_lat"].to_numpy(), own["centre_lon"].to_numpy())
    km = np.linalg.norm(points[:, None] - points[None], axis=2)
    # Between two random places of a disc of this area; in a large authority people's errands are nearer than that.
    inside = 128 / (45 * np.pi) * np.sqrt(own["area_km2"].to_numpy() / np.pi)
    np.fill_diagonal(km, np.minimum(inside, LONGEST_INSIDE_KM))
    nation_rows = table.filter(pc.equal(table["area_type"], "nation"))["area_code"].to_pylist()
    by_name = {NATION_OF_CODE[code[0]]: code for code in nation_rows}
    return Areas(
        codes=tuple(own["area_code"].to_pylist()),
        region=np.array([regions.index(code) for code in above]),
        regions=regions,
        nations=tuple(NATION_OF_CODE[code[0]] for code in regions),
        nation_codes={nation: by_name[nation] for nation in NATIONS if nation in by_name},
        residents=own["residents"].to_numpy().astype(np.float64),
        km=km,
    )


def _land(table: pa.Table, areas: Areas) -> Land:
    table = table.filter(pc.is_valid(table["area_code"]))
    authority = pc.index_in(table["area_code"], value_set=pa.array(areas.codes)).to_numpy().astype(np.int64)
    cells = table["h3"].to_numpy()
    region = areas.region[authority]
    order = np.lexsort((cells, region))
    cells = cells[order]
    centres = np.array([h3.cell_to_latlng(cell) for cell in cells.tolist()])
    km2 = table["area_km2"].to_numpy().astype(np.float64)
    share = pc.fill_null(table["land_share"], 1.0).to_numpy()
    return Land(
        h3=cells,
        authority=authority[order],
        region=region[order],
        residents=pc.fill_null(table["residents"], 0.0).to_numpy().astype(np.float64)[order],
        km2=km2[order],
        land_km2=(share * km2)[order],
        points=on_sphere(centres[:, 0], centres[:, 1]),
    )


def spread_around(country: Country, lat: Floats, lon: Floats, radius_km: Floats, mass: Floats) -> Floats:
    """Spread masses over the cells around points, falling off as exp(-distance / radius).

    Parameters
    ----------
    country : Country
        The country.
    lat, lon : array of float
        Points, degrees.
    radius_km : array of float
        Distance at which the density is 1/e of the centre's.
    mass : array of float
        What each point has to spread.

    Returns
    -------
    array of float
        By cell, in the unit of `mass`. A point with no cell within 4 radii or 3 km has its mass nowhere.
    """
    spread = np.zeros(len(country.land.h3))
    points = on_sphere(np.asarray(lat, float), np.asarray(lon, float))
    reach = np.maximum(4 * np.asarray(radius_km, float), 3.0)
    for point, radius, each, near in zip(
        points, radius_km, mass, country.land.tree.query_ball_point(points, reach, return_sorted=True), strict=True
    ):
        if near:
            weight = np.exp(-np.linalg.norm(country.land.points[near] - point, axis=1) / radius)
            weight *= country.land.land_km2[near] + 1e-3
            spread[near] += each * weight / weight.sum()
    return spread


WORK, SCHOOL, SHOP, LEISURE, VISIT, OUTDOOR = "work", "school", "shop", "leisure", "visit", "outdoor"
AWAY, STATIONS = "away", "stations"


@dataclass(frozen=True)
class Attraction:
    """What draws people to each cell, by activity, in an arbitrary unit for each; and what draws visitors."""

    of: Mapping[str, Floats]
    lodging: Floats
    sights: Floats
    airport: Floats


def attraction(country: Country, parameters: Parameters, seed: int) -> Attraction:
    """How strongly each cell draws people for each activity.

    Residents draw to every cell in proportion; towns' centres, listed centres, stations, airports and sights are spread
    around their points; and every cell differs by a factor of its own, for no stated reason.

    Parameters
    ----------
    country : Country
        The country.
    parameters : Parameters
        Parameters.
    seed : int
        Of the demonstration.

    Returns
    -------
    Attraction
    """
    land, knobs = country.land, parameters["places"]
    towns, town_mass, town_radius = _towns(country.places, knobs["largest_town"])
    town = spread_around(country, towns[:, 0], towns[:, 1], town_radius, town_mass)
    centres = {each: _from_points(country, knobs["centres"], each, "radius_km") for each in ("jobs", "shop", "leisure")}

    def texture(purpose: str) -> Floats:
        noise = random(seed, "texture", purpose).standard_normal(len(land.h3))
        # Drawn in the order of the cells' indexes: a cell's own factor does not depend on how regions are ordered.
        factor = np.exp(knobs["texture"] * noise - knobs["texture"] ** 2 / 2)
        result = np.empty_like(factor)
        result[np.argsort(land.h3, kind="stable")] = factor
        return result

    residents = land.residents
    named_sights = _from_points(country, knobs["sights"], "abroad", "radius_km")
    home_sights = _from_points(country, knobs["sights"], "home", "radius_km")
    stations = _stations(country, knobs["station_travel"])
    pull = knobs["centre_leisure"] * town + centres["leisure"]
    share = parameters["visitors"]["sights_share"]
    sights = share * named_sights / named_sights.sum() + (1 - share) * pull / pull.sum()
    friends = parameters["visitors"]["with_friends"]
    lodging = friends * residents / residents.sum() + (1 - friends) * sights
    passengers = _from_points(country, knobs["airports"], "passengers", None)
    return Attraction(
        of={
            WORK: knobs["local_jobs"] * residents * texture(WORK) + knobs["centre_jobs"] * town + centres["jobs"],
            SCHOOL: residents * texture(SCHOOL),
            SHOP: knobs["local_shop"] * residents * texture(SHOP) + knobs["centre_shop"] * town + centres["shop"],
            LEISURE: knobs["local_leisure"] * residents * texture(LEISURE) + pull,
            VISIT: residents,
            OUTDOOR: land.land_km2 * texture(OUTDOOR) + 1e-6,
            AWAY: 0.5 * home_sights / home_sights.sum()
            + 0.3 * residents / residents.sum()
            + 0.2 * land.land_km2 / land.land_km2.sum(),
            STATIONS: stations + 0.02 * residents,
        },
        lodging=lodging / lodging.sum(),
        sights=sights / sights.sum(),
        airport=passengers / passengers.sum(),
    )


def _from_points(country: Country, points: Sequence[Mapping], column: str, radius: str | None) -> Floats:
    lat, lon, mass = (np.array([each[name] for each in points], float) for name in ("lat", "lon", column))
    km = np.array([each[radius] for each in points], float) if radius else np.full(len(points), 0.8)
    return spread_around(country, lat, lon, km, mass)


def _towns(places: pa.Table, largest: float) -> tuple[Floats, Floats, Floats]:
    """Towns' latitudes and longitudes, the people that each centre serves and its radius in km."""
    known = pc.and_(pc.is_in(places["kind"], pa.array(["city", "town"])), pc.greater(places["population"], 0))
    towns = places.filter(pc.fill_null(known, False)).sort_by("place_id")
    people = np.minimum(towns["population"].to_numpy().astype(float), largest)
    where = np.stack([towns["lat"].to_numpy(), towns["lon"].to_numpy()], axis=1)
    return where, people, 0.35 + 0.25 * (people / 1e5) ** 0.5


def _stations(country: Country, weight: float) -> Floats:
    stations = country.places.filter(pc.equal(country.places["kind"], "station")).sort_by("place_id")
    lat, lon = stations["lat"].to_numpy(), stations["lon"].to_numpy()
    if not len(lat):
        return np.zeros(len(country.land.h3))
    # A station serves those around it: the more live within some kilometres, the more travel through it.
    _, nearest = country.land.tree.query(on_sphere(lat, lon), k=min(60, len(country.land.h3)))
    around = country.land.residents[nearest].sum(axis=1)
    return spread_around(country, lat, lon, np.full(len(lat), 0.4), weight * around / max(around.mean(), 1.0))


@dataclass(frozen=True)
class Working:
    """The cells in which devices are counted: a partition of the country into cells of one resolution or several.

    Parameters
    ----------
    h3 : array of int64
        Cells, in the order of the finest children, so that the cells of any parent lie together.
    resolution : array of int64
        Of each cell.
    of_land : array of int64
        For each cell of `Land`, the place of its working cell here; -1 where it is in none.
    """

    h3: Numbers
    resolution: Numbers
    of_land: Numbers

    def level(self, resolution: int) -> tuple[Numbers, Numbers]:
        """Cells of a resolution, and where the working cells of each begin.

        Only cells that the working cells make up; at the finest resolutions, perhaps not everywhere.
        """
        inside = np.flatnonzero(self.resolution >= resolution)
        above = parents_of(self.h3[inside], resolution)
        first = np.flatnonzero(np.diff(above, prepend=-1))
        return above[first], inside[first]


def working_cells(land: Land, finest: NDArray[np.bool_]) -> Working:
    """Choose where devices are counted at resolution 8 and where at 7.

    Parameters
    ----------
    land : Land
        Cells of resolution 8.
    finest : array of bool
        Which are to be counted at resolution 8; with one child, all children of its parent are.

    Returns
    -------
    Working
    """
    above = parents_of(land.h3, 7)
    fine = np.isin(above, above[finest])
    # A cell of resolution 7 comes where the first of its children would.
    key = np.where(fine, land.h3, first_children(above, FINEST))
    _, at, of_land = np.unique(key, return_index=True, return_inverse=True)
    return Working(np.where(fine, land.h3, above)[at], np.where(fine, FINEST, 7)[at], of_land)
