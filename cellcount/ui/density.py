"""The population density page: its controls, and the part that runs again when the map tells of something."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from cellcount.ui import (
    certainty,
    charts,
    controls,
    evidence,
    look,
    maps,
    pinned_density,
    pinned_figures,
    pinning,
    reading,
    scales,
    search_reading,
    window_reading,
    windows,
)
from cellcount.ui.compare import Compared, Comparison, compared
from cellcount.ui.evidence import Method, Taken
from cellcount.ui.ground import Bounds
from cellcount.ui.hour import COLUMNS, MEASURED, STEADY, UNITS, DensityDay, Hour
from cellcount.ui.look import Palette
from cellcount.ui.map_pictures import Pictured
from cellcount.ui.presence import Floats, measured
from cellcount.ui.reading import Release, Run
from cellcount.ui.scales import Scale
from cellcount.ui.search import Target
from cellcount.ui.view import Measure, View
from cellcount.ui.words import (
    count,
    difference,
    difference_interval,
    interval,
    label_limits,
    label_rule,
    number,
    percent,
    plain,
    signed,
    signed_interval,
    sure,
)

MAP = "density-map"
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
        f"A mean over a window is that of its released hours of all dates. {windows.RULE['mean']} Its variance has "
        "less of chance for being over many dates, but not for the hours of one date, which count much the same "
        "people; where a share w of the hours is left out, (w N)² / 3 is added, for the mean may be too high by "
        "anything up to w N.",
        "A withheld figure is not below zero, so the mean of what is left is too high by 1 / (1 - w) at most; "
        "cellcount/ui/windows.py.",
    ),
    Method(
        f"{windows.RULE['peak']} Its interval is that of the one figure.",
        "cellcount/ui/windows.py.",
    ),
    Method(
        "Weekdays and bank holidays are those of the nation that a cell or area lies in; the whole country has those "
        "of England.",
        "gov.uk/bank-holidays, by the package holidays.",
    ),
    Method(
        "A difference is the first time less the second, where both are released. The two errors are added as if they "
        "were independent, so that its interval is rather too wide: both share the operators' shares and the same "
        "wrong cells. Of many cells, one in twenty differs by more than its interval by chance alone.",
        "cellcount/ui/compare.py.",
    ),
    Method(
        "The map's classes are made once from all hours of the day, near fixed shares of its positive values, and do "
        "not move with the hour. Ratios have the same classes everywhere.",
        "Quantile classes rounded to 1, 1.5, 2, 3, 5 and 7 times powers of ten.",
    ),
)
"""How the figures of this page are made."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was chosen: area, day and measure; what it is compared with; and where the map is to look.

    Attributes
    ----------
    view : View
        Area, day and measure.
    comparison : Comparison
        What it is compared with, if with anything.
    target : Target or None
        The place that was searched for.
    """

    view: View
    comparison: Comparison
    target: Target | None


@dataclass(frozen=True, slots=True)
class Found:
    """What was read of it.

    Attributes
    ----------
    day : DensityDay
        The day or window; of a comparison, with the cells of both.
    compared : Compared or None
        Both, where they are compared.
    said : str
        A sentence where they cannot be; else empty.
    runs : tuple of Run
        The queries that were run.
    """

    day: DensityDay
    compared: Compared | None
    said: str
    runs: tuple[Run, ...]


def choose(release: Release) -> Asked:
    """Draw the controls and give what was chosen.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    row = controls.row_of_controls()
    view = controls.choose(
        release.areas,
        release.default_area,
        release.days,
        release.measures,
        with_windows=window_reading.serves_windows(release),
        with_weeks=True,
        row=row,
    )
    with row:
        target = controls.choose_place(partial(search_reading.look_for, release))
        comparison = Comparison()
        if view.measure != "precision" and not view.day.week:
            comparison = controls.choose_comparison(release.days, view.day)
    return Asked(view, comparison, target)


def read(release: Release, asked: Asked) -> tuple[Found, list[Run]]:
    """Read what was chosen, as finely as the visitor's view can hold.

    Parameters
    ----------
    release : Release
        The release that is served.
    asked : Asked
        What was chosen.
    """
    with st.spinner("The cells of the area are read …", show_time=True):
        found = _read(release, asked)
    return found, list(found.runs)


