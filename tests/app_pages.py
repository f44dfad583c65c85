"""What a page shows, read from Streamlit's own test of apps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from streamlit.testing.v1 import AppTest

from cellcount.ui import map_tables

ROOT = Path(__file__).resolve().parent.parent


def texts(app: AppTest) -> str:
    """All that the page says in Markdown, captions, messages and HTML, without the marks of escaping."""
    kinds = ("markdown", "caption", "info", "warning", "error", "title", "subheader", "html")
    found = [str(getattr(element, "value", "") or element.proto.body) for kind in kinds for element in app.get(kind)]
    return "\n".join(found).replace("\\", "")


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label.replace("\\", ""): metric.value for metric in app.metric}


def drawn(app: AppTest, prefix: str = "s") -> dict[int, tuple[float, str]]:
    """Figure and colour of every cell of the map at the step that it starts with; those to compare with are `o`."""
    spec, _ = sent(app)
    found = _at_start(app, prefix)
    scale = spec["scale"]
    places = np.searchsorted(scale["breaks"], list(found.values()), side="right").tolist()
    return {
        cell: (value, scale["zero"] if value == 0 and not scale["signed"] else scale["colours"][place])
        for (cell, value), place in zip(found.items(), places, strict=True)
        if not np.isnan(value)
    }


def withheld(app: AppTest, prefix: str = "s") -> set[int]:
    """Cells that are hatched at that step."""
    return {cell for cell, value in _at_start(app, prefix).items() if np.isnan(value)}


def _at_start(app: AppTest, prefix: str) -> dict[int, float]:
    spec, tables = sent(app)
    column = figures(spec, tables, "cells", prefix)[:, spec["steps"]["start"]]
    # Where nobody lives there is no figure per resident: the cell is not drawn.
    without = np.isnan(tables["cells"].column("by").to_numpy()) if "by" in tables["cells"].column_names else column < 0
    shown = zip(cells_sent(spec, tables), column.tolist(), without.tolist(), strict=True)
    return {cell: value for cell, value, none in shown if value >= 0 or (np.isnan(value) and not none)}


def sent(app: AppTest, key: str | None = None) -> tuple[dict[str, Any], dict[str, pa.Table]]:
    """What the map is sent: its declaration, and its tables by name.

    The map of that key, or the only one.
    """
    messages = []
    for element in app.get("bidi_component"):
        if element.proto.WhichOneof("data") != "mixed":
            continue
        said = json.loads(element.proto.mixed.json)
        blobs = element.proto.mixed.arrow_blobs
        tables = {
            name: pa.ipc.open_stream(blobs[value["__streamlit_arrow_ref__"]].data).read_all()
            for name, value in said.items()
            if isinstance(value, dict) and "__streamlit_arrow_ref__" in value
        }
        messages.append((said["spec"], tables))
    found = [(spec, tables) for spec, tables in messages if key in (None, spec["key"])]
    assert len(found) == 1, [spec["key"] for spec, _ in messages]
    return found[0]


def declared(spec: dict[str, Any], name: str) -> dict[str, Any]:
    """A layer as the map is told of it."""
    return next(each for each in spec["layers"] if each["id"] == name)


def figures(spec: dict[str, Any], tables: dict[str, pa.Table], name: str, prefix: str = "s") -> np.ndarray:
    """Figures of a layer by row and step, as the browser reads their codes: NaN where withheld, -1 where absent."""
    layer = declared(spec, name)
    meaning = layer["codes"]
    codes = np.column_stack([tables[name].column(f"{prefix}{step}").to_numpy() for step in range(layer["steps"])])
    if meaning["kind"] == "linear":
        found = meaning["offset"] + meaning["unit"] * codes.astype(float)
    else:
        found = np.where(codes == 0, 0.0, meaning["least"] * meaning["ratio"] ** (codes.astype(float) - 1))
    found[codes == map_tables.WITHHELD] = np.nan
    found[codes == map_tables.ABSENT] = -1
    if "by" in tables[name].column_names and prefix == "s":
        found = np.where(found >= 0, found / tables[name].column("by").to_numpy()[:, None], found)
    return found


def cells_sent(spec: dict[str, Any], tables: dict[str, pa.Table], name: str = "cells") -> list[int]:
    """Indexes of the cells of a layer, in the order of its rows."""
    resolution = declared(spec, name)["resolution"]
    low = tables[name].column("low").to_pylist()
    if "high" in tables[name].column_names:
        return [(high << 32) | bits for high, bits in zip(tables[name].column("high").to_pylist(), low, strict=True)]
    unused = 3 * (15 - resolution)
    return [(1 << 59) | (resolution << 52) | (bits << unused) | ((1 << unused) - 1) for bits in low]
