"""Whether the incident explorer finds and describes rightly what happened in a demonstration, and is quiet else.

Every event is asked for as somebody would: rings around its place, its hours. What is answered is held against what the
event really did. Days on which nothing happened are asked for in the same way.
"""

from __future__ import annotations

import datetime as dt
import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray

from cellcount import store
from cellcount.build import build_release
from cellcount.demo import make_demonstration
from cellcount.demo.days import NATIONS, WEEKS_WITH_EVENTS, is_bank_holiday, is_school_holiday
from cellcount.evaluate.incident_truth import CROWD, EVACUATION, OUTAGE, Event, Happened
from cellcount.evaluate.truth import EvaluationError
from cellcount.evaluate.worlds import DETAIL, leave_out
from cellcount.methods import cautions
from cellcount.methods.baseline import LEAST_DAYS, Side
from cellcount.methods.incident import DEFICIT, EXCESS, Z_USUAL
from cellcount.methods.recovery import RECOVERED
from cellcount.progress import Progress, part, silent
from cellcount.ui import reading
from cellcount.ui.incident_answer import Answer, Asked, answer
from cellcount.ui.incident_place import Figures, Place, PlaceError, read_figures, read_place
from cellcount.zones.rings import rings
from cellcount.zones.shapes import Shape

Floats = NDArray[np.float64]

LIMIT = 4.0
"""Standard errors from which on a cell's true excess has to be found: those of its z, what a difference would vary by
if nothing had happened."""
SOMEBODY = 1.0
"""People from whom on an event did something to a cell, however little."""
BEYOND_KM = (0.5, 1.5)
"""How far beyond the event's own radius the two rings around it reach; the outer circle holds it and who is counted
next to it."""
OUTAGE_KM = 3.0
"""Radius around an outage: that of a cell of resolution 6, which it takes out."""
LEFT = 0.05
"""An event is over when this share of its largest effect on a zone is left."""
QUIET_PLACES = (
    ("London", -0.1276, 51.5072, 5.0),
    ("Tyne and Wear", -1.6131, 54.9740, 5.0),
    ("Northumberland, rural", -2.1000, 55.3000, 10.0),
)
"""Name, longitude, latitude and radius in km of the places that are looked at on quiet days."""
BEFORE, EITHER, SCHOOL = "weeks before", "either side", "school holiday"
"""How a quiet day is compared; a day of a school holiday is told by itself, for it is not like others."""
NOT_NEEDED = (
    "od_day",
    "home_relocation",
    "usual_environment",
    "inbound_month",
    "inbound_cell_month",
    "outbound_month",
)
"""Tables of deliveries that say nothing of an incident in cells: worlds are built without them, in less time."""


