"""Fits pilot data, checks the fit, and writes what `make pilot` leaves in its folder."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from rlrecovery.config.settings import Experiment
from rlrecovery.design.seeds import seed_sequence
from rlrecovery.figures import style
from rlrecovery.figures.predictive import draw_predictive
from rlrecovery.pilot.calibration import posterior_sbc, uniformity_tests
from rlrecovery.pilot.figure import draw_shrinkage
from rlrecovery.pilot.fit import NoFit, PilotFit, fit_pilot, identity_of, population_draws
from rlrecovery.pilot.page import Results, text, write_page
from rlrecovery.pilot.planned import Paths, planned_config, write_draws
from rlrecovery.pilot.reading import read_pilot
from rlrecovery.predictive.check import check
from rlrecovery.predictive.settings import PilotSettings
from rlrecovery.storage.files import conform, write_table, write_text
from rlrecovery.storage.schemas import PILOT_PARTICIPANTS, PILOT_POPULATION, POSTERIOR_SBC

#: Name of the page.
PAGE = "pilot.html"


def folder_of(data: Path, results: Path = Path("results")) -> Path:
    """Folder of the results of a file of pilot data."""
    name = re.sub("[^A-Za-z0-9_-]+", "_", data.stem).strip("_-") or "data"
    return results / f"pilot-{name}"


def study_pilot(
    data: Path,
    experiment: Experiment,
    raw: Mapping[str, Any],
    paths: Paths,
    progress: Callable[[int], None] = lambda done: None,
) -> str:
    """Read, fit and check pilot data, and write the tables, the page and the planned config.

    Parameters
    ----------
    data : Path
        The file of pilot data.
    experiment : Experiment
        The config, with the task and the model.
    raw : mapping
        The same config as it was written.
    paths : Paths
        The config, the planned config to write, and the file of draws; the other results are
        written beside the draws.
    progress : callable
        Is called with the number of data sets of posterior SBC that are finished.

    Returns
    -------
    str
        What the pilot data say.

    Raises
    ------
    BrokenFile
        If the file has a mistake.
    NoFit
        If the config does not say which model to fit.
    ConfigError
        If the planned config is not valid.
    """
    settings = experiment.pilot or PilotSettings()
    task = experiment.task.task() if experiment.task is not None else None
    if task is None:
        raise NoFit("make pilot needs a config with one task: set task instead of tasks")
    pilot = read_pilot(data, task, settings)
    folder = paths.draws.parent
    with threadpool_limits(1):
        fit = fit_pilot(pilot, experiment)
        identity = identity_of(pilot, fit)

        def seed(purpose: str) -> np.random.SeedSequence:
            """Random numbers for one purpose."""
            return seed_sequence(experiment.seed, identity, 0, purpose)

        draws = population_draws(fit, settings.draws, np.random.default_rng(seed("draws")))
        write_draws(paths.draws, fit, *draws)
        planned = planned_config(raw, experiment, pilot, paths)
        predictive = check(
            fit.method, fit.fitter.setting, pilot.task, pilot.data, seed("predictive")
        )
        sbc = posterior_sbc(pilot, fit, settings.data_sets, seed("posterior SBC"), progress)
    results = Results(pilot, fit, settings.least_contraction, predictive, uniformity_tests(sbc))
    write_text(planned, paths.target)
    write_tables(folder, fit, predictive, sbc)
    _write_page(folder, results, experiment, _next_steps(paths.target.name, paths.draws.name))
    return text(results, _next_steps(str(paths.target), str(paths.draws), folder / PAGE))


def write_tables(folder: Path, fit: PilotFit, predictive: pd.DataFrame, sbc: pd.DataFrame) -> None:
    """Write the tables of a pilot fit as CSV."""
    tables = {
        "participants": conform(fit.participants, PILOT_PARTICIPANTS),
        "population": conform(fit.population, PILOT_POPULATION),
        "predictive": predictive,
        "posterior_sbc": conform(sbc, POSTERIOR_SBC),
    }
    for name, table in tables.items():
        write_table(table, folder / f"{name}.csv")


def _write_page(
    folder: Path, results: Results, experiment: Experiment, next_steps: list[str]
) -> None:
    """Draw the figures and write the page."""
    with style.applied(experiment.figures):
        shrinkage, check = folder / "shrinkage.svg", folder / "predictive.svg"
        style.save(draw_shrinkage(results.fit), [shrinkage, shrinkage.with_suffix(".pdf")])
        summary = cast(Any, SimpleNamespace(predictive=results.predictive))
        style.save(draw_predictive(summary), [check, check.with_suffix(".pdf")])
    figures = {"The participants": shrinkage, "Does the model reproduce the data?": check}
    write_page(folder / PAGE, results, next_steps, figures)


def _next_steps(target: str, draws: str, page: Path | None = None) -> list[str]:
    """What was written, and what to do with it; the page has names without folders."""
    config = shlex.quote(target)
    return [
        *([f"{page} has these sentences with figures and all participants."] if page else []),
        f"{draws} has draws of the population. {target} is a config whose replicates take them as "
        "true values, with the design of the pilot data and others around it.",
        "Run this study. Then the second command says which designs meet its requirements "
        "(targets).",
        f"make run CONFIG={config}",
        f"make advise CONFIG={config}",
    ]
