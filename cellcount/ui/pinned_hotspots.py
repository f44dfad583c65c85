"""What a view of the hotspots page states: hotspots, and the people in them. No Streamlit here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cellcount.ui import hotspot_reading, window_reading
from cellcount.ui.hotspot_figures import Picture, Setting
from cellcount.ui.hotspot_reading import Found
from cellcount.ui.pinned import (
    Inputs,
    NotTheSameError,
    Stated,
    amount,
    area_of,
    bracket,
    certain,
    day_of,
    inputs_of_day,
    opening,
    place,
    place_of_slot,
)
from cellcount.ui.reading import Release
from cellcount.ui.view import Day, View
from cellcount.ui.words import count, number, percent

KIND = "hotspots"
NOTHING = "No cell is called a hotspot, so there is no number of people in any."


def inputs_of(view: View, setting: Setting, hour: str | None) -> dict[str, Any]:
    """What a view is worked out from.

    Parameters
    ----------
    view : View
        Area and day.
    setting : Setting
        How hotspots are looked for.
    hour : str or None
        Label of the step; None where the map has none to play.
    """
    return {
        "area": view.area.code,
        **inputs_of_day(_as_mean(view.day)),
        "hour": hour,
        "method": setting.method,
        "rate": setting.rate,
        "rings": setting.rings,
        "root": setting.root,
    }


def _as_mean(day: Day) -> Day:
    """A window as hotspots are looked for in it: the peaks of its cells do not add up to people."""
    return day if day.window is None else replace(day, window=replace(day.window, statistic="mean"))


def stated(release: Release, inputs: Inputs) -> Stated:
    """What a view of the hotspots page states in a release.

    Parameters
    ----------
    release : Release
        The release.
    inputs : mapping
        As `inputs_of` wrote them.

    Raises
    ------
    NotTheSameError
        Where the release lacks the area, the day or the hour.
    """
    area, day = area_of(release, inputs), day_of(release, inputs)
    if day.window is not None and not window_reading.serves_windows(release):
        raise NotTheSameError("This release has no figures by date from which a window of hours is worked out.")
    setting = Setting(inputs["method"], inputs["rate"], inputs["rings"], root=inputs["root"])
    found = hotspot_reading.hotspots(release, View(area, day, "per_km2"), setting)
    if not len(found.shown.day.cells.h3):
        raise NotTheSameError(f"This release has no figures by cell of {area.name} on this day.")
    at = place_of_slot(day, inputs["hour"]) if found.plays else 0
    return _told(inputs, found, at)


def _told(inputs: Inputs, found: Found, at: int) -> Stated:
    picture = found.picture(at)
    figures = picture.figures
    people, error = figures.people.people, figures.people.error
    if not figures.hot:
        none = amount(KIND, inputs, 0.0, None, unit="people", label="People in hotspots")
        return Stated(picture.headline(), none, NOTHING)
    one = figures.spots == 1
    name = place(picture.found.day.view.area.name)
    lasting = " that last a third of the hours or more" if picture.lasting else ""
    said = f"{_when(picture, at)}, {count(figures.spots, 'hotspot')}{lasting} in {name} "
    said += f"{'holds' if one else 'hold'} about {number(people, error)} people{bracket(people, error)}"
    said += f", {percent(figures.share)} of all present" if figures.share is not None else ""
    said += f", on {percent(figures.area_share)} of the area that has figures."
    return Stated(
        said,
        amount(KIND, inputs, people, error, unit="people", label="People in hotspots"),
        certain(people, error, wide=True),
    )


def _when(picture: Picture, at: int) -> str:
    day = picture.found.day.view.day
    if picture.lasting:
        return f"Over {picture.time} on {day.words}"
    return opening(day, day.slots[at])
