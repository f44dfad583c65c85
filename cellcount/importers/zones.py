"""Import anybody's table of zone x time x people, with the outlines of its zones.

The tables may be CSV or Parquet, long (a row for each zone and hour) or wide (the hours as columns), one or several.
What the columns are called is said in a `Description`: by options of the command line, or by a small file in TOML or
JSON with the same names. Figures with dates become the release's dated tables, by UTC day; figures of a typical day
become typical days. Neither is made from the other.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import h3.api.numpy_int as h3
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from cellcount.importers.counts import HOURS, LONG, Counts, Day, TypicalDay, counts_from, examples, percent_to_people
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.into_release import Read, Weights, into_release
from cellcount.importers.moments import (
    LEFT_OUT,
    RowsOf,
    dates_of,
    hours_of_day,
    moments_of,
    moments_of_dates,
    wide_hours,
)
from cellcount.importers.outlines import SPHERE, Outlines, read_outlines, read_shapes
from cellcount.importers.tables import TextForm, columns_of, nearest, numbers, read_table, texts
from cellcount.importers.writing import About, AreaKind, Imported, slug_of
from cellcount.progress import Progress, silent
from cellcount.standard import HOURS_OF_DAY

Hours = NDArray[np.int64]

USUAL_NAMES = {
    "zone": ("zone", "zone_id", "id", "cell", "cell_id", "grid_id", "mesh", "area", "code"),
    "people": ("people", "population", "persons", "count", "value"),
    "timestamp": ("timestamp", "datetime", "time", "hour_utc"),
    "date": ("date", "day"),
    "hour": ("hour", "hour_of_day"),
    "day_type": ("day_type", "daytype", "weekday"),
    "period": ("period", "season"),
}
"""What columns are often called; taken where the description says nothing, in any case of letters."""
ALL_DAYS, WHOLE_PERIOD = "All days", "Whole period"
SHORT_DAY = 12
"""Measured hours: the first and last UTC day are left out if they have fewer, as a local day begins inside one."""


@dataclass(frozen=True)
class Table:
    """One table of counts, and what all of it is of, where no column says it."""

    file: Path
    day_type: str | None = None
    period: str | None = None


@dataclass(frozen=True)
class Description:
    """What a source's tables and outlines are.

    Attributes
    ----------
    title : str
        Name of the release on screen.
    time_zone : str
        IANA name: of times without an offset, and of the clock on screen.
    zone, people, timestamp, date, hour, day_type, period : str or None
        Columns of the tables; names that are usual are found.
    hours : str or None
        Pattern of the columns of a wide table, with `{hour}`.
    time_format : str or None
        How times are written, as `strptime` has it, if not ISO 8601.
    encoding, separator, decimal : str or None
        How text is written, where it is not to be found out.
    withheld : tuple of str
        Marks of withheld figures, beside the usual ones.
    withheld_below : float or None
        Every withheld figure is below this.
    absent_is_withheld : bool
        Whether a zone without a row is withheld and not uncovered.
    percent_of : float or None
        The figures are percentages of this number of people.
    geometry_zone, area, area_name, residents : str or None
        Columns of the outlines: identifier, code and name of the area that the zone is in, residents.
    crs : str or None
        Coordinate system of the outlines, where the file does not say.
    square : float or None
        Side of squares: the outlines are a table of corners.
    x, y : str
        Columns of the corners.
    weights_column : str or None
        Column of residents in the file of weights.
    whole, area_kind : str or None
        Name of the area of all zones; what its parts are called.
    country : str or None
        ISO 3166-1 alpha-2 code.
    measure, disclosure, publisher, licence, attribution, citation, url : str or None
        Said in the release's manifest.
    """

    title: str
    time_zone: str
    zone: str | None = None
    people: str | None = None
    timestamp: str | None = None
    date: str | None = None
    hour: str | None = None
    day_type: str | None = None
    period: str | None = None
    hours: str | None = None
    time_format: str | None = None
    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None
    withheld: tuple[str, ...] = ()
    withheld_below: float | None = None
    absent_is_withheld: bool = False
    percent_of: float | None = None
    geometry_zone: str | None = None
    area: str | None = None
    area_name: str | None = None
    residents: str | None = None
    crs: str | None = None
    square: float | None = None
    x: str = "x"
    y: str = "y"
    weights_column: str | None = None
    whole: str | None = None
    area_kind: str | None = None
    country: str | None = None
    measure: str | None = None
    disclosure: str | None = None
    publisher: str | None = None
    licence: str | None = None
    attribution: str | None = None
    citation: str | None = None
    url: str | None = None

    @property
    def form(self) -> TextForm:
        """How text is written."""
        return TextForm(self.encoding, self.separator, self.decimal)


def table_of(argument: str) -> Table:
    """A table of counts as the command line names it: a file, or a day type and its file.

    Examples
    --------
    >>> table_of("Saturday=sat.csv").day_type
    'Saturday'
    """
    day_type, equals, name = argument.partition("=")
    if not equals or Path(argument).exists():
        return Table(Path(argument))
    return Table(Path(name), day_type)


def describe(mapping: Path | None, options: Mapping[str, Any]) -> Description:
    """A description from a mapping file and options; options go before the file.

    Parameters
    ----------
    mapping : Path or None
        TOML or JSON with names of `Description`.
    options : mapping
        Values by the same names; None is not given.

    Returns
    -------
    Description

    Raises
    ------
    ImportRefusedError
        If the file cannot be read, has a name or type that a description has not, or no title or time zone is given.

    Examples
    --------
    >>> describe(None, {"title": "Shire", "time_zone": "Europe/London", "zone": "LSOA", "x": None}).zone
    'LSOA'
    """
    given = {} if mapping is None else _read_mapping(mapping)
    given |= {
        name: value for name, value in options.items() if value is not None and value is not False and value != []
    }
    for needed, example in (("title", "'Shire, people by hour'"), ("time_zone", "Europe/London")):
        if needed not in given:
            raise ImportRefusedError(
                f"Nothing says the {needed.replace('_', ' ')}: give --{_option(needed)} {example}."
            )
    if "withheld" in given:
        given["withheld"] = tuple(given["withheld"])
    return Description(**given)


def import_zones(
    counts: Sequence[Table],
    geometry: Path,
    releases: Path,
    description: Description,
    *,
    weights: Path | None = None,
    resolution: int | None = None,
    ignore_unknown: bool = False,
    progress: Progress = silent,
) -> Imported:
    """Make a release of anybody's people by zone and hour.

    Parameters
    ----------
    counts : sequence of Table
        Tables of counts.
    geometry : Path
        Outlines of the zones, or corners of squares.
    releases : Path
        Folder of all releases.
    description : Description
        What the tables and outlines are.
    weights : Path, optional
        Residents of cells (a table with a column `h3`), points or areas, by which people are shared out within a zone.
    resolution : int, optional
        Finest H3 resolution, 5 to 9; if not given, by the size of the zones, 8 at most.
    ignore_unknown : bool
        Leave out counts of zones without an outline; otherwise they are refused.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Imported

    Raises
    ------
    ImportRefusedError
        Where the files cannot be imported as they are; nothing is written.
    """
    if not counts:
        raise ImportRefusedError("No table of counts is named.")

    def read() -> Read:
        reader = _Reader(description)
        for table in counts:
            reader.read(table)
        laid, labels = _laid_out(reader)
        if description.percent_of is not None:
            laid = percent_to_people(laid, description.percent_of)
        outlines = _outlines(geometry, description)
        about = _about(description, laid, labels)
        return Read(laid, outlines, about, _weights(weights, description), tuple(reader.notes))

    side_files = [geometry, *_beside(geometry), *([weights] if weights else [])]
    return into_release(
        read,
        releases,
        slug=slug_of(description.title),
        files=[*(table.file for table in counts), *side_files],
        parameters={
            "importer": "zones",
            "tables": [[table.day_type, table.period] for table in counts],
            "description": asdict(description),
        },
        time_zone=description.time_zone,
        resolution=resolution,
        ignore_unknown=ignore_unknown,
        progress=progress,
    )


def _read_mapping(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        given = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ImportRefusedError(
            f"{file} cannot be read as {'JSON' if file.suffix == '.json' else 'TOML'} ({error})."
        ) from error
    if not isinstance(given, dict):
        raise ImportRefusedError(f'{file} must hold names with values, for example zone = "LSOA".')
    kinds = {each.name: str(each.type) for each in fields(Description)}
    for name, value in given.items():
        if name not in kinds:
            raise ImportRefusedError(
                f"{file}: nothing is called {name}. {nearest(name, list(kinds))}Names are {examples(list(kinds), 50)}."
            )
        if not _fits(value, kinds[name]):
            raise ImportRefusedError(f"{file}: {name} cannot be {value!r}: it must be {_kind_in_words(kinds[name])}.")
    return given


def _fits(value: object, kind: str) -> bool:
    if kind.startswith("tuple"):
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if kind.startswith("float"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, bool if kind == "bool" else str)


def _kind_in_words(kind: str) -> str:
    words = {"tuple": "a list of texts", "float": "a number", "bool": "true or false"}
    return next((word for start, word in words.items() if kind.startswith(start)), "a text")


def _option(name: str) -> str:
    return name.replace("_", "-")


@dataclass
class _Reader:
    """Reads tables one by one, and holds the figures, and the days and notes that they have brought."""

    description: Description
    typical: list[pa.Table] = field(default_factory=list)
    dated: list[pa.Table] = field(default_factory=list)
    days: dict[TypicalDay, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def read(self, source: Table) -> None:
        """Read one table and put its figures with the others."""
        file, said = source.file, self.description
        table = read_table(file, said.form)
        zone = texts(table.column(self._named(table, "zone", file)))
        if zone.null_count or pc.any(pc.equal(zone, "")).as_py():
            raise ImportRefusedError(f"{file}: some rows name no zone. Leave them out, or complete them.")
        hour = self._column(table, "hour", file)
        timestamp = None if hour is not None else self._column(table, "timestamp", file)
        date = None if timestamp is not None else self._column(table, "date", file)
        put = partial(self._put, table, source, zone)
        if said.hours is None and (hour is not None or timestamp is not None):
            hours = None if hour is None else hours_of_day(table.column(hour), file, hour)
            put(self._named(table, "people", file), timestamp=timestamp, date=date, hours=hours)
            return
        wide = wide_hours(table.column_names, said.hours, file)
        if not wide:
            raise ImportRefusedError(
                f"{file}: no column says the hour. Name it with --timestamp or --hour, or the columns of a wide table "
                f"with --hours, for example --hours H{{hour}}. Its columns are {examples(table.column_names, 30)}."
            )
        for number, name in wide.items():
            put(name, date=date, hours=np.full(table.num_rows, number, dtype=np.int64))

    def _column(self, table: pa.Table, role: str, file: Path) -> str | None:
        """Name of the column of a role: as described, or one of the usual names; None where there is none."""
        said = getattr(self.description, role)
        if said is not None:
            columns_of(table, [said], file)
            return str(said)
        there = {name.lower(): name for name in reversed(table.column_names)}
        return next((there[name] for name in USUAL_NAMES[role] if name in there), None)

    def _named(self, table: pa.Table, role: str, file: Path) -> str:
        """Name of a column that must be there."""
        found = self._column(table, role, file)
        if found is None:
            raise ImportRefusedError(
                f"{file}: which column is the {role} is not said, and none is called "
                f"{' or '.join(USUAL_NAMES[role][:4])}. Name it with --{_option(role)}. Its columns are "
                f"{examples(table.column_names, 30)}."
            )
        return found

    def _put(
        self,
        table: pa.Table,
        source: Table,
        zone: pa.ChunkedArray,
        people_column: str,
        *,
        timestamp: str | None = None,
        date: str | None = None,
        hours: Hours | None = None,
    ) -> None:
        """Put the figures of one column of people with the others."""
        file, said = source.file, self.description
        people = numbers(table.column(people_column), file, people_column, decimal=said.decimal, withheld=said.withheld)
        rows = RowsOf(file, zone, people.to_numpy(), said.time_zone)
        if timestamp is not None:
            moments = moments_of(table.column(timestamp), timestamp, said.time_format, rows)
        elif date is not None and hours is not None:
            moments = moments_of_dates(dates_of(table.column(date), file, date, said.time_format), hours, rows)
        elif hours is not None:
            self.typical.append(_long(zone, self._typical_days(table, source), hours, people))
            return
        self.notes += [note for note in moments.notes if note not in self.notes]
        placed = _long(zone, moments.hours // HOURS_OF_DAY, moments.hours % HOURS_OF_DAY, people)
        self.dated.append(placed.filter(pa.array(moments.hours != LEFT_OUT)))

    def _typical_days(self, table: pa.Table, source: Table) -> Hours:
        """Number, among all kinds of days so far, of each row's."""
        labels = []
        for role, said, default in (
            ("period", source.period, WHOLE_PERIOD),
            ("day_type", source.day_type, ALL_DAYS),
        ):
            name = None if said is not None else self._column(table, role, source.file)
            if name is None:
                labels.append(pa.array([said or default] * table.num_rows).dictionary_encode())
                continue
            column = texts(table.column(name))
            if column.null_count:
                raise ImportRefusedError(f"{source.file}, column {name}: {column.null_count:,} rows do not say it.")
            labels.append(column.combine_chunks().dictionary_encode())
        period, day_type = labels
        pair = period.indices.to_numpy().astype(np.int64) * len(day_type.dictionary) + day_type.indices.to_numpy()
        unique, first, code = np.unique(pair, return_index=True, return_inverse=True)
        number = np.empty(len(unique), dtype=np.int64)
        for place in np.argsort(first).tolist():
            which_period, which_type = divmod(int(unique[place]), len(day_type.dictionary))
            day = TypicalDay(period.dictionary[which_period].as_py(), day_type.dictionary[which_type].as_py())
            number[place] = self.days.setdefault(day, len(self.days))
        return number[code]


