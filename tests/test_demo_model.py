"""The model behind the demonstration: people, chance, networks, parameters."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellcount.demo.counting import bits, draw, split
from cellcount.demo.country import open_country, working_cells
from cellcount.demo.days import hours_of, kind_of_day
from cellcount.demo.events import effects
from cellcount.demo.movements import FEW_TRIPS, LEAST_TRIPS, open_home_pairs, open_trips, trip_table, trips_of_utc_day
from cellcount.demo.networks import (
    SIGMA_OF_MEDIAN,
    Shares,
    draw_shares,
    neighbours,
    open_networks,
    present_p,
    smear_of,
    surroundings,
)
from cellcount.demo.parameters import ScenarioError, load_parameters
from cellcount.demo.people import (
    ACTIVITIES,
    RESIDENT_ACTIVITIES,
    Population,
    day_shares,
    gravity,
    people_present,
    settle,
)
from cellcount.demo.seeds import random


@pytest.fixture(scope="module")
def people() -> Population:
    return settle(open_country(), load_parameters(), seed=1)


@pytest.fixture(scope="module")
def tyneside(people: Population) -> Population:
    """The same people; only cells within some 40 km of Newcastle are looked at."""
    near = people.land.tree.query_ball_point(people.land.points[_cell(people, 54.975, -1.61)], 40)
    chosen = np.zeros(len(people.land.h3), dtype=bool)
    chosen[near] = True
    return people.within(chosen)


def _cell(people: Population, lat: float, lon: float) -> int:
    return int(np.flatnonzero(people.land.h3 == h3.latlng_to_cell(lat, lon, 8))[0])


def test_residents_less_those_abroad_and_visitors_are_all_present_in_every_hour(people: Population) -> None:
    day = day_shares(people, dt.date(2026, 11, 30))  # a holiday in Scotland alone upsets commuting over the border
    present = people_present(people, day).sum(axis=1, dtype=np.float64)
    assert present == pytest.approx(people.residents - day.abroad + day.inbound, rel=1e-6)
    assert people.residents == pytest.approx(68.2e6, rel=0.01)


def test_layers_hold_everybody_once(people: Population) -> None:
    for activity, layer in zip(ACTIVITIES, people.layers, strict=True):
        everybody = 1.0 if activity in ("lodging", "sights", "airport") else people.residents
        assert layer.sum() == pytest.approx(everybody), activity
        assert layer.min() >= 0


def test_the_city_of_london_fills_by_day(people: Population) -> None:
    day = people_present(people, day_shares(people, dt.date(2026, 10, 6)))
    city = people.land.authority == people.country.areas.codes.index("E09000001")
    by_hour = day[:, city].sum(axis=1)
    assert by_hour[11] > 4 * by_hour[2]


def test_a_bank_holiday_is_its_nations_own(people: Population) -> None:
    """St Andrew's Day, Monday 30 November 2026: work stops in Scotland and goes on in England."""
    usual, holiday = (day_shares(people, dt.date(2026, 11, day)).shares[11] for day in (23, 30))
    work = ACTIVITIES.index("work")
    change = holiday[:, work] / usual[:, work]
    scotland = np.array([nation == "Scotland" for nation in people.country.areas.nations])
    assert (change[scotland] < 0.4).all()
    assert (np.abs(change[~scotland] - 1) < 0.2).all()


def test_half_term_empties_schools_nation_by_nation(people: Population) -> None:
    """12 to 16 October in Scotland, 26 to 30 October in England (most councils)."""
    school, nations = ACTIVITIES.index("school"), np.array(people.country.areas.nations)
    for date, at_home in ((dt.date(2026, 10, 14), "Scotland"), (dt.date(2026, 10, 28), "England")):
        shares = day_shares(people, date).shares[10, :, school]
        assert (shares[nations == at_home] == 0).all()
    assert (day_shares(people, dt.date(2026, 10, 28)).shares[10, nations == "Scotland", school] > 0.1).all()


def test_the_night_on_which_clocks_go_back_is_an_hour_longer() -> None:
    assert [hour.local_hour for hour in hours_of(dt.date(2026, 10, 25))] == [1, 1, *range(2, 24)]
    assert hours_of(dt.date(2026, 10, 24))[23].local_date == dt.date(2026, 10, 25)
    assert kind_of_day(dt.date(2026, 12, 25), "England") == "sunday"


