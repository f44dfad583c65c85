"""Lines of costs and benefits as a table that people fill in: a row a line, a column a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import pandas as pd

from cellcount.errors import CellCountError
from cellcount.record import Appraisal, CostLine
from cellcount.record.items import Category, LineKind
from cellcount.ui.valuing import PRESENT

CATEGORIES: tuple[Category, ...] = get_args(Category)
FIRST_OPTION = "Cell counts"
"""What the alternative is called where nobody calls it otherwise."""
ID, OPTION, KIND, CATEGORY, LABEL = "id", "Option", "Cost or benefit", "Category", "What it is"
LOW, HIGH, SOURCE, EXAMPLE = "Down to, −%", "Up to, +%", "Source of the figure", "Example"
WORDS = (OPTION, KIND, CATEGORY, LABEL)
EXAMPLE_SOURCE = "Example: a round number to show how a line is filled in, and no figure of anybody."


class LinesError(CellCountError):
    """A line that cannot be read; the message says which, and what to do."""


def years_of(how: Appraisal) -> list[str]:
    """The years that are appraised, as columns are called.

    Examples
    --------
    >>> years_of(Appraisal("tourism", 3, 2027))
    ['2027', '2028', '2029']
    """
    return [str(how.first_year + each) for each in range(how.years)]


def table_of(lines: Sequence[CostLine], how: Appraisal) -> pd.DataFrame:
    """Lines as a table.

    Parameters
    ----------
    lines : sequence of CostLine
        In their order.
    how : Appraisal
        The years.
    """
    years = years_of(how)
    rows = [
        {
            ID: each.id,
            OPTION: each.option,
            KIND: each.kind,
            CATEGORY: each.category,
            LABEL: each.label,
            **dict(zip(years, _padded(each.amounts, how.years), strict=True)),
            LOW: each.low_percent,
            HIGH: each.high_percent,
            SOURCE: each.source,
            EXAMPLE: each.is_example,
        }
        for each in lines
    ]
    kinds: dict[str, str] = {ID: "object", **dict.fromkeys(WORDS, "object"), **dict.fromkeys(years, "float64")}
    kinds |= {LOW: "float64", HIGH: "float64", SOURCE: "object", EXAMPLE: "bool"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def lines_of(table: pd.DataFrame, lines: Sequence[CostLine], how: Appraisal) -> tuple[list[CostLine], list[CostLine]]:
    """What somebody made of a table: lines that are new or changed, and those that were taken out.

    Parameters
    ----------
    table : DataFrame
        As `table_of` made it, and people changed it; rows that were added have no id.
    lines : sequence of CostLine
        That the table was made of.
    how : Appraisal
        The years. Amounts of years beyond the last are not in the table, and stay.

    Returns
    -------
    tuple of (list of CostLine, list of CostLine)
        To be saved, and to be removed.

    Raises
    ------
    LinesError
        Where a row has no name, or an amount or a range that cannot be; it counts rows from 1.

    Examples
    --------
    >>> how = Appraisal("tourism", 2, 2027)
    >>> line = CostLine("tourism", "Cell counts", "cost", "staff", "Analysts", (10.0, 20.0))
    >>> table = table_of([line], how)
    >>> lines_of(table, [line], how)
    ([], [])
    >>> table.loc[0, "2028"] = 25
    >>> [each.amounts for each in lines_of(table, [line], how)[0]]
    [(10.0, 25.0)]
    """
    by_id = {each.id: each for each in lines}
    kept: set[str] = set()
    made: list[CostLine] = []
    for at, row in enumerate(table.to_dict("records"), start=1):
        base = by_id.get(str(row[ID]))
        if base is None and not any(_text(row[each]) for each in (LABEL, SOURCE)) and not _figures(row, how):
            # A row that was added and left empty.
            continue
        line = _line(row, base or _new(how), how, at)
        if base is not None:
            kept.add(base.id)
        if line != base:
            made.append(line)
    return made, [each for each in lines if each.id not in kept]


def _line(row: Mapping[Any, Any], base: CostLine, how: Appraisal, at: int) -> CostLine:
    label = _text(row[LABEL])
    if not label:
        raise LinesError(f"Line {at} has no name. Say what it is in the column “{LABEL}”. Nothing was saved yet.")
    amounts = (*(_number(row[year]) for year in years_of(how)), *base.amounts[how.years :])
    if any(each is not None and each < 0 for each in amounts):
        raise LinesError(
            f"Line {at}, “{label}”, has an amount below 0. Type amounts of 0 or more: what comes in is a benefit, what "
            "goes out a cost. Nothing was saved yet."
        )
    low, high = _number(row[LOW]) or 0.0, _number(row[HIGH]) or 0.0
    if not (0 <= low <= 100 and 0 <= high <= 1_000):
        raise LinesError(
            f"Line {at}, “{label}”, has a range of −{low:g} % to +{high:g} %. Type 0 to 100 for how far it may fall, "
            "and 0 to 1,000 for how far it may rise. Nothing was saved yet."
        )
    return replace(
        base,
        option=option_of(_text(row[OPTION])),
        kind="benefit" if row[KIND] == "benefit" else "cost",
        category=next((each for each in CATEGORIES if each == row[CATEGORY]), "other"),
        label=label,
        amounts=base.amounts if _trimmed(amounts) == _trimmed(base.amounts) else amounts,
        low_percent=low,
        high_percent=high,
        source=_text(row[SOURCE]),
        is_example=bool(row[EXAMPLE]) and not pd.isna(row[EXAMPLE]),
    )


def option_of(typed: str) -> str:
    """Which option is meant: the present source however it is written, and the first alternative where none is.

    Examples
    --------
    >>> option_of("present"), option_of(" "), option_of("Two operators")
    ('Present source', 'Cell counts', 'Two operators')
    """
    words = " ".join(typed.split())
    return PRESENT if words.lower() in ("present", PRESENT.lower()) else words or FIRST_OPTION


def examples(theme_id: str, years: int) -> tuple[CostLine, ...]:
    """Lines that show how a table is filled in: round numbers, marked as examples.

    Parameters
    ----------
    theme_id : str
        The theme.
    years : int
        How many are appraised.
    """

    def line(option: str, category: Category, label: str, each_year: tuple[float, float], kind: LineKind) -> CostLine:
        first, after = each_year
        amounts = (first, *[after] * (years - 1))
        words = f"Example: {label}"
        return CostLine(theme_id, option, kind, category, words, amounts, 20.0, 20.0, EXAMPLE_SOURCE, is_example=True)

    return (
        line(PRESENT, "other", "the survey as it is run now", (1_000_000, 1_000_000), "cost"),
        line(FIRST_OPTION, "other", "the survey, with a smaller sample", (1_000_000, 600_000), "cost"),
        line(FIRST_OPTION, "access service", "access service of three operators", (100_000, 100_000), "cost"),
        line(FIRST_OPTION, "processing", "processing", (200_000, 100_000), "cost"),
        line(FIRST_OPTION, "assurance", "assurance of methods and privacy", (100_000, 50_000), "cost"),
        line(FIRST_OPTION, "re-use", "re-use by another department", (0, 100_000), "benefit"),
    )


def _new(how: Appraisal) -> CostLine:
    return CostLine(how.theme_id, FIRST_OPTION, "cost", "other", "")


def _figures(row: Mapping[Any, Any], how: Appraisal) -> bool:
    return any(_number(row[year]) is not None for year in years_of(how))


def _padded(amounts: Sequence[float | None], years: int) -> list[float | None]:
    return [*amounts, *[None] * years][:years]


def _trimmed(amounts: Sequence[float | None]) -> list[float | None]:
    """Amounts without the years at the end for which there is none."""
    kept = list(amounts)
    while kept and kept[-1] is None:
        kept.pop()
    return kept


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
