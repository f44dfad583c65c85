"""Figures, dates and hours as they are written on screen."""

from __future__ import annotations

import math
import re
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cellcount.methods import precision

DIGITS_WITHOUT_PRECISION = 3
"""Significant digits of a figure whose precision the release does not tell."""

NOT_KNOWN = "not known"

_MARKDOWN = str.maketrans({character: f"\\{character}" for character in r"\`*_{}[]()#+-!|<>~$:"})

_ALIKE = str.maketrans(r"\`*_[]<>~$|:&", "⧵ˋ∗＿［］‹›∼＄∣∶＆")
# A colon or an ampersand is a mark only with something right after it: an icon, a colour, a character by its name.
_MARKS = re.compile(r"[\\`*_\[\]<>~$|]|:(?=\S)|&(?=[#\w])")
_STARTS = re.compile(r"^([-+]|#+|\d+[.)]) ")
"""What makes a list or a heading of a line, unless a space that does not break comes after it."""


def plain(text: object) -> str:
    r"""Text that Markdown shows as it stands, whatever it holds.

    Examples
    --------
    >>> plain("Stoke_on [Trent] <b>")
    'Stoke\\_on \\[Trent\\] \\<b\\>'
    """
    return str(text).translate(_MARKDOWN)


def as_label(text: object) -> str:
    r"""Text as the label of a widget, which is shown as Markdown and read out as it stands.

    Escapes would be read out too. What Markdown takes for a mark is another character here, that looks like it.

    Examples
    --------
    >>> as_label("Socio-economic status: age (years)"), as_label("1. A * B\n_C_")
    ('Socio-economic status: age (years)', '1.\xa0A ∗ B ＿C＿')
    >>> as_label("[Trent](x) <b> :red[y] R&amp;D")
    '［Trent］(x) ‹b› ∶red［y］ R＆amp;D'
    """
    return _STARTS.sub("\\1\xa0", _MARKS.sub(lambda mark: mark[0].translate(_ALIKE), " ".join(str(text).split())))


def step_of(error: float) -> float:
    """The step to which a figure with this standard error is rounded: the error's first digit.

    Examples
    --------
    >>> step_of(230), step_of(0.04), step_of(0)
    (100.0, 0.01, 1.0)
    """
    return 10.0 ** math.floor(math.log10(error)) if error > 0 else 1.0


def rounded(value: float, error: float | None = None) -> float:
    """A figure rounded to what its precision supports.

    Parameters
    ----------
    value : float
        The figure.
    error : float, optional
        Its standard error, in the same unit. Without it, three significant digits are kept.

    Returns
    -------
    float

    Examples
    --------
    >>> rounded(12_345, 230), rounded(12_345)
    (12300.0, 12300.0)
    >>> rounded(0.0471, 0.002)
    0.047
    """
    if value == 0 or not math.isfinite(value):
        return value
    if error is None or not math.isfinite(error):
        step = 10.0 ** (math.floor(math.log10(abs(value))) - DIGITS_WITHOUT_PRECISION + 1)
    else:
        step = step_of(error)
    decimals = -math.floor(math.log10(step) + 1e-9)
    return round(round(value / step) * step, max(decimals, 0))


def number(value: float | None, error: float | None = None, *, most_decimals: int = 2) -> str:
    """A figure with thousands separators; millions in words.

    Parameters
    ----------
    value : float or None
        The figure.
    error : float, optional
        Its standard error, in the same unit.
    most_decimals : int
        Of millions.

    Examples
    --------
    >>> number(12_345, 230), number(68_312_400, 51_000), number(3.14159)
    ('12,300', '68.31 million', '3.14')
    >>> number(None)
    'not known'
    """
    if value is None or not math.isfinite(value):
        return NOT_KNOWN
    kept = rounded(value, error)
    if abs(kept) >= 1e6:
        step = step_of(error) if error is not None and math.isfinite(error) else 10 ** (int(math.log10(abs(kept))) - 2)
        decimals = min(max(6 - math.floor(math.log10(step) + 1e-9), 0), most_decimals)
        return f"{kept / 1e6:,.{decimals}f} million"
    text = _short(kept)
    return text if text not in ("0", "-0") else "0"


