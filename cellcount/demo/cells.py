"""What an operator counts on one UTC day, by cell and by area: the tables `cell_day` and `area_day`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from cellcount.demo.counting import bits, draw, split
from cellcount.demo.country import FINEST, Areas, Floats, Land, Numbers
from cellcount.demo.events import Effect
from cellcount.demo.networks import Network, Surroundings
from cellcount.demo.people import ACTIVITIES, SEGMENT_OF, DayShares
from cellcount.demo.seeds import random
from cellcount.standard import HOURS_OF_DAY, delivery_tables

ALL = "all"
PARTS = ("inbound", "at_work", "visiting", "at_home")
"""Segments that a count is parted into, in the order in which they are drawn; the last is the rest."""
SEGMENTS = tuple(sorted((ALL, *PARTS)))
SEGMENT_RESOLUTIONS = (5, 6, 7)

_CHUNK = 4096
"""Cells drawn together: small enough for the processor's cache."""

Counts = NDArray[np.uint32]


@dataclass(frozen=True)
class Level:
    """The cells of one resolution: `h3`, and where the working cells of each begin among the operator's."""

    resolution: int
    h3: Numbers
    starts: Numbers


@dataclass(frozen=True)
class Parting:
    """The cells whose counts are parted into segments: of resolution 7 where these are delivered, else of 6.

    Parameters
    ----------
    starts : array of int64
        Where they begin among the cells of resolution 7.
    sevens : array of bool
        Which are cells of resolution 7 and delivered by segment: those whose devices are counted at 8.
    six_starts : array of int64
        Where the cells of resolution 6 begin among them.
    layers : array of float32, activities x cells
        The operator's layers.
    region : array of int64
        Their regions.
    """

    starts: Numbers
    sevens: NDArray[np.bool_]
    six_starts: Numbers
    layers: NDArray[np.float32]
    region: Numbers


@dataclass(frozen=True)
class Ledger:
    """Where an operator's counts go: the rows of its `cell_day`, the same every day, and its areas.

    Parameters
    ----------
    network : Network
        The operator's network.
    levels : tuple of Level
        Resolutions, coarsest first.
    rows : dict of (int, str) to slice
        Rows of each resolution and segment.
    columns : tuple of pyarrow.Array
        `h3`, `resolution` and `segment` of the rows.
    seven_starts : array of int64
        Where the cells of resolution 7 begin among the working cells.
    sevens : array of float32, activities x cells
        Layers of the operator's cells of resolution 7.
    seven_regions : array of int64
        Their regions.
    coarser : tuple of (int, array)
        Resolutions from 6 down to 5; and where the cells of each begin among those of the one before.
    parting : Parting
        The cells whose counts are parted into segments.
    area : csr_array, authorities x cells
        Part of each working cell's devices that is in each authority.
    area_layers : array of float64, activities x authorities
        Layers of the authorities.
    areas : Areas
        All areas.
    authorities : array of int64
        The authorities that are delivered.
    above : tuple
        Codes of the areas above them, and which authorities each contains.
    """

    network: Network
    levels: tuple[Level, ...]
    rows: dict[tuple[int, str], slice]
    columns: tuple[pa.Array, ...]
    seven_starts: Numbers
    sevens: NDArray[np.float32]
    seven_regions: Numbers
    coarser: tuple[tuple[int, Numbers], tuple[int, Numbers]]
    parting: Parting
    area: csr_array
    area_layers: Floats
    areas: Areas
    authorities: Numbers
    above: tuple[tuple[str, ...], NDArray[np.bool_]]

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.columns[0])


