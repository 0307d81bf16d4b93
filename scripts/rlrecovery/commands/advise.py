"""``make advise``: which designs meet the requirements of a config, and what to measure next."""

from __future__ import annotations

import signal

if __name__ == "__main__":  # Ctrl-C ends the command without a traceback, even during the imports
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import math
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rlrecovery.advice.answer import Answer, answers
from rlrecovery.advice.precision import Step, decisive, next_step, widest
from rlrecovery.advice.sentences import introduction, sections
from rlrecovery.commands.next_config import CannotWrite, added_jobs, write_next
from rlrecovery.config.former import refusal
from rlrecovery.config.mistakes import wrapped
from rlrecovery.config.reader import ConfigError, load
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, read_resolved
from rlrecovery.config.targets import ALL
from rlrecovery.planning.calibration import finished_jobs
from rlrecovery.planning.stages import plan_stages
from rlrecovery.score.results import load_summary
from rlrecovery.storage.files import BrokenFile

RESULTS = Path("results")


class Refused(Exception):
    """A request that cannot be met; the message says why in one sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the answers; return exit status 1 if there are none."""
    options = _options(arguments)
    try:
        if options.rounds:
            _rounds(options)
        else:
            experiment = load(options.config)
            step = _advise(experiment, options.config)
            if options.write is not None:
                _write(options.config, options.write, experiment, step)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    except (Refused, CannotWrite, BrokenFile) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make advise", description=__doc__)
    parser.add_argument("config", type=Path, help="config file of the study")
    parser.add_argument("--write", type=_path, help="file for a config with the next designs")
    parser.add_argument("--rounds", type=_count, default=0, help="rounds of adding designs")
    parser.add_argument(
        "--budget", type=_minutes, default=math.inf, help="CPU minutes of all rounds"
    )
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="number of cores")
    return parser.parse_args(arguments)


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _count(text: str) -> int:
    if not text:
        return 0
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"ROUNDS must be a whole number of at least 1, not {text}")
    return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text or math.inf)
    except ValueError:
        minutes = math.nan
    if not minutes > 0:
        raise argparse.ArgumentTypeError(f"BUDGET must be CPU minutes above 0, not {text}")
    return minutes


def _advise(experiment: Experiment, config: Path) -> Step | None:
    """Print the answers of a finished study; return what to measure next."""
    found = _answers(experiment, config)
    if note := _not_measured(experiment, config):
        print(wrapped(note) + "\n")
    print(wrapped(introduction(found, experiment)))
    for section in sections(found, experiment):
        print(f"\n{wrapped(section.heading)}")
        for method, text in section.paragraphs:
            print(wrapped(f"{method}: {text}" if method else text, "  "))
    step = next_step(found, experiment.most_replicates, experiment.within)
    print("\n" + wrapped(_next_text(found, experiment, step)))
    return step


def _answers(experiment: Experiment, config: Path) -> list[Answer]:
    """Read the summary of the run and answer the requirements."""
    if not experiment.targets:
        raise Refused(
            f"{config} has no targets; name what a design must reach, for example "
            "targets: {precise: {measure: rmse, parameter: alpha, at_most: 0.1}}"
        )
    folder = RESULTS / experiment.run
    if not (folder / "summary").is_dir():
        raise Refused(f"{folder}/ has no results yet; run the study with make run CONFIG={config}")
    if reason := refusal(experiment, folder):
        raise Refused(reason)
    tables = ("recovery", "selection", "effects")
    return answers(load_summary(folder / "summary", tables), experiment)


def _not_measured(experiment: Experiment, config: Path) -> str:
    """A note on what of a config the results do not have; empty if they have all."""
    former = read_resolved(RESULTS / experiment.run / "config.yaml")
    cells = len(cells_of(experiment).keys() - cells_of(former).keys())
    added = [f"{cells} cells"] if cells else []
    if experiment.most_replicates > former.most_replicates:
        added.append(f"replicates from {former.most_replicates} on")
    added += [f"method {name}" for name in experiment.methods if name not in former.methods]
    if not added:
        return ""
    return (
        f"Note: {config} has {', '.join(added)} that are not measured yet; the answers are without "
        f"these. Run it with make run CONFIG={config}."
    )


