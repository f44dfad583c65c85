"""The process that opens an upload: confined, timed, and expendable. Started by `cellcount.zones.reading`, as a script.

It finds `asked.json` and the file in the folder that it is given, and leaves `answer.json` there: what it read, or why
not. Whatever the file makes of the libraries that open it, the process ends in time, and the server goes on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # pyogrio imports these where it finds them, for half a second; nothing here needs them.
    for unneeded in ("pandas", "geopandas", "pyarrow"):
        sys.modules[unneeded] = None  # type: ignore[assignment]

import numpy as np
import shapely

from cellcount.zones.found import WGS84, Found
from cellcount.zones.geojson import read_geojson
from cellcount.zones.limits import (
    ANSWER_BYTES,
    MEMORY_BYTES,
    MOST_SITES,
    MOST_ZONES,
    READING_SECONDS,
    AreaRefusedError,
)
from cellcount.zones.mending import in_degrees, mended
from cellcount.zones.opening import open_with_gdal

ALARM = 14
"""Number of the signal of the alarm (POSIX), which ends the process: `signal.SIGALRM`, also where there is none."""


def confine() -> None:
    """Limit memory, files and time, as far as the system can. The parent's own limit of time holds everywhere."""
    try:
        import resource  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, ANSWER_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue
    # The system ends the process, so that a library that never returns to Python is ended too.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, READING_SECONDS)


def answer(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What was read, or why not, in what JSON can hold.

    Parameters
    ----------
    asked : dict
        `task` ('zones' or 'sites'), `shown`, `kind`, `file`, `crs` and `within`.
    folder : Path
        Where the file is.
    """
    shown, kind = asked["shown"], asked["kind"]
    try:
        path = folder / asked["file"]
        if asked["task"] == "sites":
            return _sites(shown, open_with_gdal(shown, kind, path, MOST_SITES), asked["crs"])
        if kind == "GeoJSON":
            found = read_geojson(shown, path.read_bytes())
        else:
            found = open_with_gdal(shown, kind, path, MOST_ZONES)
        # GeoJSON that states nothing is WGS 84 (RFC 7946, section 4), unless whoever uploads it knows better.
        zones = mended(shown, found, asked["crs"] or (WGS84 if kind == "GeoJSON" else None), asked["within"])
    except AreaRefusedError as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"refused": f"{shown} needs more memory to read than one upload may take. Simplify its outlines."}
    except Exception:
        # Whatever else a parser raises on a file that somebody made up is about the file.
        return {"refused": f"{shown} cannot be read as a {kind}: it is damaged or was cut short. Export it again."}
    return {"names": zones.names, "shapes": [each.hex() for each in shapely.to_wkb(zones.shapes)], "notes": zones.notes}


def _sites(shown: str, found: Found, crs: str | None) -> dict[str, Any]:
    """A table's columns as text, and its points as degrees; None where a row has nothing, or is no point."""
    is_point = [each is not None and each.geom_type == "Point" and not each.is_empty for each in found.shapes]
    points: list[list[float] | None] = [None] * len(is_point)
    rows = [row for row, known in enumerate(is_point) if known]
    if rows:
        placed = in_degrees(shown, np.array(found.shapes, dtype=object)[rows], found.crs, crs, [])
        for row, point in zip(rows, shapely.get_coordinates(placed).tolist(), strict=True):
            points[row] = point
    columns = {name: [None if value is None else str(value) for value in found.columns[name]] for name in found.columns}
    return {"columns": columns, "points": points}


def main(folder: Path) -> None:
    """Read what is asked, and leave the answer."""
    confine()
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    (folder / "answer.json").write_text(json.dumps(answer(asked, folder)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    # Nothing that a library does on leaving is waited for.
    os._exit(0)
