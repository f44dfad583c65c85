"""How long jobs and tables are shown on a terminal."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from cellcount.progress import Progress


def words_for_seconds(seconds: float) -> str:
    """A length of time as a person would say it.

    Examples
    --------
    >>> words_for_seconds(4)
    'a few seconds'
    >>> words_for_seconds(48)
    'about 50 seconds'
    >>> words_for_seconds(100)
    'about 2 minutes'
    """
    if seconds < 8:
        return "a few seconds"
    if seconds < 75:
        return f"about {round(seconds / 10) * 10} seconds"
    minutes = max(1, round(seconds / 60))
    return f"about {minutes} minute{'s' if minutes > 1 else ''}"


def progress_on(stream: TextIO = sys.stderr) -> Progress:
    """Progress as one line that is written over on a terminal, and as a line each tenth elsewhere."""
    started = time.monotonic()
    last_tenth = -1

    def report(share: float, doing: str) -> None:
        nonlocal last_tenth
        elapsed = time.monotonic() - started
        left = words_for_seconds(elapsed * (1 - share) / share) + " left" if share > 0.03 and elapsed > 2 else ""
        line = f"{share:4.0%}  {doing}" + (f", {left}" if left and share < 1 else "")
        if stream.isatty():
            stream.write(f"\r{line[:100]:<100}" + ("\n" if share >= 1 else ""))
        elif int(share * 10) > last_tenth:
            last_tenth = int(share * 10)
            stream.write(line + "\n")
        stream.flush()

    return report
