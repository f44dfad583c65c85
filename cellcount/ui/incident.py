"""The incident page: where and when, people against usual days, and what must be said beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import streamlit as st

from cellcount.errors import CellCountError
from cellcount.methods import incident
from cellcount.methods.cautions import NO_CELLS
from cellcount.ui import (
    controls,
    evidence,
    incident_charts,
    incident_geopackage,
    incident_handover,
    incident_tables,
    incident_usual,
    look,
    maps,
    pinned_incident,
    pinning,
    reading,
    scales,
    search_reading,
    window_reading,
)
from cellcount.ui import ground as outlines
from cellcount.ui import incident_figures as figures
from cellcount.ui import incident_movement as movement
from cellcount.ui.evidence import Method, Taken
from cellcount.ui.incident_answer import HOURS, Answer, Asked, Zone
from cellcount.ui.incident_known import cautions_told, hour_told
from cellcount.ui.incident_reading import Found, answered
from cellcount.ui.look import Palette
from cellcount.ui.map_pictures import Pictured
from cellcount.ui.reading import Release
from cellcount.ui.scales import Scale
from cellcount.ui.search import Target
from cellcount.ui.view import Days
from cellcount.ui.words import NOT_KNOWN, number, percent, plain
from cellcount.ui.words import day as written_day
from cellcount.zones import Zones, read_zones, rings, typed_distances

MAP = "incident-map"
WHERE = {"rings": "Rings around a place", "area": "A whole area", "file": "A file of zones"}
SHOWN = {"classes": "More or fewer than usual", "people": "Difference in people"}
RATES = {"1": "1 %", "5": "5 %", "10": "10 %"}
RATE = "5"
"""The rate that is chosen at first."""
SIDES = {"before": "Before only", "either": "On either side"}
WEEKS = {str(weeks): f"{weeks} weeks" for weeks in range(2, 9)}
FIRST_RINGS = "1, 3"
HOUR = "shown_hour"
"""Key of the URL that names the hour at which the map stands, with its date: `hour` of other pages is of one day."""
_HOUR_MISSED, _HOUR_LEFT = "incident-hour-missed", "incident-hour-left"
"""What is kept aside: an hour of a link that there is not, and the hour at which the map stood last."""
MOST_MOVED = 4
"""Destinations that the page to hand over names."""
KINDS = ["geojson", "json", "gpkg", "zip", "kml"]
EXAMPLES = {
    "Fire at Marlbeck Works (fictional), Washington": ("54.8995, -1.5330", "2, 4", date(2026, 11, 4), 13, 20),
    "Bonfire Night in south-east London": ("51.4690, 0.0080", "1.5, 3", date(2026, 11, 5), 18, 22),
    "Football match in Newcastle upon Tyne": ("54.9756, -1.6217", "1.5, 3", date(2026, 11, 7), 13, 18),
}
"""Of the demonstration: place, rings of which the first holds the event and is no closer to it than the cells are wide,
date, first hour and hour of the end."""
METHODS = (
    Method(
        "The usual level of a cell in an hour is the median of comparable days: the same weekday, bank holidays, days "
        "with an outage there, days of the incident and of other incidents that were named left out.",
        "Flowminder's and Meta's crisis maps compare with such a baseline; cellcount/methods/baseline.py.",
    ),
    Method(
        "z is the difference from usual over what it would vary by if nothing had happened: s² = (chance + tau² m² + "
        "4) (1 + pi / 2k), with m usual, k days, tau the day-to-day variation of cells of that kind and hour on "
        "ordinary days, or the cell's own where it is more, and 4 of rounding. The reference is Student's t with "
        f"{incident.DEGREES_OF_FREEDOM:.0f} degrees of freedom. The share of people observed and placement are wrong "
        "in the same way on all days and count in the difference alone.",
        "Kenney and Keeping 1962, Mathematics of Statistics; cellcount/methods/incident.py.",
    ),
    Method(
        "Cells on the map are called more or fewer than usual so that, of those called in an hour, at most the chosen "
        f"share is expected to be so by chance. A cell beside a crowd is not, where its difference is at most "
        f"{100 * incident.SPILL:.0f} % of that of its neighbours: so much is counted in wrong cells.",
        "Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57.",
    ),
    Method(
        "A zone is the sum of its cells. A cell that is cut counts by the share of its residents inside, or of its "
        "area where nobody lives; how wrong that may be is in the interval. Of what it has beyond its usual variation "
        "all may be inside or outside, and of a crowd near its edge "
        f"{100 * incident.SPILL:.0f} % may be counted in each cell on the other side: the interval holds both. A "
        "withheld cell counts as what withheld cells are expected to hold, or half-way to its usual level.",
        "cellcount/zones/weights.py; cellcount/methods/incident.py.",
    ),
    Method(
        "A zone is said to depart from usual in hours with |z| of 2 or more, false discoveries controlled at "
        f"{100 * incident.RATE:.0f} % over all zones and hours of the incident. It is as usual again from the first of "
        "three hours in a row with |z| below 2. People-hours are the sum of the difference over the incident's hours, "
        "their limits added.",
        "cellcount/methods/recovery.py.",
    ),
    Method(
        "People by their home and trips of whole authorities are held against the median of comparable days, homes of "
        "those only that keep the same clock time, with their errors and the variation from day to day that they "
        "share; which differ is told at the chosen false-discovery rate over all of them. Segments are shares of the "
        "coarser cells that tell of them; what is withheld on any day is left out on all.",
        "cellcount/methods/changes.py; cellcount/methods/composition.py.",
    ),
    Method(
        "Usual by day: weekdays 10:00 to 16:00; by night: all nights 00:00 to 05:00, local time, on all dates but "
        "those shown.",
        "HSE's National Population Database tells of day and night as well, from other sources.",
    ),
)
"""How the figures of this page are made."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen.

    Attributes
    ----------
    zones : Zones
        Where.
    where : str
        The same in words.
    asked : Asked
        When, and what it is compared with.
    rate : float
        False-discovery rate.
    shown : str
        Of `SHOWN`.
    address : dict
        What the URL of the view says; the zone and the hour, which are chosen beside the map, are added there.
    origin : dict
        What the zones were made from, as plain values: see `pinned_incident.inputs_of`.
    """

    zones: Zones
    where: str
    asked: Asked
    rate: float
    shown: str
    address: dict[str, str | list[str] | None]
    origin: dict[str, Any]


def choose(release: Release) -> Chosen | None:
    """Draw the controls; None, with a sentence, where nothing can be told yet.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    address: dict[str, str | list[str] | None] = {}
    if not window_reading.serves_windows(release):
        _usual_only(release, address)
        return None
    with controls.row_of_controls():
        found = _choose_where(release, address)
        start, end = _choose_time(release, address)
        asked, rate, shown = _choose_rest(release, start, end, address)
    if found is None:
        _offer_examples(release)
        return None
    if end <= start:
        said = "starts and ends at the same hour" if end == start else "ends before it starts"
        st.info(f"The incident {said}. Choose a later end.", icon=":material/info:")
        return None
    zones, words, origin = found
    for note in zones.notes:
        st.info(plain(note), icon=":material/info:")
    return Chosen(zones, words, asked, rate, shown, address, origin)