def test_events_move_people_and_make_none(tyneside: Population) -> None:
    for day in (4, 5, 7):
        found = effects(tyneside, dt.date(2026, 11, day))
        assert found
        for effect in found:
            assert np.abs(effect.people.sum(axis=1)).max(initial=0) < 1e-6 * np.abs(effect.people).max(initial=1)
    assert not effects(tyneside, dt.date(2026, 10, 29))


def test_no_event_takes_more_people_than_there_are(tyneside: Population) -> None:
    for day in (4, 5, 7):
        date = dt.date(2026, 11, day)
        present = people_present(tyneside, day_shares(tyneside, date))
        for effect in effects(tyneside, date):
            present[:, effect.cells] += effect.people
        assert present.min() > -1e-3


def test_a_customer_is_one_wherever_he_goes(people: Population) -> None:
    """Whatever all residents do and wherever, an operator's devices are the customers that live in each authority."""
    operator = draw_shares(people, {"a": people.parameters["operators"]["operator-a"]})
    shares = operator[0]
    p = present_p(people, shares)
    customers = people.homes @ shares.at_home_p
    for place, activity in enumerate(RESIDENT_ACTIVITIES):
        arrivals = people.homes @ people.destinations[activity]
        assert p[place] @ arrivals == pytest.approx(customers), activity
    assert p[0] == pytest.approx(shares.at_home_p)


def test_who_works_in_the_city_is_a_customer_as_where_he_lives(people: Population) -> None:
    """If only those of Hackney were customers, the City would see one device for each of its workers from there."""
    hackney, city = (people.country.areas.codes.index(code) for code in ("E09000012", "E09000001"))
    nobody = np.zeros(len(people.homes))
    market = nobody.copy()
    market[hackney] = 1.0
    shares = Shares(market, nobody, market, nobody, np.zeros((2, 1)), devices=1.0, away=1.1)
    commuters = people.homes * people.destinations["work"][:, city]
    there = present_p(people, shares)[ACTIVITIES.index("work"), city]
    assert there == pytest.approx(1.1 * commuters[hackney] / commuters.sum())
    assert there > 0.01


def test_everybody_of_a_home_is_in_one_pair_or_another(people: Population) -> None:
    pairs = open_home_pairs(people, np.arange(len(people.homes)))
    for place in range(len(RESIDENT_ACTIVITIES)):
        by_home = np.bincount(pairs.home, pairs.people[place], minlength=len(people.homes))
        assert by_home == pytest.approx(people.homes, rel=1e-5)
    assert len(set(zip(pairs.area.tolist(), pairs.home.tolist(), strict=True))) == len(pairs.area) < 25_000


def test_an_event_brings_as_many_devices_as_are_missing_elsewhere(tyneside: Population) -> None:
    working = working_cells(tyneside.land, np.ones(len(tyneside.land.h3), dtype=bool))
    for network in open_networks(tyneside, working, surroundings(tyneside.land)):
        for effect in effects(tyneside, dt.date(2026, 11, 7)):
            _, devices = network.effect(effect, tyneside.land)
            assert np.abs(devices.sum(axis=1, dtype=np.float64)).max() < 1e-3 * np.abs(devices).sum(axis=1).max()


def test_neighbours_are_those_of_the_grid(tyneside: Population) -> None:
    origin, destination = neighbours(tyneside.land)
    cells = tyneside.land.h3
    known = set(cells.tolist())
    for place in range(0, len(cells), 97):
        ours = set(cells[destination[origin == place]].tolist())
        assert ours == (set(h3.grid_ring(int(cells[place]), 1)) & known)


def test_displacement_keeps_every_device_and_has_the_stated_size(tyneside: Population) -> None:
    """From a point in open country the walk's mean squared length is that of a normal error: 2 (1.5 km / 1.177)^2."""
    knobs = {"displacement_urban_km": 0.3, "displacement_rural_km": 1.5}
    around = surroundings(tyneside.land)
    smear = smear_of(around, knobs)
    centre = tyneside.land.points.mean(axis=0)
    km = np.linalg.norm(tyneside.land.points - centre, axis=1)
    inland = np.bincount(around.origin, minlength=len(km)) == 6
    for stated, chosen in ((1.5, around.density < 20), (0.3, around.density > 3000)):
        start = int(np.where(chosen & inland, km, np.inf).argmin())
        there = np.zeros((len(km), 1))
        there[start] = 1000.0
        after = smear(there).ravel()
        assert after.sum() == pytest.approx(1000.0)
        squared = np.square(np.linalg.norm(tyneside.land.points - tyneside.land.points[start], axis=1))
        expected = 2 * (stated * SIGMA_OF_MEDIAN) ** 2
        assert (after @ squared) / 1000 == pytest.approx(expected, rel=0.4), stated


