"""Import the 24-hour population of the Helsinki region (Bergroth et al. 2022), from its publishers' own files.

Three tables give, for workdays (Monday to Thursday), Saturdays and Sundays, the percentage of the region's people who
are in each statistical grid square of 250 m in each hour. Every hour adds to 100. The paper: Bergroth, C., Järv, O.,
Tenkanen, H., Manninen, M. and Toivonen, T. (2022), A 24-hour population distribution dataset based on mobile phone data
from Helsinki Metropolitan Area, Finland, Scientific Data 9:39.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cellcount.importers.counts import HOURS, LONG, Counts, TypicalDay, counts_from, percent_to_people
from cellcount.importers.errors import ImportRefusedError
from cellcount.importers.into_release import Read, into_release
from cellcount.importers.outlines import Outlines, read_outlines
from cellcount.importers.tables import columns_of, numbers, read_table, texts
from cellcount.importers.writing import About, AreaKind, Imported
from cellcount.progress import Progress, silent
from cellcount.standard import HOURS_OF_DAY

ZONE = "YKR_ID"
TABLES = {"workday": "workdays", "saturday": "sat", "sunday": "sun"}
"""End of the name of each day type's table."""
DAY_TYPES = {"workday": "Workday (Monday to Thursday)", "saturday": "Saturday", "sunday": "Sunday"}
SQUARE = 250.0
"""Side of a grid square, metres."""
CRS = "EPSG:3067"
PERIOD = "published"
TIME_ZONE = "Europe/Helsinki"
CITATION = (
    "Bergroth, C., Järv, O., Tenkanen, H., Manninen, M. and Toivonen, T. (2022). A 24-hour population distribution "
    "dataset based on mobile phone data from Helsinki Metropolitan Area, Finland. Scientific Data 9, 39."
)


def import_helsinki(
    source: Path,
    releases: Path,
    *,
    total_population: float,
    resolution: int | None = None,
    progress: Progress = silent,
) -> Imported:
    """Make a release of the Helsinki region's 24-hour population.

    Parameters
    ----------
    source : Path
        Folder of the publishers' files: `HMA_Dynamic_population_24H_workdays.csv`, `..._sat.csv`, `..._sun.csv`, as
        they are or in gzip; and the grid, as `target_zones_grid250m_EPSG3067.geojson`, another GeoJSON or GeoPackage of
        the grid, or a table `grid250m...csv` of the squares' lower left corners in EPSG:3067.
    releases : Path
        Folder of all releases.
    total_population : float
        People that are 100 percent: the source gives shares only.
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
        Where a file is missing or damaged, or the figures are not percentages that add to 100.
    """
    tables = {day_type: _the_file(source, end) for day_type, end in TABLES.items()}
    grid = _the_grid(source)

    def read() -> Read:
        return Read(_counts(tables, total_population), *_outlines(grid, total_population))

    return into_release(
        read,
        releases,
        slug="helsinki-24h",
        files=[*tables.values(), grid],
        parameters={"importer": "helsinki", "total_population": float(total_population)},
        time_zone=TIME_ZONE,
        resolution=resolution,
        progress=progress,
    )


def _the_file(source: Path, end: str) -> Path:
    found = sorted(source.glob(f"*24H_{end}.csv*")) if source.is_dir() else []
    if not found:
        raise ImportRefusedError(
            f"{source} has no table HMA_Dynamic_population_24H_{end}.csv (or .csv.gz). Unpack the published zip and "
            "name the folder that the tables are in."
        )
    return found[0]


def _the_grid(source: Path) -> Path:
    for pattern in ("*grid*.gpkg", "*grid*.geojson", "*grid*.geojson.gz", "grid250m*.csv", "grid250m*.csv.gz"):
        found = sorted(source.glob(pattern))
        if found:
            return found[0]
    raise ImportRefusedError(
        f"{source} has no grid. Put target_zones_grid250m_EPSG3067.geojson of the published zip into it."
    )


def _counts(tables: dict[str, Path], total: float) -> Counts:
    days = [TypicalDay(PERIOD, day_type) for day_type in tables]
    long = []
    for number, file in enumerate(tables.values()):
        table = read_table(file)
        names = [f"H{hour}" for hour in range(HOURS_OF_DAY)]
        columns_of(table, [ZONE, *names], file)
        zone = texts(table.column(ZONE))
        long += [
            pa.table(
                {
                    "zone": zone,
                    "day": pa.array(np.full(table.num_rows, number), pa.int32()),
                    "slot": pa.array(np.full(table.num_rows, hour), pa.int32()),
                    "people": numbers(table.column(name), file, name),
                },
                schema=LONG,
            )
            for hour, name in enumerate(names)
        ]
    return percent_to_people(counts_from(pa.concat_tables(long), days, HOURS), total)


def _outlines(grid: Path, total: float) -> tuple[Outlines, About]:
    approximate = 0
    if ".csv" in grid.name:
        outlines = read_outlines(grid, ZONE, crs=CRS, square=SQUARE, corners=("xmin_3067", "ymin_3067"))
        table = read_table(grid)
        if "derived" in table.column_names:
            approximate = int(pc.sum(numbers(table.column("derived"), grid, "derived")).as_py())
    else:
        # The grid's coordinates are metres of EPSG:3067 whatever a GeoJSON, which knows degrees only, is taken for.
        outlines = read_outlines(grid, ZONE, crs=CRS)
    return outlines, _about(total, approximate)


def _about(total: float, approximate: int) -> About:
    caveats = [
        f"The source gives percentages. 100 % is taken as {total:,.0f} people, the number given when the data were "
        "imported, in every hour: people who come into the region or leave it do not change the total.",
        "The counts come from one operator's network and are a proxy for people: they were placed in squares of 250 m "
        "by the publishers, from land cover, buildings and a time-use survey.",
        "The source gives neither standard errors nor dates: it is one typical workday (Monday to Thursday), Saturday "
        "and Sunday.",
        "The cells are H3 hexagons, to which the squares were shared out by area. Cells on the edge of the region hold "
        "only the people of their part inside it.",
    ]
    if approximate:
        caveats.append(
            f"The corners of {approximate:,} squares are not in the published grid; they were computed from the rule "
            "of their identifiers and are approximate."
        )
    return About(
        slug="helsinki-24h",
        title="Helsinki region, 24-hour population",
        source={
            "name": "A 24-hour population distribution dataset based on mobile phone data from Helsinki Metropolitan "
            "Area, Finland",
            "publisher": "Digital Geography Lab, University of Helsinki, with Elisa Oyj",
            "licence": "CC BY 4.0",
            "attribution": "Contains data of Bergroth et al. 2022, Scientific Data 9:39, under CC BY 4.0; changed: "
            "scaled to people and shared out to H3 cells.",
            "citation": CITATION,
            "url": "https://doi.org/10.1038/s41597-021-01113-4",
        },
        time_zone=TIME_ZONE,
        measure_note=(
            "People estimated present, mean over the hour: the published share of all people in the region, times "
            f"{total:,.0f}."
        ),
        rule="The publishers aggregated the counts to squares and gave shares; they name no figure that is withheld.",
        whole=("helsinki-region", "Helsinki region"),
        whole_kind=AreaKind("region", "Region"),
        country="FI",
        day_types=DAY_TYPES,
        periods={PERIOD: "Typical day, as published"},
        caveats=tuple(caveats),
    )
