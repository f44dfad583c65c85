"""Visits by area, country and length of stay as arrays, and what the tourism page shows of them. No Streamlit here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cellcount.methods import tourism
from cellcount.methods.precision import interval
from cellcount.methods.tourism import STAYS, Completed, Counts
from cellcount.standard import DAY_PARTS
from cellcount.ui.words import count, labels, listed, number, percent, sure
from cellcount.ui.words import interval as amounts_between

Floats = NDArray[np.float64]

Measure = Literal[
    "visits", "nights", "stay", "same_day", "quotient", "intensity", "repeat", "main", "secondary", "transit"
]

MEASURES: dict[Measure, str] = {
    "visits": "Visits",
    "nights": "Nights",
    "stay": "Average stay",
    "same_day": "Same-day share",
    "quotient": "Location quotient",
    "intensity": "Nights per 100 residents",
    "repeat": "Repeat visits",
    "main": "Main destination",
    "secondary": "Secondary destination",
    "transit": "Passing through",
}
"""What the control and the URL call them."""
TITLES: dict[Measure, str] = {
    "visits": "Visits",
    "nights": "Nights",
    "stay": "Nights per overnight visit",
    "same_day": "Same-day visits, share of visits",
    "quotient": "Location quotient of visits",
    "intensity": "Nights per 100 residents",
    "repeat": "Visits by devices seen before, share of visits",
    "main": "Visits of which it is the main destination, share",
    "secondary": "Visits of which it is a secondary destination, share",
    "transit": "Visits that pass through, share",
}
"""The measure with its unit, for legends and captions."""
SAID: tuple[Measure, ...] = ("repeat", "main", "secondary", "transit")
"""Shares of visits of which it is said, where an operator supplies it."""
SHARES: frozenset[Measure] = frozenset({"same_day", *SAID})
MEANS: frozenset[Measure] = frozenset({"quotient", "stay"})
RESIDENTS = "GB"
"""Country of residence of those who visit within their own country."""
UNKNOWN, GROUPED = "XX", "ZZ"
NO_COUNTRY = (UNKNOWN, GROUPED)
COUNTRY_NAMES = {UNKNOWN: "Unknown country", GROUPED: "Several small countries, grouped"}
PROXY = (
    "The country is the one that issued the SIM: a proxy for the country of residence. It is not nationality, and it "
    "says nothing of ethnicity."
)
Parts = tuple[Floats, Floats, Floats]
_COLUMNS = {
    "repeat": "repeat_visits",
    "main": "main_destination_visits",
    "secondary": "secondary_destination_visits",
    "transit": "transit_visits",
}
MOST_LINES = 25
MOST_RANKED = 15
LEAST_SURPLUS = 0.01
"""So much larger than of the whole must a part of the world's share be to stand out in a group of areas."""


@dataclass(frozen=True, slots=True)
class Country:
    """A country that visitors come from.

    Attributes
    ----------
    code, name : str
        ISO 3166-1 alpha-2, and its name.
    region : str
        Part of the world.
    centre : tuple of float or None
        Longitude and latitude of its centre; None where it has none.
    """

    code: str
    name: str
    region: str
    centre: tuple[float, float] | None


def countries_of(codes: Sequence[str], table: pa.Table | None) -> dict[str, Country]:
    """Countries by code, in the order given, from the answer of the query `countries`.

    Parameters
    ----------
    codes : sequence of str
        Those that are wanted.
    table : pyarrow.Table or None
        What the release knows of countries; without it each is called by its code.
    """
    rows = {row["country_code"]: row for row in table.to_pylist()} if table is not None else {}
    found = {}
    for code in codes:
        row = rows.get(code, {})
        centre = (row.get("centre_lon"), row.get("centre_lat"))
        known = code not in NO_COUNTRY and None not in centre
        found[code] = Country(
            code,
            COUNTRY_NAMES.get(code) or row.get("country_name") or code,
            row.get("world_region") or "Not stated",
            (float(centre[0]), float(centre[1])) if known else None,
        )
    return found


