"""Lay imported figures out as a release: cells, areas, typical days or dates, and the manifest."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import h3.api.numpy_int as h3
import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from scipy import sparse

from cellcount import __version__
from cellcount.build.check import check_release
from cellcount.build.manifest import map_view
from cellcount.build.release import ReleaseExistsError, ReleaseWriter
from cellcount.importers.counts import MOST_PEOPLE, Counts, Day, Slot, TypicalDay, name_of
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.regrid import Figures, Floats, Matrix, Regridding, equal_area_crs, rounded, spread
from cellcount.progress import Progress
from cellcount.standard import HOUR_COLUMNS, LOCAL_HOUR_COLUMNS, release_format

SHARE_IN_VIEW = 0.95
"""Where one piece of land holds this share of the people, the first map shows it without its far islands."""
TOTALS_KEPT = 1e-3
"""Relative difference between the cells' total of an hour and the source's that is told as a caveat."""


@dataclass(frozen=True)
class AreaKind:
    """A kind of area: its identifier and what it is called on screen."""

    id: str
    label: str


@dataclass(frozen=True)
class About:
    """What a release says of its source, beside the figures.

    Attributes
    ----------
    slug : str
        First part of the release's name.
    title : str
        Name on screen.
    source : mapping
        `name`, `publisher`, `licence`, `attribution`, `citation`, `url`.
    time_zone : str
        IANA name.
    measure_note : str
        What a figure counts.
    rule : str
        What the publisher withholds.
    whole : tuple of str
        Code and name of the area of all zones.
    whole_kind, part_kind : AreaKind
        Kinds of the area of all zones and of those inside it.
    country : str or None
        ISO 3166-1 alpha-2 code.
    day_types, periods : mapping of str to str
        Labels by identifier, in the order of showing.
    withheld_below : float or None
        Every withheld figure of the source is below this; None where it does not say.
    caveats : tuple of str
        What whoever uses the figures must know.
    span : tuple of date or None
        First and last day that the source says its typical days are of.
    """

    slug: str
    title: str
    source: Mapping[str, str | None]
    time_zone: str
    measure_note: str
    rule: str
    whole: tuple[str, str]
    whole_kind: AreaKind = AreaKind("whole", "Whole area")
    part_kind: AreaKind = AreaKind("part", "Area")
    country: str | None = None
    day_types: Mapping[str, str] = field(default_factory=dict)
    periods: Mapping[str, str] = field(default_factory=dict)
    withheld_below: float | None = None
    caveats: tuple[str, ...] = ()
    span: tuple[dt.date, dt.date] | None = None


@dataclass(frozen=True)
class Imported:
    """What an import has made.

    Attributes
    ----------
    release : Path
        Folder of the release.
    new : bool
        False where the same files and parameters had made it already.
    notes : tuple of str
        What was mended or left out on the way, in sentences.
    """

    release: Path
    new: bool
    notes: tuple[str, ...] = ()


def release_name(slug: str, checksums: Sequence[str], parameters: Mapping[str, Any]) -> str:
    """Name of the release that files of these checksums and these parameters make: the same ones, the same name."""
    made_from = {
        "files": list(checksums),
        "parameters": parameters,
        "release_format": release_format(),
        "software_version": __version__,
    }
    digest = hashlib.sha256(json.dumps(made_from, sort_keys=True, default=str).encode()).hexdigest()[:8]
    return f"{slug}-{digest}"


def slug_of(title: str) -> str:
    """A title as the first part of a release's name.

    Examples
    --------
    >>> slug_of("Zürich: people by hour, 2025"), slug_of("東京")
    ('zurich-people-by-hour-2025', 'imported')
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "imported"


def already_imported(releases: Path, name: str) -> Path | None:
    """The release that the same files and parameters have made, if there is one and it is whole."""
    final = releases / name
    if not final.exists():
        return None
    faults = check_release(final)
    if faults:
        raise ReleaseExistsError(
            f"{final} was imported from the same files and is damaged: {faults[0]} Delete that folder and import again."
        )
    return final