def _long(zone: pa.ChunkedArray, day: Hours, slot: Hours, people: pa.ChunkedArray) -> pa.Table:
    columns = {"zone": zone, "day": pa.array(day.astype(np.int32)), "slot": pa.array(slot.astype(np.int32))}
    return pa.table({**columns, "people": people}, schema=LONG)


def _laid_out(rows: _Reader) -> tuple[Counts, dict[str, dict[str, str]]]:
    """Counts by day, and labels of periods and day types by identifier."""
    if rows.typical and rows.dated:
        raise ImportRefusedError(
            "Some tables have dates and others have none: import them as two releases, for one is of days and the "
            "other of typical days."
        )
    withheld = rows.description.absent_is_withheld
    if rows.typical:
        periods = _identified([day.period for day in rows.days])
        day_types = _identified([day.day_type for day in rows.days])
        days: list[Day] = [TypicalDay(periods[day.period], day_types[day.day_type]) for day in rows.days]
        table = pa.concat_tables(rows.typical)
        labels = {
            "periods": {each: label for label, each in periods.items()},
            "day_types": {each: label for label, each in day_types.items()},
        }
        return _measured(counts_from(table, days, HOURS, absent_is_withheld=withheld)), labels
    table = pa.concat_tables(rows.dated)
    number = table.column("day").to_numpy()
    unique, code = np.unique(number, return_inverse=True)
    dates: list[Day] = [dt.date(1970, 1, 1) + dt.timedelta(days=int(each)) for each in unique]
    table = table.set_column(1, LONG.field("day"), pa.array(code.astype(np.int32)))
    counts = counts_from(table, dates, HOURS, absent_is_withheld=withheld)
    return _without_short_ends(counts, rows.notes), {"periods": {}, "day_types": {}}


