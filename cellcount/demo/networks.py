"""The operators' networks: whose devices they see, where they place them, and what they say of their own share.

People are customers where they live, and stay so wherever they go: of those who work in a city, an operator sees the
share that it has where they come from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import h3.api.basic_int as h3
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from cellcount.build.shares import Outage
from cellcount.demo.country import Floats, Land, Numbers, Working, parents_of
from cellcount.demo.events import Effect
from cellcount.demo.people import ACTIVITIES, HOME, VISITORS, DayShares, Population
from cellcount.demo.seeds import random
from cellcount.standard import delivery_tables

SIGMA_OF_MEDIAN = 1 / np.sqrt(2 * np.log(2))
"""Of a two-dimensional normal displacement: standard deviation in one direction over the median length."""

URBAN_DENSITY, RURAL_DENSITY = 1500.0, 75.0
"""Residents per km2 from which a place is urban, and below which it is rural; between them displacement changes with
the logarithm of density."""

_STEPS = 8
_SPACING_SQUARED = 2 / np.sqrt(3)
"""Squared distance of the centres of neighbouring hexagons, relative to their area."""
_MOST_STATED = 0.97
"""The operators' stated shares add to no more than this in any area."""

_USUAL = {"home": 1.0, "work": 0.3, "school": 0.15}
"""Activities that the same people do in the same place every day, and the share of people who do them at the most."""


@dataclass(frozen=True)
class Shares:
    """An operator's share of people by authority, as it is and as the operator states it.

    Parameters
    ----------
    market, inbound : array of float
        True shares of the residents of each authority, wherever they are, and of the visitors from abroad who are in
        it.
    stated_market, stated_inbound : array of float
        With the error that the operator's own estimate has.
    stated_by_region : array of float, 2 x regions
        Of residents and of visitors.
    devices : float
        Devices seen for each customer: devices per person x switched-on rate.
    away : float
        How much larger the operator's share is among residents who are away from home than among those at home,
        because who goes out more is more often its customer, or is more often seen: 1 if it is not.
    """

    market: Floats
    inbound: Floats
    stated_market: Floats
    stated_inbound: Floats
    stated_by_region: Floats
    devices: float
    away: float

    @property
    def at_home_p(self) -> Floats:
        """Devices seen for each resident who is at home, by authority."""
        return self.market * self.devices

    @property
    def away_p(self) -> Floats:
        """Devices seen for each resident who is away from home, wherever that is, by authority of the home."""
        return self.at_home_p * self.away

    @property
    def inbound_p(self) -> Floats:
        """Devices seen for each visitor present, by authority of presence."""
        return self.inbound * self.devices


@dataclass(frozen=True)
class Network:
    """One operator's network.

    Parameters
    ----------
    operator_id : str
        Pseudonym.
    knobs : mapping
        Its parameters.
    shares : Shares
        Its shares.
    cells : Working
        The working cells that it covers; `of_land` leads to places among these.
    region : array of int64
        Region of each of its cells.
    layers : array of float32, activities x cells
        Devices that would be placed in each cell if all did the activity at once.
    drawing : array of int64
        Order in which its cells are drawn: by region, then by size, so that cells drawn together are alike.
    drawn_layers : array of float32, activities x cells
        Layers in that order.
    outages : tuple of Outage
        Its outages.
    smear : Smear
        How its devices are displaced.
    present_p : array of float, activities x authorities
        Devices seen for each person who does an activity in an authority: see `present_p`.
    """

    operator_id: str
    knobs: Mapping[str, Any]
    shares: Shares
    cells: Working
    region: Numbers
    layers: NDArray[np.float32]
    drawing: Numbers
    drawn_layers: NDArray[np.float32]
    outages: tuple[Outage, ...]
    smear: Smear
    present_p: Floats

    def effect(self, effect: Effect, land: Land) -> tuple[Numbers, NDArray[np.float32]]:
        """An event as this operator sees it: its cells, and devices added in each hour (hours x cells).

        Devices go where people go: who comes to a place is a customer as often as those who are missing elsewhere.
        """
        gone = np.minimum(effect.people, 0) * self.shares.at_home_p[land.authority[effect.cells]]
        come = np.maximum(effect.people, 0)
        share = gone.sum(axis=1, keepdims=True) / np.maximum(come.sum(axis=1, keepdims=True), 1e-9)
        seen = self.smear.locally(effect.cells, (gone - come * share).T).T
        own = self.cells.of_land[effect.cells]
        kept = own >= 0
        cells, place = np.unique(own[kept], return_inverse=True)
        devices = np.zeros((len(seen), len(cells)))
        np.add.at(devices.T, place, seen[:, kept].T)
        return cells, devices.astype(np.float32)

    def kept(self, date: dt.date) -> dict[int, NDArray[np.float32]]:
        """Share of each cell's devices that is seen, in the hours of a day with an outage."""
        kept: dict[int, NDArray[np.float32]] = {}
        for outage in self.outages:
            for hour, lost in outage.lost_by_hour(date).items():
                inside = self._inside(outage.h3)
                share = kept.setdefault(hour, np.ones(len(self.cells.h3), dtype=np.float32))
                share[inside] *= np.float32(1 - lost)
        return kept

    def _inside(self, cell: int) -> NDArray[np.bool_]:
        """Which cells lie in a cell of a resolution no finer than theirs."""
        return parents_of(self.cells.h3, h3.get_resolution(cell)) == cell


