"""What an option costs and is worth over years: present values, and how far the answer hangs on each figure.

It is the social cost-benefit analysis of the Green Book, net against carrying on as now: what the present source would
have cost and no longer does counts as a benefit. Amounts are in constant prices, a year at a time, from year 0, which
is not discounted. Signs are kept by what a line is: costs and benefits are both given as positive amounts.

The net present value is the sum of all lines, however they are split. Total costs, total benefits and their ratio are
of increments, so that they do not hang on the split either: see `Appraisal.increments`.

An amount that nobody has given is unknown. It is never taken for 0: neither its line nor any total has a value then,
and the line is named, so that a figure can be asked for.

References
----------
HM Treasury (2022). The Green Book: central government guidance on appraisal and evaluation, chapter 5 and annexes A5
and A6.

HM Treasury (2025). Review of discounting in the Green Book: terms of reference, which states the rates in use.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Side = Literal["cost", "benefit", "avoided", "lost"]
SIGNS: dict[Side, float] = {"cost": -1.0, "benefit": 1.0, "avoided": 1.0, "lost": -1.0}
"""How a line enters the net present value. Avoided is what the present source costs, lost what it is worth."""
OF_SPENDING: frozenset[Side] = frozenset({"cost", "avoided"})
"""Sides that are money spent, with the option or without it; the others are what is had for it."""

SCHEDULE = ((30, 0.035), (75, 0.03), (math.inf, 0.025))
"""Last year and yearly rate of each step of the Green Book's declining discount rate."""


NEGLIGIBLE = 1e-9
"""Share of all amounts by which a sum may miss zero through the rounding of the computer alone."""
ROUNDING = 1e-12
"""The same for the few amounts of one kind in one year."""


