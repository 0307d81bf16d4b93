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

from rlrecovery.design.cells import Cell, seed_sequence
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.library import Model, Parameter, find_model
from rlrecovery.simulate.task import Course, Floats, Integers, Task, said, task_from_config
from rlrecovery.storage.files import TRIALS, TRUTH, conform, write_table
from rlrecovery.storage.works import simulate_work

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
    outcomes : float array, shape (participants, trials, arms)
        What every arm paid or would have paid, where feedback is full; None where it is not.
    means : float array, shape (participants, trials, arms)
        Mean reward of every arm at each trial.
    states : dict of float array, shape (participants, trials, arms)
        Hidden state before each trial, by name.
    probabilities : float array, shape (participants, trials, arms)
        Choice probabilities at each trial.
    """

    choices: Integers
    rewards: Floats
    outcomes: Floats | None
    means: Floats
    states: dict[str, Floats]
    probabilities: Floats


def softmax(logits: Floats) -> Floats:
    """Softmax over the last axis, safe for any finite logits."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def behave(
    model: Model,
    values: Mapping[str, Floats],
    task: Task,
    uniform: Floats,
    missing: NDArray[np.bool_] | None = None,
    means: Floats | None = None,
) -> Behaviour:
    """Let participants choose and learn.

    Parameters
    ----------
    model : Model
        How they learn and choose.
    values : mapping of float array, shape (participants,)
        Parameters by name, natural scale.
    task : Task
        What pays.
    uniform : float array, shape (participants, trials, numbers)
        `Task.numbers` uniform numbers in [0, 1): the first decides the choice (inverse of the
        cumulative choice probabilities, as ``Generator.choice`` does), the others the rewards.
    missing : bool array, shape (participants, trials), optional
        Trials without a response: nothing is chosen, paid or learnt there. Participants with
        fewer trials than others are missing at their end.
    means : float array, shape (participants or 1, trials, arms), optional
        From `Task.means`; may be left out where the arms do not drift.

    Returns
    -------
    Behaviour
    """
    people, trials = uniform.shape[:2]
    missing = np.zeros((people, trials), dtype=bool) if missing is None else missing
    if means is None:
        means = task.means(people, trials, np.random.default_rng(0))
    columns = {name: np.asarray(value)[:, None] for name, value in values.items()}
    p = model.bind(columns, task.start_value, task.n_arms, full=task.full)
    blank = np.zeros((people, task.n_arms))
    fresh = {name: blank + value for name, value in model.initial(p).items()}
    starts, course = task.starts(trials), Course(task, means, people)
    state, steps = fresh, []
    for t in range(trials):
        state = fresh if starts[t] else state
        probability = softmax(model.choice_logits(state, p, blank))
        choice, here = _choose(probability, uniform[:, t, 0]), course.now(t)
        outcomes = task.pay(here, uniform[:, t, 1:])
        reward = np.take_along_axis(outcomes, choice[:, None], axis=1)
        steps.append((choice, reward[:, 0], outcomes, here, state, probability))
        chosen = (choice[:, None] == np.arange(task.n_arms)).astype(np.float64)
        learnt = model.update(state, chosen, outcomes if task.full else reward, p)
        state = {n: np.where(missing[:, t, None], s, learnt[n]) for n, s in state.items()}
        course.note(here, choice, missing[:, t])
    return _behaviour(steps, missing, task.full)


