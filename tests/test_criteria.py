"""Criteria are the brief's, and what the data can tell of them follows rules that better data never fall foul of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellcount.criteria import CRITERIA, STEPS, CriteriaError, computed, criteria, scoring
from cellcount.themes import register
from cellcount.verdicts import Facts, TableFacts

TOURISM = register().theme("tourism")
MOBILITY = register().theme("mobility")
ETHNICITY = register().theme("ethnicity")


def visits(error=0.10, withheld=0.30, cells_error=0.20, cells_withheld=0.60, coverage=0.5):
    """A release of visits alone, with which tourism can do."""
    return Facts(
        {
            "inbound_month": TableFacts(months=12, error=error, withheld=withheld),
            "inbound_cell_month": TableFacts(months=12, error=cells_error, withheld=cells_withheld),
        },
        coverage=coverage,
        operators=3,
    )


def test_the_criteria_are_those_of_the_brief():
    assert [each.title for each in criteria()] == [
        "Policy value",
        "Readiness of the data",
        "Defensible sample",
        "Privacy and ethics",
        "Cost against the present source",
        "Timeliness",
        "Publishability",
    ]
    assert {each.id: each.rule for each in criteria() if each.rule} == {
        "readiness": "readiness",
        "sample": "precision",
        "publishability": "publishability",
    }


def test_every_scale_says_in_words_what_its_steps_are():
    for each in criteria():
        assert tuple(each.scale) == STEPS == (0, 25, 50, 75, 100)
        assert len(set(each.scale.values())) == 5, each.id
        assert each.question.endswith("?")
        assert each.told.endswith(".")


def test_readiness_is_the_mean_of_the_marks_of_the_verdicts():
    # Of two applications one is served, 100, and the other is not delivered by operators, 0.
    found = computed(TOURISM, visits())["readiness"]
    assert found.value == 50
    assert found.why == "1 of 2 applications are served by this release; 1 only if derived inside the operator."
    assert computed(TOURISM, Facts({}))["readiness"].value == 0


def test_what_operators_have_derived_counts_half_and_what_they_have_not_for_nothing():
    industry = register().theme("industrial-strategy")
    homes = {"usual_environment/home": TableFacts(error=0.1), "usual_environment/work": TableFacts(error=0.1)}
    # One of its five applications, with half of a mark: 10.
    assert computed(industry, Facts(homes))["readiness"].value == 10
    assert computed(industry, Facts({}))["readiness"].value == 0


def test_a_sample_scores_by_the_median_errors_of_the_tables_that_are_needed():
    # 10 % is 50 and 20 % is 25: their mean is 37.5, rounded to 38.
    found = computed(TOURISM, visits())["sample"]
    assert found.value == 38
    assert found.why == (
        "Median standard error: visits by country of residence 10.0 %; visitors by cell and country 20.0 %."
    )
    # Halfway between 5 % (75) and 10 % (50), twice.
    assert computed(TOURISM, visits(error=0.075, cells_error=0.075))["sample"].value == 62
    assert computed(TOURISM, visits(error=0.6, cells_error=3.0))["sample"].value == 0


def test_publishability_is_the_lower_of_what_is_withheld_and_who_is_observed():
    # 30 % withheld is 50 and 60 % is 25: 37.5; half of all people is 75.
    found = computed(TOURISM, visits())["publishability"]
    assert found.value == 38
    assert found.why == (
        "Withheld: visits by country of residence 30 %; visitors by cell and country 60 %. "
        "Operators together observe 50 % of people."
    )
    assert computed(TOURISM, visits(coverage=0.1))["publishability"].value == 25
    assert computed(TOURISM, visits(coverage=None))["publishability"].value == 38


def test_what_cannot_be_worked_out_has_a_reason_and_no_value():
    for each in ("readiness", "sample", "publishability"):
        found = computed(ETHNICITY, visits())[each]
        assert found.value is None
        assert found.why == "None of its applications can be made from counts: there is nothing to score."
    unknown = computed(TOURISM, visits(error=None, cells_error=None, withheld=None, cells_withheld=None, coverage=None))
    assert unknown["sample"].value is None
    assert unknown["sample"].why == "This release does not tell how precise these figures are."
    assert unknown["publishability"].value is None
    assert computed(TOURISM, Facts({}))["sample"].value is None
    assert computed(TOURISM, Facts({}, coverage=0.8))["publishability"].value is None


def test_what_people_judge_is_there_without_a_value_and_says_why():
    found = computed(TOURISM, visits())
    assert list(found) == [each.id for each in criteria()]
    for each in ("policy_value", "ethics", "cost", "timeliness"):
        assert found[each].value is None
        assert found[each].why.startswith("People judge")


SHARES = st.floats(0, 1)
TABLES = ("flows_day", "flows_day/home_work", "flows_month", "flows_month/home_work", "home_presence")


@st.composite
def better_and_worse(draw):
    """Two releases of mobility: in the second one table is less sure, or more of it is withheld, or fewer are seen."""
    tables = {each: TableFacts(dates=40, months=1, error=draw(SHARES), withheld=draw(SHARES)) for each in TABLES}
    better = Facts(tables, coverage=draw(SHARES))
    name = draw(st.sampled_from(TABLES))
    more_error = min(tables[name].error + draw(SHARES), 2.0)
    more_withheld = min(tables[name].withheld + draw(SHARES), 1.0)
    worse = replace(tables[name], error=more_error, withheld=more_withheld)
    return better, Facts({**tables, name: worse}, coverage=better.coverage * draw(SHARES))


@given(better_and_worse())
def test_worse_data_never_score_higher(releases):
    better, worse = (computed(MOBILITY, each) for each in releases)
    for rule in ("readiness", "sample", "publishability"):
        assert 0 <= worse[rule].value <= better[rule].value <= 100


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("[10, 50], [20, 25]", "[10, 20], [20, 25]", "precision: figures ascend"),
        ("[[0, 0], [10, 25]", "[[0, 30], [10, 25]", "observed: figures ascend"),
        ("[100, 0]]", "[100, -1]]", "withheld: figures ascend"),
        ("lacking = 0, out = 0", "lacking = 0", "a score for every verdict"),
        ('rule = "precision"', 'rule = "luck"', "no rule “luck”"),
        ('25 = "As late as the present source."', "", "timeliness: the scale has words"),
        ("[rules]", "[rules", "cannot be read"),
        ('told = "People judge: no figure', 'tells = "People judge: no figure', "tells"),
    ],
)
def test_faulty_criteria_are_refused_with_what_is_wrong(tmp_path, before, after, said):
    text = CRITERIA.read_text(encoding="utf-8")
    assert before in text
    faulty = tmp_path / "criteria.toml"
    faulty.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(CriteriaError, match=said):
        scoring(faulty)


def test_missing_criteria_name_the_file(tmp_path):
    with pytest.raises(CriteriaError, match=r"nowhere\.toml"):
        scoring(tmp_path / "nowhere.toml")
