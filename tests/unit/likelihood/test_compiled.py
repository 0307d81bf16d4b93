"""The generated compiled form against the scan, in value and gradient."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytensor.tensor as pt
import pytest
from reference import WALKS
from scipy.special import softmax
from settings import ROOT, documented_model

from rlrecovery.likelihood import compiled, compiled_native
from rlrecovery.likelihood.compiled import (
    compiled_gradient,
    compiled_logits,
    compiled_pointwise,
    compiled_values,
)
from rlrecovery.likelihood.compiled_file import write_code
from rlrecovery.likelihood.compiled_key import code_key
from rlrecovery.likelihood.compiled_native import native_loop
from rlrecovery.likelihood.data import observations_from_table
from rlrecovery.models import library
from rlrecovery.models.base import Learner, Model
from rlrecovery.models.library import (
    BETA,
    MODELS,
    RESCORLA_WAGNER,
    learning_rate,
)
from unit.forms import (
    DAILY,
    ONE_SHAPE,
    OTHERS,
    START,
    STORED,
    Case,
    Shape,
    assert_same_gradient,
    every_stored_shape,
    extreme,
    frame,
    kernel,
    kind,
    ordinary,
    random_theta,
    rounding,
    shapes,
)
from unit.likelihood.stored import Stored, stored


def logits(case):
    """Log-odds and their derivatives by the compiled form."""
    data = case.data
    function = compiled_logits(case.shape.learner)
    return function(data.choices, data.rewards, data.starts, case.theta)


def gradients(case):
    """Values and gradients by the compiled form."""
    return kernel(case.shape, case.data, case.theta)


def assert_agrees(case: Case, expected: Stored) -> None:
    """For ordinary parameters and data."""
    value, gradient = gradients(case)
    np.testing.assert_allclose(value, expected.value, rtol=1e-10)
    assert_same_gradient(gradient, expected.gradient, 1e-10)


def assert_agrees_nearly(case: Case, expected: Stored) -> None:
    """For extremes: where the value is next to nothing, up to the rounding of the logits."""
    value, gradient = gradients(case)
    assert np.isfinite(value).all()
    assert (value <= 0).all()
    error = np.abs(value - expected.value)
    assert (error <= 1e-10 * np.abs(expected.value) + 8 * expected.rounding).all()
    residue = 30 * expected.rounding[:, None]  # of a sum over 30 trials
    assert_same_gradient(gradient, expected.gradient, 1e-10, residue)


@every_stored_shape
def test_value_and_gradient_are_those_of_the_scan(shape):
    expected, expected_of_extremes = stored(shape)
    assert_agrees(ordinary(shape), expected)
    assert_agrees_nearly(extreme(shape), expected_of_extremes)


@pytest.mark.slow
@pytest.mark.parametrize("shape", OTHERS, ids=str)
def test_value_and_gradient_are_those_of_the_scan_at_other_shapes(shape):
    for case, assert_agreement in ((ordinary(shape), assert_agrees),
                                   (extreme(shape), assert_agrees_nearly)):  # fmt: skip
        found = case.scanned
        expected = Stored(found.totals, rounding(case, found.states), found.gradient)
        assert_agreement(case, expected)


#: Where the other kinds of the compiled form are tested daily: they share the step of a trial.
OTHER_KINDS = [
    *(shape for shape in STORED if shape.model in DAILY),
    Shape("kalman_filter", 3),
    Shape("rescorla_wagner_counterfactual+all", 3),
]


@shapes(OTHER_KINDS, ONE_SHAPE)
class TestOtherKinds:
    def test_values_alone(self, shape):
        case = ordinary(shape)
        data, alone = case.data, compiled_values(shape.learner)
        values = alone(data.choices, data.rewards, data.starts, case.theta)
        np.testing.assert_allclose(values, stored(shape)[0].value, rtol=1e-10)
        np.testing.assert_allclose(values, gradients(case)[0], rtol=1e-13)

    def test_logits(self, shape):
        """Their softmax is the reference's choice probability."""
        case = ordinary(shape)
        found, jacobian = logits(case)
        responded = case.data.choices >= 0
        for i, walk in enumerate(case.walks):
            rows = np.flatnonzero(responded[i])
            probability = softmax(found[i, rows], axis=-1)
            np.testing.assert_allclose(probability, walk.probabilities[rows], rtol=1e-10)
        assert (found[~responded] == 0).all()
        assert (jacobian[~responded] == 0).all()

    def test_derivatives_of_logits(self, shape):
        """Chosen less expected derivative, summed over trials, is the gradient."""
        case = ordinary(shape)
        found, jacobian = logits(case)
        chosen = case.data.choices[:, :, None] == np.arange(shape.n_arms)
        weights = chosen - softmax(found, axis=-1) * chosen.any(axis=-1, keepdims=True)
        gradient = (weights[..., None] * jacobian).sum(axis=(1, 2))
        assert_same_gradient(gradient, gradients(case)[1], 1e-10, 1e-13)


