"""The documents among the parts of the data quality page: outages, protection, the standard, the manifest."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from cellcount import standard
from cellcount.ui import agreement, controls, evidence, frame, look, protection
from cellcount.ui.checks import Checks
from cellcount.ui.evidence import Taken
from cellcount.ui.quality_measures import Shown
from cellcount.ui.reading import Release
from cellcount.ui.words import count, plain


def show_outages(release: Release, measured: Checks, palette: look.Palette) -> Shown:  # noqa: ARG001 - as every part
    """Where and when a part of a network was down."""
    st.markdown(
        "An outage of a network can look like an evacuation. Where one was told, the operator is left out or scaled "
        "there, and the interval is wider."
    )
    if not len(measured.outages):
        st.markdown("No outage is recorded for this release.")
        return Shown()
    st.table(measured.outages.map(plain).set_index("Place"), border="horizontal")
    st.caption(
        plain(
            f"Local time ({release.manifest.time_zone}). Most lost: share of the people observed, all operators "
            "together."
        )
    )
    taken = Taken(
        "outages",
        "Outages by place and time.",
        lambda: measured.outages,
        {
            "Place": "Where",
            "Cell": "H3 cell that was touched",
            "When": "Local time",
            "Hours": "How long",
            "Most lost": "Share of people observed that was lost",
        },
        of_cells=False,
    )
    evidence.table(release, taken)
    return Shown([taken])


def show_agreement(release: Release, measured: Checks, palette: look.Palette) -> Shown:  # noqa: ARG001 - as every part
    """Agreement with official figures."""
    agreement.show_agreement(release)
    runs, tables = agreement.evidence_of(release)
    return Shown(tables, runs, agreement.METHODS)


def show_protection(release: Release, measured: Checks, palette: look.Palette) -> Shown:  # noqa: ARG001 - as every part
    """How people are protected, with an example."""
    manifest = release.manifest
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        for step in protection.steps(manifest):
            st.markdown(f"**{step.heading}.** {plain(step.words)}")
        if manifest.kind == "imported":
            st.markdown(protection.IMPORTED)
        st.markdown(
            "What is withheld was never written into the release, so no page can show it. On maps a withheld cell is "
            "*hatched*, an observed zero has a colour, and a cell that the release does not cover is not drawn but is "
            "counted below the map."
        )
    with right:
        said = protection.example(manifest.disclosure)
        if said:
            with st.container(border=True):
                st.markdown("###### An example, with made-up numbers")
                st.markdown("\n".join(f"{place}. {plain(each)}" for place, each in enumerate(said, start=1)))
    return Shown()


def show_standard(release: Release, measured: Checks, palette: look.Palette) -> Shown:  # noqa: ARG001 - as every part
    """The tables of the standard, from its declaration."""
    st.markdown(
        "What operators deliver, what a validator must catch and what this app reads are declared once, in "
        f"`data/standard/`. This is that declaration, version {standard.standard_version()}."
    )
    groups = {"A delivery": standard.delivery_tables(), "A release": standard.release_tables()}
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    group = left.segmented_control("Tables of", list(groups), default="A delivery", required=True, key="standard-group")
    tables = groups[group or "A delivery"]
    name = right.selectbox(
        "Table", list(tables), format_func=lambda each: f"{tables[each].title} ({each})", key=f"standard-{group}"
    )
    table = tables[name]
    st.markdown(
        plain(
            f"{table.description} One row for each {table.grain}. An absent row: {table.absent_row}. "
            f"Empty: {table.null_meaning}. Adds over: {', '.join(table.adds_over) or 'nothing'}."
        )
    )
    st.table(_columns(table).map(plain).set_index("Column"), border="horizontal")
    with st.expander(
        "The whole standard on one page", icon=":material/description:", key="whole-standard", on_change="rerun"
    ) as opened:
        if opened.open:
            st.markdown(standard.document())
    st.download_button(
        "The standard as Markdown",
        standard.document,
        "national-cell-count-standard.md",
        "text/markdown",
        key="take-standard",
        on_click="ignore",
        icon=":material/download:",
    )
    return Shown()


def show_release(release: Release, measured: Checks, palette: look.Palette) -> Shown:  # noqa: ARG001 - as every part
    """What the release was made from, and its manifest."""
    manifest = release.manifest
    megabytes = sum(file.bytes for file in manifest.files) / 1e6
    facts = {
        "Release": manifest.release_id,
        "Made": f"{manifest.created_at}, by version {manifest.software_version} of this software",
        "Source": manifest.source.citation or manifest.source.name,
        "Licence": manifest.source.licence or "not stated",
        "Files": f"{count(len(manifest.files), 'file')}, {megabytes:,.1f} MB, each with its checksum in the manifest",
        "Checksum of the manifest (SHA-256)": manifest.sha256,
    }
    st.table(pd.Series(facts, name="").map(plain).to_frame(), border="horizontal", hide_header=True)
    st.markdown("###### Made from these deliveries")
    if manifest.deliveries:
        rows = [
            {
                "Delivery": each.delivery_id,
                "Operator": each.operator_id,
                "Checksum of its manifest (SHA-256)": each.manifest_sha256,
            }
            for each in manifest.deliveries
        ]
        st.table(pd.DataFrame(rows).map(plain).set_index("Delivery"), border="horizontal")
    else:
        st.markdown("None: it was imported from published figures.")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("###### What to know before using a figure")
        for caveat in manifest.caveats:
            st.markdown(f"- {plain(caveat)}")
    with right:
        st.markdown("###### Made with these parameters")
        parameters = {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in manifest.parameters.items()
        }
        listed = pd.Series(parameters, name="", dtype="object").map(plain).to_frame()
        st.table(listed, border="horizontal", hide_header=True)
    st.download_button(
        "The manifest as JSON",
        release.manifest_json,
        f"{manifest.release_id}-manifest.json",
        "application/json",
        key="take-manifest",
        on_click="ignore",
        icon=":material/download:",
    )
    st.page_link(
        frame.PAGES["about"].file,
        label="Sources, licences and attributions",
        icon=":material/arrow_forward:",
        query_params=controls.kept() or None,
    )
    return Shown()


def _columns(table: standard.Table) -> pd.DataFrame:
    rows = [
        {
            "Column": name,
            "Type": column.physical_type,
            "Unit": column.unit or "",
            "Required": "yes" if column.required else "",
            "Meaning": column.description,
        }
        for name, column in standard.hours_as_one(table)
    ]
    return pd.DataFrame(rows)
