"""The models of the library, by trials that are worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rlrecovery.models.base import Learner
from rlrecovery.models.library import (
    LAPSE,
    MODELS,
    RESCORLA_WAGNER,
    RESCORLA_WAGNER_TWO_RATES,
    START_VALUE,
    every_parameter,
)


class TestByHand:
    def test_rescorla_wagner(self):
        p = Learner(RESCORLA_WAGNER, 2).bind({"alpha": 0.25, "beta": 4.0})
        state = {"q": 0.5}
        for reward, expected in [(1, 0.625), (0, 0.46875), (-2, -0.1484375)]:
            state = RESCORLA_WAGNER.update(state, 1.0, reward, p)
            assert state["q"] == expected
            assert RESCORLA_WAGNER.logit(state, p) == 4 * expected

    def test_each_sign_of_the_error_has_its_rate(self):
        values = {"alpha_positive": 0.5, "alpha_negative": 0.25, "beta": 2.0}
        p = Learner(RESCORLA_WAGNER_TWO_RATES, 2).bind(values)
        state = {"q": 0.5}
        for reward, expected in [(1, 0.75), (0, 0.5625), (0.5625, 0.5625), (3, 1.78125)]:
            state = RESCORLA_WAGNER_TWO_RATES.update(state, 1.0, reward, p)
            assert state["q"] == expected
            assert RESCORLA_WAGNER_TWO_RATES.logit(state, p) == 2 * expected

    @pytest.mark.parametrize("alpha", [0.0, 1.0])
    def test_learning_nothing_and_everything(self, alpha):
        p = Learner(RESCORLA_WAGNER, 2).bind({"alpha": alpha, "beta": 1.0})
        after = RESCORLA_WAGNER.update({"q": 0.5}, 1.0, 0.9, p)["q"]
        assert after == (0.9 if alpha else 0.5)

    def test_random_responding_knows_only_its_side(self):
        p = Learner(MODELS["random_responding"], 3).bind({"side_bias": 0.2})
        weights = np.exp(MODELS["random_responding"].logit({}, p))
        np.testing.assert_allclose(weights / weights.sum(), [0.2, 0.4, 0.4], rtol=1e-12)

    def test_win_stay_lose_shift(self):
        model = MODELS["win_stay_lose_shift"]
        p = Learner(model, 3).bind({"epsilon": 0.3})
        chosen = np.array([0.0, 1.0, 0.0])
        for reward, expected in ((1.0, [0.1, 0.8, 0.1]), (0.0, [0.45, 0.1, 0.45])):
            state = model.update({"won": 0.0, "lost": 0.0}, chosen, reward, p)
            weights = np.exp(model.logit(state, p))
            np.testing.assert_allclose(weights / weights.sum(), expected, rtol=1e-12)

    def test_choice_kernel_forgets_and_remembers(self):
        model = MODELS["choice_kernel"]
        p = Learner(model, 2).bind({"alpha_choice": 0.25, "beta_choice": 2.0})
        state = {"kernel": np.zeros(2)}
        for chosen, expected in (([1, 0], [0.25, 0]), ([0, 1], [0.1875, 0.25])):
            state = model.update(state, np.array(chosen, dtype=float), 1.0, p)
            np.testing.assert_allclose(state["kernel"], expected)
        np.testing.assert_allclose(model.logit(state, p), [0.375, 0.5])

    def test_stickiness_favours_the_last_arm(self):
        model = MODELS["rescorla_wagner_sticky"]
        p = Learner(model, 2).bind({"alpha": 0.5, "beta": 2.0, "stickiness": -1.5})
        state = model.update({"q": np.array([0.5, 0.5]), "last": np.zeros(2)}, np.eye(2)[1], 1.0, p)
        np.testing.assert_allclose(model.logit(state, p), [1.0, 1.5 - 1.5])

    def test_other_arms_forget_or_learn_the_mirror_image(self):
        before, chosen = {"q": np.array([0.9, 0.2])}, np.eye(2)[0]
        model = MODELS["rescorla_wagner_forgetting"]
        p = Learner(model, 2).bind({"alpha": 0.5, "forgetting": 0.1, "beta": 1.0})
        np.testing.assert_allclose(model.update(before, chosen, 0.0, p)["q"], [0.45, 0.23])
        model = MODELS["rescorla_wagner_counterfactual"]
        p = Learner(model, 2).bind({"alpha": 0.5, "alpha_other": 0.1, "beta": 1.0})
        np.testing.assert_allclose(model.update(before, chosen, 0.0, p)["q"], [0.45, 0.28])

    def test_pearce_hall_learns_faster_after_surprise(self):
        model = MODELS["pearce_hall"]
        p = Learner(model, 2).bind({"kappa": 0.5, "eta": 0.4, "beta": 1.0})
        state = {"q": np.array([0.5, 0.5]), "rate": np.array([1.0, 1.0])}
        state = model.update(state, np.eye(2)[0], 1.0, p)
        np.testing.assert_allclose(state["q"], [0.75, 0.5])
        np.testing.assert_allclose(state["rate"], [0.6 + 0.4 * 0.5, 1.0])

    def test_kalman_filter_is_the_mean_of_what_was_seen(self):
        """Without drift and from a vague prior the value is the mean of the rewards."""
        model = MODELS["kalman_filter"]
        p = Learner(model, 2).bind({"prior_variance": 1e12, "drift": 0.0, "beta": 1.0})
        state = {"q": np.array([0.5, 0.5]), "variance": np.array([1e12, 1e12])}
        for reward in (3.0, 5.0, 10.0):
            state = model.update(state, np.eye(2)[0], reward, p)
        assert state["q"].tolist() == pytest.approx([6.0, 0.5])
        assert state["variance"][0] == pytest.approx(1 / 3)


class TestNeutralOutcome:
    """Outcomes, start value and neutral outcome shifted alike change no choice."""

    REWARDS = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 1.0])
    CHOICES = np.array([0, 1, 1, 0, 2, 2])

    def odds(self, model, values, start, neutral, shift=0.0):
        p = Learner(model, 3, start, neutral=neutral).bind(values)
        state = {k: np.zeros(3) + v for k, v in model.initial(p).items()}
        for choice, reward in zip(self.CHOICES, self.REWARDS + shift, strict=True):
            state = model.update(state, np.eye(3)[choice], reward, p)
        odds = model.logit(state, p)
        return odds - odds.mean()

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("win_stay_lose_shift", {"epsilon": 0.2}),
            ("rescorla_wagner_counterfactual", {"alpha": 0.4, "alpha_other": 0.3, "beta": 2.0}),
        ],
    )
    def test_it_is_the_tasks_and_not_the_start_value(self, name, values):
        expected = self.odds(MODELS[name], values, 0.3, 0.5)
        shifted = self.odds(MODELS[name], values, 2.3, 2.5, shift=2.0)
        np.testing.assert_allclose(shifted, expected, atol=1e-12)
        assert not np.allclose(self.odds(MODELS[name], values, 0.3, 2.5), expected)

    def test_one_is_a_win_whatever_is_expected_at_first(self):
        model = MODELS["win_stay_lose_shift"]
        p = Learner(model, 2, start_value=1.0).bind({"epsilon": 0.0})
        odds = model.logit(model.update(model.initial(p), np.eye(2)[0], 1.0, p), p)
        assert odds[0] > odds[1] + 20

    def test_the_counterpart_of_a_reward_of_one_is_zero_whatever_is_expected_at_first(self):
        model = MODELS["rescorla_wagner_counterfactual"]
        for start in (0.0, 0.5, 1.0):
            p = Learner(model, 2, start).bind({"alpha": 1.0, "alpha_other": 1.0, "beta": 1.0})
            after = model.update({"q": np.array([start, start])}, np.eye(2)[0], 1.0, p)
            assert after["q"].tolist() == [1.0, 0.0]


class TestFullFeedbackByHand:
    BEFORE, CHOSEN, OUTCOMES = np.array([0.9, 0.2, 0.5]), np.eye(3)[0], np.array([0.0, 1.0, 0.5])

    def after(self, name, states=None, **values):
        model = MODELS[name]
        p = Learner(model, 3, full_feedback=True).bind(values)
        return model.update({"q": self.BEFORE, **(states or {})}, self.CHOSEN, self.OUTCOMES, p)

    def test_nothing_is_forgotten_that_is_seen(self):
        after = self.after("rescorla_wagner_forgetting", alpha=0.5, forgetting=0.9, beta=1.0)
        np.testing.assert_allclose(after["q"], [0.45, 0.6, 0.5])

    def test_arms_not_chosen_have_a_rate_of_their_own(self):
        after = self.after("rescorla_wagner_counterfactual", alpha=0.5, alpha_other=0.1, beta=1.0)
        np.testing.assert_allclose(after["q"], [0.45, 0.28, 0.5])

    def test_every_arm_has_its_associability(self):
        rate = {"rate": np.array([1.0, 0.5, 1.0])}
        after = self.after("pearce_hall", rate, kappa=0.5, eta=0.4, beta=1.0)
        np.testing.assert_allclose(after["q"], [0.45, 0.4, 0.5])
        np.testing.assert_allclose(after["rate"], [0.96, 0.62, 0.6])

    def test_every_arms_variance_shrinks(self):
        variance = {"variance": np.array([1.0, 3.0, 0.0])}
        after = self.after("kalman_filter", variance, prior_variance=1.0, drift=0.1, beta=1.0)
        np.testing.assert_allclose(after["q"], [0.45, 0.8, 0.5])
        np.testing.assert_allclose(after["variance"], [0.6, 0.85, 0.1])

    def test_habits_and_wins_are_of_the_chosen_arm_alone(self):
        last = {"last": np.zeros(3)}
        after = self.after("rescorla_wagner_sticky", last, alpha=0.5, beta=1.0, stickiness=1.0)
        np.testing.assert_allclose(after["q"], [0.45, 0.6, 0.5])
        assert after["last"].tolist() == [1, 0, 0]
        after = self.after("win_stay_lose_shift", epsilon=0.1)
        assert after["won"].tolist() == [0, 0, 0]
        assert after["lost"].tolist() == [1, 0, 0]


def test_every_parameter_of_every_model_once_and_then_those_of_variants():
    parameters = [p for model in MODELS.values() for p in model.parameters]
    assert list(every_parameter()) == [*parameters, LAPSE, START_VALUE]
