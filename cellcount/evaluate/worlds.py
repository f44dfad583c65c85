"""Many small worlds: made, built and evaluated one after the other, and their scores pooled.

One world has one draw of what operators get wrong about their own shares, and all its figures share it: whether
intervals hold what they promise can only be seen over many. A world is the North East of England, a region of its own
with city, suburbs and moor, at resolution 8 for one week: the smallest that has every step of the build.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from cellcount.atomic import write_json
from cellcount.build import build_release
from cellcount.demo import make_demonstration
from cellcount.evaluate.evaluation import Evaluation, evaluate
from cellcount.progress import Progress, part, silent
from cellcount.standard import MANIFEST_NAME

DETAIL, WEEKS = "small", 1


def pooled(
    folder: Path,
    seeds: Sequence[int],
    *,
    scenario: Path | None = None,
    days: int = 7,
    without: Sequence[str] = (),
    others: bool = False,
    progress: Progress = silent,
) -> Evaluation:
    """Make a small world for each seed, build its release, evaluate it, and pool the scores.

    Parameters
    ----------
    folder : Path
        Where worlds are made; each is removed when it has been evaluated.
    seeds : sequence of int
        One or more.
    scenario : Path, optional
        TOML file of parameters that differ from `data/scenarios/default.toml`.
    days : int
        Days that are compared in each world.
    without : sequence of str
        Tables that are taken out of every delivery before the build, for example `home_presence`.
    others : bool
        Whether to score the naive estimates and the oracle too.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Evaluation
        Of all worlds.

    Raises
    ------
    CellCountError
        Whatever the demonstration, the build or the evaluation refuses.
    """
    total = Evaluation([], [])
    for number, seed in enumerate(seeds):
        step = part(progress, number / len(seeds), (number + 1) / len(seeds))
        world = folder / f"world-{seed}"
        try:
            make_demonstration(
                world, weeks=WEEKS, seed=seed, detail=DETAIL, scenario=scenario, progress=part(step, 0.0, 0.4)
            )
            deliveries = sorted((world / "deliveries").iterdir())
            for delivery in deliveries:
                leave_out(delivery, without)
            release = build_release(deliveries, world / "releases", progress=part(step, 0.4, 0.8))
            compared = deliveries if others else []
            total += evaluate(release, world / "truth", compared, days=days, progress=part(step, 0.8, 1.0))
        finally:
            shutil.rmtree(world, ignore_errors=True)
    return total


def leave_out(delivery: Path, tables: Sequence[str]) -> None:
    """Take tables out of a delivery, as if the operator could not make them.

    Parameters
    ----------
    delivery : Path
        Folder of the delivery; changed.
    tables : sequence of str
        Names of tables of the standard.
    """
    file = delivery / MANIFEST_NAME
    manifest = json.loads(file.read_text(encoding="utf-8"))
    kept = [entry for entry in manifest["files"] if entry["path"].split("/")[0] not in tables]
    write_json(file, {**manifest, "files": kept})
    for table in tables:
        shutil.rmtree(delivery / table, ignore_errors=True)
