"""How an operator's share of people is found from official residents, and that national totals close."""

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pytest
from build_world import (
    ALDER,
    BIRCH,
    COUNTRY,
    MONDAY,
    REGION,
    area_row,
    factor,
    hours,
    reference,
    write_delivery,
)
from hypothesis import given
from hypothesis import strategies as st

from cellcount.build import nights
from cellcount.build.abroad import share_abroad
from cellcount.build.areas import estimate_areas
from cellcount.build.calibrate import CalibrationRefusedError, calibrate, mix, mobility, refuse_strange_nights
from cellcount.build.calibrate import factor as home_factor
from cellcount.build.cells import PART_OF_HOUR, Model
from cellcount.build.combine import NOT_COVERED, WITHHELD
from cellcount.build.counts import AreaCounts, HomeCounts, read_area_counts, read_home_counts
from cellcount.build.deliveries import open_deliveries
from cellcount.build.gathered import Gathered
from cellcount.build.shares import open_operator
from cellcount.build.zones import Zones
from cellcount.standard import DAY_PARTS

PARTS = len(DAY_PARTS)

# A country of two regions of six authorities each.
NUMBER = 12
NORTH, SOUTH = "E12000001", "E12000002"
CODES = (*(f"E070000{number:02d}" for number in range(1, NUMBER + 1)), NORTH, SOUTH, "UK")
RESIDENTS = 1e6 * np.array([0.2, 0.3, 0.5, 0.8, 1.3, 2.1, 3.4, 0.25, 0.4, 0.65, 1.05, 1.7])
ZONES = Zones(
    codes=CODES,
    types=("authority",) * NUMBER + ("region", "region", "country"),
    parents=np.array([*[NUMBER] * 6, *[NUMBER + 1] * 6, NUMBER + 2, NUMBER + 2, -1]),
    residents=np.concatenate([RESIDENTS, [RESIDENTS[:6].sum(), RESIDENTS[6:].sum(), RESIDENTS.sum()]]),
    km2=np.full(NUMBER + 3, 100.0),
    cells={},
)
WHOLE = slice(0, NUMBER)


@dataclass
class Country:
    """People on an ordinary day, and what an operator counts of them, without any noise.

    Attributes
    ----------
    at_home : array
        Share of residents in the country who are at home, in each part of the day.
    abroad : array
        Share of each authority's residents who are abroad.
    visitors : array
        People from abroad, in each part of the day and authority.
    """

    at_home: np.ndarray = field(default_factory=lambda: np.array([0.94, 0.70, 0.45, 0.60, 0.85]))
    abroad: np.ndarray = field(default_factory=lambda: np.repeat([0.02, 0.05], 6))
    visitors: np.ndarray = field(default_factory=lambda: np.outer([1.0, 1.2, 1.5, 1.4, 1.1], RESIDENTS * 0.03))

    def __post_init__(self) -> None:
        # Who is away from home in an authority is in one of the two that follow, or nearer: more go to the large ones.
        pull = np.eye(NUMBER) + np.roll(np.eye(NUMBER), 1, axis=1) * 2 + np.roll(np.eye(NUMBER), 2, axis=1)
        self.moves = pull * RESIDENTS
        self.moves /= self.moves.sum(axis=1, keepdims=True)
        self.staying = RESIDENTS * (1 - self.abroad)

    @property
    def total(self) -> np.ndarray:
        """People in the country by hour: residents less those abroad, and visitors."""
        return (self.staying.sum() + self.visitors.sum(axis=1))[PART_OF_HOUR]

    def away(self) -> np.ndarray:
        """People away from home: parts x where they are x where they live."""
        return (1 - self.at_home)[:, None, None] * self.moves.T * self.staying

    def counts(self, share: np.ndarray, mobility: float, inbound: float) -> tuple[AreaCounts, HomeCounts]:
        """Devices of an operator that sees a share of each authority's residents, and more of those away from home."""
        homes = self.at_home[:, None] * self.staying * share
        away = self.away() * share * (1 + mobility)
        visitors = self.visitors * inbound
        work = np.rint(away.sum(axis=2) * 0.6)
        segments = {
            "at_home": homes,
            "at_work": work,
            "visiting": away.sum(axis=2) - work,
            "inbound": visitors,
            "all": homes + away.sum(axis=2) + visitors,
        }
        shape = (1, 24, len(CODES))

        def by_hour(values: np.ndarray) -> np.ndarray:
            found = np.full(shape, NOT_COVERED, dtype=np.uint32)
            found[0, :, WHOLE] = np.rint(values)[PART_OF_HOUR]
            return found

        present = np.zeros((PARTS, len(CODES), len(CODES)), dtype=np.float32)
        own = np.arange(NUMBER)
        present[:, WHOLE, WHOLE] = away
        present[:, own, own] += homes
        areas = AreaCounts({name: by_hour(values) for name, values in segments.items()}, np.zeros(shape))
        return areas, HomeCounts(present, present.sum(axis=1, dtype=np.float64))


