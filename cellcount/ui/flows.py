"""The flows page: trips between areas, and where the people present in an area live."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from cellcount.methods.precision import Z_95
from cellcount.methods.precision import interval as limits
from cellcount.ui import (
    charts,
    controls,
    evidence,
    flow_reading,
    look,
    maps,
    pinned_figures,
    pinned_flows,
    pinning,
    reading,
    scales,
)
from cellcount.ui.evidence import Method, Taken
from cellcount.ui.flow_figures import (
    DAY_PART_WORDS,
    DISTANCES,
    KINDS,
    MODES,
    MOST,
    MOST_IN_MATRIX,
    MOST_LISTED,
    PURPOSES,
    TIMES,
    UNITS,
    Chosen,
    FlowsShown,
    Visitors,
    month_words,
    places_beneath,
    utc_day,
)
from cellcount.ui.ground import Bounds, Level, common
from cellcount.ui.look import Palette
from cellcount.ui.map_pictures import Pictured
from cellcount.ui.maps import Drawn, FlowLines, Ground, Looked, PlaceTotals, Steps
from cellcount.ui.presence import Floats
from cellcount.ui.reading import Release, Run
from cellcount.ui.scales import Scale
from cellcount.ui.view import Area, Day, Days, Measure
from cellcount.ui.words import count, exactly, interval, label_rule, number, percent, plain, sure, weekday

MAP = "flows-map"
ONE_DAY = "day"
PICKED = "flow"
VIEWS = {"map": "Map", "matrix": "Matrix"}
MEASURES_HERE: tuple[Measure, ...] = ("people",)
"""Trips have one measure, so that there is no choice of it."""
CLOSER = 1.0
"""Steps of zoom from which on far areas are no longer put together, where the visitor has not chosen."""
WORLD = Bounds(-180.0, -85.0, 180.0, 85.0)
ROOM = 0.15
"""How much more than its flow a view shows on each side, as a share of its height and width."""
CELL, MATRIX_FOOT = 30, 130
"""Pixels: height of a row of the matrix, and of what stands around it."""
BAR, FOOT = 24, 40
"""Pixels: height of a ranked bar, and of the axis below."""
_QUIET = {"displayModeBar": False, "scrollZoom": False, "displaylogo": False}

METHODS = (
    Method(
        "Trips of a pair of areas are read from the release as they were estimated, rounded and protected when it was "
        "built. A day is a UTC day; its hours are shown by local time.",
        "The national cell count standard, tables flows_day and flows_month.",
    ),
    Method(
        "Sums over pairs or hours hold an expectation for withheld figures, and never take them for 0. A pair whose "
        "day is withheld: the mean of 1 to threshold - 1 devices with chances in proportion to 1 / n, over the share "
        "of people observed. A withheld hour of a known day: an even share of what the day's total leaves. Figures "
        "that are withheld to protect others can be larger.",
        "Jeffreys 1961, Theory of Probability, section 3.1; a flat Dirichlet distribution for shares of a known rest; "
        "cellcount/methods/flows.py.",
    ),
    Method(
        "The variance of N trips is v (N + 1/P) / P of chance and 4 of rounding, which add up over pairs and hours, v "
        "being the variance of an operator's count over its mean, by how operators disagree, and larger where they "
        "withhold hours of the day; and (N CV)² of the share of people observed, whose errors N CV are added as if all "
        "were wrong in the same way, and so are those of expectations: intervals of sums are rather too wide. P and CV "
        "are those of the area where a trip begins. Regions have no figures of their own in the release: theirs are "
        "such sums.",
        "The release's table precision; Salgado et al. 2021, EPJ Data Science 10, 20. Of a single pair it is the "
        "release's own standard error.",
    ),
    Method(
        "95 % intervals are the figure and 1.96 standard errors on either side, not below zero. By its standard error "
        f"over the figure, a figure is {label_rule()}.",
        "Classes of the coefficient of variation as statistical offices use them for survey estimates.",
    ),
    Method(
        "Self-containment: supply is the share of the trips from an area that stay in it, demand the share of the "
        "trips to it that come from it. A travel-to-work area has 75 % of both (66.7 % above 25,000 workers) and at "
        "least 3,500 workers; trips of a day stand for workers here.",
        "Goodman 1970, British Journal of Industrial Relations 8; Office for National Statistics 2015, Travel to work "
        "areas.",
    ),
    Method(
        "The length of a trip is the mean of its pair, in a straight line, as the operators counted it; where the "
        "release lacks it, the distance of the centres, and within an area 128 / (45 pi) sqrt(A / pi). All trips of a "
        "pair are put into the band of their mean. No interval is known.",
        "The release's column km_total; Deltheil 1926, Probabilités géométriques, for the mean distance in a disc.",
    ),
    Method(
        "Net flows are trips one way less those the other way, drawn in the direction of the more; their error takes "
        "both as independent, which is rather too wide. Played by hour, the pairs with the largest net flow of an hour "
        "are drawn, each hour in the direction of the more: a rush there and back is no net flow of the day. Where "
        "either way is withheld nothing is known of the net flow, nor of the net totals of its ends.",
        "Tobler 1987, Experiments in migration mapping by computer, The American Cartographer 14.",
    ),
    Method(
        "Origin of visitors: people present in an area by their usual home, a mean over the part of the UTC day. "
        "Visitors from abroad have no home area in the country and are not among them.",
        "The national cell count standard, table home_presence.",
    ),
)
"""How the figures of this page are made."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the visitor chose.

    Attributes
    ----------
    chosen : Chosen
        The choice, before the map's zoom has its say.
    when : date or str
        UTC day, or calendar month.
    day : Day or None
        The day with its hours; None of a month.
    part : str
        Part of the UTC day, where visitors by home are shown.
    unit : str
        Of `UNITS`.
    matrix : bool
        Whether a matrix is shown in the place of the map.
    """

    chosen: Chosen
    when: date | str
    day: Day | None
    part: str
    unit: str
    matrix: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn of a choice, and where.

    Attributes
    ----------
    release : Release
        The release that is served.
    asked : Asked
        What was chosen.
    found : FlowsShown
        The flows.
    around : Area
        The area that the map shows.
    bounds : Bounds
        What the map looks at.
    level : Level or None
        How detailed the flows are; None where the map looks at a single one.
    seen : Looked or None
        Where the visitor looks, if that is closer than `around`.
    picked : tuple of int or None
        The zones of the flow that was picked.
    palette : Palette
        Colours of the ground.
    """

    release: Release
    asked: Asked
    found: FlowsShown
    around: Area
    bounds: Bounds
    level: Level | None
    seen: Looked | None
    picked: tuple[int, int] | None
    palette: Palette

    @property
    def played(self) -> Day | None:
        """The day whose hours the map plays; None where it plays none."""
        return self.asked.day if self.asked.chosen.time == "hours" else None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the evidence below the page is of."""

    runs: list[Run]
    tables: tuple[Taken, ...]


def choose(release: Release) -> Asked | None:
    """Draw the controls; None, with a sentence, where the release has no trips.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    trips = release.has("flows_day") or release.has("flows_month")
    if not trips and not release.has("home_presence"):
        st.info(
            "This release has no trips and does not say where people live: it lacks the tables flows_day, flows_month "
            "and home_presence. They come with the operators' deliveries; published sources of presence do not have "
            "them. Choose another release.",
            icon=":material/info:",
        )
        return None
    modes = {key: words for key, words in MODES.items() if _served(release, key)}
    row = controls.row_of_controls()
    with row:
        mode = controls.choose_one("direction_of_flow", "Trips", modes, next(iter(modes)), noun="kind of trips")
        _take_click(release, mode)
        month = _choose_month(release, mode)
    dates = flow_reading.dates_with_homes(release) if mode == "visitors" else flow_reading.dates_of(release)
    if month == ONE_DAY:
        days = Days(release.manifest.time_zone, frozenset(dates), {}, {}, ())
        view = controls.choose(release.areas, release.default_area, days, MEASURES_HERE, row=row)
        area, on = view.area, view.day.on
        assert on is not None
        when: date | str = on if on in dates else min(dates, key=lambda each: abs(each - on))
    else:
        with row:
            area, when = controls.choose_area(release.areas, release.default_area), month
    with row:
        return _choose_more(release, mode, area, when)


