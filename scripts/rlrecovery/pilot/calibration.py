"""Whether the posterior of pilot data is calibrated where these people are (posterior SBC).

A population is drawn from the posterior of the pilot data, new participants from the population,
and their choices in the design of the pilot. The same method then fits the pilot data and the new
data together. If it is right, the drawn values are uniformly distributed in that posterior:
Säilynoja, Schmitt, Bürkner & Vehtari (2025), arXiv:2502.03279. Unlike calibration over the prior,
it is about the part of the parameter space that the pilot data leave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from rlrecovery.fitting.quadrature.grid import quantile_positions
from rlrecovery.fitting.quadrature.hierarchical import PopulationPosterior
from rlrecovery.likelihood.data import Observations
from rlrecovery.pilot.fit import LEVEL, PilotFit, population_draws
from rlrecovery.pilot.reading import PilotData
from rlrecovery.predictive.dataset import Dataset
from rlrecovery.predictive.predictions import Layout
from rlrecovery.simulation.task import Floats

#: Probabilities at which posterior quantiles are computed to place a value among them.
PROBABILITIES = np.linspace(0.0005, 0.9995, 2000)
#: Values are called not calibrated if the smallest p value, after Holm's correction over all
#: quantities, is below this one.
SMALLEST_P = 0.05
#: Fewer data sets hardly find a posterior that is wrong.
FEWEST = 20


def posterior_sbc(
    pilot: PilotData,
    fit: PilotFit,
    data_sets: int,
    seed: np.random.SeedSequence,
    progress: Callable[[int], None] = lambda done: None,
) -> pd.DataFrame:
    """Fit the pilot data together with data that are simulated at their posterior.

    Returns
    -------
    DataFrame
        One row per data set and quantity: ``data_set``, ``level`` (group, spread, or participant:
        the first new one), ``parameter``, ``truth`` (unconstrained scale) and ``pit``, the
        posterior probability of values below the truth.
    """
    rows: list[dict[str, object]] = []
    columns = ["data_set", "level", "parameter", "truth", "pit"]
    if not data_sets:
        return pd.DataFrame(rows, columns=columns)
    first, *seeds = seed.spawn(1 + data_sets)
    populations = population_draws(fit, data_sets, np.random.default_rng(first))
    layout, learner = Layout.of(pilot.task, pilot.data), fit.fitter.setting.learner
    for number, (location, spread, child) in enumerate(zip(*populations, seeds, strict=True)):
        rng = np.random.default_rng(child)
        real = location + spread * rng.standard_normal((len(pilot.names), len(location)))
        parameters = fit.model.parameters
        values = {p.name: p.to_natural(real[:, j])[None] for j, p in enumerate(parameters)}
        drawn = layout.simulate(learner, values, rng)
        joint = _together(pilot, _first(drawn))
        posterior, _, _ = fit.fitter.hierarchy().integrate(joint, (LEVEL,))
        truths = {"group": location, "spread": spread, "participant": real[0]}
        below = pits(posterior, location, spread, real[0], len(pilot.names))
        for level, pit in below.items():
            rows += [
                {"data_set": number, "level": level, "parameter": p.name, "truth": t, "pit": u}
                for p, t, u in zip(parameters, truths[level], pit, strict=True)
            ]
        progress(number + 1)
    return pd.DataFrame(rows, columns=columns)


def _first(drawn: Dataset) -> Dataset:
    """The only one of drawn data sets."""
    outcomes = None if drawn.outcomes is None else drawn.outcomes[0]
    return replace(drawn, choices=drawn.choices[0], rewards=drawn.rewards[0], outcomes=outcomes)


def _together(pilot: PilotData, drawn: Dataset) -> Observations:
    """The participants of the pilot data, followed by as many new ones."""
    own = pilot.data
    outcomes = (
        None
        if own.outcomes is None or drawn.outcomes is None
        else np.concatenate([own.outcomes, drawn.outcomes])
    )
    both = Dataset(
        choices=np.concatenate([own.choices, drawn.choices]),
        rewards=np.concatenate([own.rewards, drawn.rewards]),
        blocks=np.concatenate([own.blocks, drawn.blocks]),
        outcomes=outcomes,
    )
    return both.observations(pilot.task)


def pits(
    posterior: PopulationPosterior, location: Floats, spread: Floats, own: Floats, participant: int
) -> dict[str, Floats]:
    """Posterior probabilities of values below given ones, shape (parameters,) for each level.

    All values are on the unconstrained scale; ``own`` are those of a `participant`.
    """
    number = range(len(location))
    weights = posterior.marginal_mass()[participant : participant + 1]
    positions = quantile_positions(weights, PROBABILITIES)
    rows = slice(participant, participant + 1)
    quantiles = posterior.tables.placement.rows(rows).real(positions)[0]
    marginals = posterior.grid.marginals()[1::2]
    of_location = [posterior.location_quantiles(j, PROBABILITIES) for j in number]
    return {
        "group": np.array([np.interp(location[j], of_location[j], PROBABILITIES) for j in number]),
        "spread": np.array(
            [
                m.below(float(m.axis.line(m.axis.to_real(s))))
                for m, s in zip(marginals, spread, strict=True)
            ]
        ).clip(PROBABILITIES[0], PROBABILITIES[-1]),
        "participant": np.array([np.interp(own[j], quantiles[j], PROBABILITIES) for j in number]),
    }


def uniformity(pit: Floats) -> float:
    """P value of the test that probabilities are uniform, by ArviZ (valid if they are dependent).

    All values must be in (0, 1).
    """
    from arviz_stats.base.array import array_stats  # slow

    p, _, _ = array_stats.uniformity_test(np.asarray(pit, dtype=float))
    return float(np.ravel(p)[0])


def holm(p: Floats) -> Floats:
    """P values after Holm's correction for several tests (Holm 1979, Scand. J. Statist. 6:65)."""
    order, m = np.argsort(p), len(p)
    steps = np.maximum.accumulate((m - np.arange(m)) * np.asarray(p, dtype=float)[order])
    corrected = np.empty(m)
    corrected[order] = np.minimum(1.0, steps)
    return corrected


def uniformity_tests(pits_table: pd.DataFrame) -> pd.DataFrame:
    """Test of uniformity of each quantity: ``level``, ``parameter``, ``n``, ``p``, ``p_holm``."""
    groups = pits_table.groupby(["level", "parameter"], sort=False)["pit"]
    rows = [
        {"level": level, "parameter": parameter, "n": len(pit), "p": uniformity(pit.to_numpy())}
        for (level, parameter), pit in groups
    ]
    table = pd.DataFrame(rows, columns=["level", "parameter", "n", "p"])
    return table.assign(p_holm=holm(table["p"].to_numpy(float)))
