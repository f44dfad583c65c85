"""What must be said beside the figures of an incident, found by rule and not by eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellcount.methods.baseline import Comparable
from cellcount.methods.incident import LEAST_LOST, Difference, ZoneDifference
from cellcount.methods.recovery import NOT_RECOVERED, Recovery, departures

Floats = NDArray[np.float64]

COVERAGE = "coverage"
NETWORK_DIP = "network_dip"
NETWORK_BESIDE = "network_beside"
BASELINE = "baseline"
WITHHELD = "withheld"
ENDS_EARLY = "ends_early"
CUT_CELLS = "cut_cells"
AROUND = "around"
NO_CELLS = "no_cells"
CLOCK = "clock"

DIP = 0.01
"""Active devices of the whole country below their usual by this share are a dip of a network. On ordinary days of the
demonstration they are within 0.9 % of it, for people go abroad with the season, and no incident switches one in a
hundred of all devices off; a network that fails is a quarter of them."""
MUCH_CUT = 0.25
"""From this share of the variance of the excess on, cut cells decide how sure it is: the zone is small against them."""
MUCH_WITHOUT = 0.05
"""From this share of a zone's area on it is said that it has no cells: less is within how well areas of cells are known
and of no weight beside an interval."""


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to be said.

    Attributes
    ----------
    code : str
        Which rule found it.
    sentence : str
        What is said.
    much : str
        The number in it by which it differs from that of another zone; empty where there is none.
    """

    code: str
    sentence: str
    much: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the rules look at.

    Attributes
    ----------
    zone : ZoneDifference
        The zone over the window.
    incident : array of bool, shape (hours,)
        Which hours of the window are the incident's.
    share_lost : array of float, shape (hours,)
        Largest part of the share of people observed that was lost in any cell of the zone, 0 to 1 (table `coverage`).
    devices, devices_usual : array of float, shape (hours,)
        Active devices of the whole country and the median of the comparable days (table `devices_day`); NaN where not
        known.
    baseline : tuple of Comparable
        Comparable days of each date shown.
    recovery : Recovery or None
        Of the zone; None where it was not asked.
    around : Difference or None
        Of the area around without any zone, shape (hours,); None where not known.
    without_cells : float
        Share of the zone's area that lies where the release has no cells, or none with figures, 0 to 1.
    twice : bool
        Whether the clock shows an hour of the incident twice, of which the first is told.
    """

    zone: ZoneDifference
    incident: NDArray[np.bool_]
    share_lost: Floats
    devices: Floats
    devices_usual: Floats
    baseline: tuple[Comparable, ...]
    recovery: Recovery | None = None
    around: Difference | None = None
    without_cells: float = 0.0
    twice: bool = False


def cautions(found: Circumstances) -> list[Caution]:
    """All that must be said beside the figures, what could undo them first.

    Parameters
    ----------
    found : Circumstances
        What the rules look at.

    Returns
    -------
    list of Caution
        Empty where nothing must.

    Notes
    -----
    *The area around.* A day that is unlike others in the whole area, by weather, a holiday or a strike, makes cells
    depart that have nothing to do with the incident. It is not taken off the zone's excess: an incident may reach as
    far as the area, and whoever came to it may live there. It is said instead, with the size of it, so that who reads
    can hold the zone against it. All hours of the incident are looked at: see `departures`.
    """
    said = [
        _coverage,
        _network_dip,
        _baseline,
        _no_cells,
        _withheld,
        _clock,
        _cut_cells,
        _around,
        _network_beside,
        _ends_early,
    ]
    return [caution for each in said for caution in each(found)]


def without_cells(share: float) -> str:
    """What is said of an area that the release covers in part; empty where it covers it but for little.

    Nothing is a fault in it: off a coast the sea has no cells because nobody is there.

    Parameters
    ----------
    share : float
        Of its area that has no cells, 0 to 1.

    Examples
    --------
    >>> without_cells(0.4)
    'About 40 % of this area lies where the release has no cells (sea, or not covered): nobody is counted there.'
    >>> without_cells(0.04)
    ''
    """
    if share < MUCH_WITHOUT:
        return ""
    much = "All" if share >= 1 else f"About {100 * share:.0f} %"
    return f"{much} of this area lies where the release has no cells (sea, or not covered): nobody is counted there."


def device_change(devices: Floats, usual: Floats) -> Floats:
    """Active devices of the country against their usual, relative to it; NaN where not known.

    Examples
    --------
    >>> device_change(np.array([990.0, 500.0]), np.array([1_000.0, np.nan])).round(3).tolist()
    [-0.01, nan]
    """
    return np.divide(devices - usual, usual, out=np.full(len(devices), np.nan), where=usual > 0)


def _coverage(found: Circumstances) -> list[Caution]:
    lost = np.where(found.incident, found.share_lost, 0.0)
    hours = int((lost >= LEAST_LOST).sum())
    if not hours:
        return []
    much = f"{100 * float(lost.max()):.0f} %"
    return [
        Caution(
            COVERAGE,
            f"A part of a network was down here during the incident: up to {much} of the people usually observed were "
            f"not, in {_hours(hours)}. A network effect is possible: fewer people in these hours are no evidence that "
            "people left.",
            much,
        )
    ]


def _network_dip(found: Circumstances) -> list[Caution]:
    change = device_change(found.devices, found.devices_usual)
    dips = found.incident & (np.nan_to_num(change) <= -DIP)
    if not dips.any():
        return []
    return [
        Caution(
            NETWORK_DIP,
            f"In {_hours(int(dips.sum()))} up to {-100 * float(change[dips].min()):.1f} % fewer devices than usual "
            "were active in the whole country. That is a fault of a network and not people who left.",
        )
    ]


def _network_beside(found: Circumstances) -> list[Caution]:
    """Of the hours shown before and after, which the timeline shows and by which recovery is told."""
    change = device_change(found.devices, found.devices_usual)
    down = (found.share_lost >= LEAST_LOST) | (np.nan_to_num(change) <= -DIP)
    hours = int((down & ~found.incident).sum())
    if not hours:
        return []
    return [
        Caution(
            NETWORK_BESIDE,
            f"A network was down in {_hours(hours)} of those shown before and after the incident: fewer people then "
            "are no evidence that people left.",
        )
    ]


def _baseline(found: Circumstances) -> list[Caution]:
    return [Caution(BASELINE, each.sentence) for each in found.baseline if each.sentence]


def _no_cells(found: Circumstances) -> list[Caution]:
    sentence = without_cells(found.without_cells)
    return [Caution(NO_CELLS, sentence, f"{100 * found.without_cells:.0f} %")] if sentence else []


def _withheld(found: Circumstances) -> list[Caution]:
    hidden = np.where(found.incident, found.zone.withheld, 0)
    if not hidden.any():
        return []
    at = int(np.argmax(found.zone.withheld_most * (hidden > 0)))
    cells = int(hidden[at])
    who, they = ("One cell inside is", "It is") if cells == 1 else (f"{cells} cells inside are", "They are")
    why = (
        "while a part of a network was down, which leaves fewer devices to count"
        if found.share_lost[at] >= LEAST_LOST
        else "to protect the few people there, or because one operator counted most of them"
    )
    held, most = (_about(float(each[at])) for each in (found.zone.withheld_people, found.zone.withheld_most))
    usual = "" if most == held else f", where up to {most} would be usual"
    return [
        Caution(
            WITHHELD,
            f"{who} withheld in an hour of the incident, {why}. {they} taken to hold {held}{usual}. The interval is "
            "wider for it.",
        )
    ]


def _about(people: float) -> str:
    """So many people, to two digits: such a figure is an expectation.

    Examples
    --------
    >>> _about(30_351.0), _about(1.2), _about(0.4)
    ('about 30,000 people', 'about 1 person', 'fewer than 1 person')
    """
    kept = float(f"{people:.1e}") if people >= 10 else round(people)
    if kept < 1:
        return "fewer than 1 person"
    return "about 1 person" if kept == 1 else f"about {kept:,.0f} people"


def _clock(found: Circumstances) -> list[Caution]:
    if not found.twice:
        return []
    return [
        Caution(
            CLOCK,
            "The clock was put back during the incident, and an hour of it came twice: the first of the two is told, "
            "and it alone counts in the people-hours.",
        )
    ]


def _cut_cells(found: Circumstances) -> list[Caution]:
    share = found.zone.cut_share[found.incident]
    known = share[np.isfinite(share)]
    if not (known >= MUCH_CUT).any():
        return []
    much = f"{100 * float(known.max()):.0f} %"
    return [
        Caution(
            CUT_CELLS,
            f"The zone is small against the cells: up to {much} of the doubt about the difference comes of cells at "
            "its edge, for it is not known on which side of it people are. A zone whose edge is at least a cell away "
            "from what happened is surer.",
            much,
        )
    ]


def _around(found: Circumstances) -> list[Caution]:
    if found.around is None:
        return []
    departed = departures(found.around.z[None, :], found.incident)[0] & found.incident
    if not departed.any():
        return []
    at = int(np.argmax(np.where(departed, np.abs(found.around.z), 0.0)))
    percent = float(found.around.percent[at])
    side = "more" if percent > 0 else "fewer"
    return [
        Caution(
            AROUND,
            f"The whole area around has {abs(percent):.1f} % {side} people than usual in an hour of the incident. That "
            "is beyond usual variation. Unless these are people who came to the incident or left it, a common cause is "
            "likely, such as weather, a holiday or traffic; it is not taken off the zone's difference.",
        )
    ]


def _ends_early(found: Circumstances) -> list[Caution]:
    if found.recovery is None or found.recovery.ending != NOT_RECOVERED:
        return []
    return [
        Caution(
            ENDS_EARLY,
            f"The zone had not recovered by the last hour covered, {_hours(found.recovery.hours or 0)} on. How long it "
            "took is not known.",
        )
    ]


def _hours(count: int) -> str:
    return "1 hour" if count == 1 else f"{count} hours"
