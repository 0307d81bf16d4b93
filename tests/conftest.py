"""Which combinations are for the long run only."""

import pytest

#: Models that go through every combination daily: the common one, and one with more parameters.
DAILY = ("rescorla_wagner", "rescorla_wagner_two_rates")
#: Variants that are tried daily: each change once, and all together where a start value also is
#: what arms fall back to, or what a reward is mirrored at.
DAILY_VARIANTS = (
    "rescorla_wagner+lapse",
    "rescorla_wagner+start",
    "rescorla_wagner+fixed",
    "rescorla_wagner_counterfactual+all",
    "random_responding+lapse",
)
#: For what is compiled anew: one number of arms, and one kind of rewards.
ONE = {"n_arms": 3, "rewards": "gaussian"}


def _rare(parameters):
    """Whether a combination adds little to those of another model or of data of all patterns."""
    model = parameters.get("model")
    if not isinstance(model, str):
        return False
    unlike = any(parameters.get(name, value) != value for name, value in ONE.items())
    if "+" in model:
        elsewhere = parameters.get("feedback") == "full"
        return model not in DAILY_VARIANTS or elsewhere or unlike
    if parameters.get("feedback") == "full":
        return unlike
    if model in DAILY:
        return False
    return parameters.get("pattern", "everything") != "everything" or parameters.get("n_arms") == 4


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if hasattr(item, "callspec") and _rare(item.callspec.params):
            item.add_marker(pytest.mark.slow)
