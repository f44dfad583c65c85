"""The scale of a map: classes that stay where they are while the hour moves, and their legend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cellcount.methods.precision import LABEL_WORDS, LABELS
from cellcount.ui.look import Palette
from cellcount.ui.words import exactly

_ROUND = np.array([1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0])
_SHARES = (0.15, 0.35, 0.55, 0.75, 0.90, 0.98)
"""Shares of the positive values below each break: finer towards the top, where people are concentrated."""
RATIO_BREAKS = (0.25, 0.5, 0.8, 1.25, 2.0, 4.0)
"""Breaks of a ratio: even steps of its logarithm, nearly, around 1."""

FAINT = 1
"""So many colours of amounts are too near to the ground for a line."""
AGREEMENT_BREAKS = (0.80, 0.90, 0.97, 1.03, 1.10, 1.25)
"""Breaks of what is expected over what is official: near 1 in the middle."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Classes of a measure, with their colours.

    Attributes
    ----------
    title : str
        The measure with its unit.
    breaks : tuple of float
        Ascending. A value equal to a break lies in the class above it.
    colours : tuple of str
        One a class, `len(breaks) + 1` of them.
    zero : str
        Colour of an observed zero.
    withheld : str
        Colour of the hatching of a withheld figure.
    words : tuple of str
        What the classes are called, where their bounds do not say enough.
    signed : bool
        Whether the values are differences: then 0 is one of them and not an observed zero.
    """

    title: str
    breaks: tuple[float, ...]
    colours: tuple[str, ...]
    zero: str
    withheld: str
    words: tuple[str, ...] = ()
    signed: bool = False

    @property
    def named(self) -> tuple[str, ...]:
        """What each class is called in the legend, the lowest first."""
        if self.words:
            return self.words
        lows = [exactly(each) for each in self.breaks]
        return (f"under {lows[0]}", *(f"from {low}" for low in lows)) if lows else ("more than 0",)

    def classes(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Class of each value: -1 for zero, -2 for a withheld figure (NaN)."""
        found = np.searchsorted(np.asarray(self.breaks), values, side="right").astype(np.int64)
        found[values == 0] = -1
        found[np.isnan(values)] = -2
        return found

    def legend(self, *, zero: bool, withheld: bool, classes: bool = True) -> dict[str, object]:
        """The legend for the map in the browser: its classes from the highest, and the keys that are needed.

        Parameters
        ----------
        zero, withheld, classes : bool
            Whether these keys, and whether classes at all, are needed: of a map without figures nothing is said.
        """
        named = zip(self.colours, self.named, strict=True)
        rows = [{"colour": colour, "words": words} for colour, words in named if classes]
        keys = []
        if zero:
            keys.append({"colour": self.zero, "outline": self.withheld, "words": "0, observed"})
        if withheld:
            keys.append({"colour": _hatching(self.withheld), "outline": self.withheld, "words": "withheld"})
        return {"title": self.title if rows or keys else "", "rows": rows[::-1], "keys": keys}


def _hatching(colour: str) -> str:
    return f"repeating-linear-gradient(135deg,{colour} 0 1px,transparent 1px 5px)"


def round_number(value: float) -> float:
    """The nearest of 1, 1.5, 2, 3, 5 and 7 times a power of ten, by ratio.

    Parameters
    ----------
    value : float
        Above zero.

    Examples
    --------
    >>> round_number(438), round_number(0.0264), round_number(9.1)
    (500.0, 0.03, 10.0)
    """
    power = 10.0 ** math.floor(math.log10(value))
    nearest = _ROUND[np.argmin(np.abs(np.log(_ROUND) - math.log(value / power)))]
    return float(f"{nearest * power:.3g}")


def amounts(title: str, values: NDArray[np.float64], palette: Palette, *, lines: bool = False) -> Scale:
    """A scale for amounts, from all the values that will be shown on it.

    The breaks are round numbers near fixed shares of the positive values.

    Parameters
    ----------
    title : str
        The measure with its unit.
    values : array of float
        Every value of the day, not negative; NaN is withheld.
    palette : Palette
        Colours of the ground.
    lines : bool
        Whether lines are drawn in them: then the faintest colours stay out, for a thin line in them is not seen.

    Examples
    --------
    >>> from cellcount.ui.look import PALETTES
    >>> amounts("People", np.array([[0.0, 4.0, 9.0, np.nan, 120.0]]), PALETTES["light"]).breaks
    (5.0, 7.0, 20.0, 70.0, 100.0)
    """
    positive = values[np.isfinite(values) & (values > 0)]
    ramp, shares = (palette.amounts[FAINT:], _SHARES[FAINT:]) if lines else (palette.amounts, _SHARES)
    breaks = sorted({round_number(float(each)) for each in np.quantile(positive, shares)}) if positive.size else []
    return Scale(title, tuple(breaks), _spread(ramp, len(breaks) + 1), palette.zero, palette.withheld)


def ratios(title: str, palette: Palette) -> Scale:
    """A scale for a ratio: the same classes everywhere, around 1."""
    return Scale(title, RATIO_BREAKS, palette.ratios, palette.zero, palette.withheld)