def write_release(
    releases: Path,
    name: str,
    counts: Counts,
    *,
    zones: gpd.GeoDataFrame,
    grids: Mapping[int, Regridding],
    about: About,
    parameters: Mapping[str, Any],
    progress: Progress,
) -> Path:
    """Write everything, check it, and put it in place whole.

    Parameters
    ----------
    releases : Path
        Folder of all releases.
    name : str
        Name of the release.
    counts : Counts
        People by zone; zones in the order of `zones`.
    zones : GeoDataFrame
        Indexed by zone, with `geometry` and, where known, `area_code`, `area_name` and `residents`.
    grids : mapping of int to Regridding
        Shares of the zones by resolution.
    about : About
        What the release says of its source.
    parameters : mapping
        Of the import, for the manifest.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Path
        Folder of the release.
    """
    areas = _areas(zones, counts, about)
    gather = _gather(zones, areas)
    part_of_area = sparse.csr_array(gather.multiply(areas.zone_km2[None, :]))
    errors: dict[str, float] = {}
    with ReleaseWriter(releases, name) as writer:
        cells: dict[int, set[int]] = {resolution: set() for resolution in grids}
        of_areas = {}
        for number, (day, figures) in enumerate(counts.days.items()):
            progress(0.9 * number / len(counts.days), f"Regridding: {number + 1} of {len(counts.days)} days")
            for resolution, grid in grids.items():
                of_cells = spread(figures, grid.shares, grid.areas, about.withheld_below)
                there = of_cells.covered
                cells[resolution].update(grid.h3[there].tolist())
                if resolution == max(grids):
                    errors[name_of(day)] = _total_error(of_cells, figures)
                _write_day(
                    writer,
                    resolution,
                    day,
                    cells=grid.h3[there],
                    figures=_those(of_cells, there),
                    slots=counts.slots,
                )
            of_areas[day] = spread(figures, gather, part_of_area, about.withheld_below)
        progress(0.9, "Laying out areas")
        _write_areas_over_time(writer, areas.codes, of_areas, counts.slots)
        if counts.dated:
            _write_history(writer, list(counts.days), sorted(grids))
        writer.write("areas", areas.table)
        writer.write("cells", _cells(grids, cells, zones, about))
        progress(0.98, "Checking the release")
        manifest = _manifest(counts, zones, grids, about, parameters)
        first, coarsest = next(iter(counts.days.values())), grids[min(grids)]
        manifest["map_view"] = map_view(_in_view(coarsest.h3, coarsest.shares @ np.nan_to_num(first.people)))
        worst = max(errors.values(), default=0.0)
        manifest["quality"] = {
            "zones": len(zones),
            "cells": {str(resolution): len(found) for resolution, found in cells.items()},
            "largest_relative_error_of_hourly_totals": worst,
            "withheld_share_of_zone_figures": _withheld_share(counts),
        }
        if worst > TOTALS_KEPT:
            manifest["caveats"].append(
                f"Cells that are withheld because a zone in them is take people along: the cells of an hour add to up "
                f"to {worst:.1%} less than the source's total. Totals of areas come from the zones themselves."
            )
        return writer.publish(manifest)


def _write_day(
    writer: ReleaseWriter,
    resolution: int,
    day: Day,
    *,
    cells: NDArray[np.int64],
    figures: Figures,
    slots: Sequence[Slot],
) -> None:
    if isinstance(day, dt.date):
        columns = _by_hour(rounded(figures.people), slots, HOUR_COLUMNS, pa.uint32())
        writer.write("present", pa.table({"h3": cells, **columns}), resolution=resolution, date=day)
        return
    columns = _by_hour(figures.people, slots, LOCAL_HOUR_COLUMNS, pa.float32())
    table = pa.table({"h3": cells, **columns})
    writer.write("typical_day", table, resolution=resolution, period=day.period, day_type=day.day_type)