def _measured(counts: Counts) -> Counts:
    """The counts with only the hours that were measured on some day."""
    kept = np.flatnonzero(np.any([figures.measured for figures in counts.days.values()], axis=0))
    days = {
        day: type(figures)(figures.people[:, kept], figures.withheld[:, kept]) for day, figures in counts.days.items()
    }
    return Counts(counts.zones, tuple(counts.slots[place] for place in kept), days)


def _without_short_ends(counts: Counts, notes: list[str]) -> Counts:
    """The counts without a first or last UTC day of a few hours, which would look like a day of withheld figures."""
    measured = {day: int(figures.measured.sum()) for day, figures in counts.days.items()}
    most = max(measured.values())
    ends = [min(measured), max(measured)]
    short = [day for day in dict.fromkeys(ends) if measured[day] < min(SHORT_DAY, most)]
    notes += [
        f"{measured[day]} hours of {day} (UTC) are left out: a day is given with {SHORT_DAY} hours or more."
        for day in short
    ]
    days = {day: figures for day, figures in counts.days.items() if day not in short}
    gaps = {day: HOURS_OF_DAY - measured[day] for day in days if measured[day] < HOURS_OF_DAY}
    if gaps:
        told = examples([f"{gap} of {day}" for day, gap in gaps.items()], 5)
        notes.append(f"Hours that were not measured, in UTC: {told}. They are empty, as withheld figures are.")
    return Counts(counts.zones, counts.slots, days)