@dataclass
class Customers:
    """What is true of an operator, and what it states of its share."""

    name: str
    share: np.ndarray
    mobility: float = 0.0
    inbound: float = 0.2
    stated: float = 0.3


def operator_of(tmp_path, customers: Customers, country: Country, *, outbound: bool = True):
    """An operator with a delivery in which only its factors and its customers' nights abroad are of interest."""
    nights = np.rint(RESIDENTS * country.abroad * customers.stated * 30).astype(int)
    rows = [
        {"home_area_code": code, "country": "FR", "trips": int(number), "nights": int(number)}
        for code, number in zip(CODES[WHOLE], nights, strict=True)
    ]
    folder = write_delivery(
        tmp_path / customers.name,
        customers.name,
        cell_day=(),
        factors=[
            *(factor(code, customers.stated) for code in (NORTH, SOUTH)),
            *(factor(code, customers.inbound, segment="inbound") for code in (NORTH, SOUTH)),
        ],
        tables={"outbound_month/month=2026-11": rows} if outbound else {},
    )
    return open_operator(open_deliveries([folder])[0], ZONES)


def people_by_hour(tmp_path, everyone, country: Country, *, homes: bool = True, outbound: bool = True):
    """The national total that is estimated for each hour, and the calibration behind it."""
    operators = [operator_of(tmp_path, each, country, outbound=outbound) for each in everyone]
    counts = [country.counts(each.share, each.mobility, each.inbound) for each in everyone]
    areas = [there for there, _ in counts]
    dates = [MONDAY]
    calibration = calibrate(operators, dates, areas, [home if homes else None for _, home in counts])
    model = Model(tuple(operators), calibration, (None,) * len(operators), None, tuple(dates), Gathered(ZONES))
    return estimate_areas(model, areas, np.zeros(areas[0].lost.shape)).people[0], calibration


UNEVEN = 0.25 + 0.1 * np.sin(np.arange(NUMBER))
TWO = (
    Customers("one", UNEVEN, mobility=0.08, inbound=0.30, stated=0.25),
    Customers("two", 0.40 - UNEVEN, mobility=-0.03, inbound=0.15, stated=0.15),
)


def test_national_totals_are_residents_less_those_abroad_and_visitors(tmp_path):
    country = Country()

    people, calibration = people_by_hour(tmp_path, TWO, country)

    assert people[:, -1] == pytest.approx(country.total, rel=1e-5)
    assert calibration.by_home
    assert calibration.whole_country
    assert calibration.abroad[:NUMBER] == pytest.approx(country.abroad, rel=1e-4)
    assert calibration.mobility == pytest.approx([0.08, -0.03], abs=1e-5)
    for number, operator in enumerate(TWO):
        assert calibration.home[number, :NUMBER] == pytest.approx(operator.share, rel=1e-4)
    # The country's share is the mean of the authorities', by residents.
    assert calibration.home[0, -1] == pytest.approx(np.average(UNEVEN, weights=RESIDENTS), rel=1e-4)


def test_every_authority_is_right_in_every_hour_too(tmp_path):
    country = Country()

    people, _ = people_by_hour(tmp_path, TWO, country)

    there = country.at_home[:, None] * country.staying + country.away().sum(axis=2) + country.visitors
    np.testing.assert_allclose(people[:, :NUMBER], there[PART_OF_HOUR], rtol=2e-4)


@pytest.mark.parametrize("wrong", [0.8, 1.2])
def test_what_an_operator_believes_of_its_share_does_not_matter(tmp_path, wrong):
    country = Country(abroad=np.zeros(NUMBER), visitors=np.zeros((PARTS, NUMBER)))
    believed = [Customers(each.name, each.share, each.mobility, each.inbound, each.stated * wrong) for each in TWO]

    people, calibration = people_by_hour(tmp_path, believed, country)

    assert people[:, -1] == pytest.approx(np.full(24, RESIDENTS.sum()), rel=1e-5)
    assert calibration.home[0, :NUMBER] == pytest.approx(UNEVEN, rel=1e-4)


