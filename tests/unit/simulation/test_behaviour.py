"""Choices and rewards follow their probabilities; hidden states are those of the references."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from rlrecovery.models.base import Learner
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulation.behaviour import behave
from rlrecovery.simulation.changes import DriftSettings, ReversalSettings
from rlrecovery.simulation.task import Schedule, Task
from unit.forms import definition, random_theta, walk_of


def act(uniform, alpha=0.5, beta=5.0, task=None, missing=None):
    count, task = len(uniform), task or Task((0.4, 0.6))
    values = {"alpha": np.full(count, alpha), "beta": np.full(count, beta)}
    return behave(learner_in(RESCORLA_WAGNER, task), values, task, uniform, missing)


def learner_in(model, task):
    """The model in the task, but for the neutral outcome, which few models know."""
    return Learner(model, task.n_arms, task.start_value, task.full_feedback)


class TestNotebook:
    """The public notebook's data set, trial by trial as it draws them."""

    def test_first_ten(self):
        rng = np.random.default_rng(sum(map(ord, "RL_PyMC")))
        behaviour = act(rng.random((1, 150, 2)))
        assert "".join(map(str, behaviour.choices[0, :10])) == "1000001111"
        assert "".join(f"{r:.0f}" for r in behaviour.rewards[0, :10]) == "0111001111"

    def test_generator_choice_makes_the_same_choices(self):
        rng = np.random.default_rng(sum(map(ord, "RL_PyMC")))
        values, choices, rewards = np.array([0.5, 0.5]), [], []
        for _ in range(150):
            weights = np.exp(5 * values)
            choice = rng.choice([0, 1], p=weights / weights.sum())
            reward = rng.random() < (0.4, 0.6)[choice]
            values[choice] += 0.5 * (reward - values[choice])
            choices.append(int(choice))
            rewards.append(float(reward))
        again = np.random.default_rng(sum(map(ord, "RL_PyMC")))
        behaviour = act(again.random((1, 150, 2)))
        assert behaviour.choices[0].tolist() == choices
        assert behaviour.rewards[0].tolist() == rewards


def assert_hidden_values_are_the_references(model, task, length=30):
    rng, participants = np.random.default_rng(5), 3
    theta, definite = random_theta(model, participants, rng), definition(model)
    missing = rng.random((participants, length)) < 0.2
    behaviour = behave(
        learner_in(definite, task),
        dict(zip(definite.names, theta.T, strict=True)),
        task,
        rng.random((participants, length, task.n_uniforms)),
        missing,
    )
    assert missing.any()
    assert ((behaviour.choices == -1) == missing).all()
    assert (np.isnan(behaviour.rewards) == missing).all()
    blocks = task.block_of_trial(length) * task.reset
    for i in range(participants):
        paid = behaviour.outcomes[i] if task.full_feedback else behaviour.rewards[i]
        if task.full_feedback:
            own = [row[c] for row, c in zip(paid, behaviour.choices[i], strict=True)]
            np.testing.assert_array_equal(behaviour.rewards[i], own)
        walk = walk_of(model)(
            theta[i], behaviour.choices[i], paid, blocks, task.n_arms, task.start_value
        )
        for name, states in walk.states.items():
            np.testing.assert_allclose(behaviour.states[name][i], states, rtol=1e-12)
        np.testing.assert_allclose(behaviour.probabilities[i], walk.probabilities, rtol=1e-12)


TASKS = [Task((0.2, 0.5, 0.8), 3, 0.25), Task((-1.0, 0.0, 1.0), 3, 0.25, sd=2.0)]
every_task = pytest.mark.parametrize("task", TASKS, ids=["bernoulli", "gaussian"])


@pytest.mark.parametrize("model", list(MODELS))
@every_task
def test_hidden_values_and_probabilities_are_the_references(model, task):
    assert_hidden_values_are_the_references(model, task)


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("reset", [True, False])
def test_with_full_feedback_too(model, reset):
    task = dataclasses.replace(TASKS[1], full_feedback=True, reset=reset)
    assert_hidden_values_are_the_references(model, task)


@pytest.mark.parametrize(
    "model",
    [
        "rescorla_wagner+lapse",
        "rescorla_wagner_counterfactual+all",
        "kalman_filter+start",
        "random_responding+lapse",
        "pearce_hall+fixed",
    ],
)
@every_task
@pytest.mark.parametrize("full", [False, True], ids=["partial", "full"])
def test_of_variants_too(model, task, full):
    task = dataclasses.replace(task, full_feedback=full)
    assert_hidden_values_are_the_references(model, task)


