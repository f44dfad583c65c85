"""The map: what the browser is sent, and that it says the same as the page."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import subprocess

import geopandas as gpd
import h3
import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cellcount.methods.precision import standard_error
from cellcount.standard import ROOT
from cellcount.ui import certainty, map_component, map_tables, maps, scales, words
from cellcount.ui.ground import Bounds, named, numbered
from cellcount.ui.look import PALETTES
from cellcount.ui.map_tables import ABSENT, WITHHELD, encode
from tests.app_pages import cells_sent, declared, figures

LIGHT = PALETTES["light"]
BROWSER = ROOT / "cellcount" / "ui" / "browser"
NOTHING = '{"type":"FeatureCollection","features":[]}'
GROUND = maps.Ground(NOTHING, NOTHING, NOTHING)
LONDON = h3.latlng_to_cell(51.5, -0.1, 8)
CELLS = np.array(sorted(int(each, 16) for each in h3.grid_disk(LONDON, 1)), dtype=np.int64)
STEPS = maps.Steps(("00:00", "01:00", "02:00"), start=1)


def message(layers: dict[str, maps.Drawn], **more: object):
    asked = {
        "ground": GROUND,
        "bounds": Bounds(-1.0, 51.0, 1.0, 52.0),
        "palette": LIGHT,
        "steps": STEPS,
        "alt": "A map",
        **more,
    }
    return maps.message("map", layers, scales.ratios("Ratio", LIGHT), **asked)


def played(values: np.ndarray, **more: object) -> maps.PlayedCells:
    covered = np.ones(values.shape, dtype=bool)
    return maps.PlayedCells(CELLS[: len(values)], values, covered, ("here",) * len(values), "people", **more)


class TestCodes:
    @given(arrays(np.int64, (5, 3), elements=st.integers(0, 65_533)))
    def test_whole_figures_are_exact(self, whole):
        assert (encode(whole * 5.0).figures() == whole * 5.0).all()

    @given(arrays(np.float64, (4, 2), elements=st.floats(0, 1e6)))
    def test_amounts_keep_one_part_in_two_thousand_over_nine_powers_of_ten(self, values):
        found = encode(values).figures()
        large = values > values.max() * 1e-9
        assert np.allclose(found[large], values[large], rtol=5e-4)
        assert (found[values == 0] == 0).all()

    @given(arrays(np.float64, (4, 2), elements=st.floats(-1e6, 1e6)))
    def test_differences_keep_a_65533rd_of_their_range(self, values):
        found = encode(values).figures()
        assert np.allclose(found, values, rtol=5e-4, atol=max(np.ptp(values), abs(values).max()) / 60_000 + 1e-9)

    def test_withheld_absent_and_zero_are_three_things(self):
        codes = encode(np.array([[np.nan, 0.0, 7.0]]), np.array([[True, True, False]])).codes
        assert codes.tolist() == [[WITHHELD, 0, ABSENT]]

    @pytest.mark.parametrize("resolution", [5, 7, 8, 9, 10])
    def test_a_cell_is_found_again_from_its_columns(self, resolution):
        cells = np.array([int(each, 16) for each in h3.grid_disk(h3.latlng_to_cell(55.0, -3.0, resolution), 3)])
        columns = map_tables.cell_columns(cells, resolution)
        table = {"cells": pa.table(columns)}
        spec = {"layers": [{"id": "cells", "resolution": resolution}]}
        assert cells_sent(spec, table) == cells.tolist()


class TestMessage:
    def test_cells_are_sent_with_what_each_figure_is_divided_by(self):
        values = np.array([[10.0, 20.0, np.nan], [0.0, 5.0, 15.0]])
        spec, tables = message({"cells": played(values, by=np.array([2.0, 5.0]))})
        assert figures(spec, tables, "cells").tolist()[1] == [0.0, 1.0, 3.0]
        assert figures(spec, tables, "cells")[0, :2].tolist() == [5.0, 10.0]
        assert cells_sent(spec, tables) == CELLS[:2].tolist()
        assert [each["words"] for each in spec["legend"]["keys"]] == ["0, observed", "withheld"]

    def test_what_is_compared_has_the_same_codes(self):
        values = np.array([[10.0, 20.0, 30.0]])
        layer = played(values, others=np.array([[5.0, 0.0, np.nan]]), others_covered=np.ones((1, 3), dtype=bool))
        spec, tables = message({"cells": layer}, compare="side", panes=("Monday", "Tuesday"))
        assert spec["panes"] == ["Monday", "Tuesday"]
        assert figures(spec, tables, "cells").tolist() == [[10.0, 20.0, 30.0]]
        assert figures(spec, tables, "cells", "o")[0, :2].tolist() == [5.0, 0.0]

    def test_the_same_message_has_the_same_digest_and_another_has_another(self):
        first, again, other = (
            message({"cells": played(np.array([[value, 2.0, 3.0]]))})[0]["digest"] for value in (1.0, 1.0, 4.0)
        )
        assert first == again != other

    def test_a_day_of_20_000_cells_fits_1_2_megabytes(self):
        cells = np.array(sorted(int(each, 16) for each in h3.grid_disk(LONDON, 82))[:20_000], dtype=np.int64)
        values = np.random.default_rng(1).integers(0, 4000, (20_000, 24)) * 5.0
        places = tuple(f"near Somewhere {at % 2000}, Authority {at % 2000 % 33}" for at in range(20_000))
        curves = maps.Curves(certainty.SIZES, np.zeros((33, 5, len(certainty.SIZES))), (0,) * 24)
        layer = maps.PlayedCells(
            cells,
            values,
            np.ones(values.shape, dtype=bool),
            places,
            "people",
            areas=tuple(at % 2000 % 33 for at in range(20_000)),
            curves=curves,
        )
        _, tables = message({"cells": layer}, steps=maps.Steps(tuple(f"{hour:02d}:00" for hour in range(24))))
        assert sum(table.nbytes for table in tables.values()) < 1.2e6

    def test_areas_carry_the_row_of_their_figures(self):
        shapes = gpd.GeoSeries([shapely.box(0, 50, 1, 51), shapely.box(2, 50, 3, 51)], index=["B", "A"], crs=4326)
        layer = maps.ShadedAreas(("A", "B"), ("Alder", "Birch"), np.array([[1.0], [np.nan]]), shapes, "nights")
        spec, tables = message({"areas": layer}, steps=maps.Steps(("October",)))
        drawn = json.loads(tables["shapes"].column("areas")[0].as_py())["features"]
        assert {each["properties"]["row"]: each["geometry"]["coordinates"][0][0][0] >= 2 for each in drawn} == {
            0: True,
            1: False,
        }
        assert declared(spec, "areas")["unit"] == "nights"

    def test_flows_say_their_ends_and_their_largest(self):
        ends = np.array([[-1.5, 53.8]]), np.array([[-1.75, 53.79]])
        layer = maps.FlowLines(("a>b",), ("Leeds to Bradford",), *ends, np.array([[100.0, 50.0, np.nan]]), "trips")
        spec, tables = message({"flows": layer})
        assert declared(spec, "flows")["most"] == 100.0
        assert tables["flows"].column("to_lat").to_pylist() == [53.79]
        assert spec["legend"]["rows"]
        assert spec["legend"]["keys"] == [], "a flow that is withheld is not drawn, and neither is one of nobody"

    def test_a_map_on_which_nothing_is_drawn_has_no_legend(self):
        ends = np.array([[-1.5, 53.8]]), np.array([[-1.75, 53.79]])
        layer = maps.FlowLines(("a>b",), ("Leeds to Bradford",), *ends, np.array([[0.0, np.nan, np.nan]]), "trips")
        assert message({"flows": layer})[0]["legend"] == {"title": "", "rows": [], "keys": []}

    def test_words_that_look_like_expressions_are_words(self):
        """Pydeck takes bare text for the name of a column or for code."""
        layer = maps.PlayedCells(CELLS[:1], np.ones((1, 3)), np.ones((1, 3), bool), ("here",), "@@=alert(1)")
        assert declared(message({"cells": layer})[0], "cells")["unit"] == "@@=alert(1)"

    def test_words_in_lists_are_words(self):
        """The browser tells the kind of a cell by its place in the list: text would be told letter by letter."""
        layer = played(np.ones((2, 3)), kinds=("Fewer than usual", "@@=more"), more=("near Leeds", ""))
        found = declared(message({"cells": layer})[0], "cells")
        assert (found["kinds"], found["more"]) == (["Fewer than usual", "@@=more"], ["near Leeds", ""])

    def test_a_map_without_figures_can_be_sent(self):
        layer = maps.PlayedCells(CELLS[:0], np.empty((0, 3)), np.empty((0, 3), bool), (), "people")
        _, tables = message({"cells": layer})
        assert tables["cells"].num_rows == 0

    def test_tiles_are_asked_of_nobody_unless_a_server_is_named(self, monkeypatch):
        monkeypatch.delenv("CELLCOUNT_TILES", raising=False)
        assert maps.tiles() is None
        monkeypatch.setenv("CELLCOUNT_TILES", "http://tiles.example/{z}/{x}/{y}.png © the licence")
        assert maps.tiles() == {"url": "http://tiles.example/{z}/{x}/{y}.png", "attribution": "© the licence"}
        monkeypatch.setenv("CELLCOUNT_TILES", "http://tiles.example/")
        with pytest.raises(maps.TilesError, match="which is not the address of a tile"):
            maps.tiles()


class TestCurves:
    def test_an_error_read_off_a_curve_is_the_formulas(self):
        """Between the figures of a curve too: within 2 % at 5 to 900,000 people."""
        columns = {
            "area_code": ["A"] * 5,
            "day_part": list(certainty.DAY_PARTS),
            "coverage_p": [0.85] * 5,
            "over_dispersion": [2.0] * 5,
            "share_cv": [0.02] * 5,
            "calibration_factor": [1.0] * 5,
            "placement_cv": [1.2] * 5,
            "placement_density": [300.0] * 5,
            "placement_power": [1.5] * 5,
            "placement_floor": [0.08] * 5,
            "placement_decay": [0.5] * 5,
        }
        known = certainty.Parameters.of(pa.table(columns))
        logs = certainty.curves(known, {"A": 0.74})
        sizes = np.array([5.0, 12.0, 80.0, 437.0, 5_200.0, 900_000.0])
        read = np.exp(np.interp(np.log(sizes), np.log(certainty.SIZES), logs[0, 2]))
        exact = standard_error(sizes, known.at(["A"], ["midday"]), area_km2=0.74)
        assert read == pytest.approx(exact[0] if exact.ndim == 2 else exact, rel=0.02)


class TestNames:
    def test_no_more_names_than_can_be_read(self):
        rng = np.random.default_rng(3)
        view = Bounds(-3.0, 51.0, 1.0, 54.0)
        found = named(
            [f"Place {at}" for at in range(2000)],
            rng.uniform(-3, 1, 2000),
            rng.uniform(51, 54, 2000),
            rng.uniform(0, 1e6, 2000),
            view,
        )
        assert 5 < len(found) <= 28
        assert all(view.west <= each.longitude <= view.east for each in found)

    def test_an_area_without_figures_is_left_out(self):
        shapes = gpd.GeoSeries([shapely.box(0, 50, 1, 51)], index=["A"], crs=4326)
        assert json.loads(numbered(shapes, {}))["features"] == []


class TestBundle:
    def test_the_bundle_is_what_the_sources_build(self):
        """`npm ci && npm run build` in cellcount/ui/browser, which CI does too and compares byte by byte."""
        files = [
            "build.mjs",
            "package.json",
            "package-lock.json",
            *(f"src/{each.name}" for each in (BROWSER / "src").iterdir()),
        ]
        found = hashlib.sha256()
        for file in sorted(files):
            found.update(f"{file}\n".encode() + (BROWSER / file).read_bytes())
        bundle = (ROOT / "static" / map_component.bundle()).read_bytes()
        assert f"Sources: {found.hexdigest()}".encode() in bundle[:200]
        assert hashlib.sha256(bundle).hexdigest()[:12] in map_component.bundle()

    def test_the_bundle_names_no_server(self):
        bundle = (ROOT / "static" / map_component.bundle()).read_text()
        for host in ("cdn.", "unpkg.com", "mapbox", "openstreetmap"):
            assert f"://{host}" not in bundle

    def test_the_browser_says_figures_as_the_page_does(self):
        node = shutil.which("node")
        if node is None:
            if os.environ.get("CELLCOUNT_REQUIRE_BROWSER"):
                pytest.fail("Node.js is needed here and is not installed.")
            pytest.skip("Node.js is not installed, so the browser's words cannot be run.")
        cases = [
            (value, error)
            for value in (0.0, 5.0, 35.0, 99.5, 250.0, 1_234.0, 98_765.0, 1_234_567.0, 68_312_400.0, 0.4711, 3.14159)
            for error in (0.02, 0.7, 3.0, 12.0, 230.0, 5_100.0, 71_000.0)
        ]
        program = (
            f"import {{ figure, interval }} from {json.dumps((BROWSER / 'src' / 'words.js').as_uri())};"
            f"const said = {json.dumps(cases)}.map(([v, e]) => [figure(v, e), interval(v, e), figure(v, NaN)]);"
            "console.log(JSON.stringify(said));"
        )
        ran = subprocess.run([node, "--input-type=module", "-e", program], capture_output=True, text=True, check=True)
        said = json.loads(ran.stdout)
        assert [each[0] for each in said] == [words.number(value, error) for value, error in cases]
        assert [each[1] for each in said] == [words.interval(value, error) for value, error in cases]
        assert [each[2] for each in said] == [words.exactly(value) for value, _ in cases]


def test_the_step_of_a_map_is_the_one_it_told_of_these_steps():
    said = maps.message(
        "map",
        {},
        scales.ratios("R", LIGHT),
        ground=GROUND,
        bounds=Bounds(0, 50, 1, 51),
        palette=LIGHT,
        steps=STEPS,
        alt="",
    )[0]["steps"]
    assert maps._step_seen({"of": said["id"], "step": 2}, said, STEPS) == 2
    assert maps._step_seen({"of": "other", "step": 2}, said, STEPS) == STEPS.start
    assert maps._step_seen(None, said, STEPS) == STEPS.start
    assert maps._step_seen({"of": said["id"], "step": 99}, said, STEPS) == 2
    assert not math.isnan(said["start"])
