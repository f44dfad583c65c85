"""Maps as pictures, drawn on the server: what the map on screen shows, with legend, source and caveats on the sheet.

No Streamlit and no browser here. Matplotlib draws, without a display; it is loaded when somebody asks for a picture and
not before. The same input gives the same bytes.
"""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import h3
import numpy as np
import shapely
from numpy.typing import NDArray

from cellcount.standard import ROOT
from cellcount.ui.ground import Bounds, Name, Outlines, in_view
from cellcount.ui.look import Palette
from cellcount.ui.scales import Scale
from cellcount.ui.words import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path as Outline

Form = Literal["png", "svg", "pdf"]
FORMS: dict[Form, tuple[str, str]] = {
    "png": ("PNG", "image/png"),
    "svg": ("SVG", "image/svg+xml"),
    "pdf": ("PDF", "application/pdf"),
}
"""What a picture can be had as: what it is called, and its media type."""
WIDTH, HEIGHT = 1600, 1000
"""Pixels of a picture. Every length below is in pixels of a picture of this size."""
MOST_FLOWS = 5_000
"""So many flows are drawn; of more, the largest."""
SYNTHETIC = "Synthetic demonstration data"
NOTHING = "There is nothing to show here."
FONTS = ("static/open-sans-400.ttf", "static/open-sans-600.ttf")
"""Open Sans in a format that Matplotlib reads: the letters of the woff2 files beside them, each weight in one file."""

