"""What the tourism page reads: visits month by month, countries, and the map of the world."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pyarrow as pa
import streamlit as st
from numpy.typing import NDArray

from cellcount import geography
from cellcount.ui import ground, reading
from cellcount.ui import tourism_figures as figures
from cellcount.ui.ground import Bounds, Outlines
from cellcount.ui.maps import Ground
from cellcount.ui.reading import Release, Run
from cellcount.ui.tourism_figures import Country, Measure, Month, month_words
from cellcount.ui.view import Area
from cellcount.ui.words import listed

Floats = NDArray[np.float64]
Direction = Literal["from", "to", "mix", "abroad"]
WORLD = Bounds(-115.0, -40.0, 154.0, 64.0)
"""What a map of the world shows: where nearly everybody comes from."""


@dataclass(frozen=True, slots=True)
class View:
    """What was chosen.

    Attributes
    ----------
    direction : Direction
        What is asked.
    area : Area
        The area.
    months : tuple of str
        `YYYY-MM`, in order; one, or all that the release has.
    measure : Measure
        What is shown of visits.
    countries : tuple of str
        Codes; none is all.
    domestic : bool
        Whether residents' own trips are shown, and not visits from abroad.
    cells : bool
        Whether cells are shown, and not areas.
    """

    direction: Direction
    area: Area
    months: tuple[str, ...]
    measure: Measure
    countries: tuple[str, ...]
    domestic: bool
    cells: bool

    @property
    def month_words(self) -> str:
        """The month, or the first and the last, in words."""
        if len(self.months) == 1:
            return month_words(self.months[0])
        return f"{month_words(self.months[0])} to {month_words(self.months[-1])}"

    @property
    def stem(self) -> str:
        """Area, months and countries as part of a file's name."""
        months = self.months[0] if len(self.months) == 1 else f"{self.months[0]}-to-{self.months[-1]}"
        who = "residents" if self.domestic else "-".join(self.countries[:5])
        return "-".join(part for part in (self.area.code, months, who) if part)


@dataclass(frozen=True, slots=True)
class Data:
    """What was read for a view.

    Attributes
    ----------
    view : View
        What was chosen.
    months : tuple of Month
        Visits, month by month.
    countries : dict of str to Country
        Every country of residence, the most frequent first.
    runs : list of Run
        The queries.
    """

    view: View
    months: tuple[Month, ...]
    countries: dict[str, Country]
    runs: list[Run]

    @property
    def who(self) -> str:
        """Whose visits are shown, in words."""
        if self.view.domestic:
            return "residents of the country"
        if not self.view.countries:
            return "visitors from abroad"
        return f"visitors from {listed([self.countries[code].name for code in self.view.countries])}"


def read(release: Release, view: View) -> Data:
    """The visits of the months of a view."""
    found = [month_of(release, month, domestic=view.domestic) for month in view.months]
    return Data(view, tuple(month for month, _ in found), countries_of(release), [run for _, run in found])


def months_of(release: Release, table: str = "inbound_month") -> tuple[str, ...]:
    """The months of which a release has rows of a table, in order."""
    files = release.manifest.files
    return tuple(sorted({file.partition["month"] for file in files if file.table == table and file.rows}))


def month_of(release: Release, month: str, *, domestic: bool) -> tuple[Month, Run]:
    """The visits of a month, from abroad or residents' own.

    Parameters
    ----------
    release : Release
        A release with visits.
    month : str
        `YYYY-MM`.
    domestic : bool
        Whether residents' own trips are wanted.
    """
    return _month(release.manifest.sha256, month, "GB" if domestic else "abroad", _release=release)


def abroad(release: Release, area: Area, month: str) -> tuple[figures.Abroad, tuple[Run, ...]]:
    """Trips abroad of the residents of an area in a month.

    What is withheld of the area is expected in proportion to the trips of all, which are read too.

    Parameters
    ----------
    release : Release
        A release with trips abroad.
    area : Area
        Where the residents have their homes.
    month : str
        `YYYY-MM`.
    """
    return _abroad(release.manifest.sha256, area.code, month, _release=release)


def by_cell(release: Release, data: Data) -> tuple[figures.CellVisitors, Run]:
    """Visitors present by cell and part of the day, in the last month of a view.

    Parameters
    ----------
    release : Release
        A release with the table `inbound_cell_month`.
    data : Data
        What was read for the view.
    """
    area, month = data.view.area.code, data.view.months[-1]
    answer = release.run("visitors_by_cell", area=area, month=month)
    days = figures.days_of(data.months[-1], area)
    found = figures.cells_of(answer.table, list(data.countries), data.view.countries, days, most_devices(release))
    return found, reading.ran(answer)


