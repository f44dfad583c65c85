"""Who was in a place at an incident, and where people went: segments, homes, trips, cells nearby with more people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import h3.api.numpy_int as h3
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cellcount.methods import baseline as comparing
from cellcount.methods import incident
from cellcount.methods.changes import against_usual
from cellcount.methods.composition import composition
from cellcount.methods.incident import t_quantile
from cellcount.ui import reading
from cellcount.ui.certainty import PART_OF_HOUR
from cellcount.ui.incident_answer import Answer
from cellcount.ui.incident_figures import signed
from cellcount.ui.incident_known import hour_told
from cellcount.ui.incident_place import HOURS, hours_at
from cellcount.ui.presence import Floats
from cellcount.ui.reading import Release, Run
from cellcount.ui.words import NOT_KNOWN, count, interval, number, percent
from cellcount.ui.words import day as written_day

RESIDENTS = {"at_home": "At home", "at_work": "At work", "visiting": "Visiting"}
"""What residents are there for, in the order of the list."""
ABROAD, FROM_ABROAD = "inbound", "From abroad"
FINEST_SEGMENTS = 7
"""H3 resolution of the finest cells that tell it, by the standard."""
ENOUGH_OF_CELLS = 0.9
"""Share of the people of the place whose cells must be there for a resolution to be taken before coarser ones."""
LEAST_OF_CELLS = 0.1
"""Share of the people of its cells that must be in the place: of fewer, what the others do would be told."""
OF_THE_CELLS = (
    ": the others may be there for something else. Shares of the residents there, and from abroad of everybody; on "
    "usual days the least and the most of them. A cell that is withheld on any of the days is left out on all."
)
NEARLY_ALL = 0.995
"""From this share on everything is told of."""
MOST_ROWS = 10
NOT_OF_THE_ZONE = "Of the whole of {areas}, and not of the zone alone."


@dataclass(frozen=True, slots=True)
class Segment:
    """People who are in the place for one thing, at an hour and usually.

    Attributes
    ----------
    name : str
        In words.
    share : float
        Share of the residents there, and of everybody for those from abroad, 0 to 1; NaN where not known.
    least, most : float
        The same on usual days.
    told : float
        Part of the people of the place of which it is told.
    people : float
        The people of that part; NaN where not known.
    """

    name: str
    share: float
    least: float
    most: float
    told: float
    people: float


@dataclass(frozen=True, slots=True)
class Home:
    """People in an authority who live in one; the standard error is NaN where not known."""

    name: str
    people: float
    error: float


@dataclass(frozen=True, slots=True)
class Change:
    """A figure at the incident and usually, with the standard error of the difference."""

    name: str
    now: float
    usual: float
    error: float

    @property
    def excess(self) -> float:
        """The difference."""
        return self.now - self.usual


@dataclass(frozen=True, slots=True)
class Compared:
    """Which figures of whole authorities differ from usual.

    Attributes
    ----------
    differing : tuple of Change
        Those that cannot be chance, false discoveries over all of them being controlled; the surest first.
    verdict : str
        How many of how many that are; or why nothing is compared.
    said : str
        Of what the figures are.
    """

    differing: tuple[Change, ...]
    verdict: str
    said: str


def baseline_days(answer: Answer, on: date) -> tuple[date, ...]:
    """Days that a date shown is compared with; none where they are too few to tell what is usual."""
    return next(each.days if each.standing != comparing.NONE else () for each in answer.baseline if each.day == on)


def _moments(release: Release, answer: Answer) -> list[int]:
    """UTC hour of the hour furthest from usual, and of the same local hour of each day that it is compared with."""
    hour = hour_told(answer)
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
        Of what they are shares, and how coarse the cells are that tell it, in words; or why nothing is told.
    list of Run
        The queries that were run for it.
    """
    if not release.has("present_segment"):
        return [], "", []
    moments = _moments(release, answer)
    found, runs = _cells_that_tell(release, answer, moments[0])
    if found is None:
        return [], "", runs
    days = [(moment, *_segments(release, found, moment)) for moment in moments]
    # A day of which nothing is there is left out; what is withheld on a day that is there is not.
    days = [days[0], *(each for each in days[1:] if np.isfinite(each[1]).any())]
    runs += [run for _, _, run in days]
    figures = np.stack([values for _, values, _ in days], axis=2)
    counted, run = _counted(release, found, moments[0])
    runs.append(run)
    part = _part(found, counted)
    if part < LEAST_OF_CELLS:
        return [], f"{_size(found)}, of whose people the place has {percent(part)}: too few to tell of it.", runs
    told = composition(figures[:, :-1], figures[:, -1], found.held, found.usually, counted)
    hour = hour_told(answer)
    people = np.full(len(told.share), float(answer.zones[0].difference.people[hour]))
    people[:-1] *= 1.0 - np.nan_to_num(told.share[-1])
    each = np.array([told.share, told.least, told.most, told.told, people * told.share * told.told])
    names = [*RESIDENTS.values(), FROM_ABROAD]
    segments = [Segment(name, *column) for name, column in zip(names, each.T.tolist(), strict=True)]
    return segments, f"{_size(found)}, of whose people the place has {percent(part)}{OF_THE_CELLS}", runs


