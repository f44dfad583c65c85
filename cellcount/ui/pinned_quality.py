"""What a part of the data quality page states: its key figure. No Streamlit here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cellcount import standard
from cellcount.methods.precision import label
from cellcount.record.items import Figure
from cellcount.ui import protection, quality_reading
from cellcount.ui.checks import DISAGREEMENT, LEFT_OUT, NIGHT, SUPPRESSED_SHARE, Checks
from cellcount.ui.hour import CELL_KM2
from cellcount.ui.pinned import SHARE, Inputs, NotTheSameError, Stated, amount, place
from cellcount.ui.reading import Release
from cellcount.ui.words import count, lowered, percent

KIND = "quality"
MEASURED = "A measure of quality: it has no interval of its own."
TOLD = "A statement about the release, and no estimate."


def inputs_of(part: str) -> dict[str, Any]:
    """What a view is worked out from: the part of the page."""
    return {"part": part}


def stated(release: Release, inputs: Inputs) -> Stated:
    """What a part of the data quality page states in a release.

    Parameters
    ----------
    release : Release
        The release.
    inputs : mapping
        As `inputs_of` wrote them.

    Raises
    ------
    NotTheSameError
        Where the release tells nothing of it.
    """
    return _PARTS[inputs["part"]](_Asked(release, quality_reading.measured(release), inputs))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a part is asked of."""

    release: Release
    checks: Checks
    inputs: Inputs

    def share(self, value: float, words: str) -> Figure:
        return amount(KIND, self.inputs, value, None, unit=SHARE, label=words, by=100)


def _ends(checks: Checks, known: pd.Series) -> str:
    """The least and the most of a measure with their areas, as a sentence ends."""
    if len(known) < 2 or known.min() == known.max():
        return ""
    least, most = (checks.names.get(str(code), str(code)) for code in (known.idxmin(), known.idxmax()))
    return f": from {percent(float(known.min()))} in {least} to {percent(float(known.max()))} in {most}"


def _coverage(asked: _Asked) -> Stated:
    if not len(asked.checks.observed):
        raise NotTheSameError("This release was not made from operators' deliveries, so no share is observed.")
    whole = float(asked.checks.observed.get(asked.checks.root.code, asked.checks.observed.median()))
    inside = (
        asked.checks.observed.drop(asked.checks.root.code, errors="ignore")
        if asked.checks.within
        else asked.checks.observed[:0]
    )
    said = f"All operators together observe {percent(whole)} of the people in {place(asked.checks.root.name)}"
    return Stated(f"{said}{_ends(asked.checks, inside)}.", asked.share(whole, "People observed"), MEASURED)


def _withheld(asked: _Asked) -> Stated:
    finest = max(asked.checks.resolutions, default=None)
    if finest is None:
        raise NotTheSameError("This release does not tell how much is withheld.")
    metric = f"{SUPPRESSED_SHARE}{finest}"
    value = asked.checks.of_whole(metric)
    said = f"{percent(value)} of the hours of cells of {CELL_KM2[finest]} have no figure"
    ends = _ends(asked.checks, asked.checks.by_area(metric))
    return Stated(f"{said}{ends}.", asked.share(value, f"Withheld, cells of {CELL_KM2[finest]}"), MEASURED)


def _precision(asked: _Asked) -> Stated:
    if not asked.checks.cells or not math.isfinite(asked.checks.cells[0].median):
        raise NotTheSameError("This release does not tell how precise its figures of cells are.")
    finest = asked.checks.cells[0]
    km2 = CELL_KM2[finest.resolution]
    said = (
        f"The median cell of {km2} has a standard error of {percent(finest.median)} ({label(1.0, finest.median)}), "
        f"{asked.checks.hour}."
    )
    return Stated(said, asked.share(finest.median, f"Standard error of the median cell of {km2}"), MEASURED)


def _operators(asked: _Asked) -> Stated:
    found = asked.checks.by_area(DISAGREEMENT)
    if not len(found):
        raise NotTheSameError("This release was not made from operators' deliveries, so there are none to compare.")
    middle = float(found.median())
    said = f"What operators alone lead to differs by {percent(middle)} in the median area{_ends(asked.checks, found)}."
    return Stated(said, asked.share(middle, "Disagreement between operators, median area"), MEASURED)


def _outages(asked: _Asked) -> Stated:
    number_of = len(asked.checks.outages)
    figure = amount(KIND, asked.inputs, number_of, None, unit="outages", label="Outages recorded")
    verb = "is" if number_of == 1 else "are"
    return Stated(f"{_begun(count(number_of, 'outage'))} {verb} recorded for this release.", figure, TOLD)


def _agreement(asked: _Asked) -> Stated:
    for metric, words, middle in (
        (LEFT_OUT, "the error of an area with its residents left out of the calibration", 0.0),
        (NIGHT, "the difference of people at night from an area's residents", 1.0),
    ):
        found = asked.checks.by_area(metric) - middle
        if len(found):
            worst = str(found.abs().idxmax())
            value = float(found[worst])
            sign = "+" if value > 0 else "−"
            said = f"At worst, {words} is {sign}{percent(abs(value))}, in {asked.checks.names.get(worst, worst)}."
            return Stated(said, asked.share(value, f"At worst, {words}"), MEASURED)
    raise NotTheSameError("This release has no official figures to compare with.")


def _protection(asked: _Asked) -> Stated:
    steps = protection.steps(asked.release.manifest)
    said = steps[0].words if steps else asked.release.manifest.disclosure_rule
    return Stated(f"How people are protected: {lowered(said)}"[:500], None, TOLD)


def _standard(asked: _Asked) -> Stated:  # noqa: ARG001 - as every part
    tables = count(len(standard.delivery_tables()), "table")
    version = standard.standard_version()
    return Stated(f"Operators deliver by version {version} of the standard, in {tables}.", None, TOLD)


def _release(asked: _Asked) -> Stated:
    manifest = asked.release.manifest
    if manifest.deliveries:
        made = f"made from {count(len(manifest.deliveries), 'delivery', 'deliveries')}"
    else:
        made = "imported from published figures"
    return Stated(f"Release {manifest.release_id} was {made}: {manifest.title}."[:500], None, TOLD)


def _begun(words: str) -> str:
    return words[:1].upper() + words[1:]


_PARTS: Mapping[str, Callable[[_Asked], Stated]] = {
    "Coverage": _coverage,
    "Withheld": _withheld,
    "Precision": _precision,
    "Operators": _operators,
    "Outages": _outages,
    "Agreement": _agreement,
    "Protection": _protection,
    "Standard": _standard,
    "Release": _release,
}
"""By the parts of the page: `quality.PARTS`."""
