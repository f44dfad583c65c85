"""Import commuting between local authorities from the census of 2021, beside a release's own.

The table ODWP01EW of the Office for National Statistics gives the usual residents of England and Wales in employment by
the authority where they live and the one where they work, on 21 March 2021, when many worked at home.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cellcount.importers.counts import MOST_PEOPLE, examples
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.into_existing import Addition, add_to_release
from cellcount.importers.tables import columns_of, numbers, read_table, texts
from cellcount.importers.writing import Imported
from cellcount.progress import Progress, silent

TABLE = "official_commuting"
MEMBER = r"odwp01ew_ltla\.csv$"
"""The file of local authorities in the zip as published, which has those of smaller areas too."""
MOST_BYTES = 256 * 1024 * 1024
"""The published table of authorities has a tenth of this."""
ORIGIN = ("Lower tier local authorities code", "origin_code")
DESTINATION = ("LTLA of workplace code", "dest_code", "destination_code")
PEOPLE = ("Count", "count", "people")
"""Names of the columns: as published, and as tables that were made from it have them."""
INDICATOR = "Place of work indicator (4 categories) code"
WORKING_ELSEWHERE = 3
"""Code of the indicator: working in the United Kingdom, and not at or from home."""
SUCCESSORS = {
    "E07000026": "E06000063",
    "E07000027": "E06000064",
    "E07000028": "E06000063",
    "E07000029": "E06000063",
    "E07000030": "E06000064",
    "E07000031": "E06000064",
    "E07000163": "E06000065",
    "E07000164": "E06000065",
    "E07000165": "E06000065",
    "E07000166": "E06000065",
    "E07000167": "E06000065",
    "E07000168": "E06000065",
    "E07000169": "E06000065",
    "E07000187": "E06000066",
    "E07000188": "E06000066",
    "E07000189": "E06000066",
    "E07000246": "E06000066",
    "E08000016": "E08000038",
    "E08000019": "E08000039",
}
"""Codes of authorities of 2021 that have ended, with their successors, by the code history of the Office for National
Statistics: on 1 April 2023 the districts of Cumbria became Cumberland, and Westmorland and Furness; those of North
Yorkshire and of Somerset became one each; Barnsley and Sheffield have a new code since their border moved."""
LEAST_MATCHED = 0.5
"""Share of all people: where fewer live and work in authorities of the release, it is another kind of area."""
SOURCE = {
    "name": "Census 2021, table ODWP01EW: location of usual residence and place of work",
    "publisher": "Office for National Statistics",
    "licence": "Open Government Licence v3.0",
    "attribution": "Contains public sector information licensed under the Open Government Licence v3.0: Office for "
    "National Statistics, Census 2021",
    "url": "https://www.nomisweb.co.uk/sources/census_2021_od",
}
TITLE = "commuting of the Census 2021"
AREA_TYPE = "authority"


def import_census_od(source: Path, release: Path, *, progress: Progress = silent) -> Imported:
    """Make a release that has commuting of the Census 2021 beside everything of another.

    Parameters
    ----------
    source : Path
        `ODWP01EW_LTLA.csv`, the zip that it is published in, or a CSV or Parquet of origin_code, destination_code and
        people that was made from it.
    release : Path
        Folder of the release to compare; it stays as it is.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Imported

    Raises
    ------
    ImportRefusedError
        Where the file is damaged or another table, or hardly any of its areas is an authority of the release.
    """
    return add_to_release(
        release,
        lambda codes: read_census_od(source, codes),
        table=TABLE,
        slug="census-od",
        files=[source],
        area_type=AREA_TYPE,
        progress=progress,
    )


def read_census_od(source: Path, codes: Sequence[str]) -> Addition:
    """The pairs of the table, in today's authorities.

    Where the table tells who works at or from home, these are left out, as are those with no fixed place of work or one
    abroad. Where it does not, the pair of an authority with itself holds them.

    Parameters
    ----------
    source : Path
        The file.
    codes : sequence of str
        Authorities of the release.

    Returns
    -------
    Addition
    """
    table = read_table(source, member=MEMBER, most_bytes=MOST_BYTES)
    origin, destination, people = (_column(table, names, source) for names in (ORIGIN, DESTINATION, PEOPLE))
    told = INDICATOR in table.column_names
    if told:
        kept = pc.equal(numbers(table.column(INDICATOR), source, INDICATOR), float(WORKING_ELSEWHERE))
        table = table.filter(pc.fill_null(kept, False))
        if table.num_rows == 0:
            raise ImportRefusedError(
                f"{source}: no row has {WORKING_ELSEWHERE} (working in the United Kingdom, not at home) in the column "
                f"{INDICATOR}. Get the table ODWP01EW again."
            )
    counts = numbers(table.column(people), source, people)
    _refuse_what_is_no_count(counts, source, people)
    pairs = pa.table(
        {
            "origin_code": texts(table.column(origin)),
            "destination_code": texts(table.column(destination)),
            "people": counts.cast(pa.int64()),
        }
    )
    _refuse_twice(pairs, source)
    return _in_todays_authorities(pairs, set(codes), source, told=told)


def _in_todays_authorities(pairs: pa.Table, known: set[str], source: Path, *, told: bool) -> Addition:
    ends = {end: np.array(pairs.column(end).to_pylist(), dtype=object) for end in ("origin_code", "destination_code")}
    # A release of an older geography still has the old authority.
    mapped = {code: new for code, new in SUCCESSORS.items() if code not in known}
    there = np.ones(pairs.num_rows, dtype=bool)
    changed: set[str] = set()
    unknown: set[str] = set()
    for end, old in ends.items():
        changed |= set(old) & set(mapped)
        ends[end] = np.array([mapped.get(code, code) for code in old], dtype=object)
        inside = np.array([code in known for code in ends[end]], dtype=bool)
        unknown |= {str(code) for code in ends[end][~inside]}
        there &= inside
    people = pairs.column("people").to_numpy()
    total, kept = int(people.sum()), int(people[there].sum())
    if kept < LEAST_MATCHED * total or not there.any():
        raise ImportRefusedError(
            f"{source}: {kept:,} of {total:,} people live and work in local authorities of the release. The codes are "
            f"of another kind of area, or of another country ({examples(sorted(unknown))}). Give the table by local "
            "authority, ODWP01EW_LTLA, and a release of the United Kingdom."
        )
    notes = []
    if changed:
        notes.append(
            f"{len(changed)} authorities of 2021 have ended; their people are given to the authorities that succeeded "
            f"them ({examples(sorted(f'{code} to {mapped[code]}' for code in changed))})."
        )
    if unknown:
        notes.append(
            f"{int((~there).sum()):,} pairs with {total - kept:,} people ({(total - kept) / total:.1%}) are left out: "
            f"one end is no local authority of the release ({examples(sorted(unknown))})."
        )
    if not told:
        notes.append(
            "The file does not tell who works at or from home: the pair of an authority with itself holds these people."
        )
    least = int(people.min())
    if least > 1:
        notes.append(f"The smallest count in the file is {least:,}: smaller pairs may have been left out of it.")
    rows = (
        pa.table({end: codes[there].tolist() for end, codes in ends.items()} | {"people": people[there]})
        .group_by(["origin_code", "destination_code"])
        .aggregate([("people", "sum")])
        .rename_columns(["origin_code", "destination_code", "people"])
    )
    facts = {"date": "2021-03-21", "home_workers_within": not told, "smallest_count": least, "people": kept}
    return Addition(rows, TITLE, SOURCE, facts, tuple(notes))


def _column(table: pa.Table, names: Sequence[str], file: Path) -> str:
    """The first of these columns that the table has."""
    found = [name for name in names if name in table.column_names]
    if not found:
        columns_of(table, names[:1], file)
    return found[0]


def _refuse_what_is_no_count(counts: pa.ChunkedArray, file: Path, name: str) -> None:
    for wrong, told in (
        (pc.is_null(counts), "missing"),
        (pc.less(counts, 0), "negative"),
        (pc.invert(pc.is_finite(counts)), "not finite"),
        (pc.not_equal(pc.floor(counts), counts), "not whole numbers"),
        (pc.greater(counts, MOST_PEOPLE), "more than all people"),
    ):
        many = pc.sum(pc.fill_null(wrong, False)).as_py()
        if many:
            first = pc.index(wrong, True).as_py()
            raise ImportRefusedError(
                f"{file}, column {name}: {many:,} counts are {told}, the first in row {first + 1:,} of those used. Get "
                "the table again as it is published."
            )


def _refuse_twice(pairs: pa.Table, file: Path) -> None:
    counted = pairs.group_by(["origin_code", "destination_code"]).aggregate([([], "count_all")])
    twice = counted.filter(pc.greater(counted.column("count_all"), 1))
    if twice.num_rows:
        first = twice.slice(0, 1).to_pylist()[0]
        raise ImportRefusedError(
            f"{file} gives {twice.num_rows:,} pairs more than once, for example {first['origin_code']} to "
            f"{first['destination_code']}. If the rows differ by another column, keep one of its values."
        )
