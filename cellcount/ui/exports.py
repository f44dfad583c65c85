"""Tables to take away: CSV that a spreadsheet cannot run, its description, and GeoParquet. No Streamlit here."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Mapping

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely

_RUNNABLE = ("=", "+", "-", "@")
_LEADING = ("\t", "\r")


def safe_text(text: str) -> str:
    """Text that a spreadsheet shows and does not run as a formula.

    Spaces and marks that cannot be seen do not hide a formula, and neither do signs of another width: some
    spreadsheets drop the former and read the latter as the plain ones. Source: OWASP, CSV Injection.

    Examples
    --------
    >>> safe_text("=HYPERLINK(A1)"), safe_text(" ＝1"), safe_text("Stoke-on-Trent")
    ("'=HYPERLINK(A1)", "' ＝1", 'Stoke-on-Trent')
    """
    seen = next((each for each in text if not _unseen(each)), "")
    runs = text.startswith(_LEADING) or unicodedata.normalize("NFKC", seen).startswith(_RUNNABLE)
    return f"'{text}" if runs else text


def _unseen(character: str) -> bool:
    """Whether a character is a space, a control or a mark without a width."""
    return character.isspace() or unicodedata.category(character).startswith("C")


def to_csv(table: pd.DataFrame) -> bytes:
    r"""A table as CSV: UTF-8 with a mark that spreadsheets understand, withheld figures empty.

    Examples
    --------
    >>> to_csv(pd.DataFrame({"place": ["=1+1"], "people": [None]})).decode("utf-8-sig")
    "place,people\n'=1+1,\n"
    >>> to_csv(pd.DataFrame({"=1+1": [2]})).decode("utf-8-sig")
    "'=1+1\n2\n"
    """
    safe = {name: _safe(table[name]) for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])}
    shown = table.assign(**safe).rename(columns=_heading)
    return shown.to_csv(index=False, lineterminator="\n").encode("utf-8-sig")


def _heading(name: object) -> str:
    """What a column is called in the CSV."""
    return safe_text(str(name))


def _safe(column: pd.Series) -> pd.Series:
    """A column that may hold text, made safe; the same words are looked at once."""
    words = {value: safe_text(value) for value in column.unique() if isinstance(value, str)}
    return column.map(lambda value: words.get(value, value) if isinstance(value, str) else value)


def to_csvw(table: pd.DataFrame, file_name: str, facts: Mapping[str, object], columns: Mapping[str, str]) -> bytes:
    """What a CSV holds, as CSV on the Web metadata (W3C, 2015).

    Parameters
    ----------
    table : DataFrame
        The table.
    file_name : str
        Of the CSV that it describes.
    facts : mapping
        Title, release, source, licence, caveats and the like.
    columns : mapping of str to str
        What each column means, with its unit.
    """
    kinds = {"i": "integer", "u": "integer", "f": "number", "b": "boolean"}
    described = [
        {
            "name": name,
            "titles": _heading(name),
            "dc:description": columns.get(name, ""),
            "datatype": kinds.get(table[name].dtype.kind, "string"),
        }
        for name in table.columns
    ]
    content = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": file_name,
        **facts,
        "null": "",
        "tableSchema": {"columns": described},
    }
    return json.dumps(content, indent=1, ensure_ascii=False).encode()


def to_geoparquet(table: pd.DataFrame, facts: Mapping[str, object], outlines: gpd.GeoSeries | None = None) -> bytes:
    """A table of cells, areas or flows as GeoParquet: each row with its shape, the facts in the metadata.

    Parameters
    ----------
    table : DataFrame
        With the cells' indexes in `h3`, as text; or with the ends of flows in `origin_lon`, `origin_lat`,
        `destination_lon` and `destination_lat`.
    facts : mapping
        Title, release, source, licence, caveats and the like; readable under the key `cellcount`.
    outlines : GeoSeries, optional
        Outlines by code, for a table of areas with their codes in `area_code`.
    """
    if outlines is not None:
        shapes = outlines.reindex(table["area_code"]).to_list()
    elif "h3" in table:
        shapes = [
            shapely.Polygon([(longitude, latitude) for latitude, longitude in h3.cell_to_boundary(cell)])
            for cell in table["h3"]
        ]
    else:
        starts, ends = (table[[f"{end}_lon", f"{end}_lat"]].to_numpy(float) for end in ("origin", "destination"))
        placed = np.isfinite(starts).all(axis=1) & np.isfinite(ends).all(axis=1)
        drawn = shapely.linestrings(np.stack([np.nan_to_num(starts), np.nan_to_num(ends)], axis=1))
        shapes = [shape if there else None for shape, there in zip(drawn, placed, strict=True)]
    first = io.BytesIO()
    gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4326").to_parquet(first, index=False)
    written = pq.read_table(first)
    metadata = {**(written.schema.metadata or {}), b"cellcount": json.dumps(facts, ensure_ascii=False).encode()}
    second = io.BytesIO()
    pq.write_table(written.replace_schema_metadata(metadata), second, compression="zstd")
    return second.getvalue()
