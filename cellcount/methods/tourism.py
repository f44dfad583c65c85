"""Tourism from counts of visits: totals with what is withheld, average stay, location quotient, season, country mix.

Words are those of the International Recommendations for Tourism Statistics 2008 (IRTS; United Nations,
ST/ESA/STAT/SER.M/83/Rev.1, chapter 2: visit, overnight and same-day visitors, main destination, country of residence
and not nationality) and of Eurostat's Feasibility Study on the Use of Mobile Positioning Data for Tourism Statistics
(2014). A visit is overnight where the device was there at the functional midnight (04:00, as the delivery says), else
same-day; nights are such midnights. A country is that which issued the SIM. It stands for the country of residence, and
for nothing else.

Arrays of visits have one place a length of stay (`STAYS`) on their last axis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster import hierarchy
from scipy.spatial import distance

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STAYS = ("same_day", "1", "2-3", "4-7", "8+")
"""Lengths of stay of the standard, in nights."""
LENGTHS = ((0.0, 0.0), (1.0, 1.0), (2.0, 3.0), (4.0, 7.0), (8.0, math.inf))
"""Least and most nights of each."""
ROUNDING_VARIANCE = 4.0
"""Of a released figure, rounded to base 5 by chance."""
LEAST_FIGURES = 4
"""Of fewer figures an area's doubt is not worked out: it has three parts."""
TELLING_RANGE = 3.0
"""Largest figure of an area over its smallest for it to tell the share observed by itself: figures that are nearly
equal cannot tell it from chance. Elsewhere that of the middle area is taken."""
MOST_PER_DEVICE = 20.0
"""Visits for which one device stands at most, where they are worked out."""
MOST_MISFIT = 0.05
"""Mean relative distance of variances from their formula up to which they are said to follow it."""
LEAST_PUBLISHED = 0.5
"""A sum of which less than this share was published is itself taken as withheld."""
DOUBT_OF_UNSEEN = 0.5
"""Relative error of what is put in the place of a country of which nothing is published in an area: nine tenths of such
countries in the demonstration's areas have between 0.45 and 2 times as many visits."""
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts with their doubt, in parts that add up.

    Attributes
    ----------
    value : array of float
        Visits or nights; NaN where not known.
    chance : array of float
        Variance of what is independent between counts: chance and rounding. Variances add up.
    extra : array of float
        Standard error of what was put in the place of withheld figures. Errors add up, for what is wrong with one is
        likely to be wrong with the others: an upper limit.
    """

    value: Floats
    chance: Floats
    extra: Floats

    def sum(self, axis: int | tuple[int, ...]) -> Counts:
        """The sum over an axis."""
        return Counts(self.value.sum(axis), self.chance.sum(axis), self.extra.sum(axis))

    def __getitem__(self, at: Any) -> Counts:
        """Some of the counts."""
        return Counts(self.value[at], self.chance[at], self.extra[at])

    def minus(self, part: Counts) -> Counts:
        """What is left of the counts without a part of them; its doubt is what they do not share."""
        return Counts(
            np.maximum(self.value - part.value, 0.0),
            np.maximum(self.chance - part.chance, 0.0),
            np.maximum(self.extra - part.extra, 0.0),
        )

    def error(self, common: ArrayLike) -> Floats:
        """Standard error: chance, what is withheld, and an error that all counts of the area share.

        Parameters
        ----------
        common : array of float
            Coefficient of variation of the share of visitors that operators observe, by area.

        Examples
        --------
        A hundred visits, 9 of chance and rounding, 4 % of doubt about the share: sqrt(9 + 16) = 5.

        >>> Counts(np.array([100.0]), np.array([9.0]), np.array([0.0])).error(0.04)
        array([5.])
        """
        shared = np.asarray(common, dtype=np.float64) * self.value
        return np.sqrt(self.chance + np.square(shared) + np.square(self.extra))

    @property
    def _relative(self) -> Floats:
        """Relative variance without the shared error, which a ratio of counts of one area does not have."""
        variance = self.chance + np.square(self.extra)
        return np.divide(variance, np.square(self.value), out=np.zeros_like(variance), where=self.value > 0)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Which share of visitors is observed in each area, and how well it is known.

    Attributes
    ----------
    chance : array of float, shape (areas,)
        Variance that chance adds for each visit: v / P, P being the share of visitors that all operators together
        observe and v the variance of an operator's count over its mean; NaN where not known.
    common : array of float, shape (areas,)
        Coefficient of variation of P; NaN where not known.
    per_device : array of float, shape (areas,)
        Visits for which one device stands, 1 / P; NaN where not known.
    """

    chance: Floats
    common: Floats
    per_device: Floats

    @property
    def of_counts(self) -> Floats:
        """Variance of a figure around what is expected of it, for each visit: at least that of a Poisson count."""
        return np.maximum(self.chance, self.per_device)