def _read(release: Release, asked: Asked) -> Found:
    day, runs = _day(release, asked, asked.view)
    other_day = asked.comparison.day
    if other_day is None:
        return Found(day, None, "", tuple(runs))
    other, more = _day(release, asked, replace(asked.view, day=other_day))
    runs = list({(run.name, str(run.parameters)): run for run in [*runs, *more]}.values())
    if other.resolution != day.resolution:
        said = (
            f"{other_day.words[:1].upper()}{other_day.words[1:]} has no cells of resolution {day.resolution}, so the "
            "two cannot be compared here."
        )
        return Found(day, None, said, tuple(runs))
    labels = [slot.label for slot in other.slots]
    fixed = labels.index(asked.comparison.hour) if asked.comparison.hour in labels else None
    both = compared(day, other, fixed)
    return Found(both.day, both, "", tuple(runs))


def _day(release: Release, asked: Asked, view: View) -> tuple[DensityDay, list[Run]]:
    seen = _looked(release, asked)
    if view.day.window is not None:
        return window_reading.window_day(release, view, seen)
    return reading.density_day(release, view, seen)


def _looked(release: Release, asked: Asked) -> maps.Looked | None:
    """Where the visitor looks, if that is not the area as a whole: cells are as fine as that can hold."""
    bounds = _bounds(release, asked)
    seen = maps.looked(MAP, bounds)
    whole = bounds == reading.bounds(release, asked.view.area)
    return seen if seen is not None or whole else maps.Looked(bounds, bounds.zoom)


def _bounds(release: Release, asked: Asked) -> Bounds:
    """What the map looks at: a cell that was selected in the list, the place that was found, or the area."""
    held = controls.moved_to()
    cell = held if held is not None and reading.lies_in(release, held, asked.view.area) else None
    if cell is None and asked.target is not None:
        return asked.target.bounds
    return reading.bounds(release, asked.view.area, cell)


def tables(day: DensityDay, both: Compared | None = None) -> tuple[Taken, ...]:
    """What can be taken away of an area and a day: its cells, its totals, and the differences where two are compared.

    Parameters
    ----------
    day : DensityDay
        The area and the day, or the window.
    both : Compared, optional
        The same and what it is compared with.
    """
    where = f"{day.view.area.name}, {day.view.day.words}"
    stem = f"{day.view.area.code}-{_stem(day)}"
    every = "every hour" if day.view.day.window is None else day.slots[0].words
    taken = (
        Taken(
            f"cells-{stem}",
            f"Cells of {where}, {every}: people present, with standard error, 95 % interval and label where the "
            "release tells the precision. Empty where withheld or not covered.",
            day.cell_table,
            day.cell_columns(),
        ),
        Taken(
            f"totals-{stem}",
            f"Totals of {where}, {every}: people present with standard error, 95 % interval and label.",
            day.total_table,
            day.total_columns(),
            of_cells=False,
        ),
    )
    if both is None:
        return taken
    return (
        *taken,
        Taken(
            f"difference-{stem}",
            f"Cells of {where}, compared with {both.other.view.day.words}: both figures and the first less the second, "
            "with its standard error.",
            both.cell_table,
            both.cell_columns(),
        ),
    )


def _stem(day: DensityDay) -> str:
    chosen = day.view.day
    if chosen.window is not None:
        return f"{chosen.window.statistic}-{chosen.window.first}-{chosen.window.last}"
    if chosen.week:
        return f"week-{chosen.on}"
    return str(chosen.on or f"{chosen.period}-{chosen.day_type}")


def show(release: Release, asked: Asked, found: Found) -> None:
    """Map, figures, curve and ranked list, which follow the hour.

    Parameters
    ----------
    release : Release
        The release that is served.
    asked : Asked
        What was chosen.
    found : Found
        What was read.
    """
    day = found.day
    if not len(day.cells.h3) and not day.areas.codes:
        st.info(
            f"This release has no figures for {plain(day.view.area.label)} on this day. Choose another area or day.",
            icon=":material/info:",
        )
        return
    if found.said:
        st.info(plain(found.said), icon=":material/info:")
    if asked.target is not None:
        _found_place(release, asked.view, asked.target)
    _by_hour(release, asked, look.palette())


