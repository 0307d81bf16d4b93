"""Simulation: model x task x truth x seed to trials, and truth into a file of its own."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy  # scipy.integrate, a slow import, is loaded when a population is drawn
from numpy.typing import NDArray
from scipy.special import ndtri

from rlrecovery.design import Cell, seed_sequence
from rlrecovery.distributions import Distribution
from rlrecovery.models import MODELS, Model, Parameter
from rlrecovery.tables import TRIALS, TRUTH, conform, write_table
from rlrecovery.tasks import Arms, Floats, Integers, task_from_config

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Behaviour:
    """What participants did, and what went on inside them.

    Attributes
    ----------
    choices : int array, shape (participants, trials)
        Chosen arm from 0; -1 where no response was given.
    rewards : float array, shape (participants, trials)
        Reward of the chosen arm; NaN where no response was given.
    states : dict of float array, shape (participants, trials, arms)
        Hidden state before each trial, by name.
    probabilities : float array, shape (participants, trials, arms)
        Choice probabilities at each trial.
    """

    choices: Integers
    rewards: Floats
    states: dict[str, Floats]
    probabilities: Floats


def softmax(logits: Floats) -> Floats:
    """Softmax over the last axis, safe for any finite logits."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def behave(
    model: Model,
    values: Mapping[str, Floats],
    arms: Arms,
    block_of_trial: Integers,
    uniform: Floats,
    start_value: float,
    missing: NDArray[np.bool_] | None = None,
) -> Behaviour:
    """Let participants choose and learn.

    Parameters
    ----------
    model : Model
        How they learn and choose.
    values : mapping of float array, shape (participants,)
        Parameters by name, natural scale.
    arms : Arms
        What pays.
    block_of_trial : int array, shape (trials,)
        Where it changes, hidden state starts again.
    uniform : float array, shape (participants, trials, 2)
        Uniform numbers in [0, 1): the first decides the choice (inverse of the cumulative choice
        probabilities, as ``Generator.choice`` does), the second the reward.
    start_value : float
        Q before the first trial of a block.
    missing : bool array, shape (participants, trials), optional
        Trials without a response: nothing is chosen, paid or learnt there. Participants with
        fewer trials than others are missing at their end.

    Returns
    -------
    Behaviour
    """
    missing = np.zeros(uniform.shape[:2], dtype=bool) if missing is None else missing
    p = model.bind({n: np.asarray(v)[:, None] for n, v in values.items()}, start_value, arms.n_arms)
    blank = np.zeros((len(uniform), arms.n_arms))
    fresh = {name: blank + value for name, value in model.initial(p).items()}
    starts = np.diff(block_of_trial, prepend=-1) != 0
    state, steps = fresh, []
    for t in range(uniform.shape[1]):
        state = fresh if starts[t] else state
        probability = softmax(model.logit(state, p))
        choice = _choose(probability, uniform[:, t, 0])
        reward = arms.reward(choice, uniform[:, t, 1])
        steps.append((choice, reward, state, probability))
        chosen = (choice[:, None] == np.arange(arms.n_arms)).astype(np.float64)
        learnt = model.update(state, chosen, reward[:, None], p)
        state = {n: np.where(missing[:, t, None], s, learnt[n]) for n, s in state.items()}
    return _behaviour(steps, missing)


def _behaviour(steps: list[Any], missing: NDArray[np.bool_]) -> Behaviour:
    """Choice, reward, state and probability of each trial as arrays over trials."""
    choices, rewards, states, probabilities = zip(*steps, strict=True)
    return Behaviour(
        choices=np.where(missing, -1, np.stack(choices, axis=1)),
        rewards=np.where(missing, np.nan, np.stack(rewards, axis=1)),
        states={name: np.stack([s[name] for s in states], axis=1) for name in states[0]},
        probabilities=np.stack(probabilities, axis=1),
    )


def _choose(probability: Floats, uniform: Floats) -> Integers:
    cumulative = probability.cumsum(axis=-1)
    cumulative /= cumulative[:, -1:]
    return (cumulative <= uniform[:, None]).sum(axis=-1)