def _served(release: Release, mode: str) -> bool:
    if mode == "visitors":
        return release.has("home_presence")
    return release.has("flows_day") or release.has("flows_month")


def _choose_month(release: Release, mode: str) -> str:
    """One day, or the mean day of a month."""
    months = () if mode == "visitors" else flow_reading.months_of(release)
    choices = {ONE_DAY: "One day"} if mode == "visitors" or release.has("flows_day") else {}
    choices |= {month: f"Mean day of {month_words(month)}" for month in months}
    if len(choices) == 1:
        return next(iter(choices))
    return controls.choose_one(
        "flow_period", "When", choices, next(iter(choices)), noun="period", widget="list", width=215
    )


def _choose_more(release: Release, mode: str, area: Area, when: date | str) -> Asked:
    purpose, time, kind, unit, matrix, part = "all", "day", "total", "auto", False, "midday"
    places: tuple[str, ...] = ()
    day = None
    if isinstance(when, date):
        day = Day(weekday(when), utc_day(when, release.manifest.time_zone), on=when)
    if mode == "visitors":
        part = controls.choose_one(
            "part_of_day", "Part of the day, UTC", DAY_PART_WORDS, "midday", widget="list", width=190
        )
    else:
        if mode == "between":
            names = {each.code: each.label for each in release.areas.values()}
            beneath = places_beneath(flow_reading.places_of(release), area.code)
            said = f"All in {area.name}" if len(beneath) <= MOST_IN_MATRIX else "Choose two or more"
            places = controls.choose_many(
                "places", "Places", names, noun="place", most=MOST_IN_MATRIX, placeholder=said
            )
            places = places or (beneath if len(beneath) <= MOST_IN_MATRIX else ())
        purpose = controls.choose_one("purpose", "Purpose", PURPOSES, "all")
        if day is not None:
            time = controls.choose_one("time", "Time", TIMES, "day", widget="list", width=165)
    with st.popover("Settings", icon=":material/tune:", key="flow-settings"):
        if mode != "visitors":
            matrix = controls.choose_one("drawn_as", "As", VIEWS, "map", noun="view") == "matrix"
            kind = controls.choose_one("way", "Direction", KINDS, "total")
            if mode != "between":
                unit = controls.choose_one("far_areas", "Ends of flows", UNITS, "auto", noun="kind of area")
        most = controls.choose_one("most", "How many of the largest", MOST, "200", noun="number of flows")
    chosen = Chosen(
        mode=mode,
        area=area,
        places=places,
        purpose=purpose,
        time=time,
        kind=kind,
        regions=unit != "authorities",
        most=int(most),
        words=day.words if day else month_words(str(when)),
    )
    return Asked(chosen, when, day, part, unit, matrix)


