"""What a page shows, read from Streamlit's own test of apps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parent.parent


def texts(app: AppTest) -> str:
    """All that the page says in Markdown, captions, messages and HTML, without the marks of escaping."""
    kinds = ("markdown", "caption", "info", "warning", "error", "title", "subheader", "html")
    found = [str(getattr(element, "value", "") or element.proto.body) for kind in kinds for element in app.get(kind)]
    return "\n".join(found).replace("\\", "")


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label.replace("\\", ""): metric.value for metric in app.metric}


def layer(app: AppTest, name: str) -> dict[str, Any]:
    """A layer of the map, from the specification that the browser is sent; one without data where it is not there."""
    (chart,) = app.get("deck_gl_json_chart")
    return next((each for each in json.loads(chart.proto.json)["layers"] if each["id"] == name), {"data": []})


def drawn(app: AppTest, name: str = "cells") -> dict[int, tuple[str, list[int]]]:
    """Figure and colour of every cell that a layer draws."""
    return {int(row["h"], 16): (row["v"], row["c"]) for row in layer(app, name)["data"]}
