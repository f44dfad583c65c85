"""Which figures may not be released: the rule for a single figure, and what holds for the whole release.

The rule looks at devices as the operators delivered them, never at the estimate made of them: an estimate may leave an
operator out where its network was down, but its devices were counted there and were delivered, and a rule that followed
the estimate would tell from a gap in the map who was left out. Totals and their parts are looked at together in
`secondary`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.combine import NOT_COVERED, WITHHELD, Devices, known
from cellcount.build.deliveries import Delivery, DeliveryRefusedError
from cellcount.build.rounding import BASE, Words, chances, key_of, to_base
from cellcount.errors import CellCountError

LEAST_THRESHOLD = 10
"""Devices. The threshold of a release may be raised, not lowered."""
LEAST_OPERATORS = 3
"""Operators that must contribute to a figure: of two, each could work out the other's count."""
LEAST_REST = 0.10
"""Devices of all but the two largest operators, at least, as a share of the largest's (the p % rule with p = 10)."""

Reasons = NDArray[np.uint8]
"""Why a figure is withheld, in bits: 0 where it is released."""
SMALL = 1
"""Fewer devices behind it than the threshold."""
DOMINATED = 2
"""Too few operators behind it, or one of them outweighs the others."""
TOTAL = 4
"""A total that, with its parts withheld, would still tell too much of them."""
PART = 8
"""A part of a total that keeps another part from being worked out."""
SEGMENT = 16
"""A segment that keeps another segment of the same cell from being worked out."""
WIDE = 128
"""Beside another reason: what it protects is dominated, so that it must be able to move by a tenth of itself."""
NONE = 32
"""None, in a total that is small: else the parts that are withheld would each be known to be one at least."""


@dataclass(frozen=True)
class Protection:
    """Which steps after the rule for a single figure are done: all, but in tests of the attack on them.

    Attributes
    ----------
    secondary : bool
        Whether parts and totals are withheld that would give others away.
    rounding : bool
        Whether figures are rounded to base 5, and not only to whole numbers.
    """

    secondary: bool = True
    rounding: bool = True


@dataclass(frozen=True)
class Disclosure:
    """How a release is protected.

    Attributes
    ----------
    threshold : int
        Devices, 10 or more: figures with fewer behind them are withheld.
    secret : bytes
        What rounding is driven by; never printed.
    operators : int
        Operators that have delivered.
    protection : Protection
        Which later steps are done.
    """

    threshold: int
    secret: bytes = field(repr=False)
    operators: int
    protection: Protection = Protection()

    def reasons(self, devices: Sequence[Devices]) -> Reasons:
        """Why each figure is withheld, by the rule for a single figure.

        Parameters
        ----------
        devices : sequence of arrays of uint32, each of the same shape
            Each operator's counts, as delivered.

        Returns
        -------
        array of uint8
        """
        small = too_small(devices, self.threshold)
        reasons = small.astype(np.uint8) * np.uint8(SMALL)
        if self.operators >= LEAST_OPERATORS:
            # What is too small is withheld anyway: most cells, which need no second look.
            others = np.nonzero(~small)
            reasons[others] = dominated([counts[others] for counts in devices]) * np.uint8(DOMINATED)
        return reasons

    def rounded(self, figures: NDArray[np.floating], measure: str, when: str, words: Sequence[Words]) -> NDArray:
        """Figures as they may be shown: see `rounding`.

        Parameters
        ----------
        figures : array of float
            Estimates, 0 or more, or NaN.
        measure : str
            Table and column.
        when : str
            Date and hour, month or period.
        words : sequence of arrays of uint64
            What each figure's zone is.

        Returns
        -------
        array of float
        """
        figures = np.asarray(figures, dtype=np.float64)
        if not self.protection.rounding:
            return np.rint(figures)
        there = np.flatnonzero(figures > 0)
        result = figures.copy()
        chance = chances(key_of(self.secret, measure, when), [word[there] for word in words])
        result[there] = to_base(figures[there], chance)
        return result


