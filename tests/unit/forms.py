"""Data sets of every kind, and the forms of the likelihood that must agree on them.

Python evaluates the scan here: compiling one with its gradient takes a minute, and its values do
not depend on how it is evaluated (a slow test compares them). The scan is vectorised over
participants, so a case has participants of every kind and is evaluated once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

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

from rlrecovery.likelihood.compiled import compiled_gradient
from rlrecovery.likelihood.data import Observations, observations_from_table
from rlrecovery.likelihood.scan import trace
from rlrecovery.models.base import Learner, Model
from rlrecovery.models.library import MODELS
from rlrecovery.models.variants import ModelSpec

#: PyTensor stores a traceback with every variable by default, which takes a third of the time that
#: it needs to build a graph.
pytensor.config.traceback__limit = 0

#: A different start value for each number of arms: all three are used in the literature.
START = {2: 0.5, 3: 1 / 3, 4: 0.0}

REWARDS = ("bernoulli", "gaussian")
PATTERNS = ("plain", "missing", "ragged", "blocks", "everything")

#: What a variant changes; the name of the change follows the model's name and a plus sign.
VARIANTS = ("lapse", "start", "fixed", "all")
#: Values of fixed parameters, by transform.
FIXED = {"logit": 0.35, "log": 2.5, "identity": -0.7}


def changes(model: str) -> dict[str, Any]:
    """Changes of a variant, as in the config but without the name of the variant.

    ``fixed`` fixes the first parameter; ``all`` fixes the last one, and adds a lapse rate and a
    free start value.
    """
    base, _, variant = model.partition("+")
    every, parameters = variant == "all", MODELS[base].parameters
    held = {"fixed": [parameters[0]], "all": [parameters[-1]]}.get(variant, [])
    return {
        "model": base,
        "fixed": {parameter.name: FIXED[parameter.transform] for parameter in held},
        "lapse": every or variant == "lapse",
        "start_value": "free" if every or variant == "start" else "task",
    }


def definition(model: str) -> Model:
    """The model with this name, or a variant of it (``model+change``)."""
    return (
        ModelSpec.of({"name": model, **changes(model)}).model() if "+" in model else MODELS[model]
    )


def _is_possible(base: str, variant: str) -> bool:
    """Whether a parameter is left, and there is a value that a start value could set."""
    learner = Learner(MODELS[base], 2)
    state = learner.model.initial(learner.bind(dict.fromkeys(learner.names, 0.5)))
    return {"lapse": True, "fixed": len(learner.names) > 1}.get(variant, "q" in state)


class Shape(NamedTuple):
    """What a form of the likelihood is generated for: a model in a kind of task."""

    model: str
    n_arms: int
    feedback: str = "partial"

    @property
    def full(self) -> bool:
        return self.feedback == "full"

    @property
    def learner(self) -> Learner:
        return Learner(definition(self.model), self.n_arms, START[self.n_arms], self.full)

    def __str__(self) -> str:
        return f"{self.model}-{self.n_arms}-{self.feedback}"


ALL_VARIANTS = [f"{m}+{v}" for m in MODELS for v in VARIANTS if _is_possible(m, v)]
#: The models that are tested daily at every shape: the most common one, and one with more
#: parameters.
DAILY = ("rescorla_wagner", "rescorla_wagner_two_rates")
#: Every model and variant at one shape. Variants have larger graphs, so they get fewer arms.
ONE_SHAPE = [
    *(Shape(model, 3, feedback) for feedback in ("partial", "full") for model in MODELS),
    *(Shape(model, 2) for model in ALL_VARIANTS),
]
#: Shapes with stored values of the scan: every model and variant at one, two models at all.
STORED = [
    *ONE_SHAPE,
    Shape("rescorla_wagner_counterfactual+all", 3),
    *(Shape(m, n_arms, feedback) for m in DAILY for n_arms in (2, 4)
      for feedback in ("partial", "full")),
]  # fmt: skip
#: Shapes that only long tests need besides.
OTHERS = [
    *(Shape(m, n_arms, feedback) for m in MODELS if m not in DAILY for n_arms in (2, 4)
      for feedback in ("partial", "full")),
    *(Shape(m, 3, feedback) for m in ALL_VARIANTS for feedback in ("partial", "full")),
]  # fmt: skip

full_feedback = pytest.mark.parametrize("feedback", ["full"])
every_stored_shape = pytest.mark.parametrize("shape", STORED, ids=str)


def shapes(daily: list[Shape], slow: list[Shape]) -> Any:
    """Parametrize over shapes, some of which are for long tests."""
    only_slow = dict.fromkeys(shape for shape in slow if shape not in daily)
    marked = [pytest.param(shape, marks=pytest.mark.slow) for shape in only_slow]
    return pytest.mark.parametrize("shape", [*daily, *marked], ids=str)


#: A graph in its numerically stable form, evaluated by NumPy operation by operation.
INTERPRETED = Mode(
    VMLinker(use_cloop=False, c_thunks=False),
    RewriteDatabaseQuery(include=["fast_run"], exclude=["fusion", "inplace"]),
)


@dataclass(frozen=True)
class Case:
    """Trials of some participants with a parameter vector for each."""

    shape: Shape
    trials: pd.DataFrame
    theta: np.ndarray

    @functools.cached_property
    def data(self) -> Observations:
        return observations_from_table(self.trials)

    @functools.cached_property
    def scanned(self) -> Scanned:
        return scan(self.shape, self.data, self.theta)

    @functools.cached_property
    def by_participant(self) -> list[pd.DataFrame]:
        return [rows for _, rows in self.trials.groupby("participant")]

    @functools.cached_property
    def walks(self) -> list[Walk]:
        """The reference loop's result for each participant."""
        return [self.walk(i, theta) for i, theta in enumerate(self.theta)]

    def walk(self, participant: int, theta: np.ndarray) -> Walk:
        rows = self.by_participant[participant]
        outcomes = [f"reward_{k}" for k in range(self.shape.n_arms)] if self.shape.full else None
        rewards = rows[outcomes].to_numpy() if outcomes else rows["reward"].tolist()
        choices, blocks = rows["choice"].tolist(), rows["block"].tolist()
        n_arms = self.shape.n_arms
        return walk_of(self.shape.model)(theta, choices, rewards, blocks, n_arms, START[n_arms])

    @property
    def totals(self) -> np.ndarray:
        return np.array([walk.value for walk in self.walks])

    def numerical_gradient(self, participants) -> np.ndarray:
        return np.array(
            [
                central_differences(lambda x, i=i: self.walk(i, x).value, self.theta[i])
                for i in participants
            ]
        )

    def subset(self, participants) -> Case:
        """The same with some of the participants."""
        rows = [self.by_participant[i].assign(participant=k) for k, i in enumerate(participants)]
        return Case(self.shape, pd.concat(rows, ignore_index=True), self.theta[participants])


