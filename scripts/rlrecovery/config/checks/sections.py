"""The valid sections of a config, typed, for the checks that involve several keys."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, get_origin

from annotated_types import MinLen
from pydantic import BaseModel, create_model

from rlrecovery.config import study
from rlrecovery.config.mistakes import Path, did_you_mean
from rlrecovery.config.settings import Experiment, ModelRecovery
from rlrecovery.fitting.base import MethodSettings
from rlrecovery.models.base import Model, Parameter
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.library import MODELS
from rlrecovery.models.prior_settings import Population
from rlrecovery.models.variants import ModelSpec, VariantSettings
from rlrecovery.simulation.settings import TaskSettings


@dataclasses.dataclass(frozen=True)
class GeneratingModel:
    """A generating model with its section; None for a part that has mistakes."""

    path: Path
    model: Model
    truth: Mapping[str, tuple[float, ...]] | None
    population: Mapping[str, Population] | None

    def values(self, parameter: str) -> tuple[float, ...]:
        """True values of a parameter; empty if it is drawn from a distribution."""
        return (self.truth or {}).get(parameter, ())

    def drawn(self, parameter: str) -> Distribution | None:
        """Distribution that a parameter is drawn from, or None."""
        entry = (self.population or {}).get(parameter)
        return None if entry is None else entry.distribution_object()


class Sections:
    """Valid sections of a config (see `valid_part`), and the paths of mistakes in the others."""

    def __init__(self, experiment: Experiment, wrong_paths: Iterable[Path] = ()) -> None:
        self.experiment = experiment
        self._broken = {_section_of(path) for path in wrong_paths}

    def readable(self, *path: str) -> bool:
        """Whether a section, its entries and the sections that contain it are all valid."""
        lengths = ((broken, min(len(broken), len(path))) for broken in self._broken)
        return not any(broken[:n] == path[:n] for broken, n in lengths)

    @property
    def tasks(self) -> dict[Path, TaskSettings]:
        """Tasks by their paths."""
        by_name = study.tasks(self.experiment)
        return {("tasks", name) if name else ("task",): task for name, task in by_name.items()}

    @property
    def simulated(self) -> dict[str, Path]:
        """Names of the generating models, with the paths of their sections."""
        models, model = self.experiment.models, self.experiment.model
        if models is not None:
            return {name: ("models", "simulate", name) for name in models.simulate}
        return {} if model is None else {model: ()}

    @property
    def generating_models(self) -> list[GeneratingModel]:
        """The generating models that exist."""
        experiment, entries = self.experiment, []
        truth = (experiment.truth or {}) if self.readable("truth") else None
        for name, path in self.simulated.items():
            model = self.model(name)
            if model is not None and experiment.models is not None:
                section = experiment.models.simulate[name]
                entries.append(GeneratingModel(path, model, section.truth, section.population))
            elif model is not None:
                entries.append(GeneratingModel(path, model, truth, experiment.population))
        return entries

    @property
    def model_names(self) -> list[str]:
        """Names of all models of the library and of all variants, even those with mistakes."""
        broken = [str(path[1]) for path in self._broken if path[0] == "variants" and path[1:]]
        return list(dict.fromkeys([*MODELS, *self.experiment.variants, *sorted(broken)]))

    def model(self, name: str) -> Model | None:
        """The model or variant with a name; None if it is unknown or has a mistake."""
        variant = self.experiment.variants.get(name)
        if name in MODELS or variant is None:
            return MODELS.get(name)
        if variant.model not in MODELS:
            return None
        model = study.specification(self.experiment, name).model()
        names = {parameter.name for parameter in parameters_of_variant(variant)}
        return model if set(variant.fixed) <= names and model.parameters else None

    @property
    def competing(self) -> list[str]:
        """Names of the valid methods that fit each model of ``models.fit``."""
        experiment = self.experiment
        if experiment.models is None:
            return []
        return [name for name, method in experiment.methods.items() if method.model is None]

    @property
    def fit(self) -> tuple[str, ...]:
        """Names of the competing models."""
        return () if self.experiment.models is None else self.experiment.models.fit

    def method_hint(self, name: str, names: Iterable[str]) -> str:
        """End of a message on a name that is not shown: the fits of its method, or a guess."""
        if name not in self.competing:
            return did_you_mean(name, names)
        return f"; it is shown as {', '.join(f'{name}_{model}' for model in self.fit)}"

    def models_of(self, method: MethodSettings) -> list[Model]:
        """The models that a method fits; empty if one of them is unknown."""
        experiment = self.experiment
        default = (experiment.model or "",) if experiment.models is None else self.fit
        names = dict.fromkeys(default if method.model is None else (method.model,))
        models = [model for model in map(self.model, names) if model is not None]
        return models if len(models) == len(names) else []


def parameters_of_variant(variant: VariantSettings) -> tuple[Parameter, ...]:
    """Parameters of a variant, including fixed ones."""
    return ModelSpec("", variant.model_copy(update={"fixed": {}})).model().parameters


def _section_of(path: Path) -> Path:
    """The section that a mistake at a path makes invalid."""
    named = path[0] in ("tasks", "variants", "methods", "models")
    return path[: 3 if path[:2] == ("models", "simulate") else 1 + named]


def _lenient(section: type[BaseModel], **changes: Any) -> Any:
    """A class of settings whose keys may be missing and whose sections and lists may be empty."""
    fields: dict[str, Any] = {}
    for name, field in section.model_fields.items():
        lenient = copy.copy(field)
        lenient.metadata = [limit for limit in field.metadata if not isinstance(limit, MinLen)]
        if field.is_required():
            collection = get_origin(field.annotation)
            lenient.default = collection() if collection in (dict, tuple) else None
        fields[name] = (field.annotation, lenient)
    return create_model(section.__name__, __base__=section, **fields | changes)


_Partial = _lenient(Experiment, models=(_lenient(ModelRecovery) | None, None))


def valid_part(raw: dict[Any, Any], wrong_paths: Iterable[Path]) -> Experiment:
    """The experiment described by the valid sections of a config.

    A section with a mistake is left out: a task, method, variant or generating model, or else the
    whole top-level key, which then has its default, or is empty or None.
    """
    valid = copy.deepcopy(raw)
    for *parents, key in map(_section_of, wrong_paths):
        section: Any = valid
        for parent in parents:
            section = section.get(parent) if isinstance(section, dict) else None
        if isinstance(section, dict):  # or else it is left out itself
            section.pop(key, None)
    experiment: Experiment = _Partial.model_validate(valid)
    return experiment