@dataclass
class Cells:
    """Cell-hours that were called to have more or fewer people than usual, against what the events did to them.

    Attributes
    ----------
    affected : int
        True excess or deficit of `LIMIT` standard errors or more.
    found : int
        Those called, to the right side.
    called : int
        All that are called.
    touched : int
        True excess or deficit of `SOMEBODY` or more.
    touched_found : int
        Those called, to the right side.
    """

    affected: int = 0
    found: int = 0
    called: int = 0
    touched: int = 0
    touched_found: int = 0

    @classmethod
    def of(cls, classes: NDArray[np.int8], effect: Floats, error: Floats) -> Cells:
        """Score the cells of a place.

        Parameters
        ----------
        classes : array of int8, shape (cells, hours)
            Verdicts; others than excess and deficit are not called.
        effect : array of float, shape (cells, hours)
            What the events did, people.
        error : array of float, shape (cells, hours)
            Standard error of a difference if nothing had happened; NaN where the figure is withheld.

        Examples
        --------
        Called rightly, missed, called to the wrong side, and called where too little happened.

        >>> classes = np.array([[1], [0], [-1], [1]], dtype=np.int8)
        >>> Cells.of(classes, np.array([[50.0], [60.0], [70.0], [2.0]]), np.full((4, 1), 10.0))
        Cells(affected=3, found=1, called=3, touched=4, touched_found=2)
        """
        known = np.isfinite(error)
        called = known & ((classes == EXCESS) | (classes == DEFICIT))
        right = called & (classes == np.sign(effect))
        affected = known & (np.abs(effect) >= LIMIT * np.where(known, error, 1.0))
        touched = known & (np.abs(effect) >= SOMEBODY)
        return cls(
            affected=int(affected.sum()),
            found=int((right & affected).sum()),
            called=int(called.sum()),
            touched=int(touched.sum()),
            touched_found=int((right & touched).sum()),
        )

    def __iadd__(self, other: Cells) -> Cells:
        """Add up with another event."""
        self.affected += other.affected
        self.found += other.found
        self.called += other.called
        self.touched += other.touched
        self.touched_found += other.touched_found
        return self

    @property
    def recall(self) -> float | None:
        """Share of the affected that are called."""
        return share(self.found, self.affected)

    @property
    def precision(self) -> float | None:
        """Share of the called that are affected."""
        return share(self.found, self.called)

    @property
    def touched_recall(self) -> float | None:
        """Share called of all to which anything was done."""
        return share(self.touched_found, self.touched)

    @property
    def touched_precision(self) -> float | None:
        """Share of the called to which anything was done."""
        return share(self.touched_found, self.called)


@dataclass(frozen=True)
class ZoneScore:
    """What was said of a zone during an event, against what the event did there.

    Attributes
    ----------
    name : str
        The zone.
    whole : bool
        Whether it is all zones together, which hold the event.
    excess, low, high, effect : tuple of float
        By hour: the excess that was said, its interval, and the true effect of the events.
    outlined : tuple of float
        By hour: the true effect, whoever came or left being inside the event's own outline and not spread over the
        cells that it touches.
    against_usual : tuple of float
        By hour: people who were really there less those of the comparable days, their median.
    person_hours, person_hours_low, person_hours_high : float
        Excess that was said, added up, and its interval.
    ending : str
        How recovery was said to end.
    hours : int or None
        Hours to it, as was said.
    true_hours : int
        Hours from the end that was asked for until the event was really over.
    """

    name: str
    whole: bool
    excess: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    effect: tuple[float, ...]
    outlined: tuple[float, ...]
    against_usual: tuple[float, ...]
    person_hours: float
    person_hours_low: float
    person_hours_high: float
    ending: str
    hours: int | None
    true_hours: int

    @property
    def held(self) -> int:
        """Hours whose interval holds the true effect."""
        return sum(low <= true <= high for low, true, high in zip(self.low, self.effect, self.high, strict=True))

    @property
    def held_outlined(self) -> int:
        """Hours whose interval holds the true effect by the event's own outline."""
        return sum(low <= true <= high for low, true, high in zip(self.low, self.outlined, self.high, strict=True))

    @property
    def held_usual(self) -> int:
        """Hours whose interval holds the true difference from the comparable days."""
        return sum(low <= true <= high for low, true, high in zip(self.low, self.against_usual, self.high, strict=True))

    @property
    def total_held(self) -> bool:
        """Whether the interval of the person-hours holds the true ones."""
        return self.person_hours_low <= sum(self.effect) <= self.person_hours_high

    @property
    def hours_off(self) -> int | None:
        """By how many hours recovery is said too late, or too early if negative; None where none is said."""
        return None if self.ending != RECOVERED or self.hours is None else self.hours - self.true_hours


