"""Trips between areas as figures: what is chosen of a day or a month, added up, ranked and told. No Streamlit here.

The pairs of areas of a day are held as arrays, so that another area, hour or direction is worked out from what is at
hand. Where figures are added up, withheld ones are put in as expectations and stay inside the interval; a single figure
that is withheld stays withheld.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from cellcount.methods import flows
from cellcount.methods.agreement import distance_km
from cellcount.methods.flows import Estimate, WithheldFigure
from cellcount.methods.precision import ROUNDING_VARIANCE, interval
from cellcount.ui.presence import Floats
from cellcount.ui.times import Slot
from cellcount.ui.view import Area
from cellcount.ui.words import count, day, labels, listed, lowered, number, percent

Numbers = NDArray[np.int64]

MODES: dict[str, str] = {
    "all": "All",
    "in": "Into",
    "out": "Out of",
    "within": "Within",
    "between": "Between places",
    "visitors": "Origin of visitors",
}
PURPOSES = {"all": "All trips", "home_work": "Home to work"}
KINDS = {"total": "Each way", "net": "Net"}
UNITS = {"auto": "By zoom", "authorities": "Authorities", "regions": "Regions"}
MOST = {"50": "50", "200": "200", "1000": "1,000", "5000": "5,000"}
TIMES = {
    "day": "Whole day",
    "hours": "Hour by hour",
    "morning": "Morning, 06 to 10",
    "midday": "Midday, 10 to 16",
    "evening": "Evening, 16 to 20",
    "late": "Late, 20 to 24",
}
BANDS: dict[str, tuple[int, ...]] = {
    "morning": flows.MORNING,
    "midday": tuple(range(10, 16)),
    "evening": tuple(range(16, 20)),
    "late": tuple(range(20, 24)),
}
"""Local hours of each band."""
DAY_PART_WORDS = {
    "night": "Night, 00 to 06",
    "morning": "Morning, 06 to 10",
    "midday": "Midday, 10 to 16",
    "evening": "Evening, 16 to 20",
    "late": "Late, 20 to 24",
}
"""Parts of the UTC day in which people are counted by their homes."""
MOST_IN_MATRIX = 20
DISTANCES = ("under 2 km", "2 to 5", "5 to 10", "10 to 25", "25 to 50", "50 to 100", "100 to 200", "200 km and over")
"""The bands of `flows.DISTANCE_LIMITS`, in words."""
MOST_LISTED = 12


@dataclass(frozen=True)
class Places:
    """The areas of a release, and where they are.

    Attributes
    ----------
    smallest : tuple of str
        Codes of the areas between which trips are counted.
    names : dict of str to str
        Name of every area by code.
    parents : dict of str to str or None
        The area around every area.
    lon, lat : dict of str to float
        Centre of every area, degrees.
    km2 : array of float, shape (smallest,)
        Their areas in square kilometres; NaN where not known.
    """

    smallest: tuple[str, ...]
    names: Mapping[str, str]
    parents: Mapping[str, str | None]
    lon: Mapping[str, float]
    lat: Mapping[str, float]
    km2: Floats

    @cached_property
    def above(self) -> tuple[tuple[str, ...], ...]:
        """For each of the smallest areas itself and all areas around it, the nearest first."""
        found = []
        for code in self.smallest:
            chain, at = [code], self.parents.get(code)
            while at is not None:
                chain.append(at)
                at = self.parents.get(at)
            found.append(tuple(chain))
        return tuple(found)

    def inside(self, code: str) -> NDArray[np.bool_]:
        """Which of the smallest areas an area is, or contains."""
        return np.array([code in chain for chain in self.above], dtype=np.bool_)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Code of the area right around each of the smallest; its own where there is none."""
        return tuple(chain[1] if len(chain) > 1 else chain[0] for chain in self.above)

    @cached_property
    def km(self) -> Floats:
        """Distances between centres, smallest x smallest; within an area that of random points of a disc."""
        lon = np.array([self.lon[code] for code in self.smallest])
        lat = np.array([self.lat[code] for code in self.smallest])
        apart = distance_km(lon[:, None], lat[:, None], lon[None], lat[None])
        np.fill_diagonal(apart, flows.within_km(self.km2))
        return apart

    def centre(self, code: str) -> tuple[float, float]:
        """Longitude and latitude of an area's centre."""
        return self.lon[code], self.lat[code]


