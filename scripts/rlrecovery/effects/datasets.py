"""Simulated data sets with groups, conditions and a covariate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from rlrecovery.effects.design import EffectCell
from rlrecovery.effects.generator import EffectGenerator
from rlrecovery.likelihood.data import Observations, observations
from rlrecovery.models.base import Parameter
from rlrecovery.simulation.behaviour import respond
from rlrecovery.simulation.population import number_of_draws, values_of
from rlrecovery.simulation.replicates import lengths, session_numbers
from rlrecovery.simulation.task import Floats, Integers


@dataclass(frozen=True)
class EffectData:
    """One simulated data set.

    Attributes
    ----------
    replicate : int
        Its number.
    data : Observations
        Arrays of shape (conditions x participants, trials), ordered by condition.
    covariate : float array, shape (participants,)
        The covariate; None without one.
    retest : Observations
        A second session of all participants in the first condition, with the same parameters; None
        if it is not simulated.
    truth : dict of float array, shape (conditions, participants)
        True parameters, natural scale, by name; for scores only.
    """

    replicate: int
    data: Observations
    covariate: Floats | None
    retest: Observations | None
    truth: dict[str, Floats]


def simulated(
    generator: EffectGenerator, cell: EffectCell, replicates: Sequence[int], retest: bool
) -> Iterator[EffectData]:
    """Simulate data sets, each from random numbers of its own, one after the other.

    `retest` says whether a second session of the participants is simulated, which does not change
    the first one.
    """
    task, learner = generator.generator.faced_task(), generator.generator.learner()
    block_of_trial = task.block_of_trial(cell.cell.trials) * task.reset
    n_conditions, n = len(generator.design.conditions), cell.cell.participants
    sessions = [f"session {c}" for c in range(n_conditions)] + ["retest"] * retest
    for replicate in replicates:
        values, covariate = draw_participants(generator, cell, replicate)
        completed = _completed(generator, cell, replicate)
        faced = {
            name: np.concatenate([*of_condition, *of_condition[:retest]])
            for name, of_condition in values.items()
        }

        def rngs(purpose: str, replicate: int = replicate) -> Iterator[np.random.Generator]:
            """Generators of random numbers, one per session."""
            return (_rng(generator, cell, replicate, f"{purpose}, {name}") for name in sessions)

        responses = respond(
            learner, faced, task, *session_numbers(cell.cell, task, rngs, len(sessions), completed)
        )
        shown = responses.rewards if responses.outcomes is None else responses.outcomes
        blocks = np.tile(block_of_trial, (len(shown), 1))
        every = observations(responses.choices, shown, blocks)
        first = slice(0, n_conditions * n)
        again = every.rows(slice(first.stop, None)) if retest else None
        yield EffectData(replicate, every.rows(first), covariate, again, values)


def _completed(generator: EffectGenerator, cell: EffectCell, replicate: int) -> Integers:
    """Number of trials that each participant completes, shape (participants,).

    They are shuffled, because participants are ordered by group: one group must not get the largest
    shares.
    """
    completed = lengths(cell.cell)
    if (completed != completed[0]).any():
        _rng(generator, cell, replicate, "completed").shuffle(completed)
    return completed


def draw_participants(
    generator: EffectGenerator, cell: EffectCell, replicate: int
) -> tuple[dict[str, Floats], Floats | None]:
    """Draw the true parameters of the participants of a data set, and their covariate.

    Returns parameters on the natural scale by name, shape (conditions, participants), and the
    covariate, standard normal in the population, or None. A correlation r with the covariate q
    changes the normal score z of a participant within its population to
    ``r q + sqrt(1 - r^2) z``, and then groups and conditions shift the unconstrained value.
    """
    basic, design, n = generator.generator, generator.design, cell.cell.participants
    model, rng = basic.model.model(), _rng(generator, cell, replicate, "population")
    scores = {name: ndtri(rng.random(n)) for name in model.names}
    covariate = None
    if design.has_covariate:
        covariate = _rng(generator, cell, replicate, "covariate").standard_normal(n)
    for effect, size in zip(design.effects, cell.sizes, strict=True):
        if effect.kind == "covariate" and covariate is not None:
            z = scores[effect.parameter]
            scores[effect.parameter] = size * covariate + np.sqrt(1 - size**2) * z
    draws = np.zeros(n, dtype=np.int64)
    if count := number_of_draws(basic.population):
        draws[:] = _rng(generator, cell, replicate, "population draw").integers(count)
    uniform = {name: ndtr(z) for name, z in scores.items()}
    values = values_of(model, dict(cell.cell.truth), basic.population, uniform, draws)
    response = _rng(generator, cell, replicate, "response")
    return {
        parameter.name: _shifted(generator, cell, parameter, values[parameter.name], response)
        for parameter in model.parameters
    }, covariate


def _shifted(
    generator: EffectGenerator,
    cell: EffectCell,
    parameter: Parameter,
    reference: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Values of a parameter in all conditions, natural scale, shape (conditions, participants)."""
    design, n = generator.design, len(reference)
    group, conditions = design.group_of(n), len(design.conditions)
    numbers = rng.standard_normal((conditions, n))
    shift = np.zeros((conditions, n))
    for effect, size in zip(design.effects, cell.sizes, strict=True):
        if effect.parameter != parameter.name or effect.kind == "covariate":
            continue
        if effect.kind == "group":
            shift[:, group == effect.index] += size
        else:
            shift[effect.index] += size
    for condition, name, sd in design.spreads:
        if name == parameter.name:
            shift[condition] += sd * numbers[condition]
    values = np.tile(reference, (conditions, 1))
    changed = shift != 0  # the others keep their value without the rounding of the transform
    values[changed] = parameter.to_natural(parameter.to_real(values[changed]) + shift[changed])
    return values


def _rng(
    generator: EffectGenerator, cell: EffectCell, replicate: int, purpose: str
) -> np.random.Generator:
    return np.random.default_rng(generator.seed_sequence(cell, replicate, purpose))
