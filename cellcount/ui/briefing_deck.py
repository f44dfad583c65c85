"""A briefing as it is taken away: its slides filled from the register, the evidence, the scores and the costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cellcount import themes
from cellcount.briefing.deck import (
    CAPTION_LETTERS,
    HEADLINE_LETTERS,
    Contribution,
    Deck,
    PinSlide,
    ReleaseFacts,
    ThemeSlide,
    WordsSlide,
)
from cellcount.errors import CellCountError
from cellcount.methods.decisions import DRAWS
from cellcount.record import Briefing, Pin, Record, Shortlist, Slide
from cellcount.ui import pinned, pinned_figures, scoring, sources, valuing
from cellcount.ui.frame import STEWARD, SYNTHETIC
from cellcount.ui.reading import Release

METHOD = (
    "People present are estimated from mobile-network counts of several operators, calibrated to official residents, "
    "with a 95 % interval for every figure. What too few people or operators stand behind is withheld.",
    "A score is the sum of values from 0 to 100 times swing weights that add up to 1; ethics is a gate and no weight. "
    f"How often a theme comes first is counted in {DRAWS:,} draws of the weights around those that were set.",
    "Costs and benefits are in constant prices, with optimism bias as it was typed, and discounted as the Green Book "
    "says where no other rate is named.",
    "Sources: Multi-criteria analysis: a manual, 2009; HM Treasury, The Green Book, and its supplementary guidance on "
    "multi-criteria decision analysis, 2024.",
)
"""How the figures of a briefing are made."""
GONE = "This view was removed from the evidence."


def deck(release: Release, record: Record, briefing: Briefing, *, made: date, base: str) -> Deck:
    """A briefing with everything that its slides show.

    Parameters
    ----------
    release : Release
        The release in use.
    record : Record
        Where the evidence, the scores and the costs are.
    briefing : Briefing
        Which.
    made : date
        The day that it is made on.
    base : str
        Address of the app, to which links are added.

    Raises
    ------
    CellCountError
        Where something of it cannot be shown; the message says what.
    """
    pins = {pin.id: pin for pin in record.listed(Pin)}
    used = [pins[each.ref] for each in briefing.slides if each.kind == "pin" and each.ref in pins]
    others = {pin.release_id: pin for pin in used if pin.release_id != release.manifest.release_id}
    standing = {each.theme_id: each for each in scoring.standing(release, record).themes}
    latest = next(iter(record.listed(Shortlist)), None)
    made_of = _Sources(release, record, pins, standing, base)
    slides = tuple(_slide(made_of, each) for each in briefing.slides)
    return Deck(
        title=shortened(briefing.title, HEADLINE_LETTERS),
        subtitle=shortened(briefing.subtitle, HEADLINE_LETTERS),
        made=made,
        names=latest.names if latest and any(each.kind == "theme" for each in briefing.slides) else (),
        releases=(_facts(release), *(_facts_of_pin(pin) for pin in others.values())),
        synthetic_words=SYNTHETIC,
        steward_words=STEWARD,
        method=METHOD,
        slides=slides,
    )


@dataclass(frozen=True, slots=True)
class _Sources:
    """What slides are filled from."""

    release: Release
    record: Record
    pins: Mapping[str, Pin]
    standing: Mapping[str, scoring.ThemeStanding]
    base: str


def _slide(made_of: _Sources, slide: Slide) -> ThemeSlide | PinSlide | WordsSlide:
    if slide.kind == "theme":
        return theme_slide(made_of.record, slide, made_of.standing.get(slide.ref))
    title = shortened(slide.title, HEADLINE_LETTERS)
    if slide.kind == "words":
        return WordsSlide(title, slide.words)
    pin = made_of.pins.get(slide.ref)
    if pin is None:
        return WordsSlide(title or GONE, slide.words)
    return pin_slide(made_of.release, made_of.record, slide, pin, made_of.base)


def theme_slide(record: Record, slide: Slide, standing: scoring.ThemeStanding | None) -> ThemeSlide | WordsSlide:
    """A theme with its score and its value.

    Parameters
    ----------
    record : Record
        Where its costs are, and the shortlist.
    slide : Slide
        The slide of the briefing.
    standing : ThemeStanding or None
        How it stands.
    """
    if slide.ref not in {each.id for each in themes.register().themes}:
        return WordsSlide(
            shortened(slide.title, HEADLINE_LETTERS) or "A theme that is not in the register", slide.words
        )
    theme = themes.register().theme(slide.ref)
    value = valuing.valued(record, theme.id)
    scored = standing is not None and standing.value is not None
    return ThemeSlide(
        title=shortened(slide.title or theme.title, HEADLINE_LETTERS),
        question=theme.question,
        can=(theme.can,),
        cannot=(theme.cannot,),
        ethics=theme.ethics_words,
        gate=shortened(standing.gate_words, HEADLINE_LETTERS) if standing else "",
        score=standing.value if standing else None,
        rank=shortened(standing.rank_words, HEADLINE_LETTERS) if standing else "",
        contributions=tuple(Contribution(*each) for each in standing.contributions) if standing and scored else (),
        npv=value.npv if value else None,
        bcr=value.bcr if value else None,
        value_words=shortened(value.words, HEADLINE_LETTERS) if value else "",
        reasons=_reasons(record, theme.id),
        words=slide.words,
    )


def _reasons(record: Record, theme_id: str) -> tuple[str, ...]:
    """Why a theme is on the latest shortlist; nothing where it is not."""
    latest = next(iter(record.listed(Shortlist)), None)
    return tuple(each.reason for each in latest.themes if each.theme_id == theme_id and each.reason) if latest else ()


def pin_slide(release: Release, record: Record, slide: Slide, pin: Pin, base: str) -> PinSlide:
    """A pinned view with its picture.

    Parameters
    ----------
    release : Release
        The release in use.
    record : Record
        Where its picture is.
    slide : Slide
        The slide of the briefing.
    pin : Pin
        The view.
    base : str
        Address of the app.
    """
    return PinSlide(
        headline=shortened(slide.title or pin.headline, HEADLINE_LETTERS),
        caption=shortened(pin.caption, CAPTION_LETTERS),
        precision=shortened(pin.precision, HEADLINE_LETTERS),
        picture=record.picture_of(pin.id),
        source=pin.source,
        release_id=pin.release_id,
        synthetic=pin.synthetic,
        steward_only=_for_steward(pin.caveats),
        link=f"{base}/{pin.page}?{pin.link}",
        figure=shortened(pinned.written(pin.figure), HEADLINE_LETTERS) if pin.figure else "",
        words=slide.words,
        changed=_changed(release, pin),
    )


def _changed(release: Release, pin: Pin) -> str:
    """What the figure of a pin is in the release in use, where that is another one."""
    now = release.manifest.release_id
    if pin.release_id == now:
        return ""
    if pin.figure is None:
        return f"The release in use is {now}; this view has no one figure to compare."
    try:
        found = pinned_figures.stated(release, pin.figure.kind, pin.figure.inputs).figure
    except CellCountError as error:
        return f"The release in use is {now}. {error}"
    return f"The release in use is {now}. {pinned.changed(pin.figure, found)}" if found else ""


def _for_steward(caveats: Sequence[str]) -> bool:
    return " ".join(STEWARD) in caveats


def _facts(release: Release) -> ReleaseFacts:
    manifest = release.manifest
    return ReleaseFacts(
        release_id=manifest.release_id,
        title=manifest.title,
        time_zone=manifest.time_zone,
        synthetic=manifest.synthetic,
        steward_only=manifest.steward_only,
        caveats=tuple(manifest.caveats),
        source=sources.line(release),
        disclosure_rule=manifest.disclosure_rule,
    )


def _facts_of_pin(pin: Pin) -> ReleaseFacts:
    """What a pin says of the release that it was made from, which may be gone."""
    return ReleaseFacts(
        release_id=pin.release_id,
        title=pin.release_title,
        time_zone="",
        synthetic=pin.synthetic,
        steward_only=_for_steward(pin.caveats),
        caveats=pin.caveats,
        source=pin.source,
        disclosure_rule="",
    )


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, cut between words where it is longer.

    Examples
    --------
    >>> shortened("Many people are in the city at noon", 20)
    'Many people are …'
    """
    if len(text) <= most:
        return text
    return f"{text[: most - 2].rsplit(' ', 1)[0]} …"
