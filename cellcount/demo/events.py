"""What happens once: crowds, an evacuation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellcount.demo.country import on_sphere
from cellcount.demo.days import utc
from cellcount.demo.people import ACTIVITIES, HOME, Population, day_shares, present_of
from cellcount.standard import HOURS_OF_DAY

_CELL_KM = 0.92
"""Between the centres of neighbouring cells of resolution 8."""

_RAMP = dt.timedelta(hours=1)
_EVACUATED_WITHIN, _RETURNED_WITHIN = dt.timedelta(minutes=40), dt.timedelta(hours=2)


@dataclass(frozen=True)
class Effect:
    """How an event changes the people present on a UTC day.

    Parameters
    ----------
    cells : array of int64
        Places in `Land`, ascending.
    people : array of float64, hours x cells
        Added; negative where people have left. Each hour adds to 0.
    """

    cells: NDArray[np.int64]
    people: NDArray[np.float64]


def effects(population: Population, date: dt.date) -> list[Effect]:
    """The effects of all events on a UTC day.

    Parameters
    ----------
    population : Population
        The population.
    date : date
        UTC day.

    Returns
    -------
    list of Effect
    """
    found = []
    for event in population.parameters["events"]:
        evacuation = event["kind"] == "evacuation"
        ramps = (_EVACUATED_WITHIN, _RETURNED_WITHIN) if evacuation else (_RAMP, _RAMP)
        there = presence(date, utc(event["from"]), utc(event["to"]), *ramps)
        if there.any():
            found.append(_effect(population, event, date, there, evacuation=evacuation))
    return found


def presence(
    date: dt.date, start: dt.datetime, end: dt.datetime, before: dt.timedelta, after: dt.timedelta
) -> NDArray[np.float64]:
    """How much of an event there is in each hour of a UTC day: all from start to end, less on the way there and back.

    Parameters
    ----------
    date : date
        UTC day.
    start, end : datetime
        UTC: all are there from start to end.
    before, after : timedelta
        How long they take to come, before the start, and to go, after the end.

    Returns
    -------
    array of float, hours
        Mean over the hour, 0 to 1.

    Examples
    --------
    >>> two_to_four = [dt.datetime(2026, 11, 5, hour) for hour in (14, 16)]
    >>> presence(dt.date(2026, 11, 5), *two_to_four, dt.timedelta(hours=1), dt.timedelta(hours=1))[12:18].round(2)
    array([0. , 0.5, 1. , 1. , 0.5, 0. ])
    """
    midnight = dt.datetime.combine(date, dt.time())
    minutes = np.arange(HOURS_OF_DAY * 60) + 0.5
    times = [(each - midnight).total_seconds() / 60 for each in (start - before, start, end, end + after)]
    return np.interp(minutes, times, [0.0, 1.0, 1.0, 0.0], 0.0, 0.0).reshape(HOURS_OF_DAY, 60).mean(axis=1)


def _effect(
    population: Population, event: Mapping[str, Any], date: dt.date, there: NDArray[np.float64], *, evacuation: bool
) -> Effect:
    """People come to a place from homes around it, or leave it for homes around it."""
    land = population.land
    centre = on_sphere(np.array(event["lat"]), np.array(event["lon"]))
    reach = event["radius_km"] + 5 * event["come_from_km"]
    cells = np.array(sorted(land.tree.query_ball_point(centre, reach)), dtype=np.int64)
    if not len(cells):
        return Effect(cells, np.zeros((HOURS_OF_DAY, 0)))
    km = np.linalg.norm(land.points[cells] - centre, axis=1)
    inside = np.clip((event["radius_km"] + _CELL_KM / 2 - km) / _CELL_KM, 0, 1)
    shares = day_shares(population, date).shares
    at_home = ACTIVITIES.index(HOME)
    homes = shares[:, land.region[cells], at_home] * population.layers[at_home, cells]
    around = homes * np.exp(-km / event["come_from_km"]) * (1 - inside)
    around /= np.maximum(around.sum(axis=1, keepdims=True), 1e-9)
    if evacuation:
        present = present_of(population.layers[:, cells], shares, land.region[cells])
        gone = event["people"] * there[:, None] * inside * present
        return Effect(cells, around * gone.sum(axis=1, keepdims=True) - gone)
    if not inside.any():
        inside[km.argmin()] = 1.0
    crowd = event["people"] * there[:, None]
    # No more than half of any home comes.
    come = np.minimum(crowd * around, 0.5 * homes)
    return Effect(cells, come.sum(axis=1, keepdims=True) * inside / inside.sum() - come)