Where = tuple[Zones, str, dict[str, Any]]
"""The zones, where they are in words, and what they were made from."""


def _choose_where(release: Release, address: dict[str, str | list[str] | None]) -> Where | None:
    where = controls.choose_one("where", "Where", WHERE, "rings", noun="kind of place")
    address["where"] = WHERE[where]
    return {"rings": _choose_rings, "area": _choose_area, "file": _choose_file}[where](release, address)


def _usual_only(release: Release, address: dict[str, str | list[str] | None]) -> None:
    """Of a release without dates: people usually there, and why no more can be told."""
    if not (release.days.periods and release.days.day_types):
        st.info(
            "This release has no figures of cells by date and no typical days, so neither an incident nor what is "
            "usual can be told. It lacks the tables present_history and typical_day. Choose another release.",
            icon=":material/info:",
        )
        return
    with controls.row_of_controls():
        found = _choose_where(release, address)
    st.info(incident_usual.NO_BASELINE, icon=":material/event_busy:")
    if found is None:
        return
    zones, where, origin = found
    with st.spinner("The place is read …", show_time=True):
        place, typical, runs = incident_usual.read_usual(release, zones)
        days = incident_usual.usual_of(place, typical)
    st.markdown(f"**People usually there, {plain(where)}**")
    table = incident_usual.usual_table(place.zones, days)
    st.dataframe(table, hide_index=True)
    for sentence in incident_usual.without_figures(place, typical):
        st.info(plain(sentence), icon=":material/water:")
    said = (
        "By day is 10:00 to 16:00 and by night 00:00 to 05:00, where they were measured. H3 cells of resolution "
        f"{place.resolution}; one that is cut counts by the share of its residents or area inside. Withheld cells are "
        "left out, and no interval is told."
    )
    st.caption(plain(said))
    columns = {name: name for name in table.columns}
    taken = Taken("usual-of-zones", "People usually in the zones.", lambda: table, columns, of_cells=False)
    offer = pinning.Offer(
        page="incident",
        address=address,
        stated=partial(pinned_incident.told_usual, origin, days, where),
        caption=f"People usually there, {where}. {said}",
        tables=[taken],
        runs=runs,
        methods=METHODS[3:4],
        pictured=None,
    )
    pinning.draw(st.container(horizontal=True), release, "incident", lambda: offer)
    evidence.show(release, runs, METHODS[3:4], [taken])