class CostsError(ValueError):
    """Amounts or a rate that cannot be used; its message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of costs or benefits.

    Attributes
    ----------
    name : str
        What it is, as typed.
    side : "cost", "benefit", "avoided" or "lost"
        Cost of the option, benefit of it; cost of the present source that is not paid under it, or benefit of the
        present source that is not had under it. What the option keeps of the present source is a cost or a benefit of
        the option too.
    amounts : sequence of float
        One a year from year 0, constant prices, 0 or more; NaN or None where not known. Empty: none is known.
    category : str
        What optimism bias is given by, and within which an option is held against the present source; without one, the
        line stands for itself.
    low, high : float
        How far the amounts may lie from those given, per cent of them: -100 to 0, and 0 or more.
    """

    name: str
    side: Side
    amounts: Sequence[float | None]
    category: str = ""
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Appraisal:
    """Present values of all lines.

    Attributes
    ----------
    lines : tuple of Line
        As given.
    factors : array of float, shape (years,)
        What 1 in that year is worth in year 0.
    present : array of float, shape (lines, years)
        Present value after optimism bias, negative for costs; NaN where not known.
    """

    lines: tuple[Line, ...]
    factors: Floats
    present: Floats

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of lines that want a figure; while there is one, no total is known."""
        return tuple(line.name for line, value in zip(self.lines, self.by_line, strict=True) if math.isnan(value))

    @property
    def complete(self) -> bool:
        """Whether there are lines, and all are known."""
        return bool(self.lines) and not self.unknown

    @property
    def by_line(self) -> Floats:
        """Present value of each line, shape (lines,); NaN where not known."""
        return self.present.sum(axis=1)

    @property
    def by_year(self) -> Floats:
        """Net present value of each year, shape (years,); NaN where not known."""
        return self.present.sum(axis=0)

    @property
    def cumulative(self) -> Floats:
        """Net present value of the years up to each, shape (years,); NaN from the first that is not known."""
        return np.cumsum(self.by_year)

    @property
    def increments(self) -> Floats:
        """Net present value of each kind of spending or worth, shape (kinds, years); NaN where not known.

        A kind is the spending, or the worth, of one category. In each, what the option costs is held against what the
        present source costs, and what it is worth against what that is worth, a year at a time: costs and benefits are
        what changes against carrying on as now. A survey of 100 of which 60 is kept is thus the saving of 40 that it
        would be if it were typed as such.

        Notes
        -----
        Spending that goes on under another category than that of the present source is not known to be the same, and
        counts as a new cost beside a saving: the ratio is then too near to 1.

        Examples
        --------
        >>> survey = [Line("Survey", "avoided", [100], "survey"), Line("Half of it", "cost", [60], "survey")]
        >>> found = appraise([*survey, Line("Access", "cost", [20], "access")], 1)
        >>> found.increments.tolist(), found.costs, found.benefits, found.benefit_cost_ratio
        ([[40.0], [-20.0]], 20.0, 40.0, 2.0)
        """
        kinds = [(line.category or str(at), line.side in OF_SPENDING) for at, line in enumerate(self.lines)]
        places = {kind: place for place, kind in enumerate(dict.fromkeys(kinds))}
        rows = [places[kind] for kind in kinds]
        net, gross = np.zeros((2, len(places), self.factors.size))
        np.add.at(net, rows, self.present)
        np.add.at(gross, rows, np.abs(self.present))
        # What is kept whole is no increment, though binary fractions leave a trace of it.
        return np.where(np.abs(net) <= ROUNDING * gross, 0.0, net)

    @property
    def costs_by_year(self) -> Floats:
        """Present value of each year's additional costs, 0 or more, shape (years,); NaN where not known."""
        return np.maximum(-self.increments, 0.0).sum(axis=0)

    @property
    def benefits_by_year(self) -> Floats:
        """Present value of each year's additional benefits and savings, 0 or more, shape (years,); NaN likewise."""
        return np.maximum(self.increments, 0.0).sum(axis=0)

    @property
    def costs(self) -> float | None:
        """Present value of what is paid or lost beyond carrying on as now, 0 or more; None where not known."""
        return math.fsum(self.costs_by_year) if self.complete else None

    @property
    def benefits(self) -> float | None:
        """Present value of what is had or saved beyond carrying on as now, 0 or more; None where not known."""
        return math.fsum(self.benefits_by_year) if self.complete else None

    @property
    def net_present_value(self) -> float | None:
        """Benefits less costs; None where not known."""
        return math.fsum(self.by_line) if self.complete else None

    @property
    def benefit_cost_ratio(self) -> float | None:
        """Benefits over costs; None where not known, or where nothing more is spent than now."""
        if self.costs is None or self.benefits is None or self.costs == 0:
            return None
        return self.benefits / self.costs

    @property
    def break_even_year(self) -> int | None:
        """First year from which the cumulative value is 0 or more to the end; None where not known or never."""
        if not self.complete:
            return None
        short = np.flatnonzero(self.cumulative < -NEGLIGIBLE * np.abs(self.present).sum())
        first = int(short[-1]) + 1 if short.size else 0
        return first if first < self.factors.size else None


def discount_factors(years: int, rate: float | None = None) -> Floats:
    """What 1 in each year is worth in year 0.

    Parameters
    ----------
    years : int
        How many, 1 or more; the first is year 0.
    rate : float, optional
        One yearly rate for all years, above -1 and up to 1; without it, the Green Book's: 3.5 % in years 0 to 30, 3.0 %
        in 31 to 75, 2.5 % after.

    Returns
    -------
    array of float, shape (years,)
        1 in year 0, unrounded.

    Raises
    ------
    CostsError
        Where there is no year, or the rate is not a share above -1 and up to 1.

    Notes
    -----
    The rates are real ones: amounts must not hold inflation. Risks to health and life have a lower rate (1.5 %), which
    can be given as `rate`.

    References
    ----------
    HM Treasury (2022), annex A6.

    Examples
    --------
    Published, to four places, for years 1, 10, 30 and 125: 0.9662, 0.7089, 0.3563 and 0.0274.

    >>> discount_factors(126)[[1, 10, 30, 125]].round(4)
    array([0.9662, 0.7089, 0.3563, 0.0274])
    """
    if years < 1:
        raise CostsError("There is no year to appraise. Give at least one; the first is year 0.")
    if rate is not None and not -1 < rate <= 1:
        raise CostsError(
            f"Nothing can be discounted at a rate of {rate:g}. Give a share above -1 and up to 1: 0.035 for 3.5 %."
        )
    yearly = [_scheduled(year) if rate is None else rate for year in range(1, years)]
    return np.cumprod(np.concatenate([[1.0], 1 / (1 + np.array(yearly, dtype=np.float64))]))


