"""The tourism page: where visitors come from, where they go, how their countries differ, and where residents go."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cellcount.methods import tourism as methods
from cellcount.methods.precision import interval
from cellcount.ui import (
    agreement,
    controls,
    evidence,
    look,
    maps,
    pinned_figures,
    pinned_tourism,
    pinning,
    reading,
    scales,
)
from cellcount.ui import tourism_charts as charts
from cellcount.ui import tourism_figures as figures
from cellcount.ui import tourism_reading as visits
from cellcount.ui.evidence import Method, Taken
from cellcount.ui.ground import Bounds, Outlines, level_of_ground
from cellcount.ui.look import Palette
from cellcount.ui.map_pictures import Pictured
from cellcount.ui.maps import Drawn, Ground, Steps
from cellcount.ui.reading import Release, Run
from cellcount.ui.scales import Scale
from cellcount.ui.tourism_figures import MEASURES, TITLES, Country, Group, Measure, month_words
from cellcount.ui.tourism_reading import WORLD, Data, Direction, View
from cellcount.ui.view import Area
from cellcount.ui.words import count, listed, lowered, number, percent, plain

Floats = NDArray[np.float64]

DIRECTIONS: dict[Direction, str] = {
    "from": "Where do they come from?",
    "to": "Where do they go?",
    "mix": "How do areas differ?",
    "abroad": "Where do residents go?",
}
DETAIL = {
    "areas": "Visitors by area",
    "cells": "Visitors by cell",
    "domestic": "Residents' trips",
}
EVERY_MONTH = "all"
MAP = "tourism-map"
CLICKED = "tourism-clicked"
"""What was clicked on the map and is to be chosen, until the page has run again."""
NOT_COMMUNITIES = (
    "Read this as visitors, not as communities. Counted are phones with a SIM of another country while they roam here. "
    "People who live here have British SIMs and are not among them, whatever their nationality, language or ethnicity; "
    "nor are visitors who buy a local SIM. What these counts cannot say of residents, the census can."
)
MOST_LISTED = 8

METHODS = (
    Method(
        "A visit, whether it is overnight, and the main destination are as the delivery counts them: overnight where "
        "the device was there at the functional midnight (04:00), nights are such midnights, and the main destination "
        "is where most nights are spent.",
        "International Recommendations for Tourism Statistics 2008 (United Nations, ST/ESA/STAT/SER.M/83/Rev.1), "
        "chapter 2; Eurostat, Feasibility Study on the Use of Mobile Positioning Data for Tourism Statistics, 2014.",
    ),
    Method(
        f"{figures.PROXY} XX is an unknown country, ZZ several that are grouped because each is small.",
        "The national cell count standard, table inbound_month; IRTS 2008, chapter 2: residence and not nationality.",
    ),
    Method(
        "Visits and nights add up over countries, lengths of stay and months; visits do not add up over areas, for one "
        "visit is to several. An area's figures are counts of its own. Mean presence does not add up over months.",
        "The national cell count standard, tables inbound_month and inbound_cell_month.",
    ),
    Method(
        "Where a figure is withheld, a sum has an expectation in its place: from other lengths of stay of the same "
        "country in the same area, in the proportions of where none is withheld; where nothing is published of a "
        "country, from its visits to the whole by the area's ratio of all other countries, and not more than can be "
        "withheld. Errors of expectations add up. Where less than half of a sum was published, it is withheld.",
        "A ratio estimate, Cochran 1977, Sampling Techniques, chapter 6; cellcount/methods/tourism.py, tried against "
        "the truth of the demonstration.",
    ),
    Method(
        "Standard errors of sums: the share of visitors that operators observe, and its doubt, are worked out for each "
        "area from the standard errors of its released figures; chance adds up as variances, the doubt as errors.",
        "Salgado et al. 2021, EPJ Data Science 10, 20; cellcount/methods/tourism.py.",
    ),
    Method(
        "Average stay is nights over overnight visits; its error is that of the residuals (delta method).",
        "Särndal, Swensson, Wretman 1992, Model Assisted Survey Sampling, section 5.6.",
    ),
    Method(
        "The location quotient is a country's share of the visits to an area over its share of the visits to the "
        "whole: 2 is twice as common as everywhere.",
        "Isard 1960, Methods of Regional Analysis, chapter 7.",
    ),
    Method("Season is a month over the mean month, given only where there are twelve months.", "Eurostat 2014."),
    Method(
        "The effective number of countries is the exponential of Shannon's entropy of their shares; the difference "
        "from the whole is half the sum of differences of shares. Areas are put together by Ward's clustering of the "
        "square roots of the shares of parts of the world, in as many groups (2 to 6) as have the largest mean "
        "silhouette.",
        "Hill 1973, Ecology 54; Duncan and Duncan 1955, American Sociological Review 20; Ward 1963, Journal of the "
        "American Statistical Association 58; Rousseeuw 1987, Journal of Computational and Applied Mathematics 20.",
    ),
)
"""How the figures of this page are made."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the evidence below the page is of."""

    runs: list[Run]
    tables: list[Taken]


@dataclass(frozen=True, slots=True)
class Scene:
    """A map of the page.

    Attributes
    ----------
    layers : dict of str to layer
        What is drawn.
    scale : Scale
        Classes and colours.
    under : Ground
        The base map.
    outlines : callable
        What that is made of, for a picture.
    bounds : Bounds
        What is looked at.
    steps : Steps
        What is played.
    alt, caption : str
        What the map shows, in a sentence; and all that must be said of it.
    shown : Shown
        What stands behind it.
    """

    layers: dict[str, Drawn]
    scale: Scale
    under: Ground
    outlines: Callable[[], Outlines]
    bounds: Bounds
    steps: Steps
    alt: str
    caption: str
    shown: Shown


