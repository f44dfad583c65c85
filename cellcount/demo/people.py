"""The true population: how many are where, hour by hour, whom no operator has counted yet.

Everybody is in one activity at a time. An activity has a layer, the people who would be in each cell if everybody did
it at once, and a share of people who do it in each hour; people present are the sum over activities of layer x share.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cellcount.demo import country as places
from cellcount.demo.country import Country, Floats, Land
from cellcount.demo.days import NATIONS, days_in, hours_of, is_bank_holiday, is_school_holiday, kind_of_day
from cellcount.demo.parameters import Parameters
from cellcount.demo.seeds import random
from cellcount.standard import HOURS_OF_DAY

HOME, TRAVEL = "home", "travel"
RESIDENT_ACTIVITIES = (
    HOME,
    places.WORK,
    places.SCHOOL,
    places.SHOP,
    places.LEISURE,
    places.VISIT,
    places.OUTDOOR,
    places.AWAY,
    TRAVEL,
)
LODGING, SIGHTS, AIRPORT = "lodging", "sights", "airport"
VISITOR_ACTIVITIES = (LODGING, SIGHTS, AIRPORT)
ACTIVITIES = (*RESIDENT_ACTIVITIES, *VISITOR_ACTIVITIES)
RESIDENTS = slice(0, len(RESIDENT_ACTIVITIES))
VISITORS = slice(len(RESIDENT_ACTIVITIES), len(ACTIVITIES))

SEGMENT_OF = {HOME: "at_home", places.WORK: "at_work", **dict.fromkeys(VISITOR_ACTIVITIES, "inbound")}
"""The segment that an activity is counted in; all others are `visiting`."""

_TRAVELLERS = {HOME: 0.40, places.WORK: 0.30, places.SHOP: 0.10, places.STATIONS: 0.20}
"""Where travellers are: near the places between which they travel, and at stations."""

_CHUNK = 4096
"""Cells worked out together: small enough for the processor's cache."""


@dataclass(frozen=True)
class Population:
    """Who lives where and does what where.

    Parameters
    ----------
    country : Country
        The country.
    parameters : Parameters
        Parameters.
    seed : int
        Of the demonstration.
    land : Land
        The cells of the demonstration: all of the country's, or some.
    layers : array of float, activities x cells of `land`
        People who would be in each cell if all residents (all visitors: 1) did the activity at once.
    destinations : dict of str to array of float, homes x places
        For each activity of residents, where those of each authority do it: rows add to 1.
    by_authority : array of float, activities x authorities
        Layers of the whole country, added up.
    """

    country: Country
    parameters: Parameters
    seed: int
    land: Land
    layers: NDArray[np.float64]
    destinations: Mapping[str, Floats]
    by_authority: Floats

    @property
    def homes(self) -> Floats:
        """Residents of each authority."""
        return self.by_authority[ACTIVITIES.index(HOME)]

    @property
    def residents(self) -> float:
        """All residents of the country."""
        return float(self.homes.sum())

    @cached_property
    def by_region(self) -> Floats:
        """Layers of the whole country, added up: activities x regions."""
        areas = self.country.areas
        return np.array([np.bincount(areas.region, layer, minlength=len(areas.regions)) for layer in self.by_authority])

    def within(self, cells: NDArray[np.bool_]) -> Population:
        """The same population, of which only some cells are looked at."""
        return replace(self, land=self.land.some(cells), layers=self.layers[:, cells])


def settle(country: Country, parameters: Parameters, seed: int) -> Population:
    """Give everybody a home, and each activity its places.

    Who lives in an authority chooses among all authorities in proportion to attraction x (1 + km / scale) ^ -power, a
    gravity model constrained at the origin (Wilson 1971), and among an authority's cells in proportion to attraction.

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
    Population

    References
    ----------
    Wilson, A. G. (1971). A family of spatial interaction models, and associated developments. Environment and
    Planning 3, 1-32.
    """
    pull = places.attraction(country, parameters, seed)
    land, areas = country.land, country.areas
    number = len(areas.codes)
    homes: Floats = np.bincount(land.authority, land.residents, minlength=number).astype(np.float64)
    destinations: dict[str, Floats] = {HOME: np.eye(number)}
    layers: dict[str, Floats] = {HOME: land.residents}
    for activity, weight in pull.of.items():
        there = np.bincount(land.authority, weight, minlength=number).astype(np.float64)
        curve = parameters["gravity"]["work" if activity == places.STATIONS else activity]
        destinations[activity] = gravity(there, areas.km, curve["scale_km"], curve["power"])
        arrivals = homes @ destinations[activity]
        within = np.divide(arrivals, there, out=np.zeros(number), where=there > 0)
        layers[activity] = weight * within[land.authority]
    destinations[TRAVEL] = sum(part * destinations[each] for each, part in _TRAVELLERS.items())  # type: ignore[assignment]
    layers[TRAVEL] = sum(part * layers[each] for each, part in _TRAVELLERS.items())  # type: ignore[assignment]
    layers |= {LODGING: pull.lodging, SIGHTS: pull.sights, AIRPORT: pull.airport}
    return Population(
        country,
        parameters,
        seed,
        land,
        np.array([layers[activity] for activity in ACTIVITIES]),
        {activity: destinations[activity] for activity in RESIDENT_ACTIVITIES},
        np.array([np.bincount(land.authority, layers[each], minlength=number) for each in ACTIVITIES]),
    )


