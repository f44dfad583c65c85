"""What people typed as plain text that every file can hold, and the sentences that all forms of a briefing share."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from cellcount.briefing.deck import Deck, PinSlide
from cellcount.errors import CellCountError

LINK_SCHEMES = ("https", "http")
"""What a link may begin with to be one; anything else is shown as text."""
METHOD_TITLE = "How the figures are made"
CAVEATS_TITLE = "What to bear in mind"
DESCRIPTION_LETTERS = 1_000
"""Most characters of what is read aloud of a picture."""
SOURCE = "Source"
"""What stands before where data come from."""

_LINES = re.compile(r"\r\n|\r|\n")
_BULLETS = ("- ", "* ", "• ")
_DROPPED = ("Cc", "Cf", "Cs", "Co")
"""Unicode categories that words cannot need: controls, marks that turn the direction, halves, private letters."""
_JOINERS = {0x200C, 0x200D, *range(0xE0020, 0xE0080)}
"""Of those, what Persian words, emoji of several people and flags of nations are joined with."""
_RIGHT_TO_LEFT = ("R", "AL")
_PICTURE_FORMS = ("PNG", "JPEG")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph as typed.

    Attributes
    ----------
    text : str
        On one line.
    bullet : bool
        Whether it is an item of a list.
    heading : bool
        Whether it stands over those that follow.
    """

    text: str
    bullet: bool = False
    heading: bool = False


def clean(text: object) -> str:
    r"""Words on one line, without characters that XML cannot hold or that change how others read.

    Parameters
    ----------
    text : object
        What somebody typed; None is nothing.

    Examples
    --------
    >>> clean(" 12\x00 300\npeople\u202e <b> "), clean(None)
    ('12 300 people <b>', '')
    """
    if text is None:
        return ""
    spaced = "".join(" " if each.isspace() else each for each in str(text))
    return " ".join(unicodedata.normalize("NFC", "".join(filter(_kept, spaced))).split())


def _kept(character: str) -> bool:
    code = ord(character)
    # The last two of every plane, and a row of Arabic forms, are no characters and never will be.
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return False
    return code in _JOINERS or unicodedata.category(character) not in _DROPPED


def paragraphs(words: str) -> tuple[Paragraph, ...]:
    r"""The paragraphs of what somebody typed: one a line.

    Parameters
    ----------
    words : str
        A line that begins with "- ", "* " or "• " is an item of a list.

    Examples
    --------
    >>> [(each.text, each.bullet) for each in paragraphs("Why now:\n- it is cheaper\n\n- it is sooner")]
    [('Why now:', False), ('it is cheaper', True), ('it is sooner', True)]
    """
    lines = [line.strip() for line in _LINES.split(str(words))]
    told = [Paragraph(clean(line[2:] if (item := line.startswith(_BULLETS)) else line), bullet=item) for line in lines]
    return tuple(each for each in told if each.text)


def right_to_left(text: str) -> bool:
    """Whether words are read from the right: their first letter that has a direction says so.

    Examples
    --------
    >>> right_to_left("123 שלום"), right_to_left("Leeds שלום")
    (True, False)
    """
    for each in text:
        direction = unicodedata.bidirectional(each)
        if direction == "L":
            return False
        if direction in _RIGHT_TO_LEFT:
            return True
    return False


def day(on: date) -> str:
    """A date.

    Examples
    --------
    >>> day(date(2026, 1, 5))
    '5 January 2026'
    """
    return f"{on.day} {on:%B %Y}"


def points(number: float) -> str:
    """Points of a score, with one decimal where it says something.

    Examples
    --------
    >>> points(18.42), points(25.0), points(0)
    ('18.4', '25', '0')
    """
    return f"{round(number, 1):g}"


def web_address(link: str) -> str | None:
    """A link that may be followed; None for anything that is not an address of the web.

    Examples
    --------
    >>> web_address("https://example.org/density?hour=8"), web_address("javascript:alert(1)") is None
    ('https://example.org/density?hour=8', True)
    """
    told = clean(link)
    try:
        parts = urlsplit(told)
    except ValueError:
        return None
    return told if parts.scheme in LINK_SCHEMES and parts.netloc and " " not in told else None


def description(pin: PinSlide) -> str:
    """The picture of a pin for who cannot see it.

    Parameters
    ----------
    pin : PinSlide
        The pin.
    """
    told = clean(pin.description) or " ".join(filter(None, map(_sentence, (pin.headline, pin.caption))))
    return told if len(told) <= DESCRIPTION_LETTERS else f"{told[: DESCRIPTION_LETTERS - 1]}…"


def _sentence(text: str) -> str:
    told = clean(text)
    return told if not told or told[-1] in ".!?…" else f"{told}."


