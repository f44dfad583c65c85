"""What a theme costs and is worth: the lines that people typed, discounted. No Streamlit here.

What is appraised is an alternative against the present source: what the present source costs and would no longer is
worth as much as it costs. Lines of several alternatives of a theme are appraised one alternative at a time. What an
alternative keeps of the present source, in the same category, is neither a cost nor a saving.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cellcount.methods import costs
from cellcount.methods.costs import CostsError, Side
from cellcount.record import Appraisal, CostLine, Record, key
from cellcount.ui.words import count, listed

PRESENT = "Present source"
"""The option that every alternative is held against: what is done, and paid, now."""
YEARS = 10
"""How many are appraised where nobody says otherwise."""
BUYING = (
    "The brief rules out buying data: operators are paid for access, processing or assurance, and not for the data "
    "themselves. Say which service this pays for, or take the line out."
)
_BUYING = re.compile(r"\b(buy|buys|buying|bought|purchas\w*)\b", re.IGNORECASE)
_DATA = re.compile(r"\b(data|datasets?|counts|records|extracts?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Alternative:
    """An alternative to the present source, and what it comes to.

    Attributes
    ----------
    option : str
        Its name, as typed.
    lines : tuple of CostLine
        Its own, then those of the present source.
    found : costs.Appraisal or None
        Present values; None where the lines cannot be added up.
    reason : str
        Why there is no net present value; empty where there is one.
    """

    option: str
    lines: tuple[CostLine, ...]
    found: costs.Appraisal | None
    reason: str

    @property
    def npv(self) -> float | None:
        """Net present value in pounds against the present source; None where it is not known."""
        return self.found.net_present_value if self.found else None

    @property
    def bcr(self) -> float | None:
        """Benefits and savings over additional costs; None where not known, or where nothing more is spent than now."""
        return self.found.benefit_cost_ratio if self.found else None


@dataclass(frozen=True, slots=True)
class Valued:
    """What a theme comes to, ready to be shown.

    Attributes
    ----------
    npv, bcr : str or None
        Net present value and benefit-cost ratio of the alternative that is worth most; None where not known.
    words : str
        Over which years, discounted how, in which prices, and how many lines are examples; and the reason where a
        figure is missing.
    examples: int
        How many of the lines are examples, and no figures of anybody.
    """

    npv: str | None
    bcr: str | None
    words: str
    examples: int = 0


def valued(record: Record, theme_id: str) -> Valued | None:
    """What a theme comes to, by the lines that are kept.

    Parameters
    ----------
    record : Record
        Where they are kept.
    theme_id : str
        The theme.

    Returns
    -------
    Valued or None
        None where nobody has typed a line.

    Raises
    ------
    RecordUnavailableError
        Where the record cannot be read.
    """
    lines = record.listed(CostLine, theme_id=theme_id)
    if not lines:
        return None
    how = appraisal_of(record, theme_id)
    best = best_of(alternatives(lines, how))
    examples = sum(each.is_example for each in lines)
    said = [how_words(how)]
    if best is None:
        said.append(NO_ALTERNATIVE)
    else:
        several = len({each.option for each in lines} - {PRESENT}) > 1
        said[:0] = [best.option] if several else []
        said += [best.reason] if best.reason else []
    if examples:
        said.append(f"{count(examples, 'line is an example', 'lines are examples')}, and no figures of anybody")
    words = "; ".join(each.rstrip(".") for each in said)
    return Valued(
        npv=None if best is None or best.npv is None else pounds(best.npv),
        bcr=None if best is None or best.bcr is None else ratio(best.bcr),
        words=f"{words[:1].upper()}{words[1:]}.",
        examples=examples,
    )


NO_ALTERNATIVE = "only the present source has lines, and nothing is held against it yet"


def appraisal_of(record: Record, theme_id: str) -> Appraisal:
    """How a theme's lines are added up: as somebody set it, or ten years from this one by the Green Book.

    Parameters
    ----------
    record : Record
        Where it is kept.
    theme_id : str
        The theme.
    """
    this_year = date.today().year  # noqa: DTZ011 - the year on the wall
    return record.get(Appraisal, key(theme_id)) or Appraisal(theme_id, YEARS, this_year)


def alternatives(lines: Sequence[CostLine], how: Appraisal) -> tuple[Alternative, ...]:
    """Appraise every alternative of a theme, in the order in which they are first named.

    Parameters
    ----------
    lines : sequence of CostLine
        Of one theme, all of them.
    how : Appraisal
        Years, discounting and optimism bias.
    """
    present = [each for each in lines if each.option == PRESENT]
    named = dict.fromkeys(each.option for each in lines if each.option != PRESENT)
    return tuple(
        _appraised(option, [*(each for each in lines if each.option == option), *present], how) for option in named
    )


def best_of(found: Sequence[Alternative]) -> Alternative | None:
    """The alternative that is worth most; the first where none has a value, None where there is none."""
    return max(found, key=lambda each: -math.inf if each.npv is None else each.npv, default=None)


def _appraised(option: str, lines: Sequence[CostLine], how: Appraisal) -> Alternative:
    try:
        found = costs.appraise(
            [line_of(each, how.years) for each in lines],
            how.years,
            rate=how.constant_rate,
            optimism=how.optimism_bias,
        )
    except CostsError as error:
        return Alternative(option, tuple(lines), None, str(error))
    reason = f"no figure yet for {listed(list(found.unknown))}" if found.unknown else ""
    return Alternative(option, tuple(lines), found, reason)


def line_of(line: CostLine, years: int) -> costs.Line:
    """A line as the method takes it: of the present source, what it costs is avoided, and what it is worth is lost.

    Parameters
    ----------
    line : CostLine
        As kept.
    years : int
        How many are appraised; a year without a figure is unknown, and figures beyond the last are left out.
    """
    if line.option == PRESENT:
        side: Side = "avoided" if line.kind == "cost" else "lost"
    else:
        side = "cost" if line.kind == "cost" else "benefit"
    amounts = [*line.amounts, *[None] * years][:years]
    return costs.Line(
        line.label or line.category, side, amounts, line.category, low=-line.low_percent, high=line.high_percent
    )


def cautions(lines: Sequence[CostLine]) -> tuple[str, ...]:
    """What is to be said of lines before anybody trusts their sum.

    Parameters
    ----------
    lines : sequence of CostLine
        Of one theme.
    """
    said = [f"“{each.label or each.category}”: {BUYING}" for each in lines if buys_data(each.label)]
    unsourced = [f"“{each.label or each.category}”" for each in lines if not each.source and not each.is_example]
    if unsourced:
        said.append(f"No source is named for {listed(unsourced)}. A figure without one cannot be defended.")
    if any(each.option == PRESENT and each.kind == "cost" for each in lines) and any(
        each.category == "survey cost avoided" and each.kind == "benefit" and each.option != PRESENT for each in lines
    ):
        said.append(
            "What the present source costs counts as avoided already: a line of “survey cost avoided” beside it counts "
            "the same money twice, unless it is of another survey."
        )
    return tuple(said)


def buys_data(label: str) -> bool:
    """Whether the words of a line are of buying data, which the brief rules out.

    Examples
    --------
    >>> buys_data("Purchase of data"), buys_data("Buying the counts"), buys_data("Purchase of two servers")
    (True, True, False)
    """
    return bool(_BUYING.search(label) and _DATA.search(label))


def how_words(how: Appraisal) -> str:
    """Over which years, discounted how, in which prices.

    Examples
    --------
    >>> how_words(Appraisal("tourism", 10, 2027))
    'over 10 years from 2027, Green Book discounting, 2027 prices'
    >>> how_words(Appraisal("tourism", 1, 2027, 0.015, {"staff": 20.0}))
    'over 1 year from 2027, discounted at 1.5 % a year, 2027 prices, optimism bias on staff 20 %'
    """
    rate = (
        "Green Book discounting" if how.constant_rate is None else f"discounted at {100 * how.constant_rate:g} % a year"
    )
    bias = [f"{name} {per_cent:g} %" for name, per_cent in how.optimism_bias.items() if per_cent]
    said = f"over {count(how.years, 'year')} from {how.first_year}, {rate}, {how.first_year} prices"
    return f"{said}, optimism bias on {listed(bias)}" if bias else said


def pounds(value: float) -> str:
    """An amount of money, rounded to three digits, with its sign where it is lost.

    Examples
    --------
    >>> pounds(1_234_567), pounds(-45_678), pounds(2.5e9), pounds(999.6), pounds(999_999), pounds(0)
    ('£1.23 million', '−£45,700', '£2.5 billion', '£1,000', '£1 million', '£0')
    """
    sign, size = ("−" if value < 0 else ""), abs(value)
    if size:
        digits = max(2 - math.floor(math.log10(size)), -12)
        size = round(size, digits)
    for least, word in ((1e9, " billion"), (1e6, " million")):
        if size >= least:
            return f"{sign}£{size / least:,.2f}".rstrip("0").rstrip(".") + word
    return f"{sign if size else ''}£{size:,.0f}"


def ratio(value: float) -> str:
    """A benefit-cost ratio, with one decimal, or two where it is below 1.

    Examples
    --------
    >>> ratio(2.44), ratio(0.954), ratio(1234.5)
    ('2.4', '0.95', '1,234.5')
    """
    return f"{value:.2f}" if value < 0.995 else f"{value:,.1f}"
