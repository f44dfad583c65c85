"""The challenge themes of the project brief and the applications of its Appendix 3: `data/themes/register.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from cellcount.errors import CellCountError
from cellcount.standard import ROOT

REGISTER = ROOT / "data" / "themes" / "register.toml"

Ethics = Literal["standard", "care", "high"]
Verdict = Literal["served", "ready", "operator", "covariate", "out"]

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
    headline : str or None
        Name of its live figure.
    no_headline : str or None
        Why it has none.
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
    headline: str | None = None
    no_headline: str | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """A row of Appendix 3, with the verdict on it.

    Attributes
    ----------
    topic, sub_topic, application : str
        The row, in the appendix's words.
    theme : str
        Id of the theme that it belongs to.
    verdict : str
        One of `VERDICTS`.
    tables : tuple of str
        Tables of a release that hold it.
    why : str
        The reason, in a sentence or two.
    page : str or None
        The page that serves it; only where it is served.
    """

    topic: str
    sub_topic: str
    application: str
    theme: str
    verdict: Verdict
    tables: tuple[str, ...]
    why: str
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Register:
    """All themes and all applications, in the order of the brief."""

    themes: tuple[Theme, ...]
    applications: tuple[Application, ...]


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
            tuple(
                _made(Theme, {**entry, "links": tuple(_made(Link, link) for link in entry["links"])})
                for entry in content["theme"]
            ),
            tuple(_made(Application, entry) for entry in content["application"]),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise RegisterError(
            f"The register of themes cannot be read: {file} ({error}). Take the file again from the release of the "
            "software, or mend what the message names."
        ) from error
    _check(read, file)
    return read


Entry = TypeVar("Entry")


def _made(kind: type[Entry], entry: Mapping[str, Any]) -> Entry:
    """An entry of the register; a field too many or too few is a TypeError that names it."""
    lists = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    return kind(**lists)


def _check(read: Register, file: Path) -> None:
    themes = {theme.id for theme in read.themes}
    faults = [f"theme {each.id}: no ethics flag “{each.ethics}”" for each in read.themes if each.ethics not in ETHICS]
    faults += [
        f"theme {each.id}: either a headline or the reason for none"
        for each in read.themes
        if bool(each.headline) == bool(each.no_headline)
    ]
    for each in read.applications:
        if each.verdict not in VERDICTS:
            faults.append(f"{each.application}: no verdict “{each.verdict}”")
        if each.theme not in themes:
            faults.append(f"{each.application}: no theme “{each.theme}”")
        if (each.verdict == "served") != bool(each.page):
            faults.append(f"{each.application}: a page is named where it is served, and only there")
    if faults:
        raise RegisterError(f"The register of themes needs mending, {file}: {'; '.join(faults)}.")