_DOTS = 100
_PLAIN = ["Open Sans", "DejaVu Sans"]
_STRONG = ["Open Sans SemiBold", "Open Sans", "DejaVu Sans"]
_EDGE, _COLUMN, _GAP = 32.0, 380.0, 22.0
"""Margin of the sheet, width of the column beside the maps, space between things."""
_TITLE, _SUBTITLE, _BODY, _SMALL = 27.0, 18.0, 15.0, 12.5
_LEADING = 1.42
"""Height of a line over the size of its letters."""
_SPACE = 0.27
"""Width of a space over the size of its letters."""
_ROOM = 0.05
"""Share of a map that is left free around what is shown."""
_STROKES = 4.5
"""Strokes of the hatching across a withheld cell, as on screen."""
_STROKE_SPACES = (4.0, 12.0)
"""Least and most space between strokes."""
_LARGEST_CIRCLE = 14.0
"""Radius of the largest total, as on screen."""
_HEAD = 2.5
"""Width of the half head of an arrow over that of its shaft."""
_FINEST_WITH_AREAS = 0.1
"""Degrees of longitude in a pixel from which on outlines of areas would be a blot."""
_WARNING = "#F46A25"
_WIDEST_WITH_BAR = 40.0
"""Degrees of latitude that a map shows at most for one bar to be true of all of it, nearly."""
_PARALLEL = 111_320.0
"""Metres in a degree of longitude at the equator (2 pi 6,378,137 m / 360)."""
_MERCATOR_END = 85.0
_LOCK = threading.Lock()
"""Matplotlib's settings and letters are of the whole process."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HexagonLayer:
    """Cells in the colours of a scale. A cell that is not covered is left out of it.

    Attributes
    ----------
    h3 : array of int64, shape (n,)
        Cells.
    values : array of float, shape (n,)
        The measure of the scale; NaN is withheld and hatched.
    scale : Scale
        Classes, colours and words.
    """

    h3: NDArray[np.int64]
    values: Floats
    scale: Scale


@dataclass(frozen=True, slots=True)
class AreaLayer:
    """Areas in the colours of a scale.

    Attributes
    ----------
    outlines : GeoSeries
        n polygons, WGS 84.
    values : array of float, shape (n,)
        The measure of the scale; NaN is withheld and hatched.
    scale : Scale
        Classes, colours and words.
    """

    outlines: gpd.GeoSeries
    values: Floats
    scale: Scale


@dataclass(frozen=True, slots=True)
class FlowLayer:
    """Flows as arrows whose width is the square root of the figure over the largest; or as arcs over the globe.

    Attributes
    ----------
    origins, destinations : array of float, shape (n, 2)
        Longitude and latitude.
    values : array of float, shape (n,)
        The measure of the scale; NaN is withheld: not drawn, and counted beside the map. Nor is a flow drawn that ends
        where it begins, which has no direction.
    scale : Scale
        Classes, colours and words.
    arcs : bool
        Whether they are great circles without a head, for a map of the world.
    most : float, optional
        The figure that is as wide as a flow may be; the largest of the values if not given.
    """

    origins: Floats
    destinations: Floats
    values: Floats
    scale: Scale
    arcs: bool = False
    most: float | None = None


@dataclass(frozen=True, slots=True)
class TotalLayer:
    """Circles whose area is a figure of a place: what leaves it, arrives at it or stays in it.

    Attributes
    ----------
    places : array of float, shape (n, 2)
        Longitude and latitude.
    values : array of float, shape (n,)
        Figures, not negative; NaN is withheld and not drawn.
    words : str
        What a circle is, for the legend.
    most : float, optional
        The figure of the largest circle; the largest of the values if not given.
    """

    places: Floats
    values: Floats
    words: str
    most: float | None = None


@dataclass(frozen=True, slots=True)
class OutlineLayer:
    """Outlines without a fill: the chosen area, rings around a place, a marked cell.

    Attributes
    ----------
    outlines : GeoSeries
        Polygons, WGS 84.
    marked : bool
        Whether in the colour of a mark, and not in that of a chosen area.
    words : str
        What it is called in the legend; empty where it needs no words.
    """

    outlines: gpd.GeoSeries
    marked: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class NameLayer:
    """Short words at places: the ranks of a list.

    Attributes
    ----------
    places : array of float, shape (n, 2)
        Longitude and latitude.
    words : tuple of str
        One a place.
    """

    places: Floats
    words: tuple[str, ...]


Layer = HexagonLayer | AreaLayer | FlowLayer | TotalLayer | OutlineLayer | NameLayer


@dataclass(frozen=True, slots=True)
class Panel:
    """One map of a sheet.

    Attributes
    ----------
    bounds : Bounds
        What it shows, and as much around it as fills the map.
    layers : tuple of Layer
        From below to above.
    words : str
        What it is of all maps of the sheet; empty where it is the only one.
    """

    bounds: Bounds
    layers: tuple[Layer, ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that stands around the maps of a picture.

    Attributes
    ----------
    title : str
        What it shows.
    subtitle : str
        Place and local time.
    notes : tuple of str
        Unit, precision, what is withheld and why: sentences.
    source : str
        Whose data these are, with licence and attribution.
    release_id : str
        The release that the figures are of.
    warnings : tuple of str
        What nobody may miss, above the map: that people are made up, that it is not for release.
    palette : Palette
        Colours.
    ground : Outlines
        Land and outlines of areas.
    names : tuple of Name
        Places that are named on the maps.
    caveats : tuple of str
        What holds for every figure of the release: sentences, in small print.
    nothing : str
        What is said in the place of a map that has nothing to show.
    width, height : int
        Pixels of a PNG; an SVG and a PDF have the same proportions.
    """

    title: str
    subtitle: str
    notes: tuple[str, ...]
    source: str
    release_id: str
    warnings: tuple[str, ...]
    palette: Palette
    ground: Outlines
    names: tuple[Name, ...] = ()
    caveats: tuple[str, ...] = ()
    nothing: str = NOTHING
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Projection:
    """Web Mercator (EPSG:3857), as on screen: from degrees to pixels of a map, y downwards.

    Attributes
    ----------
    west, top : float
        Of the map's upper left corner: longitude, and latitude as Mercator has it, in degrees of longitude.
    pixel : float
        Degrees of longitude in a pixel.
    """

    west: float
    top: float
    pixel: float

    @classmethod
    def fitting(cls, bounds: Bounds, width: float, height: float) -> Projection:
        """The projection that shows all of the bounds in the middle of a map, as large as they fit.

        Examples
        --------
        A square around the equator and the prime meridian, on a map of 400 by 200 pixels: its middle is in the middle.

        >>> Projection.fitting(Bounds(-1, -1, 1, 1), 400, 200).at(np.array([[0.0, 0.0]])).tolist()
        [[200.0, 100.0]]
        """
        south, north = _northing(np.array([bounds.south, bounds.north])).tolist()
        room = 1 - 2 * _ROOM
        pixel = max((bounds.east - bounds.west) / (width * room), (north - south) / (height * room), 1e-7)
        middle = (bounds.west + bounds.east) / 2, (south + north) / 2
        return cls(middle[0] - width / 2 * pixel, middle[1] + height / 2 * pixel, pixel)

    def at(self, places: Floats) -> Floats:
        """Pixels of places given by longitude and latitude, shape (..., 2), to a hundredth."""
        across = (places[..., 0] - self.west) / self.pixel
        down = (self.top - _northing(places[..., 1])) / self.pixel
        return np.stack([across, down], axis=-1).round(2)

    def seen(self, width: float, height: float) -> Bounds:
        """What a map of this size shows."""
        south, north = _latitude(np.array([self.top - height * self.pixel, self.top])).tolist()
        return Bounds(self.west, south, self.west + width * self.pixel, north)


def _northing(latitude: Floats) -> Floats:
    clipped = np.radians(np.clip(latitude, -_MERCATOR_END, _MERCATOR_END))
    return np.degrees(np.log(np.tan(np.pi / 4 + clipped / 2)))


def _latitude(northing: Floats) -> Floats:
    return np.degrees(2 * np.arctan(np.exp(np.radians(northing))) - np.pi / 2)


