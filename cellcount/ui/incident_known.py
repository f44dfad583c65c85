"""What is told of an incident's answer: the hour, the cells inside each zone, and its cautions with their marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellcount.methods import baseline, recovery
from cellcount.methods.cautions import (
    AROUND,
    BASELINE,
    CLOCK,
    COVERAGE,
    CUT_CELLS,
    ENDS_EARLY,
    NETWORK_BESIDE,
    NETWORK_DIP,
    NO_CELLS,
    WITHHELD,
    Caution,
)
from cellcount.ui.incident_answer import Answer, Zone

TOUCHED: Mapping[str, str] = {
    COVERAGE: "excess",
    NETWORK_DIP: "excess",
    AROUND: "excess",
    CUT_CELLS: "excess",
    BASELINE: "usual",
    NO_CELLS: "people",
    CLOCK: "people",
    WITHHELD: "people",
    ENDS_EARLY: "recovery",
    NETWORK_BESIDE: "recovery",
}
"""Which figure each rule of `cautions` speaks of: the caution is marked there."""


def usual_hours(answer: Answer) -> NDArray[np.bool_]:
    """Which hours have a usual level: those of dates with enough comparable days for any, shape (hours,)."""
    standing = {each.day: each.standing for each in answer.baseline}
    return np.array([standing[moment.date()] != baseline.NONE for moment in answer.moments], dtype=bool)


def is_compared(answer: Answer) -> bool:
    """Whether every hour of the incident has a usual level: else only the people who were there are told."""
    return bool(usual_hours(answer)[answer.during].all())


def cells_inside(answer: Answer, zone: Zone) -> NDArray[np.bool_]:
    """Which cells of the zones one zone has a part of, shape (cells of the zones,).

    Parameters
    ----------
    answer : Answer
        The answer.
    zone : Zone
        One of its zones, or all together.
    """
    weights = answer.place.weights.weights
    several = len(answer.zones) > weights.shape[1]
    row = [each.name for each in answer.zones].index(zone.name) - several
    return np.asarray((weights > 0).any(axis=1) if row < 0 else weights[:, row] > 0)


def hour_told(answer: Answer) -> int:
    """The hour that is told of, by its place among those shown: of all zones the same, so that they add up.

    The hour of the incident in which all zones together are furthest from usual; without a usual level the fullest one.
    """
    hours = np.flatnonzero(answer.during)
    found = answer.zones[0].difference
    if is_compared(answer):
        return recovery.peak_of_departure(found.z, int(hours[0]), int(hours[-1]))
    return int(hours[np.argmax(np.nan_to_num(found.people[hours], nan=-1.0))])


@dataclass(frozen=True, slots=True)
class Marked:
    """A caution with its mark: of zones of which the same is said but for a number, that of the first.

    Attributes
    ----------
    mark : str
        A letter.
    sentence : str
        What is said.
    zones : tuple of str
        Names of the zones of which it is said.
    others : tuple of (str, str)
        Those of which it is said with another number, and that number.
    figure : str
        Which figure it touches: a value of `TOUCHED`.
    """

    mark: str
    sentence: str
    zones: tuple[str, ...]
    others: tuple[tuple[str, str], ...]
    figure: str

    def holds(self, zone: str) -> bool:
        """Whether it is said of a zone."""
        return zone in self.zones or any(zone == name for name, _ in self.others)


def cautions_told(answer: Answer, zone: Zone) -> tuple[Caution, ...]:
    """What must be said beside the figures of a zone.

    Nothing of the comparable days of dates that the incident does not touch; without a usual level nothing of a
    recovery.

    Parameters
    ----------
    answer : Answer
        The answer.
    zone : Zone
        One of its zones.
    """
    touched = {moment.date() for moment, during in zip(answer.moments, answer.during, strict=True) if during}
    elsewhere = {each.sentence for each in answer.baseline if each.day not in touched}
    compared = is_compared(answer)

    def holds(caution: Caution) -> bool:
        if caution.code == ENDS_EARLY:
            return compared
        return caution.code != BASELINE or caution.sentence not in elsewhere

    return tuple(each for each in zone.cautions if holds(each))


def marked(answer: Answer) -> tuple[Marked, ...]:
    """The cautions of all zones, each once, with letters in their order: see `cautions_told`.

    Parameters
    ----------
    answer : Answer
        The answer.
    """
    first: dict[tuple[str, str], Caution] = {}
    zones: dict[tuple[str, str], list[str]] = {}
    others: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for zone in answer.zones:
        for each in cautions_told(answer, zone):
            key = each.code, each.sentence.replace(each.much, "…") if each.much else each.sentence
            if first.setdefault(key, each).sentence == each.sentence:
                zones.setdefault(key, []).append(zone.name)
            else:
                others.setdefault(key, []).append((zone.name, each.much))
    return tuple(
        Marked(letter(place), each.sentence, tuple(zones[key]), tuple(others.get(key, [])), TOUCHED[each.code])
        for place, (key, each) in enumerate(first.items())
    )


def letter(place: int) -> str:
    """The letter of a note: a to z, then aa, ab and so on.

    Examples
    --------
    >>> [letter(each) for each in (0, 25, 26, 52)]
    ['a', 'z', 'aa', 'ba']
    """
    before, last = divmod(place, 26)
    return (letter(before - 1) if before else "") + chr(ord("a") + last)
