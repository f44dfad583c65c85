"""Official tables go into a new release beside the old one, whole or not at all, in today's authorities."""

import csv
import gzip
import io
import json
import re
import zipfile

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
from build_world import ALDER, BIRCH, COUNTRY, REGION
from release_world import write_release
from typer.testing import CliRunner

from cellcount import geography
from cellcount.__main__ import app
from cellcount.build.release import check_release
from cellcount.errors import CellCountError
from cellcount.importers import census_od, into_existing, overseas_visits, tables
from cellcount.importers.census_od import SUCCESSORS, import_census_od, read_census_od
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.overseas_visits import import_overseas_visits, read_overseas_visits
from cellcount.store import list_releases, open_release

HEADER = (
    "Lower tier local authorities code,Lower tier local authorities label,LTLA of workplace code,"
    "LTLA of workplace label,Place of work indicator (4 categories) code,"
    "Place of work indicator (4 categories) label,Count\n"
)
ABROAD = "999999999"


def row(origin, destination, indicator, people):
    return f'{origin},"Somewhere, the",{destination},Else,{indicator},Works,{people}\n'


CENSUS = HEADER + "".join(
    [
        row(ALDER, ALDER, 1, 70),  # at home
        row(ALDER, ALDER, 3, 40),
        row(ALDER, BIRCH, 3, 30),
        row(BIRCH, ALDER, 3, 20),
        row(BIRCH, ABROAD, 2, 3),
    ]
)
VISITS = (
    "area,year,visits_thousands\nFrance,2020,-\nFrance,2021,1\nFrance,2022,2.5\nEurope,2022,9\nTotal World,2022,12\n"
)


@pytest.fixture
def release(tmp_path):
    without = {"official_commuting": [], "official_visits": []}
    return write_release(tmp_path / "releases", "wood", only=ONLY, figures=without)


ONLY = ["present", "present_history", "typical_area", "flows_month"]


@pytest.fixture
def census(tmp_path):
    file = tmp_path / "ODWP01EW_LTLA.csv"
    file.write_text(CENSUS, encoding="utf-8")
    return file


@pytest.fixture
def visits(tmp_path):
    file = tmp_path / "visits.csv"
    file.write_text(VISITS, encoding="utf-8")
    return file


def rows_of(release, table):
    return pq.read_table(release / table).to_pylist()


def manifest_of(release):
    return json.loads((release / "manifest.json").read_text(encoding="utf-8"))


