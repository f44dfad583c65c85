"""What a briefing says, slide by slide, without a word on how it looks.

Figures come in as ready words wherever they need rounding, for who made them knows their precision. Only the points of
a score are numbers, because they are drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from cellcount.errors import CellCountError

HEADLINE_LETTERS = 300
"""Most characters of a title or headline: what still reads as one at a size that a room can read."""
CAPTION_LETTERS = 1_000
"""Most characters of a caption: what fits beside a picture that is still the largest thing on its slide."""
FIGURE_LETTERS = 40
"""Most characters of a figure that is shown large."""
_ROUNDING = 0.5
"""Points by which contributions may miss their score: they may have been rounded."""


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What must be said of a release wherever its figures go.

    Attributes
    ----------
    release_id : str
        Its id.
    title : str
        What it is called.
    time_zone : str
        Of the local hours in words.
    synthetic : bool
        Whether its people are made up.
    steward_only : bool
        Whether it is for the data steward only.
    caveats : tuple of str
        Sentences that hold for every figure.
    source : str
        Whose data these are, with licence and attribution.
    disclosure_rule : str
        What is withheld, in a sentence.
    """

    release_id: str
    title: str
    time_zone: str
    synthetic: bool
    steward_only: bool
    caveats: tuple[str, ...]
    source: str
    disclosure_rule: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one criterion adds to the score of a theme.

    Attributes
    ----------
    criterion : str
        Its label.
    points : float
        Its weight times its value: 0 to 100 times the weight.
    weight : float
        Its share of all weights, 0 to 1.

    Raises
    ------
    CellCountError
        Of a weight that is no share, or points that are more than the weight allows.
    """

    criterion: str
    points: float
    weight: float

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1:
            raise CellCountError(
                f"The weight of {self.criterion!r} is {self.weight}, and a weight is a share of all of them, 0 to 1. "
                "Set the weights again."
            )
        if not 0 <= self.points <= 100 * self.weight + _ROUNDING:
            raise CellCountError(
                f"{self.criterion!r} adds {self.points} points, and with its weight it can add 0 to "
                f"{100 * self.weight:g}. Score the theme again."
            )


@dataclass(frozen=True, slots=True)
class ThemeSlide:
    """One theme: what the data can say of it, what they cannot, its score and its value.

    Attributes
    ----------
    title, question : str
        Its name, and what policy asks.
    can, cannot : tuple of str
        What the data answer and what they do not, in sentences.
    ethics, gate : str
        Its ethics position, and how it stands at the ethics gate.
    score : float or None
        0 to 100; None where it is not scored.
    rank : str
        How sure its rank is, in words.
    contributions : tuple of Contribution
        Of each criterion; they add up to the score.
    npv, bcr : str or None
        Net present value and benefit-cost ratio, ready to show.
    value_words : str
        Over which years, at which rate and in which prices.
    reasons : tuple of str
        Why it is on the shortlist, or not.
    words : str
        What the author adds: a paragraph a line; a line that begins with "- ", "* " or "• " is an item of a list.

    Raises
    ------
    CellCountError
        Of a title that is too long, a score outside the scale, or contributions that do not add up to it.
    """

    title: str
    question: str
    can: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    ethics: str = ""
    gate: str = ""
    score: float | None = None
    rank: str = ""
    contributions: tuple[Contribution, ...] = ()
    npv: str | None = None
    bcr: str | None = None
    value_words: str = ""
    reasons: tuple[str, ...] = ()
    words: str = ""

    def __post_init__(self) -> None:
        _not_longer("title of a theme", self.title, HEADLINE_LETTERS)
        for what in ("question", "gate", "rank", "value_words"):
            _not_longer(f"{what.replace('_', ' ')} of a theme", getattr(self, what), HEADLINE_LETTERS)
        _not_longer("net present value", self.npv or "", FIGURE_LETTERS)
        _not_longer("benefit-cost ratio", self.bcr or "", FIGURE_LETTERS)
        if self.score is None:
            if self.contributions:
                raise CellCountError(f"{self.title!r} has points and no score. Score the theme again.")
            return
        if not 0 <= self.score <= 100:
            raise CellCountError(
                f"The score of {self.title!r} is {self.score}, and scores go from 0 to 100. Score the theme again."
            )
        points = math.fsum(each.points for each in self.contributions)
        if self.contributions and abs(points - self.score) > _ROUNDING:
            raise CellCountError(
                f"The points of {self.title!r} add up to {points:g}, and its score is {self.score:g}. Score it again."
            )

    @property
    def assessed(self) -> bool:
        """Whether anything is known of its score, its value or how it stands at the gate."""
        return self.score is not None or any([self.npv, self.bcr, self.gate, self.rank])


@dataclass(frozen=True, slots=True)
class PinSlide:
    """One view that somebody pinned as evidence.

    Attributes
    ----------
    headline : str
        What it shows, at most `HEADLINE_LETTERS` characters.
    caption : str
        Unit, place, time and what is not shown, at most `CAPTION_LETTERS` characters.
    precision : str
        How sure the figure is, in words.
    picture : bytes or None
        PNG or JPEG, as seen on screen.
    source, release_id : str
        Whose data, and the release that the view was pinned from.
    synthetic, steward_only : bool
        Of that release, which need not be the one in use.
    link : str
        Opens the view.
    figure : str
        Its key figure with its interval.
    words : str
        What the author adds, as in `ThemeSlide`.
    description : str
        The picture for who cannot see it; made of headline and caption where there is none.
    changed : str
        What differs in the release in use, where that is another one.

    Raises
    ------
    CellCountError
        Of a headline, a figure or a caption that is too long.
    """

    headline: str
    caption: str
    precision: str
    picture: bytes | None
    source: str
    release_id: str
    synthetic: bool
    steward_only: bool
    link: str = ""
    figure: str = ""
    words: str = ""
    description: str = ""
    changed: str = ""

    def __post_init__(self) -> None:
        _not_longer("headline of a pin", self.headline, HEADLINE_LETTERS)
        _not_longer("figure of a pin", self.figure, HEADLINE_LETTERS)
        _not_longer("precision of a pin", self.precision, HEADLINE_LETTERS)
        _not_longer("caption of a pin", self.caption, CAPTION_LETTERS)


@dataclass(frozen=True, slots=True)
class WordsSlide:
    """A slide of words alone.

    Attributes
    ----------
    title : str
        At most `HEADLINE_LETTERS` characters.
    words : str
        As in `ThemeSlide`.

    Raises
    ------
    CellCountError
        Of a title that is too long.
    """

    title: str
    words: str

    def __post_init__(self) -> None:
        _not_longer("title of a slide", self.title, HEADLINE_LETTERS)


Slide = ThemeSlide | PinSlide | WordsSlide


@dataclass(frozen=True, slots=True)
class Deck:
    """A whole briefing.

    Attributes
    ----------
    title, subtitle : str
        What it is called, and for whom or what.
    made : date
        The day that it is made on.
    names : tuple of str
        Who made or decided it, as typed.
    releases : tuple of ReleaseFacts
        The release in use first, then the others that pins are of.
    synthetic_words, steward_words : tuple of (str, str)
        The short and the long warning of data that are made up, and of those that are for the steward only.
    method : tuple of str
        How the figures are made, in sentences.
    slides : tuple of ThemeSlide, PinSlide or WordsSlide
        In the order of showing. Title, method and caveats are added when it is written.

    Raises
    ------
    CellCountError
        Where there is no release, or a title or subtitle is too long.
    """

    title: str
    subtitle: str
    made: date
    names: tuple[str, ...]
    releases: tuple[ReleaseFacts, ...]
    synthetic_words: tuple[str, str]
    steward_words: tuple[str, str]
    method: tuple[str, ...]
    slides: tuple[Slide, ...]

    def __post_init__(self) -> None:
        if not self.releases:
            raise CellCountError("A briefing tells the release of its figures, and none is open. Open one first.")
        _not_longer("title of a briefing", self.title, HEADLINE_LETTERS)
        _not_longer("subtitle of a briefing", self.subtitle, HEADLINE_LETTERS)

    @property
    def synthetic(self) -> bool:
        """Whether any of it shows people who are made up."""
        return any(each.synthetic for each in self.releases) or any(each.synthetic for each in self._pins())

    @property
    def steward_only(self) -> bool:
        """Whether any of it is for the data steward only, and therefore all of it."""
        return any(each.steward_only for each in self.releases) or any(each.steward_only for each in self._pins())

    def synthetic_on(self, slide: Slide) -> bool:
        """Whether the figures of a slide are of people who are made up.

        Parameters
        ----------
        slide : ThemeSlide, PinSlide or WordsSlide
            One of the slides. What is no pin is of the release in use.
        """
        return slide.synthetic if isinstance(slide, PinSlide) else self.releases[0].synthetic

    def release_on(self, slide: Slide) -> str:
        """The id of the release that the figures of a slide are of.

        Parameters
        ----------
        slide : ThemeSlide, PinSlide or WordsSlide
            One of the slides.
        """
        return slide.release_id if isinstance(slide, PinSlide) else self.releases[0].release_id

    def _pins(self) -> tuple[PinSlide, ...]:
        return tuple(each for each in self.slides if isinstance(each, PinSlide))


def _not_longer(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise CellCountError(f"The {what} has {len(text):,} characters, and {most:,} fit. Shorten it: {text[:60]!r} …")
