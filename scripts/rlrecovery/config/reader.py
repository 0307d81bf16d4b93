"""From a file or a mapping to a checked experiment, or to all of its mistakes at once."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from rlrecovery.config.checks.size import cross_checks
from rlrecovery.config.draft import Draft
from rlrecovery.config.json_schema import Location
from rlrecovery.config.sentences import Problem, wrong_keys_and_values
from rlrecovery.config.settings import Experiment
from rlrecovery.config.words import bare, flow, show
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.library import Parameter

#: A config with more values than this is a mistake, or an attempt to use up memory.
MOST_VALUES = 1_000_000
#: A file larger than this is none: reading YAML takes about 5 s per MB.
MOST_BYTES = 600_000


class ConfigError(Exception):
    """A config that cannot be run.

    Attributes
    ----------
    problems : list of str
        One sentence per mistake, each with the key, the value and what is allowed.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(list(problems))
        self.problems = list(problems)

    def __str__(self) -> str:
        return "\n".join(f"error: {problem}" for problem in self.problems)


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which also notes keys that are given twice."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repeats: list[str] = []

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Note repeats here and not where mappings are built: merging (`<<`) may override keys."""
        node = super().compose_mapping_node(anchor)
        first: dict[Any, int] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            line = key.start_mark.line + 1
            if (key.tag, key.value) in first:
                where = f"line {line}, but stands in line {first[key.tag, key.value]} already"
                self.repeats.append(
                    f"{bare(key.value)} is given again in {where}; keep one of them"
                )
            first.setdefault((key.tag, key.value), line)
        return node


def _read(path: str | os.PathLike[str]) -> tuple[Any, list[str]]:
    """Content of a YAML file, and sentences on keys that are given twice."""
    try:
        if Path(path).stat().st_size > MOST_BYTES:
            text = f"{path} is larger than {MOST_BYTES // 1000} kB, but a config is a page or two"
            raise ConfigError([text])
        loader = _Loader(Path(path).read_text(encoding="utf-8"))
        return loader.get_single_data(), loader.repeats
    except FileNotFoundError:
        problem = f"{path} is not there; it must be a YAML file that describes an experiment"
    except OSError as error:
        problem = f"{path} cannot be read ({error.strerror}); it must be a YAML file"
    except UnicodeDecodeError:
        problem = f"{path} is not text in UTF-8, but must be"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = f"{path} is not valid YAML{where}: {error.problem or error.context}"
    except (yaml.YAMLError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        problem = f"{path} is not valid YAML: {what.splitlines()[0]}"
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        problem = f"{path} holds a value that YAML cannot read: {error}"  # as in 2024-13-45
    raise ConfigError([problem])


def _text(text: str) -> str:
    r"""Text that can be printed: YAML lets half a character through, as in ``"\ud800"``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain(value: Any, path: Location, problems: list[Problem]) -> Any:
    """A copy of plain dicts and lists whose keys are text, cut where it is absurd."""
    if isinstance(value, Mapping | list | tuple) and len(path) > 12:
        return "nested too deeply"
    if isinstance(value, Mapping):
        for key in (key for key in value if not isinstance(key, str)):
            text = f"{show(value[key])}, but a key must be text; put it in quotes"
            problems.append(Problem((*path, flow(key)), text))
        kept = {_text(key): item for key, item in value.items() if isinstance(key, str)}
        return {key: _plain(item, (*path, key), problems) for key, item in kept.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, (*path, place), problems) for place, item in enumerate(value)]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and value.bit_length() > 1000:
        return math.inf if value > 0 else -math.inf
    return value


def _size(value: Any, known: dict[int, float]) -> float:
    """Values in nested lists and mappings, those that an anchor repeats counted every time."""
    if not isinstance(value, Mapping | list | tuple):
        return 1
    if id(value) not in known:
        known[id(value)] = math.inf  # for one that contains itself
        inner = value.values() if isinstance(value, Mapping) else value
        known[id(value)] = 1 + sum(_size(item, known) for item in inner)
    return known[id(value)]


