"""``make new``: write a short config for a task and a model, or for a data set of one's own."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from rlrecovery.commands.first_config import TASKS, Design, task_named, written
from rlrecovery.config.mistakes import did_you_mean, wrong, wrong_choice
from rlrecovery.config.reader import ConfigError, parse
from rlrecovery.config.study import cells_of
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER
from rlrecovery.storage.files import BrokenFile

#: Options and their meanings.
OPTIONS = {
    "TASK": "what participants face, by default bandit",
    "MODEL": f"simulated and fitted, by default {RESCORLA_WAGNER.name}",
    "ARMS": "number of arms, or their mean rewards: ARMS=0.2,0.8",
    "TRIALS": "numbers of trials to compare, by default 100,200",
    "PARTICIPANTS": "numbers of participants to compare, by default 20",
    "FROM": "CSV file of your own with participant, trial, choice and reward",
    "NAME": "name of config and run, by default that of the task or file",
    "CONFIG": "path of the config, by default NAME.yaml",
}

#: Other names of models.
ALIASES = {
    "rw": "rescorla_wagner",
    "q_learning": "rescorla_wagner",
    "dual_learning_rates": "rescorla_wagner_two_rates",
    "two_learning_rates": "rescorla_wagner_two_rates",
    "perseveration": "rescorla_wagner_sticky",
    "forgetting": "rescorla_wagner_forgetting",
    "counterfactual": "rescorla_wagner_counterfactual",
    "wsls": "win_stay_lose_shift",
}


class WrongOption(Exception):
    """An option of `make new` with a value that is not allowed."""


def usage() -> str:
    """Options, tasks and models as text."""
    tasks = {name: about for name, (about, _) in TASKS.items()}
    models = {name: ", ".join(model.names) for name, model in MODELS.items()}
    sections = {"Options": OPTIONS, "Tasks": tasks, "Models, with their parameters": models}
    lines = ["make new TASK=reversal MODEL=rescorla_wagner_two_rates", "make new FROM=mydata.csv"]
    for title, entries in sections.items():
        width = max(map(len, entries))
        lines += ["", f"{title}:", *(f"  {k:<{width}}  {text}" for k, text in entries.items())]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command ``make new``, with arguments such as ``TASK=reversal``; return the exit status."""
    given = [word.partition("=") for word in (sys.argv[1:] if arguments is None else arguments)]
    options = {name: value for name, _, value in given}
    if not options:
        print(usage())
        return 0
    try:
        path, text = _config(options)
        experiment = parse(yaml.safe_load(text), str(path))
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except (WrongOption, BrokenFile) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {path} cannot be written ({error.strerror})", file=sys.stderr)
        return 2
    print(
        f"{path} is written: {len(cells_of(experiment))} cells of {experiment.most_replicates} "
        f"replicates, methods {' and '.join(experiment.methods)}.\n"
        f"Next: make run CONFIG={shlex.quote(str(path))}"
    )
    return 0


def _config(options: Mapping[str, str]) -> tuple[Path, str]:
    """Path and text of the config that options describe."""
    for name in options:
        if name not in OPTIONS:
            hint = did_you_mean(name, OPTIONS)
            raise WrongOption(f"unknown option {name}{hint}; options: {', '.join(OPTIONS)}")
    path, run = _path(options)
    model_name = ALIASES.get(options.get("MODEL", ""), options.get("MODEL", RESCORLA_WAGNER.name))
    _check_choice("MODEL", model_name, list(MODELS))
    if "TASK" in options:
        _check_choice("TASK", options["TASK"], list(TASKS))
    values: dict[str, Any] = {}
    if "FROM" in options:
        values = _values_of_file(Path(options["FROM"]), path.parent)
    for key in ("TRIALS", "PARTICIPANTS"):
        if key in options:
            values[key.lower()] = [_number(key, word, int) for word in _words(options[key])]
    arms = _arms(options["ARMS"]) if "ARMS" in options else None
    if "FROM" not in options or "TASK" in options:
        trials = values.get("trials") or Design.trials
        values["task"] = task_named(options.get("TASK", "bandit"), arms, trials)
        values["about_task"] = ""
    elif arms is not None:
        values["task"]["arms"] = arms
    return path, written(Design(run=run, model=MODELS[model_name], **values))


def _path(options: Mapping[str, str]) -> tuple[Path, str]:
    """Path of the config and name of the run, which must both be new."""
    default = Path(options["FROM"]).stem if "FROM" in options else options.get("TASK", "bandit")
    name = options.get("NAME") or Path(options.get("CONFIG", default)).stem
    run = re.sub("[^A-Za-z0-9_-]+", "_", name).strip("_-") or "study"
    path = Path(options.get("CONFIG", f"{name}.yaml"))
    for taken in (path, Path("results") / run):
        if os.path.lexists(taken):
            raise WrongOption(f"{taken} exists; choose another name with NAME=...")
    return path, run


def _values_of_file(file: Path, folder: Path) -> dict[str, Any]:
    """Values of `Design` from a data set; its path becomes relative to the config's folder."""
    from rlrecovery.pilot.design import read_design  # loads pandas

    pilot = read_design(file)
    extra: dict[str, Any] = {"observed": os.path.relpath(file, folder or ".")}
    if pilot.missing:
        extra["missing"] = [pilot.missing]
    if min(pilot.completed) < 1:
        extra["completed"] = [pilot.completed]
    sizes = {"participants": [pilot.participants], "trials": [pilot.trials]}
    about = "arms: mean rewards of the data; add reversals or drift"
    return {"task": pilot.task, "about_task": about, **sizes, "extra": extra, "unit": pilot.unit}


def _check_choice(option: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise WrongOption(wrong_choice((option,), value, choices).sentence)


def _words(text: str) -> list[str]:
    """Values that are separated by commas or spaces."""
    return text.strip("[] ").replace(",", " ").split()


def _number(option: str, word: str, kind: type) -> Any:
    try:
        return kind(word)
    except ValueError:
        must = f"must be {'whole ' if kind is int else ''}numbers"
        raise WrongOption(wrong((option,), word, f"{must}, separated by commas").sentence) from None


def _arms(text: str) -> list[float]:
    """Mean rewards of the arms; a single whole number is the number of arms."""
    words = _words(text)
    if len(words) == 1 and words[0].isdecimal() and int(words[0]) > 1:
        last = int(words[0]) - 1
        return [round(0.3 + 0.4 * arm / last, 2) for arm in range(last + 1)]
    return [_number("ARMS", word, float) for word in words]


if __name__ == "__main__":
    sys.exit(main())