@dataclass(frozen=True, slots=True)
class Month:
    """Visits of a month by area, country and length of stay.

    Attributes
    ----------
    month : str
        `YYYY-MM`.
    areas, countries : tuple of str
        Codes: the first two axes.
    visits : Completed
        Visits, with expectations in the place of what is withheld.
    nights : Counts, shape (areas, countries, stays)
    parts : dict of str to three arrays, shape (areas, countries)
        By what is said of visits (repeat, main, secondary, transit): how many are so, the visits of which it is known,
        and the figures that these are added up from.
    whole : int
        Place of the area that contains all others.
    """

    month: str
    areas: tuple[str, ...]
    countries: tuple[str, ...]
    visits: Completed
    nights: Counts
    parts: dict[str, Parts]
    whole: int


def month_of(
    table: pa.Table,
    month: str,
    areas: Sequence[str],
    countries: Sequence[str],
    whole: str,
    *,
    most_devices: float = math.inf,
) -> Month:
    """Put the answer of the query `visits_in_month` into arrays.

    Parameters
    ----------
    table : pyarrow.Table
        Rows by area, country and length of stay.
    month : str
        `YYYY-MM`.
    areas, countries : sequence of str
        Codes that are kept. Residents' own trips and visits from abroad are expanded by different shares of the
        operators: give one or the other.
    whole : str
        Code of the area that contains all others.
    most_devices : float
        As many devices can be behind a withheld figure.
    """
    axes = (list(areas), list(countries), list(STAYS))
    at = [
        pc.index_in(table.column(name), value_set=pa.array(values, pa.string()))
        for name, values in zip(("area_code", "country_of_residence", "stay"), axes, strict=True)
    ]
    kept = np.logical_and.reduce([each.is_valid().to_numpy() for each in at])
    rows = tuple(each.fill_null(0).to_numpy()[kept] for each in at)
    shape = (len(axes[0]), len(axes[1]), len(axes[2]))

    def cube(column: str, absent: float) -> Floats:
        block = np.full(shape, absent)
        block[rows] = table.column(column).cast(pa.float64()).to_numpy()[kept]
        return block

    visits, errors = cube("visits", 0.0), cube("se", np.nan)
    place = axes[0].index(whole)
    done = tourism.completed(visits, errors, tourism.doubt_of(visits, errors), place, most_devices)
    parts: dict[str, Parts] = {}
    for name in SAID:
        some = cube(_COLUMNS[name], np.nan)
        known = np.isfinite(some) & np.isfinite(visits)
        of = np.where(known, visits, 0.0).sum(axis=2)
        parts[name] = np.where(known, some, 0.0).sum(axis=2), of, (known & (visits > 0)).sum(axis=2).astype(np.float64)
    nights = tourism.completed_nights(cube("nights", 0.0), done)
    return Month(month, tuple(areas), tuple(countries), done, nights, parts, place)


@dataclass(frozen=True, slots=True)
class Group:
    """Visits of some rows, areas or countries, each with what it is compared with.

    Attributes
    ----------
    visits, nights : Counts, shape (rows, stays)
    published : array of float, shape (rows,)
        Visits that were published as such.
    withheld, figures : array of float, shape (rows,)
        How many figures by country and length of stay are withheld, and how many there are.
    others, there, others_there : Counts, shape (rows,)
        Visits from all other countries to the same area; from the same countries to the whole; from all others.
    chance, common : array of float, shape (rows,)
        Doubt of the area.
    parts : dict of str to three arrays, shape (rows,)
        As in `Month`.
    """

    visits: Counts
    nights: Counts
    published: Floats
    withheld: Floats
    figures: Floats
    others: Counts
    there: Counts
    others_there: Counts
    chance: Floats
    common: Floats
    parts: dict[str, Parts]


def by_country(month: Month, area: str) -> Group:
    """The visits to an area, a row a country."""
    at = month.areas.index(area)
    done = month.visits
    here = done.visits[at]
    everywhere = done.visits[month.whole].sum(1)
    each = here.sum(1)
    rows = len(month.countries)
    return Group(
        visits=here,
        nights=month.nights[at],
        published=done.published[at].sum(1),
        withheld=done.withheld[at].sum(1).astype(np.float64),
        figures=_figures(done)[at].sum(1),
        others=_all(each, rows).minus(each),
        there=everywhere,
        others_there=_all(everywhere, rows).minus(everywhere),
        chance=np.full(rows, done.doubt.chance[at]),
        common=np.full(rows, done.doubt.common[at]),
        parts={name: _each(parts, lambda each: each[at]) for name, parts in month.parts.items()},
    )


