"""The register of themes is the brief's: its eight themes, every row of its Appendix 3, and verdicts that hold."""

from __future__ import annotations

from collections import Counter

import pytest

from cellcount.standard import release_tables
from cellcount.themes import ETHICS, REGISTER, VERDICTS, RegisterError, register

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
# Whom the brief names beside a theme: section 3.1 of it, and for the ethics committee none.
NAMED = {
    "3.1.3": ["Eurostat"],
    "3.1.6": ["ESSnet and CBS Netherlands"],
    "3.1.8": ["Health and Safety Executive", "Open Data Institute"],
}
# What must be held for a row to be served now: the tables, and what is asked of them.
NEEDS = {
    "Populations by time of day": {"present": 20, "area_hour": 10},
    "Seasonal population": {"area_hour": 10},
    'Call density trends over space and time. "Hotspots" of activity': {"present": 20},
    "Mobility patterns across different areas": {"flows_day": 50, "home_presence": 20},
    "Origin location of visitors to urban centre": {"home_presence": 20},
    'Exploratory analysis, call volumes, density areas or "hotspots" of activity': {"present": 20},
    "Origin-destination flows for commuters,": {"flows_month": 50},
    "commuting time and distance": {"flows_day": 50},
    "Rush hour transport pattern": {"flows_day": 50},
    "Feasibility study": {},
    "Tourist destinations": {"inbound_month": 20, "inbound_cell_month": 20},
    "Targeting humanitarian relief": {"present": 20, "present_history": None, "home_presence": 20},
}


def test_the_eight_themes_of_the_brief_are_there_in_its_order():
    assert [(theme.section, theme.title) for theme in register().themes] == THEMES


def test_every_row_of_appendix_3_has_one_verdict():
    rows = [(*heading, row) for heading, found in APPENDIX_3.items() for row in found]
    assert [(each.topic, each.sub_topic, each.application) for each in register().applications] == rows
    assert all(each.why and each.verdict in VERDICTS for each in register().applications)


def test_every_row_says_what_would_be_published_and_its_ethics_position():
    for each in register().applications:
        assert each.indicator, each.application
        assert each.ethics in ETHICS
        assert each.ethics_words.endswith("."), each.application


def test_what_is_served_says_what_a_release_must_hold_for_it():
    needs = {
        each.application: {need.table: need.most_error for need in each.needs}
        for each in register().applications
        if each.verdict == "served"
    }
    assert needs == NEEDS
    (seasons,) = (each.needs for each in register().applications if each.application == "Seasonal population")
    assert [need.months for need in seasons] == [12]


def test_partners_are_named_only_where_the_brief_names_them_for_the_theme():
    named = {
        theme.section: [each.name for each in theme.partners if each.basis == "named"]
        for theme in register().themes
        if any(each.basis == "named" for each in theme.partners)
    }
    assert named == NAMED
    assert all(theme.partners for theme in register().themes)
    assert [each.name for each in register().partners] == [
        "Mobile network operators",
        "Data Science Campus",
        "Citi Logik and Flowminder",
        "Open Data Institute",
        "DataKind",
        "Independent data privacy expertise",
    ]


def test_ethnicity_is_a_gate_and_says_who_must_approve_first():
    assert [theme.id for theme in register().themes if theme.gated] == ["ethnicity"]
    needed = register().theme("ethnicity").needed
    for word in ("Data Ethics Advisory Committee", "the public", "groups concerned", "Until then nothing"):
        assert word in needed


def test_an_application_belongs_to_the_themes_that_it_helps_to_answer():
    assert "Origin-destination flows for commuters," in [
        each.application for each in register().of("industrial-strategy")
    ]
    assert [each.application for each in register().of("ethnicity")] == ["Ethnic population", "Ethnicity partitioning"]
    with pytest.raises(RegisterError, match=r"no theme “people”.*urban-planning"):
        register().theme("people")


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
        ('also = ["mobility"]', 'also = ["movement"]', "no theme “movement”"),
        ('basis = "named"', 'basis = "told"', "Mobile network operators: no basis “told”"),
        ('table = "inbound_month"', 'table = "visits"', "no table “visits”"),
        ('part = "work"', 'part = "play"', "no part “play” of usual_environment"),
        ('table = "area_hour", months = 12', 'table = "area_hour", instead = "typical_area", months = 12', "no dates"),
        ("needed = ", "wanted = ", "wanted"),
        (
            'ethics = "standard"\nethics_words = "Totals',
            'ethics = "high"\nethics_words = "Totals',
            "what is needed is said",
        ),
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
