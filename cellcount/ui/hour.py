"""One hour of an area: its figures and the words around them. No Streamlit here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cellcount.ui.presence import AreaDay, CellDay, CellFacts, Floats, measured
from cellcount.ui.times import NIGHT, Slot, nearest
from cellcount.ui.view import Area, Measure, View
from cellcount.ui.words import Z_95, count, exactly

MOST_RANKED = 10
STEADY = 0.005
"""A total whose least and most differ by less than this share is written as 0 % against any hour: none stands out."""

MEASURED: dict[Measure, str] = {
    "people": "People present in the cell",
    "per_km2": "People present per km² of the cell",
    "per_resident": "People present per resident of the cell",
}
UNITS: dict[Measure, str] = {"people": "people", "per_km2": "people per km²", "per_resident": "people per resident"}
COLUMNS: dict[Measure, str] = {
    "people": "People",
    "per_km2": "People per km²",
    "per_resident": "People per resident",
}
"""The column of a measure in the table below the map."""
CELL_KM2 = {5: "253 km²", 6: "36 km²", 7: "5.2 km²", 8: "0.74 km²", 9: "0.11 km²"}
"""Mean area of a cell by H3 resolution."""
WITHHELD = "Withheld: too few people to show"


@dataclass(frozen=True, slots=True)
class DensityDay:
    """An area over a day: everything that the hour chooses from.

    Attributes
    ----------
    view : View
        What was chosen.
    resolution : int
        H3 resolution of the cells.
    facts : CellFacts
        What is known of every cell of the area at that resolution.
    cells : CellDay
        People by cell and slot.
    areas : AreaDay
        People by area and slot, with standard errors.
    within : tuple of Area
        The smallest areas inside the chosen one; empty where it is one of them.
    zone : str
        Time zone of the release.
    """

    view: View
    resolution: int
    facts: CellFacts
    cells: CellDay
    areas: AreaDay
    within: tuple[Area, ...]
    zone: str

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Steps of the day."""
        return self.view.day.slots

    @property
    def values(self) -> Floats:
        """The measure by cell and slot; NaN where withheld, not covered or not defined."""
        at = self.facts.rows_of(self.cells.h3)
        return measured(self.view.measure, self.cells.people, self.facts.km2[at], self.facts.residents[at])

    def cell_table(self) -> pd.DataFrame:
        """Its cells with people in every step of the day: what is taken away."""
        at = self.facts.rows_of(self.cells.h3)
        return pd.DataFrame(
            {
                "h3": [f"{cell:x}" for cell in self.cells.h3.tolist()],
                "place": [self.facts.places[row] for row in at.tolist()],
                "area_km2": self.facts.km2[at].round(6),
                "residents": self.facts.residents[at],
                **{
                    name: pd.array(self.cells.people[:, place], dtype="Float64")
                    for place, name in enumerate(self._step_columns())
                },
            }
        )

    def cell_columns(self) -> dict[str, str]:
        """What each column of `cell_table` means."""
        return {
            "h3": f"H3 cell of resolution {self.resolution}, as text",
            "place": "Where the cell is: nearest settlement and area",
            "area_km2": "Area of the whole cell in square kilometres",
            "residents": "Usual residents; empty where not known",
            **{
                name: f"People present, {slot.words}, local time ({self.zone}); empty where withheld or not covered"
                for name, slot in zip(self._step_columns(), self.slots, strict=True)
            },
        }

    def total_table(self) -> pd.DataFrame:
        """The area's own totals over the day, with 95 % limits: what is taken away."""
        people, errors = self.areas.of(self.view.area.code)
        return pd.DataFrame(
            {
                "area_code": self.view.area.code,
                "area_name": self.view.area.name,
                "day": self.view.day.on.isoformat() if self.view.day.on else self.view.day.words,
                "time": [slot.label for slot in self.slots],
                "people": pd.array(people, dtype="Float64"),
                "se": pd.array(errors.round(1), dtype="Float64"),
                "lower": pd.array(np.maximum(people - Z_95 * errors, 0).round(1), dtype="Float64"),
                "upper": pd.array((people + Z_95 * errors).round(1), dtype="Float64"),
            }
        )

    def total_columns(self) -> dict[str, str]:
        """What each column of `total_table` means."""
        return {
            "area_code": "Code of the area",
            "area_name": "Its name",
            "day": "Local date, or kind of day and period",
            "time": f"Start of the step, local time ({self.zone})",
            "people": "People present; empty where withheld or not covered",
            "se": "Standard error of people; empty where not known",
            "lower": "Lower limit of the 95 % interval",
            "upper": "Upper limit of the 95 % interval",
        }

    def _step_columns(self) -> list[str]:
        return [f"people {slot.label}" for slot in self.slots]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of the area in an hour; None where the release does not have them.

    Attributes
    ----------
    people, error : float or None
        People present and their standard error.
    per_km2, per_resident : float or None
        The same by area and by usual residents.
    per_km2_error, per_resident_error : float or None
        Their standard errors: area and residents are taken as exact.
    steady : bool
        Whether the total hardly varies over the day, by construction or in fact; then no hour is compared.
    night : float or None
        People present at night, when nearly everybody is at home.
    night_words : str
        Which hour that is.
    peak, peak_error : float or None
        Most people present in any step of the day, and their standard error.
    peak_words : str
        When that is.
    """

    people: float | None
    error: float | None
    per_km2: float | None
    per_resident: float | None
    per_km2_error: float | None
    per_resident_error: float | None
    steady: bool
    night: float | None
    night_words: str
    peak: float | None
    peak_error: float | None
    peak_words: str


@dataclass(frozen=True, slots=True)
class Hour:
    """One step of a day of an area.

    Attributes
    ----------
    day : DensityDay
        The day.
    values : array of float, shape (cells, slots)
        The measure, worked out once for the day.
    place : int
        Place of the step among the slots.
    """

    day: DensityDay
    values: Floats
    place: int

    @property
    def slot(self) -> Slot:
        """The step."""
        return self.day.slots[self.place]

    @property
    def shown(self) -> np.ndarray:
        """Which cells are drawn: those that the release covers and where the measure is defined."""
        people, values = self.day.cells.people[:, self.place], self.values[:, self.place]
        return self.day.cells.covered[:, self.place] & (np.isnan(people) | np.isfinite(values))

    @property
    def withheld(self) -> int:
        """Cells whose figure is withheld."""
        covered = self.day.cells.covered[:, self.place]
        return int((covered & np.isnan(self.day.cells.people[:, self.place])).sum())

    @property
    def undefined(self) -> int:
        """Cells that have a figure but no measure: nobody lives there."""
        return int(self.day.cells.covered[:, self.place].sum() - self.shown.sum())

    @property
    def not_covered(self) -> int:
        """Cells of the area that the release has no row for."""
        return len(self.day.facts.h3) - int(self.day.cells.covered[:, self.place].sum())

    def figures(self) -> Figures:
        """The figures of the area, from its own count and not from adding up its cells."""
        people, errors = self.day.areas.of(self.day.view.area.code)
        area = self.day.view.area
        night = nearest(self.day.slots, NIGHT)
        at_night = self.day.slots.index(night) if night else self.place
        known = people[np.isfinite(people)]
        at_peak = int(np.nanargmax(people)) if known.size else None
        steady = known.size > 1 and bool(np.ptp(known) < STEADY * known.max())
        now, error = _known(people[self.place]), _known(errors[self.place])
        return Figures(
            people=now,
            error=error,
            per_km2=_share(now, area.km2),
            per_resident=_share(now, area.residents),
            per_km2_error=_share(error, area.km2),
            per_resident_error=_share(error, area.residents),
            steady=steady,
            night=_known(people[at_night]) if at_night != self.place else None,
            night_words=night.label if night else "",
            peak=_known(people[at_peak]) if at_peak is not None else None,
            peak_error=_known(errors[at_peak]) if at_peak is not None else None,
            peak_words=self.day.slots[at_peak].label if at_peak is not None else "",
        )

    def when(self) -> str:
        """The day and the time, in words."""
        return f"{self.day.view.day.words}, {self.slot.words}"

    def caption(self, rule: str) -> str:
        """Unit, place, time, and what is not shown and why.

        Parameters
        ----------
        rule : str
            The release's disclosure rule, a sentence.
        """
        view = self.day.view
        cells = len(self.day.facts.h3)
        sentences = [
            f"{MEASURED[view.measure]}, {view.area.label}, {self.when()}, local time ({self.day.zone}).",
            f"H3 cells of resolution {self.day.resolution}, about {CELL_KM2[self.day.resolution]} each.",
        ]
        if self.withheld:
            sentences.append(f"{_of(self.withheld, cells)} withheld and hatched: {_lowered(rule)}")
        if self.not_covered:
            sentences.append(f"{_of(self.not_covered, cells)} not covered by the release and not drawn.")
        if self.undefined:
            sentences.append(f"{_of(self.undefined, cells)} without residents, so without this measure, and not drawn.")
        if not self.withheld and not self.not_covered and not self.undefined:
            sentences.append("The one cell is shown." if cells == 1 else f"All {cells:,} cells are shown.")
        return " ".join(sentences)

    def alternative(self) -> str:
        """What the map shows, for those who do not see it."""
        view, values = self.day.view, self.values[:, self.place]
        drawn = np.isfinite(values) & self.shown
        cells = count(int(self.shown.sum()), "cell")
        said = f"Map of {UNITS[view.measure]} in {view.area.name}, {self.when()}, in {cells}."
        if not drawn.any():
            return f"{said} No cell has a figure that may be shown."
        most = int(np.nanargmax(np.where(drawn, values, np.nan)))
        where = self.day.facts.places[int(self.day.facts.rows_of(self.day.cells.h3[most : most + 1])[0])]
        return f"{said} The most is {exactly(float(values[most]))} {UNITS[view.measure]}, {where}."

    def words(self) -> tuple[list[str], list[str]]:
        """Figure and place of each drawn cell, for its tooltip."""
        at, shown = self.day.facts.rows_of(self.day.cells.h3), self.shown
        unit = UNITS[self.day.view.measure]
        values = self.values[shown, self.place].tolist()
        figures = [WITHHELD if np.isnan(value) else f"{exactly(value)} {unit}" for value in values]
        return figures, [self.day.facts.places[row] for row in at[shown].tolist()]

    def table(self) -> pd.DataFrame:
        """The drawn cells as a table, the largest measure first."""
        at, shown = self.day.facts.rows_of(self.day.cells.h3), self.shown
        people = self.day.cells.people[shown, self.place]
        rows = at[shown]
        frame = pd.DataFrame(
            {
                "Place": [self.day.facts.places[row] for row in rows.tolist()],
                "People": people,
                "People per km²": people / self.day.facts.km2[rows],
                "People per resident": measured(
                    "per_resident", people, self.day.facts.km2[rows], self.day.facts.residents[rows]
                ),
                "Cell": [f"{cell:x}" for cell in self.day.cells.h3[shown].tolist()],
            }
        )
        return frame.sort_values(COLUMNS[self.day.view.measure], ascending=False, na_position="last", ignore_index=True)

    def ranked(self) -> pd.DataFrame:
        """The areas, or where there are none inside the cells, with the largest measure.

        Returns
        -------
        DataFrame
            `name`, `value`, its standard error in `error` (NaN where not known, as for cells), and `target`: the label
            of the area, or the index of the cell as text.
        """
        if not self.day.within:
            first = self.table().head(MOST_RANKED)
            frame = pd.DataFrame(
                {
                    "name": first["Place"],
                    "value": first[COLUMNS[self.day.view.measure]],
                    "error": np.nan,
                    "target": first["Cell"],
                }
            )
            return frame.dropna(subset="value", ignore_index=True)
        totals = [self.day.areas.of(area.code) for area in self.day.within]
        people = np.array([each[self.place] for each, _ in totals])
        errors = np.array([each[self.place] for _, each in totals])
        km2 = np.array([area.km2 or np.nan for area in self.day.within])
        residents = np.array([area.residents or np.nan for area in self.day.within])
        frame = pd.DataFrame(
            {
                "name": [area.name for area in self.day.within],
                "value": measured(self.day.view.measure, people, km2, residents),
                "error": measured(self.day.view.measure, errors, km2, residents),
                "target": [area.label for area in self.day.within],
            }
        )
        known = frame.dropna(subset="value")
        return known.sort_values("value", ascending=False, ignore_index=True).head(MOST_RANKED)


def _share(value: float | None, by: float | None) -> float | None:
    return value / by if value is not None and by else None


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _of(some: int, cells: int) -> str:
    return f"{some:,} of {count(cells, 'cell')} {'is' if some == 1 else 'are'}"


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() or sentence[1:2] == " " else sentence
