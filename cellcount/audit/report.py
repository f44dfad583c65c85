"""What an audit found, in words and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cellcount.audit.scoring import SIGNIFICANCE, Attack

_HEAD = (
    "kind of attack",
    "tried",
    "disclosed",
    "claims right",
    "by chance",
    "wrong",
    "error: rule, smooth, others' sums, sums",
    "chance",
)

_NUMBERS = ("tried", "disclosed", "claims_that_may_be_right", "claims_right_by_chance", "claims_that_were_wrong")


@dataclass(frozen=True)
class AuditReport:
    """The result of an audit.

    Parameters
    ----------
    release : str
        Name of the release.
    rule : dict
        The withholding rule as the release states it.
    sampled : dict
        What was attacked of all that could be.
    kinds : tuple of dict
        For each kind of attack, what came of it.
    """

    release: str
    rule: dict[str, Any]
    sampled: dict[str, Any]
    kinds: tuple[dict[str, Any], ...]

    @property
    def tried(self) -> int:
        """Withheld figures attacked, once for each kind of attack."""
        return sum(int(kind["tried"]) for kind in self.kinds)

    @property
    def disclosed(self) -> int:
        """Figures disclosed, once for each kind of attack."""
        return sum(int(kind["disclosed"]) for kind in self.kinds)

    @property
    def status(self) -> int:
        """Exit status: 0 where nothing is disclosed."""
        return int(self.disclosed > 0)

    def to_dict(self) -> dict[str, Any]:
        """The report as it is written."""
        return {
            "release": self.release,
            "rule": self.rule,
            "sampled": self.sampled,
            "tried": self.tried,
            "disclosed": self.disclosed,
            "kinds": list(self.kinds),
        }

    def render(self) -> str:
        """The report as it is printed."""
        rows = [_HEAD, *(_row(kind) for kind in self.kinds)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        sampled = "; ".join(f"{what}: {_words(much)}" for what, much in self.sampled.items())
        bold = sum(int(kind["bold_claims_that_may_be_right"]) for kind in self.kinds)
        bold_wrong = sum(int(kind["bold_claims_that_were_wrong"]) for kind in self.kinds)
        notes = [
            f"Attacked: {sampled}.",
            "A claim narrower than the rule is right if the deliveries allow it; by chance: if the truth were that of "
            "another withheld figure. Where most claims are wrong and no more right than by chance, none is counted.",
            "Errors are mean distances, in people, of guesses of withheld figures from what the deliveries allow: from "
            "the rule alone; from published neighbours, hours and residents (what smoothness gives away, not counted); "
            "from the sums of a place beside it; and from its own sums as well, counted where it beats each of the "
            f"others beyond chance at {SIGNIFICANCE:.0%} over all kinds.",
        ]
        if bold or bold_wrong:
            notes.append(
                f"An attacker who took every withheld figure for a small one would make {bold + bold_wrong:,} claims, "
                f"{bold_wrong:,} of them wrong; he cannot tell which, and they are not counted."
            )
        examples = [f"- {kind['kind']}: {example}" for kind in self.kinds for example in kind["examples"]]
        verdict = (
            "Nothing that the release withholds was disclosed."
            if not self.disclosed
            else f"DISCLOSED: {self.disclosed:,} of {self.tried:,} figures under attack, counted by kind of attack."
        )
        return "\n".join([f"Audit of {self.release}", *lines, "", *notes, *examples, verdict])


def report_of(release: str, rule: dict[str, Any], sampled: dict[str, Any], attacks: Sequence[Attack]) -> AuditReport:
    """Sum attacks up.

    Parameters
    ----------
    release : str
        Name of the release.
    rule : dict
        The withholding rule.
    sampled : dict
        What was attacked.
    attacks : sequence of Attack
        All kinds; the tests of guesses share the chance of an error among them.

    Returns
    -------
    AuditReport
    """
    tests = sum(attack.tested for attack in attacks)
    return AuditReport(release, rule, sampled, tuple(attack.to_dict(tests) for attack in attacks))


def _row(kind: dict[str, Any]) -> tuple[str, ...]:
    guesses = kind["guesses"]
    errors, chance = "", ""
    if guesses:
        names = (
            "error_of_rule_alone",
            "error_of_smoothness_alone",
            "error_with_shuffled_sums",
            "error_with_sums",
        )
        errors = ", ".join(f"{guesses[name]:.3g}" for name in names)
        chance = "too few" if guesses["chance"] is None else f"{guesses['chance']:.1g}"
        chance += " beats" if guesses["sums_beat_smoothness"] else ""
    numbers = (f"{kind[name]:,}" for name in _NUMBERS)
    return (kind["kind"], *numbers, errors, chance)


def _words(much: object) -> str:
    return ", ".join(map(str, much)) if isinstance(much, list) else str(much)
