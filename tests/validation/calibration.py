"""Calibration of the exact hierarchical posterior: truths drawn from the priors that are fitted.

If location, SD and participants are drawn from the prior and the posterior is right, the posterior
probability of values below the truth is uniform (Cook, Gelman & Rubin 2006, Journal of
Computational and Graphical Statistics 15:675). Uniformity is tested by ArviZ for dependent values,
and shown against the simultaneous bands of Säilynoja, Bürkner & Vehtari (2022), Statistics and
Computing 32:32.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from arviz_stats.ecdf_utils import ecdf_pit
from fits import POPULATION, QUADRATURE, setting, simulated

from rlrecovery.fitting.quadrature.fitter import Quadrature
from rlrecovery.fitting.quadrature.grid import quantile_positions
from rlrecovery.fitting.quadrature.hierarchical import PopulationPosterior
from rlrecovery.fitting.quadrature.settings import QuadratureSettings
from rlrecovery.simulation.task import Floats

PARTICIPANTS, TRIALS, DATA_SETS = 8, 40, 1000
#: Data sets are not calibrated if a test of uniformity has a smaller p-value.
SMALLEST_P = 0.001
#: Probabilities at which posterior quantiles are computed to place a truth among them.
PROBABILITIES = np.linspace(0.0005, 0.9995, 2000)


def truths(rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Locations, SDs and participants' parameters from the prior, unconstrained scale."""
    location = rng.normal([0.0, 1.0], [1.5, 1.0])
    spread = np.abs(rng.standard_normal(2))
    return location, spread, location + spread * rng.standard_normal((PARTICIPANTS, 2))


def ranks(posterior: PopulationPosterior, location: Floats, spread: Floats, own: Floats) -> Floats:
    """Posterior probabilities of values below the truth: locations, SDs, the first participant."""
    below = []
    for j in range(2):
        quantiles = posterior.location_quantiles(j, PROBABILITIES)
        below.append(np.interp(location[j], quantiles, PROBABILITIES))
    for j, marginal in enumerate(posterior.grid.marginals()[1::2]):
        line = marginal.axis.line(np.log(spread[j]))
        below.append(marginal.below(float(line)))
    weights = posterior.marginal_mass()[:1]
    positions = quantile_positions(weights, PROBABILITIES)
    quantiles = posterior.tables.placement.rows(slice(0, 1)).real(positions)[0]
    below += [np.interp(own[0, j], quantiles[j], PROBABILITIES) for j in range(2)]
    return np.array(below)


def calibration(data_sets: int = DATA_SETS, seed: int = 1) -> pd.DataFrame:
    """Fit data sets with parameters from the prior.

    Returns
    -------
    DataFrame
        One row per quantity: ``p`` of the test of uniformity, and ``inside``, whether the
        distribution function stays within its simultaneous 95 % band.
    """
    settings = QuadratureSettings.of(QUADRATURE | {"pooling": "partial", "priors": POPULATION})
    fitter = Quadrature.of(settings, setting(PARTICIPANTS, TRIALS))
    hierarchy, below = fitter.hierarchy(), []
    for number in range(data_sets):
        location, spread, real = truths(np.random.default_rng([seed, number]))
        alpha, beta = 1 / (1 + np.exp(-real[:, 0])), np.exp(real[:, 1])
        data = simulated(alpha, beta, TRIALS, [seed, number, 1])
        posterior, _, _ = hierarchy.integrate(data, (0.95,))
        below.append(ranks(posterior, location, spread, real))
    quantities = [f"{level} of {name}" for level in ("location", "SD") for name in POPULATION]
    quantities += [f"{name} of a participant" for name in POPULATION]
    rows = []
    for quantity, values in zip(quantities, np.transpose(below), strict=True):
        p, _, _ = array_stats.uniformity_test(values)
        _, share, lower, upper = ecdf_pit(values, 0.95, 1000, rng=np.random.default_rng(1))
        inside = bool(((share >= lower) & (share <= upper)).all())
        rows.append({"quantity": quantity, "p": float(np.ravel(p)[0]), "inside": inside})
    return pd.DataFrame(rows)


def calibrated(data_sets: int = DATA_SETS) -> bool:
    """Print the tests; whether all quantities are calibrated."""
    print(
        f"\nIs the exact hierarchical posterior calibrated ({data_sets} data sets of "
        f"{PARTICIPANTS} participants and {TRIALS} trials, all parameters from the prior)?"
    )
    table = calibration(data_sets)
    for row in table.itertuples():
        band = "within" if row.inside else "outside"
        print(f"  {row.quantity}: uniform with p = {row.p:.3f}, {band} the 95 % band")
    met = bool((table["p"] > SMALLEST_P).all())
    print("  calibrated" if met else "  DIFFERS: not uniform")
    return met