def _take_click(release: Release, mode: str, shown: Area | None = None) -> None:
    """What was clicked on the map is chosen: a flow of trips is picked, a place is looked at.

    Parameters
    ----------
    release : Release
        The release that is served.
    mode : str
        Of `MODES`.
    shown : Area, optional
        The area that the page shows, where its controls are drawn already: for another one the page runs again.
    """
    clicked = controls.told(MAP, "clicked")
    if not clicked:
        return
    if clicked["layer"] == "flows" and mode != "visitors":
        controls.pick_listed(PICKED, str(clicked["id"]))
    elif clicked["layer"] == "totals" and (shown is None or clicked["id"] != shown.code):
        label = next((label for label, area in release.areas.items() if area.code == clicked["id"]), None)
        if label is not None:
            controls.pick("area", label)
            if shown is not None:
                st.rerun()


def show(release: Release, asked: Asked) -> Shown:
    """Draw the map, the figures, the curve and the largest flows of a choice.

    Parameters
    ----------
    release : Release
        The release that is served.
    asked : Asked
        What was chosen.

    Returns
    -------
    Shown
        For the evidence of the page.
    """
    if asked.chosen.mode == "visitors":
        return _show_visitors(release, asked)
    if asked.chosen.mode == "between" and len(asked.chosen.places) < 2:
        st.info("Choose two places or more to see the trips between them.", icon=":material/info:")
        return Shown([], ())
    with st.spinner("Adding up the trips …", show_time=True):
        chosen, _, _ = _by_zoom(asked, _view(release, asked.chosen))
        found, runs = flow_reading.flows_of(release, chosen, asked.when)
    _show_trips(release, asked, look.palette(), regions=chosen.regions)
    return Shown(runs, (_taken(asked, found),))


@st.fragment
def _show_trips(release: Release, asked: Asked, palette: Palette, *, regions: bool) -> None:
    _take_click(release, asked.chosen.mode, asked.chosen.area)
    around = _around(release, asked.chosen)
    bounds = _view(release, asked.chosen)
    chosen, level, seen = _by_zoom(asked, bounds)
    if chosen.regions != regions:
        # What can be taken away stands outside, and is now between other areas.
        st.rerun()
    with st.spinner("Adding up the trips …", show_time=True):
        found, _ = flow_reading.flows_of(release, chosen, asked.when)
    held = controls.picked(PICKED)
    picked = found.ends_of(held)
    if picked is not None:
        bounds = _of_ends(found, picked)
    elif held is not None:
        controls.pick_listed(PICKED, None)
        st.info("The flow that was picked is none of those chosen here: all are shown.", icon=":material/info:")
    if picked is not None or (seen is None and bounds != reading.bounds(release, around)):
        seen = Looked(bounds, bounds.zoom)
    _draw(Scene(release, asked, found, around, bounds, level if picked is None else None, seen, picked, palette))


def _around(release: Release, chosen: Chosen) -> Area:
    """The area that the map shows: where flows cross the border of a small one, the area around it."""
    by_code = {area.code: area for area in release.areas.values()}
    if chosen.mode == "between":
        # The smallest area that holds all the places.
        chains = [_chain(code, by_code) for code in chosen.places]
        return by_code[next(code for code in chains[0] if all(code in chain for chain in chains))]
    if chosen.mode == "within" or chosen.area.parent is None:
        return chosen.area
    return by_code.get(chosen.area.parent, chosen.area)


def _view(release: Release, chosen: Chosen) -> Bounds:
    """What the map looks at: of a region or nation, itself and as much again, for there most of its trips are."""
    around = reading.bounds(release, _around(release, chosen))
    crossing = chosen.mode not in ("between", "within") and chosen.area.parent is not None
    if not crossing or chosen.area in release.smallest:
        return around
    return common(reading.grown(reading.grown(reading.bounds(release, chosen.area))), around)


def _chain(code: str, by_code: dict[str, Area]) -> list[str]:
    chain = [code]
    while (above := by_code[chain[-1]].parent) is not None:
        chain.append(above)
    return chain