def _identified(labels: Sequence[str]) -> dict[str, str]:
    """An identifier that may be the name of a folder for each label.

    Examples
    --------
    >>> _identified(["Working day", "Saturday", "休日", "Saturday"])
    {'Working day': 'working-day', 'Saturday': 'saturday', '休日': 'type-3'}
    """
    found: dict[str, str] = {}
    for label in dict.fromkeys(labels):
        plain = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
        found[label] = plain if plain and plain not in found.values() else f"type-{len(found) + 1}"
    return found


def _outlines(geometry: Path, description: Description) -> Outlines:
    keep = [name for name in (description.area, description.area_name, description.residents) if name is not None]
    zone = description.geometry_zone or description.zone or USUAL_NAMES["zone"]
    outlines = read_outlines(
        geometry,
        zone,
        crs=description.crs,
        square=description.square,
        corners=(description.x, description.y),
        keep=keep,
        form=description.form,
    )
    zones = outlines.zones
    if description.area is not None:
        codes = texts(pa.chunked_array([pa.array(zones[description.area], from_pandas=True)])).to_pylist()
        kind = description.area_kind or "Area"
        names = [None if code is None else f"{kind} {code}" for code in codes]
        if description.area_name is not None:
            names = [
                str(said) if isinstance(said, str) else name
                for said, name in zip(zones[description.area_name], names, strict=True)
            ]
        zones = zones.assign(area_code=codes, area_name=names)
    if description.residents is not None:
        column = pa.chunked_array([pa.array(zones[description.residents], from_pandas=True)])
        residents = np.nan_to_num(numbers(column, geometry, description.residents).to_numpy())
        if (residents < 0).any():
            raise ImportRefusedError(f"{geometry}, column {description.residents}: residents cannot be negative.")
        zones = zones.assign(residents=residents)
    return Outlines(
        zones[[name for name in ("area_code", "area_name", "residents", "geometry") if name in zones]], outlines.notes
    )


