"""Briefings: the deck and the page say what they were given, in order, fit, and nothing that was typed can run."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pptx
import pytest
from browser import ROOT, browser_or_skip
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont
from playwright.sync_api import sync_playwright
from pptx.oxml.ns import qn

from cellcount.bench.browser import FLAGS
from cellcount.briefing import letters
from cellcount.briefing.beside import SIZES, arrange
from cellcount.briefing.deck import Contribution, Deck, PinSlide, ReleaseFacts, ThemeSlide, WordsSlide
from cellcount.briefing.letters import Text
from cellcount.briefing.powerpoint import CONTINUED, powerpoint
from cellcount.briefing.template import Box
from cellcount.briefing.web import web_page
from cellcount.errors import CellCountError

SYNTHETIC = ("Made-up data.", "Nobody here is anybody.")
STEWARD = ("Not for release.", "Do not pass it on.")
WOOD = ReleaseFacts(
    "wood-2026-11",
    "The wood",
    "Europe/London",
    synthetic=False,
    steward_only=False,
    caveats=("A SIM is no person.", "Hours do not add up."),
    source="Nobody, CC0 1.0",
    disclosure_rule="Fewer than 10 devices are withheld.",
)
TOY = replace(WOOD, release_id="toy-2026-10", title="The toy", synthetic=True)
CONTRIBUTIONS = (
    Contribution("Policy value", 45.0, 0.5),
    Contribution("Readiness", 12.0, 0.3),
    Contribution("Timeliness", 4.5, 0.2),
)
TOURISM = ThemeSlide(
    "Tourism",
    "Who visits, and from where?",
    can=("Nights by country.", "Where visitors go next."),
    cannot=("What they spend.",),
    ethics="Counts alone.",
    gate="Passed",
    score=61.5,
    rank="First in 83 % of the draws.",
    contributions=CONTRIBUTIONS,
    npv="£1.2 million",
    bcr="2.4",
    value_words="Over 10 years at 3.5 %.",
    reasons=("Fewer people answer the survey each year.",),
    words="Asked for in March.",
)
ETHNICITY = ThemeSlide("Ethnicity", "Which communities?", cannot=("No count tells it.",), gate="Stopped at the gate")
ASKED = WordsSlide("What we ask", "Agree to two themes:\n- tourism\n- commuting\n\nBoth can be stopped.")
HOSTILE = {
    "markup": "</a:t><script>alert(1)</script><img src=x onerror=alert(1)> &amp; \"'",
    "emoji": "Full 😀 👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 house",
    "from right": "עברית and English 12,300 في المدينة",
    "controls": "a\x00b\x07c\x1bd\x0be\ud800f\ufffeg\u202eh\x85i",
    "formula": "=HYPERLINK(\"https://evil.example\",1)+cmd|' /C calc'!A0",
    "one word": "W" * 290,
    "wide": "漢" * 290,
}


def picture(width: int = 1600, height: int = 1000) -> bytes:
    """A picture that is dark above and light below."""
    written = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(written, "PNG")
    return written.getvalue()


PIN = PinSlide(
    headline="412,000 people are in Alder at 08:00",
    caption="People present, Alder, 2 November 2026. 38 cells are withheld.",
    precision="95 % interval 398,000 to 426,000: precise.",
    picture=picture(),
    source="Nobody, CC0 1.0",
    release_id="wood-2026-11",
    synthetic=False,
    steward_only=False,
    link="https://counts.example/density?area=E1&hour=8",
    figure="412,000 (398,000 to 426,000)",
    words="Seen by the committee.",
)


def deck(*slides: ThemeSlide | PinSlide | WordsSlide, **more: Any) -> Deck:
    given_: dict[str, Any] = {
        "title": "Which themes go forward?",
        "subtitle": "Steering committee",
        "made": date(2026, 11, 30),
        "names": ("A. Analyst", "B. Leader"),
        "releases": (WOOD,),
        "synthetic_words": SYNTHETIC,
        "steward_words": STEWARD,
        "method": ("Devices times a factor.", "Intervals hold chance and rounding."),
        "slides": slides,
    }
    return Deck(**{**given_, **more})


def opened(written: bytes) -> Any:
    return pptx.Presentation(io.BytesIO(written))


def texts(slide: Any) -> list[str]:
    """The words of each shape of a slide, in the order in which they are read aloud."""
    return [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame and shape.text_frame.text]


def title(slide: Any) -> str:
    return slide.shapes.title.text_frame.text


def notes(slide: Any) -> str:
    return slide.notes_slide.notes_text_frame.text


def chart(slide: Any) -> Any:
    return next(shape for shape in slide.shapes if shape.has_chart)


def pictured(slide: Any) -> Any:
    return next(shape for shape in slide.shapes if shape.shape_type == pptx.enum.shapes.MSO_SHAPE_TYPE.PICTURE)


def hostile_slides(words: str) -> tuple[ThemeSlide | PinSlide | WordsSlide, ...]:
    """Slides that say the same everywhere where somebody can type."""
    theme = replace(
        TOURISM,
        title=words,
        question=words,
        can=(words,),
        cannot=(words,),
        ethics=words,
        gate=words,
        rank=words,
        npv=words[:40],
        bcr=words[:40],
        value_words=words,
        reasons=(words,),
        words=words,
        contributions=tuple(replace(each, criterion=words) for each in CONTRIBUTIONS),
    )
    pin = replace(
        PIN,
        headline=words,
        caption=(f"{words} " * 40)[:1000],
        precision=words,
        source=words,
        release_id=words,
        link=words,
        figure=words,
        words=words,
        description=words,
        changed=words,
    )
    return theme, pin, WordsSlide(words, f"{words}\n- {words}")


def hostile_deck(words: str) -> Deck:
    facts = ReleaseFacts(words, words, words, True, True, (words,), words, words)
    return deck(*hostile_slides(words), title=words, subtitle=words, names=(words,), releases=(facts,), method=(words,))


class TestWhatADeckMayHold:
    def test_a_briefing_without_a_release_is_refused(self):
        with pytest.raises(CellCountError, match="none is open"):
            deck(releases=())

    @pytest.mark.parametrize("score", [-0.1, 100.1, math.nan, math.inf])
    def test_a_score_outside_the_scale_is_refused(self, score):
        with pytest.raises(CellCountError, match="from 0 to 100"):
            ThemeSlide("Tourism", "", score=score)

    def test_points_that_do_not_add_up_to_the_score_are_refused(self):
        with pytest.raises(CellCountError, match=r"add up to 61\.5"):
            replace(TOURISM, score=70.0)

    @pytest.mark.parametrize(("points", "weight"), [(31.0, 0.3), (-1.0, 0.3), (10.0, 1.2), (math.nan, 0.3)])
    def test_points_beyond_their_weight_are_refused(self, points, weight):
        with pytest.raises(CellCountError):
            Contribution("Readiness", points, weight)

    def test_a_headline_of_more_than_300_characters_is_refused_and_says_how_many(self):
        assert len(replace(PIN, headline="x" * 300).headline) == 300
        with pytest.raises(CellCountError, match="301 characters, and 300 fit"):
            replace(PIN, headline="x" * 301)

    def test_one_slide_for_the_steward_makes_all_of_it_the_steward_s(self):
        told = deck(TOURISM, replace(PIN, steward_only=True))
        assert told.steward_only
        assert not told.synthetic


class TestThePowerPoint:
    def test_slides_come_in_the_order_of_the_deck_with_method_and_caveats_at_the_end(self):
        told = opened(powerpoint(deck(TOURISM, PIN, ASKED, ETHNICITY)))
        assert [title(slide) for slide in told.slides] == [
            "Which themes go forward?",
            "Tourism",
            "412,000 people are in Alder at 08:00",
            "What we ask",
            "Ethnicity",
            "How the figures are made",
            "What to bear in mind",
        ]

    def test_it_is_sixteen_to_nine(self):
        told = opened(powerpoint(deck(ASKED)))
        assert told.slide_width * 9 == told.slide_height * 16

    def test_the_first_slide_says_who_when_and_of_which_release(self):
        words = " ".join(texts(opened(powerpoint(deck(ASKED))).slides[0]))
        for said in ("Steering committee", "A. Analyst · B. Leader", "30 November 2026", "The wood", "wood-2026-11"):
            assert said in words

    def test_a_theme_says_what_data_can_do_its_score_and_its_value(self):
        words = texts(opened(powerpoint(deck(TOURISM))).slides[1])
        assert words[:2] == ["Tourism", "Who visits, and from where?"]
        assert words[2].split("\n") == [
            "What these data can answer",
            "Nights by country.",
            "Where visitors go next.",
            "What they cannot",
            "What they spend.",
            "Why",
            "Fewer people answer the survey each year.",
            "Ethics",
            "Counts alone.",
            "Notes",
            "Asked for in March.",
        ]
        for said in (
            "Score\n62 of 100",
            "Net present value\n£1.2 million",
            "Benefit-cost ratio\n2.4",
            "First in 83 % of the draws.\nOver 10 years at 3.5 %.",
            "Ethics gate: Passed",
        ):
            assert said in words

    def test_the_chart_holds_the_points_and_what_the_weight_leaves(self):
        """Weights 0.5, 0.3 and 0.2 allow 50, 30 and 20 points; 45, 12 and 4.5 of them are reached."""
        drawn = chart(opened(powerpoint(deck(TOURISM))).slides[1])
        plot = drawn.chart.plots[0]
        assert [each.strip() for each in plot.categories] == [
            "Policy value: 45 of 50",
            "Readiness: 12 of 30",
            "Timeliness: 4.5 of 20",
        ]
        assert {each.name: list(each.values) for each in plot.series} == {
            "Points reached": [45.0, 12.0, 4.5],
            "Weight not reached": [5.0, 18.0, 15.5],
        }
        assert "Readiness: 12 of 30" in drawn._element.nvGraphicFramePr.cNvPr.get("descr")

    def test_a_theme_that_is_not_scored_says_so_and_has_no_chart(self):
        slide = opened(powerpoint(deck(ETHNICITY))).slides[1]
        assert "Score\nNot scored" in texts(slide)
        assert "Stopped at the gate" in texts(slide)
        assert not any(shape.has_chart for shape in slide.shapes)

    def test_a_picture_keeps_its_proportions_and_is_the_largest_thing_on_its_slide(self):
        for size in ((1600, 1000), (3000, 800), (600, 1400)):
            told = opened(powerpoint(deck(replace(PIN, picture=picture(*size)))))
            shape = pictured(told.slides[1])
            assert shape.width / shape.height == pytest.approx(size[0] / size[1], rel=0.001)
            # As large as fits: either it takes most of what is free below the title, or it is as high as that.
            assert shape.width > 0.5 * told.slide_width or shape.height > 0.6 * told.slide_height

    def test_a_picture_is_described_for_who_cannot_see_it(self):
        shape = pictured(opened(powerpoint(deck(PIN))).slides[1])
        assert shape._element.nvPicPr.cNvPr.get("descr") == (
            "412,000 people are in Alder at 08:00. People present, Alder, 2 November 2026. 38 cells are withheld."
        )

    def test_source_precision_release_and_link_are_in_the_notes_of_a_pin(self):
        slide = opened(powerpoint(deck(PIN))).slides[1]
        assert notes(slide).split("\n") == [
            "Caption: People present, Alder, 2 November 2026. 38 cells are withheld.",
            "Figure: 412,000 (398,000 to 426,000)",
            "Precision: 95 % interval 398,000 to 426,000: precise.",
            "Source: Nobody, CC0 1.0",
            "Release: The wood (wood-2026-11)",
            "View: https://counts.example/density?area=E1&hour=8",
            "Seen by the committee.",
        ]
        links = [run.hyperlink.address for each in slide.notes_slide.notes_text_frame.paragraphs for run in each.runs]
        assert [each for each in links if each] == ["https://counts.example/density?area=E1&hour=8"]

    def test_only_an_address_of_the_web_is_a_link(self):
        for link in ("javascript:alert(1)", "file:///etc/passwd", "https://", "//counts.example"):
            slide = opened(powerpoint(deck(replace(PIN, link=link)))).slides[1]
            runs = [run for each in slide.notes_slide.notes_text_frame.paragraphs for run in each.runs]
            assert [run.hyperlink.address for run in runs if run.hyperlink.address] == []
            assert f"View: {link}" in notes(slide)

    def test_every_slide_says_release_date_and_its_number(self):
        told = opened(powerpoint(deck(TOURISM, PIN, ASKED)))
        for number, slide in enumerate(told.slides, start=1):
            assert "Release wood-2026-11 · 30 November 2026" in texts(slide)
            fields = list(slide._element.iter(qn("a:fld")))
            assert [(each.get("type"), each.find(qn("a:t")).text) for each in fields] == [("slidenum", str(number))]

    def test_made_up_data_are_marked_in_orange_on_every_slide(self):
        for slide in opened(powerpoint(deck(TOURISM, ASKED, releases=(TOY,)))).slides:
            marks = [shape for shape in slide.shapes if shape.name == "Warning"]
            assert [shape.text_frame.text for shape in marks] == ["Made-up data"]
            assert str(marks[0].fill.fore_color.rgb) == "F46A25"
            assert "Made-up data. Nobody here is anybody." in notes(slide)

    def test_a_made_up_pin_among_real_data_is_marked_and_the_others_are_not(self):
        toy = replace(PIN, release_id="toy-2026-10", synthetic=True)
        slides = opened(powerpoint(deck(PIN, toy, releases=(WOOD, TOY)))).slides
        assert "Made-up data" not in texts(slides[1])
        assert {"Made-up data", "Release toy-2026-10 · 30 November 2026"} <= set(texts(slides[2]))
        assert "Made-up data" in texts(slides[0])

    def test_what_is_for_the_steward_says_so_on_every_slide(self):
        slides = opened(powerpoint(deck(TOURISM, replace(PIN, steward_only=True)))).slides
        assert all("Not for release" in texts(slide) for slide in slides)
        assert all("Do not pass it on." in notes(slide) for slide in slides)

    def test_caveats_disclosure_and_source_of_every_release_are_at_the_end(self):
        words = " ".join(texts(opened(powerpoint(deck(PIN, releases=(WOOD, TOY)))).slides[-1]))
        for said in (
            *WOOD.caveats,
            WOOD.disclosure_rule,
            WOOD.source,
            "(release wood-2026-11)",
            "(release toy-2026-10)",
        ):
            assert said in words
        assert words.count("A SIM is no person.") == 1, "what holds for both is said once"

    def test_long_words_go_on_on_slides_that_say_so_and_none_is_lost(self):
        items = [f"Sentence {number} of many, which is as long as such sentences are." for number in range(60)]
        told = opened(powerpoint(deck(WordsSlide("Long", "\n".join(items)))))
        of_it = [slide for slide in told.slides if title(slide).startswith("Long")]
        assert [title(slide) for slide in of_it] == ["Long"] + [f"Long{CONTINUED}"] * (len(of_it) - 1)
        assert len(of_it) > 1
        words = " ".join(" ".join(texts(slide)[1].split()) for slide in of_it)
        assert all(each in words for each in items)

    def test_what_goes_on_has_letters_of_one_size_and_begins_with_a_sentence(self):
        caveat = "Roads, e.g. motorways, are not places where people stay for as long as an hour. Nor are railways. "
        facts = replace(WOOD, caveats=tuple(f"Caveat {at}. {caveat * 4}" for at in range(7)))
        told = opened(powerpoint(deck(ASKED, releases=(facts,))))
        of_it = [slide for slide in told.slides if title(slide).startswith("What to bear in mind")]
        assert len(of_it) > 1
        words = [next(each.text_frame for each in slide.shapes if each.name == "Words") for slide in of_it]
        sizes = {run.font.size for each in words for paragraph in each.paragraphs for run in paragraph.runs}
        assert len(sizes) == 1
        first = [each.paragraphs[0].text for each in words[1:]]
        assert all(each.startswith(("Caveat", "Roads", "Nor", "Disclosure", "Source", "Hours")) for each in first), (
            first
        )
        assert " ".join(" ".join(each.text for each in words).split()).count("Nor are railways.") == 4 * 7

    def test_what_a_theme_goes_on_with_has_the_letters_of_its_first_slide(self):
        long = replace(
            TOURISM, reasons=tuple(f"Reason {at} is a sentence of some length or other." for at in range(12))
        )
        slides = [slide for slide in opened(powerpoint(deck(long))).slides if title(slide).startswith("Tourism")]
        assert len(slides) > 1
        names = ["What the data can do", *["Words"] * (len(slides) - 1)]
        shapes = [
            next(each for each in slide.shapes if each.name == name) for slide, name in zip(slides, names, strict=True)
        ]
        assert len({run.font.size for each in shapes for run in each.text_frame.paragraphs[-1].runs}) == 1

    def test_a_source_that_says_what_it_is_is_not_said_to_be_one_twice(self):
        facts, pin = replace(WOOD, source="Source: Nobody, CC0 1.0."), replace(PIN, source="Source: Nobody, CC0 1.0.")
        told = deck(TOURISM, pin, releases=(facts,))
        slides = opened(powerpoint(told)).slides
        everything = "\n".join([*("\n".join(texts(each)) for each in slides), *(notes(each) for each in slides)])
        assert everything.count("Source: Nobody, CC0 1.0.") == 3, "of the theme, of the pin, and at the end"
        page = Read(web_page(told).decode()).words
        for each in (everything, page):
            assert not re.search(r"Source:?\s*Source", each)
        assert "Nobody, CC0 1.0." in page

    def test_a_pin_without_a_picture_is_a_slide_of_words(self):
        slide = opened(powerpoint(deck(replace(PIN, picture=None)))).slides[1]
        assert PIN.caption in texts(slide)[1]

    @pytest.mark.parametrize("broken", [b"", b"GIF89a", b"<svg/>", picture()[:200]])
    def test_a_picture_that_is_none_is_refused_with_the_name_of_its_pin(self, broken):
        for write in (powerpoint, web_page):
            with pytest.raises(CellCountError, match="412,000 people"):
                write(deck(replace(PIN, picture=broken)))

    def test_the_document_says_what_it_is(self):
        told = opened(powerpoint(deck(ASKED, releases=(TOY,)))).core_properties
        assert (told.title, told.subject) == ("Which themes go forward?", "Steering committee")
        assert told.author == "A. Analyst, B. Leader"
        assert told.created.date() == date(2026, 11, 30)
        assert "Made-up data." in told.comments
        assert "toy-2026-10" in told.keywords

    def test_letters_are_those_that_powerpoint_has(self):
        with zipfile.ZipFile(io.BytesIO(powerpoint(deck(TOURISM, PIN)))) as packed:
            theme = packed.read("ppt/theme/theme1.xml").decode()
            slides = [packed.read(name).decode() for name in packed.namelist() if re.match(r"ppt/slides/slide\d", name)]
        assert re.findall(r'<a:latin typeface="([^"]*)"', theme) == ["Arial", "Arial"]
        assert not any("<a:latin" in slide for slide in slides), "slides take the letters of the theme"


class TestThatItFits:
    """Boxes do not touch, and words fit their boxes in the letters of Open Sans, wider than those of Arial."""

    @pytest.mark.parametrize(
        ("words", "size"),
        [
            *((words, size) for words in HOSTILE for size in (None, (720, 540))),
            *(("many words", size) for size in (None, (720, 540), (540, 780), (1920, 1080))),
        ],
    )
    def test_nothing_overlaps_or_runs_out_at_the_limits(self, words, size):
        typed = HOSTILE.get(words, "Some words of a length. " * 12).strip()
        told = opened(powerpoint(hostile_deck(typed[:300]), None if size is None else template(size)))
        for slide in told.slides:
            boxes = [shape for shape in slide.shapes if shape.name != "Panel"]
            for shape in boxes:
                assert shape.left >= 0
                assert shape.top >= 0
                assert shape.left + shape.width <= told.slide_width
                assert shape.top + shape.height <= told.slide_height
            for one, other in combinations(boxes, 2):
                assert apart(one, other), (title(slide), one.name, other.name)

    @pytest.mark.parametrize("headline", ["Population present in every hour of the day " * 6, "M" * 300, "Short"])
    def test_words_fit_their_boxes(self, headline):
        caption = ("Withheld cells are hatched; they are few. " * 24)[:1000]
        pin = replace(PIN, headline=headline[:300].strip(), caption=caption)
        for slide in opened(powerpoint(deck(TOURISM, pin, ASKED, releases=(TOY,)))).slides:
            for shape in slide.shapes:
                if shape.has_text_frame and shape.text_frame.text:
                    assert written_height(shape) <= shape.height / 12_700 + 0.5, (title(slide), shape.name)

    def test_a_short_headline_is_large_and_a_long_one_is_smaller(self):
        def size(headline: str) -> float:
            slide = opened(powerpoint(deck(replace(PIN, headline=headline)))).slides[1]
            return slide.shapes.title.text_frame.paragraphs[0].runs[0].font.size.pt

        assert size("Short") == 30
        assert 14 <= size("Population in every hour of the day " * 8) < 30

    @given(
        st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=400), st.floats(20, 500)
    )
    @settings(max_examples=60)
    def test_lines_hold_all_letters_in_order_and_none_is_too_long(self, words, room):
        told = letters.lines(words, 10, room)
        assert "".join("".join(told).split()) == "".join(words.split())
        assert all(letters.width(each, 10) <= room or len(each) == 1 for each in told)

    @given(st.lists(st.text("ab ", min_size=1, max_size=300), min_size=1, max_size=8), st.floats(12, 400))
    @settings(max_examples=60)
    def test_what_is_split_is_all_there_and_the_first_part_fits(self, words, most):
        told = [Text(" ".join(each.split()), 10, before=4) for each in words if each.strip()]
        fitting, rest = letters.split(told, 150, most)
        assert letters.height(fitting, 150) <= most
        both = "".join(each.words for each in [*fitting, *rest]).replace(" ", "")
        assert both == "".join(each.words for each in told).replace(" ", "")

    def test_a_paragraph_is_parted_between_sentences_or_goes_on_whole(self):
        one, other = (
            "Words of one sentence, e.g. these.",
            "Those of another one are rather more than there is room for.",
        )
        above = Text("Above.", 10)
        fitting, rest = letters.split([above, Text(f"{one} {other}", 10)], 150, 4 * 12)
        assert [each.words for each in fitting] == ["Above.", one]
        assert [each.words for each in rest] == [other]
        fitting, rest = letters.split([above, Text(other * 2, 10)], 150, 4 * 12)
        assert [each.words for each in fitting] == ["Above."], "the sentence has no end here, and does have one there"
        assert [each.words for each in rest] == [other * 2]

    def test_a_sentence_longer_than_a_slide_is_parted_all_the_same(self):
        fitting, rest = letters.split([Text("word " * 100, 10)], 150, 4 * 12)
        assert fitting
        assert rest

    def test_words_are_measured_as_wide_as_the_widest_letters_draw_them(self):
        drawn = ImageFont.truetype(dejavu(), 100)
        for words in ("Population density", "WWW", "iiii", "12,300 to 12,800"):
            assert letters.width(words, 100) == pytest.approx(drawn.getlength(words), rel=0.02)

    def test_words_beside_a_picture_leave_it_nearly_as_large_as_small_ones_would(self):
        free = Box(0, 0, 870, 380)
        told = arrange(free, (1600, 1000), [Text("A caption of a few words.", SIZES[0])], 1.0)
        assert told.texts[0].size == SIZES[0]
        assert told.picture.height > 0.85 * free.height
        assert told.words.left > told.picture.right


def dejavu() -> str:
    import matplotlib  # noqa: PLC0415 - one test

    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


def apart(one: Any, other: Any) -> bool:
    rounding = 12_700  # a point
    return (
        one.left + one.width <= other.left + rounding
        or other.left + other.width <= one.left + rounding
        or one.top + one.height <= other.top + rounding
        or other.top + other.height <= one.top + rounding
    )


def written_height(shape: Any) -> float:
    """Points that the words of a shape take, as Open Sans breaks them into lines."""
    room = shape.width / 12_700
    total = 0.0
    for index, paragraph in enumerate(shape.text_frame.paragraphs):
        if not paragraph.runs:
            continue
        run = paragraph.runs[0]
        font = ImageFont.truetype(ROOT / f"static/open-sans-{600 if run.font.bold else 400}.ttf", 100)
        indent = int(paragraph._p.pPr.get("marL") or 0) / 12_700
        count, used = 1, 0.0
        for word in run.text.split():
            wide = font.getlength(f"{word} ") * run.font.size.pt / 100
            if used + wide > room - indent and used:
                count, used = count + 1, 0.0
            extra = max(math.ceil(wide / (room - indent)) - 1, 0)
            count, used = count + extra, used + wide - extra * (room - indent)
        total += count * paragraph.line_spacing.pt + (paragraph.space_before.pt if index else 0)
    return total


def template(points: tuple[int, int] = (720, 540), slides: int = 1) -> bytes:
    """A presentation of python-pptx's own look, of some size, its placeholders where that size has them."""
    told = pptx.Presentation()
    across, down = points[0] * 12_700 / told.slide_width, points[1] * 12_700 / told.slide_height
    for holder in (told.slide_master, *told.slide_layouts):
        for shape in holder.placeholders:
            if shape._element.spPr.find(qn("a:xfrm")) is not None:
                edges = (shape.left * across, shape.top * down, shape.width * across, shape.height * down)
                shape.left, shape.top, shape.width, shape.height = (round(each) for each in edges)
    told.slide_width, told.slide_height = (each * 12_700 for each in points)
    for _ in range(slides):
        told.slides.add_slide(told.slide_layouts[1]).shapes.title.text_frame.text = "Of the template"
    written = io.BytesIO()
    told.save(written)
    return written.getvalue()


