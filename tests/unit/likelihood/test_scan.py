"""The scan against loops written from the papers, its conventions, and the known numbers."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytensor
import pytensor.tensor as pt
import pytest
from reference import WALKS

from rlrecovery.likelihood import scan as likelihood
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER
from rlrecovery.simulate.batch import behave
from rlrecovery.simulate.task import Task
from unit.forms import (
    START,
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
    some_tasks,
)

WITHOUT_FIRST_TRIAL = 47.418936097207


@pytest.fixture(scope="module")
def notebook():
    """The issue's data set: one participant, alpha 0.5, beta 5, 150 trials."""
    rng = np.random.default_rng(sum(map(ord, "RL_PyMC")))
    return behave(
        RESCORLA_WAGNER,
        {"alpha": np.array([0.5]), "beta": np.array([5.0])},
        Task((0.4, 0.6)),
        rng.random((1, 150, 2)),
    )


@pytest.fixture(scope="module")
def notebook_data(notebook):
    return likelihood.observations(notebook.choices, notebook.rewards, np.zeros((1, 150)))


class TestKnownNumbers:
    def test_reference(self, notebook):
        walk = WALKS["rescorla_wagner"](
            (0.5, 5.0), notebook.choices[0], notebook.rewards[0], np.zeros(150), 2, 0.5
        )
        assert -walk.pointwise[1:].sum() == pytest.approx(WITHOUT_FIRST_TRIAL, abs=1e-9)

    def test_scan(self, notebook_data):
        found = scan("rescorla_wagner", 2, notebook_data, [[0.5, 5.0]])
        assert -found.pointwise[0, 1:].sum() == pytest.approx(WITHOUT_FIRST_TRIAL, abs=1e-9)
        assert found.pointwise[0, 0] == pytest.approx(np.log(0.5), abs=1e-12)

    def test_kernel(self, notebook_data):
        value, _ = kernel("rescorla_wagner", 2, notebook_data, [[0.5, 5.0]])
        assert -(value[0] - np.log(0.5)) == pytest.approx(WITHOUT_FIRST_TRIAL, abs=1e-9)

    def test_it_is_not_zero_and_depends_on_the_parameters(self, notebook_data):
        """The public notebook's sum over all arms of the softmax is 1 whatever the parameters."""
        theta = [(0.5, 5.0), (0.1, 5.0), (0.5, 1.0), (0.9, 0.2)]
        values = [scan("rescorla_wagner", 2, notebook_data, [t]).totals[0] for t in theta]
        assert max(values) < -40
        assert len({round(value, 6) for value in values}) == len(theta)
        assert np.abs(scan("rescorla_wagner", 2, notebook_data, [theta[1]]).gradient).min() > 0.1

    def test_the_choice_is_judged_before_its_reward_is_learnt(self):
        data = likelihood.observations(np.array([[0]]), np.array([[1.0]]), np.array([[0]]))
        value = scan("rescorla_wagner", 2, data, [[0.9, 8.0]]).totals[0]
        assert value == pytest.approx(np.log(0.5), abs=1e-14)


class AgainstReference:
    """What the scan must say about a case; whoever inherits it says which cases."""

    def test_pointwise_states_and_probabilities(self, case):
        found = case.scanned
        np.testing.assert_allclose(found.totals, case.totals, rtol=1e-10)
        probability = np.exp(found.logits)
        probability /= probability.sum(axis=-1, keepdims=True)
        for i, walk in enumerate(case.walks):
            n = len(walk.pointwise)
            np.testing.assert_allclose(found.pointwise[i, :n], walk.pointwise, 1e-10, 1e-14)
            np.testing.assert_allclose(probability[i, :n], walk.probabilities, rtol=1e-10)
            for name, states in walk.states.items():
                np.testing.assert_allclose(found.states[name][i, :n], states, rtol=1e-12)
            assert not found.pointwise[i, n:].any()

    def test_gradient(self, case):
        assert_same_gradient(case.scanned.gradient, case.numerical_gradient, 1e-7, 1e-10)


