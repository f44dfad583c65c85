"""Windows of hours: which hours they are, what withheld hours do, whose bank holidays count, what is read for them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from build_world import ALDER, BIRCH, COUNTRY, MONDAY
from hypothesis import given
from hypothesis import strategies as st
from release_world import A1, A2, A3, A4, B1, B2, B3, TUESDAY, area_hour, precision, write_release

from cellcount.methods.day_types import day_type, nation_of
from cellcount.store import AnswerCache, TableMissingError, open_release
from cellcount.ui import window_reading, windows
from cellcount.ui.reading import Release
from cellcount.ui.view import View
from cellcount.ui.windows import ALL_HOURS, ALL_TYPES, PRESETS, CellHistory, Window, cell_window, moments

LONDON = "Europe/London"
WEEKDAY = frozenset(["weekday"])
OCTOBER, NOVEMBER = dt.date(2026, 10, 5), dt.date(2026, 11, 8)
FIVE_WEEKS = frozenset(OCTOBER + dt.timedelta(number) for number in range(35))


def window(hours_of=(7, 8, 9), types=WEEKDAY, first=OCTOBER, last=NOVEMBER, statistic="mean") -> Window:
    return Window(frozenset(hours_of), frozenset(types), first, last, statistic)


class TestWords:
    @pytest.mark.parametrize(
        ("made", "words"),
        [
            (window(), "mean of weekdays 07:00 to 10:00, 5 October to 8 November 2026"),
            (window(PRESETS["night_time_economy"][1], ["saturday"]), "mean of Saturdays 20:00 to 02:00, 5 October to"),
            (window([8], ALL_TYPES, MONDAY, MONDAY, "peak"), "peak of all days 08:00 to 09:00, 2 November 2026"),
            (window(ALL_HOURS, ["sunday", "bank_holiday"]), "mean of Sundays and bank holidays the whole day, 5"),
            (window(last=dt.date(2027, 1, 3)), "5 October 2026 to 3 January 2027"),
        ],
    )
    def test_a_window_is_told_in_words(self, made, words):
        assert words in made.words

    def test_the_named_windows_are_those_that_they_say(self):
        assert {name: len(hours_of) for name, (_, hours_of) in PRESETS.items()} == {
            "morning": 3,
            "working_day": 6,
            "evening": 4,
            "night_time_economy": 6,
            "night": 5,
            "whole_day": 24,
        }

    @given(st.integers(0, 23), st.integers(0, 23))
    def test_every_run_of_hours_reads_as_it_was_asked(self, first, end):
        made = window(windows.hours_between(first, end))
        assert made.times == ("the whole day" if first == end else f"{first:02d}:00 to {end:02d}:00")
        assert set(made.ordered) == made.hours


class TestMoments:
    def test_clocks_change_inside_the_five_weeks(self):
        """In London 08:00 is 07:00 UTC until 24 October 2026 and 08:00 UTC from the 26th: 25 weekdays."""
        found = moments(window([8]), LONDON, FIVE_WEEKS, "E")
        assert found.dates == 25
        assert found.column.tolist() == [7] * 15 + [8] * 10

    def test_an_hour_that_the_clock_shows_twice_counts_twice(self):
        found = moments(window([1], ["sunday"], dt.date(2026, 10, 25), dt.date(2026, 10, 25)), LONDON, FIVE_WEEKS, "E")
        assert (found.dates, found.column.tolist(), found.hour.tolist()) == (1, [0, 1], [1, 1])

    def test_the_hours_after_midnight_are_those_of_the_evening_before(self):
        """Saturday 31 October 2026 from 22:00 to 02:00 ends on Sunday."""
        found = moments(window([22, 23, 0, 1], ["saturday"], dt.date(2026, 10, 31), NOVEMBER), LONDON, FIVE_WEEKS, "E")
        assert [(on.day, hour) for on, hour in zip(found.on, found.hour.tolist(), strict=True)] == [
            *[(31, 22), (31, 23), (1, 0), (1, 1)],
            *[(7, 22), (7, 23), (8, 0), (8, 1)],
        ]

    def test_a_lone_midnight_hour_is_its_own_date_s(self):
        found = moments(
            window([0], ["saturday"], dt.date(2026, 10, 31), dt.date(2026, 10, 31)), LONDON, FIVE_WEEKS, "E"
        )
        assert [on.day for on in found.on] == [31]

    @given(
        st.sets(st.integers(0, 23), min_size=1),
        st.sets(st.sampled_from(sorted(ALL_TYPES)), min_size=1),
        st.integers(0, 34),
        st.integers(0, 34),
    )
    def test_no_moment_is_there_twice_and_all_are_covered(self, hours_of, types, one, other):
        first, last = OCTOBER + dt.timedelta(min(one, other)), OCTOBER + dt.timedelta(max(one, other))
        found = moments(window(hours_of, types, first, last), LONDON, FIVE_WEEKS, "S")
        pairs = list(zip(found.on, found.column.tolist(), strict=True))
        assert len(set(pairs)) == len(pairs)
        assert set(found.on) <= FIVE_WEEKS
        assert set(found.hour.tolist()) <= set(hours_of)


class TestBankHolidays:
    """https://www.gov.uk/bank-holidays, as published for 2026."""

    @pytest.mark.parametrize(
        ("on", "where"),
        [
            ("2026-01-02", "S"),  # 2 January
            ("2026-03-17", "N"),  # Saint Patrick's Day
            ("2026-04-06", "EWN"),  # Easter Monday
            ("2026-05-04", "EWSN"),  # Early May bank holiday
            ("2026-07-13", "N"),  # Battle of the Boyne, substitute day
            ("2026-08-03", "S"),  # Summer bank holiday
            ("2026-08-31", "EWN"),  # Summer bank holiday
            ("2026-11-30", "S"),  # Saint Andrew's Day
            ("2026-12-28", "EWSN"),  # Boxing Day, substitute day
        ],
    )
    def test_each_nation_has_its_own(self, on, where):
        day = dt.date.fromisoformat(on)
        assert {nation for nation in "EWSN" if day_type(day, nation) == "bank_holiday"} == set(where)

    def test_where_no_calendar_is_known_there_are_none(self):
        assert day_type(dt.date(2026, 12, 25), "") == "weekday"

    def test_the_nation_is_that_of_the_area(self):
        assert [nation_of(code) for code in ("S12000036", "N09000003", "W06000015", COUNTRY)] == ["S", "N", "W", "E"]

    def test_a_window_has_the_days_of_the_nation_that_a_cell_lies_in(self):
        """Monday 30 November 2026 is a weekday in England and none in Scotland, Tuesday one in both."""
        monday, tuesday = dt.date(2026, 11, 30), dt.date(2026, 12, 1)
        made = window([8], WEEKDAY, monday, tuesday)
        found = cell_window(
            history({1: {8: 100, 32: 200}, 2: {8: 100, 32: 200}}, monday), made, LONDON, {monday, tuesday}, "ES"
        )
        assert found.people.tolist() == [150.0, 200.0]
        assert (found.dates.tolist(), found.behind()) == ([2, 1], "1 to 2 dates, up to 2 hours")
        assert windows.calendars_said(made, {"E", "S"}) == (
            "Bank holidays are those of each nation: England has 2 dates and Scotland 1."
        )


