"""The place of an incident: its zones, the cells that they touch and those around, and their figures on every date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property, lru_cache

import h3
import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from cellcount.errors import CellCountError
from cellcount.methods.precision import Precision
from cellcount.ui import reading, window_reading
from cellcount.ui.certainty import PART_OF_HOUR, Parameters
from cellcount.ui.ground import Bounds
from cellcount.ui.presence import Floats
from cellcount.ui.reading import Covering, Release, Run
from cellcount.ui.times import hours_of
from cellcount.ui.words import count, listed
from cellcount.zones import CellTable, CellWeights, Zones, cell_weights, share_with_cells, smallest_supported

AROUND = 1.5
"""How much further than the zones, in their own size, the map and the comparison look."""
LEAST_AROUND_KM = 3.0
"""Kilometres around the zones that are looked at, however small they are."""
ROOM = 1.2
"""How much further the map looks at first."""
MOST_CELLS = 4_000
"""Cells whose figures of all dates are read at once; a larger place is told in coarser ones."""
LEAST_SHARE = 0.9
"""Finer cells are used where they hold this much of what the coarser ones hold of the zones."""
MOST_VIEWS = 8
"""Zones that lie apart are looked at apart, in so many views: the nearest go together."""
MOST_HELD = 1.02
"""Cells of any resolution hold at most this much of the zones' area: the release's areas of cells and those of the
zones differ a little, by the sphere and the ellipsoid."""
HOURS = 24
EPOCH = date(1970, 1, 1)
ALL = "All zones together"
KM_OF_DEGREE = 111.2


class PlaceError(CellCountError):
    """A place that the release can tell nothing of."""


@dataclass(frozen=True, slots=True)
class CellsSeen:
    """Cells of a release in a view.

    Attributes
    ----------
    cells : array of int64, shape (cells,)
        Cells of one resolution, ascending.
    km2, land, residents : array of float, shape (cells,)
        Area of each, how much of it is land, and its usual residents; NaN where not known.
    areas, kinds : array of str or None, shape (cells,)
        Code of the smallest area that each lies in, and its kind of place.
    """

    cells: NDArray[np.int64]
    km2: Floats
    land: Floats
    residents: Floats
    areas: NDArray[np.object_]
    kinds: NDArray[np.object_]

    @classmethod
    def of(cls, table: pa.Table) -> CellsSeen:
        """From the answer of the queries `cells_in_view` and `cells_of_area`."""
        km2 = table.column("area_km2").to_numpy(zero_copy_only=False).astype(np.float64)
        share = table.column("land_share").to_numpy(zero_copy_only=False).astype(np.float64)
        return cls(
            table.column("h3").to_numpy().astype(np.int64),
            km2,
            km2 * np.where(np.isnan(share), 1.0, share),
            table.column("residents").to_numpy(zero_copy_only=False).astype(np.float64),
            table.column("area_code").to_numpy(zero_copy_only=False),
            table.column("place_type").to_numpy(zero_copy_only=False),
        )


Look = Callable[[Covering, int], CellsSeen | None]
"""Gives the cells of a resolution that descend from those that cover a view; None where there are none."""


@dataclass(frozen=True)
class Place:
    """Zones, and the cells of a release that they touch and that lie around.

    Attributes
    ----------
    zones : Zones
        The zones.
    resolution : int
        H3 resolution of the cells.
    cells : array of int64, shape (cells,)
        Cells of the zones and around, ascending.
    km2, land, residents : array of float, shape (cells,)
        Area of each, how much of it is land, and its usual residents; NaN where not known.
    areas : tuple of str or None, length cells
        Code of the smallest area that each lies in.
    kinds : tuple of str, length cells
        Kind of place; empty where not known.
    weights : CellWeights
        How much of which cell is in which zone.
    unsupported : str
        A sentence on zones of which nothing can be told, by name; else empty.
    seen : Bounds
        Where the cells lie, each within some of it.
    table : CellTable or None
        Who lives where inside the cells; None where it is not known.
    """

    zones: Zones
    resolution: int
    cells: NDArray[np.int64]
    km2: Floats
    land: Floats
    residents: Floats
    areas: tuple[str | None, ...]
    kinds: tuple[str, ...]
    weights: CellWeights
    unsupported: str
    seen: Bounds
    table: CellTable | None = None

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Where the cells of the zones are among all."""
        return np.searchsorted(self.cells, self.weights.cells)

    @cached_property
    def whole(self) -> Zones:
        """All zones as one, named `ALL`."""
        return Zones((ALL,), (shapely.union_all(np.array(self.zones.shapes, dtype=object)),))

    @cached_property
    def whole_weights(self) -> CellWeights:
        """How much of which cell is in all zones together."""
        return cell_weights(self.whole, self.table or CellTable(self.cells))

    def share_told(self, told: NDArray[np.bool_]) -> list[float]:
        """Share of the area of each zone, and before them of all together if there are several, of which we are told.

        Parameters
        ----------
        told : array of bool, shape (cells,)
            Of which cells the release has figures.
        """
        km2 = self.km2 * told
        of_each = share_with_cells(self.zones, self.weights, km2[self.rows]).tolist()
        if len(of_each) == 1:
            return of_each
        rows = np.searchsorted(self.cells, self.whole_weights.cells)
        return [*share_with_cells(self.whole, self.whole_weights, km2[rows]).tolist(), *of_each]

    @cached_property
    def together(self) -> tuple[Floats, Floats]:
        """Weight of each cell of the zones in all of them together, and its standard deviation.

        Where zones overlap nobody is counted twice, and what only borders between them cut is whole.
        """
        found = self.whole_weights
        rows = np.searchsorted(self.weights.cells, found.cells)
        there = np.isin(found.cells, self.weights.cells)
        weight, error = np.zeros(len(self.weights.cells)), np.zeros(len(self.weights.cells))
        weight[rows[there]], error[rows[there]] = found.weights[there, 0], found.error[there, 0]
        return weight, error

    @cached_property
    def together_cut(self) -> NDArray[np.bool_]:
        """Which cells of the zones lie in part in all of them together, and not wholly."""
        found = self.whole_weights
        return np.isin(self.weights.cells, found.cells[found.cut[:, 0]])

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """Kind of place of each cell, numbered."""
        return np.unique(np.array(self.kinds), return_inverse=True)[1].astype(np.int64)

    @cached_property
    def touched(self) -> tuple[str, ...]:
        """The smallest areas that the zones touch, those first of which they have most."""
        share = (self.weights.weights.max(axis=1) * self.km2[self.rows]).tolist()
        found: dict[str, float] = {}
        for row, much in zip(self.rows.tolist(), share, strict=True):
            code = self.areas[row]
            if code is not None and much > 0:
                found[code] = found.get(code, 0.0) + much
        return tuple(sorted(found, key=lambda code: -found[code]))

    @property
    def view(self) -> Bounds:
        """What a map shows at first: the zones, and some of what is around."""
        zones = Bounds(*shapely.total_bounds(np.array(self.zones.shapes, dtype=object)).tolist())
        return _grown(zones, ROOM, least_km=0.3)

    def said(self) -> str:
        """How many cells the zones touch and cut, in words."""
        cut = int(self.weights.cut.any(axis=1).sum())
        size = float(np.median(self.km2))
        many = len(self.weights.cells)
        touched = f"{count(many, 'cell')} of about {size:.2g} km² {'is' if many == 1 else 'are'} touched"
        if not cut:
            return f"{touched}, and none is cut."
        return (
            f"{touched}, of which {cut:,} {'is' if cut == 1 else 'are'} cut: what is cut counts by the share of its "
            "residents inside, or of its area where nobody lives, and the doubt about that is in the interval."
        )


