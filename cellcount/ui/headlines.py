"""The live figure of each challenge theme, from the release in use. No Streamlit and no SQL here.

Every figure is one that was released as it stands, or a difference or ratio of such: none is added up from what is
left after withholding.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cellcount.errors import CellCountError
from cellcount.methods.departures import LEAST_WEEKS, furthest_above
from cellcount.ui import reading
from cellcount.ui.hour import CELL_KM2
from cellcount.ui.presence import AreaDay, Floats
from cellcount.ui.reading import Release
from cellcount.ui.times import MIDDAY, NIGHT, Slot, nearest
from cellcount.ui.view import Area, Day
from cellcount.ui.words import number, sure, weekday

LEAST_RESIDENTS = 1000
"""Areas with fewer residents are left out of ratios to them: the divisor says nothing there."""
SHARED_ERRORS = "Rather too wide: the two hours share the uncertainty of the operators' shares."
NO_INTERVAL = "No interval: the release gives none."


class NotInReleaseError(CellCountError):
    """The release lacks what a headline needs; the message says what."""


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure with its words.

    Attributes
    ----------
    label : str
        What it counts.
    value : str
        The figure, rounded to its precision.
    note : str
        Where, when, and how precise.
    """

    label: str
    value: str
    note: str


def headline(release: Release, name: str) -> Headline:
    """The headline of a name, as the register of themes has it.

    Raises
    ------
    NotInReleaseError
        Where the release lacks the tables for it.
    """
    return HEADLINES[name](release)


def densest_cell(release: Release) -> Headline:
    """The cell with most people per km² at midday."""
    day = _shown_day(release)
    slot = _slot(day, MIDDAY)
    found = reading.densest_cell(release, day, slot)
    if found is None:
        raise NotInReleaseError("This release has no figure by cell for the day that is shown first.")
    density = found.people / found.km2
    error = found.error / found.km2 if found.error is not None else None
    return Headline(
        "People per km² in the densest cell",
        number(density, error),
        f"{_begun(found.place)}, {_when(day, slot)}. Cell of {CELL_KM2[found.resolution]}. "
        f"{_precision(density, error)}",
    )


def largest_flow(release: Release) -> Headline:
    """The largest commuting flow between two areas, a day, in the month of which most days are covered."""
    _needs(release, "flows_month", "trips between areas")
    flow = reading.largest_flow(release)
    if flow is None:
        raise NotInReleaseError("This release has trips, and none from home to work between areas that may be shown.")
    trips = flow["trips"] / flow["days"]
    error = flow["se"] / flow["days"] if flow["se"] is not None else None
    return Headline(
        "Commuting trips a day on the largest flow",
        number(trips, error),
        f"{release.name_of(flow['origin_code'])} to {release.name_of(flow['destination_code'])}, "
        f"mean of {flow['days']} days of {month_words(flow['month'])}. {_precision(trips, error)}",
    )


def most_visits(release: Release) -> Headline:
    """Visits from the country of residence with most of them, in the latest month."""
    _needs(release, "inbound_month", "visits by country of residence")
    visits = reading.most_visits(release)
    if visits is None:
        raise NotInReleaseError("This release has visits, and none to the whole of its area that may be shown.")
    error = visits["se"]
    return Headline(
        f"Most visits from one country: {visits['country_name']}",
        number(visits["visits"], error),
        f"{release.areas[release.default_area].name}, {month_words(visits['month'])}, by country of SIM, a proxy. "
        "A country with a part withheld is left out. "
        f"{_precision(visits['visits'], error)}",
    )


def spread_of_presence(release: Release) -> Headline:
    """Half of all areas lie between these ratios of people present to residents."""
    day = _shown_day(release)
    slot = _slot(day, MIDDAY)
    areas = [area for area in release.smallest if area.residents and area.residents >= LEAST_RESIDENTS]
    if not areas:
        raise NotInReleaseError("Missing: residents by area, without which there is no ratio to them.")
    people = _people(release, day, areas, slot)[0]
    ratios = people / np.array([area.residents for area in areas])
    ratios = ratios[np.isfinite(ratios)]
    if not ratios.size:
        raise NotInReleaseError("Missing: figures by area for the day that is shown first.")
    low, high = np.quantile(ratios, [0.25, 0.75])
    return Headline(
        "People present per resident in the middle half of areas",
        f"{low:.2f} to {high:.2f}",
        f"{ratios.size:,} areas, {_when(day, slot)}; from {ratios.min():.2f} to {ratios.max():.2f} in all. "
        "No interval. A covariate to be tested, and not a measure of status.",
    )