def appraise(
    lines: Sequence[Line], years: int, *, rate: float | None = None, optimism: Mapping[str, float] | None = None
) -> Appraisal:
    """Discount every line, costs raised and benefits lowered by optimism bias.

    Parameters
    ----------
    lines : sequence of Line
        All costs and benefits of one option, and those of the present source as avoided and lost.
    years : int
        How many, 1 or more; the first is year 0.
    rate : float, optional
        See `discount_factors`.
    optimism : mapping of str to float, optional
        Per cent by category, 0 or more: added to the amounts of costs and of what is lost, taken from those of benefits
        and avoided costs, for which it is at most 100. None for a category that is not given.

    Returns
    -------
    Appraisal
        Present values and their totals.

    Raises
    ------
    CostsError
        Where a line has amounts for other years, a negative or infinite one, or a range or a bias that cannot be.

    Notes
    -----
    A year is one figure: money early and late in it counts the same. What cannot be put in money is not here.

    References
    ----------
    HM Treasury (2022), chapter 5 and annex A5. The example is that of the function NPV in the help of Microsoft Excel:
    an investment of 40,000 at 8 % a year, published as 1,922.06.

    Examples
    --------
    >>> spent = Line("Investment", "cost", [40_000, 0, 0, 0, 0, 0])
    >>> earned = Line("Return", "benefit", [0, 8_000, 9_200, 10_000, 12_000, 14_500])
    >>> found = appraise([spent, earned], 6, rate=0.08)
    >>> round(found.net_present_value, 2), round(found.benefit_cost_ratio, 3), found.break_even_year
    (1922.06, 1.048, 5)

    A line without figures is asked for, and no total is given.

    >>> found = appraise([spent, Line("Return", "benefit", [])], 6)
    >>> found.unknown, found.net_present_value
    (('Return',), None)
    """
    factors = discount_factors(years, rate)
    biases = optimism or {}
    rows = [_signed(line, years, biases.get(line.category, 0.0)) for line in lines]
    return Appraisal(tuple(lines), factors, np.array(rows, dtype=np.float64).reshape(len(rows), years) * factors)


@dataclass(frozen=True, slots=True)
class SwitchingValue:
    """How far one thing must change, all else the same, for the net present value to be zero.

    Attributes
    ----------
    name : str
        A line, or one of the two totals.
    percent : float or None
        Change of its amounts, -100 or more; None where no change makes the value zero.
    """

    name: str
    percent: float | None


ALL_COSTS, ALL_BENEFITS = "All costs", "All benefits"


