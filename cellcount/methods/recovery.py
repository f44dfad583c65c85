"""Whether and how long a place departs from its usual level, how full it was, and how full it is by day and night."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellcount.methods.hotspots import q_values
from cellcount.methods.incident import RATE, Z_USUAL, Difference, p_two_sided, t_quantile

Floats = NDArray[np.float64]

HOURS_IN_A_ROW = 3
"""Consecutive hours within usual variation that make a recovery: one alone may be chance on the way."""
RECOVERED, NOT_RECOVERED, NO_DEPARTURE = "recovered", "not recovered by the last hour covered", "no departure"
"""How a recovery ends: the second is censored, for the data end first."""

DAY_HOURS = frozenset(range(10, 16))
"""Local hours of the exposure by day, 10:00 to 16:00, of weekdays: the day part midday of the standard."""
NIGHT_HOURS = frozenset(range(5))
"""Local hours of the exposure by night, 00:00 to 05:00, of all nights: most people are at home and asleep."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """When a place is within usual variation again.

    Attributes
    ----------
    ending : str
        `RECOVERED`, `NOT_RECOVERED` or `NO_DEPARTURE`.
    hour : int or None
        First of the hours in a row, by its place in the window.
    hours : int or None
        From the hour that was asked from to that one: 0 where it is that hour itself. Of `NOT_RECOVERED` the hours that
        were seen, of which it takes more.
    """

    ending: str
    hour: int | None
    hours: int | None


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest figure of a window.

    Attributes
    ----------
    hour : int
        Where it is, by its place in the window.
    people : float
        The figure.
    low, high : float
        Limits of the true largest figure of the window, in whichever hour it was.
    """

    hour: int
    people: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """Its standard error, as far as its interval tells: half of that over `t_quantile`."""
        return (self.high - self.low) / (2 * t_quantile())


@dataclass(frozen=True, slots=True)
class Total:
    """An excess added up over hours.

    Attributes
    ----------
    person_hours : float
        Sum of the excess, people times hours.
    error, low, high : float
        Its standard error and interval.
    hours : int
        Hours that are known and in it.
    """

    person_hours: float
    error: float
    low: float
    high: float
    hours: int


@dataclass(frozen=True, slots=True)
class Exposure:
    """People in a place in chosen hours of chosen days.

    Attributes
    ----------
    mean, error : float
        Mean of the known hours, and its standard error.
    peak, peak_error : float
        Largest of any one hour, and the standard error of that figure.
    hours : int
        Hours that are known.
    """

    mean: float
    error: float
    peak: float
    peak_error: float
    hours: int


def peak_of_departure(z: Floats, first: int, last: int) -> int:
    """The hour of a stretch that is furthest from its usual level.

    Parameters
    ----------
    z : array of float, shape (hours,)
        Of the zone; NaN where not known.
    first, last : int
        First and last hour of the stretch, both included.

    Returns
    -------
    int
        By its place in the window; the first where none is known.

    Examples
    --------
    >>> peak_of_departure(np.array([0.0, -3.0, -7.0, 2.0]), 0, 3)
    2
    """
    return first + int(np.argmax(np.nan_to_num(np.abs(z[first : last + 1]), nan=-1.0)))


