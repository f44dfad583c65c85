"""Visits from abroad and trips abroad: `inbound_month`, `inbound_cell_month` and `outbound_month`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.build.combine import Observed, known
from cellcount.build.figures import Figure, disagreement, errors, figure, observed, people_per_device
from cellcount.build.homes import rows_above
from cellcount.build.keyed import side_by_side
from cellcount.build.protect import SMALL, TOTAL, Disclosure
from cellcount.build.release import ReleaseWriter
from cellcount.build.secondary import Tree, Withheld, withhold_in_groups, withhold_in_segments, withhold_in_tree
from cellcount.build.shares import Operator

VISITS = "visits"
RESIDENTS = "GB"
"""Country of residence of those who visit within their own country."""
VISIT_COLUMNS = (
    "visits",
    "nights",
    "departures",
    "repeat_visits",
    "main_destination_visits",
    "secondary_destination_visits",
    "transit_visits",
)
DESTINATIONS = ("main_destination_visits", "secondary_destination_visits", "transit_visits")
"""What a visit is to an area: each is one of these."""
INBOUND_CELL_RESOLUTION = 7


def write_inbound_month(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, month: str, disclosure: Disclosure
) -> None:
    """Estimate, protect and write one month of `inbound_month`.

    Visitors from abroad are expanded by the operators' shares of inbound roamers, residents' own trips (`GB`) by those
    of residents. Where visits are withheld, so is everything said of them. A visit is to a main destination, a
    secondary one or one passed through, which therefore add up to visits. Nights add up over areas, and so do visits
    at most: who sees several authorities of a region may count in each.

    Parameters
    ----------
    writer : ReleaseWriter
        The release being written.
    operators : sequence of Operator
        Operators.
    countries : pyarrow.Array
        Codes of countries.
    month : str
        `YYYY-MM`.
    disclosure : Disclosure
        How the release is protected.
    """
    side = side_by_side(operators, operators[0].zones, countries, "inbound_month", month=month)
    if side is None:
        return
    area = side.codes["area_code"]
    at_home = side.codes["country_of_residence"] == countries.index(RESIDENTS).as_py()
    shares = [
        np.where(at_home, resident, inbound)
        for resident, inbound in zip(side.shares(area), side.shares(area, "inbound"), strict=True)
    ]
    residents, visitors = observed(side.operators, area), observed(side.operators, area, "inbound")
    seen = Observed(np.where(at_home, residents.share, visitors.share), np.where(at_home, residents.cv, visitors.cv))
    counts = {name: side.counts(name) for name in VISIT_COLUMNS}
    found = {name: figure(counts[name], shares, side.thresholds, disclosure) for name in VISIT_COLUMNS}
    if disclosure.protection.secondary:
        # A column that nobody has filled in is all NULL, and adds up to nothing.
        supplied = [name for name, theirs in counts.items() if any(known(each).any() for each in theirs)]
        above = rows_above(side, operators[0].zones)
        found |= _withheld_together({name: found[name] for name in supplied}, above, seen, disclosure.threshold)
    words = side.words()
    columns = {
        name: each.hidden_where(found["visits"].reasons).released(disclosure, f"inbound_month {name}", month, words)
        for name, each in found.items()
    }
    error = errors(columns["visits"], seen, disagreement(counts["visits"], shares))
    table = pa.table({**side.key_columns(), **columns, "se": error})
    writer.write("inbound_month", table, month=month)


def write_inbound_cell_month(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, month: str, disclosure: Disclosure
) -> None:
    """Estimate, protect and write one month of `inbound_cell_month`.

    Parameters
    ----------
    writer, operators, countries, month, disclosure
        As for `write_inbound_month`.
    """
    zones = operators[0].zones
    side = side_by_side(operators, zones, countries, "inbound_cell_month", month=month)
    if side is None:
        return
    area = zones.cell_areas(side.codes["h3"], INBOUND_CELL_RESOLUTION)
    seen = observed(side.operators, area, "inbound")
    counts, shares = side.counts("devices"), side.shares(area, "inbound")
    found = figure(counts, shares, side.thresholds, disclosure)
    if disclosure.protection.secondary:
        parts = Withheld(np.nan_to_num(found.estimate), found.reasons, people_per_device(seen))
        _withhold_over_countries(parts, side.codes, disclosure.threshold)
    people = found.released(disclosure, "inbound_cell_month people", month, side.words())
    table = pa.table(
        {
            **side.key_columns(),
            "people": people,
            "se": errors(people, seen, disagreement(counts, shares)),
        }
    )
    writer.write("inbound_cell_month", table, month=month)


def write_outbound_month(
    writer: ReleaseWriter, operators: Sequence[Operator], countries: pa.Array, month: str, disclosure: Disclosure
) -> None:
    """Estimate, protect and write one month of `outbound_month`.

    Parameters
    ----------
    writer, operators, countries, month, disclosure
        As for `write_inbound_month`.
    """
    side = side_by_side(operators, operators[0].zones, countries, "outbound_month", month=month)
    if side is None:
        return
    home = side.codes["home_area_code"]
    shares = side.shares(home)
    counts = side.counts("trips")
    trips = figure(counts, shares, side.thresholds, disclosure)
    nights = figure(side.counts("nights"), shares, side.thresholds, disclosure).hidden_where(trips.reasons)
    words = side.words()
    released = trips.released(disclosure, "outbound_month trips", month, words)
    table = pa.table(
        {
            **side.key_columns(),
            "trips": released,
            "nights": nights.released(disclosure, "outbound_month nights", month, words),
            "se": errors(released, observed(side.operators, home), disagreement(counts, shares)),
        }
    )
    writer.write("outbound_month", table, month=month)


def _withheld_together(
    found: dict[str, Figure], above: NDArray[np.int64], seen: Observed, threshold: int
) -> dict[str, Figure]:
    """Visits and what is said of them, with those withheld that larger areas, or visits' destinations, give away."""
    device = people_per_device(seen)
    tree = Tree.of_parents(above)
    zones = {name: Withheld(np.nan_to_num(each.estimate), each.reasons.copy(), device) for name, each in found.items()}
    parts = DESTINATIONS if zones.keys() >= {VISITS, *DESTINATIONS} else ()
    together = {VISITS, *parts} & zones.keys()
    withhold_in_segments(
        dict.fromkeys(together, tree),
        {name: zones[name] for name in together},
        {name: np.arange(len(device)) for name in parts},
        VISITS,
        threshold,
    )
    # What is said of withheld visits tells of them, and must be as hard to work out as they.
    visits = zones[VISITS].reasons
    carried = np.where(visits & SMALL, SMALL, np.where(visits != 0, TOTAL, 0)).astype(np.uint8)
    for name in zones.keys() - together:
        zones[name].reasons[:] |= carried
        withhold_in_tree(tree, zones[name], threshold)
    return {name: Figure(each.estimate, zones[name].reasons) for name, each in found.items()}


def _withhold_over_countries(parts: Withheld, codes: dict[str, NDArray[np.int64]], threshold: int) -> None:
    """Withhold, in place, what a cell's visitors of all countries would give away.

    Their sum is not in this table. It is taken to be known all the same: visitors are a segment of the cell.
    """
    sums = np.stack([codes["h3"], codes["day_part"]], axis=1)
    _, groups = np.unique(sums, axis=0, return_inverse=True)
    number = groups.max(initial=-1) + 1
    everybody = np.bincount(groups, parts.people, minlength=number).astype(np.float64)
    device = np.bincount(groups, parts.device, minlength=number) / np.maximum(np.bincount(groups, minlength=number), 1)
    totals = Withheld(everybody, np.zeros(number, dtype=np.uint8), device)
    withhold_in_groups(parts, groups, totals, threshold)
