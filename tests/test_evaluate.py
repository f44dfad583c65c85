"""Evaluation against the truth: by hand on seven cells, and on small worlds made, built and evaluated for real."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from build_world import (
    ALDER,
    ALDER_CELLS,
    BIRCH,
    BIRCH_CELLS,
    CHILDREN,
    COUNTRY,
    MONDAY,
    PARENT,
    REGION,
    area_row,
    cell_row,
    factor,
    hours,
    reference,
    write_delivery,
)
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cellcount.__main__ import app
from cellcount.demo.parameters import load_parameters
from cellcount.evaluate import Evaluation, EvaluationError, evaluate, pooled, to_dict
from cellcount.evaluate.report import goals, render
from cellcount.evaluate.score import Score, Tally
from cellcount.standard import DAY_PARTS, HOUR_COLUMNS, release_tables

WORLDS = Path(__file__).parent / "worlds"
RELEASED = dict(zip([*ALDER_CELLS, *BIRCH_CELLS], [110, 190, 300, None, 50, 65, 0], strict=True))
TRUE = dict(zip([*ALDER_CELLS, *BIRCH_CELLS], [100, 200, 300, 400, 50, 60, 70], strict=True))
TRUE_AREAS = {ALDER: 1000.0, BIRCH: 180.0, REGION: 1180.0, COUNTRY: 1180.0}
CHANCE_ONLY = {
    "coverage_p": 0.5,
    "over_dispersion": 1.0,
    "share_cv": 0.0,
    "calibration_factor": 1.0,
    "placement_cv": 0.0,
    "placement_density": 1.0,
    "placement_power": 1.0,
    "placement_floor": 0.0,
    "placement_decay": 0.5,
}
"""Half of the people seen, and nothing unsure but chance: a variance of people + 2, and 4 for rounding."""


def write(folder: Path, partition: str, table: pa.Table) -> None:
    file = folder / partition / "part-0.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(table, file)


def every_hour(people: Mapping[Any, float | None], key: str) -> pa.Table:
    rows = [{key: zone, **dict.fromkeys(HOUR_COLUMNS, figure)} for zone, figure in sorted(people.items())]
    return pa.Table.from_pylist(rows)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A day of seven cells, one of them withheld; the cell and the areas that hold them are exactly right."""
    folder, known, tables = tmp_path / "release", reference(), release_tables()
    write(folder, f"present/resolution=7/date={MONDAY}", every_hour(RELEASED, "h3"))
    write(folder, f"present/resolution=6/date={MONDAY}", every_hour({PARENT: 1180}, "h3"))
    write(folder, "cells", pa.concat_tables(known.cells.values()))
    write(folder, "areas", known.areas)
    precise = [{"area_code": code, "day_part": part, **CHANCE_ONLY} for code in (ALDER, BIRCH) for part in DAY_PARTS]
    write(folder, "precision", pa.Table.from_pylist(precise, schema=tables["precision"].file_schema))
    rows = [
        {
            "area_code": code,
            "date": MONDAY,
            **{f"people_{hour}": round(people) for hour in HOUR_COLUMNS},
            **{f"se_{hour}": 10.0 for hour in HOUR_COLUMNS},
        }
        for code, people in TRUE_AREAS.items()
    ]
    write(folder, "area_hour", pa.Table.from_pylist(rows, schema=tables["area_hour"].file_schema))
    (folder / "manifest.json").write_text("{}")
    return folder


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    folder = tmp_path / "truth"
    people = every_hour(TRUE, "h3").append_column("resolution", pa.array([7] * len(TRUE), pa.uint8()))
    write(folder, f"people/date={MONDAY}", people)
    areas = every_hour(TRUE_AREAS, "area_code")
    date = pa.array([MONDAY] * areas.num_rows, pa.date32())
    pq.write_table(areas.append_column("date", date), folder / "area_people.parquet")
    present = [{"date": MONDAY, "hour": hour, "present": 1180.0} for hour in range(24)]
    pq.write_table(pa.Table.from_pylist(present), folder / "balance.parquet")
    shares = [
        {"date": MONDAY, "operator_id": operator, "area_code": code, **dict.fromkeys(HOUR_COLUMNS, share)}
        for operator, share in (("operator-a", 0.5), ("operator-b", 0.25))
        for code in (ALDER, BIRCH)
    ]
    pq.write_table(pa.Table.from_pylist(shares), folder / "observed.parquet")
    return folder