@pytest.mark.parametrize(
    "shape",
    [
        Shape("rescorla_wagner", 3),
        Shape("rescorla_wagner", 3, "full"),
        Shape("rescorla_wagner_counterfactual+all", 3),
    ],
    ids=str,
)
def test_log_probabilities_of_single_choices(shape):
    """Of one participant's data at several points, as leave-one-out takes them."""
    case, (_, participant, _) = ordinary(shape), kind("gaussian", "everything")
    data = case.data.rows([participant])
    theta = random_theta(shape.model, 4, np.random.default_rng(2))
    function = compiled_pointwise(shape.learner)
    found = function(data.choices, data.rewards, data.starts, theta)
    assert found.shape == (4, data.choices.shape[1])
    assert (found[:, data.choices[0] < 0] == 0).all()
    for row, point in zip(found, theta, strict=True):
        expected = case.walk(participant, point).pointwise
        np.testing.assert_allclose(row[: len(expected)], expected, rtol=1e-10, atol=1e-14)


LAPSES = (0.0, 1e-300, 1e-16, 1e-3, 0.5, 1.0)


@functools.cache
def lapse_case() -> Case:
    """The first arm pays and the others do not: the choices of these are next to impossible."""
    choices, paid = [0, 0, 1, 2, -1, 0, 1, 0], [1.0, 1, 0, -1, np.nan, 1, 0, 2]
    points = [(1.0, beta, lapse) for beta in (0.0, 3.0, 1e3, 1e6) for lapse in LAPSES]
    trials = pd.concat([frame(i, choices, paid) for i in range(len(points))], ignore_index=True)
    return Case(Shape("rescorla_wagner+lapse", 3), trials, np.array(points))


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
        value, _ = kernel(Shape("rescorla_wagner", 3), case.data.rows(rare), case.theta[rare, :2])
        np.testing.assert_allclose(gradients(case)[0][rare], value, rtol=1e-12)

    def test_what_the_model_rules_out_was_a_lapse(self, case):
        """With a huge beta, each of the three losing choices has a third of the lapse rate."""
        sure = (case.theta[:, 1] == 1e6) & (case.theta[:, 2] == 1e-3)
        known = -np.log(3) + 3 * np.log(1e-3 / 3) + 3 * np.log(1 - 1e-3 + 1e-3 / 3)
        np.testing.assert_allclose(gradients(case)[0][sure], known, rtol=1e-12)


EVERYTHING = [*kind("bernoulli", "everything"), *kind("gaussian", "everything")]
RW = Shape("rescorla_wagner", 2)


