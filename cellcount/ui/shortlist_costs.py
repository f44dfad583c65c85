"""Costs and benefits of a theme: the lines that people type, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from cellcount.methods.costs import CostsError, discount_factors
from cellcount.record import Appraisal, CostLine
from cellcount.record.limits import FIRST_YEAR, LAST_YEAR, MOST_BIAS
from cellcount.themes import Theme
from cellcount.ui import costs_lines, costs_result, drafts
from cellcount.ui.costs_lines import (
    CATEGORIES,
    CATEGORY,
    EXAMPLE,
    FIRST_OPTION,
    HIGH,
    ID,
    KIND,
    LABEL,
    LOW,
    OPTION,
    SOURCE,
    LinesError,
    years_of,
)
from cellcount.ui.shortlist_desk import WHERE, Desk, choose_theme
from cellcount.ui.valuing import BUYING, PRESENT, appraisal_of, buys_data, cautions, how_words
from cellcount.ui.words import plain

FORM = f"{WHERE}costs"
MOST_YEARS = 60
"""That can be typed: a column each."""
AGAINST = (
    "What an alternative keeps of the present source stands in the category of the present source: in each category, "
    "only the difference is a cost or a saving of the benefit-cost ratio. The net present value is the same either way."
)


def show(desk: Desk) -> None:
    """Draw the part.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    """
    st.markdown(
        "What would the theme cost and be worth, beside what is done now? Every figure is one that somebody types and "
        "can name the source of: none is suggested here. The brief rules out buying data, so that what operators are "
        "paid for is access, processing and assurance."
    )
    theme = choose_theme(desk.themes)
    how = appraisal_of(desk.record, theme.id)
    lines = desk.record.listed(CostLine, theme_id=theme.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        _add(desk, theme, how)
        st.button(
            "Add an example",
            key=f"example-{theme.id}",
            icon=":material/lightbulb:",
            on_click=_add_examples,
            args=(desk, how),
            help="Lines of round numbers that show how the table is filled in; they are marked as examples everywhere.",
        )
        _settings(desk, how)
        st.caption(plain(f"Added up {how_words(how)}."))
    _lines(desk, theme, how, lines)
    for each in cautions(lines):
        st.warning(plain(each), icon=":material/warning:")
    if lines:
        costs_result.show(desk, theme, how, lines)


def _lines(desk: Desk, theme: Theme, how: Appraisal, lines: Sequence[CostLine]) -> None:
    where = f"{FORM}-lines-{theme.id}"
    drafts.show_saved(where)
    shown = drafts.opened(where, lines, desk.zone)
    if not shown and not lines:
        st.info(
            "No line yet. Begin with what the present source costs each year, and where you have that figure from; "
            "then what the alternative costs, and what it is worth. To see how it is done, add an example.",
            icon=":material/edit_note:",
        )
        return
    key = f"lines-{theme.id}-{how.version}-{drafts.mark(shown)}"
    edited = st.data_editor(
        costs_lines.table_of(shown, how),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        column_config=_columns(how, lines),
        height="content",
        alt=f"Lines of costs and benefits of {theme.title}, one a row, with pounds by year.",
    )
    st.caption(
        f"Pounds in prices of {how.first_year}, one column a year; 0 where there is nothing. An empty year is unknown, "
        "and no total is given as long as there is one. “Present source” is what is done now; every other option is an "
        "alternative to it. To take a line out, mark it at the left and press Delete."
    )
    try:
        made, gone = costs_lines.lines_of(edited, shown, how)
    except LinesError as error:
        st.error(plain(error), icon=":material/error:")
        return
    if not made and not gone:
        if drafts.mark(shown) != drafts.mark(lines):
            # Nothing was typed that could be lost.
            drafts.close(where)
            st.rerun()
        return
    if st.button("Save the lines", key=f"save-{key}", type="primary", icon=":material/save:"):
        drafts.save(where, _with_how(how, made), desk.by, gone=gone)
        st.rerun()
    st.caption("Not saved yet: what stands below is of the lines as they were saved.")


def _with_how(how: Appraisal, lines: Sequence[CostLine]) -> list[Appraisal | CostLine]:
    """The first line fixes the first year too: amounts are told by it, and next year it would be another."""
    return [how, *lines] if not how.version else list(lines)


def _columns(how: Appraisal, lines: Sequence[CostLine]) -> dict[str, Any]:
    config = st.column_config
    years = {
        year: config.NumberColumn(f"{year}, £", min_value=0, format="localized", width=95) for year in years_of(how)
    }
    options = ", ".join(dict.fromkeys([PRESENT, *(each.option for each in lines), FIRST_OPTION]))
    return {
        ID: None,
        OPTION: config.TextColumn(default=FIRST_OPTION, help=f"One of {options}, or another name", width=125),
        KIND: config.SelectboxColumn(options=["cost", "benefit"], default="cost", required=True, width=130),
        CATEGORY: config.SelectboxColumn(
            options=list(CATEGORIES), default="other", required=True, help=AGAINST, width=130
        ),
        LABEL: config.TextColumn(width=240, max_chars=200),
        **years,
        LOW: config.NumberColumn(min_value=0, max_value=100, default=0.0, format="%g", width=95),
        HIGH: config.NumberColumn(min_value=0, max_value=1000, default=0.0, format="%g", width=95),
        SOURCE: config.TextColumn(width=220),
        EXAMPLE: config.CheckboxColumn(default=False, width=80),
    }


def _add(desk: Desk, theme: Theme, how: Appraisal) -> None:
    where = f"{FORM}-add-{theme.id}"
    with (
        st.popover("Add a line", icon=":material/add:", key=f"add-{theme.id}"),
        st.form(f"line-{theme.id}", border=False, width=460, clear_on_submit=False),
    ):
        option = st.text_input(
            "Option", FIRST_OPTION, key=f"line-option-{theme.id}", help=f"“{PRESENT}” is what is done now"
        )
        kind = st.radio("Is it a cost or a benefit?", ["cost", "benefit"], key=f"line-kind-{theme.id}", horizontal=True)
        category = st.selectbox("Category", CATEGORIES, key=f"line-category-{theme.id}", help=AGAINST)
        label = st.text_input("What it is", key=f"line-label-{theme.id}", max_chars=200)
        first = st.number_input(
            f"Pounds in {how.first_year}", 0.0, value=None, key=f"line-first-{theme.id}", format="%.0f"
        )
        after = st.number_input(
            "Pounds in each year after", 0.0, value=None, key=f"line-after-{theme.id}", format="%.0f"
        )
        low = st.number_input("It may be lower by, per cent", 0.0, 100.0, 0.0, 5.0, "%g", key=f"line-low-{theme.id}")
        high = st.number_input(
            "It may be higher by, per cent", 0.0, 1000.0, 0.0, 5.0, "%g", key=f"line-high-{theme.id}"
        )
        source = st.text_input("Where the figures are from", key=f"line-source-{theme.id}")
        added = st.form_submit_button("Add the line", type="primary")
    if not added:
        return
    if not (label or "").strip():
        st.error("Say what the line is: it has no name. Nothing was saved yet.", icon=":material/error:")
        return
    line = CostLine(
        theme.id,
        costs_lines.option_of(option or ""),
        "benefit" if kind == "benefit" else "cost",
        category,
        label or "",
        (first, *[after] * (how.years - 1)),
        low,
        high,
        source or "",
    )
    if buys_data(line.label):
        st.warning(plain(BUYING), icon=":material/warning:")
    if drafts.save(where, _with_how(how, [line]), desk.by):
        st.rerun()
    st.rerun()


def _add_examples(desk: Desk, how: Appraisal) -> None:
    drafts.save(
        f"{FORM}-examples-{how.theme_id}", _with_how(how, costs_lines.examples(how.theme_id, how.years)), desk.by
    )


def _settings(desk: Desk, how: Appraisal) -> None:
    where = f"{FORM}-how-{how.theme_id}"
    with st.popover("Years, discounting and optimism bias", icon=":material/tune:", key=f"how-{how.theme_id}"):
        (base,) = drafts.opened(where, [how], desk.zone)
        of = f"{base.theme_id}-{drafts.mark([base])}"
        with st.form(f"how-form-{of}", border=False, width=460):
            first = st.number_input("First year", FIRST_YEAR, LAST_YEAR, base.first_year, key=f"how-first-{of}")
            years = st.number_input("How many years", 1, MOST_YEARS, min(base.years, MOST_YEARS), key=f"how-years-{of}")
            constant = st.radio(
                "Discounting",
                [False, True],
                index=int(base.constant_rate is not None),
                format_func=lambda own: "Another rate, the same in all years" if own else GREEN_BOOK,
                key=f"how-discount-{of}",
            )
            rate = st.number_input(
                "That rate, per cent a year",
                value=100 * (0.035 if base.constant_rate is None else base.constant_rate),
                step=0.5,
                format="%g",
                key=f"how-rate-{of}",
            )
            st.markdown("**Optimism bias**, per cent by category: added to costs, and taken from benefits.")
            biases = {
                each: st.number_input(
                    each[:1].upper() + each[1:],
                    0.0,
                    float(MOST_BIAS),
                    min(max(base.optimism_bias.get(each, 0.0), 0.0), float(MOST_BIAS)),
                    5.0,
                    "%g",
                    key=f"bias-{each}-{of}",
                )
                for each in CATEGORIES
            }
            saved = st.form_submit_button("Save", type="primary")
        if not saved:
            return
        try:
            discount_factors(1, rate / 100 if constant else None)
        except CostsError:
            st.error(NO_RATE.format(rate), icon=":material/error:")
            return
        drafts.save(
            where,
            [
                replace(
                    base,
                    first_year=int(first),
                    years=int(years),
                    constant_rate=rate / 100 if constant else None,
                    optimism_bias={name: each for name, each in biases.items() if each},
                )
            ],
            desk.by,
        )
        st.rerun()


GREEN_BOOK = "Green Book: 3.5 % in years 0 to 30, 3.0 % in 31 to 75, 2.5 % after"
NO_RATE = (
    "Nothing can be discounted at {:g} % a year. Type a rate above −100 and up to 100 per cent, such as 3.5; at 0 % "
    "the years count alike. Nothing was saved yet."
)
