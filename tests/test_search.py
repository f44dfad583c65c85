"""What somebody types is found: names, postcode districts, coordinates, grid references; bad input gets a sentence."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellcount.standard import ROOT
from cellcount.ui import search
from cellcount.ui.ground import Bounds
from cellcount.ui.search import Point, Searched, UnreadableError, point_of
from cellcount.ui.view import Area

WALES = Area("W92000004", "Wales", "nation", "Wales (nation)", "UK", 3.1e6, 20_000.0)
NEWPORT = Area("W06000022", "Newport", "authority", "Newport (local authority)", "W92000004", 160e3, 190.0)
WIGHT = Area("E06000046", "Isle of Wight", "authority", "Isle of Wight (local authority)", "UK", 140e3, 380.0)
BOX = Bounds(-3.1, 51.5, -2.8, 51.7)


def place(name, kind, population, area, *, lon=-3.0, lat=51.6):
    return {
        "place_id": f"{kind}-{name}-{population}",
        "place_name": name,
        "kind": kind,
        "lon": lon,
        "lat": lat,
        "population": population,
        "area_code": area,
    }


PLACES = pa.Table.from_pylist(
    [
        place("Newport", "city", 161_506.0, "W06000022"),
        place("Newport", "town", 24_884.0, "E06000046", lon=-1.29, lat=50.70),
        place("Newport", "village", 1_580.0, None),
        place("Newport Pagnell", "town", 15_000.0, None),
        place("St Helens", "town", 100_000.0, None),
        place("Ynys Môn", "village", 500.0, None),
        place("NP20", "postcode_district", 60_000.0, "W06000022"),
        place("SW1A", "postcode_district", 5_000.0, None),
        place("LS1", "postcode_district", 9_000.0, None),
        place("Newport Station", "station", None, "W06000022"),
    ]
)
KNOWN = search.gazetteer(
    [(WALES, Bounds(-5.5, 51.3, -2.6, 53.5)), (NEWPORT, BOX), (WIGHT, None)], {"authority": "Local authority"}, PLACES
)

LONGER = search.gazetteer(
    [],
    {},
    pa.Table.from_pylist(
        [
            place("Newcastle", "town", 7_444.0, None, lon=-5.89, lat=54.22),
            place("Newcastle upon Tyne", "city", 300_125.0, None),
            place("Newcastle under Lyme", "city", 127_727.0, None),
            place("Newcastle Emlyn", "village", 1_883.0, None),
            place("Bath", "city", 94_782.0, None),
            place("Bath and North East Somerset", "city", 193_400.0, None),
            place("Kingston", "station", None, None),
            place("Kingston upon Thames", "town", 43_013.0, None),
            place("Kingston Bagpuize", "village", 2_000.0, None),
            place("Waterloo", "station", None, None),
            place("Waterloo Park", "village", 2_000.0, None),
        ]
    ),
)


def found(asked: str, known: search.Gazetteer = KNOWN) -> Searched:
    answer = search.find(asked, known)
    assert isinstance(answer, Searched)
    return answer


class TestNames:
    def test_a_name_of_several_gives_a_choice_the_area_and_the_largest_first(self):
        assert [each.words for each in found("newport").targets] == [
            "Newport, local authority",
            "Newport, city",
            "Newport, town in Isle of Wight",
            "Newport, village",
        ]
        assert not found("newport").said

    def test_an_area_is_shown_whole_and_a_place_with_what_lies_around_it(self):
        area, city, town, _ = found("Newport").targets
        assert (area.kind, area.bounds, area.area) == ("area", BOX, "W06000022")
        assert (city.kind, city.area) == ("place", "W06000022")
        assert city.bounds.north - city.bounds.south > town.bounds.north - town.bounds.south

    def test_where_far_more_people_live_in_a_longer_name_it_comes_first_and_the_others_are_offered(self):
        assert [each.words for each in found("Newcastle", LONGER).targets] == [
            "Newcastle upon Tyne, city",
            "Newcastle under Lyme, city",
            "Newcastle, town",
            "Newcastle Emlyn, village",
        ]

    def test_where_no_far_more_live_the_whole_name_is_meant(self):
        assert [each.words for each in found("Bath", LONGER).targets] == ["Bath, city"]

    def test_a_station_gives_way_to_a_town_and_not_to_a_village(self):
        assert [each.words for each in found("Kingston", LONGER).targets] == [
            "Kingston upon Thames, town",
            "Kingston, railway station",
            "Kingston Bagpuize, village",
        ]
        assert [each.words for each in found("Waterloo", LONGER).targets] == ["Waterloo, railway station"]

    @pytest.mark.parametrize("asked", ["Newport (local authority)", "newport (LOCAL AUTHORITY)", NEWPORT.label])
    def test_an_area_is_found_by_its_label_in_the_list_of_areas(self, asked):
        (target,) = found(asked).targets
        assert (target.kind, target.area) == ("area", "W06000022")
        assert not found(asked).said

    def test_what_an_answer_is_called_finds_it_again(self):
        for target in KNOWN.targets:
            assert target in found(target.words).targets

    def test_the_beginning_of_a_name_is_enough(self):
        assert [each.words for each in found("Newport P").targets] == ["Newport Pagnell, town"]
        assert found("pagnell").targets[0].words == "Newport Pagnell, town"

    @pytest.mark.parametrize("asked", ["st. helens", "Saint Helens", " ST HELENS "])
    def test_saints_capitals_and_points_do_not_matter(self, asked):
        assert found(asked).targets[0].words == "St Helens, town"

    def test_accents_do_not_matter(self):
        assert found("ynys mon").targets[0].words == "Ynys Môn, village"

    def test_what_is_written_wrongly_is_told_with_the_nearest(self):
        answer = found("Newpotr")
        assert answer.said.startswith("There is no place “Newpotr” in this release. The nearest name is Newport, local")
        assert answer.targets[0].area == "W06000022"

    @pytest.mark.parametrize("asked", ["Xyzzyx", "…", "<b>"])
    def test_what_is_like_nothing_gets_a_sentence_that_helps(self, asked):
        answer = found(asked)
        assert not answer.targets
        assert answer.said.startswith(f"There is no place “{asked}”")
        assert "a postcode district such as LS1" in answer.said

    def test_nothing_typed_is_nothing_said(self):
        assert found("  ") == Searched(())

    def test_a_release_without_places_still_finds_its_areas(self):
        only = search.gazetteer([(NEWPORT, BOX)], {}, None)
        answer = search.find("Newport", only)
        assert isinstance(answer, Searched)
        assert [each.kind for each in answer.targets] == ["area"]
        assert not search.find("LS1", only).targets  # type: ignore[union-attr]


class TestPostcodes:
    @pytest.mark.parametrize("asked", ["SW1A", "sw1a"])
    def test_a_district_is_found(self, asked):
        answer = found(asked)
        assert (answer.targets[0].words, answer.said) == ("SW1A, postcode district", "")

    @pytest.mark.parametrize(
        ("asked", "district"), [("SW1A 1AA", "SW1A"), ("LS1 4DY", "LS1"), ("ls14dy", "LS1"), ("NP20 4", "NP20")]
    )
    def test_of_a_postcode_its_district_is_shown_and_said(self, asked, district):
        answer = found(asked)
        assert answer.targets[0].words.startswith(f"{district}, postcode district")
        assert answer.said == f"Shown for “{asked}” is its postcode district, {district}."

    def test_a_district_that_is_not_there_gets_a_sentence(self):
        assert found("ZZ9").said == "There is no postcode district ZZ9 in this release."

    def test_the_reference_has_the_districts_of_the_whole_country(self):
        table = pq.read_table(
            ROOT / "data" / "reference" / "places.parquet", filters=[("kind", "=", "postcode_district")]
        )
        districts = set(table.column("place_name").to_pylist())
        assert {"LS1", "SW1A", "EH1", "CF10", "BT1", "ZE1", "TR21"} <= districts
        assert 2_800 < len(districts) < 3_100
        (row,) = table.filter(pa.compute.equal(table.column("place_name"), "LS1")).to_pylist()
        assert (row["lon"], row["lat"]) == pytest.approx((-1.55, 53.797), abs=0.01), "Leeds, City Square and around"
        assert row["area_code"] == "E08000035"


class TestPoints:
    @pytest.mark.parametrize(
        "asked",
        [
            "51.5,-0.12",
            "51.5, -0.12",
            "51.5 -0.12",
            "51.5; −0.12",
            "51.5N 0.12W",
            "51.5° N, 0.12° W",
            "0.12W 51.5N",
            "51°30'0\"N 0°7'12\"W",
            "51 30 00 N, 0 7 12 W",
            "0°7′12″W, 51°30′N",
        ],
    )
    def test_coordinates_are_read_as_people_write_them(self, asked):
        point = point_of(asked)
        assert point is not None
        assert (point.latitude, point.longitude) == pytest.approx((51.5, -0.12), abs=1e-9)

    @pytest.mark.parametrize(
        "asked",
        [
            "N54 53.97 W1 31.98",
            "N54 53.97, W1 31.98",
            "W1 31.98 N54 53.97",
            "n 54° 53.970' w 001° 31.980'",
            "54° 53.97' N, 1° 31.98' W",
            "54° 53.97' N 1° 31.98' W",
            "54°53.97'N,1°31.98'W",
            "54°53.97'N1°31.98'W",
            "1° 31.98' W, 54° 53.97' N",
            "54 53.97N 1 31.98W",
            "54 53.97 N; 1 31.98 W",
            "54°53.97N 1°31.98W",
            "54:53.97N 1:31.98W",
            # The signs of minutes that keyboards, telephones and word processors put: U+2032, 2019, 2018, 02B9, 00B4.
            "54° 53.97′ N, 1° 31.98′ W",
            "54° 53.97’ N, 1° 31.98’ W",
            "54° 53.97‘ N, 1° 31.98‘ W",
            "54° 53.97\u02b9 N, 1° 31.98\u02b9 W",
            "54° 53.97\u00b4 N, 1° 31.98\u00b4 W",
            "54º 53.97' N, 1º 31.98' W",
            "54° 53.97', -1° 31.98'",
            "54° 53.97' -1° 31.98'",
            "54 53.97, \u22121 31.98",
            "54°53'58.2\"N 1°31'58.8\"W",
            "54° 53′ 58.2″ N, 1° 31′ 58.8″ W",
            "54° 53' 58.2'' N, 1° 31' 58.8'' W",
            "54 53 58.2N 1 31 58.8W",
            "N54 53 58.2 W1 31 58.8",
            "54:53:58.2N 1:31:58.8W",
            "54.8995N 1.533W",
            "54.8995N1.533W",
            "N54.8995 W1.533",
            "N 54.8995°, W 1.533°",
        ],
    )
    def test_minutes_with_decimals_are_read_as_devices_and_colleagues_write_them(self, asked):
        """53.97 / 60 is 0.8995 and 31.98 / 60 is 0.533; 0.97 and 0.98 of a minute are 58.2 and 58.8 seconds."""
        point = point_of(asked)
        assert point is not None
        assert (point.latitude, point.longitude) == pytest.approx((54.8995, -1.533), abs=1e-9)

    def test_west_of_greenwich_by_less_than_a_degree_is_west(self):
        for asked in ("51 30, -0 7.2", "51° 30' -0° 7' 12\"", "N51 30 W0 7.2"):
            point = point_of(asked)
            assert point is not None
            assert (point.latitude, point.longitude) == pytest.approx((51.5, -0.12), abs=1e-9)

    def test_a_southern_or_eastern_point_has_its_sign(self):
        point = point_of("33.9S 18.4E")
        assert point is not None
        assert (point.latitude, point.longitude) == (-33.9, 18.4)

    @pytest.mark.parametrize(
        ("asked", "latitude", "longitude"),
        [
            # The worked example of the Ordnance Survey's guide: movable-type.co.uk/scripts/latlong-os-gridref.html.
            ("TG 51409 13177", 52.65798, 1.71605),
            ("651409, 313177", 52.65798, 1.71605),
            # Summits as Wikipedia's and the Ordnance Survey's own pages have them, to the 100 m of the reference.
            ("NN 166 712", 56.7969, -5.0036),  # Ben Nevis
            ("SH609543", 53.0685, -4.0763),  # Snowdon
            ("J 358 277", 54.1803, -5.9209),  # Slieve Donard, on the Irish grid
        ],
    )
    def test_grid_references_are_where_maps_have_them(self, asked, latitude, longitude):
        point = point_of(asked)
        assert point is not None
        assert (point.latitude, point.longitude) == pytest.approx((latitude, longitude), abs=0.0015)

    def test_the_client_s_example_is_read_whole(self):
        point = point_of("SP 0570 0905")
        assert point is not None
        assert point.words == "grid reference SP 0570 0905"
        # 405,700 m east and 209,050 m north lie between Cirencester and Bibury.
        assert (point.latitude, point.longitude) == pytest.approx((51.78, -1.92), abs=0.01)

    def test_a_coarse_reference_is_shown_with_its_square(self):
        square, exact = point_of("SP 05"), point_of("SP 0570 0905")
        assert square is not None
        assert exact is not None
        assert (square.km, exact.km) == (10.0, search.POINT_KM)

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ("95.0, -0.12", "up to 90 degrees"),
            ("51.5N 0.12N", "one latitude, north or south, and one longitude"),
            ("51°75'0\"N 0°7'12\"W", "less than 60"),
            ("54 60N 1 31.98W", "less than 60"),
            ("N54 53.97 W1 60.00", "less than 60"),
            ("54° 53' 60\" N, 1° 31' W", "less than 60"),
            ("54.5 53N 1 31W", "only the last can have decimals"),
            ("54.9N, -1.5W", "a minus or a letter, and not both"),
            ("N91 0.5 W1 31.98", "up to 90 degrees"),
            ("54 53.97W 1 31.98E", "one latitude, north or south, and one longitude"),
            ("SP 057 09", "an even number of digits"),
            ("AA 1234 5678", "There is no square AA on the British grid."),
            ("900000, 313177", "between 0 and 700,000"),
        ],
    )
    def test_what_cannot_be_right_gets_a_sentence(self, asked, said):
        with pytest.raises(UnreadableError, match=said):
            point_of(asked)
        assert said in found(asked).said

    @pytest.mark.parametrize(
        "asked", ["Leeds", "LS1", "SW1A 1AA", "A1", "", "12", "N1", "W1S 1", "E1W 1", "54 53 1 31"]
    )
    def test_what_is_no_point_is_none(self, asked):
        assert point_of(asked) is None

    def test_a_point_lies_in_an_area_or_outside_the_release(self):
        point = Point(-3.0, 51.6, "51.600° N 3.000° W")
        (target,) = search.at_point(point, ("W06000022", "Newport")).targets
        assert (target.words, target.area, target.kind) == ("51.600° N 3.000° W, in Newport", "W06000022", "point")
        assert search.at_point(point, None).said == "51.600° N 3.000° W lies outside the areas of this release."

    def test_without_outlines_a_point_is_not_said_to_lie_outside(self):
        answer = search.at_point(Point(-3.0, 51.6, "51.600° N 3.000° W"), None, outlined=False)
        assert answer == Searched(
            (),
            "51.600° N 3.000° W cannot be placed, for this release has no outlines of its areas. Search for a name "
            "instead.",
        )

    @given(st.floats(49.9, 60.8), st.floats(-7.5, 1.7))
    def test_a_point_comes_back_from_its_own_words(self, latitude, longitude):
        point = point_of(f"{latitude:.5f}, {longitude:.5f}")
        assert point is not None
        assert (point.latitude, point.longitude) == pytest.approx((latitude, longitude), abs=1e-5)
        bounds = search.around(point.longitude, point.latitude, 3.0)
        assert bounds.west < point.longitude < bounds.east
        assert bounds.south < point.latitude < bounds.north


# Of one angle: how it is written from degrees, minutes and seconds, and whether minutes or seconds have the decimals.
WAYS = {
    "degrees": "{degrees:.7f}",
    "degrees, sign": "{degrees:.7f}°",
    "minutes, bare": "{whole} {minutes:.5f}",
    "minutes, padded": "{whole:03d} {minutes:08.5f}",
    "minutes, signs": "{whole}°{minutes:.5f}'",
    "minutes, spaced": "{whole}° {minutes:.5f}′",
    "minutes, colon": "{whole}:{minutes:.5f}",
    "seconds, bare": "{whole} {full} {seconds:.3f}",
    "seconds, signs": "{whole}°{full}'{seconds:.3f}\"",
    "seconds, spaced": "{whole}° {full}′ {seconds:.3f}″",
    "seconds, apostrophes": "{whole}° {full}' {seconds:.3f}''",
    "seconds, colons": "{whole}:{full}:{seconds:.3f}",
}
PLACED = {
    "letters after": "{latitude}{north}, {longitude}{east}",
    "letters after, spaced": "{latitude} {north} {longitude} {east}",
    "letters after, close": "{latitude}{north}{longitude}{east}",
    "letters before": "{north}{latitude} {east}{longitude}",
    "letters before, spaced": "{north} {latitude}, {east} {longitude}",
    "longitude first": "{longitude}{east}; {latitude}{north}",
    "signs": "{minus_south}{latitude}, {minus_west}{longitude}",
}


def written(thousandths: int, way: str) -> str:
    """An angle of so many thousandths of a second, without its sign."""
    whole, left = divmod(thousandths, 3_600_000)
    full, last = divmod(left, 60_000)
    return WAYS[way].format(
        degrees=thousandths / 3.6e6, whole=whole, minutes=left / 60_000, full=full, seconds=last / 1000
    )


@settings(max_examples=300)
@given(
    st.integers(-90 * 3_600_000, 90 * 3_600_000),
    st.integers(-180 * 3_600_000, 180 * 3_600_000),
    st.sampled_from(sorted(WAYS)),
    st.sampled_from(sorted(WAYS)),
    st.sampled_from(sorted(PLACED)),
)
def test_a_point_comes_back_from_every_form_that_it_is_written_in(up, across, way, other_way, placed):
    """To the thousandth of a second, which is 3 cm; written are 1e-7 degrees, and 1e-5 minutes."""
    asked = PLACED[placed].format(
        latitude=written(abs(up), way),
        longitude=written(abs(across), other_way),
        north="S" if up < 0 else "N",
        east="W" if across < 0 else "E",
        minus_south="-" if up < 0 else "",
        minus_west="-" if across < 0 else "",
    )
    point = point_of(asked)
    assert point is not None, asked
    assert (point.latitude, point.longitude) == pytest.approx((up / 3.6e6, across / 3.6e6), abs=2e-7), asked


@given(st.text())
def test_whatever_is_typed_there_is_an_answer_or_a_sentence(asked):
    answer = search.find(asked, KNOWN)
    if isinstance(answer, Searched):
        assert answer.targets or answer.said or not asked.strip()