def choose(release: Release) -> View | None:
    """Draw the controls; None, with a sentence, where the release has no visits.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    if not release.has("inbound_month"):
        st.info(
            "This release has no visits: it lacks the table inbound_month. They come with the operators' deliveries; "
            "published sources of presence do not have them. Choose another release.",
            icon=":material/info:",
        )
        return None
    _take_click(release)
    found: dict[str, str] = {
        key: words for key, words in DIRECTIONS.items() if key != "abroad" or release.has("outbound_month")
    }
    direction = cast(Direction, controls.choose_one("direction", "Question", found, "from"))
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        area = controls.choose_area(release.areas, release.default_area)
        months = visits.months_of(release, "outbound_month" if direction == "abroad" else "inbound_month")
        names = {each: month_words(each) for each in reversed(months)}
        if len(months) > 1:
            names[EVERY_MONTH] = f"All {len(months)} months"
        month = controls.choose_one("month", "Month", names, months[-1], widget="list", width=140)
        detail = _choose_detail(release) if direction == "to" else "areas"
        chosen: tuple[str, ...] = ()
        if direction in ("from", "to") and detail != "domestic":
            choices = {code: country.name for code, country in visits.countries_of(release).items()}
            chosen = controls.choose_many("country", "Country of residence", choices, placeholder="All countries")
        measure: Measure = "visits"
        if direction in ("from", "to") and detail != "cells":
            measure = _choose_measure(release, direction, chosen, months[-1], domestic=detail == "domestic")
    return View(
        direction,
        area,
        months if month == EVERY_MONTH else (month,),
        measure,
        chosen,
        domestic=detail == "domestic",
        cells=detail == "cells",
    )


def show(release: Release, view: View) -> Shown:
    """Draw the map, the figures, the ranked list and the months of a view.

    Parameters
    ----------
    release : Release
        The release that is served.
    view : View
        What was chosen.

    Returns
    -------
    Shown
        For the evidence of the page.
    """
    if view.direction == "abroad":
        return _show_abroad(release, view)
    with st.spinner(f"Reading {count(len(view.months), 'month')} of visits"):
        data = visits.read(release, view)
    if view.direction == "from":
        return _show_from(release, data)
    if view.direction == "mix":
        return _show_mix(release, data)
    return _show_cells(release, data) if view.cells else _show_to(release, data)


# ------------------------------------------------------------------------------------------- where they come from


def _show_from(release: Release, data: Data) -> Shown:
    view, palette = data.view, look.palette()
    groups = [figures.by_country(month, view.area.code) for month in data.months]
    group = figures.together(groups)
    values, errors = figures.measured(group, view.measure)
    countries = [data.countries[code] for code in data.months[0].countries]
    names = [country.name for country in countries]
    what = f"{TITLES[view.measure]}, {view.area.name}, by country of residence"
    measures = figures.measures_of(group, quotient=True, residents=False)
    here = visits.centre_of(release, view.area)
    keys: dict[str, Sequence[object]] = {
        "country_of_residence": [each.code for each in countries],
        "country": names,
        "world_region": [country.region for country in countries],
        "origin_lon": [country.centre[0] if country.centre else None for country in countries],
        "origin_lat": [country.centre[1] if country.centre else None for country in countries],
        "destination_lon": [here[0]] * len(countries),
        "destination_lat": [here[1]] * len(countries),
    }
    meant = {
        "country_of_residence": "ISO 3166-1 alpha-2 of the country that issued the SIM; XX unknown, ZZ several grouped",
        "country": "Its name",
        "world_region": "Part of the world",
        "origin_lon": "Longitude of the country's centre; empty where it has none",
        "origin_lat": "Latitude of the country's centre",
        "destination_lon": "Longitude of the area's centre",
        "destination_lat": "Latitude of the area's centre",
    }
    taken = Taken(
        f"visits-by-country-{view.stem}",
        f"Visits to {view.area.name}, {view.month_words}, by country of residence.",
        partial(figures.table_of, group, keys, measures),
        figures.columns_of(meant, measures),
    )
    behind = Shown(data.runs, [taken])
    left, right = _columns()
    with left:
        steps = [figures.measured(one, view.measure) for one in groups]
        each, each_error = (np.stack([step[part] for step in steps], axis=1) for part in (0, 1))
        if view.measure in ("visits", "nights"):
            shown = figures.strongest(countries, np.nan_to_num(figures.measured(group, "visits")[0]))
            shown = [at for at in shown if not view.countries or countries[at].code in view.countries]
            layer: Drawn = _arcs(release, view, [countries[at] for at in shown], each[shown], each_error[shown])
            layers = {"arcs": layer}
        else:
            layers = {"countries": _countries_layer(view.measure, countries, each, each_error)}
        _map(
            release,
            view,
            Scene(
                layers,
                charts.scale_of(view.measure, each, palette),
                visits.world(release, view.area),
                partial(visits.world_outlines, release, view.area),
                WORLD,
                _by_month(view),
                charts.alternative(view.measure, names, values, what),
                _caption(release, data, group, arcs="arcs" in layers),
                behind,
            ),
            palette,
        )
    with right, st.container(key="figures"):
        _key_figures(release, data)
        _months_chart(release, data, palette)
    first = figures.ranked([each.code for each in countries], names, values, errors)
    st.markdown(f"###### {plain(what)}, with 95 % intervals")
    charts.draw_ranked(first, view.measure, palette, marked=set(view.countries), what=what)
    if first.hidden:
        hidden = count(first.hidden, "country", "countries")
        st.caption(plain(f"Not ranked, for it is withheld or cannot be worked out: {hidden}."))
    _beside_survey(release)
    evidence.table(release, taken)
    return Shown([*data.runs, *_other_runs(release, data)], [taken])


def _arcs(release: Release, view: View, countries: Sequence[Country], values: Floats, errors: Floats) -> maps.FlowLines:
    """Lines over the world between countries and the area, towards it unless its residents go there."""
    here = visits.centre_of(release, view.area)
    there = np.array([country.centre or here for country in countries]).reshape(-1, 2)
    area = np.tile(np.array(here), (len(countries), 1))
    outward = view.direction == "abroad"
    ends = [(view.area.name, each.name) if outward else (each.name, view.area.name) for each in countries]
    return maps.FlowLines(
        tuple(country.code for country in countries),
        tuple(f"{start} to {end}" for start, end in ends),
        area if outward else there,
        there if outward else area,
        values,
        "trips" if outward else _unit(view.measure),
        errors,
        arcs=True,
    )


def _countries_layer(
    measure: Measure, countries: Sequence[Country], values: Floats, errors: Floats
) -> maps.ShadedAreas:
    by = figures.per_cent(measure)
    return maps.ShadedAreas(
        tuple(country.code for country in countries),
        tuple(country.name for country in countries),
        by * values,
        visits.world_shapes(),
        _unit(measure),
        by * errors,
    )


# ------------------------------------------------------------------------------------------------ where they go


def _show_to(release: Release, data: Data) -> Shown:
    view, palette = data.view, look.palette()
    inside = visits.areas_shown(release, view.area)
    groups = [figures.by_area(month, () if view.domestic else view.countries) for month in data.months]
    codes = data.months[0].areas
    rows = [codes.index(area.code) for area in inside]
    group = figures.rows_of(figures.together(groups), rows)
    residents = visits.residents_of(release, [area.code for area in inside])
    values, errors = figures.measured(group, view.measure, residents)
    names = [area.name for area in inside]
    measures = figures.measures_of(group, quotient=bool(view.countries), residents=True)
    keys = {"area_code": [area.code for area in inside], "area_name": names}
    taken = Taken(
        f"visits-by-area-{view.stem}",
        f"{_raised(data.who)} by area inside {view.area.name}, {view.month_words}.",
        partial(figures.table_of, group, keys, measures, residents),
        figures.columns_of({"area_code": "Code of the area", "area_name": "Its name"}, measures),
        of_cells=False,
        outlines=release.outlines,
    )
    behind = Shown(data.runs, [taken])
    left, right = _columns()
    with left:
        steps = [figures.measured(figures.rows_of(each, rows), view.measure, residents) for each in groups]
        each, each_error = (np.stack([step[part] for step in steps], axis=1) for part in (0, 1))
        by = figures.per_cent(view.measure)
        layer = maps.ShadedAreas(
            tuple(area.code for area in inside),
            tuple(names),
            by * each,
            release.outlines[release.outlines.index.isin([area.code for area in inside])],
            _unit(view.measure),
            by * each_error,
        )
        what = f"{TITLES[view.measure]}, {data.who}, by area"
        _map(
            release,
            view,
            Scene(
                {"areas": layer},
                charts.scale_of(view.measure, each, palette),
                reading.ground(release, view.area),
                partial(reading.outlines_under, release, view.area),
                reading.bounds(release, view.area),
                _by_month(view),
                charts.alternative(view.measure, names, values, what),
                _caption(release, data, group),
                behind,
            ),
            palette,
        )
    with right, st.container(key="figures"):
        _key_figures(release, data)
        first = figures.ranked([area.label for area in inside], names, values, errors, most=MOST_LISTED)
        if first.codes:
            st.markdown(f"###### {plain(TITLES[view.measure])}: the first areas")
            pairs = list(zip(first.values.tolist(), first.errors.tolist(), strict=True))
            controls.ranked_list(
                first.names,
                [figures.figure(*pair, view.measure) for pair in pairs],
                [figures.between(*pair, view.measure) for pair in pairs],
                first.codes,
                of_cells=False,
            )
        else:
            st.caption("Nothing can be shown of these visitors by area: every sum is withheld for the greater part.")
        _months_chart(release, data, palette)
    evidence.table(release, taken)
    return Shown([*data.runs, *_other_runs(release, data)], [taken])


def _show_cells(release: Release, data: Data) -> Shown:
    """Visitors by cell over the parts of the day."""
    view, palette = data.view, look.palette()
    month = view.months[-1]
    words = month_words(month)
    if len(view.months) > 1:
        st.info(
            plain(f"Mean presence does not add up over months: shown is the last one, {words}."), icon=":material/info:"
        )
    shown, run = visits.by_cell(release, data)
    runs = [run]
    if not shown.covered.any():
        st.info(
            plain(
                f"No {data.who} were observed by cell in {view.area.label} in {words}. Choose another area or month."
            ),
            icon=":material/info:",
        )
        return Shown(runs, [])
    taken = Taken(
        f"visitors-by-cell-{view.stem}",
        f"{_raised(data.who)} by cell and part of the UTC day, {view.area.name}, {words}.",
        partial(_cell_table, shown),
        {
            "h3": "H3 index of the cell",
            "day_part": "Part of the UTC day",
            "people": "People present on average; empty where withheld",
            "people_se": "Standard error; of several countries an upper limit, empty where one of them is left out",
            "people_lower": "Lower limit of the 95 % interval",
            "people_upper": "Upper limit of the 95 % interval",
        },
    )
    behind = Shown(runs, [taken])
    _cells_by_part(release, data, shown, behind, palette)
    evidence.table(release, taken)
    return behind


@st.fragment
def _cells_by_part(release: Release, data: Data, shown: figures.CellVisitors, behind: Shown, palette: Palette) -> None:
    """The map of cells, and the first of them at the part of the day at which it stands."""
    view = data.view
    words = month_words(view.months[-1])
    places = release.places(shown.h3, [None] * len(shown.h3))
    left, right = _columns()
    with left:
        layer = maps.PlayedCells(shown.h3, shown.people, shown.covered, places, "people", errors=shown.errors)
        steps = Steps(tuple(figures.PART_WORDS[part] for part in figures.PARTS), start=figures.PARTS.index("midday"))
        hidden = int((np.isnan(shown.people) & shown.covered).sum())
        rule = release.manifest.disclosure_rule
        caption = (
            f"{_raised(data.who)} present on average in {view.area.label}, {words}, by part of the UTC day. H3 cells "
            f"of resolution 7, about 5 km² each. {hidden:,} of {int(shown.covered.sum()):,} figures are withheld and "
            f"hatched: {lowered(rule)} {_left_out_words(data.countries, shown.left_out, 'where they visit, a figure')}"
            f"{figures.PROXY}"
        )
        step = _draw(
            release,
            view,
            Scene(
                {"cells": layer},
                scales.amounts("People present, mean", shown.people, palette),
                reading.ground(release, view.area),
                partial(reading.outlines_under, release, view.area),
                reading.bounds(release, view.area),
                steps,
                f"Map of {data.who} by cell and part of the day in {view.area.name}.",
                caption,
                behind,
            ),
            palette,
        )
    with right, st.container(key="figures"):
        st.markdown(f"##### {plain(view.area.name)}, {plain(words)}")
        st.caption(plain(_raised(data.who)))
        part = shown.people[:, step], shown.errors[:, step]
        first = figures.ranked([f"{each:x}" for each in shown.h3.tolist()], places, *part, most=MOST_LISTED)
        said = steps.labels[step]
        st.markdown(f"###### Most people: {plain(said[:1].lower() + said[1:])}")
        _lines(first, "visits")


# ------------------------------------------------------------------------------------------- how areas differ


def _show_mix(release: Release, data: Data) -> Shown:
    view, palette = data.view, look.palette()
    st.warning(NOT_COMMUNITIES, icon=":material/info:")
    inside = visits.areas_shown(release, view.area)
    mix = figures.mix_of(data.months, data.countries, [area.code for area in inside])
    taken = Taken(
        f"country-mix-{view.stem}",
        f"How the countries of visitors differ between the areas of {view.area.name}, {view.month_words}.",
        partial(_mix_table, mix, [area.name for area in inside]),
        {
            "area_code": "Code of the area",
            "area_name": "Its name",
            "effective_countries": "Effective number of countries; empty where most is withheld",
            "difference": "Share of visits that would have to be from other countries for the mix of the whole, 0 to 1",
            "group": "Group of areas with alike visitors, in words; empty where not grouped",
        },
        of_cells=False,
        outlines=release.outlines,
    )
    behind = Shown(data.runs, [taken])
    left, right = _columns()
    with left:
        words = mix.names or ("Not grouped",)
        layer = maps.ShadedAreas(
            tuple(area.code for area in inside),
            tuple(area.name for area in inside),
            np.where(mix.groups.of >= 0, mix.groups.of + 1.0, np.nan)[:, None],
            release.outlines[release.outlines.index.isin([area.code for area in inside])],
            "",
            kinds=words,
        )
        left_out = int((mix.groups.of < 0).sum())
        caption = (
            f"{_areas_words(release, view.area)} by how alike the countries of their visitors are, {view.month_words}: "
            f"a group is named by what it has more of than the whole. {_grouping_words(mix)} Not grouped, for most of "
            f"their visits by country are withheld: {left_out:,} of {count(len(inside), 'area')}. {figures.PROXY}"
        )
        _map(
            release,
            view,
            Scene(
                {"areas": layer},
                scales.kinds("More visitors from", words, charts.categories(len(words), look.scheme()), palette),
                reading.ground(release, view.area),
                partial(reading.outlines_under, release, view.area),
                reading.bounds(release, view.area),
                Steps((view.month_words,)),
                f"Map of areas in {count(len(mix.names), 'group')} by the countries of their visitors.",
                caption,
                behind,
            ),
            palette,
        )
    with right, st.container(key="figures"):
        _mix_figures(data, mix, inside)
        if view.area.parent is not None:
            _more_common(data)
    evidence.table(release, taken)
    return behind


def _mix_figures(data: Data, mix: figures.Mix, inside: Sequence[Area]) -> None:
    view = data.view
    st.markdown(f"##### {plain(view.area.name)}, {plain(view.month_words)}")
    whole = figures.mix_of(data.months, data.countries, [view.area.code])
    first, second = st.columns(2)
    first.metric("Effective number of countries", number(float(whole.effective[0])))
    if view.area.parent is not None:
        second.metric("Differs from the whole by", percent(float(whole.apart[0])))
    if np.isnan(whole.effective[0]):
        st.caption("Most of this area's visits by country are withheld, so nothing is said of its mix.")
    codes = [area.code for area in inside]
    if view.area.code in codes and mix.groups.of[codes.index(view.area.code)] >= 0:
        st.caption(plain(f"Its group has more visitors from: {mix.names[mix.groups.of[codes.index(view.area.code)]]}."))
    st.caption(
        "From published and expected visits. No interval: of countries that are rare in an area most is withheld, and "
        "its mix is told the less surely the smaller it is."
    )
    if view.area.parent is None:
        _areas_apart(mix, inside)


def _areas_apart(mix: figures.Mix, inside: Sequence[Area]) -> None:
    """The areas whose visitors differ most from those of the whole, each a way to look at it."""
    apart = figures.ranked(
        [area.label for area in inside], [area.name for area in inside], mix.apart, 0 * mix.apart, most=MOST_LISTED
    )
    st.markdown("###### Areas that differ most from the whole")
    controls.ranked_list(
        apart.names,
        [percent(value) for value in apart.values.tolist()],
        [""] * len(apart.names),
        apart.codes,
        of_cells=False,
    )


def _more_common(data: Data) -> None:
    """The countries that are surely more common in the area than in the whole."""
    area = data.view.area
    group = figures.together([figures.by_country(month, area.code) for month in data.months])
    values, errors = figures.measured(group, "quotient")
    low, _ = interval(values, errors)
    codes = data.months[0].countries
    surely = np.array([code not in figures.NO_COUNTRY for code in codes]) & (low > 1)
    names = [data.countries[code].name for code in codes]
    first = figures.ranked(codes, names, np.where(surely, values, np.nan), errors, most=MOST_LISTED)
    if not first.codes:
        st.caption("No country is surely more common here than in the whole.")
        return
    st.markdown(f"###### More common in {plain(area.name)} than in the whole")
    _lines(first, "quotient", " times")
    st.caption("Location quotients whose 95 % interval lies above 1.")


def _areas_words(release: Release, area: Area) -> str:
    """Which areas a map shows."""
    if release.within(area.code):
        return f"Areas of {area.label}"
    return f"{area.name} and its neighbours"


def _grouping_words(mix: figures.Mix) -> str:
    """How much the groups are worth, in a sentence."""
    if not mix.names:
        return "Too few areas can be compared to put them together."
    strong = methods.strength(mix.groups.silhouette)
    if strong == "none":
        return "No grouping stands out: areas differ by degrees, and the groups are one way to look at them."
    return f"The grouping is {strong} (mean silhouette {mix.groups.silhouette:.2f}): a way to look, not a border."


# ------------------------------------------------------------------------------------------ where residents go


def _show_abroad(release: Release, view: View) -> Shown:
    palette = look.palette()
    asked = [visits.abroad(release, view.area, month) for month in view.months]
    found = [one for one, _ in asked]
    runs = [run for _, some in asked for run in some]
    if not any(one.figures for one in found):
        st.info(
            plain(f"This release has no trips abroad of residents of {view.area.label} in {view.month_words}."),
            icon=":material/info:",
        )
        return Shown(runs, [])
    codes = sorted({code for each in found for code in each.countries})
    known = figures.countries_of(codes, visits.known_countries(release))
    countries = list(known.values())
    names = [country.name for country in countries]
    each, each_error, nights = (
        np.stack([figures.placed(codes, one.countries, getattr(one, name)) for one in found], axis=1)
        for name in ("trips", "trips_error", "nights")
    )
    # What operators say of their shares may be wrong in the same way in all months: errors are added whole.
    values, errors, spent = each.sum(1), each_error.sum(1), nights.sum(1)
    what = f"Trips abroad, residents of {view.area.name}, by country visited"
    without = sorted({code for one in found for code in one.left_out})
    here = visits.centre_of(release, view.area)
    taken = Taken(
        f"trips-abroad-{view.stem}",
        f"Trips abroad of residents of {view.area.name}, {view.month_words}, by country visited.",
        partial(_abroad_table, countries, here, values, errors, spent),
        {
            "country": "ISO 3166-1 alpha-2 of the country visited",
            "country_name": "Its name",
            "trips": "Trips; empty where withheld",
            "trips_se": "Standard error; over several months an upper limit",
            "trips_lower": "Lower limit of the 95 % interval",
            "trips_upper": "Upper limit of the 95 % interval",
            "nights": "Nights spent abroad; empty where withheld",
            "origin_lon": "Longitude of the area's centre",
            "origin_lat": "Latitude of the area's centre",
            "destination_lon": "Longitude of the country's centre; empty where it has none",
            "destination_lat": "Latitude of the country's centre",
        },
    )
    behind = Shown(runs, [taken])
    left, right = _columns()
    with left:
        shown = figures.strongest(countries, np.nan_to_num(values))
        rule = release.manifest.disclosure_rule
        hidden, number_of = sum(one.withheld for one in found), sum(one.figures for one in found)
        caption = (
            f"Trips abroad of the residents of {view.area.label}, {view.month_words}, by country visited, added up "
            f"over their home authorities. {hidden:,} of {number_of:,} figures are withheld: {lowered(rule)} "
            f"Expectations take their place and widen the intervals. {_left_out_words(known, without, 'the sum')}"
            f"{_lineless_words(countries, values, errors)}"
        ).rstrip()
        _map(
            release,
            view,
            Scene(
                {"arcs": _arcs(release, view, [countries[at] for at in shown], each[shown], each_error[shown])},
                scales.amounts("Trips abroad", each, palette),
                visits.world(release, view.area),
                partial(visits.world_outlines, release, view.area),
                WORLD,
                _by_month(view),
                charts.alternative("visits", names, values, what),
                caption,
                behind,
            ),
            palette,
        )
    with right, st.container(key="figures"):
        _abroad_figures(view, found, values, spent, [known[code].name for code in without])
        _abroad_months(release, view, palette)
    st.markdown(f"###### {plain(what)}, with 95 % intervals")
    first = figures.ranked(codes, names, values, errors)
    charts.draw_ranked(first, "visits", palette, marked=set(), what=what)
    if first.hidden:
        st.caption(plain(f"Not ranked, for it is withheld: {count(first.hidden, 'country', 'countries')}."))
    evidence.table(release, taken)
    return behind


def _abroad_figures(
    view: View, found: Sequence[figures.Abroad], values: Floats, spent: Floats, without: Sequence[str]
) -> None:
    """Trips abroad to all countries, with what is withheld, and nights per trip of those that are shown."""
    st.markdown(f"##### {plain(view.area.name)}, {plain(view.month_words)}")
    st.caption("Residents' trips")
    # What operators say of their shares may be wrong in the same way in all months: errors are added whole.
    total, error = sum(one.total for one in found), sum(one.total_error for one in found)
    if math.isnan(total):
        st.caption("More than half of these trips is withheld, so no sum is shown.")
        return
    stayed = np.where(np.isfinite(spent), values, np.nan)
    first, second = st.columns(2)
    first.metric("Trips abroad, at least" if without else "Trips abroad", number(total, error))
    second.metric("Nights per trip", f"{np.nansum(spent) / np.nansum(stayed):.1f}" if total else number(None))
    if without:
        st.caption(
            plain(f"Left out: {listed(list(without))}. The sum is the least that it can be: no interval is given.")
        )
    elif limits := figures.between(total, error, "visits", labelled=True):
        st.caption(plain(f"95 % interval of trips {limits}. The doubt is an upper limit."))
    else:
        st.caption("The source gives no intervals.")


def _abroad_months(release: Release, view: View, palette: Palette) -> None:
    """Trips abroad of the area's residents over all months of the release."""
    months = visits.months_of(release, "outbound_month")
    if len(months) < 2:
        return
    with st.spinner(f"Reading {count(len(months), 'month')}"):
        found = [visits.abroad(release, view.area, month)[0] for month in months]
    values, errors = (np.array([getattr(one, name) for one in found]) for name in ("total", "total_error"))
    if not np.isfinite(values).any():
        return
    st.markdown("###### Trips abroad, month by month, with 95 % intervals")
    what = f"Trips abroad, residents of {view.area.name}, month by month"
    alt = charts.alternative("visits", [month_words(month) for month in months], values, what)
    charts.draw_series(months, values, errors, "visits", palette, shown=view.months, alt=alt)