@dataclass(frozen=True)
class EventScore:
    """What was found of an event.

    Attributes
    ----------
    release : str
        The release.
    kind, name : str
        The event.
    resolution : int
        Of the cells.
    cells : Cells
        In all hours shown.
    zones : tuple of ZoneScore
        All together first.
    deficits : int
        Cell-hours of the event in which the place is called to have fewer people than usual.
    said : tuple of str
        Codes of what is said beside the figures of all zones together.
    """

    release: str
    kind: str
    name: str
    resolution: int
    cells: Cells
    zones: tuple[ZoneScore, ...]
    deficits: int
    said: tuple[str, ...]

    @property
    def called_an_evacuation(self) -> bool:
        """Whether an outage is taken for people who left: a deficit, and not a word of coverage."""
        return self.kind == OUTAGE and self.deficits > 0 and cautions.COVERAGE not in self.said


@dataclass
class QuietScore:
    """What was called on days when nothing happened.

    Attributes
    ----------
    place, compared : str
        Where, and how: `BEFORE`, `EITHER` or `SCHOOL`.
    days, hours, hours_called : int
        Days and hours looked at, and hours with any cell called.
    figures, called : int
        Cell-hours that are known, and those called.
    borne_out : int
        Those called where people really were as far from the comparable days as `Z_USUAL` standard errors, to the same
        side: visitors from abroad are fewer from the first of November on, say.
    beyond : int
        Hours in which the zone as a whole is beyond its usual variation.
    days_told : int
        Days on which it is said to depart from usual in any hour, all hours of the day being looked at.
    """

    place: str
    compared: str
    days: int = 0
    hours: int = 0
    hours_called: int = 0
    figures: int = 0
    called: int = 0
    borne_out: int = 0
    beyond: int = 0
    days_told: int = 0

    def add(self, classes: NDArray[np.int8], z: Floats, true_z: Floats, *, departs: NDArray[np.bool_]) -> None:
        """Count a day.

        Parameters
        ----------
        classes : array of int8, shape (cells, hours)
            Verdicts.
        z : array of float, shape (hours,)
            Of the zone.
        true_z : array of float, shape (cells, hours)
            Real difference from the comparable days over the standard error that z has; looked at where called.
        departs : array of bool, shape (hours,)
            In which hours the zone is said to depart from usual.

        Examples
        --------
        >>> score = QuietScore("London", "weeks before")
        >>> verdicts, true_z = np.array([[1, 0], [-1, -2]], dtype=np.int8), np.array([[3.0, 0.0], [1.0, 0.0]])
        >>> score.add(verdicts, np.array([0.3, 2.5]), true_z, departs=np.array([False, False]))
        >>> score
        QuietScore(place='London', compared='weeks before', days=1, hours=2, hours_called=1, figures=3, called=2, \
borne_out=1, beyond=1, days_told=0)
        """
        called = (classes == EXCESS) | (classes == DEFICIT)
        self.borne_out += int((called & (classes * true_z >= Z_USUAL)).sum())
        self.days += 1
        self.hours += classes.shape[1]
        self.hours_called += int(called.any(axis=0).sum())
        self.figures += int((called | (classes == 0)).sum())
        self.called += int(called.sum())
        self.beyond += int((np.abs(z) >= Z_USUAL).sum())
        self.days_told += int(departs.any())

    def __iadd__(self, other: QuietScore) -> QuietScore:
        """Add up with the same place in another world."""
        self.days += other.days
        self.hours += other.hours
        self.hours_called += other.hours_called
        self.figures += other.figures
        self.called += other.called
        self.borne_out += other.borne_out
        self.beyond += other.beyond
        self.days_told += other.days_told
        return self


@dataclass
class Incidents:
    """What an evaluation of incidents found, in a release or in several.

    Attributes
    ----------
    releases : list of str
        Their names.
    events : list of EventScore
        Every event of every release.
    quiet : dict of tuple to QuietScore
        By place and comparison.
    """

    releases: list[str]
    events: list[EventScore] = field(default_factory=list)
    quiet: dict[tuple[str, str], QuietScore] = field(default_factory=dict)

    def __iadd__(self, other: Incidents) -> Incidents:
        """Pool with another release."""
        self.releases += other.releases
        self.events += other.events
        for key, score in other.quiet.items():
            if key in self.quiet:
                self.quiet[key] += score
            else:
                self.quiet[key] = score
        return self


