"""Operators' factors beside what they count, and beside each other's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from cellcount.validator.findings import Findings
from cellcount.validator.known import Known
from cellcount.validator.partition import Factor

TABLE = "operator_factor"
_ADDED_UP = 1e-6
"""Shares that add to 1 do so within this, as numbers of a computer."""


def check_factors(
    factors: Iterable[Factor], counted: set[tuple[str, str]], known: Known | None, findings: Findings
) -> None:
    """Whether there is a factor, and not zero, for all that an operator counts.

    Parameters
    ----------
    factors : iterable of Factor
        Rows of `operator_factor`.
    counted : set of tuples
        Code of area and kind of customers of all counts.
    known : Known or None
        Reference geography; without it only areas with a factor of their own can be judged.
    findings : Findings
        Told what is wrong.
    """
    by_key = {(factor.area_code, factor.segment): factor for factor in factors}
    used, missing = set(), []
    for area, customers in sorted(counted):
        own = _sources(area, customers, by_key, known)
        if own:
            used |= own
        elif own is not None:
            missing.append(f"{area}, {customers}")
    if missing:
        findings.add("factor-missing", missing[0], count=len(missing), table=TABLE, columns=["area_code"])
    zero = sorted(key for key in used if by_key[key].product == 0)
    if zero:
        example = f"area_code {zero[0][0]}, segment {zero[0][1]}: the product is 0"
        findings.add("factor-zero", example, count=len(zero), table=TABLE, columns=["market_share"])


def _sources(
    area: str, customers: str, by_key: dict[tuple[str, str], Factor], known: Known | None
) -> set[tuple[str, str]] | None:
    """The rows that an area's factor comes from: its own, its region's, or of the areas in it; None if not known."""
    if (area, customers) in by_key:
        return {(area, customers)}
    if known is None or area not in known.number_of_area:
        return None
    zones = known.zones
    number = known.number_of_area[area]
    above = int(zones.parents[number])
    if known.is_authority[number]:
        region = (zones.codes[above], customers) if above >= 0 else None
        return {region} if region in by_key else set()
    # A larger area has the mean of its authorities, of which one is enough to be known.
    inside = [each for each in np.flatnonzero(zones.parents == number).tolist() if each != number]
    found: set[tuple[str, str]] = set()
    for each in inside:
        found |= _sources(zones.codes[each], customers, by_key, known) or set()
    return found


def check_shares(deliveries: Sequence[Sequence[Factor]], known: Known | None, findings: Findings) -> None:
    """Whether the market shares of all operators leave room for each other.

    Parameters
    ----------
    deliveries : sequence of sequences of Factor
        Each operator's rows of `operator_factor`.
    known : Known or None
        Reference geography; without it only rows of the same area are added.
    findings : Findings
        Told what is wrong.
    """
    shares = [{(factor.area_code, factor.segment): factor.market_share for factor in each} for each in deliveries]
    over = []
    for area, customers in sorted({key for each in shares for key in each}):
        region = known.parent_of(area) if known else None
        held = [each.get((area, customers), each.get((region or "", customers), 0.0)) for each in shares]
        # A share that is no share is told of its own row.
        if all(0 <= share <= 1 for share in held) and sum(held) > 1 + _ADDED_UP:
            over.append(f"area_code {area}, segment {customers}: the shares add to {sum(held):.4g}")
    if over:
        findings.add("shares-over-one", over[0], count=len(over), table=TABLE, columns=["market_share"])
