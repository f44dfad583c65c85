"""One slide of a deck: putting words, pictures, panels and bars on it, and the line at its foot."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pptx.chart.chart import Chart
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION, XL_TICK_MARK
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.text.text import TextFrame
from pptx.util import Pt

from cellcount.briefing.deck import Contribution
from cellcount.briefing.letters import INDENT, Text, height, scaled, shrunk, width
from cellcount.briefing.template import Box, Ground, emu, place
from cellcount.briefing.wording import points, right_to_left

REACHED, LEFT = "Points reached", "Weight not reached"
"""The two parts of a bar: together they are the weight of the criterion."""

_INKS = {"text": MSO_THEME_COLOR.TEXT_1, "deep": MSO_THEME_COLOR.TEXT_2, "accent": MSO_THEME_COLOR.ACCENT_1}
_ORANGE, _RED, _BLACK, _WHITE = (RGBColor.from_string(each) for each in ("F46A25", "B3400A", "222222", "FFFFFF"))
_LABEL_LETTERS = 44
"""Most characters of a criterion beside its bar; the notes have all of them."""
_LABELS = 0.57
"""Share of a chart that the words beside the bars have."""
_DECORATIVE = (
    '<a:extLst xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<a:ext uri="{C183D7F6-B498-43B3-948B-1728B52AA6E4}"><adec:decorative '
    'xmlns:adec="http://schemas.microsoft.com/office/drawing/2017/decorative" val="1"/></a:ext></a:extLst>'
)
_LEGEND, _LEAST_BAR = 26.0, 14.0
"""Points that the legend of a chart takes, and those that a bar takes with the space to the next."""
_LANGUAGE = "en-GB"
_FOOT, _BETWEEN, _NUMBER = 12.0, 10.0, 44.0
"""The foot of a slide, in points: its letters, the space between its pieces, and the room of the number."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A warning that stands out at the foot of a slide.

    Attributes
    ----------
    words : str
        Short.
    grave : bool
        Whether it is that nobody may pass the slide on.
    """

    words: str
    grave: bool = False


class Canvas:
    """A slide, and what of it is still free.

    Parameters
    ----------
    ground : Ground
        What it stands on.
    slide : Slide of python-pptx
        As its layout made it.
    """

    def __init__(self, ground: Ground, slide: Any) -> None:
        self.ground = ground
        self.slide = slide
        self.scale = ground.scale
        self.free = Box(0, 0, ground.wide, ground.high)

    @classmethod
    def plain(cls, ground: Ground, title: str, marks: Sequence[Mark], foot: str) -> Canvas:
        """A slide with a title and a foot; what is between them is free.

        Parameters
        ----------
        ground : Ground
            What it stands on.
        title : str
            Made to fit.
        marks : sequence of Mark
            Warnings at its foot.
        foot : str
            What else its foot says.
        """
        canvas = cls(ground, ground.presentation.slides.add_slide(ground.plain))
        top = canvas._title(title)
        bottom = canvas.foot_height(marks, foot)
        side = ground.title.left
        space = 12 * canvas.scale
        canvas.free = Box(
            side, top + space, ground.title.width, max(ground.floor - bottom - space - (top + space), 10 * canvas.scale)
        )
        return canvas

    def _title(self, words: str) -> float:
        """Write the title in the largest letters that fit; where it ends."""
        shape: Any = self.slide.shapes.title
        box, most = self.ground.title, self.ground.title_size
        for placed in list(self.slide.placeholders):
            if placed.element is not shape.element:
                placed.element.getparent().remove(placed.element)
        inset = 0.0 if self.ground.ours else 14.4
        room = box.width - inset
        high = max(box.height, 100 * self.scale) - inset / 2
        told = shrunk([Text(words or " ", most, bold=True)], room, high, 0.6)
        told = shrunk(told, room, max(high, 0.3 * self.ground.high), 0.6)
        used = height(told, room) + inset / 2
        ends = used if self.ground.ours else max(used, box.height)
        place(shape, Box(box.left, box.top, box.width, ends))
        frame = shape.text_frame
        frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
        if not self.ground.ours:
            frame.margin_left = frame.margin_right = emu(inset / 2)
            frame.margin_top = frame.margin_bottom = emu(inset / 4)
        fill(frame, told, inks=False)
        return box.top + ends

    def words(self, box: Box, texts: Sequence[Text], name: str, *, middle: bool = False) -> None:
        """Put paragraphs on the slide.

        Parameters
        ----------
        box : Box
            Where. They must have been measured to fit.
        texts : sequence of Text
            The paragraphs.
        name : str
            What they are, for who goes through the slide without seeing it.
        middle : bool, optional
            Whether half way between top and bottom.
        """
        if not texts:
            return
        shape = self.slide.shapes.add_textbox(*(emu(each) for each in (box.left, box.top, box.width, box.height)))
        shape.name = name
        _frame(shape.text_frame, middle=middle)
        fill(shape.text_frame, texts)

    def panel(self, box: Box) -> None:
        """Put a quiet ground under what comes next."""
        shape = self._rectangle(box, "Panel")
        shape.fill.solid()
        shape.fill.fore_color.theme_color = MSO_THEME_COLOR.BACKGROUND_2
        shape.element.nvSpPr.cNvPr.append(parse_xml(_DECORATIVE))

    def picture(self, box: Box, picture: bytes, description: str) -> None:
        """Put a picture on the slide.

        Parameters
        ----------
        box : Box
            Where, in the proportions of the picture.
        picture : bytes
            PNG or JPEG.
        description : str
            What it shows, for who cannot see it.
        """
        shape = self.slide.shapes.add_picture(
            io.BytesIO(picture), *(emu(each) for each in (box.left, box.top, box.width, box.height))
        )
        shape.name = "Picture"
        shape.element.nvPicPr.cNvPr.set("descr", description)

    def bars(self, box: Box, contributions: Sequence[Contribution], description: str) -> None:
        """Draw what a score is made of, as a chart that PowerPoint can edit: a bar of two parts a criterion.

        Parameters
        ----------
        box : Box
            Where.
        contributions : sequence of Contribution
            One a bar, the first at the top.
        description : str
            What it shows, for who cannot see it.
        """
        data = CategoryChartData(number_format="0.0")
        # The workbook behind a chart would take a label that begins with an equals sign for a formula, and an address
        # for a link: no label begins with either after a space.
        data.categories = [f" {_label(each)}" for each in contributions]
        data.add_series(REACHED, [round(each.points, 3) for each in contributions])
        data.add_series(LEFT, [round(max(100 * each.weight - each.points, 0.0), 3) for each in contributions])
        shape = self.slide.shapes.add_chart(
            XL_CHART_TYPE.BAR_STACKED, *(emu(each) for each in (box.left, box.top, box.width, box.height)), data
        )
        shape.name = "Contributions to the score"
        shape.element.nvGraphicFramePr.cNvPr.set("descr", description)
        most = max(100 * each.weight for each in contributions)
        self._dress(shape.chart, box, len(contributions), most)

    def _dress(self, chart: Chart, box: Box, bars: int, most: float) -> None:
        legend = _LEGEND * self.scale
        size = min(14 * self.scale, max(8 * self.scale, 0.5 * (box.height - legend) / bars))
        chart.font.size = Pt(round(size))
        chart.font.color.theme_color = MSO_THEME_COLOR.TEXT_1
        chart.has_title = False
        chart.has_legend = True
        chart.legend.position = XL_LEGEND_POSITION.BOTTOM
        chart.legend.include_in_layout = False
        chart.legend.font.size = Pt(round(min(12 * self.scale, size)))
        plot = chart.plots[0]
        plot.gap_width, plot.overlap = 45, 100
        for series, paler in zip(plot.series, (0.0, 0.75), strict=True):
            inside = series.format.fill
            inside.solid()
            inside.fore_color.theme_color = MSO_THEME_COLOR.ACCENT_1
            inside.fore_color.brightness = paler
            series.format.line.color.theme_color = MSO_THEME_COLOR.ACCENT_1
            series.format.line.width = Pt(0.75)
        names, values = chart.category_axis, chart.value_axis
        names.reverse_order = True
        names.major_tick_mark = XL_TICK_MARK.NONE
        names.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        # Every bar has its words, however little room there is. The schema has this before the last child.
        names._element.find(qn("c:noMultiLvlLbl")).addprevious(parse_xml(f'<c:tickLblSkip {nsdecls("c")} val="1"/>'))
        names.format.line.fill.background()
        values.visible = values.has_major_gridlines = False
        values.minimum_scale, values.maximum_scale = 0, max(most, 1.0)
        share = 1 - (legend + 4 * self.scale) / box.height
        plot_area = chart._chartSpace.chart.plotArea
        for old in plot_area.findall(qn("c:layout")):
            plot_area.remove(old)
        plot_area.insert(
            0,
            parse_xml(
                f"<c:layout {nsdecls('c')}><c:manualLayout>"
                '<c:layoutTarget val="inner"/><c:xMode val="edge"/><c:yMode val="edge"/>'
                f'<c:x val="{_LABELS}"/><c:y val="0.0"/><c:w val="{0.99 - _LABELS:.2f}"/><c:h val="{share:.3f}"/>'
                "</c:manualLayout></c:layout>"
            ),
        )

    def foot_height(self, marks: Sequence[Mark], foot: str) -> float:
        """Points that the foot of a slide takes.

        Parameters
        ----------
        marks : sequence of Mark
            Warnings.
        foot : str
            What else it says.
        """
        return sum(row for row, _ in self._feet(marks, foot))

    def foot(self, marks: Sequence[Mark], foot: str) -> None:
        """Write the line at the foot: warnings, release and date, and the number of the slide.

        Parameters
        ----------
        marks : sequence of Mark
            Warnings, which stand out.
        foot : str
            What else it says.
        """
        rows = self._feet(marks, foot)
        edge, space = self.ground.title, 2 * self.scale
        top = self.ground.floor - sum(high for high, _ in rows)
        for high, pieces in rows:
            left = edge.left
            for text, mark in pieces:
                box = Box(left, top, self._piece(text, mark), high - space)
                if mark is None:
                    self.words(box, [text], "Foot", middle=True)
                else:
                    self._mark(box, text, mark)
                left = box.right + _BETWEEN * self.scale
            top += high
        wide = _NUMBER * self.scale
        self._number(Box(edge.right - wide, top - rows[-1][0], wide, rows[-1][0] - space))

    def _feet(self, marks: Sequence[Mark], foot: str) -> list[tuple[float, list[tuple[Text, Mark | None]]]]:
        """The rows of the foot with their heights: one where all fits into it, and one for each piece otherwise."""
        size = _FOOT * self.scale
        pieces: list[tuple[Text, Mark | None]] = [(Text(each.words, size, bold=True), each) for each in marks]
        pieces.append((Text(foot, size), None))
        room = self.ground.title.width - (_NUMBER + _BETWEEN) * self.scale
        for share in (1.0, 0.9, 0.8):
            tried = [(scaled([text], share)[0], mark) for text, mark in pieces]
            if sum(self._piece(*each) for each in tried) + _BETWEEN * self.scale * len(marks) <= room:
                return [(1.7 * size, tried)]
        return [(1.7 * size, [(self._shortened(text, room, mark), mark)]) for text, mark in pieces]

    def _shortened(self, text: Text, room: float, mark: Mark | None) -> Text:
        """Words on one line: smaller letters first, then fewer of them."""
        for share in (1.0, 0.9, 0.8, 0.7):
            told = scaled([text], share)[0]
            if self._piece(told, mark) <= room:
                return told
        while told.words and self._piece(replace(told, words=f"{told.words}…"), mark) > room:
            told = replace(told, words=told.words[:-1])
        return replace(told, words=f"{told.words}…")

    def _piece(self, text: Text, mark: Mark | None) -> float:
        return width(text.words, text.size, bold=text.bold) + (2 if mark is None else 16) * self.scale

    def _mark(self, box: Box, text: Text, mark: Mark) -> None:
        shape = self._rectangle(box, "Warning")
        shape.fill.solid()
        shape.fill.fore_color.rgb = _RED if mark.grave else _ORANGE
        _frame(shape.text_frame, middle=True)
        fill(shape.text_frame, [replace(text, centred=True)])
        for run in shape.text_frame.paragraphs[0].runs:
            run.font.color.rgb = _WHITE if mark.grave else _BLACK

    def _number(self, box: Box) -> None:
        shape = self.slide.shapes.add_textbox(*(emu(each) for each in (box.left, box.top, box.width, box.height)))
        shape.name = "Slide number"
        _frame(shape.text_frame, middle=True)
        paragraph = shape.text_frame.paragraphs[0]
        paragraph.alignment = PP_ALIGN.RIGHT
        number = len(self.ground.presentation.slides)
        paragraph._p.append(
            parse_xml(
                f'<a:fld {nsdecls("a")} id="{{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}}" type="slidenum">'
                f'<a:rPr lang="{_LANGUAGE}" sz="{round(100 * _FOOT * self.scale)}"/><a:t>{number}</a:t></a:fld>'
            )
        )

    def _rectangle(self, box: Box, name: str) -> Any:
        shape = self.slide.shapes.add_shape(
            MSO_SHAPE.RECTANGLE, *(emu(each) for each in (box.left, box.top, box.width, box.height))
        )
        shape.name = name
        # Without the outline, the shadow and the letters that a theme gives to shapes.
        style = shape.element.find(qn("p:style"))
        if style is not None:
            shape.element.remove(style)
        shape.line.fill.background()
        return shape


def chart_height(bars: int) -> float:
    """The least height at which the words beside so many bars can be read, in points of a slide of ours.

    Parameters
    ----------
    bars : int
        How many.

    Examples
    --------
    >>> chart_height(7)
    124.0
    """
    return _LEGEND + _LEAST_BAR * bars


def _label(each: Contribution) -> str:
    name = each.criterion if len(each.criterion) <= _LABEL_LETTERS else f"{each.criterion[: _LABEL_LETTERS - 1]}…"
    return f"{name}: {points(each.points)} of {points(100 * each.weight)}"


def _frame(frame: TextFrame, *, middle: bool) -> None:
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Pt(0)
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE if middle else MSO_ANCHOR.TOP


def fill(frame: TextFrame, texts: Sequence[Text], *, inks: bool = True) -> None:
    """Write paragraphs into a frame, at the sizes that they were measured with.

    Parameters
    ----------
    frame : TextFrame
        Of python-pptx; empty.
    texts : sequence of Text
        The paragraphs.
    inks : bool, optional
        Whether in their colours; in those of the layout otherwise.
    """
    for index, text in enumerate(texts):
        paragraph = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
        paragraph.line_spacing = Pt(text.leading)
        paragraph.space_before, paragraph.space_after = Pt(text.before if index else 0), Pt(0)
        properties = paragraph._p.get_or_add_pPr()
        from_right = right_to_left(text.words)
        if text.centred:
            paragraph.alignment = PP_ALIGN.CENTER
        elif from_right:
            paragraph.alignment = PP_ALIGN.RIGHT
        if from_right:
            properties.set("rtl", "1")
        _bullet(properties, text, "marR" if from_right else "marL")
        run = paragraph.add_run()
        run.text = text.words
        run.font.size, run.font.bold = Pt(text.size), text.bold
        run._r.get_or_add_rPr().set("lang", _LANGUAGE)
        if inks:
            run.font.color.theme_color = _INKS[text.ink]


def _bullet(properties: Any, text: Text, margin: str) -> None:
    indent = int(emu(INDENT * text.size)) if text.bullet else 0
    properties.set(margin, str(indent))
    properties.set("indent", str(-indent))
    marks = ['<a:buFont {} typeface="Arial"/>', '<a:buChar {} char="•"/>'] if text.bullet else ["<a:buNone {}/>"]
    for mark in marks:
        properties.append(parse_xml(mark.format(nsdecls("a"))))