def as_written(value: float, error: float | None = None) -> float:
    """The figure that `number` writes.

    Examples
    --------
    >>> as_written(12_345, 230), as_written(8_427_200, 1_200)
    (12300.0, 8430000.0)
    """
    kept = rounded(value, error)
    return round(kept / 1e6, 2) * 1e6 if abs(kept) >= 1e6 else kept


def exactly(value: float | None) -> str:
    """A figure as it was released: no rounding, thousands separators, at most two decimals.

    Examples
    --------
    >>> exactly(12_345), exactly(0.254), exactly(None)
    ('12,345', '0.25', 'not known')
    """
    if value is None or not math.isfinite(value):
        return NOT_KNOWN
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.2f}"


def interval(value: float | None, error: float | None) -> str | None:
    """The 95 % interval of a figure, in words; None where its standard error is not known.

    Parameters
    ----------
    value : float or None
        The figure, not negative.
    error : float or None
        Its standard error.

    Examples
    --------
    >>> interval(12_345, 230)
    '11,900 to 12,800'
    >>> interval(12_345, None) is None
    True
    """
    if value is None or error is None or not (math.isfinite(value) and math.isfinite(error)):
        return None
    low, high = (float(limit) for limit in precision.interval(value, error))
    low_text, high_text = number(low, error, most_decimals=3), number(high, error, most_decimals=3)
    if low_text.endswith(" million") and high_text.endswith(" million"):
        low_text = low_text.removesuffix(" million")
    return f"{low_text} to {high_text}"


def sure(value: float | None, error: float | None) -> str | None:
    """The 95 % interval of a figure and what its precision is called; None where its standard error is not known.

    Examples
    --------
    >>> sure(12_345, 230), sure(12_345, None)
    ('11,900 to 12,800, precise', None)
    """
    between = interval(value, error)
    if between is None or value is None or error is None:
        return None
    return f"{between}, {precision.label(value, error)}"


def labels(values: NDArray[np.float64], errors: NDArray[np.float64]) -> list[str]:
    """What the precision of many figures is called; empty where it is not known."""
    return ["" if kind < 0 else precision.LABEL_WORDS[kind] for kind in precision.label_class(values, errors).tolist()]


def label_limits() -> dict[str, str]:
    """Between which standard errors over figure each label lies, in words, the best first.

    Examples
    --------
    >>> label_limits()["reasonably precise"], label_limits()["use with caution"]
    ('5 to 10 %', '20 % and over')
    """
    per_cent = [f"{100 * limit:g}" for limit, _ in precision.LABELS]
    between = [f"{low} to {high} %" for low, high in pairwise(per_cent)]
    bounds = [f"under {per_cent[0]} %", *between, f"{per_cent[-1]} % and over"]
    return dict(zip(precision.LABEL_WORDS, bounds, strict=True))


def label_rule() -> str:
    """What the labels mean, as the end of a sentence.

    Examples
    --------
    >>> label_rule()
    'precise under 5 %, reasonably precise 5 to 10 %, acceptable 10 to 20 % and use with caution 20 % and over'
    """
    return listed([f"{word} {limit}" for word, limit in label_limits().items()])