def test_sigma_of_a_median_displacement() -> None:
    """The median length of a two-dimensional normal error is 1.1774 sigma (Rayleigh distribution)."""
    assert pytest.approx(1.1774, abs=1e-4) == 1 / SIGMA_OF_MEDIAN


@pytest.mark.parametrize("mean", [0.05, 0.7, 3.3, 12.0, 40.0, 2500.0])
@pytest.mark.parametrize("over_dispersion", [1.0, 1.5, 2.0])
def test_counts_have_the_stated_mean_and_variance(mean: float, over_dispersion: float) -> None:
    generator = random(7, "moments", mean, over_dispersion)
    counts = draw(np.full(400_000, mean, np.float32), bits(generator, 400_000), over_dispersion).astype(np.float64)
    assert counts.mean() == pytest.approx(mean, abs=4 * np.sqrt(over_dispersion * mean / 400_000) + 0.003)
    assert counts.var() == pytest.approx(over_dispersion * mean, rel=0.06, abs=0.005)


def test_small_counts_are_poisson() -> None:
    """P(0) = e^-1 and P(1) = e^-1 for a mean of 1."""
    counts = draw(np.ones(200_000, np.float32), bits(random(3, "poisson"), 200_000), 1.0)
    assert (counts == 0).mean() == pytest.approx(np.exp(-1), abs=0.01)
    assert (counts == 1).mean() == pytest.approx(np.exp(-1), abs=0.01)


@settings(max_examples=60)
@given(
    totals=st.lists(st.integers(0, 100_000), min_size=1, max_size=30),
    part=st.floats(0, 1, width=32),
    seed=st.integers(0, 2**32),
)
def test_parts_add_to_the_whole(totals: list[int], part: float, seed: int) -> None:
    total = np.array(totals, dtype=np.uint32)
    first, rest = split(total, np.full(len(total), part, np.float32), bits(random(seed), len(total)))
    assert (first.astype(np.int64) + rest == total).all()
    assert (first <= total).all()


def test_parts_have_the_stated_share() -> None:
    for total, part in ((3, 0.2), (40, 0.1), (5000, 0.7)):
        counts = np.full(200_000, total, np.uint32)
        first, _ = split(counts, np.full(200_000, part, np.float32), bits(random(5, total), 200_000))
        assert first.mean() == pytest.approx(total * part, rel=0.02)


@settings(max_examples=40)
@given(
    pull=st.lists(st.floats(0.1, 1e6), min_size=2, max_size=8),
    scale=st.floats(1, 50),
    power=st.floats(0.5, 6),
)
def test_everybody_goes_somewhere_and_twice_the_pull_draws_more(pull: list[float], scale: float, power: float) -> None:
    places = np.arange(len(pull)) * 7.0
    km = np.abs(places[:, None] - places[None])
    share = gravity(np.array(pull), km, scale, power)
    assert share.sum(axis=1) == pytest.approx(1)
    stronger = gravity(np.array([2 * pull[0], *pull[1:]]), km, scale, power)
    assert (stronger[:, 0] >= share[:, 0]).all()


def test_nearly_every_pair_of_authorities_has_trips_and_a_first_start_leaves_out_small_ones(people: Population) -> None:
    everywhere = np.arange(len(people.country.areas.codes))
    whole = open_trips(people, everywhere, LEAST_TRIPS["national"])
    assert len(whole.origin) > 0.999 * len(everywhere) ** 2
    assert 15_000 < len(open_trips(people, everywhere, LEAST_TRIPS["first_start"]).origin) < 25_000
    trips = trips_of_utc_day(people, whole, dt.date(2026, 11, 4)).total
    # National Travel Survey, England: trips of 50 miles (80 km) and over are two or three in a hundred, and those of
    # 100 miles (161 km) and over fewer than one.
    assert 0.005 < trips[whole.km > 80].sum() / trips.sum() < 0.03
    assert 0.002 < trips[whole.km > 161].sum() / trips.sum() < 0.01


