"""The page of an incident to hand over: one sheet of A4 as HTML that stands by itself, and prints as a good PDF."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from urllib.parse import urlsplit

import numpy as np

from cellcount.methods import incident, recovery
from cellcount.methods.recovery import Exposure
from cellcount.standalone import standalone_page
from cellcount.ui.frame import NAME, STEWARD, SYNTHETIC
from cellcount.ui.ground import Name, Outlines
from cellcount.ui.incident_answer import Answer, Zone
from cellcount.ui.incident_figures import departs, headline, hour_words, limits, people, signed, untold, unusual, when
from cellcount.ui.incident_known import Marked, hour_told, is_compared, marked
from cellcount.ui.incident_paper import PALETTE, STYLE
from cellcount.ui.incident_paper_map import map_described, paper_map
from cellcount.ui.incident_tables import reach
from cellcount.ui.incident_timeline import timeline
from cellcount.ui.words import NOT_KNOWN, count, listed, number
from cellcount.zones.naming import plain_name

MOST_ZONES = 5
"""So many zones, and their sum, fit on one sheet."""
LINK_SCHEMES = ("https", "http")
"""What a link may begin with to be one; anything else is shown as text."""
WITHHELD = "withheld"
MILLION = " million"


def handover_html(
    answer: Answer,
    *,
    title: str,
    where: str,
    release_facts: Mapping[str, object],
    map_png: bytes | None,
    link: str,
    now: datetime,
    movement: Sequence[tuple[str, str]] = (),
    notes: Sequence[str] = (),
    ground: Outlines | None = None,
    names: Sequence[Name] = (),
) -> bytes:
    """What happened on one sheet: headline, map, timeline, zones, cautions, method, baseline, release and link.

    Parameters
    ----------
    answer : Answer
        The answer.
    title : str
        What the incident is called.
    where : str
        The place, in words.
    release_facts : mapping
        `evidence.facts` of the release, and `steward_only`.
    map_png : bytes or None
        A picture of the map. Without one the page draws its own, whose letters are made for this size.
    link : str
        Reopens the view.
    now : datetime
        When the sheet is made, UTC.
    movement : sequence of (str, str), optional
        Where people went: what, and how many in words. Of the whole authority, as its words must say.
    notes : sequence of str, optional
        More sentences on the data.
    ground, names : optional
        Land, outlines and names of places for the page's own map.

    Returns
    -------
    bytes
        HTML, UTF-8: no script, no request, nothing that a name could make run. On paper one sheet of A4 for up to
        `MOST_ZONES` zones.
    """
    title, where = plain_name(title) or "Incident", plain_name(where)
    hour = hour_told(answer)
    said = marked(answer)
    picture = _picture(answer, hour, map_png, ground, names)
    body = "".join(
        [
            f'<header><div class="over"><span>{NAME}: incident hand-over</span>'
            f"<span>Made {_date(now)} UTC</span></div>",
            f"<h1>{_text(title)}</h1>",
            f'<p class="where">{_text(where)}{" · " if where else ""}{when(answer)}, local time '
            f"({_text(release_facts['time_zone'])})</p></header>",
            _warnings(release_facts),
            f'<p class="lead">{" ".join(_text(each) for each in headline(answer))}</p>',
            _tiles(answer, hour),
            f'<div class="pair">{picture}<div>{_timeline(answer)}{_cautions(answer, said)}</div></div>',
            _zones(answer, hour, said),
            _movement(movement),
            f'<div class="fine"><h2>Method</h2>{_paragraphs(method(answer))}{_compared(answer)}',
            f"<h2>About these data</h2>{_about(release_facts, [*answer.place.zones.notes, *notes])}</div>",
            f"<footer><b>Release</b> {_text(release_facts['release_id'])} · <b>View</b> {_link(link)}</footer>",
        ]
    )
    return standalone_page(f"{title}: incident hand-over", body, style=STYLE).encode("utf-8")


def method(answer: Answer) -> tuple[str, ...]:
    """How the figures were made, in five sentences or so.

    Parameters
    ----------
    answer : Answer
        The answer.
    """
    day, night = (
        f"{min(each):02d}:00 to {max(each) + 1:02d}:00" for each in (recovery.DAY_HOURS, recovery.NIGHT_HOURS)
    )
    return (
        "Usual: the median of the same hour on comparable days, the nearest of the same weekday without bank holidays, "
        "outages here and other incidents that were named. A zone is the sum of its cells.",
        "Interval of a difference (95 %, Student's t): chance, rounding, variation from day to day, and the doubt of "
        "the usual level, the share of people observed, placement, cut cells and withheld ones.",
        "How unusual: z is the difference over what it would vary by if nothing had happened. Below "
        f"{incident.Z_USUAL:g} is usual variation, {incident.Z_FAR:g} and beyond far from usual; false discoveries are "
        f"controlled at {100 * incident.RATE:g} % over all zones and hours of the incident, so that an hour a little "
        "beyond may be called usual. People-hours: the difference added up over the hours.",
        f"Map: of the cells called in an hour at most {100 * answer.rate:g} % are expected to be so by chance "
        "(Benjamini and Hochberg 1995). "
        f"As usual again: the first of {recovery.HOURS_IN_A_ROW} hours in a row within usual variation.",
        f"Exposure: usual weekdays {day}, and usual nights {night}. {answer.place.said()}",
    )


def _text(value: object) -> str:
    """Text that is text in HTML, in an element and in an attribute, whatever it holds."""
    return html.escape("" if value is None else str(value), quote=True)


def _date(on: datetime) -> str:
    return f"{on.day} {on:%B %Y}, {on:%H:%M}"


def _warnings(facts: Mapping[str, object]) -> str:
    told = [("note steward", STEWARD)] if facts["steward_only"] else []
    told += [("note", SYNTHETIC)] if facts["synthetic"] else []
    return "".join(f'<p class="{kind}" role="note"><b>{words[0]}</b> {words[1]}</p>' for kind, words in told)


def _per_cent(value: float) -> str:
    if not np.isfinite(value):
        return NOT_KNOWN
    whole = abs(round(value))
    return f"{'' if not whole else '−' if value < 0 else '+'}{whole:,} %"


def _per_cents(low: float, high: float) -> str:
    return f"{_per_cent(low).removesuffix(' %')} to {_per_cent(high)}"


def _tiles(answer: Answer, hour: int) -> str:
    """The figures of all zones together, large."""
    zone = answer.zones[0]
    found = zone.difference
    moment = answer.moments[hour]
    at = f"{moment:%H:%M}, {moment:%a} {moment.day} {moment:%b}"
    several = len(answer.zones) > 1
    whose = f"All zones, {at}" if several else f"People at {at}"
    exposed = [(f"Usual by {part}", *_exposed(of)) for part, of in (("day", zone.day), ("night", zone.night))]
    if not is_compared(answer):
        tiles = [(whose, _figure(found.people[hour]), "the fullest hour of the incident"), *exposed]
        return _drawn(tiles)
    error, usual = float(found.error[hour]), "people usual" if several else "usual"
    tiles = [
        (whose, _figure(found.people[hour], error), f"{_figure(found.usual[hour], error)} {usual}"),
        (
            "Difference",
            _signed(found.excess[hour], error),
            f"95 %: {_limits(found.low[hour], found.high[hour], error)}",
        ),
        (
            "Change",
            _per_cent(found.percent[hour]),
            f"95 %: {_per_cents(found.percent_low[hour], found.percent_high[hour])}",
        ),
        (
            f"People-hours, {count(zone.total.hours, 'hour')}",
            signed(zone.total.person_hours, zone.total.error),
            f"95 %: {limits(zone.total.low, zone.total.high, zone.total.error)}",
        ),
        ("As usual again", *_recovered(answer, zone)),
    ]
    return _drawn(tiles)


def _drawn(tiles: Iterable[tuple[str, str, str]]) -> str:
    return (
        '<dl class="tiles">'
        + "".join(f"<div><dt>{_text(a)}</dt><dd>{_text(b)}</dd><dd>{_text(c)}</dd></div>" for a, b, c in tiles)
        + "</dl>"
    )


def _figure(value: float, error: float | None = None) -> str:
    return people(float(value), error) if np.isfinite(value) else WITHHELD


def _signed(value: float, error: float) -> str:
    return signed(float(value), error)


def _limits(low: float, high: float, error: float) -> str:
    return limits(float(low), float(high), error) if np.isfinite(low) else NOT_KNOWN


def _exposed(found: Exposure) -> tuple[str, str]:
    if not found.hours:
        return NOT_KNOWN, ""
    low, high = reach(found)
    least, most = number(low, found.error), number(high, found.error)
    if most.endswith(MILLION):
        # Said once, so that both fit in a line.
        decimals = len(most.removesuffix(MILLION).partition(".")[2])
        least = f"{low / 1e6:.{decimals}f}"
    return number(found.mean, found.error), f"{least} to {most}"


def _recovered(answer: Answer, zone: Zone) -> tuple[str, str]:
    back = zone.recovery
    if not is_compared(answer):
        return NOT_KNOWN, ""
    if untold(answer, zone):
        return "Cannot be told", ""
    if not departs(zone):
        return "No departure", ""
    if back.hour is None:
        return "Not yet seen", f"{count(back.hours or 0, 'hour')} looked at"
    if not back.hours:
        return "At once", "after the end"
    moment = answer.moments[back.hour]
    return f"After {back.hours} h", f"{moment:%H:%M}, {moment:%a} {moment.day}"


def _picture(answer: Answer, hour: int, map_png: bytes | None, ground: Outlines | None, names: Sequence[Name]) -> str:
    said = _text(map_described(answer, hour))
    at = _text(hour_words(answer.moments[hour]))
    if map_png is None:
        drawn = paper_map(answer, hour, PALETTE, ground, names)
    else:
        carried = base64.b64encode(map_png).decode()
        drawn = f'<img alt="Map, {at}. {said}" src="data:image/png;base64,{carried}">'
    return f"<figure><h2>Where: {at}</h2>{drawn}<figcaption>{said} Lines: the zones.</figcaption></figure>"


def _timeline(answer: Answer) -> str:
    zone = answer.zones[0]
    drawn = timeline(answer, zone, PALETTE)
    return f"<figure><h2>When: people by hour, {_text(zone.name)}</h2>{drawn}</figure>"


def _cautions(answer: Answer, said: Sequence[Marked]) -> str:
    """All that must be said, each with the zones of which it is said, unless it is of all."""
    if not said:
        return ""
    rows = []
    for each in said:
        of = f"<b>{_text(listed(list(each.zones)))}:</b> " if len(each.zones) < len(answer.zones) else ""
        as_well = f" Also {listed([f'{name} ({much})' for name, much in each.others])}." if each.others else ""
        rows.append(f"<li><sup>{each.mark}</sup> {of}{_text(each.sentence + as_well)}</li>")
    return f'<section><h2>Caution</h2><ul class="cautions">{"".join(rows)}</ul></section>'


def _zones(answer: Answer, hour: int, said: Sequence[Marked]) -> str:
    """The table of zones; without a usual level it has no columns of what differs from it."""
    compared = is_compared(answer)
    heads = [each for each in _HEADS if compared or each not in _COMPARED]
    cells = "".join(f'<th scope="col"{_words(each)}>{each}</th>' for each in heads)
    rows = "".join(_row(answer, zone, hour, said, heads) for zone in answer.zones)
    at = hour_words(answer.moments[hour])
    return (
        f"<table><caption>Zones at {_text(at)} "
        "<small>Below a figure its 95 % interval, or its hour; rounded one by one</small></caption>"
        f"<thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table>"
    )


_ZONE, _KM2, _PEOPLE, _USUAL, _DIFFERENCE, _CHANGE = "Zone", "km²", "People", "Usual", "Difference", "Change"
_UNUSUAL, _MOST, _AGAIN = "How unusual", "Most at once", "As usual again"
_DAY, _NIGHT = "Usual by day", "Usual by night"
_HEADS = (_ZONE, _KM2, _PEOPLE, _USUAL, _DIFFERENCE, _CHANGE, _UNUSUAL, _MOST, _AGAIN, _DAY, _NIGHT)
_COMPARED = (_DIFFERENCE, _CHANGE, _UNUSUAL, _AGAIN)
_UNBROKEN = (_PEOPLE, _USUAL, _MOST, _DAY, _NIGHT)
_TENTH = 0.1
"""To which z is written."""


def _words(head: str) -> str:
    """How a column is set: words, or figures that are not broken; others are where the sheet is full."""
    if head in _UNBROKEN:
        return ' class="unbroken"'
    return ' class="words"' if head == _UNUSUAL else ""


def _row(answer: Answer, zone: Zone, hour: int, said: Sequence[Marked], heads: Sequence[str]) -> str:
    found = zone.difference
    error, z = float(found.error[hour]), float(found.z[hour])
    told, at_edge = bool(np.isfinite(found.excess[hour])), bool(zone.found.at_edge[hour])
    peak = zone.peak
    moment = None if peak is None else answer.moments[peak.hour]
    columns = {
        _KM2: (f"{zone.km2:.1f}" if zone.km2 >= 1 else number(zone.km2, _HUNDREDTH), ""),
        _PEOPLE: (_figure(found.people[hour], error), ""),
        _USUAL: (people(float(found.usual[hour]), error) if told else NOT_KNOWN, ""),
        _DIFFERENCE: (
            _signed(found.excess[hour], error),
            _limits(found.low[hour], found.high[hour], error) if told else "",
        ),
        _CHANGE: (
            _per_cent(found.percent[hour]),
            _per_cents(found.percent_low[hour], found.percent_high[hour]) if np.isfinite(found.percent[hour]) else "",
        ),
        _UNUSUAL: (f"{unusual(zone, hour)}{f', z {signed(z, _TENTH)}' if told and not at_edge else ''}", ""),
        _MOST: (
            NOT_KNOWN if peak is None else number(peak.people, peak.error),
            "" if moment is None else f"{moment:%H:%M}, {moment:%a} {moment.day}",
        ),
        _AGAIN: _recovered(answer, zone),
        _DAY: _exposed(zone.day),
        _NIGHT: _exposed(zone.night),
    }
    cells = "".join(
        f"<td{_words(head)}>{columns[head][0]}{_marks(said, zone, head)}"
        f"{f'<small>{columns[head][1]}</small>' if columns[head][1] else ''}</td>"
        for head in heads[1:]
    )
    return f'<tr><th scope="row">{_text(zone.name)}</th>{cells}</tr>'


_HUNDREDTH = 0.01
"""km2 to which areas below one are written."""
_FIGURES = {_PEOPLE: "people", _USUAL: "usual", _DIFFERENCE: "excess", _AGAIN: "recovery"}


def _marks(said: Sequence[Marked], zone: Zone, head: str) -> str:
    """The letters of the cautions that touch a figure of a zone."""
    marks = ", ".join(each.mark for each in said if each.figure == _FIGURES.get(head) and each.holds(zone.name))
    return f"<sup>{marks}</sup>" if marks else ""


def _paragraphs(sentences: Iterable[str]) -> str:
    return "".join(f"<p>{_text(each)}</p>" for each in sentences if each)


def _short(on: date) -> str:
    return f"{on.day} {on:%b}"


def _compared(answer: Answer) -> str:
    """Each date with the days that it is compared with and those that are left out, with the reason."""
    said = []
    for each in answer.baseline:
        days = listed([_short(day) for day in each.days]) or "no day"
        out = "; ".join(f"{_short(left.day)} ({left.reason})" for left in each.left_out)
        with_days = f"{each.day:%a} {_short(each.day)} with {days}{f'. Left out: {out}' if out else ''}."
        said.append(f"{with_days} {each.sentence}" if each.days and each.sentence else with_days)
    return f"<h2>Compared with</h2>{_paragraphs(said)}"


def _movement(movement: Sequence[tuple[str, str]]) -> str:
    if not movement:
        return ""
    rows = "".join(f"<div><dt>{_text(what)}</dt><dd>{_text(many)}</dd></div>" for what, many in movement)
    return f'<section class="moved"><h2>Where people went</h2><dl>{rows}</dl></section>'


def _about(facts: Mapping[str, object], notes: Sequence[str]) -> str:
    caveats = facts["caveats"]
    said = [
        str(facts["measure"]),
        f"Disclosure: {facts['disclosure_rule']}",
        " ".join(str(each) for each in [*(caveats if isinstance(caveats, list | tuple) else []), *notes]),
        " ".join(
            f"{words}{str(facts[name]).rstrip('.')}."
            for name, words in (("dc:source", "Source: "), ("dc:license", "Licence: "), ("dc:rights", ""))
            if facts[name]
        ),
    ]
    return _paragraphs(said)


def _link(link: str) -> str:
    if not link:
        return "none"
    # Only an address of the web is one that a reader may be led to.
    if urlsplit(link).scheme in LINK_SCHEMES:
        return f'<a href="{_text(link)}" rel="noreferrer">{_text(link)}</a>'
    return _text(link)