def _choose_rings(release: Release, address: dict[str, str | list[str] | None]) -> Where | None:
    target = controls.choose_place(partial(search_reading.look_for, release))
    typed = controls.type_in("rings", "Distances, km", FIRST_RINGS, help="One to five, such as 0.5, 1, 3", width=130)
    if target is None:
        return None
    address |= {"place": _findable(release, target), "rings": typed}
    try:
        kilometres = typed_distances(typed)
        zones = rings(target.longitude, target.latitude, kilometres)
    except CellCountError as error:
        st.error(plain(error), icon=":material/error:")
        return None
    origin = {
        "longitude": target.longitude,
        "latitude": target.latitude,
        "kilometres": list(kilometres),
        "words": f"around {target.words}",
    }
    return zones, f"around {target.words}", origin


def _findable(release: Release, target: Target) -> str:
    """A place as a link says it: by its name where that finds it alone, else by its position."""
    # A point that was typed has no name that could be looked for.
    again = () if target.kind == "point" else search_reading.look_for(release, target.words).targets
    return target.words if [each.id for each in again] == [target.id] else _degrees(target.latitude, target.longitude)


def _degrees(latitude: float, longitude: float) -> str:
    """A position as it is typed, to about a metre."""
    return f"{latitude:.5f}, {longitude:.5f}"


def _choose_area(release: Release, address: dict[str, str | list[str] | None]) -> Where | None:
    area = controls.choose_area(release.areas, release.default_area)
    address["area"] = area.label
    outline = release.outlines.get(area.code)
    if area.parent is None or outline is None:
        st.info("Choose an authority or a region: the whole is no place of an incident.", icon=":material/info:")
        return None
    return Zones((area.name,), (outline,)), f"in {area.name}", {"area": area.code}


def _choose_file(release: Release, address: dict[str, str | list[str] | None]) -> Where | None:
    del address  # A file is not in a link.
    uploaded = st.file_uploader("GeoJSON, GeoPackage, zipped shapefile or KML", type=KINDS, key="zones-file", width=420)
    crs = controls.type_in(
        "crs",
        "Its coordinate system",
        "",
        help="Only where the file states none: a code such as EPSG:27700, the British National Grid",
        width=170,
    )
    with st.container(key="not-in-the-link", width="content"):
        st.caption("A link does not hold the file: whoever opens it uploads the file again.")
    if uploaded is None:
        return None
    view = outlines.Bounds(*release.outlines.total_bounds.tolist()) if len(release.outlines) else None
    within = None if view is None else (view.west, view.south, view.east, view.north)
    try:
        with st.spinner("The file is read …", show_time=True):
            zones = _read_file(uploaded.name, uploaded.getvalue(), crs.strip() or None, within)
    except CellCountError as error:
        st.error(plain(error), icon=":material/error:")
        return None
    return zones, f"in the zones of {uploaded.name}", {"file": uploaded.name}


@st.cache_resource(max_entries=8, show_spinner=False)
def _read_file(name: str, content: bytes, crs: str | None, within: tuple[float, float, float, float] | None) -> Zones:
    return read_zones(name, content, crs, within)


