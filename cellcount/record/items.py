"""What people keep: plain values, each with the version that it was read as, and who edited it last and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar
from uuid import uuid4

GateState = Literal["yes", "no", "conditions", "undecided"]
LineKind = Literal["cost", "benefit"]
Category = Literal[
    "access service",
    "processing",
    "assurance",
    "staff",
    "survey cost avoided",
    "timeliness",
    "re-use",
    "other",
]
SlideKind = Literal["theme", "pin", "words"]
Action = Literal["made", "changed", "removed", "restored", "reordered", "imported"]


def new_id() -> str:
    """A name that nothing else has: 32 hexadecimal digits at random."""
    return uuid4().hex


def key(*parts: str) -> str:
    """The id of an item that is named by what it is about.

    Parameters
    ----------
    *parts : str
        Such as a theme, a criterion and a scorer.

    Returns
    -------
    str
        The parts with a slash between them; a slash inside a part is written so that no two items share an id.

    Examples
    --------
    >>> key("tourism", "timeliness", "Ann / Bob")
    'tourism/timeliness/Ann %2F Bob'
    """
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What every kept item has besides its content. The record fills it in; a new item leaves it alone.

    Attributes
    ----------
    version : int
        1 when it was made, one more with every change; 0 as long as it has not been saved.
    edited_by : str
        The name of who saved it last, as typed.
    edited_at : datetime or None
        When, in UTC; None as long as it has not been saved.
    """

    version: int = 0
    edited_by: str = ""
    edited_at: datetime | None = None

    @property
    def id(self) -> str:
        """What it is found by."""
        raise NotImplementedError


AnyItem = TypeVar("AnyItem", bound=Item)


@dataclass(frozen=True, slots=True)
class KeptTheme(Item):
    """Whether a theme was marked “keep” while browsing."""

    theme_id: str
    kept: bool = True

    @property
    def id(self) -> str:
        """The theme."""
        return key(self.theme_id)


