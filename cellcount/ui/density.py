"""The population density page, hour by hour: the part that runs again when only the hour changes."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

from cellcount.ui import charts, controls, look, maps, reading, scales
from cellcount.ui.evidence import Method, Taken
from cellcount.ui.hour import COLUMNS, MEASURED, STEADY, UNITS, DensityDay, Hour
from cellcount.ui.look import Palette
from cellcount.ui.presence import Floats
from cellcount.ui.reading import Release
from cellcount.ui.scales import Scale
from cellcount.ui.words import (
    difference,
    difference_interval,
    interval,
    label_limits,
    label_rule,
    number,
    percent,
    plain,
    sure,
)

DECIMALS = {
    "People": 1,
    "Lower": 0,
    "Upper": 0,
    COLUMNS["precision"]: 1,
    COLUMNS["per_km2"]: 1,
    COLUMNS["per_resident"]: 2,
}
"""Of the columns of the table."""
METHODS = (
    Method(
        "People present in a cell or area in an hour are read from the release as they were estimated, rounded and "
        "protected when it was built; the app estimates nothing.",
        "What the release says of its measure stands below.",
    ),
    Method(
        "Totals of areas are counts of their own. Cells are not added up to them: withheld ones would be lacking.",
        "The national cell count standard, table area_hour or typical_area.",
    ),
    Method(
        "95 % intervals are the figure and 1.96 standard errors on either side, not below zero; taken as normal. "
        "Figures are rounded to the first digit of their standard error.",
        "Standard errors of areas are the release's; where it has none, no interval is shown.",
    ),
    Method(
        "The variance of a cell's figure N is the sum of four: of chance, phi (N + 1/P) (1 - P) / P, less for a mean "
        "over dates; of the share of people observed, (N CV)²; of placement, people put into a wrong cell, which falls "
        "with density and area; and of rounding, 4. P, phi, CV and the parameters of placement are those of the cell's "
        "area and part of the UTC day.",
        "The release's table precision; Salgado et al. 2021, EPJ Data Science 10, 20; cellcount/methods/precision.py.",
    ),
    Method(
        f"By its standard error over the figure, a figure is {label_rule()}. A figure of 0 is always to be used with "
        "caution.",
        "Classes of the coefficient of variation as statistical offices use them for survey estimates.",
    ),
    Method(
        "People per km² divides by the area of the whole cell on the sphere, or by the area's own; people per resident "
        "by usual residents, and has no value where nobody lives.",
        "H3, Brodsky 2018, for cells; the release's tables cells and areas.",
    ),
    Method(
        "The map's classes are made once from all hours of the day, near fixed shares of its positive values, and do "
        "not move with the hour. Ratios have the same classes everywhere.",
        "Quantile classes rounded to 1, 1.5, 2, 3, 5 and 7 times powers of ten.",
    ),
)
"""How the figures of this page are made."""


def tables(day: DensityDay) -> tuple[Taken, ...]:
    """What can be taken away of an area and a day: its cells, and its totals.

    Parameters
    ----------
    day : DensityDay
        The area and the day.
    """
    where = f"{day.view.area.name}, {day.view.day.words}"
    stem = f"{day.view.area.code}-{day.view.day.on or f'{day.view.day.period}-{day.view.day.day_type}'}"
    return (
        Taken(
            f"cells-{stem}",
            f"Cells of {where}, every hour: people present, with standard error, 95 % interval and label where the "
            "release tells the precision. Empty where withheld or not covered.",
            day.cell_table,
            day.cell_columns(),
        ),
        Taken(
            f"totals-{stem}",
            f"Totals of {where}, every hour: people present with standard error, 95 % interval and label.",
            day.total_table,
            day.total_columns(),
            of_cells=False,
        ),
    )


def show(release: Release, day: DensityDay) -> None:
    """Map, figures, curve and ranked list, which follow the hour.

    Parameters
    ----------
    release : Release
        The release that is served.
    day : DensityDay
        The area and the day.
    """
    if not len(day.cells.h3) and not day.areas.codes:
        st.info(
            f"This release has no figures for {plain(day.view.area.label)} on this day. Choose another area or day.",
            icon=":material/info:",
        )
        return
    values = day.values
    palette = look.palette()
    _by_hour(release, day, values, _scale(day, values, palette), palette)


@st.fragment
def _by_hour(release: Release, day: DensityDay, values: Floats, scale: Scale, palette: Palette) -> None:
    cell = controls.picked_cell(day.facts.h3)
    with st.container(key="map-and-figures"):
        left, right = st.columns([2.1, 1], gap="medium")
    with left:
        canvas = st.container(gap=None)
        # The slider stands under the map and is read before the map is drawn.
        hour = Hour(day, values, controls.choose_hour(day.view.day))
    with canvas:
        _map(release, hour, scale, palette, cell)
    with left:
        st.caption(plain(hour.caption(release.manifest.disclosure_rule)))
        with st.container(horizontal=True):
            controls.copy_link(day.view, release.manifest.release_id, hour.slot.label)
            if cell is not None:
                controls.whole_area(day.view.area.name)
    with right, st.container(key="figures"):
        _figures(hour)
        _curve(hour, palette)
        _ranked(hour)
    with st.expander("Table", icon=":material/table_rows:", key="table", on_change="rerun") as table:
        if table.open:
            st.markdown(plain(hour.alternative()))
            shown = hour.table().round(DECIMALS)
            grouped = {column: st.column_config.NumberColumn(format="localized") for column in DECIMALS}
            st.dataframe(shown, hide_index=True, height=320, column_config=grouped)


def _scale(day: DensityDay, values: Floats, palette: Palette) -> Scale:
    title = MEASURED[day.view.measure]
    if day.view.measure == "per_resident":
        return scales.ratios(title, palette)
    if day.view.measure == "precision":
        return scales.labels(title, palette)
    return scales.amounts(title, values, palette)


def _map(release: Release, hour: Hour, scale: Scale, palette: Palette, cell: int | None) -> None:
    shown = hour.shown
    values = hour.values[shown, hour.place]
    figures, places, intervals = hour.words()
    maps.draw_map(
        maps.Cells(hour.day.cells.h3[shown], values, figures, places, intervals),
        scale,
        reading.ground(release, hour.day.view.area),
        reading.bounds(release, hour.day.view.area, cell),
        palette,
        marked=cell,
        alt=hour.alternative(),
        zero=bool((values == 0).any()),
        withheld=bool(np.isnan(values).any()),
    )


def _figures(hour: Hour) -> None:
    figures = hour.figures()
    st.markdown(f"##### {plain(hour.day.view.area.name)}, {plain(hour.slot.words)}")
    first, second = st.columns(2)
    first.metric("People present", number(figures.people, figures.error))
    between = sure(figures.people, figures.error)
    if hour.day.view.measure == "per_resident":
        second.metric("Per resident", number(figures.per_resident, figures.per_resident_error))
        beside = interval(figures.per_resident, figures.per_resident_error)
    elif hour.day.view.measure == "precision":
        relative = figures.error / figures.people if figures.error is not None and figures.people else math.nan
        second.metric("Standard error", percent(relative))
        beside = None
    else:
        second.metric("Per km²", number(figures.per_km2, figures.per_km2_error))
        beside = interval(figures.per_km2, figures.per_km2_error)
    if figures.people is None:
        st.caption("The total of this hour is withheld or not covered by the release.")
    elif between:
        per = "per resident" if hour.day.view.measure == "per_resident" else "per km²"
        more = f"; {per} {beside}" if beside else ""
        st.caption(f"People: 95 % interval {between}{more}.")
    else:
        st.caption("The source gives no interval for this figure.")
    if figures.steady:
        st.caption(f"The total varies by less than {100 * STEADY:g} % over the day, so no hour stands out.")
        return
    third, fourth = st.columns(2)
    third.metric(
        f"Against {figures.night_words}" if figures.night is not None else "Against the night",
        difference(figures.people, figures.night) or "–",
    )
    at = f"Most, at {figures.peak_words}" if figures.peak_words else "Most"
    fourth.metric(at, number(figures.peak, figures.peak_error))
    change = difference_interval(figures.people, figures.error, figures.night, figures.night_error)
    most = interval(figures.peak, figures.peak_error)
    said = [f"difference {change}, rather too wide" if change else "", f"most {most}" if most else ""]
    if any(said):
        st.caption(f"95 % intervals: {'; '.join(each for each in said if each)}.")


def _curve(hour: Hour, palette: Palette) -> None:
    people, errors = hour.day.areas.of(hour.day.view.area.code)
    if not np.isfinite(people).any():
        st.caption(
            "This release has no totals for this area, so there is no curve. Cells are not added up in their place."
        )
        return
    st.markdown(f"###### People present over the day{', with 95 % interval' if np.isfinite(errors).any() else ''}")
    labels = [slot.label for slot in hour.day.slots]
    alt = f"People present in {hour.day.view.area.name} over the day"
    charts.day_curve(labels, people, errors, hour.place, palette, unit="people", alt=alt)


def _ranked(hour: Hour) -> None:
    if hour.day.view.measure == "precision":
        _tally(hour)
        return
    ranked = hour.ranked()
    if ranked.empty:
        return
    st.markdown(f"###### Most {UNITS[hour.day.view.measure]}")
    figures = list(zip(ranked["value"].tolist(), ranked["error"].tolist(), strict=True))
    controls.ranked_list(
        ranked["name"].tolist(),
        [number(value, error) for value, error in figures],
        [sure(value, error) or "" for value, error in figures],
        ranked["target"].tolist(),
        of_cells=not hour.day.within,
    )


def _tally(hour: Hour) -> None:
    """How many cells may be used for what, in the place of a ranked list."""
    st.markdown("###### Cells by precision, this hour")
    tally = hour.by_label()
    limits = label_limits()
    rows = [(f"{word[:1].upper()}{word[1:]}, {limits[word]}", number_of) for word, number_of in tally.items()]
    rows += [("Withheld", hour.withheld), ("Not covered", hour.not_covered)]
    cells = len(hour.day.facts.h3)
    frame = pd.DataFrame(
        {
            "Cells": [f"{number_of:,}" for _, number_of in rows],
            "Share": [f"{100 * number_of / max(cells, 1):.0f} %" for _, number_of in rows],
        },
        index=pd.Index([word for word, _ in rows], name="Precision"),
    )
    st.table(frame, border="horizontal")
    st.caption("Standard error over figure. Withheld cells have no precision.")