@every_model
@every_number_of_arms
@every_reward
@every_pattern
class TestScanAgainstReference(AgainstReference):
    @pytest.fixture
    def case(self, model, n_arms, rewards, pattern):
        return make_case(model, n_arms, rewards, pattern)


@every_model
@every_number_of_arms
@every_reward
@full_feedback
class TestFullFeedbackAgainstReference(AgainstReference):
    @pytest.fixture
    def case(self, model, n_arms, rewards, feedback):
        return make_case(model, n_arms, rewards, "everything", feedback)

    def test_what_was_not_chosen_matters_to_those_who_learn_from_it(self, case):
        """Of three models only what was obtained counts, if anything."""
        others = case.data.rewards * (case.data.choices[:, :, None] == np.arange(case.n_arms))
        data = likelihood.Observations(case.data.choices, others, case.data.starts)
        found = scan(case.model, case.n_arms, data, case.theta)
        blind = ("random_responding", "win_stay_lose_shift", "choice_kernel")
        same = np.array_equal(found.totals, case.scanned.totals)
        assert same == (case.model in blind)


@every_variant
@some_tasks
@every_reward
class TestVariantsAgainstReference(AgainstReference):
    @pytest.fixture
    def case(self, model, n_arms, rewards, feedback):
        return make_case(model, n_arms, rewards, "everything", feedback)


#: Of what is beside the models themselves some is enough: each of these takes a minute.
OTHER_SCANS = [
    ("rescorla_wagner", 3, "full"),
    ("kalman_filter", 2, "full"),
    ("rescorla_wagner_counterfactual+all", 3, "partial"),
    ("rescorla_wagner_counterfactual+all", 3, "full"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "n_arms", "feedback"),
    [*((model, n_arms, "partial") for model in MODELS for n_arms in (2, 3, 4)), *OTHER_SCANS],
)
def test_machine_code_of_the_scan_is_the_definition(model, n_arms, feedback):
    case = make_case(model, n_arms, "gaussian", "everything", feedback)
    found = scan(model, n_arms, case.data, case.theta, make=pytensor.function)
    np.testing.assert_allclose(found.totals, case.scanned.totals, rtol=1e-12)
    np.testing.assert_allclose(found.logits, case.scanned.logits, rtol=1e-12)
    assert_same_gradient(found.gradient, case.scanned.gradient, 1e-12)


