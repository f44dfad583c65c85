"""What is uploaded, looked at without opening it: what kind of file it is, and whether it is safe to hand on.

Everything here is arithmetic on bytes, takes bounded time and memory, and trusts neither the file's name nor what the
file says of itself. What passes is opened by `cellcount.zones.child` in a process of its own.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import numpy as np

from cellcount.zones.limits import (
    FILE_BYTES,
    MOST_DEPTH,
    MOST_MEMBERS,
    MOST_VERTICES,
    UNPACKED_BYTES,
    AreaRefusedError,
)
from cellcount.zones.naming import plain_name

Kind = Literal["GeoJSON", "GeoPackage", "shapefile", "KML"]
KINDS_READ = "GeoJSON, GeoPackage, zipped shapefile and KML"

_ZIP, _SQLITE, _OLD_SHAPEFILE = b"PK\x03\x04", b"SQLite format 3\x00", b"\x00\x00\x27\x0a"
_TWO_BYTES_A_LETTER = (b"\xff\xfe", b"\xfe\xff", b"{\x00", b"\x00{", b"<\x00", b"\x00<")
"""How a text in UTF-16 begins: with its mark, or with a first letter of GeoJSON or KML beside a zero."""
_GEOPACKAGE_IDS = (b"GPKG", b"GP10", b"GP11")
"""Application identifiers of a GeoPackage at byte 68 (OGC 12-128r19, requirement 2, and versions before it)."""
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
"""Files of a shapefile that are read; index and metadata files are not."""
_SHP_HEADER = 100
_MOST_BYTES_PER_VERTEX = 40
"""Of a shapefile: four numbers of eight bytes, and its share of the headers. A file with more has too many vertices."""
_MOST_SIGNS_PER_VERTEX = 5
"""Of GeoJSON: a bracket and three commas of a vertex with a height, and room for names. This bounds what parsing takes;
vertices are counted afterwards."""
_NEITHER_BRACKET_NOR_QUOTE = bytes(set(range(256)) - set(b'[]{}"'))
_MOST_COMMAS_PER_VERTEX = 3
"""Of a KML file: two with a height, and as many as anybody needs in descriptions."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that may be opened.

    Attributes
    ----------
    shown : str
        Its name as it is shown in sentences, in quotation marks.
    kind : {'GeoJSON', 'GeoPackage', 'shapefile', 'KML'}
        What it is, by its content.
    files : dict of str to bytes
        What is written to the reader's folder, under names of our own; the first is the one to open.
    """

    shown: str
    kind: Kind
    files: dict[str, bytes]


def screened(name: str, content: bytes) -> Upload:
    """An upload that may be opened.

    Parameters
    ----------
    name : str
        The file's name, for sentences only.
    content : bytes
        What is in it.

    Returns
    -------
    Upload

    Raises
    ------
    AreaRefusedError
        If it is none of the kinds that are read, too large, or not safe to open.

    Examples
    --------
    >>> screened("zones.txt", b' {"type": "Point", "coordinates": [0, 51]}').kind
    'GeoJSON'
    """
    shown = f"“{plain_name(name) or 'The file'}”"
    if len(content) > FILE_BYTES:
        raise AreaRefusedError(
            f"{shown} is too large: files of at most {FILE_BYTES / 1e6:.0f} MB are read. Simplify the outlines or keep "
            "fewer of them."
        )
    if content.startswith(_ZIP):
        return Upload(shown, "shapefile", _unpacked(shown, content))
    if content.startswith(_SQLITE):
        _check_database(shown, content)
        return Upload(shown, "GeoPackage", {"upload.gpkg": content})
    if content.startswith(_OLD_SHAPEFILE):
        raise AreaRefusedError(f"{shown} is one file of a shapefile. Zip its .shp, .shx, .dbf and .prj together.")
    if content.startswith(_TWO_BYTES_A_LETTER):
        raise AreaRefusedError(f"{shown} is text in UTF-16 and not in UTF-8. Save it as UTF-8.")
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        _check_json(shown, text)
        return Upload(shown, "GeoJSON", {"upload.geojson": text})
    if text.startswith(b"<") and b"\x00" not in text and re.search(rb"<(\w+:)?kml[\s>]", text[:10_000]):
        if text.count(b",") > _MOST_COMMAS_PER_VERTEX * MOST_VERTICES:
            raise _too_many_vertices(shown)
        return Upload(shown, "KML", {"upload.kml": text})
    if not content:
        raise AreaRefusedError(f"{shown} is empty. Choose another file.")
    raise AreaRefusedError(f"{shown} is not a file of zones that can be read. {KINDS_READ} can.")


def _too_many_vertices(shown: str) -> AreaRefusedError:
    return AreaRefusedError(
        f"{shown} has more than {MOST_VERTICES:,} vertices, the most that are read. Simplify the outlines: cells are "
        "hundreds of metres across."
    )


def json_depth(text: bytes) -> int:
    r"""How deep a JSON text is nested, without parsing it.

    Examples
    --------
    >>> json_depth(rb'{"name": "[[[ \" [", "coordinates": [[1, 2], [-3, 4]]}')
    3
    """
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NEITHER_BRACKET_NOR_QUOTE)
    letters = np.frombuffer(bare, dtype=np.uint8)
    outside = np.bitwise_xor.accumulate((letters == ord('"')).astype(np.uint8)) == 0
    opens = ((letters == ord("[")) | (letters == ord("{"))) & outside
    closes = ((letters == ord("]")) | (letters == ord("}"))) & outside
    depth = np.cumsum(opens.astype(np.int8) - closes.astype(np.int8), dtype=np.int32)
    return int(depth.max(initial=0))


def _check_json(shown: str, text: bytes) -> None:
    # What is in strings counts too: a name has no million of commas.
    if sum(text.count(sign) for sign in (b",", b"[", b"{")) > _MOST_SIGNS_PER_VERTEX * MOST_VERTICES:
        raise AreaRefusedError(
            f"{shown} holds more numbers and brackets than {MOST_VERTICES:,} vertices need, the most that are read. "
            "Simplify its outlines, or leave out attributes."
        )
    depth = json_depth(text)
    if depth > MOST_DEPTH:
        raise AreaRefusedError(
            f"{shown} is nested {depth:,} deep, which no GeoJSON needs; at most {MOST_DEPTH} are read. Export it again."
        )


def _check_database(shown: str, content: bytes) -> None:
    """The header of an SQLite database (sqlite.org/fileformat2.html, 1.3), and that of a GeoPackage."""
    if content[68:72] not in _GEOPACKAGE_IDS:
        raise AreaRefusedError(f"{shown} is an SQLite database and no GeoPackage. Export it as a GeoPackage.")
    page = int.from_bytes(content[16:18], "big")
    pages = int.from_bytes(content[28:32], "big")
    if len(content) < (65_536 if page == 1 else page) * pages:
        raise _cut_short(shown)


def _cut_short(shown: str) -> AreaRefusedError:
    return AreaRefusedError(f"{shown} is damaged or was cut short on its way. Export or upload it again.")


def _unpacked(shown: str, content: bytes) -> dict[str, bytes]:
    # The directory is counted before it is parsed: parsing 400,000 entries would take seconds.
    if content.count(b"PK\x01\x02") > MOST_MEMBERS:
        raise AreaRefusedError(f"{shown} holds more than {MOST_MEMBERS:,} files. Zip the shapefile alone.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            for member in members:
                _check_member(shown, member)
            if sum(member.file_size for member in members) > UNPACKED_BYTES:
                raise AreaRefusedError(
                    f"{shown} unpacks to more than {UNPACKED_BYTES / 1e6:.0f} MB, the most that is unpacked. Zip the "
                    "shapefile alone, or simplify its outlines."
                )
            chosen = _shapefile(shown, members)
            files = {f"upload{ending}": archive.read(member) for ending, member in chosen.items()}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
        raise _cut_short(shown) from error
    _check_shp(shown, files["upload.shp"])
    return files


def _check_member(shown: str, member: zipfile.ZipInfo) -> None:
    # `filename` is as Python made it safe to look at; `orig_filename` as the archive has it.
    for path in (member.filename, member.orig_filename):
        parts = path.replace("\\", "/").split("/")
        if path.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\x00" in path:
            raise AreaRefusedError(
                f"{shown} holds a path that leads out of it, “{plain_name(path)}”, and was not unpacked. Zip the files "
                "of the shapefile without folders."
            )
    if stat.S_ISLNK(member.external_attr >> 16):
        raise AreaRefusedError(
            f"{shown} holds a link, “{plain_name(member.filename)}”, and was not unpacked. Zip the files themselves."
        )
    if member.flag_bits & 1:
        raise AreaRefusedError(f"{shown} is locked with a password. Zip the shapefile without one.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise AreaRefusedError(f"{shown} is packed in an unusual way. Zip the shapefile with the usual method.")


def _shapefile(shown: str, members: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The files of the one shapefile in an archive by their endings, the one to open first."""
    paths = {
        PurePosixPath(member.filename): member
        for member in members
        if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    }
    shapes = [path for path in paths if path.suffix.lower() == ".shp"]
    if not shapes:
        others = {path.suffix.lower() for path in paths} & {".kml", ".gpkg", ".geojson", ".json"}
        hint = "Unpack it and upload the file that is in it." if others else "Zip .shp, .shx, .dbf and .prj together."
        raise AreaRefusedError(f"{shown} is a zip without a shapefile. {hint}")
    if len(shapes) > 1:
        raise AreaRefusedError(f"{shown} holds {len(shapes)} shapefiles. Zip the one that holds the zones alone.")
    stem = shapes[0].with_suffix("")
    found = {
        path.suffix.lower(): member
        for path, member in paths.items()
        if path.with_suffix("") == stem and path.suffix.lower() in _PARTS
    }
    return {ending: found[ending] for ending in _PARTS if ending in found}


def _check_shp(shown: str, shp: bytes) -> None:
    """The main file's header: its length in words of two bytes stands at byte 24 (ESRI 1998, page 4)."""
    if len(shp) < _SHP_HEADER or not shp.startswith(_OLD_SHAPEFILE) or 2 * int.from_bytes(shp[24:28], "big") > len(shp):
        raise _cut_short(shown)
    if len(shp) > _MOST_BYTES_PER_VERTEX * MOST_VERTICES:
        raise _too_many_vertices(shown)