def _by_zoom(asked: Asked, bounds: Bounds) -> tuple[Chosen, Level, Looked | None]:
    """The choice with the map's say: single areas, and flows in view, from a closer look on."""
    looked = maps.looked(MAP, bounds)
    # The zoom is sent back even where it changes nothing: by it the browser knows that it was heard.
    zoom = None if looked is None else looked.zoom
    if asked.unit != "auto" or asked.chosen.mode == "between" or looked is None or looked.zoom < bounds.zoom + CLOSER:
        finer = asked.unit == "auto" and asked.chosen.mode != "between"
        return asked.chosen, Level(loaded=WORLD, whole=True, finer=finer, zoom=zoom), None
    view = looked.bounds
    closer = replace(asked.chosen, regions=False, view=(view.west, view.south, view.east, view.north))
    return closer, Level(loaded=view, whole=False, finer=False, zoom=zoom), looked


def _draw(scene: Scene) -> None:
    found, release = scene.found, scene.release
    with st.container(key="map-and-figures"):
        left, right = st.columns([2.1, 1], gap="medium")
    step = None
    with left:
        drawn = not scene.asked.matrix or not found.can_be_matrix
        if drawn and scene.asked.matrix:
            st.info(
                f"A matrix holds 2 to {MOST_IN_MATRIX} places, and these are {len(found.zones.codes)}: choose places "
                "between which trips are shown, draw by region, or choose a smaller area.",
                icon=":material/info:",
            )
        if drawn:
            step, drawable = _map(scene)
        else:
            _matrix(found, scene.palette)
        if scene.asked.chosen.mode in ("in", "out") and scene.asked.chosen.area.parent is None:
            name = scene.asked.chosen.area.name
            st.info(plain(f"Nothing goes into or out of {name} in this release. Choose an area in it."))
        manifest = release.manifest
        st.caption(plain(found.caption(manifest.disclosure_rule, manifest.time_zone, step, matrix=not drawn)))
        row = st.container(horizontal=True)
        with row:
            controls.copy_address(release.manifest.release_id, _address(scene.asked, scene, step))
            if scene.picked is not None:
                st.button(
                    "Show all flows",
                    icon=":material/zoom_out_map:",
                    on_click=controls.pick_listed,
                    args=(PICKED, None),
                )
            if drawn:
                evidence.picture_button(release, _pictured(scene, step), drawable=drawable)
        pinning.draw(row, release, "flows", partial(_offer, scene, step, matrix=not drawn))
    with right, st.container(key="figures"):
        _figures(found)
        _curve(found, step, scene.picked, scene.palette)
        _ranked(found, step)
        _distances(found, scene.palette)


def _map(scene: Scene) -> tuple[int | None, bool]:
    """Draw the map; give the hour at which it stands, None where none is played, and whether it can be drawn."""
    found, day = scene.found, scene.played
    steps = Steps((found.when(),))
    if day is not None:
        curve, errors = found.curve
        steps = Steps(
            tuple(slot.label for slot in day.slots),
            start=controls.asked_hour(day),
            words=tuple(f"{number(*pair)} trips" for pair in zip(curve.tolist(), _known(errors), strict=True)),
            curve=curve,
            errors=errors,
        )
    layers, scale = _layers(scene)
    seen = maps.draw(
        MAP,
        layers,
        scale,
        ground=_ground(scene.release, scene.around, scene.asked.chosen.area, scene.seen),
        bounds=scene.bounds,
        palette=scene.palette,
        steps=steps,
        alt=found.alternative(),
        level=scene.level,
        marked=_marked(scene),
    )
    if day is None:
        return None, seen.drawable
    controls.keep_hour(day, seen.step)
    return seen.step, seen.drawable


def _marked(scene: Scene) -> tuple[str, ...]:
    """The flow that was picked, by the id that it has on the map."""
    held = controls.picked(PICKED)
    return () if held is None or scene.picked is None else (held,)


def _ground(release: Release, around: Area, area: Area, seen: Looked | None = None) -> Ground:
    """The base map of an area, or of where the visitor looks, with another area in it outlined."""
    view = seen or Looked(reading.bounds(release, around), 0.0)
    return replace(reading.ground(release, around, seen), chosen=reading.ground(release, area, view).chosen)


def _pictured(scene: Scene, step: int | None) -> Pictured:
    found, manifest = scene.found, scene.release.manifest
    layers, scale = _layers(scene)
    return Pictured(
        name=_stem(scene.asked),
        title=f"{found.unit()} {found.where()}",
        subtitle=found.when(step),
        notes=(found.caption(manifest.disclosure_rule, manifest.time_zone, step),),
        layers=layers,
        scale=scale,
        step=step or 0,
        bounds=scene.bounds,
        outlines=partial(reading.outlines_under, scene.release, scene.around),
        palette=scene.palette,
        names=reading.ground(scene.release, scene.around, scene.seen).names,
    )