@pytest.fixture
def deliveries(tmp_path: Path) -> list[Path]:
    """Operators see a half and a quarter, and state 0.4 and 0.2; the second withholds its count of the first cell."""
    counts = {
        "operator-a": ([50, 100, 150, 200, 25, 30, 35], 500, 90, 0.4),
        "operator-b": ([None, 50, 75, 100, 15, 15, 15], 250, 45, 0.2),
    }
    folders = []
    for operator, (cells, alder, birch, share) in counts.items():
        rows = [cell_row(h3, hours(count)) for h3, count in zip([*ALDER_CELLS, *BIRCH_CELLS], cells, strict=True)]
        rows.append(cell_row(PARENT, hours(alder + birch)))
        rows.append(cell_row(CHILDREN[0], hours(1), segment="inbound"))
        areas = [area_row(ALDER, hours(alder)), area_row(BIRCH, hours(birch)), area_row(REGION, hours(alder + birch))]
        folders.append(
            write_delivery(
                tmp_path / operator,
                operator,
                cell_day=sorted(rows, key=lambda row: row["h3"]),
                area_day=areas,
                factors=[factor(ALDER, share), factor(REGION, share)],
            )
        )
    return folders


def score(found: Evaluation, level: str, estimator: str = "release") -> Score:
    return Score.of(found.levels[level].tallies[estimator].total())


def test_published_figures_are_compared_and_no_others(release: Path, truth: Path) -> None:
    """Six of seven cells: errors of 10, -10, 0, 0, 5 and -70 on 780 people; the interval of the last misses."""
    found = evaluate(release, truth)
    level, cells = found.levels["cells 7"], score(found, "cells 7")
    assert (level.published, level.rows) == (6 * 24, 7 * 24)
    assert level.truth_published / level.truth_all == pytest.approx(780 / 1180)
    assert cells.bias == pytest.approx(-65 / 780)
    assert cells.wape == pytest.approx(95 / 780)
    assert cells.coverage == pytest.approx(5 / 6)


def test_intervals_are_those_of_the_one_formula(release: Path, truth: Path) -> None:
    """Standard errors sqrt(people + 6); the interval of 0 people begins at 0, so that half of its width is cut off."""
    widths = [2 * 1.959964 * np.sqrt(people + 6) for people in (110, 190, 300, 50, 65)] + [1.959964 * np.sqrt(6)]
    assert score(evaluate(release, truth), "cells 7").width == pytest.approx(sum(widths) / 715)


def test_coarser_cells_are_compared_with_all_that_is_in_them(release: Path, truth: Path) -> None:
    cells = score(evaluate(release, truth), "cells 6")
    assert (cells.truth, cells.bias, cells.wape, cells.coverage) == (1180, 0, 0, 1)


def test_places_are_told_apart_by_kind_size_and_part_of_the_day(release: Path, truth: Path) -> None:
    tally = evaluate(release, truth).levels["cells 7"].tallies["release"]
    figures = {name: Score.of(sums).figures for name, sums in tally.by_size().items()}
    assert figures == {
        "under 50": 24,
        "50 to 200": 4 * 24,
        "200 to 1,000": 24,
        "1,000 to 5,000": 0,
        "5,000 and over": 0,
    }
    hours_of = {name: Score.of(sums).figures / 6 for name, sums in tally.by_day_part().items()}
    assert hours_of == {"night": 6, "morning": 4, "midday": 6, "evening": 4, "late": 4}
    assert {name for name, sums in tally.by_kind().items() if sums[0]} == {"town"}


def test_naive_estimates_are_as_bad_as_they_are(release: Path, truth: Path, deliveries: list[Path]) -> None:
    """Of the same six cells.

    One factor: 7,000 residents over 885 devices. Dropping: of the first cell 50 / 0.4, of the others a quarter too many
    but for rounding. The oracle is right in the first cell, 50 / 0.5.
    """
    found = evaluate(release, truth, deliveries)
    per_device = 7000 / 885
    ours = [(50, 100), (150, 200), (225, 300), (40, 50), (45, 60), (50, 70)]
    assert score(found, "cells 7", "one factor").wape == pytest.approx(
        sum(abs(seen * per_device - people) for seen, people in ours) / 780
    )
    dropped = [(50 / 0.4, 100), *((seen / 0.6, people) for seen, people in ours[1:])]
    assert score(found, "cells 7", "dropping").wape == pytest.approx(
        sum(abs(made - people) for made, people in dropped) / 780
    )
    known = [(50 / 0.5, 100), *((seen / 0.75, people) for seen, people in ours[1:])]
    assert score(found, "cells 7", "oracle").wape == pytest.approx(
        sum(abs(made - people) for made, people in known) / 780
    )
    assert score(found, "authorities", "dropping").bias == pytest.approx(0.25)
    assert score(found, "authorities", "oracle").wape == pytest.approx(0)