def test_without_counts_by_home_nights_are_official_and_the_total_closes_if_shares_are_even(tmp_path):
    country = Country(at_home=np.array([1.0, 0.7, 0.45, 0.6, 0.85]))
    even = [Customers("one", np.full(NUMBER, 0.3), 0.05, 0.3), Customers("two", np.full(NUMBER, 0.2), 0.0, 0.1, 0.2)]

    people, calibration = people_by_hour(tmp_path, even, country, homes=False)

    assert not calibration.by_home
    assert calibration.r_squared == pytest.approx([1.0, 1.0], abs=1e-3)
    np.testing.assert_allclose(people[2, :NUMBER], country.staying + country.visitors[0], rtol=1e-4)
    assert people[:, -1] == pytest.approx(country.total, rel=1e-4)


def test_without_counts_by_home_uneven_shares_cost_little_by_day_and_nothing_by_night(tmp_path):
    country = Country(at_home=np.array([1.0, 0.7, 0.45, 0.6, 0.85]))

    people, _ = people_by_hour(tmp_path, TWO, country, homes=False)

    assert people[:6, -1] == pytest.approx(country.total[:6], rel=1e-4)
    assert people[:, -1] == pytest.approx(country.total, rel=0.03)


def test_where_nobody_tells_how_many_are_abroad_all_residents_are_taken_to_be_there(tmp_path):
    country = Country(visitors=np.zeros((PARTS, NUMBER)))

    people, calibration = people_by_hour(tmp_path, TWO, country, outbound=False)

    assert np.isnan(calibration.abroad).all()
    assert people[:, -1] == pytest.approx(np.full(24, RESIDENTS.sum()), rel=1e-5)


def test_night_counts_in_another_order_are_refused(tmp_path):
    country = Country()
    operator = operator_of(tmp_path, TWO[0], country)
    areas, homes = country.counts(UNEVEN, 0.0, 0.3)
    shuffled = np.arange(len(CODES))
    shuffled[WHOLE] = np.random.default_rng(1).permutation(NUMBER)
    mixed_up = HomeCounts(homes.present[:, :, shuffled], homes.anywhere[:, shuffled])

    with pytest.raises(CalibrationRefusedError, match=r"night counts of operator one do not follow .* 12 areas"):
        calibrate([operator], [MONDAY], [areas], [mixed_up])


@pytest.mark.parametrize(("noise", "refused"), [(0.1, False), (3.0, True)])
def test_night_counts_must_follow_residents(tmp_path, noise, refused):
    operator = operator_of(tmp_path, TWO[0], Country())
    delivered = np.arange(len(CODES)) < NUMBER
    spread = np.resize([1.0, -1.0, -1.0, 1.0], NUMBER)
    counted = np.zeros(len(CODES))
    counted[WHOLE] = RESIDENTS * 0.3 * np.exp(noise * spread)
    r_squared = np.corrcoef(np.log(counted[WHOLE]), np.log(RESIDENTS))[0, 1] ** 2

    assert (r_squared < 0.8) == refused
    if refused:
        with pytest.raises(CalibrationRefusedError, match=f"is {r_squared:.2f}, and 0.8 is the least"):
            refuse_strange_nights(counted, ZONES.residents, delivered, operator)
    else:
        assert refuse_strange_nights(counted, ZONES.residents, delivered, operator) == pytest.approx(r_squared)


def test_seven_areas_are_too_few_to_tell(tmp_path):
    operator = operator_of(tmp_path, TWO[0], Country())
    seven = np.arange(len(CODES)) < 7

    assert np.isnan(refuse_strange_nights(np.flip(ZONES.residents), ZONES.residents, seven, operator))


@given(
    st.lists(st.floats(0.05, 0.5), min_size=2, max_size=8),
    st.floats(0.5, 2.0),
)
def test_a_share_is_devices_over_residents_whatever_is_believed(shares, wrong):
    share = np.array(shares)
    staying = 1000.0 * np.arange(1, len(share) + 1)
    counted = share * staying
    counted[-1] = np.nan  # not delivered
    delivered = ~np.isnan(counted)

    found = home_factor(counted, staying, share * wrong, delivered)

    # The last is believed wrong as the others are, and put right as they are.
    np.testing.assert_allclose(found, share)


