"""How far estimates may be wrong, measured where the truth is known because the test has made it up."""

import h3.api.basic_int as h3
import numpy as np
import pytest
from build_world import ALDER, ALDER_CELLS, BIRCH, CHILDREN, REGION, reference
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array

from cellcount.build.cells import Model, within_families
from cellcount.build.combine import NOT_COVERED, WITHHELD
from cellcount.build.disagreement import heterogeneity
from cellcount.build.doubt import LEAST_PLACEMENT, Dispersion, Layer, _fitted, placement_error
from cellcount.build.figures import disagreement as disagreement_of
from cellcount.build.gathered import Gathered
from cellcount.build.network import leave_one_out
from cellcount.build.nights import Homes
from cellcount.methods.precision import Placement, Precision, placement_cv, standard_error


def disagreement(variance: int, cells: int = 20_000) -> Dispersion:
    """Counts of three operators whose variance is a multiple of their mean."""
    random = np.random.default_rng(7)
    people = random.uniform(200, 500, cells)
    shares = np.array([0.25, 0.20, 0.15])
    counts = [variance * random.poisson(people * share / variance) for share in shares]
    total = np.sum(counts, axis=0)
    found = Dispersion()
    found.add([n.astype(np.uint32) for n in counts], [total * share / shares.sum() for share in shares])
    return found


@pytest.mark.parametrize("variance", [1, 2])
def test_over_dispersion_is_found_from_how_operators_disagree(variance):
    assert disagreement(variance).ratio() == pytest.approx(variance, rel=0.03)


def test_over_dispersion_by_hand():
    """20 and 40 where 24 and 36 were expected: 16 / 24 + 16 / 36 = 1.111 for one free count, in each of 30 cells."""
    found = Dispersion()
    for _ in range(30):
        found.add(
            [np.array([20], dtype=np.uint32), np.array([40], dtype=np.uint32)], [np.array([24.0]), np.array([36.0])]
        )

    assert found.freedom == 30
    assert found.ratio() == pytest.approx(10 / 9)


@pytest.mark.parametrize(("count", "mean"), [(WITHHELD, 24.0), (NOT_COVERED, 24.0), (20, 9.0), (20, 151.0)], ids=str)
def test_cells_that_tell_nothing_of_chance_are_left_out(count, mean):
    found = Dispersion()
    found.add(
        [np.full(100, 20, dtype=np.uint32), np.full(100, count, dtype=np.uint32)],
        [np.full(100, 24.0), np.full(100, mean)],
    )

    assert found.freedom == 0
    assert found.ratio() == 1.0  # as of Poisson counts


def test_one_operator_alone_disagrees_with_nobody():
    found = Dispersion()
    found.add([np.full(100, 20, dtype=np.uint32)], [np.full(100, 24.0)])

    assert found.ratio() == 1.0


# A made-up country of 547 parents of resolution 6, and a network that puts some people into the cells around.
PARENTS = sorted(h3.grid_disk(h3.latlng_to_cell(52.2, 0.12, 6), 13))
CELLS = {
    resolution: np.array(sorted(child for cell in PARENTS for child in h3.cell_to_children(cell, resolution)))
    for resolution in (6, 7, 8)
}
KM2 = {6: 36.1, 7: 5.16, 8: 0.737}
STAY = 0.6


def blur() -> csr_array:
    """Of the people of a cell, 60 % are placed there and the others in equal parts in the cells around it."""
    number = {int(cell): place for place, cell in enumerate(CELLS[8])}
    rows, columns, parts = [], [], []
    for cell, place in number.items():
        around = [number[other] for other in h3.grid_disk(cell, 1) if other != cell and other in number]
        rows += [place, *around]
        columns += [place] * (1 + len(around))
        parts += [STAY, *([(1 - STAY) / len(around)] * len(around))]
    return csr_array((parts, (rows, columns)), shape=(len(number), len(number)))


def rough(random: np.random.Generator, around: csr_array) -> np.ndarray:
    """People by cell, uneven at every scale: regions, towns in them, and every cell unlike its neighbours."""
    unlike = np.zeros(len(CELLS[8]))
    for rounds, spread in ((0, 0.5), (4, 0.5), (40, 0.8)):
        noise = random.standard_normal(len(unlike))
        for _ in range(rounds):
            noise = around @ noise
        unlike += spread * noise / noise.std()
    return 60.0 * np.exp(unlike)


def at(resolution: int, people: np.ndarray) -> np.ndarray:
    """People by cell of a coarser resolution."""
    above = np.array([h3.cell_to_parent(int(cell), resolution) for cell in CELLS[8]])
    return np.bincount(np.searchsorted(CELLS[resolution], above), people, minlength=len(CELLS[resolution]))


