"""What a release tells of its quality: read once, and held, for every cell of an hour is looked at."""

from __future__ import annotations

import streamlit as st

from cellcount.ui import checks
from cellcount.ui.checks import Checks
from cellcount.ui.reading import Release


def measured(release: Release) -> Checks:
    """What a release tells of its quality.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    return _measured(release.manifest.sha256, _release=release)


@st.cache_resource(max_entries=4, show_spinner=False)
def _measured(made: str, *, _release: Release) -> Checks:  # noqa: ARG001 - of the same release
    return checks.measured(_release)