def by_area(month: Month, countries: Sequence[str]) -> Group:
    """The visits from some countries, or from all if none is given, a row an area."""
    chosen = [month.countries.index(each) for each in countries if each in month.countries]
    if not countries:
        chosen = list(range(len(month.countries)))
    done = month.visits
    some = done.visits[:, chosen].sum(1)
    every, each = done.visits.sum((1, 2)), some.sum(1)
    there = each[month.whole]
    rows = len(month.areas)
    return Group(
        visits=some,
        nights=month.nights[:, chosen].sum(1),
        published=done.published[:, chosen].sum((1, 2)),
        withheld=done.withheld[:, chosen].sum((1, 2)).astype(np.float64),
        figures=_figures(done)[:, chosen].sum((1, 2)),
        others=every.minus(each),
        there=_repeated(there, rows),
        others_there=_repeated(every[month.whole].minus(there), rows),
        chance=done.doubt.chance,
        common=done.doubt.common,
        parts={name: _each(parts, lambda each: each[:, chosen].sum(1)) for name, parts in month.parts.items()},
    )


def together(groups: Sequence[Group]) -> Group:
    """The same rows over several months, added up: visits, nights and trips add over months.

    Where the observed share of visitors differs between months, its mean stands for it.
    """
    if len(groups) == 1:
        return groups[0]

    def counts(name: str) -> Counts:
        return reduce(_plus, [getattr(each, name) for each in groups])

    def added(name: str) -> Floats:
        return np.asarray(sum(getattr(each, name) for each in groups))

    return Group(
        visits=counts("visits"),
        nights=counts("nights"),
        published=added("published"),
        withheld=added("withheld"),
        figures=added("figures"),
        others=counts("others"),
        there=counts("there"),
        others_there=counts("others_there"),
        chance=added("chance") / len(groups),
        common=added("common") / len(groups),
        parts={name: _added([each.parts[name] for each in groups]) for name in groups[0].parts},
    )


def rows_of(group: Group, rows: Sequence[int]) -> Group:
    """Some rows of a group, by their places."""
    at = list(rows)
    return Group(
        group.visits[at],
        group.nights[at],
        group.published[at],
        group.withheld[at],
        group.figures[at],
        group.others[at],
        group.there[at],
        group.others_there[at],
        group.chance[at],
        group.common[at],
        {name: _each(parts, lambda each: each[at]) for name, parts in group.parts.items()},
    )


def measured(group: Group, measure: Measure, residents: Floats | None = None) -> tuple[Floats, Floats]:
    """A measure of every row, with its standard error.

    Parameters
    ----------
    group : Group
        The rows.
    measure : Measure
        Which.
    residents : array of float, shape (rows,), optional
        Usual residents, for nights per 100 of them.

    Returns
    -------
    tuple of arrays, shape (rows,)
        NaN where less than half of the visits was published, or nothing is known.
    """
    visits = group.visits.sum(-1)
    shown = tourism.mostly_published(group.published, visits.value, group.withheld)
    value, error = _measured(group, measure, visits, residents)
    return np.where(shown, value, np.nan), np.where(shown, error, np.nan)


def _measured(group: Group, measure: Measure, visits: Counts, residents: Floats | None) -> tuple[Floats, Floats]:
    nights = group.nights.sum(-1)
    if measure == "visits":
        found = visits.value, visits.error(group.common)
    elif measure == "nights":
        found = nights.value, nights.error(group.common)
    elif measure == "intensity":
        people = (
            np.full(nights.value.shape, np.nan) if residents is None else np.where(residents > 0, residents, np.nan)
        )
        found = 100 * nights.value / people, 100 * nights.error(group.common) / people
    elif measure == "stay":
        found = tourism.average_stay(group.nights, group.visits, group.chance)
    elif measure == "same_day":
        found = tourism.share(group.visits[..., :1].sum(-1), group.visits[..., 1:].sum(-1))
    elif measure == "quotient":
        found = tourism.location_quotient(visits, group.others, group.there, group.others_there)
    else:
        found = tourism.said_share(*group.parts[measure], group.chance)
    return found


