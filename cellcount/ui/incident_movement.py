"""Who was in a place at an incident, and where people went: segments, homes, trips, cells nearby with more people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import h3
import numpy as np
import pandas as pd
import pyarrow as pa

from cellcount.methods import baseline as comparing
from cellcount.methods import incident
from cellcount.methods.precision import Z_95
from cellcount.ui import reading
from cellcount.ui.certainty import PART_OF_HOUR
from cellcount.ui.incident_answer import Answer
from cellcount.ui.incident_figures import furthest, signed
from cellcount.ui.incident_place import HOURS, hours_at
from cellcount.ui.presence import Floats
from cellcount.ui.reading import Release, Run
from cellcount.ui.words import NOT_KNOWN, count, number
from cellcount.zones import CellTable, cell_weights

SEGMENTS = {"at_home": "At home", "at_work": "At work", "visiting": "Visiting, residents", "inbound": "From abroad"}
"""What people are there for, in the order of the list."""
FINEST_SEGMENTS = 7
"""H3 resolution of the finest cells that tell it, by the standard."""
MOST_ROWS = 10
NOT_OF_THE_ZONE = "Of the whole of {areas}, and not of the zone alone."


@dataclass(frozen=True, slots=True)
class Segment:
    """People of a segment in the place, at an hour and usually; NaN where not known."""

    name: str
    people: float
    usual: float
    withheld: int


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of a whole authority at the incident and usually, with the standard error of the difference."""

    name: str
    now: float
    usual: float
    error: float

    @property
    def excess(self) -> float:
        """The difference."""
        return self.now - self.usual


def baseline_days(answer: Answer, on: date) -> tuple[date, ...]:
    """Days that a date shown is compared with; none where they are too few to tell what is usual."""
    return next(each.days if each.standing != comparing.NONE else () for each in answer.baseline if each.day == on)


def _moments(release: Release, answer: Answer) -> list[int]:
    """UTC hour of the hour furthest from usual, and of the same local hour of each day that it is compared with."""
    hour = furthest(answer, answer.zones[0])
    days = baseline_days(answer, answer.moments[hour].date())
    covered = frozenset(release.days.covered)
    then, _ = hours_at(days, release.manifest.time_zone, covered, min(covered))
    return [int(answer.at[hour]), *(moment for moment in then[:, hour % HOURS].tolist() if moment >= 0)]


