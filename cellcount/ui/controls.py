"""The shared controls: the same widgets on every page, bound to the URL.

A bound widget leaves its default out of the URL and drops a bad value in silence. So the raw URL is read before the
widgets: what does not exist gets a sentence and the nearest that does, and the link to copy writes every value.
This is the only module that touches session state.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any, Literal
from urllib.parse import urlencode

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_tab_container import TabContainer
from streamlit.errors import StreamlitAPIException

from cellcount.errors import CellCountError
from cellcount.methods.day_types import CALENDARS, DAY_TYPES, SATURDAY, day_type
from cellcount.record import RefusedError, name_of_person
from cellcount.ui import windows
from cellcount.ui.compare import HOWS, Comparison, How
from cellcount.ui.search import HELP, Searched, Target
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
from cellcount.ui.words import listed, plain

_SAID = "said"
KINDS_OF_DAY = {"date": "Date", "week": "Week", "usual": "Usual day", "window": "Window"}
WINDOW = ("statistic", "window", "hours_from", "hours_to", "day_types", "first", "last")
"""Keys of the controls of a window of hours."""
SHARED = ("release", "area", "day", "date", "period", "day_type", "measure", "hour", "place", "which", *WINDOW)
"""Keys of the shared controls, in the URL and of the widgets."""
PRESENT = "present"
"""Key of the URL that names the briefing that is shown, whose slides fill the window."""
_CELL = "cell"
DAYS_OF_WEEK = 7
_MOVED = "moved"
_NAME = "name-typed"
_ASIDE = "kept-aside"
MOST_OF_A_NAME = 200
"""Characters."""
_SOUGHT = "sought"
"""What was searched for last, and which of the answers was meant."""


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


def row_of_controls() -> DeltaGenerator:
    """The row that all controls of a page stand in; what does not fit goes on to the next line."""
    return st.container(horizontal=True, vertical_alignment="bottom", key="controls")


def choose(
    areas: Mapping[str, Area],
    default_area: str,
    days: Days,
    measures: Collection[Measure],
    *,
    with_windows: bool = False,
    with_weeks: bool = False,
    row: DeltaGenerator | None = None,
) -> View:
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
        The measures that the release can serve; of a single one there is no choice to draw.
    with_windows : bool
        Whether a mean or a peak over a window of hours and dates can be chosen in the place of a day.
    with_weeks : bool
        Whether the seven days of a week can be chosen.
    row : DeltaGenerator, optional
        The row, where a page has more controls in it than these.

    Returns
    -------
    View
    """
    if _settle_all(areas, default_area, days, measures):
        st.rerun()
    with row_of_controls() if row is None else row:
        labels = list(areas)
        area = st.selectbox(
            "Area", labels, index=labels.index(default_area), key="area", bind="query-params", width=270
        )
        weeks = with_weeks and len(days.dates) >= DAYS_OF_WEEK
        day = _choose_day(days, with_windows=with_windows and bool(days.dates), with_weeks=weeks)
        known = [measure for measure in MEASURES if measure in measures]
        measure = known[0]
        if len(known) > 1:
            measure = st.segmented_control(
                "Measure",
                known,
                format_func=lambda each: MEASURES[each],
                default=known[0],
                required=True,
                key="measure",
                bind="query-params",
            )
    if day is None:
        day = days.over(_choose_window(days))
    # The hours follow from the day, so the hour is settled after it and before its own widget.
    elif day.slots and _settle(
        "hour", [slot.label for slot in day.slots], lambda asked: nearest_slot(asked, day.slots, _first_hour(day))
    ):
        st.rerun()
    show_said("area", "day", "date", "period", "day_type", "measure")
    return View(areas[str(area)], day, measure or known[0])


def choose_area(areas: Mapping[str, Area], default_area: str) -> Area:
    """Draw the choice of the area alone, for pages without a day.

    Parameters
    ----------
    areas : mapping of str to Area
        Areas by label, in the order of the list.
    default_area : str
        Label of the area that is shown first.
    """
    if _settle("area", areas, lambda asked: nearest_area(asked, areas.values(), default_area)):
        st.rerun()
    labels = list(areas)
    area = st.selectbox("Area", labels, index=labels.index(default_area), key="area", bind="query-params", width=270)
    show_said("area")
    return areas[str(area)]


