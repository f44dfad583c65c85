"""How themes stand: means of people, what the release tells, the gate, and sentences on how firm the order is.

Ann gives 100 points to policy value, 100 to timeliness and 50 to cost: 0.4, 0.4 and 0.2. Bob gives policy value all.
The mean is 0.7, 0.2 and 0.1, and nothing that the release tells has a weight.
"""

from __future__ import annotations

import pytest
from release_world import write_release

from cellcount.criteria import criteria
from cellcount.record import Gate, Overrule, Record, Score, Weight, open_record
from cellcount.store import AnswerCache, open_release
from cellcount.ui import scoring_words
from cellcount.ui.reading import Release
from cellcount.ui.scoring import Standing, panel_of, standing

PEOPLE = ("Ann", "Bob")
WEIGHTS = {"Ann": {"policy_value": 100, "timeliness": 100, "cost": 50}, "Bob": {"policy_value": 80}}
# 0.7 x 75 + 0.2 x 100 + 0.1 x 50 = 77.5; 0.7 x 75 + 0.2 x 25 + 0.1 x 100 = 67.5
SCORES = {
    ("tourism", "policy_value"): {"Ann": 100, "Bob": 50},
    ("tourism", "timeliness"): {"Ann": 100},
    ("tourism", "cost"): {"Ann": 50},
    ("mobility", "policy_value"): {"Ann": 50, "Bob": 100},
    ("mobility", "timeliness"): {"Bob": 25},
    ("mobility", "cost"): {"Bob": 100},
    ("urban-planning", "policy_value"): {"Ann": 100},
    ("emergency", "policy_value"): {"Ann": 100},
    ("emergency", "timeliness"): {"Ann": 100},
    ("emergency", "cost"): {"Ann": 100},
}
GATES = {"tourism": "yes", "mobility": "conditions", "urban-planning": "yes", "emergency": "no"}


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Release:
    folder = write_release(tmp_path_factory.mktemp("releases"))
    return Release(open_release(folder, cache=AnswerCache(0)))


@pytest.fixture
def record(tmp_path) -> Record:
    return open_record(f"sqlite:///{tmp_path / 'decisions.db'}")


@pytest.fixture
def scored(record) -> Record:
    for (theme, criterion), given in SCORES.items():
        for scorer, value in given.items():
            record.save(Score(theme, criterion, scorer, value), scorer)
    weigh(record, WEIGHTS)
    for theme, passed in GATES.items():
        record.save(Gate(theme, passed, "Because."), "Ann")
    return record


def weigh(record: Record, points: dict[str, dict[str, float]]) -> None:
    for scorer, given in points.items():
        for each in criteria():
            record.save(Weight(scorer, each.id, given.get(each.id, 0)), scorer)


def places(found: Standing) -> dict[str, int | None]:
    return {each.theme_id: each.place for each in found.themes if each.place}


def test_values_are_sums_of_mean_scores_times_mean_weights(release, scored):
    found = standing(release, scored)
    assert found.scorers == PEOPLE
    assert dict(found.weights)["Policy value"] == pytest.approx(0.7)
    tourism, mobility = found.of("tourism"), found.of("mobility")
    assert (tourism.value, mobility.value) == (pytest.approx(77.5), pytest.approx(67.5))
    assert places(found) == {"tourism": 1, "mobility": 2}
    added = {title: points for title, points, _ in tourism.contributions}
    assert added["Policy value"] == pytest.approx(52.5)
    assert added["Timeliness"] == pytest.approx(20)
    assert added["Cost against the present source"] == pytest.approx(5)
    assert sum(added.values()) == pytest.approx(77.5)
    assert [each.theme_id for each in found.themes[:2]] == ["tourism", "mobility"]


def test_a_theme_without_a_score_that_counts_has_no_value_and_says_what_it_wants(release, scored):
    urban = standing(release, scored).of("urban-planning")
    assert (urban.value, urban.place, urban.contributions) == (None, None, ())
    assert urban.missing == ("Cost against the present source", "Timeliness")
    assert urban.rank_words == "Not ranked: no score yet on Cost against the present source and Timeliness."


def test_what_does_not_pass_the_gate_is_not_ranked_however_high_its_value(release, scored):
    emergency = standing(release, scored).of("emergency")
    assert (emergency.value, emergency.place) == (pytest.approx(100), None)
    assert emergency.rank_words == "Not ranked: it does not pass the ethics gate."
    assert emergency.gate_words == "Ethics gate: no. Because."


def test_the_gate_starts_closed_for_ethnicity_and_undecided_for_the_others(release, record):
    gates = panel_of(release, record).gates
    assert gates["ethnicity"].passed == "no"
    assert {each.passed for each in gates.values() if each.theme_id != "ethnicity"} == {"undecided"}
    assert standing(release, record).of("ethnicity").gate_words.startswith("Ethics gate: no. Approval by the")
    record.save(Gate("ethnicity", "conditions", "The committee agreed."), "Ann")
    assert standing(release, record).of("ethnicity").gate_words == "Ethics gate: with conditions. The committee agreed."


def test_without_weights_nothing_is_valued_or_ranked(release, record):
    record.save(Score("tourism", "policy_value", "Ann", 75), "Ann")
    found = standing(release, record)
    assert found.scored
    assert found.weights == ()
    assert {(each.value, each.place) for each in found.themes} == {(None, None)}
    assert found.of("tourism").rank_words == "Not ranked: nobody has set weights yet."


