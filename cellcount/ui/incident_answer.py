"""What happened in a place: people against usual days, hour by hour, in zones and in cells, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from functools import cached_property

import h3
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.errors import CellCountError
from cellcount.methods import baseline as comparing
from cellcount.methods import cautions, incident, recovery
from cellcount.methods.baseline import Comparable, Side
from cellcount.methods.cautions import LEAST_LOST, Caution, Circumstances
from cellcount.methods.day_types import day_type
from cellcount.methods.flows import withheld_figure
from cellcount.methods.incident import Difference, Usual, Withheld, ZoneDifference
from cellcount.methods.precision import Precision, placement_cv, standard_error
from cellcount.methods.recovery import Exposure, Largest, Recovery, Total
from cellcount.methods.variation import SMALL, Variation, pooled_variation
from cellcount.ui import reading, window_reading
from cellcount.ui.certainty import Parameters
from cellcount.ui.incident_place import ALL, HOURS, Figures, Place, precision_at
from cellcount.ui.presence import Floats, hour_block
from cellcount.ui.reading import Release, Run
from cellcount.ui.windows import BRITISH, nation_of_area

DAYS_BEFORE, DAYS_AFTER = 1, 2
"""Local dates that are shown before and after those of the incident."""
MOST_DAYS = 10
"""Local dates that an incident may touch: later ones would be compared with days that it touched."""
LEAST_KM2 = 0.01
"""A zone is taken to be at least so large, for errors of placement are per area."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An incident, and what it is to be compared with.

    Attributes
    ----------
    start, end : datetime
        Local times, on the hour; the end is not part of it.
    weeks : int
        Comparable days that are wanted.
    side : {'before', 'either'}
        Where they are taken from.
    others : tuple of date
        Dates of other incidents, which are left out.
    """

    start: datetime
    end: datetime
    weeks: int = comparing.LEAST_DAYS
    side: Side = "before"
    others: tuple[date, ...] = ()


@dataclass(frozen=True)
class Zone:
    """What happened in one zone, or in all together; arrays are over the hours shown.

    Attributes
    ----------
    name : str
        Its name: plain text that somebody else may have written.
    km2 : float
        Its area.
    found : ZoneDifference
        Against the usual level; NaN where nothing is known.
    people_error : array of float
        Standard error of the people.
    recovery : Recovery
        When it was within usual variation again.
    total : Total
        Excess over the hours of the incident.
    peak : Largest or None
        Largest figure of the incident's hours.
    day, night : Exposure
        People there on usual days, whatever happened.
    cautions : tuple of Caution
        What must be said beside the figures.
    """

    name: str
    km2: float
    found: ZoneDifference
    people_error: Floats
    recovery: Recovery
    total: Total
    peak: Largest | None
    day: Exposure
    night: Exposure
    cautions: tuple[Caution, ...]

    @property
    def difference(self) -> Difference:
        """People against the usual level, by hour."""
        return self.found.difference


@dataclass(frozen=True)
class Answer:
    """Before, during and after.

    Attributes
    ----------
    asked : Asked
        The incident.
    place : Place
        Where.
    dates : tuple of date
        Local dates shown.
    at : array of int64, shape (hours,)
        UTC hours since 1970 of the hours shown; -1 where the clock skips one.
    during : array of bool, shape (hours,)
        Which are the incident's.
    baseline : tuple of Comparable
        What each date is compared with.
    zones : tuple of Zone
        All together first, where there are several.
    cells : Difference
        Of each cell of the place, arrays of shape (cells, hours).
    classes : array of int8, shape (cells, hours)
        Whether more or fewer than usual, at `rate`: of `incident.discoveries`.
    covered : array of bool, shape (cells, hours)
        Whether the release has the cell in the hour.
    rate : float
        False-discovery rate of each hour.
    """

    asked: Asked
    place: Place
    dates: tuple[date, ...]
    at: NDArray[np.int64]
    during: NDArray[np.bool_]
    baseline: tuple[Comparable, ...]
    zones: tuple[Zone, ...]
    cells: Difference
    classes: NDArray[np.int8]
    covered: NDArray[np.bool_]
    rate: float

    @cached_property
    def moments(self) -> tuple[datetime, ...]:
        """Local time of each hour shown."""
        return tuple(
            datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 - local time of the release
            for day in self.dates
            for hour in range(HOURS)
        )

    @property
    def has_baseline(self) -> bool:
        """Whether anything is usual here: else only exposure is told."""
        return any(each.standing != comparing.NONE for each in self.baseline)


class NothingThereError(CellCountError):
    """An incident at a time of which the release has nothing."""


def answer(
    release: Release, place: Place, figures: Figures, asked: Asked, rate: float = incident.RATE
) -> tuple[Answer, list[Run]]:
    """Hold the hours of an incident against usual ones.

    Parameters
    ----------
    release : Release
        The release.
    place : Place
        Where.
    figures : Figures
        Of the cells of the place.
    asked : Asked
        When, and what it is compared with.
    rate : float
        False-discovery rate over the cells of an hour.

    Raises
    ------
    NothingThereError
        If the release has no figures of the time, or it is too long.
    """
    touched = comparing.dates_of(asked.start, asked.end)
    if not set(touched) & set(figures.dates):
        raise NothingThereError(
            f"The release has nothing of {asked.start:%d %B %Y}: it covers {figures.dates[0]:%d %B %Y} to "
            f"{figures.dates[-1]:%d %B %Y}. Choose a time between these."
        )
    if len(touched) > MOST_DAYS:
        raise NothingThereError(
            f"The incident touches {len(touched)} dates, and {MOST_DAYS} can be looked at. Choose an earlier end."
        )
    first, last = touched[0] - timedelta(DAYS_BEFORE), touched[-1] + timedelta(DAYS_AFTER)
    shown = tuple(each for each in figures.dates if first <= each <= last)
    runs: list[Run] = []
    lost, outages, more = _coverage(release, place, figures)
    runs += more
    nation = nation_of_area(place.touched[0] if place.touched else None, release.manifest.time_zone == BRITISH)
    compared = comparing.comparable_days(
        shown,
        asked.start,
        asked.end,
        _whole(figures),
        nation,
        weeks=asked.weeks,
        side=asked.side,
        outages=outages - set(touched),
        incidents=dict.fromkeys(asked.others, "an incident that was named"),
    )
    row_of = {day: row for row, day in enumerate(figures.dates)}
    rows = [row_of[day] for day in shown]
    at = figures.at[rows].reshape(-1)
    share_lost = lost[:, rows].reshape(len(place.cells), -1)
    people = figures.people[:, rows].reshape(len(place.cells), -1)
    # Of coarser cells an outage withholds parts, for which a mean stands: they would seem emptied.
    coarse = place.resolution < max(window_reading.resolutions(release))
    left_out = (share_lost >= LEAST_LOST) & np.isfinite(people) & coarse
    people = np.where(left_out, np.nan, people)
    usual = _usual(figures, compared, row_of)
    known, run = reading.precision_of(release, release.areas[release.default_area].code)
    runs.append(run)
    precision = precision_at(known, place, at)
    ordinary = [row for day, row in row_of.items() if day not in set(touched) | outages | set(asked.others)]
    variation = _variation(place, figures, ordinary, known, nation)
    hour = np.tile(np.arange(HOURS), len(shown))
    tau = variation.share[place.groups[:, None], (usual.people >= SMALL).astype(np.int64), hour[None, :]]
    during = np.array([asked.start <= each < asked.end for each in _moments(shown)], dtype=bool) & (at >= 0)
    if not during.any():
        raise NothingThereError(
            f"The release has nothing of the hours from {asked.start:%H:%M} on {asked.start:%d %B %Y} to "
            f"{asked.end:%H:%M} on {asked.end:%d %B %Y}. Choose others."
        )
    devices, devices_usual, more = _devices(release, figures, compared, rows, row_of)
    runs += more

    covered = figures.covered[:, rows].reshape(len(place.cells), -1)
    one = _One(
        release=release,
        place=place,
        figures=figures,
        precision=precision,
        usual=usual,
        people=people,
        tau=tau,
        share_lost=share_lost,
        during=during,
        compared=compared,
        known=known,
        at=at,
        covered=covered,
        left_out=left_out,
    )
    zones = _zones(one, devices, devices_usual)
    own = np.hypot(
        np.asarray(precision.share_cv),
        placement_cv(np.nan_to_num(usual.people), place.km2[:, None], precision.placement),
    )
    cells = incident.difference(people, usual, precision, tau, share_lost=share_lost, common_cv=own)
    # People are known where nothing is usual as well.
    cells = replace(cells, people=people)
    return (
        Answer(
            asked=asked,
            place=place,
            dates=shown,
            at=at,
            during=during,
            baseline=compared,
            zones=zones,
            cells=cells,
            classes=incident.discoveries(
                cells.z, cells.excess, incident.excess_around(place.cells, cells.excess), rate
            ),
            covered=covered,
            rate=rate,
        ),
        runs,
    )


@dataclass(frozen=True)
class _One:
    """What all zones are worked out from."""

    release: Release
    place: Place
    figures: Figures
    precision: Precision
    usual: Usual
    people: Floats
    tau: Floats
    share_lost: Floats
    during: NDArray[np.bool_]
    compared: tuple[Comparable, ...]
    known: Parameters
    at: NDArray[np.int64]
    covered: NDArray[np.bool_]
    left_out: NDArray[np.bool_]


def _moments(shown: tuple[date, ...]) -> list[datetime]:
    return [
        datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 - local time of the release
        for day in shown
        for hour in range(HOURS)
    ]


def _whole(figures: Figures) -> set[date]:
    """Local dates of which every hour that there is is covered."""
    there = (figures.at >= 0).sum(axis=1) >= HOURS - 1
    return {day for day, whole in zip(figures.dates, there.tolist(), strict=True) if whole}


def _usual(figures: Figures, compared: tuple[Comparable, ...], row_of: Mapping[date, int]) -> Usual:
    """The usual level of every cell in every hour shown."""
    found = [incident.usual_level(figures.people[:, [row_of[day] for day in each.days]]) for each in compared]
    return Usual(np.hstack([each.people for each in found]), np.hstack([each.days for each in found]))


def _variation(place: Place, figures: Figures, ordinary: list[int], known: Parameters, nation: str) -> Variation:
    """Day-to-day variation of the cells of a place on its ordinary days."""
    dates = [figures.dates[row] for row in ordinary]
    kinds = {(each.weekday(), day_type(each, nation) == "bank_holiday") for each in dates}
    number = {kind: at for at, kind in enumerate(sorted(kinds))}
    weekdays = np.array(
        [number[each.weekday(), day_type(each, nation) == "bank_holiday"] for each in dates], dtype=np.int64
    )
    # The part of the UTC day that a local hour lies in changes with the clocks: that of the first date is taken.
    middle = figures.at[len(figures.dates) // 2]
    precision = precision_at(known, place, np.where(middle >= 0, middle, np.arange(HOURS)))
    return pooled_variation(figures.people[:, ordinary], weekdays, place.groups, precision)


def _zones(one: _One, devices: Floats, devices_usual: Floats) -> tuple[Zone, ...]:
    zones = one.place.zones
    weights, errors = one.place.weights.weights, one.place.weights.error
    several = len(zones.names) > 1
    names, areas = list(zones.names), zones.areas_km2.tolist()
    columns = [(weights[:, at], errors[:, at]) for at in range(len(names))]
    if several:
        names.insert(0, ALL)
        areas.insert(0, float(one.place.whole.areas_km2[0]))
        columns.insert(0, one.place.together)
    # Cells of which the release has nothing on any date, such as those of the sea, are left out.
    told = one.figures.covered[one.place.rows].any(axis=(1, 2))
    columns = [(weight * told, error * told) for weight, error in columns]
    found = [_zone(one, name, km2, column) for name, km2, column in zip(names, areas, columns, strict=True)]
    return tuple(
        replace(
            zone,
            cautions=tuple(
                cautions.cautions(
                    Circumstances(
                        zone=zone.found,
                        incident=one.during,
                        share_lost=one.share_lost[one.place.rows][column[0] > 0].max(axis=0, initial=0.0),
                        devices=devices,
                        devices_usual=devices_usual,
                        baseline=one.compared,
                        recovery=zone.recovery,
                    )
                )
            ),
        )
        for zone, column in zip(found, columns, strict=True)
    )


def _zone(one: _One, name: str, km2: float, column: tuple[Floats, Floats]) -> Zone:
    weight, error = column
    # The cells of other zones are no part of this one.
    here = weight > 0
    weight, error, rows = weight[here], error[here], one.place.rows[here]
    inside = _of(one.precision, rows)
    each = withheld_figure(one.release.manifest.threshold or 1, _share_seen(inside))
    usual = Usual(one.usual.people[rows], one.usual.days[rows])
    area = max(float((weight * one.place.km2[rows]).sum()), LEAST_KM2)
    found = incident.zone_difference(
        one.people[rows],
        usual,
        inside,
        one.tau[rows],
        weight,
        withheld=Withheld(each.mean, each.deviation**2),
        weight_variance=np.square(error),
        share_lost=one.share_lost[rows],
        common_cv=_common_cv(inside, weight, (weight[:, None] * np.nan_to_num(usual.people)).sum(axis=0), area),
    )
    found = _masked(one, found, rows)
    difference = found.difference
    hidden = ~np.isfinite(one.people[rows])
    people_error = _error_of_people(
        (weight, error),
        difference.people,
        np.where(hidden, each.mean, one.people[rows]),
        hidden * each.deviation**2,
        precision=inside,
        km2=area,
    )
    hours = np.flatnonzero(one.during)
    first, last = int(hours[0]), int(hours[-1])
    peak = _largest(difference.people[hours], people_error[hours])
    day, night = _exposures(one, *column)
    return Zone(
        name=name,
        km2=km2,
        found=found,
        people_error=people_error,
        recovery=recovery.recovery(difference.z, first, last + 1),
        total=recovery.person_hours(difference, first, last),
        peak=None if peak is None else replace(peak, hour=int(hours[peak.hour])),
        day=day,
        night=night,
        cautions=(),
    )


def _masked(one: _One, found: ZoneDifference, rows: NDArray[np.int64]) -> ZoneDifference:
    """A zone's difference, NaN where it tells nothing.

    Of an hour that is not covered in a cell, or in which every cell inside is withheld, nothing is known: what stands
    there was put in for the figures. Of a date without comparable days people alone are.
    """
    absent = (one.at < 0) | ~one.covered[rows].all(axis=0)
    gone = absent | (found.withheld >= len(rows))
    usual = np.repeat([each.standing != comparing.NONE for each in one.compared], HOURS)
    blank = {
        each.name: np.where(
            gone if each.name == "people" else gone | ~usual, np.nan, getattr(found.difference, each.name)
        )
        for each in fields(Difference)
    }
    return replace(
        found,
        difference=Difference(**blank),
        # What is not covered, or left out for an outage, is not withheld, which would be said.
        withheld=np.where(absent, 0, found.withheld - one.left_out[rows].sum(axis=0)),
        withheld_people=np.where(absent, 0.0, found.withheld_people),
        withheld_most=np.where(absent, 0.0, found.withheld_most),
        cut_share=np.where(absent, 0.0, found.cut_share),
    )


def _exposures(one: _One, weight: Floats, error: Floats) -> tuple[Exposure, Exposure]:
    """People in a zone by day and by night on the days that the incident did not touch."""
    column, touched = (weight, error), _touched(one.compared)
    found = exposures(one.place, one.figures, column, one.known, one.release, touched=touched)
    return found.day, found.night


def _largest(people: Floats, error: Floats) -> Largest | None:
    """The largest of the figures whose error is known; None where it is of none."""
    return recovery.largest(np.where(np.isfinite(error), people, np.nan), error)


def _touched(compared: Collection[Comparable]) -> frozenset[date]:
    return frozenset(each.day for each in compared)


@dataclass(frozen=True, slots=True)
class Exposures:
    """People in a zone on the days of a release.

    Attributes
    ----------
    people, error : array of float, shape (dates, 24)
        By local date and hour, and their standard errors; NaN where not covered, and on dates that are left out.
    day, night : Exposure
        By day, on weekdays, and by night, on all days.
    """

    people: Floats
    error: Floats
    day: Exposure
    night: Exposure

    @property
    def peak(self) -> Largest | None:
        """The largest figure of any one hour, by its place among all hours; None where none is known."""
        return _largest(self.people.ravel(), self.error.ravel())


def exposures(
    place: Place,
    figures: Figures,
    column: tuple[Floats, Floats],
    known: Parameters,
    release: Release,
    *,
    touched: frozenset[date] = frozenset(),
) -> Exposures:
    """People in a zone by day, on weekdays, and by night, on all days.

    Parameters
    ----------
    place : Place
        The place.
    figures : Figures
        Of its cells.
    column : tuple of array of float, shape (cells of the zones,)
        Weight of each cell, and its standard deviation.
    known : Parameters
        The table `precision`.
    release : Release
        The release.
    touched : frozenset of date
        Dates that are left out.
    """
    here = (column[0] > 0) & figures.covered[place.rows].any(axis=(1, 2))
    weight, doubt, rows = column[0][here], column[1][here], place.rows[here]
    km2 = max(float((weight * place.km2[rows]).sum()), LEAST_KM2)
    people = figures.people[rows]
    hidden = np.isnan(people) & figures.covered[rows]
    middle = figures.at[len(figures.dates) // 2]
    of_cells = _of(precision_at(known, place, np.where(middle >= 0, middle, np.arange(HOURS))), rows)
    each = withheld_figure(release.manifest.threshold or 1, _share_seen(of_cells))
    filled = np.where(hidden, each.mean, people)
    # A day that is not covered in a cell leaves the whole without a figure.
    total = np.einsum("c,cdh->dh", weight, np.nan_to_num(filled))
    lacking = np.isnan(filled).any(axis=0) | (not len(rows))
    total = np.where(lacking, np.nan, total)
    unsure = hidden * each.deviation**2
    both = weight, doubt
    error = _error_of_people(both, total, np.nan_to_num(filled), unsure, precision=of_cells, km2=km2)
    nation = nation_of_area(place.touched[0] if place.touched else None, release.manifest.time_zone == BRITISH)
    free = np.array([day not in touched for day in figures.dates])
    weekday = np.array([day_type(day, nation) == "weekday" for day in figures.dates])
    total, error = (np.where(free[:, None], each, np.nan) for each in (total, error))
    return Exposures(
        people=total,
        error=error,
        day=recovery.exposure(total, error, weekday, recovery.DAY_HOURS),
        night=recovery.exposure(total, error, np.ones(len(free), dtype=bool), recovery.NIGHT_HOURS),
    )


def _error_of_people(
    column: tuple[Floats, Floats],
    total: Floats,
    people: Floats,
    unsure: NDArray[np.floating],
    *,
    precision: Precision,
    km2: float,
) -> Floats:
    """Standard error of the people of a zone: of the sum, of cells that are cut, and of what is withheld.

    Parameters
    ----------
    column : tuple of array of float, shape (cells,)
        Weight of each cell, and its standard deviation.
    total : array of float, shape (..., hours)
        People of the zone.
    people, unsure : array of float, shape (cells, ..., hours)
        People of each cell, and the variance of what was put in the place of withheld ones.
    precision : Precision
        Arrays of shape (cells, hours).
    km2 : float
        Area of the zone.
    """
    weight, doubt = column
    error = standard_error(total, _together(precision, weight), area_km2=km2, figures=np.square(weight).sum())
    cut = np.einsum("c,c...->...", np.square(doubt), np.square(people))
    return np.sqrt(np.square(error) + cut + np.einsum("c,c...->...", np.square(weight), unsure))


def _columns(precision: Precision) -> dict[str, Floats]:
    placement = {
        f"placement_{name}": np.asarray(getattr(precision.placement, name), dtype=np.float64)
        for name in ("cv", "density", "power", "floor", "decay")
    }
    own = {
        name: np.asarray(getattr(precision, name), dtype=np.float64)
        for name in ("coverage_p", "over_dispersion", "share_cv")
    }
    return {**own, **placement}


def _of(precision: Precision, rows: NDArray[np.int64]) -> Precision:
    """Parameters of some of the cells."""
    return Precision.of({name: block[rows] for name, block in _columns(precision).items()})


def _share_seen(precision: Precision) -> float:
    """Share of people observed, the middle one of cells and hours; 1 where none is known."""
    share = np.asarray(precision.coverage_p, dtype=np.float64)
    known = share[np.isfinite(share)]
    return float(np.median(known)) if len(known) else 1.0


def _common_cv(precision: Precision, weight: Floats, people: Floats, km2: float) -> Floats:
    """Relative error that all figures of a zone share, by hour: of the share observed, and of placement."""
    together = _together(precision, weight)
    return np.hypot(np.asarray(together.share_cv), placement_cv(people, km2, together.placement))


def _together(precision: Precision, weight: Floats) -> Precision:
    """Parameters of a zone, by hour: the mean of its cells', by their weights; NaN where of one they are not known."""
    share = weight / weight.sum() if len(weight) else weight
    return Precision.of(
        {
            name: share @ block if len(weight) else np.full(block.shape[1:], np.nan)
            for name, block in _columns(precision).items()
        }
    )