def pick(key: str, value: object) -> None:
    """Choose a value for a control that is drawn later in this run, as a click on the map does."""
    st.session_state[key] = value


def pick_among(key: str, value: str) -> None:
    """Add a value to those chosen in `choose_many`, or take it away, before that is drawn in this run."""
    held = list(st.session_state.get(key) or [])
    st.session_state[key] = [each for each in held if each != value] if value in held else [*held, value]


def copy_address(release_id: str, values: Mapping[str, str | Sequence[str] | None]) -> None:
    """Offer the address of this view, to be copied: it writes every value, and the release.

    Parameters
    ----------
    release_id : str
        The release.
    values : mapping
        What the URL says, by key; what is empty is left out.
    """
    # It must not tell the server when it closes: as the visitor goes to another page, that page would stay blank.
    with st.popover("Copy link", icon=":material/link:", key="link"):
        st.markdown("Opens this view anywhere that serves the release.")
        st.code(address_of(release_id, values), language=None, wrap_lines=True)


def address_of(release_id: str, values: Mapping[str, str | Sequence[str] | None]) -> str:
    """The address of a view that writes every value, and the release: see `copy_address`."""
    here = (st.context.url or "").split("?")[0]
    return f"{here}?{query_of(release_id, values)}"


def query_of(release_id: str, values: Mapping[str, str | Sequence[str] | None]) -> str:
    """The part of an address after the question mark that writes every value of a view, and the release.

    Examples
    --------
    >>> query_of("wood-1", {"area": "E08000035", "cell": None, "country": ["FR", "DE"]})
    'release=wood-1&area=E08000035&country=FR&country=DE'
    """
    said = {"release": release_id, **{key: value for key, value in values.items() if value}}
    return urlencode(said, doseq=True)


def in_address(key: str) -> str | None:
    """What the URL says of a key that no control has; None where it says nothing."""
    return st.query_params.get(key)


def put_in_address(key: str, value: str) -> None:
    """Have the URL say something of a key that no control has."""
    st.query_params[key] = value


def leave(key: str) -> None:
    """Take a key that no control has out of the URL."""
    if key in st.query_params:
        del st.query_params[key]


Widget = Literal["buttons", "list"]


def choose_one(
    key: str,
    label: str,
    choices: Mapping[str, str],
    default: str,
    *,
    noun: str | None = None,
    widget: Widget = "buttons",
    width: int | None = None,
    said: DeltaGenerator | None = None,
) -> str:
    """Draw a choice of one among a few, bound to the URL by its label, and give the identifier of what was chosen.

    Parameters
    ----------
    key : str
        Of the widget and of the URL.
    label : str
        What is chosen.
    choices : mapping of str to str
        Label by identifier, in the order of the list.
    default : str
        Identifier of what is chosen at first.
    noun : str, optional
        What one of the choices is called where there is none of a name; the label in small letters if not given.
    widget : {'buttons', 'list'}
        Buttons side by side, or a list that opens and can be searched.
    width : int, optional
        Pixels.
    said : DeltaGenerator, optional
        Where it is said that the URL asks for what does not exist; below the control if not given.
    """
    if _settle_choice(key, choices, noun or label.lower(), default):
        st.rerun()
    ids = list(choices)
    more: dict[str, Any] = {} if width is None else {"width": width}
    if widget == "buttons":
        chosen = st.segmented_control(
            label,
            ids,
            format_func=lambda each: choices[each],
            default=default,
            required=True,
            key=key,
            bind="query-params",
            **more,
        )
    else:
        chosen = st.selectbox(
            label,
            ids,
            index=ids.index(default),
            format_func=lambda each: choices[each],
            key=key,
            bind="query-params",
            **more,
        )
    show_said(key, within=said)
    return default if chosen is None else str(chosen)


