"""Variants of models: added and fixed parameters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rlrecovery.models.base import Learner
from rlrecovery.models.library import LAPSE, MODELS, RESCORLA_WAGNER, START_VALUE
from rlrecovery.models.variants import ModelSpec

every_model = pytest.mark.parametrize("model", list(MODELS.values()), ids=list(MODELS))


def variant(base="rescorla_wagner", name="mine", **changes):
    return ModelSpec.of({"name": name, "model": base, **changes}).model()


def test_a_name_is_the_model_itself():
    assert all(ModelSpec.of(name).model() is model for name, model in MODELS.items())


def test_a_variant_without_changes_is_the_model_under_another_name():
    same = variant(fixed={}, lapse=False, start_value="task")
    assert same == replace(RESCORLA_WAGNER, name="mine")


def test_parameters_are_added_after_the_models_own():
    assert variant(lapse=True).names == ("alpha", "beta", "lapse")
    assert variant(start_value="free").names == ("alpha", "beta", "start_value")
    both = variant(lapse=True, start_value="free", fixed={"alpha": 0.25})
    assert both.names == ("beta", "lapse", "start_value")
    assert both.parameter("lapse") is LAPSE
    assert both.parameter("start_value") is START_VALUE


def test_its_title_says_what_was_changed():
    made = variant(lapse=True, start_value="free", fixed={"beta": 3, "alpha": 0.25})
    assert (made.name, made.citation) == ("mine", RESCORLA_WAGNER.citation)
    assert made.title == (
        f"{RESCORLA_WAGNER.title}, with a lapse rate, with the start value as a parameter, "
        "alpha fixed at 0.25, beta fixed at 3"
    )


def test_the_same_variant_is_one_object():
    """Compiled code is cached by the object."""
    one = variant(fixed={"alpha": 0.25, "beta": 3}, lapse=True)
    assert variant(fixed={"beta": 3.0, "alpha": 0.25}, lapse=True) is one
    assert variant(fixed={"alpha": 0.25, "beta": 3.5}, lapse=True) is not one


@every_model
def test_fixed_values_take_the_parameters_places(model):
    values = {name: 0.1 + i for i, name in enumerate(model.names)}
    first = model.names[0]
    made = variant(model.name, fixed={first: 0.1})
    assert made.names == model.names[1:]
    free = {name: value for name, value in values.items() if name != first}
    assert Learner(made, 3, 0.25).bind(free, 1) == Learner(model, 3, 0.25).bind(values, 1)


def test_a_fixed_lapse_rate_and_a_fixed_start_value_are_neither_free():
    made = variant(lapse=True, start_value="free", fixed={"lapse": 0.2, "start_value": 0.75})
    assert made.names == ("alpha", "beta")
    p = Learner(made, 2).bind({"alpha": 0.5, "beta": 0.0})
    assert (p.lapse, p.start_value) == (0.2, 0.75)
    assert made.initial(p) == {"q": 0.75}


def test_a_free_start_value_is_used_in_place_of_the_tasks():
    made = variant("rescorla_wagner_counterfactual", start_value="free")
    values = {"alpha": 0.5, "alpha_other": 0.1, "beta": 1.0, "start_value": 0.25}
    p = Learner(made, 2).bind(values)
    assert made.initial(p) == {"q": 0.25}
    learnt = made.update({"q": np.array([0.25, 0.25])}, np.eye(2)[0], 1.0, p)
    np.testing.assert_allclose(learnt["q"], [0.625, 0.25 + 0.1 * (0 - 0.25)])