def _beside(geometry: Path) -> list[Path]:
    """The other files of a shapefile."""
    if geometry.suffix.lower() != ".shp":
        return []
    return sorted(file for file in geometry.parent.glob(f"{geometry.stem}.*") if file != geometry and file.is_file())


def _weights(file: Path | None, description: Description) -> Weights | None:
    """Residents by which people are shared out within zones."""
    if file is None:
        return None
    name = description.weights_column or "residents"
    if file.suffix in {".csv", ".parquet"} or file.name.endswith(".csv.gz"):
        table = read_table(file, description.form)
        if "geometry" not in table.column_names:
            columns_of(table, ["h3", name], file)
            residents = _all_counts(table.column(name), file, name)
            cells = [_cell(text, file) for text in texts(table.column("h3")).to_pylist()]
            shapes = [shapely.Polygon([(x, y) for y, x in h3.cell_to_boundary(cell)]) for cell in cells]
            return Weights(gpd.GeoSeries(shapes, crs=SPHERE), residents)
    frame = read_shapes(file)
    if name not in frame.columns or frame.crs is None:
        raise ImportRefusedError(
            f"{file} has no column {name}, or does not say its coordinate system. Name the column of residents with "
            "--weights-column."
        )
    column = pa.chunked_array([pa.array(frame[name], from_pandas=True)])
    return Weights(frame.geometry.reset_index(drop=True), _all_counts(column, file, name))


