"""Import the people staying in each 1 km mesh of Tokyo, monthly from 2019 to 2021, from the ministry's own files.

Definitions, from the ministry's data definition ("全国の人流オープンデータ", G空間情報センター,
https://www.geospatial.jp/ckan/dataset/mlit-1km-fromto): `population` is the mean of the month for one day; `dayflag` 0
is holidays (with weekends), 1 weekdays, 2 all days; `timezone` 0 is the day, the mean of the hours that begin at 11 to
14 o'clock, 1 the late night, the mean of those that begin at 1 to 4 o'clock, 2 the whole day. Figures under 10 people
are not given. The rows for all days and for the whole day are means that hold the others, and are left out here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from cellcount.importers.counts import LONG, Counts, Slot, TypicalDay, counts_from, examples
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.into_release import Read, into_release
from cellcount.importers.outlines import Outlines, checked, read_outlines
from cellcount.importers.tables import columns_of, numbers, read_table, texts
from cellcount.importers.writing import About, AreaKind, Imported
from cellcount.progress import Progress, silent

COLUMNS = ("mesh1kmid", "prefcode", "citycode", "year", "month", "dayflag", "timezone", "population")
PREFECTURE = "13"
DAY_FLAGS = {"1": "weekday", "0": "holiday"}
DAY_TYPES = {"weekday": "Weekday", "holiday": "Weekend day or holiday"}
SLOTS = (
    Slot("late_night", "Late night, 01:00 to 05:00", (1, 2, 3, 4)),
    Slot("day", "Day, 11:00 to 15:00", (11, 12, 13, 14)),
)
DAY_PARTS = {"1": 0, "0": 1}
"""Place among `SLOTS` of each `timezone`."""
WITHHELD_BELOW = 10.0
"""People: the ministry gives no figure that is smaller."""
PANDEMIC = "2020-03"
TIME_ZONE = "Asia/Tokyo"
JGD2000 = "EPSG:4612"
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
# Municipalities of Tokyo by JIS X 0402 code, as the prefecture writes their names in English.
MUNICIPALITIES = {
    "13101": "Chiyoda",
    "13102": "Chuo",
    "13103": "Minato",
    "13104": "Shinjuku",
    "13105": "Bunkyo",
    "13106": "Taito",
    "13107": "Sumida",
    "13108": "Koto",
    "13109": "Shinagawa",
    "13110": "Meguro",
    "13111": "Ota",
    "13112": "Setagaya",
    "13113": "Shibuya",
    "13114": "Nakano",
    "13115": "Suginami",
    "13116": "Toshima",
    "13117": "Kita",
    "13118": "Arakawa",
    "13119": "Itabashi",
    "13120": "Nerima",
    "13121": "Adachi",
    "13122": "Katsushika",
    "13123": "Edogawa",
    "13201": "Hachioji",
    "13202": "Tachikawa",
    "13203": "Musashino",
    "13204": "Mitaka",
    "13205": "Ome",
    "13206": "Fuchu",
    "13207": "Akishima",
    "13208": "Chofu",
    "13209": "Machida",
    "13210": "Koganei",
    "13211": "Kodaira",
    "13212": "Hino",
    "13213": "Higashimurayama",
    "13214": "Kokubunji",
    "13215": "Kunitachi",
    "13218": "Fussa",
    "13219": "Komae",
    "13220": "Higashiyamato",
    "13221": "Kiyose",
    "13222": "Higashikurume",
    "13223": "Musashimurayama",
    "13224": "Tama",
    "13225": "Inagi",
    "13227": "Hamura",
    "13228": "Akiruno",
    "13229": "Nishitokyo",
    "13303": "Mizuho",
    "13305": "Hinode",
    "13307": "Hinohara",
    "13308": "Okutama",
    "13361": "Oshima",
    "13362": "Toshima Village",
    "13363": "Niijima",
    "13364": "Kozushima",
    "13381": "Miyake",
    "13382": "Mikurajima",
    "13401": "Hachijo",
    "13402": "Aogashima",
    "13421": "Ogasawara",
}
_MESH = re.compile(r"\d{4}[0-7]{2}\d{2}")


def import_tokyo(
    source: Path, releases: Path, *, resolution: int | None = None, progress: Progress = silent
) -> Imported:
    """Make a release of the people staying in Tokyo, by month, weekday or holiday, day or late night.

    Parameters
    ----------
    source : Path
        Folder with the ministry's tables `monthly_mdp_mesh1km.csv` (plain, gzip, or the zip of each month) in folders
        `YYYY/MM`, at any depth; or one Parquet file of all of them joined. Mesh outlines are read from GeoJSON files in
        it, and computed for the others.
    releases : Path
        Folder of all releases.
    resolution : int, optional
        Finest H3 resolution, 5 to 9; 8 if not given.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Imported

    Raises
    ------
    ImportRefusedError
        Where a file is missing, damaged or not such a table.
    """
    tables = _the_tables(source)
    outlines = sorted([*source.glob("*.geojson"), *source.glob("*.geojson.gz")])

    def read() -> Read:
        rows = pa.concat_tables([_rows(file) for file in tables])
        counts = _counts(rows)
        found = _outlines(outlines, rows, counts.zones)
        return Read(counts, found, _about(counts, found.zones.loc[counts.zones, "area_name"].to_numpy()))

    return into_release(
        read,
        releases,
        slug="tokyo-mesh",
        files=[*tables, *outlines],
        parameters={"importer": "tokyo"},
        time_zone=TIME_ZONE,
        resolution=resolution,
        progress=progress,
    )


def mesh_outline(code: str) -> shapely.Polygon:
    """Outline of a third-order mesh of JIS X 0410, 45 seconds of longitude by 30 seconds of latitude: about 1 km.

    Parameters
    ----------
    code : str
        Eight digits: two of latitude and two of longitude for the first-order mesh (40 minutes by 1 degree), one each
        for the second order (an eighth) and for the third (a tenth).

    Returns
    -------
    Polygon
        Longitude and latitude, degrees, Japanese Geodetic Datum.

    Raises
    ------
    ImportRefusedError
        If there is no such mesh.

    Examples
    --------
    >>> [round(edge, 4) for edge in mesh_outline("53394509").bounds]
    [139.7375, 35.6667, 139.75, 35.675]
    """
    if not _MESH.fullmatch(code):
        raise ImportRefusedError(
            f"{code!r} is no code of a 1 km mesh (JIS X 0410): eight digits, the fifth and sixth of them 0 to 7."
        )
    south = int(code[:2]) / 1.5 + int(code[4]) / 12 + int(code[6]) / 120
    west = int(code[2:4]) + 100 + int(code[5]) / 8 + int(code[7]) / 80
    return shapely.box(west, south, west + 1 / 80, south + 1 / 120)


def _the_tables(source: Path) -> list[Path]:
    if not source.is_dir():
        raise ImportRefusedError(f"There is no folder {source}. Name the folder of the ministry's files.")
    monthly = sorted(source.rglob("monthly_mdp_mesh1km.csv*"))
    # A month may lie there both as its zip and taken out of it.
    whole = {file.parent: file for file in reversed(monthly)}
    found = sorted(whole.values()) or sorted(source.glob("*.parquet"))
    if not found:
        raise ImportRefusedError(
            f"{source} has no tables monthly_mdp_mesh1km.csv in folders such as 2021/12. Unpack the ministry's zip of "
            "the prefecture (monthly_mdp_mesh1km_13.zip) into it."
        )
    return found


def _rows(file: Path) -> pa.Table:
    """One file's rows for weekdays and holidays, day and late night, with codes as text."""
    table = read_table(file)
    columns_of(table, COLUMNS, file)
    columns = {name: texts(table.column(name)) for name in COLUMNS if name != "population"}
    columns["population"] = numbers(table.column("population"), file, "population")
    table = pa.table(columns)
    for name, known in (("dayflag", ["0", "1", "2"]), ("timezone", ["0", "1", "2"]), ("prefcode", [PREFECTURE])):
        other = pc.unique(table.column(name)).to_pylist()
        strange = [str(value) for value in other if value not in known]
        if strange:
            raise ImportRefusedError(
                f"{file}: {name} is {examples(strange)} in places, and can be {', '.join(known)}. This importer takes "
                "the tables of prefecture 13, Tokyo; `import zones` takes others."
            )
    kept = pc.and_(
        pc.is_in(table.column("dayflag"), pa.array(list(DAY_FLAGS))),
        pc.is_in(table.column("timezone"), pa.array(list(DAY_PARTS))),
    )
    return table.filter(kept)