@dataclass(frozen=True)
class Figures:
    """People in cells by local date and hour.

    Attributes
    ----------
    dates : tuple of date
        Local dates of which the release covers anything, ascending and without a gap.
    people : array of float, shape (cells, dates, 24)
        NaN where withheld, and where not covered.
    covered : array of bool, shape (cells, dates, 24)
        Whether the release has a row.
    at : array of int64, shape (dates, 24)
        UTC hour of each, as hours since 1970; -1 where there is none. Where the clock shows an hour twice, the first.
    """

    dates: tuple[date, ...]
    people: Floats
    covered: NDArray[np.bool_]
    at: NDArray[np.int64]


def read_place(release: Release, zones: Zones, resolutions: Sequence[int] | None = None) -> tuple[Place, list[Run]]:
    """The cells of zones and around them, as fine as the release has them there.

    Parameters
    ----------
    release : Release
        A release with histories of cells.
    zones : Zones
        The zones.
    resolutions : sequence of int, optional
        Those that have figures, coarsest first; those of histories if not given.

    Returns
    -------
    Place
    list of Run
        The queries that were run for it.

    Raises
    ------
    PlaceError
        If the release has no cells there, or the zones are too small for it.
    """
    runs: list[Run] = []
    root = release.areas[release.default_area].code

    def look(around: Covering, resolution: int) -> CellsSeen | None:
        if resolution > max(release.manifest.resolutions):
            return None
        answer = release.run(
            "cells_in_view",
            area=root,
            resolution=resolution,
            parents=list(around.cells),
            parent_resolution=around.resolution,
        )
        runs.append(reading.ran(answer))
        return CellsSeen.of(answer.table) if answer.table.num_rows else None

    found = place_of(zones, resolutions or window_reading.resolutions(release), look)
    if found is None:
        raise PlaceError(
            f"{listed(list(zones.names[:3]))}: the release has no cells there. Choose a place inside "
            f"{release.areas[release.default_area].name}."
        )
    supported = smallest_supported(zones, found.weights).supported
    if not supported.any():
        raise PlaceError(found.unsupported)
    return found if supported.all() else _only(found, supported), runs


