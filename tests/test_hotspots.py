"""Hotspots: Gi* against published and hand-computed figures, chance that stays within its rate, planted ones found."""

from __future__ import annotations

import time

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from cellcount.methods.hotspots import (
    COLD,
    HOT,
    INTERMITTENT,
    NEVER,
    OCCASIONAL,
    ORDINARY,
    PERMANENT,
    UNKNOWN,
    Neighbours,
    centre_of_mass,
    contiguous,
    disks,
    gi_star,
    kilometres,
    lorenz,
    persistence,
    q_values,
    verdicts,
)

MIDDLE = h3.latlng_to_cell(51.5, -0.1, 8)


def disc(radius: int) -> np.ndarray:
    """All cells that are so many steps from one in London, ascending."""
    return np.array(sorted(h3.grid_disk(MIDDLE, radius)), dtype=np.int64)


def of_lists(lists: list[list[int]]) -> Neighbours:
    starts = np.concatenate([[0], np.cumsum([len(each) for each in lists])])
    return Neighbours(starts.astype(np.int64), np.concatenate(lists).astype(np.int64))


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)[:, None]


def found(values: np.ndarray, neighbours: Neighbours, rate: float) -> np.ndarray:
    gi = gi_star(values, neighbours)
    return verdicts(gi.score, q_values(gi.p), rate)


def f1(called: np.ndarray, true: np.ndarray) -> float:
    """Harmonic mean of precision (true among called) and recall (called among true)."""
    return 2 * (called & true).sum() / (called.sum() + true.sum())


class TestNeighbours:
    def test_a_cell_in_the_middle_has_7_19_or_37_around_it(self):
        cells = disc(8)
        middle = int(np.searchsorted(cells, MIDDLE))
        for rings, number_of in ((0, 1), (1, 7), (2, 19), (3, 37)):
            around = disks(cells, rings)
            rows = around.rows[around.starts[middle] : around.starts[middle + 1]]
            assert set(cells[rows].tolist()) == set(h3.grid_disk(MIDDLE, rings))
            assert len(rows) == number_of

    def test_who_is_around_whom_is_mutual_and_everybody_is_around_himself(self):
        matrix = disks(disc(5), 2).matrix()
        assert (matrix != matrix.T).nnz == 0
        assert (matrix.diagonal() == 1).all()

    def test_the_border_has_fewer_and_holes_are_not_filled(self):
        cells = np.array([each for each in disc(1).tolist() if each != MIDDLE], dtype=np.int64)
        assert np.diff(disks(cells, 1).starts).tolist() == [3] * 6, "each petal has two more beside it"

    def test_cells_must_be_ascending(self):
        with pytest.raises(ValueError, match="ascending"):
            disks(disc(1)[::-1], 1)

    def test_no_cells_have_no_neighbours(self):
        assert disks(np.array([], dtype=np.int64), 1).cells == 0


class TestGiStar:
    def test_it_is_that_of_esda(self):
        """The example of esda's G_Local with star=True and binary weights, esda 2.9.0, documentation and source.

        Points (10,10) (20,10) (40,10) (15,20) (30,20) (30,30), neighbours up to 15 apart.
        """
        around = of_lists([[0, 1, 3], [0, 1, 3, 4], [2, 4], [0, 1, 3, 4], [1, 2, 3, 4, 5], [4, 5]])
        score = gi_star(column(2, 3, 3.2, 5, 8, 7), around).score.ravel()
        published = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]
        assert score == pytest.approx(published, abs=5e-9)

    def test_a_withheld_cell_is_unknown_and_not_zero(self):
        """Four in a row: 1, withheld, 4 and 7. Of three known: mean 4, s² = 66/3 - 16 = 6.

        The last two cells know each other only: 4 + 7 where 8 are expected, 3 / sqrt(6 x 2 x 1 / 2) = 1.2247. The first
        knows itself alone: (1 - 4) / sqrt(6 x 1 x 2 / 2) = -1.2247.
        """
        row = of_lists([[0, 1], [0, 1, 2], [1, 2, 3], [2, 3]])
        gi = gi_star(column(1, np.nan, 4, 7), row)
        assert gi.score.ravel() == pytest.approx([-1.2247, np.nan, 1.2247, 1.2247], abs=5e-5, nan_ok=True)
        assert gi.around.ravel().tolist()[2:] == [2, 2]
        assert np.isnan(gi.p[1, 0])
        assert verdicts(gi.score, q_values(gi.p), 0.05)[1, 0] == UNKNOWN

    @settings(max_examples=25)
    @given(st.floats(1e-4, 1e6), st.integers(0, 1000))
    def test_scaling_the_counts_changes_nothing(self, factor, seed):
        values = np.random.default_rng(seed).lognormal(0, 1, (61, 2))
        around = disks(disc(4), 1)
        once, again = gi_star(values, around), gi_star(values * factor, around)
        assert again.score == pytest.approx(once.score, rel=1e-6, abs=1e-9)
        assert again.p == pytest.approx(once.p, rel=1e-5)

    def test_every_step_is_worked_out_by_itself(self):
        values = np.random.default_rng(3).lognormal(0, 1, (61, 3))
        values[4, 1] = np.nan
        around = disks(disc(4), 1)
        together = gi_star(values, around)
        for step in range(3):
            alone = gi_star(values[:, [step]], around)
            assert together.p[:, step] == pytest.approx(alone.p[:, 0], nan_ok=True)

    @pytest.mark.parametrize("value", [0.0, 0.1, 7.0])
    def test_where_all_figures_are_the_same_nothing_stands_out(self, value):
        gi = gi_star(np.full((61, 1), value), disks(disc(4), 1))
        assert not gi.score.any()
        assert (gi.p == 1).all()

    def test_nothing_known_is_nothing_found(self):
        gi = gi_star(np.full((7, 2), np.nan), disks(disc(1), 1))
        assert (verdicts(gi.score, q_values(gi.p), 0.1) == UNKNOWN).all()


