"""The evidence below every picture: the queries as they were run, the method, the release, and the data to take."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import geopandas as gpd
import pandas as pd
import streamlit as st

from cellcount.ui import exports, map_pictures, pictures, sources
from cellcount.ui.frame import STEWARD, SYNTHETIC
from cellcount.ui.map_pictures import Pictured
from cellcount.ui.reading import Release, Run
from cellcount.ui.words import count, plain


@dataclass(frozen=True, slots=True)
class Method:
    """How a figure was made, and who described the method."""

    words: str
    source: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A table to take away.

    Attributes
    ----------
    name : str
        Name of the file, without its ending.
    title : str
        What it holds, in a sentence.
    table : callable
        Makes the table when somebody asks for it. A table of cells has their indexes in `h3`, as text.
    columns : dict of str to str
        What each column means, with its unit.
    of_cells : bool
        Whether it is a table of cells, or of flows with their ends, which can be had with their shapes too.
    outlines : GeoSeries, optional
        Outlines by code of a table of areas, which can then be had with them; its codes are in `area_code`.
    """

    name: str
    title: str
    table: Callable[[], pd.DataFrame]
    columns: dict[str, str]
    of_cells: bool = True
    outlines: gpd.GeoSeries | None = None


RELEASE_COLUMNS = {
    "release_id": "The release that the figures are of",
    "synthetic": "true: made-up people, a demonstration; false: real people, estimated",
}
"""What every exported table has beside its own columns, so that no row can be taken for what it is not."""


@st.fragment
def show(release: Release, runs: Sequence[Run], methods: Sequence[Method], tables: Sequence[Taken]) -> None:
    """Draw the evidence and the downloads of a page, each when somebody opens it: the map must not wait for them.

    Parameters
    ----------
    release : Release
        The release that is served.
    runs : sequence of Run
        The queries as they were run for what is on the page.
    methods : sequence of Method
        How the figures were made from their answers.
    tables : sequence of Taken
        What can be taken away.
    """
    label = "Evidence: queries, method and release"
    with st.expander(label, icon=":material/fact_check:", key="evidence", on_change="rerun") as opened:
        if opened.open:
            _methods(methods)
            _release(release)
            st.markdown("###### Queries, as they were run")
            for run in runs:
                _run(run)
    with st.expander("Download", icon=":material/download:", key="download", on_change="rerun") as opened:
        if opened.open:
            for taken in tables:
                _download(release, taken)


@st.fragment
def table(release: Release, taken: Taken) -> None:
    """Draw the figures behind a chart as a table, with their download, when somebody opens it.

    Parameters
    ----------
    release : Release
        The release that is served.
    taken : Taken
        The figures.
    """
    label = f"Table: {taken.title[:1].lower()}{taken.title[1:]}"
    with st.expander(
        plain(label), icon=":material/table_rows:", key=f"table-{taken.name}", on_change="rerun"
    ) as opened:
        if opened.open:
            st.dataframe(taken.table(), hide_index=True, height="content")
            file_name = f"{'synthetic-' if release.manifest.synthetic else ''}{taken.name}.csv"
            download("CSV", file_name, "text/csv", lambda: exports.to_csv(exported(release, taken)), of="table")


def picture_button(release: Release, pictured: Pictured, *, key: str = "picture", drawable: bool = True) -> None:
    """Draw the button that offers the map as a picture, which is made when somebody takes it.

    Where the visitor's browser cannot draw the map, the picture itself stands here too.

    Parameters
    ----------
    release : Release
        The release that is served.
    pictured : Pictured
        The map as it stands.
    key : str
        Of the button on the page, where there are several.
    drawable : bool
        Whether the visitor's browser can draw the map: `Seen.drawable`.
    """
    if not drawable:
        with st.spinner("Drawing the map as a picture"):
            st.image(picture(release, pictured), caption=pictured.title)
    stem = f"{'synthetic-' if release.manifest.synthetic else ''}{pictured.name}"
    with st.popover("Picture", icon=":material/image:", key=key):
        st.caption("The map as it stands, with its legend, source, local time and caveats.")
        with st.container(horizontal=True):
            for form, (label, kind) in pictures.FORMS.items():
                download(label, f"{stem}.{form}", kind, partial(picture, release, pictured, form), of=key)