def _only(place: Place, supported: NDArray[np.bool_]) -> Place:
    """The place of those zones of which the data can tell anything: the others have no figures, nor are in a sum."""
    zones, weights = place.zones, place.weights
    columns = np.flatnonzero(supported)
    kept = columns.tolist()
    said = f"{place.unsupported} No figures are given of what cannot be told, and no sum holds it."
    fewer = Zones(tuple(zones.names[at] for at in kept), tuple(zones.shapes[at] for at in kept), (*zones.notes, said))
    there = np.flatnonzero((weights.by_area[:, columns] > 0).any(axis=1))
    of = np.ix_(there, columns)
    return replace(
        place,
        zones=fewer,
        weights=CellWeights(
            weights.cells[there],
            weights.weights[of],
            weights.by_area[of],
            weights.cut[of],
            weights.error[of],
        ),
        unsupported=said,
    )


def place_of(zones: Zones, resolutions: Sequence[int], look: Look) -> Place | None:
    """The cells of zones and around them, wherever they are read from: see `read_place`.

    Parameters
    ----------
    zones : Zones
        The zones.
    resolutions : sequence of int
        Those that have figures, coarsest first.
    look : callable
        Gives the cells of a view.

    Returns
    -------
    Place or None
        Of the finest resolution that has at most `MOST_CELLS` cells in the views of the zones, and at least
        `LEAST_SHARE` of their land; else of the coarsest. None where no cell is in any of the zones.
    """
    seen = _views(zones)
    # So much of the land of the zones is in any cells: what is more is not looked for.
    enough = LEAST_SHARE * MOST_HELD * float(zones.areas_km2.sum())
    found: Place | None = None
    for resolution in reversed(resolutions):
        here = _at(zones, seen, resolution, look, None if resolution == resolutions[0] else MOST_CELLS)
        if here is None:
            continue
        found = here
        held = float((here.weights.by_area.max(axis=1, initial=0.0) * here.km2[here.rows]).sum())
        if held >= enough or _land_held(here, seen, look) >= LEAST_SHARE:
            break
    return found if found is not None and len(found.weights.cells) else None