def draw(sheet: Sheet, panels: Sequence[Panel], form: Form = "png") -> bytes:
    """Draw maps, one or several side by side on the same scales, with all that must be said of them.

    Parameters
    ----------
    sheet : Sheet
        Title, source, caveats, colours and ground.
    panels : sequence of Panel
        The maps, from left to right.
    form : {'png', 'svg', 'pdf'}
        What the picture is written as. Words in an SVG are text.

    Returns
    -------
    bytes
        The file, with title, description, source and release in its metadata.
    """
    import matplotlib as mpl  # noqa: PLC0415 - takes a second to load, and most visits never ask for a picture
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    settings: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": sheet.release_id, "pdf.fonttype": 42}
    with _LOCK, mpl.rc_context(settings):
        _load_letters()
        figure = Figure(figsize=(sheet.width / _DOTS, sheet.height / _DOTS), dpi=_DOTS, facecolor=sheet.palette.land)
        FigureCanvasAgg(figure)
        _compose(_Paper(figure, sheet), panels)
        written = io.BytesIO()
        figure.savefig(written, format=form, dpi=_DOTS, facecolor=sheet.palette.land, metadata=_metadata(sheet, form))
    return written.getvalue()


@lru_cache(maxsize=4096)
def _word_width(word: str, strong: bool) -> float:
    """Width of a word over the size of its letters."""
    from matplotlib import font_manager  # noqa: PLC0415

    font = font_manager.get_font([ROOT / FONTS[strong], font_manager.findfont("DejaVu Sans")])
    font.set_size(100, 72)
    font.set_text(word)
    return float(font.get_width_height()[0]) / 64 / 100


def _load_letters() -> None:
    from matplotlib import font_manager  # noqa: PLC0415

    known = {each.fname for each in font_manager.fontManager.ttflist}
    for font in FONTS:
        path = ROOT / font
        if str(path) not in known:
            font_manager.fontManager.addfont(path)


def _metadata(sheet: Sheet, form: Form) -> dict[str, Any]:
    """What the file says of itself, in the words of its format; without the date of writing, which says nothing."""
    about = " ".join([*sheet.warnings, sheet.subtitle, *sheet.notes, *sheet.caveats, f"Release {sheet.release_id}."])
    if form == "pdf":
        return {"Title": sheet.title, "Subject": about, "Keywords": sheet.source, "CreationDate": None}
    if form == "svg":
        return {"Title": sheet.title, "Description": about, "Source": sheet.source, "Date": None}
    return {"Title": sheet.title, "Description": about, "Source": sheet.source, "Software": None}


class _Paper:
    """A figure on which one writes and draws in pixels from the upper left corner.

    Lengths are those of a picture of WIDTH by HEIGHT; `scale` makes them those of this one.
    """

    def __init__(self, figure: Figure, sheet: Sheet) -> None:
        self.figure = figure
        self.sheet = sheet
        self.scale = min(sheet.width / WIDTH, sheet.height / HEIGHT)
        self.wide, self.high = sheet.width / self.scale, sheet.height / self.scale
        self.axes = self.map(0, 0, self.wide, self.high)

    def map(self, left: float, top: float, width: float, height: float) -> Axes:
        """A part of the sheet with pixels of its own, cut at its edges."""
        axes = self.figure.add_axes(
            (left / self.wide, 1 - (top + height) / self.high, width / self.wide, height / self.high)
        )
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.axis("off")
        return axes

    def points(self, pixels: float) -> float:
        """A length in points, as Matplotlib has widths of lines and sizes of letters."""
        return pixels * self.scale * 72 / _DOTS

    def write(self, x: float, y: float, words: str, size: float, *, strong: bool = False, **more: Any) -> None:
        """Words with their upper left corner at a place, as they stand: a dollar sign is a dollar sign."""
        text = self.axes.text(
            x,
            y,
            words,
            fontsize=self.points(size),
            fontfamily=_STRONG if strong else _PLAIN,
            color=self.sheet.palette.text,
            va=more.pop("va", "top"),
            parse_math=False,
            **more,
        )
        text.set_in_layout(False)

    def lines(self, words: str, size: float, width: float, *, strong: bool = False) -> list[str]:
        """Words broken into lines that are not wider than so many pixels."""
        broken: list[str] = []
        line, long = "", 0.0
        for word in words.split():
            wide = size * _word_width(word, strong)
            if line and long + size * _SPACE + wide > width:
                broken.append(line)
                line, long = word, wide
            else:
                line, long = (f"{line} {word}", long + size * _SPACE + wide) if line else (word, wide)
        return [*broken, line] if line else broken

    def paragraph(self, x: float, y: float, words: str, size: float, width: float, *, strong: bool = False) -> float:
        """Write words in lines; gives where the next thing may stand."""
        for line in self.lines(words, size, width, strong=strong):
            self.write(x, y, line, size, strong=strong)
            y += size * _LEADING
        return y

    def height(self, words: str, size: float, width: float) -> float:
        """Pixels that a paragraph takes."""
        return len(self.lines(words, size, width)) * size * _LEADING

    def fill(self, axes: Axes, outline: Outline, colour: str, **more: Any) -> None:
        """An outline filled with a colour, without a line."""
        from matplotlib.patches import PathPatch  # noqa: PLC0415

        patch = PathPatch(outline, facecolor=colour, edgecolor=more.pop("edge", "none"), snap=False, **more)
        # Not as a patch: Matplotlib would look through every corner for limits that are set already.
        axes.add_artist(patch)

    def hatch(self, axes: Axes, outline: Outline, colour: str, space: float) -> None:
        """An outline hatched with strokes so many pixels apart, and drawn round."""
        from matplotlib.patches import PathPatch  # noqa: PLC0415

        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        strokes = _strokes(abs(right - left), abs(bottom - top), space)
        drawn = PathPatch(strokes, facecolor="none", edgecolor=colour, linewidth=self.points(1.0), snap=False)
        axes.add_artist(drawn)
        drawn.set_clip_path(outline, axes.transData)
        self.line(axes, outline, colour, 0.8)

    def circle(self, axes: Axes, corners: Floats) -> None:
        """Circles of totals: each through the others, for they may lie upon each other."""
        edge = self.sheet.palette.edge
        for each in corners:
            self.fill(axes, _path(each[None]), edge, alpha=70 / 255)
        self.line(axes, _path(corners), edge, 1.0, alpha=200 / 255)

    def line(self, axes: Axes, outline: Outline, colour: str, width: float, **more: Any) -> None:
        """The line of an outline."""
        self.fill(axes, outline, "none", edge=colour, linewidth=self.points(width), joinstyle="round", **more)