@given(
    st.floats(-0.5, 1.0),
    st.floats(0.05, 0.5),
    st.lists(st.floats(0.2, 1.0), min_size=24, max_size=24).filter(lambda shares: np.ptp(shares) > 0.05),
)
def test_mobility_is_recovered_from_a_day(more, share, shares_at_home):
    people = 1e6
    at_home = people * np.array(shares_at_home)
    devices_at_home = share * at_home
    present = devices_at_home + share * (1 + more) * (people - at_home)

    assert mobility(present, devices_at_home) == pytest.approx(more, abs=1e-6)


def test_mobility_cannot_be_told_where_the_same_number_is_always_at_home():
    assert mobility(np.full(24, 100.0), np.full(24, 60.0)) == 0.0


def test_people_away_from_home_are_seen_as_often_as_where_they_live():
    """In the first area 90 devices of its own people, 60 of them at home, and 60 of the second's, who are seen half as
    often: 30 / 0.3 + 60 / 0.15 = 500 people with 90 devices, a share of 18 %. In the second are only its own."""
    present = np.zeros((PARTS, 2, 2), dtype=np.float32)
    present[:, 0] = [90, 60]
    present[:, 1] = [0, 40]
    at_home = np.tile([60.0, 30.0], (PARTS, 1))

    shares = mix(HomeCounts(present, present.sum(axis=1)), at_home, np.array([0.30, 0.15]))

    assert shares.shape == (PARTS, 2)
    assert shares[0] == pytest.approx([0.18, 0.15])


def test_where_nobody_is_away_from_home_the_share_is_that_of_the_place():
    present = np.zeros((PARTS, 2, 2), dtype=np.float32)
    present[:, [0, 1], [0, 1]] = 50

    shares = mix(HomeCounts(present, present.sum(axis=1)), np.full((PARTS, 2), 50.0), np.array([0.30, 0.15]))

    assert shares[2].tolist() == [0.30, 0.15]


def abroad_of(tmp_path, months: dict[str, list[int | None]], *dates: str):
    """Share abroad of Alder, Birch and their region, by nights abroad of their people in each month."""
    zones = reference().zones()
    folder = write_delivery(
        tmp_path / "only",
        "only",
        cell_day=(),
        factors=[factor(ALDER, 0.4), factor(REGION, 0.5)],
        tables={
            f"outbound_month/month={month}": [
                {"home_area_code": code, "country": "FR", "trips": 10, "nights": nights}
                for code, nights in zip((ALDER, BIRCH), theirs, strict=True)
            ]
            for month, theirs in months.items()
        },
    )
    operator = open_operator(open_deliveries([folder])[0], zones)
    found = share_abroad([operator], [dt.date.fromisoformat(date) for date in dates])
    return dict(zip(zones.codes, found, strict=True))


def test_nights_abroad_over_days_are_people_abroad(tmp_path):
    # November has 30 days: 1,200 / 0.4 / 30 = 100 people and 1,650 / 0.5 / 30 = 110, of 7,000 residents 3 %.
    found = abroad_of(tmp_path, {"2026-11": [1200, 1650]}, "2026-11-02", "2026-11-03")

    assert [found[code] for code in (ALDER, BIRCH, REGION)] == pytest.approx([0.03] * 3)


def test_a_month_that_is_not_delivered_is_as_a_year_before(tmp_path):
    # October 2026 has 31 days: 2,480 / 0.4 / 31 + 3,410 / 0.5 / 31 = 420 people, 6 %. November is as that of 2025, 3 %.
    months = {"2026-10": [2480, 3410], "2025-11": [1200, 1650]}

    assert abroad_of(tmp_path, months, "2026-10-30", "2026-10-31", "2026-11-01")[ALDER] == pytest.approx(0.05)


def test_a_month_of_which_nothing_is_known_is_left_out(tmp_path):
    assert abroad_of(tmp_path, {"2026-11": [1200, 1650]}, "2026-10-31", "2026-11-01")[ALDER] == pytest.approx(0.03)


def test_where_no_month_is_delivered_nothing_is_known(tmp_path):
    assert np.isnan(list(abroad_of(tmp_path, {}, "2026-11-02").values())).all()