def _by_hour(people: Floats, slots: Sequence[Slot], names: Sequence[str], kind: pa.DataType) -> dict[str, pa.Array]:
    """Columns of the hours that were measured; a part of the day gives its mean to each of its hours."""
    columns = {}
    for place, slot in enumerate(slots):
        values = people[:, place]
        if pa.types.is_integer(kind) and np.nanmax(values, initial=0.0) > MOST_PEOPLE:
            raise ImportRefusedError(
                f"The zones add up to {np.nanmax(values):,.0f} people ({slot.label}), and a release holds up to "
                f"{MOST_PEOPLE:,}. See whether the column of people is another one."
            )
        for hour in slot.hours:
            columns[names[hour]] = pa.array(
                np.nan_to_num(values).astype(kind.to_pandas_dtype()), kind, mask=np.isnan(values)
            )
    return columns


def _write_areas_over_time(
    writer: ReleaseWriter,
    codes: Sequence[str],
    of_areas: Mapping[Day, Figures],
    slots: Sequence[Slot],
) -> None:
    dated = []
    for day, figures in of_areas.items():
        there = figures.covered
        named = np.array(codes, dtype=object)[there].tolist()
        people = _those(figures, there).people
        if isinstance(day, dt.date):
            names = [f"people_{column}" for column in HOUR_COLUMNS]
            columns = _by_hour(np.rint(people), slots, names, pa.uint32())
            columns |= {column: pa.nulls(len(named), pa.uint32()) for column in names if column not in columns}
            dates = pa.array([day] * len(named), pa.date32())
            dated.append(pa.table({"area_code": pa.array(named, pa.string()), "date": dates, **columns}))
        else:
            names = [f"people_{column}" for column in LOCAL_HOUR_COLUMNS]
            table = pa.table({"area_code": named, **_by_hour(people, slots, names, pa.float32())})
            writer.write("typical_area", table, period=day.period, day_type=day.day_type)
    if dated:
        writer.write("area_hour", pa.concat_tables(dated, promote_options="default"))


