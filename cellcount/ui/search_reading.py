"""From the store to what can be found by name or by position."""

from __future__ import annotations

import shapely
import streamlit as st

from cellcount.ui import search
from cellcount.ui.ground import Bounds
from cellcount.ui.reading import Release
from cellcount.ui.search import Gazetteer, Searched


def look_for(release: Release, asked: str) -> Searched:
    """What was meant by what somebody typed, among the places and areas of a release.

    Parameters
    ----------
    release : Release
        The release.
    asked : str
        Anything.
    """
    answer = search.find(asked, _gazetteer(release.manifest.sha256, _release=release))
    if isinstance(answer, Searched):
        return answer
    outlined = any(area.code in release.outlines.index for area in release.smallest)
    return search.at_point(answer, area_at(release, answer.longitude, answer.latitude), outlined=outlined)


def area_at(release: Release, longitude: float, latitude: float) -> tuple[str, str] | None:
    """Code and name of the smallest area that a point lies in, by the areas' outlines; None where in none."""
    point = shapely.Point(longitude, latitude)
    shapes = release.outlines
    for area in release.smallest:
        outline = shapes.get(area.code)
        if outline is not None and outline.covers(point):
            return area.code, area.name
    return None


@st.cache_resource(max_entries=8, show_spinner=False)
def _gazetteer(made: str, *, _release: Release) -> Gazetteer:  # noqa: ARG001 - of the same release
    shapes = _release.outlines
    areas = [
        (area, Bounds(*shapes[area.code].bounds) if area.code in shapes.index else None)
        for area in _release.areas.values()
    ]
    places = _release.run("places", kinds=list(search.KINDS)).table if _release.has("places") else None
    return search.gazetteer(areas, _release.manifest.area_types, places)
