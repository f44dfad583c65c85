"""Figures, dates and hours as they are written on screen."""

from __future__ import annotations

import math
from datetime import date

Z_95 = 1.959964
"""Standard errors on either side of a figure that make a 95 % interval, where errors are near normal."""
DIGITS_WITHOUT_PRECISION = 3
"""Significant digits of a figure whose precision the release does not tell."""

NOT_KNOWN = "not known"

_MARKDOWN = str.maketrans({character: f"\\{character}" for character in r"\`*_{}[]()#+-!|<>~$:"})


def plain(text: object) -> str:
    r"""Text that Markdown shows as it stands, whatever it holds.

    Examples
    --------
    >>> plain("Stoke_on [Trent] <b>")
    'Stoke\\_on \\[Trent\\] \\<b\\>'
    """
    return str(text).translate(_MARKDOWN)


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
    if abs(kept) >= 100 or kept == int(kept):
        return f"{kept:,.0f}"
    text = f"{kept:,.3f}".rstrip("0").rstrip(".")
    return text if text not in ("0", "-0") else "0"


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
    low, high = max(value - Z_95 * error, 0.0), value + Z_95 * error
    low_text, high_text = number(low, error, most_decimals=3), number(high, error, most_decimals=3)
    if low_text.endswith(" million") and high_text.endswith(" million"):
        low_text = low_text.removesuffix(" million")
    return f"{low_text} to {high_text}"


def precision_word(value: float, error: float) -> str:
    """What the coefficient of variation of a figure is called.

    The bounds are those that statistical offices use for survey estimates: under 5 % precise, 5 to 10 reasonably
    precise, 10 to 20 acceptable, 20 and over use with caution.

    Examples
    --------
    >>> precision_word(1000, 20), precision_word(1000, 80), precision_word(1000, 150), precision_word(1000, 400)
    ('precise', 'reasonably precise', 'acceptable', 'use with caution')
    """
    share = error / value if value > 0 else math.inf
    if share < 0.05:
        return "precise"
    if share < 0.10:
        return "reasonably precise"
    return "acceptable" if share < 0.20 else "use with caution"


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
