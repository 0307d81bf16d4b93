"""The study that an experiment describes: cells, methods, and what generates data."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from pathlib import Path

import yaml

from rlrecovery.config.settings import Experiment, Source
from rlrecovery.design.cells import UNNAMED, Cell, by_key, grid
from rlrecovery.fit.base import PosteriorKind
from rlrecovery.fit.batch import fit_hash
from rlrecovery.fit.registry import Method
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulate.batch import simulation_hash
from rlrecovery.simulate.generator import Generator
from rlrecovery.simulate.settings import TaskSettings
from rlrecovery.storage.files import BrokenFile
from rlrecovery.storage.provenance import SIMULATED

#: Poolings in the order in which an example posterior is chosen.
_POOLINGS = ("none", "partial", "complete")


def read_resolved(path: str | os.PathLike[str]) -> Experiment:
    """The experiment of a run, from the resolved config among its results.

    Raises
    ------
    BrokenFile
        If the file is missing or is not a resolved config; the message names it.
    """
    try:
        return Experiment.of(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or "it is not the resolved config of a run"
        raise BrokenFile(f"{path} cannot be read: {reason}") from None


def sources(experiment: Experiment) -> dict[str, tuple[ModelSpec, Source]]:
    """Generating models by name, each with its truths and populations.

    A study of a single model has one entry, without a name.
    """
    if experiment.models is not None:
        return {
            name: (specification(experiment, name), source)
            for name, source in experiment.models.simulate.items()
        }
    source = Source(truth=experiment.truth or {}, population=experiment.population or {})
    return {UNNAMED: (specification(experiment, experiment.model or ""), source)}


def tasks(experiment: Experiment) -> dict[str, TaskSettings]:
    """Tasks by name; a study of a single task has one entry, without a name."""
    if experiment.tasks is not None:
        return experiment.tasks
    return {} if experiment.task is None else {UNNAMED: experiment.task}


def cells_of(experiment: Experiment) -> dict[str, Cell]:
    """All cells of a study by key; truths and sizes vary fastest."""
    factors = itertools.product(
        sources(experiment).items(), tasks(experiment), experiment.missing, experiment.completed
    )
    return by_key(
        cell
        for (name, (_, source)), task, missing, completed in factors
        for cell in grid(
            source.truth,
            experiment.participants,
            experiment.trials,
            missing=missing,
            completed=completed,
            task=task,
            model=name,
        )
    )


def specification(experiment: Experiment, name: str) -> ModelSpec:
    """The model, or variant of the config, with a name."""
    variant = experiment.variants.get(name)
    return ModelSpec.of(name) if variant is None else variant.spec(name)


def generator_of(experiment: Experiment, cell: Cell) -> Generator:
    """What generates the data of a cell."""
    model, source = sources(experiment)[cell.model]
    return Generator(
        seed=experiment.seed,
        model=model,
        task=tasks(experiment)[cell.task],
        population=source.population,
    )


def methods_of(experiment: Experiment) -> dict[str, Method]:
    """The methods by name, each with the one model that it fits.

    A method of the config without a model is fitted with each model of ``models.fit``: it becomes
    one method per model, called ``<method>_<model>``.
    """
    methods: dict[str, Method] = {}
    for name, settings in experiment.methods.items():
        if settings.model is not None:
            model = specification(experiment, settings.model)
            methods[name] = Method(name, settings.model_copy(update={"model": None}), model)
            continue
        for fitted in experiment.models.fit if experiment.models else ():
            model = specification(experiment, fitted)
            restricted = settings.restricted_to(model.model().names)
            method = Method(f"{name}_{fitted}", restricted, model, contest=name, fitted=fitted)
            methods[method.name] = method
    return methods


def with_posterior(
    methods: Mapping[str, Method], model: ModelSpec, kinds: tuple[PosteriorKind, ...]
) -> str | None:
    """Name of the method whose posterior is shown; None if no method has one of these kinds.

    Methods that fit the generating model are preferred, then sampled posteriors (without pooling
    first), and then the first method in the config.
    """

    def rank(method: Method) -> tuple[bool, int]:
        """Position in the order of preference."""
        sampled = method.settings.posterior == "sampled"
        kind = _POOLINGS.index(method.pooling) if sampled else len(_POOLINGS)
        return method.model != model, kind

    candidates = {n: m for n, m in methods.items() if m.settings.posterior in kinds}
    return min(candidates, key=lambda name: rank(candidates[name]), default=None)


def wrong_fits(methods: Mapping[str, Method], cell: Cell) -> list[str]:
    """Competing methods that fit another model than the one that generated the cell's data."""
    return [name for name, m in methods.items() if m.contest and m.fitted != cell.model]


def expected_hashes(experiment: Experiment) -> dict[str, dict[str, str]]:
    """Hashes of the settings that files should have been made with, by stage and cell.

    Stages are `rlrecovery.storage.provenance.SIMULATED` and the names of methods.
    """
    methods, levels = methods_of(experiment), experiment.interval_levels
    hashes: dict[str, dict[str, str]] = {stage: {} for stage in (SIMULATED, *methods)}
    for key, cell in cells_of(experiment).items():
        generator = generator_of(experiment, cell)
        hashes[SIMULATED][key] = simulation_hash(generator, cell)
        for name, method in methods.items():
            hashes[name][key] = fit_hash(method, generator, cell, levels)
    return hashes
