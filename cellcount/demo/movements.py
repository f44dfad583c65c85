"""Trips and people by their homes: `od_day`, `home_presence`, `home_relocation` and `usual_environment`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.demo import country as places
from cellcount.demo.cells import Ledger, withheld
from cellcount.demo.counting import bits, draw
from cellcount.demo.country import Floats, Numbers
from cellcount.demo.days import NATIONS, hours_of, kind_of_day
from cellcount.demo.people import (
    ACTIVITIES,
    HOME,
    RESIDENT_ACTIVITIES,
    RESIDENTS,
    DayShares,
    Population,
    gravity,
    trips_by_hour,
)
from cellcount.demo.seeds import random
from cellcount.standard import DAY_PARTS, HOURS_OF_DAY, delivery_tables

LEAST_TRIPS = {"national": 0.05, "first_start": 75.0, "small": 0.05}
"""Trips a day, by detail, below which a pair of authorities is left out of the model altogether. A national
demonstration has nearly every pair that there can be; a first start has not the time for them."""
FEW_TRIPS = 60.0
"""Trips a day below which the trips of a pair are drawn one by one: cheaper than 24 hours that are nearly all 0."""
LEAST_PRESENT = 60.0
"""People of a home authority in another, at any time, below which the pair has no row of its own."""

_DETOUR, _SPEED_KMH, _STANDING_MINUTES = 1.3, 42.0, 9.0
"""Of a trip: road over straight line, speed on the way, and what it takes besides."""

_NARROW = np.float32


@dataclass(frozen=True)
class Trips:
    """Trips between authorities that a demonstration has.

    Parameters
    ----------
    origin, destination : array of int64
        Authorities of each pair that has trips.
    work, back : array of float
        Commuters who live at the origin and work at the destination, and the other way round, on a day on which every
        resident would work once.
    other : array of float
        Other trips of a weekday.
    km, minutes : array of float
        Of a trip.
    few : array of bool
        Whether a weekday has so few trips that they are drawn one by one.
    """

    origin: Numbers
    destination: Numbers
    work: Floats
    back: Floats
    other: Floats
    km: Floats
    minutes: Floats
    few: NDArray[np.bool_]


def open_trips(population: Population, authorities: Numbers, least: float = LEAST_TRIPS["national"]) -> Trips:
    """The pairs of authorities that have trips.

    Commuters go out and come back by the gravity model of work. Other trips are made both ways alike: most by a gravity
    model of their own, and a small share by one that hardly falls with distance, for the long journeys that a single
    model of short ones would leave out.

    Parameters
    ----------
    population : Population
        The population.
    authorities : array of int64
        Origins and destinations.
    least : float
        Trips a day below which a pair is left out.

    Returns
    -------
    Trips
    """
    areas, parameters = population.country.areas, population.parameters
    homes = population.homes
    work = homes[:, None] * population.destinations[places.WORK]
    near, far = parameters["gravity"]["other_trips"], parameters["gravity"]["long_trips"]
    pull = homes + homes @ population.destinations[places.SHOP] + homes @ population.destinations[places.LEISURE]
    chosen = (1 - far["share"]) * gravity(pull, areas.km, near["scale_km"], near["power"])
    chosen += far["share"] * gravity(pull, areas.km, far["scale_km"], far["power"])
    other = homes[:, None] * chosen
    other = (other + other.T) / 2 * _other_trips(parameters)
    inside = np.zeros_like(other, dtype=np.bool_)
    inside[np.ix_(authorities, authorities)] = True
    weekday = (work + work.T) * max(parameters["behaviour"]["weekday"]["work"]) + other
    origin, destination = np.nonzero(inside & (weekday >= least))
    km = areas.km[origin, destination]
    return Trips(
        origin,
        destination,
        work[origin, destination],
        work[destination, origin],
        other[origin, destination],
        km,
        _STANDING_MINUTES + 60 * _DETOUR * km / _SPEED_KMH,
        weekday[origin, destination] < FEW_TRIPS,
    )


def _other_trips(parameters: Mapping) -> float:
    """Trips a person and weekday that are not to or from work."""
    at_work = max(parameters["behaviour"]["weekday"]["work"])
    return float(trips_by_hour(parameters, weekend=False).sum() - 2 * at_work)


@dataclass(frozen=True)
class DayTrips:
    """Trips of a UTC day between authorities, by kind: from home to work, back from work, and others.

    Parameters
    ----------
    trips : Trips
        Pairs.
    nation : array of int64
        Of the origin of each pair.
    hours : array of float32, kinds x hours x nations
        Part of a pair's `work`, `back` and `other` that sets out in each hour.
    """

    trips: Trips
    nation: Numbers
    hours: NDArray[np.float32]

    @property
    def _whole(self) -> NDArray[np.float32]:
        """Trips of the day, kinds x pairs."""
        amounts = np.array([self.trips.work, self.trips.back, self.trips.other], dtype=_NARROW)
        return self.hours.sum(axis=1)[:, self.nation] * amounts

    @property
    def to_work(self) -> NDArray[np.float32]:
        """Trips of the day from home to work, by pair."""
        return self._whole[0]

    @property
    def total(self) -> NDArray[np.float32]:
        """All trips of the day, by pair."""
        return self._whole.sum(axis=0)

    def by_hour(self, pairs: Numbers) -> NDArray[np.float32]:
        """Trips of some pairs, kinds x hours x pairs."""
        trips = self.trips
        amounts = np.array([trips.work[pairs], trips.back[pairs], trips.other[pairs]], dtype=_NARROW)
        return self.hours[:, :, self.nation[pairs]] * amounts[:, None]


def trips_of_utc_day(population: Population, trips: Trips, date: dt.date) -> DayTrips:
    """Trips between authorities in each hour of a UTC day.

    Parameters
    ----------
    population : Population
        The population.
    trips : Trips
        Pairs.
    date : date
        UTC day.

    Returns
    -------
    DayTrips
    """
    parameters, areas = population.parameters, population.country.areas
    behaviour = parameters["behaviour"]
    nation = np.array([NATIONS.index(areas.nations[number]) for number in areas.region])[trips.origin]
    # Hours x nations: part of those who commute who go out and come back, and of a weekday's other trips.
    shares = np.zeros((3, HOURS_OF_DAY, len(NATIONS)), dtype=_NARROW)
    for hour in hours_of(date):
        for number, name in enumerate(NATIONS):
            kind = kind_of_day(hour.local_date, name)
            at_work = max(behaviour[kind]["work"])
            going, coming = (at_work * behaviour[way][hour.local_hour] for way in ("to_work", "from_work"))
            every = trips_by_hour(parameters, weekend=kind != "weekday")[hour.local_hour]
            rest = max(every - going - coming, 0.15 * every) / _other_trips(parameters)
            shares[:, hour.utc, number] = going, coming, rest
    return DayTrips(trips, nation, shares)


def trip_table(ledger: Ledger, day: DayTrips, date: dt.date, seed: int) -> pa.Table:
    """The rows of `od_day` of an operator.

    Who goes to work is a customer as often as those who live at the origin, who comes back from it as those who live at
    the destination; of other trips half are each. A row is delivered where a trip was seen; its kilometres and minutes
    where enough were seen in the day.

    Parameters
    ----------
    ledger : Ledger
        The operator's rows.
    day : DayTrips
        True trips.
    date : date
        UTC day.
    seed : int
        Of the demonstration.

    Returns
    -------
    pyarrow.Table
    """
    network, trips = ledger.network, day.trips
    generator = random(seed, "trips", network.operator_id, date)
    share = network.shares.away_p.astype(_NARROW)
    out, back = share[trips.origin], share[trips.destination]
    commuters, others = np.zeros((2, HOURS_OF_DAY, len(trips.origin)), dtype=np.uint32)
    dispersion = network.knobs["over_dispersion"]
    many, few = np.flatnonzero(~trips.few), np.flatnonzero(trips.few)
    seen = day.by_hour(many) * np.array([out[many], back[many], (out[many] + back[many]) / 2])[:, None]
    commuters[:, many] = draw(seen[0], bits(generator, *seen[0].shape), dispersion)
    others[:, many] = draw(seen[1] + seen[2], bits(generator, *seen[0].shape), dispersion)
    commuters[:, few], others[:, few] = _one_by_one(
        day, few, out[few], back[few], dispersion=dispersion, generator=generator
    )
    jitter = np.exp(0.05 * generator.standard_normal((2, len(trips.origin))))
    counts = np.stack([commuters + others, commuters])
    whole = counts.sum(axis=1)
    # Pairs in their order, each with all trips and then those to work.
    pair, purpose = np.nonzero(whole.T)
    number = whole[purpose, pair]
    enough = number >= network.knobs["threshold"]
    codes = pa.array(ledger.areas.codes)
    return pa.Table.from_arrays(
        [
            codes.take(pa.array(trips.origin[pair])),
            codes.take(pa.array(trips.destination[pair])),
            pa.array(["all", "home_work"]).take(pa.array(purpose)),
            *withheld(np.ascontiguousarray(counts[purpose, :, pair].T), network.knobs["threshold"]),
            pa.array(np.round(number * trips.km[pair] * jitter[0, pair], 1), mask=~enough),
            pa.array(np.round(trips.minutes[pair] * jitter[1, pair], 1), mask=~enough),
        ],
        schema=delivery_tables()["od_day"].file_schema,
    )


def _one_by_one(
    day: DayTrips,
    pairs: Numbers,
    out: NDArray[np.float32],
    back: NDArray[np.float32],
    *,
    dispersion: float,
    generator: np.random.Generator,
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Trips to work and others that an operator counts in pairs with few of them, each hours x pairs.

    The trips of a day are drawn for each pair and kind, and then an hour for every trip.
    """
    nation = day.nation[pairs]
    trips = day.trips
    amounts = np.array([trips.work[pairs], trips.back[pairs], trips.other[pairs]], dtype=_NARROW)
    seen = day.hours.sum(axis=1)[:, nation] * amounts * np.array([out, back, (out + back) / 2])
    counts = []
    for kind, mean in enumerate(seen):
        drawn = draw(mean, bits(generator, len(mean)), dispersion)
        hour = np.empty(int(drawn.sum()), dtype=np.int64)
        pair = np.repeat(np.arange(len(pairs)), drawn)
        chance = generator.random(len(hour), dtype=np.float32)
        for number in range(len(NATIONS)):
            there = np.flatnonzero(nation[pair] == number)
            until = np.cumsum(day.hours[kind, :, number], dtype=np.float64)
            hour[there] = np.searchsorted(until, chance[there] * until[-1], side="right")
        np.minimum(hour, HOURS_OF_DAY - 1, out=hour)
        number_of = np.bincount(hour * len(pairs) + pair, minlength=HOURS_OF_DAY * len(pairs))
        counts.append(number_of.astype(np.uint32).reshape(HOURS_OF_DAY, len(pairs)))
    return counts[0], counts[1] + counts[2]


