"""What a validator finds: faults by rule and place, gathered from many files and told once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cellcount.standard import HOUR_COLUMNS, Rule, rules

MOST_SHOWN = 80
"""Characters of a delivery's own text that an example shows."""
MOST_SAID = 300
"""Characters of a sentence that has such text in it."""
SEVERITIES = ("unreadable", "error", "warning")
"""Worst first."""

_PLACE_OF_RULE = {rule: place for place, rule in enumerate(rules())}


@dataclass(frozen=True)
class Finding:
    """One fault, wherever in a table it occurs.

    Parameters
    ----------
    rule : str
        Identifier of the rule, as in `data/standard/rules.json`.
    count : int
        How many there are of what the rule counts: rows, files, days and so on.
    table : str or None
        Table; None where the fault is not of one.
    columns : tuple of str
        Columns or fields of the manifest, in their declared order; empty where the fault is not of one.
    files : int
        Number of files in which it occurs; 0 where the fault is not of files.
    file : str or None
        The first of these files, below the delivery's folder.
    example : str
        One case of it. Never a count that should have been withheld.
    """

    rule: str
    count: int
    table: str | None
    columns: tuple[str, ...]
    files: int
    file: str | None
    example: str

    @property
    def declared(self) -> Rule:
        """The rule, with its severity, message and remedy."""
        return rules()[self.rule]

    @property
    def column(self) -> str:
        """The columns as a person would name them.

        Examples
        --------
        >>> Finding("count-negative", 1, "area_day", ("h03", "h04"), 1, None, "").column
        'h03, h04'
        >>> Finding("count-negative", 1, "area_day", HOUR_COLUMNS, 1, None, "").column
        'h00 ... h23'
        """
        if len(self.columns) <= 3:
            return ", ".join(self.columns)
        return f"{self.columns[0]} ... {self.columns[-1]}"

    def as_json(self) -> dict[str, Any]:
        """The finding as in the machine-readable report."""
        rule = self.declared
        return {
            "rule": self.rule,
            "severity": rule.severity,
            "table": self.table,
            "columns": list(self.columns),
            "count": self.count,
            "counts": rule.counts,
            "files": self.files,
            "file": self.file,
            "example": self.example,
            "message": rule.message,
            "remedy": rule.remedy,
        }


@dataclass
class Findings:
    """Faults as they are found; those of the same rule, table and column become one finding.

    Hours of the day count as one column: a fault of every hour of a row is one row's.
    """

    _found: dict[tuple[str, str | None, str | None], Finding] = field(default_factory=dict)

    def add(
        self,
        rule: str,
        example: str,
        *,
        count: int = 1,
        table: str | None = None,
        columns: Sequence[str] = (),
        file: str | None = None,
    ) -> None:
        """Add a fault.

        Parameters
        ----------
        rule : str
            Identifier of the rule.
        example : str
            One case of it.
        count : int
            How many cases.
        table, file : str, optional
            Where.
        columns : sequence of str
            Columns; those of one call belong together.
        """
        self._merge(Finding(rule, int(count), table, tuple(columns), 0 if file is None else 1, file, example))

    def extend(self, others: Iterable[Findings]) -> None:
        """Add what was found elsewhere, in files that come after."""
        for other in others:
            for finding in other._found.values():
                self._merge(finding)

    def sorted(self) -> tuple[Finding, ...]:
        """Findings, worst first: by severity, then in the order of the rules, then the most frequent."""
        return tuple(
            sorted(
                self._found.values(),
                key=lambda finding: (
                    SEVERITIES.index(finding.declared.severity),
                    _PLACE_OF_RULE[finding.rule],
                    -finding.count,
                    finding.table or "",
                    finding.columns,
                ),
            )
        )

    def __contains__(self, rule: str) -> bool:
        return any(finding.rule == rule for finding in self._found.values())

    def _merge(self, new: Finding) -> None:
        column = "hours" if set(new.columns) & set(HOUR_COLUMNS) else ", ".join(new.columns)
        key = (new.rule, new.table, column)
        old = self._found.get(key)
        if old is None:
            self._found[key] = new
            return
        together = set(old.columns) | set(new.columns)
        columns = tuple(name for name in HOUR_COLUMNS if name in together) if column == "hours" else old.columns
        same = old.files == 1 and old.file == new.file
        self._found[key] = Finding(
            new.rule,
            old.count + new.count,
            new.table,
            columns,
            1 if same else old.files + new.files,
            old.file if old.file is not None else new.file,
            old.example,
        )


def shown(text: object, most: int = MOST_SHOWN) -> str:
    r"""Text of a delivery, as it can be put on any terminal and in any file: short, and nothing invisible in it.

    Parameters
    ----------
    text : object
        A code, a path, a value.
    most : int
        Characters.

    Examples
    --------
    >>> shown("E07\x1b[2J")
    'E07\\x1b[2J'
    >>> shown("\ud800")
    '\\ud800'
    >>> shown("a" * 100, most=5)
    'aaaaa...'
    """
    start = str(text)[: most + 1]
    safe = start if start.isprintable() else start.encode("unicode_escape").decode("ascii")
    return safe if len(safe) <= most else f"{safe[:most]}..."


def shown_count(count: float, threshold: int) -> str:
    """A count, unless it should have been withheld.

    Examples
    --------
    >>> shown_count(1200, threshold=10), shown_count(7, threshold=10), shown_count(0, threshold=10)
    ('1,200', 'a count under the threshold', '0')
    """
    if 0 < count < threshold:
        return "a count under the threshold"
    return f"{count:,.0f}" if float(count).is_integer() else f"{count:,}"
