"""Small studies and settings of methods that tests in several folders share."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

#: The project.
ROOT = Path(__file__).parents[1]


def documented_model() -> str:
    """The code that the documentation appends to the library of models."""
    page = (ROOT / "docs/how-to/own-model.md").read_text(encoding="utf-8")
    return page.split("library.py << 'END'\n", 1)[1].split("\nEND\n", 1)[0]


MOCK = {"estimator": "mock", "model": "rescorla_wagner"}
MLE = {
    "estimator": "mle",
    "model": "rescorla_wagner",
    "engine": "compiled",
    "bounds": {"alpha": [0, 1], "beta": [0, 1000]},
    "grid": 6,
    "starts": 2,
    "group_scale": "unconstrained",
}
QUADRATURE: dict[str, Any] = {
    "estimator": "quadrature",
    "model": "rescorla_wagner",
    "engine": "compiled",
    "priors": {
        "alpha": {"distribution": "Beta", "alpha": 1, "beta": 1},
        "beta": {"distribution": "HalfNormal", "sigma": 10},
    },
    "point": "mean",
}
BAYES = {
    "estimator": "bayes",
    "model": "rescorla_wagner",
    "pooling": "none",
    "likelihood": "potential",
    "engine": "compiled",
    "priors": {},
    "point": "mean",
    "chains": 2,
    "tune": 100,
    "draws": 100,
    "target_accept": 0.9,
    "convergence": {"rhat": 1.05, "ess_bulk": 50, "ess_tail": 50, "divergences": 0},
}
#: Settings of a sampler for results rather than for speed.
THOROUGH = {
    "chains": 4,
    "tune": 1000,
    "draws": 1000,
    "convergence": {"rhat": 1.01, "ess_bulk": 400, "ess_tail": 400, "divergences": 0},
}
#: Priors of single participants, or of all of them together, and of a population.
FLAT = QUADRATURE["priors"]
POPULATION = {
    "alpha": {
        "location": {"distribution": "Normal", "mu": 0, "sigma": 1.5},
        "scale": {"distribution": "HalfNormal", "sigma": 1},
    },
    "beta": {
        "location": {"distribution": "Normal", "mu": 1, "sigma": 1},
        "scale": {"distribution": "HalfNormal", "sigma": 1},
    },
}


def bayes(pooling: str = "none", **changes: Any) -> dict[str, Any]:
    """A method that samples, with priors that fit its pooling."""
    priors = POPULATION if pooling == "partial" else FLAT
    # A copy, because YAML would write an object that two methods share as a reference.
    return copy.deepcopy(BAYES | {"pooling": pooling, "priors": priors} | changes)


def study(**changes: Any) -> dict[str, Any]:
    """Config of a small valid study of two cells; keywords replace its top-level keys."""
    return {
        "run": "small",
        "seed": 3,
        "task": {"arms": [0.3, 0.7], "blocks": 1, "start_value": 0.5},
        "model": "rescorla_wagner",
        "truth": {"alpha": [0.3, 0.6], "beta": [3]},
        "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.2}},
        "participants": [2],
        "trials": [20],
        "replicates": 4,
        "batch_size": 2,
        "interval_levels": [0.5, 0.95],
        "methods": {"guess": MOCK},
    } | changes


def write(folder: str | Path, experiment: dict[str, Any], name: str = "study.yaml") -> Path:
    """Write a config into a folder and return its path."""
    path = Path(folder) / name
    path.write_text(yaml.safe_dump(experiment, sort_keys=False))
    return path