@dataclass(frozen=True)
class HomePairs:
    """Pairs of a home authority and an authority in which its people are.

    Parameters
    ----------
    area, home : array of int64
        Authorities.
    people : array of float32, activities x pairs
        People of the home who would be in the area if all did the activity at once.
    """

    area: Numbers
    home: Numbers
    people: NDArray[np.float32]


def open_home_pairs(population: Population, authorities: Numbers) -> HomePairs:
    """The pairs that have more than a few people.

    Those of a home who are in a region by so few an authority that these have no row of their own are all taken to be
    in the one of these authorities where most of them are: everybody of a home is in some pair, once.

    Parameters
    ----------
    population : Population
        The population.
    authorities : array of int64
        Areas; homes are anywhere.

    Returns
    -------
    HomePairs
    """
    homes = population.homes
    everywhere = np.array([homes[:, None] * population.destinations[each] for each in RESIDENT_ACTIVITIES])
    behaviour = population.parameters["behaviour"]
    most = [max(behaviour["weekday"].get(each, [0.03])) for each in RESIDENT_ACTIVITIES]
    there = np.einsum("k,kij->ij", most, everywhere)
    kept = there >= LEAST_PRESENT
    inside = np.zeros(len(homes), dtype=np.bool_)
    inside[authorities] = True
    region = population.country.areas.region
    every = np.arange(len(homes))
    for number in range(region.max() + 1):
        places = np.flatnonzero(inside & (region == number))
        few = np.where(kept[:, places], 0.0, there[:, places])
        if not few.size:
            continue
        gathered = places[few.argmax(axis=1)]
        people = np.where(kept[:, places], 0.0, everywhere[:, :, places]).sum(axis=2)
        some = few.max(axis=1) > 0
        everywhere[:, every[some], gathered[some]] = people[:, some]
        kept[every[some], gathered[some]] = True
    area, home = np.nonzero(kept.T & inside[:, None])
    return HomePairs(area, home, everywhere[:, home, area].astype(_NARROW))


