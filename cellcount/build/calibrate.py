"""Each operator's share of people, found from official residents: whose devices spend the night, counted by home.

What an operator states of its own share has an error of some per cent, the same in every figure of an area. Residents
are known far better. An operator's devices of those who live in an area, over the residents who are in the country,
are its share of them, and people keep their operator wherever they go.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellcount.build.abroad import share_abroad
from cellcount.build.combine import NOT_COVERED, WITHHELD, Devices, known, withheld_mean
from cellcount.build.counts import ALL, AT_HOME, INBOUND, AreaCounts, HomeCounts, mean_known
from cellcount.build.deliveries import DeliveryRefusedError
from cellcount.build.shares import Operator
from cellcount.build.zones import Zones
from cellcount.standard import DAY_PARTS, HOURS_OF_DAY

Floats = NDArray[np.float64]

NIGHT = list(DAY_PARTS).index("night")
LEAST_R_SQUARED = 0.8
"""Of night counts against residents, in logarithms, over areas: below it they do not measure the same thing."""
LEAST_AREAS = 8
"""So many areas must be there for that test to mean anything."""


class CalibrationRefusedError(DeliveryRefusedError):
    """Deliveries cannot be calibrated to official residents."""


@dataclass(frozen=True)
class Calibration:
    """Each operator's shares of people as calibrated. Areas are by number; parts are those of the UTC day.

    Attributes
    ----------
    home : array of float, operators x areas
        Devices for each resident of the area.
    away : array of float, operators x parts x areas
        Devices for each person in the area who is not at home: residents of anywhere, and visitors from abroad.
    away_residents : array of float, operators x parts x areas
        The same of residents of the country alone.
    inbound : array of float, operators x areas
        Of visitors from abroad.
    abroad : array of float, areas
        Share of the area's residents who are abroad, a mean over the period; NaN where it is not delivered.
    mobility : array of float, operators
        By how much larger the share is among people away from home: 0.05 is 5 %.
    by_home : bool
        Whether devices were counted by home area, and not only by night.
    whole_country : bool
        Whether all authorities are delivered.
    r_squared : array of float, operators
        Of night counts against residents, in logarithms, over areas; NaN where there are too few.
    """

    home: Floats
    away: Floats
    away_residents: Floats
    inbound: Floats
    abroad: Floats
    mobility: Floats
    by_home: bool
    whole_country: bool
    r_squared: Floats


def calibrate(
    operators: Sequence[Operator],
    dates: Sequence[dt.date],
    areas: Sequence[AreaCounts],
    homes: Sequence[HomeCounts | None],
) -> Calibration:
    """Find each operator's shares.

    Parameters
    ----------
    operators : sequence of Operator
        Operators.
    dates : sequence of date
        All UTC days.
    areas : sequence of AreaCounts
        Each operator's counts by area.
    homes : sequence of HomeCounts or None
        Each operator's counts by home.

    Returns
    -------
    Calibration

    Raises
    ------
    CalibrationRefusedError
        Where an operator's night counts do not follow residents.

    Notes
    -----
    National totals close by construction: devices of residents over shares that were found so are residents less those
    abroad, at night; `mobility` makes it so by day. Where only a part of the country is delivered, as many people are
    taken to come into it as leave it.

    References
    ----------
    Deville, P. et al. (2014). Dynamic population mapping using mobile phone data. PNAS 111, 15888-15893.
    """
    zones = operators[0].zones
    abroad = share_abroad(operators, dates)
    staying = zones.residents * (1.0 - np.nan_to_num(abroad))
    delivered = delivered_authorities(zones, areas)
    found = [
        _one(operator, counts, home, staying, delivered)
        for operator, counts, home in zip(operators, areas, homes, strict=True)
    ]
    return Calibration(
        home=np.array([each.home for each in found]),
        away=np.array([each.away for each in found]),
        away_residents=np.array([each.away_residents for each in found]),
        inbound=np.array([operator.shares["inbound"] for operator in operators]),
        abroad=abroad,
        mobility=np.array([each.mobility for each in found]),
        by_home=all(home is not None for home in homes),
        whole_country=bool(np.all(delivered | ~_inhabited(zones))),
        r_squared=np.array([each.r_squared for each in found]),
    )


@dataclass(frozen=True)
class _Found:
    home: Floats
    away: Floats
    away_residents: Floats
    mobility: float
    r_squared: float


def _inhabited(zones: Zones) -> NDArray[np.bool_]:
    """Authorities where somebody lives."""
    return zones.authorities & (zones.residents > 0)


def _one(
    operator: Operator, counts: AreaCounts, homes: HomeCounts | None, staying: Floats, delivered: NDArray[np.bool_]
) -> _Found:
    zones = operator.zones
    stated, inbound = operator.shares["resident"], operator.shares["inbound"]
    everybody = mean_by_part(counts.segments[ALL], operator.delivery.threshold)
    abroad_here = _segment(counts, INBOUND, operator, everybody)
    residents_here = everybody - abroad_here
    at_night = np.nan_to_num(residents_here[NIGHT])
    counted = homes.anywhere[NIGHT] if homes is not None else at_night
    r_squared = refuse_strange_nights(np.nan_to_num(counted), staying, delivered, operator)
    at_home = counts.segments.get(AT_HOME)
    homes_here = everybody if at_home is None else mean_by_part(at_home, operator.delivery.threshold)
    moving = (
        0.0
        if at_home is None
        else mobility(
            _by_hour(counts, ALL, operator, delivered) - _by_hour(counts, INBOUND, operator, delivered),
            _by_hour(counts, AT_HOME, operator, delivered),
        )
    )
    home = factor(counted, staying, stated, delivered)
    # All together must be as many as are there at night: who sleeps in no delivered area was counted in none. Those who
    # are not at home then are seen more often, and count for that much less.
    elsewhere = np.maximum(at_night - np.nan_to_num(homes_here[NIGHT]), 0.0)
    there = float((at_night - elsewhere * moving / (1.0 + moving))[delivered].sum())
    expected = float((home * staying)[delivered].sum())
    home = np.minimum(home * (there / expected if expected > 0 else 1.0), 1.0)
    home = _upwards(zones, home, delivered, stated)
    if at_home is None:
        everywhere = np.tile(home, (len(DAY_PARTS), 1))
        return _Found(home, everywhere, everywhere, 0.0, r_squared)
    mixed = np.tile(home, (len(DAY_PARTS), 1)) if homes is None else mix(homes, homes_here, home)
    away_residents = np.minimum(mixed * (1.0 + moving), 1.0)
    away_devices = np.maximum(np.nan_to_num(residents_here - homes_here), 0.0)
    visitors = np.nan_to_num(abroad_here)
    people = away_devices / away_residents + np.divide(
        visitors, inbound, out=np.zeros_like(visitors), where=np.nan_to_num(inbound) > 0
    )
    away = np.divide(away_devices + visitors, people, out=away_residents.copy(), where=people > 0)
    return _Found(home, away, away_residents, moving, r_squared)


def factor(counted: Floats, staying: Floats, stated: Floats, delivered: NDArray[np.bool_]) -> Floats:
    """Devices for each resident, by home area: p_a = devices of those who live there / residents in the country.

    Where nobody was counted, the share that the operator states is corrected as the other areas' are together.

    Parameters
    ----------
    counted : array of float
        Devices at night of those who live in each area, a mean over the period.
    staying : array of float
        Official residents less those abroad.
    stated : array of float
        Shares that the operator states.
    delivered : array of bool
        Areas whose devices were counted whole.

    Returns
    -------
    array of float

    Examples
    --------
    300 of 1,000 residents have a device of the operator, which believed that it was 250; of the second area it has no
    count, and its belief is corrected likewise.

    >>> factor(np.array([300.0, np.nan]), np.array([1000.0, 500.0]), np.array([0.25, 0.30]), np.array([True, True]))
    array([0.3 , 0.36])
    """
    usable = delivered & (staying > 0) & (np.nan_to_num(counted) > 0)
    found = np.divide(counted, staying, out=np.full(staying.shape, np.nan), where=usable)
    both = usable & ~np.isnan(stated)
    believed = float((stated * staying)[both].sum())
    correction = float(np.nansum(counted[both])) / believed if believed > 0 else 1.0
    return np.where(np.isnan(found), stated * correction, found)


def mobility(present: Floats, at_home: Floats) -> float:
    """By how much an operator's share is larger among people who are not at home.

    If p of those at home and (1 + c) p of the others are seen, and R people are there in all at every hour, then
    devices D = p R (1 + c) - c H, H being the devices at home: the slope of D on H over the hours of the day is -c.

    Parameters
    ----------
    present : array of float, shape (24,)
        Devices of residents in the delivered areas together, by hour.
    at_home : array of float, shape (24,)
        Those of them at home.

    Returns
    -------
    float
        c, 0 where it cannot be told.

    Notes
    -----
    Assumes that as many residents are there at each hour: that nobody comes to the delivered areas whose place nobody
    takes. It is so for a whole country, and nearly so for a region.

    Examples
    --------
    Of 1,000 people the operator sees 30 % of those at home and 33 % of the others: c = 0.1.

    >>> at_home = np.array([900.0, 500.0, 700.0]) * 0.30
    >>> round(mobility(at_home + np.array([100.0, 500.0, 300.0]) * 0.33, at_home), 6)
    0.1
    """
    deviation = at_home - at_home.mean()
    spread = float((deviation**2).sum())
    if spread <= 0 or not np.isfinite(spread):
        return 0.0
    return -float((deviation * (present - present.mean())).sum()) / spread


def mix(homes: HomeCounts, at_home: Floats, share: Floats) -> Floats:
    """The share of people away from home in each area: that of where they live, each counted by devices.

    1 / p = sum (devices of those from a) / p_a over sum of devices, for devices / p are people.

    Parameters
    ----------
    homes : HomeCounts
        Devices by home.
    at_home : array of float, parts x areas
        Devices that are at home.
    share : array of float, areas
        Share of the residents of each area.

    Returns
    -------
    array of float, parts x areas
    """
    size = len(share)
    away = homes.present.astype(np.float64)
    everywhere = np.arange(size)
    away[:, everywhere, everywhere] = np.maximum(away[:, everywhere, everywhere] - np.nan_to_num(at_home), 0.0)
    usable = share > 0
    devices = away[:, :, usable].sum(axis=2)
    people = away[:, :, usable] @ (1.0 / share[usable])
    own = np.tile(share, (len(away), 1))
    return np.divide(devices, people, out=own, where=people > 0)


def mean_by_part(counts: Devices, threshold: int) -> Floats:
    """Mean count in each part of the day, parts x areas, withheld ones at their likely mean; NaN where not covered."""
    total = _known_or_guess(counts, threshold)
    by_hour = mean_known(total)
    return np.array([by_hour[list(hours)].mean(axis=0) for hours in DAY_PARTS.values()])


def _known_or_guess(counts: Devices, threshold: int) -> Floats:
    guess = withheld_mean(threshold)
    result = np.where(counts == WITHHELD, guess, counts.astype(np.float64))
    return np.where(counts == NOT_COVERED, np.nan, result)


def _segment(counts: AreaCounts, segment: str, operator: Operator, like: Floats) -> Floats:
    if segment not in counts.segments:
        return np.zeros_like(like)
    return np.nan_to_num(mean_by_part(counts.segments[segment], operator.delivery.threshold))


def _by_hour(counts: AreaCounts, segment: str, operator: Operator, delivered: NDArray[np.bool_]) -> Floats:
    """Mean devices of a segment in all delivered authorities together, by hour."""
    if segment not in counts.segments:
        return np.zeros(HOURS_OF_DAY)
    here = counts.segments[segment][:, :, delivered]
    return np.nansum(mean_known(_known_or_guess(here, operator.delivery.threshold)), axis=1)


def delivered_authorities(zones: Zones, areas: Sequence[AreaCounts]) -> NDArray[np.bool_]:
    """Authorities of which every operator has counts."""
    there = [known(counts.segments[ALL]).any(axis=(0, 1)) for counts in areas]
    return zones.authorities & np.logical_and.reduce(there)


def _upwards(zones: Zones, home: Floats, delivered: NDArray[np.bool_], stated: Floats) -> Floats:
    """Shares of regions, nations and the country: the mean of their delivered authorities', by residents."""
    weight = np.where(delivered & ~np.isnan(home), np.maximum(zones.residents, 1.0), 0.0)
    below = zones.summed_up(weight)
    total = zones.summed_up(weight * np.nan_to_num(home))
    above = np.divide(total, below, out=stated.copy(), where=below > 0)
    return np.where(zones.authorities, home, above)


def refuse_strange_nights(counted: Floats, staying: Floats, delivered: NDArray[np.bool_], operator: Operator) -> float:
    """Refuse an operator whose night counts do not follow residents.

    log R_a = alpha + beta log n_a over areas. Its R^2 says whether counts measure residents at all.

    Returns
    -------
    float
        R^2; NaN where there are too few areas to tell.

    References
    ----------
    Deville, P. et al. (2014). Dynamic population mapping using mobile phone data. PNAS 111, 15888-15893.
    """
    usable = delivered & (counted > 0) & (staying > 0)
    if usable.sum() < LEAST_AREAS:
        return float("nan")
    r_squared = float(np.corrcoef(np.log(counted[usable]), np.log(staying[usable]))[0, 1] ** 2)
    if r_squared < LEAST_R_SQUARED:
        raise CalibrationRefusedError(
            f"{operator.delivery.folder}: the night counts of operator {operator.delivery.operator_id} do not follow "
            f"official residents (R2 of their logarithms over {usable.sum()} areas is {r_squared:.2f}, and "
            f"{LEAST_R_SQUARED} is the least). Ask the operator whether area codes or counts are mixed up; "
            "`python -m cellcount validate` may name the table."
        )
    return r_squared
