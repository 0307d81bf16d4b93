"""``make run`` of a study whose replicates are added until MCSEs are small enough.

Up to its summary, the study is run again as long as replicates are added; then the rest of it is
made. Arguments and config are only looked at here: what is wrong with them, Snakemake says.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

#: Options with which nothing is run, or only what is finished.
_NO_RUN = frozenset(
    {"-n", "--dry-run", "--dryrun", "--unlock", "--report", "--touch", "-t", "partial=true"}
)
#: Config of a command that names none.
DEFAULT = "config.yaml"
#: Exit statuses of `rlrecovery.commands.grow`, which is too slow to import here.
GROWN, ENOUGH = 0, 3


class Ended(NamedTuple):
    """How Snakemake ended: its exit status, and whether it was interrupted."""

    status: int
    interrupted: bool = False


def growing_study(arguments: Sequence[str]) -> tuple[str, str] | None:
    """Config and summary of the study that a command line runs, if its cells may grow.

    Parameters
    ----------
    arguments : sequence of str
        Arguments of Snakemake; targets come first.

    Returns
    -------
    tuple of (str, str) or None
        Paths of the config and of the summary. None if the number of replicates is given, if the
        command runs nothing, or if it has another target than the whole study or its summary.
    """
    config = _config_of(arguments)
    if _NO_RUN & {*arguments} or not isinstance(config.get("replicates"), dict):
        return None
    summary = f"results/{config.get('run')}/summary/recovery.csv"
    has_target = bool(arguments) and not arguments[0].startswith("-")
    if has_target and arguments[0] != summary:
        return None
    return _config_file(arguments) or DEFAULT, summary


def until_precise(
    study: tuple[str, str],
    arguments: Sequence[str],
    launch: Callable[[Sequence[str]], Ended],
    grow: Callable[..., int],
) -> Ended:
    """Run a study up to its summary until no cell grows.

    Parameters
    ----------
    study : tuple of (str, str)
        Result of `growing_study`.
    arguments : sequence of str
        Arguments of Snakemake.
    launch : callable
        Runs Snakemake with some arguments.
    grow : callable
        Adds replicates to the study of a config; returns an exit status of
        `rlrecovery.commands.grow`. With ``forget=True`` it forgets those of a former study that is
        replaced.

    Returns
    -------
    Ended
        With status 0, and not interrupted, if the rest of the study can be made.
    """
    config, summary = study
    if "overwrite=true" in arguments:
        grow(config, forget=True)
    options = [word for i, word in enumerate(arguments) if i or word != summary]
    while True:
        ended = launch([summary, *options])
        if ended.status or ended.interrupted:
            return ended
        status = grow(config)
        if status != GROWN:
            return Ended(0 if status == ENOUGH else status)


def grow_by_command(config: str, forget: bool = False) -> int:
    """Call `rlrecovery.commands.grow` in a process of its own."""
    command = [sys.executable, "-m", "rlrecovery.commands.grow", config, *["--forget"] * forget]
    sys.stdout.flush()
    return subprocess.run(command, check=False).returncode


def _config_file(arguments: Sequence[str]) -> str:
    """Path of the config; empty if none is named."""
    for option, value in itertools.pairwise(arguments):
        if option in ("--configfile", "--configfiles"):
            return value
    return next((a.partition("=")[2] for a in arguments if a.startswith("--configfile=")), "")


def _config_of(arguments: Sequence[str]) -> dict[str, Any]:
    """The config as typed; empty if it cannot be read."""
    path = Path(_config_file(arguments) or DEFAULT)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}