@dataclass(frozen=True)
class Scanned:
    """The results of the scan for a case, as NumPy arrays."""

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
        | {f"reward_{k}": values for k, values in enumerate(outcomes)}
    )


def _choices_and_rewards(rng, i: int, n_arms: int, rewards: str, pattern: str, full: bool):
    """Choices, rewards and blocks of the i-th participant of a pattern."""
    everything = pattern == "everything"
    length = (24, 15, 1)[i] if pattern == "ragged" or everything else 24
    choices = rng.integers(n_arms, size=length)
    shape = (length, n_arms) if full else length
    paid = rng.integers(2, size=shape) if rewards == "bernoulli" else rng.normal(0.3, 1.2, shape)
    blocks = np.arange(length) // 6 if pattern == "blocks" or everything else np.zeros(length)
    if pattern == "missing" or everything:
        missing = rng.random(length) < 0.25
        missing[[0, 6 % length]] |= i == 0  # the first trial of all, and the first of a block
        choices = np.where(missing, -1, choices)
        paid = np.where(missing[:, None] if full else missing, np.nan, paid)
    return choices, paid, blocks


#: Ordinary values of a parameter by its transform: rates in (0, 1), inverse temperatures up to 6.
ORDINARY = {
    "logit": lambda rng, count: rng.uniform(0.05, 0.95, count),
    "log": lambda rng, count: rng.uniform(0.3, 6, count),
    "identity": lambda rng, count: rng.normal(0, 2, count),
}
#: Reward and pattern of every third participant of an ordinary case.
KINDS = [(rewards, pattern) for rewards in REWARDS for pattern in PATTERNS]