@dataclass(frozen=True, slots=True)
class _Cells:
    """Cells that tell of segments, and how many people of the place are in each, in the hour told and usually."""

    resolution: int
    cells: NDArray[np.int64]
    held: Floats
    usually: Floats


def _cells_that_tell(release: Release, answer: Answer, moment: int) -> tuple[_Cells | None, list[Run]]:
    """The finest cells that tell of nearly all people of the place; else the ones that tell of most."""
    runs: list[Run] = []
    best, most = None, 0.0
    for resolution in range(min(FINEST_SEGMENTS, answer.place.resolution), min(release.manifest.resolutions) - 1, -1):
        found = _held(answer, resolution)
        values, run = _segments(release, found, moment)
        runs.append(run)
        there = float(found.held[np.isfinite(values).any(axis=1)].sum() / max(found.held.sum(), 1.0))
        if there > most:
            best, most = found, there
        if there >= ENOUGH_OF_CELLS:
            break
    return best, runs


def _held(answer: Answer, resolution: int) -> _Cells:
    """The people of the place by the cells of a resolution."""
    place, hour = answer.place, hour_told(answer)
    weight, _ = place.together
    inside = np.flatnonzero(weight > 0)
    rows = place.rows[inside]
    parents = np.array([h3.cell_to_parent(cell, resolution) for cell in place.cells[rows]], dtype=np.int64)
    cells, at = np.unique(parents, return_inverse=True)
    usual = answer.cells.usual[rows, hour]
    # In a withheld cell there are few, as a rule.
    usual = np.where(np.isfinite(usual), usual, 1.0)
    now = answer.cells.people[rows, hour]
    now = np.where(np.isfinite(now), now, usual)
    held, usually = (
        np.bincount(at, weight[inside] * each, minlength=len(cells)).astype(np.float64) for each in (now, usual)
    )
    return _Cells(resolution, cells, held, usually)


def _segments(release: Release, of: _Cells, moment: int) -> tuple[Floats, Run]:
    """People of each segment, those from abroad last, (cells, segments); NaN where withheld or without a row."""
    day = _day_of(moment)
    answered = release.run("segments_of_cells", cells=of.cells.tolist(), resolution=of.resolution, first=day, last=day)
    table = answered.table.to_pandas()
    values = np.full((len(of.cells), len(RESIDENTS) + 1), np.nan)
    for at, segment in enumerate([*RESIDENTS, ABROAD]):
        rows = table[table["segment"] == segment]
        column = rows[_column(moment)].to_numpy(dtype=np.float64, na_value=np.nan)
        values[np.searchsorted(of.cells, rows["h3"].to_numpy(dtype=np.int64)), at] = column
    return values, reading.ran(answered)


def _counted(release: Release, of: _Cells, moment: int) -> tuple[Floats, Run]:
    """Everybody in the cells; NaN where withheld."""
    day = _day_of(moment)
    answered = release.run("present_of_cells", cells=of.cells.tolist(), resolution=of.resolution, first=day, last=day)
    table = answered.table.to_pandas()
    counted = np.full(len(of.cells), np.nan)
    counted[np.searchsorted(of.cells, table["h3"].to_numpy(dtype=np.int64))] = table[_column(moment)].to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    return counted, reading.ran(answered)


