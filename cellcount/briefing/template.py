"""The ground that slides stand on: our own look, or that of a template that somebody gives."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pptx
from pptx.enum.text import MSO_ANCHOR
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml import parse_xml
from pptx.presentation import Presentation
from pptx.slide import SlideLayout, SlideMaster
from pptx.util import Emu

from cellcount.errors import CellCountError, words_for_system

POINT = 12_700
"""English Metric Units in a point."""
WIDE, HIGH = 960.0, 540.0
"""Points of a slide of ours, 16:9. Lengths of slides are for one of this height."""
NARROWEST = 720.0
"""Points of width below which letters get smaller too: those of a slide of 4:3."""
FONT = "Arial"
"""On every computer that has PowerPoint; LibreOffice has letters of the same widths for it."""
COLOURS = {
    "dk1": "222222",
    "lt1": "FFFFFF",
    "dk2": "003C57",
    "lt2": "F5F5F6",
    "accent1": "206095",
    "accent2": "28A197",
    "accent3": "801650",
    "accent4": "F46A25",
    "accent5": "3D3D3D",
    "accent6": "A285D1",
    "hlink": "206095",
    "folHlink": "003C57",
}
"""Colours of our theme: text, ground, deep blue, panels; then the categorical set of the Government Analysis Function,
with the accent of the app in the place of its dark blue."""
MOST_BYTES = 50_000_000
"""Of a template: beyond it, it is none."""
MOST_UNPACKED = 400_000_000
"""Bytes that a template may unpack to."""

_PRESENTATION = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
_TEMPLATE = "application/vnd.openxmlformats-officedocument.presentationml.template.main+xml"
_TYPES = "[Content_Types].xml"
_MACROS = ("macroEnabled", "vbaProject", "ms-office.activeX")
_HELP = "Give a PowerPoint file without macros (.potx or .pptx), or none for the look of the app."
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
_FEET = ("dt", "ftr", "sldNum")
_TITLES = ("title", "ctrTitle")
_NAME = "Cell Count Explorer"


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a slide, in points.

    Attributes
    ----------
    left, top, width, height : float
        From the upper left corner of the slide.
    """

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Where it ends."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Ground:
    """A presentation without slides, and where things go on them.

    Attributes
    ----------
    presentation : Presentation
        Of python-pptx.
    opening, plain : SlideLayout
        Of the first slide, and of all others: a title and nothing else.
    title : Box
        Of a slide's title, and whether its place is ours to change.
    floor : float
        Points from the top beyond which the layout has things of its own.
    wide, high : float
        Points of a slide.
    ours : bool
        Whether it is our own look: then a short title leaves its room to what stands below.
    title_size : float
        Points of the letters of a title, before it has to shrink.
    """

    presentation: Presentation
    opening: SlideLayout
    plain: SlideLayout
    title: Box
    floor: float
    wide: float
    high: float
    ours: bool
    title_size: float

    @property
    def scale(self) -> float:
        """Letters and distances over those of a slide of ours."""
        return min(self.high / HIGH, self.wide / NARROWEST)


def house() -> Ground:
    """Our own look: 16:9, white, blue."""
    presentation = pptx.Presentation()
    presentation.slide_width, presentation.slide_height = emu(WIDE), emu(HIGH)
    presentation.element.find(f"{{{_SLIDES}}}sldSz").attrib.pop("type", None)
    master = presentation.slide_master
    _theme(master)
    _master(master)
    for layout in list(presentation.slide_layouts):
        if layout.element.get("type") not in ("title", "titleOnly", "obj"):
            presentation.slide_layouts.remove(layout)
            continue
        # Slides say release and number in a line of their own.
        for shape in _placed(layout, _FEET):
            shape.element.getparent().remove(shape.element)
        if layout.element.get("type") == "title":
            _opening(layout)
    return _ground(presentation, ours=True)


def given(template: bytes | Path) -> Ground:
    """The look of a template: its size, its layouts, its letters and colours; none of its slides.

    Parameters
    ----------
    template : bytes or Path
        A .potx or .pptx.

    Returns
    -------
    Ground

    Raises
    ------
    CellCountError
        Of a file that is no PowerPoint file, is broken, has macros, or has no layout with a title.
    """
    if isinstance(template, Path):
        try:
            template = template.read_bytes()
        except OSError as error:
            raise CellCountError(f"The template cannot be read. {words_for_system(error)}") from error
    checked = _checked(template)
    try:
        presentation = pptx.Presentation(io.BytesIO(checked))
        _empty(presentation)
        return _ground(presentation, ours=False)
    except CellCountError:
        raise
    except Exception as error:  # A broken package breaks in many ways, and none of them is for the reader to tell.
        raise CellCountError(f"The template is broken: PowerPoint files cannot be made of it. {_HELP}") from error


