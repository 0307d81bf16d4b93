"""Read and check a config, and report all of its mistakes at once."""

from __future__ import annotations

import dataclasses
import math
import os
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rlrecovery.config.checks.models import parameters_of
from rlrecovery.config.checks.sections import Sections, valid_part
from rlrecovery.config.checks.size import cross_checks
from rlrecovery.config.files import (
    find_observed,
    observed_path,
    read_populations,
    read_schedules,
    read_style_file,
)
from rlrecovery.config.messages import validation_mistakes
from rlrecovery.config.mistakes import Mistake, Path, dotted, show, wrong
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, generator_of
from rlrecovery.config.yaml_file import read_yaml
from rlrecovery.design.cells import example_of
from rlrecovery.storage.files import BrokenFile

#: A config with more values is a mistake, or an attempt to use up memory.
MOST_VALUES = 1_000_000
#: Largest number besides the seed: up to here floating-point numbers hold every whole number.
LARGEST = 2**53
#: Deeper nesting than any key has.
_DEEPEST = 12


class ConfigError(Exception):
    """All mistakes of a config, in the order of the file named `source`."""

    def __init__(self, mistakes: Sequence[Mistake], source: str) -> None:
        super().__init__(mistakes, source)
        self.mistakes, self.source = list(mistakes), source

    def __str__(self) -> str:
        return "\n".join(
            f"error: {self.source}{'' if m.line is None else f':{m.line}'}: {m.sentence}"
            for m in self.mistakes
        )


def load(path: str | os.PathLike[str]) -> Experiment:
    """Read and check a ``config.yaml``.

    Raises
    ------
    ConfigError
        With all mistakes and their lines; also if the file is missing, empty or not YAML.
    """
    document = read_yaml(path)
    if document.root is None and document.mistakes:
        raise ConfigError(document.mistakes, str(path))
    return _checked(document.content, str(path), document.mistakes, document.line)


def parse(mapping: Mapping[str, Any], source: str = "config.yaml") -> Experiment:
    """Check the keys of a config that has already been read; otherwise like `load`.

    `source` is the path of the file, used in messages and to resolve relative paths.
    """
    return _checked(mapping, source)


def _checked(
    content: Any,
    source: str,
    mistakes: Sequence[Mistake] = (),
    line: Callable[[Path], int | None] = lambda path: None,
) -> Experiment:
    """Check plain values and return the experiment with its defaults."""
    reason = _unusable(content)
    if reason is not None:
        raise ConfigError([*mistakes, reason], source)
    collected = [*mistakes]
    raw, folder = _plain(content, (), collected), pathlib.Path(source).parent
    unreadable = {mistake.path for mistake in collected[len(mistakes) :]}
    collected += [*read_schedules(raw, folder), *find_observed(raw, folder)]
    collected += read_populations(raw, folder)
    collected += read_style_file(raw, folder)
    invalid, wrong_paths = validation_mistakes(raw)
    invalid = [mistake for mistake in invalid if mistake.path not in unreadable]
    wrong_paths |= {mistake.path for mistake in collected}
    experiment = valid_part(raw, wrong_paths) if wrong_paths else Experiment.model_validate(raw)
    collected += [*invalid, *cross_checks(Sections(experiment, wrong_paths))]
    if not collected:
        observed = content.get("observed")
        experiment = _with_defaults(experiment).with_observed_path(
            observed_path(observed, folder) if isinstance(observed, str) else None
        )
        collected += _unreadable_choices(experiment)
    if collected:
        placed = [dataclasses.replace(m, line=m.line or line(m.path)) for m in collected]
        raise ConfigError(sorted(placed, key=_order), source)
    return experiment


def _with_defaults(experiment: Experiment) -> Experiment:
    """Add the default model, bounds and priors of methods, and an empty truth if there is none."""
    plain, sections = experiment.resolved(), Sections(experiment)
    if experiment.models is None:
        plain.setdefault("truth", {})
    for name, method in experiment.methods.items():
        entry = plain["methods"][name]
        if experiment.models is None:
            entry.setdefault("model", experiment.model)
        parameters = parameters_of(sections.models_of(method)).values()
        for key, default in (("bounds", method.default_bounds), ("priors", method.default_prior)):
            if key in entry:
                defaults = {parameter.name: default(parameter) for parameter in parameters}
                entry[key] = defaults | entry[key]
    return Experiment.model_validate(plain)


def _order(mistake: Mistake) -> tuple[int, int]:
    """Sort key: by line, then in the order of the keys in the manual."""
    keys = [*Experiment.model_fields, *mistake.path[:1], ""]
    return mistake.line or 0, keys.index(mistake.path[0] if mistake.path else "")


def _unusable(content: Any) -> Mistake | None:
    """The mistake of a file whose content cannot be checked key by key, if there is one."""
    if content is None or content == {}:
        return Mistake((), "the config is empty")
    count = _count(content, {})
    if math.isinf(count):
        return Mistake((), "an anchor refers to itself")
    if count > MOST_VALUES:
        text = f"the config has more than {MOST_VALUES} values, including those repeated by anchors"
        return Mistake((), text)
    if not isinstance(content, Mapping):
        return Mistake((), f"the config must be a mapping of keys to values, not {show(content)}")
    return None


def _count(value: Any, counts: dict[int, float]) -> float:
    """Count values, including each use of an anchor; infinite if an anchor is recursive."""
    if not isinstance(value, Mapping | list | tuple):
        return 1
    if id(value) not in counts:
        counts[id(value)] = math.inf
        inner = value.values() if isinstance(value, Mapping) else value
        counts[id(value)] = 1 + sum(_count(item, counts) for item in inner)
    return counts[id(value)]


def _plain(value: Any, path: Path, mistakes: list[Mistake]) -> Any:
    """Copy into dicts with text keys and lists; levels deeper than any key are cut off."""
    if isinstance(value, Mapping | list | tuple) and len(path) > _DEEPEST:
        return "nested too deeply"
    if isinstance(value, Mapping):
        section = {}
        for key, item in value.items():
            name = _printable(key if isinstance(key, str) else show(key))
            item = _plain(item, (*path, name), mistakes)
            if isinstance(key, str):
                section[name] = item
            else:
                text = f"key '{dotted((*path, name))}' must be text; put it in quotes"
                mistakes.append(Mistake((*path, name), text))
        return section
    if isinstance(value, list | tuple):
        return [_plain(item, (*path, i), mistakes) for i, item in enumerate(value)]
    if isinstance(value, str):
        return _printable(value)
    if isinstance(value, int | float) and path != ("seed",):
        return _not_too_large(value, path, mistakes)
    return value


def _not_too_large(value: float, path: Path, mistakes: list[Mistake]) -> float:
    """A number; in place of one that is too large, the largest one."""
    if not LARGEST < abs(value) < math.inf:
        return value
    mistakes.append(wrong(path, value, f"must be at most {LARGEST:g} in size"))
    return LARGEST if value > 0 else -LARGEST


def _printable(text: str) -> str:
    r"""Escape lone surrogates, which YAML allows, as in ``"\ud800"``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _unreadable_choices(experiment: Experiment) -> list[Mistake]:
    """Read the file of observed choices and return its mistake, if there is one."""
    path = experiment.observed_path
    if path is None:
        return []
    from rlrecovery.predictive.observed_csv import read_observed  # loads pandas

    cell = example_of(cells_of(experiment))
    try:
        task = generator_of(experiment, cell).faced_task()
        read_observed(path, task, experiment.pilot)
    except BrokenFile as error:
        return [Mistake(("observed",), f"observed: {error}")]
    return []