def _found_place(release: Release, view: View, target: Target) -> None:
    """Where the place lies that was searched for, and the way to its area."""
    area = next((each for each in release.areas.values() if each.code == target.area), None)
    if area is None or area.code == view.area.code:
        return
    outside = view.area.parent is not None and area.code not in {each.code for each in release.within(view.area.code)}
    with st.container(horizontal=True, vertical_alignment="center", key="place-found"):
        if outside:
            st.markdown(f"Outside {plain(view.area.name)}, whose cells alone are drawn: {plain(target.words)}.")
        controls.area_button(area.name, area.label)


@st.fragment
def _by_hour(release: Release, asked: Asked, palette: Palette) -> None:
    # The map may have told of another view meanwhile; what was read for the page itself is at hand.
    with st.spinner("The cells of the view are read …", show_time=True):
        found = _read(release, asked)
    day = found.day
    cell = controls.picked_cell(day.facts.h3)
    with st.container(key="map-and-figures"):
        left, right = st.columns([2.1, 1], gap="medium")
    plays = day.view.day.window is None
    start = controls.asked_hour(day.view.day) if plays else 0
    picture = _Picture(release, asked, found, palette, cell)
    with left:
        seen = picture.draw(start)
        hour = Hour(day, picture.values, seen.step if plays else 0)
        if plays:
            controls.keep_hour(day.view.day, hour.place)
        st.caption(plain(picture.caption(hour)))
        row = st.container(horizontal=True)
        with row:
            controls.copy_address(release.manifest.release_id, _address(asked, hour, cell))
            evidence.picture_button(release, picture.taken(hour), drawable=seen.drawable)
            if cell is not None:
                controls.whole_area(day.view.area.name)
        pinning.draw(row, release, "density", partial(_offer, picture, hour))
    if seen.clicked is not None and seen.clicked.layer == "cells" and seen.clicked.id:
        controls.click_cell(seen.clicked.id)
        st.rerun(scope="fragment")
    with right, st.container(key="figures"):
        if found.compared is not None:
            _both_figures(found.compared, hour.place)
        elif day.area_window is not None:
            _window_figures(hour)
        else:
            _figures(hour)
        if cell is not None and cell in day.cells.h3:
            _cell_curve(release, asked, hour, palette, cell)
        else:
            _curve(hour, found, palette)
        _ranked(hour, ", first" if found.compared is not None else "")
    with st.expander("Table", icon=":material/table_rows:", key="table", on_change="rerun") as table:
        if table.open:
            _table(found, hour)


def _table(found: Found, hour: Hour) -> None:
    if found.compared is not None:
        st.markdown(plain(found.compared.alternative(hour.place)))
        shown = found.compared.table(hour.place)
        names = ["First", "Second", "Difference", "Lower", "Upper"]
        decimals = dict.fromkeys(names, 2 if hour.day.view.measure == "per_resident" else 1)
    else:
        st.markdown(plain(hour.alternative()))
        shown, decimals = hour.table(), DECIMALS
    grouped = {column: st.column_config.NumberColumn(format="localized") for column in decimals}
    st.dataframe(shown.round(decimals), hide_index=True, height=320, column_config=grouped)


