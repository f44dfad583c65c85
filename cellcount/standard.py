"""The national cell count standard, read from its one declaration.

`data/standard/datapackage.json` declares what an operator delivers, `data/standard/release.json` what the app
reads, `data/standard/rules.json` what a validator must catch. Everything else that speaks of tables and columns
(Parquet schemas, the validator, the documentation page, the demonstration) follows from these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

ROOT = Path(__file__).resolve().parent.parent
STANDARD_FOLDER = ROOT / "data" / "standard"

MANIFEST_NAME = "manifest.json"
"""What a delivery or a release says of itself."""

HOURS_OF_DAY = 24
HOUR_COLUMNS = tuple(f"h{hour:02d}" for hour in range(HOURS_OF_DAY))
"""The hour columns of a wide table, by UTC hour."""
LOCAL_HOUR_COLUMNS = tuple(f"l{hour:02d}" for hour in range(HOURS_OF_DAY))
"""The hour columns of a typical day, by local hour."""
DAY_PARTS: dict[str, range] = {
    "night": range(6),
    "morning": range(6, 10),
    "midday": range(10, 16),
    "evening": range(16, 20),
    "late": range(20, 24),
}
"""Parts of the UTC day, and their hours."""

_ARROW_TYPES: dict[str, pa.DataType] = {
    "BIGINT": pa.int64(),
    "UTINYINT": pa.uint8(),
    "UINTEGER": pa.uint32(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "GEOMETRY": pa.binary(),
}

_HOUR = re.compile(r"(?P<before>(.*_)?[hl])(?P<hour>\d\d)(?P<after>(_.*)?)")
"""The name of a column of one hour, as in `h08`, `people_h08` and `l08_sd`."""


@dataclass(frozen=True, slots=True)
class Column:
    """A declared column: its type in the file, unit, meaning and limits.

    `area_types` are the kinds of area whose codes it may hold, `resolutions` the H3 resolutions of its cells; both are
    empty for other columns.
    """

    name: str
    physical_type: str
    description: str
    unit: str | None
    required: bool
    minimum: float | None
    maximum: float | None
    enum: tuple[str, ...]
    code_list: str | None
    area_types: tuple[str, ...] = ()
    resolutions: tuple[int, ...] = ()

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type of the column."""
        return _ARROW_TYPES[self.physical_type]


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table: its columns, key and folder partitions, and what an absent row or a NULL means."""

    name: str
    title: str
    description: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partitions: tuple[str, ...]
    absent_row: str
    null_meaning: str
    adds_over: tuple[str, ...]
    optional: bool

    @property
    def file_columns(self) -> tuple[Column, ...]:
        """The columns inside the files: all but those that are folder names."""
        return tuple(column for column in self.columns if column.name not in self.partitions)

    @property
    def file_schema(self) -> pa.Schema:
        """The Arrow schema of the table's files, without the columns that are folder names."""
        return pa.schema(
            [pa.field(column.name, column.arrow_type, nullable=not column.required) for column in self.file_columns]
        )

    def folder(self, **partitions: object) -> str:
        """Path of one partition below the delivery or release.

        Parameters
        ----------
        **partitions
            A value for each partition column, in any order.

        Returns
        -------
        str
            Path with forward slashes.

        Examples
        --------
        >>> delivery_tables()["cell_day"].folder(date="2026-10-05")
        'cell_day/date=2026-10-05'
        """
        if set(partitions) != set(self.partitions):
            raise ValueError(f"{self.name} is partitioned by {self.partitions}, not by {tuple(partitions)}")
        return "/".join([self.name, *(f"{name}={partitions[name]}" for name in self.partitions)])


@dataclass(frozen=True, slots=True)
class ManifestField:
    """A declared field of a delivery's manifest."""

    name: str
    type: Literal["string", "date", "datetime", "array", "integer", "number", "boolean"]
    description: str
    required: bool
    enum: tuple[str, ...]
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A declared limit that is not one column's: what is more is a mistake."""

    name: str
    value: float
    unit: str
    description: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that a validator must catch.

    `severity` is `unreadable` (nothing more can be said of the delivery), `error` (it is refused) or `warning`;
    `counts` names what is counted in a finding: rows, files, days and so on.
    """

    id: str
    severity: Literal["unreadable", "error", "warning"]
    counts: str
    message: str
    remedy: str


def _table(resource: dict[str, Any]) -> Table:
    columns = []
    for field in resource["schema"]["fields"]:
        limits = field.get("constraints", {})
        columns.append(
            Column(
                name=field["name"],
                physical_type=field["physicalType"],
                description=field["description"],
                unit=field.get("unit"),
                required=limits.get("required", False),
                minimum=limits.get("minimum"),
                maximum=limits.get("maximum"),
                enum=tuple(limits.get("enum", ())),
                code_list=field.get("codeList"),
                area_types=tuple(field.get("areaTypes", ())),
                resolutions=tuple(field.get("resolutions", ())),
            )
        )
    return Table(
        name=resource["name"],
        title=resource["title"],
        description=resource["description"],
        grain=resource["grain"],
        columns=tuple(columns),
        key=tuple(resource["schema"]["primaryKey"]),
        partitions=tuple(resource["partitions"]),
        absent_row=resource["absentRow"],
        null_meaning=resource["null"],
        adds_over=tuple(resource["addsOver"]),
        optional=resource["optional"],
    )


@cache
def _declaration(file_name: str) -> Any:
    return json.loads((STANDARD_FOLDER / file_name).read_text(encoding="utf-8"))


def release_format() -> str:
    """Version of a release's layout that this software writes, and the newest that it reads.

    Examples
    --------
    >>> release_format()
    '0.2'
    """
    return str(_declaration("release.json")["version"])


def version_numbers(text: str) -> tuple[int, ...]:
    """A version as numbers, to compare: `0.10` is newer than `0.9`.

    Examples
    --------
    >>> version_numbers("0.10") > version_numbers("0.9")
    True
    """
    return tuple(int(number) for number in text.split("."))


def standard_version() -> str:
    """Version of the standard.

    Examples
    --------
    >>> standard_version()
    '0.1'
    """
    return str(_declaration("datapackage.json")["version"])


@cache
def delivery_tables() -> dict[str, Table]:
    """The tables of a delivery, by name, in the order of their declaration.

    Examples
    --------
    >>> list(delivery_tables())[:2]
    ['cell_day', 'area_day']
    >>> delivery_tables()["cell_day"].key
    ('date', 'resolution', 'h3', 'segment')
    """
    return {resource["name"]: _table(resource) for resource in _declaration("datapackage.json")["resources"]}


@cache
def release_tables() -> dict[str, Table]:
    """The tables of a release, by name, in the order of their declaration.

    Examples
    --------
    >>> release_tables()["present"].partitions
    ('resolution', 'date')
    """
    return {resource["name"]: _table(resource) for resource in _declaration("release.json")["resources"]}


@cache
def manifest_fields() -> tuple[ManifestField, ...]:
    """The fields of a delivery's manifest.json."""
    return tuple(
        ManifestField(
            name=field["name"],
            type=field["type"],
            description=field["description"],
            required=field["required"],
            enum=tuple(field.get("enum", ())),
            minimum=field.get("minimum"),
            maximum=field.get("maximum"),
        )
        for field in _declaration("datapackage.json")["manifest"]
    )


