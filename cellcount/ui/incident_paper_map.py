"""The map of an incident for a sheet of paper: SVG with letters that can be read at half the width of a page."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from cellcount.methods.incident import DEFICIT, EXCESS, ORDINARY, UNKNOWN
from cellcount.ui.ground import Bounds, Name, Outlines, in_view
from cellcount.ui.incident_answer import Answer
from cellcount.ui.incident_figures import CLASSES, hour_words
from cellcount.ui.incident_known import usual_hours
from cellcount.ui.look import Palette
from cellcount.ui.pictures import Projection, corners_of
from cellcount.ui.words import count

WIDTH, HEIGHT = 430, 296
"""Units of the drawing, as of the timeline."""
KEY = 16
"""Height of the key below the map."""
LETTERS = 10
HATCH = 5
"""Units between the strokes across a withheld cell."""
METRES_OF_DEGREE = 111_320.0
"""In a degree of longitude at the equator."""
BAR = 90
"""Units that the bar of the scale takes at most."""
MOST_NAMES = 6
_VERDICTS = (DEFICIT, ORDINARY, EXCESS)

Floats = NDArray[np.float64]


def paper_map(
    answer: Answer, hour: int, palette: Palette, ground: Outlines | None = None, names: Sequence[Name] = ()
) -> str:
    """Cells with more or fewer people than usual, and the outlines of the zones.

    Parameters
    ----------
    answer : Answer
        The answer.
    hour : int
        By its place among those shown.
    palette : Palette
        Colours of the paper.
    ground : Outlines, optional
        Land and outlines of areas.
    names : sequence of Name, optional
        Places that are named, the first of them that lie in the map.

    Returns
    -------
    str
        An `svg` element with a title and a description, for people who do not see it.
    """
    high = HEIGHT - KEY
    at = Projection.fitting(answer.place.seen, WIDTH, high)
    seen = at.seen(WIDTH, high)
    drawn = [f'<rect width="{WIDTH}" height="{high}" fill="{palette.land if ground is None else palette.sea}"/>']
    if ground is not None:
        drawn.append(f'<path d="{_shapes(ground.land, at, seen)}" fill="{palette.land}"/>')
    drawn += _cells(answer, hour, at, palette)
    if ground is not None:
        areas = _shapes(ground.areas, at, seen)
        drawn.append(f'<path d="{areas}" fill="none" stroke="{palette.border}" stroke-width="0.7"/>')
    zones = gpd.GeoSeries(list(answer.place.zones.shapes), crs="EPSG:4326")
    outlines = _shapes(zones, at, seen)
    # On a dark cell and on a bright one the line is seen by its pale border.
    drawn += [
        f'<path d="{outlines}" fill="none" stroke="{colour}" stroke-width="{wide}"/>'
        for colour, wide in ((palette.land, 3.0), (palette.edge, 1.4))
    ]
    drawn += [*_names(names, at, seen, high, palette), *_bar(at, seen, high, palette)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-labelledby="map-title map-words" font-size="{LETTERS}" fill="{palette.text}">'
        f'<title id="map-title">Map, {hour_words(answer.moments[hour])}</title>'
        f'<desc id="map-words">{map_described(answer, hour)}</desc>'
        f'<defs><pattern id="withheld" width="{HATCH}" height="{HATCH}" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M0 0V{HATCH}" stroke="{palette.withheld}"/></pattern>'
        f'<clipPath id="frame"><rect width="{WIDTH}" height="{high}"/></clipPath></defs>'
        f'<g clip-path="url(#frame)">{"".join(drawn)}</g>'
        f'<rect x="0.4" y="0.4" width="{WIDTH - 0.8}" height="{high - 0.8}" fill="none" stroke="{palette.border}" '
        f'stroke-width="0.8"/>{"".join(_key(answer, hour, palette))}</svg>'
    )


def map_described(answer: Answer, hour: int) -> str:
    """What the map shows, in a sentence.

    Parameters
    ----------
    answer : Answer
        The answer.
    hour : int
        By its place among those shown.
    """
    column = answer.classes[:, hour]
    cells = f"{len(column):,} (H3 resolution {answer.place.resolution})"
    if not usual_hours(answer)[hour]:
        return f"Cells: {cells}. Without a usual level none is called fuller or emptier than usual."
    fewer, more, hidden = (
        int(((column == kind) & answer.covered[:, hour]).sum()) for kind in (DEFICIT, EXCESS, UNKNOWN)
    )
    return (
        f"{_first_large(count(fewer, 'cell'))} with fewer people than usual, {more:,} with more, {hidden:,} withheld "
        f"now or on usual days, of {cells}."
    )


def _first_large(words: str) -> str:
    return words[:1].upper() + words[1:]


def _colours(palette: Palette) -> tuple[str, ...]:
    """Of `CLASSES`, as on screen."""
    return palette.ratios[1], palette.ratios[3], palette.ratios[5]


def _cells(answer: Answer, hour: int, at: Projection, palette: Palette) -> Iterator[str]:
    corners = at.at(corners_of(answer.place.cells))
    column, there = answer.classes[:, hour], answer.covered[:, hour]
    if not usual_hours(answer)[hour]:
        column = np.full_like(column, ORDINARY)
    for kind, colour in zip(_VERDICTS, _colours(palette), strict=True):
        of = there & (column == kind)
        if of.any():
            yield f'<path d="{_path(corners[of])}" fill="{colour}" stroke="{palette.land}" stroke-width="0.4"/>'
    hidden = there & (column == UNKNOWN)
    if hidden.any():
        yield (
            f'<path d="{_path(corners[hidden])}" fill="url(#withheld)" stroke="{palette.withheld}" stroke-width="0.4"/>'
        )


def _path(rings: Sequence[Floats] | Floats) -> str:
    """Rings as one path, to a tenth of a unit."""
    return "".join(f"M{'L'.join(f'{x:.1f} {y:.1f}' for x, y in ring.tolist())}Z" for ring in rings)


def _shapes(shapes: gpd.GeoSeries, at: Projection, seen: Bounds) -> str:
    """Polygons as one path, cut a little outside of the map, so that the cut is not seen."""
    more = 10 * at.pixel
    view = Bounds(seen.west - more, seen.south - more, seen.east + more, seen.north + more)
    parts = shapely.get_parts(shapely.get_parts(in_view(shapes, view, at.pixel)))
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    rings = shapely.get_rings(shapely.orient_polygons(parts))
    return _path([at.at(shapely.get_coordinates(ring)) for ring in rings])


def _names(names: Sequence[Name], at: Projection, seen: Bounds, high: float, palette: Palette) -> Iterator[str]:
    inside = [
        name for name in names if seen.west < name.longitude < seen.east and seen.south < name.latitude < seen.north
    ]
    for name in inside[:MOST_NAMES]:
        x, y = at.at(np.array([name.longitude, name.latitude])).tolist()
        if 30 < x < WIDTH - 30 and LETTERS < y < high - LETTERS:
            yield (
                f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-weight="600" paint-order="stroke" '
                f'stroke="{palette.land}" stroke-width="2.5">{html.escape(name.name)}</text>'
            )


def _bar(at: Projection, seen: Bounds, high: float, palette: Palette) -> Iterator[str]:
    """How long a round number of kilometres is in the middle of the map."""
    metres = at.pixel * METRES_OF_DEGREE * math.cos(math.radians((seen.south + seen.north) / 2))
    power = 10.0 ** math.floor(math.log10(metres * BAR))
    length = next(each * power for each in (5, 2, 1) if each * power <= metres * BAR)
    across = length / metres
    words = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    yield (
        f'<rect x="6" y="{high - 25}" width="{across + 14:.1f}" height="19" fill="{palette.land}" fill-opacity="0.85"/>'
        f'<path d="M13 {high - 12}v4h{across:.1f}v-4" fill="none" stroke="{palette.text}"/>'
        f'<text x="{13 + across / 2:.1f}" y="{high - 12}" text-anchor="middle">{words}</text>'
    )


def _key(answer: Answer, hour: int, palette: Palette) -> Iterator[str]:
    if not usual_hours(answer)[hour]:
        return
    at, y = 0.0, HEIGHT - KEY + 5
    kinds = [(words, colour) for words, colour in zip(CLASSES, _colours(palette), strict=True)]
    if (answer.covered[:, hour] & (answer.classes[:, hour] == UNKNOWN)).any():
        kinds.append(("Withheld", "url(#withheld)"))
    for words, fill in kinds:
        yield (
            f'<rect x="{at + 0.4:.1f}" y="{y}" width="11" height="9" fill="{fill}" stroke="{palette.border}" '
            f'stroke-width="0.6"/><text x="{at + 15:.1f}" y="{y + 8}" font-size="9">{words}</text>'
        )
        at += 15 + 4.6 * len(words) + 9