def _coverage(release: Release, place: Place, figures: Figures) -> tuple[Floats, set[date], list[Run]]:
    """Part of the share observed that was lost, by cell, date and hour; and the dates on which it was in the zones."""
    lost = np.zeros(figures.people.shape)
    dates: set[date] = set()
    if not release.has("coverage"):
        # A release during which no network was down has no rows of it.
        return lost, dates, []
    found = release.run("coverage_lost")
    table = found.table
    if table.num_rows:
        epoch = pd.Timestamp("1970-01-01")
        hour = ((table.column("hour_utc").to_pandas() - epoch) // pd.Timedelta(hours=1)).to_numpy()
        share = table.column("share_lost").to_numpy(zero_copy_only=False)
        parents = table.column("h3_parent").to_numpy()
        for parent in np.unique(parents).tolist():
            coarse = h3.get_resolution(f"{parent:x}")
            if coarse > place.resolution:
                continue
            inside = np.array([int(h3.cell_to_parent(f"{cell:x}", coarse), 16) == parent for cell in place.cells])
            if not inside.any():
                continue
            for moment, part in zip(hour[parents == parent].tolist(), share[parents == parent].tolist(), strict=True):
                hits = figures.at == moment
                lost[np.ix_(inside, *(np.unique(each) for each in np.nonzero(hits)))] = part if hits.any() else 0.0
                if inside[place.rows].any():
                    dates |= {figures.dates[row] for row in np.nonzero(hits)[0].tolist()}
    return lost, dates, [reading.ran(found)]


def _devices(
    release: Release,
    figures: Figures,
    compared: tuple[Comparable, ...],
    rows: list[int],
    row_of: Mapping[date, int],
) -> tuple[Floats, Floats, list[Run]]:
    """Active devices of the country in the hours shown, and their usual number; NaN where not known."""
    nothing = np.full(len(rows) * HOURS, np.nan)
    if not release.has("devices_day"):
        return nothing, nothing, []
    covered = release.days.covered
    found = release.run("active_devices", first=min(covered), last=max(covered))
    by_hour = _by_hour(found.table)
    local = np.array([[by_hour.get(moment, np.nan) for moment in day] for day in figures.at.tolist()], dtype=np.float64)
    usual = np.concatenate(
        [
            np.median(local[[row_of[day] for day in each.days]], axis=0) if each.days else np.full(HOURS, np.nan)
            for each in compared
        ]
    )
    return local[rows].reshape(-1), usual, [reading.ran(found)]


def _by_hour(table: pa.Table) -> dict[int, float]:
    epoch = date(1970, 1, 1)
    blocks = hour_block(table, "h")
    return {
        (day - epoch).days * HOURS + hour: float(value)
        for day, row in zip(table.column("date").to_pylist(), blocks, strict=True)
        for hour, value in enumerate(row.tolist())
    }
