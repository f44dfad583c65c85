"""What a view of the density page states: people present, or the difference between two times. No Streamlit here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import h3
import numpy as np

from cellcount.ui import reading, window_reading
from cellcount.ui.compare import Comparison
from cellcount.ui.hour import CELL_KM2, UNITS
from cellcount.ui.pinned import (
    NO_INTERVAL,
    SHARE,
    WIDE,
    Inputs,
    NotTheSameError,
    Stated,
    amount,
    area_of,
    bracket,
    certain,
    day_of,
    difference,
    inputs_of_day,
    opening,
    place,
    place_of_slot,
)
from cellcount.ui.reading import Release
from cellcount.ui.times import Slot
from cellcount.ui.view import Area, Day, Measure, View
from cellcount.ui.words import difference as in_per_cent
from cellcount.ui.words import number, percent, signed_interval

KIND = "density"
LABELS: dict[Measure, str] = {
    "people": "People present",
    "per_km2": "People present per km²",
    "per_resident": "People present per resident",
    "precision": "Standard error of the people present",
}


def inputs_of(view: View, hour: str, cell: int | None, comparison: Comparison) -> dict[str, Any]:
    """What a view is worked out from.

    Parameters
    ----------
    view : View
        Area, day and measure.
    hour : str
        Label of the step.
    cell : int or None
        The cell that is picked.
    comparison : Comparison
        What it is compared with.
    """
    found: dict[str, Any] = {"area": view.area.code, "measure": view.measure, "hour": hour, **inputs_of_day(view.day)}
    if comparison.day is not None:
        return {**found, "against": inputs_of_day(comparison.day), "against_hour": comparison.hour}
    return found if cell is None else {**found, "cell": f"{cell:x}"}


def stated(release: Release, inputs: Inputs) -> Stated:
    """What a view of the density page states in a release.

    Parameters
    ----------
    release : Release
        The release.
    inputs : mapping
        As `inputs_of` wrote them.

    Raises
    ------
    NotTheSameError
        Where the release lacks the area, the day, the hour or the cell.
    """
    if "against" in inputs:
        return _difference(release, inputs)
    area, day = area_of(release, inputs), day_of(release, inputs)
    at = place_of_slot(day, inputs["hour"])
    when = opening(day, day.slots[at])
    if "cell" in inputs:
        return _of_cell(release, inputs, area, day, at)
    people, error = _total(release, area, day, at)
    return _told(inputs, when, f"in {place(area.name)}", (people, error), _divisors(area.km2, area.residents))


def _told(
    inputs: Inputs,
    when: str,
    where: str,
    figure: tuple[float, float],
    divisors: Mapping[str, float | None],
) -> Stated:
    """The sentence and the figure of people present somewhere, by measure."""
    measure: Measure = inputs["measure"]
    people, error = figure
    if not math.isfinite(people):
        said = f"{when}, the number of people {where} is withheld or not covered by the release."
        return Stated(said, amount(KIND, inputs, None, None, unit=UNITS[measure], label=LABELS[measure]), NO_INTERVAL)
    if measure == "precision":
        share = error / people if people else math.nan
        said = f"{when}, the number of people present {where} has a standard error of {percent(share)}."
        found = amount(KIND, inputs, share, None, unit=SHARE, label=LABELS[measure], by=100)
        return Stated(said, found, certain(people, error))
    by = divisors.get(measure, 1.0)
    if by is None or not by > 0:
        said = f"{when}, there is no number of {UNITS[measure]} {where}: what it is divided by is not known."
        return Stated(said, amount(KIND, inputs, None, None, unit=UNITS[measure], label=LABELS[measure]), NO_INTERVAL)
    value, doubt = people / by, error / by
    verb = {
        "people": f"about {number(value, doubt)} people were present {where}",
        "per_km2": f"about {number(value, doubt)} people per km² were present {where}",
        "per_resident": f"about {number(value, doubt)} people per resident were present {where}",
    }[measure]
    return Stated(
        f"{when}, {verb}{bracket(value, doubt)}.",
        amount(KIND, inputs, value, doubt, unit=UNITS[measure], label=LABELS[measure]),
        certain(value, doubt),
    )


def _divisors(km2: float | None, residents: float | None) -> dict[str, float | None]:
    return {"per_km2": km2, "per_resident": residents}


def _total(release: Release, area: Area, day: Day, at: int) -> tuple[float, float]:
    """The area's own people and their standard error in a step of a day; NaN where withheld or not covered."""
    if day.window is None:
        totals, _ = reading.area_day(release, day)
        people, errors = totals.of(area.code)
        return float(people[at]), float(errors[at])
    if not window_reading.serves_windows(release):
        raise NotTheSameError("This release has no figures by date from which a window of hours is worked out.")
    found, _ = window_reading.area_window(release, day.window)
    if found is None or area.code not in found.codes:
        return math.nan, math.nan
    row = found.codes.index(area.code)
    return float(found.people[row]), float(found.errors[row])