def _strokes(width: float, height: float, space: float) -> Outline:
    """Strokes from lower left to upper right over a whole map, so many pixels apart."""
    # A stroke is where x + y is the same; so far apart along the axes are strokes that far apart across.
    sums = np.arange(space, width + height, space * math.sqrt(2))
    starts = np.column_stack([np.maximum(sums - height, 0), np.minimum(sums, height)])
    ends = np.column_stack([np.minimum(sums, width), np.maximum(sums - width, 0)])
    return _path(np.stack([starts, ends], axis=1), closed=False)


def _compose(paper: _Paper, panels: Sequence[Panel]) -> None:
    sheet = paper.sheet
    full = paper.wide - 2 * _EDGE
    top = paper.paragraph(_EDGE, _EDGE - 6, sheet.title, _TITLE, full, strong=True)
    top = paper.paragraph(_EDGE, top + 2, sheet.subtitle, _SUBTITLE, full)
    for warning in sheet.warnings:
        top = _warn(paper, warning, top + 8, full)
    top += 12
    source = " ".join([f"Release {sheet.release_id}.", *sheet.caveats, sheet.source])
    bottom = paper.high - _EDGE - paper.height(source, _SMALL, full)
    paper.paragraph(_EDGE, bottom, source, _SMALL, full)
    across = full - _COLUMN - _GAP
    # The notes stand below the legend, and below the maps where the legend leaves them no room.
    notes = " ".join([*sheet.notes, *_not_drawn(panels)])
    beside = _EDGE + across + _GAP
    under = _legend(paper, panels, beside, top) + 6
    bottom -= 12
    if under + paper.height(notes, _BODY, _COLUMN) <= bottom:
        paper.paragraph(beside, under, notes, _BODY, _COLUMN)
    else:
        bottom -= paper.height(notes, _BODY, full)
        paper.paragraph(_EDGE, bottom, notes, _BODY, full)
        bottom -= 12
    width = (across - _GAP * (len(panels) - 1)) / max(len(panels), 1)
    for place, panel in enumerate(panels):
        left, head = _EDGE + place * (width + _GAP), top
        if panel.words:
            paper.write(left, head, paper.lines(panel.words, _BODY, width, strong=True)[0], _BODY, strong=True)
            head += _BODY * _LEADING + 4
        _map(paper, panel, (left, head, width, max(bottom - head, 1.0)))


def _warn(paper: _Paper, words: str, top: float, width: float) -> float:
    end = paper.paragraph(_EDGE + 14, top, words, _BODY, width - 14, strong=True)
    paper.fill(paper.axes, _rectangle(_EDGE, top, 5, end - top), _WARNING)
    return end


def _not_drawn(panels: Sequence[Panel]) -> list[str]:
    """What is lacking of the flows, in sentences."""
    flows = [layer for panel in panels for layer in panel.layers if isinstance(layer, FlowLayer)]
    withheld = sum(int(np.isnan(layer.values).sum()) for layer in flows)
    most = max((len(_drawn_flows(layer)[1]) for layer in flows), default=0)
    said = [f"{count(withheld, 'flow')} withheld and not drawn."] if withheld else []
    return [*said, f"Of the flows, the {MOST_FLOWS:,} largest are drawn."] if most > MOST_FLOWS else said