def choose_many(
    key: str,
    label: str,
    choices: Mapping[str, str],
    default: Sequence[str] = (),
    *,
    noun: str | None = None,
    most: int | None = None,
    placeholder: str = "All",
    width: int | Literal["stretch"] = "stretch",
    said: DeltaGenerator | None = None,
) -> tuple[str, ...]:
    """Draw a choice of any number among many, bound to the URL by label; give the identifiers in the order chosen.

    Parameters
    ----------
    key, label : str
        Of the widget and of the URL; and what is chosen.
    choices : mapping of str to str
        Label by identifier, in the order of the list.
    default : sequence of str
        Identifiers that are chosen at first.
    noun : str, optional
        As of `choose_one`.
    most : int, optional
        So many can be chosen at once.
    placeholder : str
        What stands there while none is chosen.
    width : int or 'stretch'
        Pixels; all there is if not given.
    said : DeltaGenerator, optional
        As of `choose_one`.
    """
    asked = st.query_params.get_all(key)
    unknown = [each for each in asked if each not in choices.values()]
    if unknown:
        # By identifier too, for links are written by people as well; what is neither is left out, and said.
        meant = [choices.get(each, each) for each in asked]
        known = [each for each in meant if each in choices.values()]
        try:
            st.query_params[key] = known
        except StreamlitAPIException:
            known = []
        left = [each for each in meant if each not in choices.values()]
        if left:
            missing = listed([f"“{each}”" for each in left])
            st.session_state[_SAID] = {
                **st.session_state.get(_SAID, {}),
                key: (None, f"There is no {noun or label.lower()} {missing} in this release."),
            }
        if known != asked:
            st.rerun()
    held = st.session_state.get(key)
    if held is not None and any(each not in choices for each in held):
        st.session_state[key] = [each for each in held if each in choices]
    chosen = st.multiselect(
        label,
        list(choices),
        default=list(default),
        format_func=lambda each: choices[each],
        max_selections=most,
        placeholder=placeholder,
        key=key,
        bind="query-params",
        width=width,
    )
    if st.session_state.get(_SAID, {}).get(key):
        (said or st).info(plain(st.session_state[_SAID].pop(key)[1]), icon=":material/info:")
    return tuple(str(each) for each in chosen)


def choose_part(labels: Sequence[str], default: str) -> Sequence[TabContainer]:
    """Draw the parts of a page as tabs, the open one in the URL; only that one needs to be drawn."""
    if _settle("part", labels, lambda asked: nearest_choice(asked, {each: each for each in labels}, default, "part")):
        st.rerun()
    show_said("part")
    return st.tabs(list(labels), default=default, key="part", bind="query-params")


def told(key: str, name: str) -> Any:
    """What the map of a key last told of something, before it is drawn again in this run; None where nothing yet."""
    held = st.session_state.get(key)
    return None if held is None else held.get(name)


def asked_hour(day: Day) -> int:
    """The hour, or part of the day, that the URL asks for, which the map keeps as the visitor moves it.

    Returns
    -------
    int
        Place of the slot among the day's; that of the morning where the URL asks for none.
    """
    labels = [slot.label for slot in day.slots]
    first = _first_hour(day)
    _settle("hour", labels, lambda asked: nearest_slot(asked, day.slots, first))
    show_said("hour")
    asked = st.query_params.get("hour", first)
    return labels.index(asked) if asked in labels else labels.index(first)


def keep_hour(day: Day, place: int) -> None:
    """Write the hour at which the map stands into the URL, so that the view is a link."""
    label = day.slots[place].label
    if st.query_params.get("hour", _first_hour(day)) != label:
        st.query_params["hour"] = label


def held(*keys: str) -> dict[str, str | list[str] | None]:
    """What controls hold, as the URL may say it: identifiers, and dates in numbers."""
    values = {key: st.session_state.get(key) for key in keys}
    return {
        key: None if value is None else [str(each) for each in value] if isinstance(value, list) else _text(value)
        for key, value in values.items()
    }


def kept() -> dict[str, str | list[str]]:
    """What of the URL goes along to another page: everything that the shared controls know."""
    found = {key: st.query_params.get_all(key) for key in SHARED if key in st.query_params}
    return {key: values if len(values) > 1 else values[0] for key, values in found.items()}