def gravity(attraction: Floats, km: Floats, scale_km: float, power: float) -> Floats:
    """Share of those at each origin who go to each destination.

    Parameters
    ----------
    attraction : array of float
        Of each destination.
    km : array of float, origins x destinations
        Distances.
    scale_km, power : float
        Of the decay (1 + km / scale) ^ -power.

    Returns
    -------
    array of float, origins x destinations
        Rows add to 1.

    Examples
    --------
    Two places 9 km apart, the second with four times the attraction: the near one draws 1, the far one 4 x 2 ^ -3.

    >>> gravity(np.array([1.0, 4.0]), np.array([[0.0, 9.0], [9.0, 0.0]]), scale_km=9.0, power=3.0)[0]
    array([0.66666667, 0.33333333])
    """
    pull = attraction * (1 + km / scale_km) ** -power
    return pull / pull.sum(axis=1, keepdims=True)


def visitors_present(parameters: Parameters, date: dt.date) -> float:
    """People from abroad who are in the country on a local day: visits of the month x their nights, over its days."""
    visitors = parameters["visitors"]
    year = sum(visitors["month_visits"])
    month = visitors["month_visits"][date.month - 1] / year
    nights = sum(1e3 * visits * mean_nights(parameters, reach) for visits, reach in visitors["countries"].values())
    nights *= 1 + visitors["unknown_country"]
    weekend = visitors["weekend"] if date.weekday() >= 4 else (7 - 3 * visitors["weekend"]) / 4
    return nights * month / days_in(f"{date:%Y-%m}") * weekend


def mean_nights(parameters: Parameters, reach: str) -> float:
    """Mean nights of a visit from countries of a reach: near, middle or far.

    Examples
    --------
    >>> from cellcount.demo.parameters import load_parameters
    >>> round(mean_nights(load_parameters(), "near"), 2)
    4.18
    """
    visitors = parameters["visitors"]
    return float(np.dot(visitors[f"stay_{reach}"], visitors["stay_nights"]))


def share_abroad(parameters: Parameters, date: dt.date) -> float:
    """Share of residents who are abroad on a local day."""
    abroad = parameters["residents_abroad"]
    nights = abroad["visits_per_person"] * abroad["nights_per_visit"] * abroad["month"][date.month - 1]
    return float(nights / sum(abroad["month"]) / days_in(f"{date:%Y-%m}"))


@dataclass(frozen=True)
class DayShares:
    """What people do on a UTC day.

    Parameters
    ----------
    date : date
        UTC day.
    shares : array of float, hours x regions x activities
        Factor of each layer in each region.
    abroad : array of float, hours
        Residents who are abroad.
    inbound : array of float, hours
        Visitors who are here.
    """

    date: dt.date
    shares: NDArray[np.float64]
    abroad: Floats
    inbound: Floats


def day_shares(population: Population, date: dt.date) -> DayShares:
    """How many do what in each region and hour of a UTC day.

    Those at home are the rest, so that residents present are residents less those abroad, exactly, in every hour: what
    commuting between regions that live the day differently would upset is made good in the homes of all regions alike.

    Parameters
    ----------
    population : Population
        The population.
    date : date
        UTC day.

    Returns
    -------
    DayShares
    """
    parameters, areas = population.parameters, population.country.areas
    shares = np.zeros((HOURS_OF_DAY, len(areas.regions), len(ACTIVITIES)))
    hours = hours_of(date)
    days = {hour.local_date for hour in hours}
    here = {local: visitors_present(parameters, local) for local in days}
    away = {local: population.residents * share_abroad(parameters, local) for local in days}
    factor = {local: _day_factor(population, local) for local in days}
    for hour in hours:
        shares[hour.utc, :, VISITORS] = here[hour.local_date] * _visitor_shares(parameters, hour.local_hour)
        by_nation = {name: _resident_shares(parameters, hour.local_date, hour.local_hour, name) for name in NATIONS}
        usual = np.array([by_nation[nation] for nation in areas.nations])
        shares[hour.utc, :, RESIDENTS] = usual * factor[hour.local_date]
    inbound = np.array([here[hour.local_date] for hour in hours])
    abroad = np.array([away[hour.local_date] for hour in hours])
    at_home = ACTIVITIES.index(HOME)
    totals = population.by_region
    shares[:, :, at_home] = 1 - shares[:, :, RESIDENTS].sum(axis=2) - (abroad / population.residents)[:, None]
    others = np.einsum("trk,kr->t", shares[:, :, RESIDENTS], totals[RESIDENTS])
    homes = shares[:, :, at_home] @ totals[at_home]
    others -= homes
    shares[:, :, at_home] *= ((population.residents - abroad - others) / homes)[:, None]
    return DayShares(date, shares, abroad, inbound)


