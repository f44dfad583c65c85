"""A briefing as a deck for PowerPoint: every word and bar can be edited, and nothing runs over anything else."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE
from pptx.util import Pt

from cellcount.briefing.beside import SIZES, arrange
from cellcount.briefing.canvas import Canvas, Mark, chart_height, fill
from cellcount.briefing.deck import Deck, PinSlide, Slide, ThemeSlide, WordsSlide
from cellcount.briefing.letters import Text, height, scaled, shrunk, split, width
from cellcount.briefing.template import POINT, Box, Ground, given, house, place
from cellcount.briefing.wording import (
    CAVEATS_TITLE,
    METHOD_TITLE,
    Paragraph,
    about_data,
    about_method,
    about_pin,
    clean,
    day,
    description,
    gate_words,
    joined,
    paragraphs,
    picture_size,
    points,
    short_warning,
    source_line,
    warnings_of,
    web_address,
)
from cellcount.errors import CellCountError

CONTINUED = " (continued)"
"""After the title of a slide that goes on with what the one before had no room for."""
BODY = (24.0, 22.0, 20.0, 19.0, 18.0, 17.0, 16.0, 15.0, 14.0)
"""Sizes of words on a slide, in points: the largest at which they fit. Those that do not fit at the least go on."""
_COLUMN = 0.47
"""Share of a slide that the words of a theme have, beside its score."""
_FIGURE = (28.0, 26.0, 24.0, 22.0, 20.0, 18.0, 16.0, 14.0)
"""Sizes of score and value."""
_GATE_LETTERS = 90
"""Most characters of how a theme stands at the ethics gate that stand below its score; more stand with its ethics."""
_PROPERTY_LETTERS = 255
"""Most characters of a property of a document."""


def powerpoint(deck: Deck, template: bytes | Path | None = None) -> bytes:
    """A briefing as a PowerPoint file.

    A title slide, then one slide for each of the deck's, then method and caveats. What has no room goes on on a slide
    of its own, so that there may be more. Source, precision, release and link of a picture are in its notes.

    Parameters
    ----------
    deck : Deck
        What it says.
    template : bytes or Path, optional
        A .potx or .pptx whose size, layouts, letters and colours are taken; the look of the app if not given.

    Returns
    -------
    bytes
        A .pptx.

    Raises
    ------
    CellCountError
        Of a template or a picture that cannot be used.

    Notes
    -----
    That words fit is measured with letters that are wider than Arial. It would be wrong for a template with letters
    wider than DejaVu Sans, or with all titles in capitals.
    """
    writer = _Writer(deck, house() if template is None else given(template))
    writer.opening()
    for slide in deck.slides:
        writer.add(slide)
    writer.closing()
    return writer.saved()


class _Writer:
    """A deck while it is being written."""

    def __init__(self, deck: Deck, ground: Ground) -> None:
        self.deck = deck
        self.ground = ground
        self.scale = ground.scale

    def opening(self) -> None:
        """The first slide: what it is called, who made it and when, and of which release it is."""
        deck, ground = self.deck, self.ground
        canvas = Canvas(ground, ground.presentation.slides.add_slide(ground.opening))
        marks, foot = self._marks(deck.synthetic), self._foot(deck.releases[0].release_id)
        lowest = self._opening_titles(canvas.slide)
        facts = deck.releases[0]
        top = lowest + 22 * self.scale
        free = Box(
            ground.title.left,
            top,
            ground.title.width,
            ground.floor - canvas.foot_height(marks, foot) - 12 * self.scale - top,
        )
        size = 18 * self.scale
        said = f"{day(deck.made)}. {clean(facts.title)}, release {clean(facts.release_id)}."
        told = [
            Text(joined(deck.names), size, bold=True, ink="deep"),
            Text(said, size, before=6 * self.scale),
            *(Text(clean(each), size, before=8 * self.scale) for each in warnings_of(deck)),
        ]
        # A template may have its title low: the warnings stand at the foot and on the last slides in any case.
        fitting = shrunk([each for each in told if each.words], free.width, free.height, 0.6)
        if height(fitting, free.width) > free.height:
            # Names without end are in the notes.
            fitting, _ = split(shrunk(told[1:], free.width, free.height, 0.6), free.width, free.height)
        canvas.words(free, fitting, "About this briefing")
        canvas.foot(marks, foot)
        self._note(canvas.slide, [*warnings_of(deck), *(clean(each) for each in deck.names)])

    def _opening_titles(self, slide: Any) -> float:
        """Write title and subtitle where the layout has them; the points at which the lower of them ends."""
        said = {"title": clean(self.deck.title) or "Briefing", "ctrTitle": clean(self.deck.title) or "Briefing"}
        subtitle = clean(self.deck.subtitle)
        bottom = 0.0
        for shape in list(slide.placeholders):
            kind = shape.element.ph.get("type", "obj")
            words = said.get(kind, subtitle)
            if not words or (kind not in said and kind not in ("subTitle", "body")):
                shape.element.getparent().remove(shape.element)
                continue
            if kind not in said:
                subtitle = ""
            bottom = max(bottom, self._opening_title(shape, words, kind in said))
        return max(bottom, 300 * self.scale) if self.ground.ours else bottom

    def _opening_title(self, shape: Any, words: str, strong: bool) -> float:
        edges = (shape.left, shape.top, shape.width, shape.height)
        box = Box(*(float(each or 0) / POINT for each in edges))
        if box.right > self.ground.wide or box.bottom > self.ground.floor or min(box.width, box.height) <= 0:
            # A layout that was made for slides of another size.
            title = self.ground.title
            box = replace(title, top=(0.2 if strong else 0.45) * self.ground.high, height=0.2 * self.ground.high)
        inset = 0.0 if self.ground.ours else 14.4
        texts = [Text(words, (44.0 if strong else 24.0) * self.scale, bold=strong)]
        frame = shape.text_frame
        frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
        told = shrunk(texts, box.width - inset, box.height - inset / 2, 0.28)
        fill(frame, told, inks=False)
        if not self.ground.ours:
            frame.margin_left = frame.margin_right = Pt(inset / 2)
            frame.margin_top = frame.margin_bottom = Pt(inset / 4)
            if not strong:
                # What a subtitle does not need is for names and warnings.
                frame.vertical_anchor = MSO_ANCHOR.TOP
                box = replace(box, height=min(box.height, height(told, box.width - inset) + inset / 2))
        place(shape, box)
        return box.bottom

    def add(self, slide: Slide) -> None:
        """Write one slide of the deck, and those on which it goes on.

        Parameters
        ----------
        slide : ThemeSlide, PinSlide or WordsSlide
            What it says.
        """
        if isinstance(slide, ThemeSlide):
            self._theme(slide)
        elif isinstance(slide, PinSlide):
            self._pin(slide)
        else:
            self._words(slide)

    def closing(self) -> None:
        """Method and caveats."""
        release = self.deck.releases[0].release_id
        for title, told in ((METHOD_TITLE, about_method(self.deck)), (CAVEATS_TITLE, about_data(self.deck))):
            if told:
                self._flow(title, self._texts(told), self.deck.synthetic, release)

    def saved(self) -> bytes:
        """The file."""
        deck, presentation = self.deck, self.ground.presentation
        made = datetime(deck.made.year, deck.made.month, deck.made.day)  # noqa: DTZ001 - a property of a file has no zone
        properties = presentation.core_properties
        properties.title = clean(deck.title)[:_PROPERTY_LETTERS]
        properties.subject = clean(deck.subtitle)[:_PROPERTY_LETTERS]
        properties.author = joined(deck.names, ", ")[:_PROPERTY_LETTERS]
        properties.last_modified_by = properties.author
        properties.keywords = joined([f"release {each.release_id}" for each in deck.releases], ", ")[:_PROPERTY_LETTERS]
        properties.comments = clean(" ".join(warnings_of(deck)))[:_PROPERTY_LETTERS]
        properties.category, properties.language = "Briefing", "en-GB"
        properties.created = properties.modified = made
        written = io.BytesIO()
        presentation.save(written)
        return written.getvalue()

    def _theme(self, theme: ThemeSlide) -> None:
        title = clean(theme.title)
        canvas = self._canvas(title, theme)
        free = self._question(canvas, clean(theme.question))
        texts = self._theme_texts(theme)
        gap = 28 * self.scale
        column = free if not theme.assessed else replace(free, width=_COLUMN * (free.width - gap))
        fitting, rest = self._body(texts, column)
        canvas.words(column, fitting, "What the data can do")
        beside = Box(column.right + gap, free.top, free.width - column.width - gap, free.height)
        charted = self._score(canvas, beside, theme) if theme.assessed else True
        self._finish(canvas, theme, self._theme_notes(theme))
        if not charted:
            more = self._canvas(title + CONTINUED, theme)
            more.bars(more.free, _cleaned(theme), _made_of(theme))
            self._finish(more, theme, self._theme_notes(theme))
        if rest:
            # In the letters of the slide that they go on from: those are the least.
            synthetic, release = self.deck.synthetic_on(theme), self.deck.release_on(theme)
            self._flow(title + CONTINUED, rest, synthetic, release, sizes=BODY[-1:])

    def _question(self, canvas: Canvas, question: str) -> Box:
        """Write the question below the title; what is left of the slide."""
        free = canvas.free
        if not question:
            return free
        size = 20 * self.scale
        texts = shrunk([Text(question, size, ink="accent")], free.width, 2.5 * size, 0.6)
        used = height(texts, free.width)
        top = free.top - 6 * self.scale
        canvas.words(replace(free, top=top, height=used), texts, "Question")
        return Box(free.left, top + used + 14 * self.scale, free.width, free.bottom - (top + used + 14 * self.scale))

    def _theme_texts(self, theme: ThemeSlide) -> list[Text]:
        told: list[Paragraph] = []
        parts: list[tuple[str, Sequence[Paragraph]]] = [
            ("What these data can answer", _items(theme.can)),
            ("What they cannot", _items(theme.cannot)),
            ("Why", _items(theme.reasons)),
            ("Ethics", [Paragraph(each) for each in (_long_gate(theme), clean(theme.ethics)) if each]),
            ("Notes", paragraphs(theme.words)),
        ]
        for heading, said in parts:
            if said:
                told += [Paragraph(heading, heading=True), *said]
        return self._texts(told)

    def _score(self, canvas: Canvas, box: Box, theme: ThemeSlide) -> bool:
        """The panel of score and value: figures, how sure they are, what the score is made of, and the ethics gate.

        Whether all of it has room: the chart may need a slide of its own.
        """
        pad, gap = 14 * self.scale, 12 * self.scale
        inner = Box(box.left + pad, box.top + pad, box.width - 2 * pad, box.height - 2 * pad)
        tiles = self._tiles(theme, inner)
        heights = [max(height(texts, each.width) for each, texts in tiles)]
        # Where a title without end leaves no room for these, the notes have them.
        room = inner.height - heights[0] - gap
        gate, _ = split(self._gate(_short_gate(theme), inner.width), inner.width, room)
        room -= height(gate, inner.width) + gap
        under, _ = split(self._under(theme, inner), inner.width, room)
        heights += [height(each, inner.width) for each in (under, gate)]
        used = sum(high + gap for high in heights if high) - gap
        left = inner.height - used - gap
        charted = bool(theme.contributions) and left >= chart_height(len(theme.contributions)) * self.scale
        canvas.panel(box if charted else replace(box, height=used + 2 * pad))
        for each, texts in tiles:
            canvas.words(replace(each, height=heights[0]), texts, texts[0].words)
        top = inner.top + heights[0] + gap
        canvas.words(replace(inner, top=top - 0.5 * gap, height=heights[1]), under, "How sure")
        top += heights[1] + gap if under else 0
        if charted:
            canvas.bars(replace(inner, top=top, height=left), _cleaned(theme), _made_of(theme))
            top += left + gap
        canvas.words(replace(inner, top=top, height=heights[2]), gate, "Ethics gate")
        return charted or not theme.contributions

    def _tiles(self, theme: ThemeSlide, box: Box) -> list[tuple[Box, list[Text]]]:
        """Score, net present value and benefit-cost ratio side by side, in the largest letters that need one line."""
        score = "Not scored" if theme.score is None else f"{round(theme.score)} of 100"
        told = [("Score", score), ("Net present value", clean(theme.npv)), ("Benefit-cost ratio", clean(theme.bcr))]
        shown = [each for each in told if each[1]]
        gap, small = 18 * self.scale, 13 * self.scale
        free = box.width - gap * (len(shown) - 1)
        wides: list[float] = []
        size = _FIGURE[-1] * self.scale
        for tried in _FIGURE:
            size = tried * self.scale
            wides = [max(width(name, small), width(value, size, bold=True)) for name, value in shown]
            if sum(wides) <= free:
                break
        if sum(wides) > free:
            wides = [free / len(shown)] * len(shown)
        spare = (free - sum(wides)) / len(shown)
        tiles, left = [], box.left
        for (name, value), wide in zip(shown, wides, strict=True):
            texts = [Text(name, small), Text(value, size, bold=True, ink="deep")]
            tiles.append((Box(left, box.top, wide + spare, 0), texts))
            left += wide + spare + gap
        return tiles

    def _under(self, theme: ThemeSlide, box: Box) -> list[Text]:
        """How sure the rank is, and what the value is over."""
        size = 14 * self.scale
        told = [each for each in map(clean, (theme.rank, theme.value_words)) if each]
        texts = [Text(each, size, before=2 * self.scale) for each in told]
        fitting = shrunk(texts, box.width, 0.22 * box.height, 0.72)
        return split(fitting, box.width, 0.3 * box.height)[0]

    def _gate(self, gate: str, wide: float) -> list[Text]:
        if not gate:
            return []
        size = 16 * self.scale
        texts = [Text(gate, size, bold=True)]
        return shrunk(texts, wide, 3 * size, 0.6)

    def _pin(self, pin: PinSlide) -> None:
        title = clean(pin.headline)
        canvas = self._canvas(title, pin)
        texts = self._pin_texts(pin)
        rest: Sequence[Text]
        if pin.picture is None:
            fitting, rest = self._body(scaled(texts, BODY[0] / SIZES[0]), canvas.free)
            canvas.words(canvas.free, fitting, "Caption")
        else:
            size = picture_size(pin.picture, pin.headline)
            arranged = arrange(canvas.free, size, texts, self.scale)
            canvas.picture(arranged.picture, pin.picture, description(pin))
            canvas.words(arranged.words, arranged.texts, "Caption")
            rest = arranged.rest
        self._finish(canvas, pin, self._pin_notes(pin), web_address(pin.link))
        if rest:
            self._flow(title + CONTINUED, self._regular(rest), pin.synthetic, pin.release_id)

    def _pin_texts(self, pin: PinSlide) -> list[Text]:
        size, gap = SIZES[0] * self.scale, 9 * self.scale
        told = [
            Text(clean(pin.figure), 1.15 * size, bold=True, ink="deep", before=gap),
            Text(clean(pin.caption), size, before=gap),
            Text(clean(pin.precision), size, before=gap),
            Text(clean(pin.changed), size, bold=True, ink="accent", before=gap),
            *(Text(each.text, size, bullet=each.bullet, before=gap) for each in paragraphs(pin.words)),
        ]
        return [each for each in told if each.words]

    def _words(self, slide: WordsSlide) -> None:
        texts = self._texts(paragraphs(slide.words))
        self._flow(clean(slide.title), texts, self.deck.synthetic, self.deck.releases[0].release_id)

    def _flow(
        self, title: str, texts: list[Text], synthetic: bool, release: str, sizes: Sequence[float] = BODY
    ) -> None:
        """Words on as many slides as they need, in letters of one size, of which each says that it goes on."""
        marks, foot = self._marks(synthetic), self._foot(release)
        canvas = Canvas.plain(self.ground, title, marks, foot)
        rest = _in_fewest_slides(texts, canvas.free, sizes)
        while True:
            fitting, rest = _slideful(rest, canvas.free)
            canvas.words(canvas.free, fitting, "Words")
            canvas.foot(marks, foot)
            self._note(canvas.slide, warnings_of(self.deck))
            if not rest:
                return
            title = title if title.endswith(CONTINUED) else title + CONTINUED
            canvas = Canvas.plain(self.ground, title, marks, foot)

    def _body(self, texts: list[Text], box: Box) -> tuple[list[Text], list[Text]]:
        """Words at the largest size at which they fit; at the least of them as many as fit, and the rest."""
        shares = [size / BODY[0] for size in BODY]
        for share in shares:
            told = scaled(texts, share)
            if height(told, box.width) <= box.height:
                return told, []
        fitting, left = split(scaled(texts, shares[-1]), box.width, box.height)
        return fitting, scaled(left, 1 / shares[-1])

    def _texts(self, told: Sequence[Paragraph]) -> list[Text]:
        size, gap = BODY[0] * self.scale, 7 * self.scale
        return [
            Text(
                each.text,
                size,
                bold=each.heading,
                ink="deep" if each.heading else "text",
                bullet=each.bullet,
                before=2 * gap if each.heading else 0.5 * gap if each.bullet else gap,
            )
            for each in told
        ]

    def _regular(self, texts: Sequence[Text]) -> list[Text]:
        """Words from beside a picture in the letters of a slide of words."""
        return [replace(each, size=BODY[0] * self.scale, bold=False, ink="text") for each in texts]

    def _canvas(self, title: str, slide: Slide) -> Canvas:
        marks = self._marks(self.deck.synthetic_on(slide))
        return Canvas.plain(self.ground, title, marks, self._foot(self.deck.release_on(slide)))

    def _finish(self, canvas: Canvas, slide: Slide, notes: Sequence[str], link: str | None = None) -> None:
        canvas.foot(self._marks(self.deck.synthetic_on(slide)), self._foot(self.deck.release_on(slide)))
        self._note(canvas.slide, notes, link)

    def _marks(self, synthetic: bool) -> list[Mark]:
        """The warnings of a slide. One page for the steward makes all of them the steward's: they go on together."""
        marks = [Mark(short_warning(self.deck.steward_words), grave=True)] if self.deck.steward_only else []
        return [*marks, Mark(short_warning(self.deck.synthetic_words))] if synthetic else marks

    def _foot(self, release: str) -> str:
        return joined([f"Release {release}", day(self.deck.made)])

    def _theme_notes(self, theme: ThemeSlide) -> list[str]:
        facts = self.deck.releases[0]
        scored = [] if theme.score is None else [f"Score: {points(theme.score)} of 100. {theme.rank}"]
        return [
            theme.question,
            *scored,
            *(
                f"{each.criterion}: {points(each.points)} of {points(100 * each.weight)} points"
                for each in theme.contributions
            ),
            joined(
                [
                    f"Net present value: {theme.npv}" if theme.npv else "",
                    f"Benefit-cost ratio: {theme.bcr}" if theme.bcr else "",
                    theme.value_words,
                ]
            ),
            gate_words(theme.gate),
            f"Ethics: {theme.ethics}" if theme.ethics else "",
            *(f"Why: {each}" for each in theme.reasons),
            *(each.text for each in paragraphs(theme.words)),
            source_line(facts.source),
            f"Release: {facts.title} ({facts.release_id})",
            *warnings_of(self.deck),
        ]

    def _pin_notes(self, pin: PinSlide) -> list[str]:
        told = [f"{name}: {words}" for name, words in about_pin(self.deck, pin)]
        warning = " ".join(self.deck.steward_words) if self.deck.steward_only else ""
        return [*told, *(each.text for each in paragraphs(pin.words)), warning]

    def _note(self, slide: Any, said: Sequence[str], link: str | None = None) -> None:
        """Write the notes of a slide; a link among them can be followed."""
        told = [each for each in map(clean, said) if each]
        frame = slide.notes_slide.notes_text_frame
        if frame is None:
            raise CellCountError("The notes of the template have no place for words. Use another template, or none.")
        for index, words in enumerate(told):
            paragraph = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
            before, _, after = words.partition(link) if link and words.endswith(link) else (words, "", "")
            paragraph.add_run().text = before + after
            if before != words:
                run = paragraph.add_run()
                run.text = str(link)
                run.hyperlink.address = link


