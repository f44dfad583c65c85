"""The map as a component of the page: its bundle, which the app serves itself, and what comes back from it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import streamlit as st

from cellcount.errors import CellCountError
from cellcount.standard import ROOT

NAME = "cell_count_map"
STATES = ("at", "view", "hovered", "drawable", "fault")
"""What the map keeps telling: the step it stands at, where the visitor looks, what lies under the pointer, whether it
can be drawn, and what went wrong."""
TRIGGERS = ("clicked",)
"""What it tells once."""

# The bundle is a file of the app's own, so that a browser keeps it; only these few lines travel with every page. The
# page's address may have a path before the app's, so the bundle is looked for beside Streamlit's own scripts.
_LOADER = """
const served = [...document.scripts].map((each) => each.src).find((src) => src.includes("/static/js/"));
const base = served ? served.split("static/js/")[0] : document.baseURI;
const bundle = import(new URL("app/static/BUNDLE", base).href);
"""
_EARLY = """
export default function () {
  bundle.then((loaded) => loaded.wake()).catch(() => {});
}
"""
_MOUNT = """
export default function (component) {
  let cleanup;
  let gone = false;
  bundle.then((loaded) => {
    if (!gone) cleanup = loaded.default(component);
  }).catch((error) => {
    const note = document.createElement("p");
    note.textContent = "The map's program could not be loaded. Load the page again; the table has the same figures.";
    component.parentElement.replaceChildren(note);
    throw error;
  });
  return () => { gone = true; cleanup?.(); };
}
"""


class BundleMissingError(CellCountError):
    """The map's program is not among the app's files, or twice."""


@cache
def bundle() -> str:
    """Name of the bundle's file below `static/`.

    Raises
    ------
    BundleMissingError
        If there is none, or more than one.
    """
    found = sorted(each.name for each in (ROOT / "static").glob("map-*.js"))
    if len(found) != 1:
        raise BundleMissingError(
            f"The folder static/ should hold one file map-….js and holds {len(found)}: copy it again from the "
            "repository, or run `npm ci && npm run build` in cellcount/ui/browser."
        )
    return found[0]


def prepare() -> None:
    """Have the browser load the bundle before there is anything to draw."""
    early = (_LOADER + _EARLY).replace("BUNDLE", bundle())
    st.components.v2.component(f"{NAME}_early", js=early)(key=f"{NAME}_early")


def _nothing() -> None:
    """Streamlit wants a callback for everything that comes back."""


def mount(key: str, data: Mapping[str, Any]) -> Any:
    """Put the map on the page.

    Parameters
    ----------
    key : str
        Of the map on the page.
    data : mapping
        What `maps.message` makes: `spec`, and Arrow tables.

    Returns
    -------
    ComponentResult
        What came back, an attribute for each of `STATES` and `TRIGGERS`; None where nothing did.
    """
    component = st.components.v2.component(NAME, js=(_LOADER + _MOUNT).replace("BUNDLE", bundle()))
    callbacks: dict[str, Any] = {f"on_{name}_change": _nothing for name in (*STATES, *TRIGGERS)}
    return component(key=key, data=dict(data), **callbacks)
