"""The command line: everything that is done outside the app.

Exit status: 0 done or accepted, 1 refused or done in part, 2 could not be read or done.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cellcount.errors import CellCountError, words_for_system
from cellcount.progress import Progress, part
from cellcount.standard import ROOT
from cellcount.terminal import progress_on

if TYPE_CHECKING:
    from cellcount.importers.writing import Imported

REFUSED = 1
UNREADABLE = 2
DATA = ROOT / "data"
SHARE_OF_DELIVERIES = 0.34
"""Share of a demonstration's time that its deliveries take, measured; the rest is the build of the release."""

app = typer.Typer(
    name="python -m cellcount",
    help="Validate deliveries, build and check releases, import published data, make the demonstration, run lists of "
    "sites.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
published = typer.Typer(help="Turn published data straight into a release.", no_args_is_help=True)
app.add_typer(published, name="import")

Out = Annotated[Path, typer.Option("--out", help="Folder of releases.")]
Resolution = Annotated[int | None, typer.Option(help="Finest H3 resolution; by the size of the zones if not given.")]
NOT_DESCRIBED = {"counts", "geometry", "out", "mapping", "weights", "resolution", "ignore_unknown"}
"""Parameters of `import zones` that are not about what the tables are."""


@app.command()
def validate(
    deliveries: Annotated[list[Path], typer.Argument(help="Folders of deliveries; several are also compared.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check deliveries against the national cell count standard: every fault in one run."""
    from cellcount.validator import render, validate_deliveries  # noqa: PLC0415 - each command loads its own

    report = validate_deliveries(deliveries, progress=progress_on())
    typer.echo(report.to_json() if as_json else render(report))
    raise typer.Exit(report.status)


@app.command()
def reference(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = DATA / "reference",
) -> None:
    """Build the reference geography from the packages of requirements-reference.txt."""
    from cellcount.reference import build_reference  # noqa: PLC0415

    typer.echo(f"Written: {build_reference(out, progress=progress_on())}")


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder to write: deliveries/ and truth/ in it.")],
    weeks: Annotated[
        int, typer.Option(min=1, max=52, help="Weeks to Sunday 8 November 2026; over five begin on 5 October.")
    ] = 5,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    detail: Annotated[
        str, typer.Option(help="national (resolution 8), first_start (resolution 7, London at 8) or small.")
    ] = "national",
    scenario: Annotated[Path | None, typer.Option(help="TOML file of parameters that differ.")] = None,
) -> None:
    """Make the demonstration: three operators' synthetic deliveries, and the truth behind them."""
    from cellcount.demo import make_demonstration  # noqa: PLC0415

    make_demonstration(out, weeks=weeks, seed=seed, detail=detail, scenario=scenario, progress=progress_on())
    typer.echo(f"Deliveries in {out / 'deliveries'}, the truth in {out / 'truth'}.")


@app.command()
def build(
    deliveries: Annotated[list[Path], typer.Argument(help="One folder of delivery an operator.")],
    *,
    out: Out = DATA / "releases",
    threshold: Annotated[int, typer.Option(min=10, help="Fewer devices than this are withheld.")] = 10,
    title: Annotated[str | None, typer.Option(help="Name of the release on screen.")] = None,
    secret: Annotated[
        Path | None, typer.Option(help="File that rounding is driven by; beside the releases' folder if not given.")
    ] = None,
    steward: Annotated[
        bool, typer.Option("--steward", help="Fewer than three operators: a release that only you may read.")
    ] = False,
) -> None:
    """Build a release from deliveries, check it, and put it in place whole."""
    from cellcount.build import build_release  # noqa: PLC0415

    release = build_release(
        deliveries, out, threshold=threshold, title=title, secret=secret, steward=steward, progress=progress_on()
    )
    typer.echo(f"Released: {release}")


@app.command()
def check(release: Annotated[Path, typer.Argument(help="Folder of a release.")]) -> None:
    """Verify a release: checksums, rows, columns, manifest."""
    from cellcount.build.release import check_release  # noqa: PLC0415

    faults = check_release(release)
    for fault in faults:
        typer.echo(fault)
    if faults:
        raise typer.Exit(REFUSED)
    typer.echo(f"{release} is whole: every file is there and as it was written.")


@app.command()
def evaluate(
    release: Annotated[Path, typer.Argument(help="Folder of a release of the demonstration.")],
    more: Annotated[list[Path] | None, typer.Argument(help="The other folders of deliveries.")] = None,
    *,
    truth: Annotated[Path, typer.Option(help="Folder `truth` of that demonstration.")],
    deliveries: Annotated[
        list[Path] | None, typer.Option(help="Its deliveries: also score naive estimates and an oracle.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="Days to compare, spread evenly over the period.")] = 7,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write the scores to.")] = None,
) -> None:
    """Compare a release of the demonstration with the truth behind it, and say which goals are reached."""
    from cellcount.atomic import write_json  # noqa: PLC0415
    from cellcount.evaluate import evaluate as compare  # noqa: PLC0415
    from cellcount.evaluate import render, to_dict  # noqa: PLC0415

    folders = [*(deliveries or []), *(more or [])]
    found = compare(release, truth, folders, days=days, progress=progress_on())
    typer.echo(render(found))
    if json_file is not None:
        write_json(json_file, to_dict(found))
        typer.echo(f"Written: {json_file}")


@app.command("evaluate-worlds")
def evaluate_worlds(
    *,
    worlds: Annotated[int, typer.Option(min=1, help="Small worlds to make, one a seed.")] = 20,
    first_seed: Annotated[int, typer.Option(help="Seed of the first; the others follow.")] = 1,
    scenario: Annotated[Path | None, typer.Option(help="TOML file of parameters that differ.")] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Table that operators do not deliver, for example home_presence.")
    ] = None,
    others: Annotated[bool, typer.Option(help="Score the naive estimates and the oracle too.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write the scores to.")] = None,
) -> None:
    """Make small worlds, build and evaluate each, and pool the scores: whether intervals hold what they promise."""
    import tempfile  # noqa: PLC0415

    from cellcount.atomic import write_json  # noqa: PLC0415
    from cellcount.evaluate import pooled, render, to_dict  # noqa: PLC0415

    seeds = range(first_seed, first_seed + worlds)
    with tempfile.TemporaryDirectory(prefix="cellcount-worlds-") as folder:
        found = pooled(
            Path(folder), seeds, scenario=scenario, without=without or [], others=others, progress=progress_on()
        )
    typer.echo(render(found))
    if json_file is not None:
        write_json(json_file, to_dict(found))
        typer.echo(f"Written: {json_file}")


@app.command("evaluate-incidents")
def evaluate_incidents(
    release: Annotated[Path | None, typer.Argument(help="Folder of a release of the demonstration.")] = None,
    *,
    truth: Annotated[Path | None, typer.Option(help="Folder `truth` of that demonstration.")] = None,
    worlds: Annotated[int, typer.Option(min=0, help="Instead: so many small worlds, one a seed.")] = 0,
    first_seed: Annotated[int, typer.Option(help="Seed of the first world; the others follow.")] = 1,
    scenario: Annotated[Path | None, typer.Option(help="TOML file of parameters that differ.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write the scores to.")] = None,
) -> None:
    """Ask for the events of the demonstration as the incident page does; 1 unless every goal is reached."""
    import tempfile  # noqa: PLC0415

    from cellcount.atomic import write_json  # noqa: PLC0415
    from cellcount.evaluate import incident_report, incidents  # noqa: PLC0415

    if (release is None or truth is None) == (worlds == 0):
        raise typer.BadParameter("give a release and --truth, or --worlds alone")
    if release is not None and truth is not None:
        found = incidents.evaluate_incidents(release, truth, scenario=scenario, progress=progress_on())
    else:
        seeds = range(first_seed, first_seed + worlds)
        with tempfile.TemporaryDirectory(prefix="cellcount-worlds-") as folder:
            found = incidents.incidents_in_worlds(Path(folder), seeds, scenario=scenario, progress=progress_on())
    typer.echo(incident_report.render(found))
    if json_file is not None:
        write_json(json_file, incident_report.to_dict(found))
        typer.echo(f"Written: {json_file}")
    raise typer.Exit(0 if incident_report.reached(found) else REFUSED)


@app.command()
def audit(
    release: Annotated[Path, typer.Argument(help="Folder of a release that was built from deliveries.")],
    more: Annotated[list[Path] | None, typer.Argument(help="The other folders of deliveries.")] = None,
    *,
    deliveries: Annotated[list[Path], typer.Option(help="Folders of deliveries: all that the release was made from.")],
    days: Annotated[int, typer.Option(min=1, help="Dates drawn; three hours of each are attacked.")] = 5,
    seed: Annotated[int, typer.Option(help="The same seed draws the same dates, hours and small cases.")] = 1,
    also: Annotated[list[Path] | None, typer.Option(help="Another release of the same deliveries.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write the report to.")] = None,
) -> None:
    """Attack a release's protection from the release alone; 1 if anything withheld is disclosed."""
    from cellcount.atomic import write_json  # noqa: PLC0415
    from cellcount.audit import audit_release  # noqa: PLC0415

    folders = [*deliveries, *(more or [])]
    report = audit_release(release, folders, days=days, seed=seed, also=also or [], progress=progress_on())
    typer.echo(report.render())
    if json_file is not None:
        write_json(json_file, report.to_dict())
        typer.echo(f"Written: {json_file}")
    raise typer.Exit(report.status)


@published.command()
def helsinki(
    source: Annotated[Path, typer.Argument(help="Folder of the publishers' files: three tables and the grid.")],
    total_population: Annotated[float, typer.Option(help="People that are 100 %: the source gives shares only.")],
    out: Out = DATA / "releases",
    resolution: Resolution = None,
) -> None:
    """24-hour population of the Helsinki region (Bergroth et al. 2022)."""
    from cellcount.importers.helsinki import import_helsinki  # noqa: PLC0415

    told(import_helsinki(source, out, total_population=total_population, resolution=resolution, progress=progress_on()))


@published.command()
def tokyo(
    source: Annotated[Path, typer.Argument(help="Folder of the ministry's monthly tables, and of mesh outlines.")],
    out: Out = DATA / "releases",
    resolution: Resolution = None,
) -> None:
    """People staying in each 1 km mesh of Tokyo, monthly 2019 to 2021 (MLIT)."""
    from cellcount.importers.tokyo import import_tokyo  # noqa: PLC0415

    told(import_tokyo(source, out, resolution=resolution, progress=progress_on()))


@published.command()
def zones(
    counts: Annotated[list[str], typer.Argument(help="Tables of people: FILE, or DAYTYPE=FILE, CSV or Parquet.")],
    *,
    geometry: Annotated[Path, typer.Option(help="Outlines of the zones, or a table of squares' corners.")],
    out: Out = DATA / "releases",
    mapping: Annotated[
        Path | None, typer.Option(help="TOML or JSON file with the same names as these options.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Name of the release on screen.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Of times without offset, for example Europe/London.")] = None,
    zone: Annotated[str | None, typer.Option(help="Column of the zone's identifier.")] = None,
    people: Annotated[str | None, typer.Option(help="Column of people.")] = None,
    timestamp: Annotated[str | None, typer.Option(help="Column of date and time, the start of the hour.")] = None,
    date: Annotated[str | None, typer.Option(help="Column of the date.")] = None,
    hour: Annotated[str | None, typer.Option(help="Column of the hour, 0 to 23.")] = None,
    hours: Annotated[str | None, typer.Option(help="Hour columns of a wide table, for example H{hour}.")] = None,
    day_type: Annotated[str | None, typer.Option(help="Column of the day type, where there are no dates.")] = None,
    period: Annotated[str | None, typer.Option(help="Column of the period, where there are no dates.")] = None,
    time_format: Annotated[str | None, typer.Option(help="How times are written, if not ISO: %d.%m.%Y %H:%M.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of text, for example cp1252; found out if not given.")] = None,
    separator: Annotated[str | None, typer.Option(help="Of columns; found out if not given.")] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal mark; found out if not given.")] = None,
    withheld: Annotated[list[str] | None, typer.Option(help="Mark of withheld figures, beside empty ones.")] = None,
    withheld_below: Annotated[float | None, typer.Option(help="Every withheld figure is below this.")] = None,
    absent_is_withheld: Annotated[bool, typer.Option(help="A zone without a row is withheld, not uncovered.")] = False,
    percent_of: Annotated[float | None, typer.Option(help="The figures are percentages of these people.")] = None,
    geometry_zone: Annotated[str | None, typer.Option(help="Column of the identifier in the outlines.")] = None,
    area: Annotated[str | None, typer.Option(help="Column of the outlines: code of the area a zone is in.")] = None,
    area_name: Annotated[str | None, typer.Option(help="Column of the outlines: name of that area.")] = None,
    area_kind: Annotated[str | None, typer.Option(help="What such areas are called, for example Municipality.")] = None,
    residents: Annotated[str | None, typer.Option(help="Column of the outlines: residents.")] = None,
    crs: Annotated[str | None, typer.Option(help="Coordinate system, where the file does not say: EPSG:3067.")] = None,
    square: Annotated[float | None, typer.Option(help="Zones are squares of this side, given by corner.")] = None,
    x: Annotated[str | None, typer.Option(help="Column of the corner's easting or longitude.")] = None,
    y: Annotated[str | None, typer.Option(help="Column of the corner's northing or latitude.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Residents of H3 cells, points or areas, to share by.")] = None,
    weights_column: Annotated[str | None, typer.Option(help="Its column of residents.")] = None,
    resolution: Resolution = None,
    ignore_unknown: Annotated[bool, typer.Option(help="Leave out counts of zones without an outline.")] = False,
    whole: Annotated[str | None, typer.Option(help="Name of the area of all zones.")] = None,
    country: Annotated[str | None, typer.Option(help="Its country, ISO 3166-1 alpha-2.")] = None,
    measure: Annotated[str | None, typer.Option(help="What a figure counts, in a sentence.")] = None,
    disclosure: Annotated[str | None, typer.Option(help="What the source withholds, in a sentence.")] = None,
    publisher: Annotated[str | None, typer.Option(help="Of the source.")] = None,
    licence: Annotated[str | None, typer.Option(help="Of the source.")] = None,
    attribution: Annotated[str | None, typer.Option(help="As the licence asks for it.")] = None,
    citation: Annotated[str | None, typer.Option(help="Of the source.")] = None,
    url: Annotated[str | None, typer.Option(help="Of the source.")] = None,
) -> None:
    """Anybody's table of zone x time x people."""
    described = {name: value for name, value in locals().items() if name not in NOT_DESCRIBED}
    from cellcount.importers.zones import describe, import_zones, table_of  # noqa: PLC0415

    told(
        import_zones(
            [table_of(each) for each in counts],
            geometry,
            out,
            describe(mapping, described),
            weights=weights,
            resolution=resolution,
            ignore_unknown=ignore_unknown,
            progress=progress_on(),
        )
    )


@published.command("census-od")
def census_od(
    source: Annotated[Path, typer.Argument(help="ODWP01EW_LTLA.csv, or the zip that it is published in.")],
    into: Annotated[
        Path, typer.Option("--into", help="Folder of the release to compare; a new one is made beside it.")
    ],
) -> None:
    """Commuting between authorities (Census 2021), beside a release's own."""
    from cellcount.importers.census_od import import_census_od  # noqa: PLC0415

    told(import_census_od(source, into, progress=progress_on()))


@published.command("overseas-visits")
def overseas_visits(
    source: Annotated[list[Path], typer.Argument(help="Tables by country, by region, by month: CSV or workbook.")],
    into: Annotated[
        Path, typer.Option("--into", help="Folder of the release to compare; a new one is made beside it.")
    ],
) -> None:
    """Visits from abroad (ONS passenger survey), beside a release's own."""
    from cellcount.importers.overseas_visits import import_overseas_visits  # noqa: PLC0415

    told(import_overseas_visits(source, into, progress=progress_on()))


def told(imported: Imported) -> None:
    """Say what an import has made, and what it left out or mended."""
    for note in imported.notes:
        typer.echo(note, err=True)
    typer.echo(f"{'Imported' if imported.new else 'Already imported'}: {imported.release}")


@app.command()
def exposure(
    sites: Annotated[Path, typer.Argument(help="CSV or GeoPackage: name, latitude and longitude or place, radii.")],
    *,
    release: Annotated[Path, typer.Option(help="Folder of a release.")],
    out: Annotated[Path, typer.Option(help="File to write: .csv, or .gpkg with the polygons of the rings.")],
) -> None:
    """People in rings around sites by day, by night and at most, with 95 % intervals.

    Of a release that has typical days and no dates the figures are of these, without intervals.

    Columns of the list: name; latitude and longitude in degrees, or easting and northing, or place (coordinates or a
    grid reference); radii in km, such as 1;3;5.

    Exit status: 0 every ring of every site is told; 1 some are not, the column note says why; 2 the list or the release
    cannot be read, nothing is written, and every faulty row is named.
    """
    # Streamlit, which the reading of releases keeps answers with, says that no page is being served.
    logging.getLogger("streamlit.runtime.caching.cache_data_api").disabled = True
    from cellcount.exposure import write_exposure  # noqa: PLC0415

    found = write_exposure(sites, release, out, progress=progress_on())
    typer.echo(f"Written: {out}: {found.said()}")
    raise typer.Exit(REFUSED if found.untold else 0)


@app.command()
def bench(
    *,
    release: Annotated[Path | None, typer.Option(help="Folder of a release; else the one that the app serves.")] = None,
    deliveries: Annotated[Path | None, typer.Option(help="Folder that holds deliveries, for the validator.")] = None,
    demo: Annotated[
        str | None, typer.Option(help="Make and build this demonstration first: national or first_start.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="How often each query is run.")] = 60,
    browser: Annotated[bool, typer.Option(help="Whether to open the app in a browser.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write the report to.")] = None,
) -> None:
    """Measure speed and memory on this machine, beside the goals."""
    from cellcount.atomic import write_json  # noqa: PLC0415
    from cellcount.bench import run_benchmark  # noqa: PLC0415

    report = run_benchmark(release, deliveries, demo=demo, runs=runs, browser=browser, progress=progress_on())
    typer.echo(report.render())
    if json_file is not None:
        write_json(json_file, report.to_dict())
        typer.echo(f"Written: {json_file}")


@app.command("first-start", hidden=True)
def first_start(data: Annotated[Path, typer.Option()]) -> None:
    """Make the demonstration of a first start; the app runs this, under a lock."""
    from cellcount.first_start import FirstStart  # noqa: PLC0415

    FirstStart(data).run(make_first_demonstration)


def make_first_demonstration(demonstration: Path, releases: Path, progress: Progress) -> None:
    """Make the smaller demonstration and its release.

    Parameters
    ----------
    demonstration : Path
        Folder for deliveries and truth.
    releases : Path
        Folder for the release.
    progress : Progress
        Told how far it is.
    """
    from cellcount.build import build_release  # noqa: PLC0415
    from cellcount.build.secret import secret_file  # noqa: PLC0415
    from cellcount.demo import make_demonstration  # noqa: PLC0415

    make_demonstration(demonstration, detail="first_start", progress=part(progress, 0.0, SHARE_OF_DELIVERIES))
    deliveries = sorted(path for path in (demonstration / "deliveries").iterdir() if path.is_dir())
    # The release is moved beside the demonstration when it is whole: that is where later builds look for the secret.
    secret = secret_file(demonstration)
    build_release(deliveries, releases, secret=secret, progress=part(progress, SHARE_OF_DELIVERIES, 1.0))


def main() -> None:
    """Run a command; print what a person can mend as a sentence, not as a traceback."""
    try:
        app()
    except CellCountError as error:
        typer.echo(str(error), err=True)
        sys.exit(UNREADABLE)
    except OSError as error:
        typer.echo(words_for_system(error), err=True)
        sys.exit(UNREADABLE)


if __name__ == "__main__":
    main()