class TestConventions:
    def test_one_participants_data_serve_many_points(self):
        data = ordinary(RW).data
        one, repeated = data.rows([1]), data.rows([1] * 5)
        points = random_theta("rescorla_wagner", 5, np.random.default_rng(1))
        for found, expected in zip(
            kernel(RW, one, points), kernel(RW, repeated, points), strict=True
        ):
            np.testing.assert_array_equal(found, expected)

    def test_other_numbers_of_participants_are_refused(self):
        case = ordinary(RW)
        with pytest.raises(ValueError, match="as many rows of parameters as participants"):
            kernel(RW, case.data, case.theta[:2])

    @shapes(ONE_SHAPE, [])
    def test_missing_trials_may_be_deleted(self, shape):
        case = ordinary(shape).subset(EVERYTHING)
        kept = case.trials[case.trials["choice"] >= 0]
        participants = kept["participant"].unique()
        theta = case.theta[participants]
        value, gradient = kernel(shape, case.data.rows(participants), theta)
        shorter, slope = kernel(shape, observations_from_table(kept), theta)
        # the very same arithmetic, so not a digit may differ
        np.testing.assert_array_equal(value, shorter)
        np.testing.assert_array_equal(gradient, slope)

    @shapes(ONE_SHAPE, [])
    def test_a_block_that_begins_without_a_response_begins_all_the_same(self, shape):
        choices, paid = [0, 1, 0, -1, -1, 1, 0], np.array([1.0, 0, 1, np.nan, np.nan, 1, 0])
        if shape.full:
            paid = np.stack([paid, 1 - paid, paid], axis=1)
        theta = random_theta(shape.model, 1, np.random.default_rng(1))
        case = Case(shape, frame(0, choices, paid, [0, 0, 0, 1, 1, 1, 1]), theta)
        np.testing.assert_allclose(gradients(case)[0], case.totals, 1e-12)
        for states in case.walks[0].states.values():
            assert (states[5] == states[0]).all()

    @shapes(ONE_SHAPE, [])
    def test_participants_do_not_touch_each_other(self, shape):
        case = ordinary(shape)
        value, gradient = gradients(case)
        for i in EVERYTHING:
            alone, slope = kernel(shape, case.data.rows([i]), case.theta[[i]])
            assert alone[0] == value[i]
            np.testing.assert_array_equal(slope[0], gradient[i])

    @pytest.mark.parametrize("beta", [0.0, 0.2])
    def test_the_product_of_denominators_never_overflows(self, beta):
        """4^2000 is far beyond the largest double; the kernel takes logarithms on the way."""
        rng = np.random.default_rng(11)
        trials = frame(0, rng.integers(4, size=2000), rng.normal(0, 1, 2000))
        case = Case(Shape("rescorla_wagner", 4), trials, np.array([[0.3, beta]]))
        value, _ = gradients(case)
        np.testing.assert_allclose(value, case.totals, rtol=1e-11)
        assert value[0] < -2500

    def test_many_arms(self):
        """A call with more than 30 arguments is another thing for Numba."""
        rng, start = np.random.default_rng(13), 0.5
        choices, rewards = rng.integers(10, size=60), rng.random(60)
        data, theta = observations_from_table(frame(0, choices, rewards)), np.array([[0.3, 4.0]])
        walk = WALKS["rescorla_wagner"](theta[0], choices, rewards, [0] * 60, 10, start)
        function = compiled_gradient(Learner(RESCORLA_WAGNER, 10, start))
        value, _ = function(data.choices, data.rewards, data.starts, theta)
        assert value[0] == pytest.approx(walk.value, rel=1e-12)

    def test_it_depends_on_the_parameters(self):
        theta = np.array([(0.2, 1.0), (0.7, 1.0), (0.2, 4.0)])
        value, gradient = kernel(RW, ordinary(RW).data.rows([0, 0, 0]), theta)
        assert (value < -5).all()
        assert len(set(value.round(6))) == 3
        assert (np.abs(gradient) > 1e-3).all()

    def test_the_start_value_matters(self):
        trials = frame(0, [0, 0, 1], [1, 0, 1])
        data, theta = observations_from_table(trials), np.array([[0.5, 3.0]])
        for start in (START[2], 0.1):
            walk = WALKS["rescorla_wagner"](theta[0], [0, 0, 1], [1, 0, 1], [0] * 3, 2, start)
            function = compiled_gradient(Learner(RESCORLA_WAGNER, 2, start))
            value, _ = function(data.choices, data.rewards, data.starts, theta)
            assert value[0] == pytest.approx(walk.value, rel=1e-12)


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


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Folder of kept code, empty, in a process that has loaded nothing."""
    monkeypatch.setenv("PYTENSOR_FLAGS", f"base_compiledir={tmp_path}")
    compiled._compiled.cache_clear()
    yield tmp_path / "rlrecovery"
    compiled._compiled.cache_clear()


@pytest.fixture
def compilations(monkeypatch):
    """Kinds of the loops that are compiled."""
    kinds = []

    def counted(kind, learner):
        kinds.append(kind)
        return native_loop(kind, learner)

    monkeypatch.setattr(compiled_native, "native_loop", counted)
    return kinds


def values_of(learner=RW.learner):
    """Values of a learner, by code from disk if it is there."""
    compiled._compiled.cache_clear()
    data = ordinary(RW).data.rows([1])
    theta = np.array([(0.2, 1.0), (0.7, 3.0)])
    return compiled_values(learner)(data.choices, data.rewards, data.starts, theta)


#: In another process: the values, and whether what makes code was imported.
OTHER_PROCESS = """
import sys
import numpy as np
from rlrecovery.likelihood.compiled import compiled_values
from rlrecovery.models.base import Learner
from rlrecovery.models.library import RESCORLA_WAGNER
data = np.array([[0, 1, 1]]), np.array([[1.0, 0.0, 1.0]]), np.zeros((1, 3))
value, = compiled_values(Learner(RESCORLA_WAGNER, 2))(*data, np.array([[0.3, 4.0]]))
print(value.hex(), sorted({"numba", "pytensor"} & set(sys.modules)))
"""


def other_processes(count):
    """Output of processes that run at the same time."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS],
            env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    printed = [process.communicate()[0].split(maxsplit=1) for process in started]
    assert [process.returncode for process in started] == [0] * count
    return [(value, imported.strip()) for value, imported in printed]


