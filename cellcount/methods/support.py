"""What figures of a given precision need: the smallest area that has it."""

from __future__ import annotations

import math

import numpy as np

from cellcount.methods.precision import Precision, standard_error

AREAS_KM2 = np.geomspace(0.01, 100_000.0, 2_001)
"""Square kilometres that are tried: from a tenth of the smallest cell to a third of the United Kingdom, by 0.8 %."""


def smallest_area(density: float, precision: Precision, limit: float) -> float:
    """The smallest area of a given density from which on the coefficient of variation stays below a limit.

    Parameters
    ----------
    density : float
        People per square kilometre, above 0, the same everywhere.
    precision : Precision
        Parameters of the area and part of the day, as numbers.
    limit : float
        Coefficient of variation, above 0.

    Returns
    -------
    float
        Square kilometres, to 0.8 %; NaN where no area up to 100,000 km2 is enough.

    Examples
    --------
    Half of all people seen and nothing else unsure: the variance is N + 2 + 4 of rounding, so that 10 % needs N people
    with N squared above 100 (N + 6): 106 people, which 100 a square kilometre are in 1.06 of them.

    >>> from cellcount.methods.precision import Placement
    >>> none = Placement(cv=0.0, density=1.0, power=1.0, floor=0.0, decay=0.5)
    >>> round(smallest_area(100.0, Precision(0.5, 1.0, 0.0, none), 0.10), 2)
    1.06

    An error of 5 % that all figures of an area share is in every one of them, however large.

    >>> smallest_area(100.0, Precision(0.5, 1.0, 0.05, none), 0.05)
    nan
    """
    people = density * AREAS_KM2
    enough = standard_error(people, precision, area_km2=AREAS_KM2) / people < limit
    if not enough[-1]:
        return math.nan
    return float(AREAS_KM2[len(enough) - int(np.argmin(enough[::-1])) if not enough.all() else 0])
