"""Scores of estimates against the truth: bias, error, and whether intervals hold what they promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellcount.methods.precision import interval
from cellcount.standard import DAY_PARTS, HOURS_OF_DAY

MEASURES = ("figures", "truth", "error", "absolute_error", "intervals", "holding", "width", "estimate")
_NUMBER = {name: place for place, name in enumerate(MEASURES)}

Sums = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """How well some estimates did.

    Attributes
    ----------
    figures : int
        Figures that were compared.
    truth : float
        Mean of what they should have been, people.
    bias : float or None
        Sum of the errors over the sum of the truth.
    wape : float or None
        Weighted absolute percentage error, as a share: sum of the absolute errors over the sum of the truth.
    coverage : float or None
        Share of the 95 % intervals that hold the truth; None where there are no intervals.
    width : float or None
        Sum of the intervals' widths over the sum of the estimates.
    intervals, holding : int
        Intervals, and those that hold the truth.
    """

    figures: int
    truth: float
    bias: float | None
    wape: float | None
    coverage: float | None
    width: float | None
    intervals: int
    holding: int

    @classmethod
    def of(cls, sums: Sums) -> Score:
        """From sums in the order of `MEASURES`."""
        value = dict(zip(MEASURES, sums.tolist(), strict=True))

        def over(numerator: str, denominator: str) -> float | None:
            return value[numerator] / value[denominator] if value[denominator] > 0 else None

        return cls(
            figures=int(value["figures"]),
            truth=over("truth", "figures") or 0.0,
            bias=over("error", "truth"),
            wape=over("absolute_error", "truth"),
            coverage=over("holding", "intervals"),
            width=over("width", "estimate"),
            intervals=int(value["intervals"]),
            holding=int(value["holding"]),
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON: shares to six decimals."""
        shares = {name: getattr(self, name) for name in ("bias", "wape", "coverage", "width")}
        return {
            "figures": self.figures,
            "mean_truth": round(self.truth, 2),
            **{name: None if value is None else round(value, 6) for name, value in shares.items()},
        }


@dataclass
class Tally:
    """Sums of errors by hour, kind of place and size of place; tallies of several days or worlds add up.

    Parameters
    ----------
    kinds : tuple of str
        Kinds of place.
    limits : tuple of float
        People, ascending: a place is of the size of the first limit that its published figure is below.

    Examples
    --------
    Two places of 100 and 300 people, put at 110 and 270, with standard errors of 10: the first interval, 90 to 130,
    holds the truth; the second, 250 to 290, does not.

    >>> tally = Tally(("town",), (200.0,))
    >>> tally.add(8, kind=[0, 0], published=[110, 270], estimate=[110, 270], truth=[100, 300], error=[10, 10])
    >>> score = Score.of(tally.total())
    >>> score.bias, score.wape, score.coverage
    (-0.05, 0.1, 0.5)
    >>> [Score.of(sums).figures for sums in tally.by_size().values()]
    [1, 1]
    """

    kinds: tuple[str, ...]
    limits: tuple[float, ...]
    sums: Sums = field(init=False)

    def __post_init__(self) -> None:
        self.sums = np.zeros((HOURS_OF_DAY, len(self.kinds), len(self.limits) + 1, len(MEASURES)))

    def add(
        self,
        hour: int,
        *,
        kind: ArrayLike,
        published: ArrayLike,
        estimate: ArrayLike,
        truth: ArrayLike,
        error: ArrayLike | None = None,
    ) -> None:
        """Add the figures of an hour.

        Parameters
        ----------
        hour : int
            UTC hour, 0 to 23.
        kind : array of int
            Place in `kinds` of each figure.
        published : array of float
            The released figure, which tells the size of the place; NaN where there is none, and nothing is compared.
        estimate, truth : array of float
            People. An estimate that is NaN is not compared.
        error : array of float, optional
            Standard errors of the estimates; NaN where unknown.
        """
        published, estimate, truth = (np.asarray(each, dtype=np.float64) for each in (published, estimate, truth))
        compared = ~np.isnan(published) & ~np.isnan(estimate)
        size = np.searchsorted(self.limits, published[compared], side="right")
        group = np.asarray(kind)[compared] * (len(self.limits) + 1) + size
        estimate, truth = estimate[compared], truth[compared]

        def sum_up(measure: str, values: NDArray | None) -> None:
            shape = self.sums.shape[1:3]
            added = np.bincount(group, values, minlength=shape[0] * shape[1])
            self.sums[hour, :, :, _NUMBER[measure]] += added.reshape(shape)

        off = estimate - truth
        sum_up("figures", None)
        sum_up("truth", truth)
        sum_up("error", off)
        sum_up("absolute_error", np.abs(off))
        if error is None:
            return
        low, high = interval(estimate, np.asarray(error, dtype=np.float64)[compared])
        known = ~np.isnan(high)
        sum_up("intervals", known.astype(np.float64))
        sum_up("holding", ((low <= truth) & (truth <= high)).astype(np.float64))
        sum_up("width", np.where(known, high - low, 0.0))
        sum_up("estimate", np.where(known, estimate, 0.0))

    def __iadd__(self, other: Tally) -> Tally:
        """Add up another tally of the same kinds and limits."""
        self.sums += other.sums
        return self

    def total(self) -> Sums:
        """Sums of everything."""
        return self.sums.sum(axis=(0, 1, 2))

    def by_hour(self) -> dict[str, Sums]:
        """Sums of each UTC hour."""
        return {f"{hour:02d}": sums for hour, sums in enumerate(self.sums.sum(axis=(1, 2)))}

    def by_day_part(self) -> dict[str, Sums]:
        """Sums of each part of the UTC day."""
        hours = self.sums.sum(axis=(1, 2))
        return {name: hours[list(part)].sum(axis=0) for name, part in DAY_PARTS.items()}

    def by_kind(self) -> dict[str, Sums]:
        """Sums of each kind of place."""
        return dict(zip(self.kinds, self.sums.sum(axis=(0, 2)), strict=True))

    def by_day_part_and_size(self) -> dict[str, dict[str, Sums]]:
        """Sums of each part of the UTC day by size of place."""
        together = self.sums.sum(axis=1)
        return {
            name: dict(zip(sizes(self.limits), together[list(part)].sum(axis=0), strict=True))
            for name, part in DAY_PARTS.items()
        }

    def by_size(self) -> dict[str, Sums]:
        """Sums of each size of place, smallest first."""
        return dict(zip(sizes(self.limits), self.sums.sum(axis=(0, 1)), strict=True))


def sizes(limits: Sequence[float]) -> list[str]:
    """Sizes of place in words.

    Examples
    --------
    >>> sizes([50, 1_000])
    ['under 50', '50 to 1,000', '1,000 and over']
    """
    between = [f"{low:,.0f} to {high:,.0f}" for low, high in pairwise(limits)]
    return [f"under {limits[0]:,.0f}", *between, f"{limits[-1]:,.0f} and over"]


def scores(tally: Tally) -> dict[str, Any]:
    """All scores of a tally, for JSON; groups without a figure are left out."""

    def each(groups: Mapping[str, Sums]) -> dict[str, Any]:
        return {name: Score.of(sums).to_dict() for name, sums in groups.items() if sums[0]}

    return {
        "all": Score.of(tally.total()).to_dict(),
        "by_day_part": each(tally.by_day_part()),
        "by_hour": each(tally.by_hour()),
        "by_kind": each(tally.by_kind()),
        "by_size": each(tally.by_size()),
        "by_day_part_and_size": {name: each(groups) for name, groups in tally.by_day_part_and_size().items()},
    }
