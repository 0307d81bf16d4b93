"""Methods section of the report, generated from the config."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from rlrecovery.config.settings import Experiment, Source
from rlrecovery.config.study import (
    cells_of,
    generator_of,
    methods_of,
    sources,
    tasks,
    with_posterior,
)
from rlrecovery.design.cells import ALL, Cell, example_of
from rlrecovery.models.base import Model
from rlrecovery.models.prior_settings import Population
from rlrecovery.report.lines import designs, fewer_text
from rlrecovery.report.numbers import enumeration
from rlrecovery.report.task_text import task_text
from rlrecovery.score.labels import label_of
from rlrecovery.score.results import Summary
from rlrecovery.simulation.population import number_of_draws

#: Where the search of a method with bounds ends.
EDGE = "If a bound is an end of the parameter’s support, the search stops 0.0001 before it."

#: Term and description in a list of definitions.
Definition = tuple[str, str]


def study_size(experiment: Experiment, design: pd.DataFrame, summary: Summary) -> dict[str, Any]:
    """Count cells, designs, true parameter combinations and data sets."""
    generating = sources(experiment).values()
    models = [specification.model() for specification, _ in generating]
    return {
        "model": "; ".join(dict.fromkeys(model.title for model in models)),
        "cells": len(design),
        "designs": len(designs(summary)),
        "truths": sum(math.prod(map(len, source.truth.values())) for _, source in generating),
        "data_sets": int(design["replicates"].sum()),
        "replicates": _replicates_text(experiment, design),
        "participants": enumeration([str(n) for n in summary.participants]),
        "trials": enumeration([str(n) for n in summary.trials]),
        "methods": enumeration([label_of(m, experiment.labels) for m in methods_of(experiment)]),
        "fewer": fewer_text(
            {label_of(m, experiment.labels): n for m, n in fewer_replicates(experiment).items()}
        ),
        "parameters": enumeration(list(summary.parameters)),
    }


def _replicates_text(experiment: Experiment, design: pd.DataFrame) -> int | str:
    """Number of replicates per cell; a range where they were added cell by cell."""
    low, high = int(design["replicates"].min()), int(design["replicates"].max())
    return high if experiment.sequential is None or low == high else f"{low} to {high}"


def fewer_replicates(experiment: Experiment) -> dict[str, int]:
    """Methods, as they are called in the config, that fit a part of the replicates."""
    return {
        name: settings.replicates
        for name, settings in experiment.methods.items()
        if settings.replicates is not None and settings.replicates < experiment.most_replicates
    }


def mechanisms(experiment: Experiment) -> Iterator[Definition]:
    """Describe how the data were generated."""
    for name, task in tasks(experiment).items():
        yield f"Task {name}".strip(), task_text(task)
    for specification, source in sources(experiment).values():
        yield from _source_lines(specification.model(), source)
    yield "Participants", f"{', '.join(map(str, experiment.participants))} per data set."
    trials = f"{', '.join(map(str, experiment.trials))} per participant"
    yield "Trials", f"{trials}. All trials, including the first, enter the likelihood."
    yield from missing_lines(list(cells_of(experiment).values()))
    at_most = "At most " if experiment.sequential else ""
    replicates = f"{at_most}{experiment.most_replicates} simulated data sets per cell"
    fewer = fewer_text(fewer_replicates(experiment))
    text = f"{replicates}; all methods fit the same data."
    yield "Replicates", f"{text} {fewer}.".removesuffix(" .")


def _source_lines(model: Model, source: Source) -> Iterator[Definition]:
    """Describe a generating model, its true values and its population."""
    parameters = "; ".join(f"{p.name}, {p.meaning}" for p in model.parameters)
    yield "Model", f"{model.title} ({model.name}; {model.citation}). Parameters: {parameters}."
    truths = [f"{k}: {', '.join(f'{v:g}' for v in vs)}" for k, vs in source.truth.items()]
    count = number_of_draws(source.population)
    none = (
        "Each data set takes its own from draws of the population."
        if count
        else "None: all parameters are drawn from distributions."
    )
    yield "True values", f"{'; '.join(truths)}; fully crossed." if truths else none
    populations = [
        f"{name}: {_population_text(population, model.parameter(name).transform)}"
        for name, population in source.population.items()
    ]
    yield "Population", "; ".join(populations) + "."


def _population_text(population: Population, scale: str) -> str:
    if population.draws is not None:
        return (
            f"normally distributed on the {scale} scale, with location and SD of one of "
            f"{len(population.draws.locations)} draws, a random one in each data set"
        )
    if population.spread is None:
        return f"each participant is drawn from {distribution_text(population.plain())}"
    if population.spread == 0:
        return "all participants have the cell’s true value"
    return (
        f"normally distributed around the cell’s true value on the {scale} scale, SD "
        f"{population.spread:g}"
    )


def distribution_text(entry: Mapping[str, Any]) -> str:
    """Format a distribution with its arguments, for example ``Beta(alpha=1, beta=1)``."""
    arguments = ", ".join(f"{k}={v:g}" for k, v in entry.items() if k != "distribution")
    return f"{entry['distribution']}({arguments})"


def missing_lines(cells: Sequence[Cell]) -> Iterator[Definition]:
    """Describe missing responses and incomplete sessions, if any."""
    probabilities = list(dict.fromkeys(cell.missing for cell in cells))
    if any(probabilities):
        text = f"{_percentages(probabilities)}{_depending(probabilities)}"
        yield "Missing responses", f"Each trial has no response with probability {text}."
    completed = list(dict.fromkeys(cell.completed for cell in cells))
    if completed != [ALL]:
        text = "; or ".join(_percentages(shares) for shares in completed)
        text = f"{text} of the trials{_depending(completed)}"
        yield "Completed trials", f"Participants complete, in turn, {text}."


def _depending(values: Sequence[Any]) -> str:
    return ", depending on the cell" if len(values) > 1 else ""


def _percentages(shares: Sequence[float]) -> str:
    return ", ".join(f"{100 * share:.10g} %" for share in shares)


def scales(experiment: Experiment) -> str:
    """Name the scale of each estimated parameter, on which its population is defined."""
    models = [method.fitted_model() for method in methods_of(experiment).values()]
    transforms = {p.name: p.transform for model in models for p in model.parameters}
    return ", ".join(f"{transform} for {name}" for name, transform in transforms.items())


def methods(experiment: Experiment) -> list[tuple[str, str, list[Definition]]]:
    """Return the label and name, description and settings of every method."""
    labels = experiment.labels
    return [
        (
            f"{labels[name]} ({name} in the config)" if name in labels else name,
            settings.describe(),
            list(_flatten(settings.plain())),
        )
        for name, settings in experiment.methods.items()
    ]


def _flatten(settings: Mapping[str, Any], prefix: str = "") -> Iterator[Definition]:
    """Flatten nested settings to dotted keys and formatted values."""
    for key, value in settings.items():
        if isinstance(value, Mapping) and value.get("distribution"):
            yield f"{prefix}{key}", distribution_text(value)
        elif isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{key}", ", ".join(map(str, value))
        else:
            yield f"{prefix}{key}", str(value)


def predictive_check(experiment: Experiment) -> str:
    """Describe the method and data of the predictive check; empty if no method has a posterior."""
    cell = example_of(cells_of(experiment))
    model = generator_of(experiment, cell).model
    name = with_posterior(methods_of(experiment), model, ("sampled", "exact"))
    if name is None:
        return ""
    data = f"the first simulated data set of {cell.key}"
    if experiment.observed:
        data = f"the observed data in {experiment.observed}"
    return f"Predictions by {name} for {data}."


def conventions(experiment: Experiment) -> dict[str, Any]:
    """Describe conventions that depend on the study and are easily overlooked."""
    faced = [settings.task() for settings in tasks(experiment).values()]
    return {
        "start_values": ", ".join(dict.fromkeys(f"{task.start_value:g}" for task in faced)),
        "neutral": ", ".join(dict.fromkeys(f"{task.neutral:g}" for task in faced)),
        "has_binary_rewards": all(task.sd is None and not task.schedule for task in faced),
        "bounds": _bounds_text(experiment),
    }


def _bounds_text(experiment: Experiment) -> str:
    bounds = [
        f"{name}: {p} in [{low:g}, {high:g}]"
        for name, settings in experiment.methods.items()
        for p, (low, high) in (settings.bounds_by_parameter() or {}).items()
    ]
    if not bounds:
        return "None of the methods has bounds."
    return f"{'; '.join(bounds)}. {EDGE} Estimates at a bound are kept and flagged."
