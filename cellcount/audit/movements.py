"""Attacks on trips, visits, homes and whatever stands beside a figure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cellcount.audit.opening import Factors, Release
from cellcount.audit.relations import Amounts, Bounds, Numbers, Relations, confine_parts, families
from cellcount.audit.scoring import Attack, Figures, Truth, blended, flat_guess, from_neighbours
from cellcount.audit.truth import counted, day_total, truth_of, truth_of_sums
from cellcount.build.deliveries import Delivery
from cellcount.standard import DAY_PARTS, HOUR_COLUMNS

RESIDENTS = "GB"
DESTINATIONS = ("main_destination_visits", "secondary_destination_visits", "transit_visits")
NIGHTS_OF_STAY = {"same_day": (0, 0), "1": (1, 1), "2-3": (2, 3), "4-7": (4, 7)}
LONGEST_STAY = (8, np.inf)
"""Least and most nights of a visit, by the class of its stay."""

FLOWS_OF_DAY = "flows: the day against its hours"
FLOWS_OF_MONTH = "flows: the month against its days"
PURPOSES = "flows: to work against all"
VISITS = "country totals: destinations against visits"
STAYS = "country totals: nights of a stay against visits"
VISITED_AREAS = "country totals: regions against authorities"
HOMES_BY_AREA = "home presence: regions against authorities"
HOMES = "home presence: everybody present against all homes"
BESIDE = "figures beside a withheld one"
ERRORS = "standard errors"

ASSUMES = {
    FLOWS_OF_DAY: "The day's trips are the sum of the hours', each figure within its rounding.",
    FLOWS_OF_MONTH: "The month's trips are the sum of those of its released days.",
    PURPOSES: "Trips from home to work are not more than all trips between the same places.",
    VISITS: "Every visit makes its area the main destination, a secondary one, or is in transit.",
    STAYS: "Nights are visits times what the class of stay allows, exactly so for stays of no night and of one.",
    VISITED_AREAS: "Visits to and nights in a region are the sums of its authorities'.",
    HOMES_BY_AREA: "People of one home in a region are the sum of those in its authorities.",
    HOMES: "People of all homes are at most those present in the area, the mean over the hours of the part of the day.",
    BESIDE: "Whatever is published in the row of a withheld figure says something of it.",
    ERRORS: "A standard error that is not a function of the released figure inverts to the figure before rounding.",
}

FIGURES_BESIDE = {
    "flows_day": ("trips", ("km_total", "minutes_mean")),
    "flows_month": ("trips", ("km_total",)),
    "inbound_month": ("visits", ("nights", "departures", "repeat_visits", *DESTINATIONS)),
    "outbound_month": ("trips", ("nights",)),
    "usual_environment": ("people", ("days_per_week_mean",)),
    "inbound_cell_month": ("people", ()),
    "home_presence": ("people", ()),
    "home_relocation": ("people", ()),
}
"""For each table, its figure and what else a row says of it, besides its standard error."""
SAME_ERROR = {
    "flows_day": ("origin_code", "destination_code", "purpose"),
    "flows_month": ("origin_code", "destination_code", "purpose", "days"),
    "inbound_month": ("area_code", "at_home"),
    "outbound_month": ("home_area_code",),
    "inbound_cell_month": ("h3", "day_part"),
    "home_presence": ("area_code", "home_area_code", "day_part"),
}
"""Columns that fix what a standard error depends on besides the figure, where some figures repeat."""


@dataclass
class MovementAttacks:
    """Attacks on tables by pairs of places, and on what stands beside figures.

    Parameters
    ----------
    release : Release
        The release.
    factors : Factors
        Operators' shares, for scoring.
    deliveries : sequence of Delivery
        Deliveries, for scoring.
    totals : Attack
        Where claims about totals from their parts are scored.
    """

    release: Release
    factors: Factors
    deliveries: Sequence[Delivery]
    totals: Attack
    book: dict[str, Attack] = field(default_factory=lambda: {kind: Attack(kind, ASSUMES[kind]) for kind in ASSUMES})

    @property
    def _thresholds(self) -> list[int]:
        return [delivery.threshold for delivery in self.deliveries]

    def attack_flows(self, date: dt.date) -> None:
        """Try the hours of a day's trips against their total, and purposes against each other.

        Parameters
        ----------
        date : date
            UTC day.
        """
        read = self.release.read("flows_day", date=date).to_pandas()
        if read.empty:
            return
        keys = read[["origin_code", "destination_code", "purpose"]].astype(str)
        share = self.release.shares(keys["origin_code"])
        counts = [counted(each, "od_day", keys, HOUR_COLUMNS, date=date) for each in self.deliveries]
        sums = [day_total(theirs, threshold) for theirs, threshold in zip(counts, self._thresholds, strict=True)]
        threshold = self.release.rule.threshold
        hours = truth_of([each.ravel() for each in counts], self._thresholds, np.repeat(share, 24), threshold)
        total = truth_of_sums(sums, share, threshold)
        wide = _beside(read["trips"].to_numpy(dtype=np.float64), read[list(HOUR_COLUMNS)].to_numpy(dtype=np.float64))
        truth = _truths_beside(total, hours, len(HOUR_COLUMNS))
        shares = np.repeat(share, wide.shape[1])
        smooth = _neighbours(wide, share, self.release)
        cluster = np.repeat(_codes(keys["origin_code"]), wide.shape[1])
        here = Figures(wide.ravel(), shares, truth, smooth, cluster, self.release.rule)
        self.book[FLOWS_OF_DAY].by_sums(*_with_zeros_below(here, _rows(*wide.shape)), self.totals)
        self._purposes(keys, here, wide.shape[1])

    def _purposes(self, keys: pd.DataFrame, here: Figures, width: int) -> None:
        """Trips to work are not more than all: a published part is a least, a published whole a most."""
        pair = pd.MultiIndex.from_frame(keys[["origin_code", "destination_code"]])
        everything, to_work = (np.flatnonzero(keys["purpose"] == purpose) for purpose in ("all", "home_work"))
        at = pair[everything].get_indexer(pair[to_work])
        part, whole = to_work[at >= 0], everything[at[at >= 0]]
        known = here.known()
        claims = Bounds(np.full(len(here.value), -np.inf), np.full(len(here.value), np.inf))
        tried = np.zeros(len(here.value), dtype=np.bool_)
        for column in range(width):
            less, more = part * width + column, whole * width + column
            claims.high[less], claims.low[more] = known.high[more], known.low[less]
            tried[less] = tried[more] = True
        self.book[PURPOSES].claim(here, claims, tried)

    def attack_flows_of_month(self, month: str) -> None:
        """Try a month's trips against those of its days.

        Parameters
        ----------
        month : str
            `YYYY-MM`.
        """
        names = ["origin_code", "destination_code", "purpose"]
        read = self.release.read("flows_month", [*names, "trips"], month=month).to_pandas()
        if read.empty:
            return
        keys = read[names].astype(str)
        index = pd.MultiIndex.from_frame(keys)
        share = self.release.shares(keys["origin_code"])
        days, low, high = [], [], []
        for date in self.release.dates:
            if f"{date:%Y-%m}" != month:
                continue
            day = self.release.read("flows_day", [*names, "trips"], date=date).to_pandas()
            at = pd.MultiIndex.from_frame(day[names].astype(str)).get_indexer(index)
            # No row means that no trip was seen.
            trips = np.append(day["trips"].to_numpy(dtype=np.float64), 0.0)
            days.append(trips[at])
            bounds = [
                day_total(counted(each, "od_day", keys, HOUR_COLUMNS, date=date), each.threshold)
                for each in self.deliveries
            ]
            low.append(np.sum([least for least, _ in bounds], axis=0))
            high.append(np.sum([most for _, most in bounds], axis=0))
        wide = _beside(read["trips"].to_numpy(dtype=np.float64), np.array(days).T)
        least, most = (_beside(np.sum(each, axis=0), np.array(each).T) for each in (low, high))
        shares = np.repeat(share, wide.shape[1])
        truth = truth_of_sums([(least.ravel(), most.ravel())], shares, self.release.rule.threshold)
        smooth = _neighbours(wide, share, self.release)
        cluster = np.repeat(_codes(keys["origin_code"]), wide.shape[1])
        here = Figures(wide.ravel(), shares, truth, smooth, cluster, self.release.rule)
        self.book[FLOWS_OF_MONTH].by_sums(*_with_zeros_below(here, _rows(*wide.shape)), self.totals)

    def attack_visits(self, month: str) -> None:
        """Try a month's visits: destinations, stays, and regions against authorities.

        Parameters
        ----------
        month : str
            `YYYY-MM`.
        """
        read = self.release.read("inbound_month", month=month).to_pandas()
        if read.empty:
            return
        keys = read[["area_code", "country_of_residence", "stay"]].astype(str)
        columns = ["visits", *DESTINATIONS, "nights"]
        value = read[columns].to_numpy(dtype=np.float64)
        share = self.release.shares(keys["area_code"])
        at_home = (keys["country_of_residence"] == RESIDENTS).to_numpy()
        actual = np.where(at_home, share, self.factors.inbound(keys["area_code"]))
        counts = [counted(each, "inbound_month", keys, columns, month=month) for each in self.deliveries]
        threshold = self.release.rule.threshold

        def truth_of_columns(first: int, last: int) -> Truth:
            theirs = [each[:, first:last].ravel() for each in counts]
            return truth_of(theirs, self._thresholds, np.repeat(actual, last - first), threshold)

        rule = self.release.rule
        wide = value[:, : 1 + len(DESTINATIONS)]
        shares = np.repeat(share, wide.shape[1])
        cluster = np.repeat(_codes(keys["area_code"]), wide.shape[1])
        truth = truth_of_columns(0, wide.shape[1])
        # Where visits are withheld, so is everything said of them, and may be none.
        with_visits = np.isnan(wide[:, 0])
        may_be_none = np.repeat(with_visits[:, None], wide.shape[1], axis=1)
        may_be_none[:, 0] = False
        here = Figures(wide.ravel(), shares, truth, flat_guess(shares, rule), cluster, rule, may_be_none.ravel())
        self.book[VISITS].by_sums(*_with_zeros_below(here, _rows(*wide.shape)), self.totals)
        kind = _codes(keys["country_of_residence"] + " " + keys["stay"])
        regions = self._regions(keys["area_code"], kind)
        visits, nights = (
            Figures(value[:, column], share, truth_of_columns(column, column + 1), flat_guess(share, rule), kind, rule)
            for column in (0, len(columns) - 1)
        )
        nights = replace(nights, may_be_none=with_visits)
        residents = self._residents(keys["area_code"])
        for counted_figures in (visits, nights):
            guess = blended(from_neighbours(regions, counted_figures.value, residents), share, rule)
            figures = replace(counted_figures, smooth=guess)
            self.book[VISITED_AREAS].by_sums(*_with_zeros_below(figures, regions), self.totals)
        self._stays(keys["stay"], visits, nights)

    def _stays(self, stay: pd.Series, visits: Figures, nights: Figures) -> None:
        """What nights say of withheld visits: nights / most nights to nights / least nights."""
        known = nights.known()
        least = np.array([NIGHTS_OF_STAY.get(each, LONGEST_STAY)[0] for each in stay], dtype=np.float64)
        most = np.array([NIGHTS_OF_STAY.get(each, LONGEST_STAY)[1] for each in stay], dtype=np.float64)
        told = ~nights.hidden & (least > 0)
        low = np.divide(known.low, most, out=np.full(len(most), -np.inf), where=told)
        high = np.divide(known.high, least, out=np.full(len(most), np.inf), where=told)
        self.book[STAYS].claim(visits, Bounds(low, high), np.ones(len(most), dtype=np.bool_))

    def attack_homes(self, date: dt.date) -> None:
        """Try a day's people by home: regions against authorities, and everybody present against all homes.

        Parameters
        ----------
        date : date
            UTC day.
        """
        read = self.release.read("home_presence", date=date).to_pandas()
        if read.empty:
            return
        keys = read[["area_code", "home_area_code", "day_part"]].astype(str)
        value = read["people"].to_numpy(dtype=np.float64)
        share = self.release.shares(keys["home_area_code"])
        counts = [counted(each, "home_presence", keys, ["devices"], date=date)[:, 0] for each in self.deliveries]
        rule = self.release.rule
        regions = self._regions(keys["area_code"], _codes(keys["home_area_code"] + " " + keys["day_part"]))
        truth = truth_of(counts, self._thresholds, share, rule.threshold, regions)
        smooth = blended(from_neighbours(regions, value, self._residents(keys["area_code"])), share, rule)
        here = Figures(value, share, truth, smooth, _codes(keys["home_area_code"]), rule)
        self.book[HOMES_BY_AREA].by_sums(*_with_zeros_below(here, regions), self.totals)
        self._everybody(date, keys, here)

    def _everybody(self, date: dt.date, keys: pd.DataFrame, here: Figures) -> None:
        """People of all homes are not more than the mean of everybody present over the part of the day."""
        present = self.release.read("area_hour").to_pandas()
        present = present[present["date"] == date].sort_values("area_code", ignore_index=True)
        parts = []
        for part, hours in DAY_PARTS.items():
            mean = present[[f"people_h{hour:02d}" for hour in hours]].mean(axis=1, skipna=False)
            parts.append(pd.DataFrame({"area_code": present["area_code"], "day_part": part, "people": mean}))
        everybody = pd.concat(parts).dropna().reset_index(drop=True)
        places = pd.MultiIndex.from_frame(everybody[["area_code", "day_part"]])
        at = places.get_indexer(pd.MultiIndex.from_frame(keys[["area_code", "day_part"]]))
        first = len(keys)
        homes = families(np.where(at >= 0, at + first, -1), first + np.arange(len(places)), np.arange(first))
        all_present = here.rule.published(everybody["people"].to_numpy(dtype=np.float64))
        known = here.known()
        every = Bounds(np.concatenate([known.low, all_present.low]), np.concatenate([known.high, all_present.high]))
        most = confine_parts(homes, every).high[:first]
        tried = homes.members(len(every.low))[:first]
        self.book[HOMES].claim(here, Bounds(np.full(first, -np.inf), most), tried)

    def _residents(self, areas: pd.Series) -> Amounts:
        """Usual residents of areas."""
        residents = self.release.areas.set_index("area_code")["residents"].fillna(0.0)
        return residents.reindex(pd.Index(areas)).fillna(0.0).to_numpy(dtype=np.float64)

    def _regions(self, areas: pd.Series, within: Numbers) -> Relations:
        """Rows of an area as the sum of the rows of the areas inside it, the rest of their keys being the same."""
        parents = self.release.areas.set_index("area_code")["parent_code"]
        above = pd.MultiIndex.from_arrays([areas.map(parents).fillna(""), within])
        rows = pd.MultiIndex.from_arrays([areas, within])
        at = rows.get_indexer(above)
        return families(at.astype(np.int64), np.arange(len(areas)), np.arange(len(areas)))

    def look_beside(self, table_name: str, **partitions: str) -> pd.DataFrame:
        """Look for anything published beside a withheld figure.

        Parameters
        ----------
        table_name : str
            A table with a figure and a standard error.
        **partitions
            A value for each of its partition columns.

        Returns
        -------
        pandas.DataFrame
            What `compare_errors` needs of it.
        """
        figure, others = FIGURES_BESIDE[table_name]
        read = self.release.read(table_name, **partitions).to_pandas()
        hidden = read[figure].isna()
        shown = [name for name in others if name in read]
        told = read.loc[hidden, shown].notna().any(axis=1)
        where = f"{table_name} {' '.join(partitions.values())}".strip()
        self.book[BESIDE].found(
            int(hidden.sum()) if shown else 0,
            int(told.sum()),
            (f"{where}: {', '.join(shown)} beside a withheld {figure}" for _ in range(bool(told.any()))),
        )
        if "se" not in read:
            return pd.DataFrame()
        self._errors_beside(where, int(hidden.sum()), int((hidden & read["se"].notna()).sum()))
        if "country_of_residence" in read:
            read["at_home"] = read["country_of_residence"].astype(str) == RESIDENTS
        same = SAME_ERROR.get(table_name)
        if same is None:
            return pd.DataFrame()
        # How operators disagree is measured on all rows of a partition together.
        return read[[*same, figure, "se"]].rename(columns={figure: "figure"}).assign(partition=where)

    def _errors_beside(self, where: str, hidden: int, told: int) -> None:
        example = (f"{where}: a standard error beside a withheld figure" for _ in range(bool(told)))
        self.book[ERRORS].found(hidden, told, example)

    def compare_errors(self, where: str, read: pd.DataFrame) -> None:
        """Look for released figures whose standard error says more than they do.

        Parameters
        ----------
        where : str
            Name of the table, for examples.
        read : pandas.DataFrame
            `figure`, `se`, and columns that fix all else that a standard error depends on.
        """
        found, example = telling_errors(read)
        self.book[ERRORS].found(len(read), found, (f"{where}: {example}" for _ in range(bool(found))))

    def attack_area_errors(self, dates: Sequence[dt.date]) -> None:
        """Try the standard errors of people by area and hour.

        Parameters
        ----------
        dates : sequence of date
            UTC days.
        """
        read = self.release.read("area_hour").to_pandas()
        read = read[read["date"].isin(list(dates))]
        if read.empty:
            return
        hours = []
        for part, numbers in DAY_PARTS.items():
            for hour in numbers:
                figure, se = read[f"people_h{hour:02d}"], read[f"se_h{hour:02d}"]
                hours.append(pd.DataFrame({"area": read["area_code"], "part": part, "figure": figure, "se": se}))
        every = pd.concat(hours)
        hidden = every["figure"].isna()
        self._errors_beside("area_hour", int(hidden.sum()), int((hidden & every["se"].notna()).sum()))
        self.compare_errors("area_hour", every)


def telling_errors(read: pd.DataFrame) -> tuple[int, str]:
    """Figures whose standard error differs from that of an equal figure in the same circumstances.

    If a standard error is worked out from the released figure, equal figures have equal errors. If they have not, it
    was worked out from the figure before rounding, and gives that away.

    Parameters
    ----------
    read : pandas.DataFrame
        `figure`, `se`, and columns that fix the circumstances.

    Returns
    -------
    tuple of int and str
        How many figures, and an example.

    Examples
    --------
    >>> table = pd.DataFrame({"area": ["A", "A", "B"], "figure": [50.0, 50.0, 50.0], "se": [7.1, 7.3, 9.0]})
    >>> telling_errors(table)
    (2, 'standard errors 7.1 and 7.3 of the same figure, 50')
    """
    shown = read.dropna(subset=["figure", "se"])
    if shown.empty:
        return 0, ""
    circumstances = [name for name in shown.columns if name != "se"]
    groups = shown.groupby(circumstances, observed=True, sort=False)["se"]
    ranges = groups.agg(["min", "max", "size"])
    telling = ranges[ranges["max"] - ranges["min"] > 1e-6 * ranges["max"]]
    if telling.empty:
        return 0, ""
    first = telling.iloc[0]
    figure = telling.reset_index()["figure"].iloc[0]
    return (
        int(telling["size"].sum()),
        f"standard errors {first['min']:g} and {first['max']:g} of the same figure, {figure:,.0f}",
    )


def _with_zeros_below(figures: Figures, relations: Relations) -> tuple[Figures, Relations]:
    """Figures told which of them may be zero, if they are not yet, and the sums."""
    return (figures if figures.may_be_none is not None else figures.below(relations)), relations


def _rows(rows: int, width: int) -> Relations:
    """In a table of `width` figures a row, the first of each row as the sum of the others."""
    start = np.arange(rows, dtype=np.int64) * width
    part = (start[:, None] + np.arange(1, width)).ravel()
    return Relations(start, part, np.repeat(np.arange(rows), width - 1))


def _beside(total: Amounts, parts: Amounts) -> Amounts:
    return np.concatenate([total[:, None], parts], axis=1)


def _truths_beside(total: Truth, parts: Truth, width: int) -> Truth:
    def both(of: Callable[[Truth], NDArray]) -> NDArray:
        return np.concatenate([of(total)[:, None], of(parts).reshape(-1, width)], axis=1).ravel()

    low, high = both(lambda truth: truth.people.low), both(lambda truth: truth.people.high)
    return Truth(Bounds(low, high), both(lambda truth: truth.small))


def _neighbours(wide: Amounts, share: Amounts, release: Release) -> Amounts:
    """A guess of each part from those just before and after it in its row, and from its usual share of a total.

    The usual share of a column is that of the rows of which all is released, or the same for all columns if there is
    none. Their geometric mean, each first brought inside what the rule leaves; from the rule alone where there is none.
    """
    parts = wide[:, 1:]
    gap = np.full((len(wide), 1), np.nan)
    sides = np.stack([np.hstack([gap, parts[:, :-1]]), np.hstack([parts[:, 1:], gap])])
    number = np.sum(~np.isnan(sides), axis=0)
    mean = np.where(number > 0, np.nansum(sides, axis=0) / np.maximum(number, 1), np.nan)
    whole = ~np.isnan(wide).any(axis=1)
    by_column = parts[whole].sum(axis=0) if parts[whole].any() else np.ones(parts.shape[1])
    usual = wide[:, :1] * (by_column / by_column.sum())
    guesses = [np.hstack([gap, each]).ravel() for each in (mean, usual)]
    return blended(guesses, np.repeat(share, wide.shape[1]), release.rule)


def _codes(names: pd.Series) -> Numbers:
    return pd.factorize(names)[0].astype(np.int64)
