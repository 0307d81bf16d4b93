"""Which combinations are for the long run only."""

import pytest

#: Models that go through every combination daily: the common one, and one with more parameters.
DAILY = ("rescorla_wagner", "rescorla_wagner_two_rates")


def _rare(parameters):
    """Whether a combination adds little to those of another model or of data of all patterns."""
    model = parameters.get("model")
    if not isinstance(model, str) or model in DAILY:
        return False
    return parameters.get("pattern", "everything") != "everything" or parameters.get("n_arms") == 4


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if hasattr(item, "callspec") and _rare(item.callspec.params):
            item.add_marker(pytest.mark.slow)