def _day_factor(population: Population, local: dt.date) -> Floats:
    """How much larger or smaller each activity is in each region on a day, for no stated reason."""
    size = (len(population.country.areas.regions), len(RESIDENT_ACTIVITIES))
    spread = population.parameters["behaviour"]["day_to_day"]
    drawn = random(population.seed, "day", local).standard_normal(size)
    return np.exp(spread * np.clip(drawn, -3, 3) - spread**2 / 2)


def _visitor_shares(parameters: Parameters, hour: int) -> Floats:
    lodging, airport = (parameters["visitors"][name][hour] for name in ("lodging", "airport"))
    return np.array([lodging, 1 - lodging - airport, airport])


def _resident_shares(parameters: Parameters, local: dt.date, hour: int, nation: str) -> Floats:
    """Share of residents in each activity but home in one local hour, before the day's own variation."""
    behaviour = parameters["behaviour"]
    kind = kind_of_day(local, nation)
    table = {activity: hours[hour] for activity, hours in behaviour[kind].items()}
    weekend = local.weekday() >= 5
    if kind == "weekday" and local.weekday() == 4 and hour >= 17:
        table[places.LEISURE] *= behaviour["friday_evening_leisure"]
    if is_bank_holiday(local, nation):
        table[places.WORK] *= behaviour["bank_holiday_work"]
    if (local.month, local.day) == (12, 25):
        for activity in (places.WORK, places.LEISURE, places.SHOP, places.VISIT):
            table[activity] *= behaviour[f"christmas_day_{activity}"]
    if ((local.month, local.day) == (12, 31) and hour >= 20) or ((local.month, local.day) == (1, 1) and hour < 3):
        table[places.LEISURE] *= behaviour["new_year_leisure"]
    if kind == "weekday" and is_school_holiday(local, nation, parameters):
        table[places.SCHOOL] = 0.0
        for activity in (places.WORK, places.SHOP, places.OUTDOOR):
            table[activity] *= behaviour[f"school_holiday_{activity}"]
    table[places.OUTDOOR] *= behaviour["season_outdoor"][local.month - 1]
    table[places.AWAY] = behaviour["season_away"][local.month - 1] * (behaviour["weekend_away"] if weekend else 1.0)
    table[TRAVEL] = share_travelling(parameters, weekend=kind != "weekday", hour=hour)
    return np.array([table.get(activity, 0.0) for activity in RESIDENT_ACTIVITIES])


def trips_by_hour(parameters: Parameters, *, weekend: bool) -> Floats:
    """Trips that a person starts in each local hour of a day."""
    behaviour = parameters["behaviour"]
    shape = np.array(behaviour["journeys_weekend" if weekend else "journeys_weekday"])
    level = behaviour["trips_per_person"] * (behaviour["weekend_trips"] if weekend else 1.0)
    return level * shape / shape.sum()


def share_travelling(parameters: Parameters, *, weekend: bool, hour: int) -> float:
    """Share of people on the way: trips started in the hour x their length."""
    hours = parameters["behaviour"]["minutes_per_trip"] / 60
    return float(trips_by_hour(parameters, weekend=weekend)[hour] * hours)


def people_present(population: Population, day: DayShares) -> NDArray[np.float32]:
    """People present in each cell of `Land` and hour, but for events.

    Parameters
    ----------
    population : Population
        The population.
    day : DayShares
        What people do on the day.

    Returns
    -------
    array of float32, hours x cells
    """
    return present_of(population.layers, day.shares, population.land.region)


def present_of(layers: NDArray, shares: NDArray, region: NDArray[np.int64]) -> NDArray[np.float32]:
    """Sum over activities of layer x share of the cell's region; cells of a region must lie together.

    Parameters
    ----------
    layers : array, activities x cells
        Layers.
    shares : array, hours x regions x activities
        Shares.
    region : array of int
        Region of each cell, in runs.

    Returns
    -------
    array of float32, hours x cells
    """
    shares, layers = shares.astype(np.float32), layers.astype(np.float32)
    present = np.zeros((len(shares), layers.shape[1]), dtype=np.float32)
    starts = np.flatnonzero(np.diff(region, prepend=-1))
    for start, end in zip(starts, [*starts[1:], layers.shape[1]], strict=True):
        for first in range(start, end, _CHUNK):
            cells = slice(first, min(first + _CHUNK, end))
            product = np.empty_like(present[:, cells])
            for activity, layer in enumerate(layers[:, cells]):
                np.multiply(shares[:, region[start], activity, None], layer, out=product)
                present[:, cells] += product
    return present
