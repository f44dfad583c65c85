"""The one way from a source's zones and counts to a release, on which every importer stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import geopandas as gpd
import numpy as np

from cellcount.build.check import sha256
from cellcount.importers.counts import Counts, examples, only_zones
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.outlines import Outlines, refuse_far_from
from cellcount.importers.regrid import COARSEST, FINEST, Floats, equal_area_crs, regrid, resolution_for
from cellcount.importers.writing import About, Imported, already_imported, release_name, write_release
from cellcount.progress import Progress, part, silent


@dataclass(frozen=True)
class Weights:
    """Points or areas of which the residents are known, by which people are shared out within zones."""

    shapes: gpd.GeoSeries
    residents: Floats


@dataclass(frozen=True)
class Read:
    """What an importer has read from the source's files."""

    counts: Counts
    outlines: Outlines
    about: About
    weights: Weights | None = None
    notes: tuple[str, ...] = ()


def into_release(
    read: Callable[[], Read],
    releases: Path,
    *,
    slug: str,
    files: Sequence[Path],
    parameters: Mapping[str, Any],
    time_zone: str,
    resolution: int | None = None,
    ignore_unknown: bool = False,
    progress: Progress = silent,
) -> Imported:
    """Make a release from what an importer reads, unless the same files and parameters have made it already.

    Parameters
    ----------
    read : callable
        Reads the source; not called where there is the release already.
    releases : Path
        Folder of all releases.
    slug : str
        First part of the release's name; the rest is a checksum of files and parameters.
    files : sequence of Path
        The source's own files.
    parameters : mapping
        Parameters of the import, as JSON has them.
    time_zone : str
        IANA name.
    resolution : int, optional
        Finest H3 resolution, 5 to 9; by the size of the zones if not given.
    ignore_unknown : bool
        Leave out counts of zones without an outline; otherwise they are refused.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Imported

    Raises
    ------
    ImportRefusedError
        Where the files cannot be imported as they are; nothing is written.
    """
    if resolution is not None and not COARSEST <= resolution <= FINEST:
        raise ImportRefusedError(f"The resolution cannot be {resolution}: a release has H3 resolutions 5 to 9.")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ImportRefusedError(
            f"{time_zone!r} is not the name of a time zone. Give one such as Europe/London with --time-zone."
        ) from None
    for file in files:
        if not file.is_file():
            why = "it is a folder" if file.is_dir() else "there is no such file"
            raise ImportRefusedError(f"{file} cannot be read ({why}). Name the source's own files.")
    parameters = {**parameters, "resolution": resolution, "ignore_unknown": ignore_unknown}
    checksums = [sha256(file) for file in files]
    name = release_name(slug, checksums, parameters)
    there = already_imported(releases, name)
    if there is not None:
        progress(1.0, f"Already imported: {name}")
        return Imported(there, new=False)

    progress(0.0, "Reading the source's files")
    source = read()
    refuse_far_from(source.outlines.zones, time_zone)
    notes = [*source.outlines.notes, *source.notes]
    zones, counts, left_out = _matched(source.outlines.zones, source.counts, ignore_unknown)
    notes += left_out
    flat = zones.geometry.to_crs(equal_area_crs(zones.geometry.to_crs("EPSG:4326")))
    finest = resolution or resolution_for(flat.area.to_numpy() / 1e6)
    progress(0.2, f"Regridding {len(zones):,} zones to H3 cells of resolution {finest}")
    weights = source.weights
    grids = regrid(zones.geometry, finest, weights.shapes if weights else None, weights.residents if weights else None)
    made_from = [{"name": file.name, "sha256": checksum} for file, checksum in zip(files, checksums, strict=True)]
    about = replace(source.about, caveats=(*source.about.caveats, *notes))
    release = write_release(
        releases,
        name,
        counts,
        zones=zones,
        grids=grids,
        about=about,
        parameters={**parameters, "resolution": finest, "files": made_from},
        progress=part(progress, 0.35, 1.0),
    )
    progress(1.0, f"Imported {name}")
    return Imported(release, new=True, notes=tuple(notes))


def _matched(
    zones: gpd.GeoDataFrame, counts: Counts, ignore_unknown: bool
) -> tuple[gpd.GeoDataFrame, Counts, list[str]]:
    """Zones that have both an outline and counts, in one order, and what was left out."""
    known = set(zones.index)
    unknown = [zone for zone in counts.zones if zone not in known]
    notes = []
    if unknown:
        shapeless = set(unknown)
        lost = float(
            sum(
                np.nansum(figures.people[[zone in shapeless for zone in counts.zones]])
                for figures in counts.days.values()
            )
        )
        whole = float(sum(np.nansum(figures.people) for figures in counts.days.values()))
        told = f"{len(unknown):,} of {len(counts.zones):,} zones have counts and no outline ({examples(unknown)})"
        if not ignore_unknown or len(unknown) == len(counts.zones):
            raise ImportRefusedError(
                f"{told}; the outlines are called {examples(sorted(known))}. Give the outlines that belong to the "
                "counts, name the column of identifiers with --geometry-zone, or leave these zones out with "
                "--ignore-unknown."
            )
        notes.append(f"{told}. They are left out, with {lost / whole if whole else 0:.1%} of all people.")
    kept = [zone for zone in counts.zones if zone in known]
    without = len(known) - len(kept)
    if without:
        notes.append(f"{without:,} zones have an outline and no counts: they are not covered.")
    return zones.loc[kept], only_zones(counts, kept), notes
