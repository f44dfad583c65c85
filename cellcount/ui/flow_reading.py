"""From what the store answers about trips to the arrays that the flows page works with."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st
from numpy.typing import NDArray

from cellcount.methods.flows import WithheldFigure, withheld_figure
from cellcount.methods.precision import variance_over_mean
from cellcount.ui import reading
from cellcount.ui.flow_figures import (
    DAY_PART_WORDS,
    Chosen,
    FlowsShown,
    Pairs,
    Places,
    Visitors,
    utc_day,
    zones_of,
)
from cellcount.ui.presence import Floats, hour_block
from cellcount.ui.reading import Release, Run
from cellcount.ui.view import Area

PART = "midday"
"""The part of the day whose shares stand for all: operators' shares of people are the same in every part."""


def dates_of(release: Release) -> tuple[date, ...]:
    """UTC days of which the release has trips, in order."""
    return tuple(sorted({each["date"] for each in release.opened.partitions("flows_day")}))


def months_of(release: Release) -> tuple[str, ...]:
    """Calendar months of which the release has trips, the latest first."""
    return tuple(sorted({str(each["month"]) for each in release.opened.partitions("flows_month")}, reverse=True))


def dates_with_homes(release: Release) -> tuple[date, ...]:
    """UTC days of which the release says where people live, in order."""
    return tuple(sorted({each["date"] for each in release.opened.partitions("home_presence")}))


def places_of(release: Release) -> Places:
    """The areas of the release, and where they are."""
    return _places(release.manifest.sha256, _release=release)


def flows_of(release: Release, chosen: Chosen, when: date | str) -> tuple[FlowsShown, list[Run]]:
    """The flows of a choice.

    Parameters
    ----------
    release : Release
        The release.
    chosen : Chosen
        What was chosen.
    when : date or str
        UTC day, or calendar month.

    Returns
    -------
    FlowsShown
    list of Run
        The queries that were run for it.
    """
    made = release.manifest.sha256
    pairs, runs = _pairs(made, when, chosen.purpose, _release=release)
    return _shown(made, chosen, when, _places=places_of(release), _found=pairs), runs


def visitors_of(
    release: Release, area: Area, on: date, part: str, *, most: int, words: str
) -> tuple[Visitors, list[Run]]:
    """Where the people present in an area in a part of a day live.

    Parameters
    ----------
    release : Release
        A release with the table `home_presence`.
    area : Area
        The area.
    on : date
        UTC day.
    part : str
        Part of the UTC day.
    most : int
        Homes that are drawn at most.
    words : str
        The day in words.

    Returns
    -------
    Visitors
    list of Run
        The queries that were run for it.
    """
    places = places_of(release)
    answer = release.run("present_by_home", area=area.code, date=on, day_part=part)
    homes = answer.table.column("home_area_code").to_pylist()
    known = [at for at, code in enumerate(homes) if code in places.names]
    table = answer.table.take(pa.array(known, pa.int64()))
    codes = tuple(homes[at] for at in known)
    coverage, share_cv, each, runs = _precision(release, codes)
    people, errors = _floats(table, "people"), _floats(table, "se")
    found = Visitors(
        area=area,
        places=places,
        homes=codes,
        people=people,
        errors=errors,
        coverage=coverage,
        share_cv=share_cv,
        variance_over_mean=variance_over_mean(people, errors, coverage, share_cv),
        each=each,
        when=f"{words}, {DAY_PART_WORDS[part].split(', ')[1]}",
        most=most,
    )
    return found, [reading.ran(answer), *runs]


@st.cache_resource(max_entries=8, show_spinner=False)
def _places(made: str, *, _release: Release) -> Places:  # noqa: ARG001 - of the same release
    rows = _release.run("areas").table.to_pylist()
    smallest = tuple(area.code for area in _release.smallest)
    km2 = {row["area_code"]: row["area_km2"] for row in rows}
    return Places(
        smallest=smallest,
        names={row["area_code"]: row["area_name"] for row in rows},
        parents={row["area_code"]: row["parent_code"] for row in rows},
        lon={row["area_code"]: row["centre_lon"] for row in rows},
        lat={row["area_code"]: row["centre_lat"] for row in rows},
        km2=np.array([km2[code] or np.nan for code in smallest], dtype=np.float64),
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _pairs(made: str, when: date | str, purpose: str, *, _release: Release) -> tuple[Pairs, list[Run]]:
    places = _places(made, _release=_release)
    if isinstance(when, date):
        answer = _release.run("flows_of_day", date=when, purpose=purpose)
        slots, days = utc_day(when, _release.manifest.time_zone), 1
    else:
        answer = _release.run("flows_of_month", month=when, purpose=purpose)
        slots, days = (), int(pc.max(answer.table.column("days")).as_py() or 1)
    codes = pa.array(places.smallest)
    ends = [pc.index_in(answer.table.column(end), codes) for end in ("origin_code", "destination_code")]
    # Ends that are none of the smallest areas have no place on the map.
    known = pc.and_(*(pc.is_valid(end) for end in ends))
    table = answer.table
    if not pc.all(known).as_py():
        table, ends = table.filter(known), [end.filter(known) for end in ends]
    origin, destination = (end.to_numpy().astype(np.int64) for end in ends)
    trips = _floats(table, "trips")
    told = np.divide(_floats(table, "km_total"), trips, out=np.full(len(trips), np.nan), where=trips > 0)
    coverage, share_cv, each, runs = _precision(_release, places.smallest)
    pairs = Pairs(
        origin=origin,
        destination=destination,
        hours=hour_block(table, "h") if slots else None,
        trips=trips,
        km=np.where(np.isnan(told), places.km[origin, destination], told),
        coverage=coverage[origin],
        share_cv=share_cv[origin],
        variance_over_mean=variance_over_mean(trips, _floats(table, "se"), coverage[origin], share_cv[origin]),
        slots=slots,
        days=days,
        each=each,
    )
    return pairs, [reading.ran(answer), *runs]


@st.cache_resource(max_entries=24, show_spinner=False)
def _shown(made: str, chosen: Chosen, when: date | str, *, _places: Places, _found: Pairs) -> FlowsShown:  # noqa: ARG001
    return FlowsShown(chosen, _places, _found, zones_of(chosen, _places))


def _precision(release: Release, codes: tuple[str, ...]) -> tuple[Floats, Floats, WithheldFigure | None, list[Run]]:
    """Share observed and its coefficient of variation of some areas; and what a withheld figure is expected to be."""
    unknown = np.full(len(codes), np.nan)
    threshold = release.manifest.threshold
    if not release.has("precision"):
        each = withheld_figure(threshold, 1.0) if threshold else None
        return unknown, unknown, each, []
    root = release.areas[release.default_area].code
    known, run = reading.precision_of(release, root)
    found = known.at([*codes, root], [PART])
    coverage, share_cv = (_column(each) for each in (found.coverage_p, found.share_cv))
    of_all = float(coverage[-1]) if np.isfinite(coverage[-1]) else 1.0
    each = withheld_figure(threshold, of_all) if threshold else None
    return coverage[:-1], share_cv[:-1], each, [run]


def _column(parameters: object) -> Floats:
    return np.asarray(parameters, dtype=np.float64)[:, 0]


def _floats(table: pa.Table, column: str) -> NDArray[np.float64]:
    return np.asarray(table.column(column).cast(pa.float64()).to_numpy(), dtype=np.float64)
