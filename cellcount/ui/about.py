"""What these data are: the release in use, what it holds and lacks, and its sources."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cellcount import geography, standard
from cellcount.ui import controls, frame, sources
from cellcount.ui.reading import Release
from cellcount.ui.words import count, listed, plain


def show(release: Release) -> None:
    """Draw the page.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    _release(release)
    _trust()
    _tables(release)
    _sources(release)


def _release(release: Release) -> None:
    manifest = release.manifest
    st.subheader(plain(manifest.title), anchor=False)
    st.markdown(plain(manifest.measure_note))
    figures = sources.of_release(release)
    facts = {
        "Release": manifest.release_id,
        "Kind": "Synthetic demonstration"
        if manifest.synthetic
        else "Built from operators' deliveries"
        if manifest.kind == "built"
        else "Imported from published figures",
        "Source": figures.name,
        "Licence": figures.licence or "not stated",
        "Time zone": manifest.time_zone,
        "Cells": f"H3 resolutions {listed([str(each) for each in manifest.resolutions])}. "
        f"{manifest.resolution_note or ''}",
        "Made from": ", ".join(each.delivery_id for each in manifest.deliveries) or "the publisher's own files",
    }
    st.table(pd.Series(facts, name="").map(plain).to_frame(), border="horizontal", hide_header=True)


def _trust() -> None:
    for part, words in (
        ("Coverage", "May we trust these figures?"),
        ("Release", "What to know before using a figure, and the manifest"),
        ("Protection", "How people are protected"),
        ("Standard", "The standard that deliveries and releases follow"),
    ):
        st.page_link(
            frame.PAGES["quality"].file,
            label=words,
            icon=":material/arrow_forward:",
            query_params={**controls.kept(), "part": part},
        )


def _tables(release: Release) -> None:
    st.subheader("What the release holds, and what it lacks", anchor=False)
    rows = [
        {
            "Table": table.title,
            "One row for each": table.grain,
            "In this release": count(release.rows(table.name), "row") if release.has(table.name) else "not there",
        }
        for table in standard.release_tables().values()
    ]
    st.table(pd.DataFrame(rows).set_index("Table"), border="horizontal")


def _sources(release: Release) -> None:
    st.subheader("Sources, licences and attributions", anchor=False)
    st.markdown(plain(f"Areas and cells of the United Kingdom: {geography.statement()}"))
    rows = [
        {
            "Source": each.name,
            "Publisher": each.publisher,
            "Licence": each.licence,
            "Attribution": each.attribution,
            "Used for": each.used_for,
        }
        for each in sources.everything(release)
    ]
    st.table(pd.DataFrame(rows).map(plain).set_index("Source"), border="horizontal")
