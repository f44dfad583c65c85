"""Whatever is uploaded as an area is read, or mended and said so, or refused in one sentence."""

from __future__ import annotations

import io
import json
import socket
import sqlite3
import stat
import struct
import threading
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from cellcount.zones import AreaRefusedError, SitesRefusedError, read_sites, read_zones
from cellcount.zones.child import answer
from cellcount.zones.limits import FILE_BYTES, MOST_MEMBERS, MOST_VERTICES, NAME_LETTERS
from cellcount.zones.naming import plain_name, told_apart, zone_names
from cellcount.zones.screening import json_depth, screened

UNITED_KINGDOM = (-9.0, 49.5, 2.5, 61.0)
INNER, OUTER = shapely.box(-0.10, 51.50, -0.05, 51.55), shapely.box(-0.05, 51.50, 0.0, 51.55)
KML = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
PLACEMARK = (
    "<Placemark><name>{}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>-0.1,51.5,0 0,51.5,0 0,51.6,0 "
    "-0.1,51.5,0</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
)


def square(west: float, south: float, side: float = 0.05) -> list:
    return [[[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]]


def feature(coordinates: list, **properties: object) -> dict:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": coordinates},
    }


def geojson(*features: dict, **more: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def two(crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame({"Name": ["Inner", "Outer"]}, geometry=[INNER, OUTER], crs="EPSG:4326")
    return frame.to_crs(crs)


def geopackage(folder: Path, frame: gpd.GeoDataFrame, *statements: str) -> bytes:
    path = folder / "made.gpkg"
    frame.to_file(path, driver="GPKG", layer="zones")
    with sqlite3.connect(path) as database:
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            database.create_function(name, 1, lambda _: 0)
        for statement in statements:
            database.execute(statement)
    database.close()
    return path.read_bytes()


def zipped(folder: Path, frame: gpd.GeoDataFrame, *, without: tuple[str, ...] = (), **more: bytes) -> bytes:
    frame.to_file(folder / "made.shp")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.glob("made.*")):
            if path.suffix not in without:
                archive.write(path, path.name)
        for name, content in more.items():
            archive.writestr(name, content)
    return packed.getvalue()


def archive_of(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def read_here(content: bytes, **asked: object) -> dict:
    """What the child process answers on GeoJSON, without a process."""
    upload = screened("made.geojson", content)
    folder = asked.pop("folder")
    (folder / "upload.geojson").write_bytes(upload.files["upload.geojson"])
    wanted = {"task": "zones", "shown": "“made”", "kind": upload.kind, "file": "upload.geojson"}
    return answer({**wanted, "crs": None, "within": None, **asked}, folder)


@pytest.fixture
def here(tmp_path):
    return lambda content, **asked: read_here(content, folder=tmp_path, **asked)


class TestOrdinaryFiles:
    """Two squares of London, which lie beside each other, in every kind of file and reference system."""

    def check(self, zones, places: float = 1e-9) -> None:
        assert zones.names == ("Inner", "Outer")
        for shape, true in zip(zones.shapes, (INNER, OUTER), strict=True):
            assert shape.bounds == pytest.approx(true.bounds, abs=places)

    def test_geojson_without_a_reference_system_is_wgs_84(self):
        features = [
            feature([list(map(list, each.exterior.coords))], name=name)
            for name, each in (("Inner", INNER), ("Outer", OUTER))
        ]
        zones = read_zones("zones.geojson", geojson(*features), within=UNITED_KINGDOM)
        self.check(zones)
        assert zones.notes == ()

    @pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:27700", "EPSG:3857"])
    def test_a_geopackage_is_converted_from_what_it_states(self, tmp_path, crs):
        zones = read_zones("zones", geopackage(tmp_path, two(crs)), within=UNITED_KINGDOM)
        self.check(zones, 1e-7)
        assert len(zones.notes) == (crs != "EPSG:4326")

    def test_a_shapefile_is_converted_from_what_it_states(self, tmp_path):
        self.check(read_zones("zones.zip", zipped(tmp_path, two("EPSG:27700"))), 1e-7)

    def test_a_shapefile_without_index_or_attributes_is_read(self, tmp_path):
        assert len(read_zones("zones.zip", zipped(tmp_path, two(), without=(".shx", ".dbf", ".cpg"))).names) == 2

    def test_kml_has_zones_in_all_its_folders(self):
        text = KML.format(PLACEMARK.format("A") + f"<Folder><name>f</name>{PLACEMARK.format('B')}</Folder>")
        zones = read_zones("zones.kml", text.encode())
        assert sorted(zones.names) == ["A", "B"]
        assert "overlap" in " ".join(zones.notes)

    def test_the_kind_is_told_by_the_content_and_not_by_the_name(self):
        assert read_zones("zones.shp", KML.format(PLACEMARK.format("A")).encode()).names == ("A",)

    def test_the_state_of_a_reference_system_in_old_geojson_is_read(self, here):
        text = two("EPSG:27700").to_json(drop_id=True).encode()
        found = here(text)
        assert found["names"] == ("Inner", "Outer")
        assert "British National Grid" in found["notes"][0]


class TestReferenceSystems:
    @pytest.mark.filterwarnings("ignore:'crs' was not provided")
    def test_none_is_asked_for_with_a_hint_at_what_it_looks_like(self, tmp_path):
        bare = two("EPSG:27700").set_crs(None, allow_override=True)
        for content in (geopackage(tmp_path, bare), zipped(tmp_path, two("EPSG:27700"), without=(".prj",))):
            with pytest.raises(AreaRefusedError, match=r"does not say in which.*British National Grid, EPSG:27700"):
                read_zones("zones", content)
            assert read_zones("zones", content, crs="EPSG:27700", within=UNITED_KINGDOM).names == ("Inner", "Outer")

    def test_geojson_in_metres_is_refused_with_a_hint_and_read_when_told(self, here):
        metres = geojson(feature(square(530_000, 180_000, 1_000)))
        assert "look like metres on the British National Grid" in here(metres)["refused"]
        assert here(metres, crs="EPSG:27700")["names"] == ("Zone 1",)

    @pytest.mark.parametrize("crs", ["metres", "+proj=merc", "EPSG:999999", "/etc/passwd"])
    def test_what_is_no_code_is_refused(self, here, crs):
        assert "EPSG" in here(geojson(feature(square(0, 51))), crs=crs)["refused"]

    @pytest.mark.parametrize("crs", ["EPSG:5701", "EPSG:4978"])
    def test_heights_and_coordinates_from_the_centre_of_the_earth_are_refused(self, here, crs):
        """ODN height, and geocentric WGS 84."""
        stated = geojson(feature(square(0, 51)), crs={"type": "name", "properties": {"name": crs}})
        for found in (here(geojson(feature(square(0, 51))), crs=crs), here(stated)):
            assert "has neither longitude and latitude nor eastings and northings" in found["refused"]

    def test_a_height_beside_a_grid_is_taken(self, here):
        """British National Grid and ODN height: EPSG:7405."""
        assert here(geojson(feature(square(530_000, 180_000, 1_000))), crs="EPSG:7405")["names"] == ("Zone 1",)

    @pytest.mark.parametrize(
        ("corner", "hint"),
        [
            ((-0.1, -51.5), "sign of its latitudes"),
            ((51.5, -0.1), "swapped"),
            ((4.0, 53.0), "sign of its longitudes"),
            ((120.0, 10.0), "another release"),
        ],
    )
    def test_what_lies_elsewhere_is_refused_with_where_and_why(self, here, corner, hint):
        refused = here(geojson(feature(square(*corner))), within=UNITED_KINGDOM)["refused"]
        assert "lies around" in refused
        assert hint in refused

    @pytest.mark.parametrize(
        ("outline", "why"),
        [
            ([[179, 54], [-179, 54], [-179, 55], [179, 55], [179, 54]], "crosses the 180th meridian"),
            ([[-180, 89], [180, 89], [180, 90], [-180, 90], [-180, 89]], "reaches a pole"),
            # Four corners around the pole, none of them on it.
            ([[0, 85], [90, 85], [180, 85], [-90, 85], [0, 85]], "reaches a pole"),
            ([[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]], "reaches over 180 degrees of latitude"),
            ([[-180, 50], [180, 50], [180, 60], [-180, 60], [-180, 50]], "reaches over 360 degrees of longitude"),
            ([[-60, 50], [60, 50], [60, 60], [-60, 60], [-60, 50]], "reaches over 120 degrees of longitude"),
        ],
    )
    def test_what_no_flat_map_shows_is_refused_with_the_true_reason(self, here, outline, why):
        near = feature(square(0, 51), name="Near")
        refused = here(geojson(near, feature([outline], name="Far")), within=UNITED_KINGDOM)["refused"]
        assert refused.startswith("“made” cannot be used: the zone “Far” ")
        assert why in refused

    def test_a_zone_cut_at_the_180th_meridian_is_refused_as_one_across_it(self, here):
        sides = [square(179, 54, 1.0), square(-180, 54, 1.0)]
        refused = here(json.dumps({"type": "MultiPolygon", "coordinates": sides}).encode())["refused"]
        assert "crosses the 180th meridian" in refused

    def test_longitudes_past_180_are_no_metres(self, here):
        refused = here(geojson(feature(square(179, 54, 2.0))))["refused"]
        assert "such as 181, 54. Longitudes go up to 180 and then on from -180" in refused
        assert "metres" not in refused

    def test_a_zone_as_large_as_a_country_is_read(self, here):
        assert here(geojson(feature(square(-9, 49, 12.0))), within=UNITED_KINGDOM)["names"] == ("Zone 1",)

    def test_one_zone_elsewhere_is_noted(self, here):
        found = here(
            geojson(feature(square(0, 51), name="A"), feature(square(120, 10), name="B")), within=UNITED_KINGDOM
        )
        assert found["notes"] == ("The zone “B” lies outside what this release covers.",)


class TestMending:
    def test_a_bow_tie_becomes_its_two_triangles(self, here):
        """Corners of a square of one degree, two of them swapped: two triangles of a quarter each."""
        found = here(geojson(feature([[[0, 51], [1, 52], [1, 51], [0, 52], [0, 51]]], name="Bow")))
        assert shapely.from_wkb(bytes.fromhex(found["shapes"][0])).area == pytest.approx(0.5)
        assert found["notes"] == ("The zone “Bow” crossed itself and was mended: look at it on the map.",)

    def test_a_hole_outside_its_outline_is_left_out_and_makes_no_area(self, here):
        """A square of a degree with a hole of 0.2 degrees a side in it, and another one two degrees away."""
        inside, away = square(0.2, 51.2, 0.2)[0], square(3.0, 51.0, 1.0)[0]
        found = here(geojson(feature([*square(0, 51, 1.0), inside, away], name="Holed")))
        shape = shapely.from_wkb(bytes.fromhex(found["shapes"][0]))
        assert (shape.area, shape.bounds) == (pytest.approx(0.96), (0.0, 51.0, 1.0, 52.0))
        assert found["notes"] == (
            "The zone “Holed” had a hole outside its outline, which was left out: look at it on the map.",
        )

    def test_of_several_parts_only_the_holes_outside_their_own_are_left_out(self, here):
        """The first part, a square of a degree, has its hole in the second, which is a bow tie of two quarters."""
        bow = [[3, 51], [4, 52], [4, 51], [3, 52], [3, 51]]
        parts = [[*square(0, 51, 1.0), square(3.4, 51.1, 0.01)[0]], [bow]]
        found = here(json.dumps({"type": "MultiPolygon", "coordinates": parts}).encode())
        assert shapely.from_wkb(bytes.fromhex(found["shapes"][0])).area == pytest.approx(1.5)
        assert ["hole outside" in note for note in found["notes"]] == [True, False]
        assert "crossed itself" in found["notes"][1]

    def test_a_hole_across_its_outline_is_cut_out_as_before(self, here):
        """Half of the hole, of 0.2 by 0.2 degrees, lies outside the square of a degree."""
        found = here(geojson(feature([*square(0, 51, 1.0), square(0.9, 51.4, 0.2)[0]], name="Cut")))
        assert shapely.from_wkb(bytes.fromhex(found["shapes"][0])).area == pytest.approx(0.98)
        assert found["notes"] == ("The zone “Cut” crossed itself and was mended: look at it on the map.",)

    def test_an_outline_that_is_not_closed_is_closed(self, here):
        found = here(geojson(feature([square(0, 51, 1.0)[0][:-1]])))
        assert shapely.from_wkb(bytes.fromhex(found["shapes"][0])).area == pytest.approx(1.0)
        assert found["notes"] == ("An outline did not end where it began and was closed.",)

    def test_what_is_empty_or_no_polygon_is_left_out_with_a_note(self, here):
        point = {"type": "Feature", "properties": None, "geometry": {"type": "Point", "coordinates": [0, 51]}}
        nothing = {"type": "Feature", "properties": {}, "geometry": None}
        found = here(geojson(point, nothing, feature(square(0, 51), name="A")))
        assert found["names"] == ("A",)
        assert len(found["notes"]) == 2

    @pytest.mark.parametrize(
        "geometry",
        [
            {"type": "Point", "coordinates": [0, 51]},
            {"type": "LineString", "coordinates": [[0, 51], [1, 51]]},
            {"type": "GeometryCollection", "geometries": [{"type": "MultiPoint", "coordinates": [[0, 51]]}]},
        ],
    )
    def test_points_and_lines_alone_are_refused(self, here, geometry):
        assert "use rings" in here(json.dumps(geometry).encode())["refused"]

    @pytest.mark.parametrize(
        "geometry",
        [
            {"type": "Polygon", "coordinates": []},
            {"type": "Polygon", "coordinates": [[[0, 51], [1, 51]]]},
            {"type": "Polygon", "coordinates": [[[0, 51], [1, 51], [2, 51], [0, 51]]]},
            {"type": "GeometryCollection", "geometries": []},
        ],
    )
    def test_nothing_with_an_area_is_refused(self, here, geometry):
        assert "holds no polygon" in here(json.dumps(geometry).encode())["refused"]

    @pytest.mark.parametrize(
        "text",
        [
            b'{"type": "Polygon", "coordinates": [[[0, NaN], [1, 51], [1, 52]]]}',
            b'{"type": "Polygon", "coordinates": [[[0, 1e999], [1, 51], [1, 52]]]}',
            b'{"type": "Polygon", "coordinates": [[["a", 51], [1, 51], [1, 52]]]}',
            b'{"type": "Polygon", "coordinates": [[[0, null], [1, 51], [1, 52]]]}',
            b'{"type": "Polygon", "coordinates": {"a": 1}}',
            b'{"type": "Polygon"}',
            b'{"type": "FeatureCollection", "features": 1}',
            b'{"type": "FeatureCollection", "features": [1]}',
            b'{"type": "Feature", "geometry": 3}',
            b'{"a": 1}',
            b'{"type": "Polygon", "coordinates": [[[0, 51], [1, 51]',
        ],
    )
    def test_what_is_no_geojson_is_refused(self, here, text):
        assert set(here(text)) == {"refused"}

    def test_zones_that_overlap_are_allowed_and_noted_and_neighbours_are_not(self, here):
        beside = here(geojson(feature(square(0, 51), name="A"), feature(square(0.05, 51), name="B")))
        over = here(geojson(feature(square(0, 51), name="A"), feature(square(0.02, 51), name="B")))
        assert beside["notes"] == ()
        assert over["notes"][0].startswith("The zones “A” and “B” overlap")

    @pytest.mark.parametrize(
        ("zones", "more"), [(2, " overlap:"), (3, " overlap, and so do 2 more pairs:"), (4, " and so do 5 more pairs:")]
    )
    def test_pairs_that_overlap_are_counted(self, here, zones, more):
        assert more in here(geojson(*[feature(square(0, 51))] * zones))["notes"][0]

    def test_one_more_pair_that_overlaps_is_one(self, here):
        row = [feature(square(0.04 * place, 51), name=name) for place, name in enumerate("ABC")]
        assert "The zones “A” and “B” overlap, and so does one more pair: " in here(geojson(*row))["notes"][0]

    def test_more_zones_than_are_read_are_refused(self, here):
        assert "201 features" in here(geojson(*[feature(square(0, 51))] * 201))["refused"]


class TestNames:
    def test_the_column_of_names_comes_before_other_text(self):
        columns = {"remark": ["x", "y"], "ZONE": ["in", "out"], "id": [1, 2]}
        assert zone_names(columns, 2) == ("in", "out")
        assert zone_names({"remark": ["x", "y"], "length": [1.5, 2.5]}, 2) == ("x", "y")
        assert zone_names({"id": [1.0, 2.0]}, 2) == ("1", "2")
        assert zone_names({"Name": [None, ""]}, 2) == ("Zone 1", "Zone 2")

    def test_a_script_is_text_and_control_characters_go(self):
        assert plain_name("<img src=x onerror=alert(1)>\x00\x1b[31m\u202e") == "<img src=x onerror=alert(1)>[31m"

    @given(st.lists(st.text(max_size=200), max_size=20))
    def test_names_are_short_and_no_two_are_the_same(self, names):
        told = told_apart(plain_name(name) for name in names)
        assert len(set(told)) == len(names)
        assert all(len(name) <= NAME_LETTERS and name.isprintable() for name in told)


class TestHostileFiles:
    """Refused by what the bytes say, before anything opens them."""

    def refused(self, content: bytes) -> str:
        with pytest.raises(AreaRefusedError) as error:
            screened("upload", content)
        return str(error.value)

    def test_a_file_that_is_too_large_is_refused(self):
        assert "at most 20 MB" in self.refused(bytes(FILE_BYTES + 1))

    def test_a_zip_bomb_is_refused(self):
        assert "unpacks to more than" in self.refused(archive_of(("a.shp", bytes(100_000_000))))

    def test_a_zip_that_lies_about_its_size_is_refused(self):
        content = bytearray(archive_of(("a.shp", bytes(1_000_000))))
        directory = content.rfind(b"PK\x01\x02")
        content[directory + 24 : directory + 28] = struct.pack("<I", 1_000)
        assert "damaged" in self.refused(bytes(content))

    @pytest.mark.parametrize("path", ["../a.shp", "a/../../b.shp", "/etc/a.shp", "C:\\a.shp", "..\\a.shp"])
    def test_a_path_that_leads_out_of_a_zip_is_refused(self, path):
        assert "leads out of it" in self.refused(archive_of((path, b"")))

    def test_a_link_in_a_zip_is_refused(self):
        link = zipfile.ZipInfo("a.shp")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        assert "a link" in self.refused(archive_of((link, b"/etc/passwd")))

    def test_a_zip_of_very_many_files_is_refused(self):
        assert "files" in self.refused(archive_of(*((str(each), b"") for each in range(MOST_MEMBERS + 1))))

    def test_a_zip_needs_one_shapefile(self):
        assert "without a shapefile" in self.refused(archive_of(("a.kml", b"")))
        assert "2 shapefiles" in self.refused(archive_of(("a.shp", b""), ("b.shp", b"")))

    def test_very_many_vertices_are_refused(self):
        many = b",".join([b"[1,1]"] * (2 * MOST_VERTICES))
        assert "vertices" in self.refused(b'{"type":"Polygon","coordinates":[[' + many + b"]]}")
        header = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, 50) + bytes(72)
        assert "vertices" in self.refused(archive_of(("a.shp", header + bytes(9_000_000))))
        assert "vertices" in self.refused(KML.format("0,0 " * 4 * MOST_VERTICES).encode())

    def test_deep_nesting_is_refused_and_brackets_in_a_name_are_not(self):
        assert "deep" in self.refused(b'{"type":"Polygon","coordinates":' + b"[" * 900 + b"]" * 900 + b"}")
        assert json_depth(json.dumps({"name": '[[[[\\"[[[[', "a": [[]]}).encode()) == 3

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
    @pytest.mark.parametrize("text", [geojson(feature(square(0, 51))).decode(), KML.format(PLACEMARK.format("A"))])
    def test_text_in_utf_16_is_refused_with_what_to_do(self, text, encoding):
        assert "is text in UTF-16 and not in UTF-8. Save it as UTF-8." in self.refused(text.encode(encoding))

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"%PDF-1.4",
            b"<html></html>",
            b"\x00\x00\x27\x0a",
            b"name,lat,lon",
            b"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>",
            KML.format("").encode("utf-16"),
            b"SQLite format 3\x00" + bytes(200),
        ],
    )
    def test_what_is_none_of_the_kinds_is_refused(self, content):
        assert self.refused(content)


