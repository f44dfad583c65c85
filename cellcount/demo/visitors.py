"""Visits from abroad and trips abroad, by month: `inbound_month`, `inbound_cell_month` and `outbound_month`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.demo.cells import Ledger, withheld
from cellcount.demo.counting import bits, draw, split
from cellcount.demo.country import AWAY, COUNTRY, Areas, Floats
from cellcount.demo.days import days_in
from cellcount.demo.parameters import Parameters
from cellcount.demo.people import ACTIVITIES, LODGING, SIGHTS, VISITORS, Population, mean_nights
from cellcount.demo.seeds import random
from cellcount.standard import DAY_PARTS, delivery_tables

STAYS = ("same_day", "1", "2-3", "4-7", "8+")
RESIDENTS_CODE, UNKNOWN_CODE = "GB", "XX"

_STAY_NIGHTS = {"same_day": (0, 0), "1": (1, 1), "2-3": (2, 3), "4-7": (4, 7), "8+": (8, 90)}
_SHORTER = np.array([0.20, 0.30, 0.33, 0.14, 0.03])
"""Stays in one authority are shorter than the whole visit to the country: half of them are like this."""
_LEAST_PRESENT = 2.0
"""Devices of a country in a cell, at any time of day, below which the model has none of it there."""
_TILT = 0.35
"""Standard deviation of the logarithm of how much a country's visitors prefer a region."""


@dataclass(frozen=True)
class Visits:
    """Visits in a month as they are.

    Parameters
    ----------
    countries : tuple of str
        Codes, with `GB` for residents' own trips.
    people : array of float, countries x authorities
        Visits that begin in the month.
    stays : array of float, countries x stays
        Shares of lengths of stay.
    present : array of float, countries
        Mean people present in the country.
    """

    countries: tuple[str, ...]
    people: Floats
    stays: Floats
    present: Floats


def visits_in(population: Population, month: str) -> Visits:
    """The visits that begin in a month, before operators see them.

    Parameters
    ----------
    population : Population
        The population.
    month : str
        `YYYY-MM`.

    Returns
    -------
    Visits
    """
    parameters, areas = population.parameters, population.country.areas
    visitors = parameters["visitors"]
    season = visitors["month_visits"][int(month[-2:]) - 1] / sum(visitors["month_visits"])
    lodging, sights, away = (population.by_authority[ACTIVITIES.index(each)] for each in (LODGING, SIGHTS, AWAY))
    codes, people, stays, present = [], [], [], []
    for code, thousands, reach in _countries(parameters):
        # Those from afar see the sights; those from near also come to see friends all over the country.
        where = lodging * (0.8 if reach == "far" else 1.0) + sights * (0.2 if reach == "far" else 0.0)
        tilt = np.exp(_TILT * random(population.seed, "countries", code).standard_normal(len(areas.regions)))
        where = where * tilt[areas.region]
        visits = 1e3 * thousands * season
        codes.append(code)
        people.append(visits * visitors["authorities_per_visit"] * where / where.sum())
        stays.append(0.5 * np.array(visitors[f"stay_{reach}"]) + 0.5 * _SHORTER)
        present.append(visits * mean_nights(parameters, reach) / days_in(month))
    outdoors = parameters["behaviour"]["season_away"]
    trips = visitors["home_visits"] * outdoors[int(month[-2:]) - 1] / np.mean(outdoors)
    codes.append(RESIDENTS_CODE)
    people.append(trips * away)
    stays.append(np.array(visitors["stay_home"]))
    present.append(0.0)
    return Visits(tuple(codes), np.array(people), np.array(stays), np.array(present))


def _countries(parameters: Parameters) -> Iterator[tuple[str, float, str]]:
    """Code, thousands of visits in a year and reach of each country, and of the unknown."""
    visitors = parameters["visitors"]
    for code, (thousands, reach) in visitors["countries"].items():
        yield code, thousands, reach
    total = sum(thousands for thousands, _ in visitors["countries"].values())
    yield UNKNOWN_CODE, total * visitors["unknown_country"], "middle"


