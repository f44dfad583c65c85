"""The tables that a release takes over from the reference geography: cells, areas, places, countries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cellcount.build.align import Keys
from cellcount.build.release import ReleaseWriter
from cellcount.build.visitors import RESIDENTS
from cellcount.build.zones import Zones, zones_from

UNKNOWN_COUNTRY, SEVERAL_COUNTRIES = "XX", "ZZ"


@dataclass(frozen=True)
class Reference:
    """Reference geography, as the declared release tables of the same names."""

    cells: Mapping[int, pa.Table]
    areas: pa.Table
    places: pa.Table
    countries: pa.Table

    def zones(self) -> Zones:
        """Areas and cells by number."""
        return zones_from(self.areas, self.cells)

    def country_codes(self) -> pa.Array:
        """Codes that a country column may hold, ascending."""
        known = self.countries.column("country_code").to_pylist()
        return pa.array(sorted({*known, RESIDENTS, UNKNOWN_COUNTRY, SEVERAL_COUNTRIES}), pa.string())


def open_reference(resolutions: Sequence[int]) -> Reference:
    """Read the reference geography.

    Parameters
    ----------
    resolutions : sequence of int
        H3 resolutions of the cells to read.

    Returns
    -------
    Reference
    """
    from cellcount import geography  # noqa: PLC0415

    return Reference(
        cells={resolution: geography.cells(resolution) for resolution in resolutions},
        areas=geography.areas(),
        places=geography.places(),
        countries=geography.countries(),
    )


def write_lookups(writer: ReleaseWriter, reference: Reference, cells: Mapping[int, Keys]) -> None:
    """Write `cells`, `areas`, `places` and `countries`.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    reference : Reference
        Reference geography.
    cells : mapping of int to array of int64
        By resolution, the cells that have figures: only these are taken over.
    """
    taken = [_those(reference.cells[resolution], h3) for resolution, h3 in cells.items()]
    writer.write("cells", pa.concat_tables(taken))
    writer.write("areas", reference.areas)
    writer.write("places", reference.places)
    writer.write("countries", reference.countries)


def _those(table: pa.Table, h3: Keys) -> pa.Table:
    return table.filter(pa.array(np.isin(table.column("h3").to_numpy(), h3)))


def resolution_note(zones: Zones, cells: Mapping[int, Keys]) -> str | None:
    """A sentence on where the finer resolutions are given, if not everywhere.

    Parameters
    ----------
    zones : Zones
        Reference geography.
    cells : mapping of int to array of int64
        By resolution, the cells that have figures.

    Returns
    -------
    str or None
    """
    residents = {
        resolution: float(zones.cells[resolution].residents[np.isin(zones.cells[resolution].h3, h3)].sum())
        for resolution, h3 in cells.items()
    }
    most = max(residents.values(), default=0.0)
    partial = [
        f"resolution {resolution} covers {100 * people / most:.0f} % of residents"
        for resolution, people in residents.items()
        if most and people < 0.97 * most
    ]
    if not partial:
        return None
    sentence = " and ".join(partial)
    return f"{sentence[0].upper()}{sentence[1:]}; coarser cells cover all of the area."
