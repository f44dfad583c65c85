"""Agreement with official figures: the formulas, the comparisons of a release, and what the page says of them."""

import math

import h3.api.basic_int as h3
import numpy as np
import pyarrow as pa
import pytest
import shapely
from app_pages import metrics, texts
from hypothesis import assume, given
from hypothesis import strategies as st
from release_world import MANIFEST, named_hours, trips, typical_area, visits
from scipy import stats
from streamlit.testing.v1 import AppTest

from cellcount.build.release import ReleaseWriter
from cellcount.methods import agreement
from cellcount.standard import release_tables
from cellcount.store import open_release
from cellcount.ui import agreement as shown
from cellcount.ui import pairs, scales, sources
from cellcount.ui.look import PALETTES
from cellcount.ui.reading import Release

FIGURES = st.lists(st.tuples(st.floats(0.5, 1e6), st.floats(0.5, 1e6)), min_size=3, max_size=30)


def columns(drawn):
    return np.array(drawn).T


# --- Formulas -------------------------------------------------------------------------------------------------------


@given(FIGURES)
def test_the_common_part_is_a_share_that_does_not_mind_the_order_of_the_two(drawn):
    measured, official = columns(drawn)
    found = agreement.common_part(measured, official)
    assert 0 <= found <= 1
    assert found == pytest.approx(agreement.common_part(official, measured))
    assert agreement.common_part(measured, measured) == pytest.approx(1)


@given(FIGURES, st.floats(0.01, 100))
def test_only_the_spread_counts_when_both_are_scaled_to_one_total(drawn, factor):
    measured, official = columns(drawn)
    same = agreement.common_part(measured, official, same_total=True)
    assert agreement.common_part(measured * factor, official, same_total=True) == pytest.approx(same)
    # With equal totals the two formulas are one, and 1 - CPC is half of the sum of the differences of shares.
    apart = np.abs(measured / measured.sum() - official / official.sum()).sum() / 2
    assert same == pytest.approx(1 - apart)


@given(FIGURES)
def test_correlations_are_those_of_scipy(drawn):
    measured, official = columns(drawn)
    assume(np.ptp(np.log(measured)) > 1e-3)
    assume(np.ptp(np.log(official)) > 1e-3)
    assert agreement.correlation(measured, official) == pytest.approx(stats.pearsonr(measured, official)[0], abs=1e-6)
    ranks = stats.spearmanr(measured, official)[0]
    assert agreement.rank_correlation(measured, official) == pytest.approx(ranks, abs=1e-9)
    logs = stats.pearsonr(np.log(measured), np.log(official))[0]
    assert agreement.log_correlation(measured, official) == pytest.approx(logs, abs=1e-6)


def test_pairs_of_which_one_is_not_known_are_left_out():
    measured, official = [1.0, 2.0, 4.0, np.nan, 9.0], [2.0, 4.0, 8.0, 50.0, np.nan]
    assert agreement.ratio(measured, official) == 0.5
    assert agreement.correlation(measured, official) == pytest.approx(1)
    assert agreement.common_part(measured, official, same_total=True) == 1


@pytest.mark.parametrize("few", [([], []), ([1, 2], [2, 3]), ([1, 1, 1], [2, 3, 4]), ([2, 3, 4], [np.nan] * 3)])
def test_nothing_is_said_of_what_cannot_be_told(few):
    assert math.isnan(agreement.correlation(*few))
    assert math.isnan(agreement.rank_correlation(*few))


@given(FIGURES, st.floats(0.01, 100))
def test_an_area_that_is_left_out_does_not_tell_of_itself(drawn, change):
    measured, official = columns(drawn)
    found = agreement.leave_one_out(measured, official)
    other = official.copy()
    other[0] *= change
    assert agreement.leave_one_out(measured, other).predicted[0] == pytest.approx(found.predicted[0])
    assert np.isfinite(found.predicted).all()
    assert not found.r_squared > 1  # not told where all areas are alike


@given(st.lists(st.floats(1, 1e6), min_size=3, max_size=30), st.floats(0.01, 100))
def test_areas_of_one_factor_are_foretold_without_error(official, factor):
    found = agreement.leave_one_out(np.array(official) * factor, official)
    assert found.errors == pytest.approx(0, abs=1e-9)
    assert found.median_error == pytest.approx(0, abs=1e-9)


def test_a_withheld_area_is_neither_foretold_nor_used():
    found = agreement.leave_one_out([10, np.nan, 20, 30], [20, 1000, 40, 60])
    assert np.isnan(found.errors).tolist() == [False, True, False, False]
    assert found.predicted[[0, 2, 3]].tolist() == [20, 40, 60]


