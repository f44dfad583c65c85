"""What a release holds is read from the release: its dates, its finest cells, what is withheld and how sure it is."""

from __future__ import annotations

import datetime as dt

import pytest
from build_world import COUNTRY
from release_world import area_hour, write_release

from cellcount.store import AnswerCache, open_release
from cellcount.ui.reading import Release
from cellcount.ui.release_facts import facts_of


def facts(folder):
    return facts_of(Release(open_release(folder, cache=AnswerCache(0))))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return facts(write_release(tmp_path_factory.mktemp("releases")))


def test_cells_are_those_of_the_finest_resolution_that_covers_the_whole(found):
    present = found.tables["present"]
    # The one cell of resolution 6 has 5 km² of 35; two dates are no month.
    assert (present.resolutions, present.dates, present.months) == ((7,), 2, 0)
    assert present.withheld == 0.008
    # At 13:00 on Monday 50, 60, 100, 200, 300 and 400 people, and a cell with none: the middle of six lies between
    # those of 100 and of 200. Of N people the variance is N + 2, the share's (0.02 N) squared in Alder, and 4.
    assert present.error == pytest.approx(((100 + 6 + 4) ** 0.5 / 100 + (200 + 6 + 16) ** 0.5 / 200) / 2)
    assert present.of == "cells of resolution 7, Monday 2 November 2026, 13:00 to 14:00"


def test_totals_trips_and_visits_have_their_median_error_and_what_is_withheld(found):
    totals = found.tables["area_hour"]
    assert (totals.dates, totals.withheld) == (2, 0.0)
    assert totals.error == pytest.approx(20 / 1001)
    trips = found.tables["flows_day"]
    assert (trips.dates, trips.withheld, trips.error) == (2, 0.25, pytest.approx(0.024))
    commuting = found.tables["flows_month/home_work"]
    assert (commuting.months, commuting.withheld) == (2, pytest.approx(1 / 3))
    assert commuting.error == pytest.approx((0.01 + 0.2) / 2)
    visits = found.tables["inbound_month"]
    assert (visits.months, visits.withheld, visits.error) == (2, pytest.approx(0.2), pytest.approx(0.08))
    assert visits.of == "November 2026"
    assert found.tables["home_presence"].error == pytest.approx(0.01)


def test_usual_places_are_told_apart_and_days_a_week_are_not_held_where_none_is_known(found):
    assert found.tables["usual_environment/home"].error == pytest.approx(10 / 900)
    assert found.tables["usual_environment/work"].withheld == 0.5
    assert "usual_environment/days_per_week" not in found.tables


def test_the_share_of_people_observed_and_the_operators_are_those_of_the_release(found):
    assert (found.coverage, found.operators) == (0.5, 1)


def test_what_a_release_lacks_is_not_among_its_facts(tmp_path):
    small = facts(write_release(tmp_path, "small", only=["present", "area_hour"]))
    assert {"present", "area_hour"} <= set(small.tables)
    assert not {name for name in small.tables if name.startswith(("flows", "inbound", "typical", "home", "usual"))}
    assert small.coverage is None
    present = small.tables["present"]
    assert (present.error, present.withheld) == (None, None), "the release does not tell them"


def test_a_month_counts_from_two_weeks_of_dates_on(tmp_path):
    # 13 dates of January, 14 of February and 31 of March.
    days = [dt.date(2026, 1, 31) - dt.timedelta(step) for step in range(13)]
    days += [dt.date(2026, 2, 1) + dt.timedelta(step) for step in range(14)]
    days += [dt.date(2026, 3, 1) + dt.timedelta(step) for step in range(31)]
    rows = [area_hour(COUNTRY, day, 1000, 20.0, 1000) for day in sorted(days)]
    totals = facts(write_release(tmp_path, "long", only=["present", "area_hour"], figures={"area_hour": rows}))
    assert (totals.tables["area_hour"].dates, totals.tables["area_hour"].months) == (58, 2)
    assert totals.tables["area_hour"].of == "13:00 UTC, March 2026"
