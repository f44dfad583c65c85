"""The hand-over of an incident: its page, its tables and its GeoPackage say what the answer says, and nothing runs."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from browser import browser_or_skip
from playwright.sync_api import sync_playwright

from cellcount.bench.browser import FLAGS
from cellcount.methods.baseline import ENOUGH, NONE, Comparable, LeftOut
from cellcount.methods.cautions import BASELINE, COVERAGE, CUT_CELLS, ENDS_EARLY, NO_CELLS, Caution, without_cells
from cellcount.methods.incident import DEFICIT, UNKNOWN, Difference, ZoneDifference
from cellcount.methods.recovery import NO_DEPARTURE, NOT_RECOVERED, RECOVERED, Exposure, Largest, Recovery, Total
from cellcount.ui import exports
from cellcount.ui.ground import Bounds
from cellcount.ui.incident_answer import ALL, Answer, Asked, Zone
from cellcount.ui.incident_figures import headline, told
from cellcount.ui.incident_geopackage import geopackage
from cellcount.ui.incident_handover import MOST_ZONES, handover_html
from cellcount.ui.incident_known import cells_inside, hour_told, marked
from cellcount.ui.incident_paper_map import map_described, paper_map
from cellcount.ui.incident_place import Place
from cellcount.ui.incident_tables import (
    CELL_COLUMNS,
    SHARE_LOST,
    SUMMARY_COLUMNS,
    ZONE_COLUMNS,
    cells_by_hour,
    zones_at_hour,
    zones_by_hour,
)
from cellcount.ui.incident_timeline import timeline
from cellcount.ui.look import PALETTES
from cellcount.zones import CellWeights, Zones

LIGHT = PALETTES["light"]
FIRE, NEXT = date(2026, 11, 4), date(2026, 11, 5)
FIRST, LAST = 13, 15
"""Hours of the incident: 13:00 to 16:00."""
NOW = datetime.fromisoformat("2026-11-09T09:30")
HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(1)> & '=1+1"""
FACTS: Mapping[str, object] = {
    "dc:title": "An incident",
    "dc:source": "Nobody",
    "dc:license": "CC0 1.0",
    "dc:rights": "No rights reserved",
    "dc:publisher": None,
    "release_id": "wood-2026-11",
    "synthetic": True,
    "steward_only": False,
    "time_zone": "Europe/London",
    "measure": "People estimated present, mean over the hour.",
    "disclosure_rule": "A figure with fewer than 10 devices behind it is withheld.",
    "caveats": ["Country of residence is a proxy."],
}
HOURS = 48
COMPARED = tuple(
    Comparable(each, (date(2026, 10, 7), date(2026, 10, 14)), (LeftOut(date(2026, 10, 21), "an outage"),), ENOUGH, "")
    for each in (FIRE, NEXT)
)
ALONE = tuple(
    Comparable(each, (), (), NONE, f"There is no comparable day for {each.day} November 2026.") for each in (FIRE, NEXT)
)


def difference(people: float, usual: float, during: float, error: float = 50.0) -> Difference:
    """A level over two days that is another one during the incident; limits as in Student's t with 8 degrees, 2.306."""
    x, m = np.full(HOURS, float(people)), np.full(HOURS, float(usual))
    x[FIRST : LAST + 1] = during
    x[14] += np.sign(during - usual) * 10
    excess = x - m
    percent = 100 * excess / m
    reach = 2.306 * error
    return Difference(
        x,
        m,
        excess,
        percent,
        excess / 50,
        np.full(HOURS, error),
        excess - reach,
        excess + reach,
        percent - 10,
        percent + 10,
    )


def unknown(found: Difference, hours: slice = slice(None), *, people: bool = True) -> Difference:
    """The same as an answer has it where hours tell nothing, or nothing but the people."""
    told = {name: getattr(found, name).copy() for name in Difference.__slots__}
    for name, values in told.items():
        if people or name != "people":
            values[hours] = np.nan
    return Difference(**told)