def too_small(devices: Sequence[Devices], threshold: int) -> NDArray[np.bool_]:
    """Where a figure has too few devices behind it.

    The devices of all operators together decide, as delivered and before any expansion. A count that an operator
    withheld is taken for 1, its least. A figure has enough behind it if that makes the threshold, and 0 is given only
    where every operator that covers the zone reports zero.

    Parameters
    ----------
    devices : sequence of arrays of uint32, each of the same shape
        Each operator's counts.
    threshold : int
        Devices.

    Returns
    -------
    array of bool
        True where the figure must be NULL.

    Examples
    --------
    >>> one = np.array([30, 0, 0, WITHHELD, 5, 9], dtype=np.uint32)
    >>> other = np.array([WITHHELD, 0, WITHHELD, WITHHELD, 4, WITHHELD], dtype=np.uint32)
    >>> too_small([one, other], threshold=10)
    array([False, False,  True,  True,  True, False])
    """
    least = np.zeros(devices[0].shape, dtype=np.uint32)
    covered = np.zeros(devices[0].shape, dtype=np.bool_)
    for counts in devices:
        # A withheld count is taken for 1, one that is not there for 0: both stand at the very end of the numbers.
        least += np.where(known(counts), counts, counts == WITHHELD)
        covered |= counts != NOT_COVERED
    return (least < threshold) & ~(covered & (least == 0))


def nobody(devices: Sequence[Devices]) -> NDArray[np.bool_]:
    """Where every operator that covers the zone reports zero: the figure is zero, whatever an estimate makes of it.

    Parameters
    ----------
    devices : sequence of arrays of uint32, each of the same shape
        Each operator's counts.

    Returns
    -------
    array of bool

    Examples
    --------
    >>> one = np.array([0, 0, 0, NOT_COVERED], dtype=np.uint32)
    >>> other = np.array([0, NOT_COVERED, WITHHELD, NOT_COVERED], dtype=np.uint32)
    >>> nobody([one, other])
    array([ True,  True, False, False])
    """
    zero = np.zeros(devices[0].shape, dtype=np.bool_)
    somebody = np.zeros(devices[0].shape, dtype=np.bool_)
    for counts in devices:
        zero |= counts == 0
        somebody |= (counts != 0) & (counts != NOT_COVERED)
    return zero & ~somebody


def dominated(devices: Sequence[Devices]) -> NDArray[np.bool_]:
    """Where an operator could work out another's count too closely from the total of all.

    At least three operators must contribute, and all but the two largest together must make 10 % of the largest: the
    second, who knows its own count, is then left with a doubt of 10 % or more about the first's (the p % rule).

    Parameters
    ----------
    devices : sequence of arrays of uint32, each of the same shape
        Each operator's counts. A withheld one is taken for 1, its least, which leaves the largest operator the least
        cover.

    Returns
    -------
    array of bool
        False where every operator reports zero: there is nothing to work out.

    References
    ----------
    Hundepool, A. and others (2012). Statistical Disclosure Control. Wiley, section 4.2: the p % rule.

    Examples
    --------
    Two operators only; three of which the third makes 4 % of the first; three in balance; nobody; and a third operator
    that withheld.

    >>> first = np.array([60, 100, 60, 0, 60], dtype=np.uint32)
    >>> second = np.array([40, 50, 40, 0, 40], dtype=np.uint32)
    >>> third = np.array([0, 4, 20, 0, WITHHELD], dtype=np.uint32)
    >>> dominated([first, second, third])
    array([ True,  True, False, False,  True])
    """
    shape = devices[0].shape
    total, contributing = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.uint8)
    first, second = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for counts in devices:
        least = np.where(known(counts), counts, counts == WITHHELD).astype(np.int64)
        total += least
        contributing += least > 0
        second = np.maximum(second, np.minimum(first, least))
        first = np.maximum(first, least)
    rest = total - first - second
    return (total > 0) & ((contributing < LEAST_OPERATORS) | (rest < LEAST_REST * first))


def released(figure: NDArray[np.floating], withheld: NDArray[np.bool_]) -> pa.Array:
    """Figures as they are released: whole numbers, NULL where withheld or unknown.

    Parameters
    ----------
    figure : array of float
        Rounded figures.
    withheld : array of bool
        Where the figure is not published.

    Returns
    -------
    pyarrow.Array
        UINTEGER.

    Raises
    ------
    CellCountError
        If a figure is negative or too large for it, and would come round as another.

    Examples
    --------
    >>> released(np.array([200.0, np.nan]), np.array([False, True])).to_pylist()
    [200, None]
    """
    unknown = withheld | np.isnan(figure)
    return pa.array(whole(np.where(unknown, 0, figure)), mask=unknown)


def whole(figure: NDArray[np.floating]) -> NDArray[np.uint32]:
    """Figures rounded to whole numbers, none of which has come round as a small one.

    Parameters
    ----------
    figure : array of float
        Estimates, none unknown.

    Returns
    -------
    array of uint32

    Raises
    ------
    CellCountError
        If a figure is negative, or larger than a release can hold.
    """
    rounded = np.rint(figure)
    if rounded.min(initial=0.0) < 0:
        raise CellCountError(
            f"A figure would be {rounded.min():,.0f}, and there are no fewer people than none. This is a fault of the "
            "software: please report it with this message."
        )
    if rounded.max(initial=0.0) > np.iinfo(np.uint32).max:
        raise CellCountError(
            f"A figure would be {rounded.max():,.0f}, which cannot be: counts are absurd, or a share in "
            "operator_factor is far too small. `python -m cellcount validate DELIVERY...` names it."
        )
    return rounded.astype(np.uint32)


