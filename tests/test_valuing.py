"""What a theme costs and is worth, by lines of which the sums are worked out by hand.

At 10 % a year over two years, the present source costs 100 and 110: worth 200. Cell counts cost 50 and 55, worth 100,
and are worth 11 in the second year to others: 10. The net present value is 200 + 10 - 100, the ratio 210 / 100.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from cellcount.record import Appraisal, CostLine, Record, open_record
from cellcount.ui import costs_lines, valuing
from cellcount.ui.costs_lines import LABEL, LOW, OPTION, LinesError, lines_of, table_of
from cellcount.ui.costs_result import by_year_of
from cellcount.ui.valuing import PRESENT, alternatives, best_of, valued

HOW = Appraisal("tourism", 2, 2027, 0.1)
SURVEY = CostLine("tourism", PRESENT, "cost", "other", "The survey", (100.0, 110.0), source="Accounts")
ACCESS = CostLine("tourism", "Cell counts", "cost", "access service", "Access", (50.0, 55.0), source="Quote")
REUSE = CostLine("tourism", "Cell counts", "benefit", "re-use", "Re-use", (0.0, 11.0), source="Letter")


@pytest.fixture
def record(tmp_path) -> Record:
    return open_record(f"sqlite:///{tmp_path / 'decisions.db'}")


def keep(record: Record, *items: Appraisal | CostLine) -> Record:
    for each in items:
        record.save(each, "Ann")
    return record


def test_net_present_value_and_ratio_are_those_by_hand(record):
    (found,) = alternatives([SURVEY, ACCESS, REUSE], HOW)
    assert found.npv == pytest.approx(110)
    assert found.bcr == pytest.approx(2.1)
    shown = valued(keep(record, HOW, SURVEY, ACCESS, REUSE), "tourism")
    assert shown is not None
    assert (shown.npv, shown.bcr) == ("£110", "2.1")
    assert shown.words == "Over 2 years from 2027, discounted at 10 % a year, 2027 prices."


def test_what_an_alternative_keeps_of_the_present_source_is_no_cost_and_no_saving(record):
    # Of 100 and 110, 40 and 55 go on: worth 40 + 50 = 90. 200 - 90 = 110 is saved and 10 earned, for access of 100.
    smaller = CostLine("tourism", "Cell counts", "cost", "other", "A smaller survey", (40.0, 55.0), source="Plan")
    (found,) = alternatives([SURVEY, smaller, ACCESS, REUSE], HOW)
    assert found.npv == pytest.approx(20)
    assert found.bcr == pytest.approx(1.2)
    # The same saving, typed as one: 60, and 55 in the second year, worth 50.
    saved = CostLine("tourism", "Cell counts", "benefit", "survey cost avoided", "Saved", (60.0, 55.0), source="Plan")
    (found,) = alternatives([saved, ACCESS, REUSE], HOW)
    assert (found.npv, found.bcr) == (pytest.approx(20), pytest.approx(1.2))


def test_costs_and_benefits_by_year_are_those_that_the_ratio_is_of():
    smaller = CostLine("tourism", "Cell counts", "cost", "other", "A smaller survey", (40.0, 55.0), source="Plan")
    (found,) = alternatives([SURVEY, smaller, ACCESS, REUSE], HOW)
    by_year = by_year_of(found, HOW, 0)
    assert by_year["costs"].tolist() == [50, 50]
    assert by_year["benefits"].tolist() == [60, 60]
    assert by_year["net_present_value"].tolist() == [10, 10]


def test_the_ratio_of_the_examples_is_of_what_changes_against_the_present_source():
    # At 0 % over 2 years: 400,000 saved and 100,000 earned, for 400,000 in the first year and 250,000 in the second.
    (found,) = alternatives(costs_lines.examples("tourism", 2), replace(HOW, constant_rate=0.0))
    assert found.npv == pytest.approx(-150_000)
    assert found.bcr == pytest.approx(500 / 650)


def test_optimism_bias_raises_costs_and_lowers_benefits_of_its_category():
    # Access costs a fifth more: 120. Re-use is worth half: 5.
    (found,) = alternatives(
        [SURVEY, ACCESS, REUSE], replace(HOW, optimism_bias={"access service": 20.0, "re-use": 50.0})
    )
    assert found.npv == pytest.approx(200 + 5 - 120)


def test_the_alternative_that_is_worth_most_is_named_where_there_are_several(record):
    dearer = CostLine("tourism", "Two operators", "cost", "access service", "Access", (200.0, 110.0), source="Quote")
    shown = valued(keep(record, HOW, SURVEY, ACCESS, REUSE, dearer), "tourism")
    assert shown is not None
    assert shown.npv == "£110"
    assert shown.words.startswith("Cell counts; over 2 years")


def test_a_year_without_a_figure_leaves_the_total_unknown_and_is_asked_for(record):
    short = replace(ACCESS, amounts=(50.0, None))
    shown = valued(keep(record, HOW, SURVEY, short), "tourism")
    assert shown is not None
    assert (shown.npv, shown.bcr) == (None, None)
    assert shown.words.endswith("no figure yet for Access.")


def test_the_present_source_alone_is_held_against_nothing(record):
    shown = valued(keep(record, HOW, SURVEY), "tourism")
    assert shown is not None
    assert shown.npv is None
    assert "nothing is held against it yet" in shown.words
    assert valued(record, "mobility") is None


def test_examples_are_said_to_be_examples(record):
    keep(record, HOW, *costs_lines.examples("tourism", 2))
    shown = valued(record, "tourism")
    assert shown is not None
    assert shown.words.endswith("6 lines are examples, and no figures of anybody.")
    assert all(each.is_example and "Example" in each.label for each in record.listed(CostLine))


def test_nothing_spent_has_no_ratio():
    (found,) = alternatives([SURVEY, REUSE], HOW)
    assert (found.npv, found.bcr) == (pytest.approx(210), None)


def test_what_the_present_source_is_worth_is_lost():
    worth = CostLine("tourism", PRESENT, "benefit", "timeliness", "Its long series", (20.0, 0.0))
    (found,) = alternatives([SURVEY, ACCESS, worth], HOW)
    assert found.npv == pytest.approx(200 - 100 - 20)
    assert found.bcr == pytest.approx(200 / 120)
    # 12 of it is kept: 8 is lost.
    kept = CostLine("tourism", "Cell counts", "benefit", "timeliness", "A series again", (12.0, 0.0))
    (found,) = alternatives([SURVEY, ACCESS, worth, kept], HOW)
    assert found.bcr == pytest.approx(200 / 108)


def test_buying_data_double_counting_and_lines_without_a_source_are_said():
    bought = CostLine("tourism", "Cell counts", "cost", "other", "Purchase of the data", (1.0, 1.0))
    avoided = CostLine("tourism", "Cell counts", "benefit", "survey cost avoided", "Fewer interviews", (1.0, 1.0))
    said = valuing.cautions([SURVEY, bought, avoided])
    assert len(said) == 3
    assert said[0].startswith("“Purchase of the data”: The brief rules out buying data")
    assert "No source is named for “Purchase of the data” and “Fewer interviews”" in said[1]
    assert "counts the same money twice" in said[2]
    # A survey, and what is kept of it, may stand in that category too: nothing is counted twice.
    kept = [replace(each, category="survey cost avoided") for each in (SURVEY, ACCESS)]
    assert valuing.cautions([*kept, REUSE]) == ()
    assert valuing.cautions([SURVEY, ACCESS, REUSE]) == ()


def test_the_best_of_alternatives_without_a_value_is_the_first():
    unknown = [replace(ACCESS, option=name, amounts=()) for name in ("One", "Two")]
    best = best_of(alternatives(unknown, HOW))
    assert best is not None
    assert (best.option, best.npv) == ("One", None)
    assert best_of(()) is None


def test_a_table_gives_back_the_lines_that_were_changed_added_and_taken_out():
    table = table_of([SURVEY, ACCESS, REUSE], HOW).astype(object)
    table.loc[1, "2028"] = 60.0
    table = table.drop(index=2)
    table.loc[9] = {**dict.fromkeys(table.columns), LABEL: " Two analysts ", OPTION: "", "2027": 7.0}
    made, gone = lines_of(table, [SURVEY, ACCESS, REUSE], HOW)
    assert made[0] == replace(ACCESS, amounts=(50.0, 60.0))
    assert (made[1].label, made[1].option, made[1].kind, made[1].category) == (
        "Two analysts",
        "Cell counts",
        "cost",
        "other",
    )
    assert (made[1].amounts, made[1].theme_id) == ((7.0, None), "tourism")
    assert gone == [REUSE]


def test_fewer_years_hide_amounts_and_lose_none():
    table = table_of([SURVEY], replace(HOW, years=1))
    assert lines_of(table, [SURVEY], replace(HOW, years=1)) == ([], [])
    table.loc[0, "2027"] = 90.0
    ((changed,), _) = lines_of(table, [SURVEY], replace(HOW, years=1))
    assert changed.amounts == (90.0, 110.0)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        (LABEL, "  ", "Line 1 has no name"),
        ("2027", -5.0, "has an amount below 0"),
        (LOW, 101.0, "has a range of −101 % to +0 %"),
    ],
)
def test_a_line_that_cannot_be_is_refused_in_a_sentence(column, value, words):
    table = table_of([SURVEY], HOW)
    table.loc[0, column] = value
    with pytest.raises(LinesError, match=words.replace("+", r"\+")):
        lines_of(table, [SURVEY], HOW)