def agreement(title: str, palette: Palette) -> Scale:
    """A scale for an estimate over an official figure: the same classes everywhere, close around 1."""
    low, high = f"{AGREEMENT_BREAKS[0]:.2f}", f"{AGREEMENT_BREAKS[-1]:.2f}"
    between = (f"{lower:.2f} to {upper:.2f}" for lower, upper in pairwise(AGREEMENT_BREAKS))
    words = (f"under {low}", *between, f"{high} and over")
    return Scale(title, AGREEMENT_BREAKS, palette.ratios, palette.zero, palette.withheld, words)


def differences(title: str, values: NDArray[np.float64], palette: Palette) -> Scale:
    """A scale for differences, from all the values that will be shown on it: the same classes on both sides of 0.

    Parameters
    ----------
    title : str
        What is subtracted from what, with its unit.
    values : array of float
        Every difference; NaN where a figure is withheld.
    palette : Palette
        Colours of the ground.

    Examples
    --------
    >>> from cellcount.ui.look import PALETTES
    >>> differences("More people", np.arange(-100.0, 101.0), PALETTES["light"]).breaks
    (-100.0, -70.0, -30.0, 30.0, 70.0, 100.0)
    """
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    limits = sorted({round_number(float(each)) for each in np.quantile(sizes, (0.3, 0.7, 0.95))}) if sizes.size else []
    breaks = tuple([-each for each in reversed(limits)] + limits)
    if not limits:
        return Scale(title, (), (palette.ratios[3],), palette.zero, palette.withheld, ("no difference",), signed=True)
    words = [exactly(each) for each in limits]
    below = [f"{low} to {high} fewer" for low, high in pairwise(words)][::-1]
    above = [f"{low} to {high} more" for low, high in pairwise(words)]
    named = (f"over {words[-1]} fewer", *below, f"within {words[0]}", *above, f"{words[-1]} and more")
    middle = len(palette.ratios) // 2
    colours = palette.ratios[middle - len(limits) : middle + len(limits) + 1]
    return Scale(title, breaks, colours, palette.zero, palette.withheld, named, signed=True)


def kinds(title: str, words: tuple[str, ...], colours: tuple[str, ...], palette: Palette) -> Scale:
    """A scale for kinds: the values are 1 for the first, 2 for the second and so on.

    Parameters
    ----------
    title : str
        What is told apart.
    words, colours : tuple of str
        What each kind is called, and its colour.
    palette : Palette
        Colours of the ground.

    Examples
    --------
    >>> from cellcount.ui.look import PALETTES
    >>> kinds("Hotspots", ("cold", "hot"), ("#206095", "#B3400A"), PALETTES["light"]).classes(np.array([1.0, 2.0]))
    array([0, 1])
    """
    breaks = tuple(kind + 0.5 for kind in range(1, len(words)))
    return Scale(title, breaks, colours, palette.zero, palette.withheld, words)


def labels(title: str, palette: Palette) -> Scale:
    """A scale for precision: the four labels, by standard error over figure, the best first.

    Parameters
    ----------
    title : str
        Whose precision it is.
    palette : Palette
        Colours of the ground.

    Examples
    --------
    >>> from cellcount.ui.look import PALETTES
    >>> labels("Precision", PALETTES["light"]).named[1]
    'reasonably precise'
    """
    limits = tuple(limit for limit, _ in LABELS)
    return Scale(title, limits, palette.labels, palette.zero, palette.withheld, LABEL_WORDS)


def percentages(title: str, values: NDArray[np.float64], palette: Palette) -> Scale:
    """A scale for shares of a whole, from all the values that will be shown on it: six classes with as many in each.

    Parameters
    ----------
    title : str
        What it is a share of.
    values : array of float
        Shares, 0 to 1 as a rule; NaN is not known.
    palette : Palette
        Colours of the ground.

    Examples
    --------
    >>> from cellcount.ui.look import PALETTES
    >>> percentages("People observed", np.linspace(0.80, 0.92, 13), PALETTES["light"]).named
    ('under 82 %', '82 to 84 %', '84 to 86 %', '86 to 88 %', '88 to 90 %', '90 % and over')
    """
    known = values[np.isfinite(values)]
    # As many decimals as tell the classes apart.
    decimals = min(max(math.ceil(-math.log10(max(float(np.ptp(known)), 1e-9) / 6)), 2), 4) if known.size else 2
    quantiles = np.quantile(known, np.arange(1, 6) / 6).tolist() if known.size else []
    breaks = sorted({round(each, decimals) for each in quantiles})
    # A break at the least value would leave the class below it empty.
    breaks = [each for each in breaks if known.min() < each]
    percent = [f"{100 * each:.{decimals - 2}f}" for each in breaks]
    words = [f"{100 * known.min():.{decimals - 2}f} %" if known.size else "not known"]
    if percent:
        between = [f"{low} to {high} %" for low, high in pairwise(percent)]
        words = [f"under {percent[0]} %", *between, f"{percent[-1]} % and over"]
    return Scale(
        title, tuple(breaks), _spread(palette.amounts, len(breaks) + 1), palette.zero, palette.withheld, tuple(words)
    )


def _spread(colours: tuple[str, ...], wanted: int) -> tuple[str, ...]:
    """So many colours from a ramp, its ends among them."""
    places = np.linspace(0, len(colours) - 1, wanted).round().astype(int) if wanted > 1 else [len(colours) // 2]
    return tuple(colours[place] for place in places)
