"""The register of themes is the brief's: its eight themes, every row of its Appendix 3, and verdicts that hold."""

from __future__ import annotations

from collections import Counter

import pytest

from cellcount.standard import release_tables
from cellcount.themes import REGISTER, VERDICTS, RegisterError, register

# Section 3.1 of the brief.
THEMES = [
    ("3.1.1", "Urban planning and land use"),
    ("3.1.2", "Mobility"),
    ("3.1.3", "Tourism"),
    ("3.1.4", "Ethnicity"),
    ("3.1.5", "Socio-economic status and economic levels"),
    ("3.1.6", "Population and migration"),
    ("3.1.7", "Industrial strategy"),
    ("3.1.8", "Emergency services and incident response"),
]
# Appendix 3 of the brief: topic area, sub topic, statistical application.
APPENDIX_3 = {
    ("Population or call densities", "Population estimates"): [
        "Residential population",
        "Populations by time of day",
        "Seasonal population",
        "Ethnic population",
    ],
    ("Population or call densities", "Urban planning or land use"): [
        'Call density trends over space and time. "Hotspots" of activity',
        "Land use or activity (e.g. residential, rural, tourism, commercial, retail, leisure etc)",
    ],
    ("Mobility", "Mobility behaviour"): [
        "Prediction accuracy of mobility pattern prediction",
        "Social ties, link prediction",
        "Mobility patterns across different areas",
        "Mobility homophily (similarity)",
    ],
    ("Mobility", "Urban planning"): [
        "Home or work location",
        "Origin location of visitors to urban centre",
        'Exploratory analysis, call volumes, density areas or "hotspots" of activity',
    ],
    ("Mobility", "Transport"): [
        "Origin-destination flows for commuters,",
        "number of times per week commuting,",
        "commuting time and distance",
        "Rush hour transport pattern",
        "Main mode of transport in commute",
        "Ownership of car",
        "Feasibility study",
    ],
    ("Tourism", ""): ["Tourist destinations", "International communities"],
    ("Ethnicity and community", ""): ["Ethnicity partitioning", "Regional boundaries", "Community detection"],
    ("Socio-economic status and economic levels", ""): ["Socio-economic status", "Economic levels"],
    ("Infectious disease monitoring and prevention", ""): [
        "Simulating disease spread",
        "Targeting humanitarian relief",
    ],
}


def test_the_eight_themes_of_the_brief_are_there_in_its_order():
    assert [(theme.section, theme.title) for theme in register().themes] == THEMES


def test_every_row_of_appendix_3_has_one_verdict():
    rows = [(*heading, row) for heading, found in APPENDIX_3.items() for row in found]
    assert [(each.topic, each.sub_topic, each.application) for each in register().applications] == rows
    assert all(each.why and each.verdict in VERDICTS for each in register().applications)


def test_served_is_only_said_of_pages_that_are_in_the_menu():
    from cellcount.ui.frame import PAGES  # noqa: PLC0415 - only this test needs the menu

    assert {each.page for each in register().applications if each.verdict == "served"} <= set(PAGES)
    assert {link.page for theme in register().themes for link in theme.links} <= set(PAGES)


def test_tables_are_those_of_the_release_and_are_named_where_data_serve():
    for each in register().applications:
        assert set(each.tables) <= set(release_tables())
        assert each.tables or each.verdict in ("operator", "out") or each.page == "themes", each.application


def test_what_no_count_can_serve_is_said_and_identity_is_never_inferred():
    verdicts = {each.application: each.verdict for each in register().applications}
    for row in ("Ethnic population", "Ethnicity partitioning", "Social ties, link prediction", "Ownership of car"):
        assert verdicts[row] == "out"
    ethnicity = next(theme for theme in register().themes if theme.id == "ethnicity")
    assert ethnicity.ethics == "high"
    assert ethnicity.headline is None


def test_every_theme_has_questions_and_belongs_to_applications():
    belonging = Counter(each.theme for each in register().applications)
    for theme in register().themes:
        assert theme.questions
        assert belonging[theme.id], theme.title


def test_a_link_into_a_map_asks_for_what_the_controls_know():
    from cellcount.ui.view import MEASURES  # noqa: PLC0415 - only this test needs the controls' words

    for theme in register().themes:
        for link in theme.links:
            assert link.measure is None or link.measure in MEASURES
            assert link.hour is None or link.hour in [f"{hour:02d}:00" for hour in range(24)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('ethics = "high"', 'ethics = "huge"', "no ethics flag “huge”"),
        ('verdict = "served"', 'verdict = "ready"', "a page is named where it is served"),
        ('theme = "population"', 'theme = "people"', "no theme “people”"),
        ('headline = "densest_cell"', "", "either a headline or the reason for none"),
        ("[[theme]]", "[[theme]", "cannot be read"),
        ('cannot = "Mode,', 'cannnot = "Mode,', "cannnot"),
    ],
)
def test_a_faulty_register_is_refused_with_what_is_wrong(tmp_path, before, after, said):
    text = REGISTER.read_text(encoding="utf-8")
    assert before in text
    faulty = tmp_path / "register.toml"
    faulty.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(RegisterError, match=said):
        register(faulty)


def test_a_missing_register_names_the_file(tmp_path):
    with pytest.raises(RegisterError, match=r"nowhere\.toml"):
        register(tmp_path / "nowhere.toml")
