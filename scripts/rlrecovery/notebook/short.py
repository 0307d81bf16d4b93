"""Short configs: what a notebook leaves out is filled in, and the result is checked as any config.

Besides the defaults of the config there are those of `DEFAULTS` and `TASK`. A single number stands
for a list of one, and an estimator's name for a method with its default settings.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.config.reader import parse
from rlrecovery.config.settings import Experiment
from rlrecovery.models.base import Model
from rlrecovery.models.library import RESCORLA_WAGNER
from rlrecovery.notebook.errors import IN_MEMORY, as_value_errors
from rlrecovery.notebook.own_models import known, own

#: Keys that do not matter in a notebook: where results are written, how work is split, and the
#: levels of intervals.
DEFAULTS: dict[str, Any] = {
    "run": "notebook",
    "batch_size": 100,
    "interval_levels": [0.5, 0.8, 0.9, 0.95],
}

#: Keys of a task: one block of trials, and values that start midway between the rewards 0 and 1.
TASK: dict[str, Any] = {"blocks": 1, "start_value": 0.5}

#: A valid config but for its methods, to check what does not depend on the study.
ANY_CONFIG: dict[str, Any] = {
    "seed": 0,
    "task": {"arms": [0.5, 0.5]},
    "model": RESCORLA_WAGNER.name,
    "truth": {"alpha": 0.5, "beta": 1.0},
    "population": {"alpha": {"spread": 0.0}, "beta": {"spread": 0.0}},
    "participants": 1,
    "trials": 1,
    "replicates": 2,
}

#: Keys with a list of values.
_LISTS = ("participants", "trials", "missing", "interval_levels")


def experiment_of(config: Mapping[str, Any], models: Sequence[object] = ()) -> Experiment:
    """Check a short config and return the experiment; its own models must be `known`."""
    complete = completed(config)
    try:
        with as_value_errors():
            return parse(complete, source=IN_MEMORY)
    except ValueError as error:
        # A number that was given alone is not the first of a list in a message.
        alone = "|".join(map(re.escape, _given_alone(plain(config))))
        raise ValueError(re.sub(rf"(?m)^({alone})\[0\](?= is)", r"\1", str(error))) from None


@contextlib.contextmanager
def models_of(*values: Any, models: Sequence[object] = ()) -> Iterator[tuple[Model, ...]]:
    """Make all `Model` objects in some values, and `models`, known while a block runs."""
    own_models = own([*own(models), *(model for value in values for model in _models_in(value))])
    with known(own_models):
        yield own_models


def completed(config: Mapping[str, Any]) -> dict[str, Any]:
    """A short config with plain values, lists and `DEFAULTS`."""
    keys = DEFAULTS | plain(config)
    for key in _LISTS:
        if key in keys:
            keys[key] = _listed(keys[key])
    if isinstance(keys.get("task"), dict):
        keys["task"] = TASK | keys["task"]
    if isinstance(keys.get("tasks"), dict):
        keys["tasks"] = {
            name: TASK | task if isinstance(task, dict) else task
            for name, task in keys["tasks"].items()
        }
    for section in (keys, *_sections(keys.get("models"), "simulate")):
        if isinstance(section.get("truth"), dict):
            section["truth"] = {name: _listed(value) for name, value in section["truth"].items()}
    if "methods" in keys:
        keys["methods"] = methods(keys["methods"])
    return keys


def methods(given: Any) -> Any:
    """Methods as in a config, from names of estimators or from sections."""
    if isinstance(given, str):
        given = [given]
    if isinstance(given, list) and all(isinstance(name, str) for name in given):
        given = {name: name for name in given}
    if not isinstance(given, dict):
        return given
    return {
        name: {"estimator": method} if isinstance(method, str) else method
        for name, method in given.items()
    }


def _sections(models: Any, key: str) -> list[dict[str, Any]]:
    """Sections of the generating models."""
    simulated = models.get(key) if isinstance(models, dict) else None
    sections = simulated.values() if isinstance(simulated, dict) else ()
    return [section for section in sections if isinstance(section, dict)]


def _given_alone(keys: Mapping[str, Any]) -> list[str]:
    """Keys with a number that stands for a list of one, as they are written in messages."""
    truths = {"truth": keys.get("truth")}
    models = keys.get("models")
    if isinstance(models, dict) and isinstance(models.get("simulate"), dict):
        for name, model in models["simulate"].items():
            truth = model.get("truth") if isinstance(model, dict) else None
            truths[f"models.simulate.{name}.truth"] = truth
    names = [key for key in _LISTS if _is_number(keys.get(key))]
    for path, truth in truths.items():
        if isinstance(truth, dict):
            names += [f"{path}.{name}" for name, value in truth.items() if _is_number(value)]
    return names


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(value: Any) -> Any:
    return [value] if _is_number(value) else value


def plain(value: Any) -> Any:
    """Copy with names in place of models and of paths, and lists in place of arrays."""
    match value:
        case Model():
            return value.name
        case Mapping():
            return {plain(key): plain(item) for key, item in value.items()}
        case np.ndarray() | np.generic() | pd.Series() | pd.Index():
            return value.tolist()
        case os.PathLike():
            return os.fspath(value)
        case list() | tuple() | range():
            return [plain(item) for item in value]
    return value


def _models_in(value: Any) -> Iterator[Model]:
    """All models among values, keys and entries of a value."""
    match value:
        case Model():
            yield value
        case Mapping():
            for entry in (*value, *value.values()):
                yield from _models_in(entry)
        case list() | tuple():
            for entry in value:
                yield from _models_in(entry)
