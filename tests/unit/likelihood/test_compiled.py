"""The generated compiled form against the scan and the reference, in value and gradient."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytensor
import pytensor.tensor as pt
import pytest
from reference import WALKS
from scipy.special import softmax

from rlrecovery.likelihood import compiled as module
from rlrecovery.likelihood.compiled import (
    Logits,
    LogLikelihood,
    compiled,
    compiled_pointwise,
    compiled_values,
)
from rlrecovery.likelihood.scan import log_likelihood, observations_from_table
from rlrecovery.models import library as models
from rlrecovery.models.library import (
    BETA,
    MODELS,
    RESCORLA_WAGNER,
    RESCORLA_WAGNER_TWO_RATES,
    Model,
    find_model,
    learning_rate,
)
from unit.forms import (
    START,
    Case,
    assert_same_gradient,
    definition,
    every_model,
    every_number_of_arms,
    every_pattern,
    every_reward,
    every_variant,
    frame,
    full_feedback,
    interpreted,
    kernel,
    make_case,
    random_theta,
    scan,
    settings,
    some_tasks,
)


def logits(case):
    """Log-odds and their derivatives by the compiled form."""
    data = case.data
    function = compiled(Logits(*settings(case.model, case.n_arms, data)))
    return function(data.choices, data.rewards, data.starts, case.theta)


def gradients(case):
    """Values and gradients by the compiled form."""
    return kernel(case.model, case.n_arms, case.data, case.theta)


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


def choosers(rewards: str, n_arms: int, full: bool = False) -> dict[str, tuple[list[int], list]]:
    """Choices that break fits: always one arm, one after the other, one trial, none."""
    rng = np.random.default_rng(7)
    length = 30
    shape = (length, n_arms) if full else length
    paid = rng.integers(2, size=shape) if rewards == "bernoulli" else rng.normal(0, 1e3, shape)
    paid = paid.astype(float)
    return {
        "constant": ([1] * length, paid.tolist()),
        "alternating": ([t % n_arms for t in range(length)], paid.tolist()),
        "random": (rng.integers(n_arms, size=length).tolist(), paid.tolist()),
        "one trial": ([1], paid[:1].tolist()),
        "all missing": ([-1] * length, (np.nan * paid).tolist()),
    }


def extreme_case(
    model: str, n_arms: int, chooser: str, rewards: str, feedback: str = "partial"
) -> Case:
    theta = extreme_theta(model)
    choices, paid = choosers(rewards, n_arms, feedback == "full")[chooser]
    frames = [frame(i, choices, paid) for i in range(len(theta))]
    return Case(model, n_arms, pd.concat(frames, ignore_index=True), theta)


class Agreement:
    """What the compiled forms must say about a case; whoever inherits it says which cases."""

    def test_scan(self, case):
        value, gradient = gradients(case)
        np.testing.assert_allclose(value, case.scanned.totals, rtol=1e-10)
        assert_same_gradient(gradient, case.scanned.gradient, 1e-10)

    def test_reference(self, case):
        value, gradient = gradients(case)
        np.testing.assert_allclose(value, case.totals, rtol=1e-10)
        assert_same_gradient(gradient, case.numerical_gradient, 1e-7, 1e-10)

    def test_values_alone(self, case):
        data = case.data
        alone = compiled_values(*settings(case.model, case.n_arms, data))
        found = alone(data.choices, data.rewards, data.starts, case.theta)
        np.testing.assert_allclose(found, gradients(case)[0], rtol=1e-13)

    def test_logits(self, case):
        found, jacobian = logits(case)
        responded = case.data.choices >= 0
        expected = case.scanned.logits
        np.testing.assert_allclose(found[responded], expected[responded], rtol=1e-10, atol=1e-14)
        assert (found[~responded] == 0).all()
        assert (jacobian[~responded] == 0).all()

    def test_derivatives_of_logits(self, case):
        """Chosen less expected derivative, summed over trials, is the gradient."""
        found, jacobian = logits(case)
        chosen = case.data.choices[:, :, None] == np.arange(case.n_arms)
        weights = chosen - softmax(found, axis=-1) * chosen.any(axis=-1, keepdims=True)
        gradient = (weights[..., None] * jacobian).sum(axis=(1, 2))
        assert_same_gradient(gradient, gradients(case)[1], 1e-10, 1e-13)


@every_model
@every_reward
@every_pattern
@every_number_of_arms
class TestOrdinaryData(Agreement):
    @pytest.fixture
    def case(self, model, n_arms, rewards, pattern):
        return make_case(model, n_arms, rewards, pattern)


@every_model
@every_reward
@every_number_of_arms
@full_feedback
class TestFullFeedback(Agreement):
    @pytest.fixture
    def case(self, model, n_arms, rewards, feedback):
        return make_case(model, n_arms, rewards, "everything", feedback)


@every_variant
@every_reward
@some_tasks
class TestVariants(Agreement):
    @pytest.fixture
    def case(self, model, n_arms, rewards, feedback):
        return make_case(model, n_arms, rewards, "everything", feedback)


@pytest.mark.parametrize(
    ("model", "feedback"),
    [
        ("rescorla_wagner", "partial"),
        ("rescorla_wagner", "full"),
        ("rescorla_wagner_counterfactual+all", "partial"),
    ],
)
def test_log_probabilities_of_single_choices(model, feedback):
    """Of one participant's data at many points, as leave-one-out takes them."""
    case = make_case(model, 3, "gaussian", "everything", feedback)
    data, theta = case.data.rows([1]), random_theta(model, 4, np.random.default_rng(2))
    function = compiled_pointwise(*settings(model, 3, data))
    found = function(data.choices, data.rewards, data.starts, theta)
    assert found.shape == (4, data.choices.shape[1])
    assert (found[:, data.choices[0] < 0] == 0).all()
    for row, point in zip(found, theta, strict=True):
        expected = case.walk(1, point).pointwise
        np.testing.assert_allclose(row[: len(expected)], expected, rtol=1e-10, atol=1e-14)