def _land_held(place: Place, seen: Sequence[Bounds], look: Look) -> float:
    """Share of the land of zones that the cells of a place hold, by that of the coarser cells around each; 1 of none.

    Coarser cells hold the sea as well, so that areas tell nothing at a coast.
    """
    coarser = _looked(seen, place.resolution - 1, place.resolution - 1, look)
    if coarser is None:
        return 1.0
    around = cell_weights(place.zones, CellTable(coarser.cells))
    # Off a coast there may be cells nearby, and none in the zones.
    if not len(around.cells):
        return 1.0
    land = coarser.land[np.searchsorted(coarser.cells, around.cells)]
    parents = np.array(
        [int(h3.cell_to_parent(f"{cell:x}", place.resolution - 1), 16) for cell in place.cells.tolist()], dtype=np.int64
    )
    row = np.searchsorted(around.cells, parents)
    known = (row < len(around.cells)) & (around.cells[np.minimum(row, len(around.cells) - 1)] == parents)
    there = np.bincount(row[known], place.land[known], minlength=len(around.cells))
    wanted = around.by_area.max(axis=1, initial=0.0) * land
    held = wanted * np.minimum(np.divide(there, land, out=np.ones(len(land)), where=land > 0), 1.0)
    return float(held.sum() / wanted.sum()) if wanted.sum() > 0 else 1.0


def _at(zones: Zones, seen: Sequence[Bounds], resolution: int, look: Look, most: int | None) -> Place | None:
    """The place in cells of one resolution; None where there are none, or more than `most`."""
    found = _looked(seen, resolution, resolution, look)
    if found is None or (most is not None and len(found.cells) > most):
        return None
    finer = _looked(seen, resolution, resolution + 1, look)
    table = CellTable(found.cells) if finer is None else CellTable(found.cells, finer.cells, finer.residents)
    weights = cell_weights(zones, table)
    return Place(
        zones=zones,
        resolution=resolution,
        cells=found.cells,
        km2=found.km2,
        land=found.land,
        residents=found.residents,
        areas=tuple(found.areas.tolist()),
        kinds=tuple(each or "" for each in found.kinds.tolist()),
        weights=weights,
        unsupported=smallest_supported(zones, weights).said,
        seen=_around(seen),
        table=table,
    )


def _looked(seen: Sequence[Bounds], coarsest: int, resolution: int, look: Look) -> CellsSeen | None:
    """The cells of a resolution in several views, which are covered by cells that are none finer than the coarsest."""
    found = [each for each in (look(reading.covering(view, coarsest), resolution) for view in seen) if each is not None]
    if len(found) < 2:
        return found[0] if found else None
    # A cell between two views is in both.
    columns = {each.name: np.concatenate([getattr(one, each.name) for one in found]) for each in fields(CellsSeen)}
    _, first = np.unique(columns["cells"], return_index=True)
    return CellsSeen(**{name: column[first] for name, column in columns.items()})


def _views(zones: Zones) -> list[Bounds]:
    """Views of zones and of what lies around them: one of those that lie together.

    Examples
    --------
    Two that are a hundred metres apart, and one in another county:

    >>> near = shapely.box(-1.51, 54.9, -1.5, 54.91), shapely.box(-1.499, 54.9, -1.49, 54.91)
    >>> views = _views(Zones(("A", "B", "C"), (*near, shapely.box(-5.0, 50.2, -4.9, 50.3))))
    >>> [(round(each.west, 1), round(each.east, 1)) for each in views]
    [(-1.6, -1.4), (-5.0, -4.9)]
    """
    groups = [Bounds(*each) for each in sorted(shapely.bounds(np.array(zones.shapes, dtype=object)).tolist())]
    while len(groups) > 1:
        boxes = np.array([_box(_grown(each)) for each in groups])
        one, other = np.triu_indices(len(groups), 1)
        west, south = np.maximum(boxes[one, :2], boxes[other, :2]).T
        east, north = np.minimum(boxes[one, 2:], boxes[other, 2:]).T
        apart = np.maximum(np.maximum(west - east, south - north), 0.0)
        nearest = apart.min()
        if nearest > 0 and len(groups) <= MOST_VIEWS:
            break
        first = one[np.argmin(apart)]
        several = {first, *other[(one == first) & (apart == nearest)].tolist()}
        rest = [each for at, each in enumerate(groups) if at not in several]
        groups = [_around([groups[at] for at in several]), *rest]
    return [_grown(each) for each in groups]


def _box(view: Bounds) -> tuple[float, float, float, float]:
    return view.west, view.south, view.east, view.north