def test_an_oracle_leaves_out_who_was_down(release: Path, truth: Path, deliveries: list[Path], tmp_path: Path) -> None:
    """The second operator sees nobody in the first hour; knowing that, the oracle is as right as without it."""
    rows = [cell_row(h3, hours(30, h00=0)) for h3 in [*ALDER_CELLS, *BIRCH_CELLS]]
    down = {
        "h3_parent": PARENT,
        "from_utc": dt.datetime.combine(MONDAY, dt.time()),
        "to_utc": dt.datetime.combine(MONDAY, dt.time(1)),
        "share_active": 0.0,
        "reason": "a storm",
    }
    other = write_delivery(
        tmp_path / "other",
        "operator-b",
        cell_day=rows,
        area_day=[area_row(ALDER, hours(100)), area_row(BIRCH, hours(100))],
        factors=[factor(REGION, 0.2)],
        tables={"coverage": [down]},
    )
    tally = evaluate(release, truth, [deliveries[0], other]).levels["cells 7"].tallies["oracle"]
    first = Score.of(tally.by_hour()["00"])
    assert first.wape == pytest.approx(0), "half of them are seen by the first operator, exactly"
    assert Score.of(tally.by_hour()["01"]).wape > 0.1


def test_the_countrys_figure_is_compared_with_all_who_are_present(release: Path, truth: Path) -> None:
    told = to_dict(evaluate(release, truth))["closing"]
    assert (told["hours"], told["mean_relative_error"], told["largest_relative_error"]) == (24, 0, 0)


def test_goals_are_said_plainly(release: Path, truth: Path, deliveries: list[Path]) -> None:
    found = evaluate(release, truth, deliveries)
    by_name = {goal.what: goal for goal in goals(found)}
    assert by_name["authorities: error (WAPE)"].verdict == "reached"
    few = by_name["authorities: coverage of 95 % intervals"]
    assert (few.value, few.verdict) == (1.0, "cannot tell"), "the hours of two authorities are not many errors"
    assert by_name["cells 7: bias, either way"].value == pytest.approx(65 / 780)
    assert by_name["regions: error over that of the better baseline"].value == pytest.approx(0)
    found.levels["authorities"].places = 119
    enough = {goal.what: goal for goal in goals(found)}
    assert enough["authorities: coverage of 95 % intervals"].verdict == "NOT REACHED", "100 % is too much"
    alone = {goal.what: goal for goal in goals(evaluate(release, truth))}
    assert alone["regions: error over that of the better baseline"].verdict == "not measured"
    assert "NOT REACHED  cells 7: bias, either way: 8.33%, asked for at most 0.5%" in render(found)


def test_the_command_prints_and_writes(release: Path, truth: Path, deliveries: list[Path], tmp_path: Path) -> None:
    options = [f"--deliveries={each}" for each in deliveries]
    file = tmp_path / "scores.json"
    done = CliRunner().invoke(app, ["evaluate", str(release), f"--truth={truth}", *options, f"--json={file}"])
    assert done.exit_code == 0, done.output
    assert "144 of 168 figures published (85.7%), with 66.1% of the people." in done.output
    written = json.loads(file.read_text())
    assert written["levels"]["cells 7"]["estimators"]["release"]["all"]["wape"] == pytest.approx(95 / 780, abs=1e-6)
    assert written["levels"]["cells 7"]["share_published"] == pytest.approx(6 / 7, abs=1e-6)


def test_what_cannot_be_compared_is_refused_in_a_sentence(release: Path, truth: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="is not a release"):
        evaluate(tmp_path, truth)
    with pytest.raises(EvaluationError, match="holds no truth"):
        evaluate(release, tmp_path)
    (truth / "people" / f"date={MONDAY}").rename(truth / "people" / "date=2025-01-01")
    with pytest.raises(EvaluationError, match="no day in common"):
        evaluate(release, truth)
    (truth / "people" / "date=2025-01-01").rename(truth / "people" / f"date={MONDAY}")
    file = release / "precision" / "part-0.parquet"
    pq.write_table(pq.read_table(file).drop_columns(["day_part"]), file)
    with pytest.raises(EvaluationError, match="older format"):
        evaluate(release, truth)