@dataclass(frozen=True, slots=True)
class Figure:
    """The figure that a pin is about, with what is needed to work it out again in another release.

    Attributes
    ----------
    kind : str
        Which figure: a name that the code knows.
    inputs : Mapping
        What it is worked out from, as JSON: area, hour, measure.
    value, low, high : float or None
        The figure and its interval; None where withheld or unknown.
    unit, label : str
        Of the value, and what it is in words.
    """

    kind: str
    inputs: Mapping[str, Any]
    value: float | None
    low: float | None
    high: float | None
    unit: str
    label: str


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it was run."""

    name: str
    sql: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pin(Item):
    """A view kept as evidence for a theme. Its picture and its data are fetched by themselves.

    Attributes
    ----------
    theme_id : str
        The theme that it speaks for.
    page, link : str
        Slug of the page, and the query string that opens the view, release included.
    headline, caption, precision : str
        What it shows, how to read it, and how precise it is.
    release_id, release_title : str
        The release that it was made from.
    synthetic : bool
        Whether that release is a demonstration.
    author : str
        Who pinned it, as typed.
    made_at : datetime
        When, in UTC.
    source : str
        The line that names the source.
    caveats, methods : tuple of str
        Sentences.
    queries : tuple of Query
        As run.
    figure : Figure or None
        The figure that the headline states.
    id : str
        32 hexadecimal digits.
    position : int
        Its place on the board of the theme, from 0. The record sets it: a new pin goes to the end, `reorder` moves.
    data_name : str
        Name of the file of data; empty where it has none.
    picture_sha256, data_sha256 : str or None
        What the files are found by; None where there is none. The record sets them, and the lengths in bytes.
    """

    theme_id: str
    page: str
    link: str
    headline: str
    caption: str
    precision: str
    release_id: str
    release_title: str
    synthetic: bool
    author: str
    made_at: datetime
    source: str = ""
    caveats: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    queries: tuple[Query, ...] = ()
    figure: Figure | None = None
    id: str = field(default_factory=new_id)
    position: int = 0
    data_name: str = ""
    picture_sha256: str | None = None
    picture_length: int = 0
    data_sha256: str | None = None
    data_length: int = 0


@dataclass(frozen=True, slots=True)
class Score(Item):
    """How well a theme does on a criterion in the eyes of one scorer: 0 to 100, or None where not scored."""

    theme_id: str
    criterion_id: str
    scorer: str
    value: float | None
    reason: str = ""

    @property
    def id(self) -> str:
        """Theme, criterion and scorer."""
        return key(self.theme_id, self.criterion_id, self.scorer)


@dataclass(frozen=True, slots=True)
class Weight(Item):
    """How much the swing of a criterion from worst to best matters to one scorer: 0 to 100."""

    scorer: str
    criterion_id: str
    swing: float

    @property
    def id(self) -> str:
        """Scorer and criterion."""
        return key(self.scorer, self.criterion_id)


@dataclass(frozen=True, slots=True)
class Overrule(Item):
    """A score, 0 to 100, that stands instead of the one computed from the release, and why."""

    theme_id: str
    criterion_id: str
    value: float
    reason: str

    @property
    def id(self) -> str:
        """Theme and criterion."""
        return key(self.theme_id, self.criterion_id)


@dataclass(frozen=True, slots=True)
class Gate(Item):
    """Whether a theme may go forward on grounds of ethics."""

    theme_id: str
    passed: GateState
    reason: str = ""

    @property
    def id(self) -> str:
        """The theme."""
        return key(self.theme_id)


@dataclass(frozen=True, slots=True)
class CostLine(Item):
    """A line of costs or of benefits of an option.

    Attributes
    ----------
    theme_id, option, label : str
        Whose line it is and what it is.
    kind : str
        "cost" or "benefit".
    category : str
        One of `Category`.
    amounts : tuple of float or None
        Pounds of each year, from the first year of the appraisal; None where nobody has typed a figure.
    low_percent, high_percent : float
        By how many per cent the amounts may turn out lower (0 to 100) and higher (0 to 1,000).
    source : str
        Where the figures are from.
    is_example : bool
        Whether the figures only show how to fill in a line.
    id : str
        32 hexadecimal digits.
    position : int
        Its place among the lines of the theme, from 0. The record sets it: a new line goes to the end, `reorder` moves.
    """

    theme_id: str
    option: str
    kind: LineKind
    category: Category
    label: str
    amounts: tuple[float | None, ...] = ()
    low_percent: float = 0.0
    high_percent: float = 0.0
    source: str = ""
    is_example: bool = False
    id: str = field(default_factory=new_id)
    position: int = 0


@dataclass(frozen=True, slots=True)
class Appraisal(Item):
    """How the costs and benefits of a theme are added up.

    Attributes
    ----------
    theme_id : str
        The theme.
    years : int
        1 to 100.
    first_year : int
        The year of the first amount, 1990 to 2200.
    constant_rate : float or None
        Discount rate as a fraction, above -1 and up to 1; None for the schedule of the Green Book.
    optimism_bias : Mapping
        Per cent by category, 0 to 100.
    """

    theme_id: str
    years: int
    first_year: int
    constant_rate: float | None = None
    optimism_bias: Mapping[str, float] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The theme."""
        return key(self.theme_id)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A theme of a shortlist, and why."""

    theme_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shortlist(Item):
    """Two or three themes that go forward. Once saved it stays as it is: a later decision is another shortlist.

    Attributes
    ----------
    decided_at : datetime
        When, in UTC.
    names : tuple of str
        Who decided, as typed.
    themes : tuple of Chosen
        Two or three.
    snapshot : Mapping
        Weights, scores and result as they were shown, as JSON.
    release_id : str
        The release that they were made from.
    id : str
        32 hexadecimal digits.
    """

    decided_at: datetime
    names: tuple[str, ...]
    themes: tuple[Chosen, ...]
    snapshot: Mapping[str, Any]
    release_id: str
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide: of a theme (`ref` its id), of a pin (`ref` its id), or of words (`ref` empty)."""

    kind: SlideKind
    ref: str = ""
    title: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Briefing(Item):
    """An ordered choice of themes, pins and words for a committee."""

    title: str
    subtitle: str = ""
    slides: tuple[Slide, ...] = ()
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Order:
    """The order of the pins or of the cost lines of a theme, as `reorder` was told it or found it.

    Attributes
    ----------
    theme_id : str
        The theme.
    ids : tuple of str
        Of the pins or lines, first to last.
    edited_by : str
        Who changed any of them last; empty where nobody has.
    edited_at : datetime or None
        When, in UTC.
    """

    theme_id: str
    ids: tuple[str, ...]
    edited_by: str = ""
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the audit trail, which only grows.

    Attributes
    ----------
    id : str
        32 hexadecimal digits.
    at : datetime
        When, in UTC.
    by : str
        The name of who did it, as typed.
    action : str
        One of `Action`.
    what, item_id : str
        Kind of item, as `KINDS` names it, and its id. An import is of "everything" with the checksum of the file as id.
    before, after : Mapping or None
        The item as it was and as it is, as JSON; a picture and data are their checksums and lengths only.
    """

    id: str
    at: datetime
    by: str
    action: Action
    what: str
    item_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


KINDS: dict[str, type[Item]] = {
    "kept_theme": KeptTheme,
    "pin": Pin,
    "score": Score,
    "weight": Weight,
    "overrule": Overrule,
    "gate": Gate,
    "cost_line": CostLine,
    "appraisal": Appraisal,
    "shortlist": Shortlist,
    "briefing": Briefing,
}
"""Every kind of item, by the name of its table."""