def _layers(scene: Scene) -> tuple[dict[str, Drawn], Scale]:
    """Flows and totals of places, and the scale of the flows."""
    found, plays = scene.found, scene.played is not None
    values, errors = found.played if plays else (found.ranked.value[:, None], found.ranked.error[:, None])
    scale = scales.amounts(found.legend(), values, scene.palette, lines=True)
    # The largest last, so that they lie on top of the others.
    start, end = found.ranked.start[::-1], found.ranked.end[::-1]
    values, errors = values[::-1], errors[::-1]
    ends = list(zip(start.tolist(), end.tolist(), strict=True))
    unit = f"trips {found.per()}"
    # Places lie below the arrows, which they would cover where they are many.
    below: dict[str, Drawn] = {} if found.plays_net else {"totals": _totals(found, unit, plays=plays)}
    return below | {
        "flows": FlowLines(
            tuple(found.identify(*each) for each in ends),
            tuple(found.name(*each) for each in ends),
            found.zones.centres[start],
            found.zones.centres[end],
            values,
            unit,
            errors,
        ),
    }, scale


def _totals(found: FlowsShown, unit: str, *, plays: bool) -> PlaceTotals:
    """What leaves and reaches each place; those of which nothing is known are there too, as withheld."""
    totals, told = found.of_zones, found.told_zones()
    moving = found.played_zones if plays else (totals.out + totals.into)[:, None]
    there = np.flatnonzero(~(moving.max(axis=1, initial=0.0) <= 0))
    return PlaceTotals(
        tuple(found.zones.codes[at] for at in there.tolist()),
        tuple(found.zones.names[at] for at in there.tolist()),
        found.zones.centres[there],
        moving[there],
        f"{unit}, out and in",
        () if plays else tuple(told[at] for at in there.tolist()),
    )


def _of_ends(found: FlowsShown, picked: tuple[int, int]) -> Bounds:
    """A view of both ends of a flow."""
    ends = found.zones.centres[list(picked)]
    (west, south), (east, north) = ends.min(axis=0).tolist(), ends.max(axis=0).tolist()
    reach = max(east - west, north - south, 0.2) * ROOM + 0.05
    return Bounds(west - 1.5 * reach, south - reach, east + 1.5 * reach, north + reach)


def _address(asked: Asked, scene: Scene | None = None, step: int | None = None) -> dict[str, str | list[str] | None]:
    """What the URL of a view says, by key; of trips with the flow that was picked, and the hour at which they stand."""
    chosen = asked.chosen
    trips = chosen.mode != "visitors"
    unit, flow = asked.unit, None
    if scene is not None and scene.picked is not None:
        flow = scene.found.identify(*scene.picked)
        # A flow between single areas is one of the link's too, which does not look as closely.
        unit = "authorities" if unit == "auto" and not scene.found.chosen.regions else unit
    return {
        "direction_of_flow": MODES[chosen.mode],
        "area": chosen.area.code,
        "date": asked.when.isoformat() if isinstance(asked.when, date) else None,
        "flow_period": None if isinstance(asked.when, date) else asked.when,
        "places": list(chosen.places) if chosen.mode == "between" else None,
        "purpose": chosen.purpose if trips else None,
        "time": chosen.time if trips else None,
        "way": chosen.kind if trips else None,
        "hour": asked.day.slots[step].label if asked.day is not None and step is not None else None,
        "far_areas": unit if trips else None,
        "flow": flow,
        "drawn_as": "matrix" if asked.matrix else None,
        "part_of_day": None if trips else asked.part,
        "most": str(chosen.most),
    }


def _offer(scene: Scene, step: int | None, *, matrix: bool) -> pinning.Offer:
    """The view as it is pinned; of a matrix with the map of the same flows, for a matrix has no picture."""
    release, asked, found = scene.release, scene.asked, scene.found
    manifest = release.manifest
    flow = None if scene.picked is None else found.identify(*scene.picked)
    hour = None if step is None else found.pairs.slots[step].label
    inputs = pinned_flows.inputs_of(found.chosen, asked.when, hour=hour, flow=flow, part=asked.part)
    _, runs = flow_reading.flows_of(release, found.chosen, asked.when)
    return pinning.Offer(
        page="flows",
        address=_address(asked, scene, step),
        stated=partial(pinned_figures.stated, release, pinned_flows.KIND, inputs),
        caption=found.caption(manifest.disclosure_rule, manifest.time_zone, step, matrix=matrix),
        tables=(_taken(asked, found),),
        runs=runs,
        methods=METHODS,
        pictured=partial(_pictured, scene, step),
    )


def _offer_homes(release: Release, asked: Asked, shown: Shown, pictured: Pictured) -> pinning.Offer:
    inputs = pinned_flows.inputs_of(asked.chosen, asked.when, hour=None, flow=None, part=asked.part)
    return pinning.Offer(
        page="flows",
        address=_address(asked),
        stated=partial(pinned_figures.stated, release, pinned_flows.HOMES, inputs),
        caption=" ".join(pictured.notes),
        tables=shown.tables,
        runs=shown.runs,
        methods=METHODS,
        pictured=lambda: pictured,
    )


