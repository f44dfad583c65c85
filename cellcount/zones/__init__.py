"""The area of an incident: what somebody draws, types or uploads, read safely, and turned into weights of cells.

`rings` and `read_zones` make `Zones`; `cell_weights` says how much of each cell of a release is in each of them;
`smallest_supported` says which of them are too small to be told anything about; `read_sites` reads a list for a batch.
"""

from cellcount.zones.limits import AreaRefusedError, SitesRefusedError
from cellcount.zones.reading import read_zones
from cellcount.zones.rings import ring_distances, rings, typed_distances
from cellcount.zones.shapes import Zones
from cellcount.zones.sites import Site, read_sites
from cellcount.zones.weights import (
    CellTable,
    CellWeights,
    Support,
    cell_weights,
    measured_concentration,
    share_with_cells,
    smallest_supported,
)

__all__ = [
    "AreaRefusedError",
    "CellTable",
    "CellWeights",
    "Site",
    "SitesRefusedError",
    "Support",
    "Zones",
    "cell_weights",
    "measured_concentration",
    "read_sites",
    "read_zones",
    "ring_distances",
    "rings",
    "share_with_cells",
    "smallest_supported",
    "typed_distances",
]