class SafeAgreement:
    """The same where parameters and data are extreme."""

    def test_scan(self, case):
        value, gradient = gradients(case)
        self.assert_same_value(value, case.scanned.totals, case)
        residue = 30 * self.rounding(case)[:, None]  # of a sum over 30 trials
        assert_same_gradient(gradient, case.scanned.gradient, 1e-10, residue)

    def test_reference(self, case):
        self.assert_same_value(gradients(case)[0], case.totals, case)

    def assert_same_value(self, value, expected, case):
        """Relative to the value; where that is next to nothing, to the rounding of the logits."""
        assert np.isfinite(value).all()
        assert (value <= 0).all()
        rounding = 8 * self.rounding(case)
        assert (np.abs(value - expected) <= 1e-10 * np.abs(expected) + rounding).all()

    def rounding(self, case):
        """The last digit of each participant's largest logit."""
        sizes = [[np.abs(s).max() for s in w.states.values()] for w in case.walks]
        largest = np.array([max(each, default=0.0) for each in sizes])
        return np.finfo(float).eps * (1 + np.abs(case.theta).max(axis=1)) * (1 + largest)


every_chooser = pytest.mark.parametrize("chooser", list(choosers("bernoulli", 2)))


@every_model
@every_reward
@every_chooser
@every_number_of_arms
class TestExtremes(SafeAgreement):
    @pytest.fixture
    def case(self, model, n_arms, rewards, chooser):
        return extreme_case(model, n_arms, chooser, rewards)


@every_model
@every_reward
@every_chooser
@every_number_of_arms
@full_feedback
class TestExtremesOfFullFeedback(SafeAgreement):
    @pytest.fixture
    def case(self, model, n_arms, rewards, chooser, feedback):
        return extreme_case(model, n_arms, chooser, rewards, feedback)


