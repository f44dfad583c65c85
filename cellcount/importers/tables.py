"""Read a table of anybody's: CSV of any encoding, separator and decimal mark, or Parquet; plain, gzip or zip."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from cellcount.importers.counts import examples
from cellcount.importers.errors import ImportRefusedError

SEPARATORS = (",", ";", "\t", "|")
WITHHELD_MARKS = ("", "NULL", "null", "NA", "N/A", "*", "..", ":")
"""What tables put in place of a figure that is withheld."""
_GZIP, _PARQUET, _ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"
MOST_BYTES = 2**31
"""A table that is larger than this when it is unpacked is refused: a small file can be made to fill all memory."""
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class TextForm:
    """How a text table is written; None is found out from the file.

    Attributes
    ----------
    encoding : str or None
        Name of the encoding, as Python calls it.
    separator : str or None
        One character.
    decimal : str or None
        `.` or `,`.
    """

    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None


FOUND_OUT = TextForm()
"""Everything is found out from the file."""


def read_table(
    file: Path, form: TextForm = FOUND_OUT, *, member: str | None = None, most_bytes: int = MOST_BYTES
) -> pa.Table:
    """Read a table: of text columns from CSV, of its own types from Parquet.

    Parameters
    ----------
    file : Path
        CSV or Parquet, as it is, in gzip, or alone in a zip.
    form : TextForm
        How text is written, where that is not to be found out.
    member : str, optional
        Pattern of the name of the table's file in a zip that holds several.
    most_bytes : int
        Largest size of an unpacked table.

    Returns
    -------
    pyarrow.Table
        At least one row. Column names are without spaces around them.

    Raises
    ------
    ImportRefusedError
        Where the file is missing, empty, cut short, or no table.
    """
    content = _content(file, member, most_bytes)
    if content[:4] == _PARQUET:
        try:
            table = pq.read_table(io.BytesIO(content))
        except (pa.ArrowException, OSError) as error:
            raise ImportRefusedError(
                f"{file} is a Parquet file that cannot be read ({_first_line(error)}): it is damaged or half-written. "
                "Get it again."
            ) from error
    else:
        table = _read_text(file, content, form)
    if table.num_rows == 0:
        raise ImportRefusedError(f"{file} has no rows. Get it again, or leave it out.")
    return table.rename_columns([name.strip() for name in table.column_names])


def columns_of(table: pa.Table, wanted: Sequence[str], file: Path) -> None:
    """Refuse a table that lacks a column, with the nearest name that it has.

    Parameters
    ----------
    table : pyarrow.Table
        A table.
    wanted : sequence of str
        Names that it must have.
    file : Path
        Where it was read from.
    """
    for name in wanted:
        if name not in table.column_names:
            raise ImportRefusedError(
                f"{file} has no column {name}. {nearest(name, table.column_names)}"
                f"Its columns are {examples(table.column_names, 30)}."
            )


def nearest(name: str, there: Sequence[str]) -> str:
    """A question after the name that was meant, if one is near.

    Examples
    --------
    >>> nearest("YKR_id", ["YKR_ID", "H0"])
    'Is YKR_ID meant? '
    """
    found = {each.lower(): each for each in there}
    near = difflib.get_close_matches(name.lower(), list(found), 1, 0.6)
    return f"Is {found[near[0]]} meant? " if near else ""


def texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as text without spaces around it; whole numbers without a decimal point.

    Examples
    --------
    >>> texts(pa.chunked_array([[5785640.0, None]])).to_pylist()
    ['5785640', None]
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type) and pc.all(pc.equal(pc.round(column), column)).as_py():
        column = column.cast(pa.int64())
    return pc.utf8_trim_whitespace(column.cast(pa.string()))


def numbers(
    column: pa.ChunkedArray, file: Path, name: str, *, decimal: str | None = None, withheld: Sequence[str] = ()
) -> pa.ChunkedArray:
    """A column of figures as numbers; NULL where withheld.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Text or numbers.
    file : Path
        Where it is from.
    name : str
        Name of the column, for messages.
    decimal : str, optional
        Decimal mark of text; found out if not given.
    withheld : sequence of str
        Marks of withheld figures, beside the usual ones (`WITHHELD_MARKS`).

    Returns
    -------
    pyarrow.ChunkedArray
        Of float64.

    Examples
    --------
    >>> numbers(pa.chunked_array([["1,5", "2", "*"]]), Path("people.csv"), "people").to_pylist()
    [1.5, 2.0, None]
    """
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
        marked = [float(mark) for mark in withheld if _is_number(mark)]
        return pc.if_else(pc.is_in(column, pa.array(marked, pa.float64())), None, column) if marked else column
    text = texts(column)
    marks = pa.array([*WITHHELD_MARKS, *withheld], pa.string())
    text = pc.if_else(pc.is_in(text, marks), None, text)
    text = _with_point(text, file, name, decimal)
    try:
        return text.cast(pa.float64())
    except pa.ArrowInvalid:
        wrong = [value for value in pc.unique(text).to_pylist() if value is not None and not _is_number(value)]
        raise ImportRefusedError(
            f"{file}, column {name}: {len(wrong):,} values are not numbers: {examples(wrong)}. If they mark withheld "
            f"figures, name each with --withheld, for example --withheld {wrong[0]!r}."
        ) from None


def _with_point(text: pa.ChunkedArray, file: Path, name: str, decimal: str | None) -> pa.ChunkedArray:
    """Numbers written with a decimal point and without marks between thousands."""
    if decimal not in {None, ".", ","}:
        raise ImportRefusedError(f"The decimal mark cannot be {decimal!r}: it is . or ,")
    comma = pc.fill_null(pc.match_substring(text, ","), False)
    if decimal is None and not pc.any(comma).as_py():
        return text
    if decimal is None:
        point = pc.any(pc.match_substring(text, ".")).as_py()
        if point or pc.all(pc.match_substring_regex(text, r"^\d{1,3}(,\d{3})*$")).as_py():
            shown = text.filter(comma).slice(0, 1).to_pylist()[0]
            raise ImportRefusedError(
                f"{file}, column {name}: whether {shown} has a decimal comma cannot be told. Say --decimal , if it "
                "has, or --decimal . if the comma is between thousands."
            )
    thousands = "," if decimal == "." else "."
    grouped = pc.match_substring_regex(text, rf"^[+-]?\d{{1,3}}(\{thousands}\d{{3}})+([.,]\d*)?$")
    text = pc.if_else(grouped, pc.replace_substring(text, thousands, ""), text)
    return pc.replace_substring(text, ",", ".")


def _content(file: Path, member: str | None, most_bytes: int) -> bytes:
    """The bytes of the table itself, out of gzip or zip."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ImportRefusedError(f"{file} cannot be read ({error.strerror}). Name the table's own file.") from error
    try:
        if content[:2] == _GZIP:
            with gzip.open(io.BytesIO(content)) as stream:
                content = _at_most(stream, most_bytes, file)
        elif content[:4] == _ZIP:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                members = [each for each in archive.namelist() if not each.endswith("/")]
                if member is not None and len(members) > 1:
                    members = [each for each in members if re.search(member, each, re.IGNORECASE)]
                if len(members) != 1:
                    which = f"{len(members)} files" if member is None else f"{len(members)} files like {member}"
                    raise ImportRefusedError(f"{file} holds {which}. Take them out, and name the tables themselves.")
                with archive.open(members[0]) as stream:
                    content = _at_most(stream, most_bytes, file)
    # An archive with a password ends in a RuntimeError, a compression that is not known in a NotImplementedError.
    except (EOFError, OSError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        raise ImportRefusedError(
            f"{file} cannot be unpacked ({_first_line(error)}): it is damaged or half-written. Get it again."
        ) from error
    if not content.strip():
        raise ImportRefusedError(f"{file} is empty. Get it again.")
    return content


def _at_most(stream: IO[bytes] | gzip.GzipFile, most_bytes: int, file: Path) -> bytes:
    content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ImportRefusedError(
            f"{file} is larger than {most_bytes / 2**20:,.0f} MB when it is unpacked, which no such table is. Get the "
            "file again from its publisher."
        )
    return content


def _read_text(file: Path, content: bytes, form: TextForm) -> pa.Table:
    encoding = form.encoding or encoding_of(content)
    try:
        text = content.decode(encoding).replace("\r\n", "\n")
    except (UnicodeDecodeError, LookupError) as error:
        raise ImportRefusedError(
            f"{file} is not text in {encoding} ({_first_line(error)}). Name its encoding with --encoding, for example "
            "--encoding cp1252."
        ) from error
    if "\0" in text:
        raise ImportRefusedError(f"{file} is no table: it holds bytes that text does not. Give a CSV or Parquet file.")
    separator = form.separator or separator_of(text)
    if len(separator) != 1:
        raise ImportRefusedError(f"Columns cannot be separated by {separator!r}: give one character with --separator.")
    header = next(csv.reader(io.StringIO(text), delimiter=separator))
    names = [name.strip() for name in header]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ImportRefusedError(f"{file} has two columns of the name {twice[0]}. Name one of them otherwise.")
    try:
        return pa_csv.read_csv(
            io.BytesIO(text.encode()),
            parse_options=pa_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise ImportRefusedError(
            f"{file} cannot be read as a table of {len(names)} columns ({_first_line(error)}). It may be cut short; or "
            "name what separates its columns with --separator."
        ) from error


def encoding_of(content: bytes) -> str:
    """The encoding of a text: by its mark, UTF-8 if it is that, Japanese, or else Western.

    Parameters
    ----------
    content : bytes
        The whole text.

    Returns
    -------
    str

    Examples
    --------
    >>> [encoding_of(text.encode(code)) for text, code in [("Länsi", "utf-8"), ("Länsi", "cp1252"), ("人口", "cp932")]]
    ['utf-8', 'cp1252', 'cp932']
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    try:
        japanese = content.decode("cp932")
    except UnicodeDecodeError:
        return "cp1252"
    # A Western letter and the one after it make a character too: it then stands among Western letters.
    foreign = re.findall(r"[^\x00-\x7f]", japanese)
    alone = re.findall(r"(?<![A-Za-z])[\u3040-\u30ff\u4e00-\u9fff\uff10-\uff5a](?![A-Za-z])", japanese)
    return "cp932" if len(alone) > len(foreign) / 2 else "cp1252"


def separator_of(text: str) -> str:
    r"""What separates the columns: what gives the first lines equally many columns, and then the most.

    Examples
    --------
    >>> separator_of("zone;people\n1;2,5\n2;3,5\n")
    ';'
    """
    lines = [line for line in text[:100_000].splitlines()[:20] if line.strip()]
    if len(lines) > 2 and len(text) > 100_000:
        lines = lines[:-1]

    def columns(separator: str) -> tuple[bool, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator)]
        return len(set(widths)) == 1 and widths[0] > 1, widths[0] if widths else 0

    return max(SEPARATORS, key=columns)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