def _lineless_words(countries: Sequence[Country], values: Floats, errors: Floats) -> str:
    """What has figures and no line, for it is no country with a place, in a sentence with a space after it."""
    told = [
        f"{country.name} ({figures.figure(value, error, 'visits')})"
        for country, value, error in zip(countries, values.tolist(), errors.tolist(), strict=True)
        if country.centre is None and value > 0
    ]
    return f"Without a line, for they have no place: {listed(told)}. " if told else ""


def _left_out_words(countries: Mapping[str, Country], without: Sequence[str], what: str) -> str:
    """Which countries are not in a figure, in a sentence with a space after it; nothing where all are."""
    if not without:
        return ""
    names = listed([countries[code].name for code in without])
    return (
        f"{count(len(without), 'country', 'countries')} left out, withheld with nothing that tells what to expect: "
        f"{names}. So {what} is the least that it can be. "
    )


# ------------------------------------------------------------------------------------------------- shared parts


def _columns() -> tuple[st.delta_generator.DeltaGenerator, st.delta_generator.DeltaGenerator]:
    """The map's column and the figures'."""
    with st.container(key="map-and-figures"):
        left, right = st.columns([2.1, 1], gap="medium")
    return left, right


def _by_month(view: View) -> Steps:
    """The months that the map plays, the last one first shown."""
    return Steps(tuple(month_words(month) for month in view.months), start=len(view.months) - 1)