def share(of: float, whole: float) -> float | None:
    """A share; None of nothing.

    Examples
    --------
    >>> share(1, 4), share(0, 0)
    (0.25, None)
    """
    return of / whole if whole else None


def evaluate_incidents(
    release: Path, truth: Path, *, scenario: Path | None = None, progress: Progress = silent
) -> Incidents:
    """Ask for every event of a demonstration and for its quiet days, and hold the answers against the truth.

    Parameters
    ----------
    release : Path
        Folder of the release, of four weeks or more before the events.
    truth : Path
        Folder `truth` of the demonstration.
    scenario : Path, optional
        TOML file of parameters that the demonstration was made with.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Incidents

    Raises
    ------
    CellCountError
        If one of them cannot be read, or they are not of one demonstration.

    Notes
    -----
    The truth is known in whole cells. In a cell that a zone cuts, the true effect is shared out in two ways: as the
    answer shares the people out, which tells nothing of the doubt about that; and by the event's own outline, a circle,
    in which all are who came to a crowd, or left in an evacuation. Intervals have to hold both.
    """
    # Streamlit says of every cache that no page is being served.
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    progress(0.0, "Working out what the events did")
    happened = Happened(truth, scenario)
    opened = reading.Release(store.open_release(release, cache=store.AnswerCache(0)))
    if not happened.events:
        raise EvaluationError(f"{truth} has no event in its days. Name the truth of a demonstration of five weeks.")
    found = Incidents([release.name])
    for number, event in enumerate(happened.events):
        progress(0.1 + 0.4 * number / len(happened.events), event.name)
        score = _event(opened, happened, event)
        if score is not None:
            found.events.append(score)
    for number, (name, longitude, latitude, radius) in enumerate(QUIET_PLACES):
        progress(0.5 + 0.5 * number / len(QUIET_PLACES), f"Quiet days in {name}")
        for quiet in _quiet(opened, happened, name, (longitude, latitude, radius)):
            found.quiet[name, quiet.compared] = quiet
    progress(1.0, "Compared")
    return found


def incidents_in_worlds(
    folder: Path, seeds: Sequence[int], *, scenario: Path | None = None, progress: Progress = silent
) -> Incidents:
    """Make a small world of five weeks for each seed, build its release, and evaluate its incidents.

    Parameters
    ----------
    folder : Path
        Where worlds are made; each is removed when it has been evaluated.
    seeds : sequence of int
        One or more.
    scenario : Path, optional
        TOML file of parameters that differ from `data/scenarios/default.toml`.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Incidents
        Of all worlds.

    Raises
    ------
    CellCountError
        Whatever the demonstration, the build or the evaluation refuses.
    """
    total = Incidents([])
    for number, seed in enumerate(seeds):
        step = part(progress, number / len(seeds), (number + 1) / len(seeds))
        world = folder / f"world-{seed}"
        try:
            make_demonstration(
                world,
                weeks=WEEKS_WITH_EVENTS,
                seed=seed,
                detail=DETAIL,
                scenario=scenario,
                progress=part(step, 0.0, 0.25),
            )
            deliveries = sorted((world / "deliveries").iterdir())
            for delivery in deliveries:
                leave_out(delivery, NOT_NEEDED)
            release = build_release(deliveries, world / "releases", progress=part(step, 0.25, 0.85))
            total += evaluate_incidents(release, world / "truth", scenario=scenario, progress=part(step, 0.85, 1.0))
        finally:
            shutil.rmtree(world, ignore_errors=True)
    return total


