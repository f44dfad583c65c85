"""Where each operator sees residents who are at home: what its counts of the nights say, cell by cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellcount.build.align import Keys, devices
from cellcount.build.combine import NOT_COVERED, WITHHELD, expected_withheld
from cellcount.build.counts import ALL, AT_HOME
from cellcount.build.shares import Operator
from cellcount.build.zones import Zones, parents

NIGHT_HOURS = ("h02", "h03")
"""UTC hours in which most people are at home."""
NEARLY_ALL = 0.97
"""Share of the residents whom cells of any resolution cover: with fewer, a resolution is delivered in part."""
_ROUNDS = 8


@dataclass(frozen=True)
class Homes:
    """Residents as an operator sees them, by cell.

    Attributes
    ----------
    devices : dict of int to array of float32
        By resolution, for each cell of the reference geography: devices that the operator would have there if all
        residents were at home; NaN where it does not cover the cell.
    counted : array of float
        By area, its devices at home at night.
    customers : array of float
        By area, devices that it would have there if all residents were.
    """

    devices: dict[int, NDArray[np.float32]]
    counted: NDArray[np.float64]
    customers: NDArray[np.float64]


def read_homes(
    operator: Operator, dates: Sequence[dt.date], resolutions: Sequence[int], share: NDArray[np.float64]
) -> Homes | None:
    """Where an operator sees its customers at home.

    The mean of the nights' counts of devices at home, in which withheld counts are taken at the expectation that the
    others of the same cell lead to. Cells without segments have the part of their counts of everybody that the cell
    above has of its own. In each area the cells' devices are scaled so that they are as many as the area's customers:
    how many are at home at night need not be known.

    Parameters
    ----------
    operator : Operator
        The operator.
    dates : sequence of date
        UTC days.
    resolutions : sequence of int
        H3 resolutions.
    share : array of float
        The operator's share p of the residents of each area.

    Returns
    -------
    Homes or None
        None where the operator does not deliver the segment.

    Notes
    -----
    Assumes that those at home at night are spread over an area's cells as all its residents are.
    """
    zones = operator.zones
    means: dict[tuple[int, str], NDArray[np.float32]] = {}
    sums = _night_sums(operator, dates, resolutions)
    if not any(segment == AT_HOME for _, segment in sums):
        return None
    for key, (known, nights, withheld) in sums.items():
        means[key] = _mean(known, nights, withheld, operator.delivery.threshold)
    del sums
    seen = _at_home(means, zones, resolutions)
    # Counted natively, and with few counts withheld: other cells only share out what these have.
    whole = _everywhere(
        {resolution: mean for (resolution, segment), mean in means.items() if segment == AT_HOME}, zones
    )
    cells, counted = zones.cells[whole], seen[whole]
    there = (cells.area >= 0) & ~np.isnan(counted)
    size = len(zones.codes)
    residents = np.bincount(cells.area[there], cells.residents[there], minlength=size)
    total = np.bincount(cells.area[there], counted[there], minlength=size).astype(np.float64)
    customers = np.nan_to_num(share) * residents
    factor = np.divide(customers, total, out=np.zeros(size), where=total > 0)
    return Homes(
        devices={
            resolution: (counted * (zones.mixture(resolution) @ factor)).astype(np.float32)
            for resolution, counted in seen.items()
        },
        counted=total,
        customers=customers,
    )


def _everywhere(seen: Mapping[int, NDArray[np.float32]], zones: Zones) -> int:
    """The finest resolution that is delivered wherever any is: a finer one may be delivered for some towns only."""
    residents = {
        resolution: float(zones.cells[resolution].residents[~np.isnan(counted)].sum())
        for resolution, counted in seen.items()
    }
    most = max(residents.values())
    return max(resolution for resolution, people in residents.items() if people >= NEARLY_ALL * most)


def _at_home(
    means: Mapping[tuple[int, str], NDArray[np.float32]], zones: Zones, resolutions: Sequence[int]
) -> dict[int, NDArray[np.float32]]:
    """By resolution, mean devices at home at night in each cell; NaN where it cannot be told."""
    found: dict[int, NDArray[np.float32]] = {}
    for resolution in sorted(resolutions):
        own, everybody = means.get((resolution, AT_HOME)), means.get((resolution, ALL))
        above = resolution - 1
        if everybody is not None and above in found and (above, ALL) in means:
            coarse = zones.cells[above].h3
            place = np.minimum(np.searchsorted(coarse, parents(zones.cells[resolution].h3, above)), len(coarse) - 1)
            at_home, all_above = found[above], np.nan_to_num(means[above, ALL])
            nobody = np.where(np.isnan(at_home), np.nan, 0.0).astype(np.float32)
            part = np.divide(at_home, all_above, out=nobody, where=all_above > 0)
            shared = everybody * part[place]
            own = shared if own is None else np.where(np.isnan(own), shared, own)
        if own is not None:
            found[resolution] = own
    return found


def _night_sums(
    operator: Operator, dates: Sequence[dt.date], resolutions: Sequence[int]
) -> dict[tuple[int, str], tuple[NDArray[np.float32], NDArray[np.uint16], NDArray[np.uint16]]]:
    """By resolution and segment, for each cell: sum of known counts, number of counts, number of withheld ones."""
    cells = {resolution: operator.zones.cells[resolution].h3 for resolution in resolutions}
    sums: dict[tuple[int, str], tuple[NDArray[np.float32], NDArray[np.uint16], NDArray[np.uint16]]] = {}

    def read(date: dt.date) -> list[tuple[tuple[int, str], Keys, list[NDArray[np.uint32]]]]:
        table = operator.delivery.read("cell_day", columns=["h3", "resolution", "segment", *NIGHT_HOURS], date=date)
        segment = table.column("segment").combine_chunks().dictionary_encode()
        names = segment.dictionary.to_pylist()
        indices, resolution = segment.indices.to_numpy(), table.column("resolution").to_numpy()
        h3, hours = table.column("h3").to_numpy(), [devices(table.column(name)) for name in NIGHT_HOURS]
        found = []
        for wanted in (name for name in (ALL, AT_HOME) if name in names):
            for each in resolutions:
                here = np.flatnonzero((indices == names.index(wanted)) & (resolution == each))
                if len(here):
                    found.append(((each, wanted), h3[here], [hour[here] for hour in hours]))
        return found

    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(read, dates):
            for key, h3, hours in found:
                known_cells = cells[key[0]]
                if key not in sums:
                    size = len(known_cells)
                    sums[key] = (np.zeros(size, np.float32), np.zeros(size, np.uint16), np.zeros(size, np.uint16))
                total, number, hidden = sums[key]
                place = np.minimum(np.searchsorted(known_cells, h3), len(known_cells) - 1)
                for counts in hours:
                    total[place] += np.where(counts < NOT_COVERED, counts, 0)
                    number[place] += counts != NOT_COVERED
                    hidden[place] += counts == WITHHELD
    return sums


def _mean(
    known: NDArray[np.float32], number: NDArray[np.uint16], hidden: NDArray[np.uint16], threshold: int
) -> NDArray[np.float32]:
    """Mean count of each cell, withheld counts at their expectation under that mean; NaN where there is none."""
    count = np.maximum(number, 1)
    mean = ((known + hidden * (threshold / 2)) / count).astype(np.float64)
    some = np.flatnonzero(hidden)
    for _ in range(_ROUNDS):
        mean[some] = (known[some] + hidden[some] * expected_withheld(mean[some], threshold)) / count[some]
    return np.where(number > 0, mean, np.nan).astype(np.float32)