def _around(views: Sequence[Bounds]) -> Bounds:
    """What holds all of some views."""
    west, south, east, north = np.array([_box(each) for each in views]).T
    return Bounds(float(west.min()), float(south.min()), float(east.max()), float(north.max()))


def _grown(zones: Bounds, times: float = AROUND, *, least_km: float = LEAST_AROUND_KM) -> Bounds:
    """A view of zones and of what lies around them."""
    squeezed = max(zones.squeezed, 0.1)
    least = least_km / KM_OF_DEGREE
    up = max((zones.north - zones.south) * (times - 1) / 2, least)
    across = max((zones.east - zones.west) * (times - 1) / 2, least / squeezed)
    return Bounds(zones.west - across, zones.south - up, zones.east + across, zones.north + up)


def read_figures(release: Release, place: Place) -> tuple[Figures, list[Run]]:
    """People in the cells of a place on every local date of a release.

    Parameters
    ----------
    release : Release
        The release.
    place : Place
        The place.
    """
    return figures_of(release, place.cells, place.resolution)


def figures_of(release: Release, cells: NDArray[np.int64], resolution: int) -> tuple[Figures, list[Run]]:
    """People in cells on every local date of a release.

    Parameters
    ----------
    release : Release
        The release.
    cells : array of int64
        Cells of the resolution, ascending.
    resolution : int
        Their H3 resolution.
    """
    covered = release.days.covered
    first, last = min(covered), max(covered)
    answer = release.run("history_of_cells", cells=cells.tolist(), resolution=resolution, first=first, last=last)
    table = answer.table
    row = np.searchsorted(cells, table.column("h3").to_numpy())
    day = table.column("date").cast(pa.date32()).cast(pa.int32()).to_numpy() - (first - EPOCH).days
    days = (last - first).days + 1
    people, there = np.full((len(cells), days, HOURS), np.nan), np.zeros((len(cells), days), dtype=bool)
    people[row, day] = np.transpose([table.column(f"h{hour:02d}").to_numpy() for hour in range(HOURS)])
    there[row, day] = True
    dates = tuple(release.days.dates)
    at, steps = hours_at(dates, release.manifest.time_zone, frozenset(covered), first)
    local = np.take(people.reshape(len(cells), -1), steps, axis=1)
    local[:, steps < 0] = np.nan
    return Figures(dates, local, there[:, steps // HOURS] & (steps >= 0), at), [reading.ran(answer)]


@lru_cache(maxsize=8)
def hours_at(
    dates: tuple[date, ...], zone: str, covered: frozenset[date], first: date
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """UTC hours of local dates and hours: since 1970, and since a first UTC day; -1 where there is none.

    Examples
    --------
    Midnight in London on 5 October 2026 is 23:00 UTC of the day before, which is not covered here.

    >>> day = date(2026, 10, 5)
    >>> at, steps = hours_at((day,), "Europe/London", frozenset([day]), day)
    >>> steps[0, :3].tolist(), int(at[0, 1]) % 24
    ([-1, 0, 1], 0)
    """
    at, steps = (np.full((len(dates), HOURS), -1, dtype=np.int64) for _ in range(2))
    for row, each in enumerate(dates):
        for slot in hours_of(each, zone, covered):
            hour = slot.hours[0]
            if slot.on is not None and at[row, hour] < 0:
                at[row, hour] = (slot.on - EPOCH).days * HOURS + slot.column
                steps[row, hour] = (slot.on - first).days * HOURS + slot.column
    # They are kept: whoever asks next gets the same arrays.
    at.flags.writeable = steps.flags.writeable = False
    return at, steps


def precision_at(
    known: Parameters, place: Place, at: NDArray[np.int64], rows: NDArray[np.int64] | None = None
) -> Precision:
    """Parameters of the cells of a place in UTC hours, arrays of shape (cells, hours); the night's where there is none.

    Parameters
    ----------
    known : Parameters
        Of the areas of the release.
    place : Place
        The place.
    at : array of int64, shape (hours,)
        UTC hours since 1970.
    rows : array of int64, optional
        Which of the cells are meant; all if not given.
    """
    areas = place.areas if rows is None else [place.areas[row] for row in rows.tolist()]
    return known.at(areas, [PART_OF_HOUR[each % HOURS] for each in at.tolist()])
