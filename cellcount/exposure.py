"""Day, night and peak exposure of many sites at once: `python -m cellcount exposure SITES --release R --out FILE`.

Figures are those that the incident page shows for the same rings where no incident is asked about, by the same
functions; of a release that has typical days and no dates they are of these. What is shared between sites is read once:
the cells of the release, and the figures of neighbouring sites together.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import geopandas as gpd
import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pyogrio
from numpy.typing import NDArray

from cellcount import store
from cellcount.atomic import write_text
from cellcount.errors import CellCountError
from cellcount.methods.cautions import without_cells
from cellcount.methods.incident import t_quantile
from cellcount.methods.precision import label
from cellcount.methods.recovery import DAY_HOURS, NIGHT_HOURS
from cellcount.progress import Progress, silent
from cellcount.ui import reading, window_reading
from cellcount.ui.certainty import Parameters
from cellcount.ui.exports import to_csv
from cellcount.ui.incident_answer import exposures
from cellcount.ui.incident_place import HOURS, CellsSeen, Figures, Place, figures_of, place_of
from cellcount.ui.incident_usual import TypicalCells, UsualDay, read_typical, typical_days, usual_of
from cellcount.ui.reading import Covering, Release
from cellcount.ui.search import point_of
from cellcount.ui.words import count
from cellcount.zones import Site, SitesRefusedError, Zones, read_sites, rings, smallest_supported
from cellcount.zones.limits import FILE_BYTES
from cellcount.zones.shapes import Shape
from cellcount.zones.sites import misplaced

CELLS_TOGETHER = 10_000
"""Cells whose figures of all dates are read and held at once: 50 MB for four weeks."""
NEIGHBOURS = 4
"""H3 resolution of the cells, of about 1,770 km2, by which sites are put in order, so that neighbours come together."""
DATES, TYPICAL = "dates", "typical days"
SHEET, PACKAGE = ".csv", ".gpkg"
_BY_DAY, _BY_NIGHT = (f"{min(hours):02d}:00 to {max(hours) + 1:02d}:00" for hours in (DAY_HOURS, NIGHT_HOURS))
COLUMNS = {
    "site": "name of the site, as the list has it",
    "latitude": "of its centre, degrees, WGS 84",
    "longitude": "of its centre, degrees, WGS 84",
    "ring": "the ring: the first is a circle, each of the others what lies between two distances",
    "outer_km": "its outer radius, km",
    "km2": "its area, km2",
    "covered_km2": "how much of it lies in cells of which the release has figures, km2",
    "residents": "usual residents of it; empty where not known",
    "basis": f"what the figures are of: {DATES}, or {TYPICAL} without dates, which the note names",
    "day_people": f"people present, mean of weekdays {_BY_DAY} local time; of typical days of their first day type",
    "day_low": "lower limit of its 95 % interval; empty, as all limits and precisions are, of typical days",
    "day_high": "upper limit of its 95 % interval",
    "day_precision": "its label of precision, by its coefficient of variation",
    "day_per_km2": "people per km2 of what the release covers of the ring",
    "night_people": f"people present, mean of all nights {_BY_NIGHT} local time; of typical days as by day",
    "night_low": "lower limit of its 95 % interval",
    "night_high": "upper limit of its 95 % interval",
    "night_precision": "its label of precision",
    "night_per_km2": "people per km2 of what the release covers of the ring",
    "peak_people": "people present in the fullest hour of all dates or day types; of unsure figures it is too high",
    "peak_low": "lower limit of the 95 % interval of the true largest",
    "peak_high": "upper limit of the 95 % interval of the true largest",
    "peak_precision": "label of precision of the figure of that hour",
    "peak_per_km2": "people per km2 of what the release covers of the ring",
    "peak_hour": "beginning of that hour, local time; of typical days the day type and the hour, or part of the day",
    "day_hours": "hours that the mean by day is over",
    "night_hours": "hours that the mean by night is over",
    "resolution": "H3 resolution of the cells that were added up",
    "cells": "cells of which the ring has a part",
    "cells_cut": "cells of which it has only a part: their doubt is in the intervals",
    "cells_withheld": "cells that are withheld in any hour: they count by what is expected; of typical days not",
    "withheld_percent": "share of the figures of cells that are withheld, %",
    "note": "why there are no figures, or what they leave out",
    "release_id": "the release that the figures are of",
    "synthetic": "whether they are made up",
}
"""Columns of the table and what they mean."""
UNKNOWN = float("nan"), float("nan")
"""Limits of a figure whose error is not known."""
WHOLE_NUMBERS = ("day_hours", "night_hours", "resolution", "cells", "cells_cut", "cells_withheld")
NOTHING = "The release has no cells here."
SAME_NAME = "Another site of the list has the same name: tell them apart by latitude and longitude."
TOO_SMALL = (
    "Smaller or narrower than the data can show: the smallest circle that they can show here has a radius of {km:g} km."
)


class ExposureRefusedError(CellCountError):
    """A list, a release or a file that no exposure can be worked out for."""


@dataclass(frozen=True)
class Exposed:
    """The exposure of sites.

    Attributes
    ----------
    table : DataFrame
        A row a ring, in the order of the list; columns as in `COLUMNS`.
    shapes : tuple of shapely geometry
        Polygons of the rings, WGS 84; None of rings that cannot be drawn.
    sites : int
        How many sites there are.
    untold : int
        Of how many of them at least one ring has no figures.
    """

    table: pd.DataFrame
    shapes: tuple[Shape | None, ...]
    sites: int
    untold: int

    def said(self) -> str:
        """How many there are, and how many could not be told."""
        first = f"{count(len(self.table), 'ring')} of {count(self.sites, 'site')}."
        if not self.untold:
            return first
        if self.sites == 1:
            return f"{first} It could not be told, or not every ring: see the column “note”."
        return f"{first} {self.untold:,} of the sites could not be told, or not every ring: see the column “note”."


def write_exposure(sites: Path, release: Path, out: Path, *, progress: Progress = silent) -> Exposed:
    """Work out the exposure of a list of sites and write it down.

    Parameters
    ----------
    sites : Path
        CSV or GeoPackage: see `cellcount.zones.sites`. A column `place` holds coordinates or grid references.
    release : Path
        Folder of a release with dates or typical days.
    out : Path
        A file that ends in `.csv`, or in `.gpkg`, which then has the rings' polygons. It is written whole or not.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Exposed

    Raises
    ------
    SitesRefusedError
        If the list is not there or cannot be read, or any of its rows is faulty: all of these are named.
    ExposureRefusedError
        If the file's name has another ending or is that of the list, or it cannot be written, which is found before the
        work where it can be; or if the release has no figures by date and no typical days.
    """
    if out.is_dir():
        raise ExposureRefusedError(f"{out} is a folder. Name a file in it, such as {out / 'exposure.csv'}.")
    if out.exists() and sites.exists() and out.samefile(sites):
        raise ExposureRefusedError(f"{out.name} is the list of sites itself. Name another file to write to.")
    if out.suffix.lower() not in (SHEET, PACKAGE):
        raise ExposureRefusedError(f"{out.name} ends neither in {SHEET} nor in {PACKAGE}. Name a file that does.")
    _check_writable(out)
    listed = read_sites(sites.name, _content(sites), locate=point_of)
    opened = store.open_release(release, cache=store.AnswerCache(0))
    try:
        found = exposure(Release(opened), listed, progress=progress)
    finally:
        opened.close()
    try:
        if out.suffix.lower() == PACKAGE:
            _write_package(out, found)
        else:
            write_text(out, to_csv(found.table).decode("utf-8"))
    except OSError as error:
        raise _not_written(out, error) from error
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        # Its own words are of the file aside, which nobody has named.
        raise _not_written(out) from error
    return found


def _content(sites: Path) -> bytes:
    """What is in a list, and no more of it than tells the reader to refuse it: one byte over the limit."""
    try:
        with sites.open("rb") as file:
            return file.read(FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SitesRefusedError(f"There is no list {sites}. Look at its name and its folder.") from error
    except OSError as error:
        raise SitesRefusedError(
            f"The list {sites} cannot be read: {error.strerror or error}. Name a file that you may read."
        ) from error


def _check_writable(out: Path) -> None:
    """Find before the work what would stop the writing after it: no access, no folder, no room."""
    try:
        there = next(folder for folder in out.absolute().parents if folder.exists())
        # As long a name as that of the file aside.
        tried = there / f".{out.name}-{secrets.token_hex(8)}"
        tried.touch(exist_ok=False)
        tried.unlink()
    except OSError as error:
        raise _not_written(out, error) from error


def _not_written(out: Path, error: OSError | None = None) -> ExposureRefusedError:
    why = "" if error is None else f": {error.strerror or error}"
    return ExposureRefusedError(
        f"{out} cannot be written{why}. Make room or give access, or name another file, and start again."
    )


def _write_package(out: Path, found: Exposed) -> None:
    """Write a GeoPackage aside and rename it into place."""
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.parent / f".{out.stem}-{secrets.token_hex(8)}{PACKAGE}"
    described = pd.DataFrame({"name": list(COLUMNS), "value": list(COLUMNS.values())})
    frame = gpd.GeoDataFrame(found.table, geometry=list(found.shapes), crs="EPSG:4326")
    try:
        pyogrio.write_dataframe(frame, aside, layer="rings", driver="GPKG")
        pyogrio.write_dataframe(described, aside, layer="columns", driver="GPKG", append=True)
        aside.replace(out)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def exposure(release: Release, sites: Sequence[Site], *, progress: Progress = silent) -> Exposed:
    """People in the rings around sites by day, by night and at most.

    Parameters
    ----------
    release : Release
        A release with dates and a table `precision`, or with typical days.
    sites : sequence of Site
        At least one.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Exposed

    Raises
    ------
    ExposureRefusedError
        If the release has neither figures by date, with their precision, nor typical days.

    Notes
    -----
    Rings are told one by one and add up to the outer circle; their intervals do not. All rings of a site are told in
    cells of one resolution: one that reaches far makes the others coarse, and is better listed as a site of its own.

    Assumes that the dates of the release are ordinary ones: an incident, a match or an outage on one of them is in the
    means, and may be the peak. Of typical days the source tells no error of a sum of cells, and no interval is given;
    who is in withheld cells is left out.
    """
    if not (_has_dates(release) or typical_days(release)):
        raise ExposureRefusedError(
            f"{release.manifest.title} has neither figures of cells by date, with their precision, nor typical days, "
            "from which an exposure is worked out. Choose a release that was built from deliveries, or an imported one."
        )
    progress(0.0, "Reading the cells of the release")
    held = _Held.of(release)
    of_site: dict[int, list[_Ring]] = {}
    for number, found in _told(held, sites):
        of_site[number] = found
        progress(len(of_site) / len(sites), f"{len(of_site):,} of {count(len(sites), 'site')}")
    every = [ring for number in range(len(sites)) for ring in of_site[number]]
    table = pd.DataFrame([ring.row for ring in every], columns=list(COLUMNS))
    of_name = Counter(site.name for site in sites)
    table["note"] = [
        _joined(note, SAME_NAME if of_name[name] > 1 else "")
        for name, note in zip(table["site"], table["note"], strict=True)
    ]
    table["release_id"], table["synthetic"] = release.manifest.release_id, release.manifest.synthetic
    return Exposed(
        table=table.astype(dict.fromkeys(WHOLE_NUMBERS, "Int64")),
        shapes=tuple(ring.shape for ring in every),
        sites=len(sites),
        untold=sum(not all(ring.told for ring in rings) for rings in of_site.values()),
    )


def _has_dates(release: Release) -> bool:
    return window_reading.serves_windows(release) and release.has("precision")


# ------------------------------------------------------------------------------------------------ sites


@dataclass(frozen=True, slots=True)
class _Ring:
    """A row of the table, its polygon, and whether the release tells anything of it."""

    row: dict[str, object]
    shape: Shape | None
    told: bool


@dataclass(frozen=True)
class _Held:
    """What all sites are worked out from.

    Attributes
    ----------
    release : Release
    resolutions : list of int
        Those that have figures, coarsest first.
    cells : dict of int to CellsSeen
        All cells of the release by resolution.
    known : Parameters or None
        The table `precision`; None where figures are of typical days.
    """

    release: Release
    resolutions: list[int]
    cells: dict[int, CellsSeen]
    known: Parameters | None

    @classmethod
    def of(cls, release: Release) -> _Held:
        root = release.areas[release.default_area].code
        tables = {
            each: release.run("cells_of_area", area=root, resolution=each).table
            for each in release.manifest.resolutions
        }
        cells = {each: CellsSeen.of(table) for each, table in tables.items()}
        if _has_dates(release):
            return cls(release, window_reading.resolutions(release), cells, reading.precision_of(release, root)[0])
        return cls(release, release.resolutions(typical_days(release)[0]), cells, None)

    def teller(self, cells: NDArray[np.int64], resolution: int) -> _Teller:
        """Read the figures of cells, for several sites at once."""
        if self.known is None:
            typical, _ = read_typical(self.release, cells, resolution)
            return _OfTypicalDays(self.release, cells, tuple(typical))
        figures, _ = figures_of(self.release, cells, resolution)
        return _OfDates(self.release, cells, figures, self.known)

    def covers(self, longitude: float, latitude: float) -> bool:
        """Whether there is a cell at a point, of the coarsest that have figures."""
        coarsest = self.resolutions[0]
        return bool((self.cells[coarsest].cells == h3.latlng_to_cell(latitude, longitude, coarsest)).any())

    def look(self, around: Covering, resolution: int) -> CellsSeen | None:
        """As the query `cells_in_view`, from what is held."""
        whole = self.cells.get(resolution)
        if whole is None:
            return None
        ends = [_descendants(parent, resolution) for parent in around.cells]
        begin = np.searchsorted(whole.cells, [first for first, _ in ends])
        end = np.searchsorted(whole.cells, [last for _, last in ends], side="right")
        rows = np.sort(np.concatenate([np.arange(*each) for each in zip(begin, end, strict=True)]))
        if not len(rows):
            return None
        return CellsSeen(*(getattr(whole, each.name)[rows] for each in fields(CellsSeen)))


def _descendants(parent: int, resolution: int) -> tuple[int, int]:
    """First and last index that a descendant of a cell can have (h3geo.org, indexing: a digit has three bits).

    Examples
    --------
    >>> cell = h3.latlng_to_cell(51.5, -0.1, 8)
    >>> first, last = _descendants(h3.cell_to_parent(cell, 6), 8)
    >>> first <= cell <= last, _descendants(cell, 8) == (cell, cell)
    (True, True)
    """
    last = parent & ~(15 << 52) | resolution << 52
    steps = resolution - h3.get_resolution(parent)
    digits = (1 << 3 * steps) - 1 << 3 * (15 - resolution)
    return last & ~digits, last


def _told(held: _Held, sites: Sequence[Site]) -> Iterator[tuple[int, list[_Ring]]]:
    """The rings of every site with its number, neighbours together."""
    waiting: dict[int, list[tuple[int, Place]]] = {}

    def together(resolution: int) -> Iterator[tuple[int, list[_Ring]]]:
        several = waiting.pop(resolution)
        cells = np.unique(np.concatenate([place.cells for _, place in several]))
        teller = held.teller(cells, resolution)
        for number, place in several:
            yield number, _rings(sites[number], place, teller)

    for number in sorted(range(len(sites)), key=lambda each: _whereabouts(sites[each])):
        site = sites[number]
        try:
            zones = rings(site.longitude, site.latitude, site.radii)
            place = place_of(zones, held.resolutions, held.look)
        except CellCountError as error:
            # One site that cannot be told is no reason to tell nothing of the others.
            yield number, [_Ring(_row(site, at, note=str(error)), None, told=False) for at in range(len(site.radii))]
            continue
        if place is None:
            note = _joined(NOTHING, misplaced(site.longitude, site.latitude, held.covers))
            yield number, [_untold(site, zones, at, note) for at in range(len(site.radii))]
            continue
        waiting.setdefault(place.resolution, []).append((number, _inside(place)))
        if sum(len(each.cells) for _, each in waiting[place.resolution]) >= CELLS_TOGETHER:
            yield from together(place.resolution)
    for resolution in list(waiting):
        yield from together(resolution)


def _whereabouts(site: Site) -> int:
    return h3.latlng_to_cell(site.latitude, site.longitude, NEIGHBOURS)


def _inside(place: Place) -> Place:
    """A place without the cells around its zones: exposure is of the zones alone."""
    rows = place.rows
    return replace(
        place,
        cells=place.cells[rows],
        km2=place.km2[rows],
        residents=place.residents[rows],
        areas=tuple(place.areas[row] for row in rows),
        kinds=tuple(place.kinds[row] for row in rows),
    )


# ------------------------------------------------------------------------------------------------ rings


def _rings(site: Site, place: Place, teller: _Teller) -> list[_Ring]:
    """The rings of a site that has cells."""
    weights, support = place.weights, smallest_supported(place.zones, place.weights)
    tell = teller.of(site, place)
    found = []
    for at in range(len(site.radii)):
        if not (weights.by_area[:, at] > 0).any():
            found.append(_untold(site, place.zones, at, NOTHING))
        elif not support.supported[at]:
            found.append(_untold(site, place.zones, at, TOO_SMALL.format(km=support.radius_km)))
        else:
            found.append(tell(at))
    return found


def _untold(site: Site, zones: Zones, at: int, note: str) -> _Ring:
    row = _row(site, at, note=note, km2=round(float(zones.areas_km2[at]), 3))
    return _Ring(row, zones.shapes[at], told=False)


def _row(site: Site, at: int, **others: object) -> dict[str, object]:
    inner, outer = (0.0, *site.radii)[at : at + 2]
    return {
        "site": site.name,
        "latitude": round(site.latitude, 6),
        "longitude": round(site.longitude, 6),
        "ring": f"{inner:g} to {outer:g} km",
        "outer_km": outer,
        **others,
    }


class _Teller(Protocol):
    """Figures of the cells of several sites."""

    def of(self, site: Site, place: Place) -> Callable[[int], _Ring]:
        """What tells the rings of one of the sites, by their places."""


@dataclass(frozen=True, slots=True)
class _OfDates:
    """Figures by date."""

    release: Release
    cells: NDArray[np.int64]
    figures: Figures
    known: Parameters

    def of(self, site: Site, place: Place) -> Callable[[int], _Ring]:
        rows = np.searchsorted(self.cells, place.cells)
        own = replace(self.figures, people=self.figures.people[rows], covered=self.figures.covered[rows])
        return partial(self._ring, site, place, own)

    def _ring(self, site: Site, place: Place, figures: Figures, at: int) -> _Ring:
        """A ring with figures, if any hour of it is covered."""
        column = place.weights.weights[:, at], place.weights.error[:, at]
        found = exposures(place, figures, column, self.known, self.release)
        part = _part(place, at, _flat(figures.people), _flat(figures.covered))
        said = _note(np.isnan(found.people)[figures.at >= 0])
        row = _row(site, at, **part.columns, basis=DATES, note=_joined(said, part.said))
        for name, each in (("day", found.day), ("night", found.night)):
            reach = t_quantile() * each.error
            limits = each.mean - reach, each.mean + reach
            row |= _figure(name, each.mean, limits, error=each.error, km2=part.km2)
            row[f"{name}_hours"] = each.hours
        peak = found.peak
        if peak is not None:
            error = float(found.error.ravel()[peak.hour])
            row |= _figure("peak", peak.people, (peak.low, peak.high), error=error, km2=part.km2)
            day, hour = divmod(peak.hour, HOURS)
            row["peak_hour"] = f"{figures.dates[day]:%Y-%m-%d} {hour:02d}:00"
        return _Ring(row, place.zones.shapes[at], told=peak is not None)


@dataclass(frozen=True, slots=True)
class _OfTypicalDays:
    """Figures of typical days: by day and by night those of the first day type, at most those of all."""

    release: Release
    cells: NDArray[np.int64]
    typical: tuple[TypicalCells, ...]

    def of(self, site: Site, place: Place) -> Callable[[int], _Ring]:
        rows = np.searchsorted(self.cells, place.cells)
        own = [day.only(rows) for day in self.typical]
        return partial(self._ring, site, place, own, usual_of(place, own))

    def _ring(
        self, site: Site, place: Place, typical: Sequence[TypicalCells], days: Sequence[UsualDay], at: int
    ) -> _Ring:
        """A ring with figures, if any part of any day was measured there and is not wholly withheld."""
        people = np.hstack([day.people for day in typical])
        there = np.hstack([np.repeat(day.there[:, None], len(day.slots), axis=1) for day in typical])
        part = _part(place, at, people, there)
        hidden = int(part.columns["cells_withheld"])
        left_out = f"{count(hidden, 'cell')} withheld in any hour left out." if hidden else ""
        period = next(iter(self.release.days.periods.values()))
        said = f"Of typical days ({period}), by day and by night of “{days[0].label}”. No interval is known."
        row = _row(site, at, **part.columns, basis=TYPICAL, note=_joined(said, left_out, part.said))
        for name, hours in (("day", DAY_HOURS), ("night", NIGHT_HOURS)):
            slots = days[0].within(hours)
            mean = float(days[0].people[at, slots].mean()) if slots else np.nan
            row |= _figure(name, mean, UNKNOWN, error=np.nan, km2=part.km2)
            row[f"{name}_hours"] = sum(len(days[0].slots[slot].hours) for slot in slots)
        peaks = [(people, day, slot) for day in days for people, slot in zip(day.people[at], day.slots, strict=True)]
        most, day, slot = max(peaks, key=lambda peak: np.nan_to_num(peak[0], nan=-1.0))
        if np.isfinite(most):
            row |= _figure("peak", float(most), UNKNOWN, error=np.nan, km2=part.km2)
            row["peak_hour"] = f"{day.label}, {slot.label}"
        return _Ring(row, place.zones.shapes[at], told=bool(np.isfinite(most)))


@dataclass(frozen=True, slots=True)
class _Part:
    """What a ring has of the cells, how much of its area lies in those with figures, and what is said of the rest."""

    columns: dict[str, Any]
    km2: float
    said: str


def _flat(of_dates: NDArray[Any]) -> NDArray[Any]:
    return of_dates.reshape(len(of_dates), -1)


def _part(place: Place, at: int, people: NDArray[np.floating], covered: NDArray[np.bool_]) -> _Part:
    """Describe a ring from the people of its cells, arrays of shape (cells, hours)."""
    weights, told = place.weights, covered.any(axis=1)
    inside = weights.by_area[:, at] > 0
    hidden = np.isnan(people[inside]) & covered[inside]
    km2 = float(place.zones.areas_km2[at])
    covered_km2 = float((weights.by_area[:, at] * place.km2 * told).sum())
    columns = {
        "km2": round(km2, 3),
        "covered_km2": round(covered_km2, 3),
        "residents": round(float((weights.weights[inside, at] * place.residents[inside]).sum()), 1),
        "resolution": place.resolution,
        "cells": int(inside.sum()),
        "cells_cut": int(weights.cut[:, at].sum()),
        "cells_withheld": int(hidden.any(axis=1).sum()),
        "withheld_percent": round(100 * hidden.sum() / max(covered[inside].sum(), 1), 2),
    }
    return _Part(columns, covered_km2, without_cells(1.0 - covered_km2 / km2))


def _figure(name: str, people: float, limits: tuple[float, float], *, error: float, km2: float) -> dict[str, object]:
    """The columns of a figure; without its numbers where it is not known."""
    known = np.isfinite(people)
    return {
        f"{name}_people": round(people, 1),
        f"{name}_low": round(max(limits[0], 0.0), 1) if known else np.nan,
        f"{name}_high": round(limits[1], 1),
        f"{name}_precision": label(people, error) if known and np.isfinite(error) else "",
        f"{name}_per_km2": round(people / km2, 2),
    }


def _note(lacking: NDArray[np.bool_]) -> str:
    """Which hours the figures of a ring leave out.

    Parameters
    ----------
    lacking : array of bool, shape (hours,)
        Which hours are not covered in all of its cells.

    Examples
    --------
    >>> _note(np.array([True, False]))
    '1 of 2 hours are not covered and left out.'
    >>> _note(np.array([False]))
    ''
    """
    if lacking.all():
        return "No hour of it is covered in all of its cells."
    return f"{lacking.sum():,} of {lacking.size:,} hours are not covered and left out." if lacking.any() else ""


def _joined(*sentences: str) -> str:
    return " ".join(each for each in sentences if each)