def zone(name: str, found: Difference, *cautions: Caution, withheld: int = 0, km2: float = 2.5) -> Zone:
    hidden, departs = np.full(HOURS, withheld), np.abs(found.z) >= 2
    return Zone(
        name=name,
        km2=km2,
        found=ZoneDifference(found, hidden, hidden * 5.0, hidden * 9.0, np.zeros(HOURS), np.zeros(HOURS, dtype=bool)),
        people_error=np.full(HOURS, 20.0),
        departs=departs,
        recovery=Recovery(RECOVERED, 18, 2) if departs.any() else Recovery(NO_DEPARTURE, None, None),
        total=Total(-1810.0, 150.0, -2155.9, -1464.1, 3),
        peak=Largest(13, 400.0, 300.0, 500.0),
        day=Exposure(1200.0, 60.0, 1500.0, 70.0, 100),
        night=Exposure(800.0, 40.0, 900.0, 45.0, 100),
        cautions=cautions,
    )


def place(names: tuple[str, ...]) -> Place:
    """Seven cells; the first zone has the first three whole, each of the others one, and the last half of one."""
    cells = np.array(sorted(int(each, 16) for each in h3.grid_disk(h3.latlng_to_cell(54.9, -1.53, 8), 1)))
    weights = np.zeros((len(cells), len(names)))
    weights[:3, 0] = 1.0
    for at in range(1, len(names)):
        weights[2 + at, at] = 1.0
    weights[-1, -1] = 0.5
    cut = (weights > 0) & (weights < 1)
    boxes = tuple(shapely.box(-1.54 + at / 100, 54.89, -1.535 + at / 100, 54.9) for at in range(len(names)))
    return Place(
        zones=Zones(names, boxes),
        resolution=8,
        cells=cells,
        km2=np.full(7, 0.7),
        land=np.full(7, 0.7),
        residents=np.full(7, 100.0),
        areas=("E08000024",) * 7,
        kinds=("urban",) * 7,
        weights=CellWeights(cells, weights, weights, cut, 0.1 * cut),
        unsupported="",
        seen=Bounds(-1.56, 54.88, -1.49, 54.92),
    )


def answer(*zones: Zone, compared: tuple[Comparable, ...] = COMPARED) -> Answer:
    """Four hundred people where a thousand are usual, on 4 November 2026 from 13:00 to 16:00."""
    given = zones or (zone("Works", difference(1000, 1000, 400)),)
    names = tuple(each.name for each in given if each.name != ALL)
    there = place(names)
    cells = difference(200, 200, 80)
    of_cells = {name: np.tile(getattr(cells, name), (7, 1)) for name in Difference.__slots__}
    of_cells["people"][6] = np.nan
    classes = np.zeros((7, HOURS), dtype=np.int8)
    classes[:3, FIRST : LAST + 1] = DEFICIT
    classes[6] = UNKNOWN
    during = np.zeros(HOURS, dtype=bool)
    during[FIRST : LAST + 1] = True
    # Midnight of 4 November 2026 is so many hours after 1970.
    start = 24 * (FIRE - date(1970, 1, 1)).days
    return Answer(
        asked=Asked(datetime(2026, 11, 4, 13), datetime(2026, 11, 4, 16)),  # noqa: DTZ001 - local
        place=there,
        dates=(FIRE, NEXT),
        at=np.arange(start, start + HOURS),
        during=during,
        baseline=compared,
        zones=given,
        cells=Difference(**of_cells),
        classes=classes,
        covered=np.ones((7, HOURS), dtype=bool),
        rate=0.05,
    )


def several(*names: str) -> Answer:
    """So many zones, and their sum before them."""
    parts = [zone(name, difference(500, 500, 200)) for name in names]
    return answer(zone(ALL, difference(1000, 1000, 400)), *parts)


def page(found: Answer | None = None, **more: object) -> str:
    given: dict[str, object] = {
        "title": "Fire at the works",
        "where": "Washington",
        "release_facts": FACTS,
        "map_png": None,
        "link": "https://counts.example/incident?rings=1%2C+3&release=wood",
        "now": NOW,
    }
    return handover_html(found or answer(), **{**given, **more}).decode()  # type: ignore[arg-type]