@st.fragment
def _map(release: Release, view: View, scene: Scene, palette: Palette) -> None:
    """A map that is drawn again alone as the visitor moves it: nothing else on the page follows."""
    _draw(release, view, scene, palette)


def _draw(release: Release, view: View, scene: Scene, palette: Palette) -> int:
    """Draw a map, its caption, and what can be done with it; the step that it stands at comes back."""
    # Of the world the outlines are the same at any zoom.
    near = "arcs" not in scene.layers and "countries" not in scene.layers
    looked = maps.looked(MAP, scene.bounds) if near else None
    seen = maps.draw(
        MAP,
        scene.layers,
        scene.scale,
        ground=scene.under if looked is None else reading.ground(release, view.area, looked),
        level=(level_of_ground(looked.bounds, looked.zoom) if looked else level_of_ground(scene.bounds))
        if near
        else None,
        bounds=scene.bounds,
        palette=palette,
        steps=scene.steps,
        alt=scene.alt,
    )
    st.caption(plain(scene.caption))
    row = st.container(horizontal=True)
    with row:
        controls.copy_address(release.manifest.release_id, _address(view))
        pictured = Pictured(
            name=f"tourism-{view.direction}-{view.stem}",
            title=DIRECTIONS[view.direction],
            subtitle=f"{view.area.name}, {scene.steps.labels[seen.step]}",
            notes=(scene.caption,),
            layers=scene.layers,
            scale=scene.scale,
            step=seen.step,
            bounds=scene.bounds,
            outlines=scene.outlines,
            palette=palette,
            names=scene.under.names,
        )
        evidence.picture_button(release, pictured, drawable=seen.drawable)
    pinning.draw(row, release, "tourism", partial(_offer, release, view, scene, pictured))
    if seen.clicked is not None and _chooses(view, seen.clicked):
        # What it chooses stands above the map: the whole page runs again, and takes it first.
        controls.pick(CLICKED, {"layer": seen.clicked.layer, "id": seen.clicked.id})
        st.rerun()
    return seen.step


