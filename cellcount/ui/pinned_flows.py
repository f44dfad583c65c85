"""What a view of the flows page states: trips, one flow, or people away from home. No Streamlit here."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from cellcount.ui import flow_reading
from cellcount.ui.flow_figures import Chosen, FlowsShown, month_words
from cellcount.ui.pinned import (
    NO_INTERVAL,
    Inputs,
    NotTheSameError,
    Stated,
    amount,
    area_of,
    bracket,
    certain,
    difference,
    place,
)
from cellcount.ui.reading import Release
from cellcount.ui.words import day as written_day
from cellcount.ui.words import number, percent, signed_interval, weekday

KIND = "flows"
HOMES = "homes"


def inputs_of(chosen: Chosen, when: date | str, *, hour: str | None, flow: str | None, part: str) -> dict[str, Any]:
    """What a view is worked out from.

    Parameters
    ----------
    chosen : Chosen
        The choice.
    when : date or str
        UTC day, or calendar month.
    hour : str or None
        Label of the hour, where hours are played.
    flow : str or None
        The flow that is picked, by what it is called.
    part : str
        Part of the UTC day, where visitors by home are shown.
    """
    on = {"date": when.isoformat()} if isinstance(when, date) else {"month": when}
    found: dict[str, Any] = {"area": chosen.area.code, **on}
    if chosen.mode == "visitors":
        return {**found, "part": part, "most": chosen.most}
    return {
        **found,
        "mode": chosen.mode,
        "places": list(chosen.places),
        "purpose": chosen.purpose,
        "time": chosen.time,
        "way": chosen.kind,
        "regions": chosen.regions,
        "most": chosen.most,
        "hour": hour,
        "flow": flow,
    }


def stated(release: Release, inputs: Inputs) -> Stated:
    """What a view of trips states in a release.

    Parameters
    ----------
    release : Release
        The release.
    inputs : mapping
        As `inputs_of` wrote them.

    Raises
    ------
    NotTheSameError
        Where the release lacks the area, a place, the day, the hour or the flow.
    """
    when = _when(release, inputs)
    area = area_of(release, inputs)
    codes = {each.code for each in release.areas.values()}
    missing = [code for code in inputs["places"] if code not in codes]
    if missing:
        raise NotTheSameError(f"This release has no area {missing[0]}.")
    chosen = Chosen(
        mode=inputs["mode"],
        area=area,
        places=tuple(inputs["places"]),
        purpose=inputs["purpose"],
        time=inputs["time"],
        kind=inputs["way"],
        regions=inputs["regions"],
        most=inputs["most"],
        words=weekday(when) if isinstance(when, date) else month_words(when),
    )
    found, _ = flow_reading.flows_of(release, chosen, when)
    step = _step(found, inputs["hour"])
    opened = f"On {found.when(step)}"
    if inputs["flow"] is not None:
        return _one_flow(inputs, found, step, opened)
    return _all_trips(inputs, found, step, opened)


def _when(release: Release, inputs: Inputs) -> date | str:
    if "month" in inputs:
        if inputs["month"] not in flow_reading.months_of(release):
            raise NotTheSameError(f"This release has no trips of {month_words(inputs['month'])}.")
        return str(inputs["month"])
    on = date.fromisoformat(inputs["date"])
    if on not in flow_reading.dates_of(release):
        raise NotTheSameError(f"This release has no trips of {written_day(on)}.")
    return on


def _step(found: FlowsShown, hour: str | None) -> int | None:
    if hour is None or found.chosen.time != "hours":
        return None
    labels = [slot.label for slot in found.pairs.slots]
    if hour not in labels:
        raise NotTheSameError(f"This release has no hour {hour} of {found.chosen.words}.")
    return labels.index(hour)


def _what(found: FlowsShown) -> str:
    return "trips from home to work" if found.chosen.purpose == "home_work" else "trips"


def _all_trips(inputs: Inputs, found: FlowsShown, step: int | None, opened: str) -> Stated:
    total = found.total
    value, error = total.trips.value, total.trips.error
    if step is not None:
        trips, errors = found.curve
        value, error = float(trips[step]), float(errors[step])
    what, label = _what(found), "Trips of the choice"
    where = found.where()
    if not found.of_pairs.any() or not math.isfinite(value):
        nothing = amount(KIND, inputs, None, None, unit="trips", label=label)
        return Stated(f"{opened}, this release has no {what} {where} that may be shown.", nothing, NO_INTERVAL)
    least = bool(total.withheld) and not total.guess
    about = "at least" if least else "about"
    size = number(value, error if math.isfinite(error) else None)
    said = f"{opened}, {about} {size} {what} were made {where}{'' if least else bracket(value, error)}."
    figure = amount(KIND, inputs, value, None if least else error, unit="trips", label=label)
    sure = "Withheld figures are left out: the sum is the least that it can be." if least else certain(value, error)
    return Stated(said, figure, sure)


def _one_flow(inputs: Inputs, found: FlowsShown, step: int | None, opened: str) -> Stated:
    ends = found.ends_of(inputs["flow"])
    if ends is None:
        raise NotTheSameError(f"In this release the choice has no flow {inputs['flow']}.")
    name, back = found.name(*ends), found.name(*reversed(ends))
    value, error = _figure_of(found, ends, step)
    net = found.chosen.kind == "net"
    label = f"{'Net trips' if net else 'Trips'} from {name}"
    what = _what(found)
    if not math.isfinite(value):
        figure = amount(KIND, inputs, None, None, unit="trips", label=label)
        return Stated(f"{opened}, the {what} from {name} are withheld.", figure, NO_INTERVAL)
    size = number(abs(value), error if math.isfinite(error) else None)
    if not net:
        said = f"{opened}, about {size} {what} were made from {name}{bracket(value, error)}."
        return Stated(said, amount(KIND, inputs, value, error, unit="trips", label=label), certain(value, error))
    between = signed_interval(value, error)
    more, less = (name, back) if value >= 0 else (back, name)
    said = f"{opened}, about {size} more {what} were made from {more} than from {less}"
    said += f" (95 % interval of the net flow {between})." if between else "."
    return Stated(
        said,
        difference(KIND, inputs, value, error, unit="trips", label=label),
        f"95 % interval {between}; rather too wide." if between else NO_INTERVAL,
    )


def _figure_of(found: FlowsShown, ends: tuple[int, int], step: int | None) -> tuple[float, float]:
    """Trips of one flow, or its net trips, and their standard error."""
    if step is None:
        values, errors = found.square()
        return float(values[ends]), float(errors[ends])
    there, there_error = (each[step] for each in found.by_hour(*ends))
    if found.chosen.kind != "net":
        return float(there), float(there_error)
    back, back_error = (each[step] for each in found.by_hour(*reversed(ends)))
    return float(there - back), math.hypot(there_error, back_error)


def stated_homes(release: Release, inputs: Inputs) -> Stated:
    """What a view of visitors by their homes states in a release: see `stated`."""
    area = area_of(release, inputs)
    on = date.fromisoformat(inputs["date"])
    if on not in flow_reading.dates_with_homes(release):
        raise NotTheSameError(f"This release does not say where people live on {written_day(on)}.")
    found, _ = flow_reading.visitors_of(release, area, on, inputs["part"], most=inputs["most"], words=weekday(on))
    label = "People present who live elsewhere"
    opened = f"On {found.when}, UTC"
    (people, withheld), share = found.from_elsewhere, found.share_from_elsewhere
    value, error = people.value, people.error
    if not found.homes or not math.isfinite(value):
        nothing = amount(HOMES, inputs, None, None, unit="people", label=label)
        said = f"{opened}, this release does not say where the people in {place(area.name)} live."
        return Stated(said, nothing, NO_INTERVAL)
    size = number(value, error if math.isfinite(error) else None)
    said = f"{opened}, about {size} of the residents of the country who were in {place(area.name)} live elsewhere"
    said += f", {percent(share.value)} of them" if math.isfinite(share.value) else ""
    least = bool(withheld) and found.each is None
    said += "." if least else f"{bracket(value, error)}."
    return Stated(said, amount(HOMES, inputs, value, error, unit="people", label=label), certain(value, error))
