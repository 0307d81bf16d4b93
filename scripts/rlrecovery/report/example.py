"""Data of an example participant and posterior, which two figures show."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import cast

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from rlrecovery.design.cells import Cell
from rlrecovery.fitting.base import SamplingFitter, Setting
from rlrecovery.fitting.batch import sampling_seed
from rlrecovery.fitting.estimates import one_line
from rlrecovery.fitting.registry import Method, make_fitter
from rlrecovery.likelihood.data import observations
from rlrecovery.simulation.behaviour import Behaviour
from rlrecovery.simulation.generator import Generator
from rlrecovery.simulation.replicates import simulate_replicate
from rlrecovery.simulation.task import Integers
from rlrecovery.storage.files import MACHINE, write_json, write_table

log = logging.getLogger(__name__)

#: The example is always the first participant of the first data set, so it is not selected.
REPLICATE, PARTICIPANT = 0, 0


def _participant_table(behaviour: Behaviour, blocks: Integers) -> pd.DataFrame:
    """Return a row per trial; the columns per arm are quantities before the trial.

    Hidden values are those of the model's first state, if it has one.
    """
    values = next(iter(behaviour.states.values()), None)
    by_arm = {"value": values, "probability": behaviour.probabilities, "mean": behaviour.means}
    columns = {
        "block": blocks,
        "trial": np.arange(len(blocks)),
        "choice": behaviour.choices[PARTICIPANT],
        "reward": behaviour.rewards[PARTICIPANT],
    }
    for name, array in by_arm.items():
        if array is not None:
            columns |= {f"{name}_{arm}": row for arm, row in enumerate(array[PARTICIPANT].T)}
    return pd.DataFrame(columns)


def _posterior_table(
    method: Method, cell: Cell, generator: Generator, behaviour: Behaviour, blocks: Integers
) -> pd.DataFrame:
    """Draw from the example participant's posterior, with the draws of the data set's fit job."""
    task = generator.faced_task()
    setting = Setting.of(method.model, task, cell, nominal_levels=())
    rows = np.tile(blocks * task.reset, (setting.participants, 1))
    rewards = behaviour.rewards if behaviour.outcomes is None else behaviour.outcomes
    data = observations(behaviour.choices, rewards, rows)
    seed = sampling_seed(generator, cell, REPLICATE)
    fitter = cast(SamplingFitter, make_fitter(method.settings, setting))
    by_parameter = fitter.participant_chains(data, seed, PARTICIPANT)
    chain, draw = np.indices(next(iter(by_parameter.values())).shape)
    return pd.DataFrame({"chain": chain.ravel(), "draw": draw.ravel()}).assign(
        **{name: values.ravel() for name, values in by_parameter.items()}
    )


def write_example(
    cell: Cell, generator: Generator, method: Method | None, outputs: Mapping[str, str]
) -> None:
    """Simulate the example participant again, sample its posterior, and write both.

    Parameters
    ----------
    cell : Cell
        Cell of the example.
    generator : Generator
        Generator of its data.
    method : Method or None
        Method that samples; None if the study has none.
    outputs : mapping
        Output paths: ``participant``; ``posterior``, without rows if no method samples or the
        sampler fails; and ``example``, which describes the two tables.
    """
    values, behaviour = simulate_replicate(cell, generator, REPLICATE)
    task = generator.faced_task()
    blocks = task.block_of_trial(cell.trials)
    posterior = pd.DataFrame({"chain": [], "draw": []})
    if method is not None:
        try:
            with threadpool_limits(1):
                posterior = _posterior_table(method, cell, generator, behaviour, blocks)
            log.info("sampled %d draws by %s", len(posterior), method.name)
        except MACHINE:
            raise
        except Exception as error:  # a failed fit does not stop a study
            log.warning("%s gave no draws: %s", method.name, one_line(error))
    example = {
        "cell": cell.key,
        "replicate": REPLICATE,
        "participant": PARTICIPANT,
        "truth": {key: float(value[PARTICIPANT]) for key, value in values.items()},
        "method": None if method is None else method.name,
        "participants": cell.participants,
        "trials": cell.trials,
        "arms": list(task.arms) if task.is_stationary else [],
        "sd": task.sd,
    }
    write_table(_participant_table(behaviour, blocks), outputs["participant"])
    write_table(posterior, outputs["posterior"])
    write_json(example, outputs["example"])