def _offer(release: Release, view: View, scene: Scene, pictured: Pictured) -> pinning.Offer:
    """The view as it is pinned."""
    kind = pinned_tourism.ABROAD if view.direction == "abroad" else pinned_tourism.KIND
    inputs = pinned_tourism.inputs_of(view, figures.PARTS[pictured.step] if view.cells else None)
    return pinning.Offer(
        page="tourism",
        address=_address(view),
        stated=partial(pinned_figures.stated, release, kind, inputs),
        caption=scene.caption,
        tables=scene.shown.tables,
        runs=scene.shown.runs,
        methods=METHODS,
        pictured=lambda: pictured,
    )


def _address(view: View) -> Mapping[str, str | Sequence[str] | None]:
    """What the URL says of a view."""
    of_visits = view.direction in ("from", "to")
    return {
        "direction": view.direction,
        "area": view.area.code,
        "month": view.months[0] if len(view.months) == 1 else EVERY_MONTH,
        "country": list(view.countries),
        "detail": ("domestic" if view.domestic else "cells" if view.cells else "areas")
        if view.direction == "to"
        else None,
        "visit_measure": view.measure if of_visits and not view.cells else None,
    }


def _key_figures(release: Release, data: Data) -> None:
    """Visits, nights, average stay and the like of the area and the chosen countries."""
    view = data.view
    chosen = () if view.domestic else view.countries
    group = figures.together([figures.by_area(month, chosen) for month in data.months])
    at = data.months[0].areas.index(view.area.code)
    st.markdown(f"##### {plain(view.area.name)}, {plain(view.month_words)}")
    st.caption(plain(_raised(data.who)))
    # Of the whole the quotient is 1 by its making.
    shown = figures.measures_of(group, quotient=bool(chosen) and view.area.parent is not None, residents=False)
    shown = [measure for measure in shown if measure not in ("secondary", "transit")]
    found: dict[Measure, tuple[float, float]] = {}
    for measure in shown:
        value, error = figures.measured(group, measure)
        found[measure] = float(value[at]), float(error[at])
    if math.isnan(found["visits"][0]):
        st.caption("More than half of these visits is withheld, so no sum is shown.")
        return
    for start in range(0, len(shown), 2):
        for column, measure in zip(st.columns(2), shown[start : start + 2], strict=False):
            column.metric(MEASURES[measure], figures.figure(*found[measure], measure))
    said = [
        f"{MEASURES[measure].lower()} {limits}"
        for measure in shown
        if (limits := figures.between(*found[measure], measure, labelled=True))
    ]
    st.caption(plain(f"95 % intervals: {'; '.join(said)}." if said else "The source gives no intervals."))
    _destinations(release, data, group)


