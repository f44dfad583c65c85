"""Two days of one area, beside each other or one less the other. No Streamlit here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cellcount.methods.precision import Z_95
from cellcount.ui.hour import UNITS, DensityDay
from cellcount.ui.presence import AreaDay, CellDay, Floats, measured
from cellcount.ui.times import Slot
from cellcount.ui.view import Day
from cellcount.ui.words import count, exactly, percent

How = Literal["none", "side", "difference"]
HOWS: dict[str, str] = {"none": "One time", "side": "Side by side", "difference": "Difference"}
"""How two times are compared, with what the control says."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is asked to be compared.

    Attributes
    ----------
    how : {'none', 'side', 'difference'}
        Beside each other, or the day that was chosen less the other.
    day : Day or None
        The other day; None where nothing is compared.
    hour : str or None
        Label of the one step of the other day that all are compared with; None for the same time of the day.
    """

    how: How = "none"
    day: Day | None = None
    hour: str | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two days of one area, of the same cells and as many steps.

    Attributes
    ----------
    day : DensityDay
        The day that was chosen.
    other : DensityDay
        What it is compared with: its cells are those of `day`, and its steps stand for the same times of the day, or
        are all one time where that was fixed.
    """

    day: DensityDay
    other: DensityDay

    @property
    def both(self) -> NDArray[np.bool_]:
        """Which cells have both figures, shape (cells, steps)."""
        return np.isfinite(self.day.cells.people) & np.isfinite(self.other.cells.people)

    @property
    def differences(self) -> Floats:
        """The measure of the day less that of the other, shape (cells, steps); NaN where either is not known."""
        return self.day.values - self.other.values

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Where there is a figure, or a withheld one, of both: shape (cells, steps)."""
        return self.day.cells.covered & self.other.cells.covered

    @property
    def errors(self) -> Floats:
        """Standard errors of the differences; NaN where either is not known.

        The two are taken as independent, which makes them rather too large: both share the doubt about the operators'
        shares, and people are put into the same wrong cells.
        """
        at = self.day.facts.rows_of(self.day.cells.h3)
        km2, residents = self.day.facts.km2[at], self.day.facts.residents[at]
        one, other = (measured(self.day.view.measure, each.errors, km2, residents) for each in (self.day, self.other))
        return np.hypot(one, other)

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Which differences are larger than their 95 % interval is wide on either side, shape (cells, steps)."""
        with np.errstate(invalid="ignore"):
            return np.abs(self.differences) > Z_95 * self.errors

    def words_of(self, place: int) -> tuple[str, str]:
        """The two times at a step, in words."""
        return tuple(  # type: ignore[return-value]
            f"{each.view.day.words}, {each.slots[place].words}" for each in (self.day, self.other)
        )

    def caption(self, place: int) -> str:
        """What is compared at a step, how many cells differ for certain, and how many cannot be compared.

        Parameters
        ----------
        place : int
            The step.
        """
        one, other = self.words_of(place)
        both, cells = self.both[:, place], len(self.day.facts.h3)
        sentences = [f"Compared: {one}, less {other}." if one != other else "Both times are the same."]
        missing = cells - int(both.sum())
        if missing:
            verb = "has" if missing == 1 else "have"
            sentences.append(
                f"{missing:,} of {count(cells, 'cell')} {verb} no difference: withheld or not covered at one of the "
                "times."
            )
        known = int((both & np.isfinite(self.errors[:, place])).sum())
        if not known:
            sentences.append("The release gives no interval for a cell, so no difference is told from chance.")
        else:
            clear = int((self.clear[:, place] & both).sum())
            sentences.append(
                f"{clear:,} of {count(known, 'cell')} differ by more than the 95 % interval of the difference, rather "
                f"too wide; by chance alone up to {max(round(0.05 * known), 1):,} would."
            )
        return " ".join(sentences)

    def alternative(self, place: int) -> str:
        """What a map of the differences shows, for those who do not see it."""
        area, unit = self.day.view.area.name, UNITS[self.day.view.measure]
        one, other = self.words_of(place)
        said = f"Map of the difference in {unit} in {area}: {one}, less {other}."
        found = self.differences[:, place]
        known = np.isfinite(found)
        if not known.any():
            return f"{said} No cell has both figures."
        more = percent(float((found[known] > 0).mean()))
        parts = [f"{said} More in {more} of {count(int(known.sum()), 'cell')}."]
        for word, at in (("largest gain", int(np.nanargmax(found))), ("largest loss", int(np.nanargmin(found)))):
            if (found[at] > 0) == (word == "largest gain") and found[at]:
                where = self.day.facts.places[int(self.day.facts.rows_of(self.day.cells.h3[at : at + 1])[0])]
                parts.append(f"The {word} is {exactly(abs(float(found[at])))}, {where}.")
        return " ".join(parts)

    def table(self, place: int) -> pd.DataFrame:
        """The cells with both figures at a step, the largest difference first."""
        at = self.day.facts.rows_of(self.day.cells.h3)
        found, errors = self.differences[:, place], self.errors[:, place]
        rows = np.argsort(-np.abs(np.where(np.isfinite(found), found, 0.0)), kind="stable")
        rows = rows[self.covered[rows, place]]
        return pd.DataFrame(
            {
                "Place": [self.day.facts.places[row] for row in at[rows].tolist()],
                "First": self.day.values[rows, place],
                "Second": self.other.values[rows, place],
                "Difference": found[rows],
                "Lower": found[rows] - Z_95 * errors[rows],
                "Upper": found[rows] + Z_95 * errors[rows],
                "Beyond its interval": np.where(
                    np.isfinite(errors[rows]), np.where(self.clear[rows, place], "yes", "no"), ""
                ),
                "Cell": [f"{cell:x}" for cell in self.day.cells.h3[rows].tolist()],
            }
        )

    def cell_table(self) -> pd.DataFrame:
        """The cells with both figures and their difference in every step: what is taken away."""
        at = self.day.facts.rows_of(self.day.cells.h3)
        columns: dict[str, object] = {
            "h3": [f"{cell:x}" for cell in self.day.cells.h3.tolist()],
            "place": [self.day.facts.places[row] for row in at.tolist()],
        }
        one, other, found, errors = self.day.values, self.other.values, self.differences, self.errors
        for place, slot in enumerate(self.day.slots):
            for name, figures in (("first", one), ("second", other), ("difference", found), ("se", errors)):
                columns[f"{name} {slot.label}"] = pd.array(figures[:, place], dtype="Float64")
        return pd.DataFrame(columns)

    def cell_columns(self) -> dict[str, str]:
        """What each column of `cell_table` means."""
        unit, zone = UNITS[self.day.view.measure], self.day.zone
        columns = {
            "h3": f"H3 cell of resolution {self.day.resolution}, as text",
            "place": "Where the cell is: nearest settlement and area",
        }
        for place, slot in enumerate(self.day.slots):
            one, other = self.words_of(place)
            columns |= {
                f"first {slot.label}": f"{unit}, {one}, local time ({zone}); empty where withheld or not covered",
                f"second {slot.label}": f"{unit}, {other}, local time ({zone}); empty where withheld or not covered",
                f"difference {slot.label}": f"{unit}, the first less the second",
                f"se {slot.label}": "Standard error of the difference, the two taken as independent",
            }
        return columns