@dataclass(frozen=True, slots=True)
class _Picture:
    """The map of what was read, as it is drawn, told and taken away."""

    release: Release
    asked: Asked
    found: Found
    palette: Palette
    cell: int | None

    @property
    def day(self) -> DensityDay:
        return self.found.day

    @property
    def how(self) -> maps.Compare:
        return "none" if self.found.compared is None else self.asked.comparison.how

    @property
    def values(self) -> Floats:
        return self.day.values

    @property
    def panes(self) -> tuple[str, str]:
        if self.found.compared is None:
            return "", ""
        fixed = self.asked.comparison.hour
        one, other = (
            each.view.day.words.split(", ")[0] for each in (self.found.compared.day, self.found.compared.other)
        )
        return one, f"{other}, {fixed}" if fixed else other

    @property
    def scale(self) -> Scale:
        """One scale for both, or one of differences."""
        both, measure = self.found.compared, self.day.view.measure
        if both is None:
            return _scale(self.day, self._basis, self.palette)
        if self.how == "difference":
            title = f"First less second, {UNITS[measure]}"
            return scales.differences(title, both.differences, self.palette)
        return _scale(self.day, np.hstack([both.day.values, both.other.values]), self.palette)

    @property
    def _basis(self) -> Floats:
        """The figures that classes are made from: those of the whole area, so that they stay as the visitor moves.

        People of coarser cells are shared out to the size of those that are drawn.
        """
        day = self.day
        if day.level is None or day.level.whole or day.view.measure not in ("people", "per_km2"):
            return self.values
        if day.view.day.window is not None:
            whole, _ = window_reading.window_day(self.release, day.view)
        else:
            whole, _ = reading.density_day(self.release, day.view)
        if day.view.measure == "per_km2" or not len(day.facts.km2):
            return whole.values
        return whole.values * (float(np.mean(day.facts.km2)) / float(np.mean(whole.facts.km2)))

    @property
    def layer(self) -> maps.PlayedCells:
        day, both = self.day, self.found.compared
        rows = day.facts.rows_of(day.cells.h3)
        by = {"per_km2": day.facts.km2[rows], "per_resident": day.facts.residents[rows]}.get(day.view.measure)
        if by is not None:
            by = np.where(by > 0, by, np.nan)
        precise = day.view.measure == "precision"
        layer = maps.PlayedCells(
            h3=day.cells.h3,
            values=day.values if precise else day.cells.people,
            covered=day.cells.covered & (np.isnan(day.cells.people) | ~np.isnan(day.values) if precise else True),
            places=tuple(day.facts.places[row] for row in rows.tolist()),
            unit="standard error over figure" if precise else UNITS[day.view.measure],
            by=by,
        )
        if both is None:
            if precise or not day.precise:
                return layer
            if day.view.day.window is not None:
                return replace(layer, errors=day.errors)
            return replace(layer, curves=self._curves, areas=self._area_rows)
        one, other = both.day, both.other
        if self.how == "difference":
            # The map shows the others less the values, and the figure that was chosen is to come first.
            one, other = other, one
        known = one.precise and other.precise
        return replace(
            layer,
            values=one.cells.people,
            covered=one.cells.covered,
            errors=one.errors if known else None,
            others=other.cells.people,
            others_covered=other.cells.covered,
            other_errors=other.errors if known else None,
        )

    @property
    def _curves(self) -> maps.Curves:
        """Errors that the browser reads off curves: one to each cell and hour would double what is sent."""
        known, _ = reading.precision_of(self.release, self.day.view.area.code)
        logs = certainty.curves(known, self._km2_of, float(np.median(self.day.cells.days)))
        parts = tuple(certainty.place_of_part(reading.part_of(self.release, slot)) for slot in self.day.slots)
        return maps.Curves(certainty.SIZES, logs, parts)

    @property
    def _codes(self) -> list[str]:
        facts = self.day.facts
        return [facts.areas[row] or "" for row in facts.rows_of(self.day.cells.h3).tolist()]

    @property
    def _km2_of(self) -> dict[str, float]:
        facts = self.day.facts
        return dict(zip(self._codes, facts.km2[facts.rows_of(self.day.cells.h3)].tolist(), strict=True))

    @property
    def _area_rows(self) -> tuple[int, ...]:
        place = {code: at for at, code in enumerate(self._km2_of)}
        return tuple(place[code] for code in self._codes)

    def draw(self, start: int) -> maps.Seen:
        """Draw the map, and say what the visitor did with it."""
        day = self.day
        people, errors = day.areas.of(day.view.area.code)
        known = bool(np.isfinite(people).any())
        words = tuple(
            f"{number(value, error)} people" if np.isfinite(value) else ""
            for value, error in zip(people.tolist(), errors.tolist(), strict=True)
        )
        played = len(day.slots) > 1
        return maps.draw(
            MAP,
            {"cells": self.layer},
            self.scale,
            ground=self.ground,
            bounds=_bounds(self.release, self.asked),
            palette=self.palette,
            steps=maps.Steps(
                tuple(slot.label for slot in day.slots),
                start,
                words if known else (),
                people if known and played else None,
                errors if known and played else None,
            ),
            alt=self.described,
            compare=self.how,
            panes=self.panes,
            difference_scale=self.scale if self.how == "difference" else None,
            level=day.level,
            marked=self.marked,
        )

    @property
    def ground(self) -> maps.Ground:
        return reading.ground(self.release, self.day.view.area, _looked(self.release, self.asked))

    @property
    def marked(self) -> tuple[str, ...]:
        return () if self.cell is None else (f"{self.cell:x}",)

    @property
    def described(self) -> str:
        """What the map shows at any hour: the time bar tells of each, and the table has what it shows in words."""
        view = self.day.view
        what = "the difference in people" if self.how == "difference" else MEASURED[view.measure].lower()
        cells = count(len(self.day.cells.h3), "cell")
        return f"Map of {what} in {view.area.name}, {view.day.words}, in {cells}. {maps.SAID_ELSEWHERE}"

    def alternative(self, hour: Hour) -> str:
        both = self.found.compared
        return hour.alternative() if both is None else both.alternative(hour.place)

    def caption(self, hour: Hour) -> str:
        said = [hour.caption(self.release.manifest.disclosure_rule)]
        if self.found.compared is not None:
            said.append(self.found.compared.caption(hour.place))
        return " ".join(said)

    def taken(self, hour: Hour) -> Pictured:
        """The map as a picture to take away."""
        view = self.day.view
        both = self.found.compared
        return Pictured(
            name=f"density-{view.area.code}-{_stem(self.day)}",
            title=f"{MEASURED[view.measure]}, {view.area.name}",
            subtitle=hour.when() if both is None else both.caption(hour.place).split(". ")[0],
            notes=(self.caption(hour),),
            layers={"cells": self.layer},
            scale=self.scale,
            step=hour.place,
            bounds=_bounds(self.release, self.asked),
            outlines=lambda: reading.outlines_under(self.release, view.area),
            palette=self.palette,
            names=self.ground.names,
            compare=self.how,
            panes=self.panes,
            marked=() if self.cell is None else (self.cell,),
        )


