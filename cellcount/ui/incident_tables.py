"""Figures of an incident to take away: zones by hour, cells by hour, and the zones at the hour that is told of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cellcount.methods.incident import VERDICT_WORDS, t_quantile
from cellcount.methods.recovery import Exposure
from cellcount.ui.incident_answer import ALL, Answer, Zone
from cellcount.ui.incident_known import cells_inside, hour_told, is_compared, usual_hours
from cellcount.ui.presence import Floats

_LIMITS = "95 % interval"
_HOUR_COLUMNS = {
    "local_time": "Start of the hour, local time of the release",
    "hour_utc": "Start of the hour, UTC",
    "incident": "true: one of the incident's hours",
}
ZONE_COLUMNS = {
    "zone": f"Name of the zone; '{ALL}' is their sum, in which nobody is counted twice",
    **_HOUR_COLUMNS,
    "people": "People present, mean over the hour; empty where withheld or not covered",
    "usual": "People usually present: sum over the cells of the median of the comparable days; empty without any",
    "excess": "People less usual",
    "excess_error": "Standard error of the excess: half of its interval over 2.306",
    "excess_low": f"Lower limit of the excess, {_LIMITS}",
    "excess_high": f"Upper limit of the excess, {_LIMITS}",
    "percent": "Excess, % of the usual level",
    "percent_low": f"Lower limit of the percentage, {_LIMITS}",
    "percent_high": f"Upper limit of the percentage, {_LIMITS}",
    "z": "Excess over the error that it would have if nothing had happened; below 2 where the interval holds 0",
    "how_unusual": "The same in words, false discoveries controlled over all hours of the incident and all zones",
    "days_compared": "Comparable days of the date",
    "withheld_cells": "Cells inside that are withheld or not covered; an expectation stands for each",
    "withheld_people": "People that these cells are taken to hold together",
}
"""Columns of `zones_by_hour`."""
SHARE_LOST = {
    "share_lost": "Largest part of the share of people observed that was lost to an outage in any cell inside, 0 to 1"
}
"""The column that `zones_by_hour` has where coverage is known."""
CELL_COLUMNS = {
    "h3": "H3 index of the cell, hexadecimal",
    "resolution": "H3 resolution",
    **_HOUR_COLUMNS,
    "people": "People present, mean over the hour; empty where withheld, not covered, or without a usual level",
    "usual": "Median of the comparable days",
    "excess": "People less usual",
    "excess_low": f"Lower limit of the excess, {_LIMITS}",
    "excess_high": f"Upper limit of the excess, {_LIMITS}",
    "z": "Excess over the error that it would have if nothing had happened",
    "verdict": "Whether the cell can be told from a usual day, false discoveries controlled in each hour",
}
"""Columns of `cells_by_hour`."""
SUMMARY_COLUMNS = {
    "zone": "Name of the zone",
    "km2": "Area, km2",
    "local_time": "The hour that is told of, local time: all zones together are furthest from usual, or fullest",
    **{
        name: ZONE_COLUMNS[name]
        for name in (
            "people",
            "usual",
            "excess",
            "excess_low",
            "excess_high",
            "percent",
            "percent_low",
            "percent_high",
            "z",
            "how_unusual",
        )
    },
    "person_hours": "Excess added up over the hours of the incident, people times hours",
    "person_hours_low": f"Lower limit, {_LIMITS}",
    "person_hours_high": f"Upper limit, {_LIMITS}",
    "most_people": "Most people in any hour of the incident",
    "most_local_time": "That hour, local time",
    "recovery": "How the incident ends: recovered, not recovered by the last hour covered, or no departure",
    "recovery_hours": "Hours after the end of the incident until usual again; of those not recovered the hours seen",
    "day_mean": "People on usual weekdays, 10:00 to 16:00, mean",
    "day_low": f"Lower limit, {_LIMITS}",
    "day_high": f"Upper limit, {_LIMITS}",
    "night_mean": "People on usual nights, 00:00 to 05:00, mean",
    "night_low": f"Lower limit, {_LIMITS}",
    "night_high": f"Upper limit, {_LIMITS}",
    "cautions": "What must be said beside the figures",
}
"""Columns of `zones_at_hour`."""


def zones_by_hour(answer: Answer, share_lost: Floats | None = None) -> pd.DataFrame:
    """Zones by hour: the table of `ZONE_COLUMNS`, a row a zone and hour.

    Hours that the release does not have are left out. Names stand as they are: `exports.to_csv` makes them safe.

    Parameters
    ----------
    answer : Answer
        The answer.
    share_lost : array of float, shape (cells of the place, hours), optional
        Part of the share of people observed that was lost; then the table has the column of `SHARE_LOST` too.
    """
    hours = np.flatnonzero(answer.at >= 0)
    times = _times(answer, hours)
    return pd.concat([_zone(answer, zone, hours, times, share_lost) for zone in answer.zones], ignore_index=True)


def cells_by_hour(answer: Answer, hours: Sequence[int] | None = None) -> pd.DataFrame:
    """Cells by hour: the table of `CELL_COLUMNS`, a row a cell and hour, and nothing that the map does not show.

    Parameters
    ----------
    answer : Answer
        The answer.
    hours : sequence of int, optional
        Hours by their place among those shown; all that the release has, if not given.
    """
    asked = np.flatnonzero(answer.at >= 0) if hours is None else np.asarray(hours, dtype=np.int64)
    cells = len(answer.place.cells)
    times = {name: np.tile(column, cells) for name, column in _times(answer, asked).items()}
    found = answer.cells
    usual = np.isfinite(found.usual[:, asked]) & usual_hours(answer)[asked]

    def column(of: Floats) -> Floats:
        return np.where(usual, of[:, asked], np.nan).ravel()

    names = np.array([f"{cell:x}" for cell in answer.place.cells.tolist()], dtype=object)
    verdicts = answer.classes[:, asked].ravel()
    return pd.DataFrame(
        {
            "h3": np.repeat(names, len(asked)),
            "resolution": np.full(cells * len(asked), answer.place.resolution, dtype=np.int64),
            **times,
            "people": column(found.people),
            "usual": column(found.usual).round(1),
            "excess": column(found.excess).round(1),
            "excess_low": column(found.low).round(1),
            "excess_high": column(found.high).round(1),
            "z": column(found.z).round(2),
            "verdict": pd.Series(verdicts).map(VERDICT_WORDS).to_numpy(dtype=object),
        },
        columns=list(CELL_COLUMNS),
    )


def zones_at_hour(answer: Answer) -> pd.DataFrame:
    """The zones at the hour of `hour_told`: the table of `SUMMARY_COLUMNS`, a row a zone, all together first.

    Parameters
    ----------
    answer : Answer
        The answer.
    """
    hour = hour_told(answer)
    return pd.DataFrame([_summary(answer, zone, hour) for zone in answer.zones], columns=list(SUMMARY_COLUMNS))


def reach(found: Exposure) -> tuple[float, float]:
    """Limits of the mean of an exposure.

    Examples
    --------
    100 with an error of 10: 2.306 errors, of Student's t with 8 degrees of freedom, to each side.

    >>> [round(each, 1) for each in reach(Exposure(100.0, 10.0, 120.0, 12.0, 30))]
    [76.9, 123.1]
    """
    wide = t_quantile() * found.error
    return max(found.mean - wide, 0.0), found.mean + wide


def _times(answer: Answer, hours: NDArray[np.int64]) -> dict[str, NDArray[np.object_]]:
    return {
        "local_time": np.array([f"{answer.moments[hour]:%Y-%m-%dT%H:%M}" for hour in hours.tolist()], dtype=object),
        "hour_utc": np.array([_utc(int(answer.at[hour])) for hour in hours.tolist()], dtype=object),
        "incident": answer.during[hours],
    }


def _utc(hours: int) -> str:
    return f"{datetime(1970, 1, 1) + timedelta(hours=hours):%Y-%m-%dT%H:%M}Z"  # noqa: DTZ001 - written with its Z


def _zone(
    answer: Answer,
    zone: Zone,
    hours: NDArray[np.int64],
    times: Mapping[str, NDArray[np.object_]],
    share_lost: Floats | None,
) -> pd.DataFrame:
    found = zone.difference
    of_date = {each.day: len(each.days) for each in answer.baseline}
    table = pd.DataFrame(
        {
            "zone": zone.name,
            **times,
            "people": found.people[hours].round(1),
            "usual": found.usual[hours].round(1),
            "excess": found.excess[hours].round(1),
            "excess_error": found.error[hours].round(1),
            "excess_low": found.low[hours].round(1),
            "excess_high": found.high[hours].round(1),
            "percent": found.percent[hours].round(2),
            "percent_low": found.percent_low[hours].round(2),
            "percent_high": found.percent_high[hours].round(2),
            "z": found.z[hours].round(2),
            "how_unusual": [zone.unusual(hour) for hour in hours.tolist()],
            "days_compared": [of_date[answer.moments[hour].date()] for hour in hours.tolist()],
            "withheld_cells": zone.found.withheld[hours],
            "withheld_people": zone.found.withheld_people[hours].round(1),
        },
        columns=list(ZONE_COLUMNS),
    )
    if share_lost is not None:
        inside = share_lost[answer.place.rows][cells_inside(answer, zone)]
        table["share_lost"] = inside.max(axis=0, initial=0.0)[hours].round(4)
    return table


def _summary(answer: Answer, zone: Zone, hour: int) -> dict[str, object]:
    found = zone.difference
    compared = is_compared(answer)
    total, back = zone.total, zone.recovery
    of_hour = {
        "people": found.people,
        "usual": found.usual,
        "excess": found.excess,
        "excess_low": found.low,
        "excess_high": found.high,
        "percent": found.percent,
        "percent_low": found.percent_low,
        "percent_high": found.percent_high,
        "z": found.z,
    }
    (day_low, day_high), (night_low, night_high) = reach(zone.day), reach(zone.night)
    return {
        "zone": zone.name,
        "km2": round(zone.km2, 3),
        "local_time": f"{answer.moments[hour]:%Y-%m-%dT%H:%M}",
        **{name: round(float(values[hour]), 2) for name, values in of_hour.items()},
        "how_unusual": zone.unusual(hour),
        "person_hours": round(total.person_hours, 1) if compared else np.nan,
        "person_hours_low": round(total.low, 1) if compared else np.nan,
        "person_hours_high": round(total.high, 1) if compared else np.nan,
        "most_people": np.nan if zone.peak is None else round(zone.peak.people, 1),
        "most_local_time": "" if zone.peak is None else f"{answer.moments[zone.peak.hour]:%Y-%m-%dT%H:%M}",
        "recovery": back.ending if compared else "not known",
        "recovery_hours": np.nan if not compared or back.hours is None else float(back.hours),
        "day_mean": round(zone.day.mean, 1),
        "day_low": round(day_low, 1),
        "day_high": round(day_high, 1),
        "night_mean": round(zone.night.mean, 1),
        "night_low": round(night_low, 1),
        "night_high": round(night_high, 1),
        "cautions": " ".join(each.sentence for each in zone.cautions),
    }