def history(figures, first=MONDAY, days=2, every=50) -> CellHistory:
    """Cells that have `every` people in all hours of some UTC days but those named; None is withheld."""
    rows = []
    for cell, named in figures.items():
        for number in range(days):
            row = {f"h{hour:02d}": named.get(24 * number + hour, every) for hour in range(24)}
            rows.append({"h3": cell, "date": first + dt.timedelta(number), **row})
    schema = pa.schema(
        [("h3", pa.int64()), ("date", pa.date32()), *((f"h{hour:02d}", pa.uint32()) for hour in range(24))]
    )
    return CellHistory.of(pa.Table.from_pylist(rows, schema=schema), first, first + dt.timedelta(days - 1))


TWO_DAYS = {MONDAY, TUESDAY}


def of_two_days(figures, hours_of, statistic="mean") -> windows.CellWindow:
    made = window(hours_of, ALL_TYPES, MONDAY, TUESDAY, statistic)
    held = history(figures)
    return cell_window(held, made, LONDON, TWO_DAYS, ["E"] * len(held.h3))


class TestMeanAndPeak:
    def test_a_mean_is_that_of_all_hours_of_all_dates(self):
        """8:00 and 9:00 of two days: (100 + 50 + 20 + 30) / 4."""
        found = of_two_days({1: {8: 100, 32: 20, 33: 30}}, [8, 9])
        assert found.people.tolist() == [50.0]
        assert (found.released.tolist(), found.hours.tolist(), found.dates.tolist()) == ([4], [4], [2])

    def test_a_peak_is_the_largest_of_any_one_hour(self):
        found = of_two_days({1: {8: 100, 33: 130, 34: 900}}, [8, 9], "peak")
        assert found.people.tolist() == [130.0]

    @pytest.mark.parametrize(
        ("withheld", "mean"), [(0, 50.0), (4, 50.0), (5, np.nan)], ids=["none", "4 of 48: 8 %", "5 of 48: 10.4 %"]
    )
    def test_a_mean_needs_nine_tenths_of_its_hours(self, withheld, mean):
        found = of_two_days({1: dict.fromkeys(range(withheld))}, ALL_HOURS)
        assert found.people.tolist() == pytest.approx([mean], nan_ok=True)
        assert found.covered.tolist() == [True], "it is withheld and not absent"

    def test_what_is_left_out_of_a_mean_makes_it_too_high_by_a_tenth_at_most(self):
        """The true mean with whatever the withheld hours were, here nothing, against the mean of the rest."""
        share = windows.LEAST_RELEASED
        assert 1 / share - 1 <= 1 / 9 + 1e-9
        found = of_two_days({1: dict.fromkeys(range(4))}, ALL_HOURS)
        assert found.people[0] / (50 * 44 / 48) - 1 < 0.1

    def test_a_peak_knows_its_hour_and_nothing_has_none(self):
        """Of 0 people all day the first hour is the peak; of several as large the first; of a mean there is none."""
        figures = {1: {8: 100, 33: 130}, 2: {8: None, 9: None, 32: None, 33: None}, 3: {8: 0, 9: 0, 32: 0, 33: 0}}
        assert of_two_days(figures, [8, 9], "peak").peak_hour.tolist() == [9, -1, 8]
        assert of_two_days(figures, [8, 9]).peak_hour.tolist() == [-1, -1, -1]

    def test_a_peak_is_withheld_where_every_hour_is(self):
        some, none = of_two_days({1: {8: None}}, [8], "peak"), of_two_days({1: {8: None, 32: None}}, [8], "peak")
        assert some.people.tolist() == [50.0]
        assert np.isnan(none.people).all()

    def test_an_observed_zero_is_a_figure(self):
        assert of_two_days({1: {8: 0, 32: 0}}, [8], "peak").people.tolist() == [0.0]
        assert of_two_days({1: {8: 0, 32: 0}}, [8]).people.tolist() == [0.0]

    def test_hours_that_are_not_covered_are_no_part_of_the_mean(self):
        held = history({1: {8: 100}}, days=1)
        made = window([8], ALL_TYPES, MONDAY, TUESDAY)
        assert cell_window(held, made, LONDON, {MONDAY}, ["E"]).people.tolist() == [100.0]

    def test_a_window_without_any_covered_hour_has_no_figures(self):
        made = window([8], ["saturday"], MONDAY, TUESDAY)
        found = cell_window(history({1: {}}), made, LONDON, TWO_DAYS, ["E"])
        assert (found.covered.tolist(), found.behind()) == ([False], "no dates")

    def test_the_figures_of_every_hour_are_no_window(self):
        with pytest.raises(ValueError, match="hour by hour"):
            of_two_days({1: {}}, [8], "hour")

    @given(
        st.lists(st.one_of(st.none(), st.integers(0, 5_000)), min_size=48, max_size=48),
        st.sets(st.integers(0, 23), min_size=1),
    )
    def test_a_mean_lies_between_the_least_and_the_peak(self, figures, hours_of):
        named = {1: dict(enumerate(figures))}
        mean, peak = (of_two_days(named, hours_of, each).people[0] for each in ("mean", "peak"))
        steps = moments(window(hours_of, ALL_TYPES, MONDAY, TUESDAY), LONDON, TWO_DAYS, "E")
        shown = [
            figures[24 * (on - MONDAY).days + hour] for on, hour in zip(steps.on, steps.column.tolist(), strict=True)
        ]
        known = [each for each in shown if each is not None]
        assert peak == pytest.approx(max(known), nan_ok=True) if known else np.isnan(peak)
        if not np.isnan(mean):
            assert min(known) - 1e-6 <= mean <= peak + 1e-6
            assert mean == pytest.approx(sum(known) / len(known))

    def test_the_order_of_the_rows_does_not_matter(self):
        held = history({3: {8: 30}, 1: {8: 10}, 2: {8: None}})
        assert held.h3.tolist() == [1, 2, 3]
        assert held.people[8].tolist() == [10.0, 0.0, 30.0]
        assert held.released[8].tolist() == [True, False, True]