@every_variant
@every_reward
@every_chooser
@some_tasks
class TestExtremesOfVariants(SafeAgreement):
    @pytest.fixture
    def case(self, model, n_arms, rewards, chooser, feedback):
        return extreme_case(model, n_arms, chooser, rewards, feedback)


LAPSES = (0.0, 1e-300, 1e-16, 1e-3, 0.5, 1.0)


@functools.cache
def lapse_case() -> Case:
    """The first arm pays and the others do not: the choices of these are next to impossible."""
    choices, paid = [0, 0, 1, 2, -1, 0, 1, 0], [1.0, 1, 0, -1, np.nan, 1, 0, 2]
    points = [(1.0, beta, lapse) for beta in (0.0, 3.0, 1e3, 1e6) for lapse in LAPSES]
    trials = pd.concat([frame(i, choices, paid) for i in range(len(points))], ignore_index=True)
    return Case("rescorla_wagner+lapse", 3, trials, np.array(points))


class TestLapse:
    """At and next to the ends, and where the model itself is certain of another arm."""

    @pytest.fixture
    def case(self):
        return lapse_case()

    @pytest.mark.filterwarnings("error")
    def test_all_forms_are_finite_and_the_same(self, case):
        value, gradient = gradients(case)
        assert np.isfinite(value).all()
        np.testing.assert_allclose(value, case.totals, rtol=1e-10)
        np.testing.assert_allclose(value, case.scanned.totals, rtol=1e-10)
        assert_same_gradient(gradient, case.scanned.gradient, 1e-10, 1e-14)
        found, jacobian = logits(case)
        np.testing.assert_allclose(found, case.scanned.logits * (case.data.choices >= 0)[..., None])
        assert np.isfinite(jacobian).all()

    def test_certain_lapses_are_guesses(self, case):
        value, _ = gradients(case)
        np.testing.assert_allclose(value[case.theta[:, 2] == 1], -7 * np.log(3), rtol=1e-12)

    def test_without_lapses_it_is_the_model_alone(self, case):
        rare = (case.theta[:, 2] == 0) & (case.theta[:, 1] < 10)
        value, _ = kernel("rescorla_wagner", 3, case.data.rows(rare), case.theta[rare, :2])
        np.testing.assert_allclose(gradients(case)[0][rare], value, rtol=1e-12)

    def test_what_the_model_rules_out_was_a_lapse(self, case):
        """With a huge beta, each of the three losing choices has a third of the lapse rate."""
        sure = (case.theta[:, 1] == 1e6) & (case.theta[:, 2] == 1e-3)
        known = -np.log(3) + 3 * np.log(1e-3 / 3) + 3 * np.log(1 - 1e-3 + 1e-3 / 3)
        np.testing.assert_allclose(gradients(case)[0][sure], known, rtol=1e-12)


