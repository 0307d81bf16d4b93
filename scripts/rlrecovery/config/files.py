"""Files named in a config: reward schedules, draws of populations, observed choices, a style."""

from __future__ import annotations

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
        if not isinstance(schedule, dict) or "values" in schedule:  # a resolved config has them
            continue
        file = schedule.get("file")
        if not isinstance(file, str):
            continue
        try:
            schedule["values"] = read_schedule(folder / file)
        except (BrokenFile, ValueError) as error:  # or a name that no file can have
            keys = (*path, "schedule", "file")
            yield Mistake(keys, f"{dotted(keys)}: {error}")


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
    """Resolve the path of observed choices relative to the config's folder."""
    file = raw.get("observed")
    if not isinstance(file, str):
        return
    try:
        paths = [path for path in (folder / file, pathlib.Path(file)) if path.is_file()]
    except (OSError, ValueError):  # a name that no file can have
        paths = []
    endless = next(((p, k) for p in (folder / file, file) if (k := endless_kind(p))), None)
    if not paths and endless is not None:
        yield Mistake(("observed",), f"observed: {endless[0]} is {endless[1]}, not a file")
    elif not paths:
        yield wrong(("observed",), file, "must be an existing CSV file, relative to the config")
    elif set(file) & set("{}"):
        must = "must not contain braces, which Snakemake reads as wildcards"
        yield wrong(("observed",), file, must)
    else:
        raw["observed"] = str(paths[0])


def read_style_file(raw: dict[str, Any], folder: pathlib.Path) -> Iterator[Mistake]:
    """Read the style file of figures, relative to the config's folder, into its section."""
    figures, path = raw.get("figures"), ("figures", "style")
    if not isinstance(figures, dict) or "style" not in figures:
        return
    file = figures["style"]
    if isinstance(file, dict) and {"file", "values"} <= set(file):  # a resolved config has them
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
    figures["style"] = {"file": str(file), "values": values}