def _choose_time(release: Release, address: dict[str, str | list[str] | None]) -> tuple[datetime, datetime]:
    dates = release.days.dates
    clock = {str(hour): f"{hour:02d}:00" for hour in range(HOURS)}
    # The last hour of the last date ends on a date that cannot be chosen.
    ends = {**clock, str(HOURS): f"{HOURS}:00"}
    middle = dates[-4] if len(dates) > 4 else dates[-1]
    first = controls.choose_date("from_date", "Start date", dates, middle)
    start = int(controls.choose_one("from_hour", "Start hour", clock, "13", noun="hour", widget="list", width=105))
    last = controls.choose_date("to_date", "End date", dates, first)
    stop = int(controls.choose_one("to_hour", "End hour", ends, "20", noun="hour", widget="list", width=105))
    with st.container(key="covered", width="content"):
        st.caption(f"Local time. Covered: {_covered(release.days)}")
    address |= {
        "from_date": first.isoformat(),
        "from_hour": clock[str(start)],
        "to_date": last.isoformat(),
        "to_hour": ends[str(stop)],
    }
    return datetime.combine(first, time(start)), datetime.combine(last, time()) + timedelta(hours=stop)


def _covered(days: Days) -> str:
    """From when to when there are figures: dates, and the hour where one of them is not covered whole."""
    first, last = days.dates[0], days.dates[-1]
    begins, ends = days.dated(first).slots[0], days.dated(last).slots[-1]
    since = "" if begins.hours == (0,) else f", {begins.hours[0]:02d}:00,"
    until = "" if ends.hours == (HOURS - 1,) else f", {ends.hours[0] + 1:02d}:00"
    return f"{written_day(first)}{since} to {written_day(last)}{until}"


def _choose_rest(
    release: Release, start: datetime, end: datetime, address: dict[str, str | list[str] | None]
) -> tuple[Asked, float, str]:
    settings = st.popover("Settings", icon=":material/tune:", key="incident-settings")
    # What is said of a link that asks for something else would be hidden in a popover that is closed.
    said = st.container(width="content")
    with settings:
        shown = controls.choose_one("shown", "The map shows", SHOWN, "classes", noun="map", said=said)
        weeks = controls.choose_one(
            "weeks", "Comparable days", WEEKS, "4", noun="number of weeks", widget="list", said=said
        )
        side = controls.choose_one("side", "Taken from weeks", SIDES, "before", noun="side", said=said)
        dates = {each.isoformat(): written_day(each) for each in release.days.dates}
        others = controls.choose_many(
            "other_incidents", "Other incidents, left out", dates, noun="date", placeholder="None", said=said
        )
        rate = controls.choose_one("fdr", "False-discovery rate", RATES, RATE, noun="rate", said=said)
    address |= {
        "weeks": WEEKS[weeks],
        "side": SIDES[side],
        "other_incidents": [dates[each] for each in others],
        "fdr": RATES[rate],
        "shown": SHOWN[shown],
    }
    asked = Asked(
        start,
        end,
        int(weeks),
        "either" if side == "either" else "before",
        tuple(date.fromisoformat(each) for each in others),
    )
    return asked, int(rate) / 100, shown


def _offer_examples(release: Release) -> None:
    st.markdown(
        "Name a place, give coordinates or a grid reference, or upload zones; then say when. You get who was there "
        "before, during and after, against usual days, and how sure that is."
    )
    dates = set(release.days.dates)
    there = {name: what for name, what in EXAMPLES.items() if what[2] in dates}
    if not release.manifest.synthetic or not there:
        return
    st.markdown("**Try what was made up for the demonstration:**")
    with st.container(horizontal=True):
        for name in there:
            st.button(name, key=f"example-{name}", icon=":material/play_circle:", on_click=_pick_example, args=(name,))


def _pick_example(name: str) -> None:
    place, distances, on, first, end = EXAMPLES[name]
    for key, value in {
        "where": "rings",
        "place": place,
        "rings": distances,
        "from_date": on,
        "from_hour": str(first),
        "to_date": on,
        "to_hour": str(end),
    }.items():
        controls.pick(key, value)


def read(release: Release, chosen: Chosen) -> Found:
    """Read the place and its figures, and hold the incident against usual days.

    Parameters
    ----------
    release : Release
        The release that is served.
    chosen : Chosen
        What was chosen.
    """
    with st.spinner("The place is held against usual days …", show_time=True):
        return answered(release, chosen.zones, chosen.asked, chosen.rate)


