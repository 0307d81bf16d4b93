"""The model contract: transforms, parameters, and functions that work elementwise over arms."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from rlrecovery.models.base import TRANSFORMS, Learner
from rlrecovery.models.library import (
    BETA,
    LAPSE,
    MODELS,
    RESCORLA_WAGNER,
    RESCORLA_WAGNER_TWO_RATES,
    START_VALUE,
    learning_rate,
)
from rlrecovery.models.variants import ModelSpec
from rlrecovery.storage.schemas import ESTIMATES, RECOVERY, TRUTH

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
        assert not set(model.names) & {*RECOVERY, *TRUTH, *ESTIMATES}, "a column is called so"
        assert model.citation
        assert model.title

    @every_model
    def test_an_unknown_parameter_is_an_error(self, model):
        with pytest.raises(ValueError, match="not in tuple"):
            model.parameter("nonsense")

    @every_model
    def test_bind(self, model):
        values = {name: i for i, name in enumerate(model.names)}
        learner, task = Learner(model, 3, 0.25), {"start_value": 0.25, "n_arms": 3, "neutral": 0.5}
        partial = SimpleNamespace(**task, arm=2.0, full_feedback=False, **values)
        assert learner.bind(values, 2) == partial
        assert learner.bind(values).arm.tolist() == [0, 1, 2]
        full = SimpleNamespace(**task, arm=2.0, full_feedback=True, **values)
        assert Learner(model, 3, 0.25, True).bind(values, 2) == full

    @every_model
    @every_feedback
    def test_it_works_elementwise_over_arms_and_participants(self, model, full):
        """Each arm of each participant alone gives what all give together."""
        rng = np.random.default_rng(0)
        count, arms = 4, 3
        values = {name: rng.random((count, 1)) for name in model.names}
        learner = Learner(model, arms, 0.5, full)
        p = learner.bind(values)
        state = {name: rng.random((count, arms)) for name in model.initial(p)}
        chosen = np.eye(arms)[rng.integers(arms, size=count)]
        reward = rng.normal(size=(count, arms if full else 1))
        learnt, logits = model.update(state, chosen, reward, p), model.logit(state, p)
        assert set(learnt) == set(state)
        for values_of_arms in (logits, *learnt.values()):
            assert np.broadcast_shapes(values_of_arms.shape, (count, arms)) == (count, arms)
        for i in range(count):
            for k in range(arms):
                own = {name: value[i, 0] for name, value in values.items()}
                alone = learner.bind(own, k)
                arm_state = {name: s[i, k] for name, s in state.items()}
                assert model.logit(arm_state, alone) == pytest.approx(logits[i, k], rel=1e-15)
                one = model.update(arm_state, chosen[i, k], reward[i, k if full else 0], alone)
                for name, value in one.items():
                    assert value == pytest.approx(learnt[name][i, k], rel=1e-15)

    @every_model
    @every_feedback
    def test_an_update_changes_nothing_in_place(self, model, full):
        p = Learner(model, 3, 0.5, full).bind(dict.fromkeys(model.names, 0.4))
        before = np.array([[0.2, 0.7, 0.5]])
        state = {name: before.copy() for name in model.initial(p)}
        reward = np.array([[1.0, 0.0, 2.0]]) if full else np.array([[1.0]])
        model.update(state, np.array([[0.0, 1.0, 0.0]]), reward, p)
        assert all((values == before).all() for values in state.values())

    @pytest.mark.parametrize("model", [RESCORLA_WAGNER, RESCORLA_WAGNER_TWO_RATES])
    def test_only_the_chosen_arm_learns(self, model):
        p = Learner(model, 3).bind(dict.fromkeys(model.names, 0.4))
        assert model.initial(p) == {"q": 0.5}
        before = np.array([[0.2, 0.7, 0.5]])
        chosen, reward = np.array([[0.0, 1.0, 0.0]]), np.array([[1.0]])
        after = model.update({"q": before}, chosen, reward, p)["q"]
        np.testing.assert_allclose(after, [[0.2, 0.7 + 0.4 * 0.3, 0.5]], rtol=1e-15)

    @pytest.mark.parametrize("model", [RESCORLA_WAGNER, RESCORLA_WAGNER_TWO_RATES])
    def test_every_arm_learns_from_its_own_outcome_if_that_is_shown(self, model):
        p = Learner(model, 3, 0.5, True).bind(dict.fromkeys(model.names, 0.4))
        chosen, outcomes = np.array([[0.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 2.0]])
        after = model.update({"q": np.array([[0.2, 0.7, 0.5]])}, chosen, outcomes, p)["q"]
        np.testing.assert_allclose(after, [[0.52, 0.42, 1.1]], rtol=1e-15)


def variant(base="rescorla_wagner", name="mine", **changes):
    return ModelSpec.of({"name": name, "model": base, **changes}).model()


def choice_probabilities(model, values, state, n_arms):
    learner = Learner(model, n_arms)
    p = learner.bind(values)
    weights = np.exp(learner.choice_logits(state, p, np.zeros((1, n_arms))))
    return (weights / weights.sum())[0]


class TestLapse:
    def test_by_hand(self):
        """A third of 0.3 for every arm, and 0.7 of softmax((0, log 2, log 5))."""
        state, values = {"q": np.log([[1.0, 2.0, 5.0]])}, {"alpha": 0.5, "beta": 1.0, "lapse": 0.3}
        probabilities = choice_probabilities(variant(lapse=True), values, state, 3)
        expected = 0.7 * np.array([1, 2, 5]) / 8 + 0.1
        np.testing.assert_allclose(probabilities, expected, rtol=1e-12)

    @pytest.mark.parametrize(("lapse", "expected"), [(0.0, [1, 0]), (1.0, [0.5, 0.5])])
    @pytest.mark.filterwarnings("error")
    def test_ends(self, lapse, expected):
        values = {"alpha": 0.5, "beta": 1e3, "lapse": lapse}
        probabilities = choice_probabilities(
            variant(lapse=True), values, {"q": np.array([[7.0, 0.0]])}, 2
        )
        np.testing.assert_allclose(probabilities, expected, atol=1e-14)

    def test_without_one_they_are_the_models_own_logits(self):
        learner = Learner(RESCORLA_WAGNER, 3)
        p = learner.bind({"alpha": 0.5, "beta": 2.0})
        state, blank = {"q": np.array([[0.1, 0.9, -4.0]])}, np.zeros((1, 3))
        odds = learner.choice_logits(state, p, blank)
        np.testing.assert_array_equal(odds, RESCORLA_WAGNER.logit(state, p))

    def test_arms_without_states_have_logits_all_the_same(self):
        model = variant("random_responding", lapse=True)
        probabilities = choice_probabilities(model, {"side_bias": 0.4, "lapse": 0.5}, {}, 4)
        np.testing.assert_allclose(probabilities, [0.325, 0.225, 0.225, 0.225], rtol=1e-12)
