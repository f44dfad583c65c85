"""How many residents are abroad, from their nights there."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellcount.build.align import devices
from cellcount.build.combine import WITHHELD, withheld_mean
from cellcount.build.shares import Operator
from cellcount.build.zones import numbered


def share_abroad(operators: Sequence[Operator], dates: Sequence[dt.date]) -> NDArray[np.float64]:
    """Share of each area's residents who are abroad, a mean over the dates: nights of `outbound_month` over days.

    A month that is not delivered, for it has not ended, is taken to be as the same month a year before. The share is
    found for each region and taken for all of its authorities, whose own counts are small.

    Parameters
    ----------
    operators : sequence of Operator
        Operators.
    dates : sequence of date
        UTC days.

    Returns
    -------
    array of float
        By area; NaN where no operator delivers the table.
    """
    zones = operators[0].zones
    size = len(zones.codes)
    months: dict[str, int] = {}
    for date in dates:
        months[f"{date:%Y-%m}"] = months.get(f"{date:%Y-%m}", 0) + 1
    people, weight = np.zeros(size), 0
    for touched, number in months.items():
        found = _delivered(operators, touched)
        if found is None:
            continue
        month, there = found
        nights, share = np.zeros(size), np.zeros(size)
        for operator in there:
            rows = operator.delivery.read("outbound_month", month=month)
            home = numbered(rows.column("home_area_code"), zones.code_list, "outbound_month")
            counts = devices(rows.column("nights"))
            guess = withheld_mean(operator.delivery.threshold)
            nights += np.bincount(home, np.where(counts == WITHHELD, guess, counts), minlength=size)
            share += np.nan_to_num(operator.shares["resident"])
        people += number * np.divide(nights, share, out=np.zeros(size), where=share > 0) / days_in(month)
        weight += number
    if not weight:
        return np.full(size, np.nan)
    authority = zones.authorities
    counted = authority & (people > 0)
    above = zones.summed_up(np.where(counted, people / weight, 0.0))
    residents = zones.summed_up(np.where(counted, zones.residents, 0.0))
    rate = np.divide(above, residents, out=np.full(size, np.nan), where=residents > 0)
    return np.where(authority, np.where(zones.parents >= 0, rate[zones.parents], rate), rate)


def _delivered(operators: Sequence[Operator], month: str) -> tuple[str, list[Operator]] | None:
    """The month whose nights tell of a month, and who delivers it: itself, else the same a year before."""
    for each in (month, f"{int(month[:4]) - 1}{month[4:]}"):
        there = [operator for operator in operators if operator.delivery.has("outbound_month", month=each)]
        if there:
            return each, there
    return None


def days_in(month: str) -> int:
    """Days of a month.

    Examples
    --------
    >>> days_in("2026-10"), days_in("2027-02")
    (31, 28)
    """
    return calendar.monthrange(int(month[:4]), int(month[5:]))[1]
