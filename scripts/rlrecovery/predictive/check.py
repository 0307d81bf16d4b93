"""Predictive checks: compares a data set with the prior and posterior predictions of a method.

The p values are the predictive p values of Gelman, Meng & Stern (1996), Statistica Sinica 6:733.
"""

from __future__ import annotations

import itertools
import logging
import math
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from rlrecovery.design.cells import Cell
from rlrecovery.design.seeds import seed_sequence
from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.estimates import one_line
from rlrecovery.fitting.registry import Method
from rlrecovery.predictive.dataset import REPLICATE, Dataset, simulated_dataset
from rlrecovery.predictive.draws import posterior_draws, prior_draws
from rlrecovery.predictive.observed_csv import read_observed
from rlrecovery.predictive.predictions import forward_statistics, one_step_statistics
from rlrecovery.predictive.settings import PilotSettings
from rlrecovery.predictive.statistics import Key, statistics
from rlrecovery.simulation.generator import Generator, learner_in
from rlrecovery.simulation.task import Floats, Task
from rlrecovery.storage.files import MACHINE, conform, write_table
from rlrecovery.storage.schemas import PREDICTIVE

log = logging.getLogger(__name__)

#: Values of the columns ``of`` (the distribution of parameters) and ``way`` (how choices are
#: predicted) of `PREDICTIVE`.
OF, WAYS = ("prior", "posterior"), ("forward", "one_step")

#: Draws from each distribution: enough for the ends of a 95 % interval, and quick.
N_DRAWS = 200


def write_check(
    cell: Cell,
    generator: Generator,
    method: Method | None,
    observed_file: str | None,
    output: str,
    reading: PilotSettings | None = None,
) -> None:
    """Check a data set and write the table: rule ``predict``.

    Parameters
    ----------
    cell, generator : Cell, Generator
        The cell of the example data set, and the generator of its data.
    method : Method, optional
        The method to check; it must have a posterior.
    observed_file : str, optional
        File with your own data, see `read_observed`. By default the first data set of the cell is
        checked.
    output : str
        Path of the table. It has no rows if there is no method or the method failed.
    reading : PilotSettings, optional
        Columns and codes of that file.

    Raises
    ------
    BrokenFile
        If there is a mistake in the observed data.
    """
    task = generator.faced_task()
    if observed_file:
        observed = read_observed(observed_file, task, reading)
        # Draws for observed data must not depend on the cells of the study.
        identity = {"task": generator.task.canonical()}
    else:
        observed = simulated_dataset(cell, generator)
        identity = generator.identity(cell)
    seed = seed_sequence(generator.seed, identity, REPLICATE, "predictive")
    table = conform([], PREDICTIVE)
    if method is not None:
        participants, trials = observed.choices.shape
        setting = Setting(learner_in(method.model, task), participants, trials, (), task)
        try:
            with threadpool_limits(1):
                table = check(method, setting, task, observed, seed)
            log.info("checked %d participants and %d trials", participants, trials)
        except MACHINE:
            raise
        except Exception as error:  # one failed fit must not stop the study
            log.warning("the predictive check failed: %s", one_line(error))
    write_table(table, output)


def check(
    method: Method,
    setting: Setting,
    task: Task,
    observed: Dataset,
    seed: np.random.SeedSequence,
    count: int = N_DRAWS,
) -> pd.DataFrame:
    """Compare a data set with predictions from prior and posterior, forward and one step ahead.

    ``setting`` has the sizes of the data set, and ``count`` draws of each distribution are used.
    Returns rows of `PREDICTIVE`.
    """
    prior_seed, posterior_seed, *seeds = seed.spawn(2 + len(OF) * len(WAYS))
    data = observed.observations(task)
    draws = {
        "prior": prior_draws(method, setting, count, np.random.default_rng(prior_seed)),
        "posterior": posterior_draws(method, setting, data, count, posterior_seed),
    }
    predict = {"forward": forward_statistics, "one_step": one_step_statistics}
    actual = statistics(observed, task.neutral, task.n_arms)
    rows: list[dict[str, Any]] = []
    for (of, way), child in zip(itertools.product(OF, WAYS), seeds, strict=True):
        rng = np.random.default_rng(child)
        predicted = predict[way](setting.learner, task, draws[of], observed, rng)
        rows += [
            comparison(key, float(actual[key]), values) | {"of": of, "way": way}
            for key, values in predicted.items()
        ]
    return conform(rows, PREDICTIVE)


def comparison(key: Key, observed: float, predicted: Floats) -> dict[str, Any]:
    """Compare an observed statistic with its values in the draws, in columns of `PREDICTIVE`.

    Draws in which it is NaN are excluded. ``p`` is the share of draws above the observed value plus
    half the share of ties.
    """
    name, trial = key
    columns = dict.fromkeys(PREDICTIVE, math.nan) | {"statistic": name, "observed": observed}
    if trial is not None:
        columns["trial"] = trial
    finite = predicted[np.isfinite(predicted)]
    if len(finite):
        quantiles = np.quantile(finite, [0.25, 0.75, 0.025, 0.975])
        ends = ("lower_50", "upper_50", "lower_95", "upper_95")
        columns |= {"mean": finite.mean(), **dict(zip(ends, quantiles, strict=True))}
        if math.isfinite(observed):
            columns["p"] = np.mean(finite > observed) + np.mean(finite == observed) / 2
    return columns
