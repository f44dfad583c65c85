"""What a view of the tourism page states: visits, nights and the like, or trips abroad. No Streamlit here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cellcount.ui import tourism_figures as figures
from cellcount.ui import tourism_reading as visits
from cellcount.ui.pinned import (
    NO_INTERVAL,
    SHARE,
    Inputs,
    NotTheSameError,
    Stated,
    amount,
    area_of,
    bracket,
    certain,
    place,
)
from cellcount.ui.reading import Release
from cellcount.ui.tourism_figures import Measure, month_words
from cellcount.ui.tourism_reading import Data, View
from cellcount.ui.words import listed, number, percent

KIND = "tourism"
ABROAD = "abroad"
TABLES = {"abroad": "outbound_month"}
"""What a question is answered from; the others from `inbound_month`."""


def inputs_of(view: View, part: str | None = None) -> dict[str, Any]:
    """What a view is worked out from.

    Parameters
    ----------
    view : View
        What was chosen.
    part : str, optional
        Part of the UTC day at which a map of cells stands.
    """
    found: dict[str, Any] = {"direction": view.direction, "area": view.area.code, "months": list(view.months)}
    if view.direction in ("abroad", "mix"):
        return found
    found |= {"measure": view.measure, "countries": list(view.countries), "domestic": view.domestic}
    return found if part is None else {**found, "part": part}


def stated(release: Release, inputs: Inputs) -> Stated:
    """What a view of the tourism page states in a release.

    Parameters
    ----------
    release : Release
        The release.
    inputs : mapping
        As `inputs_of` wrote them.

    Raises
    ------
    NotTheSameError
        Where the release lacks the table, the area, a month or a country.
    """
    view = _view(release, inputs)
    opened = f"In {view.month_words}" if len(view.months) == 1 else f"From {view.month_words}"
    if view.direction == "abroad":
        return _abroad(release, inputs, view, opened)
    data = visits.read(release, view)
    missing = [code for code in view.countries if code not in data.countries]
    if missing:
        raise NotTheSameError(f"This release has no visits of country {missing[0]}.")
    if view.direction == "mix":
        return _mix(inputs, data, opened)
    return _by_cell(release, inputs, data, opened) if view.cells else _visits(release, inputs, data, opened)


def _view(release: Release, inputs: Inputs) -> View:
    direction = inputs["direction"]
    table = TABLES.get(direction, "inbound_month")
    if not release.has(table) or ("part" in inputs and not release.has("inbound_cell_month")):
        raise NotTheSameError("This release has no visits of that kind.")
    there = visits.months_of(release, table)
    missing = [month for month in inputs["months"] if month not in there]
    if missing:
        raise NotTheSameError(f"This release has no visits of {month_words(missing[0])}.")
    return View(
        direction,
        area_of(release, inputs),
        tuple(inputs["months"]),
        inputs.get("measure", "visits"),
        tuple(inputs.get("countries", ())),
        domestic=bool(inputs.get("domestic")),
        cells="part" in inputs,
    )


def _visits(release: Release, inputs: Inputs, data: Data, opened: str) -> Stated:
    """The measure of the area and of the chosen countries, or of all."""
    view = data.view
    chosen = () if view.domestic else view.countries
    # Of all countries together the quotient is 1 by its making.
    measure: Measure = "visits" if view.measure == "quotient" and not chosen else view.measure
    group = figures.together([figures.by_area(month, chosen) for month in data.months])
    codes = data.months[0].areas
    found = figures.measured(group, measure, visits.residents_of(release, codes))
    value, error = (float(each[codes.index(view.area.code)]) for each in found)
    label = f"{figures.TITLES[measure]}, {data.who}"
    share = measure in figures.SHARES
    unit = SHARE if share else _UNITS.get(measure, "")
    figure = amount(KIND, inputs, value, error, unit=unit, label=label[:200], by=100 if share else 1)
    if not math.isfinite(value):
        said = f"{opened}, more than half of the visits to {place(view.area.name)} by {data.who} is withheld."
        return Stated(said, figure, NO_INTERVAL)
    said = f"{opened}, {_said(measure, data.who, place(view.area.name), figures.figure(value, error, measure))}"
    limits = figures.between(value, error, measure)
    said += f" (95 % interval {limits})" if limits else ""
    said += _most_from(data, measure) if view.direction == "from" and not chosen else ""
    sure = figures.between(value, error, measure, labelled=True)
    return Stated(f"{said}.", figure, f"95 % interval {sure}." if sure else NO_INTERVAL)


_UNITS: dict[Measure, str] = {
    "visits": "visits",
    "nights": "nights",
    "stay": "nights",
    "quotient": "times",
    "intensity": "nights",
}


def _said(measure: Measure, who: str, where: str, figure: str) -> str:
    """A measure of some visitors to an area, as a sentence goes on.

    Examples
    --------
    >>> _said("visits", "visitors from abroad", "Leeds", "12,300")
    'visitors from abroad made about 12,300 visits to Leeds'
    >>> _said("same_day", "visitors from France", "Leeds", "41.2 %")
    '41.2 % of the visits to Leeds by visitors from France were same-day visits'
    """
    of_visits = f"{figure} of the visits to {where} by {who}"
    return {
        "visits": f"{who} made about {figure} visits to {where}",
        "nights": f"{who} spent about {figure} nights in {where}",
        "stay": f"overnight visits to {where} by {who} lasted {figure} nights on average",
        "same_day": f"{of_visits} were same-day visits",
        "quotient": f"{who} were {figure} times as common among the visits to {where} as among all",
        "intensity": f"{who} spent about {figure} nights in {where} for every 100 residents",
        "repeat": f"{of_visits} were by devices seen before",
        "main": f"{of_visits} had it as their main destination",
        "secondary": f"{of_visits} had it as a secondary destination",
        "transit": f"{of_visits} only passed through",
    }[measure]


def _most_from(data: Data, measure: Measure) -> str:
    """The country with most of them, as a sentence ends; nothing of a mean or a share."""
    if measure not in ("visits", "nights"):
        return ""
    group = figures.together([figures.by_country(month, data.view.area.code) for month in data.months])
    countries = [data.countries[code] for code in data.months[0].countries if code in data.countries]
    told = [at for at, each in enumerate(countries) if each.code not in figures.NO_COUNTRY]
    values, errors = (each[told] for each in figures.measured(group, measure))
    names = [countries[at].name for at in told]
    first = figures.ranked(names, names, values, errors, most=1)
    if not first.codes:
        return ""
    return (
        f"; the most from {first.names[0]}, {figures.figure(float(first.values[0]), float(first.errors[0]), measure)}"
    )


def _by_cell(release: Release, inputs: Inputs, data: Data, opened: str) -> Stated:
    """The cell with most visitors in a part of the day."""
    shown, _ = visits.by_cell(release, data)
    step = figures.PARTS.index(inputs["part"])
    words = figures.PART_WORDS[inputs["part"]]
    name, label = place(data.view.area.name), f"Most visitors present in a cell, {data.who}"[:200]
    opened = f"In {month_words(data.view.months[-1])}"
    values, errors = shown.people[:, step], shown.errors[:, step]
    if not np.isfinite(values).any():
        said = f"{opened}, no number of {data.who} by cell of {name} may be shown ({words})."
        return Stated(said, amount(KIND, inputs, None, None, unit="people", label=label), NO_INTERVAL)
    most = int(np.nanargmax(values))
    value, error = float(values[most]), float(errors[most])
    where = release.places(shown.h3[most : most + 1], [None])[0]
    size = number(value, error if math.isfinite(error) else None)
    said = (
        f"{opened} ({words}), the cell of {name} with most {data.who} was {where}: about {size} present on average"
        f"{bracket(value, error)}."
    )
    return Stated(said, amount(KIND, inputs, value, error, unit="people", label=label), certain(value, error))


def _mix(inputs: Inputs, data: Data, opened: str) -> Stated:
    """Over how many countries the visits are spread."""
    area = data.view.area
    whole = figures.mix_of(data.months, data.countries, [area.code])
    value, apart = float(whole.effective[0]), float(whole.apart[0])
    figure = amount(KIND, inputs, value, None, unit="countries", label="Effective number of countries of residence")
    if not math.isfinite(value):
        said = f"{opened}, most visits to {place(area.name)} by country are withheld, so nothing is said of their mix."
        return Stated(said, figure, NO_INTERVAL)
    mixed = f"as varied as {number(value)} countries in equal parts"
    said = f"{opened}, the visits from abroad to {place(area.name)} were {mixed}"
    if area.parent is not None and math.isfinite(apart):
        said += f"; {percent(apart)} of them would have to be from elsewhere for the mix of the whole"
    return Stated(f"{said}.", figure, "No interval: of countries that are rare in an area most is withheld.")


def _abroad(release: Release, inputs: Inputs, view: View, opened: str) -> Stated:
    """Trips abroad of the area's residents."""
    found = [visits.abroad(release, view.area, month)[0] for month in view.months]
    total, error = (sum(getattr(one, name) for one in found) for name in ("total", "total_error"))
    figure = amount(ABROAD, inputs, total, error, unit="trips", label="Trips abroad of residents")
    name = place(view.area.name)
    if not any(one.figures for one in found) or not math.isfinite(total):
        said = f"{opened}, no number of trips abroad of the residents of {name} may be shown."
        return Stated(said, figure, NO_INTERVAL)
    without = sorted({code for one in found for code in one.left_out})
    size = number(total, error if math.isfinite(error) else None)
    said = f"{opened}, residents of {name} made {'at least' if without else 'about'} {size} trips abroad"
    said += f"{bracket(total, error)}."
    if not without:
        return Stated(said, figure, certain(total, error))
    names = figures.countries_of(without, visits.known_countries(release))
    return Stated(
        said, figure, f"No interval: {listed([each.name for each in names.values()])} left out, the least it can be."
    )