def towards(measure: Measure | None, hour: str | None) -> dict[str, str | list[str]]:
    """The parameters of a link into a map, with a measure and an hour of its own.

    Parameters
    ----------
    measure, hour : str or None
        What the map is opened with; None leaves the visitor's own choice.
    """
    wanted = {"measure": MEASURES[measure] if measure else None, "hour": hour}
    return {**kept(), **{key: value for key, value in wanted.items() if value}}


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
            picked = of_cells and _marked() == target
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


def ranked_choices(
    key: str, names: Sequence[str], figures: Sequence[str], intervals: Sequence[str], ids: Sequence[str]
) -> None:
    """Draw a ranked list of things of which one can be picked, and left again; `picked` tells which.

    Parameters
    ----------
    key : str
        What is picked.
    names, figures, intervals : sequence of str
        What each line says; an interval is empty where none is known.
    ids : sequence of str
        What each line picks.
    """
    with st.container(gap=None, key="ranked"):
        lines = zip(names, figures, intervals, ids, strict=True)
        for place, (name, figure, between, each) in enumerate(lines, start=1):
            small = f" :small[({plain(between)})]" if between else ""
            chosen = picked(key) == each
            st.button(
                f"{place}. {plain(name)} · **{plain(figure)}**{small}",
                key=f"ranked-{place}",
                type="tertiary",
                icon=":material/my_location:" if chosen else None,
                on_click=pick_listed,
                args=(key, None if chosen else each),
            )


def pick_listed(key: str, value: str | None) -> None:
    """Pick one of the things of a ranked list, so that the URL has it too; None lets it go."""
    if value is not None:
        st.session_state[f"picked-{key}"] = st.query_params[key] = value
        return
    st.session_state.pop(f"picked-{key}", None)
    if key in st.query_params:
        del st.query_params[key]


def picked(key: str) -> str | None:
    """What was picked in a ranked list, or on the map, or that the URL names; None where nothing is."""
    held = st.query_params.get(key, st.session_state.get(f"picked-{key}"))
    return None if held is None else str(held)


def picked_cell(cells: NDArray[np.int64]) -> int | None:
    """The cell that was selected in the ranked list or on the map, or that the URL names, if the area has it.

    Parameters
    ----------
    cells : array of int64
        Cells of the area.
    """
    return _cell_among(_marked(), cells)


def _marked() -> str | None:
    """The cell that is marked, as the URL has it, for a link within the app may name one; else the session."""
    held = st.query_params.get(_CELL, st.session_state.get(_CELL))
    return None if held is None else str(held).strip().lower()


def moved_to() -> int | None:
    """The cell that the map was moved to, for it was selected in the ranked list; clicks leave the map where it is."""
    held = st.session_state.get(_MOVED)
    return int(held, 16) if held else None


def click_cell(cell: str) -> None:
    """Mark a cell that was clicked on the map, or let it go where it was marked already."""
    if _marked() == cell:
        _pick_cell(None)
    else:
        st.session_state[_CELL] = st.query_params[_CELL] = cell


def _cell_among(held: object, cells: NDArray[np.int64]) -> int | None:
    try:
        cell = int(str(held), 16) if held else None
    except ValueError:
        return None
    return cell if cell is not None and cell in cells else None


def whole_area(name: str) -> None:
    """Offer the way back from a cell to its area."""
    st.button(f"Show all of {plain(name)}", icon=":material/zoom_out_map:", on_click=_pick_cell, args=(None,))


def _pick_area(label: str) -> None:
    st.session_state["area"] = label
    _pick_cell(None)


def _pick_cell(cell: str | None) -> None:
    if cell is None or _marked() == cell:
        for key in (_CELL, _MOVED):
            st.session_state.pop(key, None)
        if _CELL in st.query_params:
            del st.query_params[_CELL]
    else:
        st.session_state[_CELL] = st.session_state[_MOVED] = st.query_params[_CELL] = cell


def show_said(*keys: str, within: DeltaGenerator | None = None) -> None:
    """Show what was said of values that do not exist, for as long as their replacement is what is shown."""
    said = st.session_state.get(_SAID, {})
    sentences = []
    for key in keys:
        value, sentence = said.get(key, (None, ""))
        if sentence and value == _text(st.session_state.get(key, value)):
            sentences.append(sentence)
    if sentences:
        (within or st).info(plain(" ".join(sentences)), icon=":material/info:")