def measures_of(group: Group, *, quotient: bool, residents: bool) -> list[Measure]:
    """The measures that a release can serve of some rows: what no operator has supplied is left out.

    Parameters
    ----------
    group : Group
        The rows.
    quotient : bool
        Whether a location quotient says anything: not of all countries together.
    residents : bool
        Whether the rows are areas whose residents are known.
    """
    left_out: set[Measure] = {
        *(() if quotient else ("quotient",)),
        *(() if residents else ("intensity",)),
        *(name for name in SAID if not group.parts[name][1].any()),
    }
    return [measure for measure in MEASURES if measure not in left_out]


def month_words(month: str) -> str:
    """A month in words.

    Examples
    --------
    >>> month_words("2026-10")
    'October 2026'
    """
    year, number_of = (int(part) for part in month.split("-"))
    return f"{date(year, number_of, 1):%B %Y}"


def per_cent(measure: Measure) -> float:
    """What a measure is multiplied by on an axis: shares are drawn in per cent."""
    return 100.0 if measure in SHARES else 1.0


def figure(value: float, error: float, measure: Measure) -> str:
    """A figure in words, with its unit where that is not plain.

    Examples
    --------
    >>> figure(12_345.0, 230.0, "visits"), figure(0.4123, 0.02, "same_day"), figure(3.456, 0.004, "stay")
    ('12,300', '41.2 %', '3.46')
    """
    if measure in SHARES:
        return percent(value)
    if measure in MEANS:
        return f"{value:.2f}" if math.isfinite(value) else number(None)
    return number(value, error if error > 0 else None)


def between(value: float, error: float, measure: Measure, *, labelled: bool = False) -> str:
    """The 95 % interval of a figure in words; empty where it is not known.

    Parameters
    ----------
    value, error : float
        The figure and its standard error.
    measure : Measure
        Which.
    labelled : bool
        Whether an amount is followed by what its precision is called.

    Examples
    --------
    >>> between(0.4, 0.02, "same_day"), between(12_345.0, 230.0, "visits", labelled=True), between(1.5, 0.1, "quotient")
    ('36.1 % to 43.9 %', '11,900 to 12,800, precise', '1.30 to 1.70')
    >>> between(0.1233, 0.0001, "same_day")
    '12.31 % to 12.35 %'
    """
    if not (math.isfinite(value) and math.isfinite(error)):
        return ""
    low, high = (float(each) for each in interval(value, error))
    if measure in SHARES:
        # As many decimals as tell the limits apart.
        decimals = 1 if high - low >= 0.002 else 2
        return f"{100 * low:.{decimals}f} % to {100 * min(high, 1.0):.{decimals}f} %"
    if measure in MEANS:
        return f"{low:.2f} to {high:.2f}"
    return (sure(value, error) if labelled else amounts_between(value, error)) or ""


def told(value: float, error: float, measure: Measure) -> str:
    """A figure with its interval, for tooltips.

    Examples
    --------
    >>> told(12_345.0, 230.0, "visits"), told(math.nan, math.nan, "visits")
    ('12,300, 95 % interval 11,900 to 12,800', 'withheld')
    """
    if not math.isfinite(value):
        return "withheld"
    limits = between(value, error, measure)
    return figure(value, error, measure) + (f", 95 % interval {limits}" if limits else "")


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rows in the order of a measure.

    Attributes
    ----------
    codes, names : tuple of str
        Areas or countries.
    values, errors : array of float
        The measure and its standard error; none is NaN.
    hidden : int
        Rows without a figure: withheld, or nothing to divide by.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    values: Floats
    errors: Floats
    hidden: int


def ranked(
    codes: Sequence[str], names: Sequence[str], values: Floats, errors: Floats, *, most: int = MOST_RANKED
) -> Ranked:
    """The rows with the largest values.

    Examples
    --------
    >>> found = ranked("abc", ["A", "B", "C"], np.array([1.0, np.nan, 3.0]), np.array([0.1, np.nan, 0.2]))
    >>> found.names, found.hidden
    (('C', 'A'), 1)
    """
    known = np.isfinite(values)
    first = np.argsort(np.where(known, -values, np.inf), kind="stable")[: min(most, int(known.sum()))].tolist()
    return Ranked(
        tuple(codes[at] for at in first),
        tuple(names[at] for at in first),
        values[first],
        errors[first],
        int((~known).sum()),
    )