def show(release: Release, chosen: Chosen, found: Found) -> None:
    """Map, figures, timeline, cautions and the list of zones.

    Parameters
    ----------
    release : Release
        The release that is served.
    chosen : Chosen
        What was chosen.
    found : Found
        What was found.
    """
    answer = found.answer
    if answer.place.unsupported:
        st.warning(plain(answer.place.unsupported), icon=":material/zoom_in_map:")
    headline = " ".join(figures.headline(answer))
    st.markdown(f"**{plain(_first_large(chosen.where))}, {figures.when(answer)}.** {plain(headline)}")
    _by_hour(release, chosen, found, look.palette())
    _who_was_there(release, answer)
    _where_they_went(release, answer)


def _who_was_there(release: Release, answer: Answer) -> None:
    at = figures.hour_words(answer.moments[hour_told(answer)])
    with st.expander("Who was there", icon=":material/groups:", key="who", on_change="rerun") as opened:
        if not opened.open:
            return
        with st.spinner("Who was there is read …", show_time=True):
            segments, coarse, _ = movement.who(release, answer)
            people, homes, _ = movement.homes(release, answer)
        left, right = st.columns(2, gap="medium")
        with left:
            st.markdown(f"**What they were there for, {at}**")
            if segments:
                st.dataframe(movement.segment_table(segments), hide_index=True)
                st.caption(plain(coarse))
            else:
                st.markdown(plain(coarse) or "This release does not tell it here: it lacks the table present_segment.")
        with right:
            st.markdown("**Where they live**")
            if homes is None:
                st.markdown("This release does not tell it here: it needs the table home_presence.")
            else:
                st.dataframe(movement.home_table(people), hide_index=True)
                _differing(homes, "Home", "People")


def _where_they_went(release: Release, answer: Answer) -> None:
    at = figures.hour_words(answer.moments[hour_told(answer)])
    with st.expander("Where people went", icon=":material/conversion_path:", key="went", on_change="rerun") as opened:
        if not opened.open:
            return
        with st.spinner("Where people went is read …", show_time=True):
            around = movement.nearby(release, answer)
            trips, _ = movement.went(release, answer)
        left, right = st.columns(2, gap="medium")
        with left:
            st.markdown(f"**Cells around with more people than usual, {at}**")
            if around:
                st.dataframe(movement.change_table(around, "Where", "People"), hide_index=True)
                st.caption(f"Called so at a false-discovery rate of {percent(answer.rate)}.")
            else:
                st.markdown("None of the cells around had more people than usual that cannot be chance.")
        with right:
            st.markdown("**Trips out of here**")
            if trips is None:
                st.markdown("This release does not tell it here: it needs the table flows_day.")
            else:
                _differing(trips, "To", "Trips")


def _differing(found: movement.Compared, first: str, what: str) -> None:
    """How many of the figures differ from usual, and which."""
    st.markdown(plain(found.verdict))
    if found.differing:
        st.dataframe(movement.change_table(found.differing[: movement.MOST_ROWS], first, what), hide_index=True)
    st.caption(plain(found.said))


@st.fragment
def _by_hour(release: Release, chosen: Chosen, found: Found, palette: Palette) -> None:
    answer = found.answer
    names = {str(at): zone.name for at, zone in enumerate(answer.zones)}
    start = _asked_hour(answer)
    with st.container(key="map-and-figures"):
        left, right = st.columns([2.1, 1], gap="medium")
    with right:
        beside = st.container(key="figures")
    zone = answer.zones[0]
    if len(names) > 1:
        with beside:
            zone = answer.zones[int(controls.choose_one("zone", "Zone", names, "0", widget="list"))]
    picture = _Picture(release, chosen, answer, palette, zone, start)
    with left:
        seen = picture.draw()
        hour = seen.step
        _keep_hour(answer, hour)
        here = {
            "zone": zone.name if len(names) > 1 else None,
            HOUR: _hour_in_address(answer.moments[hour]),
        }
        chosen = replace(chosen, address={**chosen.address, **here})
        st.caption(plain(figures.caption(answer, hour, release.manifest.time_zone, release.manifest.disclosure_rule)))
        row = st.container(horizontal=True)
        with row:
            controls.copy_address(release.manifest.release_id, chosen.address)
            evidence.picture_button(release, picture.taken(hour), drawable=seen.drawable)
            _hand_over(release, chosen, found, picture)
            if seen.clicked is not None and seen.clicked.latitude is not None and chosen.address.get("rings"):
                at = _degrees(seen.clicked.latitude, seen.clicked.longitude or 0.0)
                st.button(
                    f"Move the rings to {at}",
                    key="move-rings",
                    icon=":material/my_location:",
                    on_click=_move_rings,
                    args=(at,),
                )
        pinning.draw(row, release, "incident", partial(_offer, release, chosen, found, picture, hour))
    with beside:
        _figures(answer, zone, hour)
        incident_charts.timeline(
            answer, zone, hour, palette, alt=f"People in {zone.name} by hour, beside the usual level and its band."
        )
        _exposure(answer, zone)
    with st.expander("Table", icon=":material/table_rows:", key="table", expanded=True, on_change="rerun") as table:
        if table.open:
            st.markdown(plain(figures.alternative(answer)))
            st.dataframe(figures.zone_table(answer, hour), hide_index=True)


