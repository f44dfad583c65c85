"""From a place and a time to an incident's answer: read once, and held."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import shapely
import streamlit as st

from cellcount.ui.incident_answer import Answer, Asked, answer
from cellcount.ui.incident_place import read_figures, read_place
from cellcount.ui.reading import Release, Run
from cellcount.zones import Zones


@dataclass(frozen=True, slots=True)
class Found:
    """The answer, and the queries that were run for it."""

    answer: Answer
    runs: tuple[Run, ...]


def answered(release: Release, zones: Zones, asked: Asked, rate: float) -> Found:
    """Read a place and its figures, and hold an incident against usual days.

    Parameters
    ----------
    release : Release
        A release with histories.
    zones : Zones
        Where.
    asked : Asked
        When, and what it is compared with.
    rate : float
        False-discovery rate.
    """
    return _answered(release.manifest.sha256, _digest(zones), asked, rate, _release=release, _zones=zones)


def _digest(zones: Zones) -> str:
    known = hashlib.sha256()
    for name, shape in zip(zones.names, zones.shapes, strict=True):
        known.update(name.encode())
        known.update(shapely.to_wkb(shape))
    return known.hexdigest()


@st.cache_resource(max_entries=6, show_spinner=False)
def _answered(
    made: str,  # noqa: ARG001 - of the same release
    where: str,  # noqa: ARG001
    asked: Asked,
    rate: float,
    *,
    _release: Release,
    _zones: Zones,
) -> Found:
    place, first = read_place(_release, _zones)
    known, second = read_figures(_release, place)
    found, third = answer(_release, place, known, asked, rate)
    return Found(found, (*first, *second, *third))