class TestConventions:
    def test_one_participants_data_serve_many_points(self):
        case = make_case("rescorla_wagner", 2, "gaussian", "everything")
        one, many = case.data.rows([1]), case.data.rows([1] * 5)
        points = random_theta("rescorla_wagner", 5, np.random.default_rng(1))
        for found, expected in zip(
            kernel("rescorla_wagner", 2, one, points),
            kernel("rescorla_wagner", 2, many, points),
            strict=True,
        ):
            np.testing.assert_array_equal(found, expected)

    def test_other_numbers_of_participants_are_refused(self):
        case = make_case("rescorla_wagner", 2, "gaussian", "everything")
        with pytest.raises(ValueError, match="as many rows of parameters as participants"):
            kernel("rescorla_wagner", 2, case.data, case.theta[:2])

    @every_model
    def test_missing_trials_may_be_deleted(self, model):
        case = make_case(model, 4, "gaussian", "everything")
        kept = case.trials[case.trials["choice"] >= 0]
        people = kept["participant"].unique()
        theta = case.theta[people]
        value, gradient = kernel(model, 4, case.data.rows(people), theta)
        shorter, slope = kernel(model, 4, observations_from_table(kept), theta)
        # the very same arithmetic, so not a digit may differ
        np.testing.assert_array_equal(value, shorter)
        np.testing.assert_array_equal(gradient, slope)

    @every_model
    def test_a_block_that_begins_without_a_response_begins_all_the_same(self, model):
        choices, paid = [0, 1, 0, -1, -1, 1, 0], [1.0, 0, 1, np.nan, np.nan, 1, 0]
        case = Case(
            model,
            2,
            frame(0, choices, paid, [0, 0, 0, 1, 1, 1, 1]),
            random_theta(model, 1, np.random.default_rng(1)),
        )
        np.testing.assert_allclose(kernel(model, 2, case.data, case.theta)[0], case.totals, 1e-12)
        for states in case.walks[0].states.values():
            assert (states[5] == states[0]).all()

    @every_model
    def test_participants_do_not_touch_each_other(self, model):
        case = make_case(model, 3, "gaussian", "everything")
        value, gradient = kernel(model, 3, case.data, case.theta)
        for i in range(3):
            data = case.data.rows([i])
            alone, slope = kernel(model, 3, data, case.theta[[i]])
            assert alone[0] == value[i]
            np.testing.assert_array_equal(slope[0], gradient[i])

    @pytest.mark.parametrize("beta", [0.0, 0.2])
    def test_the_product_of_denominators_never_overflows(self, beta):
        """4^2000 is far beyond the largest double; the kernel takes logarithms on the way."""
        rng = np.random.default_rng(11)
        trials = frame(0, rng.integers(4, size=2000), rng.normal(0, 1, 2000))
        case = Case("rescorla_wagner", 4, trials, np.array([[0.3, beta]]))
        value, _ = kernel("rescorla_wagner", 4, case.data, case.theta)
        np.testing.assert_allclose(value, case.totals, rtol=1e-11)
        assert value[0] < -2500

    def test_many_arms(self):
        """A call with more than 30 arguments is another thing for Numba."""
        rng, start = np.random.default_rng(13), 0.5
        choices, rewards = rng.integers(10, size=60), rng.random(60)
        data, theta = observations_from_table(frame(0, choices, rewards)), np.array([[0.3, 4.0]])
        walk = WALKS["rescorla_wagner"](theta[0], choices, rewards, [0] * 60, 10, start)
        function = compiled(LogLikelihood(RESCORLA_WAGNER, 10, start))
        value, _ = function(data.choices, data.rewards, data.starts, theta)
        assert value[0] == pytest.approx(walk.value, rel=1e-12)

    def test_it_depends_on_the_parameters(self):
        case = make_case("rescorla_wagner", 2, "bernoulli", "plain")
        theta = np.array([(0.2, 1.0), (0.7, 1.0), (0.2, 4.0)])
        data = case.data.rows([0, 0, 0])
        value, gradient = kernel("rescorla_wagner", 2, data, theta)
        assert (value < -5).all()
        assert len(set(value.round(6))) == 3
        assert (np.abs(gradient) > 1e-3).all()

    def test_the_start_value_matters(self):
        trials = frame(0, [0, 0, 1], [1, 0, 1])
        data, theta = observations_from_table(trials), np.array([[0.5, 3.0]])
        for start in (START[2], 0.1):
            walk = WALKS["rescorla_wagner"](theta[0], [0, 0, 1], [1, 0, 1], [0] * 3, 2, start)
            function = compiled(LogLikelihood(RESCORLA_WAGNER, 2, start))
            value, _ = function(data.choices, data.rewards, data.starts, theta)
            assert value[0] == pytest.approx(walk.value, rel=1e-12)


P = RESCORLA_WAGNER.parameters
WEIGHTS = np.array([1.0, -2.0, 0.5])


