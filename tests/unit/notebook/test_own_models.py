"""Models that a notebook defines."""

from dataclasses import replace

import numpy as np
import pytest

from rlrecovery import fit, simulate
from rlrecovery.models.base import Model
from rlrecovery.models.library import ALPHA, BETA, MODELS
from rlrecovery.notebook.own_models import known, own
from unit.notebook.models import DECREASING, learner

METHODS = {
    "mle": {"estimator": "mle"},
    "quadrature": {"estimator": "quadrature"},
    "bayes": {"estimator": "bayes", "chains": 2, "draws": 40, "tune": 40},
}


@pytest.fixture(scope="module")
def data():
    return simulate(truth={"alpha": 0.4, "beta": 4}, participants=2, trials=60, seed=3)


@pytest.mark.parametrize("method", METHODS)
def test_a_second_model_of_the_same_name_has_its_own_numbers(data, method):
    def estimates(model):
        return fit(data, METHODS[method], model=model).estimates["estimate"]

    reference = estimates("rescorla_wagner")
    assert (estimates(learner("mine")) == reference).all()
    slower = estimates(learner("mine", rate=0.5))
    assert (estimates(learner("mine")) == reference).all()
    assert (slower == estimates(learner("other", rate=0.5))).all()
    assert (slower != reference).any()


SPEED = 1.0


def uses_a_global_variable(state, chosen, reward, p):
    return {"q": state["q"] + SPEED * p.alpha * chosen * (reward - state["q"])}


def test_a_changed_global_variable_changes_the_numbers(data, monkeypatch):
    model = replace(learner("mine"), update=uses_a_global_variable)
    fast = fit(data, model=model).estimates["estimate"]
    assert (fast == fit(data).estimates["estimate"]).all()
    monkeypatch.setattr(f"{__name__}.SPEED", 0.5)
    slow = fit(data, model=model).estimates["estimate"]
    assert (slow == fit(data, model=learner("other", rate=0.5)).estimates["estimate"]).all()
    assert (slow != fast).any()


def test_the_library_is_restored_after_an_error():
    before = dict(MODELS)
    inside = []

    def fail():
        with known([DECREASING]):
            inside.append(MODELS[DECREASING.name])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert inside == [DECREASING]
    assert before == MODELS


def test_models_of_the_library_are_not_own():
    assert own([MODELS["pearce_hall"], DECREASING, DECREASING]) == (DECREASING,)


def without(state, chosen, reward, p):
    return {}


@pytest.mark.parametrize(
    ("models", "sentence"),
    [
        (["pearce_hall"], "models must be Model objects, but one is 'pearce_hall'"),
        ([learner("mine"), learner("mine")], "two models are called mine"),
        ([learner("rescorla_wagner")], "rescorla_wagner is a model of the library"),
        ([learner("My model")], "the name of a model is 'My model', but must be text"),
        ([replace(learner("mine"), parameters=())], "mine has no parameters"),
        ([replace(learner("mine"), update=without)], "initial and update of mine .* differ in q"),
        (
            [replace(learner("mine"), logit=lambda s, p: p.gamma * s["q"])],
            "the function logit of mine fails .*'gamma'",
        ),
        (
            [replace(learner("mine"), logit=lambda s, p: np.ones((3, 2)))],
            "the function logit of mine must return one number per arm",
        ),
    ],
)
def test_mistakes_are_one_sentence(models, sentence):
    with pytest.raises(ValueError, match=sentence):
        own(models)


def test_a_function_that_cannot_be_compiled_is_explained(data):
    def logit(state, p):
        return p.beta * np.where(state["q"] > 0.5, state["q"], 0.0)

    with pytest.raises(ValueError, match=r"mine cannot be compiled .*may only use \+"):
        fit(data, model=replace(learner("mine"), logit=logit))


def test_a_model_made_by_exec_has_no_source_and_works(data):
    code = """
MODEL = Model(
    name="typed", title="t", citation="none", parameters=(ALPHA, BETA),
    initial=lambda p: {"q": p.start_value},
    logit=lambda state, p: p.beta * state["q"],
    update=lambda state, chosen, reward, p: {
        "q": state["q"] + p.alpha * chosen * (reward - state["q"])
    },
)
"""
    names = {"Model": Model, "ALPHA": ALPHA, "BETA": BETA}
    exec(code, names)
    typed = fit(data, model=names["MODEL"]).estimates["estimate"]
    assert (typed == fit(data).estimates["estimate"]).all()