class TestChance:
    @pytest.mark.parametrize("score", [-3.0, -1.0, 0.5, 2.0, 4.0])
    def test_of_normal_figures_the_probability_is_the_normal_curve_s(self, score):
        """1,999 evenly spaced quantiles of the normal curve: sums of seven are normal too."""
        from cellcount.methods.hotspots import _by_chance  # noqa: PLC0415 - the only test that looks inside

        figures = norm.ppf(np.arange(1, 2000) / 2000)
        p = _by_chance(np.array([score]), np.array([7.0]), figures / figures.std())[0]
        assert p == pytest.approx(2 * norm.sf(abs(score)), rel=0.1)

    @pytest.mark.parametrize(("tail", "side"), [(0.01, "more"), (0.0005, "more"), (0.01, "less"), (0.0005, "less")])
    def test_of_skewed_figures_it_is_what_shuffling_gives(self, tail, side):
        """Sums of seven of 2,000 exponential figures, 400,000 times; the normal curve is wrong by up to 40 times."""
        from cellcount.methods.hotspots import _by_chance  # noqa: PLC0415

        draw = np.random.default_rng(11)
        figures = draw.exponential(1, 2000)
        figures = (figures - figures.mean()) / figures.std()
        sums = figures[draw.integers(0, 2000, (400_000, 7))].sum(axis=1) / np.sqrt(7)
        score = np.quantile(sums, 1 - tail if side == "more" else tail)
        p = _by_chance(np.array([score]), np.array([7.0]), figures)[0] / 2
        assert p == pytest.approx(tail, rel=0.2)
        by_normal = norm.sf(abs(score))
        assert by_normal < tail / 3 if side == "more" else by_normal > 2 * tail

    def test_it_is_never_less_than_chance_can_be(self):
        """Seven of nine cells can be chosen in 36 ways."""
        gi = gi_star(column(9, 8, 7, 6, 5, 4, 3, 1, 1), of_lists([list(range(7))] * 9))
        assert gi.p.min() >= 2 / 36 - 1e-12

    @pytest.mark.parametrize("rings", [1, 2, 3])
    @pytest.mark.parametrize("kind", ["normal", "exponential", "lognormal"])
    @pytest.mark.parametrize("rate", [0.05, 0.10])
    def test_in_a_null_field_the_share_of_false_hotspots_is_at_most_the_rate(self, kind, rings, rate):
        """300 maps of pure noise. Whatever is called there is false, so the rate is that of maps with any call at all.

        The neighbourhoods overlap as they do in earnest. Three standard errors of a share of 300 are allowed for.
        """
        draw = np.random.default_rng([7, rings])
        make = {
            "normal": lambda size: draw.normal(100, 10, size),
            "exponential": lambda size: draw.exponential(100, size),
            "lognormal": lambda size: draw.lognormal(0, 1.5, size),
        }[kind]
        called = found(make((331, 300)), disks(disc(10), rings), rate) != ORDINARY
        assert called.any(axis=0).mean() <= rate + 3 * np.sqrt(rate * (1 - rate) / 300)

    def test_the_normal_curve_would_call_most_shuffled_maps(self):
        """Why the probability is not read off the normal curve: densities are skewed."""
        values = np.random.default_rng(7).lognormal(0, 1.5, (331, 300))
        gi = gi_star(values, disks(disc(10), 1))
        by_normal = 2 * norm.sf(np.abs(gi.score))
        assert (q_values(by_normal) <= 0.05).any(axis=0).mean() > 0.75
        assert (q_values(gi.p) <= 0.05).any(axis=0).mean() < 0.05


