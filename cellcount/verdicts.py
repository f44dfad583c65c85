"""Which applications of the brief's Appendix 3 a release serves: the register's verdicts, checked against its facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cellcount import themes
from cellcount.standard import release_tables
from cellcount.themes import Application, Need

Checked = Literal["served", "ready", "operator", "covariate", "lacking", "out"]

CHECKED: dict[Checked, str] = {
    "served": "Served now",
    "ready": "Held but on no page",
    "operator": "Only if derived inside the operator",
    "covariate": "As a covariate only",
    "lacking": "Not with this release",
    "out": "Out of scope",
}
"""Verdicts on a release, in words, the best first."""
TYPICAL: Mapping[str, str] = {"present": "typical_day", "area_hour": "typical_area"}
"""What a release that has typical days and no dates has in the place of a table."""
WHOLE_MONTH = 14
"""Dates from which on a month counts as covered: each day of the week twice, so that its usual days can be told."""
_NAMES: Mapping[str, str] = {
    "flows_day": "trips between areas by date",
    "flows_day/home_work": "trips from usual home to usual work by date",
    "flows_month": "trips between areas by month",
    "flows_month/home_work": "trips from usual home to usual work by month",
    "home_presence": "people by area and usual home",
    "present_history": "people by cell over all dates",
    "typical_area": "typical days by area",
    "typical_day": "typical days by cell",
    "usual_environment/days_per_week": "days a week at the usual place of work",
    "usual_environment/home": "usual homes by cell",
    "usual_environment/work": "usual places of work by cell",
}
"""What tables, and parts of them, are called in the middle of a sentence, where their title does not say it."""
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What a release holds of a table, or of a part of it.

    Attributes
    ----------
    dates : int
        Dates that it has; 0 where it is not by date.
    months : int
        Months that it covers: of dates, those with `WHOLE_MONTH` of them.
    resolutions : tuple of int
        H3 resolutions of its cells that cover the whole of the release, ascending; empty where it has none.
    withheld : float or None
        Share of its figures that are withheld, 0 to 1; None where not known.
    error : float or None
        Median of standard error over figure, of figures above 0; None where the release does not tell it.
    of : str
        Which part of it `withheld` and `error` were taken from, in words; empty where from all of it.
    """

    dates: int = 0
    months: int = 0
    resolutions: tuple[int, ...] = ()
    withheld: float | None = None
    error: float | None = None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a release holds, as far as verdicts and criteria go by it.

    Attributes
    ----------
    tables : mapping of str to TableFacts
        By table, and by table and part (`flows_month/home_work`); what is absent is not held.
    coverage : float or None
        Share of people whom the operators together observe, 0 to 1: the middle of the smallest areas; None where not
        known.
    operators : int or None
        How many operators it was combined from; None where it was not made from deliveries.
    """

    tables: Mapping[str, TableFacts]
    coverage: float | None = None
    operators: int | None = None

    def of(self, need: Need) -> TableFacts | None:
        """The facts of what is needed, or of the typical days that stand in for it; None where neither is held."""
        held = self.tables.get(key_of(need.table, need.part))
        return held if held is not None or need.instead is None else self.tables.get(need.instead)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on an application, with the release in view.

    Attributes
    ----------
    application : Application
        The row of Appendix 3.
    verdict : str
        One of `CHECKED`.
    held : bool
        Whether the release holds all that it needs; False where it is not known what that would be.
    reason : str
        Why, of the release in use: a sentence or two.
    page : str or None
        The page that serves it; only where it is served.
    """

    application: Application
    verdict: Checked
    held: bool
    reason: str
    page: str | None


def verdict_of(application: Application, facts: Facts) -> Verdict:
    """Check the register's verdict on an application against a release.

    A table that is missing, too short or too imprecise turns "served", and what could serve, into "not with this
    release". An error that the release does not tell is no reason against it, and is said. What is out of scope stays
    out.

    Parameters
    ----------
    application : Application
        Of the register.
    facts : Facts
        Of the release.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> from cellcount.themes import register
    >>> seasons = next(each for each in register().applications if each.application == "Seasonal population")
    >>> verdict = verdict_of(seasons, Facts({"area_hour": TableFacts(dates=35, months=1, error=0.03)}))
    >>> verdict.verdict, verdict.reason
    ('lacking', 'Needs twelve months; this release has five weeks.')
    """
    if application.verdict == "out":
        return Verdict(application, "out", held=False, reason="Nothing in a release can serve it.", page=None)
    short = list(dict.fromkeys(each for need in application.needs for each in _shortfalls(need, facts)))
    if application.verdict == "operator":
        return _from_operators(application, facts, short)
    if short:
        return Verdict(application, "lacking", held=False, reason=" ".join(short), page=None)
    return Verdict(
        application, application.verdict, held=True, reason=_holding(application.needs, facts), page=application.page
    )


def verdicts_of(theme_id: str, facts: Facts) -> tuple[Verdict, ...]:
    """The verdicts on all applications of a theme, in the order of Appendix 3.

    Parameters
    ----------
    theme_id : str
        Id of a theme of the register.
    facts : Facts
        Of the release.
    """
    return tuple(verdict_of(each, facts) for each in themes.register().of(theme_id))