def table_of(
    group: Group, keys: Mapping[str, Sequence[object]], measures: Sequence[Measure], residents: Floats | None = None
) -> pd.DataFrame:
    """Every measure of every row with its standard error and 95 % limits, to be looked at and taken away.

    Parameters
    ----------
    group : Group
        The rows.
    keys : mapping of str to sequence
        The columns that say which row it is.
    measures : sequence of Measure
        Which measures; rows are in the order of the first.
    residents : array of float, optional
        As for `measured`.
    """
    columns: dict[str, object] = {name: list(values) for name, values in keys.items()}
    for measure in measures:
        value, error = measured(group, measure, residents)
        low, high = interval(value, error)
        decimals = 0 if measure in ("visits", "nights") else 4
        columns[measure] = pd.array(np.round(value, decimals), dtype="Float64")
        columns |= limits_columns(measure, error, low, high, decimals=max(decimals, 1))
    columns["label"] = labels(*measured(group, "visits"))
    columns["figures_withheld"] = group.withheld.astype(np.int64)
    columns["figures"] = group.figures.astype(np.int64)
    return pd.DataFrame(columns).sort_values(measures[0], ascending=False, na_position="last", ignore_index=True)


def limits_columns(name: str, error: Floats, low: Floats, high: Floats, *, decimals: int = 1) -> dict[str, object]:
    """Standard error and 95 % limits of a column, as they are taken away."""
    found = {f"{name}_se": error, f"{name}_lower": low, f"{name}_upper": high}
    return {key: pd.array(np.round(values, decimals), dtype="Float64") for key, values in found.items()}


def columns_of(keys: Mapping[str, str], measures: Sequence[Measure]) -> dict[str, str]:
    """What each column of `table_of` means."""
    said = dict(keys)
    for measure in measures:
        words = TITLES[measure]
        said[measure] = f"{words}; empty where withheld"
        said[f"{measure}_se"] = f"{words}: standard error"
        said[f"{measure}_lower"] = f"{words}: lower limit of the 95 % interval"
        said[f"{measure}_upper"] = f"{words}: upper limit of the 95 % interval"
    return said | {
        "label": "Precision of the visits in words",
        "figures_withheld": "Withheld figures by country, length of stay and month; expectations take their place",
        "figures": "Figures that there are",
    }


def over_months(
    months: Sequence[Month], area: str, countries: Sequence[str], measure: Measure
) -> tuple[Floats, Floats]:
    """A measure of one area and some countries, or all, month by month, with its standard error."""
    found = [measured(by_area(month, countries), measure) for month in months]
    at = [month.areas.index(area) for month in months]
    values = np.array([value[row] for (value, _), row in zip(found, at, strict=True)])
    return values, np.array([error[row] for (_, error), row in zip(found, at, strict=True)])


def strongest(countries: Sequence[Country], visits: Floats, most: int = MOST_LINES) -> list[int]:
    """Rows of the countries with most visits that have a place on the map, the largest last so that it lies on top.

    Parameters
    ----------
    countries : sequence of Country
        One a row; those without a centre (unknown, grouped) have no line.
    visits : array of float
        Visits of each, NaN where withheld.
    most : int
        So many lines are drawn.

    Examples
    --------
    >>> france, unknown = Country("FR", "France", "Western Europe", (2.0, 46.0)), Country("XX", "", "", None)
    >>> strongest([france, unknown, france], np.array([5.0, 99.0, 7.0]))
    [0, 2]
    """
    known = [at for at, country in enumerate(countries) if country.centre is not None and visits[at] > 0]
    return sorted(known, key=lambda at: -visits[at])[:most][::-1]


@dataclass(frozen=True, slots=True)
class Abroad:
    """Trips abroad of the residents of an area in a month, by country.

    Attributes
    ----------
    countries : tuple of str
        Codes.
    trips, trips_error, nights : array of float, shape (countries,)
        Trips with their standard error, and nights; NaN where withheld.
    total, total_error : float
        Trips to all countries, with expectations for those that are withheld, and the standard error; NaN where less
        than half of them was published. The error is NaN too where countries are left out.
    left_out : tuple of str
        Countries that the total does not hold, for they are withheld and nothing can be expected of them.
    withheld, figures : int
        Figures by home authority and country that are withheld, and how many there are.
    """

    countries: tuple[str, ...]
    trips: Floats
    trips_error: Floats
    nights: Floats
    total: float
    total_error: float
    left_out: tuple[str, ...]
    withheld: int
    figures: int