class TestTheReadersProcess:
    """Refused, or ended, in the process that opens files."""

    def refused(self, content: bytes, **asked: object) -> str:
        with pytest.raises(AreaRefusedError) as error:
            read_zones("upload", content, **asked)
        return str(error.value)

    def test_what_never_ends_is_ended(self, tmp_path):
        endless = (
            "CREATE VIEW gpkg_contents AS WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) "
            "SELECT 'a' || x AS table_name FROM r"
        )
        content = geopackage(tmp_path, two(), "DROP TABLE gpkg_contents", endless)
        assert "took more than" in self.refused(content)

    def test_a_view_in_a_geopackage_is_not_opened(self, tmp_path):
        content = geopackage(
            tmp_path, two(), "ALTER TABLE zones RENAME TO hidden", "CREATE VIEW zones AS SELECT * FROM hidden"
        )
        assert "not a plain table" in self.refused(content)

    def test_a_trigger_in_a_geopackage_does_nothing(self, tmp_path):
        content = geopackage(tmp_path, two(), "CREATE TRIGGER t AFTER INSERT ON zones BEGIN DELETE FROM zones; END")
        assert read_zones("upload", content).names == ("Inner", "Outer")

    def test_geojson_in_another_encoding_is_refused_with_what_to_do(self):
        text = json.dumps(json.loads(geojson(feature(square(0, 51), name="Môn"))), ensure_ascii=False)
        assert "not in UTF-8, the encoding of GeoJSON, but in another one, such as Latin-1. Save it as UTF-8" in (
            self.refused(text.encode("latin-1"))
        )
        # Cut in the middle of a letter it is damaged, and in UTF-8.
        cut = text.encode()[: text.encode().index("ô".encode()) + 1]
        assert "damaged" in self.refused(cut)

    def test_any_database_is_no_geopackage(self, tmp_path):
        path = tmp_path / "any.sqlite"
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE t (a)")
            database.execute(f"PRAGMA application_id = {int.from_bytes(b'GPKG', 'big')}")
        database.close()
        assert "no GeoPackage" in self.refused(path.read_bytes())

    @pytest.mark.parametrize("share", [0.4, 0.95])
    def test_files_that_were_cut_short_are_refused(self, tmp_path, share):
        kml = KML.format(PLACEMARK.format("A")).encode()
        for content in (geopackage(tmp_path, two()), zipped(tmp_path, two()), kml):
            assert self.refused(content[: int(share * len(content))])

    def test_entities_that_multiply_are_refused(self):
        laughs = "".join(f'<!ENTITY l{each} "{f"&l{each - 1};" * 10}">' for each in range(1, 11))
        text = f'<!DOCTYPE k [<!ENTITY l0 "ha">{laughs}]>' + KML.format(PLACEMARK.format("&l10;")).partition("?>")[2]
        assert "DOCTYPE" in self.refused(text.encode())

    def test_nothing_that_a_file_refers_to_is_fetched(self, tmp_path):
        asked = []
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(60)
            url = f"http://127.0.0.1:{server.getsockname()[1]}/a"

            def listen() -> None:
                try:
                    while True:
                        server.accept()[0].close()
                        asked.append(url)
                except OSError:
                    pass

            listener = threading.Thread(target=listen, daemon=True)
            listener.start()
            link = f"<NetworkLink><Link><href>{url}</href></Link></NetworkLink>"
            zones = read_zones("upload", KML.format(link + PLACEMARK.format("A")).encode())
            assert zones.notes == ("Links in the file to other files were not followed.",)
            assert "not followed" in self.refused(KML.format(link).encode())
            crs = {"type": "link", "properties": {"href": url}}
            assert "not fetched" in self.refused(geojson(feature(square(0, 51)), crs=crs))
            content = zipped(tmp_path, two(), without=(".prj",), **{"made.prj": url.encode()})
            assert "does not say" in self.refused(content)
            server.shutdown(socket.SHUT_RDWR)
            listener.join(5)
        assert asked == []

    def test_another_format_inside_kml_is_not_opened(self):
        text = "<OGRVRTDataSource><kml ></kml><OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource>"
        assert self.refused(f"{text}</OGRVRTLayer></OGRVRTDataSource>".encode())

    def test_names_come_back_as_text(self):
        content = geojson(feature(square(0, 51), name="<script>alert(1)</script>"))
        assert read_zones("upload", content).names == ("<script>alert(1)</script>",)