def draw_population(
    model: Model,
    truth: Mapping[str, float],
    population: Mapping[str, Mapping[str, Any]],
    participants: int,
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """True parameters of each participant, natural scale, by name, shape (participants,).

    One uniform number is used per participant and parameter, whatever the population: given the
    same generator, changing one parameter's spread leaves the others' values alone.
    """
    values = {}
    for parameter in model.parameters:
        spec, uniform = population[parameter.name], rng.random(participants)
        if "distribution" in spec:
            values[parameter.name] = Distribution.described(spec).frozen().ppf(uniform)
        else:
            values[parameter.name] = _scatter(
                parameter, truth[parameter.name], spec["spread"], uniform
            )
    return values


def _scatter(parameter: Parameter, centre: float, spread: float, uniform: Floats) -> Floats:
    """Values around a cell's truth, normal on the unconstrained scale."""
    if spread == 0:  # exactly the cell's value, without the round trip through the transform
        return np.full(uniform.shape, float(centre))
    return parameter.to_natural(parameter.to_real(centre) + spread * ndtri(uniform))


def population_truth(
    parameter: Parameter, centre: float | None, spec: Mapping[str, Any]
) -> tuple[float, float]:
    """Location (natural scale) and SD (unconstrained scale) of a population.

    For scatter around a cell's value these are that value and the spread. For a named distribution
    they are the mean and SD of the transformed variable, by quadrature over its quantiles, the
    mean carried back to the natural scale.
    """
    if "distribution" not in spec:
        return float(centre), float(spec["spread"])
    frozen = Distribution.described(spec).frozen()

    def moment(power: int) -> float:
        """Mean of a power of the transformed variable."""
        return scipy.integrate.quad(lambda u: parameter.to_real(frozen.ppf(u)) ** power, 0, 1)[0]

    # Quantiles that round to an end of the support have no finite transform: the result says so.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", scipy.integrate.IntegrationWarning)
        mean, square = moment(1), moment(2)
    return float(parameter.to_natural(mean)), float(np.sqrt(square - mean**2))


def identity_of(cell: Mapping[str, Any], generator: Mapping[str, Any]) -> dict[str, Any]:
    """What a data set's random numbers depend on besides root seed, replicate and purpose."""
    return {"cell": cell, **{key: generator[key] for key in ("model", "task", "population")}}


def simulate_replicate(
    cell: Mapping[str, Any], generator: Mapping[str, Any], replicate: int
) -> tuple[dict[str, Floats], Behaviour]:
    """One data set: the participants' true parameters and their behaviour.

    Parameters
    ----------
    cell : mapping
        `rlrecovery.design.Cell.values`.
    generator : mapping
        The config's ``seed``, ``model``, ``task`` and ``population``.
    replicate : int
        Number of the data set in its cell.
    """
    model, task = MODELS[generator["model"]], task_from_config(generator["task"])
    identity = identity_of(cell, generator)

    def rng(purpose: str) -> np.random.Generator:
        """Random numbers for one purpose, independent of those for another."""
        return np.random.default_rng(seed_sequence(generator["seed"], identity, replicate, purpose))

    people, length = cell["participants"], cell["trials"]
    values = draw_population(
        model, cell["truth"], generator["population"], people, rng("population")
    )
    uniform = rng("trials").random((people, length, 2))
    blocks = task.block_of_trial(length)
    return values, behave(model, values, task.arms, blocks, uniform, task.start_value)


def trials_table(behaviour: Behaviour, replicate: int, block_of_trial: Integers) -> pd.DataFrame:
    """Behaviour as rows of `rlrecovery.tables.TRIALS`."""
    people, length = behaviour.choices.shape
    return conform(
        {
            "replicate": np.full(people * length, replicate),
            "participant": np.repeat(np.arange(people), length),
            "block": np.tile(block_of_trial, people),
            "trial": np.tile(np.arange(length), people),
            "choice": behaviour.choices.ravel(),
            "reward": behaviour.rewards.ravel(),
        },
        TRIALS,
    )


def population_truths(
    cell: Mapping[str, Any], generator: Mapping[str, Any]
) -> dict[str, tuple[float, float]]:
    """`population_truth` of every parameter of a cell, by name."""
    population = generator["population"]
    return {
        parameter.name: population_truth(
            parameter, cell["truth"].get(parameter.name), population[parameter.name]
        )
        for parameter in MODELS[generator["model"]].parameters
    }


def truth_table(
    values: Mapping[str, Floats], population: Mapping[str, tuple[float, float]], replicate: int
) -> pd.DataFrame:
    """Truth of one data set as rows of `rlrecovery.tables.TRUTH`.

    Parameters
    ----------
    values : mapping of float array, shape (participants,)
        True parameters of the participants, natural scale.
    population : mapping
        `population_truths` of the cell.
    replicate : int
        Number of the data set in its cell.
    """
    rows: list[dict[str, Any]] = []
    for name, (location, spread) in population.items():
        whole = {"replicate": replicate, "participant": -1, "parameter": name}
        rows.append({**whole, "level": "group", "truth": location})
        rows.append({**whole, "level": "spread", "truth": spread})
        rows.extend(
            {**whole, "participant": i, "level": "participant", "truth": value}
            for i, value in enumerate(values[name])
        )
    return conform(rows, TRUTH)


def simulate_batch(
    cell: Mapping[str, Any],
    generator: Mapping[str, Any],
    replicates: Sequence[int],
    trials: str,
    truth: str,
) -> None:
    """Simulate a batch of data sets and write trials and truth.

    Parameters
    ----------
    cell, generator : mapping
        As for `simulate_replicate`.
    replicates : sequence of two int
        First replicate and one past the last.
    trials, truth : str
        Paths to write.
    """
    task = task_from_config(generator["task"])
    blocks = task.block_of_trial(cell["trials"])
    population, behaviours, truths = population_truths(cell, generator), [], []
    for replicate in range(*replicates):
        values, behaviour = simulate_replicate(cell, generator, replicate)
        behaviours.append(trials_table(behaviour, replicate, blocks))
        truths.append(truth_table(values, population, replicate))
    log.info("%s: simulated %d data sets", Cell.of(cell).key, len(behaviours))
    write_table(pd.concat(truths, ignore_index=True), truth)
    write_table(pd.concat(behaviours, ignore_index=True), trials)