def _destinations(release: Release, data: Data, group: Group) -> None:
    """Where most nights are spent inside the area, and where the next most are."""
    inside = release.within(data.view.area.code)
    if not inside:
        return
    codes = data.months[0].areas
    within = figures.rows_of(group, [codes.index(area.code) for area in inside])
    found = figures.measured(within, "nights")
    first = figures.ranked([area.code for area in inside], [area.name for area in inside], *found, most=2)
    told = [
        f"{name} ({figures.figure(value, error, 'nights')})"
        for name, value, error in zip(first.names, first.values.tolist(), first.errors.tolist(), strict=True)
        if value > 0
    ]
    if told:
        words = f"Most nights are spent in {told[0]}" + (f", the next most in {told[1]}" if told[1:] else "")
        st.caption(plain(f"{words}."))


def _months_chart(release: Release, data: Data, palette: Palette) -> None:
    """The measure of the area over all months of the release, with its season where there are twelve."""
    view = data.view
    months = visits.months_of(release)
    if len(months) < 2:
        return
    with st.spinner(f"Reading {count(len(months), 'month')}"):
        every = [visits.month_of(release, month, domestic=view.domestic)[0] for month in months]
    measure: Measure = "visits" if view.measure in ("quotient", "intensity") else view.measure
    chosen = () if view.domestic else view.countries
    values, errors = figures.over_months(every, view.area.code, chosen, measure)
    if not np.isfinite(values).any():
        return
    st.markdown(f"###### {plain(MEASURES[measure])}, month by month, with 95 % intervals")
    what = f"{MEASURES[measure]}, {view.area.name}, month by month"
    alt = charts.alternative(measure, [month_words(month) for month in months], values, what)
    charts.draw_series(months, values, errors, measure, palette, shown=view.months, alt=alt)
    if measure not in ("visits", "nights"):
        return
    index = methods.season(values)
    if np.isfinite(index).all():
        most, least = int(np.argmax(index)), int(np.argmin(index))
        st.caption(
            plain(
                f"Season, month over mean month: most in {month_words(months[most])} ({index[most]:.2f}), least in "
                f"{month_words(months[least])} ({index[least]:.2f})."
            )
        )
    elif len(months) != methods.MONTHS:
        st.caption(f"No season is worked out: it needs twelve months, and the release has {len(months)}.")


