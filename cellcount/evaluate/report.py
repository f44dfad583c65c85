"""The report of an evaluation: scores by level and place, and which goals are reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cellcount.evaluate.baselines import BASELINES, ORACLE
from cellcount.evaluate.evaluation import RELEASE, Evaluation, Level
from cellcount.evaluate.score import Score, Tally, scores, sizes

MOST_WAPE = {"authorities": 0.03, "cells 8": 0.15}
COVERAGE = (0.93, 0.97)
MOST_BIAS = 0.005
OF_BETTER_BASELINE = 0.5
BETTER_FOR = ("authorities", "regions")
OF_ORACLE = 1.15
LEAST_PLACES = 119
"""Places below which it cannot be told whether coverage is what is asked.

The errors of a place in all hours go together, so that of n places of which each is held in 95 cases of 100, the share
that is held has a standard error of sqrt(0.95 x 0.05 / n): 2 points, half of what is asked for, of 119 places; 7 points
of 9 regions.
"""


@dataclass(frozen=True)
class Goal:
    """Something that is asked of a release: what, the least and most that it may be, what it is, and whether so."""

    what: str
    asked: str
    value: float | None
    reached: bool | None

    @property
    def verdict(self) -> str:
        """In a word or two."""
        if self.reached is None:
            return "not measured" if self.value is None else "cannot tell"
        return "reached" if self.reached else "NOT REACHED"


def goals(found: Evaluation) -> list[Goal]:
    """All goals: the last group needs the deliveries.

    Parameters
    ----------
    found : Evaluation
        Of a release.

    Returns
    -------
    list of Goal
    """
    return [goal for level in found.levels.values() for goal in _goals_of(level)]


def _goals_of(level: Level) -> Iterator[Goal]:
    score = {name: Score.of(tally.total()) for name, tally in level.tallies.items()}
    own = score[RELEASE]
    if level.name in MOST_WAPE:
        yield _at_most(f"{level.name}: error (WAPE)", own.wape, MOST_WAPE[level.name])
    if own.coverage is not None:
        low, high = COVERAGE
        asked = f"{low:.0%} to {high:.0%}"
        reached: bool | None = low <= own.coverage <= high
        if level.places < LEAST_PLACES:
            asked, reached = f"{asked} of {LEAST_PLACES} places or more, and here are {level.places}", None
        yield Goal(f"{level.name}: coverage of 95 % intervals", asked, own.coverage, reached)
    size = None if own.bias is None else abs(own.bias)
    yield _at_most(f"{level.name}: bias, either way", size, MOST_BIAS)
    if level.name in BETTER_FOR:
        errors = [score[name].wape for name in BASELINES if name in score and score[name].wape is not None]
        better = min((each for each in errors if each is not None), default=None)
        what = f"{level.name}: error over that of the better baseline"
        yield _at_most(what, _ratio(own.wape, better), OF_BETTER_BASELINE, percent=False)
    if level.name.startswith("cells"):
        oracle = score[ORACLE].wape if ORACLE in score else None
        what = f"{level.name}: error over that of an oracle that knows the true shares"
        yield _at_most(what, _ratio(own.wape, oracle), OF_ORACLE, percent=False)


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _at_most(what: str, value: float | None, most: float, *, percent: bool = True) -> Goal:
    asked = f"at most {most:.1%}" if percent else f"at most {most:.2f}"
    return Goal(what, asked, value, None if value is None else value <= most)


def to_dict(found: Evaluation) -> dict[str, Any]:
    """The evaluation for JSON."""
    return {
        "releases": found.releases,
        "dates": [str(date) for date in found.dates],
        "levels": {
            name: {
                "figures": level.rows,
                "published": level.published,
                "share_published": _share(level.published, level.rows),
                "share_of_people_published": _share(level.truth_published, level.truth_all),
                "standard_error_of_coverage": level.doubt,
                "estimators": {estimator: scores(tally) for estimator, tally in level.tallies.items()},
            }
            for name, level in found.levels.items()
        },
        "closing": _closing(found),
        "goals": [{**asdict(goal), "verdict": goal.verdict} for goal in goals(found)],
    }


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole else None


def _closing(found: Evaluation) -> dict[str, Any] | None:
    """How far the country's released figure is from the people present, by hour."""
    if not found.closing:
        return None
    released, present = np.array(found.closing).T
    off = released / present - 1
    return {
        "hours": len(off),
        "mean_relative_error": round(float(np.nanmean(off)), 6),
        "largest_relative_error": round(float(np.nanmax(np.abs(off))), 6),
        "by_hour": [round(float(each), 6) for each in np.nanmean(off.reshape(-1, 24), axis=0)],
    }