def tally(verdicts: Sequence[Verdict]) -> str:
    """How many applications are served, and how many are not, in a sentence.

    Parameters
    ----------
    verdicts : sequence of Verdict
        One or more.

    Examples
    --------
    >>> from cellcount.themes import register
    >>> nothing = Facts({})
    >>> tally(verdicts_of("tourism", nothing))
    '0 of 2 applications are served by this release; 1 only if derived inside the operator, 1 not with this release.'
    >>> tally(verdicts_of("ethnicity", nothing))
    '0 of 2 applications are served by this release; 2 out of scope.'
    """
    counts = {kind: sum(each.verdict == kind for each in verdicts) for kind in CHECKED}
    said = [f"{counts[kind]} {words[:1].lower()}{words[1:]}" for kind, words in CHECKED.items() if counts[kind]]
    rest = said[1:] if counts["served"] else said
    verb = "application is" if len(verdicts) == 1 else "applications are"
    return (
        f"{counts['served']} of {len(verdicts)} {verb} served by this release{'; ' if rest else ''}{', '.join(rest)}."
    )


def key_of(table: str, part: str | None = None) -> str:
    """The key of a table, or of a part of it, among the facts of a release."""
    return f"{table}/{part}" if part else table


def named(table: str, part: str | None = None) -> str:
    """A table, or a part of it, as the middle of a sentence has it.

    Examples
    --------
    >>> named("inbound_month"), named("flows_month", "home_work")
    ('visits by country of residence', 'trips from usual home to usual work by month')
    """
    title = release_tables()[table].title
    return _NAMES.get(key_of(table, part), f"{title[:1].lower()}{title[1:]}")


def _from_operators(application: Application, facts: Facts, short: Sequence[str]) -> Verdict:
    """What operators derive inside stays their work: the release has it from them, or has not."""
    if not application.needs:
        return Verdict(application, "operator", held=False, reason="No table of the standard holds it yet.", page=None)
    if short:
        return Verdict(application, "operator", held=False, reason=" ".join(short), page=None)
    said = f"Operators have derived it. {_holding(application.needs, facts)}"
    return Verdict(application, "operator", held=True, reason=said, page=None)


def _shortfalls(need: Need, facts: Facts) -> Iterator[str]:
    """What a release falls short of, a sentence each."""
    held = facts.of(need)
    if held is None:
        undated = (need.months or need.dates) and TYPICAL.get(need.table) in facts.tables
        yield (
            f"Needs {_wanted(need)}; this release has typical days and no dates."
            if undated
            else f"This release has no {named(need.table, need.part)}."
        )
        return
    if held.months < need.months or held.dates < need.dates:
        yield f"Needs {_wanted(need)}; this release has {_span(held)}."
    if need.resolution and (not held.resolutions or held.resolutions[-1] < need.resolution):
        has = f"the finest that cover it are of {held.resolutions[-1]}" if held.resolutions else "it has none"
        yield f"Needs cells of resolution {need.resolution} or finer; {has}."
    if need.most_error is not None and held.error is not None and 100 * held.error > need.most_error:
        yield (
            f"Needs a median standard error of {need.most_error:g} % or less; that of {named(need.table, need.part)} "
            f"is {100 * held.error:.1f} %{_of(held)}."
        )


def _wanted(need: Need) -> str:
    return _counted(need.months, "month") if need.months else f"{need.dates} dates"


def _span(held: TableFacts) -> str:
    """How long a table is, in words.

    Examples
    --------
    >>> _span(TableFacts(dates=35, months=1)), _span(TableFacts(dates=2)), _span(TableFacts(dates=300, months=10))
    ('five weeks', 'two dates', 'ten months')
    """
    if held.months >= 3 or (held.months and not held.dates):
        return _counted(held.months, "month")
    return _counted(held.dates // 7, "week") if held.dates >= WHOLE_MONTH else _counted(held.dates, "date")


def _counted(count: int, noun: str) -> str:
    return f"{_NUMBERS[count] if count < len(_NUMBERS) else count} {noun}{'s' if count != 1 else ''}"


def _holding(needs: Sequence[Need], facts: Facts) -> str:
    """What a release holds of what is needed, with how sure it is and how much of it is withheld."""
    said = []
    for need in needs:
        held = facts.of(need)
        if held is None:
            continue
        parts = []
        if held.error is not None:
            parts.append(f"median standard error {100 * held.error:.1f} %")
        elif need.most_error is not None:
            parts.append("its precision is not told")
        if held.withheld is not None:
            parts.append(f"{100 * held.withheld:.0f} % withheld")
        instead = key_of(need.table, need.part) not in facts.tables
        name = named(need.instead) if instead and need.instead else named(need.table, need.part)
        said.append(f"{name}{' (' + ', '.join(parts) + ')' if parts else ''}")
    return f"This release has {'; '.join(said)}." if said else "Nothing of a release is needed."


def _of(held: TableFacts) -> str:
    return f" ({held.of})" if held.of else ""
