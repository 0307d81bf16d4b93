"""Data sets of every kind, and the forms of the likelihood that must agree on them.

The definition is evaluated by Python: what it says does not depend on machine code, of which a scan
with its gradient is a minute's work. Slow tests hold its machine code to it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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

from rlrecovery.likelihood.compiled import LogLikelihood, compiled
from rlrecovery.likelihood.scan import Observations, observations_from_table, trace
from rlrecovery.models.library import MODELS, Model, find_model

#: Another start value for each number of arms: all three conventions are in use in the field.
START = {2: 0.5, 3: 1 / 3, 4: 0.0}

REWARDS = ("bernoulli", "gaussian")
PATTERNS = ("plain", "missing", "ragged", "blocks", "everything")
FEEDBACK = ("partial", "full")

#: What may be changed in a model; it stands behind a plus sign after the model's name.
VARIANTS = ("lapse", "start", "fixed", "all")
#: Where a parameter is fixed, by its transform.
FIXED = {"logit": 0.35, "log": 2.5, "identity": -0.7}


def changes(model: str) -> dict[str, Any]:
    """What a variant changes: as the config says it, without the variant's name.

    ``fixed`` holds the first parameter; ``all`` the last, with a lapse rate and a free start.
    """
    base, _, variant = model.partition("+")
    every, first, last = variant == "all", MODELS[base].parameters[0], MODELS[base].parameters[-1]
    held = {"fixed": [first], "all": [last]}.get(variant, [])
    return {
        "model": base,
        "fixed": {parameter.name: FIXED[parameter.transform] for parameter in held},
        "lapse": every or variant == "lapse",
        "start_value": "free" if every or variant == "start" else "task",
    }


def definition(model: str) -> Model:
    """The model of a name, or the variant of it that stands behind a plus sign."""
    return find_model({"name": model, **changes(model)}) if "+" in model else MODELS[model]


def _makes_sense(base: str, variant: str) -> bool:
    """A parameter must be left, and a start value needs values."""
    model = MODELS[base]
    state = model.initial(model.bind(dict.fromkeys(model.names, 0.5), 0.0, 2))
    return {"lapse": True, "fixed": len(model.parameters) > 1}.get(variant, "q" in state)


every_model = pytest.mark.parametrize("model", list(MODELS))
every_variant = pytest.mark.parametrize(
    "model", [f"{m}+{v}" for m in MODELS for v in VARIANTS if _makes_sense(m, v)]
)
every_feedback = pytest.mark.parametrize("feedback", FEEDBACK)
full_feedback = pytest.mark.parametrize("feedback", ["full"])
#: What variants go through: every combination would be an hour of compilation.
some_tasks = pytest.mark.parametrize(
    ("n_arms", "feedback"), [(2, "partial"), (3, "partial"), (3, "full")]
)
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
        choices, blocks = mine["choice"].tolist(), mine["block"].tolist()
        own = [f"reward_{k}" for k in range(self.n_arms) if f"reward_{k}" in mine]
        rewards = mine[own].to_numpy() if own else mine["reward"].tolist()
        start = START[self.n_arms]
        return walk_of(self.model)(theta, choices, rewards, blocks, self.n_arms, start)

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
    """Trials of one participant; rewards, or the outcomes of all arms along one more axis."""
    blocks = np.zeros(len(choices), dtype=int) if blocks is None else blocks
    choices, paid = np.asarray(choices, dtype=int), np.asarray(rewards, dtype=float)
    outcomes = paid.T if paid.ndim == 2 else []
    own = paid[np.arange(len(choices)), choices] if paid.ndim == 2 else paid
    return pd.DataFrame(
        {
            "participant": participant,
            "block": np.asarray(blocks, dtype=int),
            "trial": np.arange(len(choices)),
            "choice": choices,
            "reward": own,
        }
        | {f"reward_{k}": each for k, each in enumerate(outcomes)}
    )


def _participant(rng, i: int, n_arms: int, rewards: str, pattern: str, full: bool) -> pd.DataFrame:
    everything = pattern == "everything"
    length = (24, 15, 1)[i] if pattern == "ragged" or everything else 24
    choices = rng.integers(n_arms, size=length)
    shape = (length, n_arms) if full else length
    paid = rng.integers(2, size=shape) if rewards == "bernoulli" else rng.normal(0.3, 1.2, shape)
    blocks = np.arange(length) // 6 if pattern == "blocks" or everything else np.zeros(length)
    if pattern == "missing" or everything:
        gone = rng.random(length) < 0.25
        gone[[0, 6 % length]] |= i == 0  # the first trial of all, and the first of a block
        choices = np.where(gone, -1, choices)
        paid = np.where(gone[:, None] if full else gone, np.nan, paid)
    return frame(i, choices, paid, blocks)


#: Ordinary values of a parameter by its transform: rates in (0, 1), inverse temperatures up to 6.
ORDINARY = {
    "logit": lambda rng, count: rng.uniform(0.05, 0.95, count),
    "log": lambda rng, count: rng.uniform(0.3, 6, count),
    "identity": lambda rng, count: rng.normal(0, 2, count),
}


def random_theta(model: str, participants: int, rng) -> np.ndarray:
    """Ordinary parameters of some participants."""
    columns = [ORDINARY[p.transform](rng, participants) for p in definition(model).parameters]
    return np.column_stack(columns)


def walk_of(model: str) -> Callable[..., Walk]:
    """A model's loop from the papers; where there is none, a plain loop over its definition."""
    loop = WALKS.get(model.partition("+")[0])
    if loop is None:
        return functools.partial(by_definition, definition(model))
    return functools.partial(varied, loop, model) if "+" in model else loop


