"""Five weeks of the very small country by hand: what is usual is known, and so is who left on one afternoon.

The seven cells of `build_world` have the people of `LEVEL` by day, 08:00 to 20:00 local time, and by night, on every
date, and `OF_WEEK` more or fewer in each week: so the median of four weeks is the level itself. On Wednesday 4 November
2026 people leave two cells from 13:00 and go to a third, and come back at 18:00.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import h3
import shapely
from build_world import ALDER, BIRCH, COUNTRY, hours
from release_world import A1, A2, A3, A4, B1, B2, B3, FIGURES, Rows, write_release

from cellcount.standard import HOURS_OF_DAY
from cellcount.ui.reading import Release
from cellcount.zones import Zones

FIRST = dt.date(2026, 10, 5)
"""A Monday. The clocks go back on Sunday 25 October 2026."""
DAYS = 35
WEDNESDAY = dt.date(2026, 11, 4)
BEFORE = tuple(dt.date(2026, 10, day) for day in (7, 14, 21, 28))
"""The four Wednesdays that it is compared with."""

LEVEL = {
    A1: (400, 100),
    A2: (400, 100),
    A3: (600, 300),
    A4: (800, 300),
    B1: (500, 500),
    B2: (300, 300),
    B3: (0, 0),
}
"""People by day and by night."""
OF_WEEK = (-10, 0, 10, 0, 0)
"""How many more are in every cell in which there is anybody, by week."""

Changes = Mapping[tuple[int, dt.datetime], int | None]
"""People in a cell in the hour that begins at a local time; None where withheld."""


def at(day: dt.date, hour: int) -> dt.datetime:
    """A local hour."""
    return dt.datetime.combine(day, dt.time(hour))


def stay(cell: int, people: int | None, first: dt.datetime, count: int) -> dict[tuple[int, dt.datetime], int | None]:
    """So many people in a cell in some hours in a row."""
    return {(cell, first + dt.timedelta(hours=step)): people for step in range(count)}


LINK = {
    "place": "52.2067, 0.1608",
    "rings": "1, 3",
    "from_date": "2026-11-04",
    "from_hour": "13:00",
    "to_date": "2026-11-04",
    "to_hour": "17:00",
}
"""What a link to the page asks for: rings around the middle of the first cell, and the time."""
FIRE = {
    **stay(A1, 100, at(WEDNESDAY, 13), 5),
    **stay(A2, 200, at(WEDNESDAY, 13), 5),
    **stay(A3, 800, at(WEDNESDAY, 13), 5),
}
"""300 leave the first cell and 200 the second; 200 of them are in the third."""


def usual(cell: int, local: dt.datetime, first: dt.date = FIRST) -> int:
    """People in a cell in an hour of an ordinary day."""
    day, night = LEVEL[cell]
    level = day if 8 <= local.hour < 20 else night
    week = (local.date() - first).days // 7
    return level + (OF_WEEK[week] if level and 0 <= week < len(OF_WEEK) else 0)


def history(
    changes: Changes = FIRE,
    *,
    first: dt.date = FIRST,
    days: int = DAYS,
    without: Sequence[tuple[int, dt.date]] = (),
) -> Rows:
    """Rows of `present_history`, but for cells on UTC days that it is to be without."""
    found = []
    for cell in sorted(LEVEL):
        for day in (first + dt.timedelta(each) for each in range(days)):
            if (cell, day) in without:
                continue
            row: dict[str, int | None] = {}
            for hour in range(HOURS_OF_DAY):
                local = local_of(day, hour)
                ordinary = usual(cell, local, first)
                row[f"h{hour:02d}"] = changes.get((cell, local), ordinary)
            found.append({"h3": cell, "date": day, **row})
    return found


def local_of(day: dt.date, hour: int) -> dt.datetime:
    """Local time of a UTC hour."""
    moment = dt.datetime.combine(day, dt.time(hour), tzinfo=dt.UTC)
    return moment.astimezone(ZoneInfo("Europe/London")).replace(tzinfo=None)


def devices(first: dt.date = FIRST, days: int = DAYS, **dips: int) -> Rows:
    """40,000 devices in every hour, but for the UTC hours that are named on the Wednesday: `h14=20_000`."""
    dates = [first + dt.timedelta(each) for each in range(days)]
    return [{"area_code": COUNTRY, "date": day, **hours(40_000, **(dips if day == WEDNESDAY else {}))} for day in dates]


SEGMENTS = {"at_home": 50, "at_work": 250, "visiting": 100}
"""People in each of Alder's cells on a usual day, by what they are there for; of those from abroad nothing is known."""
ON_THE_DAY = {"at_home": 40, "at_work": 20, "visiting": 40}


