"""The measured parts of the data quality page: coverage, what is withheld, precision, disagreement of operators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from cellcount.methods.precision import LABEL_WORDS
from cellcount.ui import area_maps, charts, checks, controls, evidence, frame, look, reading, scales
from cellcount.ui.checks import DISAGREEMENT, OPERATOR_SHARE, Checks
from cellcount.ui.evidence import Method, Taken
from cellcount.ui.hour import CELL_KM2
from cellcount.ui.map_pictures import Pictured
from cellcount.ui.maps import ShadedAreas
from cellcount.ui.reading import Release, Run
from cellcount.ui.scales import Scale
from cellcount.ui.words import count, label_rule, listed, percent, plain

FEW = 8
"""So many areas stand in a list beside a map."""
NO_PRECISION = "This release does not tell how precise its figures are: its source gives no intervals."
NO_QUALITY = "This release has no measured quality: it was imported from published figures, which come without it."
NO_OPERATORS = "This release was not made from operators' deliveries, so there are no operators to compare."
AREA = {"area_code": "Area", "area_name": "Its name"}
METRIC_COLUMNS = {
    "metric": "Name of the metric",
    "area_code": "Area, where it is by area",
    "date": "Date, where it is by date",
    "value": "Value",
    "lower": "Lower 95 % limit",
    "upper": "Upper 95 % limit",
    "note": "What it means",
}
WITHHELD = "withheld"


@dataclass(frozen=True)
class Shown:
    """What stands behind a part of the page.

    Attributes
    ----------
    tables : list of Taken
        What can be taken away.
    runs : list of Run
        Queries that were run for it alone.
    methods : tuple of Method
        How its figures were made, where that is its own.
    said : str
        What is said below its map; empty where it has none.
    pictured : Pictured or None
        Its map, to be taken away.
    """

    tables: list[Taken] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    methods: tuple[Method, ...] = ()
    said: str = ""
    pictured: Pictured | None = None


def show_coverage(release: Release, measured: Checks, palette: look.Palette) -> Shown:
    """The share of people that operators observe, by area and by operator."""
    observed = measured.observed.drop(measured.root.code, errors="ignore") if measured.within else measured.observed
    if not len(observed):
        st.markdown(plain(NO_OPERATORS))
        return Shown()
    what = "share of people observed, all operators together"
    tables = [_by_area(measured, observed, "coverage-by-area", what, "share_observed")]
    left, right = _map_and_more()
    with left:
        scale = scales.percentages("People observed", observed.to_numpy(), palette)
        pictured = _map(release, measured, observed, scale, what=what)
    with right:
        _extremes(measured, observed, "Least observed", most=False)
        if measured.operators:
            tables.append(_operators(measured, palette))
    st.caption(
        "Operators together see a part of all people; each figure is scaled up by that part. Where it is small, more "
        "is guessed."
    )
    return _shown(release, tables, pictured)


def _operators(measured: Checks, palette: look.Palette) -> Taken:
    """What each operator observes by itself."""
    shares = {name: measured.by_area(f"{OPERATOR_SHARE}:{name}") for name in measured.operators}
    ends = {name: [found.median(), found.min(), found.max()] for name, found in shares.items()}
    st.markdown("###### By each operator: the middle, the least and the most of the areas")
    charts.ranges(
        list(ends),
        np.array(list(ends.values())),
        palette,
        alt=" ".join(
            f"{name}: {percent(middle)} of people, {percent(least)} to {percent(most)}."
            for name, (middle, least, most) in ends.items()
        ),
        key="operators",
    )
    names = {area.code: area.name for area in measured.areas}
    return _taken(
        "coverage-by-operator",
        "Devices for each resident by operator and area.",
        lambda: pd.DataFrame(
            {
                "area_code": list(names),
                "area_name": list(names.values()),
                **{name: found.reindex(list(names)).to_numpy() for name, found in shares.items()},
            }
        ),
        {**AREA, **{name: f"Devices of {name} for each resident" for name in shares}},
    )


def show_withheld(release: Release, measured: Checks, palette: look.Palette) -> Shown:
    """How much is withheld, by size of cell, by area and by date."""
    if not measured.resolutions:
        st.markdown(plain(NO_QUALITY))
        return Shown()
    sizes = list(reversed(measured.resolutions))
    chosen = st.segmented_control(
        "Cells of", sizes, default=sizes[0], required=True, format_func=_cell_words, key="withheld-size"
    )
    metric = f"{checks.SUPPRESSED_SHARE}{chosen}"
    by_area, by_date = measured.by_area(metric), measured.by_date(metric)
    by_size = np.array([measured.of_whole(f"{checks.SUPPRESSED_SHARE}{size}") for size in sizes])
    what = f"share of cell-hours withheld, cells of {_cell_words(chosen or sizes[0])}"
    left, right = _map_and_more()
    with left:
        scale = scales.percentages("Withheld", by_area.to_numpy(), palette)
        pictured = _map(release, measured, by_area, scale, what=what)
    with right:
        names = [_cell_words(size) for size in sizes]
        told = " ".join(f"{name}: {percent(share)}." for name, share in zip(names, by_size.tolist(), strict=True))
        st.markdown("###### Share of cell-hours withheld, by size of cell")
        charts.bars(names, by_size, palette, alt=f"Share of cell-hours withheld. {told}", key="withheld-by-size")
        if len(by_date):
            st.markdown("###### By date")
            span = f"from {percent(by_date.min())} to {percent(by_date.max())}"
            dates = [str(on) for on in by_date.index]
            charts.by_date(dates, by_date.to_numpy(), palette, alt=f"{what}, by date: {span}.", key="withheld-by-date")
    st.caption(
        "Share of the hours of covered cells that have no figure. Larger cells are withheld less: look at these where "
        "the finest have none."
    )
    return _shown(
        release,
        [
            _by_area(measured, by_area, f"withheld-by-area-{chosen}", what, "share_withheld"),
            _taken(
                f"withheld-by-date-{chosen}",
                f"{_begun(what)}, by date.",
                lambda: pd.DataFrame({"date": [str(on) for on in by_date.index], "share_withheld": by_date.to_numpy()}),
                {"date": "UTC day", "share_withheld": "Share of cell-hours withheld"},
            ),
        ],
        pictured,
    )


def show_precision(release: Release, measured: Checks, palette: look.Palette) -> Shown:
    """How precise the figures of cells are, and from which area on figures can be used."""
    if not measured.cells:
        st.markdown(plain(NO_PRECISION))
        return Shown()
    finest = measured.cells[0]
    what = f"standard error over figure of the median cell of {_cell_words(finest.resolution)}"
    left, right = _map_and_more()
    with left:
        pictured = _map(release, measured, finest.by_area, scales.labels("Median cell", palette), what=what)
    with right:
        st.markdown("###### Cells by precision and size")
        charts.stacked(
            [_cell_words(each.resolution) for each in measured.cells],
            {
                **{word: [each.counts[word] for each in measured.cells] for word in LABEL_WORDS},
                WITHHELD: [each.withheld for each in measured.cells],
            },
            (*palette.labels, palette.land),
            palette,
            alt=" ".join(_tally(each) for each in measured.cells),
            key="precision-by-size",
        )
        st.page_link(
            frame.PAGES["density"].file,
            label="Precision cell by cell, hour by hour",
            icon=":material/arrow_forward:",
            query_params=controls.towards("precision", None),
        )
    st.caption(plain(f"Standard error over figure, {measured.hour}: {label_rule()}. A withheld cell has no precision."))
    smallest = checks.smallest_areas(measured)
    if len(smallest):
        st.markdown("###### The smallest area that supports each label, at midday")
        st.table(smallest.set_index("Place"), border="horizontal")
    return _shown(
        release,
        [
            _by_area(measured, finest.by_area, "precision-by-area", what, "median_cv"),
            _taken(
                "precision-by-size",
                "Cells by precision and size.",
                lambda: pd.DataFrame(
                    [{"resolution": each.resolution, **each.counts, WITHHELD: each.withheld} for each in measured.cells]
                ),
                {
                    "resolution": "H3 resolution",
                    **{word: f"Cells whose figure is to be called so: {word}" for word in LABEL_WORDS},
                    WITHHELD: "Cells whose figure is withheld",
                },
            ),
        ],
        pictured,
    )


def show_disagreement(release: Release, measured: Checks, palette: look.Palette) -> Shown:
    """How far operators lie apart, and every other measure of the whole."""
    found = measured.by_area(DISAGREEMENT)
    tables, pictured = [], None
    if len(found):
        what = "coefficient of variation between what operators alone lead to"
        tables.append(_by_area(measured, found, "disagreement-by-area", what, "coefficient_of_variation"))
        left, right = _map_and_more()
        with left:
            scale = scales.percentages("Disagreement", found.to_numpy(), palette)
            pictured = _map(release, measured, found, scale, what=what)
        with right:
            _extremes(measured, found, "Largest disagreement", most=True)
        st.caption(
            "Each operator alone leads to a figure of its own. How far these lie apart shows how well the operators' "
            "shares are known; a part of it is chance."
        )
    else:
        st.markdown(plain(NO_OPERATORS))
    others = measured.others({DISAGREEMENT, OPERATOR_SHARE})
    if len(others):
        with st.expander("Other measures of the whole release", icon=":material/rule:", key="other-measures"):
            st.table(others.map(plain).set_index("Measure"), border="horizontal")
        title = "Every measure of quality, of the whole, by area and by date."
        tables.append(_taken("quality", title, lambda: measured.metrics, METRIC_COLUMNS))
    return _shown(release, tables, pictured)


def _map_and_more() -> Sequence[st.delta_generator.DeltaGenerator]:
    return st.columns([1.25, 1], gap="medium")


def _map(release: Release, measured: Checks, values: pd.Series, scale: Scale, *, what: str) -> Pictured:
    """The areas in the colours of a measure, with a caption that names its ends; the same as a picture comes back."""
    codes = [area.code for area in measured.areas if area.code in release.outlines.index]
    found = values.reindex(codes)
    told = [f"{measured.names[code]}: {percent(value)}" for code, value in zip(codes, found.tolist(), strict=True)]
    ends = _ends(measured, values.dropna())
    areas = count(int(found.notna().sum()), "area")
    area_maps.draw(
        release.outlines.loc[codes],
        found.to_numpy(dtype=np.float64),
        told,
        scale,
        look.palette(),
        alt=f"Map of {areas}: {what}. {ends}",
        key="map-of-areas",
    )
    said = f"{_begun(what)}, {areas} of {len(measured.areas):,}. {ends}"
    st.caption(plain(said))
    names = tuple(measured.names[code] for code in codes)
    layer = ShadedAreas(tuple(codes), names, found.to_numpy(dtype=np.float64)[:, None], release.outlines.loc[codes], "")
    return Pictured(
        name="quality",
        title=_begun(what),
        subtitle=measured.root.name,
        notes=(said,),
        layers={"areas": layer},
        scale=scale,
        step=0,
        bounds=reading.bounds(release, measured.root),
        outlines=partial(reading.outlines_under, release, measured.root),
        palette=look.palette(),
    )


def _ends(measured: Checks, known: pd.Series) -> str:
    """The least and the most of a measure, with their areas, in a sentence."""
    if not len(known):
        return "No area has a value."
    least, most = (measured.names.get(str(code), str(code)) for code in (known.idxmin(), known.idxmax()))
    return f"From {percent(float(known.min()))} in {least} to {percent(float(known.max()))} in {most}."


def _extremes(measured: Checks, values: pd.Series, title: str, *, most: bool) -> None:
    """The areas at one end of a measure."""
    first = values.sort_values(ascending=not most).head(FEW)
    names = [plain(measured.names.get(str(code), str(code))) for code in first.index]
    st.markdown(f"###### {title}")
    shares = pd.DataFrame({"Share": [percent(value) for value in first.tolist()]}, index=pd.Index(names, name="Area"))
    st.table(shares, border="horizontal", hide_header=True)


def _by_area(measured: Checks, values: pd.Series, name: str, what: str, column: str) -> Taken:
    """A measure of the smallest areas, to be taken away."""
    areas = sorted(measured.areas, key=lambda area: area.name)
    return _taken(
        name,
        f"{_begun(what)}, by area.",
        lambda: pd.DataFrame(
            {
                "area_code": [area.code for area in areas],
                "area_name": [area.name for area in areas],
                column: values.reindex([area.code for area in areas]).to_numpy(),
            }
        ),
        {**AREA, column: _begun(what)},
    )


def _taken(name: str, title: str, table: Callable[[], pd.DataFrame], columns: dict[str, str]) -> Taken:
    return Taken(name, title, table, columns, of_cells=False)


def _shown(release: Release, tables: list[Taken], pictured: Pictured | None) -> Shown:
    for taken in tables:
        evidence.table(release, taken)
    return Shown(tables, said=" ".join(pictured.notes) if pictured else "", pictured=pictured)


def _cell_words(resolution: int) -> str:
    return f"{CELL_KM2[resolution]} (resolution {resolution})"


def _tally(cells: checks.CellPrecision) -> str:
    parts = [f"{number_of:,} {word}" for word, number_of in {**cells.counts, WITHHELD: cells.withheld}.items()]
    return f"{_cell_words(cells.resolution)}: {listed(parts)}."


def _begun(words: str) -> str:
    return words[:1].upper() + words[1:]