def open_ledger(
    network: Network,
    land: Land,
    areas: Areas,
    *,
    straddling: csr_array,
    authorities: Numbers,
    resolutions: Sequence[int],
) -> Ledger:
    """Lay out the rows of an operator's deliveries.

    Parameters
    ----------
    network : Network
        The operator's network.
    land : Land
        Cells of resolution 8.
    areas : Areas
        All areas.
    straddling : csr_array, authorities x cells of `Land`
        Part of each cell that is in each authority.
    authorities : array of int64
        The authorities that are delivered.
    resolutions : sequence of int
        Resolutions that are delivered, ascending.

    Returns
    -------
    Ledger
    """
    levels = tuple(Level(resolution, *network.cells.level(resolution)) for resolution in resolutions)
    seven, *coarser = [level for level in reversed(levels) if level.resolution in SEGMENT_RESOLUTIONS]
    steps = [
        (level.resolution, np.searchsorted(finer.starts, level.starts)) for finer, level in pairwise([seven, *coarser])
    ]
    parting = _open_parting(network, seven, steps[0][1])
    delivered = seven.h3[parting.starts[parting.sevens]]
    rows, blocks, place = {}, [], 0
    for level in levels:
        for segment in SEGMENTS if level.resolution in SEGMENT_RESOLUTIONS else (ALL,):
            h3 = delivered if segment != ALL and level is seven else level.h3
            rows[level.resolution, segment] = slice(place, place + len(h3))
            blocks.append((h3, level.resolution, segment))
            place += len(h3)
    area = _area_parts(network, land, straddling)
    codes, members = areas.above()
    whole = members[:, authorities].sum(axis=1) == members.sum(axis=1)
    return Ledger(
        network=network,
        levels=levels,
        rows=rows,
        columns=(
            pa.array(np.concatenate([h3 for h3, _, _ in blocks])),
            pa.array(np.concatenate([np.full(len(h3), resolution, np.uint8) for h3, resolution, _ in blocks])),
            pa.array(np.repeat([segment for _, _, segment in blocks], [len(h3) for h3, _, _ in blocks]), pa.string()),
        ),
        seven_starts=seven.starts,
        sevens=np.add.reduceat(network.layers, seven.starts, axis=1),
        seven_regions=network.region[seven.starts],
        coarser=(steps[0], steps[1]),
        parting=parting,
        area=area,
        area_layers=np.array([area @ layer for layer in network.layers]),
        areas=areas,
        authorities=authorities,
        above=(tuple(code for code, there in zip(codes, whole, strict=True) if there), members[whole]),
    )


def _open_parting(network: Network, seven: Level, six_starts: Numbers) -> Parting:
    """Parting in the cells of resolution 7 of all cells of 6 in which one of them is delivered by segment."""
    fine = network.cells.resolution[seven.starts] == FINEST
    first = np.zeros(len(fine), dtype=np.bool_)
    first[six_starts] = True
    members = np.diff(six_starts, append=len(fine))
    apart = np.repeat(np.logical_or.reduceat(fine, six_starts), members)
    starts = np.flatnonzero(first | apart)
    return Parting(
        starts=starts,
        sevens=fine[starts],
        six_starts=np.searchsorted(starts, six_starts),
        layers=np.add.reduceat(network.layers, seven.starts[starts], axis=1),
        region=network.region[seven.starts[starts]],
    )


def straddling_parts(land: Land, authorities: int, around: Surroundings, seed: int) -> csr_array:
    """Part of each cell of `Land` that is in each authority: cells at a border are in two, by chance.

    Real authorities are not unions of cells. How a border runs through a cell is not known here, so that up to 40 % of
    a cell that has a neighbour in another authority is taken to be in that authority.

    Parameters
    ----------
    land : Land
        Cells.
    authorities : int
        Number of all authorities.
    around : Surroundings
        Neighbours of the cells.
    seed : int
        Of the demonstration.

    Returns
    -------
    csr_array, authorities x cells of `Land`
    """
    origin, destination = around.origin, around.destination
    across = land.authority[origin] != land.authority[destination]
    border, first = np.unique(origin[across], return_index=True)
    other = land.authority[destination[across][first]]
    part = random(seed, "borders").uniform(0.0, 0.4, len(border))
    own = np.ones(len(land.h3))
    own[border] -= part
    everywhere = np.arange(len(land.h3))
    return csr_array(
        coo_array(
            (
                np.concatenate([own, part]),
                (np.concatenate([land.authority, other]), np.concatenate([everywhere, border])),
            ),
            shape=(authorities, len(land.h3)),
        )
    )


def _area_parts(network: Network, land: Land, straddling: csr_array) -> csr_array:
    """Part of each working cell in each authority: its finest cells' parts, weighted by who lives there."""
    cells = np.flatnonzero(network.cells.of_land >= 0)
    own = network.cells.of_land[cells]
    weight = land.residents[cells] + land.land_km2[cells] + 1e-6
    weight /= np.bincount(own, weight)[own]
    gather = csr_array(coo_array((weight, (cells, own)), shape=(len(land.h3), len(network.cells.h3))))
    return csr_array(straddling @ gather).astype(np.float32)