def test_distance_between_london_and_edinburgh():
    # City to city 534 km by great circle, as atlases give it.
    assert agreement.distance_km(-0.1278, 51.5074, -3.1883, 55.9533) == pytest.approx(534, abs=2)


@given(st.dictionaries(st.integers(1, 12), st.integers(0, 28)))
def test_equal_months_are_as_many_days(days):
    by_day = {month: float(n) for month, n in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1)}
    assert agreement.share_of_year(days, by_day) == pytest.approx(agreement.share_of_year(days))


@given(st.floats(0, 1), st.floats(-1, 1), st.integers(10, 1000), st.floats(0, 1))
def test_a_verdict_gets_no_worse_with_more_agreement(in_common, r, many, more):
    order = ["do not use for levels", "usable with care", "close"]
    before = order.index(agreement.verdict(in_common, r, many).word)
    after = order.index(agreement.verdict(max(in_common, more), max(r, more), many).word)
    assert after >= before


# --- The comparisons of a release -----------------------------------------------------------------------------------

SHIRES = [f"E070000{number:02d}" for number in range(1, 13)]
"""Twelve authorities on a line to the north, 0.1 degrees (11.1 km) apart, of 1,000, 2,000 ... 12,000 residents."""
LANDS = ["AT", "BE", "CA", "CH", "DE", "DK", "ES", "FR", "IE", "IT", "NL", "US"]
DAYS = {"2026-01": 20, "2026-02": 20}


def shire_areas():
    whole = {"area_name": "United Kingdom", "area_type": "country", "parent_code": None, "residents": 78_000.0}
    areas = [{"area_code": "UK", "centre_lon": 0.0, "centre_lat": 52.5, **whole}]
    for number, code in enumerate(SHIRES, 1):
        box = shapely.box(0.0, 52 + 0.1 * number, 0.1, 52.1 + 0.1 * number)
        areas.append(
            {
                "area_code": code,
                "area_name": f"Shire {number}",
                "area_type": "authority",
                "parent_code": "UK",
                "residents": 1000.0 * number,
                "centre_lon": 0.05,
                "centre_lat": 52.05 + 0.1 * number,
                "geometry": shapely.to_wkb(box),
            }
        )
    return areas


def survey(period, country, visits, **more):
    return {"period": period, "area_code": "UK", "country_of_residence": country, "visits": visits, **more}


# Night people are the residents, by a factor of 1.25 in every shire but the last, which needs twice that.
NIGHTS = {
    "typical_area/period=2026-01/day_type=weekday": [
        typical_area(code, 1000.0 * number) for number, code in enumerate(SHIRES, 1)
    ],
    "precision": [
        {"area_code": code, "day_part": "night", "calibration_factor": 2.5 if code == SHIRES[-1] else 1.25}
        for code in SHIRES
    ],
}
# From the first shire to each other go half as many people a day as the census counted.
COMMUTING = {
    f"flows_month/month={month}": [
        {**trips(SHIRES[0], code, 100 * number * days, 0.0, None), "purpose": "home_work", "days": days}
        for number, code in enumerate(SHIRES, 1)
    ]
    for month, days in DAYS.items()
}
CENSUS = {
    "official_commuting": [
        {"origin_code": SHIRES[0], "destination_code": code, "people": 200 * number}
        for number, code in enumerate(SHIRES, 1)
    ]
}
# In two months of 59 days, as many as the survey has in a year of 365: each country's 36,500 times its number.
VISITS = {
    f"inbound_month/month={month}": [
        {**visits(country, "1", 2950 * number, 0), "area_code": "UK"} for number, country in enumerate(LANDS, 1)
    ]
    for month in DAYS
}
SURVEY = {"official_visits": [survey("2022", country, 36_500.0 * number) for number, country in enumerate(LANDS, 1)]}
ALL = {**NIGHTS, **COMMUTING, **CENSUS, **VISITS, **SURVEY}


def write_shires(folder, tables=ALL, **manifest):
    with ReleaseWriter(folder, "shires") as writer:
        cell = {"h3": h3.latlng_to_cell(52.2, 0.05, 7), "resolution": 7, "area_code": SHIRES[0], "area_km2": 5.0}
        rows = {
            "areas": shire_areas(),
            "cells": [cell],
            "countries": [{"country_code": code, "country_name": f"Land of {code}"} for code in LANDS],
            "typical_day/resolution=7/period=2026-01/day_type=weekday": [{"h3": cell["h3"], **named_hours("l", 5.0)}],
            **tables,
        }
        for partition, values in rows.items():
            table, *folders = partition.split("/")
            made = pa.Table.from_pylist(list(values), schema=release_tables()[table].file_schema)
            writer.write(table, made, **dict(folder.split("=") for folder in folders))
        return writer.publish({**MANIFEST, "default_area": "UK", **manifest})