@every_model
class TestMissingPaddingAndBlocks:
    def test_missing_trials_may_be_deleted(self, model):
        case = make_case(model, 2, "gaussian", "everything")
        gone = case.trials["choice"] < 0
        assert gone.sum() > 3
        with_them = case.scanned
        kept = case.trials[~gone]
        people = kept["participant"].unique()
        data = likelihood.observations_from_table(kept)
        without = scan(model, 2, data, case.theta[people])
        np.testing.assert_allclose(with_them.totals[people], without.totals, rtol=1e-12)
        np.testing.assert_allclose(with_them.gradient[people], without.gradient, rtol=1e-10)
        assert not with_them.pointwise[case.data.choices < 0].any()
        assert (with_them.pointwise[case.data.choices >= 0] < 0).all()

    def test_what_stands_in_a_missing_trial_is_ignored(self, model):
        choices, blocks = np.array([[0, -1, 1, -7, 0]]), np.zeros((1, 5))
        theta = random_theta(model, 1, np.random.default_rng(3))
        values = {
            scan(model, 2, likelihood.observations(choices, rewards, blocks), theta).totals[0]
            for rewards in (np.array([[1, x, 0.0, x, 1]]) for x in (np.nan, 0.0, 1e9))
        }
        assert len(values) == 1

    def test_padding_adds_nothing(self, model):
        case = make_case(model, 2, "bernoulli", "ragged")
        together = case.scanned
        for i in range(3):
            mine = case.trials[case.trials["participant"] == i]
            alone = scan(model, 2, likelihood.observations_from_table(mine), case.theta[[i]])
            assert alone.pointwise.shape[1] == len(mine)
            assert together.totals[i] == pytest.approx(alone.totals[0], rel=1e-12)
            np.testing.assert_allclose(together.gradient[i], alone.gradient[0], rtol=1e-10)

    def test_blocks_are_separate_sums(self, model):
        case = make_case(model, 3, "gaussian", "blocks")
        whole = case.scanned
        parts = [
            scan(model, 3, likelihood.observations_from_table(part), case.theta)
            for _, part in case.trials.groupby("block")
        ]
        assert len(parts) == 4
        np.testing.assert_allclose(whole.totals, sum(p.totals for p in parts), rtol=1e-12)
        np.testing.assert_allclose(whole.gradient, sum(p.gradient for p in parts), rtol=1e-10)
        one_block = case.trials.assign(block=0)
        joined = scan(model, 3, likelihood.observations_from_table(one_block), case.theta)
        # Without hidden state nothing is there that a block could begin anew.
        assert (np.abs(joined.totals - whole.totals) > 1e-3).all() == bool(whole.states)

    def test_all_missing_is_zero(self, model):
        trials = frame(0, [-1] * 6, [np.nan] * 6, [0, 0, 0, 1, 1, 1])
        theta = random_theta(model, 1, np.random.default_rng(5))
        found = scan(model, 2, likelihood.observations_from_table(trials), theta)
        assert not found.pointwise.any()
        assert not found.gradient.any()
        for states in found.states.values():
            assert (states == states[:, :1]).all()


ARMS = {
    (2, "bernoulli"): Task((0.4, 0.6)),
    (2, "gaussian"): Task((0.0, 1.0), sd=0.8),
    (3, "bernoulli"): Task((0.2, 0.5, 0.8)),
    (3, "gaussian"): Task((-1.0, 0.0, 2.0), sd=1.5),
    (4, "bernoulli"): Task((0.2, 0.4, 0.6, 0.8)),
    (4, "gaussian"): Task((-1.0, 0.0, 1.0, 2.0), sd=1.5),
}


def simulated(model, theta, task, missing, rng):
    """Behaviour in 40 trials, and what the scan says of it."""
    definite, people = definition(model), len(theta)
    acted = behave(
        definite,
        dict(zip(definite.names, theta.T, strict=True)),
        task,
        rng.random((people, 40, task.numbers)),
        missing,
    )
    paid = acted.rewards if acted.outcomes is None else acted.outcomes
    blocks = task.block_of_trial(40) * task.reset
    data = likelihood.observations(acted.choices, paid, np.tile(blocks, (people, 1)))
    return acted, scan(model, task.n_arms, data, theta)


def assert_hidden_values_are_equal(acted, found):
    assert set(found.states) == set(acted.states)
    for name, states in acted.states.items():
        np.testing.assert_allclose(found.states[name], states, rtol=1e-12, atol=1e-14)
        assert np.ptp(states) > 0.2
    responded = acted.choices >= 0
    picked = np.take_along_axis(
        acted.probabilities, np.maximum(acted.choices, 0)[:, :, None], axis=2
    )[:, :, 0]
    np.testing.assert_allclose(
        found.pointwise, np.where(responded, np.log(picked), 0.0), rtol=1e-10, atol=1e-14
    )


@every_model
@every_number_of_arms
@every_reward
@pytest.mark.parametrize("people", [1, 6])
@pytest.mark.parametrize("interrupted", [False, True])
def test_hidden_values_equal_the_simulators(model, n_arms, rewards, people, interrupted):
    rng = np.random.default_rng([n_arms, people])
    theta = random_theta(model, people, rng)
    missing = rng.random((people, 40)) < 0.2 if interrupted else None
    task = replace(ARMS[n_arms, rewards], blocks=4 if interrupted else 1, start_value=START[n_arms])
    assert_hidden_values_are_equal(*simulated(model, theta, task, missing, rng))