def _write_history(writer: ReleaseWriter, dates: Sequence[Day], resolutions: Sequence[int]) -> None:
    """The same figures sorted by cell, from the files as they were written."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - only for dates

    for resolution in resolutions:
        tables = []
        for day in dates:
            file = writer.folder("present", resolution=resolution, date=day) / "part-0.parquet"
            with pq.ParquetFile(file) as parquet:
                table = parquet.read()
            tables.append(table.add_column(1, "date", pa.array([day] * table.num_rows, pa.date32())))
        writer.write("present_history", pa.concat_tables(tables), resolution=resolution)


@dataclass(frozen=True)
class _Areas:
    codes: list[str]
    table: pa.Table
    zone_km2: Floats


def _areas(zones: gpd.GeoDataFrame, counts: Counts, about: About) -> _Areas:
    """The area of all zones, and the areas inside it where the source names any."""
    flat = zones.geometry.to_crs(equal_area_crs(zones.geometry.to_crs("EPSG:4326")))
    zone_km2 = flat.area.to_numpy() / 1e6
    people = np.nan_to_num(next(iter(counts.days.values())).people).sum(axis=1)
    code, name = about.whole
    codes, names, kinds = [code], [name], [about.whole_kind.id]
    parents: list[str | None] = [None]
    members = [np.ones(len(zones), dtype=bool)]
    if "area_code" in zones:
        named = zones.groupby("area_code")["area_name"].first()
        for part in named.index:
            codes.append(str(part))
            names.append(str(named[part]))
            kinds.append(about.part_kind.id)
            parents.append(code)
            members.append((zones["area_code"] == part).to_numpy())
    outlines = _outlines([flat[member] for member in members], float(np.median(zone_km2)), flat.crs)
    centres = [_centre(flat[member], people[member]) for member in members]
    points = gpd.GeoSeries(centres, crs=flat.crs).to_crs("EPSG:4326")
    residents = zones["residents"].to_numpy() if "residents" in zones else None
    table = gpd.GeoDataFrame(
        {
            "area_code": codes,
            "area_name": names,
            "area_type": kinds,
            "parent_code": parents,
            "centre_lon": points.x,
            "centre_lat": points.y,
            "area_km2": [float(zone_km2[member].sum()) for member in members],
            "residents": None if residents is None else [float(residents[member].sum()) for member in members],
        },
        geometry=outlines.to_numpy(),
        crs="EPSG:4326",
    )
    arrow = pa.table(table.to_arrow(index=False, geometry_encoding="WKB"))
    return _Areas(codes, _as_geoparquet(arrow), zone_km2)


def _centre(zones: gpd.GeoSeries, people: Floats) -> shapely.Point:
    """Where its people are on average: the middle of an outline may lie in the sea."""
    points = shapely.get_coordinates(shapely.centroid(zones.to_numpy()))
    return shapely.Point(np.average(points, axis=0, weights=people if people.sum() > 0 else None))


def _as_geoparquet(table: pa.Table) -> pa.Table:
    """The table with the metadata by which others see that `geometry` is an outline."""
    described = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Polygon", "MultiPolygon"]}},
    }
    return table.replace_schema_metadata({b"geo": json.dumps(described).encode()})


def _outlines(members: Sequence[gpd.GeoSeries], zone_km2: float, crs: Any) -> gpd.GeoSeries:
    """Outlines of areas, in WGS 84, with the steps between their zones smoothed away."""
    shapes = np.array([member.union_all() for member in members])
    step = float(np.sqrt(zone_km2) * 1000)
    whole, parts = shapes[:1], shapes[1:]
    smooth = [*shapely.simplify(whole, step * 0.75)]
    if len(parts):
        smooth += [*shapely.coverage_simplify(parts, step)]
    kept = [
        original if shape is None or shape.is_empty else shape for shape, original in zip(smooth, shapes, strict=True)
    ]
    located = gpd.GeoSeries(kept, crs=crs).to_crs("EPSG:4326")
    return located.make_valid(method="structure", keep_collapsed=False)


def _gather(zones: gpd.GeoDataFrame, areas: _Areas) -> Matrix:
    """Areas x zones: 1 where the zone is in the area."""
    rows = [np.zeros(len(zones), dtype=np.int64)]
    columns = [np.arange(len(zones))]
    if "area_code" in zones:
        place = {code: number for number, code in enumerate(areas.codes)}
        known = zones["area_code"].notna().to_numpy()
        rows.append(np.array([place[str(code)] for code in zones["area_code"][known]], dtype=np.int64))
        columns.append(np.flatnonzero(known))
    row, column = np.concatenate(rows), np.concatenate(columns)
    return sparse.csr_array((np.ones(len(row)), (row, column)), shape=(len(areas.codes), len(zones)))


def _cells(
    grids: Mapping[int, Regridding], found: Mapping[int, set[int]], zones: gpd.GeoDataFrame, about: About
) -> pa.Table:
    """The cells that have figures, each in the area that covers most of it."""
    tables = []
    for resolution, grid in grids.items():
        there = np.isin(grid.h3, np.array(sorted(found[resolution]), dtype=np.int64))
        cells = grid.h3[there]
        codes = _largest_area(grid.areas, zones, about.whole[0])[there]
        residents = None
        if "residents" in zones:
            residents = pa.array((grid.shares @ zones["residents"].to_numpy())[there], pa.float64())
        tables.append(
            pa.table(
                {
                    "h3": cells,
                    "resolution": pa.array([resolution] * len(cells), pa.uint8()),
                    "area_code": pa.array(codes.tolist(), pa.string()),
                    "country_code": pa.array([about.country] * len(cells), pa.string()),
                    "residents": residents if residents is not None else pa.nulls(len(cells), pa.float64()),
                    "area_km2": pa.array([h3.cell_area(int(cell), unit="km^2") for cell in cells], pa.float32()),
                }
            )
        )
    return pa.concat_tables(tables)


def _largest_area(overlap: Matrix, zones: gpd.GeoDataFrame, whole: str) -> NDArray[np.object_]:
    """For each cell, code of the smallest kind of area that covers most of it."""
    codes = zones["area_code"].fillna(whole).to_numpy() if "area_code" in zones else np.full(len(zones), whole)
    names, number = np.unique(codes.astype(str), return_inverse=True)
    member = sparse.csr_array((np.ones(len(codes)), (np.arange(len(codes)), number)), shape=(len(codes), len(names)))
    by_area = (overlap @ member).toarray()
    return names[by_area.argmax(axis=1)].astype(object)


def _those(figures: Figures, there: NDArray[np.bool_]) -> Figures:
    return Figures(figures.people[there], figures.withheld[there])


def _total_error(cells: Figures, zones: Figures) -> float:
    """The largest relative difference between the cells' and the zones' known total over the slots."""
    given, source = np.nansum(cells.people, axis=0), np.nansum(zones.people, axis=0)
    there = source > 0
    return float(np.max(np.abs(given[there] / source[there] - 1), initial=0.0))


def _withheld_share(counts: Counts) -> float:
    withheld = sum(int(figures.withheld.sum()) for figures in counts.days.values())
    known = sum(int(figures.known.sum()) for figures in counts.days.values())
    return withheld / max(withheld + known, 1)


def _in_view(cells: NDArray[np.int64], people: Floats) -> NDArray[np.int64]:
    """The cells that the first map shows: those that hang together and hold nearly everybody, or else all."""
    each = dict(zip(cells.tolist(), np.nan_to_num(people).max(axis=1).tolist(), strict=True))
    left, most, held = set(each), set(each), 0.0
    while left:
        piece, edge = set(), {left.pop()}
        while edge:
            piece |= edge
            edge = {int(near) for cell in edge for near in h3.grid_ring(cell, 1)} & left
            left -= edge
        holds = sum(each[cell] for cell in piece)
        if holds > held:
            most, held = piece, holds
    inside = held >= SHARE_IN_VIEW * sum(each.values())
    return np.array(sorted(most if inside else each), dtype=np.int64)


def _manifest(
    counts: Counts,
    zones: gpd.GeoDataFrame,
    grids: Mapping[int, Regridding],
    about: About,
    parameters: Mapping[str, Any],
) -> dict[str, Any]:
    days = list(counts.days)
    dates = [day for day in days if isinstance(day, dt.date)]
    span = (min(dates), max(dates)) if dates else about.span
    typical = [day for day in days if isinstance(day, TypicalDay)]
    period_ids = list(dict.fromkeys(day.period for day in typical))
    type_ids = list(dict.fromkeys(day.day_type for day in typical))
    kinds = [about.part_kind] if "area_code" in zones else []
    return {
        "title": about.title,
        "kind": "imported",
        "synthetic": False,
        "deliveries": [],
        "parameters": dict(parameters),
        "disclosure": {"rule": about.rule, "threshold": None},
        "time": {
            "time_zone": about.time_zone,
            "period_start": str(span[0]) if span else None,
            "period_end": str(span[1]) if span else None,
            "day_types": [{"id": each, "label": about.day_types.get(each, each)} for each in type_ids],
            "periods": [{"id": each, "label": about.periods.get(each, each)} for each in period_ids],
            "slots": [{"id": slot.id, "label": slot.label, "hours": list(slot.hours)} for slot in counts.slots],
        },
        "measure_note": about.measure_note,
        "resolutions": sorted(grids),
        "resolution_note": None,
        "area_types": [{"id": kind.id, "label": kind.label} for kind in [*kinds, about.whole_kind]],
        "default_area": about.whole[0],
        "source": dict(about.source),
        "caveats": list(about.caveats),
    }
