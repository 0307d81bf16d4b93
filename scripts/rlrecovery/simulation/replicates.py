"""Simulated data sets of a cell.

The data sets of a batch are simulated together, as one data set with the participants of all. The
random numbers of each come from generators of its own, so it is the same as when it is simulated
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlrecovery.design.cells import Cell
from rlrecovery.design.seeds import seed_sequence
from rlrecovery.simulation.behaviour import Behaviour, Responses, behave, joined, respond
from rlrecovery.simulation.generator import Generator
from rlrecovery.simulation.population import draw_population, number_of_draws
from rlrecovery.simulation.task import Floats, Integers, Task

#: Trials (replicates x participants x trials) simulated at once, to bound the memory for random
#: numbers and mean rewards.
MAX_TRIALS = 500_000


class _Draws(NamedTuple):
    """Random quantities of some data sets, joined along the first axis, the participants.

    `values` are the true parameters by name; the others are arguments of `behave`.
    """

    values: dict[str, Floats]
    uniform: Floats
    missing: NDArray[np.bool_]
    means: Floats


def simulate_replicate(
    cell: Cell, generator: Generator, replicate: int
) -> tuple[dict[str, Floats], Behaviour]:
    """Simulate one data set: true parameters of participants (by name) and their behaviour."""
    drawn = _draw(cell, generator, [replicate])
    task, learner = generator.faced_task(), generator.learner()
    behaviour = behave(learner, drawn.values, task, drawn.uniform, drawn.missing, drawn.means)
    return drawn.values, behaviour


def simulate_replicates(
    cell: Cell, generator: Generator, replicates: Sequence[int]
) -> tuple[dict[str, Floats], Responses]:
    """Simulate data sets together: true parameters by name, and responses.

    Both are those of `simulate_replicate`, joined along the first axis, the participants.
    """
    size = max(1, MAX_TRIALS // (cell.participants * cell.trials))
    task, learner = generator.faced_task(), generator.learner()
    values, responses = [], []
    for first in range(0, len(replicates), size):
        drawn = _draw(cell, generator, replicates[first : first + size])
        values.append(drawn.values)
        responses.append(
            respond(learner, drawn.values, task, drawn.uniform, drawn.missing, drawn.means)
        )
    return {n: np.concatenate([v[n] for v in values]) for n in values[0]}, joined(responses)


def _draw(cell: Cell, generator: Generator, replicates: Sequence[int]) -> _Draws:
    """Draw what the data sets of some replicates depend on."""
    task, identity = generator.faced_task(), generator.identity(cell)

    def rngs(purpose: str) -> Iterator[np.random.Generator]:
        """Random generators of the data sets, independent of those for other purposes."""
        for replicate in replicates:
            seed = seed_sequence(generator.seed, identity, replicate, purpose)
            yield np.random.default_rng(seed)

    model, truth = generator.model.model(), dict(cell.truth)
    values = draw_population(
        model,
        truth,
        generator.population,
        cell.participants,
        *rngs("population"),
        draws=population_draws(cell, generator, replicates),
    )
    return _Draws(values, *session_numbers(cell, task, rngs, len(replicates), lengths(cell)))


class SessionNumbers(NamedTuple):
    """Random numbers and conditions of sessions, arguments of `behave` after the task."""

    uniform: Floats
    missing: NDArray[np.bool_]
    means: Floats


def session_numbers(
    cell: Cell,
    task: Task,
    rngs: Callable[[str], Iterable[np.random.Generator]],
    sessions: int,
    completed: Integers,
) -> SessionNumbers:
    """Draw the random numbers of sessions of all participants of a cell.

    Parameters
    ----------
    cell : Cell
        Numbers of participants and trials, and which trials are missing.
    task : Task
        The task.
    rngs : callable
        From a purpose to generators of random numbers, one per session.
    sessions : int
        Number of sessions; their participants are joined along the first axis.
    completed : int array, shape (participants,)
        Number of trials that each participant completes in every session.
    """
    shape = (cell.participants, cell.trials)
    uniform = np.concatenate([rng.random((*shape, task.n_uniforms)) for rng in rngs("trials")])
    means = task.means(*shape, *(rngs("means") if task.drift else ()))
    missing = task.missing(*shape) | (np.arange(cell.trials) >= completed[:, None])
    missing = np.tile(missing, (sessions, 1))
    if cell.missing:
        numbers = np.concatenate([rng.random(shape) for rng in rngs("missing")])
        missing |= numbers < cell.missing
    return SessionNumbers(uniform, missing, means)


def population_draws(cell: Cell, generator: Generator, replicates: Sequence[int]) -> list[int]:
    """Number of the draw of the population that each replicate takes; empty if it has no draws."""
    count = number_of_draws(generator.population)
    if not count:
        return []
    identity = generator.identity(cell)
    seeds = (seed_sequence(generator.seed, identity, r, "population draw") for r in replicates)
    return [int(np.random.default_rng(seed).integers(count)) for seed in seeds]


def lengths(cell: Cell) -> Integers:
    """Number of trials that each participant completes, at least one; shape (participants,)."""
    participants = np.arange(cell.participants)
    shares = np.array(cell.completed, dtype=np.float64)[participants % len(cell.completed)]
    trials: Integers = np.maximum(1, np.round(shares * cell.trials)).astype(np.int64)
    return trials
