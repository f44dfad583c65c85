"""What was measured, on what machine, and how it compares with the goals."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

import numpy as np
import psutil

from cellcount import __version__

LIBRARIES = ("duckdb", "pyarrow", "streamlit", "pandas", "numpy", "h3", "pydeck")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was measured once or several times.

    Attributes
    ----------
    what : str
        What was measured, in words.
    unit : str
        Of all values.
    values : tuple of float
        Every value, in the order of the runs.
    goal : float or None
        What the 95th percentile, or the only value, should not exceed; None where there is no goal.
    note : str
        What else there is to know.
    """

    what: str
    unit: str
    values: tuple[float, ...]
    goal: float | None = None
    note: str = ""

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        """The value that 95 % of the runs do not exceed; the only value where there is one."""
        return float(np.percentile(self.values, 95))

    @property
    def verdict(self) -> str:
        """Whether the goal was met, in words.

        Examples
        --------
        >>> Entry("An hour", "ms", (4.0, 6.0), goal=10).verdict
        'met'
        >>> Entry("An hour", "ms", (14.0,), goal=10).verdict
        'missed: 1.40 times the goal'
        >>> Entry("Rows", "rows/s", (1e6,)).verdict
        'no goal'
        """
        if self.goal is None:
            return "no goal"
        return "met" if self.p95 <= self.goal else f"missed: {self.p95 / self.goal:.2f} times the goal"

    def to_dict(self, yardstick_ms: float) -> dict[str, Any]:
        """The entry for JSON.

        Parameters
        ----------
        yardstick_ms : float
            Time of the yardstick on this machine; times in ms are given as a multiple of it too.
        """
        return {
            "what": self.what,
            "unit": self.unit,
            "runs": len(self.values),
            "median": round(self.median, 3),
            "p95": round(self.p95, 3),
            "goal": self.goal,
            "ratio_to_goal": None if self.goal is None else round(self.p95 / self.goal, 3),
            "ratio_to_yardstick": round(self.median / yardstick_ms, 3) if self.unit == "ms" else None,
            "verdict": self.verdict,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """Something that could not be measured, and why."""

    what: str
    reason: str

    def to_dict(self, yardstick_ms: float) -> dict[str, Any]:  # noqa: ARG002 - as an entry's
        """The entry for JSON."""
        return {**asdict(self), "verdict": "not measured"}


Line = Entry | NotMeasured
"""A line of the report."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was measured.

    Attributes
    ----------
    release : str or None
        Name of the release that was read; None where there was none.
    entries : tuple
        Measurements, and what could not be measured.
    machine : dict
        What it was measured on.
    yardstick_ms : float
        Time of a fixed piece of work on this machine, in milliseconds: times vary between machines by about two, their
        ratios to this one less.
    """

    release: str | None
    entries: tuple[Line, ...]
    machine: dict[str, Any]
    yardstick_ms: float

    def to_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return {
            "release": self.release,
            "machine": self.machine,
            "yardstick_ms": round(self.yardstick_ms, 3),
            "measurements": [entry.to_dict(self.yardstick_ms) for entry in self.entries],
        }

    def render(self) -> str:
        """The report as a table for a terminal."""
        heading = ("", "median", "95 %", "goal", "unit", "verdict")
        rows = [heading, *(_row(entry) for entry in self.entries)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(heading))]
        lines = ["  ".join(_aligned(row, widths)).rstrip() for row in rows]
        notes = [f"{entry.what}: {entry.note}" for entry in self.entries if isinstance(entry, Entry) and entry.note]
        on = self.machine
        about = (
            f"{on['cores']} cores, {on['memory_gb']} GB, {on['system']}, Python {on['python']}, load {on['load']}; "
            f"yardstick {self.yardstick_ms:.1f} ms."
        )
        return "\n".join([f"Release: {self.release or 'none'}", about, "", *lines, *([""] if notes else []), *notes])


def _row(entry: Line) -> tuple[str, ...]:
    if isinstance(entry, NotMeasured):
        return entry.what, "-", "-", "-", "", f"not measured: {entry.reason}"
    goal = "-" if entry.goal is None else _number(entry.goal)
    p95 = _number(entry.p95) if len(entry.values) > 1 else "-"
    return entry.what, _number(entry.median), p95, goal, entry.unit, entry.verdict


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    numbers = {1, 2, 3}
    return [
        text.rjust(width) if place in numbers else text.ljust(width)
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def machine() -> dict[str, Any]:
    """What this machine is: cores, memory, system, versions, and how busy it is now."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.system(),
        "processor": platform.machine(),
        "load": round(psutil.getloadavg()[0], 1),
        "python": platform.python_version(),
        "cellcount": __version__,
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def _version(library: str) -> str | Literal["not installed"]:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def yardstick(runs: int = 9) -> float:
    """Time of sorting one million numbers with NumPy, the median in milliseconds.

    Parameters
    ----------
    runs : int
        How often it is done.

    Returns
    -------
    float
    """
    numbers = np.random.default_rng(1).random(1_000_000)
    took = []
    for _ in range(runs):
        started = time.perf_counter()
        np.sort(numbers)
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)