def opened(folder, tables=ALL, **manifest):
    return Release(open_release(write_shires(folder, tables, **manifest)))


def test_night_people_are_judged_before_calibration_each_area_by_the_others(tmp_path):
    part = shown.night(opened(tmp_path))
    table = part.taken.table().set_index("area_code")
    assert (table["ratio"] == 1).all()
    # The last shire: 12,000 / 2.5 = 4,800 before; the others say 1.25, and so 6,000 of 12,000.
    assert table.loc[SHIRES[-1], "people_before_calibration"] == 4800
    assert table.loc[SHIRES[-1], "expected_by_other_areas"] == pytest.approx(6000)
    assert table.loc[SHIRES[-1], "error_left_out"] == pytest.approx(-0.5)
    # The first: 800 before; the others have 77,000 residents and 65,000 / 1.25 + 4,800 = 56,800 people.
    assert table.loc[SHIRES[0], "expected_by_other_areas"] == pytest.approx(800 * 77_000 / 56_800)
    assert part.figures["People over residents"] == "1.00"
    assert any("by construction" in sentence for sentence in part.said)


def test_without_factors_the_ratio_itself_is_the_test(tmp_path):
    tables = {"typical_area/period=2026-01/day_type=weekday": NIGHTS["typical_area/period=2026-01/day_type=weekday"]}
    part = shown.night(opened(tmp_path, tables))
    assert part.taken.table()["error_left_out"].tolist() == pytest.approx([0.0] * 12)
    assert part.verdict.word == "close"
    assert not any("by construction" in sentence for sentence in part.said)


def test_withheld_nights_are_counted_and_not_compared(tmp_path):
    rows = [dict(row) for row in NIGHTS["typical_area/period=2026-01/day_type=weekday"]]
    rows[4]["people_l03"] = None
    part = shown.night(opened(tmp_path, {"typical_area/period=2026-01/day_type=weekday": rows}))
    assert np.isnan(part.taken.table().set_index("area_code").loc[SHIRES[4], "error_left_out"])
    assert "Not compared, for a figure is withheld or not known: 1 area." in part.said


def test_commuting_is_compared_between_areas_by_how_it_is_spread(tmp_path):
    part = shown.commuting(opened(tmp_path))
    table = part.taken.table()
    assert len(table) == 11  # not from the first shire to itself
    assert (table["trips_per_person"] == 0.5).all()
    assert table["km"].round(1).tolist() == [pytest.approx(11.12 * steps, abs=0.1) for steps in range(1, 12)]
    assert part.figures["In common, same total (CPC)"] == "1.00"
    # 2 x T / (T + 2 T) where every trip has two people.
    assert part.figures["In common, as they are (CPC)"] == "0.67"
    assert part.figures["Trips a day over people"] == "0.50"
    assert part.verdict.word == "close"


def test_authorities_that_the_release_does_not_cover_are_not_taken_for_empty(tmp_path):
    elsewhere = {"origin_code": SHIRES[0], "destination_code": "S12000033", "people": 5000}
    tables = {**COMMUTING, "official_commuting": [*CENSUS["official_commuting"], elsewhere]}
    part = shown.commuting(opened(tmp_path, tables))
    assert len(part.taken.table()) == 11
    # 2 x 200 ... 12 x 200 are 15,400 of 20,400 commuters.
    assert any("Pairs compared: 11, with 75.5 % of the census's commuters" in sentence for sentence in part.said)
    assert any("1 of authorities without any commuting" in sentence for sentence in part.said)


def test_a_pair_without_a_trip_between_covered_authorities_counts_as_none(tmp_path):
    back = {"origin_code": SHIRES[1], "destination_code": SHIRES[0], "people": 400}
    tables = {**COMMUTING, "official_commuting": [*CENSUS["official_commuting"], back]}
    table = shown.commuting(opened(tmp_path, tables)).taken.table()
    assert table.set_index("origin_code").loc[SHIRES[1], "trips_per_day"] == 0


def test_visits_are_compared_with_the_share_of_a_year_that_is_covered(tmp_path):
    part = shown.visits(opened(tmp_path))
    table = part.taken.table()
    assert table["country"].tolist() == [f"Land of {code}" for code in reversed(LANDS)]
    # 36,500 a year are 5,900 in 59 of 365 days.
    assert table["ratio"].tolist() == pytest.approx([1.0] * 12)
    assert part.figures["Rank correlation"] == "1.00"
    assert part.verdict.word == "close"