def source_of(source: str) -> str:
    """Where data come from, without the word before it, which the foot of a page has and so has a pin.

    Examples
    --------
    >>> source_of("Source: Nobody, CC0 1.0."), source_of("Nobody, CC0 1.0.")
    ('Nobody, CC0 1.0.', 'Nobody, CC0 1.0.')
    """
    return clean(source).removeprefix(f"{SOURCE}:").strip()


def source_line(source: str) -> str:
    """Where data come from, with the word before it once; nothing where that is not said.

    Examples
    --------
    >>> source_line("Source: Nobody, CC0 1.0."), source_line("Nobody, CC0 1.0."), source_line("")
    ('Source: Nobody, CC0 1.0.', 'Source: Nobody, CC0 1.0.', '')
    """
    told = source_of(source)
    return f"{SOURCE}: {told}" if told else ""


def about_pin(deck: Deck, pin: PinSlide) -> tuple[tuple[str, str], ...]:
    """What belongs to a pin besides its picture: what it is called, and what it is.

    Parameters
    ----------
    deck : Deck
        The briefing.
    pin : PinSlide
        One of its pins.
    """
    titles = {each.release_id: each.title for each in deck.releases}
    title = titles.get(pin.release_id)
    told = [
        ("Caption", pin.caption),
        ("Figure", pin.figure),
        ("Precision", pin.precision),
        ("Changed", pin.changed),
        (SOURCE, source_of(pin.source)),
        ("Release", f"{title} ({pin.release_id})" if title else pin.release_id),
        ("View", pin.link),
        ("Data", " ".join(deck.synthetic_words) if pin.synthetic else ""),
    ]
    return tuple((name, clean(words)) for name, words in told if clean(words))


def about_method(deck: Deck) -> tuple[Paragraph, ...]:
    """How the figures are made, as paragraphs.

    Parameters
    ----------
    deck : Deck
        The briefing.
    """
    return tuple(Paragraph(clean(each), bullet=True) for each in deck.method if clean(each))


def about_data(deck: Deck) -> tuple[Paragraph, ...]:
    """Warnings, caveats, disclosure rules and sources of all releases, as paragraphs; what holds for all is said once.

    Parameters
    ----------
    deck : Deck
        The briefing.
    """
    told = [Paragraph(clean(each)) for each in warnings_of(deck)]
    said: set[str] = set()
    for facts in deck.releases:
        told.append(Paragraph(clean(f"{facts.title} (release {facts.release_id})"), heading=True))
        lines = [
            *facts.caveats,
            f"Disclosure: {facts.disclosure_rule}" if facts.disclosure_rule else "",
            source_line(facts.source),
            f"Hours are local time ({facts.time_zone})." if facts.time_zone else "",
        ]
        told += [Paragraph(each, bullet=True) for each in map(clean, lines) if each and each not in said]
        said.update(map(clean, lines))
    return tuple(told)


def warnings_of(deck: Deck) -> tuple[str, ...]:
    """What nobody may miss, the gravest first.

    Parameters
    ----------
    deck : Deck
        The briefing.
    """
    told = [(deck.steward_only, deck.steward_words), (deck.synthetic, deck.synthetic_words)]
    return tuple(" ".join(words) for meant, words in told if meant)


def short_warning(words: tuple[str, str]) -> str:
    """The short half of a warning, for where it is no sentence.

    Examples
    --------
    >>> short_warning(("Synthetic demonstration data.", "Made-up people on real geography."))
    'Synthetic demonstration data'
    """
    return clean(words[0]).rstrip(".")


def gate_words(gate: str) -> str:
    """How a theme stands at the ethics gate, with the name of the gate, unless it says so itself.

    Examples
    --------
    >>> gate_words("passed"), gate_words("Stopped at the ethics gate"), gate_words("")
    ('Ethics gate: passed', 'Stopped at the ethics gate', '')
    """
    told = clean(gate)
    return f"Ethics gate: {told}" if told and "gate" not in told.lower() else told


def joined(parts: Iterable[str], by: str = " · ") -> str:
    """Words with something between them; what is empty is left out."""
    return by.join(filter(None, map(clean, parts)))


def picture_size(picture: bytes, headline: str) -> tuple[int, int]:
    """Width and height of a picture in pixels.

    Parameters
    ----------
    picture : bytes
        The file.
    headline : str
        Of its pin, for the error.

    Raises
    ------
    CellCountError
        Of a file that is no PNG or JPEG, or a broken one.
    """
    from PIL import Image  # noqa: PLC0415 - loaded with python-pptx or Matplotlib, when somebody makes a briefing

    try:
        with Image.open(io.BytesIO(picture), formats=_PICTURE_FORMS) as opened:
            opened.load()
            return opened.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise CellCountError(
            f"The picture of the pin {clean(headline)!r} cannot be read as PNG or JPEG. Pin the view again."
        ) from error


def media_type(picture: bytes) -> str:
    """The media type of a picture that `picture_size` has read."""
    return "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
