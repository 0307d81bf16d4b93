"""A config of the study that is planned from pilot data, with true values from their posterior."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rlrecovery.config.reader import ConfigError, parse
from rlrecovery.config.settings import Experiment
from rlrecovery.pilot.design import Sizes, sizes_of
from rlrecovery.pilot.fit import PilotFit
from rlrecovery.pilot.reading import PilotData
from rlrecovery.simulation.draws_csv import LOCATION, SPREAD
from rlrecovery.simulation.task import Floats
from rlrecovery.storage.files import write_text

#: Sizes of the planned grid, relative to the pilot.
FACTORS = (0.5, 1, 2)
#: Fewest participants and trials per block of the planned grid.
FEWEST_PARTICIPANTS, FEWEST_TRIALS = 2, 2
#: Longest line of a section that is written on one.
WIDTH = 90
#: Keys of the former config that the planned one has in its own form.
_REPLACED = (
    *("run", "truth", "population", "participants", "trials", "missing", "completed"),
    "observed",
)
#: Keys with paths relative to the config.
_FILES = (("task", "schedule", "file"), ("figures", "style"))

#: First line of a planned config, which `make pilot` may replace.
FIRST_LINE = "# Written by `make pilot` from pilot data."
_HEAD = f"""\
{FIRST_LINE}
# Recovery at the true values that these data leave, for their own design and others around it.
# `make help-config` explains every key.
"""
#: Shown if the former config has no requirements.
_TARGETS = """\
# targets:        # what a design must reach, for `make advise`, for example
#   told_apart: {measure: spearman_within, parameter: alpha, at_least: 0.7}
"""


def write_draws(
    path: str | os.PathLike[str], fit: PilotFit, locations: Floats, spreads: Floats
) -> None:
    """Write draws of a population, shape (draws, parameters) each, for the key population.draws."""
    names = fit.model.names
    header = ["draw", *(f"{name}{end}" for name in names for end in (LOCATION, SPREAD))]
    lines = [",".join(header)]
    for number, (own_locations, own_spreads) in enumerate(zip(locations, spreads, strict=True)):
        pairs = zip(own_locations, own_spreads, strict=True)
        values = [f"{value:.6g}" for pair in pairs for value in pair]
        lines.append(",".join([str(number), *values]))
    write_text("\n".join(lines) + "\n", path)


@dataclass(frozen=True)
class Paths:
    """The former config, the one to write, and the file of draws."""

    former: Path
    target: Path
    draws: Path


def planned_config(
    raw: Mapping[str, Any], experiment: Experiment, pilot: PilotData, paths: Paths
) -> str:
    """The text of a config whose truths are draws from the posterior of pilot data.

    The grid has half, the same and twice the participants and trials of the pilot. Sizes that the
    task does not allow, such as more trials than its schedule has, are left out.

    Parameters
    ----------
    raw : mapping
        The former config as it was written.
    experiment : Experiment
        The former config.
    pilot : PilotData
        The pilot data.
    paths : Paths
        Files; that of the draws must exist.

    Raises
    ------
    ConfigError
        If not even the number of trials of the pilot is allowed.
    """
    sizes, blocks = sizes_of(pilot.data), pilot.task.blocks
    own = blocks * math.ceil(sizes.trials / blocks)
    grid = _times(own, blocks * FEWEST_TRIALS, blocks)
    kept = _kept(raw, paths) | _design(experiment, pilot, sizes, paths)
    for trials in (grid, [t for t in grid if t <= own], [own]):
        text = _text(kept | {"trials": trials}, sizes)
        try:
            parse(yaml.safe_load(text), str(paths.target))
        except ConfigError:
            if trials == [own]:
                raise
        else:
            break
    return text


def _times(value: int, least: int, step: int) -> list[int]:
    """A size times `FACTORS`, at least `least`, in multiples of a step."""
    values = [max(least, step * round(value * factor / step)) for factor in FACTORS]
    return list(dict.fromkeys(values))


def _kept(raw: Mapping[str, Any], paths: Paths) -> dict[str, Any]:
    """Keys of the former config that the planned one has too."""
    kept = {key: copy.deepcopy(value) for key, value in raw.items() if key not in _REPLACED}
    for keys in _FILES:
        _relocate(kept, keys, paths.former.parent, paths.target.parent)
    return kept


def _design(experiment: Experiment, pilot: PilotData, sizes: Sizes, paths: Paths) -> dict[str, Any]:
    """Keys of the planned config with values of its own, except for the trials."""
    folder = paths.target.parent
    values: dict[str, Any] = {
        "run": f"{experiment.run}_planned",
        "population": {"draws": _relative(paths.draws, folder)},
        "participants": _times(sizes.participants, FEWEST_PARTICIPANTS, 1),
        "observed": _relative(Path(pilot.path), folder),
    }
    if sizes.missing:
        values["missing"] = [sizes.missing]
    if min(sizes.completed) < 1:
        values["completed"] = [sizes.completed]
    return values


def _text(values: Mapping[str, Any], sizes: Sizes) -> str:
    """The config as text."""
    comments = {
        "population": "draws from the posterior of the pilot data: one of them in each replicate",
        "participants": f"the pilot data have {sizes.participants}",
        "trials": f"the pilot data have {sizes.trials}",
        "missing": "share of trials without a response in the pilot data",
        "completed": "shares of the trials that the participants of the pilot data completed",
    }
    keys = [key for key in Experiment.model_fields if key in values]
    example = [] if values.get("targets") else [_TARGETS]
    lines = _lines({key: values[key] for key in keys}, comments)
    return "\n".join([_HEAD, *lines, "", *example])


def _lines(values: Mapping[str, Any], comments: Mapping[str, str]) -> Iterator[str]:
    """Top-level keys as YAML, with comments; short values and lists are on one line."""
    for key, value in values.items():
        if comment := comments.get(key):
            yield f"# {comment}"
        line = f"{key}: {_yaml(value, flow=True, width=math.inf)}"
        if len(line) <= WIDTH or not isinstance(value, dict):
            yield line
        else:
            block = _yaml(value, flow=None, width=WIDTH)
            yield "\n".join([f"{key}:", *(f"  {part}" for part in block.split("\n"))])


def _yaml(value: Any, flow: bool | None, width: float) -> str:
    text: str = yaml.safe_dump(
        value, sort_keys=False, allow_unicode=True, width=width, default_flow_style=flow
    )
    return text.removesuffix("...\n").rstrip("\n")


def _relocate(values: dict[str, Any], keys: Sequence[str], former: Path, target: Path) -> None:
    """Change a path that is relative to the former config, if it is one."""
    section: Any = values
    for key in keys[:-1]:
        section = section.get(key) if isinstance(section, dict) else None
    if isinstance(section, dict) and isinstance(section.get(keys[-1]), str):
        section[keys[-1]] = _relative(former / section[keys[-1]], target)


def _relative(path: Path, folder: Path) -> str:
    """A path relative to a folder, with slashes."""
    return Path(os.path.relpath(path, folder or ".")).as_posix()