def _figures(found: FlowsShown) -> None:
    chosen = found.chosen
    total, shares = found.total, found.shares
    st.markdown(f"##### {plain(chosen.area.name)}, {plain(chosen.words)}")
    first, second = st.columns(2)
    trips = total.trips
    first.metric(_trips_words(found), number(trips.value, _error(trips.error)))
    second.metric("Mean length of a trip", f"{number(found.mean_km)} km" if np.isfinite(found.mean_km) else "not known")
    between = interval(trips.value, _error(trips.error)) if found.of_pairs.any() else None
    said = [f"trips {between}" if between else ""]
    if chosen.mode != "between" and chosen.area.parent is not None:
        third, fourth = st.columns(2)
        who = "who live here" if chosen.purpose == "home_work" else "from here"
        to = "who work here" if chosen.purpose == "home_work" else "to here"
        for column, name, share in (
            (third, f"Of those {who}, stay", shares.containment.supply),
            (fourth, f"Of those {to}, from here", shares.containment.demand),
        ):
            column.metric(name, percent(share.value))
            if np.isfinite(share.error):
                low, high = limits(share.value, share.error)
                said.append(f"{name[:1].lower()}{name[1:]} {percent(float(low))} to {percent(min(float(high), 1.0))}")
    if any(said):
        st.caption(f"95 % intervals: {plain('; '.join(each for each in said if each))}.")
    elif found.of_pairs.any():
        st.caption("The release gives no interval for these figures.")
    if chosen.purpose == "home_work" and chosen.time == "day" and chosen.mode != "between" and chosen.area.parent:
        st.caption(plain(shares.travel_to_work_area()))


def _trips_words(found: FlowsShown) -> str:
    """What the first figure counts."""
    what = "Commuting trips" if found.chosen.purpose == "home_work" else "Trips"
    where = {"in": " into the area", "out": " out of the area", "within": " within the area"}
    between = " between the places" if found.chosen.mode == "between" else ""
    day = " a day" if found.pairs.hours is None else ""
    return f"{what}{where.get(found.chosen.mode, between)}{day}"


def _curve(found: FlowsShown, step: int | None, picked: tuple[int, int] | None, palette: Palette) -> None:
    if found.pairs.hours is None:
        st.caption("A month has no hours in the release. Choose one day for the rush hours.")
        return
    trips, errors = found.curve if picked is None else found.by_hour(*picked)
    name = "all trips above" if picked is None else found.name(*picked)
    known = np.isfinite(errors).any()
    st.markdown(f"###### By hour of departure: {plain(name)}{', with 95 % interval' if known else ''}")
    rush = found.rush
    at = step if step is not None else int(np.nanargmax(trips)) if np.isfinite(trips).any() else 0
    labels = [slot.label for slot in found.pairs.slots]
    charts.day_curve(labels, trips, errors, at, palette, unit="trips", alt=f"Trips by hour of departure, {name}")
    if picked is None and rush is not None:
        slot = found.pairs.slots[rush.peak]
        st.caption(
            f"Most set out from {slot.words}: {percent(rush.peak_share)} of the day. From 06:00 to 10:00: "
            f"{percent(rush.morning_share)}."
        )
    elif picked is not None and np.isnan(trips).any():
        st.caption(f"{count(int(np.isnan(trips).sum()), 'hour')} of this flow withheld: a gap in the curve is not 0.")


def _distances(found: FlowsShown, palette: Palette) -> None:
    whole = found.by_distance.sum()
    if not whole > 0:
        return
    st.markdown("###### How far they go")
    alt = f"Share of trips by distance {found.where()}"
    charts.bars(DISTANCES, found.by_distance / whole, palette, alt=alt, key="flow-distances")
    st.caption("By the mean distance of each pair of areas, in a straight line.")


def _ranked(found: FlowsShown, step: int | None) -> None:
    ranked = found.ranked
    if not len(ranked.start):
        return
    value, error = ranked.value, ranked.error
    when = ""
    if step is not None:
        value, error = (each[:, step] for each in found.played)
        when = f", {found.pairs.slots[step].label}"
    order = np.argsort(-np.nan_to_num(value, nan=-1.0), kind="stable")[:MOST_LISTED]
    order = order[np.nan_to_num(value[order]) > 0]
    ends = [(int(ranked.start[at]), int(ranked.end[at])) for at in order.tolist()]
    figures = [(float(value[at]), _error(float(error[at]))) for at in order.tolist()]
    st.markdown(f"###### {'Largest net flows' if found.chosen.kind == 'net' else 'Largest flows'}{plain(when)}")
    controls.ranked_choices(
        PICKED,
        [found.name(*each) for each in ends],
        [number(*each) for each in figures],
        [sure(*each) or "" for each in figures],
        [found.identify(*each) for each in ends],
    )


def _matrix(found: FlowsShown, palette: Palette) -> None:
    """A table of all flows between few places, coloured by size."""
    st.plotly_chart(
        matrix_figure(found, palette),
        height=MATRIX_FOOT + CELL * len(found.zones.codes),
        config=_QUIET,
        key="flow-matrix",
        alt=f"Matrix of trips {found.where()}. {found.alternative()}",
    )