@dataclass(frozen=True)
class Smear:
    """How geolocation moves devices: a walk of some steps between neighbouring cells.

    Parameters
    ----------
    step : csr_array, cells x cells
        One step: each column adds to 1.
    """

    step: csr_array

    def __call__(self, values: NDArray) -> NDArray:
        """Values (cells x columns) after all steps; each column's total is kept."""
        for _ in range(_STEPS):
            values = self.step @ values
        return values

    def locally(self, cells: Numbers, values: NDArray) -> NDArray:
        """Values of some cells (ascending), of which none is moved out of these."""
        near = self.step[cells][:, cells].tocsr()
        leaving = 1 - np.asarray(near.sum(axis=0)).ravel()
        for _ in range(_STEPS):
            values = near @ values + leaving[:, None] * values
        return values


def neighbours(land: Land) -> tuple[Numbers, Numbers]:
    """Pairs of neighbouring cells, each pair both ways."""
    # Six neighbours lie at about one spacing, the next ones at 1.7.
    reach = 1.35 * np.sqrt(_SPACING_SQUARED * land.km2.mean())
    near = land.tree.query(land.points, k=7, distance_upper_bound=reach)[1]
    there = near < len(land.h3)
    origin = np.repeat(np.arange(len(land.h3)), 7).reshape(-1, 7)
    pairs = there & (near != origin)
    return origin[pairs], near[pairs].astype(np.int64)


@dataclass(frozen=True)
class Surroundings:
    """What displacement depends on: the neighbours of each cell, how densely it is settled, and its area."""

    origin: Numbers
    destination: Numbers
    density: Floats
    km2: Floats


def surroundings(land: Land) -> Surroundings:
    """Neighbours, and residents per km2 of a cell with its neighbours."""
    origin, destination = neighbours(land)
    people, km2 = land.residents, np.maximum(land.land_km2, 0.05)
    around = people + np.bincount(origin, people[destination], minlength=len(people))
    land_around = km2 + np.bincount(origin, km2[destination], minlength=len(people))
    return Surroundings(origin, destination, around / land_around, land.km2)


def smear_of(around: Surroundings, knobs: Mapping[str, Any]) -> Smear:
    """The walk whose mean squared length is that of the operator's displacement.

    Parameters
    ----------
    around : Surroundings
        Neighbours and density of the cells.
    knobs : mapping
        The operator's parameters.

    Returns
    -------
    Smear
    """
    rural, urban = np.log(RURAL_DENSITY), np.log(URBAN_DENSITY)
    builtness = np.clip((np.log(around.density + 1e-9) - rural) / (urban - rural), 0, 1)
    near, far = knobs["displacement_urban_km"], knobs["displacement_rural_km"]
    median = np.exp(builtness * np.log(near) + (1 - builtness) * np.log(far))
    squared = 2 * (median * SIGMA_OF_MEDIAN) ** 2
    chance = np.minimum(squared / (_STEPS * _SPACING_SQUARED * around.km2), 0.95)
    size = len(chance)
    stay = 1 - chance * np.bincount(around.origin, minlength=size) / 6
    everywhere = np.arange(size)
    step = coo_array(
        (
            np.concatenate([chance[around.origin] / 6, stay]),
            (np.concatenate([around.destination, everywhere]), np.concatenate([around.origin, everywhere])),
        ),
        shape=(size, size),
    )
    return Smear(csr_array(step, dtype=np.float32))


def open_networks(population: Population, working: Working, around: Surroundings) -> list[Network]:
    """All operators' networks.

    Parameters
    ----------
    population : Population
        The population.
    working : Working
        Where devices are counted.
    around : Surroundings
        Of the population's cells.

    Returns
    -------
    list of Network
    """
    operators = {k: v for k, v in population.parameters["operators"].items() if isinstance(v, Mapping)}
    shares = draw_shares(population, operators)

    def one(name: str, own: Shares) -> Network:
        return _network(population, working, around, name=name, knobs=operators[name], shares=own)

    with ThreadPoolExecutor() as pool:
        return list(pool.map(one, operators, shares))