@every_model
@every_number_of_arms
@every_reward
@full_feedback
@pytest.mark.parametrize("reset", [False, True])
def test_with_full_feedback_too(model, n_arms, rewards, feedback, reset):
    rng = np.random.default_rng(n_arms)
    theta, missing = random_theta(model, 6, rng), rng.random((6, 40)) < 0.2
    given = {"blocks": 4, "start_value": START[n_arms], "reset": reset, "full": True}
    task = replace(ARMS[n_arms, rewards], **given)
    acted, found = simulated(model, theta, task, missing, rng)
    assert_hidden_values_are_equal(acted, found)
    begun_again = all((s[:, 10] == s[:, 0]).all() for s in acted.states.values())
    assert begun_again == (reset or not acted.states)


@every_variant
@some_tasks
@every_reward
def test_with_variants_too(model, n_arms, rewards, feedback):
    rng = np.random.default_rng(n_arms)
    theta, missing = random_theta(model, 6, rng), rng.random((6, 40)) < 0.2
    given = {"blocks": 4, "start_value": START[n_arms], "full": feedback == "full"}
    task = replace(ARMS[n_arms, rewards], **given)
    assert_hidden_values_are_equal(*simulated(model, theta, task, missing, rng))


class TestObservations:
    def test_codes_and_fillers(self):
        data = likelihood.observations(
            np.array([[1, -5, 0]]), np.array([[2.0, np.nan, 7.0]]), np.array([[3, 3, 4]])
        )
        assert data.choices.tolist() == [[1, -1, 0]]
        assert data.rewards.tolist() == [[2.0, 0.0, 7.0]]
        assert data.starts.tolist() == [[1.0, 0.0, 1.0]]
        assert (data.choices.dtype, data.rewards.dtype) == (np.int64, np.float64)

    def test_a_table_may_come_in_any_order(self):
        case = make_case("rescorla_wagner", 3, "gaussian", "everything")
        shuffled = case.trials.sample(frac=1, random_state=1)
        expected, found = case.data, likelihood.observations_from_table(shuffled)
        for name in ("choices", "rewards", "starts"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))

    def test_padding_is_no_response_and_no_new_block(self):
        trials = pd.concat([frame(4, [0, 1, 1], [1, 0, 1], [0, 1, 1]), frame(9, [1], [0.5])])
        data = likelihood.observations_from_table(trials)
        assert data.choices.tolist() == [[0, 1, 1], [1, -1, -1]]
        assert data.rewards.tolist() == [[1, 0, 1], [0.5, 0, 0]]
        assert data.starts.tolist() == [[1, 1, 0], [1, 0, 0]]

    def test_full_feedback_has_an_outcome_per_arm(self):
        paid = np.array([[[2.0, 5.0], [np.nan, 9.0], [7.0, 0.0]]])
        data = likelihood.observations(np.array([[1, -1, 0]]), paid, np.zeros((1, 3)))
        assert data.rewards.tolist() == [[[2.0, 5.0], [0.0, 0.0], [7.0, 0.0]]]
        assert data.choices.tolist() == [[1, -1, 0]]

    def test_columns_of_outcomes_are_in_the_order_of_their_numbers(self):
        outcomes = np.arange(22.0).reshape(2, 11)
        trials = frame(0, [10, 3], outcomes)
        turned = trials[sorted(trials.columns, reverse=True)].assign(reward_again=5.0)
        assert likelihood.outcome_columns(turned) == [f"reward_{k}" for k in range(11)]
        data = likelihood.observations_from_table(turned)
        assert data.rewards.tolist() == [outcomes.tolist()]
        partial = trials[["participant", "block", "trial", "choice", "reward"]]
        assert likelihood.outcome_columns(partial) == []
        assert likelihood.observations_from_table(partial).rewards.tolist() == [[10.0, 14.0]]

    def test_without_a_reset_only_the_first_trial_is_a_start(self):
        trials = pd.concat([frame(4, [0, 1, 1], [1, 0, 1], [0, 1, 2]), frame(9, [1], [0.5], [2])])
        data = likelihood.observations_from_table(trials, reset=False)
        assert data.starts.tolist() == [[1, 0, 0], [1, 0, 0]]
        again = likelihood.observations_from_table(trials)
        assert again.starts.tolist() == [[1, 1, 1], [1, 0, 0]]
        np.testing.assert_array_equal(data.choices, again.choices)

    def test_rows(self):
        data = make_case("rescorla_wagner", 2, "bernoulli", "plain").data.rows([2, 0])
        whole = make_case("rescorla_wagner", 2, "bernoulli", "plain").data
        np.testing.assert_array_equal(data.choices, whole.choices[[2, 0]])
        np.testing.assert_array_equal(data.rewards, whole.rewards[[2, 0]])
        np.testing.assert_array_equal(data.starts, whole.starts[[2, 0]])


