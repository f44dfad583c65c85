"""A briefing as one page of HTML that stands by itself: nothing is fetched, and nothing that anybody typed can run."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from itertools import groupby

from cellcount.briefing.deck import Contribution, Deck, PinSlide, Slide, ThemeSlide, WordsSlide
from cellcount.briefing.wording import (
    CAVEATS_TITLE,
    METHOD_TITLE,
    Paragraph,
    about_data,
    about_method,
    about_pin,
    clean,
    day,
    description,
    gate_words,
    joined,
    media_type,
    paragraphs,
    picture_size,
    points,
    short_warning,
    warnings_of,
    web_address,
)
from cellcount.standalone import standalone_page

_STYLE = """
:root { color-scheme: light dark; --text: #222222; --deep: #003C57; --accent: #206095; --ground: #FFFFFF;
  --panel: #F5F5F6; --rest: #C7D7E5; --rule: #D0D5DA; --band: #003C57; }
@media screen and (prefers-color-scheme: dark) { :root { --text: #E9EEF2; --deep: #E9EEF2; --accent: #7FC1EC;
  --ground: #10191F; --panel: #1B2830; --rest: #34505F; --rule: #3A4A55; --band: #0A2C3E; } }
* { box-sizing: border-box; }
html { scroll-snap-type: y proximity; font-size: clamp(15px, 0.65vw + 0.8vh + 3px, 32px); }
body { margin: 0; font: 400 1rem/1.45 "Open Sans", Arial, sans-serif; color: var(--text); background: var(--ground);
  overflow-wrap: anywhere; }
h1, h2, h3, p, ul, ol, dl, dd, figure, table { margin: 0; padding: 0; }
h1 { font-size: 2.9rem; line-height: 1.15; font-weight: 600; letter-spacing: -0.01em; }
h2 { font-size: 1.9rem; line-height: 1.2; font-weight: 600; color: var(--deep); letter-spacing: -0.01em; }
h2.long { font-size: 1.35rem; }
h3 { font-size: 1rem; font-weight: 600; color: var(--deep); margin: 1rem 0 0.2rem; }
h3:first-child { margin-top: 0; }
p + p, ul + p, p + ul { margin-top: 0.5rem; }
ul { padding-left: 1.2em; }
li + li { margin-top: 0.25rem; }
a { color: var(--accent); }
.slide { display: flex; flex-direction: column; min-height: 100vh; min-height: 100svh; padding: 2.2rem 4vw 1rem;
  border-top: 0.5rem solid var(--band); scroll-snap-align: start; }
.inside { flex: 1 1 auto; width: 100%; }
.question { font-size: 1.2rem; color: var(--accent); margin-top: 0.3rem; }
.opening { padding: 0; border-top: 0; }
.opening header { background: var(--band); color: #FFFFFF; padding: 6rem 4vw 2rem; }
.opening header p { font-size: 1.4rem; margin-top: 0.6rem; }
.opening .inside { padding: 1.5rem 4vw; }
.opening footer { margin: 0 4vw; padding-bottom: 1rem; }
.opening nav { margin-top: 1.2rem; }
.opening ol { padding-left: 1.4em; columns: 2 24rem; column-gap: 3rem; }
.names { font-weight: 600; color: var(--deep); }
.note { border-left: 0.4rem solid #F46A25; background: var(--panel); padding: 0.4rem 0.8rem; margin-top: 0.8rem; }
.grave { border: 0.15rem solid #B3400A; border-left-width: 0.6rem; }
.columns { display: grid; grid-template-columns: minmax(0, 47fr) minmax(0, 53fr); gap: 2.2rem; margin-top: 1.3rem;
  align-items: start; }
.panel { background: var(--panel); padding: 1rem 1.2rem; }
.tiles { display: flex; flex-wrap: wrap; gap: 0.4rem 2rem; }
.tiles dt, .sure { font-size: 0.85rem; }
.tiles dd { font-size: 1.75rem; line-height: 1.25; font-weight: 600; color: var(--deep); }
.sure { margin-top: 0.5rem; }
.gate { font-weight: 600; margin-top: 0.7rem; }
table { border-collapse: collapse; width: 100%; margin-top: 0.8rem; font-size: 0.85rem;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; color: var(--deep); }
th, td { padding: 0.2rem 0 0.2rem 0.7rem; text-align: right; vertical-align: middle; }
th { font-weight: 400; }
thead th { border-bottom: 1px solid var(--rule); vertical-align: bottom; }
th:first-child { text-align: left; padding-left: 0; }
.bar { width: 38%; }
.bar svg { display: block; width: 100%; height: 1.1rem; }
.reached { fill: var(--accent); }
.left { fill: var(--rest); }
.pin { display: grid; grid-template-columns: minmax(0, 1fr) minmax(13rem, 23rem); gap: 1.6rem; margin-top: 1.1rem;
  align-items: start; }
.pin img { display: block; width: 100%; height: auto; max-height: 56vh; object-fit: contain;
  object-position: left top; }
.figure { font-size: 1.3rem; line-height: 1.3; font-weight: 600; color: var(--deep); }
.changed { font-weight: 600; color: var(--accent); }
.full { font-size: 0.78rem; line-height: 1.38; }
.about { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 0.8rem; font-size: 0.75rem;
  margin-top: 0.9rem; border-top: 1px solid var(--rule); padding-top: 0.5rem; }
.about dt { font-weight: 600; }
.words { max-width: 62rem; margin-top: 1.2rem; font-size: 1.15rem; }
footer { display: flex; flex-wrap: wrap; align-items: center; gap: 0.3rem 0.8rem; margin-top: 1.2rem;
  font-size: 0.75rem; }
.mark { background: #F46A25; color: #222222; font-weight: 600; padding: 0.15rem 0.7rem; }
.mark.grave { background: #B3400A; color: #FFFFFF; border: 0; }
.number { margin-left: auto; }
@media screen and (max-width: 800px) { .columns, .pin { grid-template-columns: minmax(0, 1fr); }
  .slide { min-height: 0; } h1 { font-size: 2.1rem; } h2 { font-size: 1.5rem; } .opening header { padding-top: 3rem; } }
@media screen and (prefers-color-scheme: dark) { .pin img { background: #FFFFFF; } }
@page { size: 338.67mm 190.5mm; margin: 0; }
@media print { html { font-size: 13.5pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .slide { min-height: 190mm; break-after: page; padding: 9mm 15mm 5mm; } .slide:last-of-type { break-after: auto; }
  .opening { padding: 0; } .opening header { padding: 22mm 15mm 8mm; } .opening .inside { padding: 6mm 15mm; }
  .opening footer { margin: 0 15mm; } .pin img { max-height: 118mm; } li, tr, .panel { break-inside: avoid; } }
"""
_SCRIPT = """
addEventListener("keydown", (event) => {
  const step = { PageDown: 1, PageUp: -1 }[event.key];
  if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const slides = [...document.querySelectorAll("section")];
  const seen = slides.map((slide) => slide.getBoundingClientRect());
  let now = seen.findLastIndex((place) => place.top <= 4);
  if (step > 0 && now >= 0 && seen[now].bottom > innerHeight + 8) return;
  if (step < 0 && now >= 0 && seen[now].top < -8) return;
  const next = slides[now + step];
  if (!next) return;
  event.preventDefault();
  next.scrollIntoView();
});
"""
"""A clicker's keys go from slide to slide; within one that is longer than the window the browser scrolls as ever."""
_LONG = 90
"""Characters from which on a headline is set smaller."""
_FULL = 500
"""Characters from which on the words beside a picture are set smaller."""


def web_page(deck: Deck) -> bytes:
    """A briefing as one page of HTML: a section a slide, to scroll, to print and to show.

    Parameters
    ----------
    deck : Deck
        What it says.

    Returns
    -------
    bytes
        HTML, UTF-8. Letters and pictures are within it. A policy in its head lets the browser run the few lines that
        move from slide to slide, which it knows by their hash, and nothing else; without them the page reads as well.

    Raises
    ------
    CellCountError
        Of a picture that cannot be read.
    """
    told = [
        *(
            (_heading(slide), _inside(deck, slide), deck.synthetic_on(slide), deck.release_on(slide))
            for slide in deck.slides
        ),
        *(
            (title, _words(said), deck.synthetic, deck.releases[0].release_id)
            for title, said in ((METHOD_TITLE, about_method(deck)), (CAVEATS_TITLE, about_data(deck)))
            if said
        ),
    ]
    sections = [
        f'<section class="slide" id="s{number}" aria-labelledby="h{number}"><div class="inside">'
        f'<h2 id="h{number}" dir="auto"{_long(title)}>{_text(title)}</h2>{inside}</div>'
        f"{_foot(deck, synthetic, release, number)}</section>"
        for number, (title, inside, synthetic, release) in enumerate(told, start=2)
    ]
    body = _opening(deck, [title for title, *_ in told]) + "".join(sections)
    return standalone_page(clean(deck.title) or "Briefing", body, style=_STYLE, script=_SCRIPT).encode()


def _text(value: object) -> str:
    """Text that is text in HTML, in an element and in an attribute, whatever it holds."""
    return html.escape(clean(value), quote=True)


def _long(title: str) -> str:
    return ' class="long"' if len(title) > _LONG else ""


def _opening(deck: Deck, titles: Sequence[str]) -> str:
    facts = deck.releases[0]
    names = f'<p class="names" dir="auto">{_text(joined(deck.names))}</p>' if joined(deck.names) else ""
    subtitle = f'<p dir="auto">{_text(deck.subtitle)}</p>' if clean(deck.subtitle) else ""
    kinds = ["note grave"] * deck.steward_only + ["note"] * deck.synthetic
    notes = "".join(
        f'<p class="{kind}" role="note">{_text(words)}</p>'
        for kind, words in zip(kinds, warnings_of(deck), strict=True)
    )
    listed = "".join(
        f'<li><a href="#s{number}" dir="auto">{_text(title)}</a></li>' for number, title in enumerate(titles, start=2)
    )
    return (
        '<section class="slide opening" id="s1" aria-labelledby="h1">'
        f'<header><h1 id="h1" dir="auto">{_text(deck.title) or "Briefing"}</h1>{subtitle}</header>'
        f'<div class="inside">{names}<p>{day(deck.made)}. {_text(facts.title)}, release {_text(facts.release_id)}.</p>'
        f'{notes}<nav aria-label="Slides"><ol>{listed}</ol></nav></div>'
        f"{_foot(deck, deck.synthetic, facts.release_id, 1)}</section>"
    )


def _foot(deck: Deck, synthetic: bool, release: str, number: int) -> str:
    marks = [("mark grave", deck.steward_words)] if deck.steward_only else []
    marks += [("mark", deck.synthetic_words)] if synthetic else []
    told = "".join(f'<span class="{kind}">{_text(short_warning(words))}</span>' for kind, words in marks)
    return (
        f"<footer>{told}<span>{_text(joined([f'Release {release}', day(deck.made)]))}</span>"
        f'<span class="number">{number}</span></footer>'
    )


def _heading(slide: Slide) -> str:
    return clean(slide.headline if isinstance(slide, PinSlide) else slide.title)


def _inside(deck: Deck, slide: Slide) -> str:
    if isinstance(slide, ThemeSlide):
        return _theme(slide)
    if isinstance(slide, WordsSlide):
        return _words(paragraphs(slide.words))
    return _pin(deck, slide)


def _theme(theme: ThemeSlide) -> str:
    question = f'<p class="question" dir="auto">{_text(theme.question)}</p>' if clean(theme.question) else ""
    parts = [
        ("What these data can answer", _items(theme.can)),
        ("What they cannot", _items(theme.cannot)),
        ("Why", _items(theme.reasons)),
        ("Ethics", _paragraphs([Paragraph(clean(theme.ethics))] if clean(theme.ethics) else [])),
        ("Notes", _paragraphs(paragraphs(theme.words))),
    ]
    said = "".join(f"<h3>{heading}</h3>{inside}" for heading, inside in parts if inside)
    return f'{question}<div class="columns"><div>{said}</div>{_score(theme) if theme.assessed else ""}</div>'


def _score(theme: ThemeSlide) -> str:
    score = "Not scored" if theme.score is None else f"{round(theme.score)} of 100"
    tiles = [("Score", score), ("Net present value", theme.npv), ("Benefit-cost ratio", theme.bcr)]
    shown = "".join(
        f"<div><dt>{name}</dt><dd>{_text(value)}</dd></div>" for name, value in tiles if value and clean(value)
    )
    sure = "".join(f'<p class="sure" dir="auto">{_text(each)}</p>' for each in (theme.rank, theme.value_words) if each)
    gate = f'<p class="gate" dir="auto">{_text(gate_words(theme.gate))}</p>' if clean(theme.gate) else ""
    return f'<div class="panel"><dl class="tiles">{shown}</dl>{sure}{_bars(theme.contributions)}{gate}</div>'


def _bars(contributions: Sequence[Contribution]) -> str:
    """The table of contributions, in which a bar is the weight of a criterion and its dark part the points reached."""
    if not contributions:
        return ""
    most = max(100 * each.weight for each in contributions) or 1.0
    rows = "".join(
        f'<tr><th scope="row" dir="auto">{_text(each.criterion)}</th><td class="bar">{_bar(each, most)}</td>'
        f"<td>{points(each.points)}</td><td>{points(100 * each.weight)}</td></tr>"
        for each in contributions
    )
    return (
        '<table><caption>What the score is made of</caption><thead><tr><th scope="col">Criterion</th><td></td>'
        f'<th scope="col">Points</th><th scope="col">of</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _bar(each: Contribution, most: float) -> str:
    whole, reached = 100 * 100 * each.weight / most, 100 * each.points / most
    return (
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="left" width="{whole:.2f}" height="10"/>'
        f'<rect class="reached" width="{min(reached, whole):.2f}" height="10"/></svg>'
    )


def _pin(deck: Deck, pin: PinSlide) -> str:
    told = [
        *((f'<p class="{kind}" dir="auto">{_text(words)}</p>') for kind, words in _said(pin) if clean(words)),
        _paragraphs(paragraphs(pin.words)),
    ]
    if pin.picture is None:
        return f'<div class="words">{"".join(told)}</div>{_about(deck, pin)}'
    width, height = picture_size(pin.picture, pin.headline)
    carried = base64.b64encode(pin.picture).decode()
    full = ' class="full"' if len(pin.caption) + len(pin.words) > _FULL else ""
    return (
        f'<figure class="pin"><img alt="{_text(description(pin))}" width="{width}" height="{height}" '
        f'src="data:{media_type(pin.picture)};base64,{carried}">'
        f"<figcaption{full}>{''.join(told)}</figcaption></figure>{_about(deck, pin)}"
    )


def _said(pin: PinSlide) -> list[tuple[str, str]]:
    return [
        ("figure", pin.figure),
        ("caption", pin.caption),
        ("precision", pin.precision),
        ("changed", pin.changed),
    ]


def _about(deck: Deck, pin: PinSlide) -> str:
    """Source, release and link; what stands above already is not said again."""
    link = web_address(pin.link)
    told = [(name, words) for name, words in about_pin(deck, pin) if name in ("Source", "Release", "View", "Data")]
    rows = "".join(
        f'<dt>{name}</dt><dd dir="auto">'
        + (f'<a href="{_text(link)}" rel="noreferrer">{_text(link)}</a>' if name == "View" and link else _text(words))
        + "</dd>"
        for name, words in told
    )
    return f'<dl class="about">{rows}</dl>'


def _words(told: Sequence[Paragraph]) -> str:
    return f'<div class="words">{_paragraphs(told)}</div>'


def _items(sentences: Iterable[str]) -> str:
    return _paragraphs([Paragraph(clean(each), bullet=True) for each in sentences if clean(each)])


def _paragraphs(told: Sequence[Paragraph]) -> str:
    """Headings, paragraphs and lists: items that follow each other are one list."""
    parts = []
    for bullet, group in groupby(told, key=lambda each: each.bullet):
        if bullet:
            parts.append("<ul>" + "".join(f'<li dir="auto">{_text(each.text)}</li>' for each in group) + "</ul>")
            continue
        for each in group:
            tag = "h3" if each.heading else "p"
            parts.append(f'<{tag} dir="auto">{_text(each.text)}</{tag}>')
    return "".join(parts)
