"""The challenge themes of the project brief and the applications of its Appendix 3: `data/themes/register.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from cellcount.errors import CellCountError
from cellcount.standard import ROOT, release_tables

REGISTER = ROOT / "data" / "themes" / "register.toml"

Ethics = Literal["standard", "care", "high"]
Verdict = Literal["served", "ready", "operator", "covariate", "out"]
Basis = Literal["named", "suggested"]

ETHICS: dict[Ethics, str] = {
    "standard": "Standard safeguards",
    "care": "Take care",
    "high": "High ethical risk",
}
VERDICTS: dict[Verdict, str] = {
    "served": "Served now",
    "ready": "The data can serve it; no page of this version does",
    "operator": "Needs data derived inside the operator",
    "covariate": "As a covariate only",
    "out": "Out of scope",
}
BASES: dict[Basis, str] = {"named": "named in the brief", "suggested": "suggested"}
PARTS: dict[str, tuple[str, ...]] = {
    "flows_day": ("home_work",),
    "flows_month": ("home_work",),
    "usual_environment": ("home", "work", "days_per_week"),
}
"""Parts of a table that a release may lack although it has the table: trips by purpose, usual places by kind."""


class RegisterError(CellCountError):
    """The register of themes is missing, or is not as it must be."""


@dataclass(frozen=True, slots=True)
class Link:
    """A way from a theme into a map.

    Attributes
    ----------
    page : str
        Which page of the app.
    words : str
        What is seen there.
    measure, hour : str or None
        What the page is opened with; None leaves it as it is.
    """

    page: str
    words: str
    measure: Literal["people", "per_km2", "per_resident"] | None = None
    hour: str | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """Somebody to work with on a theme.

    Attributes
    ----------
    name : str
        The organisation, or the kind of it.
    basis : {'named', 'suggested'}
        Whether the brief names it for this theme; suggested is who the brief names elsewhere or plainly implies.
    words : str
        What it would bring, or what the brief says of it.
    """

    name: str
    basis: Basis
    words: str


@dataclass(frozen=True, slots=True)
class Need:
    """What an application needs of one table of a release.

    Attributes
    ----------
    table : str
        The table.
    part : str or None
        The part of it, of `PARTS`; None for the whole.
    instead : str or None
        The table of typical days that stands in for it; only where nothing is needed of its dates.
    months : int
        Months that it must cover at least.
    dates : int
        Dates that it must have at least.
    most_error : float or None
        The greatest median standard error, in per cent of the figure, with which its figures still serve.
    resolution : int or None
        H3 resolution that its cells must have at least.
    """

    table: str
    part: str | None = None
    instead: str | None = None
    months: int = 0
    dates: int = 0
    most_error: float | None = None
    resolution: int | None = None


@dataclass(frozen=True, slots=True)
class Theme:
    """A challenge theme.

    Attributes
    ----------
    id : str
        Its name in the register.
    section : str
        Of the brief.
    title, question : str
        Its name, and what it comes down to.
    questions : tuple of str
        Policy questions.
    can, cannot : str
        What the data can answer, and what they cannot.
    ethics, ethics_words : str
        The flag, and why.
    links : tuple of Link
        Into the maps.
    partners : tuple of Partner
        Of this theme, beside those of every theme.
    headline : str or None
        Name of its live figure.
    no_headline : str or None
        Why it has none.
    needed : str or None
        What must be decided, and by whom, before anything is made; only where the ethical risk is high.
    """

    id: str
    section: str
    title: str
    question: str
    questions: tuple[str, ...]
    can: str
    cannot: str
    ethics: Ethics
    ethics_words: str
    links: tuple[Link, ...]
    partners: tuple[Partner, ...]
    headline: str | None = None
    no_headline: str | None = None
    needed: str | None = None

    @property
    def gated(self) -> bool:
        """Whether ethics is a gate that must be passed first: no weight and no score stands in for it."""
        return self.ethics == "high"


@dataclass(frozen=True, slots=True)
class Application:
    """A row of Appendix 3, with the verdict on it.

    Attributes
    ----------
    topic, sub_topic, application : str
        The row, in the appendix's words.
    theme : str
        Id of the theme that it belongs to.
    indicator : str
        What would be published.
    verdict : str
        One of `VERDICTS`, of what is in the tables of a release that has all of them; `cellcount.verdicts` checks it.
    needs : tuple of Need
        What a release must hold for it.
    why : str
        The reason, in a sentence or two.
    ethics, ethics_words : str
        The flag, and the position behind it.
    page : str or None
        The page that serves it; only where it is served.
    also : tuple of str
        Ids of other themes whose questions it helps to answer.
    """

    topic: str
    sub_topic: str
    application: str
    theme: str
    indicator: str
    verdict: Verdict
    needs: tuple[Need, ...]
    why: str
    ethics: Ethics
    ethics_words: str
    page: str | None = None
    also: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of a release that it needs."""
        return tuple(need.table for need in self.needs)