def _column(moment: int) -> str:
    return f"h{moment % HOURS:02d}"


def _size(found: _Cells) -> str:
    size = h3.average_hexagon_area(found.resolution, unit="km^2")
    return f"Told of cells of about {number(float(f'{size:.2g}'))} km²"


def _part(found: _Cells, counted: Floats) -> float:
    """Share of the people of the cells that are in the place; 1 where that is not known."""
    known = np.isfinite(counted)
    everybody = float(counted[known].sum())
    return min(float(found.held[known].sum()) / everybody, 1.0) if everybody > 0 else 1.0


def homes(release: Release, answer: Answer) -> tuple[list[Home], Compared | None, list[Run]]:
    """Where those live who were in the authority that the place lies in most, and what of that is unusual.

    Parameters
    ----------
    release, answer
        As of `who`.

    Returns
    -------
    list of Home
        The most first; empty where the release does not tell.
    Compared or None
        Against days on which the part of the UTC day is at the same local time.
    list of Run
        The queries that were run for it.
    """
    if not release.has("home_presence") or not answer.place.touched:
        return [], None, []
    area = answer.place.touched[0]
    runs: list[Run] = []

    def present(moment: int) -> pd.DataFrame:
        part = PART_OF_HOUR[moment % HOURS]
        answered = release.run("present_by_home", area=area, date=_day_of(moment), day_part=part)
        runs.append(reading.ran(answered))
        return answered.table.to_pandas().set_index("home_area_code")[["people", "se"]].astype(np.float64)

    moments = _moments(release, answer)
    now = present(moments[0])
    told = now[now["people"].notna()].sort_values("people", ascending=False, kind="stable")
    if told.empty:
        return [], None, runs
    people = [
        Home(release.name_of(str(code)), float(row["people"]), float(row["se"]))
        for code, row in told.head(MOST_ROWS).iterrows()
    ]
    # Where clocks changed, the same part of the UTC day is another time of the day.
    alike = [present(moment) for moment in moments[1:] if moment % HOURS == moments[0] % HOURS]
    alike = [each for each in alike if len(each)]
    part = PART_OF_HOUR[moments[0] % HOURS]
    said = f"{NOT_OF_THE_ZONE.format(areas=release.name_of(area))} A mean over the {part} of the UTC day."
    if len(alike) < comparing.LEAST_FOR_ANY:
        return people, Compared((), _too_few(moments[0], len(alike)), said), runs
    figures, errors = (pd.concat([each[name] for each in (now, *alike)], axis=1) for name in ("people", "se"))
    return (
        people,
        _compared(release, answer, figures, errors.pow(2), (("home authority", "home authorities"), said)),
        runs,
    )


def _too_few(moment: int, days: int) -> str:
    """Why nothing is said of what is usual of homes."""
    return (
        f"What is usual is not given: of the days compared with, {count(days, 'day')} "
        f"{'keeps' if days == 1 else 'keep'} the clock time of {written_day(_day_of(moment))}, and "
        f"{comparing.LEAST_FOR_ANY} are needed. A part of the UTC day is another local time once clocks have changed."
    )