def draw_shares(population: Population, operators: Mapping[str, Mapping[str, Any]]) -> list[Shares]:
    """True and stated shares of each operator in each authority.

    The regions' deviations add to nothing over the operators, so that they are each other's gains. A stated share
    differs from the true one by an error with the standard error that the operator gives, half of its variance common
    to a region.
    """
    areas = population.country.areas
    names = list(operators)
    general = population.parameters["operators"]
    regions, authorities = len(areas.regions), len(areas.codes)
    drawn = random(population.seed, "shares").standard_normal((2, len(names), regions))
    drawn -= drawn.mean(axis=1, keepdims=True)
    span = np.ptp(drawn, axis=2, keepdims=True)
    drawn = drawn / np.where(span > 0, span, 1.0) * general["regional_variation"]
    local = random(population.seed, "local shares").standard_normal((2, len(names), authorities))
    local *= general["local_variation"]
    errors = random(population.seed, "stated shares")
    true = np.empty((2, len(names), authorities))
    stated, by_region = np.empty_like(true), np.empty((2, len(names), regions))
    for number, name in enumerate(names):
        for kind, level in enumerate(("share", "inbound_share")):
            knobs = operators[name]
            # Weighted so that the national share is the one stated.
            deviation = drawn[kind, number][areas.region] + local[kind, number]
            deviation -= np.average(deviation, weights=areas.residents)
            true[kind, number] = np.clip(knobs[level] + deviation, 0.0, 1.0)
            common = errors.standard_normal(regions) * knobs["share_se"] * np.sqrt(0.5)
            own = errors.standard_normal(authorities) * knobs["share_se"] * np.sqrt(0.5)
            stated[kind, number] = true[kind, number] * np.maximum(1 + common[areas.region] + own, 0.05)
            weight = np.bincount(areas.region, areas.residents, minlength=regions)
            mean = np.bincount(areas.region, areas.residents * true[kind, number], minlength=regions)
            by_region[kind, number] = np.maximum(1 + common, 0.05) * mean / np.maximum(weight, 1e-9)
    true, stated, by_region = (_below_one(figures) for figures in (true, stated, by_region))
    return [
        Shares(
            market=true[0, number],
            inbound=true[1, number],
            stated_market=stated[0, number],
            stated_inbound=stated[1, number],
            stated_by_region=by_region[:, number],
            devices=operators[name]["devices_per_person"] * operators[name]["switched_on_rate"],
            away=1 + general["mobility_correlation"],
        )
        for number, name in enumerate(names)
    ]


def _below_one(shares: Floats) -> Floats:
    """Shares (kinds x operators x areas), lowered where those of all operators would add to too much."""
    total = shares.sum(axis=1, keepdims=True)
    return shares * np.minimum(1.0, _MOST_STATED / np.maximum(total, 1e-9))


def _network(
    population: Population,
    working: Working,
    around: Surroundings,
    *,
    name: str,
    knobs: Mapping[str, Any],
    shares: Shares,
) -> Network:
    land = population.land
    smear = smear_of(around, knobs)
    p = present_p(population, shares)
    devices = smear(np.ascontiguousarray(_customers(population, name, p).T, dtype=np.float32)).T
    covered = _covered(land, random(population.seed, "coverage", name), knobs["not_covered"])
    own, of_land = _covered_cells(working, covered)
    there = of_land >= 0
    layers = np.array([np.bincount(of_land[there], layer[there], minlength=len(own)) for layer in devices])
    region = np.zeros(len(own), dtype=np.int64)
    region[of_land[there]] = land.region[there]
    layers = layers.astype(np.float32)
    drawing = np.lexsort((layers[0] + np.float32(0.3) * layers[1], region))
    outages = tuple(
        Outage(
            h3.latlng_to_cell(each["lat"], each["lon"], each["resolution"]),
            each["from_utc"],
            each["to_utc"],
            each["share_active"],
        )
        for each in population.parameters["outages"]
        if each["operator"] == name
    )
    return Network(
        operator_id=name,
        knobs=knobs,
        shares=shares,
        cells=Working(working.h3[own], working.resolution[own], of_land),
        region=region,
        layers=layers,
        drawing=drawing,
        drawn_layers=np.ascontiguousarray(layers[:, drawing]),
        outages=outages,
        smear=smear,
        present_p=p,
    )


