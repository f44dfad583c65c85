"""Every query says truly what it is, and gives what is expected of a release of a few rows."""

import datetime as dt
import json
import re

import duckdb
import pytest
from build_world import (
    ALDER,
    ALDER_CELLS,
    BIRCH,
    BIRCH_CELLS,
    CHILDREN,
    COUNTRY,
    MONDAY,
    NATION,
    PARENT,
    REGION,
    hours,
)
from release_world import A1, A2, A3, A4, B1, B2, B3, PERIOD, SQUARE, TUESDAY, write_release

from cellcount import queries
from cellcount.queries import Condition, QueryFaultyError, QueryMissingError, read_query
from cellcount.standard import DAY_PARTS, release_tables
from cellcount.store import AnswerCache, open_release

DATES = {"first": MONDAY, "last": TUESDAY}
ON_MONDAY = {"resolution": 7, "date": MONDAY}
WEEKDAY = {"resolution": 7, "period": PERIOD, "day_type": "weekday"}

# Query, parameters, the columns that are looked at, and the rows that they must have. Of wide tables three hours are
# looked at, of which 08:00 differs from the others.
EXPECTED = [
    (
        "present_hour",
        {**ON_MONDAY, "hour": 8},
        ["h3", "people"],
        [(A1, 110), (A2, 220), (A3, None), (A4, 440), (B1, 55), (B2, 65), (B3, 0)],
    ),
    ("present_hour", {**ON_MONDAY, "resolution": 6, "hour": 9}, ["h3", "people"], [(PARENT, 1110)]),
    ("present_hour", {**ON_MONDAY, "date": MONDAY + dt.timedelta(30), "hour": 9}, ["h3", "people"], []),
    (
        "present_hour_of_area",
        {**ON_MONDAY, "area": BIRCH, "hour": 8},
        ["h3", "people"],
        [(B1, 55), (B2, 65), (B3, 0)],
    ),
    (
        "present_hour_of_area",
        {**ON_MONDAY, "date": TUESDAY, "area": COUNTRY, "hour": 23},
        ["h3", "people"],
        [(A1, 101), (B1, 51)],
    ),
    (
        "present_day_of_area",
        {**ON_MONDAY, "area": ALDER},
        ["h3", "h00", "h08", "h23"],
        [(A1, 100, 110, 100), (A2, 200, 220, 200), (A3, 300, None, 300), (A4, 400, 440, 400)],
    ),
    (
        "present_of_cells",
        {"cells": [A1, B3], "resolution": 7, **DATES},
        ["h3", "date", "h07", "h08"],
        [(A1, MONDAY, 100, 110), (A1, TUESDAY, 101, 111), (B3, MONDAY, 0, 0)],
    ),
    ("present_of_cells", {"cells": [], "resolution": 7, **DATES}, ["h3"], []),
    (
        "history_of_area",
        {"area": BIRCH, "resolution": 7, **DATES},
        ["h3", "date", "h07", "h08"],
        [(B1, MONDAY, 50, 55), (B1, TUESDAY, 51, 56), (B2, MONDAY, 60, 65), (B3, MONDAY, 0, 0)],
    ),
    (
        "history_in_view",
        {
            "area": ALDER,
            "resolution": 7,
            "parents": [PARENT],
            "parent_resolution": 6,
            **DATES,
        },
        ["h3", "date", "h08"],
        [(A1, MONDAY, 110), (A1, TUESDAY, 111), (A2, MONDAY, 220), (A3, MONDAY, None), (A4, MONDAY, 440)],
    ),
    (
        "history_in_view",
        {
            "area": COUNTRY,
            "resolution": 7,
            "parents": [],
            "parent_resolution": 6,
            **DATES,
        },
        ["h3"],
        [],
    ),
    (
        "typical_day_of_area",
        {**WEEKDAY, "area": ALDER},
        ["h3", "l07", "l08", "dates_used"],
        [(A1, 100.5, 110.5, 2), (A2, None, None, 2)],
    ),
    (
        "area_hours",
        {"area": REGION, "first": MONDAY, "last": MONDAY},
        ["area_code", "date", "people_h07", "people_h08", "se_h07", "se_h08"],
        [
            (ALDER, MONDAY, 1000, 1070, 20.0, 20.0),
            (BIRCH, MONDAY, 110, None, 6.0, None),
            (REGION, MONDAY, 1110, 1190, 21.0, 21.0),
        ],
    ),
    (
        "typical_areas",
        {"area": COUNTRY, "period": PERIOD, "day_type": "weekday"},
        ["area_code", "people_l08", "se_l08", "dates_used"],
        [(ALDER, 1000.5, 5.0, 2), (BIRCH, 110.0, 5.0, 2)],
    ),
    (
        "cells_of_area",
        {"area": BIRCH, "resolution": 7},
        ["h3", "area_code", "area_km2", "land_share", "residents", "place_type"],
        [(cell, BIRCH, 5.0, 1.0, 1000.0, "town") for cell in BIRCH_CELLS],
    ),
    (
        "cells_in_view",
        {"area": BIRCH, "resolution": 7, "parents": [PARENT], "parent_resolution": 6},
        ["h3", "area_code"],
        [(cell, BIRCH) for cell in BIRCH_CELLS],
    ),
    ("cells_in_view", {"area": COUNTRY, "resolution": 7, "parents": [B1], "parent_resolution": 7}, ["h3"], [(B1,)]),
    ("cells_in_view", {"area": COUNTRY, "resolution": 7, "parents": [], "parent_resolution": 6}, ["h3"], []),
    (
        "present_day_in_view",
        {**ON_MONDAY, "area": COUNTRY, "parents": [A1, B2], "parent_resolution": 7},
        ["h3", "h00", "h08", "h23"],
        [(A1, 100, 110, 100), (B2, 60, 65, 60)],
    ),
    (
        "present_day_in_view",
        {**ON_MONDAY, "area": ALDER, "parents": [PARENT], "parent_resolution": 6},
        ["h3", "h08"],
        [(A1, 110), (A2, 220), (A3, None), (A4, 440)],
    ),
    (
        "typical_day_in_view",
        {**WEEKDAY, "area": COUNTRY, "parents": [A1], "parent_resolution": 7},
        ["h3", "l08", "dates_used"],
        [(A1, 110.5, 2)],
    ),
    ("cells_by_resolution", {"area": ALDER}, ["resolution", "cells", "area_km2"], [(6, 1, 5.0), (7, 4, 20.0)]),
    ("cell", {"h3": B1}, ["h3", "area_code", "area_km2"], [(B1, BIRCH, 5.0)]),
    (
        "areas",
        {},
        ["area_code", "area_name", "area_type", "parent_code", "residents", "centre_lon", "centre_lat", "area_km2"],
        [
            (ALDER, "Alder", "authority", REGION, 4000.0, 0.1, 52.2, 20.0),
            (BIRCH, "Birch", "authority", REGION, 3000.0, 0.1, 52.2, 20.0),
            (NATION, "England", "nation", COUNTRY, 7000.0, 0.1, 52.2, 20.0),
            (REGION, "North Wood", "region", NATION, 7000.0, 0.1, 52.2, 20.0),
            (COUNTRY, "United Kingdom", "country", None, 7000.0, 0.1, 52.2, 20.0),
        ],
    ),
    (
        "area_outlines",
        {"area_type": "region"},
        ["area_code", "area_name", "geometry"],
        [(REGION, "North Wood", SQUARE)],
    ),
    (
        "places",
        {"kinds": ["city", "town"]},
        ["place_id", "place_name", "kind", "lon", "lat", "population", "area_code"],
        [("1", "Alder", "town", 0.1, 52.2, None, ALDER)],
    ),
    ("places", {"kinds": ["airport"]}, ["place_id"], []),
    ("countries", {}, ["country_code", "country_name"], [("FR", "France"), ("GB", "Britain")]),
    (
        "busiest_cells",
        {**ON_MONDAY, "area": COUNTRY, "hour": 8, "most": 3},
        ["h3", "people", "people_per_km2"],
        [(A4, 440, 88.0), (A2, 220, 44.0), (A1, 110, 22.0)],
    ),
    (
        "busiest_typical_cells",
        {**WEEKDAY, "area": COUNTRY, "hour": 8, "most": 3},
        ["h3", "people", "dates_used", "people_per_km2"],
        [(A1, 110.5, 2, pytest.approx(22.1)), (B1, 55.5, 2, pytest.approx(11.1))],
    ),
    (
        "precision_of_areas",
        {"area": REGION},
        ["area_code", "day_part", "coverage_p", "over_dispersion", "share_cv", "calibration_factor"],
        [
            (code, part, 0.5, 1.0, share_cv if part != "night" else at_night, 1.02)
            for code, share_cv, at_night in ((ALDER, 0.02, 0.3), (BIRCH, 0.1, 0.1))
            for part in sorted(DAY_PARTS)
        ],
    ),
    (
        "precision_of_areas",
        {"area": BIRCH},
        ["day_part", "placement_cv", "placement_density", "placement_power", "placement_floor", "placement_decay"],
        [(part, 0.0, 300.0, 1.5, 0.0, 0.5) for part in sorted(DAY_PARTS)],
    ),
    # 21 of 1,110 twice, 20 of 1,001 and of 1,000, and 6 of 110: the third of five.
    (
        "precision_of_totals",
        {},
        ["calendar_month", "dates", "figures", "known", "error"],
        [("2026-11", 2, 5, 5, pytest.approx(20 / 1001))],
    ),
    # 0 of 60, 12 of 500 and 5 of 40.
    (
        "precision_of_trips_of_day",
        {"date": MONDAY},
        ["purpose", "figures", "known", "error"],
        [("all", 4, 3, pytest.approx(0.024)), ("home_work", 1, 1, pytest.approx(0.2))],
    ),
    # From home to work 8 of 800 and 4 of 20: the mean of these two.
    (
        "precision_of_trips_of_month",
        {"month": "2026-11"},
        ["purpose", "figures", "known", "error"],
        [("all", 1, 1, pytest.approx(0.125)), ("home_work", 3, 2, pytest.approx(0.105))],
    ),
    # 3 of 5,000, 3 of 50, 3 of 30 and 4 of 10: the mean of 0.06 and 0.1.
    (
        "precision_of_visits",
        {"month": "2026-11"},
        ["figures", "known", "error"],
        [(5, 4, pytest.approx(0.08))],
    ),
    ("precision_of_visitors", {"month": "2026-11"}, ["figures", "known", "error"], [(2, 1, pytest.approx(0.15))]),
    ("precision_of_presence_by_home", {"date": MONDAY}, ["figures", "known", "error"], [(4, 3, pytest.approx(0.01))]),
    (
        "precision_of_usual_places",
        {},
        ["label", "figures", "known", "with_days", "error"],
        [("home", 1, 1, 0, pytest.approx(10 / 900)), ("work", 2, 1, 0, pytest.approx(0.03))],
    ),
    (
        "quality_figures",
        {},
        ["metric", "area_code", "date", "value", "lower", "upper"],
        [
            ("night_people_per_resident", ALDER, None, 0.98, None, None),
            ("night_people_per_resident", BIRCH, None, 1.2, None, None),
            ("operator_disagreement", ALDER, None, 0.04, None, None),
            ("operator_disagreement", BIRCH, None, 0.09, None, None),
            ("operator_share:blue", ALDER, None, 0.2, None, None),
            ("operator_share:red", ALDER, None, 0.3, None, None),
            ("operator_share:red", BIRCH, None, 0.4, None, None),
            ("operators_combined", None, None, 3.0, None, None),
            ("sampling_fraction", None, None, 0.5, 0.4, 0.6),
            ("suppressed_share_resolution_6", None, None, 0.0, None, None),
            ("suppressed_share_resolution_7", ALDER, None, 0.01, None, None),
            ("suppressed_share_resolution_7", BIRCH, None, 0.0, None, None),
            ("suppressed_share_resolution_7", None, MONDAY, 0.006, None, None),
            ("suppressed_share_resolution_7", None, TUESDAY, 0.012, None, None),
            ("suppressed_share_resolution_7", None, None, 0.008, None, None),
        ],
    ),
    (
        "coverage_lost",
        {},
        ["h3_parent", "hour_utc", "share_lost"],
        [
            (PARENT, dt.datetime(2026, 11, 2, 23), 0.5),  # noqa: DTZ001 - UTC
            (PARENT, dt.datetime(2026, 11, 3, 0), 0.25),  # noqa: DTZ001 - UTC
        ],
    ),
    ("busiest_workplace", {}, ["h3", "people", "se"], [(A2, 300, 9.0)]),
    # November is the later month, and only 2 of its days are covered; of October 20 are.
    (
        "largest_commuting_flow",
        {},
        ["month", "origin_code", "destination_code", "trips", "days", "se"],
        [("2026-10", ALDER, BIRCH, 900, 20, 9.0)],
    ),
    # 3 + 4 is 7: the lengths of stay share the operators' uncertain shares; 5, as if independent, is too little.
    # Germany's visits are more, and one of its lengths of stay is withheld.
    (
        "most_visits",
        {"area": COUNTRY},
        ["month", "country_of_residence", "visits", "se"],
        [("2026-11", "FR", 40, 7.0)],
    ),
    # Birch has a single day type; of the nation no typical day is known.
    (
        "night_residents",
        {"kind": "authority"},
        ["area_code", "area_name", "residents", "people"],
        [(ALDER, "Alder", 4000.0, 1000.5), (BIRCH, "Birch", 3000.0, 110.0)],
    ),
    ("night_factors", {}, ["area_code", "calibration_factor"], [(ALDER, 1.02), (BIRCH, 1.02), (COUNTRY, 1.02)]),
    # Alder to Birch: 900 + 20 trips in 20 + 2 days. Birch to Alder is withheld; within Birch nothing was observed.
    (
        "commuting_pairs",
        {},
        ["origin_code", "destination_code", "trips_per_day", "people"],
        [
            (ALDER, ALDER, 400.0, None),
            (ALDER, BIRCH, pytest.approx(920 / 22), 60),
            (BIRCH, ALDER, None, 30),
            (BIRCH, BIRCH, 0.0, 500),
        ],
    ),
    # France: 100 in October and 30 + 10 in November. One of Germany's lengths of stay is withheld.
    (
        "visits_by_country",
        {"area": COUNTRY},
        ["country_of_residence", "visits", "withheld"],
        [("DE", 50, 1), ("FR", 140, 0)],
    ),
    (
        "visits_in_month",
        {"month": "2026-11"},
        ["area_code", "country_of_residence", "stay", "visits", "nights", "repeat_visits", "se"],
        [
            (COUNTRY, "DE", "2-3", 50, 120, None, 3.0),
            (COUNTRY, "DE", "8+", None, None, None, None),
            (COUNTRY, "FR", "1", 10, 10, None, 4.0),
            (COUNTRY, "FR", "same_day", 30, 0, None, 3.0),
            (COUNTRY, "GB", "1", 5000, 5000, None, 3.0),
        ],
    ),
    (
        "countries_of_visits",
        {"area": COUNTRY},
        ["country_of_residence", "visits"],
        [("GB", 5000), ("FR", 140), ("DE", 50)],
    ),
    (
        "visitors_by_cell",
        {"area": ALDER, "month": "2026-11"},
        ["h3", "country_of_residence", "day_part", "people", "se"],
        [(A1, "FR", "night", 20, 3.0)],
    ),
    (
        "trips_abroad",
        {"area": REGION, "month": "2026-11"},
        ["home_area_code", "country", "trips", "nights", "se"],
        [(ALDER, "FR", 30, 90, 4.0), (BIRCH, "FR", None, None, None)],
    ),
    (
        "flows_of_day",
        {"date": MONDAY, "purpose": "all"},
        ["origin_code", "destination_code", "h08", "trips", "km_total"],
        [
            (ALDER, ALDER, None, 500, 1500.0),
            (ALDER, BIRCH, None, 40, 400.0),
            (BIRCH, ALDER, None, None, None),
            (BIRCH, BIRCH, None, 60, 100.0),
        ],
    ),
    ("flows_of_day", {"date": MONDAY, "purpose": "home_work"}, ["trips"], [(20,)]),
    (
        "flows_of_month",
        {"month": "2026-11", "purpose": "all"},
        ["origin_code", "destination_code", "trips", "days", "km_total"],
        [(ALDER, BIRCH, 40, 2, 400.0)],
    ),
    (
        "present_by_home",
        {"area": REGION, "date": MONDAY, "day_part": "midday"},
        ["home_area_code", "people", "se"],
        [(ALDER, 900, 9.0), (BIRCH, None, None)],
    ),
    (
        "official_visits",
        {"area": COUNTRY},
        ["period", "country_of_residence", "visits", "relative_ci95"],
        [("2022", "FR", 1000.0, 0.1), ("2022", "WORLD", 5000.0, None)],
    ),
    (
        "history_of_cells",
        {"cells": [A1, A3, B3], "resolution": 7, **DATES},
        ["h3", "date", "h07", "h08"],
        [(A1, MONDAY, 100, 110), (A1, TUESDAY, 101, 111), (A3, MONDAY, 300, None), (B3, MONDAY, 0, 0)],
    ),
    (
        "history_of_cells",
        {"cells": [A1], "resolution": 7, "first": TUESDAY, "last": TUESDAY},
        ["h3", "date"],
        [(A1, TUESDAY)],
    ),
    ("history_of_cells", {"cells": [], "resolution": 7, **DATES}, ["h3"], []),
    ("active_devices", DATES, ["area_code", "date", "h07", "h08"], [(COUNTRY, MONDAY, 40_000, 38_000)]),
    ("active_devices", {"first": TUESDAY, "last": TUESDAY}, ["date"], []),
    (
        "segments_of_cells",
        {"cells": [A1, B1], "resolution": 7, **DATES},
        ["h3", "segment", "date", "h07", "h08"],
        [(A1, "at_home", MONDAY, 70, 20), (A1, "at_work", MONDAY, 30, None), (B1, "at_home", TUESDAY, 5, 5)],
    ),
    (
        "segments_of_cells",
        {"cells": [A1, B1], "resolution": 7, "first": TUESDAY, "last": TUESDAY},
        ["h3", "segment"],
        [(B1, "at_home")],
    ),
    # Trips within Alder are none out of it.
    (
        "trips_out_of",
        {"areas": [ALDER], **DATES},
        ["date", "destination_code", "trips", "withheld", "variance"],
        [(MONDAY, BIRCH, 40, 0, 25.0)],
    ),
    (
        "trips_out_of",
        {"areas": [BIRCH], **DATES},
        ["date", "destination_code", "trips", "withheld", "variance"],
        [(MONDAY, ALDER, None, 1, None)],
    ),
    ("trips_out_of", {"areas": [ALDER, BIRCH], **DATES}, ["destination_code"], []),
]