def _checked(template: bytes) -> bytes:
    """A template as a presentation: the two differ in one word."""
    if len(template) > MOST_BYTES:
        raise CellCountError(f"The template has more than {MOST_BYTES / 1e6:,.0f} MB. {_HELP}")
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as packed:
            infos = packed.infolist()
            if sum(each.file_size for each in infos) > MOST_UNPACKED:
                raise CellCountError(f"The template unpacks to more than {MOST_UNPACKED / 1e6:,.0f} MB. {_HELP}")
            types = packed.read(_TYPES).decode("utf-8")
            if any(word in types for word in _MACROS) or any("vbaProject" in each.filename for each in infos):
                raise CellCountError(f"The template has macros, which would go on with every briefing. {_HELP}")
            if _PRESENTATION not in types and _TEMPLATE not in types:
                raise CellCountError(f"The template is no PowerPoint file. {_HELP}")
            if _PRESENTATION in types:
                return template
            return _rewritten(packed, types.replace(_TEMPLATE, _PRESENTATION))
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, NotImplementedError, RuntimeError, EOFError) as error:
        raise CellCountError(
            f"The template is no PowerPoint file, or it is broken or has a password. {_HELP}"
        ) from error


def _rewritten(packed: zipfile.ZipFile, types: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as out:
        for each in packed.infolist():
            out.writestr(each.filename, types if each.filename == _TYPES else packed.read(each))
    return written.getvalue()


def _empty(presentation: Presentation) -> None:
    """Take out the slides, and what names slides: PowerPoint would call the file broken otherwise."""
    root = presentation.element
    listed = root.find(f"{{{_SLIDES}}}sldIdLst")
    for each in [] if listed is None else list(listed):
        presentation.part.drop_rel(each.rId)
        listed.remove(each)
    for name in ("custShowLst", "extLst"):
        found = root.find(f"{{{_SLIDES}}}{name}")
        if found is not None:
            root.remove(found)


def _without_leftovers(presentation: Presentation) -> None:
    """Take out what a file says of slides that it no longer has, and of somebody's printer."""
    parts = (
        (presentation.part.package, RELATIONSHIP_TYPE.THUMBNAIL),
        (presentation.part, RELATIONSHIP_TYPE.PRINTER_SETTINGS),
    )
    for holder, kind in parts:
        held: Any = holder._rels
        for name in [name for name, each in held.items() if each.reltype == kind]:
            held.pop(name)


def _ground(presentation: Presentation, *, ours: bool) -> Ground:
    wide, high = float(presentation.slide_width or 0) / POINT, float(presentation.slide_height or 0) / POINT
    layouts = [layout for master in presentation.slide_masters for layout in master.slide_layouts]
    titled = [each for each in layouts if _placed(each, _TITLES)]
    if not titled or wide <= 0 or high <= 0:
        raise CellCountError(f"The template has no layout with a title. {_HELP}")
    plain = _of_type(titled, "titleOnly") or min(titled, key=lambda each: len(_placed(each, None)))
    opening = _of_type(titled, "title") or next((each for each in titled if _placed(each, ("subTitle",))), plain)
    feet = [_box(each) for each in _placed(plain, _FEET)]
    low = [each.top for each in feet if each is not None and each.top > 0.75 * high]
    scale = min(high / HIGH, wide / NARROWEST)
    _without_leftovers(presentation)
    return Ground(
        presentation,
        opening,
        plain,
        _title_box(plain, wide, high),
        min([*low, high - 10 * scale]),
        wide,
        high,
        ours,
        _title_size(plain, 32.0 * scale),
    )


def _title_box(layout: SlideLayout, wide: float, high: float) -> Box:
    """Where the layout has its title, if that is across the top; a place of ours otherwise."""
    box = _box(_placed(layout, _TITLES)[0])
    if box is not None and box.width > 0.5 * wide and box.top >= 0 and box.bottom < 0.4 * high and box.right <= wide:
        return box
    return Box(0.05 * wide, 0.06 * high, 0.9 * wide, 0.14 * high)


def _title_size(layout: SlideLayout, most: float) -> float:
    """The size that layout or master give a title."""
    title = _placed(layout, _TITLES)[0].element
    styles = [*title.iter(f"{{{_DRAWING}}}lvl1pPr"), *layout.slide_master.element.iter(f"{{{_SLIDES}}}titleStyle")]
    runs = [run for style in styles for run in style.iter(f"{{{_DRAWING}}}defRPr")]
    sizes = [float(run.get("sz")) / 100 for run in runs if run.get("sz")]
    return min(sizes[0], most) if sizes else most


def _of_type(layouts: list[SlideLayout], kind: str) -> SlideLayout | None:
    return next((each for each in layouts if each.element.get("type") == kind), None)


def _role(shape: Any) -> str:
    placed = shape.element.find(f".//{{{_SLIDES}}}ph")
    return "" if placed is None else placed.get("type", "obj")


def _placed(layout: SlideLayout | SlideMaster, roles: tuple[str, ...] | None) -> list[Any]:
    """The placeholders of a layout that have one of some roles; all of them if not given."""
    held: Any = layout.placeholders
    return [each for each in held if roles is None or _role(each) in roles]


def _box(shape: Any) -> Box | None:
    edges = (shape.left, shape.top, shape.width, shape.height)
    return None if None in edges else Box(*(float(each) / POINT for each in edges))


def emu(points: float) -> Emu:
    """A length in points as python-pptx takes it."""
    return Emu(round(points * POINT))


def _theme(master: SlideMaster) -> None:
    """Put our colours and letters into the theme, from which everything on the slides takes them."""
    part = master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    colours = "".join(f'<a:{name}><a:srgbClr val="{colour}"/></a:{name}>' for name, colour in COLOURS.items())
    theme = part.blob.decode("utf-8")
    scheme = f'<a:clrScheme name="{_NAME}">{colours}</a:clrScheme>'
    theme = re.sub(r"<a:clrScheme.*?</a:clrScheme>", scheme, theme, flags=re.DOTALL)
    theme = re.sub(r'<a:latin typeface="[^"]*"', f'<a:latin typeface="{FONT}"', theme)
    theme = re.sub(r'script="(Arab|Hebr)" typeface="[^"]*"', rf'script="\1" typeface="{FONT}"', theme)
    part._blob = theme.replace('name="Office Theme"', f'name="{_NAME}"').encode("utf-8")


def _master(master: SlideMaster) -> None:
    boxes = {
        "title": Box(44, 30, 872, 74),
        "body": Box(44, 122, 872, 350),
        "dt": Box(44, 506, 200, 20),
        "ftr": Box(300, 506, 360, 20),
        "sldNum": Box(716, 506, 200, 20),
    }
    for shape in _placed(master, None):
        place(shape, boxes[_role(shape)])
        if _role(shape) == "title":
            shape.text_frame.vertical_anchor = MSO_ANCHOR.TOP
        if _role(shape) in ("title", "body"):
            _no_margins(shape)
    style = master.element.find(f".//{{{_SLIDES}}}titleStyle/{{{_DRAWING}}}lvl1pPr")
    _letters(style, 30, "tx2", bold=True)
    for level, size in zip(range(1, 6), (20, 18, 16, 16, 16), strict=True):
        each = master.element.find(f".//{{{_SLIDES}}}bodyStyle/{{{_DRAWING}}}lvl{level}pPr/{{{_DRAWING}}}defRPr")
        each.set("sz", str(100 * size))
    _band(master, Box(0, 0, WIDE, 8), "Band")


def _opening(layout: SlideLayout) -> None:
    """The first slide: its title on deep blue."""
    layout.element.set("showMasterSp", "0")
    _band(layout, Box(0, 0, WIDE, 300), "Band")
    for shape in _placed(layout, None):
        title = _role(shape) == "ctrTitle"
        place(shape, Box(44, 44, 872, 160) if title else Box(44, 214, 872, 70))
        shape.text_frame.vertical_anchor = MSO_ANCHOR.BOTTOM if title else MSO_ANCHOR.TOP
        _no_margins(shape)
        style = shape.element.find(f".//{{{_DRAWING}}}lstStyle")
        first = style.find(f"{{{_DRAWING}}}lvl1pPr")
        if first is None:
            first = style.makeelement(f"{{{_DRAWING}}}lvl1pPr", {})
            style.insert(0, first)
            first.append(style.makeelement(f"{{{_DRAWING}}}defRPr", {}))
        _letters(first, 44 if title else 24, "bg1", bold=title)


def _letters(style: Any, size: float, colour: str, *, bold: bool) -> None:
    style.set("algn", "l")
    run = style.find(f"{{{_DRAWING}}}defRPr")
    run.set("sz", str(round(100 * size)))
    run.set("b", "1" if bold else "0")
    for fill in run.findall(f"{{{_DRAWING}}}solidFill"):
        run.remove(fill)
    fill = run.makeelement(f"{{{_DRAWING}}}solidFill", {})
    fill.append(fill.makeelement(f"{{{_DRAWING}}}schemeClr", {"val": colour}))
    run.insert(0, fill)


def place(shape: Any, box: Box) -> None:
    """Put a shape of python-pptx into its place."""
    shape.left, shape.top, shape.width, shape.height = (
        emu(each) for each in (box.left, box.top, box.width, box.height)
    )


def _no_margins(shape: Any) -> None:
    frame = shape.text_frame
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0


def _band(on: Any, box: Box, name: str) -> None:
    """A plain rectangle in deep blue, below everything else of a master or a layout."""
    edges = [round(each * POINT) for each in (box.left, box.top, box.width, box.height)]
    shape = parse_xml(
        f'<p:sp xmlns:p="{_SLIDES}" xmlns:a="{_DRAWING}"><p:nvSpPr><p:cNvPr id="100" name="{name}"/><p:cNvSpPr/>'
        '<p:nvPr userDrawn="1"/></p:nvSpPr><p:spPr>'
        f'<a:xfrm><a:off x="{edges[0]}" y="{edges[1]}"/><a:ext cx="{edges[2]}" cy="{edges[3]}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:solidFill><a:schemeClr val="tx2"/></a:solidFill>'
        "<a:ln><a:noFill/></a:ln></p:spPr></p:sp>"
    )
    on.shapes._spTree.insert(2, shape)
