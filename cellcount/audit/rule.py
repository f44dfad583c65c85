"""What a release says publicly of how it was protected: what every attacker starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellcount.audit.relations import Bounds


@dataclass(frozen=True)
class Rule:
    """The withholding rule, as the manifest states it.

    Parameters
    ----------
    threshold : int
        Devices: fewer are withheld.
    base : int
        Figures are rounded to multiples of this many people; 1 is rounding to the nearest whole.
    open_ended : bool
        Whether larger figures are withheld too: for the sake of others, or because one operator outweighs the rest.
    zeros_below : bool
        Whether zeros are withheld too where the total that they are part of is.
    """

    threshold: int
    base: int
    open_ended: bool
    zeros_below: bool = False

    @property
    def width(self) -> float:
        """How far a published figure may lie from the estimate behind it, people."""
        return float(self.base) if self.base > 1 else 0.5

    @property
    def rounding_variance(self) -> float:
        """Variance of a published figure about its estimate, people squared.

        Unbiased random rounding to base b has b^2 p (1 - p), on average over p b^2 / 6; to the nearest whole, 1/12.
        """
        return self.base**2 / 6 if self.base > 1 else 1 / 12

    def published(self, value: NDArray[np.float64]) -> Bounds:
        """Interval of the estimates behind published figures; an estimate is not below zero."""
        return Bounds(np.maximum(value - self.width, 0.0), value + self.width)

    def withheld(self, share: NDArray[np.float64]) -> Bounds:
        """Interval that the rule leaves a figure that is withheld for being small: 1 to threshold - 1 devices.

        Parameters
        ----------
        share : array of float
            P, devices for each person.

        Returns
        -------
        Bounds
            People.

        Examples
        --------
        >>> left = Rule(threshold=10, base=5, open_ended=True).withheld(np.array([0.5]))
        >>> left.low[0], left.high[0]
        (np.float64(2.0), np.float64(18.0))
        """
        return Bounds(1.0 / share, (self.threshold - 1) / share)

    def known(self, value: NDArray[np.float64], share: NDArray[np.float64], *, bold: bool = False) -> Bounds:
        """What an attacker knows of each figure before any sum.

        Where the release withholds larger figures too, nobody can tell them from small ones: a withheld figure has then
        no upper limit. A bold attacker supposes one all the same.

        Parameters
        ----------
        value : array of float
            Released figures, NaN where withheld.
        share : array of float
            P of each.
        bold : bool
            Whether to take every withheld figure for a small one.

        Returns
        -------
        Bounds
        """
        hidden = np.isnan(value)
        shown, small = self.published(np.where(hidden, 0.0, value)), self.withheld(share)
        most = np.full(len(share), np.inf) if self.open_ended and not bold else small.high
        return Bounds(np.where(hidden, small.low, shown.low), np.where(hidden, most, shown.high))


def rule_of(manifest: Mapping[str, Any]) -> Rule:
    """The rule that a release's manifest states.

    Parameters
    ----------
    manifest : mapping
        Of a release that was built from deliveries.

    Returns
    -------
    Rule
    """
    stated = manifest["disclosure"]
    return Rule(
        threshold=int(stated["threshold"]),
        base=int(stated.get("rounding_base") or 1),
        open_ended=bool(stated.get("withholds_for_others") or stated.get("withholds_dominated")),
        zeros_below=bool(stated.get("withholds_zeros_below")),
    )