def weighted():
    """A graph as PyMC makes it: parameters from unconstrained ones, participants weighted."""
    case, real = make_case("rescorla_wagner", 2, "gaussian", "everything"), pt.dmatrix("real")
    parameters = {"alpha": pt.sigmoid(real[:, 0]), "beta": pt.exp(real[:, 1])}
    value = log_likelihood(RESCORLA_WAGNER, parameters, case.data, 2, START[2], "compiled")
    return case, real, value, (value * WEIGHTS).sum()


def lapsing():
    """Rescorla-Wagner learning with lapses, as a config has it."""
    return find_model({"name": "careless", "model": "rescorla_wagner", "lapse": True})


class TestOperation:
    def test_gradient_through_a_graph(self):
        case, real, value, total = weighted()
        function = pytensor.function([real], [value, pt.grad(total, real)])
        point = np.array([p.to_real(c) for p, c in zip(P, case.theta.T, strict=True)]).T
        found, gradient = function(point)
        np.testing.assert_allclose(found, case.totals, rtol=1e-10)
        slopes = np.array([p.slope(c) for p, c in zip(P, case.theta.T, strict=True)]).T
        expected = case.numerical_gradient * slopes * WEIGHTS[:, None]
        assert_same_gradient(gradient, expected, 1e-7, 1e-10)

    def test_outside_numba_it_gives_the_same(self):
        case, real, value, total = weighted()
        slow = interpreted([real], [value, pt.grad(total, real)])
        found, gradient = slow(np.zeros((3, 2)))
        direct, slope = kernel("rescorla_wagner", 2, case.data, np.full((3, 2), (0.5, 1.0)))
        np.testing.assert_array_equal(found, direct)
        assert_same_gradient(gradient, slope * np.outer(WEIGHTS, [0.25, 1.0]), 1e-12)

    def test_second_derivatives_are_refused(self):
        _, real, _, total = weighted()
        gradient = pt.grad(total, real)
        with pytest.raises(NotImplementedError, match="second derivatives"):
            pt.grad(gradient.sum(), real)

    def test_same_settings_are_the_same_operation(self):
        first = LogLikelihood(RESCORLA_WAGNER, 2, 0)
        second = LogLikelihood(RESCORLA_WAGNER, 2, 0.0)
        assert first == second
        assert hash(first) == hash(second)
        others = [
            LogLikelihood(RESCORLA_WAGNER, 3, 0.0),
            LogLikelihood(RESCORLA_WAGNER, 2, 0.5),
            LogLikelihood(RESCORLA_WAGNER, 2, 0.0, full=True),
            LogLikelihood(RESCORLA_WAGNER_TWO_RATES, 2, 0.0),
            LogLikelihood(lapsing(), 2, 0.0),
        ]
        assert all(first != other for other in others)

    def test_the_same_variant_is_the_same_operation(self):
        assert LogLikelihood(lapsing(), 2, 0.5) == LogLikelihood(lapsing(), 2, 0.5)


TWO_STATES = Model(
    name="two_states",
    title="Two hidden states and a free start",
    citation="Wilson & Collins (2019), eLife 8:e49547",
    parameters=(
        learning_rate("alpha", "a", "learning rate"),
        BETA,
        learning_rate("alpha_c", "a_c", "rate of the choice kernel"),
        replace(BETA, name="beta_c"),
        learning_rate("first", "q_0", "first value"),
    ),
    initial=lambda p: {"q": p.first, "c": 0.0},
    logit=lambda s, p: p.beta * s["q"] + p.beta_c * s["c"],
    update=lambda s, chosen, reward, p: {
        "q": s["q"] + p.alpha * chosen * (reward - s["q"]),
        "c": s["c"] + p.alpha_c * (chosen - s["c"]),
    },
)


README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def new_model(monkeypatch):
    """One more definition in MODELS, as a user adds it."""
    monkeypatch.setitem(MODELS, "two_states", TWO_STATES)
    return "two_states"


