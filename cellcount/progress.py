"""How a long job tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1, never falling) and a sentence that says what is being done now."""


def silent(share: float, doing: str) -> None:
    """Tell nobody."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """Progress of one part of a job, as progress of the whole.

    Parameters
    ----------
    progress : Progress
        Progress of the whole job.
    start, end : float
        Share of the whole at which the part starts and ends, 0 to 1.

    Returns
    -------
    Progress
        What the part calls, with its own share done.

    Examples
    --------
    >>> told = []
    >>> halfway = part(lambda share, doing: told.append((share, doing)), 0.5, 1.0)
    >>> halfway(0.5, "Rounding")
    >>> told
    [(0.75, 'Rounding')]
    """

    def report(share: float, doing: str) -> None:
        progress(start + share * (end - start), doing)

    return report
