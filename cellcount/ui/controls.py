"""The shared controls: the same widgets on every page, bound to the URL.

A bound widget leaves its default out of the URL and drops a bad value in silence. So the raw URL is read before the
widgets: what does not exist gets a sentence and the nearest that does, and the link to copy writes every value.
This is the only module that touches session state.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from urllib.parse import urlencode

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.elements.lib.mutable_tab_container import TabContainer
from streamlit.errors import StreamlitAPIException

from cellcount.errors import CellCountError
from cellcount.ui.times import MORNING, nearest
from cellcount.ui.view import (
    MEASURES,
    Answer,
    Area,
    Day,
    Days,
    Measure,
    View,
    nearest_area,
    nearest_choice,
    nearest_date,
    nearest_slot,
)
from cellcount.ui.words import plain

_SAID = "said"
KINDS_OF_DAY = {"date": "Date", "usual": "Usual day"}
FEW = 4
"""So many parts of a day are buttons; more are a slider."""
SHARED = ("release", "area", "day", "date", "period", "day_type", "measure", "hour")
"""Keys of the shared controls, in the URL and of the widgets."""
_CELL = "cell"


def settle_release(titles: Mapping[str, str], default: str, faults: Mapping[str, str]) -> str:
    """The release that the URL asks for, by its id or its title, or the default.

    Parameters
    ----------
    titles : mapping of str to str
        Title by release id.
    default : str
        Id of the release that is served when the URL names none.
    faults : mapping of str to str
        Why it cannot be opened, by id of every release that cannot.

    Returns
    -------
    str
        Id of the release to serve. Where the URL names one that is not here, a sentence is kept for `show_said`.
    """

    def other(asked: str) -> Answer:
        meant = next((key for key, title in titles.items() if title == asked), None)
        if meant is not None:
            return Answer(meant, "")
        instead = f"Shown instead: {titles[default]}. Figures may differ from those of the link."
        return Answer(default, f"{faults.get(asked, f'There is no release “{asked}” here.')} {instead}")

    if _settle("release", titles, other):
        st.rerun()
    return str(st.session_state.get("release", st.query_params.get("release", default)))


def choose_release(titles: Mapping[str, str], default: str) -> None:
    """Draw the choice among the releases that are here, by id: two may have one title, and the URL must say which."""
    ids = list(titles)
    st.selectbox("Release", ids, index=ids.index(default), key="release", bind="query-params")
    if len(ids) > 1:
        st.caption("\n".join(f"- {plain(key)}: {plain(title)}" for key, title in titles.items()))


def choose(areas: Mapping[str, Area], default_area: str, days: Days, measures: Collection[Measure]) -> View:
    """Draw the controls in a row and give what was chosen.

    Parameters
    ----------
    areas : mapping of str to Area
        Areas by label, in the order of the list.
    default_area : str
        Label of the area that is shown first.
    days : Days
        The dates, periods and day types of the release.
    measures : collection of Measure
        The measures that the release can serve.

    Returns
    -------
    View
    """
    if _settle_all(areas, default_area, days, measures):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        labels = list(areas)
        area = st.selectbox(
            "Area", labels, index=labels.index(default_area), key="area", bind="query-params", width=270
        )
        day = _choose_day(days)
        known = [measure for measure in MEASURES if measure in measures]
        measure = st.segmented_control(
            "Measure",
            known,
            format_func=lambda each: MEASURES[each],
            default=known[0],
            required=True,
            key="measure",
            bind="query-params",
        )
    # The hours follow from the day, so the hour is settled after it and before its own widget.
    if day.slots and _settle(
        "hour", [slot.label for slot in day.slots], lambda asked: nearest_slot(asked, day.slots, _first_hour(day))
    ):
        st.rerun()
    show_said("area", "day", "date", "period", "day_type", "measure")
    return View(areas[str(area)], day, measure or known[0])


def choose_hour(day: Day) -> int:
    """Draw the choice of the hour, or of the part of the day.

    Returns
    -------
    int
        Place of the chosen slot among the day's.
    """
    labels = [slot.label for slot in day.slots]
    first = _first_hour(day)
    if len(labels) > FEW:
        chosen = st.select_slider("Hour, local time", labels, value=first, key="hour", bind="query-params")
    else:
        chosen = st.segmented_control(
            "Part of the day, local time", labels, default=first, required=True, key="hour", bind="query-params"
        )
    show_said("hour")
    return labels.index(str(chosen)) if chosen in labels else labels.index(first)


def choose_part(labels: Sequence[str], default: str) -> Sequence[TabContainer]:
    """Draw the parts of a page as tabs, the open one in the URL; only that one needs to be drawn."""
    if _settle("part", labels, lambda asked: nearest_choice(asked, {each: each for each in labels}, default, "part")):
        st.rerun()
    show_said("part")
    return st.tabs(list(labels), default=default, key="part", bind="query-params")


def kept() -> dict[str, str]:
    """What of the URL goes along to another page: everything that the shared controls know."""
    return {key: st.query_params[key] for key in SHARED if key in st.query_params}


def towards(measure: Measure | None, hour: str | None) -> dict[str, str]:
    """The parameters of a link into a map, with a measure and an hour of its own.

    Parameters
    ----------
    measure, hour : str or None
        What the map is opened with; None leaves the visitor's own choice.
    """
    wanted = {"measure": MEASURES[measure] if measure else None, "hour": hour}
    return {**kept(), **{key: value for key, value in wanted.items() if value}}


def copy_link(view: View, release_id: str, hour: str) -> None:
    """Offer the address of this view, to be copied."""
    with st.popover("Copy link", icon=":material/link:", key="link", on_change="rerun") as opened:
        if opened.open:
            st.markdown("Opens this view anywhere that serves the release.")
            st.code(link(view, release_id, hour), language=None, wrap_lines=True)


def ranked_list(
    names: Sequence[str], figures: Sequence[str], intervals: Sequence[str], targets: Sequence[str], *, of_cells: bool
) -> None:
    """Draw a ranked list; whoever selects a line moves the map there.

    Parameters
    ----------
    names, figures, intervals : sequence of str
        What each line says; an interval is empty where none is known.
    targets : sequence of str
        Where each line leads: the label of an area, or the index of a cell.
    of_cells : bool
        Whether the targets are cells.
    """
    with st.container(gap=None, key="ranked"):
        lines = zip(names, figures, intervals, targets, strict=True)
        for place, (name, figure, between, target) in enumerate(lines, start=1):
            picked = of_cells and st.session_state.get(_CELL) == target
            small = f" :small[({plain(between)})]" if between else ""
            if st.button(
                f"{place}. {plain(name)} · **{plain(figure)}**{small}",
                key=f"ranked-{place}",
                type="tertiary",
                icon=":material/my_location:" if picked else None,
                on_click=_pick_cell if of_cells else _pick_area,
                args=(target,),
            ):
                # The list may stand in a fragment, and what it changes stands outside.
                st.rerun()


def picked_cell(cells: NDArray[np.int64]) -> int | None:
    """The cell that was selected in the ranked list, if it is among those of the area.

    Parameters
    ----------
    cells : array of int64
        Cells of the area.
    """
    held = st.session_state.get(_CELL)
    return int(held, 16) if held and int(held, 16) in cells else None


def whole_area(name: str) -> None:
    """Offer the way back from a cell to its area."""
    st.button(f"Show all of {plain(name)}", icon=":material/zoom_out_map:", on_click=_pick_cell, args=(None,))


def _pick_area(label: str) -> None:
    st.session_state["area"] = label
    st.session_state.pop(_CELL, None)


def _pick_cell(cell: str | None) -> None:
    if cell is None or st.session_state.get(_CELL) == cell:
        st.session_state.pop(_CELL, None)
    else:
        st.session_state[_CELL] = cell


def link(view: View, release_id: str, hour: str) -> str:
    """An address that opens this view anywhere: it writes every value, and the release.

    Parameters
    ----------
    view : View
        What was chosen.
    release_id : str
        The release.
    hour : str
        Label of the hour.
    """
    day = view.day
    values = {
        "release": release_id,
        "area": view.area.code,
        "date": day.on.isoformat() if day.on else None,
        "day": None if day.on else "usual",
        "period": day.period,
        "day_type": day.day_type,
        "measure": view.measure,
        "hour": hour,
    }
    here = (st.context.url or "").split("?")[0]
    return f"{here}?{urlencode({key: value for key, value in values.items() if value})}"


def show_said(*keys: str) -> None:
    """Show what was said of values that do not exist, for as long as their replacement is what is shown."""
    said = st.session_state.get(_SAID, {})
    sentences = []
    for key in keys:
        value, sentence = said.get(key, (None, ""))
        if sentence and value == _text(st.session_state.get(key, value)):
            sentences.append(sentence)
    if sentences:
        st.info(plain(" ".join(sentences)), icon=":material/info:")


def _choose_day(days: Days) -> Day:
    if days.dates and days.periods:
        kind = st.segmented_control(
            "Day",
            list(KINDS_OF_DAY),
            format_func=lambda each: KINDS_OF_DAY[each],
            default="date",
            required=True,
            key="day",
            bind="query-params",
        )
    else:
        kind = "date" if days.dates else "usual"
    if kind == "date" and days.first_shown:
        dates = days.dates
        on = st.date_input(
            "Date",
            days.first_shown,
            min_value=dates[0],
            max_value=dates[-1],
            format="DD/MM/YYYY",
            key="date",
            bind="query-params",
            width=150,
        )
        return days.dated(on)
    if not days.periods or not days.day_types:
        raise CellCountError(
            "This release has neither dates nor typical days, so there is nothing to show by hour. "
            "Choose another release, or import or build this one again."
        )
    day_type = st.selectbox(
        "Kind of day",
        list(days.day_types),
        format_func=lambda each: days.day_types[each],
        key="day_type",
        bind="query-params",
        width=240,
    )
    period = next(iter(days.periods))
    if len(days.periods) > 1:
        period = st.selectbox(
            "Period",
            list(days.periods),
            format_func=lambda each: days.periods[each],
            key="period",
            bind="query-params",
            width=200,
        )
    return days.typical(period, day_type)


def _settle_all(areas: Mapping[str, Area], default_area: str, days: Days, measures: Collection[Measure]) -> bool:
    """Settle every control but the hour; whether the URL was rewritten."""
    rewritten = [_settle("area", areas, lambda asked: nearest_area(asked, areas.values(), default_area))]
    dates, first = days.dates, days.first_shown
    if dates and first is not None:
        iso = [each.isoformat() for each in dates]
        rewritten.append(_settle("date", iso, lambda asked: nearest_date(asked, dates, first)))
    shown: dict[str, str] = {measure: label for measure, label in MEASURES.items() if measure in measures}
    for key, choices, what in (
        ("measure", shown, "measure"),
        ("day", KINDS_OF_DAY, "kind of day"),
        ("day_type", days.day_types, "kind of day"),
        ("period", days.periods, "period"),
    ):
        if choices:
            rewritten.append(_settle_choice(key, choices, what))
    return any(rewritten)


def _settle_choice(key: str, choices: Mapping[str, str], what: str) -> bool:
    """Settle one of a few choices. The widget keeps identifiers, the URL has their labels."""

    def answer(asked: str) -> Answer:
        found = nearest_choice(asked, dict(choices), next(iter(choices)), what)
        return Answer(choices[found.value], found.said)

    held = st.session_state.get(key)
    if held is not None and held not in choices:
        st.session_state[key] = nearest_choice(str(held), dict(choices), next(iter(choices)), what).value
    return _settle(key, choices.values(), answer, held_as={label: each for each, label in choices.items()})


def _settle(
    key: str, options: Collection[str], answer: Callable[[str], Answer], held_as: Mapping[str, str] | None = None
) -> bool:
    """Put what exists in the place of what does not, and keep the sentence about it.

    Parameters
    ----------
    key : str
        Of the widget and of the URL.
    options : collection of str
        What the URL may say.
    answer : callable
        Gives the nearest that exists, in the URL's words.
    held_as : mapping of str to str, optional
        What session state holds for each word of the URL, where they differ.

    Returns
    -------
    bool
        Whether the URL was rewritten, so that the page must run again.
    """
    asked = st.query_params.get(key)
    if asked is not None and asked not in options:
        found = answer(asked)
        try:
            st.query_params[key] = found.value
        except StreamlitAPIException:
            # Somebody went back in the browser's history to a bad address while the widget is on the page:
            # Streamlit resets it by itself.
            return False
        _say(key, found.value if held_as is None else held_as[found.value], found.said)
        return True
    held = st.session_state.get(key)
    if held is not None and held_as is None and _text(held) not in options:
        found = answer(_text(held))
        _say(key, found.value, found.said)
        st.session_state[key] = date.fromisoformat(found.value) if isinstance(held, date) else found.value
    return False


def _say(key: str, value: str, sentence: str) -> None:
    st.session_state[_SAID] = {**st.session_state.get(_SAID, {}), key: (value, sentence)}


def _text(held: object) -> str:
    return held.isoformat() if isinstance(held, date) else str(held)


def _first_hour(day: Day) -> str:
    slot = nearest(day.slots, MORNING)
    return slot.label if slot else ""