def repacked(source: bytes, old: str, new: str, **more: bytes) -> bytes:
    """A file with other words in its list of types, and with more parts."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source)) as packed, zipfile.ZipFile(written, "w") as out:
        for each in packed.namelist():
            part = packed.read(each)
            out.writestr(each, part.replace(old.encode(), new.encode()) if each == "[Content_Types].xml" else part)
        for name, part in more.items():
            out.writestr(name, part)
    return written.getvalue()


MAIN = "presentationml.presentation.main"


class TestATemplate:
    def test_its_size_layouts_and_look_are_taken_and_its_slides_are_not(self, tmp_path):
        path = tmp_path / "look.pptx"
        path.write_bytes(template(slides=2))
        told = opened(powerpoint(deck(TOURISM, PIN), path))
        assert (told.slide_width, told.slide_height) == (720 * 12_700, 540 * 12_700)
        assert [title(slide) for slide in told.slides][:2] == ["Which themes go forward?", "Tourism"]
        assert [slide.slide_layout.name for slide in told.slides][:3] == ["Title Slide", "Title Only", "Title Only"]
        with zipfile.ZipFile(io.BytesIO(powerpoint(deck(TOURISM), path))) as packed:
            assert 'typeface="Calibri"' in packed.read("ppt/theme/theme1.xml").decode()

    def test_a_potx_is_as_good_as_a_pptx(self):
        potx = repacked(template(), MAIN, "presentationml.template.main")
        assert len(opened(powerpoint(deck(ASKED), potx)).slides) == 4

    def test_one_with_macros_is_refused(self):
        macros = [
            repacked(
                template(),
                "vnd.openxmlformats-officedocument." + MAIN,
                "vnd.ms-powerpoint.presentation.macroEnabled.main",
            ),
            repacked(template(), "", "", **{"ppt/vbaProject.bin": b"x"}),
        ]
        for each in macros:
            with pytest.raises(CellCountError, match="has macros"):
                powerpoint(deck(ASKED), each)

    @pytest.mark.parametrize(
        "broken",
        [
            b"",
            b"no file of any kind",
            b"\xd0\xcf\x11\xe0" + bytes(600),
            template()[:3000],
            repacked(template(), MAIN, "wordprocessingml.document.main"),
        ],
        ids=["empty", "text", "with a password", "cut off", "a document"],
    )
    def test_one_that_is_no_powerpoint_file_is_refused_with_a_sentence(self, broken):
        with pytest.raises(CellCountError, match=r"Give a PowerPoint file without macros \(.potx or .pptx\)"):
            powerpoint(deck(ASKED), broken)

    def test_one_with_a_broken_part_is_refused_with_a_sentence(self):
        written = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(template())) as packed, zipfile.ZipFile(written, "w") as out:
            for each in packed.namelist():
                out.writestr(each, b"<p:" if each == "ppt/presentation.xml" else packed.read(each))
        with pytest.raises(CellCountError, match="The template is broken"):
            powerpoint(deck(ASKED), written.getvalue())

    def test_one_that_is_not_there_is_refused_with_a_sentence(self, tmp_path):
        with pytest.raises(CellCountError, match="cannot be read"):
            powerpoint(deck(ASKED), tmp_path / "none.potx")

    def test_one_without_a_title_is_refused(self):
        told = pptx.Presentation()
        for layout in list(told.slide_layouts):
            if layout.name != "Blank":
                told.slide_layouts.remove(layout)
        written = io.BytesIO()
        told.save(written)
        with pytest.raises(CellCountError, match="no layout with a title"):
            powerpoint(deck(ASKED), written.getvalue())


class TestHostileWords:
    @pytest.mark.parametrize("words", HOSTILE)
    def test_they_stand_in_the_deck_as_plain_text(self, words):
        told = opened(powerpoint(hostile_deck(HOSTILE[words])))
        shown = "abcd efgh i" if words == "controls" else HOSTILE[words]
        assert title(told.slides[0]) == shown
        assert title(told.slides[1]) == shown
        assert any(shown in each for slide in told.slides for each in notes(slide).split("\n"))

    @pytest.mark.parametrize("words", HOSTILE)
    def test_every_part_of_the_deck_is_well_formed_and_no_id_comes_twice(self, words):
        with zipfile.ZipFile(io.BytesIO(powerpoint(hostile_deck(HOSTILE[words])))) as packed:
            assert packed.testzip() is None
            assert len(packed.namelist()) == len(set(packed.namelist()))
            for name in packed.namelist():
                if name.endswith((".xml", ".rels")):
                    root = pptx.oxml.parse_xml(packed.read(name))
                    ids = [each.get("id") for each in root.iter(qn("p:cNvPr"))]
                    assert len(ids) == len(set(ids)), name

    def test_the_workbook_of_a_chart_has_no_formula_and_no_link(self):
        for words in (HOSTILE["formula"], "https://evil.example/x", "{=1+1}", "mailto:a@b.example"):
            drawn = chart(opened(powerpoint(deck(*hostile_slides(words)[:1]))).slides[1])
            with zipfile.ZipFile(io.BytesIO(drawn.chart.part.chart_workbook.xlsx_part.blob)) as packed:
                sheet = packed.read("xl/worksheets/sheet1.xml").decode()
            assert "<f>" not in sheet
            assert "hyperlink" not in sheet

    def test_words_that_are_read_from_the_right_are_set_so(self):
        slide = opened(powerpoint(deck(replace(PIN, headline=HOSTILE["from right"])))).slides[1]
        properties = slide.shapes.title.text_frame.paragraphs[0]._p.pPr
        assert (properties.get("rtl"), properties.get("algn")) == ("1", "r")

    def test_the_only_outside_addresses_of_a_deck_are_links_in_notes(self):
        with zipfile.ZipFile(io.BytesIO(powerpoint(deck(TOURISM, PIN)))) as packed:
            outside = {
                (name, target)
                for name in packed.namelist()
                if name.endswith(".rels")
                for target in re.findall(r'Target="([^"]*)"[^>]*TargetMode="External"', packed.read(name).decode())
            }
        assert {target for _, target in outside} == {"https://counts.example/density?area=E1&amp;hour=8"}
        assert all("notesSlide" in name for name, _ in outside)


class TestThatItIsOneOfOffice:
    """The order of children that the schema asks for, where PowerPoint would offer to repair the file otherwise."""

    def test_properties_of_paragraphs_are_in_order(self):
        order = [qn(f"a:{name}") for name in ("lnSpc", "spcBef", "spcAft", "buFont", "buNone", "buChar")]
        for slide in opened(powerpoint(deck(TOURISM, PIN, ASKED))).slides:
            for properties in slide._element.iter(qn("a:pPr")):
                places = [order.index(child.tag) for child in properties]
                assert places == sorted(places)

    def test_children_of_the_axis_of_a_chart_are_in_order(self):
        """CT_CatAx of ISO/IEC 29500-1."""
        names = (
            "axId scaling delete axPos majorGridlines minorGridlines title numFmt majorTickMark minorTickMark "
            "tickLblPos spPr txPr crossAx crosses crossesAt auto lblAlgn lblOffset tickLblSkip tickMarkSkip "
            "noMultiLvlLbl extLst"
        )
        axis = chart(opened(powerpoint(deck(TOURISM))).slides[1]).chart.category_axis._element
        places = [names.split().index(child.tag.split("}")[1]) for child in axis]
        assert places == sorted(places)

    def test_the_list_of_slides_names_those_that_are_there(self):
        with zipfile.ZipFile(io.BytesIO(powerpoint(deck(TOURISM, PIN), template(slides=3)))) as packed:
            slides = [name for name in packed.namelist() if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)]
            root = packed.read("ppt/presentation.xml").decode()
        assert len(slides) == root.count("<p:sldId ") == 5


def office_or_skip() -> str:
    path = shutil.which("soffice")
    if path and shutil.which("pdftoppm"):
        return path
    reason = "There is no LibreOffice with pdftoppm on this machine; install both to see decks drawn."
    if os.environ.get("CELLCOUNT_REQUIRE_OFFICE") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def drawn_pages(written: bytes, folder: Path) -> list[np.ndarray]:
    """The slides of a deck as LibreOffice draws them, grey, (rows, columns)."""
    office = office_or_skip()
    (folder / "deck.pptx").write_bytes(written)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    convert = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(folder / "deck.pptx")]
    subprocess.run(convert, check=True, capture_output=True, timeout=240)
    pages = ["pdftoppm", "-r", "40", "-gray", "-png", str(folder / "deck.pdf"), str(folder / "page")]
    subprocess.run(pages, check=True, capture_output=True, timeout=120)
    return [np.asarray(Image.open(path).convert("L")) for path in sorted(folder.glob("page-*.png"))]


class TestAsLibreOfficeDrawsIt:
    def test_it_has_a_page_for_every_slide_and_none_is_blank(self, tmp_path):
        written = powerpoint(
            deck(TOURISM, PIN, ETHNICITY, ASKED, *hostile_slides(HOSTILE["markup"]), releases=(TOY, WOOD))
        )
        pages = drawn_pages(written, tmp_path)
        assert len(pages) == len(opened(written).slides)
        for page in pages:
            assert page.shape[1] / page.shape[0] == pytest.approx(16 / 9, rel=0.01)
            assert (page < 128).mean() > 0.003, "there is something dark on it"
            assert page.std() > 8

    def test_a_template_s_size_is_that_of_the_pages(self, tmp_path):
        pages = drawn_pages(powerpoint(deck(TOURISM, PIN), template()), tmp_path)
        assert {round(page.shape[1] / page.shape[0], 2) for page in pages} == {1.33}

    def test_the_picture_of_a_pin_is_drawn_as_it_is(self, tmp_path):
        """Black above, white below: the shades of the picture's left half, going down, get lighter."""
        page = drawn_pages(powerpoint(deck(PIN)), tmp_path)[1]
        rows, columns = page.shape
        strip = page[int(0.25 * rows) : int(0.8 * rows), int(0.2 * columns)].astype(int)
        assert (np.diff(strip) >= -2).all()
        assert strip[-1] - strip[0] > 100


