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

from rlrecovery.calibration.uniformity import holm, inside_unit, p_uniform
from rlrecovery.fitting.estimates import WHOLE, Level, Target
from rlrecovery.fitting.quadrature.posterior import HierarchicalPosterior
from rlrecovery.likelihood.data import Observations
from rlrecovery.pilot.fit import LEVEL, PilotFit, population_draws
from rlrecovery.pilot.reading import PilotData
from rlrecovery.predictive.dataset import Dataset
from rlrecovery.simulation.task import Floats

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
    layout, learner = pilot.data.layout(pilot.task), fit.fitter.setting.learner
    for number, (location, spread, child) in enumerate(zip(*populations, seeds, strict=True)):
        rng = np.random.default_rng(child)
        real = location + spread * rng.standard_normal((len(pilot.names), len(location)))
        parameters = fit.model.parameters
        values = {p.name: p.to_natural(real[:, j])[None] for j, p in enumerate(parameters)}
        drawn = pilot.data.simulated_again(layout, learner, values, rng)
        joint = _together(pilot, _first(drawn))
        posterior, _, _ = fit.fitter.hierarchy().integrate(joint, (LEVEL,))
        truths = {"group": location, "spread": spread, "participant": real[0]}
        places = HierarchicalPosterior(fit.model, posterior)
        below = pits(places, location, spread, real[0], len(pilot.names))
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
    posterior: HierarchicalPosterior,
    location: Floats,
    spread: Floats,
    own: Floats,
    participant: int,
) -> dict[str, Floats]:
    """Posterior probabilities of values below given ones, shape (parameters,) for each level.

    All values are on the unconstrained scale; ``own`` are those of a `participant`.
    """
    unused = np.random.default_rng(0)  # the posterior is exact
    values: dict[Level, tuple[int, Floats]] = {
        "group": (WHOLE, location), "spread": (WHOLE, spread), "participant": (participant, own),
    }  # fmt: skip
    return {
        level: inside_unit(
            np.array(
                [
                    posterior.below(Target(level, index, name), float(value), unused)
                    for name, value in zip(posterior.model.names, of_level, strict=True)
                ]
            )
        )
        for level, (index, of_level) in values.items()
    }


def uniformity_tests(pits_table: pd.DataFrame) -> pd.DataFrame:
    """Test of uniformity of each quantity: ``level``, ``parameter``, ``n``, ``p``, ``p_holm``."""
    groups = pits_table.groupby(["level", "parameter"], sort=False)["pit"]
    rows = [
        {"level": level, "parameter": parameter, "n": len(pit), "p": p_uniform(pit.to_numpy())}
        for (level, parameter), pit in groups
    ]
    table = pd.DataFrame(rows, columns=["level", "parameter", "n", "p"])
    return table.assign(p_holm=holm(table["p"].to_numpy(float)))