def went(release: Release, answer: Answer) -> tuple[Compared | None, list[Run]]:
    """Trips out of the authorities that the place touches, on the first day of the incident against usual days.

    Parameters
    ----------
    release, answer
        As of `who`.

    Returns
    -------
    Compared or None
        By destination, of those to which nothing is withheld on any of the days; None where the release does not tell.
    list of Run
        The queries that were run for it.

    Notes
    -----
    Trips are of the whole UTC day, so that clocks that change move only those of an hour of the night.
    """
    if not release.has("flows_day") or not answer.place.touched:
        return None, []
    areas = list(answer.place.touched[:3])
    on = answer.moments[int(np.flatnonzero(answer.during)[0])].date()
    tables, runs = [], []
    for day in (on, *baseline_days(answer, on)):
        answered = release.run("trips_out_of", areas=areas, first=day, last=day)
        runs.append(reading.ran(answered))
        if answered.table.num_rows:
            tables.append(answered.table.to_pandas().set_index("destination_code"))
        elif day == on:
            return None, runs
    names = ", ".join(release.name_of(code) for code in areas)
    said = f"{NOT_OF_THE_ZONE.format(areas=names)} Trips of the whole UTC day."
    if len(tables) <= comparing.LEAST_FOR_ANY:
        few = f"What is usual is not given: it takes {comparing.LEAST_FOR_ANY} comparable days with trips."
        return Compared((), few, said), runs
    # A withheld pair would be trips that did not happen.
    known = [each[each["withheld"] == 0].astype({"trips": np.float64, "variance": np.float64}) for each in tables]
    trips, variance = (pd.concat([each[name] for each in known], axis=1) for name in ("trips", "variance"))
    return _compared(release, answer, trips, variance, (("destination", "destinations"), said)), runs


def _compared(
    release: Release, answer: Answer, figures: pd.DataFrame, variance: pd.DataFrame, words: tuple[tuple[str, str], str]
) -> Compared:
    """Figures by authority: those of the incident in the first column, of the comparable days in the others."""
    what, said = words
    complete = figures.notna().all(axis=1)
    figures, variance = figures[complete], variance.reindex(figures.index)[complete]
    x, v = figures.to_numpy(), variance.to_numpy()
    found = against_usual(x[:, 0], x[:, 1:], v[:, 0], v[:, 1:], answer.rate)
    tested = int((found.verdict != incident.UNKNOWN).sum())
    rows = np.flatnonzero(np.isin(found.verdict, (incident.EXCESS, incident.DEFICIT)))
    rows = rows[np.argsort(-np.abs(x[rows, 0] - found.usual[rows]) / found.error[rows], kind="stable")]
    changes = tuple(
        Change(
            release.name_of(str(figures.index[row])), float(x[row, 0]), float(found.usual[row]), float(found.error[row])
        )
        for row in rows.tolist()
    )
    many = f"{len(rows):,}" if len(rows) else "None"
    verdict = (
        f"{many} of {count(tested, *what)} {'differ' if len(rows) > 1 else 'differs'} from usual, at a false-discovery "
        f"rate of {percent(answer.rate)}."
        if tested
        else f"Whether any of the {what[1]} differs from usual cannot be told: they are withheld, or have no errors."
    )
    return Compared(changes, verdict, f"{said} Usual is the median of {x.shape[1] - 1} days.")


def nearby(release: Release, answer: Answer) -> list[Change]:
    """Cells outside the zones that had more people than usual in the hour furthest from usual, the most first."""
    hour = hour_told(answer)
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


def home_table(people: Sequence[Home]) -> pd.DataFrame:
    """Homes as a table, the people rounded to what their errors bear."""
    return pd.DataFrame(
        [
            {
                "Home": each.name,
                "People": number(each.people, each.error),
                "95 % interval": interval(each.people, each.error) or NOT_KNOWN,
            }
            for each in people
        ]
    )


def segment_table(segments: Sequence[Segment]) -> pd.DataFrame:
    """Segments as a table: what is withheld has no figure, and what is told of in part is a least one."""

    def people(each: Segment) -> str:
        if not np.isfinite(each.people):
            return NOT_KNOWN
        many = number(each.people, max(each.people / 50, 5.0))
        return many if each.told >= NEARLY_ALL else f"at least {many}"

    return pd.DataFrame(
        [
            {
                "There": each.name,
                "Share": percent(each.share) if np.isfinite(each.share) else "withheld",
                "On usual days": f"{percent(each.least)} to {percent(each.most)}"
                if np.isfinite(each.most)
                else NOT_KNOWN,
                "People": people(each),
                "Withheld": "" if each.told >= NEARLY_ALL else f"for {percent(1 - each.told)} of the people",
            }
            for each in segments
        ]
    )


def _between(change: Change) -> str:
    if not np.isfinite(change.error):
        return NOT_KNOWN
    reach = t_quantile() * change.error
    return f"{signed(change.excess - reach, change.error)} to {signed(change.excess + reach, change.error)}"
