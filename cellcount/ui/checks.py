"""What a release tells of its own quality, as the data quality page shows it. No Streamlit and no SQL here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import h3
import numpy as np
import pandas as pd

from cellcount.methods.precision import LABEL_WORDS, LABELS, Precision, label_class
from cellcount.methods.support import smallest_area
from cellcount.standard import DAY_PARTS
from cellcount.ui import reading
from cellcount.ui.certainty import Parameters, variation
from cellcount.ui.presence import Floats
from cellcount.ui.reading import Release, Run
from cellcount.ui.view import Area
from cellcount.ui.words import NOT_KNOWN, percent, weekday
from cellcount.ui.words import day as written_day

SUPPRESSED_SHARE = "suppressed_share_resolution_"
SUPPRESSED = re.compile(rf"{SUPPRESSED_SHARE}(\d+)")
OPERATOR_SHARE = "operator_share"
DISAGREEMENT = "operator_disagreement"
LEFT_OUT = "leave_one_out_error"
NIGHT = "night_people_per_resident"
SHARE = "share"
"""Unit of a metric that is written in per cent."""
KNOWN: Mapping[str, tuple[str, str]] = {
    "operators_combined": ("Operators combined", ""),
    OPERATOR_SHARE: ("Devices for each resident", SHARE),
    DISAGREEMENT: ("Disagreement between operators", SHARE),
    "heterogeneity_i2": ("Part of the disagreement that is more than chance (I²)", SHARE),
    "heterogeneity_tau": ("Disagreement beyond chance (tau)", SHARE),
    "calibration_factor": ("Calibrated over plain figure", ""),
    NIGHT: ("People at night per resident", ""),
    LEFT_OUT: ("Error with the area left out", SHARE),
    "r_squared": ("R² of night counts and residents", ""),
    "over_dispersion": ("Variance of a count over the binomial one", ""),
    "variance_over_mean": ("Variance of a count over its mean", ""),
    "mobility": ("Share more among people away from home", SHARE),
    "share_abroad": ("Residents abroad", SHARE),
}
"""Names and units of metrics; one that is not here has its own name, and its note says what it is."""
DENSITIES = {"Countryside": 50.0, "Suburb": 1_000.0, "City": 5_000.0}
"""People per square kilometre for which the smallest areas are worked out."""
MIDDAY = "midday"


@dataclass(frozen=True)
class Metric:
    """A metric by its name and, after a colon, what it is of.

    Attributes
    ----------
    name, of : str
        Such as `operator_share` and `operator-a`; `of` is empty where there is no colon.
    """

    name: str
    of: str

    @classmethod
    def read(cls, text: str) -> Metric:
        """From the name in the table."""
        name, _, of = text.partition(":")
        return cls(name, of)

    @property
    def label(self) -> str:
        """What it is called on screen.

        Examples
        --------
        >>> Metric.read("r_squared:operator-a").label, Metric.read("suppressed_share_resolution_7").label
        ('R² of night counts and residents, operator-a', 'Withheld share, resolution 7')
        >>> Metric.read("sampling_fraction").label
        'Sampling fraction'
        """
        suppressed = SUPPRESSED.fullmatch(self.name)
        if suppressed:
            return f"Withheld share, resolution {suppressed[1]}"
        words = KNOWN[self.name][0] if self.name in KNOWN else self.name.replace("_", " ").capitalize()
        return f"{words}, {self.of}" if self.of else words

    @property
    def is_share(self) -> bool:
        """Whether it is written in per cent."""
        return bool(SUPPRESSED.fullmatch(self.name)) or KNOWN.get(self.name, ("", ""))[1] == SHARE

    def written(self, value: float) -> str:
        """A value of it in words.

        Examples
        --------
        >>> Metric.read("operator_disagreement").written(0.0412), Metric.read("r_squared").written(0.99771)
        ('4.1 %', '0.998')
        """
        if not np.isfinite(value):
            return NOT_KNOWN
        return percent(value) if self.is_share else f"{value:,.3f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class CellPrecision:
    """Figures of the cells of one resolution in one hour, by label and by area.

    Attributes
    ----------
    resolution : int
        H3 resolution.
    counts : dict of str to int
        How many figures have each label, the best first.
    withheld : int
        How many are withheld.
    median : float
        Median of standard error over figure; NaN where no figure is known.
    by_area : Series
        That median by area code.
    """

    resolution: int
    counts: dict[str, int]
    withheld: int
    median: float
    by_area: pd.Series


@dataclass(frozen=True)
class Checks:
    """Everything that the page shows, but for the agreement with official figures.

    Attributes
    ----------
    root : Area
        The area of the release.
    areas : tuple of Area
        The smallest areas inside it.
    metrics : DataFrame
        The table `quality`: metric, area_code, date, value, lower, upper, note.
    observed : Series
        Share of people observed by area code, mean over the parts of the UTC day, the whole among them; empty where not
        known.
    precision : Parameters or None
        The table `precision`; None where the release has none.
    cells : tuple of CellPrecision
        By resolution, the finest first; empty where precision is not known.
    hour : str
        Day and hour that `cells` are of, in words.
    outages : DataFrame
        Place, from, to, and largest share lost.
    runs : tuple of Run
        The queries that were run.
    """

    root: Area
    areas: tuple[Area, ...]
    metrics: pd.DataFrame
    observed: pd.Series
    precision: Parameters | None
    cells: tuple[CellPrecision, ...]
    hour: str
    outages: pd.DataFrame
    runs: tuple[Run, ...]

    def of_whole(self, metric: str) -> float:
        """A metric of the whole release; NaN where there is none."""
        rows = self.metrics[(self.metrics["metric"] == metric) & self.metrics["date"].isna()]
        for code in (None, self.root.code):
            found = rows[rows["area_code"].isna() if code is None else rows["area_code"] == code]
            if len(found):
                return float(found["value"].iloc[0])
        return float("nan")

    def by_area(self, metric: str) -> pd.Series:
        """A metric by the smallest areas, by code; without those that have none."""
        rows = self.metrics[self.metrics["metric"] == metric].dropna(subset=["area_code", "value"])
        found: pd.Series = rows.set_index("area_code")["value"]
        return found[found.index.isin([area.code for area in self.areas])]

    def by_date(self, metric: str) -> pd.Series:
        """A metric by date, in order."""
        rows = self.metrics[self.metrics["metric"] == metric].dropna(subset=["date", "value"])
        found: pd.Series = rows.set_index("date")["value"].sort_index()
        return found

    @property
    def within(self) -> bool:
        """Whether the area of the release has others inside it."""
        return self.areas != (self.root,)

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of the areas by code."""
        return {area.code: area.name for area in (*self.areas, self.root)}

    @cached_property
    def resolutions(self) -> tuple[int, ...]:
        """Resolutions of which it is told how much is withheld, ascending."""
        found = (SUPPRESSED.fullmatch(name) for name in self.metrics["metric"].unique())
        return tuple(sorted(int(each[1]) for each in found if each))

    @cached_property
    def operators(self) -> tuple[str, ...]:
        """Operators of which a share is told."""
        found = (Metric.read(name) for name in self.metrics["metric"].unique())
        return tuple(sorted(each.of for each in found if each.name == OPERATOR_SHARE and each.of))

    def others(self, shown: set[str]) -> pd.DataFrame:
        """Every metric of the whole that has no chart of its own: name, value, interval and note."""
        rows = self.metrics[self.metrics["date"].isna()]
        rows = rows[rows["area_code"].isna() | (rows["area_code"] == self.root.code)]
        metrics = [Metric.read(name) for name in rows["metric"]]
        kept = [metric.name not in shown and not SUPPRESSED.fullmatch(metric.name) for metric in metrics]
        return pd.DataFrame(
            [
                {
                    "Measure": metric.label,
                    "Value": metric.written(row["value"]),
                    "95 % interval": f"{metric.written(row['lower'])} to {metric.written(row['upper'])}"
                    if np.isfinite(row["lower"]) and np.isfinite(row["upper"])
                    else "",
                    "What it means": row["note"] or "",
                }
                for metric, keep, row in zip(metrics, kept, rows.to_dict("records"), strict=True)
                if keep
            ]
        )