def _choose_day(days: Days, *, with_windows: bool, with_weeks: bool) -> Day | None:
    """Draw the choice of the day; None where a window of hours was chosen in its place."""
    usual = bool(days.periods and days.day_types)
    there = {"date": bool(days.dates), "week": with_weeks, "usual": usual, "window": with_windows}
    kinds = [kind for kind, is_there in there.items() if is_there]
    kind = kinds[0] if kinds else "usual"
    if len(kinds) > 1:
        if st.session_state.get("day") not in (None, *kinds):
            # It came along from a page that serves more.
            st.session_state["day"] = kind
        kind = st.segmented_control(
            "Day",
            kinds,
            format_func=lambda each: KINDS_OF_DAY[each],
            default=kind,
            required=True,
            key="day",
            bind="query-params",
        )
    if kind == "window":
        return None
    if kind in ("date", "week") and days.first_shown:
        dates = days.dates
        on = st.date_input(
            "Date" if kind == "date" else "Week of",
            days.first_shown,
            min_value=dates[0],
            max_value=dates[-1],
            format="DD/MM/YYYY",
            key="date",
            bind="query-params",
            width=150,
        )
        return days.dated(on) if kind == "date" else days.week(on)
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


def _choose_window(days: Days) -> windows.Window:
    """Draw the controls of a window of hours over dates."""
    own = {**{name: label for name, (label, _) in windows.PRESETS.items()}, "own": "Other hours"}
    with st.container(horizontal=True, vertical_alignment="bottom", key="window-controls"):
        statistic: windows.Statistic = (
            "peak"
            if choose_one("statistic", "Statistic", {"mean": "Mean", "peak": "Peak"}, "mean") == "peak"
            else "mean"
        )
        name = choose_one(
            "window", "Hours, local time", own, "morning", noun="window of hours", widget="list", width=270
        )
        if name == "own":
            clock = {str(hour): f"{hour:02d}:00" for hour in range(24)}
            first_hour = choose_one("hours_from", "From", clock, "7", noun="hour", widget="list", width=110)
            end_hour = choose_one("hours_to", "To", clock, "19", noun="hour", widget="list", width=110)
            hours = windows.hours_between(int(first_hour), int(end_hour))
        else:
            hours = windows.PRESETS[name][1]
        kinds = choose_many("day_types", "Days", _types_of(days), noun="kind of day", placeholder="All days", width=210)
        first = choose_date("first", "First date", days.dates, days.dates[0])
        last = choose_date("last", "Last date", days.dates, days.dates[-1])
    if last < first:
        st.info("The last date lies before the first: they were exchanged.", icon=":material/info:")
        first, last = last, first
    return windows.Window(hours, frozenset(kinds or DAY_TYPES), first, last, statistic)


def _types_of(days: Days) -> dict[str, str]:
    """The day types that any of the dates of a release has in any nation."""
    nations = calendars_of(days.zone)
    found = {day_type(on, nation) for on in days.dates for nation in nations}
    return {kind: label for kind, label in DAY_TYPES.items() if kind in found}


def calendars_of(zone: str) -> tuple[str, ...]:
    """The nations whose bank holidays count in a time zone; one without any where none are known."""
    return tuple(CALENDARS) if zone == windows.BRITISH else ("",)


def choose_date(key: str, label: str, dates: Sequence[date], default: date) -> date:
    """Draw the choice of a date of a release, bound to the URL.

    Parameters
    ----------
    key, label : str
        Of the widget and of the URL; and what is chosen.
    dates : sequence of date
        Dates that can be chosen, without a gap.
    default : date
        What is chosen at first.
    """
    if _settle(key, [each.isoformat() for each in dates], lambda asked: nearest_date(asked, dates, default)):
        st.rerun()
    chosen = st.date_input(
        label,
        default,
        min_value=dates[0],
        max_value=dates[-1],
        format="DD/MM/YYYY",
        key=key,
        bind="query-params",
        width=140,
    )
    show_said(key)
    return chosen if isinstance(chosen, date) else default