class TestErrors:
    """Half of the people are seen: the variance of a figure of N is N + 2 by chance and 4 by rounding, over the dates,
    and (N CV)² of the share; 2 % by day and 30 % at night."""

    def errors(self, figures, hours_of, statistic="mean") -> float:
        known = windows.Parameters.of(pa.Table.from_pylist(precision(ALDER, 0.02, 0.3)))
        found = of_two_days(figures, hours_of, statistic)
        rest = {"km2": np.array([5.0]), "zone": LONDON, "covered": TWO_DAYS}
        return float(windows.with_errors(found, known, [ALDER], **rest).errors[0])

    def test_chance_averages_out_over_dates_and_not_over_the_hours_of_a_date(self):
        """Of 50 people on two dates: (52 + 4) / 2 + 1² = 29."""
        assert self.errors({1: {}}, [8]) == pytest.approx(29**0.5)
        assert self.errors({1: {}}, [8, 9]) == pytest.approx(29**0.5)

    def test_a_peak_has_the_error_of_one_figure(self):
        """52 + 4 + 1² = 57."""
        assert self.errors({1: {}}, [8], "peak") == pytest.approx(57**0.5)

    def test_a_peak_at_night_has_the_doubt_of_the_night(self):
        """The peak of 05:00 and 06:00 is at 05:00, where the share is known to 30 %: 52 + 2 + 4 + 15.6² of 52 people,
        and not half of that and half of the morning's."""
        night, morning = ({1: {hour: 52}} for hour in (5, 6))
        assert self.errors(night, [5, 6], "peak") == pytest.approx((58 + (0.3 * 52) ** 2) ** 0.5)
        assert self.errors(morning, [5, 6], "peak") == pytest.approx((58 + (0.02 * 52) ** 2) ** 0.5)

    def test_hours_of_two_parts_of_the_day_share_their_doubts(self):
        """05:00 is night, with 15² = 225 of the share in place of 1; the errors are averaged."""
        assert self.errors({1: {}}, [5, 6]) == pytest.approx((29**0.5 + 253**0.5) / 2)

    def test_what_is_left_out_makes_the_interval_wider(self):
        """One of 12 hours is withheld. (52 + 4) / (11 / 6) + 1² = 31.5, and the mean is between nothing and a twelfth
        of 50 too high: 4.17² / 3 = 5.8."""
        assert self.errors({1: {10: None}}, range(10, 16)) == pytest.approx(
            (56 * 6 / 11 + 1 + (50 / 12) ** 2 / 3) ** 0.5
        )


