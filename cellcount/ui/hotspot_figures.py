"""Hotspots of an area over a day, or over a window of hours: figures and the words around them. No Streamlit here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cellcount.methods import hotspots as methods
from cellcount.methods.hotspots import COLD, HOT, ORDINARY, UNKNOWN, Neighbours
from cellcount.methods.precision import interval, standard_error
from cellcount.ui.certainty import Parameters
from cellcount.ui.hour import CELL_KM2, DensityDay
from cellcount.ui.presence import Floats
from cellcount.ui.times import Slot
from cellcount.ui.windows import RULE, widened
from cellcount.ui.words import count, labels, listed, number, percent

Method = Literal["gi", "lorenz", "persistence"]

CHOICES: dict[str, str] = {
    "gi": "Beyond chance (Gi*)",
    "lorenz": "Busiest cells (Lorenz)",
    "persistence": "Persistence",
}
"""What each method is called on screen."""
RATES: dict[str, str] = {"1": "1 %", "5": "5 %", "10": "10 %"}
"""False-discovery rates that can be chosen."""
RINGS: dict[str, str] = {"1": "1 ring", "2": "2 rings", "3": "3 rings"}
AS_COUNTED, ROOT = "counted", "root"
DENSITIES: dict[str, str] = {AS_COUNTED: "As counted", ROOT: "Square root"}
"""Of what Gi* is worked out: people per km², or its square root."""

FEW_CELLS = 30
"""With fewer cells that have a figure, chance explains nearly everything."""
DRAWS = 50
"""How often figures are drawn anew to see how steady verdicts are."""
STEADY_SHARE = 0.95
"""A cell that stays hot in this share of the draws is steady."""
_SEED = 1995
FEW_SPOTS = 4
"""With fewer hotspots the list is of the places in them."""
MOST_RANKED = 10
CLASS_WORDS: dict[str, tuple[str, ...]] = {
    "gi": ("Unusually empty", "Not distinguishable from chance", "Unusually concentrated"),
    "lorenz": ("Below the threshold", "Hotspot: above the threshold"),
    "persistence": (
        "Never",
        "Occasional: under a third of the hours",
        "Intermittent: a third or more",
        "Permanent: every hour",
    ),
}
"""What the classes of each method are called, from the lowest."""
LOWEST = {"gi": 2, "lorenz": 1, "persistence": 1}
"""What is added to a verdict to make it the place of its words, from 1."""
TITLES: dict[str, str] = {
    "gi": "People per km² against chance",
    "lorenz": "Busiest by people per km²",
    "persistence": "How long a cell is a hotspot",
}
VERDICTS = {HOT: "hot", ORDINARY: "not distinguishable from chance", COLD: "cold", UNKNOWN: "withheld or not covered"}
LASTING = {
    methods.PERMANENT: "permanent",
    methods.INTERMITTENT: "intermittent",
    methods.OCCASIONAL: "occasional",
    methods.NEVER: "never",
    UNKNOWN: "withheld or not covered",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """How hotspots are looked for.

    Attributes
    ----------
    method : {'gi', 'lorenz', 'persistence'}
        Gi* with false-discovery control, the Lorenz threshold, or how long Gi* calls a cell hot.
    rate : float
        False-discovery rate of Gi*.
    rings : int
        Rings of cells in a neighbourhood.
    root : bool
        Whether Gi* is worked out of the square root of the density.
    """

    method: Method
    rate: float = 0.05
    rings: int = 2
    root: bool = False


@dataclass(frozen=True, slots=True)
class Certainty:
    """What the precision of people in any union of cells is worked out from.

    Attributes
    ----------
    known : Parameters
        Of the areas that the cells lie in.
    parts : tuple of str
        Parts of the UTC day.
    weights : array of float, shape (steps, parts)
        How much of each step lies in each of them; rows add to 1.
    """

    known: Parameters
    parts: tuple[str, ...]
    weights: Floats


@dataclass(frozen=True)
class Hotspots:
    """Verdicts on every cell of an area in each step of a day: hours, or the one mean of a window.

    Attributes
    ----------
    day : DensityDay
        The area and the day, with people by cell and step.
    setting : Setting
        How hotspots were looked for.
    density : array of float, shape (cells, steps)
        People per km²; NaN where withheld or not covered.
    verdicts : array of int8, shape (cells, steps)
        `HOT`, `ORDINARY`, `COLD` or `UNKNOWN`.
    score, p, q : array of float, shape (cells, steps)
        Gi*, its probability under chance and its q-value; all NaN with the Lorenz threshold.
    threshold, share : array of float, shape (steps,)
        The least density of a hotspot and F* by the Lorenz curve; all NaN with Gi*.
    touching : Neighbours
        The cells that touch each cell.
    """

    day: DensityDay
    setting: Setting
    density: Floats
    verdicts: NDArray[np.int8]
    score: Floats
    p: Floats
    q: Floats
    threshold: Floats
    share: Floats
    touching: Neighbours

    @property
    def people(self) -> Floats:
        """People present, shape (cells, steps); NaN where withheld or not covered."""
        return self.day.cells.people

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Whether the release has a row, shape (cells, steps)."""
        return self.day.cells.covered

    @property
    def hot(self) -> NDArray[np.bool_]:
        """Which cells are hotspots, shape (cells, steps)."""
        return self.verdicts == HOT

    @property
    def over(self) -> str:
        """All of its steps together, in words."""
        window = self.day.view.day.window
        return f"{window.times}, hour by hour" if window else f"all {len(self.day.slots)} {self.unit}"

    @property
    def unit(self) -> str:
        """What its steps are."""
        hourly = all(len(slot.hours) == 1 for slot in self.day.slots)
        return "hours" if hourly else "parts of the day"

    @cached_property
    def lasting(self) -> methods.Persistence:
        """Share of the steps in which each cell is hot, and how lasting that is."""
        return methods.persistence(self.hot, self.verdicts != UNKNOWN)


