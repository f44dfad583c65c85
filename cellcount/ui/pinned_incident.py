"""What a view of the incident page states: how far from usual it was at its furthest. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from cellcount.methods.recovery import DAY_HOURS
from cellcount.record.items import Figure
from cellcount.ui import incident_figures as figures
from cellcount.ui import incident_reading, incident_usual, window_reading
from cellcount.ui.incident_answer import Answer, Asked
from cellcount.ui.incident_known import hour_told, is_compared
from cellcount.ui.incident_usual import UsualDay
from cellcount.ui.pinned import NO_INTERVAL, Inputs, NotTheSameError, Stated, amount, area_of, certain, known
from cellcount.ui.reading import Release
from cellcount.ui.words import lowered, number
from cellcount.zones import Zones, rings

KIND = "incident"
USUAL = "usual"
MOST = 480
"""Characters of a headline; what goes beyond stands in the caption."""


def inputs_of(origin: Mapping[str, Any], asked: Asked, rate: float) -> dict[str, Any]:
    """What a view is worked out from.

    Parameters
    ----------
    origin : mapping
        What the zones were made from: `longitude`, `latitude`, `kilometres` and `words` of rings, `area` of an area,
        `file` of an uploaded one, which nobody else has.
    asked : Asked
        When, and what it is compared with.
    rate : float
        False-discovery rate.
    """
    return {
        **origin,
        "start": asked.start.isoformat(),
        "end": asked.end.isoformat(),
        "weeks": asked.weeks,
        "side": asked.side,
        "others": [each.isoformat() for each in asked.others],
        "rate": rate,
    }


def stated(release: Release, inputs: Inputs) -> Stated:
    """What a view of the incident page states in a release.

    Parameters
    ----------
    release : Release
        The release.
    inputs : mapping
        As `inputs_of` wrote them.

    Raises
    ------
    CellCountError
        Where the release cannot be asked that: it lacks histories, the place or the time, or the zones were a file's.
    """
    zones, where = _zones(release, inputs)
    if not window_reading.serves_windows(release):
        raise NotTheSameError(
            "This release has no figures of cells by date, so nothing can be held against usual days."
        )
    asked = Asked(
        datetime.fromisoformat(inputs["start"]),
        datetime.fromisoformat(inputs["end"]),
        inputs["weeks"],
        inputs["side"],
        tuple(date.fromisoformat(each) for each in inputs["others"]),
    )
    return told(inputs, incident_reading.answered(release, zones, asked, inputs["rate"]).answer, where)


def _zones(release: Release, inputs: Inputs) -> tuple[Zones, str]:
    """The zones of some inputs, and where they are in words."""
    if "file" in inputs:
        raise NotTheSameError(
            f"Its zones came from the file {inputs['file']}, which is not kept: open the view, upload the file again, "
            "and pin it anew."
        )
    if "area" not in inputs:
        return rings(inputs["longitude"], inputs["latitude"], inputs["kilometres"]), inputs["words"]
    area = area_of(release, inputs)
    if area.code not in release.outlines.index:
        raise NotTheSameError(f"This release has no outline of {area.name}.")
    return Zones((area.name,), (release.outlines.loc[area.code],)), f"in {area.name}"


def stated_usual(release: Release, inputs: Inputs) -> Stated:
    """What a view of people usually in zones states in a release without dates: see `stated`."""
    zones, where = _zones(release, inputs)
    if not (release.days.periods and release.days.day_types):
        raise NotTheSameError("This release has no typical days.")
    place, typical, _ = incident_usual.read_usual(release, zones)
    return told_usual(inputs, incident_usual.usual_of(place, typical), where)


def told_usual(inputs: Inputs, days: Sequence[UsualDay], where: str) -> Stated:
    """What people usually in zones state: of the first zone, on the first type of day, by day.

    Parameters
    ----------
    inputs : mapping
        What the zones were made from: see `inputs_of`.
    days : sequence of UsualDay
        People in the zones over each typical day.
    where : str
        The place, in words.
    """
    day = days[0]
    steps = day.within(DAY_HOURS)
    people = float(day.people[0, steps].mean()) if steps else float("nan")
    label = f"People usually in the first zone by day, {lowered(day.label)}"
    figure = amount(USUAL, inputs, people, None, unit="people", label=label)
    begun = f"{where[:1].upper()}{where[1:]}, on a usual {lowered(day.label)}"
    if figure.value is None:
        return Stated(f"{begun}, the number of people by day is withheld or was not measured.", figure, NO_INTERVAL)
    size = number(people, incident_usual.UNIT)
    return Stated(f"{begun}, about {size} people are present by day (10:00 to 16:00).", figure, NO_INTERVAL)


def told(inputs: Inputs, answer: Answer, where: str) -> Stated:
    """What an answer states.

    Parameters
    ----------
    inputs : mapping
        As `inputs_of` wrote them.
    answer : Answer
        The answer.
    where : str
        The place, in words.
    """
    sentences = figures.headline(answer)
    if figures.NETWORK in sentences:
        # It must not be what is cut off.
        first, *rest = sentences
        sentences = (first, figures.NETWORK, *(each for each in rest if each != figures.NETWORK))
    said = f"{where[:1].upper()}{where[1:]}, {figures.when(answer)}."
    for sentence in sentences:
        if len(said) + 1 + len(sentence) > MOST:
            break
        said += f" {sentence}"
    zone, hour = answer.zones[0], hour_told(answer)
    found = zone.difference
    if not is_compared(answer):
        people, error = float(found.people[hour]), float(zone.people_error[hour])
        label = "People at the fullest hour of the incident"
        return Stated(said, amount(KIND, inputs, people, error, unit="people", label=label), certain(people, error))
    value, low, high = (float(each[hour]) for each in (found.excess, found.low, found.high))
    figure = Figure(
        KIND,
        inputs,
        known(value),
        known(low),
        known(high),
        "people",
        "People more (+) or fewer (−) than usual, in the hour of the incident furthest from usual",
    )
    sure = NO_INTERVAL
    if np.isfinite([low, high]).all():
        sure = f"95 % interval of the difference {figures.limits(low, high, float(found.error[hour]))}."
    return Stated(said, figure, sure)
