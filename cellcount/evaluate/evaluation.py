"""Every published figure of some days against the truth, and what others would have made of the same deliveries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cellcount.build.deliveries import open_deliveries
from cellcount.evaluate.baselines import Baselines
from cellcount.evaluate.released import CellFacts, Released, numbers
from cellcount.evaluate.score import Score, Tally
from cellcount.evaluate.truth import EvaluationError, Truth
from cellcount.progress import Progress, silent
from cellcount.standard import HOUR_COLUMNS

RELEASE = "release"
CELL_SIZES = (50.0, 200.0, 1_000.0, 5_000.0)
"""People: limits of the sizes of cells, by their published figure."""
AREA_SIZES = (100_000.0, 200_000.0, 400_000.0)
"""The same of authorities and what is above them."""
AREA_LEVELS = {"authority": "authorities", "region": "regions", "nation": "nations", "country": "country"}


@dataclass
class Level:
    """The comparison of one level: cells of a resolution, or areas of a kind.

    Attributes
    ----------
    name : str
        `cells 8`, `authorities`, ...
    tallies : dict of str to Tally
        By estimator: the release, and the others where deliveries are given.
    rows : int
        Figures that are published or withheld.
    published : int
        Those that are published.
    truth_published, truth_all : float
        People x hours of the truth, where a figure is published, and everywhere.
    intervals : list of tuple
        Of each world: intervals, and those that hold the truth.
    places : int
        Places that the figures are of, in all worlds.
    """

    name: str
    tallies: dict[str, Tally] = field(default_factory=dict)
    rows: int = 0
    published: int = 0
    truth_published: float = 0.0
    truth_all: float = 0.0
    intervals: list[tuple[float, float]] = field(default_factory=list)
    places: int = 0

    def __iadd__(self, other: Level) -> Level:
        """Add up the same level of another world."""
        for name, tally in other.tallies.items():
            if name in self.tallies:
                self.tallies[name] = self._aligned(self.tallies[name], tally)
            else:
                self.tallies[name] = tally
        self.rows += other.rows
        self.published += other.published
        self.truth_published += other.truth_published
        self.truth_all += other.truth_all
        self.intervals += other.intervals
        self.places += other.places
        return self

    @property
    def doubt(self) -> float | None:
        """Standard error of the coverage of intervals over worlds; None for a single world, which cannot tell.

        Errors of one world go together, so that the worlds are the sample and not the figures: that of a ratio of two
        sums over clusters (Cochran 1977, Sampling Techniques, 3rd edition, section 9.7).

        Examples
        --------
        Two worlds, in one of which 9 of 10 intervals hold the truth, in the other all: 95 %, 5 points either way.

        >>> round(Level("regions", intervals=[(10, 9), (10, 10)]).doubt, 6)
        0.05
        """
        number = len(self.intervals)
        tried, held = np.array(self.intervals, dtype=np.float64).reshape(-1, 2).T
        if number < 2 or not tried.sum():
            return None
        off = held - tried * held.sum() / tried.sum()
        return float(np.sqrt(number / (number - 1) * np.square(off).sum()) / tried.sum())

    @staticmethod
    def _aligned(one: Tally, other: Tally) -> Tally:
        """Their sum; places of worlds may be of different kinds."""
        kinds = tuple(dict.fromkeys((*one.kinds, *other.kinds)))
        total = Tally(kinds, one.limits)
        for each in (one, other):
            for number, kind in enumerate(each.kinds):
                total.sums[:, kinds.index(kind)] += each.sums[:, number]
        return total


@dataclass
class Evaluation:
    """What a comparison of a release, or of several, with the truth has found.

    Attributes
    ----------
    releases : list of str
        Names of the releases.
    dates : list of date
        UTC days that were compared.
    levels : dict of str to Level
        Finest cells first.
    closing : list of tuple
        Of every hour: the released figure of the country and the people who were really present; empty where the
        release has none.
    """

    releases: list[str]
    dates: list[dt.date]
    levels: dict[str, Level] = field(default_factory=dict)
    closing: list[tuple[float, float]] = field(default_factory=list)

    def __iadd__(self, other: Evaluation) -> Evaluation:
        """Pool the evaluation of another world."""
        self.releases += other.releases
        self.dates = sorted({*self.dates, *other.dates})
        for name, level in other.levels.items():
            if name in self.levels:
                self.levels[name] += level
            else:
                self.levels[name] = level
        self.closing += other.closing
        return self


def evaluate(
    release: Path,
    truth: Path,
    deliveries: Sequence[Path] = (),
    *,
    days: int = 7,
    progress: Progress = silent,
) -> Evaluation:
    """Compare a release of the demonstration with the truth.

    Parameters
    ----------
    release : Path
        Folder of the release.
    truth : Path
        Folder `truth` of the demonstration.
    deliveries : sequence of Path
        The deliveries that the release was made from, for what others would make of them; none to leave that out.
    days : int
        Days that are compared, spread evenly over the period; all of them where there are no more.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Evaluation

    Raises
    ------
    CellCountError
        If one of them cannot be read, or they have no day in common.
    """
    released, real = Released(release), Truth(truth)
    dates = _spread(sorted(set(released.dates) & set(real.dates)), days)
    if not dates:
        raise EvaluationError(
            f"{release} and {truth} have no day in common. Name the truth of the demonstration that the release is of."
        )
    others = Baselines(open_deliveries(deliveries), released, real) if deliveries else None
    made = Evaluation([release.name], dates)
    facts = {resolution: released.cells(resolution) for resolution in released.resolutions}
    for number, date in enumerate(dates):
        progress(number / len(dates), f"Comparing {date}")
        _cells(made, released, real, others, facts=facts, date=date)
        _areas(made, released, real, others, date)
    for level in made.levels.values():
        score = Score.of(level.tallies[RELEASE].total())
        level.intervals.append((score.intervals, score.holding))
        level.places = round(level.rows / (len(HOUR_COLUMNS) * len(dates)))
    progress(1.0, "Compared")
    return made


def _spread(dates: Sequence[dt.date], days: int) -> list[dt.date]:
    """Days, evenly spread, with the first and the last."""
    if days >= len(dates):
        return list(dates)
    return [dates[place] for place in sorted({round(each) for each in np.linspace(0, len(dates) - 1, days)})]


def _cells(
    made: Evaluation,
    released: Released,
    truth: Truth,
    others: Baselines | None,
    *,
    facts: Mapping[int, CellFacts],
    date: dt.date,
) -> None:
    everybody = truth.cells(date)
    made_of = others.cell_estimates(date, everybody, facts) if others else None
    for resolution, known in facts.items():
        level = made.levels.setdefault(f"cells {resolution}", Level(f"cells {resolution}"))
        h3, table = released.present(resolution, date)
        places = np.searchsorted(known.h3, h3)
        people, outside = everybody.at(h3, resolution)
        level.truth_all += float(people.sum(dtype=np.float64)) + outside
        estimates = made_of.by_hour(h3, resolution, known.area[places]) if made_of else None
        for hour, column in enumerate(HOUR_COLUMNS):
            figure = numbers(table.column(column))
            error = known.standard_error(figure, hour, places)
            _compare(
                level,
                hour,
                kinds=known.kinds,
                kind=known.kind[places],
                limits=CELL_SIZES,
                figure=figure,
                error=error,
                truth=people[hour],
                estimates=next(estimates) if estimates else {},
            )


def _areas(made: Evaluation, released: Released, truth: Truth, others: Baselines | None, date: dt.date) -> None:
    kinds = dict(zip(*(released.areas.column(name).to_pylist() for name in ("area_code", "area_type")), strict=True))
    rows = released.area_rows(date)
    for kind, name in AREA_LEVELS.items():
        codes = [code for code in rows if kinds.get(code) == kind]
        if not codes:
            continue
        people = truth.areas(date, codes)
        known = np.flatnonzero(~np.isnan(people).any(axis=0))
        codes, people = [codes[place] for place in known], people[:, known]
        if not codes:
            continue
        level = made.levels.setdefault(name, Level(name))
        level.truth_all += float(people.sum())
        figures, errors = released.area_hours(date, codes)
        estimates = others.area_estimates(date, codes) if others else {}
        for hour in range(len(HOUR_COLUMNS)):
            _compare(
                level,
                hour,
                kinds=(kind,),
                kind=np.zeros(len(codes), dtype=np.int64),
                limits=AREA_SIZES,
                figure=figures[hour],
                error=errors[hour],
                truth=people[hour],
                estimates={estimator: values[hour] for estimator, values in estimates.items()},
            )
        if kind == "country":
            made.closing += zip(figures[:, 0].tolist(), truth.present(date).tolist(), strict=True)


def _compare(
    level: Level,
    hour: int,
    *,
    kinds: tuple[str, ...],
    kind: NDArray[np.int64],
    limits: tuple[float, ...],
    figure: NDArray[np.float64],
    error: NDArray[np.float64],
    truth: NDArray[np.floating],
    estimates: Mapping[str, NDArray[np.float64]],
) -> None:
    """Score the figures of an hour, and what others make of the same."""
    published = ~np.isnan(figure)
    level.rows += len(figure)
    level.published += int(published.sum())
    level.truth_published += float(truth[published].sum(dtype=np.float64))
    for name, values in {RELEASE: figure, **estimates}.items():
        tally = level.tallies.setdefault(name, Tally(kinds, limits))
        tally.add(
            hour,
            kind=kind,
            published=figure,
            estimate=values,
            truth=truth,
            error=error if name == RELEASE else None,
        )
