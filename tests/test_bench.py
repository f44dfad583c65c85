"""The benchmark measures what there is, says what there is not, and keeps no answers. Times are not tested."""

import json

import pytest
from browser import browser_or_skip, running_app, visiting
from build_world import ALDER, ALDER_CELLS, MONDAY, area_row, cell_row, factor, hours, write_delivery
from incident_world import write_incident
from release_world import TUESDAY, write_release
from typer.testing import CliRunner

from cellcount import bench
from cellcount.__main__ import app
from cellcount.bench import incident_page, jobs, reading, run_benchmark
from cellcount.bench.app import measure_app
from cellcount.bench.incident_page import measure_answers
from cellcount.bench.jobs import find_deliveries, measure_demonstration, measure_validator, run_job
from cellcount.bench.report import Entry, NotMeasured, Report, machine, yardstick
from cellcount.store import AnswerCache, Release, open_release

QUERIES = [
    "National hour at resolution 7",
    "A local authority at resolution 8, one hour",
    "500 cells × 24 hours",
    "500 cells × 168 hours",
    "Memory of this process after the queries",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_release(tmp_path_factory.mktemp("bench"))


@pytest.fixture
def small(monkeypatch):
    """Ask of a release of seven cells and two days what is asked of a national one."""
    monkeypatch.setattr(reading, "FINE", 7)
    monkeypatch.setattr(reading, "CELLS", 2)
    monkeypatch.setattr(reading, "WEEK", 2)


@pytest.fixture
def asked(monkeypatch):
    """Every question that is put to a release, with whether its answer had been kept."""
    seen = []
    run = Release.run

    def recorded(self, name, **parameters):
        answer = run(self, name, **parameters)
        seen.append((name, parameters, answer.cached))
        return answer

    monkeypatch.setattr(Release, "run", recorded)
    return seen


@pytest.mark.usefixtures("small")
def test_each_query_is_run_as_often_as_asked_after_it_was_warmed(folder, asked):
    entries = reading.measure_queries(open_release(folder, cache=AnswerCache(0)), runs=5)
    assert [entry.goal for entry in entries] == [10, 15, 20, 60, None]
    assert [len(entry.values) for entry in entries] == [5, 5, 5, 5, 1]
    assert all(value > 0 for entry in entries for value in entry.values)
    hours_asked = [parameters["hour"] for name, parameters, _ in asked if name == "present_hour"]
    # Five to warm, five timed, and one to find the cells of each of the last two measurements.
    assert hours_asked == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 0]
    areas = {parameters["area"] for name, parameters, _ in asked if name == "present_hour_of_area"}
    assert areas == {"E07000001", "E07000002"}
    spans = {(each["first"], each["last"]) for name, each, _ in asked if name == "present_of_cells"}
    assert spans == {(MONDAY, MONDAY), (MONDAY, TUESDAY)}
    assert {len(each["cells"]) for name, each, _ in asked if name == "present_of_cells"} == {2}


@pytest.mark.usefixtures("small")
def test_no_answer_is_one_that_was_kept(folder, asked):
    run_benchmark(folder, runs=3, browser=False)
    assert len(asked) > 20
    assert not any(cached for _, _, cached in asked)


def test_what_a_release_cannot_serve_is_told_with_the_reason(folder):
    entries = reading.measure_queries(open_release(folder, cache=AnswerCache(0)), runs=2)
    assert [entry.what for entry in entries] == QUERIES
    assert isinstance(entries[0], Entry)
    assert [entry.reason for entry in entries[1:4]] == ["The release has no dates at resolution 8."] * 3


def test_too_few_cells_or_days_are_told(folder, monkeypatch):
    monkeypatch.setattr(reading, "FINE", 7)
    entries = reading.measure_queries(open_release(folder, cache=AnswerCache(0)), runs=2)
    assert entries[2].reason == "The release has only 7 cells at resolution 7."
    assert entries[3].reason == "The release has no 7 days one after another at resolution 7."