def _map(paper: _Paper, panel: Panel, box: tuple[float, float, float, float]) -> None:
    palette = paper.sheet.palette
    _, _, width, height = box
    axes = paper.map(*box)
    at = Projection.fitting(panel.bounds, width, height)
    seen = at.seen(width, height)
    paper.fill(axes, _rectangle(0, 0, width, height), palette.sea)
    paper.fill(axes, _polygons(paper.sheet.ground.land, at, seen), palette.land)
    areas = paper.sheet.ground.areas
    outlines = _polygons(areas if at.pixel < _FINEST_WITH_AREAS else areas[:0], at, seen)
    paper.line(axes, outlines, palette.border, 0.8)
    shown = 0
    for layer in panel.layers:
        shown += _LAYERS[type(layer)](paper, axes, layer, at, seen)
        if isinstance(layer, HexagonLayer):
            # Cells hide the outlines below them; thin ones above help to find one's way.
            paper.line(axes, outlines, palette.border, 0.5, alpha=0.45)
    _place_names(paper, axes, at, seen)
    paper.line(axes, _rectangle(0, 0, width, height), palette.border, 1.5)
    if shown:
        _bar(paper, axes, at, seen, height)
        return
    lines = paper.lines(paper.sheet.nothing, _SUBTITLE, width - 80)
    axes.text(
        width / 2,
        height / 2,
        "\n".join(lines),
        fontsize=paper.points(_SUBTITLE),
        fontfamily=_PLAIN,
        color=palette.text,
        ha="center",
        va="center",
        parse_math=False,
        bbox={"facecolor": palette.land, "edgecolor": palette.border, "pad": paper.points(14)},
    )


def _place_names(paper: _Paper, axes: Axes, at: Projection, seen: Bounds) -> None:
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    palette = paper.sheet.palette
    halo: list[Any] = [withStroke(linewidth=paper.points(3), foreground=palette.land)]
    for name in paper.sheet.names:
        if seen.west < name.longitude < seen.east and seen.south < name.latitude < seen.north:
            x, y = at.at(np.array([name.longitude, name.latitude])).tolist()
            text = axes.text(
                x,
                y,
                name.name,
                fontsize=paper.points(name.size),
                fontfamily=_STRONG,
                color=palette.text,
                ha="center",
                va="center",
                clip_on=True,
                parse_math=False,
            )
            text.set_path_effects(halo)


def _bar(paper: _Paper, axes: Axes, at: Projection, seen: Bounds, height: float) -> None:
    """How long a round number of kilometres is in the middle of the map."""
    if seen.north - seen.south > _WIDEST_WITH_BAR:
        return
    metres = at.pixel * _PARALLEL * math.cos(math.radians((seen.south + seen.north) / 2))
    power = 10.0 ** math.floor(math.log10(metres * 130))
    length = next(each * power for each in (5, 2, 1) if each * power <= metres * 130)
    across = length / metres
    words = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    paper.fill(axes, _rectangle(8, height - 38, across + 20, 30), paper.sheet.palette.land, alpha=0.85)
    bar = np.array([[[18, height - 19], [18, height - 14], [18 + across, height - 14], [18 + across, height - 19]]])
    paper.line(axes, _path(bar, closed=False), paper.sheet.palette.text, 1.4)
    axes.text(
        18 + across / 2,
        height - 18,
        words,
        fontsize=paper.points(_SMALL),
        fontfamily=_PLAIN,
        color=paper.sheet.palette.text,
        ha="center",
        va="bottom",
    )


def _hexagons(paper: _Paper, axes: Axes, layer: HexagonLayer, at: Projection, seen: Bounds) -> int:
    corners = corners_of(layer.h3)
    low, high = corners.min(axis=1), corners.max(axis=1)
    inside = (high > [seen.west, seen.south]).all(axis=1) & (low < [seen.east, seen.north]).all(axis=1)
    corners, classes = at.at(corners[inside]), _classes(layer.scale, layer.values[inside])
    for kind, colour in _coloured(layer.scale):
        found = corners[classes == kind]
        if len(found):
            # Stroked thinly in its own colour, so that no ground shines through between two classes.
            paper.fill(axes, _path(found), colour, edge=colour, linewidth=paper.points(0.35))
    found = corners[classes == -2]
    if len(found):
        across = float(np.median(np.ptp(found[..., 1], axis=1)))
        paper.hatch(axes, _path(found), layer.scale.withheld, float(np.clip(across / _STROKES, *_STROKE_SPACES)))
    return len(corners)


def _areas(paper: _Paper, axes: Axes, layer: AreaLayer, at: Projection, seen: Bounds) -> int:
    classes = _classes(layer.scale, layer.values)
    for kind, colour in _coloured(layer.scale):
        if (classes == kind).any():
            paper.fill(axes, _polygons(layer.outlines[classes == kind], at, seen, keep=True), colour)
    if (classes == -2).any():
        paper.hatch(axes, _polygons(layer.outlines[classes == -2], at, seen, keep=True), layer.scale.withheld, 8.0)
    paper.line(axes, _polygons(layer.outlines, at, seen), paper.sheet.palette.border, 0.6)
    return len(layer.outlines)


def _drawn_flows(layer: FlowLayer) -> tuple[Floats, Floats]:
    """The flows that are drawn, ends (n, 2, 2) and values, the smallest first."""
    ends = np.stack([layer.origins.reshape(-1, 2), layer.destinations.reshape(-1, 2)], axis=1)
    there = (layer.values > 0) & (ends[:, 0] != ends[:, 1]).any(axis=1) & np.isfinite(ends).all(axis=(1, 2))
    order = np.argsort(layer.values[there], kind="stable")
    return ends[there][order], layer.values[there][order]