class Read(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and its words without those of styles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.inside = ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data):
        if self.inside != "style":
            self.parts.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.parts).split())


class TestThePage:
    def test_the_figures_are_those_of_the_answer(self):
        """At 14:00, 390 people of 1,000: 610 fewer, 610 +- 115.3, to the tens that an error of 50 supports; -61 %."""
        told = " ".join(headline(answer()))
        assert "Wed 4 Nov, 14:00 to 15:00: about 390 people were here where 1,000 are usual" in told
        assert "610 fewer (95 % interval −730 to −490), or −61 %: far fewer than usual" in told
        assert "It was as usual again 2 hours after the end, from Wed 4 Nov, 18:00 to 19:00." in told
        words = Read(page()).words
        assert "People-hours, 3 hours −1,800 95 %: −2,200 to −1,500" in words
        for figure in (*headline(answer()), "−71 to −51 %", "z −12.2", "1,060 to 1,340", "710 to 890", "After 2 h"):
            assert figure in words

    def test_every_zone_has_a_row_and_the_sum_is_first(self):
        source = page(several("Inner", "Outer"))
        rows = re.findall(r'<th scope="row">(.*?)</th>', source)
        assert rows == [ALL, "Inner", "Outer"]
        assert source.count("−310") == 2, "both at the hour at which all together are furthest from usual"

    def test_it_says_what_it_rests_on(self):
        words = Read(
            page(notes=["A zone was mended."], movement=[("To Gateshead, whole authority", "+900 trips")])
        ).words
        for said in (
            "wood-2026-11",
            "9 November 2026, 09:30",
            "Synthetic demonstration data.",
            "fewer than 10 devices",
            "Country of residence is a proxy.",
            "A zone was mended.",
            "To Gateshead, whole authority +900 trips",
            "Wed 4 Nov with 7 Oct and 14 Oct. Left out: 21 Oct (an outage).",
            "https://counts.example/incident?rings=1%2C+3&release=wood",
        ):
            assert said in words
        assert "steward" not in words

    def test_a_release_for_the_steward_says_so(self):
        words = Read(page(release_facts={**FACTS, "steward_only": True, "synthetic": False})).words
        assert "not for release" in words
        assert "Synthetic" not in words

    def test_a_caution_is_marked_at_the_figure_that_it_touches(self):
        lost = zone("Works", difference(1000, 1000, 400), Caution(COVERAGE, "A network was down."))
        source = page(answer(lost))
        assert re.search(r"<td>−610<sup>a</sup>", source)
        assert re.search(r"<li><sup>a</sup> A network was down.</li>", source)

    def test_what_lies_where_there_are_no_cells_is_marked_at_the_people(self):
        coast = zone("Harbour", difference(1000, 1000, 400), Caution(NO_CELLS, without_cells(0.4)))
        source = page(answer(coast))
        assert re.search(r"<td[^>]*>390<sup>a</sup>", source)
        assert "<li><sup>a</sup> About 40 % of this area lies where the release has no cells (sea, or not" in source

    def test_where_coverage_was_lost_the_headline_does_not_leave_an_evacuation_to_be_thought_of(self):
        lost = zone("Works", difference(1000, 1000, 400), Caution(COVERAGE, "A network was down."))
        assert headline(answer(lost))[-1].startswith("A network effect is possible")
        assert not headline(answer())[-1].startswith("A network effect is possible")

    def test_nor_where_a_zone_apart_has_lost_them(self):
        """All together have a few more; the works, where the network was down, have far fewer."""
        down = Caution(COVERAGE, "A network was down.")
        together = zone(ALL, difference(9000, 9000, 9010), down)
        works, town = zone("Works", difference(1000, 1000, 400), down), zone("Town", difference(8000, 8000, 8010))
        found = answer(together, works, town)
        assert "but Works did." in headline(found)[0]
        assert headline(found)[-1].startswith("A network effect is possible")

    def test_and_where_more_are_seen_it_says_nothing_of_fewer(self):
        more = zone("Works", difference(1000, 1000, 1600), Caution(COVERAGE, "A network was down."))
        assert not any("fewer people" in each for each in headline(answer(more)))

    def test_figures_that_do_not_make_the_difference_as_written_are_said_to_be_rounded(self):
        """An error of 1,200: 228,410 is 228,000, 184,790 is 185,000, and 43,620 is 44,000."""
        apart, right = (zone("Works", difference(184_790, 184_790, now, error=1_200.0)) for now in (228_400, 227_900))
        assert (
            "228,000 people were here where 185,000 are usual, 44,000 more (rounded one by one; 95 %"
            in (headline(answer(apart))[0])
        )
        assert "228,000 people were here where 185,000 are usual, 43,000 more (95 %" in headline(answer(right))[0]
        assert told(apart, 14).between.endswith("Figures are rounded one by one.")

    def test_the_most_at_once_has_the_digits_that_its_interval_supports(self):
        """344 between 123 and 567: an error of 444 / 4.612 = 96."""
        found = replace(zone("Works", difference(1000, 1000, 400)), peak=Largest(13, 344.0, 123.0, 567.0))
        words = Read(page(answer(found))).words
        assert "340 13:00, Wed 4" in words

    def test_a_caution_that_differs_by_a_number_is_said_once(self):
        zones = [
            zone(name, difference(500, 500, 200), Caution(CUT_CELLS, f"The edge makes up to {much} of it.", much))
            for name, much in (("Inner", "42 %"), ("Outer", "38 %"))
        ]
        source = page(answer(zone(ALL, difference(1000, 1000, 400)), *zones))
        assert "<li><sup>a</sup> <b>Inner:</b> The edge makes up to 42 % of it. Also Outer (38 %).</li>" in source
        assert source.count("<sup>a</sup>") == 3, "beside the sentence, and beside the difference of either"

    def test_and_one_that_differs_by_more_is_said_of_either(self):
        zones = [
            zone(name, difference(500, 500, 200), Caution(COVERAGE, f"Up to 30 % in {hours} hours.", "30 %"))
            for name, hours in (("Inner", 1), ("Outer", 2))
        ]
        words = Read(page(answer(zone(ALL, difference(1000, 1000, 400)), *zones))).words
        assert "Inner: Up to 30 % in 1 hours." in words
        assert "Outer: Up to 30 % in 2 hours." in words

    def test_a_caution_of_one_zone_names_it(self):
        one = zone("Inner", difference(500, 500, 200), Caution(COVERAGE, "A network was down."))
        source = page(answer(zone(ALL, difference(1000, 1000, 400)), one, zone("Outer", difference(500, 500, 200))))
        assert "<b>Inner:</b> A network was down." in source

    def test_an_hour_within_usual_variation_is_not_called_a_departure(self):
        quiet = zone("Works", difference(1000, 1000, 970))
        assert "did the number of people here differ" in headline(answer(quiet))[0]
        assert "fewer" not in headline(answer(quiet))[0]
        assert "No departure" in Read(page(answer(quiet))).words

    def test_the_zone_that_departs_most_is_named_where_all_together_do_not(self):
        """At 14:00 210 people of 500: 290 fewer; the third departs as well, and less; the first does not."""
        found = answer(
            zone(ALL, difference(9000, 9000, 8970)),
            zone("Harbour", difference(8000, 8000, 7990)),
            zone("Works", difference(500, 500, 220)),
            zone("School", difference(500, 500, 380)),
        )
        told = headline(found)
        assert told[0].startswith("All zones together did not differ from usual")
        assert told[0].endswith("but Works and School did.")
        assert told[1].startswith(
            "Furthest from usual in Works was Wed 4 Nov, 14:00 to 15:00: about 210 people were here where 500 are "
            "usual, 290 fewer"
        )
        assert told[2] == "It was as usual again 2 hours after the end, from Wed 4 Nov, 18:00 to 19:00."
        assert " ".join(told) in Read(page(found)).words

    def test_where_many_people_are_put_in_for_withheld_cells_nothing_is_called_usual(self):
        """40 cells of 5 people are 200 of 1,000; 39 are less than a fifth."""
        found = answer(zone("Works", difference(1000, 1000, 1000), withheld=40))
        (said,) = headline(found)
        assert said.startswith("Whether the number of people here differed from usual cannot be told: up to 20 % ")
        assert "Cannot be told" in Read(page(found)).words
        assert "cannot be told: cells withheld" in Read(page(found)).words
        assert "No departure" not in Read(page(found)).words
        assert "In no hour" in headline(answer(zone("Works", difference(1000, 1000, 1000), withheld=39)))[0]

    def test_a_few_people_are_not_called_nobody(self):
        """Of an error of 400 the digits are hundreds, and 49 would be none of them."""
        found = answer(zone("Works", difference(600, 600, 59, error=400.0)))
        assert "about 50 people were here where 600 are usual" in headline(found)[0]
        assert "0 people" not in Read(page(found)).words.replace("50 people", "")
        assert "<dd>50</dd><dd>600 usual</dd>" in page(found)

    def test_an_incident_until_midnight_ends_at_24_hours(self):
        late = replace(answer(), asked=Asked(datetime(2026, 11, 4, 20), datetime(2026, 11, 5)))  # noqa: DTZ001 - local
        assert "4 November 2026, 20:00 to 24:00, local time" in Read(page(late)).words

    def test_without_comparable_days_only_who_was_there_is_told(self):
        alone = zone(
            "Works",
            unknown(difference(1000, 160, 400), people=False),
            Caution(BASELINE, ALONE[0].sentence),
            Caution(BASELINE, ALONE[1].sentence),
            Caution(ENDS_EARLY, "The zone had not recovered."),
        )
        found = answer(replace(alone, recovery=Recovery(NOT_RECOVERED, None, 32)), compared=ALONE)
        words = Read(page(found)).words
        assert "About 410 people were here at the fullest hour" in words
        assert "1,060 to 1,340" in words, "exposure by day"
        for absent in ("160", "fewer", "far more", "not recovered", "Difference", "−1,8"):
            assert absent not in words.split("Method")[0]
        assert [each.sentence for each in marked(found)] == [ALONE[0].sentence]
        table = zones_at_hour(found)
        assert table[["usual", "excess", "z", "person_hours", "recovery_hours"]].isna().all(axis=None)
        assert table["recovery"].item() == "not known"
        assert zones_by_hour(found)["usual"].isna().all()
        assert cells_by_hour(found)["people"].isna().all()
        assert "no more" not in map_described(found, 13)

    def test_wholly_withheld_hours_have_no_figures(self):
        """Four cells inside, one of them cut, four withheld."""
        found = answer(zone("Works", unknown(difference(1000, 1000, 400)), withheld=4))
        assert "withheld or not covered" in headline(found)[0]
        assert "far fewer" not in Read(page(found)).words

    def test_a_given_picture_takes_the_place_of_the_map_and_a_missing_one_is_drawn(self):
        given, drawn = Read(page(map_png=b"\x89PNG")), Read(page())
        picture = next(attributes for tag, attributes in given.tags if tag == "img")
        assert picture["src"] == "data:image/png;base64,iVBORw=="
        assert "3 cells with fewer people than usual" in (picture["alt"] or "")
        assert not [tag for tag, _ in drawn.tags if tag == "img"]
        assert sum(tag == "svg" for tag, _ in drawn.tags) == 2