def everything_in(folder):
    return {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


# --- Into a release -------------------------------------------------------------------------------------------------


def test_the_new_release_has_all_of_the_old_one_and_the_table(release, census):
    before = everything_in(release)
    made = import_census_od(census, release)
    assert made.new
    assert made.release.parent == release.parent
    assert check_release(made.release) == []
    assert everything_in(release) == before
    after = everything_in(made.release)
    assert {path: after[path] for path in before if path.name != "manifest.json"} == {
        path: content for path, content in before.items() if path.name != "manifest.json"
    }
    assert open_release(made.release).has("official_commuting")


def test_the_manifest_says_whose_the_table_is(release, census):
    manifest = manifest_of(import_census_od(census, release).release)
    assert manifest["title"] == "North Wood, with commuting of the Census 2021"
    (added,) = manifest["parameters"]["added"]
    assert added["table"] == "official_commuting"
    assert added["source"]["publisher"] == "Office for National Statistics"
    assert added["source"]["licence"] == "Open Government Licence v3.0"
    assert added["files"][0]["name"] == "ODWP01EW_LTLA.csv"
    # What the old release said of its own source stays.
    assert manifest["source"] == manifest_of(release)["source"]
    assert manifest["parameters"]["threshold"] == 10


def test_the_same_import_twice_does_nothing(release, census):
    first = import_census_od(census, release)
    stamp = (first.release / "manifest.json").stat().st_mtime_ns
    again = import_census_od(census, release)
    into_itself = import_census_od(census, first.release)
    assert (again.release, again.new) == (first.release, False)
    assert (into_itself.release, into_itself.new) == (first.release, False)
    assert (first.release / "manifest.json").stat().st_mtime_ns == stamp
    assert len(list(release.parent.iterdir())) == 2


def test_two_imports_one_after_the_other_give_both(release, census, visits):
    both = import_overseas_visits([visits], import_census_od(census, release).release).release
    opened = open_release(both)
    assert opened.has("official_commuting")
    assert opened.has("official_visits")
    assert [each["table"] for each in manifest_of(both)["parameters"]["added"]] == [
        "official_commuting",
        "official_visits",
    ]
    assert not [each.fault for each in list_releases(release.parent) if each.fault]


def test_another_table_of_the_same_kind_is_refused(release, census, tmp_path):
    made = import_census_od(census, release).release
    other = tmp_path / "other.csv"
    other.write_text(CENSUS.replace(",30\n", ",31\n"), encoding="utf-8")
    with pytest.raises(ImportRefusedError, match=r"from other files already .ODWP01EW_LTLA\.csv."):
        import_census_od(other, made)


def test_where_the_disk_has_no_hard_links_files_are_copied(release, census, monkeypatch):
    def refuse(*_):
        raise OSError("not supported")

    monkeypatch.setattr(into_existing.os, "link", refuse)
    made = import_census_od(census, release).release
    assert check_release(made) == []
    assert all(file.stat().st_nlink == 1 for file in made.rglob("*.parquet"))


def test_files_are_not_kept_twice_where_the_disk_has_hard_links(release, census):
    made = import_census_od(census, release).release
    assert (made / "cells" / "part-000.parquet").samefile(release / "cells" / "part-000.parquet")


def test_an_import_that_is_stopped_leaves_nothing(release, census, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(into_existing.ReleaseWriter, "publish", stop)
    with pytest.raises(KeyboardInterrupt):
        import_census_od(census, release)
    assert [each.name for each in release.parent.iterdir()] == ["wood"]


@pytest.mark.parametrize("damage", ["changed", "missing", "no release"])
def test_nothing_is_added_to_what_is_no_whole_release(release, census, damage):
    file = release / "cells" / "part-000.parquet"
    if damage == "changed":
        content = bytearray(file.read_bytes())
        content[100] ^= 1
        file.write_bytes(content)
    elif damage == "missing":
        file.unlink()
    into = release if damage != "no release" else release / "cells"
    with pytest.raises(CellCountError) as told:
        import_census_od(census, into)
    assert str(told.value).endswith(".")
    assert [each.name for each in release.parent.iterdir()] == ["wood"]


# --- The census -----------------------------------------------------------------------------------------------------


def test_who_works_at_home_or_nowhere_fixed_is_left_out(release, census):
    made = import_census_od(census, release)
    assert rows_of(made.release, "official_commuting") == [
        {"origin_code": ALDER, "destination_code": ALDER, "people": 40},
        {"origin_code": ALDER, "destination_code": BIRCH, "people": 30},
        {"origin_code": BIRCH, "destination_code": ALDER, "people": 20},
    ]
    assert manifest_of(made.release)["parameters"]["added"][0]["facts"]["home_workers_within"] is False


@pytest.mark.parametrize("form", ["zip", "gzip", "parquet"])
def test_the_table_is_taken_as_it_is_published(tmp_path, form):
    file = tmp_path / f"odwp01ew.{form}"
    if form == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("ODWP01EW_MSOA.csv", "Middle layer Super Output Areas code\nE02000001\n")
            archive.writestr("ODWP01EW_LTLA.csv", CENSUS)
    elif form == "gzip":
        file.write_bytes(gzip.compress(CENSUS.encode()))
    else:
        pd.read_csv(io.StringIO(CENSUS)).to_parquet(file)
    assert read_census_od(file, [ALDER, BIRCH]).rows.column("people").to_pylist() == [40, 30, 20]


def test_people_of_ended_authorities_go_to_their_successors(tmp_path):
    # Allerdale and Carlisle became Cumberland; Eden became part of Westmorland and Furness.
    file = tmp_path / "od.csv"
    pairs = [("E07000026", "E07000028", 5), ("E07000028", "E07000026", 7), ("E07000026", "E07000030", 11)]
    file.write_text("origin_code,dest_code,count\n" + "".join(f"{a},{b},{n}\n" for a, b, n in pairs))
    found = read_census_od(file, ["E06000063", "E06000064"])
    assert sorted(found.rows.to_pylist(), key=str) == [
        {"origin_code": "E06000063", "destination_code": "E06000063", "people": 12},
        {"origin_code": "E06000063", "destination_code": "E06000064", "people": 11},
    ]
    assert any("3 authorities of 2021 have ended" in note for note in found.notes)
    # A release that still has the old ones keeps them apart.
    assert read_census_od(file, ["E07000026", "E07000028", "E07000030"]).rows.num_rows == 3


def test_what_does_not_match_is_counted_and_said(tmp_path):
    file = tmp_path / "od.csv"
    file.write_text(f"origin_code,dest_code,count\n{ALDER},{BIRCH},90\n{ALDER},S12000033,10\n")
    notes = read_census_od(file, [ALDER, BIRCH]).notes
    assert any("1 pairs with 10 people (10.0%) are left out" in note and "S12000033" in note for note in notes)
    assert any("does not tell who works at or from home" in note for note in notes)
    assert any("smallest count in the file is 10" in note for note in notes)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("Count\n", "Number\n"), "has no column Count. .*Its columns are"),
        (lambda text: text.replace(",30\n", ",-30\n"), "1 counts are negative"),
        (lambda text: text.replace(",30\n", ",\n"), "1 counts are missing"),
        (lambda text: text.replace(",30\n", ",3.5\n"), "1 counts are not whole numbers"),
        (lambda text: text.replace(",30\n", ",thirty\n"), "1 values are not numbers: thirty"),
        (lambda text: text.replace(",30\n", ",5e9\n"), "1 counts are more than all people"),
        (lambda text: text + row(ALDER, BIRCH, 3, 30), "gives 1 pairs more than once"),
        (lambda text: text.replace(",3,", ",4,"), "no row has 3"),
        (lambda text: text.replace(ALDER, "E02000001").replace(BIRCH, "E02000002"), "codes are of another kind"),
        (lambda _: HEADER, "has no rows"),
        (lambda _: "", "is empty"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused_in_words(release, tmp_path, change, told):
    file = tmp_path / "odd.csv"
    file.write_text(change(CENSUS), encoding="utf-8")
    with pytest.raises(ImportRefusedError, match=told):
        import_census_od(file, release)
    assert [each.name for each in release.parent.iterdir()] == ["wood"]


def test_a_damaged_archive_is_refused(tmp_path):
    file = tmp_path / "odwp01ew.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ODWP01EW_LTLA.csv", CENSUS * 50)
    file.write_bytes(file.read_bytes()[:-60])
    with pytest.raises(ImportRefusedError, match="cannot be unpacked"):
        read_census_od(file, [ALDER, BIRCH])


@pytest.mark.parametrize("form", ["zip", "gzip"])
def test_an_archive_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch, form):
    monkeypatch.setattr(census_od, "MOST_BYTES", 1_000_000)
    file = tmp_path / "bomb"
    zeros = b"0" * 5_000_000
    if form == "gzip":
        file.write_bytes(gzip.compress(zeros))
    else:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("ODWP01EW_LTLA.csv", zeros)
    assert file.stat().st_size < 10_000
    with pytest.raises(ImportRefusedError, match="larger than 1 MB when it is unpacked"):
        read_census_od(file, [ALDER, BIRCH])


