"""Parameters of the demonstration: the defaults in `data/scenarios/default.toml`, and what a scenario changes."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cellcount.errors import CellCountError
from cellcount.standard import HOURS_OF_DAY, ROOT

DEFAULTS = ROOT / "data" / "scenarios" / "default.toml"

Parameters = Mapping[str, Any]
"""Nested tables, as in the TOML file."""

_FREE_TABLES = ("visitors.countries", "residents_abroad.countries")
"""Tables whose keys are countries' codes, not names of ours."""


MOST_SHARES, MOST_BUSY = 0.93, 0.75


class ScenarioError(CellCountError):
    """A scenario cannot be read, or names a parameter that there is not, or gives one a value that it cannot have."""


def load_parameters(scenario: Path | None = None) -> Parameters:
    """Read the default parameters, with what a scenario changes.

    Parameters
    ----------
    scenario : Path, optional
        TOML file that names what differs. Tables are merged key by key; a list is replaced whole.

    Returns
    -------
    mapping
        All parameters.

    Raises
    ------
    ScenarioError
        If the file cannot be read, names an unknown parameter, or gives one an impossible value.

    Examples
    --------
    >>> load_parameters()["operators"]["operator-a"]["share"]
    0.37
    """
    parameters = _read(DEFAULTS)
    if scenario is not None:
        parameters = _merged(parameters, _read(scenario), (), scenario)
    _check_shares(parameters, scenario or DEFAULTS)
    _check_activities(parameters, scenario or DEFAULTS)
    return parameters


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"The scenario {path} cannot be read: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"The scenario {path} is not TOML: {error}. Mend that line.") from error


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any], where: tuple[str, ...], path: Path) -> dict[str, Any]:
    merged = dict(base)
    free = ".".join(where) in _FREE_TABLES
    for name, value in changes.items():
        full = ".".join((*where, name))
        if name not in base and not free:
            near = difflib.get_close_matches(name, base, n=1, cutoff=0.0)
            raise ScenarioError(
                f"{path}: there is no parameter {full}. The nearest is {'.'.join((*where, near[0]))}; "
                f"{DEFAULTS.relative_to(ROOT).as_posix()} has all of them."
            )
        default = base[name] if name in base else next(iter(base.values()))
        if isinstance(default, Mapping):
            if not isinstance(value, Mapping):
                raise ScenarioError(f"{path}: {full} must be a table, not {value!r}.")
            merged[name] = _merged(default, value, (*where, name), path)
        else:
            merged[name] = _fitting(value, default, full, path)
    return merged


def _fitting(value: Any, default: Any, full: str, path: Path) -> Any:
    """The value, as the default's type; refused where it cannot be that."""
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if type(value) is not type(default):
        raise ScenarioError(f"{path}: {full} must be like {_shown(default)}, not {value!r}.")
    if isinstance(value, float | int) and not isinstance(value, bool) and not (math.isfinite(value) and value >= 0):
        raise ScenarioError(f"{path}: {full} is {value}; it must be a number of 0 or more.")
    if isinstance(value, list):
        return _fitting_list(value, default, full, path)
    return value


def _fitting_list(value: list[Any], default: list[Any], full: str, path: Path) -> list[Any]:
    """A list like the default: of as many numbers, or of tables with the same keys."""
    if isinstance(default[0], Mapping):
        return [_fitting_entry(each, default[0], f"{full}[{number}]", path) for number, each in enumerate(value)]
    if isinstance(default[0], list):
        return [_fitting(each, default[0], f"{full}[{number}]", path) for number, each in enumerate(value)]
    if len(value) != len(default):
        raise ScenarioError(f"{path}: {full} has {len(value)} values; it must have {len(default)}.")
    pairs = zip(value, default, strict=True)
    return [_fitting(each, like, f"{full}[{number}]", path) for number, (each, like) in enumerate(pairs)]


def _fitting_entry(entry: Any, like: Mapping[str, Any], full: str, path: Path) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise ScenarioError(f"{path}: {full} must be a table, not {entry!r}.")
    missing = sorted(set(like) - set(entry))
    if missing:
        raise ScenarioError(f"{path}: {full} lacks {', '.join(missing)}.")
    signed = {name: value for name, value in entry.items() if name in ("lat", "lon")}
    if not all(isinstance(value, float | int) for value in signed.values()):
        raise ScenarioError(f"{path}: lat and lon of {full} must be degrees.")
    others = {name: value for name, value in entry.items() if name not in signed}
    return {**_merged({k: like[k] for k in like if k not in signed}, others, (full,), path), **signed}


def _shown(default: Any) -> str:
    return f"{default.isoformat()}" if isinstance(default, dt.date | dt.datetime) else repr(default)


def _check_shares(parameters: Parameters, path: Path) -> None:
    """Refuse operators that have more customers than there are people."""
    operators = {name: each for name, each in parameters["operators"].items() if isinstance(each, Mapping)}
    for kind in ("share", "inbound_share"):
        total = sum(each[kind] for each in operators.values())
        if total > MOST_SHARES:
            raise ScenarioError(
                f"{path}: the operators' {kind} add to {total:.2f}. With their variation from place to place they "
                f"must stay below 1: keep the sum to {MOST_SHARES} at most."
            )
    for name, each in operators.items():
        for field in ("share", "inbound_share", "share_se", "switched_on_rate", "not_covered"):
            if each[field] > 1:
                raise ScenarioError(f"{path}: operators.{name}.{field} is {each[field]}; it is a share of 1.")
        if each["threshold"] < 1:
            raise ScenarioError(f"{path}: operators.{name}.threshold must be 1 device or more.")


def _check_activities(parameters: Parameters, path: Path) -> None:
    """Refuse a day on which people do more than there is time for, and visitors from nowhere."""
    if parameters["gravity"]["long_trips"]["share"] > 1:
        raise ScenarioError(f"{path}: gravity.long_trips.share is a share of 1.")
    for code, (_, reach) in parameters["visitors"]["countries"].items():
        if f"stay_{reach}" not in parameters["visitors"]:
            raise ScenarioError(f"{path}: visitors.countries.{code} has reach {reach!r}: near, middle or far.")
    for kind in ("weekday", "saturday", "sunday"):
        activities = parameters["behaviour"][kind]
        for hour in range(HOURS_OF_DAY):
            busy = sum(shares[hour] for shares in activities.values())
            if busy > MOST_BUSY:
                raise ScenarioError(
                    f"{path}: behaviour.{kind} has {busy:.0%} of people busy at {hour:02d}:00; with travel and those "
                    f"who are away that leaves nobody at home. Keep the sum to {MOST_BUSY:.0%}."
                )
