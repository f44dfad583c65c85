"""Import visits of residents of other countries, as the official passenger survey estimates them, beside a release's.

The Office for National Statistics publishes them by country of residence and year (tables 2.08 and 2.18 of Travel
trends, the second with confidence intervals), by part of the United Kingdom and quarter, and by month for the world as
a whole (Monthly overseas travel and tourism, table 1). Figures are in thousands.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyogrio

from cellcount import geography
from cellcount.importers.counts import examples
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.into_existing import Addition, add_to_release
from cellcount.importers.tables import columns_of, numbers, read_table, texts
from cellcount.importers.writing import Imported
from cellcount.progress import Progress, silent

TABLE = "official_visits"
THOUSAND = 1000.0
WORLD = "WORLD"
COUNTRY = "UK"
MOST_BYTES = 64 * 1024 * 1024
"""A published table, or a workbook of such tables, has a hundredth of this when it is unpacked."""
NOT_PUBLISHED = ("-", "–", "..", "[x]", "[u]")
"""What the tables have in place of a figure that is not published, beside the usual marks."""
SAME = 0.001
"""Relative difference within which two tables say the same: one of them is rounded."""
NAMES = {
    "usa": "US",
    "united states of america": "US",
    "czech republic": "CZ",
    "republic of ireland": "IE",
    "irish republic": "IE",
    "netherlands": "NL",
    "hong kong (china)": "HK",
    "other china": "CN",
    "total world": WORLD,
    "all countries": WORLD,
}
"""How the survey names countries that the reference geography names otherwise."""
AREAS = {
    "all regions": COUNTRY,
    "total uk": COUNTRY,
    "london": "E12000007",
    "total england": "E92000001",
    "england": "E92000001",
    "scotland": "S92000003",
    "wales": "W92000004",
    "northern ireland": "N92000002",
}
"""Parts of the United Kingdom that the survey gives visits to, with their codes."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BY_MONTH = "overseas residents' visits to the uk by month"
SHEET_BY_COUNTRY = re.compile(r"\b2[._]08\b")
SOURCE = {
    "name": "International Passenger Survey: overseas residents' visits to the United Kingdom",
    "publisher": "Office for National Statistics",
    "licence": "Open Government Licence v3.0",
    "attribution": "Contains public sector information licensed under the Open Government Licence v3.0: Office for "
    "National Statistics, overseas travel and tourism",
    "url": "https://www.ons.gov.uk/peoplepopulationandcommunity/leisureandtourism",
}
TITLE = "visits of the passenger survey"


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure of the survey, with the name of the country as it has it."""

    period: str
    area: str
    country: str
    thousands: float | None
    relative_ci95: float | None = None


def import_overseas_visits(sources: Sequence[Path], release: Path, *, progress: Progress = silent) -> Imported:
    """Make a release that has visits of the official survey beside everything of another.

    Parameters
    ----------
    sources : sequence of Path
        One or more of: a table of area, year and visits_thousands (and relative_ci95), as tables 2.08 and 2.18 are when
        laid out by row; a table of region_visited, region_of_residence, year (as `2022 Qtr 1`) and
        number_of_visits_thousands; a workbook with the sheet 2.08, or with the monthly table of visits.
    release : Path
        Folder of the release to compare; it stays as it is.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Imported

    Raises
    ------
    ImportRefusedError
        Where a file is damaged or another table, or a figure is no number of visits.
    """
    return add_to_release(
        release,
        lambda codes: read_overseas_visits(sources, codes),
        table=TABLE,
        slug="overseas-visits",
        files=list(sources),
        progress=progress,
    )


def read_overseas_visits(sources: Sequence[Path], codes: Sequence[str]) -> Addition:
    """The survey's figures for countries and for the world, by year, month or quarter.

    Parameters
    ----------
    sources : sequence of Path
        The files.
    codes : sequence of str
        Areas of the release; visits to others are left out.

    Returns
    -------
    Addition
    """
    if COUNTRY not in codes:
        raise ImportRefusedError(
            f"The release has no area {COUNTRY}: visits to the United Kingdom can only be compared with one that has."
        )
    gathered = _Gathered(_countries(), set(codes))
    for source in sources:
        matched = [gathered.take(figure, source) for figure in _figures(source)]
        if not any(matched):
            raise ImportRefusedError(
                f"{source} gives no visits from any country that is known "
                f"({examples(sorted(gathered.groups)) or 'it has no names'}). Give the table by country of residence "
                "(2.08 or 2.18), the one by region and quarter, or the monthly workbook."
            )
    keys = sorted(gathered.found)
    rows = pa.table(
        {
            "period": [period for period, _, _ in keys],
            "area_code": [area for _, area, _ in keys],
            "country_of_residence": [iso for _, _, iso in keys],
            "visits": pa.array([gathered.found[key][0] for key in keys], pa.float64()),
            "relative_ci95": pa.array([gathered.found[key][1] for key in keys], pa.float64()),
        }
    )
    facts = {"first_period": keys[0][0], "last_period": keys[-1][0]}
    return Addition(rows, TITLE, SOURCE, facts, tuple(gathered.notes()))


class _Gathered:
    """The figures of one or more files, and what was left out."""

    def __init__(self, isos: dict[str, str], codes: set[str]) -> None:
        self.isos, self.codes = isos, codes
        self.found: dict[tuple[str, str, str], tuple[float, float | None]] = {}
        self.groups: set[str] = set()
        self.elsewhere: set[str] = set()
        self.differing: set[str] = set()
        self.empty = 0

    def take(self, figure: _Figure, source: Path) -> bool:
        """Take a figure in; False where it is none of a country and an area that are known."""
        iso, area = self.isos.get(figure.country.lower()), AREAS.get(figure.area.lower())
        if iso is None:
            self.groups.add(figure.country)
            return False
        if area is None or area not in self.codes:
            self.elsewhere.add(figure.area)
            return False
        if figure.thousands is None:
            self.empty += 1
            return False
        self._keep((figure.period, area, iso), figure, figure.thousands * THOUSAND, source)
        return True

    def _keep(self, key: tuple[str, str, str], figure: _Figure, visits: float, source: Path) -> None:
        interval = figure.relative_ci95
        for value, what in ((visits, "visits"), (interval, "an interval")):
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise ImportRefusedError(
                    f"{source}: {figure.country}, {figure.period}: {value:g} cannot be {what}. Get the table again."
                )
        if key in self.found:
            there, known = self.found[key]
            if abs(there - visits) > SAME * max(there, visits):
                self.differing.add(f"{figure.country} {figure.period}")
                return
            visits, interval = there, known if known is not None else interval
        self.found[key] = (visits, interval)

    def notes(self) -> list[str]:
        """What was left out, in sentences."""
        notes = []
        if self.groups:
            notes.append(f"Left out: {len(self.groups)} groups of countries, such as {examples(sorted(self.groups))}.")
        if self.elsewhere:
            notes.append(f"Left out: visits to {examples(sorted(self.elsewhere))}, which are no areas of the release.")
        if self.empty:
            notes.append(f"{self.empty:,} figures are left empty by the publisher, as those of 2020 are.")
        if self.differing:
            notes.append(
                f"{len(self.differing)} figures differ between the files ({examples(sorted(self.differing))}): that of "
                "the file named first is kept, without an interval."
            )
        return notes


def _countries() -> dict[str, str]:
    """ISO code by name in small letters, as the survey and as the reference geography name countries."""
    table = geography.countries()
    names = zip(table.column("country_name").to_pylist(), table.column("country_code").to_pylist(), strict=True)
    return {**{name.lower(): code for name, code in names if code not in ("XX", "ZZ", "GB")}, **NAMES}


def _figures(source: Path) -> Iterator[_Figure]:
    if zipfile.is_zipfile(source) and source.suffix.lower() in (".xlsx", ".xlsm"):
        yield from _of_workbook(source)
        return
    if source.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".ods"):
        raise ImportRefusedError(
            f"{source} cannot be read as a workbook: it is damaged, or of an older kind. Get it again as .xlsx, or "
            "save the table as CSV."
        )
    table = read_table(source, most_bytes=MOST_BYTES)
    if "region_visited" in table.column_names:
        yield from _by_region(table, source)
    else:
        yield from _by_country(table, source)


def _by_country(table: pa.Table, source: Path) -> Iterator[_Figure]:
    columns_of(table, ["area", "year", "visits_thousands"], source)
    visits = _thousands(table, "visits_thousands", source)
    intervals = (
        _thousands(table, "relative_ci95", source) if "relative_ci95" in table.column_names else [None] * len(visits)
    )
    names, years = (texts(table.column(name)).to_pylist() for name in ("area", "year"))
    for name, year, figure, interval in zip(names, years, visits, intervals, strict=True):
        yield _Figure(_year(year, source), "All Regions", name or "", figure, interval)


def _by_region(table: pa.Table, source: Path) -> Iterator[_Figure]:
    wanted = ["region_visited", "region_of_residence", "year", "number_of_visits_thousands"]
    columns_of(table, wanted, source)
    visits = _thousands(table, wanted[3], source)
    areas, names, periods = (texts(table.column(name)).to_pylist() for name in wanted[:3])
    for area, name, period, figure in zip(areas, names, periods, visits, strict=True):
        quarter = re.fullmatch(r"((?:19|20)\d\d) Q(?:tr )?([1-4])", period or "")
        if quarter is None:
            raise ImportRefusedError(f"{source}: {period!r} is no quarter, such as 2022 Qtr 1. Get the table again.")
        yield _Figure(f"{quarter[1]}-Q{quarter[2]}", area or "", name or "", figure)


def _thousands(table: pa.Table, name: str, source: Path) -> list[float | None]:
    values: list[float | None] = numbers(table.column(name), source, name, withheld=NOT_PUBLISHED).to_pylist()
    return values


def _year(text: str | None, source: Path) -> str:
    if text is None or not re.fullmatch(r"(19|20)\d\d", text):
        raise ImportRefusedError(f"{source}: {text!r} is no year. Get the table again.")
    return text


def _of_workbook(source: Path) -> Iterator[_Figure]:
    """Figures of the sheets that are known; every other sheet is passed over."""
    _refuse_swollen(source)
    try:
        sheets = [str(name) for name, _ in pyogrio.list_layers(source)]
        rows = {name: _sheet(source, name) for name in sheets}
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, ValueError) as error:
        raise ImportRefusedError(
            f"{source} cannot be read as a workbook ({str(error).splitlines()[0]}): it is damaged. Get it again."
        ) from error
    known = False
    for name, cells in rows.items():
        titles = " ".join(cell for row in cells[:3] for cell in row).lower().replace("’", "'")
        if BY_MONTH in titles and "purpose" not in titles:
            known = True
            yield from _by_month(cells)
        elif SHEET_BY_COUNTRY.search(f"{name} {titles}"):
            known = True
            yield from _across(cells)
    if not known:
        raise ImportRefusedError(
            f"{source} has neither the sheet 2.08 nor the monthly table of overseas residents' visits; its sheets are "
            f"{examples(sheets, 12)}. Give the workbook that has one of them."
        )


def _sheet(source: Path, name: str) -> list[list[str]]:
    """The cells of a sheet as text, empty where they are."""
    # The first row is a row like the others, and what looks like a number stays as it is written.
    options = {"OGR_XLSX_HEADERS": "DISABLE", "OGR_XLSX_FIELD_TYPES": "STRING"}
    before = {key: pyogrio.get_gdal_config_option(key) for key in options}
    pyogrio.set_gdal_config_options(options)
    try:
        _, table = pyogrio.read_arrow(source, layer=name, read_geometry=False)
    finally:
        pyogrio.set_gdal_config_options(before)
    columns = [[(cell or "").strip() for cell in column.to_pylist()] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _by_month(cells: list[list[str]]) -> Iterator[_Figure]:
    """All visits, not seasonally adjusted: year, month and figure in the first three columns, the year only once.

    After the months of every year, the sheet has quarters and notes, which name no month.
    """
    year = ""
    for row in cells:
        if re.match(r"(19|20)\d\d", row[0]):
            year = row[0][:4]
        month = row[1][:3].title() if len(row) > 2 else ""
        if year and month in MONTHS and re.fullmatch(r"[A-Za-z]+\W*", row[1]):
            yield _Figure(f"{year}-{MONTHS.index(month) + 1:02d}", "All Regions", "Total World", _cell(row[2]))


def _across(cells: list[list[str]]) -> Iterator[_Figure]:
    """Countries below one another and years beside one another: the first column of each year that the header names."""
    years: dict[int, str] = {}
    for row in cells:
        header = {place: found[0] for place, cell in enumerate(row) if (found := re.match(r"(?:19|20)\d\d", cell))}
        if not years and len(header) > 1:
            first: dict[str, int] = {}
            for place, year in header.items():
                first.setdefault(year, place)
            years = {place: year for year, place in first.items()}
            continue
        label = next((cell for cell in row if cell and not re.match(r"[\d.\-–]", cell)), "")
        if years and label:
            for place, year in years.items():
                yield _Figure(year, "All Regions", label, _cell(row[place]))


def _cell(text: str) -> float | None:
    """A figure of a sheet; None where the cell is empty or has a mark in its place."""
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _refuse_swollen(source: Path) -> None:
    """Refuse a workbook that unpacks to more than any published one, and one that cannot be unpacked."""
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(source) as archive:
            for member in archive.infolist():
                with archive.open(member) as stream:
                    left -= len(stream.read(left + 1))
                if left < 0:
                    raise ImportRefusedError(
                        f"{source} is larger than {MOST_BYTES / 2**20:,.0f} MB when it is unpacked, which no such "
                        "workbook is. Get the file again from its publisher."
                    )
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError) as error:
        raise ImportRefusedError(f"{source} cannot be unpacked ({error}): it is damaged. Get it again.") from error
