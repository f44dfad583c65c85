"""What is really so behind the deliveries, for evaluation only: it is kept outside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cellcount.atomic import write_text
from cellcount.demo.country import Numbers, Working
from cellcount.demo.days import utc
from cellcount.demo.events import Effect
from cellcount.demo.movements import DayTrips, Trips
from cellcount.demo.networks import Network, observed
from cellcount.demo.people import DayShares, Population, people_present
from cellcount.demo.visitors import Visits
from cellcount.demo.writing import write_parquet
from cellcount.standard import HOUR_COLUMNS, HOURS_OF_DAY

README = """\
# The truth behind the demonstration

Made up, and for evaluation only: no operator knows it, and no page or build may read it. Every figure is an expected
number of people (or trips, or visits), before any operator counted, missed, misplaced or withheld a device. Hours are
UTC.

- `people/date=YYYY-MM-DD/part-0.parquet`: one row for each cell of the finest resolution of its place. `h3`,
  `resolution`, `h00` ... `h23` people present, to the nearest whole person.
- `area_people.parquet`: one row for each date and area (authorities; regions, nations and `UK` where whole). `date`,
  `area_code`, `h00` ... `h23` people present.
- `balance.parquet`: one row for each date and hour, of the whole country, whatever part of it the deliveries cover.
  `date`, `hour`, `residents`, `abroad`, `inbound`, `present`: present = residents - abroad + inbound.
- `trips.parquet`: one row for each date, origin and destination. `date`, `origin_code`, `destination_code`, `trips`,
  `home_work`, in the UTC day.
- `visits.parquet`: one row for each month, authority and country. `month`, `area_code`, `country_of_residence`,
  `visits`.
- `shares.parquet`: one row for each operator and authority. `operator_id`, `area_code`, `market_share` (of those who
  live there, wherever they are), `inbound_share` (of visitors from abroad who are there), `devices_per_customer`: what
  `operator_factor` states with an error.
- `observed.parquet`: one row for each date, operator and authority of the country. `date`, `operator_id`, `area_code`,
  `h00` ... `h23` devices expected for each person present there, whoever they are: residents at home, people from
  elsewhere and visitors. Displacement, chance, events and outages are not in it.
- `events.parquet`: one row for each event. `kind`, `name`, `lat`, `lon`, `radius_km`, `from_utc`, `to_utc`, `people`
  (of an evacuation: the share of those present who left), `operator_id` (of an outage).