def abroad_of(table: pa.Table, everywhere: pa.Table, most_devices: float) -> Abroad:
    """Add up the answer of the query `trips_abroad` over home areas: trips and nights add over them.

    A country that is withheld in a home area is expected in proportion to the published trips from everywhere: it may
    be withheld in all home areas of a small region, and its trips are in the total all the same. Of a home area of
    which nothing is published half of the most that can be withheld is expected, give or take as much.

    Parameters
    ----------
    table, everywhere : pyarrow.Table
        Rows by home area and country: of the area, and of the whole release.
    most_devices : float
        As many devices can be behind a withheld figure.
    """
    homes = pc.unique(table.column("home_area_code")).to_pylist()
    countries = sorted(pc.unique(table.column("country")).to_pylist())
    rows = tuple(
        pc.index_in(table.column(name), value_set=pa.array(values, pa.string())).to_numpy()
        for name, values in (("home_area_code", homes), ("country", countries))
    )
    shape = (len(homes), len(countries), 1)  # one length of stay
    trips, errors, nights = np.zeros(shape), np.full(shape, np.nan), np.zeros(shape)
    for block, column in ((trips, "trips"), (errors, "se"), (nights, "nights")):
        block[(*rows, 0)] = table.column(column).cast(pa.float64()).to_numpy()
    done = tourism.completed(
        trips, errors, tourism.doubt_of(trips, errors), _sums(everywhere, "country", "trips", countries), most_devices
    )
    each, hidden, published = done.visits[..., 0], done.withheld[..., 0], done.published[..., 0]
    half = np.where(published.any(axis=1), 0.0, most_devices * done.doubt.per_device / 2)[:, None]
    blind = hidden & np.isfinite(half) & (half > 0)
    value = np.where(blind, half, each.value)
    # What operators say of their shares may be wrong in the same way in all home areas.
    extra = np.where(blind, half, each.extra + done.doubt.common[:, None] * each.value)
    every = Counts(value, each.chance, extra)
    shared, total = every.sum(0), every.sum((0, 1))
    known = np.isfinite(nights[..., 0])
    spent = np.where(known, nights[..., 0], 0.0).sum(0)
    stayed = np.where(known, value, 0.0).sum(0)
    per_trip = np.divide(spent, stayed, out=np.full(len(countries), np.nan), where=stayed > 0)
    shown = tourism.mostly_published(published.sum(0), shared.value, hidden.sum(0))
    summed = bool(tourism.mostly_published(published.sum(), total.value, hidden.sum()))
    without = np.flatnonzero((tourism.left_out(done) & ~blind).any(axis=0)).tolist()
    return Abroad(
        tuple(countries),
        np.where(shown, shared.value, np.nan),
        np.where(shown, shared.error(0.0), np.nan),
        np.where(shown, per_trip * shared.value, np.nan),
        float(total.value) if summed else math.nan,
        float(total.error(0.0)) if summed and not without else math.nan,
        tuple(countries[at] for at in without),
        int(hidden.sum()),
        table.num_rows,
    )


def placed(codes: Sequence[str], own: Sequence[str], values: Floats) -> Floats:
    """Values of countries in the places of a longer list; 0 where there is no row, for none was observed.

    Examples
    --------
    >>> placed(["DE", "ES", "FR"], ["FR", "DE"], np.array([5.0, 7.0])).tolist()
    [7.0, 0.0, 5.0]
    """
    found = np.zeros(len(codes))
    found[[codes.index(code) for code in own]] = values
    return found


@dataclass(frozen=True, slots=True)
class Mix:
    """How the countries of visitors differ between areas.

    Attributes
    ----------
    areas : tuple of str
        Codes of the areas that are compared.
    effective : array of float, shape (areas,)
        Effective number of countries.
    apart : array of float, shape (areas,)
        Dissimilarity to the whole.
    groups : tourism.Groups
        Areas with alike mixes.
    names : tuple of str
        What stands out in each group.
    regions : tuple of str
        Parts of the world, the columns of the groups' centres.
    whole : array of float, shape (regions,)
        Their shares of the whole.
    """

    areas: tuple[str, ...]
    effective: Floats
    apart: Floats
    groups: tourism.Groups
    names: tuple[str, ...]
    regions: tuple[str, ...]
    whole: Floats


