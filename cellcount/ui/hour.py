"""One hour of an area: its figures and the words around them. No Streamlit here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cellcount.methods.precision import LABEL_WORDS, interval, label_class
from cellcount.ui.certainty import variation
from cellcount.ui.ground import Level
from cellcount.ui.presence import AreaDay, CellDay, CellFacts, Floats, measured
from cellcount.ui.times import NIGHT, Slot, nearest
from cellcount.ui.view import Area, Measure, View
from cellcount.ui.windows import BRITISH, RULE, AreaWindow, CellWindow, calendars_said, nation_of_area
from cellcount.ui.words import count, exactly, labels, listed, lowered

MOST_RANKED = 10
STEADY = 0.005
"""A total whose least and most differ by less than this share is written as 0 % against any hour: none stands out."""

MEASURED: dict[Measure, str] = {
    "people": "People present in the cell",
    "per_km2": "People present per km² of the cell",
    "per_resident": "People present per resident of the cell",
    "precision": "Precision of the people present in the cell",
}
UNITS: dict[Measure, str] = {
    "people": "people",
    "per_km2": "people per km²",
    "per_resident": "people per resident",
    "precision": "% of the figure",
}
"""What a figure of the measure counts; precision is a standard error."""
COLUMNS: dict[Measure, str] = {
    "people": "People",
    "per_km2": "People per km²",
    "per_resident": "People per resident",
    "precision": "Standard error, %",
}
"""The column of a measure in the table below the map."""
CELL_KM2 = {5: "253 km²", 6: "36 km²", 7: "5.2 km²", 8: "0.74 km²", 9: "0.11 km²"}
"""Mean area of a cell by H3 resolution."""
STEP_COLUMNS = {
    "people": "People present; empty where withheld or not covered",
    "se": "Standard error of people; empty where not known",
    "lower": "Lower limit of the 95 % interval",
    "upper": "Upper limit of the 95 % interval",
    "label": f"Precision in words, by standard error over figure: {listed(list(LABEL_WORDS))}",
}
"""What is taken away of each figure."""


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
    errors : array of float, shape (cells, slots)
        Their standard errors; NaN where withheld, not covered or not known.
    areas : AreaDay
        People by area and slot, with standard errors.
    within : tuple of Area
        The smallest areas inside the chosen one; empty where it is one of them.
    zone : str
        Time zone of the release.
    level : Level, optional
        How detailed the cells are, and where they lie.
    left_out : array of float, shape (cells, slots), optional
        Share of the hours behind each mean that is withheld, 0 to 1; None where figures are of one hour.
    cell_window, area_window : CellWindow and AreaWindow, optional
        What stands behind the one step of a window of hours; None of a day.
    """

    view: View
    resolution: int
    facts: CellFacts
    cells: CellDay
    errors: Floats
    areas: AreaDay
    within: tuple[Area, ...]
    zone: str
    level: Level | None = None
    left_out: Floats | None = None
    cell_window: CellWindow | None = None
    area_window: AreaWindow | None = None

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Steps of the day."""
        return self.view.day.slots

    @property
    def values(self) -> Floats:
        """The measure by cell and slot; NaN where withheld, not covered or not defined."""
        if self.view.measure == "precision":
            return variation(self.cells.people, self.errors)
        at = self.facts.rows_of(self.cells.h3)
        return measured(self.view.measure, self.cells.people, self.facts.km2[at], self.facts.residents[at])

    @property
    def precise(self) -> bool:
        """Whether any figure of a cell has a known precision."""
        return bool(np.isfinite(self.errors).any())

    def cell_table(self) -> pd.DataFrame:
        """Its cells with people in every step of the day, and their precision where known: what is taken away."""
        at = self.facts.rows_of(self.cells.h3)
        columns: dict[str, object] = {
            "h3": [f"{cell:x}" for cell in self.cells.h3.tolist()],
            "place": [self.facts.places[row] for row in at.tolist()],
            "area_km2": self.facts.km2[at].round(6),
            "residents": self.facts.residents[at],
        }
        for place, slot in enumerate(self.slots):
            people, errors = self.cells.people[:, place], self.errors[:, place]
            columns[f"people {slot.label}"] = pd.array(people, dtype="Float64")
            if self.precise:
                columns |= {f"{name} {slot.label}": values for name, values in _limits(people, errors).items()}
        return pd.DataFrame(columns)

    def cell_columns(self) -> dict[str, str]:
        """What each column of `cell_table` means."""
        return {
            "h3": f"H3 cell of resolution {self.resolution}, as text",
            "place": "Where the cell is: nearest settlement and area",
            "area_km2": "Area of the whole cell in square kilometres",
            "residents": "Usual residents; empty where not known",
            **{
                f"{name} {slot.label}": f"{meaning}, {slot.words}, local time ({self.zone}); empty where not known"
                for slot in self.slots
                for name, meaning in (STEP_COLUMNS if self.precise else {"people": STEP_COLUMNS["people"]}).items()
            },
        }

    def total_table(self) -> pd.DataFrame:
        """The area's own totals over the day, with 95 % limits: what is taken away."""
        people, errors = self.areas.of(self.view.area.code)
        return pd.DataFrame(
            {
                "area_code": self.view.area.code,
                "area_name": self.view.area.name,
                "day": self.view.day.on.isoformat()
                if self.view.day.on and not self.view.day.week
                else self.view.day.words,
                "time": [slot.label for slot in self.slots],
                "people": pd.array(people, dtype="Float64"),
                **_limits(people, errors),
            }
        )

    def total_columns(self) -> dict[str, str]:
        """What each column of `total_table` means."""
        return {
            "area_code": "Code of the area",
            "area_name": "Its name",
            "day": "Local date, or kind of day and period",
            "time": f"Start of the step, local time ({self.zone})",
            **STEP_COLUMNS,
        }


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
    night_error : float or None
        Their standard error.
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
    night_error: float | None
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
        return self.day.cells.covered[:, self.place] & (np.isnan(people) | ~np.isnan(values))

    @property
    def withheld(self) -> int:
        """Cells whose figure is withheld."""
        covered = self.day.cells.covered[:, self.place]
        return int((covered & np.isnan(self.day.cells.people[:, self.place])).sum())

    @property
    def undefined(self) -> int:
        """Cells that have a figure but no measure: nobody lives there, or its precision is not known."""
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
            night_error=_known(errors[at_night]) if at_night != self.place else None,
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
            sentences.append(f"{_of(self.withheld, cells)} withheld and hatched: {lowered(rule)}")
        if self.not_covered:
            sentences.append(f"{_of(self.not_covered, cells)} not covered by the release and not drawn.")
        if self.undefined and view.measure == "precision":
            sentences.append(f"{_of(self.undefined, cells)} of unknown precision and not drawn.")
        elif self.undefined:
            sentences.append(f"{_of(self.undefined, cells)} without residents, so without this measure, and not drawn.")
        if not self.withheld and not self.not_covered and not self.undefined:
            sentences.append("The one cell is shown." if cells == 1 else f"All {cells:,} cells are shown.")
        sentences.append(self.certainty())
        if self.day.cell_window is not None:
            sentences += self._of_window(self.day.cell_window)
        return " ".join(sentences)

    def _of_window(self, found: CellWindow) -> list[str]:
        """What withheld hours do in a window, how much stands behind a figure, and whose bank holidays count."""
        british = self.day.zone == BRITISH
        said = calendars_said(found.window, {nation_of_area(code, british) for code in self.day.facts.areas})
        return [RULE[found.window.statistic], f"Behind each figure: {found.behind()}.", *([said] if said else [])]

    def by_label(self) -> dict[str, int]:
        """How many figures by cell have each label, the best first; nothing where precision is not known."""
        kinds = label_class(self.day.cells.people[:, self.place], self.day.errors[:, self.place])
        if not (kinds >= 0).any():
            return {}
        return dict(zip(LABEL_WORDS, np.bincount(kinds[kinds >= 0], minlength=len(LABEL_WORDS)).tolist(), strict=True))

    def certainty(self) -> str:
        """How precise the figures of the cells are, in a sentence."""
        tally = self.by_label()
        if not tally:
            return "The release gives no interval for a cell."
        said = listed([f"{number_of:,} {word}" for word, number_of in tally.items() if number_of])
        return f"Figures by cell, by their 95 % interval: {said}."

    def alternative(self) -> str:
        """What the map shows, for those who do not see it."""
        view, values = self.day.view, self.values[:, self.place]
        drawn = np.isfinite(values) & self.shown
        cells = count(int(self.shown.sum()), "cell")
        if view.measure == "precision":
            return f"Map of precision in {view.area.name}, {self.when()}, in {cells}. {self.certainty()}"
        said = f"Map of {UNITS[view.measure]} in {view.area.name}, {self.when()}, in {cells}."
        if not drawn.any():
            return f"{said} No cell has a figure that may be shown."
        most = int(np.nanargmax(np.where(drawn, values, np.nan)))
        where = self.day.facts.places[int(self.day.facts.rows_of(self.day.cells.h3[most : most + 1])[0])]
        return f"{said} The most is {exactly(float(values[most]))} {UNITS[view.measure]}, {where}."

    def table(self) -> pd.DataFrame:
        """The drawn cells as a table, the largest measure first."""
        at, shown = self.day.facts.rows_of(self.day.cells.h3), self.shown
        people, errors = self.day.cells.people[shown, self.place], self.day.errors[shown, self.place]
        rows = at[shown]
        columns: dict[str, object] = {"Place": [self.day.facts.places[row] for row in rows.tolist()], "People": people}
        if self.day.precise:
            low, high = interval(people, errors)
            columns |= {
                "Lower": low,
                "Upper": high,
                "Precision": labels(people, errors),
                COLUMNS["precision"]: 100 * np.where(people > 0, variation(people, errors), np.nan),
            }
        columns |= {
            "People per km²": people / self.day.facts.km2[rows],
            "People per resident": measured(
                "per_resident", people, self.day.facts.km2[rows], self.day.facts.residents[rows]
            ),
            "Cell": [f"{cell:x}" for cell in self.day.cells.h3[shown].tolist()],
        }
        measure = self.day.view.measure
        return pd.DataFrame(columns).sort_values(
            COLUMNS[measure], ascending=measure == "precision", na_position="last", ignore_index=True
        )

    def _measured(self, figures_of: Floats, rows: NDArray[np.int64]) -> Floats:
        """People, or their standard errors, of some cells as the measure that is shown."""
        facts = self.day.facts
        return measured(self.day.view.measure, figures_of, facts.km2[rows], facts.residents[rows])

    def ranked(self) -> pd.DataFrame:
        """The areas, or where there are none inside the cells, with the largest measure.

        Returns
        -------
        DataFrame
            `name`, `value`, its standard error in `error` (NaN where not known), and `target`: the label of the area,
            or the index of the cell as text.
        """
        if not self.day.within:
            at, shown = self.day.facts.rows_of(self.day.cells.h3), self.shown
            people, errors = self.day.cells.people[shown, self.place], self.day.errors[shown, self.place]
            values = self._measured(people, at[shown])
            first = np.argsort(-values, kind="stable")[: min(MOST_RANKED, int(np.isfinite(values).sum()))]
            rows = at[shown][first]
            return pd.DataFrame(
                {
                    "name": [self.day.facts.places[row] for row in rows.tolist()],
                    "value": values[first],
                    "error": self._measured(errors[first], rows),
                    "target": [f"{cell:x}" for cell in self.day.cells.h3[shown][first].tolist()],
                }
            )
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


def _limits(people: Floats, errors: Floats) -> dict[str, object]:
    """Standard errors, 95 % limits and labels of figures, as they are taken away."""
    low, high = interval(people, errors)
    limits = {"se": errors, "lower": low, "upper": high}
    columns: dict[str, object] = {name: pd.array(values.round(1), dtype="Float64") for name, values in limits.items()}
    return columns | {"label": labels(people, errors)}


def _share(value: float | None, by: float | None) -> float | None:
    return value / by if value is not None and by else None


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _of(some: int, cells: int) -> str:
    return f"{some:,} of {count(cells, 'cell')} {'is' if some == 1 else 'are'}"