def test_every_table_has_a_limit_when_it_is_unpacked(tmp_path):
    file = tmp_path / "people.csv.gz"
    file.write_bytes(gzip.compress(b"zone,people\n" + b"1,2\n" * 100_000))
    assert tables.read_table(file).num_rows == 100_000
    with pytest.raises(ImportRefusedError, match="when it is unpacked"):
        tables.read_table(file, most_bytes=1000)


# --- The survey -----------------------------------------------------------------------------------------------------


def test_visits_are_kept_by_country_and_in_full_numbers(release, visits):
    made = import_overseas_visits([visits], release)
    assert rows_of(made.release, "official_visits") == [
        {"period": p, "area_code": COUNTRY, "country_of_residence": c, "visits": v, "relative_ci95": None}
        for p, c, v in [("2021", "FR", 1000.0), ("2022", "FR", 2500.0), ("2022", "WORLD", 12_000.0)]
    ]
    assert "Left out: 1 groups of countries, such as Europe." in made.notes
    assert any(note.startswith("1 figures are left empty by the publisher") for note in made.notes)


def test_visits_by_region_and_quarter(tmp_path):
    file = tmp_path / "regions.csv"
    file.write_text(
        "region_visited,region_of_residence,year,number_of_visits_thousands\n"
        "London,Total World,2022 Qtr 1,1848.9\nOther England,Total World,2022 Qtr 1,1673.2\n"
        "London,Europe,2022 Qtr 1,1262.3\nScotland,Total World,2022 Qtr 4,\n"
    )
    found = read_overseas_visits([file], [COUNTRY, "E12000007", "S92000003"])
    assert found.rows.select(["period", "area_code", "country_of_residence", "visits"]).to_pylist() == [
        {"period": "2022-Q1", "area_code": "E12000007", "country_of_residence": "WORLD", "visits": 1_848_900.0}
    ]
    assert "Left out: visits to Other England, which are no areas of the release." in found.notes