def _flows(paper: _Paper, axes: Axes, layer: FlowLayer, at: Projection, seen: Bounds) -> int:
    ends, values = (each[-MOST_FLOWS:] for each in _drawn_flows(layer))
    classes, widths = layer.scale.classes(values), flow_widths(values, layer.most)
    halo, thin = paper.sheet.palette.land, paper.points(0.3)
    for kind, colour in enumerate(layer.scale.colours):
        of = classes == kind
        if not of.any():
            continue
        if layer.arcs:
            for across in (-360.0, 0.0, 360.0):
                bands = _bands(great_circles(ends[of]) + np.array([across, 0.0]), widths[of], at, seen)
                paper.fill(axes, _path(bands), colour, alpha=0.9)
        else:
            arrows = arrows_of(at.at(ends[of]), widths[of])
            paper.fill(axes, _path(arrows.round(2)), colour, edge=halo, linewidth=thin)
    return len(values)


def flow_widths(values: Floats, most: float | None = None) -> Floats:
    """Widths in pixels, by the square root of the figure over the largest, as on screen: 1.3 at least and 8 at most.

    Examples
    --------
    >>> flow_widths(np.array([100.0, 25.0, 0.001])).tolist()
    [8.0, 4.0, 1.3]
    """
    largest = float(np.max(values, initial=0.0)) if most is None else most
    return np.maximum(8 * np.sqrt(values / (largest or 1.0)), 1.3)


def arrows_of(ends: Floats, widths: Floats) -> Floats:
    """Flows as arrows with half a head, each to the right of the line from its origin to its destination.

    So the two directions between two places lie side by side.

    Parameters
    ----------
    ends : array of float, shape (n, 2, 2)
        Origin and destination in pixels, y downwards.
    widths : array of float, shape (n,)
        Of the shafts, in pixels.

    Returns
    -------
    array of float, shape (n, 5, 2)
        Corners: origin, destination, tip of the head, where the head ends on the shaft, and beside the origin.

    Examples
    --------
    Eastwards, the shaft lies to the south: y is 100 to 102.

    >>> arrows_of(np.array([[[0.0, 100.0], [50.0, 100.0]]]), np.array([2.0])).tolist()
    [[[0.0, 100.0], [50.0, 100.0], [41.0, 105.0], [41.0, 102.0], [0.0, 102.0]]]
    """
    along = ends[:, 1] - ends[:, 0]
    length = np.linalg.norm(along, axis=1, keepdims=True)
    unit = along / np.maximum(length, 1e-9)
    right = np.stack([-unit[:, 1], unit[:, 0]], axis=1)
    across = np.minimum(widths[:, None], length / 4)
    neck = ends[:, 1] - unit * np.minimum(5 + 2 * across, length * 0.6)
    tip = neck + right * across * _HEAD
    return np.stack([ends[:, 0], ends[:, 1], tip, neck + right * across, ends[:, 0] + right * across], axis=1)


def great_circles(ends: Floats, steps: int = 65) -> Floats:
    """Points of the shortest ways over the globe.

    Parameters
    ----------
    ends : array of float, shape (n, 2, 2)
        Longitude and latitude of origin and destination.
    steps : int
        Points of each.

    Returns
    -------
    array of float, shape (n, steps, 2)
        Longitude and latitude; longitudes go on beyond 180 where a way does.

    Examples
    --------
    Half of a quarter of the equator; from Fiji to Samoa across the 180th meridian.

    >>> ends = np.array([[[0.0, 0.0], [90.0, 0.0]], [[178.0, -18.0], [-172.0, -14.0]]])
    >>> great_circles(ends, 3)[..., 0].round().tolist()
    [[0.0, 45.0, 90.0], [178.0, 183.0, 188.0]]
    """
    lon, lat = np.radians(ends[..., 0]), np.radians(ends[..., 1])
    points = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    angle = np.arccos(np.clip((points[:, 0] * points[:, 1]).sum(axis=1), -1, 1))[:, None, None]
    share = np.linspace(0, 1, steps)[None, :, None]
    safe = np.maximum(np.sin(angle), 1e-9)
    way = (np.sin((1 - share) * angle) * points[:, None, 0] + np.sin(share * angle) * points[:, None, 1]) / safe
    longitude = np.degrees(np.unwrap(np.arctan2(way[..., 1], way[..., 0]), axis=1))
    return np.stack([longitude, np.degrees(np.arctan2(way[..., 2], np.hypot(way[..., 0], way[..., 1])))], axis=-1)


