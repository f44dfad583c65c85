"""What a release holds, for the verdicts on applications and the criteria of scoring: worked out once a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import streamlit as st

from cellcount import verdicts
from cellcount.ui import reading
from cellcount.ui.checks import MIDDAY, SUPPRESSED_SHARE
from cellcount.ui.headlines import month_words
from cellcount.ui.reading import LEAST_SHARE, Release
from cellcount.ui.words import weekday
from cellcount.verdicts import Facts, TableFacts, key_of

_OF_ONE_KIND = {"inbound_month": "precision_of_visits", "inbound_cell_month": "precision_of_visitors"}
"""Tables by month whose figures are of one kind, with the query that tells how sure they are."""


def facts_of(release: Release) -> Facts:
    """What a release holds of each table: its dates, how much is withheld, and how sure the rest is.

    Large tables are looked at in the date that is shown first, or in the month of which most dates are there: within a
    release one is much like another.

    Parameters
    ----------
    release : Release
        The release that is served.

    Returns
    -------
    Facts
    """
    return _kept(release.manifest.sha256, _release=release)


@st.cache_resource(max_entries=8, show_spinner=False)
def _kept(made: str, *, _release: Release) -> Facts:  # noqa: ARG001 - what is kept is of the same release
    release = _release
    tables = {
        **_of_cells(release),
        **_of_totals(release),
        **_of_trips(release),
        **_of_visits(release),
        **_of_homes(release),
    }
    held = (name for name, rows in release.manifest.tables.items() if rows)
    return Facts(
        tables={**{name: TableFacts() for name in held}, **tables},
        coverage=_coverage(release),
        operators=len({each.operator_id for each in release.manifest.deliveries}) or None,
    )


def _of_cells(release: Release) -> dict[str, TableFacts]:
    """People by cell: of dates and of typical days."""
    root = release.areas[release.default_area].code
    rows = release.run("cells_by_resolution", area=root).table.to_pylist()
    most = max((row["area_km2"] for row in rows), default=0.0)
    covering = {row["resolution"] for row in rows if row["area_km2"] >= LEAST_SHARE * most}

    def of(table: str) -> tuple[int, ...]:
        return tuple(sorted(covering & {int(each["resolution"]) for each in release.opened.partitions(table)}))

    found = {table: TableFacts(resolutions=of(table)) for table in ("present_history", "typical_day")}
    found["present"] = _present(release, of("present"))
    return {table: facts for table, facts in found.items() if release.has(table)}


def _present(release: Release, resolutions: tuple[int, ...]) -> TableFacts:
    dates = _dates(release, "present")
    error, of = None, ""
    measured = reading.midday_cells(release, resolutions[-1:])
    if measured is not None and resolutions:
        hour, by_resolution = measured
        people, errors, _ = by_resolution[resolutions[-1]]
        known = (people > 0) & np.isfinite(errors)
        error = float(np.median(errors[known] / people[known])) if known.any() else None
        of = f"cells of resolution {resolutions[-1]}, {hour}"
    return TableFacts(
        dates=len(dates),
        months=_whole_months(Counter(map(_month_of, dates))),
        resolutions=resolutions,
        withheld=_withheld_of_cells(release, resolutions),
        error=error,
        of=of,
    )


def _withheld_of_cells(release: Release, resolutions: tuple[int, ...]) -> float | None:
    """Share of cell-hours of the whole release that are withheld, as it was measured when it was made."""
    if not resolutions or not release.has("quality"):
        return None
    wanted = f"{SUPPRESSED_SHARE}{resolutions[-1]}"
    for row in release.run("quality_figures").table.to_pylist():
        if row["metric"] == wanted and row["area_code"] is None and row["date"] is None:
            return float(row["value"])
    return None


def _of_totals(release: Release) -> dict[str, TableFacts]:
    """People by area."""
    if not release.has("area_hour"):
        return {}
    rows = release.run("precision_of_totals").table.to_pylist()
    dates = {str(row["calendar_month"]): int(row["dates"]) for row in rows}
    fullest = max(rows, key=lambda row: row["dates"])
    of = f"13:00 UTC, {month_words(fullest['calendar_month'])}"
    return {"area_hour": _table(fullest, of, dates=sum(dates.values()), months=_whole_months(dates))}


def _of_trips(release: Release) -> dict[str, TableFacts]:
    """Trips by date and by month: all of them, and apart those from home to work."""
    found = {}
    if release.has("flows_day"):
        on, dates, months = _by_date(release, "flows_day")
        for row in release.run("precision_of_trips_of_day", date=on).table.to_pylist():
            found[_purpose("flows_day", row)] = _table(row, weekday(on), dates=dates, months=months)
    if release.has("flows_month"):
        fullest, months = _by_month(release, "flows_month")
        for row in release.run("precision_of_trips_of_month", month=fullest).table.to_pylist():
            found[_purpose("flows_month", row)] = _table(row, month_words(fullest), months=months)
    return found


def _of_visits(release: Release) -> dict[str, TableFacts]:
    """Visits by area, and visitors by cell."""
    found = {}
    for table, query in _OF_ONE_KIND.items():
        if release.has(table):
            fullest, months = _by_month(release, table)
            (row,) = release.run(query, month=fullest).table.to_pylist()
            found[table] = _table(row, month_words(fullest), months=months)
    return found


def _of_homes(release: Release) -> dict[str, TableFacts]:
    """Where residents of each area are, and usual homes and places of work."""
    found = {}
    if release.has("home_presence"):
        on, dates, months = _by_date(release, "home_presence")
        (row,) = release.run("precision_of_presence_by_home", date=on).table.to_pylist()
        found["home_presence"] = _table(row, weekday(on), dates=dates, months=months)
    if release.has("usual_environment"):
        for row in release.run("precision_of_usual_places").table.to_pylist():
            found[key_of("usual_environment", row["label"])] = _table(row)
            if row["label"] == "work" and row["with_days"]:
                found[key_of("usual_environment", "days_per_week")] = TableFacts()
    return found


def _coverage(release: Release) -> float | None:
    """Share of people observed in the middle one of the smallest areas."""
    if not release.has("precision"):
        return None
    known, _ = reading.precision_of(release, release.areas[release.default_area].code)
    shares = np.asarray(known.at([area.code for area in release.smallest], [MIDDAY]).coverage_p)
    return float(np.nanmedian(shares)) if np.isfinite(shares).any() else None


def _table(row: Mapping[str, Any], of: str = "", *, dates: int = 0, months: int = 0) -> TableFacts:
    """The facts of a table, with what a query tells of a part of it."""
    return TableFacts(
        dates=dates,
        months=months,
        withheld=1 - row["known"] / row["figures"] if row["figures"] else None,
        error=row["error"],
        of=of,
    )


def _purpose(table: str, row: Mapping[str, Any]) -> str:
    return key_of(table, None if row["purpose"] == "all" else row["purpose"])


def _by_date(release: Release, table: str) -> tuple[date, int, int]:
    """Of a table by date: the date that is shown first, or else the first it has; how many dates and whole months."""
    dates = _dates(release, table)
    first = release.days.first_shown
    return first if first in dates else dates[0], len(dates), _whole_months(Counter(map(_month_of, dates)))


def _by_month(release: Release, table: str) -> tuple[str, int]:
    """Of a table by month: the one of which most dates are there, the last of several; and how many it has."""
    months = {str(each["month"]) for each in release.opened.partitions(table)}
    held = Counter(map(_month_of, release.days.dates))
    return max(months, key=lambda each: (held[each], each)), len(months)


def _dates(release: Release, table: str) -> list[date]:
    return sorted({each["date"] for each in release.opened.partitions(table)})


def _whole_months(dates_of: Mapping[str, int]) -> int:
    return sum(dates >= verdicts.WHOLE_MONTH for dates in dates_of.values())


def _month_of(on: date) -> str:
    return f"{on:%Y-%m}"
