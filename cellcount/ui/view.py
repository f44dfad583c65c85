"""What a page is asked to show: an area, a day, a measure. No Streamlit here."""

from __future__ import annotations

import calendar
import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from cellcount.ui.times import Slot, hours_of, local_days
from cellcount.ui.words import day as written_day
from cellcount.ui.words import weekday

if TYPE_CHECKING:
    from cellcount.ui.windows import Window

Measure = Literal["people", "per_km2", "per_resident", "precision"]

WEDNESDAY = 2

MEASURES: dict[Measure, str] = {
    "people": "People",
    "per_km2": "Per km²",
    "per_resident": "Per resident",
    "precision": "Precision",
}


@dataclass(frozen=True, slots=True)
class Area:
    """An area that can be chosen.

    Attributes
    ----------
    code, name : str
        Its code and name.
    kind : str
        Its type, as the release has it.
    label : str
        Name and type, as the control and the URL have it; different for every area of a release.
    parent : str or None
        Code of the area that contains it.
    residents : float or None
        Usual residents.
    km2 : float or None
        Area in square kilometres.
    """

    code: str
    name: str
    kind: str
    label: str
    parent: str | None
    residents: float | None
    km2: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """A day that can be shown: a date, a week, a typical day of a period, or a window of hours over many dates.

    Attributes
    ----------
    words : str
        The day in words, for captions.
    slots : tuple of Slot
        Its hours, or parts of the day.
    on : date or None
        Local date, of a week its Monday; None for a typical day.
    period, day_type : str or None
        Which typical day; None for a date.
    window : Window or None
        Which window, whose only step is its mean or its peak; None for the others.
    week : bool
        Whether it is seven days from `on` and not one.
    """

    words: str
    slots: tuple[Slot, ...]
    on: date | None = None
    period: str | None = None
    day_type: str | None = None
    window: Window | None = None
    week: bool = False


@dataclass(frozen=True, slots=True)
class Days:
    """The days that a release can show.

    Attributes
    ----------
    zone : str
        IANA time zone of the release.
    covered : frozenset of date
        UTC days of which it has figures by cell; empty where it has no dates.
    periods, day_types : dict of str to str
        Label by identifier, of its typical days; empty where it has none.
    slots : tuple of Slot
        Hours, or parts of the day, of its typical days.
    """

    zone: str
    covered: frozenset[date]
    periods: dict[str, str]
    day_types: dict[str, str]
    slots: tuple[Slot, ...]

    @property
    def dates(self) -> tuple[date, ...]:
        """The local days that can be chosen, in order."""
        return local_days(self.covered, self.zone)

    @property
    def first_shown(self) -> date | None:
        """The date that is shown first: the first Wednesday, else the first date; None where there are no dates."""
        dates = self.dates
        return next((each for each in dates if each.weekday() == WEDNESDAY), dates[0] if dates else None)

    def dated(self, on: date) -> Day:
        """A date with its hours."""
        return Day(weekday(on), hours_of(on, self.zone, self.covered), on=on)

    def week(self, on: date) -> Day:
        """The week of a date, Monday to Sunday, with all its hours that are covered.

        Examples
        --------
        >>> covered = frozenset(date(2026, 10, 4) + timedelta(step) for step in range(9))
        >>> week = Days("Europe/London", covered, {}, {}, ()).week(date(2026, 10, 7))
        >>> week.words, len(week.slots), week.slots[0].label, week.slots[-1].label
        ('the week from Monday 5 October 2026', 168, 'Mon 00:00', 'Sun 23:00')
        """
        monday = on - timedelta(on.weekday())
        slots = tuple(
            replace(slot, label=f"{each:%a} {slot.label}", words=f"{each:%A} {slot.words}")
            for each in (monday + timedelta(step) for step in range(7))
            for slot in hours_of(each, self.zone, self.covered)
        )
        return Day(f"the week from {weekday(monday)}", slots, on=monday, week=True)

    def typical(self, period: str, day_type: str) -> Day:
        """A typical day with its hours or parts: in words it must not read as the first date of its period."""
        kind = self.day_types[day_type]
        if kind not in calendar.day_name:
            kind = kind[:1].lower() + kind[1:]
        return Day(f"a usual {kind}, {self.periods[period]}", self.slots, period=period, day_type=day_type)

    def over(self, window: Window) -> Day:
        """A window of hours over dates: its one step is its mean or its peak."""
        words = f"{window.statistic} of {window.times}"
        return Day(window.days, (Slot(words, words, window.ordered, 0),), window=window)


@dataclass(frozen=True, slots=True)
class View:
    """Everything that was chosen but for the hour."""

    area: Area
    day: Day
    measure: Measure


@dataclass(frozen=True, slots=True)
class Answer:
    """What is served for what was asked, with a sentence where they differ."""

    value: str
    said: str


