"""One participant and one posterior to look at: the data behind two figures."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from rlrecovery.design.cells import POOLINGS, Cell, with_posterior
from rlrecovery.simulate.batch import simulate_replicate
from rlrecovery.simulate.task import task_from_config
from rlrecovery.storage.files import MACHINE, write_json, write_table

log = logging.getLogger(__name__)

#: The first participant of the first data set is as good as any, and chosen before anyone looks.
REPLICATE, PARTICIPANT = 0, 0


def participant_table(behaviour: Any, blocks: Any) -> pd.DataFrame:
    """Trial by trial: block, choice, reward, hidden values and choice probabilities before it.

    The hidden values are those of the model's first state; a model may have none. ``mean_0``,
    ``mean_1``... are what the arms were worth.
    """
    i = PARTICIPANT
    columns: dict[str, Any] = {
        "block": blocks,
        "trial": np.arange(len(blocks)),
        "choice": behaviour.choices[i],
        "reward": behaviour.rewards[i],
    }
    n_arms = behaviour.probabilities.shape[-1]
    for state in list(behaviour.states.values())[:1]:
        columns |= {f"value_{k}": state[i, :, k] for k in range(n_arms)}
    columns |= {f"probability_{k}": behaviour.probabilities[i, :, k] for k in range(n_arms)}
    columns |= {f"mean_{k}": behaviour.means[i, :, k] for k in range(n_arms)}
    return pd.DataFrame(columns)


def posterior_table(
    method: Mapping[str, Any],
    cell: Mapping[str, Any],
    generator: Mapping[str, Any],
    behaviour: Any,
    blocks: Any,
) -> pd.DataFrame:
    """Draws of the example participant's posterior: chain, draw and a column per parameter.

    The draws are those that the fit job of this data set summarises.
    """
    from rlrecovery.fit.base import Setting
    from rlrecovery.fit.batch import sampling_seed
    from rlrecovery.fit.bayes import Bayes, draws_of
    from rlrecovery.likelihood.scan import observations

    setting = Setting.of(method, generator["task"], cell, levels=())
    reset = task_from_config(generator["task"]).reset
    rows = np.tile(blocks * reset, (setting.participants, 1))
    paid = behaviour.rewards if behaviour.outcomes is None else behaviour.outcomes
    data = observations(behaviour.choices, paid, rows)
    seed, pooling = sampling_seed(generator, cell, REPLICATE), method["pooling"]
    if pooling == "none":
        seed = seed.spawn(PARTICIPANT + 1)[PARTICIPANT]
        data = data.rows(slice(PARTICIPANT, PARTICIPANT + 1))
    draws, _ = Bayes.of(method, setting).sample(data, seed)
    mine = {
        name: draws_of(("participant", PARTICIPANT, name), draws, pooling)
        for name in setting.model.names
    }
    chain, draw = np.indices(next(iter(mine.values())).shape)
    return pd.DataFrame({"chain": chain.ravel(), "draw": draw.ravel()}).assign(
        **{name: values.ravel() for name, values in mine.items()}
    )


def write_example(
    cell: Mapping[str, Any],
    generator: Mapping[str, Any],
    methods: Mapping[str, Mapping[str, Any]],
    outputs: Mapping[str, str],
) -> None:
    """Simulate the example participant again, sample its posterior, and write both.

    Parameters
    ----------
    cell : mapping
        `rlrecovery.design.cells.Cell.values` of the cell that is shown.
    generator : mapping
        `rlrecovery.design.cells.generator_of` the cell.
    methods : mapping
        `rlrecovery.design.cells.methods_of` the experiment, or some of them.
    outputs : mapping
        Paths to write: ``participant``, ``posterior`` (without rows if no method samples, or if
        the sampler failed) and ``example``, which says what the other two are.
    """
    values, behaviour = simulate_replicate(cell, generator, REPLICATE)
    task = task_from_config(generator["task"])
    blocks = task.block_of_trial(cell["trials"])
    name = with_posterior(methods, generator["model"], POOLINGS)
    posterior = pd.DataFrame({"chain": [], "draw": []})
    if name is not None:
        try:
            with threadpool_limits(1):
                posterior = posterior_table(methods[name], cell, generator, behaviour, blocks)
            log.info("sampled %d draws by %s", len(posterior), name)
        except MACHINE:
            raise
        except Exception as failure:  # as in a fit: one failure stops no study, the figure says so
            from rlrecovery.fit.base import sentence

            log.warning("%s gave no draws: %s", name, sentence(failure))
    about = {
        "cell": Cell.of(cell).key,
        "replicate": REPLICATE,
        "participant": PARTICIPANT,
        "truth": {key: float(value[PARTICIPANT]) for key, value in values.items()},
        "method": name,
        "participants": cell["participants"],
        "trials": cell["trials"],
        "arms": list(task.arms) if task.steady else [],
        "sd": task.sd,
    }
    write_table(participant_table(behaviour, blocks), outputs["participant"])
    write_table(posterior, outputs["posterior"])
    write_json(about, outputs["example"])