def type_in(key: str, label: str, default: str, *, help: str, width: int) -> str:  # noqa: A002 - Streamlit's word
    """Draw a field to type in, bound to the URL, and give what stands in it.

    Parameters
    ----------
    key, label : str
        Of the widget and of the URL; and what is typed.
    default : str
        What stands there at first.
    help : str
        What may be typed.
    width : int
        Pixels.
    """
    return str(st.text_input(label, default, key=key, bind="query-params", help=help, width=width) or "")


def your_name() -> str:
    """Draw the field for the visitor's name, which stays for the session and is never in the URL; once on a page.

    Returns
    -------
    str
        The name as the record keeps it; empty where none was typed, or one that cannot be kept, and a sentence says so.
    """
    name = st.text_input(
        "Your name",
        st.session_state.get(_NAME, ""),
        key="your-name",
        max_chars=MOST_OF_A_NAME,
        width=270,
        help="Stands beside everything that you save, as you type it.",
    )
    typed = st.session_state[_NAME] = (name or "").strip()
    if not typed:
        st.caption("Type your name before you save anything: everything that is kept says who kept it.")
        return ""
    try:
        return name_of_person(typed)
    except RefusedError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return ""


def typed_name() -> str:
    """The name that stands in `your_name` now: for what a button does before the page runs again."""
    return " ".join(str(st.session_state.get("your-name", st.session_state.get(_NAME, "")) or "").split())


def keep_aside(key: str, value: object) -> None:
    """Keep something of the page for its next run, such as what could not be saved; None lets it go."""
    held: dict[str, object] = st.session_state.setdefault(_ASIDE, {})
    if value is None:
        held.pop(key, None)
    else:
        held[key] = value


def kept_aside(key: str) -> Any:
    """What `keep_aside` was given; None where nothing was."""
    return st.session_state.get(_ASIDE, {}).get(key)


def keys_aside(start: str) -> list[str]:
    """Keys of what was kept aside that begin so, the oldest first."""
    return [key for key in st.session_state.get(_ASIDE, {}) if key.startswith(start)]


def choose_comparison(days: Days, day: Day) -> Comparison:
    """Draw the choice whether and with what a day is compared.

    Parameters
    ----------
    days : Days
        What the release can show.
    day : Day
        What was chosen: a date, a usual day or a window, which is compared with the same hours of other days.
    """
    chosen = choose_one("compare", "Compare", HOWS, "none", noun="comparison")
    if chosen == "none":
        return Comparison()
    how: How = "difference" if chosen == "difference" else "side"
    if day.window is not None:
        return Comparison(how, _choose_other_types(days, day.window))
    found = _choose_other_day(days, day)
    labels = {"same": "Same hour", **{slot.label: slot.label for slot in found.slots}}
    hour = choose_one("compare_hour", "Its hour", labels, "same", noun="hour", widget="list", width=125)
    return Comparison(how, found, None if hour == "same" else hour)


def _choose_other_types(days: Days, window: windows.Window) -> Day:
    """A window's hours on days of another type."""
    there = _types_of(days)
    choices = {"all": "All days", **there}
    # A window of all days is measured against Saturdays, and any other against the first type that it lacks.
    lacking = [kind for kind in there if kind not in window.day_types] or [SATURDAY]
    first = lacking[0] if lacking[0] in there else "all"
    kind = choose_one(
        "compare_types", "With the same hours on", choices, first, noun="kind of day", widget="list", width=200
    )
    types = frozenset(DAY_TYPES) if kind == "all" else frozenset([kind])
    return days.over(windows.Window(window.hours, types, window.first, window.last, window.statistic))