def measured(release: Release) -> Checks:
    """Read what a release tells of its quality.

    Parameters
    ----------
    release : Release
        The release that is served.
    """
    root = release.areas[release.default_area]
    areas = release.within(root.code) or (root,)
    runs: list[Run] = []
    metrics = _metrics(release, runs)
    observed, known = pd.Series(dtype="float64"), None
    if release.has("precision"):
        known, run = reading.precision_of(release, root.code)
        runs.append(run)
        codes = list(dict.fromkeys([root.code, *(area.code for area in areas)]))
        by_part = pd.DataFrame(np.asarray(known.at(codes, list(DAY_PARTS)).coverage_p), index=codes)
        observed = by_part.mean(axis=1).dropna()
    cells, hour = _cells(release)
    return Checks(
        root=root,
        areas=areas,
        metrics=metrics,
        observed=observed,
        precision=known,
        cells=cells,
        hour=hour,
        outages=_outages(release, runs),
        runs=tuple(runs),
    )


def smallest_areas(checks: Checks) -> pd.DataFrame:
    """The smallest area that supports each label, by density: square kilometres and people, in words.

    The parameters are the medians over the smallest areas, at midday.

    Parameters
    ----------
    checks : Checks
        Of a release with precision.
    """
    if checks.precision is None:
        return pd.DataFrame()
    codes = [area.code for area in checks.areas]
    medians = {name: np.nanmedian(np.asarray(values)) for name, values in _columns_at_midday(checks, codes).items()}
    typical = Precision.of(medians)
    rows = []
    for place, density in DENSITIES.items():
        row = {"Place": f"{place}, {density:,.0f} people per km²"}
        for limit, word in LABELS:
            km2 = smallest_area(density, typical, limit)
            row[word[:1].upper() + word[1:]] = _area_words(km2, density)
        rows.append(row)
    return pd.DataFrame(rows)