def _behaviour(steps: list[Any], missing: NDArray[np.bool_], full: bool) -> Behaviour:
    """Choice, reward, state and probability of each trial as arrays over trials."""
    choices, rewards, outcomes, means, states, probabilities = zip(*steps, strict=True)
    gone = missing[:, :, None]
    return Behaviour(
        choices=np.where(missing, -1, np.stack(choices, axis=1)),
        rewards=np.where(missing, np.nan, np.stack(rewards, axis=1)),
        outcomes=np.where(gone, np.nan, np.stack(outcomes, axis=1)) if full else None,
        means=np.stack(means, axis=1),
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
    """What a data set's random numbers depend on besides root seed, replicate and purpose.

    Values alone: what a study calls a task, a variant of a model or a cell changes no number.
    """
    model = generator["model"]
    if not isinstance(model, str):
        model = {key: value for key, value in model.items() if key != "name"}
    return {
        "cell": {key: value for key, value in cell.items() if key not in ("model", "task")},
        "model": model,
        "task": said(generator["task"]),
        "population": generator["population"],
    }


def simulate_replicate(
    cell: Mapping[str, Any], generator: Mapping[str, Any], replicate: int
) -> tuple[dict[str, Floats], Behaviour]:
    """One data set: the participants' true parameters and their behaviour.

    Parameters
    ----------
    cell : mapping
        `rlrecovery.design.cells.Cell.values`.
    generator : mapping
        `rlrecovery.design.cells.generator_of` the cell: ``seed``, ``model``, ``task`` and ``population``.
    replicate : int
        Number of the data set in its cell.
    """
    task = task_from_config(generator["task"])
    model = find_model(generator["model"]).facing(task)
    identity = identity_of(cell, generator)

    def rng(purpose: str) -> np.random.Generator:
        """Random numbers for one purpose, independent of those for another."""
        return np.random.default_rng(seed_sequence(generator["seed"], identity, replicate, purpose))

    people, length = cell["participants"], cell["trials"]
    values = draw_population(
        model, cell["truth"], generator["population"], people, rng("population")
    )
    uniform = rng("trials").random((people, length, task.numbers))
    means = task.means(people, length, rng("means"))
    gone = task.missing(people, length) | (np.arange(length) >= lengths(cell)[:, None])
    if cell.get("missing"):
        gone |= rng("missing").random((people, length)) < cell["missing"]
    return values, behave(model, values, task, uniform, gone, means)


def lengths(cell: Mapping[str, Any]) -> Integers:
    """Trials that each participant of a cell completes, shape (participants,).

    At least one: who completes none is no participant.
    """
    shares, people = cell.get("completed", (1.0,)), np.arange(cell["participants"])
    mine = np.array(shares, dtype=np.float64)[people % len(shares)]
    return np.maximum(1, np.round(mine * cell["trials"])).astype(np.int64)


def trials_table(
    behaviour: Behaviour,
    replicate: int,
    block_of_trial: Integers,
    completed: Integers | None = None,
) -> pd.DataFrame:
    """Behaviour as rows of `rlrecovery.storage.files.TRIALS`.

    Where feedback is full, ``reward_0``, ``reward_1``... are the outcomes of the arms.

    Parameters
    ----------
    behaviour : Behaviour
        What participants did.
    replicate : int
        Number of the data set in its cell.
    block_of_trial : int array, shape (trials,)
        Block of each trial.
    completed : int array, shape (participants,), optional
        Trials that each participant completes; the others have no rows.
    """
    people, length = behaviour.choices.shape
    columns: dict[str, Any] = {
        "replicate": np.full(people * length, replicate),
        "participant": np.repeat(np.arange(people), length),
        "block": np.tile(block_of_trial, people),
        "trial": np.tile(np.arange(length), people),
        "choice": behaviour.choices.ravel(),
        "reward": behaviour.rewards.ravel(),
    }
    types = dict(TRIALS)
    if behaviour.outcomes is not None:
        arms = range(behaviour.outcomes.shape[2])
        columns |= {f"reward_{k}": behaviour.outcomes[:, :, k].ravel() for k in arms}
        types |= {f"reward_{k}": "float64" for k in arms}
    table = conform(columns, types)
    if completed is None:
        return table
    there = table["trial"].to_numpy() < completed[table["participant"].to_numpy()]
    return table[there].reset_index(drop=True)


def population_truths(
    cell: Mapping[str, Any], generator: Mapping[str, Any]
) -> dict[str, tuple[float, float]]:
    """`population_truth` of every parameter of a cell, by name."""
    population = generator["population"]
    return {
        parameter.name: population_truth(
            parameter, cell["truth"].get(parameter.name), population[parameter.name]
        )
        for parameter in find_model(generator["model"]).parameters
    }


def truth_table(
    values: Mapping[str, Floats],
    population: Mapping[str, tuple[float, float]],
    replicate: int,
    fixed: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Truth of one data set as rows of `rlrecovery.storage.files.TRUTH`.

    Parameters
    ----------
    values : mapping of float array, shape (participants,)
        True parameters of the participants, natural scale.
    population : mapping
        `population_truths` of the cell.
    replicate : int
        Number of the data set in its cell.
    fixed : mapping, optional
        Parameters that the model holds at a value. They are as true as the others, for a method
        that does not know.
    """
    people = len(next(iter(values.values()), ()))
    rows: list[dict[str, Any]] = []
    for name, (location, spread) in population.items():
        whole = {"replicate": replicate, "participant": -1, "parameter": name}
        rows.append({**whole, "level": "group", "truth": location})
        rows.append({**whole, "level": "spread", "truth": spread})
        rows.extend(
            {**whole, "participant": i, "level": "participant", "truth": value}
            for i, value in enumerate(values[name])
        )
    for name, value in (fixed or {}).items():
        known = {"replicate": replicate, "parameter": name, "truth": value}
        rows.append({**known, "participant": -1, "level": "group"})
        rows.extend({**known, "participant": i, "level": "participant"} for i in range(people))
    return conform(rows, TRUTH)


def simulate_batch(
    cell: Mapping[str, Any],
    generator: Mapping[str, Any],
    replicates: Sequence[int],
    trials: str,
    truth: str,
    made: Mapping[str, Any] | None = None,
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
    made : mapping, optional
        The code and versions at work, which both files carry, with the settings.
    """
    made = {**(made or {}), "work": simulate_work(generator, cell)}
    task = task_from_config(generator["task"])
    blocks = task.block_of_trial(cell["trials"])
    population, behaviours, truths = population_truths(cell, generator), [], []
    fixed = dict(find_model(generator["model"]).fixed)
    for replicate in range(*replicates):
        values, behaviour = simulate_replicate(cell, generator, replicate)
        behaviours.append(trials_table(behaviour, replicate, blocks, lengths(cell)))
        truths.append(truth_table(values, population, replicate, fixed))
    log.info("%s: simulated %d data sets", Cell.of(cell).key, len(behaviours))
    write_table(pd.concat(truths, ignore_index=True), truth, made)
    write_table(pd.concat(behaviours, ignore_index=True), trials, made)