def home_table(ledger: Ledger, pairs: HomePairs, day: DayShares, seed: int) -> pa.Table:
    """The rows of `home_presence` of an operator: authorities, and the areas that contain them.

    It counts people by where they live, so that the share of their home counts wherever they are.

    Parameters
    ----------
    ledger : Ledger
        The operator's rows.
    pairs : HomePairs
        Pairs.
    day : DayShares
        What people do on the day.
    seed : int
        Of the demonstration.

    Returns
    -------
    pyarrow.Table
    """
    network = ledger.network
    generator = random(seed, "homes", network.operator_id, day.date)
    at_home, away = network.shares.at_home_p, network.shares.away_p
    p = np.array([at_home if each == HOME else away for each in RESIDENT_ACTIVITIES], dtype=_NARROW)
    region = ledger.areas.region[pairs.area]
    parts = []
    for hours in DAY_PARTS.values():
        shares = day.shares[list(hours)].mean(axis=0)[:, RESIDENTS].T.astype(_NARROW)
        parts.append((shares[:, region] * p[:, pairs.home] * pairs.people).sum(axis=0))
    mean = np.array(parts, dtype=_NARROW)
    counts = draw(mean, bits(generator, *mean.shape), network.knobs["over_dispersion"])
    codes, members = ledger.above
    blocks = [(pairs.area, pairs.home, counts)]
    names = [*ledger.areas.codes, *codes]
    for number, inside in enumerate(members):
        kept = inside[pairs.area]
        home, place = np.unique(pairs.home[kept], return_inverse=True)
        added = np.array([np.bincount(place, part[kept], minlength=len(home)) for part in counts]).astype(np.uint32)
        blocks.append((np.full(len(home), len(ledger.areas.codes) + number), home, added))
    area, home = (np.concatenate([block[column] for block in blocks]) for column in (0, 1))
    devices = np.concatenate([block[2] for block in blocks], axis=1)
    part, row = np.nonzero(devices)
    threshold = network.knobs["threshold"]
    table = pa.Table.from_arrays(
        [
            pa.array(names).take(pa.array(area[row])),
            pa.array(ledger.areas.codes).take(pa.array(home[row])),
            pa.array(list(DAY_PARTS)).take(pa.array(part)),
            *withheld(devices[part, row][None], threshold),
        ],
        schema=delivery_tables()["home_presence"].file_schema,
    )
    return table.sort_by([(name, "ascending") for name in ("area_code", "home_area_code")])