def matrix_figure(found: FlowsShown, palette: Palette) -> go.Figure:
    """The figure of a matrix: a row an origin, a column a destination; what stays in a place on the diagonal.

    Parameters
    ----------
    found : FlowsShown
        The flows.
    palette : Palette
        Colours of the ground.
    """
    value, error = found.square()
    net = found.chosen.kind == "net"
    between = ~np.eye(len(value), dtype=bool) & (value != 0) & np.isfinite(value)
    size = np.sign(value) * np.log10(np.maximum(np.abs(value), 1.0))
    if net:
        # What may as well be nothing has the colour of nothing.
        size = np.where(np.abs(value) > Z_95 * np.nan_to_num(error), size, 0.0)
    most = float(np.max(np.abs(size), where=between, initial=1.0))
    least = -most if net else float(np.min(size, where=between, initial=most))
    drawn = go.Figure(
        layout=go.Layout(
            margin={"l": 0, "r": 4, "t": 4, "b": 0},
            xaxis={"side": "top", "fixedrange": True, "automargin": True, "tickangle": -35, "title": {"text": "To"}},
            yaxis={"autorange": "reversed", "fixedrange": True, "automargin": True, "title": {"text": "From"}},
            font={"color": palette.text},
            plot_bgcolor=palette.land,
        )
    )
    ramp = palette.ratios if net else palette.amounts
    grey = f"rgba({', '.join(str(part) for part in look.rgb(palette.withheld))}, 0.25)"
    # Amounts, observed zeros and withheld figures each have a look of their own.
    for shown, low, high, colours in (
        (np.isfinite(value) & (value != 0), least, max(most, least + 0.1), ramp),
        (value == 0, 0.0, 1.0, (palette.zero, palette.zero)),
        (np.isnan(value), 0.0, 1.0, (grey, grey)),
    ):
        if shown.any():
            drawn.add_heatmap(
                **_told_cells(found.zones.names, value, error, shown),
                z=np.where(shown, size if colours is ramp else 0.5, np.nan),
                zmin=low,
                zmax=high,
                colorscale=[[place / (len(colours) - 1), colour] for place, colour in enumerate(colours)],
                showscale=False,
                hoverongaps=False,
                texttemplate="%{text}",
                textfont={"size": 11},
                hovertemplate="%{customdata}<extra></extra>",
                xgap=1,
                ygap=1,
            )
    return drawn


def _told_cells(
    names: tuple[str, ...], value: Floats, error: Floats, shown: NDArray[np.bool_]
) -> dict[str, list[list[str]] | list[str]]:
    """What is written in each cell of a matrix, and what is told of it; nothing in those that are not shown."""
    words, told = [], []
    for origin, *row in zip(names, value.tolist(), error.tolist(), shown.tolist(), strict=True):
        cells = [
            (destination, _cell_words(figure, _error(doubt)) if there else "", sure(abs(figure), _error(doubt)))
            for destination, figure, doubt, there in zip(names, *row, strict=True)
        ]
        words.append([figure for _, figure, _ in cells])
        told.append(
            [f"{origin} to {end}: {figure}{f' ({between})' if between else ''}" for end, figure, between in cells]
        )
    return {"x": list(names), "y": list(names), "text": words, "customdata": told}


def _cell_words(figure: float, error: float | None = None) -> str:
    """A figure in a cell of a matrix.

    Examples
    --------
    >>> _cell_words(13_300_000.0), _cell_words(-1_234.0, 40.0), _cell_words(float("nan"))
    ('13.3M', '−1,230', 'withheld')
    """
    if np.isnan(figure):
        return "withheld"
    size = abs(figure)
    words = f"{size / 1e6:.3g}M" if size >= 1e6 else number(size, error)
    return f"{'−' if figure < 0 and words != '0' else ''}{words}"


def _show_visitors(release: Release, asked: Asked) -> Shown:
    chosen = asked.chosen
    assert isinstance(asked.when, date)
    with st.spinner("Reading where people live …", show_time=True):
        found, runs = flow_reading.visitors_of(
            release, chosen.area, asked.when, asked.part, most=chosen.most, words=chosen.words
        )
    if not found.homes:
        st.info(
            f"This release does not say where the people in {plain(chosen.area.label)} live on this day. Choose "
            "another area or day.",
            icon=":material/info:",
        )
        return Shown(runs, ())
    title = f"People present in {chosen.area.name} by their usual home, {found.when}, UTC."
    shown = Shown(runs, (Taken(_stem(asked), title, found.table, found.columns()),))
    _draw_visitors(release, asked, found, shown, look.palette())
    return shown