def _offer(picture: _Picture, hour: Hour) -> pinning.Offer:
    """The view as it is pinned: with the table of the cells at its hour."""
    release, asked, found, cell = picture.release, picture.asked, picture.found, picture.cell
    view, both = asked.view, found.compared
    comparison = asked.comparison if both is not None else Comparison()
    inputs = pinned_density.inputs_of(view, hour.slot.label, cell, comparison)
    table = Taken(
        f"cells-{view.area.code}-{_stem(found.day)}-{hour.slot.label}".replace(":", ""),
        f"Cells of {view.area.name}, {hour.when()}.",
        hour.table if both is None else partial(both.table, hour.place),
        {},
    )
    return pinning.Offer(
        page="density",
        address=_address(asked, hour, cell),
        stated=partial(pinned_figures.stated, release, pinned_density.KIND, inputs),
        caption=picture.caption(hour),
        tables=(table, *tables(found.day, both)[1:2]),
        runs=found.runs,
        methods=METHODS,
        pictured=partial(picture.taken, hour),
    )


def _address(asked: Asked, hour: Hour, cell: int | None) -> dict[str, str | list[str] | None]:
    """What the URL of a view says, by key."""
    day, other = asked.view.day, asked.comparison.day
    values: dict[str, str | list[str] | None] = {
        "area": asked.view.area.code,
        "date": day.on.isoformat() if day.on else None,
        "day": "week" if day.week else None if day.on else "usual" if day.window is None else "window",
        "period": day.period,
        "day_type": day.day_type,
        "measure": asked.view.measure,
        "hour": hour.slot.label if day.window is None else None,
        "cell": None if cell is None else f"{cell:x}",
    }
    if asked.target is not None:
        values |= controls.held("place", "which")
    if day.window is not None:
        values |= controls.held(*controls.WINDOW)
    if other is not None:
        values |= controls.held(
            "compare", "compare_day", "compare_date", "compare_type", "compare_types", "compare_hour"
        )
    return values


def _scale(day: DensityDay, values: Floats, palette: Palette) -> Scale:
    title = MEASURED[day.view.measure]
    if day.view.measure == "per_resident":
        return scales.ratios(title, palette)
    if day.view.measure == "precision":
        return scales.labels(title, palette)
    return scales.amounts(title, values, palette)


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
        st.caption(f"The total varies by less than {100 * STEADY:g} % over the {_span(hour)}, so no hour stands out.")
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