class TestAreas:
    def test_an_area_has_its_own_mean_peak_and_hours(self):
        """Alder has 1,070 at 08:00 and 1,000 else on Monday, one more on Tuesday; its error is 20."""
        table = pa.Table.from_pylist(
            [area_hour(ALDER, MONDAY, 1000, 20.0, 1070), area_hour(ALDER, TUESDAY, 1001, 20.0, 1071)]
        )
        made = window([8, 9], ALL_TYPES, MONDAY, TUESDAY)
        mean = windows.area_window(table, made, LONDON, TWO_DAYS, calendar=True)
        assert (mean.people.tolist(), mean.errors.tolist()) == ([(1070 + 1071 + 1000 + 1001) / 4], [20.0])
        assert mean.by_hour.tolist() == [[1070.5, 1000.5]]
        peak = windows.area_window(table, replace(made, statistic="peak"), LONDON, TWO_DAYS, calendar=True)
        assert (peak.people.tolist(), peak.peaks) == ([1071.0], ("3 Nov, 08:00",))

    def test_what_is_left_out_of_a_total_s_mean_makes_its_interval_wider(self):
        """One of 24 hours is withheld: 10² of the mean, and (1000 / 24)² / 3 = 578.7."""
        table = pa.Table.from_pylist([area_hour(ALDER, MONDAY, 1000, 10.0, None)])
        made = window(ALL_HOURS, ALL_TYPES, MONDAY, MONDAY)
        found = windows.area_window(table, made, LONDON, {MONDAY}, calendar=True)
        assert found.people.tolist() == [1000.0]
        assert found.errors[0] == pytest.approx((100 + 578.7) ** 0.5, rel=1e-4)
        assert found.errors_by_hour[0, 9] == 10.0, "of the hours one by one nothing is left out"

    def test_a_total_that_is_withheld_most_of_the_time_has_no_mean(self):
        table = pa.Table.from_pylist([area_hour(BIRCH, MONDAY, 110, 6.0, None)])
        made = window([8], ALL_TYPES, MONDAY, MONDAY)
        found = windows.area_window(table, made, LONDON, {MONDAY}, calendar=True)
        assert np.isnan(found.people).all()
        assert found.peaks == ("",)


