"""The data quality page: what a release tells of itself, and what it says where it tells nothing.

The release is that of `release_world`: half of all people are observed; at 13:00 of Monday 2 November 2026 Alder's four
cells of resolution 7 have 100, 200, 300 and 400 people, Birch's 50, 60 and 0.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
from app_pages import metrics, texts
from build_world import ALDER, BIRCH, MONDAY, PARENT
from hypothesis import given
from hypothesis import strategies as st
from release_world import MANIFEST, TUESDAY, write_release

from cellcount import store
from cellcount.methods.precision import Placement, Precision, standard_error
from cellcount.methods.support import smallest_area
from cellcount.standard import delivery_tables
from cellcount.store import MANIFEST_NAME, open_release
from cellcount.ui import checks, protection
from cellcount.ui.reading import Release

QUALITY = "pages/quality.py"
PARAMETERS = st.builds(
    lambda share, phi, share_cv, cv: Precision(share, phi, share_cv, Placement(cv, 100.0, 1.0, 0.01, 0.6)),
    st.floats(0.1, 0.95),
    st.floats(0.5, 20),
    st.floats(0, 0.15),
    st.floats(0, 3),
)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("releases")
    write_release(folder, "wood")
    return folder


@pytest.fixture(scope="module")
def measured(releases: Path) -> checks.Checks:
    return checks.measured(Release(open_release(releases / "wood")))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As imported: figures, and nothing on how good they are."""
    folder = tmp_path_factory.mktemp("bare")
    write_release(
        folder,
        "lake",
        only=["typical_day", "typical_area"],
        kind="imported",
        synthetic=False,
        deliveries=[],
        parameters={},
        disclosure={"rule": "As the source has it: what it withholds is not shown.", "threshold": None},
    )
    return folder


class TestWhatIsRead:
    def test_shares_observed_are_the_mean_over_the_parts_of_the_day(self, measured):
        assert measured.observed.to_dict() == {"UK": 0.5, ALDER: 0.5, BIRCH: 0.5}

    def test_metrics_are_of_the_whole_by_area_or_by_date(self, measured):
        metric = "suppressed_share_resolution_7"
        assert measured.of_whole(metric) == 0.008
        assert measured.by_area(metric).to_dict() == {ALDER: 0.01, BIRCH: 0.0}
        assert measured.by_date(metric).to_dict() == {MONDAY: 0.006, TUESDAY: 0.012}
        assert np.isnan(measured.of_whole("operator_disagreement"))
        assert measured.resolutions == (6, 7)
        assert measured.operators == ("blue", "red")

    def test_a_metric_that_nobody_knows_keeps_its_name_its_interval_and_its_note(self, measured):
        others = measured.others({"operator_disagreement", "operator_share"}).set_index("Measure")
        assert others.loc["Sampling fraction"].tolist() == ["0.5", "0.4 to 0.6", "A metric of its own."]
        assert others.loc["Operators combined", "Value"] == "3"
        assert not [name for name in others.index if name.startswith("Withheld")], "it has charts of its own"

    def test_cells_are_counted_by_label_at_midday(self, measured):
        """Alder: the variance is N + 2 + 4 + (0.02 N)²; of 100, 110: 10.5 %; of 200, 222: 7.4 %; of 400, 470: 5.4 %.

        Birch has 10 % more: of 50, 81: 18 %; of 60, 102: 17 %. A zero has no relative error.
        """
        finest = measured.cells[0]
        assert finest.resolution == 7
        assert finest.counts == {"precise": 0, "reasonably precise": 3, "acceptable": 3, "use with caution": 1}
        assert finest.withheld == 0
        shares = [np.sqrt(n + 6 + (0.02 * n) ** 2) / n for n in (100, 200, 300, 400)]
        assert finest.by_area[ALDER] == pytest.approx(np.median(shares))
        assert measured.hour == "Monday 2 November 2026, 13:00 to 14:00"

    def test_hours_of_an_outage_that_follow_one_another_are_one_outage(self, measured):
        """From 23:00 UTC on the 2nd to 01:00 on the 3rd; half and a quarter of all observed were lost."""
        (outage,) = measured.outages.to_dict("records")
        assert outage["When"] == "Monday 2 November 2026, 23:00 to 3 November 2026, 01:00"
        assert (outage["Place"], outage["Hours"], outage["Most lost"]) == ("near Alder", 2, "50 %")
        assert outage["Cell"] == f"{PARENT:x}, resolution 6"

    def test_outages_apart_in_time_are_two(self, tmp_path):
        hours = [dt.datetime(2026, 11, 2, 9), dt.datetime(2026, 11, 2, 11)]  # noqa: DTZ001 - UTC
        lost = [{"h3_parent": PARENT, "hour_utc": hour, "share_lost": 0.1} for hour in hours]
        folder = write_release(tmp_path, "wood", figures={"coverage": lost})
        found = checks.measured(Release(open_release(folder))).outages
        assert [when.split(", ")[1] for when in found["When"]] == ["09:00 to 10:00", "11:00 to 12:00"]

    def test_a_release_without_any_of_it_has_nothing_and_no_error(self, bare):
        found = checks.measured(Release(open_release(bare / "lake")))
        assert not len(found.observed)
        assert found.cells == ()
        assert not len(found.outages)
        assert found.runs == ()
        assert checks.smallest_areas(found).empty


