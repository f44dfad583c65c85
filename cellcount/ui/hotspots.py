"""The hotspots page: its controls, and the part that follows the hour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cellcount.methods.hotspots import UNKNOWN
from cellcount.methods.precision import interval as limits
from cellcount.ui import (
    controls,
    evidence,
    hotspot_reading,
    look,
    maps,
    pinned_figures,
    pinned_hotspots,
    pinning,
    reading,
    scales,
    window_reading,
)
from cellcount.ui import hotspot_figures as figures
from cellcount.ui.evidence import Method, Taken
from cellcount.ui.ground import Bounds, level_of_ground
from cellcount.ui.hotspot_figures import (
    AS_COUNTED,
    CHOICES,
    CLASS_WORDS,
    DENSITIES,
    FEW_CELLS,
    LOWEST,
    RATES,
    RINGS,
    ROOT,
    TITLES,
    Course,
    Picture,
    Setting,
    Turns,
)
from cellcount.ui.hotspot_reading import Found
from cellcount.ui.look import Palette
from cellcount.ui.map_pictures import Pictured
from cellcount.ui.reading import Release, Run
from cellcount.ui.scales import Scale
from cellcount.ui.view import Measure, View
from cellcount.ui.words import count, number, percent, plain, sure

MAP = "hotspots-map"
CURVE, ROW, FOOT = 230, 22, 46
"""Pixels: height of the curve, of a row of the chart of places, and of what stands below its rows."""
_QUIET = {"displayModeBar": False, "scrollZoom": False, "displaylogo": False}

METHODS = (
    Method(
        "Gi* compares the people per km² in a cell and the rings of cells around it with what the same number of cells "
        "would have if the figures of that map were dealt out at random. It is the difference in standard deviations. "
        "Cells at the border have fewer neighbours, which the formula takes into account. Multiplying all figures by a "
        "number changes nothing.",
        "Getis and Ord 1992, Geographical Analysis 24; Ord and Getis 1995, Geographical Analysis 27, 286-306; "
        "cellcount/methods/hotspots.py.",
    ),
    Method(
        "Its probability by chance is two-sided and worked out from the figures themselves, not read off the normal "
        "curve: densities are so skewed that the normal curve finds hotspots in nearly every map whose figures were "
        "shuffled, and hardly any place that is unusually empty.",
        "Saddlepoint of the distribution of sums of drawn figures: Lugannani and Rice 1980, Advances in Applied "
        "Probability 12; Barndorff-Nielsen 1986, Biometrika 73.",
    ),
    Method(
        "Thousands of cells are tested at once. The false-discovery rate bounds the share of false calls among the "
        "calls of one map; each hour is a map of its own. Neighbourhoods overlap and so depend on one another "
        "positively, under which the rule holds; the stricter one for any dependence is not needed: in shuffled maps "
        "the share with any call stays below the rate.",
        "Benjamini and Hochberg 1995, JRSS B 57; Benjamini and Yekutieli 2001, Annals of Statistics 29; Caldas de "
        "Castro and Singer 2006, Geographical Analysis 38.",
    ),
    Method(
        "With one crowded place the mean of an area and its spread are mostly that place's, and smaller centres are "
        "not told from chance. The square root of the density weighs it less; the test is the same.",
        "Square root as the transformation that steadies the variance of counts: Bartlett 1936, Supplement to the JRSS "
        "3.",
    ),
    Method(
        "A figure that is withheld is unknown, not zero: the cell has no verdict and is not in the neighbourhoods of "
        "others. Those that are withheld have few people, so what lies next to them is rather too seldom called empty.",
        "The release's disclosure rule stands in the caption.",
    ),
    Method(
        "Busiest cells: those ranked above F* = 1 - mean / max by people per km², where the tangent of the Lorenz "
        "curve at its end meets the axis. There is no parameter, and no test: it finds some in pure noise as well.",
        "Louail et al. 2014, Scientific Reports 4, 5276.",
    ),
    Method(
        "Persistence: permanent hotspots are hot by Gi* in every hour known, intermittent ones in a third or more, "
        "occasional ones in fewer. Each hour is tested by itself, so that what is occasional may be chance.",
        "After Louail et al. 2014; the limit of a third is this product's.",
    ),
    Method(
        "Hot cells that touch are one hotspot, named after its densest cell. Its people are the sum of its cells, none "
        "of which is withheld. Over the hours of persistence, a cell's people are the mean of its hours known, which "
        "are at least half of all; where a share w of its hours is left out of a mean N, (w N)² / 3 is added to the "
        "variance, for the mean may be too high by anything up to w N. Its error is that of the union of its cells in "
        "each area; errors of several areas and hours are added as if they went together, so that intervals are rather "
        "too wide. That another sample would have drawn the hotspot a little differently is not in them.",
        "The release's table precision; cellcount/methods/precision.py.",
    ),
    Method(
        "The middle of the hotspots is the mean of their cells' centres on the sphere, weighed by people.",
        "cellcount/methods/hotspots.py.",
    ),
)
"""How the figures of this page are made."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was chosen: area and day, and how hotspots are looked for."""

    view: View
    setting: Setting


