"""What the map is sent: how large, and how long it takes to make."""

from __future__ import annotations

import time

import h3
import numpy as np

from cellcount.bench.report import Entry, Line
from cellcount.standard import DAY_PARTS, HOURS_OF_DAY
from cellcount.ui import certainty, maps, scales
from cellcount.ui.ground import Bounds
from cellcount.ui.look import PALETTES

CELLS = 20_000
AREAS = 33
"""As many as London has authorities."""
RINGS = 82
"""Of cells around one: a few more than 20,000."""
GOAL_MB, GOAL_MS = 1.2, 5.0
_NO_GROUND = '{"type":"FeatureCollection","features":[]}'


def measure_message(runs: int) -> list[Line]:
    """Measure what a day of 20,000 cells is as a message to the map: figures, places, and what is needed for intervals.

    The base map is left out: it is read from a cache, and its size is the coast's.

    Parameters
    ----------
    runs : int
        How often it is made.

    Returns
    -------
    list of Line
    """
    middle = h3.latlng_to_cell(51.5, -0.1, 8)
    cells = np.array(sorted(int(each, 16) for each in h3.grid_disk(middle, RINGS))[:CELLS], dtype=np.int64)
    people = np.asfortranarray(np.random.default_rng(1).integers(0, 4000, (CELLS, HOURS_OF_DAY)) * 5.0)
    people[::50] = np.nan
    layer = maps.PlayedCells(
        h3=cells,
        values=people,
        covered=np.ones(people.shape, dtype=bool, order="F"),
        places=tuple(f"near Settlement {at % 2000}, Authority {at % 2000 % AREAS}" for at in range(CELLS)),
        unit="people",
        areas=tuple(at % 2000 % AREAS for at in range(CELLS)),
        curves=maps.Curves(
            certainty.SIZES, np.zeros((AREAS, len(DAY_PARTS), len(certainty.SIZES))), (0,) * HOURS_OF_DAY
        ),
    )
    palette = PALETTES["light"]
    scale = scales.amounts("People", people, palette)
    ground = maps.Ground(_NO_GROUND, _NO_GROUND, _NO_GROUND)
    steps = maps.Steps(tuple(f"{hour:02d}:00" for hour in range(HOURS_OF_DAY)))
    bounds = Bounds(-1.0, 51.0, 1.0, 52.0)
    took = []
    for _ in range(runs):
        started = time.perf_counter()
        _, tables = maps.message(
            "map", {"cells": layer}, scale, ground=ground, bounds=bounds, palette=palette, steps=steps, alt="A day"
        )
        took.append((time.perf_counter() - started) * 1000)
    size = sum(table.nbytes for table in tables.values()) / 1e6
    what = f"Message to the map, {CELLS:,} cells × {HOURS_OF_DAY} hours"
    return [
        Entry(f"{what}: size", "MB", (size,), GOAL_MB),
        Entry(f"{what}: making it", "ms", tuple(took), GOAL_MS, "from arrays to Arrow, without Streamlit's sending."),
    ]
