"""GeoPackages, shapefiles and KML, opened with GDAL. Runs in the child process only: see `cellcount.zones.child`."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import pyogrio
import shapely
from pyogrio import raw

from cellcount.zones.found import WGS84, Found
from cellcount.zones.limits import MOST_DEPTH, AreaRefusedError
from cellcount.zones.naming import plain_name

DRIVERS = {"GeoPackage": "GPKG", "shapefile": "ESRI Shapefile", "KML": "KML"}
"""The one driver of GDAL that may open each kind of file; all others are left out, whatever a file says that it is."""
MOST_LAYERS = 50
"""Layers of one file that are read: folders of a KML file, tables of a GeoPackage."""


def open_with_gdal(shown: str, kind: str, path: Path, most: int) -> Found:
    """What is in a file.

    Parameters
    ----------
    shown : str
        Its name in sentences.
    kind : {'GeoPackage', 'shapefile', 'KML'}
        What it is.
    path : Path
        Where it is.
    most : int
        The most features that are read.

    Raises
    ------
    AreaRefusedError
        If it cannot be read, or should not be.
    """
    if set(pyogrio.list_drivers()) != {DRIVERS[kind]}:
        raise AreaRefusedError(f"{shown} is not read, for the reader could not be confined to files of its kind.")
    notes: list[str] = []
    if kind == "KML":
        notes += _check_xml(shown, path)
    tables = _tables_of_geopackage(shown, path) if kind == "GeoPackage" else None
    with warnings.catch_warnings():
        # What GDAL warns of, such as an outline that is not closed, is found and said below.
        warnings.simplefilter("ignore")
        listed = [each for each in pyogrio.list_layers(path).tolist() if tables is None or each[0] in tables]
        # Tables without places, such as those of styles, are read only where there is nothing else.
        names = [name for name, geometry in listed if geometry is not None] or [name for name, _ in listed]
        if len(names) > MOST_LAYERS:
            raise AreaRefusedError(f"{shown} holds {len(names):,} layers; at most {MOST_LAYERS} are read.")
        layers = [_layer(path, name, most) for name in names]
    found = _joined(shown, layers)
    if len(found.shapes) > most:
        raise AreaRefusedError(f"{shown} holds more than {most:,} features, the most that are read.")
    found.crs = WGS84 if kind == "KML" else found.crs
    found.notes += notes
    return found


def _layer(path: Path, name: str, most: int) -> Found:
    meta, _, geometries, values = raw.read(
        path, layer=name, force_2d=True, max_features=most + 1, datetime_as_string=True
    )
    fields = [str(each) for each in meta["fields"]]
    columns: dict[str, list[Any]] = {
        field: np.asarray(value).tolist() for field, value in zip(fields, values, strict=True)
    }
    wkb = np.full(len(values[0]) if values else 0, None) if geometries is None else np.asarray(geometries, dtype=object)
    whole = shapely.from_wkb(wkb, on_invalid="ignore")
    broken = shapely.is_missing(whole) & np.array([each is not None for each in wkb], dtype=bool)
    notes = []
    if broken.any():
        whole[broken] = shapely.from_wkb(wkb[broken], on_invalid="fix")
        closed = int(np.count_nonzero(~shapely.is_missing(whole[broken])))
        if closed:
            features = "one feature" if closed == 1 else f"{closed:,} features"
            notes.append(f"Outlines of {features} did not end where they began and were closed.")
    return Found(list(whole), columns, _stated(meta["crs"]), notes)


def _stated(crs: str | None) -> str | None:
    """The reference system that a layer states; a GeoPackage may state that it has none, in so many words."""
    return None if crs is None or "undefined" in crs.lower()[:80] or "unknown" in crs.lower()[:80] else crs


def _joined(shown: str, layers: list[Found]) -> Found:
    systems = {layer.crs for layer in layers if layer.shapes}
    if len(systems) > 1:
        raise AreaRefusedError(f"{shown} has layers in several coordinate reference systems. Export one layer alone.")
    names = dict.fromkeys(column for layer in layers for column in layer.columns)
    columns = {
        name: [value for layer in layers for value in layer.columns.get(name, [None] * len(layer.shapes))]
        for name in names
    }
    notes = [note for layer in layers for note in layer.notes]
    return Found([shape for layer in layers for shape in layer.shapes], columns, next(iter(systems), None), notes)


def _tables_of_geopackage(shown: str, path: Path) -> set[str]:
    """The layers of a GeoPackage that are plain tables. A view would run SQL of whoever made the file.

    Triggers run when something is written; the file is opened to be read.
    """
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            listed = {str(name) for (name,) in database.execute("SELECT table_name FROM gpkg_contents")}
            made = {
                str(name): (kind, str(sql))
                for name, kind, sql in database.execute(
                    "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view')"
                )
            }
    except (sqlite3.Error, UnicodeError) as error:
        raise AreaRefusedError(
            f"{shown} is damaged, was cut short, or is no GeoPackage. Export or upload it again."
        ) from error
    for name in sorted(listed):
        kind, sql = made.get(name, ("table", ""))
        if kind != "table" or sql.split()[:2] != ["CREATE", "TABLE"] or "GENERATED ALWAYS" in sql.upper():
            raise AreaRefusedError(
                f"{shown}: its layer “{plain_name(name)}” is not a plain table and is not opened. Export it as one."
            )
    return listed


def _check_xml(shown: str, path: Path) -> list[str]:
    """Refuse what is not well formed, and what defines entities; note links, which are not followed."""
    links, depth = 0, 0

    def begin(name: str, _: object) -> None:
        nonlocal links, depth
        links += name.rpartition(":")[2] == "NetworkLink"
        depth += 1
        if depth > MOST_DEPTH:
            raise AreaRefusedError(
                f"{shown} is nested more than {MOST_DEPTH} deep, which no KML needs. Export it again."
            )

    def end(_: object) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: object) -> None:
        raise AreaRefusedError(f"{shown} defines entities of its own (a DOCTYPE), which no KML needs. Export it again.")

    parser = expat.ParserCreate()
    handlers: dict[str, Callable[..., None]] = {
        "StartElementHandler": begin,
        "EndElementHandler": end,
        "StartDoctypeDeclHandler": refuse,
        "EntityDeclHandler": refuse,
    }
    for handler, what in handlers.items():
        setattr(parser, handler, what)
    try:
        parser.Parse(path.read_bytes(), True)
    except expat.ExpatError as error:
        raise AreaRefusedError(
            f"{shown} is damaged or was cut short: it is not well-formed XML at line {error.lineno}. Export it again."
        ) from error
    return ["Links in the file to other files were not followed."] if links else []
