"""The model contract and the models, checked by hand-worked trials."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rlrecovery.models import library as models
from rlrecovery.models.library import (
    BETA,
    LAPSE,
    MODELS,
    RESCORLA_WAGNER,
    RESCORLA_WAGNER_TWO_RATES,
    START_VALUE,
    TRANSFORMS,
    find_model,
    learning_rate,
)
from rlrecovery.simulate.task import Task
from rlrecovery.storage.files import ESTIMATES, MEASURES, TRUTH

every_model = pytest.mark.parametrize("model", list(MODELS.values()), ids=list(MODELS))
every_parameter = pytest.mark.parametrize(
    "parameter",
    [*(p for m in MODELS.values() for p in m.parameters), LAPSE, START_VALUE],
    ids=[*(f"{m.name}.{p.name}" for m in MODELS.values() for p in m.parameters), "lapse", "start"],
)
every_feedback = pytest.mark.parametrize("full", [False, True], ids=["partial", "full"])


class TestTransforms:
    @pytest.mark.parametrize("name", list(TRANSFORMS))
    def test_there_and_back(self, name):
        transform, real = TRANSFORMS[name], np.linspace(-12, 12, 97)
        natural = transform.to_natural(real)
        assert (np.diff(natural) > 0).all()
        np.testing.assert_allclose(transform.to_real(natural), real, rtol=1e-9, atol=1e-10)

    @pytest.mark.parametrize("name", list(TRANSFORMS))
    def test_slope_is_the_derivative(self, name):
        transform, real, h = TRANSFORMS[name], np.linspace(-5, 5, 41), 1e-6
        numeric = (transform.to_natural(real + h) - transform.to_natural(real - h)) / (2 * h)
        np.testing.assert_allclose(transform.slope(transform.to_natural(real)), numeric, rtol=1e-7)

    @pytest.mark.parametrize(
        ("name", "natural", "real"),
        [
            ("logit", 0.0, -np.inf),
            ("logit", 1.0, np.inf),
            ("logit", 0.5, 0.0),
            ("log", 0.0, -np.inf),
            ("log", 1.0, 0.0),
            ("log", np.e, 1.0),
            ("identity", -3.5, -3.5),
        ],
    )
    @pytest.mark.filterwarnings("error")
    def test_ends_and_middles(self, name, natural, real):
        assert TRANSFORMS[name].to_real(natural) == real
        assert TRANSFORMS[name].to_natural(real) == natural


class TestParameters:
    @every_parameter
    def test_the_transform_covers_the_support(self, parameter):
        lower, upper = parameter.support
        assert parameter.to_natural(-np.inf) == lower
        assert parameter.to_natural(np.inf) == upper
        inside = parameter.to_natural(np.array([-3.0, 0.0, 3.0]))
        assert ((lower < inside) & (inside < upper)).all()

    @every_parameter
    def test_slope_is_of_its_own_transform(self, parameter):
        h = 1e-6
        numeric = (parameter.to_natural(0.7 + h) - parameter.to_natural(0.7 - h)) / (2 * h)
        assert parameter.slope(parameter.to_natural(0.7)) == pytest.approx(numeric, rel=1e-8)

    @every_parameter
    def test_priors_lie_in_their_supports(self, parameter):
        assert parameter.support[0] <= parameter.prior.support()[0]
        assert parameter.prior.support()[1] <= parameter.support[1]
        assert parameter.scale.support()[0] >= 0
        assert parameter.location.support() == (-np.inf, np.inf)

    def test_defaults_of_the_issue(self):
        assert str(learning_rate("alpha", "a", "").prior) == "Beta(alpha=1, beta=1)"
        assert str(BETA.prior) == "HalfNormal(sigma=10)"


class TestContract:
    @every_model
    def test_names(self, model):
        assert MODELS[model.name] is model
        assert model.names == tuple(p.name for p in model.parameters)
        assert len(set(model.names)) == len(model.names)
        assert all(model.parameter(name).name == name for name in model.names)
        assert not set(model.names) & {*MEASURES, *TRUTH, *ESTIMATES}, "a column is called so"
        assert model.citation
        assert model.title

    @every_model
    def test_an_unknown_parameter_is_an_error(self, model):
        with pytest.raises(ValueError, match="not in tuple"):
            model.parameter("nonsense")

    @every_model
    def test_bind(self, model):
        values = {name: i for i, name in enumerate(model.names)}
        alone = model.bind(values, 0.25, 3, 2)
        known = {"start_value": 0.25, "n_arms": 3, "arm": 2.0, "neutral": 0.5}
        assert alone == SimpleNamespace(**known, full=False, **values)
        assert model.bind(values, 0.25, 3).arm.tolist() == [0, 1, 2]
        assert model.bind(values, 0.25, 3, 2, True) == SimpleNamespace(**known, full=True, **values)

    @every_model
    @every_feedback
    def test_it_works_elementwise_over_arms_and_participants(self, model, full):
        """Each arm of each participant alone gives what all give together."""
        rng = np.random.default_rng(0)
        count, arms = 4, 3
        values = {name: rng.random((count, 1)) for name in model.names}
        p = model.bind(values, 0.5, arms, full=full)
        state = {name: rng.random((count, arms)) for name in model.initial(p)}
        chosen = np.eye(arms)[rng.integers(arms, size=count)]
        reward = rng.normal(size=(count, arms if full else 1))
        learnt, logits = model.update(state, chosen, reward, p), model.logit(state, p)
        assert set(learnt) == set(state)
        for found in (logits, *learnt.values()):
            assert np.broadcast_shapes(found.shape, (count, arms)) == (count, arms)
        for i in range(count):
            for k in range(arms):
                mine = {name: value[i, 0] for name, value in values.items()}
                alone = model.bind(mine, 0.5, arms, k, full)
                here = {name: s[i, k] for name, s in state.items()}
                assert model.logit(here, alone) == pytest.approx(logits[i, k], rel=1e-15)
                one = model.update(here, chosen[i, k], reward[i, k if full else 0], alone)
                for name, value in one.items():
                    assert value == pytest.approx(learnt[name][i, k], rel=1e-15)

    @every_model
    @every_feedback
    def test_an_update_changes_nothing_in_place(self, model, full):
        p = model.bind(dict.fromkeys(model.names, 0.4), 0.5, 3, full=full)
        before = np.array([[0.2, 0.7, 0.5]])
        state = {name: before.copy() for name in model.initial(p)}
        reward = np.array([[1.0, 0.0, 2.0]]) if full else np.array([[1.0]])
        model.update(state, np.array([[0.0, 1.0, 0.0]]), reward, p)
        assert all((values == before).all() for values in state.values())

    @pytest.mark.parametrize("model", [RESCORLA_WAGNER, RESCORLA_WAGNER_TWO_RATES])
    def test_only_the_chosen_arm_learns(self, model):
        p = model.bind(dict.fromkeys(model.names, 0.4), 0.5, 3)
        assert model.initial(p) == {"q": 0.5}
        before = np.array([[0.2, 0.7, 0.5]])
        chosen, reward = np.array([[0.0, 1.0, 0.0]]), np.array([[1.0]])
        after = model.update({"q": before}, chosen, reward, p)["q"]
        np.testing.assert_allclose(after, [[0.2, 0.7 + 0.4 * 0.3, 0.5]], rtol=1e-15)

    @pytest.mark.parametrize("model", [RESCORLA_WAGNER, RESCORLA_WAGNER_TWO_RATES])
    def test_every_arm_learns_from_its_own_outcome_if_that_is_shown(self, model):
        p = model.bind(dict.fromkeys(model.names, 0.4), 0.5, 3, full=True)
        chosen, outcomes = np.array([[0.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 2.0]])
        after = model.update({"q": np.array([[0.2, 0.7, 0.5]])}, chosen, outcomes, p)["q"]
        np.testing.assert_allclose(after, [[0.52, 0.42, 1.1]], rtol=1e-15)


class TestByHand:
    def test_rescorla_wagner(self):
        p = RESCORLA_WAGNER.bind({"alpha": 0.25, "beta": 4.0}, 0.5, 2)
        state = {"q": 0.5}
        for reward, expected in [(1, 0.625), (0, 0.46875), (-2, -0.1484375)]:
            state = RESCORLA_WAGNER.update(state, 1.0, reward, p)
            assert state["q"] == expected
            assert RESCORLA_WAGNER.logit(state, p) == 4 * expected

    def test_each_sign_of_the_error_has_its_rate(self):
        p = RESCORLA_WAGNER_TWO_RATES.bind(
            {"alpha_positive": 0.5, "alpha_negative": 0.25, "beta": 2.0}, 0.5, 2
        )
        state = {"q": 0.5}
        for reward, expected in [(1, 0.75), (0, 0.5625), (0.5625, 0.5625), (3, 1.78125)]:
            state = RESCORLA_WAGNER_TWO_RATES.update(state, 1.0, reward, p)
            assert state["q"] == expected
            assert RESCORLA_WAGNER_TWO_RATES.logit(state, p) == 2 * expected

    @pytest.mark.parametrize("alpha", [0.0, 1.0])
    def test_learning_nothing_and_everything(self, alpha):
        p = RESCORLA_WAGNER.bind({"alpha": alpha, "beta": 1.0}, 0.5, 2)
        after = RESCORLA_WAGNER.update({"q": 0.5}, 1.0, 0.9, p)["q"]
        assert after == (0.9 if alpha else 0.5)

    def test_random_responding_knows_only_its_side(self):
        p = MODELS["random_responding"].bind({"side_bias": 0.2}, 0.5, 3)
        weights = np.exp(MODELS["random_responding"].logit({}, p))
        np.testing.assert_allclose(weights / weights.sum(), [0.2, 0.4, 0.4], rtol=1e-12)

    def test_win_stay_lose_shift(self):
        model = MODELS["win_stay_lose_shift"]
        p = model.bind({"epsilon": 0.3}, 0.5, 3)
        chosen = np.array([0.0, 1.0, 0.0])
        for reward, expected in ((1.0, [0.1, 0.8, 0.1]), (0.0, [0.45, 0.1, 0.45])):
            state = model.update({"won": 0.0, "lost": 0.0}, chosen, reward, p)
            weights = np.exp(model.logit(state, p))
            np.testing.assert_allclose(weights / weights.sum(), expected, rtol=1e-12)

    def test_choice_kernel_forgets_and_remembers(self):
        model = MODELS["choice_kernel"]
        p = model.bind({"alpha_choice": 0.25, "beta_choice": 2.0}, 0.5, 2)
        state = {"kernel": np.zeros(2)}
        for chosen, expected in (([1, 0], [0.25, 0]), ([0, 1], [0.1875, 0.25])):
            state = model.update(state, np.array(chosen, dtype=float), 1.0, p)
            np.testing.assert_allclose(state["kernel"], expected)
        np.testing.assert_allclose(model.logit(state, p), [0.375, 0.5])

    def test_stickiness_favours_the_last_arm(self):
        model = MODELS["rescorla_wagner_sticky"]
        p = model.bind({"alpha": 0.5, "beta": 2.0, "stickiness": -1.5}, 0.5, 2)
        state = model.update({"q": np.array([0.5, 0.5]), "last": np.zeros(2)}, np.eye(2)[1], 1.0, p)
        np.testing.assert_allclose(model.logit(state, p), [1.0, 1.5 - 1.5])

    def test_other_arms_forget_or_learn_the_mirror_image(self):
        before, chosen = {"q": np.array([0.9, 0.2])}, np.eye(2)[0]
        model = MODELS["rescorla_wagner_forgetting"]
        p = model.bind({"alpha": 0.5, "forgetting": 0.1, "beta": 1.0}, 0.5, 2)
        np.testing.assert_allclose(model.update(before, chosen, 0.0, p)["q"], [0.45, 0.23])
        model = MODELS["rescorla_wagner_counterfactual"]
        p = model.bind({"alpha": 0.5, "alpha_other": 0.1, "beta": 1.0}, 0.5, 2)
        np.testing.assert_allclose(model.update(before, chosen, 0.0, p)["q"], [0.45, 0.28])

    def test_pearce_hall_learns_faster_after_surprise(self):
        model = MODELS["pearce_hall"]
        p = model.bind({"kappa": 0.5, "eta": 0.4, "beta": 1.0}, 0.5, 2)
        state = {"q": np.array([0.5, 0.5]), "rate": np.array([1.0, 1.0])}
        state = model.update(state, np.eye(2)[0], 1.0, p)
        np.testing.assert_allclose(state["q"], [0.75, 0.5])
        np.testing.assert_allclose(state["rate"], [0.6 + 0.4 * 0.5, 1.0])

    def test_kalman_filter_is_the_mean_of_what_was_seen(self):
        """Without drift and from a vague prior the value is the mean of the rewards."""
        model = MODELS["kalman_filter"]
        p = model.bind({"prior_variance": 1e12, "drift": 0.0, "beta": 1.0}, 0.5, 2)
        state = {"q": np.array([0.5, 0.5]), "variance": np.array([1e12, 1e12])}
        for reward in (3.0, 5.0, 10.0):
            state = model.update(state, np.eye(2)[0], reward, p)
        assert state["q"].tolist() == pytest.approx([6.0, 0.5])
        assert state["variance"][0] == pytest.approx(1 / 3)


def variant(base="rescorla_wagner", name="mine", **changes):
    return find_model({"name": name, "model": base, **changes})


class TestNeutralOutcome:
    """Outcomes, start value and neutral outcome shifted alike change no choice."""

    REWARDS = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 1.0])
    CHOICES = np.array([0, 1, 1, 0, 2, 2])

    def odds(self, model, values, start, shift=0.0):
        p = model.bind(values, start, 3)
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
        plain, shifted = Task(arms=(0.2, 0.5, 0.8)), Task(arms=(2.2, 2.5, 2.8), neutral=2.5)
        model = MODELS[name].facing(plain)
        assert model == MODELS[name]
        expected = self.odds(model, values, 0.3)
        moved = self.odds(MODELS[name].facing(shifted), values, 2.3, shift=2.0)
        np.testing.assert_allclose(moved, expected, atol=1e-12)
        assert not np.allclose(self.odds(MODELS[name].facing(shifted), values, 0.3), expected)

    def test_one_is_a_win_whatever_is_expected_at_first(self):
        model = MODELS["win_stay_lose_shift"].facing(Task(arms=(0.2, 0.8), start_value=1.0))
        p = model.bind({"epsilon": 0.0}, 1.0, 2)
        odds = model.logit(model.update(model.initial(p), np.eye(2)[0], 1.0, p), p)
        assert odds[0] > odds[1] + 20

    def test_the_counterpart_of_a_reward_of_one_is_zero_whatever_is_expected_at_first(self):
        model = MODELS["rescorla_wagner_counterfactual"].facing(Task(arms=(0.2, 0.8)))
        for start in (0.0, 0.5, 1.0):
            p = model.bind({"alpha": 1.0, "alpha_other": 1.0, "beta": 1.0}, start, 2)
            after = model.update({"q": np.array([start, start])}, np.eye(2)[0], 1.0, p)
            assert after["q"].tolist() == [1.0, 0.0]


class TestVariants:
    def test_a_name_is_the_model_itself(self):
        assert all(find_model(name) is model for name, model in MODELS.items())

    def test_a_variant_without_changes_is_the_model_under_another_name(self):
        same = variant(fixed={}, lapse=False, start_value="task")
        assert same == replace(RESCORLA_WAGNER, name="mine")

    def test_parameters_are_added_after_the_models_own(self):
        assert variant(lapse=True).names == ("alpha", "beta", "lapse")
        assert variant(start_value="free").names == ("alpha", "beta", "start_value")
        both = variant(lapse=True, start_value="free", fixed={"alpha": 0.25})
        assert both.names == ("beta", "lapse", "start_value")
        assert both.parameter("lapse") is LAPSE
        assert both.parameter("start_value") is START_VALUE

    def test_its_title_says_what_was_changed(self):
        made = variant(lapse=True, start_value="free", fixed={"beta": 3, "alpha": 0.25})
        assert (made.name, made.citation) == ("mine", RESCORLA_WAGNER.citation)
        assert made.title == (
            f"{RESCORLA_WAGNER.title}, with a lapse rate, with the start value as a parameter, "
            "alpha fixed at 0.25, beta fixed at 3"
        )

    def test_the_same_variant_is_one_object(self):
        """Machine code is remembered by it."""
        one = variant(fixed={"alpha": 0.25, "beta": 3}, lapse=True)
        assert variant(fixed={"beta": 3.0, "alpha": 0.25}, lapse=True) is one
        assert variant(fixed={"alpha": 0.25, "beta": 3.5}, lapse=True) is not one

    @every_model
    def test_fixed_values_take_the_parameters_places(self, model):
        values = {name: 0.1 + i for i, name in enumerate(model.names)}
        first = model.names[0]
        made = variant(model.name, fixed={first: 0.1})
        assert made.names == model.names[1:]
        free = {name: value for name, value in values.items() if name != first}
        assert made.bind(free, 0.25, 3, 1) == model.bind(values, 0.25, 3, 1)

    def test_a_fixed_lapse_rate_and_a_fixed_start_value_are_neither_free(self):
        made = variant(lapse=True, start_value="free", fixed={"lapse": 0.2, "start_value": 0.75})
        assert made.names == ("alpha", "beta")
        p = made.bind({"alpha": 0.5, "beta": 0.0}, 0.5, 2)
        assert (p.lapse, p.start_value) == (0.2, 0.75)
        assert made.initial(p) == {"q": 0.75}

    def test_a_free_start_value_is_used_in_place_of_the_tasks(self):
        made = variant("rescorla_wagner_counterfactual", start_value="free")
        values = {"alpha": 0.5, "alpha_other": 0.1, "beta": 1.0, "start_value": 0.25}
        p = made.bind(values, 0.5, 2)
        assert made.initial(p) == {"q": 0.25}
        learnt = made.update({"q": np.array([0.25, 0.25])}, np.eye(2)[0], 1.0, p)
        np.testing.assert_allclose(learnt["q"], [0.625, 0.25 + 0.1 * (0 - 0.25)])

    def test_every_parameter_is_there_once_per_model_and_then_those_of_variants(self):
        found = list(models.every_parameter())
        own = [p for model in MODELS.values() for p in model.parameters]
        assert found == [*own, LAPSE, START_VALUE]


def chances(model, values, state, n_arms):
    p = model.bind(values, 0.5, n_arms)
    weights = np.exp(model.choice_logits(state, p, np.zeros((1, n_arms))))
    return (weights / weights.sum())[0]


class TestLapse:
    def test_by_hand(self):
        """A third of 0.3 for every arm, and 0.7 of softmax((0, log 2, log 5))."""
        state, values = {"q": np.log([[1.0, 2.0, 5.0]])}, {"alpha": 0.5, "beta": 1.0, "lapse": 0.3}
        found = chances(variant(lapse=True), values, state, 3)
        expected = 0.7 * np.array([1, 2, 5]) / 8 + 0.1
        np.testing.assert_allclose(found, expected, rtol=1e-12)

    @pytest.mark.parametrize(("lapse", "expected"), [(0.0, [1, 0]), (1.0, [0.5, 0.5])])
    @pytest.mark.filterwarnings("error")
    def test_ends(self, lapse, expected):
        values = {"alpha": 0.5, "beta": 1e3, "lapse": lapse}
        found = chances(variant(lapse=True), values, {"q": np.array([[7.0, 0.0]])}, 2)
        np.testing.assert_allclose(found, expected, atol=1e-14)

    def test_without_one_they_are_the_models_own_logits(self):
        p = RESCORLA_WAGNER.bind({"alpha": 0.5, "beta": 2.0}, 0.5, 3)
        state, blank = {"q": np.array([[0.1, 0.9, -4.0]])}, np.zeros((1, 3))
        found = RESCORLA_WAGNER.choice_logits(state, p, blank)
        np.testing.assert_array_equal(found, RESCORLA_WAGNER.logit(state, p))

    def test_arms_without_states_have_logits_all_the_same(self):
        model = variant("random_responding", lapse=True)
        found = chances(model, {"side_bias": 0.4, "lapse": 0.5}, {}, 4)
        np.testing.assert_allclose(found, [0.325, 0.225, 0.225, 0.225], rtol=1e-12)


class TestFullFeedbackByHand:
    BEFORE, CHOSEN, OUTCOMES = np.array([0.9, 0.2, 0.5]), np.eye(3)[0], np.array([0.0, 1.0, 0.5])

    def after(self, name, states=None, **values):
        model = MODELS[name]
        p = model.bind(values, 0.5, 3, full=True)
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
