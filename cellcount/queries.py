"""The queries of the app: one documented SELECT a file, in `queries/`.

A file begins with a header in comments, which the loader reads and a test compares with what DuckDB says of the
statement:

- a sentence that says what is asked;
- `Grain:` what one row of the answer is;
- `Param: $name TYPE meaning`, once for each parameter;
- `Files: table where column = $name and column between $first and $last`, where the query reads no other files of a
  partitioned table than those: the store then opens only them;
- `Returns: column meaning; column meaning`, in order, with units; `h00 ... h23 meaning` stands for all 24.

A line of the header that begins with spaces goes on with the line before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cellcount.errors import CellCountError
from cellcount.standard import ROOT, release_tables

QUERIES_FOLDER = ROOT / "queries"

_FIELDS = ("Grain", "Param", "Files", "Returns")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PARAM = re.compile(r"\$(?P<name>\w+) (?P<type>[A-Z]+(\[\])?) (?P<meaning>.+)")
_FILES = re.compile(r"(?P<table>\w+) where (?P<conditions>.+)")
_CONDITION = re.compile(r"(?P<column>\w+) (= \$(?P<value>\w+)|between \$(?P<first>\w+) and \$(?P<last>\w+))")
_RETURNED = re.compile(r"(?P<first>\w+)( \.\.\. (?P<last>\w+))? (?P<meaning>.+)")
_NUMBERED = re.compile(r"(?P<before>\D*)(?P<number>\d\d)(?P<after>\D*)")
_READ_FROM = re.compile(r"\b(?:from|join)\s+(\w+)", re.IGNORECASE)


class QueryMissingError(CellCountError):
    """There is no query of this name."""


class QueryFaultyError(CellCountError):
    """The header of a query's file is not as the loader needs it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a query: its name without the dollar, its type as DuckDB names it, and its meaning."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Returned:
    """A column of a query's answer, with its meaning and unit."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A partition column and the parameters that bound it: one and the same where it must be equal."""

    column: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Files:
    """The only files of a partitioned table that a query reads."""

    table: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A documented SELECT.

    Attributes
    ----------
    name : str
        Name of the file, without its ending.
    summary : str
        What it asks, a sentence.
    grain : str
        What one row of the answer is.
    parameters : tuple of Parameter
        In the order of the header.
    returns : tuple of Returned
        Columns of the answer, in order.
    tables : tuple of str
        Tables of the release that it reads, in alphabetical order.
    files : tuple of Files
        Which files of partitioned tables it reads, where not all.
    sql : str
        The statement, without the header.
    """

    name: str
    summary: str
    grain: str
    parameters: tuple[Parameter, ...]
    returns: tuple[Returned, ...]
    tables: tuple[str, ...]
    files: tuple[Files, ...]
    sql: str


def names() -> list[str]:
    """The names of all queries, in alphabetical order.

    Examples
    --------
    >>> "present_hour" in names()
    True
    """
    return sorted(file.stem for file in QUERIES_FOLDER.glob("*.sql"))


@cache
def load(name: str) -> Query:
    """Read a query.

    Parameters
    ----------
    name : str
        Name of its file, without its ending.

    Returns
    -------
    Query

    Raises
    ------
    QueryMissingError
        If there is none of this name.
    QueryFaultyError
        If its header cannot be read.

    Examples
    --------
    >>> hour = load("present_hour")
    >>> hour.summary, hour.grain
    ('People present in every cell of the release in one hour.', 'cell')
    >>> [(parameter.name, parameter.type) for parameter in hour.parameters]
    [('resolution', 'UTINYINT'), ('date', 'DATE'), ('hour', 'UTINYINT')]
    >>> hour.tables, [column.name for column in hour.returns]
    (('present',), ['h3', 'people'])
    """
    file = QUERIES_FOLDER / f"{name}.sql"
    if not _NAME.fullmatch(name) or not file.is_file():
        raise QueryMissingError(f"There is no query {name!r}. The queries are {', '.join(names())}.")
    return read_query(file)


def read_query(file: Path) -> Query:
    """Read a query from any file.

    Parameters
    ----------
    file : Path
        File of SQL with a header.

    Returns
    -------
    Query

    Raises
    ------
    QueryFaultyError
        If its header cannot be read; the sentence says which line.
    """
    header, sql = _apart(file.read_text(encoding="utf-8"))
    summary, fields = (header[0] if header else ""), header[1:]
    if not summary.endswith(".") or summary.split(":")[0] in _FIELDS or not sql:
        raise QueryFaultyError(f"{file.name}: a query begins with a comment, a sentence, and has one SELECT after it.")
    grain, returns = "", ""
    parameters: list[Parameter] = []
    files: list[Files] = []
    for line in fields:
        field, _, said = line.partition(": ")
        if field == "Grain":
            grain = said.removesuffix(".")
        elif field == "Param":
            parameters.append(_parameter(file, said))
        elif field == "Files":
            files.append(_files(file, said))
        elif field == "Returns":
            returns = said.removesuffix(".")
        else:
            raise _faulty(file, line, f"{', '.join(_FIELDS[:-1])} or {_FIELDS[-1]} and a colon")
    if not grain or not returns:
        raise QueryFaultyError(f"{file.name}: the header lacks its Grain: or its Returns:.")
    return Query(
        name=file.stem,
        summary=summary,
        grain=grain,
        parameters=tuple(parameters),
        returns=tuple(column for item in returns.split("; ") for column in _returned(file, item)),
        tables=tuple(sorted(set(_READ_FROM.findall(sql)) & set(release_tables()))),
        files=tuple(files),
        sql=sql,
    )


def _apart(text: str) -> tuple[list[str], str]:
    """The lines of the header, continued ones put together, and the statement."""
    header: list[str] = []
    lines = text.splitlines()
    while lines and lines[0].startswith("--"):
        line = lines.pop(0).removeprefix("--")
        if line.startswith("  ") and header:
            header[-1] += f" {line.strip()}"
        else:
            header.append(line.strip())
    return header, "\n".join(lines).strip().removesuffix(";").rstrip()


def _parameter(file: Path, said: str) -> Parameter:
    found = _PARAM.fullmatch(said)
    if found is None:
        raise _faulty(file, said, "$name TYPE meaning")
    return Parameter(found["name"], found["type"], found["meaning"].removesuffix("."))


def _files(file: Path, said: str) -> Files:
    found = _FILES.fullmatch(said.removesuffix("."))
    wanted = "table where column = $name and column between $first and $last"
    if found is None:
        raise _faulty(file, said, wanted)
    conditions = []
    # The "and" inside a "between" belongs to it.
    for part in re.split(r" and (?!\$)", found["conditions"]):
        condition = _CONDITION.fullmatch(part)
        if condition is None:
            raise _faulty(file, said, wanted)
        first, last = condition["value"] or condition["first"], condition["value"] or condition["last"]
        conditions.append(Condition(condition["column"], first, last))
    return Files(found["table"], tuple(conditions))


def _returned(file: Path, said: str) -> list[Returned]:
    found = _RETURNED.fullmatch(said)
    if found is None:
        raise _faulty(file, said, "column meaning")
    if found["last"] is None:
        return [Returned(found["first"], found["meaning"])]
    first, last = (_NUMBERED.fullmatch(found[end]) for end in ("first", "last"))
    if first is None or last is None:
        raise _faulty(file, said, "h00 ... h23 meaning")
    return [
        Returned(f"{first['before']}{number:02d}{first['after']}", found["meaning"])
        for number in range(int(first["number"]), int(last["number"]) + 1)
    ]


def _faulty(file: Path, said: str, wanted: str) -> QueryFaultyError:
    return QueryFaultyError(f"{file.name}: the header says {said!r}; it must say {wanted}.")
