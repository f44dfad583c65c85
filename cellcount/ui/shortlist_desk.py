"""What the parts of the shortlist page share: who works on it, on what, and what each kept item says in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from cellcount import themes
from cellcount.criteria import Criterion
from cellcount.record import Appraisal, CostLine, Gate, Overrule, Record, Score, Weight
from cellcount.record.items import Item, Order
from cellcount.themes import Theme
from cellcount.ui import controls, frame
from cellcount.ui.reading import Release
from cellcount.ui.scoring import GATE, Standing
from cellcount.ui.valuing import how_words
from cellcount.ui.words import plain

WHERE = "shortlist-"
"""What the names of the parts of the page begin with, where something could not be saved."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A shortlist that is worked on.

    Attributes
    ----------
    release : Release
        The release that is served.
    record : Record
        What people keep.
    standing : Standing
        How all themes stand.
    by : str
        Who works on it, as typed; empty where nobody has typed a name.
    """

    release: Release
    record: Record
    standing: Standing
    by: str

    @property
    def zone(self) -> str:
        """IANA time zone that times are told in."""
        return self.release.manifest.time_zone

    @property
    def themes(self) -> tuple[Theme, ...]:
        """In the order of the register."""
        return self.standing.panel.themes

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """In the order in which they are asked."""
        return self.standing.panel.criteria

    def marked(self, table: pd.DataFrame) -> pd.DataFrame:
        """A table as it is taken away: with the columns of `evidence.RELEASE_COLUMNS`."""
        manifest = self.release.manifest
        return table.assign(release_id=manifest.release_id, synthetic=manifest.synthetic)

    def file_name(self, name: str, ending: str) -> str:
        """Name of a file that is taken away: it says where people are made up."""
        return f"{'synthetic-' if self.release.manifest.synthetic else ''}{name}.{ending}"


def choose_theme(known: tuple[Theme, ...]) -> Theme:
    """Draw the choice of a theme, in the URL.

    Parameters
    ----------
    known : tuple of Theme
        In the order of the list.
    """
    titles = {each.id: each.title for each in known}
    chosen = controls.choose_one("theme", "Theme", titles, known[0].id, widget="list", width=330)
    return next(each for each in known if each.id == chosen)


def point_to(part: str, words: str) -> None:
    """Say what is to be done first, with the way to that part of this page.

    Parameters
    ----------
    part : str
        Name of the part.
    words : str
        What is missing.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(plain(words), icon=":material/arrow_forward:")
        page = frame.PAGES["shortlist"]
        st.page_link(page.file, label=f"To {part}", icon=page.icon, query_params={**controls.kept(), "part": part})


def told(item: Item | Order) -> Mapping[str, str]:
    """What an item of this page says, by the name of the field.

    Parameters
    ----------
    item : Item or Order
        What was to be saved, or what is kept.
    """
    for kind, words in _WORDS.items():
        if isinstance(item, kind):
            return words(item)
    return {}


def title_of(theme_id: str) -> str:
    """What a theme is called; its id where the register no longer has it."""
    return next((each.title for each in themes.register().themes if each.id == theme_id), theme_id)


def _score(item: Score) -> dict[str, str]:
    value = "not scored" if item.value is None else f"{item.value:g}"
    return {"Theme": title_of(item.theme_id), "Scorer": item.scorer, "Score": value, "Reason": item.reason}


def _weight(item: Weight) -> dict[str, str]:
    return {"Scorer": item.scorer, "Criterion": item.criterion_id, "Points": f"{item.swing:g}"}


def _overrule(item: Overrule) -> dict[str, str]:
    return {"Theme": title_of(item.theme_id), "Score in its place": f"{item.value:g}", "Reason": item.reason}


def _gate(item: Gate) -> dict[str, str]:
    return {"Theme": title_of(item.theme_id), "Goes forward": GATE[item.passed], "Reason": item.reason}


def _line(item: CostLine) -> dict[str, str]:
    amounts = ", ".join("?" if each is None else f"£{each:,.0f}" for each in item.amounts)
    return {
        "What": item.label,
        "Option": item.option,
        "Kind": f"{item.kind}, {item.category}",
        "Amounts": amounts,
        "Range": f"−{item.low_percent:g} % to +{item.high_percent:g} %",
        "Source": item.source,
        "Example": "yes" if item.is_example else "no",
    }


def _appraisal(item: Appraisal) -> dict[str, str]:
    return {"Costs and benefits of": title_of(item.theme_id), "Added up": how_words(item)}


_WORDS: Mapping[type[Item], Callable[[Any], Mapping[str, str]]] = {
    Score: _score,
    Weight: _weight,
    Overrule: _overrule,
    Gate: _gate,
    CostLine: _line,
    Appraisal: _appraisal,
}
