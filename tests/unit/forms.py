"""Data sets of every kind, and the forms of the likelihood that must agree on them.

The definition is evaluated by Python: what it says does not depend on machine code, of which a scan
with its gradient is a minute's work. Slow tests hold its machine code to it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from pytensor.graph.rewriting.db import RewriteDatabaseQuery
from pytensor.link.vm import VMLinker
from reference import WALKS, Walk, central_differences
from scipy.special import log_softmax

from rlrecovery.kernel import LogLikelihood, compiled
from rlrecovery.likelihood import Observations, observations_from_table, trace
from rlrecovery.models import MODELS, Model

#: Another start value for each number of arms: all three conventions are in use in the field.
START = {2: 0.5, 3: 1 / 3, 4: 0.0}

REWARDS = ("bernoulli", "gaussian")
PATTERNS = ("plain", "missing", "ragged", "blocks", "everything")

every_model = pytest.mark.parametrize("model", list(MODELS))
every_reward = pytest.mark.parametrize("rewards", REWARDS)
every_pattern = pytest.mark.parametrize("pattern", PATTERNS)
every_number_of_arms = pytest.mark.parametrize("n_arms", [2, 3, 4])

#: A graph's stable form, but no machine code: NumPy evaluates operation after operation.
INTERPRETED = Mode(
    VMLinker(use_cloop=False, c_thunks=False),
    RewriteDatabaseQuery(include=["fast_run"], exclude=["fusion", "inplace"]),
)


@dataclass(frozen=True)
class Case:
    """Trials of a few participants with a parameter vector for each."""

    model: str
    n_arms: int
    trials: pd.DataFrame
    theta: np.ndarray

    @functools.cached_property
    def data(self) -> Observations:
        return observations_from_table(self.trials)

    @functools.cached_property
    def scanned(self) -> Scanned:
        """What the definition says."""
        return scan(self.model, self.n_arms, self.data, self.theta)

    @functools.cached_property
    def walks(self) -> list[Walk]:
        """The reference's walk of each participant."""
        return [self.walk(i, theta) for i, theta in enumerate(self.theta)]

    def walk(self, participant: int, theta: np.ndarray) -> Walk:
        mine = self.trials[self.trials["participant"] == participant]
        columns = [mine[name].tolist() for name in ("choice", "reward", "block")]
        return walk_of(self.model)(theta, *columns, self.n_arms, START[self.n_arms])

    @property
    def totals(self) -> np.ndarray:
        return np.array([walk.value for walk in self.walks])

    @functools.cached_property
    def numerical_gradient(self) -> np.ndarray:
        return np.array(
            [
                central_differences(lambda x, i=i: self.walk(i, x).value, theta)
                for i, theta in enumerate(self.theta)
            ]
        )


@dataclass(frozen=True)
class Scanned:
    """Everything that the scan says about a case, as NumPy arrays."""

    pointwise: np.ndarray
    logits: np.ndarray
    gradient: np.ndarray
    states: dict[str, np.ndarray]

    @property
    def totals(self) -> np.ndarray:
        return self.pointwise.sum(axis=1)


def frame(participant: int, choices, rewards, blocks=None) -> pd.DataFrame:
    """Trials of one participant."""
    blocks = np.zeros(len(choices), dtype=int) if blocks is None else blocks
    return pd.DataFrame(
        {
            "participant": participant,
            "block": np.asarray(blocks, dtype=int),
            "trial": np.arange(len(choices)),
            "choice": np.asarray(choices, dtype=int),
            "reward": np.asarray(rewards, dtype=float),
        }
    )


def _participant(rng, i: int, n_arms: int, rewards: str, pattern: str) -> pd.DataFrame:
    everything = pattern == "everything"
    length = (24, 15, 1)[i] if pattern == "ragged" or everything else 24
    choices = rng.integers(n_arms, size=length)
    paid = rng.integers(2, size=length) if rewards == "bernoulli" else rng.normal(0.3, 1.2, length)
    blocks = np.arange(length) // 6 if pattern == "blocks" or everything else np.zeros(length)
    if pattern == "missing" or everything:
        gone = rng.random(length) < 0.25
        gone[[0, 6 % length]] |= i == 0  # the first trial of all, and the first of a block
        choices, paid = np.where(gone, -1, choices), np.where(gone, np.nan, paid)
    return frame(i, choices, paid, blocks)