class TestNothingRuns:
    @pytest.fixture
    def hostile(self) -> Read:
        names = (HOSTILE[:70], "</style><b onclick=x>")
        found = several(*names)
        told = replace(found.zones[1], cautions=(Caution(COVERAGE, HOSTILE),))
        return Read(
            page(
                replace(found, zones=(found.zones[0], told, found.zones[2])),
                title=HOSTILE,
                where=HOSTILE,
                link=f"javascript:alert(1)//{HOSTILE}",
                notes=[HOSTILE],
                movement=[(HOSTILE, HOSTILE)],
                release_facts={**FACTS, "release_id": HOSTILE, "time_zone": HOSTILE, "caveats": [HOSTILE]},
            )
        )

    def test_what_somebody_wrote_is_text(self, hostile):
        tags = {tag for tag, _ in hostile.tags}
        assert not tags & {"script", "img", "iframe", "object", "form", "base", "link"}
        assert not [name for _, attributes in hostile.tags for name in attributes if name.startswith("on")]
        assert HOSTILE in hostile.words, "and is there, as it was written"

    def test_a_link_that_is_no_address_of_the_web_leads_nowhere(self, hostile):
        assert "a" not in {tag for tag, _ in hostile.tags}
        assert "javascript:alert(1)" in hostile.words

    def test_nothing_is_fetched_and_the_policy_allows_no_script(self):
        read = Read(page())
        policy = next(each["content"] for tag, each in read.tags if tag == "meta" and each.get("http-equiv")) or ""
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "script" not in policy
        sources = [each[name] for tag, each in read.tags for name in ("src", "srcset", "data") if name in each]
        assert all((source or "").startswith("data:") for source in sources)
        assert [tag for tag, each in read.tags if "href" in each] == ["a"]
        assert not [each for _, each in read.tags if "style" in each], "which the policy would refuse"

    def test_the_policy_knows_the_style_of_the_page_by_its_hash(self):
        """As the browser works it out: SHA-256 of the text of the element (W3C, Content Security Policy 3)."""
        source = page()
        style = re.search(r"<style>(.*?)</style>", source, re.DOTALL)
        assert style
        assert f"'sha256-{base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()}'" in source

    def test_no_cell_of_the_csv_is_a_formula(self):
        table = zones_by_hour(several("=HYPERLINK(A1)", "@SUM(1)"))
        assert set(table["zone"]) == {ALL, "=HYPERLINK(A1)", "@SUM(1)"}
        written = pd.read_csv(io.BytesIO(exports.to_csv(table)), encoding="utf-8-sig", dtype=str, keep_default_na=False)
        assert set(written["zone"]) == {ALL, "'=HYPERLINK(A1)", "'@SUM(1)"}
        text = written[["zone", "local_time", "hour_utc", "how_unusual"]]
        assert not text.apply(lambda column: column.str.match(r"[=+\-@\t\r]")).any(axis=None)


