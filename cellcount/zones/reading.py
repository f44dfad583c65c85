"""Zones from a file that somebody uploads. Whatever is in it, the answer is zones, or one sentence, within about 2 s.

Three gates. `cellcount.zones.screening` looks at the bytes. A process of its own then opens what passed, with one
driver of GDAL, limited time and memory, a private folder that is removed, no configuration of the user's and no way to
the network (`cellcount.zones.child`). What comes back is checked as if it were an upload: names and WKB, nothing that
runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyogrio
import shapely

from cellcount.zones import child
from cellcount.zones.limits import (
    ANSWER_BYTES,
    AT_ONCE,
    MOST_ZONES,
    READING_SECONDS,
    START_SECONDS,
    AreaRefusedError,
)
from cellcount.zones.naming import plain_name, told_apart
from cellcount.zones.opening import DRIVERS
from cellcount.zones.screening import Upload, screened
from cellcount.zones.shapes import Zones

_TURN = threading.BoundedSemaphore(AT_ONCE)
_IMPORTS = str(Path(__file__).resolve().parents[2])
"""Where the reader's process finds this package."""
_NOWHERE = "http://127.0.0.1:9"
"""A proxy that is not there, on the port that discards: whatever would fetch something fails at once."""
_KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""What the reader gets of the server's environment: what Python needs to start, and no secret."""


def read_zones(
    name: str, content: bytes, crs: str | None = None, within: tuple[float, float, float, float] | None = None
) -> Zones:
    """Zones from an uploaded file: GeoJSON, GeoPackage, zipped shapefile or KML, told by its content.

    Parameters
    ----------
    name : str
        The file's name, for sentences only.
    content : bytes
        What is in it.
    crs : str, optional
        Code of the coordinate reference system, such as ``EPSG:27700``, taken where the file states none. GeoJSON that
        states none is in WGS 84 without it (RFC 7946).
    within : tuple of float, optional
        West, south, east and north, degrees: at least one zone has to touch this extent.

    Returns
    -------
    Zones
        Every polygon with an area. `Zones.notes` says what was mended, left out or converted, and which overlap.

    Raises
    ------
    AreaRefusedError
        If the file cannot be read, or should not be. The sentence quotes the file: escape it where it is shown.

    Notes
    -----
    Conversion from the British National Grid is good to about 5 m, for the correction grid OSTN15 is not part of the
    installation (Ordnance Survey, A guide to coordinate systems in Great Britain).
    """
    upload = screened(name, content)
    found = opened(upload, "zones", crs, within)
    try:
        shapes = shapely.from_wkb([bytes.fromhex(each) for each in found["shapes"]])
        names = told_apart(plain_name(each) for each in found["names"])
        notes = tuple(str(each) for each in found["notes"])
    except (KeyError, TypeError, ValueError, shapely.errors.GEOSException) as error:
        raise _stopped(upload) from error
    polygonal = np.isin(shapely.get_type_id(shapes), (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    if not (polygonal.all() and 0 < len(shapes) == len(names) <= MOST_ZONES):
        raise _stopped(upload)
    return Zones(names, tuple(shapes.tolist()), notes)


def opened(upload: Upload, task: str, crs: str | None = None, within: Sequence[float] | None = None) -> dict[str, Any]:
    """What the reader's process makes of an upload.

    Parameters
    ----------
    upload : Upload
        What passed the screening.
    task : {'zones', 'sites'}
        What is wanted.
    crs : str, optional
        Code of the reference system where the file states none.
    within : sequence of float, optional
        Extent that zones have to touch, degrees.

    Returns
    -------
    dict
        As `cellcount.zones.child.answer` has it.

    Raises
    ------
    AreaRefusedError
        If the reader refused the file, took too long or too much memory, or broke down.
    """
    first = next(iter(upload.files))
    asked = {"task": task, "shown": upload.shown, "kind": upload.kind, "file": first, "crs": crs, "within": within}
    with tempfile.TemporaryDirectory(prefix="cellcount-zones-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        for file, content in upload.files.items():
            (place / file).write_bytes(content)
        (place / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        _run(upload, place)
        result = place / "answer.json"
        if not result.is_file() or result.stat().st_size > ANSWER_BYTES:
            raise _stopped(upload)
        try:
            found = orjson.loads(result.read_bytes())
        except orjson.JSONDecodeError as error:
            raise _stopped(upload) from error
    if not isinstance(found, dict):
        raise _stopped(upload)
    if "refused" in found:
        raise AreaRefusedError(str(found["refused"]))
    return found


def _run(upload: Upload, folder: Path) -> None:
    # -P: what is in the folder is never imported.
    command = [sys.executable, "-P", child.__file__, str(folder)]
    if not _TURN.acquire(timeout=AT_ONCE * (START_SECONDS + READING_SECONDS)):
        raise AreaRefusedError(f"{upload.shown} was not read: other files are being read. Try again in a moment.")
    try:
        done = subprocess.run(  # noqa: S603 - this Python, a file of ours and a folder of ours
            command,
            cwd=folder,
            env=_environment(upload.kind, folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=START_SECONDS + READING_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _too_long(upload) from error
    finally:
        _TURN.release()
    if done.returncode == -child.ALARM:
        raise _too_long(upload)


def _environment(kind: str, folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    path = os.pathsep.join(filter(None, (_IMPORTS, kept.get("PYTHONPATH"))))
    skipped = ",".join(driver for driver in pyogrio.list_drivers() if driver != DRIVERS.get(kind))
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "GDAL_HTTP_PROXY"), _NOWHERE)
    return (
        kept
        | proxies
        | {
            "PYTHONPATH": path,
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "OPENBLAS_NUM_THREADS": "1",
            "GDAL_SKIP": skipped,
            "GDAL_NUM_THREADS": "1",
            "GDAL_HTTP_TIMEOUT": "1",
            "PROJ_NETWORK": "OFF",
            "SHAPE_RESTORE_SHX": "YES",
        }
    )


def _too_long(upload: Upload) -> AreaRefusedError:
    return AreaRefusedError(
        f"{upload.shown} took more than {READING_SECONDS:g} s to read, which no file of zones needs. Simplify its "
        "outlines and look whether they cross themselves."
    )


def _stopped(upload: Upload) -> AreaRefusedError:
    return AreaRefusedError(
        f"{upload.shown} cannot be read as a {upload.kind}: reading it broke off. Export it again, or simplify it."
    )