def mix_of(months: Sequence[Month], countries: Mapping[str, Country], areas: Sequence[str]) -> Mix:
    """Compare the countries of the visitors of areas.

    Only countries that are told are compared: neither unknown nor grouped. An area of whose visits less than half was
    published is left out.

    Parameters
    ----------
    months : sequence of Month
        Months that are added up.
    countries : mapping of str to Country
        By code.
    areas : sequence of str
        Codes of the areas to compare.
    """
    month = months[0]
    told = [at for at, code in enumerate(month.countries) if code not in NO_COUNTRY]
    rows = [month.areas.index(code) for code in areas]
    value = np.asarray(sum(each.visits.visits.value.sum(2) for each in months))
    published = np.asarray(sum(each.visits.published.sum(2) for each in months))
    withheld = np.asarray(sum(each.visits.withheld.sum(2) for each in months))
    shown = tourism.mostly_published(published[rows].sum(1), value[rows].sum(1), withheld[rows].sum(1))
    by_code = np.where(shown[:, None], value[np.ix_(rows, told)], np.nan)
    whole = value[month.whole, told]
    regions = sorted({countries[month.countries[at]].region for at in told})
    member = np.array([[countries[month.countries[at]].region == region for region in regions] for at in told], float)
    groups = tourism.mix_groups(by_code @ member)
    shares = whole @ member / max(float(whole.sum()), 1.0)
    names = _told_apart([_stands_out(centre, shares, regions) for centre in groups.centres])
    return Mix(
        tuple(areas),
        tourism.effective_countries(by_code),
        np.where(shown, tourism.dissimilarity(by_code, whole), np.nan),
        groups,
        names,
        tuple(regions),
        shares,
    )


def _stands_out(centre: Floats, whole: Floats, regions: Sequence[str]) -> str:
    """What a group of areas has more of than the whole, in words: the parts of the world with the largest surplus."""
    surplus = centre - whole
    first = [at for at in np.argsort(-surplus, kind="stable").tolist()[:2] if surplus[at] >= LEAST_SURPLUS]
    return listed([regions[at] for at in first]) if first else "Much like the whole"