"""


@dataclass(frozen=True)
class TrueDay:
    """What is remembered of a UTC day until all days are written.

    Parameters
    ----------
    day : DayShares
        What people did.
    areas : array of float, hours x authorities
        People present.
    present : array of float, hours
        People present in the whole country.
    observed : dict of str to array
        By operator, devices expected for each person present.
    to_work, trips : arrays of float, pairs
        Trips of commuters to work, and all trips.
    """

    day: DayShares
    areas: NDArray[np.float64]
    present: NDArray[np.float64]
    observed: dict[str, NDArray]
    to_work: NDArray
    trips: NDArray


class TruthWriter:
    """Writes the truth.

    Parameters
    ----------
    folder : Path
        Where.
    population : Population
        The population.
    working : Working
        Cells of the demonstration.
    authorities : array of int64
        Authorities that are delivered.
    straddling : csr_array, authorities x cells of `Land`
        Part of each cell in each authority.
    """

    def __init__(
        self, folder: Path, population: Population, working: Working, authorities: Numbers, straddling: csr_array
    ) -> None:
        self.folder = folder
        self._population = population
        self._working = working
        self._authorities = authorities
        self._straddling = straddling.astype(np.float32)
        self._order = np.argsort(working.of_land, kind="stable")
        self._starts = np.flatnonzero(np.diff(working.of_land[self._order], prepend=-1))
        self._days: dict[dt.date, TrueDay] = {}

    def write_day(
        self, day: DayShares, effects: Sequence[Effect], networks: Sequence[Network], trips: DayTrips
    ) -> TrueDay:
        """Write the people present on a UTC day; the rest of what is true of it is to be handed to `add`."""
        people = people_present(self._population, day)
        for effect in effects:
            people[:, effect.cells] += effect.people
        columns = []
        for hour in people:
            there = np.add.reduceat(hour[self._order], self._starts)
            columns.append(pa.array(np.rint(np.maximum(there, 0)).astype(np.uint32)))
        table = pa.table(
            {
                "h3": self._working.h3,
                "resolution": self._working.resolution.astype(np.uint8),
                **dict(zip(HOUR_COLUMNS, columns, strict=True)),
            }
        )
        write_parquet(table, self.folder / "people" / f"date={day.date}" / "part-0.parquet")
        return TrueDay(
            day=day,
            areas=np.array([self._straddling @ hour for hour in people]),
            present=np.einsum("trk,kr->t", day.shares, self._population.by_region),
            observed={each.operator_id: observed(self._population, each, day) for each in networks},
            to_work=trips.to_work,
            trips=trips.total,
        )

    def add(self, day: TrueDay) -> None:
        """Remember a day."""
        self._days[day.day.date] = day

    def finish(self, trips: Trips, visits: Mapping[str, Visits], networks: Sequence[Network]) -> None:
        """Write all that is not written by day."""
        tables = {
            "area_people": self._area_people(),
            "balance": self._balance_table(),
            "trips": self._trips_table(trips),
            "visits": self._visits_table(visits),
            "shares": self._shares_table(networks),
            "observed": self._observed_table(),
            "events": self._events_table(networks),
        }
        for name, table in tables.items():
            write_parquet(table, self.folder / f"{name}.parquet")
        write_text(self.folder / "README.md", README)

    def _area_people(self) -> pa.Table:
        areas = self._population.country.areas
        codes, members = areas.above()
        chosen = np.isin(np.arange(len(areas.codes)), self._authorities)
        whole = (members & ~chosen).sum(axis=1) == 0
        names = [*(areas.codes[number] for number in self._authorities), *np.array(codes)[whole].tolist()]
        tables = []
        for date, true in sorted(self._days.items()):
            people = true.areas
            above = people @ members[whole].T.astype(np.float64)
            figures = np.round(np.concatenate([people[:, self._authorities], above], axis=1), 1)
            columns = {"date": pa.array([date] * len(names), pa.date32()), "area_code": names}
            tables.append(pa.table({**columns, **dict(zip(HOUR_COLUMNS, figures, strict=True))}))
        return pa.concat_tables(tables)

    def _balance_table(self) -> pa.Table:
        rows = sorted(self._days.items())
        return pa.table(
            {
                "date": pa.array(np.repeat([date for date, _ in rows], HOURS_OF_DAY), pa.date32()),
                "hour": np.tile(np.arange(HOURS_OF_DAY, dtype=np.uint8), len(rows)),
                "residents": np.full(len(rows) * HOURS_OF_DAY, self._population.residents),
                "abroad": np.concatenate([true.day.abroad for _, true in rows]),
                "inbound": np.concatenate([true.day.inbound for _, true in rows]),
                "present": np.concatenate([true.present for _, true in rows]),
            }
        )

    def _trips_table(self, trips: Trips) -> pa.Table:
        codes = pa.array(self._population.country.areas.codes)
        tables = [
            pa.table(
                {
                    "date": pa.array([date] * len(trips.origin), pa.date32()),
                    "origin_code": codes.take(pa.array(trips.origin)),
                    "destination_code": codes.take(pa.array(trips.destination)),
                    "trips": np.round(true.trips.astype(np.float64), 1),
                    "home_work": np.round(true.to_work.astype(np.float64), 1),
                }
            )
            for date, true in sorted(self._days.items())
        ]
        return pa.concat_tables(tables)

    def _visits_table(self, visits: Mapping[str, Visits]) -> pa.Table:
        codes = np.array(self._population.country.areas.codes)[self._authorities]
        tables = []
        for month, each in sorted(visits.items()):
            number, size = len(each.countries), len(codes)
            tables.append(
                pa.table(
                    {
                        "month": [month] * (number * size),
                        "area_code": np.tile(codes, number).tolist(),
                        "country_of_residence": np.repeat(each.countries, size).tolist(),
                        "visits": np.round(each.people[:, self._authorities].ravel(), 2),
                    }
                )
            )
        return pa.concat_tables(tables)

    def _shares_table(self, networks: Sequence[Network]) -> pa.Table:
        codes = self._population.country.areas.codes
        return pa.table(
            {
                "operator_id": np.repeat([each.operator_id for each in networks], len(codes)).tolist(),
                "area_code": list(codes) * len(networks),
                "market_share": np.concatenate([each.shares.market for each in networks]),
                "inbound_share": np.concatenate([each.shares.inbound for each in networks]),
                "devices_per_customer": np.repeat([each.shares.devices for each in networks], len(codes)),
            }
        )

    def _observed_table(self) -> pa.Table:
        codes = self._population.country.areas.codes
        tables = []
        for date, true in sorted(self._days.items()):
            for operator_id, shares in true.observed.items():
                named = {
                    "date": pa.array([date] * len(codes), pa.date32()),
                    "operator_id": [operator_id] * len(codes),
                    "area_code": list(codes),
                }
                hours = dict(zip(HOUR_COLUMNS, np.round(shares, 6), strict=True))
                tables.append(pa.table({**named, **hours}))
        return pa.concat_tables(tables)

    def _events_table(self, networks: Sequence[Network]) -> pa.Table:
        parameters = self._population.parameters
        rows = [
            {
                "kind": each["kind"],
                "name": each["name"],
                **{name: each[name] for name in ("lat", "lon", "radius_km", "people")},
                "from_utc": utc(each["from"]),
                "to_utc": utc(each["to"]),
                "operator_id": None,
            }
            for each in parameters["events"]
        ]
        known = {network.operator_id for network in networks}
        rows += [
            {
                "kind": "outage",
                "name": each["reason"],
                "lat": each["lat"],
                "lon": each["lon"],
                "radius_km": None,
                "people": None,
                "from_utc": each["from_utc"],
                "to_utc": each["to_utc"],
                "operator_id": each["operator"],
            }
            for each in parameters["outages"]
            if each["operator"] in known
        ]
        schema = pa.schema(
            [
                ("kind", pa.string()),
                ("name", pa.string()),
                ("lat", pa.float64()),
                ("lon", pa.float64()),
                ("radius_km", pa.float64()),
                ("people", pa.float64()),
                ("from_utc", pa.timestamp("us")),
                ("to_utc", pa.timestamp("us")),
                ("operator_id", pa.string()),
            ]
        )
        return pa.Table.from_pylist(rows, schema=schema)