def test_trips_drawn_one_by_one_are_as_many_and_as_early_as_those_drawn_by_hour(people: Population) -> None:
    everywhere = np.arange(len(people.country.areas.codes))
    trips = open_trips(people, everywhere)
    day = trips_of_utc_day(people, trips, dt.date(2026, 11, 4))
    few = np.flatnonzero(trips.few)
    assert day.total[few].max() < 1.05 * FEW_TRIPS
    share = np.full(len(everywhere), 0.3)
    network = SimpleNamespace(
        operator_id="blue", knobs={"threshold": 1, "over_dispersion": 1.5}, shares=SimpleNamespace(away_p=share)
    )
    ledger = SimpleNamespace(network=network, areas=people.country.areas)
    table = trip_table(ledger, day, dt.date(2026, 11, 4), seed=1).to_pandas()
    codes = {code: number for number, code in enumerate(people.country.areas.codes)}
    pair = table["origin_code"].map(codes) * len(codes) + table["destination_code"].map(codes)
    small = np.isin(pair, trips.origin[few] * len(codes) + trips.destination[few])
    for purpose, kinds in (("all", slice(0, 3)), ("home_work", slice(0, 1))):
        rows = table[small & (table["purpose"] == purpose)]
        counted = rows[[f"h{hour:02d}" for hour in range(24)]].to_numpy(float).sum(axis=0)
        expected = 0.3 * day.by_hour(few)[kinds].sum(axis=(0, 2), dtype=np.float64)
        assert counted == pytest.approx(expected, abs=5 * float(np.sqrt(1.5 * expected.max())))


@pytest.mark.real_data
def test_commuting_is_like_the_census(people: Population, real_data: Path) -> None:
    """Census 2021 (ODWP01EW): trips between different authorities, pairs of 100 or more, have much in common."""
    flows = pd.read_parquet(real_data / "uk-census2021-od" / "odwp01ew_ltla_flows.parquet")
    codes = {code: number for number, code in enumerate(people.country.areas.codes)}
    flows = flows[flows.origin_code.isin(codes) & flows.dest_code.isin(codes) & (flows.origin_code != flows.dest_code)]
    census = np.zeros((len(codes), len(codes)))
    census[flows.origin_code.map(codes), flows.dest_code.map(codes)] = flows["count"]
    ours = np.where(census.sum(axis=1)[:, None] > 0, people.homes[:, None] * people.destinations["work"], 0)
    np.fill_diagonal(ours, 0)
    ours *= census.sum() / ours.sum()
    common = 2 * np.minimum(ours, census).sum() / (ours.sum() + census.sum())
    km = people.country.areas.km
    assert common > 0.6
    assert (ours * km).sum() / ours.sum() == pytest.approx((census * km).sum() / census.sum(), rel=0.3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[operators.operator-a]\nshair = 0.3\n", "operators.operator-a.share"),
        ("[operators.operator-a]\nshare = 0.6\n", "add to"),
        ("[operators.operator-a]\nshare = 'much'\n", "must be like 0.37"),
        ("[operators.operator-a]\nshare = -0.1\n", "0 or more"),
        ("[behaviour.weekday]\nwork = [0.1, 0.2]\n", "must have 24"),
        ("[behaviour]\nweekday = 3\n", "must be a table"),
        ("[[events]]\nkind = 'crowd'\n", "lacks"),
        ("[visitors.countries]\nFR = [3561.0, 'next door']\n", "near, middle or far"),
        ("[operators\n", "not TOML"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text(text)
    with pytest.raises(ScenarioError, match=said):
        load_parameters(file)


def test_a_scenario_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text("[operators.operator-b]\nthreshold = 20\nshare = 0.25\n[visitors.countries]\nKE = [50, 'far']\n")
    changed, usual = load_parameters(file), load_parameters()
    assert changed["operators"]["operator-b"]["threshold"] == 20
    assert changed["operators"]["operator-a"] == usual["operators"]["operator-a"]
    assert changed["visitors"]["countries"]["KE"] == [50.0, "far"]
    assert changed["behaviour"] == usual["behaviour"]
