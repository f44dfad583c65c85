"""From what the store answers to what the pages show: areas, days, cells, totals and the base map."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
import streamlit as st
from numpy.typing import NDArray

from cellcount import geography, store
from cellcount.errors import CellCountError
from cellcount.standard import MANIFEST_NAME
from cellcount.ui import certainty
from cellcount.ui import ground as outlines
from cellcount.ui.ground import Bounds
from cellcount.ui.hour import DensityDay
from cellcount.ui.maps import Ground, Looked
from cellcount.ui.presence import AreaDay, CellDay, CellFacts, Floats, areas_over, cells_over
from cellcount.ui.times import MIDDAY, Slot, nearest
from cellcount.ui.view import Area, Day, Days, Measure, View
from cellcount.ui.words import position

MOST_CELLS = 20_000
"""So many cells are drawn at once; an area that has more is drawn in coarser ones."""
LEAST_SHARE = 0.8
"""A resolution is only used where its cells cover this share of an area; the rest is what borders cost."""
SETTLEMENTS = ("city", "town", "village")
SECONDS_BETWEEN_LOOKS = 30
"""How soon a release that was damaged or mended in place is noticed; a new one is noticed at once."""
VARIABLES = (store.RELEASE_VARIABLE, store.RELEASES_VARIABLE)
KM_OF_DEGREE = 111.2
COARSEST, FINEST = 2, 7
"""Resolutions of the cells that a view is covered with."""
ROOM_AROUND = 0.25
"""Of its width and height, how much more than a view is read on each side."""
CELLS_AROUND = 7
"""Rings of cells that are seen around a selected one."""
BRITISH_ISLES = Bounds(-11.0, 49.5, 2.2, 61.2)
"""Where the fine outline of land is the better base map; elsewhere the world's is."""


@dataclass(frozen=True, slots=True)
class Run:
    """A query as it was run for a page.

    Attributes
    ----------
    name, about : str
        Its file and its first sentence.
    sql : str
        The statement.
    parameters : dict
        What was bound.
    rows : int
        Of the answer.
    seconds : float
        That it took when it was first run.
    """

    name: str
    about: str
    sql: str
    parameters: dict[str, Any]
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class CellFigure:
    """A figure of one cell, with where it is.

    Attributes
    ----------
    people, error : float
        People and their standard error; the error is None where the release does not tell.
    km2 : float
        Area of the cell.
    resolution : int
        Its H3 resolution.
    place : str
        Where it is, in words.
    area : str or None
        Code of the smallest area that it lies in; None where not known.
    """

    people: float
    error: float | None
    km2: float
    resolution: int
    place: str
    area: str | None


@dataclass(frozen=True, slots=True)
class History:
    """Areas over all dates of a release.

    Attributes
    ----------
    people, errors : array of float, shape (areas, dates, 24)
        People present by local hour, and their standard errors; NaN where withheld, not covered or not known.
    """

    people: Floats
    errors: Floats