def test_weights_that_are_all_zero_or_not_complete_do_not_count(release, scored):
    weigh(scored, {"Cat": {}})
    scored.save(Weight("Dan", "cost", 100), "Dan")
    found = standing(release, scored)
    assert found.panel.weighing == PEOPLE
    assert found.of("tourism").value == pytest.approx(77.5)
    assert found.scorers == ("Ann", "Bob", "Cat", "Dan")


def test_what_the_release_tells_stands_until_it_is_overruled_and_no_person_scores_it(release, record):
    record.save(Score("mobility", "sample", "Ann", 1), "Ann")
    told = panel_of(release, record).scores["mobility", "sample"]
    assert told.origin == "computed"
    assert told.value == told.computed.value
    assert told.value not in (None, 1)
    record.save(Overrule("mobility", "sample", 33, "One operator has left."), "Ann")
    found = panel_of(release, record).scores["mobility", "sample"]
    assert (found.origin, found.value, found.why) == ("overruled", 33, "One operator has left.")
    assert found.computed == told.computed


def test_crossovers_are_told_with_the_weight_at_which_the_order_turns(release, scored):
    # Timeliness at t: 100 t + 71.875 (1 - t) and 25 t + 78.125 (1 - t) are level at t = 6.25 / 81.25.
    # Cost at t: 50 t + 80.556 (1 - t) and 100 t + 63.889 (1 - t) are level at t = 1 / 4.
    assert scoring_words.crossovers_of(standing(release, scored), 1)[:2] == [
        "Mobility would be first if Timeliness weighed less than 8 % (now 20 %).",
        "Mobility would be first if Cost against the present source weighed more than 25 % (now 10 %).",
    ]
    assert scoring_words.crossovers_of(standing(release, scored), 3) == []


def test_how_far_people_differ_is_told_with_whom_it_moves_most(release, scored):
    for theme, other in (("tourism", 0), ("mobility", 100)):
        for criterion in ("timeliness", "cost"):
            for scorer in PEOPLE:
                stored = next(iter(scored.listed(Score, theme_id=theme, criterion_id=criterion, scorer=scorer)), None)
                if stored is None:
                    scored.save(Score(theme, criterion, scorer, other), scorer)
    # By Ann: 0.8 x 100 + 0.2 x 50 = 90 against 0.4 x 50 + 0.4 x 100 + 0.2 x 100 = 80; by Bob: 50 against 100.
    found = standing(release, scored).panel.disagreement()
    assert found is not None
    order = [each.id for each in standing(release, scored).panel.themes]
    tourism, mobility = order.index("tourism"), order.index("mobility")
    assert found.ranks[:, [tourism, mobility]].tolist() == [[1, 2], [2, 1]]
    said = scoring_words.disagreement_sentences(standing(release, scored).panel)
    # Two people with opposite orders of two themes: W = 0. By chance, orders are the same half the time: 1 / 2.
    assert said[0] == (
        "Kendall's W, the concordance of their orders, is 0.00: 1 is the same order, and 0.50 what 2 people whose "
        "orders have nothing to do with each other come to on average."
    )
    assert said[1] == "The place of Mobility and Tourism differs most: by 1 from one person to another."
    assert said[2] == "Scores lie furthest apart on Timeliness of Tourism: 0 to 100."


def test_what_chance_gives_is_told_by_how_many_people_are_compared(release, record):
    # Two of four themes pass. Ann, Bob and Cat put Tourism first, Mobility first, Tourism first; Dan has not scored
    # both, so that he is not compared. Sums of ranks are 4 and 5: W = 12 (1/4 + 1/4) / (9 (8 - 2)) = 1/9.
    for scorer, tourism, mobility in (("Ann", 100, 0), ("Bob", 0, 100), ("Cat", 75, 50)):
        record.save(Score("tourism", "policy_value", scorer, tourism), scorer)
        record.save(Score("mobility", "policy_value", scorer, mobility), scorer)
    record.save(Score("tourism", "policy_value", "Dan", 25), "Dan")
    weigh(record, {"Ann": {"policy_value": 100}})
    for theme in ("tourism", "mobility"):
        record.save(Gate(theme, "yes", "Because."), "Ann")
    said = scoring_words.disagreement_sentences(standing(release, record).panel)
    assert "is 0.11: 1 is the same order, and 0.33 what 3 people whose orders" in said[0]


@pytest.mark.parametrize("part", ["Scores", "Weights", "Ethics gate"])
def test_the_names_of_what_is_filled_in_hold_no_marks_of_markdown(open_app, release, part):
    app = open_app(release.opened.folder.parent, "pages/shortlist.py", part=part, theme="Socio-economic status")
    app.text_input(key="your-name").input("Ann").run()
    assert not app.exception
    names = [each.label for each in (*app.radio, *app.slider, *app.text_area, *app.text_input)]
    assert len(names) > len(criteria()) / 2
    assert not [name for name in names if "\\" in name or "*" in name]


def test_one_person_alone_agrees_with_nobody(release, record):
    record.save(Score("tourism", "policy_value", "Ann", 75), "Ann")
    said = scoring_words.disagreement_sentences(panel_of(release, record))
    assert said == ["Only one person has scored: there is nothing to compare."]