def find(day: DensityDay, setting: Setting) -> Hotspots:
    """Look for hotspots in each step of a day, each by itself.

    Parameters
    ----------
    day : DensityDay
        The area and the day.
    setting : Setting
        How; persistence is that of Gi*.

    Returns
    -------
    Hotspots
    """
    cells = day.cells
    km2 = day.facts.km2[day.facts.rows_of(cells.h3)]
    density = np.where(cells.covered, cells.people, np.nan) / km2[:, None]
    nothing, none = np.full(density.shape, np.nan), np.full(density.shape[1], np.nan)
    touching = methods.disks(cells.h3, 1)
    if setting.method == "lorenz":
        found = methods.lorenz(density)
        verdicts = np.where(np.isnan(density), UNKNOWN, np.where(found.hot, HOT, ORDINARY)).astype(np.int8)
        return Hotspots(
            day, setting, density, verdicts, nothing, nothing, nothing, found.threshold, found.share, touching
        )
    around = touching if setting.rings == 1 else methods.disks(cells.h3, setting.rings)
    gi = methods.gi_star(np.sqrt(density) if setting.root else density, around)
    q = methods.q_values(gi.p)
    verdicts = methods.verdicts(gi.score, q, setting.rate)
    return Hotspots(day, setting, density, verdicts, gi.score, gi.p, q, none, none, touching)


@dataclass(frozen=True, slots=True)
class Total:
    """People in some cells, with a standard error that is None where the release does not tell it."""

    people: float
    error: float | None


