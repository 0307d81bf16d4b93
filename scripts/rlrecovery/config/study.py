"""The study that an experiment describes: its cells, generators and methods."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping

import yaml

from rlrecovery.config.settings import Experiment, Source
from rlrecovery.design.cells import UNNAMED, Cell, batches, by_key, first_replicates, grid
from rlrecovery.fitting.base import PosteriorKind
from rlrecovery.fitting.batch import fit_hash
from rlrecovery.fitting.registry import Method
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulation.batch import simulation_hash
from rlrecovery.simulation.generator import Generator
from rlrecovery.simulation.settings import TaskSettings
from rlrecovery.storage.files import BrokenFile, read_text
from rlrecovery.storage.provenance import SIMULATED

#: Order of preference of poolings for an example posterior.
_POOLINGS = ("none", "partial", "complete")


def read_resolved(path: str | os.PathLike[str]) -> Experiment:
    """Read the resolved config of a run.

    Raises
    ------
    BrokenFile
        If the file is missing or is not a resolved config; the message names it.
    """
    try:
        return Experiment.of(yaml.safe_load(read_text(path)))
    except (ValueError, yaml.YAMLError):
        reason = "it is not the resolved config of a run"
        raise BrokenFile(f"{path} cannot be read: {reason}") from None


def sources(experiment: Experiment) -> dict[str, tuple[ModelSpec, Source]]:
    """Generating models by name, each with its truths and populations.

    In a study of a single model, the name is empty.
    """
    if experiment.models is not None:
        return {
            name: (specification(experiment, name), source)
            for name, source in experiment.models.simulate.items()
        }
    source = Source(truth=experiment.truth or {}, population=experiment.population or {})
    return {UNNAMED: (specification(experiment, experiment.model or ""), source)}


def tasks(experiment: Experiment) -> dict[str, TaskSettings]:
    """Tasks by name; in a study of a single task, the name is empty."""
    if experiment.tasks is not None:
        return experiment.tasks
    return {} if experiment.task is None else {UNNAMED: experiment.task}


def cells_of(experiment: Experiment) -> dict[str, Cell]:
    """All cells of a study by key; truths and sizes vary fastest."""
    sizes = experiment.participants, experiment.trials
    factors = itertools.product(
        sources(experiment).items(), tasks(experiment), experiment.missing, experiment.completed
    )
    return by_key(
        cell
        for (model, (_, source)), task, missing, completed in factors
        for cell in grid(
            source.truth, *sizes, missing=missing, completed=completed, task=task, model=model
        )
    )


def specification(experiment: Experiment, name: str) -> ModelSpec:
    """The model, or variant of the config, with a name."""
    return ModelSpec(name, experiment.variants.get(name))


def generator_of(experiment: Experiment, cell: Cell) -> Generator:
    """The generator of a cell's data."""
    model, source = sources(experiment)[cell.model]
    return Generator(experiment.seed, model, tasks(experiment)[cell.task], source.population)


def methods_of(experiment: Experiment) -> dict[str, Method]:
    """The methods by name, each with the model that it fits.

    A method without a model in the config becomes one method, called ``<method>_<model>``, for each
    model of ``models.fit``.
    """
    methods: dict[str, Method] = {}
    for name, section in experiment.methods.items():
        settings = section.model_copy(update={"model": None, "replicates": None})
        replicates = section.replicates
        if section.model is not None:
            model = specification(experiment, section.model)
            methods[name] = Method(name, settings, model, replicates=replicates)
            continue
        for fitted in experiment.models.fit if experiment.models else ():
            model = specification(experiment, fitted)
            restricted = settings.restricted_to(model.model().names)
            method = Method(f"{name}_{fitted}", restricted, model, name, fitted, replicates)
            methods[method.name] = method
    return methods


def method_names(experiment: Experiment) -> list[str]:
    """Names of the methods, also of an experiment whose default model is not filled in yet."""
    return list(experiment.methods if experiment.models is None else methods_of(experiment))


def fitted_batches(experiment: Experiment) -> dict[str, dict[str, tuple[int, int]]]:
    """Batches of each method by name, as half-open ranges of the replicates that it fits."""
    ranges = batches(experiment.most_replicates, experiment.batch_size)
    return {
        name: first_replicates(ranges, method.replicates_of(experiment.most_replicates))
        for name, method in methods_of(experiment).items()
    }


def with_posterior(
    methods: Mapping[str, Method], model: ModelSpec, kinds: tuple[PosteriorKind, ...]
) -> str | None:
    """Name of the method whose posterior is shown; None if no posterior is of these kinds.

    Methods that fit the generating model are preferred, then sampled posteriors (without pooling
    first), and then the first method in the config.
    """

    def rank(method: Method) -> tuple[bool, int]:
        """Sort key of the order of preference."""
        sampled = method.settings.posterior == "sampled"
        kind = _POOLINGS.index(method.pooling) if sampled else len(_POOLINGS)
        return method.model != model, kind

    candidates = {n: m for n, m in methods.items() if m.settings.posterior in kinds}
    return min(candidates, key=lambda name: rank(candidates[name]), default=None)


def competitors(methods: Mapping[str, Method]) -> dict[str, tuple[str, str]]:
    """Contest and fitted model of the methods that compete, by name."""
    return {name: (m.contest, m.fitted) for name, m in methods.items() if m.contest}


def expected_hashes(experiment: Experiment) -> dict[str, dict[str, str]]:
    """Hashes of the settings of all files, by stage and cell.

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