def _beside_survey(release: Release) -> None:
    """Agreement with the survey of passengers, where it is imported; else how to add it."""
    if not release.has("official_visits"):
        st.caption(
            plain(
                "There is no survey beside these visits, for none is imported into this release. To add it: "
                "python -m cellcount import overseas-visits TABLE --into RELEASE"
            )
        )
        return
    label = "Beside the official survey: visits to the whole by country, all months"
    with st.expander(label, icon=":material/balance:", key="survey", on_change="rerun") as opened:
        if not opened.open:
            return
        part = agreement.visits(release)
        if part is None:
            st.caption("The survey that is imported has no whole year by country to compare with.")
            return
        if release.manifest.synthetic:
            st.info(agreement.SYNTHETIC, icon=":material/science:")
        st.markdown(f"**{plain(part.verdict.word.capitalize())}.** {plain(part.verdict.sentence)}")
        for column, (name, told) in zip(st.columns(len(part.figures)), part.figures.items(), strict=True):
            column.metric(name, told)
        for sentence in part.said:
            st.caption(plain(sentence))
        first, second = st.columns([1, 1])
        with first:
            part.draw(look.palette())
        second.dataframe(part.taken.table(), hide_index=True, height=340)


def _caption(release: Release, data: Data, group: Group, *, arcs: bool = False) -> str:
    view = data.view
    sentences = [f"{TITLES[view.measure]}, {data.who}, {view.area.label}, {view.month_words}."]
    if len(view.months) > 1:
        sentences.append("The map plays month by month; figures and lists are of all months together.")
    if arcs:
        sentences.append(f"Lines from the centres of the {figures.MOST_LINES} countries with most visits at most.")
        there = [at for at, code in enumerate(data.months[0].countries) if not view.countries or code in view.countries]
        values, errors = figures.measured(group, view.measure)
        countries = [data.countries[data.months[0].countries[at]] for at in there]
        sentences.append(_lineless_words(countries, values[there], errors[there]).rstrip())
    if view.domestic:
        sentences.append("Residents' trips outside their usual surroundings, counted on operators' own customers.")
    else:
        sentences.append(figures.PROXY)
    sentences.append(figures.withheld_words(group, release.manifest.disclosure_rule))
    if view.measure in figures.SAID:
        sentences.append("A share of the visits of which it is published.")
    return " ".join(sentence for sentence in sentences if sentence)