def present_p(population: Population, shares: Shares) -> Floats:
    """Devices seen for each person present, by what they do and where.

    Residents are customers where they live: of those who do an activity in an authority, the operator sees the mean of
    what it has in the authorities that they come from, weighted by how many come from each.

    Parameters
    ----------
    population : Population
        The population.
    shares : Shares
        The operator's shares.

    Returns
    -------
    array of float, activities x authorities
    """
    homes = population.homes
    mixed = np.tile(shares.inbound_p, (len(ACTIVITIES), 1))
    for place, activity in enumerate(ACTIVITIES[: VISITORS.start]):
        coming = population.destinations[activity]
        own = shares.at_home_p if activity == HOME else shares.away_p
        people = homes @ coming
        mixed[place] = np.divide((homes * own) @ coming, people, out=own.copy(), where=people > 0)
    return mixed


def observed(population: Population, network: Network, day: DayShares) -> Floats:
    """Devices that an operator is expected to see for each person present in an authority.

    What it sees depends on who is there: residents at home, people from elsewhere, visitors from abroad. Displacement,
    chance, events and outages are not in it.

    Parameters
    ----------
    population : Population
        The population.
    network : Network
        The operator's network.
    day : DayShares
        What people do on the day.

    Returns
    -------
    array of float, hours x authorities
    """
    shares = day.shares[:, population.country.areas.region]
    present = np.einsum("tak,ka->ta", shares, population.by_authority)
    seen = np.einsum("tak,ka->ta", shares, population.by_authority * network.present_p)
    return seen / present


def _customers(population: Population, name: str, p_present: Floats) -> Floats:
    """Devices in each cell by activity, before geolocation.

    Who lives, works or learns in a cell is the same every day, so that chance decides once how many of them are
    customers: n given N is binomial, taken here as a gamma factor with the same mean and variance.
    """
    land = population.land
    generator = random(population.seed, "customers", name)
    layers = population.layers.copy()
    for place, activity in enumerate(ACTIVITIES):
        p = p_present[place, land.authority]
        seen = layers[place] * p
        share = _USUAL.get(activity)
        if share is not None:
            shape = share * seen / np.maximum(1 - p, 0.05)
            drawn = generator.standard_gamma(np.maximum(shape, 1e-3))
            seen = seen * drawn / np.maximum(shape, 1e-3)
        layers[place] = seen
    return layers


def _covered(land: Land, generator: np.random.Generator, lacking: float) -> NDArray[np.bool_]:
    """Which cells a network reaches: all but some of those in whose parent nobody lives."""
    parents, place = np.unique(parents_of(land.h3, 7), return_inverse=True)
    empty = np.bincount(place, land.residents) == 0
    left_out = empty & (generator.random(len(parents)) < lacking / max(empty.mean(), lacking, 1e-9))
    return ~left_out[place]


def _covered_cells(working: Working, covered: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """The working cells that hold a covered cell, and the place among them of each cell of `Land`."""
    own = np.unique(working.of_land[covered])
    among = np.full(len(working.h3), -1)
    among[own] = np.arange(len(own))
    return own, among[working.of_land]


def factor_table(network: Network, population: Population) -> pa.Table:
    """The table `operator_factor`: for each authority and region, what the operator states."""
    areas, shares = population.country.areas, network.shares
    codes = [*areas.codes, *areas.regions]
    columns = {}
    for kind, (by_authority, by_region) in {
        "resident": (shares.stated_market, shares.stated_by_region[0]),
        "inbound": (shares.stated_inbound, shares.stated_by_region[1]),
    }.items():
        columns[kind] = np.concatenate([by_authority, by_region])
    size = len(codes)
    knobs = network.knobs
    table = pa.table(
        {
            "area_code": codes * 2,
            "segment": ["resident"] * size + ["inbound"] * size,
            "market_share": np.round(np.concatenate([columns["resident"], columns["inbound"]]), 5),
            "share_se": np.full(2 * size, knobs["share_se"]),
            "devices_per_person": np.full(2 * size, knobs["devices_per_person"]),
            "switched_on_rate": np.full(2 * size, knobs["switched_on_rate"]),
        },
        schema=delivery_tables()["operator_factor"].file_schema,
    )
    return table.sort_by([("area_code", "ascending"), ("segment", "ascending")])


def outage_table(network: Network, population: Population) -> pa.Table:
    """The table `coverage`: the operator's outages."""
    reasons = [each["reason"] for each in population.parameters["outages"] if each["operator"] == network.operator_id]
    return pa.Table.from_pylist(
        [
            {
                "h3_parent": outage.h3,
                "from_utc": outage.from_utc,
                "to_utc": outage.to_utc,
                "share_active": outage.share_active,
                "reason": reason,
            }
            for outage, reason in zip(network.outages, reasons, strict=True)
        ],
        schema=delivery_tables()["coverage"].file_schema,
    )
