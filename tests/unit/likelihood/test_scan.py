"""The scan against loops written from the papers, its conventions, and the known numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from reference import WALKS

from rlrecovery.likelihood.data import Observations, observations, observations_from_table
from rlrecovery.likelihood.scan import log_softmax
from rlrecovery.models.library import MODELS
from rlrecovery.simulation.behaviour import behave
from rlrecovery.simulation.task import Task
from unit.forms import (
    DAILY,
    ONE_SHAPE,
    OTHERS,
    STORED,
    Shape,
    assert_same_gradient,
    every_stored_shape,
    extreme,
    frame,
    interpreted,
    kernel,
    kind,
    ordinary,
    random_theta,
    rounding,
    scan,
    shapes,
)
from unit.likelihood.stored import computed, stored

RW = Shape("rescorla_wagner", 2)
EVERYTHING = [*kind("bernoulli", "everything"), *kind("gaussian", "everything")]
#: Where the scan itself is evaluated daily.
SCANNED = [*(Shape(model, 3) for model in DAILY), Shape("rescorla_wagner", 3, "full")]

WITHOUT_FIRST_TRIAL = 47.418936097207


@pytest.fixture(scope="module")
def notebook():
    """The issue's data set: one participant, alpha 0.5, beta 5, 150 trials."""
    rng = np.random.default_rng(sum(map(ord, "RL_PyMC")))
    return behave(
        RW.learner,
        {"alpha": np.array([0.5]), "beta": np.array([5.0])},
        Task((0.4, 0.6)),
        rng.random((1, 150, 2)),
    )


@pytest.fixture(scope="module")
def notebook_data(notebook):
    return observations(notebook.choices, notebook.rewards, np.zeros((1, 150)))


class TestKnownNumbers:
    def test_reference(self, notebook):
        walk = WALKS["rescorla_wagner"](
            (0.5, 5.0), notebook.choices[0], notebook.rewards[0], np.zeros(150), 2, 0.5
        )
        assert -walk.pointwise[1:].sum() == pytest.approx(WITHOUT_FIRST_TRIAL, abs=1e-9)

    def test_scan(self, notebook_data):
        """The public notebook's sum over all arms of the softmax is 1 whatever the parameters."""
        theta = [(0.5, 5.0), (0.1, 5.0), (0.5, 1.0), (0.9, 0.2)]
        found = scan(RW, notebook_data.rows([0] * 4), theta)
        assert -found.pointwise[0, 1:].sum() == pytest.approx(WITHOUT_FIRST_TRIAL, abs=1e-9)
        assert found.pointwise[0, 0] == pytest.approx(np.log(0.5), abs=1e-12)
        assert max(found.totals) < -40
        assert len({round(value, 6) for value in found.totals}) == len(theta)
        assert np.abs(found.gradient[1]).min() > 0.1

    def test_kernel(self, notebook_data):
        value, _ = kernel(RW, notebook_data, [[0.5, 5.0]])
        assert -(value[0] - np.log(0.5)) == pytest.approx(WITHOUT_FIRST_TRIAL, abs=1e-9)

    def test_the_choice_is_judged_before_its_reward_is_learnt(self):
        data = observations(np.array([[0]]), np.array([[1.0]]), np.array([[0]]))
        value = scan(RW, data, [[0.9, 8.0]]).totals[0]
        assert value == pytest.approx(np.log(0.5), abs=1e-14)


@every_stored_shape
def test_stored_values_are_those_of_the_papers(shape):
    np.testing.assert_allclose(stored(shape)[0].value, ordinary(shape).totals, rtol=1e-10)


@shapes([shape for shape in STORED if shape.model in DAILY], STORED)
def test_stored_gradients_are_slopes_of_the_papers_values(shape):
    numerical = ordinary(shape).numerical_gradient(EVERYTHING)
    assert_same_gradient(stored(shape)[0].gradient[EVERYTHING], numerical, 1e-7, 1e-10)


@shapes([shape for shape in STORED if shape.model in DAILY], STORED)
def test_stored_values_of_extremes_are_those_of_the_papers(shape):
    expected, totals = stored(shape)[1], extreme(shape).totals
    error = np.abs(expected.value - totals)
    assert (error <= 1e-10 * np.abs(totals) + 8 * expected.rounding).all()


@shapes(SCANNED, STORED)
def test_stored_values_are_those_of_the_scan(shape):
    """If this fails after a change of the models, see `unit.likelihood.stored`."""
    found, rows = computed(shape), len(ordinary(shape).theta)
    for expected, actual in zip(stored(shape), np.split(found, [rows]), strict=True):
        last_digits = 30 * expected.rounding
        error = np.abs(actual[:, 0] - expected.value)
        assert (error <= 1e-12 * np.abs(expected.value) + last_digits).all()
        assert_same_gradient(actual[:, 2:], expected.gradient, 1e-12, last_digits[:, None])