@cache
def limits() -> dict[str, Limit]:
    """The declared limits that are not one column's, by name.

    Examples
    --------
    >>> limits()["km_per_trip"].value
    2000
    """
    return {limit["name"]: Limit(**limit) for limit in _declaration("datapackage.json")["limits"]}


@cache
def rules() -> dict[str, Rule]:
    """What a validator must catch, by rule, worst first.

    Examples
    --------
    >>> rules()["hidden-as-minus-one"].remedy
    'Write NULL for a withheld count.'
    """
    return {rule["id"]: Rule(**rule) for rule in _declaration("rules.json")}


def document() -> str:
    """The standard as a page of Markdown: the manifest, every table, the limits and the rules.

    Returns
    -------
    str

    Examples
    --------
    >>> print(document().splitlines()[0])
    # The national cell count standard, version 0.1
    """
    delivery = _declaration("datapackage.json")
    return "\n".join(
        [
            f"# {delivery['title']}, version {delivery['version']}",
            "",
            delivery["description"],
            "",
            "## The manifest of a delivery",
            "",
            *_markdown(
                ("field", "type", "required", "meaning"),
                ((field.name, field.type, _yes(field.required), _meaning(field)) for field in manifest_fields()),
            ),
            "## The tables of a delivery",
            "",
            *_documented(delivery_tables()),
            "## Limits",
            "",
            *_markdown(
                ("limit", "value", "meaning"),
                ((each.name, f"{each.value:,} {each.unit}", each.description) for each in limits().values()),
            ),
            "## What a validator must catch",
            "",
            *_markdown(
                ("rule", "severity", "fault", "remedy"),
                ((rule.id, rule.severity, rule.message, rule.remedy) for rule in rules().values()),
            ),
            "## The tables of a release",
            "",
            *_documented(release_tables()),
        ]
    )


def _documented(tables: Mapping[str, Table]) -> Iterator[str]:
    for table in tables.values():
        folders = "/".join(f"{name}=..." for name in table.partitions)
        yield f"### {table.name}: {table.title}"
        yield ""
        yield (
            f"{table.description} {'Optional' if table.optional else 'Required'}. One row for each {table.grain}, in "
            f"`{table.name}/{folders}{'/' if folders else ''}`. An absent row: {table.absent_row}. "
            f"NULL: {table.null_meaning}. Adds over: {', '.join(table.adds_over) or 'nothing'}."
        )
        yield ""
        yield from _markdown(
            ("column", "type", "unit", "required", "meaning"),
            (
                (name, column.physical_type, column.unit or "", _yes(column.required), _meaning(column))
                for name, column in hours_as_one(table)
            ),
        )


def hours_as_one(table: Table) -> Iterator[tuple[str, Column]]:
    """The columns with their names; of columns that differ by the hour only, the first with the name of the range.

    Examples
    --------
    >>> [name for name, _ in hours_as_one(release_tables()["devices_day"])]
    ['area_code', 'date', 'h00 ... h23']
    """
    for column in table.columns:
        hour = _HOUR.fullmatch(column.name)
        if hour is None:
            yield column.name, column
        elif hour["hour"] == "00":
            last = f"{hour['before']}{HOURS_OF_DAY - 1}{hour['after']}"
            of_each = column.description.replace("from 00:00 to 01:00", "in each hour,")
            yield f"{column.name} ... {last}", replace(column, description=of_each)


def _meaning(declared: Column | ManifestField) -> str:
    codes = f" One of: {', '.join(declared.enum)}." if declared.enum else ""
    most = "" if declared.maximum is None else f" At most {declared.maximum:,}."
    return declared.description + codes + most


def _yes(required: bool) -> str:
    return "yes" if required else ""


def _markdown(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A table in Markdown, with an empty line after it."""
    for row in (head, ("---",) * len(head), *rows):
        cells = (cell.replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
    yield ""
