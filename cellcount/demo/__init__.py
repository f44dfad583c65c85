"""The demonstration: three operators' deliveries of a made-up population on the United Kingdom's real geography.

`make_demonstration` writes `deliveries/operator-a`, `-b` and `-c` in the national cell count standard and, beside them,
`truth/`: what no operator knows. Nothing in it is about real people; the same seed gives the same bytes (on the same
versions of NumPy and Arrow).

The model
---------
*People.* Everybody lives in a cell of resolution 8 of the reference geography (residents of mid-2020s estimates) and is
in one activity in each local hour: at home, at work, at school, shopping, out, visiting, outdoors, away overnight,
travelling, or abroad (`people`). How many do what when is in `data/scenarios/default.toml`, by weekday, Saturday and
Sunday; a bank holiday of a nation is lived as a Sunday in that nation only. Travel follows the share of people who
start a journey in each hour, fitted by the UK Health Security Agency to a UK operator's data of 2023 (gemmm, Open
Government Licence v3.0). Each activity varies a little from day to day in each region, at random.

*Places.* An authority's people choose among all authorities by a gravity model constrained at the origin (Wilson 1971),
and among its cells by attraction: residents, towns' centres (from GeoNames), a list of large centres, airports and
sights, and a random factor for each cell (`country`). Commuting was fitted by eye to the Census of 2021.

*Visitors.* Visits from abroad follow the Office for National Statistics' overseas travel figures of 2019, by country
and month; where visitors go, by a list of sights, town centres and friends' homes (`visitors`). Residents present are
residents less those abroad, and all present are these and the visitors, exactly, in every hour.

*Events* are in the week of 2 to 8 November 2026: Bonfire Night crowds, a football match, the evacuation around a
fictional works, and one operator's outage; New Year's Eve comes with a year. Crowds are missing from the homes around
(`events`).

*Operators* have a share of people that differs by the region and authority where these live, and see it wherever they
go; chance decides once who of a cell's residents, workers and pupils are customers, and in every hour how many are
counted, over-dispersed (`counting`). Devices are displaced by a walk between neighbouring cells whose mean squared
length is that of a normal error with the operator's median, small in town and large in the country (`networks`). Each
cell-hour is counted once, at the finest resolution; coarser cells and areas add up, segments part what was counted, and
only then are small counts withheld (`cells`).

What it is not
--------------
A day's activity is the same for all who live in a region: there are no ages, no students away at university, no shift
patterns of one place. A holiday is lived where one is, not where one lives. There is no weather and no growth. Trips
and people by their home know nothing of the events; people of a home who are very few in each of some authorities of a
region are gathered in one of them. A national demonstration has trips between nearly every pair of authorities, about
130,000; a first start leaves out those with fewer than 75 a day, and has about 20,000. Borders of authorities
cut cells by chance, not as they run. Operators' counts vary independently from hour to hour, but for who is a customer.
An operator whose network is down loses devices; nobody roams on to another.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cellcount.atomic import write_json
from cellcount.build.release import sweep
from cellcount.demo.cells import Ledger, area_table, cell_table, count_day, open_ledger, straddling_parts
from cellcount.demo.country import Areas, Land, Numbers, on_sphere, open_country, parents_of, working_cells
from cellcount.demo.days import months_up_to, period
from cellcount.demo.events import Effect, effects
from cellcount.demo.movements import (
    LEAST_TRIPS,
    HomePairs,
    Trips,
    environment_table,
    home_table,
    open_home_pairs,
    open_trips,
    relocation_table,
    trip_table,
    trips_of_utc_day,
)
from cellcount.demo.networks import Network, factor_table, open_networks, outage_table, surroundings
from cellcount.demo.parameters import Parameters, load_parameters
from cellcount.demo.people import Population, day_shares, settle
from cellcount.demo.truth import TrueDay, TruthWriter
from cellcount.demo.visitors import Visits, inbound_cell_table, inbound_table, outbound_table, visits_in
from cellcount.demo.writing import DeliveryWriter, Entry
from cellcount.errors import CellCountError
from cellcount.progress import Progress, part, silent
from cellcount.side_by_side import Workers

__all__ = ["DemonstrationError", "make_demonstration"]


MARKER = "demonstration.json"
RESOLUTIONS = (5, 6, 7, 8)
LONDON, NORTH_EAST = "E12000007", "E12000001"
EVENT_AREA_KM = 12.0
"""Around an event, how far cells are counted at resolution 8 where the rest of the country is not."""
PROCESSES_FROM = 1_000_000
"""Cells times days from which a process of its own, which takes two seconds to start, is worth it."""


class DemonstrationError(CellCountError):
    """The demonstration cannot be made as asked."""


def make_demonstration(
    out: Path,
    *,
    weeks: int = 5,
    seed: int = 1,
    detail: str = "national",
    scenario: Path | None = None,
    progress: Progress = silent,
) -> Path:
    """Make three operators' deliveries of a made-up population, and the truth behind them.

    Parameters
    ----------
    out : Path
        Folder to make: `deliveries/operator-.../` and `truth/` in it. A demonstration that is there is replaced.
    weeks : int
        1 to 52. Up to five end with Sunday 8 November 2026, the week of the events; more begin on Monday 5 October
        2026.
    seed : int
        The same seed, weeks, detail and scenario give the same bytes.
    detail : {"national", "first_start", "small"}
        Resolution 8 everywhere; resolution 7, with London and the surroundings of the events at 8 (and only there
        segments at 7); or resolution 8 in the North East of England alone.
    scenario : Path, optional
        TOML file of parameters that differ from `data/scenarios/default.toml`.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    DemonstrationError
        If `out` holds something else or cannot be written, or an argument cannot be.
    ScenarioError
        If the scenario is not one.
    """
    if detail not in ("national", "first_start", "small"):
        raise DemonstrationError(f"There is no detail {detail!r}. Choose national, first_start or small.")
    if not 1 <= weeks <= 52:
        raise DemonstrationError(f"{weeks} weeks cannot be made. Choose 1 to 52.")
    parameters = load_parameters(scenario)
    prefix = f".making-{out.name}-"
    aside = out.parent / f"{prefix}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        _refuse_foreign(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        sweep(out.parent, prefix)
        aside.mkdir()
        _make(aside, parameters, period(parameters, weeks), seed=seed, detail=detail, progress=progress)
        described = {"what": "cell count demonstration", "seed": seed, "weeks": weeks, "detail": detail}
        write_json(aside / MARKER, described)
        _put_in_place(aside, out)
    except OSError as error:
        raise DemonstrationError(
            f"The demonstration cannot be written to {out} ({error.strerror or error}). Nothing half-written was kept. "
            "Make room or give access, or name another folder, and start again."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    progress(1.0, "The demonstration is made")
    return out


def _refuse_foreign(out: Path) -> None:
    """Refuse to replace anything but an earlier demonstration or an empty folder."""
    if not out.exists():
        return
    if not out.is_dir():
        raise DemonstrationError(f"{out} is a file. Name a folder that is not there yet, or an empty one.")
    if any(out.iterdir()) and not (out / MARKER).is_file():
        raise DemonstrationError(
            f"{out} holds something that is not a demonstration (it has no {MARKER}), and is left as it is. Name a "
            "folder that is not there yet, or an empty one."
        )


def _put_in_place(aside: Path, out: Path) -> None:
    """Rename what was made into place; what was there goes only then."""
    before = out.with_name(f".{out.name}-before-{os.getpid()}")
    if out.exists():
        out.rename(before)
    aside.rename(out)
    shutil.rmtree(before, ignore_errors=True)


def _make(
    folder: Path, parameters: Parameters, dates: Sequence[dt.date], *, seed: int, detail: str, progress: Progress
) -> None:
    progress(0.0, "Settling the people")
    everybody = settle(open_country(), parameters, seed)
    areas = everybody.country.areas
    included, authorities = _included(everybody.land, areas, detail)
    population = everybody if included.all() else everybody.within(included)
    land = population.land
    working = working_cells(land, _finest(land, areas, parameters, dates, detail))
    around = surroundings(land)
    straddling = straddling_parts(land, len(areas.codes), around, seed)
    progress(0.03, "Setting up the operators' networks")
    networks = open_networks(population, working, around)
    ledgers = [
        open_ledger(network, land, areas, straddling=straddling, authorities=authorities, resolutions=RESOLUTIONS)
        for network in networks
    ]
    writers = [DeliveryWriter(folder / "deliveries" / network.operator_id) for network in networks]
    truth = TruthWriter(folder / "truth", population, working, authorities, straddling)
    trips = open_trips(population, authorities, LEAST_TRIPS[detail])
    pairs = open_home_pairs(population, authorities)

    months = months_up_to(dates[-1])
    visits = {month: visits_in(population, month) for month in months}
    counting = Counting(population, networks, ledgers, writers, truth, trips, pairs, seed)
    with Workers(counting, processes=len(land.h3) * len(dates) >= PROCESSES_FROM) as work:
        told = part(progress, 0.08, 0.85)
        for done, (true, entries) in enumerate(work.each(_one_day, dates), start=1):
            truth.add(true)
            _add(writers, entries)
            told(done / len(dates), f"Counting devices, day {done} of {len(dates)}")
        told = part(progress, 0.85, 0.97)
        items = [(number, month, visits[month]) for number in range(len(writers)) for month in months]
        for done, entries in enumerate(work.each(_one_month, items), start=1):
            _add(writers, entries)
            told(done / len(items), f"Counting visits, month {done} of {len(items)}")
    year = f"{months[0]}_{months[-1]}"
    for ledger, writer in zip(ledgers, writers, strict=True):
        network = ledger.network
        writer.write("home_relocation", relocation_table(ledger, population, seed), period=year)
        writer.write("usual_environment", environment_table(ledger, seed))
        writer.write("operator_factor", factor_table(network, population))
        writer.write("coverage", outage_table(network, population))
        writer.finish(network.operator_id, network.knobs, dates, RESOLUTIONS)
    progress(0.97, "Writing down the truth")
    truth.finish(trips, visits, networks)


@dataclass(frozen=True)
class Counting:
    """What is needed to count a day: people, networks, rows, and where everything is written.

    Parameters
    ----------
    population : Population
        The people.
    networks, ledgers, writers : sequences
        Operators' networks, rows and deliveries.
    truth : TruthWriter
        What is really so.
    trips : Trips
        Trips between authorities.
    pairs : HomePairs
        Authorities where people live and where they are.
    seed : int
        Of the demonstration.
    """

    population: Population
    networks: Sequence[Network]
    ledgers: Sequence[Ledger]
    writers: Sequence[DeliveryWriter]
    truth: TruthWriter
    trips: Trips
    pairs: HomePairs
    seed: int


Entries = list[tuple[int, Entry]]
"""Files that were written, each with the number of its operator."""


def _one_day(counting: Counting, date: dt.date) -> tuple[TrueDay, Entries]:
    population, seed = counting.population, counting.seed
    day = day_shares(population, date)
    happening: list[Effect] = effects(population, date)
    trips = trips_of_utc_day(population, counting.trips, date)
    true = counting.truth.write_day(day, happening, counting.networks, trips)
    entries: Entries = []
    for number, (ledger, writer) in enumerate(zip(counting.ledgers, counting.writers, strict=True)):
        counted = count_day(ledger, day, happening, population.land, seed)
        tables = {
            "cell_day": cell_table(ledger, counted),
            "area_day": area_table(ledger, counted),
            "od_day": trip_table(ledger, trips, date, seed),
            "home_presence": home_table(ledger, counting.pairs, day, seed),
        }
        entries += [(number, writer.write(name, table, date=date)) for name, table in tables.items()]
    return true, entries


def _one_month(counting: Counting, item: tuple[int, str, Visits]) -> Entries:
    number, month, visits = item
    ledger, population = counting.ledgers[number], counting.population
    tables = {
        "inbound_month": inbound_table(ledger, population, visits, month),
        "inbound_cell_month": inbound_cell_table(ledger, population, visits, month),
        "outbound_month": outbound_table(ledger, population, month),
    }
    return [(number, counting.writers[number].write(name, table, month=month)) for name, table in tables.items()]


def _add(writers: Sequence[DeliveryWriter], entries: Entries) -> None:
    for number, entry in entries:
        writers[number].add([entry])


def _included(land: Land, areas: Areas, detail: str) -> tuple[NDArray[np.bool_], Numbers]:
    """Which cells are part of the demonstration, and which authorities."""
    if detail != "small":
        return np.ones(len(land.h3), dtype=np.bool_), np.arange(len(areas.codes))
    region = areas.regions.index(NORTH_EAST) if NORTH_EAST in areas.regions else 0
    above = parents_of(land.h3, RESOLUTIONS[0])
    return np.isin(above, above[land.region == region]), np.flatnonzero(areas.region == region)


def _finest(
    land: Land, areas: Areas, parameters: Parameters, dates: Sequence[dt.date], detail: str
) -> NDArray[np.bool_]:
    """Which cells are counted at resolution 8."""
    if detail != "first_start":
        return np.ones(len(land.h3), dtype=np.bool_)
    london = areas.regions.index(LONDON) if LONDON in areas.regions else -1
    chosen = land.region == london
    places = [each for each in parameters["events"] if dates[0] <= each["from"].date() <= dates[-1]]
    for each in [*places, *parameters["outages"]]:
        centre = on_sphere(np.array(each["lat"]), np.array(each["lon"]))
        chosen |= np.linalg.norm(land.points - centre, axis=1) <= EVENT_AREA_KM
    return chosen