def _asked_hour(answer: Answer) -> int:
    """The hour that the address asks for, by its place; where it asks for none that is shown, the one that is told of.

    Of an hour that is not shown a sentence is kept for `_keep_hour`.
    """
    first, asked = hour_told(answer), controls.in_address(HOUR)
    if asked is None:
        return first
    place = _place_of(asked, answer.moments)
    if place is not None:
        return place
    controls.leave(HOUR)
    # The visitor's own last hour is over where another time was chosen, and nothing is missed.
    if asked != controls.kept_aside(_HOUR_LEFT):
        controls.keep_aside(_HOUR_MISSED, (asked, answer.moments[first], _question(answer)))
    return first


def _question(answer: Answer) -> tuple[object, ...]:
    """What makes one incident another: where and when."""
    return answer.asked.start, answer.asked.end, answer.place.zones.names, tuple(answer.place.zones.areas_km2.tolist())


def _place_of(asked: str, moments: Sequence[datetime]) -> int | None:
    """Which of the hours was asked for; None where it is none of them.

    Examples
    --------
    >>> shown = (datetime(2026, 11, 4, 13), datetime(2026, 11, 4, 14))
    >>> _place_of("2026-11-04 14:00", shown), _place_of("2026-11-05 14:00", shown), _place_of("noon", shown)
    (1, None, None)
    """
    try:
        moment = datetime.fromisoformat(asked.strip())
    except ValueError:
        return None
    return moments.index(moment) if moment in moments else None


def _hour_in_address(moment: datetime) -> str:
    """An hour as the URL says it.

    Examples
    --------
    >>> _hour_in_address(datetime(2026, 11, 4, 15))
    '2026-11-04 15:00'
    """
    return moment.isoformat(sep=" ", timespec="minutes")


def _keep_hour(answer: Answer, hour: int) -> None:
    """Write the hour at which the map stands into the URL; and say where a link asked for another one, until it moves.

    The hour that is shown first stays out of the URL, as the first choice of every control does.
    """
    moment, first = answer.moments[hour], answer.moments[hour_told(answer)]
    said = _hour_in_address(moment)
    if moment == first:
        controls.leave(HOUR)
    elif controls.in_address(HOUR) != said:
        controls.put_in_address(HOUR, said)
    controls.keep_aside(_HOUR_LEFT, said)
    asked, instead, question = controls.kept_aside(_HOUR_MISSED) or (None, None, None)
    if instead == moment and question == _question(answer):
        words = f"There is no hour “{asked}” here. Shown instead: {figures.hour_words(moment)}."
        st.info(plain(words), icon=":material/info:")
    elif instead is not None:
        controls.keep_aside(_HOUR_MISSED, None)


def _move_rings(at: str) -> None:
    controls.pick("place", at)
    # The button stands in a fragment, and what it changes stands outside. It is gone when the fragment runs again, for
    # a click on the map is told once: the whole page is asked for here, before that.
    st.rerun()


def _figures(answer: Answer, zone: Zone, hour: int) -> None:
    told = figures.told(zone, hour)
    st.markdown(f"**{plain(zone.name)}, {figures.hour_words(answer.moments[hour])}**")
    with st.container(key="metrics"):
        one, other = st.columns(2)
        one.metric("People present", told.people)
        other.metric("Usual", told.usual)
        one.metric("Difference", told.excess)
        other.metric("Change", told.change.split(" (")[0])
    if told.between:
        st.markdown(f":small[{plain(told.between)} Change {plain(told.change)}. {plain(_first_large(told.unusual))}.]")
    said = cautions_told(answer, zone)
    for caution in said:
        if caution.code == NO_CELLS:
            st.info(plain(caution.sentence), icon=":material/water:")  # The sea is no fault of the figures.
    warned = [plain(caution.sentence) for caution in said if caution.code != NO_CELLS]
    if warned:
        st.warning("\n\n".join(warned), icon=":material/warning:")


