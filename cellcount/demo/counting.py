"""Counts that vary by chance: whole numbers with a given mean and over-dispersion, drawn fast.

A national month has a thousand million cell-hours for three operators, so each is drawn from 16 random bits by the
inverse of its distribution: below `LARGE` a negative binomial one (a Poisson one without over-dispersion) from a table,
above it a rounded normal one.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import nbinom, poisson

LARGE = 16.0
"""Means from which a rounded normal count will do."""

_LEVELS = 512
_QUANTILE_BITS = 11
_DITHER_BITS = 16 - _QUANTILE_BITS
_QUANTILES = 1 << _QUANTILE_BITS
_PER_ROOT = (_LEVELS - 2) / LARGE**0.5

Bits = NDArray[np.uint16]


def bits(generator: np.random.Generator, *shape: int) -> Bits:
    """Random bits, 16 for each count to be drawn."""
    number = int(np.prod(shape))
    raw = generator.bit_generator.random_raw(-(-number // 4))
    return raw.view(np.uint16)[:number].reshape(shape)


@cache
def _normal() -> NDArray[np.float32]:
    """Quantiles of the standard normal distribution, scaled to a variance of exactly 1."""
    quantiles = ndtri((np.arange(1 << 16) + 0.5) / (1 << 16))
    return (quantiles / quantiles.std()).astype(np.float32)


@cache
def _small(over_dispersion: float) -> NDArray[np.uint8]:
    """Quantiles of small counts: a row for each level of the mean's square root, each row's mean exactly its own."""
    table = np.zeros((_LEVELS, _QUANTILES), dtype=np.uint8)
    probability = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    counts = np.arange(256)
    for level in range(1, _LEVELS):
        mean = (level / _PER_ROOT) ** 2
        if over_dispersion > 1:
            below = nbinom.cdf(counts, mean / (over_dispersion - 1), 1 / over_dispersion)
        else:
            below = poisson.cdf(counts, mean)
        row = np.searchsorted(below, probability)
        # Quantiles at mid-points cut the upper tail; what it holds is given back at the top.
        lacking = round(mean * _QUANTILES) - int(row.sum())
        if lacking > 0:
            row[-lacking:] += 1
        table[level] = row
    return table


def draw(mean: NDArray[np.float32], random_bits: Bits, over_dispersion: float) -> NDArray[np.uint32]:
    """Draw a count for each mean.

    Parameters
    ----------
    mean : array of float32
        Expected counts, 0 or more.
    random_bits : array of uint16
        Random bits, of the same shape.
    over_dispersion : float
        Variance relative to the mean; 1 is a Poisson count, less is drawn as 1 where the mean is small.

    Returns
    -------
    array of uint32

    Notes
    -----
    A small mean is first rounded at random to one of 512 levels, and its distribution cut to 2,048 quantiles: the mean
    is kept to within 0.001, the variance to within some per cent.

    Examples
    --------
    >>> draw(np.zeros(3, dtype=np.float32), np.array([0, 30000, 65535], dtype=np.uint16), 1.0)
    array([0, 0, 0], dtype=uint32)
    """
    least, most = mean.min(initial=np.inf), mean.max(initial=0.0)
    if most < LARGE:
        return _draw_small(mean, random_bits, over_dispersion).astype(np.uint32)
    large = _draw_large(mean, random_bits, over_dispersion)
    if least >= LARGE:
        return large
    return np.where(mean < LARGE, _draw_small(np.minimum(mean, LARGE), random_bits, over_dispersion), large)


def _draw_small(mean: NDArray[np.float32], random_bits: Bits, over_dispersion: float) -> NDArray[np.uint8]:
    level = np.sqrt(mean)
    level *= np.float32(_PER_ROOT)
    level += (random_bits & np.uint16((1 << _DITHER_BITS) - 1)) * np.float32(1 / (1 << _DITHER_BITS))
    place = level.astype(np.int32)
    place <<= _QUANTILE_BITS
    place += random_bits >> _DITHER_BITS
    return _small(max(over_dispersion, 1.0)).ravel().take(place)


def _draw_large(mean: NDArray[np.float32], random_bits: Bits, over_dispersion: float) -> NDArray[np.uint32]:
    count = np.sqrt(mean * np.float32(over_dispersion))
    count *= _normal().take(random_bits)
    count += mean
    np.rint(count, out=count)
    np.maximum(count, 0, out=count)
    return count.astype(np.uint32)


def split(
    total: NDArray[np.uint32], part: NDArray[np.float32], random_bits: Bits
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Part counts in two: each device is in the first part with the given chance.

    Parameters
    ----------
    total : array of uint32
        Counts.
    part : array of float32
        Chances, 0 to 1.
    random_bits : array of uint16
        Random bits, of the same shape.

    Returns
    -------
    tuple of arrays of uint32
        Counts of the first part and of the rest, which add to the total exactly.

    Notes
    -----
    Drawn as a Poisson count (small) or a rounded normal one with the binomial variance (large), and not above the
    total; the smaller part is drawn, so that the cut is rare.

    Examples
    --------
    >>> split(np.array([0, 7], dtype=np.uint32), np.array([0.5, 1.0], dtype=np.float32), np.zeros(2, dtype=np.uint16))
    (array([0, 7], dtype=uint32), array([0, 0], dtype=uint32))
    """
    swapped = part > 0.5
    chance = np.where(swapped, 1 - part, part)
    mean = total * chance
    drawn = _draw_small(np.minimum(mean, np.float32(LARGE)).astype(np.float32), random_bits, 1.0).astype(np.uint32)
    large = np.flatnonzero(mean >= LARGE)
    if len(large):
        many = mean.ravel()[large]
        count = np.sqrt(many * (1 - chance.ravel()[large]))
        count *= _normal().take(random_bits.ravel()[large])
        count += many
        drawn.ravel()[large] = np.maximum(np.rint(count), 0).astype(np.uint32)
    np.minimum(drawn, total, out=drawn)
    first = np.where(swapped, total - drawn, drawn)
    return first, total - first