def _short(value: float) -> str:
    """A figure that is rounded already: thousands separators, and no more decimals than it has."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """A share in per cent.

    Examples
    --------
    >>> percent(0.8631), percent(-0.0002), percent(-0.021), percent(float("nan"))
    ('86.3 %', '0.0 %', '−2.1 %', 'not known')
    """
    if not math.isfinite(share):
        return NOT_KNOWN
    kept = round(100 * share, 1)
    return f"{'−' if kept < 0 else ''}{abs(kept):.1f} %"


def difference(value: float | None, against: float | None) -> str | None:
    """A figure against another, in per cent; None where there is nothing to compare with.

    Examples
    --------
    >>> difference(150, 100), difference(99, 100), difference(5, 0) is None
    ('+50 %', '−1 %', True)
    """
    if value is None or not against or not (math.isfinite(value) and math.isfinite(against)):
        return None
    percent = round(100 * (value / against - 1))
    return f"{'+' if percent > 0 else '−' if percent < 0 else ''}{abs(percent):,} %"


def difference_interval(
    value: float | None, error: float | None, against: float | None, against_error: float | None
) -> str | None:
    """The 95 % interval of `difference`; None where a figure or an error is not known.

    The relative variance of a ratio is the sum of those of its two figures, taken as independent: rather too wide where
    they share the uncertainty of the operators' shares.

    Examples
    --------
    A ratio of 1.5 with an error of 1.5 x hypot(0.02, 0.02) = 0.042.

    >>> difference_interval(150, 3, 100, 2), difference_interval(150, None, 100, 2) is None
    ('+42 % to +58 %', True)
    """
    if value is None or error is None or not against or against_error is None or value <= 0:
        return None
    ratio = value / against
    low, high = precision.interval(ratio, ratio * math.hypot(error / value, against_error / against))
    return f"{difference(float(low), 1.0)} to {difference(float(high), 1.0)}"


def signed(value: float, error: float | None = None) -> str:
    """A difference with its sign, rounded to what its precision supports.

    Examples
    --------
    >>> signed(1_234, 70), signed(-1_234, 70), signed(0)
    ('+1,230', '−1,230', '0')
    """
    text = number(abs(value), error)
    return text if text in ("0", NOT_KNOWN) else f"{'+' if value > 0 else '−'}{text}"


def signed_interval(value: float, error: float) -> str | None:
    """The 95 % interval of a difference, which may lie below zero; None where its standard error is not known.

    Examples
    --------
    A difference of 100 with an error of 60 lies between 100 - 117.6 and 100 + 117.6.

    >>> signed_interval(100, 60), signed_interval(100, float("nan")) is None
    ('−20 to +220', True)
    """
    if not (math.isfinite(value) and math.isfinite(error)):
        return None
    reach = precision.Z_95 * error
    return f"{signed(value - reach, error)} to {signed(value + reach, error)}"


def day(on: date) -> str:
    """A date.

    Examples
    --------
    >>> day(date(2026, 1, 5))
    '5 January 2026'
    """
    return f"{on.day} {on:%B %Y}"


def weekday(on: date) -> str:
    """A date with its day of the week.

    Examples
    --------
    >>> weekday(date(2026, 1, 5))
    'Monday 5 January 2026'
    """
    return f"{on:%A} {day(on)}"


def position(latitude: float, longitude: float) -> str:
    """A place on the globe, to about 100 m.

    Examples
    --------
    >>> position(60.1699, 24.9384), position(-33.8567, -70.6)
    ('60.170° N 24.938° E', '33.857° S 70.600° W')
    """
    north, east = "N" if latitude >= 0 else "S", "E" if longitude >= 0 else "W"
    return f"{abs(latitude):.3f}° {north} {abs(longitude):.3f}° {east}"


def count(number_of: int, one: str, many: str | None = None) -> str:
    """A count with its noun.

    Examples
    --------
    >>> count(1, "cell"), count(1204, "cell"), count(0, "date"), count(2, "city", "cities")
    ('1 cell', '1,204 cells', 'no dates', '2 cities')
    """
    noun = one if number_of == 1 else many or f"{one}s"
    return f"{number_of:,} {noun}" if number_of else f"no {noun}"


def listed(parts: list[str]) -> str:
    """Words as a list in a sentence.

    Examples
    --------
    >>> listed(["cells"]), listed(["cells", "areas", "places"])
    ('cells', 'cells, areas and places')
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def lowered(sentence: str) -> str:
    """A sentence that goes on after a colon; capital letters that are no first word's stay.

    Examples
    --------
    >>> lowered("Fewer than 10 are withheld."), lowered("A cell is withheld."), lowered("ONS withholds it.")
    ('fewer than 10 are withheld.', 'a cell is withheld.', 'ONS withholds it.')
    """
    first = sentence[1:2].islower() or sentence[1:2] == " "
    return sentence[:1].lower() + sentence[1:] if first else sentence
