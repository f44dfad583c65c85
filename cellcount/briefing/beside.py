"""A picture and its words on one slide: the picture as large as it can be, the words as large as they may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cellcount.briefing.letters import Text, height, scaled
from cellcount.briefing.template import Box

SIZES = (18.0, 17.0, 16.0, 15.0, 14.0, 13.0, 12.0, 11.0, 10.0)
"""Sizes of the words, in points of a slide of ours, the largest first."""
COLUMNS = (170.0, 190.0, 210.0, 230.0, 250.0, 270.0, 300.0, 330.0, 380.0)
"""Widths of a column of words beside the picture, in points of a slide of ours."""
GAP = 18.0
"""Points between picture and words."""

_SHARE = 0.88
"""Letters are the largest that leave so much of the largest picture."""
_LEAST = 0.45
"""Share of the largest picture without any words that is left at least; words beyond that go on elsewhere."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """Where a picture and its words go.

    Attributes
    ----------
    picture : Box
        In the proportions of the picture.
    words : Box
        Beside or below it.
    texts : tuple of Text
        The words that have room, in their size.
    rest : tuple of Text
        Those that have none, in the size that they came in.
    """

    picture: Box
    words: Box
    texts: tuple[Text, ...]
    rest: tuple[Text, ...]


def arrange(free: Box, size: tuple[int, int], texts: Sequence[Text], scale: float) -> Arranged:
    """Find places for a picture and its words.

    Parameters
    ----------
    free : Box
        The part of the slide that they may have.
    size : tuple of int
        Width and height of the picture, in pixels.
    texts : sequence of Text
        The words, in the first of `SIZES`; the last of them are the first to go.
    scale : float
        Size of the slide over that of ours.

    Returns
    -------
    Arranged
    """
    alone = fitted(free, size)
    for most in range(len(texts), 0, -1):
        found = list(_ways(free, size, texts[:most], scale))
        largest = max((_area(each) for each in found), default=0.0)
        if found and largest >= _LEAST * alone.width * alone.height:
            enough = [each for each in found if _area(each) >= _SHARE * largest]
            best = max(enough, key=lambda each: (each.texts[0].size, _area(each)))
            return replace(best, rest=tuple(texts[most:]))
    return Arranged(alone, free, (), tuple(texts))


def _ways(free: Box, size: tuple[int, int], texts: Sequence[Text], scale: float) -> Iterator[Arranged]:
    gap = GAP * scale
    for letters in SIZES:
        told = tuple(scaled(texts, letters / SIZES[0]))
        for column in COLUMNS:
            wide = column * scale
            if wide > 0.6 * free.width or height(told, wide) > free.height:
                continue
            picture = fitted(replace(free, width=free.width - wide - gap), size)
            # What the picture does not need is the words'.
            left = picture.right + gap
            yield Arranged(picture, replace(free, left=left, width=free.right - left), told, ())
        used = height(told, free.width)
        if used + gap < 0.7 * free.height:
            picture = fitted(replace(free, height=free.height - used - gap), size)
            yield Arranged(picture, Box(free.left, picture.bottom + gap, free.width, used), told, ())


def _area(arranged: Arranged) -> float:
    return arranged.picture.width * arranged.picture.height


def fitted(box: Box, size: tuple[int, int]) -> Box:
    """The largest place within another that has the proportions of a picture, at its upper left.

    Parameters
    ----------
    box : Box
        Where it may be.
    size : tuple of int
        Width and height of the picture.

    Examples
    --------
    >>> fitted(Box(10, 20, 300, 100), (800, 400))
    Box(left=10, top=20, width=200.0, height=100.0)
    """
    by = min(box.width / size[0], box.height / size[1])
    return Box(box.left, box.top, size[0] * by, size[1] * by)
