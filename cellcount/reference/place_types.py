"""What kind of place a cell is: a rule on residents, their classification and the nearest centre.

The rule follows the Degree of Urbanisation (Eurostat and others, 2021) where it can: an urban centre is a cluster of
neighbouring cells of 1,500 residents/km2 or more with 50,000 people together, a smaller town a cluster of 300/km2 or
more with 5,000. Within urban centres the neighbourhood's density and the output area classification of 2011 tell inner
from outer, and populated places tell where the centre is.
"""

from __future__ import annotations

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

PLACE_TYPES = {
    "city_centre": "Built up, within 0.35 km x sqrt(people / 50,000) of the point of a place of 50,000 people or more",
    "town_centre": "Built up, the cell of the point of a place of 5,000 to 50,000 people",
    "campus": "Built up, and most live postcodes are of the group 'Students around campus'",
    "urban": "Urban centre with 4,000 residents/km2 or more around, or most live postcodes of an inner-city class",
    "suburban": "The rest of an urban centre",
    "town": "Smaller town",
    "village": "Not built up, 75 residents/km2 or more",
    "rural": "Fewer residents, but some",
    "empty": "No residents: upland, moor, forest, marsh, water",
}
"""The kinds of place, in the order in which they are tried, with their rules."""

URBAN_DENSITY, URBAN_PEOPLE = 1_500.0, 50_000.0
TOWN_DENSITY, TOWN_PEOPLE = 300.0, 5_000.0
INNER_DENSITY = 4_000.0
VILLAGE_DENSITY = 75.0
INNER_CLASSES = frozenset("2347")
"""Supergroups of the classification: cosmopolitans, ethnicity central, multicultural metropolitans, constrained city
dwellers."""
CAMPUS_CLASS = "2A"
CITY_RADIUS_KM, CITY_PEOPLE = 0.35, 50_000.0
LEAST_LAND_SHARE = 0.25
"""Density is over no less than this share of a cell, so that a sliver of coast with a pier is no city."""


def neighbours_of(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each cell, the places in the list of its six neighbours; -1 for one that is not in the list.

    Parameters
    ----------
    cells : array of int64
        Ascending.

    Returns
    -------
    array of int64, cells x 6
    """
    rings = np.zeros((len(cells), 6), dtype=np.int64)
    for row, cell in enumerate(cells.tolist()):
        ring = h3.grid_ring(cell, 1)
        rings[row, : len(ring)] = ring
    place = np.minimum(np.searchsorted(cells, rings), len(cells) - 1)
    return np.where(cells[place] == rings, place, -1)


def with_neighbours(values: NDArray[np.float64], neighbours: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each cell's value and its neighbours', added.

    Examples
    --------
    >>> with_neighbours(np.array([1.0, 2.0]), np.array([[1, -1, -1, -1, -1, -1], [0, -1, -1, -1, -1, -1]]))
    array([3., 3.])
    """
    return values + np.append(values, 0.0)[neighbours].sum(axis=1)


def clusters(
    dense: NDArray[np.bool_], people: NDArray[np.float64], neighbours: NDArray[np.int64], least: float
) -> NDArray[np.bool_]:
    """Cells in clusters of neighbouring dense cells that hold enough people together.

    Parameters
    ----------
    dense : array of bool
        Cells that may belong to a cluster.
    people : array of float
        Residents of each cell.
    neighbours : array of int64, cells x 6
        See `neighbours_of`.
    least : float
        Residents of the smallest cluster.

    Returns
    -------
    array of bool
        As the Degree of Urbanisation does, a cell with four or more neighbours in a cluster joins it.
    """
    start, side = np.nonzero(neighbours >= 0)
    end = neighbours[start, side]
    both = dense[start] & dense[end]
    links = coo_matrix((np.ones(both.sum()), (start[both], end[both])), shape=(len(dense), len(dense)))
    _, label = connected_components(links, directed=False)
    enough = np.bincount(label, np.where(dense, people, 0)) >= least
    found = dense & enough[label]
    return found | (np.append(found, False)[neighbours].sum(axis=1) >= 4)


def place_types(
    *,
    neighbours: NDArray[np.int64],
    residents: NDArray[np.float64],
    land_km2: NDArray[np.float64],
    cell_km2: NDArray[np.float64],
    inner: NDArray[np.bool_],
    campus: NDArray[np.bool_],
    centre_people: NDArray[np.float64],
) -> NDArray[np.object_]:
    """Kind of place of each cell, by the rules of `PLACE_TYPES`.

    Parameters
    ----------
    neighbours : array of int64, cells x 6
        See `neighbours_of`.
    residents : array of float
        People.
    land_km2, cell_km2 : array of float
        Land in the cell, and its whole area.
    inner, campus : array of bool
        Whether most live postcodes are of an inner-city class; of the students' group.
    centre_people : array of float
        Population of the largest place whose centre the cell belongs to; 0 for none. See `centres`.

    Returns
    -------
    array of str
    """
    land = np.maximum(land_km2, LEAST_LAND_SHARE * cell_km2)
    density = residents / land
    around = with_neighbours(residents, neighbours) / with_neighbours(land, neighbours)
    city = clusters(density >= URBAN_DENSITY, residents, neighbours, URBAN_PEOPLE)
    built_up = clusters(density >= TOWN_DENSITY, residents, neighbours, TOWN_PEOPLE) | city
    rules = {
        "city_centre": built_up & (centre_people >= CITY_PEOPLE),
        "town_centre": built_up & (centre_people >= TOWN_PEOPLE),
        "campus": built_up & campus,
        "urban": city & ((around >= INNER_DENSITY) | inner),
        "suburban": city,
        "town": built_up,
        "village": density >= VILLAGE_DENSITY,
        "rural": residents > 0,
    }
    return np.select(list(rules.values()), list(rules), "empty").astype(object)


def centres(
    cell_xy: NDArray[np.float64], place_xy: NDArray[np.float64], population: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Population of the largest place whose centre each cell belongs to; 0 for none.

    Parameters
    ----------
    cell_xy, place_xy : array of float, n x 2
        Metres.
    population : array of float
        Of each place.

    Returns
    -------
    array of float

    Examples
    --------
    A city of 200,000 has a centre of 0.35 km x 2; a town has but the nearest cell.

    >>> cells = np.array([[0.0, 0.0], [600.0, 0.0], [1200.0, 0.0], [5000.0, 0.0]])
    >>> places = np.array([[0.0, 0.0], [4900.0, 0.0]])
    >>> centres(cells, places, np.array([200_000.0, 9_000.0])).tolist()
    [200000.0, 200000.0, 0.0, 9000.0]
    """
    tree = cKDTree(cell_xy)
    largest = np.zeros(len(cell_xy))
    _, nearest = tree.query(place_xy)
    radius = 1000 * CITY_RADIUS_KM * np.sqrt(population / CITY_PEOPLE)
    for cell, xy, people, metres in zip(nearest, place_xy, population, radius, strict=True):
        within = tree.query_ball_point(xy, metres) if people >= CITY_PEOPLE else []
        for each in (cell, *within):
            largest[each] = max(largest[each], people)
    return largest