def _in_fewest_slides(texts: Sequence[Text], box: Box, sizes: Sequence[float]) -> list[Text]:
    """Words in the largest letters in which they need no more slides than in any smaller ones."""
    tried = [scaled(texts, size / BODY[0]) for size in sizes]
    slides = [_slides(each, box) for each in tried]
    return tried[slides.index(min(slides))]


def _slides(texts: Sequence[Text], box: Box) -> int:
    """How many slides words need."""
    rest, slides = list(texts), 0
    while rest:
        _, rest = _slideful(rest, box)
        slides += 1
    return slides


def _slideful(texts: Sequence[Text], box: Box) -> tuple[list[Text], list[Text]]:
    """The words that fit a slide, and the rest."""
    fitting, left = split(texts, box.width, box.height)
    # A slide of a strange size: rather too much on it than none.
    return (fitting, left) if fitting else (left[:1], left[1:])


def _items(sentences: Sequence[str]) -> list[Paragraph]:
    return [Paragraph(clean(each), bullet=True) for each in sentences if clean(each)]


def _short_gate(theme: ThemeSlide) -> str:
    """How a theme stands at the ethics gate, where that is short enough for the panel of figures."""
    told = gate_words(theme.gate)
    return told if len(told) <= _GATE_LETTERS else ""


def _long_gate(theme: ThemeSlide) -> str:
    return "" if _short_gate(theme) else gate_words(theme.gate)


def _cleaned(theme: ThemeSlide) -> list[Any]:
    return [replace(each, criterion=clean(each.criterion)) for each in theme.contributions]


def _made_of(theme: ThemeSlide) -> str:
    """The chart of a score for who cannot see it."""
    bars = "; ".join(
        f"{clean(each.criterion)}: {points(each.points)} of {points(100 * each.weight)}" for each in theme.contributions
    )
    return f"Bars of what each criterion adds to the score of {points(theme.score or 0)} of 100. {bars}."