def inbound_table(ledger: Ledger, population: Population, visits: Visits, month: str) -> pa.Table:
    """The rows of `inbound_month` of an operator.

    Nights of areas add up to those of the area above them; visits do not, for one visit is to several areas.

    Parameters
    ----------
    ledger : Ledger
        The operator's rows.
    population : Population
        The population.
    visits : Visits
        True visits.
    month : str
        `YYYY-MM`.

    Returns
    -------
    pyarrow.Table
    """
    network, visitors = ledger.network, population.parameters["visitors"]
    generator = random(population.seed, "inbound", network.operator_id, month)
    own = ledger.authorities
    at_home = np.array([code == RESIDENTS_CODE for code in visits.countries])
    # Residents on a trip of their own are customers as often as those who live where they come from.
    residents = network.present_p[ACTIVITIES.index(AWAY), own]
    p = np.where(at_home[:, None], residents, network.shares.inbound_p[own])
    # Countries x stays x authorities.
    mean = ((visits.people[:, own] * p)[:, None, :] * visits.stays[:, :, None]).astype(np.float32)
    counts = draw(mean, bits(generator, *mean.shape), network.knobs["over_dispersion"])
    columns = _visit_columns(counts, generator, visitors)
    codes, members = ledger.above
    tables = {name: [column] for name, column in columns.items()}
    for code, inside in zip(codes, members[:, own], strict=True):
        part = _visits_per_authority(code, ledger.areas, visitors)
        for name, column in columns.items():
            within = column[:, :, inside]
            total = within.sum(axis=2)
            if name != "nights":
                total = np.maximum(np.rint(part * total).astype(total.dtype), within.max(axis=2, initial=0))
            tables[name].append(total[:, :, None])
        tables["nights"][-1] = _carried(tables["nights"][-1], tables["visits"][-1])
    full = {name: np.concatenate(column, axis=2).astype(np.uint32) for name, column in tables.items()}
    country, stay, area = np.nonzero(full["visits"])
    names = [*(ledger.areas.codes[number] for number in own), *codes]
    threshold = network.knobs["threshold"]
    hidden = (full["visits"][country, stay, area] - np.uint32(1)) < threshold - 1
    figures = []
    for name in columns:
        column = full[name][country, stay, area]
        small = (column - np.uint32(1)) < threshold - 1
        figures.append(pa.array(column, mask=small | (hidden & (column > 0))))
    table = pa.Table.from_arrays(
        [
            pa.array(names).take(pa.array(area)),
            pa.array(visits.countries).take(pa.array(country)),
            pa.array(STAYS).take(pa.array(stay)),
            *figures,
        ],
        schema=delivery_tables()["inbound_month"].file_schema,
    )
    return table.sort_by([(name, "ascending") for name in ("area_code", "country_of_residence", "stay")])


def _visits_per_authority(code: str, areas: Areas, visitors: Parameters) -> float:
    """Visits to an area, for each visit to one of its authorities: one visit to it may be to several of them."""
    if code == COUNTRY:
        return 1 / visitors["authorities_per_visit"]
    to_region = visitors["regions_per_authority"]
    return to_region if code in areas.regions else to_region * visitors["nations_per_region"]