def segments() -> dict[str, Rows]:
    """Of the Wednesdays: twice as many in the second cell; at 13:00 the first one's people at home are withheld."""
    found: dict[str, Rows] = {}
    for day in (*BEFORE, WEDNESDAY):
        for segment, people in (ON_THE_DAY if day == WEDNESDAY else SEGMENTS).items():
            hidden = {"h13": None} if day == WEDNESDAY and segment == "at_home" else {}
            rows = [
                {"h3": A1, **hours(people, **hidden)},
                {"h3": A2, **hours(2 * people)},
                {"h3": B1, **hours(7)},
            ]
            found[f"present_segment/segment={segment}/resolution=7/date={day}"] = rows
    return found


def homes() -> dict[str, Rows]:
    """Where those live who are in Alder at midday: in Alder 900 and then 500, in Birch 80, 100, 120, 140 and 105."""
    found: dict[str, Rows] = {}
    birch = dict(zip((*BEFORE, WEDNESDAY), (80, 100, 120, 140, 105), strict=True))
    for day, from_birch in birch.items():
        alder = 500 if day == WEDNESDAY else 900
        of = {"area_code": ALDER, "day_part": "midday"}
        found[f"home_presence/date={day}"] = [
            {**of, "home_area_code": ALDER, "people": alder, "se": 30.0},
            {**of, "home_area_code": BIRCH, "people": from_birch, "se": 10.0},
        ]
    return found


def trip(origin: str, destination: str, trips: int | None, se: float | None = 6.0) -> dict[str, Any]:
    return {
        "origin_code": origin,
        "destination_code": destination,
        "purpose": "all",
        "trips": trips,
        "km_total": None,
        "se": None if trips is None else se,
    }


def flows() -> dict[str, Rows]:
    """Trips from Alder to Birch: 100, 110, 90, 100, and then 300."""
    trips = dict(zip((*BEFORE, WEDNESDAY), (100, 110, 90, 100, 300), strict=True))
    return {
        f"flows_day/date={day}": [trip(ALDER, ALDER, 900), trip(ALDER, BIRCH, many), trip(BIRCH, ALDER, 40)]
        for day, many in trips.items()
    }


def write_incident(
    releases: Path,
    name: str = "incident-wood",
    *,
    changes: Changes = FIRE,
    first: dt.date = FIRST,
    days: int = DAYS,
    without: Sequence[tuple[int, dt.date]] = (),
    without_tables: Sequence[str] = ("coverage",),
    figures: Mapping[str, Rows] | None = None,
    **manifest: Any,
) -> Path:
    """Write the release: `changes` are made to the usual days, `figures` replaces those of a partition.

    No network was down, and so it has no table `coverage`, unless `without_tables` says otherwise.
    """
    dates = [first + dt.timedelta(each) for each in range(days)]
    # Dates are offered by `present`; what is in it is not looked at here, and one row says that a day is covered.
    listed = {f"present/resolution=7/date={day}": [{"h3": A1, **hours(400)}] for day in dates}
    known: dict[str, Rows] = {
        **listed,
        "present_history/resolution=7": history(changes, first=first, days=days, without=without),
        "devices_day": devices(first, days),
        **segments(),
        **homes(),
        **flows(),
        **(figures or {}),
    }
    tables = {each.split("/")[0] for each in (*FIGURES, *known)}
    time = {
        "time_zone": "Europe/London",
        "period_start": str(first),
        "period_end": str(dates[-1]),
        "day_types": [{"id": "weekday", "label": "Weekday"}],
        "periods": [{"id": "2026-11", "label": "November 2026"}],
        "slots": [{"id": "h08", "label": "08:00 to 09:00", "hours": [8]}],
    }
    only = sorted(tables - set(without_tables))
    return write_release(releases, name, only=only, figures=known, **{"time": time, **manifest})


def opened(folder: Path) -> Release:
    """The release as pages see it."""
    from cellcount.store import AnswerCache, open_release  # noqa: PLC0415

    return Release(open_release(folder, cache=AnswerCache(0)))


def outline(*cells: int) -> shapely.Polygon | shapely.MultiPolygon:
    """The outline of cells together, exactly."""
    corners = [[(lng, lat) for lat, lng in h3.cell_to_boundary(f"{cell:x}")] for cell in cells]
    return shapely.union_all([shapely.Polygon(each) for each in corners])


def zones(**cells: Sequence[int]) -> Zones:
    """Zones of whole cells: `zones(Works=[A1, A2])`."""
    return Zones(tuple(cells), tuple(outline(*each) for each in cells.values()))