@dataclass(frozen=True)
class CountedDay:
    """An operator's counts of one day before anything is withheld.

    Parameters
    ----------
    cells : array of uint32, hours x rows
        As `Ledger.rows`.
    authorities : dict of str to array of uint32, hours x authorities
        By segment, of the authorities that are delivered.
    """

    cells: Counts
    authorities: dict[str, Counts]


def count_day(ledger: Ledger, day: DayShares, effects: Sequence[Effect], land: Land, seed: int) -> CountedDay:
    """Count an operator's devices on a UTC day.

    Every cell is drawn once, at its finest; coarser cells and areas add up what is in them, and segments part what was
    counted, so that all of them agree exactly.

    Parameters
    ----------
    ledger : Ledger
        The operator's rows.
    day : DayShares
        What people do on the day.
    effects : sequence of Effect
        Events of the day.
    land : Land
        Cells of resolution 8.
    seed : int
        Of the demonstration.

    Returns
    -------
    CountedDay
    """
    network = ledger.network
    generator = random(seed, "counts", network.operator_id, day.date)
    counts = np.empty((HOURS_OF_DAY, ledger.height), dtype=np.uint32)
    finest = ledger.levels[-1]
    everywhere = finest.resolution == FINEST and len(finest.h3) == len(network.cells.h3)
    # Where all cells are of the finest resolution they are counted straight into its rows.
    working = (
        counts[:, ledger.rows[FINEST, ALL]]
        if everywhere
        else np.empty((HOURS_OF_DAY, len(network.cells.h3)), dtype=np.uint32)
    )
    _draw_cells(network, day, [network.effect(each, land) for each in effects], generator, out=working)
    if finest.resolution == FINEST and not everywhere:
        counts[:, ledger.rows[FINEST, ALL]] = working[:, finest.starts]
    shares = _by_segment(day.shares)
    sevens = np.add.reduceat(working, ledger.seven_starts, axis=1)
    counts[:, ledger.rows[SEGMENT_RESOLUTIONS[-1], ALL]] = sevens
    _add_up(ledger, ALL, sevens, ledger.coarser[0][1], counts)
    parting = ledger.parting
    units = np.add.reduceat(sevens, parting.starts, axis=1)
    for segment, parted in _parted(units, parting.layers, shares, parting.region, generator).items():
        counts[:, ledger.rows[SEGMENT_RESOLUTIONS[-1], segment]] = parted[:, parting.sevens]
        _add_up(ledger, segment, parted, parting.six_starts, counts)
    by_area = np.array([np.rint(ledger.area @ hour.astype(np.float32)) for hour in working]).astype(np.uint32)
    by_area = np.ascontiguousarray(by_area[:, ledger.authorities])
    own = ledger.authorities
    parts = _parted(by_area, ledger.area_layers[:, own].astype(np.float32), shares, ledger.areas.region[own], generator)
    return CountedDay(counts, {ALL: by_area, **parts})


def _add_up(ledger: Ledger, segment: str, finest: Counts, six_starts: Numbers, counts: Counts) -> None:
    """Write into `counts` a segment's rows of resolutions 6 and 5."""
    (six, _), (five, five_starts) = ledger.coarser
    sixes = np.add.reduceat(finest, six_starts, axis=1)
    counts[:, ledger.rows[six, segment]] = sixes
    counts[:, ledger.rows[five, segment]] = np.add.reduceat(sixes, five_starts, axis=1)


def _draw_cells(
    network: Network,
    day: DayShares,
    effects: Sequence[tuple[Numbers, NDArray[np.float32]]],
    generator: np.random.Generator,
    *,
    out: Counts,
) -> None:
    """Draw the counts in the working cells into `out`, hours x cells."""
    size = len(network.drawing)
    added = _dense(effects, size)
    kept = network.kept(day.date)
    shares = day.shares.astype(np.float32)
    dispersion = network.knobs["over_dispersion"]
    region = network.region[network.drawing]
    runs = np.flatnonzero(np.diff(region, prepend=-1))
    for start, end in zip(runs, [*runs[1:], size], strict=True):
        share = shares[:, region[start]]
        for first in range(start, end, _CHUNK):
            together = slice(first, min(first + _CHUNK, end))
            cells = network.drawing[together]
            mean = np.zeros((HOURS_OF_DAY, len(cells)), dtype=np.float32)
            product = np.empty_like(mean)
            for activity, layer in enumerate(network.drawn_layers[:, together]):
                if layer[-1] or layer.any():
                    np.multiply(share[:, activity, None], layer, out=product)
                    mean += product
            if added is not None:
                mean += added[:, cells]
                np.maximum(mean, 0, out=mean)
            for hour, part in kept.items():
                mean[hour] *= part[cells]
            out[:, cells] = draw(mean, bits(generator, *mean.shape), dispersion)


