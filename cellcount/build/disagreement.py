"""How far operators' own estimates of the same people lie apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Heterogeneity:
    """Disagreement of several estimates of the same figure, relative to it; NaN where fewer than two are known.

    Attributes
    ----------
    cv : array of float
        Coefficient of variation between the estimates.
    q : array of float
        Cochran's Q.
    i_squared : array of float
        Share of the disagreement that is more than chance, 0 to 1.
    tau : array of float
        Standard deviation of what is more than chance, relative to the figure.
    """

    cv: Floats
    q: Floats
    i_squared: Floats
    tau: Floats


def heterogeneity(estimates: Floats, variances: Floats) -> Heterogeneity:
    """Whether several estimates of the same figures disagree by more than chance.

    Q = sum w_k (x_k - m)^2 with w_k = 1 / v_k and m the mean so weighted, K - 1 by chance; I^2 = (Q - (K - 1)) / Q;
    tau^2 = (Q - (K - 1)) / (sum w - sum w^2 / sum w); none below 0.

    Parameters
    ----------
    estimates : array of float, operators x figures
        Estimates x_k; NaN where not known.
    variances : array of float, operators x figures
        Their variances by chance v_k.

    Returns
    -------
    Heterogeneity

    References
    ----------
    DerSimonian, R., Laird, N. (1986). Meta-analysis in clinical trials. Controlled Clinical Trials 7, 177-188. Higgins,
    J. P. T., Thompson, S. G. (2002). Quantifying heterogeneity in a meta-analysis. Statistics in Medicine 21,
    1539-1558.

    Examples
    --------
    Estimates of 90 and 110 with variances of 50: m = 100, Q = 2 + 2 = 4, of which 1 is chance. I^2 = 3/4 and
    tau^2 = 3 / (0.04 - 0.0008 / 0.04) = 150, 12.2 % of 100.

    >>> found = heterogeneity(np.array([[90.0], [110.0]]), np.array([[50.0], [50.0]]))
    >>> found.q.round(6), found.i_squared, found.tau.round(3), found.cv.round(3)
    (array([4.]), array([0.75]), array([0.122]), array([0.141]))
    """
    there = ~np.isnan(estimates) & (variances > 0)
    number = there.sum(axis=0)
    weight = np.divide(1.0, variances, out=np.zeros(estimates.shape), where=there)
    known = np.where(there, estimates, 0.0)
    total = weight.sum(axis=0)
    usable = (number > 1) & (total > 0)
    unknown = np.full(number.shape, np.nan)
    mean = np.divide((weight * known).sum(axis=0), total, out=unknown.copy(), where=usable)
    q = np.where(usable, (weight * np.square(known - np.nan_to_num(mean))).sum(axis=0), np.nan)
    excess = np.maximum(q - (number - 1), 0.0)
    spread = total - np.divide(np.square(weight).sum(axis=0), total, out=np.zeros(total.shape), where=usable)
    tau = np.sqrt(np.divide(excess, spread, out=unknown.copy(), where=usable & (spread > 0)))
    centre = np.divide(known.sum(axis=0), number, out=unknown.copy(), where=usable)
    around = np.where(there, np.square(estimates - centre), 0.0).sum(axis=0)
    deviation = np.sqrt(np.divide(around, number - 1, out=unknown.copy(), where=usable))
    return Heterogeneity(
        cv=np.divide(deviation, centre, out=unknown.copy(), where=usable & (centre > 0)),
        q=q,
        i_squared=np.divide(excess, q, out=np.where(usable, 0.0, np.nan), where=usable & (np.nan_to_num(q) > 0)),
        tau=np.divide(tau, mean, out=unknown.copy(), where=usable & (np.nan_to_num(mean) > 0)),
    )
