"""Randomness that depends on what it is for, never on the order in which it is asked for."""

from __future__ import annotations

import zlib

import numpy as np


def random(seed: int, *purpose: object) -> np.random.Generator:
    """A generator of random numbers for one purpose.

    Parameters
    ----------
    seed : int
        Seed of the demonstration.
    *purpose
        What it is for: names, operators, dates.

    Returns
    -------
    numpy.random.Generator

    Examples
    --------
    >>> random(1, "counts", "2026-11-05").random() == random(1, "counts", "2026-11-05").random()
    True
    >>> random(1, "counts", "2026-11-05").random() == random(2, "counts", "2026-11-05").random()
    False
    """
    words = [zlib.crc32(str(word).encode()) for word in purpose]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed & 0xFFFFFFFFFFFFFFFF, *words])))
