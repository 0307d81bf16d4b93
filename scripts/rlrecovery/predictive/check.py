"""Predictive checks: what the prior and the posterior say a data set should look like.

Draws of all participants' parameters make choices, and numbers that describe those choices are
compared with the same numbers of the data: the learning curve, win-stay and lose-shift, and how
often each arm is chosen. Choices are made in two ways. ``forward``: participants do the task anew,
so that they see the outcomes of their own choices. ``one_step``: every choice is drawn given what
was observed before it, so that a model may follow the data without being able to produce them
(Palminteri, Wyart & Koechlin 2017, Trends in Cognitive Sciences 21:425).
"""

from __future__ import annotations

import csv
import itertools
import logging
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from rlrecovery.design.cells import seed_sequence
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.library import Model
from rlrecovery.simulate.batch import behave, identity_of, simulate_replicate, softmax
from rlrecovery.simulate.task import Floats, Integers, Task, said, task_from_config
from rlrecovery.storage.files import MACHINE, BrokenFile, conform, write_table

if TYPE_CHECKING:  # PyTensor and PyMC are loaded where something is computed with them
    from rlrecovery.fit.base import Setting
    from rlrecovery.likelihood.scan import Observations

log = logging.getLogger(__name__)

#: One row per statistic (and bin of trials), kind of draws and way. ``of`` is one of `OF` and
#: ``way`` one of `WAYS`; ``trial`` is the centre of the bin, counted from 1 within its block, and
#: missing for statistics without bins. ``mean`` and the intervals are of the draws; ``p`` is the
#: share of draws above the observed value, plus half of those equal to it.
PREDICTIVE = {
    "of": "str",
    "way": "str",
    "statistic": "str",
    "trial": "float64",
    "observed": "float64",
    "mean": "float64",
    "lower_50": "float64",
    "upper_50": "float64",
    "lower_95": "float64",
    "upper_95": "float64",
    "p": "float64",
}
OF, WAYS = ("prior", "posterior"), ("forward", "one_step")

#: Draws of a check: enough for the ends of a 95 % interval, few enough to take seconds.
COUNT = 200
#: Bins of a learning curve.
MOST_BINS = 15
#: Trials of participants that are simulated at once: their states and probabilities take memory.
AT_ONCE = 500_000
#: The example data set is the first of its cell, as in the other figures.
REPLICATE = 0

#: Numbers by their name and, for those of a learning curve, the centre of their bin; each with the
#: leading axis of the choices that they describe.
Key = tuple[str, float | None]
Statistics = dict[Key, Floats]


@dataclass(frozen=True)
class Observed:
    """A data set to check.

    Attributes
    ----------
    choices : int array, shape (people, trials)
        Chosen arm from 0; -1 where no response was given, and beyond the end of who did less.
    rewards : float array, shape (people, trials)
        Reward of the chosen arm; anything where no response was given.
    blocks : int array, shape (people, trials)
        Block of each trial, rising from 0.
    means : float array, shape (people or 1, trials, arms), optional
        Mean reward of every arm at each trial, where it is known.
    outcomes : float array, shape (people, trials, arms), optional
        Outcome of every arm, where feedback is full.
    """

    choices: Integers
    rewards: Floats
    blocks: Integers
    means: Floats | None = None
    outcomes: Floats | None = None

    def data(self, reset: bool) -> Observations:
        """The same as the likelihood takes it; without `reset` learning goes on over blocks."""
        from rlrecovery.likelihood.scan import observations

        paid = self.rewards if self.outcomes is None else self.outcomes
        return observations(self.choices, paid, self.blocks * reset)


# --- statistics ---------------------------------------------------------------------------------


