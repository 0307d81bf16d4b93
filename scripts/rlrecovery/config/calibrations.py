"""The calibrations of a study: the generator of each method, and its batches of data sets."""

from __future__ import annotations

from rlrecovery.calibration.generator import PriorGenerator
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import methods_of, tasks
from rlrecovery.design.cells import batches
from rlrecovery.fitting.registry import Method


def generators(experiment: Experiment) -> dict[str, PriorGenerator]:
    """Method and design of every calibration, by name of the method; empty without a section.

    Of a method that is fitted with several models, every fit is calibrated.
    """
    section = experiment.calibration
    if section is None:
        return {}
    by_name = tasks(experiment)
    task = by_name[section.task] if section.task else next(iter(by_name.values()))
    return {
        name: PriorGenerator(
            seed=experiment.seed,
            method=method,
            task=task,
            participants=1 if method.pooling == "none" else section.participants,
            trials=section.trials,
        )
        for name, method in methods_of(experiment).items()
        if method.settings.posterior is not None
        and (section.methods is None or _config_name(method) in section.methods)
    }


def calibrated_batches(experiment: Experiment) -> dict[str, dict[str, tuple[int, int]]]:
    """Batches of each calibration by name of the method, as half-open ranges of data sets."""
    section = experiment.calibration
    if section is None:
        return {}
    size = section.batch_size or experiment.batch_size
    return {
        name: batches(section.fewer.get(_config_name(generator.method), section.data_sets), size)
        for name, generator in generators(experiment).items()
    }


def _config_name(method: Method) -> str:
    """Name of a method in the config."""
    return method.contest or method.name