@shapes(SCANNED, [*STORED, *OTHERS])
def test_pointwise_states_and_probabilities_are_those_of_the_papers(shape):
    case = ordinary(shape)
    found = case.scanned
    probability = np.exp(found.logits)
    probability /= probability.sum(axis=-1, keepdims=True)
    for i, walk in enumerate(case.walks):
        n = len(walk.pointwise)
        np.testing.assert_allclose(found.pointwise[i, :n], walk.pointwise, 1e-10, 1e-14)
        np.testing.assert_allclose(probability[i, :n], walk.probabilities, rtol=1e-10)
        for name, states in walk.states.items():
            np.testing.assert_allclose(found.states[name][i, :n], states, rtol=1e-12)
        assert not found.pointwise[i, n:].any()


@shapes([], OTHERS)
def test_gradients_are_slopes_of_the_papers_values_at_other_shapes(shape):
    case = ordinary(shape)
    numerical = case.numerical_gradient(EVERYTHING)
    assert_same_gradient(case.scanned.gradient[EVERYTHING], numerical, 1e-7, 1e-10)
    totals, case = extreme(shape).totals, extreme(shape)
    error = np.abs(case.scanned.totals - totals)
    allowed = 1e-10 * np.abs(totals) + 8 * rounding(case, case.scanned.states)
    assert (error <= allowed).all()


@shapes([Shape("rescorla_wagner", 3, "full")], [s for s in ONE_SHAPE if s.full])
def test_outcomes_of_other_arms_matter_to_models_that_learn_from_them(shape):
    """In three models only the obtained outcome counts, if any."""
    case = ordinary(shape).subset(EVERYTHING)
    chosen = case.data.choices[:, :, None] == np.arange(shape.n_arms)
    data = Observations(case.data.choices, case.data.rewards * chosen, case.data.starts)
    same = np.array_equal(scan(shape, data, case.theta).totals, case.scanned.totals)
    assert same == (shape.model in ("random_responding", "win_stay_lose_shift", "choice_kernel"))


#: Machine code of a scan takes a minute each.
MACHINE_CODE = [
    *(Shape(model, 3) for model in MODELS),
    *(Shape("rescorla_wagner", n_arms) for n_arms in (2, 4)),
    Shape("rescorla_wagner", 3, "full"),
    Shape("kalman_filter", 2, "full"),
    *(Shape("rescorla_wagner_counterfactual+all", 3, f) for f in ("partial", "full")),
]


@shapes([], MACHINE_CODE)
def test_machine_code_of_the_scan_has_the_values_that_python_finds(shape):
    case = ordinary(shape)
    found = scan(shape, case.data, case.theta, make=pytensor.function)
    np.testing.assert_allclose(found.totals, case.scanned.totals, rtol=1e-12)
    np.testing.assert_allclose(found.logits, case.scanned.logits, rtol=1e-12, atol=1e-13)
    assert_same_gradient(found.gradient, case.scanned.gradient, 1e-12)


