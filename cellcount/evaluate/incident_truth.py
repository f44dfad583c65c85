"""What the events of a demonstration really did: the people present with them, less those without.

The truth has the people with all events in it. What the events did is worked out once more, from the seed and the
scenario, and that both are of one demonstration is checked against the truth itself.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cellcount.demo import MARKER, RESOLUTIONS
from cellcount.demo.country import open_country
from cellcount.demo.events import Effect, effects
from cellcount.demo.parameters import load_parameters
from cellcount.demo.people import day_shares, people_present, settle
from cellcount.evaluate.truth import EvaluationError, TrueCells, Truth, parents, read

Floats = NDArray[np.float64]
Cells = NDArray[np.int64]

CROWD, EVACUATION, OUTAGE = "crowd", "evacuation", "outage"
"""Kinds of events."""
EPOCH = dt.date(1970, 1, 1)
HOURS = 24
NEAR_ENOUGH = 1.0
"""People by which a cell may differ between what is worked out and the truth, which is in whole people."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of `events.parquet`.

    Attributes
    ----------
    kind : str
        `CROWD`, `EVACUATION` or `OUTAGE`.
    name : str
        Its name; of an outage the reason.
    lat, lon : float
        Its middle, degrees.
    radius_km : float or None
        How far it reaches; None of an outage.
    start, end : datetime
        Naive UTC.
    """

    kind: str
    name: str
    lat: float
    lon: float
    radius_km: float | None
    start: dt.datetime
    end: dt.datetime


class Happened:
    """The events of a demonstration, and what they did.

    Parameters
    ----------
    folder : Path
        Folder `truth` of the demonstration.
    scenario : Path, optional
        TOML file of parameters that the demonstration was made with.

    Raises
    ------
    EvaluationError
        If there is no such truth, or it is of another scenario.
    """

    def __init__(self, folder: Path, scenario: Path | None = None) -> None:
        self.truth = Truth(folder)
        self.parameters = load_parameters(scenario)
        self._folder = folder
        self._days: dict[dt.date, TrueCells] = {}
        self._effects: dict[dt.date, list[Effect]] = {}
        everybody = settle(open_country(), self.parameters, self._seed())
        # A small demonstration is of some cells of resolution 5, with all that is in them.
        coarse, looked_at = RESOLUTIONS[0], self._day(self.truth.dates[0]).h3
        inside = np.isin(parents(everybody.land.h3, coarse), parents(looked_at, coarse))
        self.population = everybody if inside.all() else everybody.within(inside)
        self._check()

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Events that begin and end within the days of the truth."""
        rows, days = read(self._folder / "events.parquet").to_pylist(), set(self.truth.dates)
        return tuple(
            Event(row["kind"], row["name"], row["lat"], row["lon"], row["radius_km"], row["from_utc"], row["to_utc"])
            for row in rows
            if {row["from_utc"].date(), row["to_utc"].date()} <= days
        )

    def effect(self, cells: Cells, resolution: int, at: NDArray[np.int64]) -> Floats:
        """People who are in cells because of all events together, less those who are away.

        Parameters
        ----------
        cells : array of int64, shape (cells,)
            H3 cells of a resolution, ascending.
        resolution : int
            Theirs.
        at : array of int64, shape (hours,)
            UTC hours since 1970; -1 is no hour.

        Returns
        -------
        array of float, shape (cells, hours)
            0 in no hour.
        """
        found = np.zeros((len(cells), len(at)))
        for date, columns in _by_date(at):
            for each in self._of(date):
                above = parents(self.population.land.h3[each.cells], resolution)
                place = np.minimum(np.searchsorted(cells, above), len(cells) - 1)
                inside = cells[place] == above
                for column in columns:
                    people = each.people[at[column] % HOURS][inside]
                    found[:, column] += np.bincount(place[inside], people, minlength=len(cells))
        return found

    def people(self, cells: Cells, resolution: int, at: NDArray[np.int64]) -> Floats:
        """People who are really in cells, of the shape (cells, hours); NaN in no hour. See `effect`."""
        found = np.full((len(cells), len(at)), np.nan)
        for date, columns in _by_date(at):
            people, _ = self._day(date).at(cells, resolution)
            found[:, columns] = people[at[columns] % HOURS].T
        return found

    def _seed(self) -> int:
        file = self._folder.parent / MARKER
        try:
            return int(json.loads(file.read_text(encoding="utf-8"))["seed"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EvaluationError(
                f"{file} does not say with which seed the demonstration was made. Name the folder `truth` where the "
                f"demonstration was written, with {MARKER} beside it."
            ) from error

    def _day(self, date: dt.date) -> TrueCells:
        if date not in self._days:
            self._days[date] = self.truth.cells(date)
        return self._days[date]

    def _of(self, date: dt.date) -> list[Effect]:
        if date not in self._effects:
            self._effects[date] = effects(self.population, date)
        return self._effects[date]

    def _check(self) -> None:
        """Refuse a truth that is not what the seed and the scenario give."""
        happening = [each.start.date() for each in self.events if each.kind != OUTAGE]
        date = happening[0] if happening else self.truth.dates[0]
        population, known = self.population, self._day(date)
        people = people_present(population, day_shares(population, date))
        for each in self._of(date):
            people[:, each.cells] += each.people
        for resolution in np.unique(known.resolution).tolist():
            rows = np.flatnonzero(known.resolution == resolution)
            cells = np.sort(known.h3[rows])
            above = parents(population.land.h3, resolution)
            place = np.minimum(np.searchsorted(cells, above), len(cells) - 1)
            inside = cells[place] == above
            order = np.argsort(known.h3[rows])
            for hour in range(HOURS):
                found = np.bincount(place[inside], people[hour][inside], minlength=len(cells))
                off = np.abs(np.maximum(found, 0) - known.people[hour][rows][order].astype(np.float64))
                if off.max(initial=0.0) > NEAR_ENOUGH:
                    raise EvaluationError(
                        f"{self._folder} is of another scenario than the one named: on {date} a cell differs by "
                        f"{off.max():,.0f} people. Name the scenario that the demonstration was made with."
                    )


def _by_date(at: NDArray[np.int64]) -> list[tuple[dt.date, NDArray[np.int64]]]:
    """The UTC dates of hours, and which of the hours are of each."""
    days = np.where(at >= 0, at // HOURS, -1)
    return [
        (EPOCH + dt.timedelta(days=day), np.flatnonzero(days == day)) for day in np.unique(days).tolist() if day >= 0
    ]