def _counts(rows: pa.Table) -> Counts:
    months = pc.binary_join_element_wise(
        rows.column("year"), pc.utf8_lpad(rows.column("month"), 2, "0"), "-"
    ).combine_chunks()
    wrong = [
        month for month in pc.unique(months).to_pylist() if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month or "")
    ]
    if wrong:
        raise ImportRefusedError(f"{examples(wrong)} is no month: year and month must be numbers such as 2021 and 12.")
    periods = sorted(pc.unique(months).to_pylist())
    days = [TypicalDay(period, day_type) for period in periods for day_type in DAY_TYPES]
    period = pc.index_in(months, pa.array(periods)).to_numpy()
    day_type = pc.index_in(rows.column("dayflag"), pa.array(list(DAY_FLAGS))).to_numpy()
    slot = pc.index_in(rows.column("timezone"), pa.array(list(DAY_PARTS))).to_numpy()
    long = pa.table(
        {
            "zone": rows.column("mesh1kmid"),
            "day": pa.array(period * len(DAY_TYPES) + day_type, pa.int32()),
            "slot": pa.array(slot, pa.int32()),
            "people": rows.column("population"),
        },
        schema=LONG,
    )
    return counts_from(long, days, SLOTS, absent_is_withheld=True)


def _outlines(files: Sequence[Path], rows: pa.Table, meshes: Sequence[str]) -> Outlines:
    """Outlines of the meshes: the published ones where they are there, and otherwise computed from the code."""
    city = dict(zip(rows.column("mesh1kmid").to_pylist(), rows.column("citycode").to_pylist(), strict=True))
    published = [read_outlines(file, "code") for file in files]
    shapes: dict[str, shapely.Geometry] = {}
    for each in published:
        shapes |= each.zones.geometry.to_crs(JGD2000).to_dict()
    computed = [mesh for mesh in meshes if mesh not in shapes]
    shapes |= {mesh: mesh_outline(mesh) for mesh in computed}
    codes = [city[mesh] for mesh in meshes]
    frame = gpd.GeoDataFrame(
        {
            "zone": list(meshes),
            "area_code": codes,
            "area_name": [MUNICIPALITIES.get(code, f"Municipality {code}") for code in codes],
        },
        geometry=[shapes[mesh] for mesh in meshes],
        crs=JGD2000,
    )
    notes = [note for each in published for note in each.notes]
    if files and computed:
        notes.append(f"{len(computed):,} meshes are not among the outlines; theirs were computed from their codes.")
    found = checked(frame, "zone", files[0] if files else Path("the mesh codes"))
    return Outlines(found.zones, (*notes, *found.notes))