def test_withheld_nights_are_taken_at_their_likely_mean(tmp_path):
    # 9 / (1 + 1/2 + ... + 1/9) = 3.18 nights of Birch: (100 + 3.18 / 0.5 / 30) / 7,000
    found = abroad_of(tmp_path, {"2026-11": [1200, None]}, "2026-11-02")

    assert found[ALDER] == pytest.approx((100 + 3.1814 / 15) / 7000, rel=1e-4)


def test_an_authority_of_which_no_operator_has_counts_makes_the_country_a_part_of_one(tmp_path):
    country = Country(abroad=np.zeros(NUMBER), visitors=np.zeros((PARTS, NUMBER)))
    operator = operator_of(tmp_path, TWO[0], country, outbound=False)
    areas, homes = country.counts(UNEVEN, 0.0, 0.3)
    for counts in areas.segments.values():
        counts[:, :, 3] = NOT_COVERED
        counts[0, 0, 4] = WITHHELD

    found = calibrate([operator], [MONDAY], [areas], [homes])

    assert not found.whole_country
    # It was believed to be 25 % everywhere, and is put right as the others are together.
    others = np.delete(np.arange(NUMBER), 3)
    right = np.average(UNEVEN[others], weights=RESIDENTS[others]) / 0.25
    scale = found.home[0, others] / UNEVEN[others]
    assert found.home[0, 3] == pytest.approx(0.25 * right * scale[0], rel=1e-4)
    assert scale == pytest.approx(np.full(NUMBER - 1, scale[0]), rel=1e-5)


def counted(tmp_path, **tables):
    """Dates, zones and the operator of a delivery of two days."""
    tuesday = MONDAY + dt.timedelta(1)
    folder = write_delivery(
        tmp_path / "only", "only", cell_day=(), factors=[factor(REGION, 0.4)], last=tuesday, **tables
    )
    zones = reference().zones()
    return [MONDAY, tuesday], zones, open_operator(open_deliveries([folder])[0], zones)


def test_devices_by_home_are_a_mean_of_the_days_that_have_them(tmp_path):
    def presence(area: str, home: str, devices: int | None) -> dict:
        return {"area_code": area, "home_area_code": home, "day_part": "midday", "devices": devices}

    rows = [
        presence(ALDER, ALDER, 900),
        presence(ALDER, BIRCH, None),
        presence(BIRCH, ALDER, 60),
        presence(COUNTRY, ALDER, 965),
    ]
    dates, zones, operator = counted(tmp_path, tables={f"home_presence/date={MONDAY}": rows})
    alder, birch = zones.codes.index(ALDER), zones.codes.index(BIRCH)

    found = read_home_counts(operator, dates)

    midday = list(DAY_PARTS).index("midday")
    assert found.present[midday, birch, alder] == 60
    assert found.present[midday, alder, birch] == pytest.approx(3.18, abs=0.01)  # one of 1 ... 9, at its likely mean
    assert found.anywhere[midday, alder] == 965  # counted for the whole country: nobody is missing as one of few
    assert found.anywhere[midday, birch] == pytest.approx(3.18, abs=0.01)  # where there is no such count, added up
    assert not found.present[0].any()


def test_an_operator_that_does_not_count_by_home_tells_nothing_of_it(tmp_path):
    dates, _, operator = counted(tmp_path)

    assert read_home_counts(operator, dates) is None


def test_areas_without_a_row_are_not_covered_and_a_delivery_without_areas_covers_none(tmp_path):
    dates, zones, operator = counted(tmp_path, area_day=[area_row(ALDER, hours(500, h08=None))])
    alder, birch = zones.codes.index(ALDER), zones.codes.index(BIRCH)

    everybody = read_area_counts([operator], dates)[0].segments["all"]

    assert everybody.shape == (2, 24, len(zones.codes))
    assert everybody[1, 12, alder] == 500
    assert everybody[1, 8, alder] == WITHHELD
    assert (everybody[:, :, birch] == NOT_COVERED).all()
    dates, _, nothing = counted(tmp_path / "other")
    assert (read_area_counts([nothing], dates)[0].segments["all"] == NOT_COVERED).all()


def test_a_resolution_that_is_delivered_for_some_towns_only_does_not_tell_of_whole_areas():
    zones = reference().zones()
    everywhere = {6: np.array([700.0], dtype=np.float32), 7: np.full(7, 100.0, dtype=np.float32)}
    assert nights._everywhere(everywhere, zones) == 7
    some_towns = everywhere | {7: np.where(np.arange(7) < 4, 100.0, np.nan).astype(np.float32)}
    assert nights._everywhere(some_towns, zones) == 6
