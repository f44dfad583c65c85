"""The limits of what is read as an area, and the errors of what is not.

The limits keep one upload from taking the server with it. A real file of zones is far below them.
"""

from __future__ import annotations

from cellcount.errors import CellCountError

FILE_BYTES = 20_000_000
"""Largest upload."""
UNPACKED_BYTES = 60_000_000
"""All that a zip may unpack to."""
MOST_MEMBERS = 1_000
"""Entries of a zip: a zipped shapefile has three to ten."""
MOST_VERTICES = 200_000
"""Vertices of all zones together. Cells are hundreds of metres across: nobody needs more to draw an area."""
MOST_ZONES = 200
"""Zones in one file, and features of any kind that are looked at."""
MOST_SITES = 5_000
"""Sites in one list."""
MOST_RINGS = 5
"""Rings around one point. HSE's land-use planning has three zones; five leave room."""
MOST_KM = 100.0
"""Largest distance of a ring, in km: beyond it, name authorities instead."""
MOST_DEPTH = 64
"""Brackets inside brackets in JSON, and elements inside elements in KML. GeoJSON itself needs eight."""
NAME_LETTERS = 80
"""Letters of a name that are kept."""

READING_SECONDS = 1.2
"""What the reader may take once it has started: with its start and the looks before it, 2 s in all. A file of 190,000
vertices takes a third of it."""
START_SECONDS = 15.0
"""What the start may take, on a cold disk or a busy server; a warm one takes 0.5 s."""
AT_ONCE = 2
"""Files that are read at the same time: with the memory of each this bounds that of all."""
MEMORY_BYTES = 1_000_000_000
"""Address space of the reader, where the system can limit it. It starts with 250 MB; a file of 190,000 vertices takes
150 MB more at most."""
ANSWER_BYTES = 60_000_000
"""Largest file that the reader may write: 200,000 vertices take 7 MB."""


class AreaRefusedError(CellCountError):
    """An area, drawn, typed or uploaded, that cannot be used; the message says why and what to do."""


class SitesRefusedError(CellCountError):
    """A list of sites that cannot be used.

    Attributes
    ----------
    faults : tuple of str
        A sentence for each faulty row; empty where the list is refused as a whole.
    """

    def __init__(self, message: str, faults: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults
