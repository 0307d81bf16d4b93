"""The surrogate of a measure: a plane, or a Gaussian process where the plane does not fit."""

from __future__ import annotations

from rlrecovery.advice.scales import Floats
from rlrecovery.advice.surrogate import Points, Surrogate, fit_plane

#: A plane whose lack-of-fit test has a smaller p-value is replaced: its residuals are larger than
#: the MCSEs explain.
LACK_OF_FIT = 0.05


def fit_surrogate(points: Points, values: Floats, errors: Floats) -> Surrogate | None:
    """Fit a plane, or a Gaussian process where the plane does not fit.

    Parameters and result are those of `rlrecovery.advice.surrogate.fit_plane`.
    """
    plane = fit_plane(points, values, errors)
    if plane is None or not plane.p_value < LACK_OF_FIT:
        return plane
    from rlrecovery.advice.process import fit_process  # loads scikit-learn

    return fit_process(points, values, errors, plane)