def _columns_at_midday(checks: Checks, codes: list[str]) -> dict[str, Floats]:
    known = checks.precision
    if known is None:
        return {}
    rows = [row for row, code in enumerate(known.codes) if code in codes]
    place = list(DAY_PARTS).index(MIDDAY)
    return {name: block[rows, place] for name, block in known.columns.items() if np.isfinite(block[rows, place]).any()}


def _area_words(km2: float, density: float) -> str:
    """An area with the people in it.

    Examples
    --------
    >>> _area_words(0.428, 5000.0), _area_words(163.2, 50.0), _area_words(float("nan"), 50.0)
    ('0.43 km², 2,100 people', '160 km², 8,200 people', 'none')
    """
    if not np.isfinite(km2):
        return "none"
    digits = f"{float(f'{km2:.2g}'):,.2f}".rstrip("0").rstrip(".")
    return f"{digits} km², {float(f'{km2 * density:.2g}'):,.0f} people"


def _metrics(release: Release, runs: list[Run]) -> pd.DataFrame:
    if not release.has("quality"):
        columns = ["metric", "area_code", "date", "value", "lower", "upper", "note"]
        return pd.DataFrame({name: pd.Series(dtype="float64" if name == "value" else "object") for name in columns})
    answer = release.run("quality_figures")
    runs.append(reading.ran(answer))
    table = answer.table.to_pandas()
    for name in ("value", "lower", "upper"):
        table[name] = table[name].astype("float64")
    return table


def _cells(release: Release) -> tuple[tuple[CellPrecision, ...], str]:
    """How precise the figures of cells are at midday of the day that is shown first."""
    found = reading.midday_cells(release)
    if found is None:
        return (), ""
    slot_words, by_resolution = found
    cells = []
    for resolution, (people, errors, areas) in sorted(by_resolution.items(), reverse=True):
        kinds = label_class(people, errors)
        shares = variation(people, errors)
        known = np.isfinite(shares)
        by_area = pd.Series(shares[known], index=areas[known]).groupby(level=0).median()
        cells.append(
            CellPrecision(
                resolution=resolution,
                counts=dict(
                    zip(LABEL_WORDS, np.bincount(kinds[kinds >= 0], minlength=len(LABEL_WORDS)).tolist(), strict=True)
                ),
                withheld=int(np.isnan(people).sum()),
                median=float(np.median(shares[known])) if known.any() else float("nan"),
                by_area=by_area,
            )
        )
    return tuple(cells), slot_words


def _outages(release: Release, runs: list[Run]) -> pd.DataFrame:
    """Outages with their places and local times: hours that follow one another in one place are one."""
    if not release.has("coverage"):
        return pd.DataFrame()
    answer = release.run("coverage_lost")
    runs.append(reading.ran(answer))
    table = answer.table.to_pandas().sort_values(["h3_parent", "hour_utc"], ignore_index=True)
    begins = (table["h3_parent"].diff() != 0) | (table["hour_utc"].diff() != pd.Timedelta(hours=1))
    rows = []
    for _, hours in table.groupby(begins.cumsum()):
        cell = int(hours["h3_parent"].iloc[0])
        first, last = hours["hour_utc"].iloc[0], hours["hour_utc"].iloc[-1] + timedelta(hours=1)
        rows.append(
            {
                "Place": release.place_of(cell),
                "Cell": f"{cell:x}, resolution {h3.get_resolution(f'{cell:x}')}",
                "When": _span(first, last, release.manifest.time_zone),
                "Hours": len(hours),
                "Most lost": f"{100 * hours['share_lost'].max():.0f} %",
                "first_hour_utc": first,
                "share_lost": float(hours["share_lost"].max()),
            }
        )
    found = pd.DataFrame(rows).sort_values(["first_hour_utc", "share_lost"], ascending=[True, False], ignore_index=True)
    return found.drop(columns=["first_hour_utc", "share_lost"])


def _span(first: datetime, last: datetime, zone: str) -> str:
    """From and to in local time.

    Examples
    --------
    >>> _span(datetime(2026, 11, 6, 9), datetime(2026, 11, 6, 14), "Europe/London")
    'Friday 6 November 2026, 09:00 to 14:00'
    >>> _span(datetime(2026, 10, 24, 22), datetime(2026, 10, 25, 2), "Europe/London")
    'Saturday 24 October 2026, 23:00 to 25 October 2026, 02:00'
    """
    start, end = (
        datetime.fromisoformat(str(each)).replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone))
        for each in (first, last)
    )
    to = f"{end:%H:%M}" if end.date() == start.date() else f"{written_day(end.date())}, {end:%H:%M}"
    return f"{weekday(start.date())}, {start:%H:%M} to {to}"