def test_log_softmax_holds_for_huge_logits():
    logits = np.array([[1e6, 0.0, -1e6], [-1e6, -1e6, -1e6], [1.0, 2.0, 3.0]])
    found = interpreted([], likelihood.log_softmax(pt.as_tensor(logits)))()
    np.testing.assert_allclose(found[0], [0.0, -1e6, -2e6])
    np.testing.assert_allclose(found[1], np.log([1 / 3] * 3))
    np.testing.assert_allclose(np.exp(found[2]).sum(), 1.0)


@functools.cache
def functions_of(engine, full=False):
    return likelihood.value_and_gradient(RESCORLA_WAGNER, 2, START[2], engine, full)


@pytest.mark.parametrize("engine", ["compiled", "scan"])
@pytest.mark.parametrize("pattern", ["plain", "everything"])
def test_value_and_gradient_of_both_engines(engine, pattern):
    case = make_case("rescorla_wagner", 2, "gaussian", pattern)
    evaluate = functions_of(engine)
    value, gradient = evaluate(case.data, case.theta)
    np.testing.assert_allclose(value, case.totals, rtol=1e-10)
    assert_same_gradient(gradient, case.numerical_gradient, 1e-7, 1e-10)


@pytest.mark.parametrize("engine", ["compiled", pytest.param("scan", marks=pytest.mark.slow)])
def test_full_feedback_of_both_engines(engine):
    case = make_case("rescorla_wagner", 2, "gaussian", "everything", "full")
    value, gradient = functions_of(engine, True)(case.data, case.theta)
    np.testing.assert_allclose(value, case.totals, rtol=1e-10)
    assert_same_gradient(gradient, case.numerical_gradient, 1e-7, 1e-10)
    alone = likelihood.values_only(RESCORLA_WAGNER, 2, START[2], engine, True)
    np.testing.assert_allclose(alone(case.data, case.theta), value, rtol=1e-13)


@every_number_of_arms
@every_reward
@every_pattern
def test_equal_rates_are_one_rate(n_arms, rewards, pattern):
    """The two models agree where they must, by the compiled form."""
    case = make_case("rescorla_wagner", n_arms, rewards, pattern)
    alpha, beta = case.theta.T
    both = np.column_stack([alpha, alpha, beta])
    value, gradient = kernel("rescorla_wagner_two_rates", n_arms, case.data, both)
    single, slope = kernel("rescorla_wagner", n_arms, case.data, case.theta)
    np.testing.assert_allclose(value, single, rtol=1e-12)
    joined = np.column_stack([gradient[:, 0] + gradient[:, 1], gradient[:, 2]])
    assert_same_gradient(joined, slope, 1e-11)