def kind(rewards: str, pattern: str) -> list[int]:
    """The three participants of a kind in an ordinary case."""
    first = 3 * KINDS.index((rewards, pattern))
    return [first, first + 1, first + 2]


def random_theta(model: str, participants: int, rng) -> np.ndarray:
    """Ordinary parameters of some participants."""
    columns = [ORDINARY[p.transform](rng, participants) for p in definition(model).parameters]
    return np.column_stack(columns)


@functools.cache
def ordinary(shape: Shape) -> Case:
    """Random choices of three participants of each kind, without the package's simulator."""
    rng = np.random.default_rng([shape.n_arms, shape.full])
    frames = [
        frame(3 * k + i, *_choices_and_rewards(rng, i, shape.n_arms, *KINDS[k], shape.full))
        for k in range(len(KINDS))
        for i in range(3)
    ]
    trials = pd.concat(frames, ignore_index=True)
    return Case(shape, trials, random_theta(shape.model, len(frames), rng))


#: Rates at both ends and inside, with inverse temperatures from none to hopelessly large.
EXTREMES = [
    (rate, beta) for rate in (0.0, 1e-8, 0.3, 1 - 1e-8, 1.0) for beta in (0.0, 1e-8, 3.0, 1e3)
]


def extreme_theta(model: str) -> np.ndarray:
    """Every extreme; every second rate runs from the other end."""
    columns, rates = [], 0
    for parameter in definition(model).parameters:
        rate, beta = np.array(EXTREMES).T
        if parameter.transform == "logit":
            columns.append(1 - rate if rates % 2 else rate)
            rates += 1
        else:
            columns.append(beta if parameter.transform == "log" else beta * np.sign(rate - 0.5))
    return np.column_stack(columns)


@functools.cache
def extreme(shape: Shape) -> Case:
    """Every extreme with choices that break fits: one arm, all in turn, one trial, none."""
    rng, length, n_arms = np.random.default_rng(7), 30, shape.n_arms
    size = (length, n_arms) if shape.full else length
    binary, gaussian = rng.integers(2, size=size).astype(float), rng.normal(0, 1e3, size)
    random = rng.integers(n_arms, size=length).tolist()
    choosers = [
        ([1] * length, binary),
        ([t % n_arms for t in range(length)], gaussian),
        (random, binary),
        (random, gaussian),
        ([1], gaussian[:1]),
        ([-1] * length, np.nan * gaussian),
    ]
    theta = extreme_theta(shape.model)
    frames = [frame(i, *chooser) for i, chooser in enumerate(choosers * len(theta))]
    trials = pd.concat(frames, ignore_index=True)
    return Case(shape, trials, np.repeat(theta, len(choosers), axis=0))


def rounding(case: Case, states: dict[str, np.ndarray]) -> np.ndarray:
    """The last digit of each participant's largest logit."""
    axes = (1, 2)
    largest = [np.abs(s).max(axis=axes) for s in states.values()] or [np.zeros(len(case.theta))]
    size = (1 + np.abs(case.theta).max(axis=1)) * (1 + np.max(largest, axis=0))
    return np.finfo(float).eps * size