class TestKeptCode:
    def test_it_is_compiled_once(self, kept, compilations):
        first, second = values_of(), values_of()
        np.testing.assert_array_equal(first, second)
        assert compilations == ["value"]
        assert len(list(kept.iterdir())) == 1

    def test_other_processes_use_it_without_importing_pytensor(self, kept):
        """Two of them write the same file at the same time."""
        first, second = other_processes(2)
        assert first == second
        assert first[1] == "['numba', 'pytensor']"
        assert len(list(kept.iterdir())) == 1
        ((value, imported),) = other_processes(1)
        assert value == first[0]
        assert imported == "[]"

    @pytest.mark.parametrize("damage", [b"", b"nonsense", None], ids=["empty", "other", "cut"])
    def test_damaged_code_is_made_again(self, kept, compilations, damage):
        expected = values_of()
        (file,) = kept.iterdir()
        content = file.read_bytes()
        file.write_bytes(content[:-100] if damage is None else damage)
        np.testing.assert_array_equal(values_of(), expected)
        assert compilations == ["value", "value"]
        assert file.read_bytes()[:32] == content[:32]
        values_of()
        assert len(compilations) == 2

    def test_code_for_another_machine_is_made_again(self, kept, compilations):
        """A file whose sum is right, but which cannot be loaded."""
        expected = values_of()
        write_code(code_key("value", RW.learner), b"code of another machine")
        np.testing.assert_array_equal(values_of(), expected)
        assert compilations == ["value", "value"]

    def test_an_edited_model_has_code_of_its_own(self, kept, compilations):
        source = "logit = lambda state, p: p.beta * state['q'] * {}"
        learners = []
        for factor in (1.0, 2.0, 1.0):
            names = {}
            exec(source.format(factor), names)
            learners.append(Learner(replace(RESCORLA_WAGNER, logit=names["logit"]), 2, 0.5))
        first, doubled, again = map(values_of, learners)
        assert (first != doubled).all()
        np.testing.assert_array_equal(first, again)
        assert compilations == ["value", "value"]

    def test_a_model_without_a_key_is_compiled_and_not_kept(self, kept, compilations):
        class Odds:
            def __call__(self, state, p):
                return p.beta * state["q"]

        learner = Learner(replace(RESCORLA_WAGNER, logit=Odds()), 2, START[2])
        np.testing.assert_array_equal(values_of(learner), values_of())
        assert len(list(kept.iterdir())) == 1
        values_of(learner)
        assert compilations == ["value"] * 3

    def test_a_folder_that_cannot_be_written_to(self, kept, compilations, caplog):
        kept.write_text("a file in place of the folder")
        np.testing.assert_array_equal(values_of(), values_of())
        assert compilations == ["value", "value"]
        assert "cannot be kept" in caplog.text

    def test_code_of_an_edited_generator_is_not_kept(self, kept, monkeypatch):
        monkeypatch.setattr(compiled, "generator_is_unchanged", lambda: False)
        values_of()
        assert not kept.exists()