class TestByHour:
    """Means over the dates of 20 days, hour by hour."""

    def by_hour(self, figures) -> windows.CellHours:
        last = OCTOBER + dt.timedelta(18)
        covered = {OCTOBER + dt.timedelta(number) for number in range(20)}
        held = history(figures, OCTOBER, 20)
        nations = ["E"] * len(held.h3)
        return windows.cell_hours(held, window([22, 23, 0], ALL_TYPES, OCTOBER, last), LONDON, covered, nations)

    def test_each_hour_is_over_its_own_dates_by_the_rule_of_means(self):
        """22:00 in London is 21:00 UTC; withheld on one date of 19, 5 %, it is left out; on two, 10.5 %, withheld."""
        found = self.by_hour({1: {21: 240, 22: None}, 2: {21: None, 45: None}})
        assert found.people[0].tolist() == [(240 + 18 * 50) / 19, 50, 50]
        assert found.people[1].tolist() == pytest.approx([np.nan, 50, 50], nan_ok=True)
        assert found.released.tolist() == [[19, 18, 19], [17, 19, 19]]
        assert found.dates.tolist() == [[19] * 3] * 2
        assert found.begun.tolist() == [19, 19]
        assert found.left_out[0].tolist() == pytest.approx([0, 1 / 19, 0])

    def test_a_cell_alone_has_what_it_has_among_others(self):
        figures = {1: {21: 240}, 2: {22: None}, 3: {45: 7}}
        together, alone = self.by_hour(figures), self.by_hour({2: figures[2]})
        assert together.people[1].tolist() == alone.people[0].tolist()
        assert history(figures, OCTOBER, 20).of_cell(2).released[22].tolist() == [False]

    def test_errors_of_the_hours_are_those_of_means(self):
        """Of 50 on 18 of 19 dates, the share known to 2 %: (52 + 4) / 18 + 1² and (50 / 19)² / 3."""
        known = windows.Parameters.of(pa.Table.from_pylist(precision(ALDER, 0.02, 0.3)))
        errors = windows.errors_of_hours(self.by_hour({1: {22: None}}), known, [ALDER], np.array([5.0]))
        assert errors[0, 1] == pytest.approx((56 / 18 + 1 + (50 / 19) ** 2 / 3) ** 0.5)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return Release(open_release(write_release(tmp_path_factory.mktemp("releases")), cache=AnswerCache(0)))


