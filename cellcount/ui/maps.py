"""The one door through which every map is drawn."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cellcount.ui import controls, map_component
from cellcount.ui.ground import Bounds, Level
from cellcount.ui.look import Palette
from cellcount.ui.map_layers import (
    Compare,
    Curves,
    Drawn,
    FlowLines,
    Ground,
    PlaceTotals,
    PlayedCells,
    ShadedAreas,
    Steps,
)
from cellcount.ui.map_message import ABOVE, TilesError, message, tiles, view_id
from cellcount.ui.scales import Scale

_LOG = logging.getLogger(__name__)
ABOVE_ON_A_SLIDE = 17.5
"""Height of what stands above and below the map of a slide that fills the window, in letters' heights (rem)."""
SAID_ELSEWHERE = "The time bar says the figure of each step; the caption, the list and the table below say the rest."
"""Where those who do not see the map find what it shows. What a map is called does not change with its step: the whole
of it would be sent again."""

__all__ = [
    "SAID_ELSEWHERE",
    "Clicked",
    "Compare",
    "Curves",
    "Drawn",
    "FlowLines",
    "Ground",
    "Level",
    "Looked",
    "PlaceTotals",
    "PlayedCells",
    "Seen",
    "ShadedAreas",
    "Steps",
    "TilesError",
    "draw",
    "looked",
    "message",
    "prepare",
    "tiles",
]


@dataclass(frozen=True, slots=True)
class Clicked:
    """What was clicked: the layer and the thing in it (both empty where there was none), and where."""

    layer: str
    id: str
    longitude: float | None
    latitude: float | None
    step: int


@dataclass(frozen=True, slots=True)
class Looked:
    """Where the visitor looks: the view's bounds and zoom."""

    bounds: Bounds
    zoom: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What the map told the page.

    Attributes
    ----------
    step : int
        The step that it stands at.
    clicked : Clicked or None
        What was clicked just now; None on every later run.
    hovered : str or None
        Id of what lies under the pointer, where that is told.
    drawable : bool
        Whether the visitor's browser can draw maps; where it cannot, the page shows a picture.
    """

    step: int
    clicked: Clicked | None
    hovered: str | None
    drawable: bool


def draw(
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
    difference_scale: Scale | None = None,
    level: Level | None = None,
    marked: Sequence[str | int] = (),
    tells_ground: bool = False,
    tells_hover: bool = False,
    above: float = ABOVE,
) -> Seen:
    """Draw a map that plays its steps in the browser, and tell what the visitor did with it.

    Amounts and zeros are filled with the colour of their class, withheld figures are hatched, what is not covered is
    not there. Nothing is fetched but from the app itself; tiles only where `CELLCOUNT_TILES` names a server of them.

    Parameters
    ----------
    key : str
        Of the map on the page.
    layers : mapping of str to layer
        By name: `cells`, `areas`, `flows`, `arcs`, `totals`. The name comes back with a click.
    scale : Scale
        Classes and colours, with their legend.
    ground : Ground
        The base map.
    bounds : Bounds
        What is looked at; the map moves there when these change, and otherwise stays where the visitor put it.
    palette : Palette
        Colours of the ground.
    steps : Steps
        What is played.
    alt : str
        What the map shows, in a sentence.
    compare : {'none', 'side', 'difference'}
        Whether `others` of the cells stand beside their values in a second map that shares the view, or are shown as
        the difference others - values.
    panes : tuple of str
        Names of the two maps that stand side by side.
    difference_scale : Scale, optional
        Scale of differences; needed for these.
    level : Level, optional
        Level of detail; where it is not given, other views ask for nothing.
    marked : sequence of str or int
        What is selected: cells, or ids as a click gives them, which are the code of an area and the id of a flow. It is
        outlined.
    tells_ground : bool
        Whether a click on the bare ground is told too.
    tells_hover : bool
        Whether what lies under the pointer is told, once it rests there: each time the page runs again.
    above : float
        Height of what stands above the map on the page, in letters' heights (rem).

    Returns
    -------
    Seen
    """
    presented = controls.in_address(controls.PRESENT) is not None
    spec, tables = message(
        key,
        layers,
        difference_scale if compare == "difference" and difference_scale else scale,
        ground=ground,
        bounds=bounds,
        palette=palette,
        steps=steps,
        alt=alt,
        compare=compare,
        panes=panes,
        level=level,
        marked=marked,
        tells_ground=tells_ground,
        tells_hover=tells_hover,
        above=ABOVE_ON_A_SLIDE if presented else above,
    )
    # On a slide time is all that is controlled.
    spec["presented"] = presented
    if (controls.told(key, "at") or {}).get("of") == spec["steps"]["id"]:
        # Where it was to begin is over, and a message that is the same as before is not sent again.
        spec["steps"]["start"] = 0
    told = map_component.mount(key, {"spec": spec, **tables})
    if told.fault:
        _LOG.warning("The map %s cannot be drawn in a visitor's browser: %s", key, told.fault)
    return Seen(
        step=_step_seen(told.at, spec["steps"], steps),
        clicked=_clicked(told.clicked, spec["view"]["id"]),
        hovered=_hovered(told.hovered) if tells_hover else None,
        drawable=told.drawable is not False,
    )


def looked(key: str, bounds: Bounds) -> Looked | None:
    """Where the visitor of a map looks, if that is another view than its bounds and asks for other cells.

    Parameters
    ----------
    key : str
        Of the map.
    bounds : Bounds
        What the map is to look at; what was told of other bounds is over.
    """
    told = controls.told(key, "view")
    if not told or told.get("of") != view_id(bounds):
        return None
    return Looked(Bounds(told["west"], told["south"], told["east"], told["north"]), float(told["zoom"]))


def prepare() -> None:
    """Have the browser load the map's program and wake its graphics while the server is still at work.

    The first use of WebGL takes a browser a while, seconds where it draws in software.
    """
    map_component.prepare()


def _step_seen(at: Mapping[str, Any] | None, said: Mapping[str, Any], steps: Steps) -> int:
    """The step that the map stands at; where it last told of other steps, the one to start with."""
    if not at or at.get("of") != said["id"]:
        return steps.start
    return min(max(int(at["step"]), 0), len(steps.labels) - 1)


def _hovered(told: Mapping[str, Any] | None) -> str | None:
    return str(told["id"]) if told else None


def _clicked(told: Mapping[str, Any] | None, view: str) -> Clicked | None:
    if not told or told.get("of") != view:
        return None
    return Clicked(
        str(told["layer"]), str(told["id"]), told.get("longitude"), told.get("latitude"), int(told.get("step", 0))
    )