def _bands(ways: Floats, widths: Floats, at: Projection, seen: Bounds) -> Floats:
    """Ways that the map shows as bands of a width in pixels: (n, 2 * steps, 2)."""
    shown = (ways[..., 0].max(axis=1) > seen.west) & (ways[..., 0].min(axis=1) < seen.east)
    curve, widths = at.at(ways[shown]), widths[shown]
    slope = np.gradient(curve, axis=1)
    slope /= np.maximum(np.linalg.norm(slope, axis=2, keepdims=True), 1e-9)
    across = np.stack([-slope[..., 1], slope[..., 0]], axis=-1) * widths[:, None, None] / 2
    return np.concatenate([curve + across, (curve - across)[:, ::-1]], axis=1).round(2)


def _totals(paper: _Paper, axes: Axes, layer: TotalLayer, at: Projection, seen: Bounds) -> int:  # noqa: ARG001 - as others
    there = layer.values > 0
    values = layer.values[there]
    most = float(np.max(values, initial=0.0)) if layer.most is None else layer.most
    radii = np.maximum(_LARGEST_CIRCLE * np.sqrt(values / (most or 1.0)), 1.5)
    circles = _circles(at.at(layer.places.reshape(-1, 2)[there]), radii)
    paper.circle(axes, circles)
    return len(values)


def _circles(centres: Floats, radii: Floats) -> Floats:
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    return centres[:, None] + radii[:, None, None] * np.column_stack([np.cos(turn), np.sin(turn)])


def _outline(paper: _Paper, axes: Axes, layer: OutlineLayer, at: Projection, seen: Bounds) -> int:
    palette = paper.sheet.palette
    width = 2.2 if at.pixel < _FINEST_WITH_AREAS else 0.8
    paper.line(axes, _polygons(layer.outlines, at, seen), palette.mark if layer.marked else palette.edge, width)
    return 0


def _names(paper: _Paper, axes: Axes, layer: NameLayer, at: Projection, seen: Bounds) -> int:  # noqa: ARG001 - as above
    palette = paper.sheet.palette
    for (x, y), words in zip(at.at(layer.places.reshape(-1, 2)).tolist(), layer.words, strict=True):
        axes.text(
            x,
            y,
            words,
            fontsize=paper.points(_BODY),
            fontfamily=_STRONG,
            color=palette.land,
            ha="center",
            va="center",
            clip_on=True,
            parse_math=False,
            bbox={"facecolor": palette.edge, "edgecolor": palette.land, "pad": paper.points(3)},
        )
    return 0


_LAYERS: Mapping[type, Any] = {
    HexagonLayer: _hexagons,
    AreaLayer: _areas,
    FlowLayer: _flows,
    TotalLayer: _totals,
    OutlineLayer: _outline,
    NameLayer: _names,
}


def _legend(paper: _Paper, panels: Sequence[Panel], left: float, top: float) -> float:
    """The scales of all maps, each once; gives where the next thing may stand."""
    layers = [layer for panel in panels for layer in panel.layers]
    scaled = [layer for layer in layers if isinstance(layer, HexagonLayer | AreaLayer | FlowLayer)]
    told: list[Scale] = []
    for layer in scaled:
        if layer.scale in told:
            continue
        told.append(layer.scale)
        same = [each for each in scaled if each.scale == layer.scale]
        top = _scale(paper, same, left, top) + _GAP
    for words in dict.fromkeys(layer.words for layer in layers if isinstance(layer, TotalLayer)):
        top = _key(paper, words, left, top, circle=True)
    for outline in layers:
        if isinstance(outline, OutlineLayer) and outline.words:
            colour = paper.sheet.palette.mark if outline.marked else paper.sheet.palette.edge
            top = _key(paper, outline.words, left, top, line=colour)
    return top


def _scale(paper: _Paper, layers: Sequence[HexagonLayer | AreaLayer | FlowLayer], left: float, top: float) -> float:
    scale = layers[0].scale
    flows = isinstance(layers[0], FlowLayer)
    arcs = isinstance(layers[0], FlowLayer) and layers[0].arcs
    top = paper.paragraph(left, top, scale.title, _BODY, _COLUMN, strong=True) + 6
    kinds = list(enumerate(zip(scale.colours, scale.named, strict=True)))
    values = np.concatenate([np.ravel(layer.values) for layer in layers])
    widths = _widths_of_classes(layers) if flows else None
    for kind, (colour, words) in reversed(kinds):
        width = None if widths is None else float(widths[kind])
        top = _key(paper, words, left, top, fill=colour, arrow=width, head=not arcs)
    if flows:
        return top
    if (values == 0).any() and not scale.signed:
        top = _key(paper, "0, observed", left, top + 4, fill=scale.zero, line=scale.withheld)
    if np.isnan(values).any():
        top = _key(paper, "withheld", left, top + 4, hatch=scale.withheld)
    return top


def _widths_of_classes(layers: Sequence[HexagonLayer | AreaLayer | FlowLayer]) -> Floats:
    """How wide the least flow of each class is; half as much as the next of the lowest class."""
    flows = [layer for layer in layers if isinstance(layer, FlowLayer)]
    most = max(layer.most or float(np.nanmax(layer.values, initial=0.0)) for layer in flows)
    breaks = np.array(flows[0].scale.breaks)
    least = np.concatenate([breaks[:1] / 4 if len(breaks) else [most], breaks])
    return flow_widths(np.minimum(np.maximum(least, 0.0), most or 1.0), most)