def walk_of(model: str) -> Callable[..., Walk]:
    """A model's loop from the papers; if there is none, a plain loop over its definition."""
    loop = WALKS.get(model.partition("+")[0])
    if loop is None:
        return functools.partial(by_definition, definition(model))
    return functools.partial(varied, loop, model) if "+" in model else loop


def varied(loop, model: str, theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """A loop from the papers, with the parameters of a variant."""
    change = changes(model)
    values = change["fixed"] | dict(zip(definition(model).names, theta, strict=True))
    own = [values[name] for name in MODELS[change["model"]].names]
    start = values.get("start_value", start_value)
    return loop(own, choices, rewards, blocks, n_arms, start, values.get("lapse"))


def by_definition(model: Model, theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """One participant's trials with a model's own functions on NumPy arrays."""
    learner = Learner(model, n_arms, start_value, full_feedback=np.ndim(rewards) == 2)
    p = learner.bind(dict(zip(model.names, map(float, theta), strict=True)))
    block, pointwise, seen, probabilities = None, [], [], []
    for choice, reward, this_block in zip(choices, rewards, blocks, strict=True):
        if this_block != block:
            state = {n: np.full(n_arms, float(v)) for n, v in model.initial(p).items()}
            block = this_block
        log_p = log_softmax(learner.choice_logits(state, p, np.zeros(n_arms)))
        seen.append(state)
        probabilities.append(np.exp(log_p))
        pointwise.append(log_p[choice] if choice >= 0 else 0.0)
        if choice >= 0:
            state = model.update(state, np.eye(n_arms)[choice], np.atleast_1d(reward), p)
    states = {name: np.array([s[name] for s in seen]) for name in seen[0]}
    return Walk(np.array(pointwise), states, np.array(probabilities))


def without_machine_code():
    """A context in which PyTensor and PyMC make functions that Python evaluates."""
    return pytensor.config.change_flags(mode=INTERPRETED, cxx="")


def interpreted(inputs, outputs):
    """A graph as a function that Python evaluates."""
    with without_machine_code():
        return pytensor.function(inputs, outputs)


@functools.cache
def scan_function(shape: Shape, make=interpreted):
    """The scan with its gradient as a function, and the names of the states it returns."""
    learner, theta = shape.learner, pt.dmatrix("theta")
    rewards = (pt.dtensor3 if shape.full else pt.dmatrix)("rewards")
    data = Observations(pt.lmatrix("choices"), rewards, pt.dmatrix("starts"))
    columns = {name: theta[:, i] for i, name in enumerate(learner.names)}
    traced = trace(learner, columns, data)
    gradient = pt.grad(traced.pointwise.sum(), theta)
    outputs = [traced.pointwise, traced.logits, gradient, *traced.states.values()]
    return make([data.choices, data.rewards, data.starts, theta], outputs), tuple(traced.states)


def scan(shape: Shape, data: Observations, theta, make=interpreted) -> Scanned:
    """Evaluate the scan."""
    function, names = scan_function(shape, make)
    pointwise, logits, gradient, *states = function(
        data.choices, data.rewards, data.starts, np.asarray(theta, dtype=float)
    )
    return Scanned(pointwise, logits, gradient, dict(zip(names, states, strict=True)))


def kernel(shape: Shape, data: Observations, theta) -> tuple[np.ndarray, np.ndarray]:
    """The compiled form: values and gradients."""
    function = compiled_gradient(shape.learner)
    return function(data.choices, data.rewards, data.starts, np.asarray(theta, dtype=float))


def assert_same_gradient(
    actual: np.ndarray, expected: np.ndarray, tolerance: float, rounding: float | np.ndarray = 1e-15
) -> None:
    """Differences are small compared with the largest component of each participant's gradient.

    Where all components are nothing but rounding (one trial teaches nothing), they may differ by
    that.
    """
    assert actual.shape == expected.shape
    assert np.isfinite(actual).all()
    scale = np.abs(expected).max(axis=1, keepdims=True)
    assert (np.abs(actual - expected) <= tolerance * scale + rounding).all(), (actual, expected)