@dataclass(frozen=True)
class Pairs:
    """Trips between the smallest areas, over a day or as a mean of the days of a month.

    Attributes
    ----------
    origin, destination : array of int64, shape (pairs,)
        Places among `Places.smallest`.
    hours : array of float, shape (pairs, steps), or None
        Trips by hour of departure; NaN where withheld. None of a month.
    trips : array of float, shape (pairs,)
        Trips of the whole; NaN where withheld.
    km : array of float, shape (pairs,)
        Mean length of a trip, kilometres.
    coverage, share_cv : array of float, shape (pairs,)
        Of the origin: share of people observed, and its coefficient of variation; NaN where not known.
    variance_over_mean : array of float, shape (pairs,)
        Of an operator's count over the whole, larger for hours that operators withhold; NaN where not known.
    slots : tuple of Slot
        The steps.
    days : int
        Days over which the figures are to be a mean: 1 of a day.
    each : WithheldFigure or None
        What a withheld figure is expected to be; None where the release does not tell below what it withholds.
    """

    origin: Numbers
    destination: Numbers
    hours: Floats | None
    trips: Floats
    km: Floats
    coverage: Floats
    share_cv: Floats
    variance_over_mean: Floats
    slots: tuple[Slot, ...]
    days: int
    each: WithheldFigure | None

    @cached_property
    def _rest(self) -> flows.Rest:
        assert self.hours is not None
        return flows.rest_of_day(self.hours, np.where(np.isnan(self.trips), self._unknown.mean, self.trips))

    @property
    def _unknown(self) -> WithheldFigure:
        return self.each or WithheldFigure(0.0, 0.0)

    def steps_of(self, time: str) -> tuple[int, ...] | None:
        """Places of the steps of a band; None for the whole day."""
        if time not in BANDS or self.hours is None:
            return None
        return tuple(place for place, slot in enumerate(self.slots) if slot.hours[0] in BANDS[time])

    def at(self, steps: Sequence[int] | None) -> Amounts:
        """Trips of each pair over some steps, or over the whole.

        Parameters
        ----------
        steps : sequence of int or None
            Places of the steps; None for the whole.
        """
        if steps is None or self.hours is None:
            return self._whole
        hours = self.hours[:, list(steps)]
        hidden = np.isnan(hours)
        known = np.sum(hours, axis=1, where=~hidden)
        withheld = hidden.sum(axis=1)
        guess = withheld * self._rest.each
        figures = np.maximum((hours > 0).sum(axis=1), 1)
        found = flows.spread(known, self.coverage, self.share_cv, self._variance_of_hours, figures)
        of_day = np.divide(withheld, self._rest.withheld, out=np.zeros(len(known)), where=self._rest.withheld > 0)
        more = np.where(np.isnan(self.trips), of_day * self._unknown.deviation, 0.0)
        return Amounts(
            value=known + guess,
            guess=guess,
            shown=(known > 0) | (withheld == 0),
            variance=found.variance + self._rest.variance(withheld),
            common=found.common + more,
        )

    @cached_property
    def _variance_of_hours(self) -> float:
        """Of a single hour that is published, in which nothing is withheld: the least of any day's."""
        known = self.variance_over_mean[np.isfinite(self.variance_over_mean)]
        return float(known.min()) if len(known) else float("nan")

    @cached_property
    def _by_hour(self) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        """Value, variance, common error and whether it may be shown, as `at` has them of one hour, for all hours."""
        assert self.hours is not None
        hidden = np.isnan(self.hours)
        known = np.where(hidden, 0.0, self.hours)
        share, rest = self.coverage[:, None], self._rest
        each = self._variance_of_hours / share
        variance = each * known
        variance += each / share
        variance[known > 0] += ROUNDING_VARIANCE
        variance += hidden * rest.variance(np.minimum(rest.withheld, 1))[:, None]
        unsure = np.where(np.isnan(self.trips), self._unknown.deviation, 0.0) / np.maximum(rest.withheld, 1)
        common = known * self.share_cv[:, None]
        common += hidden * unsure[:, None]
        known += hidden * rest.each[:, None]
        return known, variance, common, ~hidden

    def hourly(self, groups: Numbers, size: int) -> Hourly:
        """Trips of groups of pairs by hour.

        Parameters
        ----------
        groups : array of int64, shape (pairs,)
            Group of each pair, 0 to size - 1; -1 leaves it out.
        size : int
            Number of groups.

        Returns
        -------
        Hourly
            Without a step where there are no hours.
        """
        if self.hours is None:
            nothing = np.empty((size, 0))
            return Hourly(nothing, nothing, nothing.astype(np.bool_))
        rows = np.flatnonzero(groups >= 0)
        add = sparse.csr_array((np.ones(len(rows)), (groups[rows], rows)), shape=(size, len(groups)))
        value, variance, common, shown = self._by_hour
        total = add @ value
        hidden = add @ (~shown)
        some = add @ (shown & (value > 0))
        error = np.sqrt(add @ variance + np.square(add @ common))
        return Hourly(total, error, (some > 0) | (hidden == 0))

    @cached_property
    def _whole(self) -> Amounts:
        hidden = np.isnan(self.trips)
        guess = np.where(hidden, self._unknown.mean, 0.0)
        known = np.where(hidden, 0.0, self.trips)
        found = flows.spread(known, self.coverage, self.share_cv, self.variance_over_mean)
        return Amounts(
            value=np.where(hidden, guess, self.trips) / self.days,
            guess=guess / self.days,
            shown=~hidden,
            variance=np.where(hidden, 0.0, found.variance) / self.days**2,
            common=np.where(hidden, self._unknown.deviation, found.common) / self.days,
        )


