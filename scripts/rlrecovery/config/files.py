"""Files named in a config: reward schedules, draws of populations, observed choices and a style.

The resolved config keeps their names without folders: it is published with the results, and where
a file is on this machine does not belong there. The same study has the same resolved config,
however the paths are typed.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator
from typing import Any

from rlrecovery.config.mistakes import Mistake, Path, dotted, mistake, wrong
from rlrecovery.config.style_file import read_style
from rlrecovery.simulation.draws_csv import read_draws
from rlrecovery.simulation.schedule_csv import read_schedule
from rlrecovery.storage.files import BrokenFile
from rlrecovery.storage.regular import endless_kind


def read_schedules(raw: dict[str, Any], folder: pathlib.Path) -> Iterator[Mistake]:
    """Read schedule files, relative to the config's folder, into their sections."""
    tasks: list[tuple[Path, Any]] = [(("task",), raw.get("task"))]
    if isinstance(raw.get("tasks"), dict):
        tasks += [(("tasks", name), task) for name, task in raw["tasks"].items()]
    for path, task in tasks:
        schedule = task.get("schedule") if isinstance(task, dict) else None
        file = schedule.get("file") if isinstance(schedule, dict) else None
        if not isinstance(schedule, dict) or not isinstance(file, str):
            continue
        if "values" in schedule:  # of a resolved config
            schedule["file"] = os.path.basename(file)
            continue
        try:
            schedule["values"] = read_schedule(folder / file)
        except (BrokenFile, ValueError) as error:  # or a name that no file can have
            keys = (*path, "schedule", "file")
            yield Mistake(keys, f"{dotted(keys)}: {error}")
        else:
            schedule["file"] = os.path.basename(file)


def read_populations(raw: dict[str, Any], folder: pathlib.Path) -> Iterator[Mistake]:
    """Read files of draws, relative to the config's folder, into the entries of parameters."""
    sections: list[tuple[Path, Any]] = [((), raw)]
    models = raw.get("models")
    if isinstance(models, dict) and isinstance(models.get("simulate"), dict):
        sections += [(("models", "simulate", n), s) for n, s in models["simulate"].items()]
    for path, section in sections:
        population = section.get("population") if isinstance(section, dict) else None
        if not isinstance(population, dict) or "draws" not in population:
            continue
        file, keys = population.pop("draws"), (*path, "population", "draws")
        if not isinstance(file, str):
            yield wrong(keys, file, "must be a CSV file of draws, relative to the config")
            continue
        try:
            drawn = read_draws(folder / file)
        except (BrokenFile, ValueError) as error:  # or a name that no file can have
            yield Mistake(keys, f"{dotted(keys)}: {error}")
            continue
        for name in sorted(set(drawn) & set(population)):
            text = f"cannot be given here, because {file} has draws of {name}"
            yield mistake((*path, "population", name), text)
        population |= drawn


def find_observed(raw: dict[str, Any], folder: pathlib.Path) -> Iterator[Mistake]:
    """Check the name of the file of observed choices, and keep it without its folder."""
    file = raw.get("observed")
    if not isinstance(file, str):
        return
    path = observed_path(file, folder)
    endless = next(((p, k) for p in (folder / file, file) if (k := endless_kind(p))), None)
    if path is None and endless is not None:
        yield Mistake(("observed",), f"observed: {endless[0]} is {endless[1]}, not a file")
    elif path is None:
        yield wrong(("observed",), file, "must be an existing CSV file, relative to the config")
    elif set(path) & set("{}"):
        must = "must not contain braces, which Snakemake reads as wildcards"
        yield wrong(("observed",), path, must)
    else:
        raw["observed"] = os.path.basename(file)


def observed_path(file: str, folder: pathlib.Path) -> str | None:
    """Path of the file of observed choices; None if there is no such file.

    It is relative to the config's folder or to the current one. The result is the same in whatever
    way the path was typed: relative to the current folder if the file is in there, otherwise
    absolute.
    """
    try:
        path = next(path for path in (folder / file, pathlib.Path(file)) if path.is_file())
    except (OSError, ValueError, StopIteration):  # no file, or a name that no file can have
        return None
    absolute, current = path.parent.resolve() / path.name, pathlib.Path.cwd()
    return str(absolute.relative_to(current) if absolute.is_relative_to(current) else absolute)


def read_style_file(raw: dict[str, Any], folder: pathlib.Path) -> Iterator[Mistake]:
    """Read the style file of figures, relative to the config's folder, into its section."""
    figures, path = raw.get("figures"), ("figures", "style")
    if not isinstance(figures, dict) or "style" not in figures:
        return
    file = figures["style"]
    if isinstance(file, dict) and {"file", "values"} <= set(file):  # of a resolved config
        if isinstance(file["file"], str):
            figures["style"] = file | {"file": os.path.basename(file["file"])}
        return
    values: dict[str, str] = {}
    if isinstance(file, str) and file:
        try:
            values, reasons = read_style(folder / file)
        except (BrokenFile, ValueError) as error:  # or a name that no file can have
            reasons = [str(error)]
        yield from (Mistake(path, f"{dotted(path)}: {reason}") for reason in reasons)
    else:
        yield wrong(path, file, "must be a Matplotlib style file, relative to the config")
    figures["style"] = {"file": os.path.basename(str(file)), "values": values}