def largest_gain(release: Release) -> Headline:
    """The area that gains most people from night to day."""
    day = _shown_day(release)
    at_night, at_day = _slot(day, NIGHT), _slot(day, MIDDAY)
    if at_night == at_day:
        raise NotInReleaseError("Missing: figures by area for both night and day.")
    areas = release.smallest
    if len(areas) < 2:
        raise NotInReleaseError(f"Missing: areas inside {areas[0].name}, to say which of them fills by day.")
    night, night_error = _people(release, day, areas, at_night)
    daytime, day_error = _people(release, day, areas, at_day)
    gain = daytime - night
    if not np.isfinite(gain).any():
        raise NotInReleaseError("Missing: figures by area for the day that is shown first.")
    most = int(np.nanargmax(gain))
    if gain[most] <= 0:
        raise NotInReleaseError(f"No area has more people by day than by night on {day.words}.")
    error = _known(math.hypot(night_error[most], day_error[most]))
    return Headline(
        f"More people in {areas[most].name} by day than by night",
        f"+{number(float(gain[most]), error)}",
        f"{number(_known(night[most]), _known(night_error[most]))} at {at_night.label} and "
        f"{number(_known(daytime[most]), _known(day_error[most]))} at {at_day.label}, {day.words}. "
        f"{_precision(float(gain[most]), error)}{' ' + SHARED_ERRORS if error is not None else ''}",
    )


def most_at_work(release: Release) -> Headline:
    """The cell where most people usually work."""
    _needs(release, "usual_environment", "usual places of work, which operators derive inside")
    found = reading.most_at_work(release)
    if found is None:
        raise NotInReleaseError("This release has usual homes, and no usual place of work that may be shown.")
    return Headline(
        "People whose usual work is in the busiest cell",
        number(found.people, found.error),
        f"{_begun(found.place)}. Cell of {CELL_KM2[found.resolution]}. {_precision(found.people, found.error)}",
    )


def largest_departure(release: Release) -> Headline:
    """The area and hour furthest above the same hour of other weeks."""
    dates = release.days.dates
    if len(dates) < 7 * (LEAST_WEEKS + 1):
        raise NotInReleaseError(
            f"Missing: {LEAST_WEEKS + 1} weeks of dates, to compare an hour with the same hour of other weeks. "
            + (f"This release has {len(dates)} dates." if dates else "This release has typical days and no dates.")
        )
    areas = release.smallest
    history = reading.area_history(release, areas)
    found = furthest_above(history.people)
    if found is None:
        raise NotInReleaseError("Missing: figures by area for enough weeks.")
    at, on, hour, excess, usual = found
    error = _known(float(history.errors[at, on, hour]))
    when = dates[on]
    return Headline(
        f"People above the usual level in {areas[at].name}",
        f"+{number(excess, error)}",
        f"{number(usual + excess, error)} against a usual {number(usual, error)}, {weekday(when)}, {hour:02d}:00. "
        "Usual: the median of the same weekday and hour. The hour that stands out most, of all areas and "
        "dates. The excess has no interval here.",
    )


HEADLINES: dict[str, Callable[[Release], Headline]] = {
    each.__name__: each
    for each in (
        densest_cell,
        largest_flow,
        most_visits,
        spread_of_presence,
        largest_gain,
        most_at_work,
        largest_departure,
    )
}
"""Every headline by its name in the register."""


def _shown_day(release: Release) -> Day:
    """The day that the pages show first."""
    days = release.days
    if days.first_shown is not None:
        return days.dated(days.first_shown)
    if days.periods and days.day_types:
        return days.typical(next(iter(days.periods)), next(iter(days.day_types)))
    raise NotInReleaseError("Missing: figures by hour, of dates or of typical days.")


def _slot(day: Day, hour: int) -> Slot:
    found = nearest(day.slots, hour)
    if found is None:
        raise NotInReleaseError("Missing: hours of the day that is shown first.")
    return found


def _people(release: Release, day: Day, areas: Sequence[Area], slot: Slot) -> tuple[Floats, Floats]:
    """People and standard errors of areas in a slot."""
    over: AreaDay = reading.area_day(release, day)[0]
    place = day.slots.index(slot)
    pairs = [over.of(area.code) for area in areas]
    return np.array([people[place] for people, _ in pairs]), np.array([errors[place] for _, errors in pairs])


def _needs(release: Release, table: str, words: str) -> None:
    if not release.has(table):
        raise NotInReleaseError(f"Missing in this release: {words} (table {table}).")


def _when(day: Day, slot: Slot) -> str:
    return f"{day.words}, {slot.label}"


def _precision(value: float, error: float | None) -> str:
    between = sure(value, error)
    return f"95 % interval {between}." if between else NO_INTERVAL


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _begun(words: str) -> str:
    """Words as a sentence begins."""
    return words[:1].upper() + words[1:]


def month_words(month: str) -> str:
    """A month in words.

    Examples
    --------
    >>> month_words("2026-10")
    'October 2026'
    """
    year, number_of = month.split("-")
    return f"{calendar.month_name[int(number_of)]} {year}"
