"""What every value of an item must be: the one place that says it, for the pages, the command line and an import."""

from __future__ import annotations

import io
import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, get_args

from PIL import Image

from cellcount.record import limits
from cellcount.record.errors import RefusedError
from cellcount.record.items import (
    AnyItem,
    Appraisal,
    Briefing,
    Category,
    Change,
    Chosen,
    CostLine,
    Figure,
    Gate,
    KeptTheme,
    Overrule,
    Pin,
    Query,
    Score,
    Shortlist,
    Slide,
    Weight,
)
from cellcount.record.plain import as_plain, from_plain

Rule = Callable[[Any, str], Any]

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, halves of surrogate pairs, and marks that turn the direction of text; tabs and line ends are let pass."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{32}")
_PNG = b"\x89PNG\r\n\x1a\n"
_BROKEN = (OSError, SyntaxError, ValueError, struct.error, zlib.error, Image.DecompressionBombError)
"""What Pillow raises for a PNG that cannot be shown."""


def checked(item: AnyItem) -> AnyItem:
    """An item whose every value is of its type, within its limits, and tidy.

    Parameters
    ----------
    item : Item
        As somebody made it.

    Returns
    -------
    Item
        The same with spaces at the ends of texts taken off, line ends made one, times in UTC. Checking it again changes
        nothing.

    Raises
    ------
    RefusedError
        With the field and its limit.

    Examples
    --------
    >>> checked(Score("tourism", "timeliness", "  Ann ", 80)).scorer
    'Ann'
    >>> checked(Score("tourism", "timeliness", "Ann", 101))
    Traceback (most recent call last):
    ...
    cellcount.record.errors.RefusedError: The value must be 0 to 100, and is 101. Nothing was written.
    """
    read = from_plain(type(item), as_plain(item))
    tidy = _tidy(read)
    for whole in _WHOLE.get(type(item), ()):
        whole(tidy)
    return tidy


def name_of_person(text: str) -> str:
    """A name as typed, tidied: 1 to 200 characters, one line.

    Raises
    ------
    RefusedError
        Where it is empty, too long, or holds control characters.

    Examples
    --------
    >>> name_of_person(" Ann  O'Neill ")
    "Ann O'Neill"
    """
    if not isinstance(text, str):
        raise RefusedError("A name must be text. Nothing was written.")
    return _name(text, "name")


def check_picture(content: bytes) -> bytes:
    """A picture: a PNG that can be shown, up to 10 MB, 10,000 pixels a side and 50 million in all.

    Raises
    ------
    RefusedError
        Where it is not.
    """
    if len(content) > limits.MOST_PICTURE_BYTES:
        raise RefusedError(f"The picture is larger than {limits.MOST_PICTURE_BYTES:,} bytes. Nothing was written.")
    if content[:8] != _PNG or content[12:16] != b"IHDR" or len(content) < 33:
        raise RefusedError("The picture is not a PNG. Nothing was written.")
    width, height = struct.unpack(">II", content[16:24])
    if (
        not 1 <= width <= limits.MOST_PICTURE_SIDE
        or not 1 <= height <= limits.MOST_PICTURE_SIDE
        or width * height > limits.MOST_PICTURE_PIXELS
    ):
        raise RefusedError(
            f"The picture is {width:,} by {height:,} pixels; a side may have 1 to {limits.MOST_PICTURE_SIDE:,}, and "
            f"all of it {limits.MOST_PICTURE_PIXELS:,}. Nothing was written."
        )
    _decode(content)
    return content


def _decode(content: bytes) -> None:
    """Read a picture as a page will; its size has been looked at before."""
    try:
        # Checksums first, and then what they are of: a picture that was verified cannot be loaded any more.
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            picture.verify()
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            picture.load()
    except _BROKEN as error:
        raise RefusedError(
            "The picture is a PNG that cannot be read. Nothing was written. Make the picture again."
        ) from error


def check_data(content: bytes) -> bytes:
    """Data behind a pin: text in UTF-8, such as CSV, up to 25 MB.

    Raises
    ------
    RefusedError
        Where it is not.
    """
    if len(content) > limits.MOST_DATA_BYTES:
        raise RefusedError(
            f"The data are larger than {limits.MOST_DATA_BYTES:,} bytes. Nothing was written. Choose a smaller area or "
            "fewer hours."
        )
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError("The data are not text in UTF-8. Nothing was written.") from error
    if b"\0" in content:
        raise RefusedError("The data are not text. Nothing was written.")
    return content


def _tidy(value: Any) -> Any:
    """A value of one of our kinds with every field by its rule."""
    rules = _RULES[type(value)]
    return replace(
        value,
        **{
            each.name: rules[each.name](getattr(value, each.name), each.name.replace("_", " "))
            for each in fields(value)
            if each.name in rules
        },
    )


# Rules of one value.


