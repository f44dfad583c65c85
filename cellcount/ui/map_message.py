"""From the layers of a map to what the browser is sent: a declaration, and figures as Arrow. No Streamlit here."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pydeck as pdk
from pydeck.bindings.json_tools import default_serialize

from cellcount.errors import CellCountError
from cellcount.methods.precision import LABEL_WORDS, LABELS, interval
from cellcount.ui import map_tables
from cellcount.ui.ground import MOST_ZOOM, Bounds, Level, numbered
from cellcount.ui.look import Palette
from cellcount.ui.map_layers import (
    Compare,
    Drawn,
    Floats,
    FlowLines,
    Ground,
    PlaceTotals,
    PlayedCells,
    ShadedAreas,
    Steps,
)
from cellcount.ui.scales import Scale

WITHHELD = "Withheld: too few people to show"
ABOVE = 17.3
"""Height of what stands above a map on its page, in letters' heights: title, banner and two rows of controls. The map
takes what the window has left."""
TILES_VARIABLE = "CELLCOUNT_TILES"


class TilesError(CellCountError):
    """The tile server is not set as it should be."""


def message(
    key: str,
    layers: Mapping[str, Drawn],
    scale: Scale,
    *,
    ground: Ground,
    bounds: Bounds,
    palette: Palette,
    steps: Steps,
    alt: str,
    compare: Compare = "none",
    panes: tuple[str, str] = ("", ""),
    level: Level | None = None,
    marked: Sequence[str | int] = (),
    tells_ground: bool = False,
    tells_hover: bool = False,
    above: float = ABOVE,
) -> tuple[dict[str, Any], dict[str, pa.Table]]:
    """What is sent to the browser: a small declaration, and the figures as Arrow tables.

    Parameters
    ----------
    key, layers, scale, ground, bounds, palette, steps, alt, compare, panes, level, marked
        As `draw` has them.
    tells_ground, tells_hover, above
        As `draw` has them.

    Returns
    -------
    dict
        The declaration; its layers are pydeck's.
    dict of str to pyarrow.Table
        The tables that it names.
    """
    declared: list[pdk.Layer] = []
    tables: dict[str, pa.Table] = {"ground": _ground_table(ground), "names": _names_table(ground)}
    shapes: dict[str, list[str]] = {}
    withheld = zero = any_drawn = False
    for name, layer in layers.items():
        declaration, found, outlined = _LAYERS[type(layer)](name, layer)
        declared.append(declaration)
        tables |= found
        if outlined is not None:
            shapes[name] = [outlined]
        if isinstance(layer, (FlowLines, PlaceTotals)):
            # Of these neither what is withheld nor a zero is drawn.
            any_drawn |= bool((layer.values > 0).any())
            continue
        shown = [(layer.values, layer.covered)]
        if isinstance(layer, PlayedCells) and layer.others is not None:
            shown.append((layer.others, layer.others_covered))
        for values, covered in shown:
            any_drawn |= bool(np.isfinite(values).any())
            withheld |= bool((np.isnan(values) if covered is None else np.isnan(values) & covered).any())
            zero |= bool((values == 0).any())
    if shapes:
        tables["shapes"] = pa.table(shapes)
    spec: dict[str, Any] = {
        "key": key,
        "above": above,
        "alt": alt,
        "palette": {name: getattr(palette, name) for name in ("land", "sea", "border", "edge", "text", "mark")},
        "scale": {
            "breaks": list(scale.breaks),
            "colours": list(scale.colours),
            "zero": scale.zero,
            "withheld": scale.withheld,
            "signed": scale.signed,
        },
        "legend": scale.legend(zero=zero and not scale.signed, withheld=withheld, classes=any_drawn),
        "view": {"id": view_id(bounds), **_sides(bounds), "mostZoom": MOST_ZOOM},
        "steps": _steps(steps),
        "compare": compare,
        "panes": list(panes),
        "level": None
        if level is None
        else {"loaded": list(astuple(level.loaded)), "whole": level.whole, "finer": level.finer, "zoom": level.zoom},
        "marked": [f"{each:x}" if isinstance(each, int) else each for each in marked],
        "layers": orjson.loads(orjson.dumps(declared, default=default_serialize)),
        "precision": {"limits": [limit for limit, _ in LABELS], "words": list(LABEL_WORDS)},
        "withheldWords": WITHHELD,
        "tiles": tiles(),
        "tellsGround": tells_ground,
        "tellsHover": tells_hover,
    }
    # What it is called in words, and where it begins, are no reason to draw it again.
    spec["digest"] = _digest({**spec, "alt": "", "steps": {**spec["steps"], "start": 0}}, tables)
    return spec, tables


def tiles() -> dict[str, str] | None:
    """The tile server that the network has, if one is set: none is asked by default.

    `CELLCOUNT_TILES` is the address of a raster tile with `{z}`, `{x}` and `{y}` in it, and after a space what its
    licence wants to be said.
    """
    configured = os.environ.get(TILES_VARIABLE, "").strip()
    if not configured:
        return None
    url, _, attribution = configured.partition(" ")
    if not all(part in url for part in ("{z}", "{x}", "{y}")):
        raise TilesError(
            f"{TILES_VARIABLE} is “{url}”, which is not the address of a tile: it needs {{z}}, {{x}} and {{y}} in it. "
            "Correct it, or leave it out for no tiles."
        )
    return {"url": url, "attribution": attribution}


def _declared(kind: str, name: str, **says: Any) -> pdk.Layer:
    """A layer of the browser's own, declared with pydeck, which takes bare text for an expression, in lists as well."""
    return pdk.Layer(kind, data=pdk.types.String(name), id=name, **{key: _quoted(value) for key, value in says.items()})