def _event(release: reading.Release, happened: Happened, event: Event) -> EventScore | None:
    """What is answered of an event; None where the release has nothing of its place."""
    reach = [OUTAGE_KM] if event.radius_km is None else [round(event.radius_km + each, 2) for each in BEYOND_KM]
    try:
        place, _ = read_place(release, rings(event.lon, event.lat, reach))
    except PlaceError:
        return None
    figures, _ = read_figures(release, place)
    start, end = whole_hours(event.start, event.end, release.manifest.time_zone)
    found, _ = answer(release, place, figures, Asked(start, end))
    effect = happened.effect(place.cells, place.resolution, found.at)
    usual = _true_usual(happened, place, figures, found)
    against = happened.people(place.cells, place.resolution, found.at) - usual
    hours = np.flatnonzero(found.during)
    side = {EVACUATION: -1.0, CROWD: 1.0}.get(event.kind, 0.0)
    really = _Really(effect, side * np.maximum(side * effect, 0.0), against)
    shapes = (*place.whole.shapes, *place.zones.shapes)[-len(found.zones) :]
    zones = tuple(
        _zone(found, place, number, really, _share_of_outline(event, shape)) for number, shape in enumerate(shapes)
    )
    return EventScore(
        release=release.manifest.title,
        kind=event.kind,
        name=event.name,
        resolution=place.resolution,
        cells=Cells.of(found.classes, effect, null_error(found.cells.excess, found.cells.z)),
        zones=zones,
        deficits=int((found.classes[:, hours] == DEFICIT).sum()),
        said=tuple(each.code for each in found.zones[0].cautions),
    )


def whole_hours(start: dt.datetime, end: dt.datetime, zone: str) -> tuple[dt.datetime, dt.datetime]:
    """The whole local hours that hold a stretch of UTC.

    Examples
    --------
    >>> at = [dt.datetime(2026, 11, 5, hour, 30) for hour in (17, 21)]
    >>> [str(each) for each in whole_hours(*at, "Europe/London")]
    ['2026-11-05 17:00:00', '2026-11-05 22:00:00']
    """
    local = [
        each.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        for each in (start, end + dt.timedelta(hours=1) - dt.timedelta(microseconds=1))
    ]
    first, last = (each.replace(minute=0, second=0, microsecond=0) for each in local)
    return first, last


def null_error(excess: Floats, z: Floats) -> Floats:
    """The standard error that z has in it; NaN where it is not known.

    Examples
    --------
    >>> null_error(np.array([30.0, np.nan, 0.0]), np.array([3.0, np.nan, 0.0]))
    array([10., nan, nan])
    """
    return np.divide(excess, z, out=np.full(excess.shape, np.nan), where=np.isfinite(z) & (z != 0))


def _true_usual(happened: Happened, place: Place, figures: Figures, found: Answer) -> Floats:
    """Median of the people who were really there on the comparable days, of the shape (cells, hours shown)."""
    row_of = {day: row for row, day in enumerate(figures.dates)}
    blocks = []
    for each in found.baseline:
        there = [happened.people(place.cells, place.resolution, figures.at[row_of[day]]) for day in each.days]
        blocks.append(np.median(there, axis=0) if there else np.full((len(place.cells), figures.at.shape[1]), np.nan))
    return np.hstack(blocks)


@dataclass(frozen=True, slots=True)
class _Really:
    """What happened to the cells of a place, arrays of shape (cells, hours).

    Attributes
    ----------
    effect : array of float
        What all events did.
    own : array of float
        The part of it that is inside the event's own outline: who came to a crowd, or left in an evacuation.
    against : array of float
        People less those of the comparable days.
    """

    effect: Floats
    own: Floats
    against: Floats


def _share_of_outline(event: Event, zone: Shape) -> float:
    """Share of the circle of an event that is in a zone; 0 of an event without one."""
    if event.radius_km is None:
        return 0.0
    circle = rings(event.lon, event.lat, [event.radius_km]).shapes[0]
    return float(shapely.area(shapely.intersection(circle, zone)) / shapely.area(circle))