@dataclass(frozen=True, slots=True)
class Spot:
    """Cells that lie together and are a hotspot.

    Attributes
    ----------
    place : str
        Where its densest cell is, in words.
    peak : int
        That cell.
    cells, areas : int
        How many cells, and how many of the smallest areas they lie in.
    km2 : float
        Their area.
    people, error : float, float or None
        Mean people present, and their standard error.
    densest : float
        People per km² of the densest cell.
    row : int
        Row of that cell.
    """

    place: str
    peak: int
    cells: int
    areas: int
    km2: float
    people: float
    error: float | None
    densest: float
    row: int

    @property
    def name(self) -> str:
        """Where it is, in words: its densest cell, and whether it reaches beyond that cell's area."""
        others = self.areas - 1
        return f"{self.place} and {count(others, 'other area')}" if others > 0 else self.place


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a picture.

    Attributes
    ----------
    spots, hot, cold : int
        Hotspots, the cells in them, and cells that are unusually empty.
    people : Total
        In the hotspots.
    area : Total or None
        In the whole area, its own count; None where the release has none.
    km2, whole_km2 : float
        Area of the hotspots' cells, and of all cells that have a figure.
    """

    spots: int
    hot: int
    cold: int
    people: Total
    area: Total | None
    km2: float
    whole_km2: float

    @property
    def share(self) -> float | None:
        """People in hotspots over people in the area; None where one is not known."""
        return self.people.people / self.area.people if self.area and self.area.people else None

    @property
    def share_error(self) -> float | None:
        """Standard error of the share, rather too wide: the two figures are taken as independent."""
        if not self.area or self.people.error is None or self.area.error is None or not self.people.people:
            return None
        relative = np.hypot(self.people.error / self.people.people, self.area.error / self.area.people)
        return float(self.people.people / self.area.people * relative)

    @property
    def area_share(self) -> float:
        """Area of the hotspots over that of all cells with a figure."""
        return self.km2 / self.whole_km2 if self.whole_km2 else float("nan")


@dataclass(frozen=True)
class Picture:
    """What the map shows at one moment: verdicts, or how lasting they are, with the figures that belong to it.

    Attributes
    ----------
    found : Hotspots
        Verdicts on the hours, or on the mean of a window.
    hourly : Hotspots
        Verdicts on every hour, from which comes for how many of them a cell is hot.
    place : int
        Which step of `found` is looked at; persistence looks at all of them.
    certainty : Certainty or None
        Of the steps of `found`; None where the release does not tell its precision.
    """

    found: Hotspots
    hourly: Hotspots
    place: int
    certainty: Certainty | None = None

    @property
    def lasting(self) -> bool:
        """Whether it is the persistence over the day that is shown."""
        return self.found.setting.method == "persistence"

    @property
    def places(self) -> NDArray[np.int64]:
        """The steps that its figures are a mean of."""
        return np.arange(len(self.found.day.slots)) if self.lasting else np.array([self.place])

    @cached_property
    def people(self) -> Floats:
        """People present in each cell; NaN where there is no verdict.

        Of several steps it is the mean of those known, which are half or more where there is a verdict.
        """
        over = self.found.people[:, self.places]
        known = np.isfinite(over).sum(axis=1)
        shown = (known > 0) & ((self.kinds != UNKNOWN) | (not self.lasting))
        return np.where(shown, np.nansum(over, axis=1) / np.maximum(known, 1), np.nan)

    @cached_property
    def _left_out(self) -> Floats:
        """Share of the hours behind each cell's figure that is withheld, 0 to 1."""
        day = self.found.day
        over, covered = self.found.people[:, self.places], self.found.covered[:, self.places].sum(axis=1)
        within = np.zeros(over.shape) if day.left_out is None else day.left_out[:, self.places]
        known = np.where(np.isfinite(over), 1.0 - within, 0.0).sum(axis=1)
        return 1.0 - np.divide(known, covered, out=np.ones(len(over)), where=covered > 0)

    @cached_property
    def density(self) -> Floats:
        """People per km² of each cell."""
        return self.people / self._km2

    @cached_property
    def kinds(self) -> NDArray[np.int8]:
        """Verdict on each cell, or how lasting a hotspot it is; `UNKNOWN` where it has none."""
        return self.found.lasting[1] if self.lasting else self.found.verdicts[:, self.place]

    @cached_property
    def chosen(self) -> NDArray[np.bool_]:
        """Which cells make up the hotspots that are counted: hot ones; of persistence, intermittent and permanent."""
        return self.kinds >= (methods.INTERMITTENT if self.lasting else HOT)

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """Which hotspot each cell belongs to, and -1 of cells that belong to none."""
        return methods.contiguous(self.chosen, self.found.touching)

    @cached_property
    def _km2(self) -> Floats:
        return self.found.day.facts.km2[self._rows]

    @cached_property
    def _rows(self) -> NDArray[np.int64]:
        return self.found.day.facts.rows_of(self.found.day.cells.h3)

    @property
    def unknown(self) -> int:
        """Cells that the release covers and whose figure is withheld in one of the hours."""
        covered = self.found.covered.any(axis=1) if self.lasting else self.found.covered[:, self.place]
        return int((covered & (self.kinds == UNKNOWN)).sum())

    @property
    def not_covered(self) -> int:
        """Cells of the area that the release has no row for."""
        covered = self.found.covered.any(axis=1) if self.lasting else self.found.covered[:, self.place]
        return len(self.found.day.facts.h3) - int(covered.sum())

    @property
    def few(self) -> bool:
        """Whether so few cells have a figure that chance explains nearly everything."""
        return int((self.kinds != UNKNOWN).sum()) < FEW_CELLS

    @cached_property
    def spots(self) -> tuple[Spot, ...]:
        """The hotspots, the one with most people first."""
        groups, chosen = self.groups, self.chosen
        number_of = int(groups.max(initial=-1)) + 1
        if not number_of:
            return ()
        day = self.found.day
        rows = np.flatnonzero(chosen)
        of = groups[rows]
        known = np.nan_to_num(self.people[rows])
        people = np.bincount(of, known, minlength=number_of)
        km2 = np.bincount(of, self._km2[rows], minlength=number_of)
        cells = np.bincount(of, minlength=number_of)
        errors = self._errors(groups, number_of)
        codes = np.array([day.facts.areas[row] or "" for row in self._rows[rows].tolist()], dtype=np.str_)
        areas = np.bincount([group for group, code in set(zip(of.tolist(), codes.tolist(), strict=True)) if code])
        areas = np.pad(areas, (0, number_of - len(areas)))
        # By group and then by density, the densest cell of each group is its last.
        order = np.lexsort((np.nan_to_num(self.density[rows]), of))
        peaks = rows[order[np.cumsum(cells) - 1]]
        first = np.argsort(-people, kind="stable")
        return tuple(
            Spot(
                place=day.facts.places[self._rows[peaks[group]]],
                peak=int(day.cells.h3[peaks[group]]),
                cells=int(cells[group]),
                areas=int(areas[group]),
                km2=float(km2[group]),
                people=float(people[group]),
                error=float(errors[group]) if np.isfinite(errors[group]) else None,
                densest=float(self.density[peaks[group]]),
                row=int(peaks[group]),
            )
            for group in first.tolist()
        )

    @cached_property
    def figures(self) -> Figures:
        """Its figures."""
        chosen, known = self.chosen, self.kinds != UNKNOWN
        error = self._errors(np.where(chosen, 0, -1), 1)[0] if chosen.any() else 0.0
        people, errors = self.found.day.areas.of(self.found.day.view.area.code)
        total, total_error = people[self.places].mean(), errors[self.places].mean()
        return Figures(
            spots=len(self.spots),
            hot=int(chosen.sum()),
            cold=int((self.kinds == COLD).sum()),
            people=Total(float(np.nansum(self.people[chosen])), float(error) if np.isfinite(error) else None),
            area=Total(float(total), float(total_error) if np.isfinite(total_error) else None)
            if np.isfinite(total)
            else None,
            km2=float(self._km2[chosen].sum()),
            whole_km2=float(self._km2[known].sum()),
        )

    def _errors(self, groups: NDArray[np.int64], number_of: int) -> Floats:
        """Standard errors of the people in groups of cells; NaN where not known.

        The cells of a group in one area have the error of their union. Areas and hours may be wrong in the same way, so
        their errors are added and not their variances: rather too wide. An hour that is withheld counts as the mean of
        the cell's others, as it does in the figure, and the error is `widened` by what is left out.
        """
        if self.certainty is None:
            return np.full(number_of, np.nan)
        day = self.found.day
        rows = np.flatnonzero(groups >= 0)
        codes = np.array([day.facts.areas[row] or "" for row in self._rows[rows].tolist()], dtype=np.str_)
        areas, area = np.unique(codes, return_inverse=True)
        unions, union = np.unique(groups[rows] * len(areas) + area, return_inverse=True)
        places = self.places
        figures = np.bincount(union, minlength=len(unions)).astype(np.float64)[:, None]
        km2 = np.bincount(union, self._km2[rows], minlength=len(unions))[:, None]
        means = np.nan_to_num(self.people[rows])
        held = day.cells.people[np.ix_(rows, places)]
        known = np.where(np.isnan(held), means[:, None], held)
        people = np.column_stack([np.bincount(union, each, minlength=len(unions)) for each in known.T])
        days = np.bincount(union, day.cells.days[rows], minlength=len(unions))[:, None] / figures
        precision = self.certainty.known.at(
            [str(areas[each]) for each in (unions % len(areas)).tolist()], self.certainty.parts
        )
        weights = self.certainty.weights[places]
        by_step = [
            standard_error(people[:, [step]], precision, area_km2=km2, days=days, figures=figures) @ weights[step]
            for step in range(len(places))
        ]
        # What is withheld has few people in every cell: the cells are too high together.
        too_high = np.bincount(union, self._left_out[rows] * means, minlength=len(unions)).astype(np.float64)
        errors = widened(np.mean(by_step, axis=0), np.ones(len(unions)), too_high)
        return np.bincount(unions // len(areas), errors, minlength=number_of).astype(np.float64)

    # ------------------------------------------------------------------------------------------------ words

    @property
    def time(self) -> str:
        """The time, or all times together, in words."""
        return self.found.over if self.lasting else self.found.day.slots[self.place].words

    def when(self) -> str:
        """The day and the time, in words."""
        return f"{self.found.day.view.day.words}, {self.time}"

    def headline(self) -> str:
        """The finding, in a sentence that needs no method to be understood."""
        figures, name = self.figures, self.found.day.view.area.name
        if not figures.hot:
            return f"Nothing in {name} is {self._called()}, {self.when()}."
        one = figures.spots == 1
        said = [f"{'takes' if one else 'take'} up {percent(figures.area_share)} of the area that has figures"]
        if figures.share is not None:
            said.insert(0, f"{'holds' if one else 'hold'} {percent(figures.share)} of all people present")
        lasting = " in a third of the hours or more" if self.lasting else ""
        return f"{count(figures.spots, 'hotspot')}{lasting} {' and '.join(said)}."

    def _called(self) -> str:
        if self.lasting:
            return "a hotspot in a third of the hours or more"
        return "above the threshold" if self.found.setting.method == "lorenz" else "unusually concentrated"

    def caption(self, rule: str) -> str:
        """What is shown, place, time, what chance means, and what has no verdict and why.

        Parameters
        ----------
        rule : str
            The release's disclosure rule, a sentence.
        """
        found, day = self.found, self.found.day
        setting, cells = found.setting, len(day.facts.h3)
        sentences = [
            f"{TITLES[setting.method]}, {day.view.area.label}, {self.when()}, local time ({day.zone}).",
            f"H3 cells of resolution {day.resolution}, about {CELL_KM2[day.resolution]} each, "
            f"compared with the other cells of {day.view.area.name} only.",
        ]
        if setting.method == "lorenz":
            sentences.append(self._of_threshold())
        else:
            sentences.append(self._of_chance())
        if self.unknown:
            one = self.unknown == 1
            left = "" if setting.method == "lorenz" else ", and left out of the neighbourhoods of others"
            sentences.append(
                f"{self.unknown:,} of {count(cells, 'cell')} {'is' if one else 'are'} withheld and hatched: unknown, "
                f"not empty, so without a verdict{left}. {rule}"
            )
            if day.view.day.window is not None:
                sentences.append(RULE["mean"])
        if self.not_covered:
            one = self.not_covered == 1
            sentences.append(
                f"{self.not_covered:,} of {count(cells, 'cell')} {'is' if one else 'are'} not covered by the release "
                "and not drawn."
            )
        if self.few:
            sentences.append(
                f"Under {FEW_CELLS} cells have a figure: hardly anything can be told from chance. A larger area tells "
                "more."
            )
        return " ".join(sentences)

    def _of_chance(self) -> str:
        setting = self.found.setting
        of = "the square root of people per km²" if setting.root else "people per km²"
        return (
            "Chance is the same figures dealt out over the cells at random; of the cells called unusual in one map, "
            f"about {100 * setting.rate:g} % at most are expected to be so by chance alone. Gi* on {of}, each cell "
            f"with the {count(setting.rings, 'ring')} of cells around it."
        )

    def _of_threshold(self) -> str:
        share, threshold = self.found.share[self.place], self.found.threshold[self.place]
        if not np.isfinite(threshold):
            return "No cell has anybody in it that may be shown, so there is no threshold."
        return (
            f"Hotspots are the cells ranked above {percent(share)} of all by people per km², {number(threshold)} and "
            "more: a threshold from the Lorenz curve, not a test. It finds some in noise as well."
        )

    def alternative(self) -> str:
        """What the map shows, for those who do not see it."""
        where = self.found.day.view.area.name
        first = [f"{spot.place}, {number(spot.people, spot.error)} people" for spot in self.spots[:3]]
        said = f"Map of hotspots in {where}, {self.when()}. {self.headline()}"
        return f"{said} The largest: {'; '.join(first)}." if first else said

    def more(self) -> tuple[str, ...]:
        """A line for the tooltip of each cell: for how much of the day it is hot."""
        share, _ = self.hourly.lasting
        known = (self.hourly.verdicts != UNKNOWN).sum(axis=1)
        hot = self.hourly.hot.sum(axis=1)
        unit = self.hourly.unit
        return tuple(
            "" if np.isnan(each) else f"Hot in {some} of {of} {unit} known"
            for each, some, of in zip(share.tolist(), hot.tolist(), known.tolist(), strict=True)
        )

    def told_of(self, cell: int) -> str:
        """What is known of one cell, in two sentences.

        Parameters
        ----------
        cell : int
            One of the day's cells.
        """
        found, row = self.found, int(np.searchsorted(self.found.day.cells.h3, cell))
        place = found.day.facts.places[self._rows[row]]
        kind = int(self.kinds[row])
        words_of = CLASS_WORDS[found.setting.method]
        said = "withheld" if kind == UNKNOWN else words_of[kind + LOWEST[found.setting.method] - 1].lower()
        words = [f"The cell {place}: {said}"]
        if np.isfinite(self.density[row]):
            words.append(f"{number(self.density[row])} people per km²")
        if not self.lasting and np.isfinite(found.q[row, self.place]):
            q = found.q[row, self.place]
            score = f"{found.score[row, self.place]:.1f}".replace("-", "−")
            words.append(f"Gi* {score}, q {'under 0.001' if q < 0.001 else f'{q:.3f}'}")
        more = self.more()[row]
        return f"{', '.join(words)}. {f'{more}.' if more else ''}".strip()

    # ------------------------------------------------------------------------------------------------ tables

    @property
    def by_place(self) -> bool:
        """Whether so few hotspots are found that the places in them are ranked instead."""
        return 0 < len(self.spots) < FEW_SPOTS

    def ranked(self) -> pd.DataFrame:
        """The hotspots with most people, or where there are few of them the places in them, for the list at the map.

        Returns
        -------
        DataFrame
            `name`, `value`, its standard error in `error` (NaN where not known), and `target`: its densest cell.
        """
        if self.by_place:
            return self._places()
        shown = self.spots[:MOST_RANKED]
        return pd.DataFrame(
            {
                "name": [spot.name for spot in shown],
                "value": [spot.people for spot in shown],
                "error": [np.nan if spot.error is None else spot.error for spot in shown],
                "target": [f"{spot.peak:x}" for spot in shown],
            }
        )

    def _places(self) -> pd.DataFrame:
        """Hot cells of one place together, the place with most people first."""
        day = self.found.day
        named = np.array([day.facts.places[row] for row in self._rows.tolist()], dtype=np.str_)
        names, of = np.unique(named, return_inverse=True)
        groups = np.where(self.chosen, of, -1)
        rows = np.flatnonzero(self.chosen)
        people = np.bincount(of[rows], np.nan_to_num(self.people[rows]), minlength=len(names))
        errors = self._errors(groups, len(names))
        first = [at for at in np.argsort(-people, kind="stable")[:MOST_RANKED].tolist() if (groups == at).any()]
        densest = [rows[of[rows] == at][np.argmax(np.nan_to_num(self.density[rows[of[rows] == at]]))] for at in first]
        return pd.DataFrame(
            {
                "name": [str(names[at]) for at in first],
                "value": people[first],
                "error": errors[first],
                "target": [f"{cell:x}" for cell in day.cells.h3[densest].tolist()],
            }
        )

    def spot_table(self) -> pd.DataFrame:
        """Every hotspot, the one with most people first: what is taken away."""
        spots = self.spots
        people = np.array([spot.people for spot in spots], dtype=np.float64)
        errors = np.array([np.nan if spot.error is None else spot.error for spot in spots], dtype=np.float64)
        low, high = interval(people, errors)
        rows = [spot.row for spot in spots]
        return pd.DataFrame(
            {
                "rank": np.arange(1, len(spots) + 1),
                "place": [spot.place for spot in spots],
                "areas": [spot.areas for spot in spots],
                "cells": [spot.cells for spot in spots],
                "area_km2": [round(spot.km2, 3) for spot in spots],
                "people": people.round(1),
                "se": _floats(errors, 1),
                "lower": _floats(low, 1),
                "upper": _floats(high, 1),
                "label": labels(people, errors),
                "densest_people_per_km2": np.array([spot.densest for spot in spots], dtype=np.float64).round(1),
                "hours_hot": _floats(self._hours()[rows], 3),
                "densest_cell": [f"{spot.peak:x}" for spot in spots],
            }
        )

    def spot_columns(self) -> dict[str, str]:
        """What each column of `spot_table` means."""
        return {
            "time": f"Step, {self.found.day.view.day.words}, local time ({self.found.day.zone})",
            "rank": "Order by people",
            "place": "Where its densest cell is: nearest settlement and area",
            "areas": "How many of the smallest areas it reaches into",
            "cells": "Cells that lie together and are a hotspot",
            "area_km2": "Area of these cells in square kilometres",
            "people": "People present in them; over several hours the mean",
            "se": "Standard error of people; empty where not known",
            "lower": "Lower limit of the 95 % interval",
            "upper": "Upper limit of the 95 % interval",
            "label": "Precision in words, by standard error over figure",
            "densest_people_per_km2": "People per square kilometre of its densest cell",
            "hours_hot": "Share of the hours looked at in which that cell is a hotspot; empty where not known",
            "densest_cell": f"That cell, H3 of resolution {self.found.day.resolution}, as text",
        }

    def table(self) -> pd.DataFrame:
        """The hotspots as the page's table shows them."""
        shown = self.spot_table()
        columns = {
            "rank": "Rank",
            "place": "Place",
            "people": "People",
            "lower": "Lower",
            "upper": "Upper",
            "label": "Precision",
            "cells": "Cells",
            "area_km2": "km²",
            "densest_people_per_km2": "Densest, per km²",
            "hours_hot": "Hours hot",
        }
        return shown[list(columns)].rename(columns=columns)

    def _hours(self) -> NDArray[np.float64]:
        return self.hourly.lasting[0]


def _floats(values: Floats, decimals: int) -> pd.arrays.FloatingArray:
    """Figures as they are taken away: empty where not known."""
    return pd.array(values.round(decimals), dtype="Float64")


# ------------------------------------------------------------------------------------------------ how steady


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What becomes of the verdicts of a picture where its figures are drawn anew within their errors.

    Attributes
    ----------
    draws : int
        How often.
    hot : int
        Cells that are hot as the figures are.
    kept : int
        Of these, cells that are hot in at least `STEADY_SHARE` of the draws.
    cells, spots, share : tuple of float
        Between which numbers 95 % of the draws lie: hot cells, hotspots, and people in hotspots over people in cells.
    """

    draws: int
    hot: int
    kept: int
    cells: tuple[float, float]
    spots: tuple[float, float]
    share: tuple[float, float]

    def words(self) -> str:
        """All of it, in sentences."""
        low, high = (f"{each:,.0f}" for each in self.cells)
        few, many = (f"{each:,.0f}" for each in self.spots)
        return (
            f"The figures were drawn anew {self.draws} times within their standard errors, each cell by itself, and "
            f"hotspots were looked for again. Of {count(self.hot, 'hot cell')}, {self.kept:,} stayed hot in at least "
            f"{100 * STEADY_SHARE:g} % of the draws. In 95 % of them {low} to {high} cells were hot, in {few} to "
            f"{many} hotspots with {percent(self.share[0])} to {percent(self.share[1])} of the people in cells. Errors "
            "that all cells share would change no verdict and are drawn here all the same: the truth is rather "
            "steadier."
        )


def steadiness(picture: Picture) -> Steadiness | None:
    """Draw the figures of a picture anew within their errors, and look for hotspots again.

    Parameters
    ----------
    picture : Picture
        An hour or a window; persistence, which is of many hours, has none.

    Returns
    -------
    Steadiness or None
        None where the release gives no errors of cells.
    """
    found, place = picture.found, picture.place
    day = found.day
    people, errors = day.cells.people[:, place], day.errors[:, place]
    if picture.lasting or not np.isfinite(errors).any():
        return None
    # The same draws every time, so that a saved link shows the same figures.
    noise = np.random.default_rng(_SEED).standard_normal((len(people), DRAWS))
    drawn = np.maximum(people[:, None] + np.nan_to_num(errors)[:, None] * noise, 0.0)
    covered = np.tile(day.cells.covered[:, [place]], (1, DRAWS))
    again = find(replace(day, cells=replace(day.cells, people=drawn, covered=covered)), found.setting)
    hot = again.hot
    spots = [int(methods.contiguous(each, found.touching).max(initial=-1)) + 1 for each in hot.T]
    all_people = np.nansum(drawn, axis=0)
    shares = np.where(hot, np.nan_to_num(drawn), 0.0).sum(axis=0) / np.maximum(all_people, 1.0)
    now = found.hot[:, place]

    def between(values: ArrayLike) -> tuple[float, float]:
        low, high = np.quantile(np.asarray(values, dtype=np.float64), (0.025, 0.975))
        return float(low), float(high)

    return Steadiness(
        draws=DRAWS,
        hot=int(now.sum()),
        kept=int((hot.mean(axis=1)[now] >= STEADY_SHARE).sum()),
        cells=between(hot.sum(axis=0)),
        spots=between(spots),
        share=between(shares),
    )


# ------------------------------------------------------------------------------------------------ to take away

VERDICT_COLUMNS = {
    "people": "People present; empty where withheld or not covered",
    "people_per_km2": "The same per square kilometre",
    "verdict": "hot, cold or not distinguishable from chance; or withheld or not covered",
    "gi_star": "Gi*: standard deviations from what is expected by chance",
    "p": "Two-sided probability of a Gi* at least as far out by chance",
    "q": "Least false-discovery rate at which the cell is called hot or cold",
}
"""What is taken away of every cell and step."""
ABOVE = {HOT: "hotspot", ORDINARY: "below the threshold", UNKNOWN: "withheld or not covered"}


def cell_table(pictures: Sequence[Picture]) -> pd.DataFrame:
    """Every cell with its figure and its verdict in every step: what is taken away.

    Parameters
    ----------
    pictures : sequence of Picture
        One a step; of persistence the one that there is.
    """
    first = pictures[0]
    found, day = first.found, first.found.day
    rows = day.facts.rows_of(day.cells.h3)
    columns: dict[str, object] = {
        "h3": [f"{cell:x}" for cell in day.cells.h3.tolist()],
        "place": [day.facts.places[row] for row in rows.tolist()],
        "area_km2": day.facts.km2[rows].round(6),
        "hours_hot": _floats(first.hourly.lasting[0], 4),
        "persistence": [LASTING[kind] for kind in first.hourly.lasting[1].tolist()],
    }
    words = ABOVE if found.setting.method == "lorenz" else VERDICTS
    for picture in pictures:
        step = "" if first.lasting else f" {day.slots[picture.place].label}"
        columns[f"people{step}"] = _floats(picture.people, 1)
        columns[f"people_per_km2{step}"] = _floats(picture.density, 2)
        if first.lasting:
            break
        columns[f"verdict{step}"] = [words[kind] for kind in picture.kinds.tolist()]
        if found.setting.method == "gi":
            for name, values, decimals in (("gi_star", found.score, 3), ("p", found.p, 9), ("q", found.q, 9)):
                columns[f"{name}{step}"] = _floats(values[:, picture.place], decimals)
    return pd.DataFrame(columns)


def cell_columns(pictures: Sequence[Picture]) -> dict[str, str]:
    """What each column of `cell_table` means."""
    first = pictures[0]
    found, day = first.found, first.found.day
    zone = f"local time ({day.zone})"
    meanings = {
        "h3": f"H3 cell of resolution {day.resolution}, as text",
        "place": "Where the cell is: nearest settlement and area",
        "area_km2": "Area of the whole cell in square kilometres",
        "hours_hot": f"Share of the {first.hourly.unit} known in which it is hot; empty where under half are known",
        "persistence": "permanent: hot in every one known; intermittent: in a third or more; occasional: in fewer",
    }
    kept = {"gi": VERDICT_COLUMNS, "lorenz": dict(list(VERDICT_COLUMNS.items())[:3])}
    for picture in pictures:
        if first.lasting:
            return meanings | {
                "people": f"Mean people present over {found.over}, {zone}; empty where withheld or not covered",
                "people_per_km2": VERDICT_COLUMNS["people_per_km2"],
            }
        slot = day.slots[picture.place]
        for name, meaning in kept[found.setting.method].items():
            meanings[f"{name} {slot.label}"] = f"{meaning}; {slot.words}, {zone}"
    return meanings


def spot_table(pictures: Sequence[Picture]) -> pd.DataFrame:
    """The hotspots of every step: what is taken away."""
    found = []
    for picture in pictures:
        time = picture.found.over if picture.lasting else picture.found.day.slots[picture.place].label
        found.append(picture.spot_table().assign(time=time))
    whole = pd.concat(found, ignore_index=True)
    return whole[["time", *(name for name in whole.columns if name != "time")]]


# ------------------------------------------------------------------------------------------------ over the day


@dataclass(frozen=True)
class Course:
    """How the hotspots move over the steps of a day.

    Attributes
    ----------
    slots : tuple of Slot
        The steps.
    figures : tuple of Figures
        Of each step.
    latitude, longitude : array of float, shape (steps,)
        The middle of the people in hotspots; NaN where there are none.
    places : tuple of str
        Where that is, in words: the place of the nearest cell; empty where there is none.
    """

    slots: tuple[Slot, ...]
    figures: tuple[Figures, ...]
    latitude: Floats
    longitude: Floats
    places: tuple[str, ...]

    @property
    def hot(self) -> NDArray[np.int64]:
        """Hot cells in each step."""
        return np.array([each.hot for each in self.figures], dtype=np.int64)

    @property
    def people(self) -> Floats:
        """People in hotspots in each step."""
        return np.array([each.people.people for each in self.figures], dtype=np.float64)

    @property
    def errors(self) -> Floats:
        """Their standard errors; NaN where not known."""
        return np.array([np.nan if each.people.error is None else each.people.error for each in self.figures])

    @property
    def by_share(self) -> bool:
        """Whether shares are known, so that they are drawn; else people are."""
        return bool(np.isfinite(self.shares).any())

    @property
    def shares(self) -> Floats:
        """People in hotspots over all people in the area; NaN where not known."""
        return np.array([np.nan if each.share is None else each.share for each in self.figures], dtype=np.float64)

    @property
    def share_errors(self) -> Floats:
        """Their standard errors; NaN where not known."""
        return np.array([np.nan if each.share_error is None else each.share_error for each in self.figures])

    @property
    def moved(self) -> Floats:
        """Kilometres from the middle of the step before; NaN at the first."""
        if not self.slots:
            return np.zeros(0)
        return np.concatenate([[np.nan], methods.kilometres(self.latitude, self.longitude)])

    def words(self) -> tuple[str, ...]:
        """What is said at each step beside the time bar."""
        return tuple(
            f"{count(each.hot, 'hot cell')}"
            + ("" if each.share is None or not each.hot else f", {percent(each.share)} of people")
            for each in self.figures
        )

    def told(self) -> str:
        """How the hotspots move, in two sentences; one where there are none."""
        some = np.flatnonzero(self.hot)
        if not some.size:
            return "There is no hotspot at any hour of this day."
        shares = np.where(self.hot > 0, self.shares, np.nan)
        sentences = []
        if np.isfinite(shares).any():
            most, least = int(np.nanargmax(shares)), int(np.nanargmin(shares))
            sentences.append(
                f"Hotspots hold most of the people at {self.slots[most].label} ({percent(shares[most])} in "
                f"{count(int(self.hot[most]), 'cell')}) and least at {self.slots[least].label} "
                f"({percent(shares[least])} in {count(int(self.hot[least]), 'cell')})."
            )
        first, last = self._furthest(some)
        km = float(methods.kilometres(self.latitude[[first, last]], self.longitude[[first, last]])[0])
        if km >= 0.1:
            sentences.append(
                f"The middle of the people in them moves by up to {number(km)} km: at {self.slots[first].label} it is "
                f"{self.places[first]}, at {self.slots[last].label} {self.places[last]}."
            )
        else:
            sentences.append("The middle of the people in them hardly moves.")
        return " ".join(sentences)

    def _furthest(self, some: NDArray[np.int64]) -> tuple[int, int]:
        """The two steps whose middles are furthest apart."""
        latitude, longitude = np.radians(self.latitude[some]), np.radians(self.longitude[some])
        points = np.column_stack(
            [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
        )
        apart = np.square(points[:, None, :] - points[None, :, :]).sum(axis=2)
        first, last = np.unravel_index(int(np.argmax(apart)), apart.shape)
        return int(some[min(first, last)]), int(some[max(first, last)])

    def table(self) -> pd.DataFrame:
        """The steps as a table: what is taken away."""
        people, errors = self.people, self.errors
        low, high = interval(people, errors)
        return pd.DataFrame(
            {
                "time": [slot.label for slot in self.slots],
                "hotspots": [each.spots for each in self.figures],
                "hot_cells": self.hot,
                "cold_cells": [each.cold for each in self.figures],
                "people": people.round(1),
                "se": _floats(errors, 1),
                "lower": _floats(low, 1),
                "upper": _floats(high, 1),
                "share_of_people": _floats(self.shares, 5),
                "share_of_area": _floats(np.array([each.area_share for each in self.figures]), 5),
                "middle_lat": _floats(self.latitude, 4),
                "middle_lon": _floats(self.longitude, 4),
                "middle_place": list(self.places),
                "km_moved": _floats(self.moved, 2),
            }
        )

    def columns(self, zone: str) -> dict[str, str]:
        """What each column of `table` means."""
        return {
            "time": f"Start of the step, local time ({zone})",
            "hotspots": "Hotspots: groups of hot cells that lie together",
            "hot_cells": "Cells in them",
            "cold_cells": "Cells that are unusually empty",
            "people": "People present in hotspots",
            "se": "Standard error of people; empty where not known",
            "lower": "Lower limit of the 95 % interval",
            "upper": "Upper limit of the 95 % interval",
            "share_of_people": "People in hotspots over all people in the area, 0 to 1",
            "share_of_area": "Area of hotspots over that of all cells with a figure, 0 to 1",
            "middle_lat": "Latitude of the middle of the people in hotspots, degrees",
            "middle_lon": "Longitude of it, degrees",
            "middle_place": "Where that is: the place of the nearest cell",
            "km_moved": "Kilometres from the middle of the step before",
        }


def course(found: Hotspots, certainty: Certainty | None, latitude: Floats, longitude: Floats) -> Course:
    """How the hotspots of a day move over its slots.

    Parameters
    ----------
    found : Hotspots
        Verdicts on each slot of a day.
    certainty : Certainty or None
        None where the release does not tell its precision.
    latitude, longitude : array of float, shape (cells,)
        Middle of each cell, degrees.
    """
    weights = np.where(found.hot, np.nan_to_num(found.people), 0.0)
    lat, lon = methods.centre_of_mass(latitude, longitude, weights)
    day = found.day
    rows = day.facts.rows_of(day.cells.h3)
    places = []
    for here, there in zip(lat.tolist(), lon.tolist(), strict=True):
        if not np.isfinite(here):
            places.append("")
            continue
        apart = np.square(latitude - here) + np.square((longitude - there) * np.cos(np.radians(here)))
        places.append(day.facts.places[rows[int(np.argmin(apart))]])
    figures = tuple(Picture(found, found, place, certainty).figures for place in range(len(found.day.slots)))
    return Course(day.slots, figures, lat, lon, tuple(places))


@dataclass(frozen=True, slots=True)
class Turns:
    """Which places are hot when.

    Attributes
    ----------
    names : tuple of str
        Areas, or where there are none inside the chosen one, settlements; the one with most people first.
    people : array of float, shape (names, steps)
        People in its hot cells; NaN where it has none in that step.
    steps : tuple of str
        Labels of the steps.
    """

    names: tuple[str, ...]
    people: Floats
    steps: tuple[str, ...]

    def alternative(self) -> str:
        """What the chart shows, in a sentence."""
        if not self.names:
            return "No place is hot at any hour."
        always = [name for name, row in zip(self.names, np.isfinite(self.people), strict=True) if row.all()]
        said = f"Places with most people in hot cells by hour: {listed(list(self.names[:5]))}."
        return f"{said} Hot at every hour: {listed(always[:5])}." if always else said


def turns(found: Hotspots) -> Turns:
    """Which places are hot when, those with most people in hot cells over the day.

    Parameters
    ----------
    found : Hotspots
        Verdicts on each slot of a day.
    """
    day = found.day
    rows = day.facts.rows_of(day.cells.h3).tolist()
    known = {area.code: area.name for area in day.within}
    named = [known.get(day.facts.areas[row] or "", "") if known else day.facts.places[row] for row in rows]
    names, of = np.unique(np.array(named, dtype=np.str_), return_inverse=True)
    hot = found.hot
    people = np.where(hot, np.nan_to_num(found.people), 0.0)
    sums = np.column_stack([np.bincount(of, each, minlength=len(names)) for each in people.T])
    some = np.column_stack([np.bincount(of, each, minlength=len(names)) for each in hot.T.astype(np.float64)]) > 0
    most = np.where(some, sums, 0.0).sum(axis=1)
    first = [at for at in np.argsort(-most, kind="stable")[:MOST_RANKED].tolist() if some[at].any() and names[at]]
    return Turns(
        tuple(str(names[at]) for at in first),
        np.where(some, sums, np.nan)[first],
        tuple(slot.label for slot in day.slots),
    )