def _plain(value: str, where: str) -> str:
    if _CONTROL.search(value):
        raise RefusedError(f"The {where} has control characters. Nothing was written. Type it again.")
    return value


def _length(value: str, where: str, fewest: int, most: int) -> str:
    if len(value) < fewest:
        raise RefusedError(f"The {where} is empty. Nothing was written.")
    if len(value) > most:
        raise RefusedError(
            f"The {where} has {len(value):,} characters, and {most:,} are kept. Nothing was written. Shorten it."
        )
    return value


def _line(most: int, fewest: int = 0) -> Rule:
    def rule(value: str, where: str) -> str:
        if "\n" in value or "\t" in value:
            raise RefusedError(f"The {where} must be one line. Nothing was written.")
        # Spaces of any width; a name is the same name however they were typed.
        tidy = " ".join(unicodedata.normalize("NFC", _plain(value, where)).split())
        return _length(tidy, where, fewest, most)

    return rule


def _exact(value: str, where: str) -> str:
    """A link as it is: what looks like untidiness may be part of it."""
    if "\n" in value or "\t" in value:
        raise RefusedError(f"The {where} must be one line. Nothing was written.")
    return _length(_plain(value, where), where, 0, limits.MOST_LINK)


def _text(most: int, fewest: int = 0) -> Rule:
    def rule(value: str, where: str) -> str:
        return _length(
            _plain(value.replace("\r\n", "\n").replace("\r", "\n"), where).strip(),
            where,
            fewest,
            most,
        )

    return rule


def _between(low: float, high: float, above: bool = False) -> Rule:
    def rule(value: float, where: str) -> float:
        if not (low < value if above else low <= value) or value > high:
            said = f"above {low:,.15g} and up to {high:,.15g}" if above else f"{low:,.15g} to {high:,.15g}"
            raise RefusedError(f"The {where} must be {said}, and is {value:,.15g}. Nothing was written.")
        return value

    return rule


def _moment(value: datetime, where: str) -> datetime:
    if not limits.FIRST_YEAR <= value.year <= limits.LAST_YEAR:
        raise RefusedError(
            f"The {where} must be in the years {limits.FIRST_YEAR} to {limits.LAST_YEAR}, and is in {value.year}. "
            "Nothing was written."
        )
    return value


def _or_none(inner: Rule) -> Rule:
    return lambda value, where: None if value is None else inner(value, where)


def _each(inner: Rule, most: int = limits.MOST_ENTRIES, fewest: int = 0) -> Rule:
    def rule(value: tuple[Any, ...], where: str) -> tuple[Any, ...]:
        if not fewest <= len(value) <= most:
            raise RefusedError(
                f"The {where} must be {fewest:,} to {most:,}, and are {len(value):,}. Nothing was written."
            )
        return tuple(inner(each, where) for each in value)

    return rule


def _made_of(value: Any, where: str) -> Any:  # noqa: ARG001 - its own fields say where
    return _tidy(value)


def _matches(pattern: re.Pattern[str], words: str) -> Rule:
    def rule(value: str, where: str) -> str:
        if not pattern.fullmatch(value):
            raise RefusedError(f"The {where} must be {words}. Nothing was written.")
        return value

    return rule


def _bias(value: Mapping[str, float], where: str) -> dict[str, float]:
    unknown = sorted(set(value) - set(get_args(Category)))
    if unknown:
        raise RefusedError(f"The {where} names no category “{unknown[0][:80]}”. Nothing was written.")
    return {category: _between(0, limits.MOST_BIAS)(each, where) for category, each in value.items()}


def _file_name(value: str, where: str) -> str:
    if re.search(r'[/\\:*?"<>|]', value) or value.startswith("."):
        raise RefusedError(f"The {where} must be the name of a file, without a folder. Nothing was written.")
    return _line(limits.MOST_NAME)(value, where)


# Rules of an item whole.


def _interval(figure: Figure) -> None:
    if figure.low is not None and figure.high is not None and figure.low > figure.high:
        raise RefusedError("The interval of the figure ends before it begins. Nothing was written.")


def _pin(pin: Pin) -> None:
    if pin.figure:
        _interval(pin.figure)
    for digest, length in ((pin.picture_sha256, pin.picture_length), (pin.data_sha256, pin.data_length)):
        if (digest is None) != (length == 0):
            raise RefusedError("A file of the pin has a checksum but no length, or the reverse. Nothing was written.")
    if pin.data_sha256 is not None and not pin.data_name:
        raise RefusedError("The data of the pin have no name of a file. Nothing was written.")


def _slides(briefing: Briefing) -> None:
    for slide in briefing.slides:
        if (slide.kind == "words") != (slide.ref == ""):
            raise RefusedError("A slide names a theme or a pin, or is words and names none. Nothing was written.")


