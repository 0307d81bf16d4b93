"""Simulated data sets in memory, with the same random numbers as in a study."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.config.study import cells_of, generator_of
from rlrecovery.design.cells import Cell
from rlrecovery.fitting.batch import sampling_seed
from rlrecovery.models.base import Model, Parameter
from rlrecovery.models.variants import ModelSpec
from rlrecovery.notebook.errors import check_count, section
from rlrecovery.notebook.short import experiment_of, models_of
from rlrecovery.simulation.batch import simulate_batch
from rlrecovery.simulation.generator import Generator
from rlrecovery.storage.files import read_table

#: The task of `simulate` where none is given: two arms that are rewarded with these probabilities.
TWO_ARMS: dict[str, Any] = {"arms": [0.4, 0.6]}

#: Name of a variant that is given without one.
VARIANT = "variant"

#: A model by its name, as an object, or as a variant: a mapping as in the config's ``variants``.
ModelLike = str | Model | Mapping[str, Any]


@dataclass(frozen=True, repr=False, eq=False)
class Simulated:
    """Simulated data sets, as returned by `simulate`.

    Attributes
    ----------
    trials : DataFrame
        One row per trial: ``replicate``, ``participant``, ``block``, ``trial`` (all from 0),
        ``choice`` (the arm, from 0; -1 without a response) and ``reward`` (missing without a
        response). With full feedback, ``reward_0``, ... are the outcomes of the arms.
    truth : DataFrame
        One row per participant: ``replicate``, ``participant``, and a column with the true value
        of each parameter.
    model, task
        As they were given, so that `fit` need not be told.
    """

    trials: pd.DataFrame
    truth: pd.DataFrame
    model: ModelLike
    task: Mapping[str, Any]
    _cell: Cell = field(repr=False)
    _generator: Generator = field(repr=False)

    def sampling_seed(self, seed: int | None, replicate: int) -> np.random.SeedSequence:
        """Seed of a sampler on one data set: that of a study, or one from another root seed."""
        root = self._generator.seed if seed is None else seed
        return sampling_seed(replace(self._generator, seed=root), self._cell, replicate)

    def __repr__(self) -> str:
        sets = self.truth["replicate"].nunique()
        return (
            f"<simulated data of {self._generator.model.name}: {sets} data set"
            f"{'' if sets == 1 else 's'} of {self._cell.participants} participants and "
            f"{self._cell.trials} trials>"
        )


def simulate(
    model: ModelLike = "rescorla_wagner",
    *,
    truth: Mapping[str, float] | None = None,
    population: Mapping[str, Any] | None = None,
    task: Mapping[str, Any] | None = None,
    participants: int = 20,
    trials: int = 150,
    missing: float = 0.0,
    completed: Sequence[float] = (1.0,),
    replicates: int = 1,
    seed: int,
) -> Simulated:
    """Simulate data sets of participants who learn and choose as a model does.

    Parameters
    ----------
    model : str, Model or mapping
        Name of a model of the library, a model of your own, or a variant such as
        ``{"model": "rescorla_wagner", "lapse": True}``.
    truth : mapping
        True value of each parameter, natural scale: the location of the population. Parameters
        whose population is a distribution have none.
    population : mapping, optional
        How participants differ, per parameter: ``{"spread": SD}`` on the unconstrained scale
        around the true value, or ``{"distribution": name, ...}``. By default all participants have
        exactly the true values.
    task : mapping, optional
        The task as in a config; ``blocks`` is 1 and ``start_value`` 0.5 unless given. By default
        two arms that are rewarded with probabilities 0.4 and 0.6.
    participants, trials : int
        Participants per data set, and trials of each of them.
    missing : float
        Probability of a trial without a response.
    completed : sequence of float
        Shares of the trials that participants complete, used in turn.
    replicates : int
        Number of data sets.
    seed : int
        Root seed. The data sets are those of a study with this seed.

    Returns
    -------
    Simulated
        Trials and true values.

    Raises
    ------
    ValueError
        If an argument is wrong, with one sentence per mistake.

    Examples
    --------
    >>> from rlrecovery import simulate
    >>> data = simulate(truth={"alpha": 0.3, "beta": 5}, participants=3, trials=4, seed=1)
    >>> data.trials.shape
    (12, 6)
    >>> data.truth["alpha"].tolist()
    [0.3, 0.3, 0.3]
    """
    check_count("replicates", replicates)
    given_task = section("task", TWO_ARMS if task is None else task, '{"arms": [0.4, 0.6]}')
    differing = section("population", population, '{"alpha": {"spread": 0.5}}')
    with models_of(model):
        config = with_model(model) | {
            "seed": seed,
            "task": given_task,
            "truth": section("truth", truth, '{"alpha": 0.3, "beta": 5}'),
            "participants": participants,
            "trials": trials,
            "missing": missing,
            "completed": [completed],
            "replicates": 2,  # the fewest that a study may have
            "methods": "mock",
        }
        identical = {p.name: {"spread": 0.0} for p in parameters_of(model)}
        config["population"] = identical | differing
        experiment = experiment_of(config)
        cell = _only(cells_of(experiment).values())
        generator = generator_of(experiment, cell)
        tables = _simulated(cell, generator, replicates)
    return Simulated(*tables, model, given_task, cell, generator)


def _only(cells: Collection[Cell]) -> Cell:
    """The only cell."""
    if len(cells) > 1:
        raise ValueError(
            "simulate takes one true value of each parameter, one number of participants and of "
            f"trials, and one share of missing responses, but there are {len(cells)} combinations; "
            "use recover for several"
        )
    return next(iter(cells))


def with_model(model: ModelLike) -> dict[str, Any]:
    """Keys of a config for a model, which may be a variant."""
    if not isinstance(model, Mapping):
        return {"model": model}
    name = str(model.get("name", VARIANT))
    variant = {key: value for key, value in model.items() if key != "name"}
    return {"model": name, "variants": {name: variant}}


def parameters_of(model: ModelLike) -> tuple[Parameter, ...]:
    """Free parameters of a model that is known; empty if it is not described correctly."""
    if isinstance(model, Model):
        return model.parameters
    if not isinstance(model, str | Mapping):
        return ()
    with contextlib.suppress(KeyError, ValueError):  # the check of the config says what is wrong
        plain = {"name": VARIANT} | _named(model) if isinstance(model, Mapping) else model
        return ModelSpec.of(plain).model().parameters
    return ()


def _named(variant: Mapping[str, Any]) -> dict[str, Any]:
    """A variant with the name of its model in place of the model."""
    model = variant.get("model")
    return {**variant, "model": model.name} if isinstance(model, Model) else dict(variant)


def _simulated(
    cell: Cell, generator: Generator, replicates: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Trials, and true values with a column per parameter."""
    with tempfile.TemporaryDirectory() as folder:
        trials, truth = (f"{folder}/{name}.parquet" for name in ("trials", "truth"))
        simulate_batch(cell, generator, (0, replicates), trials, truth)
        rows = read_table(truth)
        of_participants = rows[rows["level"] == "participant"]
        names = list(dict.fromkeys(of_participants["parameter"]))
        wide = of_participants.pivot_table(
            index=["replicate", "participant"], columns="parameter", values="truth", aggfunc="first"
        )
        values = wide[names].rename_axis(columns=None).reset_index()
        return read_table(trials), values