def nearest_area(asked: str, areas: Iterable[Area], default: str) -> Answer:
    """The area that was meant by a code, a name or something like a name.

    Parameters
    ----------
    asked : str
        What the URL says.
    areas : iterable of Area
        The areas of the release.
    default : str
        Label of the area to show when nothing is like it.

    Returns
    -------
    Answer
        Label of the area; no sentence where a code or a whole name was given.

    Examples
    --------
    >>> leeds = Area("E08000035", "Leeds", "authority", "Leeds (local authority)", None, None, None)
    >>> nearest_area("E08000035", [leeds], "UK"), nearest_area("leeds", [leeds], "UK").said
    (Answer(value='Leeds (local authority)', said=''), '')
    >>> nearest_area("Leedes", [leeds], "UK").said
    'There is no area “Leedes” in this release. The nearest name is Leeds (local authority).'
    >>> nearest_area("Xyzzy", [leeds], "UK").said
    'There is no area “Xyzzy” in this release. Shown instead: UK.'
    """
    known = list(areas)
    wanted = asked.strip().casefold()
    for area in known:
        if wanted in (area.code.casefold(), area.name.casefold(), area.label.casefold()):
            return Answer(area.label, "")
    by_name = {name.casefold(): area.label for area in known for name in (area.label, area.name)}
    close = difflib.get_close_matches(wanted, by_name, n=1, cutoff=0.6)
    missing = f"There is no area “{asked}” in this release."
    if close:
        return Answer(by_name[close[0]], f"{missing} The nearest name is {by_name[close[0]]}.")
    return Answer(default, f"{missing} Shown instead: {default}.")


def nearest_date(asked: str, days: Sequence[date], default: date) -> Answer:
    """The date of a release that is nearest to the one that was asked for.

    Examples
    --------
    >>> days = [date(2026, 10, 5), date(2026, 10, 6)]
    >>> nearest_date("2027-01-01", days, days[0]).said
    'This release has no 1 January 2027. The nearest date is Tuesday 6 October 2026.'
    >>> nearest_date("soon", days, days[0])
    Answer(value='2026-10-05', said='“soon” is not a date. Shown instead: Monday 5 October 2026.')
    """
    try:
        wanted = date.fromisoformat(asked)
    except ValueError:
        return Answer(default.isoformat(), f"“{asked}” is not a date. Shown instead: {weekday(default)}.")
    found = min(days, key=lambda each: abs(each - wanted))
    if found == wanted:
        return Answer(found.isoformat(), "")
    return Answer(
        found.isoformat(), f"This release has no {written_day(wanted)}. The nearest date is {weekday(found)}."
    )


def nearest_slot(asked: str, slots: tuple[Slot, ...], default: str) -> Answer:
    """The hour or part of a day that is nearest to the one that was asked for.

    Examples
    --------
    >>> slots = tuple(Slot(f"{hour:02d}:00", "", (hour,), hour) for hour in range(24))
    >>> nearest_slot("8", slots, "08:00"), nearest_slot("09:00", slots, "08:00").said
    (Answer(value='08:00', said=''), '')
    >>> nearest_slot("31:00", slots, "08:00").said
    'There is no hour “31:00” on this day. The nearest is 23:00.'
    >>> nearest_slot("noon", slots, "08:00").said
    'There is no hour “noon” on this day. Shown instead: 08:00.'
    >>> nearest_slot("²", slots, "08:00").value
    '08:00'
    """
    wanted = asked.strip()
    exact = [slot.label for slot in slots if wanted in (slot.label, slot.label.split(" ")[0])]
    if exact:
        return Answer(exact[0], "")
    digits = wanted.split(":")[0]
    if not (digits.isdecimal() and len(digits) <= 2):
        return Answer(default, f"There is no hour “{asked}” on this day. Shown instead: {default}.")
    hour = int(digits)
    found = min(slots, key=lambda slot: min(abs(each - hour) for each in slot.hours))
    if found.hours == (hour,):
        return Answer(found.label, "")
    return Answer(found.label, f"There is no hour “{asked}” on this day. The nearest is {found.label}.")


_NUMBERS = re.compile(r"\d+(?:\.\d+)?")


def _bare(words: str) -> str:
    """Words without what makes no difference in an address.

    Examples
    --------
    >>> _bare(" 1 % ") == _bare("1%"), _bare("Per km²")
    (True, 'perkm²')
    """
    return "".join(words.split()).casefold()


def nearest_choice(asked: str, choices: dict[str, str], default: str, what: str) -> Answer:
    """One of a few choices, by its identifier, its label or something like them.

    Parameters
    ----------
    asked : str
        What the URL says.
    choices : dict of str to str
        Label by identifier.
    default : str
        Identifier of the one to show when nothing is like it.
    what : str
        What is chosen, in words.

    Examples
    --------
    >>> measures = {"people": "People", "per_km2": "Per km²"}
    >>> nearest_choice("Per km²", measures, "people", "measure")
    Answer(value='per_km2', said='')
    >>> nearest_choice("per_mile", measures, "people", "measure").said
    'There is no measure “per_mile” here. Shown instead: Per km².'
    >>> nearest_choice("who", {"from": "Where from?"}, "from", "question").said
    'There is no question “who” here. Shown instead: Where from?'
    >>> nearest_choice("0", {"5": "5 %", "10": "10 %"}, "5", "rate").value
    '5'
    >>> nearest_choice("3 to 5 km", {"0": "All", "1": "1 to 3 km"}, "0", "zone").value
    '0'
    """
    wanted = _bare(asked)
    names = {_bare(name): key for key, label in choices.items() for name in (label, key)}
    if wanted in names:
        return Answer(names[wanted], "")
    # 0 is not nearly 10 for having its digit, nor 99 weeks nearly 8: only words are like one another.
    numbers = _NUMBERS.findall(wanted)
    alike = [name for name in names if not numbers or _NUMBERS.findall(name) == numbers]
    close = difflib.get_close_matches(wanted, alike, n=1, cutoff=0.6)
    found = names[close[0]] if close else default
    instead = choices[found] if choices[found].endswith("?") else f"{choices[found]}."
    return Answer(found, f"There is no {what} “{asked}” here. Shown instead: {instead}")