class TestTheSmallestArea:
    def test_it_is_worked_out_from_the_medians_of_the_areas(self, measured):
        """2 and 10 % of error of the share: a median of 6 %, so that no area is precise (under 5 %)."""
        found = checks.smallest_areas(measured)
        assert found["Precise"].tolist() == ["none"] * 3
        # N + 6 + (0.06 N)² below (0.10 N)²: above 162 people, in 3.24 km² of 50 people each; areas are tried by 0.8 %.
        assert found["Reasonably precise"].tolist()[0] == "3.3 km², 160 people"

    @given(st.floats(1, 20_000), PARAMETERS, st.sampled_from([0.05, 0.1, 0.2]))
    def test_from_it_on_every_area_is_precise_enough(self, density, known, limit):
        km2 = smallest_area(density, known, limit)
        if np.isfinite(km2):
            larger = km2 * np.array([1.0, 3.0, 50.0])
            assert (standard_error(density * larger, known, area_km2=larger) / (density * larger) < limit).all()


class TestProtection:
    def test_every_step_that_the_manifest_states_is_told_and_no_other(self, releases):
        manifest = open_release(releases / "wood").manifest
        assert [step.words for step in protection.steps(manifest)] == ["Fewer than 10 devices are withheld."]

    def test_the_example_adds_up(self):
        said = " ".join(protection.example({"threshold": 20, "secondary": "Parts.", "rounding_base": 5}))
        assert "82, 56, 34 and 12 phones in an hour, 184 in all" in said
        assert 82 + 56 + 34 + 12 == 184
        assert "184 less 82, 56 and 34 is 12" in said
        assert "on average: 10, say, which makes 182" in said
        assert 184 - 12 + 10 == 182

    def test_a_step_that_is_not_taken_is_not_in_the_example(self):
        assert len(protection.example({"threshold": 10})) == 2