class TestBehave:
    def test_choices_follow_their_probabilities(self):
        """After a common history, 20,000 participants choose among three arms."""
        rng, count, history = np.random.default_rng(2), 20_000, 6
        uniform = np.empty((count, history + 1, 2))
        uniform[:, :-1] = rng.random((history, 2))
        uniform[:, -1] = rng.random((count, 2))
        behaviour = act(uniform, alpha=0.3, beta=4.0, task=Task((0.3, 0.5, 0.7)))
        probability = behaviour.probabilities[0, -1]
        assert (behaviour.probabilities[:, -1] == probability).all()
        assert np.ptp(probability) > 0.1
        counts = np.bincount(behaviour.choices[:, -1], minlength=3)
        assert stats.chisquare(counts, count * probability).pvalue > 1e-3

    def test_choices_follow_along_whole_sessions(self):
        """Choices binned by their probability, over many learners: observed equals expected."""
        behaviour = act(np.random.default_rng(3).random((400, 100, 2)), beta=3.0)
        probability, chose = behaviour.probabilities[..., 1].ravel(), behaviour.choices.ravel() == 1
        bins = np.digitize(probability, np.quantile(probability, np.linspace(0, 1, 11)[1:-1]))
        variance = np.bincount(bins, probability * (1 - probability))
        z = np.bincount(bins, chose - probability) / np.sqrt(variance)
        assert stats.chi2(len(z)).sf((z**2).sum()) > 1e-3

    @pytest.mark.parametrize("arm", [0, 1, 2])
    def test_rewards_follow_their_probabilities(self, arm):
        probabilities = (0.2, 0.5, 0.9)
        uniform = np.random.default_rng(4).random((200, 50, 2))
        behaviour = act(uniform, beta=1.0, task=Task(probabilities))
        paid = behaviour.rewards[behaviour.choices == arm]
        assert len(paid) > 1000
        assert stats.binomtest(int(paid.sum()), len(paid), probabilities[arm]).pvalue > 1e-3

    def test_gaussian_rewards_follow_theirs(self):
        task = Task((1.0, -2.0), sd=3.0)
        behaviour = act(np.random.default_rng(6).random((100, 50, 2)), beta=0.5, task=task)
        residual = (behaviour.rewards - np.array(task.arms)[behaviour.choices]) / 3
        assert stats.kstest(residual.ravel(), stats.norm.cdf).pvalue > 1e-3

    def test_a_missing_trial_teaches_nothing(self):
        """Without its missing trials, a session is one in which they never were."""
        uniform = np.random.default_rng(8).random((1, 30, 2))
        missing = np.zeros((1, 30), dtype=bool)
        missing[0, [0, 7, 8, 29]] = True
        whole = act(uniform, missing=missing)
        short = act(uniform[:, ~missing[0]])
        assert (whole.choices[~missing] == short.choices[0]).all()
        assert (whole.rewards[~missing] == short.rewards[0]).all()
        assert (whole.states["q"][~missing] == short.states["q"][0]).all()

    def test_blocks_begin_afresh(self):
        uniform = np.random.default_rng(9).random((3, 20, 2))
        whole = act(uniform, task=Task((0.4, 0.6), 2))
        for half in (slice(0, 10), slice(10, 20)):
            part = act(uniform[:, half])
            assert (whole.choices[:, half] == part.choices).all()
            assert (whole.states["q"][:, half] == part.states["q"]).all()
        assert (whole.states["q"][:, 10] == 0.5).all()
        carried = act(uniform, task=Task((0.4, 0.6), 2, reset=False))
        straight = act(uniform)
        assert (carried.choices == straight.choices).all()
        assert (carried.states["q"] == straight.states["q"]).all()
        assert (straight.states["q"][:, 10] != 0.5).any()

    @pytest.mark.parametrize("alpha", [0.0, 1.0])
    @pytest.mark.parametrize("beta", [0.0, 1e-8, 1e3])
    @pytest.mark.filterwarnings("error")
    def test_extremes(self, alpha, beta):
        task = Task((0.0, 1e3), sd=1e3)
        behaviour = act(
            np.random.default_rng(10).random((5, 40, 2)), alpha=alpha, beta=beta, task=task
        )
        assert np.isin(behaviour.choices, [0, 1]).all()
        assert np.isfinite(behaviour.probabilities).all()
        np.testing.assert_allclose(behaviour.probabilities.sum(axis=-1), 1.0)

    @pytest.mark.parametrize("first", [0.0, np.nextafter(1, 0)])
    def test_uniform_numbers_at_the_ends_choose_an_arm(self, first):
        uniform = np.full((1, 30, 2), first)
        behaviour = act(uniform, task=Task((0.1, 0.1, 0.1)), beta=1e3)
        assert np.isin(behaviour.choices, [0, 1, 2]).all()
        # the trial by trial probability of what was chosen is never zero
        picked = np.take_along_axis(behaviour.probabilities, behaviour.choices[..., None], axis=2)
        assert (picked > 0).all()

    def test_means_are_those_that_rewards_came_from(self):
        rng, task = (
            np.random.default_rng(7),
            Task((0.0, 3.0), sd=1e-9, drift=DriftSettings(sd=0.5, lower=-4, upper=4)),
        )
        means = task.means(30, 40, rng)
        uniform = rng.random((30, 40, 2))
        values = {"alpha": np.full(30, 0.5), "beta": np.full(30, 1.0)}
        behaviour = behave(learner_in(RESCORLA_WAGNER, task), values, task, uniform, means=means)
        assert (behaviour.means == means).all()
        own = np.take_along_axis(means, behaviour.choices[:, :, None], axis=2)[:, :, 0]
        np.testing.assert_allclose(behaviour.rewards, own, atol=1e-7)

    def test_who_has_learnt_meets_a_reversal(self):
        """Fast and decided learners: whenever a run of right choices is long enough, and only then.

        Between two reversals there are at least as many responses as the criterion asks for.
        """
        rule = ReversalSettings(correct=5, within=5)
        uniform = np.random.default_rng(12).random((20, 120, 2))
        missing = np.random.default_rng(13).random((20, 120)) < 0.1
        task = Task((0.1, 0.9), reversals=rule)
        behaviour = act(uniform, beta=8.0, task=task, missing=missing)
        best = behaviour.means.argmax(axis=2)
        turned = np.diff(best, axis=1) != 0
        assert (turned.sum(axis=1) > 2).all()
        for i in range(20):
            run = 0
            for t in range(119):
                if not missing[i, t]:
                    run = run + 1 if behaviour.choices[i, t] == best[i, t] else 0
                assert turned[i, t] == (run == 5), (i, t)
                run = 0 if run == 5 else run

    def test_a_sequence_of_rewards_is_paid_as_it_is(self):
        rows = tuple(map(tuple, np.random.default_rng(3).normal(size=(30, 3))))
        task = Task((), schedule=Schedule("rewards", rows), full_feedback=True)
        behaviour = act(np.random.default_rng(1).random((4, 25, task.n_uniforms)), task=task)
        assert (behaviour.outcomes == np.array(rows)[:25]).all()

    def test_the_first_uniform_number_decides_the_choice_alone(self):
        """Partial and full feedback differ in what is learnt, not in the first choice."""
        rng = np.random.default_rng(5)
        uniform = rng.random((200, 1, 4))
        one = act(uniform[:, :, :2], task=Task((0.2, 0.5, 0.8)))
        all_shown = act(uniform, task=Task((0.2, 0.5, 0.8), full_feedback=True))
        assert (one.choices == all_shown.choices).all()
        assert one.outcomes is None

    def test_outcomes_of_arms_not_chosen_follow_their_own_probabilities(self):
        task = Task((0.2, 0.5, 0.9), full_feedback=True)
        behaviour = act(
            np.random.default_rng(8).random((200, 50, task.n_uniforms)), beta=2.0, task=task
        )
        for k, probability in enumerate(task.arms):
            for chosen in (behaviour.choices == k, behaviour.choices != k):
                paid = behaviour.outcomes[chosen][:, k]
                assert len(paid) > 500
                assert stats.binomtest(int(paid.sum()), len(paid), probability).pvalue > 1e-3

    def test_lapses_are_choices_at_random(self):
        """Learners who would never take a losing arm: half the lapses are on it."""
        model = ModelSpec.of({"name": "lapsing", "model": "rescorla_wagner", "lapse": True}).model()
        count, task = 400, Task((0.0, 1.0), start_value=1.0)
        values = {"alpha": 1.0, "beta": 1e3, "lapse": 0.3}
        behaviour = behave(
            learner_in(model, task),
            {name: np.full(count, value) for name, value in values.items()},
            task,
            np.random.default_rng(2).random((count, 60, 2)),
        )
        late = behaviour.choices[:, 30:]
        wrong = int((late == 0).sum())
        assert stats.binomtest(wrong, late.size, 0.15).pvalue > 1e-3


def test_participants_who_stop_early_have_the_first_trials_of_those_who_go_on():
    uniform = np.random.default_rng(3).random((2, 30, 2))
    missing = np.arange(30) >= np.array([[12], [30]])
    whole, part = act(uniform), act(uniform, missing=missing)
    assert (whole.choices[:, :12] == part.choices[:, :12]).all()
    assert (whole.choices[1] == part.choices[1]).all()
    assert (part.choices[0, 12:] == -1).all()
