"""``make pilot``: what pilot data say, and a config of the study that is planned from them."""

from __future__ import annotations

import signal

if __name__ == "__main__":  # Ctrl-C ends the command without a traceback, even during the imports
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rlrecovery.config.mistakes import wrapped
from rlrecovery.config.reader import ConfigError, load
from rlrecovery.config.settings import Experiment
from rlrecovery.config.yaml_file import read_yaml
from rlrecovery.predictive.settings import PilotSettings
from rlrecovery.storage.files import BrokenFile

#: Data sets of posterior SBC between two lines of progress.
EVERY = 25


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit pilot data and plan from them; return exit status 2 if the data or config are wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m rlrecovery.commands.pilot", description=main.__doc__
    )
    parser.add_argument("config", metavar="CONFIG", help="config file with the task and the model")
    parser.add_argument("--data", default="", help="file of pilot data; by default observed")
    parser.add_argument("--write", default="", help="config to write; by default CONFIG_planned")
    given = parser.parse_args(arguments)
    try:
        print(_pilot(Path(given.config), given.data, given.write))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except (BrokenFile, WrongUse) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.filename} cannot be written ({error.strerror})", file=sys.stderr)
        return 2
    return 0


class WrongUse(Exception):
    """Why `make pilot` cannot be used in this way, in one sentence."""


def _pilot(config: Path, data: str, write: str) -> str:
    """Run the command and return what it prints."""
    experiment = load(config)
    file = _data_file(experiment, data)
    target = Path(write) if write else config.with_name(f"{config.stem}_planned.yaml")
    from rlrecovery.pilot.fit import NoFit  # slow imports, after the mistakes of the config
    from rlrecovery.pilot.planned import FIRST_LINE, Paths
    from rlrecovery.pilot.study import folder_of, study_pilot

    if target.exists() and not _starts_with(target, FIRST_LINE):
        raise WrongUse(f"{target} exists; choose another name with WRITE=...")
    folder = folder_of(file)
    folder.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    paths = Paths(config, target, folder / "pilot_draws.csv")
    raw = read_yaml(config).content
    try:
        said = study_pilot(file, experiment, raw, paths, _progress(experiment))
    except NoFit as reason:
        raise WrongUse(str(reason)) from None
    return "\n".join(
        line if line.strip().startswith("make ") else _indented(line) for line in said.split("\n")
    )


def _starts_with(path: Path, line: str) -> bool:
    """Whether a file was written by this command, and may be replaced."""
    try:
        return path.read_text(encoding="utf-8").startswith(line)
    except (OSError, UnicodeDecodeError):
        return False


def _data_file(experiment: Experiment, data: str) -> Path:
    """The file of pilot data: the one given, or that of the config."""
    if not data and experiment.observed is None:
        raise WrongUse("there are no pilot data: give DATA=file.csv, or set observed in the config")
    return Path(data or experiment.observed_path or "")


def _progress(experiment: Experiment) -> Callable[[int], None]:
    """Print how many data sets of posterior SBC are finished."""
    total = (experiment.pilot or PilotSettings()).data_sets

    def progress(done: int) -> None:
        """Print one line now and then, on standard error."""
        if done % EVERY == 0:
            print(f"posterior SBC: {done} of {total} data sets", file=sys.stderr, flush=True)

    return progress


def _indented(line: str) -> str:
    """Wrap a line; its continuation is indented as the line."""
    return wrapped(line.strip(), " " * (len(line) - len(line.lstrip())))


if __name__ == "__main__":
    sys.exit(main())
