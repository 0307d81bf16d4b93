"""Checks of the section ``calibration``: its methods, task and trials."""

from __future__ import annotations

from collections.abc import Iterator

from rlrecovery.calibration.settings import CalibrationSettings
from rlrecovery.config.checks.sections import Sections
from rlrecovery.config.checks.tasks import check_trials
from rlrecovery.config.mistakes import (
    Mistake,
    Path,
    did_you_mean,
    either,
    mistake,
    wrong,
    wrong_choice,
)

#: Path of the section.
KEY: Path = ("calibration",)


def check_calibration(sections: Sections) -> Iterator[Mistake]:
    """Yield all mistakes about calibration."""
    calibration = sections.experiment.calibration
    if calibration is None or not sections.readable("calibration"):
        return
    if sections.readable("methods"):
        yield from _methods(sections, calibration)
    yield from _task(sections, calibration)


def _methods(sections: Sections, calibration: CalibrationSettings) -> Iterator[Mistake]:
    methods = sections.experiment.methods
    suitable = [name for name, method in methods.items() if method.posterior is not None]
    if not suitable:
        yield mistake(KEY, "needs a method with a posterior, such as estimator: quadrature")
        return
    for i, name in enumerate(calibration.methods or ()):
        path = (*KEY, "methods", i)
        if name in methods and name not in suitable:
            yield wrong(path, name, f"must have a posterior: {either(suitable)}")
        elif name not in methods:
            yield wrong_choice(path, name, suitable)
    for name, number in calibration.fewer.items():
        path = (*KEY, "fewer", name)
        chosen = calibration.methods or suitable
        if name not in chosen:
            hint = did_you_mean(name, chosen)
            yield mistake(path, f"is no method of the calibration: {either(chosen)}{hint}")
        elif number > calibration.data_sets:
            must = f"must be at most {calibration.data_sets}, the data_sets"
            yield wrong(path, number, must)


def _task(sections: Sections, calibration: CalibrationSettings) -> Iterator[Mistake]:
    """Check the task, and the trials against it."""
    tasks, names = sections.tasks, list(sections.experiment.tasks or ())
    path: Path = next(iter(tasks), ())
    if calibration.task is not None:
        if not names:
            yield mistake((*KEY, "task"), "is only allowed in a study with tasks")
        elif calibration.task not in names:
            yield wrong_choice((*KEY, "task"), calibration.task, names)
            return
        else:
            path = ("tasks", calibration.task)
    if path in tasks:
        yield from check_trials(path, tasks[path], {(*KEY, "trials"): calibration.trials})