def picture(release: Release, pictured: Pictured, form: pictures.Form = "png") -> bytes:
    """A map as a picture, with all that must be said of it.

    Parameters
    ----------
    release : Release
        The release that is served.
    pictured : Pictured
        The map.
    form : {'png', 'svg', 'pdf'}
        What it is written as.
    """
    manifest = release.manifest
    warned = [
        " ".join(words) for words, meant in ((STEWARD, manifest.steward_only), (SYNTHETIC, manifest.synthetic)) if meant
    ]
    # Several sources ask for the same words.
    said = dict.fromkeys(re.split(r"(?<=\.) (?=[A-Z])", sources.line(release)))
    ground = pictured.outlines()
    sheet = pictures.Sheet(
        title=pictured.title,
        subtitle=pictured.subtitle,
        notes=pictured.notes,
        source=" ".join(said),
        release_id=manifest.release_id,
        warnings=tuple(warned),
        palette=pictured.palette,
        ground=ground,
        names=pictured.names,
        caveats=tuple(manifest.caveats),
        nothing=pictured.nothing,
    )
    return pictures.draw(sheet, map_pictures.panels(pictured, ground.chosen), form)


def facts(release: Release, title: str) -> dict[str, object]:
    """What every export says of itself.

    Parameters
    ----------
    release : Release
        The release that the figures are of.
    title : str
        What the table holds.

    Returns
    -------
    dict
        Keys in the words of Dublin Core where it has one.
    """
    manifest = release.manifest
    source = manifest.source
    return {
        "dc:title": title,
        "dc:source": source.citation or source.name,
        "dc:publisher": source.publisher,
        "dc:license": source.licence,
        "dc:rights": source.attribution,
        "release_id": manifest.release_id,
        "synthetic": manifest.synthetic,
        "time_zone": manifest.time_zone,
        "measure": manifest.measure_note,
        "disclosure_rule": manifest.disclosure_rule,
        "caveats": list(manifest.caveats),
    }


def exported(release: Release, taken: Taken) -> pd.DataFrame:
    """The table as it is written to a file: with the columns of `RELEASE_COLUMNS`."""
    manifest = release.manifest
    return taken.table().assign(release_id=manifest.release_id, synthetic=manifest.synthetic)


def _methods(methods: Sequence[Method]) -> None:
    st.markdown("###### Method")
    for method in methods:
        st.markdown(f"- {plain(method.words)} *{plain(method.source)}*")


def _release(release: Release) -> None:
    manifest = release.manifest
    st.markdown("###### Release")
    made_from = ", ".join(each.delivery_id for each in manifest.deliveries) or "published figures"
    st.markdown(
        plain(f"{manifest.title}. Release {manifest.release_id}, made from {made_from}. {manifest.measure_note}")
    )
    for caveat in manifest.caveats:
        st.markdown(f"- {plain(caveat)}")


def _run(run: Run) -> None:
    parameters = json.dumps(run.parameters, ensure_ascii=False, default=str)
    st.markdown(f"**{plain(run.name)}** · {plain(run.about)}")
    # As long as it is: a box that scrolls by itself cannot be reached by keyboard in every browser.
    st.code(run.sql, language="sql", wrap_lines=True)
    spent = f"{run.seconds * 1000:,.0f} ms when it was first run"
    st.caption(plain(f"Parameters {parameters} · {count(run.rows, 'row')} · {spent}"))


def _download(release: Release, taken: Taken) -> None:
    stem = f"{'synthetic-' if release.manifest.synthetic else ''}{taken.name}"
    columns = {**taken.columns, **RELEASE_COLUMNS}
    about = facts(release, taken.title)
    st.markdown(plain(taken.title))
    with st.container(horizontal=True):
        download("CSV", f"{stem}.csv", "text/csv", lambda: exports.to_csv(exported(release, taken)))
        download(
            "Description of the CSV (CSVW)",
            f"{stem}.csv-metadata.json",
            "application/csvm+json",
            lambda: exports.to_csvw(exported(release, taken), f"{stem}.csv", about, columns),
        )
        if taken.of_cells or taken.outlines is not None:
            download(
                "GeoParquet",
                f"{stem}.parquet",
                "application/vnd.apache.parquet",
                lambda: exports.to_geoparquet(exported(release, taken), about, taken.outlines),
            )


def download(label: str, file_name: str, kind: str, made: Callable[[], bytes], *, of: str = "evidence") -> None:
    """Offer a file that is made when it is asked for.

    Parameters
    ----------
    label, file_name, kind : str
        What the button says; name of the file and its media type.
    made : callable
        Makes the file.
    of : str
        Part of the page, for the button's key.
    """
    st.download_button(
        label, made, file_name, kind, key=f"take-{of}-{file_name}", on_click="ignore", icon=":material/download:"
    )