def render(found: Evaluation) -> str:
    """The evaluation in words and tables, for a terminal.

    Parameters
    ----------
    found : Evaluation
        Of a release.

    Returns
    -------
    str
    """
    days = f"{len(found.dates)} days from {found.dates[0]} to {found.dates[-1]}"
    what = found.releases[0] if len(found.releases) == 1 else f"{len(found.releases)} worlds, pooled"
    lines = [f"{what}, {days}, against the truth. Bias and error (WAPE) are of published figures only.", ""]
    for level in found.levels.values():
        lines += _level_lines(level)
    closing = _closing(found)
    if closing:
        lines += [
            f"The country's figure against residents - abroad + inbound, {closing['hours']} hours: "
            f"{closing['mean_relative_error']:+.3%} on average, at most {closing['largest_relative_error']:.3%} off.",
            "",
        ]
    lines.append("Goals")
    for goal in goals(found):
        value = "-" if goal.value is None else _value(goal)
        lines.append(f"  {goal.verdict:<12} {goal.what}: {value}, asked for {goal.asked}")
    return "\n".join(lines)


def _value(goal: Goal) -> str:
    return f"{goal.value:.2%}" if "%" in goal.asked else f"{goal.value:.2f}"


_HEAD = f"  {'':<30}{'figures':>12}{'mean':>12}{'bias':>10}{'WAPE':>9}{'coverage':>10}{'width':>9}"


def _level_lines(level: Level) -> Iterator[str]:
    people = level.truth_published / level.truth_all if level.truth_all else 0.0
    yield (
        f"{level.name}: {level.published:,} of {level.rows:,} figures published "
        f"({level.published / max(level.rows, 1):.1%}), with {people:.1%} of the people."
    )
    yield _HEAD
    for name, tally in level.tallies.items():
        yield _score_line(name, Score.of(tally.total()))
    own = level.tallies[RELEASE]
    if level.doubt is not None:
        yield f"  The coverage is known to {level.doubt:.1%} (standard error over {len(level.intervals)} worlds)."
    for groups in (own.by_day_part(), own.by_kind(), own.by_size()):
        there = {name: sums for name, sums in groups.items() if sums[0]}
        if len(there) > 1:
            yield from (_score_line(f"  {name}", Score.of(sums)) for name, sums in there.items())
    if level.doubt is not None:
        yield from _coverage_lines(own)
    yield ""


def _coverage_lines(tally: Tally) -> Iterator[str]:
    """Coverage by part of the day and size of place."""
    parts = tally.by_day_part_and_size()
    yield f"  {'coverage by size and hour':<30}" + "".join(f"{name:>10}" for name in parts)
    for size in sizes(tally.limits):
        found = [Score.of(groups[size]) for groups in parts.values()]
        if any(score.figures for score in found):
            shown = ["-" if score.coverage is None else f"{score.coverage:.1%}" for score in found]
            yield f"    {size:<28}" + "".join(f"{each:>10}" for each in shown)


def _score_line(name: str, score: Score) -> str:
    def shown(value: float | None, style: str) -> str:
        return "-" if value is None else format(value, style)

    return (
        f"  {name:<30}{score.figures:>12,}{score.truth:>12,.0f}{shown(score.bias, '+.2%'):>10}"
        f"{shown(score.wape, '.2%'):>9}{shown(score.coverage, '.1%'):>10}{shown(score.width, '.1%'):>9}"
    )