class TestThePage:
    def test_the_first_screen_answers(self, releases, open_app):
        app = open_app(releases, QUALITY)
        assert app.title[0].value == "Data quality: may we trust these figures?"
        # The median of seven cells is that of figures above 0: 5.4, 6.4, 7.4, 10.5, 17, 18 %.
        assert metrics(app) == {
            "People observed": "50.0 %",
            "Withheld, finest cells": "0.8 %",
            "Standard error of a cell, median": "9.0 %",
            "Worst agreement of an area": "+20.0 %",
        }
        said = texts(app)
        assert "Birch, people at night against its residents" in said
        assert "Share of people observed, all operators together, 2 areas of 2. From 50.0 %" in said
        charts = app.get("plotly_chart")
        assert len(charts) == 2, "a map of areas, and operators"
        assert all(chart.proto.alt for chart in charts), "each has a text alternative"
        assert "red: 35.0 % of people, 30.0 % to 40.0 %." in charts[1].proto.alt

    def test_withheld_by_size_area_and_date(self, releases, open_app):
        app = open_app(releases, QUALITY, part="Withheld")
        by_size, by_date = (json.loads(chart.proto.spec)["data"][0] for chart in app.get("plotly_chart")[1:])
        assert by_size["text"] == ["0.8 %", "0.0 %"]
        assert by_date["x"] == [str(MONDAY), str(TUESDAY)]
        assert "From 0.0 % in Birch to 1.0 % in Alder." in texts(app)
        app.session_state["table-withheld-by-area-7"] = True
        app.run()
        table = app.dataframe[0].value
        assert table.set_index("area_name")["share_withheld"].to_dict() == {"Alder": 0.01, "Birch": 0.0}
        assert "CSV" in [each.proto.label for each in app.get("download_button")]

    def test_precision_leads_to_the_map_of_cells(self, releases, open_app):
        app = open_app(releases, QUALITY, part="Precision")
        traces = json.loads(app.get("plotly_chart")[1].proto.spec)["data"]
        assert [trace["name"] for trace in traces] == [
            "precise",
            "reasonably precise",
            "acceptable",
            "use with caution",
            "withheld",
        ]
        assert traces[1]["customdata"][0] == "reasonably precise: 42.9 %, 3 cells"
        (link,) = [each.proto for each in app.get("page_link") if each.proto.label.startswith("Precision cell by cell")]
        assert "measure=Precision" in link.query_string

    def test_operators_and_outages(self, releases, open_app):
        app = open_app(releases, QUALITY, part="Operators")
        assert "From 4.0 % in Alder to 9.0 % in Birch." in texts(app)
        others = next(each.value for each in app.table if "What it means" in each.value.columns)
        assert "Sampling fraction" in others.index
        app = open_app(releases, QUALITY, part="Outages")
        (table,) = app.table
        assert table.value.loc["near Alder", "Most lost"] == "50 %"

    def test_protection_is_told_in_plain_english_with_an_example(self, tmp_path, open_app):
        stated = {**MANIFEST["disclosure"], "secondary": "The next smallest is withheld too.", "rounding_base": 5}
        write_release(tmp_path, "wood", disclosure=stated)
        said = texts(open_app(tmp_path, QUALITY, part="Protection"))
        assert "Small figures are withheld.** Fewer than 10 devices are withheld." in said
        assert "What could be worked out is not told.** The next smallest is withheld too." in said
        assert "together count 41, 28, 17 and 6 phones" in said

    def test_the_standard_is_shown_from_its_declaration(self, releases, open_app):
        app = open_app(releases, QUALITY, part="Standard")
        first, table = next(iter(delivery_tables().items()))
        assert app.selectbox(key="standard-A delivery").value == first
        assert table.columns[0].name in app.table[0].value.index
        app.session_state["whole-standard"] = True
        app.run()
        assert "# The national cell count standard, version" in texts(app)

    def test_the_release_is_shown_with_checksums_and_its_manifest_can_be_had(self, releases, open_app):
        app = open_app(releases, QUALITY, part="Release")
        facts, deliveries, parameters = (each.value for each in app.table)
        assert "The data are made up." in texts(app)
        assert deliveries.loc["red\\-2026\\-11\\-02", "Checksum of its manifest (SHA-256)"] == "0" * 64
        assert parameters.loc["threshold"].tolist() == ["10"]
        assert store.read_manifest(releases / "wood").sha256 in facts.to_string()
        assert "The manifest as JSON" in [each.proto.label for each in app.get("download_button")]
        release = Release(open_release(releases / "wood"))
        assert release.manifest_json() == (releases / "wood" / MANIFEST_NAME).read_bytes()

    def test_agreement_with_official_figures_is_there_with_its_evidence(self, releases, open_app):
        app = open_app(releases, QUALITY, part="Agreement")
        assert "Agreement with official figures" in texts(app)

    @pytest.mark.parametrize(
        ("part", "sentence"),
        [
            ("Coverage", "not made from operators' deliveries"),
            ("Withheld", "has no measured quality"),
            ("Precision", "does not tell how precise its figures are"),
            ("Operators", "not made from operators' deliveries"),
            ("Outages", "No outage is recorded"),
            ("Protection", "published by others, who decided what to withhold"),
            ("Release", "None: it was imported from published figures."),
        ],
    )
    def test_a_release_that_tells_nothing_gets_a_sentence(self, bare, open_app, part, sentence):
        app = open_app(bare, QUALITY, part=part)
        assert sentence in texts(app)
        assert not app.error
        assert not app.get("plotly_chart")

    def test_a_release_that_tells_nothing_opens_with_how_people_are_protected(self, bare, open_app):
        app = open_app(bare, QUALITY)
        assert "As the source has it: what it withholds is not shown." in texts(app)
        assert set(metrics(app).values()) == {"not known"}

    def test_a_part_that_is_not_there_gets_a_sentence(self, releases, open_app):
        said = texts(open_app(releases, QUALITY, part="Precission"))
        assert "There is no part “Precission” here. Shown instead: Precision." in said