def _default_prior(parameter: Parameter, pooling: str) -> dict[str, Any]:
    def written(prior: Distribution) -> dict[str, Any]:
        """A prior as the config has it."""
        return {"distribution": prior.name, **prior.as_dict()}

    if pooling == "partial":
        return {"location": written(parameter.location), "scale": written(parameter.scale)}
    return written(parameter.prior)


def _with_default_priors(raw: dict[str, Any]) -> dict[str, Any]:
    """A config without mistakes, every Bayesian method with all its priors."""
    draft, methods = Draft(raw, ()), dict(raw["methods"])
    for estimator in ("bayes", "quadrature"):
        for name, models in draft.methods_with_models(estimator):
            method = methods[name]
            pooling, given = method.get("pooling", "none"), method.get("priors", {})
            parameters = {p.name: p for model in models for p in model.parameters}
            filled = {n: given.get(n, _default_prior(p, pooling)) for n, p in parameters.items()}
            methods[name] = {**method, "priors": filled}
    return {**raw, "methods": methods}


def _read_schedules(raw: dict[str, Any], source: str) -> Iterator[Problem]:
    """Put the content of schedules into their sections; a file stands relative to the config."""
    tasks = {("task",): raw.get("task")}
    if isinstance(raw.get("tasks"), dict):
        tasks |= {("tasks", name): task for name, task in raw["tasks"].items()}
    for path, task in tasks.items():
        schedule = task.get("schedule") if isinstance(task, dict) else None
        if not isinstance(schedule, dict) or "values" in schedule:
            continue  # a resolved config has them already
        file = schedule.get("file")
        if isinstance(file, str):
            try:
                schedule["values"] = _rows(Path(source).parent / file)
            except _NoSchedule as error:
                text = f"{show(file)}, {error}, but must be a CSV file {_CSV}"
                yield Problem((*path, "schedule", "file"), text)


def _find_observed(raw: dict[str, Any], source: str) -> Iterator[Problem]:
    """Make the path of a lab's own data one that is there, relative to the config or as it is."""
    file = raw.get("observed")
    if not isinstance(file, str):
        return
    try:
        there = [path for path in (Path(source).parent / file, Path(file)) if path.is_file()]
    except (OSError, ValueError):  # a name that no file can have
        there = []
    if there and set(file) & set("{}"):
        text = f"{show(file)}, but must be a name without braces, which mean something in rules"
        yield Problem(("observed",), text)
    elif there:
        raw["observed"] = str(there[0])
    else:
        text = f"{show(file)}, but must be a CSV file that is there, relative to the config"
        yield Problem(("observed",), text)


def _unreadable(raw: dict[str, Any]) -> list[str]:
    """What is wrong inside a lab's own data, if anything."""
    from rlrecovery.design.cells import cells_of, example_of, generator_of
    from rlrecovery.predictive.check import read_observed
    from rlrecovery.simulate.task import task_from_config
    from rlrecovery.storage.files import BrokenFile

    experiment = Experiment.model_validate(raw).resolved()
    cell = example_of(cells_of(experiment))
    try:
        read_observed(raw["observed"], task_from_config(generator_of(experiment, cell)["task"]))
    except BrokenFile as error:
        return [f"observed is {show(raw['observed'])}, but {error}"]
    return []


#: What a schedule looks like.
_CSV = "with a header, a column per arm and a row per trial"


#: Names of columns that count trials.
_NO_ARMS = {"", "trial", "trials", "trial_number", "index", "row", "id", "block", "unnamed: 0"}


class _NoSchedule(Exception):
    """What is wrong with a file that should hold a schedule."""


