"""The main job, with nothing in between: deliveries are made, validated, built, checked and shown."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from app_pages import ROOT, drawn, texts, withheld
from typer.testing import CliRunner

from cellcount.__main__ import app as command_line

NEWCASTLE = "E08000021"
EXPECTED = """
    WITH counted AS (
        SELECT
            c.h3,
            c.h08 AS devices,
            f.market_share * f.devices_per_person * f.switched_on_rate AS p
        FROM read_parquet($operator || '/cell_day/date=2026-11-04/*.parquet') AS c
        INNER JOIN read_parquet($cells) AS r ON c.h3 = r.h3 AND r.area_code = $area
        INNER JOIN read_parquet($operator || '/operator_factor/*.parquet') AS f
            ON f.area_code = r.area_code AND f.segment = 'resident'
        WHERE c.resolution = 8 AND c.segment = 'all'
    )
    SELECT h3, devices, p FROM counted
"""


def run(*arguments: object) -> str:
    result = CliRunner().invoke(command_line, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], Path]:
    """The small demonstration's deliveries, and the folder of the release that is built from them."""
    folder = tmp_path_factory.mktemp("end-to-end")
    run("demo", "--out", folder / "demo", "--detail", "small", "--weeks", 1)
    deliveries = sorted((folder / "demo" / "deliveries").iterdir())
    assert "accepted" in run("validate", *deliveries)
    run("build", *deliveries, "--out", folder / "releases")
    (release,) = (folder / "releases").iterdir()
    assert "is whole" in run("check", release)
    return deliveries, folder / "releases"


def people_by_hand(deliveries: list[Path]) -> dict[int, float | None]:
    """The plain ratio in each cell of Newcastle at 08:00 on 4 November: devices over shares, of those that tell.

    None where fewer than ten devices can be behind it, a withheld count being one at least.
    """
    seen: dict[int, list[tuple[int | None, float]]] = {}
    for operator in deliveries:
        parameters = {
            "operator": str(operator),
            "cells": str(ROOT / "data" / "reference" / "cells_8.parquet"),
            "area": NEWCASTLE,
        }
        for cell, devices, p in duckdb.execute(EXPECTED, parameters).fetchall():
            seen.setdefault(cell, []).append((devices, p))
    people: dict[int, float | None] = {}
    for cell, counts in seen.items():
        known = [(devices, p) for devices, p in counts if devices is not None]
        total = sum(devices for devices, _ in known)
        least = total + len(counts) - len(known)
        people[cell] = total / sum(p for _, p in known) if known and (least >= 10 or least == 0) else None
    return people


def test_the_map_shows_what_was_delivered(made, open_app):
    deliveries, releases = made

    app = open_app(releases, "pages/density.py", area=NEWCASTLE, date="2026-11-04", hour="08:00")

    by_hand = people_by_hand(deliveries)
    read = {cell: figure for cell, (figure, _) in drawn(app).items()}
    hatched = withheld(app)
    assert len(by_hand) > 100
    assert set(read) | hatched == set(by_hand)
    assert {cell for cell, people in by_hand.items() if people is None} <= hatched
    # Official residents put people from next door back where they live, so that cells differ from the plain ratio,
    # those with many people by little, and all of them together hardly.
    large = [cell for cell in read if (by_hand[cell] or 0) > 2_000]
    assert len(large) > 20
    assert all(abs(read[cell] / by_hand[cell] - 1) < 0.4 for cell in large)
    assert abs(sum(read.values()) / sum(by_hand[cell] or 0 for cell in read) - 1) < 0.05


def test_the_app_says_that_the_people_are_made_up(made, open_app):
    for page in (None, "pages/density.py", "pages/about.py"):
        assert "Synthetic demonstration data." in texts(open_app(made[1], page))