SEGMENTS = {
    f"present_segment/segment=at_home/resolution=7/date={MONDAY}": [
        {"h3": A1, **hours(70, h08=20)},
        {"h3": A2, **hours(80)},
    ],
    f"present_segment/segment=at_work/resolution=7/date={MONDAY}": [{"h3": A1, **hours(30, h08=None)}],
    f"present_segment/segment=at_home/resolution=7/date={TUESDAY}": [{"h3": B1, **hours(5)}],
}
"""What people are there for, which the release of the other tests does not tell."""


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return open_release(write_release(tmp_path_factory.mktemp("queries"), figures=SEGMENTS), cache=AnswerCache(0))


@pytest.mark.parametrize(("name", "parameters", "columns", "rows"), EXPECTED, ids=[case[0] for case in EXPECTED])
def test_a_query_gives_what_is_expected(release, name, parameters, columns, rows):
    answer = release.run(name, **parameters)
    given = list(zip(*(answer.table.column(column).to_pylist() for column in columns), strict=True))
    if "ORDER BY" not in answer.query.sql:
        given.sort()
    assert given == rows


def test_every_query_is_expected_something_of():
    assert sorted({case[0] for case in EXPECTED}) == queries.names()


@pytest.fixture(scope="module")
def declared_tables():
    """An empty database with every table of a release, as declared."""
    connection = duckdb.connect()
    for name, table in release_tables().items():
        columns = ", ".join(f"{column.name} {column.physical_type}" for column in table.columns)
        connection.execute(f"CREATE TABLE {name} ({columns})")
    return connection


