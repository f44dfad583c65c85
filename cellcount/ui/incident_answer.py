"""What happened in a place: people against usual days, hour by hour, in zones and in cells, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import streamlit as st
from h3.api import numpy_int as h3
from numpy.typing import NDArray

from cellcount.errors import CellCountError
from cellcount.methods import baseline as comparing
from cellcount.methods import cautions, incident, recovery
from cellcount.methods.baseline import Comparable, Side
from cellcount.methods.cautions import LEAST_LOST, Caution, Circumstances
from cellcount.methods.day_types import day_type
from cellcount.methods.flows import WithheldFigure, withheld_figure
from cellcount.methods.incident import Difference, Leeway, Usual, Withheld, ZoneDifference, words_for
from cellcount.methods.precision import Precision, placement_cv, standard_error
from cellcount.methods.recovery import Exposure, Largest, Recovery, Total
from cellcount.methods.variation import LEFT_OUT, Variation, day_to_day_variation
from cellcount.ui import reading, window_reading
from cellcount.ui.certainty import Parameters
from cellcount.ui.incident_place import ALL, EPOCH, HOURS, Figures, Place, precision_at
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
    departs : array of bool
        In which hours it departs from usual: of `recovery.departures`, over all zones.
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
    departs: NDArray[np.bool_]
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

    def unusual(self, hour: int) -> str:
        """How unusual an hour is, in words: what could be chance among the hours looked at is usual variation."""
        if self.found.at_edge[hour]:
            return incident.EDGE_WORDS
        z = float(self.difference.z[hour])
        return words_for(z if self.departs[hour] or np.isnan(z) else 0.0)


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
    same = _same(release.manifest.sha256, _release=release)
    lost, outages = _coverage(same, place, figures)
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
        incidents=dict.fromkeys(asked.others, ""),
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
    known = same.known
    precision = precision_at(known, place, at)
    # What happened may go on after the end that was asked for, and would count as variation of ordinary days.
    week_after = touched[-1] + timedelta(7)
    free = [day for day in figures.dates if day < touched[0] or (asked.side == "either" and day >= week_after)]
    ordinary = [row_of[day] for day in free if day not in outages | set(asked.others)]
    tau = _variation(place, figures, ordinary, known, nation).of(usual.people)
    during = np.array([asked.start <= each < asked.end for each in _moments(shown)], dtype=bool) & (at >= 0)
    if not during.any():
        raise NothingThereError(
            f"The release has nothing of the hours from {asked.start:%H:%M} on {asked.start:%d %B %Y} to "
            f"{asked.end:%H:%M} on {asked.end:%d %B %Y}. Choose others."
        )
    devices, devices_usual = _devices(same, figures, compared, row_of)

    covered = figures.covered[:, rows].reshape(len(place.cells), -1)
    own = np.hypot(
        np.asarray(precision.share_cv),
        placement_cv(np.nan_to_num(usual.people), place.km2[:, None], precision.placement),
    )
    cells = incident.difference(people, usual, precision, tau, share_lost=share_lost, common_cv=own)
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
        cells=cells,
    )
    zones = _zones(one, devices, devices_usual)
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
        list(same.runs),
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
    cells: Difference


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
    """Day-to-day variation of the cells of a place on its ordinary days, by local hour."""
    kinds = {
        row: (figures.dates[row].weekday(), day_type(figures.dates[row], nation) == "bank_holiday") for row in ordinary
    }
    number = {kind: at for at, kind in enumerate(sorted(set(kinds.values())))}
    weekdays = np.full(len(figures.dates), LEFT_OUT)
    weekdays[ordinary] = [number[kinds[row]] for row in ordinary]
    # The part of the UTC day that a local hour lies in changes with the clocks: that of the middle date is taken.
    middle = figures.at[len(figures.dates) // 2]
    precision = precision_at(known, place, np.where(middle >= 0, middle, np.arange(HOURS)))
    return day_to_day_variation(figures.people, weekdays, place.groups, precision)


class _Column(NamedTuple):
    """Of each cell of the zones: its weight in one of them, the standard deviation of that, and whether it is cut."""

    weight: Floats
    error: Floats
    cut: NDArray[np.bool_]


def _zones(one: _One, devices: Floats, devices_usual: Floats) -> tuple[Zone, ...]:
    place = one.place
    zones, weights = place.zones, place.weights
    names, areas = list(zones.names), zones.areas_km2.tolist()
    columns = [_Column(weights.weights[:, at], weights.error[:, at], weights.cut[:, at]) for at in range(len(names))]
    if len(names) > 1:
        names.insert(0, ALL)
        areas.insert(0, float(place.whole.areas_km2[0]))
        columns.insert(0, _Column(*place.together, place.together_cut))
    # Cells of which the release has nothing on any date, such as those of the sea, are left out.
    of_cells = np.asarray(one.figures.covered.any(axis=(1, 2)), dtype=np.bool_)
    told, shares = of_cells[place.rows], place.share_told(of_cells)
    columns = [_Column(each.weight * told, each.error * told, each.cut & told) for each in columns]
    beyond = np.setdiff1d(np.flatnonzero(of_cells), place.rows)
    *leeway, leeway_around = _leeway(one, columns, beyond)
    found = [
        _zone(one, name, km2, column, room)
        for name, km2, column, room in zip(names, areas, columns, leeway, strict=True)
    ]
    departed = recovery.departures(np.array([each.difference.z for each in found]), one.during)
    around = _around(one, beyond, leeway_around)
    twice = bool((one.during[:-1] & (one.at[:-1] >= 0) & (np.diff(one.at) == 2)).any())
    ready = []
    for zone, column, share, departs in zip(found, columns, shares, departed, strict=True):
        again = recovery.recovery(zone.difference.z, departs, one.during)
        circumstances = Circumstances(
            zone=zone.found,
            incident=one.during,
            share_lost=one.share_lost[place.rows][column.weight > 0].max(axis=0, initial=0.0),
            devices=devices,
            devices_usual=devices_usual,
            baseline=one.compared,
            recovery=again,
            around=around,
            without_cells=1.0 - share,
            twice=twice,
        )
        said = tuple(cautions.cautions(circumstances))
        ready.append(replace(zone, departs=departs, recovery=again, cautions=said))
    return tuple(ready)


def _leeway(one: _One, columns: Sequence[_Column], beyond: NDArray[np.int64]) -> tuple[Leeway, ...]:
    """How much of the excess may be on the other side of the edge of each zone, and of the cells beyond all of them."""
    weights = np.zeros((len(one.place.cells), len(columns) + 1))
    cut = np.zeros(weights.shape, dtype=bool)
    for at, column in enumerate(columns):
        weights[one.place.rows, at], cut[one.place.rows, at] = column.weight, column.cut
    weights[beyond, -1] = 1.0
    return incident.leeway(one.place.cells, one.cells, weights, cut)


def _around(one: _One, beyond: NDArray[np.int64], leeway: Leeway) -> Difference | None:
    """The cells beyond all zones together, against their usual level; None where there are none."""
    if not len(beyond):
        return None
    whole = np.ones(len(beyond))
    return _against(one, _part(one, beyond, whole, np.zeros(len(beyond))), leeway).difference


@dataclass(frozen=True, slots=True)
class _Part:
    """Cells that are told together, by their places among those of the place, with their weights.

    Attributes
    ----------
    rows : array of int64, shape (cells,)
    weight, error : array of float, shape (cells,)
        Weight of each cell, and its standard deviation.
    precision : Precision
        Of the cells.
    hidden : WithheldFigure
        What is expected of a withheld figure.
    km2 : float
        Their area.
    """

    rows: NDArray[np.int64]
    weight: Floats
    error: Floats
    precision: Precision
    hidden: WithheldFigure
    km2: float


def _part(one: _One, rows: NDArray[np.int64], weight: Floats, error: Floats) -> _Part:
    precision = _of(one.precision, rows)
    each = withheld_figure(one.release.manifest.threshold or 1, _share_seen(precision))
    return _Part(rows, weight, error, precision, each, max(float((weight * one.place.km2[rows]).sum()), LEAST_KM2))


def _against(one: _One, part: _Part, leeway: Leeway) -> ZoneDifference:
    rows, weight = part.rows, part.weight
    usual = Usual(one.usual.people[rows], one.usual.days[rows])
    found = incident.zone_difference(
        one.people[rows],
        usual,
        part.precision,
        one.tau[rows],
        weight,
        withheld=Withheld(part.hidden.mean, part.hidden.deviation**2),
        weight_variance=np.square(part.error),
        share_lost=one.share_lost[rows],
        common_cv=_common_cv(
            part.precision, weight, (weight[:, None] * np.nan_to_num(usual.people)).sum(axis=0), part.km2
        ),
        leeway=leeway,
    )
    return _masked(one, found, rows)


def _zone(one: _One, name: str, km2: float, column: _Column, leeway: Leeway) -> Zone:
    # The cells of other zones are no part of this one.
    here = column.weight > 0
    part = _part(one, one.place.rows[here], column.weight[here], column.error[here])
    found = _against(one, part, leeway)
    difference, people = found.difference, one.people[part.rows]
    hidden = ~np.isfinite(people)
    people_error = _error_of_people(
        (part.weight, part.error),
        difference.people,
        np.where(hidden, part.hidden.mean, people),
        np.square(part.weight) @ hidden * part.hidden.deviation**2,
        precision=part.precision,
        km2=part.km2,
    )
    # Whoever came, and may be on the other side of the edge, is not among the residents by whom a cell is shared out.
    people_error += np.maximum(leeway.fewer, leeway.more) / incident.t_quantile()
    hours = np.flatnonzero(one.during)
    peak = _largest(difference.people[hours], people_error[hours])
    day, night = _exposures(one, column.weight, column.error)
    return Zone(
        name=name,
        km2=km2,
        found=found,
        people_error=people_error,
        departs=np.zeros(len(one.during), dtype=bool),
        recovery=Recovery(recovery.NO_DEPARTURE, None, None),
        total=recovery.person_hours(difference, int(hours[0]), int(hours[-1])),
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
        at_edge=found.at_edge & ~gone & usual,
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
    of_cells = precision_at(known, place, np.where(middle >= 0, middle, np.arange(HOURS)), rows)
    each = withheld_figure(release.manifest.threshold or 1, _share_seen(of_cells))
    filled = np.where(hidden, each.mean, people)
    absent = np.isnan(filled)
    filled[absent] = 0.0
    # A day that is not covered in a cell leaves the whole without a figure.
    lacking = absent.any(axis=0) | (not len(rows))
    total = np.where(lacking, np.nan, np.tensordot(weight, filled, 1))
    unsure = np.tensordot(np.square(weight), hidden, 1) * each.deviation**2
    error = _error_of_people((weight, doubt), total, filled, unsure, precision=of_cells, km2=km2)
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
    unsure: Floats,
    *,
    precision: Precision,
    km2: float,
) -> Floats:
    """Standard error of the people of a zone: of the sum, of cells that are cut, and of what is withheld.

    Parameters
    ----------
    column : tuple of array of float, shape (cells,)
        Weight of each cell, and its standard deviation.
    total, unsure : array of float, shape (..., hours)
        People of the zone, and the variance of those of them who were put in the place of withheld ones.
    people : array of float, shape (cells, ..., hours)
        People of each cell.
    precision : Precision
        Arrays of shape (cells, hours).
    km2 : float
        Area of the zone.
    """
    weight, doubt = column
    error = standard_error(total, _together(precision, weight), area_km2=km2, figures=np.square(weight).sum())
    cut = doubt > 0
    of_cut = np.tensordot(np.square(doubt[cut]), np.square(people[cut]), 1)
    return np.sqrt(np.square(error) + of_cut + unsure)


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


@dataclass(frozen=True, slots=True)
class _Same:
    """What is the same for every incident of a release, and is read once.

    Attributes
    ----------
    known : Parameters
        The table `precision`.
    outages : dict of int to list
        By cell that an outage touched: UTC hours since 1970, and the part of the share observed that was lost in each.
    devices : dict of int to float
        Active devices of the country by UTC hour since 1970; empty where not known.
    runs : tuple of Run
        The queries that were run for it.
    """

    known: Parameters
    outages: Mapping[int, list[tuple[int, float]]]
    devices: Mapping[int, float]
    runs: tuple[Run, ...]


@st.cache_resource(max_entries=window_reading.KEPT, show_spinner=False)
def _same(made: str, *, _release: Release) -> _Same:  # noqa: ARG001 - of the same release
    outages: dict[int, list[tuple[int, float]]] = {}
    devices: dict[int, float] = {}
    known, run = reading.precision_of(_release, _release.areas[_release.default_area].code)
    runs = [run]
    # A release during which no network was down has no rows of it.
    if _release.has("coverage"):
        found = _release.run("coverage_lost")
        runs.insert(0, reading.ran(found))
        for row in found.table.to_pylist():
            hour = int((row["hour_utc"] - datetime(1970, 1, 1)) / timedelta(hours=1))  # noqa: DTZ001 - naive UTC
            outages.setdefault(row["h3_parent"], []).append((hour, row["share_lost"]))
    if _release.has("devices_day"):
        covered = _release.days.covered
        found = _release.run("active_devices", first=min(covered), last=max(covered))
        runs.append(reading.ran(found))
        devices = _by_hour(found.table)
    return _Same(known, outages, devices, tuple(runs))


def _coverage(same: _Same, place: Place, figures: Figures) -> tuple[Floats, set[date]]:
    """Part of the share observed that was lost, by cell, date and hour; and the dates on which it was in the zones."""
    lost = np.zeros(figures.people.shape)
    dates: set[date] = set()
    for touched, hours in sorted(same.outages.items()):
        coarse = h3.get_resolution(touched)
        if coarse > place.resolution:
            continue
        inside = np.array([h3.cell_to_parent(cell, coarse) == touched for cell in place.cells.tolist()])
        in_zones = inside[place.rows].any()
        for moment, part in hours:
            for row, hour in np.argwhere(figures.at == moment).tolist():
                lost[inside, row, hour] = part
                if in_zones:
                    dates.add(figures.dates[row])
    return lost, dates


def _devices(
    same: _Same, figures: Figures, compared: tuple[Comparable, ...], row_of: Mapping[date, int]
) -> tuple[Floats, Floats]:
    """Active devices of the country in the hours shown, and their usual number; NaN where not known."""

    def on(days: Sequence[date]) -> Floats:
        at = figures.at[[row_of[day] for day in days]]
        return np.array([same.devices.get(each, np.nan) for each in at.ravel().tolist()]).reshape(-1, HOURS)

    usual = [np.median(on(each.days), axis=0) if each.days else np.full(HOURS, np.nan) for each in compared]
    return on([each.day for each in compared]).reshape(-1), np.concatenate(usual)


def _by_hour(table: pa.Table) -> dict[int, float]:
    blocks = hour_block(table, "h")
    return {
        (day - EPOCH).days * HOURS + hour: float(value)
        for day, row in zip(table.column("date").to_pylist(), blocks, strict=True)
        for hour, value in enumerate(row.tolist())
    }
