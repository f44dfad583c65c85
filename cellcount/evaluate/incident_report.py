"""The report of an evaluation of incidents: each figure beside its goal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from cellcount.evaluate.incident_truth import OUTAGE
from cellcount.evaluate.incidents import LIMIT, SCHOOL, Cells, EventScore, Incidents, QuietScore, ZoneScore, share
from cellcount.evaluate.report import Goal
from cellcount.methods.cautions import COVERAGE
from cellcount.methods.incident import RATE

LEAST_RECALL, LEAST_PRECISION = 0.8, 0.9
LEAST_HELD = 0.9
"""Share of intervals of 95 % that have to hold the truth."""
MOST_HOURS_CALLED = 0.1
"""Share of quiet hours in which any cell may be called."""
MOST_HOURS_OFF = 2
"""Hours by which recovery may be said too early or too late."""
LEAST_RECOVERED = 0.9
"""Share of events of which it has to be said so well."""


def goals(found: Incidents) -> list[Goal]:
    """All goals, and whether they are reached.

    Parameters
    ----------
    found : Incidents
        Of one release or of several.

    Returns
    -------
    list of Goal
    """
    events = [goal for scores in by_event(found).values() for goal in _of_event(scores)]
    quiet = [score for score in found.quiet.values() if score.compared != SCHOOL]
    return events + [goal for score in quiet for goal in _of_quiet(score)]


def reached(found: Incidents) -> bool:
    """Whether all goals that could be measured are reached, and there is any."""
    measured = [goal.reached for goal in goals(found) if goal.reached is not None]
    return bool(measured) and all(measured)


def by_event(found: Incidents) -> dict[str, list[EventScore]]:
    """Scores of every event, over the releases."""
    names = dict.fromkeys(event.name for event in found.events)
    return {name: [event for event in found.events if event.name == name] for name in names}


def _of_event(scores: list[EventScore]) -> Iterator[Goal]:
    name = scores[0].name
    whole = [score.zones[0] for score in scores]
    hours = sum(len(zone.effect) for zone in whole)
    what = f"{name}: hours whose interval of the excess holds the truth"
    yield _at_least(what, share(_held(whole), hours), LEAST_HELD)
    every = [zone for score in scores for zone in score.zones]
    what = f"{name}: hours of every zone whose interval holds the truth by the event's own outline"
    held = share(sum(zone.held_outlined for zone in every), sum(len(zone.outlined) for zone in every))
    yield _at_least(what, held, LEAST_HELD)
    totals = share(sum(zone.total_held for zone in whole), len(whole))
    yield _at_least(f"{name}: intervals of the person-hours that hold the truth", totals, LEAST_HELD)
    if scores[0].kind == OUTAGE:
        wrong = share(sum(score.called_an_evacuation for score in scores), len(scores))
        yield _at_most(f"{name}: called an evacuation", wrong, 0.0)
        return
    cells = _pooled(scores)
    yield _at_least(f"{name}: recall of cells affected by {LIMIT:g} standard errors", cells.recall, LEAST_RECALL)
    yield _at_least(f"{name}: precision of cells called", cells.precision, LEAST_PRECISION)
    near = [zone.hours_off is not None and abs(zone.hours_off) <= MOST_HOURS_OFF for zone in whole]
    what = f"{name}: recovery said within {MOST_HOURS_OFF} hours of the truth"
    yield _at_least(what, share(sum(near), len(near)), LEAST_RECOVERED)


def _of_quiet(score: QuietScore) -> Iterator[Goal]:
    what = f"{score.place}, quiet days, {score.compared}"
    called, hours = share(score.called, score.figures), share(score.hours_called, score.hours)
    yield _at_most(f"{what}: cells called", called, RATE)
    yield _at_most(f"{what}: hours with any cell called", hours, MOST_HOURS_CALLED)
    told = share(score.days_told, score.days)
    yield _at_most(f"{what}: days on which it is said to depart from usual", told, RATE)


def _at_least(what: str, value: float | None, least: float) -> Goal:
    return Goal(what, f"at least {least:.0%}", value, None if value is None else value >= least)


def _at_most(what: str, value: float | None, most: float) -> Goal:
    return Goal(what, f"at most {most:.0%}", value, None if value is None else value <= most)


def _held(zones: list[ZoneScore]) -> int:
    return sum(zone.held for zone in zones)


def _pooled(scores: list[EventScore]) -> Cells:
    total = Cells()
    for score in scores:
        total += score.cells
    return total


def to_dict(found: Incidents) -> dict[str, Any]:
    """The evaluation for JSON."""
    return {
        "releases": found.releases,
        "events": [
            {
                **asdict(event),
                "zones": [
                    {
                        **asdict(zone),
                        "held": zone.held,
                        "held_outlined": zone.held_outlined,
                        "held_usual": zone.held_usual,
                        "total_held": zone.total_held,
                        "hours_off": zone.hours_off,
                    }
                    for zone in event.zones
                ],
            }
            for event in found.events
        ],
        "quiet": [asdict(score) for score in found.quiet.values()],
        "goals": [{**asdict(goal), "verdict": goal.verdict} for goal in goals(found)],
        "reached": reached(found),
    }


def render(found: Incidents) -> str:
    """The evaluation in words and tables, for a terminal.

    Parameters
    ----------
    found : Incidents
        Of one release or of several.

    Returns
    -------
    str
    """
    what = found.releases[0] if len(found.releases) == 1 else f"{len(found.releases)} worlds, pooled"
    lines = [f"{what}: what the incident explorer answers, against what really happened.", ""]
    for scores in by_event(found).values():
        lines += _event_lines(scores)
    lines += _quiet_lines(found)
    lines += ["", "Goals"]
    for goal in goals(found):
        lines.append(f"  {goal.verdict:<12} {goal.what}: {_percent(goal.value)}, asked for {goal.asked}")
    return "\n".join(lines)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _event_lines(scores: list[EventScore]) -> Iterator[str]:
    first = scores[0]
    resolutions = sorted({score.resolution for score in scores})
    yield f"{first.name} ({first.kind}), cells of resolution {', '.join(map(str, resolutions))}"
    if first.kind != OUTAGE:
        cells = _pooled(scores)
        yield (
            f"  cell-hours affected by {LIMIT:g} standard errors or more: {cells.affected:,}, recall "
            f"{_percent(cells.recall)}, precision of {cells.called:,} called {_percent(cells.precision)}"
        )
        yield (
            f"  cell-hours to which anything was done: {cells.touched:,}, recall {_percent(cells.touched_recall)}, "
            f"precision {_percent(cells.touched_precision)}"
        )
    else:
        deficits, said = sum(score.deficits for score in scores), sum(COVERAGE in score.said for score in scores)
        yield f"  cell-hours called a deficit: {deficits:,}; lost coverage is said in {said} of {len(scores)}"
    names = ("said", "true", "hours held", "by outline", "of usual", "totals held", "recovery off")
    heads = zip(names, _WIDTHS, strict=True)
    yield f"  {'zone, mean of hours':<24}" + "".join(f"{head:>{width}}" for head, width in heads)
    for number in range(len(first.zones)):
        yield _zone_line([score.zones[number] for score in scores])
    yield ""


_WIDTHS = (10, 10, 12, 12, 10, 13, 18)


def _zone_line(zones: list[ZoneScore]) -> str:
    hours = sum(len(zone.effect) for zone in zones)
    said, true = (np.concatenate([getattr(zone, name) for zone in zones]).mean() for name in ("excess", "effect"))
    off = [zone.hours_off for zone in zones if zone.hours_off is not None]
    outlined, usual = (
        share(sum(getattr(zone, name) for zone in zones), hours) for name in ("held_outlined", "held_usual")
    )
    totals = share(sum(zone.total_held for zone in zones), len(zones))
    shown = f"{min(off):+d} to {max(off):+d}" if off else "-"
    if len(off) < len(zones):
        shown += f" ({len(zones) - len(off)} -)"
    shares = (_percent(each) for each in (share(_held(zones), hours), outlined, usual, totals))
    columns = (f"{said:+,.0f}", f"{true:+,.0f}", *shares, shown)
    return f"  {zones[0].name:<24}" + "".join(f"{each:>{width}}" for each, width in zip(columns, _WIDTHS, strict=True))


def _quiet_lines(found: Incidents) -> Iterator[str]:
    yield "Days on which nothing happened"
    yield (
        f"  {'place':<24}{'compared with':<16}{'days':>6}{'cells called':>14}{'borne out':>11}{'hours with any':>16}"
        f"{'zone beyond':>13}{'days told':>11}"
    )
    for score in found.quiet.values():
        shares = (
            share(score.called, score.figures),
            share(score.borne_out, score.called),
            share(score.hours_called, score.hours),
            share(score.beyond, score.hours),
            share(score.days_told, score.days),
        )
        shown = "".join(f"{_percent(each):>{width}}" for each, width in zip(shares, (14, 11, 16, 13, 11), strict=True))
        yield f"  {score.place:<24}{score.compared:<16}{score.days:>6}{shown}"
