"""Visits from abroad and trips abroad: `inbound_month`, `inbound_cell_month` and `outbound_month`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from cellcount.build.combine import Observed
from cellcount.build.figures import errors, figure, observed
from cellcount.build.keyed import side_by_side
from cellcount.build.release import ReleaseWriter
from cellcount.build.shares import Operator

RESIDENTS = "GB"
"""Country of residence of those who visit within their own country."""
VISIT_COLUMNS = (
    "visits",
    "nights",
    "departures",
    "repeat_visits",
    "main_destination_visits",
    "secondary_destination_visits",
    "transit_visits",
)
INBOUND_CELL_RESOLUTION = 7


def write_inbound_month(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, month: str, threshold: int
) -> None:
    """Estimate, protect and write one month of `inbound_month`.

    Visitors from abroad are expanded by the operators' shares of inbound roamers, residents' own trips (`GB`) by those
    of residents. Where visits are withheld, so is everything said of them.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    operators : sequence of Operator
        Operators.
    countries : pyarrow.Array
        Codes of countries.
    month : str
        `YYYY-MM`.
    threshold : int
        Devices below which a figure is withheld.
    """
    side = side_by_side(operators, operators[0].zones, countries, "inbound_month", month=month)
    if side is None:
        return
    area = side.codes["area_code"]
    at_home = side.codes["country_of_residence"] == countries.index(RESIDENTS).as_py()
    shares = [
        np.where(at_home, resident, inbound)
        for resident, inbound in zip(side.shares(area), side.shares(area, "inbound"), strict=True)
    ]
    residents, visitors = observed(side.operators, area), observed(side.operators, area, "inbound")
    seen = Observed(np.where(at_home, residents.share, visitors.share), np.where(at_home, residents.cv, visitors.cv))
    visits = figure(side.counts("visits"), shares, threshold)
    columns = {
        name: figure(side.counts(name), shares, threshold).hidden_where(visits.withheld).released()
        for name in VISIT_COLUMNS
    }
    table = pa.table({**side.key_columns(), **columns, "se": errors(columns["visits"], seen)})
    writer.write("inbound_month", table, month=month)


def write_inbound_cell_month(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, month: str, threshold: int
) -> None:
    """Estimate, protect and write one month of `inbound_cell_month`.

    Parameters
    ----------
    writer, operators, countries, month, threshold
        As for `write_inbound_month`.
    """
    zones = operators[0].zones
    side = side_by_side(operators, zones, countries, "inbound_cell_month", month=month)
    if side is None:
        return
    area = zones.cell_areas(side.codes["h3"], INBOUND_CELL_RESOLUTION)
    people = figure(side.counts("devices"), side.shares(area, "inbound"), threshold).released()
    table = pa.table(
        {
            **side.key_columns(),
            "people": people,
            "se": errors(people, observed(side.operators, area, "inbound")),
        }
    )
    writer.write("inbound_cell_month", table, month=month)


def write_outbound_month(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, month: str, threshold: int
) -> None:
    """Estimate, protect and write one month of `outbound_month`.

    Parameters
    ----------
    writer, operators, countries, month, threshold
        As for `write_inbound_month`.
    """
    side = side_by_side(operators, operators[0].zones, countries, "outbound_month", month=month)
    if side is None:
        return
    home = side.codes["home_area_code"]
    shares = side.shares(home)
    trips = figure(side.counts("trips"), shares, threshold)
    nights = figure(side.counts("nights"), shares, threshold).hidden_where(trips.withheld)
    released = trips.released()
    table = pa.table(
        {
            **side.key_columns(),
            "trips": released,
            "nights": nights.released(),
            "se": errors(released, observed(side.operators, home)),
        }
    )
    writer.write("outbound_month", table, month=month)