def _quoted(value: Any) -> Any:
    if isinstance(value, str):
        return pdk.types.String(value)
    return [_quoted(each) for each in value] if isinstance(value, list) else value


Declared = tuple[pdk.Layer, dict[str, pa.Table], str | None]


@lru_cache(maxsize=8)
def _placed(places: tuple[str, ...], areas: tuple[int, ...]) -> tuple[pa.Array, pa.Table]:
    """Places by row, each but once: a map is sent again with other figures far more often than with other cells."""
    pairs: dict[tuple[str, int], int] = {}
    codes = areas or (0,) * len(places)
    rows = [pairs.setdefault(pair, len(pairs)) for pair in zip(places, codes, strict=True)]
    table = {
        "place": pa.array([place for place, _ in pairs], type=pa.string()),
        "area": pa.array([area for _, area in pairs], type=pa.uint16()),
    }
    return pa.array(np.array(rows, dtype=np.uint16 if len(pairs) <= 0xFFFF else np.uint32)), pa.table(table)


def _cell_layer(name: str, layer: PlayedCells) -> Declared:
    resolution = map_tables.resolution_of(layer.h3)
    if layer.others is None:
        codes = map_tables.encode(layer.values, layer.covered)
        columns = map_tables.columns("s", codes.codes)
    else:
        # One meaning for both, so that they are on one scale.
        steps = layer.values.shape[1]
        both = np.hstack([layer.values, layer.others])
        there = np.hstack([layer.covered, layer.others_covered if layer.others_covered is not None else layer.covered])
        codes = map_tables.encode(both, there)
        columns = map_tables.columns("s", codes.codes[:, :steps]) | map_tables.columns("o", codes.codes[:, steps:])
    says: dict[str, Any] = {
        "resolution": resolution,
        "steps": layer.values.shape[1],
        "codes": codes.meaning,
        "unit": layer.unit,
        "kinds": list(layer.kinds) or None,
        "more": list(layer.more) or None,
    }
    if layer.by is not None:
        columns["by"] = pa.array(layer.by.astype(np.float32))
    if layer.errors is not None:
        steps = layer.errors.shape[1]
        both = layer.errors if layer.other_errors is None else np.hstack([layer.errors, layer.other_errors])
        errors = map_tables.encode(both)
        columns |= map_tables.columns("e", errors.codes[:, :steps])
        if layer.other_errors is not None:
            columns |= map_tables.columns("u", errors.codes[:, steps:])
        says["error_codes"] = errors.meaning
    rows, places = _placed(layer.places, layer.areas)
    columns["place"] = rows
    tables = {
        name: pa.table({**map_tables.cell_columns(layer.h3, resolution), **columns}),
        f"{name}_places": places,
    }
    says["places"] = f"{name}_places"
    if layer.curves is not None:
        _, parts, sizes = layer.curves.logs.shape
        flat = layer.curves.logs.reshape(-1, sizes).astype(np.float32)
        tables[f"{name}_curves"] = pa.table({f"n{at}": flat[:, at] for at in range(sizes)})
        says["curves"] = {
            "data": f"{name}_curves",
            "sizes": layer.curves.sizes.tolist(),
            "parts": parts,
            "partOfStep": list(layer.curves.part_of_step),
        }
    return _declared("CellLayer", name, **says), tables, None