def choose(release: Release) -> Asked:
    """Draw the controls and give what was chosen.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    density: tuple[Measure, ...] = ("per_km2",)
    row = controls.row_of_controls()
    view = controls.choose(
        release.areas,
        release.default_area,
        release.days,
        density,
        with_windows=window_reading.serves_windows(release),
        row=row,
    )
    if view.day.window is not None and view.day.window.statistic == "peak":
        st.info(
            "Hotspots are looked for in the mean of a window: the peaks of cells are of different hours, and do not "
            "add up to people in a hotspot.",
            icon=":material/info:",
        )
    with row:
        method = controls.choose_one("method", "What is a hotspot", CHOICES, "gi", noun="method")
        if method == "lorenz":
            return Asked(view, Setting("lorenz"))
        rate = controls.choose_one("fdr", "False-discovery rate", RATES, "5")
        with st.popover("Settings", icon=":material/tune:", key="hotspot-settings"):
            rings = controls.choose_one(
                "neighbourhood", "Neighbourhood: rings of cells around each", RINGS, "2", noun="neighbourhood"
            )
            of = controls.choose_one(
                "density", "People per km², for the comparison", DENSITIES, AS_COUNTED, noun="density"
            )
            st.caption(
                "More rings find larger hotspots and blur their edges. The square root weighs the most crowded places "
                "less, so that smaller centres stand out too."
            )
    return Asked(view, Setting("gi" if method == "gi" else "persistence", int(rate) / 100, int(rings), root=of == ROOT))


def read(release: Release, asked: Asked) -> tuple[Found, list[Run]]:
    """Look for the hotspots.

    Parameters
    ----------
    release : Release
        The release that is served.
    asked : Asked
        What was chosen.
    """
    with st.spinner("Every cell is compared with the others of the area …", show_time=True):
        found = hotspot_reading.hotspots(release, asked.view, asked.setting)
    return found, list(found.runs)


def tables(found: Found) -> tuple[Taken, ...]:
    """What can be taken away: the hotspots, every cell with its verdict, and the hours.

    Parameters
    ----------
    found : Found
        What the page shows.
    """
    if not len(found.shown.day.cells.h3):
        return ()
    view, method = found.shown.day.view, found.shown.setting.method
    day = view.day
    when = day.on or (f"{day.period}-{day.day_type}" if day.window is None else "window")
    stem = f"{view.area.code}-{when}-{method}"
    where = f"{view.area.name}, {day.words}"
    pictures = [found.picture(place) for place in range(len(found.shown.day.slots) if found.plays else 1)]
    return (
        Taken(
            f"hotspots-{stem}",
            f"Hotspots of {where}: place, people with standard error and 95 % interval, cells, area.",
            lambda: figures.spot_table(pictures),
            pictures[0].spot_columns(),
            of_cells=False,
        ),
        Taken(
            f"hotspot-cells-{stem}",
            f"Cells of {where}: people, people per km² and verdict of every step. Empty where withheld or not covered.",
            lambda: figures.cell_table(pictures),
            figures.cell_columns(pictures),
        ),
        Taken(
            f"hotspots-by-hour-{stem}",
            f"Hotspots of {where}, hour by hour: how many, people in them, and where their middle is.",
            found.course.table,
            found.course.columns(found.shown.day.zone),
            of_cells=False,
        ),
    )


def show(release: Release, asked: Asked, found: Found) -> None:
    """Map, figures, ranked list and the hours, which follow the step at which the map stands.

    Parameters
    ----------
    release : Release
        The release that is served.
    asked : Asked
        What was chosen.
    found : Found
        What was found.
    """
    day = found.shown.day
    if not len(day.cells.h3) or not np.isfinite(found.shown.density).any():
        st.info(
            f"This release has no figures by cell for {plain(day.view.area.label)} on this day that may be shown, so "
            "there is nothing to compare. Choose another area or day.",
            icon=":material/info:",
        )
        return
    if len(day.cells.h3) < FEW_CELLS:
        st.info(
            f"{plain(day.view.area.name)} has {count(len(day.cells.h3), 'cell')} with figures. Among so few, hardly "
            "anything can be told from chance: choose a larger area.",
            icon=":material/info:",
        )
    _by_step(release, asked, found, look.palette())


@st.fragment
def _by_step(release: Release, asked: Asked, found: Found, palette: Palette) -> None:
    day = found.shown.day
    cell = controls.picked_cell(day.facts.h3)
    with st.container(key="map-and-figures"):
        left, right = st.columns([2.1, 1], gap="medium")
    start = controls.asked_hour(day.view.day) if found.plays else 0
    with left:
        seen = _map(release, found, start, palette, cell)
        at = seen.step if found.plays else 0
        if found.plays:
            controls.keep_hour(day.view.day, at)
        picture = found.picture(at)
        st.caption(plain(picture.caption(release.manifest.disclosure_rule)))
        row = st.container(horizontal=True)
        with row:
            controls.copy_address(release.manifest.release_id, _address(asked, found, at, cell))
            pictured = _pictured(release, found, at, palette, cell)
            evidence.picture_button(release, pictured, drawable=seen.drawable)
            if cell is not None:
                controls.whole_area(day.view.area.name)
        pinning.draw(row, release, "hotspots", partial(_offer, release, asked, found, pictured, cell))
    if seen.clicked is not None and seen.clicked.layer == "cells" and seen.clicked.id:
        controls.click_cell(seen.clicked.id)
        st.rerun(scope="fragment")
    with right, st.container(key="figures"):
        _figures(picture)
        if cell is not None and cell in day.cells.h3:
            st.caption(f":material/hexagon: {plain(picture.told_of(cell))}")
        _ranked(picture)
    _over_the_day(found, at, palette)
    if not picture.lasting and np.isfinite(day.errors).any():
        _steadiness(picture)
    with st.expander("Table", icon=":material/table_rows:", key="table", on_change="rerun") as table:
        if table.open:
            st.markdown(plain(picture.alternative()))
            grouped = {
                name: st.column_config.NumberColumn(format="localized")
                for name in ("People", "Lower", "Upper", "km²", "Densest, per km²")
            } | {"Hours hot": st.column_config.NumberColumn(format="percent")}
            rounded = {"People": 0, "Lower": 0, "Upper": 0, "km²": 1, "Densest, per km²": 0}
            st.dataframe(picture.table().round(rounded), hide_index=True, height=320, column_config=grouped)


def _steadiness(picture: Picture) -> None:
    label = "How sure are these hotspots?"
    with st.expander(label, icon=":material/casino:", key="steadiness", on_change="rerun") as opened:
        if opened.open:
            with st.spinner("The figures are drawn anew within their errors …"):
                found = figures.steadiness(picture)
            if found is not None:
                st.markdown(plain(found.words()))


def scale_of(method: str, palette: Palette) -> Scale:
    """The classes of a method with their colours: blue below, orange above, nearly the ground's in the middle.

    Parameters
    ----------
    method : str
        Of `CHOICES`.
    palette : Palette
        Colours of the ground.
    """
    ratios = palette.ratios
    colours = {
        "gi": (ratios[2], ratios[3], ratios[6]),
        "lorenz": (ratios[3], ratios[6]),
        "persistence": (ratios[3], ratios[4], ratios[5], ratios[6]),
    }[method]
    return scales.kinds(TITLES[method], CLASS_WORDS[method], colours, palette)


def layer_of(found: Found) -> maps.PlayedCells:
    """The cells as the map draws them: the place of each verdict among its words, from 1.

    Parameters
    ----------
    found : Found
        What was found.
    """
    shown, day = found.shown, found.shown.day
    lasting = shown.setting.method == "persistence"
    kinds = shown.lasting[1].reshape(-1, 1) if lasting else shown.verdicts
    covered = shown.covered.any(axis=1).reshape(-1, 1) if lasting else shown.covered
    rows = day.facts.rows_of(day.cells.h3)
    return maps.PlayedCells(
        h3=day.cells.h3,
        values=np.where(kinds == UNKNOWN, np.nan, kinds.astype(np.float64) + LOWEST[shown.setting.method]),
        covered=covered,
        places=tuple(day.facts.places[row] for row in rows.tolist()),
        unit="",
        kinds=CLASS_WORDS[shown.setting.method],
        more=found.picture(0).more(),
    )


def _bounds(release: Release, view: View) -> Bounds:
    """What the map looks at: the place that was selected in the list, or the area."""
    held = controls.moved_to()
    return reading.bounds(
        release, view.area, held if held is not None and reading.lies_in(release, held, view.area) else None
    )


def _map(release: Release, found: Found, start: int, palette: Palette, cell: int | None) -> maps.Seen:
    """Draw the map, and say what the visitor did with it."""
    day, course = found.shown.day, found.course
    if found.plays:
        labels = tuple(slot.label for slot in day.slots)
        steps = maps.Steps(labels, start, course.words(), course.people, course.errors)
    else:
        steps = maps.Steps((found.picture(0).time,), 0)
    bounds = _bounds(release, day.view)
    looked = maps.looked(MAP, bounds)
    return maps.draw(
        MAP,
        {"cells": layer_of(found)},
        scale_of(found.shown.setting.method, palette),
        ground=reading.ground(release, day.view.area, looked),
        level=level_of_ground(looked.bounds, looked.zoom) if looked else level_of_ground(bounds),
        bounds=bounds,
        palette=palette,
        steps=steps,
        alt=f"Map of hotspots in {day.view.area.name}, {day.view.day.words}. {maps.SAID_ELSEWHERE}",
        marked=() if cell is None else (cell,),
    )


def _pictured(release: Release, found: Found, at: int, palette: Palette, cell: int | None) -> Pictured:
    """The map as a picture to take away."""
    view = found.shown.day.view
    picture = found.picture(at)
    return Pictured(
        name=f"hotspots-{view.area.code}",
        title=f"{TITLES[found.shown.setting.method]}, {view.area.name}",
        subtitle=picture.when(),
        notes=(picture.headline(), picture.caption(release.manifest.disclosure_rule)),
        layers={"cells": layer_of(found)},
        scale=scale_of(found.shown.setting.method, palette),
        step=at,
        bounds=_bounds(release, view),
        outlines=lambda: reading.outlines_under(release, view.area),
        palette=palette,
        names=reading.ground(release, view.area).names,
        marked=() if cell is None else (cell,),
    )


def _offer(release: Release, asked: Asked, found: Found, pictured: Pictured, cell: int | None) -> pinning.Offer:
    """The view as it is pinned: with the hotspots of its step."""
    at = pictured.step
    hour = found.shown.day.slots[at].label if found.plays else None
    picture = found.picture(at)
    inputs = pinned_hotspots.inputs_of(asked.view, asked.setting, hour)
    stem = f"hotspots-{asked.view.area.code}-{asked.setting.method}"
    spots = Taken(stem, f"Hotspots, {picture.when()}.", picture.spot_table, picture.spot_columns(), of_cells=False)
    return pinning.Offer(
        page="hotspots",
        address=_address(asked, found, at, cell),
        stated=partial(pinned_figures.stated, release, pinned_hotspots.KIND, inputs),
        caption=picture.caption(release.manifest.disclosure_rule),
        tables=(spots,),
        runs=found.runs,
        methods=METHODS,
        pictured=lambda: pictured,
    )


def _address(asked: Asked, found: Found, at: int, cell: int | None) -> dict[str, str | list[str] | None]:
    """What the URL of a view says, by key."""
    view, setting = asked.view, asked.setting
    day = view.day
    values: dict[str, str | list[str] | None] = {
        "area": view.area.code,
        "date": day.on.isoformat() if day.on else None,
        "day": None if day.on else controls.KINDS_OF_DAY["usual" if day.window is None else "window"],
        "period": day.period,
        "day_type": day.day_type,
        "hour": found.shown.day.slots[at].label if found.plays else None,
        "cell": None if cell is None else f"{cell:x}",
        "method": CHOICES[setting.method],
    }
    if day.window is not None:
        values |= controls.held(*controls.WINDOW)
    if setting.method != "lorenz":
        values |= {
            "fdr": RATES[f"{100 * setting.rate:g}"],
            "neighbourhood": RINGS[str(setting.rings)],
            "density": DENSITIES[ROOT if setting.root else AS_COUNTED],
        }
    return values


def _figures(picture: Picture) -> None:
    found = picture.figures
    st.markdown(f"##### {plain(picture.found.day.view.area.name)}, {plain(picture.time)}")
    first, second = st.columns(2)
    first.metric("Hotspots", f"{found.spots:,}", help="Hot cells that touch are one hotspot.")
    second.metric("People in them", number(found.people.people, found.people.error) if found.hot else "0")
    third, fourth = st.columns(2)
    third.metric("Share of all people", percent(found.share) if found.share is not None else "not known")
    fourth.metric("Share of the area", percent(found.area_share))
    said = [count(found.hot, "hot cell")]
    if picture.found.setting.method == "gi":
        said.append(f"{count(found.cold, 'cell')} unusually empty")
    between = [
        f"people {sure(found.people.people, found.people.error)}" if found.people.error and found.hot else "",
        f"share {percent(max(found.share - 1.96 * found.share_error, 0.0))} to "
        f"{percent(min(found.share + 1.96 * found.share_error, 1.0))}"
        if found.share is not None and found.share_error
        else "",
    ]
    some = "; ".join(each for each in between if each)
    tail = f" 95 % intervals: {some}." if some else " The release gives no interval for these figures."
    st.caption(plain(f"{'; '.join(said)}.{tail if found.hot else ''}"))


def _ranked(picture: Picture) -> None:
    ranked = picture.ranked()
    if ranked.empty:
        st.caption(plain(picture.headline()))
        return
    more = 0 if picture.by_place else len(picture.spots) - len(ranked)
    what = f"Most people in {'the hotspot' if len(picture.spots) == 1 else 'the hotspots'}, by place"
    by_spot = f"Hotspots by people{f', the first {len(ranked)} of {len(picture.spots)}' if more else ''}"
    st.markdown(f"###### {what if picture.by_place else by_spot}")
    figures_of = list(zip(ranked["value"].tolist(), ranked["error"].tolist(), strict=True))
    controls.ranked_list(
        ranked["name"].tolist(),
        [number(value, error) for value, error in figures_of],
        [sure(value, error) or "" for value, error in figures_of],
        ranked["target"].tolist(),
        of_cells=True,
    )


def _over_the_day(found: Found, at: int, palette: Palette) -> None:
    course, turns = found.course, found.turns
    if len(course.slots) < 2:
        return
    window = found.hourly.day.view.day.window
    st.markdown(f"##### How the hotspots move over {'the hours of the window' if window else 'the day'}")
    st.markdown(plain(course.told()))
    chosen = at if found.plays else None
    left, right = st.columns([1, 1.35], gap="medium")
    with left:
        has = np.isfinite(course.share_errors if course.by_share else course.errors).any()
        what = "Share of people" if course.by_share else "People"
        st.markdown(f"###### {what} in hotspots{', with 95 % interval' if has else ''}")
        st.plotly_chart(shares(course, chosen, palette), height=CURVE, config=_QUIET, key="shares", alt=course.told())
    with right:
        st.markdown("###### People in hot cells, by place and time")
        if turns.names:
            height = ROW * len(turns.names) + FOOT
            st.plotly_chart(
                places(turns, chosen, palette), height=height, config=_QUIET, key="places", alt=turns.alternative()
            )
        else:
            st.caption("No place is hot at any time.")


def shares(course: Course, chosen: int | None, palette: Palette) -> go.Figure:
    """The share of people in hotspots over the steps, with the hot cells and their middle under the pointer.

    Where the area has no totals of its own there are no shares, and people are drawn.

    Parameters
    ----------
    course : Course
        The hours.
    chosen : int or None
        The step at which the map stands.
    palette : Palette
        Colours of the ground.
    """
    labels = [slot.label for slot in course.slots]
    by_share = course.by_share
    values, errors = (course.shares, course.share_errors) if by_share else (course.people, course.errors)
    at = list(range(len(labels)))
    figure = go.Figure(layout=_layout(labels, palette))
    figure.update_layout(
        yaxis={
            "rangemode": "tozero",
            "tickformat": ".0%" if by_share else "~s",
            "nticks": 5,
            "fixedrange": True,
            "automargin": True,
        }
    )
    if np.isfinite(errors).any():
        low, high = limits(values, errors)
        high = np.minimum(high, 1.0) if by_share else high
        quiet = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_scatter(x=at, y=high, **quiet)
        figure.add_scatter(x=at, y=low, fill="tonexty", fillcolor=palette.band, **quiet)
    written = [percent(each) if by_share else f"{number(each)} people" for each in values.tolist()]
    said = [
        f"{label}: {figure} in {count(int(hot), 'hot cell')}" + (f", middle {place}" if place else "")
        for label, figure, hot, place in zip(labels, written, course.hot.tolist(), course.places, strict=True)
    ]
    figure.add_scatter(
        x=at,
        y=values,
        mode="lines+markers",
        line={"color": palette.line, "width": 2.5},
        marker={"size": 4},
        customdata=said,
        hovertemplate="%{customdata}<extra></extra>",
    )
    if chosen is not None:
        figure.add_vline(x=chosen, line={"color": palette.mark, "width": 1.5, "dash": "dot"})
    return figure


def places(turns: Turns, chosen: int | None, palette: Palette) -> go.Figure:
    """Which places are hot when: a row a place, a column a step, the more people the darker; blank where not hot.

    Parameters
    ----------
    turns : Turns
        The places.
    chosen : int or None
        The step at which the map stands.
    palette : Palette
        Colours of the ground.
    """
    ramp = palette.ratios[4:]
    figure = go.Figure(layout=_layout(list(turns.steps), palette))
    figure.add_heatmap(
        z=turns.people,
        x=list(range(len(turns.steps))),
        y=list(turns.names),
        zmin=0,
        colorscale=[[place / (len(ramp) - 1), colour] for place, colour in enumerate(ramp)],
        xgap=1,
        ygap=2,
        colorbar={"thickness": 10, "tickformat": "~s", "outlinewidth": 0, "nticks": 4},
        customdata=np.tile(np.array(turns.steps), (len(turns.names), 1)),
        hovertemplate="%{y}, %{customdata}: %{z:,.0f} people in hot cells<extra></extra>",
        hoverongaps=False,
    )
    figure.update_layout(
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True, "type": "category", "showgrid": False}
    )
    if chosen is not None:
        figure.add_vline(x=chosen, line={"color": palette.mark, "width": 1.5, "dash": "dot"})
    return figure


def _layout(labels: list[str], palette: Palette) -> go.Layout:
    every = 6 if len(labels) > 8 else 1
    ticks = [step for step, label in enumerate(labels) if every == 1 or _whole(label, every)]
    return go.Layout(
        margin={"l": 0, "r": 4, "t": 8, "b": 0},
        xaxis={
            "tickmode": "array",
            "tickvals": ticks,
            "ticktext": [labels[step] for step in ticks],
            "range": [-0.6, len(labels) - 0.4],
            "showgrid": False,
            "fixedrange": True,
        },
        font={"color": palette.text},
        hovermode="closest",
        showlegend=False,
    )


def _whole(label: str, every: int) -> bool:
    return label[:2].isdigit() and int(label[:2]) % every == 0 and " " not in label