def _zone(found: Answer, place: Place, number: int, really: _Really, outline: float) -> ZoneScore:
    """Score a zone that has so much of the event's outline."""
    zone, several = found.zones[number], len(found.zones) > len(place.zones.names)
    weights = place.weights.weights
    whole = number == 0
    weight = np.minimum(weights.sum(axis=1), 1.0) if whole else weights[:, number - several]
    hours = np.flatnonzero(found.during)
    true, usual = weight @ really.effect[place.rows], weight @ really.against[place.rows]
    outlined = outline * really.own.sum(axis=0) + weight @ (really.effect - really.own)[place.rows]
    difference = zone.difference
    columns = (difference.excess, difference.low, difference.high, true, outlined, usual)
    excess, low, high, of_event, of_outline, of_usual = (tuple(each[hours].tolist()) for each in columns)
    return ZoneScore(
        name=zone.name,
        whole=whole,
        excess=excess,
        low=low,
        high=high,
        effect=of_event,
        outlined=of_outline,
        against_usual=of_usual,
        person_hours=zone.total.person_hours,
        person_hours_low=zone.total.low,
        person_hours_high=zone.total.high,
        ending=zone.recovery.ending,
        hours=zone.recovery.hours,
        true_hours=hours_until_over(true, int(hours[0]), int(hours[-1]) + 1),
    )


def hours_until_over(effect: Floats, first: int, after: int) -> int:
    """Hours from the end of an event until no more than `LEFT` of its largest effect is left.

    Parameters
    ----------
    effect : array of float, shape (hours,)
        What it did to a zone.
    first, after : int
        Its first hour, and the first after it.

    Examples
    --------
    >>> hours_until_over(np.array([0.0, 90.0, 100.0, 50.0, 4.0, 0.0]), 1, 3)
    1
    """
    most = np.abs(effect[first:after]).max(initial=0.0)
    over = np.append(np.abs(effect[after:]) <= LEFT * most, True)
    return int(np.argmax(over))


def _quiet(
    release: reading.Release, happened: Happened, name: str, where: tuple[float, float, float]
) -> Iterator[QuietScore]:
    """Ask for each quiet day of a place as if something had happened on it."""
    longitude, latitude, radius = where
    try:
        place, _ = read_place(release, rings(longitude, latitude, [radius]))
    except PlaceError:
        return
    figures, _ = read_figures(release, place)
    busy = _busy_dates(happened, release.manifest.time_zone)
    scores: dict[str, QuietScore] = {}
    for row, day in enumerate(figures.dates):
        if day in busy or (figures.at[row] < 0).sum() > 1 or is_bank_holiday(day, NATIONS[0]):
            continue
        before = sum(day - dt.timedelta(weeks=each) in figures.dates for each in range(1, LEAST_DAYS + 1))
        side: Side = "before" if before == LEAST_DAYS else "either"
        compared = BEFORE if side == "before" else EITHER
        if is_school_holiday(day, NATIONS[0], happened.parameters):
            compared = SCHOOL
        start = dt.datetime.combine(day, dt.time())
        asked = Asked(start, start + dt.timedelta(days=1), side=side, others=busy)
        found, _ = answer(release, place, figures, asked)
        score = scores.setdefault(compared, QuietScore(name, compared))
        during, true_z = found.during, np.zeros(found.classes.shape)
        if np.isin(found.classes[:, during], (EXCESS, DEFICIT)).any():
            there = happened.people(place.cells, place.resolution, found.at)
            true_z = there - _true_usual(happened, place, figures, found)
            true_z /= null_error(found.cells.excess, found.cells.z)
        zone = found.zones[0]
        score.add(found.classes[:, during], zone.difference.z[during], true_z[:, during], departs=zone.departs[during])
    yield from scores.values()


def _busy_dates(happened: Happened, zone: str) -> tuple[dt.date, ...]:
    """Local dates on which something happened anywhere."""
    moments = [each for event in happened.events for each in (event.start, event.end)]
    return tuple(sorted({each.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).date() for each in moments}))
