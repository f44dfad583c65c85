"""What stood on the page when a shortlist was fixed, and what has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellcount.record import Shortlist
from cellcount.ui.scoring import GATE, Standing, ThemeStanding
from cellcount.ui.shortlist_desk import Desk, title_of
from cellcount.ui.valuing import valued

NOTICEABLE = 0.5
"""Points from which on a value has changed: it is shown without decimals."""


@dataclass(frozen=True, slots=True)
class Stood:
    """How a theme stood when a shortlist was fixed; None where that is not known."""

    value: float | None
    place: int | None
    gate: str | None


def snapshot_of(desk: Desk) -> dict[str, Any]:
    """Weights, scores, gates, result and value as they stand, as JSON.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    """
    standing = desk.standing
    panel = standing.panel
    shares = None if standing.assessment is None else standing.assessment.weights.tolist()
    return {
        "release_id": desk.release.manifest.release_id,
        "synthetic": desk.release.manifest.synthetic,
        "scorers": list(standing.scorers),
        "weights": {}
        if shares is None
        else {each.id: share for each, share in zip(panel.criteria, shares, strict=True)},
        "swing_points": {
            name: dict(zip([c.id for c in panel.criteria], of, strict=True)) for name, of in panel.swings.items()
        },
        "themes": {each.theme_id: _of_theme(desk, each) for each in standing.themes},
    }


def _of_theme(desk: Desk, each: ThemeStanding) -> dict[str, Any]:
    panel, value = desk.standing.panel, valued(desk.record, each.theme_id)
    return {
        "title": each.title,
        "place": each.place,
        "value": each.value,
        "rank": each.rank_words,
        "gate": each.gate,
        "gate_words": each.gate_words,
        "missing": list(each.missing),
        "scores": {
            criterion.id: {"value": found.value, "from": found.origin, "why": found.why}
            for criterion in panel.criteria
            for found in [panel.scores[each.theme_id, criterion.id]]
        },
        "contributions": {title: points for title, points, _ in each.contributions},
        "net_present_value": value.npv if value else None,
        "benefit_cost_ratio": value.bcr if value else None,
        "value_words": value.words if value else None,
    }


def stood(shortlist: Shortlist, theme_id: str) -> Stood | None:
    """How a theme stood when a shortlist was fixed; None where the snapshot does not have the theme.

    Parameters
    ----------
    shortlist : Shortlist
        Of any record: its snapshot may come from a file that somebody else made, and be any JSON.
    theme_id : str
        The theme.
    """
    themes = shortlist.snapshot.get("themes")
    was = themes.get(theme_id) if isinstance(themes, Mapping) else None
    if not isinstance(was, Mapping):
        return None
    value, place, gate = was.get("value"), was.get("place"), was.get("gate")
    return Stood(
        value=value if isinstance(value, int | float) else None,
        place=place if isinstance(place, int) else None,
        gate=gate if isinstance(gate, str) else None,
    )


def since(shortlist: Shortlist, standing: Standing, release_id: str) -> list[str]:
    """What has changed since a shortlist was fixed, a sentence each.

    Parameters
    ----------
    shortlist : Shortlist
        As it was decided.
    standing : Standing
        How themes stand now.
    release_id : str
        The release that is served now.
    """
    said = []
    if shortlist.release_id != release_id:
        said.append(f"It was decided on release {shortlist.release_id}; now {release_id} is served.")
    now = {each.theme_id: each for each in standing.themes}
    chosen = {each.theme_id for each in shortlist.themes}
    for theme_id in (*chosen, *(each for each in now if each not in chosen)):
        was = stood(shortlist, theme_id)
        if was is not None and theme_id in now:
            words = _changed(was, now[theme_id])
            if words:
                said.append(f"{now[theme_id].title}: {words}.")
        elif theme_id in chosen:
            why = "how it stood then is not known" if theme_id in now else "it is no longer in the register"
            said.append(f"{title_of(theme_id)}: {why}.")
    return said


def _changed(was: Stood, now: ThemeStanding) -> str:
    parts = []
    if _apart(was.value, now.value):
        parts.append(f"value {_points(was.value)}, now {_points(now.value)}")
    if was.place != now.place:
        parts.append(f"place {_place(was.place)}, now {_place(now.place)}")
    if was.gate != now.gate:
        parts.append(f"ethics gate {_gate(was.gate)}, now {_gate(now.gate)}")
    return "; ".join(parts)


def _apart(was: float | None, now: float | None) -> bool:
    if was is None or now is None:
        return was is not now
    return abs(was - now) >= NOTICEABLE


def _points(value: float | None) -> str:
    return "none" if value is None else f"{value:.0f}"


def _place(place: int | None) -> str:
    return "none" if place is None else str(place)


def _gate(state: object) -> str:
    return next((words.lower() for each, words in GATE.items() if each == state), "not known")
