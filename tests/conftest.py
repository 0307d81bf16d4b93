"""Which parametrized cases are slow, and which tests come first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

#: Models that are tested daily in all combinations: the most common one, and one with more
#: parameters.
DAILY_MODELS = ("rescorla_wagner", "rescorla_wagner_two_rates")
#: Variants that are tested daily: each change alone, and all changes together where a start value
#: is also what arms fall back to, or what a reward is mirrored at.
DAILY_VARIANTS = (
    "rescorla_wagner+lapse",
    "rescorla_wagner+start",
    "rescorla_wagner+fixed",
    "rescorla_wagner_counterfactual+all",
    "random_responding+lapse",
)
#: The one shape at which other models are tested daily, as each shape is compiled anew.
DAILY_SHAPE = {"n_arms": 3, "rewards": "gaussian"}


def is_slow(parameters: Mapping[str, Any]) -> bool:
    """Whether a combination of model and data proves little that daily combinations do not."""
    model = parameters.get("model")
    if not isinstance(model, str):
        return False
    other_shape = any(parameters.get(name, value) != value for name, value in DAILY_SHAPE.items())
    full_feedback = parameters.get("feedback") == "full"
    if "+" in model:
        return model not in DAILY_VARIANTS or full_feedback or other_shape
    if full_feedback:
        return other_shape
    if model in DAILY_MODELS:
        return False
    return parameters.get("pattern", "everything") != "everything" or parameters.get("n_arms") == 4


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark slow cases; put the tests of the finished study first.

    That study takes a minute. One worker makes it and goes on with its tests, while the others
    begin elsewhere and need not wait for it.
    """
    for item in items:
        if hasattr(item, "callspec") and is_slow(item.callspec.params):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: not {"finished", "copied"} & set(getattr(item, "fixturenames", ())))