def test_without_anything_to_measure_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("CELLCOUNT_RELEASES", str(tmp_path))
    monkeypatch.delenv("CELLCOUNT_RELEASE", raising=False)
    report = run_benchmark()
    assert report.release is None
    reasons = {each.what: each.reason for each in report.entries if isinstance(each, NotMeasured)}
    assert reasons["Queries"].startswith("There is no release in ")
    assert "give --deliveries" in reasons["Validating deliveries"]
    assert reasons["App start to first map"] == "There is no release to show."


def test_a_median_and_a_95th_percentile_are_what_they_are_called():
    entry = Entry("An hour", "ms", tuple(float(value) for value in range(1, 102)), goal=50)
    assert (entry.median, entry.p95) == (51, 96)
    assert entry.verdict == "missed: 1.92 times the goal"


REPORT = Report(
    release="wood",
    entries=(
        Entry("An hour", "ms", (4.0, 5.0, 6.0), goal=10, note="7 rows."),
        Entry("Validating", "rows/s", (1_234_567.0,)),
        NotMeasured("First map", "There is no browser."),
    ),
    machine={"cores": 2, "memory_gb": 8.0, "system": "Linux", "python": "3.11.7", "load": 0.5},
    yardstick_ms=2.5,
)


def test_a_report_is_a_table_with_the_goals_beside_the_measurements():
    assert REPORT.render().splitlines() == [
        "Release: wood",
        "2 cores, 8.0 GB, Linux, Python 3.11.7, load 0.5; yardstick 2.5 ms.",
        "",
        "               median  95 %  goal  unit    verdict",
        "An hour             5   5.9    10  ms      met",
        "Validating  1,234,567     -     -  rows/s  no goal",
        "First map           -     -     -          not measured: There is no browser.",
        "",
        "An hour: 7 rows.",
    ]


def test_a_report_as_json_has_ratios_to_the_goal_and_to_the_yardstick():
    hour, rows, first_map = REPORT.to_dict()["measurements"]
    assert (hour["median"], hour["p95"], hour["runs"]) == (5.0, 5.9, 3)
    assert (hour["ratio_to_goal"], hour["ratio_to_yardstick"], hour["verdict"]) == (0.59, 2.0, "met")
    assert (rows["ratio_to_goal"], rows["ratio_to_yardstick"]) == (None, None)
    assert first_map == {"what": "First map", "reason": "There is no browser.", "verdict": "not measured"}


def test_a_machine_is_described():
    here = machine()
    assert here["cores"] >= 1
    assert here["libraries"]["duckdb"].startswith("2.")
    assert yardstick(runs=1) > 0


def test_a_job_is_watched_and_what_it_said_is_kept(tmp_path):
    done = run_job(["check", "--help"])
    assert done.status == 0
    assert done.seconds > 0
    assert done.peak_bytes > 1_000_000
    refused = run_job(["check", str(tmp_path / "nowhere")])
    assert refused.status == 2
    assert "There is no folder" in refused.told


def test_deliveries_are_validated_together(tmp_path):
    rows = {"cell_day": [cell_row(ALDER_CELLS[0], hours(50))], "area_day": [area_row(ALDER, hours(50))]}
    for operator in ("red", "blue"):
        write_delivery(tmp_path / operator, operator, **rows, factors=[factor(ALDER, 0.3)])
    (tmp_path / "notes").mkdir()
    deliveries = find_deliveries(tmp_path)
    assert [delivery.name for delivery in deliveries] == ["blue", "red"]
    assert find_deliveries(tmp_path / "red") == [tmp_path / "red"]
    speed, memory = measure_validator(deliveries)
    assert speed.what == "Validating 2 deliveries"
    assert (speed.unit, speed.goal, memory.unit, memory.goal) == ("rows/s", None, "GB", 2.0)
    assert speed.note.startswith("6 rows in ")


def test_deliveries_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "red").mkdir()
    (tmp_path / "red" / "manifest.json").write_text("{")
    (entry,) = measure_validator(find_deliveries(tmp_path))
    assert isinstance(entry, NotMeasured)
    assert entry.reason.startswith("The validator could not read them: ")