def statistics(
    choices: Integers,
    rewards: Floats,
    blocks: Integers,
    means: Floats | None,
    neutral: float,
    n_arms: int,
    history: tuple[Integers, Floats] | None = None,
) -> Statistics:
    """Numbers that describe a data set, or one data set per draw, over all participants.

    Parameters
    ----------
    choices : int array, shape (..., people, trials)
        Chosen arm from 0; -1 where no response was given.
    rewards : float array, shape (..., people, trials)
        Reward of the chosen arm.
    blocks : int array, shape (people, trials)
        Block of each trial, rising.
    means : float array, shape (..., people or 1, trials, arms), optional
        Mean reward of every arm; None where it is unknown.
    neutral : float
        A reward above it is a win; others are losses.
    n_arms : int
        Number of arms.
    history : tuple, optional
        Observed choices and rewards, (people, trials), that "previous" refers to instead.

    Returns
    -------
    dict
        Numbers of the leading shape by name and bin, missing where there is nothing to count:
        ``learning``, the share of responses to an arm that pays best at its trial, in up to
        `MOST_BINS` bins of trials of a block (``first_arm``, the share to the first arm, where
        means are unknown); ``win_stay``, the share of responses that repeat the previous response
        of the block after a win; ``lose_shift``, the share that do not after a loss; ``side_0``,
        ``side_1``..., the share to each arm. Trials without a response are skipped.
    """
    responded = choices >= 0
    found = _curve(choices, responded, _start_of_block(blocks), means)
    before, paid = (choices, rewards) if history is None else history
    last = _previous(before >= 0, _start_of_block(blocks))
    there, place = responded & (last >= 0), np.maximum(last, 0)
    won = there & (np.take_along_axis(paid, place, axis=-1) > neutral)
    repeated = choices == np.take_along_axis(before, place, axis=-1)
    found["win_stay", None] = _share(repeated, won)
    found["lose_shift", None] = _share(~repeated, there & ~won)
    for arm in range(n_arms):
        found[f"side_{arm}", None] = _share(choices == arm, responded)
    return found


