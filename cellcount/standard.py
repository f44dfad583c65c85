"""The national cell count standard, read from its one declaration.

`data/standard/datapackage.json` declares what an operator delivers, `data/standard/release.json` what the app
reads. Everything else that speaks of tables and columns (Parquet schemas, the validator, the documentation page,
the demonstration, the exports' metadata) follows from these two files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

ROOT = Path(__file__).resolve().parent.parent
STANDARD_FOLDER = ROOT / "data" / "standard"

HOURS_OF_DAY = 24
HOUR_COLUMNS = tuple(f"h{hour:02d}" for hour in range(HOURS_OF_DAY))
"""The hour columns of a wide table, by UTC hour."""
LOCAL_HOUR_COLUMNS = tuple(f"l{hour:02d}" for hour in range(HOURS_OF_DAY))
"""The hour columns of a typical day, by local hour."""

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


@dataclass(frozen=True, slots=True)
class Column:
    """A declared column: its type in the file, unit, meaning and limits."""

    name: str
    physical_type: str
    description: str
    unit: str | None
    required: bool
    minimum: float | None
    maximum: float | None
    enum: tuple[str, ...]
    code_list: str | None

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
def _declaration(file_name: str) -> dict[str, Any]:
    declaration: dict[str, Any] = json.loads((STANDARD_FOLDER / file_name).read_text(encoding="utf-8"))
    return declaration


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