@st.fragment
def _draw_visitors(release: Release, asked: Asked, found: Visitors, shown: Shown, palette: Palette) -> None:
    chosen = asked.chosen
    _take_click(release, chosen.mode, chosen.area)
    with st.container(key="map-and-figures"):
        left, right = st.columns([2.1, 1], gap="medium")
    caption = found.caption(release.manifest.disclosure_rule)
    with left:
        around = _around(release, chosen)
        layers = _visitor_layers(found)
        scale = scales.amounts("People present, by home", found.people[found.ranked], palette)
        bounds = _view(release, chosen)
        ground = _ground(release, around, chosen.area, Looked(bounds, bounds.zoom))
        seen = maps.draw(
            MAP,
            layers,
            scale,
            ground=ground,
            bounds=bounds,
            palette=palette,
            steps=Steps((found.when,)),
            alt=found.alternative(),
        )
        st.caption(plain(caption))
        row = st.container(horizontal=True)
        with row:
            controls.copy_address(release.manifest.release_id, _address(asked))
            pictured = Pictured(
                name=_stem(asked),
                title=f"Where people present in {chosen.area.name} live",
                subtitle=f"{found.when}, UTC",
                notes=(caption,),
                layers=layers,
                scale=scale,
                step=0,
                bounds=bounds,
                outlines=partial(reading.outlines_under, release, around),
                palette=palette,
                names=ground.names,
            )
            evidence.picture_button(release, pictured, drawable=seen.drawable)
        pinning.draw(row, release, "flows", partial(_offer_homes, release, asked, shown, pictured))
    with right, st.container(key="figures"):
        _visitor_figures(found)
        _visitor_bars(found, palette)


def _visitor_layers(found: Visitors) -> dict[str, Drawn]:
    lon, lat = found.places.centre(found.area.code)
    drawn = found.ranked[::-1]
    homes = [found.homes[at] for at in drawn.tolist()]
    names = [found.places.names[code] for code in homes]
    starts = np.array([found.places.centre(code) for code in homes], dtype=np.float64).reshape(-1, 2)
    people, errors = found.people[drawn][:, None], found.errors[drawn][:, None]
    return {
        "totals": PlaceTotals(tuple(homes), tuple(names), starts, people, "people"),
        "flows": FlowLines(
            tuple(f"{code}-{found.area.code}" for code in homes),
            tuple(f"{name} to {found.area.name}" for name in names),
            starts,
            np.tile(np.array([lon, lat]), (len(homes), 1)),
            people,
            "people",
            errors,
        ),
    }


def _visitor_figures(found: Visitors) -> None:
    everybody, _ = found.everybody
    elsewhere, _ = found.from_elsewhere
    share = found.share_from_elsewhere
    st.markdown(f"##### {plain(found.area.name)}, {plain(found.when)}")
    first, second = st.columns(2)
    first.metric("Residents of the country present", number(everybody.value, _error(everybody.error)))
    second.metric("Live elsewhere", percent(share.value))
    third, fourth = st.columns(2)
    third.metric("People from elsewhere", number(elsewhere.value, _error(elsewhere.error)))
    fourth.metric("Their mean distance", f"{number(found.mean_km)} km" if np.isfinite(found.mean_km) else "not known")
    said = []
    for name, figure in (("present", everybody), ("from elsewhere", elsewhere)):
        between = interval(figure.value, _error(figure.error))
        said += [f"{name} {between}"] if between else []
    if np.isfinite(share.error):
        low, high = limits(share.value, share.error)
        said.append(f"share {percent(float(low))} to {percent(min(float(high), 1.0))}")
    st.caption(f"95 % intervals: {'; '.join(said)}." if said else "The release gives no interval for these figures.")


def _visitor_bars(found: Visitors, palette: Palette) -> None:
    first = found.ranked[:MOST_LISTED]
    if not len(first):
        st.caption("Nothing can be ranked: every home area is withheld.")
        return
    st.markdown("###### Where those from elsewhere live, with 95 % interval")
    people, errors = found.people[first], found.errors[first]
    low, high = limits(people, errors)
    names = [found.places.names[found.homes[at]] for at in first.tolist()]
    drawn = go.Figure(
        layout=go.Layout(
            margin={"l": 0, "r": 8, "t": 4, "b": 0},
            xaxis={"rangemode": "tozero", "fixedrange": True, "nticks": 5, "tickformat": "~s"},
            yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True, "type": "category"},
            font={"color": palette.text},
            bargap=0.3,
            showlegend=False,
        )
    )
    drawn.add_bar(
        x=people,
        y=names,
        orientation="h",
        marker={"color": palette.line},
        error_x={
            "array": np.nan_to_num(high - people),
            "arrayminus": np.nan_to_num(people - low),
            "symmetric": False,
            "color": palette.text,
        },
        customdata=[f"{exactly(float(each))} people" for each in people],
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )
    alt = f"People present in {found.area.name} by home: {names[0]} first, {number(float(people[0]))}"
    st.plotly_chart(drawn, height=FOOT + BAR * len(names), config=_QUIET, key="visitor-homes", alt=alt)


def _taken(asked: Asked, found: FlowsShown) -> Taken:
    title = f"{found.unit()} {found.where()}, {found.when()}: every flow with standard error, 95 % interval and label."
    return Taken(_stem(asked), title, found.table, found.columns())


def _stem(asked: Asked) -> str:
    chosen = asked.chosen
    return f"flows-{chosen.mode}-{chosen.area.code}-{asked.when}-{chosen.purpose}-{chosen.time}"


def _known(errors: Floats) -> list[float | None]:
    return [_error(each) for each in errors.tolist()]


def _error(error: float) -> float | None:
    return error if np.isfinite(error) else None
