"""A very small release, written out by hand, for the tests of the queries and of the store.

The country of `build_world`: seven cells of resolution 7 inside one of resolution 6; four of them in Alder, three in
Birch, both in the region North Wood. Figures are given for Monday 2 and Tuesday 3 November 2026.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import shapely
from build_world import (
    ALDER,
    ALDER_CELLS,
    BIRCH,
    BIRCH_CELLS,
    COUNTRY,
    MONDAY,
    PARENT,
    REGION,
    hours,
    reference,
)

from cellcount.build.release import ReleaseWriter
from cellcount.standard import DAY_PARTS, HOURS_OF_DAY, release_tables

TUESDAY = MONDAY + dt.timedelta(1)
PERIOD = "2026-11"
SQUARE = shapely.to_wkb(shapely.box(0.0, 52.0, 0.2, 52.4))
GEOPARQUET = {
    "geo": json.dumps(
        {
            "version": "1.1.0",
            "primary_column": "geometry",
            "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Polygon"]}},
        }
    )
}

Rows = Sequence[Mapping[str, Any]]


def named_hours(prefix: str, every: float | None, suffix: str = "", **others: float | None) -> dict[str, float | None]:
    """The same figure in every hour, but for those named: `named_hours("l", 50, l08=None)`."""
    return {**{f"{prefix}{hour:02d}{suffix}": every for hour in range(HOURS_OF_DAY)}, **others}


def present(figures: Mapping[int, tuple[int | None, int | None]]) -> Rows:
    """Rows by cell: the people at 08:00, and those in every other hour."""
    return [{"h3": cell, **hours(every, h08=at_eight)} for cell, (at_eight, every) in figures.items()]


A1, A2, A3, A4 = ALDER_CELLS
B1, B2, B3 = BIRCH_CELLS
ON_MONDAY = present(
    {A1: (110, 100), A2: (220, 200), A3: (None, 300), A4: (440, 400), B1: (55, 50), B2: (65, 60), B3: (0, 0)}
)
ON_TUESDAY = present({A1: (111, 101), B1: (56, 51)})


def area_hour(code: str, day: dt.date, people: int | None, se: float | None, at_eight: int | None) -> dict[str, Any]:
    return {
        "area_code": code,
        "date": day,
        **named_hours("people_h", people, people_h08=at_eight),
        **named_hours("se_h", se, se_h08=None if at_eight is None else se),
    }


def typical_area(code: str, people: float) -> dict[str, Any]:
    return {"area_code": code, **named_hours("people_l", people), **named_hours("se_l", 5.0), "dates_used": 2}


def trips(origin: str, destination: str, trips: int | None, km: float | None, se: float | None) -> dict[str, Any]:
    return {
        "origin_code": origin,
        "destination_code": destination,
        "purpose": "all",
        "trips": trips,
        "km_total": km,
        "se": se,
    }


def visits(country: str, stay: str, visits: int | None, nights: int | None, se: float | None = 3.0) -> dict[str, Any]:
    return {
        "area_code": COUNTRY,
        "country_of_residence": country,
        "stay": stay,
        "visits": visits,
        "nights": nights,
        "se": None if visits is None else se,
    }


def precision(code: str, share_cv: float, night_cv: float) -> list[dict[str, Any]]:
    """Half of the people are seen, and none is put into a wrong cell; shares are known worse at night.

    The variance of a figure of N people is then N + 2, the share's (N CV)^2, and 4 of rounding.
    """
    return [
        {
            "area_code": code,
            "day_part": part,
            "coverage_p": 0.5,
            "over_dispersion": 1.0,
            "share_cv": night_cv if part == "night" else share_cv,
            "calibration_factor": 1.02,
            "placement_cv": 0.0,
            "placement_density": 300.0,
            "placement_power": 1.5,
            "placement_floor": 0.0,
            "placement_decay": 0.5,
        }
        for part in DAY_PARTS
    ]


FIGURES: dict[str, Rows] = {
    f"present/resolution=7/date={MONDAY}": ON_MONDAY,
    f"present/resolution=7/date={TUESDAY}": ON_TUESDAY,
    f"present/resolution=6/date={MONDAY}": present({PARENT: (1180, 1110)}),
    "present_history/resolution=7": [
        *({**row, "date": MONDAY} for row in ON_MONDAY),
        *({**row, "date": TUESDAY} for row in ON_TUESDAY),
    ],
    f"typical_day/resolution=7/period={PERIOD}/day_type=weekday": [
        {"h3": A1, **named_hours("l", 100.5, l08=110.5), **named_hours("l", 0.5, "_sd"), "dates_used": 2},
        {"h3": A2, **named_hours("l", None), **named_hours("l", None, "_sd"), "dates_used": 2},
        {"h3": B1, **named_hours("l", 50.5, l08=55.5), **named_hours("l", 0.5, "_sd"), "dates_used": 2},
    ],
    f"typical_day/resolution=7/period={PERIOD}/day_type=saturday": [
        {"h3": A1, **named_hours("l", 90.0), **named_hours("l", 1.0, "_sd"), "dates_used": 1}
    ],
    "area_hour": [
        area_hour(ALDER, MONDAY, 1000, 20.0, 1070),
        area_hour(ALDER, TUESDAY, 1001, 20.0, 1071),
        area_hour(BIRCH, MONDAY, 110, 6.0, None),
        area_hour(REGION, MONDAY, 1110, 21.0, 1190),
        area_hour(COUNTRY, MONDAY, 1110, 21.0, 1190),
    ],
    f"typical_area/period={PERIOD}/day_type=weekday": [typical_area(ALDER, 1000.5), typical_area(BIRCH, 110.0)],
    f"flows_day/date={MONDAY}": [
        trips(ALDER, ALDER, 500, 1500.0, 12.0),
        trips(ALDER, BIRCH, 40, 400.0, 5.0),
        trips(BIRCH, ALDER, None, None, None),
        trips(BIRCH, BIRCH, 60, 100.0, 0.0),
        {**trips(ALDER, BIRCH, 20, 200.0, 4.0), "purpose": "home_work"},
    ],
    f"flows_day/date={TUESDAY}": [trips(ALDER, ALDER, 7, 21.0, None)],
    "flows_month/month=2026-10": [{**trips(ALDER, BIRCH, 900, 9000.0, 9.0), "purpose": "home_work", "days": 20}],
    "flows_month/month=2026-11": [
        {**trips(ALDER, ALDER, 800, 1600.0, 8.0), "purpose": "home_work", "days": 2},
        {**trips(ALDER, BIRCH, 20, 200.0, 4.0), "purpose": "home_work", "days": 2},
        {**trips(BIRCH, ALDER, None, None, None), "purpose": "home_work", "days": 2},
        {**trips(ALDER, BIRCH, 40, 400.0, 5.0), "days": 2},
    ],
    "inbound_month/month=2026-10": [visits("FR", "1", 100, 100)],
    "inbound_month/month=2026-11": [
        visits("FR", "same_day", 30, 0),
        visits("FR", "1", 10, 10, se=4.0),
        visits("DE", "2-3", 50, 120),
        visits("DE", "8+", None, None),
        visits("GB", "1", 5000, 5000),
    ],
    "inbound_cell_month/month=2026-11": [
        {"h3": A1, "country_of_residence": "FR", "day_part": "night", "people": 20, "se": 3.0},
        {"h3": B1, "country_of_residence": "FR", "day_part": "night", "people": None, "se": None},
    ],
    "outbound_month/month=2026-11": [
        {"home_area_code": ALDER, "country": "FR", "trips": 30, "nights": 90, "se": 4.0},
        {"home_area_code": BIRCH, "country": "FR", "trips": None, "nights": None, "se": None},
    ],
    f"home_presence/date={MONDAY}": [
        {"area_code": ALDER, "home_area_code": ALDER, "day_part": "midday", "people": 800, "se": 8.0},
        {"area_code": REGION, "home_area_code": ALDER, "day_part": "midday", "people": 900, "se": 9.0},
        {"area_code": REGION, "home_area_code": ALDER, "day_part": "night", "people": 950, "se": 9.5},
        {"area_code": REGION, "home_area_code": BIRCH, "day_part": "midday", "people": None, "se": None},
    ],
    "usual_environment": [
        {"h3": A1, "label": "home", "people": 900, "se": 10.0},
        {"h3": A2, "label": "work", "people": 300, "se": 9.0},
        {"h3": B1, "label": "work", "people": None},
    ],
    "coverage": [
        {"h3_parent": PARENT, "hour_utc": dt.datetime(2026, 11, 2, 23), "share_lost": 0.5},  # noqa: DTZ001 - UTC
        {"h3_parent": PARENT, "hour_utc": dt.datetime(2026, 11, 3, 0), "share_lost": 0.25},  # noqa: DTZ001 - UTC
    ],
    "devices_day": [{"area_code": COUNTRY, "date": MONDAY, **hours(40_000, h08=38_000)}],
    "official_commuting": [
        {"origin_code": ALDER, "destination_code": BIRCH, "people": 60},
        {"origin_code": BIRCH, "destination_code": ALDER, "people": 30},
        {"origin_code": BIRCH, "destination_code": BIRCH, "people": 500},
    ],
    "official_visits": [
        {"period": "2022", "area_code": COUNTRY, "country_of_residence": "FR", "visits": 1000.0, "relative_ci95": 0.1},
        {"period": "2022", "area_code": COUNTRY, "country_of_residence": "WORLD", "visits": 5000.0},
        {"period": "2022-Q1", "area_code": REGION, "country_of_residence": "WORLD", "visits": 700.0},
    ],
    "precision": [*precision(ALDER, 0.02, 0.3), *precision(BIRCH, 0.1, 0.1), *precision(COUNTRY, 0.01, 0.01)],
    "quality": [
        {"metric": "operators_combined", "value": 3.0, "note": "Operators."},
        {"metric": "suppressed_share_resolution_6", "value": 0.0, "note": "Share withheld."},
        {"metric": "suppressed_share_resolution_7", "value": 0.008, "note": "Share withheld."},
        {"metric": "suppressed_share_resolution_7", "area_code": ALDER, "value": 0.01, "note": "Share withheld."},
        {"metric": "suppressed_share_resolution_7", "area_code": BIRCH, "value": 0.0, "note": "Share withheld."},
        {"metric": "suppressed_share_resolution_7", "date": MONDAY, "value": 0.006, "note": "Share withheld."},
        {"metric": "suppressed_share_resolution_7", "date": TUESDAY, "value": 0.012, "note": "Share withheld."},
        {"metric": "operator_disagreement", "area_code": ALDER, "value": 0.04, "note": "Between operators."},
        {"metric": "operator_disagreement", "area_code": BIRCH, "value": 0.09, "note": "Between operators."},
        {"metric": "operator_share:red", "area_code": ALDER, "value": 0.3, "note": "Share observed."},
        {"metric": "operator_share:red", "area_code": BIRCH, "value": 0.4, "note": "Share observed."},
        {"metric": "operator_share:blue", "area_code": ALDER, "value": 0.2, "note": "Share observed."},
        {"metric": "night_people_per_resident", "area_code": ALDER, "value": 0.98, "note": "About 1 if right."},
        {"metric": "night_people_per_resident", "area_code": BIRCH, "value": 1.2, "note": "About 1 if right."},
        {"metric": "sampling_fraction", "value": 0.5, "lower": 0.4, "upper": 0.6, "note": "A metric of its own."},
    ],
}
"""All figures, by the partition that they lie in."""

MANIFEST: dict[str, Any] = {
    "title": "North Wood",
    "kind": "built",
    "synthetic": True,
    "deliveries": [{"delivery_id": "red-2026-11-02", "operator_id": "red", "manifest_sha256": "0" * 64}],
    "parameters": {"threshold": 10},
    "disclosure": {"rule": "Fewer than 10 devices are withheld.", "threshold": 10},
    "time": {
        "time_zone": "Europe/London",
        "period_start": str(MONDAY),
        "period_end": str(TUESDAY),
        "day_types": [{"id": "weekday", "label": "Weekday"}, {"id": "saturday", "label": "Saturday"}],
        "periods": [{"id": PERIOD, "label": "November 2026"}],
        "slots": [{"id": "h08", "label": "08:00 to 09:00", "hours": [8]}],
    },
    "measure_note": "People estimated present.",
    "resolutions": [6, 7],
    "resolution_note": None,
    "area_types": [{"id": "authority", "label": "Local authority"}, {"id": "country", "label": "Country"}],
    "default_area": COUNTRY,
    "map_view": {"longitude": 0.1, "latitude": 52, "zoom": 9.5},
    "source": {
        "name": "Nobody",
        "publisher": None,
        "licence": "for tests",
        "attribution": None,
        "citation": None,
        "url": None,
    },
    "caveats": ["The data are made up."],
    "quality": {"operators_combined": 3},
}


def write_release(
    releases: Path,
    name: str = "wood",
    *,
    only: Sequence[str] | None = None,
    figures: Mapping[str, Rows] | None = None,
    **manifest: Any,
) -> Path:
    """Write the release, or only some of its tables; `figures` replaces those of a partition."""
    known = reference()
    with ReleaseWriter(releases, name) as writer:
        for part, resolution in enumerate((6, 7)):
            writer.write("cells", known.cells[resolution], part=part)
        outlines = pa.array([SQUARE] * known.areas.num_rows, pa.binary())
        place = known.areas.schema.get_field_index("geometry")
        areas = known.areas.set_column(place, "geometry", outlines)
        writer.write("areas", areas.replace_schema_metadata(GEOPARQUET))
        writer.write("places", known.places)
        writer.write("countries", known.countries)
        for partition, rows in {**FIGURES, **(figures or {})}.items():
            table, *folders = partition.split("/")
            if only is None or table in only:
                schema = release_tables()[table].file_schema
                values = pa.Table.from_pylist(list(rows), schema=schema)
                writer.write(table, values, **dict(folder.split("=") for folder in folders))
        return writer.publish({**MANIFEST, **manifest})
