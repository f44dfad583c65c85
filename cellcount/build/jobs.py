"""The parts of a build that are done side by side: a day of cells, a range of cells, a day of trips, and so on.

Each takes what the whole build was told, and an item; it may be done in a process of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.cells import Model
from cellcount.build.flows import DayFlows, estimate_flows_day, write_flows_day
from cellcount.build.gathered import Gathered
from cellcount.build.history import write_range
from cellcount.build.homes import write_home_presence, write_home_relocation
from cellcount.build.network import calibrated
from cellcount.build.present import DayWritten, write_day
from cellcount.build.protect import Disclosure
from cellcount.build.release import ReleaseWriter
from cellcount.build.shares import Operator
from cellcount.build.visitors import write_inbound_cell_month, write_inbound_month, write_outbound_month

Uncertainty = NDArray[np.float64]


@dataclass(frozen=True)
class Making:
    """What every job is told.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    model : Model
        What estimates are made with.
    resolutions : tuple of int
        H3 resolutions.
    countries : pyarrow.Array
        Codes of countries.
    disclosure : Disclosure
        How the release is protected.
    """

    writer: ReleaseWriter
    model: Model
    resolutions: tuple[int, ...]
    countries: pa.Array
    disclosure: Disclosure

    def customers(self, share_cv: Uncertainty) -> list[Operator]:
        """Operators with calibrated shares, for all that is counted by home."""
        return calibrated(self.model.operators, self.model.calibration, share_cv)


def day_of_cells(making: Making, date: dt.date) -> tuple[DayWritten, Gathered]:
    """Estimate, protect and write a day of cells; what it tells of errors comes with it."""
    gathered = Gathered(making.model.operators[0].zones)
    model = replace(making.model, gathered=gathered)
    return write_day(making.writer, model, making.resolutions, date, making.disclosure), gathered


def range_of_cells(making: Making, item: tuple[int, tuple[int, int], int]) -> None:
    """Write histories and typical days of a range of cells: resolution, first and last cell, number of the file."""
    resolution, within, number = item
    zones = making.model.operators[0].zones
    write_range(making.writer, zones, resolution, making.model.dates, within, part=number)


def day_of_trips(making: Making, item: tuple[dt.date, Uncertainty]) -> DayFlows | None:
    """Estimate a day of trips."""
    date, share_cv = item
    return estimate_flows_day(making.customers(share_cv), making.countries, date, making.disclosure)


def trips_written(making: Making, day: DayFlows) -> None:
    """Write a day of trips."""
    write_flows_day(making.writer, day, making.disclosure)


BY_HOME: dict[str, Callable[[ReleaseWriter, list[Operator], pa.Array, str, Disclosure], None]] = {
    "home_presence": lambda writer, operators, countries, date, disclosure: write_home_presence(
        writer, operators, countries, dt.date.fromisoformat(date), disclosure
    ),
    "home_relocation": write_home_relocation,
    "inbound_month": write_inbound_month,
    "inbound_cell_month": write_inbound_cell_month,
    "outbound_month": write_outbound_month,
}
"""Tables that are made of the table of the same name in deliveries, one partition at a time."""


def partition_by_home(making: Making, item: tuple[str, str, Uncertainty]) -> None:
    """Estimate and write one partition of a table of `BY_HOME`."""
    table, value, share_cv = item
    BY_HOME[table](making.writer, making.customers(share_cv), making.countries, value, making.disclosure)