class Release:
    """The release that is served, as pages see it.

    Parameters
    ----------
    opened : store.Release
        The open release.
    """

    def __init__(self, opened: store.Release) -> None:
        self.opened = opened

    @property
    def manifest(self) -> store.Manifest:
        """What the release says of itself."""
        return self.opened.manifest

    @property
    def short_title(self) -> str:
        """Its title, cut to what a badge holds."""
        title = self.manifest.title
        return title if len(title) <= 36 else f"{title[:35].rstrip()}…"

    def manifest_json(self) -> bytes:
        """The manifest as it was written."""
        return (self.opened.folder / MANIFEST_NAME).read_bytes()

    def has(self, table: str) -> bool:
        """Whether the release has a table."""
        return self.opened.has(table)

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        return self.manifest.tables.get(table, 0)

    def run(self, name: str, **parameters: object) -> store.Answer:
        """Run a query of `queries/` on the release."""
        return self.opened.run(name, **parameters)

    @cached_property
    def areas(self) -> dict[str, Area]:
        """Its areas by label: the largest kind first, then by name."""
        labels = self.manifest.area_types
        rows = self.run("areas").table.to_pylist()
        order = {kind: place for place, kind in enumerate(reversed(labels))}
        rows.sort(key=lambda row: (order.get(row["area_type"], len(order)), row["area_name"]))
        found: dict[str, Area] = {}
        for row in rows:
            kind = labels.get(row["area_type"], row["area_type"])
            label = row["area_name"] if row["parent_code"] is None else f"{row['area_name']} ({kind.lower()})"
            if label in found:
                label = f"{row['area_name']} ({kind.lower()} {row['area_code']})"
            found[label] = Area(
                row["area_code"],
                row["area_name"],
                row["area_type"],
                label,
                row["parent_code"],
                row["residents"],
                row["area_km2"],
            )
        return found

    @cached_property
    def default_area(self) -> str:
        """Label of the area that is shown first."""
        wanted = self.manifest.default_area
        return next((label for label, area in self.areas.items() if area.code == wanted), next(iter(self.areas)))

    @cached_property
    def smallest(self) -> tuple[Area, ...]:
        """Areas that contain no other."""
        parents = {area.parent for area in self.areas.values()}
        return tuple(area for area in self.areas.values() if area.code not in parents)

    def within(self, code: str) -> tuple[Area, ...]:
        """The smallest areas inside an area; empty where it is one of them."""
        parents = {area.code: area.parent for area in self.areas.values()}

        def inside(area: Area) -> bool:
            at: str | None = area.parent
            while at is not None and at != code:
                at = parents.get(at)
            return at == code

        return tuple(area for area in self.smallest if inside(area))

    def name_of(self, code: str) -> str:
        """Name of an area; its code where the release does not name it."""
        return self._names.get(code, code)

    @cached_property
    def _names(self) -> dict[str, str]:
        return {area.code: area.name for area in self.areas.values()}

    @cached_property
    def outlines(self) -> gpd.GeoSeries:
        """Outlines of the areas that have one, by code."""
        kinds = {area.kind for area in self.areas.values()}
        found = pa.concat_tables([self.run("area_outlines", area_type=kind).table for kind in sorted(kinds)])
        shapes = shapely.from_wkb(found.column("geometry").to_pylist())
        return gpd.GeoSeries(shapes, index=found.column("area_code").to_pylist(), crs="EPSG:4326")

    @cached_property
    def days(self) -> Days:
        """The days that it can show."""
        manifest = self.manifest
        covered = frozenset(each["date"] for each in self.opened.partitions("present"))
        typical = self.opened.partitions("typical_day")
        periods = {str(each["period"]) for each in typical}
        types = {str(each["day_type"]) for each in typical}
        return Days(
            zone=manifest.time_zone,
            covered=covered,
            periods={key: label for key, label in manifest.periods.items() if key in periods},
            day_types={key: label for key, label in manifest.day_types.items() if key in types},
            slots=_slots(manifest.slots),
        )

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """The measures that it can serve: per resident where residents are known, precision where it is."""
        residents = any(area.residents for area in self.areas.values())
        more: tuple[tuple[bool, Measure], ...] = ((residents, "per_resident"), (self.has("precision"), "precision"))
        return ("people", "per_km2", *(measure for there, measure in more if there))

    def resolutions(self, day: Day) -> list[int]:
        """Resolutions that have figures for a day, coarsest first."""
        if day.on is None:
            found = [
                each
                for each in self.opened.partitions("typical_day")
                if (each["period"], each["day_type"]) == (day.period, day.day_type)
            ]
        else:
            wanted = {slot.on for slot in day.slots}
            found = [each for each in self.opened.partitions("present") if each["date"] in wanted]
        return sorted({int(each["resolution"]) for each in found})

    @cached_property
    def _settlements(self) -> tuple[list[str], NDArray[np.float64]]:
        """Names of cities, towns and villages, and where they are on the unit sphere."""
        if not self.has("places"):
            return [], np.empty((0, 3))
        places = self.run("places", kinds=list(SETTLEMENTS)).table
        return places.column("place_name").to_pylist(), _on_sphere(
            places.column("lat").to_numpy(), places.column("lon").to_numpy()
        )

    def place_of(self, cell: int) -> str:
        """Where one cell is, in words; it need not be one of the release's."""
        known = self.run("cell", h3=cell).table.to_pylist()
        return self.places(np.array([cell], dtype=np.int64), [known[0]["area_code"] if known else None])[0]

    def places(self, cells: NDArray[np.int64], codes: Sequence[str | None]) -> tuple[str, ...]:
        """Where cells are, in words: the nearest settlement and the area.

        Parameters
        ----------
        cells : array of int64
            Cells.
        codes : sequence of str or None
            Area of each.
        """
        areas = ["" if code is None else self.name_of(code) for code in codes]
        names, where = self._settlements
        if not len(cells):
            return ()
        centres = np.array([h3.cell_to_latlng(f"{cell:x}") for cell in cells.tolist()])
        if not names:
            return tuple(
                ", ".join(part for part in (area, position(*at)) if part)
                for area, at in zip(areas, centres.tolist(), strict=True)
            )
        from scipy.spatial import KDTree  # noqa: PLC0415 - only releases with places need it

        _, nearest = KDTree(where).query(_on_sphere(centres[:, 0], centres[:, 1]))
        return tuple(
            f"near {names[at]}" if area in ("", names[at]) else f"near {names[at]}, {area}"
            for at, area in zip(nearest.tolist(), areas, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """The release that is served, and those that can be.

    Attributes
    ----------
    release : Release
        The one that is served.
    titles : dict of str to str
        Title by id, of all that can be.
    default : str
        Id of the one that is served when nobody asks for another.
    notice : str
        What must be said where it is not the one that was configured; else empty.
    """

    release: Release
    titles: dict[str, str]
    default: str
    notice: str


Settle = Callable[[Mapping[str, str], str, Mapping[str, str]], str]


def choose_release(settle: Settle) -> Choice:
    """Open the release that the visitor asks for, else the one that is configured, else one that can be read.

    Parameters
    ----------
    settle : callable
        Gives the id to serve from titles by id, the default's id, and faults by id of what cannot be opened.

    Raises
    ------
    CellCountError
        Where no release can be served; the message names the file and the remedy.
    """
    listed, default = _look(_stamps(store.default_folder()), *(os.environ.get(each) for each in VARIABLES))
    if isinstance(default, CellCountError):
        raise default
    whole = {each.id: each for each in (*listed, default.found) if not each.fault}
    titles = {key: each.title for key, each in whole.items()}
    # A fault that the notice tells already is not told a second time.
    faults = {
        each.id: f"Release {each.id} cannot be opened." if each.fault in default.said else each.fault
        for each in listed
        if each.fault
    }
    chosen = whole[settle(titles, default.found.id, faults)]
    stamp = (chosen.folder / MANIFEST_NAME).stat().st_mtime_ns
    notice = default.said if chosen.id == default.found.id else ""
    return Choice(_open(str(chosen.folder), stamp), titles, default.found.id, notice)


def releases_here() -> frozenset[str]:
    """Ids of the releases that can be opened here now."""
    listed, default = _look(_stamps(store.default_folder()), *(os.environ.get(each) for each in VARIABLES))
    there = [*listed] if isinstance(default, CellCountError) else [*listed, default.found]
    return frozenset(each.id for each in there if not each.fault)


def _stamps(folder: Path) -> tuple[tuple[str, int], ...]:
    """What changes when a release is added, removed or replaced: cheaper to look at than the manifests."""
    manifests = sorted(folder.glob(f"[!.]*/{MANIFEST_NAME}"))
    return tuple((each.parent.name, each.stat().st_mtime_ns) for each in manifests)


@st.cache_data(max_entries=8, ttl=SECONDS_BETWEEN_LOOKS, show_spinner=False)
def _look(
    stamps: tuple[tuple[str, int], ...],  # noqa: ARG001 - what follows is kept for as long as these are the same
    release: str | None,  # noqa: ARG001
    releases: str | None,  # noqa: ARG001
) -> tuple[list[store.Found], store.Default | CellCountError]:
    """The releases that are here and the default; the error where there is none."""
    listed = store.list_releases(store.default_folder())
    try:
        return listed, store.default_release()
    except CellCountError as error:
        return listed, error


@st.cache_resource(max_entries=8, show_spinner=False)
def _open(folder: str, stamp: int) -> Release:  # noqa: ARG001 - kept until it is replaced
    return Release(store.open_release(Path(folder)))


@dataclass(frozen=True, slots=True)
class Covering:
    """Coarse cells that cover a view: what lies in the view is a child of one of them.

    Attributes
    ----------
    cells : tuple of int
        Their indexes, ascending.
    resolution : int
        Their resolution.
    bounds : Bounds
        The view.
    """

    cells: tuple[int, ...]
    resolution: int
    bounds: Bounds


def covering(view: Bounds, finest: int = FINEST) -> Covering:
    """Cover a view with coarse cells, some dozens of them.

    Parameters
    ----------
    view : Bounds
        The view.
    finest : int
        The finest resolution that the coarse cells may have: none of those that are read is coarser.

    Examples
    --------
    >>> london = covering(Bounds(-0.5, 51.3, 0.3, 51.7))
    >>> london.resolution, int(h3.latlng_to_cell(51.5, -0.1, 6), 16) in london.cells
    (6, True)
    """
    shape = h3.LatLngPoly(
        [(view.south, view.west), (view.south, view.east), (view.north, view.east), (view.north, view.west)]
    )
    # A side of the view is some eight cells long.
    side = max(view.north - view.south, (view.east - view.west) / 2) * KM_OF_DEGREE / 8
    fitting = [
        at
        for at in range(COARSEST, min(finest, FINEST) + 1)
        if h3.average_hexagon_edge_length(at, unit="km") * 1.7 >= side
    ]
    resolution = max(fitting, default=COARSEST)
    found = h3.h3shape_to_cells_experimental(shape, resolution, contain="overlap")
    return Covering(tuple(sorted(int(each, 16) for each in found)), resolution, view)


def density_day(release: Release, view: View, seen: Looked | None = None) -> tuple[DensityDay, list[Run]]:
    """Everything of an area and a day that the density page's hour chooses from.

    Parameters
    ----------
    release : Release
        The release.
    view : View
        What was chosen.
    seen : Looked, optional
        Where the visitor looks, if that is not the area as a whole: cells are as fine as the view can hold.

    Returns
    -------
    DensityDay
    list of Run
        The queries that were run for it.
    """
    return _density_day(release.manifest.sha256, view, seen, _release=release)


@st.cache_resource(max_entries=6, show_spinner=False)
def _density_day(
    made: str,  # noqa: ARG001 - what is kept is of the same release
    view: View,
    seen: Looked | None,
    *,
    _release: Release,
) -> tuple[DensityDay, list[Run]]:
    area, day = view.area, view.day
    resolution, counts = resolution_for(_release, area, _release.resolutions(day))
    finest = max(_release.resolutions(day), default=resolution)
    around: Covering | None = None
    if seen is not None and resolution < finest:
        around = covering(grown(seen.bounds), resolution)
        resolution = resolution_in_view(_release, area, _release.resolutions(day), around, resolution)
    facts, asked = _facts(_release.manifest.sha256, area.code, resolution, around, _release=_release)
    cells, read = _cells(_release, area, day, resolution, around)
    areas, totals = area_day(_release, day)
    errors, known = _errors(_release, view, facts, cells)
    found = DensityDay(
        view=view,
        resolution=resolution,
        facts=facts,
        cells=cells,
        errors=errors,
        areas=areas,
        within=_release.within(area.code),
        zone=_release.manifest.time_zone,
        level=outlines.Level(
            loaded=around.bounds if around else bounds(_release, area),
            whole=around is None,
            finer=resolution < finest,
            zoom=seen.zoom if seen and around else None,
        ),
    )
    return found, [*read, *totals, *known, counts, asked]


def day_around_cell(release: Release, view: View, cell: int) -> DensityDay:
    """A day of the cells around one, at its own resolution, whatever the map would draw of the area.

    Parameters
    ----------
    release : Release
        The release.
    view : View
        Area and day; the day has no window.
    cell : int
        The cell.
    """
    resolution = h3.get_resolution(f"{cell:x}")
    around = covering(bounds(release, view.area, cell), resolution)
    facts, _ = facts_of(release, view.area, resolution, around)
    cells, _ = _cells(release, view.area, view.day, resolution, around)
    errors, _ = _errors(release, view, facts, cells)
    nothing = np.empty((0, len(view.day.slots)))
    none = AreaDay((), nothing, nothing)
    return DensityDay(view, resolution, facts, cells, errors, none, (), release.manifest.time_zone)


def grown(view: Bounds) -> Bounds:
    """A view with some room around it, so that a small move asks for nothing."""
    across, up = (view.east - view.west) * ROOM_AROUND, (view.north - view.south) * ROOM_AROUND
    return Bounds(view.west - across, view.south - up, view.east + across, view.north + up)


def resolution_in_view(
    release: Release, area: Area, resolutions: Sequence[int], around: Covering, coarsest: int
) -> int:
    """The finest resolution that covers a view in no more cells than can be drawn; else that of the area as a whole."""

    def cells_at(resolution: int) -> pa.Table:
        return release.run("cells_in_view", **_asked(area, resolution, around)).table

    whole = pc.sum(cells_at(coarsest).column("area_km2")).as_py() or 0.0
    for resolution in sorted(resolutions, reverse=True):
        # Some of the children may be sea; of eight times as many as can be drawn, too many are land.
        if resolution <= coarsest or len(around.cells) * 7 ** (resolution - around.resolution) > 8 * MOST_CELLS:
            continue
        found = cells_at(resolution)
        covers = pc.sum(found.column("area_km2")).as_py() or 0.0
        if found.num_rows <= MOST_CELLS and covers >= LEAST_SHARE * whole:
            return resolution
    return coarsest


def _asked(area: Area, resolution: int, around: Covering | None) -> dict[str, object]:
    asked: dict[str, object] = {"area": area.code, "resolution": resolution}
    if around is not None:
        asked |= {"parents": list(around.cells), "parent_resolution": around.resolution}
    return asked


def area_day(release: Release, day: Day) -> tuple[AreaDay, list[Run]]:
    """All areas of a release over a day.

    Parameters
    ----------
    release : Release
        The release.
    day : Day
        The day.
    """
    root = release.areas[release.default_area].code
    if day.on is None:
        if not release.has("typical_area"):
            return areas_over(day.slots, {}, "l"), []
        answer = release.run("typical_areas", area=root, period=day.period, day_type=day.day_type)
        return areas_over(day.slots, {None: answer.table}, "l"), [ran(answer)]
    if not release.has("area_hour"):
        return areas_over(day.slots, {}, "h"), []
    first, last = _span(day.slots)
    answer = release.run("area_hours", area=root, first=first, last=last)
    return areas_over(day.slots, _by_date(answer.table), "h"), [ran(answer)]


def area_history(release: Release, areas: Sequence[Area]) -> History:
    """Areas over every date of a release, by local hour.

    Parameters
    ----------
    release : Release
        A release with dates.
    areas : sequence of Area
        Areas.
    """
    days = release.days
    slots = [days.dated(on).slots for on in days.dates]
    people = np.full((len(areas), len(slots), 24), np.nan)
    errors = np.full((len(areas), len(slots), 24), np.nan)
    if not release.has("area_hour"):
        return History(people, errors)
    root = release.areas[release.default_area].code
    table = release.run("area_hours", area=root, first=min(days.covered), last=max(days.covered)).table
    by_date = _by_date(table)
    for on, steps in enumerate(slots):
        over = areas_over(steps, {each: by_date[each] for each in {step.on for step in steps} if each in by_date}, "h")
        rows = {code: row for row, code in enumerate(over.codes)}
        known = [at for at, area in enumerate(areas) if area.code in rows]
        found = [rows[areas[at].code] for at in known]
        for place, step in enumerate(steps):
            people[known, on, step.hours[0]] = over.people[found, place]
            errors[known, on, step.hours[0]] = over.errors[found, place]
    return History(people, errors)


def densest_cell(release: Release, day: Day, slot: Slot) -> CellFigure | None:
    """The cell with most people per km² in a slot of a day, at the finest resolution that the day has."""
    resolutions = release.resolutions(day)
    if not resolutions:
        return None
    root = release.areas[release.default_area].code
    asked: dict[str, object] = {"area": root, "resolution": resolutions[-1], "hour": slot.column, "most": 1}
    if day.on is None:
        answer = release.run("busiest_typical_cells", **asked, period=day.period, day_type=day.day_type)
    else:
        answer = release.run("busiest_cells", **asked, date=slot.on)
    row = next(iter(answer.table.to_pylist()), None)
    if row is None:
        return None
    found = _figure_of_cell(release, row["h3"], row["people"], None)
    if not release.has("precision"):
        return found
    error = certainty.errors_of_cells(
        precision_of(release, root)[0],
        [found.area],
        [part_of(release, slot)],
        np.array([[found.people]], dtype=np.float64),
        km2=np.array([found.km2]),
        days=np.array([row.get("dates_used", 1)]),
    )
    return replace(found, error=float(error[0, 0]) if np.isfinite(error[0, 0]) else None)


def precision_of(release: Release, code: str) -> tuple[certainty.Parameters, Run]:
    """What the precision of an area, and of every area inside it, is worked out from.

    Parameters
    ----------
    release : Release
        A release with the table `precision`.
    code : str
        Code of the area.
    """
    answer = release.run("precision_of_areas", area=code)
    return certainty.Parameters.of(answer.table), ran(answer)


CellsOfHour = tuple[Floats, Floats, NDArray[np.object_]]


def midday_cells(
    release: Release, resolutions: Sequence[int] | None = None
) -> tuple[str, dict[int, CellsOfHour]] | None:
    """Every cell's figure at midday of the date that is shown first, with its standard error and its area.

    Parameters
    ----------
    release : Release
        The release.
    resolutions : sequence of int, optional
        Of the cells; every one of that date if not given.

    Returns
    -------
    tuple or None
        The hour in words; by resolution, arrays of people, standard errors and area codes, one each a cell. None where
        the release has no dates or does not tell its precision.
    """
    on = release.days.first_shown
    if on is None or not release.has("precision"):
        return None
    day = release.days.dated(on)
    slot = nearest(day.slots, MIDDAY)
    root = release.areas[release.default_area].code
    known, _ = precision_of(release, root)
    if slot is None:
        return None
    found = {}
    for resolution in release.resolutions(day) if resolutions is None else resolutions:
        hour = release.run("present_hour", resolution=resolution, date=slot.on, hour=slot.column).table
        facts = release.run("cells_of_area", area=root, resolution=resolution).table
        cells = facts.column("h3").to_numpy()
        rows = np.searchsorted(cells, hour.column("h3").to_numpy())
        inside = rows < len(cells)
        inside[inside] = cells[rows[inside]] == hour.column("h3").to_numpy()[inside]
        rows, people = rows[inside], _floats(hour, "people")[inside]
        codes = facts.column("area_code").to_numpy(zero_copy_only=False)[rows]
        km2, parts = _floats(facts, "area_km2")[rows], [part_of(release, slot)]
        errors = certainty.errors_of_cells(known, codes.tolist(), parts, people.reshape(-1, 1), km2=km2)
        found[resolution] = people, errors[:, 0], codes
    return f"{day.words}, {slot.words}", found


def part_of(release: Release, slot: Slot) -> str:
    """The part of the UTC day that a step of a day of the release lies in."""
    manifest = release.manifest
    return certainty.part_of(slot, manifest.time_zone, certainty.middle(manifest.period_start, manifest.period_end))


def most_at_work(release: Release) -> CellFigure | None:
    """The cell where most people usually work."""
    rows = release.run("busiest_workplace").table.to_pylist()
    return _figure_of_cell(release, rows[0]["h3"], rows[0]["people"], rows[0]["se"]) if rows else None


def largest_flow(release: Release) -> dict[str, Any] | None:
    """The largest commuting flow between two different areas, in the month of which most days are covered."""
    return next(iter(release.run("largest_commuting_flow").table.to_pylist()), None)


def most_visits(release: Release) -> dict[str, Any] | None:
    """The country of residence with most visits to the whole of the release, in the latest month, with its name."""
    root = release.areas[release.default_area].code
    found = next(iter(release.run("most_visits", area=root).table.to_pylist()), None)
    if found is None:
        return None
    code = found["country_of_residence"]
    rows = release.run("countries").table.to_pylist() if release.has("countries") else []
    names = {row["country_code"]: row["country_name"] for row in rows}
    return {**found, "country_name": names.get(code, code)}


def bounds(release: Release, area: Area, cell: int | None = None) -> Bounds:
    """What the map shows at first: an area, or the surroundings of a cell of it.

    Parameters
    ----------
    release : Release
        The release.
    area : Area
        The area.
    cell : int, optional
        A cell that was selected.
    """
    if cell is not None:
        around = [h3.cell_to_latlng(each) for each in h3.grid_disk(f"{cell:x}", CELLS_AROUND)]
        return _around(np.array(around))
    view = release.manifest.map_view
    whole = outlines.seen_at(view.longitude, view.latitude, view.zoom)
    outline = release.outlines.get(area.code)
    if outline is None:
        return whole
    # Far islands stay out of a view of the whole, as its manifest has it.
    return outlines.common(Bounds(*outline.bounds), whole) if area.parent is None else Bounds(*outline.bounds)


def ground(release: Release, area: Area, seen: Looked | None = None) -> Ground:
    """The base map under an area, or under where the visitor looks: land, outlines, and names of places.

    Parameters
    ----------
    release : Release
        The release.
    area : Area
        The area.
    seen : Looked, optional
        Where the visitor looks, if that is not the area as a whole.
    """
    view = bounds(release, area) if seen is None else seen.bounds
    return _ground(release.manifest.sha256, area.code, view, _release=release, _area=area)


def outlines_under(release: Release, area: Area) -> outlines.Outlines:
    """What the base map under an area is made of, whole and fine."""
    view = bounds(release, area)
    shapes = release.outlines
    smallest = shapes[shapes.index.isin([each.code for each in release.smallest])]
    inside = (
        view.west > BRITISH_ISLES.west
        and view.east < BRITISH_ISLES.east
        and view.south > BRITISH_ISLES.south
        and view.north < BRITISH_ISLES.north
    )
    # Abroad the world's coast is rough, and the release's own areas are the better land.
    shores = _british_shores() if inside else pd.concat([geography.world_land().geometry, smallest])
    # The outline of the whole says nothing that the coast does not.
    chosen = shapes[(shapes.index == area.code) & (area.parent is not None)]
    return outlines.Outlines(shores, smallest, chosen)


@cache
def _british_shores() -> gpd.GeoSeries:
    world = geography.world_land()
    return pd.concat([geography.land().geometry, world[world["country_code"] != "GB"].geometry])


def ran(answer: store.Answer) -> Run:
    """An answer as evidence."""
    query = answer.query
    return Run(query.name, query.summary, query.sql, dict(answer.parameters), answer.table.num_rows, answer.seconds)


@st.cache_resource(max_entries=64, show_spinner=False)
def _ground(
    made: str,  # noqa: ARG001 - what is kept is of the same release
    code: str,  # noqa: ARG001
    view: Bounds,
    *,
    _release: Release,
    _area: Area,
) -> Ground:
    return _cut(_release, outlines_under(_release, _area), view)


def _cut(release: Release, under: outlines.Outlines, view: Bounds) -> Ground:
    """The base map of a view: cut, made light, and its places named."""
    names: tuple[outlines.Name, ...] = ()
    if release.has("places"):
        places = release.run("places", kinds=list(SETTLEMENTS)).table
        names = outlines.named(
            places.column("place_name").to_pylist(),
            _floats(places, "lon"),
            _floats(places, "lat"),
            _floats(places, "population"),
            view,
        )
    land, areas, chosen = (outlines.geojson(each, view) for each in (under.land, under.areas, under.chosen))
    return Ground(land, areas, chosen, names)


@st.cache_resource(max_entries=64, show_spinner=False)
def _facts(
    made: str,  # noqa: ARG001 - what is kept is of the same release
    code: str,
    resolution: int,
    around: Covering | None = None,
    *,
    _release: Release,
) -> tuple[CellFacts, Run]:
    if around is None:
        answer = _release.run("cells_of_area", area=code, resolution=resolution)
    else:
        answer = _release.run(
            "cells_in_view",
            area=code,
            resolution=resolution,
            parents=list(around.cells),
            parent_resolution=around.resolution,
        )
    table = answer.table
    cells = table.column("h3").to_numpy()
    codes = table.column("area_code").to_pylist()
    facts = CellFacts(
        h3=cells,
        km2=_floats(table, "area_km2"),
        residents=_floats(table, "residents"),
        places=_release.places(cells, codes if _release.within(code) else [None] * len(codes)),
        areas=tuple(codes),
    )
    return facts, ran(answer)


def lies_in(release: Release, cell: int, area: Area) -> bool:
    """Whether a cell of the release lies in an area."""
    known = release.run("cell", h3=cell).table.to_pylist()
    inside = {each.code for each in release.within(area.code)} or {area.code}
    return bool(known) and known[0]["area_code"] in inside


def facts_of(release: Release, area: Area, resolution: int, around: Covering | None = None) -> tuple[CellFacts, Run]:
    """What is known of every cell of an area at a resolution, or of those in a view, whatever the day."""
    return _facts(release.manifest.sha256, area.code, resolution, around, _release=release)


def resolution_for(release: Release, area: Area, resolutions: Sequence[int]) -> tuple[int, Run]:
    """The finest of some resolutions that covers an area in no more cells than can be drawn."""
    answer = release.run("cells_by_resolution", area=area.code)
    there = set(resolutions)
    found = [row for row in answer.table.to_pylist() if row["resolution"] in there]
    most = max((row["area_km2"] for row in found), default=0.0)
    whole = min(area.km2 or most, most)
    fitting = [
        row["resolution"] for row in found if row["cells"] <= MOST_CELLS and row["area_km2"] >= LEAST_SHARE * whole
    ]
    return max(fitting, default=min((row["resolution"] for row in found), default=min(there, default=7))), ran(answer)


def _cells(
    release: Release, area: Area, day: Day, resolution: int, around: Covering | None = None
) -> tuple[CellDay, list[Run]]:
    asked = _asked(area, resolution, around)
    if day.on is None:
        name = "typical_day_of_area" if around is None else "typical_day_in_view"
        answer = release.run(name, **asked, period=day.period, day_type=day.day_type)
        return cells_over(day.slots, {None: answer.table}, "l"), [ran(answer)]
    name = "present_day_of_area" if around is None else "present_day_in_view"
    dates = sorted({slot.on for slot in day.slots if slot.on is not None})
    answers = {on: release.run(name, **asked, date=on) for on in dates}
    tables: dict[date | None, pa.Table] = {on: answer.table for on, answer in answers.items()}
    return cells_over(day.slots, tables, "h"), [ran(answer) for answer in answers.values()]


def _errors(release: Release, view: View, facts: CellFacts, cells: CellDay) -> tuple[Floats, list[Run]]:
    """Standard errors of the figures of cells; NaN where the release does not tell."""
    if not release.has("precision"):
        return np.full(cells.people.shape, np.nan), []
    known, run = precision_of(release, view.area.code)
    rows = facts.rows_of(cells.h3)
    areas = [facts.areas[row] for row in rows.tolist()]
    parts = [part_of(release, slot) for slot in view.day.slots]
    return certainty.errors_of_cells(known, areas, parts, cells.people, km2=facts.km2[rows], days=cells.days), [run]


def _figure_of_cell(release: Release, cell: int, people: float, error: float | None) -> CellFigure:
    known = release.run("cell", h3=cell).table.to_pylist()
    code, km2 = (known[0]["area_code"], known[0]["area_km2"]) if known else (None, h3.cell_area(f"{cell:x}"))
    place = release.places(np.array([cell], dtype=np.int64), [code])[0]
    return CellFigure(people, error, km2, h3.get_resolution(f"{cell:x}"), place, code)


def _by_date(table: pa.Table) -> dict[date | None, pa.Table]:
    dates = table.column("date")
    return {on: table.filter(pc.equal(dates, on)) for on in pc.unique(dates).to_pylist()}


def _span(slots: Sequence[Slot]) -> tuple[date, date]:
    dates = [slot.on for slot in slots if slot.on is not None]
    return min(dates), max(dates)


def _slots(declared: Sequence[store.Slot]) -> tuple[Slot, ...]:
    """The hours, or parts of the day, of typical days, as the manifest has them.

    Examples
    --------
    >>> _slots([store.Slot("h08", "08:00 to 09:00", (8,))])[0].label
    '08:00'
    >>> _slots([store.Slot("day", "Day (11:00 to 15:00)", (11, 12, 13, 14))])[0].words
    'Day (11:00 to 15:00)'
    >>> _slots([store.Slot("night", "Late night, 01:00 to 05:00", (1, 2, 3, 4))])[0].label
    'Late night'
    """
    return tuple(
        Slot(
            label=f"{each.hours[0]:02d}:00" if len(each.hours) == 1 else each.label.split(", ")[0],
            words=each.label,
            hours=each.hours,
            column=each.hours[0],
        )
        for each in declared
        if each.hours
    )


def _floats(table: pa.Table, column: str) -> Floats:
    return np.asarray(table.column(column).cast(pa.float64()).to_numpy(), dtype=np.float64)


def _on_sphere(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> NDArray[np.float64]:
    up, along = np.radians(latitude), np.radians(longitude)
    return np.column_stack([np.cos(up) * np.cos(along), np.cos(up) * np.sin(along), np.sin(up)])


def _around(points: NDArray[np.float64]) -> Bounds:
    """Bounds of points given by latitude and longitude."""
    (south, west), (north, east) = points.min(axis=0), points.max(axis=0)
    return Bounds(west, south, east, north)