def test_an_interval_is_taken_from_a_second_table_where_both_say_the_same(tmp_path, visits):
    second = tmp_path / "intervals.csv"
    second.write_text("area,year,visits_thousands,relative_ci95\nFrance,2021,1.0004,0.2\nFrance,2022,9,0.1\n")
    found = read_overseas_visits([visits, second], [COUNTRY])
    france = {row["period"]: row for row in found.rows.to_pylist() if row["country_of_residence"] == "FR"}
    assert (france["2021"]["visits"], france["2021"]["relative_ci95"]) == (1000.0, 0.2)
    assert (france["2022"]["visits"], france["2022"]["relative_ci95"]) == (2500.0, None)
    assert any("1 figures differ between the files (France 2022)" in note for note in found.notes)


def workbook(file, sheets):
    """A workbook of text, each sheet given by its rows; above them stands a row that the writer makes."""
    for number, (name, rows) in enumerate(sheets.items()):
        width = max(len(each) for each in rows)
        cells = [[*each, *[None] * (width - len(each))] for each in rows]
        table = pd.DataFrame(cells, columns=[f"c{place}" for place in range(width)], dtype=object)
        pyogrio.write_dataframe(table, file, layer=name, driver="XLSX", append=number > 0)
    return file


MONTHLY = [
    ["1", "Overseas residents' visits to the UK by month"],
    [None, None, "All Visits"],
    [None, None, "NSA", "SA"],
    ["2022", "Jan", "838.6", "2000"],
    [None, "Feb", "1044.8", "2100"],
    ["2023 P", "Jan", "900", None],
    [None, "Jan - Mar", "5000"],
    ["Latest 12 months", None, "31240"],
]
BY_COUNTRY = [
    ["Table 2.08: visits to the UK by country of residence", None],
    [None, "2021", "2022", "Change", "2022"],
    ["North America", "10", "20", "10", "99"],
    ["USA", "9", "18", "9", "99"],
    ["Czech Republic", "-", "3", None, "99"],
    ["Total World", "30", "50", "20", "99"],
]


def test_a_workbook_gives_its_months_and_its_countries_and_nothing_else(tmp_path):
    sheets = {"Index": [["Contents"]], "Table 1": MONTHLY, "2.08": BY_COUNTRY, "2.09": BY_COUNTRY[1:]}
    found = read_overseas_visits([workbook(tmp_path / "visits.xlsx", sheets)], [COUNTRY])
    given = {(row["period"], row["country_of_residence"]): row["visits"] for row in found.rows.to_pylist()}
    assert given == {
        ("2022-01", "WORLD"): 838_600.0,
        ("2022-02", "WORLD"): 1_044_800.0,
        ("2023-01", "WORLD"): 900_000.0,
        ("2021", "US"): 9000.0,
        ("2022", "US"): 18_000.0,
        ("2022", "CZ"): 3000.0,
        ("2021", "WORLD"): 30_000.0,
        ("2022", "WORLD"): 50_000.0,
    }


def test_a_workbook_of_other_tables_is_refused_by_the_names_of_its_sheets(tmp_path):
    file = workbook(tmp_path / "spending.xlsx", {"Index": [["Contents"]], "3.01": [["Spending"]]})
    with pytest.raises(ImportRefusedError, match=r"its sheets are Index, 3\.01"):
        read_overseas_visits([file], [COUNTRY])


def test_a_workbook_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(overseas_visits, "MOST_BYTES", 2000)
    with pytest.raises(ImportRefusedError, match="when it is unpacked"):
        read_overseas_visits([workbook(tmp_path / "visits.xlsx", {"Table 1": MONTHLY})], [COUNTRY])


@pytest.mark.parametrize("damage", ["cut short", "no archive", "other archive"])
def test_a_damaged_workbook_is_refused(tmp_path, damage):
    file = workbook(tmp_path / "visits.xlsx", {"Table 1": MONTHLY})
    if damage == "cut short":
        file.write_bytes(file.read_bytes()[:1500])
    elif damage == "no archive":
        file.write_text("area,year")
    else:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("xl/workbook.xml", "no workbook")
    with pytest.raises(ImportRefusedError, match=r"damaged"):
        read_overseas_visits([file], [COUNTRY])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("region,year,spend\nCanada,2018,1\n", "has no column area"),
        ("area,year,visits_thousands\nFrance,2021,-5\n", "-5000 cannot be visits"),
        ("area,year,visits_thousands\nFrance,2021,many\n", "not numbers: many"),
        ("area,year,visits_thousands\nFrance,21,5\n", "'21' is no year"),
        ("area,year,visits_thousands\nEurope,2021,5\nAtlantis,2021,5\n", "no visits from any country .* .Atlantis"),
        ("region_visited,region_of_residence,year,number_of_visits_thousands\nLondon,x,2022,5\n", "is no quarter"),
    ],
)
def test_a_table_that_is_not_of_visits_is_refused_in_words(release, tmp_path, content, told):
    file = tmp_path / "odd.csv"
    file.write_text(content)
    with pytest.raises(ImportRefusedError, match=told):
        import_overseas_visits([file], release)
    assert [each.name for each in release.parent.iterdir()] == ["wood"]


