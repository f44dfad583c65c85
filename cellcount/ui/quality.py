"""The data quality page: key figures first, then one part at a time, each with its charts, tables and downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from cellcount.methods.precision import label
from cellcount.ui import (
    controls,
    evidence,
    look,
    pinned_figures,
    pinned_quality,
    pinning,
    quality_measures,
    quality_records,
)
from cellcount.ui.checks import LEFT_OUT, NIGHT, SUPPRESSED_SHARE, Checks
from cellcount.ui.evidence import Method
from cellcount.ui.hour import CELL_KM2
from cellcount.ui.quality_measures import NO_OPERATORS, NO_PRECISION, NO_QUALITY, Shown
from cellcount.ui.reading import Release
from cellcount.ui.words import label_rule, percent, plain

METHODS = (
    Method(
        "The share of people observed, P, is that of all operators together, after calibration to official residents; "
        "it is shown as the mean over the parts of the UTC day.",
        "The release's table precision.",
    ),
    Method(
        "Withheld: the share of cell-hours that have no figure, of all that the release covers. It says nothing of "
        "people: cells that are withheld have few.",
        "The release's table quality.",
    ),
    Method(
        "Precision of cells: standard error over figure at midday of the day that is shown first, by the one formula "
        f"for any union of cells: {label_rule()}.",
        "Salgado et al. 2021, EPJ Data Science 10, 20; cellcount/methods/precision.py.",
    ),
    Method(
        "The smallest area of a label is that from which on the formula stays below its limit, at the same density "
        "everywhere, with the median parameters of the areas at midday.",
        "cellcount/methods/support.py.",
    ),
    Method(
        "Disagreement between operators is the coefficient of variation of what each alone leads to; a part of it is "
        "chance.",
        "Cochran 1954, Biometrics 10; DerSimonian and Laird 1986, Controlled Clinical Trials 7.",
    ),
)
"""How the figures of this page are made."""


def show_key_figures(measured: Checks) -> None:
    """Draw the figures that answer first.

    Parameters
    ----------
    measured : Checks
        What the release tells of its quality.
    """
    finest = measured.cells[0] if measured.cells else None
    whole = measured.observed.get(measured.root.code, measured.observed.median())
    with st.container(key="key-figures"):
        first, second, third, fourth = st.columns(4)
    with first:
        st.metric("People observed", percent(float(whole)))
        st.caption("all operators together" if np.isfinite(whole) else NO_OPERATORS)
    with second:
        resolution = max(measured.resolutions, default=None)
        withheld = measured.of_whole(f"{SUPPRESSED_SHARE}{resolution}") if resolution is not None else np.nan
        st.metric("Withheld, finest cells", percent(withheld))
        st.caption(f"of hours of cells of {CELL_KM2[resolution]}" if resolution is not None else NO_QUALITY)
    with third:
        median = finest.median if finest else np.nan
        st.metric("Standard error of a cell, median", percent(median))
        st.caption(
            f"{label(1.0, median)}: cells of {CELL_KM2[finest.resolution]}, at midday"
            if finest and np.isfinite(median)
            else NO_PRECISION
        )
    with fourth:
        _worst_agreement(measured)


def show_parts(release: Release, measured: Checks) -> Shown:
    """Draw the parts of the page as tabs, the open one only.

    Parameters
    ----------
    release : Release
        The release that is served.
    measured : Checks
        What it tells of its quality.

    Returns
    -------
    Shown
        What stands behind the open part.
    """
    palette = look.palette()
    shown = Shown()
    # A release that tells nothing of its quality still tells how people are protected.
    first = "Coverage" if len(measured.observed) else "Protection"
    part = first
    with st.container(key="parts"):
        for tab, (name, draw) in zip(controls.choose_part(list(PARTS), first), PARTS.items(), strict=True):
            if tab.open:
                part = name
                with tab:
                    shown = draw(release, measured, palette)
    whole = replace(shown, runs=[*measured.runs, *shown.runs], methods=(*METHODS, *shown.methods))
    _take(release, part, whole)
    return whole


@st.fragment
def _take(release: Release, part: str, shown: Shown) -> None:
    """What can be done with the open part: its address, its map as a picture, and keeping it as evidence."""
    row = st.container(horizontal=True)
    with row:
        controls.copy_address(release.manifest.release_id, {"part": part})
        if shown.pictured is not None:
            evidence.picture_button(release, shown.pictured)
    pinning.draw(row, release, "quality", partial(_offer, release, part, shown))


def _offer(release: Release, part: str, shown: Shown) -> pinning.Offer:
    """The open part as it is pinned."""
    pictured = shown.pictured
    return pinning.Offer(
        page="quality",
        address={"part": part},
        stated=partial(pinned_figures.stated, release, pinned_quality.KIND, pinned_quality.inputs_of(part)),
        caption=shown.said or f"{part}, {release.manifest.title}.",
        tables=shown.tables,
        runs=shown.runs,
        methods=shown.methods,
        pictured=None if pictured is None else lambda: pictured,
    )


def _worst_agreement(measured: Checks) -> None:
    for metric, words, middle in (
        (LEFT_OUT, "error with its residents left out of the calibration", 0.0),
        (NIGHT, "people at night against its residents", 1.0),
    ):
        found = measured.by_area(metric) - middle
        if len(found):
            worst = str(found.abs().idxmax())
            st.metric("Worst agreement of an area", _signed(float(found[worst])))
            st.caption(plain(f"{measured.names.get(worst, worst)}, {words}"))
            return
    st.metric("Worst agreement of an area", "not known")
    st.caption("The release has no official figures to compare with.")


Part = Callable[[Release, Checks, look.Palette], Shown]
PARTS: Mapping[str, Part] = {
    "Coverage": quality_measures.show_coverage,
    "Withheld": quality_measures.show_withheld,
    "Precision": quality_measures.show_precision,
    "Operators": quality_measures.show_disagreement,
    "Outages": quality_records.show_outages,
    "Agreement": quality_records.show_agreement,
    "Protection": quality_records.show_protection,
    "Standard": quality_records.show_standard,
    "Release": quality_records.show_release,
}
"""The parts of the page, in the order of the tabs."""


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else '−'}{percent(abs(value))}"