def _choose_other_day(days: Days, day: Day) -> Day:
    usual = bool(days.periods and days.day_types)
    kinds = {kind: KINDS_OF_DAY[kind] for kind, there in (("usual", usual), ("date", bool(days.dates))) if there}
    # A date is measured against a usual day, and a usual one against another.
    kind = next(iter(kinds))
    if len(kinds) > 1:
        kind = choose_one("compare_day", "With", kinds, kind, noun="kind of day")
    if kind == "date":
        apart = [on for on in days.dates if on != day.on]
        return days.dated(choose_date("compare_date", "Date to compare with", days.dates, (apart or days.dates)[-1]))
    own = day_type(day.on, calendars_of(days.zone)[0]) if day.on else None
    others = [each for each in days.day_types if each != day.day_type]
    first = own if own in days.day_types else (others or list(days.day_types))[0]
    chosen = choose_one("compare_type", "Kind of day", days.day_types, first, widget="list", width=145)
    return days.typical(day.period or next(iter(days.periods)), chosen)


def choose_place(look: Callable[[str], Searched]) -> Target | None:
    """Draw the search for a place, bound to the URL, and give where the map is to move; None where nowhere.

    Parameters
    ----------
    look : callable
        Finds what was typed.
    """
    asked = st.text_input(
        "Find a place",
        placeholder="Name, postcode, position",
        key="place",
        bind="query-params",
        help=HELP,
        width=225,
        icon=":material/search:",
    )
    found = look(asked or "")
    if found.said:
        st.info(plain(found.said), icon=":material/info:")
    if not found.targets:
        return None
    by_id = {target.id: target for target in found.targets}
    chosen = found.targets[0].id
    if len(by_id) > 1:
        _leave_answer(asked or "", by_id)
        chosen = choose_one(
            "which",
            "Which one",
            {each: target.words for each, target in by_id.items()},
            chosen,
            noun="answer",
            widget="list",
            width=300,
        )
    sought = (asked or "", chosen)
    if st.session_state.get(_SOUGHT) != sought:
        # The map goes where was searched last, and no longer to the cell that it was moved to before.
        st.session_state.pop(_MOVED, None)
        st.session_state[_SOUGHT] = sought
    return by_id[chosen]


def _leave_answer(asked: str, by_id: Mapping[str, Target]) -> None:
    """Leave what was chosen among the answers to another search: the first of these is meant, and nothing is wrong."""
    before = st.session_state.get(_SOUGHT)
    if before is None or before[0] == asked:
        return
    if st.session_state.get("which") not in (None, *by_id):
        st.session_state["which"] = next(iter(by_id))
    if st.query_params.get("which") not in (None, *(target.words for target in by_id.values())):
        try:
            del st.query_params["which"]
        except StreamlitAPIException:
            # The list is on the page, and Streamlit writes what it holds.
            return


def area_button(name: str, label: str) -> None:
    """Offer to show the area that a place lies in."""
    st.button(
        f"Show all of {plain(name)}", key="to-area", icon=":material/select_all:", on_click=_pick_area, args=(label,)
    )


def _settle_all(areas: Mapping[str, Area], default_area: str, days: Days, measures: Collection[Measure]) -> bool:
    """Settle every control but the hour; whether the URL was rewritten."""
    rewritten = [_settle("area", areas, lambda asked: nearest_area(asked, areas.values(), default_area))]
    dates, first = days.dates, days.first_shown
    if dates and first is not None:
        iso = [each.isoformat() for each in dates]
        rewritten.append(_settle("date", iso, lambda asked: nearest_date(asked, dates, first)))
    shown: dict[str, str] = {measure: label for measure, label in MEASURES.items() if measure in measures}
    for key, choices, what in (
        ("measure", shown if len(shown) > 1 else {}, "measure"),
        ("day", KINDS_OF_DAY, "kind of day"),
        ("day_type", days.day_types, "kind of day"),
        ("period", days.periods, "period"),
    ):
        if choices:
            rewritten.append(_settle_choice(key, choices, what))
    return any(rewritten)


def _settle_choice(key: str, choices: Mapping[str, str], what: str, default: str | None = None) -> bool:
    """Settle one of a few choices. The widget keeps identifiers, the URL has their labels."""
    first = next(iter(choices)) if default is None else default

    def answer(asked: str) -> Answer:
        found = nearest_choice(asked, dict(choices), first, what)
        return Answer(choices[found.value], found.said)

    held = st.session_state.get(key)
    if held is not None and held not in choices:
        st.session_state[key] = nearest_choice(str(held), dict(choices), first, what).value
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