def every_code(release: Release) -> list[str]:
    """Codes of all countries of residence, that of residents among them, the most frequent first."""
    root = release.areas[release.default_area].code
    return list(release.run("countries_of_visits", area=root).table.column("country_of_residence").to_pylist())


def countries_of(release: Release) -> dict[str, Country]:
    """Countries of residence abroad, the most frequent first."""
    codes = [code for code in every_code(release) if code != figures.RESIDENTS]
    return figures.countries_of(codes, known_countries(release))


def known_countries(release: Release) -> pa.Table | None:
    """What the release knows of countries; None where it has no such table."""
    return release.run("countries").table if release.has("countries") else None


def most_devices(release: Release) -> float:
    """As many devices can be behind a withheld figure: each operator withholds its own."""
    if release.manifest.threshold is None:
        return math.inf
    operators = release.manifest.quality.get("operators_combined") or len(release.manifest.deliveries) or 1
    return float((release.manifest.threshold - 1) * operators)


def residents_of(release: Release, codes: Sequence[str]) -> Floats:
    """Usual residents of areas; NaN where not known."""
    known = {area.code: area.residents for area in release.areas.values()}
    return np.array([known.get(code) or np.nan for code in codes], dtype=np.float64)


def areas_shown(release: Release, area: Area) -> tuple[Area, ...]:
    """The smallest areas inside an area; of one of these, itself and those that are near it."""
    inside = release.within(area.code)
    if inside:
        return inside
    seen = reading.bounds(release, area).wider()
    near = set(release.outlines.cx[seen.west : seen.east, seen.south : seen.north].index)
    return tuple(each for each in release.smallest if each.code in near or each.code == area.code)


def centre_of(release: Release, area: Area) -> tuple[float, float]:
    """Longitude and latitude where lines to an area end."""
    row = next(each for each in release.run("areas").table.to_pylist() if each["area_code"] == area.code)
    if row["centre_lon"] is None or row["centre_lat"] is None:
        seen = reading.bounds(release, area)
        return (seen.west + seen.east) / 2, (seen.south + seen.north) / 2
    return float(row["centre_lon"]), float(row["centre_lat"])


def world(release: Release, area: Area) -> Ground:
    """The base map of the world, with the outline of the area."""
    return _world(release.manifest.sha256, area.code, _release=release)


def world_outlines(release: Release, area: Area) -> Outlines:
    """What the base map of the world is made of, whole and fine."""
    shapes = release.outlines
    return Outlines(geography.world_land().geometry, shapes[:0], shapes[shapes.index == area.code])


@st.cache_resource(show_spinner=False)
def world_shapes() -> gpd.GeoSeries:
    """Outlines of countries by code."""
    land = geography.world_land()
    return gpd.GeoSeries(land.geometry.to_numpy(), index=land["country_code"].tolist(), crs="EPSG:4326")


@st.cache_resource(max_entries=30, show_spinner=False)
def _month(made: str, month: str, who: str, *, _release: Release) -> tuple[Month, Run]:  # noqa: ARG001
    answer = _release.run("visits_in_month", month=month)
    areas = [area.code for area in _release.areas.values()]
    countries = [figures.RESIDENTS] if who == figures.RESIDENTS else list(countries_of(_release))
    whole = _release.areas[_release.default_area].code
    found = figures.month_of(answer.table, month, areas, countries, whole, most_devices=most_devices(_release))
    return found, reading.ran(answer)


@st.cache_resource(max_entries=200, show_spinner=False)
def _abroad(made: str, code: str, month: str, *, _release: Release) -> tuple[figures.Abroad, tuple[Run, ...]]:  # noqa: ARG001
    root = _release.areas[_release.default_area].code
    own, every = (_release.run("trips_abroad", area=each, month=month) for each in (code, root))
    found = figures.abroad_of(own.table, every.table, most_devices(_release))
    return found, tuple(reading.ran(answer) for answer in ([own] if code == root else [own, every]))


@st.cache_resource(max_entries=64, show_spinner=False)
def _world(made: str, code: str, *, _release: Release) -> Ground:  # noqa: ARG001 - of the same release
    area = next(area for area in _release.areas.values() if area.code == code)
    under = world_outlines(_release, area)
    return Ground(
        ground.geojson(under.land, WORLD), ground.geojson(under.areas, WORLD), ground.geojson(under.chosen, WORLD)
    )