def _curve(
    choices: Integers, responded: NDArray[np.bool_], start: Integers, means: Floats | None
) -> Statistics:
    """Share of responses to the best arm, or to the first, in bins of the trials of a block."""
    if means is None:
        name, hits = "first_arm", choices == 0
    else:
        best = means >= means.max(axis=-1, keepdims=True)  # of a tie, all are best
        best = np.broadcast_to(best, (*choices.shape, best.shape[-1]))
        chosen = np.maximum(choices, 0)[..., None]
        name, hits = "learning", responded & np.take_along_axis(best, chosen, axis=-1)[..., 0]
    place = np.arange(start.shape[-1]) - start
    length = int(place.max()) + 1
    bins = min(MOST_BINS, length)
    within = (place.ravel() * bins // length)[:, None] == np.arange(bins)
    # Counts by a product of matrices: draws in rows, trials of all participants between.
    flat = (*choices.shape[:-2], -1)
    right, all_ = (part.reshape(flat).astype(float) @ within for part in (hits, responded))
    shares = _ratio(right, all_)
    first = -(-np.arange(bins + 1) * length // bins)
    centres = (first[:-1] + first[1:] + 1) / 2
    return {(name, float(centre)): shares[..., k] for k, centre in enumerate(centres)}


def _start_of_block(blocks: Integers) -> Integers:
    """Place of the first trial of the block that each trial is in."""
    change = np.diff(blocks, axis=1, prepend=blocks[:, :1] - 1) != 0
    return np.maximum.accumulate(np.where(change, np.arange(blocks.shape[1]), 0), axis=1)


def _previous(responded: NDArray[np.bool_], start: Integers) -> Integers:
    """Place of the last response before each trial in the same block; -1 where there is none."""
    latest = np.where(responded, np.arange(responded.shape[-1]), -1)
    latest = np.maximum.accumulate(latest, axis=-1)
    none = np.full_like(latest[..., :1], -1)
    before = np.concatenate([none, latest[..., :-1]], axis=-1)
    return np.where(before >= start, before, -1)


def _share(hits: NDArray[np.bool_], among: NDArray[np.bool_]) -> Floats:
    """Share of hits among some trials of all participants."""
    return _ratio((hits & among).sum(axis=(-2, -1)), among.sum(axis=(-2, -1)))


def _ratio(part: Any, whole: Any) -> Floats:
    """A part of a whole; missing where the whole is 0."""
    whole = np.broadcast_to(np.asarray(whole, dtype=float), np.shape(part))
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


# --- draws of parameters ------------------------------------------------------------------------


def prior_draws(
    method: Mapping[str, Any], setting: Setting, count: int, rng: np.random.Generator
) -> dict[str, Floats]:
    """Draws of all participants' parameters from a method's prior.

    Parameters
    ----------
    method : mapping
        An entry of the config's ``methods`` with estimator ``bayes`` or ``quadrature``.
    setting : Setting
        Its model and the number of participants.
    count : int
        Number of draws.
    rng : Generator
        Of all numbers.

    Returns
    -------
    dict of float array, shape (count, people)
        Natural scale, by parameter.
    """
    pooling, people = method.get("pooling", "none"), setting.participants

    def drawn(prior: Mapping[str, Any], size: tuple[int, int]) -> Floats:
        """Draws from an entry of the config."""
        return Distribution.described(prior).frozen().rvs(size=size, random_state=rng)

    values = {}
    for parameter in setting.model.parameters:
        prior = method["priors"][parameter.name]
        if pooling == "partial":
            location, scale = (drawn(prior[part], (count, 1)) for part in ("location", "scale"))
            deviation = rng.standard_normal((count, people))
            values[parameter.name] = parameter.to_natural(location + scale * deviation)
        else:
            size = (count, 1 if pooling == "complete" else people)
            values[parameter.name] = np.repeat(drawn(prior, size), people // size[1], axis=1)
    return values


def posterior_draws(
    method: Mapping[str, Any],
    setting: Setting,
    data: Observations,
    count: int,
    seed: np.random.SeedSequence,
) -> dict[str, Floats]:
    """Draws of all participants' parameters from the posterior of a data set.

    Parameters
    ----------
    method, setting, count
        As for `prior_draws`.
    data : Observations
        As many participants as the setting says.
    seed : SeedSequence
        Of grids' draws, or of the sampler, as in its `fit`.

    Returns
    -------
    dict of float array, shape (count, people)
        Natural scale, by parameter; of a sampler evenly spaced ones over all its chains.
    """
    alone = [data.rows(slice(i, i + 1)) for i in range(setting.participants)]
    if method["estimator"] == "quadrature":
        return _grid_draws(method, setting, alone, count, seed)
    from rlrecovery.fit.bayes import Bayes, draws_of

    fitter, pooling = Bayes.of(method, setting), method["pooling"]
    if pooling == "none":
        seeds = zip(alone, seed.spawn(len(alone)), strict=True)
        runs = [fitter.sample(mine, child)[0] for mine, child in seeds]
    else:
        runs = [fitter.sample(data, seed)[0]] * len(alone)
    level = "group" if pooling == "complete" else "participant"

    def of(name: str) -> Floats:
        """Draws of one parameter."""
        mine = [draws_of((level, i, name), run, pooling).ravel() for i, run in enumerate(runs)]
        spaced = np.linspace(0, len(mine[0]) - 1, count).round().astype(int)
        return np.stack(mine, axis=1)[spaced]

    return {name: of(name) for name in setting.model.names}


def _grid_draws(
    method: Mapping[str, Any],
    setting: Setting,
    alone: Sequence[Observations],
    count: int,
    seed: np.random.SeedSequence,
) -> dict[str, Floats]:
    """Draws of each participant's exact posterior."""
    from rlrecovery.fit.quadrature import Quadrature

    fitter, drawn = Quadrature.of(method, setting), []
    for mine, child in zip(alone, seed.spawn(len(alone)), strict=True):
        grid, _ = fitter.integrate(mine)
        drawn.append(grid.draws(count, np.random.default_rng(child)))
    columns = np.stack(drawn, axis=1).transpose(2, 0, 1)
    return dict(zip(setting.model.names, columns, strict=True))


# --- choices that draws make --------------------------------------------------------------------


def forward(
    model: Model,
    task: Task,
    values: Mapping[str, Floats],
    observed: Observed,
    rng: np.random.Generator,
) -> Statistics:
    """Statistics of data sets in which participants do the task anew.

    The same trials are without a response, blocks have the same lengths, and arms that drift make
    new walks.

    Parameters
    ----------
    model : Model
        How participants learn and choose.
    task : Task
        What pays.
    values : mapping of float array, shape (draws, people)
        Parameters by name, natural scale.
    observed : Observed
        The data set that is checked.
    rng : Generator
        Of choices and rewards.

    Returns
    -------
    dict
        As of `statistics`, an array of shape (draws,) each.
    """
    course = _Course.of(task, observed)
    parts = []
    for part in _parts(values, course.missing.size):
        mine = {name: drawn[part] for name, drawn in values.items()}
        choices, rewards, means = course.run(model, mine, rng)
        means = None if observed.means is None else means
        known = (observed.blocks, means, task.neutral, task.n_arms)
        parts.append(statistics(choices, rewards, *known))
    return _joined(parts)


@dataclass(frozen=True)
class _Course:
    """A data set's trials, in rows over which learning and arms go on.

    Where learning starts again with each block a row is a block of a participant, whatever the
    lengths of the blocks; else it is a participant.

    Attributes
    ----------
    task : Task
        What a row faces.
    row, place : int array, shape (people, trials)
        Where each trial of the data set stands.
    person : int array, shape (rows,)
        Whose row it is.
    trial : int array, shape (rows, length)
        Which trial of the data set each is; 0 beyond the end of a row.
    missing : bool array, shape (rows, length)
        Trials without a response.
    """

    task: Task
    row: Integers
    place: Integers
    person: Integers
    trial: Integers
    missing: NDArray[np.bool_]

    @classmethod
    def of(cls, task: Task, observed: Observed) -> _Course:
        """The rows of a data set."""
        people, trials = observed.choices.shape
        start = _start_of_block(observed.blocks * task.reset)
        place = np.arange(trials) - start
        row = np.cumsum(place == 0).reshape(people, trials) - 1
        shape = (int(row[-1, -1]) + 1, int(place.max()) + 1)
        person, trial = np.zeros(shape[0], dtype=np.int64), np.zeros(shape, dtype=np.int64)
        missing = np.ones(shape, dtype=bool)
        person[row] = np.arange(people)[:, None]
        trial[row, place] = np.arange(trials)
        missing[row, place] = observed.choices < 0
        one_block = task.reset or task.steady or task.schedule is not None
        return cls(replace(task, blocks=1) if one_block else task, row, place, person, trial,
                   missing)  # fmt: skip

    def run(
        self, model: Model, values: Mapping[str, Floats], rng: np.random.Generator
    ) -> tuple[Integers, Floats, Floats]:
        """Choices, rewards and means of (draws, people, trials), given values (draws, people)."""
        draws = len(next(iter(values.values())))
        rows, length = self.missing.shape
        everyone = {name: drawn[:, self.person].ravel() for name, drawn in values.items()}
        if self.task.schedule:
            means = np.tile(np.array(self.task.schedule.values)[self.trial], (draws, 1, 1))
        else:
            means = self.task.means(draws * rows, length, rng)
        uniform = rng.random((draws * rows, length, self.task.numbers))
        missing = np.tile(self.missing, (draws, 1))
        done = behave(model, everyone, self.task, uniform, missing, means)

        def back(array: Any) -> Any:
            """From rows to participants and trials."""
            apart = array.reshape(draws, rows, *array.shape[1:])
            return apart[:, self.row, self.place]

        return back(done.choices), back(done.rewards), back(done.means)


def one_step(
    model: Model,
    task: Task,
    values: Mapping[str, Floats],
    observed: Observed,
    rng: np.random.Generator,
) -> Statistics:
    """Statistics of choices that are drawn one by one, each given what was observed before it.

    What a response repeats, and whether that was a win, is read from the observed history. As
    `forward` otherwise.
    """
    data, gone = observed.data(task.reset), observed.choices < 0
    theta = np.stack([values[name] for name in model.names], axis=-1)
    known = (observed.rewards, observed.blocks, observed.means, task.neutral, task.n_arms)
    parts = []
    for part in _parts(values, gone.size):
        drawn = np.stack(
            [
                _drawn(probabilities(model, task, data.rows(slice(i, i + 1)), theta[part, i]), rng)
                for i in range(len(gone))
            ],
            axis=1,
        )
        choices = np.where(gone, -1, drawn)
        parts.append(statistics(choices, *known, history=(observed.choices, observed.rewards)))
    return _joined(parts)


def probabilities(model: Model, task: Task, data: Observations, theta: Floats) -> Floats:
    """Choice probabilities of one participant, each given what was observed before the trial.

    Parameters
    ----------
    model, task
        As for `forward`.
    data : Observations
        One participant: arrays of shape (1, trials).
    theta : float array, shape (draws, parameters)
        Natural scale.

    Returns
    -------
    float array, shape (draws, trials, arms)
        Equal for all arms where no response was given: it means nothing there.
    """
    from rlrecovery.likelihood.compiled import Logits, compiled

    function = compiled(Logits(model, task.n_arms, task.start_value, task.full))
    logits, _ = function(data.choices, data.rewards, data.starts, np.ascontiguousarray(theta))
    return softmax(logits)


def _drawn(probability: Floats, rng: np.random.Generator) -> Integers:
    """Arms drawn by their probabilities along the last axis."""
    cumulative = probability.cumsum(axis=-1)
    uniform = rng.random(cumulative.shape[:-1])[..., None] * cumulative[..., -1:]
    return (cumulative[..., :-1] <= uniform).sum(axis=-1)


def _parts(values: Mapping[str, Floats], size: int) -> Iterator[slice]:
    """Draws cut so that about `AT_ONCE` trials of participants are in memory at once."""
    draws, step = len(next(iter(values.values()))), max(1, AT_ONCE // size)
    yield from (slice(first, first + step) for first in range(0, draws, step))


def _joined(parts: Sequence[Statistics]) -> Statistics:
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


# --- the check ----------------------------------------------------------------------------------


def check(
    method: Mapping[str, Any],
    setting: Setting,
    task: Task,
    observed: Observed,
    seed: np.random.SeedSequence,
    count: int = COUNT,
) -> pd.DataFrame:
    """Compare a data set with what prior and posterior predict, forward and one step ahead.

    Parameters
    ----------
    method : mapping
        An entry of the config's ``methods`` with estimator ``bayes`` or ``quadrature``.
    setting : Setting
        Of the method, with the sizes of the data set.
    task : Task
        What the participants faced.
    observed : Observed
        The data set.
    seed : SeedSequence
        Of everything random.
    count : int
        Draws of each kind.

    Returns
    -------
    DataFrame
        `PREDICTIVE`. The predictive p value is that of Gelman, Meng & Stern (1996), Statistica
        Sinica 6:733.
    """
    known = (observed.choices, observed.rewards, observed.blocks, observed.means)
    actual = statistics(*known, task.neutral, task.n_arms)
    of_prior, of_posterior, *others = seed.spawn(2 + len(OF) * len(WAYS))
    draws = {
        "prior": prior_draws(method, setting, count, np.random.default_rng(of_prior)),
        "posterior": posterior_draws(
            method, setting, observed.data(task.reset), count, of_posterior
        ),
    }
    rows: list[dict[str, Any]] = []
    for (of, way), child in zip(itertools.product(OF, WAYS), others, strict=True):
        make = forward if way == "forward" else one_step
        found = make(setting.model, task, draws[of], observed, np.random.default_rng(child))
        rows += [{"of": of, "way": way, **_row(key, actual[key], found[key])} for key in found]
    return conform(rows, PREDICTIVE)


def _row(key: Key, actual: Any, drawn: Floats) -> dict[str, Any]:
    """A statistic's row of `PREDICTIVE`; draws in which it is missing do not count."""
    drawn, actual, (name, trial) = drawn[np.isfinite(drawn)], float(actual), key
    row = {"statistic": name, "trial": math.nan if trial is None else trial, "observed": actual}
    ends = ("lower_50", "upper_50", "lower_95", "upper_95")
    if not len(drawn):
        return row | dict.fromkeys(("mean", *ends, "p"), math.nan)
    quantiles = np.quantile(drawn, [0.25, 0.75, 0.025, 0.975])
    p = float(np.mean(drawn > actual) + np.mean(drawn == actual) / 2)
    numbers = {"mean": drawn.mean(), **dict(zip(ends, quantiles, strict=True))}
    return row | numbers | {"p": p if math.isfinite(actual) else math.nan}


def write_check(
    cell: Mapping[str, Any],
    generator: Mapping[str, Any],
    methods: Mapping[str, Mapping[str, Any]],
    observed_file: str | None,
    output: str,
) -> None:
    """Check a data set and write the table.

    Parameters
    ----------
    cell, generator : mapping
        As for `rlrecovery.simulate.batch.simulate_replicate`.
    methods : mapping
        The one method by its name, or none: the table then has no rows.
    observed_file : str, optional
        A lab's own data, see `read_observed`; without, the first data set of the cell is checked.
    output : str
        Path to write; a table without rows if the method failed.

    Raises
    ------
    BrokenFile
        If there is a mistake in the observed data.
    """
    from rlrecovery.fit.base import Setting, sentence

    task, identity = task_from_config(generator["task"]), identity_of(cell, generator)
    if observed_file:  # what is drawn for them must not depend on what else a study simulates
        observed, identity = read_observed(observed_file, task), {"task": said(generator["task"])}
    else:
        observed = simulated(cell, generator)
    table, (people, trials) = conform([], PREDICTIVE), observed.choices.shape
    seed = seed_sequence(generator["seed"], identity, REPLICATE, "predictive")
    for name, method in methods.items():
        sizes = {"participants": people, "trials": trials}
        setting = Setting.of(method, generator["task"], sizes, levels=())
        try:
            with threadpool_limits(1):
                table = check(method, setting, task, observed, seed)
            log.info("checked %d participants and %d trials by %s", people, trials, name)
        except MACHINE:
            raise
        except Exception as failure:  # as in a fit: one failure stops no study, the figure says so
            log.warning("%s gave no predictive check: %s", name, sentence(failure))
    write_table(table, output)


def simulated(cell: Mapping[str, Any], generator: Mapping[str, Any]) -> Observed:
    """The example data set of a cell, with the means that its participants faced."""
    _, behaviour = simulate_replicate(cell, generator, REPLICATE)
    blocks = task_from_config(generator["task"]).block_of_trial(cell["trials"])
    return Observed(
        choices=behaviour.choices,
        rewards=behaviour.rewards,
        blocks=np.tile(blocks, (cell["participants"], 1)),
        means=behaviour.means,
        outcomes=behaviour.outcomes,
    )


# --- a lab's own data ---------------------------------------------------------------------------

#: How a lab's software may write that there is nothing.
NOTHING = ("", "na", "nan")
NEEDED = ("participant", "trial", "choice", "reward")


def read_observed(path: str | os.PathLike[str], task: Task) -> Observed:
    """A lab's own data, with the means of the arms where the task alone decides them.

    Parameters
    ----------
    path : path
        A CSV file with the columns ``participant`` (any names), ``trial`` (whole numbers that
        count through all blocks), ``choice`` (from 0; -1 or empty where no response was given) and
        ``reward``, and perhaps ``block`` (any names; a new one wherever the name changes). Where
        feedback is full ``reward_0``, ``reward_1``... are the outcomes of the arms. More columns
        are ignored. Without ``block`` the blocks are those of the task.
    task : Task
        What the participants faced.

    Raises
    ------
    BrokenFile
        With one sentence: the file, the line or column, and what is allowed.
    """
    rows = [_Line.of(f"{path}, line {line}", cells, task) for line, cells in _lines(path, task)]
    people = {name: i for i, name in enumerate(dict.fromkeys(row.participant for row in rows))}
    first, length = _numbering(path, rows)
    person = np.array([people[row.participant] for row in rows])
    trial = np.array([row.trial - first for row in rows])

    def filled(values: Any, blank: Any) -> Any:
        """Values of the rows as (people, trials, ...), with a blank where there is no row."""
        values = np.array(values)
        table = np.full((len(people), length, *values.shape[1:]), blank, dtype=values.dtype)
        table[person, trial] = values
        return table

    choices = filled([row.choice for row in rows], -1)
    if not (choices >= 0).any():
        raise BrokenFile(f"{path} has no response at all: every choice is empty or -1")
    blocks = _blocks(path, task, filled([row.block for row in rows], ""))
    if task.schedule and length > len(task.schedule.values):
        known = len(task.schedule.values)
        raise BrokenFile(
            f"{path} has {length} trials, but the task's schedule has {known}: it must have one "
            "for every trial"
        )
    outcomes = filled([row.outcomes for row in rows], math.nan) if task.full else None
    rewards = filled([row.reward for row in rows], math.nan)
    return Observed(choices, rewards, blocks, known_means(task, blocks), outcomes)


@dataclass(frozen=True)
class _Line:
    """One line of a lab's file; `outcomes` are empty where feedback is partial."""

    where: str
    participant: str
    trial: int
    choice: int
    reward: float
    block: str
    outcomes: tuple[float, ...]

    @classmethod
    def of(cls, where: str, cells: Mapping[str, str], task: Task) -> _Line:
        """Read a line, or say what is wrong with it."""
        for name in ("participant", "block"):
            if not cells.get(name, "given"):
                raise BrokenFile(f"{where}: {name} is empty, but must be a name or a number")
        trial = _number(cells["trial"])
        if not trial.is_integer():
            wrong = f"{where}: trial is {cells['trial']!r}"
            raise BrokenFile(f"{wrong}, but must be a whole number that counts trials")
        choice, arms = _choice(where, cells["choice"], task.n_arms), range(task.n_arms)
        reward, outcomes = math.nan, (math.nan,) * task.n_arms
        if choice >= 0:
            reward = _reward(where, "reward", cells["reward"], task)
        if choice >= 0 and task.full:
            names = [f"reward_{arm}" for arm in arms]
            outcomes = tuple(_reward(where, name, cells[name], task) for name in names)
            if outcomes[choice] != reward:
                wrong = f"{where}: reward is {reward:g} but {names[choice]} is {outcomes[choice]:g}"
                raise BrokenFile(f"{wrong}; they must be the same where arm {choice} was chosen")
        block = cells.get("block", "")
        return cls(where, cells["participant"], int(trial), choice, reward, block, outcomes)


def _number(text: str) -> float:
    """A number; NaN where a text is none, or not a finite one."""
    try:
        value = math.nan if "_" in text else float(text)
    except ValueError:
        value = math.nan
    return value if math.isfinite(value) else math.nan


def _choice(where: str, text: str, n_arms: int) -> int:
    value = -1.0 if text.lower() in NOTHING else _number(text)
    if not value.is_integer() or not -1 <= value < n_arms:
        arms = ", ".join(map(str, range(n_arms)))
        raise BrokenFile(
            f"{where}: choice is {text!r}, but must be one of the arms {arms}, or -1 or empty "
            "where no response was given"
        )
    return int(value)


def _reward(where: str, name: str, text: str, task: Task) -> float:
    value = _number(text)
    if math.isnan(value):
        wrong = f"{where}: {name} is {text!r}" if text else f"{where}: {name} is empty"
        raise BrokenFile(f"{wrong}, but must be a number where a response was given")
    as_given = task.schedule is not None and task.schedule.holds == "rewards"
    if task.sd is None and not as_given and value not in (0, 1):
        raise BrokenFile(f"{where}: {name} is {text!r}, but must be 1 or 0: so the task pays")
    return value


def _lines(path: str | os.PathLike[str], task: Task) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of a file below its header, with their numbers, as texts by column."""
    needed = [*NEEDED, *(f"reward_{k}" for k in range(task.n_arms) if task.full)]
    must = f"it must be a CSV file with the columns {', '.join(needed)}"
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:  # Excel marks UTF-8
            reader = csv.reader(file)
            lines = [(reader.line_num, [cell.strip() for cell in line]) for line in reader]
    except FileNotFoundError:
        raise BrokenFile(f"{path} is not there; {must}") from None
    except OSError as error:
        raise BrokenFile(f"{path} cannot be read ({error.strerror}); {must}") from None
    except UnicodeDecodeError:
        raise BrokenFile(f"{path} is not text in UTF-8; {must}") from None
    except csv.Error as error:
        raise BrokenFile(f"{path} cannot be read as CSV ({error}); {must}") from None
    lines = [(number, line) for number, line in lines if any(line)]
    if not lines:
        raise BrokenFile(f"{path} is empty; {must}")
    header = lines[0][1]
    for name in needed:
        if name not in header:
            raise BrokenFile(f"{path} lacks the column {name}; {must}, with commas in between")
    for name in (*needed, "block"):
        if header.count(name) > 1:
            raise BrokenFile(f"{path} has the column {name} more than once; keep one of them")
    if len(lines) < 2:
        raise BrokenFile(f"{path} has a header and no trial below it; {must}, a trial per line")
    for number, line in lines[1:]:
        if len(line) != len(header):
            wrong = f"{path}, line {number} has {len(line)} values"
            raise BrokenFile(f"{wrong}, but must have {len(header)}, as the header has")
        yield number, dict(zip(header, line, strict=True))


def _numbering(path: str | os.PathLike[str], rows: Sequence[_Line]) -> tuple[int, int]:
    """Number of the first trial, and how many there are."""
    seen: dict[tuple[str, int], str] = {}
    for row in rows:
        key = (row.participant, row.trial)
        if key in seen:
            again = f"{row.where}: participant {row.participant!r} has a trial {row.trial} again"
            line = seen[key].rsplit(", ", 1)[-1]
            raise BrokenFile(f"{again}, as in {line}; trials must count on through all blocks")
        seen[key] = row.where
    numbers = sorted({row.trial for row in rows})
    for before, after in itertools.pairwise(numbers):
        if after != before + 1:
            raise BrokenFile(
                f"{path}: column trial goes from {before} to {after}, but must count by 1; a trial "
                "without a response is a line with an empty choice"
            )
    return numbers[0], len(numbers)


def _blocks(path: str | os.PathLike[str], task: Task, names: NDArray[np.str_]) -> Integers:
    """Blocks of all trials, from 0; where there is no line, that of the trial before."""
    people, trials = names.shape
    divides = trials % task.blocks == 0
    if not (names != "").any():
        if not divides:
            raise BrokenFile(
                f"{path}: its count of trials, {trials}, makes no {task.blocks} equal blocks, as "
                "the task has them; give it a column block"
            )
        return np.tile(task.block_of_trial(trials), (people, 1))
    latest = np.maximum.accumulate(np.where(names != "", np.arange(trials), 0), axis=1)
    names = np.take_along_axis(names, latest, axis=1)
    # Before a participant's first line there is no name: that is part of the first block.
    change = (names[:, 1:] != names[:, :-1]) & (names[:, :-1] != "")
    blocks = np.cumsum(np.pad(change, ((0, 0), (1, 0))), axis=1)
    goes_on = not task.reset and not task.steady and task.schedule is None
    if goes_on and not (divides and (blocks == task.block_of_trial(trials)).all()):
        raise BrokenFile(
            f"{path}: column block must have the {task.blocks} equal blocks of the task, because "
            "its arms change while learning goes on from block to block"
        )
    return blocks


def known_means(task: Task, blocks: Integers) -> Floats | None:
    """Mean rewards that a task alone decides, shape (people, trials, arms).

    None where they depend on a random walk or on what participants chose.
    """
    if task.drift or (task.reversals and task.reversals.correct):
        return None
    people, trials = blocks.shape
    if task.schedule:
        return np.tile(np.array(task.schedule.values)[None, :trials], (people, 1, 1))
    place = np.arange(trials) - _start_of_block(blocks)
    length = int(place.max()) + 1
    return replace(task, blocks=1).means(1, length, np.random.default_rng(0))[0][place]