def _about(counts: Counts, municipalities: NDArray[np.object_]) -> About:
    periods = dict.fromkeys(day.period for day in counts.days if isinstance(day, TypicalDay))
    first, last = _month(min(periods)), _month(max(periods))
    withheld = np.hstack([figures.withheld[:, figures.measured] for figures in counts.days.values()])
    people = np.hstack([figures.people[:, figures.measured] for figures in counts.days.values()])
    over_all = float((WITHHELD_BELOW * withheld.sum(axis=0) / np.nansum(people, axis=0)).max())
    missing = {
        str(name): float(WITHHELD_BELOW * withheld[municipalities == name].sum(axis=0).max())
        for name in np.unique(municipalities)
    }
    worst = max(missing, key=lambda name: missing[name])
    caveats = [
        "The source gives two parts of the day, not hours: the mean from 11:00 to 15:00 and the mean from 01:00 to "
        "05:00, over the weekdays or the weekend days and holidays of a month. Nothing is known of other hours.",
        "A mesh under 10 people is not given. A mesh that is given in some month or part of the day and not in another "
        "is taken as withheld there; one that is never given is not covered.",
        "Cells and areas that have withheld meshes beside known ones hold the people of the known ones: less than 10 "
        f"people too few for each. Over Tokyo that is less than {over_all:.2%}, and most in {worst}: less "
        f"than {missing[worst]:,.0f} people. Cells and areas that might lack more people than they show are withheld.",
        "The figures come from the positions of smartphone applications, scaled to people by the publisher: a proxy, "
        "without standard errors.",
        "A mesh belongs whole to the municipality that the source names for it: areas are derived, not official "
        "boundaries. Cells on the edge of Tokyo hold only the people of their part inside it.",
    ]
    if max(periods) >= PANDEMIC:
        caveats.append("From March 2020 the figures show the measures against the coronavirus.")
    return About(
        slug="tokyo-mesh",
        title=f"Tokyo, people staying, {first} to {last}" if first != last else f"Tokyo, people staying, {first}",
        source={
            "name": "全国の人流オープンデータ (National people-flow open data), 1 km mesh, Tokyo",
            "publisher": "Ministry of Land, Infrastructure, Transport and Tourism of Japan (MLIT)",
            "licence": "Government of Japan Standard Terms of Use 2.0 (compatible with CC BY 4.0)",
            "attribution": "「全国の人流オープンデータ」（国土交通省）"
            "（https://www.geospatial.jp/ckan/dataset/mlit-1km-fromto）を加工して作成. Made by processing National "
            "people-flow open data (MLIT).",
            "citation": f"MLIT, National people-flow open data, 1 km mesh, prefecture 13, {first} to {last}.",
            "url": "https://www.geospatial.jp/ckan/dataset/mlit-1km-fromto",
        },
        time_zone=TIME_ZONE,
        measure_note="People staying, mean over the part of the day and over the days of the month.",
        rule="The publisher gives no figure under 10 people.",
        whole=(PREFECTURE, "Tokyo"),
        whole_kind=AreaKind("prefecture", "Prefecture"),
        part_kind=AreaKind("municipality", "Municipality"),
        country="JP",
        day_types=DAY_TYPES,
        periods={period: _month(period) for period in periods},
        withheld_below=WITHHELD_BELOW,
        caveats=tuple(caveats),
        span=(_first_day(min(periods)), _first_day(max(periods), months_on=1) - dt.timedelta(days=1)),
    )


def _first_day(period: str, months_on: int = 0) -> dt.date:
    """First day of a month, or of one after it.

    Examples
    --------
    >>> _first_day("2021-12", months_on=1)
    datetime.date(2022, 1, 1)
    """
    year, month = (int(part) for part in period.split("-"))
    years_on, month = divmod(month - 1 + months_on, 12)
    return dt.date(year + years_on, month + 1, 1)


def _month(period: str) -> str:
    """A month in words.

    Examples
    --------
    >>> _month("2021-12")
    'December 2021'
    """
    year, month = period.split("-")
    return f"{MONTHS[int(month) - 1]} {year}"
