"""How a release agrees with official figures, with words whether to trust it.

Night people are compared with residents, commuting with the census, visits from abroad with the passenger survey.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cellcount.methods import agreement
from cellcount.ui import area_maps, look, pairs, reading, scales
from cellcount.ui.evidence import Method, Taken
from cellcount.ui.reading import Release, Run
from cellcount.ui.words import count, number, plain

Floats = NDArray[np.float64]

WORLD = "WORLD"
SYNTHETIC = (
    "The people of this release are made up. That its figures agree with official ones shows that the machinery works, "
    "not that real data agree."
)
METHODS = (
    Method(
        "Night people of an area are the mean at 03:00 local time. Each area is left out in turn: its estimate before "
        "calibration times the factor that all other areas imply is what would be said of it if its residents were not "
        "known. The error is the difference from its residents.",
        "Deville et al. 2014, PNAS 111; leave-one-out: cellcount/methods/agreement.py.",
    ),
    Method(
        "The common part of commuters is 2 Σ min(T, C) / (Σ T + Σ C): the share that both tables have in common; "
        "scaled to the same total, it compares only how people are spread.",
        "Gargiulo et al. 2012, JASSS 15; Lenormand et al. 2012, PLoS ONE 7.",
    ),
    Method(
        "Close: 90 % or more in common and a correlation of at least 0.95. Usable with care: 70 % and 0.80. Otherwise: "
        "do not use for levels. Of fewer than 10 pairs nothing is said.",
        "Limits of this app.",
    ),
)
"""How agreement is measured, for the evidence of the page."""


@dataclass(frozen=True)
class Part:
    """One comparison: what is shown of it, and what can be taken away.

    Attributes
    ----------
    title : str
        What is compared.
    verdict : Verdict
        Whether to trust.
    figures : dict of str to str
        Figures on screen by their label.
    said : tuple of str
        What is compared, and what cannot be expected of it, in sentences.
    taken : Taken
        The pairs.
    runs : tuple of Run
        The queries that were run.
    draw : callable
        Draws the charts.
    """

    title: str
    verdict: agreement.Verdict
    figures: dict[str, str]
    said: tuple[str, ...]
    taken: Taken
    runs: tuple[Run, ...]
    draw: Callable[[look.Palette], None]


def show_agreement(release: Release) -> None:
    """Draw the three comparisons; where an official table is not imported, the command that does it.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    st.subheader("Agreement with official figures", anchor=False)
    if release.manifest.synthetic:
        st.info(SYNTHETIC, icon=":material/science:")
    palette = look.palette()
    for made, lacking in _PARTS:
        part = made(release)
        if part is None:
            st.markdown(plain(lacking))
        else:
            _show(part, palette)