class TestSites:
    ONE = b"name,latitude,longitude,radii\n"

    def test_the_columns_may_be_called_in_several_ways(self):
        """Caister water tower, the Ordnance Survey's worked example: TG 51409 13177 is 52.658 N 1.716 E in WGS 84."""
        degrees = read_sites("a.csv", b"NAME;Lat;Lon;radius_km;radius_2_km\nTower;52.658;1.716;3;1\n")
        metres = read_sites("a.csv", "name,easting,northing,radii\nTower,651409,313177,3;1\n".encode("utf-8-sig"))
        assert degrees[0].radii == metres[0].radii == (1.0, 3.0)
        assert (metres[0].longitude, metres[0].latitude) == pytest.approx((1.716, 52.658), abs=1e-3)

    @pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
    def test_names_may_be_in_utf_8_or_windows_1252(self, encoding):
        assert read_sites("a.csv", self.ONE + "Môn,53,-4,1\n".encode(encoding))[0].name == "Môn"

    def test_every_faulty_row_is_named_with_its_number(self):
        rows = b"A,51,0,1;3\nB,91,0,1\n,51,0,1\nC,51,0,\n\nD,51,x,1\nE,51,0,1;1\nF,,,1\nG,51,0,500\n"
        with pytest.raises(SitesRefusedError, match="7 rows") as error:
            read_sites("a.csv", self.ONE + rows)
        assert [each.split(":")[0] for each in error.value.faults] == [f"Row {row}" for row in (3, 4, 5, 7, 8, 9, 10)]
        assert all(each in str(error.value) for each in error.value.faults)

    def test_one_faulty_row_is_told_of_in_the_singular(self):
        said = self.refused(self.ONE + b",51,0,1\n")
        assert (
            said == "“a.csv” has one row that cannot be read; mend it and load the list again. Row 2: it has no name."
        )

    def test_rows_past_those_explained_are_named_by_number(self):
        with pytest.raises(SitesRefusedError, match="Also faulty: rows 22 to 41"):
            read_sites("a.csv", self.ONE + b"A,x,0,1\n" * 40)

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"a,b\n1,2\n",
            b"name,lat,lon\nA,51,0\n",
            b"name,name,lat,lon,radii\n",
            b"name,lat,lon,radii\n",
            b"\x00\x01",
            b"name,lat,lon,radii\n" + b"A,51,0,1\n" * 5_001,
            b"name,lat,lon,radii\n" + b'"' + b"x" * 200_000,
        ],
    )
    def test_what_is_no_list_of_sites_is_refused(self, text):
        with pytest.raises(SitesRefusedError):
            read_sites("a.csv", text)

    def refused(self, text: bytes) -> str:
        with pytest.raises(SitesRefusedError) as error:
            read_sites("a.csv", text)
        return str(error.value)

    @pytest.mark.parametrize(
        "row",
        [b"A,51,0,1,3,5", b"A,51,0,1,,5", b"Works, Leeds,51,0,1"],
    )
    def test_a_row_with_more_cells_than_the_header_is_faulty(self, row):
        said = "Row 2: it has more cells than the header: write radii as 1;3;5, or in quotation marks"
        for header in (self.ONE, b"name,latitude,longitude,radii,,\n"):
            assert said in self.refused(header + row + b"\nB,51,0,1\n")

    def test_in_a_list_with_semicolons_other_signs_between_radii_are_asked_for(self):
        said = "it has more cells than the header: write radii as 1 3 5, or in quotation marks"
        assert said in self.refused(b"name;latitude;longitude;radii\nA;51;0;1;3;5\n")

    def test_empty_cells_beyond_the_header_and_columns_without_a_name_before_others_are_taken(self):
        assert read_sites("a.csv", self.ONE + b"A,51,0,1,,\n")[0].radii == (1.0,)
        assert read_sites("a.csv", b",name,latitude,longitude,radii\n0,A,51,0,1\n")[0].radii == (1.0,)

    def test_a_comma_in_radii_between_semicolons_is_asked_about(self):
        header = b"name;latitude;longitude;radii\n"
        said = self.refused(header + b"A;51.5;-0.1;1,5\nB;51.5;-0.1;1.5 3\nC;51.5;-0.1;1,3,5\n")
        assert "Row 2: its radii “1,5” may have decimal commas" in said
        assert "Row 3" not in said
        assert "Row 4: its radii “1,3,5” may have" in said
        assert read_sites("a.csv", self.ONE + b'A,51.5,-0.1,"1,3,5"\n')[0].radii == (1.0, 3.0, 5.0)
        assert "may have decimal commas" in self.refused(self.ONE + b'A,51.5,-0.1,"1,5; 3"\n')

    def test_decimal_commas_elsewhere_are_refused_with_what_to_do(self):
        text = b"name;latitude;longitude;radius_km\nA;51,5;-0.1;1\nB;51.5;-0.1;1,5\n"
        said = self.refused(text)
        assert "latitude is “51,5”, and not a number: write decimals with a point." in said
        assert "radius_km is “1,5”, and not a number: write decimals with a point." in said

    @pytest.mark.parametrize("minus", ["−", "–", "‐"])
    def test_a_minus_may_be_written_as_people_and_devices_write_it(self, minus):
        assert read_sites("a.csv", self.ONE + f"A,51.5,{minus}0.1,1\n".encode())[0].longitude == -0.1

    @pytest.mark.parametrize(
        ("before", "row"),
        [("sep=,\n", 3), ('"sep=,"\r\n', 3), ("SEP=,\n\n", 4), ("\n", 4), ("\r\n  \r\n", 5), (",,,\n", 4)],
    )
    def test_what_spreadsheets_write_before_the_header_is_passed_over(self, before, row):
        """Rows have the numbers that they have in a spreadsheet, which shows blank lines and no `sep=`."""
        good, bad = b"A,51,0,1\n", b"B,95,0,1\n"
        assert read_sites("a.csv", before.encode() + self.ONE + good)[0].name == "A"
        assert f"Row {row}: latitude" in self.refused(before.encode() + self.ONE + good + bad)

    @pytest.mark.parametrize("between", [";", "\t"])
    def test_what_is_between_columns_may_be_stated(self, between):
        text = f"sep={between}\nname;latitude;longitude;radii\nA;51;0;1 3\n".replace(";", between)
        assert read_sites("a.csv", text.encode("utf-8-sig"))[0].radii == (1.0, 3.0)

    def test_a_blank_line_before_a_list_with_semicolons_is_passed_over(self):
        assert read_sites("a.csv", b"\nname;latitude;longitude;radii\nA;51;0;1\n")[0].name == "A"

    def test_a_list_that_is_too_large_is_refused_whatever_it_is(self):
        for begin in (b"name,latitude", b"SQLite format 3\x00"):
            assert "has more than 20 MB" in self.refused(begin + bytes(FILE_BYTES))

    @pytest.mark.parametrize(
        ("row", "hint"),
        [
            (b"A,-51,0,1", "The sign of its latitude may be wrong: north is positive."),
            (b"A,-0.1,51.5,1", "Latitude and longitude look swapped."),
            (b"A,53,4,1", "The sign of its longitude may be wrong: west is negative."),
            (b"A,10,120,1", "outside what this release covers."),
        ],
    )
    def test_a_site_outside_the_release_is_a_faulty_row(self, row, hint):
        with pytest.raises(SitesRefusedError, match=r"Row 2: .*outside what this release covers\.") as error:
            read_sites("a.csv", self.ONE + row + b"\n", within=UNITED_KINGDOM)
        assert str(error.value).endswith(hint)

    def test_a_place_in_words_needs_somebody_to_read_it(self):
        text = b"name,place,radii\nA,here,1\n"
        with pytest.raises(SitesRefusedError, match="cannot be read"):
            read_sites("a.csv", text)
        assert read_sites("a.csv", text, locate=lambda _: Here())[0].latitude == 51.0

    def test_a_geopackage_has_the_places_as_points(self, tmp_path):
        points = gpd.GeoDataFrame(
            {"name": ["A", "B"], "radii": ["1;3", "2"]},
            geometry=gpd.points_from_xy([-0.1, -0.2], [51.5, 51.6]),
            crs=4326,
        ).to_crs(27700)
        found = read_sites("sites.gpkg", geopackage(tmp_path, points))
        assert [site.radii for site in found] == [(1.0, 3.0), (2.0,)]
        assert [site.latitude for site in found] == pytest.approx([51.5, 51.6], abs=1e-7)

    def test_a_geopackage_of_polygons_has_faulty_rows(self, tmp_path):
        with pytest.raises(SitesRefusedError, match="latitude and longitude"):
            read_sites("sites.gpkg", geopackage(tmp_path, two()))


class Here:
    longitude, latitude = -0.1, 51.0