class TestDrawings:
    def test_what_is_not_known_is_a_gap_in_the_line(self):
        found = answer()
        at = found.at.copy()
        at[20:24] = -1
        works = zone("Works", unknown(difference(1000, 1000, 400), slice(20, 24)))
        parts = ElementTree.fromstring(timeline(replace(found, at=at), works, LIGHT))
        lines = [
            each for each in parts.iter("{http://www.w3.org/2000/svg}polyline") if each.get("stroke") == LIGHT.mark
        ]
        assert [len((line.get("points") or "").split()) for line in lines] == [20, 24]
        assert "4 hours withheld or not covered" in "".join(parts.itertext())

    def test_the_hours_of_the_incident_are_shaded(self):
        parts = ElementTree.fromstring(timeline(answer(), answer().zones[0], LIGHT))
        shade = next(each for each in parts.iter("{http://www.w3.org/2000/svg}rect") if each.get("y") == "24")
        left, wide = float(shade.get("x") or 0), float(shade.get("width") or 0)
        line = next(each for each in parts.iter("{http://www.w3.org/2000/svg}polyline"))
        hours = [float(each.split(",")[0]) for each in (line.get("points") or "").split()]
        assert [hour for hour in range(HOURS) if left < hours[hour] < left + wide] == [13, 14, 15]

    def test_both_drawings_have_a_title_and_a_description(self):
        for drawn in (timeline(answer(), answer().zones[0], LIGHT), paper_map(answer(), 14, LIGHT)):
            root = ElementTree.fromstring(drawn)
            named = (root.get("aria-labelledby") or "").split()
            words = {each.get("id"): each.text for each in root.iter() if each.get("id")}
            assert all(words[each] for each in named)
            assert root.get("role") == "img"

    def test_the_map_has_each_cell_in_its_class_and_the_withheld_one_hatched(self):
        root = ElementTree.fromstring(paper_map(answer(), 14, LIGHT))
        paths = {
            each.get("fill"): (each.get("d") or "").count("Z") for each in root.iter("{http://www.w3.org/2000/svg}path")
        }
        assert (paths[LIGHT.ratios[1]], paths[LIGHT.ratios[3]], paths["url(#withheld)"]) == (3, 3, 1)

    def test_a_cell_that_is_not_covered_is_not_drawn(self):
        covered = np.ones((7, HOURS), dtype=bool)
        covered[6] = False
        drawn = paper_map(replace(answer(), covered=covered), 14, LIGHT)
        assert 'fill="url(#withheld)"' not in drawn