def evidence_of(release: Release) -> tuple[list[Run], list[Taken]]:
    """The queries behind the comparisons and the tables to take away, for the evidence of the page.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    parts = [part for made, _ in _PARTS if (part := made(release)) is not None]
    return [run for part in parts for run in part.runs], [part.taken for part in parts]


def _show(part: Part, palette: look.Palette) -> None:
    st.markdown(f"#### {plain(part.title)}")
    st.markdown(f"**{plain(part.verdict.word.capitalize())}.** {plain(part.verdict.sentence)}")
    for column, (label, figure) in zip(st.columns(len(part.figures)), part.figures.items(), strict=True):
        column.metric(label, figure)
    for sentence in part.said:
        st.caption(plain(sentence))
    part.draw(palette)
    with st.expander("Table", icon=":material/table_rows:", key=f"table-{part.taken.name}", on_change="rerun") as table:
        if table.open:
            st.dataframe(part.taken.table(), hide_index=True, height=320)


def night(release: Release) -> Part | None:
    """Night people beside residents, by the smallest kind of area; None where the release lacks either."""
    if not release.has("typical_area") or not release.manifest.area_types:
        return None
    kind, label = next(iter(release.manifest.area_types.items()))
    answer = release.run("night_residents", kind=kind)
    runs = [reading.ran(answer)]
    table = answer.table.to_pandas()
    table["factor"] = 1.0
    if release.has("precision"):
        factors = release.run("night_factors")
        runs.append(reading.ran(factors))
        known = factors.table.to_pandas().set_index("area_code")["calibration_factor"].astype(float)
        table["factor"] = table["area_code"].map(known).fillna(1.0)
    people, residents = _floats(table["people"]), _floats(table["residents"])
    before = people / _floats(table["factor"])
    compared = int((np.isfinite(people) & np.isfinite(residents)).sum())
    if compared < agreement.LEAST_PAIRS:
        return None
    left_out = agreement.leave_one_out(before, residents)
    table = table.assign(
        people_before_calibration=before,
        ratio=_over(people, residents),
        expected_by_other_areas=left_out.predicted,
        error_left_out=left_out.errors,
    )
    calibrated = bool((table["factor"] != 1.0).any())
    said = [
        f"{compared:,} areas ({label.lower()}): people present at 03:00 local time, on average over the release, "
        "beside usual residents. The two differ by those who spend the night elsewhere, and by visitors.",
        "Each area's figure was calibrated to its own residents, so that its ratio is near 1 by construction; the test "
        "is the error with the area left out, from the figures before calibration."
        if calibrated
        else "The release does not say that it was calibrated area by area: the ratio is a test too.",
    ]
    if compared < len(table):
        said.append(f"Not compared, for a figure is withheld or not known: {count(len(table) - compared, 'area')}.")
    ratio_left_out = left_out.errors + 1
    names = table["area_name"].tolist()

    def draw(palette: look.Palette) -> None:
        first, second = st.columns([1, 1.1])
        with first:
            pairs.scatter(
                before,
                residents,
                names,
                palette,
                axes=("Usual residents", "People at 03:00"),
                alt="Night people beside residents, by area, on logarithms.",
                key="agreement-night",
            )
        with second:
            known = [at for at, code in enumerate(table["area_code"]) if code in release.outlines.index]
            ratios = ratio_left_out[known]
            told = ["not known" if np.isnan(ratio) else f"{ratio:.2f}" for ratio in ratios]
            area_maps.draw(
                release.outlines.loc[table["area_code"].iloc[known].tolist()],
                ratios,
                [f"{names[at]}: {value}" for at, value in zip(known, told, strict=True)],
                scales.agreement("Expected over official", palette),
                palette,
                alt="Map of areas: what all other areas let expect, over residents.",
                key="agreement-night-map",
            )

    return Part(
        title="Night people and residents",
        verdict=agreement.verdict(
            agreement.common_part(before, residents, same_total=True),
            agreement.log_correlation(before, residents),
            compared,
        ),
        figures={
            "People over residents": _share(agreement.ratio(people, residents)),
            "Correlation of logarithms": _share(agreement.log_correlation(before, residents)),
            "Error of an area left out, median": _percent(left_out.median_error),
            "Nine areas of ten are within": _percent(left_out.quantile(0.9)),
            "R², left out": _share(left_out.r_squared),
        },
        said=tuple(said),
        taken=Taken(
            "agreement-night",
            "Night people beside residents, by area.",
            lambda: table,
            {
                "area_code": "Area",
                "area_name": "Its name",
                "residents": "Usual residents",
                "people": "Mean people present from 03:00 to 04:00 local time",
                "factor": "Factor of calibration; 1 where there was none",
                "people_before_calibration": "People divided by the factor",
                "ratio": "People over residents",
                "expected_by_other_areas": "People before calibration times the factor that all other areas imply",
                "error_left_out": "That over residents, less 1",
            },
            of_cells=False,
        ),
        runs=tuple(runs),
        draw=draw,
    )


def commuting(release: Release) -> Part | None:
    """Commuting between different areas beside the census; None where the release lacks either."""
    if not (release.has("flows_month") and release.has("official_commuting")):
        return None
    answer = release.run("commuting_pairs")
    centres = release.run("areas")
    every = answer.table.to_pandas()
    between = every[every["origin_code"] != every["destination_code"]].reset_index(drop=True)
    covered = between["origin_code"].isin(_covered(every)) & between["destination_code"].isin(_covered(every))
    known = covered & between["people"].notna() & between["trips_per_day"].notna()
    table = between[known].reset_index(drop=True)
    trips, people = _floats(table["trips_per_day"]), _floats(table["people"])
    km = _distances(centres.table.to_pandas(), table)
    table = table.assign(km=km, trips_per_person=_over(trips, people))[
        ["origin_code", "destination_code", "km", "trips_per_day", "people", "trips_per_person"]
    ]
    bands = agreement.by_distance(trips, people, km)
    given = float(between["people"].sum())
    share = people.sum() / given if given > 0 else math.nan
    names = [
        f"{release.name_of(origin)} to {release.name_of(destination)}"
        for origin, destination in zip(table["origin_code"], table["destination_code"], strict=True)
    ]
    said = (
        "Trips from the usual home to the usual place of work on a covered day, weekends among them, beside the people "
        "whom the census counted by usual place of work on 21 March 2021, between different authorities.",
        "The ratio is not expected to be 1: the census counts everybody with a place of work, also on days when they "
        "are at home, and many were at home in March 2021; the release counts who goes on a day. Compare how "
        "people are spread. Within an authority nothing is compared: there the census can hold those who work at home.",
        f"Pairs compared: {len(table):,}, with {_percent(share)} of the census's commuters between authorities. "
        f"Left out: {int(between['people'].isna().sum()):,} that the census's table lacks, "
        f"{int((covered & between['people'].notna() & between['trips_per_day'].isna()).sum()):,} that are withheld, "
        f"{int((~covered & between['people'].notna()).sum()):,} of authorities without any commuting in the release.",
    )

    def draw(palette: look.Palette) -> None:
        first, second = st.columns([1, 1.1])
        with first:
            pairs.scatter(
                trips,
                people,
                names,
                palette,
                axes=("People, census", "Trips a day"),
                alt="Commuting trips beside the census, by pair of authorities, on logarithms.",
                key="agreement-commuting",
            )
        with second:
            st.markdown("###### By distance")
            st.dataframe(_bands(bands), hide_index=True)

    in_common = agreement.common_part(trips, people, same_total=True)
    r = agreement.log_correlation(trips, people)
    return Part(
        title="Commuting and the census",
        verdict=agreement.verdict(in_common, r, len(table)),
        figures={
            "In common, same total (CPC)": _share(in_common),
            "In common, as they are (CPC)": _share(agreement.common_part(trips, people)),
            "Correlation of logarithms": _share(r),
            "Correlation": _share(agreement.correlation(trips, people)),
            "Trips a day over people": _share(agreement.ratio(trips, people)),
        },
        said=said,
        taken=Taken(
            "agreement-commuting",
            "Commuting trips a day beside the people of the census, by pair of different authorities.",
            lambda: table,
            {
                "origin_code": "Authority of the usual home",
                "destination_code": "Authority of the usual work",
                "km": "Distance between their centres, kilometres",
                "trips_per_day": "Mean trips from home to work a covered day",
                "people": "Usual residents in employment, census",
                "trips_per_person": "Trips a day over people",
            },
            of_cells=False,
        ),
        runs=(reading.ran(answer), reading.ran(centres)),
        draw=draw,
    )


def visits(release: Release) -> Part | None:
    """Visits by country beside the survey's latest year; None where the release lacks either."""
    if not (release.has("inbound_month") and release.has("official_visits")):
        return None
    root = release.areas[release.default_area].code
    estimated, survey = release.run("visits_by_country", area=root), release.run("official_visits", area=root)
    official = survey.table.to_pandas()
    yearly = official[official["period"].str.fullmatch(r"\d{4}") & (official["country_of_residence"] != WORLD)]
    if yearly.empty:
        return None
    year = yearly["period"].max()
    of_year = yearly[yearly["period"] == year].drop(columns="period").rename(columns={"visits": "survey_visits"})
    table = estimated.table.to_pandas().merge(of_year, on="country_of_residence")
    whole = table[table["withheld"] == 0].reset_index(drop=True)
    months = [str(each["month"]) for each in release.opened.partitions("inbound_month")]
    share, seasonal = _share_of_year(months, official, year)
    found, known = _floats(whole["visits"]), _floats(whole["survey_visits"]) * share
    whole = whole.assign(
        country=_names(release, whole["country_of_residence"]),
        survey_visits_expected=known,
        ratio=_over(found, known),
        share=_over(found, np.full(len(found), found.sum())),
        survey_share=_over(known, np.full(len(known), known.sum())),
    )[
        [
            "country_of_residence",
            "country",
            "visits",
            "survey_visits",
            "relative_ci95",
            "survey_visits_expected",
            "ratio",
            "share",
            "survey_share",
        ]
    ].sort_values("survey_visits", ascending=False, ignore_index=True)
    found, known = _floats(whole["visits"]), _floats(whole["survey_visits_expected"])
    how = (
        f"by the course of {year} over its months"
        if seasonal
        else "every day counting the same, for no monthly figures are imported"
    )
    said = (
        f"Visits over {count(len(months), 'month')} of the release, beside the survey's year {year}, of which these "
        f"months would have {_percent(share)}, {how}. The years differ: compare shares and order rather than levels.",
        "The country of a SIM stands for the country of residence, and a visitor without a roaming phone is not seen; "
        "the survey asks a sample of passengers, and has intervals of its own.",
        f"Countries compared: {len(whole):,}. Left out, for some of their figures are withheld: "
        f"{len(table) - len(whole):,}.",
    )
    in_common = agreement.common_part(found, known, same_total=True)
    r = agreement.rank_correlation(found, known)
    return Part(
        title="Visits from abroad and the survey",
        verdict=agreement.verdict(in_common, r, len(whole)),
        figures={
            "In common, same total": _share(in_common),
            "Rank correlation": _share(r),
            "Visits over the survey's": _share(agreement.ratio(found, known)),
        },
        said=said,
        taken=Taken(
            "agreement-visits",
            f"Visits by country of residence beside the survey of {year}.",
            lambda: whole,
            {
                "country_of_residence": "ISO 3166-1 alpha-2",
                "country": "Its name",
                "visits": "Visits over the months of the release",
                "survey_visits": f"Visits in {year}, survey",
                "relative_ci95": "Half of the survey's 95 % interval over its figure",
                "survey_visits_expected": "Visits of the survey times the share of a year that the months have",
                "ratio": "Visits over those expected",
                "share": "Share of all compared visits, release",
                "survey_share": "Share of all compared visits, survey",
            },
            of_cells=False,
        ),
        runs=(reading.ran(estimated), reading.ran(survey)),
        draw=partial(
            pairs.scatter,
            found,
            known,
            whole["country"].tolist(),
            axes=("Visits, survey", "Visits, release"),
            alt="Visits by country of residence beside the survey, on logarithms.",
            key="agreement-visits",
        ),
    )