def _area_layer(name: str, layer: ShadedAreas) -> Declared:
    codes = map_tables.encode(layer.values, layer.covered)
    columns: dict[str, Any] = {"id": list(layer.codes), "name": list(layer.names)}
    columns |= map_tables.columns("s", codes.codes)
    says: dict[str, Any] = {
        "steps": layer.values.shape[1],
        "codes": codes.meaning,
        "unit": layer.unit,
        "kinds": list(layer.kinds) or None,
        "shapes": name,
    }
    if layer.errors is not None:
        errors = map_tables.encode(layer.errors)
        columns |= map_tables.columns("e", errors.codes)
        says["error_codes"] = errors.meaning
    rows = {code: row for row, code in enumerate(layer.codes)}
    return _declared("AreaLayer", name, **says), {name: pa.table(columns)}, numbered(layer.outlines, rows)


def _flow_layer(name: str, layer: FlowLines) -> Declared:
    codes = map_tables.encode(layer.values)
    columns: dict[str, Any] = {
        "id": pa.array(layer.ids, type=pa.string()),
        "name": pa.array(layer.names, type=pa.string()),
        "from_lon": layer.origins[:, 0],
        "from_lat": layer.origins[:, 1],
        "to_lon": layer.destinations[:, 0],
        "to_lat": layer.destinations[:, 1],
        **map_tables.columns("s", codes.codes),
    }
    says: dict[str, Any] = {
        "steps": layer.values.shape[1],
        "codes": codes.meaning,
        "unit": layer.unit,
        "most": _most(layer.values),
    }
    if layer.errors is not None:
        errors = map_tables.encode(layer.errors)
        columns |= map_tables.columns("e", errors.codes)
        says["error_codes"] = errors.meaning
    return _declared("ArcLayer" if layer.arcs else "FlowLayer", name, **says), {name: pa.table(columns)}, None


def _total_layer(name: str, layer: PlaceTotals) -> Declared:
    codes = map_tables.encode(layer.values)
    columns: dict[str, Any] = {
        "id": pa.array(layer.ids, type=pa.string()),
        "name": pa.array(layer.names, type=pa.string()),
        "told": pa.array(layer.told or layer.names, type=pa.string()),
        "lon": layer.centres[:, 0],
        "lat": layer.centres[:, 1],
        **map_tables.columns("s", codes.codes),
    }
    says: dict[str, Any] = {
        "steps": layer.values.shape[1],
        "codes": codes.meaning,
        "unit": layer.unit,
        "most": _most(layer.values),
    }
    return _declared("TotalLayer", name, **says), {name: pa.table(columns)}, None


_LAYERS: dict[type, Any] = {
    PlayedCells: _cell_layer,
    ShadedAreas: _area_layer,
    FlowLines: _flow_layer,
    PlaceTotals: _total_layer,
}


def _most(values: Floats) -> float:
    return float(np.nanmax(values, initial=0.0)) or 1.0 if np.isfinite(values).any() else 1.0


def _steps(steps: Steps) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": f"{zlib.crc32(chr(10).join(steps.labels).encode()):08x}",
        "labels": list(steps.labels),
        "words": list(steps.words),
        "start": steps.start,
        "curve": None,
        "low": None,
        "high": None,
    }
    if steps.curve is not None:
        said["curve"] = _or_none(steps.curve)
        if steps.errors is not None:
            low, high = interval(steps.curve, steps.errors)
            said |= {"low": _or_none(low), "high": _or_none(high)}
    return said


def _or_none(values: Floats) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _sides(bounds: Bounds) -> dict[str, float]:
    return {name: round(getattr(bounds, name), 5) for name in ("west", "south", "east", "north")}


def view_id(bounds: Bounds) -> str:
    """By what the browser tells one view from another: it moves to a new one, and tells of it by this."""
    return ",".join(f"{side:.4f}" for side in astuple(bounds))


def _ground_table(ground: Ground) -> pa.Table:
    return pa.table({name: [getattr(ground, name)] for name in ("land", "areas", "chosen")})


def _names_table(ground: Ground) -> pa.Table:
    names = ground.names
    return pa.table(
        {
            "name": pa.array([each.name for each in names], type=pa.string()),
            "lon": pa.array([each.longitude for each in names], type=pa.float64()),
            "lat": pa.array([each.latitude for each in names], type=pa.float64()),
            "size": pa.array([each.size for each in names], type=pa.float64()),
        }
    )


def _digest(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> str:
    """The same for the same message, so that the browser draws again only what changed."""
    found = zlib.crc32(orjson.dumps(spec, option=orjson.OPT_SERIALIZE_NUMPY))
    for table in tables.values():
        for column in table.columns:
            for chunk in column.chunks:
                for buffer in chunk.buffers():
                    found = zlib.crc32(buffer, found) if buffer is not None else found
    return f"{found:08x}"