EXAMPLES = {
    "VARCHAR": "x",
    "VARCHAR[]": ["x"],
    "DATE": MONDAY,
    "UTINYINT": 8,
    "BIGINT": 2**60,
    "BIGINT[]": [2**60],
}


@pytest.mark.parametrize("name", queries.names())
class TestTheHeaderOfAQuery:
    def test_names_the_parameters_that_duckdb_finds(self, name):
        query = queries.load(name)
        statements = duckdb.extract_statements(query.sql)
        assert [statement.type for statement in statements] == [duckdb.StatementType.SELECT]
        assert statements[0].named_parameters == {parameter.name for parameter in query.parameters}

    def test_names_the_columns_that_duckdb_gives(self, name, declared_tables):
        query = queries.load(name)
        values = {parameter.name: EXAMPLES[parameter.type] for parameter in query.parameters}
        described = declared_tables.sql(query.sql, params=values)
        assert described.columns == [column.name for column in query.returns]

    def test_finds_the_tables_that_duckdb_reads(self, name, declared_tables):
        query = queries.load(name)
        serialised = declared_tables.execute("SELECT json_serialize_sql($sql)", {"sql": query.sql}).fetchone()
        assert query.tables == tuple(sorted(set(tables_in(json.loads(serialised[0]))) & set(release_tables())))

    def test_names_files_by_partitions_that_the_statement_compares(self, name):
        query = queries.load(name)
        for files in query.files:
            assert files.table in query.tables
            for condition in files.conditions:
                assert condition.column in release_tables()[files.table].partitions
                bounds = (
                    f"{condition.column} = ${condition.first}",
                    f"{condition.column} BETWEEN ${condition.first} AND ${condition.last}",
                )
                assert any(bound in query.sql for bound in bounds)

    def test_reads_nothing_but_tables_of_a_release(self, name, declared_tables):
        """No file, no function that reads one, no delivery's table: what a page can show is what was protected."""
        sql = queries.load(name).sql
        serialised = json.loads(declared_tables.execute("SELECT json_serialize_sql($sql)", {"sql": sql}).fetchone()[0])
        named = set(re.findall(r"(\w+) AS (?:NOT MATERIALIZED )?\(", sql))
        assert set(tables_in(serialised)) - named <= set(release_tables())
        assert "TABLE_FUNCTION" not in set(kinds_in(serialised))

    def test_reads_like_a_sentence(self, name):
        query = queries.load(name)
        assert query.summary.endswith(".")
        assert len(query.summary.split()) > 4