def varied(loop, model: str, theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """A loop from the papers, with the parameters of a variant in their places."""
    change = changes(model)
    values = change["fixed"] | dict(zip(definition(model).names, theta, strict=True))
    own = [values[name] for name in MODELS[change["model"]].names]
    start = values.get("start_value", start_value)
    return loop(own, choices, rewards, blocks, n_arms, start, values.get("lapse"))


def by_definition(model: Model, theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """One participant's trials with a model's own functions on NumPy arrays."""
    values, full = dict(zip(model.names, map(float, theta), strict=True)), np.ndim(rewards) == 2
    p = model.bind(values, start_value, n_arms, full=full)
    block, pointwise, seen, probabilities = None, [], [], []
    for choice, reward, this_block in zip(choices, rewards, blocks, strict=True):
        if this_block != block:
            state = {n: np.full(n_arms, float(v)) for n, v in model.initial(p).items()}
            block = this_block
        log_p = log_softmax(model.choice_logits(state, p, np.zeros(n_arms)))
        seen.append(state)
        probabilities.append(np.exp(log_p))
        pointwise.append(log_p[choice] if choice >= 0 else 0.0)
        if choice >= 0:
            state = model.update(state, np.eye(n_arms)[choice], np.atleast_1d(reward), p)
    states = {name: np.array([s[name] for s in seen]) for name in seen[0]}
    return Walk(np.array(pointwise), states, np.array(probabilities))


@functools.cache
def make_case(
    model: str, n_arms: int, rewards: str, pattern: str, feedback: str = "partial"
) -> Case:
    """Three participants' random choices: nothing in them comes from the package's simulator."""
    rng = np.random.default_rng([n_arms, REWARDS.index(rewards), PATTERNS.index(pattern)])
    full = feedback == "full"
    trials = [_participant(rng, i, n_arms, rewards, pattern, full) for i in range(3)]
    return Case(model, n_arms, pd.concat(trials, ignore_index=True), random_theta(model, 3, rng))


def without_machine_code():
    """A context in which PyTensor and PyMC make functions that Python evaluates."""
    return pytensor.config.change_flags(mode=INTERPRETED, cxx="")


def interpreted(inputs, outputs):
    """A graph as a function that Python evaluates."""
    with without_machine_code():
        return pytensor.function(inputs, outputs)


@functools.cache
def scan_function(model: str, n_arms: int, full: bool = False, make=interpreted):
    """The definition with its gradient as a function, and the names of the states it returns."""
    theta, rewards = pt.dmatrix("theta"), (pt.dtensor3 if full else pt.dmatrix)("rewards")
    data = Observations(pt.lmatrix("choices"), rewards, pt.dmatrix("starts"))
    columns = {name: theta[:, i] for i, name in enumerate(definition(model).names)}
    scan = trace(definition(model), columns, data, n_arms, START[n_arms])
    gradient = pt.grad(scan.pointwise.sum(), theta)
    outputs = [scan.pointwise, scan.logits, gradient, *scan.states.values()]
    return make([data.choices, data.rewards, data.starts, theta], outputs), tuple(scan.states)


def scan(model: str, n_arms: int, data: Observations, theta, make=interpreted) -> Scanned:
    """The definition: the package's scan."""
    function, names = scan_function(model, n_arms, data.rewards.ndim == 3, make)
    pointwise, logits, gradient, *states = function(
        data.choices, data.rewards, data.starts, np.asarray(theta, dtype=float)
    )
    return Scanned(pointwise, logits, gradient, dict(zip(names, states, strict=True)))


def settings(model: str, n_arms: int, data: Observations) -> tuple[Model, int, float, bool]:
    """What a compiled form is made for: a model in a task."""
    return definition(model), n_arms, START[n_arms], data.rewards.ndim == 3


def kernel(model: str, n_arms: int, data: Observations, theta) -> tuple[np.ndarray, np.ndarray]:
    """The compiled form: values and gradients."""
    function = compiled(LogLikelihood(*settings(model, n_arms, data)))
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