def _rows(path: Path) -> list[list[float]]:
    """Numbers of a CSV file with a header; every row as long as the first."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # Excel marks UTF-8
            reader = csv.reader(file)
            lines = [(reader.line_num, line) for line in reader if line]
    except OSError as error:
        raise _NoSchedule(f"which cannot be read ({error.strerror})") from None
    except (ValueError, csv.Error):
        raise _NoSchedule("which cannot be read as text in UTF-8") from None
    columns = len(lines[0][1]) if lines else 0
    if columns < 2:
        raise _NoSchedule("which has less than two columns with commas in between")
    _check_header(lines[0][1])
    if len(lines) < 2:
        raise _NoSchedule("which has a header and nothing else")
    return [_row(line, columns, number) for number, line in lines[1:]]


def _check_header(names: Sequence[str]) -> None:
    """Refuse a first trial instead of a header, and columns that are no arms."""
    if all(map(_is_number, names)):
        raise _NoSchedule("whose first line is numbers: the first trial would be lost as a header")
    for name in names:
        if name.strip().lower() in _NO_ARMS:
            raise _NoSchedule(f"which has a column called {show(name)}, but each must be an arm")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _row(line: Sequence[str], columns: int, number: int) -> list[float]:
    if len(line) != columns:
        count = f"{len(line)} value{'s'[: len(line) > 1]}"
        raise _NoSchedule(f"which has {count} in line {number}, not {columns}")
    row = []
    for text in line:
        row.append(float(text) if _is_number(text) else math.nan)
        if not math.isfinite(row[-1]):
            raise _NoSchedule(f"which has {show(text)} in line {number}, not a finite number")
    return row


def _order(problem: Problem) -> int:
    keys = list(Experiment.model_fields)
    return keys.index(problem.path[0]) if problem.path[0] in keys else len(keys)


def _inspect(content: Any, source: str) -> tuple[dict[str, Any], list[str]]:
    """The raw experiment with all priors, and a sentence per mistake."""
    if content is None or content == {}:
        return {}, [f"{source} is empty, but must describe an experiment"]
    if not isinstance(content, Mapping):
        return {}, [f"{source} is {show(content)}, but must be a mapping of keys to values"]
    size = _size(content, {})
    if math.isinf(size):
        return {}, [f"{source} has an anchor that stands inside itself, but must end somewhere"]
    if size > MOST_VALUES:
        text = f"{source} holds more than {MOST_VALUES} values, counting what anchors repeat"
        return {}, [f"{text}, but no experiment has so many"]
    problems: list[Problem] = []
    raw = _plain(content, (), problems)
    problems += [*_read_schedules(raw, source), *_find_observed(raw, source)]
    problems += wrong_keys_and_values(raw)
    problems += list(cross_checks(Draft(raw, problems)))
    sentences = [problem.sentence() for problem in sorted(problems, key=_order)]
    if not sentences and raw.get("observed"):
        sentences += _unreadable(_with_default_priors(raw))
    return raw if sentences else _with_default_priors(raw), list(dict.fromkeys(sentences))


def parse(mapping: Mapping[str, Any], source: str = "config.yaml") -> Experiment:
    """Check a config that was read already, such as that of a workflow.

    Parameters
    ----------
    mapping : mapping
        The keys of ``config.yaml``.
    source : str
        Name of the file, for sentences about the whole of it.

    Raises
    ------
    ConfigError
        With a sentence for each mistake.
    """
    raw, problems = _inspect(mapping, source)
    if problems:
        raise ConfigError(problems)
    return Experiment.model_validate(raw)


def load(path: str | os.PathLike[str]) -> Experiment:
    """Read and check a ``config.yaml``.

    Parameters
    ----------
    path : path
        A YAML file.

    Raises
    ------
    ConfigError
        With a sentence for each mistake, also if the file is missing, empty or not YAML.
    """
    content, repeats = _read(path)
    raw, problems = _inspect(content, str(path))
    if repeats or problems:
        raise ConfigError([*repeats, *problems])
    return Experiment.model_validate(raw)