_PARTS: tuple[tuple[Callable[[Release], Part | None], str], ...] = (
    (
        night,
        "Night people cannot be compared with residents: the release lacks typical days of areas, or their residents.",
    ),
    (
        commuting,
        "Commuting is not compared with the census: the release lacks commuting, or the census's table. To add it: "
        "python -m cellcount import census-od ODWP01EW_LTLA.csv --into RELEASE",
    ),
    (
        visits,
        "Visits are not compared with the survey: the release lacks visits from abroad, or the survey's table. To add "
        "it: python -m cellcount import overseas-visits TABLE --into RELEASE",
    ),
)


def _share_of_year(months: Sequence[str], official: pd.DataFrame, year: str) -> tuple[float, bool]:
    """Share of a year's visits in these months, and whether it follows the survey's months."""
    days: dict[int, int] = {}
    for each in months:
        number_of_year, month = (int(part) for part in each.split("-"))
        # A leap day more is no part of a usual year.
        length = min(calendar.monthrange(number_of_year, month)[1], 28 if month == 2 else 31)
        days[month] = days.get(month, 0) + length
    monthly = official[(official["country_of_residence"] == WORLD) & official["period"].str.fullmatch(rf"{year}-\d\d")]
    by_month = {
        int(period[-2:]): float(value) for period, value in zip(monthly["period"], monthly["visits"], strict=True)
    }
    if len(by_month) == 12:
        return agreement.share_of_year(days, by_month), True
    return agreement.share_of_year(days), False


