"""A small study in this process, without Snakemake and with the same numbers."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlrecovery.advice.tables import write_advice
from rlrecovery.config import study
from rlrecovery.config.effects import SECTIONS as EFFECT_SECTIONS
from rlrecovery.config.reader import load
from rlrecovery.config.settings import Experiment
from rlrecovery.design.cells import Cell, batches, by_design, example_of
from rlrecovery.fitting.base import PosteriorKind
from rlrecovery.fitting.batch import fit_batch
from rlrecovery.fitting.registry import Method
from rlrecovery.models.base import Model
from rlrecovery.notebook.errors import as_value_errors
from rlrecovery.notebook.own_models import compiling
from rlrecovery.notebook.short import experiment_of, models_of
from rlrecovery.notebook.study import Study
from rlrecovery.predictive.check import write_check
from rlrecovery.report.example import write_example
from rlrecovery.score.batches import Batches
from rlrecovery.score.design import Competitor, score
from rlrecovery.score.sampler_pairs import comparable_pairs
from rlrecovery.score.summary import summarise
from rlrecovery.simulation.batch import simulate_batch
from rlrecovery.storage.files import write_json, write_yaml

#: Files of answers to requirements, as of the rule `advise`.
ADVICE = {"frontier": "frontier.csv", "surface": "surface.csv", "advised": "advised.csv",
          "text": "advice.json"}  # fmt: skip
#: Seconds between two updates of the line that shows progress.
UPDATE = 0.2


def recover(
    config: Mapping[str, Any] | str | os.PathLike[str] | Experiment,
    *,
    models: Sequence[Model] = (),
    progress: bool = True,
) -> Study:
    """Run a parameter-recovery study in this process, one job after the other.

    The numbers are those of ``make run`` with the same config, which is the way to run a study that
    takes longer than some minutes: it uses all cores and can be interrupted.

    Parameters
    ----------
    config : mapping or path
        A config, or the path of one. A mapping may leave out ``run``, ``batch_size`` and
        ``interval_levels``, and ``blocks`` and ``start_value`` of the task; a single number stands
        for a list of one, and ``methods`` may list estimators. Models of your own can stand where
        names of models do.
    models : sequence of Model, optional
        Models of your own that the config names.
    progress : bool
        Whether a line on standard error shows the progress.

    Returns
    -------
    Study
        Tables, estimates and figures. Its files are in a temporary folder, which is removed with
        the object; nothing is written into ``results/``.

    Raises
    ------
    ValueError
        If the config has mistakes, with one sentence per mistake.

    Examples
    --------
    >>> from rlrecovery import recover
    >>> study = recover(
    ...     {
    ...         "seed": 1,
    ...         "task": {"arms": [0.3, 0.7]},
    ...         "model": "rescorla_wagner",
    ...         "truth": {"alpha": [0.2, 0.6], "beta": 5},
    ...         "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
    ...         "participants": 3,
    ...         "trials": 30,
    ...         "replicates": 2,
    ...         "methods": ["mle"],
    ...     },
    ...     progress=False,
    ... )
    >>> study
    <study notebook: 2 cells, 2 data sets each, methods mle>
    """
    is_path = isinstance(config, str | os.PathLike)
    with models_of(*([] if is_path else [config]), models=models) as own_models:
        experiment = _read(config)
        for key in ("calibration", *EFFECT_SECTIONS):
            if getattr(experiment, key) is not None:
                raise ValueError(
                    f"{key} is not done in a notebook: remove this section, or run the study with "
                    "make run"
                )
        folder = tempfile.TemporaryDirectory(prefix="rlrecovery-")
        run = Path(folder.name)
        with as_value_errors(), compiling(own_models):
            _run(experiment, run, _Progress(_count(experiment), progress))
    return Study(run, run / "summary", experiment, own_models, folder)


def _read(config: Mapping[str, Any] | str | os.PathLike[str] | Experiment) -> Experiment:
    if isinstance(config, Experiment):
        return config
    if isinstance(config, Mapping):
        return experiment_of(config)
    if not isinstance(config, str | os.PathLike):
        raise ValueError(f"config must be a mapping or the path of a file, not {config!r}")
    with as_value_errors():
        return load(config)


def _run(experiment: Experiment, run: Path, progress: _Progress) -> None:
    """Run the stages of the workflow and write their files below a folder."""
    cells, methods = study.cells_of(experiment), study.methods_of(experiment)
    names = batches(experiment.most_replicates, experiment.batch_size)
    for key, cell in cells.items():
        for name in names:
            _simulate_and_fit(experiment, run, (key, cell), name, progress)
    scores = []
    for design, keys in by_design(cells).items():
        progress.say("comparing estimates with the truth")
        scores.append(f"{run}/scores/{design}")
        _score(experiment, run, {key: cells[key] for key in keys}, scores[-1])
    progress.say("summarising")
    write_yaml(experiment.resolved(), run / "config.yaml")
    write_json({"run": experiment.run, "seed": experiment.seed}, run / "begun.json")
    summarise(
        methods=methods,
        cells=cells,
        scores=scores,
        summary=f"{run}/summary",
        begun=f"{run}/begun.json",
        provenance=f"{run}/provenance.json",
        limits=experiment.limits,
        labels=experiment.labels,
    )
    if experiment.targets:
        progress.say("comparing designs with the requirements")
        outputs = {name: f"{run}/summary/{file}" for name, file in ADVICE.items()}
        write_advice(f"{run}/summary", run / "config.yaml", outputs)
    progress.say("preparing an example participant")
    _examples(experiment, run, example_of(cells), methods)
    progress.end()


def _simulate_and_fit(
    experiment: Experiment, run: Path, keyed: tuple[str, Cell], batch: str, progress: _Progress
) -> None:
    """Simulate a batch of a cell and fit all methods that fit it."""
    key, cell = keyed
    generator = study.generator_of(experiment, cell)
    trials = f"{run}/trials/{key}/{batch}.parquet"
    replicates = batches(experiment.most_replicates, experiment.batch_size)[batch]
    progress.say(f"simulating {key}")
    simulate_batch(cell, generator, replicates, trials, f"{run}/truth/{key}/{batch}.parquet")
    progress.step()
    fitted = study.fitted_batches(experiment)
    for name, method in study.methods_of(experiment).items():
        if batch in fitted[name]:
            progress.say(f"fitting {name} to {key}")
            path = f"{run}/estimates/{name}/{key}/{batch}.parquet"
            levels, part = experiment.interval_levels, fitted[name][batch]
            fit_batch(method, generator, cell, levels, trials, path, replicates=part)
            progress.step()


def _score(experiment: Experiment, run: Path, cells: Mapping[str, Cell], folder: str) -> None:
    """Score all methods in the cells of one design."""
    methods = study.methods_of(experiment)
    names = list(batches(experiment.most_replicates, experiment.batch_size))
    score(
        cells=cells,
        competitors={m: Competitor(*pair) for m, pair in study.competitors(methods).items()},
        sampler_pairs=comparable_pairs(methods),
        batches=Batches(
            nominal_levels=experiment.interval_levels,
            folders={kind: f"{run}/{kind}" for kind in ("estimates", "truth")},
            batches=dict.fromkeys(cells, names),
            fitted=study.fitted_batches(experiment),
        ),
        expected_hashes=study.expected_hashes(experiment),
        folder=folder,
    )


def _examples(experiment: Experiment, run: Path, cell: Cell, methods: Mapping[str, Method]) -> None:
    """Write the example participant, its posterior and the predictive check."""
    generator = study.generator_of(experiment, cell)

    def shown(*kinds: PosteriorKind) -> Method | None:
        """The method whose posterior is shown."""
        return methods.get(study.with_posterior(methods, generator.model, kinds) or "")

    folder = run / "summary"
    outputs = {"participant": "example_participant.csv", "posterior": "example_posterior.csv"}
    outputs["example"] = "example.json"
    paths = {name: str(folder / file) for name, file in outputs.items()}
    write_example(cell, generator, shown("sampled"), paths)
    checked, output = shown("sampled", "exact"), str(folder / "predictive.csv")
    observed, reading = experiment.observed_path, experiment.pilot
    write_check(cell, generator, checked, observed, output, reading)


def _count(experiment: Experiment) -> int:
    """Number of batches to simulate and to fit."""
    of_cell = len(batches(experiment.most_replicates, experiment.batch_size))
    of_cell += sum(map(len, study.fitted_batches(experiment).values()))
    return of_cell * len(study.cells_of(experiment))


@dataclass
class _Progress:
    """One line on standard error: the share of batches that are done, and what is running."""

    total: int
    visible: bool
    done: int = 0
    begun: float = field(default_factory=time.monotonic)
    shown: float = 0.0

    def step(self) -> None:
        """Count a batch."""
        self.done += 1

    def say(self, activity: str, now: bool = False) -> None:
        """Show what is running, unless the last update is too recent."""
        if self.visible and (now or time.monotonic() - self.shown > UPDATE):
            self.shown = time.monotonic()
            line = f"{self.done / self.total:4.0%}  {activity}"
            # The line before is overwritten, and what is left of it by blanks.
            print(f"\r{line[:78]:<78}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Show the time that all took, and leave the line."""
        self.say(f"done in {time.monotonic() - self.begun:.1f} s", now=True)
        if self.visible:
            print(file=sys.stderr, flush=True)
