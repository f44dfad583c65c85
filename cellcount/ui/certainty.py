"""Standard errors of cells, from the released figures and the release's table `precision`. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from cellcount.methods.precision import Placement, Precision, standard_error
from cellcount.standard import DAY_PARTS
from cellcount.ui.presence import Floats
from cellcount.ui.times import Slot

PART_OF_HOUR = {hour: part for part, hours in DAY_PARTS.items() for hour in hours}
"""Part of the day by UTC hour."""
_PARTS = list(DAY_PARTS)
_KEYS = ("area_code", "day_part")
_SHARES = ("coverage_p", "over_dispersion", "share_cv")


def part_of(slot: Slot, zone: str, around: date) -> str:
    """The part of the UTC day that a step of a day lies in.

    Parameters
    ----------
    slot : Slot
        Step of a date, which knows its UTC hour, or of a typical day, which knows its local hour.
    zone : str
        Time zone of the release.
    around : date
        A day whose offset from UTC stands for those of a typical day: in London an hour in summer, and none in winter.

    Examples
    --------
    >>> at_six = Slot("06:00", "06:00 to 07:00", (6,), 6)
    >>> part_of(at_six, "Europe/London", date(2026, 1, 15)), part_of(at_six, "Europe/London", date(2026, 7, 15))
    ('morning', 'night')
    """
    if slot.on is not None:
        return PART_OF_HOUR[slot.column]
    local = datetime(around.year, around.month, around.day, slot.column, tzinfo=ZoneInfo(zone))
    return PART_OF_HOUR[local.astimezone(UTC).hour]


def middle(first: date | None, last: date | None) -> date:
    """The middle of a period; a winter's day where it is not known."""
    if first is None or last is None:
        return date(2026, 1, 15)
    return first + timedelta((last - first).days // 2)


@dataclass(frozen=True)
class Parameters:
    """The table `precision` of some areas.

    Attributes
    ----------
    codes : tuple of str
        Areas, ascending.
    columns : dict of str to array of float, shape (areas + 1, day parts)
        Its columns; NaN where not known, and in the last row, which stands for areas that are not there.
    """

    codes: tuple[str, ...]
    columns: dict[str, Floats]

    @classmethod
    def of(cls, table: pa.Table) -> Parameters:
        """From the answer of the query `precision_of_areas`."""
        areas = table.column("area_code").to_pylist()
        codes = tuple(sorted(set(areas)))
        rows = np.searchsorted(codes, areas)
        parts = [_PARTS.index(part) for part in table.column("day_part").to_pylist()]
        columns = {}
        for name in table.column_names:
            if name not in _KEYS:
                block = np.full((len(codes) + 1, len(_PARTS)), np.nan)
                block[rows, parts] = table.column(name).cast(pa.float64()).to_numpy()
                columns[name] = block
        return cls(codes, columns)

    def at(self, areas: Sequence[str | None], parts: Sequence[str]) -> Precision:
        """Parameters of areas in parts of the day.

        Parameters
        ----------
        areas : sequence of str or None
            Code of each.
        parts : sequence of str
            Parts of the day.

        Returns
        -------
        Precision
            Its arrays have the shape (areas, parts); NaN where not known.
        """
        places = {code: row for row, code in enumerate(self.codes)}
        rows = np.array([places.get(code or "", len(self.codes)) for code in areas], dtype=np.int64)
        chosen = np.ix_(rows, np.array([_PARTS.index(part) for part in parts], dtype=np.int64))
        return Precision.of({name: block[chosen] for name, block in self.columns.items()})


def errors_of_cells(
    known: Parameters,
    areas: Sequence[str | None],
    parts: Sequence[str],
    people: Floats,
    *,
    km2: Floats,
    days: Floats | NDArray[np.int64] | None = None,
) -> Floats:
    """Standard errors of the figures of cells over the steps of a day.

    Parameters
    ----------
    known : Parameters
        Of the areas that the cells lie in.
    areas : sequence of str or None
        Area of each cell.
    parts : sequence of str
        Part of the UTC day of each step.
    people : array of float, shape (cells, steps)
        Released figures; NaN where withheld.
    km2 : array of float, shape (cells,)
        Area of each cell in square kilometres.
    days : array, shape (cells,), optional
        Dates over which each figure is a mean; one if not given.

    Returns
    -------
    array of float, shape (cells, steps)
        People; NaN where a figure is withheld or a parameter is not known.
    """
    over = 1 if days is None else np.maximum(np.asarray(days, dtype=np.float64), 1.0).reshape(-1, 1)
    return standard_error(people, known.at(areas, parts), area_km2=km2.reshape(-1, 1), days=over)


def variation(people: Floats, errors: Floats) -> Floats:
    """Standard error over figure; infinite for a figure of 0, NaN where withheld or not known.

    Examples
    --------
    >>> variation(np.array([200.0, 0.0, np.nan]), np.array([10.0, 2.0, np.nan])).tolist()
    [0.05, inf, nan]
    """
    unknown = np.isnan(people) | np.isnan(errors)
    return np.divide(errors, people, out=np.where(unknown, np.nan, np.inf), where=(people > 0) & ~unknown)


SIZES = np.geomspace(1.0, 1e6, 19)
"""Figures at which the errors of curves are worked out: three to a power of ten."""


def curves(known: Parameters, km2_of: Mapping[str, float], days: float = 1.0) -> Floats:
    """Standard errors of cells by area, part of the day and size of the figure, for whoever reads them off.

    Parameters
    ----------
    known : Parameters
        Of the areas that the cells lie in.
    km2_of : mapping of str to float
        Area of a cell in square kilometres, by code of the area that it lies in: within an area they hardly differ.
    days : float
        Dates over which each figure is a mean.

    Returns
    -------
    array of float, shape (areas, parts of the day, sizes)
        Natural logarithms of standard errors of figures of `SIZES`; NaN where a parameter is not known. Read on a
        straight line between logarithms of figures they are within 2 % of the formula's from 5 people on.
    """
    codes = list(km2_of)
    km2 = np.repeat([km2_of[code] for code in codes], len(_PARTS))
    precision = known.at([code for code in codes for _ in _PARTS], _PARTS)
    rows, parts = np.arange(len(km2)), np.tile(np.arange(len(_PARTS)), len(codes))

    def down(values: ArrayLike) -> Floats:
        return np.asarray(values, dtype=np.float64)[rows, parts].reshape(-1, 1)

    columns = {name: down(getattr(precision, name)) for name in _SHARES}
    columns |= {f"placement_{each.name}": down(getattr(precision.placement, each.name)) for each in fields(Placement)}
    chosen = Precision.of(columns)
    errors = standard_error(SIZES.reshape(1, -1), chosen, area_km2=km2.reshape(-1, 1), days=days)
    return np.log(errors).reshape(len(codes), len(_PARTS), len(SIZES))


def place_of_part(part: str) -> int:
    """Place of a part of the day among those of `curves`."""
    return _PARTS.index(part)
