"""Pilot data and their fit that several tests share; a fit takes a second."""

from __future__ import annotations

import functools
from pathlib import Path
from tempfile import TemporaryDirectory

from settings import ROOT

from rlrecovery.config.reader import load, parse
from rlrecovery.pilot.fit import fit_pilot
from rlrecovery.pilot.reading import read_pilot
from rlrecovery.predictive.settings import PilotSettings
from rlrecovery.simulation.task import Task

#: The example of the documentation.
CONFIG = ROOT / "tests/config/pilot.yaml"
TASK = Task(arms=(0.2, 0.8), start_value=0.5)
HEADER = "participant,trial,choice,reward"


@functools.cache
def experiment():
    """The config of the example."""
    return load(CONFIG)


@functools.cache
def pilot():
    """The first four participants of the example, which are fitted faster than all."""
    config = experiment()
    lines = Path(config.observed_path).read_text(encoding="utf-8").splitlines()
    kept = [lines[0], *(line for line in lines[1:] if line[:3] in ("s01", "s02", "s03", "s04"))]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "few.csv"
        path.write_text("\n".join(kept))
        return read_pilot(path, config.task.task(), config.pilot)


@functools.cache
def fit():
    """Their fit."""
    return fit_pilot(pilot(), experiment())


def changed(**keys):
    """The config with other top-level keys; without those that are None."""
    values = experiment().resolved() | keys
    return parse({k: v for k, v in values.items() if v is not None}, str(CONFIG))


def read_rows(folder, rows, task=TASK, **settings):
    """Pilot data with these rows of participant, trial, choice and reward."""
    path = folder / "data.csv"
    path.write_text("\n".join([HEADER, *(",".join(map(str, row)) for row in rows)]))
    return read_pilot(path, task, PilotSettings.of(settings))


def session(participant, choices, rewards):
    """Rows of one participant; an empty choice is no response."""
    return [
        (participant, t, choice, "" if choice == "" else reward)
        for t, (choice, reward) in enumerate(zip(choices, rewards, strict=True))
    ]
