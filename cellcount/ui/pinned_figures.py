"""Every kind of figure that can be pinned: the page and the board work it out by the same function."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import streamlit as st

from cellcount.ui import pinned_density, pinned_flows, pinned_hotspots, pinned_incident, pinned_quality, pinned_tourism
from cellcount.ui.pinned import Inputs, NotTheSameError, Stated
from cellcount.ui.reading import Release

KINDS: Mapping[str, Callable[[Release, Inputs], Stated]] = {
    pinned_density.KIND: pinned_density.stated,
    pinned_hotspots.KIND: pinned_hotspots.stated,
    pinned_tourism.KIND: pinned_tourism.stated,
    pinned_tourism.ABROAD: pinned_tourism.stated,
    pinned_flows.KIND: pinned_flows.stated,
    pinned_flows.HOMES: pinned_flows.stated_homes,
    pinned_incident.KIND: pinned_incident.stated,
    pinned_incident.USUAL: pinned_incident.stated_usual,
    pinned_quality.KIND: pinned_quality.stated,
}
"""What works out a figure from a release and its inputs."""
KEPT = 200
"""Figures that are held, so that a board is drawn again at once."""


def stated(release: Release, kind: str, inputs: Inputs) -> Stated:
    """What a view states in a release.

    Parameters
    ----------
    release : Release
        The release.
    kind : str
        Of `KINDS`.
    inputs : mapping
        What the figure is worked out from, as JSON.

    Raises
    ------
    CellCountError
        Where that cannot be asked of the release; the message says why.
    """
    if kind not in KINDS:
        raise NotTheSameError("This version cannot work out figures of that kind.")
    return _stated(release.manifest.sha256, kind, json.dumps(inputs, sort_keys=True), _release=release)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _stated(made: str, kind: str, inputs: str, *, _release: Release) -> Stated:  # noqa: ARG001 - of the same release
    try:
        return KINDS[kind](_release, json.loads(inputs))
    except (KeyError, TypeError, ValueError) as fault:
        # A pin may have been imported, from another version or from a file that somebody wrote.
        raise NotTheSameError("What this figure is worked out from is not as it must be.") from fault
