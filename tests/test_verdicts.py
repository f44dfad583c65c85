"""A verdict is the register's until the release says otherwise, and then the reason is in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cellcount.themes import register
from cellcount.verdicts import CHECKED, Facts, TableFacts, tally, verdict_of, verdicts_of

# A release as good as the standard allows: a year of dates, fine cells, everything that operators can derive.
YEAR = Facts(
    {
        "present": TableFacts(dates=365, months=12, resolutions=(6, 7, 8), withheld=0.2, error=0.1),
        "present_history": TableFacts(resolutions=(6, 7, 8)),
        "typical_day": TableFacts(resolutions=(6, 7, 8)),
        "area_hour": TableFacts(dates=365, months=12, withheld=0.0, error=0.03),
        "typical_area": TableFacts(),
        "flows_day": TableFacts(dates=365, months=12, withheld=0.1, error=0.3),
        "flows_day/home_work": TableFacts(dates=365, months=12, withheld=0.1, error=0.4),
        "flows_month": TableFacts(months=12, withheld=0.0, error=0.2),
        "flows_month/home_work": TableFacts(months=12, withheld=0.0, error=0.25),
        "home_presence": TableFacts(dates=365, months=12, withheld=0.3, error=0.1),
        "inbound_month": TableFacts(months=12, withheld=0.5, error=0.12),
        "inbound_cell_month": TableFacts(months=12, withheld=0.7, error=0.15),
        "usual_environment/home": TableFacts(withheld=0.2, error=0.08),
        "usual_environment/work": TableFacts(withheld=0.4, error=0.1),
        "usual_environment/days_per_week": TableFacts(),
    },
    coverage=0.86,
    operators=3,
)


def application(name):
    return next(each for each in register().applications if each.application == name)


def verdict(name, facts):
    return verdict_of(application(name), facts)


def without(*tables):
    return replace(YEAR, tables={name: each for name, each in YEAR.tables.items() if name not in tables})


def with_table(name, **changes):
    return replace(YEAR, tables={**YEAR.tables, name: replace(YEAR.tables[name], **changes)})


def test_a_release_that_has_everything_changes_no_verdict_of_the_register():
    for each in register().applications:
        found = verdict_of(each, YEAR)
        assert found.verdict == each.verdict, each.application
        assert found.page == each.page
        assert found.reason


def test_a_season_needs_twelve_months_and_five_weeks_are_said_in_words():
    found = verdict("Seasonal population", with_table("area_hour", dates=35, months=1))
    assert (found.verdict, found.held, found.page) == ("lacking", False, None)
    assert found.reason == "Needs twelve months; this release has five weeks."
    whole = verdict("Seasonal population", YEAR)
    assert (whole.verdict, whole.page) == ("served", "density")


@pytest.mark.parametrize(
    ("dates", "months", "said"),
    [(1, 0, "one date"), (13, 0, "13 dates"), (14, 1, "two weeks"), (60, 2, "eight weeks"), (300, 10, "ten months")],
)
def test_how_long_a_release_is_stands_in_the_words_that_fit(dates, months, said):
    found = verdict("Seasonal population", with_table("area_hour", dates=dates, months=months))
    assert found.reason.endswith(f"this release has {said}.")


def test_a_table_that_is_missing_is_named_in_words():
    found = verdict("Tourist destinations", without("inbound_month"))
    assert (found.verdict, found.reason) == ("lacking", "This release has no visits by country of residence.")
    both = verdict("Tourist destinations", without("inbound_month", "inbound_cell_month"))
    assert both.reason == (
        "This release has no visits by country of residence. This release has no visitors by cell and country."
    )


def test_trips_without_those_from_home_to_work_do_not_serve_commuting():
    found = verdict("Origin-destination flows for commuters,", without("flows_month/home_work"))
    assert found.verdict == "lacking"
    assert found.reason == "This release has no trips from usual home to usual work by month."
    assert verdict("Regional boundaries", without("flows_month/home_work")).verdict == "ready"


def test_figures_that_are_too_imprecise_do_not_serve():
    exactly = verdict("Populations by time of day", with_table("present", error=0.2))
    assert exactly.verdict == "served", "20 % is allowed"
    found = verdict("Populations by time of day", with_table("present", error=0.26, of="2 November 2026"))
    assert found.verdict == "lacking"
    assert found.reason == (
        "Needs a median standard error of 20 % or less; that of people by cell and hour is 26.0 % (2 November 2026)."
    )


def test_an_error_that_is_not_told_is_said_and_is_no_reason_against():
    found = verdict("Populations by time of day", with_table("present", error=None))
    assert found.verdict == "served"
    assert "people by cell and hour (its precision is not told, 20 % withheld)" in found.reason


def test_cells_that_are_too_coarse_do_not_serve_hotspots():
    name = 'Exploratory analysis, call volumes, density areas or "hotspots" of activity'
    found = verdict(name, with_table("present", resolutions=(5, 6)))
    assert found.verdict == "lacking"
    assert found.reason == "Needs cells of resolution 7 or finer; the finest that cover it are of 6."
    assert "it has none" in verdict(name, with_table("present", resolutions=())).reason


def test_typical_days_stand_in_for_dates_where_no_dates_are_needed():
    typical = Facts({"typical_day": TableFacts(resolutions=(8,)), "typical_area": TableFacts()})
    served = verdict("Populations by time of day", typical)
    assert served.verdict == "served"
    assert "typical days by cell" in served.reason
    seasons = verdict("Seasonal population", typical)
    assert seasons.reason == "Needs twelve months; this release has typical days and no dates."
    relief = verdict("Targeting humanitarian relief", typical)
    assert relief.verdict == "lacking"
    assert relief.reason.startswith("Needs 29 dates; this release has typical days and no dates.")


def test_a_covariate_needs_its_tables_too():
    assert verdict("Economic levels", YEAR).verdict == "covariate"
    found = verdict("Economic levels", without("flows_month"))
    assert (found.verdict, found.reason) == ("lacking", "This release has no trips between areas by month.")


def test_what_operators_derive_stays_theirs_and_is_held_or_not():
    held = verdict("Home or work location", YEAR)
    assert (held.verdict, held.held) == ("operator", True)
    assert held.reason.startswith("Operators have derived it.")
    lost = verdict("Home or work location", without("usual_environment/work"))
    assert (lost.verdict, lost.held) == ("operator", False)
    assert lost.reason == "This release has no usual places of work by cell."
    never = verdict("Main mode of transport in commute", YEAR)
    assert (never.verdict, never.held) == ("operator", False)


@pytest.mark.parametrize("facts", [YEAR, Facts({})], ids=["everything", "nothing"])
def test_ethnicity_is_out_of_scope_whatever_a_release_holds(facts):
    assert {each.verdict for each in verdicts_of("ethnicity", facts)} == {"out"}
    assert not any(each.held or each.page for each in verdicts_of("ethnicity", facts))


def test_a_release_that_holds_nothing_serves_only_the_study_of_what_it_lacks():
    served = [each for each in register().applications if verdict_of(each, Facts({})).verdict == "served"]
    assert [each.application for each in served] == ["Feasibility study"]


def test_the_tally_counts_every_application_once():
    assert tally(verdicts_of("tourism", YEAR)) == (
        "1 of 2 applications are served by this release; 1 only if derived inside the operator."
    )
    found = [verdict_of(each, YEAR) for each in register().applications]
    counts = {kind: sum(each.verdict == kind for each in found) for kind in CHECKED}
    # The register: of the 29 rows of Appendix 3, seasons among them.
    assert counts == {"served": 12, "ready": 3, "operator": 5, "covariate": 4, "lacking": 0, "out": 5}