def _both_figures(both: Compared, place: int) -> None:
    """The area's own totals at both times, and their difference."""
    code = both.day.view.area.code
    (one, one_error), (other, other_error) = (
        (people[place], errors[place]) for people, errors in (each.areas.of(code) for each in (both.day, both.other))
    )
    first_words, second_words = both.words_of(place)
    st.markdown(f"##### {plain(both.day.view.area.name)}, compared")
    first, second = st.columns(2)
    first.metric("People, first", number(one, one_error))
    second.metric("People, second", number(other, other_error))
    st.caption(
        plain(
            f"First: {first_words}{_in_brackets(one, one_error)}. "
            f"Second: {second_words}{_in_brackets(other, other_error)}."
        )
    )
    if not (np.isfinite(one) and np.isfinite(other)):
        st.caption("A total is withheld or not covered by the release, so there is no difference.")
        return
    third, fourth = st.columns(2)
    error = math.hypot(one_error, other_error)
    third.metric("Difference", signed(one - other, error))
    fourth.metric("In per cent", difference(one, other) or "–")
    between = signed_interval(one - other, error)
    relative = difference_interval(one, one_error, other, other_error) if np.isfinite(error) else None
    if between:
        more = f"; in per cent {relative}" if relative else ""
        st.caption(f"95 % intervals, rather too wide: {between}{more}.")
    else:
        st.caption("The source gives no interval for these figures.")


def _in_brackets(value: float, error: float) -> str:
    between = interval(value, error)
    return f" (95 % interval {between})" if between else ""


def _window_figures(hour: Hour) -> None:
    """The area's own mean or peak in a window."""
    day = hour.day
    window, areas, cells = day.view.day.window, day.area_window, day.cell_window
    assert window is not None
    assert areas is not None
    assert cells is not None
    people, errors = (each[0] for each in day.areas.of(day.view.area.code))
    figures = hour.figures()
    st.markdown(f"##### {plain(day.view.area.name)}, {plain(hour.slot.words)}")
    first, second = st.columns(2)
    first.metric(f"{'Mean' if window.statistic == 'mean' else 'Most'} people present", number(people, errors))
    if day.view.measure == "per_resident":
        second.metric("Per resident", number(figures.per_resident, figures.per_resident_error))
    elif day.view.measure == "precision":
        second.metric("Standard error", percent(errors / people) if people else "–")
    else:
        second.metric("Per km²", number(figures.per_km2, figures.per_km2_error))
    between = sure(people, errors)
    if not np.isfinite(people):
        st.caption("The total of this window is withheld or not covered by the release.")
    elif between:
        st.caption(f"People: 95 % interval {between}.")
    else:
        st.caption("The source gives no interval for this figure.")
    when = areas.peaks[areas.codes.index(day.view.area.code)] if day.view.area.code in areas.codes else ""
    said = [f"Behind each figure: {cells.behind()}."]
    if when:
        said.append(f"Most people at once in the window: {when}.")
    st.caption(plain(" ".join(said)))


def _span(hour: Hour) -> str:
    """What the hours of a curve make up."""
    return "week" if hour.day.view.day.week else "day"


def _curve(hour: Hour, found: Found, palette: Palette) -> None:
    """The area's own curve: of the day, of both days, or of the hours of a window."""
    window = hour.day.view.day.window
    if window is not None:
        _window_curve(hour, window, palette)
        return
    people, errors = hour.day.areas.of(hour.day.view.area.code)
    if not np.isfinite(people).any():
        st.caption(
            "This release has no totals for this area, so there is no curve. Cells are not added up in their place."
        )
        return
    st.markdown(
        f"###### People present over the {_span(hour)}{', with 95 % interval' if np.isfinite(errors).any() else ''}"
    )
    labels = [slot.label for slot in hour.day.slots]
    alt = f"People present in {hour.day.view.area.name} over the {_span(hour)}"
    if found.compared is None:
        charts.day_curve(labels, people, errors, hour.place, palette, unit="people", alt=alt)
        return
    others, other_errors = found.compared.other.areas.of(hour.day.view.area.code)
    charts.two_curves(
        labels,
        (people, errors),
        (others, other_errors),
        hour.place,
        palette,
        names=("first", "second"),
        unit="people",
        alt=f"{alt}, at both times",
    )


def _window_curve(hour: Hour, window: windows.Window, palette: Palette) -> None:
    """The area's mean by hour of the window, over its dates."""
    areas, code = hour.day.area_window, hour.day.view.area.code
    if areas is None or code not in areas.codes or len(window.ordered) < 2:
        return
    row = areas.codes.index(code)
    people, errors = areas.by_hour[row], areas.errors_by_hour[row]
    if not np.isfinite(people).any():
        return
    sure_by = ", with 95 % interval, rather too wide" if np.isfinite(errors).any() else ""
    st.markdown(f"###### Mean of its dates by hour{sure_by}")
    labels = [f"{each:02d}:00" for each in window.ordered]
    alt = f"Mean people present in {hour.day.view.area.name} by hour, {window.days}"
    charts.day_curve(labels, people, errors, None, palette, unit="people", alt=alt)