def _first_large(words: str) -> str:
    return words[:1].upper() + words[1:]


def _exposure(answer: Answer, zone: Zone) -> None:
    peak, total = zone.peak, zone.total
    if peak is not None:
        most, low, high = (number(each, peak.error) for each in (peak.people, peak.low, peak.high))
        at = figures.hour_words(answer.moments[peak.hour])
        st.markdown(plain(f"Most at once during the incident {most} ({low} to {high}), {at}."))
    if total.hours:
        st.markdown(
            plain(
                f"Over the incident {figures.signed(total.person_hours, total.error)} people-hours "
                f"({figures.limits(total.low, total.high, total.error)})."
            )
        )
    st.markdown(
        f"Usually by day {plain(figures.exposed(zone.day))}; by night {plain(figures.exposed(zone.night))} people."
    )


@dataclass(frozen=True, slots=True)
class _Picture:
    """The map of an answer, as it is drawn and taken away."""

    release: Release
    chosen: Chosen
    answer: Answer
    palette: Palette
    zone: Zone
    start: int

    @property
    def differs(self) -> bool:
        return self.chosen.shown == "people"

    @property
    def scale(self) -> Scale:
        if self.differs:
            return scales.differences("People more or fewer than usual", self.answer.cells.excess, self.palette)
        colours = (self.palette.ratios[1], self.palette.ratios[3], self.palette.ratios[5])
        return scales.kinds("People against usual", figures.CLASSES, colours, self.palette)

    @property
    def layer(self) -> maps.PlayedCells:
        answer, found = self.answer, self.answer.cells
        known = answer.classes != incident.UNKNOWN
        places = _places(
            self.release.manifest.sha256, answer.place.cells.tobytes(), _release=self.release, _answer=answer
        )
        base = maps.PlayedCells(
            h3=answer.place.cells,
            values=np.where(known, answer.classes + 2.0, np.nan),
            covered=answer.covered,
            places=places,
            unit="people",
            kinds=figures.CLASSES,
        )
        if not self.differs:
            return base
        return replace(
            base,
            kinds=(),
            values=np.where(known, found.usual, np.nan),
            others=np.where(known, found.people, np.nan),
            others_covered=answer.covered,
            errors=np.where(known, found.error, np.nan),
            other_errors=np.zeros(found.error.shape),
        )

    @property
    def ground(self) -> maps.Ground:
        seen = self.answer.place.seen
        whole = self.release.areas[self.release.default_area]
        view = self.answer.place.view
        base = reading.ground(self.release, whole, maps.Looked(seen, view.zoom))
        shapes = gpd.GeoSeries(list(self.answer.place.zones.shapes), crs="EPSG:4326")
        return replace(base, chosen=outlines.geojson(shapes, view))

    @property
    def steps(self) -> maps.Steps:
        answer, zone = self.answer, self.zone
        named = f"{zone.name}: " if len(answer.zones) > 1 else ""
        words = tuple(
            f"{named}{told.people} people{f', {told.excess}' if told.excess != NOT_KNOWN else ''}"
            for told in (figures.told(zone, at) for at in range(len(answer.moments)))
        )
        return maps.Steps(
            tuple(f"{moment:%a} {moment.day}, {moment:%H}:00" for moment in answer.moments),
            self.start,
            words,
            zone.difference.people,
            incident_charts.usual_error(zone),
        )

    def draw(self) -> maps.Seen:
        """Draw the map, and say what the visitor did with it."""
        return maps.draw(
            MAP,
            {"cells": self.layer},
            self.scale,
            ground=self.ground,
            bounds=self.answer.place.view,
            palette=self.palette,
            steps=self.steps,
            alt=f"{figures.alternative(self.answer)} {maps.SAID_ELSEWHERE}",
            compare="difference" if self.differs else "none",
            difference_scale=self.scale if self.differs else None,
            tells_ground=True,
        )

    def taken(self, hour: int) -> Pictured:
        """The map as a picture to take away."""
        answer, manifest = self.answer, self.release.manifest
        whole = self.release.areas[self.release.default_area]
        under = reading.outlines_under(self.release, whole)
        shapes = gpd.GeoSeries(list(answer.place.zones.shapes), crs="EPSG:4326")
        return Pictured(
            name=f"incident-{answer.asked.start:%Y-%m-%d-%H}",
            title=f"People against usual {self.chosen.where}",
            subtitle=figures.hour_words(answer.moments[hour]),
            notes=(figures.caption(answer, hour, manifest.time_zone, manifest.disclosure_rule),),
            layers={"cells": self.layer},
            scale=self.scale,
            step=hour,
            bounds=answer.place.view,
            outlines=lambda: replace(under, chosen=shapes),
            palette=self.palette,
            names=self.ground.names,
            compare="difference" if self.differs else "none",
        )