def _different(shortlist: Shortlist) -> None:
    themes = [each.theme_id for each in shortlist.themes]
    if len(set(themes)) < len(themes):
        raise RefusedError("A theme is on the shortlist twice. Nothing was written.")


_name = _line(limits.MOST_NAME, fewest=1)
_identifier = _line(limits.MOST_IDENTIFIER, fewest=1)
_words = _text(limits.MOST_TEXT)
_percent = _between(0, 100)
_id = _matches(_ID, "32 hexadecimal digits")
_sha256 = _or_none(_matches(_SHA256, "a SHA-256 checksum"))
_position = _between(0, limits.MOST_POSITION)
_ITEM: dict[str, Rule] = {
    "version": _between(0, limits.MOST_VERSION),
    "edited_by": _line(limits.MOST_NAME),
    "edited_at": _or_none(_moment),
}

_RULES: dict[type, dict[str, Rule]] = {
    KeptTheme: {**_ITEM, "theme_id": _identifier},
    Figure: {
        "kind": _identifier,
        "unit": _line(limits.MOST_NAME),
        "label": _line(limits.MOST_LINE),
    },
    Query: {"name": _name, "sql": _text(limits.MOST_SQL, fewest=1)},
    Pin: {
        **_ITEM,
        "id": _id,
        "theme_id": _identifier,
        "page": _identifier,
        "link": _exact,
        "headline": _line(limits.MOST_LINE, fewest=1),
        "caption": _words,
        "precision": _words,
        "release_id": _identifier,
        "release_title": _line(limits.MOST_LINE),
        "author": _name,
        "made_at": _moment,
        "source": _words,
        "caveats": _each(_text(limits.MOST_TEXT, fewest=1)),
        "methods": _each(_text(limits.MOST_TEXT, fewest=1)),
        "queries": _each(_made_of),
        "figure": _or_none(_made_of),
        "position": _position,
        "data_name": _file_name,
        "picture_sha256": _sha256,
        "picture_length": _between(0, limits.MOST_PICTURE_BYTES),
        "data_sha256": _sha256,
        "data_length": _between(0, limits.MOST_DATA_BYTES),
    },
    Score: {
        **_ITEM,
        "theme_id": _identifier,
        "criterion_id": _identifier,
        "scorer": _name,
        "value": _or_none(_percent),
        "reason": _words,
    },
    Weight: {**_ITEM, "scorer": _name, "criterion_id": _identifier, "swing": _percent},
    Overrule: {
        **_ITEM,
        "theme_id": _identifier,
        "criterion_id": _identifier,
        "value": _percent,
        "reason": _text(limits.MOST_TEXT, fewest=1),
    },
    Gate: {**_ITEM, "theme_id": _identifier, "reason": _words},
    CostLine: {
        **_ITEM,
        "id": _id,
        "theme_id": _identifier,
        "option": _name,
        "label": _line(limits.MOST_NAME),
        "amounts": _each(_or_none(_between(0, limits.MOST_POUNDS)), limits.MOST_YEARS),
        "low_percent": _percent,
        "high_percent": _between(0, 1_000),
        "source": _words,
        "position": _position,
    },
    Appraisal: {
        **_ITEM,
        "theme_id": _identifier,
        "years": _between(1, limits.MOST_YEARS),
        "first_year": _between(limits.FIRST_YEAR, limits.LAST_YEAR),
        "constant_rate": _or_none(_between(-1, 1, above=True)),
        "optimism_bias": _bias,
    },
    Chosen: {"theme_id": _identifier, "reason": _text(limits.MOST_TEXT, fewest=1)},
    Shortlist: {
        **_ITEM,
        "id": _id,
        "decided_at": _moment,
        "names": _each(_name, fewest=1),
        "themes": _each(_made_of, limits.MOST_CHOSEN, limits.FEWEST_CHOSEN),
        "release_id": _identifier,
    },
    Slide: {
        "ref": _line(limits.MOST_IDENTIFIER),
        "title": _line(limits.MOST_LINE),
        "words": _words,
    },
    Briefing: {
        **_ITEM,
        "id": _id,
        "title": _line(limits.MOST_LINE, fewest=1),
        "subtitle": _line(limits.MOST_LINE),
        "slides": _each(_made_of),
    },
    Change: {
        "id": _id,
        "at": _moment,
        "by": _name,
        "what": _identifier,
        "item_id": _line(limits.MOST_TEXT, fewest=1),
    },
}
"""The rule of every field that its type alone does not settle."""
_WHOLE: dict[type, tuple[Callable[[Any], None], ...]] = {
    Pin: (_pin,),
    Briefing: (_slides,),
    Shortlist: (_different,),
}
"""The rules that hold between fields."""


def checked_change(change: Change) -> Change:
    """A line of an audit trail that comes from a file, checked as an item is.

    Raises
    ------
    RefusedError
        With the field and its limit.
    """
    tidy: Change = _tidy(change)
    return tidy
