"""How much room words take on a slide, measured before they are put there.

PowerPoint and LibreOffice wrap lines by themselves and cut nothing off: words that are too many run over what stands
below. So they are measured here. Which letters draw them is not known: Arial, what stands in for it on a computer
without it, or those of a template. They are measured as DejaVu Sans, which is wider than any of these, so that what
fits here fits there; Matplotlib brings it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

LEADING = 1.2
"""Height of a line over the size of its letters. Slides say it in points, so that it is the same with all letters."""
INDENT = 1.0
"""Indent of an item of a list over the size of its letters."""

Ink = Literal["text", "deep", "accent", "warning"]

_WIDEST = 1.4
"""Width over size of what DejaVu Sans does not have: emoji are the widest of it."""
_SAFETY = 1.01
_SENTENCE_END = re.compile(r"""[.!?…]["'”’)\]]* """)
_STEPS = 10
"""Sizes that are tried between the largest letters and the least."""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph on a slide.

    Attributes
    ----------
    words : str
        On one line.
    size : float
        Of its letters, in points.
    bold : bool
        Whether in strong letters.
    ink : str
        What it is, for its colour.
    bullet : bool
        Whether it is an item of a list.
    before : float
        Points that are left free above it, unless it is the first.
    centred : bool
        Whether in the middle.
    """

    words: str
    size: float
    bold: bool = False
    ink: Ink = "text"
    bullet: bool = False
    before: float = 0.0
    centred: bool = False

    @property
    def leading(self) -> float:
        """Points from line to line."""
        return self.size * LEADING


def width(words: str, size: float, *, bold: bool = False) -> float:
    """The room that words on one line take.

    Parameters
    ----------
    words : str
        The words.
    size : float
        Of their letters, in points.
    bold : bool, optional
        Whether in strong letters.

    Returns
    -------
    float
        Points: rather too much than too little.
    """
    return size * _SAFETY * _word(words, bold)


@lru_cache(maxsize=20_000)
def _word(words: str, bold: bool) -> float:
    """Width of words over the size of their letters."""
    return sum(_advance(each, bold) for each in words)


@cache
def _advance(character: str, bold: bool) -> float:
    """Width of a character over its size; what is drawn upon another takes no room."""
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    font = _font(bold)
    index = font.get_char_index(ord(character))
    if not index:
        # Han, kana and hangul are as wide as they are high, in any letters.
        return 1.0 if unicodedata.category(character) == "Lo" else _WIDEST
    from matplotlib.ft2font import LoadFlags  # noqa: PLC0415 - see _font

    return font.load_glyph(index, LoadFlags.NO_SCALE).horiAdvance / font.units_per_EM


@cache
def _font(bold: bool) -> FT2Font:
    from pathlib import Path  # noqa: PLC0415

    import matplotlib  # noqa: PLC0415 - loaded when somebody makes a briefing, and not when the app starts
    from matplotlib.ft2font import FT2Font  # noqa: PLC0415

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return FT2Font(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name))


def lines(words: str, size: float, room: float, *, bold: bool = False) -> list[str]:
    """Words broken into lines, at spaces, and within a word that is longer than a line.

    Parameters
    ----------
    words : str
        The words, on one line.
    size : float
        Of their letters, in points.
    room : float
        Width of a line, in points.
    bold : bool, optional
        Whether in strong letters.

    Returns
    -------
    list of str
        At least one.
    """
    space = width(" ", size, bold=bold)
    told, used = [""], 0.0
    for word in words.split():
        wide = width(word, size, bold=bold)
        if told[-1] and used + space + wide > room:
            told, used = [*told, ""], 0.0
        if wide > room:
            *full, rest = _broken(word, size, room, bold)
            told = [*told[:-1], *full, rest]
            used = width(rest, size, bold=bold)
            continue
        used += (space if told[-1] else 0.0) + wide
        told[-1] = f"{told[-1]} {word}" if told[-1] else word
    return told


def _broken(word: str, size: float, room: float, bold: bool) -> list[str]:
    told, used = [""], 0.0
    for each in word:
        wide = width(each, size, bold=bold)
        if told[-1] and used + wide > room:
            told.append("")
            used = 0.0
        told[-1] += each
        used += wide
    return told


def height(texts: Iterable[Text], room: float) -> float:
    """The room that paragraphs take from top to bottom.

    Parameters
    ----------
    texts : iterable of Text
        The paragraphs.
    room : float
        Width of a line, in points.

    Returns
    -------
    float
        Points.
    """
    told = list(texts)
    return sum(
        (each.before if index else 0.0) + each.leading * len(_lines_of(each, room)) for index, each in enumerate(told)
    )


def _lines_of(text: Text, room: float) -> list[str]:
    return lines(text.words, text.size, room - (INDENT * text.size if text.bullet else 0.0), bold=text.bold)


def split(texts: Sequence[Text], room: float, most: float) -> tuple[list[Text], list[Text]]:
    """Paragraphs that fit above each other, and those that do not; one that is too long is parted between sentences.

    Only a sentence that is too long by itself is parted between lines, and only at the top, where no turn saves it.

    Parameters
    ----------
    texts : sequence of Text
        The paragraphs.
    room : float
        Width of a line, in points.
    most : float
        Points from top to bottom.

    Returns
    -------
    tuple of list of Text
        What fits, and the rest. Nobody's last paragraph is a heading, which is strong and no item of a list.
    """
    fitting: list[Text] = []
    for index, each in enumerate(texts):
        if height([*fitting, each], room) <= most:
            fitting.append(each)
            continue
        rest = list(texts[index:])
        left = most - height(fitting, room) - (each.before if fitting else 0.0)
        alone = all(_is_heading(above) for above in fitting)
        turn = 0 if each.bold else _turn(each, room, int(left / each.leading + 1e-6), between_lines=alone)
        if turn:
            fitting.append(replace(each, words=each.words[:turn].strip()))
            rest[0] = replace(each, words=each.words[turn:].strip(), bullet=False)
        while fitting and _is_heading(fitting[-1]):
            rest.insert(0, fitting.pop())
        return fitting, rest
    return fitting, []


def _turn(text: Text, room: float, whole: int, *, between_lines: bool) -> int:
    """Where the part of a paragraph ends that so many whole lines hold; 0 where it has no good place for that."""
    told = _lines_of(text, room)
    last = _place_of(text.words, sum(len(line.replace(" ", "")) for line in told[: max(whole, 0)]))
    ends = [found.end() for found in _SENTENCE_END.finditer(text.words)]
    # What goes on in a small letter is an abbreviation. The space after a sentence may be where a line ends.
    ends = [end for end in ends if end - 1 <= last and not text.words[end : end + 1].islower()]
    if ends:
        return ends[-1]
    # Two lines at least on either side: a single one is not worth the turn.
    return last if between_lines and whole >= 2 and len(told) - whole >= 2 else 0


def _place_of(words: str, letters: int) -> int:
    """Where so many letters of words are over; spaces are none."""
    for place, each in enumerate(words):
        if not letters:
            return place
        letters -= each != " "
    return len(words)


def _is_heading(text: Text) -> bool:
    return text.bold and not text.bullet


def shrunk(texts: Sequence[Text], room: float, most: float, least: float = 0.6) -> list[Text]:
    """Paragraphs in the largest letters in which they fit, or in the least, in which they may not.

    Parameters
    ----------
    texts : sequence of Text
        The paragraphs, in the largest letters.
    room : float
        Width of a line, in points.
    most : float
        Points from top to bottom.
    least : float, optional
        The least letters over the largest, 0 to 1.
    """
    for step in range(_STEPS + 1):
        told = scaled(texts, 1 - step / _STEPS * (1 - least))
        if height(told, room) <= most:
            break
    return told


def scaled(texts: Iterable[Text], by: float) -> list[Text]:
    """Paragraphs in letters that are larger or smaller, to a tenth of a point.

    Parameters
    ----------
    texts : iterable of Text
        The paragraphs.
    by : float
        New size over old.
    """
    return [replace(each, size=round(each.size * by, 1), before=round(each.before * by, 1)) for each in texts]