def _next_text(found: Sequence[Answer], experiment: Experiment, step: Step | None) -> str:
    """What to measure next, in a sentence."""
    limit = f"{100 * experiment.within:g} %"
    if step is None and any(widest(answer) for answer in decisive(found)):
        return f"Next: nothing; the intervals of all frontiers are within {limit} (within)."
    if step is None:
        return "Next: no design is suggested, because there is no frontier."
    reason = (
        f"the frontier of {step.method} has an interval of ± {100 * step.width:.0f} %, more than "
        f"{limit} (within)"
    )
    if step.width == math.inf:
        reason = f"the frontier of {step.method} reaches beyond the bounds"
    about = "" if step.requirement == ALL else f" for {step.requirement}"
    return f"Next: add {_step_text(step, experiment)}, because{about} {reason}."


def _step_text(step: Step, experiment: Experiment) -> str:
    if step.replicates is not None:
        return f"replicates, {step.replicates} instead of {experiment.most_replicates}"
    size = (
        f"{step.trials} trials" if step.trials is not None else f"{step.participants} participants"
    )
    return f"designs with {size}, with {experiment.most_replicates} replicates"


def _write(
    config: Path, target: Path, experiment: Experiment, step: Step | None
) -> Experiment | None:
    """Write the config of the next designs, if there are any, and say what it takes."""
    if step is None:
        print(wrapped(f"{target} is not written."))
        return None
    following = write_next(config, target, experiment, step)
    minutes = _minutes_left(following)
    print(
        wrapped(
            f"{target} adds them: {added_jobs(experiment, following)} jobs that simulate or fit, "
            f"about {minutes:.2g} CPU minutes. Run it with make run CONFIG={target}; finished "
            "cells are kept."
        )
    )
    return following


def _minutes_left(experiment: Experiment) -> float:
    """CPU minutes of the jobs whose files do not exist, from finished jobs."""
    stages = plan_stages(
        experiment, finished_jobs(RESULTS, experiment), [], RESULTS / experiment.run
    )
    per_data = ("simulate", "fit", "score")
    seconds = (s.seconds[job] for s in stages.values() if s.rule in per_data for job in s.left)
    return sum(seconds) / 60


def _rounds(options: argparse.Namespace) -> None:
    """Run the study, and add designs until the intervals are narrow enough."""
    config: Path = options.config
    target = options.write or config.with_name(f"{config.stem}-next.yaml")
    started = _cpu_minutes()
    experiment = load(config)
    for number in range(options.rounds + 1):
        _run(config, experiment, options.cores)
        experiment = load(config)
        step = _advise(experiment, config)
        used = _cpu_minutes() - started
        if step is None or number == options.rounds:
            break
        following = _write_over(config, target, experiment, step)
        minutes = _minutes_left(following)
        if used + minutes > options.budget:
            print(
                wrapped(
                    f"Stopped: {used:.2g} CPU minutes are used, and the next designs in {target} "
                    f"take about {minutes:.2g} more; the budget is {options.budget:g}."
                )
            )
            return
        print(wrapped(f"Round {number + 1} of {options.rounds}: {_step_text(step, experiment)}."))
        config, experiment = target, following
    print(wrapped(f"Used {_cpu_minutes() - started:.2g} CPU minutes. The config is {config}."))


def _write_over(config: Path, target: Path, experiment: Experiment, step: Step) -> Experiment:
    """Write the config of the next designs, from the second round on over the former one."""
    if config != target:
        return write_next(config, target, experiment, step)
    former = config.with_name(f".{config.name}.former")
    former.write_text(config.read_text(encoding="utf-8"), encoding="utf-8")
    try:
        return write_next(former, target, experiment, step)
    finally:
        former.unlink()


def _run(config: Path, experiment: Experiment, cores: int) -> None:
    """Run a study up to its summary."""
    command = [
        *(sys.executable, "-m", "rlrecovery.commands.run"),
        f"{RESULTS}/{experiment.run}/summary/recovery.csv",
        *("--cores", str(cores), "--configfile", str(config)),
        *("--workflow-profile", "workflow/profiles/laptop"),
    ]
    sys.stdout.flush()  # in a pipe or a file, what is printed stands before what the run prints
    if subprocess.run(command, check=False).returncode:
        raise Refused(f"the study of {config} did not finish; see the message above")


def _cpu_minutes() -> float:
    """CPU minutes of all ended child processes."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) / 60


if __name__ == "__main__":
    sys.exit(main())
