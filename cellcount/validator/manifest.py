"""Read a delivery's manifest and check each of its fields."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellcount.standard import (
    MANIFEST_NAME,
    ManifestField,
    delivery_tables,
    limits,
    manifest_fields,
    standard_version,
    version_numbers,
)
from cellcount.validator.findings import MOST_SAID, Findings, shown

COARSEST = 5
_RESOLUTIONS = next(column for column in delivery_tables()["cell_day"].columns if column.name == "resolution")
_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,3}")


@dataclass(frozen=True)
class Manifest:
    """What could be understood of a manifest: None, or nothing, where a field is missing or wrong."""

    delivery_id: str | None
    operator_id: str | None
    period_start: dt.date | None
    period_end: dt.date | None
    resolutions: tuple[int, ...]
    threshold: int | None
    count_basis: str | None
    files: tuple[Any, ...]

    @property
    def period(self) -> tuple[dt.date, dt.date] | None:
        """First and last UTC day."""
        first, last = self.period_start, self.period_end
        return None if first is None or last is None or last < first else (first, last)


def read_manifest(folder: Path, findings: Findings) -> Manifest | None:
    """Read and check a manifest, as far as it goes without the files that it lists.

    Parameters
    ----------
    folder : Path
        Folder of the delivery.
    findings : Findings
        Told what is wrong.

    Returns
    -------
    Manifest or None
        None where there is none that can be read.
    """
    content = _content(folder, findings)
    if content is None:
        return None
    sound = {field.name: content[field.name] for field in manifest_fields() if _check_field(field, content, findings)}
    declared = {field.name for field in manifest_fields()}
    for name in content:
        if name not in declared:
            findings.add("manifest-field-unknown", shown(name), columns=[shown(name)], file=MANIFEST_NAME)
    _check_together(sound, findings)
    return Manifest(
        delivery_id=sound.get("delivery_id"),
        operator_id=sound.get("operator_id"),
        period_start=_date(sound.get("period_start")),
        period_end=_date(sound.get("period_end")),
        resolutions=tuple(sorted(set(sound.get("resolutions", ())))),
        threshold=sound.get("threshold"),
        count_basis=sound.get("count_basis"),
        files=tuple(sound.get("files", ())),
    )


def _content(folder: Path, findings: Findings) -> dict[str, Any] | None:
    try:
        if not folder.is_dir():
            findings.add("folder-missing", shown(folder, MOST_SAID))
            return None
        file = folder / MANIFEST_NAME
        if not file.exists() and not file.is_symlink():
            findings.add("manifest-missing", shown(folder, MOST_SAID))
            return None
        return _parsed(file, findings)
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        findings.add("manifest-unreadable", shown(reason, MOST_SAID), file=MANIFEST_NAME)
        return None


def _parsed(file: Path, findings: Findings) -> dict[str, Any]:
    if not file.is_file():
        raise ValueError("it is not a file")
    size, most = file.stat().st_size, int(limits()["manifest_bytes"].value)
    if size > most:
        raise ValueError(f"it is {size:,} bytes long, and at most {most:,} are read")

    def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            for name, times in Counter(name for name, _ in pairs).items():
                if times > 1:
                    findings.add("manifest-field-repeated", shown(name), columns=[shown(name)], file=MANIFEST_NAME)
        return found

    content = json.loads(file.read_bytes().decode("utf-8"), object_pairs_hook=as_object)
    if not isinstance(content, dict):
        raise ValueError("it is not one JSON object")
    return content


def _check_field(field: ManifestField, content: dict[str, Any], findings: Findings) -> bool:
    """Whether a field is there and sound."""
    if field.name not in content:
        if field.required:
            _tell(findings, "manifest-field-missing", field.name, field.name)
        return False
    value = content[field.name]
    # Files are told one by one, where they are read.
    if field.name != "files" and _holds_no_number(value):
        _tell(findings, "manifest-field-value", field.name, f"{field.name} holds NaN or Infinity")
        return False
    if not _TYPES[field.type](value):
        _tell(findings, "manifest-field-type", field.name, f"{field.name} is {_in_words(value)}, not of {field.type}")
        return False
    wrong = _wrong_value(field, value)
    if wrong:
        _tell(findings, "manifest-field-value", field.name, f"{field.name} {wrong}")
    return not wrong


def _tell(findings: Findings, rule: str, field: str, example: str) -> None:
    findings.add(rule, example, columns=[field], file=MANIFEST_NAME)


def _is_whole(value: object) -> bool:
    return type(value) is int


_TYPES: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "date": lambda value: isinstance(value, str),
    "datetime": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "integer": _is_whole,
    "number": lambda value: _is_whole(value) or isinstance(value, float),
    "boolean": lambda value: isinstance(value, bool),
}


def _wrong_value(field: ManifestField, value: Any) -> str | None:
    """What is wrong with a value that is of the right type."""
    own = _OWN_CHECKS.get(field.name) or _OWN_CHECKS.get(field.type)
    if own:
        return own(value)
    if field.enum and value not in field.enum:
        return f"is {shown(value)!r}; it must be one of {', '.join(field.enum)}"
    if field.minimum is not None and value < field.minimum:
        return f"is {shown(value)}; it must be {field.minimum:g} or more"
    if field.maximum is not None and value > field.maximum:
        return f"is {shown(value)}; it must be {field.maximum:g} or less"
    return "is empty" if value == "" or str(value).isspace() else None


def _wrong_date(value: str) -> str | None:
    return None if _date(value) else f"is {shown(value)!r}, not a date such as 2026-10-05"


def _wrong_time(value: str) -> str | None:
    return None if _utc(value) else f"is {shown(value)!r}, not a time in UTC such as 2026-12-01T00:00:00Z"


def _wrong_version(value: str) -> str | None:
    return None if _VERSION.fullmatch(value) else f"is {shown(value)!r}, not a version such as {standard_version()}"


def _wrong_resolutions(value: list[Any]) -> str | None:
    least, most = _RESOLUTIONS.minimum, _RESOLUTIONS.maximum
    assert least is not None
    assert most is not None
    if value and all(_is_whole(each) and least <= each <= most for each in value):
        return None
    return f"must list whole numbers from {least} to {most}"


def _wrong_window(value: list[Any]) -> str | None:
    if len(value) == 2 and all(_is_whole(hour) and 0 <= hour <= 24 for hour in value):
        return None
    return "must be two local hours, from 0 to 24"


_OWN_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "date": _wrong_date,
    "datetime": _wrong_time,
    "standard_version": _wrong_version,
    "resolutions": _wrong_resolutions,
    "night_window": _wrong_window,
    "home_window": _wrong_window,
}
"""By name of the field, or by its type: what is wrong with a value."""


def _check_together(sound: dict[str, Any], findings: Findings) -> None:
    """What a field says beside the others, or beside this software."""
    version = sound.get("standard_version")
    if version is not None and version_numbers(version) > version_numbers(standard_version()):
        known = f"version {version}; this software knows versions up to {standard_version()}"
        _tell(findings, "standard-newer", "standard_version", known)
    resolutions = sound.get("resolutions")
    if resolutions is not None and sorted(resolutions) != list(range(COARSEST, max(resolutions) + 1)):
        _tell(findings, "resolutions-incomplete", "resolutions", shown(resolutions))
    if sound.get("count_basis") == "unique":
        _tell(findings, "count-basis-unique", "count_basis", "count_basis is unique")
    first, last = (_date(sound.get(name)) for name in ("period_start", "period_end"))
    if first is not None and last is not None and last < first:
        findings.add(
            "period-inverted", f"{first} to {last}", columns=["period_start", "period_end"], file=MANIFEST_NAME
        )
    produced = _utc(sound.get("produced_at"))
    if produced is not None and last is not None and produced.date() <= last:
        said = f"produced at {sound['produced_at']}, and the period ends with {last}"
        _tell(findings, "produced-too-early", "produced_at", said)


def _date(value: Any) -> dt.date | None:
    try:
        found = dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.isoformat() == value else None


def _utc(value: Any) -> dt.datetime | None:
    """A time in UTC, with `Z`, `+00:00` or nothing after it."""
    try:
        found = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    if found.utcoffset():
        return None
    return found.replace(tzinfo=None)


def _holds_no_number(value: object) -> bool:
    """Whether there is NaN or an infinity anywhere in a value, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, float) and not math.isfinite(each):
            return True
        waiting += each if isinstance(each, list) else each.values() if isinstance(each, dict) else []
    return False


def _in_words(value: object) -> str:
    if value is None:
        return "null"
    return {bool: "true or false", int: "a whole number", float: "a number", str: "text", list: "a list"}.get(
        type(value), "an object"
    )