@shapes(SCANNED[:1], [Shape(model, 3) for model in MODELS])
class TestMissingPaddingAndBlocks:
    def test_missing_trials_may_be_deleted(self, shape):
        case = ordinary(shape).subset(EVERYTHING)
        missing = case.trials["choice"] < 0
        assert missing.sum() > 3
        kept = case.trials[~missing]
        participants, whole = kept["participant"].unique(), case.scanned
        without = scan(shape, observations_from_table(kept), case.theta[participants])
        np.testing.assert_allclose(whole.totals[participants], without.totals, rtol=1e-12)
        np.testing.assert_allclose(whole.gradient[participants], without.gradient, rtol=1e-10)
        assert not whole.pointwise[case.data.choices < 0].any()
        assert (whole.pointwise[case.data.choices >= 0] < 0).all()

    def test_values_in_a_missing_trial_are_ignored(self, shape):
        rewards = np.array([[1, x, 0.0, x, 1] for x in (np.nan, 0.0, 1e9)])
        data = observations(np.array([[0, -1, 1, -7, 0]] * 3), rewards, np.zeros((3, 5)))
        theta = np.repeat(random_theta(shape.model, 1, np.random.default_rng(3)), 3, axis=0)
        assert len(set(scan(shape, data, theta).totals)) == 1

    def test_padding_adds_nothing(self, shape):
        participants = kind("bernoulli", "ragged")
        together = ordinary(shape).scanned
        for i in participants[1:]:
            alone = ordinary(shape).subset([i])
            assert alone.scanned.pointwise.shape[1] == len(alone.trials) < 24
            assert together.totals[i] == pytest.approx(alone.scanned.totals[0], rel=1e-12)
            np.testing.assert_allclose(
                together.gradient[i], alone.scanned.gradient[0], rtol=1e-10, atol=1e-15
            )

    def test_blocks_are_separate_sums(self, shape):
        case = ordinary(shape).subset(kind("gaussian", "blocks"))
        whole = case.scanned
        parts = [
            scan(shape, observations_from_table(part), case.theta)
            for _, part in case.trials.groupby("block")
        ]
        assert len(parts) == 4
        np.testing.assert_allclose(whole.totals, sum(p.totals for p in parts), rtol=1e-12)
        np.testing.assert_allclose(whole.gradient, sum(p.gradient for p in parts), rtol=1e-10)
        joined = scan(shape, observations_from_table(case.trials.assign(block=0)), case.theta)
        # A model without hidden state has nothing that a block could reset.
        assert (np.abs(joined.totals - whole.totals) > 1e-3).all() == bool(whole.states)

    def test_all_missing_is_zero(self, shape):
        trials = frame(0, [-1] * 6, [np.nan] * 6, [0, 0, 0, 1, 1, 1])
        theta = random_theta(shape.model, 1, np.random.default_rng(5))
        found = scan(shape, observations_from_table(trials), theta)
        assert not found.pointwise.any()
        assert not found.gradient.any()
        for states in found.states.values():
            assert (states == states[:, :1]).all()


ARMS = {
    2: Task((0.0, 1.0), sd=0.8),
    3: Task((-1.0, 0.0, 2.0), sd=1.5),
    4: Task((-1.0, 0.0, 1.0, 2.0), sd=1.5),
}


@shapes(SCANNED, [*STORED, *OTHERS])
@pytest.mark.parametrize("reset", [True, False])
def test_hidden_values_equal_the_simulators(shape, reset):
    """The simulator's states and probabilities are the scan's, with missing trials and blocks."""
    rng, learner, participants = np.random.default_rng(shape.n_arms), shape.learner, 6
    theta, missing = random_theta(shape.model, participants, rng), rng.random((6, 40)) < 0.2
    missing[0] = False
    task = replace(
        ARMS[shape.n_arms],
        blocks=4,
        start_value=learner.start_value,
        reset=reset,
        full_feedback=shape.full,
    )
    values = dict(zip(learner.names, theta.T, strict=True))
    acted = behave(learner, values, task, rng.random((6, 40, task.n_uniforms)), missing)
    shown = acted.outcomes if shape.full else acted.rewards
    blocks = np.tile(task.block_of_trial(40) * reset, (participants, 1))
    found = scan(shape, observations(acted.choices, shown, blocks), theta)
    assert set(found.states) == set(acted.states)
    for name, states in acted.states.items():
        np.testing.assert_allclose(found.states[name], states, rtol=1e-12, atol=1e-14)
        assert np.ptp(states) > 0.2
        assert (states[:, 10] == states[:, 0]).all() == reset
    chosen = np.maximum(acted.choices, 0)[:, :, None]
    probability = np.take_along_axis(acted.probabilities, chosen, axis=2)[:, :, 0]
    expected = np.where(acted.choices >= 0, np.log(probability), 0.0)
    np.testing.assert_allclose(found.pointwise, expected, rtol=1e-10, atol=1e-14)


def test_log_softmax_holds_for_huge_logits():
    logits = np.array([[1e6, 0.0, -1e6], [-1e6, -1e6, -1e6], [1.0, 2.0, 3.0]])
    found = interpreted([], log_softmax(pt.as_tensor(logits)))()
    np.testing.assert_allclose(found[0], [0.0, -1e6, -2e6])
    np.testing.assert_allclose(found[1], np.log([1 / 3] * 3))
    np.testing.assert_allclose(np.exp(found[2]).sum(), 1.0)


@pytest.mark.parametrize("n_arms", [2, 3, 4])
def test_equal_rates_are_one_rate(n_arms):
    """The two models agree where they must, by the compiled form."""
    one, two = Shape("rescorla_wagner", n_arms), Shape("rescorla_wagner_two_rates", n_arms)
    case = ordinary(one)
    alpha, beta = case.theta.T
    value, gradient = kernel(two, case.data, np.column_stack([alpha, alpha, beta]))
    single, slope = kernel(one, case.data, case.theta)
    np.testing.assert_allclose(value, single, rtol=1e-12)
    joined = np.column_stack([gradient[:, 0] + gradient[:, 1], gradient[:, 2]])
    assert_same_gradient(joined, slope, 1e-11)