def compared(day: DensityDay, other: DensityDay, fixed: int | None = None) -> Compared:
    """Two days of the same cells and steps.

    Parameters
    ----------
    day : DensityDay
        What is chosen.
    other : DensityDay
        What it is compared with: of the same area and resolution.
    fixed : int, optional
        Place of the step of the other that all steps of the day are compared with; if not given, each is compared with
        the same time of the day.

    Returns
    -------
    Compared

    Raises
    ------
    ValueError
        If they are of different areas or resolutions.
    """
    if (day.resolution, day.view.area) != (other.resolution, other.view.area):
        raise ValueError("Two days are compared in the same cells of the same area.")
    h3 = np.union1d(day.cells.h3, other.cells.h3)
    partners = [
        fixed if fixed is not None else _same_time(slot, place, day.slots, other.slots)
        for place, slot in enumerate(day.slots)
    ]
    slots = tuple(
        slot if partner is None else other.slots[partner] for slot, partner in zip(day.slots, partners, strict=True)
    )
    same = list(range(len(day.slots)))
    second = replace(other.view.day, slots=slots)
    return Compared(_spread(day, h3, day.view.day, [*same]), _spread(other, h3, second, partners))


def _same_time(slot: Slot, place: int, slots: tuple[Slot, ...], others: tuple[Slot, ...]) -> int | None:
    """The step of another day at the same time; None where that day has none. Windows have one step, whatever it is."""
    if len(slots) == len(others) == 1:
        return 0
    found = [at for at, each in enumerate(others) if each.hours == slot.hours]
    # Where the clock shows an hour twice, the first of them goes with the first.
    before = sum(each.hours == slot.hours for each in slots[:place])
    return found[min(before, len(found) - 1)] if found else None


def _spread(day: DensityDay, h3: NDArray[np.int64], as_day: Day, steps: list[int | None]) -> DensityDay:
    """A day with other cells and steps; what it does not have is not covered."""
    rows = np.searchsorted(h3, day.cells.h3)
    kept = [place for place, step in enumerate(steps) if step is not None]
    taken = [step for step in steps if step is not None]
    people, errors = (np.full((len(h3), len(steps)), np.nan) for _ in range(2))
    covered = np.zeros((len(h3), len(steps)), dtype=bool)
    days = np.ones(len(h3))
    block = np.ix_(rows, np.array(kept, dtype=np.int64))
    people[block], errors[block] = day.cells.people[:, taken], day.errors[:, taken]
    covered[block] = day.cells.covered[:, taken]
    days[rows] = day.cells.days
    totals = [np.full((len(day.areas.codes), len(steps)), np.nan) for _ in range(2)]
    for total, known in zip(totals, (day.areas.people, day.areas.errors), strict=True):
        total[:, kept] = known[:, taken]
    return replace(
        day,
        view=replace(day.view, day=as_day),
        cells=CellDay(h3, people, covered, days),
        errors=errors,
        areas=AreaDay(day.areas.codes, *totals),
    )
