"""How people are protected in a release, in plain English, from what its manifest states. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellcount.store import Manifest

HEADINGS: Mapping[str, str] = {
    "rule": "Small figures are withheld",
    "dominance": "No operator stands alone",
    "secondary": "What could be worked out is not told",
    "rounding": "Figures are rounded",
}
"""Steps of protection in the order in which they are taken, as a manifest names them."""
IMPORTED = (
    "These figures were published by others, who decided what to withhold. What they withheld is not here, and nothing "
    "was withheld, rounded or added on the way."
)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of protection with its explanation."""

    heading: str
    words: str


def steps(manifest: Manifest) -> tuple[Step, ...]:
    """The steps that the release states, in order.

    Parameters
    ----------
    manifest : Manifest
        What the release says of itself.
    """
    stated = {name: manifest.disclosure.get(name) for name in HEADINGS}
    return tuple(Step(HEADINGS[name], words) for name, words in stated.items() if isinstance(words, str) and words)


def example(disclosure: Mapping[str, Any]) -> tuple[str, ...]:
    r"""A small worked example of a figure that is withheld, by the numbers of the release.

    Parameters
    ----------
    disclosure : mapping
        What the manifest states of protection.

    Returns
    -------
    tuple of str
        Sentences; none where there is no threshold, for the rule is then somebody else's.

    Examples
    --------
    >>> print("\n".join(example({"threshold": 10, "secondary": "Parts.", "rounding_base": 5})))
    Of four neighbouring cells, phone networks together count 41, 28, 17 and 6 phones in an hour, 92 in all.
    The fourth has fewer than 10: it is withheld, and on the map it is hatched.
    That alone would not do: 92 less 41, 28 and 17 is 6.
    In place of the 6, the total counts what withheld cells have on average: 5, say, which makes 91.
    Whoever subtracts now learns only that average, and the small one may still have any number.
    What is left is made an estimate of people and rounded to a multiple of 5, by chance up or down.
    >>> example({"threshold": None})
    ()
    """
    threshold = disclosure.get("threshold")
    if not isinstance(threshold, int):
        return ()
    small, next_smallest, larger, largest = (threshold * tenths // 10 for tenths in (6, 17, 28, 41))
    total = small + next_smallest + larger + largest
    average = threshold // 2
    said = [
        f"Of four neighbouring cells, phone networks together count {largest}, {larger}, {next_smallest} and {small} "
        f"phones in an hour, {total} in all.",
        f"The fourth has fewer than {threshold}: it is withheld, and on the map it is hatched.",
    ]
    if disclosure.get("secondary"):
        said += [
            f"That alone would not do: {total} less {largest}, {larger} and {next_smallest} is {small}.",
            f"In place of the {small}, the total counts what withheld cells have on average: {average}, say, which "
            f"makes {total - small + average}.",
            "Whoever subtracts now learns only that average, and the small one may still have any number.",
        ]
    base = disclosure.get("rounding_base")
    if isinstance(base, int) and base > 1:
        said.append(
            f"What is left is made an estimate of people and rounded to a multiple of {base}, by chance up or down."
        )
    return tuple(said)