def _covered(every: pd.DataFrame) -> set[str]:
    """Authorities with some commuting in the release: elsewhere none was observed because nobody observed."""
    some = every[every["trips_per_day"].isna() | (every["trips_per_day"] > 0)]
    return {*some["origin_code"], *some["destination_code"]}


def _distances(areas: pd.DataFrame, table: pd.DataFrame) -> Floats:
    """Kilometres between the centres of each pair; NaN where an area has none."""
    centres = areas.set_index("area_code")[["centre_lon", "centre_lat"]]
    start, end = (centres.reindex(table[name]) for name in ("origin_code", "destination_code"))
    return agreement.distance_km(
        start["centre_lon"].to_numpy(),
        start["centre_lat"].to_numpy(),
        end["centre_lon"].to_numpy(),
        end["centre_lat"].to_numpy(),
    )


def _names(release: Release, codes: pd.Series) -> list[str]:
    rows = release.run("countries").table.to_pylist() if release.has("countries") else []
    names = {row["country_code"]: row["country_name"] for row in rows}
    return [names.get(code, code) for code in codes]


def _bands(bands: Sequence[agreement.Band]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Distance": [
                f"{band.low:g} km and over" if math.isinf(band.high) else f"{band.low:g} to {band.high:g} km"
                for band in bands
            ],
            "Pairs": [band.pairs for band in bands],
            "Slope": [_share(band.slope) for band in bands],
            "r": [_share(band.r) for band in bands],
            "Ratio": [_share(band.ratio) for band in bands],
        }
    )


def _over(first: Floats, second: Floats) -> Floats:
    """First over second; NaN where the second is 0 or not known."""
    return np.divide(first, second, out=np.full(len(first), np.nan), where=second > 0)


def _floats(column: pd.Series) -> Floats:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _share(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else number(None)


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %" if math.isfinite(value) else number(None)