FIGURES = st.lists(
    st.tuples(
        st.integers(0, 23),
        st.integers(0, 1),
        st.one_of(st.none(), st.integers(0, 2000).map(lambda five: 5 * five)),
        st.integers(0, 10_000),
        st.floats(0, 500),
    ),
    min_size=1,
    max_size=30,
)


def tally_of(figures: list[tuple]) -> Tally:
    tally = Tally(("town", "rural"), (50.0, 1000.0))
    for hour, kind, people, true, error in figures:
        published = [float("nan") if people is None else people]
        tally.add(hour, kind=[kind], published=published, estimate=published, truth=[true], error=[error])
    return tally


@given(FIGURES, st.integers(0, 30))
def test_tallies_add_up_however_figures_are_parted(figures: list[tuple], where: int) -> None:
    together, first = tally_of(figures), tally_of(figures[:where])
    first += tally_of(figures[where:])
    assert np.allclose(together.sums, first.sums)
    for groups in (together.by_hour(), together.by_day_part(), together.by_kind(), together.by_size()):
        assert np.allclose(sum(groups.values()), together.total())


@given(FIGURES)
def test_bias_is_never_more_than_error_and_coverage_is_a_share(figures: list[tuple]) -> None:
    found = Score.of(tally_of(figures).total())
    assert found.figures == sum(people is not None for _, _, people, _, _ in figures)
    if found.wape is not None and found.bias is not None:
        assert abs(found.bias) <= found.wape + 1e-9
    if found.coverage is not None:
        assert 0 <= found.coverage <= 1


@pytest.mark.parametrize("scenario", sorted(WORLDS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_world_differs_from_the_demonstration_and_can_be_made(scenario: Path) -> None:
    assert load_parameters(scenario) != load_parameters()


@pytest.fixture(scope="module")
def hard_worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Evaluation]:
    """Two small worlds in which everything is against the estimate."""
    folder = tmp_path_factory.mktemp("worlds")
    return folder, pooled(folder, [1, 2], scenario=WORLDS / "hard.toml", days=2, others=True)


def test_worlds_are_pooled_and_nothing_of_them_is_left(hard_worlds: tuple[Path, Evaluation]) -> None:
    folder, found = hard_worlds
    assert not list(folder.iterdir())
    assert len(set(found.releases)) == 2, "two seeds make two worlds"
    assert [len(level.intervals) for level in found.levels.values()] == [2] * len(found.levels)
    assert found.levels["authorities"].rows == 2 * 2 * 24 * 12, "worlds, days, hours, authorities of the North East"
    assert "Goals" in render(found)
    assert "coverage by size and hour" in render(found)


def test_an_oracle_is_without_bias_and_better_than_the_naive(hard_worlds: tuple[Path, Evaluation]) -> None:
    """The truth, the counts and the share that operators really see belong together, by area and by cell."""
    _, found = hard_worlds
    for level in ("authorities", "regions", "cells 5", "cells 6"):
        oracle = score(found, level, "oracle")
        assert abs(oracle.bias or 0) < 0.005, level
        for other in ("one factor", "dropping"):
            assert (oracle.wape or 0) < 0.8 * (score(found, level, other).wape or 0), (level, other)


def test_a_release_of_a_hard_world_is_not_far_from_what_it_promises(hard_worlds: tuple[Path, Evaluation]) -> None:
    """Two worlds can tell gross failure only: 20 are pooled by `python -m cellcount evaluate-worlds`."""
    _, found = hard_worlds
    for level in ("cells 8", "cells 7", "authorities"):
        assert (score(found, level).coverage or 0) > 0.85, level
    assert (score(found, "authorities").wape or 1) < 0.03


def test_deliveries_without_a_home_table_make_a_release_too(tmp_path: Path) -> None:
    found = pooled(tmp_path, [3], scenario=WORLDS / "strict.toml", days=1, without=["home_presence"])
    assert (score(found, "authorities").wape or 1) < 0.06
    assert set(found.levels["authorities"].tallies) == {"release"}