def _unit(measure: Measure) -> str:
    """The unit of the tooltip, after the figure."""
    units: dict[Measure, str] = {
        "visits": "visits",
        "nights": "nights",
        "stay": "nights per overnight visit",
        "quotient": "times as common as in the whole",
        "intensity": "nights per 100 residents",
        "same_day": "% of visits are same-day",
        "repeat": "% of visits are repeat visits",
        "main": "% of visits have it as main destination",
        "secondary": "% of visits have it as secondary destination",
        "transit": "% of visits pass through",
    }
    return units[measure]


def _choose_detail(release: Release) -> str:
    """What is shown of where visitors go: of what the release has."""
    there = {
        "areas": True,
        "cells": release.has("inbound_cell_month"),
        "domestic": figures.RESIDENTS in visits.every_code(release),
    }
    choices = {key: words for key, words in DETAIL.items() if there[key]}
    return controls.choose_one("detail", "Detail", choices, "areas", widget="list", width=160)


def _choose_measure(
    release: Release, direction: Direction, chosen: tuple[str, ...], month: str, *, domestic: bool
) -> Measure:
    """The measures that this release can serve: what no operator supplied is not among them."""
    latest, _ = visits.month_of(release, month, domestic=domestic)
    measures = figures.measures_of(
        figures.by_area(latest, ()),
        quotient=not domestic and (direction == "from" or bool(chosen)),
        residents=direction == "to" and any(area.residents for area in release.areas.values()),
    )
    names: dict[str, str] = {measure: MEASURES[measure] for measure in measures}
    return cast(Measure, controls.choose_one("visit_measure", "Measure", names, "visits", widget="list", width=185))


def _chooses(view: View, clicked: maps.Clicked) -> bool:
    """Whether a click chooses anything: of trips abroad there is no choice of countries."""
    layers = {"from": ("arcs", "countries"), "to": ("areas",), "mix": ("areas",), "abroad": ()}
    return bool(clicked.id) and clicked.layer in layers[view.direction]


def _take_click(release: Release) -> None:
    """What was clicked on the map is chosen: a country is added or taken away, an area is looked at."""
    layer, clicked = controls.told(CLICKED, "layer"), controls.told(CLICKED, "id")
    controls.pick(CLICKED, None)
    if layer in ("arcs", "countries"):
        controls.pick_among("country", clicked)
    elif layer == "areas":
        label = next((label for label, area in release.areas.items() if area.code == clicked), None)
        if label is not None:
            controls.pick("area", label)


def _other_runs(release: Release, data: Data) -> list[Run]:
    """The queries of the months that the chart shows and the map does not."""
    months = visits.months_of(release)
    others = [month for month in months if month not in data.view.months]
    return [visits.month_of(release, month, domestic=data.view.domestic)[1] for month in others]


def _lines(first: figures.Ranked, measure: Measure, after: str = "") -> None:
    """A numbered list of names with their figures and intervals."""
    rows = []
    pairs = zip(first.names, first.values.tolist(), first.errors.tolist(), strict=True)
    for place, (name, value, error) in enumerate(pairs, start=1):
        limits = figures.between(value, error, measure)
        small = f" :small[({plain(limits)})]" if limits else ""
        rows.append(f"{place}. {plain(name)} · **{plain(figures.figure(value, error, measure))}{after}**{small}")
    st.markdown("\n".join(rows))


def _raised(words: str) -> str:
    return words[:1].upper() + words[1:]


def _cell_table(shown: figures.CellVisitors) -> pd.DataFrame:
    at, part = np.nonzero(shown.covered)
    people, errors = shown.people[at, part], shown.errors[at, part]
    low, high = interval(people, errors)
    return pd.DataFrame(
        {
            "h3": [f"{cell:x}" for cell in shown.h3[at].tolist()],
            "day_part": [figures.PARTS[each] for each in part.tolist()],
            "people": pd.array(people.round(), dtype="Float64"),
            **figures.limits_columns("people", errors, low, high),
        }
    )


def _mix_table(mix: figures.Mix, names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area_code": list(mix.areas),
            "area_name": list(names),
            "effective_countries": pd.array(mix.effective.round(2), dtype="Float64"),
            "difference": pd.array(mix.apart.round(4), dtype="Float64"),
            "group": [mix.names[of] if of >= 0 else None for of in mix.groups.of.tolist()],
        }
    )


def _abroad_table(
    countries: Sequence[Country], here: tuple[float, float], values: Floats, errors: Floats, nights: Floats
) -> pd.DataFrame:
    low, high = interval(values, errors)
    frame = pd.DataFrame(
        {
            "country": [country.code for country in countries],
            "country_name": [country.name for country in countries],
            "trips": pd.array(values.round(), dtype="Float64"),
            **figures.limits_columns("trips", errors, low, high),
            "nights": pd.array(nights.round(), dtype="Float64"),
            "origin_lon": here[0],
            "origin_lat": here[1],
            "destination_lon": [country.centre[0] if country.centre else None for country in countries],
            "destination_lat": [country.centre[1] if country.centre else None for country in countries],
        }
    )
    return frame.sort_values("trips", ascending=False, na_position="last", ignore_index=True)