@pytest.fixture(scope="module")
def made_up():
    """True people, estimates, and the placement error found from residents alone."""
    random, kernel = np.random.default_rng(20261102), blur()
    residents, workers = rough(random, kernel), rough(random, kernel)
    at_home = 0.4
    layers, truth, estimates, away = {}, {}, {}, {}
    for resolution, cells in CELLS.items():
        above = [h3.cell_to_parent(int(cell), resolution - 1) if resolution > 6 else int(cell) for cell in cells]
        layers[resolution] = Layer(
            km2=KM2[resolution],
            residents=at(resolution, residents),
            implied=at(resolution, kernel @ residents),
            families=np.unique(above, return_inverse=True)[1],
            at_home=np.full(len(cells), at_home),
            stood_in=np.zeros(len(cells)),
        )
        there = at(resolution, residents) * at_home
        truth[resolution] = there + at(resolution, workers)
        away[resolution] = at(resolution, kernel @ workers)
        estimates[resolution] = there + away[resolution]
    return truth, estimates, placement_error(layers, estimates, away, chance=0.0)


@pytest.mark.parametrize("resolution", [6, 7, 8])
def test_intervals_hold_people_whom_nothing_official_tells_of(made_up, resolution):
    """Placement is measured on where residents live, and must hold for where others work."""
    truth, estimates, placement = made_up
    certain = Precision(coverage_p=1.0, over_dispersion=1.0, share_cv=0.0, placement=placement)

    error = standard_error(estimates[resolution], certain, area_km2=KM2[resolution])

    coverage = np.mean(np.abs(estimates[resolution] - truth[resolution]) <= 1.96 * error)
    assert 0.90 <= coverage <= 0.99