def test_a_demonstration_that_cannot_be_made_is_told(tmp_path):
    made = measure_demonstration(tmp_path, "no_such_detail")
    assert made.release is None
    (entry,) = made.entries
    assert entry.what == "Demonstration, no such detail"
    assert entry.reason.startswith("It could not be made: ")


def test_a_demonstration_is_measured_from_deliveries_to_release(tmp_path, monkeypatch, folder):
    """With the commands stood in for: the real ones take minutes, and have tests of their own."""

    def stand_in(arguments):
        if arguments[0] == "demo":
            delivery = tmp_path / "demonstration" / "deliveries" / "red"
            delivery.mkdir(parents=True)
            (delivery / "manifest.json").write_text("x" * 512)
            return jobs.Job(0, 100.0, 2 * 1024**3, "")
        release = tmp_path / "releases" / "wood"
        release.mkdir(parents=True)
        (release / "manifest.json").write_text("x" * 512)
        return jobs.Job(0, 90.0, 1024**3, "")

    monkeypatch.setattr(jobs, "run_job", stand_in)
    made = measure_demonstration(tmp_path, "national")
    assert [(entry.what, entry.values, entry.goal) for entry in made.entries] == [
        ("Demonstration, national", (190.0,), 180.0),
        ("Demonstration, national, memory", (2.0,), 3.0),
        ("Demonstration, national, disk", (1024 / 1024**3,), 3.0),
    ]
    assert made.release == tmp_path / "releases" / "wood"
    assert made.deliveries == tmp_path / "demonstration" / "deliveries"


def test_without_a_browser_the_app_is_not_measured(folder, monkeypatch):
    monkeypatch.setattr(bench.app, "find_browser", lambda: None)
    (entry,) = measure_app(folder, "App start to first map")
    assert entry == NotMeasured("App start to first map", "There is no Chromium, Chrome or Edge on this machine.")


def test_of_a_release_without_comparable_days_no_answer_is_asked_for_on_the_page(folder):
    """A page that nobody may ask anything of: the browser is not needed for that."""
    entries = measure_answers(None, "http://nowhere.invalid", folder)
    reason = "The release has no date with enough comparable ones before it."
    assert entries == [
        NotMeasured("Circle of 5 km in London, asked to answered on the page", reason),
        NotMeasured("Circle of 20 km in London, asked to answered on the page", reason),
    ]


@pytest.mark.browser
def test_answers_are_timed_on_the_page_each_of_another_place(tmp_path, monkeypatch):
    """The very small country has no London, and rings of the size of its cells are asked for instead."""
    release = write_incident(tmp_path)
    monkeypatch.setattr(incident_page, "LONDON", (0.1608, 52.2067))
    monkeypatch.setattr(incident_page, "GOALS_MS", {2.0: 1000.0})
    monkeypatch.setattr(incident_page, "PLACES", 2)
    with running_app(tmp_path) as address, visiting(browser_or_skip()) as visit:
        (entry,) = measure_answers(visit.page, address, release)
        visit.settle()
        said = visit.page.locator("[data-testid='stMain']").inner_text()
    assert isinstance(entry, Entry), entry
    assert (entry.what, entry.unit, entry.goal) == (
        "Circle of 2 km in London, asked to answered on the page",
        "ms",
        1000,
    )
    assert len(entry.values) == 2
    assert min(entry.values) > 0
    assert "0.163° E" in said, "0.1608 and twice a thousandth"
    assert visit.complaints == []


@pytest.mark.usefixtures("small")
def test_the_command_prints_a_table_and_writes_json(folder, tmp_path):
    file = tmp_path / "reports" / "bench.json"
    result = CliRunner().invoke(
        app, ["bench", "--release", str(folder), "--no-browser", "--runs", "2", "--json", str(file)]
    )
    assert result.exit_code == 0, result.output
    assert "National hour at resolution 7" in result.output
    assert "not measured: It was not asked for." in result.output
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["release"] == "wood"
    assert [each["what"] for each in written["measurements"]][:1] == QUERIES[:1]
    assert written["measurements"][0]["runs"] == 2
    assert written["machine"]["cores"] >= 1
