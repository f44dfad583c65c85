"""GeoJSON, read without GDAL: it would fetch a coordinate reference system that a file links to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely

from cellcount.zones.found import Found
from cellcount.zones.limits import MOST_ZONES, AreaRefusedError

_CRS_NAME = re.compile(r"(?:urn:ogc:def:crs:)?(EPSG|ESRI|OGC|IGNF):(?:[\d.]*:)?(\w+)", re.IGNORECASE)
_GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")


@dataclass(slots=True)
class _Counts:
    unclosed: int = 0


def crs_code(name: str) -> str | None:
    """A coordinate reference system by its code; None where it is not one.

    Examples
    --------
    >>> crs_code("urn:ogc:def:crs:EPSG::27700"), crs_code(" epsg:4326"), crs_code("27700"), crs_code("+proj=merc")
    ('EPSG:27700', 'EPSG:4326', 'EPSG:27700', None)
    """
    text = name.strip()
    if re.fullmatch(r"\d{4,6}", text):
        return f"EPSG:{text}"
    found = _CRS_NAME.fullmatch(text)
    return f"{found[1].upper()}:{found[2]}" if found else None


def read_geojson(shown: str, content: bytes) -> Found:
    """What is in a GeoJSON file (RFC 7946; the member `crs` of GeoJSON 2008 is read where there is one).

    Parameters
    ----------
    shown : str
        The file's name in sentences.
    content : bytes
        The text, UTF-8.

    Raises
    ------
    AreaRefusedError
        If it is not GeoJSON.

    Examples
    --------
    >>> found = read_geojson("“a”", b'{"type": "Polygon", "coordinates": [[[0, 51], [1, 51], [1, 52], [0, 51]]]}')
    >>> found.shapes[0].area, found.crs
    (0.5, None)
    """
    try:
        whole = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if not _is_utf8(content):
            raise AreaRefusedError(
                f"{shown} is not in UTF-8, the encoding of GeoJSON, but in another one, such as Latin-1. Save it as "
                "UTF-8."
            ) from error
        raise AreaRefusedError(
            f"{shown} is not valid JSON: it is damaged, was cut short, or has coordinates that are not numbers. Export "
            "it again."
        ) from error
    features = _features(whole)
    if features is None:
        raise AreaRefusedError(f"{shown} is JSON and not GeoJSON. Export it as GeoJSON, in WGS 84.")
    if len(features) > MOST_ZONES:
        raise AreaRefusedError(f"{shown} holds {len(features):,} features; at most {MOST_ZONES} zones are read.")
    counts = _Counts()
    shapes: list[shapely.Geometry | None] = []
    rows = []
    for place, feature in enumerate(features, start=1):
        try:
            shapes.append(_geometry(feature.get("geometry"), counts))
        except (TypeError, ValueError, KeyError, IndexError, OverflowError, AttributeError) as error:
            raise AreaRefusedError(
                f"{shown}: the coordinates of feature {place} cannot be read. Export the file again."
            ) from error
        attributes = feature.get("properties")
        row = dict(attributes) if isinstance(attributes, dict) else {}
        if "id" in feature:
            row.setdefault("id", feature["id"])
        rows.append({key: value for key, value in row.items() if isinstance(value, str | int | float)})
    keys = dict.fromkeys(key for row in rows for key in row)
    notes = []
    if counts.unclosed:
        notes.append(f"{_outlines(counts.unclosed)} did not end where it began and was closed.")
    return Found(shapes, {key: [row.get(key) for row in rows] for key in keys}, _crs(shown, whole), notes)


def _is_utf8(content: bytes) -> bool:
    """Whether a text is in UTF-8, or was until it was cut short."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def _outlines(count: int) -> str:
    return "An outline" if count == 1 else f"Each of {count:,} outlines"


def _features(whole: Any) -> list[dict[str, Any]] | None:
    kind = whole.get("type") if isinstance(whole, dict) else None
    if kind in _GEOMETRIES:
        return [{"geometry": whole}]
    if kind == "Feature":
        return [whole]
    features = whole.get("features") if kind == "FeatureCollection" else None
    if not isinstance(features, list) or not all(isinstance(each, dict) for each in features):
        return None
    return features


def _crs(shown: str, whole: dict[str, Any]) -> str | None:
    stated = whole.get("crs")
    if stated is None:
        return None
    properties = stated.get("properties") if isinstance(stated, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    code = crs_code(name[:100]) if isinstance(name, str) else None
    if code is None:
        raise AreaRefusedError(
            f"{shown} does not name its coordinate reference system by a code such as EPSG:27700, and what it links to "
            "is not fetched. Export it in WGS 84."
        )
    return code


def _geometry(geometry: Any, counts: _Counts) -> shapely.Geometry | None:
    """The polygons of a geometry; where it has none, one of its points, which tells that it has others."""
    if geometry is None:
        return None
    polygons = [each for each in _polygons(geometry, counts) if each is not None]
    if polygons:
        return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    position = None if _is_polygonal(geometry) else _first_position(geometry)
    return None if position is None else shapely.Point(position)


def _is_polygonal(geometry: dict[str, Any]) -> bool:
    return geometry["type"] in ("Polygon", "MultiPolygon")


def _polygons(geometry: dict[str, Any], counts: _Counts) -> Iterator[shapely.Polygon | None]:
    kind = geometry["type"]
    if kind == "Polygon":
        yield _polygon(geometry["coordinates"], counts)
    elif kind == "MultiPolygon":
        yield from (_polygon(each, counts) for each in geometry["coordinates"])
    elif kind == "GeometryCollection":
        for each in geometry["geometries"]:
            yield from _polygons(each, counts)
    elif kind not in _GEOMETRIES:
        raise ValueError(kind)


def _polygon(parts: list[Any], counts: _Counts) -> shapely.Polygon | None:
    outlines = [_ring(each, counts) for each in parts]
    if not outlines or outlines[0] is None:
        return None
    return shapely.Polygon(outlines[0], [each for each in outlines[1:] if each is not None])


def _ring(positions: list[Any], counts: _Counts) -> shapely.LinearRing | None:
    """A closed ring; None where it has fewer than three corners."""
    corners = np.array([(float(each[0]), float(each[1])) for each in positions], dtype=np.float64).reshape(-1, 2)
    if len(corners) < 3:
        return None
    if (corners[0] != corners[-1]).any():
        counts.unclosed += 1
        corners = np.vstack([corners, corners[:1]])
    return shapely.LinearRing(corners) if len(corners) > 3 else None


def _first_position(geometry: dict[str, Any]) -> tuple[float, float] | None:
    inner = geometry["geometries"] if geometry["type"] == "GeometryCollection" else geometry["coordinates"]
    while isinstance(inner, list) and inner and isinstance(inner[0], list):
        inner = inner[0]
    if not inner:
        return None
    if isinstance(inner[0], dict):
        return _first_position(inner[0])
    return float(inner[0]), float(inner[1])