@dataclass(frozen=True, slots=True)
class Register:
    """All themes and all applications, in the order of the brief, and who is a partner in every theme."""

    themes: tuple[Theme, ...]
    applications: tuple[Application, ...]
    partners: tuple[Partner, ...]

    def theme(self, theme_id: str) -> Theme:
        """The theme of an id.

        Raises
        ------
        RegisterError
            Where there is none; the message names those that there are.
        """
        for each in self.themes:
            if each.id == theme_id:
                return each
        raise RegisterError(
            f"There is no theme “{theme_id}”. The register has {', '.join(each.id for each in self.themes)}."
        )

    def of(self, theme_id: str) -> tuple[Application, ...]:
        """The applications that help to answer a theme's questions, in the order of Appendix 3."""
        return tuple(each for each in self.applications if theme_id in (each.theme, *each.also))


@cache
def register(file: Path = REGISTER) -> Register:
    """Read the register.

    Raises
    ------
    RegisterError
        Where the file is missing or something in it is not as declared here.

    Examples
    --------
    >>> [theme.title for theme in register().themes][:3]
    ['Urban planning and land use', 'Mobility', 'Tourism']
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        read = Register(
            tuple(_made(Theme, entry, links=Link, partners=Partner) for entry in content["theme"]),
            tuple(_made(Application, entry, needs=Need) for entry in content["application"]),
            tuple(_made(Partner, entry) for entry in content["partner"]),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise RegisterError(
            f"The register of themes cannot be read: {file} ({error}). Take the file again from the release of the "
            "software, or mend what the message names."
        ) from error
    _check(read, file)
    return read


Entry = TypeVar("Entry")


def _made(kind: type[Entry], entry: Mapping[str, Any], **inside: type[Link | Partner | Need]) -> Entry:
    """An entry of the register, with those inside it; a field too many or too few is a TypeError that names it."""
    held = {name: tuple(_made(each, part) for part in entry[name]) for name, each in inside.items()}
    lists = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    return kind(**{**lists, **held})


def _check(read: Register, file: Path) -> None:
    themes = {theme.id for theme in read.themes}
    faults = [fault for theme in read.themes for fault in _faults_of_theme(theme)]
    for each in read.applications:
        faults += [f"{each.application}: {fault}" for fault in _faults_of_application(each)]
        unknown = [theme for theme in (each.theme, *each.also) if theme not in themes]
        faults += [f"{each.application}: no theme “{theme}”" for theme in unknown]
    partners = [*read.partners, *(partner for theme in read.themes for partner in theme.partners)]
    faults += [f"{each.name}: no basis “{each.basis}”" for each in partners if each.basis not in BASES]
    if faults:
        raise RegisterError(f"The register of themes needs mending, {file}: {'; '.join(faults)}.")


def _faults_of_theme(theme: Theme) -> Iterator[str]:
    if theme.ethics not in ETHICS:
        yield f"theme {theme.id}: no ethics flag “{theme.ethics}”"
    if bool(theme.headline) == bool(theme.no_headline):
        yield f"theme {theme.id}: either a headline or the reason for none"
    if theme.gated != bool(theme.needed):
        yield f"theme {theme.id}: what is needed is said where the ethical risk is high, and only there"


def _faults_of_application(each: Application) -> Iterator[str]:
    if each.verdict not in VERDICTS:
        yield f"no verdict “{each.verdict}”"
    if each.ethics not in ETHICS:
        yield f"no ethics flag “{each.ethics}”"
    if (each.verdict == "served") != bool(each.page):
        yield "a page is named where it is served, and only there"
    for need in each.needs:
        unknown = {need.table, need.instead or need.table} - set(release_tables())
        yield from (f"no table “{table}”" for table in sorted(unknown))
        if need.part and need.part not in PARTS.get(need.table, ()):
            yield f"no part “{need.part}” of {need.table}"
        if need.instead and (need.months or need.dates):
            yield f"typical days have no dates, so that {need.instead} cannot stand in for those of {need.table}"