def planted(*, times: float, seed: int, noise: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """469 cells of noise, among them two hotspots of 19 cells each, so many times as dense; and which they are."""
    cells = disc(12)
    values = np.random.default_rng(seed).lognormal(3, noise, (len(cells), 1))
    centres = [h3.grid_ring(MIDDLE, 6)[0], h3.grid_ring(MIDDLE, 6)[18]]
    true = np.isin(cells, [each for centre in centres for each in h3.grid_disk(centre, 2)])
    values[true] *= times
    return cells, values, true


class TestPlanted:
    @pytest.mark.parametrize("seed", range(5))
    def test_planted_hotspots_are_found_by_gi_star(self, seed):
        """Ten times as dense: F1 is over 0.8. A cell beside a hotspot has it in its neighbourhood, so it is not 1."""
        cells, values, true = planted(times=10, seed=seed)
        called = found(values, disks(cells, 2), 0.05)[:, 0] == HOT
        assert f1(called, true) > 0.8
        beside = np.isin(cells, [each for cell in cells[true].tolist() for each in h3.grid_disk(cell, 1)])
        assert not called[~beside].any()
        assert len(set(contiguous(called, disks(cells, 1))[called])) == 2

    @pytest.mark.parametrize("seed", range(5))
    def test_planted_hotspots_are_found_by_the_lorenz_threshold(self, seed):
        """A hundred times as dense, and much alike: the ranks above F* are about sum / max cells."""
        _, values, true = planted(times=100, seed=seed, noise=0.05)
        assert f1(lorenz(values).hot[:, 0], true) > 0.9

    def test_a_planted_void_is_cold(self):
        cells, values, true = planted(times=0.02, seed=1)
        called = found(values, disks(cells, 2), 0.05)[:, 0]
        assert f1(called == COLD, true) > 0.8
        assert not (called == HOT).any()

    @pytest.mark.parametrize("rings", [1, 2, 3])
    def test_one_crowded_cell_alone_makes_no_hotspot(self, rings):
        """Wherever chance put it, its neighbours would look the same: a thousand times as dense, in 200 maps."""
        values = np.random.default_rng(5).lognormal(0, 0.5, (331, 200))
        values[100] *= 1000
        called = found(values, disks(disc(10), rings), 0.05)
        assert (called != ORDINARY).any(axis=0).mean() <= 0.05


class TestFalseDiscovery:
    # Benjamini and Hochberg (1995), section 3.2: thrombolysis after myocardial infarction, Neuhaus et al. (1992).
    PUBLISHED = (
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590,
        1.0000,
    )  # fmt: skip

    def test_four_are_rejected_as_in_the_paper(self):
        """p(4) = 0.0095 <= 4/15 x 0.05 = 0.013 is the last; Bonferroni's 0.05 / 15 rejects three."""
        rejected = q_values(column(*self.PUBLISHED)) <= 0.05
        assert rejected.ravel().tolist() == [True] * 4 + [False] * 11

    def test_q_is_p_times_tests_over_rank_and_never_falls(self):
        q = q_values(column(*self.PUBLISHED)).ravel()
        assert q[0] == pytest.approx(0.0001 * 15)
        assert q[3] == pytest.approx(0.0095 * 15 / 4)
        assert q[5] == pytest.approx(0.0298 * 15 / 7), "the seventh is nearer to its line than the sixth"
        assert (np.diff(q) >= 0).all()

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
    def test_it_does_not_depend_on_the_order_and_is_at_least_p(self, values):
        p = column(*values)
        q = q_values(p)
        assert (q >= p - 1e-12).all()
        assert q_values(p[::-1])[::-1] == pytest.approx(q)

    def test_withheld_cells_are_no_tests(self):
        q = q_values(np.array([[0.01, 0.01], [np.nan, 0.5], [0.03, 0.03]]))
        assert q[:, 0] == pytest.approx([0.02, np.nan, 0.03], nan_ok=True)
        assert q[:, 1] == pytest.approx([0.03, 0.5, 0.045])


class TestLorenz:
    def test_a_hand_computed_table(self):
        """Ten cells, mean 10, largest 40: F* = 3/4, so that the ranks eight to ten are hotspots: 10, 20 and 40."""
        found_ = lorenz(column(20, 1, 2, 3, 4, 40, 5, 7, 8, 10))
        assert found_.share[0] == 0.75
        assert found_.threshold[0] == 10
        assert np.flatnonzero(found_.hot).tolist() == [0, 5, 9]

    def test_cells_alike_are_all_hotspots_or_none(self):
        """Of 1, 1, 5 and 5, F* = 2/5 lies between the two ones, neither of which is a hotspot."""
        assert lorenz(column(1, 5, 1, 5)).hot.ravel().tolist() == [False, True, False, True]
        assert lorenz(column(3, 3, 3)).hot.all(), "F* is 0"

    def test_nobody_is_nowhere(self):
        found_ = lorenz(np.array([[0.0, np.nan], [0.0, np.nan]]))
        assert not found_.hot.any()
        assert np.isnan(found_.threshold).all()

    @settings(max_examples=50)
    @given(st.lists(st.floats(0.01, 1e5), min_size=2, max_size=60), st.floats(0.01, 1e4))
    def test_scale_does_not_matter_and_the_most_crowded_is_always_in(self, values, factor):
        density = column(*values)
        assert lorenz(density).hot[np.argmax(density), 0]
        # A rank that lies on F* itself may fall on either side by rounding.
        assert lorenz(density * factor).share == pytest.approx(lorenz(density).share, abs=1e-9)

    def test_in_a_null_field_it_finds_the_share_that_the_formula_says(self):
        """It is a threshold and no test. Of evenly spread figures, mean / max is a half: half of all cells are above.

        That share is what the page says of it; the null field shows that it is not less.
        """
        noise = np.random.default_rng(9).random((5000, 20))
        found_ = lorenz(noise)
        assert found_.hot.mean(axis=0) == pytest.approx(noise.mean(axis=0) / noise.max(axis=0), abs=2 / 5000)
        assert found_.hot.mean() == pytest.approx(0.5, abs=0.01)


class TestOverTheDay:
    def test_what_is_hot_always_often_and_now_and_then(self):
        hot = np.zeros((5, 24), dtype=bool)
        hot[0] = True
        hot[1, :8] = True
        hot[2, 7:14] = True
        hot[4, :3] = True
        known = np.ones((5, 24), dtype=bool)
        known[0, 20:] = False
        known[4, 11:] = False
        share, kind = persistence(hot, known)
        assert kind.tolist() == [PERMANENT, INTERMITTENT, OCCASIONAL, NEVER, UNKNOWN]
        assert share.tolist()[:4] == [1.0, 8 / 24, 7 / 24, 0.0]

    def test_cells_that_touch_are_one_hotspot(self):
        cells = disc(4)
        touching = disks(cells, 1)
        two = np.isin(cells, [*h3.grid_disk(MIDDLE, 1), h3.grid_ring(MIDDLE, 4)[0], h3.grid_ring(MIDDLE, 4)[1]])
        groups = contiguous(two, touching)
        assert sorted(np.bincount(groups[two]).tolist()) == [2, 7]
        assert (groups[~two] == -1).all()
        assert (contiguous(np.zeros(len(cells), dtype=bool), touching) == -1).all()

    def test_the_middle_of_people(self):
        """Three times as many at 0.4 as at 0 degrees east, on the equator: 0.3."""
        latitude, longitude = centre_of_mass(np.zeros(2), np.array([0.0, 0.4]), np.array([[1.0, 0.0], [3.0, np.nan]]))
        assert longitude[0] == pytest.approx(0.3, abs=1e-6)
        assert np.isnan(latitude[1])

    def test_how_far_the_middle_moves(self):
        """London (51.5074 N, 0.1278 W) to Paris (48.8566 N, 2.3522 E): 343.6 km by the haversine on a mean sphere."""
        path = kilometres(np.array([51.5074, 48.8566, np.nan]), np.array([-0.1278, 2.3522, 0.0]))
        assert path[0] == pytest.approx(343.6, abs=0.1)
        assert np.isnan(path[1])


def test_a_day_of_20_000_cells_takes_about_a_second():
    cells = disc(81)
    values = np.random.default_rng(1).lognormal(3, 1.5, (len(cells), 24))
    started = time.process_time()
    found(values, disks(cells, 2), 0.05)
    lorenz(values)
    assert time.process_time() - started < 3, "processor seconds; 0.7 where nobody else is at work"
