"""What the lines of a theme come to: present values, by how much lines must change, and which of them matter."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from cellcount.methods import costs
from cellcount.record import Appraisal, CostLine
from cellcount.themes import Theme
from cellcount.ui import controls, costs_charts, costs_lines, evidence, look
from cellcount.ui.evidence import Taken
from cellcount.ui.shortlist_desk import Desk
from cellcount.ui.valuing import (
    NO_ALTERNATIVE,
    PRESENT,
    Alternative,
    alternatives,
    best_of,
    how_words,
    pounds,
    ratio,
)
from cellcount.ui.words import count, plain

METHOD = (
    "Present values are of the alternative against carrying on as now: what the present source costs and would no "
    "longer is worth as much. In each category and year, costs of the alternative are taken against those of the "
    "present source, and benefits against benefits: only the difference is a cost, a saving or a benefit. Amounts are "
    "in constant prices; the first year is not discounted. Sources: HM Treasury (2022), The Green Book, chapter 5 and "
    "annexes A5 and A6."
)


def show(desk: Desk, theme: Theme, how: Appraisal, lines: Sequence[CostLine]) -> None:
    """Draw what the lines come to.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    theme : Theme
        Whose lines.
    how : Appraisal
        Years, discounting and optimism bias.
    lines : sequence of CostLine
        All of them.
    """
    st.markdown("##### What it comes to")
    examples = sum(each.is_example for each in lines)
    if examples:
        words = count(examples, "line is an example", "lines are examples")
        st.badge(f"{words}: no figures of anybody", icon=":material/lightbulb:", color="orange")
    found = alternatives(lines, how)
    best = best_of(found)
    if best is None:
        st.info(plain(f"Nothing can be added up yet: {NO_ALTERNATIVE}."), icon=":material/pending:")
        return
    shown = best
    if len(found) > 1:
        names = {each.option: each.option for each in found}
        chosen = controls.choose_one("option", "Alternative", names, best.option, widget="list", width=330)
        shown = next(each for each in found if each.option == chosen)
        _all(found)
    _figures(shown, how)
    name = f"costs-{theme.id}"
    lines_taken = Taken(f"{name}-lines", "The lines as they are saved", lambda: _lines(lines, how), {})
    if shown.found is None or shown.npv is None:
        evidence.table(desk.release, lines_taken)
        return
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        st.markdown("###### As years go by")
        years = costs_lines.years_of(how)
        costs_charts.cumulative(years, shown.found.cumulative.tolist(), look.palette(), key="cumulative")
        st.caption("Net present value of the years up to each, in pounds.")
    with right:
        _tornado(shown.found, shown.npv)
    _switching(shown.found)
    by_year = Taken(f"{name}-years", "Present values by year", lambda: by_year_of(shown, how, examples), {})
    evidence.table(desk.release, by_year)
    evidence.table(desk.release, lines_taken)
    st.caption(plain(METHOD))


def _all(found: Sequence[Alternative]) -> None:
    rows = [
        {
            "Alternative": plain(each.option),
            "Net present value": "not known" if each.npv is None else pounds(each.npv),
            "Benefit-cost ratio": _ratio(each),
            "": plain(each.reason),
        }
        for each in found
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)


def _ratio(shown: Alternative) -> str:
    if shown.bcr is not None:
        return ratio(shown.bcr)
    return "not known" if shown.npv is None else "none"


def _figures(shown: Alternative, how: Appraisal) -> None:
    found = shown.found
    money = (shown.npv, found.costs if found else None, found.benefits if found else None)
    net, spent, gained = ("not known" if each is None else pounds(each) for each in money)
    with st.container(key="key-figures"):
        first, second, third, fourth = st.columns(4)
    with first:
        st.metric("Net present value", net)
        st.caption(plain(f"{shown.option} against the present source, {how_words(how)}"))
    with second:
        st.metric("Benefit-cost ratio", _ratio(shown))
        nothing = found is not None and found.costs == 0
        none = "Nothing more is spent than now: there is no ratio"
        st.caption(none if nothing else "Benefits and savings over additional costs, each against now")
    with third:
        st.metric("Costs, present value", spent)
        st.caption(f"Beyond those of now. Benefits and savings: {gained}")
    with fourth:
        year = found.break_even_year if found else None
        never = "not known" if shown.npv is None else "not in these years"
        st.metric("Pays for itself from", never if year is None else str(how.first_year + year))
        st.caption("The first year from which the value so far is 0 or more to the end")
    if shown.reason:
        st.info(plain(f"No total is given: {shown.reason.rstrip('.')}."), icon=":material/pending:")


def _tornado(found: costs.Appraisal, net: float) -> None:
    st.markdown("###### Which lines matter")
    bars = [each for each in costs.tornado(found) if each.width > 0]
    if not bars:
        st.caption(
            "No line has a range. Say how far each may turn out lower or higher, in the last columns of the table."
        )
        return
    costs_charts.tornado(bars, net, look.palette(), key="tornado")
    st.caption("Net present value at both ends of the range of one line, all others as given.")


def _switching(found: costs.Appraisal) -> None:
    st.markdown("###### How far each must change for the net present value to be zero")
    rows = [
        {"What": plain(each.name), "Change": plain(switching_words(each.percent))}
        for each in costs.switching_values(found)
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)


def switching_words(percent: float | None) -> str:
    """A switching value in words.

    Examples
    --------
    >>> switching_words(50.0), switching_words(-55.6), switching_words(None), switching_words(0.0)
    ('rises by 50 %', 'falls by 56 %', 'no change makes it zero', 'it is zero as it is')
    """
    if percent is None or not math.isfinite(percent):
        return "no change makes it zero"
    if percent == 0:
        return "it is zero as it is"
    return f"{'rises' if percent > 0 else 'falls'} by {abs(percent):,.0f} %"


def by_year_of(shown: Alternative, how: Appraisal, examples: int) -> pd.DataFrame:
    """Present values of each year, in pounds.

    Parameters
    ----------
    shown : Alternative
        With present values.
    how : Appraisal
        The years.
    examples : int
        How many of the theme's lines are examples.
    """
    found = shown.found
    if found is None:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "year": [int(year) for year in costs_lines.years_of(how)],
            "alternative": shown.option,
            "discount_factor": np.round(found.factors, 6),
            "costs": np.round(found.costs_by_year, 2),
            "benefits": np.round(found.benefits_by_year, 2),
            "net_present_value": np.round(found.by_year, 2),
            "cumulative": np.round(found.cumulative, 2),
            "example_lines": examples,
        }
    )


def _lines(lines: Sequence[CostLine], how: Appraisal) -> pd.DataFrame:
    table = costs_lines.table_of(lines, how).drop(columns=costs_lines.ID)
    return table.assign(against=[PRESENT if each.option != PRESENT else "" for each in lines])