#: Ordinary values of a parameter by its transform: rates in (0, 1), inverse temperatures up to 6.
ORDINARY = {
    "logit": lambda rng, count: rng.uniform(0.05, 0.95, count),
    "log": lambda rng, count: rng.uniform(0.3, 6, count),
    "identity": lambda rng, count: rng.normal(0, 2, count),
}


def random_theta(model: str, participants: int, rng) -> np.ndarray:
    """Ordinary parameters of some participants."""
    columns = [ORDINARY[p.transform](rng, participants) for p in MODELS[model].parameters]
    return np.column_stack(columns)


def walk_of(model: str) -> Callable[..., Walk]:
    """A model's loop from the papers; where there is none, a plain loop over its definition."""
    return WALKS.get(model) or functools.partial(by_definition, MODELS[model])


def by_definition(model: Model, theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """One participant's trials with a model's own functions on NumPy arrays."""
    p = model.bind(dict(zip(model.names, map(float, theta), strict=True)), start_value, n_arms)
    block, pointwise, seen, probabilities = None, [], [], []
    for choice, reward, this_block in zip(choices, rewards, blocks, strict=True):
        if this_block != block:
            state = {n: np.full(n_arms, float(v)) for n, v in model.initial(p).items()}
            block = this_block
        log_p = log_softmax(model.logit(state, p) + np.zeros(n_arms))
        seen.append(state)
        probabilities.append(np.exp(log_p))
        pointwise.append(log_p[choice] if choice >= 0 else 0.0)
        if choice >= 0:
            state = model.update(state, np.eye(n_arms)[choice], np.array([reward]), p)
    states = {name: np.array([s[name] for s in seen]) for name in seen[0]}
    return Walk(np.array(pointwise), states, np.array(probabilities))


@functools.cache
def make_case(model: str, n_arms: int, rewards: str, pattern: str) -> Case:
    """Three participants' random choices: nothing in them comes from the package's simulator."""
    rng = np.random.default_rng([n_arms, REWARDS.index(rewards), PATTERNS.index(pattern)])
    trials = [_participant(rng, i, n_arms, rewards, pattern) for i in range(3)]
    return Case(model, n_arms, pd.concat(trials, ignore_index=True), random_theta(model, 3, rng))


def without_machine_code():
    """A context in which PyTensor and PyMC make functions that Python evaluates."""
    return pytensor.config.change_flags(mode=INTERPRETED, cxx="")


def interpreted(inputs, outputs):
    """A graph as a function that Python evaluates."""
    with without_machine_code():
        return pytensor.function(inputs, outputs)


@functools.cache
def scan_function(model: str, n_arms: int, make=interpreted):
    """The definition with its gradient as a function, and the names of the states it returns."""
    theta = pt.dmatrix("theta")
    data = Observations(pt.lmatrix("choices"), pt.dmatrix("rewards"), pt.dmatrix("starts"))
    columns = {name: theta[:, i] for i, name in enumerate(MODELS[model].names)}
    scan = trace(MODELS[model], columns, data, n_arms, START[n_arms])
    gradient = pt.grad(scan.pointwise.sum(), theta)
    outputs = [scan.pointwise, scan.logits, gradient, *scan.states.values()]
    return make([data.choices, data.rewards, data.starts, theta], outputs), tuple(scan.states)


def scan(model: str, n_arms: int, data: Observations, theta, make=interpreted) -> Scanned:
    """The definition: the package's scan."""
    function, names = scan_function(model, n_arms, make)
    pointwise, logits, gradient, *states = function(
        data.choices, data.rewards, data.starts, np.asarray(theta, dtype=float)
    )
    return Scanned(pointwise, logits, gradient, dict(zip(names, states, strict=True)))


def kernel(model: str, n_arms: int, data: Observations, theta) -> tuple[np.ndarray, np.ndarray]:
    """The compiled form: values and gradients."""
    function = compiled(LogLikelihood(model, n_arms, START[n_arms]))
    return function(data.choices, data.rewards, data.starts, np.asarray(theta, dtype=float))


def assert_same_gradient(
    actual: np.ndarray, expected: np.ndarray, tolerance: float, rounding: float | np.ndarray = 1e-15
) -> None:
    """Differences are small beside the largest component of each participant's gradient.

    Where all components are nothing but rounding (one trial teaches nothing), they may differ by
    that.
    """
    assert actual.shape == expected.shape
    assert np.isfinite(actual).all()
    scale = np.abs(expected).max(axis=1, keepdims=True)
    assert (np.abs(actual - expected) <= tolerance * scale + rounding).all(), (actual, expected)