def _all_counts(column: pa.ChunkedArray, file: Path, name: str) -> NDArray[np.float64]:
    residents = np.nan_to_num(numbers(column, file, name).to_numpy())
    if (residents < 0).any() or not np.isfinite(residents).all():
        raise ImportRefusedError(f"{file}, column {name}: residents cannot be negative or infinite.")
    return residents


def _cell(text: str | None, file: Path) -> int:
    """An H3 index from its number or its hexadecimal form."""
    try:
        cell = int(text or "") if (text or "").isdecimal() else h3.str_to_int(text or "")
    except ValueError:
        cell = 0
    if not h3.is_valid_cell(cell):
        raise ImportRefusedError(f"{file}, column h3: {text!r} is not an H3 cell.")
    return cell


def _about(description: Description, counts: Counts, labels: Mapping[str, Mapping[str, str]]) -> About:
    caveats = [
        "The cells are H3 hexagons, to which the source's zones were shared out. Cells on the edge hold only the "
        "people of their part inside it.",
        "The source's figures are taken as they are: their standard errors are not known.",
    ]
    if description.percent_of is not None:
        caveats.append(
            f"The source gives percentages; 100 % is taken as {description.percent_of:,.0f} people, the number given "
            "when the data were imported."
        )
    if any(figures.withheld.any() for figures in counts.days.values()):
        caveats.append(_on_withheld(description.withheld_below))
    return About(
        slug=slug_of(description.title),
        title=description.title,
        source={
            "name": description.title,
            "publisher": description.publisher,
            "licence": description.licence,
            "attribution": description.attribution,
            "citation": description.citation,
            "url": description.url,
        },
        time_zone=description.time_zone,
        measure_note=description.measure or "People present in the hour, as the source counts them.",
        rule=description.disclosure or "As the source has it: what it withholds is not shown.",
        whole=("whole", description.whole or description.title),
        part_kind=AreaKind("part", description.area_kind or "Area"),
        country=description.country,
        day_types=labels["day_types"],
        periods=labels["periods"],
        withheld_below=description.withheld_below,
        caveats=tuple(caveats),
    )


def _on_withheld(below: float | None) -> str:
    if below is None:
        return (
            "The source withholds figures and does not say how large they are: a cell or an area that has such a zone "
            "in it is withheld too, unless the zone covers less than 1 % of it."
        )
    return (
        f"The source withholds figures below {below:g} people. Cells and areas that have withheld zones beside known "
        f"ones hold the people of the known ones: less than {below:g} people too few for each. Those that might lack "
        "more people than they show are withheld."
    )
