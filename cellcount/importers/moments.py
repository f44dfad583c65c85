"""When a source's figures are: hours of kinds of days, or moments, which a release keeps by UTC day and hour."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cellcount.importers.counts import examples
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.tables import texts
from cellcount.standard import HOURS_OF_DAY

Numbers = NDArray[np.int64]
LEFT_OUT = -1
"""In place of a UTC hour: the row is of an hour that cannot be placed, and is left out."""


@dataclass(frozen=True)
class RowsOf:
    """The rows whose moments are wanted.

    Attributes
    ----------
    file : Path
        Where they are from.
    zones : pyarrow.ChunkedArray
        Zone of each: where a clock shows an hour twice, a zone's first row is the first of the two.
    people : array of float
        Figure of each.
    time_zone : str
        IANA name of the time zone of times without an offset.
    """

    file: Path
    zones: pa.ChunkedArray
    people: NDArray[np.float64]
    time_zone: str


@dataclass(frozen=True)
class Moments:
    """The UTC hour of each row.

    Attributes
    ----------
    hours : array of int64
        Hours since the beginning of 1970 in UTC; `LEFT_OUT` where the row cannot be placed.
    notes : tuple of str
        What is left out, in sentences.
    """

    hours: Numbers
    notes: tuple[str, ...] = ()


def hours_of_day(column: pa.ChunkedArray, file: Path, name: str) -> Numbers:
    """The hour of each row, from numbers or from text such as `08`, `8:00` or `H8`.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Hours.
    file : Path
        Where they are from.
    name : str
        Name of the column.

    Returns
    -------
    array of int64
        0 to 23.

    Raises
    ------
    ImportRefusedError
        Where one is not an hour.

    Examples
    --------
    >>> hours_of_day(pa.chunked_array([["08:00", "H9", "23"]]), Path("people.csv"), "hour").tolist()
    [8, 9, 23]
    """

    def hour(text: str | None) -> int:
        found = re.fullmatch(r"[^\d]*(\d{1,2})([:.h]?00)*h?", text or "", re.IGNORECASE)
        if found is None or int(found[1]) >= HOURS_OF_DAY:
            remedy = "Count them from 0 (00:00 to 01:00) to 23." if text == "24" else "Hours are 0 to 23, or 00:00."
            raise ImportRefusedError(f"{file}, column {name}: {text!r} is not an hour. {remedy}")
        return int(found[1])

    return _each(texts(column), hour)


def wide_hours(names: Sequence[str], pattern: str | None, file: Path) -> dict[int, str]:
    """The columns of a wide table that hold one hour each.

    Parameters
    ----------
    names : sequence of str
        Columns of the table.
    pattern : str or None
        Their names with `{hour}` in place of the hour, for example `H{hour}`; if not given, names such as `8`, `08`,
        `h08`, `H8`, `08:00` and `hour_8` are taken, if there are two or more.
    file : Path
        Where they are from.

    Returns
    -------
    dict of int to str
        Column by hour.

    Examples
    --------
    >>> wide_hours(["zone", "H0", "H1"], None, Path("people.csv"))
    {0: 'H0', 1: 'H1'}
    >>> wide_hours(["zone", "people at 8"], "people at {hour}", Path("people.csv"))
    {8: 'people at 8'}
    """
    if pattern is not None and pattern.count("{hour}") != 1:
        raise ImportRefusedError(f"The pattern of hour columns, {pattern!r}, must have {{hour}} in it once.")
    if pattern is None:
        expression = re.compile(r"(?:h|l|t|hour_?|h_)?(\d{1,2})(?::00)?", re.IGNORECASE)
    else:
        before, after = (re.escape(each) for each in pattern.split("{hour}"))
        expression = re.compile(rf"{before}(\d{{1,2}}){after}")
    found: dict[int, str] = {}
    for name in names:
        match = expression.fullmatch(name)
        if match is None:
            continue
        hour = int(match[1])
        if hour >= HOURS_OF_DAY:
            raise ImportRefusedError(f"{file}: column {name} is no hour. Hours are 0 (00:00 to 01:00) to 23.")
        if hour in found:
            raise ImportRefusedError(f"{file}: columns {found[hour]} and {name} are of the same hour. Leave one out.")
        found[hour] = name
    if pattern is None and len(found) < 2:
        return {}
    if not found:
        raise ImportRefusedError(f"{file} has no column such as {pattern}. Its columns are {examples(names, 30)}.")
    return dict(sorted(found.items()))


def dates_of(column: pa.ChunkedArray, file: Path, name: str, style: str | None) -> Numbers:
    """The date of each row, as days since the beginning of 1970.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Dates or text.
    file : Path
        Where they are from.
    name : str
        Name of the column.
    style : str or None
        How text is written, as `strptime` has it; ISO 8601 if not given.
    """

    def day(text: str | None) -> int:
        return (_moment(text, file, name, style).date() - dt.date(1970, 1, 1)).days

    return _each(texts(column), day)


def moments_of(column: pa.ChunkedArray, name: str, style: str | None, rows: RowsOf) -> Moments:
    """The UTC hour of each row, from timestamps.

    Timestamps with an offset (`+03:00`, `Z`) are taken at it; others are local times of the time zone.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Timestamps or text: the start of the hour.
    name : str
        Name of the column.
    style : str or None
        How text is written, as `strptime` has it; ISO 8601 if not given.
    rows : RowsOf
        The rows.

    Returns
    -------
    Moments

    Raises
    ------
    ImportRefusedError
        Where a time cannot be read, is no full hour of UTC, or was skipped by the clock and has people.
    """
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        column = column.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
        rows = replace(rows, time_zone="UTC")
    coded = texts(column).combine_chunks().dictionary_encode()
    if coded.null_count:
        raise ImportRefusedError(f"{rows.file}, column {name}: {coded.null_count:,} rows have no time.")
    moments = [_moment(text, rows.file, name, style) for text in coded.dictionary.to_pylist()]
    return _placed(coded.indices.to_numpy(), moments, rows)


def moments_of_dates(dates: Numbers, hours: Numbers, rows: RowsOf) -> Moments:
    """The UTC hour of each row, from its local date (days since the beginning of 1970) and hour."""
    unique, code = np.unique(dates * HOURS_OF_DAY + hours, return_inverse=True)
    moments = [dt.datetime(1970, 1, 1) + dt.timedelta(hours=int(each)) for each in unique]  # noqa: DTZ001 - local
    return _placed(code, moments, rows)


def _placed(code: Numbers, moments: Sequence[dt.datetime], rows: RowsOf) -> Moments:
    """UTC hours of rows of which `code` names the moment."""
    here = ZoneInfo(rows.time_zone)
    first = np.empty(len(moments), dtype=np.int64)
    second = np.empty(len(moments), dtype=np.int64)
    skipped = np.zeros(len(moments), dtype=bool)
    for number, moment in enumerate(moments):
        at = moment if moment.tzinfo else moment.replace(tzinfo=here)
        skipped[number] = moment.tzinfo is None and _there_and_back(at, here) != moment
        first[number] = _utc_hour(at, rows)
        second[number] = _utc_hour(at.replace(fold=1), rows)
    if skipped.any():
        if np.nansum(rows.people[skipped[code]]) > 0:
            named = examples([str(moments[number]) for number in np.flatnonzero(skipped).tolist()])
            raise ImportRefusedError(
                f"{rows.file} has people at a time that {rows.time_zone} skipped when its clocks went forward: "
                f"{named}. If the times are of another zone, such as UTC, name it with --time-zone; otherwise leave "
                "those rows empty."
            )
        first[skipped] = second[skipped] = LEFT_OUT
    twice = first != second
    if not twice.any():
        return Moments(first[code])
    named_twice = {number: second[number] for number in np.flatnonzero(twice).tolist()}
    return _told_apart(first[code], code, named_twice, moments, rows.zones)


def _told_apart(
    hours: Numbers, code: Numbers, twice: Mapping[int, int], moments: Sequence[dt.datetime], zones: pa.ChunkedArray
) -> Moments:
    """Rows of an hour that the clock shows twice: a zone's first is the first, its second the second.

    Where a zone has only one row, which of the two it is, or both together, is not known, and it is left out.
    """
    rows = np.flatnonzero(np.isin(code, list(twice)))
    keys = zip(zones.take(pa.array(rows)).to_pylist(), code[rows].tolist(), strict=True)
    of_key: dict[tuple[str, int], list[int]] = {}
    for row, key in zip(rows.tolist(), keys, strict=True):
        of_key.setdefault(key, []).append(row)
    alone = set()
    for (_, number), found in of_key.items():
        if len(found) == 1:
            hours[found[0]] = LEFT_OUT
            alone.add(number)
        else:
            hours[found[1]] = twice[number]
    if not alone:
        return Moments(hours)
    named = examples([f"{moments[number]:%Y-%m-%d %H:%M}" for number in sorted(alone)])
    told = (
        f"The clock showed {named} twice and the source has it once: which hour it is cannot be told, and it is left "
        "out."
    )
    return Moments(hours, (told,))


def _moment(text: str | None, file: Path, name: str, style: str | None) -> dt.datetime:
    try:
        return dt.datetime.strptime(text or "", style) if style else dt.datetime.fromisoformat(text or "")  # noqa: DTZ007
    except ValueError:
        remedy = "Say how times are written with --time-format, for example --time-format '%d.%m.%Y %H:%M'."
        raise ImportRefusedError(f"{file}, column {name}: {text!r} is no time that can be read. {remedy}") from None


def _there_and_back(moment: dt.datetime, here: ZoneInfo) -> dt.datetime:
    """What the clock shows at a moment, there and back: not the same where the clock skips it."""
    return moment.astimezone(dt.UTC).astimezone(here).replace(tzinfo=None)


def _utc_hour(moment: dt.datetime, rows: RowsOf) -> int:
    seconds = round(moment.timestamp())
    if seconds % 3600:
        raise ImportRefusedError(
            f"{rows.file} has figures at {moment:%Y-%m-%d %H:%M} ({rows.time_zone}), which is no full hour of UTC. A "
            "release holds hours of UTC: make the figures hourly first."
        )
    return seconds // 3600


def _each(column: pa.ChunkedArray, function: Callable[[str | None], int]) -> Numbers:
    """A function of each value, called once for each different one."""
    coded = column.combine_chunks().dictionary_encode("encode")
    values = np.array([function(text) for text in coded.dictionary.to_pylist()], dtype=np.int64)
    return values[coded.indices.to_numpy()]