def switching_values(appraisal: Appraisal) -> tuple[SwitchingValue, ...]:
    """By how much each line, all costs and all benefits must change for the net present value to be zero.

    Parameters
    ----------
    appraisal : Appraisal
        Present values.

    Returns
    -------
    tuple of SwitchingValue
        One a line in their order, then `ALL_COSTS` and `ALL_BENEFITS`, the totals of an appraisal; empty while a line
        wants a figure. None where a line is zero, or would have to be negative.

    References
    ----------
    HM Treasury (2022), annex A5.

    Examples
    --------
    With costs of 100 and benefits of 60 and 90, costs may rise by a half, the second benefit fall by five ninths.

    >>> lines = [Line("Access", "cost", [100]), Line("Re-use", "benefit", [60]), Line("Survey", "avoided", [90])]
    >>> for found in switching_values(appraise(lines, 1)):
    ...     print(found.name, round(found.percent, 1))
    Access 50.0
    Re-use -83.3
    Survey -55.6
    All costs 50.0
    All benefits -33.3
    """
    net, costs, benefits = appraisal.net_present_value, appraisal.costs, appraisal.benefits
    if net is None or costs is None or benefits is None:
        return ()
    named = [(line.name, float(value)) for line, value in zip(appraisal.lines, appraisal.by_line, strict=True)]
    return tuple(
        SwitchingValue(name, _switching(net, value))
        for name, value in [*named, (ALL_COSTS, -costs), (ALL_BENEFITS, benefits)]
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """Net present value at both ends of one line's range, all others as given.

    Attributes
    ----------
    name : str
        The line.
    at_low, at_high : float
        Net present value where its amounts are lowest, and where they are highest.
    """

    name: str
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        """How far the line alone moves the net present value."""
        return abs(self.at_high - self.at_low)


def tornado(appraisal: Appraisal) -> tuple[Bar, ...]:
    """Which lines move the net present value most within their ranges.

    Parameters
    ----------
    appraisal : Appraisal
        Present values.

    Returns
    -------
    tuple of Bar
        One a line, the widest first; empty while a line wants a figure.

    Notes
    -----
    One line is moved at a time: that several are high together is not shown.

    Examples
    --------
    >>> lines = [Line("Access", "cost", [100], low=-10, high=20), Line("Survey", "avoided", [150], low=-40, high=0)]
    >>> for bar in tornado(appraise(lines, 1)):
    ...     print(bar.name, bar.at_low, bar.at_high)
    Survey -10.0 50.0
    Access 60.0 30.0
    """
    net = appraisal.net_present_value
    if net is None:
        return ()
    bars = [
        Bar(line.name, net + float(value) * line.low / 100, net + float(value) * line.high / 100)
        for line, value in zip(appraisal.lines, appraisal.by_line, strict=True)
    ]
    return tuple(sorted(bars, key=lambda bar: -bar.width))


def _scheduled(year: int) -> float:
    """Rate at which a year's amounts are discounted to the year before."""
    return next(rate for last, rate in SCHEDULE if year <= last)


def _switching(net: float, value: float) -> float | None:
    percent = -100 * net / value if value else -math.inf
    return max(percent, -100.0) if percent >= -100 * (1 + NEGLIGIBLE) else None


def _signed(line: Line, years: int, bias: float) -> Floats:
    """Amounts of a line after optimism bias, negative for costs."""
    given = np.array(line.amounts if len(line.amounts) else [math.nan] * years, dtype=np.float64)
    if given.shape != (years,):
        raise CostsError(
            f"The line {line.name!r} has {given.size} amounts for {years} years. "
            "Give one a year, 0 where there is nothing."
        )
    if np.isinf(given).any() or (given < 0).any():
        raise CostsError(
            f"The line {line.name!r} has an amount that is negative or without end. "
            "Give amounts of 0 or more: what comes in is a benefit, what goes out a cost."
        )
    if not (-100 <= line.low <= 0 <= line.high < math.inf):
        raise CostsError(
            f"The range of the line {line.name!r} is {line.low:g} % to {line.high:g} %. "
            "Give a low end from -100 to 0 and a high end of 0 or more."
        )
    sign = SIGNS[line.side]
    if not (0 <= bias < math.inf) or (sign > 0 and bias > 100):
        raise CostsError(
            f"The optimism bias of {bias:g} % cannot be applied to the line {line.name!r}. "
            "Give 0 % or more, and at most 100 % for a benefit."
        )
    return sign * given * (1 - sign * bias / 100)