def tables_in(tree):
    """Every table that a serialised statement names."""
    if isinstance(tree, dict):
        if tree.get("type") == "BASE_TABLE":
            yield tree["table_name"]
        for value in tree.values():
            yield from tables_in(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from tables_in(value)


def kinds_in(tree):
    """What kind of relation each part of a serialised statement is."""
    if isinstance(tree, dict):
        if isinstance(tree.get("type"), str):
            yield tree["type"]
        for value in tree.values():
            yield from kinds_in(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from kinds_in(value)


@pytest.mark.parametrize(("name", "parameters"), [case[:2] for case in EXPECTED], ids=[case[0] for case in EXPECTED])
def test_reading_only_the_named_files_changes_no_answer(release, declared_tables, name, parameters):
    query = queries.load(name)
    narrowed = release.run(name, **parameters).table
    whole = release._connection().sql(query.sql, params=parameters).to_arrow_table()
    assert narrowed.equals(whole)


def test_an_area_is_all_that_is_inside_it_at_any_depth(release):
    for area in (REGION, NATION, COUNTRY):
        cells = release.run("cells_of_area", area=area, resolution=7).table.column("h3").to_pylist()
        assert cells == CHILDREN
    assert release.run("cells_of_area", area="Atlantis", resolution=7).table.num_rows == 0
    assert release.run("cells_of_area", area=ALDER, resolution=7).table.column("h3").to_pylist() == ALDER_CELLS


HEADER = """-- What is where.
-- Grain: cell.
-- Param: $resolution UTINYINT H3 resolution,
--   of the cells.
-- Param: $first DATE first day
-- Param: $last DATE last day
-- Files: present where resolution = $resolution and date between $first and $last
-- Returns: h3 cell; h00 ... h02 people
"""
SELECT = "SELECT h3, h00, h01, h02 FROM present JOIN cells USING (h3)\n"


def written(tmp_path, text):
    file = tmp_path / "what.sql"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_header_is_read(tmp_path):
    query = read_query(written(tmp_path, HEADER + SELECT))
    assert query.summary == "What is where."
    assert query.grain == "cell"
    assert [(each.name, each.type, each.meaning) for each in query.parameters] == [
        ("resolution", "UTINYINT", "H3 resolution, of the cells"),
        ("first", "DATE", "first day"),
        ("last", "DATE", "last day"),
    ]
    assert [(each.name, each.meaning) for each in query.returns] == [
        ("h3", "cell"),
        ("h00", "people"),
        ("h01", "people"),
        ("h02", "people"),
    ]
    assert query.tables == ("cells", "present")
    assert [files.table for files in query.files] == ["present"]
    assert query.files[0].conditions == (
        Condition("resolution", "resolution", "resolution"),
        Condition("date", "first", "last"),
    )
    assert query.sql == SELECT.strip()


@pytest.mark.parametrize(
    ("said", "instead", "told"),
    [
        ("-- What is where.\n", "", "begins with a comment"),
        ("-- What is where.\n", "-- What is where\n", "begins with a comment"),
        ("-- Grain: cell.\n", "", "lacks its Grain"),
        ("Grain:", "Grains:", "'Grains: cell.'; it must say Grain, Param, Files or Returns"),
        ("$resolution UTINYINT", "resolution UTINYINT", r"it must say \$name TYPE meaning"),
        ("where resolution = $resolution and", "where resolution > $resolution and", "it must say table where column"),
        ("present where", "present by", "it must say table where column"),
        ("h3 cell;", "h3;", "'h3'; it must say column meaning"),
        ("h00 ... h02", "hour ... h02", r"it must say h00 \.\.\. h23 meaning"),
        (SELECT, "", "has one SELECT after it"),
    ],
)
def test_a_faulty_header_is_told_with_the_file_and_what_it_must_say(tmp_path, said, instead, told):
    text = HEADER + SELECT
    assert said in text
    with pytest.raises(QueryFaultyError, match=rf"what\.sql.*{told}"):
        read_query(written(tmp_path, text.replace(said, instead)))


@pytest.mark.parametrize("name", ["no_such_query", "../data/standard/rules", "PRESENT_HOUR", ""])
def test_a_name_that_is_no_query_is_refused(name):
    with pytest.raises(QueryMissingError, match="The queries are active_devices, area_hours"):
        queries.load(name)