def _of_cell(release: Release, inputs: Inputs, area: Area, day: Day, at: int) -> Stated:
    cell = int(inputs["cell"], 16)
    resolution = h3.get_resolution(inputs["cell"])
    view = View(area, day, inputs["measure"])
    if day.window is None:
        around = reading.day_around_cell(release, view, cell)
        cells, facts = around.cells.h3, around.facts
        people, errors = around.cells.people[:, at], around.errors[:, at]
    else:
        if resolution not in window_reading.resolutions(release):
            raise NotTheSameError(f"This release has no windows of hours in cells of resolution {resolution}.")
        near = reading.covering(reading.bounds(release, area, cell), resolution)
        found, facts, _ = window_reading.cell_window(release, area, day.window, resolution, near)
        cells, people, errors = found.h3, found.people, found.errors
    if cell not in facts.h3:
        raise NotTheSameError(f"This release has no cell {inputs['cell']} in {area.name}.")
    fact = int(np.searchsorted(facts.h3, cell))
    row = int(np.searchsorted(cells, cell))
    there = row < len(cells) and cells[row] == cell
    figure = (float(people[row]), float(errors[row])) if there else (math.nan, math.nan)
    where = f"in the cell of {CELL_KM2[resolution]} {facts.places[fact]}"
    when = opening(day, day.slots[at])
    return _told(inputs, when, where, figure, _divisors(float(facts.km2[fact]), float(facts.residents[fact])))


def _difference(release: Release, inputs: Inputs) -> Stated:
    area, day, other = area_of(release, inputs), day_of(release, inputs), day_of(release, inputs["against"])
    at = place_of_slot(day, inputs["hour"])
    slot = day.slots[at]
    against = _step_against(inputs, day, at, other)
    one, one_error = _total(release, area, day, at)
    two, two_error = (math.nan, math.nan) if against is None else _total(release, area, other, against)
    second = opening(other, slot if against is None else other.slots[against])
    value, error = one - two, math.hypot(one_error, two_error)
    label = "Difference in people present, first less second"
    found = difference(KIND, inputs, value, error, unit="people", label=label)
    then = f"{second[:1].lower()}{second[1:]}"
    if not math.isfinite(value):
        lacking = f"people in {place(area.name)} cannot be compared with those {then}: a total is lacking"
        said = f"{opening(day, slot)}, {lacking}."
        return Stated(said, found, NO_INTERVAL)
    size = number(abs(value), error)
    change = in_per_cent(one, two)
    between = signed_interval(value, error)
    more = "no more and no fewer" if size == "0" else f"about {size} {'more' if value > 0 else 'fewer'}"
    said = f"{opening(day, slot)}, {more} people were present in {place(area.name)} than {then}"
    said += f", {change}" if change else ""
    said += f" (95 % interval {between})." if between else "."
    return Stated(said, found, f"95 % interval {between}; {WIDE}." if between else NO_INTERVAL)


def _step_against(inputs: Inputs, day: Day, at: int, other: Day) -> int | None:
    """The step that a step is compared with: the one that was chosen, else the one at the same time of the day."""
    if inputs["against_hour"] is not None:
        return place_of_slot(other, inputs["against_hour"])
    slots: tuple[Slot, ...] = other.slots
    if day.window is not None or len(slots) == len(day.slots) == 1:
        return 0
    return next((place for place, each in enumerate(slots) if each.hours == day.slots[at].hours), None)