def test_visits_follow_the_months_of_the_survey_where_it_has_all(tmp_path):
    # A third of the year's visits in January and February, a fifteenth in each other month.
    months = [survey(f"2022-{month:02d}", "WORLD", 2.5 if month < 3 else 1.0) for month in range(1, 13)]
    tables = {**VISITS, "official_visits": [*SURVEY["official_visits"], *months]}
    part = shown.visits(opened(tmp_path, tables))
    assert part.taken.table()["survey_visits_expected"].iloc[0] == pytest.approx(36_500 * 12 / 3)
    assert any("by the course of 2022 over its months" in sentence for sentence in part.said)


def test_a_country_with_a_withheld_length_of_stay_is_not_compared(tmp_path):
    month = "inbound_month/month=2026-02"
    tables = {**VISITS, **SURVEY, month: [*VISITS[month], {**visits("FR", "8+", None, None), "area_code": "UK"}]}
    part = shown.visits(opened(tmp_path, tables))
    assert "FR" not in part.taken.table()["country_of_residence"].tolist()
    assert "Countries compared: 11. Left out, for some of their figures are withheld: 1." in part.said


@pytest.mark.parametrize(
    ("compared", "lacks"),
    [
        (shown.night, NIGHTS),
        (shown.commuting, COMMUTING),
        (shown.commuting, CENSUS),
        (shown.visits, VISITS),
        (shown.visits, SURVEY),
    ],
)
def test_without_either_side_there_is_no_comparison(tmp_path, compared, lacks):
    assert compared(opened(tmp_path, {table: rows for table, rows in ALL.items() if table not in lacks})) is None


def test_every_column_that_can_be_taken_is_described(tmp_path):
    runs, taken = shown.evidence_of(opened(tmp_path))
    assert {run.name for run in runs} >= {"night_residents", "commuting_pairs", "official_visits"}
    for each in taken:
        assert list(each.table().columns) == list(each.columns)


# --- On the page ----------------------------------------------------------------------------------------------------


def shown_of(folder):
    def page(folder):
        from pathlib import Path  # noqa: PLC0415

        from cellcount.store import open_release  # noqa: PLC0415
        from cellcount.ui.agreement import show_agreement  # noqa: PLC0415
        from cellcount.ui.reading import Release  # noqa: PLC0415

        show_agreement(Release(open_release(Path(folder))))

    app = AppTest.from_function(page, args=(str(folder),), default_timeout=30).run()
    assert not app.exception
    return app


def test_the_page_says_whether_to_trust_and_that_the_people_are_made_up(tmp_path):
    app = shown_of(write_shires(tmp_path))
    said = texts(app)
    assert "Close. Both tell the same" in said.replace("**", "")
    assert "shows that the machinery works, not that real data agree" in said
    assert metrics(app)["Rank correlation"] == "1.00"
    assert len(app.get("plotly_chart")) == 4


def test_real_people_are_not_called_made_up(tmp_path):
    assert "made up" not in texts(shown_of(write_shires(tmp_path, synthetic=False)))


def test_what_is_not_imported_is_told_with_the_command(tmp_path):
    said = texts(shown_of(write_shires(tmp_path, NIGHTS)))
    assert "python -m cellcount import census-od" in said
    assert "python -m cellcount import overseas-visits" in said


def test_the_source_of_an_official_table_is_named_with_its_licence(tmp_path):
    source = {"name": "Census", "publisher": "Office", "licence": "Open", "attribution": "(c) Office", "url": "x"}
    parameters = {"added": [{"table": "official_commuting", "source": source, "files": [], "facts": {}, "notes": []}]}
    release = opened(tmp_path, parameters=parameters)
    assert ("Census", "Open") in [(each.name, each.licence) for each in sources.everything(release)]
    assert "(c) Office." in sources.line(release)


def test_the_classes_of_agreement_are_close_around_one():
    scale = scales.agreement("Expected over official", PALETTES["light"])
    found = scale.classes(np.array([0.5, 1.0, 1.3, np.nan]))
    assert [scale.named[number] for number in found[:3]] == ["under 0.80", "0.97 to 1.03", "1.25 and over"]
    assert found[3] == -2


def test_pairs_without_a_logarithm_are_not_drawn():
    official = np.array([1.0, 10.0, 0.0, 5.0])
    figure = pairs.pairs_figure(
        np.array([2.0, 0.0, 3.0, 9.0]), official, list("abcd"), PALETTES["light"], axes=("official", "estimate")
    )
    assert list(figure.data[-1].customdata) == ["d", "a"]
    assert list(figure.data[0].x) == [1.0, 9.0]
