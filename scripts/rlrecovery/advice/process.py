"""A measure as a Gaussian process of log trials and log participants.

The covariance has two parts. A linear function with wide priors gives the process the trend of a
plane, also outside of the measured designs (universal kriging); a smooth function, with a squared
exponential kernel, describes the deviations from it. The squared MCSE of each design is a known
variance. The SD and the lengths of the smooth part have the largest marginal likelihood; their own
uncertainty is not part of the errors.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlrecovery.advice.scales import Floats

if TYPE_CHECKING:
    from sklearn.gaussian_process import GaussianProcessRegressor

    from rlrecovery.advice.surrogate import Plane, Points

#: Prior variance of the coefficients of the linear part, in units of the variance of the values.
_WIDE = 100.0
#: Limits of the SD of the smooth part, in SDs of the values, and of its lengths, in ranges of the
#: measured designs. Shorter lengths than the distance of designs would leave nothing to learn.
_SD, _LENGTHS = (0.01, 10.0), (0.25, 10.0)
#: Starting points of the maximum besides the default.
_RESTARTS = 4


@dataclass(frozen=True)
class Process:
    """A fitted process; see `fit_process`.

    Attributes
    ----------
    regressor : GaussianProcessRegressor
        For standardised values at scaled logarithms.
    plane : Plane
        The plane that did not fit.
    columns : array of int
        Which of trials and participants differ between the measured designs.
    low, span : array, shape (2,)
        Smallest logarithms of the measured designs, and their ranges.
    location, spread : float
        Mean and SD of the values.
    """

    regressor: GaussianProcessRegressor
    plane: Plane
    columns: NDArray[np.intp]
    low: Floats
    span: Floats
    location: float
    spread: float
    kind: str = "process"

    @property
    def p_value(self) -> float:
        """p-value of the lack-of-fit test of the plane."""
        return self.plane.p_value

    def scaled(self, points: Points) -> Floats:
        """Coordinates of points: from 0 to 1 within the measured designs."""
        return ((points.logs - self.low) / self.span)[:, self.columns]

    def mean(self, points: Points) -> Floats:
        """Values at points, shape (points,)."""
        return self.location + self.spread * self.regressor.predict(self.scaled(points))

    def se(self, points: Points) -> Floats:
        """Posterior SDs of the values, shape (points,)."""
        _, sd = self.regressor.predict(self.scaled(points), return_std=True)
        return self.spread * sd


def fit_process(points: Points, values: Floats, errors: Floats, plane: Plane) -> Process:
    """Fit a Gaussian process; parameters as in `rlrecovery.advice.surrogate.fit_plane`.

    Notes
    -----
    Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, sections 2.2 and 2.7.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor, kernels

    logs = points.logs
    low, span = logs.min(axis=0), np.ptp(logs, axis=0)
    columns = np.flatnonzero(span > 0)
    location, spread = float(values.mean()), float(values.std())
    linear = kernels.ConstantKernel(_WIDE, "fixed") * kernels.DotProduct(1.0, "fixed")
    variance = kernels.ConstantKernel(0.1, tuple(bound**2 for bound in _SD))
    smooth = variance * kernels.RBF(np.ones(columns.size), _LENGTHS)
    regressor = GaussianProcessRegressor(
        linear + smooth, alpha=(errors / spread) ** 2, n_restarts_optimizer=_RESTARTS,
        random_state=0,
    )  # fmt: skip
    span = np.where(span > 0, span, 1.0)
    scaled = ((logs - low) / span)[:, columns]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a value at its limit
        regressor.fit(scaled, (values - location) / spread)
    return Process(regressor, plane, columns, low, span, location, spread)
