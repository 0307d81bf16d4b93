"""A small valid experiment, and changes that make mistakes in it; for the tests of the config."""

import copy
import json
from pathlib import Path

import pytest

from rlrecovery.config.mistakes import dotted
from rlrecovery.config.reader import ConfigError, parse

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


def several() -> dict:
    """A study with everything that came later: tasks, variants, competing models, gaps."""
    raw = valid()
    for key in ("task", "model", "truth", "population"):
        del raw[key]
    plain = {"arms": [0.4, 0.6], "blocks": 2, "start_value": 0.5}
    drift = {"sd": 2.8, "lower": 1, "upper": 100, "decay": 0.9836, "centre": 50}
    values = [[t % 2, (t + 1) % 2] for t in range(40)]
    spread = {"spread": 0.5}
    bounds = {"alpha": [0, 1], "beta": [0, 50], "lapse": [0, 1], "start_value": [-5, 5]}
    priors = {"alpha": FLAT, "beta": HALF}
    return unshared(
        raw
        | {
            "tasks": {
                "plain": plain,
                "reversing": plain
                | {"reversals": {"after": [10], "every": 15, "correct": 8, "within": 10}},
                "restless": plain
                | {"arms": [20, 40, 60], "rewards": "gaussian", "sd": 4, "drift": drift}
                | {"reset": False, "feedback": "full"},
                "scheduled": {"blocks": 1, "start_value": 0.5, "missing_trials": [[5, 17], []]}
                | {"schedule": {"file": "lab.csv", "holds": "means", "values": values}},
            },
            "variants": {
                "lapsing": {"model": "rescorla_wagner", "lapse": True, "start_value": "free"},
                "decided": {"model": "rescorla_wagner", "fixed": {"beta": 5}},
            },
            "models": {
                "simulate": {
                    "rescorla_wagner": {
                        "truth": {"alpha": [0.2, 0.5], "beta": [2, 5]},
                        "population": {"alpha": spread, "beta": spread},
                    },
                    "decided": {"population": {"alpha": FLAT}},
                },
                "fit": ["rescorla_wagner", "lapsing", "decided"],
            },
            "trials": [20, 40],
            "missing": [0, 0.1],
            "completed": [[1], [0.6, 0.8, 1]],
            "methods": {
                "mle": without_model(raw["methods"]["mle"]) | {"bounds": bounds},
                "bayes": without_model(raw["methods"]["bayes"]) | {"loo": True, "priors": priors},
                "hierarchical": raw["methods"]["hierarchical"],
                "exact": {"estimator": "quadrature", "model": "decided", "engine": "scan"}
                | {"point": "mean"},
                "mock": {"estimator": "mock"},
            },
        }
    )


def without_model(method: dict) -> dict:
    return {key: value for key, value in method.items() if key != "model"}


def changed(changes: dict, base=valid) -> dict:
    raw = base()
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


class Sentence(str):
    """A sentence that equals every part of it, because tests state the part that matters."""

    def __eq__(self, part: object) -> bool:
        return isinstance(part, str) and part in str(self)

    __hash__ = str.__hash__


def mistakes(raw, source="config.yaml") -> list[tuple[str, Sentence]]:
    """Paths and sentences of all mistakes of a config."""
    with pytest.raises(ConfigError) as caught:
        parse(raw, source)
    assert all(mistake.sentence.isprintable() for mistake in caught.value.mistakes)
    return [(dotted(m.path), Sentence(m.sentence)) for m in caught.value.mistakes]


def sentences(raw, source="config.yaml") -> list[str]:
    """All mistakes of a config in words."""
    with pytest.raises(ConfigError) as caught:
        parse(raw, source)
    return [mistake.sentence for mistake in caught.value.mistakes]


def two_rates(**changes) -> dict:
    bounds = {"alpha_positive": [0, 1], "alpha_negative": [0, 1], "beta": [0, 50]}
    mle = valid()["methods"]["mle"] | {"model": "rescorla_wagner_two_rates", "bounds": bounds}
    return mle | changes