@dataclass(frozen=True, slots=True)
class Hourly:
    """Trips of groups of pairs by hour: arrays of groups x steps.

    Attributes
    ----------
    value, error : array of float
        Trips, withheld ones as expected, and their standard errors; NaN where not known.
    shown : array of bool
        Whether anything of it may be shown by itself.
    """

    value: Floats
    error: Floats
    shown: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Amounts:
    """Trips of pairs, as they are added up.

    Attributes
    ----------
    value : array of float
        Trips, withheld ones as expected.
    guess : array of float
        How much of it is expectation.
    shown : array of bool
        Whether the pair's own figure may be shown.
    variance, common : array of float
        What is wrong independently from pair to pair, and what all share: see `flows.Spread`.
    """

    value: Floats
    guess: Floats
    shown: NDArray[np.bool_]
    variance: Floats
    common: Floats

    def total(self, chosen: NDArray[np.bool_]) -> Total:
        """The sum over some pairs."""
        error = np.sqrt(self.variance[chosen].sum() + self.common[chosen].sum() ** 2)
        return Total(
            Estimate(float(self.value[chosen].sum()), float(error)),
            float(self.guess[chosen].sum()),
            int((~self.shown[chosen]).sum()),
        )


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of trips.

    Attributes
    ----------
    trips : Estimate
        With expectations for what is withheld; the error is NaN where not known.
    guess : float
        How much of it is expectation.
    withheld : int
        Pairs whose figure is withheld.
    """

    trips: Estimate
    guess: float
    withheld: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the visitor chose.

    Attributes
    ----------
    mode : str
        Of `MODES`.
    area : Area
        The area that trips go into, out of or stay in.
    places : tuple of str
        Codes of the places between which trips are shown.
    purpose, time, kind : str
        Of `PURPOSES`, `TIMES` and `KINDS`.
    regions : bool
        Whether far areas are put together by region.
    most : int
        Flows that are drawn at most.
    words : str
        The day, or the month, in words.
    view : tuple of float or None
        West, south, east and north of what the visitor looks at: flows are ranked that begin or end there. None ranks
        all of the choice.
    """

    mode: str
    area: Area
    places: tuple[str, ...]
    purpose: str
    time: str
    kind: str
    regions: bool
    most: int
    words: str
    view: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Zones:
    """What flows are drawn between: single areas, or several together.

    Attributes
    ----------
    codes, names : tuple of str
        Of each.
    centres : array of float, shape (zones, 2)
        Longitude and latitude.
    of : array of int64, shape (smallest,)
        Zone of each of the smallest areas; -1 where it is in none.
    inside : array of bool, shape (zones,)
        Whether the zone is, or is a part of, the chosen area.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    centres: Floats
    of: Numbers
    inside: NDArray[np.bool_]


def utc_day(on: date, zone: str) -> tuple[Slot, ...]:
    """The 24 hours of a UTC day by local time: in London from 01:00 to 01:00 in summer.

    Examples
    --------
    >>> summer = utc_day(date(2026, 10, 7), "Europe/London")
    >>> summer[0].label, summer[23].words, summer[5].column, summer[5].hours
    ('01:00', '00:00 to 01:00', 5, (6,))
    """
    here = ZoneInfo(zone)
    starts = [datetime(on.year, on.month, on.day, hour, tzinfo=UTC) for hour in range(24)]
    local = [start.astimezone(here) for start in starts]
    clock = [f"{at:%H:%M}" for at in local]
    return tuple(
        Slot(
            label=f"{shown} {at:%Z}" if clock.count(shown) > 1 else shown,
            words=f"{shown} to {(start + timedelta(hours=1)).astimezone(here):%H:%M}",
            hours=(at.hour,),
            column=start.hour,
            on=on,
        )
        for start, at, shown in zip(starts, local, clock, strict=True)
    )


def places_beneath(places: Places, code: str) -> tuple[str, ...]:
    """The areas that stand for an area where trips between places are shown and none is chosen.

    The regions in it, or where it is one the smallest areas in it.
    """
    smallest = [at for at, there in enumerate(places.inside(code)) if there]
    around = list(dict.fromkeys(places.regions[at] for at in smallest))
    found = around if len(around) > 1 else [places.smallest[at] for at in smallest]
    return tuple(sorted(found, key=lambda code: places.names[code]))


def outermost(places: Places, codes: Sequence[str]) -> tuple[str, ...]:
    """Of some areas those that lie in no other of them: a trip can only be between places that do not overlap."""
    around: dict[str, str | None] = dict(places.parents)

    def within_another(code: str) -> bool:
        at = around.get(code)
        while at is not None and at not in codes:
            at = around.get(at)
        return at is not None

    return tuple(code for code in dict.fromkeys(codes) if not within_another(code))


def zones_of(chosen: Chosen, places: Places) -> Zones:
    """What the flows of a choice are drawn between.

    The chosen places where trips between them are shown; otherwise the smallest areas, those far from the chosen area
    put together by region where that is wanted. Areas of the chosen area's own region are always drawn one by one,
    unless it is as large as a region itself.
    """
    inside = places.inside(chosen.area.code)
    if chosen.mode == "between":
        labels_of: list[str | None] = [None] * len(places.smallest)
        for code in outermost(places, chosen.places):
            for at in np.flatnonzero(places.inside(code)).tolist():
                labels_of[at] = code
    else:
        near = {places.regions[at] for at in np.flatnonzero(inside).tolist()}
        # One by one: the areas of the chosen region, or those around the chosen area.
        single = inside if inside.sum() > 1 else np.array([region in near for region in places.regions])
        whole = len(near) > 1
        labels_of = [
            code if not chosen.regions or (there and not whole) else region
            for code, region, there in zip(places.smallest, places.regions, single.tolist(), strict=True)
        ]
    if chosen.mode == "within":
        labels_of = [code if there else None for code, there in zip(labels_of, inside.tolist(), strict=True)]
    found = {code for code in labels_of if code is not None}
    named = sorted(found, key=lambda code: places.names[code])
    order = outermost(places, chosen.places) if chosen.mode == "between" else named
    codes = tuple(code for code in order if code in found)
    place = {code: at for at, code in enumerate(codes)}
    of = np.array([-1 if code is None else place[code] for code in labels_of], dtype=np.int64)
    holds = np.zeros(len(codes), dtype=np.bool_)
    holds[of[inside & (of >= 0)]] = True
    centres = np.array([places.centre(code) for code in codes], dtype=np.float64).reshape(-1, 2)
    return Zones(codes, tuple(places.names[code] for code in codes), centres, of, holds)


@dataclass(frozen=True)
class FlowsShown:
    """The flows of a choice, added up by zones.

    Attributes
    ----------
    chosen : Chosen
        What was chosen.
    places : Places
        The areas.
    pairs : Pairs
        Their trips.
    zones : Zones
        What they are added up by.
    """

    chosen: Chosen
    places: Places
    pairs: Pairs
    zones: Zones

    @cached_property
    def amounts(self) -> Amounts:
        """Trips of the pairs at the chosen time."""
        return self.pairs.at(self.pairs.steps_of(self.chosen.time))

    @cached_property
    def _ends(self) -> tuple[Numbers, Numbers]:
        return self.zones.of[self.pairs.origin], self.zones.of[self.pairs.destination]

    @cached_property
    def of_pairs(self) -> NDArray[np.bool_]:
        """Which pairs the choice is about: for the figures, the curve and the distances."""
        start, end = self._ends
        if self.chosen.mode == "between":
            return (start >= 0) & (end >= 0) & (start != end)
        inside = self.places.inside(self.chosen.area.code)
        leaves, arrives = inside[self.pairs.origin], inside[self.pairs.destination]
        return {"in": ~leaves & arrives, "out": leaves & ~arrives, "within": leaves & arrives}.get(
            self.chosen.mode, leaves | arrives
        )

    def by_zones(self, amounts: Amounts) -> Matrix:
        """Trips between zones, over all pairs that lie in them."""
        start, end = self._ends
        size = len(self.zones.codes)

        def added(figures: NDArray[np.float64] | NDArray[np.bool_]) -> Floats:
            return flows.matrix(start, end, figures, size)

        any_shown = added(amounts.shown & (amounts.value > 0)) > 0
        pairs, hidden = added(np.ones(len(start))), added(~amounts.shown)
        value = added(amounts.value)
        return Matrix(
            value=np.where(any_shown | (hidden == 0), value, np.nan),
            expected=value,
            error=np.sqrt(added(amounts.variance) + added(amounts.common) ** 2),
            guess=added(amounts.guess),
            withheld=hidden.astype(np.int64),
            pairs=pairs.astype(np.int64),
        )

    @cached_property
    def matrix(self) -> Matrix:
        """Trips between zones at the chosen time."""
        return self.by_zones(self.amounts)

    @cached_property
    def _in_mode(self) -> NDArray[np.bool_]:
        """Which flows between zones the choice is about, zones x zones."""
        inside = self.zones.inside
        size = len(inside)
        both = np.ones((size, size), dtype=np.bool_)
        if self.chosen.mode == "in":
            both = ~inside[:, None] & inside[None]
        elif self.chosen.mode == "out":
            both = inside[:, None] & ~inside[None]
        elif self.chosen.mode == "all":
            both = inside[:, None] | inside[None]
        return both & ~np.eye(size, dtype=np.bool_)

    @cached_property
    def _in_view(self) -> NDArray[np.bool_]:
        """Which flows of the choice begin or end where the visitor looks, zones x zones."""
        if self.chosen.view is None:
            return self._in_mode
        west, south, east, north = self.chosen.view
        lon, lat = self.zones.centres.T
        seen = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        return self._in_mode & (seen[:, None] | seen[None])

    def _figures(self, found: Matrix) -> tuple[Floats, Floats]:
        """What is drawn of each flow, and its error: each way, or net."""
        if self.chosen.kind == "net":
            net = flows.net(found.value)
            return np.where(net > 0, net, np.where(np.isnan(net), np.nan, 0.0)), np.hypot(found.error, found.error.T)
        return found.value, found.error

    @property
    def plays_net(self) -> bool:
        """Whether net flows are played hour by hour: which way more go is another question every hour."""
        return self.chosen.kind == "net" and self.chosen.time == "hours" and self.pairs.hours is not None

    @cached_property
    def _busiest_net(self) -> tuple[Numbers, Numbers, Floats]:
        """Pairs of zones in view, the first before the second, and the largest net flow of an hour each way.

        The flows are an array of pairs x 2: from the first to the second, and back. NaN where every hour is withheld.
        """
        there = self.matrix.pairs > 0
        first, second = np.nonzero(np.triu((there | there.T) & (self._in_view | self._in_view.T), 1))
        ways = self._hourly(first, second), self._hourly(second, first)
        ahead, back = (np.where(each.shown, each.value, np.nan) for each in ways)
        net = ahead - back
        most = np.stack([np.fmax.reduce(net, axis=1), np.fmax.reduce(-net, axis=1)], axis=1)
        wanted = np.stack([self._in_view[first, second], self._in_view[second, first]], axis=1)
        return first, second, np.where(wanted, np.maximum(most, 0.0), 0.0)

    @cached_property
    def ranked(self) -> Ranked:
        """The largest flows of the choice.

        Where net flows are played, those of the pairs with the largest net flow of an hour, each way in which there is
        one: over the day a rush there and back comes to nothing.
        """
        value, error = self._figures(self.matrix)
        if self.plays_net:
            first, second, most = self._busiest_net
            pairs = flows.largest(most.max(axis=1), self.chosen.most)
            ends = np.stack([first, second], axis=1)[pairs]
            ways = np.stack([ends, ends[:, ::-1]], axis=1)
            # Of each pair the way with the larger flow first.
            order = np.argsort(-most[pairs], axis=1, kind="stable")
            ways, most = np.take_along_axis(ways, order[..., None], 1), np.take_along_axis(most[pairs], order, 1)
            start, end = ways[most > 0].T
            return self._ranked(start * len(self.zones.codes) + end, value, error)
        rows = flows.largest(np.where(self._in_view, value, np.nan).ravel(), self.chosen.most)
        return self._ranked(rows, value, error)

    def _ranked(self, rows: Numbers, value: Floats, error: Floats) -> Ranked:
        size = max(len(self.zones.codes), 1)
        return Ranked(
            rows // size,
            rows % size,
            value.ravel()[rows],
            error.ravel()[rows],
            self.matrix.guess.ravel()[rows],
        )

    @cached_property
    def possible(self) -> int:
        """Flows in view that are more than 0, drawn or not; where net flows are played, pairs with such an hour."""
        if self.plays_net:
            return int((self._busiest_net[2] > 0).any(axis=1).sum())
        value, _ = self._figures(self.matrix)
        return int((self._in_view & (value > 0)).sum())

    @cached_property
    def withheld(self) -> int:
        """Flows in view of which nothing may be shown."""
        return int((self._in_view & np.isnan(self.matrix.value)).sum())

    @cached_property
    def played(self) -> tuple[Floats, Floats]:
        """The drawn flows hour by hour, and their errors; NaN where withheld: arrays of flows x steps."""
        there = self._hourly(self.ranked.start, self.ranked.end)
        value = np.where(there.shown, there.value, np.nan)
        if self.chosen.kind != "net":
            return value, there.error
        back = self._hourly(self.ranked.end, self.ranked.start)
        # An hour in which more go the other way has no net flow in this direction: the other way it is drawn.
        net = value - np.where(back.shown, back.value, np.nan)
        return np.where(np.isnan(net), np.nan, np.maximum(net, 0.0)), np.hypot(there.error, back.error)

    def ends_of(self, flow: str | None) -> tuple[int, int] | None:
        """The zones of a flow by what it is called; None where the choice is not about one of that name."""
        start, _, end = (flow or "").partition("-")
        if start not in self.zones.codes or end not in self.zones.codes or start == end:
            return None
        found = self.zones.codes.index(start), self.zones.codes.index(end)
        return found if self._in_mode[found] else None

    def by_hour(self, start: int, end: int) -> tuple[Floats, Floats]:
        """Trips of one flow by hour, and their standard errors; NaN where withheld, empty of a month."""
        found = self._hourly(np.array([start]), np.array([end]))
        return np.where(found.shown, found.value, np.nan)[0], found.error[0]

    def _hourly(self, start: Numbers, end: Numbers) -> Hourly:
        size = len(self.zones.codes)
        row = np.full(size * size, -1, dtype=np.int64)
        row[start * size + end] = np.arange(len(start))
        origin, destination = self._ends
        known = (origin >= 0) & (destination >= 0)
        groups = np.where(known, row[np.where(known, origin * size + destination, 0)], -1)
        return self.pairs.hourly(groups, len(start))

    def name(self, start: int, end: int) -> str:
        """A flow in words."""
        return f"{self.zones.names[start]} to {self.zones.names[end]}"

    def identify(self, start: int, end: int) -> str:
        """What a flow is called in the URL, and by the map."""
        return f"{self.zones.codes[start]}-{self.zones.codes[end]}"

    @cached_property
    def total(self) -> Total:
        """All trips that the choice is about."""
        return self.amounts.total(self.of_pairs)

    @cached_property
    def shares(self) -> AreaShares:
        """Trips within the chosen area, out of it and into it."""
        inside = self.places.inside(self.chosen.area.code)
        leaves, arrives = inside[self.pairs.origin], inside[self.pairs.destination]
        within, out, into = (
            self.amounts.total(each) for each in (leaves & arrives, leaves & ~arrives, ~leaves & arrives)
        )
        return AreaShares(within, out, into, flows.containment(within.trips, out.trips, into.trips))

    @cached_property
    def mean_km(self) -> float:
        """Mean length of a trip that the choice is about, kilometres."""
        return flows.mean_distance(self.amounts.value[self.of_pairs], self.pairs.km[self.of_pairs])

    @cached_property
    def by_distance(self) -> Floats:
        """Trips by the bands of `DISTANCES`."""
        return flows.by_distance(self.amounts.value[self.of_pairs], self.pairs.km[self.of_pairs])

    @cached_property
    def curve(self) -> tuple[Floats, Floats]:
        """Trips by hour, and their standard errors; empty of a month."""
        found = self.pairs.hourly(np.where(self.of_pairs, 0, -1), 1)
        return found.value[0], found.error[0]

    @cached_property
    def rush(self) -> flows.RushHour | None:
        """When most set out; None of a month."""
        trips, _ = self.curve
        return flows.rush_hour(trips, [slot.hours[0] for slot in self.pairs.slots[: len(trips)]])

    @cached_property
    def of_zones(self) -> OfZones:
        """What leaves, reaches and stays in each zone, of the flows of the choice.

        Withheld flows are in it as expectations. Which way a withheld net flow goes is not known, so that nothing is
        known of the net totals of its ends either: they are NaN.
        """
        value = self.matrix.expected
        moving = np.where(self._in_mode, value, 0.0)
        if self.chosen.kind == "net":
            moving = np.where(self._in_mode, np.maximum(flows.net(self.matrix.value), 0.0), 0.0)
        return OfZones(moving.sum(axis=1), moving.sum(axis=0), np.diag(value).copy())

    @cached_property
    def played_zones(self) -> Floats:
        """What leaves and reaches each zone by hour, of the flows of the choice: an array of zones x steps.

        Each way: of net flows nearly every zone has one that is withheld in an hour, so that it has no total.
        """
        start, end = self._ends
        size = len(self.zones.codes)
        there = (start >= 0) & (end >= 0)
        there[there] = self._in_mode[start[there], end[there]]
        return sum(
            (self.pairs.hourly(np.where(there, ends, -1), size).value for ends in (start, end)),
            start=np.zeros((size, len(self.pairs.slots))),
        )

    def told_zones(self) -> tuple[str, ...]:
        """What the tooltip of each zone says."""
        found = self.of_zones
        stays = self.chosen.mode in ("all", "within", "between")
        return tuple(
            f"{name}: {_said(out)} out, {_said(into)} in" + (f", {_said(within)} within" if stays else "")
            for name, out, into, within in zip(self.zones.names, found.out, found.into, found.within, strict=True)
        )

    @property
    def can_be_matrix(self) -> bool:
        """Whether there are so few zones that all flows between them fit a table."""
        return 2 <= len(self.zones.codes) <= MOST_IN_MATRIX

    def square(self) -> tuple[Floats, Floats]:
        """Trips between all zones as a matrix, net where that was chosen, and their errors."""
        if self.chosen.kind == "net":
            return flows.net(self.matrix.value), np.hypot(self.matrix.error, self.matrix.error.T)
        return self.matrix.value, self.matrix.error

    def table(self) -> pd.DataFrame:
        """All flows of the choice, the largest first and withheld ones last: what is taken away."""
        value, error = self._figures(self.matrix)
        rows = np.flatnonzero(self._in_mode & ((value > 0) | np.isnan(self.matrix.value)))
        rows = rows[np.argsort(-np.nan_to_num(value.ravel()[rows], nan=-1.0), kind="stable")]
        found = self._ranked(rows, value, error)
        low, high = interval(found.value, found.error)
        start, end = found.start, found.end
        codes, names = np.array(self.zones.codes, dtype=object), np.array(self.zones.names, dtype=object)
        limits = {"se": found.error, "lower": low, "upper": high, "expected_part": found.guess}
        hidden = np.isnan(found.value)
        return pd.DataFrame(
            {
                "origin_code": codes[start],
                "origin_name": names[start],
                "destination_code": codes[end],
                "destination_name": names[end],
                "trips": pd.array(found.value.round(1), dtype="Float64"),
                **{
                    name: pd.array(np.where(hidden, np.nan, each).round(1), dtype="Float64")
                    for name, each in limits.items()
                },
                "label": labels(found.value, found.error),
                "withheld_pairs": self.matrix.withheld.ravel()[rows],
                **{
                    f"{which}_{name}": self.zones.centres[ends, axis].round(5)
                    for which, ends in (("origin", start), ("destination", end))
                    for axis, name in enumerate(("lon", "lat"))
                },
            }
        )

    def columns(self) -> dict[str, str]:
        """What each column of `table` means."""
        return {
            "origin_code": "Area, or region, of departure",
            "origin_name": "Its name",
            "destination_code": "Area, or region, of arrival",
            "destination_name": "Its name",
            "trips": f"{self.unit()}, {self.when()}; empty where withheld",
            "se": "Standard error of trips; empty where not known",
            "lower": "Lower limit of the 95 % interval",
            "upper": "Upper limit of the 95 % interval",
            "expected_part": "Part of trips that is an expectation for withheld figures",
            "label": "Precision in words",
            "withheld_pairs": "Pairs of single areas in this flow whose own figure is withheld",
            "origin_lon": "Longitude of the centre of the origin, WGS 84",
            "origin_lat": "Latitude of the centre of the origin, WGS 84",
            "destination_lon": "Longitude of the centre of the destination, WGS 84",
            "destination_lat": "Latitude of the centre of the destination, WGS 84",
        }

    def unit(self) -> str:
        """What a figure counts."""
        what = "Trips from home to work" if self.chosen.purpose == "home_work" else "Trips"
        return f"{what}{', net of those the other way' if self.chosen.kind == 'net' else ''}"

    def legend(self) -> str:
        """What the scale of the map counts: the same, short, with the time that it is of."""
        what = "Commuting trips" if self.chosen.purpose == "home_work" else "Trips"
        what = f"Net {what[:1].lower()}{what[1:]}" if self.chosen.kind == "net" else what
        return f"{what} {self.per()}"

    def per(self) -> str:
        """The time that a figure of the map is of."""
        if self.chosen.time == "hours" and self.pairs.hours is not None:
            return "an hour"
        band = BANDS.get(self.chosen.time) if self.pairs.hours is not None else None
        return "a day" if band is None else f"from {band[0]:02d} to {band[-1] + 1:02d}"

    def where(self) -> str:
        """Where the trips of the choice go, in words."""
        name = self.chosen.area.name
        if self.chosen.mode == "between":
            named = [self.places.names[code] for code in self.zones.codes]
            return f"between {listed(named) if len(named) <= 6 else count(len(named), 'place')}"
        if self.chosen.mode == "all":
            return f"within, into and out of {name}" if self.chosen.area.parent else f"within {name}"
        return {"in": f"into {name}", "out": f"out of {name}", "within": f"within {name}"}[self.chosen.mode]

    def when(self, step: int | None = None) -> str:
        """The day and the time, in words.

        Parameters
        ----------
        step : int, optional
            The hour that is shown, where they are played.
        """
        if self.pairs.hours is None:
            return f"a mean day of {self.chosen.words}, {count(self.pairs.days, 'day')} covered"
        if self.chosen.time == "hours" and step is not None:
            return f"{self.chosen.words}, {self.pairs.slots[step].words}"
        steps = self.pairs.steps_of(self.chosen.time)
        if not steps:
            start = self.pairs.slots[0].label
            whole = "the whole day" if start == "00:00" else f"the whole UTC day, {start} to {start}"
            return f"{self.chosen.words}, {whole}"
        first, last = self.pairs.slots[steps[0]], self.pairs.slots[steps[-1]]
        return f"{self.chosen.words}, {first.label} to {last.words.split(' to ')[1]}"

    def caption(self, rule: str, zone: str, step: int | None = None, *, matrix: bool = False) -> str:
        """Unit, place, time, precision, and what is not shown and why.

        Parameters
        ----------
        rule : str
            The release's disclosure rule, a sentence.
        zone : str
            Its time zone.
        step : int, optional
            The hour that is shown, where they are played.
        matrix : bool
            Whether a matrix is shown, and not a map.
        """
        drawn = min(self.possible, self.chosen.most)
        seen = " that begin or end in view" if self.chosen.view else ""
        kind = "single areas" if set(self.zones.codes) <= set(self.places.smallest) else "areas and regions"
        sentences = [f"{self.unit()} {self.where()}, {self.when(step)}, local time ({zone})."]
        if matrix:
            sentences.append("A row is where trips begin, a column where they end; on the diagonal they stay.")
            if self.chosen.kind == "net":
                sentences.append("Net flows whose 95 % interval holds 0 are in the colour of the middle.")
        elif drawn:
            which = f"The largest {drawn:,} of" if drawn < self.possible else "All" if drawn > 1 else "The"
            nouns = ("pair with a net flow", "pairs with a net flow") if self.plays_net else ("flow", "flows")
            what = count(self.possible, *nouns)
            sentences.append(
                f"{which} {what} between {kind}{seen} {'are' if drawn > 1 else 'is'} drawn; an "
                "arrow is as wide as the square root of its trips."
            )
            if self.plays_net:
                other = {"in": " or more leave than come", "out": " or more come than leave"}.get(self.chosen.mode, "")
                sentences.append(
                    "The pairs are those with the largest net flow of an hour; each hour the arrow goes the way of the "
                    f"more, and there is none where either way is withheld{other}. Places have no circles, for nearly "
                    "each of them has a net flow that is withheld."
                )
        elif len(self.zones.codes) == 1:
            sentences.append("Trips inside a single area have no ends to draw: the figures tell how many they are.")
        elif self.chosen.view:
            sentences.append("No flow that may be shown begins or ends in view.")
        else:
            sentences.append("No flow here may be shown.")
        if self.withheld:
            verb = "is" if self.withheld == 1 else "are"
            shown = "" if matrix else " and not drawn"
            sentences.append(f"{count(self.withheld, 'flow')} {verb} withheld{shown}: {lowered(rule)}")
        guess = self.total.guess
        if guess and self.total.trips.value:
            share = guess / self.total.trips.value
            said = percent(share) if share >= 0.0005 else "less than 0.1 %"
            sentences.append(
                f"Sums hold an expectation for withheld figures, {said} of all trips here; it is inside the interval."
            )
        elif self.total.withheld:
            sentences.append("Sums leave withheld figures out: they are the least that they can be.")
        return " ".join(sentences)

    def alternative(self) -> str:
        """What the map shows, for those who do not see it."""
        if not len(self.ranked.start):
            return f"Map of trips {self.where()}, {self.when()}: no flow that may be shown."
        first = self.name(int(self.ranked.start[0]), int(self.ranked.end[0]))
        if self.plays_net:
            values, errors = self.played
            step = int(np.nanargmax(values[0]))
            said = number(float(values[0, step]), _or_none(float(errors[0, step])))
            return (
                f"Map of {lowered(self.unit())} {self.where()}, {self.when()}, hour by hour. The largest is {first} "
                f"at {self.pairs.slots[step].label}, {said}."
            )
        return (
            f"Map of {lowered(self.unit())} {self.where()}, {self.when()}: {count(len(self.ranked.start), 'arrow')}. "
            f"The largest is {first}, {number(float(self.ranked.value[0]), _or_none(float(self.ranked.error[0])))}."
        )


@dataclass(frozen=True, slots=True)
class Matrix:
    """Trips between zones: arrays of zones x zones.

    Attributes
    ----------
    value : array of float
        Trips; NaN where nothing may be shown.
    expected : array of float
        The same with expectations for all that is withheld, to be added up.
    error : array of float
        Standard errors; NaN where not known.
    guess : array of float
        How much is expectation for withheld figures.
    withheld, pairs : array of int64
        Pairs of single areas whose figure is withheld, and all of them.
    """

    value: Floats
    expected: Floats
    error: Floats
    guess: Floats
    withheld: Numbers
    pairs: Numbers


@dataclass(frozen=True, slots=True)
class Ranked:
    """Flows, the largest first.

    Attributes
    ----------
    start, end : array of int64
        Zones.
    value, error, guess : array of float
        Trips, their standard errors, and how much of them is expectation.
    """

    start: Numbers
    end: Numbers
    value: Floats
    error: Floats
    guess: Floats


@dataclass(frozen=True, slots=True)
class AreaShares:
    """Trips within an area, out of it and into it, and how self-contained it is."""

    within: Total
    out: Total
    into: Total
    containment: flows.Containment

    def travel_to_work_area(self) -> str:
        """Whether commuting alone would make the area a travel-to-work area, in a sentence."""
        workers = self.within.trips.value + self.out.trips.value
        found = flows.is_travel_to_work_area(self.containment.supply.value, self.containment.demand.value, workers)
        if found is None:
            return "Whether it would pass for a travel-to-work area cannot be told: a figure is not known."
        return (
            f"By the rule of 2015 it would {'' if found else 'not '}pass for a travel-to-work area of its own, were "
            "each of these trips a worker: 75 % both ways (66.7 % above 25,000 workers), 3,500 workers at least."
        )


@dataclass(frozen=True, slots=True)
class OfZones:
    """Trips that leave, reach and stay in each zone; NaN where that is not known."""

    out: Floats
    into: Floats
    within: Floats


@dataclass(frozen=True)
class Visitors:
    """Where the people present in an area in a part of a day live.

    Attributes
    ----------
    area : Area
        Where they are.
    places : Places
        The areas.
    homes : tuple of str
        Codes of their homes.
    people, errors : array of float
        People present from each, and their standard errors; NaN where withheld or not known.
    coverage, share_cv : array of float
        Of each home: see `Pairs`.
    variance_over_mean : array of float
        Of an operator's count; NaN where not known.
    each : WithheldFigure or None
        What a withheld figure is expected to be.
    when : str
        The day and the part of it, in words.
    most : int
        Homes that are drawn at most.
    """

    area: Area
    places: Places
    homes: tuple[str, ...]
    people: Floats
    errors: Floats
    coverage: Floats
    share_cv: Floats
    variance_over_mean: Floats
    each: WithheldFigure | None
    when: str
    most: int

    @cached_property
    def from_here(self) -> NDArray[np.bool_]:
        """Which homes lie in the area itself."""
        return np.array([self._lies_here(code) for code in self.homes], dtype=np.bool_)

    def _lies_here(self, code: str) -> bool:
        at: str | None = code
        while at is not None and at != self.area.code:
            at = self.places.parents.get(at)
        return at is not None

    def sum_of(self, chosen: NDArray[np.bool_]) -> tuple[Estimate, int]:
        """People of some homes, and how many of these are withheld."""
        found = flows.spread(
            *(each[chosen] for each in (self.people, self.coverage, self.share_cv, self.variance_over_mean))
        )
        return flows.with_withheld(self.people[chosen], found, self.each)

    @cached_property
    def everybody(self) -> tuple[Estimate, int]:
        """All residents of the country who are present."""
        return self.sum_of(np.ones(len(self.homes), dtype=np.bool_))

    @cached_property
    def from_elsewhere(self) -> tuple[Estimate, int]:
        """Those who live outside the area."""
        return self.sum_of(~self.from_here)

    @cached_property
    def share_from_elsewhere(self) -> Estimate:
        """Their share of all."""
        return flows.share_of(self.from_elsewhere[0], self.sum_of(self.from_here)[0])

    @cached_property
    def km(self) -> Floats:
        """Distance of each home's centre from that of the area, kilometres; within it that of random points."""
        lon, lat = self.places.centre(self.area.code)
        away = distance_km(
            np.array([self.places.lon[code] for code in self.homes]),
            np.array([self.places.lat[code] for code in self.homes]),
            lon,
            lat,
        )
        return np.where(self.from_here, flows.within_km(self.area.km2 or np.nan), away)

    @cached_property
    def mean_km(self) -> float:
        """Mean distance of those from elsewhere, kilometres."""
        return flows.mean_distance(self.people[~self.from_here], self.km[~self.from_here])

    @cached_property
    def ranked(self) -> Numbers:
        """Places of the homes with most people, those of the area itself left out."""
        return flows.largest(np.where(self.from_here, np.nan, self.people), self.most)

    def table(self) -> pd.DataFrame:
        """All homes, those with most people first: what is taken away."""
        low, high = interval(self.people, self.errors)
        order = np.argsort(-np.nan_to_num(self.people, nan=-1.0), kind="stable")
        lon, lat = self.places.centre(self.area.code)
        homes = [self.homes[at] for at in order.tolist()]
        limits = {"people": self.people, "se": self.errors, "lower": low, "upper": high}
        return pd.DataFrame(
            {
                "home_code": homes,
                "home_name": [self.places.names.get(code, code) for code in homes],
                **{name: pd.array(each[order].round(1), dtype="Float64") for name, each in limits.items()},
                "label": labels(self.people[order], self.errors[order]),
                "km": self.km[order].round(1),
                "origin_lon": [round(self.places.lon[code], 5) for code in homes],
                "origin_lat": [round(self.places.lat[code], 5) for code in homes],
                "destination_lon": round(lon, 5),
                "destination_lat": round(lat, 5),
            }
        )

    def columns(self) -> dict[str, str]:
        """What each column of `table` means."""
        return {
            "home_code": "Area of the usual home",
            "home_name": "Its name",
            "people": f"People present in {self.area.name}, {self.when}, UTC; empty where withheld",
            "se": "Standard error of people",
            "lower": "Lower limit of the 95 % interval",
            "upper": "Upper limit of the 95 % interval",
            "label": "Precision in words",
            "km": "Distance of the home's centre, kilometres",
            "origin_lon": "Longitude of the home's centre, WGS 84",
            "origin_lat": "Latitude of the home's centre, WGS 84",
            "destination_lon": "Longitude of the centre of the area where they are",
            "destination_lat": "Latitude of the centre of the area where they are",
        }

    def caption(self, rule: str) -> str:
        """Unit, place, time, and what is not shown and why."""
        _, withheld = self.everybody
        drawn = len(self.ranked)
        sentences = [
            f"Residents of the country present in {self.area.label} by their usual home, {self.when}, UTC, a mean over "
            "the part of the day.",
            f"The {count(drawn, 'home area')} with most people {'are' if drawn > 1 else 'is'} drawn; residents of "
            f"{self.area.name} itself are not."
            if drawn
            else f"Nobody from outside {self.area.name} can be shown.",
        ]
        if withheld:
            verb = "is" if withheld == 1 else "are"
            sentences.append(f"{count(withheld, 'home area')} {verb} withheld and not drawn: {lowered(rule)}")
            if self.each is not None:
                sentences.append("Sums hold an expectation for them, which is inside the interval.")
        sentences.append("Visitors from abroad have no home area, and are not counted here.")
        return " ".join(sentences)

    def alternative(self) -> str:
        """What the map shows, for those who do not see it."""
        if not len(self.ranked):
            return f"Map of where people present in {self.area.name} live: no home that may be shown."
        first = int(self.ranked[0])
        said = number(float(self.people[first]), _or_none(float(self.errors[first])))
        return (
            f"Map of where people present in {self.area.name} live, {self.when}. Most of those from elsewhere live in "
            f"{self.places.names[self.homes[first]]}: {said}."
        )


def month_words(month: str) -> str:
    """A calendar month in words.

    Examples
    --------
    >>> month_words("2026-10")
    'October 2026'
    """
    year, number_of = (int(part) for part in month.split("-"))
    return day(date(year, number_of, 1)).split(" ", 1)[1]


def _said(figure: float) -> str:
    return "withheld" if np.isnan(figure) else number(figure)


def _or_none(error: float) -> float | None:
    return error if np.isfinite(error) else None