def _dense(effects: Sequence[tuple[Numbers, NDArray[np.float32]]], size: int) -> NDArray[np.float32] | None:
    if not effects:
        return None
    added = np.zeros((HOURS_OF_DAY, size), dtype=np.float32)
    for cells, devices in effects:
        added[:, cells] += devices
    return added


def _by_segment(shares: NDArray[np.float64]) -> dict[str, tuple[Numbers, NDArray[np.float32]]]:
    """For each segment its activities, and their shares (hours x regions x activities)."""
    segment = np.array([SEGMENT_OF.get(activity, "visiting") for activity in ACTIVITIES])
    chosen = {part: np.flatnonzero(segment == part) for part in PARTS}
    return {part: (activities, shares[:, :, activities].astype(np.float32)) for part, activities in chosen.items()}


def _parted(
    total: Counts,
    layers: NDArray[np.float32],
    shares: dict[str, tuple[Numbers, NDArray[np.float32]]],
    region: Numbers,
    generator: np.random.Generator,
) -> dict[str, Counts]:
    """Counts (hours x zones) parted at random in proportion to what is expected of each segment; the parts add up."""
    parts = {part: np.empty_like(total) for part in PARTS}
    for hour, counted in enumerate(total):
        expected = {}
        for part, (activities, factors) in shares.items():
            mean = np.zeros(len(counted), dtype=np.float32)
            for place, activity in enumerate(activities):
                mean += factors[hour, :, place].take(region) * layers[activity]
            expected[part] = mean
        left = sum(expected.values())
        rest = counted
        for part in PARTS[:-1]:
            chance = np.divide(expected[part], left, out=np.zeros_like(left), where=left > 0)
            drawn = bits(generator, len(counted))
            parts[part][hour], rest = split(rest, np.clip(chance, 0, 1, out=chance), drawn)
            left -= expected[part]
        parts[PARTS[-1]][hour] = rest
    return parts


def cell_table(ledger: Ledger, counted: CountedDay) -> pa.Table:
    """The rows of `cell_day`, counts below the operator's threshold withheld."""
    h3, resolution, segment = ledger.columns
    hours = withheld(counted.cells, ledger.network.knobs["threshold"])
    return pa.Table.from_arrays([resolution, h3, segment, *hours], schema=delivery_tables()["cell_day"].file_schema)


def area_table(ledger: Ledger, counted: CountedDay) -> pa.Table:
    """The rows of `area_day`: authorities, and the areas that contain them, which add them up."""
    codes, members = ledger.above
    everything = [*(ledger.areas.codes[number] for number in ledger.authorities), *codes]
    inside = members[:, ledger.authorities].astype(np.uint32)
    counts, names, segments = [], [], []
    for segment in SEGMENTS:
        own = counted.authorities[segment]
        counts.append(np.concatenate([own, own @ inside.T], axis=1))
        names += everything
        segments += [segment] * len(everything)
    hours = withheld(np.concatenate(counts, axis=1).astype(np.uint32), ledger.network.knobs["threshold"])
    table = pa.Table.from_arrays(
        [pa.array(names, pa.string()), pa.array(segments, pa.string()), *hours],
        schema=delivery_tables()["area_day"].file_schema,
    )
    return table.sort_by([("segment", "ascending"), ("area_code", "ascending")])


def withheld(counts: Counts, threshold: int) -> list[pa.Array]:
    """Counts as columns, one an hour; those of 1 to threshold-1 are NULL.

    Examples
    --------
    >>> withheld(np.array([[0, 4, 10]], dtype=np.uint32), 10)[0].to_pylist()
    [0, None, 10]
    """
    # An unsigned 0 less 1 is the largest number there is: one comparison does for both ends.
    return [pa.array(hour, pa.uint32(), mask=(hour - np.uint32(1)) < threshold - 1) for hour in counts]
