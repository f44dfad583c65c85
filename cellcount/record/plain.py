"""Items as JSON, and back again with nothing added and nothing missing."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson

from cellcount.record.errors import RefusedError
from cellcount.record.limits import MOST_JSON_BYTES, MOST_JSON_DEPTH

Made = TypeVar("Made")

INTEGERS = (-(2**63), 2**63 - 1)


def as_plain(value: Any) -> Any:
    """A value, or an item whole, as what JSON can say: times as ISO 8601 in UTC, tuples as lists.

    Examples
    --------
    >>> from cellcount.record.items import Chosen
    >>> as_plain(Chosen("tourism", "Served now"))
    {'theme_id': 'tourism', 'reason': 'Served now'}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {name: as_plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return [as_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    return value.isoformat() if isinstance(value, date) else value


def canonical(content: Any) -> bytes:
    """JSON that is the same bytes for the same content: names in order, no spaces.

    Raises
    ------
    RefusedError
        Where JSON cannot say it.

    Examples
    --------
    >>> canonical({"b": 1, "a": None})
    b'{"a":null,"b":1}'
    """
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise RefusedError(f"Something cannot be kept as JSON ({error}). Nothing was written.") from error


def from_plain(kind: type[Made], content: Any, where: str = "") -> Made:
    """Make an item from its JSON, every value of the type that the item declares.

    Parameters
    ----------
    kind : type
        A dataclass of `cellcount.record.items`.
    content : Mapping
        One entry a field. Fields that have a default may be missing.
    where : str
        What to call it in a refusal.

    Raises
    ------
    RefusedError
        Where a field is unknown, missing or of another type, or a number is not finite.

    Examples
    --------
    >>> from cellcount.record.items import Chosen
    >>> from_plain(Chosen, {"theme_id": "tourism", "reason": 3})
    Traceback (most recent call last):
    ...
    cellcount.record.errors.RefusedError: “reason” of chosen must be text, and is 3. Nothing was written.
    """
    name = where or kind.__name__.lower()
    if not isinstance(content, Mapping):
        raise RefusedError(f"{name} must be an object with named fields. Nothing was written.")
    hints = _fields(kind)  # type: ignore[arg-type]  # a class is hashable
    unknown = [str(each) for each in content if each not in hints]
    if unknown:
        raise RefusedError(f"{name} has fields that this version does not know: {_list(unknown)}. Nothing was written.")
    values = {
        field: _read(hints[field], value, f"“{field.replace('_', ' ')}” of {name}") for field, value in content.items()
    }
    try:
        return kind(**values)
    except TypeError as error:
        missing = [
            each.name
            for each in dataclasses.fields(kind)  # type: ignore[arg-type]  # every kind here is a dataclass
            if each.name not in values
            and each.default is dataclasses.MISSING
            and each.default_factory is dataclasses.MISSING
        ]
        raise RefusedError(f"{name} lacks {_list(missing)}. Nothing was written.") from error


def _list(names: list[str]) -> str:
    return ", ".join(f"“{each[:80]}”" for each in names[:5])


@cache
def _fields(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in dataclasses.fields(kind)}


def _read(hint: Any, value: Any, where: str) -> Any:
    """One value of a declared type."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = [each for each in get_args(hint) if each is not type(None)]
        return None if value is None else _read(inner[0], value, where)
    if origin is Literal:
        if value not in get_args(hint):
            raise _wrong(where, "one of " + ", ".join(get_args(hint)), value)
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise _wrong(where, "a list", value)
        return tuple(_read(get_args(hint)[0], each, where) for each in value)
    if origin is Mapping:
        return _mapping(get_args(hint)[1], value, where)
    if dataclasses.is_dataclass(hint):
        return from_plain(hint, value if isinstance(value, Mapping) else as_plain(value), where)  # type: ignore[arg-type]
    return _SCALARS[hint](value, where)


def _mapping(inner: Any, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(where, "an object with named fields", value)
    if inner is Any:
        free = _free(value, where, 0)
        if len(canonical(free)) > MOST_JSON_BYTES:
            raise RefusedError(f"{where} is larger than {MOST_JSON_BYTES:,} bytes. Nothing was written.")
        return free
    return {_text(name, where): _read(inner, each, where) for name, each in value.items()}


def _free(value: Any, where: str, depth: int) -> Any:
    """JSON whose fields nobody declared: finite numbers, text that every database can hold, not too deep."""
    if depth > MOST_JSON_DEPTH:
        raise RefusedError(f"{where} is nested more than {MOST_JSON_DEPTH} deep. Nothing was written.")
    if isinstance(value, Mapping):
        return {_kept_text(_text(name, where), where): _free(each, where, depth + 1) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_free(each, where, depth + 1) for each in value]
    if value is None or isinstance(value, bool):
        return value
    for kind, rule in _FREE:
        if isinstance(value, kind):
            return rule(value, where)
    raise _wrong(where, "made of text, numbers, yes or no, lists and named fields", value)


def _kept_text(value: str, where: str) -> str:
    # PostgreSQL holds no NUL, and half a surrogate pair is no UTF-8.
    if "\0" in value or (not value.isprintable() and any("\ud800" <= each <= "\udfff" for each in value)):
        raise RefusedError(f"{where} has characters that no text may have. Nothing was written.")
    return value


def _wrong(where: str, wanted: str, value: Any) -> RefusedError:
    shown = repr(value)
    return RefusedError(f"{where} must be {wanted}, and is {shown[:80]}. Nothing was written.")


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _wrong(where, "text", value)
    return str(value)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(where, "yes or no (true or false)", value)
    return value


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not INTEGERS[0] <= value <= INTEGERS[1]:
        raise _wrong(where, "a whole number", value)
    return int(value)


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(where, "a number", value)
    try:
        number = float(value)
    except OverflowError as error:
        raise _wrong(where, "a finite number", value) from error
    if not math.isfinite(number):
        raise _wrong(where, "a finite number", value)
    return number


def _time(value: Any, where: str) -> datetime:
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(_text(value, where))
        if time.tzinfo is None:
            raise _wrong(where, "a time with its zone", value)
        return time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _wrong(where, "a time with its zone", value) from error


_SCALARS: dict[Any, Any] = {str: _text, bool: _flag, int: _whole, float: _number, datetime: _time}
_FREE: tuple[tuple[type, Any], ...] = ((str, _kept_text), (int, _whole), (float, _number))