def area(release: Release, code: str):
    return next(each for each in release.areas.values() if each.code == code)


class TestReading:
    """Monday and Tuesday 2 and 3 November 2026; of Tuesday only one cell of each authority is covered."""

    BOTH = Window(frozenset([8]), ALL_TYPES, MONDAY, TUESDAY)

    def test_the_query_gives_the_dates_of_an_area(self, release):
        asked = {"resolution": 7, "first": MONDAY, "last": TUESDAY}
        rows = release.run("history_of_area", area=BIRCH, **asked).table
        assert {(row["h3"], row["date"], row["h07"], row["h08"]) for row in rows.to_pylist()} == {
            (B1, MONDAY, 50, 55),
            (B2, MONDAY, 60, 65),
            (B3, MONDAY, 0, 0),
            (B1, TUESDAY, 51, 56),
        }
        only = release.run("history_of_area", area=BIRCH, **{**asked, "last": MONDAY}).table
        assert sorted(only.column("h3").to_pylist()) == sorted([B1, B2, B3])

    def test_the_mean_of_cells_with_their_errors(self, release):
        found, facts, runs = window_reading.cell_window(release, area(release, ALDER), self.BOTH)
        people = dict(zip(found.h3.tolist(), found.people.tolist(), strict=True))
        assert people == pytest.approx({A1: (110 + 111) / 2, A2: 220, A3: np.nan, A4: 440}, nan_ok=True)
        assert found.hours.tolist() == [2 if cell == A1 else 1 for cell in found.h3.tolist()]
        # 110.5 on two dates: (112.5 + 4) / 2 + 2.21².
        assert found.errors[found.h3 == A1] == pytest.approx((116.5 / 2 + 2.21**2) ** 0.5)
        assert len(facts.h3) == 4
        assert {run.name for run in runs} == {
            "history_of_area",
            "cells_by_resolution",
            "cells_of_area",
            "precision_of_areas",
        }

    def test_a_window_is_a_day_of_one_step(self, release):
        made = release.days.over(replace(self.BOTH, statistic="peak"))
        day, _ = window_reading.window_day(release, View(area(release, ALDER), made, "people"))
        assert [slot.words for slot in day.slots] == ["peak of 08:00 to 09:00"]
        assert day.cells.people.shape == (4, 1)
        assert day.areas.of(ALDER)[0].tolist() == [1071.0]

    def test_a_release_without_histories_is_told(self, tmp_path):
        lacking = Release(open_release(write_release(tmp_path, only=["present", "area_hour"]), cache=AnswerCache(0)))
        assert not window_reading.serves_windows(lacking)
        with pytest.raises(TableMissingError, match="present_history"):
            window_reading.cell_window(lacking, area(lacking, ALDER), self.BOTH, 7)

    def test_more_than_can_be_held_is_told(self, release, monkeypatch):
        monkeypatch.setattr(window_reading, "MOST_FIGURES", 24 * 7)
        with pytest.raises(window_reading.TooMuchHistoryError, match="Choose fewer dates or a smaller area"):
            window_reading.cell_window(release, area(release, COUNTRY), self.BOTH, 7)