class TestShapes:
    @pytest.mark.parametrize(
        "change",
        [
            {"rewards": np.zeros((1, 3))},
            {"rewards": np.zeros((1, 2, 2))},
            {"starts": np.zeros((2, 2))},
            {"theta": np.zeros((1, 3))},
            {"theta": np.zeros(2)},
            {"choices": np.zeros(2, dtype=int)},
        ],
        ids=str,
    )
    def test_others_are_refused(self, change):
        """The loop would read beyond the arrays."""
        arrays = {
            "choices": np.zeros((1, 2), dtype=int),
            "rewards": np.zeros((1, 2)),
            "starts": np.zeros((1, 2)),
            "theta": np.full((1, 2), 0.5),
        }
        function = compiled_gradient(RW.learner)
        function(**arrays)
        with pytest.raises(ValueError, match=r"do not match|participants are needed"):
            function(**(arrays | change))

    def test_other_types_and_orders_of_arrays_give_the_same(self):
        case = ordinary(RW)
        value, gradient = gradients(case)
        data = case.data
        arrays = (data.choices.astype(np.int32), np.asfortranarray(data.rewards), data.starts > 0)
        theta = np.repeat(case.theta, 2, axis=0)[::2]
        theta.flags.writeable = False
        found, slope = compiled_gradient(RW.learner)(*arrays, theta)
        np.testing.assert_array_equal(found, value)
        np.testing.assert_array_equal(slope, gradient)

    def test_no_participant_and_no_trial(self):
        function = compiled_gradient(RW.learner)
        none = np.zeros((0, 5))
        value, gradient = function(none, none, none, np.zeros((0, 2)))
        assert value.shape == (0,)
        assert gradient.shape == (0, 2)
        none = np.zeros((1, 0))
        value, gradient = function(none, none, none, np.full((3, 2), 0.5))
        assert (value == 0).all()
        assert (gradient == 0).all()


def as_added(monkeypatch, model):
    """One more definition in MODELS, as a user adds it; its ordinary case."""
    monkeypatch.setitem(MODELS, model.name, model)
    return ordinary(Shape(model.name, 3))


class TestNewModel:
    """A definition is all that a new model needs."""

    @pytest.fixture(params=["two_states", "documented"])
    def case(self, request, monkeypatch):
        if request.param == "two_states":
            return as_added(monkeypatch, TWO_STATES)
        names = vars(library) | {"MODELS": dict(MODELS)}
        exec(documented_model(), names)
        (added,) = set(names["MODELS"]) - set(MODELS)
        return as_added(monkeypatch, names["MODELS"][added])

    def test_all_forms_agree(self, case):
        value, gradient = gradients(case)
        np.testing.assert_allclose(value, case.totals, rtol=1e-10)
        np.testing.assert_allclose(value, case.scanned.totals, rtol=1e-10)
        assert_same_gradient(gradient, case.scanned.gradient, 1e-10)
        numerical = case.numerical_gradient(EVERYTHING)
        assert_same_gradient(gradient[EVERYTHING], numerical, 1e-7, 1e-10)
        for i, walk in enumerate(case.walks):
            for name, states in walk.states.items():
                found = case.scanned.states[name][i, : len(states)]
                np.testing.assert_allclose(found, states, rtol=1e-12, atol=1e-14)

    def test_one_that_looks_across_arms_is_refused(self):
        """A model is elementwise over arms; anything else must not compile into nonsense."""
        across = Model(
            name="across",
            title="",
            citation="",
            parameters=RESCORLA_WAGNER.parameters,
            initial=lambda p: {"q": p.start_value},
            logit=lambda s, p: p.beta * pt.stack([s["q"], s["q"] + 1]).cumsum()[1],
            update=lambda s, chosen, reward, p: {"q": s["q"]},
        )
        with pytest.raises(TypeError, match="only elementwise arithmetic"):
            compiled_gradient(Learner(across, 2))