def _cell_curve(release: Release, asked: Asked, hour: Hour, palette: Palette, cell: int) -> None:
    """A cell's hours with their intervals, against its usual day."""
    day = hour.day
    row = int(np.searchsorted(day.cells.h3, cell))
    at = int(day.facts.rows_of(day.cells.h3[row : row + 1])[0])
    place, measure = day.facts.places[at], day.view.measure
    window = day.view.day.window
    st.markdown(f"###### The cell {plain(place)}")
    if window is not None:
        seen = _looked(release, asked)
        people, errors = window_reading.cell_hours(release, asked.view.area, window, cell, seen)
        labels = [f"{each:02d}:00" for each in window.ordered]
        _told(f"Mean by hour, {window.days}.", people, errors)
        charts.day_curve(labels, people, errors, None, palette, unit="people", alt=f"Mean by hour of the cell {place}")
        return
    people, errors = day.cells.people[row], day.errors[row]
    km2, residents = day.facts.km2[at : at + 1], day.facts.residents[at : at + 1]
    labels = [slot.label for slot in day.slots]
    shown: Measure = "people" if measure == "precision" else measure
    ones = _of_measure(shown, people, km2, residents), _of_measure(shown, errors, km2, residents)
    unit = UNITS[shown]
    usual = _usual(release, asked, day)
    said = f"{MEASURED[shown]}, {day.view.day.words}."
    if usual is None:
        _told(said, *ones)
        alt = f"{unit} in the cell {place} over the {_span(hour)}"
        charts.day_curve(labels, ones[0], ones[1], hour.place, palette, unit=unit, alt=alt)
        return
    both = compared(day, usual)
    other = int(np.searchsorted(both.other.cells.h3, cell))
    others = (
        _of_measure(shown, both.other.cells.people[other], km2, residents),
        _of_measure(shown, both.other.errors[other], km2, residents),
    )
    words = usual.view.day.words
    if not np.isfinite(others[0]).any():
        said += f" What is usual there ({words}) is withheld."
    _told(f"{said} Dashed: {words}." if np.isfinite(others[0]).any() else said, *ones)
    charts.two_curves(
        labels,
        ones,
        others,
        hour.place,
        palette,
        names=(day.view.day.words.split(", ")[0], words.split(", ")[0]),
        unit=unit,
        alt=f"{unit} in the cell {place} over the day, against {words}",
    )


def _of_measure(measure: Measure, people: Floats, km2: Floats, residents: Floats) -> Floats:
    """One cell's figures over the steps as a measure."""
    return measured(measure, people.reshape(1, -1), km2, residents)[0]


def _told(said: str, people: Floats, errors: Floats) -> None:
    """What a curve of a cell shows, how sure it is, and how much of it is withheld."""
    withheld = int(np.isnan(people).sum())
    drawn = "band is" if len(people) > charts.MOST_BARS else "whiskers are"
    band = f" The {drawn} the 95 % interval." if np.isfinite(errors).any() else " The release gives no interval."
    gone = f" {withheld} of {len(people)} hours are withheld or not covered." if withheld else ""
    st.caption(plain(f"{said}{band}{gone}"))


def _usual(release: Release, asked: Asked, day: DensityDay) -> DensityDay | None:
    """The usual day that a date is measured against: of its day type, else of the first; None where there is none."""
    chosen, days = day.view.day, release.days
    if chosen.on is None or chosen.week or not days.periods or not days.day_types:
        return None
    kind = windows.day_type(chosen.on, windows.nation_of_area(day.view.area.code, days.zone == windows.BRITISH))
    if kind not in days.day_types:
        return None
    typical = days.typical(next(iter(days.periods)), kind)
    usual, _ = _day(release, asked, replace(day.view, day=typical))
    return usual if usual.resolution == day.resolution else None


def _ranked(hour: Hour, of: str) -> None:
    if hour.day.view.measure == "precision":
        _tally(hour)
        return
    ranked = hour.ranked()
    if ranked.empty:
        return
    st.markdown(f"###### Most {UNITS[hour.day.view.measure]}{of}")
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