def relocation_table(ledger: Ledger, population: Population, seed: int) -> pa.Table:
    """The rows of `home_relocation` of an operator: who moved from one authority to another in a year."""
    areas, moves = population.country.areas, population.parameters["moves"]
    homes = population.homes
    km = areas.km.copy()
    share = gravity(homes, km, moves["scale_km"], moves["power"])
    np.fill_diagonal(share, 0)
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
    people = moves["share_a_year"] * homes[:, None] * share
    inside = np.zeros(len(homes), dtype=np.bool_)
    inside[ledger.authorities] = True
    before, after = np.nonzero((people >= 1.0) & inside[None, :] & inside[:, None])
    network = ledger.network
    generator = random(seed, "moves", network.operator_id)
    mean = (people[before, after] * network.shares.market[after]).astype(_NARROW)
    devices = draw(mean, bits(generator, len(mean)), 1.0)
    there = np.flatnonzero(devices)
    codes = pa.array(areas.codes)
    return pa.Table.from_arrays(
        [
            codes.take(pa.array(before[there])),
            codes.take(pa.array(after[there])),
            *withheld(devices[there][None], network.knobs["threshold"]),
        ],
        schema=delivery_tables()["home_relocation"].file_schema,
    )


def environment_table(ledger: Ledger, seed: int) -> pa.Table:
    """The rows of `usual_environment` of an operator: devices by the cell of their usual home or work."""
    network = ledger.network
    generator = random(seed, "environment", network.operator_id)
    cells = next(level.h3 for level in ledger.levels if level.resolution == 7)
    tables = []
    for label, activity, part, days in (("home", HOME, 1.0, 6.1), ("work", places.WORK, 0.4, 3.6)):
        mean = ledger.sevens[ACTIVITIES.index(activity)] * _NARROW(part)
        devices = draw(mean, bits(generator, len(mean)), 1.0)
        week = np.clip(days + 0.4 * generator.standard_normal(len(mean)), 0.5, 7.0)
        hidden = (devices - np.uint32(1)) < network.knobs["threshold"] - 1
        tables.append(
            pa.Table.from_arrays(
                [
                    pa.array(cells),
                    pa.array([label] * len(cells), pa.string()),
                    pa.array(devices, mask=hidden),
                    pa.array(np.round(week, 1), mask=hidden | (devices == 0)),
                ],
                schema=delivery_tables()["usual_environment"].file_schema,
            )
        )
    return pa.concat_tables(tables)