def _carried(nights: NDArray[np.uint32], visits: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Nights (countries x stays x 1), those that are too many for the visits of a stay counted as of the next longer.

    Two stays of one night in two authorities are one of two nights in their region.
    """
    carried = nights.astype(np.int64)
    for place, stay in enumerate(STAYS[:-1]):
        excess = np.maximum(carried[:, place] - _STAY_NIGHTS[stay][1] * visits[:, place].astype(np.int64), 0)
        carried[:, place] -= excess
        carried[:, place + 1] += excess
    return carried.astype(np.uint32)


def _visit_columns(
    counts: NDArray[np.uint32], generator: np.random.Generator, visitors: Parameters
) -> dict[str, NDArray[np.uint32]]:
    """What is said of visits (countries x stays x authorities), in the order of the standard's columns."""
    nights = np.zeros(counts.shape, dtype=np.uint32)
    for place, stay in enumerate(STAYS):
        least, most = _STAY_NIGHTS[stay]
        visits = counts[:, place]
        usual = visitors["stay_nights"][place] * (1 + 0.1 * generator.standard_normal(visits.shape))
        nights[:, place] = np.clip(np.rint(visits * usual), least * visits, most * visits)
    ended = np.rint(counts * (1 + 0.02 * generator.standard_normal(counts.shape)))

    def some(whole: NDArray[np.uint32], chance: float) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        return split(whole, np.full(whole.shape, chance, dtype=np.float32), bits(generator, *whole.shape))

    repeat, _ = some(counts, visitors["repeat"])
    transit, rest = some(counts, visitors["transit"])
    main, secondary = some(rest, 1 / visitors["authorities_per_visit"])
    return {
        "visits": counts,
        "nights": nights,
        "departures": ended.astype(np.uint32),
        "repeat_visits": repeat,
        "main_destination_visits": main,
        "secondary_destination_visits": secondary,
        "transit_visits": transit,
    }


def inbound_cell_table(ledger: Ledger, population: Population, visits: Visits, month: str) -> pa.Table:
    """The rows of `inbound_cell_month` of an operator: visitors by cell of resolution 7, country and day part."""
    network, parameters = ledger.network, population.parameters
    generator = random(population.seed, "inbound cells", network.operator_id, month)
    lodging, airport = (np.array(parameters["visitors"][name]) for name in ("lodging", "airport"))
    by_hour = np.array([lodging, 1 - lodging - airport, airport])
    shares = np.array([by_hour[:, list(hours)].mean(axis=1) for hours in DAY_PARTS.values()])
    everywhere = (shares @ ledger.sevens[VISITORS]).astype(np.float32)
    cells = next(level.h3 for level in ledger.levels if level.resolution == 7)
    regions = ledger.areas.regions
    threshold = network.knobs["threshold"]
    columns: list[list[NDArray]] = [[], [], [], []]
    for number, code in enumerate(visits.countries):
        if code == RESIDENTS_CODE:
            continue
        tilt = np.exp(_TILT * random(population.seed, "countries", code).standard_normal(len(regions)))
        mean = everywhere * (visits.present[number] * tilt[ledger.seven_regions]).astype(np.float32)
        kept = np.flatnonzero(mean.max(axis=0) >= _LEAST_PRESENT)
        devices = draw(np.ascontiguousarray(mean[:, kept]), bits(generator, len(mean), len(kept)), 1.0)
        part, place = np.nonzero(devices)
        found: tuple[NDArray, ...] = (cells[kept[place]], np.full(len(part), number), part, devices[part, place])
        for column, values in zip(columns, found, strict=True):
            column.append(values)
    h3, country, part, devices = (np.concatenate(column) for column in columns)
    table = pa.Table.from_arrays(
        [
            pa.array(h3),
            pa.array(visits.countries).take(pa.array(country)),
            pa.array(list(DAY_PARTS)).take(pa.array(part)),
            *withheld(devices[None], threshold),
        ],
        schema=delivery_tables()["inbound_cell_month"].file_schema,
    )
    return table.sort_by([(name, "ascending") for name in ("h3", "country_of_residence", "day_part")])


def outbound_table(ledger: Ledger, population: Population, month: str) -> pa.Table:
    """The rows of `outbound_month` of an operator: residents' trips abroad.

    Nights of a month over its days are the residents of each authority who are abroad, as the population has it: the
    countries that they go to differ from one authority to another, and how many go does not.
    """
    network, abroad = ledger.network, population.parameters["residents_abroad"]
    generator = random(population.seed, "outbound", network.operator_id, month)
    own = ledger.authorities
    season = abroad["month"][int(month[-2:]) - 1] / sum(abroad["month"])
    codes = tuple(sorted(abroad["countries"]))
    share = np.array([abroad["countries"][code] for code in codes])
    tilt = np.exp(0.2 * random(population.seed, "outbound").standard_normal((len(ledger.areas.codes), len(codes))))
    where = share * tilt / (share * tilt).sum(axis=1, keepdims=True)
    people = ledger.areas.residents[:, None] * abroad["visits_per_person"] * season * where
    mean = (people * network.shares.away_p[:, None])[own].astype(np.float32)
    trips = draw(mean, bits(generator, *mean.shape), network.knobs["over_dispersion"])
    usual = abroad["nights_per_visit"] * (1 + 0.05 * generator.standard_normal(trips.shape))
    nights = np.rint(trips * usual).astype(np.uint32)
    area, country = np.nonzero(trips)
    threshold = network.knobs["threshold"]
    hidden = (trips[area, country] - np.uint32(1)) < threshold - 1
    few = (nights[area, country] - np.uint32(1)) < threshold - 1
    return pa.Table.from_arrays(
        [
            pa.array([ledger.areas.codes[number] for number in own]).take(pa.array(area)),
            pa.array(codes).take(pa.array(country)),
            pa.array(trips[area, country], mask=hidden),
            pa.array(nights[area, country], mask=hidden | few),
        ],
        schema=delivery_tables()["outbound_month"].file_schema,
    )