def test_a_network_that_puts_everybody_right_has_no_placement_error():
    residents = rough(np.random.default_rng(3), blur())
    families = np.repeat(np.arange(len(residents) // 7), 7)
    layer = Layer(0.737, residents, residents.copy(), families, np.zeros(len(residents)), np.zeros(len(residents)))

    found = placement_error({8: layer}, {8: residents}, {8: residents}, chance=0.0)

    assert (placement_cv(residents, 0.737, found) < 0.002).all()


def test_where_nothing_can_be_measured_placement_is_not_guessed():
    few = Layer(0.737, np.full(20, 50.0), np.full(20, 40.0), np.zeros(20, dtype=np.int64), np.zeros(20), np.zeros(20))

    assert placement_error({8: few}, {8: np.full(20, 50.0)}, {8: np.full(20, 50.0)}, chance=0.0) == LEAST_PLACEMENT


def test_the_curve_of_placement_is_found_from_its_points():
    curve = Placement(cv=1.1, density=250.0, power=1.3, floor=0.05, decay=0.55)
    sizes = np.tile(np.geomspace(6, 30_000, 12), 3)
    areas = np.repeat([0.737, 5.16, 36.1], 12)

    found = _fitted(sizes, areas, placement_cv(sizes, areas, curve), np.ones(36))

    np.testing.assert_allclose(placement_cv(sizes, areas, found), placement_cv(sizes, areas, curve), rtol=0.02)


FAMILIES = np.array([3, 3, 3, 8, 9, 9])


@given(arrays(np.float32, (2, 6), elements=st.floats(-1000, 10_000, width=32)))
def test_estimates_below_nought_are_given_up_by_their_siblings(people):
    found = within_families(people, FAMILIES)

    assert (found >= 0).all()
    for family in (3, 8, 9):
        members = family == FAMILIES
        wanted = np.maximum(people[:, members].astype(np.float64).sum(axis=1), 0)
        np.testing.assert_allclose(found[:, members].sum(axis=1), wanted, rtol=1e-4, atol=0.05)


@given(arrays(np.float32, (1, 6), elements=st.floats(0, 10_000, width=32)))
def test_estimates_that_are_none_below_nought_stay(people):
    np.testing.assert_allclose(within_families(people, FAMILIES), people, rtol=1e-5)


def test_a_cell_that_nobody_covers_stays_unknown_in_its_family():
    found = within_families(np.array([[np.nan, -10.0, 40.0]], dtype=np.float32), np.array([1, 1, 1]))

    assert np.isnan(found[0, 0])
    assert found[0, 1:].tolist() == [0.0, 30.0]


# Trials of a vaccine against tuberculosis: cases and others among the treated, cases and others among the controls.
TRIALS = np.array(
    [
        [4, 119, 11, 128],
        [6, 300, 29, 274],
        [3, 228, 11, 209],
        [62, 13536, 248, 12619],
        [33, 5036, 47, 5761],
        [180, 1361, 372, 1079],
        [8, 2537, 10, 619],
        [505, 87886, 499, 87892],
        [29, 7470, 45, 7232],
        [17, 1699, 65, 1600],
        [186, 50448, 141, 27197],
        [5, 2493, 3, 2338],
        [27, 16886, 29, 17825],
    ],
    dtype=float,
).T


def test_heterogeneity_of_a_published_analysis():
    """Viechtbauer (2010), Journal of Statistical Software 36(3), on the data of Colditz and others (1994).

    Q is 152.2330 with 12 degrees of freedom, I2 92.12 %, tau2 by DerSimonian and Laird 0.3088, and the mean weighted by
    inverse variances 0.4303 (of the protection: their logarithms of relative risks with the other sign).
    """
    treated, spared, control, others = TRIALS
    protection = np.log(control / (control + others)) - np.log(treated / (treated + spared))
    variance = 1 / treated - 1 / (treated + spared) + 1 / control - 1 / (control + others)

    found = heterogeneity(protection[:, None], variance[:, None])

    assert found.q == pytest.approx([152.2330], abs=1e-4)
    assert found.i_squared == pytest.approx([0.9212], abs=5e-5)
    assert found.tau == pytest.approx([0.3088**0.5 / 0.4303], rel=5e-4)


def test_operators_that_agree_have_no_heterogeneity_and_one_alone_none_that_is_known():
    estimates = np.array([[100.0, 100.0, np.nan], [100.0, np.nan, np.nan]])

    found = heterogeneity(estimates, np.full((2, 3), 25.0))

    assert (found.q[0], found.i_squared[0], found.tau[0], found.cv[0]) == (0.0, 0.0, 0.0, 0.0)
    for measure in (found.q, found.i_squared, found.tau, found.cv):
        assert np.isnan(measure[1:]).all()


def test_no_more_than_chance_is_no_heterogeneity():
    """99 and 101 with variances of 50: Q = 0.02 + 0.02, less than the 1 of chance; sqrt(2) % apart."""
    found = heterogeneity(np.array([[99.0], [101.0]]), np.array([[50.0], [50.0]]))

    assert found.q == pytest.approx([0.04])
    assert (found.i_squared[0], found.tau[0]) == (0.0, 0.0)
    assert found.cv == pytest.approx([2**0.5 / 100])


def test_an_area_is_foretold_by_the_others_of_its_region():
    """Alder has 160 + 40 customers and 180 devices at home at night, Birch 100 of 100: 90 % and 100 %."""
    zones = reference().zones()

    def by_area(alder: float, birch: float) -> np.ndarray:
        return np.array([{ALDER: alder, BIRCH: birch}.get(code, 0.0) for code in zones.codes])

    homes = (Homes({}, by_area(140, 70), by_area(160, 60)), Homes({}, by_area(40, 30), by_area(40, 40)))
    model = Model((), None, (*homes, None), None, (), None)

    found = dict(zip(zones.codes, leave_one_out(model, zones), strict=True))

    assert found[ALDER] == pytest.approx(0.9 / 1.0 - 1)
    assert found[BIRCH] == pytest.approx(1.0 / 0.9 - 1)
    assert np.isnan(found[REGION])  # there is no other region


def test_without_counts_of_homes_nothing_is_foretold():
    zones = reference().zones()

    assert np.isnan(leave_one_out(Model((), None, (None,), None, (), None), zones)).all()


def test_days_are_gathered_by_part_of_the_day():
    """100 people by night and 200 at other times on one day; 300 all of another, on which one cell is not covered."""
    gathered = Gathered(reference().zones())
    place = np.searchsorted(np.array(CHILDREN), ALDER_CELLS[:2])
    one = np.full((24, 2), 200.0, dtype=np.float32)
    one[:6] = 100.0
    other = np.full((24, 2), 300.0, dtype=np.float32)
    other[:, 1] = np.nan

    gathered.people(7, place, one)
    gathered.people(7, place, other)

    mean = gathered.mean_people(7)
    assert gathered.resolutions == [7]
    assert mean[0, place].tolist() == [200.0, 100.0]
    assert mean[2, place].tolist() == [250.0, 200.0]
    assert np.isnan(np.delete(mean, place, axis=1)).all()
    assert gathered.dispersion().tolist() == [1.0] * 5


def test_what_stands_in_for_withheld_cells_widens_intervals():
    residents = np.tile([40.0, 80, 150, 300, 700, 1500, 3000, 6000], 60)
    families = np.repeat(np.arange(60), 8)
    away = np.ones(len(residents))

    def relative(stood_in):
        layer = Layer(5.16, residents, residents.copy(), families, np.ones(len(residents)), stood_in)
        found = placement_error({7: layer}, {7: residents}, {7: away}, 0.0)
        return placement_cv(np.array([150.0]), 5.16, found)[0]

    without, with_thirty = relative(np.zeros(len(residents))), relative(np.full(len(residents), 30.0**2))

    # All figures are off by 30 of which a normal error of 95 % within 30 has a standard error of 15.3: a tenth of 150.
    assert without < 0.02
    assert with_thirty == pytest.approx(30 / 1.96 / 150, rel=0.35)


def test_operators_that_disagree_more_than_by_chance_widen_the_errors_of_trips():
    """Equal shares, 60 and 40 devices each time: 50 are expected of each, (100 + 100) / 50 = 4 for one degree."""
    counts = [np.full(40, n, dtype=np.uint32) for n in (60, 40)]
    shares = [np.full(40, 0.3), np.full(40, 0.3)]
    assert disagreement_of(counts, shares) == pytest.approx(4.0)
    few = disagreement_of([n[:20] for n in counts], [p[:20] for p in shares])
    assert few == 1.0, "among twenty there is too little to tell"
    unknown = disagreement_of(counts, [shares[0], np.full(40, np.nan)])
    assert unknown == 1.0, "an operator that has not said its share tells nothing"
    assert disagreement_of(counts[:1], shares[:1]) == 1.0
