"""The shortlist page as a panel meets it: two people score, weigh and decide, and what they decide is kept.

Numbers are those of `test_scoring`, typed on the page: Tourism 77.5, Mobility 67.5.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from app_pages import metrics, texts
from release_world import write_release
from streamlit.testing.v1 import AppTest
from test_scoring import GATES, SCORES, WEIGHTS

from cellcount.criteria import criteria
from cellcount.record import (
    Appraisal,
    Chosen,
    CostLine,
    Gate,
    Overrule,
    Record,
    RefusedError,
    Score,
    Shortlist,
    Weight,
    key,
    open_record,
)
from cellcount.store import AnswerCache, open_release
from cellcount.themes import register
from cellcount.ui import shortlist_fixed, shortlist_result, shortlist_scores, shortlist_weights
from cellcount.ui.reading import Release
from cellcount.ui.scoring import standing
from cellcount.ui.shortlist_desk import Desk
from cellcount.ui.shortlist_snapshot import snapshot_of

SHORTLIST = "pages/shortlist.py"
TITLES = {each.id: each.title for each in register().themes}
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("releases")
    write_release(folder, "wood")
    return folder


@pytest.fixture
def opened(open_app, releases) -> Open:
    """Opens a part of the page."""

    def at(part: str, name: str = "", theme: str = "tourism") -> AppTest:
        app = open_app(releases, SHORTLIST, part=part, theme=TITLES[theme])
        return named(app, name) if name else app

    return at


@pytest.fixture
def record(decisions) -> Record:
    return open_record(decisions)


def named(app: AppTest, name: str) -> AppTest:
    return sound(app.text_input(key="your-name").input(name).run())


def sound(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def having(elements, start: str):
    """The one widget whose key begins so."""
    (found,) = [each for each in elements if each.key and each.key.startswith(start)]
    return found


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [each for each in app.button if each.label == label]
    return sound(button.click().run())


def errors(app: AppTest) -> str:
    return " ".join(each.value for each in app.error).replace("\\", "")


def fill(record: Record) -> None:
    """What Ann and Bob would have typed."""
    for (theme, criterion), given in SCORES.items():
        for scorer, value in given.items():
            record.save(Score(theme, criterion, scorer, value), scorer)
    for scorer, points in WEIGHTS.items():
        for each in criteria():
            record.save(Weight(scorer, each.id, points.get(each.id, 0)), scorer)
    for theme, passed in GATES.items():
        record.save(Gate(theme, passed, "Because."), "Ann")


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("Scores", "every score is somebody's"),
        ("Weights", "weights are somebody's"),
        ("Ethics gate", "Ethics is a gate and not a weight"),
        ("Result", "There is no result yet"),
        ("Costs and benefits", "No line yet"),
        ("Shortlist", "None has been fixed yet"),
    ],
)
def test_a_first_visitor_is_told_in_every_part_what_to_do(opened, part, words):
    app = opened(part)
    assert words in texts(app)
    assert "Nobody has scored anything yet" in texts(app)


def test_two_people_score_weigh_and_decide_and_the_result_is_the_one_by_hand(opened, record):
    for (theme, criterion), given in SCORES.items():
        for scorer, value in given.items():
            app = opened("Scores", scorer, theme)
            having(app.radio, f"score-{criterion}-").set_value(value)
            having(app.text_input, f"reason-{criterion}-").input("The brief asks for it")
            press(app, "Save these scores")
    for scorer, points in WEIGHTS.items():
        app = opened("Weights", scorer)
        for each in criteria():
            having(app.slider, f"swing-{each.id}-").set_value(points.get(each.id, 0))
        press(app, "Save these weights")
    app = opened("Ethics gate", "Ann")
    for theme, passed in GATES.items():
        having(app.radio, f"gate-{theme}-").set_value(passed)
        having(app.text_area, f"gate-reason-{theme}-").input("Because.")
    press(app, "Save these decisions")

    shown = texts(opened("Result"))
    assert "Tourism has the highest value, 78 of 100. Mobility comes next, 10 points below." in shown
    assert "Mobility would be first if Timeliness weighed less than 8\u00a0% (now 20\u00a0%)." in shown
    assert "Emergency services and incident response: it does not pass the ethics gate." in shown
    assert "Urban planning and land use: no score yet on Cost against the present source and Timeliness." in shown
    kept = record.get(Score, key("tourism", "policy_value", "Bob"))
    assert kept is not None
    assert (kept.value, kept.reason, kept.edited_by) == (50, "The brief asks for it", "Bob")
    # Nothing is written of what nobody touched.
    assert len(record.listed(Score)) == sum(len(given) for given in SCORES.values())
    assert {each.theme_id for each in record.listed(Gate)} == set(GATES)


def test_the_chart_says_in_words_what_it_draws(opened, record):
    fill(record)
    app = opened("Result")
    charts = [each.proto.alt for each in app.get("plotly_chart")]
    assert any("Tourism scores 77.5 of 100: Policy value adds 52.5" in each for each in charts)
    assert "Result (JSON)" in [each.proto.label for each in app.get("download_button")]


def test_nothing_is_scored_without_a_name(opened, record):
    for part, words in (("Scores", "every score is somebody's"), ("Weights", "weights are somebody's")):
        app = opened(part)
        assert words in texts(app)
        # What is asked can be read all the same.
        assert "A decision of national weight waits for it" in texts(app)
        assert not [each for each in app.button if each.label.startswith("Save")]


def test_a_computed_score_is_overruled_with_a_reason_and_taken_back(opened, record):
    app = opened("Scores", "Ann")
    having(app.number_input, "in-tourism-sample-").set_value(40.0)
    (button,) = [each for each in app.button if each.label == "Overrule" and "sample" in str(each.form_id)]
    sound(button.click().run())
    assert "The reason is empty" in errors(app)
    assert record.listed(Overrule) == ()
    # What was typed is still there.
    assert having(app.number_input, "in-tourism-sample-").value == 40.0
    having(app.text_area, "because-tourism-sample-").input("One operator <b>left</b>")
    (button,) = [each for each in app.button if each.label == "Overrule" and "sample" in str(each.form_id)]
    sound(button.click().run())
    (kept,) = record.listed(Overrule)
    assert (kept.value, kept.reason, kept.edited_by) == (40, "One operator <b>left</b>", "Ann")
    assert "One operator <b>left</b>" in texts(app)
    sound(having(app.button, "withdraw-tourism-sample-").click().run())
    assert record.listed(Overrule) == ()


def test_weights_that_are_all_zero_are_refused_in_a_sentence(opened, record):
    app = opened("Weights", "Ann")
    for each in criteria():
        having(app.slider, f"swing-{each.id}-").set_value(0)
    press(app, "Save these weights")
    assert "All of them are 0" in errors(app)
    assert record.listed(Weight) == ()


def test_weights_that_nobody_moved_are_saved_as_they_stand_and_withdrawn(opened, record):
    app = press(opened("Weights", "Ann"), "Save these weights")
    assert [each.swing for each in record.listed(Weight)] == [100] * len(criteria())
    press(app, "Withdraw my weights")
    assert record.listed(Weight) == ()


def test_a_decision_on_ethics_has_its_reason(opened, record):
    app = opened("Ethics gate", "Ann")
    having(app.radio, "gate-ethnicity-").set_value("conditions")
    press(app, "Save these decisions")
    assert "Say why for Ethnicity" in errors(app)
    assert record.listed(Gate) == ()
    having(app.text_area, "gate-reason-ethnicity-").input("The committee agreed, in writing.")
    press(app, "Save these decisions")
    (kept,) = record.listed(Gate)
    assert (kept.theme_id, kept.passed) == ("ethnicity", "conditions")


def test_two_sessions_that_decide_at_once_are_shown_both_versions(opened, record):
    mine, theirs = opened("Ethics gate", "Ann"), opened("Ethics gate", "Bob")
    for app, passed, reason in ((theirs, "no", "Not yet."), (mine, "yes", "It is safe.")):
        having(app.radio, "gate-tourism-").set_value(passed)
        having(app.text_area, "gate-reason-tourism-").input(reason)
        press(app, "Save these decisions")
    assert record.get(Gate, "tourism").passed == "no"  # type: ignore[union-attr]
    shown = texts(mine)
    assert "Mine, not saved" in shown
    assert "Reason: It is safe." in shown
    assert "Theirs: saved by Bob" in shown
    assert "Reason: Not yet." in shown
    press(mine, "Save mine over it")
    kept = record.get(Gate, "tourism")
    assert kept is not None
    assert (kept.passed, kept.reason, kept.edited_by) == ("yes", "It is safe.", "Ann")


def test_a_form_stays_as_it_is_while_somebody_else_saves(opened, record):
    """A browser keeps what is typed into a form for as long as its fields keep their keys."""
    app = opened("Ethics gate", "Ann")
    field = having(app.text_area, "gate-reason-mobility-").key
    record.save(Gate("tourism", "no", "Not yet."), "Bob")
    sound(app.run())
    assert having(app.text_area, "gate-reason-mobility-").key == field
    assert "It was changed meanwhile by Bob" in texts(app)
    press(app, "Show it as it is now")
    assert having(app.radio, "gate-tourism-").value == "no"
    assert having(app.text_area, "gate-reason-mobility-").key != field


def test_a_line_is_added_and_what_it_comes_to_is_the_sum_by_hand(opened, record):
    app = opened("Costs and benefits", "Ann")
    having(app.number_input, "how-first-").set_value(2027)
    having(app.number_input, "how-years-").set_value(2)
    having(app.radio, "how-discount-").set_value(True)
    having(app.number_input, "how-rate-").set_value(10.0)
    press(app, "Save")
    having(app.selectbox, "line-category-").set_value("survey cost avoided")
    add(app, "present", "cost", "The survey", (100.0, 110.0))
    assert "nothing is held against it yet" in texts(app)
    having(app.selectbox, "line-category-").set_value("access service")
    add(app, "Cell counts", "cost", "Access", (50.0, 55.0))
    add(app, "Cell counts", "benefit", "Re-use <i>x</i>", (0.0, 11.0))
    shown = metrics(app)
    assert shown["Net present value"] == "£110"
    assert shown["Benefit-cost ratio"] == "2.1"
    assert shown["Costs, present value"] == "£100"
    assert shown["Pays for itself from"] == "2027"
    assert "No source is named for “Access”" not in texts(app)
    assert {each.option for each in record.listed(CostLine)} == {"Present source", "Cell counts"}
    charts = [each.proto.alt for each in app.get("plotly_chart")]
    assert any("£50 in 2027, £110 in 2028" in each for each in charts)


def add(app: AppTest, option: str, kind: str, label: str, pounds: tuple[float, float]) -> None:
    having(app.text_input, "line-option-").input(option)
    having(app.radio, "line-kind-").set_value(kind)
    having(app.text_input, "line-label-").input(label)
    having(app.number_input, "line-first-").set_value(pounds[0])
    having(app.number_input, "line-after-").set_value(pounds[1])
    having(app.text_input, "line-source-").input("Accounts")
    press(app, "Add the line")


def test_a_rate_of_minus_one_is_refused_kindly(opened, record):
    app = opened("Costs and benefits", "Ann")
    having(app.radio, "how-discount-").set_value(True)
    having(app.number_input, "how-rate-").set_value(-100.0)
    press(app, "Save")
    assert "Nothing can be discounted at -100 % a year" in errors(app)
    assert record.listed(Appraisal) == ()


def test_an_example_is_marked_as_one_everywhere(opened, record):
    app = opened("Costs and benefits", "Ann")
    press(app, "Add an example")
    assert all(each.is_example for each in record.listed(CostLine))
    assert "6 lines are examples: no figures of anybody" in texts(app)
    # The first line fixes the first year too.
    (how,) = record.listed(Appraisal)
    assert how.version == 1


def test_words_of_buying_data_get_the_sentence_of_the_brief(opened, record):
    record.save(CostLine("tourism", "Cell counts", "cost", "other", "Purchase of data", (1.0,), source="Quote"), "Ann")
    assert "The brief rules out buying data" in texts(opened("Costs and benefits"))


def test_without_a_name_nothing_is_added_and_a_sentence_asks_for_it(opened, record):
    app = opened("Costs and benefits")
    press(app, "Add an example")
    assert "type your name first" in errors(app)
    assert record.listed(CostLine) == ()


def test_a_shortlist_is_fixed_with_reasons_and_read_again(opened, record):
    fill(record)
    app = opened("Shortlist", "Ann")
    assert not [each for each in app.checkbox if "emergency" in str(each.key) or "ethnicity" in str(each.key)]
    having(app.checkbox, "take-tourism-").set_value(True)
    press(app, "Fix the shortlist")
    assert "A shortlist has two or three themes, and you chose 1" in errors(app)
    having(app.checkbox, "take-mobility-").set_value(True)
    press(app, "Fix the shortlist")
    assert "Say why Tourism and Mobility go forward." in errors(app)
    having(app.text_area, "why-tourism-").input("It is *wanted* <script>")
    having(app.text_area, "why-mobility-").input("It is served.")
    having(app.text_area, "names-").input("Ann <b>A</b>\n\n Bob  B \nAnn <b>A</b>")
    press(app, "Fix the shortlist")
    (kept,) = record.listed(Shortlist)
    assert kept.names == ("Ann <b>A</b>", "Bob B")
    assert [(each.theme_id, each.reason) for each in kept.themes] == [
        ("tourism", "It is *wanted* <script>"),
        ("mobility", "It is served."),
    ]
    assert kept.release_id == "wood"
    before = kept.snapshot["themes"]["tourism"]
    assert (before["value"], before["place"]) == (pytest.approx(77.5), 1)
    assert kept.snapshot["weights"]["policy_value"] == pytest.approx(0.7)
    json.dumps(dict(kept.snapshot))
    shown = texts(app)
    assert "by Ann <b>A</b> and Bob B" in shown
    assert "Nothing has changed since." in shown
    assert "It is *wanted* <script>" in shown
    # 0.7 x 75 + 0.2 x 0 + 0.1 x 50 = 57.5: Tourism falls behind Mobility.
    stored = record.get(Score, key("tourism", "timeliness", "Ann"))
    assert stored is not None
    record.save(Score("tourism", "timeliness", "Ann", 0, version=stored.version), "Ann")
    shown = texts(opened("Shortlist"))
    assert "Tourism: value 78, now 58; place 1, now 2." in shown
    assert "Mobility: place 2, now 1." in shown


@pytest.mark.parametrize(
    "snapshot",
    [
        {"themes": [1]},
        {"themes": "tourism"},
        {"themes": {"tourism": 1, "mobility": None}},
        {"themes": {"tourism": {"value": "x", "place": [1], "gate": {}}, "mobility": {"value": {}, "place": "1"}}},
        {"synthetic": {"a": [1]}},
    ],
)
def test_a_shortlist_from_a_file_whose_snapshot_is_anything_is_shown_without_what_it_does_not_say(
    opened, record, snapshot
):
    fill(record)
    themes = (Chosen("tourism", "It is wanted."), Chosen("mobility", "It is served."))
    made = Shortlist(datetime(2026, 11, 4, tzinfo=UTC), ("Ann",), themes, snapshot, "wood")
    record.save(made, "Ann")
    shown = texts(sound(opened("Shortlist")))
    assert "Tourism (no value then): It is wanted." in shown.replace("*", "")
    assert "Nothing has changed since" not in shown
    table = shortlist_fixed.table_of([made])
    assert table[["value", "place"]].isna().all(axis=None)
    assert list(table["reason"]) == ["It is wanted.", "It is served."]


def test_a_name_with_two_signs_for_a_letter_is_the_same_scorer(opened, record):
    app = opened("Scores", "Zoe\u0308")
    having(app.radio, "score-policy_value-").set_value(75)
    press(app, "Save these scores")
    assert [each.scorer for each in record.listed(Score)] == ["Zo\u00eb"]
    assert having(opened("Scores", "Zoe\u0308").radio, "score-policy_value-").value == 75


def test_a_score_outside_the_scale_is_refused_in_a_sentence(record):
    with pytest.raises(RefusedError, match="must be 0 to 100, and is 101"):
        record.save(Score("tourism", "policy_value", "Ann", 101), "Ann")


@pytest.mark.parametrize("synthetic", [True, False])
def test_every_table_that_is_taken_away_says_its_release_and_whether_people_are_made_up(tmp_path, record, synthetic):
    folder = write_release(tmp_path, "wood", synthetic=synthetic)
    release = Release(open_release(folder, cache=AnswerCache(0)))
    fill(record)
    desk = Desk(release, record, standing(release, record), "Ann")
    for table in (shortlist_scores.table_of(desk), shortlist_weights.table_of(desk)):
        assert set(table["release_id"]) == {"wood"}
        assert set(table["synthetic"]) == {synthetic}
    snapshot = snapshot_of(desk)
    assert (snapshot["release_id"], snapshot["synthetic"]) == ("wood", synthetic)
    assert desk.file_name("scores", "csv") == ("synthetic-scores.csv" if synthetic else "scores.csv")
    result = shortlist_result.table_of(desk).set_index("theme")
    assert result.loc["Tourism", "value"] == 77.5
    assert result.loc["Tourism", "Policy value"] == 52.5