class TestTables:
    def test_zones_have_a_row_an_hour_with_the_figures_of_the_answer(self):
        table = zones_by_hour(answer())
        assert list(table) == list(ZONE_COLUMNS)
        row = table[table["local_time"] == "2026-11-04T14:00"].iloc[0]
        assert row[["people", "usual", "excess", "percent", "z", "days_compared"]].tolist() == [
            390,
            1000,
            -610,
            -61,
            -12.2,
            2,
        ]
        assert (row["hour_utc"], row["incident"], row["how_unusual"]) == (
            "2026-11-04T14:00Z",
            True,
            "far fewer than usual",
        )
        assert table["incident"].sum() == 3

    def test_an_hour_that_the_release_does_not_have_is_no_row(self):
        found = answer()
        at = found.at.copy()
        at[1] = -1
        assert len(zones_by_hour(replace(found, at=at))) == HOURS - 1
        assert len(cells_by_hour(replace(found, at=at))) == 7 * (HOURS - 1)

    def test_the_share_lost_is_the_largest_of_the_cells_inside(self):
        lost = np.zeros((7, HOURS))
        lost[1, 14], lost[5, 14] = 0.3, 0.9
        table = zones_by_hour(answer(), lost)
        assert list(table) == [*ZONE_COLUMNS, *SHARE_LOST]
        assert table.loc[table["incident"], "share_lost"].tolist() == [0.0, 0.3, 0.0]

    def test_cells_have_what_the_map_shows(self):
        table = cells_by_hour(answer(), [14])
        assert list(table) == list(CELL_COLUMNS)
        assert len(table) == 7
        assert all(h3.is_valid_cell(each) for each in table["h3"])
        assert table["verdict"].tolist()[::6] == ["fewer people than usual", "withheld or not covered"]
        assert np.isnan(table["people"].iloc[6])

    def test_cells_inside_a_zone_are_those_that_it_has_a_part_of(self):
        found = several("Inner", "Outer")
        assert [int(cells_inside(found, each).sum()) for each in found.zones] == [5, 3, 2]

    def test_all_zones_are_told_of_at_one_hour(self):
        assert hour_told(answer()) == 14
        table = zones_at_hour(several("Inner", "Outer"))
        assert list(table) == list(SUMMARY_COLUMNS)
        assert table["people"].tolist() == [390, 190, 190]
        assert set(table["local_time"]) == {"2026-11-04T14:00"}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GeoPackage of two zones with names that are nothing but text."""
    path = tmp_path_factory.mktemp("taken") / "incident.gpkg"
    made = geopackage(several("=Inner", HOSTILE[:70]), FACTS, link="https://counts.example/", method=["Medians."])
    path.write_bytes(made)
    return path


class TestGeoPackage:
    def test_it_holds_zones_with_their_figures_in_wgs_84(self, path):
        zones = gpd.read_file(path, layer="zones")
        assert zones.crs == "EPSG:4326"
        assert zones["zone"].tolist() == ["=Inner", HOSTILE[:70]], (
            "text as it is, and no sum that would be counted twice"
        )
        assert zones["excess"].tolist() == [-310, -310]
        assert set(SUMMARY_COLUMNS) | {"release_id", "synthetic"} <= set(zones)
        assert zones.geometry.iloc[0].equals(shapely.MultiPolygon([shapely.box(-1.54, 54.89, -1.535, 54.9)]))

    def test_it_holds_cells_where_they_lie(self, path):
        cells = gpd.read_file(path, layer="cells")
        assert cells.crs == "EPSG:4326"
        for index, shape in zip(cells["h3"], cells.geometry, strict=True):
            latitude, longitude = h3.cell_to_latlng(index)
            assert shape.contains(shapely.Point(longitude, latitude))
        assert cells["share_inside"].tolist() == [1, 1, 1, 1, 0, 0, 0.5]

    def test_it_says_what_it_is(self, path):
        table = pyogrio.read_dataframe(path, layer="about")
        said = dict(zip(table["name"], table["value"], strict=True))
        assert said["release_id"] == "wood-2026-11"
        assert said["synthetic"] == "true"
        assert said["caveats"] == "Country of residence is a proxy."
        assert (said["link"], said["method"]) == ("https://counts.example/", "Medians.")
        assert {f"zones.{each}" for each in SUMMARY_COLUMNS} <= set(said)

    def test_nothing_is_left_behind(self, monkeypatch, tmp_path):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        geopackage(answer(), FACTS, link="", method=[])
        assert not list(tmp_path.iterdir())


WIDTH_OF_PRINT = round(188 / 25.4 * 96)
"""Pixels between the margins of the sheet."""
CUT_OFF = """() => {
  const cut = (each) => each.scrollWidth > each.clientWidth + 1
  const beyond = (each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1
  const parts = [...document.querySelectorAll("th, td, dt, dd, p, h1, h2, li, svg")]
  return parts.filter((each) => cut(each) || beyond(each)).map((each) => each.textContent)
}"""


@pytest.mark.browser
def test_five_zones_of_millions_print_on_one_sheet_and_nothing_is_cut_off():
    crowd = [
        replace(
            zone(f"{at} to {at + 1} km", difference(1_480_000, 1_480_000, 2_900_000, error=20_000.0), km2=254.4),
            day=Exposure(1_190_000.0, 40_000.0, 1_500_000.0, 70_000.0, 100),
            night=Exposure(1_020_000.0, 40_000.0, 1_100_000.0, 45_000.0, 100),
            peak=Largest(14, 2_900_000.0, 2_800_000.0, 3_000_000.0),
        )
        for at in range(MOST_ZONES)
    ]
    source = page(answer(replace(crowd[0], name=ALL), *crowd))
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=browser_or_skip(), args=FLAGS)
        opened = browser.new_page(viewport={"width": WIDTH_OF_PRINT, "height": 1000})
        opened.emulate_media(media="print")
        opened.set_content(source)
        opened.evaluate("document.fonts.ready")
        cut = opened.evaluate(CUT_OFF)
        printed = opened.pdf(prefer_css_page_size=True)
        browser.close()
    assert cut == []
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


@pytest.mark.browser
def test_five_zones_print_on_one_sheet_and_the_browser_refuses_nothing():
    names = tuple(f"Zone {at} of the works, with a name of two lines" for at in range(1, MOST_ZONES + 1))
    cautions = [Caution(COVERAGE, f"A part of a network was down here, {each} %. " * 2) for each in range(3)]
    found = several(*names)
    found = replace(found, zones=(replace(found.zones[0], cautions=tuple(cautions)), *found.zones[1:]))
    source = page(
        found,
        release_facts={
            **FACTS,
            "steward_only": True,
            "caveats": ["A caveat of about fifty letters, and not more."] * 10,
        },
        movement=[(f"To Gateshead, whole authority {each}", "+900 trips") for each in range(4)],
    )
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=browser_or_skip(), args=FLAGS)
        opened = browser.new_page()
        refused: list[str] = []
        opened.on("console", lambda message: refused.append(message.text))
        opened.on("request", lambda request: refused.append(request.url))
        opened.set_content(source)
        printed = opened.pdf(prefer_css_page_size=True)
        browser.close()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    assert b"/MediaBox [0 0 59" in printed, "A4 is 595 points wide"
    assert not [each for each in refused if not each.startswith("data:")]