def test_the_readmes_model_needs_nothing_else(monkeypatch):
    names = vars(models) | {"MODELS": dict(MODELS)}
    exec(README.read_text().split("```python\n")[1].split("```")[0], names)
    (added,) = set(names["MODELS"]) - set(MODELS)
    monkeypatch.setitem(MODELS, added, names["MODELS"][added])
    case = make_case(added, 3, "gaussian", "everything")
    value, gradient = kernel(added, 3, case.data, case.theta)
    np.testing.assert_allclose(value, case.totals, rtol=1e-10)
    np.testing.assert_allclose(value, case.scanned.totals, rtol=1e-10)
    assert_same_gradient(gradient, case.scanned.gradient, 1e-10)


def case_of_new_model(rewards: str, pattern: str) -> Case:
    theta = np.random.default_rng(2).uniform(0.1, 0.9, (3, 5)) * (1, 5, 1, 2, 1)
    like = make_case("rescorla_wagner", 3, rewards, pattern)
    return Case("two_states", 3, like.trials, theta)


class TestNewModel:
    """Two hidden states, one coupled to every arm, and a start that is a parameter."""

    @every_reward
    @every_pattern
    def test_reference(self, new_model, rewards, pattern):
        case = case_of_new_model(rewards, pattern)
        value, gradient = kernel(new_model, 3, case.data, case.theta)
        np.testing.assert_allclose(value, case.totals, rtol=1e-10)
        assert_same_gradient(gradient, case.numerical_gradient, 1e-7, 1e-10)

    @every_reward
    @every_pattern
    def test_scan(self, new_model, rewards, pattern):
        case = case_of_new_model(rewards, pattern)
        value, gradient = kernel(new_model, 3, case.data, case.theta)
        expected = scan(new_model, 3, case.data, case.theta)
        np.testing.assert_allclose(value, expected.totals, rtol=1e-10)
        assert_same_gradient(gradient, expected.gradient, 1e-10)
        for i, walk in enumerate(case.walks):
            for name, states in walk.states.items():
                found = expected.states[name][i, : len(states)]
                np.testing.assert_allclose(found, states, rtol=1e-12, atol=1e-14)

    def test_one_that_looks_across_arms_is_refused(self):
        """A model is elementwise over arms; anything else must not compile into nonsense."""
        across = Model(
            name="across",
            title="",
            citation="",
            parameters=P,
            initial=lambda p: {"q": p.start_value},
            logit=lambda s, p: p.beta * pt.stack([s["q"], s["q"] + 1]).cumsum()[1],
            update=lambda s, chosen, reward, p: {"q": s["q"]},
        )
        with pytest.raises(TypeError, match="only elementwise arithmetic"):
            compiled(LogLikelihood(across, 2, 0.5))


class TestSource:
    @pytest.mark.parametrize("kind", ["value", "gradient", "logits"])
    @pytest.mark.parametrize(("arms", "states", "parameters"), [(2, 2, 2), (4, 8, 3)])
    def test_it_is_python_with_one_call_per_trial(self, kind, arms, states, parameters):
        source = module.loop_source(kind, arms, states, parameters)
        compile(source, "generated", "exec")
        assert source.count("step(") == 1
        assert source.count("if choice ==") == arms

    def test_the_loop_alone(self):
        """With a step in plain Python: total of excess less the logarithm of the denominators."""

        def step(first, second, reward, restart, state, slope, parameter):
            return state + 1, slope + parameter, second * reward, 2.0, restart

        names = {"np": np, "math": math, "step": step}
        exec(module.loop_source("gradient", 2, 1, 1), names)
        value, gradient = names["gradient_loop"](
            np.array([[0, 1, -1, 1]]),
            np.array([[5.0, 6.0, 9.0, 7.0]]),
            np.array([[1.0, 0, 1, 0]]),
            np.array([[0.5]]),
        )
        assert value[0] == pytest.approx(6 + 7 - 3 * np.log(2))
        # the first trial is fresh, and the one after the missing start of a block
        assert gradient[0, 0] == 2.0
