"""Whose data these are: the sources of the release and of the geography, with licences and attributions."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from cellcount import geography
from cellcount.ui.reading import Release

FONT = "Open Sans"


@dataclass(frozen=True, slots=True)
class Whose:
    """A source as the app shows it.

    Attributes
    ----------
    name, publisher, licence, attribution, used_for : str
        What it is, whose, under which licence, the words that the licence asks for, and what it serves here.
    url : str
        Of the licence, or of the source; empty where there is none.
    """

    name: str
    publisher: str
    licence: str
    attribution: str
    used_for: str
    url: str = ""


def of_release(release: Release) -> Whose:
    """The source of the figures."""
    source = release.manifest.source
    return Whose(
        name=_said(source.name),
        publisher=_said(source.publisher),
        licence=_said(source.licence),
        attribution=_said(source.attribution) or _said(source.citation),
        used_for="All figures of this release",
        url=_said(source.url),
    )


def compared_with(release: Release) -> list[Whose]:
    """The sources of official tables that were added to the release, to compare its figures with."""
    return [
        Whose(
            name=_said(each["source"]["name"]),
            publisher=_said(each["source"]["publisher"]),
            licence=_said(each["source"]["licence"]),
            attribution=_said(each["source"]["attribution"]),
            used_for="To compare the figures of this release with",
            url=_said(each["source"]["url"]),
        )
        for each in release.manifest.parameters.get("added", [])
    ]


def everything(release: Release) -> list[Whose]:
    """Every source that the app shows something of: the release, what it is compared with, geography and letters."""
    ground = [
        Whose(each.name, each.publisher, each.licence, each.attribution, each.used_for, each.licence_url or "")
        for each in geography.sources()
    ]
    letters = Whose(
        FONT,
        "The Open Sans Project Authors",
        "SIL Open Font License 1.1",
        "Copyright 2020 The Open Sans Project Authors",
        "The letters on screen",
        "https://openfontlicense.org",
    )
    return [of_release(release), *compared_with(release), *ground, letters]


def line(release: Release) -> str:
    """The foot of a page: source, licence and attributions, in a line."""
    figures = of_release(release)
    parts = [f"Source: {figures.name}", f"Licence: {figures.licence}" if figures.licence else "", figures.attribution]
    parts += [each.attribution for each in compared_with(release)]
    # A page that needs the geography says that it is missing; without it nothing of it is shown.
    with contextlib.suppress(geography.GeographyMissingError):
        parts += sorted({each.attribution for each in geography.sources()})
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def _said(value: str | None) -> str:
    return value or ""
