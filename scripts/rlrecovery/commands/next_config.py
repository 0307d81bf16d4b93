"""Writes a config that adds the next designs to a study and keeps its finished cells."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from rlrecovery.advice.precision import Step
from rlrecovery.config.former import differing_keys
from rlrecovery.config.reader import load
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, fitted_batches
from rlrecovery.design.cells import batches
from rlrecovery.storage.files import write_text


class CannotWrite(Exception):
    """A config that cannot be written; the message says why."""


def write_next(config: Path, target: Path, experiment: Experiment, step: Step) -> Experiment:
    """Write a config with a further step; comments and order are kept.

    Parameters
    ----------
    config, target : Path
        The present config, and the file to write.
    experiment : Experiment
        The present config.
    step : Step
        What is added. Replicates are rounded up to whole batches, so that all finished batches
        keep their names.

    Returns
    -------
    Experiment
        The new config.

    Raises
    ------
    CannotWrite
        If the target is the config itself, or a file that is no config of the same run, or if
        the config has the designs already.
    ConfigError
        If the new config has mistakes, such as files that it does not find.
    """
    _check_target(config, target, experiment)
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 4096
    content = yaml.load(config.read_text(encoding="utf-8"))
    for key in ("trials", "participants"):
        size = getattr(step, key)
        if size in content[key]:
            raise CannotWrite(
                f"{config} has designs with {size} {key} already, which are not measured yet; run "
                f"it first, with make run CONFIG={config}"
            )
        if size is not None:
            place = sum(other < size for other in content[key])
            content[key].insert(place, size)
    if step.replicates is not None:
        _add_replicates(content, experiment, step, step.replicates)
    text = io.StringIO()
    yaml.dump(content, text)
    write_text(text.getvalue(), target)
    written = load(target)
    if differences := differing_keys(experiment, written):
        raise CannotWrite(f"{target} describes another study, in {', '.join(differences)}")
    return written


def _check_target(config: Path, target: Path, experiment: Experiment) -> None:
    """Refuse to replace the present config, or a file of something else."""
    if target.resolve() == config.resolve():
        raise CannotWrite(f"{target} is the present config; choose another file with WRITE=...")
    if target.resolve().parent != config.resolve().parent:
        raise CannotWrite(
            f"{target} is not in the folder of {config}, to which paths in the config are relative"
        )
    if target.exists() and _run_of(target) != experiment.run:
        raise CannotWrite(f"{target} exists and is no config of the run {experiment.run}")


def _run_of(path: Path) -> object:
    """The run of a config; None if a path is no config."""
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, YAMLError):
        return None
    return content.get("run") if isinstance(content, dict) else None


def _add_replicates(content: Any, experiment: Experiment, step: Step, replicates: float) -> None:
    """Raise the replicates of the study, or of the method of a step that has fewer of its own."""
    batch, total = experiment.batch_size, experiment.most_replicates
    for name, section in experiment.methods.items():
        own = section.replicates
        label = experiment.labels.get(name, name)
        if own is None or own >= total or not step.method.startswith((name, label)):
            continue
        more = math.ceil(own * replicates / total)
        content["methods"][name]["replicates"] = more
        total = max(total, more)
        break
    else:
        total = math.ceil(replicates)
    number = math.ceil(total / batch) * batch
    if experiment.sequential:
        content["replicates"].update(at_least=number, at_most=number)
    else:
        content["replicates"] = number


def added_jobs(present: Experiment, following: Experiment) -> int:
    """Number of jobs that simulate or fit and that only the second config has."""
    return len(_jobs(following) - _jobs(present))


def _jobs(experiment: Experiment) -> set[tuple[str, str, tuple[int, int]]]:
    """Stage, cell and replicates of all jobs that simulate or fit."""
    ranges = batches(experiment.most_replicates, experiment.batch_size)
    stages = {"": ranges, **fitted_batches(experiment)}
    cells = cells_of(experiment)
    return {
        (stage, cell, batch)
        for stage, used in stages.items()
        for cell in cells
        for batch in used.values()
    }