def doubt_of(visits: Floats, errors: Floats) -> Doubt:
    """The observed share of visitors and its doubt, from the standard errors of released figures.

    A released figure N has the variance c (N + 1/P) + (k N)^2 + 4: see `cellcount.methods.precision.standard_error`.
    The release gives N and the standard error of many figures of an area; c, P and k are found by least squares on
    relative errors. With them any sum of figures has its standard error, and not only an upper limit.

    Parameters
    ----------
    visits, errors : array of float, shape (areas, ...)
        Figures and their standard errors; NaN where withheld.

    Returns
    -------
    Doubt
        NaN for an area with fewer than `LEAST_FIGURES` figures, or whose errors do not follow the formula.

    Examples
    --------
    Half of the visitors are observed, an operator's count varies by 1.5 times its mean (c = 3), and the share is known
    to 3 %: 100 visits have a variance of 306 + 9 + 4 = 319, 400 of 1,206 + 144 + 4 = 1,354, 1,000 of 3,006 + 900 + 4 =
    3,910, and 10 of 36.09 + 4 = 40.09.

    >>> found = doubt_of(np.array([[100.0, 400.0, 1000.0, 10.0]]), np.sqrt([[319.0, 1354.0, 3910.0, 40.09]]))
    >>> found.chance.round(6), found.common.round(6), found.per_device.round(6)
    (array([3.]), array([0.03]), array([2.]))
    """
    areas = len(visits)
    n, s = visits.reshape(areas, -1), errors.reshape(areas, -1)
    known = np.isfinite(n) & np.isfinite(s) & (s > 0)
    n, s = np.where(known, n, 0.0), np.where(known, s, 1.0)
    each = np.array([_per_device(*row) for row in zip(n, s, known, strict=True)])
    told_of = np.isfinite(each)
    per_device = np.where(told_of, each, np.median(each[told_of]) if told_of.any() else 1.0)
    weight = np.where(known, s**-4, 0.0)
    above = np.where(known, s**2 - ROUNDING_VARIANCE, 0.0)
    x = n + per_device[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        xx, xz, zz = ((weight * first * second).sum(1) for first, second in ((x, x), (x, n * n), (n * n, n * n)))
        xy, zy = (weight * x * above).sum(1), (weight * n * n * above).sum(1)
        determinant = xx * zz - xz**2
        chance = np.maximum((xy * zz - zy * xz) / determinant, 0.0)
        common = np.maximum((xx * zy - xz * xy) / determinant, 0.0)
        told = chance[:, None] * x + common[:, None] * n * n + ROUNDING_VARIANCE
        misfit = np.where(known, np.abs(told / s**2 - 1.0), 0.0).sum(1) / known.sum(1)
    fits = (known.sum(1) >= LEAST_FIGURES) & (misfit <= MOST_MISFIT)
    return Doubt(*(np.where(fits, each, np.nan) for each in (chance, np.sqrt(common), per_device)))


@dataclass(frozen=True, slots=True)
class Completed:
    """Visits, with an expectation in the place of each withheld figure.

    Attributes
    ----------
    visits : Counts, shape (areas, countries, stays)
        Published figures and expectations.
    published : array of float, shape (areas, countries, stays)
        The published ones alone, 0 elsewhere.
    withheld : array of bool, shape (areas, countries, stays)
        Where an expectation stands.
    doubt : Doubt
        As it was used: where it is not known, the chance of the middle area and no shared error, for then errors of
        single figures add up.
    """

    visits: Counts
    published: Floats
    withheld: Flags
    doubt: Doubt


def completed(
    visits: Floats, errors: Floats, doubt: Doubt, whole: int | Floats, most_devices: float = math.inf
) -> Completed:
    """Put an expectation in the place of each withheld figure, with its error.

    Adding up what is left would be biased: in the demonstration's authorities a fifth of all visits is withheld, and in
    the smallest nearly all. Where a country has some lengths of stay published in an area, the withheld ones are
    expected in proportion to its visits where none is withheld (a ratio estimate). Where nothing of it is published,
    its visits are expected in proportion to its visits to the whole, by the area's ratio of all countries of which
    something is, and no more of each length than can be withheld.

    Parameters
    ----------
    visits : array of float, shape (areas, countries, stays)
        Released figures; NaN where withheld, 0 where none was observed.
    errors : array of float, shape (areas, countries, stays)
        Their standard errors: what is added up where the doubt of an area is not known. NaN where not given.
    doubt : Doubt
        Of each area.
    whole : int or array of float, shape (countries,)
        Place of the area that contains all others; where no row does, the visits of each country to what does. Of a
        country without any there, 0 is expected: whoever adds up must say that it is left out (`left_out`).
    most_devices : float
        As many devices can be behind a withheld figure where no other reason withheld it.

    Returns
    -------
    Completed

    Notes
    -----
    Assumes that a country's visitors stay as long in one area as in another, but for an error that is measured: that
    of predicting published figures in the same way (method of moments, chance taken off). Cochran, W. G. (1977),
    Sampling Techniques, chapter 6, for ratio estimates. Against the truth of the demonstration, October 2026, nine
    tenths of the sums of all countries that are shown of an authority are between 0.89 and 1.13 of what is true, and
    98 % of their intervals hold it; published figures alone were between 0.60 and 0.90 of it in the middle half.

    Examples
    --------
    One country in two areas. In the first its stays are 10, 20, 40, 20 and 10 of a hundred; in the second 8 visits of
    one night are published, and 2 or 3 nights withheld: twice as many are expected.

    >>> visits = np.array([[[10.0, 20.0, 40.0, 20.0, 10.0]], [[4.0, 8.0, np.nan, 8.0, 4.0]]])
    >>> completed(visits, 0 * visits, Doubt(np.zeros(2), np.zeros(2), np.ones(2)), whole=0).visits.value[1, 0]
    array([ 4.,  8., 16.,  8.,  4.])
    """
    known = np.isfinite(visits)
    complete = np.asarray(known.all(axis=2))
    published = np.where(known, visits, 0.0)
    profile = _profile(published, complete)
    told_of = np.isfinite(doubt.chance)
    middle = float(np.median(doubt.chance[told_of])) if told_of.any() else 0.0
    device = float(np.median(doubt.per_device[told_of])) if told_of.any() else 1.0
    used = Doubt(
        np.where(told_of, doubt.chance, middle),
        np.where(told_of, doubt.common, 0.0),
        np.where(told_of, doubt.per_device, device),
    )
    each, per_device, scatter = (part[:, None, None] for part in (used.chance, used.per_device, used.of_counts))
    told = published.sum(axis=2, keepdims=True)
    told_share = np.where(known, profile, 0.0).sum(axis=2, keepdims=True)
    partly = (told > 0) & (told_share > 0)
    by_stay = np.divide(told * profile, told_share, out=np.zeros_like(published), where=partly)
    value = np.where(known, published, by_stay)
    unseen = ~known & ~partly
    of_whole = value[whole].sum(axis=1) if isinstance(whole, int) else whole
    value = np.where(
        unseen, np.minimum(_by_country(value, partly[..., 0], of_whole, profile), most_devices * per_device), value
    )
    per_visit = np.divide(scatter, told, out=np.zeros_like(told), where=told > 0)
    expected_chance = scatter * value + np.where(partly, np.square(value) * per_visit, 0.0)
    spread = _spread_of_stays(published, complete, profile, scatter)
    chance = np.where(known, each * (published + per_device) + ROUNDING_VARIANCE, expected_chance)
    # Nothing was observed, and nothing rounded: an absent row is no figure.
    chance = np.where(known & (published == 0), 0.0, chance)
    added = known & ~told_of[:, None, None]
    chance = np.where(added, 0.0, chance)
    extra = np.where(known, 0.0, np.where(unseen, DOUBT_OF_UNSEEN, spread) * value)
    extra = np.where(added, np.where(published > 0, errors, 0.0), extra)
    return Completed(Counts(value, chance, extra), published, ~known, used)


def left_out(visits: Completed) -> Flags:
    """Withheld figures in whose place nothing could be put, shape (areas, countries).

    A sum with one of them is the least that it can be: it has no interval, and who shows it says so.

    Examples
    --------
    To the first area 100 visits of one night are published of the first country, and nothing of the second, of which
    nothing is published anywhere.

    >>> visits = np.array([[[0, 100.0, 0, 0, 0], [0, np.nan, 0, 0, 0]]])
    >>> sure = Doubt(np.zeros(1), np.zeros(1), np.ones(1))
    >>> left_out(completed(visits, 0 * visits, sure, np.array([900.0, 0.0]))).tolist()
    [[False, True]]
    """
    return np.asarray((visits.withheld & (visits.visits.value == 0)).any(axis=2))


def mostly_published(published: ArrayLike, value: ArrayLike, withheld: ArrayLike) -> Flags:
    """Whether a sum was published for the greater part, `LEAST_PUBLISHED`; else it is itself taken as withheld.

    Parameters
    ----------
    published, value : array of float
        Sums without and with expectations.
    withheld : array
        How many of the figures are withheld: of nothing but withheld ones nothing is known, not even that it is 0.

    Examples
    --------
    >>> mostly_published([60.0, 40.0, 0.0, 0.0], [100.0, 100.0, 0.0, 0.0], [1, 1, 0, 1]).tolist()
    [True, False, True, False]
    """
    told, whole = np.asarray(published), np.asarray(value)
    return np.asarray((told >= LEAST_PUBLISHED * whole) & ((told > 0) | (np.asarray(withheld) == 0)))


def completed_nights(nights: Floats, visits: Completed) -> Counts:
    """Nights, with the visits' own times the mean nights of the same length of stay where nights are withheld.

    Parameters
    ----------
    nights : array of float, shape (areas, countries, stays)
        Released figures; NaN where withheld, 0 where none was observed.
    visits : Completed
        Visits.

    Returns
    -------
    Counts
        Their variance of chance takes nights within a length of stay to spread as widely as they can (`spread_within`).

    Examples
    --------
    Five hundred visits of 2 or 3 nights with 1,250 nights; 100 visits of which the nights are withheld: 250.

    >>> stayed = np.array([[[0, 0, 500.0, 0, 0]], [[0, 0, 100.0, 0, 0]]])
    >>> visits = completed(stayed, 0 * stayed, Doubt(np.zeros(2), np.zeros(2), np.ones(2)), 0)
    >>> completed_nights(np.array([[[0, 0, 1250.0, 0, 0]], [[0, 0, np.nan, 0, 0]]]), visits).value[1, 0, 2]
    np.float64(250.0)
    """
    known = np.isfinite(nights) & ~visits.withheld
    people, spent = visits.visits.value, np.nan_to_num(nights)
    mean = mean_nights(nights, visits)
    value = np.where(known, spent, people * mean)
    each = np.divide(value, people, out=np.zeros_like(value), where=people > 0)
    squares = np.square(each) + spread_within(each)
    chance = np.where(value > 0, visits.visits.chance * np.maximum(squares, 1.0), 0.0)
    # How much the mean nights of one length of stay differ between areas and countries.
    told = np.where(known, people, 0.0)
    apart = (told * np.square(each - mean)).sum(axis=(0, 1))
    spread = np.sqrt(np.divide(apart, told.sum(axis=(0, 1)), out=np.zeros(len(STAYS)), where=told.sum(axis=(0, 1)) > 0))
    extra = visits.visits.extra * np.where(known, each, mean) + np.where(known, 0.0, people * spread)
    return Counts(value, chance, extra)


def mean_nights(nights: Floats, visits: Completed) -> Floats:
    """Mean nights of each length of stay over all figures of which visits and nights are published, shape (stays,).

    Where none is: the least nights of the length.
    """
    known = np.isfinite(nights) & ~visits.withheld
    spent = np.where(known, nights, 0.0).sum(axis=(0, 1))
    stayed = np.where(known, visits.published, 0.0).sum(axis=(0, 1))
    least = np.array([low for low, _ in LENGTHS])
    return np.divide(spent, stayed, out=least.copy(), where=stayed > 0)


def spread_within(mean: ArrayLike) -> Floats:
    """Largest variance of nights within a length of stay whose mean is known.

    Parameters
    ----------
    mean : array of float, shape (..., stays)
        Mean nights of each length of stay.

    Returns
    -------
    array of float, shape (..., stays)
        (high - mean) (mean - low); of 8 nights and more, that of a geometric number of further nights.

    References
    ----------
    Bhatia, R., Davis, C. (2000). A better bound on the variance. American Mathematical Monthly 107, 353-357.

    Examples
    --------
    >>> spread_within([0.0, 1.0, 2.5, 5.0, 10.0]).tolist()
    [0.0, 0.0, 0.25, 2.0, 6.0]
    """
    mean = np.asarray(mean, dtype=np.float64)
    low = np.array([each for each, _ in LENGTHS])
    high = np.array([each if math.isfinite(each) else 0.0 for _, each in LENGTHS])
    open_ended = np.array([math.isinf(each) for _, each in LENGTHS])
    above = np.maximum(mean - low, 0.0)
    return np.where(open_ended, above * (above + 1.0), np.maximum(high - mean, 0.0) * above)


def average_stay(nights: Counts, visits: Counts, chance: ArrayLike) -> tuple[Floats, Floats]:
    """Nights over overnight visits, and its standard error by the delta method.

    The share of visitors that is observed is the same in nights and visits and cancels. What is left is chance:
    Var = [b sum (E x^2 - 2 A E x + A^2) n + 4 figures (1 + A^2)] / n^2, x being the nights of a visit, and what was
    put in the place of withheld figures.

    Parameters
    ----------
    nights, visits : Counts, shape (..., stays)
        By length of stay; that of same-day visits is not looked at.
    chance : array of float
        (1 - P) / P of the area; NaN where not known, and then so is the error.

    Returns
    -------
    tuple of arrays
        Nights a visit and their standard error; NaN where there is no overnight visit.

    References
    ----------
    Särndal, C.-E., Swensson, B., Wretman, J. (1992). Model Assisted Survey Sampling, section 5.6: a ratio's variance is
    that of its residuals.

    Examples
    --------
    60 visits of one night and 40 of exactly 3: 180 nights over 100 visits are 1.8. The residuals squared are
    60 x 0.64 + 40 x 1.44 = 96; half of the visitors are observed, so that b is 1, and nothing was rounded:
    sqrt(96) / 100 = 0.098.

    >>> exact = lambda values: Counts(np.array(values), np.zeros(5), np.zeros(5))
    >>> stay, error = average_stay(exact([0.0, 60, 120, 0, 0]), exact([25.0, 60, 40, 0, 0]), 1.0)
    >>> round(float(stay), 3), round(float(error), 3)
    (1.8, 0.098)
    """
    spent, stayed = nights.value[..., 1:], visits.value[..., 1:]
    overnight = stayed.sum(axis=-1)
    stay = np.divide(spent.sum(axis=-1), overnight, out=np.full(overnight.shape, np.nan), where=overnight > 0)
    away = stay[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(stayed > 0, spent / stayed, 0.0)
    within = spread_within(np.concatenate([np.zeros((*each.shape[:-1], 1)), each], axis=-1))[..., 1:]
    residual = stayed * (within + np.square(each - away))
    b = np.asarray(chance, dtype=np.float64)[..., None]
    # The counts' variance is that of b (n + 1 + b) + 4 a figure: what exceeds b n is of rounding and of expectations.
    beyond = np.maximum(visits.chance[..., 1:] - b * stayed, 0.0) * (1.0 + np.square(away))
    # An expectation that is too high is so in nights and in visits: what is left of it is how far its stays are from
    # the mean, and how unsure their length is.
    length = np.maximum(nights.extra[..., 1:] - visits.extra[..., 1:] * each, 0.0)
    unseen = (length + visits.extra[..., 1:] * np.abs(each - away)).sum(axis=-1)
    variance = (b * residual + beyond).sum(axis=-1) + np.square(unseen)
    return stay, np.sqrt(variance) / np.where(overnight > 0, overnight, np.nan)


def share(part: Counts, rest: Counts) -> tuple[Floats, Floats]:
    """A part of a whole as a share of it, with its standard error.

    Parameters
    ----------
    part, rest : Counts
        Of one area, so that the observed share of visitors cancels; independent of each other but for that.

    Returns
    -------
    tuple of arrays
        0 to 1, and the standard error p (1 - p) sqrt(part's relative variance + the rest's); NaN of nothing.

    Examples
    --------
    60 of 100, variances 36 and 16: 0.6 x 0.4 x sqrt(0.01 + 0.01) = 0.034.

    >>> found, error = share(Counts(*np.array([60.0, 36, 0])), Counts(*np.array([40.0, 16, 0])))
    >>> round(float(found), 2), round(float(error), 3)
    (0.6, 0.034)
    """
    whole = np.asarray(part.value + rest.value)
    p = np.divide(part.value, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return p, p * (1 - p) * np.sqrt(part._relative + rest._relative)


def said_share(part: ArrayLike, of: ArrayLike, figures: ArrayLike, chance: ArrayLike) -> tuple[Floats, Floats]:
    """The share of visits of which something is said (a repeat visit, say), with its standard error.

    Parameters
    ----------
    part, of : array of float
        Visits of which it is said, and the visits of which it could be.
    figures : array of float
        Released figures that each was added up from.
    chance : array of float
        (1 - P) / P of the area.

    Returns
    -------
    tuple of arrays
        0 to 1, and sqrt(b p (1 - p) / n + 4 figures (1 + p^2) / n^2); NaN where nothing is known.

    Notes
    -----
    Of what is published: small figures, which are withheld more often, may have another share.

    Examples
    --------
    40 of 100 visits, half of all being observed, from one figure each: sqrt(0.24 / 100 + 4 x 1.16 / 10,000) = 0.0535.

    >>> found, error = said_share(40.0, 100.0, 1.0, 1.0)
    >>> round(float(found), 2), round(float(error), 4)
    (0.4, 0.0535)
    """
    n = np.asarray(of, dtype=np.float64)
    p = np.divide(np.asarray(part, dtype=np.float64), n, out=np.full(n.shape, np.nan), where=n > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.asarray(chance) * p * np.clip(1 - p, 0.0, 1.0) / n
        variance = variance + ROUNDING_VARIANCE * np.asarray(figures) * (1 + np.square(p)) / np.square(n)
    return p, np.sqrt(variance)


def location_quotient(here: Counts, others_here: Counts, everywhere: Counts, others: Counts) -> tuple[Floats, Floats]:
    """How much larger a country's share of visits is in an area than in the whole: (v_ac / v_a) / (v_c / v).

    Parameters
    ----------
    here, others_here : Counts
        Visits to the area from the country, and from all other countries.
    everywhere, others : Counts
        The same of the whole.

    Returns
    -------
    tuple of arrays
        1 where the country is as common as everywhere, and the standard error; NaN where a share is not known.

    Notes
    -----
    Area and whole are taken as independent, which makes the error of a large area rather too large. Weighted with the
    areas' or the countries' shares of visits, quotients have the mean 1 where visits add up to the whole.

    References
    ----------
    Florence, P. S. (1939), Report on the Location of Industry; Isard, W. (1960), Methods of Regional Analysis, chapter
    7.

    Examples
    --------
    30 of 100 visits to the area and 100 of 1,000 to the whole are from the country: 0.3 / 0.1.

    >>> exact = lambda value: Counts(np.array(value), np.array(0.0), np.array(0.0))
    >>> quotient, _ = location_quotient(exact(30.0), exact(70.0), exact(100.0), exact(900.0))
    >>> round(float(quotient), 6)
    3.0
    """
    near, near_error = share(here, others_here)
    far, far_error = share(everywhere, others)
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.where(far > 0, near / far, np.nan)
        relative = np.where(near > 0, np.square(near_error / near), 0.0) + np.square(far_error / far)
    return quotient, quotient * np.sqrt(relative)


def season(by_month: ArrayLike) -> Floats:
    """Each month over the mean month: 1 is an even year.

    Parameters
    ----------
    by_month : array of float, shape (months, ...)
        Figures of months that follow one another; NaN where withheld.

    Returns
    -------
    array of float, shape (months, ...)
        NaN throughout unless there are twelve months and all are known: of fewer, a mean month is no mean of a year.

    Examples
    --------
    >>> season([2.0] * 6 + [4.0] * 6).round(3).tolist()[5:7]
    [0.667, 1.333]
    >>> season([1.0, 2.0]).tolist()
    [nan, nan]
    """
    values = np.asarray(by_month, dtype=np.float64)
    if len(values) != MONTHS:
        return np.full(values.shape, np.nan)
    mean = values.mean(axis=0)
    return np.divide(values, mean, out=np.full(values.shape, np.nan), where=mean > 0)


def effective_countries(visits: ArrayLike) -> Floats:
    """How many equally frequent countries would be as mixed: the exponential of Shannon's entropy.

    Parameters
    ----------
    visits : array of float, shape (..., countries)
        Visits by country; NaN counts as none.

    Returns
    -------
    array of float, shape (...)
        1 (all from one) to the number of countries; NaN where there are no visits.

    References
    ----------
    Hill, M. O. (1973). Diversity and evenness: a unifying notation and its consequences. Ecology 54, 427-432: the
    number of order 1.

    Examples
    --------
    >>> effective_countries([[5, 5, 5, 5], [7, 0, 0, 0]]).round(6).tolist()
    [4.0, 1.0]
    """
    shares = _shares(visits)
    logs = np.log(np.where(shares > 0, shares, 1.0))
    return np.where(np.isfinite(shares[..., 0]), np.exp(-(np.nan_to_num(shares) * logs).sum(axis=-1)), np.nan)


def dissimilarity(visits: ArrayLike, reference: ArrayLike) -> Floats:
    """Share of an area's visits that would have to be from other countries for its mix to be the reference's.

    Parameters
    ----------
    visits : array of float, shape (..., countries)
        Visits by country.
    reference : array of float, shape (countries,)
        Visits to the whole.

    Returns
    -------
    array of float, shape (...)
        0 (the same mix) to 1; NaN where there are no visits.

    References
    ----------
    Duncan, O. D., Duncan, B. (1955). A methodological analysis of segregation indexes. American Sociological Review 20,
    210-217: half the sum of the differences of shares.

    Examples
    --------
    >>> dissimilarity([[6, 4], [10, 0]], [50, 50]).round(6).tolist()
    [0.1, 0.5]
    """
    return np.abs(_shares(visits) - _shares(reference)).sum(axis=-1) / 2


@dataclass(frozen=True, slots=True)
class Groups:
    """Areas put together by how alike their visitors' countries are.

    Attributes
    ----------
    of : array of int64, shape (areas,)
        Group of each area, numbered from 0 by size, the largest first; -1 where the mix is not known.
    centres : array of float, shape (groups, parts)
        Mean shares of each group.
    silhouette : float
        -1 to 1: how much nearer areas lie to their own group than to the next; under 0.25 no grouping to speak of.
    """

    of: NDArray[np.int64]
    centres: Floats
    silhouette: float


Strength = Literal["none", "weak", "reasonable", "strong"]


def strength(silhouette: float) -> Strength:
    """What a mean silhouette says of a grouping, in the words of Kaufman and Rousseeuw.

    References
    ----------
    Kaufman, L., Rousseeuw, P. J. (1990). Finding Groups in Data, table 4 of chapter 2: to 0.25 no substantial
    structure, to 0.50 weak, to 0.70 reasonable, above strong.

    Examples
    --------
    >>> [strength(each) for each in (0.2, 0.3, 0.6, 0.8)]
    ['none', 'weak', 'reasonable', 'strong']
    """
    words: tuple[tuple[float, Strength], ...] = ((0.25, "none"), (0.50, "weak"), (0.70, "reasonable"))
    return next((word for limit, word in words if silhouette <= limit), "strong")


def mix_groups(visits: ArrayLike, most: int = 6) -> Groups:
    """Put areas with alike mixes together: Ward's clustering of square roots of shares, as many as stand out most.

    Parameters
    ----------
    visits : array of float, shape (areas, parts)
        Visits by part of the world; a row of NaN is not grouped.
    most : int
        So many groups are tried at most; from two.

    Returns
    -------
    Groups

    References
    ----------
    Ward, J. H. (1963), Journal of the American Statistical Association 58, 236-244. Distances of square roots of shares
    are Hellinger's: Legendre, P., Gallagher, E. D. (2001), Oecologia 129, 271-280. Silhouettes: Rousseeuw, P. J.
    (1987), Journal of Computational and Applied Mathematics 20, 53-65.

    Examples
    --------
    >>> found = mix_groups([[9, 1], [8, 2], [9, 1], [1, 9], [2, 8], [np.nan, np.nan]])
    >>> found.of.tolist(), strength(found.silhouette)
    ([0, 0, 0, 1, 1, -1], 'strong')
    """
    shares = _shares(visits)
    known = np.isfinite(shares).all(axis=1)
    of = np.full(len(shares), -1, dtype=np.int64)
    mixed = shares[known]
    if len(mixed) <= 2:
        return Groups(of, np.empty((0, shares.shape[1])), math.nan)
    between = distance.pdist(np.sqrt(mixed))
    tree = hierarchy.linkage(np.sqrt(mixed), method="ward")
    square = distance.squareform(between)
    best, best_silhouette = np.zeros(len(mixed), dtype=np.int64), -math.inf
    for groups in range(2, min(most, len(mixed) - 1) + 1):
        labels = hierarchy.fcluster(tree, groups, criterion="maxclust") - 1
        found = _silhouette(square, labels)
        if found > best_silhouette:
            best, best_silhouette = labels, found
    order = np.argsort(-np.bincount(best), kind="stable")
    of[known] = np.argsort(order)[best]
    centres = np.array([mixed[of[known] == group].mean(axis=0) for group in range(len(order))])
    return Groups(of, centres, float(best_silhouette))


def _silhouette(apart: Floats, labels: NDArray[np.int64]) -> float:
    """Mean silhouette of a clustering; of an area that is alone in its group, 0."""
    sizes = np.bincount(labels)
    if len(sizes) < 2:
        return -math.inf
    members = labels[:, None] == np.arange(len(sizes))
    sums = apart @ members
    own = sums[np.arange(len(labels)), labels]
    alone = sizes[labels] == 1
    inside = own / np.maximum(sizes[labels] - 1, 1)
    outside = np.where(members, np.inf, sums / sizes).min(axis=1)
    widest = np.maximum(np.maximum(inside, outside), 1e-300)
    return float(np.where(alone, 0.0, (outside - inside) / widest).mean())


def _shares(visits: ArrayLike) -> Floats:
    """Shares of the last axis; NaN where there are no visits, or none known."""
    values = np.asarray(visits, dtype=np.float64)
    whole = np.nansum(values, axis=-1, keepdims=True)
    found = np.divide(np.nan_to_num(values), whole, out=np.full(values.shape, np.nan), where=whole > 0)
    return np.asarray(found)


def _profile(published: Floats, complete: Flags) -> Floats:
    """Shares of the lengths of stay of each country, shape (1, countries, stays): where none of them is withheld."""
    by_country = np.where(complete[..., None], published, 0.0).sum(axis=0)
    # A country that is nowhere complete stays as long as all others do; where none is, as published.
    every = by_country.sum(axis=0) if by_country.sum() > 0 else published.sum(axis=(0, 1))
    chosen = np.where(by_country.sum(axis=1, keepdims=True) > 0, by_country, every)
    return np.asarray(_shares(chosen + 1e-9))[None]


def _by_country(value: Floats, partly: Flags, of_whole: Floats, profile: Floats) -> Floats:
    """Visits of each country to each area, had all countries the ratio of those of which something is published."""
    told = np.where(partly, value.sum(axis=2), 0.0).sum(axis=1)
    base = np.where(partly, of_whole, 0.0).sum(axis=1)
    ratio = np.divide(told, base, out=np.zeros_like(told), where=base > 0)
    return np.asarray(ratio[:, None, None] * of_whole[None, :, None] * profile)


def _per_device(n: Floats, s: Floats, known: Flags) -> float:
    """1 / P of an area: where the chance of figures would end that grow less and less, over what each visit adds.

    NaN where figures are too few, or too much alike (`TELLING_RANGE`).
    """
    some = n[known & (n > 0)]
    if len(some) < LEAST_FIGURES or some.max() < TELLING_RANGE * some.min():
        return math.nan
    rows = np.stack([np.ones(len(n)), n, n * n], axis=1)[known] / np.square(s[known, None])
    above = 1.0 - ROUNDING_VARIANCE / np.square(s[known])
    scale = np.maximum(np.linalg.norm(rows, axis=0), 1e-300)
    none, visit, _ = np.linalg.lstsq(rows / scale, above, rcond=None)[0] / scale
    return float(np.clip(none / visit, 1.0, MOST_PER_DEVICE)) if visit > 0 else 1.0


def _spread_of_stays(published: Floats, complete: Flags, profile: Floats, scatter: Floats) -> float:
    """Relative error of expecting a length of stay from the others, where it is known, without that of chance."""
    others = published.sum(axis=2, keepdims=True) - published
    expected = others * profile / np.maximum(1 - profile, 1e-9)
    used = complete[..., None] & (others > 0)
    by_chance = scatter * (np.square(expected) / np.where(others > 0, others, 1.0) + expected)
    found = np.where(used, np.square(published - expected) - by_chance, 0.0).sum()
    scale = np.where(used, np.square(expected), 0.0).sum()
    return math.sqrt(max(float(found / scale), 0.0)) if scale > 0 else DOUBT_OF_UNSEEN