class Read(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and its words."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.scripts: list[str] = []
        self.inside = ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts.append(data)
            self.inside = ""
        elif self.inside != "style":
            self.parts.append(data)

    def named(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.tags if name == tag)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.parts).split())


class TestTheWebPage:
    def test_it_says_what_the_deck_says(self):
        words = Read(web_page(deck(TOURISM, PIN, ASKED, ETHNICITY, releases=(TOY, WOOD))).decode()).words
        for said in (
            "Which themes go forward?",
            "A. Analyst · B. Leader",
            *TOURISM.can,
            *TOURISM.cannot,
            *TOURISM.reasons,
            "62 of 100",
            "£1.2 million",
            "Ethics gate: Passed",
            "Readiness 12 30",
            "Not scored",
            PIN.headline,
            PIN.caption,
            PIN.precision,
            PIN.figure,
            "The wood (wood-2026-11)",
            "Both can be stopped.",
            "Devices times a factor.",
            *WOOD.caveats,
            WOOD.disclosure_rule,
            "Made-up data. Nobody here is anybody.",
            "30 November 2026",
        ):
            assert said in words

    def test_sections_are_the_slides_in_their_order_each_with_release_date_and_mark(self):
        source = web_page(deck(TOURISM, PIN, ASKED, releases=(TOY,))).decode()
        sections = re.findall(r"<section.*?</section>", source, flags=re.DOTALL)
        headings = [re.search(r"<h[12][^>]*>(.*?)</h[12]>", each) for each in sections]
        assert [found.group(1) for found in headings if found] == [
            "Which themes go forward?",
            "Tourism",
            PIN.headline,
            "What we ask",
            "How the figures are made",
            "What to bear in mind",
        ]
        foots = [each[each.index("<footer>") :] for each in sections]
        assert all("30 November 2026" in each for each in foots)
        # The pin is of the wood, whose people are real.
        assert ["Made-up data" in each for each in foots] == [True, True, False, True, True, True]
        assert ["wood-2026-11" in each for each in foots] == [False, False, True, False, False, False]

    def test_the_picture_is_carried_and_described(self):
        shown = next(Read(web_page(deck(PIN)).decode()).named("img"))
        assert shown["alt"] == f"{PIN.headline}. {PIN.caption}"
        assert base64.b64decode(str(shown["src"]).removeprefix("data:image/png;base64,")) == PIN.picture

    def test_bars_are_as_long_as_points_and_weights_over_the_largest_weight(self):
        """Of 50, the largest: 45 is 90 %, 12 is 24 % of a bar of 60 %, 4.5 is 9 % of one of 40 %."""
        bars = list(Read(web_page(deck(TOURISM)).decode()).named("rect"))
        widths = [float(str(each["width"])) for each in bars]
        assert widths == [100, 90, 60, 24, 40, 9]

    @pytest.mark.parametrize("words", HOSTILE)
    def test_nothing_that_was_typed_is_more_than_words(self, words):
        page = Read(web_page(hostile_deck(HOSTILE[words])).decode())
        plain = Read(web_page(hostile_deck("plain")).decode())
        assert [tag for tag, _ in page.tags if tag != "a"] == [tag for tag, _ in plain.tags if tag != "a"]
        assert {name for _, each in page.tags for name in each} <= {name for _, each in plain.tags for name in each}
        assert page.scripts == plain.scripts
        shown = "abcd efgh i" if words == "controls" else HOSTILE[words]
        assert shown in page.words

    def test_nothing_is_fetched(self):
        page = Read(web_page(deck(TOURISM, PIN)).decode())
        assert not {"link", "iframe", "object", "embed", "base", "form", "input"} & {tag for tag, _ in page.tags}
        assert all(str(each["src"]).startswith("data:") for _, each in page.tags if "src" in each)
        outside = [str(each["href"]) for each in page.named("a") if not str(each["href"]).startswith("#")]
        assert outside == [PIN.link]
        assert re.findall(r"url\((?!data:)|@import", web_page(deck(TOURISM)).decode()) == []

    def test_the_policy_allows_its_own_style_and_script_and_nothing_else(self):
        source = web_page(deck(TOURISM, PIN)).decode()
        (policy,) = (each["content"] for each in Read(source).named("meta") if "http-equiv" in each)
        assert str(policy).startswith("default-src 'none'; ")
        for tag, kind in (("style", "style-src"), ("script", "script-src")):
            (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", source, flags=re.DOTALL)
            known = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
            assert f"{kind} 'sha256-{known}';" in str(policy)
        assert not re.search(r' (style|on\w+)="', source)

    def test_only_an_address_of_the_web_can_be_followed(self):
        source = web_page(deck(replace(PIN, link="javascript:alert(1)"))).decode()
        assert "javascript:alert(1)" in Read(source).words
        assert not any("javascript" in str(each["href"]) for each in Read(source).named("a"))

    @pytest.mark.browser
    def test_a_clicker_goes_from_slide_to_slide_and_no_word_runs(self, tmp_path):
        path = tmp_path / "briefing.html"
        path.write_bytes(web_page(deck(TOURISM, PIN, *hostile_slides(HOSTILE["markup"]))))
        said: list[str] = []
        asked: list[str] = []
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_or_skip(), args=list(FLAGS))
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("dialog", lambda dialog: said.append(dialog.message))
            page.on("request", lambda request: asked.append(request.url))
            page.goto(path.as_uri())
            tops = "Math.round(document.querySelector('#s{}').getBoundingClientRect().top)"
            for number in (2, 3):
                page.keyboard.press("PageDown")
                page.wait_for_function(f"{tops.format(number)} === 0")
            page.keyboard.press("PageUp")
            page.wait_for_function(f"{tops.format(2)} === 0")
            wide = page.evaluate("document.documentElement.scrollWidth")
            browser.close()
        assert wide <= 1280
        assert said == []
        assert [each for each in asked if not each.startswith(("file:", "data:"))] == []