def _key(
    paper: _Paper,
    words: str,
    left: float,
    top: float,
    *,
    fill: str | None = None,
    line: str | None = None,
    hatch: str | None = None,
    arrow: float | None = None,
    head: bool = True,
    circle: bool = False,
) -> float:
    """A swatch with its words; gives where the next may stand."""
    wide, high = 34.0, 22.0
    box = _rectangle(left, top, wide, high)
    if arrow is not None and fill and not head:
        paper.fill(paper.axes, _rectangle(left, top + (high - arrow) / 2, wide, arrow), fill)
    elif arrow is not None and fill:
        middle = top + (high - _HEAD * arrow) / 2
        ends = np.array([[[left, middle], [left + wide, middle]]])
        paper.fill(paper.axes, _path(arrows_of(ends, np.array([arrow]))), fill)
    elif fill:
        paper.fill(paper.axes, box, fill)
    if circle:
        paper.circle(paper.axes, _circles(np.array([[left + wide / 2, top + high / 2]]), np.array([high / 2 - 1])))
    if hatch:
        paper.hatch(paper.axes, box, hatch, 6.0)
    if line:
        paper.line(paper.axes, box, line, 1.2)
    lines = paper.lines(words, _BODY, _COLUMN - wide - 12)
    for number, part in enumerate(lines):
        paper.write(left + wide + 12, top + high / 2 + number * _BODY * _LEADING, part, _BODY, va="center_baseline")
    return top + max(len(lines) * _BODY * _LEADING, high) + 1


def _classes(scale: Scale, values: Floats) -> NDArray[np.int64]:
    """Class of each value; a difference of 0 is one of the differences."""
    found = scale.classes(values)
    return np.where(found == -1, np.searchsorted(scale.breaks, 0.0, side="right"), found) if scale.signed else found


def _coloured(scale: Scale) -> list[tuple[int, str]]:
    """Classes that are filled, with their colours."""
    return [(-1, scale.zero), *enumerate(scale.colours)]


def corners_of(cells: NDArray[np.int64]) -> Floats:
    """Corners of cells by longitude and latitude, anticlockwise.

    Parameters
    ----------
    cells : array of int64, shape (n,)
        Cells.

    Returns
    -------
    array of float, shape (n, k, 2)
        k is 6 as a rule; a cell with fewer corners than another has its last one several times. Across the 180th
        meridian longitudes go on beyond 180.
    """
    # H3 has no call for many cells at once: 20,000 take a tenth of a second.
    found = [h3.cell_to_boundary(f"{cell:x}") for cell in cells.tolist()]
    most = max(map(len, found), default=6)
    padded = [each if len(each) == most else (*each, *[each[-1]] * (most - len(each))) for each in found]
    corners = np.array(padded, dtype=np.float64).reshape(len(found), most, 2)[..., ::-1].copy()
    first = corners[:, :1, 0]
    corners[..., 0] += 360 * np.round((first - corners[..., 0]) / 360)
    return corners


def _path(corners: Floats, *, closed: bool = True) -> Outline:
    """Many polygons or lines of as many corners as one outline: (n, k, 2)."""
    from matplotlib.path import Path as Outline  # noqa: PLC0415

    number, size, _ = corners.shape
    codes = np.full((number, size + closed), Outline.LINETO, dtype=np.uint8)
    codes[:, 0] = Outline.MOVETO
    if closed:
        corners = np.concatenate([corners, corners[:, :1]], axis=1)
        codes[:, -1] = Outline.CLOSEPOLY
    return Outline(corners.reshape(-1, 2), codes.reshape(-1))


def _polygons(shapes: gpd.GeoSeries, at: Projection, seen: Bounds, *, keep: bool = False) -> Outline:
    """Polygons with their holes as one outline, as fine as the map can show; with all of them where they are kept."""
    from matplotlib.path import Path as Outline  # noqa: PLC0415

    more = 10 * at.pixel
    wider = Bounds(seen.west - more, seen.south - more, seen.east + more, seen.north + more)
    near = in_view(shapes, wider, at.pixel, keep=keep)
    parts = shapely.get_parts(shapely.get_parts(near))
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    # Holes run the other way round than shells: what is inside is then the same for every way of filling.
    corners, ring = shapely.get_coordinates(shapely.get_rings(shapely.orient_polygons(parts)), return_index=True)
    if not len(corners):
        return Outline(np.zeros((1, 2)))
    codes = np.full(len(corners), Outline.LINETO, dtype=np.uint8)
    starts = np.diff(ring, prepend=-1) > 0
    codes[starts] = Outline.MOVETO
    codes[np.roll(starts, -1)] = Outline.CLOSEPOLY
    return Outline(at.at(corners), codes)


def _rectangle(left: float, top: float, width: float, height: float) -> Outline:
    right, bottom = left + width, top + height
    return _path(np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]]))