def departures(z: Floats, during: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """In which hours zones depart from usual, false discoveries being controlled over the hours of the incident.

    Parameters
    ----------
    z : array of float, shape (zones, hours)
        Of all zones that are told of, over the window; NaN where not known, which is no departure.
    during : array of bool, shape (hours,)
        Which hours are the incident's.

    Returns
    -------
    array of bool, shape (zones, hours)
        In an hour of the incident: |z| is at least `Z_USUAL`, and the hour is one of those of which at most the share
        `RATE` is expected to be so by chance. In any other hour, which nobody picks for its z: |z| is at least
        `Z_USUAL`.

    Notes
    -----
    Whoever names the hour that is furthest from usual has looked at all of them, in all zones: of 24 ordinary hours one
    has |z| >= 2 in a third of all places. Benjamini and Hochberg's rule (`q_values`) over all hours and zones together
    holds for tests that depend on one another positively, as hours of a day do. Where nothing happened anything is
    called in at most `RATE` of all incidents that are asked about.

    Examples
    --------
    A z of 3.4 is 1 % of t: called among three hours, and not among twelve.

    >>> z = np.array([[3.4, 0.0, 0.0, 2.5] + 9 * [0.0]])
    >>> departures(z, np.arange(13) < 3)[0].nonzero()[0].tolist()
    [0, 3]
    >>> departures(z, np.arange(13) < 12)[0].nonzero()[0].tolist()
    []
    """
    far = np.abs(z) >= Z_USUAL
    family = z[:, during]
    q = q_values(p_two_sided(family).reshape(-1, 1)).reshape(family.shape)
    found = far.copy()
    found[:, during] &= q <= RATE
    return found


def recovery(z: Floats, departed: NDArray[np.bool_], during: NDArray[np.bool_]) -> Recovery:
    """The first of three hours in a row within usual variation, after the end of an incident.

    Parameters
    ----------
    z : array of float, shape (hours,)
        Of the zone over the window; NaN where not known: such an hour is not within usual variation.
    departed : array of bool, shape (hours,)
        Of `departures`.
    during : array of bool, shape (hours,)
        Which hours are the incident's, at least one.

    Returns
    -------
    Recovery

    Notes
    -----
    Hours after the last that is covered are not in `z`: a run must be seen whole. A place that departed in no hour of
    the incident has not recovered but never departed, whatever it did on the days after. A departure to the other side,
    such as people who come back all at once, counts as one.

    Examples
    --------
    >>> z = np.array([0.0, -9.0, -8.0, -4.0, -1.0, -2.5, -1.0, 0.5, 0.2, 0.0])
    >>> hours = np.arange(10)
    >>> recovery(z, np.abs(z) >= 2, (hours == 1) | (hours == 2))
    Recovery(ending='recovered', hour=6, hours=3)
    >>> recovery(z[:8], np.abs(z[:8]) >= 2, hours[:8] == 2)
    Recovery(ending='not recovered by the last hour covered', hour=None, hours=5)
    """
    usual = np.abs(z) < Z_USUAL
    if not (departed & during).any():
        return Recovery(NO_DEPARTURE, None, None)
    after = int(np.flatnonzero(during)[-1]) + 1
    for hour in range(after, len(z) - HOURS_IN_A_ROW + 1):
        if usual[hour : hour + HOURS_IN_A_ROW].all():
            return Recovery(RECOVERED, hour, hour - after)
    return Recovery(NOT_RECOVERED, None, max(len(z) - after, 0))


def largest(people: Floats, error: Floats) -> Largest | None:
    """The largest figure of a window, with limits of the true largest.

    Parameters
    ----------
    people : array of float, shape (hours,)
        Figures; NaN where not known.
    error : array of float, shape (hours,)
        Their standard errors (`precision.standard_error`).

    Returns
    -------
    Largest or None
        None where nothing is known.

    Notes
    -----
    The true largest is at least the highest of the lower limits and at most the highest of the upper ones, whichever
    hour it was: the interval is rather too wide, and holds although the largest of unsure figures is rather too high.

    Examples
    --------
    With t = 2.306, 100 +- 23 and 110 +- 46: at least 77, from the first, and at most 156, from the second.

    >>> largest(np.array([100.0, 110.0, np.nan]), np.array([10.0, 20.0, np.nan]))
    Largest(hour=1, people=110.0, low=76.93..., high=156.12...)
    """
    if not np.isfinite(people).any():
        return None
    hour = int(np.nanargmax(people))
    reach = t_quantile() * error
    low, high = float(np.nanmax(people - reach)), float(np.nanmax(people + reach))
    return Largest(hour, float(people[hour]), max(low, 0.0), high)


def person_hours(found: Difference, first: int, last: int) -> Total:
    """The excess of a zone added up over hours.

    Parameters
    ----------
    found : Difference
        Of the zone, shape (hours,).
    first, last : int
        First and last hour, both included.

    Returns
    -------
    Total
        Of the hours that are known; `hours` says how many.

    Notes
    -----
    Errors of neighbouring hours go together: the day's own level, the share of people observed, where people are in a
    cell, and many of the same people. They are taken to go together wholly, so that limits add, and so do standard
    errors: the widest that the interval can be.

    Examples
    --------
    >>> of, error = np.array([-40.0, -60.0, np.nan]), np.array([5.0, 6.0, np.nan])
    >>> no = np.zeros(3)
    >>> total = person_hours(Difference(no, no, of, no, no, error, of - 12, of + 20, no, no), 0, 2)
    >>> total
    Total(person_hours=-100.0, error=11.0, low=-124.0, high=-60.0, hours=2)
    """
    hours = slice(first, last + 1)
    known = np.isfinite(found.excess[hours])
    columns = found.excess, found.error, found.low, found.high
    total, error, low, high = (float(each[hours][known].sum()) for each in columns)
    return Total(total, error, low, high, int(known.sum()))


def exposure(people: Floats, error: Floats, days: NDArray[np.bool_], hours: frozenset[int]) -> Exposure:
    """Mean and peak of a place over chosen local hours of chosen days.

    By day: weekdays and `DAY_HOURS`. By night: all days and `NIGHT_HOURS`.

    Parameters
    ----------
    people : array of float, shape (days, 24)
        People in the zone by local hour; NaN where not known.
    error : array of float, shape (days, 24)
        Their standard errors.
    days : array of bool, shape (days,)
        Which days count.
    hours : frozenset of int
        Which local hours count.

    Returns
    -------
    Exposure
        NaN where no hour is known.

    Notes
    -----
    The error of the mean is the mean of the errors: what the hours share, of the share observed and of placement, is
    most of it and does not fall with more hours. The part by chance does, and the interval is so much too wide.

    The peak is one hour's figure among many, and rather too high for it.

    Examples
    --------
    >>> two = np.full((2, 24), 100.0)
    >>> two[1, 12] = 160.0
    >>> exposure(two, two / 10, np.array([True, True]), DAY_HOURS)
    Exposure(mean=105.0, error=10.5, peak=160.0, peak_error=16.0, hours=12)
    """
    chosen = sorted(hours)
    figures, errors = people[days][:, chosen].ravel(), error[days][:, chosen].ravel()
    known = np.isfinite(figures)
    if not known.any():
        return Exposure(np.nan, np.nan, np.nan, np.nan, 0)
    figures, errors = figures[known], errors[known]
    peak = int(np.argmax(figures))
    return Exposure(
        float(figures.mean()), float(errors.mean()), float(figures[peak]), float(errors[peak]), len(figures)
    )