def _told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Names of which none is there twice: the second of a name is numbered."""
    return tuple(
        name if names[:place].count(name) == 0 else f"{name} ({names[:place].count(name) + 1})"
        for place, name in enumerate(names)
    )


def days_of(month: Month, area: str) -> Floats:
    """Days that visitors spent in an area, by country: a visit of n nights takes n + 1 days, shape (countries,)."""
    at = month.areas.index(area)
    return np.asarray((month.visits.visits.value[at] + month.nights.value[at]).sum(axis=1))


@dataclass(frozen=True, slots=True)
class CellVisitors:
    """Visitors from some countries present in cells, by part of the day.

    Attributes
    ----------
    h3 : array of int64, shape (cells,)
        Cells, ascending.
    people, errors : array of float, shape (cells, parts)
        People present on average and their standard error; NaN where withheld.
    covered : array of bool, shape (cells, parts)
        Whether any figure is there, withheld or not.
    left_out : tuple of str
        Countries that some cells do not hold, for they are withheld there and nothing can be expected of them. Such a
        cell's figures are the least that they can be, and have no error.
    """

    h3: NDArray[np.int64]
    people: Floats
    errors: Floats
    covered: NDArray[np.bool_]
    left_out: tuple[str, ...]


PARTS = tuple(DAY_PARTS)
PART_WORDS = {
    part: f"{part.capitalize()}, {min(hours):02d}:00 to {max(hours) + 1:02d}:00 UTC"
    for part, hours in DAY_PARTS.items()
}


def cells_of(
    table: pa.Table, countries: Sequence[str], chosen: Sequence[str], days: Floats, most_devices: float
) -> CellVisitors:
    """Put the answer of the query `visitors_by_cell` into arrays.

    Of several countries a cell's figure is the sum of those published and of expectations for the others, as for areas,
    with parts of the day in the place of lengths of stay; of a single one it is the published figure.

    Parameters
    ----------
    table : pyarrow.Table
        Rows by cell, country and part of the day.
    countries : sequence of str
        All of them.
    chosen : sequence of str
        Those that are added up; none is all.
    days : array of float, shape (countries,)
        Days that visitors of each country spent in the area in the month (`days_of`): they tell what to expect of a
        country that is withheld in all parts of the day in a cell, and may be so in all cells.
    most_devices : float
        As many devices can be behind a withheld figure.
    """
    cells = np.unique(table.column("h3").to_numpy())
    nations = list(countries)
    at = (
        np.searchsorted(cells, table.column("h3").to_numpy()),
        pc.index_in(table.column("country_of_residence"), value_set=pa.array(nations, pa.string())),
        pc.index_in(table.column("day_part"), value_set=pa.array(PARTS, pa.string())),
    )
    kept = at[1].is_valid().to_numpy() & at[2].is_valid().to_numpy()
    rows = at[0][kept], at[1].fill_null(0).to_numpy()[kept], at[2].fill_null(0).to_numpy()[kept]
    people = np.zeros((len(cells), len(nations), len(PARTS)))
    errors = np.full(people.shape, np.nan)
    there = np.zeros(people.shape, dtype=bool)
    people[rows] = table.column("people").cast(pa.float64()).to_numpy()[kept]
    errors[rows] = table.column("se").cast(pa.float64()).to_numpy()[kept]
    there[rows] = True
    picked = [nations.index(each) for each in chosen if each in nations] or list(range(len(nations)))
    covered = np.asarray(there[:, picked].any(axis=1))
    if len(picked) == 1:
        one = np.where(covered, people[:, picked[0]], np.nan)
        return CellVisitors(cells, one, np.where(np.isfinite(one), errors[:, picked[0]], np.nan), covered, ())
    unknown = np.full(len(cells), np.nan)
    done = tourism.completed(people, errors, tourism.Doubt(unknown, unknown, unknown), days, most_devices)
    found = done.visits[:, picked].sum(1)
    shown = tourism.mostly_published(done.published[:, picked].sum(1), found.value, done.withheld[:, picked].sum(1))
    shown = shown & covered
    # Only of what is shown it must be said: a part of the day with nothing but withheld figures is withheld itself.
    without = (done.withheld & (done.visits.value == 0))[:, picked] & shown[:, None]
    error = np.where(shown & ~without.any(axis=1), found.error(0.0), np.nan)
    return CellVisitors(
        cells,
        np.where(shown, found.value, np.nan),
        error,
        covered,
        tuple(nations[picked[at]] for at in np.flatnonzero(without.any(axis=(0, 2))).tolist()),
    )


def _sums(table: pa.Table, key: str, column: str, codes: Sequence[str]) -> Floats:
    """Sums of what is published of a column, by code; 0 where nothing is."""
    places = pc.index_in(table.column(key), value_set=pa.array(codes, pa.string()))
    known = places.is_valid().to_numpy() & table.column(column).is_valid().to_numpy()
    weights = table.column(column).cast(pa.float64()).fill_null(0.0).to_numpy()[known]
    found = np.bincount(places.fill_null(0).to_numpy()[known], weights=weights, minlength=len(codes))
    return found.astype(np.float64)


def withheld_words(group: Group, rule: str) -> str:
    """What is withheld of some rows and what takes its place, in a sentence or two."""
    hidden, figures = int(group.withheld.sum()), int(group.figures.sum())
    if not hidden:
        return f"None of the {count(figures, 'figure')} is withheld."
    # The rule's first sentence says what; the evidence has all of it.
    first = f"{rule[:1].lower()}{rule[1:]}".split(". ")[0].rstrip(".")
    return (
        f"{hidden:,} of {figures:,} figures by country and length of stay are withheld: {first}. In sums an "
        "expectation takes their place and widens the interval; where less than half was published, none is shown."
    )


def _figures(done: Completed) -> Floats:
    """Where there is a figure, published or withheld: a row of zero visits is none."""
    return ((done.published > 0) | done.withheld).astype(np.float64)


def _each(parts: Parts, of: Callable[[Floats], Floats]) -> Parts:
    return of(parts[0]), of(parts[1]), of(parts[2])


def _added(parts: Sequence[Parts]) -> Parts:
    first, second, third = (np.asarray(sum(each)) for each in zip(*parts, strict=True))
    return first, second, third


def _all(each: Counts, rows: int) -> Counts:
    return _repeated(each.sum(0), rows)


def _repeated(one: Counts, rows: int) -> Counts:
    return Counts(*(np.full(rows, float(part)) for part in (one.value, one.chance, one.extra)))


def _plus(first: Counts, second: Counts) -> Counts:
    return Counts(first.value + second.value, first.chance + second.chance, first.extra + second.extra)