def test_a_release_of_another_country_takes_no_visits(visits):
    with pytest.raises(ImportRefusedError, match="has no area UK"):
        read_overseas_visits([visits], [REGION])


# --- The command line -----------------------------------------------------------------------------------------------


def test_the_commands_say_what_they_made_and_left_out(release, census, visits):
    run = CliRunner().invoke
    first = run(app, ["import", "census-od", str(census), "--into", str(release)])
    assert first.exit_code == 0, first.output
    made = re.search(r"Imported: (.+)", first.output)[1]
    assert "1 pairs" not in first.output  # what is abroad was left out by its indicator
    second = run(app, ["import", "overseas-visits", str(visits), "--into", made])
    assert second.exit_code == 0, second.output
    assert "Left out: 1 groups of countries" in second.output
    again = run(app, ["import", "census-od", str(census), "--into", str(release)])
    assert f"Already imported: {made}" in again.output


# --- The publisher's own figures ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def codes():
    rows = geography.areas().select(["area_code", "area_type"]).to_pylist()
    return {kind: [row["area_code"] for row in rows if row["area_type"] == kind] for kind in ("authority", "country")}


@pytest.fixture(scope="module")
def real_census(real_data, codes):
    return read_census_od(real_data / "uk-census2021-od" / "odwp01ew_ltla_flows.parquet", codes["authority"])


@pytest.mark.real_data
def test_no_commuter_of_the_census_is_lost(real_census):
    # 27,141,142 people is the total that the file's source states; all of them are in authorities of the reference.
    assert real_census.facts["people"] == 27_141_142
    assert real_census.rows.column("people").to_numpy().sum() == 27_141_142
    assert not any("left out:" in note for note in real_census.notes)


@pytest.mark.real_data
def test_ended_authorities_have_the_successors_of_the_code_history(real_data):
    with (real_data / "uk-boundaries" / "la_all_codes.csv").open(encoding="utf-8-sig") as stream:
        history = {row["LADCD"]: row["LADCD_ACTIVE"] for row in csv.DictReader(stream)}
    assert {code: history[code] for code in SUCCESSORS} == SUCCESSORS


@pytest.fixture(scope="module")
def real_visits(real_data, codes):
    folder = real_data / "uk-ons-overseas-visits"
    files = ["table_2_08_visits_by_country_2018_2022_tidy.csv", "table_2_18_visits_ci_tidy.csv", "overseas_visits.xlsx"]
    found = read_overseas_visits([folder / name for name in files], codes["country"])
    return {(row["period"], row["country_of_residence"]): row for row in found.rows.to_pylist()}


@pytest.mark.real_data
def test_visits_of_the_survey_are_those_that_it_published(real_visits):
    # Travel trends: 40.9 million visits in 2019, 31.2 million in 2022; most from the United States, 4.6 million.
    assert real_visits["2019", "WORLD"]["visits"] == pytest.approx(40.9e6, abs=5e4)
    assert real_visits["2022", "WORLD"]["visits"] == pytest.approx(31.2e6, abs=5e4)
    of_2022 = {iso: row["visits"] for (period, iso), row in real_visits.items() if period == "2022" and iso != "WORLD"}
    assert max(of_2022, key=of_2022.get) == "US"
    assert of_2022["US"] == pytest.approx(4.6e6, abs=5e4)
    assert real_visits["2022", "US"]["relative_ci95"] == pytest.approx(0.043, abs=5e-4)
    assert ("2020", "US") not in real_visits


@pytest.mark.real_data
def test_the_months_of_the_workbook_add_to_its_own_total(real_visits):
    # Its line of the latest 12 months has 31,240 thousand, rounded to ten thousand.
    months = [real_visits[f"2022-{month:02d}", "WORLD"]["visits"] for month in range(1, 13)]
    assert np.sum(months) == pytest.approx(31.24e6, abs=5e3)
    assert np.sum(months) == pytest.approx(real_visits["2022", "WORLD"]["visits"], rel=1e-6)


@pytest.mark.real_data
def test_a_table_of_smaller_areas_is_not_taken_for_authorities(real_data, codes):
    file = real_data / "uk-census2021-od" / "odwp01ew_msoa_london_top10000.parquet"
    with pytest.raises(ImportRefusedError, match="Give the table by local authority"):
        read_census_od(file, codes["authority"])
