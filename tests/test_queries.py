"""Every query says truly what it is, and gives what is expected of a release of a few rows."""

import datetime as dt
import json

import duckdb
import pytest
from build_world import ALDER, ALDER_CELLS, BIRCH, BIRCH_CELLS, CHILDREN, COUNTRY, MONDAY, NATION, PARENT, REGION
from release_world import A1, A2, A3, A4, B1, B2, B3, PERIOD, SQUARE, TUESDAY, write_release

from cellcount import queries
from cellcount.queries import Condition, QueryFaultyError, QueryMissingError, read_query
from cellcount.standard import release_tables
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
        ["h3", "people", "people_per_km2"],
        [(A1, 110.5, pytest.approx(22.1)), (B1, 55.5, pytest.approx(11.1))],
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
]


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return open_release(write_release(tmp_path_factory.mktemp("queries")), cache=AnswerCache(0))


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
    with pytest.raises(QueryMissingError, match="The queries are area_hours"):
        queries.load(name)
