"""A small valid experiment, and ways to spoil it; shared by the tests of the config."""

import copy
import json
from pathlib import Path

import pytest

from rlrecovery.config import ConfigError, parse
from rlrecovery.models import MODELS

ROOT = Path(__file__).parents[3]
GONE = object()

BAYES_SETTINGS = {
    "point": "mean",
    "chains": 4,
    "tune": 500,
    "draws": 500,
    "target_accept": 0.9,
    "convergence": {"rhat": 1.01, "ess_bulk": 400, "ess_tail": 400, "divergences": 0},
}
FLAT = {"distribution": "Beta", "alpha": 1, "beta": 1}
HALF = {"distribution": "HalfNormal", "sigma": 1}
REAL = {"distribution": "Normal", "mu": 0, "sigma": 1.5}

#: Words that many sentences share.
MODEL_NAMES = " or ".join(", ".join(MODELS).rsplit(", ", 1))
TOP_KEYS = (
    "run, seed, task, model, truth, population, participants, trials, replicates, batch_size, "
    "interval_levels, methods"
)
FORM = "{spread: ...} or {distribution: name, and its arguments}"
HAS = "rescorla_wagner has this parameter"
NEEDS = {
    "natural": "{distribution: name, and its arguments}",
    "population": "{location: ..., scale: ...}",
}


def unshared(raw: dict) -> dict:
    """A copy in which no section stands in two places."""
    return json.loads(json.dumps(raw))


def valid() -> dict:
    return unshared(
        {
            "run": "test",
            "seed": 1,
            "task": {"arms": [0.4, 0.6], "blocks": 1, "start_value": 0.5},
            "model": "rescorla_wagner",
            "truth": {"alpha": [0.2, 0.5, 0.8], "beta": [2, 5]},
            "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0}},
            "participants": [10],
            "trials": [50, 150],
            "replicates": 20,
            "batch_size": 20,
            "interval_levels": [0.5, 0.95],
            "methods": {
                "mle": {
                    "estimator": "mle",
                    "model": "rescorla_wagner",
                    "engine": "compiled",
                    "bounds": {"alpha": [0, 1], "beta": [0, 50]},
                    "grid": 10,
                    "starts": 3,
                    "group_scale": "unconstrained",
                },
                "bayes": {
                    "estimator": "bayes",
                    "model": "rescorla_wagner",
                    "engine": "compiled",
                    "pooling": "none",
                    "likelihood": "potential",
                    "priors": {"alpha": FLAT, "beta": HALF},
                    **BAYES_SETTINGS,
                },
                "hierarchical": {
                    "estimator": "bayes",
                    "model": "rescorla_wagner",
                    "engine": "compiled",
                    "pooling": "partial",
                    "likelihood": "potential",
                    "priors": {
                        "alpha": {"location": REAL, "scale": HALF},
                        "beta": {"location": REAL, "scale": HALF},
                    },
                    **BAYES_SETTINGS,
                },
                "mock": {"estimator": "mock", "model": "rescorla_wagner"},
            },
        }
    )


def changed(changes: dict) -> dict:
    raw = valid()
    for path, value in changes.items():
        *sections, key = path.split(".")
        place = raw
        for section in sections:
            place = place[section]
        if value is GONE:
            del place[key]
        else:
            place[key] = copy.deepcopy(value)
    return raw


def problems(raw) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(raw)
    return caught.value.problems


def two_rates(**changes) -> dict:
    bounds = {"alpha_positive": [0, 1], "alpha_negative": [0, 1], "beta": [0, 50]}
    mle = valid()["methods"]["mle"] | {"model": "rescorla_wagner_two_rates", "bounds": bounds}
    return mle | changes