def _offer(release: Release, chosen: Chosen, found: Found, picture: _Picture, hour: int) -> pinning.Offer:
    """The view as it is pinned."""
    manifest = release.manifest
    inputs = pinned_incident.inputs_of(chosen.origin, chosen.asked, chosen.rate)
    return pinning.Offer(
        page="incident",
        address=chosen.address,
        # Zones that were uploaded are known here and nowhere else.
        stated=partial(pinned_incident.told, inputs, found.answer, chosen.where),
        caption=figures.caption(found.answer, hour, manifest.time_zone, manifest.disclosure_rule),
        tables=tables(chosen, found),
        runs=found.runs,
        methods=METHODS,
        pictured=partial(picture.taken, hour),
    )


@st.cache_resource(max_entries=6, show_spinner=False)
def _places(made: str, cells: bytes, *, _release: Release, _answer: Answer) -> tuple[str, ...]:  # noqa: ARG001
    return _release.places(_answer.place.cells, list(_answer.place.areas))


def tables(chosen: Chosen, found: Found) -> Sequence[Taken]:
    """What can be taken away: zones and cells, hour by hour.

    Parameters
    ----------
    chosen : Chosen
        What was chosen.
    found : Found
        What was found.
    """
    answer = found.answer
    stem = _stem(answer)
    return (
        Taken(
            f"zones-{stem}",
            f"Zones {chosen.where}, hour by hour: people, usual, difference with its interval, z, what is withheld.",
            partial(incident_tables.zones_by_hour, answer),
            incident_tables.ZONE_COLUMNS,
            of_cells=False,
        ),
        Taken(
            f"cells-{stem}",
            "Cells on the map, hour by hour: people, usual, difference, z, and whether more or fewer than usual.",
            partial(incident_tables.cells_by_hour, answer),
            incident_tables.CELL_COLUMNS,
        ),
    )


def _stem(answer: Answer) -> str:
    return f"incident-{answer.asked.start:%Y-%m-%d-%H}"


def _hand_over(release: Release, chosen: Chosen, found: Found, picture: _Picture) -> None:
    """One page to print or send, and the zones and cells for a GIS; made when somebody asks for them."""
    answer, manifest = found.answer, release.manifest
    link = controls.address_of(manifest.release_id, chosen.address)
    stem = f"{'synthetic-' if manifest.synthetic else ''}{_stem(answer)}"
    facts = {**evidence.facts(release, "Incident hand-over"), "steward_only": manifest.steward_only}

    def sheet() -> bytes:
        return incident_handover.handover_html(
            answer,
            title=f"Incident {chosen.where}",
            where="",
            release_facts=facts,
            map_png=None,
            link=link,
            now=datetime.now(UTC),
            movement=_moved(release, answer),
            ground=reading.outlines_under(release, release.areas[release.default_area]),
            names=picture.ground.names,
        )

    def package() -> bytes:
        return incident_geopackage.geopackage(answer, facts, link=link, method=incident_handover.method(answer))

    with st.popover("Hand over", icon=":material/assignment:", key="hand-over"):
        st.markdown("One page with map, timeline, zones, cautions, method and link: print it, or save it as PDF.")
        evidence.download("One page (HTML, prints as PDF)", f"{stem}.html", "text/html", sheet)
        st.markdown("Zones and cells with their figures, for a GIS.")
        evidence.download("GeoPackage", f"{stem}.gpkg", incident_geopackage.MEDIA_TYPE, package)


def _moved(release: Release, answer: Answer) -> list[tuple[str, str]]:
    """The trips that differ from usual, in words, for the page that is handed over; and where none does, that."""
    found, _ = movement.went(release, answer)
    if found is None:
        return []
    told = [
        (f"Trips to {each.name}", f"{figures.signed(each.excess, each.error)} against usual")
        for each in found.differing[:MOST_MOVED]
    ]
    return [(f"{found.verdict} {found.said}", ""), *told]