def _day_of(moment: int) -> date:
    """UTC day of an hour since 1970."""
    return date.fromordinal(date(1970, 1, 1).toordinal() + moment // HOURS)


def who(release: Release, answer: Answer) -> tuple[list[Segment], str, list[Run]]:
    """Who was there in the hour furthest from usual, by segment.

    Parameters
    ----------
    release : Release
        The release.
    answer : Answer
        The answer.

    Returns
    -------
    list of Segment
        Empty where the release does not tell.
    str
        How coarse the cells are that tell it, in words.
    list of Run
        The queries that were run for it.
    """
    if not release.has("present_segment"):
        return [], "", []
    found, runs = _segments(release, answer, _moments(release, answer))
    if found is None:
        return [], "", runs
    resolution, values, hidden = found
    people = []
    for at, words in enumerate(SEGMENTS.values()):
        usual = values[at, 1:]
        people.append(
            Segment(
                words,
                float(values[at, 0]),
                float(np.median(usual)) if len(usual) and np.isfinite(usual).all() else float("nan"),
                int(hidden[at, 0]),
            )
        )
    size = h3.average_hexagon_area(resolution, unit="km^2")
    return people, f"Counted in cells of about {size:.2g} km², so that the edge of the place is rough.", runs


def _segments(
    release: Release, answer: Answer, moments: Sequence[int]
) -> tuple[tuple[int, Floats, Floats] | None, list[Run]]:
    """Resolution, people (segments, moments) and withheld cells of the same shape; None where there are no cells."""
    runs: list[Run] = []
    place = answer.place
    days = [_day_of(moment) for moment in moments]
    for resolution in range(min(FINEST_SEGMENTS, place.resolution), 4, -1):
        parents = sorted({int(h3.cell_to_parent(f"{cell:x}", resolution), 16) for cell in place.cells.tolist()})
        weights = cell_weights(place.zones, CellTable(np.array(parents, dtype=np.int64)))
        if not len(weights.cells):
            continue
        asked = {"cells": weights.cells.tolist(), "resolution": resolution}
        tables = []
        for day in sorted(set(days)):
            answered = release.run("segments_of_cells", **asked, first=day, last=day)
            tables.append(answered.table)
            runs.append(reading.ran(answered))
        table = pa.concat_tables(tables)
        if not table.num_rows:
            continue
        share = dict(zip(weights.cells.tolist(), np.minimum(weights.weights.sum(axis=1), 1.0).tolist(), strict=True))
        frame = table.to_pandas()
        frame["date"] = pd.to_datetime(frame["date"]).dt.date
        shape = len(SEGMENTS), len(moments)
        values, hidden = np.zeros(shape), np.zeros(shape)
        for at, segment in enumerate(SEGMENTS):
            for place_of, (moment, day) in enumerate(zip(moments, days, strict=True)):
                rows = frame[(frame["segment"] == segment) & (frame["date"] == day)]
                column = rows[f"h{moment % HOURS:02d}"].to_numpy(dtype=np.float64, na_value=np.nan)
                weight = np.array([share[cell] for cell in rows["h3"].tolist()])
                values[at, place_of] = np.nansum(column * weight) if len(column) else np.nan
                hidden[at, place_of] = int((np.isnan(column) & (weight > 0)).sum()) if len(column) else 0
        return (resolution, values, hidden), runs
    return None, runs


def homes(release: Release, answer: Answer) -> tuple[list[Change], str, list[Run]]:
    """Where those live who were in the authority that the place lies in most, against usual.

    Parameters
    ----------
    release, answer
        As of `who`.

    Returns
    -------
    list of Change
        The largest changes first; empty where the release does not tell.
    str
        Of what they are, in words.
    list of Run
        The queries that were run for it.
    """
    if not release.has("home_presence") or not answer.place.touched:
        return [], "", []
    area = answer.place.touched[0]
    tables, runs = [], []
    moments = _moments(release, answer)
    for moment in moments:
        part = PART_OF_HOUR[moment % HOURS]
        answered = release.run("present_by_home", area=area, date=_day_of(moment), day_part=part)
        tables.append(answered.table.to_pandas().set_index("home_area_code"))
        runs.append(reading.ran(answered))
    now, *usual = tables
    if now.empty or not usual:
        return [], "", runs
    changes = []
    for code, row in now.iterrows():
        others = [each.loc[code] for each in usual if code in each.index]
        figures = np.array([each["people"] for each in others], dtype=np.float64)
        errors = np.array([each["se"] for each in others], dtype=np.float64)
        if len(figures) < len(usual) or not np.isfinite([float(row["people"]), *figures]).all():
            continue
        middle = float(np.median(figures))
        error = float(np.hypot(float(row["se"]), np.sqrt(np.pi / (2 * len(figures))) * errors.mean()))
        changes.append(Change(release.name_of(str(code)), float(row["people"]), middle, error))
    changes.sort(key=_importance)
    said = NOT_OF_THE_ZONE.format(areas=release.name_of(area))
    return changes[:MOST_ROWS], f"{said} A mean over the {PART_OF_HOUR[moments[0] % HOURS]} of the UTC day.", runs


def went(release: Release, answer: Answer) -> tuple[list[Change], str, list[Run]]:
    """Trips out of the authorities that the place touches, on the first day of the incident against usual days.

    Parameters
    ----------
    release, answer
        As of `who`.

    Returns
    -------
    list of Change
        Destinations to which nothing is withheld on any of the days, those first whose trips differ most from usual
        for their error.
    str
        Of what they are, in words.
    list of Run
        The queries that were run for it.
    """
    if not release.has("flows_day") or not answer.place.touched:
        return [], "", []
    areas = list(answer.place.touched[:3])
    on = answer.moments[int(np.flatnonzero(answer.during)[0])].date()
    days = baseline_days(answer, on)
    tables, runs = [], []
    for day in (on, *days):
        answered = release.run("trips_out_of", areas=areas, first=day, last=day)
        tables.append(answered.table.to_pandas())
        runs.append(reading.ran(answered))
    if tables[0].empty or not days:
        return [], "", runs
    every = pd.concat(tables)
    every["date"] = pd.to_datetime(every["date"]).dt.date
    # A withheld pair would be trips that did not happen.
    known = every[every["withheld"] == 0].pivot(index="destination_code", columns="date")
    told = [on, *(day for day in days if day in set(every["date"]))]
    if len(told) <= comparing.LEAST_FOR_ANY:
        return [], "", runs
    trips, doubt = (known[name].reindex(columns=told).astype(np.float64) for name in ("trips", "variance"))
    changes = []
    for code, row in trips.dropna().iterrows():
        usual, variance = row.to_numpy()[1:], doubt.loc[code].to_numpy()
        error = float(np.sqrt(variance[0] + np.pi / (2 * len(usual)) * variance[1:].mean()))
        changes.append(Change(release.name_of(str(code)), float(row[on]), float(np.median(usual)), error))
    changes.sort(key=_importance)
    names = ", ".join(release.name_of(code) for code in areas)
    said = NOT_OF_THE_ZONE.format(areas=names)
    return (
        changes[:MOST_ROWS],
        f"{said} Trips of the whole UTC day; how days differ anyway is not in the interval.",
        runs,
    )


def _importance(change: Change) -> float:
    """What changes are sorted by: the difference over its error; over itself alone where that is not known."""
    return -abs(change.excess) / (max(change.error, 1.0) if np.isfinite(change.error) else 1.0)


def nearby(release: Release, answer: Answer) -> list[Change]:
    """Cells outside the zones that had more people than usual in the hour furthest from usual, the most first."""
    hour = furthest(answer, answer.zones[0])
    inside = np.zeros(len(answer.place.cells), dtype=bool)
    inside[answer.place.rows] = answer.place.weights.weights.max(axis=1) > 0
    more = np.flatnonzero((answer.classes[:, hour] == incident.EXCESS) & ~inside)
    found = answer.cells
    order = more[np.argsort(-found.excess[more, hour])][:MOST_ROWS]
    codes = [answer.place.areas[row] for row in order.tolist()]
    places = release.places(answer.place.cells[order], codes) if len(order) else ()
    return [
        Change(name, float(found.people[row, hour]), float(found.usual[row, hour]), float(found.error[row, hour]))
        for name, row in zip(places, order.tolist(), strict=True)
    ]


def change_table(changes: Sequence[Change], first: str, what: str) -> pd.DataFrame:
    """Changes as a table, rounded to what their errors bear."""
    return pd.DataFrame(
        [
            {
                first: each.name,
                what: number(each.now, each.error),
                "Usual": number(each.usual, each.error),
                "Difference": signed(each.excess, each.error),
                "95 % interval": _between(each),
            }
            for each in changes
        ]
    )


def segment_table(segments: Sequence[Segment]) -> pd.DataFrame:
    """Segments as a table."""

    def shown(value: float) -> str:
        return number(value, max(value / 50, 5.0)) if np.isfinite(value) else "not known"

    return pd.DataFrame(
        [
            {
                "There": each.name,
                "People": shown(each.people),
                "Usual": shown(each.usual),
                "Withheld": count(each.withheld, "cell") if each.withheld else "",
            }
            for each in segments
        ]
    )


def _between(change: Change) -> str:
    if not np.isfinite(change.error):
        return NOT_KNOWN
    reach = Z_95 * change.error
    return f"{signed(change.excess - reach, change.error)} to {signed(change.excess + reach, change.error)}"
