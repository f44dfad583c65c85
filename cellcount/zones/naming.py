"""Names from elsewhere, made safe to keep as plain text and told apart. They are still to be escaped where shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from cellcount.zones.limits import NAME_LETTERS

NAME_COLUMNS = ("name", "zone", "label", "id")
"""Columns that hold the name of a zone, in any case of letters; the first of them that says anything is taken."""
_UNSEEN = ("Cc", "Cf", "Co", "Cs", "Cn")
"""Unicode categories that a name cannot need: controls, marks that turn the reading direction, private letters."""
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")


def plain_name(text: object) -> str:
    r"""A name without control characters, on one line, at most `NAME_LETTERS` long.

    Examples
    --------
    >>> plain_name("  Inner\n zone\x00 "), plain_name(7), plain_name(None)
    ('Inner zone', '7', '')

    What looks like a script is text like any other, and stays:

    >>> plain_name("<script>alert(1)</script>")
    '<script>alert(1)</script>'
    """
    if text is None or text != text:  # noqa: PLR0124 - NaN is the one value that is not itself
        return ""
    if isinstance(text, float) and text.is_integer():
        text = int(text)
    # Four letters may come together as one; nothing past that can be kept.
    spaced = "".join(" " if each.isspace() else each for each in str(text)[: 4 * NAME_LETTERS])
    seen = "".join(each for each in spaced if unicodedata.category(each) not in _UNSEEN)
    return " ".join(unicodedata.normalize("NFC", seen).split())[:NAME_LETTERS].strip()


def told_apart(names: Iterable[str]) -> tuple[str, ...]:
    """Names of which no two are the same: the second of a name has (2) after it.

    Examples
    --------
    >>> told_apart(["A", "B", "A", "A (2)", "A"])
    ('A', 'B', 'A (2)', 'A (2) (2)', 'A (3)')
    """
    taken: set[str] = set()
    told = []
    for name in names:
        one, number = name, 1
        while one in taken:
            number += 1
            tail = f" ({number})"
            one = name[: NAME_LETTERS - len(tail)] + tail
        taken.add(one)
        told.append(one)
    return tuple(told)


def zone_names(columns: Mapping[str, Sequence[object]], count: int) -> tuple[str, ...]:
    """The names of so many zones, from the column that holds them.

    Parameters
    ----------
    columns : mapping of str to sequence
        Attributes of the zones, each of length `count`.
    count : int
        Zones.

    Returns
    -------
    tuple of str
        From the first of `NAME_COLUMNS` that says anything, else from the first column of text, else "Zone 1" and so
        on, which is also what a zone without a name is called.

    Examples
    --------
    >>> zone_names({"area": [1.5, 2.5], "Name": ["Works", ""]}, 2), zone_names({}, 2)
    (('Works', 'Zone 2'), ('Zone 1', 'Zone 2'))
    """
    known = sorted(
        (column for column in columns if column.casefold() in NAME_COLUMNS),
        key=lambda column: NAME_COLUMNS.index(column.casefold()),
    )
    text = [column for column in columns if column not in known and _is_text(columns[column])]
    for column in (*known, *text):
        names = [plain_name(value) for value in columns[column]]
        if any(names):
            return told_apart(name or f"Zone {place}" for place, name in enumerate(names, start=1))
    return told_apart(f"Zone {place}" for place in range(1, count + 1))


def _is_text(values: Sequence[object]) -> bool:
    said = [value for value in values if isinstance(value, str) and value.strip()]
    return bool(said) and not all(_NUMBER.fullmatch(value.strip()) for value in said)


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names in quotation marks, the first few of them.

    Examples
    --------
    >>> listed(["A"]), listed(["A", "B"]), listed(["A", "B", "C", "D", "E"])
    ('“A”', '“A” and “B”', '“A”, “B”, “C” and 2 more')
    """
    quoted = [f"“{name}”" for name in names[:most]]
    if len(names) > most:
        quoted.append(f"{len(names) - most:,} more")
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