def for_steward_only(deliveries: Sequence[Delivery], *, steward: bool) -> bool:
    """Whether a release of these deliveries is for the steward who holds them, and nobody else.

    From a total of two operators each can work out the other's count, and the total of one is its own count. Such a
    release can be passed on only if every operator has agreed to that.

    Parameters
    ----------
    deliveries : sequence of Delivery
        Deliveries.
    steward : bool
        Whether a release for the steward alone was asked for.

    Returns
    -------
    bool
        True where there are fewer than three operators and one of them has not agreed.

    Raises
    ------
    DeliveryRefusedError
        If that is so and was not asked for.
    """
    if len(deliveries) >= LEAST_OPERATORS:
        return False
    silent = [delivery for delivery in deliveries if not str(delivery.manifest.get("consent") or "").strip()]
    if not silent:
        return False
    if not steward:
        number = "one operator" if len(deliveries) == 1 else "two operators"
        raise DeliveryRefusedError(
            f"These are deliveries of {number}: whoever reads the release could work out what a single operator "
            f"counted. A release of fewer than {LEAST_OPERATORS} operators needs the consent of each, recorded as "
            f"`consent` in the manifest of its delivery; {', '.join(str(delivery.folder) for delivery in silent)} "
            "records none. Ask for it, add another operator's delivery, or use --steward to make a release that only "
            "you may read."
        )
    return True


STEWARD_CAVEAT = (
    "For the steward of the data only, not to be passed on: the figures come from fewer than three operators, and a "
    "single operator's counts can be worked out from them."
)


def disclosure_statement(disclosure: Disclosure, *, check_value: str) -> dict[str, Any]:
    """The rule of a release in plain words, for its manifest.

    Parameters
    ----------
    disclosure : Disclosure
        How it is protected.
    check_value : str
        What tells one secret from another without telling the secret.

    Returns
    -------
    dict
    """
    threshold, protection = disclosure.threshold, disclosure.protection
    small = (
        f"A figure with fewer than {threshold} devices behind it, all operators together, is withheld. A count that an "
        "operator withheld counts as one device here. Zero is given only where every operator that covers the place "
        "reports zero."
    )
    dominance = (
        f"A figure is withheld unless at least {LEAST_OPERATORS} operators contribute to it and all but the two "
        f"largest make at least {100 * LEAST_REST:.0f} % of the largest."
        if disclosure.operators >= LEAST_OPERATORS
        else "There are fewer than three operators, so each operator's counts can be worked out by whoever knows the "
        "others': nothing is withheld for that."
    )
    secondary = (
        "A cell that contains others is what those of them that are released add up to and, for each that is withheld, "
        "the mean of withheld cells with as many residents, in as lonely a place, in its region in that hour, or of "
        "more where these are too few, and none counts for much of the whole: what is left when released cells are "
        "taken off is that mean (table withheld_mean), and tells nothing of the cells. "
        "Areas are changed by as much, and segments are scaled to what is left of their cell. Where nothing inside a "
        f"cell is released, its own estimate is, if it can leave each part up to {threshold - 1} devices. "
        "Elsewhere, where a withheld figure could be worked out from a total and its other parts more closely than "
        "that, the next smallest part is withheld as well, or the total: a region, a nation and the country over their "
        "areas, a day's trips over its hours, a month's over its days, visits over their destinations, and a "
        f"cell's visitors over their countries. In a total with fewer than {threshold} devices behind it, parts "
        "of zero are withheld as well."
        if protection.secondary
        else "Totals and their parts were not looked at together: this release is for tests."
    )
    rounding = (
        f"Figures are rounded to a multiple of {BASE}, up or down by chance so that sums stay right on average, and "
        "the same figure always in the same way. Standard errors are worked out from rounded figures."
        if protection.rounding
        else "Figures are rounded to whole numbers only: this release is for tests."
    )
    return {
        "rule": small,
        "threshold": threshold,
        "dominance": dominance,
        "secondary": secondary,
        "rounding": rounding,
        "withholds_dominated": disclosure.operators >= LEAST_OPERATORS,
        "withholds_for_others": protection.secondary,
        "withholds_zeros_below": protection.secondary,
        "rounding_base": BASE if protection.rounding else 1,
        "check_value": check_value,
    }
